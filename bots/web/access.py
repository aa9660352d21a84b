"""Who may see what: staff sign in, and every post carries a token that only our own page knew."""

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

from bots.web import fields, stranded
from bots.web.keys import Keys
from bots.web.sessions import Arrival, Sessions
from bots.web.show import Show
from bots.web.stranded import Post, Shelf
from bots.web.throttle import Buckets, Strangers
from store.domain import Handler, SignIn

HOME = "/arenden"
FOR_GUESTS = "/registrera"
GIVEN_BACK = "/osant"
_LOCAL = re.compile(
    r"/(?:arenden|registrera|modellen|rapporter|installningar|signaler|publicera|gallring|registerutdrag|utlamnanden"
    r"|statistik|halsa|demo|osant)"
    r"(?:[/?][A-Za-z0-9/?&=_.%~-]*)?"
)


class TokenError(HTTPException):
    """The form was not ours, or too old; look at the page again before you send."""

    def __init__(self) -> None:
        super().__init__(403)


class _StrandedError(Exception):
    """The form was from before a new sign-in of the same person; what was typed has been put by."""


class Access:
    """The door. The browser holds a random id, in a signed cookie; who it is stands in the store.

    Signing out ends the session wherever its cookie has been copied, and so do the ways named in `Sessions`.
    `provider` is what the page calls the municipality's own sign-in; empty where there is none, and
    `farewell` tells where to end its session, given what `Sessions.end` returned.
    """

    def __init__(
        self,
        *,
        show: Show,
        sessions: Sessions,
        keys: Keys,
        clock: Callable[[], datetime],
        shelf: Shelf,
        provider: str = "",
        farewell: Callable[[str], str] = lambda _id_token: "",
    ) -> None:
        self._show = show
        self._sessions = sessions
        self._keys = keys
        self._shelf = shelf
        self._provider = provider
        self._farewell = farewell
        self._strangers = Strangers()
        self._tries = Buckets(size=5, refill=timedelta(minutes=3), clock=clock)
        # From many networks at once: a wider bucket for each name that is tried.
        self._names = Buckets(size=20, refill=timedelta(minutes=3), clock=clock)

    async def who(self, request: Request) -> Handler | None:
        """Return the member of staff who is signed in, if any."""
        secret = request.session.get("id", "")
        return await asyncio.to_thread(self._sessions.who, secret) if secret else None

    def token(self, request: Request) -> str:
        """Return the token that this visitor's forms must carry; makes one at the first call."""
        token: str = request.session.setdefault("token", secrets.token_urlsafe(24))
        return token

    def carries_token(self, request: Request, sent: Mapping[str, str]) -> bool:
        """Tell whether a post carries the visitor's token."""
        return _is_same(request.session.get("token", ""), sent.get("token", ""))

    def for_staff(
        self, page: Callable[[Request, Handler], Awaitable[Response]], *, guests: bool = False
    ) -> Callable[[Request], Awaitable[Response]]:
        """Wrap a page so that only staff see it; others are led to the door and back again.

        Whoever the provider alone vouches for is led to the pages with `guests`, where nothing is read.
        """

        async def guarded(request: Request) -> Response:
            handler = await self.who(request)
            if handler is None:
                return await self._turned_away(request)
            if self._sessions.is_guest(handler) and not guests:
                return RedirectResponse(FOR_GUESTS, 303)
            try:
                return await page(request, handler)
            except _StrandedError:
                return RedirectResponse(GIVEN_BACK, 303)

        return guarded

    async def sent(self, request: Request) -> Mapping[str, str]:
        """Return the fields of a post by staff; raise `TokenError` when it does not come from our page."""
        sent = await fields.read(request)
        if self.carries_token(request, sent):
            return sent
        if _is_same(request.session.get("before", ""), sent.get("token", "")):
            post = Post(path=request.url.path, media_type=stranded.FORM, typed=sent)
            if await self._put_by(request, post):
                raise _StrandedError
        raise TokenError

    async def door(self, request: Request) -> Response:
        """Show the page to sign in on."""
        wanted = local_path(request.query_params.get("next", HOME))
        if await self.who(request) is not None:
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
        is_personal = await asyncio.to_thread(lambda: self._keys.are_personal)
        how = SignIn.ACCOUNT if is_personal else SignIn.SHARED
        right = await asyncio.to_thread(
            self._keys.opens, name, sent.get("password", ""), sent.get("code", "")
        )
        if not right or name not in self._sessions.staff:
            await asyncio.to_thread(self._sessions.refuse, name, how)
            return await self._door(request, wanted=wanted, name=name, error="fel", status=422)
        self._tries.give_back(stranger)
        self._names.give_back(name)
        return await self.let_in(request, Arrival(person=name, how=how), wanted=wanted)

    async def let_in(self, request: Request, arrival: Arrival, *, wanted: str) -> Response:
        """Begin a session for somebody who has shown who they are, and lead them to where they were going."""
        old = request.session
        before = await asyncio.to_thread(self._sessions.whose, old.get("id", ""))
        kept = {"stranded": old["stranded"]} if "stranded" in old else {}
        if before == arrival.person and "token" in old:
            # Pages of theirs that are still open: nothing is done with these, but the words are not lost.
            kept["before"] = old["token"]
        secret = await asyncio.to_thread(self._sessions.begin, arrival, instead_of=old.get("id", ""))
        # Everything else from before goes: a session planted by somebody else leads nowhere.
        old.clear()
        old.update(kept, id=secret)
        return RedirectResponse(local_path(wanted), 303)

    async def refused(self, request: Request, error: str, *, wanted: str, status: int) -> Response:
        """Show the page to sign in on with what the provider's answer lacked."""
        if self._tries.take(self._strangers.name(request)) is None:  # nobody fills the journal from outside
            await asyncio.to_thread(self._sessions.refuse, "", SignIn.PROVIDER)
        return await self._door(request, wanted=local_path(wanted), error=error, status=status)

    async def log_out(self, request: Request) -> Response:
        """End the session, here and wherever its cookie has been copied, and at the provider if it can."""
        await self.sent(request)
        secret = request.session.get("id", "")
        id_token = await asyncio.to_thread(self._sessions.end, secret) if secret else ""
        # These stay: they open nothing, but a page that is still open in another tab tells by them whose
        # words it sends, and what was typed is for its writer alone.
        for name in set(request.session) - {"id", "token", "stranded"}:
            del request.session[name]
        elsewhere = await asyncio.to_thread(self._farewell, id_token) if id_token else ""
        if not elsewhere:
            return RedirectResponse("/logga-in?ute=1", 303)
        # A redirect to another host after a form is what our policy forbids; the page itself leads on.
        answer = self._show.page("signed_out", elsewhere=elsewhere)
        answer.headers["Refresh"] = f"0; url={elsewhere}"
        return answer

    async def signed_out(self, _request: Request) -> Response:
        """Take back whom the provider has signed out too."""
        return RedirectResponse("/logga-in?ute=1", 303)

    async def _turned_away(self, request: Request) -> Response:
        if request.method == "GET":
            wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return _to_door(wanted)
        post = await stranded.read(request) if request.session.get("id") else None
        if post is not None and self.carries_token(request, post.typed) and await self._put_by(request, post):
            return _to_door(GIVEN_BACK)
        # What can not be kept can not be repeated either; the list is the safe place to return to.
        return _to_door(HOME)

    async def _put_by(self, request: Request, post: Post) -> bool:
        """Keep what was typed for whose session it is or was; False where nobody is known by it."""
        person = await asyncio.to_thread(self._sessions.whose, request.session.get("id", ""))
        secret = await self._shelf.put_by(post, person) if person else ""
        if secret:
            request.session["stranded"] = secret
        return bool(secret)

    def _person(self, typed: str) -> str:
        """Return the id of whoever is named by id or mail address, or else what was typed."""
        wanted = typed.strip().casefold()
        for one in self._sessions.staff.values():
            if wanted in {one.id.casefold(), one.email.casefold()}:
                return one.id
        return typed[:200]

    async def _door(
        self, request: Request, *, wanted: str, name: str = "", error: str = "", status: int = 200
    ) -> Response:
        has_accounts = await asyncio.to_thread(lambda: self._keys.has_accounts)
        personal = has_accounts or bool(self._provider)
        # Where people have accounts, the page does not tell who they are.
        staff = () if personal else self._sessions.staff.values()
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
            provider=self._provider,
            elsewhere=f"/logga-in/kommun?{urlencode({'next': wanted})}",
            by_hand=has_accounts or not self._provider,
            waits=wanted == GIVEN_BACK and "stranded" in request.session,
        )


def local_path(wanted: str) -> str:
    """Return a path among the staff pages, or the list of cases for anything else."""
    return wanted if _LOCAL.fullmatch(wanted) and ".." not in wanted else HOME


def _to_door(wanted: str) -> Response:
    return RedirectResponse(f"/logga-in?{urlencode({'next': local_path(wanted)})}", 303)


def _is_same(known: str, sent: str) -> bool:
    return bool(known) and hmac.compare_digest(known.encode(), sent.encode())
