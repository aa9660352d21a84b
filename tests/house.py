"""The desk on a real store, with a channel in memory and a clock that the test moves. Nobody here is real."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from bots.channel import Capabilities, Channel, Form, roads_of
from bots.channels.memory import Memory
from bots.desk.acts import Acts
from bots.desk.again import Again
from bots.desk.cases import CaseWork
from bots.desk.closing import Closing
from bots.desk.delivery import Delivery
from bots.desk.house import House as Organisation
from bots.desk.intake import Intake
from bots.desk.judge import Judge, MailReader, Surroundings
from bots.desk.letters import Guard, Letters
from bots.desk.opinion import Opinion, Suggester
from bots.desk.watch import Watch
from bots.mail.identity import Identity
from bots.mail.reading import ReadMail, TrustedFront
from bots.mail.worker import Job, read_all
from store import cases, journal, profiles
from store.deadlines import Days
from store.domain import (
    Factor,
    Guess,
    Handler,
    Inbound,
    Kind,
    Lane,
    LetterState,
    Outgoing,
    Purpose,
    Receipt,
    Suggestion,
    Unit,
)
from store.engine import Row, Store
from store.profiles.policy import Profile
from store.tables import metadata

TOWN = "synpunkt@lillkommun.example"
SENDER = "sven.svensson@example.org"
NAME = "Sven Svensson"
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)  # a Monday
FRONT = TrustedFront(
    received_by="mx.lillkommun.example",
    families=frozenset({"rspamd"}),
    authserv_id="mx.lillkommun.example",
    strips_forged=False,
)

REGISTRATOR = Handler(
    id="rita",
    name="Rita Lund",
    title="registrator",
    email="rita.lund@lillkommun.example",
    phone="070-174 06 05",
)
ANNA = Handler(
    id="anna", name="Anna Ek", title="enhetschef", email="anna.ek@lillkommun.example", substitute="petra"
)
PETRA = Handler(id="petra", name="Petra Holm", title="parkchef", email="petra.holm@lillkommun.example")
OMAR = Handler(id="omar", name="Omar Dahl", title="rektor", email="omar.dahl@lillkommun.example")
PEOPLE = (REGISTRATOR, ANNA, PETRA, OMAR)
UNITS = (
    Unit(
        id="park",
        name="Gata och park",
        handlers=("anna",),
        words=("gunga", "park", "cykelväg"),
        areas=("park", "gata/trafik"),
        addresses=("park@lillkommun.example",),
    ),
    Unit(id="skola", name="Skolan", handlers=("omar",), words=("skol", "elev"), areas=("skola",)),
)


@dataclass
class Clock:
    """A clock that the test moves."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Scripted:
    """A classifier that says what the test tells it to: of a text that holds a fragment, or of any."""

    otherwise: Suggestion
    said: dict[str, Suggestion | Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def suggest_many(self, texts: Sequence[str]) -> list[Suggestion]:
        return [self._suggest(text) for text in texts]

    def _suggest(self, text: str) -> Suggestion:
        self.asked.append(text)
        for fragment, answer in self.said.items():
            if fragment in text:
                if isinstance(answer, Exception):
                    raise answer
                return answer
        return self.otherwise


class PlainReader:
    """Reads mail right here; that a child process does it as well is proved with the process itself."""

    def read_many(self, jobs: Sequence[Job]) -> list[ReadMail]:
        return read_all(jobs)


@dataclass(kw_only=True)
class House:
    """The whole desk, without doors: the test hands messages in and looks at what came of them."""

    store: Store
    clock: Clock
    memory: Memory
    identity: Identity
    suggester: Any
    opinion: Opinion
    intake: Intake
    judge_: Judge
    delivery: Delivery
    work: CaseWork
    acts: Acts
    watch: Watch

    async def receive(self, *group: Inbound) -> list[Receipt]:
        """Let messages come in, all at the same time, and wait until they are kept."""
        running = asyncio.ensure_future(self.intake.run())
        try:
            return list(await asyncio.gather(*(self.intake.receive(one) for one in group)))
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    def judge(self) -> int:
        """Judge what is kept until nothing more can be, and count it."""
        total = 0
        while judged := self.judge_.once():
            total += judged
        return total

    async def deliver(self) -> int:
        """Send what may be sent now, and count the tries."""
        total = 0
        while tried := await self.delivery.once():
            total += tried
        return total

    async def hear(self, *group: Inbound) -> None:
        """Take messages the whole way: kept, judged, answered."""
        await self.receive(*group)
        await asyncio.to_thread(self.judge)
        await self.deliver()

    def cases(self) -> list[Row]:
        """List every case, oldest first."""
        return self.table("cases")

    def case(self) -> Row:
        """Return the only case."""
        (found,) = self.cases()
        return found

    def outbox(self, *, purpose: Purpose | None = None, state: LetterState | None = None) -> list[Row]:
        """List every letter, or those of a purpose or state, oldest first."""
        return [
            row
            for row in self.table("letters")
            if (purpose is None or row["purpose"] == purpose) and (state is None or row["state"] == state)
        ]

    def acknowledgements(self) -> list[Row]:
        """List the letters that thank a citizen."""
        return self.outbox(purpose=Purpose.ACKNOWLEDGEMENT)

    def messages(self) -> list[Row]:
        """List every message, oldest first."""
        return self.table("messages")

    def journal(self, case_id: int) -> list[str]:
        """List what was done in a case, in order."""
        with self.store.read() as transaction:
            return [line["act"] for line in journal.of_case(transaction, case_id)]

    def promises(self, case_id: int) -> dict[str, date]:
        """Return the days that are promised in a case."""
        with self.store.read() as transaction:
            owed = cases.of_case(transaction, case_id)["promises"]
        return {row["kind"]: row["due_on"] for row in owed}

    def table(self, name: str) -> list[Row]:
        """List all rows of a table."""
        return rows_of(self.store, name)

    def letter(self, row: Row) -> Outgoing:
        """Return a letter as the channel got it."""
        return next(letter for letter in self.memory.letters if letter.id == row["id"])


def open_house(
    store: Store,
    *,
    suggester: Suggester | None = None,
    silent: bool = False,
    people: Sequence[Handler] = PEOPLE,
    units: Sequence[Unit] = UNITS,
    reader: MailReader | None = None,
    patience: float = 10.0,
    quick: Suggester | None = None,
    storm: int = 32,
    clock: Clock | None = None,
    per_address_and_day: int = 5,
    per_handler_and_hour: int = 200,
    give_up_after: timedelta = timedelta(hours=48),
    in_hand: int = 8,
    plus_addressing: bool = True,
    days: Days | None = None,
    policy: Profile | None = None,
    roads: Mapping[str, Channel] | None = None,
    others: Sequence[Channel] = (),
    console_url: str = "https://tycktill.lillkommun.example",
    registrator: str = "rita",
    **organisation: Any,
) -> House:
    """Build the desk on a store. With `silent` there is no classifier at all.

    The days are the policy's unless others are given; `roads` are channels out besides e-mail, `others`
    channels of both ways, and `organisation` are further fields of the house.
    """
    policy = policy or profiles.load("standard")
    clock = clock or Clock()
    memory = Memory()
    identity = Identity(
        address=TOWN,
        name="Tyck till",
        secret=b"en hemlighet som bara finns i testerna",
        plus_addressing=plus_addressing,
    )
    town = Organisation(
        municipality="Lilla kommunen",
        service_name="Tyck till",
        phone="070-174 06 10",
        phone_hours="mån–fre 8–16",
        privacy_url="https://lillkommun.example/personuppgifter",
        console_url=console_url,
        days=days or (policy.days if policy.id != "standard" else Days()),
        policy=policy,
        handlers={person.id: person for person in people},
        units=units,
        registrator=registrator,
        **organisation,
    )
    channels: dict[str, Channel] = {"email": memory, **(roads or {})}
    capabilities = {name: one.capabilities for name, one in channels.items()} | {
        "email": Capabilities(encloses=True)
    }
    for other in others:
        for road, can in roads_of(other).items():
            channels[road], capabilities[road] = other, can
    work = CaseWork(
        house=town,
        identity=identity,
        letters=Letters(
            house=town,
            identity=identity,
            guard=Guard(per_address_and_day=per_address_and_day, per_handler_and_hour=per_handler_and_hour),
            forms={**{road: can.form for road, can in capabilities.items()}, "sms": Form.SMS},
        ),
        clock=clock,
        language_of=lambda text: "fi" if "hyvää" in text.casefold() else "sv",
        capabilities=capabilities,
    )
    delivery = Delivery(
        store=store,
        channels=channels,
        clock=clock,
        failed=work.tell_undelivered,
        arrived=Closing(work=work).after,
        capabilities=capabilities,
        give_up_after=give_up_after,
        in_hand=in_hand,
    )
    chosen = None if silent else suggester or Scripted(a_suggestion())
    opinion = Opinion(suggester=chosen, patience=patience, quick=quick, storm=storm)
    again = Again(store=store, work=work, opinion=opinion, clock=clock)
    judge = Judge(
        store=store,
        clock=clock,
        reader=reader or PlainReader(),
        surroundings=Surroundings(own=(TOWN,), form_senders=("form@eservice.example",), trusted=FRONT),
        opinion=opinion,
        work=work,
        judged=delivery.ring,
        again=again,
    )
    return House(
        store=store,
        clock=clock,
        memory=memory,
        identity=identity,
        suggester=chosen,
        opinion=opinion,
        intake=Intake(store=store, clock=clock, kept=judge.ring),
        judge_=judge,
        delivery=delivery,
        work=work,
        acts=Acts(store=store, work=work, clock=clock, acted=lambda: None, look_again=again.at_once),
        watch=Watch(store=store, work=work, clock=clock, told=lambda: None),
    )


def a_suggestion(
    kind: Kind = Kind.COMPLAINT,
    confidence: float = 0.72,
    *,
    factor: Factor = Factor.LIVING_ENVIRONMENT,
    lanes: tuple[Lane, ...] = (),
    language: str = "sv",
    area: str = "",
    area_confidence: float = 0.8,
) -> Suggestion:
    """Make what a classifier might say."""
    return Suggestion(
        kind=Guess(value=kind, confidence=confidence, sure=confidence >= 0.5),
        factor=Guess(value=factor, confidence=0.6, sure=True),
        area=Guess(value=area, confidence=area_confidence, sure=True) if area else None,
        lanes=lanes,
        ruled=lanes,
        language=language,
        model="prov-1",
        why=("gungan",),
    )


def a_mail(
    text: str = "Gungan vid lekplatsen är trasig. När lagas den?",
    *,
    subject: str = "Trasig gunga",
    sender: str = f"{NAME} <{SENDER}>",
    to: str = TOWN,
    message_id: str | None = None,
    in_reply_to: str = "",
    references: Sequence[str] = (),
    headers: Sequence[tuple[str, str]] = (),
    on_top: str = "",
) -> bytes:
    """Write a mail as a citizen's program would. Without `message_id` it has one that the words decide."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = to
    if subject:
        mail["Subject"] = subject
    mail["Date"] = "Mon, 23 Nov 2026 10:29:00 +0100"
    if message_id is None:
        named = hashlib.sha256(f"{subject}{text}{sender}".encode()).hexdigest()[:16]
        message_id = f"<{named}@example.org>"
    if message_id:
        mail["Message-ID"] = message_id
    if in_reply_to:
        mail["In-Reply-To"] = in_reply_to
    if references:
        mail["References"] = " ".join(references)
    for name, value in headers:
        mail[name] = value
    mail.set_content(text)
    return on_top.encode() + mail.as_bytes()


def an_inbound(
    raw: bytes | None = None,
    *,
    channel: str = "smtp",
    account: str = TOWN,
    received_at: datetime = NOW,
    envelope_from: str | None = SENDER,
    envelope_to: Sequence[str] = (TOWN,),
    external_id: str = "",
    **mail: Any,
) -> Inbound:
    """Make a message that came by mail; other arguments are those of `a_mail`."""
    return Inbound(
        channel=channel,
        account=account,
        received_at=received_at,
        raw=a_mail(**mail) if raw is None else raw,
        envelope_from=envelope_from,
        envelope_to=tuple(envelope_to),
        external_id=external_id,
    )


def rows_of(store: Store, table: str) -> list[Row]:
    """List all rows of a table in the order that they were written."""
    found = metadata.tables[table]
    with store.read() as transaction:
        return transaction.rows(found.select().order_by(*found.primary_key.columns))


def said(house: House, case: Row) -> list[str]:
    """List the texts that belong to a case."""
    return [row["text"] for row in house.messages() if row["case_id"] == case["id"]]
