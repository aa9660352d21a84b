"""What has been changed on the settings pages, over what the configuration says: people, units, closed days.

Only the fields that differ are kept, so what nobody has touched follows the configuration. The organisation
that comes of both is put together, and judged, in `bots.desk.directory`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, insert, select, update

from store import journal
from store.domain import Contact, Entry, Handler, Unit
from store.engine import Row, StoreError, Transaction
from store.tables import directory
from store.tables import journal as lines

Facts = Mapping[str, Any]

ACT = "inställning"
_PERSON = ("name", "email", "title", "phone", "substitute", "languages", "absent", "has_left")
_UNIT = ("name", "handlers", "managers", "heads", "words", "addresses", "contact")


class Subject(StrEnum):
    """What can be changed on the settings pages."""

    PERSON = "person"
    UNIT = "enhet"
    CLOSED_DAY = "stängd dag"
    REPLY_TEMPLATE = "svarsmall"


class StaleSettingError(StoreError):
    """Somebody else has changed this since it was shown; show both, and ask again."""


@dataclass(frozen=True, kw_only=True)
class Changed:
    """What is kept of one person, unit or day. `version` is 0 for what nobody has changed."""

    facts: Facts = field(default_factory=dict)
    version: int = 0


UNCHANGED = Changed()


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """All that has been changed, by id; of the days, whether each is closed."""

    people: Mapping[str, Changed]
    units: Mapping[str, Changed]
    days: Mapping[date, bool]

    def of(self, subject: Subject, name: str) -> Changed:
        """Return what is kept of a person or unit."""
        return (self.people if subject is Subject.PERSON else self.units).get(name, UNCHANGED)


def read(transaction: Transaction) -> Overlay:
    """Return all that has been changed."""
    found: dict[str, dict[str, Changed]] = {subject: {} for subject in Subject}
    for row in transaction.rows(select(directory).order_by(directory.c.changed_at, directory.c.name)):
        found[row["subject"]][row["name"]] = Changed(facts=row["facts"], version=row["version"])
    days = found[Subject.CLOSED_DAY]
    return Overlay(
        people=found[Subject.PERSON],
        units=found[Subject.UNIT],
        days={date.fromisoformat(name): bool(one.facts["closed"]) for name, one in days.items()},
    )


def keep(
    transaction: Transaction,
    subject: Subject,
    name: str,
    facts: Facts,
    *,
    version: int,
    by: str,
    now: datetime,
) -> None:
    """Keep what differs from the configuration. Journals nothing: see `note`.

    Raises `StaleSettingError` when it has been changed since `version`, which is 0 for what was not there.
    """
    here = (directory.c.subject == subject) & (directory.c.name == name)
    known = transaction.connection.scalar(select(directory.c.version).where(here).with_for_update())
    if (known or 0) != version:
        raise StaleSettingError(f"{subject} {name} has been changed by somebody else")
    values = {"facts": dict(facts), "version": version + 1, "changed_by": by, "changed_at": now}
    if known is None:
        transaction.connection.execute(insert(directory).values(subject=subject, name=name, **values))
    else:
        transaction.connection.execute(update(directory).where(here).values(**values))


def close_day(transaction: Transaction, day: date, *, closed: bool | None, by: str, now: datetime) -> None:
    """Keep whether a day is closed; None forgets it, for the configuration says the same."""
    here = (directory.c.subject == Subject.CLOSED_DAY) & (directory.c.name == day.isoformat())
    transaction.connection.execute(delete(directory).where(here))
    if closed is not None:
        keep(
            transaction,
            Subject.CLOSED_DAY,
            day.isoformat(),
            {"closed": closed},
            version=0,
            by=by,
            now=now,
        )


def note(
    transaction: Transaction,
    subject: Subject,
    name: str,
    *,
    was: Facts,
    becomes: Facts,
    by: str,
    now: datetime,
) -> None:
    """Journal a change: who, when, and each field from what to what. Without a difference, nothing."""
    fields = [one for one in dict.fromkeys((*was, *becomes)) if was.get(one) != becomes.get(one)]
    if not fields:
        return
    details = {
        "slag": str(subject),
        "namn": name,
        "från": json.dumps({one: was[one] for one in fields if one in was}, ensure_ascii=False),
        "till": json.dumps({one: becomes[one] for one in fields if one in becomes}, ensure_ascii=False),
    }
    journal.write(transaction, now, Entry(actor=by, act=ACT, details=details))


def changes(transaction: Transaction, *, limit: int = 100) -> Sequence[Row]:
    """List the latest changes, the newest first: `at`, `actor`, `subject`, `name`, `was` and `becomes`."""
    wanted = select(lines).where(lines.c.act == ACT).order_by(lines.c.id.desc()).limit(limit)
    return [
        {
            "at": row["at"],
            "actor": row["actor"],
            "subject": row["details"]["slag"],
            "name": row["details"]["namn"],
            "was": json.loads(row["details"]["från"]),
            "becomes": json.loads(row["details"]["till"]),
        }
        for row in transaction.rows(wanted)
    ]


def facts_of(one: Handler | Unit) -> dict[str, Any]:
    """Return what can be changed of a person or unit, as it is kept."""
    fields = _PERSON if isinstance(one, Handler) else _UNIT
    return {name: _kept(getattr(one, name)) for name in fields}


def difference(one: Handler | Unit, base: Handler | Unit | None) -> dict[str, Any]:
    """Return what must be kept of a person or unit: what the configuration does not say already."""
    known = facts_of(base) if base is not None else {}
    return {name: value for name, value in facts_of(one).items() if name not in known or known[name] != value}


def person(name: str, base: Handler | None, facts: Facts) -> Handler:
    """Return a person of the configuration as changed, or one who is only kept here."""
    learned = dict(facts)
    if "languages" in learned:
        learned["languages"] = tuple(learned["languages"])
    if "absent" in learned:
        learned["absent"] = tuple(
            (date.fromisoformat(first), date.fromisoformat(last)) for first, last in learned["absent"]
        )
    return replace(base or Handler(id=name, name="", email=""), **learned)


def unit(name: str, base: Unit | None, facts: Facts) -> Unit:
    """Return a unit of the configuration as changed, or one that is only kept here."""
    learned: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in facts.items()
    }
    if learned.get("contact"):
        learned["contact"] = Contact(**learned["contact"])
    return replace(base or Unit(id=name, name="", handlers=()), **learned)


def _kept(value: Any) -> Any:
    if isinstance(value, Contact):
        return {
            "name": value.name,
            "address": value.address,
            "phone": value.phone,
            "handler": value.handler,
        }
    if isinstance(value, tuple):
        return [_kept(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value
