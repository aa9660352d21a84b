"""Finds where somebody lives or can be reached: streets, mail, profiles, properties, cars and machines."""

import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence

from classifier.passages.signs import ends, everyday, signs
from store.domain import PassageKind

Found = tuple[int, int, PassageKind, str]
Groups = Sequence[tuple[int, int]]

_BIG = "A-ZÅÄÖÉÜ"
_SMALL = "a-zåäöéèüáíóøæ"
_FAR = 66  # characters that are looked back from a sign or a figure

_MAIL_LEFT = re.compile(r"[\w.+%'-]{1,64} ?$")
_MAIL_RIGHT = re.compile(r" ?[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_AT = re.compile(
    r" ?(?:snabel-?a|\(snabel-?a\)|\(at\)|\[at\]|\{at\}) ?| at (?=[\w-]{1,40} (?:dot|punkt) )", re.IGNORECASE
)
_DOT = r"(?: (?:punkt|dot) | ?\(dot\) ?| ?\[dot\] ?|\.)"
_SPOKEN_LEFT = re.compile(rf"[\w-]{{1,30}}(?:{_DOT}[\w-]{{1,30}}){{0,3}}$", re.IGNORECASE)
_SPOKEN_RIGHT = re.compile(rf"[\w-]{{1,40}}(?:{_DOT}[\w-]{{1,40}}){{1,3}}", re.IGNORECASE)
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"]{3,300}", re.IGNORECASE)
_PROFILE = re.compile(
    r"(?:facebook|fb|instagram|tiktok|twitter|x|snapchat|youtube|github|linkedin|t|threads)\.(?:com|me|net)/"
    r"(?!groups|events|pages)[\w@./-]{2,}"
    r"|/~\w|/(?:users?|profil|profile|in|u|member)/\w|[?&](?:user|username|u|namn|name)=\w|//[^/\s@]{1,60}@",
    re.IGNORECASE,
)
_HANDLE = re.compile(r"(?<![\w.@/])@[a-zA-Z_][\w.]{2,40}")
_IP4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
_IP6 = re.compile(r"(?<![\w:])[0-9a-fA-F:]{6,39}(?![\w:])")

_LEAD = re.compile(r"(?<=[^\W\d_]),? (?:nr\.? ?)?$")
_HOUSE = re.compile(
    r"\d{1,3}(?:[A-Za-z](?![\w-])| [A-HJ-Za-h](?![\w-]))?(?:-\d{1,3})?(?![\w:/%]|[.,-]\d| x \d)"
)
_LAST_WORDS = re.compile(r"(?:[\w:.'-]+ ){0,2}[\w:.'-]+$")
_UNIT = re.compile(
    r" ?(?:gånger|ggr|st|dagar|dar|veckor|månader|timmar|tim|minuter|min|meter|m|km|år|kr|kronor|bilar|barn|"
    r"cm|mm|personer|elever|jan\w*|feb\w*|mars|april|maj|juni|juli|aug\w*|sept?\w*|okt\w*|nov\w*|dec\w*)\b",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"(?:,? ?(?:lgh|läg(?:enhet)?|lght|port|uppg(?:ång)?|vån(?:ing)?|tr|nb|bv|ög)\b\.?:? ?\d{0,4}[A-Za-z]?\b"
    r"|,? \d{1,2} ?tr\b)+",
    re.IGNORECASE,
)
_TOWN = re.compile(
    rf"[,\n ]{{1,3}}(?:SE-|S-)?\d{{3}} ?\d{{2}} {{1,2}}[{_BIG}][{_BIG}{_SMALL}-]+"
    rf"(?: [{_BIG}][{_BIG}{_SMALL}-]+)?"
)
_STREET_EN = re.compile(
    rf"(?<![\w-])\d{{1,4}} [{_BIG}][{_SMALL}]{{2,20}} (?:Street|Road|Avenue|Lane|Drive|Close|Rd|Ave)\b"
)
_SAYS_HOME = re.compile(
    r"(?:\bbor (?:jag |vi |hon |han |hen )?(?:nu |själv )?(?:på|i|vid)|\badress(?:en)?(?: är)?|\bhemma på|"
    r"\blives? (?:at|on)|\basun|\bosoite(?:eni)?(?: on)?)\W{0,3}$",
    re.IGNORECASE,
)
_POSTCODE = re.compile(
    rf"(?<![\d-])(?<!\d )(?:SE-|S-)?[1-9]\d{{2}} ?\d{{2}} {{1,2}}(?!Kr|St\b|SEK|KR)"
    rf"[{_BIG}][{_BIG}{_SMALL}-]{{2,}}"
    rf"(?: [{_BIG}][{_BIG}{_SMALL}-]+)?"
)
_CARE_OF = re.compile(rf"\bc/o [\w-]+(?: [{_BIG}][\w-]*){{0,2}}")
_FLAT = re.compile(
    r"\b(?:lgh|lägenhet|lägenhetsnummer|lägenhetsnr|lght)\.?:? ?(?:nr\.? ?)?\d{3,4}\b", re.IGNORECASE
)
_BOX = re.compile(r"\b(?:box|postlåda) \d{1,5}\b", re.IGNORECASE)
_PROPERTY_WORDS = re.compile(
    rf"(?<!\w)((?:Fastighet|Fastigheten|Tomten?) )?((?:[{_BIG}][\w-]{{2,25}} ){{1,3}}(?:s-)?)$"
)
_PROPERTY_NUMBER = re.compile(r"\d{1,4}:\d{1,4}(?![\d:])")
_BLOCK = re.compile(
    r"\b(?:kv\.?|kvarteret|fastighet(?:en)?|tomt(?:en)?|fastighetsbeteckning(?:en)?:?) (?:är )?"
    rf"[{_BIG}]\w{{2,25}}(?: [{_BIG}]\w{{2,25}})? \d{{1,4}}(?::\d{{1,4}})?(?![\w:])"
)
_SAYS_PROPERTY = re.compile(r"(?:fastighet\w*|tomt\w*|gård\w*|beteckning\w*)\W{0,3}(?:är )?$", re.IGNORECASE)
_PLATE = re.compile(r"(?<![\w-])([A-HJ-PR-UW-Z]{3})[ -]?\d{2}[0-9A-HJ-PR-UW-Z](?![\w-])", re.IGNORECASE)
_SAYS_PLATE = re.compile(
    r"(?:\breg\w*\W{0,2}(?:nr|nummer|no)?|\w*bil(?:en)?|"
    r"\bvolvo\w*|\bsaab\w*|\bmoped\w*|\bmc|nummerplåt\w*|\bskylt\w*)"
    r"\W{0,3}(?:är |med |hade )?(?:reg\w* )?\W{0,2}$",
    re.IGNORECASE,
)
_RECORD = re.compile(
    r"\b(?:journal(?:nummer|nr|\snr)|patient(?:nummer|nr|[ -]?id)|remiss(?:nummer|nr|[ -]?id)|vårdnummer)"
    r"\.?(?: är)?[:\s]{0,3}(?:nr\.? )?([A-Z0-9][\w/-]{3,20})",
    re.IGNORECASE,
)
_AT_SIGNS = ("snabel", "(at)", "[at]", "{at}", " at ")
# Patterns that are tried only if one of their words stands somewhere in the text.
_NAMED = (
    (("lgh", "lägenhet", "lght"), _FLAT, PassageKind.ADDRESS, "lägenhetsnummer"),
    (("box", "postlåda"), _BOX, PassageKind.ADDRESS, "boxadress"),
    (("kv", "fastighet", "tomt"), _BLOCK, PassageKind.PROPERTY, "fastighet eller kvarter med nummer"),
)


def addresses(text: str, groups: Groups) -> Iterator[Found]:
    """Find addresses of every kind in a plain text and its groups of figures. They may overlap."""
    small = text.lower()
    if "@" in text or any(sign in small for sign in _AT_SIGNS):
        yield from _mail(text)
    if "@" in text or "www." in small or "://" in small:
        yield from _profiles(text)
    if text.count(":") > 1:
        yield from _whole(text, _IP6, PassageKind.NETWORK_ADDRESS, "skrivet som en ip-adress", _is_ip)
    if "c/o" in small:
        yield from _whole(text, _CARE_OF, PassageKind.ADDRESS, "c/o och namn")
    if groups:
        yield from _named(text, small)
    for start, end in groups:
        yield from _beside_figures(text, start, end)


def _named(text: str, small: str) -> Iterator[Found]:
    """Find what a word before the figures names."""
    for words, pattern, kind, why in _NAMED:
        if any(word in small for word in words):
            yield from _whole(text, pattern, kind, why)
    if any(word in small for word in ("journal", "patient", "remiss", "vårdnummer")):
        for match in _RECORD.finditer(text):
            if any(sign.isdigit() for sign in match.group(1)):
                yield (*match.span(1), PassageKind.RECORD_NUMBER, "nummer efter ett ord för journal")


def _whole(
    text: str, pattern: re.Pattern[str], kind: PassageKind, why: str, is_one: Callable[[str], bool] = bool
) -> Iterator[Found]:
    for match in pattern.finditer(text):
        if is_one(match.group()):
            yield (*match.span(), kind, why)


def _beside_figures(text: str, start: int, end: int) -> Iterator[Found]:
    """Find what a group of figures is part of, by what stands next to it."""
    length, before, after = end - start, text[start - 1 : start], text[end : end + 1]
    if length <= 3:
        if before == " " or before == ",":
            yield from _street(text, start)
        if after == ".":
            address = _IP4.match(text, start)
            if address and _is_ip(address.group()) and not _is_version(text, start):
                yield (*address.span(), PassageKind.NETWORK_ADDRESS, "skrivet som en ip-adress")
    if length <= 4 and after == ":":
        yield from _property(text, start)
    if length <= 4 and after == " " and (english := _STREET_EN.match(text, start)):
        yield (*english.span(), PassageKind.ADDRESS, "gata med nummer")
    if length in (3, 5):
        yield from _postcode(text, start)
    if length in (2, 3):
        yield from _plate(text, start)


def _street(text: str, start: int) -> Iterator[Found]:
    number = _HOUSE.match(text, start)
    lead = _LEAD.search(text, max(0, start - 6), start)
    if number is None or lead is None or _UNIT.match(text, number.end()):
        return
    street = _street_before(text, lead.start())
    if street is None:
        return
    end = number.end()
    for pattern in (_MORE, _TOWN):
        more = pattern.match(text, end)
        end = more.end() if more else end
    yield street[0], end, PassageKind.ADDRESS, street[1]


def _postcode(text: str, start: int) -> Iterator[Found]:
    for lead in ("SE-", "S-", ""):
        if text.startswith(lead, start - len(lead)):
            match = _POSTCODE.match(text, start - len(lead))
            if match:
                yield (*match.span(), PassageKind.ADDRESS, "postnummer och ort")
            return


def _plate(text: str, start: int) -> Iterator[Found]:
    match = _PLATE.match(text, start - 4 + text[start - 1 : start].isalpha()) if start > 2 else None
    if match is None:
        return
    letters = match.group(1)
    if _is_plate(letters) or _SAYS_PLATE.search(text, max(0, match.start() - 40), match.start()):
        yield (*match.span(), PassageKind.VEHICLE, "skrivet som ett registreringsnummer")


def _property(text: str, start: int) -> Iterator[Found]:
    words = _PROPERTY_WORDS.search(text, max(0, start - 90), start)
    number = _PROPERTY_NUMBER.match(text, start)
    if words is None or number is None:
        return
    name = words.start(2)
    is_said = words.group(1) or _SAYS_PROPERTY.search(text, max(0, name - 30), name)
    if is_said or not _is_time(f"{words.group(2)}{number.group()}"):
        yield name, number.end(), PassageKind.PROPERTY, "skrivet som en fastighetsbeteckning"


def _mail(text: str) -> Iterator[Found]:
    at = text.find("@")
    while at != -1:
        left = _MAIL_LEFT.search(text, max(0, at - 66), at)
        right = _MAIL_RIGHT.match(text, at + 1)
        is_apart = text[at - 1 : at] == " "
        if left and right and (not is_apart or text[at + 1 : at + 2] == " "):
            end = at + 1 + len(right.group().rstrip(".-_"))
            yield left.start(), end, PassageKind.EMAIL, "skrivet som en e-postadress"
        at = text.find("@", at + 1)
    for sign in _AT.finditer(text):
        left = _SPOKEN_LEFT.search(text, max(0, sign.start() - 130), sign.start())
        right = _SPOKEN_RIGHT.match(text, sign.end())
        if left and right:
            yield left.start(), right.end(), PassageKind.EMAIL, "e-postadress med utskrivet @"


def _profiles(text: str) -> Iterator[Found]:
    for match in _URL.finditer(text):
        if _PROFILE.search(match.group()):
            end = match.start() + len(match.group().rstrip(".,;:!?)"))
            yield match.start(), end, PassageKind.PROFILE, "länk som pekar ut en användare"
    for match in _HANDLE.finditer(text):
        end = match.start() + len(match.group().rstrip("."))
        yield match.start(), end, PassageKind.PROFILE, "användarnamn efter @"


def _is_version(text: str, start: int) -> bool:
    words = text[max(0, start - 20) : start].lower().split()
    return bool(words) and words[-1].strip(".:") in signs()["version"]


def _is_plate(letters: str) -> bool:
    low = letters.lower()
    if letters == low:
        return low not in everyday() and low not in signs()["ingen bil"]
    return letters.isupper() and low not in signs()["ingen bil"]


def _is_ip(words: str) -> bool:
    try:
        ipaddress.ip_address(words)
    except ValueError:
        return False
    return words.count(":") != 2 or "::" in words


def _street_before(text: str, end: int) -> tuple[int, str] | None:  # noqa: C901  # one rule a line
    """Return where the street begins whose name ends here, and why it is one."""
    words = _LAST_WORDS.search(text, max(0, end - _FAR), end)
    if words is None:
        return None
    known = signs()
    names = words.group().split(" ")
    last = names[-1].casefold()
    taken = 1
    if last.endswith(ends("ingen gata")):
        return None
    if last in known["gata"]:
        # "Carl Johans gata": the words before belong to it, back to the first with a capital.
        while taken < len(names) and names[-taken - 1][:1].isupper():
            taken += 1
        if taken == 1 and last in known["gata, bara med namn före"]:
            if len(names) < 2 or not names[-2].endswith("s"):
                return None
            taken = 2
        why = "gata med nummer"
    elif last.endswith(ends("gata")):
        while taken < len(names) and names[-taken - 1].casefold() in known["väderstreck"]:
            taken += 1
        why = "gata med nummer"
    else:
        while taken < len(names) and names[-taken - 1][:1].isupper():
            taken += 1
        why = "plats med nummer efter ett ord för hemma"
    start = end - len(" ".join(names[-taken:]))
    if why.startswith("plats") and not (
        names[-taken][:1].isupper() and _SAYS_HOME.search(text, max(0, start - 30), start)
    ):
        return None
    return start, why


def _is_time(words: str) -> bool:
    hour, minute = words.rsplit(" ", 1)[1].removeprefix("s-").split(":")
    name = words.split()[0].casefold()
    if name in {"kl", "klockan", "osl", "tf", "kap", "matteus", "psalm"}:
        return True
    return len(minute) == 2 and 5 < int(hour) < 25 and int(minute) < 60
