"""The pages "Rapporter": what is there for who is signed in, one report, and its unit's manager's words."""

import asyncio
import base64
import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bots.desk.house import House
from bots.desk.reports import catalogue, swedish
from bots.desk.reports.analysis import Analysing, UnfitWordsError
from bots.desk.reports.asked import Asked, NoReportError
from bots.desk.reports.by_hand import ByHand, NotClosingError
from bots.desk.reports.catalogue import CATALOGUE, Entry
from bots.desk.reports.closing import SIGNED, Change, Closed, Kept
from bots.desk.reports.diary import COLUMNS as DIARY_COLUMNS
from bots.desk.reports.diary import DiaryError
from bots.desk.reports.diary import read as read_diary
from bots.desk.reports.drawing import draw
from bots.desk.reports.files import FORMATS
from bots.desk.reports.readers import headed, made_for, may_read, note_taken
from bots.desk.reports.report import Report
from bots.desk.reports.schedule import PATH
from bots.desk.reports.sheet import shown
from bots.desk.reports.web import as_html
from bots.web import uploads
from bots.web.access import Access, TokenError
from bots.web.downloads import download
from bots.web.parts import Parts
from bots.web.show import Show
from bots.web.uploads import Sent
from store import analyses, snapshots
from store.analyses import StaleAnalysisError
from store.deadlines import day_of, later
from store.domain import Handler, Role, Step, Unit
from store.engine import Row, Transaction
from store.figures.period import Period, PeriodError, holding, read, read_in_reach

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_SHOWN = 60  # reports in the list
_NOT_SURE = "Kryssa för att du vet att det inte går att ångra."
_NAMES = {"csv": "CSV", "xlsx": "Excel", "pdf": "PDF", "html": "Webbsida"}
Facts = dict[str, object]


class NotForReportsError(Exception):
    """There is no report for who asks, or not this one."""


class _NotOfThatError(Exception):
    """There is the report, but not of what was asked for. The message says what there is, in Swedish."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A report as it is to be shown, what was kept of it, and its manager's words."""

    report: Report
    kept: Kept | None
    changes: Sequence[Change]
    words: Sequence[Row]


def readable(me: Handler, house: House) -> list[Entry]:
    """List the reports that somebody may read, whole or of their own units."""
    return [entry for entry in CATALOGUE.values() if may_read(entry, house, me.id)]


class ReportsPage:
    """The pages, which work without a script."""

    def __init__(self, *, analysing: Analysing, parts: Parts, show: Show, access: Access) -> None:
        self._analysing = analysing
        self._house = analysing.house
        self._parts = parts
        self._show = show
        self._access = access
        self._by_hand = ByHand(store=parts.store, house=analysing.house)

    def routes(self) -> list[Route]:
        """List the pages, each behind the door."""
        guard = self._access.for_staff
        return [
            Route(PATH, guard(self.all), methods=["GET"]),
            Route(f"{PATH}/visa", guard(self.choose), methods=["GET"]),
            Route(f"{PATH}/{{report}}", guard(self.one), methods=["GET"]),
            Route(f"{PATH}/{{report}}/fil", guard(self.file), methods=["GET"]),
            Route(f"{PATH}/{{report}}/hela", guard(self.whole), methods=["GET"]),
            Route(f"{PATH}/{{report}}/analys", guard(self.write), methods=["POST"]),
            Route(f"{PATH}/{{report}}/stang", guard(self.close), methods=["POST"]),
            Route(f"{PATH}/{{report}}/diarium", guard(self.with_diary), methods=["POST"]),
        ]

    async def all(self, request: Request, me: Handler) -> Response:
        """List what is kept, and whose words are missing."""
        return await self._list(request, me)

    async def choose(self, request: Request, me: Handler) -> Response:
        """Lead to the report that was chosen in the form."""
        asked = request.query_params
        report, period = asked.get("rapport", ""), asked.get("period", "").strip()
        if not report:
            return await self._list(request, me)
        try:
            entry = catalogue.entry(report)
            named = "" if entry.is_of_now else self._period(period).name
        except (NoReportError, PeriodError) as error:
            return await self._list(request, me, problem=str(error))
        return RedirectResponse(_url(entry.id, named, asked.get("enhet", "")), 303)

    async def one(self, request: Request, me: Handler) -> Response:
        """Show a report: what it found, its charts and files, its manager's words, what changed since."""
        try:
            return await self._one(request, me)
        except _NotOfThatError as error:
            return await self._not_of_that(request, me, error)

    async def file(self, request: Request, me: Handler) -> Response:
        """Hand a report out as a file."""
        ending = request.query_params.get("format", "csv")
        if ending not in FORMATS:
            raise NotForReportsError
        try:
            entry, asked = self._asked(request, me)
            data = await asyncio.to_thread(self._file, entry, asked, ending, me)
        except _NotOfThatError as error:
            return await self._not_of_that(request, me, error)
        name = f"{_file_name(entry, asked)}.{ending}"
        return download(data, name, media_type=FORMATS[ending].media_type)

    async def whole(self, request: Request, me: Handler) -> Response:
        """Show a report with all its tables, as it is printed; each figure leads to its cases."""
        try:
            entry, asked = self._asked(request, me)
            found = await asyncio.to_thread(self._look_up, entry, asked, me)
        except _NotOfThatError as error:
            return await self._not_of_that(request, me, error)
        page = as_html(found.report, links=bool({Role.MANAGER, *_WITH_CASES} & self._house.roles(me.id)))
        # The page brings its own style along, and nothing else may be one.
        style = _STYLE.search(page)
        sum_ = base64.b64encode(hashlib.sha256((style[1] if style else "").encode()).digest()).decode()
        policy = (
            f"default-src 'none'; script-src 'self'; style-src 'sha256-{sum_}'; base-uri 'none'; "
            "frame-ancestors 'none'"
        )
        return HTMLResponse(page, headers={"Content-Security-Policy": policy})

    async def write(self, request: Request, me: Handler) -> Response:
        """Save what the manager has written, and sign it when they say so."""
        sent = await self._access.sent(request)
        report, period, unit = (
            request.path_params["report"].upper(),
            sent.get("period", ""),
            sent.get("enhet", ""),
        )
        try:
            named = self._period(period).name
            await asyncio.to_thread(
                self._analysing.write,
                report,
                named,
                unit,
                sent.get("text", ""),
                by=me.id,
                seen=sent.get("sedd", ""),
                sign=sent.get("gor") == "signera",
                is_sure=bool(sent.get("kontrollerat")),
            )
        except PeriodError as error:
            raise NotForReportsError from error
        except UnfitWordsError as error:
            return await self._one(request, me, typed=sent, remarks=error.remarks)
        except StaleAnalysisError:
            told = (
                "Någon har skrivit här sedan du öppnade sidan. Det som står sparat visas ovanför. "
                "Ditt är kvar i rutan: spara igen om det är det som ska gälla.",
            )
            return await self._one(request, me, typed={**sent, "sedd": ""}, remarks=told, status=409)
        done = "signerat" if sent.get("gor") == "signera" else "sparat"
        return RedirectResponse(_url(report, named, unit, gjort=done), 303)

    async def close(self, request: Request, me: Handler) -> Response:
        """Keep a report of a period that is over, when somebody says to know that it stays so."""
        sent = await self._access.sent(request)
        try:
            return await self._close(request, me, sent)
        except _NotOfThatError as error:
            return await self._not_of_that(request, me, error)

    async def _close(self, request: Request, me: Handler, sent: Mapping[str, str]) -> Response:
        entry, asked = self._asked(request, me, sent)
        if not self._by_hand.may(entry, me.id):
            raise NotForReportsError
        if not sent.get("sakert"):
            return await self._one(request, me, typed=sent, hindrance=_NOT_SURE)
        closing = partial(self._by_hand.close, entry.id, asked.period, by=me.id)
        try:
            is_new = await asyncio.to_thread(closing, now=self._parts.clock())
        except NotClosingError as error:
            return await self._one(request, me, typed=sent, hindrance=str(error))
        except NoReportError as error:
            raise _NotOfThatError(str(error)) from error
        return RedirectResponse(_url(entry.id, asked.period.name, gjort="stangd" if is_new else "redan"), 303)

    async def with_diary(self, request: Request, me: Handler) -> Response:
        """Hand out R5 together with cases of the main diary (row K17). Nothing of their file is kept."""
        sent = await uploads.read(request)
        if not self._access.carries_token(request, sent.fields):
            raise TokenError
        try:
            return await self._with_diary(request, me, sent)
        except _NotOfThatError as error:
            return await self._not_of_that(request, me, error)

    async def _with_diary(self, request: Request, me: Handler, sent: Sent) -> Response:
        ending = sent.fields.get("format", "csv")
        entry, asked = self._asked(request, me, sent.fields)
        if entry.id != "R5" or ending not in FORMATS:
            raise NotForReportsError
        try:
            data = sent.files[0].data if sent.files and not sent.too_much else b""
            if not data:
                raise DiaryError([f"Välj en fil, av högst {uploads.MOST_BYTES // 2**20} MB."])
            asked = replace(asked, diary=read_diary(data, units=asked.house.called))
        except DiaryError as error:
            problems = str(error).split("\n")
            return await self._one(request, me, typed=sent.fields, diary_problems=problems)
        written = await asyncio.to_thread(self._file, entry, asked, ending, me)
        name = f"{_file_name(entry, asked)}-med-diariet.{ending}"
        return download(written, name, media_type=FORMATS[ending].media_type)

    async def _not_of_that(self, request: Request, me: Handler, error: _NotOfThatError) -> Response:
        """Tell what there is, with the form as it was filled in."""
        typed = {"rapport": request.path_params["report"].upper()}
        return await self._list(request, me, problem=str(error), typed=typed)

    async def _list(
        self, request: Request, me: Handler, *, problem: str = "", typed: Mapping[str, str] | None = None
    ) -> Response:
        entries = readable(me, self._house)
        if not entries:
            raise NotForReportsError
        kept, missing = await asyncio.to_thread(self._kept, me, entries)
        own = self._own(me)
        return self._show.page(
            "reports",
            me=me,
            token=self._access.token(request),
            status=422 if problem else 200,
            problem=problem,
            kept=kept,
            mine=[one for one in missing if one["is_mine"]],
            missing=[one for one in missing if not one["is_mine"]],
            entries=[{"id": one.id, "title": one.title, "is_of_now": one.is_of_now} for one in entries],
            units=[{"id": one.id, "name": one.name} for one in self._units(me, own)],
            typed={name: request.query_params.get(name, "")[:40] for name in ("rapport", "period", "enhet")}
            | dict(typed or {}),
            last_quarter=holding("quarter", day_of(self._parts.clock())).before.name,
        )

    async def _one(
        self,
        request: Request,
        me: Handler,
        *,
        typed: Mapping[str, str] | None = None,
        remarks: Sequence[str] = (),
        hindrance: str = "",
        diary_problems: Sequence[str] = (),
        status: int = 422,
    ) -> Response:
        entry, asked = self._asked(request, me, typed or request.query_params)
        found = await asyncio.to_thread(self._look_up, entry, asked, me)
        unit = asked.units[0] if len(asked.units) == 1 else ""
        latest = found.words[-1] if found.words else None
        query = urlencode({"period": _named(entry, asked)} | ({"enhet": unit} if unit else {}))
        return self._show.page(
            "report",
            me=me,
            token=self._access.token(request),
            status=status if remarks or hindrance or diary_problems else 200,
            id=entry.id,
            title=f"{entry.title} ({entry.id})",
            period=_named(entry, asked),
            in_words="" if entry.is_of_now else swedish.period(asked.period),
            unit=unit,
            place=self._place(asked),
            report=found.report,
            kept=found.kept,
            is_over=asked.period.last < asked.today,
            has_begun=asked.period.first <= asked.today,
            charts=[{"title": one.title, "svg": draw(one)} for one in found.report.charts],
            whole=f"{PATH}/{entry.id}/hela?{query}",
            files=[
                {"name": _NAMES[ending], "url": f"{PATH}/{entry.id}/fil?{query}&format={ending}"}
                for ending in FORMATS
            ],
            others=[
                {"name": one.name, "url": _url(entry.id, asked.period.name, one.id)}
                for one in self._house.units
                if entry.id in SIGNED and not unit and (not asked.units or one.id in asked.units)
            ],
            corrected=[_change(one) for one in found.changes if not one.goes_on],
            went_on=[_change(one) for one in found.changes if one.goes_on],
            signs=bool(entry.id in SIGNED and unit and self._analysing.may(me.id, unit)),
            is_signable=entry.id in SIGNED and bool(unit),
            words=[_words(one, self._house) for one in reversed(found.words)],
            typed=(typed or {}).get("text", latest["text"] if latest else ""),
            is_draft=latest is not None and latest["signed_at"] is None,
            seen=(typed or {}).get("sedd") or analyses.mark(latest),
            remarks=remarks,
            hindrance=hindrance,
            closes=self._closes(entry, asked, found, me),
            takes_diary=entry.id == "R5",
            diary_problems=diary_problems,
            diary_columns=", ".join(DIARY_COLUMNS),
            formats=[{"ending": ending, "name": _NAMES[ending]} for ending in FORMATS],
            done=request.query_params.get("gjort", ""),
        )

    def _closes(self, entry: Entry, asked: Asked, found: Found, me: Handler) -> bool:
        """Tell whether somebody may close this very period by hand now."""
        if found.kept or asked.units or not self._by_hand.may(entry, me.id):
            return False
        return not self._by_hand.hindrance(entry, asked.period, asked.today)

    def _asked(
        self, request: Request, me: Handler, sent: Mapping[str, str] | None = None
    ) -> tuple[Entry, Asked]:
        """Return what an address asks for, narrowed to what its reader may have."""
        query = request.query_params if sent is None else sent
        today = day_of(self._parts.clock())
        now, unit = Period(first=today, last=today), query.get("enhet", "")
        if unit and self._house.unit(unit) is None:
            raise NotForReportsError
        try:
            entry = catalogue.entry(request.path_params["report"])
            asked = Asked(period=now, today=today, house=self._house, units=(unit,) if unit else ())
            asked = made_for(entry, asked, me.id)
        except NoReportError as error:
            raise NotForReportsError from error
        if entry.is_of_now:
            return entry, asked
        try:
            return entry, replace(asked, period=self._period(query.get("period", "")))
        except PeriodError as error:
            raise _NotOfThatError(str(error)) from error

    def _period(self, written: str) -> Period:
        """Read a period of the years that there can be cases of; raise `PeriodError`."""
        return read_in_reach(written[:40], day_of(self._parts.clock()))

    def _look_up(self, entry: Entry, asked: Asked, me: Handler) -> Found:
        closed = Closed(house=self._house)
        try:
            with self._parts.store.read() as transaction:
                kept = closed.kept_for(transaction, entry.id, asked)
                report = kept.report if kept else entry.make(transaction, asked)
                found = Found(
                    report=closed.with_words(transaction, entry.id, report),
                    kept=kept,
                    changes=closed.changes(transaction, kept) if kept else (),
                    words=self._versions(transaction, entry, asked),
                )
        except NoReportError as error:
            raise _NotOfThatError(str(error)) from error
        self._note(entry, found.report, me)
        return found

    def _versions(self, transaction: Transaction, entry: Entry, asked: Asked) -> Sequence[Row]:
        if entry.id not in SIGNED or len(asked.units) != 1:
            return ()
        return analyses.versions(transaction, entry.id, asked.period.name, asked.units[0])

    def _file(self, entry: Entry, asked: Asked, ending: str, me: Handler) -> bytes:
        closed = Closed(house=self._house)
        try:
            with self._parts.store.read() as transaction:
                kept = closed.kept_for(transaction, entry.id, asked)
                report = kept.report if kept else entry.make(transaction, asked)
                report = closed.with_words(transaction, entry.id, report)
                same = closed.csv(transaction, kept) if kept and ending == "csv" else None
        except NoReportError as error:
            raise _NotOfThatError(str(error)) from error
        self._note(entry, report, me)
        return FORMATS[ending].write(report) if same is None else same

    def _note(self, entry: Entry, report: Report, me: Handler) -> None:
        if entry.names_cases:
            with self._parts.store.write() as transaction:
                note_taken(transaction, report, by=me.id, now=self._parts.clock())

    def _kept(self, me: Handler, entries: Sequence[Entry]) -> tuple[list[Facts], list[Facts]]:
        roles, own = self._house.roles(me.id), self._own(me)
        whole = {entry.id for entry in entries if (roles & entry.readers) - {Role.MANAGER}}
        ids = [entry.id for entry in entries]
        with self._parts.store.read() as transaction:
            rows = snapshots.newest(transaction, ids, scopes=["", *sorted(own)], most=_SHOWN)
            unsigned = snapshots.unsigned(transaction, SIGNED & set(ids)) if SIGNED & set(ids) else []
            told = snapshots.told(transaction, [row["id"] for row in unsigned])
        kept: list[Facts] = [
            {
                "title": f"{CATALOGUE[row['report']].title} ({row['report']})",
                "period": swedish.begun(swedish.period(read(row["period"]))),
                "unit": self._name(row["scope"]) or "Hela kommunen",
                "made_at": row["made_at"],
                "url": _url(row["report"], row["period"], row["scope"]),
            }
            for row in rows
            if row["scope"] or row["report"] in whole
        ]
        answers_for = self._answers_for(me)
        missing = [
            self._missing(row, told.get(row["id"], {}), me)
            for row in unsigned
            if row["scope"] in answers_for or self._analysing.may(me.id, row["scope"])
        ]
        return kept, missing

    def _answers_for(self, me: Handler) -> Collection[str]:
        """Return the units of whose missing words somebody is shown: the level above, and quality staff."""
        if {Role.QUALITY, Role.REGISTRATOR} & self._house.roles(me.id):
            return [unit.id for unit in self._house.units]
        return headed(self._house, me.id)

    def _own(self, me: Handler) -> frozenset[str]:
        """Return the units that somebody manages or heads."""
        return self._house.reader(me.id).manages | headed(self._house, me.id)

    def _missing(self, row: Row, told: Mapping[Step, object], me: Handler) -> Facts:
        house = self._house
        plan = next((one for one in house.policy.reports if one.id == row["report"]), None)
        days = plan.sign_within_days if plan else 0
        return {
            "unit": self._name(row["scope"]),
            "managers": swedish.listed([one.name for one in house.managers_of(row["scope"])]),
            "title": f"{CATALOGUE[row['report']].title} ({row['report']})",
            "period": swedish.period(read(row["period"])),
            "sign_by": later(day_of(row["made_at"]), days, house.days.closed) if days else None,
            "reminded_at": told.get(Step.REMINDER),
            "is_mine": self._analysing.may(me.id, row["scope"]),
            "url": _url(row["report"], row["period"], row["scope"]),
        }

    def _units(self, me: Handler, own: Collection[str]) -> list[Unit]:
        sees_all = self._house.roles(me.id) - {Role.STAFF, Role.HANDLER, Role.MANAGER}
        return [unit for unit in self._house.units if sees_all or unit.id in own]

    def _name(self, unit_id: str) -> str:
        unit = self._house.unit(unit_id)
        return unit.name if unit is not None else unit_id

    def _place(self, asked: Asked) -> str:
        return swedish.listed([self._name(unit) for unit in asked.units])


# Who may follow a figure to its cases, besides each manager to those of the own units.
_WITH_CASES = (Role.QUALITY, Role.REGISTRATOR)


def _change(change: Change) -> Facts:
    return {
        "row": change.row,
        "figure": change.figure,
        "then": shown(change.then) or "–",
        "now": shown(change.now) or "–",
    }


def _words(row: Row, house: House) -> Facts:
    writer = house.handlers.get(row["written_by"])
    return {
        "version": row["version"],
        "text": row["text"],
        "signed_name": row["signed_name"],
        "signed_at": row["signed_at"],
        "written_by": writer.name if writer else row["written_by"],
        "written_at": row["written_at"],
    }


def _named(entry: Entry, asked: Asked) -> str:
    return "" if entry.is_of_now else asked.period.name


def _file_name(entry: Entry, asked: Asked) -> str:
    """Name a file by its report, its period or day, and its unit if it is of a single one."""
    when = str(asked.today) if entry.is_of_now else asked.period.name.replace("/", "--")
    return "-".join([entry.id, when, *(asked.units if len(asked.units) == 1 else ())])


def _url(report: str, period: str, unit: str = "", **more: str) -> str:
    pairs = {name: value for name, value in (("period", period), ("enhet", unit), *more.items()) if value}
    return f"{PATH}/{report}" + (f"?{urlencode(pairs)}" if pairs else "")
