"""By which road a letter reaches a sender: the wished one first, then where they wrote, then what is left."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bots.channel import Capabilities
from bots.desk.wishes import PHONE
from store import conversations, inbox, outbox
from store.domain import PAGE, Address
from store.engine import Row, Transaction

_OUR_PAGE = Capabilities(encloses=True)


def conversation_of(address: Address) -> str:
    """Name the conversation with whoever is reached at an address."""
    return f"{address.channel}:{address.handle}"


@dataclass(frozen=True, kw_only=True)
class Window:
    """Until when a sender can be written to on a road, and by which one after that: empty for none."""

    road: str
    closes_at: datetime
    is_open: bool
    then: str


@dataclass(frozen=True, kw_only=True)
class Roads:
    """Chooses among the roads that are here. `capabilities` is by road, our own page left out."""

    capabilities: Mapping[str, Capabilities]
    clock: Callable[[], datetime]

    def of(self, channel: str) -> Capabilities | None:
        """Return what a road out can do, our own page among them; None if it is not here."""
        return _OUR_PAGE if channel == PAGE else self.capabilities.get(channel)

    def reach(self, transaction: Transaction, case: Row) -> Address | None:
        """Return where letters to the sender of a case go, or None if nobody can be told (rows G10, X9).

        That is where they wish it, if such a road is here, open, and has not failed; else where they wrote
        from; else our own page, if they have a code to it. A receipt always goes where they wrote from.
        """
        if case["pick_up"] and case["answer_channel"] == PAGE:
            return Address(channel=PAGE, handle="")  # row B20: somebody has said that no open road will do
        open_ones = [one for one in self._known(case) if self.is_open(transaction, one)]
        for address in open_ones:
            if not outbox.has_failed(transaction, case["id"], address):
                return address
        if case["pick_up"]:
            return Address(channel=PAGE, handle="")
        # One that failed once may work the next time, and there is no other.
        wrote_from = case["sender_channel"], case["sender_handle"]
        return next((one for one in open_ones if (one.channel, one.handle) == wrote_from), None)

    def is_open(self, transaction: Transaction, address: Address, *, by_human: bool = True) -> bool:
        """Tell whether a letter may go to an address now: not stopped, its window open, not used up."""
        can = self.capabilities.get(address.channel)
        if can is None or not can.sends:
            return False
        conversation = conversation_of(address)
        # Only what chats and the like say can be a conversation that is stopped; mail has none.
        if address.channel != "email" and conversations.is_stopped(transaction, conversation):
            return False
        if can.once and outbox.has_gone(transaction, address):
            return False
        return can.is_open(by_human, self._heard_at(transaction, can, conversation), self.clock())

    def closes_at(self, transaction: Transaction, address: Address) -> datetime | None:
        """Return when the road to an address closes for a human's letter; None if it does not."""
        can = self.capabilities.get(address.channel)
        window = can.reply_window if can is not None else None
        newest = inbox.last_in(transaction, conversation_of(address)) if window is not None else None
        return newest["received_at"] + window if newest is not None and window is not None else None

    def window(self, transaction: Transaction, case: Row) -> Window | None:
        """Return the window that an answer in a case has to go through, or came too late for; mostly None."""
        to = self.reach(transaction, case)
        if to is not None and (closes_at := self.closes_at(transaction, to)) is not None:
            others = (one for one in self._known(case) if one != to and self.is_open(transaction, one))
            then = next((one.channel for one in others), self._without_letters(case))
            return Window(road=to.channel, closes_at=closes_at, is_open=True, then=then)
        if to is not None and to.channel != PAGE:
            return None
        now = self.clock()
        for one in self._known(case):
            closes_at = self.closes_at(transaction, one)
            if closes_at is not None and closes_at <= now:
                then = self._without_letters(case)
                return Window(road=one.channel, closes_at=closes_at, is_open=False, then=then)
        return None

    def _without_letters(self, case: Row) -> str:
        if case["answer_channel"] == PHONE and case["answer_handle"]:
            return PHONE
        return PAGE if case["pick_up"] else ""

    def beside(self, address: Address) -> str:
        """Return the public road that lies beside a private one; an empty text if there is none."""
        service = address.channel.partition("_")[0]
        public = (name for name, can in self.capabilities.items() if can.public)
        return next((name for name in public if name.partition("_")[0] == service), "")

    def _known(self, case: Row) -> Iterator[Address]:
        for channel, handle in (
            (case["answer_channel"], case["answer_handle"]),
            (case["sender_channel"], case["sender_handle"]),
        ):
            if channel and handle:
                yield Address(channel=channel, handle=handle)

    def _heard_at(self, transaction: Transaction, can: Capabilities, conversation: str) -> datetime | None:
        if can.reply_window is None:
            return None
        newest = inbox.last_in(transaction, conversation)
        return newest["received_at"] if newest is not None else None
