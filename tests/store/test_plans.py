"""What is asked for every message costs no more in the hundred thousandth case than in the first.

SQLite tells how it will search. PostgreSQL would not show it on a few rows, but has the same indexes; of
those that are hard to recognise it tells whether it does.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from store import cases, inbox, lists, outbox, secrecy
from store.deadlines import day_of
from store.domain import Address
from store.engine import Store, Transaction, open_store
from store.likeness import similar
from store.lists import Filters, Queue
from store.sight import Reader
from tests.house import NOW, SENDER, a_suggestion, an_inbound
from tests.store.test_cases import a_message, opened

Question = Callable[[Transaction], object]
_UNCOUNTED = """
    UPDATE pg_class SET relpages = 0, reltuples = -1 WHERE relnamespace = 'public'::regnamespace
"""
_UNKNOWN = """
    DELETE FROM pg_statistic WHERE starelid IN ('cases'::regclass, 'promises'::regclass)
"""
_OTHERS = """
    SELECT i.indexrelid::regclass FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid AND c.relnamespace = 'public'::regnamespace
    WHERE c.relname <> %(name)s AND NOT i.indisunique
"""
HANDLER = Reader(id="anna", units=frozenset({"park"}))
REGISTRATOR = Reader(id="rita", is_registrator=True)


@pytest.fixture
def embedded(sqlite_model: Path, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{shutil.copy(sqlite_model, tmp_path / 'store.db')}")
    yield opened
    opened.close()


def asked_by(store: Store, question: Question) -> list[tuple[str, Any]]:
    """List the statements of a question, with their values."""
    asked: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, values: object, *_others: object) -> None:
        asked.append((statement, values))

    with store.write() as transaction:
        event.listen(store.engine, "before_cursor_execute", note)
        question(transaction)
        event.remove(store.engine, "before_cursor_execute", note)
    return asked


def plan(store: Store, question: Question, *, at: int = 0) -> list[str]:
    """Ask, and tell how SQLite searched for the first answer, or a later one."""
    statement, values = asked_by(store, question)[at]
    with store.read() as transaction:
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


def test_b15_whether_a_sender_is_protected_is_asked_of_the_few_who_are(embedded: Store) -> None:
    steps = plan(embedded, lambda t: secrecy.is_protected_sender(t, "email", SENDER))

    assert steps == ["SCAN cases USING INDEX ix_cases_protected"]


def test_cases_alike_are_sought_among_the_newest_only(embedded: Store) -> None:
    case_id, _ = opened(embedded)
    message_id = a_message(embedded, case_id, an_inbound())
    with embedded.write() as transaction:
        suggestion = replace(a_suggestion(), vector=b"\x01")
        cases.suggest(transaction, case_id, message_id, suggestion, now=NOW)

    # First the case's own suggestion is asked for, then where the newest cases begin, then their vectors.
    steps = plan(embedded, lambda t: similar(t, case_id), at=2)

    assert steps == ["SEARCH suggestions USING INDEX ix_suggestions_case_id (case_id>?)"]


def listed(queue: Queue, *, reader: Reader = HANDLER, **narrowed: Any) -> Question:
    """Ask for the first page of a list."""
    filters = Filters(**narrowed)
    return lambda t: lists.page(t, queue=queue, reader=reader, today=day_of(NOW), filters=filters)


def test_words_are_sought_newest_first_and_only_as_far_as_a_page_needs(embedded: Store) -> None:
    steps = plan(embedded, listed(Queue.ALL, reader=REGISTRATOR, text="skolan"))

    # No list of all that is found, and nothing put in order: full text gives its newest first.
    assert [step.partition(":M")[0] for step in steps] == [
        "SCAN search_index VIRTUAL TABLE INDEX 192",
        "SEARCH cases USING INTEGER PRIMARY KEY (rowid=?)",
    ]


def test_what_somebody_may_see_is_known_before_a_case_is_read(embedded: Store) -> None:
    for question in (listed(Queue.ALL), listed(Queue.ALL, text="skolan")):
        steps = plan(embedded, question)

        theirs = steps.index("LEFT-MOST SUBQUERY")
        assert steps[theirs + 1 : theirs + 6] == [
            "SEARCH own USING COVERING INDEX ix_cases_handler_status (handler=?)",
            "UNION ALL",
            "SEARCH own USING COVERING INDEX ix_cases_unit_status_restricted_id (unit=?)",
            "UNION ALL",
            "SCAN own USING INDEX ix_cases_shown_to",
        ]
        assert "USE TEMP B-TREE FOR ORDER BY" not in steps


def test_what_is_late_is_found_among_what_is_not_kept(embedded: Store) -> None:
    for question in (listed(Queue.OVERDUE), listed(Queue.ALL, reader=REGISTRATOR, late=True)):
        assert any("INDEX ix_promises_unkept (due_on<?)" in step for step in plan(embedded, question))


def test_an_open_list_reads_no_case_that_has_ended(embedded: Store) -> None:
    for queue in (Queue.OPEN, Queue.OVERDUE, Queue.REGISTER, Queue.SORT):
        steps = plan(embedded, listed(queue, reader=REGISTRATOR))

        assert steps[0] == "SEARCH cases USING INTEGER PRIMARY KEY (rowid=?)"
        assert "SEARCH cases_1 USING COVERING INDEX ix_cases_status_received_at (status=?)" in steps


def test_type_and_factor_together_are_found_by_what_is_believed(embedded: Store) -> None:
    steps = plan(embedded, listed(Queue.ALL, reader=REGISTRATOR, kind="klagomål", factor="Mat"))

    assert steps[0] == "SEARCH cases USING INDEX ix_cases_believed (<expr>=? AND <expr>=?)"


@pytest.mark.parametrize(
    "database_kind", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
def test_postgresql_can_use_what_only_an_expression_or_a_condition_names(store: Store) -> None:
    together = listed(Queue.ALL, reader=REGISTRATOR, kind="klagomål", factor="Mat")

    assert "ix_cases_believed" in used(store, together, "ix_cases_believed")
    for name in ("ix_promises_answer", "ix_promises_unkept"):
        assert name in used(store, listed(Queue.OVERDUE), name)


@pytest.mark.parametrize(
    "database_kind", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
@pytest.mark.parametrize("words", ["", "cykelbana", "-cykelbana"])
def test_somebodys_cases_are_judged_newest_first_until_a_page_is_full(store: Store, words: str) -> None:
    statement, values = asked_by(store, listed(Queue.ALL, text=words))[0]

    with store.read() as transaction:
        explained = transaction.connection.exec_driver_sql(f"EXPLAIN {statement}", values)
        steps = [
            step for (line,) in explained for step in re.findall(r"^ *(?:->  )?([A-Z][\w ]+?)  \(", line)
        ]

    # Put in order before they are judged, not after it; the whole of it ends with the page.
    assert steps[:2] == ["Limit", "Subquery Scan on anon_1"]
    assert steps[2] in {"Sort", "Incremental Sort", "Unique"}


def used(store: Store, question: Question, name: str) -> set[str]:
    """Tell which indexes PostgreSQL searches for the first answer, if it must not read whole tables.

    Of those beside the one of this name only the keys are there, and it is asked without an order: of few
    rows any index would do.
    """
    statement, values = asked_by(store, question)[0]
    unordered = statement.rpartition("ORDER BY")[0]
    with store.read() as transaction:
        others = transaction.connection.exec_driver_sql(_OTHERS, {"name": name}).scalars().all()
        for other in others:
            transaction.connection.exec_driver_sql(f"DROP INDEX {other}")
        # As they were at first: what other tests have left behind in their files counts, too.
        transaction.connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        transaction.connection.exec_driver_sql("TRUNCATE cases, promises CASCADE")
        transaction.connection.exec_driver_sql(_UNKNOWN)
        transaction.connection.exec_driver_sql(_UNCOUNTED)
        for way in ("seqscan", "bitmapscan"):
            transaction.connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        explained = transaction.connection.exec_driver_sql(f"EXPLAIN {unordered}", values)
        return set(re.findall(r"Scan (?:Backward )?using (\w+)", "\n".join(row[0] for row in explained)))
