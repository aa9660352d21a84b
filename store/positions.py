"""How far each IMAP folder, and each service, has been read. What was read is in `store.inbox`."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from store.engine import Store
from store.tables import cursors, positions


@dataclass(frozen=True)
class Positions:
    """The ledger that channels keep their places in."""

    store: Store

    def position(self, account: str, folder: str) -> tuple[int, int]:
        """Return (UIDVALIDITY, highest UID read) of a folder; (0, 0) if it was never read."""
        wanted = select(positions.c.uidvalidity, positions.c.uid).where(
            positions.c.account == account, positions.c.folder == folder
        )
        with self.store.read() as transaction:
            row = transaction.connection.execute(wanted).first()
        return (row[0], row[1]) if row else (0, 0)

    def advance(self, account: str, folder: str, uidvalidity: int, uid: int) -> None:
        """Set the place in a folder; call it only when everything up to `uid` is committed."""
        make = sqlite_insert if self.store.is_sqlite else postgresql_insert
        place = {"uidvalidity": uidvalidity, "uid": uid}
        with self.store.write() as transaction:
            transaction.connection.execute(
                make(positions)
                .values(account=account, folder=folder, **place)
                .on_conflict_do_update(index_elements=["account", "folder"], set_=place)
            )

    def place(self, account: str, name: str) -> str:
        """Return how far a service has been read, in its own words; an empty text if nobody knows."""
        wanted = select(cursors.c.value).where(cursors.c.account == account, cursors.c.name == name)
        with self.store.read() as transaction:
            return transaction.connection.scalar(wanted) or ""

    def keep_place(self, account: str, name: str, value: str) -> None:
        """Keep how far a service has been read; call it only when everything up to there is committed."""
        make = sqlite_insert if self.store.is_sqlite else postgresql_insert
        with self.store.write() as transaction:
            transaction.connection.execute(
                make(cursors)
                .values(account=account, name=name, value=value)
                .on_conflict_do_update(index_elements=["account", "name"], set_={"value": value})
            )
