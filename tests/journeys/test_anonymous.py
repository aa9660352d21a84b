"""A wholly anonymous sender's whole way through the product, and what is left of them (scenario 6)."""

import re
import sqlite3
import time
from pathlib import Path

import httpx
import pytest

from tests.bots.web.house import code_of, token_of, value_of
from tests.servers.postfix import free_port
from tests.servers.product import Product, running

pytestmark = pytest.mark.journey

_TRACES = {"user-agent": "Sparhund/7.31", "x-forwarded-for": "198.51.100.23", "accept-language": "sv-x-prov"}


def test_scenario_6_a_code_leads_to_the_case_and_nothing_else_is_left(tmp_path: Path) -> None:
    with running(Product(relay_port=free_port(), folder=tmp_path)) as product:
        browser = httpx.Client(base_url=f"http://127.0.0.1:{product.web_port}", timeout=10, headers=_TRACES)
        form = browser.get("/")
        time.sleep(2.1)  # less would be taken for a robot
        typed = {"text": "Gungan i parken är trasig.", "level": "anonym", "language": "sv"}
        hidden = {"token": token_of(form), "ticket": value_of(form, "ticket")}
        thanks = browser.post("/", data=hidden | typed)
        code = code_of(thanks)
        page = browser.post("/svar", data={"code": code})
        added = browser.post(
            "/svar/skriv", data={"code": code, "ticket": value_of(page, "ticket"), "text": "Den röda gungan."}
        )
        browser.post("/svar", data={"code": "BCDF-GHJK-2345"})
        token = next(iter(browser.cookies.values()))
        browser.close()
        with (
            sqlite3.connect(tmp_path / "synpunkt.db") as source,
            sqlite3.connect(tmp_path / "kopia.db") as copy,
        ):
            source.backup(copy)

        # The case was there in time for the page, with its number and its handler.
        assert re.search(r"Den har ärendenummer SYN-\d{4}-000001\.", thanks.text)
        assert "Petra" in page.text
        assert "Den röda gungan." in added.text
        files = [one for one in tmp_path.iterdir() if one.name != "config.toml"]
        kept = b"".join(one.read_bytes() for one in files).decode("utf-8", "replace")

    assert kept.count("Gungan i parken är trasig.") >= 2
    hunted = ["Sparhund", "198.51.100.23", "sv-x-prov", token, code, code.replace("-", ""), code.lower()]
    assert [one for one in hunted if one in kept] == []
