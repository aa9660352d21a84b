"""Holds a finished package against schemas and requirements, before anybody gets it.

The published schema of METS is shipped. Those of CITS ERMS and PREMIS are not ours to ship: our own
reading of them is (`erms.rng`, `premis.rng`), and the published ones are used besides where an operator has
laid them in a folder. docs/archive.md says which requirement is held by which check.
"""

import hashlib
import posixpath
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import unquote

from lxml import etree

from bots.desk.archive import erms, mets, premis
from bots.desk.archive.package import DATA, REPRESENTATION, SCHEMAS

_NAMES = {"m": mets.METS, "csip": mets.CSIP, "x": mets.XLINK, "e": erms.NAMESPACE, "p": premis.NAMESPACE}
_CHUNK = 2**20
_MOST_FAULTS = 50
_OF_REFERENCE = "@LOCTYPE='URL' and @x:type='simple' and string(@x:href)"
_OF_FILE = (
    "string(@MIMETYPE) and @SIZE and @CREATED and string-length(@CHECKSUM)=64 and @CHECKSUMTYPE='SHA-256'"
)

# What must be true of each METS.xml: the requirements, and an XPath that is true where they are kept.
OF_EVERY_METS: Sequence[tuple[str, str]] = (
    ("CSIP1", "string(/m:mets/@OBJID)"),
    ("CSIP2", f"/m:mets/@TYPE='{mets.CATEGORY}'"),
    ("CSIP4", f"/m:mets/@csip:CONTENTINFORMATIONTYPE='{mets.CONTENT}'"),
    ("CSIP6, SIP2", f"/m:mets/@PROFILE='{mets.PROFILE}'"),
    ("CSIP117, CSIP7", "count(/m:mets/m:metsHdr)=1 and /m:mets/m:metsHdr/@CREATEDATE"),
    ("CSIP9, SIP4", "/m:mets/m:metsHdr/@csip:OAISPACKAGETYPE='SIP'"),
    (
        "CSIP10-16",
        "count(/m:mets/m:metsHdr/m:agent[@ROLE='CREATOR'][@TYPE='OTHER'][@OTHERTYPE='SOFTWARE']"
        "[string(m:name)][string(m:note)][m:note/@csip:NOTETYPE='SOFTWARE VERSION'])=1",
    ),
    ("CSIP31-35", "/m:mets/m:amdSec/m:digiprovMD[@ID][@STATUS='CURRENT']/m:mdRef[@MDTYPE='PREMIS']"),
    ("CSIP36-44", f"not(/m:mets/m:amdSec//m:mdRef[not({_OF_REFERENCE} and @MDTYPE and {_OF_FILE})])"),
    ("CSIP58, CSIP59", "count(/m:mets/m:fileSec[@ID])=1"),
    ("CSIP64, CSIP65, CSIP66", "not(//m:fileGrp[not(@ID and string(@USE) and m:file)])"),
    ("CSIP67-72", f"not(//m:file[not(@ID and {_OF_FILE})])"),
    ("CSIP76-79", f"not(//m:file[count(m:FLocat[{_OF_REFERENCE}])!=1])"),
    ("CSIP80-85", "count(/m:mets/m:structMap[@TYPE='PHYSICAL'][@LABEL='CSIP'][@ID][count(m:div[@ID])=1])=1"),
    ("CSIP88-91", "count(/m:mets/m:structMap/m:div/m:div[@ID][@LABEL='Metadata'][@ADMID])=1"),
    ("CSIP106", "not(//m:div[not(@ID)])"),
    ("CSIP96, CSIP100, CSIP104", "not(//m:fptr[not(@FILEID=//m:fileGrp/@ID)])"),
    ("SIP3", "/m:mets/m:metsHdr/@RECORDSTATUS='NEW'"),
)
# What must be true besides of the one at the root.
OF_THE_ROOT: Sequence[tuple[str, str]] = (
    ("CSIP17-21", "/m:mets/m:dmdSec[@ID][@CREATED][@STATUS='CURRENT']/m:mdRef"),
    ("CSIP22-30", f"not(/m:mets/m:dmdSec/m:mdRef[not({_OF_REFERENCE} and @MDTYPE and {_OF_FILE})])"),
    ("CSIP60", "//m:fileGrp[@USE='Documentation']"),
    ("CSIP113", "//m:fileGrp[@USE='Schemas']"),
    (
        "CSIP114, CSIP62",
        f"//m:fileGrp[starts-with(@USE,'Representations/')]/@csip:CONTENTINFORMATIONTYPE='{mets.CONTENT}'",
    ),
    ("CSIP92", "/m:mets/m:structMap/m:div/m:div[@LABEL='Metadata']/@DMDID"),
    (
        "CSIP93-96, CSIP116",
        "//m:div[@LABEL='Documentation']/m:fptr/@FILEID=//m:fileGrp[@USE='Documentation']/@ID",
    ),
    ("CSIP97-100, CSIP118", "//m:div[@LABEL='Schemas']/m:fptr/@FILEID=//m:fileGrp[@USE='Schemas']/@ID"),
    (
        "CSIP105-112",
        f"//m:div[starts-with(@LABEL,'Representations/')]/m:mptr[{_OF_REFERENCE}]"
        "/@x:title=//m:fileGrp[starts-with(@USE,'Representations/')]/@ID",
    ),
    ("SIP10-12", "/m:mets/m:metsHdr/m:agent[@ROLE='ARCHIVIST'][@TYPE='ORGANIZATION'][string(m:name)]"),
    ("SIP15-18", "count(//m:metsHdr/m:agent[@ROLE='CREATOR'][@TYPE='ORGANIZATION'][string(m:name)])=1"),
    (
        "SIP14, SIP20, SIP31",
        "not(//m:metsHdr/m:agent[@TYPE='ORGANIZATION']/m:note[not(@csip:NOTETYPE='IDENTIFICATIONCODE')])",
    ),
)
# What a schema of CITS ERMS can not say: that what is named is there, and named once.
OF_ERMS: Sequence[tuple[str, str]] = (
    ("ERMS94", "not(//e:agent[@agentType='other'][not(string(@otherAgentType))])"),
    ("ERMS54", "not(//e:relation[@relationType='own_relation_definition'][not(string(@otherRelationType))])"),
    ("ERMS140", "not(//e:record[not(e:parentAggregationId=../e:objectId)])"),
)


class NotValidError(Exception):
    """The package breaks a schema or a requirement, and is not given out; the message names which."""

    def __init__(self, faults: Sequence["Fault"]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{one.rule}: {one.where}: {one.what}" for one in self.faults[:5]))


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that is wrong: by which rule, in which file, and what. No word of a citizen is told."""

    rule: str
    where: str
    what: str


def check(file: BinaryIO, *, published: Path | None = None) -> None:
    """Hold a package against all that is known of it; raise `NotValidError` with its first faults.

    `published` is a folder with the schemas of others: `ERMS.xsd` and `premis.xsd` are used if there.
    """
    if found := list(_first(faults(file, published=published))):
        raise NotValidError(found)


def check_bytes(file: BinaryIO) -> None:
    """Hold a package without METS.xml against its own sums; raise `NotValidError` for one that differs."""
    try:
        with zipfile.ZipFile(file) as package:
            broken = package.testzip()
    except zipfile.BadZipFile:
        broken = "paketet"
    if broken is not None:
        raise NotValidError([Fault(rule="ZIP", where=broken, what="har en annan summa")])


def faults(file: BinaryIO, *, published: Path | None = None) -> Iterator[Fault]:
    """Tell what is wrong with a package, one fault after the other; nothing when all is well."""
    file.seek(0)
    try:
        package = zipfile.ZipFile(file)
    except zipfile.BadZipFile:
        yield Fault(rule="CSIPSTR3", where="paketet", what="är ingen ZIP")
        return
    with package:
        names = package.namelist()
        root = names[0].partition("/")[0] if names else ""
        yield from _structure(names, root)
        members = {name.removeprefix(f"{root}/") for name in names}
        listed: set[str] = set()
        for where in ("METS.xml", f"{REPRESENTATION}/METS.xml"):
            if where in members:
                yield from _of_mets(package, root, where, listed)
        for name in sorted(members - listed - {"METS.xml"}):
            yield Fault(rule="CSIP58", where=name, what="står inte i METS.xml")
        for where in (
            f"{DATA}/ERMS.xml",
            "metadata/preservation/premis.xml",
            f"{REPRESENTATION}/metadata/preservation/premis.xml",
        ):
            if where in members:
                yield from _of_schema(package, root, where, members, published)


def _structure(names: Sequence[str], root: str) -> Iterator[Fault]:
    if any(not name.startswith(f"{root}/") for name in names) or not root:
        yield Fault(rule="CSIPSTR1", where="paketet", what="har inte en enda mapp överst")
    if len(set(names)) != len(names) or len({name.casefold() for name in names}) != len(names):
        yield Fault(rule="CSIPSTR1", where="paketet", what="har två filer med samma namn")
    if any(".." in name.split("/") or "\\" in name for name in names):
        yield Fault(rule="CSIPSTR1", where="paketet", what="har en fil vars väg leder ut ur det")
    for rule, path in (
        ("CSIPSTR4", "METS.xml"),
        ("CSIPSTR5, CSIPSTR7", "metadata/descriptive/dc.xml"),
        ("CSIPSTR6", "metadata/preservation/premis.xml"),
        ("CSIPSTR9-11", f"{DATA}/ERMS.xml"),
        ("CSIPSTR12", f"{REPRESENTATION}/METS.xml"),
        ("CSIPSTR13", f"{REPRESENTATION}/metadata/preservation/premis.xml"),
        ("CSIPSTR15", "schemas/mets.xsd"),
        ("CSIPSTR16", "documentation/beskrivning.html"),
    ):
        if f"{root}/{path}" not in names:
            yield Fault(rule=rule, where=path, what="saknas")


def _of_mets(package: zipfile.ZipFile, root: str, where: str, listed: set[str]) -> Iterator[Fault]:
    tree = _tree(package, root, where)
    if tree is None:
        yield Fault(rule="XML", where=where, what="är inte välformad")
        return
    yield from _by_schema(_mets_schema(), tree, where, "METS")
    is_root = where == "METS.xml"
    for rule, truth in (*OF_EVERY_METS, *(OF_THE_ROOT if is_root else ())):
        if not tree.xpath(f"boolean({truth})", namespaces=_NAMES):
            yield Fault(rule=rule, where=where, what="kravet är inte uppfyllt")
    if is_root and tree.getroot().get("OBJID") != root:
        yield Fault(rule="CSIPSTR2", where=where, what="har ett annat OBJID än mappens namn")
    ids = cast("list[str]", tree.xpath("//@ID"))
    if len(set(ids)) != len(ids):
        yield Fault(rule="CSIP67", where=where, what="har samma ID två gånger")
    below = posixpath.dirname(where)
    for one in cast("list[etree._Element]", tree.xpath("//m:file | //m:mdRef", namespaces=_NAMES)):
        place = one if one.tag == f"{{{mets.METS}}}mdRef" else one.find(f"{{{mets.METS}}}FLocat")
        if place is None:
            continue  # told as CSIP76
        path = posixpath.join(below, unquote(place.get(f"{{{mets.XLINK}}}href", "")))
        listed.add(path)
        if why := _differs(
            package, f"{root}/{path}", size=one.get("SIZE", ""), sha256=one.get("CHECKSUM", "")
        ):
            yield Fault(rule="CSIP69, CSIP71", where=path, what=why)


def _of_schema(
    package: zipfile.ZipFile, root: str, where: str, members: set[str], published: Path | None
) -> Iterator[Fault]:
    tree = _tree(package, root, where)
    if tree is None:
        yield Fault(rule="XML", where=where, what="är inte välformad")
        return
    is_erms = where.endswith("ERMS.xml")
    yield from _by_schema(
        _reading("erms.rng" if is_erms else "premis.rng"), tree, where, "läsningen av schemat"
    )
    theirs = published / ("ERMS.xsd" if is_erms else "premis.xsd") if published else None
    if theirs is not None and theirs.exists():
        yield from _by_schema(_published(theirs), tree, where, theirs.name)
    if not is_erms:
        return
    for rule, truth in OF_ERMS:
        if not tree.xpath(f"boolean({truth})", namespaces=_NAMES):
            yield Fault(rule=rule, where=where, what="kravet är inte uppfyllt")
    paths = cast("list[str]", tree.xpath("//e:appendix/@path", namespaces=_NAMES))
    told = {f"{DATA}/{path}" for path in paths}
    of_cases = {name for name in members if name.startswith(f"{DATA}/arenden/")}
    if len(told) != len(paths) or told != of_cases:
        yield Fault(rule="ERMS34", where=where, what="nämner inte just de filer som finns")
    numbers = cast("list[str]", tree.xpath("//e:objectId/text()", namespaces=_NAMES))
    if len(set(numbers)) != len(numbers):
        yield Fault(rule="ERMS146", where=where, what="har samma beteckning två gånger")


def _differs(package: zipfile.ZipFile, path: str, *, size: str, sha256: str) -> str:
    """Tell how a file differs from what METS.xml says of it, or nothing; read in pieces."""
    try:
        info = package.getinfo(path)
    except KeyError:
        return "saknas"
    if str(info.file_size) != size:
        return "har en annan storlek"
    found = hashlib.sha256()
    try:
        with package.open(info) as file:
            while piece := file.read(_CHUNK):
                found.update(piece)
    except zipfile.BadZipFile:
        return "har en annan summa"
    return "" if found.hexdigest() == sha256 else "har en annan summa"


def _by_schema(
    schema: etree.XMLSchema | etree.RelaxNG, tree: etree._ElementTree, where: str, rule: str
) -> Iterator[Fault]:
    if not schema.validate(tree):
        # The message of a schema may hold what somebody wrote; the line and the kind of fault do not.
        for one in schema.error_log:
            yield Fault(rule=rule, where=where, what=f"rad {one.line}: {one.type_name}")


def _tree(package: zipfile.ZipFile, root: str, where: str) -> etree._ElementTree | None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, load_dtd=False)
    try:
        with package.open(f"{root}/{where}") as file:
            return etree.parse(file, parser)
    except (etree.XMLSyntaxError, zipfile.BadZipFile):
        return None


class _Beside(etree.Resolver):  # type: ignore[misc]  # lxml brings no types
    """Finds the schema of XLink beside that of METS, which names an address on the net."""

    def resolve(self, system_url: str | None, public_id: str | None, context: object) -> object:  # noqa: ARG002 - as lxml calls it
        """Return the file of that name, if we have it."""
        beside = SCHEMAS / posixpath.basename(system_url or "")
        return self.resolve_filename(str(beside), context) if beside.exists() else None


def _parsed(path: Path) -> etree._ElementTree:
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Beside())
    return etree.parse(str(path), parser)


@cache
def _mets_schema() -> etree.XMLSchema:
    return etree.XMLSchema(_parsed(SCHEMAS / "mets.xsd"))


@cache
def _reading(name: str) -> etree.RelaxNG:
    return etree.RelaxNG(_parsed(SCHEMAS / name))


@cache
def _published(path: Path) -> etree.XMLSchema:
    return etree.XMLSchema(_parsed(path))


def _first(found: Iterator[Fault]) -> Iterator[Fault]:
    for _, one in zip(range(_MOST_FAULTS), found, strict=False):
        yield one
