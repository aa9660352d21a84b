"""Mails of citizens for the journeys: invented people, each with an address and a subject of their own."""

import random
from datetime import UTC, datetime
from email.utils import format_datetime

_MATTERS = (
    "Gungan i {place} är trasig igen",
    "Papperskorgen vid {place} är full",
    "Bra jobbat med blommorna vid {place}",
    "Kan ni sätta upp en bänk vid {place}?",
    "Halt på gångvägen vid {place}",
)
_PLACES = ("Björkparken", "Storgatan 3", "biblioteket", "Norra torget", "ån", "busshållplatsen", "skolan")
_TEXTS = (
    "Jag går förbi varje dag och det har varit så länge nu.",
    "Barnen i kvarteret hoppas att det blir gjort snart.",
    "Tack för att ni tar hand om vår stad.",
)


def citizen(number: int) -> str:
    """Return the address of one of many invented citizens."""
    return f"medborgare{number}@example.org"


def message_id(number: int, *, domain: str = "example.org") -> str:
    """Return the Message-ID of a citizen's mail."""
    return f"<synpunkt.{number}@{domain}>"


def synpunkt(number: int, *, to: str, matter: str = "", more: str = "") -> bytes:
    """Write a citizen's mail; `matter` is its subject, `more` further header lines with their line ends."""
    choose = random.Random(number)  # noqa: S311 - the same mail each time, no secret
    place = choose.choice(_PLACES)
    subject = matter or f"{choose.choice(_MATTERS).format(place=place)} ({number})"
    text = "\r\n".join(choose.sample(_TEXTS, 2))
    return (
        f"From: Medborgare {number} <{citizen(number)}>\r\n"
        f"To: {to}\r\n"
        f"Subject: {subject}\r\n"
        f"Date: {format_datetime(datetime.now(UTC))}\r\n"
        f"Message-ID: {message_id(number)}\r\n"
        f"{more}"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\n"
        f"\r\n{subject}.\r\n{text}\r\n\r\nHälsningar\r\nMedborgare {number}\r\n"
    ).encode()
