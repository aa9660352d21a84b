"""The package with which a case goes into the municipality's main diary (rows K7, K13, K17).

A sheet to read, every document as a file of its own, and the facts as JSON and CSV: what a registrator drags
into the diary, or imports. Its number there comes back by `Acts` as `diary_number`.
"""

import json
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from bots.desk.archive.papers import Papers, Who, csv_of
from bots.desk.archive.plain import moment
from bots.desk.archive.writing import Zip

_COLUMNS = (
    "nummer",
    "beteckning",
    "datum",
    "handling",
    "in/ut",
    "avsändare/mottagare",
    "rubrik",
    "fil",
    "filnamn",
    "summa",
)


def pack(file: BinaryIO, papers: Papers, *, name: str) -> None:
    """Write the package of one case. What is withheld in `papers` is withheld here."""
    with Zip(file, name) as package:
        rows = list(_documents(package, papers))
        facts = {**_facts(papers), "handlingar": [dict(zip(_COLUMNS, row, strict=True)) for row in rows]}
        written = json.dumps(facts, ensure_ascii=False, indent=2)
        package.add("arende.json", written.encode("utf-8", "replace"), "application/json")
        package.add("handlingar.csv", csv_of([_COLUMNS, *rows]), "text/csv")


def _documents(package: Zip, papers: Papers) -> Iterator[Sequence[str]]:
    number = papers.record.case["number"]
    for place, one in enumerate(papers.documents, start=1):
        told = (
            number,
            f"{number}:{place}",
            moment(one.at),
            one.kind,
            {"incoming": "in", "outgoing": "ut"}.get(one.direction, ""),
            one.who.name if one.who else "",
            one.title,
        )
        if not one.files:
            yield (*told, "", "", "")
        yield from ((*told, "", f"{name} (utelämnad)", "") for name in one.unsafe)
        for part, file in enumerate(one.files, start=1):
            path = f"handlingar/{place:03d}-{part:02d}.{file.ending}"
            kept = package.add(path, file.load(), file.media_type)
            yield (*told, path, file.name, kept.sha256)


def _facts(papers: Papers) -> dict[str, object]:
    case = papers.record.case
    return {
        "nummer": case["number"],
        "diarienummer": case["diary_number"],
        "inkom": moment(case["received_at"]),
        "avslutat": moment(case["closed_at"]) if case["closed_at"] else "",
        "ärendemening": papers.title,
        "läge": case["status"],
        "typ": case["kind"],
        "kvalitetsfaktor": case["factor"],
        "allvarlig": case["serious"],
        "enhet": papers.handler.unit,
        "handläggare": papers.handler.name,
        "avsändare": _told(papers.sender),
        "sekretess": [row["paragraph"] for row in papers.record.marks if row["lifted_at"] is None],
        "utelämnade filer": list(papers.unsafe),
        "hör ihop med": [number for _, number in papers.record.ties],
    }


def _told(who: Who) -> dict[str, object]:
    road, place = who.reached_at or ("", "")
    return {"namn": who.name, "väg": road, "adress": place, "skyddad": who.protected}
