"""The rules of telling, written anew from requirements C2 and the profiles, without the product's own code.

Who is told of what on which day, given how a case stands and what has been told before.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import NamedTuple

from tests.journeys.year.record import STOCKHOLM, Seen
from tests.journeys.year.town import REGISTRATOR, Town
from tests.policies.calendar import counted, is_working

_UNSORTED = {"inkommen", "sortering", "karantän"}
_OPEN = {
    "inkommen",
    "karantän",
    "sortering",
    "tilldelad",
    "pågår",
    "väntar_avsändare",
    "hos_utförare",
    "hos_annan_nämnd",
    "besvarad",
    "åter",
    "återöppnad",
}
_IN_HAND = {"tilldelad", "pågår", "väntar_avsändare", "återöppnad"}


class Call(NamedTuple):
    """One step of one clock of a case; `turn` tells apart what may run more than once."""

    clock: str
    turn: str
    step: str


Told = Mapping[Call, date]  # the day of each step that has been taken in a case
People = frozenset[str]


def is_open(moment: datetime) -> bool:
    """Tell whether somebody may be told at a moment: on a working day, from 7 to 18."""
    local = moment.astimezone(STOCKHOLM)
    return is_working(local.date()) and time(7) <= local.time() < time(18)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Says what is to be told of a case on a day."""

    town: Town

    def due(self, seen: Seen, told: Told, day: date) -> dict[Call, People]:
        """Return the steps that are to be taken on a day, and whom each tells."""
        clocks = (
            self._answer,
            self._first_feedback,
            self._assignment,
            self._unopened,
            self._absence,
            self._statement,
            self._question,
            self._follow_up,
        )
        return {call: people for clock in clocks for call, people in clock(seen, told, day)}

    def _wait(self, key: str) -> int:
        days: int = self.town.policy["reminders"][key]
        return days

    def _answer(self, seen: Seen, told: Told, day: date) -> Iterator[tuple[Call, People]]:
        # Rows T10 and T11; only the present round counts.
        turn = seen.case["round"]
        due_on = seen.unkept.get(("svar", turn))
        if due_on is None or seen.case["status"] not in _OPEN:
            return
        reminder, escalation, above = (
            Call("svar", str(turn), step) for step in ("påminnelse", "eskalering", "nästa_nivå")
        )
        planned = counted(due_on, 1 + self._wait("after_days"))
        if reminder not in told:
            if day >= planned:
                yield reminder, self._in_charge(seen, day)
            return
        planned = counted(planned, self._wait("escalate_after_days"))
        if escalation not in told:
            if day >= max(planned, counted(told[reminder], self._wait("escalate_after_days"))):
                yield escalation, self._both(seen, day)
            return
        planned = counted(planned, self._wait("escalate_next_after_days"))
        waited = counted(told[escalation], self._wait("escalate_next_after_days"))
        if above not in told and day >= max(planned, waited):
            yield above, self._above(seen, day)

    def _first_feedback(self, seen: Seen, told: Told, day: date) -> Iterator[tuple[Call, People]]:
        # Row G9: a warning on the last day, and the manager when it has passed.
        due_on = seen.unkept.get(("första_återkoppling", 1))
        if due_on is None or seen.case["status"] not in _OPEN:
            return
        warning, missed = (Call("första_återkoppling", "1", step) for step in ("påminnelse", "eskalering"))
        if day > due_on and missed not in told:
            yield missed, self._both(seen, day)
        elif day == due_on and warning not in told:
            yield warning, self._in_charge(seen, day)

    def _assignment(self, seen: Seen, told: Told, day: date) -> Iterator[tuple[Call, People]]:
        # Row G12: no case may sit without a handler, nor one that was given back to be sorted.
        if seen.case["status"] not in {"inkommen", "sortering"}:
            return
        since = _day(seen.returned_at or seen.case["received_at"])
        turn = "1" if seen.returned_at is None else since.isoformat()
        due_on = counted(since, self.town.policy["deadlines"]["assign_within_days"])
        step = self._two(told, "tilldelning", turn, due_on, day)
        if step is not None:
            people = self._sorting(seen, day) if step.step == "påminnelse" else self._above(seen, day)
            yield step, people

    def _unopened(self, seen: Seen, told: Told, day: date) -> Iterator[tuple[Call, People]]:
        # Row B33: two working days without opening.
        given = seen.case["assigned_at"]
        waits = seen.case["status"] in {"tilldelad", "återöppnad"} and given is not None
        if not waits or day <= counted(_day(given), 2):
            return
        call = Call("oöppnat", given.astimezone(STOCKHOLM).isoformat(timespec="minutes"), "påminnelse")
        if call not in told:
            yield call, self._standing_in(seen, day)

    def _absence(self, seen: Seen, told: Told, day: date) -> Iterator[tuple[Call, People]]:
        # Row B33: once for each absence.
        if seen.case["status"] not in _IN_HAND:
            return
        who = self.town.people[seen.case["handler"]]
        for first, last in who.absent:
            call = Call("frånvaro", f"{who.id}:{first.isoformat()}", "påminnelse")
            if first <= day <= last and call not in told:
                yield call, self._standing_in(seen, day)

    def _statement(self, seen: Seen, told: Told, day: date) -> Iterator[tuple[Call, People]]:
        # Rows N20 and N21.
        if seen.case["status"] not in {"hos_utförare", "hos_annan_nämnd"}:
            return
        turn = _day(seen.case["statement_asked_at"]).isoformat()
        step = self._two(told, "redogörelse", turn, seen.case["statement_due_on"], day)
        if step is not None:
            yield step, self._both(seen, day) if step.step == "påminnelse" else self._above(seen, day)

    def _question(self, seen: Seen, told: Told, day: date) -> Iterator[tuple[Call, People]]:
        # Requirements C1: silence does no harm, and the case goes on.
        if seen.case["status"] != "väntar_avsändare" or day <= seen.case["question_due_on"]:
            return
        call = Call("fråga", _day(seen.case["question_asked_at"]).isoformat(), "påminnelse")
        if call not in told:
            yield call, self._in_charge(seen, day)

    def _follow_up(self, seen: Seen, told: Told, day: date) -> Iterator[tuple[Call, People]]:
        # Row L19: on the day itself, and the manager so long after, closed or not.
        on = seen.case["follow_up_on"]
        if on is None or seen.case["follow_up_result"] or day < on:
            return
        asked, late = (Call("uppföljning", on.isoformat(), step) for step in ("påminnelse", "eskalering"))
        if asked not in told:
            yield asked, self._in_charge(seen, day)
        elif late not in told and day >= counted(told[asked], self._wait("escalate_after_days")):
            yield late, self._both(seen, day)

    def _two(self, told: Told, clock: str, turn: str, due_on: date, day: date) -> Call | None:
        first, second = (Call(clock, turn, step) for step in ("påminnelse", "eskalering"))
        if first not in told:
            return first if day > due_on else None
        is_late = day >= counted(told[first], self._wait("escalate_after_days"))
        return second if is_late and second not in told else None

    # Whom: always people at work, if there are any, and never those whom the case is about.

    def _in_charge(self, seen: Seen, day: date) -> People:
        if seen.case["status"] in _UNSORTED:
            return self._sorting(seen, day)
        found = self._at_work(seen.case["handler"], day, seen.case["barred"])
        return frozenset({found}) if found else self._managers(seen, day)

    def _both(self, seen: Seen, day: date) -> People:
        first = self._in_charge(seen, day)
        both = first | self._managers(seen, day)
        return both if len(both) > len(first) else both | self._above(seen, day)

    def _standing_in(self, seen: Seen, day: date) -> People:
        who, barred = seen.case["handler"], seen.case["barred"]
        found = self._at_work(who, day, [who, *barred])
        return frozenset({found}) if found else self._managers(seen, day, but=who)

    def _at_work(self, who: str, day: date, barred: Collection[str]) -> str:
        """Find somebody, or the first of those who stand in for them, who is there."""
        asked: list[str] = []
        while who and who not in asked:
            if who not in barred and not self.town.people[who].is_away(day):
                return who
            asked.append(who)
            who = self.town.people[who].substitute
        return ""

    def _there(self, names: Collection[str], day: date, barred: Collection[str]) -> People:
        """Choose those of many who are at work; else who stands in for them; else all, for want of others."""
        left = [one for one in names if one not in barred]
        if here := [one for one in left if not self.town.people[one].is_away(day)]:
            return frozenset(here)
        instead = next((found for one in left if (found := self._at_work(one, day, barred))), "")
        return frozenset({instead} if instead else left)

    def _managers(self, seen: Seen, day: date, *, but: str = "") -> People:
        office = self.town.offices.get(seen.case["unit"])
        named = (office.managers if office else ()) or (REGISTRATOR,)
        barred = {but, *seen.case["barred"]}
        return self._there(named, day, barred) or self._above(seen, day)

    def _above(self, seen: Seen, day: date) -> People:
        """Find the first level that is not who has the case: nobody watches over themselves."""
        office = self.town.offices.get(seen.case["unit"])
        for level in (office.heads if office else (), self.town.quality):
            if left := {*level} - {seen.case["handler"], *seen.case["barred"]}:
                return frozenset(left)
        return self._sorting(seen, day)

    def _sorting(self, seen: Seen, day: date) -> People:
        barred = seen.case["barred"]
        return self._there(self.town.sorters, day, barred) or self._anybody(day, barred)

    def _anybody(self, day: date, barred: Collection[str]) -> People:
        """Find somebody when the case is about all who sort: quality first, then whoever leads a unit."""
        leading = [who for office in self.town.offices.values() for who in (*office.heads, *office.managers)]
        left = [who for who in (*self.town.quality, *leading, *self.town.people) if who not in barred]
        here = [who for who in left if not self.town.people[who].is_away(day)]
        return frozenset((here or left)[:1])


def _day(moment: datetime) -> date:
    return moment.astimezone(STOCKHOLM).date()
