"""A mail server that takes everything and keeps it in memory: where the demo's letters end up."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from bots.channels.smtp import Smtp
from bots.mail.recipients import Recipients
from store.domain import Inbound, Receipt


class Everybody(Recipients):
    """Takes mail for anyone. Only for a server that sends nothing on."""

    def __init__(self) -> None:
        super().__init__(["alla@example.invalid"])

    def accept(self, address: str) -> bool:  # noqa: ARG002 - whoever it is
        """Say yes."""
        return True


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """One letter as the relay got it."""

    recipient: str
    received_at: datetime
    data: bytes


@dataclass(kw_only=True)
class Letterbox:
    """The far end of the road, on this machine."""

    clock: Callable[[], datetime]
    letters: list[Delivered] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = Smtp(
            account="brevlåda", recipients=["alla@example.invalid"], clock=self.clock, port=0, grace=1
        )
        self.server._rules = replace(self.server._rules, recipients=Everybody())

    async def run(self) -> None:
        """Take letters until cancelled."""
        await self.server.listen(self._take)

    async def _take(self, inbound: Inbound) -> Receipt:
        for recipient in inbound.envelope_to:
            one = Delivered(recipient=recipient, received_at=inbound.received_at, data=inbound.raw)
            self.letters.append(one)
        return Receipt(message_id=len(self.letters))
