"""The house that the pages are tried in."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.engine import open_store
from tests.bots.web.house import Clock, House
from tests.servers.product import folder


@pytest.fixture
def house(sqlite_model: Path) -> Iterator[House]:
    """Open an empty house."""
    with folder(in_memory=True) as place:
        store = open_store(f"sqlite:///{shutil.copy(sqlite_model, place)}")
        yield House(store=store, clock=Clock())
        store.close()
