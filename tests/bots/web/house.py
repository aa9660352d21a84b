"""A small house with a real store, for the pages to stand in. Every person and word is invented."""

import asyncio
import html
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import httpx
from starlette.applications import Starlette

from bots.channel import NotKeptError
from bots.web.app import build
from bots.web.parts import MailboxMail, ModelHistory, PublicFacts
from store import acts, cases, inbox, life, outbox
from store.cases import NewCase
from store.deadlines import Days, promises
from store.domain import (
    Address,
    Automatic,
    Factor,
    Guess,
    Handler,
    Inbound,
    Kind,
    Lane,
    LetterState,
    MessageState,
    Outgoing,
    Purpose,
    Receipt,
    Role,
    Status,
    Suggestion,
    Unit,
    Verdict,
)
from store.engine import Store
from store.sight import Reader

PASSWORD = "en lång fras för personalen"
SECRET = "en hemlighet som bara finns i testerna"
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)

STAFF = (
    Handler(id="anna", name="Anna Ek", email="anna.ek@example.se", title="enhetschef"),
    Handler(id="bo", name="Bo Lind", email="bo.lind@example.se", title="registrator"),
)
UNITS = (
    Unit(id="gata", name="Gata och park", handlers=("anna",)),
    Unit(id="omsorg", name="Hemtjänsten", handlers=("bo",)),
    Unit(id="trafik", name="Trafikenheten", handlers=("bo",)),
)
PUBLIC = PublicFacts(
    service_name="Tyck till",
    municipality="Lilla kommunen",
    phone="070-174 06 05",
    phone_hours="vardagar 8–16",
    privacy_url="https://www.example.se/personuppgifter",
    intake_address="synpunkt@example.se",
    chat=True,
)


@dataclass(kw_only=True)
class Acts:
    """The acts as the store knows them; what the desk writes to people has tests of its own."""

    store: Store
    clock: "Clock"

    hasty: set[int] = field(default_factory=set)  # the cases that wait for a second look

    def open_to(self, case_id: int) -> bool:
        if case_id not in self.hasty:
            return False
        with self.store.write() as transaction:
            message = inbox.first_of_case(transaction, case_id)
            assert message is not None
            found = a_suggestion(Kind.COMPLAINT)
            cases.suggest(transaction, case_id, message["id"], found, now=self.clock())
        return True

    def confirm(
        self, case_id: int, *, kind: Kind | None, factor: Factor | None, by: str, version: int
    ) -> bool:
        with self.store.write() as transaction:
            return cases.confirm(
                transaction, case_id, kind=kind, factor=factor, by=by, version=version, now=self.clock()
            )

    def release(self, case_id: int, *, by: str, version: int) -> None:
        with self.store.write() as transaction:
            actor = life.Actor(id=by, roles=frozenset({life.HANDLER}))
            acts.release(
                transaction, case_id, to=Status.ASSIGNED, actor=actor, version=version, now=self.clock()
            )

    def on_behalf(
        self, case_id: int, *, sender: Address, name: str, received_at: datetime, by: str, version: int
    ) -> None:
        with self.store.write() as transaction:
            acts.mark(
                transaction,
                case_id,
                act="avsändaren är någon annan",
                actor=life.Actor(id=by, roles=frozenset({life.HANDLER if by == "anna" else life.STAFF})),
                who={life.HANDLER},
                now=self.clock(),
                version=version,
                details={},
                sender_handle=sender.handle,
                sender_name=name,
                received_at=received_at,
            )

    def is_ours(self, address: str) -> bool:
        return address.endswith("@example.se")

    def reader(self, person_id: str) -> Reader:
        return Reader(id=person_id, is_registrator=person_id == "bo", sorts=True)

    def roles(self, person_id: str) -> frozenset[Role]:
        office = {"anna": Role.TRIAGE, "bo": Role.REGISTRATOR}
        return frozenset({Role.HANDLER, office[person_id]} if person_id in office else ())

    def send(self, letter_id: int, *, by: str) -> bool:
        with self.store.write() as transaction:
            return outbox.let_go(transaction, letter_id, by=by, now=self.clock())


@dataclass
class Clock:
    """A clock that the test moves."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by


@dataclass(kw_only=True)
class House:
    """The pages, what they stand on, and a browser of our own."""

    store: Store
    clock: Clock
    broken: bool = False
    heard: list[Inbound] = field(default_factory=list)
    hasty: set[int] = field(default_factory=set)

    async def receive(self, inbound: Inbound) -> Receipt:
        if self.broken:
            raise NotKeptError("the disk is full")
        self.heard.append(inbound)
        return await asyncio.to_thread(self.keep, inbound)

    def keep(self, inbound: Inbound) -> Receipt:
        with self.store.write() as transaction:
            return inbox.keep(transaction, [inbound], self.clock())[0]

    def app(
        self,
        *,
        password: str = PASSWORD,
        secure_cookies: bool = False,
        mailbox: Callable[[], Sequence[MailboxMail]] | None = None,
        model_history: ModelHistory = list,
        public: PublicFacts = PUBLIC,
        roads: Sequence[str] = ("email",),
    ) -> Starlette:
        return build(
            store=self.store,
            acts=Acts(store=self.store, clock=self.clock, hasty=self.hasty),
            receive=self.receive,
            clock=self.clock,
            public=public,
            staff=STAFF,
            units=UNITS,
            password=password,
            session_secret=SECRET,
            secure_cookies=secure_cookies,
            mailbox=mailbox,
            model_history=model_history,
            roads=roads,
            # Nobody reads mail here, so nothing is gained by waiting for it.
            patience=timedelta(0),
        )

    def browser(self, app: Starlette | None = None, *, host: str = "192.0.2.1") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=app or self.app(), client=(host, 40000))
        return httpx.AsyncClient(transport=transport, base_url="http://test")

    def add_case(
        self,
        text: str = "Hålet i cykelbanan vid skolan är kvar.",
        *,
        title: str = "Hål i cykelbanan",
        name: str = "Sven Svensson",
        sender: str = "sven@example.org",
        received_at: datetime = NOW - timedelta(days=3),
        status: Status = Status.ASSIGNED,
        handler: str = "anna",
        unit: str = "gata",
        lanes: Sequence[Lane] = (),
        suggestion: Suggestion | None = None,
        attachments: Sequence[tuple[str, bytes]] = (),
        quarantined_because: str = "",
        automatic: Automatic | None = None,
        warnings: Sequence[str] = (),
        verdicts: Sequence[Verdict] = (),
        quoted: str = "",
        language: str = "sv",
    ) -> str:
        """Add a case that came by mail, and return its number."""
        raw = a_mail(text + quoted, title=title, sender=sender, attachments=attachments)
        with self.store.write() as transaction:
            message_id = inbox.keep(
                transaction,
                [Inbound(channel="smtp", account="lokal", received_at=received_at, raw=raw)],
                received_at,
            )[0].message_id
            case_id, number = cases.open_case(
                transaction,
                NewCase(
                    status=status,
                    received_at=received_at,
                    title=title,
                    channel="smtp",
                    # Intake answers no automatic mail, so such a case has nobody to write to.
                    sender=None if automatic else Address(channel="email", handle=sender),
                    sender_name=name,
                    language=language,
                    unit=unit,
                    handler=handler,
                    routed_because="orden hål, cykelbana",
                    lanes=tuple(lanes),
                    quarantined_because=quarantined_because,
                ),
                now=received_at,
            )
            inbox.note_read(
                transaction,
                message_id,
                case_id=case_id,
                state=MessageState.READ,
                read={
                    "from_addr": sender,
                    "from_name": name,
                    "subject": title,
                    "text": text,
                    "full_text": text + quoted,
                    "automatic": automatic or "",
                    "attachments": [
                        {"name": file, "media_type": "application/pdf", "size": len(data)}
                        for file, data in attachments
                    ],
                    "warnings": list(warnings),
                    "verdicts": list(verdicts),
                },
            )
            kind = Kind(suggestion.kind.value) if suggestion else None
            if suggestion:
                cases.suggest(transaction, case_id, message_id, suggestion, now=received_at)
            if status is not Status.QUARANTINED:
                cases.promise(transaction, case_id, promises(received_at, kind, Days()))
        return number

    def add_letter(
        self,
        number: str,
        *,
        subject: str = "Vi har tagit emot din synpunkt",
        body: str = "Hej!\n\nTack för att du hör av dig.\n",
        purpose: Purpose = Purpose.ACKNOWLEDGEMENT,
        to: str = "sven@example.org",
        name: str = "Sven Svensson",
        held_because: str = "",
        state: LetterState = LetterState.PENDING,
        because: str = "",
    ) -> int:
        """Add a letter to a case, bring it to `state`, and return its id."""
        with self.store.write() as transaction:
            case = cases.find_number(transaction, number)
            assert case is not None
            letter = Outgoing(
                key=f"{case['id']}:{purpose}:{subject}",
                purpose=purpose,
                recipient=Address(channel="email", handle=to),
                recipient_name=name,
                subject=subject,
                body=body,
                case_id=case["id"],
            )
            letter_id = outbox.put(transaction, letter, now=self.clock(), held_because=held_because)
            assert letter_id is not None
            if state is not LetterState.PENDING:
                taken = outbox.take(transaction, now=self.clock(), limit=50, channels=["email"])
                mine = next(one for one in taken if one.id == letter_id)
                if state is LetterState.SENT:
                    outbox.sent(transaction, mine, "250 ok", now=self.clock())
                else:
                    outbox.give_up(transaction, mine, state, because=because, now=self.clock())
        return letter_id

    def version(self, number: str) -> int:
        with self.store.read() as transaction:
            case = cases.find_number(transaction, number)
        assert case is not None
        version: int = case["version"]
        return version


def a_suggestion(
    kind: Kind = Kind.COMPLAINT,
    factor: Factor = Factor.LIVING_ENVIRONMENT,
    *,
    share: float = 0.92,
    factor_share: float = 0.81,
    why: tuple[str, ...] = ("hålet", "cykelbanan"),
    lanes: tuple[Lane, ...] = (),
    vector: bytes = b"",
) -> Suggestion:
    """Make what a classifier might say; below one half it is unsure."""
    return Suggestion(
        kind=Guess(value=kind, confidence=share, sure=share >= 0.5),
        factor=Guess(value=factor, confidence=factor_share, sure=factor_share >= 0.5),
        lanes=lanes,
        language="sv",
        model="ord-1",
        why=why,
        vector=vector,
    )


def a_mail(text: str, *, title: str, sender: str, attachments: Sequence[tuple[str, bytes]] = ()) -> bytes:
    """Write a mail as a citizen's program would."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = PUBLIC.intake_address
    mail["Subject"] = title.replace("\n", " ")
    mail.set_content(text)
    for name, data in attachments:
        mail.add_attachment(data, maintype="application", subtype="pdf", filename=name)
    return mail.as_bytes()


def token_of(page: httpx.Response) -> str:
    """Find the token that a page's forms carry."""
    return value_of(page, "token")


def value_of(page: httpx.Response, name: str) -> str:
    """Find what a page has put in a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found is not None, f"no field {name}"
    return html.unescape(found[1])


def code_of(page: httpx.Response) -> str:
    """Find the code that a page shows to an anonymous sender."""
    found = re.search(r'<strong class="code">([^<]+)</strong>', page.text)
    assert found is not None, "no code"
    return found[1]


async def log_in(
    browser: httpx.AsyncClient, *, who: str = "anna", password: str = PASSWORD
) -> httpx.Response:
    """Log a member of staff in."""
    door = await browser.get("/logga-in")
    return await browser.post(
        "/logga-in", data={"token": token_of(door), "who": who, "password": password, "next": "/arenden"}
    )


async def fill_in(
    house: House, browser: httpx.AsyncClient, wait: timedelta = timedelta(seconds=20), /, **typed: str
) -> httpx.Response:
    """Open the form, take a moment, and send it."""
    page = await browser.get("/")
    house.clock.forward(wait)
    hidden = {"token": token_of(page), "ticket": value_of(page, "ticket"), "language": "sv", "website": ""}
    return await browser.post("/", data=hidden | typed)


def fields_of(inbound: Inbound) -> dict[str, object]:
    """Read what the form kept."""
    fields: dict[str, object] = json.loads(inbound.raw)
    return fields
