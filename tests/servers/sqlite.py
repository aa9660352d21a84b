"""Lends SQLite stores to many tests. PostgreSQL is lent in `lent`."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import QueuePool

from store.engine import Store, open_store


@dataclass(kw_only=True)
class Shelf:
    """Stores with all tables and no rows, in a folder of the shelf.

    A store that comes back is lent again, with a new file: its engine has compiled our statements, which
    takes longer than what most tests do with them.
    """

    model: Path
    folder: Path
    _free: list[tuple[Path, Store]] = field(default_factory=list)
    _made: int = 0

    @contextmanager
    def emptied(self) -> Iterator[Store]:
        """Lend a store for as long as the block lasts; two may be out at the same time."""
        place, store = self._free.pop() if self._free else self._new()
        shutil.copy(self.model, place / "synpunkt.db")
        try:
            yield store
        finally:
            # Who still holds a connection may write again: that engine shall never see another test.
            is_free = at_rest(store)
            store.close()
            shutil.rmtree(place)
            if is_free:
                place.mkdir()
                self._free.append((place, store))

    def _new(self) -> tuple[Path, Store]:
        self._made += 1
        place = self.folder / str(self._made)
        place.mkdir()
        return place, open_store(f"sqlite:///{place / 'synpunkt.db'}")


def at_rest(store: Store) -> bool:
    """Tell whether nobody holds a connection."""
    pool = store.engine.pool
    return isinstance(pool, QueuePool) and pool.checkedout() == 0
