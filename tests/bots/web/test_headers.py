"""Each route, asked in each way that there is, answers with every header that guards it."""

import asyncio
import re
from collections.abc import Iterator

import pytest
from starlette.routing import Mount, Route

from tests.bots.web.whole import Request, Whole, whole
from tests.servers.sqlite import Shelf

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
ALWAYS = {
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
}
_COOKIE = ("httponly", "samesite=lax", "secure", "path=/")
_HOLES = ("1", "finns-inte")
# The one file for other sites: a script of ours that holds nobody's words.
_LENT = "/chatt/knapp.js"


@pytest.fixture(scope="module")
def opened(shelf: Shelf) -> Iterator[Whole]:
    with shelf.emptied() as store, whole(store, secure_cookies=True) as found:
        yield found


def asked(opened: Whole) -> list[Request]:
    fixed = ("/static/house.css", "/static/finns-inte.css", "/finns-inte", "//")
    found = [Request(path=path) for path in fixed]
    for route in opened.routes():
        if isinstance(route, Mount):
            continue
        assert isinstance(route, Route)
        for hole in _HOLES:
            path = re.sub(r"{[^}]+}", hole, route.path)
            found += [Request(method=method, path=path) for method in ("GET", "POST", "HEAD", "OPTIONS")]
    return found


def test_every_route_answers_with_every_header_that_guards_it(opened: Whole) -> None:
    visitor = opened.visitor()
    wanting: list[str] = []

    async def ask_all() -> int:
        requests = asked(opened)
        for request in requests:
            answer = await visitor.ask(request, keeps_cookies=False)
            wrong = [name for name, value in ALWAYS.items() if answer.header(name) != value]
            # The address of such a page is a key: nobody is told it, not even our own other pages.
            is_key = request.path.startswith(("/l/", "/enkat/"))
            referrer = answer.header("referrer-policy")
            if referrer != "no-referrer" and (is_key or referrer != "same-origin"):
                wrong.append(f"referrer {referrer}")
            policy = answer.header("content-security-policy")
            if policy not in {POLICY, f"{POLICY}; connect-src 'self'", "sandbox; default-src 'none'"}:
                wrong.append(f"policy {policy}")
            is_lent = request.path == _LENT and request.method in {"GET", "HEAD"}
            others = answer.header("cross-origin-resource-policy")
            if others != ("cross-origin" if is_lent else "same-origin"):
                wrong.append(f"other sites {others}")
            kept = answer.header("cache-control")
            may_be_kept = is_lent or (request.path.startswith("/static") and answer.status in {200, 304})
            if kept.startswith("public") != may_be_kept and "no-store" not in kept:
                wrong.append(f"kept {kept}")
            if "server" in dict(answer.headers) or "x-powered-by" in dict(answer.headers):
                wrong.append("tells what it is made of")
            cookie = answer.header("set-cookie").lower()
            if cookie and not all(word in cookie for word in _COOKIE):
                wrong.append(f"cookie {cookie.partition('=')[0]}")
            wanting.extend(f"{request.method} {request.path}: {one}" for one in wrong)
        return len(requests)

    count = asyncio.run(ask_all())

    assert "\n".join(wanting) == ""
    assert count > 300


def test_without_tls_before_us_no_browser_is_told_to_demand_it(shelf: Shelf) -> None:
    with shelf.emptied() as store, whole(store) as found:
        answer = asyncio.run(found.visitor().get("/"))

    assert answer.status == 200
    assert answer.header("strict-transport-security") == ""
