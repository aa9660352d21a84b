"""What is asked for every message costs no more in the hundred thousandth case than in the first.

SQLite tells how it will search; PostgreSQL would not show it on a few rows, but has the same indexes.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from store import cases, inbox, outbox
from store.domain import Address
from store.engine import Store, Transaction, open_store
from store.likeness import similar
from tests.house import NOW, SENDER, a_suggestion, an_inbound
from tests.store.test_cases import a_message, opened

Question = Callable[[Transaction], object]


@pytest.fixture
def embedded(sqlite_model: Path, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{shutil.copy(sqlite_model, tmp_path / 'store.db')}")
    yield opened
    opened.close()


def plan(store: Store, question: Question, *, at: int = 0) -> list[str]:
    """Ask, and tell how SQLite searched for the first answer, or a later one."""
    asked: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, values: object, *_others: object) -> None:
        asked.append((statement, values))

    with store.write() as transaction:
        event.listen(store.engine, "before_cursor_execute", note)
        question(transaction)
        event.remove(store.engine, "before_cursor_execute", note)
        statement, values = asked[at]
        explained = transaction.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        return [row[3] for row in explained]


def test_the_rate_guard_looks_at_no_letter_older_than_it_asks_about(embedded: Store) -> None:
    sender = Address(channel="email", handle=SENDER)

    steps = plan(embedded, lambda t: outbox.acknowledged(t, sender, since=NOW - timedelta(days=1)))

    assert steps[0] == (
        "SEARCH letters USING INDEX ix_letters_purpose_created_at (purpose=? AND created_at>?)"
    )


def test_what_waits_to_be_read_is_found_in_its_order_without_looking_at_the_rest(embedded: Store) -> None:
    steps = plan(
        embedded,
        lambda t: inbox.claim(t, now=NOW, limit=64, max_bytes=2**20, lease=timedelta(minutes=2)),
    )

    assert steps == [
        "SEARCH messages USING INDEX ix_messages_state_attempts_id (state=?)",
        "SEARCH blobs USING INDEX sqlite_autoindex_blobs_1 (sha256=?)",
    ]


def test_cases_alike_are_sought_among_the_newest_only(embedded: Store) -> None:
    case_id, _ = opened(embedded)
    message_id = a_message(embedded, case_id, an_inbound())
    with embedded.write() as transaction:
        suggestion = replace(a_suggestion(), vector=b"\x01")
        cases.suggest(transaction, case_id, message_id, suggestion, now=NOW)

    # First the case's own suggestion is asked for, then where the newest cases begin, then their vectors.
    steps = plan(embedded, lambda t: similar(t, case_id), at=2)

    assert steps == ["SEARCH suggestions USING INDEX ix_suggestions_case_id (case_id>?)"]
