"""Bytes of a mail with the name of a charset that may be a lie. The name is the first line."""

from bots.mail.charsets import decode, decode_escaped, tidy
from tests.fuzz.sound import can_be_written, text_of

SEEDS = (
    b"utf-8\nGungan \xc3\xa4r trasig",
    b"iso-8859-1\nGungan \xe4r trasig",
    b"windows-1252\n\x93Hej\x94 \x80 5",
    b"utf-16\n\xff\xfeH\x00e\x00j\x00",
    b"utf-7\n+AOU- och +AOQ-",
    b"iso-2022-jp\n\x1b$B$3\x1b(B",
    b"\nDu \xc3\x83\xc2\xa4r sen",
    b"rot13\nurw",
    b"x-unknown\n\x8f\x91",
)


def fuzz(data: bytes) -> None:
    """Decode, and tidy what comes of it."""
    name, _, rest = data.partition(b"\n")
    found = decode(rest, name.decode("latin-1"))
    can_be_written([found.text, tidy(found.text), decode_escaped(text_of(rest))])
