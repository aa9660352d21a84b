"""Accounts of their own: password and one-time code, each code once, and no word on who has one."""

import hashlib
import io
from datetime import timedelta
from importlib.util import find_spec, module_from_spec
from pathlib import Path

import httpx
import pyotp
import pytest

from bots.cli import main
from bots.web.keys import Keys, PasswordError, new_account
from store import accounts
from store.accounts import Account
from tests.bots.test_settings import RIGHT
from tests.bots.web.house import NOW, PASSWORD, House, log_in, token_of

WORDS = "korrekt häst batteri klammer"
NO = {"password": "fel ord helt och hållet", "code": "111111"}


def a_key(house: House, person: str = "anna") -> Account:
    account = new_account(person, WORDS, now=NOW)
    with house.store.write() as transaction:
        accounts.keep(transaction, account)
    return account


def code(house: House, account: Account, *, later: int = 0) -> str:
    return pyotp.TOTP(account.totp_secret).at(house.clock() + timedelta(seconds=30 * later))


async def enter(browser: httpx.AsyncClient, **typed: str) -> httpx.Response:
    """Fill in the page of the door and send it."""
    page = await browser.get("/logga-in")
    sent = {"token": token_of(page), "next": "/arenden", "who": "anna", "password": WORDS} | typed
    return await browser.post("/logga-in", data=sent)


@pytest.mark.parametrize("who", ["anna", "ANNA", " anna ", "anna.ek@example.se", "Anna.Ek@Example.se"])
async def test_password_and_code_open_the_door_by_id_or_mail_address(house: House, who: str) -> None:
    account = a_key(house)
    browser = house.browser()

    answer = await enter(browser, who=who, code=code(house, account))
    page = await browser.get("/arenden")

    assert (answer.status_code, page.status_code) == (303, 200)
    assert "<span>Anna Ek</span>" in page.text


async def test_with_an_account_there_the_shared_password_opens_nothing(house: House) -> None:
    a_key(house)

    answer = await log_in(house.browser(), who="bo", password=PASSWORD)

    assert answer.status_code == 422


@pytest.mark.parametrize(
    "typed",
    [
        {"password": "fel ord helt och hållet"},
        {"code": "000000"},
        {"code": ""},
        {"who": "bo"},
        {"who": "ingen"},
        {"who": ""},
    ],
    ids=str,
)
async def test_nothing_else_opens_and_nobody_learns_who_has_an_account(
    house: House, typed: dict[str, str]
) -> None:
    account = a_key(house)
    browser = house.browser()

    wrong = await enter(browser, **({"code": code(house, account)} | typed))

    assert (wrong.status_code, (await browser.get("/arenden")).status_code) == (422, 303)
    assert "Namnet, lösenordet eller koden stämmer inte." in wrong.text
    assert "Anna Ek" not in wrong.text


async def test_a_code_works_once_and_for_about_half_a_minute(house: House) -> None:
    account = a_key(house)
    digits = code(house, account)

    first = await enter(house.browser(), code=digits)
    again = await enter(house.browser(), code=digits)
    house.clock.forward(timedelta(minutes=5))
    late = await enter(house.browser(), code=code(house, account, later=-3))
    fresh = code(house, account)
    spaced = await enter(house.browser(), code=f" {fresh[:3]} {fresh[3:]} ")

    assert [one.status_code for one in (first, again, late, spaced)] == [303, 422, 422, 303]


async def test_a_new_password_and_a_lost_account_end_the_sessions(house: House) -> None:
    account = a_key(house)
    browser = house.browser(house.app())
    await enter(browser, code=code(house, account))
    before = (await browser.get("/arenden")).status_code

    renewed = a_key(house)
    house.clock.forward(timedelta(seconds=6))
    after = (await browser.get("/arenden")).status_code
    await enter(browser, code=code(house, renewed))
    again = (await browser.get("/arenden")).status_code
    a_key(house, "bo")
    with house.store.write() as transaction:
        accounts.remove(transaction, "anna", now=NOW)
    house.clock.forward(timedelta(seconds=6))
    gone = (await browser.get("/arenden")).status_code

    assert (before, after, again, gone) == (200, 303, 200, 303)


async def test_many_networks_that_guess_at_one_name_are_slowed_down(house: House) -> None:
    a_key(house)
    app = house.app()

    guesses = [await enter(house.browser(app, host=f"192.0.2.{n}"), **NO) for n in range(1, 23)]

    assert [one.status_code for one in guesses] == [422] * 20 + [429] * 2


@pytest.mark.parametrize(
    ("password", "words"),
    [("kort", "för kort"), ("", "för kort"), ("anna är min bästa vän", "innehåller namnet")],
)
def test_a_weak_password_is_refused_with_what_to_do(password: str, words: str) -> None:
    with pytest.raises(PasswordError, match=words):
        new_account("anna", password, now=NOW)


def test_of_a_password_only_its_hash_is_kept(house: House) -> None:
    account = a_key(house)

    assert account.password_hash.startswith("$argon2id$")
    assert WORDS not in account.password_hash


def test_a_password_costs_as_much_to_guess_as_is_advised() -> None:
    """RFC 9106, the second choice of section 4; scrypt with 16 MB."""
    found = find_spec("bots.web.keys")
    assert found is not None
    assert found.loader is not None
    in_service = module_from_spec(found)  # anew: for the other tests passwords are cheap
    found.loader.exec_module(in_service)

    account = in_service.new_account("anna", WORDS, now=NOW)

    assert account.password_hash.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert in_service._nobody().startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert in_service._stretched("ord", b"salt") == hashlib.scrypt(b"ord", salt=b"salt", n=16384, r=8, p=1)


def test_whoever_uses_a_code_first_uses_it_up(house: House) -> None:
    account = a_key(house)
    keys = Keys(store=house.store, shared=PASSWORD, secret="hemlig nog för ett prov", clock=house.clock)
    digits = code(house, account)

    assert [keys.opens("anna", WORDS, digits) for _ in range(2)] == [True, False]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    store = f'[store]\nurl = "sqlite:///{tmp_path / "konton.db"}"\n\n[mail]'
    file.write_text(RIGHT.replace("[mail]", store, 1), encoding="utf-8")
    return file


def test_the_command_line_gives_lists_and_takes_away_accounts(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def user(*arguments: str, words: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(words))
        status = main(["user", *arguments, "--config", str(config)])
        said = capsys.readouterr()
        return status, said.out, said.err

    made = user("add", "rita", words=f"{WORDS}\n")
    listed = user("list")
    weak = user("add", "rita", words="kort\n")
    unknown = user("add", "nobody", words=f"{WORDS}\n")
    gone = user("remove", "rita")
    twice = user("remove", "rita")

    assert made[0] == 0
    assert "otpauth://totp/" in made[1]
    assert listed == (0, "rita\n", "")
    assert (weak[0], "för kort" in weak[2]) == (65, True)
    assert (unknown[0], "rita, ulla" in unknown[2]) == (65, True)
    assert (gone[0], twice[0]) == (0, 65)
