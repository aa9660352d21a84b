"""A form as any program may post it. The first line is the content type."""

from starlette.exceptions import HTTPException
from starlette.requests import Request

from bots.web.fields import one_line, read
from tests.fuzz.loop import LOOP
from tests.fuzz.posted import posted
from tests.fuzz.sound import can_be_written

_FORM = b"application/x-www-form-urlencoded\n"
SEEDS = (
    _FORM + b"text=Gungan+%C3%A4r+trasig&email=eva%40example.se&token=x",
    _FORM + b"a=%00%ED%A0%80&a=%u202e&=&&b;c=%",
    _FORM + b"a" * 300 + b"=" + b"%25" * 100,
    b"application/x-www-form-urlencoded; charset=utf-7\na=+AOU-",
    b"text/plain\na=b",
    b"\xff\n\xff",
)


def fuzz(data: bytes) -> None:
    """Read the form: its fields can be kept, or it is refused in an orderly way."""
    request = posted(data)
    try:
        found = LOOP.run_until_complete(read(Request(request.scope, request.receive)))
    except HTTPException as refused:
        assert refused.status_code in {400, 408, 413, 415}
        return
    for value in found.values():
        assert value.isascii() or value.encode()
        assert "\x00" not in value
        assert "\r" not in value
        can_be_written([value, one_line(value, most=80)])
