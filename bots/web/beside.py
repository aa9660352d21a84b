"""What stands beside a case: who else has it open, who has read it, and the cases that belong with it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.desk.split import is_divisible
from bots.web import seen, views
from bots.web.access import Access
from bots.web.parts import Parts
from bots.web.people import ById
from bots.web.show import Show
from bots.web.views import Views
from store import cases, corrections, journal, parts, presence
from store.domain import Handler, Presence, Status
from store.engine import Row, Transaction
from store.sight import HiddenCaseError, Reader, sees


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What is shown beside a case. `related` are only those that its reader may open."""

    present: Sequence[dict[str, object]]
    related: Sequence[dict[str, object]]
    words: str
    follows_up: bool  # may see who has read the case
    divisible: bool
    corrections: Sequence[dict[str, object]]


class BesidePages:
    """The pages, and what the page of the case itself shows of them."""

    def __init__(self, *, parts: Parts, show: Show, access: Access) -> None:
        self._parts = parts
        self._show = show
        self._access = access
        self._views = Views(staff=ById(parts.staff), units=ById(parts.units))

    def routes(self) -> list[Route]:
        """List the pages, each behind the door."""
        guard, case = self._access.for_staff, "/arenden/{number}"
        return [
            Route(f"{case}/narvaro", guard(self.present), methods=["GET"]),
            Route(f"{case}/lasningar", guard(self.readings), methods=["GET"]),
        ]

    async def present(self, request: Request, me: Handler) -> Response:
        """Tell who else has a case open, as a piece of a page that is fetched again and again.

        `gor` is what the asking page is for; asking notes that its reader is still there.
        """
        wanted = request.query_params.get("gor", "")
        doing = Presence(wanted) if wanted in set(Presence) else Presence.READING
        shown = await asyncio.to_thread(self._present, request.path_params["number"], me, doing)
        return self._show.page("presence", present=shown)

    async def readings(self, request: Request, me: Handler) -> Response:
        """Show who has read a case (row R14), to the registrator and the manager."""
        case, rows = await asyncio.to_thread(self._readings, request.path_params["number"], me)
        return self._show.page(
            "readings",
            me=me,
            token=self._access.token(request),
            case=self._views.head(case),
            readings=[
                {"at": row["at"], "by": self._views.person(row["actor"]), "what": row["details"]["vad"]}
                for row in rows
            ],
        )

    def look(self, case: Row, me: Handler) -> Beside:
        """Gather what stands beside a case. Blocking."""
        reader = self._parts.acts.reader(me.id)
        with self._parts.store.read() as transaction:
            return Beside(
                present=self._others(transaction, case["id"], me),
                related=self._related(transaction, case, reader),
                words=parts.words_of(transaction, case["id"]),
                follows_up=_follows_up(reader, case),
                divisible=is_divisible(case),
                corrections=self._corrections(transaction, case["id"]),
            )

    def _corrections(self, transaction: Transaction, case_id: int) -> list[dict[str, object]]:
        return [
            {
                "subject": row["subject"],
                "was": row["was"],
                "became": row["became"],
                "why": row["why"],
                "by": self._views.person(row["corrected_by"]),
                "at": row["corrected_at"],
            }
            for row in corrections.of_case(transaction, case_id)
        ]

    def _others(self, transaction: Transaction, case_id: int, me: Handler) -> list[dict[str, object]]:
        now = self._parts.clock()
        return [
            {"name": self._views.person(row["person"]), "doing": row["doing"], "since": row["since"]}
            for row in presence.others(transaction, case_id, me.id, now=now)
        ]

    def _related(self, transaction: Transaction, case: Row, reader: Reader) -> list[dict[str, object]]:
        family = parts.family(transaction, case["id"])
        found: dict[int, tuple[Row, str]] = {one["id"]: (one, "delat") for one in family}
        for one in parts.tied(transaction, case):
            is_tied = Status.DUPLICATE in {one["status"], case["status"]}
            found.setdefault(one["id"], (one, "dubblett" if is_tied else "nämnt"))
        return [
            {
                "number": one["number"],
                "title": one["title"],
                "url": views.case_url(one["number"]),
                "status": one["status"],
                "handler": self._views.person(one["handler"]),
                "why": why,
            }
            for one, why in found.values()
            if one["id"] != case["id"] and sees(reader, one)
        ]

    def _present(self, number: str, me: Handler, doing: Presence) -> list[dict[str, object]]:
        with self._parts.store.read() as transaction:
            case = self._opened(transaction, number, me)
        seen.still_here(self._parts.store, case["id"], me.id, doing, now=self._parts.clock())
        with self._parts.store.read() as transaction:
            return self._others(transaction, case["id"], me)

    def _readings(self, number: str, me: Handler) -> tuple[Row, Sequence[Row]]:
        with self._parts.store.read() as transaction:
            case = self._opened(transaction, number, me)
            if not _follows_up(self._parts.acts.reader(me.id), case):
                raise HiddenCaseError
            return case, journal.readings(transaction, case["id"])

    def _opened(self, transaction: Transaction, number: str, me: Handler) -> Row:
        case = cases.find_number(transaction, number)
        if case is None or not sees(self._parts.acts.reader(me.id), case):
            raise HiddenCaseError
        return case


def _follows_up(reader: Reader, case: Row) -> bool:
    return reader.is_registrator or case["unit"] in reader.manages


def shown(beside: Beside) -> dict[str, Any]:
    """Return the facts of the page of a case."""
    return {
        "present": beside.present,
        "related": beside.related,
        "part": beside.words,
        "follows_up": beside.follows_up,
        "divisible": beside.divisible,
        "corrections": beside.corrections,
    }
