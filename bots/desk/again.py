"""Has the full model look at what the small one judged in haste, before a handler hears of the case.

A storm must not keep a sender waiting for the acknowledgement, so it goes out on the small model's word. The
handler's notice waits: it is written when the full model has spoken, or a quarter of an hour later without.
Both proposals are kept, and the last one counts. What a human has said meanwhile stands.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bots.desk import doors
from bots.desk.cases import CaseWork, believed, flags_of_more, with_choice
from bots.desk.heard import Heard
from bots.desk.letters import writing
from bots.desk.named import named_in
from bots.desk.opinion import Opinion
from bots.desk.titles import neutral
from bots.desk.triage import FOR_THE_REGISTRATOR, Route
from bots.desk.trouble import reason_of
from store import cases, inbox, journal, second_looks, sight
from store.deadlines import promises
from store.domain import (
    Address,
    Automatic,
    Entry,
    Kind,
    Lane,
    MessageState,
    PromiseKind,
    Status,
    Suggestion,
    Verdict,
)
from store.engine import Row, Store, StoreError, Transaction

log = logging.getLogger(__name__)

AGAIN = "bedömt igen"
_GROUP = 8  # few, so that a message that comes meanwhile waits no longer than they take
_LEASE = timedelta(minutes=2)
_LATEST = timedelta(minutes=15)  # then the handler is told on the small model's word
_MOST_ATTEMPTS = 3
_PAUSE = timedelta(minutes=5)
_LOOK = timedelta(seconds=30)
_MOST_LATE = 64
_UNBEGUN = {Status.SORTING, Status.ASSIGNED}
_NOBODY_YET = {"synpunkt", "avsändaren"}


@dataclass(kw_only=True)
class Again:
    """Blocking: call it from a thread. It does nothing while nothing was judged in haste."""

    store: Store
    work: CaseWork
    opinion: Opinion
    clock: Callable[[], datetime]
    _looked: datetime | None = None

    def once(self, *, is_calm: bool) -> int:
        """Look at a few again if it `is_calm`, tell handlers who have waited too long, and count both."""
        done = self._tell_late()
        return done + self._look() if is_calm and not self.opinion.is_stuck else done

    def at_once(self, case_id: int) -> bool:
        """Look at a case that somebody is about to read; True if anything in it has changed.

        If the full model does not answer in time they see what the small one said. Never fails.
        """
        try:
            with self.store.read() as transaction:
                rows = second_looks.of_case(transaction, case_id)
            if not rows or self.opinion.is_stuck:
                return False
            suggestions = self.opinion.again([_text(row) for row in rows])
            found = [(row, one) for row, one in zip(rows, suggestions, strict=True) if one is not None]
            return self._settle(found) > 0
        except StoreError as error:
            log.error("not judged again: case=%d because=%s", case_id, reason_of(error))
            return False

    def _look(self) -> int:
        with self.store.read() as transaction:
            if not second_looks.waiting(transaction):
                return 0
        with self.store.write() as transaction:
            limit = min(_GROUP, self.opinion.most_at_once)
            rows = second_looks.take(transaction, now=self.clock(), limit=limit, lease=_LEASE)
        suggestions = self.opinion.again([_text(row) for row in rows])
        if self.opinion.is_stuck:
            self._put_off([row["message_id"] for row in rows], _LOOK)  # no fault of these texts
            return 0
        found = list(zip(rows, suggestions, strict=True))
        # Who was asked in vain so often would be so for ever: the small model's word stands.
        settled = self._settle(
            [(row, one) for row, one in found if one is not None or row["attempts"] >= _MOST_ATTEMPTS]
        )
        self._put_off([row["message_id"] for row, one in found if one is None], _PAUSE, failed=True)
        return settled

    def _put_off(self, message_ids: list[int], pause: timedelta, *, failed: bool = False) -> None:
        if message_ids:
            with self.store.write() as transaction:
                second_looks.put_off(transaction, message_ids, until=self.clock() + pause, failed=failed)

    def _settle(self, group: Sequence[tuple[Row, Suggestion | None]]) -> int:
        if not group:
            return 0
        try:
            with self.store.write() as transaction:
                return sum(self._note(transaction, row, suggestion) for row, suggestion in group)
        except StoreError as error:
            if len(group) > 1:
                return sum(self._settle([one]) for one in group)
            row = group[0][0]
            log.error("not judged again: message=%d because=%s", row["message_id"], reason_of(error))
            return 0

    def _tell_late(self) -> int:
        """Tell the handlers who have waited too long for the full model."""
        now = self.clock()
        if self._looked is not None and now - self._looked < _LOOK:
            return 0
        self._looked = now
        with self.store.read() as transaction:
            if not second_looks.untold_since(transaction, now - _LATEST, limit=1):
                return 0
        with self.store.write() as transaction:
            rows = second_looks.untold_since(transaction, now - _LATEST, limit=_MOST_LATE)
            for row in rows:
                if second_looks.note_told(transaction, row["message_id"]):
                    self._tell(transaction, row["case_id"])
        if len(rows) == _MOST_LATE:
            self._looked = None  # there may be more
        return len(rows)

    def _note(self, transaction: Transaction, row: Row, suggestion: Suggestion | None) -> bool:
        struck = second_looks.strike(transaction, row["message_id"])
        if struck is None:
            return False
        case = cases.get(transaction, row["case_id"])
        message = inbox.find(transaction, row["message_id"])
        if suggestion is not None and message is not None and _is_open(case):
            _Look(work=self.work, transaction=transaction, now=self.clock()).at(case, message, suggestion)
        if struck["untold"]:
            self._tell(transaction, row["case_id"])
        return True

    def _tell(self, transaction: Transaction, case_id: int) -> None:
        """Tell the handler of a new case, unless they know or somebody has gone on with it."""
        case = cases.get(transaction, case_id)
        if case["status"] not in _UNBEGUN or second_looks.is_told(transaction, case_id):
            return
        stored = cases.latest_suggestion(transaction, case_id)
        self.work.letters.notify_new_case(
            transaction,
            replace(writing(transaction, case), lanes=tuple(Lane(one) for one in case["lanes"])),
            handler=self.work.holder(case),
            unit=self.work.unit_name(case["unit"]),
            suggestion=cases.suggestion_of(stored) if stored else None,
            now=self.clock(),
            is_sorted=case["status"] == Status.ASSIGNED,
        )


@dataclass(frozen=True, kw_only=True)
class _Look:
    """One look of the full model, in the transaction that is handed in."""

    work: CaseWork
    transaction: Transaction
    now: datetime

    def at(self, case: Row, message: Row, suggestion: Suggestion) -> None:
        """Keep what the full model says, and do what follows from it, unless a human has judged the case."""
        if case["kind"] or case["factor"]:
            return
        first = inbox.first_of_case(self.transaction, case["id"])
        if first is None or first["id"] != message["id"]:
            self._raise_flags(
                case, _heard(case, message), suggestion, flags_of_more(suggestion, message["text"])
            )
            return
        was = cases.latest_suggestion(self.transaction, case["id"])
        chosen = Kind(case["chosen_kind"]) if case["chosen_kind"] else None
        new = with_choice(suggestion, chosen) or suggestion
        old = cases.suggestion_of(was) if was is not None else None
        heard = _heard(case, message)
        cases.suggest(self.transaction, case["id"], message["id"], new, now=self.now)
        self._journal(case, message, old, new)
        self._keep_away(case, heard, believed(new, chosen))
        self._raise_flags(case, heard, new, new.lanes)
        self._lead(case, heard, old, new, chosen)
        self._owe(case["id"], believed(new, chosen))
        # Whoever has the page open looks at a proposal that is not the last one any more.
        cases.note(self.transaction, case["id"])

    def _journal(self, case: Row, message: Row, old: Suggestion | None, new: Suggestion) -> None:
        details = {"modell": new.model, "förut": old.model if old else ""}
        details["typ"] = _change(old.kind.value if old else "", new.kind.value)
        details["faktor"] = _change(old.factor.value if old else "", new.factor.value)
        self._write(AGAIN, case, details, message_id=message["id"])

    def _raise_flags(self, case: Row, heard: Heard, suggestion: Suggestion, lanes: tuple[Lane, ...]) -> None:
        """Raise what the small model missed. No flag is taken away: somebody may have acted on it."""
        case = cases.get(self.transaction, case["id"])
        missed = tuple(lane for lane in lanes if lane not in case["lanes"])
        if not missed:
            return
        if case["status"] == Status.QUARANTINED:
            kind = believed(suggestion, None)
            restricted = case["restricted"] or doors.is_restricted(missed, kind=kind)
            flags = sorted({*case["lanes"], *missed})
            cases.note(self.transaction, case["id"], lanes=flags, restricted=restricted)
            self.work.alert_in_quarantine(self.transaction, case, heard, missed)
        else:
            self.work.flag(self.transaction, case, heard.for_classifier, suggestion, missed)
            # C5: they sort these. It is with a handler already, whom its sender may know by name.
            if sorted_by_law := FOR_THE_REGISTRATOR.intersection(missed):
                found = cases.get(self.transaction, case["id"])
                self.work.alerts.sound(
                    self.transaction, found, sorted_by_law, now=self.now, registrator_too=True
                )
        self._write("flaggat", case, {"flaggor": ", ".join(missed)}, message_id=heard.message_id)

    def _keep_away(self, case: Row, heard: Heard, kind: Kind | None) -> None:
        """Keep a case from those it is about, if it was taken for praise of them (row B6)."""
        house = self.work.house
        named = named_in(heard.for_classifier, house.handlers.values())
        barred = () if kind is Kind.PRAISE else house.kept_away(named)
        if new := [one for one in barred if one not in case["barred"]]:
            cases.note(self.transaction, case["id"], barred=[*case["barred"], *new])
            found = cases.get(self.transaction, case["id"])
            sight.show(self.transaction, case["id"], [one.id for one in house.answering_for(found)])

    def _lead(
        self, case: Row, heard: Heard, old: Suggestion | None, new: Suggestion, chosen: Kind | None
    ) -> None:
        """Give a case to the unit that the full model finds, if nobody would notice that it moves."""
        case = cases.get(self.transaction, case["id"])
        before, after = (
            self.work.way_of(
                heard, one, believed(one, chosen), barred=case["barred"], language=case["language"]
            )
            for one in (old, new)
        )
        # Both are found today, so only what the models say tells them apart.
        if (after.unit, after.handler.id, after.status) == (before.unit, before.handler.id, before.status):
            return
        if not self._may_move(case, before, after):
            details = {"enhet": self.work.unit_name(after.unit), "därför": after.because}
            self._write("annan väg föreslagen", case, details)
            return
        house = self.work.house
        changes: dict[str, str] = {}
        old_unit, unit = house.unit(case["unit"]), house.unit(after.unit)
        if old is not None and not case["titled_by"]:
            was = neutral(factor=_sure_factor(old), unit=old_unit.name if old_unit else "")
            if case["title"] == was:
                changes["title"] = neutral(factor=_sure_factor(new), unit=unit.name if unit else "")
        cases.note(
            self.transaction,
            case["id"],
            unit=after.unit,
            handler=after.handler.id,
            routed_because=after.because,
            **changes,
        )
        details = {"enhet": self.work.unit_name(after.unit), "handläggare": after.handler.id}
        self._write("annan väg", case, details | {"därför": after.because})

    def _may_move(self, case: Row, before: Route, after: Route) -> bool:
        """Tell whether a case is where the small model led it, untouched, and its sender knows no name."""
        is_there = (case["unit"], case["handler"]) == (before.unit, before.handler.id)
        stands = case["status"] == before.status == after.status and not case["taken_by"]
        return is_there and stands and not self._is_touched(case) and not self._is_told(case)

    def _is_touched(self, case: Row) -> bool:
        lines = journal.of_case(self.transaction, case["id"])
        read = journal.readings(self.transaction, case["id"], most=1)
        return bool(read) or any(line["actor"] not in _NOBODY_YET for line in lines)

    def _is_told(self, case: Row) -> bool:
        if case["pick_up"]:
            return bool(case["status"] == Status.ASSIGNED)  # the page behind the code says who has it
        name = self.work.house.person(case["handler"]).name
        return second_looks.sender_knows(self.transaction, case["id"], name)

    def _owe(self, case_id: int, kind: Kind | None) -> None:
        """Owe the answer by the day of the type and unit, if that is sooner than was promised."""
        case, house = cases.get(self.transaction, case_id), self.work.house
        nobody = not case["sender_handle"]
        for one in promises(case["received_at"], kind, house.days_for(case["unit"]), anonymous=nobody):
            if one.kind is PromiseKind.ANSWER and case["round"] == 1:
                cases.tighten(
                    self.transaction,
                    case_id,
                    one,
                    turn=1,
                    closed=house.days.closed,
                    why=AGAIN,
                    kept_at=None,
                    now=self.now,
                )

    def _write(self, act: str, case: Row, details: dict[str, str], *, message_id: int | None = None) -> None:
        entry = Entry(actor="synpunkt", act=act, case_id=case["id"], message_id=message_id, details=details)
        journal.write(self.transaction, self.now, entry)


def _text(row: Row) -> str:
    return f"{row['subject']}\n{row['text']}".strip()


def _change(old: str, new: str) -> str:
    return new if old in {"", new} else f"{old} → {new}"


def _sure_factor(suggestion: Suggestion) -> str:
    return suggestion.factor.value if suggestion.factor.sure else ""


def _is_open(case: Row) -> bool:
    return case["status"] in {*cases.OPEN, Status.QUARANTINED}


def _heard(case: Row, message: Row) -> Heard:
    """Make a `Heard` of a stored message; only what leads a case is in it."""
    answer_to = message["answer_to"]
    return Heard(
        message_id=message["id"],
        channel=message["channel"],
        received_at=message["received_at"],
        recipients=tuple(message["envelope_to"]),
        from_addr=message["from_addr"],
        from_name=message["from_name"],
        answer_to=Address(channel=case["sender_channel"], handle=answer_to) if answer_to else None,
        subject=message["subject"],
        text=message["text"],
        full_text=message["full_text"],
        header_id=message["message_id"],
        automatic=Automatic(message["automatic"]) if message["automatic"] else None,
        verdicts=frozenset(Verdict(one) for one in message["verdicts"]),
        state=MessageState(message["state"]),
    )
