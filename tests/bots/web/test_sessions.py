"""Sessions on the server: ended from afar, written down, and no words lost when one has ended."""

import io
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from bots.cli import main
from bots.clock import now
from bots.web.stranded import Post, Shelf
from store import accounts, sessions
from store.domain import SignIn
from store.sessions import Limits, Session
from store.tables import journal as lines
from tests.bots.test_settings import RIGHT
from tests.bots.web.house import House, log_in, token_of, value_of
from tests.bots.web.test_keys import NO, WORDS, a_key, code, enter

LATE = timedelta(hours=3)
TOLD = {"kind": "klagomål", "factor": "Mat", "reason": "Det som jag skrev så länge på."}


def entries(house: House) -> list[tuple[str, str, Mapping[str, str]]]:
    with house.store.read() as transaction:
        rows = transaction.rows(lines.select().order_by(lines.c.id))
    return [(row["actor"], row["act"], row["details"]) for row in rows if "logg" in row["act"]]


async def test_the_cookie_holds_a_random_id_and_the_store_only_its_sum(house: House) -> None:
    browser = house.browser()
    await log_in(browser)

    with house.store.read() as transaction:
        row = transaction.rows(text("SELECT id, person, how FROM sessions"))[0]

    assert (row["person"], row["how"]) == ("anna", "gemensamt lösenord")
    assert row["id"] not in browser.cookies["synpunkt"]
    assert "anna" not in browser.cookies["synpunkt"]


async def test_who_comes_in_goes_out_and_is_refused_stands_in_the_journal_without_what_was_typed(
    house: House,
) -> None:
    account = a_key(house)
    browser = house.browser()

    await enter(browser, **NO)
    await enter(browser, who="mitt lösenord av misstag", **NO)
    await enter(browser, code=code(house, account))
    page = await browser.get("/arenden")
    await browser.post("/logga-ut", data={"token": token_of(page)})

    assert entries(house) == [
        ("inloggningen", "inloggning nekad", {"person": "anna", "hur": "konto"}),
        ("inloggningen", "inloggning nekad", {"person": "", "hur": "konto"}),
        ("anna", "loggade in", {"hur": "konto"}),
        ("anna", "loggade ut", {}),
    ]


async def test_a_new_account_and_a_lost_one_end_the_sessions_at_once(house: House) -> None:
    account = a_key(house)
    browser = house.browser(house.app())
    await enter(browser, code=code(house, account))
    before = (await browser.get("/arenden")).status_code

    renewed = a_key(house)
    after = (await browser.get("/arenden")).status_code
    await enter(browser, code=code(house, renewed))
    again = (await browser.get("/arenden")).status_code
    with house.store.write() as transaction:
        accounts.remove(transaction, "anna", now=house.clock())
    gone = (await browser.get("/arenden")).status_code

    assert [before, after, again, gone] == [200, 303, 200, 303]


async def test_signing_in_again_ends_the_session_that_the_browser_had(house: House) -> None:
    browser = house.browser()
    await log_in(browser)
    first = browser.cookies["synpunkt"]
    page = await browser.get("/arenden")
    await browser.post(
        "/logga-in", data={"token": token_of(page), "who": "bo", "password": "en lång fras för personalen"}
    )
    mine = await browser.get("/arenden")

    browser.cookies.clear()
    browser.cookies.set("synpunkt", first)
    copied = await browser.get("/arenden")

    assert "<span>Bo Lind</span>" in mine.text
    assert copied.status_code == 303


def test_a_session_is_known_by_its_own_secret_alone(house: House) -> None:
    with house.store.write() as transaction:
        session = Session(person="anna", how=SignIn.ACCOUNT)
        sessions.begin(transaction, "hemlig", session, now=house.clock(), limits=Limits())
        row = sessions.find(transaction, "hemlig")

        assert sessions.find(transaction, sessions.sum_of("hemlig")) is None
        assert sessions.find(transaction, "Hemlig") is None
        assert row is not None
        assert sessions.is_alive(row, now=house.clock(), limits=Limits())
        assert not sessions.is_alive(row, now=house.clock() - timedelta(seconds=1), limits=Limits())


async def test_an_act_sent_after_the_session_ended_waits_for_its_writer(house: House) -> None:
    number = house.add_case()
    browser = house.browser()
    await log_in(browser)
    page = await browser.get(f"/arenden/{number}")
    path = f"/arenden/{number}/bekrafta"

    house.clock.forward(LATE)
    turned_away = await browser.post(path, data=TOLD | {"token": token_of(page), "version": "1"})
    door = await browser.get(turned_away.headers["location"])
    back = await browser.post(
        "/logga-in",
        data={
            "token": token_of(door),
            "who": "anna",
            "password": "en lång fras för personalen",
            "next": value_of(door, "next"),
        },
    )
    shown = await browser.get(back.headers["location"])
    sent = await browser.post(
        path, data=TOLD | {"token": token_of(shown), "version": value_of(shown, "version")}
    )

    assert turned_away.headers["location"] == "/logga-in?next=%2Fosant"
    assert "Det du skrev är sparat i 30 minuter" in door.text
    assert back.headers["location"] == "/osant"
    assert (shown.status_code, f'action="{path}"' in shown.text) == (200, True)
    assert "Det som jag skrev så länge på." in shown.text
    assert sent.headers["location"] == f"/arenden/{number}?klart=andrat"


async def test_what_was_typed_is_for_its_writer_only_and_for_half_an_hour(house: House) -> None:
    number = house.add_case()
    app = house.app()
    browser = house.browser(app)
    await log_in(browser)
    page = await browser.get(f"/arenden/{number}")
    house.clock.forward(LATE)
    await browser.post(f"/arenden/{number}/bekrafta", data=TOLD | {"token": token_of(page)})

    await log_in(browser, who="bo")
    others = await browser.get("/osant")
    await log_in_anew(browser, "anna")
    mine = await browser.get("/osant")
    house.clock.forward(timedelta(minutes=31))
    late = await browser.get("/osant")

    assert ["Det som jag skrev" in one.text for one in (others, mine, late)] == [False, True, False]
    assert "Det finns inget kvar" in late.text


async def log_in_anew(browser: httpx.AsyncClient, who: str) -> None:
    page = await browser.get("/arenden")
    await browser.post("/logga-ut", data={"token": token_of(page)})
    await log_in(browser, who=who)


async def test_what_was_typed_can_be_thrown_away_and_the_store_never_shows_it(house: House) -> None:
    number = house.add_case()
    browser = house.browser()
    await log_in(browser)
    page = await browser.get(f"/arenden/{number}")
    house.clock.forward(LATE)
    await browser.post(f"/arenden/{number}/bekrafta", data=TOLD | {"token": token_of(page)})
    with house.store.read() as transaction:
        sealed = transaction.rows(text("SELECT sealed, path FROM stranded"))
    await log_in(browser)
    shown = await browser.get("/osant")

    foreign = await browser.post("/osant", data={"token": "gissat"})
    thrown = await browser.post("/osant", data={"token": token_of(shown)})

    assert b"skrev" not in bytes(sealed[0]["sealed"])
    assert [foreign.status_code, thrown.headers["location"]] == [403, "/arenden"]
    assert "Det finns inget kvar" in (await browser.get("/osant")).text


async def test_a_page_from_before_a_new_sign_in_in_another_tab_loses_no_words(house: House) -> None:
    number = house.add_case()
    browser = house.browser()
    await log_in(browser)
    page = await browser.get(f"/arenden/{number}")
    house.clock.forward(LATE)
    await log_in(browser)

    answer = await browser.post(f"/arenden/{number}/bekrafta", data=TOLD | {"token": token_of(page)})
    kept = await browser.get("/osant")

    assert (answer.status_code, answer.headers.get("location")) == (303, "/osant")
    assert "Det som jag skrev" in kept.text
    assert house.version(number) == 1


async def test_what_was_taken_down_is_given_back_too_but_no_files(house: House) -> None:
    browser = house.browser()
    await log_in(browser)
    page = await browser.get("/registrera")
    typed = {"token": token_of(page), "ticket": value_of(page, "ticket"), "text": "Sagt i telefon\nom parken"}
    house.clock.forward(LATE)

    answer = await browser.post("/registrera", data=typed, files={"files": ("bild.jpg", b"\xff\xd8\xff\xe0")})
    await log_in(browser)
    shown = await browser.get("/osant")

    assert answer.headers["location"] == "/logga-in?next=%2Fosant"
    assert "Sagt i telefon\nom parken</textarea>" in shown.text
    assert "Du hade en fil med. Filer sparas inte." in shown.text
    assert 'enctype="multipart/form-data"' in shown.text
    assert house.heard == []


@pytest.mark.parametrize(
    "sent",
    [{"token": "gissat"}, {}, {"reason": "x" * 210_000}],
    ids=["another token", "no token", "too much"],
)
async def test_what_no_page_of_ours_sent_and_what_is_too_much_is_not_kept(
    house: House, sent: dict[str, str]
) -> None:
    number = house.add_case()
    browser = house.browser()
    await log_in(browser)
    page = await browser.get(f"/arenden/{number}")
    house.clock.forward(LATE)
    token = {"token": token_of(page)} if "reason" in sent else {}

    answer = await browser.post(f"/arenden/{number}/bekrafta", data=TOLD | token | sent)
    with house.store.read() as transaction:
        kept = transaction.rows(text("SELECT id FROM stranded"))

    assert (answer.headers["location"], kept) == ("/logga-in?next=%2Farenden", [])


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.dictionaries(st.text(max_size=20), st.text(max_size=200), max_size=5))
async def test_whatever_was_typed_comes_back_as_it_was_and_only_with_the_secret(
    house: House, typed: dict[str, str]
) -> None:
    shelf = Shelf(store=house.store, clock=house.clock)

    secret = await shelf.put_by(Post(path="/arenden/1/bekrafta", media_type="x", typed=typed), "anna")
    found = shelf.take_out(secret, "anna")

    assert found is not None
    assert found.typed == {name: value for name, value in typed.items() if name != "token"}
    assert shelf.take_out(secret, "bo") is None
    assert shelf.take_out(secret[:-1], "anna") is None


def test_the_command_line_shows_who_is_signed_in_and_signs_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.toml"
    url = f"sqlite:///{tmp_path / 'sessioner.db'}"
    file.write_text(RIGHT.replace("[mail]", f'[store]\nurl = "{url}"\n\n[mail]', 1), encoding="utf-8")

    def user(*arguments: str, words: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(words))
        status = main(["user", *arguments, "--config", str(file)])
        said = capsys.readouterr()
        return status, said.out, said.err

    nobody = user("sessions")
    from store.engine import open_store

    store = open_store(url)
    with store.write() as transaction:
        for person in ("rita", "extern:77"):
            session = Session(person=person, how=SignIn.PROVIDER)
            sessions.begin(transaction, person, session, now=now(), limits=Limits())
    shown = user("sessions")
    ended = user("end-sessions", "extern:77")
    again = user("end-sessions", "extern:77")
    user("add", "rita", words=f"{WORDS}\n")
    left = user("sessions")
    store.close()

    assert nobody == (0, "", "")
    assert sorted(line.split()[0] for line in shown[1].splitlines()) == ["extern:77", "rita"]
    assert (ended[0], again[0], "är inte inloggad" in again[2]) == (0, 65, True)
    assert left == (0, "", "")
