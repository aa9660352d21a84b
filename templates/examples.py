"""Invented facts for every letter and situation: shown by `python -m templates`, held to account by tests."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from store.domain import Contact, Guess, Kind, Lane
from templates.facts import (
    AcknowledgementFacts,
    AddedFacts,
    AnonymousAcknowledgementFacts,
    AnonymousHelpFacts,
    AnswerByMailFacts,
    AnswerDraftFacts,
    AnswerFacts,
    AppealAcknowledgementFacts,
    ApproveFacts,
    CaseStanding,
    ChannelDownFacts,
    ChoiceFacts,
    ChosenFacts,
    ChosenRoadFacts,
    CitizenFacts,
    CitizenReopenedFacts,
    ClosedFacts,
    CommentReplyFacts,
    DelayFacts,
    DiaryFacts,
    DoorFacts,
    DuplicateFacts,
    EscalationFacts,
    FirstFeedbackFacts,
    FollowUpDueFacts,
    FollowUpFacts,
    HandedOverFacts,
    HandlerChangedFacts,
    HandlerNamedFacts,
    HelpFacts,
    LexSarahFacts,
    Link,
    MalwareFacts,
    NewCaseFacts,
    NewLinkFacts,
    NoticeFacts,
    OpenAcknowledgementFacts,
    OperatorAlarmFacts,
    Person,
    PublicNoteFacts,
    QuestionFacts,
    QuestionUnansweredFacts,
    ReachFacts,
    RegisteredFacts,
    ReminderFacts,
    ReopenedNoticeFacts,
    ReplyWindowFacts,
    ReportReadyFacts,
    ReturnedFacts,
    RoadFacts,
    Routine,
    SentOnFacts,
    ServiceFacts,
    ShortAnswerFacts,
    SignalFacts,
    SplitFacts,
    SplitPart,
    StatementLateFacts,
    StatementRequestFacts,
    StatusFacts,
    SubstituteFacts,
    UnassignedFacts,
    UndeliveredFacts,
    WaitsFacts,
    WhistleblowingAcknowledgementFacts,
    WindowFacts,
    WordsFacts,
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
    links=(),
    reply_is_draft=False,
    link="https://synpunkt.exempelby.example/arende/SYN-2026-000123",
)
_SURE_AT_HAND: NewCaseFacts = {
    **_SURE,
    "links": (
        Link(label="Bekräfta förslaget", url="https://synpunkt.exempelby.example/l/aB3dE5gH7jK9"),
        Link(label="Lämna vidare", url="https://synpunkt.exempelby.example/l/cD4eF6hJ8kL0"),
        Link(label="Behöver mer tid", url="https://synpunkt.exempelby.example/l/eF5gH7jK9mN1"),
    ),
    "reply_is_draft": True,
}
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
    links=(),
    link="https://synpunkt.exempelby.example/arende/SYN-2026-000123",
)
_ANSWERED_FOLLOW_UP: FollowUpFacts = {**_FOLLOW_UP, "answered": True}
_FOLLOW_UP_AT_HAND: FollowUpFacts = {
    **_FOLLOW_UP,
    "links": (Link(label="Skriv svaret", url="https://synpunkt.exempelby.example/l/hJ7kL9mN1pQ3"),),
}
_URGENT_FOLLOW_UP: FollowUpFacts = {**_FOLLOW_UP, "lanes": (Lane.CONCERN_REPORT,), "answer_by": None}

_UNDELIVERED = UndeliveredFacts(
    service_name="Tyck till",
    case_number="SYN-2026-000123",
    to_sender=True,
    next_road="",
    sent_on=date(2026, 11, 23),
    returned_on=date(2026, 11, 24),
    answer_by=date(2026, 12, 2),
    link="https://synpunkt.exempelby.example/arende/SYN-2026-000123",
)
_UNDELIVERED_UNDATED: UndeliveredFacts = {**_UNDELIVERED, "answer_by": None}
_UNDELIVERED_ELSEWHERE: UndeliveredFacts = {**_UNDELIVERED, "to_sender": False}
_UNDELIVERED_SENT_ON: UndeliveredFacts = {**_UNDELIVERED, "next_road": "e-post"}

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
_APPEAL = AppealAcknowledgementFacts(**_ASSIGNED, received_at=datetime(2026, 11, 23, 22, 57, tzinfo=UTC))
_WHISTLE = WhistleblowingAcknowledgementFacts(
    **_ASSIGNED, whistleblowing_url="https://www.exempelby.example/visselblasning"
)
_WHISTLE_BY_PHONE: WhistleblowingAcknowledgementFacts = {**_WHISTLE, "whistleblowing_url": ""}
_OPEN_SENDER = OpenAcknowledgementFacts(**_ASSIGNED, form_url="https://synpunkt.exempelby.example/")
_OPEN_SENDER_BY_PHONE: OpenAcknowledgementFacts = {**_OPEN_SENDER, "form_url": ""}
_ANONYMOUS = AnonymousAcknowledgementFacts(
    service_name="Tyck till",
    municipality="Exempelby kommun",
    case_number="SYN-2026-000123",
    received_on=date(2026, 11, 23),
    code="7KQM-4T9X",
    link="https://synpunkt.exempelby.example/svar",
    answer_by=date(2026, 12, 2),
    phone="070-174 06 10",
    phone_hours="mån–fre 8–16",
    privacy_url="https://www.exempelby.example/personuppgifter",
    marker=False,
)
_ANONYMOUS_UNDATED: AnonymousAcknowledgementFacts = {**_ANONYMOUS, "answer_by": None}

_CITIZEN = CitizenFacts(
    service_name="Tyck till",
    municipality="Exempelby kommun",
    case_number="SYN-2026-000123",
    phone="070-174 06 10",
    phone_hours="mån–fre 8–16",
    marker=True,
)
_HANDLER_NAMED = HandlerNamedFacts(
    **_CITIZEN,
    handler=Person(name="Anna Ek", title="enhetschef"),
    answer_by=date(2026, 12, 2),
    instead_of=False,
)
_HANDLER_NAMED_UNDATED: HandlerNamedFacts = {**_HANDLER_NAMED, "answer_by": None}
_NEW_HANDLER: HandlerNamedFacts = {**_HANDLER_NAMED, "instead_of": True}
_NEW_HANDLER_UNDATED: HandlerNamedFacts = {**_NEW_HANDLER, "answer_by": None}
_QUESTION = QuestionFacts(
    **_CITIZEN,
    question=(("Vilken lekplats gäller det?",), ("Det hjälper oss att veta:", "- vilken dag det var")),
    handler=Person(name="Anna Ek", title="enhetschef"),
    reply_by=date(2026, 11, 27),
)
_QUESTION_UNDATED: QuestionFacts = {**_QUESTION, "reply_by": None}
_DELAY = DelayFacts(
    **_CITIZEN,
    reason=(("Vi väntar på delar till gungan.",),),
    promised_by=date(2026, 12, 2),
    answer_by=date(2026, 12, 9),
    handler=Person(name="Anna Ek", title="enhetschef"),
)
_SENT_ON = SentOnFacts(**_CITIZEN, sent_to="Ekorren Omsorg AB", answer_by=date(2026, 12, 2))
_SENT_ON_UNDATED: SentOnFacts = {**_SENT_ON, "answer_by": None}
_WAITS = WaitsFacts(**_CITIZEN, link="https://synpunkt.exempelby.example/svar")
_DUPLICATE = DuplicateFacts(
    **_CITIZEN,
    original_number="SYN-2026-000098",
    handler=Person(name="Anna Ek", title="enhetschef"),
)
_FIRST_PART = SplitPart(
    number="SYN-2026-000123",
    unit="Gata och park",
    handler=Person(name="Anna Ek", title="enhetschef"),
    answer_by=date(2026, 12, 2),
)
_SECOND_PART = SplitPart(
    number="SYN-2026-000124",
    unit="Skolan",
    handler=Person(name="Omar Dahl", title="rektor"),
    answer_by=date(2026, 12, 2),
)
_SPLIT = SplitFacts(**_CITIZEN, parts=(_FIRST_PART, _SECOND_PART))
_SPLIT_UNSORTED = SplitFacts(
    **_CITIZEN,
    parts=(
        {**_FIRST_PART, "answer_by": None},
        {**_SECOND_PART, "unit": "", "handler": None},
        {**_SECOND_PART, "number": "SYN-2026-000125", "handler": None, "answer_by": None},
    ),
)
_CLOSED = ClosedFacts(**_CITIZEN, survey_link="")
_CLOSED_WITH_SURVEY: ClosedFacts = {**_CLOSED, "survey_link": "https://www.exempelby.example/enkat"}
_CITIZEN_REOPENED = CitizenReopenedFacts(
    **_CITIZEN,
    handler=Person(name="Rita Lund", title="kvalitetschef"),
    answer_by=date(2026, 12, 16),
)
_CITIZEN_REOPENED_UNDATED: CitizenReopenedFacts = {**_CITIZEN_REOPENED, "answer_by": None}
_COMMENT = CommentReplyFacts(
    service_name="Tyck till",
    municipality="Exempelby kommun",
    form_url="https://synpunkt.exempelby.example/",
    phone="070-174 06 10",
    phone_hours="mån–fre 8–16",
    privacy_url="https://www.exempelby.example/personuppgifter",
)
_COMMENT_WITHOUT_FORM: CommentReplyFacts = {**_COMMENT, "form_url": ""}


def _handed_over(to: str, link: str = "") -> HandedOverFacts:
    return HandedOverFacts(
        **_CITIZEN,
        received_at=datetime(2026, 11, 23, 22, 57, tzinfo=UTC),
        handed_to=to,
        link=f"https://www.exempelby.example/{link}" if link else "",
    )


# By door (requirements C5): who gets it in Exempelby, and where one can read more.
_DOORS = {
    "": _handed_over("kulturnämnden"),
    "_appeal": _handed_over("registratorn på byggnadsnämnden"),
    "_document_request": _handed_over("registratorn", "allmanna-handlingar"),
    "_concern": _handed_over("socialtjänsten"),
    "_data_protection": _handed_over("dataskyddsombudet", "personuppgifter"),
    "_whistleblowing": _handed_over("visselblåsarfunktionen", "visselblasning"),
    "_fault_report": _handed_over("gatukontoret", "felanmalan"),
    "_other_authority": _handed_over("Region Exempel", "andra-myndigheter"),
    "_citizen_proposal": _handed_over("kommunens kansli", "medborgarforslag"),
    "_damages": _handed_over("kommunens jurist", "skadestand"),
    "_internal": _handed_over("din förvaltnings HR-enhet"),
    "_inspection": _handed_over("miljönämnden", "tillsyn"),
    "_accessibility": _handed_over("webbansvarig", "tillganglighet"),
}

_STATEMENT = StatementRequestFacts(
    municipality="Exempelby kommun",
    case_number="SYN-2026-000123",
    due_on=date(2026, 12, 2),
    question=(("Vad hände vid besöket i måndags?",),),
    handler=Person(name="Anna Ek", title="enhetschef"),
    phone="070-174 06 10",
)

_NOTICE = NoticeFacts(
    service_name="Tyck till",
    case_number="SYN-2026-000123",
    link="https://synpunkt.exempelby.example/arende/SYN-2026-000123",
)
_ANNA = Person(name="Anna Ek", title="enhetschef")
_RITA = Person(name="Rita Lund", title="avdelningschef")
_REMINDER = ReminderFacts(**_NOTICE, due_on=date(2026, 12, 2), days_late=0, closing=False)
_LATE: ReminderFacts = {**_REMINDER, "days_late": 1}
_LATE_TO_CLOSE: ReminderFacts = {**_REMINDER, "days_late": 3, "closing": True}
_SOON_TO_CLOSE: ReminderFacts = {**_REMINDER, "closing": True}
_ESCALATION = EscalationFacts(
    **_NOTICE, due_on=date(2026, 12, 2), days_late=4, handler=_ANNA, reader=_RITA, level=1
)
_ESCALATION_TO_HANDLER: EscalationFacts = {**_ESCALATION, "reader": _ANNA}
_ESCALATION_ABOVE: EscalationFacts = {**_ESCALATION, "days_late": 9, "level": 2}
_UNASSIGNED_CASE = UnassignedFacts(**_NOTICE, received_on=date(2026, 11, 23), assign_by=date(2026, 11, 25))
_FIRST_FEEDBACK = FirstFeedbackFacts(**_NOTICE, due_on=date(2026, 11, 25), missed=False)
_FIRST_FEEDBACK_MISSED: FirstFeedbackFacts = {**_FIRST_FEEDBACK, "missed": True}
_SUBSTITUTE = SubstituteFacts(
    **_NOTICE, colleague=_ANNA, until=date(2026, 12, 11), answer_by=date(2026, 12, 2)
)
_SUBSTITUTE_UNOPENED: SubstituteFacts = {**_SUBSTITUTE, "until": None, "answer_by": None}
_STATEMENT_LATE = StatementLateFacts(**_NOTICE, of="Björkens hemtjänst AB", due_on=date(2026, 11, 30))
_FOLLOW_UP_DUE = FollowUpDueFacts(**_NOTICE, act_on=date(2026, 12, 18))
_UNANSWERED = QuestionUnansweredFacts(**_NOTICE, asked_on=date(2026, 11, 24), answer_by=date(2026, 12, 2))
_UNANSWERED_UNDATED: QuestionUnansweredFacts = {**_UNANSWERED, "answer_by": None}
_DOOR = DoorFacts(
    **_NOTICE,
    lanes=(Lane.APPEAL,),
    by=datetime(2026, 11, 23, 15, 30, tzinfo=UTC),
    hand_to="registratorn, 070-174 06 11",
    late=False,
)
_DOOR_LATE: DoorFacts = {
    **_DOOR,
    "lanes": (Lane.CONCERN_REPORT, Lane.DISCRIMINATION),
    "hand_to": "socialtjänstens mottagning, 070-174 06 12",
    "late": True,
}
_LEX_SARAH = LexSarahFacts(**_NOTICE, received_on=date(2026, 11, 23), what=Routine.LEX_SARAH)
_SCHOOL: LexSarahFacts = {**_LEX_SARAH, "what": Routine.SCHOOL}
_DIARY = DiaryFacts(**_NOTICE, marked_on=date(2026, 11, 24))
_MALWARE = MalwareFacts(**_NOTICE, found="Win.Test.EICAR_HDB-1", operates=False)
_MALWARE_TO_OPERATOR: MalwareFacts = {**_MALWARE, "operates": True, "link": ""}
_MALWARE_OF_NO_CASE: MalwareFacts = {**_MALWARE, "case_number": "", "link": ""}
_REPORT = ReportReadyFacts(
    service_name="Tyck till",
    report="År (R3)",
    period="2026",
    unit="",
    meant_for="kommunstyrelsen",
    account_by=None,
    analysis_missing=False,
    analysis_by=None,
    to_above=False,
    link="https://synpunkt.exempelby.example/rapporter/R3?period=2026",
)
_REPORT_FOR_A_DAY: ReportReadyFacts = {**_REPORT, "account_by": date(2027, 1, 31)}
_REPORT_TO_SIGN: ReportReadyFacts = {
    **_REPORT,
    "report": "Enhet, per faktor (R1)",
    "period": "tredje kvartalet 2026",
    "meant_for": "",
    "analysis_by": date(2026, 10, 15),
    "link": "https://synpunkt.exempelby.example/rapporter/R1?period=2026-K3&enhet=ekorren",
}
_REPORT_BARE: ReportReadyFacts = {
    **_REPORT_TO_SIGN,
    "unit": "Förskolan Ekorren",
    "analysis_missing": True,
}
_REPORT_BARE_ABOVE: ReportReadyFacts = {**_REPORT_BARE, "to_above": True}
_SIGNAL = SignalFacts(
    service_name="Tyck till",
    unit="Hemtjänsten Norr",
    factor="Bemötande",
    month="oktober 2026",
    observed=9,
    usual="2,4",
    numbers=("SYN-2026-000101", "SYN-2026-000117", "SYN-2026-000123"),
    more=0,
    link="https://synpunkt.exempelby.example/signaler",
)
_SIGNAL_MANY: SignalFacts = {**_SIGNAL, "observed": 31, "more": 11}
_DOWN = ChannelDownFacts(
    service_name="Tyck till",
    channel="relay",
    since=datetime(2026, 11, 23, 8, 5, tzinfo=UTC),
    waiting=12,
    link="https://synpunkt.exempelby.example/drift",
)
_ALARM = OperatorAlarmFacts(
    service_name="Tyck till",
    alarm="unsent",
    about="",
    since=datetime(2026, 11, 23, 8, 5, tzinfo=UTC),
    over_at=None,
    link="https://synpunkt.exempelby.example/halsa",
)
_ALARM_OF_CHANNEL: OperatorAlarmFacts = {**_ALARM, "alarm": "silent", "about": "imap"}
_ALARM_OVER: OperatorAlarmFacts = {**_ALARM, "over_at": datetime(2026, 11, 23, 9, 40, tzinfo=UTC)}
_ALARM_WITHOUT_PAGES: OperatorAlarmFacts = {**_ALARM, "alarm": "disk", "link": ""}
_DOWN_ONE: ChannelDownFacts = {**_DOWN, "waiting": 1}
_DOWN_NONE: ChannelDownFacts = {**_DOWN, "channel": "imap", "waiting": 0}
_BY_MAIL = AnswerByMailFacts(
    **_NOTICE,
    sent_on=date(2026, 11, 30),
    links=(
        Link(
            label="Bekräfta svaret och välj utfall", url="https://synpunkt.exempelby.example/l/gH6jK8mN0pQ2"
        ),
    ),
)
_BY_MAIL_BARE: AnswerByMailFacts = {**_BY_MAIL, "links": ()}
_DRAFT = AnswerDraftFacts(
    **_NOTICE,
    answer_by=date(2026, 12, 2),
    links=(
        Link(label="Läs utkastet och skicka det", url="https://synpunkt.exempelby.example/l/pQ2rS4tU6vW8"),
    ),
)
_DRAFT_UNDATED: AnswerDraftFacts = {**_DRAFT, "answer_by": None}
_APPROVE = ApproveFacts(**_NOTICE, handler=_ANNA, answer_by=date(2026, 12, 2), links=())
_APPROVE_AT_HAND: ApproveFacts = {
    **_APPROVE,
    "links": (
        Link(
            label="Ta ställning till att ingen åtgärd görs",
            url="https://synpunkt.exempelby.example/l/kL8mN0pQ2rS4",
        ),
    ),
}
_REGISTERED = RegisteredFacts(**_NOTICE, received_on=date(2026, 11, 23), handler=_ANNA)
_NEW_LINK = NewLinkFacts(
    **_NOTICE,
    links=(Link(label="Skriv svaret", url="https://synpunkt.exempelby.example/l/mN9pQ1rS3tU5"),),
)
_RETURNED = ReturnedFacts(**_NOTICE, answered_on=date(2026, 12, 1), handler=_ANNA)
_REOPENED = ReopenedNoticeFacts(**_NOTICE, objected_on=date(2026, 12, 7), answer_by=date(2026, 12, 16))
_REOPENED_UNDATED: ReopenedNoticeFacts = {**_REOPENED, "answer_by": None}

_ADDED = AddedFacts(**_CITIZEN, handler=_ANNA)
_ADDED_OPEN: AddedFacts = {**_ADDED, "handler": None}
_PUBLIC_NOTE = PublicNoteFacts(
    municipality="Exempelby kommun",
    form_url="https://synpunkt.exempelby.example/",
    phone="070-174 06 10",
    phone_hours="mån–fre 8–16",
)
_PUBLIC_NOTE_BY_PHONE: PublicNoteFacts = {**_PUBLIC_NOTE, "form_url": ""}
_GREETING = HelpFacts(
    service_name="Tyck till",
    municipality="Exempelby kommun",
    phone="070-174 06 10",
    phone_hours="mån–fre 8–16",
    privacy_url="https://www.exempelby.example/personuppgifter",
    form_url="https://synpunkt.exempelby.example/",
    abroad="Telegram (utanför EU/EES)",
)
_GREETING_AT_HOME: HelpFacts = {**_GREETING, "form_url": "", "abroad": ""}
_ANONYMOUS_HELP = AnonymousHelpFacts(
    service_name="Tyck till",
    municipality="Exempelby kommun",
    phone="070-174 06 10",
    phone_hours="mån–fre 8–16",
    privacy_url="https://www.exempelby.example/personuppgifter",
    form_url="https://synpunkt.exempelby.example/",
)
_ANONYMOUS_HELP_BY_PHONE: AnonymousHelpFacts = {**_ANONYMOUS_HELP, "form_url": ""}
_UNDER_WAY = CaseStanding(
    number="SYN-2026-000123", standing="handlaggs", handler=_ANNA, answer_by=date(2026, 12, 2)
)
_REACH = ReachFacts(service_name="Tyck till", phone="070-174 06 10", phone_hours="mån–fre 8–16")
_STATUS = StatusFacts(**_REACH, cases=(_UNDER_WAY,))
_STATUS_OF_EACH: StatusFacts = {
    **_STATUS,
    "cases": (
        CaseStanding(number="SYN-2026-000124", standing="mottagen", handler=None, answer_by=None),
        _UNDER_WAY,
        CaseStanding(number="SYN-2026-000098", standing="fraga", handler=_ANNA, answer_by=date(2026, 12, 2)),
        CaseStanding(
            number="SYN-2026-000057", standing="besvarad", handler=_ANNA, answer_by=date(2026, 11, 2)
        ),
        CaseStanding(number="SYN-2026-000031", standing="avslutad", handler=None, answer_by=None),
    ),
}
_SERVICE = ServiceFacts(service_name="Tyck till")
_WORDS = WordsFacts(case_number="SYN-2026-000123", phone="070-174 06 10", phone_hours="mån–fre 8–16")
_CHOICE = ChoiceFacts(case_number="SYN-2026-000123", kind=Kind.COMPLAINT)
_CHOICE_OPEN: ChoiceFacts = {**_CHOICE, "kind": None}
_ROAD = RoadFacts(case_number="SYN-2026-000123")
_WINDOW = WindowFacts(
    case_number="SYN-2026-000123", days=7, phone="070-174 06 10", phone_hours="mån–fre 8–16"
)
_WINDOW_OF_A_DAY: WindowFacts = {**_WINDOW, "days": 1}
_REPLY_WINDOW = ReplyWindowFacts(
    **_NOTICE, road="Messenger", reply_by=datetime(2026, 11, 30, 8, 5, tzinfo=UTC)
)
_CHANGED = HandlerChangedFacts(**_NOTICE, removed=False)
_REMOVED: HandlerChangedFacts = {**_CHANGED, "removed": True}

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
    Example(letter="citizen_acknowledgement_appeal", situation="late in the evening", facts=_APPEAL),
    Example(letter="citizen_acknowledgement_document_request", situation="handler known", facts=_ASSIGNED),
    Example(letter="citizen_acknowledgement_document_request", situation="no handler yet", facts=_OPEN),
    Example(letter="citizen_acknowledgement_data_protection", situation="handler known", facts=_ASSIGNED),
    Example(letter="citizen_acknowledgement_whistleblowing", situation="a page for it", facts=_WHISTLE),
    Example(letter="citizen_acknowledgement_whistleblowing", situation="no page", facts=_WHISTLE_BY_PHONE),
    Example(letter="citizen_acknowledgement_anonymity", situation="a form", facts=_OPEN_SENDER),
    Example(letter="citizen_acknowledgement_anonymity", situation="no form", facts=_OPEN_SENDER_BY_PHONE),
    Example(letter="citizen_acknowledgement_complaint_anonymity", situation="a form", facts=_OPEN_SENDER),
    Example(letter="citizen_acknowledgement_anonymous", situation="answer date known", facts=_ANONYMOUS),
    Example(letter="citizen_acknowledgement_anonymous", situation="no date", facts=_ANONYMOUS_UNDATED),
    Example(letter="citizen_acknowledgement_easy", situation="handler known", facts=_ASSIGNED),
    Example(letter="citizen_acknowledgement_easy", situation="no handler yet", facts=_UNASSIGNED),
    Example(letter="citizen_acknowledgement_easy", situation="no handler and no dates", facts=_OPEN),
    Example(letter="citizen_acknowledgement_urgent_easy", situation="handler known", facts=_ASSIGNED),
    Example(letter="citizen_acknowledgement_anonymous_easy", situation="date known", facts=_ANONYMOUS),
    Example(letter="citizen_acknowledgement_anonymous_easy", situation="no date", facts=_ANONYMOUS_UNDATED),
    Example(letter="citizen_handler_named", situation="the first one", facts=_HANDLER_NAMED),
    Example(letter="citizen_handler_named", situation="no answer date", facts=_HANDLER_NAMED_UNDATED),
    Example(letter="citizen_handler_named", situation="a new one", facts=_NEW_HANDLER),
    Example(letter="citizen_handler_named", situation="a new one, no date", facts=_NEW_HANDLER_UNDATED),
    Example(letter="citizen_question", situation="a day is wished for", facts=_QUESTION),
    Example(letter="citizen_question", situation="no day", facts=_QUESTION_UNDATED),
    Example(letter="citizen_delay", situation="a week more", facts=_DELAY),
    Example(letter="citizen_sent_on", situation="to a provider", facts=_SENT_ON),
    Example(letter="citizen_sent_on", situation="no answer date", facts=_SENT_ON_UNDATED),
    Example(letter="citizen_duplicate", situation="of an open case", facts=_DUPLICATE),
    Example(letter="citizen_waits", situation="an answer on our page", facts=_WAITS),
    Example(letter="citizen_split", situation="two cases", facts=_SPLIT),
    Example(letter="citizen_split", situation="three cases, two not sorted yet", facts=_SPLIT_UNSORTED),
    Example(letter="citizen_closed", situation="no survey", facts=_CLOSED),
    Example(letter="citizen_closed", situation="with a survey", facts=_CLOSED_WITH_SURVEY),
    Example(letter="citizen_reopened", situation="answer date known", facts=_CITIZEN_REOPENED),
    Example(letter="citizen_reopened", situation="no answer date", facts=_CITIZEN_REOPENED_UNDATED),
    Example(letter="citizen_comment_reply", situation="with a form", facts=_COMMENT),
    Example(letter="citizen_comment_reply", situation="no form", facts=_COMMENT_WITHOUT_FORM),
    *(
        Example(letter=f"citizen_handed_over{door}", situation=f"to {facts['handed_to']}", facts=facts)
        for door, facts in _DOORS.items()
    ),
    Example(letter="citizen_added", situation="handler known", facts=_ADDED),
    Example(letter="citizen_added", situation="no handler yet", facts=_ADDED_OPEN),
    Example(letter="citizen_public_note", situation="with a form", facts=_PUBLIC_NOTE),
    Example(letter="citizen_public_note", situation="no form", facts=_PUBLIC_NOTE_BY_PHONE),
    Example(letter="assistant_greeting", situation="where others read too", facts=_GREETING),
    Example(letter="assistant_greeting", situation="no form, nobody else", facts=_GREETING_AT_HOME),
    Example(letter="assistant_help", situation="where others read too", facts=_GREETING),
    Example(letter="assistant_help", situation="no form, nobody else", facts=_GREETING_AT_HOME),
    Example(letter="assistant_anonymous", situation="with a form", facts=_ANONYMOUS_HELP),
    Example(letter="assistant_anonymous", situation="no form", facts=_ANONYMOUS_HELP_BY_PHONE),
    Example(letter="assistant_status", situation="one case", facts=_STATUS),
    Example(letter="assistant_status", situation="each standing", facts=_STATUS_OF_EACH),
    Example(letter="assistant_status_none", situation="no case", facts=_REACH),
    Example(letter="assistant_new", situation="asked for", facts=_SERVICE),
    Example(letter="assistant_stopped", situation="asked for", facts=_REACH),
    Example(letter="assistant_resumed", situation="asked for", facts=_SERVICE),
    Example(letter="assistant_words", situation="a picture alone", facts=_WORDS),
    Example(letter="assistant_choice", situation="a guess", facts=_CHOICE),
    Example(letter="assistant_choice", situation="no guess", facts=_CHOICE_OPEN),
    *(
        Example(
            letter="assistant_chosen",
            situation=kind.name.lower(),
            facts=ChosenFacts(case_number="SYN-2026-000123", kind=kind),
        )
        for kind in Kind
    ),
    Example(letter="assistant_road", situation="asked", facts=_ROAD),
    *(
        Example(letter="assistant_road_noted", situation=name, facts=ChosenRoadFacts(**_ROAD, road=road))
        for road, name in (("har", "here"), ("email", "mail"), ("sms", "SMS"), ("telefon", "phone"))
    ),
    *(
        Example(letter="assistant_address", situation=name, facts=ChosenRoadFacts(**_ROAD, road=road))
        for road, name in (("email", "mail"), ("sms", "SMS"), ("telefon", "phone"))
    ),
    Example(letter="assistant_window", situation="a week", facts=_WINDOW),
    Example(letter="assistant_window", situation="a day", facts=_WINDOW_OF_A_DAY),
    Example(letter="handler_new_case", situation="a proposal, half of it unsure", facts=_SURE),
    Example(letter="handler_new_case", situation="links, and a reply is a draft", facts=_SURE_AT_HAND),
    Example(letter="handler_new_case", situation="urgent", facts=_URGENT),
    Example(letter="handler_new_case", situation="no proposal and no dates", facts=_SILENT),
    Example(letter="handler_follow_up", situation="answer date known", facts=_FOLLOW_UP),
    Example(letter="handler_follow_up", situation="with a link to answer", facts=_FOLLOW_UP_AT_HAND),
    Example(letter="handler_follow_up", situation="in an answered case", facts=_ANSWERED_FOLLOW_UP),
    Example(letter="handler_follow_up", situation="urgent, no answer date", facts=_URGENT_FOLLOW_UP),
    Example(letter="handler_undelivered", situation="answer date known", facts=_UNDELIVERED),
    Example(letter="handler_undelivered", situation="no answer date", facts=_UNDELIVERED_UNDATED),
    Example(letter="handler_undelivered", situation="to a provider", facts=_UNDELIVERED_ELSEWHERE),
    Example(letter="handler_undelivered", situation="sent by the next road", facts=_UNDELIVERED_SENT_ON),
    Example(letter="handler_statement_request", situation="to a provider", facts=_STATEMENT),
    Example(letter="handler_reminder", situation="due soon", facts=_REMINDER),
    Example(letter="handler_reminder", situation="due soon, must be closed too", facts=_SOON_TO_CLOSE),
    Example(letter="handler_reminder", situation="one day late", facts=_LATE),
    Example(letter="handler_reminder", situation="late, must be closed too", facts=_LATE_TO_CLOSE),
    Example(letter="handler_escalation", situation="to the manager", facts=_ESCALATION),
    Example(letter="handler_escalation", situation="the same to the handler", facts=_ESCALATION_TO_HANDLER),
    Example(letter="handler_escalation", situation="to the level above", facts=_ESCALATION_ABOVE),
    Example(letter="handler_unassigned", situation="no handler", facts=_UNASSIGNED_CASE),
    Example(letter="handler_first_feedback", situation="due", facts=_FIRST_FEEDBACK),
    Example(letter="handler_first_feedback", situation="missed", facts=_FIRST_FEEDBACK_MISSED),
    Example(letter="handler_substitute", situation="colleague away", facts=_SUBSTITUTE),
    Example(letter="handler_substitute", situation="case not opened", facts=_SUBSTITUTE_UNOPENED),
    Example(letter="handler_statement_late", situation="of a provider", facts=_STATEMENT_LATE),
    Example(letter="handler_follow_up_due", situation="the day has come", facts=_FOLLOW_UP_DUE),
    Example(letter="handler_question_unanswered", situation="answer date known", facts=_UNANSWERED),
    Example(letter="handler_question_unanswered", situation="no answer date", facts=_UNANSWERED_UNDATED),
    Example(letter="handler_door", situation="fresh", facts=_DOOR),
    Example(letter="handler_door", situation="late and urgent", facts=_DOOR_LATE),
    Example(letter="handler_lex_sarah", situation="care", facts=_LEX_SARAH),
    Example(letter="handler_lex_sarah", situation="school", facts=_SCHOOL),
    Example(letter="handler_diary", situation="serious", facts=_DIARY),
    Example(letter="handler_journal", situation="a person's care", facts=_NOTICE),
    Example(letter="handler_malware", situation="to the registrator", facts=_MALWARE),
    Example(letter="handler_malware", situation="to who runs the service", facts=_MALWARE_TO_OPERATOR),
    Example(letter="handler_malware", situation="in no case", facts=_MALWARE_OF_NO_CASE),
    Example(letter="handler_signal", situation="a few cases", facts=_SIGNAL),
    Example(letter="handler_signal", situation="more than are listed", facts=_SIGNAL_MANY),
    Example(letter="handler_report_ready", situation="ready", facts=_REPORT),
    Example(letter="handler_report_ready", situation="to account for by a day", facts=_REPORT_FOR_A_DAY),
    Example(letter="handler_report_ready", situation="to sign", facts=_REPORT_TO_SIGN),
    Example(letter="handler_report_ready", situation="analysis missing", facts=_REPORT_BARE),
    Example(
        letter="handler_report_ready",
        situation="analysis missing, to the level above",
        facts=_REPORT_BARE_ABOVE,
    ),
    Example(letter="operator_alarm", situation="letters do not go out", facts=_ALARM),
    Example(letter="operator_alarm", situation="a channel is silent", facts=_ALARM_OF_CHANNEL),
    Example(letter="operator_alarm", situation="over", facts=_ALARM_OVER),
    Example(letter="operator_alarm", situation="a house without pages", facts=_ALARM_WITHOUT_PAGES),
    Example(letter="operator_channel_down", situation="letters wait", facts=_DOWN),
    Example(letter="operator_channel_down", situation="one letter waits", facts=_DOWN_ONE),
    Example(letter="operator_channel_down", situation="nothing waits", facts=_DOWN_NONE),
    Example(letter="handler_answer_by_mail", situation="outcome by link", facts=_BY_MAIL),
    Example(letter="handler_answer_by_mail", situation="outcome in the case", facts=_BY_MAIL_BARE),
    Example(letter="handler_answer_draft", situation="answer date known", facts=_DRAFT),
    Example(letter="handler_answer_draft", situation="no answer date", facts=_DRAFT_UNDATED),
    Example(letter="handler_approve", situation="to the manager", facts=_APPROVE),
    Example(letter="handler_approve", situation="with a link", facts=_APPROVE_AT_HAND),
    Example(letter="handler_registered", situation="to the registrator", facts=_REGISTERED),
    Example(letter="handler_new_link", situation="after thirty days", facts=_NEW_LINK),
    Example(letter="handler_returned", situation="to close", facts=_RETURNED),
    Example(letter="handler_reopened", situation="answer date known", facts=_REOPENED),
    Example(letter="handler_reopened", situation="no answer date", facts=_REOPENED_UNDATED),
    Example(letter="handler_reply_window", situation="a week", facts=_REPLY_WINDOW),
    Example(letter="handler_changed", situation="changed", facts=_CHANGED),
    Example(letter="handler_changed", situation="removed", facts=_REMOVED),
)

# The longest facts that a town is likely to have: what does not fit in two SMS is never sent.
_LONG = CitizenFacts(
    service_name="Synpunkter och klagomål",
    municipality="Östra Exempelbygdens kommun",
    case_number="SYN-2026-000123",
    phone="070-174 06 10",
    phone_hours="vardagar 7.30–16.30",
    marker=False,
)
_LONG_NAME = Person(name="Anna-Karin Lindström Bergqvist", title="enhetschef")
_LONG_DAY = date(2026, 9, 23)
_LONG_LINK = "https://synpunkt.ostraexempelbygden.example/s/aB3dE5gH7jK9"
_SHORT_ASSIGNED = AcknowledgementFacts(
    **_LONG,
    received_on=_LONG_DAY,
    handler=_LONG_NAME,
    handler_by=None,
    answer_by=_LONG_DAY,
    privacy_url="https://www.ostraexempelbygden.example/personuppgifter",
)
_SHORT_UNASSIGNED: AcknowledgementFacts = {**_SHORT_ASSIGNED, "handler": None, "handler_by": _LONG_DAY}
_SHORT_OPEN: AcknowledgementFacts = {**_SHORT_ASSIGNED, "handler": None, "answer_by": None}
_SHORT_NAMED = HandlerNamedFacts(**_LONG, handler=_LONG_NAME, answer_by=_LONG_DAY, instead_of=True)
_SHORT_QUESTION = QuestionFacts(
    **_LONG,
    handler=_LONG_NAME,
    reply_by=_LONG_DAY,
    question=(("Vilken lekplats gäller det, och vilken dag var det?",),),
)
_SHORT_DELAY = DelayFacts(
    **_LONG,
    handler=_LONG_NAME,
    promised_by=_LONG_DAY,
    answer_by=_LONG_DAY,
    reason=(("Vi väntar på en rapport från entreprenören.",),),
)
_SHORT_ANSWER = ShortAnswerFacts(
    **_LONG,
    received_on=_LONG_DAY,
    answer=(("Gungan är lagad sedan i går. Tack för att du sade till.",),),
    handler=_LONG_NAME,
    contact=Contact(
        name="Rita Lindström Bergqvist", address="Storgatan 112, 123 45 Exempelby", phone="070-174 06 05"
    ),
    link="",
)
_SHORT_ANSWER_ELSEWHERE: ShortAnswerFacts = {
    **_SHORT_ANSWER,
    "answer": (("Ett svar som är för långt för ett SMS. " * 20,),),
    "link": _LONG_LINK,
}
_SHORT_NO_ACTION = {
    **_SHORT_ANSWER,
    "answer": (("Vi har sett på gungan.",),),
    "explanation": (("En förening äger den.",),),
}
_SHORT_HANDED_OVER = HandedOverFacts(
    **_LONG,
    received_at=datetime(2026, 9, 23, 8, 5, tzinfo=UTC),
    handed_to="miljö- och samhällsbyggnadsnämnden",
    link=_LONG_LINK,
)
_SHORT_REOPENED = CitizenReopenedFacts(**_LONG, handler=_LONG_NAME, answer_by=_LONG_DAY)
_SHORT_ADDED = AddedFacts(**_LONG, handler=_LONG_NAME)
_SHORT_REACH = ReachFacts(
    service_name="Synpunkter och klagomål", phone="070-174 06 10", phone_hours="vardagar 7.30–16.30"
)
_SHORT_HELP = HelpFacts(
    **_SHORT_REACH,
    municipality="Östra Exempelbygdens kommun",
    privacy_url="https://www.ostraexempelbygden.example/personuppgifter",
    form_url="https://synpunkt.ostraexempelbygden.example/",
    abroad="",
)
_SHORT_ANONYMOUS = AnonymousHelpFacts(
    **_SHORT_REACH,
    municipality="Östra Exempelbygdens kommun",
    privacy_url="https://www.ostraexempelbygden.example/personuppgifter",
    form_url="https://synpunkt.ostraexempelbygden.example/",
)
_SHORT_STANDINGS = tuple(
    CaseStanding(number="SYN-2026-000123", standing=standing, handler=_LONG_NAME, answer_by=_LONG_DAY)
    for standing in ("mottagen", "handlaggs", "fraga", "besvarad", "avslutad")
)
_SHORT_SERVICE = ServiceFacts(service_name="Synpunkter och klagomål")
_SHORT_WORDS = WordsFacts(
    case_number="SYN-2026-000123", phone="070-174 06 10", phone_hours="vardagar 7.30–16.30"
)

SHORT_EXAMPLES = (
    Example(letter="citizen_acknowledgement", situation="handler known", facts=_SHORT_ASSIGNED),
    Example(letter="citizen_acknowledgement", situation="no handler yet", facts=_SHORT_UNASSIGNED),
    Example(letter="citizen_acknowledgement", situation="no handler and no dates", facts=_SHORT_OPEN),
    Example(letter="citizen_acknowledgement_complaint", situation="handler known", facts=_SHORT_ASSIGNED),
    Example(letter="citizen_acknowledgement_praise", situation="handler known", facts=_SHORT_ASSIGNED),
    Example(letter="citizen_acknowledgement_urgent", situation="handler known", facts=_SHORT_ASSIGNED),
    Example(letter="citizen_acknowledgement_urgent", situation="no handler yet", facts=_SHORT_UNASSIGNED),
    Example(letter="citizen_handler_named", situation="instead of another", facts=_SHORT_NAMED),
    Example(letter="citizen_question", situation="a day is wished for", facts=_SHORT_QUESTION),
    Example(letter="citizen_delay", situation="a reason in one sentence", facts=_SHORT_DELAY),
    Example(
        letter="citizen_waits", situation="an answer on our page", facts=WaitsFacts(**_LONG, link=_LONG_LINK)
    ),
    Example(letter="citizen_answer", situation="the whole answer", facts=_SHORT_ANSWER),
    Example(letter="citizen_answer", situation="to be read elsewhere", facts=_SHORT_ANSWER_ELSEWHERE),
    Example(letter="citizen_answer_complaint", situation="the whole answer", facts=_SHORT_ANSWER),
    Example(letter="citizen_answer_suggestion", situation="the whole answer", facts=_SHORT_ANSWER),
    Example(letter="citizen_answer_praise", situation="the whole answer", facts=_SHORT_ANSWER),
    Example(letter="citizen_answer_no_action", situation="with an explanation", facts=_SHORT_NO_ACTION),
    Example(letter="citizen_handed_over", situation="with a link", facts=_SHORT_HANDED_OVER),
    Example(letter="citizen_reopened", situation="answer date known", facts=_SHORT_REOPENED),
    Example(letter="citizen_added", situation="handler known", facts=_SHORT_ADDED),
    Example(letter="assistant_help", situation="with a form", facts=_SHORT_HELP),
    Example(letter="assistant_anonymous", situation="with a form", facts=_SHORT_ANONYMOUS),
    *(
        Example(
            letter="assistant_status",
            situation=case.standing,
            facts=StatusFacts(**_SHORT_REACH, cases=(case,)),
        )
        for case in _SHORT_STANDINGS
    ),
    Example(letter="assistant_status_none", situation="no case", facts=_SHORT_REACH),
    Example(letter="assistant_stopped", situation="asked for", facts=_SHORT_REACH),
    Example(letter="assistant_resumed", situation="asked for", facts=_SHORT_SERVICE),
    Example(letter="assistant_words", situation="a picture alone", facts=_SHORT_WORDS),
)
