"""Makes a package of cases: their files, what is told about them, and the sums of all of it (row B17).

One case after the other is read and written, so that neither a long year nor a large mail fills the memory.
The bytes depend on the cases and on the moment alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from lxml import etree

from bots.desk.archive import erms, mets, premis
from bots.desk.archive.erms import Facts, Placed
from bots.desk.archive.papers import File, Papers
from bots.desk.archive.plain import fit, folder, moment
from bots.desk.archive.writing import Zip
from templates import document

SCHEMAS = Path(__file__).parent / "schemas"
REPRESENTATION = "representations/rep1"
DATA = f"{REPRESENTATION}/data"
_XML = "application/xml"
_DC = "http://purl.org/dc/elements/1.1/"


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What is to be packed. `papers` reads a case when its turn has come.

    `name` is the root folder's and the package's own; `label` says in words what is in it, and `remarks` what
    whoever opens it must know, such as that something is missing; asked when every case has been read.
    """

    name: str
    label: str
    case_ids: Sequence[int]
    papers: Callable[[int], Papers]
    remarks: Callable[[], Sequence[str]] = tuple


def pack(
    file: BinaryIO, contents: Contents, *, facts: Facts, at: datetime, schemas: Sequence[Path] = ()
) -> None:
    """Write the package. `schemas` are the published ones to go along besides those that are shipped.

    It is held against them in `checks`, not here.
    """
    with Zip(file, contents.name) as package:
        described = [_cases(package, contents, one, facts) for one in contents.case_ids]
        data = list(package.files)
        written = erms.write(described, facts=facts, package=contents.name, label=contents.label, at=at)
        data.append(package.add(f"{DATA}/ERMS.xml", written, _XML))
        preserved = premis.write(
            data, package=contents.name, software=facts.software, version=facts.version, at=at
        )
        kept = package.add(f"{REPRESENTATION}/metadata/preservation/premis.xml", preserved, _XML)
        inner = mets.write(
            package="rep1",
            label=contents.label,
            at=at,
            facts=facts,
            groups=[mets.Group(use="Data", files=data)],
            preservation=[kept],
            below=REPRESENTATION,
        )
        outer = package.add(f"{REPRESENTATION}/METS.xml", inner, _XML)
        about = package.add(
            "documentation/beskrivning.html", _note(contents, at, facts).encode(), "text/html"
        )
        used = [
            package.add(f"schemas/{one.name}", one.read_bytes(), _XML)
            for one in (*sorted(p for p in SCHEMAS.iterdir() if p.suffix in {".xsd", ".rng"}), *schemas)
        ]
        dc = package.add("metadata/descriptive/dc.xml", _dublin_core(contents, facts, at), _XML)
        own = premis.write(
            [outer, about, *used, dc],
            package=contents.name,
            software=facts.software,
            version=facts.version,
            at=at,
        )
        whole = package.add("metadata/preservation/premis.xml", own, _XML)
        last = mets.write(
            package=contents.name,
            label=contents.label,
            at=at,
            facts=facts,
            groups=[
                mets.Group(use="Documentation", files=[about]),
                mets.Group(use="Schemas", files=used),
                mets.Group(use="Representations/rep1", files=[outer], represents=True),
            ],
            descriptive=[dc],
            preservation=[whole],
        )
        package.add("METS.xml", last, _XML)


def _cases(package: Zip, contents: Contents, case_id: int, facts: Facts) -> etree._Element:
    papers = contents.papers(case_id)
    case = papers.record.case
    where = f"arenden/{folder(case['number'], case_id)}"
    placed = {
        one.id: [
            _put(package, file, f"{where}/{place:03d}-{part:02d}.{file.ending}")
            for part, file in enumerate(one.files, start=1)
        ]
        for place, one in enumerate(papers.documents, start=1)
    }
    return erms.aggregation(papers, placed, facts=facts)


def _put(package: Zip, file: File, path: str) -> Placed:
    bare = file.media_type.partition(";")[0]
    package.add(f"{DATA}/{path}", file.load(), bare, name=fit(file.name))
    return Placed(path=path, name=file.name, media_type=bare, what=file.what)


def _note(contents: Contents, at: datetime, facts: Facts) -> str:
    return document(
        "archive_note",
        municipality=facts.archivist,
        label=contents.label,
        name=contents.name,
        made_at=at,
        software=f"{facts.software} {facts.version}",
        cases=len(contents.case_ids),
        remarks=tuple(contents.remarks()),
    )


def _dublin_core(contents: Contents, facts: Facts, at: datetime) -> bytes:
    root = etree.Element(f"{{{_DC}}}dc", nsmap={"dc": _DC})
    for name, value in (
        ("title", contents.label),
        ("identifier", contents.name),
        ("creator", facts.archivist),
        ("date", moment(at)),
        ("language", "sv"),
        ("type", "Dataset"),
    ):
        etree.SubElement(root, f"{{{_DC}}}{name}").text = fit(value)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
