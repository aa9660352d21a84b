"""What each letter needs to know. Hand the facts on as `render(name, **facts)`.

No letter has a fact for what the citizen wrote: mail is a postcard (requirement B20).
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypedDict

from store.domain import Contact, Guess, Kind, Lane

# Somebody's own words, paragraph by paragraph, each line by line.
Paragraphs = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Person:
    """Someone that a letter names. `title` may be empty."""

    name: str
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Link:
    """A link that does one thing, and what it does in words. It works once, and for its reader alone."""

    label: str
    url: str


class AcknowledgementFacts(TypedDict):
    """Facts of the `citizen_acknowledgement` letters."""

    service_name: str  # what the service is called here, such as "Tyck till"
    municipality: str  # in full: "Exempelby kommun"
    case_number: str
    received_on: date  # the day of R (requirement B7); an aware datetime is read in Stockholm time
    handler: Person | None  # None until someone has the case
    handler_by: date | None  # last day to name the handler; read only when handler is None
    answer_by: date | None  # last day of the promised answer; None promises no date at all
    phone: str  # where a human answers (requirement B2)
    phone_hours: str  # when, in words that fit the language: "vardagar 8–16"
    privacy_url: str
    marker: bool  # begin with the line to write above: True for mail, False where replies hold no quote


class NewCaseFacts(TypedDict):
    """Facts of `handler_new_case`. The guesses are None when the classifier said nothing."""

    service_name: str
    case_number: str
    received_on: date
    kind: Guess | None
    factor: Guess | None
    lanes: tuple[Lane, ...]
    unit: str
    first_feedback_by: date | None
    answer_by: date | None
    links: tuple[Link, ...]  # to confirm, pass on, ask for more time; () for none
    reply_is_draft: bool  # a plain reply to this letter becomes a draft of the answer
    link: str  # to the case, behind the login


class FollowUpFacts(TypedDict):
    """Facts of `handler_follow_up`. `lanes` are those of the new message alone."""

    service_name: str
    case_number: str
    received_on: date  # the day of the new message
    lanes: tuple[Lane, ...]
    answered: bool  # the case was answered or closed before the new message came
    answer_by: date | None
    links: tuple[Link, ...]  # to answer; () for none
    link: str


class UndeliveredFacts(TypedDict):
    """Facts of `handler_undelivered`. Not `to_sender` is to a provider or another board."""

    service_name: str
    case_number: str
    to_sender: bool
    next_road: str  # by which it has been sent instead, in words; "" for none
    sent_on: date
    returned_on: date
    answer_by: date | None
    link: str


class AnswerFacts(TypedDict):
    """Facts of the `citizen_answer` letters; `citizen_answer_no_action` has an `explanation` besides.

    `answer` holds the handler's words, which must not repeat what the citizen wrote.
    """

    service_name: str
    municipality: str
    case_number: str
    received_on: date
    answer: Paragraphs
    handler: Person
    contact: Contact | None  # whom to turn to who is not satisfied (row N4); None: our own phone
    phone: str
    phone_hours: str
    marker: bool


class AppealAcknowledgementFacts(AcknowledgementFacts):
    """Facts of `citizen_acknowledgement_appeal`; says that the registrator was given it today."""

    received_at: datetime  # R to the minute, aware: it can decide whether an appeal is in time (row L4)


class WhistleblowingAcknowledgementFacts(AcknowledgementFacts):
    """Facts of `citizen_acknowledgement_whistleblowing`."""

    whistleblowing_url: str  # the separate channel (row B28); "" tells the sender to call and ask for it


class OpenAcknowledgementFacts(AcknowledgementFacts):
    """Facts of `citizen_acknowledgement_anonymity` and `..._complaint_anonymity`.

    For who wishes to be anonymous but wrote from an address (rows T4, X9, B18).
    """

    form_url: str  # where one can write without an address; "" leaves the phone alone


class AnonymousAcknowledgementFacts(TypedDict):
    """Facts of the `citizen_acknowledgement_anonymous` letters, for who left no address at all (row X9).

    Nobody can write to the sender, so the answer is fetched with `code` at `link`.
    """

    service_name: str
    municipality: str
    case_number: str
    received_on: date
    code: str
    link: str  # the page that asks for the code; never with the code in it
    answer_by: date | None
    phone: str
    phone_hours: str
    privacy_url: str
    marker: bool  # False on a page and in a chat


class CitizenFacts(TypedDict):
    """What every later letter to a citizen knows."""

    service_name: str
    municipality: str
    case_number: str
    phone: str  # where a human answers (requirement B2)
    phone_hours: str
    marker: bool


class HandlerNamedFacts(CitizenFacts):
    """Facts of `citizen_handler_named`."""

    handler: Person
    answer_by: date | None
    instead_of: bool  # somebody else had the case before; the promised day stands


class QuestionFacts(CitizenFacts):
    """Facts of `citizen_question`. `question` is the handler's, without the citizen's words."""

    question: Paragraphs
    handler: Person
    reply_by: date | None  # a wish, not a limit: the letter says that silence does no harm


class DelayFacts(CitizenFacts):
    """Facts of `citizen_delay`, which a human sends (row B4)."""

    reason: Paragraphs  # whole sentences; empty is refused
    promised_by: date  # the day that we do not keep
    answer_by: date  # the new day
    handler: Person


class SentOnFacts(CitizenFacts):
    """Facts of `citizen_sent_on`: somebody is asked to tell, but the case and the answer stay ours."""

    sent_to: str  # a provider or another board
    answer_by: date | None


class HandedOverFacts(CitizenFacts):
    """Facts of the `citizen_handed_over` letters: a human has found that the case is no synpunkt (C5).

    Only `citizen_handed_over_other_authority` says that nothing was sent: it asks the sender's leave. Once
    given, `citizen_handed_over` tells that it was.
    """

    received_at: datetime  # R, aware
    handed_to: str  # fits after "till": "registratorn", "miljönämnden"
    link: str  # where to read or do more; may be ""


class DuplicateFacts(CitizenFacts):
    """Facts of `citizen_duplicate`. The other case may be another sender's: only its number is told."""

    original_number: str
    handler: Person


class WaitsFacts(CitizenFacts):
    """Facts of `citizen_waits`: what it says is read on our page, with a code that went another way (B20)."""

    link: str  # the page that asks for the code; never with the code in it


class SplitPart(TypedDict):
    """One of the cases that a message was divided into."""

    number: str
    unit: str  # may be ""
    handler: Person | None  # None until somebody has sorted it
    answer_by: date | None


class SplitFacts(CitizenFacts):
    """Facts of `citizen_split`: the cases of a divided message, that of `case_number` first."""

    parts: tuple[SplitPart, ...]


class ClosedFacts(CitizenFacts):
    """Facts of `citizen_closed`."""

    survey_link: str  # may be ""


class CitizenReopenedFacts(CitizenFacts):
    """Facts of `citizen_reopened`."""

    handler: Person
    answer_by: date | None


class CommentReplyFacts(TypedDict):
    """Facts of `citizen_comment_reply`, which everybody can read: no name, no number, nothing of a case."""

    service_name: str
    municipality: str
    form_url: str  # may be ""
    phone: str
    phone_hours: str
    privacy_url: str


class StatementRequestFacts(TypedDict):
    """Facts of `handler_statement_request`, to a provider or another board. `question` is the handler's."""

    municipality: str
    case_number: str
    due_on: date
    question: Paragraphs
    handler: Person
    phone: str


class NoticeFacts(TypedDict):
    """Facts of `handler_journal`, and of every letter to staff about one case."""

    service_name: str
    case_number: str
    link: str  # to the case, behind the login


class ReminderFacts(NoticeFacts):
    """Facts of `handler_reminder` (I02)."""

    due_on: date
    days_late: int  # working days; 0: due today or soon
    closing: bool  # the promise covers closing too: "svarat och avslutat" (Tyresö)


class EscalationFacts(NoticeFacts):
    """Facts of `handler_escalation` (I03): the same letter to handler and manager, but for the greeting."""

    due_on: date
    days_late: int  # working days, at least 1
    handler: Person
    reader: Person
    level: int  # 1: handler and manager; 2: the level above has been brought in


class UnassignedFacts(NoticeFacts):
    """Facts of `handler_unassigned`."""

    received_on: date
    assign_by: date


class FirstFeedbackFacts(NoticeFacts):
    """Facts of `handler_first_feedback`: the sender has not been told who has the case."""

    due_on: date
    missed: bool


class SubstituteFacts(NoticeFacts):
    """Facts of `handler_substitute` (I11)."""

    colleague: Person
    until: date | None  # last day away; None: away for nobody knows how long, or has not opened the case
    answer_by: date | None


class StatementLateFacts(NoticeFacts):
    """Facts of `handler_statement_late`."""

    of: str  # who was to tell what happened: a provider or another board
    due_on: date


class FollowUpDueFacts(NoticeFacts):
    """Facts of `handler_follow_up_due`: the answer said that something would be done by `act_on`."""

    act_on: date


class QuestionUnansweredFacts(NoticeFacts):
    """Facts of `handler_question_unanswered`."""

    asked_on: date
    answer_by: date | None


class DoorFacts(NoticeFacts):
    """Facts of `handler_door`: somebody else may have to have the case (requirements C5)."""

    lanes: tuple[Lane, ...]
    by: datetime  # when it must have been handed over
    hand_to: str
    late: bool


class Routine(StrEnum):
    """What must be looked into the same day, by a routine outside this service."""

    LEX_SARAH = "lex Sarah"
    SCHOOL = "kränkande behandling i skola"


class LexSarahFacts(NoticeFacts):
    """Facts of `handler_lex_sarah` (I05, row B26). Nothing of it is ever told to the sender."""

    received_on: date
    what: Routine


class DiaryFacts(NoticeFacts):
    """Facts of `handler_diary` (I06, row K13)."""

    marked_on: date  # the day somebody marked the case as serious


class ReportReadyFacts(TypedDict):
    """Facts of `handler_report_ready` (I08)."""

    service_name: str
    report: str  # its name: "Kvartal för enhet (R1)"
    period: str  # "juli–september 2026"
    unit: str  # whose analysis is missing
    meant_for: str  # whom its reader lays it before: "kommunstyrelsen"
    account_by: date | None
    analysis_missing: bool
    analysis_by: date | None  # always there when it is missing
    to_above: bool  # to the level above, which does not write it
    link: str


class SignalFacts(TypedDict):
    """Facts of `handler_signal`: more complaints of a factor than a unit's own history lets one expect."""

    service_name: str
    unit: str
    factor: str
    month: str  # "november 2026"
    observed: int
    usual: str  # how many it tends to be: "2,4"
    numbers: tuple[str, ...]  # of the cases; those that the reader may be told of
    more: int  # how many are not listed for want of room
    link: str  # to the list, behind the login


class ChannelDownFacts(TypedDict):
    """Facts of `operator_channel_down` (I09)."""

    service_name: str
    channel: str
    since: datetime
    waiting: int  # letters that have not gone out
    link: str


class OperatorAlarmFacts(TypedDict):
    """Facts of `operator_alarm`: something of the service itself, and of no case."""

    service_name: str
    alarm: str  # its name, as in docs/metrics.md
    about: str  # a channel, or nothing
    since: datetime
    over_at: datetime | None
    link: str  # empty of a house without pages


class MalwareFacts(NoticeFacts):
    """Facts of `handler_malware`. `case_number` and `link` are empty for a message that is in no case."""

    found: str  # what the scanner calls it
    operates: bool  # to who runs the service, who may not see the case and gets no link to it


class AnswerByMailFacts(NoticeFacts):
    """Facts of `handler_answer_by_mail` (N17): mail with us as a copy was taken as the answer."""

    sent_on: date
    links: tuple[Link, ...]  # to choose an outcome; () to choose in the case


class AnswerDraftFacts(NoticeFacts):
    """Facts of `handler_answer_draft`: a reply to our notice was kept."""

    answer_by: date | None
    links: tuple[Link, ...]  # shows the draft and sends it


class ApproveFacts(NoticeFacts):
    """Facts of `handler_approve`, to the manager who answers for that nothing is done (N12)."""

    handler: Person
    answer_by: date | None
    links: tuple[Link, ...]  # to approve; () to do it in the case


class RegisteredFacts(NoticeFacts):
    """Facts of `handler_registered`: the registrator's copy of what a manager has got (row N16)."""

    received_on: date
    handler: Person


class NewLinkFacts(NoticeFacts):
    """Facts of `handler_new_link`: somebody asked for a fresh link in place of one used or too old."""

    links: tuple[Link, ...]


class ReturnedFacts(NoticeFacts):
    """Facts of `handler_returned`, to those who close (K12)."""

    answered_on: date
    handler: Person


class ReopenedNoticeFacts(NoticeFacts):
    """Facts of `handler_reopened`, to the one named in the answer (N5)."""

    objected_on: date
    answer_by: date | None


class ShortAnswerFacts(AnswerFacts):
    """Facts of the `citizen_answer` letters in their form for SMS; `_no_action` has `explanation` besides."""

    link: str  # "" to send the whole answer, otherwise where it is to be read


class HelpFacts(TypedDict):
    """Facts of `assistant_help`, and of `assistant_greeting`: what whoever opens a chat is told first."""

    service_name: str
    municipality: str
    phone: str
    phone_hours: str
    privacy_url: str
    form_url: str  # may be ""
    abroad: str  # who else gets to know what is written: "Telegram (utanför EU/EES)"; "" for nobody


class AnonymousHelpFacts(TypedDict):
    """Facts of `assistant_anonymous`: a chat account or a number can be read, so here is how to hide it."""

    service_name: str
    municipality: str
    phone: str
    phone_hours: str
    privacy_url: str
    form_url: str  # where one can write without a name; "" leaves the phone alone


@dataclass(frozen=True, kw_only=True)
class CaseStanding:
    """How far one case has come, as its sender is told it.

    `standing` is "mottagen", "handlaggs", "fraga", "besvarad" or "avslutad"; any other is `TemplateError`.
    """

    number: str
    standing: str
    handler: Person | None  # told, as the day is, only until the case is answered
    answer_by: date | None


class StatusFacts(TypedDict):
    """Facts of `assistant_status`. Without any case it is `TemplateError`: send `assistant_status_none`."""

    service_name: str
    cases: tuple[CaseStanding, ...]  # newest first; an SMS tells of the first alone
    phone: str
    phone_hours: str


class ServiceFacts(TypedDict):
    """Facts of `assistant_new` and `assistant_resumed`."""

    service_name: str


class ReachFacts(ServiceFacts):
    """Facts of `assistant_status_none` and `assistant_stopped`."""

    phone: str
    phone_hours: str


class WordsFacts(TypedDict):
    """Facts of `assistant_words`: a picture or a voice came without a word."""

    case_number: str
    phone: str
    phone_hours: str


class ChoiceFacts(TypedDict):
    """Facts of `assistant_choice`."""

    case_number: str
    kind: Kind | None  # what it seems to be; None asks without a guess


class ChosenFacts(TypedDict):
    """Facts of `assistant_chosen`."""

    case_number: str
    kind: Kind


class RoadFacts(TypedDict):
    """Facts of `assistant_road`."""

    case_number: str


class ChosenRoadFacts(RoadFacts):
    """Facts of `assistant_road_noted`, and of `assistant_address`, which knows no "har"."""

    road: str  # "har", "email", "sms" or "telefon"; any other is `TemplateError`


class WindowFacts(TypedDict):
    """Facts of `assistant_window`: the service lets us write only for some days after the last message."""

    case_number: str
    days: int
    phone: str
    phone_hours: str


class AddedFacts(CitizenFacts):
    """Facts of `citizen_added`."""

    handler: Person | None  # None until someone has the case


class PublicNoteFacts(TypedDict):
    """Facts of `citizen_public_note`, for all to read: no name, no number, nothing of a case."""

    municipality: str
    form_url: str  # may be ""
    phone: str
    phone_hours: str


class ReplyWindowFacts(NoticeFacts):
    """Facts of `handler_reply_window`."""

    road: str  # by its name: "Messenger"
    reply_by: datetime  # aware; later an answer goes elsewhere or nowhere


class HandlerChangedFacts(NoticeFacts):
    """Facts of `handler_changed`."""

    removed: bool  # the sender took the message away; False: wrote it anew
