"""Finds numbers that point at a person: personnummer, telephones, cards and accounts.

A number is read as groups of figures with a little between them, so that neither spaces from a scanner nor a
line break hides it. Nothing here looks further than sixteen figures ahead: the time grows with the text.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date

import phonenumbers
from personnummer import personnummer

from store.domain import PassageKind

Found = tuple[int, int, PassageKind, str]
Groups = Sequence[tuple[int, int]]
Ends = Sequence[tuple[int, str]]

_GROUP = re.compile(r"\d+")
_BETWEEN = " \n-+./()"  # what may stand between two groups of one number
_MOST, _LEAST, _LONGEST_PHONE = 19, 5, 15  # figures
_MOST_GROUPS = 13  # of one number: twelve figures with a space after each, and one sign too many
_MOBILE = re.compile(r"(?:0|0046|46|460)7[02369]\d{7}")
_MOST_ASKED = 2_000  # questions to phonenumbers in one text; beyond them the shape alone decides

_SAYS_PERSON = re.compile(
    r"(?:person(?:al)?\W{0,2}(?:nummer|nr|number)|p\W?nr|pers\W{0,2}(?:nr|nummer)|samordningsn(?:umme)?r|\bssn|"
    r"henkilötunnus|hetu|\bfödd|född den|\bborn)\W{0,3}(?:är|is|on|nr)?\W{0,4}$",
    re.IGNORECASE,
)
_SAYS_BORN = re.compile(
    r"(?:född|f\.|föddes|födelsedatum|born|date of birth|syntynyt)\W{0,2}(?:är|den|on)?\W{0,3}$",
    re.IGNORECASE,
)
_SAYS_CASE = re.compile(
    r"(?:dnr|diarienummer|ärende\w*|faktura\w*|order\w*|kund\w*|ocr\w*|org\w*|avtal\w*|beställning\w*|invoice|"
    r"ref\w*|kolli\w*|paket\w*|artikel\w*|objekt\w*|isbn|serie\w*)[\s.:]{0,2}(?:nr|nummer|no)?[.:]?\W{0,3}$",
    re.IGNORECASE,
)
_SAYS_PHONE = re.compile(
    r"(?:\btel\w*|\bmob\w*|\btfn|\bnås\b.{0,12}|\bring(?:a|er|t)?\b.{0,14}|\bsms\w*|\bfax|\bphone|\bcall\b.{0,12}|"
    r"\bpuh\w*|\bnumret|\bnummer|\bväxel\w*|\bhemnr|\barb)[\s.:]{0,2}(?:nr|nummer|är|på|till)?[.:]?\W{0,3}$",
    re.IGNORECASE,
)
_SAYS_BANK = re.compile(
    r"(?:\bkonto\w*|\bclearing\w*|\bbankgiro\w*|\bbg|\bplusgiro\w*|\bpg|\bswish\w*|\baccount)[\s.:]{0,2}"
    r"(?:nr|nummer|är|number)?[.:]?\W{0,4}$",
    re.IGNORECASE,
)
_BY_NAME = re.compile(r"[A-ZÅÄÖ][\w-]+ \($")
_DIGIT = (
    r"(?:noll|nolla|ett|etta|två|tvåa|tre|trea|fyra|fem|sex|sju|åtta|nio|\w{2,6}tio|tjugo\w{0,5}|\d{1,4})"
)
_SPOKEN = re.compile(rf"\bnoll(?:[ ,-]{{1,2}}{_DIGIT}){{3,12}}\b", re.IGNORECASE)
_PUBLIC = frozenset({"112", "1177", "11313", "11414", "116117", "90000", "020112112"})
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_RESERVE = re.compile(r"(?<!\d)(?:(?:19|20)\d{2}|\d{2})(?:0\d|1[0-2])[0-3]\d-(?=\d*[A-Z])[A-Z\d]{4}\b")
_HIDDEN_END = re.compile(r"(?<!\d)((?:19|20)?\d{2}(?:0\d|1[0-2])[0-3]\d)[- ]?[xX*?_]{3,4}")
_BIRTH = re.compile(
    r"(?<!\d)(?:(?:19|20)?\d{2}[-./ ]?(?:0\d|1[0-2])[-./ ]?[0-3]\d|"
    r"[0-3]?\d[./ ] ?(?:0?\d|1[0-2])[./ -] ?(?:19|20)?\d{2}"
    r"|[0-3]?\d (?:jan|feb|mar|apr|maj|jun|jul|aug|sep|okt|nov|dec)[a-z]{0,6} (?:19|20)?\d{2})(?![\d-])",
    re.IGNORECASE,
)


def groups_of(text: str) -> Groups:
    """Return where the figures of a plain text stand, group by group."""
    return [match.span() for match in _GROUP.finditer(text)]


def numbers(text: str, groups: Groups) -> Iterator[Found]:
    """Find the numbers of a plain text, of which the groups of figures are given. They may overlap."""
    if "oll" in text or "OLL" in text:
        yield from _spoken(text)
    asked = 0
    taken = -1  # what stands before it belongs to a number that was found
    for at, (start, end) in enumerate(groups):
        if start < taken:
            continue
        yield from _written(text, start, end)
        ends = _ends(text, groups, at)
        if len(ends[-1][1]) < _LEAST:
            continue
        found = _person(text, groups, at, ends) or _card(text, groups, at, ends)
        if found is None:
            found, questions = _phone(text, groups, at, ends, ask=asked < _MOST_ASKED)
            asked += questions
        found = found or _account(text, groups, at, ends)
        if found:
            taken = found[1]
            yield found


def _written(text: str, start: int, end: int) -> Iterator[Found]:
    """Find what begins with a group of figures, or with two letters before it."""
    length = end - start
    if text[max(0, start - 2) : start].isupper() and start > 1:
        match = _IBAN.match(text, start - 2)
        if match and _is_iban(match.group()):
            yield (*match.span(), PassageKind.ACCOUNT, "IBAN med rätt kontrolltal")
    if length in (6, 8):
        if match := _HIDDEN_END.match(text, start):
            yield (*match.span(), PassageKind.BIRTH_DATE, "personnummer utan de fyra sista")
        elif match := _RESERVE.match(text, start):
            yield (*match.span(), PassageKind.PERSONAL_NUMBER, "skrivet som ett reservnummer")
    match = _BIRTH.match(text, start)
    if match is None:
        return
    before = _before(text, start)
    if _SAYS_BORN.search(before):
        yield (*match.span(), PassageKind.BIRTH_DATE, "datum efter ordet född")
    elif (
        text[start - 1 : start] == "("
        and text[match.end() : match.end() + 1] == ")"
        and _BY_NAME.search(before)
    ):
        yield (*match.span(), PassageKind.BIRTH_DATE, "datum inom parentes efter ett namn")


def _spoken(text: str) -> Iterator[Found]:
    for match in _SPOKEN.finditer(text):
        yield (*match.span(), PassageKind.PHONE, "telefonnummer med bokstäver")


def _before(text: str, start: int, length: int = 40) -> str:
    return text[max(0, start - length) : start]


def _ends(text: str, groups: Groups, at: int) -> list[tuple[int, str]]:
    """Walk on from a group while little stands between: each end's index, and all figures so far."""
    start, end = groups[at]
    figures = text[start : min(end, start + _MOST + 1)]
    ends = [(at, figures)]
    for index in range(at + 1, min(at + _MOST_GROUPS, len(groups))):
        start, stop = groups[index]
        if start - end > 4 or len(figures) + stop - start > _MOST or text[end:start].strip(_BETWEEN):
            break
        figures += text[start:stop]
        ends.append((index, figures))
        end = stop
    return ends


def _person(text: str, groups: Groups, at: int, ends: Ends) -> Found | None:
    start = groups[at][0]
    if text[start - 1 : start] == "+":
        return None
    best: Found | None = None
    for index, figures in ends:
        if len(figures) not in (10, 12):
            continue
        shape = [end - begin for begin, end in groups[at : index + 1]]
        gap = text[groups[index - 1][1] : groups[index][0]] if index > at else ""
        found = _judge_person(text, start, groups[index][1], figures, shape, gap)
        best = found or best
    return best


def _judge_person(text: str, start: int, end: int, figures: str, shape: list[int], gap: str) -> Found | None:
    if len(figures) == 12 and figures[:2] not in {"18", "19", "20"}:
        return None
    short = figures[-10:]
    month, day = int(short[2:4]), int(short[4:6])
    is_coordination = 60 <= day <= 91
    if not (1 <= month <= 12 and (1 <= day <= 31 or is_coordination)):
        return None
    if len(figures) == 12 and _is_to_come(figures):
        return None
    before = _before(text, start)
    is_said = bool(_SAYS_PERSON.search(before))
    if not is_said and _is_rather_phone(figures, shape, before, day):
        return None
    kind = PassageKind.COORDINATION_NUMBER if is_coordination else PassageKind.PERSONAL_NUMBER
    if _is_right(short):
        is_time = figures[:2] == "20" and len(shape) > 2 and int(short[6:8]) < 24 and int(short[8:]) < 60
        if is_time and len(figures) == 12 and "-" not in gap and not is_said:
            return None
        return start, end, kind, f"{kind.value} med rätt kontrollsiffra"
    is_written_so = shape in ([6, 4], [8, 4]) and ("-" in gap or "+" in gap)
    is_long = shape in ([12], [8, 4]) and figures[:2] == "19"
    if is_said or ((is_written_so or is_long) and not _SAYS_CASE.search(before)):
        return start, end, kind, f"skrivet som {kind.value}, men kontrollsiffran stämmer inte"
    return None


def _is_right(ten: str) -> bool:
    """Tell whether date and check digit are right. A day of 60 stands for one that nobody knows."""
    if not _is_luhn(ten):  # the library asks by exceptions, which costs much more
        return False
    return personnummer.valid(ten) or (
        ten[4:6] == "60" and personnummer.valid(f"{ten[:4]}61{ten[6:9]}{_luhn_end(ten)}")
    )


def _luhn_end(ten: str) -> str:
    # Day 61 for 60 moves the sum by the weight of that place, 1: the check digit that was right is one less.
    return str((int(ten[9]) - 1) % 10)


def _is_to_come(figures: str) -> bool:
    year, month, day = int(figures[:4]), int(figures[4:6]), int(figures[6:8]) % 60 or 1
    today = date.today()  # noqa: DTZ011  # only whether somebody can be born yet
    return (year, month, day) > (today.year, today.month, today.day)


def _is_rather_phone(figures: str, shape: list[int], before: str, day: int) -> bool:
    if len(figures) != 10 or figures[0] != "0":
        return False
    if shape == [10]:
        return bool(_SAYS_PHONE.search(before)) or (day > 31 and figures[1] == "7")
    return shape[0] in (2, 3, 4) and shape != [2, 2, 2, 4]


def _card(text: str, groups: Groups, at: int, ends: Ends) -> Found | None:
    start = groups[at][0]
    if text[start] not in "23456":
        return None
    for index, figures in ends:
        shape = [end - begin for begin, end in groups[at : index + 1]]
        if (shape in ([15], [16], [4, 6, 5]) or shape == [4] * 4) and _is_luhn(figures):
            return start, groups[index][1], PassageKind.CARD, "kortnummer med rätt kontrollsiffra"
    return None


def _is_luhn(figures: str) -> bool:
    doubled = [int(sign) * (1 + at % 2) for at, sign in enumerate(reversed(figures))]
    return sum(part // 10 + part % 10 for part in doubled) % 10 == 0


def _is_iban(words: str) -> bool:
    bare = words.replace(" ", "")
    turned = bare[4:] + bare[:4]
    return 15 <= len(bare) <= 34 and int("".join(str(int(sign, 36)) for sign in turned)) % 97 == 1


def _phone(text: str, groups: Groups, at: int, ends: Ends, *, ask: bool) -> tuple[Found | None, int]:
    """Find a telephone number from a group on, and say how often the numbering plan was asked."""
    start, first_end = groups[at]
    plus = text[start - 1 : start] == "+"
    before = _before(text, start - plus)
    said = bool(_SAYS_PHONE.search(before)) and not _SAYS_CASE.search(before)
    has_prefix = text[start] == "0" or (text[start : start + 2] in ("46", "35") and first_end - start > 3)
    if not (plus or said or has_prefix) or (text[start - 1 : start].isalpha() and not said):
        return None, 0
    if _SAYS_BANK.search(before):
        return None, 0
    likely = [end for end in ends if _LEAST <= len(end[1]) <= _LONGEST_PHONE]
    # A number that is whole on its line does not go on below it.
    likely.sort(key=lambda end: ("\n" in text[start : groups[end[0]][1]], -len(end[1])))
    begin = start - plus - (text[start - plus - 1 : start - plus] == "(")
    for count, (index, figures) in enumerate(likely, 1):
        if not ask or _is_phone(figures, plus=plus):
            why = "telefonnummer enligt nummerplanen" if ask else "skrivet som ett telefonnummer"
            return (begin, groups[index][1], PassageKind.PHONE, why), count
    end = groups[likely[0][0]][1] if likely else start
    if said and likely and "\n" not in text[start:end] and not any(each in _PUBLIC for _, each in likely):
        return (begin, end, PassageKind.PHONE, "siffror efter ett ord för telefon"), len(likely)
    return None, len(likely)


def _is_phone(figures: str, *, plus: bool) -> bool:
    if _MOBILE.fullmatch(figures):
        return True
    written = f"+{figures}" if plus or figures.startswith(("46", "358")) else figures
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(written, "SE"))
    except phonenumbers.NumberParseException:
        return False


def _account(text: str, groups: Groups, at: int, ends: Ends) -> Found | None:
    start = groups[at][0]
    likely = [index for index, figures in ends if 6 <= len(figures) <= 16]
    if not likely or not _SAYS_BANK.search(_before(text, start)):
        return None
    return start, groups[likely[-1]][1], PassageKind.ACCOUNT, "siffror efter ett ord för konto"
