"""A case as it is judged before it is handed out: each paper with its passages, and what is decided."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bots.desk.disclosure import masking
from bots.desk.disclosure.masking import Decision, Pieces, Span
from bots.desk.disclosure.papers import Paper, Papers
from bots.desk.disclosure.rules import WHOLE, Grounds
from store.domain import Passage, PassageKind
from store.engine import Row
from store.secrecy import Caution, Ground

# A text, and the names that are known in it, to the passages that may have to be masked.
Find = Callable[[str, Collection[str]], Sequence[Passage]]

_LONGEST = 200_000  # signs of a paper in which passages are looked for
_TOO_LONG = "för lång för att sökas igenom"
_SHORTEST_NAME = 2
_OF_WHO = frozenset(
    {
        PassageKind.NAME,
        PassageKind.PHONE,
        PassageKind.EMAIL,
        PassageKind.ADDRESS,
        PassageKind.PERSONAL_NUMBER,
        PassageKind.COORDINATION_NUMBER,
    }
)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A paper with its passages, as they have been decided of."""

    paper: Paper
    spans: Sequence[Span]

    @property
    def undecided(self) -> list[Span]:
        """List what somebody must still decide of."""
        return masking.undecided(self.spans)

    @property
    def is_withheld(self) -> bool:
        """Tell whether all of the paper is masked."""
        return any(one.kind == WHOLE and one.decision is Decision.MASK for one in self.spans)

    def pieces(self, *, with_suggested: bool = False) -> Pieces:
        """Cut the paper at what is masked; see `masking.pieces`."""
        return masking.pieces(self.paper.text, self.spans, with_suggested=with_suggested)

    def hides(self, span: Span) -> bool:
        """Tell whether a passage is masked as things stand."""
        return span.fixed or span.decision is Decision.MASK


@dataclass(frozen=True, kw_only=True)
class Review:
    """A case with all that is known before it is handed out."""

    papers: Papers
    judged: Sequence[Judged]
    cautions: Sequence[Caution]

    @property
    def case(self) -> Row:
        """Return the case."""
        return self.papers.case

    @property
    def undecided(self) -> int:
        """Count what somebody must still decide of."""
        return sum(len(one.undecided) for one in self.judged)

    def left_over(self) -> list[str]:
        """List words that are masked in one paper, and can be read in the same or another."""
        masked = {
            one.paper.text[span.begins : span.ends]
            for one in self.judged
            for span in one.spans
            if one.hides(span) and span.kind != WHOLE
        }
        return masking.left_over(masked, [one.pieces() for one in self.judged])

    def by_paragraph(self, grounds: Grounds) -> dict[str, int]:
        """Count what is masked, by the paragraph that it is masked by."""
        found: dict[str, int] = {}
        for one in self.judged:
            for span in one.spans:
                if one.hides(span):
                    paragraph = span.paragraph or grounds.of(span.kind)
                    found[paragraph] = found.get(paragraph, 0) + 1
        return dict(sorted(found.items()))


def review(
    papers: Papers,
    more: Iterable[Paper],
    *,
    find: Find,
    decided: Mapping[str, Sequence[Row]],
    cautions: Sequence[Caution],
    grounds: Grounds,
    public: Collection[str] = (),
) -> Review:
    """Judge the papers of a case by what was decided before, and propose what was not.

    `more` are files that are handed out as texts. A case or message that is marked as secret is proposed to
    be withheld as a whole; whatever could lead to a protected sender is masked for good (rows B14, B15).
    `public` are names and addresses of staff: nobody proposes to mask them, unless they are the sender's.
    """
    protected = any(one.ground is Ground.PROTECTED for one in cautions)
    known = {_folded(one) for one in public} - {_folded(one) for one in (*papers.names, *papers.handles)}
    judged = []
    for paper in (*papers.papers, *more):
        spans = _spans(paper, papers.names, find, decided.get(paper.key, ()), known)
        if protected:
            spans = _guarded(paper.text, spans, papers, grounds)
        if why := _withheld_because(paper, cautions):
            spans = _with_whole(paper, spans, why, decided.get(paper.key, ()))
        judged.append(Judged(paper=paper, spans=spans))
    return Review(papers=papers, judged=judged, cautions=cautions)


def _spans(
    paper: Paper, names: Collection[str], find: Find, decided: Sequence[Row], public: Collection[str]
) -> list[Span]:
    if len(paper.text) > _LONGEST:
        return _with_whole(paper, masking.spans(paper.text, (), decided), (_TOO_LONG, ""), decided)
    found = [one for one in find(paper.text, names) if _folded(one.words) not in public]
    return masking.spans(paper.text, found, decided)


def _folded(words: str) -> str:
    return " ".join(words.split()).casefold()


def _withheld_because(paper: Paper, cautions: Sequence[Caution]) -> tuple[str, str] | None:
    """Return why a paper is proposed to be withheld, and by which paragraph; None if it is not."""
    for one in cautions:
        if one.ground is Ground.PROTECTED:
            continue  # its own passages are masked, whatever is decided of the rest
        if one.message_id is None or one.message_id == paper.message_id:
            return one.words, one.paragraph
    return None


def _with_whole(
    paper: Paper, spans: Sequence[Span], why: tuple[str, str], decided: Sequence[Row]
) -> list[Span]:
    """Add the passage that is the whole paper, first of all, unless somebody has decided of it already."""
    whole = Span(begins=0, ends=len(paper.text), kind=WHOLE, why=why[0], paragraph=why[1])
    own = masking.sum_of(paper.text)
    for row in decided:
        if row["kind"] == WHOLE and row["paper_sum"] == own:
            decision = Decision.MASK if row["masked"] else Decision.LEAVE
            whole = replace(whole, decision=decision, paragraph=row["paragraph"] or why[1])
    return [whole, *(one for one in spans if one.kind != WHOLE)]


def _guarded(text: str, spans: Sequence[Span], papers: Papers, grounds: Grounds) -> list[Span]:
    """Mask for good whatever could tell who or where a protected sender is (OSL 21:3)."""
    fixed = {"fixed": True, "decision": Decision.MASK, "paragraph": grounds.protected}
    found = {
        (one.begins, one.ends): replace(one, **fixed) if one.kind in _OF_WHO else one  # type: ignore[arg-type]
        for one in spans
    }
    words = [*papers.names, *papers.handles]
    words += [part for name in papers.names for part in name.split() if len(part) > _SHORTEST_NAME]
    for word in words:
        for begins, ends in masking.all_of(text, word):
            found[begins, ends] = Span(
                begins=begins,
                ends=ends,
                kind=PassageKind.NAME,
                why="skyddade personuppgifter",
                decision=Decision.MASK,
                paragraph=grounds.protected,
                fixed=True,
            )
    return [found[place] for place in sorted(found)]
