"""What staff do to a case in the console: a page for each act, shown only to who may do it now.

Every act works without a script. What was typed is never lost: when something is missing, or somebody else
was faster, the page comes back with it.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bots.desk.acts import Acts
from bots.desk.answering import Answering
from bots.desk.secrecy import Secrecy
from bots.desk.sensitive import OpenRoadError
from bots.web import seen, views
from bots.web.access import Access
from bots.web.people import ById
from bots.web.show import Show
from bots.web.views import Views
from store import cases, journal, life, secrecy
from store.cases import StaleCaseError
from store.deadlines import day_of
from store.domain import Act, Door, Duty, Event, Handler, Outcome, Presence, StatementForm, Status, Unit, Way
from store.engine import Row, StoreError
from store.life import IllegalActError
from store.sight import HiddenCaseError

LONGEST = 20_000
_NO_VERSION = 0  # no case has it, so a post without one is always stale
STALE = (
    "Någon annan ändrade ärendet medan du hade sidan öppen. Inget är sparat. "
    "Se efter i ärendet att det stämmer, och försök igen."
)
_SORTERS = frozenset({life.TRIAGE, life.REGISTRATOR})
_OWNERS = frozenset({life.HANDLER, life.MANAGER})
_INSIDE = _SORTERS | _OWNERS
_OPEN = frozenset({Status.ASSIGNED, Status.IN_PROGRESS, Status.REOPENED, Status.AWAITING_SENDER})
_UNSORTED = frozenset({Status.RECEIVED, Status.SORTING})
_TOLD = frozenset({Status.ANSWERED, Status.RETURNED})
_ENDED = frozenset({Status.CLOSED, Status.ARCHIVED, Status.DISPOSED, Status.HANDED_OVER, Status.DUPLICATE})


class Look(StrEnum):
    """How a field is shown."""

    AREA = "area"
    LINE = "line"
    DAY = "day"
    PAST_DAY = "past_day"
    CHOICE = "choice"
    LIST = "list"
    TICK = "tick"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One thing to fill in. `options` are (value, word) pairs, or the name of a list that the house knows."""

    name: str
    label: str
    look: Look = Look.AREA
    hint: str = ""
    rows: int = 3
    optional: bool = False
    depends: bool = False  # asked for by what another field says: called neither required nor optional
    options: Sequence[tuple[str, str]] | str = ()


@dataclass(frozen=True, kw_only=True)
class Doing:
    """Everything that an act needs when it is done."""

    acts: Acts
    answering: Answering
    case: Row
    by: str
    version: int
    typed: Mapping[str, str]

    def text(self, name: str) -> str:
        """Return what was typed in a field, without white space around it."""
        return self.typed.get(name, "").strip()

    def day(self, name: str) -> date | None:
        """Return the day in a field, or None; raise `IllegalActError` for what is no day."""
        if not self.text(name):
            return None
        try:
            return date.fromisoformat(self.text(name))
        except ValueError as error:
            raise self.missing("Skriv dagen som 2026-12-24.") from error

    def one_of(self, name: str, values: type[StrEnum], words: str) -> Any:
        """Return the chosen value; raise `IllegalActError` with `words` if none was chosen."""
        try:
            return values(self.text(name))
        except ValueError as error:
            raise self.missing(words) from error

    def missing(self, words: str) -> IllegalActError:
        """Make the error that tells what is missing."""
        return IllegalActError(Act.ANSWER, Status(self.case["status"]), [words])


@dataclass(frozen=True, kw_only=True)
class Task:
    """One act of the console: where it lies, what it asks for, who may do it, and how it is done.

    `act` is the row of the table in `store.life` that allows it; without one, `roles` and `when` do.
    """

    slug: str
    label: str
    done: str
    do: Callable[[Doing], None]
    act: Act | None = None
    roles: frozenset[str] = _INSIDE
    when: Callable[[Row], bool] = lambda _case: True
    fields: tuple[Field, ...] = ()
    hint: str = ""
    is_main: bool = False
    shows_words: bool = False  # the sender's words beside the form


_OUTCOMES = (
    (Outcome.DONE, "Åtgärdad"),
    (Outcome.LATER, "Åtgärdas senare"),
    (Outcome.NO_ACTION, "Ingen åtgärd"),
    (Outcome.FORWARDED, "Vidarebefordrad"),
)
_FORMS = ((StatementForm.MAIL, "Med mejl eller brev"), (StatementForm.ORAL, "Muntligt, antecknat av oss"))
_STATEMENT_FIELDS = (
    Field(
        name="statement_measure",
        label="Vad har de gjort åt saken?",
        rows=2,
        hint="Åtgärden i en mening, utan namn: den står i rapporten om utförare. Är inget gjort, skriv det.",
    ),
    Field(
        name="statement_told_on",
        label="Dag då de själva återkopplade till avsändaren",
        look=Look.PAST_DAY,
        optional=True,
        hint="Kan fyllas i senare. Har de inte gjort det räknas dagen då vårt svar kom fram.",
    ),
)
_WAYS = ((Way.LETTER, "Brev härifrån"), (Way.PHONE, "Sagt i telefon"), (Way.POST, "Sänt med post"))
_DOORS = (
    (Door.APPEAL, "Överklagande"),
    (Door.DOCUMENT_REQUEST, "Begäran om allmän handling"),
    (Door.CONCERN_REPORT, "Orosanmälan"),
    (Door.DATA_PROTECTION, "Begäran om personuppgifter"),
    (Door.WHISTLEBLOWING, "Visselblåsning"),
    (Door.FAULT_REPORT, "Felanmälan"),
    (Door.OTHER_AUTHORITY, "Någon annan än kommunen svarar för det"),
    (Door.SUPERVISOR, "Från en tillsynsmyndighet"),
    (Door.CITIZEN_PROPOSAL, "Medborgarförslag"),
    (Door.DAMAGES, "Skadestånd"),
    (Door.INSPECTION, "Tillsyn: miljö eller bygg"),
    (Door.ACCESSIBILITY, "Brist i digital tillgänglighet"),
    (Door.INTERNAL, "Intern: en anställds egen sak"),
    (Door.OTHER, "Något annat"),
)
_CITIZEN_HINT = "Upprepa inte det som avsändaren skrev: e-post kan läsas av andra."
_REASON = Field(name="reason", label="Varför", rows=2, optional=True, hint="Det står i journalen.")
_SETTLED = (("satt", "Markera som föreslaget"), ("hav", "Häv eller avslå"))
DESPITE = Field(
    name="despite",
    label="Varför måste det skickas ändå?",
    rows=2,
    optional=True,
    depends=True,
    hint="Det står i journalen.",
)
_PEOPLE = "people"  # the lists that only the house knows
_UNITS = "units"
_WAITING = "waiting"  # duplicates of the case, whose senders have no answer
_PARAGRAPHS = "paragraphs"  # what secrecy is marked by
_PAPERS = "papers"  # the messages of the case
_MARKS = "marks"  # its marks that stand, or wait to be set


def _elsewhere(_it: Doing) -> None:
    """Stand in for what has a page of its own, whose routes come first."""
    raise HTTPException(404)


def _ask(it: Doing) -> None:
    it.answering.ask(
        it.case["id"], it.text("question"), by=it.by, version=it.version, despite=it.text("despite")
    )


def _assign(it: Doing) -> None:
    if not it.text("handler"):
        raise it.missing("Välj vem som ska ha ärendet.")
    it.acts.assign(
        it.case["id"],
        handler=it.text("handler"),
        unit=it.text("unit") or None,
        by=it.by,
        version=it.version,
        reason=it.text("reason"),
    )


def _delay(it: Doing) -> None:
    it.acts.delay(
        it.case["id"],
        it.text("reason"),
        answer_on=it.day("answer_on") or date.min,
        despite=it.text("despite"),
        by=it.by,
        version=it.version,
    )


def _ask_statement(it: Doing) -> None:
    if not it.text("of") or not it.text("question"):
        raise it.missing("Skriv vem som ska redogöra, och vad ni vill veta.")
    it.acts.ask_statement(
        it.case["id"],
        of=it.text("of"),
        question=it.text("question"),
        by=it.by,
        version=it.version,
        address=it.text("address"),
        other_board=it.text("other_board") == "ja",
        despite=it.text("despite"),
    )


def _record_statement(it: Doing) -> None:
    it.acts.record_statement(
        it.case["id"],
        it.text("statement"),
        form=StatementForm(it.text("form")) if it.text("form") in dict(_FORMS) else None,
        measure=it.text("statement_measure"),
        told_on=it.day("statement_told_on"),
        by=it.by,
        version=it.version,
    )


def _complete_statement(it: Doing) -> None:
    it.acts.complete_statement(
        it.case["id"],
        measure=it.text("statement_measure"),
        told_on=it.day("statement_told_on"),
        by=it.by,
        version=it.version,
    )


def _note(it: Doing) -> None:
    it.acts.note_down(
        it.case["id"],
        by=it.by,
        version=it.version,
        service_note=it.text("service_note"),
        serious=it.text("serious") == "ja",
        diary_number=it.text("diary_number"),
    )


def _follow_up(it: Doing) -> None:
    on, result = it.day("follow_up_on"), it.text("follow_up_result") or None
    if on is None and result is None:
        raise it.missing("Ange en dag, eller skriv vad uppföljningen visade.")
    it.acts.follow_up(it.case["id"], by=it.by, version=it.version, on=on, result=result)


def _hand_over(it: Doing) -> None:
    it.acts.hand_over(
        it.case["id"],
        door=it.one_of("door", Door, "Välj vad det är."),
        to=it.text("to"),
        by=it.by,
        reason=it.text("reason"),
        version=it.version,
    )


def _duplicate(it: Doing) -> None:
    with it.acts.store.read() as transaction:
        original = cases.find_number(transaction, it.text("original").upper())
    wrong = it.missing("Skriv numret på det ärende som det här hör till, som SYN-2026-000123.")
    if original is None or original["id"] == it.case["id"]:
        raise wrong
    try:
        it.acts.duplicate(it.case["id"], original["id"], by=it.by, version=it.version)
    except HiddenCaseError as error:
        raise wrong from error  # nobody learns here which numbers there are


def _answer_duplicate(it: Doing) -> None:
    way = it.one_of("way", Way, "Välj svarets väg.")
    if way not in dict(_WAYS):
        raise it.missing("Välj svarets väg.")
    it.acts.answer_duplicate(
        it.case["id"],
        it.text("duplicate"),
        it.text("text"),
        way=way,
        by=it.by,
        version=it.version,
        despite=it.text("despite"),
    )


def _tick(it: Doing) -> None:
    item = it.one_of("item", Duty, "Välj vad som är gjort.")
    it.acts.tick(it.case["id"], item, by=it.by, version=it.version, note=it.text("note"))


def _bar(it: Doing) -> None:
    if not it.text("person"):
        raise it.missing("Välj vem det rör.")
    it.acts.bar(it.case["id"], it.text("person"), by=it.by, version=it.version)


def _restrict(it: Doing) -> None:
    it.acts.restrict(it.case["id"], restricted=not it.case["restricted"], by=it.by, version=it.version)


def _mark(it: Doing) -> None:
    message = it.text("message")
    Secrecy(acts=it.acts).mark(
        it.case["id"],
        paragraph=it.text("paragraph") or it.text("other_paragraph"),
        authority=it.text("authority"),
        why=it.text("why"),
        message_id=int(message) if message and message in dict(it.case["papers"]) else None,
        by=it.by,
        version=it.version,
    )


def _settle(it: Doing) -> None:
    mark, wish = it.text("mark"), it.text("wish")
    if mark not in dict(it.case["marks"]) or wish not in dict(_SETTLED):
        raise it.missing("Välj en markering, och vad du vill göra med den.")
    Secrecy(acts=it.acts).settle(it.case["id"], int(mark), lifts=wish == "hav", by=it.by, version=it.version)


def _protect(it: Doing) -> None:
    Secrecy(acts=it.acts).protect(it.case["id"], protected=True, by=it.by, version=it.version)


def _show_again(it: Doing) -> None:
    Secrecy(acts=it.acts).protect(it.case["id"], protected=False, by=it.by, version=it.version)


def _retitle(it: Doing) -> None:
    Secrecy(acts=it.acts).retitle(
        it.case["id"],
        it.text("title"),
        all_the_same=it.text("all_the_same") == "ja",
        by=it.by,
        version=it.version,
    )


TASKS = (
    Task(
        slug="svara",
        label="Svara",
        done="Svaret är på väg.",
        act=Act.ANSWER,
        do=_elsewhere,
        is_main=True,
        shows_words=True,
        fields=(
            Field(
                name="text",
                label="Ditt svar",
                rows=9,
                hint=f"Hälsning, namn och ärendenummer kommer med av sig själva. {_CITIZEN_HINT}",
            ),
            Field(name="outcome", label="Utfall", look=Look.CHOICE, options=_OUTCOMES),
            Field(
                name="act_on",
                label="Dag då det ska vara gjort",
                look=Look.DAY,
                optional=True,
                depends=True,
                hint="Bara om det åtgärdas senare.",
            ),
            Field(
                name="explanation",
                label="Varför inget görs",
                optional=True,
                depends=True,
                hint="Bara om ingen åtgärd görs. Det står i brevet. Minst 20 tecken.",
            ),
            Field(
                name="measure",
                label="Åtgärd",
                rows=2,
                optional=True,
                hint="Vad som är gjort. Det står bara i ärendet.",
            ),
            Field(
                name="improvement",
                label="Förslag till förbättring",
                rows=2,
                optional=True,
                hint="Till verksamheten. Det står bara i ärendet och i rapporterna.",
            ),
            Field(name="way", label="Svarets väg", look=Look.CHOICE, options=_WAYS, optional=True),
        ),
    ),
    Task(
        slug="avsluta",
        label="Avsluta",
        done="Ärendet är avslutat.",
        act=Act.CLOSE,
        do=lambda it: it.acts.close(it.case["id"], by=it.by, version=it.version),
        is_main=True,
    ),
    Task(
        slug="lamna-ater",
        label="Lämna åter",
        done="Ärendet är tillbaka hos dem som avslutar.",
        act=Act.RETURN,
        do=lambda it: it.acts.give_back(it.case["id"], by=it.by, version=it.version),
        is_main=True,
    ),
    Task(
        slug="godkann",
        label="Godkänn att inget görs",
        done="Godkänt.",
        act=Act.APPROVE,
        do=lambda it: it.acts.approve(it.case["id"], by=it.by, version=it.version),
        is_main=True,
    ),
    Task(
        slug="for-in-redogorelse",
        label="För in redogörelsen",
        done="Redogörelsen är införd.",
        act=Act.RECORD_STATEMENT,
        is_main=True,
        fields=(
            Field(
                name="statement",
                label="Vad har hänt, och vad är gjort?",
                rows=6,
                hint="Som den kom med e-post, eller som den sades i telefon.",
            ),
            Field(name="form", label="Hur kom den?", look=Look.CHOICE, options=_FORMS),
            *_STATEMENT_FIELDS,
        ),
        do=_record_statement,
    ),
    Task(
        slug="komplettera-redogorelse",
        label="Komplettera redogörelsen",
        done="Redogörelsen är kompletterad.",
        roles=_OWNERS,
        when=lambda case: (
            case["statement_received_at"] is not None
            and case["status"] not in {Status.ARCHIVED, Status.DISPOSED}
        ),
        fields=_STATEMENT_FIELDS,
        do=_complete_statement,
    ),
    Task(
        slug="tilldela",
        label="Ge till någon",
        done="Ärendet har fått en ny handläggare.",
        act=Act.ASSIGN,
        do=_assign,
        hint="Den nya handläggaren och avsändaren får besked. Den lovade dagen ändras inte.",
        fields=(
            Field(name="handler", label="Vem ska ha ärendet?", look=Look.LIST, options=_PEOPLE),
            Field(
                name="unit",
                label="Enhet",
                look=Look.LIST,
                options=_UNITS,
                optional=True,
                hint="Byt också enhet, om ärendet hör till en annan.",
            ),
            _REASON,
        ),
    ),
    Task(
        slug="fraga",
        label="Fråga avsändaren",
        done="Frågan är på väg. Ärendet väntar på svar.",
        act=Act.ASK_SENDER,
        shows_words=True,
        when=lambda case: bool(case["sender_handle"] or case["pick_up"]),
        hint="Löftets klocka går vidare. Svarar ingen fortsätter ärendet av sig självt.",
        fields=(Field(name="question", label="Din fråga", rows=4, hint=_CITIZEN_HINT), DESPITE),
        do=_ask,
    ),
    Task(
        slug="mer-tid",
        label="Meddela ny dag",
        done="Avsändaren får besked om den nya dagen.",
        roles=_OWNERS,
        when=lambda case: case["status"] in _OPEN and bool(case["sender_handle"]),
        hint="Den dag som är lovad står kvar i ärendet och räknas.",
        do=_delay,
        fields=(
            Field(name="answer_on", label="Ny dag för svaret", look=Look.DAY),
            Field(
                name="reason", label="Varför svaret dröjer", rows=4, hint=f"Hela meningar. {_CITIZEN_HINT}"
            ),
            DESPITE,
        ),
    ),
    Task(
        slug="begar-redogorelse",
        label="Begär redogörelse",
        done="Redogörelsen är begärd.",
        act=Act.ASK_PROVIDER,
        do=_ask_statement,
        hint="Till den som utför arbetet åt kommunen, eller till en annan nämnd. Ärendet är kvar hos oss.",
        fields=(
            Field(name="of", label="Vem ska redogöra?", look=Look.LINE),
            Field(
                name="address",
                label="E-postadress",
                look=Look.LINE,
                optional=True,
                hint="Utan adress skickas inget: ring, och för in det som sägs.",
            ),
            Field(name="question", label="Vad vill ni veta?", rows=4, hint=_CITIZEN_HINT),
            Field(name="other_board", label="Det är en annan nämnd", look=Look.TICK, optional=True),
            DESPITE,
        ),
    ),
    Task(
        slug="anteckna",
        label="Anteckna",
        done="Anteckningen är sparad.",
        when=lambda case: case["status"] not in _ENDED,
        do=_note,
        fields=(
            Field(
                name="service_note",
                label="Tjänsteanteckning",
                rows=5,
                optional=True,
                hint="Vad har synpunkten lett fram till?",
            ),
            Field(name="serious", label="Allvarlig: ska diarieföras", look=Look.TICK, optional=True),
            Field(name="diary_number", label="Diarienummer", look=Look.LINE, optional=True),
        ),
    ),
    Task(
        slug="folj-upp",
        label="Följ upp",
        done="Uppföljningen är sparad.",
        do=_follow_up,
        fields=(
            Field(name="follow_up_on", label="Dag för uppföljning", look=Look.DAY, optional=True),
            Field(name="follow_up_result", label="Vad visade den?", rows=3, optional=True),
        ),
    ),
    Task(
        slug="checklista",
        label="Kryssa i checklistan",
        done="Punkten är avkryssad.",
        when=lambda case: any(not told for told in case["checklist"].values()),
        do=_tick,
        fields=(
            Field(
                name="item",
                label="Vad är gjort?",
                look=Look.CHOICE,
                options=tuple((str(one), str(one).replace("_", " ").capitalize()) for one in Duty),
            ),
            Field(
                name="note", label="Anteckning", rows=2, optional=True, hint="Inga uppgifter ur journaler."
            ),
        ),
    ),
    Task(
        slug="till-sortering",
        label="Fel dörr: lämna till sortering",
        done="Registratorn får avgöra vad det är.",
        act=Act.SORT,
        fields=(_REASON,),
        do=lambda it: it.acts.to_sorting(
            it.case["id"], by=it.by, reason=it.text("reason"), version=it.version
        ),
    ),
    Task(
        slug="lamna-over",
        label="Lämna över: det är ingen synpunkt",
        done="Ärendet är överlämnat, och avsändaren får veta vem som har det.",
        act=Act.HAND_OVER,
        do=_hand_over,
        shows_words=True,
        fields=(
            Field(name="door", label="Vad är det?", look=Look.LIST, options=_DOORS),
            Field(
                name="to",
                label="Till vem?",
                look=Look.LINE,
                hint="Så att det passar efter till, som registratorn eller miljönämnden. Det står i brevet.",
            ),
            _REASON,
        ),
    ),
    Task(
        slug="dubblett",
        label="Koppla som dubblett",
        done="Ärendet hör nu till det andra, och avsändaren får veta det.",
        act=Act.DUPLICATE,
        do=_duplicate,
        fields=(Field(name="original", label="Det andra ärendets nummer", look=Look.LINE),),
    ),
    Task(
        slug="angra-dubblett",
        label="Ångra dubblett",
        done="Ärendet är inte längre en dubblett, och sorteras på nytt.",
        act=Act.UNTIE,
        fields=(_REASON,),
        hint="När det visar sig gälla en annan sak. Avsändaren får besked när någon får ärendet.",
        do=lambda it: it.acts.untie(it.case["id"], by=it.by, reason=it.text("reason"), version=it.version),
    ),
    Task(
        slug="svara-dubblett",
        label="Svara dubblettens avsändare",
        done="Svaret är på väg också till den avsändaren.",
        roles=_OWNERS,
        when=lambda case: bool(case.get("untold")) and case["status"] in _TOLD,
        do=_answer_duplicate,
        is_main=True,
        hint="Avsändaren skrev om samma sak i ett annat ärende, och har inte fått svaret.",
        fields=(
            Field(name="duplicate", label="I vilket ärende?", look=Look.LIST, options=_WAITING),
            Field(name="text", label="Svaret", rows=9, hint="Skriv inget som bara rör den andra avsändaren."),
            Field(name="way", label="Svarets väg", look=Look.CHOICE, options=_WAYS),
            DESPITE,
        ),
    ),
    Task(
        slug="ta-tillbaka",
        label="Ta tillbaka",
        done="Ärendet är tillbaka.",
        act=Act.TAKE_BACK,
        fields=(_REASON,),
        do=lambda it: it.acts.take_back(
            it.case["id"], by=it.by, reason=it.text("reason"), version=it.version
        ),
    ),
    Task(
        slug="oppna-igen",
        label="Öppna igen",
        done="Ärendet är öppet igen, med en ny dag för svaret.",
        act=Act.REOPEN,
        hint="När avsändaren inte är nöjd, eller något nytt har kommit fram.",
        fields=(_REASON,),
        do=lambda it: it.acts.reopen(it.case["id"], by=it.by, reason=it.text("reason"), version=it.version),
    ),
    Task(
        slug="jav",
        label="Anmäl jäv",
        done="Personen kommer inte längre åt ärendet.",
        when=lambda case: case["status"] not in _ENDED,
        do=_bar,
        hint="För den som ärendet handlar om. Har personen ärendet går det till nästa.",
        fields=(Field(name="person", label="Vem?", look=Look.LIST, options=_PEOPLE),),
    ),
    Task(
        slug="synlighet",
        label="Ändra vem som ser ärendet",
        done="Ändrat.",
        roles=frozenset({life.MANAGER, life.REGISTRATOR}),
        hint="Ett begränsat ärende ses bara av registrator, chef, kvalitet och den som har det.",
        do=_restrict,
    ),
    Task(
        slug="sekretess",
        label="Sekretessmarkera",
        done="Markeringen är sparad. En föreslagen markering gäller när registratorn har satt den.",
        roles=_INSIDE,
        do=_mark,
        shows_words=True,
        hint=(
            "En markering är en varning. Om något är hemligt prövas på nytt varje gång någon begär ut det. "
            "Registratorn markerar, andra föreslår."
        ),
        fields=(
            Field(
                name="paragraph",
                label="Bestämmelse",
                look=Look.LIST,
                options=_PARAGRAPHS,
                optional=True,
                depends=True,
            ),
            Field(
                name="other_paragraph",
                label="Annan bestämmelse",
                look=Look.LINE,
                optional=True,
                depends=True,
                hint="Om den inte finns i listan, så som 32 kap. 4 § OSL.",
            ),
            Field(name="authority", label="Nämnd som markerar", look=Look.LINE),
            Field(
                name="message",
                label="Vad gäller markeringen?",
                look=Look.CHOICE,
                options=_PAPERS,
                optional=True,
            ),
            Field(name="why", label="Varför", rows=2, optional=True, hint="Skriv inte det hemliga."),
        ),
    ),
    Task(
        slug="sekretess-besked",
        label="Sätt eller häv sekretessmarkering",
        done="Ändrat. Den gamla markeringen finns kvar i ärendets historia.",
        roles=frozenset({life.REGISTRATOR}),
        when=lambda case: bool(case.get("marks")),
        do=_settle,
        fields=(
            Field(name="mark", label="Vilken markering?", look=Look.LIST, options=_MARKS),
            Field(name="wish", label="Vad vill du göra?", look=Look.CHOICE, options=_SETTLED),
        ),
    ),
    Task(
        slug="skydda",
        label="Skydda avsändarens uppgifter",
        done="Ärendet syns nu bara för dem som får känna till avsändaren.",
        roles=_INSIDE,
        when=lambda case: not case["protected"],
        do=_protect,
        hint=(
            "För den som har skyddade personuppgifter. Ärendet försvinner genast för alla andra, och det som "
            "väntar på att skickas stannar. Bara registratorn kan visa det igen."
        ),
    ),
    Task(
        slug="havskydd",
        label="Ta bort skyddet av avsändarens uppgifter",
        done="Ärendet syns igen för dem som får läsa det.",
        roles=frozenset({life.REGISTRATOR}),
        when=lambda case: bool(case["protected"]),
        do=_show_again,
        hint="Bara när avsändaren inte längre har skyddade personuppgifter, eller det var fel.",
    ),
    Task(
        slug="arendemening",
        label="Ändra ärendemeningen",
        done="Ärendemeningen är ändrad.",
        roles=frozenset({life.REGISTRATOR}),
        do=_retitle,
        shows_words=True,
        hint="Ärendemeningen är offentlig: vem som helst får läsa den i registret.",
        fields=(
            Field(
                name="title", label="Ärendemening", look=Look.LINE, hint="Vad saken gäller. Inga personer."
            ),
            Field(
                name="all_the_same",
                label="Den pekar inte ut någon. Spara den som den är.",
                look=Look.TICK,
                optional=True,
            ),
        ),
    ),
)
_BY_SLUG = {task.slug: task for task in TASKS}
ANSWER = _BY_SLUG["svara"]  # its page is in `answer`
_DOING = {"fraga": Presence.ANSWERING}
_OTHERWISE = {
    "sparat": "Det du har skrivit är sparat. Du ser det när du svarar.",
    "for-sent": "Det är för sent att ångra: brevet har skickats, eller skickas just nu.",
}


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What somebody can do to a case, the main things first; and whether they may change it at all."""

    acts: Sequence[Mapping[str, object]]
    may_change: bool


@dataclass(frozen=True, kw_only=True)
class LookedAt:
    """The moment of a case that somebody has on the screen: its version, and its last journal line.

    `since` is what others have done after that, once it has been shown that they did.
    """

    version: int
    line: int
    since: Sequence[Mapping[str, object]] = ()


class Work:
    """The pages."""

    def __init__(
        self,
        *,
        answering: Answering,
        show: Show,
        access: Access,
        staff: Sequence[Handler],
        units: Sequence[Unit],
    ) -> None:
        self._acts = answering.acts
        self._answering = answering
        self._show = show
        self._access = access
        self._staff, self._units = staff, units
        self._views = Views(staff=ById(staff), units=ById(units))

    def routes(self) -> list[Route]:
        """List the pages, each behind the door."""
        guard, path = self._access.for_staff, "/arenden/{number}/gor/{task}"
        return [
            Route(path, guard(self.look), methods=["GET"]),
            Route(path, guard(self.act), methods=["POST"]),
        ]

    def todo(self, case: Row, me: Handler) -> Choices:
        """Tell what somebody can do to a case now. Blocking."""
        case = self._with_duplicates(case)
        possible, roles = self._acts.choices(case["id"], me.id)
        found = [
            {
                "slug": task.slug,
                "label": task.label,
                "is_main": self._is_next(task, case),
                "url": f"{views.case_url(case['number'])}/gor/{task.slug}",
                "missing": list(possible.get(task.act, ())) if task.act else [],
                "bare": not task.fields,
            }
            for task in TASKS
            if _is_possible(task, case, possible, roles)
        ]
        found.sort(key=lambda one: not one["is_main"])
        return Choices(acts=found, may_change=bool(_INSIDE & roles))

    def _is_next(self, task: Task, case: Row) -> bool:
        """Tell whether an act is among the next steps of a case, and not only possible."""
        if task.act is Act.RETURN:
            return self._acts.rules.close_by_triage
        return task.is_main or (task.act is Act.ASSIGN and case["status"] in _UNSORTED)

    async def look(self, request: Request, me: Handler) -> Response:
        """Show what an act asks for."""
        task, case = await self._found(request, me)
        await asyncio.to_thread(self.seen, case, me, _DOING.get(task.slug, Presence.WRITING))
        typed = _known(case) | {"authority": self._acts.work.house.authority_of(case["unit"])}
        if (unit := self._acts.work.house.unit(case["unit"])) is not None and unit.provider is not None:
            typed |= {"of": unit.provider.name, "address": unit.provider.email}
        if task.act is Act.ASK_SENDER:
            begun = await asyncio.to_thread(self._answering.begun, case, Act.ASK_SENDER, by=me.id)
            typed |= begun.typed if begun else {}
        return await self._page(request, me, task, case, typed=typed)

    async def act(self, request: Request, me: Handler) -> Response:
        """Do it, or show again all that was typed with what is missing."""
        sent = await self._access.sent(request)
        task, case = await self._found(request, me)
        typed = {field.name: sent.get(field.name, "")[:LONGEST] for field in task.fields}
        doing = Doing(
            acts=self._acts,
            answering=self._answering,
            case=case,
            by=me.id,
            version=version_of(sent),
            typed=typed,
        )
        try:
            await asyncio.to_thread(task.do, doing)
        except IllegalActError as error:
            looked = self.looked_at(sent)
            return await self._page(
                request,
                me,
                task,
                case,
                typed=typed,
                problems=error.missing,
                status=422,
                looked=looked,
                asks_why=isinstance(error, OpenRoadError) and not error.stop.is_final,
            )
        except StaleCaseError:
            _, fresh = await self._found(request, me)
            looked = await asyncio.to_thread(self.now, fresh, since=self.looked_at(sent).line)
            return await self._page(
                request, me, task, fresh, typed=typed, problems=[STALE], status=409, looked=looked
            )
        except StoreError as error:
            raise HTTPException(400) from error
        if not await asyncio.to_thread(self._acts.reads, case["id"], me.id):
            return RedirectResponse("/arenden?klart=lamnat", 303)  # whoever gave it away sees it no more
        query = urlencode({"gjort": task.slug})
        return RedirectResponse(f"{views.case_url(case['number'])}?{query}", 303)

    async def _found(self, request: Request, me: Handler) -> tuple[Task, Row]:
        task = _BY_SLUG.get(request.path_params["task"])
        if task is None:
            raise HTTPException(404)
        return task, await asyncio.to_thread(self.case_for, request.path_params["number"], me.id)

    def case_for(self, number: str, person_id: str) -> Row:
        """Return a case, with the duplicates whose senders get its answer as well.

        Raises `HiddenCaseError` if there is none, or none that the person may see: before anything is read
        of what belongs to it.
        """
        with self._acts.store.read() as transaction:
            case = cases.find_number(transaction, number)
        if case is None:
            raise HiddenCaseError
        # Whoever may not see the case is told so by the same error as on its own page.
        self._acts.roles_in(case["id"], person_id)
        return self._with_duplicates(case)

    def _with_duplicates(self, case: Row) -> Row:
        """Tell of a case, besides, whose senders get its answer as well: pairs of a number and its row."""
        with self._acts.store.read() as transaction:
            papers = cases.of_case(transaction, case["id"])["messages"]
            marks = [one for one in secrecy.marks(transaction, case["id"]) if one["lifted_at"] is None]
        return {
            **case,
            "untold": {one["number"]: one for one in self._acts.untold(case["id"])},
            "papers": [("", "Hela ärendet"), *_papers(papers)],
            "marks": [(str(one["id"]), _mark_in_words(one)) for one in marks],
        }

    async def _page(
        self,
        request: Request,
        me: Handler,
        task: Task,
        case: Row,
        *,
        typed: Mapping[str, str],
        problems: Sequence[str] = (),
        status: int = 200,
        looked: LookedAt | None = None,
        asks_why: bool = False,
    ) -> Response:
        messages = await asyncio.to_thread(self.messages, case["id"]) if task.shows_words else []
        looked = looked or await asyncio.to_thread(self.now, case)
        return self._show.page(
            "work",
            me=me,
            token=self._access.token(request),
            status=status,
            case=self._views.head(case),
            looked=looked,
            task={"slug": task.slug, "label": task.label, "hint": task.hint},
            fields=[
                self.field(field, typed, case) for field in task.fields if field is not DESPITE or asks_why
            ],
            problems=list(problems),
            messages=messages,
            tomorrow=(day_of(self._acts.clock()) + timedelta(days=1)).isoformat(),
        )

    def _lists(self) -> dict[str, list[tuple[str, str]]]:
        """List who can be given a case, and the units, as they are now."""
        here = [one for one in self._staff if not one.has_left]
        return {
            _PEOPLE: [(one.id, f"{one.name}, {one.title}" if one.title else one.name) for one in here],
            _UNITS: [(one.id, one.name) for one in self._units],
            _PARAGRAPHS: [(one, one) for one in self._acts.work.house.paragraphs],
        }

    def looked_at(self, sent: Mapping[str, str]) -> LookedAt:
        """Return what somebody had on the screen who sent a form: a form that is shown again has it still."""
        line = sent.get("rad", "")
        return LookedAt(version=version_of(sent), line=int(line) if re.fullmatch("[0-9]{1,9}", line) else 0)

    def now(self, case: Row, *, since: int = 0) -> LookedAt:
        """Return the present moment of a case, with what was done in it after a journal line. Blocking."""
        with self._acts.store.read() as transaction:
            lines = journal.of_case(transaction, case["id"])
        return LookedAt(
            version=case["version"],
            line=lines[-1]["id"] if lines else 0,
            since=[self._views.entry(row) for row in lines if since and row["id"] > since],
        )

    def head(self, case: Row) -> Mapping[str, object]:
        """Show what is known of a case itself."""
        return self._views.head(case)

    def field(self, field: Field, typed: Mapping[str, str], case: Row) -> dict[str, object]:
        """Show a field with what was typed in it."""
        lists = self._lists() | {_WAITING: [(number, number) for number in case["untold"]]}
        lists |= {_PAPERS: case["papers"], _MARKS: case["marks"]}
        options = lists[field.options] if isinstance(field.options, str) else list(field.options)
        if field.name == "item":
            options = [one for one in options if case["checklist"].get(one[0]) == {}]
        return {
            "name": field.name,
            "label": field.label,
            "look": str(field.look),
            "hint": field.hint,
            "rows": field.rows,
            "optional": field.optional,
            "depends": field.depends,
            "options": [(str(value), word) for value, word in options],
            "value": typed.get(field.name, ""),
        }

    def seen(self, case: Row, me: Handler, doing: Presence) -> None:
        """Note that somebody has a case open, and what for. Blocking."""
        seen.note(self._acts.store, case["id"], me.id, now=self._acts.clock(), doing=doing)

    def messages(self, case_id: int) -> list[dict[str, object]]:
        """Show what the sender wrote."""
        with self._acts.store.read() as transaction:
            rows = cases.of_case(transaction, case_id)["messages"]
        return [
            {
                "id": row["id"],
                "received_at": row["received_at"],
                "subject": row["subject"],
                "text": row["text"],
                "edited": row["event"] == Event.EDITED,
                "removed": row["event"] == Event.DELETED,
            }
            for row in rows
        ]


def told(slug: str) -> str:
    """Say what was done, or return an empty text for what is no act of ours."""
    task = _BY_SLUG.get(slug)
    return task.done if task else _OTHERWISE.get(slug, "")


def _is_possible(task: Task, case: Row, possible: Mapping[Act, Sequence[str]], roles: frozenset[str]) -> bool:
    if not task.when(case):
        return False
    return task.act in possible if task.act is not None else bool(task.roles & roles)


def _known(case: Row) -> dict[str, str]:
    """Fill a form with what the case already says."""
    return {
        "service_note": case["service_note"],
        "serious": "ja" if case["serious"] else "",
        "diary_number": case["diary_number"],
        "follow_up_on": case["follow_up_on"].isoformat() if case["follow_up_on"] else "",
        "follow_up_result": case["follow_up_result"],
        "statement_measure": case["statement_measure"],
        "statement_told_on": case["statement_told_on"].isoformat() if case["statement_told_on"] else "",
        "unit": case["unit"],
        "title": case["title"],
        "way": Way.LETTER if case["sender_handle"] else "",
    }


def _papers(rows: Sequence[Row]) -> list[tuple[str, str]]:
    return [(str(row["id"]), f"Bara meddelandet {day_of(row['received_at'])}") for row in rows]


def _mark_in_words(mark: Row) -> str:
    told = f"{mark['paragraph']}, {mark['authority']}"
    return f"Föreslagen: {told}" if secrecy.is_proposed(mark) else f"{told}, sedan {day_of(mark['set_at'])}"


def version_of(sent: Mapping[str, str]) -> int:
    """Return which version of the case somebody looked at; one that no case has, if none was told."""
    text = sent.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else _NO_VERSION
