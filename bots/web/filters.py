"""Reads the query string of a list and writes it again: which list, what narrows it, where it goes on."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import parse_qsl, urlencode

from store.domain import Factor, Kind, Lane, Status
from store.inbox import clean
from store.lists import CHANNELS, Filters, Place, Queue
from store.search import LONGEST

# What each field of `Filters` is called in an address.
NAMES: Mapping[str, str] = {
    "text": "q",
    "kind": "typ",
    "factor": "faktor",
    "unit": "enhet",
    "handler": "ansvarig",
    "channel": "kanal",
    "lane": "flagga",
    "status": "status",
    "since": "fran",
    "until": "till",
    "late": "sena",
}
_LONGEST_ID = 100


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What an address asks for."""

    queue: Queue
    filters: Filters
    after: Place | None = None
    before: Place | None = None

    @property
    def narrowed(self) -> dict[str, str]:
        """Name the fields that narrow the list, each with its name in an address."""
        return {field: name for field, name in NAMES.items() if getattr(self.filters, field)}

    def url(self, *, after: Place | None = None, before: Place | None = None, without: str = "") -> str:
        """Write the address of this list, on its first page if no place is given; `without` one filter."""
        told = {name: value for name, value in self._told() if name != without}
        query = {} if self.queue is Queue.OPEN else {"visa": str(self.queue)}
        query |= {NAMES[name]: value for name, value in told.items()}
        query |= {name: _written(at) for name, at in (("efter", after), ("fore", before)) if at is not None}
        return f"/arenden?{urlencode(query)}" if query else "/arenden"

    def hidden(self, *left_out: str) -> list[tuple[str, str]]:
        """List what a form that adds to this list must send along, but for these fields."""
        return [(NAMES[name], value) for name, value in self._told() if name not in left_out]

    def values(self) -> dict[str, str]:
        """Return what is asked for by the name that it has in an address; empty where nothing is."""
        told = dict(self._told())
        return {NAMES[name]: told.get(name, "") for name in NAMES}

    def _told(self) -> Iterator[tuple[str, str]]:
        for name in self.narrowed:
            value = getattr(self.filters, name)
            yield name, "1" if value is True else str(value)


def read(query: Mapping[str, str], queues: Collection[Queue]) -> Asked:
    """Read an address. What is wrong in it narrows nothing; a list of others' is the ordinary one."""

    def told(name: str) -> str:
        return clean(query.get(NAMES[name], "")).strip()

    wanted = query.get("visa", "")
    queue = Queue(wanted) if wanted in {*queues} else Queue.OPEN
    return Asked(
        queue=queue,
        filters=Filters(
            text=told("text")[:LONGEST].strip(),
            kind=_one_of(set(Kind), told("kind")),
            factor=_one_of(set(Factor), told("factor")),
            unit=told("unit")[:_LONGEST_ID].strip(),
            handler=told("handler")[:_LONGEST_ID].strip(),
            channel=_one_of(CHANNELS, told("channel")),
            lane=_one_of(set(Lane), told("lane")),
            status=_one_of(set(Status), told("status")),
            since=_day(told("since")),
            until=_day(told("until")),
            late=told("late") == "1",
        ),
        after=_place(query.get("efter", "")),
        before=_place(query.get("fore", "")),
    )


def tidy(query: str, queues: Collection[Queue]) -> str:
    """Return a query string with nothing in it but what a list understands, and without its page."""
    return read(dict(parse_qsl(query, max_num_fields=50)), queues).url().partition("?")[2]


def _one_of(values: Collection[str], text: str) -> str:
    return text if text in values else ""


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _place(text: str) -> Place | None:
    rank, _, rest = text.partition(".")
    day, _, case_id = rest.partition(".")
    due = _day(day)
    if rank not in {"0", "1"} or due is None or not (case_id.isascii() and case_id.isdigit()):
        return None
    return Place(rank=int(rank), due=due, case_id=int(case_id)) if len(case_id) <= 9 else None


def _written(place: Place) -> str:
    return f"{place.rank}.{place.due.isoformat()}.{place.case_id}"
