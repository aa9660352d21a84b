"""Messages of chats and SMS: commands, numbers, times, and texts that are cut to what a service takes."""

from bots.channel import LengthUnit
from bots.wire import sms
from bots.wire.commands import command_of
from bots.wire.texts import length, parted
from templates.sms import segments
from tests.fuzz.sound import can_be_written, text_of

SEEDS = (
    b"/status@synpunktbot SYN-2026-000001",
    "Återuppta!".encode(),
    b"+46701740605",
    b"0046 (0)70-174 06 05",
    b"Mon, 23 Nov 2026 09:00:00 +0000",
    b"2026-11-23T09:00:00.123456+23:59",
    b"9999-12-31T23:59:59-23:59",
    b"Mon, 23 Nov 99999999999999999999 09:00:00 +0000",
    "Gungan är trasig \U0001f937\u200d\u2640\ufe0f ".encode() * 40,
    "[]{}^~€\\|".encode() * 60,
    b"from=%2B46701740605&message=hej&message=nej&=",
)


def fuzz(data: bytes) -> None:
    """Read it as each of them. No sign of a text is lost when it is cut, and no part is too long."""
    text = text_of(data)
    command_of(text)
    sms.asked_for(text)
    number = sms.number_of(text)
    assert not number or number.startswith("+") or number.isalnum()
    can_be_written([sms.answerable(text)])
    at = sms.time_of(text)
    assert at is None or at.tzinfo is not None
    sms.first_of(sms.fields_of(data))
    for part in sms.cut(text):
        assert segments(part)[1] <= sms.MOST_SEGMENTS
    for unit in LengthUnit:
        parts = parted(text, 160, unit)
        assert all(length(part, unit) <= 160 for part in parts)
