"""How reports write in Swedish: numbers, shares, days and periods, as one reads them aloud."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction

from store.figures.period import Period

_UP_TO_TWELVE = (
    "noll",
    "en",
    "två",
    "tre",
    "fyra",
    "fem",
    "sex",
    "sju",
    "åtta",
    "nio",
    "tio",
    "elva",
    "tolv",
)
_ORDINALS = ("första", "andra", "tredje", "fjärde")
_MONTHS = (
    *("januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober"),
    *("november", "december"),
)
_SPACE = "\u00a0"  # it keeps a number in one piece at the end of a line


def number(count: int, *, neuter: bool = False) -> str:
    """Write a count in a sentence: in words up to twelve, then `1 234` with a space that does not break."""
    if 0 <= count < len(_UP_TO_TWELVE):
        return "ett" if neuter and count == 1 else _UP_TO_TWELVE[count]
    return figures(count)


def figures(count: int) -> str:
    """Write a count in figures: `7`, `1 234`."""
    return f"{count:,}".replace(",", _SPACE)


def many(count: int, one: str, more: str, *, neuter: bool = False) -> str:
    """Write a count with its noun: `ett klagomål`, `två synpunkter`, `13 arbetsdagar`."""
    return f"{number(count, neuter=neuter)} {one if count == 1 else more}"


def cases(count: int) -> str:
    """Write how many synpunkter."""
    return many(count, "synpunkt", "synpunkter")


def complaints(count: int) -> str:
    """Write how many klagomål."""
    return many(count, "klagomål", "klagomål", neuter=True)


def working_days(days: Fraction | int) -> str:
    """Write how many working days: `1 arbetsdag`, `2 arbetsdagar`, `2,5 arbetsdagar`."""
    tenths = whole(Fraction(days) * 10)
    if tenths % 10:
        return f"{whole(Fraction(tenths // 10))},{tenths % 10} arbetsdagar"
    return many(tenths // 10, "arbetsdag", "arbetsdagar")


def percent(share: Fraction) -> str:
    """Write a share in whole percent; what is not all, or not nothing, is never written as if it were."""
    rounded = whole(share)
    if rounded == 0 and share:
        return "mindre än 1 procent"
    if rounded == 100 and share < 100:
        return "mer än 99 procent"
    return f"{number(rounded) if rounded > 12 else rounded} procent"


def whole(value: Fraction) -> int:
    """Round half away from zero, as people do."""
    rounded = int(abs(value) + Fraction(1, 2))
    return rounded if value >= 0 else -rounded


def listed(words: Sequence[str]) -> str:
    """Put words together: `a, b och c`."""
    return f"{', '.join(words[:-1])} och {words[-1]}" if len(words) > 1 else "".join(words)


def begun(sentence: str) -> str:
    """Begin a sentence with a capital."""
    return sentence[:1].upper() + sentence[1:]


def day(value: date) -> str:
    """Write `22 november 2026`."""
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def month(value: date) -> str:
    """Write `nov 26`, for an axis."""
    name = _MONTHS[value.month - 1]
    return f"{name if len(name) <= 4 else name[:3]} {value:%y}"


def period(value: Period) -> str:
    """Write a period as it stands after "under": `tredje kvartalet 2026`, `juli 2026`, `2026`."""
    if value.kind == "year":
        return str(value.first.year)
    if value.kind == "month":
        return f"{_MONTHS[value.first.month - 1]} {value.first.year}"
    place = value.first.month - 1
    if value.kind == "quarter":
        return f"{_ORDINALS[place // 3]} kvartalet {value.first.year}"
    if value.kind == "tertial":
        return f"{_ORDINALS[place // 4]} tertialet {value.first.year}"
    if value.kind == "half-year":
        return f"{_ORDINALS[place // 6]} halvåret {value.first.year}"
    return _between(value.first, value.last)


def _between(first: date, last: date) -> str:
    """Write `januari–augusti 2026` of whole months of a year, else `15 januari–1 mars 2026`."""
    is_whole = first.day == 1 and (last + timedelta(days=1)).day == 1
    if is_whole and first.year == last.year:
        return f"{_MONTHS[first.month - 1]}–{_MONTHS[last.month - 1]} {last.year}"
    begins = day(first).removesuffix(f" {last.year}")
    return f"{begins}–{day(last)}"


def before(value: Period) -> str:
    """Name the period before, as it stands after "än": `kvartalet innan`."""
    return f"{_THE.get(value.kind, 'perioden')} innan"


def year_before(value: Period) -> str:
    """Name the same period a year before: `samma kvartal året innan`."""
    return f"samma {_SAME.get(value.kind, 'tid')} året innan"


_THE = {
    "month": "månaden",
    "quarter": "kvartalet",
    "tertial": "tertialet",
    "half-year": "halvåret",
    "year": "året",
}
_SAME = {"month": "månad", "quarter": "kvartal", "tertial": "tertial", "half-year": "halvår"}
