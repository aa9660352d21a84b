"""Automatic mail that would start a loop if it were thanked: every kind, with forged headers around it."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.journeys.mails import message_id

US = "synpunkt@lillkommun.example"
_DOMAIN = US.partition("@")[2]
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_OUR_ANSWER = "Tyck till: vi har fått din synpunkt"


@dataclass(frozen=True, kw_only=True)
class Hostile:
    """One mail with its envelope, and the kind of machine that it is from."""

    kind: str
    id: str
    raw: bytes
    envelope_from: str
    to: str = US


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """What makes a mail automatic; what is left out is as a human would have it."""

    headers: tuple[str, ...] = ()
    sender: str = ""
    subject: str = ""
    envelope_from: str | None = None
    body: str = ""
    content: str = "text/plain; charset=utf-8"
    message_id: str = ""


_Maker = Callable[[random.Random], _Plan]
_Line = Callable[[random.Random], str]


def many(count: int, *, seed: int) -> Iterator[Hostile]:
    """Make so many mails, all kinds in turn, each in a disguise of its own."""
    choose = random.Random(seed)  # noqa: S311 - the same mails for the same seed, no secret
    kinds = list(_KINDS)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        yield _written(number, kind, choose.choice(_KINDS[kind])(choose), choose)


def _written(number: int, kind: str, plan: _Plan, choose: random.Random) -> Hostile:
    sender = plan.sender or f"maskin{number}@example.net"
    known = plan.message_id or message_id(number, domain="maskin.example.net")
    subject = plan.subject or choose.choice(("Hej", _OUR_ANSWER, "Sv: SYN-2026-000001", "Gungan är trasig"))
    head = [
        f"From: {sender}",
        f"To: {US}",
        f"Subject: {subject}",
        "Date: Mon, 23 Nov 2026 10:00:00 +0100",
        f"Message-ID: {known}",
        "MIME-Version: 1.0",
        f"Content-Type: {plan.content}",
        *plan.headers,
    ]
    # Before the true mark or after it, in any order: which comes first must not matter.
    for line in choose.sample(_DISGUISES, choose.randint(0, 4)):
        head.insert(choose.randint(0, len(head)), line(choose))
    body = plan.body or f"Tack för ditt brev. Jag är inte här just nu ({number})."
    envelope = f"maskin{number}@example.net" if plan.envelope_from is None else plan.envelope_from
    text = "\n".join([*head, "", body, ""])
    return Hostile(
        kind=kind,
        id=known,
        raw=text.replace("\n", "\r\n").encode(),
        envelope_from=envelope,
        to=choose.choice((US, US, _forged_address(choose))),
    )


def _word(choose: random.Random, length: int) -> str:
    return "".join(choose.choices(_LETTERS, k=length))


def _forged_id(choose: random.Random) -> str:
    """Write a Message-ID of our form that we never signed."""
    return f"<s{choose.randint(1, 20)}.{_word(choose, 16)}.{_word(choose, 26)}@{_DOMAIN}>"


def _forged_address(choose: random.Random) -> str:
    """Write a reply or bounce address of our form that we never signed."""
    return f"synpunkt+{choose.choice('cb')}{choose.randint(1, 20)}.{_word(choose, 26)}@{_DOMAIN}"


_DISGUISES: tuple[_Line, ...] = (
    lambda choose: f"In-Reply-To: {_forged_id(choose)}",
    lambda choose: f"References: <a@example.net>\n {_forged_id(choose)}",
    lambda choose: f"Reply-To: annan{choose.randint(1, 999)}@example.net",
    lambda _: "Auto-Submitted: no",
    lambda _: "X-Auto-Response-Suppress: DR, RN, NRN",
    lambda _: "Precedence: first-class",
    lambda _: "X-Spam-Flag: NO",
    lambda _: "X-Spam-Status: No, score=-99.0 required=5.0",
    lambda _: f"Authentication-Results: mx.{_DOMAIN}; dmarc=pass header.from=example.net",
    lambda _: f"Received: from mx.{_DOMAIN} by mx.{_DOMAIN}; Mon, 23 Nov 2026 10:00:00 +0100",
    lambda _: "Return-Path: <karin@example.net>",
    lambda _: "Disposition-Notification-To: karin@example.net",
    lambda _: "X-Mailer: En människa",
)


def _with(*headers: str) -> _Maker:
    return lambda _: _Plan(headers=headers)


def _from(sender: str) -> _Maker:
    return lambda _: _Plan(sender=sender)


def _titled(subject: str) -> _Maker:
    return lambda _: _Plan(subject=subject)


def _null(choose: random.Random) -> _Plan:
    return _Plan(envelope_from="", subject=choose.choice(("", "Sv: " + _OUR_ANSWER)))


def _report(kind: str, machine: str, *, null: bool, about: Callable[[random.Random], str]) -> _Maker:
    def plan(choose: random.Random) -> _Plan:
        known = about(choose)
        returned = f"From: {US}\nTo: maskin@example.net\nSubject: {_OUR_ANSWER}\nMessage-ID: {known}\n"
        parts = (
            "Content-Type: text/plain; charset=utf-8\n\nDet gick inte.",
            f"Content-Type: message/{kind}\n\n{machine.format(known=known)}",
            f"Content-Type: text/rfc822-headers\n\n{returned}",
        )
        body = "".join(f"--grans\n{part}\n" for part in parts) + "--grans--"
        return _Plan(
            body=body,
            content=f"multipart/report; report-type={kind}; boundary=grans",
            envelope_from="" if null else None,
            sender="MAILER-DAEMON@example.net" if null else "",
            subject="Undelivered Mail Returned to Sender" if null else "",
        )

    return plan


def _stranger(_: random.Random) -> str:
    return "<nagon.annans@example.net>"


def _dsn(action: str, status: str, *, null: bool, about: Callable[[random.Random], str]) -> _Maker:
    machine = (
        "Reporting-MTA: dns; mx.example.net\nOriginal-Message-ID: {known}\n\n"
        f"Final-Recipient: rfc822; maskin@example.net\nAction: {action}\nStatus: {status}\n"
    )
    return _report("delivery-status", machine, null=null, about=about)


_MDN = (
    "Final-Recipient: rfc822; maskin@example.net\nOriginal-Message-ID: {known}\n"
    "Disposition: automatic-action/MDN-sent-automatically; displayed\n"
)


def _calendar(choose: random.Random) -> _Plan:
    method = choose.choice(("REPLY", "reply"))
    return _Plan(
        content=f'text/calendar; method="{method}"; charset=utf-8',
        body=f"BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:{method}\nEND:VCALENDAR",
    )


def _own_message_id(choose: random.Random) -> _Plan:
    return _Plan(message_id=_forged_id(choose))


# The nine steps, in their order.
_KINDS: dict[str, tuple[_Maker, ...]] = {
    "1 null sender": (_null,),
    "2 Auto-Submitted": tuple(
        _with(f"Auto-Submitted: {value}")
        for value in (
            "auto-replied",
            "AUTO-REPLIED",
            "auto-generated",
            "auto-notified",
            "\n auto-replied",
            'auto-replied; owner-email="a@example.net"',
            "auto-replied (semester)",
            "yes",
        )
    ),
    "3 DSN, letter not ours": (
        _dsn("failed", "5.1.1", null=True, about=_stranger),
        _dsn("delayed", "4.4.1", null=True, about=_stranger),
        _dsn("delivered", "2.0.0", null=False, about=_stranger),
        _dsn("failed", "5.2.2", null=False, about=_stranger),
    ),
    "3 DSN, forged letter": (
        _dsn("failed", "5.1.1", null=True, about=_forged_id),
        _dsn("failed", "5.7.1", null=False, about=_forged_id),
    ),
    "3 MDN": (
        _report("disposition-notification", _MDN, null=True, about=_forged_id),
        _report("disposition-notification", _MDN, null=False, about=_stranger),
    ),
    "3 ARF": (
        _report("feedback-report", "Feedback-Type: abuse\nVersion: 1\n", null=False, about=_forged_id),
    ),
    "3 calendar reply": (_calendar,),
    "4 Precedence": tuple(
        _with(line)
        for line in (
            "Precedence: bulk",
            "Precedence: JUNK",
            "Precedence:   list",
            "Precedence: auto_reply",
            "X-Precedence: bulk",
        )
    ),
    "5 X-Auto-Response-Suppress": tuple(
        _with(f"X-Auto-Response-Suppress: {value}")
        for value in ("All", "OOF", "DR, AutoReply", "all", "oof,dr")
    ),
    "6 other marks": tuple(
        _with(line)
        for line in (
            "X-Autoreply: yes",
            "X-Autorespond: Semester",
            "X-Autoresponder: 1",
            "X-Autoreply-From: a@example.net",
            "X-Mail-Autoreply: 1",
            "X-Vacation: yes",
            "X-Apple-Action: vacation",
            "X-Cron-Env: <SHELL=/bin/sh>",
            "X-POST-MessageClass: 9; Autoresponder",
            "X-FC-MachineGenerated: true",
            "X-MS-Exchange-Inbox-Rules-Loop: a@example.net",
            "X-MS-Exchange-Message-Is-Ndr:",
            "X-Failed-Recipients: a@example.net",
            "X-Loop: a@example.net",
            "Feedback-ID: 1:2:3:example",
        )
    ),
    "6 mailing list": tuple(
        _with(line)
        for line in (
            "List-Id: <foraldrar.example.net>",
            "List-Unsubscribe: <mailto:bort@example.net>",
            "List-Post: <mailto:foraldrar@example.net>",
            "List-Help: <mailto:hjalp@example.net>",
            "Mailing-List: list foraldrar@example.net; contact foraldrar-agare@example.net",
            "X-BeenThere: foraldrar@example.net",
            "X-Mailman-Version: 3.3",
        )
    ),
    "7 our own address": (
        _from(US),
        _from(f"Tyck till <{US.upper()}>"),
        _from(f"synpunkt+c1.{'a' * 26}@{_DOMAIN}"),
        _with(f"Sender: {US}"),
        _own_message_id,
    ),
    "8 nobody reads there": tuple(
        _from(f"{local}@example.net")
        for local in (
            "mailer-daemon",
            "MAILER-DAEMON",
            "postmaster",
            "no-reply",
            "noreply-42",
            "do-not-reply",
            "svarainte",
            "ejsvar",
            "bounces+a=b",
            "foraldrar-owner",
            "foraldrar-request",
            "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e",
        )
    ),
    "9 subject alone": tuple(
        _titled(subject)
        for subject in (
            "Automatiskt svar: Semester",
            "=?utf-8?q?Fr=C3=A5nvaro=3A_semester_v_28?=",
            "   Automatiskt svar: Hej",
            "Autosvar",
            "Frånvaro",
            "Frånvarande till 12/8",
            "Semester: åter den 12 augusti",
            "Out of office: Re: Hej",
            "Automatic reply: Hej",
            "Abwesenheitsnotiz: Hej",
            "Automaattinen vastaus: Hei",
            "Läst: Din synpunkt",
            "Ej läst: Din synpunkt",
            "Accepterat: Möte",
            "Olevererbart: Din synpunkt",
            "Undeliverable: Din synpunkt",
            "Försenat: Din synpunkt",
            "Mottagningsbekräftelse",
            "Kvittens: Din synpunkt",
            "Återkallande: Gungan",
        )
    ),
}
