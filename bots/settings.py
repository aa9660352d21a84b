"""config.toml -> frozen settings. What is wrong is said with file, table, key and remedy, all at once."""

import difflib
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, ValidationError, create_model, model_validator
from pydantic_core import ErrorDetails

from bots.plugins import names, plugin
from bots.table import (
    Id,
    MailAddress,
    Name,
    Port,
    Secret,
    Security,
    Table,
    WebAddress,
    WebAddressAsTold,
    is_recipient,
    is_secret,
    is_web_address_or_empty,
)


class SettingsError(Exception):
    """The configuration can not be used. Each line of the message names file, table, key and remedy."""


_SHORTEST = 16
_BOUNDS = {
    "greater_than": "mer än",
    "greater_than_equal": "minst",
    "less_than": "mindre än",
    "less_than_equal": "högst",
}
_EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - looked for, not listened on


class ContactSettings(Table):
    """Whom to turn to who is not satisfied (row N4); `handler` is their id, if they have one."""

    name: Name
    address: Name
    phone: Name
    handler: str = ""


class MunicipalitySettings(Table):
    """Who we are to the citizen, and what we promise."""

    name: Name
    service_name: Name = "Synpunkter"
    phone: Name
    phone_hours: Name
    privacy_url: Annotated[str, AfterValidator(is_web_address_or_empty)] = ""
    fault_report_url: str = ""
    appeal_url: str = ""
    contact: ContactSettings | None = None
    post_address: list[Name] = []
    profile: str = "standard"
    series: Annotated[str, Field(pattern=r"^[A-ZÅÄÖ]{2,10}$")] = "SYN"


class StoreSettings(Table):
    """Where everything is kept."""

    url: Name = "sqlite:///synpunkt.db"
    encryption_key: Secret | None = None
    least_free_mb: Annotated[int, Field(ge=0)] = 200


class ClamavSettings(Table):
    """The scanner for viruses: clamd, on this machine or another."""

    address: Annotated[str, Field(pattern=r"^(unix:/.+|tcp:.+:\d{1,5})$")]
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 60.0


class BackupSettings(Table):
    """Who can open a backup, and how old the latest may be before `synpunkt check` says so."""

    recipients: list[Annotated[str, AfterValidator(is_recipient)]] = []
    warn_after_hours: Annotated[int, Field(ge=1)] = 48


class ArchiveSettings(Table):
    """What packages for the archive tell of who hands over (docs/archive.md); what is empty is left out."""

    archivist: str = ""
    organisation_number: str = ""
    submitter: str = ""
    contact: str = ""
    receiver: str = ""
    agreement: str = ""
    reference_code: str = ""
    classification_code: str = ""
    classification: str = ""
    schemas: str = ""


class JournalSettings(Table):
    """How the record is sealed (docs/record-chain.md). Without a folder, beside the database."""

    secret: Secret | None = None
    folder: str = ""
    seconds: Annotated[float, Field(ge=1, le=3600)] = 60.0


class FrontSettings(Table):
    """The mail server before us whose verdicts count."""

    received_by: str = ""
    families: list[Literal["rspamd", "spamassassin", "microsoft"]] = []
    authserv_id: str = ""
    strips_forged: bool = False


class MailSettings(Table):
    """Our name in the world of mail, and whom we believe there."""

    address: MailAddress
    also: list[MailAddress] = []
    secret: Secret
    plus_addressing: bool = True
    form_senders: list[MailAddress] = []
    front: FrontSettings | None = None
    acknowledgements_per_address_and_day: Annotated[int, Field(ge=1)] = 5
    notices_per_handler_and_hour: Annotated[int, Field(ge=1)] = 200
    acknowledge_within_days: Annotated[int, Field(ge=1)] = 7
    give_up_after_hours: Annotated[int, Field(ge=1)] = 48
    seconds_per_mail: Annotated[float, Field(gt=0, le=60)] = 5.0


class SmtpSettings(Table):
    """Mail handed to us by SMTP or LMTP."""

    host: Name = "127.0.0.1"
    port: Port = 8025
    protocol: Literal["smtp", "lmtp"] = "smtp"
    recipients: Annotated[list[MailAddress], Field(min_length=1)]
    certificate: str = ""
    key: str = ""
    require_starttls: bool = False
    proxy_protocol: bool = False
    max_size: Annotated[int, Field(ge=100_000)] = 26_214_400
    max_connections: Annotated[int, Field(ge=1)] = 200
    max_per_peer: Annotated[int, Field(ge=1)] = 50
    timeout_seconds: Annotated[float, Field(gt=0)] = 60.0


class OauthSettings(Table):
    """XOAUTH2: client credentials for Microsoft 365, or a service account's key for Google Workspace."""

    tenant: str = ""
    client_id: str = ""
    client_secret: Secret | None = None
    google_key: Secret | None = None

    @property
    def is_whole(self) -> bool:
        """Tell whether just one of the two ways is filled in, wholly."""
        microsoft = (bool(self.tenant), bool(self.client_id), self.client_secret is not None)
        return all(microsoft) != (self.google_key is not None) and all(microsoft) == any(microsoft)


class ImapSettings(Table):
    """One mailbox that we fetch from."""

    host: Name
    port: Port = 993
    security: Security = "tls"
    username: Name
    password: Secret | None = None
    oauth: OauthSettings | None = None
    folders: Annotated[list[Name], Field(min_length=1)] = ["INBOX"]
    done: Annotated[str, Field(pattern=r"^(seen|keyword:\S+|move:.+)$")] = "seen"
    idle: bool = True
    poll_seconds: Annotated[float, Field(ge=1)] = 60.0
    own_domains: list[Name] = []


class RelaySettings(Table):
    """The mail server that sends our letters."""

    host: Name
    port: Port = 587
    security: Security = "starttls"
    username: str = ""
    password: Secret | None = None
    oauth: OauthSettings | None = None
    connections: Annotated[int, Field(ge=1, le=50)] = 4
    timeout_seconds: Annotated[float, Field(gt=0)] = 30.0
    ca_file: str = ""


class ChannelSettings(Table):
    """The roads in and out. A channel without a table is off."""

    smtp: SmtpSettings | None = None
    imap: dict[str, ImapSettings] = {}
    relay: RelaySettings

    @property
    def others(self) -> dict[str, BaseModel]:
        """Return the tables of the channels that bring their own (`bots.plugins`), by name."""
        known = ChannelSettings.model_fields
        tables = {name: getattr(self, name) for name in type(self).model_fields if name not in known}
        return {name: table for name, table in tables.items() if table is not None}


class WebSettings(Table):
    """The web form and the console."""

    host: Name = "127.0.0.1"
    port: Port = 8080
    public_url: WebAddress
    staff_password: Secret
    session_secret: Secret
    secure_cookies: bool = True
    session_idle_minutes: Annotated[int, Field(ge=5, le=600)] = 120
    session_hours: Annotated[int, Field(ge=1, le=24)] = 10
    undo_seconds: Annotated[int, Field(ge=0, le=600)] = 30
    most_enclosed_mb: Annotated[int, Field(ge=1, le=25)] = 10


class OidcSettings(Table):
    """Signing in at the municipality's own provider, such as Entra ID or Keycloak (docs/operating.md)."""

    issuer: WebAddressAsTold
    client_id: Name
    client_secret: Secret
    name: Name = "kommunens inloggning"
    scopes: Annotated[list[Name], Field(min_length=1)] = ["openid", "profile", "email"]
    claims: Annotated[list[Name], Field(min_length=1)] = ["preferred_username", "email"]
    people: dict[str, Id] = {}
    groups_claim: Name = "groups"
    groups: dict[
        str, Literal["medarbetare", "nämndsekreterare", "dataskyddsombud", "systemadministratör"]
    ] = {}
    ca_file: str = ""


class LearningSettings(Table):
    """Learning from confirmed cases.

    `decision` names the municipality's own decision that it may (GDPR art. 5, 6).
    """

    decision: str = ""
    folder: str = "models"
    months: Annotated[int, Field(ge=1, le=120)] = 24


class ClassifierSettings(Table):
    """The model that proposes."""

    enabled: bool = True
    model: str = "full"
    patience_seconds: Annotated[float, Field(gt=0)] = 5.0
    storm: Annotated[int, Field(ge=1)] = 32
    learning: LearningSettings = LearningSettings()


class AbsenceSettings(Table):
    """Days on which a person is away, both included."""

    first: date
    last: date


class HandlerSettings(Table):
    """A person who can have a case."""

    id: Id
    name: Name
    email: MailAddress
    title: str = ""
    phone: str = ""
    substitute: str = ""
    languages: list[Name] = ["sv"]
    absent: list[AbsenceSettings] = []
    roles: list[Literal["nämndsekreterare", "dataskyddsombud", "systemadministratör"]] = []


class BoardSettings(Table):
    """A nämnd that keeps a number series of its own (rows N8, B13)."""

    id: Id
    name: Name
    series: Annotated[str, Field(pattern=r"^[A-ZÅÄÖ]{2,10}$")]


class SecrecySettings(Table):
    """How secrets are marked, and who sees whose sender is protected (OSL 5:5 and 21:3, rows B14, B15)."""

    paragraphs: Annotated[list[Annotated[str, Field(min_length=1, max_length=100)]], Field(min_length=1)] = [
        "21 kap. 1 § OSL",
        "21 kap. 3 § OSL",
        "21 kap. 7 § OSL",
        "23 kap. 2 § OSL",
        "25 kap. 1 § OSL",
        "26 kap. 1 § OSL",
    ]
    confidant: Literal["handläggare", "chef", "ingen"] = "handläggare"


class ProviderSettings(Table):
    """A company or association that does a unit's work (row N20)."""

    name: Name
    email: MailAddress
    phone: str = ""


class UnitSettings(Table):
    """A part of the municipality."""

    id: Id
    name: Name
    handlers: Annotated[list[Name], Field(min_length=1)]
    managers: list[Name] = []
    heads: list[Name] = []
    contact: ContactSettings | None = None
    answer_days: Annotated[int, Field(ge=1, le=120)] | None = None
    regulated: Literal["", "sol", "lss", "hsl", "skola"] = ""
    term: str = ""
    administration: str = ""
    department: str = ""
    board: str = ""
    provider: ProviderSettings | None = None
    words: list[Name] = []
    areas: list[Name] = []
    addresses: list[MailAddress] = []
    kinds: list[Literal["beröm", "förslag", "klagomål"]] = []


class TriageSettings(Table):
    """Who gets what nobody else gets."""

    registrator: Name
    medborgarcenter: list[Name] = []
    quality: list[Name] = []


class DoorsSettings(Table):
    """Who is told at once of what may be no synpunkt (docs/doors.md). Without an address, the registrator."""

    social_services: MailAddress | None = None
    security: MailAddress | None = None
    lex_sarah: MailAddress | None = None
    data_protection_officer: MailAddress | None = None
    main_diary: MailAddress | None = None
    whistleblowing_url: WebAddress | None = None


class DisclosureSettings(Table):
    """By which paragraphs what is handed out is masked, and where a refusal is appealed (rows B11, T13)."""

    identity: Name = "21 kap. 7 § OSL"
    health: Name = "21 kap. 1 § OSL"
    protected: Name = "21 kap. 3 § OSL"
    paragraphs: list[Name] = ["21 kap. 1 § OSL", "21 kap. 3 § OSL", "21 kap. 7 § OSL", "26 kap. 1 § OSL"]
    court: Name = "kammarrätten"


class WatchSettings(Table):
    """When reminders go out: office hours of working days, Stockholm time."""

    opens: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "07:00"
    closes: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "18:00"
    seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0

    @model_validator(mode="after")
    def _opens_first(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError(f"opens ({self.opens}) ska vara före closes ({self.closes})")
        return self


class PublicSettings(Table):
    """What only the municipality can tell on its public pages; where it is silent, the pages say so.

    Free words are Swedish, also on the pages in other languages.
    """

    controller: str = ""
    recipients: list[Name] = []
    retention: str = ""
    register_contact: str = ""
    terminals: str = ""
    accessibility_address: MailAddress | None = None
    accessibility_tested_on: date | None = None
    accessibility_tested: str = ""
    accessibility_failings: list[Name] = []
    accessibility_published_on: date | None = None


class OpenDataSettings(Table):
    """Counts that anybody may fetch (report R12, row B35). Nothing is public while it is not enabled."""

    enabled: bool = False
    publisher: str = ""
    publisher_url: Annotated[str, AfterValidator(is_web_address_or_empty)] = ""
    contact: MailAddress | None = None


class RetentionSettings(Table):
    """How long a kind of record is kept; without `decision_ref` nothing of it is ever deleted (row B16)."""

    record: Literal[
        "ärende",
        "felriktat",
        "ringa_betydelse",
        "råmeddelande",
        "utan_ärende",
        "utkast",
        "enkätsvar",
        "kanalkopia",
        "säkerhetskopia",
    ]
    counted_from: Literal["avslutat", "inkommet", "årets_slut"] = "avslutat"
    years: Annotated[int, Field(ge=0, le=200)] = 0
    months: Annotated[int, Field(ge=0, le=2400)] = 0
    days: Annotated[int, Field(ge=0, le=36_500)] = 0
    decision_ref: str = ""
    folder: str = ""


class LogSettings(Table):
    """How `synpunkt run` writes its log."""

    format: Literal["text", "json"] = "text"


class MetricsSettings(Table):
    """Where machines read how we fare: /metrics, /health and /ready (docs/metrics.md)."""

    host: Name = "127.0.0.1"
    port: Port = 9464
    token: Secret | None = None


class TracesSettings(Table):
    """Where a span for each step of a message's way is posted: a collector of OpenTelemetry."""

    endpoint: WebAddressAsTold


class AlarmSettings(Table):
    """Who is told when the service needs somebody, and how bad it may be before that (docs/metrics.md)."""

    to: list[MailAddress] = []
    webhook: WebAddressAsTold | None = None
    webhook_secret: Secret | None = None
    unacknowledged_minutes: Annotated[int, Field(ge=1)] = 10
    unsent_minutes: Annotated[int, Field(ge=1)] = 60
    down_minutes: Annotated[int, Field(ge=1)] = 15
    silent_channels: list[Name] = []
    silent_hours: Annotated[int, Field(ge=1)] = 72
    disk_free_mb: Annotated[int, Field(ge=0)] = 500
    certificate_days: Annotated[int, Field(ge=0)] = 14


class Settings(Table):
    """The whole of config.toml."""

    municipality: MunicipalitySettings
    store: StoreSettings = StoreSettings()
    journal: JournalSettings = JournalSettings()
    backup: BackupSettings = BackupSettings()
    clamav: ClamavSettings | None = None
    mail: MailSettings
    channels: ChannelSettings
    web: WebSettings | None = None
    oidc: OidcSettings | None = None
    classifier: ClassifierSettings = ClassifierSettings()
    triage: TriageSettings
    doors: DoorsSettings = DoorsSettings()
    disclosure: DisclosureSettings = DisclosureSettings()
    watch: WatchSettings = WatchSettings()
    archive: ArchiveSettings = ArchiveSettings()
    public: PublicSettings = PublicSettings()
    open_data: OpenDataSettings = OpenDataSettings()
    secrecy: SecrecySettings = SecrecySettings()
    log: LogSettings = LogSettings()
    metrics: MetricsSettings | None = None
    alarms: AlarmSettings | None = None
    traces: TracesSettings | None = None
    boards: list[BoardSettings] = []
    retention: list[RetentionSettings] = []
    handlers: Annotated[list[HandlerSettings], Field(min_length=1)]
    units: list[UnitSettings] = []


def load(path: Path) -> Settings:
    """Read a configuration; raise `SettingsError` that tells all that is wrong with it."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(
            f"{path}: filen finns inte. Kopiera config.example.toml och ändra i den."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: filen kan inte läsas ({error}).") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{path}: inte giltig TOML ({error}). Rätta raden som nämns.") from error
    try:
        model = settings_with(_others_in(found))
        settings = model.model_validate(found)
    except ValidationError as error:
        lines = [_line(path, detail, model) for detail in error.errors()]
        raise SettingsError("\n".join(lines)) from error
    if problems := [f"{path}: {problem}" for problem in _problems(settings)]:
        raise SettingsError("\n".join(problems))
    return settings


def settings_with(names: Iterable[str]) -> type[Settings]:
    """Return the model of a configuration in which these channels, where they are known, have tables."""
    tables: dict[str, Any] = {}
    for name in names:
        if (made_by := plugin(name)) is not None:
            tables[name] = (made_by.Settings | None, None)
    channels = create_model("ChannelSettings", __base__=ChannelSettings, **tables)
    return create_model("Settings", __base__=Settings, channels=(channels, ...))


def _others_in(found: Mapping[str, Any]) -> list[str]:
    channels = found.get("channels")
    named = channels if isinstance(channels, dict) else {}
    return [name for name in named if name not in ChannelSettings.model_fields]


def secret(reference: str, *, environment: Mapping[str, str] = os.environ) -> str:
    """Fetch a secret named `env:NAME` or `file:/path`; raise `SettingsError` if it is missing or empty."""
    road, _, name = reference.partition(":")
    if road == "env":
        value = environment.get(name, "")
        remedy = f"sätt miljövariabeln {name}"
    else:
        remedy = f"lägg hemligheten i filen {name} och låt bara tjänsten läsa den"
        try:
            value = Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"hemligheten {reference} kan inte läsas: {remedy}.") from error
    value = value.strip()
    if not value:
        raise SettingsError(f"hemligheten {reference} saknas: {remedy}.")
    return value


def signing_secret(reference: str, where: str) -> str:
    """Fetch a secret that signs; raise `SettingsError` if it is so short that it could be guessed."""
    value = secret(reference)
    if len(value) < _SHORTEST:
        raise SettingsError(
            f"{where}: hemligheten {reference} är för kort. "
            f"Ge den minst {_SHORTEST} tecken, helst 32 som är slumpade."
        )
    return value


def secrets_of(table: BaseModel, where: str = "") -> Iterator[tuple[str, str]]:
    """Walk through the secrets that a configuration names, as (table and key, reference)."""
    for name, field in type(table).model_fields.items():
        value = getattr(table, name)
        here = f"{where}.{name}" if where else name
        if isinstance(value, BaseModel):
            yield from secrets_of(value, here)
        elif isinstance(value, dict):
            tables = {key: one for key, one in value.items() if isinstance(one, BaseModel)}
            for key, one in tables.items():
                yield from secrets_of(one, f"{here}.{key}")
        elif isinstance(value, list):
            rows = [(number, one) for number, one in enumerate(value, 1) if isinstance(one, BaseModel)]
            for number, one in rows:
                yield from secrets_of(one, f"{here}.{number}")
        elif isinstance(value, str) and is_secret in _validators(field.metadata, field.annotation):
            yield here, value


def _validators(metadata: list[Any], annotation: Any) -> list[object]:
    inner = [one for part in getattr(annotation, "__args__", ()) for one in getattr(part, "__metadata__", ())]
    return [getattr(one, "func", None) for one in (*metadata, *inner)]


def _problems(settings: Settings) -> Iterator[str]:
    """Say what no single table can know."""
    yield from _port_problems(settings)
    yield from _people_problems(settings)
    yield from _unit_problems(settings)
    yield from _road_problems(settings)
    yield from _oidc_problems(settings)
    yield from _page_problems(settings)
    yield from _retention_problems(settings)
    yield from _alarm_problems(settings)


def _port_problems(settings: Settings) -> Iterator[str]:
    smtp, web = settings.channels.smtp, settings.web
    if smtp is None or web is None or smtp.port != web.port or web.port == 0:
        return
    hosts = {smtp.host, web.host}
    # Who listens everywhere listens also where the other one does.
    if len(hosts) == 1 or hosts & _EVERYWHERE:
        yield f"tabell [web], nyckel port: {web.port} används redan av [channels.smtp]. Ge dem var sin port."


def _people_problems(settings: Settings) -> Iterator[str]:
    ids = [handler.id for handler in settings.handlers]
    for double in sorted({one for one in ids if ids.count(one) > 1}):
        yield f"tabell [[handlers]], nyckel id: {double!r} finns två gånger. Ge varje person ett eget id."
    if settings.triage.registrator not in ids:
        yield (
            f"tabell [triage], nyckel registrator: {settings.triage.registrator!r} finns inte bland "
            f"[[handlers]]. Välj en av {', '.join(ids)}."
        )
    named = list(_names(settings))
    for table, key, name in named:
        if name and name not in ids:
            yield (
                f"tabell {table}, nyckel {key}: {name!r} finns inte bland [[handlers]]. "
                f"Välj en av {', '.join(ids)}."
            )
    for handler in settings.handlers:
        for absence in handler.absent:
            if absence.last < absence.first:
                yield (
                    f"tabell [[handlers]] {handler.id}, nyckel absent: last ({absence.last}) ligger före "
                    f"first ({absence.first}). Rätta årtalet eller byt plats på dem."
                )


def _names(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Walk through the places where a person is named, as (table, key, id)."""
    for one in settings.handlers:
        yield f"[[handlers]] {one.id}", "substitute", one.substitute
    for unit in settings.units:
        people = {"handlers": unit.handlers, "managers": unit.managers, "heads": unit.heads}
        if unit.contact is not None:
            people["contact.handler"] = [unit.contact.handler]
        for key, found in people.items():
            yield from ((f"[[units]] {unit.id}", key, name) for name in found)
    triage = {"medborgarcenter": settings.triage.medborgarcenter, "quality": settings.triage.quality}
    for key, found in triage.items():
        yield from (("[triage]", key, name) for name in found)


def _unit_problems(settings: Settings) -> Iterator[str]:
    replaceable = {handler.id for handler in settings.handlers if handler.substitute}
    for unit in settings.units:
        if len(set(unit.handlers)) == 1 and not replaceable & set(unit.handlers):
            yield (
                f"tabell [[units]] {unit.id}, nyckel handlers: ingen kan ersätta {unit.handlers[0]!r}. "
                "Ange en handläggare till, eller substitute för den som finns."
            )
    yield from _board_problems(settings)
    units = [unit.id for unit in settings.units]
    for double in sorted({one for one in units if units.count(one) > 1}):
        yield f"tabell [[units]], nyckel id: {double!r} finns två gånger. Ge varje enhet ett eget id."


def _board_problems(settings: Settings) -> Iterator[str]:
    boards = [board.id for board in settings.boards]
    for double in sorted({one for one in boards if boards.count(one) > 1}):
        yield f"tabell [[boards]], nyckel id: {double!r} finns två gånger. Ge varje nämnd ett eget id."
    series = [settings.municipality.series, *(board.series for board in settings.boards)]
    for double in sorted({one for one in series if series.count(one) > 1}):
        yield f"tabell [[boards]], nyckel series: {double!r} används två gånger. Ge varje nämnd sin egen."
    for unit in settings.units:
        if unit.board and unit.board not in boards:
            known = f"Välj en av {', '.join(boards)}." if boards else "Lägg in nämnden där."
            where = f"tabell [[units]] {unit.id}, nyckel board"
            yield f"{where}: {unit.board!r} finns inte bland [[boards]]. {known}"


def _page_problems(settings: Settings) -> Iterator[str]:
    if settings.open_data.enabled and settings.web is None:
        yield "tabell [open_data], nyckel enabled: kräver [web]. Ange tabellen [web], eller sätt false."
    if settings.web is None and not settings.municipality.privacy_url:
        yield (
            "tabell [municipality], nyckel privacy_url: saknas. Utan [web] har vi ingen egen sida om "
            "personuppgifter. Ange adressen till kommunens."
        )


def _retention_problems(settings: Settings) -> Iterator[str]:
    records = [rule.record for rule in settings.retention]
    for double in sorted({one for one in records if records.count(one) > 1}):
        yield f"tabell [[retention]], nyckel record: {double!r} finns två gånger. Behåll en regel för varje."
    for rule in settings.retention:
        if not rule.years and not rule.months and not rule.days:
            yield f"tabell [[retention]] {rule.record}: tiden saknas. Ange years, months eller days."
        if rule.folder and rule.record != "säkerhetskopia":
            yield f"tabell [[retention]] {rule.record}, nyckel folder: hör bara till säkerhetskopia."


def _alarm_problems(settings: Settings) -> Iterator[str]:
    told = settings.alarms
    if told is None:
        return
    if not told.to and told.webhook is None:
        yield "tabell [alarms]: ingen får larmen. Ange to, webhook eller båda, eller ta bort tabellen."
    if (told.webhook is None) != (told.webhook_secret is None):
        yield "tabell [alarms], nyckel webhook_secret: hör ihop med webhook. Ange båda eller ingen."


def _road_problems(settings: Settings) -> Iterator[str]:
    roads = {f"channels.imap.{name}": mailbox.oauth for name, mailbox in settings.channels.imap.items()}
    for table, oauth in {**roads, "channels.relay": settings.channels.relay.oauth}.items():
        if oauth is not None and not oauth.is_whole:
            yield (
                f"tabell [{table}], nyckel oauth: "
                "ange tenant, client_id, client_secret eller bara google_key."
            )
    for name, mailbox in settings.channels.imap.items():
        if (mailbox.password is None) == (mailbox.oauth is None):
            yield f"tabell [channels.imap.{name}]: ange antingen password eller oauth, inte båda eller inget."
    relay = settings.channels.relay
    if relay.password is not None and (not relay.username or relay.oauth is not None):
        yield (
            "tabell [channels.relay], nyckel password: hör ihop med username, och inte med oauth. "
            "Ange username och password, username och oauth, eller inget av dem."
        )
    if relay.oauth is not None and not relay.username:
        yield "tabell [channels.relay], nyckel username: saknas. Ange kontot som oauth loggar in med."
    smtp = settings.channels.smtp
    if smtp is not None and bool(smtp.certificate) != bool(smtp.key):
        yield "tabell [channels.smtp]: certificate och key hör ihop. Ange båda eller ingen."
    if smtp is not None and smtp.require_starttls and not smtp.certificate:
        yield "tabell [channels.smtp], nyckel require_starttls: kräver certificate och key."
    if smtp is None and not settings.channels.imap and not settings.channels.others:
        yield "tabell [channels]: ingen väg in. Ange [channels.smtp] eller [channels.imap.<namn>]."


def _oidc_problems(settings: Settings) -> Iterator[str]:
    oidc = settings.oidc
    if oidc is None:
        return
    if settings.web is None:
        yield "tabell [oidc]: kräver [web]. Ange tabellen [web], eller ta bort [oidc]."
    if "openid" not in oidc.scopes:
        yield "tabell [oidc], nyckel scopes: ska ha med openid."
    ids = [handler.id for handler in settings.handlers]
    for told, person in oidc.people.items():
        if person not in ids:
            yield (
                f"tabell [oidc.people], nyckel {told}: {person!r} finns inte bland [[handlers]]. "
                f"Välj en av {', '.join(ids)}."
            )


def _line(path: Path, detail: ErrorDetails, model: type[Settings]) -> str:
    *tables, key = detail["loc"] or ("",)
    # People count the tables of a list from one.
    table = "".join(f" nr {part + 1}" if isinstance(part, int) else f".{part}" for part in tables)[1:]
    where = f"{path}: tabell [{table}], nyckel {key}" if table else f"{path}: {key}"
    return f"{where}: {_remedy(detail, str(key), tables, model)}"


def _remedy(detail: ErrorDetails, key: str, tables: list[int | str], settings: type[Settings]) -> str:
    kind = detail["type"]
    if kind == "extra_forbidden":
        known = _known_keys(tables, settings)
        near = difflib.get_close_matches(key, known, n=1)
        guess = f" Menade du {near[0]}?" if near else f" Kända är {', '.join(known)}."
        return f"okänd nyckel.{guess}"
    if kind == "missing":
        return "saknas. Se config.example.toml för vad den betyder."
    if kind == "value_error":
        return str(detail["ctx"]["error"]) + "."
    if kind == "literal_error":
        return f"ska vara en av {detail['ctx']['expected'].replace(' or ', ', ')}, inte {detail['input']!r}."
    if kind in {"string_too_short", "string_pattern_mismatch", "too_short"} and not detail["input"]:
        return "får inte vara tom."
    if kind == "string_too_long":
        return f"får ha högst {detail['ctx']['max_length']} tecken."
    if bound := _BOUNDS.get(kind):
        return f"ska vara {bound} {next(iter(detail['ctx'].values()))}, inte {detail['input']!r}."
    wanted = {
        "string_type": 'ska vara en text inom "citattecken"',
        "int_type": "ska vara ett heltal utan citattecken",
        "float_type": "ska vara ett tal utan citattecken",
        "bool_type": "ska vara true eller false",
        "list_type": "ska vara en lista inom [hakparentes]",
        "model_type": "ska vara en tabell",
        "dict_type": "ska vara en tabell",
        "date_type": "ska vara ett datum utan citattecken, till exempel 2026-12-24",
    }.get(kind, detail["msg"])
    return f"{wanted} (nu {type(detail['input']).__name__})."


def _known_keys(tables: list[int | str], settings: type[Settings]) -> list[str]:
    model: type[BaseModel] = settings
    for part in tables:
        if isinstance(part, int) or part not in model.model_fields:
            continue
        model = _model_in(model.model_fields[part].annotation) or model
    others = names() if model.__name__ == "ChannelSettings" else ()
    return sorted({*model.model_fields, *others})


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    parts = (_model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((part for part in parts if part is not None), None)
