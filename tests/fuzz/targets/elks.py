"""What is posted as if from 46elks, with the right key, and what the service says of it."""

import httpx

from bots.channels.elks import Elks, Settings, build
from bots.wire import sms
from tests.fuzz.hooked import OURS, SECRET, answer_by, given, post

SEEDS = (
    b"direction=incoming&id=s1234&from=%2B46701740605&to=%2B46701740699&created=2026-11-23T08:59:00&message=Gunga",
    b"id=m1&from=%2B46701740605&to=%2B46701740699&message=&image=http://127.0.0.1:9/a1/x.png&direction=incoming",
    b"id=s1&status=delivered&delivered=2026-11-23T08:59:00.5",
    b"event=porting&state=done",
    b"id=../me&from=x&to=y&message=%ED%A0%80%00",
    b"id=s1&status=failed&delivered=Mon, 23 Nov 99999999999999999999 09:00:00 %2B0000",
    b"direction=incoming&id=s9&from=Telia&to=%2B46701740699&created=0001-01-01T00:00:00%2B14:00&message=x",
)
_BUILT = build(
    Settings(
        username="u0123456789",
        password="env:A",
        number=OURS,
        hook_secret="env:B",
        base_url="http://127.0.0.1:9",
    ),
    given(),
)
_posted: dict[str, str] = {}


def _service(request: httpx.Request) -> httpx.Response:
    """Know of just what was posted, as the real one does of a true post."""
    return httpx.Response(200, content=b"\xff\xd8\xff") if "." in request.url.path else _record()


def _record() -> httpx.Response:
    return httpx.Response(200, json=_posted)


assert isinstance(_BUILT, Elks)
_CHANNEL: Elks = _BUILT
answer_by(_CHANNEL._api.service, _service)


def fuzz(data: bytes) -> None:
    """Post it to both doors: kept or refused, and nothing is said back."""
    _posted.clear()
    _posted.update(sms.first_of(sms.fields_of(data)))
    for path in (SECRET, f"{SECRET}/dlr"):
        answer, kept = post(_CHANNEL, data, path=path)
        assert answer is None or answer.status in {200, 204, 403}
        assert answer is None or answer.body == b""
        assert len(kept) <= 1
    assert post(_CHANNEL, data, path=data.decode("latin-1"))[1] == [] or data == SECRET.encode()
