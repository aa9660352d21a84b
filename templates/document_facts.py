"""What each document needs to know. Hand the facts on as `document(name, **facts)`; letters have `facts`.

Documents stay in the house or go by post, so unlike letters they may hold what the sender said.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TypedDict

from store.domain import Contact, Factor, Kind, Outcome
from templates.facts import Paragraphs, Person


class ServiceNoteFacts(TypedDict):
    """Facts of `service_note` (D01, row K11): what the case has led to. () leaves room to write by hand."""

    municipality: str
    case_number: str
    unit: str
    received_on: date
    written_on: date
    author: Person
    outcome: Outcome | None
    text: Paragraphs


class AnswerPaperFacts(TypedDict):
    """Facts of `answer` (D02, row K10): the answer by post. `explanation` is () unless nothing is done."""

    service_name: str
    municipality: str
    return_address: str  # in one line, above the window of the envelope
    recipient: tuple[str, ...]  # name and address, line by line
    case_number: str
    received_on: date
    written_on: date
    answer: Paragraphs
    explanation: Paragraphs
    handler: Person
    contact: Contact | None
    phone: str
    phone_hours: str


class ReportFormFacts(TypedDict):
    """Facts of `report_form` (D03, rows N10 and B8): what somebody said, and who wrote it down and when.

    "", () and None leave room to write by hand, so the form can be printed empty.
    """

    municipality: str
    service_name: str
    case_number: str
    said_at: datetime | None
    source: str  # "i telefon", "vid ett besök"
    sender: str
    sender_contact: str
    kind: Kind | None
    unit: str
    words: Paragraphs
    written_by: Person | None
    written_at: datetime | None
    hand_to: str


class MeasureFormFacts(TypedDict):
    """Facts of `measure_form` (D04, row N13), filled from the case; () leaves room to write by hand."""

    municipality: str
    case_number: str
    unit: str
    received_on: date
    kind: Kind | None
    factor: Factor | None
    outcome: Outcome | None
    answered_on: date | None
    act_on: date | None  # when what is promised is to be done
    measure: Paragraphs
    improvement: Paragraphs
    handler: Person


class CardFacts(TypedDict):
    """Facts of `card` (D05, row G8): four cards on a sheet. `email` and `post_address` may be empty."""

    service_name: str
    municipality: str
    web_address: str
    email: str
    phone: str
    phone_hours: str
    post_address: tuple[str, ...]
    qr: tuple[tuple[bool, ...], ...]  # the web address in rows of dark squares, without margin; () for none


class CoverLetterFacts(TypedDict):
    """Facts of `cover_letter` (D06), with which a report goes to a board. No names of senders or staff."""

    municipality: str
    board: str
    period: str
    written_on: date
    author: Person
    text: Paragraphs
    figures: tuple[tuple[str, str], ...]  # what is counted, and how many
    proposal: str  # what the board is asked to decide
    attachments: tuple[str, ...]


class CaseSheetFacts(TypedDict):
    """Facts of `case_sheet`: a whole case for a human, for archive and main diary (row B17)."""

    municipality: str
    case_number: str
    title: str
    fields: tuple[tuple[str, str], ...]  # what stands in the case: its name, and what it says
    answers: tuple[tuple[datetime, str, list[str]], ...]  # when, how, and line by line
    lines: tuple[tuple[datetime, str, str, str], ...]  # of the journal: when, what, who, details or ""


class ArchiveNoteFacts(TypedDict):
    """Facts of `archive_note`, which lies in a package for the archive and tells how it is ordered."""

    municipality: str
    label: str  # what is in the package, in words
    name: str
    made_at: datetime
    software: str
    cases: int
    remarks: tuple[str, ...]  # what is missing, or must be known besides


class ShownSection(TypedDict):
    """A part of the text of a report."""

    title: str
    paragraphs: Sequence[str]
    items: Sequence[str]


class ShownColumn(TypedDict):
    """A column of a table; "" of the one that names the rows of a chart."""

    name: str
    is_number: bool


class ShownCell(TypedDict):
    """A cell, as it is read. `address` is where its cases are, or ""."""

    text: str
    address: str


class ShownRows(TypedDict):
    """Rows that have something in common, which is said over them; or ""."""

    name: str
    rows: Sequence[Sequence[ShownCell]]


class ReportTable(TypedDict):
    """A table. `of` tells it from the others; the first `names` cells of a row say what it is about."""

    of: str
    names: int
    columns: Sequence[ShownColumn]
    groups: Sequence[ShownRows]


class ShownChart(TypedDict):
    """A chart, drawn by `bots.desk.reports.drawing`; `svg` is not escaped. Its figures stand beside it."""

    title: str
    svg: str
    table: ReportTable


class ReportFacts(TypedDict):
    """Facts of `report` (requirements C4): what its PDF tells. `wide` tables print on a page laid down."""

    title: str
    municipality: str
    running: str
    headline: str
    about: Sequence[tuple[str, str]]
    sections: Sequence[ShownSection]
    charts: Sequence[ShownChart]
    notes: Sequence[tuple[str, str]]
    lines: Sequence[str]  # what the tables leave out
    wide: bool
    parts: Sequence[ReportTable]
