"""What waits in a transaction is written in its order, before anybody could miss it."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, insert, select, update

from store import journal
from store.domain import Entry
from store.engine import Store, StoreError
from store.tables import journal as lines
from store.tables import saved_filters

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
_KEPT = insert(saved_filters)


def a_filter(name: str, query: str = "fraga=1") -> dict[str, object]:
    return {"person": "anna", "name": name, "query": query, "saved_at": NOW}


def names(store: Store) -> list[str]:
    with store.read() as transaction:
        return list(
            transaction.connection.scalars(select(saved_filters.c.name).order_by(saved_filters.c.name))
        )


def test_what_waits_is_written_at_the_end_of_its_transaction(store: Store) -> None:
    with store.write() as transaction:
        transaction.later(_KEPT, a_filter("a"), a_filter("b"))
        unwritten = transaction.beside.scalar(select(func.count()).select_from(saved_filters))

    assert unwritten == 0
    assert names(store) == ["a", "b"]


def test_whoever_asks_through_the_connection_sees_what_waited(store: Store) -> None:
    with store.write() as transaction:
        transaction.later(_KEPT, a_filter("a"))
        seen = [row["name"] for row in transaction.rows(select(saved_filters))]

    assert seen == ["a"]


def test_two_statements_of_one_table_keep_their_order(store: Store) -> None:
    renamed = update(saved_filters).values(query="fraga=2")

    with store.write() as transaction:
        transaction.later(_KEPT, a_filter("a"))
        transaction.connection.execute(renamed)
        transaction.later(renamed.where(saved_filters.c.name == "b"), {})
        transaction.later(_KEPT, a_filter("b"))

    with store.read() as transaction:
        found = {row["name"]: row["query"] for row in transaction.rows(select(saved_filters))}
    assert found == {"a": "fraga=2", "b": "fraga=1"}


def test_what_is_wrong_with_a_row_that_waited_takes_the_whole_transaction_back(store: Store) -> None:
    with pytest.raises(StoreError), store.write() as transaction:
        transaction.later(_KEPT, a_filter("a"))
        transaction.later(_KEPT, a_filter("a"))

    assert names(store) == []


def test_a_transaction_that_is_broken_off_writes_nothing_of_what_waits(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.write() as transaction:
        journal.write(transaction, NOW, Entry(actor="anna", act="sparade"))
        raise ZeroDivisionError

    with store.read() as transaction:
        assert transaction.rows(select(lines)) == []


def test_lines_of_the_journal_stand_in_the_order_in_which_they_were_written(store: Store) -> None:
    with store.write() as transaction:
        for act in ("ett", "två", "tre"):
            journal.write(transaction, NOW, Entry(actor="anna", act=act))

    with store.read() as transaction:
        found = [row["act"] for row in transaction.rows(select(lines).order_by(lines.c.id))]
    assert found == ["ett", "två", "tre"]
