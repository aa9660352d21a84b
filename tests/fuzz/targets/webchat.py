"""What is posted from the page of a talk: words, a button, or a code. The first line is the content type."""

from starlette.exceptions import HTTPException
from starlette.requests import Request

from bots.channels.webchat import Pressed, written
from bots.web.webchat import _PRESSED, _neat, _payload, _read
from tests.fuzz.loop import LOOP
from tests.fuzz.posted import posted
from tests.fuzz.sound import NOW, can_be_written, is_kept

_FORM = b"application/x-www-form-urlencoded\n"
SEEDS = (
    _FORM + b"text=Gungan+%C3%A4r+trasig&language=sv&token=x&ticket=y&choice=",
    _FORM + b"text=&choice=12.ja&language=finns-inte&website=x",
    _FORM + b"text=/status&choice=999999999999999999999.x&code=K7QM-4TXP-9HZR",
    _FORM + b"text=%ED%A0%80%00%E2%80%AE&language=%ED%B0%80",
    b"multipart/form-data; boundary=B\n"
    b'--B\r\nContent-Disposition: form-data; name="text"\r\n\r\nHej\r\n--B--\r\n',
)


def fuzz(data: bytes) -> None:
    """Read it and make a message of it; it can be kept, or the post is refused in an orderly way."""
    request = posted(data)
    try:
        sent = LOOP.run_until_complete(_read(Request(request.scope, request.receive))).fields
    except HTTPException as refused:
        assert refused.status_code in {400, 408, 413, 415}
        return
    text, chosen, language = (sent.get(name, "") for name in ("text", "choice", "language"))
    can_be_written([_neat(sent.get("code", "")), *(name[:100] for name in sent)])
    found = _PRESSED.fullmatch(chosen)
    for pressed in (None, Pressed(), Pressed(letter=int(found[1]), value=found[2]) if found else Pressed()):
        message = written(
            handle="a" * 64,
            external_id="b",
            text=text,
            payload=_payload(text, chosen, language),
            language=language,
            files=(),
            pressed=pressed,
            now=NOW,
        )
        is_kept(message)
        assert message.text == text
