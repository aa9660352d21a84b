"""What citizens sent is saved and never run; what a scanner has found something in is for the registrator."""

import asyncio
import io
import re
import zipfile

import pytest
from PIL import Image

from store import journal, scans
from store.domain import ScanState
from tests.bots.web.house import NOW, House, log_in
from tests.bots.web.test_pictures import HTML, SVG, a_picture

FILE = "/arenden/SYN-2026-000001/meddelande/1/bilaga/{}"


def found(house: House, *parts: tuple[int, str], state: ScanState = ScanState.FOUND) -> None:
    with house.store.write() as transaction:
        assert scans.settle(transaction, 1, state, found=parts, now=NOW)


def taken(house: House) -> list[str]:
    """List what has been read of the case, the last first."""
    with house.store.read() as transaction:
        return [row["details"]["vad"] for row in journal.readings(transaction, 1)]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("ritning.svg", SVG),
        ("sida.html", HTML),
        ("brev.pdf", b"%PDF-1.4\n" + HTML),
        ("bild.gif", a_picture("GIF", mode="P") + HTML),
        ("ark.xhtml", b'<?xml version="1.0"?>' + HTML),
        ("bomb.zip", b"PK\x05\x06" + bytes(18)),
    ],
)
async def test_any_file_comes_as_it_was_to_be_saved_and_is_never_run(
    house: House, name: str, data: bytes
) -> None:
    house.add_case(attachments=[(name, data)])
    browser = house.browser()
    await log_in(browser)

    answer = await browser.get(FILE.format(0))

    assert answer.content == data
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{name}"')
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


async def test_a_picture_is_shown_on_the_page_of_its_case_drawn_anew_and_noted(house: House) -> None:
    data = a_picture("JPEG", comment=b"HEMLIGT") + HTML
    number = house.add_case(attachments=[("hål.jpg", data), ("hål.svg", SVG)])
    browser = house.browser()
    await log_in(browser)

    page = await browser.get(f"/arenden/{number}")
    shown = re.findall(r'<img class="picture" src="([^"]+)" alt="([^"]+)"', page.text)
    answer = await browser.get(shown[0][0])

    assert shown == [(FILE.format(0) + "/bild", "Bilden hål.jpg")]
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-disposition"] == "inline"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert Image.open(io.BytesIO(answer.content)).size == (40, 30)
    assert b"HEMLIGT" not in answer.content
    assert b"script" not in answer.content
    assert "bild" in taken(house)


async def test_what_only_calls_itself_a_picture_is_not_shown(house: House) -> None:
    house.add_case(attachments=[("hål.jpg", SVG)])
    browser = house.browser()
    await log_in(browser)

    assert (await browser.get(FILE.format(0) + "/bild")).status_code == 404
    assert (await browser.get(FILE.format(7) + "/bild")).status_code == 404


async def test_many_pictures_may_be_asked_for_at_once(house: House) -> None:
    house.add_case(attachments=[(f"{number}.png", a_picture("PNG")) for number in range(6)])
    browser = house.browser()
    await log_in(browser)

    answers = await asyncio.gather(*(browser.get(FILE.format(number) + "/bild") for number in range(6)))

    assert [one.status_code for one in answers] == [200] * 6


async def test_a_zip_bomb_is_handed_out_and_never_opened(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("noll", bytes(50_000_000))
    opened = []
    monkeypatch.setattr(zipfile.ZipFile, "__init__", lambda *_of, **_with: opened.append(1))
    number = house.add_case(attachments=[("bomb.zip", out.getvalue())])
    browser = house.browser()
    await log_in(browser)

    page = await browser.get(f"/arenden/{number}")
    answer = await browser.get(FILE.format(0))

    assert page.status_code == 200
    assert answer.content == out.getvalue()
    assert opened == []


async def test_what_the_scanner_has_not_seen_is_marked_so(house: House) -> None:
    number = house.add_case(attachments=[("räkning.pdf", b"%PDF-1.4")])
    browser = house.browser()
    await log_in(browser)

    before = await browser.get(f"/arenden/{number}")
    found(house, state=ScanState.CLEAN)
    after = await browser.get(f"/arenden/{number}")

    assert "1 kB, ännu inte granskad" in before.text
    assert '<span class="sub">1 kB</span>' in after.text


async def test_what_was_too_large_for_the_scanner_is_marked_so(house: House) -> None:
    number = house.add_case(attachments=[("film.mp4", b"stor")])
    found(house, state=ScanState.IMPOSSIBLE)
    browser = house.browser()
    await log_in(browser)

    assert "1 kB, för stor för att granskas" in (await browser.get(f"/arenden/{number}")).text


async def test_a_harmful_file_is_told_on_its_case_and_handed_to_no_handler(house: House) -> None:
    number = house.add_case(attachments=[("bra.jpg", a_picture()), ("elak.jpg", a_picture())])
    found(house, (1, "Prov.Elak"))
    browser = house.browser()
    await log_in(browser)

    page = await browser.get(f"/arenden/{number}")
    answers = [
        await browser.get(path)
        for path in (
            FILE.format(1),
            FILE.format(1) + "?trots=ja",
            f"/arenden/{number}/meddelande/1/original?trots=ja",
        )
    ]
    picture = await browser.get(FILE.format(1) + "/bild")
    other = await browser.get(FILE.format(0))

    assert "Virusgranskningen har funnit något skadligt: Prov.Elak." in page.text
    assert "<strong>Skadlig fil: Prov.Elak.</strong>" in page.text
    assert FILE.format(1) + "/bild" not in page.text
    assert [one.status_code for one in answers] == [403] * 3
    assert all("Filen är inte utlämnad" in one.text and "?trots=ja" not in one.text for one in answers)
    assert picture.status_code == 404
    assert other.content == a_picture()
    assert taken(house) == ["bilaga", "sidan"]


async def test_the_registrator_may_take_a_harmful_file_after_a_warning(house: House) -> None:
    house.add_case(handler="bo", attachments=[("elak.exe", b"MZ elakt")])
    found(house, (0, "Prov.Elak"))
    browser = house.browser()
    await log_in(browser, who="bo")

    warned = await browser.get(FILE.format(0))
    anyway = re.findall(r'<a href="([^"]+)" download>Ladda ner den ändå</a>', warned.text)
    answer = await browser.get(anyway[0])

    assert warned.status_code == 403
    assert b"MZ elakt" not in warned.content
    assert re.search(r'name="token" value="[^"]+"', warned.text)  # else nobody can log out from here
    assert answer.content == b"MZ elakt"
    assert answer.headers["content-disposition"].startswith("attachment;")


async def test_what_was_found_somewhere_in_a_mail_keeps_all_its_files_back(house: House) -> None:
    house.add_case(attachments=[("bra.jpg", a_picture())])
    found(house, (scans.WHOLE, "Prov.Elak"))
    browser = house.browser()
    await log_in(browser)

    assert (await browser.get(FILE.format(0))).status_code == 403
