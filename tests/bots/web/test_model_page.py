"""The page about the model, as a member of staff meets it."""

import re
from datetime import datetime, timedelta

import httpx
import pytest

from store import cases
from store.domain import Factor, Kind
from tests.bots.web.house import NOW, House, a_suggestion, log_in

_OCTOBER = NOW - timedelta(days=35)
HISTORY: list[dict[str, object]] = [
    {
        "at": "2026-09-01T02:00:00+00:00",
        "act": "challenged",
        "challenger": "full-1+aa",
        "promoted": False,
        "reasons": ["type lost on the shipped test"],
    },
    {"at": "2026-10-01T02:00:00+00:00", "act": "promoted", "model": "full-1+bb", "before": ""},
    {
        "at": "2026-10-01T02:00:00+00:00",
        "act": "challenged",
        "challenger": "full-1+bb",
        "promoted": True,
        "reasons": [],
    },
    {"at": "2026-10-09T12:00:00+00:00", "act": "rolled back", "model": "full-1+bb", "to": ""},
]


async def model_page(house: House, history: list[dict[str, object]] | None = None) -> str:
    browser = house.browser(house.app(model_history=lambda: history or []))
    await log_in(browser)
    page: httpx.Response = await browser.get("/modellen")
    assert page.status_code == 200
    return page.text


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def confirmed(house: House, kind: Kind, *, at: datetime, share: float = 0.9) -> None:
    number = house.add_case(
        f"{kind} {at} {share}", suggestion=a_suggestion(Kind.COMPLAINT, share=share), received_at=at
    )
    with house.store.write() as transaction:
        case = cases.find_number(transaction, number)
        assert case is not None
        cases.confirm(
            transaction,
            case["id"],
            kind=kind,
            factor=Factor.LIVING_ENVIRONMENT,
            by="anna",
            version=1,
            now=at,
        )


async def test_strangers_are_led_to_the_door_and_back_to_the_page(house: House) -> None:
    answer = await house.browser().get("/modellen")

    assert (answer.status_code, answer.headers["location"]) == (303, "/logga-in?next=%2Fmodellen")
    assert (
        '<input type="hidden" name="next" value="/modellen">'
        in (await house.browser().get(answer.headers["location"])).text
    )


async def test_the_menu_leads_to_the_page_and_says_where_one_is(house: House) -> None:
    browser = house.browser()
    await log_in(browser)

    page = await browser.get("/arenden")

    assert '<a href="/modellen">Modellen</a>' in page.text
    assert '<a href="/modellen" aria-current="page">Modellen</a>' in await model_page(house)


async def test_an_empty_house_has_zeroes_and_dashes(house: House) -> None:
    text = words_of(await model_page(house))

    assert "Inget förslag är gjort än." in text
    assert "november 2026 pågår 0 – – – – oktober 2026 0 – – – –" in text
    assert text.count(" 0 – – – –") == 24
    assert "Inget förslag har ändrats de senaste tolv månaderna." in text
    assert "Modellen har inte lärt sig av egna ärenden än." in text
    assert "Förslagen träffar sämre" not in text


async def test_the_page_tells_what_was_kept_and_what_is_changed_most(house: House) -> None:
    confirmed(house, Kind.COMPLAINT, at=NOW)
    confirmed(house, Kind.PRAISE, at=NOW)
    confirmed(house, Kind.COMPLAINT, at=NOW, share=0.4)

    text = words_of(await model_page(house))

    assert "gjordes av ord-1 , måndag 23 november 2026 kl. 10.30 ." in text
    assert "november 2026 pågår 3 67 % 67 % 50 % 73 %" in text
    assert "november 2026 pågår 3 100 % 100 % 100 % 81 %" in text
    assert "Typ: Klagomål Beröm 1" in text


async def test_a_fall_in_the_latest_full_month_is_told_in_words(house: House) -> None:
    confirmed(house, Kind.COMPLAINT, at=NOW - timedelta(days=70))
    for at in range(20):
        confirmed(house, Kind.COMPLAINT if at < 10 else Kind.PRAISE, at=_OCTOBER + timedelta(minutes=at))

    text = words_of(await model_page(house))

    assert (
        "Förslagen träffar sämre än tidigare: i oktober 2026 behölls typen i 50 % av ärendena, "
        "mot 100 % de tre månaderna före."
    ) in text
    assert text.count("Förslagen träffar sämre") == 1


async def test_the_history_of_learnt_models_is_told_newest_first(house: House) -> None:
    text = words_of(await model_page(house, HISTORY))

    assert (
        "fredag 9 oktober 2026 kl. 14.00 Tillbakatagen full-1+bb – tillbaka till modellen som följde med "
        "torsdag 1 oktober 2026 kl. 4.00 Utmanare prövad full-1+bb – bättre, och tagen i bruk "
        "torsdag 1 oktober 2026 kl. 4.00 Tagen i bruk full-1+bb "
        "tisdag 1 september 2026 kl. 4.00 Utmanare prövad full-1+aa – inte tagen i bruk "
        "type lost on the shipped test"
    ) in text


@pytest.mark.parametrize("at", ["2026-10-01T02:00:00", "i går", "", None])
async def test_a_line_of_history_without_a_sure_time_is_shown_as_it_is(house: House, at: object) -> None:
    text = words_of(await model_page(house, [{"at": at, "act": "något nytt", "reasons": "x"}]))

    assert "något nytt" in text
