"""Reply templates (svarsmallar): texts that a handler begins an answer with, for all or for one unit or type.

They hold no placeholders: greeting, name and number come into every letter by themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, insert, or_, select, update

from store import directory
from store.directory import StaleSettingError, Subject
from store.engine import Row, Transaction
from store.tables import reply_templates


@dataclass(frozen=True, kw_only=True)
class ReplyTemplate:
    """A text to begin with. An empty `kind` or `unit` means every one. `id` 0 is one that is not kept yet."""

    id: int = 0
    title: str
    text: str
    kind: str = ""
    unit: str = ""
    version: int = 0


def for_case(transaction: Transaction, case: Row) -> Sequence[ReplyTemplate]:
    """List those that fit a case, its own unit's first. Until a type is confirmed, those of each type fit."""
    fitting: list[ColumnElement[bool]] = [reply_templates.c.unit.in_(sorted({"", case["unit"]}))]
    if case["kind"]:
        fitting.append(or_(reply_templates.c.kind == "", reply_templates.c.kind == case["kind"]))
    found = _found(transaction, *fitting)
    return sorted(found, key=lambda one: (not one.unit, one.title.casefold()))


def all_of(transaction: Transaction) -> Sequence[ReplyTemplate]:
    """List every one that is in use, by title."""
    return sorted(_found(transaction), key=lambda one: one.title.casefold())


def find(transaction: Transaction, template_id: int) -> ReplyTemplate | None:
    """Return one that is in use, or None."""
    return next(iter(_found(transaction, reply_templates.c.id == template_id)), None)


def keep(transaction: Transaction, template: ReplyTemplate, *, by: str, now: datetime) -> int:
    """Keep a new one, or a changed one, journaled; return its id.

    Raises `StaleSettingError` when it has been changed, or removed, since `template.version`.
    """
    values = _facts(template) | {"changed_by": by, "changed_at": now, "version": template.version + 1}
    if not template.id:
        added = insert(reply_templates).values(removed=False, **values).returning(reply_templates.c.id)
        template_id: int = transaction.connection.execute(added).scalar_one()
        _note(transaction, template_id, None, template, by=by, now=now)
        return template_id
    was = _current(transaction, template.id, template.version)
    transaction.connection.execute(
        update(reply_templates).where(reply_templates.c.id == template.id).values(**values)
    )
    _note(transaction, template.id, was, template, by=by, now=now)
    return template.id


def remove(transaction: Transaction, template_id: int, *, version: int, by: str, now: datetime) -> None:
    """Take one out of use, journaled; raise `StaleSettingError` as `keep` does."""
    was = _current(transaction, template_id, version)
    transaction.connection.execute(
        update(reply_templates)
        .where(reply_templates.c.id == template_id)
        .values(removed=True, version=version + 1, changed_by=by, changed_at=now)
    )
    _note(transaction, template_id, was, None, by=by, now=now)


def _current(transaction: Transaction, template_id: int, version: int) -> ReplyTemplate:
    wanted = (
        select(reply_templates)
        .where(reply_templates.c.id == template_id, reply_templates.c.removed.is_(False))
        .with_for_update()
    )
    row = transaction.row(wanted)
    if row is None or row["version"] != version:
        raise StaleSettingError(f"reply template {template_id} has been changed by somebody else")
    return _of(row)


def _found(transaction: Transaction, *conditions: ColumnElement[bool]) -> list[ReplyTemplate]:
    wanted = select(reply_templates).where(reply_templates.c.removed.is_(False), *conditions)
    return [_of(row) for row in transaction.rows(wanted.order_by(reply_templates.c.id))]


def _of(row: Row) -> ReplyTemplate:
    return ReplyTemplate(
        id=row["id"],
        title=row["title"],
        text=row["text"],
        kind=row["kind"],
        unit=row["unit"],
        version=row["version"],
    )


def _facts(template: ReplyTemplate) -> dict[str, Any]:
    return {"title": template.title, "text": template.text, "kind": template.kind, "unit": template.unit}


def _note(
    transaction: Transaction,
    template_id: int,
    was: ReplyTemplate | None,
    becomes: ReplyTemplate | None,
    *,
    by: str,
    now: datetime,
) -> None:
    directory.note(
        transaction,
        Subject.REPLY_TEMPLATE,
        str(template_id),
        was=_facts(was) if was else {},
        becomes=_facts(becomes) if becomes else {},
        by=by,
        now=now,
    )
