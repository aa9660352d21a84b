"""What the journeys share: the Matrix server, which is ended with the tests."""

from collections.abc import Iterator

import pytest

from tests.servers import synapse


@pytest.fixture(scope="session", autouse=True)
def _no_server_is_left() -> Iterator[None]:
    yield
    synapse.stop_shared()
