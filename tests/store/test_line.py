"""What only one of several processes may have, and the bells between them, on a real PostgreSQL."""

import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from store.alone import OccupiedError, alone
from store.engine import Store, StoreAwayError, StoreError, open_store
from store.line import Line, open_lines, ring
from tests.servers.lent import Lender

pytestmark = pytest.mark.postgres


@pytest.fixture
def shared(lender: Lender) -> Iterator[Store]:
    with lender.emptied() as opened:
        yield opened


@pytest.fixture
def lines(shared: Store) -> Iterator[tuple[Line, Line]]:
    one, two = Line(store=shared, name="watch@ett"), Line(store=shared, name="watch@tva")
    yield one, two
    one.close()
    two.close()


def _cut(shared: Store, name: str) -> None:
    """End a line's session as a server does that is restarted."""
    with shared.write() as transaction:
        ended = transaction.connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE application_name = :name"
            ),
            {"name": f"synpunkt: {name}"},
        ).all()
    assert ended == [(True,)]


def test_what_one_process_holds_no_other_gets_until_it_is_let_go(lines: tuple[Line, Line]) -> None:
    one, two = lines

    first = one.turn({"bevakning"}, seconds=0)
    refused = two.turn({"bevakning", "brevlåda"}, seconds=0)
    one.turn(set(), seconds=0)
    got = two.turn({"bevakning", "brevlåda"}, seconds=0)

    assert [sorted(one.held) for one in (first, refused, got)] == [
        ["bevakning"],
        ["brevlåda"],
        ["bevakning", "brevlåda"],
    ]


def test_what_is_held_is_still_held_in_the_next_turn_and_is_free_once_let_go(
    lines: tuple[Line, Line],
) -> None:
    one, two = lines

    for _ in range(3):
        one.turn({"bevakning"}, seconds=0)
    one.turn(set(), seconds=0)

    assert two.turn({"bevakning"}, seconds=0).held == {"bevakning"}


def test_a_process_that_dies_leaves_what_it_held_to_the_next(lines: tuple[Line, Line]) -> None:
    one, two = lines
    one.turn({"bevakning"}, seconds=0)

    one.close()

    assert two.turn({"bevakning"}, seconds=0).held == {"bevakning"}


def test_a_line_that_breaks_holds_nothing_and_the_next_turn_opens_another(
    lines: tuple[Line, Line], shared: Store
) -> None:
    one, two = lines
    one.turn({"bevakning"}, seconds=0)
    _cut(shared, one.name)
    taken_over = two.turn({"bevakning"}, seconds=0)

    with pytest.raises(StoreAwayError):
        one.turn({"bevakning"}, seconds=0)
    after = one.turn({"bevakning"}, seconds=0)

    assert taken_over.held == {"bevakning"}
    assert (after.held, after.is_new) == (frozenset(), True)


def test_a_line_that_breaks_while_it_listens_says_so_at_once(lines: tuple[Line, Line], shared: Store) -> None:
    one, _ = lines
    one.turn((), seconds=0)
    cutter = threading.Timer(0.1, _cut, (shared, one.name))
    cutter.start()

    with pytest.raises(StoreAwayError):
        one.turn((), seconds=30)

    cutter.join()


def test_a_bell_is_heard_by_every_line_and_ends_the_listening(
    lines: tuple[Line, Line], shared: Store
) -> None:
    one, two = lines
    one.turn((), seconds=0)
    two.turn((), seconds=0)

    ring(shared, {"judge"})

    assert [line.turn((), seconds=30).bells for line in (one, two)] == [{"judge"}, {"judge"}]


def test_bells_that_rang_while_nobody_listened_are_heard_in_the_next_turn(
    lines: tuple[Line, Line], shared: Store
) -> None:
    one, _ = lines
    one.turn((), seconds=0)
    ring(shared, {"judge"})
    ring(shared, {"deliver"})

    heard = one.turn((), seconds=30).bells | one.turn((), seconds=0).bells

    assert heard == {"judge", "deliver"}


def test_the_server_gives_up_a_line_that_has_gone_silent(lines: tuple[Line, Line], shared: Store) -> None:
    one, two = lines
    one.turn({"bevakning"}, seconds=0)
    assert one._connection is not None
    limit = one._connection.scalar(text("SELECT current_setting('idle_session_timeout')"))
    one._connection.execute(text("SET idle_session_timeout = 50"))

    deadline = time.monotonic() + 20
    while not two.turn({"bevakning"}, seconds=0.02).held and time.monotonic() < deadline:
        pass

    assert limit == "15s"
    assert two.turn({"bevakning"}, seconds=0).held == {"bevakning"}


def test_the_database_tells_what_runs_where(lines: tuple[Line, Line], shared: Store) -> None:
    for line in lines:
        line.open()

    assert open_lines(shared) == ["watch@ett", "watch@tva"]


def test_a_house_that_works_alone_lets_no_part_in_and_the_other_way_round(
    lines: tuple[Line, Line], shared: Store
) -> None:
    one, two = lines
    with alone(shared), pytest.raises(OccupiedError, match="utan --only"):
        one.open()

    one.open()
    two.open()

    with pytest.raises(OccupiedError, match="en annan synpunkt run"), alone(shared):
        raise AssertionError("a house works alone beside its parts")


def test_sqlite_has_no_lines_and_says_so() -> None:
    store = open_store("sqlite://")

    with pytest.raises(StoreError, match="bara PostgreSQL"):
        Line(store=store, name="judge").open()
    assert open_lines(store) == []

    store.close()
