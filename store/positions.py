"""How far each IMAP folder has been read. What was read is in `store.inbox`."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from store.engine import Store
from store.tables import positions


@dataclass(frozen=True)
class Positions:
    """The ledger that the IMAP channel keeps its place in."""

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
