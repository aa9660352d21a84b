"""Builds the pages from their parts, and puts the same guard before every answer."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Scope, Send
from starlette.types import Receive as AsgiReceive

from bots.channel import Hooked, Receive
from bots.channels.webchat import PAGE, Webchat
from bots.desk.acts import Acts as DeskActs
from bots.desk.answering import Answering
from bots.desk.archive.exporting import Archive
from bots.desk.by_link import ByLink
from bots.desk.candidates import Candidates, NotSortingError
from bots.desk.directory import Directory, NotAllowedError
from bots.desk.disclosure.disclosing import Disclosing, NoDisclosureError, NotDisclosingError
from bots.desk.disposal import Disposal
from bots.desk.extract import Extract
from bots.desk.improvements import Improvements
from bots.desk.page_code import PageCode
from bots.desk.rectifying import Rectifying
from bots.desk.reports.analysis import Analysing, NotSigningError
from bots.desk.reports.opendata import Source
from bots.desk.reports.signals import Signals
from bots.desk.scanning import Scanner
from bots.web.about import About, Notices
from bots.web.access import Access
from bots.web.answer import AnswerPage
from bots.web.archive import ArchivePage
from bots.web.candidates import CandidatesPage
from bots.web.codes import Codes
from bots.web.console import Console
from bots.web.demo import Demo
from bots.web.disclosure import DisclosurePages
from bots.web.disposal import DisposalPage, NotArchivingError, archives
from bots.web.extract import ExtractPage
from bots.web.form import Form
from bots.web.health import Health
from bots.web.health_page import HealthPage, operates
from bots.web.hooks import Hooks
from bots.web.improvements import ImprovementPages
from bots.web.keys import Keys
from bots.web.links import LinkPages
from bots.web.lists import Lists
from bots.web.model_page import ModelPage
from bots.web.numbers import hold
from bots.web.oidc import IdentityProvider
from bots.web.oidc_pages import OidcPages
from bots.web.on_behalf import OnBehalfPage
from bots.web.opendata import OpenDataPages
from bots.web.page_code import PageCodePage
from bots.web.parts import Acts, MailboxMail, ModelHistory, Parts, PublicFacts
from bots.web.people import ById
from bots.web.pick_up import PickUp
from bots.web.public_list import PublicListPage
from bots.web.record import RecordPage, record_pages
from bots.web.rectify import RectifyPage
from bots.web.register import Register
from bots.web.reports import NotForReportsError, ReportsPage, readable
from bots.web.running import Running
from bots.web.sessions import Sessions
from bots.web.settings_days import SettingsDays
from bots.web.settings_home import SettingsHome
from bots.web.settings_people import SettingsPeople
from bots.web.settings_room import Room
from bots.web.settings_texts import SettingsTexts
from bots.web.settings_units import SettingsUnits
from bots.web.show import STATIC, Show
from bots.web.signals import SignalsPage, hears
from bots.web.split_page import SplitPage
from bots.web.statistics import StatisticsPage
from bots.web.statistics_asked import NotForFiguresError, figures_of
from bots.web.statistics_proposals import ProposalsPage
from bots.web.stranded import Shelf
from bots.web.stranded_page import StrandedPage
from bots.web.survey import Survey
from bots.web.timing import Note, Timed
from bots.web.webchat import Talk
from bots.web.work import Work
from store.domain import Handler, Unit
from store.engine import Store, StoreError
from store.figures.months import Months
from store.sessions import Limits
from store.sight import HiddenCaseError, OnlyReadingError

log = logging.getLogger(__name__)

_COOKIE_LIFE = timedelta(hours=12)
_HEADERS = {
    # No script but our own files: what a citizen writes can not become one, whatever slips through.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}

_ASKS_MORE = ("/arenden/", PAGE)
_KEYS = ("/l/", "/enkat/")  # whoever knows such an address holds a key
_POLICY_OF_ASKING = f"{_HEADERS['Content-Security-Policy']}; connect-src 'self'"


def build(
    *,
    store: Store,
    acts: Acts,
    receive: Receive,
    clock: Callable[[], datetime],
    public: PublicFacts,
    staff: Sequence[Handler],
    password: str,
    session_secret: str,
    secure_cookies: bool,
    units: Sequence[Unit] = (),
    mailbox: Callable[[], Sequence[MailboxMail]] | None = None,
    model_history: ModelHistory = list,
    watched_at: Callable[[], datetime | None] = lambda: None,
    running: Callable[[], Running] = Running,
    code_secret: str = "",
    roads: Sequence[str] = ("email",),
    patience: timedelta = timedelta(seconds=3),
    by_link: ByLink | None = None,
    desk: DeskActs | None = None,
    notices: Notices | None = None,
    undo: timedelta = timedelta(0),
    most_enclosed: int = 10 * 2**20,
    limits: Limits | None = None,
    provider: IdentityProvider | None = None,
    directory: Directory | None = None,
    hooks: Mapping[str, Hooked] = MappingProxyType({}),
    candidates: Candidates | None = None,
    chat: Webchat | None = None,
    disposal: Disposal | None = None,
    extract: Extract | None = None,
    disclosing: Disclosing | None = None,
    archive: Archive | None = None,
    open_data: Source | None = None,
    scanner: Scanner | None = None,
    timed: Note | None = None,
) -> Starlette:
    """Build the pages. An empty `password` shuts the staff pages; an empty `session_secret` is refused.

    With another `code_secret` (the session secret, if empty) the codes of anonymous senders lead nowhere.
    Behind a reverse proxy the server must be told which proxy to believe about the caller's address,
    else all callers share one bucket.
    """
    if len(session_secret) < 16:
        raise ValueError("the session secret must be at least 16 signs long")
    hold()
    parts = Parts(
        store=store,
        acts=acts,
        receive=receive,
        clock=clock,
        public=public,
        staff=staff,
        units=units,
        mailbox=mailbox,
        model_history=model_history,
        codes=Codes(code_secret or session_secret),
        roads=tuple(roads),
        patience=patience,
        candidates=candidates,
    )
    show = Show(
        public,
        demo=mailbox is not None,
        operates=lambda me: operates(me, acts),
        discloses=lambda me: disclosing is not None and disclosing.may(me.id),
        reports=lambda me: desk is not None and bool(readable(me, desk.work.house)),
        packs=lambda me: archive is not None and archives(me, acts),
        figures=lambda me: figures_of(me, desk.work.house) if desk else "",
        signals=lambda me: desk is not None and hears(me, acts),
        record=record_pages(acts, desk, disclosing, archive, disposal, extract),
    )
    keys = Keys(
        store=store,
        shared=password,
        secret=session_secret,
        clock=clock,
        provider=provider.facts.mark if provider else "",
    )
    sessions = Sessions(store=store, staff=_here(staff), keys=keys, clock=clock, limits=limits or Limits())
    if directory is not None:
        directory.given = sessions.given
    shelf = Shelf(store=store, clock=clock)
    access = Access(
        show=show,
        sessions=sessions,
        keys=keys,
        clock=clock,
        shelf=shelf,
        provider=provider.facts.name if provider else "",
        farewell=provider.farewell if provider else lambda _id_token: "",
    )
    return Starlette(
        routes=[
            *_routes(
                parts,
                show,
                access,
                session_secret,
                Health(store, watched_at, running),
                _pages_of_acts(desk, parts, show, access, undo, most_enclosed, scanner),
            ),
            *HealthPage(parts=parts, show=show, access=access, running=running).routes(),
            *_links(by_link, parts, show),
            *_survey(desk, parts, show),
            *_rectify(desk, parts, show, access),
            *_page_code(desk, parts, show, access),
            *_follow_up(desk, parts, show, access),
            *_open_data(open_data, desk, parts, show),
            *(SplitPage(acts=desk, parts=parts, show=show, access=access).routes() if desk else ()),
            *_settings(directory, desk, show, access),
            *_reports(desk, parts, show, access),
            *_statistics(desk, parts, show, access),
            *StrandedPage(shelf=shelf, sessions=sessions, show=show, access=access).routes(),
            *(OidcPages(provider=provider, sessions=sessions, access=access).routes() if provider else ()),
            *About(show=show, notices=notices or _plain(public)).routes(),
            *Hooks(channels=hooks, receive=receive).routes(),
            *(
                ExtractPage(extract=extract, parts=parts, show=show, access=access).routes()
                if extract
                else ()
            ),
            *(
                DisposalPage(disposal=disposal, parts=parts, show=show, access=access).routes()
                if disposal
                else ()
            ),
            *_disclosures(disclosing, parts, show, access),
            *RecordPage(show=show, access=access).routes(),
            *(PublicListPage(acts=desk, show=show, access=access).routes() if desk else ()),
            *(
                ArchivePage(archive=archive, parts=parts, show=show, access=access).routes()
                if archive
                else ()
            ),
            *_talk(chat, parts, show, access, session_secret, secure_cookies),
        ],
        middleware=[
            *([Middleware(Timed, note=timed)] if timed else []),
            Middleware(Guard, secure=secure_cookies),
            Middleware(
                SessionMiddleware,
                secret_key=session_secret,
                # The prefix makes browsers refuse a cookie of this name that was not set by us over TLS.
                session_cookie="__Host-synpunkt" if secure_cookies else "synpunkt",
                max_age=int(_COOKIE_LIFE.total_seconds()),
                same_site="lax",
                https_only=secure_cookies,
            ),
        ],
        exception_handlers={
            HTTPException: _problem_page(show),
            HiddenCaseError: _refusal(show, "hidden"),
            OnlyReadingError: _refusal(show, "reading"),
            NotAllowedError: _refusal(show, "forbidden"),
            NotArchivingError: _refusal(show, "archive"),
            NotForFiguresError: _refusal(show, "figures"),
            NotForReportsError: _refusal(show, "reports"),
            NotSigningError: _refusal(show, "reports"),
            NotSortingError: _refusal(show, "sorters"),
            NotDisclosingError: _refusal(show, "registrators"),
            NoDisclosureError: _missing(show),
            StoreError: _problem_page(show),
            Exception: _problem_page(show),
        },
    )


class Guard:
    """Adds the headers that keep a page from being framed, sniffed, stored or made to run anything."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        self._headers = _HEADERS | ({"Strict-Transport-Security": "max-age=31536000"} if secure else {})

    async def __call__(self, scope: Scope, receive: AsgiReceive, send: Send) -> None:
        """Pass a request on, and guard its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # PostgreSQL refuses NUL; with another sign in its place the address is one that is not found.
        scope["path"] = scope["path"].replace("\0", "\ufffd")

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if scope["path"].startswith(_ASKS_MORE):
                    # A case asks us who else has it open, and confirms without loading the whole page anew;
                    # a talk asks for news.
                    headers.setdefault("Content-Security-Policy", _POLICY_OF_ASKING)
                if scope["path"].startswith(_KEYS):
                    headers.setdefault("Referrer-Policy", "no-referrer")
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if message["status"] == 307:
                    # Starlette's way past a slash too many names the host that the request did.
                    there = urlsplit(headers["Location"])
                    headers["Location"] = there._replace(scheme="", netloc="").geturl()
            await send(message)

        await self._app(scope, receive, guarded)


class Style(StaticFiles):
    """Serves our style and mark. The page's link changes when a file does, so it may be kept long."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file that browsers may keep."""
        answer = await super().get_response(path, scope)
        answer.headers["Cache-Control"] = "public, max-age=86400"
        return answer


def _routes(
    parts: Parts,
    show: Show,
    access: Access,
    secret: str,
    health: Health,
    acts: tuple[Work, AnswerPage] | None,
) -> list[BaseRoute]:
    pick_up = PickUp(parts=parts, show=show)
    routes: list[BaseRoute] = [
        *Form(parts=parts, show=show, access=access, pick_up=pick_up, secret=secret).routes(),
        *pick_up.routes(),
        *Lists(parts=parts, show=show, access=access).routes(),
        *_candidates(parts.candidates, show, access),
        *Console(parts=parts, show=show, access=access, acts=acts).routes(),
        # The answer has a page of its own, before that of any other act.
        *((*acts[1].routes(), *acts[0].routes()) if acts is not None else ()),
        *Register(parts=parts, show=show, access=access, secret=secret).routes(),
        *OnBehalfPage(parts=parts, show=show, access=access).routes(),
        *ModelPage(parts=parts, show=show, access=access).routes(),
        *health.routes(),
        Route("/logga-in", access.door, methods=["GET"]),
        Route("/logga-in", access.log_in, methods=["POST"]),
        Route("/logga-ut", access.log_out, methods=["POST"]),
        Mount("/static", Style(directory=STATIC)),
    ]
    if parts.mailbox is not None:
        routes += Demo(show=show, mailbox=parts.mailbox).routes()
    return routes


def _plain(public: PublicFacts) -> Notices:
    return Notices(controller=public.municipality, address=public.intake_address)


def _pages_of_acts(
    desk: DeskActs | None,
    parts: Parts,
    show: Show,
    access: Access,
    undo: timedelta,
    most_enclosed: int,
    scanner: Scanner | None,
) -> tuple[Work, AnswerPage] | None:
    if desk is None:
        return None
    answering = Answering(acts=desk, undo=undo, most_bytes=most_enclosed)
    work = Work(answering=answering, show=show, access=access, staff=parts.staff, units=parts.units)
    page = AnswerPage(answering=answering, work=work, show=show, access=access, scanner=scanner)
    return work, page


def _survey(desk: DeskActs | None, parts: Parts, show: Show) -> list[Route]:
    if desk is None:
        return []
    return Survey(store=parts.store, links=desk.work.letters.links, show=show, clock=parts.clock).routes()


def _talk(
    chat: Webchat | None, parts: Parts, show: Show, access: Access, secret: str, secure: bool
) -> Sequence[Route]:
    if chat is None:
        return ()
    return Talk(parts=parts, show=show, access=access, chat=chat, secret=secret, secure=secure).routes()


def _page_code(desk: DeskActs | None, parts: Parts, show: Show, access: Access) -> Sequence[Route]:
    if desk is None:
        return ()
    page_code = PageCode(store=parts.store, house=desk.work.house, clock=parts.clock)
    return PageCodePage(page_code=page_code, parts=parts, show=show, access=access).routes()


def _rectify(desk: DeskActs | None, parts: Parts, show: Show, access: Access) -> Sequence[Route]:
    if desk is None:
        return ()
    rectifying = Rectifying(store=parts.store, house=desk.work.house, clock=parts.clock)
    return RectifyPage(rectifying=rectifying, parts=parts, show=show, access=access).routes()


def _statistics(desk: DeskActs | None, parts: Parts, show: Show, access: Access) -> Sequence[Route]:
    if desk is None:
        return ()
    months, house = Months(store=parts.store), desk.work.house
    return (
        *StatisticsPage(house=house, months=months, parts=parts, show=show, access=access).routes(),
        *ProposalsPage(house=house, months=months, parts=parts, show=show, access=access).routes(),
    )


def _follow_up(desk: DeskActs | None, parts: Parts, show: Show, access: Access) -> Sequence[Route]:
    """Return the pages of what has risen, and of what synpunkter have led to."""
    if desk is None:
        return ()
    house = desk.work.house
    signals = Signals(store=parts.store, house=house, identity=desk.work.identity)
    improvements = Improvements(store=parts.store, house=house, clock=parts.clock)
    return (
        *SignalsPage(signals=signals, parts=parts, show=show, access=access).routes(),
        *ImprovementPages(improvements=improvements, parts=parts, show=show, access=access).routes(),
    )


def _reports(desk: DeskActs | None, parts: Parts, show: Show, access: Access) -> Sequence[Route]:
    if desk is None:
        return ()
    analysing = Analysing(store=parts.store, house=desk.work.house, clock=parts.clock)
    return ReportsPage(analysing=analysing, parts=parts, show=show, access=access).routes()


def _open_data(source: Source | None, desk: DeskActs | None, parts: Parts, show: Show) -> Sequence[Route]:
    if source is None or desk is None:
        return ()
    house = desk.work.house
    return OpenDataPages(store=parts.store, house=house, clock=parts.clock, source=source, show=show).routes()


def _here(staff: Sequence[Handler]) -> ById[Handler]:
    """Return those who may sign in: who has left may not."""
    return ById(staff, only=lambda one: not one.has_left)


def _candidates(candidates: Candidates | None, show: Show, access: Access) -> Sequence[Route]:
    if candidates is None:
        return []
    return CandidatesPage(candidates=candidates, show=show, access=access).routes()


def _settings(
    directory: Directory | None, desk: DeskActs | None, show: Show, access: Access
) -> Sequence[Route]:
    if directory is None or desk is None:
        return []
    room = Room(directory=directory, show=show, access=access)
    return [
        *SettingsHome(room).routes(),
        *SettingsPeople(room, desk).routes(),
        *SettingsUnits(room).routes(),
        *SettingsDays(room).routes(),
        *SettingsTexts(room).routes(),
    ]


def _links(by_link: ByLink | None, parts: Parts, show: Show) -> list[Route]:
    if by_link is None:
        return []
    return LinkPages(by_link=by_link, show=show, staff=parts.staff, units=parts.units).routes()


def _disclosures(disclosing: Disclosing | None, parts: Parts, show: Show, access: Access) -> Sequence[Route]:
    if disclosing is None:
        return ()
    return DisclosurePages(disclosing=disclosing, parts=parts, show=show, access=access).routes()


def _missing(show: Show) -> Callable[[Request, Exception], Response]:
    def answer(_request: Request, _error: Exception) -> Response:
        return show.page("problem", status=404, code=404)

    return answer


def _refusal(show: Show, why: str) -> Callable[[Request, Exception], Response]:
    def answer(_request: Request, _error: Exception) -> Response:
        return show.page("problem", status=403, code=why)

    return answer


def _problem_page(show: Show) -> Callable[[Request, Exception], Response]:
    def answer(_request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException):
            page = show.page("problem", status=error.status_code, code=error.status_code)
            page.headers.update(error.headers or {})
            return page
        if isinstance(error, StoreError):
            log.error("page not shown: %s", error)
            return show.page("problem", status=503, code=503)
        # Starlette answers this one from outside our guard, so it brings its own headers.
        page = show.page("problem", status=500, code=500)
        page.headers.update(_HEADERS)
        return page

    return answer
