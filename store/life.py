"""The life of a case: who may do what, from where, and what must be there first (requirements.md C1).

Pure: `store.acts` gathers the facts and writes down what happens.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from store.domain import Act, Outcome, Status

# Requirements C3. Whoever acts may hold several.
SYSTEM = "synpunkt"
SENDER = "avsändare"
STAFF = "medarbetare"
HANDLER = "handläggare"
MANAGER = "chef"
TRIAGE = "medborgarcenter"
REGISTRATOR = "registrator"
ARCHIVIST = "arkivarie"

_LEAST_EXPLANATION = 20  # row N12


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Somebody who acts: a person's id, or `synpunkt`, and the roles held in this case."""

    id: str
    roles: frozenset[str]


MACHINE = Actor(id=SYSTEM, roles=frozenset({SYSTEM}))


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a municipality's policy demands beyond the law of the house."""

    require_service_note: bool = False  # row K11
    manager_approves_no_action: bool = True  # row N12
    further_contact_required: bool = False  # row N4
    close_by_triage: bool = False  # row K12
    clock_covers: Literal["answered", "closed"] = "answered"  # row T10
    pause_on_question: bool = False  # whether the answer's clock stands while the sender is asked


@dataclass(frozen=True, kw_only=True)
class CaseFacts:
    """All that the guards look at. The answer is that of the present round, the newest one."""

    status: Status
    has_handler: bool = False
    kind_confirmed: bool = False
    factor_confirmed: bool = False
    is_anonymous: bool = False  # nobody to write to, at all
    is_answered: bool = False
    is_answer_on_its_way: bool = False
    is_delivered: bool = False
    outcome: Outcome | None = None
    measure: str = ""
    explanation: str = ""
    approved_by: str = ""
    act_on: date | None = None
    has_contact: bool = False  # name, address and phone stand in the answer
    statement_asked: bool = False
    statement_received: bool = False
    service_note: str = ""
    is_serious: bool = False
    diary_number: str = ""
    handed_to: str = ""
    original: int | None = None
    disposal_decision: str = ""
    export_verified: bool = False
    unticked: tuple[str, ...] = ()  # what the checklist demands and nobody has ticked
    untold: tuple[str, ...] = ()  # the numbers of duplicates whose senders have no answer yet


@dataclass(frozen=True, kw_only=True)
class Guard:
    """Something that must hold before an act. `remedy` says what to do when it does not."""

    name: str
    remedy: str
    holds: Callable[[CaseFacts, Rules], bool]


@dataclass(frozen=True, kw_only=True)
class Next:
    """Where an allowed act leads."""

    act: Act
    status: Status


@dataclass(frozen=True, kw_only=True)
class Step:
    """One row of the table."""

    source: Status
    act: Act
    who: frozenset[str]
    target: Status
    guards: tuple[Guard, ...] = ()


class IllegalActError(Exception):
    """The act is not allowed now. The message, and each of `missing`, says in Swedish what to do instead."""

    def __init__(self, act: Act | str, status: Status, missing: Collection[str]) -> None:
        self.act = act
        self.status = status
        self.missing = tuple(missing)
        super().__init__(f"Det går inte att {act}. {' '.join(self.missing)}")


HAS_HANDLER = Guard(
    name="handläggare",
    remedy="Välj en handläggare först.",
    holds=lambda case, _rules: case.has_handler,
)
CONFIRMED = Guard(
    name="typ och faktor",
    remedy="Bekräfta typ och faktor.",
    holds=lambda case, _rules: case.kind_confirmed and case.factor_confirmed,
)
NOT_ON_ITS_WAY = Guard(
    name="inget svar på väg",
    remedy="Ett svar är redan på väg. Vänta tills det är framme.",
    holds=lambda case, _rules: not case.is_answer_on_its_way,
)
# Row T9. Nobody can deliver to somebody unknown: there, what was done is what counts.
ANSWERED = Guard(
    name="svar",
    remedy="Svaret ska ha kommit fram. Är avsändaren anonym ska åtgärden stå i ärendet.",
    holds=lambda case, _rules: (
        case.is_answered and (case.is_delivered or (case.is_anonymous and bool(case.measure.strip())))
    ),
)
OUTCOME = Guard(
    name="utfall",
    remedy="Välj utfall när du svarar.",
    holds=lambda case, _rules: case.outcome is not None,
)
DATED = Guard(
    name="dag för åtgärd",
    remedy="Skriv vilken dag det ska vara åtgärdat.",
    holds=lambda case, _rules: case.outcome is not Outcome.LATER or case.act_on is not None,
)
EXPLAINED = Guard(
    name="förklaring",
    remedy=f"Förklara med minst {_LEAST_EXPLANATION} tecken varför inget görs.",
    holds=lambda case, _rules: (
        case.outcome is not Outcome.NO_ACTION or len(case.explanation.strip()) >= _LEAST_EXPLANATION
    ),
)
APPROVED = Guard(
    name="chefens godkännande",
    remedy="Be ansvarig chef godkänna att inget görs.",
    holds=lambda case, rules: (
        case.outcome is not Outcome.NO_ACTION
        or not rules.manager_approves_no_action
        or bool(case.approved_by)
    ),
)
NO_ACTION = Guard(
    name="ingen åtgärd",
    remedy="Bara ett svar med utfallet ingen_åtgärd ska godkännas.",
    holds=lambda case, _rules: case.outcome is Outcome.NO_ACTION,
)
CONTACT = Guard(
    name="kontakt för den som inte är nöjd",
    remedy="Svaret ska ha namn, adress och telefon till den som avsändaren kan vända sig till.",
    holds=lambda case, rules: not rules.further_contact_required or case.is_anonymous or case.has_contact,
)
STATEMENT = Guard(
    name="redogörelse",
    remedy="För in redogörelsen från utföraren eller den andra nämnden.",
    holds=lambda case, _rules: not case.statement_asked or case.statement_received,
)
SERVICE_NOTE = Guard(
    name="tjänsteanteckning",
    remedy="Skriv tjänsteanteckningen: vad har synpunkten lett fram till?",
    holds=lambda case, rules: not rules.require_service_note or bool(case.service_note.strip()),
)
IN_DIARY = Guard(
    name="diarienummer",
    remedy="Ärendet är allvarligt. Diarieför det och skriv in diarienumret.",
    holds=lambda case, _rules: not case.is_serious or bool(case.diary_number.strip()),
)
CHECKLIST = Guard(
    name="checklista",
    remedy="Kryssa av det som står kvar i ärendets checklista.",
    holds=lambda case, _rules: not case.unticked,
)
# C1: the sender of a duplicate gets the answer as well.
ALL_TOLD = Guard(
    name="dubbletternas avsändare",
    remedy="Svara också den som har skrivit om samma sak i ett annat ärende.",
    holds=lambda case, _rules: not case.untold,
)
UNANSWERED = Guard(
    name="inget svar",
    remedy="Avsändaren har redan fått svaret. Då går det inte att ångra.",
    holds=lambda case, _rules: not case.is_answered,
)
TRIAGE_CLOSES = Guard(
    name="åter först",
    remedy="Lämna ärendet åter: här är det Medborgarcenter som avslutar.",
    holds=lambda case, rules: not rules.close_by_triage or case.status is Status.RETURNED,
)
RECEIVER = Guard(
    name="mottagare",
    remedy="Skriv vem som har fått ärendet.",
    holds=lambda case, _rules: bool(case.handed_to.strip()),
)
ORIGINAL = Guard(
    name="originalärende",
    remedy="Ange vilket ärende det här hör till.",
    holds=lambda case, _rules: case.original is not None,
)
EXPORTED = Guard(
    name="kontrollerad export",
    remedy="Exportera ärendet och kontrollera exporten.",
    holds=lambda case, _rules: case.export_verified,
)
DECIDED = Guard(
    name="gallringsbeslut",
    remedy="Ange gallringsbeslutet.",
    holds=lambda case, _rules: bool(case.disposal_decision.strip()),
)

CLOSE_GUARDS = (
    CONFIRMED,
    ANSWERED,
    OUTCOME,
    DATED,
    EXPLAINED,
    APPROVED,
    STATEMENT,
    SERVICE_NOTE,
    IN_DIARY,
    CHECKLIST,
    CONTACT,
    ALL_TOLD,
)
_WORTHY = (OUTCOME, DATED, EXPLAINED, CONTACT)  # an answer that lacks these is not sent at all

_OWNERS = frozenset({HANDLER, MANAGER})
_SORTERS = frozenset({TRIAGE, REGISTRATOR})
_INSIDE = _OWNERS | _SORTERS


def _step(source: Status, act: Act, who: Collection[str], target: Status, *guards: Guard) -> Step:
    return Step(source=source, act=act, who=frozenset(who), target=target, guards=guards)


TABLE = (
    _step(Status.RECEIVED, Act.QUARANTINE, {SYSTEM, *_SORTERS}, Status.QUARANTINED),
    _step(Status.RECEIVED, Act.SORT, {SYSTEM, *_SORTERS}, Status.SORTING),
    _step(Status.RECEIVED, Act.ASSIGN, {SYSTEM, *_SORTERS}, Status.ASSIGNED, HAS_HANDLER),
    # Not in C1: whose case it would be sees it there, and may know better than the machine.
    _step(Status.QUARANTINED, Act.RELEASE, _INSIDE, Status.RECEIVED),
    _step(Status.QUARANTINED, Act.DISPOSE, {*_SORTERS, ARCHIVIST}, Status.DISPOSED, DECIDED),
    _step(Status.SORTING, Act.ASSIGN, {MANAGER, *_SORTERS}, Status.ASSIGNED, HAS_HANDLER),
    _step(Status.SORTING, Act.HAND_OVER, {MANAGER, *_SORTERS}, Status.HANDED_OVER, RECEIVER),
    _step(Status.SORTING, Act.DUPLICATE, {MANAGER, *_SORTERS}, Status.DUPLICATE, ORIGINAL),
    # Not in C1: what was taken for the same matter may turn out to be another.
    _step(Status.DUPLICATE, Act.UNTIE, {MANAGER, *_SORTERS}, Status.SORTING, UNANSWERED),
    _step(Status.ASSIGNED, Act.ASSIGN, _INSIDE, Status.ASSIGNED, HAS_HANDLER),
    _step(Status.ASSIGNED, Act.BEGIN, _OWNERS, Status.IN_PROGRESS),
    # Not in C1: a wrong door that is found late must still lead out.
    _step(Status.ASSIGNED, Act.SORT, _INSIDE, Status.SORTING),
    _step(Status.IN_PROGRESS, Act.SORT, _INSIDE, Status.SORTING, NOT_ON_ITS_WAY),
    _step(Status.IN_PROGRESS, Act.ASK_SENDER, _OWNERS, Status.AWAITING_SENDER),
    _step(Status.IN_PROGRESS, Act.ASK_PROVIDER, _OWNERS, Status.AT_PROVIDER),
    _step(Status.IN_PROGRESS, Act.ASK_BOARD, _OWNERS, Status.AT_OTHER_BOARD),
    _step(Status.IN_PROGRESS, Act.ANSWER, _OWNERS, Status.IN_PROGRESS, NOT_ON_ITS_WAY, *_WORTHY),
    # Row N17: the sender has it already, so nothing is asked of it here. CLOSE asks.
    _step(Status.IN_PROGRESS, Act.ANSWER_BY_MAIL, _OWNERS, Status.IN_PROGRESS),
    _step(Status.AT_PROVIDER, Act.ANSWER_BY_MAIL, _OWNERS, Status.AT_PROVIDER),
    _step(Status.AT_OTHER_BOARD, Act.ANSWER_BY_MAIL, _OWNERS, Status.AT_OTHER_BOARD),
    # Not in C1: what was never sent was never said. It leads back to where the case was, see `acts.move`.
    _step(Status.IN_PROGRESS, Act.UNDO, _OWNERS, Status.IN_PROGRESS),
    _step(Status.AWAITING_SENDER, Act.UNDO, _OWNERS, Status.IN_PROGRESS),
    _step(Status.IN_PROGRESS, Act.APPROVE, {MANAGER}, Status.IN_PROGRESS, NO_ACTION),
    _step(Status.IN_PROGRESS, Act.DELIVER, {SYSTEM, *_OWNERS}, Status.ANSWERED, ANSWERED),
    _step(Status.AWAITING_SENDER, Act.RESUME, {SYSTEM, SENDER, *_OWNERS}, Status.IN_PROGRESS),
    _step(Status.AT_PROVIDER, Act.RECORD_STATEMENT, _OWNERS, Status.IN_PROGRESS, STATEMENT),
    _step(Status.AT_OTHER_BOARD, Act.RECORD_STATEMENT, _OWNERS, Status.IN_PROGRESS, STATEMENT),
    _step(Status.ANSWERED, Act.APPROVE, {MANAGER}, Status.ANSWERED, NO_ACTION),
    _step(Status.ANSWERED, Act.CHOOSE_OUTCOME, _OWNERS, Status.ANSWERED, OUTCOME, DATED, EXPLAINED),
    _step(Status.ANSWERED, Act.BOUNCE, {SYSTEM}, Status.IN_PROGRESS),
    _step(Status.ANSWERED, Act.RETURN, _OWNERS, Status.RETURNED, SERVICE_NOTE),
    _step(Status.ANSWERED, Act.CLOSE, _INSIDE, Status.CLOSED, TRIAGE_CLOSES, *CLOSE_GUARDS),
    _step(Status.ANSWERED, Act.REOPEN, {SENDER, *_INSIDE}, Status.REOPENED),
    _step(Status.RETURNED, Act.SEND_BACK, _SORTERS, Status.ANSWERED),
    _step(Status.RETURNED, Act.APPROVE, {MANAGER}, Status.RETURNED, NO_ACTION),
    _step(Status.RETURNED, Act.CHOOSE_OUTCOME, _OWNERS, Status.RETURNED, OUTCOME, DATED, EXPLAINED),
    _step(Status.RETURNED, Act.BOUNCE, {SYSTEM}, Status.IN_PROGRESS),
    _step(Status.RETURNED, Act.CLOSE, _SORTERS, Status.CLOSED, *CLOSE_GUARDS),
    _step(Status.RETURNED, Act.REOPEN, {SENDER, *_INSIDE}, Status.REOPENED),
    _step(Status.CLOSED, Act.REOPEN, {SENDER, *_INSIDE}, Status.REOPENED),
    # What comes back was never delivered, so the case was never closed by right.
    _step(Status.CLOSED, Act.BOUNCE, {SYSTEM}, Status.IN_PROGRESS),
    _step(Status.CLOSED, Act.ARCHIVE, {ARCHIVIST}, Status.ARCHIVED, EXPORTED),
    # Not in C1, which knows only of what was archived first: a decision may say that nothing is to be kept.
    _step(Status.CLOSED, Act.DISPOSE, {ARCHIVIST}, Status.DISPOSED, DECIDED),
    _step(Status.HANDED_OVER, Act.DISPOSE, {ARCHIVIST}, Status.DISPOSED, DECIDED),
    _step(Status.DUPLICATE, Act.DISPOSE, {ARCHIVIST}, Status.DISPOSED, DECIDED),
    _step(Status.REOPENED, Act.BEGIN, _OWNERS, Status.IN_PROGRESS),
    _step(Status.HANDED_OVER, Act.TAKE_BACK, {REGISTRATOR}, Status.SORTING),
    _step(Status.ARCHIVED, Act.DISPOSE, {ARCHIVIST}, Status.DISPOSED, DECIDED),
)
_STEPS = {(step.source, step.act): step for step in TABLE}


def allowed(case: CaseFacts, act: Act, *, roles: Collection[str], rules: Rules) -> Next:
    """Return where an act leads; raise `IllegalActError` if it may not be done now, or not by these roles."""
    step = _STEPS.get((case.status, act))
    if step is None:
        sources = [str(one.source) for one in TABLE if one.act is act]
        words = f"Ärendet är {case.status}, och ska då vara {_either(sources)}."
        raise IllegalActError(act, case.status, [words])
    if not step.who & frozenset(roles):
        raise IllegalActError(act, case.status, [f"Det görs av {_either(sorted(step.who - {SYSTEM}))}."])
    if missing := [guard.remedy for guard in step.guards if not guard.holds(case, rules)]:
        raise IllegalActError(act, case.status, missing)
    return Next(act=act, status=step.target)


# What an undone act may lead back to: the case had not been begun, or not been begun again.
BEFORE_BEGUN = frozenset({Status.ASSIGNED, Status.REOPENED})


def missing_at_close(case: CaseFacts, rules: Rules) -> list[str]:
    """List what will be missing to close a case once its answer is there, and nothing else happens."""
    there = replace(case, status=Status.ANSWERED, is_answered=True, is_delivered=True)
    return [guard.remedy for guard in (TRIAGE_CLOSES, *CLOSE_GUARDS) if not guard.holds(there, rules)]


# What an act itself brings along: nobody is told beforehand that it is missing.
_BROUGHT = frozenset(
    guard.name for guard in (HAS_HANDLER, RECEIVER, ORIGINAL, OUTCOME, DATED, EXPLAINED, CONTACT, STATEMENT)
)
_BY_HAND = {Status.ASSIGNED: Act.BEGIN, Status.REOPENED: Act.BEGIN, Status.AWAITING_SENDER: Act.RESUME}
_IN_HAND = frozenset({Act.ASK_SENDER, Act.ASK_PROVIDER, Act.ASK_BOARD, Act.ANSWER})


def options(case: CaseFacts, *, roles: Collection[str], rules: Rules) -> dict[Act, tuple[str, ...]]:
    """List what these roles can do to a case now, each act with what must be there first and is not.

    An act that begins a case, or goes on with it, is done along with the first one that needs it.
    """
    found = {}
    for step in TABLE:
        if not step.who & frozenset(roles):
            continue
        begins = _BY_HAND.get(case.status)
        along = step.source is Status.IN_PROGRESS and step.act in _IN_HAND and begins is not None
        if step.source is case.status or (along and _may(case.status, begins, roles)):
            closes = step.act in {Act.CLOSE, Act.RETURN}
            found[step.act] = tuple(
                guard.remedy
                for guard in step.guards
                if (closes or guard.name not in _BROUGHT) and not guard.holds(case, rules)
            )
    return found


def _may(status: Status, act: Act | None, roles: Collection[str]) -> bool:
    step = None if act is None else _STEPS.get((status, act))
    return step is not None and bool(step.who & frozenset(roles))


def _either(words: Collection[str]) -> str:
    *first, last = words or ["assistenten själv"]
    return f"{', '.join(first)} eller {last}" if first else last
