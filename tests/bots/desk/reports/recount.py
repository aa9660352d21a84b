"""Counts R1 to R4 once more from the rows of the store and holds a CSV against it. Knows no code of ours.

It is written against requirements C4 alone, in another way than the reports are made: figures as they stand
in the file, words by words. What it returns is a list of everything that is not as it should be.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

_HERE = ZoneInfo("Europe/Stockholm")
_KINDS = ("beröm", "förslag", "klagomål")
_FACTORS = (
    *("Bemötande", "Delaktighet/inflytande", "Tillgänglighet", "Handläggningstid", "Utförande", "Trygghet"),
    *("Information", "Valfrihet", "Boendemiljö", "Mat", "Taxor/avgifter", "Annat"),
)
_SOURCES = (
    *("webb", "e-post", "chatt", "sms", "sociala_medier", "telefon", "besök", "möte", "brev", "blankett"),
    *("fax", "nämndfrågestund"),
)
_ENDED = {"avslutad", "arkiverad", "gallrad"}
_NOT_THERE = {"karantän", "dubblett", "överlämnad"}

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
Line = dict[str, str]


@dataclass
class _Sum:
    total: int = 0
    kinds: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_KINDS, 0))
    factors: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_FACTORS, 0))
    anonymous: int = 0
    is_open: int = 0
    answers: list[bool] = field(default_factory=list)
    feedback: list[bool] = field(default_factory=list)

    def add(self, case: Mapping[str, Any], kind: str, factor: str) -> None:
        self.total += 1
        self.kinds[kind] += 1
        self.factors[factor] += 1
        self.anonymous += case["sender_handle"] == ""
        self.is_open += case["status"] not in _ENDED


def lines_of(written: bytes) -> list[Line]:
    """Read a CSV up to its notes."""
    found = list(csv.reader(io.StringIO(written.decode("utf-8-sig")), delimiter=";"))
    return [dict(zip(found[0], row, strict=True)) for row in found[1:] if row and not row[0].startswith("#")]


def differences(
    report: str,
    written: bytes,
    rows: Rows,
    *,
    units: Mapping[str, str],
    first: date,
    last: date,
    today: date,
) -> list[str]:
    """List what in a CSV of R1 to R4 is not what the rows say. `units` are their names by their ids.

    One nämnd is reckoned with. `rows` are those of `cases` and `promises`.
    """
    lines = lines_of(written)
    wrong = list(_sums(report, lines))
    if report == "R4":
        for month in range(4, last.month + 1, 4):
            name = f"{first.year}-T1" if month == 4 else f"{first.year}-T1–T{month // 4}"
            some = [line for line in lines if line["period"] == name]
            until = date(first.year, month, 31 if month in (8, 12) else 30)
            wrong += _held("R2", some, _counted("R2", rows, units, first, until, today))
    else:
        wrong += _held(report, lines, _counted(report, rows, units, first, last, today))
    return wrong


def _counted(
    report: str, rows: Rows, units: Mapping[str, str], first: date, last: date, today: date
) -> dict[tuple[str, str], _Sum]:
    sums: dict[tuple[str, str], _Sum] = defaultdict(_Sum)
    whose: dict[int, tuple[tuple[str, str], ...]] = {}
    for case in rows["cases"]:
        day = case["received_at"].astimezone(_HERE).date()
        kind = case["kind"] or case["chosen_kind"] or case["suggested_kind"]
        factor = case["factor"] or case["suggested_factor"]
        if not first <= day <= last or case["status"] in _NOT_THERE or not kind or not factor:
            continue
        keys = _keys(report, units.get(case["unit"], "(utan enhet)"), str(factor), str(case["source"]))
        whose[case["id"]] = keys
        for key in keys:
            sums[key].add(case, str(kind), str(factor))
    for owed in rows["promises"]:
        if owed["round"] != 1 or owed["kind"] not in ("svar", "första_återkoppling"):
            continue
        kept = owed["kept_at"] and owed["kept_at"].astimezone(_HERE).date()
        if not kept and owed["due_on"] >= today:
            continue
        for key in whose.get(owed["case_id"], ()):
            verdicts = sums[key].answers if owed["kind"] == "svar" else sums[key].feedback
            verdicts.append(bool(kept) and kept <= owed["due_on"])
    return sums


def _keys(report: str, unit: str, factor: str, source: str) -> tuple[tuple[str, str], ...]:
    if report == "R1":
        return (unit, "Alla"), (unit, factor)
    if report == "R2":
        return ("Alla", "Alla"), (unit, "Alla"), ("Alla", source)
    return ("Alla", ""), (unit, "")


def _held(report: str, lines: Iterable[Line], sums: Mapping[tuple[str, str], _Sum]) -> Iterator[str]:
    names = {"R1": ("enhet", "faktor"), "R2": ("verksamhet", "kanal"), "R3": ("verksamhetsområde", "")}[
        report
    ]
    left = set(sums)
    for line in lines:
        key = line[names[0]], line.get(names[1], "")
        left.discard(key)
        wanted = sums.get(key, _Sum())
        told = {"totalt": str(wanted.total), **{kind: str(count) for kind, count in wanted.kinds.items()}}
        if report == "R3":
            told |= {factor: str(count) for factor, count in wanted.factors.items()}
            told["i_tid_%"] = _percent(wanted.answers)
        else:
            told |= {"anonyma": str(wanted.anonymous), "öppna": str(wanted.is_open)}
            told["svar_i_tid_%"] = _percent(wanted.answers)
            told["första_återkoppling_i_tid_%"] = _percent(wanted.feedback)
        yield from (
            f"{key} {name}: {line[name]!r}, counted {value!r}"
            for name, value in told.items()
            if line[name] != value
        )
    yield from (f"{key}: no row, counted {sums[key].total}" for key in sorted(left))


def _percent(verdicts: Sequence[bool]) -> str:
    if not verdicts:
        return ""
    share = Decimal(100 * sum(verdicts)) / Decimal(len(verdicts))
    return str(share.quantize(Decimal("0.1"), ROUND_HALF_UP)).replace(".", ",")


def _sums(report: str, lines: Sequence[Line]) -> Iterator[str]:
    """Hold the sums of the file against each other: type = factor = unit = total."""
    for line in lines:
        if int(line["totalt"]) != sum(int(line[kind]) for kind in _KINDS):
            yield f"{line}: types"
        if report == "R3" and int(line["totalt"]) != sum(int(line[factor]) for factor in _FACTORS):
            yield f"{line}: factors"
    if report == "R1":
        for unit in {line["enhet"] for line in lines}:
            whole, *parts = [line["totalt"] for line in lines if line["enhet"] == unit]
            if int(whole) != sum(map(int, parts)):
                yield f"{unit}: factors"
        return
    for period in {line.get("period", "") for line in lines}:
        some = [line for line in lines if line.get("period", "") == period]
        name = "verksamhetsområde" if report == "R3" else "verksamhet"
        whole = next(line["totalt"] for line in some if {line[name], line.get("kanal", "Alla")} == {"Alla"})
        by_unit = [line["totalt"] for line in some if line[name] != "Alla"]
        by_source = [line["totalt"] for line in some if line.get("kanal", "Alla") in _SOURCES]
        if int(whole) != sum(map(int, by_unit)) or (by_source and int(whole) != sum(map(int, by_source))):
            yield f"{period}: units or sources"
