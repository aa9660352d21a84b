"""The figures of a year, side by side for each profile."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.journeys.year.drive import Year
from tests.journeys.year.judge import judge


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What was counted in a year under one profile, by the name of its row, and the faults."""

    profile: str
    rows: dict[str, str]
    faults: list[str]

    def fault_lines(self) -> Iterator[str]:
        """Tell each fault, or that there is none."""
        yield f"{self.profile}: faults {'none' if not self.faults else len(self.faults)}"
        yield from (f"  FAULT {fault}" for fault in self.faults)


def count(year: Year) -> Figures:
    """Judge a year, and count what was in it."""
    found, record = judge(year), year.record
    alarms = Counter(found.alarms)
    answer = {step: alarms.pop(f"svar {step}", 0) for step in ("påminnelse", "eskalering", "nästa_nivå")}
    rows: dict[str, object] = {
        "seed": year.plan.seed,
        "store": year.store.engine_name,
        "ticks": len(record.ticks),
        "looks by a second watch": record.second_looks,
        "kill -9": record.kills,
        "cases": sum(found.statuses.values()),
        "closed at the end": found.statuses["avslutad"],
        **{f"mails: {name}": n for name, n in sorted(record.mails.items())},
        "acts": sum(record.acts.values()),
        "acts refused": sum(record.refused.values()),
        "closed too early: refused": record.refused["close too early"],
        "reminders": answer["påminnelse"],
        "escalations": answer["eskalering"],
        "next level": answer["nästa_nivå"],
        **{f"told: {name}": n for name, n in sorted(alarms.items())},
        **{f"promises {name}": found.promises[name] for name in _PROMISES},
        **{f"missed, shown: {name}": n for name, n in sorted(found.missed.items())},
        **{f"letters: {name}": n for name, n in sorted(found.letters.items())},
        "seconds": f"{year.seconds:.0f}",
        "faults": len(found.faults) or "none",
    }
    return Figures(
        profile=year.plan.profile,
        rows={name: str(value) for name, value in rows.items()},
        faults=found.faults,
    )


_PROMISES = (
    "kept in time",
    "kept late",
    "missed",
    "running",
    "without date",
)


def table(found: Sequence[Figures]) -> Iterator[str]:
    """Set the years beside each other."""
    names = list(dict.fromkeys(name for one in found for name in one.rows))
    names.sort(key=_place)
    width = max(len(name) for name in names) + 2
    yield " " * width + "".join(f"{one.profile:>14}" for one in found)
    for name in names:
        yield f"{name:<{width}}" + "".join(f"{one.rows.get(name, '0'):>14}" for one in found)


def _place(name: str) -> int:
    """Keep rows of a kind together, although not every year has all of them."""
    return next(place for place, start in enumerate(_ORDER) if name.startswith(start))


_ORDER = (
    *("seed", "store", "ticks", "looks", "kill", "cases", "closed at", "mails", "acts", "closed too"),
    *("reminders", "escalations", "next", "told", "promises", "missed", "letters", "seconds", "faults"),
)
