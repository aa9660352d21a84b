"""What senders say of themselves in a mail: that they wish to be anonymous, or how they want the answer.

Plain phrases, each tried in tests/bots/desk/test_wishes.py. What is missed costs a sentence in a letter; what
is found wrongly tells somebody something untrue, so the phrases are narrow.
"""

import re
from collections.abc import Sequence

from store.domain import Address

SMS = "sms"
PHONE = "telefon"  # no road of ours: the handler is to phone

_LONGEST_TEXT = 20_000
# Somebody else's words: between quotation marks, or on a line that quotes.
_QUOTES = '"”“„«»>'
_QUOTED = re.compile(r"[\"”“„«»][^\"”“„«»\n]{1,300}[\"”“„«»]|^>.*$", re.MULTILINE)

_ANONYMOUS = re.compile(
    r"""
    # Svenska
      \bjag\ (?:vill|önskar|skulle\ vilja|tänker|väljer\ att|föredrar\ att|ber\ att\ få|måste)
        (?:\ (?:gärna|helst|därför|också|verkligen|dock|ändå|få|kunna|att))*
        \ (?:vara|förbli|få\ vara)\ (?:helt\ )?anonym\b
    | (?:(?:^|[.!?]\ )|\b(?:därför|helst|så)\ )(?:vill|önskar)\ (?:jag\ )?
        (?:(?:gärna|helst|därför|också|att|få)\ )*(?:vara|förbli)\ (?:helt\ )?anonym\b
    | \bjag\ är\ (?:helt\ )?anonym\b
    | (?:\bjag\ |(?:^|[.!?]\ ))(?:skriver|lämnar|framför|skickar|anmäler)
        \ (?:(?:det|den)\ här\ |detta\ |denna\ )?
        (?:(?:synpunkt(?:en)?|klagomål(?:et)?|brevet|mejlet)\ )?(?:helt\ )?anonymt\b
    | \b(?:därför|här)\ (?:skriver|lämnar|skickar)\ jag\ (?:helt\ )?anonymt\b
    | \bjag\ vill\ (?:inte|ej)\ (?:uppge|lämna|säga|skriva|ange)
        \ (?:mitt\ namn|vem\ jag\ är|vad\ jag\ heter)\b
    | \b(?:mitt\ namn|min\ identitet)\ (?:får|ska)\ (?:inte|ej)\ (?:lämnas\ ut|komma\ (?:ut|fram)|röjas)\b
    # English
    | \bi\ (?:want|wish|prefer|need|would\ (?:like|prefer|rather)|choose)
        \ (?:to\ )?(?:be|remain|stay|keep)\ anonymous\b
    | \bi['’]d\ (?:like|prefer|rather)\ (?:to\ )?(?:be|remain|stay)\ anonymous\b
    | \bi(?:\ am|['’]m)\ (?:writing\ (?:this\ )?|reporting\ (?:this\ )?)anonymously\b
    | \bi(?:\ am|['’]m)\ anonymous\b
    | \b(?:please\ )?keep\ (?:me|my\ name|this)\ anonymous\b
    | \bi\ (?:do\ not|don['’]t)\ want\ to\ (?:give|tell|say|state)\ (?:you\ )?my\ name\b
    # Suomi
    | \b(?:haluan|haluaisin|tahdon|toivon)\ (?:saada\ )?(?:olla|pysyä|pysytellä)
        \ (?:nimetön|nimettömänä|anonyymi(?:nä)?)\b
    | \bolen\ (?:nimetön|anonyymi)\b
    | \bkirjoitan\ (?:tämän\ )?(?:nimettömänä|anonyymi(?:nä|sti))\b
    | \ben\ halua\ (?:kertoa|ilmoittaa|antaa|sanoa)\ nimeäni\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Each phrase holds one of these, and nearly no mail does: to look for a plain word costs next to nothing.
_ANONYMOUS_IS_IN = ("anony", "mitt namn", "min identitet", "vem jag är", "vad jag heter", "my name", "nime")
_NEW_SENTENCE = re.compile(r"[.,!?]?\n(?=[A-ZÅÄÖ])")
# Who signs with nothing but this, on a line of its own.
_SIGNED = re.compile(
    r"^\W*(?:(?:mvh|hälsningar|med vänlig hälsning)[,.]?\s+)?(?:anonym|anonymous|nimetön)\W*\Z", re.IGNORECASE
)

# At most two signs between figures: "070-174 06 33", "(070) 174 06 33", "+46 70 174 06 33".
_NUMBER = r"(?P<{name}>(?:\+|00)?\(?\d(?:[\s\-/()]{{0,2}}\d){{6,14}})"
_TO = (
    r"(?:\s+(?:på|till|via|at|on|to|numeroon|puhelinnumeroon))?"
    r"(?:\s+(?:mobilen|mobil|telefon|nummer|numret|number|nr|tel))?[\s.:]{1,3}"
)
_SMS = re.compile(
    r"(?<!inte )\b(?:"
    r"(?:svara|kontakta|meddela|nå|återkom)(?:\s+(?:mig|gärna|helst|hellre|då|till|med))*"
    r"\s+(?:på|via|genom|med|per)\s+(?:ett\s+)?sms"
    r"|(?:vill|önskar)\s+(?:jag\s+)?(?:gärna\s+|helst\s+)?(?:ha|få)\s+(?:ett\s+|mitt\s+)?"
    r"(?:svar|svaret)\s+(?:på|via|genom|per|som)\s+sms"
    r"|(?:skicka|sänd)(?:\s+(?:gärna|helst))*\s+(?:svaret|svar|mig)(?:\s+svaret)?"
    r"\s+(?:(?:på|via|som|per|ett)\s+)?sms"
    r"|sms:?a\s+(?:gärna\s+)?(?:mig|svaret)"
    r"|(?:reply|answer|respond)(?:\s+(?:to\s+me|me|please))?\s+(?:by|via|with\s+an?)\s+(?:sms|text(?:\s+message)?)"
    r"|text\s+me"
    r"|(?:vastaa|vastatkaa)(?:\s+minulle)?\s+tekstiviestillä"
    r"|(?:lähetä|lähettäkää)(?:\s+minulle)?\s+(?:vastaus\s+)?tekstiviesti(?:llä|nä)?"
    r")\b(?!\s+(?:inte|not|never))(?:" + _TO + _NUMBER.format(name="number") + r")?",
    re.IGNORECASE,
)
_SMS_IS_IN = (
    "sms",
    "text me",
    "by text",
    "via text",
    "with text",
    "with a text",
    "with an text",
    "tekstiviesti",
)
# Without a number, "svara på sms" may be said of anybody.
_MINE = re.compile(r"\b(?:mig|jag|me|minulle|svaret)\b|\bvill\b", re.IGNORECASE)
_CALL = re.compile(
    r"(?:(?:^|[.!?:,]\s*|\b(?:så|snälla|gärna|vänligen|och|please|and)\s+)(?:ring|ringa|call|phone|soita|soittakaa)"
    r"(?:\s+(?:gärna|helst|upp))?\s+(?:mig|me|minulle)"
    r"|\b(?:kan|kunde|skulle)\s+(?:ni|du|någon)\s+(?:kunna\s+)?(?:gärna\s+)?ringa\s+(?:upp\s+)?mig"
    r"|\bvill\s+att\s+(?:ni|du|någon)\s+ringer\s+(?:upp\s+)?mig"
    r"|\b(?:can|could|would)\s+(?:you|someone|somebody)\s+(?:please\s+)?(?:call|phone)\s+me"
    r"|\bvill\s+(?:jag\s+)?(?:gärna\s+|helst\s+)?(?:ha|få)\s+(?:mitt\s+)?svar(?:et)?\s+(?:på|per|via)\s+telefon"
    r")\b(?!\s+(?:inte|aldrig|not|never|names|crazy))(?:\s+(?:gärna|helst|upp))?(?:"
    + _TO
    + _NUMBER.format(name="number")
    + r")?",
    re.IGNORECASE | re.MULTILINE,
)

_CALL_IS_IN = (
    *(f"{before}{word}" for word in ("ring", "call", "phone", "soit") for before in " .!?:,"),
    "telefon",
)

# In a message that is hardly more than an address.
_MOST_WORDS = 12
_MAIL = re.compile(r"[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[a-zA-Z]{2,24}\b")
_ALONE = re.compile(_NUMBER.format(name="number"))


def wants_anonymity(text: str) -> bool:
    """Tell whether a sender writes that they wish to be anonymous. Nobody else's words count."""
    own = _own(text)
    if _SIGNED.search(own.strip().rpartition("\n")[2]):
        return True
    if not _holds(_folded(own), _ANONYMOUS_IS_IN):
        return False
    # A new line that begins with a capital begins a sentence; other line ends only fold the text.
    sentences = _NEW_SENTENCE.sub(". ", own)
    return _ANONYMOUS.search(" ".join(sentences.split())) is not None


def wished_road(text: str) -> Address | None:
    """Return how a sender asks to be answered: by SMS, or by phone. The handle is E.164, or "" for none.

    The first wish that is found counts. Anything but a plain wish of their own is no wish.
    """
    own = _own(text)
    folded = _folded(own)
    found = [
        (match.start(), Address(channel=channel, handle=phone_number(match["number"] or "")))
        for channel, pattern, words in ((SMS, _SMS, _SMS_IS_IN), (PHONE, _CALL, _CALL_IS_IN))
        if _holds(folded, words)
        and (match := pattern.search(own)) is not None
        and (match["number"] or _MINE.search(match[0]))
    ]
    return min(found, key=lambda one: one[0])[1] if found else None


def contact_given(text: str) -> Address | None:
    """Return the mail address or phone number that a short message gives, as from who was asked for it."""
    if len(text.split()) > _MOST_WORDS:
        return None
    if (found := _MAIL.search(text)) is not None:
        return Address(channel="email", handle=found[0])
    number = _ALONE.search(text)
    given = phone_number(number["number"]) if number else ""
    return Address(channel=SMS, handle=given) if given else None


def phone_number(typed: str) -> str:
    """Write a number as E.164, a Swedish one as +46...; an empty text for what can be none."""
    figures = re.sub(r"[^\d+]", "", typed)
    if figures.startswith("00"):
        figures = "+" + figures[2:]
    if not figures.startswith("+"):
        figures = "+46" + figures[1:] if figures.startswith("0") else ""
    figures = re.sub(r"^\+460", "+46", figures)  # "+46 (0)70": one zero too many
    return figures if re.fullmatch(r"\+[1-9]\d{7,14}", figures) else ""


def _folded(text: str) -> str:
    return f" {' '.join(text.casefold().split())}"


def _holds(folded: str, words: Sequence[str]) -> bool:
    return any(word in folded for word in words)


def _own(text: str) -> str:
    # One space at a time: runs of them would make the patterns slow.
    lines = (" ".join(line.split()) for line in text[:_LONGEST_TEXT].splitlines())
    own = "\n".join(line for line in lines if line)
    return _QUOTED.sub(" ", own) if any(sign in own for sign in _QUOTES) else own
