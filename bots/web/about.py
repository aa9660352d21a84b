"""The pages that the law wants: accessibility (DOS-lagen), personal data (GDPR art. 13), register (OSL 4:2).

The words are in `templates/pages/about`, one file for each topic and language. What only the municipality
knows comes from the table `[public]` of the settings; where it is silent, the page says so.
"""

from dataclasses import asdict, dataclass
from datetime import date
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.web.show import Show

LANGUAGES = ("sv", "en", "fi")
PRIVACY = "/personuppgifter"
PATHS = {"accessibility": "/tillganglighet", "privacy": PRIVACY, "register": "/vart-register"}


@dataclass(frozen=True, kw_only=True)
class Notices:
    """What the municipality itself must tell. Free words are Swedish, also on pages in other languages."""

    controller: str
    address: str  # where failings of accessibility are told
    officer: str = ""
    recipients: tuple[str, ...] = ()
    retention: str = ""
    register_contact: str = ""
    terminals: str = ""
    series: str = "SYN"
    boards: tuple[tuple[str, str], ...] = ()  # name and series of each nämnd that numbers its own
    classifies: bool = True
    learns: str = ""  # the decision that lets the model learn from cases; empty: it does not
    tested_on: date | None = None
    tested: str = ""
    failings: tuple[str, ...] = ()
    published_on: date | None = None


class About:
    """The three pages."""

    def __init__(self, *, show: Show, notices: Notices) -> None:
        self._show = show
        self._facts = asdict(notices)

    def routes(self) -> list[Route]:
        """List the pages."""
        return [
            Route(path, partial(self.page, topic=topic), methods=["GET"]) for topic, path in PATHS.items()
        ]

    async def page(self, request: Request, *, topic: str) -> Response:
        """Show a topic in the language that was asked for."""
        wanted = request.query_params.get("sprak", "")
        return self.show(topic, wanted if wanted in LANGUAGES else LANGUAGES[0])

    def show(self, topic: str, language: str) -> Response:
        """Write a topic in one of `LANGUAGES`."""
        return self._show.page("about", language=language, topic=topic, path=PATHS[topic], **self._facts)
