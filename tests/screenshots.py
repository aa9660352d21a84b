"""Takes pictures of the pages, wide, narrow, big and dark: `python -m tests.screenshots FOLDER [NAME ...]`.

The pages are those of the gallery, as they are sent; each picture has few colours and is cut, so that all of
them together stay small in the repository.
"""

import base64
import struct
import sys
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from store.engine import open_store
from store.migrations import upgrade
from store.seal_key import KeyPlace
from tests.bots.web.gallery import HOST, Exhibit, opened, show_in
from tests.bots.web.served import CHROMIUM, chromium

_COLOURS = 96
_PIXELS = """async png => {
    const image = await createImageBitmap(await (await fetch(png)).blob());
    const canvas = new OffscreenCanvas(image.width, image.height);
    const pen = canvas.getContext("2d");
    pen.drawImage(image, 0, 0);
    const bytes = new Uint8Array(pen.getImageData(0, 0, image.width, image.height).data.buffer);
    let text = "";
    for (let at = 0; at < bytes.length; at += 32768)
        text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return [image.width, image.height, btoa(text)];
}"""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture: of which exhibit, how wide, and how the reader has set the browser."""

    name: str
    of: str
    width: int = 1120
    scheme: Literal["light", "dark"] = "light"
    zoom: int = 1
    tallest: int = 1400


def pictures(number: str) -> list[Picture]:
    """List the pictures: the main pages in every way, the others as most people see them."""
    case = f"/arenden/{number}"
    main = {
        "formular": "/?sprak=sv",
        "svar-fran-oss": "/svar ärende",
        "chatt-samtal": "/chatt samtal",
        "lista": "/arenden",
        "arende": case,
        "svara": f"{case}/gor/svara",
        "arende-chatt": "/arenden chatt",
        "kandidater": "/kandidater",
        "driftlage": "/halsa",
    }
    others = {
        "formular-engelska": "/?sprak=en",
        "formular-fel": "/ fel",
        "tack": "/tack e-post",
        "tack-anonym": "/tack anonym",
        "svar": "/svar?sprak=sv",
        "chatt": "/chatt?sprak=sv",
        "chatt-fel": "/chatt fel",
        "chatt-avslutad": "/chatt/avsluta",
        "enkat": "/enkat",
        "tillganglighet": "/tillganglighet?sprak=sv",
        "personuppgifter": "/personuppgifter?sprak=sv",
        "vart-register": "/vart-register?sprak=sv",
        "logga-in": "/logga-in",
        "registrera": "/registrera",
        "registrera-fel": "/registrera fel",
        "tilldela": f"{case}/gor/tilldela",
        "avsluta": f"{case}/gor/avsluta",
        "svara-fel": f"{case}/gor/svara fel",
        "dela": f"{case}/dela",
        "lasningar": f"{case}/lasningar",
        "hann-fore": "gammal sida",
        "lank": "/l",
        "lank-klart": "/l klart",
        "modellen": "/modellen",
        "brev": "/arenden brev",
        "svara-chatt": "svara chatt",
        "installningar": "/installningar",
        "installningar-person": "/installningar/personer/anna",
        "installningar-enhet": "/installningar/enheter/gata",
        "installningar-dagar": "/installningar/dagar",
        "installningar-svarsmall": "/installningar/svarsmallar/1",
        "andringar": "/installningar/andringar",
        "handlingar": "/handlingar",
        "registret": "/registret",
        "utlamnanden": "/utlamnanden",
        "utlamnande": "/utlamnanden/1",
        "utlamnande-klart": "/utlamnanden klart",
        "utlamnande-maska": f"/utlamnanden/1/{number}",
        "avslag": "/utlamnanden/1/avslag",
        "gallring": "/gallring",
        "gallring-vald": "/gallring vald",
        "arkiv": "/arkiv",
        "rapporter": "/rapporter",
        "rapport": "/rapporter R1",
        "rapport-fel": "/rapporter R1 fel",
        "registerutdrag": "/registerutdrag",
        "registerutdrag-funnet": "/registerutdrag funnet",
        "ratta": f"{case}/ratta",
        "skadlig-fil": "skadlig fil",
        "kod": f"{case}/kod",
        "kod-gjord": "kod gjord",
        "brevlada": "/demo/post",
        "finns-inte": "/finns-inte",
    }
    as_most_see = [Picture(name=name, of=of) for name, of in (main | others).items()]
    return as_most_see + [one for name, of in main.items() for one in _ways(Picture(name=name, of=of))]


def _ways(picture: Picture) -> Iterator[Picture]:
    yield replace(picture, name=f"{picture.name}-320", width=320, tallest=1800)
    yield replace(picture, name=f"{picture.name}-200-procent", zoom=2)
    yield replace(picture, name=f"{picture.name}-mork", scheme="dark", tallest=900)


def take(browser: Browser, blank: Page, exhibits: list[Exhibit], picture: Picture, folder: Path) -> Path:
    """Take one picture and return its file."""
    context = browser.new_context(
        viewport={"width": picture.width // picture.zoom, "height": 800},
        device_scale_factor=picture.zoom,
        color_scheme=picture.scheme,
        reduced_motion="reduce",
    )
    show_in(context, exhibits)
    page = context.new_page()
    page.goto(f"{HOST}/{_place(exhibits, picture.of)}")
    height = min(page.evaluate("document.body.scrollHeight"), picture.tallest // picture.zoom)
    page.set_viewport_size({"width": picture.width // picture.zoom, "height": height})
    file = folder / f"{picture.name}.png"
    file.write_bytes(with_few_colours(blank, page.screenshot()))
    context.close()
    return file


def with_few_colours(blank: Page, picture: bytes) -> bytes:
    """Write a picture anew with a palette; the browser reads it, on an empty page."""
    address = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    width, height, pixels = blank.evaluate(_PIXELS, address)
    seen = np.frombuffer(base64.b64decode(pixels), dtype=np.uint8).reshape(-1, 4)[:, :3].astype(np.int64)
    colours, which, often = np.unique(
        seen @ np.array([65536, 256, 1]), return_inverse=True, return_counts=True
    )
    rgb = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1)
    # What is common, and what is like nothing chosen so far: a red word of ten pixels keeps its red.
    palette, far = rgb[[np.argmax(often)]], np.full(len(rgb), np.inf)
    for _ in range(_COLOURS - 1):
        far = np.minimum(far, ((rgb - palette[-1]) ** 2).sum(axis=1))
        palette = np.concatenate([palette, rgb[[np.argmax(far * np.sqrt(often))]]])
    nearest = np.argmin(((rgb[:, None] - palette[None]) ** 2).sum(axis=2), axis=1)
    return _png(palette.astype(np.uint8), nearest[which].astype(np.uint8).reshape(height, width))


def _png(palette: NDArray[np.uint8], rows: NDArray[np.uint8]) -> bytes:
    height, width = rows.shape
    lines = np.concatenate([np.zeros((height, 1), dtype=np.uint8), rows], axis=1)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", palette.tobytes()),
            _chunk(b"IDAT", zlib.compress(lines.tobytes(), 9)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _place(exhibits: list[Exhibit], name: str) -> int:
    """Return where an exhibit is; links have new addresses each time, and the first that works is meant."""
    if name in {"/l", "/enkat"}:
        return next(at for at, one in enumerate(exhibits) if _is_link(one, name))
    return next(at for at, one in enumerate(exhibits) if one.name == name)


def _is_link(exhibit: Exhibit, name: str) -> bool:
    return exhibit.name.startswith(f"{name}/") and not exhibit.name.endswith("ingen-sådan")


def main(folder: Path, *only: str) -> None:
    """Take all pictures of an invented house, or only those that are named."""
    if CHROMIUM is None:
        sys.exit("Chromium saknas på den här datorn; utan den blir det inga bilder.")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        model = Path(temporary) / "modell.db"
        # Without a key, as the model of the tests: its copy gets a key of its own when it is opened.
        store = open_store(f"sqlite:///{model}", seal_key=KeyPlace())
        upgrade(store)
        store.close()
        with opened(model, Path(temporary)) as gallery:
            exhibits, wanted = gallery.exhibits(), pictures(gallery.number)
    wanted = [one for one in wanted if not only or one.name in only]
    for old in () if only else folder.glob("*.png"):
        old.unlink()
    with chromium() as browser:
        blank = browser.new_page()
        sizes = [take(browser, blank, exhibits, picture, folder).stat().st_size for picture in wanted]
    print(f"{len(sizes)} bilder, {sum(sizes) // 1024} kB, den största {max(sizes) // 1024} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
