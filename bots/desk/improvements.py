"""What came of a synpunkt, made public by the unit's manager: reworded, looked through, approved."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from bots.desk.house import House
from classifier.passages import find
from store import acts, cases, improvements
from store.deadlines import day_of
from store.domain import Passage, PassageKind
from store.engine import Row, Store
from store.life import MANAGER

ELSEWHERE = "Tidigare enheter"
# What points at one person whatever stands around it; the rest a human may have reason to leave.
_NEVER = frozenset(
    {
        PassageKind.PERSONAL_NUMBER,
        PassageKind.COORDINATION_NUMBER,
        PassageKind.PHONE,
        PassageKind.EMAIL,
        PassageKind.ACCOUNT,
        PassageKind.CARD,
        PassageKind.RECORD_NUMBER,
        PassageKind.VEHICLE,
    }
)


class PersonalTextError(Exception):
    """The text seems to tell of a person: `remarks` say of what. With `may_stand` a human may insist."""

    def __init__(self, remarks: Sequence[str], *, may_stand: bool) -> None:
        super().__init__("the text seems to tell of a person")
        self.remarks = tuple(remarks)
        self.may_stand = may_stand


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one unit tells of itself in one year."""

    unit: str
    texts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Year:
    """What all units tell of a year, in the order of their names."""

    year: int
    units: tuple[Told, ...]

    @property
    def count(self) -> int:
        """Return how many texts there are."""
        return sum(len(one.texts) for one in self.units)


@dataclass(frozen=True, kw_only=True)
class Improvements:
    """Blocking: call it from a thread."""

    store: Store
    house: House
    clock: Callable[[], datetime]

    def may(self, case: Row, *, by: str) -> bool:
        """Tell whether somebody is the one who approves for a case: the manager of its unit."""
        return MANAGER in self.house.actor(by, case).roles

    def stands(self, case_id: int) -> Row | None:
        """Return what of a case is public now, if anything is."""
        with self.store.read() as transaction:
            return improvements.standing(transaction, case_id)

    def begun(self, case: Row) -> str:
        """Return the text to begin with: what is public now, else what the answer tells of."""
        if (stands := self.stands(case["id"])) is not None:
            return str(stands["text"])
        with self.store.read() as transaction:
            answer = acts.answer_of(transaction, case["id"], case["round"])
        return str(answer["improvement"] or answer["measure"]) if answer is not None else ""

    def why_not(self, case: Row) -> list[str]:
        """Say why nothing of a case may be published; an empty list if something may."""
        with self.store.read() as transaction:
            return improvements.why_not(transaction, case)

    def approve(self, case_id: int, text: str, *, by: str, version: int, despite: bool = False) -> None:
        """Publish a text of what came of a case.

        Raises `PersonalTextError` where it seems to tell of a person; with `despite` only for what no human
        may leave either. Otherwise as `store.improvements.approve`; and then changes nothing.
        """
        text = " ".join(text.split())
        with self.store.write() as transaction:
            case = cases.get(transaction, case_id)
            if found := look_through(text, case, self.house):
                never = [one for one in found if one.kind in _NEVER]
                if never or not despite:
                    raise PersonalTextError(_remarks(never or found), may_stand=not never)
            actor = self.house.actor(by, case)
            improvements.approve(
                transaction,
                case_id,
                text,
                actor=actor,
                version=version,
                now=self.clock(),
                despite=len(found),
            )

    def withdraw(self, case_id: int, *, by: str, version: int) -> None:
        """Take a text off the public page."""
        with self.store.write() as transaction:
            case = cases.get(transaction, case_id)
            actor = self.house.actor(by, case)
            improvements.withdraw(transaction, case_id, actor=actor, version=version, now=self.clock())

    def years(self) -> list[Year]:
        """List what everybody may read by the year of its approval, the last one first, and by unit."""
        with self.store.read() as transaction:
            rows = improvements.public(transaction)
        names = {unit.id: unit.name for unit in self.house.units}
        found: dict[int, dict[str, list[str]]] = {}
        for row in rows:
            year = found.setdefault(day_of(row["approved_at"]).year, {})
            year.setdefault(names.get(row["unit"], ELSEWHERE), []).append(row["text"])
        return [
            Year(
                year=year,
                units=tuple(
                    Told(unit=unit, texts=tuple(texts))
                    for unit, texts in sorted(units.items(), key=lambda one: (one[0] == ELSEWHERE, one[0]))
                ),
            )
            for year, units in sorted(found.items(), reverse=True)
        ]

    def of_units(self, units: Collection[str]) -> tuple[Sequence[Row], Sequence[Row]]:
        """List the closed cases of some units that wait for a text, and those of which one is public."""
        with self.store.read() as transaction:
            return improvements.waiting(transaction, units), improvements.shown(transaction, units)


def look_through(text: str, case: Row, house: House) -> list[Passage]:
    """List what in a public text seems to tell of a person; its case's sender and handler by name."""
    names = [name for name in (case["sender_name"], house.person(case["handler"]).name) if name]
    return find(text, names=names)


def _remarks(found: Sequence[Passage]) -> list[str]:
    told = dict.fromkeys(f"”{one.words}” ({one.kind}: {one.why})" for one in found)
    return [f"Texten blir offentlig. Skriv om den utan {one}." for one in told]
