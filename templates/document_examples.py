"""Invented facts for every document, filled in and, where it is a form, empty."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from store.domain import Contact, Factor, Kind, Outcome
from templates.document_facts import (
    AnswerPaperFacts,
    ArchiveNoteFacts,
    CardFacts,
    CaseSheetFacts,
    CoverLetterFacts,
    MeasureFormFacts,
    ReportFacts,
    ReportFormFacts,
    ReportTable,
    ServiceNoteFacts,
    ShownCell,
    ShownChart,
    ShownColumn,
    ShownSection,
)
from templates.facts import Person


@dataclass(frozen=True, kw_only=True)
class DocumentExample:
    """One document in one situation."""

    document: str
    situation: str
    facts: Mapping[str, object]


_ANNA = Person(name="Anna Ek", title="enhetschef")
_NOTE = ServiceNoteFacts(
    municipality="Exempelby kommun",
    case_number="SYN-2026-000123",
    unit="Parkenheten",
    received_on=date(2026, 11, 23),
    written_on=date(2026, 12, 1),
    author=_ANNA,
    outcome=Outcome.DONE,
    text=(
        ("Gungan vid lekplatsen är lagad. Vi har gått igenom alla gungor i stadsdelen.",),
        ("Från januari ser vi över dem varje månad.",),
    ),
)
_NOTE_EMPTY: ServiceNoteFacts = {**_NOTE, "outcome": None, "text": ()}
_ANSWER = AnswerPaperFacts(
    service_name="Tyck till",
    municipality="Exempelby kommun",
    return_address="Exempelby kommun, Torget 1, 123 45 Exempelby",
    recipient=("Siv Lind", "Ekvägen 3", "123 45 Exempelby"),
    case_number="SYN-2026-000123",
    received_on=date(2026, 11, 23),
    written_on=date(2026, 12, 1),
    answer=(
        ("Gungan vid lekplatsen är lagad sedan i går.",),
        ("Vi ser över:", "- den andra gungan", "- sanden"),
    ),
    explanation=(),
    handler=_ANNA,
    contact=Contact(name="Rita Lund", address="Torget 1, 123 45 Exempelby", phone="070-174 06 05"),
    phone="070-174 06 10",
    phone_hours="mån–fre 8–16",
)
_ANSWER_NO_ACTION: AnswerPaperFacts = {
    **_ANSWER,
    "answer": (("Vi har sett på gungan som du skrev om.",),),
    "explanation": (("Gungan ägs av en förening. Vi har talat med den.",),),
    "contact": None,
}
_REPORT = ReportFormFacts(
    municipality="Exempelby kommun",
    service_name="Tyck till",
    case_number="SYN-2026-000124",
    said_at=datetime(2026, 11, 23, 9, 20, tzinfo=UTC),
    source="vid ett besök",
    sender="Siv Lind",
    sender_contact="070-174 06 20",
    kind=Kind.COMPLAINT,
    unit="Lekplatsen vid Ekvägen",
    words=(("Gungan har varit trasig i tre veckor, och ingen svarar när man ringer.",),),
    written_by=Person(name="Bo Alm", title="vaktmästare"),
    written_at=datetime(2026, 11, 23, 10, 5, tzinfo=UTC),
    hand_to="Anna Ek, enhetschef",
)
_REPORT_EMPTY: ReportFormFacts = {
    **_REPORT,
    "case_number": "",
    "said_at": None,
    "source": "",
    "sender": "",
    "sender_contact": "",
    "kind": None,
    "unit": "",
    "words": (),
    "written_by": None,
    "written_at": None,
    "hand_to": "",
}
_MEASURES = MeasureFormFacts(
    municipality="Exempelby kommun",
    case_number="SYN-2026-000123",
    unit="Parkenheten",
    received_on=date(2026, 11, 23),
    kind=Kind.COMPLAINT,
    factor=Factor.SAFETY,
    outcome=Outcome.LATER,
    answered_on=date(2026, 12, 1),
    act_on=date(2026, 12, 18),
    measure=(("Gungan är lagad.",), ("Den andra gungan byts ut före jul.",)),
    improvement=(("Gungorna ses över varje månad.",),),
    handler=_ANNA,
)
_MEASURES_EMPTY: MeasureFormFacts = {
    **_MEASURES,
    "kind": None,
    "factor": None,
    "outcome": None,
    "answered_on": None,
    "act_on": None,
    "measure": (),
    "improvement": (),
}
_CARD = CardFacts(
    service_name="Tyck till",
    municipality="Exempelby kommun",
    web_address="www.exempelby.example/tycktill",
    email="tycktill@exempelby.example",
    phone="070-174 06 10",
    phone_hours="mån–fre 8–16",
    post_address=("Tyck till", "Exempelby kommun", "Torget 1", "123 45 Exempelby"),
    qr=(),
)
_COVER = CoverLetterFacts(
    municipality="Exempelby kommun",
    board="kultur- och fritidsnämnden",
    period="juli till september 2026",
    written_on=date(2026, 10, 16),
    author=Person(name="Rita Lund", title="avdelningschef"),
    text=(
        ("Här är kvartalets synpunkter till nämndens verksamheter.",),
        ("De flesta handlar om lekplatser. Två förslag är redan genomförda.",),
    ),
    figures=(
        ("Synpunkter", "42"),
        ("Klagomål", "25"),
        ("Förslag", "11"),
        ("Beröm", "6"),
        ("Besvarade i tid", "95 %"),
    ),
    proposal="Nämnden tar del av rapporten.",
    attachments=("Kvartal för nämnd, juli till september 2026",),
)
_SHEET = CaseSheetFacts(
    municipality="Exempelby kommun",
    case_number="SYN-2026-000123",
    title="Trasig gunga",
    fields=(("Kom in", "2026-11-23 10:30"), ("Läge", "avslutad"), ("Enhet", "Parkenheten")),
    answers=((datetime(2026, 12, 1, 9, 0, tzinfo=UTC), "brev", ["Hej!", "Gungan är lagad."]),),
    lines=(
        (datetime(2026, 11, 23, 9, 30, tzinfo=UTC), "ärende öppnat", "synpunkt", "källa: e-post"),
        (datetime(2026, 12, 1, 9, 0, tzinfo=UTC), "svara", "Anna Ek", ""),
    ),
)
_SHEET_NEW: CaseSheetFacts = {**_SHEET, "answers": ()}
_ARCHIVE = ArchiveNoteFacts(
    municipality="Exempelby kommun",
    label="Synpunkter som kom in 2026-01-01 till 2026-12-31",
    name="synpunkter-2026",
    made_at=datetime(2027, 2, 1, 9, 0, tzinfo=UTC),
    software="synpunkt 0.1.0",
    cases=312,
    remarks=("2 ärenden med skyddade personuppgifter lämnas i en särskild del.",),
)
_ARCHIVE_WHOLE: ArchiveNoteFacts = {**_ARCHIVE, "remarks": ()}
_FIGURES = ReportTable(
    of="",
    names=1,
    columns=[ShownColumn(name="enhet", is_number=False), ShownColumn(name="totalt", is_number=True)],
    groups=[
        {
            "name": "Tekniska nämnden",
            "rows": [
                [
                    ShownCell(text="Parkenheten", address=""),
                    ShownCell(text="31", address="/statistik/arenden?x"),
                ],
                [ShownCell(text="Gatuenheten", address=""), ShownCell(text="–", address="")],
            ],
        }
    ],
)
_DRAWN = """<svg class="chart" role="img" aria-labelledby="t" viewBox="0 0 360 20" width="100%">
<title id="t">Synpunkter per enhet</title><rect width="200" height="12" fill="#0072b2"/></svg>"""
_QUARTER = ReportFacts(
    title="Synpunkter per enhet, 2026-K3",
    municipality="Exempelby kommun",
    running="R1 · 2026-K3",
    headline="Det kom 31 synpunkter, tio fler än kvartalet före.",
    about=[("Period", "2026-K3"), ("Räknat till och med", "2026-10-01")],
    sections=[ShownSection(title="Försenade", paragraphs=["Två svar är sena."], items=["Gungan", "Stigen"])],
    charts=[ShownChart(title="Synpunkter per enhet", svg=_DRAWN, table=_FIGURES)],
    notes=[("Överlämnade, räknas inte (L4)", "3")],
    lines=["Kolumner utan uppgifter visas inte: analys."],
    wide=True,
    parts=[_FIGURES, {**_FIGURES, "of": "beröm"}],
)
_QUARTER_EMPTY: ReportFacts = {
    **_QUARTER,
    "headline": _QUARTER["title"],
    "sections": [],
    "charts": [],
    "notes": [],
    "lines": ["Det finns inga rader."],
    "wide": False,
    "parts": [],
}

DOCUMENT_EXAMPLES = (
    DocumentExample(document="service_note", situation="filled in", facts=_NOTE),
    DocumentExample(document="service_note", situation="to fill in by hand", facts=_NOTE_EMPTY),
    DocumentExample(document="answer", situation="somebody to turn to", facts=_ANSWER),
    DocumentExample(document="answer", situation="no action, with an explanation", facts=_ANSWER_NO_ACTION),
    DocumentExample(document="report_form", situation="filled in", facts=_REPORT),
    DocumentExample(document="report_form", situation="to fill in by hand", facts=_REPORT_EMPTY),
    DocumentExample(document="measure_form", situation="filled in", facts=_MEASURES),
    DocumentExample(document="measure_form", situation="to fill in by hand", facts=_MEASURES_EMPTY),
    DocumentExample(document="card", situation="four on a sheet", facts=_CARD),
    DocumentExample(document="cover_letter", situation="a quarter", facts=_COVER),
    DocumentExample(document="case_sheet", situation="answered", facts=_SHEET),
    DocumentExample(document="case_sheet", situation="not answered", facts=_SHEET_NEW),
    DocumentExample(document="archive_note", situation="something withheld", facts=_ARCHIVE),
    DocumentExample(document="archive_note", situation="whole", facts=_ARCHIVE_WHOLE),
    DocumentExample(document="report", situation="a quarter", facts=_QUARTER),
    DocumentExample(document="report", situation="nothing in it", facts=_QUARTER_EMPTY),
)
