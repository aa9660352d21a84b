"""Finds where somebody lives or can be reached: streets, mail, profiles, properties, cars and machines."""

import ipaddress
import re
from collections.abc import Iterator

from classifier.passages.signs import everyday, signs
from store.domain import PassageKind

Found = tuple[int, int, PassageKind, str]

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

_NUMBER = re.compile(
    r"(?<=[^\W\d_]),? (?:nr\.? ?)?(\d{1,3}(?:[A-Za-z](?![\w-])| [A-HJ-Za-h](?![\w-]))?(?:-\d{1,3})?)"
    r"(?![\w:/%]|[.,-]\d| x \d)"
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
_PROPERTY = re.compile(
    r"(?<!\w)((?:Fastighet|Fastigheten|Tomten?) )?"
    rf"(?:[{_BIG}][\w-]{{2,25}} ){{1,3}}(?:s-)?\d{{1,4}}:\d{{1,4}}(?![\d:])"
)
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


def addresses(text: str) -> Iterator[Found]:
    """Find addresses of every kind in a plain text. They may overlap."""
    yield from _mail(text)
    yield from _net(text)
    yield from _streets(text)
    yield from _things(text)


def _mail(text: str) -> Iterator[Found]:
    at = text.find("@")
    while at != -1:
        left = _MAIL_LEFT.search(text, max(0, at - 66), at)
        right = _MAIL_RIGHT.match(text, at + 1)
        if left and right:
            end = at + 1 + len(right.group().rstrip(".-_"))
            yield left.start(), end, PassageKind.EMAIL, "skrivet som en e-postadress"
        at = text.find("@", at + 1)
    for sign in _AT.finditer(text):
        left = _SPOKEN_LEFT.search(text, max(0, sign.start() - 130), sign.start())
        right = _SPOKEN_RIGHT.match(text, sign.end())
        if left and right:
            yield left.start(), right.end(), PassageKind.EMAIL, "e-postadress med utskrivet @"


def _net(text: str) -> Iterator[Found]:
    for match in _URL.finditer(text):
        if _PROFILE.search(match.group()):
            words = match.group().rstrip(".,;:!?)")
            yield (
                match.start(),
                match.start() + len(words),
                PassageKind.PROFILE,
                "länk som pekar ut en användare",
            )
    for match in _HANDLE.finditer(text):
        words = match.group().rstrip(".")
        yield match.start(), match.start() + len(words), PassageKind.PROFILE, "användarnamn efter @"
    for pattern in (_IP4, _IP6):
        for match in pattern.finditer(text):
            if _is_ip(match.group()) and not _is_version(text, match.start()):
                yield (*match.span(), PassageKind.NETWORK_ADDRESS, "skrivet som en ip-adress")


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


def _streets(text: str) -> Iterator[Found]:
    for number in _NUMBER.finditer(text):
        street = _street_before(text, number.start())
        if street is None or _UNIT.match(text, number.end()):
            continue
        end = number.end(1)
        for pattern in (_MORE, _TOWN):
            more = pattern.match(text, end)
            end = more.end() if more else end
        yield street[0], end, PassageKind.ADDRESS, street[1]
    for match in _STREET_EN.finditer(text):
        yield (*match.span(), PassageKind.ADDRESS, "gata med nummer")
    for pattern, why in (
        (_POSTCODE, "postnummer och ort"),
        (_CARE_OF, "c/o och namn"),
        (_FLAT, "lägenhetsnummer"),
        (_BOX, "boxadress"),
    ):
        for match in pattern.finditer(text):
            yield (*match.span(), PassageKind.ADDRESS, why)


def _street_before(text: str, end: int) -> tuple[int, str] | None:  # noqa: C901  # one rule a line
    """Return where the street begins whose name ends here, and why it is one."""
    words = _LAST_WORDS.search(text, max(0, end - _FAR), end)
    if words is None:
        return None
    known = signs()
    names = words.group().split(" ")
    last = names[-1].casefold()
    taken = 1
    if last.endswith(tuple(known["ingen gata"])):
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
    elif last.endswith(tuple(known["gata"])):
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


def _things(text: str) -> Iterator[Found]:
    for match in _PROPERTY.finditer(text):
        if match.group(1):
            yield match.end(1), match.end(), PassageKind.PROPERTY, "skrivet som en fastighetsbeteckning"
            continue
        if not _is_time(match.group()) or _SAYS_PROPERTY.search(
            text[max(0, match.start() - 30) : match.start()]
        ):
            yield (*match.span(), PassageKind.PROPERTY, "skrivet som en fastighetsbeteckning")
    for match in _BLOCK.finditer(text):
        yield (*match.span(), PassageKind.PROPERTY, "fastighet eller kvarter med nummer")
    for match in _PLATE.finditer(text):
        letters = match.group(1)
        is_said = _SAYS_PLATE.search(text[max(0, match.start() - 40) : match.start()])
        if is_said or _is_plate(letters):
            yield (*match.span(), PassageKind.VEHICLE, "skrivet som ett registreringsnummer")
    for match in _RECORD.finditer(text):
        if any(sign.isdigit() for sign in match.group(1)):
            yield (*match.span(1), PassageKind.RECORD_NUMBER, "nummer efter ett ord för journal")


def _is_time(words: str) -> bool:
    hour, minute = words.rsplit(" ", 1)[1].removeprefix("s-").split(":")
    name = words.split()[0].casefold()
    if name in {"kl", "klockan", "osl", "tf", "kap", "matteus", "psalm"}:
        return True
    return len(minute) == 2 and 5 < int(hour) < 25 and int(minute) < 60
