"""What is kept of a month is never older than what is asked."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Executable, delete, update

from store.domain import Factor, Kind, Status
from store.figures import agreement, facts
from store.figures.months import Counted, Months, open_since, visible
from store.figures.period import Period, read
from store.sight import Reader
from store.tables import alarms, answers, cases, promises
from tests.bots.desk.reports.test_sheets import fill
from tests.house import House, an_inbound

YEARS = Period(first=date(2025, 1, 1), last=date(2026, 12, 31))


def fresh(house: House, period: Period) -> Counted:
    with house.store.read() as transaction:
        every = facts.of_period(transaction, period)
        return Counted(
            facts=every,
            judged=agreement.of_period(transaction, period),
            open=[fact for fact in every if fact.is_open],
        )


def test_a_period_is_what_is_read_of_it_at_once(house: House) -> None:
    fill(house.store, count=120, seed=7)
    months = Months(store=house.store)

    for written in ("2025", "2026-K3", "2026-02", "2025-06-15/2026-02-03", "1990", "2030"):
        assert months.of(read(written)) == fresh(house, read(written)), written
        assert months.of(read(written)) == fresh(house, read(written)), written
    assert len(months.of(read("2025")).facts) > 20
    some = [read("2025"), read("2026-K3")]
    assert months.each(*some) == [fresh(house, one) for one in some]


def test_an_empty_register_has_nothing_to_keep(house: House) -> None:
    months = Months(store=house.store)

    assert months.of(YEARS) == Counted(facts=[], judged=[], open=[])
    with house.store.read() as transaction:
        assert open_since(transaction) is None


def test_whatever_changes_in_a_case_is_seen_at_the_next_question(house: House) -> None:
    fill(house.store, count=60, seed=8)
    months, choose = Months(store=house.store), random.Random(8)  # noqa: S311 - chance, no secret
    moment = datetime(2026, 5, 5, 12, tzinfo=UTC)
    changes: list[Callable[[int], Executable]] = [
        lambda one: update(cases).where(cases.c.id == one).values(status=Status.HANDED_OVER),
        lambda one: update(cases).where(cases.c.id == one).values(kind=Kind.PRAISE, factor=Factor.FOOD),
        # Into another month, and out of what is counted.
        lambda one: update(cases).where(cases.c.id == one).values(received_at=moment),
        lambda one: update(cases).where(cases.c.id == one).values(status=Status.DUPLICATE),
        lambda one: update(promises).where(promises.c.case_id == one).values(kept_at=moment),
        lambda one: update(answers).where(answers.c.case_id == one).values(undone_at=moment),
        lambda one: delete(alarms).where(alarms.c.case_id == one),
    ]
    assert months.of(YEARS) == fresh(house, YEARS)

    for _ in range(4):
        for change in changes:
            with house.store.write() as transaction:
                transaction.connection.execute(change(choose.randrange(1, 61)))
        assert months.of(YEARS) == fresh(house, YEARS)
    with house.store.write() as transaction:
        transaction.connection.execute(update(cases).where(cases.c.id == 1).values(received_at=moment))
    assert months.of(YEARS) == fresh(house, YEARS)


async def test_a_case_that_comes_in_is_confirmed_and_answered_is_seen_at_each_step(house: House) -> None:
    months = Months(store=house.store)
    assert months.of(YEARS).facts == []

    await house.hear(an_inbound())
    assert months.of(YEARS) == fresh(house, YEARS)
    assert [one.is_preliminary for one in months.of(YEARS).facts] == [True]

    case = house.case()
    house.acts.confirm(
        case["id"], kind=Kind.PRAISE, factor=Factor.FOOD, by=case["handler"], version=case["version"]
    )
    found = months.of(YEARS)
    assert found == fresh(house, YEARS)
    assert [one.kind for one in found.facts] == [Kind.PRAISE]
    assert [one.kind.confirmed for one in found.judged] == [Kind.PRAISE]


async def test_the_oldest_open_case_and_what_a_reader_may_see(house: House) -> None:
    await house.hear(an_inbound(subject="En gunga"))
    house.clock.forward(days=3)
    await house.hear(an_inbound(subject="En skola", text="Eleverna fryser.", sender="a@example.org"))
    first, second = house.cases()
    period = Period(first=first["received_at"].date(), last=first["received_at"].date() + timedelta(days=9))

    with house.store.read() as transaction:
        assert open_since(transaction) == first["received_at"].date()
        assert visible(transaction, period, Reader(id="omar", units=frozenset({second["unit"]}))) == {
            second["id"]
        }
        assert visible(transaction, period, Reader(id="rita", is_registrator=True)) == {1, 2}
    with house.store.write() as transaction:
        transaction.connection.execute(
            update(cases).where(cases.c.id == first["id"]).values(status=Status.CLOSED)
        )
    with house.store.read() as transaction:
        assert open_since(transaction) == second["received_at"].date()
