"""Divides a message of several matters into cases, and tells its sender once who has each (C5:1).

The case that is divided keeps its number and the first matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bots.desk.cases import CaseWork
from bots.desk.letters import writing
from bots.desk.titles import public_title
from bots.desk.triage import unbarred
from store import acts, cases, journal, life, outbox, parts, sight
from store.cases import NewCase
from store.deadlines import day_of
from store.domain import Act, Entry, Factor, Handler, Kind, Lane, Status
from store.engine import Row, StoreError, Transaction
from store.life import Actor, IllegalActError
from templates.facts import Person, SplitPart

FEWEST, MOST = 2, 6
ACT = "dela upp"
_DIVISIBLE = frozenset(
    {
        Status.SORTING,
        Status.ASSIGNED,
        Status.IN_PROGRESS,
        Status.AWAITING_SENDER,
        Status.AT_PROVIDER,
        Status.AT_OTHER_BOARD,
        Status.REOPENED,
    }
)
_WHO = frozenset({life.HANDLER, life.MANAGER, life.TRIAGE, life.REGISTRATOR})
_GIVERS = frozenset({life.MANAGER, life.TRIAGE, life.REGISTRATOR})  # who may give a case out of the sorting


@dataclass(frozen=True, kw_only=True)
class Part:
    """One matter of a message. Without a unit and a handler it stays where the message is."""

    title: str
    words: str
    kind: Kind | None = None
    factor: Factor | None = None
    unit: str = ""
    handler: str = ""


def is_divisible(case: Row) -> bool:
    """Tell whether a case stands so that it may be divided."""
    return case["status"] in _DIVISIBLE


@dataclass(frozen=True, kw_only=True)
class Split:
    """Divides, in the transaction that is handed in."""

    work: CaseWork

    def divide(
        self,
        transaction: Transaction,
        case: Row,
        told: Sequence[Part],
        *,
        actor: Actor,
        version: int,
        now: datetime,
    ) -> list[int]:
        """Keep the first matter in the case, open a case for each other, and return the ids of all.

        R is that of the message, and no promise gets later. Raises `IllegalActError` with all that is
        missing, `StaleCaseError`, and `StoreError` for a person or unit that is not there; then nothing is
        changed.
        """
        if missing := self._problems(transaction, case, told, actor):
            raise IllegalActError(ACT, Status(case["status"]), missing)
        first, *others = told
        acts.mark(
            transaction,
            case["id"],
            act="ärende delat",
            actor=actor,
            who=_WHO,
            now=now,
            version=version,
            details={"delar": str(len(told))},
            title=self._title(first, case),
        )
        root_id = parts.root_of(transaction, case["id"])
        parts.note(transaction, case["id"], root_id=root_id, words=first.words)
        made = [self._open(transaction, case, part, actor=actor, now=now) for part in others]
        made.insert(0, case["id"])
        self._place(transaction, case, first, actor=actor, now=now)
        for case_id, part in zip(made, told, strict=True):
            self._confirm(transaction, case_id, part, by=actor.id, now=now)
        self._tell(transaction, case, made, version=version, now=now)
        return made

    def _problems(self, transaction: Transaction, case: Row, told: Sequence[Part], actor: Actor) -> list[str]:
        house = self.work.house
        for part in told:
            if (part.handler and part.handler not in house.handlers) or (
                part.unit and house.unit(part.unit) is None
            ):
                raise StoreError(f"there is no handler {part.handler!r} or no unit {part.unit!r}")
        moved = [part for part in told if part.handler or part.unit]
        first = told[0] if told else None
        problems = {
            f"Dela i minst {FEWEST} och högst {MOST} delar.": not FEWEST <= len(told) <= MOST,
            "Ärendet är besvarat eller avslutat. Öppna det igen först.": not is_divisible(case),
            "Ett svar är redan skrivet. Vänta tills det är framme, och öppna ärendet igen.": (
                acts.answer_of(transaction, case["id"], case["round"]) is not None
            ),
            "Ge varje del en rubrik.": any(not part.title.strip() for part in told),
            "Skriv vilka ord varje del gäller.": any(not part.words.strip() for part in told),
            "Välj både typ och faktor, eller ingendera.": any(
                (part.kind is None) != (part.factor is None) for part in told
            ),
            "Personen kan inte handlägga det som rör honom eller henne själv. Välj någon annan.": any(
                part.handler in case["barred"] for part in told
            ),
            "Registratorn eller chefen fördelar det som ska sorteras. Lämna enhet och handläggare tomma.": (
                case["status"] == Status.SORTING and bool(moved) and not actor.roles & _GIVERS
            ),
            "Den första delen har redan börjat handläggas. Ge den till någon annan i ärendet självt.": (
                case["status"] not in {Status.SORTING, Status.ASSIGNED}
                and first is not None
                and bool(first.handler or first.unit)
            ),
        }
        return [words for words, is_so in problems.items() if is_so]

    def _title(self, part: Part, case: Row) -> str:
        """Return what a part is called, and nobody named in it (row B13)."""
        unit = self.work.house.unit(part.unit or case["unit"])
        return public_title(part.title, factor=part.factor or "", unit=unit.name if unit else "")

    def _receiver(self, case: Row, part: Part, now: datetime) -> tuple[str, Handler, bool]:
        """Return the unit and the handler of a part, and whether it was given to them here."""
        house = self.work.house
        if part.handler:
            return part.unit or case["unit"], house.person(part.handler), True
        unit = house.unit(part.unit) if part.unit else None
        if unit is not None:
            day = day_of(now)
            found = unbarred(house, unit, day, case["barred"], language=case["language"])[0]
            return unit.id, found or house.sorter(day, barred=case["barred"]), True
        return case["unit"], house.person(case["handler"]), False

    def _place(self, transaction: Transaction, case: Row, part: Part, *, actor: Actor, now: datetime) -> None:
        """Give the first matter to who shall have it, if that is said."""
        unit, handler, is_given = self._receiver(case, part, now)
        if not is_given:
            return
        acts.move(
            transaction,
            case["id"],
            Act.ASSIGN,
            actor=actor,
            now=now,
            reason=handler.name,
            rules=self.work.house.rules,
            learned={"handler": handler.id, "unit": unit, "assigned_at": now},
        )
        if handler.id not in {actor.id, case["handler"]}:
            self._notify(transaction, case["id"], handler, now=now)

    def _open(self, transaction: Transaction, case: Row, part: Part, *, actor: Actor, now: datetime) -> int:
        unit, handler, is_given = self._receiver(case, part, now)
        waits = case["status"] == Status.SORTING and not is_given
        knows = outbox.told_by(transaction, case["id"], handler.name) is not None
        new = NewCase(
            status=Status.SORTING if waits else Status.ASSIGNED,
            received_at=case["received_at"],
            title=self._title(part, case),
            channel=case["channel"],
            sender=None,  # inherited with the rest
            sender_name=case["sender_name"],
            language=case["language"],
            unit=unit,
            handler=handler.id,
            routed_because=f"delat ur {case['number']}",
            lanes=tuple(Lane(lane) for lane in case["lanes"]),
            assigned_at=None if waits else now,
        )
        prefix = self.work.house.series_of(unit)
        case_id, number = parts.split_off(
            transaction, case, new, words=part.words, has_told=knows, now=now, prefix=prefix
        )
        details = {"nummer": number, "ur": case["number"], "handläggare": handler.id}
        entry = Entry(actor=actor.id, act="ärende öppnat", case_id=case_id, details=details)
        journal.write(transaction, now, entry)
        opened = cases.get(transaction, case_id)
        if opened["barred"]:
            told = [one.id for one in self.work.house.answering_for(opened)]
            sight.show(transaction, case_id, told)
        if handler.id != actor.id:
            self._notify(transaction, case_id, handler, now=now)
        return case_id

    def _confirm(self, transaction: Transaction, case_id: int, part: Part, *, by: str, now: datetime) -> None:
        if part.kind is None or part.factor is None:
            return
        version = cases.get(transaction, case_id)["version"]
        cases.confirm(
            transaction, case_id, kind=part.kind, factor=part.factor, by=by, version=version, now=now
        )

    def _notify(self, transaction: Transaction, case_id: int, handler: Handler, *, now: datetime) -> None:
        case = cases.get(transaction, case_id)
        self.work.letters.notify_new_case(
            transaction,
            writing(transaction, case),
            handler=handler,
            unit=self.work.unit_name(case["unit"]),
            suggestion=None,
            now=now,
            mark="delat",
            is_sorted=case["status"] != Status.SORTING,
        )

    def _tell(
        self, transaction: Transaction, case: Row, made: Sequence[int], *, version: int, now: datetime
    ) -> None:
        """Tell the sender in one letter which cases there are, and who has each."""
        sender = self.work.sender(transaction, case)
        if sender is None:
            return
        rows = [cases.get(transaction, one) for one in made]
        self.work.letters.tell_split(
            transaction,
            writing(transaction, rows[0]),
            sender,
            parts=tuple(self._told(transaction, row, now) for row in rows),
            mark=str(version),
            now=now,
        )

    def _told(self, transaction: Transaction, row: Row, now: datetime) -> SplitPart:
        handler = self.work.house.person(row["handler"])
        is_sorted = row["status"] != Status.SORTING
        return SplitPart(
            number=row["number"],
            unit=self.work.unit_name(row["unit"]) if row["unit"] else "",
            handler=Person(name=handler.name, title=handler.title) if is_sorted else None,
            answer_by=writing(transaction, row).answer_to_come(now),
        )
