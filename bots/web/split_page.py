"""The page on which a message of several matters is divided into cases. How, is said in `bots.desk.split`."""

import asyncio
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bots.desk.acts import Acts
from bots.desk.split import FEWEST, MOST, Part
from bots.web import seen, views
from bots.web.access import Access
from bots.web.parts import Parts
from bots.web.people import ById
from bots.web.show import Show
from bots.web.views import Views
from bots.web.work import STALE, version_of
from store import cases, inbox
from store import parts as store_parts
from store.cases import StaleCaseError
from store.domain import Factor, Handler, Kind, Presence
from store.engine import Row, StoreError
from store.life import IllegalActError
from store.sight import HiddenCaseError

_LONGEST = 20_000
_LONGEST_TITLE = 200
_Value = TypeVar("_Value", bound=StrEnum)
_FIELDS = ("title", "words", "kind", "factor", "unit", "handler")


class SplitPage:
    """The page. It works without a script: a button adds a part, and nothing typed is lost."""

    def __init__(self, *, acts: Acts, parts: Parts, show: Show, access: Access) -> None:
        self._acts = acts
        self._parts = parts
        self._show = show
        self._access = access
        self._views = Views(staff=ById(parts.staff), units=ById(parts.units))

    def routes(self) -> list[Route]:
        """List the page, behind the door."""
        guard, path = self._access.for_staff, "/arenden/{number}/dela"
        return [
            Route(path, guard(self.look), methods=["GET"]),
            Route(path, guard(self.post), methods=["POST"]),
        ]

    async def look(self, request: Request, me: Handler) -> Response:
        """Show the message in as few parts as may be, each with all of its words, to be cut."""
        case, words = await self._found(request, me)
        first = {"title": case["title"], "words": words, "kind": case["kind"], "factor": case["factor"]}
        others: list[Mapping[str, str]] = [{"words": words} for _ in range(FEWEST - 1)]
        return self._page(request, me, case, [first, *others])

    async def post(self, request: Request, me: Handler) -> Response:
        """Divide; or show one part more or less, or what is missing, with all that was typed."""
        sent = await self._access.sent(request)
        case, words = await self._found(request, me)
        count = (
            int(sent["antal"]) if sent.get("antal", "") in {str(n) for n in range(1, MOST + 1)} else FEWEST
        )
        typed = [{name: sent.get(f"{name}-{at}", "") for name in _FIELDS} for at in range(1, count + 1)]
        wish = sent.get("gor", "")
        if wish == "fler":
            return self._page(request, me, case, [*typed, {"words": words}][:MOST])
        if wish == "farre":
            return self._page(request, me, case, typed[: max(FEWEST, count - 1)])
        told, version = [_part(one) for one in typed], version_of(sent)
        try:
            await asyncio.to_thread(self._acts.split, case["id"], told, by=me.id, version=version)
        except IllegalActError as error:
            return self._page(request, me, case, typed, problems=error.missing, status=422)
        except StaleCaseError:
            fresh, _ = await self._found(request, me)
            return self._page(request, me, fresh, typed, problems=[STALE], status=409)
        except StoreError as error:
            raise HTTPException(400) from error
        query = urlencode({"klart": "delat"})
        return RedirectResponse(f"{views.case_url(case['number'])}?{query}", 303)

    async def _found(self, request: Request, me: Handler) -> tuple[Row, str]:
        return await asyncio.to_thread(self._look_up, request.path_params["number"], me)

    def _look_up(self, number: str, me: Handler) -> tuple[Row, str]:
        with self._acts.store.read() as transaction:
            case = cases.find_number(transaction, number)
            if case is None:
                raise HiddenCaseError
            first = inbox.first_of_case(transaction, case["id"])
            own = store_parts.words_of(transaction, case["id"])
        # Whoever may not see the case is told so by the same error as on its own page.
        self._acts.roles_in(case["id"], me.id)
        seen.note(self._acts.store, case["id"], me.id, now=self._acts.clock(), doing=Presence.WRITING)
        return case, own or (first["text"] if first else "")

    def _page(
        self,
        request: Request,
        me: Handler,
        case: Row,
        typed: Sequence[Mapping[str, str]],
        *,
        problems: Sequence[str] = (),
        status: int = 200,
    ) -> Response:
        here = [one for one in self._parts.staff if not one.has_left and one.id not in case["barred"]]
        return self._show.page(
            "split",
            me=me,
            token=self._access.token(request),
            status=status,
            case=self._views.head(case),
            divided=[{name: one.get(name, "") for name in _FIELDS} for one in typed],
            problems=list(problems),
            fewest=FEWEST,
            most=MOST,
            kinds=[str(kind) for kind in Kind],
            factors=[str(factor) for factor in Factor],
            units=[(one.id, one.name) for one in self._parts.units],
            people=[(one.id, f"{one.name}, {one.title}" if one.title else one.name) for one in here],
        )


def _part(typed: Mapping[str, str]) -> Part:
    return Part(
        title=typed["title"].strip()[:_LONGEST_TITLE],
        words=typed["words"].strip()[:_LONGEST],
        kind=_chosen(Kind, typed["kind"]),
        factor=_chosen(Factor, typed["factor"]),
        unit=typed["unit"],
        handler=typed["handler"],
    )


def _chosen(values: type[_Value], text: str) -> _Value | None:
    return values(text) if text in set(values) else None
