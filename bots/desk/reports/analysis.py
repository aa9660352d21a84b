"""What a manager makes of the figures: written, looked through for people, and signed (rows L13, B25)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bots.desk.house import House
from bots.desk.reports.closing import SIGNED
from classifier import passages
from store import analyses
from store.deadlines import day_of
from store.domain import Passage
from store.engine import Store
from store.figures.period import read

LONGEST = 8000  # characters


class NotSigningError(Exception):
    """Only the unit's manager, or who stands in for them, writes and signs its analysis."""


class UnfitWordsError(ValueError):
    """These words are not signed as they stand; `remarks` say in Swedish why."""

    def __init__(self, *remarks: str) -> None:
        super().__init__(" ".join(remarks))
        self.remarks = remarks


@dataclass(frozen=True, kw_only=True)
class Analysing:
    """The desk at which managers write. `find` lists what in a text points at somebody."""

    store: Store
    house: House
    clock: Callable[[], datetime]
    find: Callable[[str], Sequence[Passage]] = passages.find

    def may(self, person: str, unit: str) -> bool:
        """Tell whether somebody signs for a unit: its managers, and who stands in for them."""
        house = self.house
        if not house.employs(person) or house.unit(unit) is None:
            return False
        return any(house.stands_in(person, one.id) for one in house.managers_of(unit))

    def write(
        self,
        report: str,
        period: str,
        unit: str,
        text: str,
        *,
        by: str,
        seen: str,
        sign: bool,
        is_sure: bool = False,
    ) -> int:
        """Save words, or save and sign them, and return which version they are.

        `period` is its name, as `Period.name`. With `is_sure` the writer says that what was found points at
        nobody. Raises `NotSigningError`, `UnfitWordsError` (nothing is saved, also where the period is not
        over), and `store.analyses.StaleAnalysisError`.
        """
        if report not in SIGNED or not self.may(by, unit):
            raise NotSigningError
        words = text.replace("\r\n", "\n").strip()
        if len(words) > LONGEST:
            raise UnfitWordsError(f"Analysen får ha högst {LONGEST} tecken. Den har {len(words)}.")
        if sign and read(period).last >= day_of(self.clock()):
            raise UnfitWordsError("Perioden är inte slut. Spara ett utkast nu, och signera när den är det.")
        if sign and not words:
            raise UnfitWordsError("Skriv analysen innan du signerar den.")
        if sign and not is_sure and (found := self.remarks(words)):
            raise UnfitWordsError(*found)
        with self.store.write() as transaction:
            return analyses.write(
                transaction,
                report,
                period,
                unit,
                words,
                by=by,
                seen=seen,
                now=self.clock(),
                sign_as=self.house.person(by).name if sign else "",
            )

    def remarks(self, text: str) -> list[str]:
        """Say what in a text seems to point at somebody, each thing once."""
        told = dict.fromkeys(f"”{one.words}” ({one.kind}: {one.why})" for one in self.find(text))
        return [f"Skriv om analysen utan {one}." for one in told]
