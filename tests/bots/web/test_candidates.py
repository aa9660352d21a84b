"""The page of comments that may be synpunkter: what it shows, and its three acts."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from bots.channel import PermanentFailure
from bots.desk.candidates import Candidates
from store.domain import Event, MessageState, Visibility
from tests.bots.desk.test_candidates import LINK, Square
from tests.bots.desk.test_chat import said
from tests.bots.web.test_work import Desk, Make, token, words
from tests.bots.web.whole import everything

PATH = "/kandidater"


class Board(Desk):
    """A registrator's browser, and the square where the comments stand."""

    square: Square

    async def comment(self, text: str = "Vad fin bron blev!", **more: object) -> int:
        given: dict[str, object] = {"road": "torget", "visibility": Visibility.PUBLIC, "link": LINK}
        await self.house.hear(said(self.house, text, **(given | more)))  # type: ignore[arg-type]
        found: int = self.house.messages()[-1]["id"]
        return found

    async def act(self, message_id: int, slug: str, **typed: str) -> httpx.Response:
        page = await self.browser.get(PATH)
        sent = {"token": token(page), **typed}
        return await self.browser.post(f"{PATH}/{message_id}/{slug}", data=sent, follow_redirects=True)


@pytest.fixture
async def board(make_house: Make) -> AsyncIterator[Board]:
    house, square = make_house(), Square()
    candidates = Candidates(
        store=house.store,
        house=house.work.house,
        clock=house.clock,
        taken_up=house.judge_.ring,
        hiders={"torget": square},
        listens=False,
    )
    transport = httpx.ASGITransport(app=everything(house, candidates=candidates))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as browser:
        found = Board(house=house, browser=browser)
        found.square = square
        await found.sign_in("rita")
        yield found


async def test_a_comment_is_shown_with_its_words_and_never_as_a_page(board: Board) -> None:
    first = await board.comment("<script>alert(1)</script> Bron är ful", external_id="k-1")
    await board.comment("Bron är fin", external_id="k-1", event=Event.EDITED, version="2")
    board.house.clock.forward(hours=1)
    await board.comment("", external_id="k-1", event=Event.DELETED)
    await board.comment("Nyare", link="http://torget.example/2")

    page = await board.browser.get(PATH)

    assert page.status_code == 200
    assert "<script>alert" not in page.text
    told = words(page)
    assert told.index("Nyare") < told.index("<script>alert(1)</script> Bron är ful")
    assert "Åsa torget · måndag 23 november 2026 kl. 10.30 · Visa hos tjänsten" in told
    edited = "Avsändaren ändrade kommentaren måndag 23 november 2026 kl. 10.30 : Bron är fin"
    assert edited in told
    assert "Avsändaren tog bort kommentaren måndag 23 november 2026 kl. 11.30" in told
    assert re.findall(r'<a href="(https?:[^"]+)" rel="([^"]+)"', page.text) == [(LINK, "noopener noreferrer")]
    assert f'action="{PATH}/{first}/dolj"' in page.text


async def test_the_list_of_cases_leads_there_with_the_count_when_there_is_something(board: Board) -> None:
    empty = await board.browser.get("/arenden")
    await board.comment()
    filled = await board.browser.get("/arenden")
    await board.sign_in("anna")
    others = await board.browser.get("/arenden")
    shut = await board.browser.get(PATH)

    assert PATH not in empty.text
    assert 'href="/kandidater">Kandidater <span class="amount">1</span>' in filled.text
    assert PATH not in others.text
    assert shut.status_code == 403
    assert "Medborgarcenter och registratorn ser" in words(shut)


async def test_a_comment_becomes_a_case(board: Board) -> None:
    comment = await board.comment("Gungan i parken är trasig")

    told = words(await board.act(comment, "arende"))
    board.house.judge()
    again = words(await board.act(comment, "arende"))
    case = words(await board.browser.get(board.url))

    assert "Kommentaren är på väg att bli ett ärende." in told
    assert "Inga kommentarer väntar." in told
    assert "Någon annan hann före" in again
    assert "Gungan i parken är trasig" in case
    assert "Kommentaren gjordes till ärende av Rita Lund." in case
    assert "torget, öppet för alla" in case


async def test_a_comment_is_laid_aside_only_with_a_reason(board: Board) -> None:
    comment = await board.comment()

    without = words(await board.act(comment, "ingen-synpunkt", orsak="vet inte"))
    state = board.house.messages()[0]["state"]
    told = words(await board.act(comment, "ingen-synpunkt", orsak="samtal"))

    assert "Välj en orsak. Inget är ändrat." in without
    assert state == MessageState.CANDIDATE
    assert "Kommentaren är lagd åt sidan." in told
    assert board.house.messages()[0]["state"] == MessageState.ASIDE


async def test_a_comment_is_hidden_and_stays_in_the_list(board: Board) -> None:
    comment = await board.comment(external_id="k-1")

    told = words(await board.act(comment, "dolj", orsak="sekretess"))

    assert board.square.hidden == ["k-1"]
    assert "Kommentaren är dold hos tjänsten." in told
    assert "Dold hos tjänsten måndag 23 november 2026 kl. 10.30" in told
    assert "Vad fin bron blev!" in told
    assert "Dölj kommentaren" not in told


async def test_a_service_that_refuses_is_told_of_in_words(board: Board) -> None:
    comment = await board.comment()
    board.square.refusal = PermanentFailure("torget: bara ägaren får dölja")

    told = words(await board.act(comment, "dolj", orsak="sekretess"))

    assert "Det gick inte att dölja kommentaren." in told
    assert "torget: bara ägaren får dölja" in told
    assert "Dölj kommentaren" in told


async def test_nothing_happens_without_the_token_of_our_page(board: Board) -> None:
    comment = await board.comment()

    for slug in ("arende", "ingen-synpunkt", "dolj"):
        sent = await board.browser.post(f"{PATH}/{comment}/{slug}", data={"orsak": "reklam"})
        assert sent.status_code == 403

    assert board.house.messages()[0]["state"] == MessageState.CANDIDATE
    assert board.square.hidden == []


async def test_a_comment_without_words_or_name_can_be_judged_as_well(board: Board) -> None:
    await board.comment("", sender_name="", lacks=("En bild kunde inte hämtas.",))

    told = words(await board.browser.get(PATH))

    assert "Utan namn torget" in told
    assert "Kommentaren har ingen text." in told
    assert "En bild kunde inte hämtas." in told
