"""The lists that staff work from: who has which, what each holds, how it is narrowed, and its next page.

Everything is asked with `seen_by`, counts included. `store.search` finds words; what a case may become is
said in `store.life`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    and_,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy import case as when

from store import search
from store.cases import OPEN
from store.deadlines import STOCKHOLM
from store.domain import BY_STAFF, Kind, Lane, PromiseKind, Role, Source, Status
from store.engine import Row, Transaction
from store.sight import Reader, holds, holds_any, newest_of, seen_by
from store.tables import cases, promises, suggestions

_MOST_COUNTED, _MOST_FOUND = 1000, 200
# What a list tells of each of its cases, beside its answer date and how sure its suggestion is.
SHOWN = (
    *("id", "number", "title", "received_at", "status", "unit", "handler", "lanes", "quarantined_because"),
    *("kind", "factor", "suggested_kind", "suggested_factor", "version"),
)
_EARLIEST = date(1900, 1, 1)
_NEVER = date(9999, 12, 31)  # sorts what is promised no day after all that is
_NO_DOOR = frozenset({Lane.SPAM, Lane.QUESTION, Lane.NAMED_EMPLOYEE})
# What a filter on a channel means: a mail is a mail, whichever way it was fetched.
CHANNELS: Mapping[str, Collection[str]] = {
    "e-post": ("smtp", "imap", "receive", "email"),
    "webb": ("web",),
    "sms": ("sms", "elks", "twilio"),
    "chatt": ("telegram", "matrix", "webchat"),
    "sociala medier": ("meta", "mastodon"),
    "personal": (BY_STAFF,),
}


class Queue(StrEnum):
    """The lists, by the word that stands in their address."""

    OPEN = "oppna"
    MINE = "mina"
    UNITS = "enheten"
    SORT = "sortera"
    REGISTER = "registrera"
    OVERDUE = "sena"
    WAITING = "vantar"
    DOORS = "fel-dorr"
    SOCIAL = "sociala"
    QUARANTINE = "karantan"
    LETTERS = "brev"
    ALL = "alla"


_UNSORTED = (Status.RECEIVED, Status.SORTING)
_STATUSES: Mapping[Queue, Sequence[Status]] = {  # of the others: `OPEN`
    Queue.SORT: _UNSORTED,
    Queue.SOCIAL: _UNSORTED,
    Queue.WAITING: (Status.AWAITING_SENDER,),
    Queue.QUARANTINE: (Status.QUARANTINED,),
}
_EVERYBODY = {Queue.OPEN, Queue.MINE, Queue.ALL}
_WORK = {Queue.OVERDUE, Queue.WAITING, Queue.LETTERS}
_SORTING = {Queue.SORT, Queue.DOORS, Queue.SOCIAL, Queue.QUARANTINE}
# Requirements C3. What stands in a list is narrowed by `seen_by` besides.
_OF_ROLE: Mapping[Role, Collection[Queue]] = {
    Role.HANDLER: _WORK | {Queue.UNITS},
    Role.MANAGER: _WORK | {Queue.UNITS, Queue.DOORS},
    Role.HEAD: {Queue.UNITS, Queue.OVERDUE},
    Role.TRIAGE: _WORK | _SORTING,
    Role.REGISTRATOR: _WORK | _SORTING | {Queue.REGISTER},
    Role.QUALITY: {Queue.OVERDUE, Queue.DOORS, Queue.LETTERS},
    Role.SPECIAL: {Queue.DOORS},
}


_owed = promises.alias()
_others = cases.alias()
_IS_ANSWER = and_(
    promises.c.case_id == cases.c.id,
    promises.c.kind == literal_column(f"'{PromiseKind.ANSWER}'"),  # as the index of PostgreSQL has it
    promises.c.round == cases.c.round,
)
_WITH_ANSWER = cases.outerjoin(promises, _IS_ANSWER)
# Asked for each case that is put in order: joined, PostgreSQL would rather read all promises of all years.
_ANSWER_BY = select(promises.c.due_on).where(_IS_ANSWER).correlate(cases).scalar_subquery()


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What narrows a list; what is left out narrows nothing. Words that are no value find nothing."""

    kind: str = ""
    factor: str = ""
    unit: str = ""
    handler: str = ""
    channel: str = ""
    lane: str = ""
    status: str = ""
    since: date | None = None
    until: date | None = None  # that day included
    late: bool = False
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place in the order of a list, from which its next page goes on: that of a case."""

    rank: int
    due: date
    case_id: int


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What is read for a list: from where, the id of each case in it, and what narrows it."""

    source: FromClause
    id: ColumnElement[int]
    where: Sequence[ColumnElement[bool]]


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some cases of a list. `before` and `after` are where the pages beside it begin, if there are any.

    `count` is how many there are in all, as `count` counts them; None unless it was asked for.
    """

    rows: Sequence[Row]
    count: int | None = None
    before: Place | None
    after: Place | None


def queues_of(roles: Collection[Role]) -> list[Queue]:
    """List the queues of somebody, in the order in which they are shown (requirements C3)."""
    theirs = _EVERYBODY.union(*(_OF_ROLE.get(role, ()) for role in roles))
    return [queue for queue in Queue if queue in theirs]


def page(
    transaction: Transaction,
    *,
    queue: Queue,
    reader: Reader,
    today: date,
    filters: Filters | None = None,
    limit: int = 50,
    after: Place | None = None,
    before: Place | None = None,
    counting: bool = False,
) -> Page:
    """List cases: klagomål first and then the soonest due (row G20); of all cases the newest first.

    The page begins after one place, or ends before another. The letters are no cases: `outbox.troubled`.
    With `counting` it tells how many there are; of a first page that costs no question of its own.
    """
    newest_first = queue is Queue.ALL
    filters = filters or Filters()
    rank, due = (literal(0), literal(_NEVER, Date())) if newest_first else (_RANK, _DUE)
    rank, due = rank.label("rank"), due.label("due")  # said once, however often it is asked
    beside = after or before
    asked = _asked(transaction, queue, reader, filters, today)
    wanted = select(rank, due, asked.id).select_from(asked.source).where(*asked.where)
    backwards = before is not None and after is None
    if beside is not None:
        wanted = wanted.where(_beyond(beside, asked.id, newest_first=newest_first, backwards=backwards))
    key = (asked.id,) if newest_first else (rank, due, asked.id)
    order = [one.desc() if newest_first != backwards else one.asc() for one in key]
    counted_here = counting and beside is None
    most = most_counted(filters) if counted_here else limit
    found = transaction.connection.execute(wanted.order_by(*order).limit(max(most, limit) + 1)).all()
    there_is_more = len(found) > limit
    places = [Place(rank=one[0], due=one[1], case_id=one[2]) for one in found[:limit]]
    if backwards:
        places.reverse()
    has_before, has_after = (there_is_more, True) if backwards else (beside is not None, there_is_more)
    counted = len(found) if counted_here else None
    if counting and not counted_here:
        counted = count(transaction, queue=queue, reader=reader, today=today, filters=filters)
    return Page(
        rows=_rows(transaction, [place.case_id for place in places]),
        count=counted,
        before=places[0] if places and has_before else None,
        after=places[-1] if places and has_after else None,
    )


def most_counted(filters: Filters) -> int:
    """Return how far the cases of a list are counted: what is found by words is found one by one."""
    return _MOST_FOUND if filters.text else _MOST_COUNTED


def count(
    transaction: Transaction, *, queue: Queue, reader: Reader, today: date, filters: Filters | None = None
) -> int:
    """Count the cases of a list, but no further than one more than `most_counted`."""
    filters = filters or Filters()
    asked = _asked(transaction, queue, reader, filters, today)
    most = most_counted(filters)
    some = select(asked.id).select_from(asked.source).where(*asked.where).limit(most + 1).subquery()
    return transaction.connection.scalar(select(func.count()).select_from(some)) or 0


def counts(
    transaction: Transaction, *, queues: Collection[Queue], reader: Reader, today: date
) -> dict[Queue, int]:
    """Count what lies in each of these lists, in one question. That of all cases is left out, and letters."""
    asked = [queue for queue in queues if queue not in {Queue.ALL, Queue.LETTERS}]
    is_open = cases.c.status != Status.QUARANTINED  # of those that are looked at; sooner asked than ten words
    wanted = select(
        *(
            func.count().filter(
                and_(
                    cases.c.status.in_(_STATUSES[queue]) if queue in _STATUSES else is_open,
                    *_in_queue(queue, reader, today),
                )
            )
            for queue in asked
        )
    ).where(_stands(transaction, (*OPEN, Status.QUARANTINED)), seen_by(reader, of_few=True))
    found = transaction.connection.execute(wanted).one()
    return dict(zip(asked, found, strict=True))


def numbers(transaction: Transaction, case_ids: Collection[int | None]) -> dict[int, str]:
    """Return the number of each of these cases."""
    wanted = select(cases.c.id, cases.c.number).where(cases.c.id.in_({one for one in case_ids if one}))
    return {one[0]: one[1] for one in transaction.connection.execute(wanted)}


def _stands(
    transaction: Transaction, statuses: Sequence[Status], key: ColumnElement[int] = cases.c.id
) -> ColumnElement[bool]:
    if transaction.connection.dialect.name != "sqlite":
        return cases.c.status.in_(statuses)
    # SQLite knows how many cases a status has on average, not that few are open, and would read them all;
    # asked like this it finds their ids in the index first.
    return key.in_(select(_others.c.id).where(_others.c.status.in_(statuses)))


def _asked(transaction: Transaction, queue: Queue, reader: Reader, filters: Filters, today: date) -> _Asked:
    question = search.ask(filters.text)
    found = search.found(transaction, question)
    key = cases.c.id if found is None else found.key
    is_of_all = queue is Queue.ALL and not filters.late
    theirs = newest_of(reader) if is_of_all and transaction.connection.dialect.name != "sqlite" else None
    where = [seen_by(reader, of_few=theirs is not None or not is_of_all, key=key)]
    if not is_of_all:
        where.append(_stands(transaction, _STATUSES.get(queue, OPEN), key))
    where += [*_in_queue(queue, reader, today), *_narrowed(transaction, filters, today)]
    if found is not None:
        if unwanted := search.without(question):
            where.append(search.matches(transaction, unwanted))
        source = found.table.join(cases, cases.c.id == found.id)
        return _Asked(source=source, id=found.id, where=[found.where, *where])
    sees_all = reader.is_registrator or reader.oversees or reader.sorts
    if filters.text:
        where.append(
            search.matches(transaction, question, wide=sees_all and is_of_all, each=theirs is not None)
        )
    if theirs is not None:
        # One value a case, so that PostgreSQL judges one after the other, and stops when the list is full.
        judged = select(and_(*where)).where(cases.c.id == theirs.c.id).correlate(theirs).scalar_subquery()
        return _Asked(source=theirs, id=theirs.c.id, where=[func.coalesce(judged, false())])
    is_narrow = filters.unit or filters.handler or filters.lane
    if is_of_all and is_narrow and transaction.connection.dialect.name != "sqlite":
        # With the order in sight PostgreSQL would walk through the newest cases of everybody to find these.
        narrow = select(cases.c.id).where(*where).offset(0).subquery()
        return _Asked(source=narrow, id=narrow.c.id, where=())
    return _Asked(source=cases, id=cases.c.id, where=where)


def _in_queue(queue: Queue, reader: Reader, today: date) -> Iterator[ColumnElement[bool]]:
    match queue:
        case Queue.MINE:
            yield cases.c.handler == reader.id
        case Queue.UNITS:
            yield cases.c.unit.in_(sorted(reader.units | reader.manages))
        case Queue.REGISTER:
            # Row N15: what is new or answered. Row K13: what is serious, until it has its diary number.
            unregistered = and_(cases.c.serious, cases.c.diary_number == "")
            yield or_(cases.c.status.in_((*_UNSORTED, Status.ASSIGNED, Status.ANSWERED)), unregistered)
        case Queue.OVERDUE:
            yield _is_late(today)
        case Queue.DOORS:
            yield or_(
                cases.c.door != "",
                and_(
                    holds_any(cases.c.lanes), or_(*(_has_lane(lane) for lane in Lane if lane not in _NO_DOOR))
                ),
            )
        case Queue.SOCIAL:
            yield cases.c.source == Source.SOCIAL_MEDIA


def _narrowed(transaction: Transaction, filters: Filters, today: date) -> Iterator[ColumnElement[bool]]:
    equal = (
        (_believed("kind"), filters.kind),
        (_believed("factor"), filters.factor),
        (cases.c.unit, filters.unit),
        (cases.c.handler, filters.handler),
    )
    yield from (column == value for column, value in equal if value)
    if filters.status:
        yield _has_status(transaction, filters.status)
    if filters.channel:
        yield cases.c.channel.in_(CHANNELS.get(filters.channel, (filters.channel,)))
    if filters.lane:
        yield _has_lane(filters.lane)
    if filters.since:
        yield cases.c.received_at >= _midnight(filters.since)
    if filters.until and filters.until < date.max:
        yield cases.c.received_at < _midnight(filters.until + timedelta(days=1))
    if filters.late:
        yield _is_late(today)


def _is_late(today: date) -> ColumnElement[bool]:
    """Tell whether a promise of the present round is past its day, and not kept: few are."""
    late = select(_owed.c.case_id, _owed.c.round).where(_owed.c.kept_at.is_(None), _owed.c.due_on < today)
    return tuple_(cases.c.id, cases.c.round).in_(late)


def _believed(axis: str) -> ColumnElement[str]:
    """Return what a human has said, else the newest suggestion."""
    # Written as the index has it, with no value to be filled in.
    return func.coalesce(func.nullif(cases.c[axis], literal_column("''")), cases.c[f"suggested_{axis}"])


def _has_lane(lane: str) -> ColumnElement[bool]:
    return holds(cases.c.lanes, lane)


def _has_status(transaction: Transaction, status: str) -> ColumnElement[bool]:
    # Nearly all cases have ended: there the index of statuses leads the long way round. PostgreSQL knows.
    is_few = status in {*OPEN, Status.QUARANTINED} or transaction.connection.dialect.name != "sqlite"
    return cases.c.status == status if is_few else func.coalesce(cases.c.status, "") == status


def _midnight(day: date) -> datetime:
    day = max(day, _EARLIEST)  # the first day of all has no midnight in UTC
    return datetime(day.year, day.month, day.day, tzinfo=STOCKHOLM)


def _beyond(
    place: Place, key: ColumnElement[int], *, newest_first: bool, backwards: bool
) -> ColumnElement[bool]:
    if newest_first:
        return key > place.case_id if backwards else key < place.case_id
    here = tuple_(literal(place.rank), literal(place.due, Date()), literal(place.case_id))
    order = tuple_(_RANK, _DUE, cases.c.id)
    return order < here if backwards else order > here


def _rows(transaction: Transaction, case_ids: Sequence[int]) -> list[Row]:
    """Fetch the cases that are shown, with their newest suggestion and answer date, in this order."""
    newest = select(func.max(suggestions.c.id)).where(suggestions.c.case_id.in_(case_ids))
    shown = [cases.c[name] for name in SHOWN]
    sure = [suggestions.c[f"{axis}_{what}"] for axis in ("kind", "factor") for what in ("confidence", "sure")]
    wanted = (
        select(*shown, promises.c.due_on.label("answer_by"), *sure)
        .select_from(
            _WITH_ANSWER.outerjoin(
                suggestions,
                and_(
                    suggestions.c.case_id == cases.c.id,
                    suggestions.c.id.in_(newest.group_by(suggestions.c.case_id)),
                ),
            )
        )
        .where(cases.c.id.in_(case_ids))
    )
    found = {row["id"]: row for row in transaction.rows(wanted)}
    return [found[case_id] for case_id in case_ids]


_RANK: ColumnElement[int] = when((_believed("kind") == Kind.COMPLAINT, 0), else_=1)
_DUE: ColumnElement[date] = func.coalesce(_ANSWER_BY, literal(_NEVER, Date()))
