"""The page about the model: how its proposals fare, and what was learnt here. `store.quality` counts."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.web.access import Access
from bots.web.parts import Parts
from bots.web.show import Show
from store import quality
from store.domain import Handler
from store.engine import Row
from store.quality import Quality

Facts = dict[str, object]

_LATEST = 20  # events of the models that are shown


@dataclass(frozen=True, kw_only=True)
class Seen:
    """All that the page tells, read at one time."""

    quality: Quality
    model: Row | None
    history: Sequence[Mapping[str, object]]


class ModelPage:
    """The page "Modellen", for staff."""

    def __init__(self, *, parts: Parts, show: Show, access: Access) -> None:
        self._parts = parts
        self._show = show
        self._access = access

    def routes(self) -> list[Route]:
        """List the page, behind the door."""
        return [Route("/modellen", self._access.for_staff(self.page), methods=["GET"])]

    async def page(self, request: Request, me: Handler) -> Response:
        """Show how the proposals fare, so that a model that gets worse is noticed."""
        seen = await asyncio.to_thread(self._look_up)
        return self._show.page(
            "model",
            me=me,
            token=self._access.token(request),
            model=seen.model,
            months=list(reversed(seen.quality.months)),
            falls=seen.quality.falls(),
            corrections=seen.quality.corrections,
            history=[event(line) for line in reversed(seen.history[-_LATEST:])],
        )

    def _look_up(self) -> Seen:
        with self._parts.store.read() as transaction:
            counted = quality.quality(transaction, now=self._parts.clock())
            model = quality.model_in_use(transaction)
        return Seen(quality=counted, model=model, history=self._parts.model_history())


def event(line: Mapping[str, object]) -> Facts:
    """Show one line of the history of the models; of a line from another release what can be read of it."""
    at = str(line.get("at", ""))
    reasons = line.get("reasons")
    return {
        "at": _moment(at),
        "written_at": at,
        "act": str(line.get("act", "")),
        "model": str(line.get("challenger") or line.get("model") or ""),
        "promoted": line.get("promoted") is True,
        "back_to": str(line.get("to") or ""),
        "reasons": [str(reason) for reason in reasons] if isinstance(reasons, list | tuple) else [],
    }


def _moment(written: str) -> datetime | None:
    """Return an aware time; of one without a zone nobody knows what it meant."""
    try:
        read = datetime.fromisoformat(written)
    except ValueError:
        return None
    return read if read.tzinfo is not None else None
