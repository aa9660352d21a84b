"""Scenario 14 of requirements.md D, through the real SMTP port, real pages and the command line.

A journalist asks for all complaints on a unit in March (rows T13, B11, B16, B17).
"""

import hashlib
import io
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pypdf
import pytest

from store.domain import Kind
from tests.journeys.municipality import Municipality, a_municipality, seen

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("record")]
FIRST = """\
Hej! Gungan i parken är trasig och min dotter slog sig. Hon har adhd.
Ring mig på 070-174 06 20. Personnummer 19900101-2384.
Hälsningar Maja Lindqvist, Storgatan 12 B
"""
SECOND = "Papperskorgen i parken töms aldrig. Det luktar. Hälsningar Nils Åberg"
LATER = "Gungan i parken gnisslar fortfarande. Hälsningar Olga Strand"
SECRETS = ("Maja", "Lindqvist", "Storgatan 12", "19900101", "070-174", "adhd", "Åberg", "nils@", "maja@")
_FIELD = re.compile(r'<(?:input|select|textarea)[^>]* name="([^"]+)"')


@pytest.fixture(scope="module")
def town() -> Iterator[Municipality]:
    with a_municipality("gislaved", "2026-03-10T10:00") as town:
        yield town


@pytest.fixture(scope="module")
def march(town: Municipality) -> list[str]:
    """Let two complaints come in March and one in April, and return the numbers of the first two."""
    numbers = [town.hear(FIRST, sender="maja@example.org", subject="Trasig gunga")]
    town.at("2026-03-24T10:00")
    numbers.append(town.hear(SECOND, sender="nils@example.org", subject="Papperskorgen"))
    town.at("2026-04-07T10:00")
    later = town.hear(LATER, sender="olga@example.org", subject="Gungan igen")
    for number in (*numbers, later):
        town.press("anna", number, "bekrafta", kind=Kind.COMPLAINT, factor="Utförande")
    return numbers


def pressed(browser: httpx.Client, page: httpx.Response, button: str) -> httpx.Response:
    """Press a button of a page: send its form as it stands, and return the page that it leads to."""
    for form in re.findall(r"<form.*?</form>", page.text, re.DOTALL):
        if f">{button}<" not in form:
            continue
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
        fields = {name: value.replace("&amp;", "&") for name, value in fields.items()}
        if wish := re.search(rf'name="(\w+)" value="([\w-]+)">{button}<', form):
            fields[wish[1]] = wish[2]
        action = re.search(r'action="([^"]+)"', form)
        return browser.post(action[1] if action else str(page.url), data=fields)
    raise AssertionError(f"no button {button}: {seen(page)}")


def test_scenario_14_a_masked_set_is_handed_out_in_five_clicks_without_who_or_why(
    town: Municipality, march: list[str]
) -> None:
    with town.console("rita") as rita:
        listed = rita.get("/arenden?visa=alla&typ=klagomål&enhet=park&fran=2026-03-01&till=2026-03-31")
        chosen = pressed(rita, listed, "Lämna ut urvalet")  # 1
        decided = pressed(rita, chosen, "Maska alla förslag")  # 2
        done = pressed(rita, decided, "Gör paketet")  # 3
        package = rita.get(f"{done.url.path}/paket")  # 4
        again = rita.get(f"{done.url.path}/paket")

    asked = {name for page in (chosen, decided, done) for name in _FIELD.findall(page.text)}
    assert asked <= {"token", "gor", "slag", "nummer", "enhet", "typ", "fran", "till", "q"}
    with zipfile.ZipFile(io.BytesIO(package.content)) as box:
        files = {name: box.read(name) for name in box.namelist()}
    assert set(files) == {"forteckning.csv", "forteckning.pdf", *(f"{one}.pdf" for one in march)}
    texts = {
        name: "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)
        for name, data in files.items()
        if name.endswith(".pdf")
    }
    whole = "\n".join([*texts.values(), files["forteckning.csv"].decode("utf-8-sig")])
    assert "Gungan i parken är trasig" in texts[f"{march[0]}.pdf"]
    assert "Papperskorgen i parken töms aldrig." in texts[f"{march[1]}.pdf"]
    assert "gnisslar" not in whole
    assert [word for word in SECRETS if word in whole] == []
    assert again.content == package.content
    (row,) = town.rows("SELECT * FROM disclosures")
    assert row["sha256"] == hashlib.sha256(package.content).hexdigest()
    assert row["sha256"] in done.text
    log = town.rows("SELECT actor FROM journal WHERE act = 'handlingar utlämnade'")
    assert [line["actor"] for line in log] == ["rita", "rita"]


def test_scenario_14_nothing_is_deleted_without_a_decision(town: Municipality, march: list[str]) -> None:
    config = town.product.folder / "config.toml"
    undecided = town.product.folder / "undecided.toml"
    rule = '\n[[retention]]\nrecord = "ärende"\ncounted_from = "inkommet"\nmonths = 1\n'
    undecided.write_text(config.read_text(encoding="utf-8") + rule, encoding="utf-8")
    before = town.rows("SELECT number, title, status FROM cases ORDER BY id")

    for given in ((), ("--decision", ""), ("--decision", "KS 2026 § 1")):
        done = run("retention", "--config", str(undecided), "--carry-out", "--by", "rita", *given)
        assert done.returncode != 0, done.stdout

    assert town.rows("SELECT number, title, status FROM cases ORDER BY id") == before
    assert town.rows("SELECT * FROM disposals") == []


def test_scenario_14_a_package_for_the_archive_holds(
    town: Municipality, march: list[str], tmp_path: Path
) -> None:
    config = town.product.folder / "config.toml"

    # A package that does not hold against its schemas is not written.
    done = run(
        "archive", "--config", str(config), "--case", march[0], "--by", "rita", "--out", str(tmp_path / "ut")
    )

    assert done.returncode == 0, done.stdout + done.stderr
    (package,) = (tmp_path / "ut").iterdir()
    assert f"SHA-256: {hashlib.sha256(package.read_bytes()).hexdigest()}" in done.stdout
    assert "ärenden: 1" in done.stdout


def run(*command: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "bots", *command]
    return subprocess.run(words, check=False, capture_output=True, text=True, env=dict(os.environ))
