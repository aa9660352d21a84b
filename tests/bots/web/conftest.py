"""The house that the pages are tried in."""

from collections.abc import Iterator

import pytest

from tests.bots.web.house import Clock, House
from tests.servers.sqlite import Shelf


@pytest.fixture
def house(shelf: Shelf) -> Iterator[House]:
    """Open an empty house."""
    with shelf.emptied() as store:
        yield House(store=store, clock=Clock())
