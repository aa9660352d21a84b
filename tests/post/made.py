"""What a made mail is, and the few ways to put one together byte by byte."""

from dataclasses import dataclass

from store.domain import Automatic

OWN = "synpunkter@lillkommun.example"
SENDER = "Åsa Lind <asa.lind@example.se>"
DATE = "Mon, 04 Mar 2024 10:15:00 +0100"
GUNGA = "Gungan i Björkparken är trasig. Den borde lagas före våren."


@dataclass(frozen=True, kw_only=True)
class Made:
    """A mail and what must be read out of it. None means that this mail says nothing on the matter.

    `has` and `lacks` are about the new text, `whole` about the full text. `warns` lists one fragment
    for each warning, and there may be no other.
    """

    id: str
    raw: bytes
    from_addr: str | None = "asa.lind@example.se"
    from_name: str | None = None
    reply_to: str = ""
    answer_to: str | None = None
    subject: str | None = None
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    kind: Automatic | None = None
    rule: str = ""
    files: tuple[str, ...] = ()
    warns: tuple[str, ...] = ()
    message_id: str | None = None
    action: str | None = None
    original_id: str | None = None
    envelope_from: str | None = "asa.lind@example.se"


def mail(
    body: str | bytes = GUNGA,
    *,
    sender: str | bytes = SENDER,
    subject: str | bytes = "Trasig gunga",
    content: str = "text/plain; charset=utf-8",
    transfer: str = "8bit",
    extra: str | bytes = "",
) -> bytes:
    """Put a mail together from its pieces; `extra` is more header lines, with their line ends."""
    fields = [
        b"From: " + _bytes(sender),
        b"To: " + OWN.encode(),
        b"Subject: " + _bytes(subject),
        b"Date: " + DATE.encode(),
        b"Message-ID: <gunga.1@example.se>",
        b"MIME-Version: 1.0",
        b"Content-Type: " + content.encode(),
        b"Content-Transfer-Encoding: " + transfer.encode(),
    ]
    head = b"".join(line + b"\r\n" for line in fields if not line.endswith(b": "))
    return head + _lines(_bytes(extra)) + b"\r\n" + _lines(_bytes(body)) + b"\r\n"


def bare(head: str | bytes, body: str | bytes = GUNGA) -> bytes:
    """Put a mail together from a header block written out in full."""
    return _lines(_bytes(head)) + b"\r\n" + _lines(_bytes(body)) + b"\r\n"


def reply(
    body: str | bytes, *, subject: str = "Sv: Vi har tagit emot din synpunkt", content: str = ""
) -> bytes:
    """Put a reply to an acknowledgement of ours together."""
    extra = "In-Reply-To: <s7.ab.cd@lillkommun.example>\nReferences: <s7.ab.cd@lillkommun.example>\n"
    return mail(body, subject=subject, extra=extra, content=content or "text/plain; charset=utf-8")


def several(*parts: str | bytes, kind: str = "mixed", more: str = "", subject: str = "Trasig gunga") -> bytes:
    """Put a multipart mail together; each part is written with its own header lines and a blank line."""
    return mail(
        inside(*parts), content=f'multipart/{kind}; boundary="gräns"{more}'.replace("ä", "a"), subject=subject
    )


def inside(*parts: str | bytes, boundary: str = "grans") -> bytes:
    """Write the inside of a multipart."""
    mark = b"--" + boundary.encode()
    return b"".join(mark + b"\n" + _bytes(part) + b"\n" for part in parts) + mark + b"--\n"


def part(body: str | bytes, content: str = "text/plain; charset=utf-8", extra: str | bytes = "") -> bytes:
    """Write one part of a multipart; `extra` is more header lines, with their line ends."""
    return b"Content-Type: " + content.encode() + b"\n" + _bytes(extra) + b"\n" + _bytes(body)


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8")


def _lines(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
