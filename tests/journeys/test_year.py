"""Ten weeks on the movable clock; `python -m tests.journeys.year --all` lets whole years go by."""

import os
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, insert, select, update

from store.engine import Joined, Row, Transaction
from store.tables import alarms, cases, letters, promises
from tests.journeys.year.drive import Plan, Year, a_year
from tests.journeys.year.figures import count, table
from tests.journeys.year.judge import judge

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.xdist_group("year")]


async def test_t10_t11_each_step_is_told_once_whatever_people_do_and_however_often_we_die() -> None:
    seed = int(os.environ.get("SYNPUNKT_SEED", random.SystemRandom().randrange(10**6)))
    async with a_year(Plan(profile="gislaved", cases=30, kills=4, seed=seed, days=70)) as year:
        figures = count(year)
        print("\n".join(table([figures])))

        assert figures.faults == []
        assert year.record.kills == 4
        assert int(figures.rows["reminders"]) > 0
        assert judge(year).promises["missed"] > 0
        for plant, words in FAULTS:
            assert _is_found(year, plant, words), words


class _Undone(Exception):
    """What was planted is not kept."""


def _is_found(year: Year, plant: Callable[[Transaction], object], words: str) -> bool:
    """Tell whether the judge finds a fault that is planted, and leave everything as it was."""
    found = False
    with suppress(_Undone), year.store.write() as transaction:
        plant(transaction)
        planted = Joined(engine=year.store.engine, transaction=transaction)
        found = any(words in fault for fault in judge(replace(year, store=planted)).faults)
        raise _Undone
    return found


def _first_alarm(transaction: Transaction) -> Row:
    row = transaction.row(select(alarms).order_by(alarms.c.id).limit(1))
    assert row is not None
    return row


def _forget(transaction: Transaction) -> None:
    row = _first_alarm(transaction)
    transaction.connection.execute(delete(alarms).where(alarms.c.id == row["id"]))


def _tell_another(transaction: Transaction) -> None:
    row = _first_alarm(transaction)
    transaction.connection.execute(update(alarms).where(alarms.c.id == row["id"]).values(told=["hans"]))


def _tell_again(transaction: Transaction) -> None:
    row = {**_first_alarm(transaction), "turn": "9", "id": None}
    del row["id"]
    transaction.connection.execute(insert(alarms).values(row))


def _tell_at_night(transaction: Transaction) -> None:
    row = _first_alarm(transaction)
    night = row["at"].replace(hour=1)
    transaction.connection.execute(update(alarms).where(alarms.c.id == row["id"]).values(at=night))


def _lose_a_letter(transaction: Transaction) -> None:
    key = select(letters.c.id).where(letters.c.purpose == "larm").order_by(letters.c.id).limit(1)
    transaction.connection.execute(delete(letters).where(letters.c.id == key.scalar_subquery()))


def _close_one(transaction: Transaction) -> None:
    open_one = select(func.min(cases.c.id)).where(cases.c.status != "avslutad").scalar_subquery()
    row = {"status": "avslutad", "kind": ""}
    transaction.connection.execute(update(cases).where(cases.c.id == open_one).values(row))


def _move_r(transaction: Transaction) -> None:
    row = transaction.row(select(cases).order_by(cases.c.id).limit(1))
    assert row is not None
    later = row["received_at"] + timedelta(days=1)
    transaction.connection.execute(update(cases).where(cases.c.id == row["id"]).values(received_at=later))


def _move_a_promise(transaction: Transaction) -> None:
    row = transaction.row(select(promises).where(promises.c.kind == "svar").limit(1))
    assert row is not None
    later = row["due_on"] + timedelta(days=1)
    transaction.connection.execute(update(promises).where(promises.c.id == row["id"]).values(due_on=later))


def _keep_by_nothing(transaction: Transaction) -> None:
    row = transaction.row(select(promises).where(promises.c.kind == "svar").limit(1))
    assert row is not None
    at = _first_alarm(transaction)["at"] + timedelta(seconds=7)  # nothing else happened at that moment
    transaction.connection.execute(update(promises).where(promises.c.id == row["id"]).values(kept_at=at))


FAULTS: tuple[tuple[Callable[[Transaction], object], str], ...] = (
    (_forget, "not told"),
    (_tell_another, "should be"),
    (_tell_again, "told without reason"),
    (_tell_at_night, "when nobody is there"),
    (_lose_a_letter, "an alarm without its letter"),
    (_close_one, "is closed and lacks type and factor"),
    (_move_r, "R is not that of its message"),
    (_move_a_promise, "counted"),
    (_keep_by_nothing, "by nothing"),
)
