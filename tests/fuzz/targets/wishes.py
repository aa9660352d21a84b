"""What a citizen writes, read for wishes, names, language and the doors that are not ours."""

from bots.desk.wishes import contact_given, phone_number, wants_anonymity, wished_road
from classifier.lanes import read_lanes
from classifier.language import Languages
from classifier.pseudonyms import Pseudonyms, everyday_words
from tests.fuzz.sound import can_be_written

SEEDS = (
    "Jag vill vara anonym. Ring mig på 070-174 06 05 eller skriv till eva@example.se!".encode(),
    "Svara gärna med sms till +46 (0)70 174 06 05.\n\nHälsningar\nEva Exempel".encode(),
    "Jag överklagar beslutet. Min son blev slagen på skolan i går, ring 112.".encode(),
    b"I want to report a leak. Please call me at 0046701740605",
    b"> jag vill vara anonym\n\nnej " + b"a." * 200,
    b"Hej " * 100 + b"anonym " * 20,
    "\u200b\u00ad\ufeffanonym\u2028ring\x85mig \u0130".encode(),
)
_LANES = read_lanes()
_LANGUAGES = Languages()
_PSEUDONYMS = Pseudonyms(everyday_words(["gungan är trasig", "gungan är trasig"]))


def fuzz(data: bytes) -> None:
    """Read it for each of them."""
    text = data.decode("utf-8", "replace")
    wants_anonymity(text)
    for address in (wished_road(text), contact_given(text)):
        if address is not None:
            can_be_written([address.handle])
    number = phone_number(text)
    assert not number or number[1:].isdigit()
    lanes = _LANES.of(text)
    assert len(lanes) == len(set(lanes))
    _LANGUAGES.of(text)
    can_be_written([_PSEUDONYMS.of(text)])
