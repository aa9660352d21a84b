"""The pages on which the record is handed out (B11, TF 2:15-19, T13; scenario 14)."""

import asyncio
import hashlib
import io
import re
import zipfile
from collections.abc import AsyncIterator, Callable

import httpx
import pypdf
import pytest

from bots.desk.disclosure.disclosing import Disclosing
from bots.web.app import build
from bots.web.uploads import file_of
from classifier import passages
from store.domain import Lane
from tests.bots.web.gallery import HOST, Exhibit, show_in
from tests.bots.web.house import PASSWORD, PUBLIC, SECRET, token_of
from tests.bots.web.served import CHROMIUM, chromium
from tests.bots.web.test_work import MANAGED, Desk, words
from tests.house import PEOPLE, House, Scripted, a_suggestion, an_inbound, rows_of

Make = Callable[..., House]
pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


def disclosing(house: House) -> Disclosing:
    return Disclosing(
        store=house.store,
        house=house.work.house,
        clock=house.clock,
        find=lambda text, names: passages.find(text, names=names),
        file_in=file_of,
    )


@pytest.fixture
async def desk(make_house: Make) -> AsyncIterator[Desk]:
    house = make_house(units=MANAGED, suggester=Scripted(a_suggestion(), said={"begär": ASKS}))
    app = build(
        store=house.store,
        acts=house.acts,
        desk=house.acts,
        receive=house.intake.receive,
        clock=house.clock,
        public=PUBLIC,
        staff=PEOPLE,
        units=house.work.house.units,
        password=PASSWORD,
        session_secret=SECRET,
        secure_cookies=False,
        disclosing=disclosing(house),
    )
    transport = httpx.ASGITransport(app=app, client=("192.0.2.1", 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as browser:
        yield Desk(house=house, browser=browser)


ASKS = a_suggestion(lanes=(Lane.DOCUMENT_REQUEST,))
LIST = "/arenden?visa=alla&enhet=park&typ=klagomål"


async def hear(desk: Desk, text: str, *, name: str = "Sven Svensson", subject: str = "Trasig gunga") -> str:
    sender = f"{name} <person{len(desk.house.cases())}@example.org>"
    await desk.house.hear(an_inbound(text=text, sender=sender, subject=subject))
    return str(desk.house.cases()[-1]["number"])


async def press(desk: Desk, page: httpx.Response, action: str, **typed: str) -> httpx.Response:
    """Send a form of a page as a browser would, and follow to where it leads."""
    sent = await desk.browser.post(action, data={"token": token_of(page), **typed})
    assert sent.status_code == 303, sent.text
    return await desk.browser.get(sent.headers["location"])


def text_of(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as box:
        pdfs = [box.read(name) for name in box.namelist() if name.endswith(".pdf")]
    return "\n".join(page.extract_text() for one in pdfs for page in pypdf.PdfReader(io.BytesIO(one)).pages)


async def test_scenario_14_a_journalist_gets_a_masked_set_in_four_clicks_and_tells_nothing(
    desk: Desk,
) -> None:
    first = await hear(desk, "Gungan är trasig. Ring 070-174 06 05.")
    second = await hear(desk, "Gungan gnisslar. Hälsningar Eva Holm", name="Eva Holm")
    await desk.sign_in("rita")
    listed = await desk.browser.get(LIST)
    query = hidden_query(listed)

    chosen = await press(desk, listed, "/utlamnanden", urval=query)  # 1
    decided = await press(desk, chosen, chosen.url.path, gor="maska")  # 2
    done = await press(desk, decided, decided.url.path, gor="lamna-ut")  # 3
    package = await desk.browser.get(f"{done.url.path}/paket")  # 4

    assert package.headers["content-type"] == "application/zip"
    text = text_of(package.content)
    assert first in text
    assert second in text
    assert "Gungan gnisslar." in text
    for word in ("Svensson", "Holm", "070-174", "person0", "person1"):
        assert word not in text, word
    (row,) = rows_of(desk.house.store, "disclosures")
    assert row["sha256"] == hashlib.sha256(package.content).hexdigest()
    assert row["sha256"] in done.text
    again = await desk.browser.get(f"{done.url.path}/paket")
    assert again.content == package.content
    acts = [line["act"] for line in rows_of(desk.house.store, "journal") if line["actor"] == "rita"]
    assert acts.count("handlingar utlämnade") == 2
    assert acts.count("utlämnat paket hämtat") == 2


def hidden_query(page: httpx.Response) -> str:
    found = re.search(r'name="urval" value="([^"]*)"', page.text)
    assert found is not None, page.text
    return found[1].replace("&amp;", "&")


async def test_tf_2_18_no_page_has_a_field_for_who_asks_or_why(desk: Desk) -> None:
    number = await hear(desk, "Gungan är trasig. Ring 070-174 06 05.")
    await desk.sign_in("rita")
    start = await desk.browser.get("/utlamnanden")
    chosen = await press(desk, start, "/utlamnanden", nummer=number)
    case = await desk.browser.get(f"{chosen.url.path}/{number}")

    names = {
        re.split(r"[_.]", name)[0]
        for page in (start, chosen, case)
        for name in re.findall(r'<(?:input|select|textarea)[^>]* name="([^"]+)"', page.text)
    }

    assert names == {
        *("token", "nummer", "enhet", "typ", "fran", "till", "q", "slag"),
        *("handling", "visade", "m", "s", "ord", "grund"),
    }


async def test_a_case_is_judged_passage_by_passage_with_before_and_after_side_by_side(desk: Desk) -> None:
    number = await hear(desk, "Ring 070-174 06 05. Jag bor på Storgatan 12. Tack på förhand.")
    await desk.sign_in("rita")
    chosen = await press(desk, await desk.browser.get("/utlamnanden"), "/utlamnanden", nummer=number)
    url = f"{chosen.url.path}/{number}"
    page = await desk.browser.get(url)
    (paper,) = [one for one in page.text.split('<section class="card"') if 'id="m' in one[:20]]
    key = re.search(r'name="handling" value="([^"]+)"', paper)
    shown = re.search(r'name="visade" value="([^"]+)"', paper)
    boxes = re.findall(r'name="(m_[\d-]+)" value="ja" checked> <span><strong>([^<]+)<', paper)
    assert key is not None
    assert shown is not None
    assert "<mark>070-174 06 05</mark>" in paper
    assert 'Ring <span class="masked">maskat</span>' in paper
    street = next(name for name, told in boxes if told == "Storgatan 12")
    ticked = {name: "ja" for name, told in boxes if name != street}

    after = await press(
        desk, page, url, gor="avgor", handling=key[1], visade=shown[1], ord="tack på förhand", **ticked
    )

    assert 'Jag bor på Storgatan 12. <span class="masked">maskat</span>.' in after.text
    assert "Ring <span" in after.text
    readings = [
        line["details"]["vad"]
        for line in rows_of(desk.house.store, "journal")
        if line["act"] == "ärende läst"
    ]
    assert "genomgång för utlämnande" in readings


async def test_a_package_waits_until_each_suggestion_is_decided(desk: Desk) -> None:
    number = await hear(desk, "Ring 070-174 06 05.")
    await desk.sign_in("rita")
    chosen = await press(desk, await desk.browser.get("/utlamnanden"), "/utlamnanden", nummer=number)
    assert "Gör paketet" not in chosen.text
    token = token_of(chosen)

    refused = await desk.browser.post(chosen.url.path, data={"token": token, "gor": "lamna-ut"})

    assert refused.status_code == 422
    assert "väntar på att någon avgör" in words(refused)
    assert (await desk.browser.get(f"{chosen.url.path}/paket")).status_code == 404
    left = await press(desk, chosen, chosen.url.path, gor="visa", slag="telefon")
    assert "Telefon" not in words(left)
    assert "Gör paketet" not in left.text


async def test_a_request_that_came_as_a_case_leads_to_what_is_asked_for_and_shows_its_age(desk: Desk) -> None:
    number = await hear(desk, "Gungan är trasig.")
    asking = await hear(desk, "Jag begär ut alla klagomål om parken.", subject="Begäran")
    desk.house.clock.forward(hours=3)
    await desk.sign_in("rita")
    page = await desk.browser.get(f"/arenden/{asking}")
    assert "Lämna ut det som begärs" in page.text

    begun = await press(desk, page, "/utlamnanden", begaran=asking)

    assert "för 3 timmar sedan" in words(begun)
    assert "samma dag" in words(begun)
    added = await press(desk, begun, begun.url.path, gor="lagg-till", nummer=number)
    assert f"{begun.url.path}/{number}" in added.text
    nothing = await desk.browser.post(
        begun.url.path,
        data={"token": token_of(begun), "gor": "lagg-till", "nummer": "", "enhet": "skola"},
    )
    assert (nothing.status_code, "Inget ärende stämmer" in nothing.text) == (422, True)


async def test_c3_nobody_but_the_registrator_finds_or_opens_the_pages(desk: Desk) -> None:
    number = await hear(desk, "Gungan är trasig.")
    await desk.sign_in("rita")
    begun = await press(desk, await desk.browser.get("/utlamnanden"), "/utlamnanden", nummer=number)
    await desk.sign_in("anna")
    case = await desk.browser.get(f"/arenden/{number}")

    assert "/utlamnanden" not in case.text
    assert "/utlamnanden" not in (await desk.browser.get(LIST)).text
    for path in ("/utlamnanden", begun.url.path, f"{begun.url.path}/{number}", f"{begun.url.path}/paket"):
        answer = await desk.browser.get(path)
        assert (answer.status_code, "Sidan är för registratorn" in answer.text) == (403, True), path
    for path in ("/utlamnanden", begun.url.path, f"{begun.url.path}/{number}"):
        sent = {"token": token_of(case), "nummer": number, "gor": "maska"}
        assert (await desk.browser.post(path, data=sent)).status_code == 403, path


async def test_a_disclosure_is_given_up_and_what_is_not_there_is_not_found(desk: Desk) -> None:
    number = await hear(desk, "Gungan är trasig.")
    await desk.sign_in("rita")
    begun = await press(desk, await desk.browser.get("/utlamnanden"), "/utlamnanden", nummer=number)

    listed = await press(desk, begun, begun.url.path, gor="avbryt")

    assert "Avbrutet" in words(listed)
    assert (await desk.browser.get(f"{begun.url.path}/{number}")).status_code == 404
    assert (await desk.browser.get("/utlamnanden/999")).status_code == 404
    token = token_of(listed)
    assert (await desk.browser.post(begun.url.path, data={"token": token, "gor": "x"})).status_code == 400
    none = await desk.browser.post("/utlamnanden", data={"token": token, "nummer": "SYN-1999-000001"})
    assert (none.status_code, "Det finns inget ärende" in none.text) == (422, True)


async def test_a_case_can_be_left_out_from_its_page(desk: Desk) -> None:
    first, second = await hear(desk, "Gungan är trasig."), await hear(desk, "Gungan gnisslar.")
    await desk.sign_in("rita")
    listed = await desk.browser.get("/arenden?visa=alla")
    chosen = await press(desk, listed, "/utlamnanden", urval=hidden_query(listed))
    page = await desk.browser.get(f"{chosen.url.path}/{first}")

    back = await press(desk, page, f"{chosen.url.path}/{first}", gor="lamna-inte")

    assert back.url.path == chosen.url.path
    assert f"/{second}" in back.text
    assert f"{chosen.url.path}/{first}" not in back.text


async def test_b11_a_refusal_names_its_paragraphs_and_how_it_is_appealed_and_is_kept(desk: Desk) -> None:
    number = await hear(desk, "Ring 070-174 06 05.")
    await desk.sign_in("rita")
    begun = await press(desk, await desk.browser.get("/utlamnanden"), "/utlamnanden", nummer=number)
    await press(desk, begun, begun.url.path, gor="maska")
    url = f"{begun.url.path}/avslag"
    page = await desk.browser.get(url)
    told = words(page)
    assert "21 kap. 7 § OSL i offentlighets- och sekretesslagen (2009:400)" in told
    assert "överklaga beslutet till kammarrätten" in told
    assert "inom tre veckor" in told
    assert "Kontrollera med jurist" in told
    assert number in told

    token = token_of(page)
    assert (await desk.browser.post(url, data={"token": token, "text": " "})).status_code == 422
    made = await desk.browser.post(url, data={"token": token, "text": "Beslut: Nej.\nSkäl: Räksmörgås."})

    assert made.headers["content-type"] == "application/pdf"
    text = "\n".join(one.extract_text() for one in pypdf.PdfReader(io.BytesIO(made.content)).pages)
    assert "Skäl: Räksmörgås." in text
    assert "Räksmörgås" in (await desk.browser.get(url)).text
    assert "beslut om avslag skrivet" in [line["act"] for line in rows_of(desk.house.store, "journal")]


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
async def test_words_that_are_selected_in_a_paper_stand_in_the_field_unless_something_is_typed_there(
    desk: Desk,
) -> None:
    number = await hear(desk, "Hunden Fido bet mig.")
    await desk.sign_in("rita")
    begun = await press(desk, await desk.browser.get("/utlamnanden"), "/utlamnanden", nummer=number)
    page = (await desk.browser.get(f"{begun.url.path}/{number}")).text

    assert await asyncio.to_thread(select_twice, page) == ["Hunden Fido", "bet mig.", "för hand"]


def select_twice(body: str) -> list[str]:
    """Select words on a page, select others, type by hand and select again; return what the field held."""
    select = """words => {
        const papers = [...document.querySelectorAll("[data-fore]")];
        const paper = papers.find(one => one.textContent.includes(words));
        const walker = document.createTreeWalker(paper, NodeFilter.SHOW_TEXT);
        while (!walker.nextNode().data.includes(words));
        const node = walker.currentNode, at = node.data.indexOf(words);
        document.getSelection().setBaseAndExtent(node, at, node, at + words.length);
        return new Promise(done => setTimeout(() => {
            done(paper.closest("section").querySelector('input[name="ord"]').value);
        }, 50));
    }"""
    with chromium() as browser:
        context = browser.new_context()
        show_in(context, [Exhibit(name="", body=body)])
        page = context.new_page()
        page.goto(f"{HOST}/0")
        held = [page.evaluate(select, words) for words in ("Hunden Fido", "bet mig.")]
        page.locator('section:has-text("Hunden Fido") input[name="ord"]').last.fill("för hand")
        return [*held, page.evaluate(select, "Hunden Fido")]
