"""What others try in somebody's name: forged posts, planted sessions, lying hosts, ways out of the house."""

import asyncio
import re
from collections.abc import Iterator

import pytest

from store.engine import open_store
from store.migrations import upgrade
from tests.bots.web.whole import FILES, Answer, Door, Request, Visitor, Whole, furnish, whole

ELSEWHERE = (
    "https://ond.example/",
    "//ond.example/",
    "/\\ond.example/",
    "\\\\ond.example",
    "/%2f%2fond.example",
    "/arenden/../../ond.example",
    "/arenden@ond.example",
    "/arenden.ond.example",
    "javascript:alert(1)",
    "data:text/html,x",
    " //ond.example",
    "\t//ond.example",
    "/arenden\r\nLocation: https://ond.example",
    "/arenden?x=//ond.example#https://ond.example",
    "https:ond.example",
    "/logga-ut",
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, Whole]]:
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('intrång') / 'hus.db'}")
    upgrade(store)
    with asyncio.Runner() as runner, whole(store) as opened:
        runner.run(furnish(opened))
        yield runner, opened
    store.close()


@pytest.fixture
def runner(place: tuple[asyncio.Runner, Whole]) -> asyncio.Runner:
    return place[0]


@pytest.fixture
def house(place: tuple[asyncio.Runner, Whole]) -> Whole:
    return place[1]


def filled_path(door: Door, *, number: str = "SYN-2026-000001") -> str:
    """Fill in the holes of a route: this case, the first of everything else."""
    path = door.route.path.replace("{number}", number).replace("{task}", "anteckna")
    return re.sub(r"{\w+(:int)?}", lambda found: "1" if found[1] else "x", path)


async def post(visitor: Visitor, path: str, typed: dict[str, str]) -> Answer:
    """Send a form, with files if the page takes no other."""
    answer = await visitor.post(path, typed)
    return answer if answer.status != 415 else await visitor.post(path, typed, media_type=FILES)


@pytest.mark.parametrize("who", ["", "anna", "rita"])
def test_a_post_with_no_token_or_another_s_or_one_from_before_is_refused(
    house: Whole, runner: asyncio.Runner, who: str
) -> None:
    async def forge() -> dict[str, int]:
        stranger = house.visitor()
        before = await stranger.token()
        visitor = await house.enter(who)
        own = await visitor.token()
        another = await (await house.enter("omar")).token()
        assert len({before, own, another}) == 3
        doors = [one for one in house.doors([], []) if one.method == "POST" and not one.is_opened_by_key]
        assert len(doors) >= 15
        kept = house.kept(but_readings=True)
        answers = {}
        for door in doors:
            for name, token in {"none": "", "another's": another, "from before": before}.items():
                typed = {"text": "x", **({"token": token} if token else {})}
                answers[f"{door.route.path} {name}"] = await post(visitor, filled_path(door), typed)
        now = house.kept(but_readings=True)
        assert {name: rows for name, rows in now.items() if rows != kept[name]} == {}
        assert (await visitor.token()) == own  # still signed in, with the same forms
        return {
            name: one.status
            for name, one in answers.items()
            if one.status != 403 and not (not who and one.header("location").startswith("/logga-in"))
        }

    assert runner.run(forge()) == {}


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_signing_in_never_leads_out_of_the_staff_pages(
    house: Whole, runner: asyncio.Runner, wanted: str
) -> None:
    async def ask() -> list[str]:
        visitor = await house.enter("anna")
        token = await visitor.token()
        query = Request(path="/logga-in", query=b"next=" + wanted.encode().replace(b"\r\n", b"%0D%0A"))
        answers = [
            await visitor.ask(query),
            await visitor.post("/brev/1/skicka", {"token": token, "back": wanted}),
        ]
        return [one.header("location") for one in answers]

    led = runner.run(ask())

    assert led[0].partition("?")[0] == "/arenden"
    assert led[1].startswith("/arenden?") or led[1] == ""


def test_a_session_from_before_signing_in_opens_nothing_after(house: Whole, runner: asyncio.Runner) -> None:
    async def plant() -> list[int]:
        attacker = house.visitor()
        await attacker.get("/logga-in")
        planted = dict(attacker.cookies)
        victim = house.visitor()
        victim.cookies = dict(planted)
        page = await victim.get("/logga-in")
        token = re.findall(r'name="token" value="([^"]+)"', page.text)[0]
        typed = {"token": token, "who": "anna", "password": "en lång fras för personalen", "next": "/arenden"}
        await victim.post("/logga-in", typed)
        copied = house.visitor()
        copied.cookies = dict(victim.cookies)
        attacker.cookies = planted
        found = [(await one.get("/arenden")).status for one in (victim, copied, attacker)]
        await victim.post("/logga-ut", {"token": await victim.token()})
        return [*found, (await copied.get("/arenden")).status]

    assert runner.run(plant()) == [200, 200, 303, 303]


@pytest.mark.parametrize("who", ["", "rita"])
def test_no_page_and_no_redirect_believes_a_host_that_the_request_names(
    house: Whole, runner: asyncio.Runner, who: str
) -> None:
    async def look() -> list[str]:
        visitor = await house.enter(who)
        visitor.host = "ond.example"
        paths, _ = await house.walk(visitor, most=60)
        told = {"x-forwarded-host": "ond.example", "forwarded": "host=ond.example", "x-host": "ond.example"}
        urls = [*paths, *(f"{path}/" for path in paths if path != "/")]
        answers = {url: await visitor.get(url, **told) for url in urls}
        return [
            url
            for url, one in answers.items()
            if "ond.example" in one.text or any("ond.example" in value for _, value in one.headers)
        ]

    assert runner.run(look()) == []
    assert not any("ond.example" in row["body"] for row in house.house.table("letters"))


def test_nothing_but_our_own_files_comes_out_of_the_static_folder(
    house: Whole, runner: asyncio.Runner
) -> None:
    ways = (
        "../show.py",
        "..%2fshow.py",
        "%2e%2e/show.py",
        "..\\show.py",
        "..%5cshow.py",
        "%2e%2e%2f%2e%2e%2fsettings.py",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "....//show.py",
        "house.css%00.py",
        ".",
        "",
        "a" * 5000,
    )

    async def ask() -> set[int]:
        visitor = house.visitor()
        assert (await visitor.get("/static/house.css")).status == 200
        return {(await visitor.ask(Request(path=f"/static/{way}"))).status for way in ways}

    assert runner.run(ask()) <= {404, 405}


def test_a_header_or_a_field_does_not_make_a_look_into_an_act(house: Whole, runner: asyncio.Runner) -> None:
    async def ask() -> list[int]:
        visitor = await house.enter("anna")
        token = await visitor.token()
        path = "/arenden/SYN-2026-000001/slapp"
        override = {"x-http-method-override": "POST", "x-method-override": "POST", "x-http-method": "POST"}
        kept = house.kept(but_readings=True)
        answers = [
            await visitor.get(f"{path}?_method=POST&token={token}", **override),
            await visitor.ask(Request(method="PUT", path=path, body=b"token=" + token.encode())),
        ]
        assert house.kept(but_readings=True) == kept
        return [one.status for one in answers]

    assert runner.run(ask()) == [405, 405]


def test_n2_a_case_that_is_kept_from_somebody_answers_like_one_that_is_not_there(
    house: Whole, runner: asyncio.Runner
) -> None:
    hidden = next(row["number"] for row in house.house.cases() if row["restricted"])

    async def ask(who: str, number: str) -> dict[str, tuple[int, str]]:
        visitor = await house.enter(who)
        token = await visitor.token()
        found = {}
        for door in house.doors([], []):
            if "{number}" not in door.route.path:
                continue
            path = filled_path(door, number=number)
            ask = visitor.get(path) if door.method == "GET" else post(visitor, path, typed | {"token": token})
            answer = await ask
            text = answer.text.replace(number, "").replace(await visitor.token(), "")
            found[door.name] = (answer.status, text)
        return found

    typed = {"kind": "beröm", "factor": "Annat", "version": "1"}
    known, unknown = runner.run(ask("petra", hidden)), runner.run(ask("petra", "SYN-2026-000999"))

    assert len(known) > 8
    assert [name for name in known if known[name] != unknown[name]] == []
    assert {status for status, _ in known.values()} <= {403, 404}


def test_n2_nobody_finds_out_by_a_duplicate_which_cases_are_kept_from_them(
    house: Whole, runner: asyncio.Runner
) -> None:
    kept = next(row for row in house.house.cases() if row["status"] == "sortering")
    house.house.acts.bar(kept["id"], "anna", by="rita", version=kept["version"])

    async def ask(original: str) -> tuple[int, str]:
        visitor = await house.enter("anna")
        row = house.house.cases()[0]
        typed = {"token": await visitor.token(), "version": str(row["version"]), "original": original}
        answer = await visitor.post(f"/arenden/{row['number']}/gor/dubblett", typed)
        return answer.status, answer.text.replace(original, "").replace(typed["token"], "")

    hidden, none = runner.run(ask(kept["number"])), runner.run(ask("SYN-2026-000999"))

    assert hidden[0] == 422
    assert "Skriv numret på det ärende" in hidden[1]
    assert hidden == none


def test_pages_are_never_stored_and_never_framed(house: Whole, runner: asyncio.Runner) -> None:
    async def look() -> list[str]:
        visitor = await house.enter("rita")
        paths, _ = await house.walk(visitor, most=60)
        files = ("/static", "/chatt/knapp.js")  # the same for everybody
        answers = {path: await visitor.get(path) for path in paths if not path.startswith(files)}
        return [
            path
            for path, one in answers.items()
            if one.header("cache-control") != "no-store"
            or "frame-ancestors 'none'"
            not in one.header("content-security-policy").replace(
                "sandbox; default-src 'none'", "frame-ancestors 'none'"
            )
            or "httponly" not in (one.header("set-cookie").lower() or "httponly")
            or "samesite=lax" not in (one.header("set-cookie").lower() or "samesite=lax")
        ]

    assert runner.run(look()) == []


@pytest.mark.parametrize("charset", ["undefined", "punycode", "idna", "utf-7", "rot13"])
def test_a_form_in_a_charset_that_no_browser_sends_is_refused(
    house: Whole, runner: asyncio.Runner, charset: str
) -> None:
    sent_as = f"{FILES}; boundary=grans; charset={charset}"
    body = b'--grans\r\nContent-Disposition: form-data; name="files"; filename="_"\r\n\r\nx\r\n--grans--\r\n'
    asked = Request(method="POST", path="/", headers=(("content-type", sent_as),), body=body)

    assert runner.run(house.visitor().ask(asked)).status == 415


@pytest.mark.parametrize("figures", [10, 19, 5000])
def test_a_number_that_no_row_can_have_is_not_found(
    house: Whole, runner: asyncio.Runner, figures: int
) -> None:
    async def ask() -> int:
        visitor = await house.enter("rita")
        path = f"/arenden/SYN-2026-000001/meddelande/{'9' * figures}/original"
        return (await visitor.get(path)).status

    assert runner.run(ask()) == 404
