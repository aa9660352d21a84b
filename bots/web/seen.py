"""Notes who looks at a case: in the journal, that it was read, and for the others, who is there just now."""

import logging
from datetime import datetime

from store import journal, presence
from store.domain import Entry, Presence
from store.engine import Store, StoreError

log = logging.getLogger(__name__)

PAGE = "sidan"
ORIGINAL = "original"
FILE = "bilaga"
PICTURE = "bild"
LINK = "länk i ett besked"
SEARCH = "sökning"
STATISTICS = "statistik"


def note(
    store: Store,
    case_id: int,
    person: str,
    *,
    now: datetime,
    what: str = PAGE,
    doing: Presence | None = Presence.READING,
    message_id: int | None = None,
) -> None:
    """Note that somebody reads a case (row R14). Blocking; when it can not be noted, it can still be read.

    `doing` None is for who is not there any longer, such as who took a file away.
    """
    try:
        with store.write() as transaction:
            entry = Entry(
                actor=person,
                act=journal.READING,
                case_id=case_id,
                message_id=message_id,
                details={"vad": what},
            )
            journal.write(transaction, now, entry)
            if doing is not None:
                presence.note(transaction, case_id, person, doing, now=now)
    except StoreError as error:
        log.error("reading not noted: case=%s because=%s", case_id, type(error).__name__)


def note_search(store: Store, person: str, *, found: int, now: datetime, what: str = SEARCH) -> None:
    """Note that somebody looked for words among the cases, and how many they were shown (row R14).

    Or that they followed a figure to its cases. Not the words: they may be somebody's name, and the journal
    never forgets. Blocking, and never fails.
    """
    try:
        with store.write() as transaction:
            details = {"vad": what, "träffar": str(found)}
            journal.write(transaction, now, Entry(actor=person, act=journal.READING, details=details))
    except StoreError as error:
        log.error("search not noted: because=%s", type(error).__name__)


def still_here(store: Store, case_id: int, person: str, doing: Presence, *, now: datetime) -> None:
    """Note that somebody still has a case open. Blocking, and never fails, as `note`."""
    try:
        with store.write() as transaction:
            presence.note(transaction, case_id, person, doing, now=now)
    except StoreError as error:
        log.error("presence not noted: case=%s because=%s", case_id, type(error).__name__)
