"""Public comments that may be synpunkter: who sees them, and what is done with each (requirements C3)."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from bots.channel import ChannelFailure, Hides
from bots.desk.finish import finish
from bots.desk.house import House
from bots.desk.trouble import without_addresses
from store import inbox, journal
from store.domain import Dismissal, Entry, Hiding, MessageState, Role
from store.engine import Row, Store

_SORTERS = frozenset({Role.TRIAGE, Role.REGISTRATOR})
_PATIENCE = 30.0  # seconds that a service has to hide a comment
_TAKEN_UP, _DISMISSED = "görs till ärende", "ingen synpunkt"
_HIDES, _HIDDEN, _SHOWN_STILL = "döljs hos tjänsten", "dold hos tjänsten", "gick inte att dölja hos tjänsten"


class NotSortingError(Exception):
    """These are for Medborgarcenter and the registrator."""


class Showing(StrEnum):
    """Whether a comment can still be read on its service, as far as we know."""

    OPEN = "öppen"
    HIDDEN = "dold"
    REFUSED = "gick_inte"
    UNKNOWN = "oklart"  # asked to hide it, and never heard how that went


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A comment as it came, with what its sender has changed or removed since, oldest first."""

    row: Row
    later: Sequence[Row]
    showing: Showing
    hidden_at: datetime | None  # when it was last tried
    because: str  # why it was refused, in words
    can_be_hidden: bool


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """Each act is journaled with who did it. They raise `NotSortingError`.

    `hiders` are the channels that can hide a comment, by the road that it came by. Await the acts in the
    event loop of the channels; the others are blocking.
    """

    store: Store
    house: House
    clock: Callable[[], datetime]
    taken_up: Callable[[], None]  # called in the event loop when a message waits to be read
    hiders: Mapping[str, Hides] = field(default_factory=lambda: MappingProxyType({}))
    listens: bool = True  # comments can come; else only those from before are listed
    patience: float = _PATIENCE

    def may(self, person: str) -> bool:
        """Tell whether somebody sorts what may be synpunkter."""
        return not _SORTERS.isdisjoint(self.house.roles(person))

    def count(self, person: str) -> int:
        """Count the candidates; none for whoever may not see them."""
        if not self.may(person):
            return 0
        with self.store.read() as transaction:
            return inbox.count_candidates(transaction)

    def listed(self, person: str) -> Sequence[Candidate]:
        """List the newest candidates."""
        self._only_sorters(person)
        with self.store.read() as transaction:
            rows = inbox.candidates(transaction)
            later = inbox.changes_of(transaction, rows)
            done = journal.of_messages(transaction, [row["id"] for row in rows])
        return [self._candidate(row, later.get(row["id"], ()), done.get(row["id"], ())) for row in rows]

    async def take_up(self, message_id: int, *, by: str) -> bool:
        """Let a comment be made a case as soon as it is read again; False if it is no candidate any more."""
        self._only_sorters(by)
        done = await finish(asyncio.to_thread(self._take_up, message_id, by))
        if done:
            self.taken_up()
        return done

    async def dismiss(self, message_id: int, because: Dismissal, *, by: str) -> bool:
        """Lay a comment aside; False if it is no candidate any more. It stays kept."""
        self._only_sorters(by)
        return await finish(asyncio.to_thread(self._dismiss, message_id, because, by))

    async def hide(self, message_id: int, because: Hiding, *, by: str) -> Showing | None:
        """Hide a comment on its service, and return how that went; None if it is no candidate there.

        What is removed, from where, by whom and why is in the journal before the service is asked, so that
        no comment is ever gone without a line; its words are kept since it came.
        """
        self._only_sorters(by)
        return await finish(self._hide(message_id, because, by))

    async def _hide(self, message_id: int, because: Hiding, by: str) -> Showing | None:
        row = await asyncio.to_thread(self._log_removal, message_id, because, by)
        if row is None:
            return None
        try:
            async with asyncio.timeout(self.patience):
                await self.hiders[inbox.road_of(row)].hide(row["external_id"])
        except (ChannelFailure, TimeoutError) as failure:
            told = without_addresses(str(failure))[:300] or "tjänsten svarade inte i tid"
            await asyncio.to_thread(self._note, row, _SHOWN_STILL, by, {"därför": told})
            return Showing.REFUSED
        await asyncio.to_thread(self._note, row, _HIDDEN, by, {})
        return Showing.HIDDEN

    def _take_up(self, message_id: int, by: str) -> bool:
        with self.store.write() as transaction:
            done = inbox.take_up(transaction, message_id, by=by)
            if done:
                entry = Entry(actor=by, act=_TAKEN_UP, message_id=message_id)
                journal.write(transaction, self.clock(), entry)
        return done

    def _dismiss(self, message_id: int, because: Dismissal, by: str) -> bool:
        with self.store.write() as transaction:
            done = inbox.dismiss(transaction, message_id)
            if done:
                details = {"orsak": str(because)}
                entry = Entry(actor=by, act=_DISMISSED, message_id=message_id, details=details)
                journal.write(transaction, self.clock(), entry)
        return done

    def _log_removal(self, message_id: int, because: Hiding, by: str) -> Row | None:
        with self.store.write() as transaction:
            row = inbox.find(transaction, message_id)
            if row is None or row["state"] != MessageState.CANDIDATE or not self._can_hide(row):
                return None
            details = {
                "kanal": inbox.road_of(row),
                "författare": row["from_name"] or row["given"]["sender_name"],
                "länk": _link(row),
                "inkom": row["received_at"].isoformat(),
                "orsak": str(because),
            }
            entry = Entry(actor=by, act=_HIDES, message_id=message_id, details=details)
            journal.write(transaction, self.clock(), entry)
        return row

    def _note(self, row: Row, act: str, by: str, details: dict[str, str]) -> None:
        with self.store.write() as transaction:
            entry = Entry(actor=by, act=act, message_id=row["id"], details=details)
            journal.write(transaction, self.clock(), entry)

    def _can_hide(self, row: Row) -> bool:
        return inbox.road_of(row) in self.hiders and bool(row["external_id"])

    def _candidate(self, row: Row, later: Sequence[Row], done: Sequence[Row]) -> Candidate:
        words = {_HIDES: Showing.UNKNOWN, _HIDDEN: Showing.HIDDEN, _SHOWN_STILL: Showing.REFUSED}
        tried = next((line for line in reversed(done) if line["act"] in words), None)
        showing = words[tried["act"]] if tried is not None else Showing.OPEN
        return Candidate(
            row=row,
            later=later,
            showing=showing,
            hidden_at=tried["at"] if tried is not None else None,
            because=tried["details"].get("därför", "") if tried is not None else "",
            can_be_hidden=showing is not Showing.HIDDEN and self._can_hide(row),
        )

    def _only_sorters(self, person: str) -> None:
        if not self.may(person):
            raise NotSortingError


def _link(row: Row) -> str:
    link: str = (row["given"].get("said") or {}).get("link", "")
    return link
