"""What the tests of all channels share: the Matrix server, which one worker starts and ends."""

import re
from collections.abc import Iterator

import pytest

from tests.servers import synapse

_ON_MATRIX = re.compile(r"\bmatrix\]$")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one worker run all of the contract that needs the Matrix server: it takes seconds to start."""
    for item in items:
        if item.path.name == "test_promise.py" and _ON_MATRIX.search(item.name):
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.xdist_group("matrix"))


@pytest.fixture(scope="session", autouse=True)
def _no_server_is_left() -> Iterator[None]:
    yield
    synapse.stop_shared()
