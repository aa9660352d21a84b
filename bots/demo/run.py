"""Runs the demo: the real house on loopback, mails in through its SMTP port, letters seen coming out."""

import asyncio
import signal
import smtplib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import SMTP, default
from pathlib import Path

from bots import app as house
from bots.channels.smtp import Smtp
from bots.clock import now
from bots.demo import mails, town
from bots.demo.letterbox import Delivered, Letterbox
from bots.web.parts import MailboxMail
from store import cases, inbox
from store.domain import PromiseKind

_PATIENCE = 60.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the demo counted."""

    mails: int
    cases: int
    acknowledged: int
    expected: int
    to_machines: int
    threaded: int

    @property
    def is_right(self) -> bool:
        """Tell whether just the right letters came out."""
        return (self.acknowledged, self.to_machines, self.threaded) == (self.expected, 0, 1)


async def run(*, once: bool, smtp_port: int, web_port: int, say: Callable[[str], None] = print) -> Outcome:
    """Show the whole road; stay up until interrupted, unless `once`. Everything is thrown away after."""
    with tempfile.TemporaryDirectory(prefix="synpunkt-demo-") as folder:
        return await _run(Path(folder), once=once, smtp_port=smtp_port, web_port=web_port, say=say)


async def _run(
    folder: Path, *, once: bool, smtp_port: int, web_port: int, say: Callable[[str], None]
) -> Outcome:
    letterbox = Letterbox(clock=now)
    async with asyncio.TaskGroup() as group:
        relay = group.create_task(letterbox.run())
        await letterbox.server.ready.wait()
        settings = town.settings(
            folder,
            relay_port=letterbox.server.port,
            smtp_port=town.free_port(smtp_port),
            web_port=town.free_port(web_port),
        )
        say("Laddar modellen och startar på den egna maskinen …")
        app = house.build(settings, mailbox=lambda: [_shown(one) for one in letterbox.letters])
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        running = group.create_task(app.run(stop))
        port = await _opened(app)
        outcome = await _play(app, letterbox, port, say)
        _tell_how_to_go_on(say, port, settings.web.public_url if settings.web else "", stays=not once)
        if not once:
            await stop.wait()
            say("Stänger …")
        stop.set()
        await running
        relay.cancel()
    return outcome


async def _opened(app: house.App) -> int:
    """Wait until the SMTP door is open, and return its port."""
    door = next(door for door in app.doors if isinstance(door, Smtp))
    async with asyncio.timeout(_PATIENCE):
        await door.ready.wait()
    return door.port


async def _play(app: house.App, letterbox: Letterbox, port: int, say: Callable[[str], None]) -> Outcome:
    samples = mails.first_mails(now())
    for number, sample in enumerate(samples, 1):
        await _show(app, letterbox, port, number, sample, say)
    await _until(lambda: len(_acknowledgements(letterbox)) >= len(samples))
    ours = {letter.recipient: letter.data for letter in _acknowledgements(letterbox)}
    before = len(_acknowledgements(letterbox))
    later = mails.later_mails(now(), ours)
    for number, sample in enumerate(later, len(samples) + 1):
        await _show(app, letterbox, port, number, sample, say)
    await _until(lambda: _waiting(app) == 0)
    everything = [*samples, *later]
    outcome = Outcome(
        mails=len(everything),
        cases=sum(_counts(app).values()),
        acknowledged=len(_acknowledgements(letterbox)),
        expected=sum(sample.acknowledged for sample in everything),
        to_machines=len(_acknowledgements(letterbox)) - before,
        threaded=await asyncio.to_thread(_threaded, app),
    )
    say("")
    say(
        f"{outcome.mails} mejl in, {outcome.cases} ärenden, {outcome.acknowledged} kvitton ut "
        f"(väntade {outcome.expected}), {outcome.to_machines} kvitton till automatiska avsändare, "
        f"{outcome.threaded} svar lagt i sitt ärende."
    )
    return outcome


async def _show(
    app: house.App,
    letterbox: Letterbox,
    port: int,
    number: int,
    sample: mails.Sample,
    say: Callable[[str], None],
) -> None:
    before = len(letterbox.letters)
    await asyncio.to_thread(_deliver, port, sample)
    subject = str(message_from_bytes(sample.data, policy=default)["Subject"] or "(utan ämne)")
    say("")
    say(f"{number:2}. IN  {sample.envelope_from or '<>'}  «{subject}»  [{sample.shows}]")
    await _until(lambda: _waiting(app) == 0)
    if not sample.acknowledged:
        say("    UT  inget kvitto: " + await asyncio.to_thread(_last_act, app))
        return
    await _until(lambda: any(_is_acknowledgement(one) for one in letterbox.letters[before:]))
    for line in await asyncio.to_thread(_case_lines, app):
        say(f"    {line}")
    letter = next(one for one in letterbox.letters[before:] if _is_acknowledgement(one))
    read = message_from_bytes(letter.data, policy=default)
    say(f"    UT  kvitto till {letter.recipient}: «{read['Subject']}»")


def _deliver(port: int, sample: mails.Sample) -> None:
    recipient = mails.TOWN
    to = str(message_from_bytes(sample.data, policy=SMTP)["To"])
    if "+" in to:
        recipient = to
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
        client.sendmail(sample.envelope_from, [recipient], sample.data)


def _case_lines(app: house.App) -> list[str]:
    with app.store.read() as transaction:
        row = max(cases.page(transaction, limit=500), key=lambda case: case["id"])
        suggestion = cases.latest_suggestion(transaction, row["id"])
        promises = cases.of_case(transaction, row["id"])["promises"]
    lines = [f"ÄRENDE {row['number']}  språk {row['language']}"]
    if suggestion is not None:
        lines.append(
            f"FÖRSLAG {suggestion['kind']} {suggestion['kind_confidence']:.0%}"
            f"{'' if suggestion['kind_sure'] else ' (osäker)'}, {suggestion['factor']} "
            f"{suggestion['factor_confidence']:.0%}{'' if suggestion['factor_sure'] else ' (osäker)'}"
            f"{'  KAN VARA ' + ', '.join(suggestion['lanes']) if suggestion['lanes'] else ''}"
        )
    handler = app.judge.work.house.person(row["handler"])
    due = {promise["kind"]: promise["due_on"] for promise in promises}
    lines.append(
        f"HOS  {handler.name}, {handler.title} ({row['routed_because']})  "
        f"svar senast {due.get(PromiseKind.ANSWER, 'utan datum')}"
    )
    return lines


def _last_act(app: house.App) -> str:
    with app.store.read() as transaction:
        line = cases.last_line(transaction)
    return f"{line['act']} ({line['number']})" if line else "inget ärende"


def _threaded(app: house.App) -> int:
    """Count the messages from people that joined a case which was there before."""
    with app.store.read() as transaction:
        numbers = [row["id"] for row in cases.page(transaction, limit=500)]
        found = [cases.of_case(transaction, number)["messages"] for number in numbers]
    return sum(not message["automatic"] for messages in found for message in messages[1:])


def _waiting(app: house.App) -> int:
    with app.store.read() as transaction:
        return inbox.waiting(transaction)


def _counts(app: house.App) -> dict[str, int]:
    with app.store.read() as transaction:
        return cases.counts(transaction)


def _acknowledgements(letterbox: Letterbox) -> list[Delivered]:
    return [letter for letter in letterbox.letters if _is_acknowledgement(letter)]


def _is_acknowledgement(letter: Delivered) -> bool:
    read = message_from_bytes(letter.data, policy=default)
    return str(read["Auto-Submitted"]).strip() == "auto-replied"


def _shown(letter: Delivered) -> MailboxMail:
    read = message_from_bytes(letter.data, policy=default)
    body = read.get_body(preferencelist=("plain",))
    return MailboxMail(
        at=letter.received_at,
        sender=str(read["From"]),
        recipient=letter.recipient,
        subject=str(read["Subject"]),
        body=str(body.get_content()) if body else "",
    )


async def _until(is_done: Callable[[], bool]) -> None:
    async with asyncio.timeout(_PATIENCE):
        while not await asyncio.to_thread(is_done):  # noqa: ASYNC110 - the answer lies in the database
            await asyncio.sleep(0.05)


def _tell_how_to_go_on(say: Callable[[str], None], port: int, url: str, *, stays: bool) -> None:
    say("")
    say(f"Skicka ett eget:   swaks --server 127.0.0.1:{port} --to {mails.TOWN} --from du@example.se \\")
    say("                     --header 'Subject: Gatlyktan' --body 'Lampan på Storgatan 3 är trasig igen.'")
    say(f"                   (eller ställ in vilket e-postprogram som helst på 127.0.0.1:{port}, utan TLS)")
    say(f"Formuläret:        {url}/")
    say(f"Ärendena:          {url}/arenden   (välj vem du är, lösenord: {town.STAFF_PASSWORD})")
    say(f"Breven som kom ut: {url}/demo/post")
    if stays:
        say("Avsluta med Ctrl-C. Allt kastas då; inget har lämnat maskinen.")
