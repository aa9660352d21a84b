"""Bytes into text when the declared character set may be missing, unknown or a lie."""

import codecs
import re
import unicodedata
from dataclasses import dataclass

import chardet
import ftfy

# Python also has "text encodings" that are no character sets (idna, punycode, unicode_escape), some of
# them slow by design. Only families that mail really uses are let in.
_REAL_CHARSET = re.compile(
    r"utf-?(7|8|16|32)([-_]?[bl]e)?|iso8859-\d{1,2}|cp\d{3,4}|koi8-[rut]|gb\w{1,8}|big5\w{0,8}|euc_\w{2,14}"
    r"|shift_jis\w{0,6}|iso2022_\w{2,8}|mac-\w{3,12}|hz|tis-620|johab|ptcp154|kz1048|ascii"
)
_ALIASES = {
    "x-gbk": "gbk",
    "gb2312": "gb18030",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "macintosh": "mac_roman",
    "x-macintosh": "mac_roman",
    "x-mac-roman": "mac_roman",
    "x-sjis": "cp932",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "iso-8859-8-i": "iso-8859-8",
    "cp-850": "cp850",
    "x-cp1252": "cp1252",
}
# These labels say nothing: they are also what software writes when it does not know.
_SAYS_NOTHING = frozenset({"", "ascii", "iso8859-1", "cp1252", "utf-8"})
_MULTIBYTE = re.compile(r"utf-?(7|16|32)|gb|big5|euc|shift|iso2022|hz|johab|cp(932|949|950)")
_MOJIBAKE = re.compile("Ã[¥¤¶…„–©…\x85\x84\x96\xa5\xa4\xb6\xa9]|â€")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\u200b\u034f\ud800-\udfff]")
_SWEDISH = frozenset("åäöÅÄÖéÉüÜáÁæøÆØßš–—’‘”“«»•…€§°´½·×¨¼»\xa0èàâêëïôûçñ")


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """Text, and whether its label had to be set aside to read it."""

    text: str
    mislabelled: bool = False


def decode(data: bytes, declared: str = "") -> Decoded:
    """Turn bytes into text whatever `declared` says; never raises."""
    if data.startswith(codecs.BOM_UTF8):
        return Decoded(text=data[3:].decode("utf-8", "replace"))
    charset = _known(declared)
    if data.isascii() and not _MULTIBYTE.match(charset):
        return Decoded(text=data.decode("ascii"))
    if charset in _SAYS_NOTHING:
        return _unlabelled(data, charset)
    if not _MULTIBYTE.match(charset) and _is_utf8(data):
        return Decoded(text=_mended(data.decode("utf-8")), mislabelled=True)
    try:
        return Decoded(text=data.decode(charset))
    except (UnicodeError, LookupError):
        fallback = _unlabelled(data, charset)
        return Decoded(text=fallback.text, mislabelled=True)


def decode_escaped(text: str) -> str:
    """Turn header text that still carries raw 8-bit bytes (surrogate escapes) into plain text."""
    if text.isascii():
        return text
    return decode(text.encode("utf-8", "surrogateescape")).text


def tidy(text: str) -> str:
    """Normalise to NFC with LF line ends, and drop what no database and no reader wants."""
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    text = _FORBIDDEN.sub(_replacement, text)
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _replacement(match: re.Match[str]) -> str:
    # A lone surrogate (utf-7 can spell one) would make every later encode() fail.
    return "\ufffd" if "\ud800" <= match[0] <= "\udfff" else ""


def _known(declared: str) -> str:
    name = declared.strip().strip("\"'").lower()[:40]
    if not name or not name.isascii() or "\x00" in name:
        return ""
    try:
        charset = codecs.lookup(_ALIASES.get(name, name)).name
    except LookupError:
        return ""
    return charset if _REAL_CHARSET.fullmatch(charset) else ""


def _unlabelled(data: bytes, charset: str) -> Decoded:
    if _is_utf8(data):
        return Decoded(text=_mended(data.decode("utf-8")), mislabelled=charset not in {"", "utf-8"})
    if _mostly_utf8(data):
        return Decoded(text=data.decode("utf-8", "replace"), mislabelled=True)
    # Software that declares iso-8859-1 sends cp1252 (WHATWG encoding standard does the same).
    text = _cp1252(data)
    if _looks_nordic(text):
        return Decoded(text=_mended(text), mislabelled=charset not in {"iso8859-1", "cp1252"})
    return Decoded(text=_guessed(data) or text, mislabelled=True)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _mostly_utf8(data: bytes) -> bool:
    # One broken character must not turn all the good ones into mojibake.
    text = data[:65536].decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return sum(1 for sign in text if sign > "\x7f") - broken > broken


def _cp1252(data: bytes) -> str:
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1").translate(_CP1252_ONLY)


def _looks_nordic(text: str) -> bool:
    foreign = [sign for sign in text[:65536] if sign > "\x7f"]
    return 2 * sum(1 for sign in foreign if sign in _SWEDISH) >= len(foreign)


def _guessed(data: bytes) -> str:
    found = chardet.detect(data[:16384])
    charset = _known(str(found.get("encoding") or ""))
    if not charset or (found.get("confidence") or 0) < 0.2:
        return ""
    try:
        return data.decode(charset)
    except (UnicodeError, LookupError):
        return ""


def _mended(text: str) -> str:
    # Only on a sign of trouble: ftfy is careful, yet a citizen's own words are not ours to polish.
    return ftfy.fix_encoding(text) if _MOJIBAKE.search(text) else text


def _cp1252_table() -> dict[int, str]:
    pairs = ((code, bytes([code]).decode("cp1252", "ignore")) for code in range(0x80, 0xA0))
    return {code: sign for code, sign in pairs if sign}


_CP1252_ONLY = _cp1252_table()
