"""The handlers of the year: each has a pace of their own, and does at random what people do, also wrongly."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from bots.desk.acts import Acts
from store.cases import StaleCaseError
from store.domain import Door, Factor, Kind, Outcome, StatementForm, Way
from store.engine import Row
from store.life import IllegalActError
from store.sight import HiddenCaseError, OnlyReadingError
from store.tables import answers, cases, letters
from tests.journeys.year.closing import missing
from tests.journeys.year.record import Record, Tick, standing
from tests.journeys.year.town import REGISTRATOR, Town
from tests.policies.calendar import counted

# How likely it is that a case is taken up at a tick: at once, now and then, seldom, never.
_PACES = (0.8, 0.8, 0.8, 0.35, 0.35, 0.35, 0.12, 0.12, 0.04, 0.0)
_OUTSIDER = "kajsa"  # has a part in no case that is not hers
_WORDS = "Vi har sett på det som du skrev om, och så här blev det."
_WHY_NOT = "Platsen ägs av någon annan, och vi får inte bygga där."


@dataclass(kw_only=True)
class Staff:
    """Everybody at work. Each act is counted, and how the case stood after it is kept for the judge."""

    acts: Acts
    town: Town
    record: Record
    choose: random.Random
    tick: Tick | None = None
    _paces: dict[int, float] = field(default_factory=dict)

    def work(self, tick: Tick) -> None:
        """Take up some cases, as it happens. Blocking."""
        self.tick = tick
        for case_id, seen in tick.before.items():
            status = seen.case["status"]
            pace = self._paces.setdefault(case_id, self.choose.choice(_PACES))
            if self.choose.random() < (0.1 if status == "avslutad" else pace):
                self._take_up(case_id, tick.day)
        if self.choose.random() < 0.5:
            self._look_back(tick.day)
        if self.choose.random() < 0.5:
            self._see_to_letters()

    def _take_up(self, case_id: int, day: date) -> None:
        case = self._case(case_id)
        act = {
            "karantän": self._let_out,
            "sortering": self._sort,
            "tilldelad": self._open,
            "återöppnad": self._handle,
            "pågår": self._handle,
            "väntar_avsändare": self._handle_waiting,
            "hos_utförare": self._hear_statement,
            "hos_annan_nämnd": self._hear_statement,
            "besvarad": self._finish,
            "åter": self._finish,
            "avslutad": self._follow_up,
        }.get(case["status"])
        if act is not None:
            act(case, day)

    def _let_out(self, case: Row, _day: date) -> None:
        self._do("release", self.acts.release, case, by=REGISTRATOR)

    def _sort(self, case: Row, day: date) -> None:
        by = self._sorter(day, case)
        chance = self.choose.random()
        if chance < 0.04:
            self._do(
                "hand_over",
                self.acts.hand_over,
                case,
                door=Door.OTHER_AUTHORITY,
                to="Trafikverket",
                by=by,
                reason="statlig väg",
            )
        elif chance < 0.08 and case["id"] > 1:
            original = self.choose.randint(1, case["id"] - 1)
            self._do("duplicate", self.acts.duplicate, case, original, by=by)
        else:
            case = self._confirm(case, by)
            office = self.town.offices[case["unit"] or self.choose.choice(list(self.town.offices))]
            is_chief = self.town.policy["roles"]["handler_is"] == "chef"
            people = (*office.managers, *office.handlers) if is_chief else office.handlers
            to = self.choose.choice([one for one in people if one not in case["barred"]] or [REGISTRATOR])
            self._do("assign", self.acts.assign, case, handler=to, unit=office.id, by=by)

    def _open(self, case: Row, day: date) -> None:
        chance = self.choose.random()
        if chance < 0.05:
            self._do("to_sorting", self.acts.to_sorting, case, by=self._owner(case, day), reason="fel dörr")
        elif chance < 0.12:
            office = self.town.offices[self.choose.choice(list(self.town.offices))]
            to = self.choose.choice(office.handlers)
            self._do(
                "assign",
                self.acts.assign,
                case,
                handler=to,
                unit=office.id,
                by=self._owner(case, day),
                must=False if to in case["barred"] else None,
            )
        elif chance < 0.14:
            self._do("bar", self.acts.bar, case, case["handler"], by=self._owner(case, day))
        elif chance < 0.4:
            self._confirm(case, self._owner(case, day))
        else:
            self._handle(case, day)

    def _handle(self, case: Row, day: date) -> None:
        by, chance = self._owner(case, day), self.choose.random()
        if chance < 0.07:
            self._close(case, by)  # too early: must be refused
        elif chance < 0.09:
            # Who oversees quality answers for a case that is about its managers.
            may = case["barred"] or _OUTSIDER in self._owners(case)
            self._answer(case, _OUTSIDER, day, must=None if may else False)
        elif chance < 0.15 and case["sender_handle"]:
            self._do("ask_sender", self.acts.ask_sender, case, "När var det?", by=by)
        elif chance < 0.23:
            self._ask_statement(case, by)
        elif chance < 0.28:
            on = day + timedelta(days=self.choose.choice((0, 3, 9, 20)))
            self._do("delay", self.acts.delay, case, "Delarna dröjer.", answer_on=on, by=by)
        elif chance < 0.30 and case["status"] == "pågår":
            self._do("to_sorting", self.acts.to_sorting, case, by=by, reason="rör en annan")
        elif chance < 0.40:
            self._confirm(case, by)
        else:
            self._answer(case, by, day)

    def _handle_waiting(self, case: Row, day: date) -> None:
        if self.choose.random() < 0.15:
            self._answer(case, self._owner(case, day), day)

    def _hear_statement(self, case: Row, day: date) -> None:
        by = self._owner(case, day)
        if self.choose.random() < 0.1:
            self._close(case, by)
        elif self.choose.random() < 0.35:
            text = self.choose.choice(("", "Personalen hann inte.", "Vi har sett över schemat."))
            told: dict[str, Any] = {"form": StatementForm.ORAL, "measure": "Nytt schema.", "by": by}
            self._do("record_statement", self.acts.record_statement, case, text, **told)

    def _finish(self, case: Row, day: date) -> None:
        by, chance = self._owner(case, day), self.choose.random()
        if not case["kind"] and chance < 0.7:
            case = self._confirm(case, by)
        answer = self._answer_of(case)
        if answer and answer["outcome"] == "ingen_åtgärd" and not answer["approved_by"] and chance < 0.6:
            self._do("approve", self.acts.approve, case, by=self._manager(case))
            case = self._case(case["id"])
        if not case["service_note"] and chance < 0.5:
            serious = self.choose.random() < 0.1
            self._do(
                "note_down",
                self.acts.note_down,
                case,
                by=by,
                service_note="Ledde till en ny rutin.",
                serious=serious or None,
                diary_number="KS 2027/7" if serious and self.choose.random() < 0.5 else None,
            )
            case = self._case(case["id"])
        if case["status"] == "besvarad" and self.town.policy["workflow"]["close_by"] != "handler":
            if chance < 0.8:
                self._do("give_back", self.acts.give_back, case, by=by)
        elif chance < 0.07:
            self._do("reopen", self.acts.reopen, case, by=by, reason="inte nöjd")
        if self.choose.random() < 0.7:
            case = self._case(case["id"])
            self._close(case, self._sorter(day, case) if case["status"] == "åter" else by)

    def _follow_up(self, case: Row, _day: date) -> None:
        if case["follow_up_on"] is not None and self.choose.random() < 0.6:
            self._do("follow_up", self.acts.follow_up, case, by=self._manager(case), result="Det är gjort.")

    def _look_back(self, day: date) -> None:
        """Open one of the ended cases again, take one back, or set a day to look at one."""
        with self.acts.store.read() as transaction:
            ended = cases.c.status.in_(("avslutad", "överlämnad"))
            wanted = select(cases.c.id).where(ended).order_by(cases.c.id.desc()).limit(60)
            found = list(transaction.connection.scalars(wanted))
        if not found:
            return
        case = self._case(self.choose.choice(found))
        if case["status"] == "överlämnad":
            self._do("take_back", self.acts.take_back, case, by=REGISTRATOR, reason="var vår")
        elif self.choose.random() < 0.4:
            self._do("reopen", self.acts.reopen, case, by=self._owner(case, day), reason="inte nöjd")
        else:
            on = day + timedelta(days=self.choose.randint(0, 40))
            self._do("follow_up", self.acts.follow_up, case, by=self._owner(case, day), on=on)

    def _see_to_letters(self) -> None:
        """Let a letter go that failed. One that may have gone out is left to whoever asks its reader."""
        with self.acts.store.read() as transaction:
            wanted = select(letters.c.id, letters.c.case_id).where(letters.c.state == "misslyckat").limit(3)
            found = transaction.rows(wanted)
        for row in found:
            self.acts.send(row["id"], by=REGISTRATOR)
            self.record.acts["send"] += 1
            self._note(row["case_id"])

    def _ask_statement(self, case: Row, by: str) -> None:
        by_mail = self.choose.random() < 0.5
        self._do(
            "ask_statement",
            self.acts.ask_statement,
            case,
            of="Omsorg AB",
            question="Vad hände?",
            by=by,
            address="svar@omsorg.example" if by_mail else "",
            other_board=self.choose.random() < 0.3,
        )

    def _answer(self, case: Row, by: str, day: date, *, must: bool | None = None) -> None:
        outcome = self.choose.choice(
            (Outcome.DONE, Outcome.DONE, Outcome.DONE, Outcome.LATER, Outcome.NO_ACTION, Outcome.FORWARDED)
        )
        way = self.choice_of_way(case)
        act_on = counted(day, self.choose.randint(1, 40)) if outcome is Outcome.LATER else None
        is_lazy = self.choose.random() < 0.1
        self._do(
            "answer",
            self.acts.answer,
            case,
            _WORDS,
            outcome,
            by=by,
            must=must,
            measure="" if is_lazy else "Lagat.",
            explanation="" if is_lazy else _WHY_NOT,
            act_on=act_on,
            way=way,
        )

    def choice_of_way(self, case: Row) -> Way | None:
        """Choose how to answer: mostly as the product proposes."""
        ways = (None, None, None, Way.PHONE, Way.POST) if case["sender_handle"] else (None,)
        return self.choose.choice(ways)

    def _confirm(self, case: Row, by: str) -> Row:
        kind = self.choose.choice(list(Kind))
        factor = self.choose.choice(list(Factor))
        self._do("confirm", self.acts.confirm, case, kind=kind, factor=factor, by=by)
        return self._case(case["id"])

    def _close(self, case: Row, by: str) -> None:
        """Close, in time or too early: our own count of what is missing must agree with the product's."""
        case = self._case(case["id"])
        lacks = missing(self.acts.store, case, self.town)
        is_sorter = by == REGISTRATOR or by in self.town.medborgarcenter
        may = is_sorter or (case["status"] == "besvarad" and by in self._owners(case))
        if lacks or may:
            name = "close too early" if lacks else "close"
            self._do(name, self.acts.close, case, by=by, must=not lacks)

    def _do(
        self,
        name: str,
        act: Callable[..., Any],
        case: Row,
        *given: Any,
        must: bool | None = None,
        **more: Any,
    ) -> None:
        """Do something to a case; `must` says that it must be allowed, or refused."""
        try:
            act(case["id"], *given, version=case["version"], **more)
        except (IllegalActError, HiddenCaseError, OnlyReadingError) as error:
            self.record.refused[name] += 1
            if must:
                self.record.faults.append(f"case {case['id']}: {name} was refused: {error}")
        except StaleCaseError:
            self.record.refused["somebody was faster"] += 1
        else:
            self.record.acts[name] += 1
            if must is False:
                self.record.faults.append(f"case {case['id']}: {name} by {more.get('by')} was allowed")
        self._note(case["id"])

    def _note(self, case_id: int) -> None:
        if self.tick is not None:
            self.tick.touched.setdefault(case_id, []).extend(standing(self.acts.store, case_id).values())

    def _owners(self, case: Row) -> set[str]:
        """List who may handle a case: its handler, the unit's people, its manager, and their substitutes."""
        office = self.town.offices.get(case["unit"])
        found: set[str] = set()
        for one in (case["handler"], *(office.handlers if office else ())):
            who = one
            while who and who not in found:
                found.add(who)
                who = self.town.people[who].substitute
        found |= set((office.managers if office else ()) or (REGISTRATOR,))
        return found - set(case["barred"])

    def _owner(self, case: Row, day: date) -> str:
        """Choose who acts: mostly whoever has the case and is there, else another who may."""
        here = [one for one in sorted(self._owners(case)) if not self.town.people[one].is_away(day)]
        if case["handler"] in here and self.choose.random() < 0.9:
            return str(case["handler"])
        return self.choose.choice(here or [REGISTRATOR])

    def _manager(self, case: Row) -> str:
        office = self.town.offices.get(case["unit"])
        return ((office.managers if office else ()) or (REGISTRATOR,))[0]

    def _sorter(self, day: date, case: Row) -> str:
        left = [one for one in self.town.sorters if one not in case["barred"]]
        here = [one for one in left if not self.town.people[one].is_away(day)]
        return self.choose.choice(here or left or [REGISTRATOR])

    def _case(self, case_id: int) -> Row:
        with self.acts.store.read() as transaction:
            found = transaction.row(select(cases).where(cases.c.id == case_id))
        assert found is not None
        return found

    def _answer_of(self, case: Row) -> Row | None:
        with self.acts.store.read() as transaction:
            wanted = select(answers).where(answers.c.case_id == case["id"], answers.c.round == case["round"])
            return transaction.row(wanted.order_by(answers.c.id.desc()).limit(1))
