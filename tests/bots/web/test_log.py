"""What pages write to the log holds none of the keys that came to them."""

import logging
import re

import httpx
import pytest

from tests.bots.web.house import House

_SENTINEL = "HEMLIGT-SOM-INGEN-FAR-SE"


async def test_no_password_code_link_or_key_of_a_hook_comes_into_the_log(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    transport = httpx.ASGITransport(app=house.app())

    async with httpx.AsyncClient(transport=transport, base_url="http://test") as browser:
        page = await browser.get("/logga-in")
        found = re.search(r'name="token" value="([^"]+)"', page.text)
        assert found is not None
        typed = {"token": found[1], "who": "anna", "password": _SENTINEL, "code": _SENTINEL, "next": "/"}
        refused = await browser.post("/logga-in", data=typed)
        for path in ("/l/", "/enkat/", "/hooks/elks/", "/arenden/", "/?q="):
            await browser.get(f"{path}{_SENTINEL}")
        await browser.post("/svar", data={"token": found[1], "code": _SENTINEL})

    assert refused.status_code == 422
    ours = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert _SENTINEL not in "\n".join(record.getMessage() for record in ours)
