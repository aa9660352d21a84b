"""What a public page is given when it is shown, signed, so that what comes back proves when and to which."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from store.deadlines import STOCKHOLM

_LIFE = timedelta(hours=24)
_LEAST_TIME = timedelta(seconds=2)  # nobody reads a page and writes in less


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """A page's own id, when it was shown, and a code's seed, which is never kept."""

    id: str
    at: datetime
    seed: str = ""


class Tickets:
    """Signs and reads for one kind of page: what is signed with another `salt` is nothing here."""

    def __init__(self, secret: str, *, salt: str, clock: Callable[[], datetime]) -> None:
        self._signer = URLSafeSerializer(secret, salt=salt)
        self._clock = clock

    def sign(self, told: Sequence[object]) -> str:
        """Sign a list of plain values."""
        return self._signer.dumps(list(told))

    def read(self, signed: str) -> Any:
        """Return what was signed, or None for what is not ours."""
        try:
            return self._signer.loads(signed)
        except BadSignature:
            return None

    def new(self) -> Ticket:
        """Make a ticket for a page that is shown now."""
        return Ticket(id=secrets.token_hex(16), at=self._clock(), seed=secrets.token_hex(16))

    def give(self, ticket: Ticket) -> str:
        """Sign a ticket; the same all the way through corrections makes a double click one message."""
        return self.sign(["ticket", ticket.id, ticket.at.timestamp(), ticket.seed])

    def taken(self, signed: str) -> Ticket | None:
        """Return the ticket that a page brings back; None for none of ours, or one of yesterday."""
        match self.read(signed):
            case ["ticket", str(name), int(at) | float(at), str(seed)]:
                ticket = Ticket(id=name, at=datetime.fromtimestamp(at, STOCKHOLM), seed=seed)
                return ticket if self._clock() - ticket.at < _LIFE else None
            case _:
                return None

    def is_hasty(self, ticket: Ticket) -> bool:
        """Tell whether a page comes back sooner than a person can have written."""
        return self._clock() - ticket.at < _LEAST_TIME
