"""The list of a nämnd's register that anybody may have (OSL 5:2, report R7), with nobody's secrets in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bots.desk.house import House
from bots.desk.spreadsheet import harmless, written
from bots.desk.titles import register_title
from store import public_list
from store.deadlines import STOCKHOLM, day_of
from store.engine import Row, Transaction

NOBODY = "–"
COLUMNS = (
    "nummer",
    "inkom/upprättad",
    "avsändare/mottagare",
    "kort om innehållet",
    "in/ut",
    "sekretessmarkering",
)

# All that a title in the list is made of.
_TITLED = ("title", "titled_by", "factor", "suggested_factor", "unit", "protected", "restricted")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One document of the register. `who` is a dash for who is anonymous, protected, or may be secret."""

    number: str
    on: date
    who: str
    title: str
    comes_in: bool
    is_marked: bool


def lines(
    transaction: Transaction,
    house: House,
    *,
    series: str,
    since: date,
    until: date,
    with_people: bool = True,
) -> list[Line]:
    """List what came to and went from a series' cases in some days, both included, in its order.

    Without people every sender and receiver is left out, as OSL 5:2 allows where they may be secret.
    """
    begin, end = _midnight(since), _midnight(until + timedelta(days=1))
    came = public_list.incoming(transaction, series, begin, end)
    went = public_list.outgoing(transaction, series, begin, end)
    marks = public_list.marks(transaction, sorted({row["case_id"] for row in (*came, *went)}))
    titles: dict[tuple[object, ...], str] = {}  # the same words are looked through once
    found = []
    for row in sorted((*came, *went), key=lambda one: (one["at"], one["number"])):
        comes_in = "message_id" in row
        ours = [
            one
            for one in marks.get(row["case_id"], ())
            if one["message_id"] is None or one["message_id"] == row.get("message_id")
        ]
        told = tuple(row[name] for name in _TITLED)
        if told not in titles:
            titles[told] = register_title(row, house)
        title = titles[told]
        found.append(
            Line(
                number=row["number"],
                on=day_of(row["at"]),
                who=_who(row) if with_people and not ours else NOBODY,
                title=title if comes_in else f"Svar: {title}",
                comes_in=comes_in,
                is_marked=bool(ours),
            )
        )
    return found


def as_csv(found: Sequence[Line]) -> bytes:
    """Write the list as R7 is handed out: semicolons, and a mark so that a spreadsheet reads its letters."""
    return written([COLUMNS, *([harmless(str(cell)) for cell in cells(one)] for one in found)])


def cells(one: Line) -> tuple[str, date, str, str, str, str]:
    """Return what stands under each of `COLUMNS`."""
    directed, marked = "in" if one.comes_in else "ut", "j" if one.is_marked else "n"
    return one.number, one.on, one.who, one.title, directed, marked


def _who(row: Row) -> str:
    if row["protected"] or row["restricted"]:
        return NOBODY
    theirs = str(row.get("from_addr", ""))
    if theirs and theirs.casefold() != row["sender_handle"].casefold():
        return str(row["from_name"]) or theirs
    handle = str(row["sender_handle"])
    return str(row["sender_name"]) or (handle if "@" in handle else "") or NOBODY


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=STOCKHOLM)
