"""The house that the pages are tried in."""

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from bots.web import keys
from tests.bots.web.house import Clock, House
from tests.servers.sqlite import Shelf


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """Let a password cost next to nothing here; what it costs in service is told in test_keys."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        patch.setattr(keys, "_SCRYPT", {"n": 2, "r": 1, "p": 1})
        yield


@pytest.fixture
def house(shelf: Shelf) -> Iterator[House]:
    """Open an empty house."""
    with shelf.emptied() as store:
        yield House(store=store, clock=Clock())
