"""The nouns of the house: message, case, letter, promise. Pure data, no behaviour that waits."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Kind(StrEnum):
    """What a message is, at its core (requirements.md C5:1)."""

    PRAISE = "beröm"
    SUGGESTION = "förslag"
    COMPLAINT = "klagomål"


class Factor(StrEnum):
    """The twelve quality factors (Landskrona, KF § 97 2003-08-25; row L2)."""

    TREATMENT = "Bemötande"
    INFLUENCE = "Delaktighet/inflytande"
    ACCESS = "Tillgänglighet"
    HANDLING_TIME = "Handläggningstid"
    PERFORMANCE = "Utförande"
    SAFETY = "Trygghet"
    INFORMATION = "Information"
    CHOICE = "Valfrihet"
    LIVING_ENVIRONMENT = "Boendemiljö"
    FOOD = "Mat"
    FEES = "Taxor/avgifter"
    OTHER = "Annat"


# What somebody says of a type or a factor that they can not judge. It confirms nothing, and teaches nothing.
UNSURE = "vet_ej"


class Lane(StrEnum):
    """A sign that a message may be something else, or more, than a synpunkt (requirements.md C5)."""

    APPEAL = "överklagande"
    DOCUMENT_REQUEST = "begäran_allmän_handling"
    LEX_SARAH = "lex_sarah"
    CONCERN_REPORT = "orosanmälan"
    EMERGENCY = "akut"
    THREAT = "hot"
    FAULT_REPORT = "felanmälan"
    QUESTION = "fråga"
    DATA_PROTECTION = "gdpr"
    DISCRIMINATION = "diskriminering"
    WHISTLEBLOWING = "visselblåsning"
    SPAM = "spam"
    NAMED_EMPLOYEE = "enskild_anställd"
    OTHER_AUTHORITY = "annan_huvudman"


class Source(StrEnum):
    """How a message reached the municipality, whoever typed it in (row L6)."""

    WEB = "webb"
    EMAIL = "e-post"
    CHAT = "chatt"
    SMS = "sms"
    SOCIAL_MEDIA = "sociala_medier"
    PHONE = "telefon"
    VISIT = "besök"
    MEETING = "möte"
    LETTER = "brev"
    PAPER_FORM = "blankett"
    FAX = "fax"
    QUESTION_TIME = "nämndfrågestund"


class SenderCategory(StrEnum):
    """Who a sender is to the municipality (row K24). Nobody must say."""

    RESIDENT = "invånare"
    RELATIVE = "anhörig"
    COMPANY = "företag"
    ASSOCIATION = "förening"
    PARTNER = "samverkanspart"


class Status(StrEnum):
    """Where a case stands (requirements.md C1)."""

    RECEIVED = "inkommen"
    QUARANTINED = "karantän"
    SORTING = "sortering"
    ASSIGNED = "tilldelad"
    IN_PROGRESS = "pågår"
    AWAITING_SENDER = "väntar_avsändare"
    AT_PROVIDER = "hos_utförare"
    AT_OTHER_BOARD = "hos_annan_nämnd"
    ANSWERED = "besvarad"
    RETURNED = "åter"
    CLOSED = "avslutad"
    REOPENED = "återöppnad"
    HANDED_OVER = "överlämnad"
    DUPLICATE = "dubblett"
    ARCHIVED = "arkiverad"
    DISPOSED = "gallrad"


class Act(StrEnum):
    """What can be done to a case. Who may, from where and when, is said in `store.life`."""

    QUARANTINE = "sätt i karantän"
    RELEASE = "släpp ur karantän"
    SORT = "lämna till sortering"
    ASSIGN = "tilldela"
    BEGIN = "börja handlägga"
    ASK_SENDER = "fråga avsändaren"
    RESUME = "fortsätt handlägga"
    ASK_PROVIDER = "begär redogörelse av utförare"
    ASK_BOARD = "begär redogörelse av nämnd"
    RECORD_STATEMENT = "för in redogörelse"
    ANSWER = "svara"
    ANSWER_BY_MAIL = "svara med eget mejl"
    CHOOSE_OUTCOME = "välj utfall"
    UNDO = "ångra brevet"
    APPROVE = "godkänn ingen åtgärd"
    DELIVER = "svaret är framme"
    BOUNCE = "svaret kom tillbaka"
    RETURN = "lämna åter"
    SEND_BACK = "skicka tillbaka till handläggaren"
    CLOSE = "avsluta"
    REOPEN = "öppna igen"
    HAND_OVER = "lämna över"
    TAKE_BACK = "ta tillbaka"
    DUPLICATE = "koppla som dubblett"
    UNTIE = "ångra dubblett"
    ARCHIVE = "arkivera"
    DISPOSE = "gallra"


class Outcome(StrEnum):
    """What came of a case (requirements.md C1)."""

    DONE = "åtgärdad"
    LATER = "åtgärdas_senare"
    NO_ACTION = "ingen_åtgärd"
    FORWARDED = "vidarebefordrad"


class Way(StrEnum):
    """How an answer reaches the sender."""

    LETTER = "brev"  # through the outbox
    PHONE = "telefon"
    POST = "post"
    OWN_MAIL = "eget_mejl"  # the handler wrote to the sender, with us in copy (row N17)
    NOTE = "anteckning"  # nobody can be told: what was done is written down


class StatementForm(StrEnum):
    """How a provider, or another board, told what happened (row N20)."""

    MAIL = "mejl"
    ORAL = "muntlig"  # said in a call or a meeting, and noted down


class MessageState(StrEnum):
    """How far an inbound message has come on its way."""

    KEPT = "mottaget"  # committed, not yet read
    READ = "läst"  # belongs to a case
    UNREADABLE = "oläsligt"  # belongs to a case, but only the raw bytes speak
    CANDIDATE = (
        "kandidat"  # a public comment that may be a synpunkt: a human, or a sure opinion, makes it one
    )
    ASIDE = "utan_ärende"  # kept, and of no case: a command, a delivery report, an echo of ours


class Event(StrEnum):
    """What a service tells of a message."""

    NEW = "nytt"
    EDITED = "ändrat"  # the sender has changed it: a new version, never in the place of the old
    DELETED = "borttaget"  # the sender has removed it: we keep what we were given
    DELIVERY = "leverans"  # what became of a letter of ours
    OTHER = "övrigt"  # nothing that we know; kept as it came


class Visibility(StrEnum):
    """Who can read a message on its service."""

    PRIVATE = "privat"
    PUBLIC = "offentlig"


class Command(StrEnum):
    """What a sender asks of the assistant, rather than of the municipality."""

    START = "start"
    HELP = "hjälp"
    STATUS = "status"
    ANONYMOUS = "anonym"
    NEW_MATTER = "ny"  # the next message is no continuation
    STOP = "stopp"  # no more letters on this road
    RESUME = "återuppta"
    CHOICE = "val"  # one of the buttons under a letter


class Dismissal(StrEnum):
    """Why a public comment is no synpunkt."""

    TALK = "samtal"
    QUESTION = "besvarad_fråga"
    ELSEWHERE = "inte_kommunen"
    KNOWN = "finns_redan"
    ADVERTISING = "reklam"
    OTHER = "annat"


class Hiding(StrEnum):
    """Why a public comment is hidden on its service; kept as the reason for its removal there."""

    PERSONAL_DATA = "personuppgifter"
    SECRECY = "sekretess"
    HATE = "hot_eller_hat"
    ADVERTISING = "reklam"
    OTHER = "annat"


class Delivered(StrEnum):
    """What a service tells of a letter that it took."""

    ARRIVED = "framme"
    SEEN = "sett"
    FAILED = "kom_inte_fram"


class ScanState(StrEnum):
    """What a scanner for viruses has said of a message and its files."""

    WAITING = "väntar"
    CLEAN = "ren"
    FOUND = "smittad"
    IMPOSSIBLE = "kan_inte_granskas"  # too large for the scanner


class LetterState(StrEnum):
    """Where a letter stands. `unknown` is never sent again by a machine."""

    PENDING = "väntar"
    HELD = "hålls"  # waits until a human lets it go
    SENDING = "sänds"
    SENT = "sänt"
    UNKNOWN = "okänt"
    FAILED = "misslyckat"
    UNDELIVERED = "ej_levererat"  # was sent, then came back
    UNDONE = "ångrat"  # taken back by its writer before it was sent


class Purpose(StrEnum):
    """Why a letter is written; with its case it names the letter, so that none is written twice."""

    ACKNOWLEDGEMENT = "kvitto"
    HANDLER_NOTICE = "nytt_ärende"
    FOLLOW_UP_NOTICE = "komplettering"
    UNDELIVERED_NOTICE = "studs"
    ANSWER = "svar"
    STATEMENT_REQUEST = "redogörelse"
    HANDLER_NAMED = "handläggare_utsedd"
    QUESTION = "fråga"
    DELAY = "fördröjning"
    SENT_ON = "skickat_vidare"
    HANDED_OVER = "överlämnat"
    DUPLICATE = "dubblett"
    SPLIT = "delat"
    REOPENED = "återöppnat"
    CLOSED = "avslutat"
    REMINDER = "påminnelse"
    ESCALATION = "eskalering"
    ALARM = "larm"
    TASK = "uppgift"
    REPORT = "rapport"  # that one is there, or that its analysis is missing
    DRAFT_NOTICE = "utkast"
    ASSISTANT = "assistent"  # what the assistant says of itself, and when somebody asks
    FOLLOW_UP_QUESTION = "följdfråga"  # after the receipt, and nothing waits for it
    ADDED = "tillagt"  # that a further message has been laid in its case
    WAITS = "väntar_på_sidan"  # that something may be read on our page, and not a word of it
    PUBLIC_NOTE = "offentlig_hänvisning"  # under a comment: no words of the case, no name


_BY_HUMANS = frozenset({Purpose.ANSWER, Purpose.QUESTION, Purpose.DELAY})


class PromiseKind(StrEnum):
    """What we have promised by a date."""

    RECEIPT = "kvitto"
    FIRST_FEEDBACK = "första_återkoppling"
    ANSWER = "svar"


class Presence(StrEnum):
    """What somebody who has a case open does there."""

    READING = "läser"
    ANSWERING = "skriver_svar"
    WRITING = "skriver"  # something else than the answer


class Clock(StrEnum):
    """What runs out, and is watched (requirements.md C2)."""

    ANSWER = "svar"
    FIRST_FEEDBACK = "första_återkoppling"
    ASSIGNMENT = "tilldelning"
    STATEMENT = "redogörelse"
    QUESTION = "fråga"
    FOLLOW_UP = "uppföljning"
    UNOPENED = "oöppnat"  # row B33: nobody has looked at it
    ABSENCE = "frånvaro"
    HAND_OVER = "överlämnande"
    RECEIPT = "kvitto"
    REPLY_WINDOW = "svarsfönster"  # after it, their service lets nobody write to a sender


class Step(StrEnum):
    """How far the telling of a clock has come; each step is taken once."""

    BEFORE = "före"
    REMINDER = "påminnelse"
    ESCALATION = "eskalering"
    NEXT_LEVEL = "nästa_nivå"


class Door(StrEnum):
    """What a case turned out to be, if it was no synpunkt (requirements.md C5)."""

    APPEAL = "överklagande"
    DOCUMENT_REQUEST = "begäran_allmän_handling"
    CONCERN_REPORT = "orosanmälan"
    DATA_PROTECTION = "gdpr"
    WHISTLEBLOWING = "visselblåsning"
    FAULT_REPORT = "felanmälan"
    OTHER_AUTHORITY = "annan_huvudman"
    SUPERVISOR = "tillsynsmyndighet"  # from IVO, JO and the like: to the main diary (row K14)
    CITIZEN_PROPOSAL = "medborgarförslag"
    DAMAGES = "skadestånd"
    INSPECTION = "tillsyn"  # environmental and building matters
    ACCESSIBILITY = "digital_tillgänglighet"
    INTERNAL = "intern"
    OTHER = "annat"


class Duty(StrEnum):
    """What must be done besides answering, and is ticked in the case's checklist."""

    LEX_SARAH = "lex_sarah"  # row N19
    VIOLATION = "kränkning"  # in a school: row B23
    JOURNAL = "journalförd"  # row K15; what stands in the journal never stands here


class Automatic(StrEnum):
    """What kind of machine wrote a message (RFC 3834, RFC 3464, RFC 8098)."""

    BOUNCE = "studs"  # a delivery failed for good
    DELAYED = "försening"  # a delivery is late
    DELIVERED = "leveranskvitto"  # a delivery succeeded
    DISPOSITION = "läskvitto"
    AUTO_REPLY = "autosvar"
    CALENDAR_REPLY = "kalendersvar"
    ABUSE_REPORT = "missbruksrapport"
    BULK = "massutskick"
    OWN_LOOP = "egen_slinga"
    NO_REPLY = "ej_svarbar"
    WEB_FORM = "webbformulär"
    OTHER = "automatiskt"


class Verdict(StrEnum):
    """What a trusted server before us said of a message."""

    SPAM = "spam"
    DMARC_FAILED = "dmarc_underkänd"


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where someone can be reached. `channel` is the road ("email"), `handle` the place on it."""

    channel: str
    handle: str


# The road to who can only be reached on our own page, with a code (row X9). Nothing is sent there.
PAGE = "svarssida"


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that came with a message. `name` is a label only, never a path."""

    name: str
    media_type: str
    size: int


# The channel of what a member of staff has taken down: said, or written on paper.
BY_STAFF = "staff"
# What is said aloud has no document of its own, so who wrote it down must be known (FL 27 §, row B8).
ORAL = frozenset({Source.PHONE, Source.VISIT, Source.MEETING, Source.QUESTION_TIME})


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a member of staff knows of a message that they took down, besides its words.

    `by` is the name of who took it down, never empty (row B8); `recorder` is the id of who was logged in.
    """

    source: Source
    by: str
    recorder: str
    category: SenderCategory | None = None
    phone: str = ""  # besides the address that letters go to
    unit: str = ""  # proposed; the registrator and the rules may say otherwise
    measure: str = ""  # what was done on the spot (row L18)
    files: tuple[Attachment, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a channel that is no mail knows of a message, besides its words and who sent it.

    `conversation` is the same for all that one sender and one account of ours write to each other, and unlike
    any other's: it begins with the name of the road. `version` tells versions of one message apart. `about`
    is the service's own id of the message that this one answers, changes or removes, or of the letter of ours
    that a `DELIVERY` tells of. Messages of one `group` (an album) are one message. `link` leads to it.
    """

    conversation: str
    event: Event = Event.NEW
    version: str = ""
    about: str = ""
    group: str = ""
    visibility: Visibility = Visibility.PRIVATE
    automatic: Automatic | None = None  # a machine, or our own echo: never answered
    command: Command | None = None
    choice: str = ""  # of the button that was pressed, as in `Button.value`
    delivered: Delivered | None = None
    because: str = ""  # why a letter did not arrive, without names and numbers
    source: Source | None = None  # row L6
    link: str = ""
    lacks: tuple[str, ...] = ()  # what could not be fetched, in words for the handler
    taken_up: str = ""  # who made a public comment a case, once somebody has


@dataclass(frozen=True, kw_only=True)
class Inbound:
    """One message as it came.

    For mail (`media_type` message/rfc822) only the envelope is known here: `raw` is read later,
    after the commit, by `bots.mail`. Other channels fill in `sender`, `subject` and `text`.
    `received_at` is aware and is R of requirements.md B7, never the time of polling.
    """

    channel: str
    account: str
    received_at: datetime
    raw: bytes
    media_type: str = "message/rfc822"
    external_id: str = ""
    envelope_from: str | None = None  # "" is the null sender; None means that no envelope was seen
    envelope_to: tuple[str, ...] = ()
    sender: Address | None = None
    sender_name: str = ""
    subject: str = ""
    text: str = ""
    language: str = ""
    chosen_kind: Kind | None = None
    wished: Address | None = None  # where the answer is wished, if elsewhere than at `sender` (row G10)
    pick_up: str = ""  # what is kept of an anonymous sender's code: never the code itself (row X9)
    taken: Taken | None = None  # of what a member of staff took down
    files: tuple[Attachment, ...] = ()  # that came along, and lie in `raw`
    said: Said | None = None  # of what came by a chat, an SMS or a social medium


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What a channel may know of an `Inbound` once it is committed; its case is opened later."""

    message_id: int
    duplicate: bool = False


@dataclass(frozen=True, kw_only=True)
class Guess:
    """One best guess with its probability; `sure` says that it is above the threshold."""

    value: str
    confidence: float
    sure: bool


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """What the classifier thinks, how sure, which model, and why. It never decides."""

    kind: Guess
    factor: Guess
    area: Guess | None = None
    lanes: tuple[Lane, ...] = ()
    ruled: tuple[Lane, ...] = ()  # those of the lanes that plain words raise, not only what was learnt
    language: str = ""
    model: str = ""
    why: tuple[str, ...] = ()
    # The direction of the text's meaning, one signed byte a number; empty without an encoder.
    vector: bytes = b""
    hasty: bool = False  # by the small model, while the full one had no time or no answer; not kept


@dataclass(frozen=True, kw_only=True)
class Promise:
    """A date that we owe someone, and the clause that says so. Due at the end of `due_on`, Stockholm time."""

    kind: PromiseKind
    due_on: date
    clause: str
    arithmetic: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Enclosure:
    """A file that goes with a letter, with its bytes."""

    name: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Button:
    """Something to press under a letter. Its `value` comes back in `Said.choice`; at most 60 bytes."""

    label: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """One letter on its way out. `key` is unique: the same letter is never written twice.

    `in_reply_to` is a Message-ID, or the service's own id of the message that is answered.
    """

    key: str
    purpose: Purpose
    recipient: Address
    recipient_name: str = ""
    subject: str
    body: str
    language: str = "sv"
    case_id: int | None = None
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    id: int = 0  # given by the outbox
    external_id: str = ""  # our Message-ID, given when the letter is written
    attempts: int = 0
    created_at: datetime | None = None
    keeps: tuple[PromiseKind, ...] = ()  # the promises that are kept once it has gone
    enclosures: tuple[Enclosure, ...] = ()  # with their bytes only when it is taken to be sent
    buttons: tuple[Button, ...] = ()  # for roads that have them; the words must do without
    heard_at: datetime | None = None  # when its reader last wrote to us there; known when it is taken

    @property
    def is_by_human(self) -> bool:
        """Tell whether a person wrote it, which some services demand when a while has passed."""
        return self.purpose in _BY_HUMANS


class Role(StrEnum):
    """What somebody is here for (requirements C3). Most follow from the organisation; see `House.roles`."""

    STAFF = "medarbetare"
    HANDLER = "handläggare"
    MANAGER = "chef"
    HEAD = "förvaltningschef"
    TRIAGE = "medborgarcenter"
    REGISTRATOR = "registrator"
    QUALITY = "kvalitet"
    SPECIAL = "särskilt ansvarig"
    SECRETARY = "nämndsekreterare"
    DATA_PROTECTION = "dataskyddsombud"
    OPERATOR = "systemadministratör"


class SignIn(StrEnum):
    """By what somebody came in."""

    ACCOUNT = "konto"
    SHARED = "gemensamt lösenord"
    PROVIDER = "kommunens inloggning"


@dataclass(frozen=True, kw_only=True)
class Handler:
    """A person who can have a case. `absent` holds (first day, last day) pairs, both included.

    `roles` are those that do not follow from the organisation: secretary, data protection and operator.
    """

    id: str
    name: str
    email: str
    title: str = ""
    phone: str = ""
    substitute: str = ""
    languages: tuple[str, ...] = ("sv",)
    absent: tuple[tuple[date, date], ...] = ()
    roles: tuple[Role, ...] = ()
    has_left: bool = False  # known by name in old cases, and given nothing more


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Whom to turn to when the answer is not enough (row N4). `handler` is their id, if they have one."""

    name: str
    address: str
    phone: str
    handler: str = ""


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A company or association that does a unit's work under contract (kommunallagen 10 kap.)."""

    name: str
    email: str
    phone: str = ""


@dataclass(frozen=True, kw_only=True)
class Board:
    """A nämnd that keeps a number series of its own (rows N8, B13)."""

    id: str
    name: str
    series: str


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A part of the municipality that answers for something."""

    id: str
    name: str
    handlers: tuple[str, ...]
    words: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    managers: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()  # the level above the managers, for what they do not answer either
    contact: Contact | None = None
    answer_days: int | None = None  # the unit's own quality guarantee, never looser (row N6)
    regulated: str = ""  # "sol", "lss", "hsl" or "skola": a law of its own (rows B15, B23, B24)
    term: str = ""  # what those it is there for are called (row L11)
    administration: str = ""  # the förvaltning that it belongs to, for reports
    department: str = ""  # likewise, the avdelning
    board: str = ""  # in whose series its cases are numbered; empty: in the municipality's own
    provider: Provider | None = None  # an external utförare who does the work (row N20)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One journal line: who did what, to which case, and why."""

    actor: str
    act: str
    case_id: int | None = None
    message_id: int | None = None
    details: dict[str, str] = field(default_factory=dict)


class PassageKind(StrEnum):
    """What a passage of a text gives away about somebody (rows B13, B18 and B20)."""

    PERSONAL_NUMBER = "personnummer"
    COORDINATION_NUMBER = "samordningsnummer"
    BIRTH_DATE = "födelsedatum"
    PHONE = "telefon"
    EMAIL = "e-post"
    ADDRESS = "adress"
    NAME = "namn"
    HEALTH = "hälsa"
    SENSITIVE = "känslig uppgift"  # religion, union, origin, sexual life, crime, support
    PROPERTY = "fastighet"
    VEHICLE = "registreringsnummer"
    ACCOUNT = "konto"
    CARD = "kort"
    NETWORK_ADDRESS = "ip-adress"
    PROFILE = "användarnamn"
    RECORD_NUMBER = "journalnummer"


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A passage that may have to be masked: a proposal, which a human decides on.

    `start` and `end` count characters of the very text that was given, the end not included. `words` are
    those characters, `why` says in Swedish what spoke for it.
    """

    start: int
    end: int
    kind: PassageKind
    words: str
    why: str
