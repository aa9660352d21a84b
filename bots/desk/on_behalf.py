"""An employee has sent us what a citizen wrote: the citizen becomes the sender, and is thanked (row T14)."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from bots.desk import doors
from bots.desk.cases import CaseWork, mood
from bots.desk.letters import Writing
from bots.desk.triage import sorted_first
from store import acts, cases, inbox, life
from store.domain import Address, Kind, Lane, PromiseKind, Status
from store.engine import Row, Transaction
from store.life import Actor, IllegalActError

_WHO = frozenset({life.HANDLER, life.MANAGER, life.REGISTRATOR, life.TRIAGE})
_ACT = "byta avsändare"
# Before anybody has answered: whoever has got an answer is the one that it was written to.
UNANSWERED = frozenset(
    {
        Status.SORTING,
        Status.ASSIGNED,
        Status.IN_PROGRESS,
        Status.AWAITING_SENDER,
        Status.AT_PROVIDER,
        Status.AT_OTHER_BOARD,
    }
)
_TO_SENDER = (PromiseKind.RECEIPT, PromiseKind.FIRST_FEEDBACK)


@dataclass(frozen=True, kw_only=True)
class OnBehalf:
    """Gives a case that one of our own sent in to the citizen who wrote it."""

    work: CaseWork

    def is_ours(self, address: str) -> bool:
        """Tell whether a mail address is that of a handler, or lies in a domain of our own."""
        house, (_, _, own) = self.work.house, self.work.identity.address.partition("@")
        domains = [*house.policy.internal.domains, own.casefold()]
        return house.by_mail(address) is not None or ("@" in address and doors.is_within(address, domains))

    def give(
        self,
        transaction: Transaction,
        case: Row,
        *,
        sender: Address,
        name: str,
        received_at: datetime,
        actor: Actor,
        version: int,
        now: datetime,
    ) -> None:
        """Set the sender, and R if the employee had it earlier; never later. Thank each address once.

        Raises `IllegalActError` when it is not for this case or person, and `StaleCaseError`.
        """
        self._refuse(transaction, case, sender=sender, received_at=received_at, now=now)
        earlier = min(received_at, case["received_at"])
        details = {"väg": sender.channel}
        if earlier != case["received_at"]:
            details |= {"inkom var": case["received_at"].isoformat(), "inkom": earlier.isoformat()}
        acts.mark(
            transaction,
            case["id"],
            # The journal outlives the case: who it is stands in the case alone.
            act="avsändaren är någon annan",
            actor=actor,
            who=_WHO,
            now=now,
            version=version,
            details=details,
            sender_channel=sender.channel,
            sender_handle=sender.handle,
            sender_name=name,
            received_at=earlier,
        )
        is_new = sender.handle.casefold() != case["sender_handle"].casefold()
        cases.redate(
            transaction,
            case["id"],
            turn=case["round"],
            received_at=earlier,
            closed=self.work.house.days.closed,
            afresh=_TO_SENDER if is_new else (),
            why="en medarbetare hade det tidigare",
            now=now,
        )
        if is_new:
            self._thank(transaction, case, sender=sender, name=name, received_at=earlier, now=now)

    def _refuse(
        self, transaction: Transaction, case: Row, *, sender: Address, received_at: datetime, now: datetime
    ) -> None:
        first = inbox.first_of_case(transaction, case["id"])
        facts = acts.facts_of(transaction, case)
        problems = {
            "Ärendet kom inte från en medarbetare. Bara den som skrev är avsändare.": first is None
            or not self.is_ours(first["from_addr"]),
            "Adressen är en av våra egna. Skriv medborgarens adress.": self.is_ours(sender.handle),
            "Skriv medborgarens adress.": not sender.handle.strip(),
            "Tiden har inte varit än. Skriv när medarbetaren fick det.": received_at > now,
            "Släpp ärendet ur karantänen först.": case["status"] == Status.QUARANTINED,
            "Det går bara innan ärendet är besvarat.": case["status"] not in UNANSWERED
            and case["status"] != Status.QUARANTINED,
            "Ett svar är på väg. Vänta tills det är framme.": facts.is_answer_on_its_way,
        }
        if missing := [words for words, is_so in problems.items() if is_so]:
            raise IllegalActError(_ACT, Status(case["status"]), missing)

    def _thank(
        self,
        transaction: Transaction,
        case: Row,
        *,
        sender: Address,
        name: str,
        received_at: datetime,
        now: datetime,
    ) -> None:
        house, is_assigned = self.work.house, case["status"] != Status.SORTING
        is_named = is_assigned or not sorted_first(house, by_mail=True)
        stored = cases.latest_suggestion(transaction, case["id"])
        chosen = Kind(case["chosen_kind"]) if case["chosen_kind"] else None
        self.work.letters.acknowledge(
            transaction,
            Writing(
                case_id=case["id"],
                number=case["number"],
                received_at=received_at,
                language=case["language"],
                promises=cases.owed(transaction, case["id"]),
                lanes=tuple(Lane(lane) for lane in case["lanes"]),
            ),
            to=sender,
            to_name=name,
            title=case["title"],
            handler=house.person(case["handler"]) if is_named else None,
            mood=mood(cases.suggestion_of(stored) if stored else None, chosen),
            in_reply_to="",
            references=(),
            keeps=_TO_SENDER if is_assigned else (PromiseKind.RECEIPT,),
            now=now,
            by_hand=True,
            mark=hashlib.sha256(sender.handle.casefold().encode()).hexdigest()[:16],
        )
