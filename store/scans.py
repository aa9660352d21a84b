"""What a scanner for viruses says of messages that were read, and of their files (`bots.desk.scanning`)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from store.domain import ScanState
from store.engine import Row, Transaction
from store.tables import messages, scans

WHOLE = -1  # the part that is the message itself; its files are numbered from 0


_WAITS: Mapping[str, Insert] = {
    "sqlite": sqlite_insert(scans).on_conflict_do_nothing(),
    "postgresql": postgresql_insert(scans).on_conflict_do_nothing(),
}


def expect(transaction: Transaction, message_id: int) -> None:
    """Note that a message waits to be looked through; nothing changes if it is noted already."""
    row = {"message_id": message_id, "state": ScanState.WAITING}
    transaction.later(_WAITS[transaction.beside.dialect.name], row)


def due(transaction: Transaction, *, now: datetime, limit: int) -> Sequence[Row]:
    """List the messages that may be looked through now, the newest first: somebody is about to read those."""
    wanted = (
        select(
            *(messages.c.id, messages.c.case_id, messages.c.media_type, messages.c.attachments),
            scans.c.attempts.label("tries"),
        )
        .join(scans, scans.c.message_id == messages.c.id)
        .where(scans.c.state == ScanState.WAITING, or_(scans.c.try_at.is_(None), scans.c.try_at <= now))
    )
    return transaction.rows(wanted.order_by(scans.c.message_id.desc()).limit(limit))


def settle(
    transaction: Transaction,
    message_id: int,
    state: ScanState,
    *,
    found: Sequence[tuple[int, str]] = (),
    now: datetime,
) -> bool:
    """Keep what was said; `found` names the parts and what is in them. False if it was settled before."""
    parts = [{"part": part, "name": name} for part, name in found]
    done = transaction.connection.execute(
        update(scans)
        .where(scans.c.message_id == message_id, scans.c.state == ScanState.WAITING)
        .values(state=state, found=parts, scanned_at=now, try_at=None)
    )
    return done.rowcount == 1


def put_off(transaction: Transaction, message_id: int, *, until: datetime) -> None:
    """Let a message wait until it is tried again; it counts as one try more."""
    transaction.connection.execute(
        update(scans)
        .where(scans.c.message_id == message_id)
        .values(attempts=scans.c.attempts + 1, try_at=until)
    )


def of_messages(transaction: Transaction, message_ids: Collection[int]) -> dict[int, Row]:
    """Return what is known of some messages, by their ids; who is missing has not been read yet."""
    wanted = select(scans).where(scans.c.message_id.in_(message_ids))
    return {row["message_id"]: row for row in transaction.rows(wanted)}


def doubtful(
    transaction: Transaction, case_ids: Collection[int], *, also_unscanned: bool = False
) -> frozenset[int]:
    """Tell in which of some cases something was found in a file, or also where not all was looked through."""
    states = [ScanState.FOUND, *((ScanState.WAITING, ScanState.IMPOSSIBLE) if also_unscanned else ())]
    wanted = (
        select(messages.c.case_id)
        .join(scans, scans.c.message_id == messages.c.id)
        .where(scans.c.state.in_(states), messages.c.case_id.is_not(None))
        .distinct()
    )
    return frozenset(transaction.connection.scalars(wanted)) & frozenset(case_ids)


def names(scan: Row | None, part: int | None = None) -> tuple[str, ...]:
    """Name what was found in a part, or in any if none is given; empty if nothing is known to be there.

    What was found in the message as a whole only may lie in any of its parts.
    """
    if scan is None:
        return ()
    found = scan["found"]
    in_files = any(one["part"] != WHOLE for one in found)
    return tuple(
        dict.fromkeys(
            one["name"]
            for one in found
            if part is None or part in {one["part"], WHOLE} or (one["part"] == WHOLE and not in_files)
        )
    )
