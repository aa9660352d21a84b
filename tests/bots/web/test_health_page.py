"""The operator's page: who may see it, what it counts, and what it says to do."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from bots.channel import Outage
from bots.web.app import build
from bots.web.condition import Level, signs
from bots.web.health_page import lasting
from bots.web.running import Model, Running, Way
from store.domain import Handler, Inbound, LetterState, Role
from store.health import Counted, Receipts
from tests.bots.web import house as small
from tests.bots.web.house import NOW, PASSWORD, PUBLIC, SECRET, STAFF, House, log_in

HANDLER = Handler(id="cia", name="Cia Ask", email="cia.ask@example.se")
OPERATOR = replace(HANDLER, roles=(Role.OPERATOR,))
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
WELL = Counted(
    waiting=0,
    waiting_since=None,
    letters=dict.fromkeys(LetterState, 0),
    sent=0,
    unsent_since=None,
    receipts=(Receipts(days=1, count=1, half=MINUTE, most=MINUTE),),
    heard=(),
    posted={},
    size=1,
    step="0014",
    newest_step="0014",
)
UP = Running(started_at=NOW, watched_at=NOW, model=Model(name="full-1"))
AMPLE = (10**11, 2 * 10**11)
DOWN = Outage(began=NOW, because="fel lösenord")


async def opened(
    house: House, me: Handler = OPERATOR, *, running: Callable[[], Running] = Running
) -> httpx.Response:
    """Sign in, and open the page."""
    app = build(
        store=house.store,
        acts=small.Acts(store=house.store, clock=house.clock),
        receive=house.receive,
        clock=house.clock,
        public=PUBLIC,
        staff=(me, STAFF[1]),
        password=PASSWORD,
        session_secret=SECRET,
        secure_cookies=False,
        running=running,
    )
    browser = house.browser(app)
    await log_in(browser, who=me.id)
    return await browser.get("/halsa")


async def test_c3_the_page_and_its_place_in_the_menu_are_for_operator_and_registrator(house: House) -> None:
    handler = await opened(house, HANDLER)
    operator = await opened(house)
    registrator = await opened(house, STAFF[1])  # by the organisation, and no role of their own

    assert (handler.status_code, 'href="/halsa"' in handler.text) == (403, False)
    assert "Sidan är för den som sköter driften" in handler.text
    assert (operator.status_code, 'href="/halsa" aria-current="page"' in operator.text) == (200, True)
    assert (registrator.status_code, 'href="/halsa" aria-current="page"' in registrator.text) == (200, True)


async def test_who_is_not_signed_in_is_led_to_the_door_and_back(house: House) -> None:
    answer = await house.browser().get("/halsa")

    assert (answer.status_code, answer.headers["location"]) == (303, "/logga-in?next=%2Fhalsa")


async def test_the_page_counts_letters_and_what_waits_and_names_nobody(house: House) -> None:
    number = house.add_case("Gungan är trasig.", title="Gungan", sender="sven@example.org")
    house.add_letter(number, state=LetterState.SENT)
    house.add_letter(number, subject="En till", held_because="samma rubrik igen")
    house.keep(Inbound(channel="smtp", account="lokal", received_at=NOW, raw=b"Subject: x\r\n\r\nx"))

    page = await opened(house)

    assert "<dt>Hålls tills någon släpper det</dt><dd>1</dd>" in page.text
    assert "<dt>Meddelanden som väntar på att bli ärenden</dt><dd>1</dd>" in page.text
    assert 'E-post in (SMTP) <span class="sub">lokal</span>' in page.text
    assert [word for word in ("Gungan", "sven@", "Svensson", number) if word in page.text] == []


async def test_what_runs_is_told_with_model_version_and_a_channel_that_is_down(house: House) -> None:
    figures = {"type_macro_f1": 0.9141, "language_accuracy": 1.0}
    now = Running(
        version="9.9",
        started_at=NOW,
        watched_at=NOW,
        ways=(Way(channel="imap", account="inkorg", outage=DOWN), Way(channel="email", is_in=False)),
        model=Model(name="full-7", figures=figures),
        certificate_ends=NOW + 100 * DAY,
    )

    page = await opened(house, running=lambda: now)

    assert '<span class="late">Fel:</span> En väg in är nere (inkorg)' in page.text
    assert '<span class="late">Nere</span> sedan' in page.text
    assert "fel lösenord" in page.text
    assert "<dt>Version</dt><dd>9.9</dd>" in page.text
    assert "<dt>I bruk</dt><dd>full-7</dd>" in page.text
    assert "<dt>Typ, F1</dt><dd>0,914</dd>" in page.text
    assert "Gäller 100 dagar till" in page.text


def test_where_all_is_well_there_is_no_sign() -> None:
    assert signs(WELL, UP, AMPLE, now=NOW) == []


@pytest.mark.parametrize(
    ("counted", "running", "room", "name", "level"),
    [
        (replace(WELL, step="0013"), UP, AMPLE, "tables", Level.WRONG),
        (WELL, UP, (10**8, 10**12), "disk", Level.WRONG),
        (WELL, UP, (10**10, 10**12), "disk", Level.LOOK),
        (replace(WELL, waiting_since=NOW - 3 * MINUTE), UP, AMPLE, "waiting", Level.LOOK),
        (replace(WELL, waiting_since=NOW - 11 * MINUTE), UP, AMPLE, "waiting", Level.WRONG),
        (replace(WELL, unsent_since=NOW - 6 * MINUTE), UP, AMPLE, "unsent", Level.LOOK),
        (replace(WELL, unsent_since=NOW - 61 * MINUTE), UP, AMPLE, "unsent", Level.WRONG),
        (replace(WELL, letters=WELL.letters | {LetterState.UNKNOWN: 1}), UP, AMPLE, "lost", Level.LOOK),
        (
            replace(WELL, receipts=(Receipts(days=1, count=9, half=MINUTE, most=6 * MINUTE),)),
            UP,
            AMPLE,
            "slow",
            Level.LOOK,
        ),
        (WELL, replace(UP, ways=(Way(channel="imap", outage=DOWN),)), AMPLE, "in", Level.WRONG),
        (
            WELL,
            replace(UP, ways=(Way(channel="email", is_in=False, outage=DOWN),)),
            AMPLE,
            "out",
            Level.WRONG,
        ),
        (WELL, replace(UP, watched_at=NOW - 11 * MINUTE), AMPLE, "watch", Level.WRONG),
        (WELL, replace(UP, watched_at=None, started_at=NOW - 11 * MINUTE), AMPLE, "watch", Level.WRONG),
        (WELL, replace(UP, model=Model()), AMPLE, "no_model", Level.LOOK),
        (WELL, replace(UP, model=Model(name="f", is_second_choice=True)), AMPLE, "second_model", Level.LOOK),
        (WELL, replace(UP, scanner=Outage(began=NOW, because="borta")), AMPLE, "scanner", Level.LOOK),
        (WELL, replace(UP, certificate_ends=NOW + 20 * DAY), AMPLE, "certificate", Level.LOOK),
        (WELL, replace(UP, certificate_ends=NOW - DAY), AMPLE, "certificate", Level.WRONG),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
async def test_what_is_not_well_has_a_sign_and_the_page_says_what_to_do(
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    counted: Counted,
    running: Running,
    room: tuple[int, int],
    name: str,
    level: Level,
) -> None:
    found = signs(counted, running, room, now=NOW)
    monkeypatch.setattr("store.health.count", lambda _transaction, *, now: counted)  # noqa: ARG005
    monkeypatch.setattr("store.health.room", lambda _store: room)
    page = await opened(house, running=lambda: running)

    assert [(sign.name, sign.level) for sign in found] == [(name, level)]
    assert "Det här behöver någon se till" in page.text
    assert page.text.count("<dd>", page.text.index('id="gor"'), page.text.index('id="vagar"')) == 1


def test_an_outage_that_is_over_and_a_house_without_a_model_by_choice_are_no_sign() -> None:
    way = Way(channel="imap", outage=DOWN.over(NOW))

    assert signs(WELL, replace(UP, ways=(way,), model=Model(is_wanted=False)), None, now=NOW) == []


def test_the_worst_comes_first() -> None:
    counted = replace(WELL, unsent_since=NOW - 6 * MINUTE)

    found = signs(counted, replace(UP, watched_at=NOW - DAY), AMPLE, now=NOW)

    assert [sign.name for sign in found] == ["watch", "unsent"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0,0 sekunder"),
        (2.34, "2,3 sekunder"),
        (90, "90 sekunder"),
        (3600, "60 minuter"),
        (3 * 3600, "3 timmar"),
        (7 * 86400, "7 dygn"),
    ],
)
def test_how_long_it_took_is_told_no_finer_than_what_matters(seconds: float, words: str) -> None:
    assert lasting(timedelta(seconds=seconds)) == words
