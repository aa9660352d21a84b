"""A municipality on the movable clock: the product as a process, its staff, its citizens and their letters.

Blocking, for tests that read like a scenario. The world's mail server lives in a thread of its own.
"""

import asyncio
import html
import os
import re
import smtplib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from functools import cached_property
from typing import Any
from unittest.mock import patch

import httpx
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from bots.clock import MovableClock
from bots.desk.cases import CaseWork
from bots.desk.letters import Guard, Letters
from bots.desk.watch import Watch
from bots.mail.identity import Identity
from bots.parts import build_house, language_of
from bots.settings import load
from store.deadlines import STOCKHOLM
from store.engine import Row, Store
from tests.servers.product import SECRETS, Product, folder, running
from tests.servers.world import Delivered, World, a_world

US = "synpunkt@lillkommun.example"
DOMAIN = "kontoret.example"
PROVIDER = "svar@omsorgsbolaget.example"
SOCIAL_SERVICES = "socialjouren@kontoret.example"
MAIN_DIARY = "diariet@kontoret.example"
CONTACT = ("Eva Holm", "Torget 1, 000 00 Lilla kommunen", "070-174 06 11")
_PATIENCE = 60.0
_SECRET = SECRETS["SYNPUNKT_TEST_SECRET"]
_TRIAGE = 'medborgarcenter = ["monika"]\nquality = ["kerstin"]'
_PEOPLE = {
    "rita": ("Rita Lund", "registrator", ""),
    "monika": ("Monika Ask", "kommunvägledare", ""),
    "kerstin": ("Kerstin Vik", "kvalitetschef", ""),
    "frida": ("Frida Nord", "förvaltningschef", ""),
    "anna": ("Anna Ek", "handläggare", "kalle"),
    "petra": ("Petra Holm", "enhetschef", ""),
    "kalle": ("Kalle Berg", "handläggare", "anna"),
    "omar": ("Omar Dahl", "rektor", ""),
    "siv": ("Siv Lind", "lärare", "omar"),
}
_UNITS = f"""
[[units]]
id = "park"
name = "Park och gata"
handlers = ["anna"]
managers = ["petra"]
heads = ["frida"]
words = ["gung", "lekplats", "park", "papperskorg", "lampa", "gatlykt", "cykelställ", "kontaktcenter"]
contact = {{ name = "{CONTACT[0]}", address = "{CONTACT[1]}", phone = "{CONTACT[2]}" }}

[[units]]
id = "hemtjanst"
name = "Hemtjänst norr"
handlers = ["kalle"]
managers = ["petra"]
heads = ["frida"]
regulated = "sol"
words = ["hemtjänst"]
contact = {{ name = "{CONTACT[0]}", address = "{CONTACT[1]}", phone = "{CONTACT[2]}" }}
provider = {{ name = "Omsorgsbolaget AB", email = "{PROVIDER}", phone = "070-174 06 12" }}

[[units]]
id = "skola"
name = "Björkskolan"
handlers = ["siv"]
managers = ["omar"]
heads = ["frida"]
regulated = "skola"
words = ["skol"]
contact = {{ name = "{CONTACT[0]}", address = "{CONTACT[1]}", phone = "{CONTACT[2]}" }}
"""
_TABLES = f"""
[mail.front]
received_by = "mx.lillkommun.example"
families = ["rspamd"]

[watch]
seconds = 0.2

[doors]
social_services = "{SOCIAL_SERVICES}"
main_diary = "{MAIN_DIARY}"
"""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One letter that has reached the world, as its reader sees it."""

    to: str
    subject: str
    words: str  # as they stand, with one space between them
    lines: tuple[str, ...]
    mail: EmailMessage

    def link(self, label: str) -> str:
        """Return the link below a label; fail if there is none."""
        return self.lines[self.lines.index(f"{label}:") + 1]

    def case_number(self) -> str:
        """Return the number of the case that it is about."""
        found = re.search(r"SYN-\d{4}-\d{6}", self.subject)
        assert found is not None, self.subject
        return found[0]


@dataclass(kw_only=True)
class Municipality:
    """The product with the world behind it, on a clock that stands where `at` puts it."""

    product: Product
    world: World

    def at(self, moment: str) -> None:
        """Move the clock to a moment in Stockholm, and return when all that it brings is done."""
        clock = self.product.clock
        assert clock is not None
        wanted = datetime.fromisoformat(moment).replace(tzinfo=STOCKHOLM)
        new = clock.with_suffix(".new")
        new.write_text(wanted.isoformat(), encoding="utf-8")
        new.replace(clock)
        self.until(lambda: self._watched_at() >= wanted)
        self.settle()

    def send(self, mail: EmailMessage | bytes, *, sender: str, to: str = US) -> float:
        """Bring a mail as another mail server would, and return the moment at which it was taken."""
        raw = mail if isinstance(mail, bytes) else mail.as_bytes(policy=SMTP)
        with smtplib.SMTP("127.0.0.1", self.product.smtp_port, timeout=20) as client:
            client.sendmail(sender, [to], raw)
        return time.monotonic()

    def hear(self, text: str, *, sender: str, subject: str, **headers: str) -> str:
        """Let a citizen write, and return the number of the case."""
        mail = a_mail(text, sender=sender, subject=subject, **headers)
        before = self.value("SELECT count(*) FROM cases")
        self.send(mail, sender=sender)
        self.until(lambda: self.value("SELECT count(*) FROM cases") > before)
        self.settle()
        return self.newest()

    def newest(self) -> str:
        """Return the number of the newest case."""
        return str(self.value("SELECT number FROM cases ORDER BY id DESC LIMIT 1"))

    def letters(self, to: str, *, about: str = "", subject: str = "") -> list[Letter]:
        """List the letters that somebody has got, those with a case number and words in the subject."""
        found = [_read(one) for one in list(self.world.mails) if one.recipients == (to,)]
        return [one for one in found if about in one.subject and subject in one.subject]

    def letter(self, to: str, *, about: str = "", subject: str = "") -> Letter:
        """Return the one letter of that kind when it has come."""
        self.until(lambda: bool(self.letters(to, about=about, subject=subject)))
        (found,) = self.letters(to, about=about, subject=subject)
        return found

    def rows(self, statement: str) -> list[Row]:
        """Ask the store."""
        with self.store.read() as transaction:
            return [dict(row) for row in transaction.connection.exec_driver_sql(statement).mappings()]

    def value(self, statement: str) -> Any:
        """Ask the store for one value, or a row of several."""
        (row,) = self.rows(statement)
        values = tuple(row.values())
        return values[0] if len(values) == 1 else values

    def case(self, number: str) -> Row:
        """Return a case as it stands."""
        (row,) = self.rows(f"SELECT * FROM cases WHERE number = '{number}'")  # noqa: S608 - our own number
        return row

    def moment(self, number: str, column: str = "received_at") -> datetime:
        """Return a moment of a case, Stockholm time."""
        found = datetime.fromisoformat(str(self.case(number)[column]))
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return aware.astimezone(STOCKHOLM)

    def promised(self, number: str) -> dict[str, str]:
        """Return the promised days of a case."""
        found = self.rows(
            "SELECT p.kind, p.due_on FROM promises p JOIN cases c ON c.id = p.case_id"  # noqa: S608 - likewise
            f" WHERE c.number = '{number}'"
        )
        return {row["kind"]: str(row["due_on"]) for row in found}

    def unkept(self, number: str) -> list[str]:
        """List the promises of a case that are still owed."""
        found = self.rows(
            "SELECT p.kind FROM promises p JOIN cases c ON c.id = p.case_id"  # noqa: S608 - likewise
            f" WHERE c.number = '{number}' AND p.kept_at IS NULL ORDER BY p.kind"
        )
        return [row["kind"] for row in found]

    def alarms(self, number: str) -> list[tuple[str, str]]:
        """List the steps that clocks of a case have taken."""
        found = self.rows(
            "SELECT a.clock, a.step FROM alarms a JOIN cases c ON c.id = a.case_id"  # noqa: S608 - likewise
            f" WHERE c.number = '{number}' ORDER BY a.id"
        )
        return [(row["clock"], row["step"]) for row in found]

    def browser(self) -> httpx.Client:
        """Return a browser without a cookie."""
        # No certificates are looked at, so none are read: that takes longer than most pages.
        return httpx.Client(base_url=self._base, timeout=20, follow_redirects=True, verify=False)  # noqa: S501

    def follow(self, url: str, **fields: str) -> httpx.Response:
        """Open a link, fill it in and send it; a letter is read before it goes. Returns the last page.

        Opening it twice proves that looking changes nothing.
        """
        with self.browser() as browser:
            browser.get(url)
            page = browser.get(url)
            answer = browser.post(url, data={**_filled_in(page.text), **fields})
            if "Så här blir brevet" in answer.text and "Inget är sparat än" not in answer.text:
                answer = browser.post(url, data={**_filled_in(answer.text), **fields})
        self.settle()
        return answer

    @contextmanager
    def console(self, who: str) -> Iterator[httpx.Client]:
        """Log somebody in to the staff pages."""
        with self.browser() as browser:
            hidden = _filled_in(browser.get("/logga-in").text)
            entered = browser.post("/logga-in", data={**hidden, "who": who, "password": _SECRET})
            assert entered.status_code == 200, entered.text
            yield browser

    def press(self, who: str, number: str, button: str, **fields: str) -> httpx.Response:
        """Let somebody do an act on the page of a case, and return the page after it."""
        with self.console(who) as browser:
            page = browser.get(f"/arenden/{number}")
            answer = browser.post(f"/arenden/{number}/{button}", data={**_filled_in(page.text), **fields})
        self.settle()
        return answer

    def work(self, who: str, number: str, task: str, /, **fields: str) -> httpx.Response:
        """Let somebody do an act on its own page, reading its letter before it goes; return the last page."""
        with self.console(who) as browser:
            path = f"/arenden/{number}/gor/{task}"
            page = browser.get(path)
            answer = browser.post(path, data={**_filled_in(page.text), **fields})
            if "Så här blir brevet" in answer.text and "Inget är sparat än" not in answer.text:
                answer = browser.post(path, data={**_filled_in(answer.text), **fields})
        self.settle()
        return answer

    def register(self, who: str, **fields: str) -> httpx.Response:
        """Let somebody take down what was said to them, and return the page after it."""
        with self.console(who) as browser:
            page = browser.get("/registrera")
            filled = {**_filled_in(page.text), **fields}
            parts = [(name, (None, value)) for name, value in filled.items()]
            answer = browser.post("/registrera", files=parts)
        self.settle()
        return answer

    def ring(self) -> None:
        """Tell the product that letters wait: what any act in the console does afterwards."""
        with self.console("rita") as browser:
            hidden = _filled_in(browser.get("/arenden?visa=brev").text)
            browser.post("/brev/0/skicka", data={**hidden, "back": "/arenden"})

    @cached_property
    def store(self) -> Store:
        """Return the product's own store, opened by this process."""
        return self.product.open_store()

    def watch(self) -> Watch:
        """Return a second watch on the same store, as if the job ran in another process at the same time."""
        return Watch(store=self.store, work=self._work, clock=self._clock, told=lambda: None)

    def settle(self) -> None:
        """Return when every mail has its case, and no letter waits that can go now."""
        self.until(
            lambda: (
                not self.value(
                    "SELECT (SELECT count(*) FROM messages WHERE state = 'mottaget')"
                    " + (SELECT count(*) FROM letters WHERE state = 'sänds'"
                    " OR (state = 'väntar' AND attempts = 0 AND channel <> 'svarssida')) AS n"
                )
            )
        )

    def until(self, is_so: Callable[[], bool]) -> None:
        """Return when it is so; fail with the log when the time is up."""
        deadline = time.monotonic() + _PATIENCE
        while not is_so():
            assert time.monotonic() < deadline, self.product.log()[-3000:]
            time.sleep(0.03)

    def close(self) -> None:
        """Let go of the store, if it was opened here."""
        if "store" in vars(self):
            self.store.close()

    @property
    def _base(self) -> str:
        return f"http://127.0.0.1:{self.product.web_port}"

    @property
    def _clock(self) -> MovableClock:
        assert self.product.clock is not None
        return MovableClock(self.product.clock)

    @cached_property
    def _work(self) -> CaseWork:
        settings = load(self.product.folder / "config.toml")
        house = build_house(settings)
        identity = Identity(
            address=settings.mail.address, name=settings.municipality.service_name, secret=_SECRET.encode()
        )
        letters = Letters(house=house, identity=identity, guard=Guard())
        return CaseWork(
            house=house, identity=identity, letters=letters, clock=self._clock, language_of=language_of
        )

    def _watched_at(self) -> datetime:
        with self.browser() as browser:
            told = browser.get("/health").json()["watched_at"]
        return datetime.fromisoformat(told or "2000-01-01T00:00+00:00")


@contextmanager
def a_municipality(
    profile: str, moment: str, *, classifier: bool = False, changed: Mapping[str, str] | None = None
) -> Iterator[Municipality]:
    """Let a municipality live for as long as the block lasts, from a moment in Stockholm on.

    `changed` maps words of the settings to others.
    """
    with ExitStack() as stack:
        place = stack.enter_context(folder(in_memory=True))
        clock = place / "clock"
        start = datetime.fromisoformat(moment).replace(tzinfo=STOCKHOLM)
        clock.write_text(start.isoformat(), encoding="utf-8")
        world = stack.enter_context(_a_world_beside())
        staff = "\n".join([*(_person(one) for one in _PEOPLE), _UNITS])
        for old, new in (changed or {}).items():
            assert old in staff
            staff = staff.replace(old, new)
        product = Product(
            relay_port=world.port,
            folder=place,
            profile=profile,
            triage=_TRIAGE,
            staff=staff,
            tables=_TABLES,
            clock=clock,
            classifier=classifier,
        )
        stack.enter_context(running(product))
        stack.enter_context(patch.dict(os.environ, SECRETS))
        found = Municipality(product=product, world=world)
        stack.callback(found.close)
        yield found


def staff_mail(who: str) -> str:
    """Return the mail address of a member of staff."""
    return f"{who}@{DOMAIN}"


def a_mail(text: str, *, sender: str, subject: str, to: str = US, **headers: str) -> EmailMessage:
    """Write a mail as an ordinary program does; `headers` are further ones, with _ for -."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = to
    mail["Subject"] = subject
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    if "Message-ID" not in mail:
        mail["Message-ID"] = f"<{re.sub(r'[^a-z0-9]', '', (sender + subject).lower())}@example.org>"
    mail.set_content(text)
    return mail


def seen(page: httpx.Response) -> str:
    """Return the words of a page as a reader sees them."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def _read(one: Delivered) -> Letter:
    """Read a letter as a mail program does; it must be one by RFC 5322, without a single defect."""
    mail = message_from_bytes(one.raw, policy=default)
    assert isinstance(mail, EmailMessage)
    parts = list(mail.walk())
    assert [defect for part in parts for defect in part.defects] == []
    assert all(mail[name] for name in ("From", "To", "Subject", "Date", "Message-ID")), mail.items()
    assert max(len(line) for line in one.raw.split(b"\r\n")) <= 998
    body = mail.get_body(("plain",))
    assert body is not None
    text = str(body.get_content())
    return Letter(
        to=one.recipients[0],
        subject=str(mail["Subject"]),
        words=" ".join(text.split()),
        lines=tuple(text.splitlines()),
        mail=mail,
    )


def _filled_in(page: str) -> dict[str, str]:
    """Return what the form of a page holds as it was shown, as a browser would send it."""
    tree = HTMLParser(page)
    form = tree.css_first("main form") or tree.css_first("form")
    found: dict[str, str] = {}
    for node in form.css("input, textarea, select") if form is not None else ():
        given = node.attributes
        name, kind = given.get("name") or "", given.get("type") or "text"
        if node.tag == "textarea":
            found[name] = node.text().removeprefix("\n")
        elif node.tag == "select":
            chosen = [one for one in node.css("option") if "selected" in one.attributes]
            found[name] = (chosen[0].attributes.get("value") or "") if chosen else ""
        elif kind not in {"radio", "checkbox", "file", "submit"} or "checked" in given:
            found[name] = given.get("value") or ""
    found.pop("", None)
    return found


def _person(who: str) -> str:
    name, title, substitute = _PEOPLE[who]
    return (
        f'[[handlers]]\nid = "{who}"\nname = "{name}"\ntitle = "{title}"\n'
        f'email = "{staff_mail(who)}"\nsubstitute = "{substitute}"\n'
    )


@contextmanager
def _a_world_beside() -> Iterator[World]:
    """Let a world exist in a thread, for those who do not await."""
    begun = threading.Event()
    made: list[tuple[World, asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def live() -> None:
        async with a_world() as world:
            ended = asyncio.Event()
            made.append((world, asyncio.get_running_loop(), ended))
            begun.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: asyncio.run(live()), daemon=True)
    thread.start()
    assert begun.wait(10)
    world, loop, ended = made[0]
    try:
        yield world
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
