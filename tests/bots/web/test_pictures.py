"""Hostile files are saved and never shown; what is shown are dots that we have drawn ourselves."""

import io
import itertools
import struct
import zipfile
import zlib

import pytest
from PIL import Image

from bots.web import pictures
from bots.web.pictures import Picture, drawn, may_be_shown

ELAKT = b"<script>alert(1)</script>"
HTML = b"<!doctype html><html><body>" + ELAKT + b"</body></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><circle r="9"/></svg>'


def a_picture(
    kind: str = "JPEG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **more: object
) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "red" if mode == "RGB" else None).save(out, kind, **more)
    return out.getvalue()


def opened(picture: Picture | None) -> Image.Image:
    assert picture is not None
    found = Image.open(io.BytesIO(picture.data))
    found.load()
    return found


def a_zip(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, b"\0" * 1_000_000)
    return out.getvalue()


def a_png_of(width: int, height: int) -> bytes:
    """Make a PNG that claims a size and holds a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 10_000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("PNG", "RGB"), ("GIF", "P"), ("WEBP", "RGB")])
def test_a_picture_is_drawn_anew_with_the_same_dots(kind: str, mode: str) -> None:
    data = a_picture(kind, mode=mode)

    shown = drawn(data)

    assert opened(shown).size == (40, 30)
    assert shown is not None
    assert shown.media_type in {"image/jpeg", "image/png"}
    assert shown.data != data


def test_a_large_picture_is_made_smaller_and_keeps_its_shape() -> None:
    assert opened(drawn(a_picture(size=(6000, 3000)))).size == (1200, 600)


def test_what_is_clear_stays_clear() -> None:
    found = opened(drawn(a_picture("PNG", mode="RGBA")))

    assert (found.mode, found.getpixel((0, 0))) == ("RGBA", (0, 0, 0, 0))


def test_where_and_by_what_it_was_taken_stays_behind_and_it_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter
    exif[0x0110] = "KAMERAN"
    exif.get_ifd(0x8825)[2] = (59.0, 19.0, 58.0)  # GPS latitude
    data = a_picture(exif=exif, comment=b"HEMLIGT")
    assert b"KAMERAN" in data

    shown = drawn(data)

    found = opened(shown)
    assert shown is not None
    assert found.size == (30, 40)
    assert dict(found.getexif()) == {}
    assert not any(word in shown.data for word in (b"Exif", b"KAMERAN", b"HEMLIGT"))


def test_text_and_profiles_of_a_png_stay_behind() -> None:
    from PIL.PngImagePlugin import PngInfo

    told = PngInfo()
    told.add_text("Comment", "HEMLIGT")
    data = a_picture("PNG", pnginfo=told, icc_profile=b"PROFIL")

    shown = drawn(data)

    assert b"HEMLIGT" in data
    assert shown is not None
    assert b"HEMLIGT" not in shown.data
    assert b"iCCP" not in shown.data


def test_of_moving_pictures_the_first_frame_is_shown() -> None:
    frames = [Image.new("RGB", (10, 10), colour) for colour in ("red", "blue", "green")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])

    found = opened(drawn(out.getvalue()))

    assert getattr(found, "n_frames", 1) == 1
    assert found.convert("RGB").getpixel((5, 5)) == pytest.approx((254, 0, 0), abs=2)


@pytest.mark.parametrize(
    "polyglot",
    [
        a_picture("GIF", mode="P") + a_zip("META-INF/MANIFEST.MF", "Elak.class"),  # GIFAR
        a_picture("GIF", mode="P") + b";" + ELAKT,
        a_picture("JPEG", comment=b"*/=1;alert(1);/*") + b"*/=alert(1);//",  # a script as well
        a_picture("JPEG") + HTML,
        a_picture("PNG") + b"%PDF-1.4\n" + HTML,
        a_picture("WEBP") + b"<?php system($_GET['x']); ?>",
    ],
    ids=["GIFAR", "GIF with HTML", "JPEG with a script", "JPEG with HTML", "PNG with PDF", "WEBP with PHP"],
)
def test_of_a_file_that_is_a_picture_and_something_else_only_the_picture_is_left(polyglot: bytes) -> None:
    shown = drawn(polyglot)

    assert shown is not None
    assert opened(shown).size == (40, 30)
    for sign in (b"alert", b"<html", b"%PDF", b"<?php", b"PK\x03\x04", b"MANIFEST"):
        assert sign not in shown.data


@pytest.mark.parametrize(
    "data",
    [
        SVG,
        b"\xef\xbb\xbf" + SVG,
        HTML,
        b"%PDF-1.4\n" + HTML,
        a_zip("bomb"),
        b"GIF89a" + ELAKT,  # begins as a picture, and is none
        b"\x89PNG\r\n\x1a\n" + HTML,
        b"\xff\xd8\xff" + b"\0" * 100,
        a_picture("JPEG")[:100],
        a_picture("TIFF"),
        a_picture("BMP"),
        a_picture("ICO"),
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"",
    ],
    ids=itertools.count(),  # bytes have no name, and a zip has the time in it
)
def test_what_is_no_picture_that_a_browser_shows_safely_is_not_shown(data: bytes) -> None:
    assert drawn(data) is None


@pytest.mark.parametrize(
    "size", [(65_000, 65_000), (30_000, 20_000), (9_000, 9_000), (0, 10), (2**31 - 1, 1)]
)
def test_a_bomb_of_dots_is_refused_by_what_it_claims(size: tuple[int, int]) -> None:
    assert drawn(a_png_of(*size)) is None


def test_a_file_that_is_too_large_is_not_even_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_MOST_BYTES", 100)

    assert drawn(a_picture(size=(400, 400))) is None


@pytest.mark.parametrize(
    ("media_type", "name", "size", "may"),
    [
        ("image/jpeg", "hål", 10, True),
        ("application/octet-stream", "HÅL.JPG", 10, True),
        ("image/svg+xml", "hål.svg", 10, False),
        ("text/html", "hål.html", 10, False),
        ("application/pdf", "hål.pdf", 10, False),
        ("image/jpeg", "tom.jpg", 0, False),
        ("image/jpeg", "stor.jpg", 30 * 2**20, False),
    ],
)
def test_a_picture_is_looked_for_only_where_it_may_be_one(
    media_type: str, name: str, size: int, *, may: bool
) -> None:
    assert may_be_shown(media_type, name, size) is may
