"""The house that the pages are tried in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.engine import open_store
from store.migrations import upgrade
from tests.bots.web.house import Clock, House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Open an empty house."""
    store = open_store(f"sqlite:///{tmp_path / 'hus.db'}")
    upgrade(store)
    yield House(store=store, clock=Clock())
    store.close()
