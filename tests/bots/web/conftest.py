"""The house that the pages are tried in."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.engine import open_store
from store.migrations import upgrade
from tests.bots.web.house import Clock, House


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the tables once; each test gets a copy."""
    path = tmp_path_factory.mktemp("tom") / "hus.db"
    store = open_store(f"sqlite:///{path}")
    upgrade(store)
    store.close()
    return path


@pytest.fixture
def house(empty_store: Path, tmp_path: Path) -> Iterator[House]:
    """Open an empty house."""
    path = shutil.copy(empty_store, tmp_path / "hus.db")
    store = open_store(f"sqlite:///{path}")
    yield House(store=store, clock=Clock())
    store.close()
