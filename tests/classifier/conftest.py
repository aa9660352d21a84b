"""The shipped classifier, loaded once for all tests of this room."""

import pytest

from classifier.model import Classifier


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    return Classifier.load()
