"""The settings pages: what is changed there holds for the next mail, and nothing that was typed is lost."""

import html
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import httpx
import pytest

from bots.desk.directory import Directory
from bots.web.app import build
from bots.web.people import Live
from store import reply_templates
from store.domain import Handler, Role
from tests.bots.web.house import PASSWORD, PUBLIC, SECRET
from tests.house import PEOPLE, UNITS, House, an_inbound

Make = Callable[..., House]
OLA = Handler(id="ola", name="Ola By", email="ola.by@lillkommun.example", roles=(Role.OPERATOR,))
DANA = Handler(id="dana", name="Dana Ros", email="dana.ros@lillkommun.example", roles=(Role.DATA_PROTECTION,))
MANAGED = (replace(UNITS[0], managers=("petra",)), *UNITS[1:])
HOME = "/installningar"
AWAY = {"first0": "2026-11-23", "last0": "2026-11-30"}
SIV = {
    "name": "Siv Malm",
    "email": "siv.malm@lillkommun.example",
    "languages": "sv, en",
    "substitute": "petra",
}


@dataclass
class Desk:
    """Somebody at the settings pages in a browser, with the whole house behind."""

    house: House
    browser: httpx.AsyncClient

    async def sign_in(self, who: str) -> None:
        self.browser.cookies.clear()
        page = await self.browser.get("/logga-in")
        known = {"token": field(page, "token"), "who": who, "password": PASSWORD, "next": HOME}
        answer = await self.browser.post("/logga-in", data=known)
        assert answer.headers.get("location") == HOME

    async def get(self, path: str = "") -> httpx.Response:
        return await self.browser.get(f"{HOME}{path}")

    async def save(self, path: str, page: httpx.Response | None = None, /, **typed: str) -> httpx.Response:
        """Open a form, change these fields of it, and send all of it as a browser would."""
        page = page or await self.get(path)
        assert page.status_code in {200, 409, 422}, page.text
        return await self.browser.post(f"{HOME}{path}", data=filled(page) | typed)


def filled(page: httpx.Response) -> dict[str, str]:
    """Read what stands in the first form of a page."""
    form = page.text.partition("<main")[2].partition("<form")[2].partition("</form>")[0]
    found = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name = re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            found[name[1]] = html.unescape(value[1]) if value else ""
    for name, text in re.findall(
        r'<textarea id="[^"]*" name="([^"]*)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL
    ):
        found[name] = html.unescape(text)
    for name, options in re.findall(
        r'<select id="[^"]*" name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL
    ):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


def field(page: httpx.Response, name: str) -> str:
    return filled(page)[name]


def words(page: httpx.Response) -> str:
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", page.text)).split())


@pytest.fixture
async def desk(make_house: Make) -> AsyncIterator[Desk]:
    house = make_house(units=MANAGED, people=(*PEOPLE, OLA, DANA))
    directory = Directory(store=house.store, house=house.work.house, clock=house.clock)
    directory.load()
    town = house.work.house
    app = build(
        store=house.store,
        acts=house.acts,
        desk=house.acts,
        directory=directory,
        receive=house.intake.receive,
        clock=house.clock,
        public=PUBLIC,
        staff=Live(lambda: town.handlers.values()),
        units=Live(lambda: town.units),
        password=PASSWORD,
        session_secret=SECRET,
        secure_cookies=False,
    )
    transport = httpx.ASGITransport(app=app, client=("192.0.2.1", 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as browser:
        desk = Desk(house=house, browser=browser)
        await desk.sign_in("rita")
        yield desk


async def test_an_absence_on_the_page_sends_the_next_mail_to_the_substitute(desk: Desk) -> None:
    answer = await desk.save("/personer/anna", **AWAY)

    assert answer.headers["location"] == f"{HOME}?klart=sparat"
    assert "Sparat. Det gäller från och med nu." in words(await desk.get("?klart=sparat"))
    assert "Borta till och med" in words(await desk.get())
    await desk.house.hear(an_inbound())
    assert desk.house.case()["handler"] == "petra"


async def test_a_unit_and_a_handler_added_on_the_pages_have_the_next_mail(desk: Desk) -> None:
    await desk.save("/personer/ny", **SIV)
    made = await desk.save("/enheter/ny", name="Badet", words="simhall\n", **{"handlers.siv.malm": "ja"})

    await desk.house.hear(an_inbound(text="Simhallen är kall.", subject="Simhallen"))

    assert made.status_code == 303
    assert (desk.house.case()["unit"], desk.house.case()["handler"]) == ("badet", "siv.malm")
    await desk.sign_in("siv.malm")
    page = words(await desk.browser.get(f"/arenden/{desk.house.case()['number']}"))
    assert "Badet" in page
    assert "Siv Malm" in page
    register = (await desk.browser.get("/registrera")).text
    assert 'value="badet"' in register


async def test_a_closed_day_is_saved_once_it_is_seen_how_many_promises_move(desk: Desk) -> None:
    await desk.house.hear(an_inbound())
    before = desk.house.promises(desk.house.case()["id"])["svar"]

    shown = await desk.save("/dagar", first="2026-11-27")
    assert desk.house.work.house.days.closed == frozenset()
    saved = await desk.save("/dagar", shown, seen=field(shown, "seen"))

    assert "1 löfte i ett öppet ärende flyttas" in words(shown)
    assert saved.status_code == 303
    assert desk.house.promises(desk.house.case()["id"])["svar"] == before + timedelta(days=1)
    assert "löfte flyttat" in desk.house.journal(desk.house.case()["id"])


async def test_a_week_is_closed_without_its_weekend_and_opened_day_by_day(desk: Desk) -> None:
    shown = await desk.save("/dagar", first="2026-12-28", last="2027-01-04")
    await desk.save("/dagar", shown, seen=field(shown, "seen"))
    closed = desk.house.work.house.days.closed
    shown = await desk.save("/dagar", **{"gone.2026-12-29": "ja"})
    await desk.save("/dagar", shown, seen=field(shown, "seen"))

    assert sorted(closed) == [
        date(2026, 12, 28),
        date(2026, 12, 29),
        date(2026, 12, 30),
        date(2027, 1, 4),
    ]
    assert set(closed) - set(desk.house.work.house.days.closed) == {date(2026, 12, 29)}


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"first": "i julas"}, "Ange första stängda dag"),
        ({"first": "2026-12-30", "last": "2026-12-28"}, "Sista dagen ska komma efter"),
        ({"first": "2026-12-25"}, "är redan ledig (juldagen)"),
        ({"first": "2026-11-20"}, "har varit"),
        ({}, "Välj en dag"),
    ],
)
async def test_a_day_that_can_not_be_closed_comes_back_with_what_was_typed(
    desk: Desk, typed: dict[str, str], told: str
) -> None:
    answer = await desk.save("/dagar", **typed)

    assert answer.status_code == 422
    assert told in words(answer)
    assert field(answer, "first") == typed.get("first", "")


async def test_who_was_slower_sees_both_versions_and_loses_nothing(desk: Desk) -> None:
    early = await desk.get("/personer/anna")
    await desk.save("/personer/anna", phone="070-174 06 11")

    late = await desk.save("/personer/anna", early, phone="070-174 06 12", title="Enhetschef, vik.")

    assert late.status_code == 409
    assert "Någon annan hann ändra" in words(late)
    assert "Telefon 070-174 06 11" in words(late)
    assert (field(late, "phone"), field(late, "title")) == ("070-174 06 12", "Enhetschef, vik.")
    again = await desk.save("/personer/anna", late)
    assert again.status_code == 303
    assert desk.house.work.house.handlers["anna"].phone == "070-174 06 12"


async def test_who_was_slower_with_a_unit_sees_both_versions_too(desk: Desk) -> None:
    early = await desk.get("/enheter/park")
    await desk.save("/enheter/park", name="Parkerna")

    late = await desk.save("/enheter/park", early, name="Gator")

    assert late.status_code == 409
    assert "Namn Parkerna" in words(late)
    assert (await desk.save("/enheter/park", late)).status_code == 303
    assert desk.house.work.house.unit("park") == replace(MANAGED[0], name="Gator")


async def test_what_is_missing_is_told_and_what_was_typed_stands(desk: Desk) -> None:
    person = await desk.save("/personer/ny", **SIV | {"email": "siv", "first0": "2026-12-01"})
    again = await desk.save("/personer/ny", **SIV | {"email": "siv"})
    unit = await desk.save("/enheter/ny", name="Badet", words="bad")

    assert [one.status_code for one in (person, again, unit)] == [422, 422, 422]
    assert "ange både första och sista dag" in words(person)
    assert field(person, "first0") == "2026-12-01"
    assert "Skriv e-postadressen som" in words(again)
    assert field(again, "name") == "Siv Malm"
    assert "Välj minst en handläggare" in words(unit)
    assert field(unit, "words") == "bad"


async def test_the_page_of_a_unit_keeps_who_comes_first(desk: Desk) -> None:
    await desk.save("/enheter/park", **{"handlers.omar": "ja", "handlers.ola": "ja"})

    changed = desk.house.work.house.unit("park")

    assert changed is not None
    assert changed.handlers[0] == "anna"
    assert set(changed.handlers) == {"anna", "omar", "ola"}
    assert replace(changed, handlers=("anna",)) == MANAGED[0]


async def test_who_has_left_leads_to_their_cases_and_all_go_to_one_other(desk: Desk) -> None:
    await desk.house.hear(an_inbound())
    number = desk.house.case()["number"]
    await desk.save("/enheter/park", **{"handlers.petra": "ja"})
    await desk.save("/personer/petra", substitute="rita")

    left = await desk.save("/personer/anna", has_left="ja")
    there = await desk.get("/personer/anna/arenden")
    passed = await desk.save("/personer/anna/arenden", there)

    assert left.headers["location"] == f"{HOME}/personer/anna/arenden?klart=sparat"
    assert f'href="/arenden/{number}/gor/tilldela"' in there.text
    assert field(there, "to") == "petra"  # who stands in is proposed
    assert f"Petra Holm har nu {number}" in words(passed)
    assert "har inga öppna ärenden" in words(passed)
    assert desk.house.case()["handler"] == "petra"


async def test_whoever_has_left_can_not_sign_in_nor_be_given_a_case(desk: Desk) -> None:
    await desk.house.hear(an_inbound(text="Skolan är kall.", subject="Skolan"))
    await desk.save("/enheter/park", **{"handlers.petra": "ja"})
    await desk.save("/personer/petra", substitute="rita")
    await desk.save("/personer/anna", has_left="ja")

    choices = (await desk.browser.get(f"/arenden/{desk.house.case()['number']}/gor/tilldela")).text
    door = await desk.browser.get("/logga-in")
    desk.browser.cookies.clear()
    door = await desk.browser.get("/logga-in")
    token = field(door, "token")
    refused = await desk.browser.post(
        "/logga-in", data={"token": token, "who": "anna", "password": PASSWORD, "next": HOME}
    )

    assert 'value="petra"' in choices
    assert 'value="anna"' not in choices
    assert refused.status_code == 422
    assert "Anna Ek" not in door.text


async def test_the_session_of_who_has_left_ends_at_once(desk: Desk) -> None:
    await desk.sign_in("omar")
    omar = httpx.Cookies(desk.browser.cookies)
    await desk.sign_in("rita")
    await desk.save("/enheter/skola", **{"handlers.petra": "ja"})
    await desk.save("/personer/petra", substitute="rita")
    await desk.save("/personer/omar", has_left="ja")

    desk.browser.cookies = omar
    answer = await desk.get()

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/logga-in")


async def test_nobody_chosen_passes_nothing_on(desk: Desk) -> None:
    await desk.house.hear(an_inbound())

    answer = await desk.save("/personer/anna/arenden", to="")

    assert answer.status_code == 422
    assert "Välj vem som ska ha ärendena" in words(answer)
    assert desk.house.case()["handler"] == "anna"


ALL_PAGES = ("/personer/ny", "/enheter/ny", "/enheter/park", "/dagar")


async def test_c3_each_page_is_for_whoever_may_use_it_by_its_address_too(desk: Desk) -> None:
    seen = {}
    for who in ("rita", "ola", "petra", "omar", "dana"):
        await desk.sign_in(who)
        pages = (*ALL_PAGES, "/svarsmallar", "/andringar", "/personer/anna", f"/personer/{who}", "")
        codes = [(await desk.get(page)).status_code for page in pages]
        seen[who] = "".join("+" if code == 200 else "-" for code in codes)
        for page in ALL_PAGES:
            answer = await desk.browser.post(f"{HOME}{page}", data={"token": await token(desk)})
            assert (answer.status_code == 403) == (who not in {"rita", "ola"})

    assert seen == {
        "rita": "+++++++++",
        "ola": "+++++++++",
        "petra": "----+-+++",  # a manager: templates, and the absences of her staff
        "omar": "-------++",
        "dana": "-----+-++",  # data protection reads what has been changed
    }


async def token(desk: Desk) -> str:
    page = await desk.get()
    found = re.search(r'name="token" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


async def test_each_changes_their_own_absence_and_phone_but_not_their_name(desk: Desk) -> None:
    await desk.sign_in("anna")

    page = await desk.get("/personer/anna")
    saved = await desk.save("/personer/anna", phone="070-174 06 13", **AWAY)
    forged = await desk.save("/personer/anna", name="Chefen")
    other = await desk.browser.post(f"{HOME}/personer/omar", data={"token": await token(desk), "phone": "1"})

    assert 'name="name"' not in page.text
    assert saved.status_code == 303
    assert (forged.status_code, other.status_code) == (403, 403)
    anna = desk.house.work.house.handlers["anna"]
    assert (anna.name, anna.phone, len(anna.absent)) == ("Anna Ek", "070-174 06 13", 1)


async def test_a_manager_changes_the_absences_of_their_staff_and_reads_nobody_else_s(desk: Desk) -> None:
    await desk.sign_in("petra")

    assert (await desk.save("/personer/anna", **AWAY)).status_code == 303
    assert (await desk.get("/personer/omar")).status_code == 403
    assert (await desk.get("/personer/ingen")).status_code == 403


async def test_the_latest_changes_tell_who_when_and_from_what_to_what(desk: Desk) -> None:
    await desk.save("/personer/anna", substitute="omar", **AWAY)
    await desk.save("/enheter/park", words="gunga\npark")
    shown = await desk.save("/dagar", first="2026-11-27")
    await desk.save("/dagar", shown, seen=field(shown, "seen"))
    await desk.save("/svarsmallar/ny", title="Gungan", text="Gungan är lagad.")
    await desk.save("/personer/ny", **SIV)

    told = words(await desk.get("/andringar"))

    assert "Rita Lund" in told
    assert "Ersättare: Petra Holm → Omar Dahl" in told
    assert "Frånvaro: – → 2026-11-23 – 2026-11-30" in told
    assert "Ord: gunga, park, cykelväg → gunga, park" in told
    assert "Stängd dag 2026-11-27" in told
    assert "Stängd: nej → ja" in told
    assert "Svarsmall Gungan" in told
    assert "Person Siv Malm" in told


async def test_a_template_with_a_hard_word_is_warned_of_and_may_stay(desk: Desk) -> None:
    typed = {"title": "Regler", "text": "Enligt våra regler lagas gungan i vår."}

    warned = await desk.save("/svarsmallar/ny", **typed)
    kept = await desk.save("/svarsmallar/ny", warned)

    assert warned.status_code == 200
    assert "enligt våra regler" in words(warned).casefold()
    assert kept.status_code == 303
    with desk.house.store.read() as transaction:
        (one,) = reply_templates.for_case(transaction, {"unit": "park", "kind": ""})
    assert (one.title, one.text) == ("Regler", "Enligt våra regler lagas gungan i vår.")


async def test_a_template_changed_or_removed_meanwhile_shows_both_and_loses_nothing(desk: Desk) -> None:
    await desk.save("/svarsmallar/ny", title="Gungan", text="Gungan är lagad.")
    early = await desk.get("/svarsmallar/1")
    await desk.save("/svarsmallar/1", text="Gungan lagas i morgon.")

    late = await desk.save("/svarsmallar/1", early, text="Gungan är utbytt.")
    assert late.status_code == 409
    assert "Gungan lagas i morgon." in words(late)
    assert field(late, "text") == "Gungan är utbytt."
    assert (await desk.save("/svarsmallar/1", late)).status_code == 303

    last = await desk.get("/svarsmallar/1")
    gone = await desk.browser.post(f"{HOME}/svarsmallar/1/ta-bort", data=filled(last))
    assert gone.status_code == 303
    orphan = await desk.save("/svarsmallar/1", last, text="Gungan är målad.")
    assert "Sparar du nu blir det en ny" in words(orphan)
    assert (await desk.save("/svarsmallar/ny", orphan)).status_code == 303
    assert (await desk.get("/svarsmallar/1")).status_code == 404


async def test_a_manager_writes_templates_for_their_own_unit_only(desk: Desk) -> None:
    await desk.save("/svarsmallar/ny", title="För alla", text="Tack.")
    await desk.sign_in("petra")

    new = await desk.get("/svarsmallar/ny")
    mine = await desk.save("/svarsmallar/ny", title="Parken", text="Parken är städad.", unit="park")
    alien = await desk.save("/svarsmallar/ny", title="Skolan", text="Skolan är städad.", unit="skola")

    assert "Alla enheter" not in words(new)
    assert (mine.status_code, alien.status_code) == (303, 403)
    assert (await desk.get("/svarsmallar/1")).status_code == 403
    assert "För alla" in words(await desk.get("/svarsmallar"))


async def test_what_leads_nowhere_is_not_found(desk: Desk) -> None:
    for path in ("/personer/ingen", "/enheter/ingen", "/svarsmallar/99"):
        assert (await desk.get(path)).status_code == 404
