"""Removes from a mailbox the copies of what is kept, where a decision says so (row B16).

What counts as a copy is proved first: its bytes are fetched, and compared with what lies in the store.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from bots.channel import PermanentFailure
from bots.channels.imap_session import FetchFailure, Session

_AT_ONCE = 50
IsKept = Callable[[bytes], bool]
Removed = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What became of the old mail in one folder. `left` is what could not be proved to be kept."""

    folder: str
    copies: int = 0
    left: int = 0


def sweep(session: Session, folder: str, *, before: date, is_kept: IsKept, removed: Removed | None) -> Swept:
    """Look through the mail of a folder that the server got before a day, and remove what is kept elsewhere.

    Without `removed` nothing is changed, only counted; it is told of each group that has gone. Just the UIDs
    that are proven are expunged (RFC 4315), so that nothing goes that a colleague has marked as deleted and
    may want back. Raises `PermanentFailure` where that can not be done; nothing is gone then.
    """
    opened = session.open(folder, read_only=removed is None)
    if removed is not None and not (opened.writable and session.expunges()):
        raise PermanentFailure(
            f"mappen “{folder}”: kopior kan inte tas bort (UIDPLUS saknas, eller mappen får bara läsas). "
            "Ta bort dem för hand."
        )
    copies = left = 0
    for group in _groups(session.older(before)):
        proven = [uid for uid in group if _is_proven(session, uid, is_kept)]
        left += len(group) - len(proven)
        copies += len(proven)
        if removed is not None and proven:
            session.expunge(proven)
            removed(len(proven))
    return Swept(folder=folder, copies=copies, left=left)


def _groups(uids: Sequence[int]) -> Iterator[list[int]]:
    for first in range(0, len(uids), _AT_ONCE):
        yield list(uids[first : first + _AT_ONCE])


def _is_proven(session: Session, uid: int, is_kept: IsKept) -> bool:
    try:
        found = session.bodies([uid]).get(uid)
    except FetchFailure:
        return False
    return found is not None and is_kept(found.raw)
