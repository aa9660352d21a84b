"""Seals the rows of a time before there were lines, while an older release goes on writing.

A hundred thousand cases are more than a million rows, and to seal them takes half a minute. `prepare` does so
page by page, each in a short transaction of its own; what an older release writes meanwhile is noted by plain
triggers, which need no key. `finish` then has only those rows left, in the transaction that makes the real
triggers. What `store.sealing` says of lines holds for these as well.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import text

from store import sealing
from store.engine import Store, Transaction
from store.sealing import RESEALED, Form

_PAGE = 1000  # rows in one transaction: a tenth of a second, on the slowest machine we know
_PATIENCE = "2s"  # for the lock of a table; behind it others would wait
_READY = "förseglat i förväg"


def is_prepared(transaction: Transaction, mark: str) -> bool:
    """Tell whether `prepare` has come to its end here, in this release and with this key."""
    return sealing.facts(transaction).get(_READY) == _what(mark)


def prepare(store: Store, mark: str) -> None:
    """Seal every row there is, page by page. The tables must be those of this release.

    Broken off, it is begun again; on PostgreSQL it breaks off (`StoreAwayError`) when it waits too long for a
    lock. Does no harm where nobody writes meanwhile, and is then quick as well.
    """
    with store.write() as transaction:
        if is_prepared(transaction, mark):
            return
    # Table by table: who holds the lock of one, and of nothing else, is in nobody's way for long.
    for form in sealing.forms():
        with store.write() as transaction:
            if not store.is_sqlite:
                transaction.connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
            for statement in _notes(store, form):
                transaction.connection.exec_driver_sql(statement)
    for form in sealing.forms():
        last: Sequence[Any] | None = None
        while True:
            with store.write() as transaction:
                sealing.speak_plainly(transaction)
                end = _end_of_page(transaction, form, last)
                where, values = _between(form, last, end)
                sealing.write_lines(transaction, form, RESEALED, where, values)
            if end is None:
                break
            last = end
    with store.write() as transaction:
        sealing.put_fact(transaction, _READY, _what(mark))


def finish(transaction: Transaction) -> None:
    """Seal what was written since `prepare` began. The caller then makes the real triggers, and commits."""
    sealing.speak_plainly(transaction)
    sealing.drop_triggers(transaction)
    noted: dict[str, list[str]] = {}
    for row in transaction.rows(text(_NOTED).bindparams(how=RESEALED)):
        noted.setdefault(row["subject"], []).append(row["key"])
    for form in sealing.forms():
        keys = noted.get(form.table, [])
        sealing.write_lines_of(transaction, form, RESEALED, keys)
        gone = set(keys) - sealing.still_there(transaction, form, keys)
        sealing.write_removed(transaction, form, RESEALED, sorted(gone))
        if transaction.connection.dialect.name != "sqlite":
            for act in _ACTS:
                transaction.connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {_name(form, act)}()")
    sealing.put_fact(transaction, _READY, None)


def _end_of_page(transaction: Transaction, form: Form, last: Sequence[Any] | None) -> Sequence[Any] | None:
    """Return the key of the last row of the page after `last`, or None if it is the last page."""
    where, values = _between(form, last, None)
    columns = ", ".join(f't."{name}"' for name in form.key)
    asked = text(
        f'SELECT {columns} FROM "{form.table}" t WHERE {where}'  # noqa: S608 - our own names
        f" ORDER BY {columns} LIMIT 1 OFFSET {_PAGE - 1}"
    )
    return transaction.connection.execute(asked, values).first()


def _between(form: Form, last: Sequence[Any] | None, end: Sequence[Any] | None) -> tuple[str, dict[str, Any]]:
    """Write that a row comes after `last` and not after `end`, with the values of that; None: no bound."""
    columns = ", ".join(f't."{name}"' for name in form.key)
    bounds = ["1 = 1"]
    values: dict[str, Any] = {}
    for name, sign, bound in (("last", ">", last), ("end", "<=", end)):
        if bound is not None:
            bounds.append(f"({columns}) {sign} ({', '.join(f':{name}{at}' for at in range(len(bound)))})")
            values |= {f"{name}{at}": value for at, value in enumerate(bound)}
    return " AND ".join(bounds), values


# A line that has no digest: written by the triggers below. It is never the newest, once `finish` is through.
_NOTED = "SELECT DISTINCT subject, key FROM changes WHERE how = :how AND length(digest) = 0"


_ACTS = {"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD"}


def _name(form: Form, act: str) -> str:
    return f"seal_later_{form.table}_{act.lower()}"


def _what(mark: str) -> str:
    return f"{mark}:{sealing.sum_of_forms()}"


def _notes(store: Store, form: Form) -> Iterator[str]:
    """Write the triggers that note which rows are written. Their names begin as those of real ones do."""
    for act in _ACTS:
        yield f"DROP TRIGGER IF EXISTS {_name(form, act)}" + (
            "" if store.is_sqlite else f' ON "{form.table}"'
        )
    for act, row in _ACTS.items():
        name = _name(form, act)
        key = sealing.key_of(form, row, is_sqlite=store.is_sqlite)
        empty = "x''" if store.is_sqlite else "CAST('' AS bytea)"
        line = (
            "INSERT INTO changes (subject, key, digest, how)"  # noqa: S608 - our own names
            f" VALUES ('{form.table}', {key}, {empty}, '{RESEALED}')"
        )
        if store.is_sqlite:
            yield f'CREATE TRIGGER {name} AFTER {act} ON "{form.table}" BEGIN {line}; END'
        else:
            yield (
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
                f" AS $seal$ BEGIN {line}; RETURN {row}; END $seal$"
            )
            yield (
                f'CREATE TRIGGER {name} AFTER {act} ON "{form.table}" FOR EACH ROW EXECUTE FUNCTION {name}()'
            )
