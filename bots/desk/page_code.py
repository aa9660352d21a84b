"""Gives a sender a code to our own page, where what no open road may carry is read (row B20, decision 15).

The code is told by phone or on paper: with it goes what the letters say. Of it only a mark is kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bots.desk.house import House
from store import acts, cases, life
from store.domain import PAGE, Status
from store.engine import Row, Store
from store.life import IllegalActError

GIVEN = "kod till svarssidan"  # in the journal
_WHO = frozenset({life.HANDLER, life.MANAGER, life.REGISTRATOR})
_OVER = frozenset(
    {Status.QUARANTINED, Status.HANDED_OVER, Status.DUPLICATE, Status.ARCHIVED, Status.DISPOSED}
)


@dataclass(frozen=True, kw_only=True)
class PageCode:
    """Blocking: call it from a thread."""

    store: Store
    house: House
    clock: Callable[[], datetime]

    def may(self, case: Row, *, by: str) -> bool:
        """Tell whether somebody may give the sender of a case a code; whoever has no address has one."""
        return (
            bool(self.house.form_url)
            and bool(case["sender_handle"])
            and case["status"] not in _OVER
            and bool(self.house.actor(by, case).roles & _WHO)
        )

    def give(self, case_id: int, mark: str, *, by: str, version: int) -> None:
        """Let what is written to the sender from now on wait on our page, for whoever has the code.

        `mark` is what is kept of the code; one that was given before leads nowhere any longer. Raises
        `IllegalActError` and `StaleCaseError`, and then changes nothing.
        """
        with self.store.write() as transaction:
            case = cases.get(transaction, case_id)
            if not self.may(case, by=by):
                raise IllegalActError("ge en kod", Status(case["status"]), ["Ärendet kan inte få en kod."])
            acts.mark(
                transaction,
                case_id,
                act=GIVEN,
                actor=self.house.actor(by, case),
                who=_WHO,
                now=self.clock(),
                version=version,
                details={"ersätter": "en tidigare kod"} if case["pick_up"] else {},
                pick_up=mark,
                answer_channel=PAGE,
                answer_handle="",
            )
