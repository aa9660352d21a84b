"""Turns facts into a page: the frame around every page, and the answer that carries it."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from starlette.responses import HTMLResponse

import templates
from bots.web.parts import PublicFacts
from store.domain import Handler

STATIC = Path(__file__).parent / "static"


class Show:
    """Writes pages in the frame of one municipality."""

    def __init__(
        self,
        public: PublicFacts,
        *,
        demo: bool,
        operates: Callable[[Handler], bool] = lambda _me: False,
        discloses: Callable[[Handler], bool] = lambda _me: False,
        packs: Callable[[Handler], bool] = lambda _me: False,
        figures: Callable[[Handler], str] = lambda _me: "",
        reports: Callable[[Handler], bool] = lambda _me: False,
        signals: Callable[[Handler], bool] = lambda _me: False,
        record: Callable[[Handler], Sequence[Mapping[str, str]]] = lambda _me: (),
    ) -> None:
        self._operates = operates  # who has the page of the operator in the menu
        self._discloses = discloses  # and who hands out of the record
        self._packs = packs  # and who makes packages for the archive
        self._figures = figures  # and who that of statistics: "egna", "alla" or nothing
        self._reports = reports  # and who that of reports
        self._signals = signals  # and who that of weak signals
        self.record = record  # the pages of the record that somebody may open: `path` and `name`
        self._site = {
            "service_name": public.service_name,
            "municipality": public.municipality,
            "phone": public.phone,
            "phone_hours": public.phone_hours,
            "privacy_url": public.privacy_url,
            "intake_address": public.intake_address,
            "fault_report_url": public.fault_report_url,
            "appeal_url": public.appeal_url,
            "chat": public.chat,
            "demo": demo,
            # A browser keeps the style for long; a new style gets a new address.
            "style": _mark("house.css"),
            "script": _mark("console.js"),
            "case_script": _mark("case.js"),
            "chat_script": _mark("chat.js"),
            "disclosure_script": _mark("disclosure.js"),
            "htmx": _mark("htmx.js"),
        }

    def page(
        self,
        name: str,
        /,
        *,
        me: Handler | None = None,
        token: str = "",
        language: str = "sv",
        status: int = 200,
        **facts: object,
    ) -> HTMLResponse:
        """Write the page `name`. `me` is who is logged in, `token` what the page's forms must carry."""
        frame = {
            "site": self._site,
            "me": self._who(me) if me else None,
            "token": token,
            "language": language,
        }
        return HTMLResponse(templates.page(name, **frame, **facts), status)

    def _who(self, me: Handler) -> dict[str, object]:
        return {
            "id": me.id,
            "name": me.name,
            "operates": self._operates(me),
            "discloses": self._discloses(me),
            "packs": self._packs(me),
            "figures": self._figures(me),
            "reports": self._reports(me),
            "signals": self._signals(me),
            "record": self.record(me),
        }


def _mark(file: str) -> str:
    return hashlib.sha256((STATIC / file).read_bytes()).hexdigest()[:12]
