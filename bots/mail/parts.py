"""The tree of a mail's parts, walked without recursion: texts, files, reports. Headers are in `headers`."""

import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from email.feedparser import BytesFeedParser
from email.message import Message
from email.policy import compat32
from urllib.parse import unquote_to_bytes

from bots.mail.charsets import decode, decode_escaped, tidy
from bots.mail.headers import Block, Fields, decoded, one_line, split

MAX_PARTS = 200
MAX_DEPTH = 50
MAX_TEXT = 1_000_000
_CHUNK = 1 << 20

_PARAMETER = re.compile(r';\s*([^\s=;"]{1,100})\s*=\s*("(?:[^"\\]|\\.){0,4000}"|[^;]{0,4000})')
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]")
_UNSAFE_NAME = re.compile('[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff<>:"|?*]')
_UU_BEGIN = re.compile(r"begin [0-7]{3,4} (.{1,200})")
_UU_LINE = re.compile(r"[ -`]{0,80}")
_FIRST_DELIMITER = re.compile(r"^--([^\s-][^\r\n]{0,69})\r?$", re.MULTILINE)
_EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/heic": ".heic",
    "application/pdf": ".pdf",
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "message/rfc822": ".eml",
}
_BODY_TYPES = frozenset({"text/plain", "text/html", "text/enriched", "text/richtext"})


class _Budget:
    """Counts the parts of one mail, so that a bomb of parts is read as one long text."""

    def __init__(self) -> None:
        self.left = MAX_PARTS


class Part(Message):
    """One MIME part whose content type is read in linear time, and split only within the budget."""

    def __init__(self, budget: _Budget) -> None:
        super().__init__(policy=compat32)
        budget.left -= 1
        self._may_split = budget.left > 0
        self._content: tuple[str, dict[str, str]] | None = None
        self._first: dict[str, str] | None = None

    @property
    def payload(self) -> list[Message] | str:
        """Return the parts inside, or the text as it was written, with surrogate escapes for 8-bit bytes."""
        # Not get_payload(): it decodes raw bytes by the declared character set, and a lie there loses them.
        held = self._payload  # type: ignore[attr-defined]  # not in typeshed
        return held if isinstance(held, list | str) else ""

    def content(self) -> tuple[str, dict[str, str]]:
        """Return the media type in lower case and the parameters of Content-Type."""
        # Asked several times while parsing; the header of a part never changes once it stands.
        if self._content is None:
            self._content = parameters(self.field("content-type"))
        return self._content

    def field(self, name: str) -> str:
        """Return the first field of that name as it was written, unfolded."""
        if self._first is None:
            self._first = {}
            for key, value in self.raw_items():
                self._first.setdefault(key.lower(), "".join(str(value).splitlines()))
        return self._first.get(name, "")

    def stand_for(self, fields: Fields, payload: str | None = None) -> None:
        """Take over header fields that were read before, and the whole body if it is not to be split."""
        self._first = fields.topmost
        if payload is not None:
            self.set_payload(payload)

    def get_content_type(self) -> str:
        """Return the media type, or the default of RFC 2045 5.2."""
        media_type = self.content()[0]
        return media_type if media_type.count("/") == 1 else self.get_default_type()

    def get_content_maintype(self) -> str:
        """Return the part before the slash; `text` when nothing more may be split."""
        return self.get_content_type().partition("/")[0] if self._may_split else "text"

    def get_boundary(self, failobj: object = None) -> str | None:  # type: ignore[override]  # noqa: ARG002  # email's own signature
        """Return the boundary, or None when nothing more may be split."""
        boundary = self.content()[1].get("boundary", "").rstrip()
        return boundary if boundary and self._may_split else None


@dataclass(frozen=True, kw_only=True)
class Text:
    """A part that a reader sees. `groups` holds the multipart/alternatives around it, outermost first."""

    part: Part | None
    kind: str  # "plain", "html", or "note" (our own words around a forwarded mail)
    note: str = ""
    groups: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class File:
    """A part that a reader may fetch."""

    part: Part | None
    name: str
    media_type: str
    size: int
    data: bytes = b""  # only for what stood uuencoded in a text


@dataclass
class Content:
    """What the walk found; filled by `walk` and then only read."""

    texts: list[Text] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    reports: list[Part] = field(default_factory=list)
    returned: list[Part] = field(default_factory=list)
    types: set[str] = field(default_factory=set)
    too_many: bool = False
    calendar_reply: bool = False


def parse(raw: bytes, block: Block) -> Part:
    """Build the tree of parts. May raise RecursionError on a hostile mail."""
    budget = _Budget()
    media_type = parameters(block.fields.first("content-type"))[0]
    if not media_type.startswith(("multipart/", "message/")):
        root = Part(budget)
        root.stand_for(block.fields, raw[block.body_at :].decode("ascii", "surrogateescape"))
        return root
    # typeshed wants a class that takes `policy`; any maker of messages will do (email.feedparser).
    parser = BytesFeedParser(lambda **_: Part(budget), policy=compat32)
    # Only what tells how to split: all the other fields have been read already.
    content_fields = [
        f"{name}: {value}\n" for name, value in block.fields.items if name.startswith("content-")
    ]
    parser.feed("".join([*content_fields, "\n"]).encode("ascii", "surrogateescape"))
    for at in range(block.body_at, len(raw), _CHUNK):
        parser.feed(raw[at : at + _CHUNK])
    tree = parser.close()
    assert isinstance(tree, Part)  # noqa: S101  # the maker above makes nothing else
    tree.stand_for(block.fields)
    return tree


def walk(root: Part) -> Content:
    """Visit each part once, in reading order, and sort it into texts, files and reports."""
    content = Content()
    waiting: list[_Visit] = [_Visit(part=root)]
    visited = 0
    while waiting:
        visit = waiting.pop()
        visited += 1
        if visited > MAX_PARTS or visit.depth > MAX_DEPTH:
            content.too_many = True
            continue
        waiting.extend(reversed(list(_visited(visit, content, group=visited))))
    return content


@dataclass(frozen=True, kw_only=True)
class _Visit:
    part: Part
    depth: int = 0
    groups: tuple[int, ...] = ()
    inside: str = ""
    forwarded: bool = False  # in a mail inside the mail: what it is, is not what this mail is


def _visited(visit: _Visit, content: Content, *, group: int) -> Iterator[_Visit]:
    """Sort one part; yield the parts inside it that are to be visited."""
    part, media_type = visit.part, visit.part.get_content_type()
    is_report = media_type == "message/delivery-status" or media_type.endswith(
        ("/disposition-notification", "/feedback-report")
    )
    if not (visit.forwarded and is_report):
        content.types.add(media_type)
    payload = part.payload
    if (
        not visit.forwarded
        and media_type == "text/calendar"
        and part.content()[1].get("method", "").strip().lower() == "reply"
    ):
        content.calendar_reply = True
    if is_report:
        content.reports.append(part)
    elif visit.inside == "multipart/report" and media_type in {
        "message/rfc822",
        "text/rfc822-headers",
        "message/global",
    }:
        content.returned.append(part)
    elif media_type in {"message/rfc822", "message/global"}:
        yield from _forwarded(visit, content)
    elif isinstance(payload, list) and not media_type.startswith("message/"):
        groups = (*visit.groups, group) if media_type == "multipart/alternative" else visit.groups
        for child in payload:
            if isinstance(child, Part):
                yield replace(visit, part=child, depth=visit.depth + 1, groups=groups, inside=media_type)
    elif media_type.startswith("multipart/"):
        yield from _without_boundary(visit, content)
    else:
        _leaf(visit, media_type, content)


def _forwarded(visit: _Visit, content: Content) -> Iterator[_Visit]:
    """Read a forwarded mail as text: its words are the feedback."""
    payload = visit.part.payload
    inner = payload[0] if isinstance(payload, list) and payload else None
    if visit.part.field("content-transfer-encoding").strip().lower() in {"base64", "quoted-printable"}:
        # RFC 2046 5.2.1 forbids the encoding, some gateways use it all the same.
        inner = _parsed_again(
            payload_bytes(visit.part, text=str(inner.payload) if isinstance(inner, Part) else "")
        )
    if not isinstance(inner, Part):
        content.files.append(_file(visit.part, "message/rfc822", content))
        return
    who, subject = one_line(decoded(inner.field("from"))), one_line(decoded(inner.field("subject")))
    if visit.depth or who or subject:
        note = f"--- Vidarebefordrat brev ---\nFrån: {who}\nÄmne: {subject}\n"
        content.texts.append(Text(part=None, kind="note", note=note, groups=visit.groups))
    yield replace(visit, part=inner, depth=visit.depth + 1, inside="message/rfc822", forwarded=True)


def _without_boundary(visit: _Visit, content: Content) -> Iterator[_Visit]:
    """Split a multipart whose boundary is missing or wrong at the first line that looks like one."""
    payload = visit.part.payload
    text = payload if isinstance(payload, str) else ""
    found = _FIRST_DELIMITER.search(text) if visit.inside != "unbounded" else None
    if found is None:
        _leaf(visit, "text/plain", content)
        return
    boundary = found[1].strip().encode("utf-8", "surrogateescape")
    head = b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\n\n'
    again = _parsed_again(head + text.encode("utf-8", "surrogateescape"))
    yield replace(visit, part=again, depth=visit.depth + 1, inside="unbounded")


def _parsed_again(raw: bytes) -> Part:
    return parse(raw, split(raw))


def _leaf(visit: _Visit, media_type: str, content: Content) -> None:
    part = visit.part
    disposition = parameters(part.field("content-disposition"))[0]
    named = bool(file_name(part))
    is_body = media_type in _BODY_TYPES and disposition != "attachment" and not part.is_multipart()
    # Apple Mail shows a named inline text in its place; it is the body only when nothing was said before it.
    if is_body and (
        not named or (media_type == "text/plain" and not content.texts and "inline" in disposition)
    ):
        kind = "plain" if media_type == "text/plain" else "html"
        content.texts.append(Text(part=part, kind=kind, groups=visit.groups))
        return
    if media_type == "text/plain" and not named and disposition != "attachment":
        content.texts.append(Text(part=part, kind="plain", groups=visit.groups))
        return
    content.files.append(_file(part, media_type, content))


def _file(part: Part, media_type: str, content: Content) -> File:
    fallback = f"bilaga-{len(content.files) + 1}{_EXTENSIONS.get(media_type, '')}"
    return File(part=part, name=file_name(part) or fallback, media_type=media_type, size=_size(part))


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """Read `type; name=value; ...` in linear time; continuations and RFC 2231 stay as they are named."""
    head, _, _ = value.partition(";")
    found: dict[str, str] = {}
    for match in _PARAMETER.finditer(value[:32768]):
        text = match[2].strip()
        if text.startswith('"'):
            text = text[1:-1] if text.endswith('"') and len(text) > 1 else text[1:]
            text = re.sub(r"\\(.)", r"\1", text) if "\\" in text and "\\\\" not in text[:3] else text
        found.setdefault(match[1].lower(), text)
    return head.partition("(")[0].strip().lower(), found


def file_name(part: Part) -> str:
    """Return the file's name as a label: no folders, no control or direction characters, at most 150 long."""
    sources = (parameters(part.field("content-disposition"))[1], "filename"), (part.content()[1], "name")
    for options, key in sources:
        if options and (name := _safe_name(_extended(options, key) or decoded(options.get(key, "")))):
            return name
    return ""


def _extended(options: dict[str, str], key: str) -> str:
    """Join the pieces of an RFC 2231 parameter and decode them together."""
    pieces: list[str] = [options[f"{key}*"]] if f"{key}*" in options else []
    escaped = bool(pieces)
    for number in range(100):
        piece = options.get(f"{key}*{number}*", options.get(f"{key}*{number}"))
        if piece is None or f"{key}*" in options:
            break
        escaped = escaped or f"{key}*{number}*" in options
        pieces.append(piece)
    text = "".join(pieces)
    if not escaped:
        return decoded(text)
    charset, mark, rest = text.partition("'")
    _, second, value = rest.partition("'")
    value = value if mark and second else text
    return decode(
        unquote_to_bytes(value.encode("utf-8", "surrogateescape")), charset if mark and second else ""
    ).text


def _safe_name(name: str) -> str:
    name = tidy(decode_escaped(name).replace("\n", " "))
    name = name.replace("\\", "/").rpartition("/")[2]
    name = " ".join(_UNSAFE_NAME.sub("", name).split()).strip(". ")
    if len(name) <= 150:
        return name
    stem, dot, extension = name.rpartition(".")
    return f"{stem[: 149 - len(extension)]}.{extension}" if dot and len(extension) < 10 else name[:150]


def payload_bytes(part: Part, *, text: str | None = None) -> bytes:
    """Undo the transfer encoding, as far as it goes; never raises."""
    payload = part.payload if text is None else text
    if isinstance(payload, list):
        return _as_bytes(payload)
    data = str(payload or "").encode("utf-8", "surrogateescape")
    encoding = part.field("content-transfer-encoding").partition("(")[0].strip().strip('";').lower()
    if encoding == "base64":
        return _from_base64(data)
    if encoding in {"quoted-printable", "quotedprintable", "quoted_printable"}:
        return binascii.a2b_qp(data)
    if encoding in {"x-uuencode", "uuencode", "x-uue", "uue"}:
        lines = data.decode("latin-1").splitlines()
        inner = [line for line in lines if not line.startswith("begin ") and line.rstrip() != "end"]
        # A wrong label on plain words must not swallow them.
        return _from_uu(inner) if len(inner) < len(lines) else data
    return data


def take_uuencoded(text: str) -> tuple[str, list[File]]:
    """Lift uuencoded files out of a plain text, as programs before MIME put them there."""
    if "\nend" not in text or "begin " not in text:
        return text, []
    kept: list[str] = []
    files: list[File] = []
    begun: int | None = None  # where in `kept` the last "begin" stands
    for line in text.split("\n"):
        kept.append(line)
        if found := _UU_BEGIN.fullmatch(line):
            begun, name = len(kept) - 1, _safe_name(found[1]) or "bilaga"
        elif line.rstrip() == "end" and begun is not None:
            data = _from_uu(kept[begun + 1 : -1])
            files.append(
                File(part=None, name=name, media_type="application/octet-stream", size=len(data), data=data)
            )
            kept, begun = kept[:begun], None
        elif begun is not None and not _UU_LINE.fullmatch(line):
            # Somebody only wrote the word.
            begun = None
    return "\n".join(kept), files


def _as_bytes(children: Sequence[object]) -> bytes:
    try:
        return b"\n".join(child.as_bytes() for child in children if isinstance(child, Message))
    except (UnicodeError, LookupError, ValueError, TypeError, AttributeError, RecursionError, KeyError):
        return b""


def _from_base64(data: bytes) -> bytes:
    stray = len(_NOT_BASE64.findall(data)) - data.count(b"\n") - data.count(b"\r")
    # The label says base64 but somebody wrote plain words: better the words than noise.
    if stray * 10 > len(data):
        return data
    out = []
    for piece in re.split(rb"=+", _NOT_BASE64.sub(b"", data)):
        letters = piece[:-1] if len(piece) % 4 == 1 else piece
        out.append(binascii.a2b_base64(letters + b"=" * (-len(letters) % 4)))
    return b"".join(out)


def _from_uu(lines: Sequence[str]) -> bytes:
    out = []
    for line in filter(None, lines):
        count = (ord(line[0]) - 32) & 63
        groups = line[1 : 1 + -(-count * 4 // 3)].encode("ascii", "replace")
        try:
            out.append(binascii.a2b_uu(line[:1].encode("ascii", "replace") + groups))
        except binascii.Error:
            continue
    return b"".join(out)


def _size(part: Part) -> int:
    payload = part.payload
    encoding = part.field("content-transfer-encoding").strip().lower()
    if isinstance(payload, str) and encoding == "base64" and len(payload) > 65536:
        # Counted, not decoded: a 20 MB photo need not stand in memory twice.
        letters = len(payload) - sum(payload.count(sign) for sign in "\r\n =")
        return letters * 3 // 4
    return len(payload_bytes(part))
