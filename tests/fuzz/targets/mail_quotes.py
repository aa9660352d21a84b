"""Replies: where the new words end and the quotation begins."""
# ruff: noqa: E501 - seeds are as they come over the wire

from bots.mail.body import unflowed
from bots.mail.quotes import beside_parent, new_text, without_parent
from tests.fuzz.sound import text_of

SEEDS = (
    b"Tack!\n\nDen 23 nov 2026 kl. 09:00 skrev Lillkommun <a@example.se>:\n> Hej\n>> Gammalt",
    "Ja.\n\n________________________________\nFrån: Eva\nSkickat: den 2 maj\nTill: Bo\nÄmne: Sv: Gungan".encode(),
    b"Ok\r\n-----Original Message-----\r\nFrom: a\r\nTo: b\r\nSubject: c\r\n\r\nHej",
    "-- skriv ovanför denna rad --\nText\n\n-- \nHälsningar\nEva".encode(),
    b"> a\nb\n> c\nd\n>> e \n>> f\n\n--- Ursprungligt meddelande ---",
    b"Skickat fr\xc3\xa5n min iPhone\n\n23 nov. 2026 kl. 09:00 skrev a@example.se:\n\n> x",
)
_PARENTS = ("Gungan är trasig.\nHälsningar Eva", "Tack för din synpunkt.\n\nMed vänlig hälsning\nLillkommun")


def fuzz(data: bytes) -> None:
    """Take quotations off; what is left is never longer than what there was."""
    text = data.decode("utf-8", "replace")
    assert len(new_text(text)) <= len(text)
    without_parent(text, _PARENTS)
    beside_parent(text, _PARENTS)
    half = len(text) // 2
    without_parent(text[:half], [text[half:]])
    unflowed(text, delete_space=len(text) % 2 == 0)
    without_parent(text_of(data), [text_of(data)])
