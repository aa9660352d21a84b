"""Weak signals are found in the rows of the store, are of nobody in particular, and are told once."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, update

from store.domain import Factor, Kind, Lane, Status
from store.emptying import GONE
from store.engine import Row, Store
from store.figures import signals
from store.figures.period import Period, read
from store.figures.signals import Signal
from store.tables import cases
from tests.house import NOW, rows_of

OCTOBER = read("2026-10")
UNITS = ("park", "skola")


def put(store: Store, count: int, month: str, **columns: object) -> None:
    """Add complaints of one factor at one unit in a month, each by somebody else."""
    with store.write() as transaction:
        first = len(transaction.rows(cases.select())) + 1
        rows = [
            {
                "id": one,
                "number": f"SYN-{one}",
                "series": "SYN",
                "sequence": one,
                "status": Status.CLOSED,
                "received_at": datetime.fromisoformat(f"{month}-15T12:00:00").replace(tzinfo=UTC),
                "opened_at": NOW,
                "title": "",
                "channel": "web",
                "sender_handle": f"{one}@example.org",
                "language": "sv",
                "unit": "park",
                "handler": "anna",
                "kind": Kind.COMPLAINT,
                "factor": Factor.TREATMENT,
                **columns,
            }
            for one in range(first, first + count)
        ]
        transaction.connection.execute(insert(cases), rows)


def a_year_of_few(store: Store) -> None:
    """Let a complaint a month come to the park for two years before October 2026."""
    for at in range(24):
        put(store, 1, f"{2024 + (at + 9) // 12}-{(at + 9) % 12 + 1:02}")


def found(store: Store, month: Period = OCTOBER) -> list[Signal]:
    with store.read() as transaction:
        return signals.find(transaction, month, UNITS)


def test_l20_more_than_a_units_own_history_is_found_with_its_cases(store: Store) -> None:
    a_year_of_few(store)
    quiet = found(store)
    put(store, 9, "2026-10")

    (signal,) = found(store)

    assert quiet == []
    assert (signal.unit, signal.factor, signal.month, signal.observed) == (
        "park",
        Factor.TREATMENT,
        OCTOBER,
        9,
    )
    assert len(signal.cases) == 9
    assert 0.5 < signal.expected < 1.5


@pytest.mark.parametrize(
    "columns",
    [
        {"restricted": True},
        {"protected": True},
        {"barred": ["anna"], "lanes": [Lane.NAMED_EMPLOYEE]},
        {"status": Status.HANDED_OVER},
        {"status": Status.QUARANTINED},
        {"kind": Kind.PRAISE},
        {"sender_handle": "en@example.org"},
        {"unit": "nedlagd"},
    ],
)
def test_n2_what_is_about_one_person_or_by_one_or_no_complaint_makes_no_signal(
    store: Store, columns: dict[str, object]
) -> None:
    a_year_of_few(store)
    put(store, 9, "2026-10", **columns)

    assert found(store) == []
    put(store, 9, "2026-10")
    assert [one.observed for one in found(store)] == [10 if "sender_handle" in columns else 9]


def test_who_is_unknown_and_who_has_been_disposed_of_may_be_anybody(store: Store) -> None:
    a_year_of_few(store)
    put(store, 4, "2026-10", sender_handle="")
    put(store, 5, "2026-10", sender_handle=GONE)

    assert [one.observed for one in found(store)] == [9]


def test_a_proposal_counts_until_a_human_says_otherwise(store: Store) -> None:
    a_year_of_few(store)
    put(store, 9, "2026-10", kind="", factor="", suggested_kind="klagomål", suggested_factor="Bemötande")

    assert [one.observed for one in found(store)] == [9]
    with store.write() as transaction:
        transaction.connection.execute(
            update(cases).where(cases.c.kind == "").values(kind=Kind.SUGGESTION, factor=Factor.FOOD)
        )
    assert found(store) == []


def test_a_unit_that_is_younger_than_a_year_says_nothing(store: Store) -> None:
    for at in range(2, 10):
        put(store, 1, f"2026-{at:02}")
    put(store, 20, "2026-10")

    assert found(store) == []
    put(store, 1, "2025-09", kind=Kind.PRAISE)
    assert [one.observed for one in found(store)] == [20]


def test_a_signal_is_kept_once_for_its_month_and_journaled(store: Store) -> None:
    a_year_of_few(store)
    put(store, 9, "2026-10")
    (signal,) = found(store)

    with store.write() as transaction:
        first = signals.note(transaction, signal, told=["anna"], now=NOW)
        again = signals.note(transaction, signal, told=["omar"], now=NOW)
        signals.looked(transaction, OCTOBER, count=1, now=NOW)

    assert (first, again) == (True, False)
    (row,) = rows_of(store, "signals")
    assert (row["unit"], row["factor"], row["month"], row["observed"]) == ("park", "Bemötande", "2026-10", 9)
    assert (row["cases"], row["told"]) == (list(signal.cases), ["anna"])
    lines = [line["act"] for line in rows_of(store, "journal")]
    assert lines == [signals.TOLD, signals.LOOKED]
    with store.read() as transaction:
        assert signals.looked_on(transaction) == NOW.date()
        listed: list[list[Row]] = [
            list(signals.told(transaction, units)) for units in (None, ["park"], ["skola"], [])
        ]
    assert [len(rows) for rows in listed] == [1, 1, 0, 0]
