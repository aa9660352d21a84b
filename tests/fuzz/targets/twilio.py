"""What is posted as if from Twilio and rightly signed, and signatures that are not right."""

import base64
import hashlib
import hmac

import httpx

from bots.channels.twilio import Settings, Twilio, build
from bots.wire import sms
from tests.fuzz.hooked import HERE, OURS, SECRET, answer_by, given, post

SEEDS = (
    b"MessageSid=SM1&SmsStatus=received&From=%2B46701740605&To=%2B46701740699&Body=Gungan&NumMedia=0",
    b"MessageSid=MM1&From=%2B46701740605&To=x&Body=&NumMedia=1&MediaUrl0=http://127.0.0.1:9/a&MediaContentType0=a/b;c",
    b"MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30003&To=%2B46701740605",
    b"OptOutType=STOP&From=%2B46701740605&MessageSid=SM3&Body=STOPP",
    b"MediaUrl0=http://[&From=a&SmsSid=x&MediaUrl9=http://127.0.0.1:9/%00",
    b"a=1&a=2&A=%ED%A0%80&=",
)
_BUILT = build(
    Settings(account_sid=f"AC{'0' * 32}", auth_token="env:A", number=OURS, base_url="http://127.0.0.1:9"),
    given(),
)
assert isinstance(_BUILT, Twilio)
_CHANNEL: Twilio = _BUILT
answer_by(_CHANNEL._api.service, lambda _: httpx.Response(200, content=b"\x89PNG"))


def fuzz(data: bytes) -> None:
    """Post it signed, unsigned and with the bytes as signature."""
    fields: dict[str, set[str]] = {}
    for name, value in sms.fields_of(data):
        fields.setdefault(name, set()).add(value)
    signed = f"{HERE}/hooks/twilio" + "".join(
        name + value for name in sorted(fields) for value in sorted(fields[name])
    )
    sum_ = hmac.new(SECRET.encode(), signed.encode("utf-8", "surrogatepass"), hashlib.sha1).digest()
    answer, kept = post(_CHANNEL, data, headers={"x-twilio-signature": base64.b64encode(sum_).decode()})
    assert answer is None or answer.status in {200, 403}
    assert len(kept) <= 1
    forged, kept = post(_CHANNEL, data, headers={"x-twilio-signature": data.decode("latin-1")})
    assert forged is not None
    assert forged.status == 403
    assert kept == []
