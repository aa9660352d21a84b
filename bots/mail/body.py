"""What a mail says: one text from its parts, and the new words of a reply. Parts are found in `parts`."""

from dataclasses import dataclass
from functools import cached_property

from bots.mail import html, quotes
from bots.mail.charsets import Decoded, decode, tidy
from bots.mail.parts import MAX_TEXT, Content, File, Text, payload_bytes, take_uuencoded

_MAX_ENCODED = 3 * MAX_TEXT
_SHORT = 400
_EXCUSES = (
    "html",
    "webbläsare",
    "browser",
    "e-postprogram",
    "mail client",
    "email client",
    "visa mailet",
    "visa brevet",
)


@dataclass(frozen=True, kw_only=True)
class Body:
    """The whole text, the new words of it, and what went wrong on the way."""

    full_text: str
    text: str
    files: tuple[File, ...] = ()
    mislabelled: bool = False
    cut: bool = False


class _Shown:
    """One text part. It is decoded when asked: of two alternatives, one is seldom looked at."""

    def __init__(self, part: Text) -> None:
        self.part = part
        self._options = part.part.content()[1] if part.part is not None else {}

    @cached_property
    def decoded(self) -> Decoded:
        """Return the part's text as it was written, HTML with its tags."""
        if self.part.part is None:
            return Decoded(text=self.part.note)
        payload = self.part.part.payload
        data = payload_bytes(
            self.part.part, text=payload[:_MAX_ENCODED] if isinstance(payload, str) else None
        )
        charset = self._options.get("charset", self._options.get("charset*", "").rpartition("'")[2])
        if self.part.kind == "html":
            charset = charset or html.charset_of(data)
        return decode(data, charset)

    @property
    def cut(self) -> bool:
        """Tell whether only the beginning of the part was read."""
        payload = self.part.part.payload if self.part.part is not None else ""
        return len(payload) > _MAX_ENCODED or (
            self.part.kind == "html" and html.is_too_much(self.decoded.text)
        )

    @cached_property
    def words(self) -> str:
        """Return the part's text as a reader sees it."""
        if self.part.kind == "html":
            return html.text_of(self.decoded.text)
        words = tidy(self.decoded.text)
        if "flowed" in self._options.get("format", "").lower():
            return unflowed(words, delete_space=self._options.get("delsp", "").lower() == "yes")
        return words


def body_of(content: Content, *, reply: bool) -> Body:
    """Put the texts of a mail together; take quotations off only when it is a reply."""
    shown = [_Shown(part) for part in content.texts]
    chosen = [one for one in shown if _is_chosen(one, shown)]
    full_text, files = take_uuencoded(_joined([one.words for one in chosen]))
    cut = any(one.cut for one in chosen) or len(full_text) > MAX_TEXT
    full_text = full_text[:MAX_TEXT].strip()
    text = _new_words(full_text, chosen, shown) if reply else full_text
    mislabelled = any(one.decoded.mislabelled for one in chosen)
    return Body(full_text=full_text, text=text, files=tuple(files), mislabelled=mislabelled, cut=cut)


def _joined(texts: list[str]) -> str:
    return "\n\n".join(text.strip() for text in texts if text.strip())


def unflowed(text: str, *, delete_space: bool) -> str:
    """Join the lines of a format=flowed text into paragraphs (RFC 3676), quotation depth by depth."""
    paragraphs: list[list[str]] = []
    depth_before, flowing = -1, False
    for line in text.split("\n"):
        words = line.lstrip(">")
        depth = len(line) - len(words)
        words = words.removeprefix(" ")
        signature = words == "-- "
        soft = words.endswith(" ") and not signature
        piece = words[:-1] if soft and delete_space else words
        if flowing and depth == depth_before and not signature:
            paragraphs[-1].append(piece)
        else:
            paragraphs.append([f"{'>' * depth} {piece}" if depth else piece])
        depth_before, flowing = depth, soft
    return "\n".join("".join(pieces) for pieces in paragraphs)


def _is_chosen(one: _Shown, shown: list[_Shown]) -> bool:
    """Tell which version of a multipart/alternative is read: plain text, unless it says nothing."""
    if not one.part.groups or one.part.kind == "note":
        return True
    group = one.part.groups[-1]
    plain = [other for other in shown if other.part.kind == "plain" and group in other.part.groups]
    rich = [other for other in shown if other.part.kind == "html" and group in other.part.groups]
    if not plain or not rich:
        return True
    return (one.part.kind == "plain") is _says_something(plain, rich)


def _says_something(plain: list[_Shown], rich: list[_Shown]) -> bool:
    words = _joined([one.words for one in plain]).lower()
    if not any(sign.isalnum() for sign in words):
        return not any(one.words for one in rich)
    if len(words) > _SHORT or not any(excuse in words for excuse in _EXCUSES):
        return True
    shown = " ".join(_joined([one.words for one in rich]).lower().split())
    return " ".join(words.split()) in shown


def _new_words(full_text: str, chosen: list[_Shown], shown: list[_Shown]) -> str:
    # HTML says where the quotation begins; plain text has to be read like a human reads it.
    for one in shown:
        words = html.new_text_of(one.decoded.text) if one.part.kind == "html" else None
        if words and sum(map(str.isalpha, words)) >= 10:
            rest = [other.words for other in chosen if not other.part.groups and other is not one]
            return quotes.new_text(_joined([words, *rest]))
    return quotes.new_text(full_text)
