"""Every page is asked everything, by a stranger and by colleagues: none falls, waits or changes unasked."""

import asyncio
import inspect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from itsdangerous import TimestampSigner

import bots.web
from bots.web.app import build
from bots.web.oidc import ANSWER
from store.engine import Store, open_store
from store.migrations import upgrade
from tests.bots.web.house import SECRET
from tests.bots.web.whole import (
    FILES,
    FORM,
    Answer,
    Door,
    Request,
    Visitor,
    Whole,
    furnish,
    parts_of,
    whole,
    with_provider,
)

pytestmark = pytest.mark.slow

VISITORS = ("", "anna", "rita")  # a stranger, a handler, the registrator
SLOW = 2.0
ALWAYS = {
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_AT_PROVIDER = ("/logga-in/kommun", ANSWER)  # that nobody was let in is written down
_EXAMPLES = 4  # of each route, method and visitor
_NASTY = (
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "\udfff\ud800",
    "\ufffe\uffff",
    "\u202egnp.exe",
    "\r\nSet-Cookie: x=1",
    "'\"><script>alert(1)</script>",
    "' OR 1=1 --",
    "%00",
    "%",
    "../../etc/passwd",
    "{{7*7}}${7*7}",
    "-1",
    "0",
    "1e9",
    "9" * 30,
    "9" * 5000,
    "٣",
    "²",
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "2026-W01-1",
    "24:00",
    "NaN",
    "null",
    "[]",
    "SYN-2026-000001",
    "SYN-2026-" + "9" * 400,
    "å" * 3000,
    "a" * 70_000,
    "\U0001f937\u200d\u2640\ufe0f" * 50,
    "e\u0301" * 500,
    "(" * 900,
    '"' * 400,
    "a AND b OR NOT NEAR(x y)",
    "*",
    "0.0001-01-01.1",
    "1.9999-12-31.999999999",
)
_CHARSETS = (
    "utf-8",
    "utf-7",
    "utf-16",
    "idna",
    "punycode",
    "undefined",
    "rot13",
    "base64",
    "x" * 300,
    "\xff",
)
_SOURCE = "\n".join(path.read_text() for path in sorted(Path(bots.web.__path__[0]).glob("*.py")))
_FIELDS = sorted({*re.findall(r'sent(?:\.fields)?\.get\(\s*"(\w+)"', _SOURCE), "token", "ticket", "bort_1"})
_READ_ELSEWHERE = {"q", "typ", "fran", "till", "period", "enhet", "faktor", "källa"}
_QUERY = sorted({*re.findall(r'query(?:_params)?\.get\(\s*"(\w+)"', _SOURCE), *_READ_ELSEWHERE})


@dataclass(kw_only=True)
class Attack:
    """A furnished house, somebody in it, and the loop that they live in."""

    runner: asyncio.Runner
    whole: Whole
    visitor: Visitor
    token: str
    doors: Sequence[Door]

    def ask(self, asked: Request) -> Answer:
        return self.runner.run(self.visitor.ask(asked, keeps_cookies=False))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, Whole]]:
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('angrepp') / 'hus.db'}")
    upgrade(store)
    with asyncio.Runner() as runner, whole(store) as opened:
        runner.run(furnish(opened))
        yield runner, opened
    store.close()


@pytest.fixture(scope="module", params=VISITORS, ids=lambda who: who or "stranger")
def attack(place: tuple[asyncio.Runner, Whole], request: pytest.FixtureRequest) -> Attack:
    runner, opened = place
    if not request.param:
        opened = replace(opened, app=with_provider(opened.house))  # a stranger finds both ways to sign in
    visitor = runner.run(opened.enter(request.param))
    doors = opened.doors(*runner.run(opened.walk(visitor)))
    # The walk has done this and that; whoever was signed out by it comes in again.
    visitor = runner.run(opened.enter(request.param))
    return Attack(
        runner=runner, whole=opened, visitor=visitor, token=runner.run(visitor.token()), doors=doors
    )


nasty = st.one_of(st.sampled_from(_NASTY), st.text(max_size=40), st.integers().map(str))


def quoted(text: str) -> str:
    return quote_from_bytes(text.encode("utf-8", "surrogatepass"), safe="")


@st.composite
def fields(draw: st.DrawFn, door: Door, token: str) -> list[tuple[str, str]]:
    """Fill a form in: some fields as offered, some with nonsense, some twice, some not at all."""
    known = [name for name in door.fields if name != "token"] or _FIELDS
    filled: list[tuple[str, str]] = []
    for name in known:
        offered = st.sampled_from(list(door.fields.get(name) or [""]))
        filled += [(name, value) for value in draw(st.lists(offered | nasty, min_size=0, max_size=2))]
    filled += draw(st.lists(st.tuples(st.sampled_from(_FIELDS) | nasty, nasty), max_size=2))
    return [*filled, *([("token", token)] if token else [])]


def parts(filled: Sequence[tuple[str, str]], file_name: str, ending: bytes) -> bytes:
    """Write fields and one file as a browser would, but for what a browser would refuse."""
    sent = [
        b'--grans\r\nContent-Disposition: form-data; name="'
        + name.encode("utf-8", "surrogatepass")
        + b'"\r\n\r\n'
        + value.encode("utf-8", "surrogatepass")
        + b"\r\n"
        for name, value in filled
    ]
    name = file_name.encode("utf-8", "surrogatepass")
    head = b'--grans\r\nContent-Disposition: form-data; name="files"; filename="' + name + b'"\r\n'
    return b"".join([*sent, head, b"Content-Type: text/html\r\n\r\n%PDF-1.7\r\n", ending])


_WAYS = (
    (FORM, "typed"),
    (FORM, "typed"),
    ("", "as the page says"),
    ("", "as the page says"),
    (f"{FILES}; boundary=grans", "parts"),
    (f"{FILES}; boundary=grans", "no end"),
    (f"{FILES}; boundary=annan", "parts"),
    (f"{FILES}; boundary=", "parts"),
    (FILES, "parts"),
    *((f"{FILES}; boundary=grans; charset={one}", "parts") for one in _CHARSETS),
    *((f"{FORM}; charset={one}", "typed") for one in _CHARSETS),
    (FORM, "many"),
    (FORM, "long"),
    (FORM, "odd"),
    ("application/json", "typed"),
    ("\xff/\xfe;;=", "typed"),
)


@st.composite
def bodies(draw: st.DrawFn, door: Door, token: str) -> tuple[str, bytes]:
    """Make a body and what it is said to be."""
    media_type, way = draw(st.sampled_from(_WAYS))
    filled = draw(fields(door, token))
    if way == "as the page says":
        media_type = door.media_type if door.media_type == FORM else f"{FILES}; boundary=grans"
        way = "typed" if media_type == FORM else "parts"
    if way in {"parts", "no end"}:
        return media_type, parts(filled, draw(nasty), b"--grans--\r\n" if way == "parts" else b"")
    typed = "&".join(f"{quoted(name)}={quoted(value)}" for name, value in filled).encode()
    more = {"many": b"&a=1" * 10_000, "long": b"&text=" + b"a" * 300_000, "odd": b"&a=\xff\xfe"}
    return media_type, typed + more.get(way, b"")


@st.composite
def addresses(draw: st.DrawFn, door: Door) -> str:
    """Choose an address of a route: one that has been seen, or one with nonsense in its holes."""
    if "{" not in door.route.path:
        return door.route.path
    is_seen = draw(st.booleans())
    if door.paths and is_seen:
        return draw(st.sampled_from(list(door.paths)))

    def hole(found: re.Match[str]) -> str:
        if found[2]:
            return draw(st.sampled_from(["0", "1", "2", "9" * 18, "9" * 19, "9" * 40, "9" * 5000]))
        likely = st.sampled_from(["SYN-2026-000001", "SYN-2026-000004"])
        return quoted(draw(likely | nasty)[:2000])

    return re.sub(r"{(\w+)(:int)?}", hole, door.route.path)


@st.composite
def cookies(draw: st.DrawFn) -> tuple[tuple[str, str | bytes], ...]:
    """Mostly one's own cookie; else one that is forged, old, broken or long."""
    signed = TimestampSigner(SECRET).sign("eyJpZCI6IDF9").decode()
    return draw(
        st.sampled_from(
            [
                *[()] * 6,
                (("cookie", "synpunkt=eyJpZCI6ICJhbm5hIn0=.aWvZ9A.forged"),),
                (("cookie", f"synpunkt={signed[:-1]}"),),
                (("cookie", f"synpunkt={'a' * 20_000}"),),
                (("cookie", "; ".join(f"k{at}={at}" for at in range(500))),),
                (("cookie", b"synpunkt=\xff\xfe\x00; =; ;"),),
                (("cookie", "synpunkt=; synpunkt=x"),),
            ]
        )
    )


@st.composite
def requests(draw: st.DrawFn, door: Door, token: str) -> Request:
    query = draw(st.lists(st.tuples(st.sampled_from(_QUERY) | nasty, nasty), max_size=3))
    wire: tuple[tuple[str, str | bytes], ...] = draw(cookies())
    media_type, body = draw(bodies(door, token)) if door.method == "POST" else ("", b"")
    more = draw(
        st.sampled_from(
            [
                (),
                (("accept-language", "sv;q=x,,;"),),
                (("x-http-method-override", "POST"),),
                (("range", "bytes=0-0,5-"),),
                (("if-modified-since", "\xff"),),
                (("x-forwarded-host", "ond.example"), ("x-forwarded-for", "'")),
            ]
        )
    )
    return Request(
        method=draw(st.sampled_from([door.method] * 8 + ["HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "X"])),
        path=draw(addresses(door)),
        query="&".join(f"{quoted(name)}={quoted(value)}" for name, value in query).encode(),
        headers=((("content-type", media_type.encode("latin-1")),) if media_type else ()) + wire + more,
        body=body,
    )


def faults(answer: Answer) -> list[str]:
    """List what is wrong with an answer, whatever the question was."""
    found = [f"status {answer.status}"] if answer.status >= 500 else []
    # The one file for other sites: a script of ours that may be loaded there, and holds nobody's words.
    is_lent = answer.header("content-type").startswith("text/javascript")
    always = ALWAYS | ({"cross-origin-resource-policy": "cross-origin"} if is_lent else {})
    found += [name for name, value in always.items() if answer.header(name) != value]
    policy = answer.header("content-security-policy")
    if not policy.startswith(("default-src 'none'; script-src 'self'; ", "sandbox; default-src 'none'")):
        found.append(f"policy {policy!r}")
    if "Traceback (most recent call last)" in answer.text or "sqlalchemy" in answer.text:
        found.append("traceback")
    if any(sign in value for _, value in answer.headers for sign in "\r\n\0"):
        found.append("header injection")
    if not re.fullmatch(r"(/(?![/\\]).*)?", answer.header("location")):
        found.append(f"leads to {answer.header('location')!r}")
    return found


def hurl(attack: Attack, door: Door, token: str) -> None:
    """Throw a fixed number of requests at one route."""

    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(requests(door, token))
    def throw(asked: Request) -> None:
        answer = attack.ask(asked)
        if answer.seconds > SLOW:  # the machine may have been busy: only what is slow twice is slow
            answer = attack.ask(asked)
        wrong = faults(answer)
        if door.route.path in _AT_PROVIDER and answer.status == 503:
            wrong.remove("status 503")  # nobody answers there, and the page says so
        assert (wrong, answer.seconds < SLOW) == ([], True), door.name

    throw()


def test_every_part_of_the_pages_stands_in_the_house_that_is_attacked(
    place: tuple[asyncio.Runner, Whole],
) -> None:
    others = {
        "notices",  # the same pages with other words
        "running",  # likewise
        "watched_at",
        "code_secret",
        "undo",
        "most_enclosed",
        "hooks",  # of their channels, which have tests of their own
        "scanner",  # of what goes with answers, which has too
        "limits",
        "timed",  # counts what the pages take, and has tests of its own
    }

    assert set(inspect.signature(build).parameters) - set(parts_of(place[1].house)) - others == set()


def test_without_a_token_nothing_that_is_thrown_at_the_pages_changes_anything(attack: Attack) -> None:
    before = attack.whole.kept(but_readings=True)

    for door in attack.doors:
        if not door.is_opened_by_key and door.route.path not in _AT_PROVIDER:
            hurl(attack, door, "")

    after = attack.whole.kept(but_readings=True)
    assert {name: rows for name, rows in after.items() if rows != before[name]} == {}


def test_with_a_token_no_page_falls_or_tells_or_keeps_anybody_waiting(attack: Attack) -> None:
    for door in attack.doors:
        if door.route.path != "/logga-ut":
            hurl(attack, door, attack.token)


@pytest.mark.parametrize("sign", ["%00", "%ED%A0%80", "%F4%90%80%80", "9" * 400])
def test_a_sign_that_a_database_refuses_is_a_page_that_is_not_there(store: Store, sign: str) -> None:
    async def ask(place: Whole) -> dict[str, list[str]]:
        found = {}
        for who in VISITORS:
            visitor = await place.enter(who)
            token = await visitor.token()
            for door in place.doors([], []):
                path = re.sub(r"{\w+}", sign, re.sub(r"{\w+:int}", "999999999", door.route.path))
                typed = f"token={token}&" + "&".join(f"{name}={sign}" for name in _FIELDS if name != "token")
                answer = await visitor.ask(
                    Request(
                        method=door.method,
                        path=path,
                        query="&".join(f"{name}={sign}" for name in _QUERY).encode(),
                        headers=(("content-type", FORM),) if door.method == "POST" else (),
                        body=typed.encode() if door.method == "POST" else b"",
                    ),
                    keeps_cookies=False,
                )
                found[f"{who} {door.name}"] = faults(answer)
        return {name: wrong for name, wrong in found.items() if wrong}

    with whole(store) as place:
        assert asyncio.run(ask(place)) == {}
