"""What a policy says, as typed data that is never looser than the law. `store.profiles` reads the files."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from store.deadlines import Days, Reminders
from store.domain import Kind, PromiseKind

SILENT = "Standardprofil"  # the clause of a key on which the policy says nothing

_LONGEST = 120  # working days: about the six months of FL 12 §


def _is_days(value: object) -> object:
    if value == "none":
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _LONGEST:
        return value
    raise ValueError(f'ska vara 1-{_LONGEST} arbetsdagar eller "none", inte {value!r}')


def _is_day_of_year(value: str) -> str:
    if not value:
        return value
    try:
        date.fromisoformat(f"2025-{value}")
    except ValueError:
        raise ValueError(f'ska vara månad och dag, till exempel "01-31", inte {value!r}') from None
    return value


def _is_domain(value: str) -> str:
    if "." not in value or "@" in value or value != value.strip().casefold():
        raise ValueError(
            f'ska vara en domän med små bokstäver, till exempel "kommun.example", inte {value!r}'
        )
    return value


Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
Count = Annotated[int, Field(ge=0, le=_LONGEST)]
# Days, or "none": the policy names no date.
Promised = Annotated[int | Literal["none"], BeforeValidator(_is_days)]
DayOfYear = Annotated[str, AfterValidator(_is_day_of_year)]
Domain = Annotated[str, AfterValidator(_is_domain)]
# An `övrig_åsikt` is no type of its own: a human must choose one of the three (row T1, X6).
Canonical = Literal["beröm", "förslag", "klagomål", "övrig_åsikt"]
Minority = Literal["fi", "fit", "se"]


def _loose() -> Any:
    # TOML has lists only; what is in them is still held to its type.
    return Field(default=(), strict=False)


class Part(BaseModel):
    """One table of a profile."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class AnswerDays(Part):
    """Working days until the answer, for each type (rows X1, X12)."""

    complaint: Annotated[Promised, Field(alias="klagomål")]
    suggestion: Annotated[Promised, Field(alias="förslag")]
    praise: Annotated[Promised, Field(alias="beröm")]


class Deadlines(Part):
    """The clocks, in working days; day 1 is the first working day after reception (requirements.md C2)."""

    first_feedback_days: Promised
    answer_days: AnswerDays
    answer_anonymous: bool = True  # false: who can not be reached has no answer clock (row N14)
    receipt_seconds: Annotated[int, Field(ge=1, le=300)] = 60
    assign_within_days: Annotated[int, Field(ge=1, le=_LONGEST)] = 1
    redogorelse_days: Annotated[int, Field(ge=1, le=_LONGEST)] = 5
    question_days: Annotated[int, Field(ge=1, le=_LONGEST)] = 10
    clock_covers: Literal["answered", "closed"] = "answered"
    interim_stops_clock: bool = False
    pause_on_question: bool = False


class ReminderDays(Part):
    """When somebody is told that a promise is about to break, or has (rows T10, T11, X11)."""

    before_days: Count = 0
    after_days: Count = 0
    escalate_after_days: Annotated[int, Field(ge=1, le=_LONGEST)] = 3
    escalate_next_after_days: Annotated[int, Field(ge=1, le=_LONGEST)] = 10


class Calendar(Part):
    """The municipality's own closed days; red days and eves are known already (row B31)."""

    closed: tuple[date, ...] = _loose()


class Roles(Part):
    """Who confirms the proposal, and who answers (rows X3, X4)."""

    triage: Literal["none", "medborgarcenter", "registrator"] = "none"
    handler_is: Literal["handläggare", "chef"] = "handläggare"


class Workflow(Part):
    """What must be done before a case may go on, and by whom."""

    close_by: Literal["handler", "triage", "registrator"] = "handler"
    require_tjansteanteckning: bool = False
    chef_approves_no_action: bool = True
    further_contact_required: bool = False
    email_registration: Literal["auto", "registrator"] = "auto"
    oral_notify: Literal["registrator", "chef"] = "registrator"
    max_followup_questions: Annotated[int, Field(ge=0, le=5)] = 2
    survey: bool = False


class Anonymity(Part):
    """Anonymous feedback is always taken; no profile can refuse it (row L7)."""

    fetch_code: bool = True  # the answer can be read with a code, by whoever holds it (row X9)


class Internal(Part):
    """Feedback from the municipality's own staff (rows T3, X18)."""

    domains: tuple[Domain, ...] = _loose()
    exclude: bool = False

    @model_validator(mode="after")
    def _knows_whom_to_exclude(self) -> Self:
        if self.exclude and not self.domains:
            raise ValueError('exclude = true kräver domains, till exempel domains = ["kommun.example"]')
        return self


class Register(Part):
    """Our own number series is always kept; this says what goes to the main diary as well (row X7)."""

    export_to_diary: Literal["none", "serious", "redogörelse", "all"] = "serious"
    publish: bool = False

    @model_validator(mode="after")
    def _keeps_feedback_to_itself(self) -> Self:
        if self.publish:
            raise ValueError(
                "publish kan inte vara true: synpunkter publiceras inte utan en människas beslut i varje "
                "ärende, och någon sådan sida finns inte (X19). Ta bort raden"
            )
        return self


class Language(Part):
    """The languages we write letters in."""

    letters: Annotated[tuple[Text, ...], Field(strict=False)] = ("sv", "en")
    minority_area: tuple[Minority, ...] = _loose()

    @model_validator(mode="after")
    def _has_the_languages_of_the_law(self) -> Self:
        if "sv" not in self.letters:
            raise ValueError('letters saknar "sv", som språklagen 10 § kräver. Lägg till det')
        for one in self.minority_area:
            if one not in self.letters:
                raise ValueError(f'letters saknar "{one}", som lag 2009:724 8 § kräver. Lägg till det')
        return self


class Retention(Part):
    """How long cases are kept; 0 years is for ever. Nothing is deleted without a decision (row B16)."""

    decision_ref: str = ""
    case_years: Annotated[int, Field(ge=0, le=100)] = 0
    channel_copy_days: Annotated[int, Field(ge=0, le=3650)] = 30

    @model_validator(mode="after")
    def _has_a_decision(self) -> Self:
        if self.case_years and not self.decision_ref.strip():
            raise ValueError(
                "case_years kräver decision_ref: arkivlagen 10 § tillåter ingen gallring utan beslut. "
                "Ange beslutets beteckning, eller case_years = 0"
            )
        return self


# Who in the house is told, and lays it before those whom it is for.
Told = Literal["chef", "förvaltningschef", "nämndsekreterare", "registrator", "kvalitet", "dataskyddsombud"]


class Report(Part):
    """One report that is made by itself, on the first working day after its period (row X15).

    `to` says in words whom it is for, `roles` who is told that it is there: "chef" is each unit's own.
    `ready_by` is the month and day by which it is to be accounted for. R1 is to be signed within so many
    working days; then the unit's managers are reminded, and after that the level above (row L13).
    """

    id: Annotated[str, Field(pattern=r"^R([1-9]|1[0-5])$")]
    period: Literal["month", "quarter", "tertial", "half-year", "year"]
    to: Annotated[tuple[Text, ...], Field(strict=False, min_length=1)]
    roles: Annotated[tuple[Told, ...], Field(strict=False, min_length=1)] = ("nämndsekreterare",)
    ready_by: DayOfYear = ""
    sign_within_days: Annotated[int, Field(ge=1, le=_LONGEST)] = 10


class Profile(Part):
    """A municipality's policy. `clauses` names the policy's own paragraph for a key."""

    id: Annotated[str, Field(pattern=r"^[a-zåäö0-9_-]{1,40}$")]
    name: Text
    service_name: Text
    source: Text
    customer_term: Text = "invånare"
    deadlines: Deadlines
    reminders: ReminderDays = ReminderDays()
    calendar: Calendar = Calendar()
    roles: Roles = Roles()
    workflow: Workflow = Workflow()
    types: dict[Text, Canonical] = {"klagomål": "klagomål", "förslag": "förslag", "beröm": "beröm"}
    anonymity: Anonymity = Anonymity()
    internal: Internal = Internal()
    # `register` is taken by the base class.
    registration: Annotated[Register, Field(alias="register")] = Register()
    language: Language = Language()
    retention: Retention = Retention()
    reports: tuple[Report, ...] = _loose()
    clauses: dict[str, Text] = {}

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if missing := [kind for kind in Kind if kind not in self.types.values()]:
            raise ValueError(
                f"types: inget ord leder till {missing[0]!r}. Lägg till ett, annars kan inget ärende få typen"
            )
        if self.workflow.close_by == "triage" and self.roles.triage == "none":
            raise ValueError(
                'workflow.close_by = "triage" kräver en triage: sätt roles.triage till "medborgarcenter" '
                'eller "registrator"'
            )
        for key in self.clauses:
            if not _names_a_key_of(self, key):
                raise ValueError(
                    f"clauses: {key!r} är ingen nyckel i filen. Skriv tabell och nyckel, till exempel "
                    '"deadlines.answer_days"'
                )
        return self

    @property
    def days(self) -> Days:
        """Return the promises that run for every case, each with its clause."""
        own = self.deadlines
        return Days(
            first_feedback=_count(own.first_feedback_days),
            complaint=_count(own.answer_days.complaint),
            suggestion=_count(own.answer_days.suggestion),
            praise=_count(own.answer_days.praise),
            answers_anonymous=own.answer_anonymous,
            clause=self.source,
            clauses={
                PromiseKind.RECEIPT: self.clause("deadlines.receipt_seconds"),
                PromiseKind.FIRST_FEEDBACK: self.clause("deadlines.first_feedback_days"),
                PromiseKind.ANSWER: self.clause("deadlines.answer_days"),
            },
            closed=frozenset(self.calendar.closed),
        )

    @property
    def watching(self) -> Reminders:
        """Return when somebody is told that an answer is late."""
        return Reminders(**self.reminders.model_dump())

    def clause(self, key: str) -> str:
        """Return the policy's paragraph for a key, like `deadlines.answer_days`.

        A key that the file does not set has the product's own value, and says so.
        """
        if key in self.clauses:
            return f"{self.source}, {self.clauses[key]}"
        return self.source if _names_a_key_of(self, key) else SILENT


def _count(days: int | str) -> int | None:
    return days if isinstance(days, int) else None


def _names_a_key_of(part: BaseModel, key: str) -> bool:
    """Tell whether a key, with its tables before it, was set in the file that a profile came from."""
    first, _, rest = key.partition(".")
    for name, field in type(part).model_fields.items():
        if first == (field.alias or name) and name in part.model_fields_set:
            value = getattr(part, name)
            return not rest or (isinstance(value, BaseModel) and _names_a_key_of(value, rest))
    return False
