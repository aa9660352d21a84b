"""Takes pictures of every page, wide, narrow, enlarged and dark: `python -m tests.screenshots FOLDER`."""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page

from store.engine import open_store
from store.migrations import upgrade
from tests.bots.web.house import PASSWORD, Clock, House
from tests.bots.web.sample import MODELS, furnish, mails, remember
from tests.bots.web.served import CHROMIUM, chromium, served


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture: which page, how wide, and how the reader has set the browser."""

    name: str
    path: str
    width: int = 1120
    scheme: Literal["light", "dark"] = "light"
    zoom: int = 1
    # The pictures lie in the repository: each is cut so that it stays under 150 kB.
    tallest: int = 950


def pictures(number: str) -> list[Picture]:
    """List the pictures."""
    case = f"/arenden/{number}"
    return [
        Picture(name="formular", path="/", tallest=900),
        Picture(name="formular-320", path="/", width=320, tallest=1600),
        Picture(name="lista", path="/arenden"),
        Picture(name="lista-320", path="/arenden", width=320, tallest=1600),
        Picture(name="arende", path=case, tallest=900),
        Picture(name="arende-mork", path=case, scheme="dark", tallest=900),
        Picture(name="arende-200-procent", path=case, zoom=2),
        Picture(name="modellen", path="/modellen"),
        Picture(name="modellen-320", path="/modellen", width=320, tallest=1200),
        Picture(name="brevlada", path="/demo/post", width=900),
    ]


def take(browser: Browser, address: str, picture: Picture, folder: Path) -> Path:
    """Take one picture and return its file."""
    context = browser.new_context(
        viewport={"width": picture.width // picture.zoom, "height": 800},
        device_scale_factor=picture.zoom,
        color_scheme=picture.scheme,
    )
    page = context.new_page()
    log_in(page, address)
    page.goto(address + picture.path)
    height = min(page.evaluate("document.body.scrollHeight"), picture.tallest // picture.zoom)
    page.set_viewport_size({"width": picture.width // picture.zoom, "height": height})
    file = folder / f"{picture.name}.png"
    page.screenshot(path=file)
    context.close()
    return file


def log_in(page: Page, address: str) -> None:
    """Log in as the first member of staff."""
    page.goto(f"{address}/logga-in")
    page.get_by_label("Vem är du?").select_option("anna")
    page.get_by_label("Lösenord").fill(PASSWORD)
    page.get_by_role("button", name="Logga in").click()
    page.get_by_role("heading", name="Ärenden").wait_for()


def main(folder: Path) -> None:
    """Take all pictures of an invented house."""
    if CHROMIUM is None:
        sys.exit("Chromium saknas på den här datorn; utan den blir det inga bilder.")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        store = open_store(f"sqlite:///{Path(temporary) / 'hus.db'}")
        upgrade(store)
        house = House(store=store, clock=Clock())
        number = furnish(house)
        remember(house)
        with served(house.app(mailbox=mails, model_history=lambda: MODELS)) as address, chromium() as browser:
            for picture in pictures(number):
                file = take(browser, address, picture, folder)
                print(f"{file.name} {file.stat().st_size // 1024} kB")
        store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
