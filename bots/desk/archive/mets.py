"""Writes METS.xml of a package and of its representation: FGS Paketstruktur 2.0, which is E-ARK CSIP and
SIP 2.1.0. What each requirement demands is held against the result in `checks`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from lxml import etree

from bots.desk.archive.erms import Facts
from bots.desk.archive.plain import fit, moment
from bots.desk.archive.writing import Kept

METS = "http://www.loc.gov/METS/"
CSIP = "https://DILCIS.eu/XML/METS/CSIPExtensionMETS"
XLINK = "http://www.w3.org/1999/xlink"
PROFILE = "https://earksip.dilcis.eu/profile/E-ARK-SIP.xml"
CONTENT = "citserms_v2_1"
CATEGORY = "Datasets"
_NAMES = {None: METS, "csip": CSIP, "xlink": XLINK}
_LINK = {"LOCTYPE": "URL", f"{{{XLINK}}}type": "simple"}


@dataclass(frozen=True, kw_only=True)
class Group:
    """Files that belong together. `use` is the word of the vocabulary."""

    use: str
    files: Sequence[Kept]
    represents: bool = False


def write(
    *,
    package: str,
    label: str,
    at: datetime,
    facts: Facts,
    groups: Sequence[Group],
    descriptive: Sequence[Kept] = (),
    preservation: Sequence[Kept] = (),
    below: str = "",
) -> bytes:
    """Write a METS.xml. `below` is the folder in which it lies, from the root of the package, if not there.

    A group that `represents` holds just the METS.xml of a representation, and is pointed at as such.
    """
    root = etree.Element(
        _tag("mets"),
        {
            "OBJID": package,
            "LABEL": fit(label),
            "TYPE": CATEGORY,
            "PROFILE": PROFILE,
            f"{{{CSIP}}}CONTENTINFORMATIONTYPE": CONTENT,
        },
        nsmap=_NAMES,
    )
    _header(root, at, facts, whole=not below)
    for place, one in enumerate(descriptive, start=1):
        section = _add(root, "dmdSec", ID=f"dmd-{place}", CREATED=moment(at), STATUS="CURRENT")
        _pointer(section, one, "DC", at, below)
    if preservation:
        amd = _add(root, "amdSec", ID="amd-1")
        for place, one in enumerate(preservation, start=1):
            section = _add(amd, "digiprovMD", ID=f"digiprov-{place}", CREATED=moment(at), STATUS="CURRENT")
            _pointer(section, one, "PREMIS", at, below)
    files = _add(root, "fileSec", ID="files")
    number = 0
    for place, group in enumerate(groups, start=1):
        made = _add(files, "fileGrp", ID=f"group-{place}", USE=group.use)
        if group.represents:
            made.set(f"{{{CSIP}}}CONTENTINFORMATIONTYPE", CONTENT)
        for one in group.files:
            number += 1
            _file(made, one, f"file-{number}", at, below)
    _structure(root, package, groups, descriptive, preservation, below)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def href(path: str, below: str) -> str:
    """Write the way to a file from the folder of its METS.xml."""
    relative = path.removeprefix(f"{below}/") if below else path
    return quote(relative)


def _header(root: etree._Element, at: datetime, facts: Facts, *, whole: bool) -> None:
    header = _add(root, "metsHdr", CREATEDATE=moment(at), RECORDSTATUS="NEW")
    header.set(f"{{{CSIP}}}OAISPACKAGETYPE", "SIP")
    # CSIP10 to CSIP16: the program comes first, and is in every METS.xml.
    _agent(header, "CREATOR", "OTHER", facts.software, facts.version, "SOFTWARE VERSION", other="SOFTWARE")
    if not whole:
        return
    _agent(header, "ARCHIVIST", "ORGANIZATION", facts.archivist, facts.organisation_number)
    # SIP15: somebody must be told to submit; without another name it is the archivist.
    submitter = facts.submitter or facts.archivist
    code = facts.organisation_number if submitter == facts.archivist else ""
    _agent(header, "CREATOR", "ORGANIZATION", submitter, code)
    if facts.contact:
        _agent(header, "CREATOR", "INDIVIDUAL", facts.contact)
    if facts.receiver:
        _agent(header, "PRESERVATION", "ORGANIZATION", facts.receiver)
    for kind, value in (("SUBMISSIONAGREEMENT", facts.agreement), ("REFERENCECODE", facts.reference_code)):
        if value:
            _add(header, "altRecordID", value, TYPE=kind)


def _agent(
    header: etree._Element,
    role: str,
    kind: str,
    name: str,
    note: str = "",
    note_type: str = "IDENTIFICATIONCODE",
    *,
    other: str = "",
) -> None:
    made = _add(header, "agent", ROLE=role, TYPE=kind)
    if other:
        made.set("OTHERTYPE", other)
    _add(made, "name", name)
    if note:
        _add(made, "note", note).set(f"{{{CSIP}}}NOTETYPE", note_type)


def _pointer(section: etree._Element, one: Kept, kind: str, at: datetime, below: str) -> None:
    made = _add(section, "mdRef", **_facts(one, at), MDTYPE=kind)
    for name, value in _LINK.items():
        made.set(name, value)
    made.set(f"{{{XLINK}}}href", href(one.path, below))


def _file(group: etree._Element, one: Kept, file_id: str, at: datetime, below: str) -> None:
    made = _add(group, "file", ID=file_id, **_facts(one, at))
    place = _add(made, "FLocat")
    for name, value in _LINK.items():
        place.set(name, value)
    place.set(f"{{{XLINK}}}href", href(one.path, below))


def _facts(one: Kept, at: datetime) -> dict[str, str]:
    return {
        "MIMETYPE": one.media_type,
        "SIZE": str(one.size),
        "CREATED": moment(at),
        "CHECKSUM": one.sha256,
        "CHECKSUMTYPE": "SHA-256",
    }


def _structure(
    root: etree._Element,
    package: str,
    groups: Sequence[Group],
    descriptive: Sequence[Kept],
    preservation: Sequence[Kept],
    below: str,
) -> None:
    structure = _add(root, "structMap", ID="structure", TYPE="PHYSICAL", LABEL="CSIP")
    main = _add(structure, "div", ID="div-main", LABEL=package)
    metadata = _add(main, "div", ID="div-metadata", LABEL="Metadata")
    if preservation:
        metadata.set("ADMID", " ".join(f"digiprov-{n}" for n, _ in enumerate(preservation, start=1)))
    if descriptive:
        metadata.set("DMDID", " ".join(f"dmd-{n}" for n, _ in enumerate(descriptive, start=1)))
    for place, group in enumerate(groups, start=1):
        made = _add(main, "div", ID=f"div-{place}", LABEL=group.use)
        if not group.represents:
            _add(made, "fptr", FILEID=f"group-{place}")
            continue
        pointer = _add(made, "mptr")
        for name, value in _LINK.items():
            pointer.set(name, value)
        pointer.set(f"{{{XLINK}}}href", href(group.files[0].path, below))
        pointer.set(f"{{{XLINK}}}title", f"group-{place}")


def _add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    made = etree.SubElement(parent, _tag(name), attributes)
    if text is not None:
        made.text = fit(text)
    return made


def _tag(name: str) -> str:
    return f"{{{METS}}}{name}"
