"""What the settings pages share: who may, how a form comes back, and what stands in it now.

Everything works without a script. What was typed is never lost: when something can not be saved, or somebody
else was faster, the page comes back with it, and beside it how it stands now.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bots.desk.directory import Directory, NotAllowedError, RefusedError
from bots.web.access import Access
from bots.web.show import Show
from store.directory import StaleSettingError
from store.domain import Handler

HOME = "/installningar"
LONGEST = 20_000
STALE = "Någon annan hann ändra medan du hade sidan öppen. Inget av ditt är sparat. Båda visas här."

Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why a form comes back: what is wrong with it, or that somebody else was faster."""

    problems: Sequence[str]
    is_stale: bool = False

    @property
    def status(self) -> int:
        """Return the code of the answer."""
        return 409 if self.is_stale else 422


@dataclass(frozen=True, kw_only=True)
class Room:
    """The settings pages' way to their desk, and to the frame around each page."""

    directory: Directory
    show: Show
    access: Access

    def only_for_all(self, me: Handler) -> None:
        """Raise `NotAllowedError` for whoever may not change everything."""
        if not self.directory.rights(me.id).everything:
            raise NotAllowedError

    async def save(self, act: Callable[[], Found]) -> Found | Trouble:
        """Do it in a thread; return what is in its way, if anything is."""
        try:
            return await asyncio.to_thread(act)
        except RefusedError as error:
            return Trouble(problems=error.problems)
        except StaleSettingError:
            return Trouble(problems=[STALE], is_stale=True)

    def page(
        self,
        request: Request,
        me: Handler,
        name: str,
        *,
        trouble: Trouble | None = None,
        status: int = 0,
        **facts: Any,
    ) -> Response:
        """Write a page; with `trouble` it says what is wrong."""
        return self.show.page(
            name,
            me=me,
            token=self.access.token(request),
            status=status or (trouble.status if trouble else 200),
            problems=list(trouble.problems) if trouble else [],
            is_stale=bool(trouble and trouble.is_stale),
            **facts,
        )


def back(where: str = HOME, **query: str) -> Response:
    """Lead on after a post."""
    return RedirectResponse(f"{where}?{urlencode(query)}" if query else where, 303)


def lines_of(text: str) -> tuple[str, ...]:
    """Return the lines of a field that hold something, each once."""
    return tuple(dict.fromkeys(line for line in (" ".join(one.split()) for one in text.splitlines()) if line))


def version_of(sent: Mapping[str, Any]) -> int:
    """Return the version that a form was filled in from; a number that no version has for what is none."""
    text = str(sent.get("version", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else -1


def named(people: Sequence[Handler]) -> list[dict[str, str]]:
    """Show people to choose among, by name."""
    return [
        {"id": one.id, "name": f"{one.name}, {one.title}" if one.title else one.name}
        for one in sorted(people, key=lambda one: one.name.casefold())
    ]
