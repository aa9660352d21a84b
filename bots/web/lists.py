"""The lists of the staff pages: queues, search, filters and the filters that people save."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bots.web import seen
from bots.web.access import Access
from bots.web.filters import Asked, read, tidy
from bots.web.parts import Parts
from bots.web.show import Show
from bots.web.views import Views
from store import inbox, lists, outbox, saved_filters, search
from store.deadlines import day_of
from store.domain import Factor, Handler, Kind, Lane, Role, Status
from store.lists import CHANNELS, Queue, most_counted

_PAGE = 50
_CHANGE = frozenset({Role.HANDLER, Role.MANAGER, Role.TRIAGE, Role.REGISTRATOR})
_WITH_CASES = frozenset(Role) - {Role.STAFF, Role.SECRETARY, Role.DATA_PROTECTION, Role.OPERATOR}
_LONGEST_NAME = 60


class Lists:
    """The lists of cases, and of the letters that wait for a human."""

    def __init__(self, *, parts: Parts, show: Show, access: Access) -> None:
        self._parts = parts
        self._show = show
        self._access = access

    def routes(self) -> list[Route]:
        """List the pages, each behind the door."""
        guard = self._access.for_staff
        return [
            Route("/arenden", guard(self.list), methods=["GET"]),
            Route("/arenden/filter", guard(self.save), methods=["POST"]),
            Route("/arenden/filter/bort", guard(self.remove), methods=["POST"]),
        ]

    async def list(self, request: Request, me: Handler) -> Response:
        """Show the cases of one queue, narrowed by what the address says."""
        queues = self._queues(me)
        asked = read(request.query_params, queues)
        # At once: each waits for the database, and the page for the slower of the two.
        around, listed = await asyncio.gather(
            asyncio.to_thread(self._around, queues, me), asyncio.to_thread(self._listed, asked, queues, me)
        )
        found = around | listed
        if found["count"] is None:
            found["count"] = found["counts"][asked.queue]
        if asked.filters.text:
            await asyncio.to_thread(self._note, found["count"], me)
        candidates = await asyncio.to_thread(self._candidates, me)
        today, views = day_of(self._parts.clock()), self._views
        page, most = found["page"], most_counted(asked.filters)
        return self._show.page(
            "cases",
            candidates=candidates,
            me=me,
            token=self._access.token(request),
            tab=str(asked.queue),
            tabs=[str(queue) for queue in queues if queue is not Queue.SOCIAL or found["counts"].get(queue)],
            amounts={str(queue): count for queue, count in found["counts"].items()},
            rows=[
                views.line(row, today) | {"pieces": found["snippets"].get(row["id"], ())}
                for row in (page.rows if page else ())
            ],
            count=min(found["count"], most),
            is_more=found["count"] > most,
            previous=asked.url(before=page.before) if page and page.before else "",
            following=asked.url(after=page.after) if page and page.after else "",
            letters=[
                views.letter(row) | {"case": found["numbers"].get(row["case_id"], "")}
                for row in found["letters"]
            ],
            waiting=found["waiting"],
            saved=[{"name": row["name"], "url": f"/arenden?{row['query']}"} for row in found["saved"]],
            notice=request.query_params.get("klart", ""),
            instead=self._instead(me),
            may_send=bool(self._roles(me) & _CHANGE),
            **self._narrowing(asked),
        )

    async def save(self, request: Request, me: Handler) -> Response:
        """Save a filter under a name; the same name again takes its place."""
        sent, query = await self._sent(request, me)
        name = _name(sent)
        if not name:
            return _back(query, "filter-namn")
        return _back(query, await asyncio.to_thread(self._save, me.id, name, query))

    async def remove(self, request: Request, me: Handler) -> Response:
        """Remove a saved filter."""
        sent, query = await self._sent(request, me)
        await asyncio.to_thread(self._remove, me.id, _name(sent))
        return _back(query, "filter-bort")

    async def _sent(self, request: Request, me: Handler) -> tuple[Mapping[str, str], str]:
        sent = await self._access.sent(request)
        return sent, tidy(sent.get("query", ""), self._queues(me))

    @property
    def _views(self) -> Views:
        staff, units = self._parts.staff, self._parts.units
        return Views(staff={one.id: one for one in staff}, units={one.id: one for one in units})

    def _instead(self, me: Handler) -> Sequence[str]:
        """List the roles of somebody who works with no cases; empty for everybody else (requirements C3)."""
        roles = self._roles(me)
        return [] if roles & _WITH_CASES else sorted(map(str, roles))

    def _roles(self, me: Handler) -> set[Role]:
        return {*self._parts.acts.roles(me.id), *me.roles}

    def _queues(self, me: Handler) -> Sequence[Queue]:
        return lists.queues_of(self._roles(me))

    def _narrowing(self, asked: Asked) -> dict[str, Any]:
        """Tell the page what narrows its list, and what could."""
        views = self._views
        shown = {
            "enhet": views.unit(asked.filters.unit),
            "ansvarig": views.person(asked.filters.handler),
        }
        values = asked.values()
        return {
            "asked": values,
            "hidden": asked.hidden("text"),
            "query": asked.url().partition("?")[2],
            "search_in": str(Queue.ALL if asked.queue in {Queue.OPEN, Queue.LETTERS} else asked.queue),
            "cleared": f"/arenden?visa={asked.queue}",
            "chips": [
                {"name": name, "value": shown.get(name, values[name]), "url": asked.url(without=field)}
                for field, name in asked.narrowed.items()
            ],
            "choices": {
                "typ": [(kind, kind) for kind in Kind],
                "faktor": [(factor, factor) for factor in Factor],
                "enhet": [(unit.id, unit.name) for unit in self._parts.units],
                "ansvarig": [(one.id, one.name) for one in self._parts.staff],
                "kanal": [(channel, channel) for channel in CHANNELS],
                "flagga": [(lane, lane) for lane in Lane],
                "status": [(status, status) for status in Status],
            },
        }

    def _around(self, queues: Sequence[Queue], me: Handler) -> dict[str, Any]:
        """Look up what stands beside every list: how much lies in each, and what somebody has kept."""
        reader, today = self._parts.acts.reader(me.id), day_of(self._parts.clock())
        with self._parts.store.read() as transaction:
            counts = lists.counts(transaction, queues=queues, reader=reader, today=today)
            if Queue.LETTERS in queues:
                counts[Queue.LETTERS] = outbox.count_troubled(transaction, reader=reader)
            return {
                "counts": counts,
                "waiting": inbox.waiting(transaction),
                "saved": saved_filters.of_person(transaction, me.id),
            }

    def _listed(self, asked: Asked, queues: Sequence[Queue], me: Handler) -> dict[str, Any]:
        """Look up the list itself; its count is None where it is the one that stands beside every list."""
        reader, today = self._parts.acts.reader(me.id), day_of(self._parts.clock())
        with self._parts.store.read() as transaction:
            if asked.queue is Queue.LETTERS:
                letters = outbox.troubled(transaction, reader=reader)
                numbers = lists.numbers(transaction, [row["case_id"] for row in letters])
                none: dict[str, Any] = {"page": None, "count": len(letters), "snippets": {}}
                return none | {"letters": letters, "numbers": numbers}
            page = lists.page(
                transaction,
                queue=asked.queue,
                reader=reader,
                today=today,
                filters=asked.filters,
                limit=_PAGE,
                after=asked.after,
                before=asked.before,
                counting=asked.narrowed != {} or asked.queue is Queue.ALL or asked.queue not in queues,
            )
            return {
                "page": page,
                "count": page.count,
                "snippets": search.snippets(
                    transaction, [row["id"] for row in page.rows], search.ask(asked.filters.text)
                ),
                "letters": (),
                "numbers": {},
            }

    def _note(self, found: int, me: Handler) -> None:
        seen.note_search(self._parts.store, me.id, found=found, now=self._parts.clock())

    def _candidates(self, me: Handler) -> int | None:
        """Count the comments that may be synpunkter; None for whoever has no such list."""
        candidates = self._parts.candidates
        if candidates is None or not candidates.may(me.id):
            return None
        count = candidates.count(me.id)
        return count if count or candidates.listens else None

    def _save(self, person: str, name: str, query: str) -> str:
        with self._parts.store.write() as transaction:
            saved = saved_filters.save(transaction, person, name=name, query=query, now=self._parts.clock())
        return "filter" if saved else "filter-fullt"

    def _remove(self, person: str, name: str) -> None:
        with self._parts.store.write() as transaction:
            saved_filters.remove(transaction, person, name=name)


def _name(sent: Mapping[str, str]) -> str:
    return " ".join(inbox.clean(sent.get("name", "")).split())[:_LONGEST_NAME]


def _back(query: str, notice: str) -> Response:
    return RedirectResponse(f"/arenden?{'&'.join(filter(None, (query, urlencode({'klart': notice}))))}", 303)
