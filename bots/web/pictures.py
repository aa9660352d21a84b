"""Draws a stranger's picture anew, so that the browser gets our bytes and never theirs.

Only what a browser shows without running anything: JPEG, PNG, GIF and WebP, told by their own bytes. What
else a file may be at the same time (a page, an archive, a script), where it was taken, and all frames but
the first stay behind.
"""

import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps

_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
_MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png"}
_LONGEST_SIDE = 1200  # pixels, of what is shown
_MOST_BYTES = 20 * 2**20
_MOST_PIXELS = 100_000_000  # by its header; a phone takes 50 million
_MOST_DRAWN = 25_000_000  # in memory at once, 3 or 4 bytes each; a JPEG is drawn smaller from the beginning


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture that we have drawn."""

    media_type: str
    data: bytes


def may_be_shown(media_type: str, name: str, size: int) -> bool:
    """Tell whether a file calls itself a picture that `drawn` may be able to show."""
    said = media_type.lower() in {"image/jpeg", "image/png", "image/gif", "image/webp"}
    named = name.lower().endswith((".jpg", ".jpeg", ".png", ".gif", ".webp"))
    return (said or named) and 0 < size <= _MOST_BYTES


def drawn(data: bytes) -> Picture | None:
    """Draw a picture anew, at most 1 200 pixels a side; None for what is none, or is too large.

    Blocking, up to a second, and up to 100 MB of memory: call it from a thread, one at a time.
    """
    if len(data) > _MOST_BYTES:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a warning of a bomb is a bomb
            return _drawn(data)
    # Hostile bytes raise nearly anything in a decoder: they are then no picture.
    except Exception:  # noqa: BLE001 - one of the doors named in ARCHITECTURE.md
        return None


def _drawn(data: bytes) -> Picture | None:
    with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
        if opened.width * opened.height > _MOST_PIXELS:
            return None
        opened.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
        if opened.width * opened.height > _MOST_DRAWN:
            return None
        clear = "A" in opened.getbands() or "transparency" in opened.info
        small = opened.convert("RGBA" if clear else "RGB")
        turned = opened.getexif()
    small.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    small.getexif()[_ORIENTATION] = turned.get(_ORIENTATION, 1)
    upright = ImageOps.exif_transpose(small)
    # A new picture of the bare dots: nothing that came along with the old one is written.
    bare = Image.frombytes(upright.mode, upright.size, upright.tobytes())
    out = io.BytesIO()
    kind = "PNG" if clear else "JPEG"
    bare.save(out, kind, **({} if clear else {"quality": 85}))
    return Picture(media_type=_MEDIA_TYPES[kind], data=out.getvalue())


_ORIENTATION = 0x0112  # of EXIF
