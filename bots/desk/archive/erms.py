"""Writes what the archive is told of cases: FGS Ärendehantering 2.0, which is E-ARK CITS ERMS 2.1.

Only elements and attributes are written that mean the same in version 2.1.2 and in version 3 of its schema.
Where the schema has a word of its own, ours stands beside it in an `ownElement`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from bots.desk.archive.papers import Document, Papers, Who
from bots.desk.archive.plain import fit, is_fit, moment
from store.domain import Status

NAMESPACE = "https://DILCIS.eu/XML/ERMS"
NOTE_OF_SIGNS = "Tecken som XML 1.0 inte rymmer är utbytta mot \ufffd. Filen i paketet är oförändrad."
_STATUS: Mapping[Status, str] = {
    Status.RECEIVED: "received",
    Status.QUARANTINED: "received",
    Status.SORTING: "open",
    Status.ASSIGNED: "open",
    Status.IN_PROGRESS: "in_progress",
    Status.AWAITING_SENDER: "on_hold",
    Status.AT_PROVIDER: "on_hold",
    Status.AT_OTHER_BOARD: "on_hold",
    Status.ANSWERED: "expedited",
    Status.RETURNED: "expedited",
    Status.CLOSED: "closed",
    Status.REOPENED: "open",
    Status.HANDED_OVER: "closed",
    Status.DUPLICATE: "closed",
    Status.ARCHIVED: "closed",
    Status.DISPOSED: "obliterated",
}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the archive is told of who hands over, from the table [archive] of the configuration.

    Empty texts are left out of the package. `archivist`, `software` and `version` must not be empty.
    """

    archivist: str
    software: str = "synpunkt"
    version: str = "0"
    organisation_number: str = ""
    submitter: str = ""  # who hands over, if somebody else than the archivist
    contact: str = ""
    receiver: str = ""
    agreement: str = ""
    reference_code: str = ""
    classification_code: str = ""
    classification: str = ""


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Where a file of a document lies in the package, from the folder of ERMS.xml, and what it is."""

    path: str
    name: str
    media_type: str
    what: str
    original_type: str = ""


def write(
    aggregations: Sequence[etree._Element], *, facts: Facts, package: str, label: str, at: datetime
) -> bytes:
    """Write the whole document around what `aggregation` made of each case."""
    root = etree.Element(_tag("erms"), nsmap={None: NAMESPACE})
    control = _add(root, "control")
    _add(control, "identification", package, identificationType="paket")
    if facts.classification:
        schema = _add(control, "classificationSchema")
        about = _add(schema, "textualDescriptionOfClassificationSchema")
        _add(about, "p", f"{facts.classification_code} {facts.classification}".strip())
    kept = _add(control, "maintenanceInformation")
    _add(kept, "maintenanceStatus", value="new")
    agency = _add(kept, "maintenanceAgency")
    if facts.organisation_number:
        _add(agency, "agencyCode", facts.organisation_number, type="organisationsnummer")
    _add(agency, "agencyName", facts.archivist)
    event = _add(_add(kept, "maintenanceHistory"), "maintenanceEvent")
    _add(event, "eventType", value="created")
    _add(event, "eventDateTime", moment(at))
    maker = _add(event, "agent", agentType="other", otherAgentType="program")
    _add(maker, "name", f"{facts.software} {facts.version}")
    information = _add(control, "systemInformation")
    more = _add(information, "extraMetadataInformation")
    _add(more, "description", label)
    cases = _add(root, "aggregations")
    cases.extend(aggregations)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def aggregation(papers: Papers, files: Mapping[str, Sequence[Placed]], *, facts: Facts) -> etree._Element:
    """Write one case as a case file. `files` tells where those of each document lie, by the document's id."""
    case = papers.record.case
    made = etree.Element(
        _tag("aggregation"), systemIdentifier=f"ärende-{case['id']}", aggregationType="caseFile"
    )
    _add(made, "objectId", case["number"])
    if case["diary_number"]:
        _add(made, "extraId", case["diary_number"], extraIdType="nummer i huvuddiariet")
    if facts.classification:
        _add(made, "classification", facts.classification, classificationCode=facts.classification_code)
    believed = [word for word in (case["kind"], case["factor"]) if word]
    if believed:
        keywords = _add(made, "keywords")
        for word in believed:
            _add(keywords, "keyword", word)
    _add(made, "title", papers.title)
    _add(made, "status", value=_STATUS[Status(case["status"])])
    for how, number in papers.record.ties:
        _add(made, "relation", number, relationType="own_relation_definition", otherRelationType=how)
    _own(made, _facts_of(papers))
    _restrictions(made, papers)
    agents = _add(made, "agents")
    _agent(agents, papers.sender, "sender")
    _agent(agents, papers.handler, "responsible_person")
    _agent(
        agents,
        Who(name=papers.owner or facts.archivist, role="arkivbildare", unit=papers.handler.unit),
        "owner",
    )
    _dates(
        made,
        ("received", case["received_at"]),
        ("opened", case["opened_at"]),
        ("closed", case["closed_at"]),
    )
    notes = [] if is_fit(papers.title) else [NOTE_OF_SIGNS]
    if papers.withheld:
        notes.append("Avsändarens uppgifter och handlingarna lämnas i en särskild del (21 kap. 3 § OSL).")
    if case["disposal_decision"] and not papers.withheld:
        notes.append(f"Gallrat enligt {case['disposal_decision']}.")
    _notes(made, notes)
    for place, one in enumerate(papers.documents, start=1):
        made.append(_record(one, case["number"], place, files.get(one.id, ())))
    return made


def _record(one: Document, number: str, place: int, files: Sequence[Placed]) -> etree._Element:
    made = etree.Element(_tag("record"), systemIdentifier=one.id, recordType=fit(one.kind))
    _add(made, "objectId", f"{number}:{place}")
    _add(made, "parentAggregationId", number)
    _add(made, "title", one.title)
    _add(made, "runningNumber", str(place))
    _add(made, "direction", directionDefinition=one.direction)
    if one.who is not None:
        kind = {"avsändare": "sender", "mottagare": "recipient"}.get(one.who.role, "creator")
        _agent(_add(made, "agents"), one.who, kind)
    _dates(made, (one.date_type, one.at))
    texts = [one.title, *(one.who.name for _ in (1,) if one.who), *(file.name for file in files)]
    notes = [note for note in (one.note,) if note]
    if not all(is_fit(text) for text in texts):
        notes.append(NOTE_OF_SIGNS)
    _notes(made, notes)
    if files:
        more = _add(made, "additionalInformation")
        for file in files:
            _add(
                more,
                "appendix",
                name=file.name,
                description=file.what,
                fileFormat=file.media_type,
                path=file.path,
            )
    return made


def _facts_of(papers: Papers) -> Iterator[tuple[str, str]]:
    """Tell what we know of a case and the schema has no element for; of one withheld nothing in free text."""
    record, case = papers.record, papers.record.case
    yield "status", case["status"]
    yield "nummerserie", case["series"]
    yield "enhet", papers.handler.unit
    yield "typ", case["kind"]
    yield "kvalitetsfaktor", case["factor"]
    yield "kanal", case["channel"]
    yield "källa", case["source"]
    yield "språk", case["language"]
    yield "allvarlig", "ja" if case["serious"] else ""
    yield "utfall", record.answers[-1]["outcome"] if record.answers else ""
    for row in record.promises:
        kept = row["kept_at"]
        yield (
            f"löfte: {row['kind']}",
            f"{row['due_on']}, {'hållet ' + moment(kept) if kept else 'inte hållet'}",
        )
    if papers.withheld:
        return
    for row in record.answers:
        for name in ("measure", "improvement", "explanation"):
            yield (
                {"measure": "åtgärd", "improvement": "förbättring", "explanation": "förklaring"}[name],
                row[name],
            )
    for row in record.corrections:
        yield f"rättat: {row['subject']}", f"{row['was']} → {row['became']} ({row['why']})"


def _own(parent: etree._Element, facts: Iterator[tuple[str, str]]) -> None:
    own = _add(_add(parent, "additionalInformation"), "ownElement")
    _add(own, "ownElementDescription", "Uppgifter om ärendet, med systemets egna ord")
    for name, value in facts:
        if value:
            _add(_add(own, "ownElement", name=name, dataType="xs:string"), "value", value)


def _restrictions(parent: etree._Element, papers: Papers) -> None:
    case = papers.record.case
    if case["protected"]:
        made = _add(parent, "restriction", restrictionType="confidential")
        _add(made, "explanatoryText", "Skyddade personuppgifter")
        _add(made, "regulation", "21 kap. 3 § OSL")
    if case["restricted"]:
        made = _add(parent, "restriction", restrictionType="integrity")
        _add(made, "explanatoryText", "Ärendet har haft en begränsad läskrets")
        _add(made, "regulation", "systemets behörigheter")
    for mark in papers.record.marks:
        made = _add(parent, "restriction", restrictionType="confidential")
        lifted = f", hävd {moment(mark['lifted_at'])}" if mark["lifted_at"] else ""
        _add(made, "explanatoryText", f"Sekretessmarkering av {mark['authority']}{lifted}")
        _add(made, "regulation", mark["paragraph"])
        _dates(made, ("confidentiality_assessed", mark["set_at"]))


def _agent(parent: etree._Element, who: Who, kind: str) -> None:
    made = _add(parent, "agent", agentType=kind)
    _add(made, "name", who.name)
    if who.unit:
        _add(made, "unitName", who.unit)
    if who.reached_at is not None:
        road, place = who.reached_at
        _add(made, "idNumber", place, idNumberType=road)
    _add(made, "role", who.role)
    if who.protected:
        _add(made, "protectedIdentity", "true")


def _dates(parent: etree._Element, *dates: tuple[str, datetime | None]) -> None:
    made = _add(parent, "dates")
    for kind, at in dates:
        if at is not None:
            _add(made, "date", moment(at), dateType=kind)


def _notes(parent: etree._Element, notes: Sequence[str]) -> None:
    if notes:
        made = _add(parent, "notes")
        for note in notes:
            _add(made, "note", note)


def _add(parent: etree._Element, tag: str, text: str | None = None, /, **attributes: str) -> etree._Element:
    made = etree.SubElement(parent, _tag(tag), {key: fit(str(value)) for key, value in attributes.items()})
    if text is not None:
        made.text = fit(text)
    return made


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
