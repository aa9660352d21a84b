"""Shows what was typed when the session had ended: to send once more, to copy, or to throw away."""

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bots.web import fields
from bots.web.access import FOR_GUESTS, GIVEN_BACK, HOME, Access, TokenError
from bots.web.sessions import Sessions
from bots.web.show import Show
from bots.web.stranded import FILES, Post, Shelf
from bots.web.work import TASKS
from store.domain import Handler

_LONG = 60  # signs; more than that is shown on lines of its own
_UNSHOWN = frozenset(
    {"token", "ticket", "version", "rad", "shown", "back", "gor", "mall", "was", "seen", "query"}
)
# What a form calls what it asks for. The acts name their own fields.
_WORDS = {
    "by": "Vem som tog emot",
    "category": "Avsändaren är",
    "day": "Dag",
    "email": "E-postadress",
    "factor": "Kvalitetsfaktor",
    "kind": "Typ",
    "measure": "Åtgärd",
    "name": "Namn",
    "phone": "Telefon",
    "source": "Hur det kom in",
    "text": "Text",
    "time": "Klockslag",
    "unit": "Enhet",
    "anonymous": "Vill vara anonym",
}


class StrandedPage:
    """The page. Only who typed it sees it, in the browser where it was typed."""

    def __init__(self, *, shelf: Shelf, sessions: Sessions, show: Show, access: Access) -> None:
        self._shelf = shelf
        self._sessions = sessions
        self._show = show
        self._access = access

    def routes(self) -> list[Route]:
        """List the page, behind the door."""
        guard = self._access.for_staff
        return [
            Route(GIVEN_BACK, guard(self.look, guests=True), methods=["GET"]),
            Route(GIVEN_BACK, guard(self.throw_away, guests=True), methods=["POST"]),
        ]

    async def look(self, request: Request, me: Handler) -> Response:
        """Show what was typed; nothing is sent before somebody says so."""
        secret = request.session.get("stranded", "")
        post = await asyncio.to_thread(self._shelf.take_out, secret, me.id)
        return self._show.page(
            "stranded",
            me=me,
            token=self._access.token(request),
            post=None if post is None else _shown(post),
            home=self._home(me),
        )

    async def throw_away(self, request: Request, me: Handler) -> Response:
        """Forget it."""
        if not self._access.carries_token(request, await fields.read(request)):
            raise TokenError
        await asyncio.to_thread(self._shelf.throw_away, request.session.pop("stranded", ""), me.id)
        return RedirectResponse(self._home(me), 303)

    def _home(self, me: Handler) -> str:
        return FOR_GUESTS if self._sessions.is_guest(me) else HOME


def _shown(post: Post) -> dict[str, object]:
    labels = _WORDS
    task = next((one for one in TASKS if post.path.endswith(f"/gor/{one.slug}")), None)
    if task is not None:
        labels = labels | {field.name: field.label for field in task.fields}
    typed = {name: value for name, value in post.typed.items() if name not in _UNSHOWN}
    return {
        "path": post.path,
        "media_type": post.media_type,
        "takes_files": post.media_type == FILES,
        "files": post.files,
        "hidden": [(name, value) for name, value in post.typed.items() if name not in typed],
        "fields": [
            {
                "name": name,
                "label": labels.get(name, name),
                "value": value,
                "is_long": len(value) > _LONG or "\n" in value,
            }
            for name, value in typed.items()
            if value
        ],
        "empty": [name for name, value in typed.items() if not value],
    }
