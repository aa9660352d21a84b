"""Invented facts for every letter and situation: shown by `python -m templates`, held to account by tests."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from store.domain import Contact, Guess, Lane
from templates.facts import (
    AcknowledgementFacts,
    AnswerFacts,
    FollowUpFacts,
    NewCaseFacts,
    Person,
    StatementRequestFacts,
    UndeliveredFacts,
)


@dataclass(frozen=True, kw_only=True)
class Example:
    """One letter in one situation."""

    letter: str
    situation: str
    facts: Mapping[str, object]


_ASSIGNED = AcknowledgementFacts(
    service_name="Tyck till",
    municipality="Exempelby kommun",
    case_number="SYN-2026-000123",
    received_on=date(2026, 11, 23),
    handler=Person(name="Anna Ek", title="enhetschef"),
    handler_by=None,
    answer_by=date(2026, 12, 2),
    phone="070-174 06 10",
    phone_hours="mån–fre 8–16",
    privacy_url="https://www.exempelby.example/personuppgifter",
    marker=True,
)
_UNASSIGNED: AcknowledgementFacts = {**_ASSIGNED, "handler": None, "handler_by": date(2026, 11, 25)}
_UNDATED: AcknowledgementFacts = {**_ASSIGNED, "answer_by": None}
_OPEN: AcknowledgementFacts = {**_UNDATED, "handler": None}

_SURE = NewCaseFacts(
    service_name="Tyck till",
    case_number="SYN-2026-000123",
    received_on=date(2026, 11, 23),
    kind=Guess(value="klagomål", confidence=0.94, sure=True),
    factor=Guess(value="Bemötande", confidence=0.41, sure=False),
    lanes=(),
    unit="Förskolan Ekorren",
    first_feedback_by=date(2026, 11, 25),
    answer_by=date(2026, 12, 2),
    link="https://synpunkt.exempelby.example/arende/SYN-2026-000123",
)
_URGENT: NewCaseFacts = {**_SURE, "lanes": (Lane.NAMED_EMPLOYEE, Lane.EMERGENCY)}
_SILENT: NewCaseFacts = {
    **_SURE,
    "kind": None,
    "factor": None,
    "first_feedback_by": None,
    "answer_by": None,
}

_FOLLOW_UP = FollowUpFacts(
    service_name="Tyck till",
    case_number="SYN-2026-000123",
    received_on=date(2026, 11, 27),
    lanes=(),
    answered=False,
    answer_by=date(2026, 12, 2),
    link="https://synpunkt.exempelby.example/arende/SYN-2026-000123",
)
_ANSWERED_FOLLOW_UP: FollowUpFacts = {**_FOLLOW_UP, "answered": True}
_URGENT_FOLLOW_UP: FollowUpFacts = {**_FOLLOW_UP, "lanes": (Lane.CONCERN_REPORT,), "answer_by": None}

_UNDELIVERED = UndeliveredFacts(
    service_name="Tyck till",
    case_number="SYN-2026-000123",
    sent_on=date(2026, 11, 23),
    returned_on=date(2026, 11, 24),
    answer_by=date(2026, 12, 2),
    link="https://synpunkt.exempelby.example/arende/SYN-2026-000123",
)
_UNDELIVERED_UNDATED: UndeliveredFacts = {**_UNDELIVERED, "answer_by": None}

_ANSWER = AnswerFacts(
    service_name="Tyck till",
    municipality="Exempelby kommun",
    case_number="SYN-2026-000123",
    received_on=date(2026, 11, 23),
    answer=(
        ("Gungan vid lekplatsen är lagad sedan i går.",),
        ("Vi ser över:", "- den andra gungan", "- sanden"),
    ),
    handler=Person(name="Anna Ek", title="enhetschef"),
    contact=Contact(name="Rita Lund", address="Torget 1, 123 45 Exempelby", phone="070-174 06 05"),
    phone="070-174 06 10",
    phone_hours="mån–fre 8–16",
    marker=True,
)
_ANSWER_ALONE: AnswerFacts = {**_ANSWER, "contact": None}
_NO_ACTION = {**_ANSWER, "explanation": (("Gungan ägs av en förening. Vi har talat med den.",),)}
_STATEMENT = StatementRequestFacts(
    municipality="Exempelby kommun",
    case_number="SYN-2026-000123",
    due_on=date(2026, 12, 2),
    question=(("Vad hände vid besöket i måndags?",),),
    handler=Person(name="Anna Ek", title="enhetschef"),
    phone="070-174 06 10",
)

EXAMPLES = (
    Example(letter="citizen_acknowledgement", situation="handler and answer date known", facts=_ASSIGNED),
    Example(letter="citizen_acknowledgement", situation="no handler yet", facts=_UNASSIGNED),
    Example(letter="citizen_acknowledgement", situation="no handler and no dates", facts=_OPEN),
    Example(letter="citizen_acknowledgement_complaint", situation="handler known", facts=_ASSIGNED),
    Example(letter="citizen_acknowledgement_complaint", situation="no handler yet", facts=_UNASSIGNED),
    Example(letter="citizen_acknowledgement_praise", situation="no answer date", facts=_UNDATED),
    Example(letter="citizen_acknowledgement_urgent", situation="handler known", facts=_ASSIGNED),
    Example(letter="citizen_answer", situation="somebody to turn to", facts=_ANSWER),
    Example(letter="citizen_answer", situation="nobody named to turn to", facts=_ANSWER_ALONE),
    Example(letter="citizen_answer_complaint", situation="somebody to turn to", facts=_ANSWER),
    Example(letter="citizen_answer_suggestion", situation="somebody to turn to", facts=_ANSWER),
    Example(letter="citizen_answer_praise", situation="nobody named to turn to", facts=_ANSWER_ALONE),
    Example(letter="citizen_answer_no_action", situation="with an explanation", facts=_NO_ACTION),
    Example(letter="handler_new_case", situation="a proposal, half of it unsure", facts=_SURE),
    Example(letter="handler_new_case", situation="urgent", facts=_URGENT),
    Example(letter="handler_new_case", situation="no proposal and no dates", facts=_SILENT),
    Example(letter="handler_follow_up", situation="answer date known", facts=_FOLLOW_UP),
    Example(letter="handler_follow_up", situation="in an answered case", facts=_ANSWERED_FOLLOW_UP),
    Example(letter="handler_follow_up", situation="urgent, no answer date", facts=_URGENT_FOLLOW_UP),
    Example(letter="handler_undelivered", situation="answer date known", facts=_UNDELIVERED),
    Example(letter="handler_undelivered", situation="no answer date", facts=_UNDELIVERED_UNDATED),
    Example(letter="handler_statement_request", situation="to a provider", facts=_STATEMENT),
)
