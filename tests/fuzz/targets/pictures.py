"""A file that calls itself a picture, drawn anew before anybody sees it."""

import io

from PIL import Image

from bots.web.pictures import drawn, may_be_shown


def _made(kind: str, mode: str = "RGB", **more: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, (9, 7), 3).save(out, kind, **more)
    return out.getvalue()


SEEDS = (
    _made("JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"),
    _made("PNG"),
    _made("PNG", "RGBA"),
    _made("PNG", "P", transparency=1),
    _made("GIF", "P"),
    _made("WEBP"),
    _made("PNG")[:16] + b"\xff\xff\xff\xff\xff\xff\xff\xff" + _made("PNG")[24:],
    _made("GIF", "P") + b"<script>alert(1)</script>PK\x03\x04",
    b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    b"%PDF-1.7\n",
    b"\xff\xd8\xff",
)


def fuzz(data: bytes) -> None:
    """Draw it: nothing comes of it, or a picture of ours in which nothing of it is left but dots."""
    may_be_shown("image/png", data[:40].decode("latin-1"), len(data))
    found = drawn(data)
    if found is None:
        return
    assert found.media_type in {"image/jpeg", "image/png"}
    assert b"<script" not in found.data
    with Image.open(io.BytesIO(found.data)) as again:
        assert max(again.size) <= 1200
        assert not again.getexif()
