"""Words, names and times as XML and file systems can hold them. Nothing here knows what they mean."""

import re
import unicodedata
from datetime import UTC, datetime

# What XML 1.0 can hold, production 2: no control signs but tab and line ends, no halves of signs.
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENDING = re.compile(r"\.([A-Za-z0-9]{1,8})$")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}")
ANY = "application/octet-stream"
INSTEAD = "\ufffd"


def fit(text: str) -> str:
    """Return a text with `INSTEAD` for each sign that XML 1.0 can not hold."""
    return _UNFIT.sub(INSTEAD, text)


def is_fit(text: str) -> bool:
    """Tell whether XML 1.0 can hold a text as it is."""
    return _UNFIT.search(text) is None


def ending(name: str, otherwise: str = "bin") -> str:
    """Return the ending of a stranger's file name if it is harmless, in small letters and without its dot."""
    found = _ENDING.search(name)
    return found[1].lower() if found else otherwise


def folder(number: str, case_id: int) -> str:
    """Return a folder's name for a case, in signs that every file system holds."""
    ascii_only = unicodedata.normalize("NFKD", number).encode("ascii", "ignore").decode()
    safe = re.sub(r"[^A-Za-z0-9_-]", "-", ascii_only)
    return safe if safe == number else f"{safe}-{case_id}"


def media_type(told: str) -> str:
    """Return a media type that is written as one, or the one that says nothing."""
    bare = told.partition(";")[0].strip().lower()
    return bare if _MEDIA_TYPE.fullmatch(bare) else ANY


def moment(at: datetime) -> str:
    """Write an aware time as xs:dateTime in UTC, in whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
