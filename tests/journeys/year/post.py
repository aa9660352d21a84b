"""The citizens of the year: they write, reply or stay silent, and some mailboxes send letters back."""

import asyncio
import random
import re
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import aiosmtplib
import httpx
from sqlalchemy import select

from bots.clock import MovableClock
from store.engine import Store
from store.tables import cases, letters
from tests.journeys.year.record import Record
from tests.servers.product import Product
from tests.servers.world import Delivered, World

_MATTERS = (
    "Gungan i {place} är trasig",
    "Lekplatsen vid {place} är mörk",
    "Papperskorgen vid {place} är full",
    "Skolmaten vid {place} är kall",
    "Eleverna får vänta länge vid {place}",
    "Hemtjänsten kommer sent till {place}",
    "Snö på {place}",
    "Vägen förbi {place} är hal",
    "Bra jobbat vid {place}",
    "Något om {place}",
)
_PLACES = ("Björkbacken", "Storgatan 3", "biblioteket", "Norra torget", "ån", "busshållplatsen")
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>]+>)", re.IGNORECASE | re.MULTILINE)
_PATIENCE = 60.0


@dataclass(kw_only=True)
class Post:
    """All mail that goes to the product: each is tried again until it is confirmed."""

    product: Product
    world: World
    store: Store
    clock: MovableClock
    record: Record
    choose: random.Random
    _count: int = 0
    _read: int = 0
    _in_world: dict[str, Delivered] = field(default_factory=dict)

    async def new_case(self) -> None:
        """Let somebody write for the first time: mostly a mail, now and then the form."""
        self._count += 1
        place = self.choose.choice(_PLACES)
        subject = f"{self.choose.choice(_MATTERS).format(place=place)} ({self._count})"
        chance = self.choose.random()
        if chance < 0.06:
            await self._form(subject, level="anonymous")
        elif chance < 0.12:
            await self._form(subject, level="contact", mail=f"form{self._count}@example.org")
        else:
            sender = f"medborgare{self._count}@example.org"
            text = f"{subject}. Jag går förbi varje dag.\n"
            if chance > 0.96:  # row B6: who is named may not have it
                text += f"Jag har talat med {self.choose.choice(('Petra Holm', 'Olga Ek', 'Paula Berg'))}.\n"
            if 0.12 <= chance < 0.16:
                self.world.refused[sender] = "550 5.1.1 No such user"
            elif 0.16 <= chance < 0.19:
                self.world.refused[sender] = "451 4.7.1 Greylisted"
            more = {"Auto-Submitted": "auto-generated"} if 0.19 <= chance < 0.21 else {}
            await self._mail(self._write(sender, subject, text, **more), sender, what="new")

    def forgive(self) -> None:
        """Let the mailboxes that were closed be open from now on."""
        self.world.refused.clear()

    async def replies(self) -> bool:
        """Let senders whom we have written to write back, and some mailboxes send a letter back.

        Returns whether any did.
        """
        going = []
        await asyncio.to_thread(self._look_in_the_world)
        for letter in await asyncio.to_thread(self._answerable):
            chance = self.choose.random()
            if letter["purpose"] == "fråga" and chance < 0.2:
                going.append(self._reply(letter, "Det var i tisdags."))
            elif letter["purpose"] in {"svar", "kvitto"} and chance < 0.01:
                going.append(self._reply(letter, "Jag vill lägga till en sak."))
            elif (letter["purpose"] == "svar" and chance < 0.03) or (
                letter["purpose"] in {"kvitto", "handläggare_utsedd"} and chance < 0.015
            ):
                going.append(self._bounce(letter))
        await asyncio.gather(*going)
        return bool(going)

    async def knock(self) -> None:
        """Send a machine's reply to one of our letters: it changes nothing, but the product wakes up."""
        await asyncio.to_thread(self._look_in_the_world)
        found = await asyncio.to_thread(self._answerable)
        if found:
            await self._reply(self.choose.choice(found), "Jag är på semester.", automatic=True)

    async def _reply(self, letter: dict[str, str], text: str, *, automatic: bool = False) -> None:
        self._count += 1
        more = {"In-Reply-To": letter["external_id"], "References": letter["external_id"]}
        if automatic:
            more["Auto-Submitted"] = "auto-replied"
        mail = self._write(letter["handle"], "Re: ditt ärende", text, **more)
        await self._mail(mail, letter["handle"], what="automatic" if automatic else "replies")

    async def _bounce(self, letter: dict[str, str]) -> None:
        """Send a letter back as a mail server does: to the address that it was sent from (RFC 3464)."""
        self._count += 1
        gone = self._in_world[letter["external_id"]]
        report = (
            "From: Mail Delivery System <MAILER-DAEMON@mx.example.org>\r\n"
            f"To: {gone.sender}\r\n"
            "Subject: Undelivered Mail Returned to Sender\r\n"
            f"Message-ID: <studs.{self._count}@mx.example.org>\r\n"
            "Auto-Submitted: auto-replied\r\n"
            "MIME-Version: 1.0\r\n"
            'Content-Type: multipart/report; report-type=delivery-status; boundary="grans"\r\n\r\n'
            "--grans\r\nContent-Type: text/plain\r\n\r\nDet gick inte.\r\n\r\n"
            "--grans\r\nContent-Type: message/delivery-status\r\n\r\n"
            "Reporting-MTA: dns; mx.example.org\r\n\r\n"
            f"Final-Recipient: rfc822; {letter['handle']}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
            "Diagnostic-Code: smtp; 550 5.1.1 User unknown\r\n\r\n--grans--\r\n"
        )
        await self._mail(report.encode(), "", what="returned", to=gone.sender)

    def _write(self, sender: str, subject: str, text: str, **more: str) -> bytes:
        mail = EmailMessage(policy=SMTP)
        mail["From"] = f"Medborgare <{sender}>"
        mail["To"] = self.product.address
        mail["Subject"] = subject
        mail["Message-ID"] = f"<brev.{self._count}@example.org>"
        for name, value in more.items():
            mail[name] = value
        mail.set_content(text)
        return mail.as_bytes()

    async def _mail(self, mail: bytes, sender: str, *, what: str, to: str = "") -> None:
        began = self.clock()
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        while True:
            try:
                client = aiosmtplib.SMTP(hostname="127.0.0.1", port=self.product.smtp_port, timeout=10)
                async with client:
                    await client.sendmail(sender, [to or self.product.address], mail)
                break
            except (aiosmtplib.SMTPException, OSError):
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(0.05)
        self.record.mails[what] += 1
        if what == "new":
            self.record.sent[id_of(mail)] = (began, self.clock())

    async def _form(self, text: str, *, level: str, mail: str = "") -> None:
        """Fill in the form, and press the same button until we are thanked."""
        base = f"http://127.0.0.1:{self.product.web_port}"
        async with httpx.AsyncClient(base_url=base, timeout=10) as page:
            blank = await self._until_heard(page, "GET")
            filled = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', blank.text))
            filled |= {"text": text, "email": mail, "level": level}
            if mail:
                filled |= {"reply": "ja", "kind": self.choose.choice(("klagomål", "förslag", "beröm"))}
            self._pass(seconds=4)  # nobody fills it in within a second
            thanked = await self._until_heard(page, "POST", data=filled)
            if thanked.status_code not in {200, 303}:
                raise AssertionError(f"the form was refused: {thanked.status_code}")
        self.record.mails["by form"] += 1

    async def _until_heard(self, page: httpx.AsyncClient, method: str, **more: Any) -> httpx.Response:
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        while True:
            try:
                return await page.request(method, "/", **more)
            except httpx.HTTPError:
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(0.1)

    def _pass(self, *, seconds: float) -> None:
        move(self.clock, (self.clock().timestamp() + seconds))

    def _look_in_the_world(self) -> None:
        for mail in self.world.mails[self._read :]:
            self._in_world[id_of(mail.raw)] = mail
        self._read += len(self.world.mails[self._read :])

    def _answerable(self) -> list[dict[str, str]]:
        """List the newest letters that citizens have got."""
        purposes = ("kvitto", "svar", "fråga", "handläggare_utsedd")
        wanted = (
            select(letters.c.external_id, letters.c.handle, letters.c.purpose)
            .join(cases, cases.c.id == letters.c.case_id)
            .where(letters.c.purpose.in_(purposes), letters.c.state == "sänt", letters.c.channel == "email")
            .order_by(letters.c.id.desc())
            .limit(25)
        )
        with self.store.read() as transaction:
            rows = transaction.rows(wanted)
        return [dict(row) for row in rows if row["external_id"] in self._in_world]


def id_of(raw: bytes) -> str:
    """Return a mail's Message-ID. The year is full of mail, so the rest is not read."""
    found = _MESSAGE_ID.search(raw)
    return found[1].decode() if found else ""


def move(clock: MovableClock, to: float) -> None:
    """Move the clock to a moment (seconds since 1970), so that nobody reads half of it."""
    from datetime import UTC, datetime

    written = clock.path.with_suffix(".new")
    written.write_text(datetime.fromtimestamp(to, UTC).isoformat(), encoding="utf-8")
    written.replace(clock.path)
