"""Who may see what: staff log in, and every post carries a token that only our own page knew."""

import asyncio
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bots.web import fields
from bots.web.keys import Keys
from bots.web.show import Show
from bots.web.throttle import Buckets, Strangers
from store.domain import Handler

HOME = "/arenden"
_SHIFT = timedelta(hours=10)
_LOCAL = re.compile(r"/(?:arenden|registrera|modellen|installningar|demo)(?:[/?][A-Za-z0-9/?&=_.%~-]*)?")


class TokenError(HTTPException):
    """The form was not ours, or too old; look at the page again before you send."""

    def __init__(self) -> None:
        super().__init__(403)


class Access:
    """The door. The session cookie is signed and names a member of staff; it holds nothing else.

    A new password, or logging out, makes old cookies worthless; so does a lost account, within seconds.
    """

    def __init__(
        self,
        *,
        show: Show,
        staff: Mapping[str, Handler],
        keys: Keys,
        clock: Callable[[], datetime],
    ) -> None:
        self._show = show
        self._staff = staff
        self._clock = clock
        self._keys = keys
        self._ended: dict[str, datetime] = {}
        self._strangers = Strangers()
        self._tries = Buckets(size=5, refill=timedelta(minutes=3), clock=clock)
        # From many networks at once: a wider bucket for each name that is tried.
        self._names = Buckets(size=20, refill=timedelta(minutes=3), clock=clock)

    def who(self, request: Request) -> Handler | None:
        """Return the member of staff who is logged in, if any."""
        session = request.session
        if "who" not in session or session.get("id") in self._ended:
            return None
        mark = self._keys.mark(session["who"])
        if not mark or not hmac.compare_digest(session.get("mark", ""), mark):
            return None
        if self._clock() - datetime.fromisoformat(session["since"]) > _SHIFT:
            return None
        return self._staff.get(session["who"])

    def token(self, request: Request) -> str:
        """Return the token that this visitor's forms must carry; makes one at the first call."""
        token: str = request.session.setdefault("token", secrets.token_urlsafe(24))
        return token

    def carries_token(self, request: Request, sent: Mapping[str, str]) -> bool:
        """Tell whether a post carries the visitor's token."""
        known = request.session.get("token", "")
        return bool(known) and hmac.compare_digest(known.encode(), sent.get("token", "").encode())

    def for_staff(
        self, page: Callable[[Request, Handler], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Wrap a page so that only staff see it; others are led to the door and back again."""

        async def guarded(request: Request) -> Response:
            handler = self.who(request)
            if handler is not None:
                return await page(request, handler)
            # A post can not be repeated after login; then the list is the safe place to return to.
            wanted = request.url.path if request.method == "GET" else HOME
            if request.method == "GET" and request.url.query:
                wanted += f"?{request.url.query}"
            return RedirectResponse(f"/logga-in?{urlencode({'next': local_path(wanted)})}", 303)

        return guarded

    async def sent(self, request: Request) -> Mapping[str, str]:
        """Return the fields of a post by staff; raise `TokenError` when it does not come from our page."""
        sent = await fields.read(request)
        if not self.carries_token(request, sent):
            raise TokenError
        return sent

    async def door(self, request: Request) -> Response:
        """Show the login page."""
        wanted = local_path(request.query_params.get("next", HOME))
        if self.who(request) is not None:
            return RedirectResponse(wanted, 303)
        return await self._door(request, wanted=wanted)

    async def log_in(self, request: Request) -> Response:
        """Take a name, the password and a code; start a session of its own for whoever has them."""
        sent = await fields.read(request)
        wanted, name = local_path(sent.get("next", HOME)), self._person(sent.get("who", ""))
        if not self.carries_token(request, sent):
            return await self._door(request, wanted=wanted, name=name, error="gammal", status=403)
        stranger = self._strangers.name(request)
        # Taken before the slow comparison: many tries at once must not slip through side by side.
        wait = self._tries.take(stranger) or self._names.take(name)
        if wait is not None:
            answer = await self._door(request, wanted=wanted, name=name, error="bromsad", status=429)
            answer.headers["Retry-After"] = str(int(wait.total_seconds()) + 1)
            return answer
        right = await asyncio.to_thread(
            self._keys.opens, name, sent.get("password", ""), sent.get("code", "")
        )
        if not right or name not in self._staff:
            return await self._door(request, wanted=wanted, name=name, error="fel", status=422)
        self._tries.give_back(stranger)
        self._names.give_back(name)
        # Everything from before the login goes: a session planted by somebody else leads nowhere.
        request.session.clear()
        request.session.update(
            id=secrets.token_urlsafe(16),
            who=name,
            mark=self._keys.mark(name),
            since=self._clock().isoformat(),
        )
        return RedirectResponse(wanted, 303)

    async def log_out(self, request: Request) -> Response:
        """End the session, here and wherever its cookie has been copied."""
        await self.sent(request)
        now = self._clock()
        self._ended = {known: until for known, until in self._ended.items() if until > now}
        if "id" in request.session:
            self._ended[request.session["id"]] = now + _SHIFT
        request.session.clear()
        return RedirectResponse("/logga-in?ute=1", 303)

    def _person(self, typed: str) -> str:
        """Return the id of whoever is named by id or mail address, or else what was typed."""
        wanted = typed.strip().casefold()
        for one in self._staff.values():
            if wanted in {one.id.casefold(), one.email.casefold()}:
                return one.id
        return typed[:200]

    async def _door(
        self, request: Request, *, wanted: str, name: str = "", error: str = "", status: int = 200
    ) -> Response:
        personal = await asyncio.to_thread(lambda: self._keys.are_personal)
        # Where people have accounts, the page does not tell who they are.
        staff = [] if personal else self._staff.values()
        return self._show.page(
            "login",
            token=self.token(request),
            status=status,
            staff=[{"id": one.id, "name": one.name, "title": one.title} for one in staff],
            personal=personal,
            wanted=wanted,
            chosen=name,
            error=error,
            closed=not personal and not self._keys.shared,
            left="ute" in request.query_params,
        )


def local_path(wanted: str) -> str:
    """Return a path among the staff pages, or the list of cases for anything else."""
    return wanted if _LOCAL.fullmatch(wanted) and ".." not in wanted else HOME
