"""The file that is handed out: a masked PDF for each case, a list of them, and the files that were chosen.

It is made of what was kept when it was handed out, where no masked word is left, so that it can be made again
byte for byte. The raw mail is never in it, nor any name that a file came with.
"""

import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bots.desk.disclosure import masking
from bots.desk.disclosure.papers import TITLE, File, moment
from bots.desk.disclosure.pdf import Section, Sheet, draw
from bots.desk.disclosure.review import Review
from bots.desk.disclosure.rules import Grounds
from bots.desk.spreadsheet import harmless
from bots.desk.spreadsheet import written as spreadsheet
from store.deadlines import STOCKHOLM

_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}$")
COLUMNS = ("nummer", "inkom", "rubrik", "enhet", "handlingar", "maskningar", "grund", "bilagor", "fil")

# The bytes of a file that was chosen, by its case and its key; raises `LookupError` for one that is gone.
Load = Callable[[int, str], bytes]


@dataclass(frozen=True, kw_only=True)
class Given:
    """What is given of one case, as it is kept: plain values, and no word that was masked."""

    case_id: int
    contents: Mapping[str, Any]


class ChangedError(Exception):
    """A file is not what it was when it was handed out."""


def given(
    review: Review,
    files: Sequence[File],
    *,
    unit: str,
    grounds: Grounds,
    sums: Mapping[str, str],
    left_out: int,
) -> Given:
    """Tell what is given of a case as it is judged now. `files` go along whole; `sums` are theirs.

    `left_out` is how many files are not given.
    """
    number = review.case["number"]
    head = review.judged[0]
    line = next((one for one in head.paper.text.splitlines() if one.startswith(TITLE)), TITLE)
    start = max(head.paper.text.find(line), 0) + len(TITLE)
    title = line.removeprefix(TITLE)
    return Given(
        case_id=review.case["id"],
        contents={
            "number": number,
            "received_at": moment(review.case["received_at"]),
            "unit": unit,
            "title": _part(head.pieces(), head.spans, start, title),
            "papers": [{"heading": one.paper.heading, "pieces": one.pieces()} for one in review.judged],
            "withheld": sum(one.is_withheld for one in review.judged),
            "grounds": review.by_paragraph(grounds),
            "not_yet": list(review.papers.held_back),
            "files": [
                {"key": one.key, "name": f"bilaga-{at}{_ending(one)}", "sha256": sums[one.key]}
                for at, one in enumerate(files, start=1)
            ],
            "left_out": left_out,
        },
    )


def make(
    all_given: Sequence[Given], load: Load, *, municipality: str, disclosure_id: int, at: datetime
) -> bytes:
    """Make the package. Raises `ChangedError` for a file that is not what it was."""
    made = io.BytesIO()
    when = at.astimezone(STOCKHOLM).timetuple()[:6]
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as box:

        def put(name: str, data: bytes) -> None:
            entry = zipfile.ZipInfo(name, when)
            entry.create_system = 3
            entry.external_attr = 0o600 << 16
            box.writestr(entry, data)

        put("forteckning.csv", _table(all_given))
        put("forteckning.pdf", draw(_list(all_given, municipality, disclosure_id, at), at=at).data)
        for one in all_given:
            number = one.contents["number"]
            drawn = draw(_sheet(one, municipality), at=at)
            put(f"{number}.pdf", drawn.data)
            if drawn.incomplete:
                put(f"{number}.txt", _text(one))
            for file in one.contents["files"]:
                data = load(one.case_id, file["key"])
                if hashlib.sha256(data).hexdigest() != file["sha256"]:
                    raise ChangedError(f"{number}: {file['name']}")
                put(f"{number}/{file['name']}", data)
    return made.getvalue()


def _sheet(one: Given, municipality: str) -> Sheet:
    contents = one.contents
    notes = [
        *(f"Inte utlämnat: {words}" for words in contents["not_yet"]),
        *([f"{contents['left_out']} bilagor är inte utlämnade."] if contents["left_out"] else []),
        *(f"Bilaga: {file['name']}" for file in contents["files"]),
        *(f"Maskat enligt {paragraph}: {count}" for paragraph, count in contents["grounds"].items()),
    ]
    sections = [Section(heading=paper["heading"], text=paper["pieces"]) for paper in contents["papers"]]
    if notes:
        sections.append(Section(heading="Om den här kopian", text=["\n".join(notes)]))
    return Sheet(title=f"Ärende {contents['number']}", sections=sections, foot=municipality)


def _list(all_given: Sequence[Given], municipality: str, disclosure_id: int, at: datetime) -> Sheet:
    lines = [f"Utlämnande {disclosure_id}, {moment(at)}. {len(all_given)} ärenden."]
    sections = [Section(heading="", text=["\n".join(lines)])]
    for one in all_given:
        contents = one.contents
        text = [f"Kom in {contents['received_at']}\n", *contents["title"], "\n"]
        text.append(f"{len(contents['papers'])} handlingar, {sum(contents['grounds'].values())} maskningar")
        sections.append(Section(heading=contents["number"], text=text))
    return Sheet(title="Förteckning över utlämnade ärenden", sections=sections, foot=municipality)


def _table(all_given: Sequence[Given]) -> bytes:
    """Write the list for a spreadsheet: semicolons, and the mark by which it knows UTF-8."""
    rows: list[Sequence[object]] = [COLUMNS]
    for one in all_given:
        contents = one.contents
        rows.append(
            [
                contents["number"],
                contents["received_at"],
                _cell(masking.written(contents["title"])),
                _cell(contents["unit"]),
                len(contents["papers"]),
                sum(contents["grounds"].values()),
                ", ".join(contents["grounds"]),
                len(contents["files"]),
                f"{contents['number']}.pdf",
            ]
        )
    return spreadsheet(rows)


def _text(one: Given) -> bytes:
    """Write a case as plain text, for what could not be drawn."""
    papers = (
        f"{paper['heading']}\n\n{masking.written(paper['pieces'])}\n" for paper in one.contents["papers"]
    )
    whole = f"Ärende {one.contents['number']}\n\n" + "\n".join(papers)
    return whole.encode("utf-8", "replace")


def _part(cut: masking.Pieces, spans: Sequence[masking.Span], start: int, words: str) -> masking.Pieces:
    """Cut out a part of a text as it is masked there; a box if all of the text is."""
    if not any(one is not None for one in cut):
        return [None]
    inside = [
        replace(one, begins=max(one.begins, start) - start, ends=min(one.ends, start + len(words)) - start)
        for one in spans
        if one.begins < start + len(words) and one.ends > start
    ]
    return masking.pieces(words, inside)


def _ending(file: File) -> str:
    found = _ENDING.search(file.name)
    return found.group().lower() if found else ""


def _cell(text: str) -> str:
    return harmless(" ".join(text.split()))
