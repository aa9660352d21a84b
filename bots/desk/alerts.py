"""Tells at once those whom a wrong door concerns, day and night. Never in the sender's words (row B20)."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bots.desk import doors
from bots.desk.doors import LANES, OpenClock, Told
from bots.desk.house import House
from bots.mail.identity import Identity
from store import outbox, sight
from store.deadlines import day_of
from store.domain import Address, Duty, Handler, Lane, Outgoing, Purpose
from store.engine import Row, Transaction
from templates import render
from templates.facts import DiaryFacts, DoorFacts, LexSarahFacts, NoticeFacts, Routine

_AUTHORITY = "tillsynsmyndighet"


@dataclass(frozen=True, kw_only=True)
class Alerts:
    """The writing desk for wrong doors. Each letter's key names case, flag and reader: each goes once.

    None of them is held by the guard that holds notices: it must not be a flood that hides an alarm.
    """

    house: House
    identity: Identity

    def sound(
        self,
        transaction: Transaction,
        case: Row,
        lanes: Collection[str],
        *,
        now: datetime,
        sender: str = "",
        registrator_too: bool = False,
    ) -> None:
        """Tell everybody whom these flags concern, and the main diary of a supervisor's letter (row K14).

        The registrator has a notice of their own of each new case; not of one that is quarantined, nor of a
        flag that is raised after a handler has got the case: `registrator_too` is for those.
        """
        flags = doors.of(lanes)
        by_reader: dict[Told, list[Lane]] = {}
        for lane in flags:
            readers = LANES[lane].told
            for who in (Told.REGISTRATOR, *readers) if registrator_too else readers:
                by_reader.setdefault(who, []).append(lane)
        for who, theirs in by_reader.items():
            self._tell_door(transaction, case, who, theirs, now=now)
        if doors.authority(sender) and not registrator_too:
            self._tell_door(transaction, case, Told.MAIN_DIARY, [], now=now, mark=_AUTHORITY)

    def late(self, transaction: Transaction, case: Row, clock: OpenClock, *, now: datetime) -> None:
        """Tell who sorts, and whom it concerns, that a flagged case should be in other hands by now."""
        facts: DoorFacts = {
            **self._notice(case),
            "lanes": (Lane(clock.turn),),
            "by": clock.due,
            "hand_to": str(clock.who),
            "late": True,
        }
        readers = {self._reader(who, case, now) for who in (Told.REGISTRATOR, clock.who)}
        for reader in sorted(readers):
            self._write(
                transaction, case, reader, "handler_door", Purpose.ALARM, f"sent:{clock.turn}", facts, now
            )

    def demand(self, transaction: Transaction, case: Row, duties: Collection[Duty], *, now: datetime) -> None:
        """Tell who must do what the checklist demands (rows N19, B23, K15)."""
        if Duty.LEX_SARAH in duties:
            reader = self._reader(Told.LEX_SARAH, case, now)
            self._tell_routine(transaction, case, [reader], Routine.LEX_SARAH, now)
        if Duty.VIOLATION in duties:
            # Skollagen 6:10: rektor, and through rektor the huvudman.
            self._tell_routine(transaction, case, self._managers(case, now), Routine.SCHOOL, now)
        if Duty.JOURNAL in duties:
            facts: NoticeFacts = self._notice(case)
            for person in self._managers(case, now):
                self._write(
                    transaction, case, person, "handler_journal", Purpose.TASK, "journalförd", facts, now
                )

    def demand_diary(self, transaction: Transaction, case: Row, *, now: datetime) -> None:
        """Tell the registrator that a serious case belongs in the main diary (row K13)."""
        facts: DiaryFacts = {**self._notice(case), "marked_on": day_of(now)}
        reader = self._reader(Told.REGISTRATOR, case, now)
        self._write(transaction, case, reader, "handler_diary", Purpose.TASK, "diarieför", facts, now)

    def _tell_door(
        self,
        transaction: Transaction,
        case: Row,
        who: Told,
        lanes: Sequence[Lane],
        *,
        now: datetime,
        mark: str = "",
    ) -> None:
        known = self.house.doors.address(who)
        if not known and who is not Told.REGISTRATOR:
            return  # the registrator sorts it, and has been told
        closed = self.house.days.closed
        dues = [by for lane in lanes if (by := doors.due(lane, case["received_at"], closed)) is not None]
        facts: DoorFacts = {
            **self._notice(case),
            "lanes": tuple(lanes),
            "by": min(dues, default=doors.same_day(case["received_at"], closed)),
            "hand_to": str(LANES[lanes[0]].hand_to if lanes else who),
            "late": False,
        }
        reader = self._reader(who, case, now)
        mark = f"{mark or lanes[0]}:{who}"
        self._write(transaction, case, reader, "handler_door", Purpose.ALARM, mark, facts, now)

    def _tell_routine(
        self,
        transaction: Transaction,
        case: Row,
        readers: Sequence[tuple[str, str]],
        what: Routine,
        now: datetime,
    ) -> None:
        facts: LexSarahFacts = {
            **self._notice(case),
            "received_on": day_of(case["received_at"]),
            "what": what,
        }
        for reader in readers:
            self._write(transaction, case, reader, "handler_lex_sarah", Purpose.TASK, str(what), facts, now)

    def _reader(self, who: Told, case: Row, now: datetime) -> tuple[str, str]:
        """Return name and mail address: of the registrator where nobody is named, or it is about them."""
        address = self.house.doors.address(who)
        person = self.house.by_mail(address) if address else None
        if address and (person is None or person.id not in case["barred"]):
            return (person.name if person else "", address)
        return _of(self.house.sorter(day_of(now), barred=case["barred"]))

    def _managers(self, case: Row, now: datetime) -> list[tuple[str, str]]:
        if found := [_of(one) for one in self.house.answering_for(case)]:
            return found
        return [_of(self.house.sorter(day_of(now), barred=case["barred"]))]

    def _notice(self, case: Row) -> NoticeFacts:
        return {
            "service_name": self.house.service_name,
            "case_number": case["number"],
            "link": self.house.link(case["number"]),
        }

    def _write(
        self,
        transaction: Transaction,
        case: Row,
        reader: tuple[str, str],
        template: str,
        purpose: Purpose,
        mark: str,
        facts: Mapping[str, object],
        now: datetime,
    ) -> None:
        name, address = reader
        written = render(template, language="sv", **facts)
        letter = Outgoing(
            key=f"{case['id']}:{mark}:{_sign(address)}:{purpose}",
            purpose=purpose,
            recipient=Address(channel="email", handle=address),
            recipient_name=name,
            subject=written.subject,
            body=written.body,
            language=written.language,
            case_id=case["id"],
            external_id=self.identity.message_id(case["id"]),
        )
        outbox.put(transaction, letter, now=now)
        if (person := self.house.by_mail(address)) is not None:
            sight.show(transaction, case["id"], [person.id])


def _sign(address: str) -> str:
    """Tell readers apart in a key that is as wide as its column, whatever their addresses are."""
    return hashlib.sha256(address.casefold().encode()).hexdigest()[:12]


def _of(person: Handler) -> tuple[str, str]:
    return (person.name, person.email)
