"""What the desk tells of its own work while it does it. Who listens is the matter of `bots.app`.

Numbers (`bots.metrics`) and traces (`bots.traces`) are made of this; without either, nobody listens.
"""

from collections.abc import Collection, Sequence

from store.domain import Inbound, Outgoing, Receipt, Suggestion


class Meter:
    """Hears nothing; who listens overrides what it wants to know.

    Called from any thread, after what is told of is committed. It must neither raise nor take its time, since
    a citizen's message waits behind it. Times are in seconds. What it is handed may hold a citizen's words:
    none of them may go further.
    """

    def kept(self, group: Sequence[Inbound], receipts: Sequence[Receipt], took: float) -> None:
        """Hear that a group was committed in one transaction, and how long that took."""

    def not_kept(self, count: int) -> None:
        """Hear that so many messages could not be committed; their senders were told so."""

    def judged(
        self, message_ids: Sequence[int], suggestions: Sequence[Suggestion | None], took: float
    ) -> None:
        """Hear what was proposed for a group, None where there was no answer, and how long it took."""

    def given(self, message_ids: Collection[int], took: float) -> None:
        """Hear that a group has its cases, handlers and letters, all in one transaction."""

    def tried(self, letter: Outgoing, outcome: str, took: float) -> None:
        """Hear what became of one try to send a letter: `sent`, `again`, `doubt`, `held` or `failed`."""


SILENT = Meter()


class Several(Meter):
    """Tells everything to several who listen, in order."""

    def __init__(self, *listeners: Meter) -> None:
        self._listeners = listeners

    def kept(self, group: Sequence[Inbound], receipts: Sequence[Receipt], took: float) -> None:
        """Tell each of a commit."""
        for one in self._listeners:
            one.kept(group, receipts, took)

    def not_kept(self, count: int) -> None:
        """Tell each of what was refused."""
        for one in self._listeners:
            one.not_kept(count)

    def judged(
        self, message_ids: Sequence[int], suggestions: Sequence[Suggestion | None], took: float
    ) -> None:
        """Tell each of what was proposed."""
        for one in self._listeners:
            one.judged(message_ids, suggestions, took)

    def given(self, message_ids: Collection[int], took: float) -> None:
        """Tell each of what has its case."""
        for one in self._listeners:
            one.given(message_ids, took)

    def tried(self, letter: Outgoing, outcome: str, took: float) -> None:
        """Tell each of a try to send."""
        for one in self._listeners:
            one.tried(letter, outcome, took)
