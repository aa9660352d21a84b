"""The door: who gets in, and what does not get past it."""

from datetime import timedelta

import pytest

from bots.web.access import local_path
from store.domain import Status
from tests.bots.web.house import PASSWORD, House, log_in, token_of, value_of


@pytest.mark.parametrize(
    "path",
    [
        "/arenden",
        "/arenden?visa=karantan",
        "/arenden/SYN-2026-000001",
        "/arenden/SYN-2026-000001/meddelande/1/original",
        "/arenden/SYN-2026-000001/meddelande/1/bilaga/0",
        "/arenden/SYN-2026-000001/meddelande/1/bilaga/0/bild",
    ],
)
async def test_without_login_every_staff_page_leads_to_the_door(house: House, path: str) -> None:
    house.add_case()

    answer = await house.browser().get(path)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/logga-in?next=%2Farenden")
    assert "Hål i cykelbanan" not in answer.text


@pytest.mark.parametrize(
    "path", ["/arenden/SYN-2026-000001/bekrafta", "/arenden/SYN-2026-000001/slapp", "/brev/1/skicka"]
)
async def test_without_login_nothing_can_be_done(house: House, path: str) -> None:
    number = house.add_case(status=Status.QUARANTINED)

    answer = await house.browser().post(
        path, data={"kind": "beröm", "factor": "Mat", "version": "1", "token": "x"}
    )

    assert (answer.status_code, answer.headers["location"]) == (303, "/logga-in?next=%2Farenden")
    assert house.version(number) == 1


async def test_name_and_password_open_the_door_to_the_page_that_was_asked_for(house: House) -> None:
    house.add_case()
    browser = house.browser()

    turned_away = await browser.get("/arenden/SYN-2026-000001?klart=brev")
    door = await browser.get(turned_away.headers["location"])
    answer = await browser.post(
        "/logga-in",
        data={
            "token": token_of(door),
            "next": value_of(door, "next"),
            "who": "anna",
            "password": PASSWORD,
        },
    )
    page = await browser.get(answer.headers["location"])

    assert (answer.status_code, answer.headers["location"]) == (303, "/arenden/SYN-2026-000001?klart=brev")
    assert page.status_code == 200
    assert "<span>Anna Ek</span>" in page.text


@pytest.mark.parametrize(
    ("who", "password"), [("anna", "fel"), ("anna", ""), ("ingen", PASSWORD), ("", PASSWORD)]
)
async def test_wrong_name_or_password_opens_nothing(house: House, who: str, password: str) -> None:
    browser = house.browser()

    answer = await log_in(browser, who=who, password=password)
    page = await browser.get("/arenden")

    assert (answer.status_code, page.status_code) == (422, 303)
    assert "Namnet eller lösenordet stämmer inte." in answer.text


async def test_without_a_password_in_the_settings_nobody_gets_in(house: House) -> None:
    browser = house.browser(house.app(password=""))

    door = await browser.get("/logga-in")
    answer = await log_in(browser, password="")

    assert "Inloggningen är avstängd" in door.text
    assert answer.status_code == 422


async def test_five_wrong_tries_close_the_door_for_that_network_until_time_has_passed(house: House) -> None:
    app = house.app()
    guesser, colleague = house.browser(app), house.browser(app, host="198.51.100.7")

    guesses = [await log_in(guesser, password="fel") for _ in range(5)]
    right_too_late = await log_in(guesser)
    elsewhere = await log_in(colleague)
    house.clock.forward(timedelta(minutes=4))
    later = await log_in(guesser)

    assert [guess.status_code for guess in guesses] == [422] * 5
    assert (right_too_late.status_code, right_too_late.headers["retry-after"]) == (429, "181")
    assert [elsewhere.status_code, later.status_code] == [303, 303]


async def test_a_household_with_many_addresses_is_one_network(house: House) -> None:
    app = house.app()

    guesses = [await log_in(house.browser(app, host=f"2001:db8::{n}"), password="fel") for n in range(1, 7)]

    assert [guess.status_code for guess in guesses] == [422] * 5 + [429]


async def test_right_passwords_do_not_use_up_the_tries(house: House) -> None:
    app = house.app()

    answers = [await log_in(house.browser(app)) for _ in range(7)]

    assert [answer.status_code for answer in answers] == [303] * 7


async def test_a_login_that_another_site_sends_is_refused(house: House) -> None:
    answer = await house.browser().post("/logga-in", data={"who": "anna", "password": PASSWORD})

    assert answer.status_code == 403
    assert "location" not in answer.headers


async def test_the_session_is_a_new_one_after_login(house: House) -> None:
    browser = house.browser()
    door = await browser.get("/logga-in")
    before = browser.cookies["synpunkt"]

    await log_in(browser)
    page = await browser.get("/arenden")

    assert browser.cookies["synpunkt"] != before
    assert token_of(page) != token_of(door)


async def test_a_cookie_taken_before_logout_is_worthless_after_it(house: House) -> None:
    browser = house.browser()
    await log_in(browser)
    page = await browser.get("/arenden")
    taken = browser.cookies["synpunkt"]

    answer = await browser.post("/logga-ut", data={"token": token_of(page)})
    mine = await browser.get("/arenden")
    browser.cookies.clear()
    browser.cookies.set("synpunkt", taken)
    copied = await browser.get("/arenden")

    assert (page.status_code, answer.headers["location"]) == (200, "/logga-in?ute=1")
    assert [mine.status_code, copied.status_code] == [303, 303]


async def test_logout_without_our_token_changes_nothing(house: House) -> None:
    browser = house.browser()
    await log_in(browser)

    answer = await browser.post("/logga-ut", data={"token": "gissat"})
    page = await browser.get("/arenden")

    assert [answer.status_code, page.status_code] == [403, 200]


async def test_a_session_ends_after_ten_hours_whatever_is_done_with_it(house: House) -> None:
    browser = house.browser()
    await log_in(browser)

    statuses = []
    for _ in range(6):
        statuses.append((await browser.get("/arenden")).status_code)
        house.clock.forward(timedelta(minutes=118))

    assert statuses == [200, 200, 200, 200, 200, 200]
    assert (await browser.get("/arenden")).status_code == 303


async def test_a_session_ends_after_two_hours_in_which_nothing_is_done(house: House) -> None:
    browser = house.browser()
    await log_in(browser)

    house.clock.forward(timedelta(minutes=119))
    in_time = await browser.get("/arenden")
    house.clock.forward(timedelta(minutes=121))
    too_late = await browser.get("/arenden")

    assert [in_time.status_code, too_late.status_code] == [200, 303]


async def test_a_new_password_makes_old_sessions_worthless(house: House) -> None:
    browser = house.browser()
    await log_in(browser)
    changed = house.browser(house.app(password="en annan fras"))
    changed.cookies.set("synpunkt", browser.cookies["synpunkt"])

    answer = await changed.get("/arenden")

    assert answer.status_code == 303


async def test_a_cookie_that_we_did_not_sign_opens_nothing(house: House) -> None:
    browser = house.browser()
    await log_in(browser)
    body, time, _ = browser.cookies["synpunkt"].split(".")
    forger = house.browser()
    forger.cookies.set("synpunkt", f"{body}.{time}.{'A' * 27}")

    answer = await forger.get("/arenden")

    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("secure", "expected"),
    [
        (False, "synpunkt=; path=/; Max-Age=43200; httponly; samesite=lax"),
        (True, "__Host-synpunkt=; path=/; Max-Age=43200; httponly; samesite=lax; secure"),
    ],
)
async def test_the_cookie_is_kept_from_scripts_and_other_sites(
    house: House, secure: bool, expected: str
) -> None:
    answer = await house.browser(house.app(secure_cookies=secure)).get("/logga-in")

    name, _, rest = answer.headers["set-cookie"].partition("=")
    assert f"{name}=;{rest.partition(';')[2]}" == expected


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ("/arenden", "/arenden"),
        ("/arenden?visa=mina&sida=2", "/arenden?visa=mina&sida=2"),
        ("/arenden/SYN-2026-000001", "/arenden/SYN-2026-000001"),
        ("https://ont.example/arenden", "/arenden"),
        ("//ont.example/arenden", "/arenden"),
        ("/\\ont.example", "/arenden"),
        ("/arenden/..//ont.example", "/arenden"),
        ("/arendenont", "/arenden"),
        ("/arenden\r\nSet-Cookie: x", "/arenden"),
        ("/logga-ut", "/arenden"),
        ("javascript:alert(1)", "/arenden"),
        ("", "/arenden"),
    ],
)
def test_after_login_nobody_is_led_away_from_the_house(wanted: str, path: str) -> None:
    assert local_path(wanted) == path
