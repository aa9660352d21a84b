"""The mailbox of a demonstration: what the citizen and the handler would have got, in full."""

import asyncio
from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.web.parts import MailboxMail
from bots.web.show import Show


class Demo:
    """The page; it exists only when a mailbox is handed in, never in a municipality's own house."""

    def __init__(self, *, show: Show, mailbox: Callable[[], Sequence[MailboxMail]]) -> None:
        self._show = show
        self._mailbox = mailbox

    def routes(self) -> list[Route]:
        """List the page."""
        return [Route("/demo/post", self.post, methods=["GET"])]

    async def post(self, _request: Request) -> Response:
        """Show every mail, the newest first."""
        mails = await asyncio.to_thread(self._mailbox)
        newest_first = sorted(mails, key=lambda mail: mail.at, reverse=True)
        return self._show.page("mailbox", mails=newest_first)
