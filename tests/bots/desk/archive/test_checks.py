"""What is held against schemas and requirements is found where it is broken (row B17; docs/archive.md)."""

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from lxml import etree

from bots.desk.archive import checks
from bots.desk.archive.checks import Fault
from store import cases
from tests.bots.desk.archive.rig import ERMS, FACTS, Package, export
from tests.house import House, an_inbound

ROOT = Path(__file__).parents[4]
METS, INNER = "METS.xml", "representations/rep1/METS.xml"
PREMIS = "metadata/preservation/premis.xml"
ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])  # nothing here asks the database
# How a METS.xml is broken, and which requirement says so. Each is of the root's, or of both.
BREAKS: Mapping[str, tuple[str, str]] = {
    "CSIP1": (' OBJID="[^"]*"', ""),
    "CSIP2": ('TYPE="Datasets"', 'TYPE="Något"'),
    "CSIP4": ("citserms_v2_1", "OTHER"),
    "CSIP6, SIP2": ("E-ARK-SIP.xml", "annan.xml"),
    "CSIP117, CSIP7": (' CREATEDATE="[^"]*"', ""),
    "CSIP9, SIP4": ('OAISPACKAGETYPE="SIP"', 'OAISPACKAGETYPE="AIP"'),
    "CSIP10-16": ('NOTETYPE="SOFTWARE VERSION"', 'NOTETYPE="IDENTIFICATIONCODE"'),
    "CSIP31-35": ('MDTYPE="PREMIS"', 'MDTYPE="DC"'),
    "CSIP36-44": (r'(<digiprovMD[^>]*><mdRef [^>]*)CHECKSUM="[^"]*"', r"\1"),
    "CSIP58, CSIP59": ('<fileSec ID="files">', "<fileSec>"),
    "CSIP64, CSIP65, CSIP66": (' USE="[^"]*"', ' USE=""'),
    "CSIP67-72": ('(<file [^>]*)CHECKSUMTYPE="SHA-256"', r'\1CHECKSUMTYPE="MD5"'),
    "CSIP76-79": ('<FLocat LOCTYPE="URL"', '<FLocat LOCTYPE="OTHER"'),
    "CSIP80-85": ('LABEL="CSIP"', 'LABEL="annat"'),
    "CSIP88-91": ('LABEL="Metadata"', 'LABEL="Data om"'),
    "CSIP106": ('<div ID="div-metadata" ', "<div "),
    "CSIP96, CSIP100, CSIP104": ('FILEID="group-1"', 'FILEID="files"'),
    "SIP3": (' RECORDSTATUS="NEW"', ""),
    "CSIP17-21": (' STATUS="CURRENT"><mdRef ([^>]*)MDTYPE="DC"', r'><mdRef \1MDTYPE="DC"'),
    "CSIP22-30": (r'(<dmdSec[^>]*><mdRef [^>]*)MIMETYPE="[^"]*"', r"\1"),
    "CSIP60": ('USE="Documentation"', 'USE="Dokument"'),
    "CSIP113": ('USE="Schemas"', 'USE="Scheman"'),
    "CSIP114, CSIP62": ('(<fileGrp [^>]*)csip:CONTENTINFORMATIONTYPE="[^"]*"', r"\1"),
    "CSIP92": (' DMDID="[^"]*"', ""),
    "CSIP93-96, CSIP116": ('LABEL="Documentation"', 'LABEL="Dokument"'),
    "CSIP97-100, CSIP118": ('LABEL="Schemas"', 'LABEL="Scheman"'),
    "CSIP105-112": ('xlink:title="group-3"', 'xlink:title="group-1"'),
    "SIP10-12": ('ROLE="ARCHIVIST"', 'ROLE="EDITOR"'),
    "SIP15-18": ('ROLE="CREATOR" TYPE="ORGANIZATION"', 'ROLE="EDITOR" TYPE="ORGANIZATION"'),
    "SIP14, SIP20, SIP31": ('NOTETYPE="IDENTIFICATIONCODE"', 'NOTETYPE="SOFTWARE VERSION"'),
    "CSIPSTR2": (' OBJID="[^"]*"', ' OBJID="annat"'),
    "CSIP67": ('ID="file-2"', 'ID="file-1"'),
    "METS": ("<metsHdr", "<okänt/><metsHdr"),
    "XML": ("</mets>", ""),
    "CSIP69, CSIP71": ('SIZE="', 'SIZE="1'),
    "CSIP58": ("<file [^>]*><FLocat[^>]*/></file>", ""),
}
BREAKS_OF_ERMS: Mapping[str, tuple[str, str]] = {
    "ERMS94": (' otherAgentType="program"', ""),
    "ERMS54": (' otherRelationType="[^"]*"', ""),
    "ERMS140": ("<parentAggregationId>[^<]*", "<parentAggregationId>annat"),
    "ERMS34": ("001-01.eml", "001-09.eml"),
    "ERMS146": ("<objectId>[^<:]*:2", "<objectId>SYN-2026-000001:1"),
    "läsningen av schemat": ('<status value="[^"]*"/>', '<status value="tilldelad"/>'),
    "XML": ("</erms>", ""),
}


@pytest.fixture
async def package(house: House) -> Package:
    await house.hear(an_inbound(), an_inbound(text="Parken är fin.", subject="Beröm"))
    first, second = house.cases()
    with house.store.write() as transaction:
        cases.note(transaction, second["id"], refers_to=first["id"])
    return export(house)


def with_file(package: Package, path: str, found: str, instead: str, *, times: int = 1) -> io.BytesIO:
    """Make the package anew with one file changed, once or wherever it can be."""
    before = package.files[path].decode()
    after = re.sub(found, instead, before, count=times)
    assert after != before
    return zipped(package, {path: after.encode()})


def zipped(package: Package, changed: Mapping[str, bytes]) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name, data in {**package.files, **changed}.items():
            made.writestr(f"{package.made.name}/{name}", data)
    return file


def rules(file: io.BytesIO) -> set[str]:
    return {fault.rule for fault in checks.faults(file)}


@ON_SQLITE
async def test_b17_a_package_as_it_is_breaks_nothing(package: Package) -> None:
    assert list(checks.faults(zipped(package, {}))) == []


@ON_SQLITE
async def test_b17_each_requirement_that_is_broken_in_a_mets_is_named(package: Package) -> None:
    silent = [
        rule
        for rule, (found, instead) in BREAKS.items()
        if rule not in rules(with_file(package, METS, found, instead))
    ]

    assert silent == []


@ON_SQLITE
async def test_b17_what_is_demanded_of_every_mets_is_demanded_of_the_inner_one(package: Package) -> None:
    for rule, _ in checks.OF_EVERY_METS:
        found, instead = BREAKS[rule]
        broken = with_file(package, INNER, found, instead, times=0)
        assert Fault(rule=rule, where=INNER, what="kravet är inte uppfyllt") in list(checks.faults(broken)), (
            rule
        )


@ON_SQLITE
async def test_b17_each_requirement_that_is_broken_in_erms_is_named(package: Package) -> None:
    for rule, (found, instead) in BREAKS_OF_ERMS.items():
        broken = with_file(package, ERMS, found, instead)
        assert rule in rules(broken), rule


@ON_SQLITE
async def test_b17_a_premis_that_lacks_a_sum_is_found(package: Package) -> None:
    broken = with_file(package, PREMIS, "<messageDigest>[^<]*", "<messageDigest>")

    assert "läsningen av schemat" in rules(broken)


@ON_SQLITE
async def test_b17_a_file_too_few_too_many_or_outside_is_found(package: Package) -> None:
    few = {name: data for name, data in package.files.items() if name != "metadata/descriptive/dc.xml"}
    lacking = Package(made=package.made, data=b"", files=few)

    assert {"CSIPSTR5, CSIPSTR7", "CSIP69, CSIP71"} <= rules(zipped(lacking, {}))
    assert rules(zipped(package, {"annat.txt": b"x"})) == {"CSIP58"}
    assert rules(zipped(package, {"a/../../b.txt": b"x"})) == {"CSIP58", "CSIPSTR1"}
    assert rules(zipped(package, {"mets.XML": b"x"})) == {"CSIP58", "CSIPSTR1"}
    outside = zipped(package, {})
    with zipfile.ZipFile(outside, "a") as made:
        made.writestr("annan/METS.xml", "x")
    assert "CSIPSTR1" in rules(outside)
    assert rules(io.BytesIO(b"ingen ZIP")) == {"CSIPSTR3"}


@ON_SQLITE
async def test_b17_the_published_schema_is_used_where_an_operator_has_laid_it(
    package: Package, tmp_path: Path
) -> None:
    # A schema of our own that nothing fulfils stands in for the one that is not ours to ship.
    (tmp_path / "ERMS.xsd").write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="https://DILCIS.eu/XML/ERMS">'
        '<xs:element name="annat"/></xs:schema>',
        encoding="utf-8",
    )

    found = list(checks.faults(zipped(package, {}), published=tmp_path))

    assert {fault.rule for fault in found} == {"ERMS.xsd"}
    with pytest.raises(checks.NotValidError, match=r"ERMS\.xsd: representations/rep1/data/ERMS\.xml: rad 2"):
        checks.check(zipped(package, {}), published=tmp_path)


@ON_SQLITE
async def test_fgs_paketstruktur_names_who_hands_over_and_by_which_agreement(package: Package) -> None:
    mets = etree.fromstring(package.files[METS])
    names = {"m": "http://www.loc.gov/METS/"}

    agents = [
        (one.get("ROLE"), one.get("TYPE"), one.findtext("{*}name"), one.findtext("{*}note"))
        for one in mets.xpath("//m:agent", namespaces=names)
    ]
    assert agents == [
        ("CREATOR", "OTHER", "synpunkt", "0.1.0"),
        ("ARCHIVIST", "ORGANIZATION", FACTS.archivist, "212000-0001"),
        ("CREATOR", "ORGANIZATION", "Servicenämnden", None),
        ("CREATOR", "INDIVIDUAL", "Rita Lund", None),
        ("PRESERVATION", "ORGANIZATION", "Lilla kommunens arkiv", None),
    ]
    told = [(one.get("TYPE"), one.text) for one in mets.xpath("//m:altRecordID", namespaces=names)]
    assert told == [("SUBMISSIONAGREEMENT", "KA 2026/17"), ("REFERENCECODE", "LK/2026")]


def test_every_requirement_that_is_held_stands_in_the_docs_and_has_a_way_to_break_it() -> None:
    docs = (ROOT / "docs" / "archive.md").read_text(encoding="utf-8")
    held = [rule for rule, _ in (*checks.OF_EVERY_METS, *checks.OF_THE_ROOT)]

    assert [rule for rule in held if rule not in BREAKS] == []
    assert [rule for rule, _ in checks.OF_ERMS if rule not in BREAKS_OF_ERMS] == []
    assert [rule for rule in (*BREAKS, *BREAKS_OF_ERMS) if f"| {rule} | " not in docs] == []
