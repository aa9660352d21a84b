"""The pages "Rapporter": whose they are, that a closed period stays as it was, and signing (C3, C4, L13)."""

import html
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

import httpx
import pytest
from sqlalchemy import update
from starlette.applications import Starlette

from bots.desk.reports.schedule import Schedule
from bots.web.app import build
from store import cases, profiles, tables
from store.domain import Factor, Handler, Kind, Role, Status, Unit
from store.positions import Positions
from tests.bots.web.house import PASSWORD, PUBLIC, SECRET
from tests.house import House, an_inbound, rows_of

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])
QUARTER = "2026-K4"
R1 = f"/rapporter/R1?period={QUARTER}"
PARK = f"{R1}&enhet=park"
WORDS = "Sanden är bytt, och vi ser till gungorna varje måndag."
FIRST_DAY = datetime(2027, 1, 4, 7, 0, tzinfo=UTC)


def person(who: str, *roles: Role) -> Handler:
    return Handler(id=who, name=f"{who.title()} Prov", email=f"{who}@lillkommun.example", roles=roles)


STAFF = (
    person("hanna"),
    person("chris"),
    person("carin"),
    person("frida"),
    person("rita"),
    person("kim"),
    person("nils", Role.SECRETARY),
    person("mats"),
)
UNITS = (
    Unit(id="park", name="Gata och park", handlers=("hanna",), managers=("chris",), heads=("frida",)),
    Unit(id="skola", name="Skolan", handlers=("hanna",), managers=("carin",), heads=("frida",)),
)


@pytest.fixture
async def house(make_house: Callable[..., House]) -> House:
    """Three synpunkter to the park in November, and R1 of the quarter made in January."""
    policy = profiles.load("landskrona")
    policy = policy.model_copy(update={"reports": policy.reports[:1]})
    opened = make_house(people=STAFF, units=UNITS, policy=policy, quality=("kim",), silent=True)
    for number in range(3):
        await opened.hear(an_inbound(subject=f"Sak {number}", sender=f"{number}@example.org"))
    with opened.store.write() as transaction:
        for number, kind in enumerate((Kind.COMPLAINT, Kind.COMPLAINT, Kind.PRAISE), start=1):
            cases.note(transaction, number, unit="park", kind=kind, factor=Factor.LIVING_ENVIRONMENT)
        transaction.connection.execute(update(tables.cases).values(status=Status.ASSIGNED))
    opened.clock.now = FIRST_DAY
    town = opened.work.house
    Positions(opened.store).keep_place("rapporter", "sedan", date(2026, 10, 1).isoformat())
    Schedule(store=opened.store, house=town, identity=opened.identity).once(FIRST_DAY)
    return opened


@pytest.fixture
def app(house: House) -> Starlette:
    return build(
        store=house.store,
        acts=house.acts,
        desk=house.acts,
        receive=house.intake.receive,
        clock=house.clock,
        public=PUBLIC,
        staff=STAFF,
        units=UNITS,
        password=PASSWORD,
        session_secret=SECRET,
        secure_cookies=False,
    )


@asynccontextmanager
async def signed_in(app: Starlette, who: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, client=("192.0.2.1", 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as browser:
        page = await browser.get("/logga-in")
        sent = {"token": field(page, "token"), "who": who, "password": PASSWORD, "next": "/rapporter"}
        answer = await browser.post("/logga-in", data=sent)
        assert answer.headers["location"] == "/rapporter"
        yield browser


def field(page: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found is not None, page.text
    return html.unescape(found[1])


def text_of(page: httpx.Response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


async def write(
    browser: httpx.AsyncClient, text: str, *, act: str = "signera", **more: str
) -> httpx.Response:
    page = await browser.get(PARK)
    sent = {name: field(page, name) for name in ("token", "period", "enhet", "sedd")}
    return await browser.post("/rapporter/R1/analys", data=sent | {"text": text, "gor": act} | more)


async def test_l13_the_manager_finds_the_report_writes_signs_and_it_stands_in_the_file(
    house: House, app: Starlette
) -> None:
    async with signed_in(app, "chris") as chris:
        overview = text_of(await chris.get("/rapporter"))
        assert "Din analys saknas Gata och park, fjärde kvartalet 2026 signera senast 19 januari" in overview
        assert "Skolan" not in overview

        answer = await write(chris, WORDS)
        page = text_of(await chris.get(answer.headers["location"]))
        file = (await chris.get(f"/rapporter/R1/fil?period={QUARTER}&enhet=park")).content.decode("utf-8-sig")

    assert "Analysen är signerad och står i rapporten." in page
    assert f"{WORDS} Signerad av Chris Prov, " in page
    (line,) = [line for line in file.splitlines() if WORDS in line]
    assert ";Gata och park;Alla;3;" in line
    assert line.endswith("Chris Prov 2027-01-04")
    acts = [row["act"] for row in rows_of(house.store, "journal") if row["actor"] == "chris"]
    assert "analys signerad" in acts


async def test_a_draft_is_saved_without_standing_in_the_report(app: Starlette) -> None:
    async with signed_in(app, "chris") as chris:
        await write(chris, WORDS, act="spara")
        page = await chris.get(PARK)
        file = await chris.get(f"/rapporter/R1/fil?period={QUARTER}&enhet=park")

    assert WORDS in page.text
    assert "Signerad av" not in page.text
    assert WORDS not in file.text


async def test_nothing_is_signed_of_a_period_that_is_not_over(house: House, app: Starlette) -> None:
    address = "/rapporter/R1?period=2027-K1&enhet=park"
    async with signed_in(app, "chris") as chris:
        page = await chris.get(address)
        sent = {name: field(page, name) for name in ("token", "period", "enhet", "sedd")} | {"text": WORDS}
        refused = await chris.post("/rapporter/R1/analys", data=sent | {"gor": "signera"})
        saved = await chris.post("/rapporter/R1/analys", data=sent | {"gor": "spara"})

    assert "Räknad nu: perioden pågår, så siffrorna kan ändras." in text_of(page)
    assert "Perioden är inte slut. Spara ett utkast nu, och signera när den är det." in text_of(refused)
    assert saved.status_code == 303
    assert [row["signed_at"] for row in rows_of(house.store, "analyses")] == [None]


async def test_words_that_point_at_somebody_are_signed_only_by_who_has_looked(
    house: House, app: Starlette
) -> None:
    personal = "Sven Svensson, 070-174 06 05, har fått svar."
    async with signed_in(app, "chris") as chris:
        refused = await write(chris, personal)
        assert refused.status_code == 422
        assert "Skriv om analysen utan ”" in text_of(refused)
        assert personal in html.unescape(refused.text)
        assert rows_of(house.store, "analyses") == []

        taken = await write(chris, personal, kontrollerat="ja")

    assert taken.status_code == 303
    assert [row["signed_by"] for row in rows_of(house.store, "analyses")] == ["chris"]


async def test_nobody_writes_over_what_they_have_not_seen(app: Starlette) -> None:
    async with signed_in(app, "chris") as chris:
        page = await chris.get(PARK)
        old = {name: field(page, name) for name in ("token", "period", "enhet", "sedd")}
        await write(chris, WORDS)
        late = await chris.post("/rapporter/R1/analys", data=old | {"text": "Nytt.", "gor": "signera"})
        again = {name: field(late, name) for name in old}
        taken = await chris.post("/rapporter/R1/analys", data=again | {"text": "Nytt.", "gor": "signera"})
        shown = text_of(await chris.get(PARK))

    assert late.status_code == 409
    assert WORDS in late.text
    assert "Nytt." in late.text
    assert taken.status_code == 303
    # Both stand there, the newest first.
    assert shown.index("Nytt. Signerad av") < shown.index(f"{WORDS} Signerad av")


async def test_nobody_but_the_units_manager_signs(house: House, app: Starlette) -> None:
    for who in ("carin", "hanna", "frida", "kim", "rita", "nils", "mats"):
        async with signed_in(app, who) as browser:
            token = field(await browser.get("/registrera"), "token")
            sent = {"token": token, "period": QUARTER, "enhet": "park", "sedd": "0", "text": WORDS}
            answer = await browser.post("/rapporter/R1/analys", data=sent | {"gor": "signera"})
        assert answer.status_code == 403, who

    assert rows_of(house.store, "analyses") == []


async def test_c3_each_role_reads_the_reports_that_are_theirs(app: Starlette) -> None:
    wanted = {
        PARK: {"chris", "frida", "rita", "kim"},
        f"{R1}&enhet=skola": {"carin", "frida", "rita", "kim"},
        R1: {"chris", "carin", "frida", "rita", "kim"},
        "/rapporter/R2?period=2026-H2": {"chris", "carin", "frida", "rita", "kim", "nils"},
        "/rapporter/R14?period=2026": set(),
        "/rapporter": {"chris", "carin", "frida", "rita", "kim", "nils", "hanna"},
        "/rapporter/visa?rapport=R2&period=2026": {
            *("chris", "carin", "frida", "rita", "kim", "nils", "hanna")
        },
    }
    opened: dict[str, set[str]] = {address: set() for address in wanted}
    for one in STAFF:
        async with signed_in(app, one.id) as browser:
            for address in wanted:
                answer = await browser.get(address)
                assert answer.status_code in {200, 303, 403}, (one.id, address)
                if answer.status_code != 403:
                    opened[address].add(one.id)
    # Who may read nothing at all is told so by the list as well; the form only leads on.
    wanted["/rapporter/visa?rapport=R2&period=2026"].add("mats")
    assert opened == wanted


async def test_a_manager_has_the_sum_of_the_own_units_alone(app: Starlette) -> None:
    async with signed_in(app, "carin") as carin:
        page = await carin.get(R1)
        file = await carin.get(f"/rapporter/R1/fil?period={QUARTER}")

    assert "Gata och park" not in page.text + file.text
    assert ";Skolan;Alla;0;" in file.text


async def test_quality_staff_and_the_level_above_see_whose_words_are_missing(app: Starlette) -> None:
    async with signed_in(app, "chris") as chris:
        await write(chris, WORDS)
    for who in ("kim", "rita", "frida"):
        async with signed_in(app, who) as browser:
            page = text_of(await browser.get("/rapporter"))
        assert "Analyser som saknas Enhet Period Chef Skulle vara signerad Skolan" in page, who
        assert "Gata och park fjärde kvartalet" not in page, who


async def test_what_is_put_right_afterwards_changes_no_figure_and_is_told_beside(
    house: House, app: Starlette
) -> None:
    async with signed_in(app, "kim") as kim:
        before = (await kim.get(f"/rapporter/R1/fil?period={QUARTER}")).content
        assert "Inget har rättats sedan rapporten gjordes." in text_of(await kim.get(R1))
        with house.store.write() as transaction:
            cases.note(transaction, 1, kind=Kind.PRAISE)

        page = text_of(await kim.get(R1))
        after = (await kim.get(f"/rapporter/R1/fil?period={QUARTER}")).content

    assert after == before
    assert "Gata och park, Alla beröm 1 2 " in page
    assert "Gata och park, Boendemiljö klagomål 2 1 " in page


async def test_a_report_is_handed_out_as_any_file_the_same_each_time(app: Starlette) -> None:
    begins = {"csv": b"\xef\xbb\xbfperiod;", "xlsx": b"PK", "pdf": b"%PDF", "html": b"<!doctype html>"}
    async with signed_in(app, "chris") as chris:
        for ending, begin in begins.items():
            address = f"/rapporter/R1/fil?period={QUARTER}&enhet=park&format={ending}"
            first, second = [await chris.get(address) for _ in range(2)]
            assert first.content.startswith(begin)
            assert first.content == second.content
            assert f'filename="R1-{QUARTER}-park.{ending}"' in first.headers["content-disposition"]


async def test_the_whole_report_has_its_own_style_and_nothing_that_runs(app: Starlette) -> None:
    async with signed_in(app, "chris") as chris:
        page = await chris.get(f"/rapporter/R1/hela?period={QUARTER}&enhet=park")

    policy = page.headers["content-security-policy"]
    assert re.fullmatch(
        r"default-src 'none'; script-src 'self'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; base-uri 'none'; "
        r"frame-ancestors 'none'",
        policy,
    )
    assert "<script" not in page.text
    assert "/statistik/arenden?period=2026-K4&amp;enhet=park" in page.text


async def test_who_takes_out_a_list_of_cases_is_noted(house: House, app: Starlette) -> None:
    async with signed_in(app, "nils") as nils:
        await nils.get("/rapporter/R5?period=2026-K4")
        await nils.get("/rapporter/R5/fil?period=2026-K4")

    taken = [row for row in rows_of(house.store, "journal") if row["act"] == "rapport uttagen"]
    assert [row["actor"] for row in taken] == ["nils", "nils"]


async def test_what_there_is_not_is_told(app: Starlette) -> None:
    addresses = (
        "/rapporter/R99?period=2026",
        f"{R1}&enhet=finns-inte",
        f"/rapporter/R1/fil?period={QUARTER}&format=exe",
        "/rapporter/R14?period=i%20g%C3%A5r",
    )
    async with signed_in(app, "kim") as kim:
        for address in addresses:
            answer = await kim.get(address)
            assert answer.status_code == 403, address
            assert "Rapporten är för någon annan, eller finns inte" in answer.text


async def test_who_asks_for_a_period_that_a_report_is_not_made_of_is_told_which_it_is(
    app: Starlette,
) -> None:
    asked = (
        ("R1", "i%20g%C3%A5r", "'i går' är ingen period."),
        ("R1", "", "'' är ingen period."),
        ("R1", "0001", "Välj en period mellan 1990 och 2028."),
        ("R1", "9999-12-01/9999-12-31", "Välj en period mellan 1990 och 2028."),
        ("R3", "2026-K4", "R3 görs för ett år, till exempel 2026."),
        ("R4", "2026-10", "R4 görs för ett tertial, till exempel 2026-T2, eller för ett helt år."),
        ("R12", "2026-10", "R12 görs av hela kvartal, till exempel 2026-K3, när de är slut."),
    )
    async with signed_in(app, "kim") as kim:
        for report, period, words in asked:
            for place in ("", "/fil", "/hela"):
                answer = await kim.get(f"/rapporter/{report}{place}?period={period}")

                assert answer.status_code == 422, (report, period, place)
                assert words in text_of(answer)
                assert f'<option value="{report}" selected>' in answer.text


async def test_a_period_that_has_not_begun_is_not_said_to_be_running(app: Starlette) -> None:
    async with signed_in(app, "kim") as kim:
        page = text_of(await kim.get("/rapporter/R1?period=2028"))

    assert "Perioden har inte börjat än." in page
    assert "perioden pågår" not in page


async def test_a_file_is_named_by_its_unit_only_where_it_is_of_one(app: Starlette) -> None:
    async with signed_in(app, "frida") as frida:
        of_both = await frida.get(f"/rapporter/R1/fil?period={QUARTER}")
        of_one = await frida.get(f"/rapporter/R1/fil?period={QUARTER}&enhet=park")
    async with signed_in(app, "chris") as chris:
        of_now = await chris.get("/rapporter/R8/fil")

    named = [one.headers["content-disposition"].split('"')[1] for one in (of_both, of_one, of_now)]
    assert named == [f"R1-{QUARTER}.csv", f"R1-{QUARTER}-park.csv", "R8-2027-01-04.csv"]


async def test_a_period_that_is_none_is_told_at_its_field(app: Starlette) -> None:
    async with signed_in(app, "kim") as kim:
        wrong = await kim.get("/rapporter/visa?rapport=R2&period=hösten")
        right = await kim.get("/rapporter/visa?rapport=R2&period=2026-k4&enhet=park")
        now = await kim.get("/rapporter/visa?rapport=R8&period=")

    assert wrong.status_code == 422
    assert "'hösten' är ingen period." in html.unescape(wrong.text)
    assert right.headers["location"] == "/rapporter/R2?period=2026-K4&enhet=park"
    assert now.headers["location"] == "/rapporter/R8"


async def close(browser: httpx.AsyncClient, report: str, period: str, **typed: str) -> httpx.Response:
    token = field(await browser.get("/rapporter"), "token")
    return await browser.post(f"/rapporter/{report}/stang", data={"token": token, "period": period} | typed)


async def test_c4_a_period_that_no_policy_closes_is_closed_by_hand_and_stays_as_it_was(
    house: House, app: Starlette
) -> None:
    address = "/rapporter/R2?period=2026-H2"
    async with signed_in(app, "kim") as kim:
        before = await kim.get(address)
        unsure = await close(kim, "R2", "2026-H2")
        done = await close(kim, "R2", "2026-H2", sakert="ja")
        again = await close(kim, "R2", "2026-H2", sakert="ja")
        closed = await kim.get(done.headers["location"])
        file = (await kim.get("/rapporter/R2/fil?period=2026-H2")).content
        with house.store.write() as transaction:
            cases.note(transaction, 1, kind=Kind.PRAISE)
        after = await kim.get(address)
        same = (await kim.get("/rapporter/R2/fil?period=2026-H2")).content

    assert "Stäng perioden" in text_of(before)
    assert (unsure.status_code, done.status_code, again.status_code) == (422, 303, 303)
    assert "Kryssa för att du vet att det inte går att ångra." in text_of(unsure)
    assert again.headers["location"].endswith("gjort=redan")
    assert "Perioden är stängd: rapporten är sparad och ändras inte mer." in text_of(closed)
    assert 'action="/rapporter/R2/stang"' not in closed.text
    assert "Alla, Alla klagomål 2 1" in text_of(after)
    assert same == file
    by_hand = [row for row in rows_of(house.store, "journal") if row["act"] == "period stängd för hand"]
    assert [(row["actor"], row["details"]["rapport"], row["details"]["period"]) for row in by_hand] == [
        ("kim", "R2", "2026-H2")
    ]


async def test_what_can_not_be_closed_by_hand_is_said(house: House, app: Starlette) -> None:
    policy = house.work.house.policy
    assert [(plan.id, plan.period) for plan in policy.reports] == [("R1", "quarter")]
    house.clock.now = datetime(2027, 4, 6, 7, 0, tzinfo=UTC)
    asked = (
        ("R1", "2027-K1", 422, "Rapporten görs av sig själv från 1 april 2027"),
        ("R2", "2027", 422, "Perioden är inte slut."),
        ("R2", "2026-11-01/2026-11-20", 422, "Bara hela månader, kvartal, tertial, halvår och år stängs."),
        ("R7", "2026", 403, ""),
        ("R8", "", 403, ""),
        ("R3", "2026-K4", 422, "R3 görs för ett år, till exempel 2026."),
    )
    async with signed_in(app, "rita") as rita:
        for report, period, status, words in asked:
            answer = await close(rita, report, period, sakert="ja")

            assert answer.status_code == status, (report, period)
            assert words in text_of(answer)


async def test_only_who_reads_all_units_closes_a_period(house: House, app: Starlette) -> None:
    kept = len(rows_of(house.store, "snapshots"))
    for who in ("chris", "frida", "nils", "hanna", "mats"):
        async with signed_in(app, who) as browser:
            token = field(await browser.get("/registrera"), "token")
            sent = {"token": token, "period": "2026-H2", "sakert": "ja"}
            answer = await browser.post("/rapporter/R2/stang", data=sent)
            page = await browser.get("/rapporter/R2?period=2026-H2")
        assert answer.status_code == 403, who
        assert 'action="/rapporter/R2/stang"' not in page.text

    assert len(rows_of(house.store, "snapshots")) == kept


async def test_k17_cases_of_the_diary_are_put_beside_ours_from_the_page(app: Starlette) -> None:
    diary = "dnr;inkom;typ;enhet;åtgärd\nON 2026/7;2026-11-03;klagomål;Skolan;=Rutinen är ändrad.\n"
    async with signed_in(app, "nils") as nils:
        page = await nils.get("/rapporter/R5?period=2026-K4")
        typed = {"token": field(page, "token"), "period": QUARTER, "enhet": "", "format": "csv"}
        files = {"fil": ("diariet.csv", diary.encode("cp1252"), "text/csv")}
        answer = await nils.post("/rapporter/R5/diarium", data=typed, files=files)
        wrong = {"fil": ("diariet.csv", b"dnr;inkom\nA 1;i g\xc3\xa5r\n", "text/csv")}
        refused = await nils.post("/rapporter/R5/diarium", data=typed, files=wrong)
        without = await nils.post("/rapporter/R5/diarium", data=typed, files={"fil": ("", b"")})
        forged = await nils.post("/rapporter/R5/diarium", data=typed | {"token": "x"}, files=files)

    told = answer.content.decode("utf-8-sig")
    assert answer.headers["content-disposition"].split('"')[1] == f"R5-{QUARTER}-med-diariet.csv"
    assert "diarium;ON 2026/7;2026-11-03;klagomål;;Skolan;nej;nej;'=Rutinen är ändrad.;;" in told
    assert told.count("\r\nregister;") == 3
    assert refused.status_code == 422
    assert "rad 2: inkom 'i går' är ingen dag: skriv den som 2026-11-22." in text_of(refused)
    assert "Välj en fil, av högst 15 MB." in text_of(without)
    assert forged.status_code == 403


async def test_who_may_not_read_r5_can_not_send_a_diary(app: Starlette) -> None:
    async with signed_in(app, "hanna") as hanna:
        token = field(await hanna.get("/registrera"), "token")
        sent = {"token": token, "period": QUARTER}
        answer = await hanna.post(
            "/rapporter/R5/diarium", data=sent, files={"fil": ("d.csv", b"dnr;inkom\n")}
        )

    assert answer.status_code == 403
