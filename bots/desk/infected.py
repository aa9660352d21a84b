"""Tells of a virus in what came in: the registrator, and who runs the service. Never gives the file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bots.desk.cases import CaseWork
from bots.desk.letters import writing
from store import cases, sight
from store.deadlines import day_of
from store.domain import Handler, Purpose, Role
from store.engine import Transaction
from templates.facts import MalwareFacts


@dataclass(frozen=True, kw_only=True)
class Infected:
    """The writing desk for what a scanner finds. One letter for each message and reader, whatever is found.

    Held by the guard of notices as others are: a thousand bad files must not become a thousand letters.
    """

    work: CaseWork

    def tell(
        self,
        transaction: Transaction,
        *,
        message_id: int,
        case_id: int | None,
        names: Sequence[str],
        now: datetime,
    ) -> None:
        """Write of what was found in a message. Who runs the service is told no more than the number."""
        case = cases.get(transaction, case_id) if case_id is not None else None
        sorter = self.work.house.sorter(day_of(now), barred=case["barred"] if case is not None else ())
        if case is not None:
            sight.show(transaction, case["id"], [sorter.id])
        for person, operates in self._readers(sorter):
            facts: MalwareFacts = {
                "service_name": self.work.house.service_name,
                "case_number": case["number"] if case is not None else "",
                "found": ", ".join(names),
                "operates": operates,
                "link": self.work.house.link(case["number"]) if case is not None and not operates else "",
            }
            self.work.letters.to_handler(
                transaction,
                writing(transaction, case) if case is not None else None,
                person,
                Purpose.TASK,
                f"virus:{message_id}:{'drift' if operates else 'ärende'}:{person.id}",
                "handler_malware",
                facts,
                now,
            )

    def _readers(self, sorter: Handler) -> list[tuple[Handler, bool]]:
        house = self.work.house
        operators = [one for one in house.handlers.values() if Role.OPERATOR in house.roles(one.id)]
        return [(sorter, False), *((one, True) for one in operators if one.id != sorter.id)]
