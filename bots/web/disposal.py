"""The page "Gallring": what may be disposed of today, doing it in two steps, and what is held (row B16)."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bots.desk.disposal import Disposal, protocol_csv
from bots.web import views
from bots.web.access import Access
from bots.web.downloads import download
from bots.web.parts import Acts, Parts
from bots.web.show import Show
from store import cases, holds, journal
from store.domain import Entry, Handler, Role
from store.engine import Row, Transaction
from store.retention import Plan, Record, UndecidedError
from store.sight import sees

PATH = "/gallring"
_SHOWN = 200  # numbers of a rule; the command shows all


class NotArchivingError(Exception):
    """The page is for the registrator, or for the data protection officer where it says so."""


def archives(me: Handler, acts: Acts) -> bool:
    """Tell whether somebody looks after what is kept: the registrator, or who stands in for them."""
    return Role.REGISTRATOR in {*me.roles, *acts.roles(me.id)}


class DisposalPage:
    """The page, its two acts and the protocol. Each works without a script."""

    def __init__(self, *, disposal: Disposal, parts: Parts, show: Show, access: Access) -> None:
        self._disposal = disposal
        self._parts = parts
        self._show = show
        self._access = access

    def routes(self) -> list[Route]:
        """List the pages, each behind the door."""
        guard = self._access.for_staff
        return [
            Route(PATH, guard(self.look), methods=["GET"]),
            Route(PATH, guard(self.carry_out), methods=["POST"]),
            Route(f"{PATH}/protokoll", guard(self.protocol), methods=["GET"]),
            Route(f"{PATH}/sparr", guard(self.hold), methods=["POST"]),
            Route(f"{PATH}/sparr/hav", guard(self.lift), methods=["POST"]),
        ]

    async def look(self, request: Request, me: Handler) -> Response:
        """Show what each rule would delete today, and what is held."""
        self._demand(me)
        return await self._page(request, me)

    async def carry_out(self, request: Request, me: Handler) -> Response:
        """Show what one rule would delete; once that has been seen and the decision is named, delete it."""
        sent = await self._access.sent(request)
        self._demand(me)
        plan = await self._plan(sent.get("record", ""))
        if plan is None:
            return RedirectResponse(PATH, 303)
        seen = f"{len(plan.numbers)}:{plan.pieces}"
        if sent.get("seen", "") != seen:
            return await self._page(request, me, chosen=plan, seen=seen)
        try:
            pieces = await asyncio.to_thread(
                self._disposal.carry_out,
                plan.rule.record,
                decision_ref=sent.get("beslut", ""),
                by=me.id,
            )
        except UndecidedError as error:
            return await self._page(request, me, chosen=plan, seen=seen, problem=str(error))
        return RedirectResponse(f"{PATH}?{urlencode({'gallrat': pieces})}", 303)

    async def protocol(self, _request: Request, me: Handler) -> Response:
        """Hand out the protocol (R13)."""
        self._demand(me)
        lines = await asyncio.to_thread(self._disposal.protocol)
        return download(protocol_csv(lines), "gallringsprotokoll.csv", media_type="text/csv; charset=utf-8")

    async def hold(self, request: Request, me: Handler) -> Response:
        """Keep a case, whatever is decided of its kind."""
        sent = await self._access.sent(request)
        self._demand(me)
        reason = sent.get("orsak", "").strip()
        held = bool(reason) and await asyncio.to_thread(self._hold, sent.get("nummer", ""), reason, me)
        if not held:
            problem = "Skriv numret på ett ärende som du får se, och varför det ska hållas kvar."
            return await self._page(request, me, problem=problem, typed=sent)
        return RedirectResponse(f"{PATH}?klart=sparrat", 303)

    async def lift(self, request: Request, me: Handler) -> Response:
        """Let a case go the way of its kind again."""
        sent = await self._access.sent(request)
        self._demand(me)
        await asyncio.to_thread(self._hold, sent.get("nummer", ""), "", me)
        return RedirectResponse(f"{PATH}?klart=havt", 303)

    def _demand(self, me: Handler) -> None:
        if not archives(me, self._parts.acts):
            raise NotArchivingError

    async def _plan(self, record: str) -> Plan | None:
        plans = await asyncio.to_thread(self._disposal.plans)
        return next((one for one in plans if one.rule.record == record and not one.is_empty), None)

    def _hold(self, number: str, reason: str, me: Handler) -> bool:
        """Hold a case, or lift its holds where there is no reason; False for one that they may not see."""
        now = self._parts.clock()
        with self._parts.store.write() as transaction:
            case = self._seen(transaction, number, me)
            if case is None:
                return False
            if reason:
                holds.put(transaction, case["id"], reason=reason, by=me.id, now=now)
            else:
                holds.lift(transaction, case["id"], by=me.id, now=now)
        return True

    def _seen(self, transaction: Transaction, number: str, me: Handler) -> Row | None:
        case = cases.find_number(transaction, number.strip())
        return case if case is not None and sees(self._parts.acts.reader(me.id), case) else None

    async def _page(
        self,
        request: Request,
        me: Handler,
        *,
        chosen: Plan | None = None,
        seen: str = "",
        problem: str = "",
        typed: Mapping[str, str] | None = None,
    ) -> Response:
        plans, held = await asyncio.to_thread(self._look_up, me)
        return self._show.page(
            "disposal",
            me=me,
            token=self._access.token(request),
            status=422 if problem else 200,
            plans=[_plan(one) for one in plans],
            chosen=_plan(chosen) if chosen else None,
            seen=seen,
            held=held,
            problem=problem,
            typed={"nummer": "", "orsak": "", **(typed or {})},
            notice=request.query_params.get("klart", ""),
            deleted=_whole(request.query_params.get("gallrat", "")),
        )

    def _look_up(self, me: Handler) -> tuple[list[Plan], list[dict[str, object]]]:
        """Read what is due and what is held; that somebody looked is in the journal (row R14)."""
        plans = self._disposal.plans()
        reader = self._parts.acts.reader(me.id)
        with self._parts.store.write() as transaction:
            entry = Entry(actor=me.id, act=journal.READING, details={"vad": "gallring"})
            journal.write(transaction, self._parts.clock(), entry)
            rows = [row for row in holds.standing(transaction) if sees(reader, row)]
        return plans, [
            {
                "number": row["number"],
                "url": views.case_url(row["number"]),
                "reason": row["hold"],
                "at": row["held_at"],
            }
            for row in rows
        ]


def _plan(plan: Plan) -> dict[str, object]:
    rule = plan.rule
    return {
        "record": str(rule.record),
        "start": str(rule.counted_from),
        "years": rule.years,
        "months": rule.months,
        "days": rule.days,
        "decision": rule.decision_ref,
        "is_decided": rule.is_decided,
        "cases": len(plan.numbers),
        "pieces": plan.pieces,
        "oldest": plan.oldest,
        "held": sorted(plan.held.items()),
        # A number alone tells nothing of a case; who may not see it is told no more than that.
        "numbers": [
            {"number": one, "url": views.case_url(one)} for one in list(plan.numbers.values())[:_SHOWN]
        ],
        "more": max(len(plan.numbers) - _SHOWN, 0),
        "is_empty": plan.is_empty,
        "is_case": rule.record in {Record.CASE, Record.HANDED_OVER, Record.TRIFLING},
    }


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None
