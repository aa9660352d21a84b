"""Writes a letter as MIME. Reading is elsewhere in `bots.mail`.

The header block is laid out here and not by `EmailMessage`, which turns a long In-Reply-To or References into
encoded words (seen with Python 3.11): the thread would break, and with it the way back to the case.
"""

import hashlib
import re
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from bots.channel import PermanentFailure
from bots.mail.identity import Identity
from bots.mail.recipients import ascii_domain
from store.domain import Outgoing, Purpose

SUBJECT_LENGTH = 200
NAME_LENGTH = 100
REFERENCES = 20

# Letters to staff. A reply to one is the reader's own: a draft of the answer (row N17).
_TO_STAFF = {
    Purpose.HANDLER_NOTICE,
    Purpose.FOLLOW_UP_NOTICE,
    Purpose.UNDELIVERED_NOTICE,
    Purpose.REMINDER,
    Purpose.ESCALATION,
    Purpose.ALARM,
    Purpose.TASK,
    Purpose.REPORT,
    Purpose.DRAFT_NOTICE,
}
_ADDRESS = re.compile(r'([^\s<>@"\\(),:;\[\]]{1,64})@([^\s<>@"\\(),:;\[\]]{1,255})')
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")


def compose(letter: Outgoing, *, identity: Identity) -> bytes:
    """Return the letter as a mail, every line ended by CR LF, in ASCII unless `needs_smtputf8`.

    Raises `PermanentFailure` when the recipient's address cannot be written to.
    """
    headers = [
        ("From", _mailbox("From", identity.name, identity.address)),
        ("To", _mailbox("To", letter.recipient_name, letter.recipient.handle)),
        ("Reply-To", "" if letter.case_id is None else writable(_reply_to(letter, letter.case_id, identity))),
        ("Subject", _encoded("Subject", _plain(letter.subject, SUBJECT_LENGTH))),
        ("Date", "" if letter.created_at is None else format_datetime(letter.created_at)),
        ("Message-ID", _ids([letter.external_id])),
        ("In-Reply-To", _ids([letter.in_reply_to])),
        ("References", _ids([*letter.references, letter.in_reply_to])),
        # RFC 3834 5.1: requirement B32, so that no machine answers a machine.
        ("Auto-Submitted", "auto-replied" if letter.purpose is Purpose.ACKNOWLEDGEMENT else "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("Content-Language", re.sub(r"[^A-Za-z0-9-]", "", letter.language)),
    ]
    block = "".join(f"{name}: {value}\r\n" for name, value in headers if value)
    return block.encode() + _body(letter)


def writable(address: str) -> str:
    """Return an address with its domain as DNS knows it, or raise `PermanentFailure`."""
    parts = _ADDRESS.fullmatch(address.strip())
    domain = ascii_domain(parts[2]) if parts else ""
    if parts is None or not domain.isascii() or not address.strip().isprintable():
        raise PermanentFailure("Adressen går inte att skriva till, kontrollera hur den är stavad.")
    return f"{parts[1]}@{domain}"


def needs_smtputf8(address: str) -> bool:
    """Tell whether only servers with SMTPUTF8 can take mail for the address (RFC 6531)."""
    return not address.rpartition("@")[0].isascii()


def _reply_to(letter: Outgoing, case_id: int, identity: Identity) -> str:
    if letter.purpose in _TO_STAFF:
        return identity.handler_address(case_id, letter.recipient.handle)
    return identity.reply_address(case_id)


def _mailbox(header: str, name: str, address: str) -> str:
    shown = _plain(name, NAME_LENGTH)
    if not shown or "@" in shown:  # a name that looks like an address misleads the reader
        return f"<{writable(address)}>"
    if shown.isascii() and "=?" not in shown:
        quoted = shown.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}"\r\n <{writable(address)}>'
    # Encoded as a whole: a comma in it must not be read as a border between two addresses.
    return f"{_words(header, shown)}\r\n <{writable(address)}>"


def _encoded(header: str, text: str) -> str:
    if text.isascii() and "=?" not in text:
        return Header(text, "us-ascii", header_name=header).encode(linesep="\r\n")
    return _words(header, text)


def _words(header: str, text: str) -> str:
    """Return RFC 2047 words, short enough for all readers."""
    return Header(text, "utf-8", header_name=header, maxlinelen=75).encode(linesep="\r\n")


def _plain(text: str, length: int) -> str:
    """Return one line without control signs. Echoed words are no way into our header block."""
    whole = text.encode("utf-8", "replace").decode()
    spaced = " ".join(whole.split())
    return "".join(sign for sign in spaced if sign.isprintable())[:length].strip()


def _ids(found: list[str]) -> str:
    """Return the newest message ids, one on each line; those that are no ids at all are left out."""
    bracketed = [f"<{id_.strip().removeprefix('<').removesuffix('>')}>" for id_ in found]
    once = dict.fromkeys(id_ for id_ in bracketed if _MESSAGE_ID.fullmatch(id_))
    return "\r\n ".join(list(once)[-REFERENCES:])


def _body(letter: Outgoing) -> bytes:
    whole = letter.body.encode("utf-8", "replace").decode().replace("\r\n", "\n")
    readable = "".join(sign for sign in whole if sign in "\n\t" or sign >= " ")
    part = EmailMessage(policy=SMTP)
    # Seven bits, whatever relays there are on the way.
    part.set_content(readable, cte="quoted-printable")
    for file in letter.enclosures:
        maintype, _, subtype = file.media_type.partition("/")
        part.add_attachment(
            file.data, maintype=maintype, subtype=subtype or "octet-stream", filename=_plain(file.name, 150)
        )
    if letter.enclosures:
        # The same letter is the same bytes, however often it is written.
        part.set_boundary(f"=_{hashlib.sha256(letter.key.encode()).hexdigest()[:32]}")
    return part.as_bytes()
