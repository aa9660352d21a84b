"""The shipped classifiers, loaded once for all tests of this room."""

import pytest

from classifier.model import FAST, MODELS, Classifier


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    return Classifier.load()


@pytest.fixture(scope="session")
def fast() -> Classifier:
    return Classifier.load(MODELS / FAST)
