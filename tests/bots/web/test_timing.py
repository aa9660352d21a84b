"""Answers are timed by the pattern of their address: the address may hold a key, a number or a name."""

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from bots.web.timing import Timed
from tests.bots.web.house import House, log_in

Noted = list[tuple[str, str, int]]


def timed(app: ASGIApp, noted: Noted, times: list[float]) -> httpx.AsyncClient:
    def note(route: str, method: str, status: int, took: float) -> None:
        noted.append((route, method, status))
        times.append(took)

    transport = httpx.ASGITransport(app=Timed(app, note=note), client=("192.0.2.1", 40000))
    return httpx.AsyncClient(transport=transport, base_url="http://test")


async def test_an_answer_is_noted_by_its_pattern_method_and_status(house: House) -> None:
    number = house.add_case()
    noted: Noted = []
    times: list[float] = []
    browser = timed(house.app(), noted, times)
    await log_in(browser)
    noted.clear()

    for path in ("/", f"/arenden/{number}", "/finns/sven@example.org", "/static/house.css", "/health"):
        await browser.get(path)
    await browser.request("SVEN", "/health")
    await browser.post("/health")

    assert noted == [
        ("/", "GET", 200),
        ("/arenden/{number}", "GET", 200),
        ("none", "GET", 404),
        ("/static", "GET", 200),
        ("/health", "GET", 200),
        ("/health", "other", 405),
        ("/health", "POST", 405),
    ]
    assert min(times) > 0


async def test_an_answer_that_never_began_counts_as_a_fault() -> None:
    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError("trasig")

    noted: Noted = []
    browser = timed(broken, noted, [])

    with pytest.raises(RuntimeError, match="trasig"):
        await browser.get("/")

    assert noted == [("none", "GET", 500)]
