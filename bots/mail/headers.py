"""The header block of a mail: cleaned, split into fields, decoded. Content is read in `parts`."""

import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bots.mail.charsets import decode, decode_escaped, tidy

MAX_BLOCK = 256 * 1024
MAX_FIELD = 64 * 1024
_MAX_LINE = 2000
_MAX_NAME = 200
_MAX_IDS = 100

_END_OF_BLOCK = re.compile(rb"\r\n\r\n|\n\r{0,3}\n|\r\r(?!\n)")
_LEADING = re.compile(
    rb"(?:\xef\xbb\xbf|[ \t]*\r?\n|>?From (?!:)[^\r\n]{0,500}(?:\r?\n|$)|\xff\xfe|\xfe\xff)"
)
_NO_FIELD = re.compile(rb"^(?![!-9;-~]{1,200}:|[ \t])[^\r\n]", re.MULTILINE)
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:[ \t]*(.*)", re.DOTALL)
_KNOWN_FIELD = re.compile(
    rb"(?i)(?:received|from|to|cc|date|subject|sender|message-id|mime-version|reply-to|return-path|references"
    rb"|in-reply-to|dkim-signature|authentication-results|content-[a-z-]{2,30}|list-[a-z-]{2,30}"
    rb"|x-[!-9;-~]{1,80})[ \t]*:"
)
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_ITEM_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.){0,1000}"|\((?:[^()\\]|\\.){0,1000}\)|<[^<>]{0,1000}>'
    r"|=\?[^?\s]{1,60}\?[bBqQ]\?[^?]{0,1000}\?=|[,;]|[^\",;<(=]+|.",
    re.DOTALL,
)
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\s@<>()\[\],;:\\\"]{1,255}")
_ID = re.compile(r"<([^<>\s]{1,500})>")
_HEX_PAIR = re.compile(rb"=([0-9A-Fa-f]{2})")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A mail cut in two: its fields, and where its body begins in the raw bytes."""

    fields: "Fields"
    clean: bytes
    body_at: int
    cut: bool = False


@dataclass(frozen=True, kw_only=True)
class Person:
    """A name and an address as a header gives them. Neither proves who wrote."""

    name: str
    addr: str


class Fields:
    """Header fields in the order they stand, topmost first. Names are compared in lower case."""

    def __init__(self, items: Sequence[tuple[str, str]]) -> None:
        self.items = tuple(items)
        self.topmost: dict[str, str] = {}  # by name
        for name, value in items:
            self.topmost.setdefault(name, value)

    def __contains__(self, name: str) -> bool:
        return name in self.topmost

    def first(self, name: str) -> str:
        """Return the topmost field of that name as it was written, unfolded, or an empty string."""
        return self.topmost.get(name, "")

    def every(self, name: str) -> list[str]:
        """List all fields of that name, topmost first."""
        return [value for field, value in self.items if field == name]

    def text(self, name: str) -> str:
        """Return the topmost field of that name, decoded, on one line."""
        return one_line(decoded(self.first(name)))


def split(raw: bytes) -> Block:
    """Cut a mail into header fields and body, and mend what mail programs break in between.

    A BOM, blank lines and an mbox line before the first field are passed over. A line without colon is
    folded into the field before it, or begins the body when only text follows. Never raises.
    """
    start = _past_rubbish(raw)
    end = _END_OF_BLOCK.search(raw, start)
    stop, body_at = (end.start(), end.end()) if end else (len(raw), len(raw))
    block = raw[start : min(stop, start + MAX_BLOCK)]
    cut = stop - start > MAX_BLOCK
    if cut:
        block = block[: block.rfind(b"\n") + 1]
    if _NO_FIELD.search(block):
        block, kept = _mended(block)
        if kept is not None and not cut:
            body_at = start + kept
    return Block(fields=Fields(list(_fields(block))), clean=block, body_at=body_at, cut=cut)


def decoded(value: str) -> str:
    """Decode RFC 2047 encoded words and raw 8-bit bytes, however badly they were written."""
    value = value[:MAX_FIELD]
    if "=?" not in value:
        return decode_escaped(value)
    return "".join(_decoded_pieces(value))


def one_line(text: str, limit: int = _MAX_LINE) -> str:
    """Make a text safe to show and to echo: one line, no control or direction characters."""
    text = tidy(text[: 2 * limit])
    if not text.isprintable():
        text = _INVISIBLE.sub("", text.replace("\n", " ").replace("\t", " "))
    return " ".join(text.split())[:limit]


def persons(value: str) -> list[Person]:
    """List the persons in an address header, leaving out those without usable address."""
    found = (_person(item) for item in _address_items(value[:MAX_FIELD]))
    return [person for person in found if person.addr]


def first_person(value: str) -> Person:
    """Return the first person with a usable address, or else the first name with an empty address."""
    people = [_person(item) for item in _address_items(value[:MAX_FIELD])]
    return next(
        (person for person in people if person.addr), people[0] if people else Person(name="", addr="")
    )


def usable_address(text: str) -> str:
    """Return the address with its domain in lower case, or an empty string if nobody can be reached there."""
    text = text.strip().strip("'").removeprefix("mailto:").strip()
    if not _ADDRESS.fullmatch(text) or not text.isprintable():
        return ""
    local, _, domain = text.rpartition("@")
    if ".." in domain or domain.startswith((".", "-")) or "=?" in text:
        return ""
    return f"{local}@{domain.rstrip('.').lower()}" if domain.rstrip(".") else ""


def message_ids(value: str) -> list[str]:
    """List the message ids in a header, each with angle brackets."""
    value = decode_escaped(value[:MAX_FIELD])
    found = [f"<{text}>" for text in _ID.findall(value)]
    if not found:
        found = [
            f"<{word.strip('<>')}>" for word in value.split()[:_MAX_IDS] if "@" in word.strip("<>")[:500]
        ]
    return [one_line(text) for text in found[-_MAX_IDS:] if len(text) < 520]


def moment(value: str) -> datetime | None:
    """Read a date header as an aware time, or return None."""
    try:
        found = parsedate_to_datetime(decode_escaped(value[:200]))
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _past_rubbish(raw: bytes) -> int:
    start = 0
    # A bound, not a loop until the end: a megabyte of blank lines is no mail.
    for _ in range(2000):
        match = _LEADING.match(raw, start)
        if match is None or match.end() == start:
            break
        start = match.end()
    return start


def _mended(block: bytes) -> tuple[bytes, int | None]:
    """Fold stray lines; return the block, and where in it the body begins if the blank line was missing."""
    lines = block.splitlines(keepends=True)
    last_known = max((at for at, line in enumerate(lines) if _KNOWN_FIELD.match(line)), default=-1)
    mended: list[bytes] = []
    position = 0
    for at, line in enumerate(lines):
        if line[:1] in b" \t" or _FIELD.match(line):
            # A space before the colon ("Subject : x") is obsolete syntax (RFC 5322 4.5) that email refuses.
            name, colon, rest = line.partition(b":")
            mended.append(name.rstrip() + colon + rest if line[:1] not in b" \t" else line)
        elif at > last_known:
            return b"".join(mended), position
        elif mended:
            mended.append(b" " + line)
        position += len(line)
    return b"".join(mended), None


def _fields(block: bytes) -> Iterator[tuple[str, str]]:
    folded: list[bytes] = []
    for line in block.splitlines():
        if line[:1] in (b" ", b"\t"):
            folded.append(line)
            continue
        yield from _field(folded)
        folded = [line]
    yield from _field(folded)


def _field(folded: list[bytes]) -> Iterator[tuple[str, str]]:
    name, colon, value = b"".join(folded).partition(b":")
    name = name.rstrip()
    if colon and name.isascii() and 0 < len(name) <= _MAX_NAME and not name.isspace():
        yield name.decode("ascii").lower(), value.strip().decode("ascii", "surrogateescape")


def _decoded_pieces(value: str) -> Iterator[str]:
    at, charset, held = 0, "", b""
    while True:
        word = _encoded_word(value, at)
        between = value[at:] if word is None else value[at : word[0]]
        # RFC 2047 6.2: white space between two encoded words is not shown, and a character may be
        # split over two of them although 5 (3) forbids it. So bytes are joined before they are decoded.
        if held and (word is None or between.strip() or word[2].lower() != charset):
            yield decode(held, charset).text
            held = b""
            if word is not None and not between.strip():
                between = ""
        elif held and not between.strip():
            between = ""
        yield decode_escaped(between)
        if word is None:
            return
        at, charset = word[1], word[2].lower()
        held += word[3]


def _encoded_word(value: str, at: int) -> tuple[int, int, str, bytes] | None:
    """Find the next encoded word: where it begins, where it ends, its character set, its bytes."""
    while (start := value.find("=?", at)) >= 0:
        mark = value.find("?", start + 2)
        if mark < 0:
            return None
        charset, encoding = value[start + 2 : mark], value[mark + 1 : mark + 3].lower()
        if len(charset) > 60 or " " in charset or encoding not in {"q?", "b?"}:
            at = start + 2
            continue
        end = value.find("?=", mark + 3)
        if end < 0:
            return None
        # A question mark typed raw at the end of the text ("...trasig??=") belongs to the text.
        content = value[mark + 3 : end].encode("utf-8", "surrogateescape")
        bits = _from_q(content) if encoding == "q?" else _from_base64(content)
        return start, end + 2, charset.partition("*")[0], bits
    return None


def _from_q(content: bytes) -> bytes:
    content = content.replace(b"_", b" ")
    return _HEX_PAIR.sub(lambda pair: bytes([int(pair[1], 16)]), content)


def _from_base64(content: bytes) -> bytes:
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", content)
    letters = letters[:-1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def _address_items(value: str) -> Iterator[list[str]]:
    if value.count("\\") > 200:
        # Each escaped quote would be tried as the beginning of a quoted name of its own.
        value = value.replace("\\", "")
    item: list[str] = []
    for match in _ITEM_TOKEN.finditer(value):
        if match[0] not in {",", ";"}:
            item.append(match[0])
            continue
        # An unquoted comma inside a name ("Andersson, Anna <a@example.se>") splits nobody in two.
        if any("@" in token or token.startswith("<") for token in item) or match[0] == ";":
            yield item
            item = []
        elif item:
            item.append(",")
    if item:
        yield item


def _person(item: list[str]) -> Person:
    angles = [at for at, token in enumerate(item) if token.startswith("<") and token.endswith(">")]
    if angles:
        # `a@example.se <b@example.se>`: the angle wins, the rest is a name that somebody chose.
        chosen = next((at for at in reversed(angles) if usable_address(_plain(item[at][1:-1]))), angles[-1])
        name = "".join(token for at, token in enumerate(item) if at != chosen)
        return Person(name=_name(name), addr=usable_address(_plain(item[chosen][1:-1])))
    bare = "".join(token for token in item if not token.startswith("("))
    bare = bare.rpartition(":")[2] if ":" in bare and '"' not in bare else bare
    for word in bare.replace('"', "").split():
        if address := usable_address(decode_escaped(word).strip("<>")):
            comment = "".join(token[1:-1] for token in item if token.startswith("(") and token.endswith(")"))
            return Person(name=_name(comment or bare.replace(word, "", 1)), addr=address)
    return _wholly_encoded("".join(item))


def _wholly_encoded(text: str) -> Person:
    # Some programs encode name and address together. The result is trusted only if it is one address.
    shown = one_line(decoded(text))
    found = _ADDRESS.findall(shown) if "=?" in text else []
    address = usable_address(found[0]) if len(found) == 1 else ""
    return Person(name=_name(shown.replace(f"<{address}>", "") if address else shown), addr=address)


def _plain(text: str) -> str:
    text = decode_escaped(text)
    local, at, domain = text.strip().rpartition("@")
    return f"{local[1:-1]}@{domain}" if at and local[:1] == '"' == local[-1:] and len(local) > 1 else text


def _name(text: str) -> str:
    text = one_line(decoded(text), 300)
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        text = text[1:-1]
    return text.replace('\\"', '"').replace("\\\\", "\\").strip(" \"'<>,:")
