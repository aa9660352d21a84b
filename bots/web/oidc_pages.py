"""The two steps of signing in at the municipality's own provider: going there, and coming back."""

import asyncio
import logging

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bots.web import claims
from bots.web.access import HOME, Access, local_path
from bots.web.oidc import ANSWER, FAREWELL, IdentityProvider, LateError, OidcError, UnreachableError
from bots.web.sessions import Sessions

log = logging.getLogger(__name__)


class OidcPages:
    """The pages. What goes wrong is said on the page to sign in on; the reason is in the log."""

    def __init__(self, *, provider: IdentityProvider, sessions: Sessions, access: Access) -> None:
        self._provider = provider
        self._sessions = sessions
        self._access = access

    def routes(self) -> list[Route]:
        """List the pages. They stand before the door, and open it only by `IdentityProvider.finish`."""
        return [
            Route("/logga-in/kommun", self.go, methods=["GET"]),
            Route(ANSWER, self.come_back, methods=["GET"]),
            Route(FAREWELL, self._access.signed_out, methods=["GET"]),
        ]

    async def go(self, request: Request) -> Response:
        """Send somebody to the provider. A link, not a form: our policy lets no form lead to another host."""
        wanted = local_path(request.query_params.get("next", HOME))
        try:
            address, state = await asyncio.to_thread(self._provider.begin, wanted)
        except OidcError as error:
            return await self._told(request, error, wanted)
        request.session["state"] = state
        return RedirectResponse(address, 303)

    async def come_back(self, request: Request) -> Response:
        """Take the provider's answer; let in whom it vouches for and we know."""
        state = request.session.pop("state", "")
        try:
            answer = await asyncio.to_thread(self._provider.finish, dict(request.query_params), state=state)
        except OidcError as error:
            return await self._told(request, error, HOME)
        facts = self._provider.facts
        if claims.has_too_many_groups(answer.claims, facts):
            log.warning("provider left out the groups: more than it sends; see docs/operating.md")
        found = claims.arrival(answer.claims, answer.id_token, facts, self._sessions.staff)
        if found is None:
            log.warning("sign-in refused: because=nobody that we know")
            return await self._access.refused(request, "okänd", wanted=answer.wanted, status=403)
        return await self._access.let_in(request, found, wanted=answer.wanted)

    async def _told(self, request: Request, error: OidcError, wanted: str) -> Response:
        log.warning("sign-in refused: kind=%s because=%s", type(error).__name__, error)
        if isinstance(error, LateError) and await self._access.who(request) is not None:
            return RedirectResponse(wanted, 303)  # the back button, after it had gone well
        status = 503 if isinstance(error, UnreachableError) else 403
        return await self._access.refused(request, error.told, wanted=wanted, status=status)
