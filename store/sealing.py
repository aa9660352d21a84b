"""Which rows are record, and the triggers that leave a line of each change. The links are in `store.seals`.

Each row that is written leaves its digest in `changes`, under a key that only the program has. A row that was
changed past the program does not match its newest line, and a line can not be made without the key: a shell
on SQLite lacks the function that the triggers call, and one on PostgreSQL is noted as a hand's. The number of
the line is part of the digest, so that an old line can not be laid in again.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Float, Table, TextClause, bindparam, delete, insert, inspect, select, text

from store.engine import Store, StoreError, Transaction
from store.seal_key import SealKeyError
from store.tables import changes, metadata, seal_facts

# What is no record, and why nobody is misled by a change in it. Every other table is sealed.
UNSEALED: Mapping[str, str] = {
    "blobs": "prove themselves by their SHA-256, which a sealed row of messages or enclosures names",
    "changes": "are the lines themselves; the links close them",
    "seals": "are the links themselves; they are signed",
    "seal_facts": "only tell with what the lines were made; a wrong one makes no line right",
    "search_words": "are made anew from what is sealed",
    "saved_filters": "are a reader's own",
    "sessions": "are who is signed in now; what was done then is in the journal",
    "stranded": "wait a quarter of an hour for their writer",
    "presence": "is who looks just now",
    "unsent": "is no record until it is sent (TF 2:12)",
    "cursors": "are how far a channel has read",
    "positions": "are how far a mailbox has been read",
    "second_looks": "wait for the full model; what it said is in suggestions and the journal",
    "conversations": "is what the assistant must know of a talk besides its messages",
}
# What changes while the machine works, and tells nothing of a case.
VOLATILE: Mapping[str, frozenset[str]] = {
    "accounts": frozenset({"totp_step"}),
    "messages": frozenset({"state", "attempts", "claimed_until"}),
    "letters": frozenset({"attempts", "next_try_at", "state_because"}),
    "scans": frozenset({"attempts", "try_at"}),
}
NEVER_CHANGED = ("journal", "changes", "seals")

How = Literal["för hand", "uppgradering", "fel", "utlösare"]
BY_HAND: How = "för hand"
RESEALED: How = "uppgradering"
WAS_WRONG: How = "fel"  # it did not match before an upgrade sealed it anew
TRIGGER: How = "utlösare"

_MARK = "nyckel"
_FORM = "tabell:"
_REFUSAL = "journalen läggs bara till, den ändras inte"
# PostgreSQL writes each of these in the way that the session wants; a digest wants one way.
_PLAINLY = {
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",
}


@dataclass(frozen=True)
class Form:
    """What of a table is sealed: its key and its columns; those with `real` are numbers with a fraction."""

    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    real: frozenset[str] = frozenset()

    def written(self) -> str:
        """Write it as a text; `read` turns it back."""
        return "|".join(",".join(part) for part in (self.key, self.columns, sorted(self.real)))

    @staticmethod
    def read(table: str, written: str) -> "Form":
        """Read what `written` wrote; raise `ValueError` for anything else."""
        key, columns, real = (tuple(part.split(",")) if part else () for part in written.split("|"))
        return Form(table, key, columns, frozenset(real))


def form_of(table: Table) -> Form:
    """Return what of a table is sealed in this release."""
    left_out = VOLATILE.get(table.name, frozenset())
    kept = [column for column in table.columns if column.name not in left_out]
    return Form(
        table.name,
        tuple(column.name for column in table.primary_key.columns),
        tuple(column.name for column in kept),
        frozenset(column.name for column in kept if isinstance(column.type, Float)),
    )


def forms() -> list[Form]:
    """List what is sealed in this release, table by table."""
    return [form_of(table) for name, table in sorted(metadata.tables.items()) if name not in UNSEALED]


def prove_key(store: Store) -> None:
    """Make the key at the very first start; raise `StoreError` if rows are sealed with another.

    Does no more where the tables are of a time before there were lines.
    """
    try:
        mark = _registered(store)
        if mark is None:
            store.seal_key.make()
            if not store.is_sqlite:
                store.engine.dispose()  # a session gets the key when it begins
            return
        key = store.seal_key.key
    except SealKeyError as error:
        raise StoreError(str(error)) from error
    if key is None:
        raise StoreError(
            f"nyckeln till journalens försegling saknas ({store.seal_key.name}): "
            "lägg tillbaka den ur säkerhetskopian"
        )
    if key.mark != mark:
        raise StoreError(
            f"nyckeln till journalens försegling ({store.seal_key.name}) är inte den som raderna är "
            "förseglade med: lägg tillbaka rätt nyckel ur säkerhetskopian"
        )


def is_begun(store: Store) -> bool:
    """Tell whether a release that seals has made its triggers in the database, with a key or without."""
    with store.read() as transaction:
        if not inspect(transaction.connection).has_table(seal_facts.name):
            return False
        return any(name == _MARK or name.startswith(_FORM) for name in facts(transaction))


def is_current(store: Store) -> bool:
    """Tell whether the lines are made as this release makes them, with every trigger in place."""
    with store.read() as transaction:
        known = facts(transaction)
        wanted = {f"{_FORM}{form.table}": form.written() for form in forms()}
        has_key = _MARK in known or store.seal_key.key is None
        return has_key and wanted.items() <= known.items() and not missing_triggers(transaction)


def before(transaction: Transaction) -> dict[str, list[str]]:
    """Return the rows that do not match their line, by table, and take the triggers away: tables may change.

    Call `after` in the same transaction.
    """
    if not inspect(transaction.connection).has_table(seal_facts.name):
        return {}
    speak_plainly(transaction)
    known = facts(transaction)
    found = {
        name.removeprefix(_FORM): Form.read(name.removeprefix(_FORM), value)
        for name, value in known.items()
        if name.startswith(_FORM)
    }
    wrong = {
        name: [*(key for key, _ in unlike(transaction, form)), *gone(transaction, form)]
        for name, form in found.items()
        if _MARK in known and inspect(transaction.connection).has_table(name)
    }
    missing = missing_triggers(transaction)
    if found and len(missing) < _number_of_triggers(transaction):
        # Of a database that was just laid in from a backup all are gone. Whoever takes them all away to
        # change a row is told by the row.
        _note(transaction, TRIGGER, missing)
    drop_triggers(transaction)
    return wrong


def after(
    transaction: Transaction,
    wrong: Mapping[str, Collection[str]],
    mark: str | None,
    *,
    is_sealed: bool = False,
) -> None:
    """Make the triggers, and seal the rows that an upgrade has changed, or that were never sealed.

    What `before` found wrong is noted as such for ever: an upgrade must not hide it. With `is_sealed` every
    row has its line already (store.first_seal), and none is looked at.
    """
    speak_plainly(transaction)
    drop_triggers(transaction)
    for form in forms():
        if mark is not None and not is_sealed:
            _seal_anew(transaction, form, frozenset(wrong.get(form.table, ())))
        for statement in _triggers(transaction, form).values():
            transaction.connection.exec_driver_sql(statement)
        put_fact(transaction, f"{_FORM}{form.table}", form.written())
    for statement in _guards(transaction).values():
        transaction.connection.exec_driver_sql(statement)
    if mark is not None:
        put_fact(transaction, _MARK, mark)


def mark_of(transaction: Transaction) -> str | None:
    """Return the mark of the key that rows are sealed with, or None if there was no key."""
    return facts(transaction).get(_MARK)


def unlike(transaction: Transaction, form: Form) -> Iterator[tuple[str, bool]]:
    """Walk through the rows that do not match their newest line, as (key, has a line). Streams.

    Call `speak_plainly` first. Raises `StoreError` where the key is missing.
    """
    key, now = _key(transaction, form, "t"), _digest(transaction, form, "t", "n.id")
    statement = text(
        f"SELECT {key} AS key, n.digest IS NOT NULL AS has_line"  # noqa: S608 - our own names
        f' FROM "{form.table}" t LEFT JOIN ({_NEWEST}) n ON n.key = {key}'
        f" WHERE n.digest IS NULL OR n.digest <> {now}"
    )
    found = _streamed(transaction, statement, form)
    yield from ((row.key, bool(row.has_line)) for row in found)


def gone(transaction: Transaction, form: Form) -> Iterator[str]:
    """Walk through the keys whose newest line tells of a row that is not there. Streams."""
    key, now = _key(transaction, form, "t"), _removed(transaction, form.table, "n.key", "n.id")
    # The two are sorted and compared once. Joined by a key that is made for it, SQLite reads the table anew
    # for each line: hours, where there are a hundred thousand.
    missing = f'SELECT key FROM changes WHERE subject = :subject EXCEPT SELECT {key} FROM "{form.table}" t'  # noqa: S608 - our own names
    statement = text(
        f"SELECT n.key FROM ({_NEWEST}) n"  # noqa: S608 - our own names
        f" WHERE n.key IN ({missing}) AND n.digest <> {now}"
    )
    found = _streamed(transaction, statement, form)
    yield from (row.key for row in found)


def missing_triggers(transaction: Transaction) -> list[str]:
    """List the triggers that are not there, are switched off, or do something else than ours."""
    return sorted(_not_there(transaction))


def speak_plainly(transaction: Transaction) -> None:
    """Let PostgreSQL write values in one way, for as long as the transaction lasts."""
    if not _is_sqlite(transaction):
        for name, value in _PLAINLY.items():
            transaction.connection.execute(text(f"SET LOCAL {name} TO '{value}'"))


_NEWEST = (
    "SELECT id, key, digest FROM changes"
    " WHERE id IN (SELECT max(id) FROM changes WHERE subject = :subject GROUP BY key)"
)


def _streamed(transaction: Transaction, statement: TextClause, form: Form) -> Iterator[Any]:
    yield from transaction.connection.execute(
        statement.execution_options(yield_per=500), {"subject": form.table}
    )


def _seal_anew(transaction: Transaction, form: Form, wrong: Collection[str]) -> None:
    """Add a line for each row that does not match its newest one, and for each that is gone."""
    unlike_now = [key for key, _ in unlike(transaction, form)]
    write_lines_of(transaction, form, WAS_WRONG, [key for key in unlike_now if key in wrong])
    write_lines_of(transaction, form, RESEALED, [key for key in unlike_now if key not in wrong])
    for key in list(gone(transaction, form)):
        write_removed(transaction, form, WAS_WRONG if key in wrong else RESEALED, [key])


def write_lines(
    transaction: Transaction, form: Form, how: How, where: str, values: Mapping[str, Any] | None = None
) -> None:
    """Add a line for each row `t` of a table of this release that a condition in SQL holds of.

    Call `speak_plainly` first.
    """
    written = text(
        "INSERT INTO changes (id, subject, key, digest, how)"  # noqa: S608 - our own names
        f" SELECT t.line_, CAST(:subject AS VARCHAR), {_key(transaction, form, 't')},"
        f" {_digest(transaction, form, 't', 't.line_')}, CAST(:how AS VARCHAR)"
        f" FROM (SELECT t.*, {_next_lines(transaction)} AS line_"
        f' FROM "{form.table}" t WHERE {where}) t'
    )
    lists = [name for name, value in (values or {}).items() if isinstance(value, list)]
    written = written.bindparams(*(bindparam(name, expanding=True) for name in lists))
    transaction.connection.execute(written, {"subject": form.table, "how": how, **(values or {})})


def write_lines_of(transaction: Transaction, form: Form, how: How, keys: Sequence[str]) -> None:
    """Add a line for each of these rows; a key whose row is gone gets none. Call `speak_plainly` first."""
    for at in range(0, len(keys), _AT_ONCE):
        where, values = _among(transaction, form, keys[at : at + _AT_ONCE])
        write_lines(transaction, form, how, where, {"keys": values})


def write_removed(transaction: Transaction, form: Form, how: How, keys: Iterable[str]) -> None:
    """Add a line for each of these rows, which says that it is gone."""
    removed = text(
        "INSERT INTO changes (id, subject, key, digest, how) SELECT n.line_, CAST(:subject AS VARCHAR),"  # noqa: S608 - our own names
        f" CAST(:key AS VARCHAR), {_removed(transaction, form.table, 'CAST(:key AS VARCHAR)', 'n.line_')},"
        f" CAST(:how AS VARCHAR) FROM (SELECT {_next_line(transaction)} AS line_) n"
    )
    for key in keys:
        transaction.connection.execute(removed, {"subject": form.table, "key": key, "how": how})


def still_there(transaction: Transaction, form: Form, keys: Sequence[str]) -> set[str]:
    """Return those of the keys whose row is there."""
    found: set[str] = set()
    for at in range(0, len(keys), _AT_ONCE):
        where, values = _among(transaction, form, keys[at : at + _AT_ONCE])
        key = _key(transaction, form, "t")
        asked = text(f'SELECT {key} FROM "{form.table}" t WHERE {where}')  # noqa: S608 - our own names
        asked = asked.bindparams(bindparam("keys", expanding=True))
        found.update(transaction.connection.scalars(asked, {"keys": values}))
    return found


def _among(transaction: Transaction, form: Form, keys: Sequence[str]) -> tuple[str, list[Any]]:
    """Write that a row has one of the keys, with the value of `:keys`: by its index, if it is one column."""
    if len(form.key) > 1:
        return f"{_key(transaction, form, 't')} IN :keys", list(keys)
    column = metadata.tables[form.table].columns[form.key[0]]
    return f't."{column.name}" IN :keys', [column.type.python_type(key) for key in keys]


def sum_of_forms() -> str:
    """Return a sum of what this release seals, table by table: another when a column comes or goes."""
    told = "\n".join(f"{form.table}|{form.written()}" for form in forms())
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def key_of(form: Form, row: str, *, is_sqlite: bool) -> str:
    """Write the key of a row as SQL, as it stands in a line."""
    kind = "TEXT" if is_sqlite else "VARCHAR"
    return " || '/' || ".join(f'CAST({row}."{name}" AS {kind})' for name in form.key)


def _key(transaction: Transaction, form: Form, row: str) -> str:
    return key_of(form, row, is_sqlite=_is_sqlite(transaction))


def _next_line(transaction: Transaction) -> str:
    """Write the number of the next line as SQL. On SQLite one that was given is not given again, either."""
    if not _is_sqlite(transaction):
        return "nextval('changes_id_seq')"
    given = "coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0)"
    return f"max({given}, coalesce((SELECT max(id) FROM changes), 0)) + 1"  # noqa: S608 - our own names


def _next_lines(transaction: Transaction) -> str:
    return _next_line(transaction) + (" + row_number() OVER () - 1" if _is_sqlite(transaction) else "")


def _digest(transaction: Transaction, form: Form, row: str, line: str) -> str:
    """Write the digest of a row as SQL; in PostgreSQL of what is built in, so that nobody swaps it."""
    key = _key(transaction, form, row)
    if _is_sqlite(transaction):
        # A whole number in a column of fractions is one or the other, as SQLite likes.
        values = (
            f'CAST({row}."{name}" AS REAL)' if name in form.real else f'{row}."{name}"'
            for name in form.columns
        )
        return f"sealed('{form.table}', {key}, {line}, {', '.join(values)})"
    values = (f'{row}."{name}"' for name in form.columns)
    return _hmac(form.table, key, line, f"CAST(ROW({', '.join(values)}) AS text)")


def _removed(transaction: Transaction, table: str, key: str, line: str) -> str:
    if _is_sqlite(transaction):
        return f"sealed('{table}', {key}, {line})"
    return _hmac(table, key, line, "''")


def _hmac(table: str, key: str, line: str, values: str) -> str:
    pads = [f"decode(current_setting('synpunkt.{pad}', true), 'hex')" for pad in ("outer", "inner")]
    told = f"convert_to('{table}' || chr(31) || {key} || chr(31) || {line} || chr(31) || {values}, 'UTF8')"
    return f"substring(sha256({pads[0]} || sha256({pads[1]} || {told})) FROM 1 FOR 16)"


def _triggers(transaction: Transaction, form: Form) -> dict[str, str]:
    """Return the statements that make the triggers of a table, by the name of each."""
    columns = ", ".join(f'"{name}"' for name in form.columns)
    if not _is_sqlite(transaction):
        name = f"seal_{form.table}"
        return {
            f"{name}()": f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
            + "".join(f" SET {setting} TO '{value}'" for setting, value in _PLAINLY.items())
            + f" AS $seal${_body(transaction, form)}$seal$",
            name: f"CREATE TRIGGER {name} AFTER INSERT OR DELETE OR UPDATE OF {columns}"
            f' ON "{form.table}" FOR EACH ROW EXECUTE FUNCTION {name}()',
        }
    found = {}
    for act, on, row in (
        ("insert", "INSERT", "NEW"),
        ("update", f"UPDATE OF {columns}", "NEW"),
        ("delete", "DELETE", "OLD"),
    ):
        key = _key(transaction, form, row)
        made = (
            _removed(transaction, form.table, key, "n.line")
            if row == "OLD"
            else _digest(transaction, form, row, "n.line")
        )
        name = f"seal_{form.table}_{act}"
        found[name] = (
            f'CREATE TRIGGER {name} AFTER {on} ON "{form.table}" BEGIN'  # noqa: S608 - our own names
            f" INSERT INTO changes (id, subject, key, digest) SELECT n.line, '{form.table}', {key}, {made}"
            f" FROM (SELECT {_next_line(transaction)} AS line) n; END"
        )
    return found


def _body(transaction: Transaction, form: Form) -> str:
    """Return what the trigger of a table does in PostgreSQL."""
    is_ours = "coalesce(current_setting('synpunkt.inner', true), '') <> ''"
    who = "session_user || ' ' || to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')"
    how = f"CASE WHEN {is_ours} THEN '' ELSE '{BY_HAND}' END, CASE WHEN {is_ours} THEN '' ELSE {who} END"

    def line(row: str, digest: str) -> str:
        key = _key(transaction, form, row)
        made = f"CASE WHEN {is_ours} THEN {digest} ELSE CAST('' AS bytea) END"
        return (
            "INSERT INTO changes (id, subject, key, digest, how, note)"  # noqa: S608 - our own names
            f" VALUES (line, '{form.table}', {key}, {made}, {how});"
        )

    removed = line("OLD", _removed(transaction, form.table, _key(transaction, form, "OLD"), "line"))
    written = line("NEW", _digest(transaction, form, "NEW", "line"))
    start = f" DECLARE line bigint := {_next_line(transaction)};"
    return f"{start} BEGIN IF TG_OP = 'DELETE' THEN {removed} RETURN OLD; END IF; {written} RETURN NEW; END "


def _guards(transaction: Transaction) -> dict[str, str]:
    """Return the statements that make the triggers which refuse to change what is only added to."""
    if _is_sqlite(transaction):
        return {
            f"seal_guard_{table}_{act.lower()}": (
                f"CREATE TRIGGER seal_guard_{table}_{act.lower()} BEFORE {act} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            )
            for table in NEVER_CHANGED
            for act in ("UPDATE", "DELETE")
        }
    made = {
        "seal_guard()": "CREATE OR REPLACE FUNCTION seal_guard() RETURNS trigger LANGUAGE plpgsql"
        f" AS $seal${_GUARD_BODY}$seal$"
    }
    for table in NEVER_CHANGED:
        for act, each in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
            name = f"seal_guard_{table}_{each.lower()}"
            made[name] = (
                f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH {each} EXECUTE FUNCTION seal_guard()"
            )
    return made


_GUARD_BODY = f" BEGIN RAISE EXCEPTION '{_REFUSAL}'; END "
_AT_ONCE = 400  # keys in one statement


def drop_triggers(transaction: Transaction) -> None:
    """Take every trigger of ours away, whatever it does."""
    if _is_sqlite(transaction):
        for name in _trigger_sql(transaction):
            transaction.connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        return
    for row in transaction.rows(text(_POSTGRESQL_TRIGGERS)):
        transaction.connection.exec_driver_sql(f'DROP TRIGGER "{row["name"]}" ON "{row["on_table"]}"')


def _trigger_sql(transaction: Transaction) -> dict[str, str]:
    found = transaction.rows(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    return {row["name"]: row["sql"] for row in found if row["name"].startswith("seal_")}


_POSTGRESQL_TRIGGERS = """
SELECT t.tgname AS name, c.relname AS on_table, t.tgenabled AS enabled, p.prosrc AS body,
    cardinality(CAST(t.tgattr AS int2[])) AS columns, t.tgqual IS NULL AS always
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND t.tgname LIKE 'seal%' AND pg_table_is_visible(c.oid)
"""


def _not_there(transaction: Transaction) -> Iterator[str]:
    if _is_sqlite(transaction):
        there = _trigger_sql(transaction)
        wanted = _guards(transaction)
        for form in forms():
            wanted |= _triggers(transaction, form)
        yield from (name for name, statement in wanted.items() if there.get(name) != statement)
        return
    rows = {row["name"]: row for row in transaction.rows(text(_POSTGRESQL_TRIGGERS))}
    works = {
        name: (row["body"], row["columns"])
        for name, row in rows.items()
        if row["enabled"] in {"O", "A"} and row["always"]
    }
    for form in forms():
        name = f"seal_{form.table}"
        if works.get(name) != (_body(transaction, form), len(form.columns)):
            yield name
    for name in _guards(transaction):
        if not name.endswith("()") and works.get(name) != (_GUARD_BODY, 0):
            yield name


def _number_of_triggers(transaction: Transaction) -> int:
    made = [*_guards(transaction), *(name for form in forms() for name in _triggers(transaction, form))]
    return len([name for name in made if not name.endswith("()")])


def _registered(store: Store) -> str | None:
    with store.read() as transaction:
        if not inspect(transaction.connection).has_table(seal_facts.name):
            return None
        return mark_of(transaction)


def facts(transaction: Transaction) -> dict[str, str]:
    """Return with what the lines were made, by name."""
    return {row["name"]: row["value"] for row in transaction.rows(select(seal_facts))}


def put_fact(transaction: Transaction, name: str, value: str | None) -> None:
    """Keep a fact in the place of what it was; None takes it away."""
    transaction.connection.execute(delete(seal_facts).where(seal_facts.c.name == name))
    if value is not None:
        transaction.connection.execute(insert(seal_facts).values(name=name, value=value))


def _note(transaction: Transaction, how: How, names: Iterable[str]) -> None:
    for name in names:
        transaction.connection.execute(
            insert(changes).values(subject=how, key=name, digest=b"", how=how, note="")
        )


def _is_sqlite(transaction: Transaction) -> bool:
    return transaction.connection.dialect.name == "sqlite"
