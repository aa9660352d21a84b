"""Measures the finder against texts in which a human has marked what is to be found."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from time import process_time

from classifier.passages import find
from store.domain import Passage, PassageKind

PARTS = {"made-for": "made for", "met-later": "met later", "unseen": "unseen"}
# What must not be missed, by the made-for part and the unseen part alike.
FLOORS = {
    PassageKind.PERSONAL_NUMBER: 1.0,
    PassageKind.COORDINATION_NUMBER: 1.0,
    PassageKind.PHONE: 0.99,
    PassageKind.EMAIL: 0.99,
    PassageKind.NAME: 0.95,
}
_BEGIN, _END = "<!-- synpunkt evaluate --passages -->", "<!-- end -->"
_MARK = re.compile(r"\{([^{}:]+): ([^{}]*)\}")
_WORDS = 57  # of a message in the middle of the corpus
_TIMED = 500


@dataclass(frozen=True, kw_only=True)
class Marked:
    """A text, and what a human has marked in it: kind, first character, end."""

    id: str
    text: str
    marks: tuple[tuple[PassageKind, int, int], ...]


@dataclass(frozen=True, kw_only=True)
class KindFigures:
    """How well one kind is found. `right` of the `found` passages lie for the most part in a marked one."""

    kind: PassageKind
    marked: int
    covered: int
    found: int
    right: int

    @property
    def recall(self) -> float:
        """Return the share of the marked passages of which no letter or figure was left out."""
        return self.covered / self.marked if self.marked else 1.0

    @property
    def precision(self) -> float:
        """Return the share of what was found that is marked as that kind."""
        return self.right / self.found if self.found else 1.0


def read_part(part: str) -> list[Marked]:
    """Read the marked texts of one of `PARTS`."""
    text = files("classifier.passages").joinpath("labelled", f"{part}.txt").read_text(encoding="utf-8")
    return [
        _marked(name, body.rstrip("\n"))
        for name, body in re.findall(r"^== (\w+)\n((?:(?!== ).*\n)+)", text, re.MULTILINE)
    ]


def _marked(name: str, body: str) -> Marked:
    text, marks, end = "", [], 0
    for match in _MARK.finditer(body):
        text += body[end : match.start()]
        marks.append((PassageKind(match.group(1)), len(text), len(text) + len(match.group(2))))
        text += match.group(2)
        end = match.end()
    return Marked(id=name, text=text + body[end:], marks=tuple(marks))


def figures(texts: Sequence[Marked]) -> list[KindFigures]:
    """Count what the finder finds and misses, kind by kind."""
    counts: dict[PassageKind, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for each in texts:
        passages = find(each.text)
        for kind, start, end in each.marks:
            counts[kind][0] += 1
            counts[kind][1] += not any(True for _ in left_out(each.text, passages, kind, start, end))
        for passage in passages:
            counts[passage.kind][2] += 1
            counts[passage.kind][3] += is_right(each, passage)
    return [
        KindFigures(kind=kind, marked=count[0], covered=count[1], found=count[2], right=count[3])
        for kind in PassageKind
        if (count := counts.get(kind))
    ]


def left_out(
    text: str, passages: Sequence[Passage], kind: PassageKind, start: int, end: int
) -> Iterator[int]:
    """Walk over the letters and figures of a marked passage that no passage of its kind holds."""
    same = [each for each in passages if each.kind is kind]
    for at in range(start, end):
        if text[at].isalnum() and not any(each.start <= at < each.end for each in same):
            yield at


def is_right(marked: Marked, passage: Passage) -> bool:
    """Tell whether at least half of a passage lies in what is marked as its kind."""
    inside = sum(
        max(0, min(end, passage.end) - max(start, passage.start))
        for kind, start, end in marked.marks
        if kind is passage.kind
    )
    return inside * 2 >= passage.end - passage.start


def report() -> str:
    """Return the figures of both parts as Markdown."""
    parts = {part: figures(read_part(part)) for part in PARTS}
    lines = []
    for part, name in PARTS.items():
        texts = read_part(part)
        marks = sum(len(each.marks) for each in texts)
        lines += [
            f"### The part {name}: {marks} passages in {len(texts)} texts",
            "",
            "| kind | marked | recall | precision |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| {each.kind} | {each.marked} | {each.recall:.3f} | {each.precision:.3f} |"
            for each in parts[part]
        ]
        lines.append("")
    return "\n".join(lines).rstrip("\n")


def put_into(page: str) -> str:
    """Return a page of Markdown with the figures of today between its two marks.

    Raises ValueError if the page has no such marks.
    """
    before, mark, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not mark or not end:
        raise ValueError(f"the page has no {_BEGIN} and {_END}")
    return f"{before}{_BEGIN}\n{report()}\n{_END}{after}"


def speed() -> str:
    """Tell how many texts of 57 words are looked through in a second, on this machine."""
    words = " ".join(each.text for part in PARTS for each in read_part(part)).split()
    texts = [" ".join(words[at : at + _WORDS]) for at in range(0, len(words) - _WORDS, _WORDS)]
    find(texts[0])  # the lists are read once
    started = process_time()
    for turn in range(_TIMED):
        find(texts[turn % len(texts)])
    return f"{_TIMED / (process_time() - started):.0f} texts of {_WORDS} words a second"
