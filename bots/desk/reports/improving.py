"""What was done, and what will be better, in the words of those who did it; never with a person in them."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from bots.desk.reports.discreet import without_persons
from store.domain import Factor, Kind, Outcome
from store.figures.facts import Fact
from store.figures.words import Done

_SHOWN = 3


class Improvements:
    """The texts of a period's answers. Each is looked through once, the first time that a report wants it."""

    def __init__(self, done: Mapping[int, Done], staff: Collection[str]) -> None:
        """Take what `store.figures.words.done` has read. `staff` are names that must stand in no text."""
        self._done = done
        self._staff = tuple(staff)
        self._clean: dict[tuple[int, str], str] = {}

    @property
    def left_out(self) -> int:
        """Return how many texts have been left out so far, since they may point at somebody."""
        return sum(not text for text in self._clean.values())

    def measures(self, some: Iterable[Fact], *, most: int = _SHOWN) -> list[tuple[Fact, str]]:
        """List what has been done: of the factors with most cases first, one text of each.

        What a manager has approved for publishing comes before all else, in the words that were approved.
        """
        return list(self._chosen(some, "measure", lambda fact: fact.outcome is Outcome.DONE, most))

    def proposals(self, some: Iterable[Fact], *, most: int = _SHOWN) -> list[tuple[Fact, str]]:
        """List what has been proposed to be better (row T7), likewise."""
        return list(self._chosen(some, "improvement", lambda fact: fact.has_improvement, most))

    def follow_up(self, fact: Fact) -> str:
        """Return what the follow-up of a case found, empty where nothing may be told."""
        return self._text(fact.case_id, "follow_up")

    def _chosen(
        self, some: Iterable[Fact], name: str, wanted: Callable[[Fact], bool], most: int
    ) -> Iterator[tuple[Fact, str]]:
        facts = list(some)
        weight = Counter(fact.factor for fact in facts)
        candidates = [fact for fact in facts if fact.case_id in self._done and wanted(fact)]
        candidates.sort(
            key=lambda fact: (
                name == "measure" and not self._done[fact.case_id].approved,
                -weight[fact.factor],
                str(fact.factor),
                fact.kind is not Kind.COMPLAINT,
                -fact.received_on.toordinal(),
                -fact.case_id,
            )
        )
        factors: set[Factor | None] = set()
        texts: set[str] = set()
        for fact in candidates:
            if len(texts) == most:
                return
            if fact.factor in factors:
                continue
            text = self._text(fact.case_id, name)
            if text and text not in texts:
                factors.add(fact.factor)
                texts.add(text)
                yield fact, text

    def _text(self, case_id: int, name: str) -> str:
        done = self._done.get(case_id)
        written = getattr(done, name) if done else ""
        if name == "measure" and done is not None:
            written = done.approved or written
        if not written.strip() or done is None:
            return ""
        key = case_id, name
        if key not in self._clean:
            self._clean[key] = without_persons(written, (done.sender, *self._staff))
        return self._clean[key]
