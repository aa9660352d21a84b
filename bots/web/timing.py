"""Times every answer, and tells of it by the pattern of its address: an address may hold a key or a name."""

import time
from collections.abc import Callable
from typing import Any

from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Note = Callable[[str, str, int, float], None]  # pattern, method, status, seconds
NOWHERE = "none"  # the pattern of an address that leads nowhere
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})


class Timed:
    """Passes requests on, and notes how long each answer took until its last byte."""

    def __init__(self, app: ASGIApp, *, note: Note) -> None:
        self._app = app
        self._note = note

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on. One whose answer never began counts as 500."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, began = 500, time.perf_counter()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._note(_pattern(scope), method, status, time.perf_counter() - began)


def _pattern(scope: Scope) -> str:
    """Return the pattern that led to the endpoint; starlette tells of the endpoint alone."""
    endpoint: Any = scope.get("endpoint")
    if endpoint is None:
        return NOWHERE
    for route in scope["app"].routes:
        if isinstance(route, Route):
            if route.endpoint == endpoint and route.path_regex.match(scope["path"]):
                return route.path
        elif getattr(route, "app", None) is endpoint:
            return str(route.path)
    return NOWHERE
