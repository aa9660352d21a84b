"""Reminds the handler, then tells the manager, as promises fall due. Each step once, in office hours."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from bots.desk import doors
from bots.desk.cases import CaseWork
from bots.desk.finish import finish
from bots.desk.house import House, is_at_work
from bots.desk.notices import Notices, mark_of
from bots.desk.reports.schedule import Schedule
from bots.desk.reports.signals import Signals
from bots.desk.trouble import reason_of
from store import acts, alarms, cases, outbox
from store.alarms import Alarm, Sought
from store.deadlines import STOCKHOLM, day_of, due, later, watch, why_closed
from store.domain import Address, Clock, Handler, PromiseKind, Status, Step
from store.engine import Row, Store, StoreAwayError, Transaction
from store.life import MACHINE
from templates.facts import Person
from templates.roads import road_name

log = logging.getLogger(__name__)

_UNOPENED_DAYS = 2  # row B33
_RECEIPT_IS_LATE = timedelta(minutes=5)
_FEEDBACK_IS_MISSED = Step.ESCALATION
# So long before a reply window closes its handler is warned: a third of one that is shorter than three days.
_WARNED_BEFORE = timedelta(hours=24)
_SHORT_WINDOW = timedelta(hours=72)

Taken = dict[tuple[int, Clock, str], dict[Step, date]]


@dataclass(frozen=True, kw_only=True)
class Due:
    """A step that is to be taken now; `tell` writes its letters, or does what the clock demands."""

    alarm: Alarm
    tell: Callable[[Transaction], None]


@dataclass(kw_only=True)
class Watch:
    """Looks at every clock again and again. What it does is noted with it, so a second watch does nothing.

    `opens` and `closes` are the office hours, Stockholm time, on working days.
    """

    store: Store
    work: CaseWork
    clock: Callable[[], datetime]
    told: Callable[[], None]  # called in the event loop when letters have been written
    opens: time = time(7)
    closes: time = time(18)
    seconds: float = 60.0
    schedule: Schedule | None = None  # of the reports that make themselves
    signals: Signals | None = None  # what has risen above its own history
    looked_at: datetime | None = None  # when all clocks had been looked at last
    _receipts_late: bool = False
    _rang: asyncio.Event = field(default_factory=asyncio.Event)

    def ring(self) -> None:
        """Look again now. Call it in the event loop."""
        self._rang.set()

    async def run(self) -> None:
        """Watch until cancelled; a round in hand is finished first."""
        while True:
            self._rang.clear()
            try:
                if await finish(asyncio.to_thread(self.once)):
                    self.told()
            except Exception as error:  # noqa: BLE001 - one of the loops that must survive (ARCHITECTURE.md)
                log.error("not watched: because=%s", reason_of(error))
            try:
                async with asyncio.timeout(self.seconds):
                    await self._rang.wait()
            except TimeoutError:
                continue

    def once(self) -> int:
        """Take every step that is due now, and return how many they were. Blocking."""
        now = self.clock()
        self._look_at_receipts(now)
        steps = 0
        with self.store.read() as transaction:
            found = {one.alarm.case_id for one in self._due(transaction, now, among=None)}
        for among in alarms.batched(sorted(found), 50):
            try:
                steps += self._take(now, among)
            except StoreAwayError:
                raise
            except Exception:  # noqa: BLE001 - one of the loops that must survive (ARCHITECTURE.md)
                # One of them cannot be told of; that must not silence the others.
                steps += sum(self._take_alone(now, case_id) for case_id in among)
        self.looked_at = now
        if self.schedule is not None and self.is_open(now):
            steps += self.schedule.once(now)
        if self.signals is not None and self.is_open(now):
            steps += self.signals.look(now)
        return steps

    def _take(self, now: datetime, among: Collection[int]) -> int:
        steps = 0
        with self.store.write() as transaction:
            # Looked at once more: somebody may have answered in between.
            for one in list(self._due(transaction, now, among=among)):
                if alarms.sound(transaction, one.alarm, now=now):
                    one.tell(transaction)
                    steps += 1
        return steps

    def _take_alone(self, now: datetime, case_id: int) -> int:
        try:
            return self._take(now, [case_id])
        except StoreAwayError:
            raise
        except Exception as error:  # noqa: BLE001 - one of the loops that must survive (ARCHITECTURE.md)
            log.error("not watched: case=%d because=%s", case_id, reason_of(error))
            return 0

    def is_open(self, moment: datetime) -> bool:
        """Tell whether a moment lies within the office hours."""
        local = moment.astimezone(STOCKHOLM)
        closed = why_closed(local.date(), self.work.house.days.closed)
        return not closed and self.opens <= local.time() < self.closes

    def next_open(self, moment: datetime) -> datetime:
        """Return the first moment within the office hours, from a moment on."""
        if self.is_open(moment):
            return moment
        local = moment.astimezone(STOCKHOLM)
        day = local.date() if local.time() < self.opens else local.date() + timedelta(days=1)
        while why_closed(day, self.work.house.days.closed):
            day += timedelta(days=1)
        return datetime.combine(day, self.opens, STOCKHOLM)

    def _due(
        self, transaction: Transaction, now: datetime, *, among: Collection[int] | None
    ) -> Iterator[Due]:
        look = _Look(
            transaction=transaction,
            work=self.work,
            now=now,
            today=day_of(now),
            sought=Sought(today=day_of(now), among=among),
            office=self.next_open,
        )
        is_open = self.is_open(now)
        yield from look.doors(also_slow=is_open)
        if not is_open:
            return
        yield from look.answers()
        yield from look.first_feedback()
        yield from look.assignments()
        yield from look.unopened()
        yield from look.statements()
        yield from look.questions()
        yield from look.follow_ups()
        yield from look.absences()
        yield from look.reply_windows()

    def _look_at_receipts(self, now: datetime) -> None:
        """Tell the operator, once, that receipts do not go out (requirements C2), and once that they do."""
        with self.store.read() as transaction:
            late = outbox.receipts_since(transaction, now - _RECEIPT_IS_LATE)
        if late and not self._receipts_late:
            log.error("receipts wait for more than 5 minutes: count=%d", late)
        elif not late and self._receipts_late:
            log.info("receipts go out again")
        self._receipts_late = bool(late)


@dataclass(frozen=True, kw_only=True)
class _Look:
    """One look at the clocks, at one moment. Each method lists the steps that are due and not yet taken."""

    transaction: Transaction
    work: CaseWork
    now: datetime
    today: date
    sought: Sought
    office: Callable[[datetime], datetime]  # the first moment from one on at which somebody is at work

    @property
    def house(self) -> House:
        return self.work.house

    @property
    def notices(self) -> Notices:
        return self.work.notices

    def answers(self) -> Iterator[Due]:
        """Remind before, remind after, then tell the manager, then the level above (rows T10, T11, X11)."""
        reminders = self.house.reminders
        # A reminder before may lie as many working days ahead, so look at least so far.
        horizon = later(self.today, reminders.before_days + 1, self._closed)
        kind, last = PromiseKind.ANSWER, Step.NEXT_LEVEL
        rows = alarms.owing(self.transaction, kind, self.sought, until=horizon, last=last)
        taken = self._taken(rows)
        for case in rows:
            if self._stands(case):
                continue
            turn = case["turn"]
            done = taken.get((case["id"], Clock.ANSWER, turn), {})
            step = self._step(case["due_on"], done)
            if step is not None:
                yield self._answer_step(case, step, turn)

    def _stands(self, case: Row) -> bool:
        """Tell whether the answer's clock stands while we wait for the sender; its day moves after."""
        if not self.house.rules.pause_on_question or case["status"] != Status.AWAITING_SENDER:
            return False
        return bool(case["due_on"] > day_of(case["question_asked_at"]))

    def _step(self, due_on: date, done: dict[Step, date]) -> Step | None:
        """Return the next step for an answer that is due on a day, or None if none is due today."""
        reminders = self.house.reminders
        days = watch(due_on, reminders, self._closed)
        if Step.REMINDER not in done:
            if self.today >= days.remind:
                return Step.REMINDER
            is_near = days.remind_before is not None and days.remind_before <= self.today <= due_on
            return Step.BEFORE if is_near and Step.BEFORE not in done else None
        # The next step comes so long after the one before, also when that one was late (row T11).
        if Step.ESCALATION not in done:
            wait = later(done[Step.REMINDER], reminders.escalate_after_days, self._closed)
            return Step.ESCALATION if self.today >= max(days.escalate, wait) else None
        wait = later(done[Step.ESCALATION], reminders.escalate_next_after_days, self._closed)
        return Step.NEXT_LEVEL if self.today >= max(days.escalate_next, wait) else None

    def _answer_step(self, case: Row, step: Step, turn: str) -> Due:
        due_on, mark = case["due_on"], mark_of(Clock.ANSWER, step, turn)
        if step in {Step.BEFORE, Step.REMINDER}:
            to = self._handler(case)

            def tell(transaction: Transaction) -> None:
                self.notices.remind(transaction, case, to, due_on=due_on, mark=mark, now=self.now)
        else:
            level = 1 if step is Step.ESCALATION else 2
            to = self._handler_and_manager(case) if level == 1 else self._above(case)

            def tell(transaction: Transaction) -> None:
                self.notices.escalate(
                    transaction, case, to, due_on=due_on, level=level, mark=mark, now=self.now
                )

        return self._alarm(case, Clock.ANSWER, step, to, tell, turn=turn, due_on=due_on)

    def doors(self, *, also_slow: bool) -> Iterator[Due]:
        """Tell that what is no synpunkt is still here; of what has an hour, day and night (C5)."""
        rows = alarms.flagged(self.transaction, self.sought)
        taken = self._taken(rows)
        for case in rows:
            for clock in doors.open_clocks(case, self._closed):
                is_late = self.now > clock.due and (also_slow or doors.is_urgent(clock.turn))
                if not is_late or (case["id"], Clock.HAND_OVER, clock.turn) in taken:
                    continue

                def tell(transaction: Transaction, case: Row = case, clock: doors.OpenClock = clock) -> None:
                    self.work.alerts.late(transaction, case, clock, now=self.now)

                to = self._sorters(but=case["barred"])
                due_on = day_of(clock.due)
                yield self._alarm(
                    case, Clock.HAND_OVER, Step.REMINDER, to, tell, turn=clock.turn, due_on=due_on
                )

    def first_feedback(self) -> Iterator[Due]:
        """Warn who sorts on the last day to name the handler; tell the manager when it has passed (G9)."""
        kind, last = PromiseKind.FIRST_FEEDBACK, _FEEDBACK_IS_MISSED
        rows = alarms.owing(self.transaction, kind, self.sought, until=self.today, last=last)
        taken = self._taken(rows)
        for case in rows:
            missed = self.today > case["due_on"]
            step = _FEEDBACK_IS_MISSED if missed else Step.REMINDER
            if step in taken.get((case["id"], Clock.FIRST_FEEDBACK, case["turn"]), {}):
                continue
            to = self._handler_and_manager(case) if missed else self._handler(case)
            facts = {"due_on": case["due_on"], "missed": missed}
            yield self._told(
                case,
                Clock.FIRST_FEEDBACK,
                step,
                to,
                "handler_first_feedback",
                facts,
                turn=case["turn"],
                due_on=case["due_on"],
            )

    def assignments(self) -> Iterator[Due]:
        """Tell who sorts, and later the manager, that nobody has been given a case (row G12)."""
        days = self.house.policy.deadlines.assign_within_days
        rows = alarms.unassigned(self.transaction, self.sought, before=_midnight(self.today))
        taken = self._taken(rows)
        for case in rows:
            # One that was given back to be sorted waits anew, from that day.
            returned_at = case["returned_at"]
            turn = day_of(returned_at).isoformat() if returned_at else "1"
            due_on = due(returned_at or case["received_at"], days, self._closed)
            done = taken.get((case["id"], Clock.ASSIGNMENT, turn), {})
            step = self._two_steps(due_on, done)
            if step is None:
                continue
            is_first = step is Step.REMINDER
            to = self._sorters(but=case["barred"]) if is_first else self._above(case)
            facts = {"received_on": day_of(case["received_at"]), "assign_by": due_on}
            yield self._told(
                case, Clock.ASSIGNMENT, step, to, "handler_unassigned", facts, turn=turn, due_on=due_on
            )

    def unopened(self) -> Iterator[Due]:
        """Tell the substitute of a case that its handler has not begun with for two working days (B33)."""
        rows = alarms.unopened(self.transaction, self.sought, before=_midnight(self.today))
        taken = self._taken(rows)
        for case in rows:
            turn = case["assigned_at"].astimezone(STOCKHOLM).isoformat(timespec="minutes")
            passed = due(case["assigned_at"], _UNOPENED_DAYS, self._closed)
            if self.today <= passed or (case["id"], Clock.UNOPENED, turn) in taken:
                continue
            yield self._stand_in(case, Clock.UNOPENED, turn, until=None)

    def absences(self) -> Iterator[Due]:
        """Tell the substitute of each case whose handler is away, once for each absence (row B33)."""
        away = {
            person.id: period
            for person in self.house.handlers.values()
            for period in person.absent
            if period[0] <= self.today <= period[1]
        }
        rows = alarms.in_the_hands_of(self.transaction, self.sought, list(away))
        taken = self._taken(rows)
        for case in rows:
            first, last = away[case["handler"]]
            turn = f"{case['handler'][:28]}:{first.isoformat()}"
            if (case["id"], Clock.ABSENCE, turn) not in taken:
                yield self._stand_in(case, Clock.ABSENCE, turn, until=last)

    def statements(self) -> Iterator[Due]:
        """Tell handler and manager that a statement is late, then the level above (rows N20, N21)."""
        rows = alarms.awaiting_statement(self.transaction, self.sought)
        taken = self._taken(rows)
        for case in rows:
            turn = day_of(case["statement_asked_at"]).isoformat()
            due_on = case["statement_due_on"]
            step = self._two_steps(due_on, taken.get((case["id"], Clock.STATEMENT, turn), {}))
            if step is None:
                continue
            to = self._handler_and_manager(case) if step is Step.REMINDER else self._above(case)
            facts = {"of": case["statement_of"], "due_on": due_on}
            yield self._told(
                case, Clock.STATEMENT, step, to, "handler_statement_late", facts, turn=turn, due_on=due_on
            )

    def questions(self) -> Iterator[Due]:
        """Go on with a case whose sender has not replied in time (requirements C1)."""
        for case in alarms.awaiting_sender(self.transaction, self.sought):
            asked = day_of(case["question_asked_at"])
            mark = mark_of(Clock.QUESTION, Step.REMINDER, asked.isoformat())
            to = self._handler(case)
            answer_by = cases.due_on(self.transaction, case["id"], PromiseKind.ANSWER)
            facts = {"asked_on": asked, "answer_by": answer_by}

            def tell(
                transaction: Transaction,
                case: Row = case,
                to: Sequence[Handler] = to,
                facts: Mapping[str, object] = facts,
                mark: str = mark,
            ) -> None:
                self.work.resume(transaction, case, actor=MACHINE, now=self.now)
                self.notices.alarm(
                    transaction, case, to, "handler_question_unanswered", facts, mark=mark, now=self.now
                )

            yield self._alarm(
                case,
                Clock.QUESTION,
                Step.REMINDER,
                to,
                tell,
                turn=asked.isoformat(),
                due_on=case["question_due_on"],
            )

    def follow_ups(self) -> Iterator[Due]:
        """Ask whether what was promised has been done; later the manager as well (row L19)."""
        rows = alarms.to_follow_up(self.transaction, self.sought)
        taken = self._taken(rows)
        for case in rows:
            act_on = case["follow_up_on"]
            done = taken.get((case["id"], Clock.FOLLOW_UP, act_on.isoformat()), {})
            step: Step | None = Step.REMINDER
            if done:
                step = self._two_steps(act_on, done)
            if step is None:
                continue
            to = self._handler(case) if step is Step.REMINDER else self._handler_and_manager(case)
            yield self._told(
                case,
                Clock.FOLLOW_UP,
                step,
                to,
                "handler_follow_up_due",
                {"act_on": act_on},
                turn=act_on.isoformat(),
                due_on=act_on,
            )

    def reply_windows(self) -> Iterator[Due]:
        """Warn the handler while the sender can still be written to, once for each window."""
        ways = self.work.ways
        windowed = {road for road, can in ways.capabilities.items() if can.reply_window and not can.public}
        rows = alarms.unanswered_by(self.transaction, self.sought, windowed)
        taken = self._taken(rows)
        for case in rows:
            address = Address(channel=case["sender_channel"], handle=case["sender_handle"])
            closes_at = ways.closes_at(self.transaction, address)
            if (
                closes_at is None
                or not self._is_near(closes_at, ways.capabilities[address.channel].reply_window)
                or not ways.is_open(self.transaction, address)
                or acts.answer_of(self.transaction, case["id"], case["round"]) is not None
            ):
                continue
            turn = closes_at.astimezone(UTC).isoformat(timespec="minutes")
            if (case["id"], Clock.REPLY_WINDOW, turn) in taken:
                continue
            facts = {"road": road_name(address.channel), "reply_by": closes_at}
            yield self._told(
                case,
                Clock.REPLY_WINDOW,
                Step.BEFORE,
                self._handler(case),
                "handler_reply_window",
                facts,
                turn=turn,
                due_on=day_of(closes_at),
            )

    def _is_near(self, closes_at: datetime, window: timedelta | None) -> bool:
        """Tell whether it is time to warn of a window, or the last time at which somebody is at work."""
        if window is None or self.now >= closes_at:
            return False
        before = window / 3 if window < _SHORT_WINDOW else _WARNED_BEFORE
        warn_at = closes_at - before
        if self.now >= warn_at:
            return True
        # Told only then, would there be half of that time left to answer in?
        if closes_at - self.office(warn_at) >= before / 2:
            return False
        tomorrow = datetime.combine(self.today + timedelta(days=1), time(0), STOCKHOLM)
        return self.office(tomorrow) > warn_at

    def _two_steps(self, due_on: date, done: dict[Step, date]) -> Step | None:
        """Return the reminder when a day has passed, and the escalation so long after that; else None."""
        if Step.REMINDER not in done:
            return Step.REMINDER if self.today > due_on else None
        wait = later(done[Step.REMINDER], self.house.reminders.escalate_after_days, self._closed)
        return Step.ESCALATION if Step.ESCALATION not in done and self.today >= wait else None

    def _stand_in(self, case: Row, clock: Clock, turn: str, *, until: date | None) -> Due:
        colleague = self.house.person(case["handler"])
        found = self.house.present([colleague.id], self.today, barred={colleague.id, *case["barred"]})
        sees = found is not None and self.house.may_be_told(found.id, case)
        to = (found,) if found is not None and sees else self._managers(case, but=colleague.id)
        facts = {
            "colleague": Person(name=colleague.name, title=colleague.title),
            "until": until,
            "answer_by": cases.due_on(self.transaction, case["id"], PromiseKind.ANSWER),
        }
        return self._told(case, clock, Step.REMINDER, to, "handler_substitute", facts, turn=turn)

    def _told(
        self,
        case: Row,
        clock: Clock,
        step: Step,
        to: Sequence[Handler],
        template: str,
        facts: Mapping[str, object],
        *,
        turn: str = "1",
        due_on: date | None = None,
    ) -> Due:
        mark = mark_of(clock, step, turn)

        def tell(transaction: Transaction) -> None:
            self.notices.alarm(transaction, case, to, template, facts, mark=mark, now=self.now)

        return self._alarm(case, clock, step, to, tell, turn=turn, due_on=due_on)

    def _alarm(
        self,
        case: Row,
        clock: Clock,
        step: Step,
        to: Sequence[Handler],
        tell: Callable[[Transaction], None],
        *,
        turn: str = "1",
        due_on: date | None = None,
    ) -> Due:
        told = tuple(person.id for person in to)
        alarm = Alarm(case_id=case["id"], clock=clock, step=step, turn=turn, due_on=due_on, told=told)
        return Due(alarm=alarm, tell=tell)

    @property
    def _closed(self) -> Collection[date]:
        return self.house.days.closed

    def _taken(self, rows: Sequence[Row]) -> Taken:
        return alarms.taken(self.transaction, {row["id"] for row in rows})

    def _handler(self, case: Row) -> tuple[Handler, ...]:
        """Return who has a case, or who stands in for them today; the manager if nobody does."""
        if case["status"] in {Status.QUARANTINED, Status.SORTING, Status.RECEIVED}:
            return self._sorters(but=case["barred"])
        found = self.house.present([self.house.person(case["handler"]).id], self.today, barred=case["barred"])
        sees = found is not None and self.house.may_be_told(found.id, case)
        return (found,) if found is not None and sees else self._managers(case, but="")

    def _handler_and_manager(self, case: Row) -> tuple[Handler, ...]:
        """Return both; where they are the same person, the level above as well."""
        handler = self._handler(case)
        managers = self._managers(case, but="")
        both = _each_once((*handler, *managers))
        return both if len(both) > len(handler) else _each_once((*both, *self._above(case)))

    def _managers(self, case: Row, *, but: str) -> tuple[Handler, ...]:
        managers = self.house.managers_of(case["unit"])
        found = [one for one in managers if one.id != but and self.house.may_be_told(one.id, case)]
        return self._there(found, but={but, *case["barred"]}) or self._above(case)

    def _above(self, case: Row) -> tuple[Handler, ...]:
        """Return the first level above that is not who has the case; nobody watches over themselves."""
        house, owner = self.house, self.house.person(case["handler"]).id
        quality = [house.handlers[one] for one in house.quality]
        for level in (house.above(case["unit"]), quality):
            found = [one for one in level if one.id != owner and house.may_be_told(one.id, case)]
            if found:
                return tuple(found)
        return self._sorters(but=case["barred"])

    def _sorters(self, *, but: Collection[str] = ()) -> tuple[Handler, ...]:
        """Return who sort, or stands in for them; somebody else than whom the case is about."""
        free = [self.house.handlers[one] for one in self.house.sorters if one not in but]
        return self._there(free, but=but) or (self.house.sorter(self.today, barred=but),)

    def _there(self, people: Sequence[Handler], *, but: Collection[str]) -> tuple[Handler, ...]:
        """Return those of some people who are at work; else who stands in for them; else all of them."""
        present = [one for one in people if is_at_work(one, self.today)]
        if present or not people:
            return _each_once(present)
        instead = self.house.present([one.id for one in people], self.today, barred=but)
        return _each_once(people if instead is None else [instead])


def _each_once(people: "Iterator[Handler] | Sequence[Handler]") -> tuple[Handler, ...]:
    return tuple({one.id: one for one in people}.values())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), STOCKHOLM)
