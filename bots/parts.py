"""Makes each part of the house from its table of the settings. `app` puts them together and runs them."""

import logging
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bots.channel import Channel, Given, roads_of
from bots.channels.imap import Imap
from bots.channels.relay import Relay
from bots.channels.smtp import Smtp
from bots.desk.archive.erms import Facts
from bots.desk.archive.exporting import Archive
from bots.desk.directory import Directory
from bots.desk.doors import Doors
from bots.desk.house import House, HouseError
from bots.desk.judge import Surroundings
from bots.desk.opinion import Suggester
from bots.desk.reports.opendata import Source
from bots.desk.scanning import Scanning, Tell
from bots.mail.identity import Identity
from bots.mail.oauth import ClientCredentials, TokenSource
from bots.mail.reading import TrustedFront
from bots.mail.worker import Reader
from bots.plugins import plugin
from bots.settings import (
    BoardSettings,
    ContactSettings,
    ImapSettings,
    OauthSettings,
    OidcSettings,
    RelaySettings,
    Settings,
    SettingsError,
    SmtpSettings,
    UnitSettings,
    secret,
    signing_secret,
)
from bots.web.about import PRIVACY, Notices
from bots.web.files import file_in
from bots.web.oidc import IdentityProvider, ProviderFacts
from bots.wire.clamd import Clamd
from store import blobs, profiles
from store.domain import Board, Contact, Handler, Kind, Provider, Role, Unit
from store.engine import Store, open_store, usual_place
from store.keys import KeyFileError, keyring
from store.positions import Positions
from store.retention import Record, Rule, Start
from store.seal_key import KeyPlace
from store.sessions import Limits
from store.sight import Confidant

log = logging.getLogger(__name__)


def open_store_of(settings: Settings) -> Store:
    """Open the store with the keys that bytes are encrypted and rows are sealed with.

    Raises `SettingsError` for bad keys.
    """
    place = _seal_key(settings)
    named = settings.store.encryption_key
    if named is None:
        return open_store(settings.store.url, seal_key=place)
    try:
        return open_store(settings.store.url, keys=keyring(secret(named)), seal_key=place)
    except KeyFileError as error:
        raise SettingsError(f"tabell [store], nyckel encryption_key: {named}: {error}.") from error


def _seal_key(settings: Settings) -> KeyPlace | None:
    """Return where the key of the seals is; None for a database of SQLite that has it beside itself."""
    told = settings.journal
    usual = usual_place(settings.store.url)
    if told.folder:
        folder = Path(told.folder)
        usual = KeyPlace(file=folder / "synpunkt.key", log=folder / "synpunkt.seals")
    if told.secret is None:
        return usual
    value = signing_secret(told.secret, "tabell [journal], nyckel secret")
    return KeyPlace(text=lambda: value, log=usual.log)


def key_left_behind(settings: Settings) -> str:
    """Say that the key of the seals is where nobody may look for it; an empty text if all is well."""
    if settings.journal.folder or not settings.store.url.startswith("postgresql"):
        return ""
    return (
        "tabell [journal], nyckel folder: databasen är PostgreSQL, så förseglingens nyckel och länkar läggs "
        "i den mapp som kommandot körs i, och synpunkt verify hittar dem inte från en annan mapp. "
        'Ange en mapp, till exempel folder = "/var/lib/synpunkt".'
    )


def refuse_lost_keys(store: Store) -> None:
    """Raise `SettingsError` if bytes are encrypted with a key that is not here: no message could be read."""
    with store.read() as transaction:
        lost = blobs.lost_keys(transaction)
    if lost:
        raise SettingsError(
            f"tabell [store], nyckel encryption_key: databasen har meddelanden som är krypterade med "
            f"{', '.join(lost)}, och den nyckeln finns inte i filen. Lägg tillbaka nyckeln på en egen rad "
            "under den första. Utan den kan ingen läsa dem igen."
        )


def build_house(settings: Settings) -> House:
    """Build the organisation; raise `SettingsError` when it does not hang together."""
    try:
        policy = profiles.load(settings.municipality.profile)
        return House(
            municipality=settings.municipality.name,
            service_name=settings.municipality.service_name,
            phone=settings.municipality.phone,
            phone_hours=settings.municipality.phone_hours,
            privacy_url=privacy_url(settings),
            console_url=settings.web.public_url if settings.web else "",
            days=policy.days,
            policy=policy,
            contact=_contact(settings.municipality.contact),
            medborgarcenter=tuple(settings.triage.medborgarcenter),
            quality=tuple(settings.triage.quality),
            doors=_doors(settings),
            handlers={one.id: _handler(one) for one in settings.handlers},
            units=[_unit(one) for one in settings.units],
            registrator=settings.triage.registrator,
            series=settings.municipality.series,
            boards={one.id: _board(one) for one in settings.boards},
            paragraphs=tuple(settings.secrecy.paragraphs),
            confidant=Confidant(settings.secrecy.confidant),
        )
    except profiles.ProfileError as error:
        raise SettingsError(f"tabell [municipality], nyckel profile: {error}.") from error
    except HouseError as error:
        raise SettingsError(f"tabell [[units]] eller [[handlers]]: {error}.") from error


def privacy_url(settings: Settings) -> str:
    """Return where our letters say that personal data is told of: the municipality's page, or our own."""
    own = f"{settings.web.public_url}{PRIVACY}" if settings.web else ""
    return settings.municipality.privacy_url or own


def build_notices(settings: Settings) -> Notices:
    """Gather what the pages that the law wants must tell."""
    told = settings.public
    return Notices(
        controller=told.controller or settings.municipality.name,
        address=told.accessibility_address or settings.mail.address,
        officer=settings.doors.data_protection_officer or "",
        recipients=tuple(told.recipients),
        retention=told.retention,
        register_contact=told.register_contact,
        terminals=told.terminals,
        series=settings.municipality.series,
        boards=tuple((one.name, one.series) for one in settings.boards),
        classifies=settings.classifier.enabled,
        learns=settings.classifier.learning.decision if settings.classifier.enabled else "",
        tested_on=told.accessibility_tested_on,
        tested=told.accessibility_tested,
        failings=tuple(told.accessibility_failings),
        published_on=told.accessibility_published_on,
    )


def build_open_data(settings: Settings) -> Source | None:
    """Say who publishes open data and where it is found; None while nothing is published."""
    told, web = settings.open_data, settings.web
    if not told.enabled or web is None:
        return None
    return Source(
        publisher=told.publisher or settings.municipality.name,
        publisher_url=told.publisher_url,
        contact=told.contact or settings.mail.address,
        url=web.public_url.rstrip("/"),
    )


def build_directory(house: House, store: Store, clock: Callable[[], datetime]) -> Directory:
    """Put over the house what was changed on the settings pages; raise `SettingsError` if they disagree."""
    directory = Directory(store=store, house=house, clock=clock)
    try:
        directory.load()
    except HouseError as error:
        raise SettingsError(
            f"config.toml passar inte ihop med det som är ändrat på sidan Inställningar: {error}. "
            "Lägg tillbaka det som togs bort ur config.toml, starta, och ändra på sidan i stället."
        ) from error
    return directory


def house_of(settings: Settings, store: Store, clock: Callable[[], datetime]) -> House:
    """Build the organisation as it is now: what was changed on the settings pages over the configuration."""
    house = build_house(settings)
    build_directory(house, store, clock)
    return house


def _doors(settings: Settings) -> Doors:
    told = settings.doors
    return Doors(
        social_services=told.social_services or "",
        security=told.security or "",
        lex_sarah=told.lex_sarah or "",
        data_protection_officer=told.data_protection_officer or "",
        main_diary=told.main_diary or "",
        whistleblowing_url=told.whistleblowing_url or "",
        fault_report_url=settings.municipality.fault_report_url,
        appeal_url=settings.municipality.appeal_url,
    )


def session_limits(settings: Settings) -> Limits:
    """Return how long somebody may be signed in."""
    web = settings.web
    if web is None:
        return Limits()
    return Limits(idle=timedelta(minutes=web.session_idle_minutes), most=timedelta(hours=web.session_hours))


def build_provider(settings: Settings, clock: Callable[[], datetime]) -> IdentityProvider | None:
    """Build the way to the municipality's own sign-in; None where there is none. Nothing is fetched yet."""
    oidc, web = settings.oidc, settings.web
    if oidc is None or web is None:
        return None
    return IdentityProvider(facts=_provider_facts(oidc, web.public_url), clock=clock)


def _provider_facts(oidc: OidcSettings, public_url: str) -> ProviderFacts:
    return ProviderFacts(
        issuer=oidc.issuer,
        client_id=oidc.client_id,
        client_secret=secret(oidc.client_secret),
        public_url=public_url,
        name=oidc.name,
        scopes=tuple(oidc.scopes),
        claims=tuple(oidc.claims),
        people=oidc.people,
        groups_claim=oidc.groups_claim,
        groups={group: Role(role) for group, role in oidc.groups.items()},
        ca_file=oidc.ca_file,
    )


def build_scanner(settings: Settings) -> Clamd | None:
    """Build what looks bytes through for viruses; None where there is no scanner."""
    told = settings.clamav
    return Clamd(address=told.address, timeout=told.timeout_seconds) if told is not None else None


def build_scanning(
    settings: Settings,
    store: Store,
    clock: Callable[[], datetime],
    *,
    tell: Tell,
    told: Callable[[], None] = lambda: None,
) -> Scanning | None:
    """Build what has messages looked through for viruses; None where there is no scanner."""
    scanner = build_scanner(settings)
    if scanner is None:
        return None
    return Scanning(store=store, scanner=scanner, file_of=file_in, clock=clock, tell=tell, told=told)


def build_reader(settings: Settings) -> Reader:
    """Build the process that reads mail."""
    return Reader(time_limit=settings.mail.seconds_per_mail)


def build_surroundings(settings: Settings) -> Surroundings:
    """Tell the reader who we are, and whom before us to believe."""
    front = settings.mail.front
    return Surroundings(
        own=(settings.mail.address, *settings.mail.also),
        form_senders=tuple(settings.mail.form_senders),
        trusted=None
        if front is None
        else TrustedFront(
            received_by=front.received_by,
            families=frozenset(front.families),
            authserv_id=front.authserv_id,
            strips_forged=front.strips_forged,
        ),
    )


def build_classifiers(settings: Settings) -> tuple[Suggester | None, Suggester | None]:
    """Load the model of the configuration, and the small one for storms and for when the other fails.

    A model that cannot be loaded is logged; without any, cases go without a proposal.
    """
    if not settings.classifier.enabled:
        return None, None
    # Imported here: spaCy is more than half of the time that a start takes.
    from classifier.model import FAST, MODELS

    quick = _model(MODELS / FAST)
    if settings.classifier.model == FAST and not settings.classifier.learning.decision:
        return quick, None
    return _model_in_use(settings) or quick, quick


def model_folder(settings: Settings) -> Path:
    """Return the folder of the model that the configuration names, before any learning."""
    from classifier.model import FAST, FULL, MODELS

    named = settings.classifier.model or FULL
    return MODELS / named if named in {FAST, FULL} else Path(named)


def learning_folder(settings: Settings) -> Path | None:
    """Return where models that were learnt here lie; None until a decision allows learning."""
    learning = settings.classifier.learning
    return Path(learning.folder) if learning.decision else None


def archive_of(settings: Settings, house: House, store: Store, clock: Callable[[], datetime]) -> Archive:
    """Build what makes packages for the archive; raise `SettingsError` if its folder of schemas is none."""
    told = settings.archive
    folder = Path(told.schemas) if told.schemas else None
    if folder is not None and not folder.is_dir():
        raise SettingsError(f"tabell [archive], nyckel schemas: mappen {folder} finns inte.")
    facts = Facts(
        archivist=told.archivist or settings.municipality.name,
        version=version("synpunkt"),
        organisation_number=told.organisation_number,
        submitter=told.submitter,
        contact=told.contact,
        receiver=told.receiver,
        agreement=told.agreement,
        reference_code=told.reference_code,
        classification_code=told.classification_code,
        classification=told.classification,
    )
    return Archive(
        store=store,
        house=house,
        clock=clock,
        facts=facts,
        schemas=folder,
        scanned=settings.clamav is not None,
    )


def retention_rules(settings: Settings) -> tuple[Rule, ...]:
    """Return how long each kind of record is kept, and by which decision."""
    return tuple(
        Rule(
            record=Record(told.record),
            counted_from=Start(told.counted_from),
            years=told.years,
            months=told.months,
            days=told.days,
            decision_ref=told.decision_ref,
        )
        for told in settings.retention
    )


def model_history(settings: Settings) -> list[dict[str, object]]:
    """Return what happened to the models that were learnt here, oldest first."""
    folder = learning_folder(settings)
    if folder is None:
        return []
    from classifier.learning import Shelf

    return Shelf(folder).history()


def _model_in_use(settings: Settings) -> Suggester | None:
    from classifier.learning import load_in_use
    from classifier.model import ModelError

    try:
        return load_in_use(learning_folder(settings), model_folder(settings))
    except ModelError as error:
        log.error("classifier not loaded: because=%s", error)
        return _model(model_folder(settings)) if learning_folder(settings) else None


def _model(folder: Path) -> Suggester | None:
    from classifier.model import Classifier, ModelError

    try:
        return Classifier.load(folder)
    except ModelError as error:
        log.error("classifier not loaded: because=%s", error)
        return None


@cache
def _languages() -> Callable[[str], str]:
    # Imported here: only asked for when the classifier, which brings its own, said nothing.
    from classifier.language import Languages

    return Languages().of


def language_of(text: str) -> str:
    """Tell the language of a text; "sv" where it does not clearly say otherwise."""
    return _languages()(text)


def build_doors(settings: Settings, store: Store, clock: Callable[[], datetime]) -> list[Channel]:
    """Build the channels that hear."""
    doors: list[Channel] = []
    if settings.channels.smtp is not None:
        doors.append(_smtp(settings.channels.smtp, settings.mail.address, clock))
    doors.extend(build_mailboxes(settings, store, clock))
    return doors


def build_mailboxes(settings: Settings, store: Store, clock: Callable[[], datetime]) -> list[Imap]:
    """Build the mailboxes that we fetch from."""
    places = Positions(store)
    return [_imap(name, mailbox, places, clock) for name, mailbox in settings.channels.imap.items()]


def build_others(settings: Settings, store: Store, clock: Callable[[], datetime]) -> list[Channel]:
    """Build the channels that bring their own table; raise `SettingsError` when one makes no sense."""
    given = Given(
        clock=clock,
        secret=secret,
        places=Positions(store),
        public_url=settings.web.public_url if settings.web else "",
        service_name=settings.municipality.service_name,
    )
    built = []
    for name, table in settings.channels.others.items():
        made_by = plugin(name)
        if made_by is None:  # its table would not have been read
            continue
        with _blaming(f"channels.{name}"):
            built.append(made_by.build(table, given))
    roads = [road for one in built for road in roads_of(one)]
    for road in sorted({one for one in roads if roads.count(one) > 1}):
        names = " och ".join(f"[channels.{one.name}]" for one in built if road in roads_of(one))
        raise SettingsError(f"tabell {names}: båda vill sända {road}. Behåll den ena.")
    return built


def build_relay(settings: RelaySettings, identity: Identity) -> Relay:
    """Build the road out."""
    try:
        context = ssl.create_default_context(cafile=settings.ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"tabell [channels.relay], nyckel ca_file: kan inte läsas ({error}). "
            "Ange en PEM-fil som tjänsten får läsa, eller ta bort nyckeln."
        ) from error
    with _blaming("channels.relay"):
        return Relay(
            identity=identity,
            host=settings.host,
            port=settings.port,
            security=settings.security,
            username=settings.username,
            password=secret(settings.password) if settings.password else "",
            tokens=_tokens(settings.oauth, settings.username),
            ssl_context=context,
            pool_size=settings.connections,
            timeout=settings.timeout_seconds,
        )


@contextmanager
def _blaming(table: str) -> Iterator[None]:
    """Tell in which table it stands when a channel refuses what it was given."""
    try:
        yield
    except ValueError as error:
        raise SettingsError(f"tabell [{table}]: {str(error).rstrip('.')}.") from error


def _smtp(settings: SmtpSettings, address: str, clock: Callable[[], datetime]) -> Smtp:
    context = None
    if settings.certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(settings.certificate, settings.key)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                f"tabell [channels.smtp], nyckel certificate/key: kan inte läsas ({error}). "
                "Ange PEM-filer som tjänsten får läsa."
            ) from error
    return Smtp(
        account=address,
        recipients=settings.recipients,
        clock=clock,
        host=settings.host,
        port=settings.port,
        protocol=settings.protocol,
        hostname=address.rpartition("@")[2],
        ssl_context=context,
        require_starttls=settings.require_starttls,
        proxy_protocol=settings.proxy_protocol,
        data_size_limit=settings.max_size,
        max_connections=settings.max_connections,
        max_per_peer=settings.max_per_peer,
        timeout=settings.timeout_seconds,
    )


def _imap(name: str, settings: ImapSettings, ledger: Positions, clock: Callable[[], datetime]) -> Imap:
    with _blaming(f"channels.imap.{name}"):
        return Imap(
            account=name,
            host=settings.host,
            port=settings.port,
            security=settings.security,
            username=settings.username,
            password=secret(settings.password) if settings.password else "",
            token_source=_tokens(settings.oauth, settings.username),
            folders=settings.folders,
            done=settings.done,
            idle=settings.idle,
            poll_seconds=settings.poll_seconds,
            own_domains=settings.own_domains,
            ledger=ledger,
            clock=clock,
        )


def _tokens(settings: OauthSettings | None, user: str) -> TokenSource | None:
    if settings is None:
        return None
    if settings.google_key is not None:
        # Imported here: few need it, and it is slow to load.
        from bots.mail.oauth_google import GoogleServiceAccount

        try:
            return GoogleServiceAccount(key=secret(settings.google_key), user=user)
        except ValueError as error:
            raise SettingsError(f"hemligheten {settings.google_key} {error}.") from error
    return ClientCredentials(
        tenant=settings.tenant,
        client_id=settings.client_id,
        secret=secret(settings.client_secret or ""),
    )


def _unit(settings: UnitSettings) -> Unit:
    provider = settings.provider
    return Unit(
        id=settings.id,
        name=settings.name,
        handlers=tuple(settings.handlers),
        words=tuple(settings.words),
        areas=tuple(settings.areas),
        addresses=tuple(settings.addresses),
        kinds=tuple(Kind(kind) for kind in settings.kinds),
        managers=tuple(settings.managers),
        heads=tuple(settings.heads),
        contact=_contact(settings.contact),
        answer_days=settings.answer_days,
        regulated=settings.regulated,
        term=settings.term,
        administration=settings.administration,
        department=settings.department,
        board=settings.board,
        provider=None
        if provider is None
        else Provider(name=provider.name, email=provider.email, phone=provider.phone),
    )


def _board(settings: BoardSettings) -> Board:
    return Board(id=settings.id, name=settings.name, series=settings.series)


def _contact(settings: ContactSettings | None) -> Contact | None:
    if settings is None:
        return None
    return Contact(
        name=settings.name, address=settings.address, phone=settings.phone, handler=settings.handler
    )


def _handler(settings: Any) -> Handler:
    return Handler(
        id=settings.id,
        name=settings.name,
        email=settings.email,
        title=settings.title,
        phone=settings.phone,
        substitute=settings.substitute,
        languages=tuple(settings.languages),
        absent=tuple((one.first, one.last) for one in settings.absent),
        roles=tuple(Role(one) for one in settings.roles),
    )
