"""Puts right what stands wrong in a case (GDPR art. 16). See also `store.corrections`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bots.desk.house import House
from store import cases, corrections
from store.corrections import Subject
from store.engine import Row, Store
from store.life import IllegalActError


@dataclass(frozen=True, kw_only=True)
class Rectifying:
    """Blocking: call it from a thread."""

    store: Store
    house: House
    clock: Callable[[], datetime]

    def may(self, case: Row, *, by: str) -> bool:
        """Tell whether somebody may put anything right in a case."""
        return bool(self.house.actor(by, case).roles & corrections.WHO) and bool(
            corrections.subjects_of(case)
        )

    def shown(self, case: Row) -> dict[Subject, str]:
        """Return how what can be put right stands now."""
        with self.store.read() as transaction:
            return {one: corrections.now_of(transaction, case, one) for one in corrections.subjects_of(case)}

    def correct(
        self, case_id: int, subject: Subject, became: str, *, why: str, by: str, version: int
    ) -> None:
        """Put one thing right; raise `IllegalActError` and `StaleCaseError`, and then change nothing."""
        with self.store.write() as transaction:
            case = cases.get(transaction, case_id)
            if not self.house.may_read(by, case):
                raise IllegalActError("rätta uppgiften", case["status"], ["Ärendet är inte ditt."])
            corrections.correct(
                transaction,
                case_id,
                subject,
                became,
                why=why,
                actor=self.house.actor(by, case),
                version=version,
                closed=self.house.days.closed,
                now=self.clock(),
            )
