"""One mail, read: who wrote, what is new, which files came along, and whether a machine wrote it.

`read` takes any bytes and never raises. It may be slow on a hostile mail: `worker` runs it in a child
process with a time limit. Nothing named in a mail is ever fetched.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bots.mail import automatic
from bots.mail.body import Body, body_of
from bots.mail.headers import Block, Fields, first_person, message_ids, moment, persons, split
from bots.mail.parts import Content, File, Part, parameters, parse, payload_bytes, walk
from bots.mail.quotes import MARKERS, beside_parent, without_parent
from bots.mail.remarks import remarks
from bots.mail.reports import DeliveryReport, report_of
from bots.mail.verdicts import TrustedFront, received_times, verdicts, verdicts_of
from store.domain import Attachment, Automatic, Verdict

__all__ = [
    "MARKERS",
    "MAX_RAW",
    "DeliveryReport",
    "ReadMail",
    "TrustedFront",
    "attachment",
    "beside_parent",
    "describe",
    "headers_only",
    "read",
    "received_times",
    "verdicts",
    "without_parent",
]

MAX_RAW = 25 * 1024 * 1024
_FORWARDED = re.compile(
    r"\s{0,9}(?:fwd?|vb|wg|tr|vl|videresendt|vidarebefordrat|vidarebef)\s?:", re.IGNORECASE
)
_FORWARDED_WORDS = re.compile(
    r"^[-_ >]{0,40}(?:vidarebefordrat (?:meddelande|brev)|forwarded message|videresendt (?:melding|besked)"
    r"|välitetty viesti|weitergeleitete nachricht|påbörjat vidarebefordrat|begin forwarded message"
    r"|vidarebefordrat mejl|start på vidarebefordrat)",
    re.IGNORECASE | re.MULTILINE,
)
_OUR_NUMBER = re.compile(r"\[SYN-", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class ReadMail:
    """A mail as a handler can read it. Only `answer_to` may be written to, and only if it is not empty.

    `text` is what is new in a reply, and the same as `full_text` in any other mail.
    """

    from_addr: str = ""
    from_name: str = ""
    reply_to: str = ""
    answer_to: str = ""
    to: tuple[str, ...] = ()
    subject: str = ""
    message_id: str = ""
    references: tuple[str, ...] = ()
    sent_at: datetime | None = None
    text: str = ""
    full_text: str = ""
    attachments: tuple[Attachment, ...] = ()
    automatic: Automatic | None = None
    automatic_kind: str = ""
    report: DeliveryReport | None = None
    warnings: tuple[str, ...] = ()
    verdicts: frozenset[Verdict] = frozenset()


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What the caller knows that the mail itself cannot be trusted to say."""

    own: Collection[str]
    envelope_from: str | None
    form_senders: Collection[str]
    trusted: TrustedFront | None


def read(
    raw: bytes,
    *,
    own: Collection[str] = (),
    envelope_from: str | None = None,
    form_senders: Collection[str] = (),
    trusted: TrustedFront | None = None,
) -> ReadMail:
    """Read a mail; what cannot be read becomes a warning. Never raises, whatever the bytes.

    `own` are our addresses and `form_senders` those of the municipality's web forms. `envelope_from` is ""
    for the null sender and None when no envelope was seen; then Return-Path speaks.
    """
    asked = _Asked(own=own, envelope_from=envelope_from, form_senders=form_senders, trusted=trusted)
    # The outermost door: whatever a stranger's bytes set off stops here, and the raw mail is kept anyhow.
    try:
        return _read(raw, asked)
    except Exception as error:  # noqa: BLE001  # the one door named in the module docstring
        return _headers_only(raw, f"Brevets innehåll kunde inte läsas ({type(error).__name__}).", asked)


def headers_only(
    raw: bytes,
    warning: str,
    *,
    own: Collection[str] = (),
    envelope_from: str | None = None,
    form_senders: Collection[str] = (),
    trusted: TrustedFront | None = None,
) -> ReadMail:
    """Read only the header block, in bounded time, and give the reason as a warning. Never raises."""
    asked = _Asked(own=own, envelope_from=envelope_from, form_senders=form_senders, trusted=trusted)
    return _headers_only(raw, warning, asked)


def attachment(raw: bytes, index: int) -> bytes:
    """Fetch the bytes of one file, numbered as in `ReadMail.attachments`; empty if it cannot be found."""
    try:
        root = parse(raw, split(raw))
        content = walk(root)
        files = _files(content, body_of(content, reply=False))
        found = files[index] if 0 <= index < len(files) else None
    except Exception:  # noqa: BLE001  # the same door as in `read`
        return b""
    if found is None or found.part is None:
        return found.data if found else b""
    return payload_bytes(found.part)


def describe(path: str | Path) -> dict[str, object]:
    """Read a mail from a file and tell what was found in it, for the command line. Never raises."""
    try:
        mail = read(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        mail = ReadMail(warnings=(f"Filen kunde inte läsas ({type(error).__name__}).",))
    return {
        "file": str(path),
        "from_addr": mail.from_addr,
        "from_name": mail.from_name,
        "subject": mail.subject,
        "message_id": mail.message_id,
        "automatic": mail.automatic is not None,
        "automatic_kind": mail.automatic_kind,
        "text": mail.text,
        "full_text": mail.full_text,
        "attachments": [file.name for file in mail.attachments],
        "warnings": list(mail.warnings),
    }


def _read(raw: bytes, asked: _Asked) -> ReadMail:
    if len(raw) > MAX_RAW:
        return _headers_only(raw, "Brevet är för stort för att läsas. Det är sparat som det kom.", asked)
    block = split(raw)
    try:
        root = parse(raw, block)
    except RecursionError:
        return _headers_only(raw, "Brevet har för många delar inuti varandra och kunde inte läsas.", asked)
    content = walk(root)
    body = body_of(content, reply=_is_reply(block.fields))
    if body.text != body.full_text and _FORWARDED_WORDS.search(body.full_text):
        body = Body(
            full_text=body.full_text, text=body.full_text, files=body.files, mislabelled=body.mislabelled
        )
    return _assembled(block, content, body, root, asked, ())


def _headers_only(raw: bytes, warning: str, asked: _Asked) -> ReadMail:
    try:
        block = split(raw[: 2 * 1024 * 1024])
        return _assembled(block, Content(), Body(full_text="", text=""), None, asked, (warning,))
    except Exception:  # noqa: BLE001  # the last door: a mail that cannot be read at all is still a message
        return ReadMail(warnings=(warning, "Inte ens brevhuvudet kunde läsas."))


def _is_reply(fields: Fields) -> bool:
    subject = fields.text("subject")
    if _FORWARDED.match(subject):
        # What is passed on to us is the very thing that somebody wants us to read.
        return False
    return "in-reply-to" in fields or "references" in fields or bool(_OUR_NUMBER.search(subject))


def _assembled(
    block: Block, content: Content, body: Body, root: Part | None, asked: _Asked, warnings: tuple[str, ...]
) -> ReadMail:
    fields = block.fields
    sender = first_person(fields.first("from"))
    reply_to = first_person(fields.first("reply-to")).addr
    reply_to = "" if reply_to == sender.addr or automatic.is_own(reply_to, asked.own) else reply_to
    ids = message_ids(fields.first("message-id"))
    subject = fields.text("subject")
    report = (
        report_of(fields, content, body.full_text) if _may_be_report(fields, content, sender.addr) else None
    )
    mark = _mark(fields, content, root, asked, sender.addr, subject, ids[0] if ids else "", report)
    return ReadMail(
        from_addr=sender.addr,
        from_name=sender.name,
        reply_to=reply_to,
        answer_to=_answer_to(sender.addr, reply_to, mark),
        to=_recipients(fields),
        subject=subject,
        message_id=ids[0] if ids else "",
        references=_references(fields),
        sent_at=moment(fields.first("date")),
        text=body.text,
        full_text=body.full_text,
        attachments=tuple(
            Attachment(name=file.name, media_type=file.media_type, size=file.size)
            for file in _files(content, body)
        ),
        automatic=mark.kind if mark else None,
        automatic_kind=mark.rule if mark else "",
        report=report if mark else None,
        warnings=(*warnings, *remarks(block, content, body, sender=sender, reply_to=reply_to)),
        verdicts=verdicts_of(fields, trusted=asked.trusted) if asked.trusted else frozenset(),
    )


def _may_be_report(fields: Fields, content: Content, from_addr: str) -> bool:
    return (
        bool(content.reports or content.returned)
        or "x-failed-recipients" in fields
        or (
            automatic.cannot_answer(from_addr)
            and from_addr.startswith(("mailer-daemon", "MAILER-DAEMON", "postmaster"))
        )
    )


def _mark(
    fields: Fields,
    content: Content,
    root: Part | None,
    asked: _Asked,
    from_addr: str,
    subject: str,
    message_id: str,
    report: DeliveryReport | None,
) -> automatic.Mark | None:
    media_type, options = root.content() if root is not None else parameters(fields.first("content-type"))
    return automatic.detect(
        automatic.Evidence(
            fields=fields,
            from_addr=from_addr,
            subject=subject,
            message_id=message_id,
            media_type=media_type,
            media_options=options,
            types=content.types,
            calendar_reply=content.calendar_reply,
            action=report.action if report else "",
            envelope_from=asked.envelope_from,
            own=asked.own,
            form_senders=asked.form_senders,
        )
    )


def _answer_to(from_addr: str, reply_to: str, mark: automatic.Mark | None) -> str:
    if mark is None:
        return from_addr if automatic.cannot_answer(reply_to) else reply_to or from_addr
    # A form writes for a person, and only Reply-To says who that is.
    if mark.kind is Automatic.WEB_FORM and not automatic.cannot_answer(reply_to):
        return reply_to
    return ""


def _recipients(fields: Fields) -> tuple[str, ...]:
    found = [
        person.addr for name in ("to", "cc") for value in fields.every(name)[:20] for person in persons(value)
    ]
    return tuple(dict.fromkeys(found))


def _references(fields: Fields) -> tuple[str, ...]:
    found = [*message_ids(fields.first("references")), *message_ids(fields.first("in-reply-to"))]
    return tuple(dict.fromkeys(found))


def _files(content: Content, body: Body) -> list[File]:
    return [*content.files, *body.files]
