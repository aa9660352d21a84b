"""A closed day that is added later moves the dates of cases in work, and the journal says why (issue 4)."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as some

from store import cases, journal
from store.deadlines import Days, day_of, moved, promises
from store.domain import Kind, Promise, PromiseKind, Status
from store.engine import Store
from tests.store.test_cases import a_new_case

MONDAY = datetime(2026, 5, 4, 9, tzinfo=UTC)
FRIDAY = date(2026, 5, 15)
DAYS = Days(first_feedback=2, complaint=10, clause="KF § 1")


def owed(closed: Collection[date] = ()) -> tuple[Promise, ...]:
    return promises(MONDAY, Kind.COMPLAINT, replace(DAYS, closed=closed))


def a_case(store: Store, *, status: Status = Status.ASSIGNED, closed: Collection[date] = ()) -> int:
    with store.write() as transaction:
        new = a_new_case(received_at=MONDAY, status=status)
        case_id, _ = cases.open_case(transaction, new, now=MONDAY)
        cases.promise(transaction, case_id, owed(closed))
    return case_id


def recount(store: Store, closed: Collection[date], *, now: datetime = MONDAY) -> int:
    with store.write() as transaction:
        return cases.recount(transaction, closed, now=now)


def dates(store: Store, case_id: int) -> dict[str, date]:
    with store.read() as transaction:
        return {str(one.kind): one.due_on for one in cases.owed(transaction, case_id)}


def journalled(store: Store, case_id: int) -> list[dict[str, str]]:
    with store.read() as transaction:
        lines = journal.of_case(transaction, case_id)
    return [line["details"] for line in lines if line["act"] == "löfte flyttat"]


def test_a_day_that_closes_moves_only_the_promises_that_counted_it() -> None:
    moves = moved(owed(), {FRIDAY}, today=day_of(MONDAY))

    assert [(one.old.kind, one.old.due_on, one.new.due_on, one.why) for one in moves] == [
        (
            PromiseKind.ANSWER,
            date(2026, 5, 19),
            date(2026, 5, 20),
            "fre 15/5 räknas inte (stängt hos kommunen)",
        )
    ]
    assert moves[0].new.clause == "KF § 1"


def test_a_day_that_opens_again_brings_the_promise_back() -> None:
    (move,) = moved(owed({FRIDAY}), (), today=day_of(MONDAY))

    assert move.new == owed()[2]
    assert move.why == "fre 15/5 räknas igen, inte längre (stängt hos kommunen)"


def test_a_promise_that_was_due_before_today_is_neither_mended_nor_broken() -> None:
    day_after = date(2026, 5, 20)

    assert moved(owed(), {FRIDAY}, today=date(2026, 5, 19)) != ()
    assert moved(owed(), {FRIDAY}, today=day_after) == ()
    assert moved(owed({FRIDAY}), (), today=day_after) == ()


def test_a_closed_saturday_moves_nothing() -> None:
    assert moved(owed(), {date(2026, 5, 9), date(2026, 5, 14)}, today=day_of(MONDAY)) == ()


closed_days = some.frozensets(
    some.integers(1, 60).map(lambda step: date(2026, 3, 1) + timedelta(days=step)), max_size=8
)


@given(
    received=some.datetimes(datetime(2026, 3, 1), datetime(2026, 4, 20), timezones=some.just(UTC)),  # noqa: DTZ001
    count=some.integers(1, 30),
    before=closed_days,
    after=closed_days,
)
def test_a_moved_promise_is_the_one_that_the_new_calendar_would_have_made(
    received: datetime, count: int, before: frozenset[date], after: frozenset[date]
) -> None:
    days = Days(first_feedback=None, complaint=count)
    old = promises(received, Kind.COMPLAINT, replace(days, closed=before))
    new = promises(received, Kind.COMPLAINT, replace(days, closed=after))

    moves = moved(old, after, today=day_of(received))

    expected = [] if old[1].due_on == new[1].due_on and not moves else [new[1]]
    assert [move.new for move in moves] == expected
    assert moved([move.new for move in moves], after, today=day_of(received)) == ()


def test_a_case_in_work_is_moved_and_the_journal_says_from_when_to_when_and_why(store: Store) -> None:
    case_id = a_case(store)

    count = recount(store, {FRIDAY})

    assert count == 1
    assert dates(store, case_id) == {
        "kvitto": date(2026, 5, 4),
        "första_återkoppling": date(2026, 5, 6),
        "svar": date(2026, 5, 20),
    }
    assert journalled(store, case_id) == [
        {
            "löfte": "svar",
            "från": "2026-05-19",
            "till": "2026-05-20",
            "varför": "fre 15/5 räknas inte (stängt hos kommunen)",
        }
    ]


def test_the_same_calendar_once_more_moves_nothing(store: Store) -> None:
    case_id = a_case(store)

    assert [recount(store, {FRIDAY}) for _ in range(3)] == [1, 0, 0]
    assert len(journalled(store, case_id)) == 1


def test_the_way_to_the_new_date_is_kept_with_it(store: Store) -> None:
    case_id = a_case(store)

    recount(store, {FRIDAY})

    with store.read() as transaction:
        answer = cases.owed(transaction, case_id)[2]
    assert answer == owed({FRIDAY})[2]


@pytest.mark.parametrize("status", [Status.CLOSED, Status.HANDED_OVER, Status.DUPLICATE, Status.ARCHIVED])
def test_a_case_that_is_done_stays_as_it_was(store: Store, status: Status) -> None:
    case_id = a_case(store, status=status)

    assert recount(store, {FRIDAY}) == 0
    assert dates(store, case_id)["svar"] == date(2026, 5, 19)


def test_a_case_in_quarantine_is_moved_as_well(store: Store) -> None:
    case_id = a_case(store, status=Status.QUARANTINED)

    assert recount(store, {FRIDAY}) == 1
    assert dates(store, case_id)["svar"] == date(2026, 5, 20)


def test_a_kept_promise_stays_where_it_was_kept(store: Store) -> None:
    case_id = a_case(store)
    with store.write() as transaction:
        cases.keep_promise(transaction, case_id, PromiseKind.ANSWER, MONDAY)

    assert recount(store, {FRIDAY}) == 0
    assert dates(store, case_id)["svar"] == date(2026, 5, 19)


def test_a_missed_promise_is_not_mended_by_a_day_closed_afterwards(store: Store) -> None:
    case_id = a_case(store)

    assert recount(store, {FRIDAY}, now=datetime(2026, 5, 20, 9, tzinfo=UTC)) == 0
    assert dates(store, case_id)["svar"] == date(2026, 5, 19)


def test_two_processes_at_once_move_and_journal_once(store: Store) -> None:
    case_id = a_case(store)
    together, counts = Barrier(2, timeout=30), list[int]()

    def one_of_two() -> None:
        together.wait()
        counts.append(recount(store, {FRIDAY}))

    threads = [Thread(target=one_of_two) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(counts) == [0, 1]
    assert len(journalled(store, case_id)) == 1
