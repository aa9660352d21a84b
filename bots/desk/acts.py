"""What people do to a case: confirm, release, answer, close. What is legal is said in `store.life`."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bots.desk import sensitive
from bots.desk.cases import CaseWork
from bots.desk.chat import point_elsewhere
from bots.desk.closing import Closing
from bots.desk.duplicates import Duplicates
from bots.desk.errands import Errands
from bots.desk.heard import Heard
from bots.desk.house import House
from bots.desk.letters import Writing, writing
from bots.desk.on_behalf import OnBehalf
from bots.desk.split import Part, Split
from bots.desk.triage import Route, unbarred, why_sorted
from store import acts, cases, inbox, life, outbox, sight
from store.deadlines import day_of, due, promises
from store.domain import (
    PAGE,
    Act,
    Address,
    Door,
    Duty,
    Factor,
    Handler,
    Kind,
    Lane,
    MessageState,
    Outcome,
    PromiseKind,
    Role,
    StatementForm,
    Status,
    Way,
)
from store.engine import Row, Store, StoreError, Transaction
from store.life import IllegalActError, Rules
from store.secrecy import BY_HAND
from store.sight import HiddenCaseError, OnlyReadingError, Reader

_UNSORTED = {Status.RECEIVED, Status.SORTING, Status.QUARANTINED}
_OVER = {Status.CLOSED, Status.ARCHIVED, Status.DISPOSED}
_LEFT = _OVER | {Status.HANDED_OVER, Status.DUPLICATE}  # nobody here works with these
_TOLD = {Status.ANSWERED, Status.RETURNED}
_UNBEGUN = {Status.RECEIVED, Status.SORTING, Status.ASSIGNED}
# Whoever wrote these may still wait for an answer.
_UNANSWERED = frozenset(Status) - _LEFT - _TOLD - {Status.QUARANTINED}
_ANSWERABLE = frozenset({life.MANAGER, life.REGISTRATOR})
_INSIDE = _ANSWERABLE | {life.HANDLER, life.TRIAGE}
_NOBODY_LEFT = "Då kan ingen längre öppna ärendet. Lägg in någon som kan ta över det i config.toml först."
_ONLY_PHONE = "Avsändaren har bara lämnat telefon. Ring, och välj telefon som svarets väg."
_SHUT = (
    "Där avsändaren skrev går det inte att skriva längre. Välj en annan väg som du känner till, eller "
    "anteckna vad som gjordes."
)
_INSTEAD = "Öppna det igen, välj ett annat ärende, eller svara i det här."
_THERE_ALREADY = (
    "Svaret är redan framme. Ärendet går vidare när avsändaren har svarat, eller när tiden har gått."
)
_PROTECTED = (
    "Avsändaren har skyddade personuppgifter, och personen får inte se ärendet. Välj någon som får det."
)
_COMPLETING = "komplettera redogörelsen"
_NO_MEASURE = "Skriv vad den som redogör har gjort åt saken, eller att inget är gjort."
_REOPEN_FIRST = "Öppna ärendet igen först."


@dataclass(frozen=True, kw_only=True)
class Acts:
    """Blocking: call it from a thread. Every act is journaled with who did it."""

    store: Store
    work: CaseWork
    clock: Callable[[], datetime]
    acted: Callable[[], None]  # called when letters may have been written; from the caller's thread
    look_again: Callable[[int], bool] = lambda _case_id: False  # at a case that was judged in haste

    @property
    def rules(self) -> Rules:
        """Return what the policy demands before a case may be answered and closed."""
        return self.work.house.rules

    def confirm(
        self, case_id: int, *, kind: Kind | None, factor: Factor | None, by: str, version: int
    ) -> bool:
        """Store a human's word on type and factor, and return whether it differs from the proposal.

        None is for what they can not judge: the case goes on as it was, and somebody else may know.

        A type or, elsewhere, a unit to which more is promised makes the answer due sooner, never later.
        Raises `StaleCaseError` when somebody changed the case after `version` was looked at.
        """
        now = self.clock()
        with self.store.write() as transaction:
            self._in_hand(transaction, case_id, by)
            changed = cases.confirm(
                transaction, case_id, kind=kind, factor=factor, by=by, version=version, now=now
            )
            if kind is not None:
                self._owe(transaction, case_id, why=f"typen är {kind}", now=now)
        return changed

    def open_to(self, case_id: int) -> bool:
        """Have what was judged in haste judged again before somebody reads it; True if anything changed."""
        changed = self.look_again(case_id)
        if changed:
            self.acted()
        return changed

    def release(self, case_id: int, *, by: str, version: int) -> None:
        """Let a case out of quarantine: thank its sender and tell the handler. R stands (row B7).

        Automatic mail is not answered even now, since nobody waits for it. Raises `StaleCaseError`.
        """
        now = self.clock()
        with self.store.write() as transaction:
            case = self._in_hand(transaction, case_id, by)
            stored = cases.latest_suggestion(transaction, case_id)
            status = self._after_quarantine(transaction, case, stored)
            actor = self.work.house.actor(by, case)
            acts.release(transaction, case_id, to=status, actor=actor, version=version, now=now)
            lanes = tuple(Lane(lane) for lane in case["lanes"])
            about = Writing(
                case_id=case_id,
                number=case["number"],
                received_at=case["received_at"],
                language=case["language"],
                promises=cases.owed(transaction, case_id),
                lanes=lanes,
                restricted=case["restricted"] or case["protected"],
            )
            first = inbox.first_of_case(transaction, case_id)
            if first is None:
                raise StoreError(f"case {case_id} has no message")
            sender = case["sender_handle"]
            heard = Heard(
                message_id=first["id"],
                channel=case["channel"],
                received_at=case["received_at"],
                recipients=(),
                from_addr=first["from_addr"],
                from_name=case["sender_name"],
                answer_to=Address(channel=case["sender_channel"], handle=sender) if sender else None,
                subject=case["title"],
                text=first["text"],
                full_text=first["full_text"],
                header_id=first["message_id"],
                state=MessageState(first["state"]),
            )
            self.work.announce(
                transaction,
                heard,
                about,
                Route(
                    unit=case["unit"],
                    handler=self.work.house.person(case["handler"]),
                    status=status,
                    because=case["routed_because"],
                ),
                cases.suggestion_of(stored) if stored else None,
                kind_chosen=Kind(case["chosen_kind"]) if case["chosen_kind"] else None,
            )
        self.acted()

    def answer(
        self,
        case_id: int,
        text: str,
        outcome: Outcome,
        *,
        by: str,
        version: int,
        measure: str = "",
        improvement: str = "",
        explanation: str = "",
        act_on: date | None = None,
        way: Way | None = None,
        despite: str = "",
    ) -> None:
        """Answer the sender: by letter where they can be written to, otherwise as a note of what was done.

        What must not go by an open road raises `OpenRoadError`, unless `despite` says why it must (row B20).

        The case is answered, and the promise kept, when the letter is delivered. `explanation` says why
        there is no action, and stands in the letter; `measure` and `improvement` stand in the case alone.
        This, and the acts below, raise `IllegalActError` and `StaleCaseError`, and then change nothing.
        """
        now = self.clock()
        with self.store.write() as transaction:
            case = cases.get(transaction, case_id)
            actor = self.work.house.actor(by, case)
            sender = self.work.sender(transaction, case)
            # Where they wrote nobody can write any more: the window is closed, or they want no letters.
            is_shut = sender is None and case["sender_channel"] in self.work.ways.capabilities
            way = way or (Way.LETTER if case["sender_handle"] and not is_shut else Way.NOTE)
            if way is Way.LETTER and case["sender_handle"] and sender is None:
                words = _SHUT if is_shut else _ONLY_PHONE
                raise IllegalActError(Act.ANSWER, Status(case["status"]), [words])
            if way is Way.LETTER and sender is not None:
                words = f"{text}\n\n{explanation}"
                self._guard(transaction, case, words, sender.address, Act.ANSWER, despite=despite, by=by)
            contact = self.work.house.contact_for(case["unit"])
            version = self._take_in_hand(transaction, case, by=by, version=version, now=now)
            answer_id = acts.answer(
                transaction,
                case_id,
                text=text,
                way=way,
                outcome=outcome,
                measure=measure,
                improvement=improvement,
                explanation=explanation,
                act_on=act_on,
                has_contact=contact is not None
                and all(part.strip() for part in (contact.name, contact.address, contact.phone)),
                actor=actor,
                now=now,
                version=version,
                rules=self.rules,
                is_shut=is_shut,
            )
            if way is Way.LETTER and sender is not None:
                self.work.letters.answer(
                    transaction,
                    writing(transaction, case),
                    answer_id=answer_id,
                    to=sender.address,
                    to_name=sender.name,
                    kind=Kind(case["kind"]) if case["kind"] else None,
                    outcome=outcome,
                    text=text,
                    explanation=explanation,
                    handler=self.work.house.person(by),
                    contact=contact,
                    in_reply_to=sender.in_reply_to,
                    now=now,
                )
                self._say_that_it_waits(transaction, case, sender.address, mark=f"svar {answer_id}", now=now)
            if is_shut:
                ways, letters = self.work.ways, self.work.letters
                point_elsewhere(transaction, case, ways=ways, letters=letters, now=now)
            self._answer_duplicates(transaction, case, by=by, now=now)
            if outcome is Outcome.NO_ACTION:
                self._ask_approval(transaction, case, answer_id, by=by)
        self.acted()

    def assign(
        self, case_id: int, *, handler: str, by: str, version: int, unit: str | None = None, reason: str = ""
    ) -> None:
        """Give a case to somebody, and to a unit if one is named; tell them, and the sender (rows L9, G9).

        The clocks run on as they were (requirements C2). Raises `StoreError` for a person or unit that is
        not there, and `IllegalActError` for one whom the case is about (row B6).
        """
        now, house = self.clock(), self.work.house
        if not house.employs(handler) or (unit and house.unit(unit) is None):
            raise StoreError(f"there is no handler {handler!r} or no unit {unit!r}")
        with self.store.write() as transaction:
            case = cases.get(transaction, case_id)
            if not _may_have(house, handler, case, unit=case["unit"] if unit is None else unit):
                raise IllegalActError(Act.ASSIGN, Status(case["status"]), [_PROTECTED])
            if handler in case["barred"]:
                words = "Personen kan inte handlägga det som rör honom eller henne själv. Välj någon annan."
                raise IllegalActError(Act.ASSIGN, Status(case["status"]), [words])
            was = case["handler"] if case["status"] == Status.ASSIGNED else ""
            unit = case["unit"] if unit is None else unit
            learned = {"handler": handler, "unit": unit, "assigned_at": now}
            acts.move(
                transaction,
                case_id,
                Act.ASSIGN,
                actor=house.actor(by, case),
                now=now,
                reason=reason or house.person(handler).name,
                version=version,
                rules=self.rules,
                learned=learned,
            )
            if unit != case["unit"]:
                self._owe(transaction, case_id, why="enheten är en annan", now=now)
            self._let_in(transaction, case_id)
            about, mark = writing(transaction, case), f"{case['round']}.{version}"
            told_at = outbox.told_by(transaction, case_id, house.person(handler).name)
            if told_at is not None:
                # The registrator who sorted it, or whoever gave it back: nothing is new to the sender.
                cases.keep_promise(transaction, case_id, PromiseKind.FIRST_FEEDBACK, told_at)
            elif (sender := self.work.sender(transaction, case)) is not None and handler != was:
                self.work.letters.name_handler(
                    transaction,
                    about,
                    sender,
                    handler=house.person(handler),
                    instead=bool(was),
                    mark=mark,
                    now=now,
                )
            if handler != by:
                stored = cases.latest_suggestion(transaction, case_id)
                self.work.letters.notify_new_case(
                    transaction,
                    about,
                    handler=house.person(handler),
                    unit=self.work.unit_name(unit or ""),
                    suggestion=cases.suggestion_of(stored) if stored else None,
                    now=now,
                    mark=mark,
                )
        self.acted()

    def pass_on(self, case_id: int, *, handler: str, by: str, version: int, reason: str) -> None:
        """Give a case to somebody as it stands, since who had it has left or is away: no status moves.

        One that nobody has begun is assigned. Raises as `assign` does, for whoever may not see the case too.
        """
        now, house = self.clock(), self.work.house
        with self.store.write() as transaction:
            case = self._looked_at(transaction, case_id, by)
            begun = case["status"] not in _UNBEGUN
            may_have = _may_have(house, handler, case, unit=case["unit"])
            if begun and not (may_have and house.employs(handler) and handler not in case["barred"]):
                words = "Personen kan inte ha ärendet. Välj någon annan."
                raise IllegalActError(Act.ASSIGN, Status(case["status"]), [words])
            if begun:
                acts.mark(
                    transaction,
                    case_id,
                    act="ny handläggare",
                    actor=house.actor(by, case),
                    who=_INSIDE,
                    now=now,
                    version=version,
                    details={"från": case["handler"], "till": handler, "varför": reason},
                    handler=handler,
                    assigned_at=now,
                )
                self._introduce(
                    transaction, case, house.handlers[handler], now=now, mark=f"{case['round']}.{version}"
                )
        if not begun:
            self.assign(case_id, handler=handler, by=by, version=version, reason=reason)
        self.acted()

    def ask_sender(self, case_id: int, question: str, *, by: str, version: int, despite: str = "") -> None:
        """Ask the sender what the answer needs; the case waits, and its clock runs on (requirements C2).

        `despite`: as in `answer`.
        """
        now = self.clock()
        with self.store.write() as transaction:
            case = cases.get(transaction, case_id)
            sender = self.work.sender(transaction, case)
            if sender is None:
                words = "Avsändaren har ingen adress att fråga på."
                raise IllegalActError(Act.ASK_SENDER, Status(case["status"]), [words])
            if not question.strip():
                raise IllegalActError(Act.ASK_SENDER, Status(case["status"]), ["Skriv frågan."])
            self._guard(transaction, case, question, sender.address, Act.ASK_SENDER, despite=despite, by=by)
            days = self.work.house.policy.deadlines.question_days
            reply_by = due(now, days, self.work.house.days.closed)
            version = self._take_in_hand(transaction, case, by=by, version=version, now=now)
            acts.move(
                transaction,
                case_id,
                Act.ASK_SENDER,
                actor=self.work.house.actor(by, case),
                now=now,
                version=version,
                rules=self.rules,
                learned={"question_asked_at": now, "question_due_on": reply_by},
            )
            self.work.letters.ask(
                transaction,
                writing(transaction, case),
                sender,
                question=question,
                reply_by=reply_by,
                handler=self.work.house.person(by),
                mark=str(version),
                now=now,
            )
            self._say_that_it_waits(transaction, case, sender.address, mark=f"fråga {version}", now=now)
        self.acted()

    def delay(
        self, case_id: int, reason: str, *, answer_on: date, by: str, version: int, despite: str = ""
    ) -> None:
        """Tell the sender why the answer is late, and the new day (FL 11 §, row B4).

        The promise stands as it was, kept or broken. Raises `IllegalActError` without a reason, a day that
        is to come, a promised day, or somebody to tell who still waits for the answer. `despite`: as in
        `answer`.
        """
        now = self.clock()
        with self.store.write() as transaction:
            case = cases.get(transaction, case_id)
            sender, about = self.work.sender(transaction, case), writing(transaction, case)
            promised = about.due(PromiseKind.ANSWER)
            actor = self.work.house.actor(by, case)
            problems = {
                "Skriv varför svaret dröjer.": not reason.strip(),
                "Ange en dag som inte har varit.": answer_on <= day_of(now),
                "Ärendet har ingen lovad dag.": promised is None,
                "Avsändaren har ingen adress.": sender is None,
                "Det görs av handläggaren eller chefen.": not actor.roles & {life.HANDLER, life.MANAGER},
                "Ärendet väntar inte på något svar.": case["status"] not in _UNANSWERED,
            }
            if missing := [words for words, is_so in problems.items() if is_so]:
                raise IllegalActError(Act.ANSWER, Status(case["status"]), missing)
            if promised is None or sender is None:  # told above; said again for the reader of types
                return
            self._guard(transaction, case, reason, sender.address, Act.ANSWER, despite=despite, by=by)
            cases.delay(
                transaction,
                case_id,
                turn=case["round"],
                was_due_on=promised,
                answer_on=answer_on,
                reason=reason,
                by=by,
                version=version,
                now=now,
            )
            self.work.letters.delay(
                transaction,
                about,
                sender,
                reason=reason,
                promised_by=promised,
                answer_by=answer_on,
                handler=self.work.house.person(by),
                mark=str(version),
                now=now,
            )
        self.acted()

    def follow_up(
        self, case_id: int, *, by: str, version: int, on: date | None = None, result: str | None = None
    ) -> None:
        """Set the day to look at whether it was done, or write what was found then (row L19)."""
        with self.store.write() as transaction:
            case = self._in_hand(transaction, case_id, by)
            acts.follow_up(
                transaction,
                case_id,
                actor=self.work.house.actor(by, case),
                now=self.clock(),
                version=version,
                on=on,
                result=result,
            )

    def choose_outcome(
        self,
        case_id: int,
        outcome: Outcome,
        *,
        by: str,
        version: int,
        measure: str = "",
        explanation: str = "",
        act_on: date | None = None,
    ) -> None:
        """Say what came of a case that its handler has answered by mail (row N17)."""
        with self.store.write() as transaction:
            case = cases.get(transaction, case_id)
            acts.choose_outcome(
                transaction,
                case_id,
                outcome=outcome,
                measure=measure,
                explanation=explanation,
                act_on=act_on,
                actor=self.work.house.actor(by, case),
                now=self.clock(),
                version=version,
                rules=self.rules,
            )
            if outcome is Outcome.NO_ACTION:
                answer = acts.answer_of(transaction, case_id, case["round"])
                self._ask_approval(transaction, case, answer["id"] if answer else 0, by=by)
        self.acted()

    def _ask_approval(self, transaction: Transaction, case: Row, answer_id: int, *, by: str) -> None:
        """Ask the managers to stand behind doing nothing, where the policy has them do so (row N12)."""
        house = self.work.house
        if not self.rules.manager_approves_no_action:
            return
        for manager in house.answering_for(case):
            Errands(letters=self.work.letters).ask_approval(
                transaction,
                writing(transaction, case),
                manager=manager,
                handler=house.person(by),
                answer_id=answer_id,
                now=self.clock(),
            )

    def approve(self, case_id: int, *, by: str, version: int) -> None:
        """Store that a manager stands behind doing nothing (row N12)."""
        with self.store.write() as transaction:
            actor = self.work.house.actor(by, cases.get(transaction, case_id))
            acts.approve(
                transaction, case_id, actor=actor, now=self.clock(), version=version, rules=self.rules
            )

    def note_down(
        self,
        case_id: int,
        *,
        by: str,
        version: int,
        service_note: str | None = None,
        serious: bool | None = None,
        diary_number: str | None = None,
    ) -> None:
        """Store what closing may ask for (rows K11, K13); what is None is left as it is.

        The registrator is told of a serious case that has no number in the main diary.
        """
        now = self.clock()
        with self.store.write() as transaction:
            case = self._in_hand(transaction, case_id, by)
            acts.note_down(
                transaction,
                case_id,
                actor=self.work.house.actor(by, case),
                now=now,
                version=version,
                service_note=service_note,
                serious=serious,
                diary_number=diary_number,
            )
            if serious and not (diary_number or case["diary_number"]):
                self.work.alerts.demand_diary(transaction, case, now=now)
        self.acted()

    def give_back(self, case_id: int, *, by: str, version: int) -> None:
        """Give an answered case back to Medborgarcenter, who closes it (row K12)."""
        self._move(case_id, Act.RETURN, by=by, version=version)

    def close(self, case_id: int, *, by: str, version: int) -> None:
        """Close a case, if nothing is missing; ask its sender how it went, if the policy does (row T17)."""
        with self.store.write() as transaction:
            case = cases.get(transaction, case_id)
            actor = self.work.house.actor(by, case)
            closing = Closing(work=self.work)
            closing.close(transaction, case, actor=actor, version=version, now=self.clock())
        self.acted()

    def reopen(self, case_id: int, *, by: str, reason: str, version: int) -> None:
        """Open a case again for a sender who is not satisfied, with a new day to answer (row N5).

        It goes to the one whom the answer named, if that is a person here.
        """
        with self.store.write() as transaction:
            case = cases.get(transaction, case_id)
            actor = self.work.house.actor(by, case)
            now = self.clock()
            self.work.reopen(transaction, case, actor=actor, reason=reason, now=now, version=version)
        self.acted()

    def ask_statement(
        self,
        case_id: int,
        *,
        of: str,
        question: str,
        by: str,
        version: int,
        address: str = "",
        other_board: bool = False,
        despite: str = "",
    ) -> None:
        """Ask a provider, or another board, what happened (rows N20, N21); by mail if `address` is given.

        What somebody told before stays in the case, under their name. `despite`: as in `answer`.
        """
        now = self.clock()
        with self.store.write() as transaction:
            case = cases.get(transaction, case_id)
            if address:
                to = Address(channel="email", handle=address)
                self._guard(transaction, case, question, to, Act.ASK_PROVIDER, despite=despite, by=by)
            due_on = due(now, self.work.house.policy.deadlines.redogorelse_days, self.work.house.days.closed)
            version = self._take_in_hand(transaction, case, by=by, version=version, now=now)
            acts.move(
                transaction,
                case_id,
                Act.ASK_BOARD if other_board else Act.ASK_PROVIDER,
                actor=self.work.house.actor(by, case),
                now=now,
                reason=of,
                version=version,
                rules=self.rules,
                learned={
                    "statement_of": of,
                    "statement_asked_at": now,
                    "statement_due_on": due_on,
                    "statement_received_at": None,
                    "statement": _earlier_statement(case),
                    "statement_form": "",
                    "statement_measure": "",
                    "statement_told_on": None,
                },
            )
            if address:
                self.work.letters.ask_statement(
                    transaction,
                    writing(transaction, case),
                    to=Address(channel="email", handle=address),
                    question=question,
                    due_on=due_on,
                    handler=self.work.house.person(by),
                    now=now,
                )
            if (sender := self.work.sender(transaction, case)) is not None:
                self.work.letters.sent_on(
                    transaction,
                    writing(transaction, case),
                    sender,
                    sent_to=of,
                    mark=str(version),
                    now=now,
                )
        self.acted()

    def record_statement(
        self,
        case_id: int,
        text: str,
        *,
        form: StatementForm | None,
        measure: str,
        by: str,
        version: int,
        told_on: date | None = None,
    ) -> None:
        """Store what a provider or another board told, in which form, and what they did (rows N20, N21).

        `told_on` is the day on which they told the sender, if they have; it may come later, by
        `complete_statement`. Raises `IllegalActError` while any of the others is missing: then nothing is
        stored, and the case can not be closed.
        """
        now = self.clock()
        learned = {
            "statement_form": form or "",
            "statement_measure": measure,
            "statement_told_on": told_on,
            "statement_received_at": now,
        }
        with self.store.write() as transaction:
            case = cases.get(transaction, case_id)
            learned["statement"] = "\n\n".join(part for part in (text, case["statement"]) if part)
            acts.move(
                transaction,
                case_id,
                Act.RECORD_STATEMENT,
                actor=self.work.house.actor(by, case),
                now=now,
                version=version,
                rules=self.rules,
                learned=learned if text.strip() else {},
            )
            missing = [] if form is not None else ["Välj om den kom med mejl eller muntligt."]
            missing += [] if measure.strip() else [_NO_MEASURE]
            missing += _not_a_day_of(case, told_on, day_of(now))
            if missing:
                raise IllegalActError(Act.RECORD_STATEMENT, Status(case["status"]), missing)

    def complete_statement(
        self, case_id: int, *, measure: str, told_on: date | None, by: str, version: int
    ) -> None:
        """Put to a statement that has come what was done since, and when the sender was told (row N20).

        Both are stored as given. Raises `IllegalActError` where there is no statement, or no measure.
        """
        with self.store.write() as transaction:
            case = cases.get(transaction, case_id)
            missing = [] if case["statement_received_at"] else [life.STATEMENT.remedy]
            missing += [] if measure.strip() else [_NO_MEASURE]
            missing += _not_a_day_of(case, told_on, day_of(self.clock()))
            if missing or case["status"] in {Status.ARCHIVED, Status.DISPOSED}:
                words = missing or ["Ärendet har lämnat registret."]
                raise IllegalActError(_COMPLETING, Status(case["status"]), words)
            acts.mark(
                transaction,
                case_id,
                act="redogörelse kompletterad",
                actor=self.work.house.actor(by, case),
                who={life.HANDLER, life.MANAGER},
                now=self.clock(),
                version=version,
                details={"återkopplat": told_on.isoformat()} if told_on else {},
                statement_measure=measure,
                statement_told_on=told_on,
            )

    def to_sorting(self, case_id: int, *, by: str, reason: str, version: int) -> None:
        """Let the registrator say what a case is: it came in by the wrong door."""
        self._move(case_id, Act.SORT, by=by, reason=reason, version=version)

    def hand_over(
        self, case_id: int, *, door: Door, to: str, by: str, reason: str, version: int, link: str = ""
    ) -> None:
        """Hand a case over to who should have had it from the start, and tell the sender (requirements C5).

        `to` fits after "till" in the letter. `link` is where the sender reads more, if not the usual page.
        R stands, and the case is no synpunkt in any figure.
        """
        now, house = self.clock(), self.work.house
        with self.store.write() as transaction:
            case = cases.get(transaction, case_id)
            acts.move(
                transaction,
                case_id,
                Act.HAND_OVER,
                actor=house.actor(by, case),
                now=now,
                reason=reason,
                version=version,
                rules=self.rules,
                learned={"door": door, "handed_to": to},
            )
            if (sender := self.work.sender(transaction, case)) is not None:
                self.work.letters.hand_over(
                    transaction,
                    writing(transaction, case),
                    sender,
                    door=door,
                    handed_to=to,
                    link=link or house.doors.link(door),
                    now=now,
                )
        self.acted()

    def take_back(self, case_id: int, *, by: str, reason: str, version: int) -> None:
        """Take a case back that was handed over: it was a synpunkt after all. R and the promises stand."""
        learned = {"door": "", "handed_to": ""}
        self._move(case_id, Act.TAKE_BACK, by=by, reason=reason, version=version, learned=learned)

    def duplicate(self, case_id: int, original_id: int, *, by: str, version: int) -> None:
        """Tie a case to the one that it repeats, and tell its sender where the answer comes.

        Raises `IllegalActError` if none comes there.
        """
        if original_id == case_id:
            raise StoreError(f"case {case_id} cannot be its own duplicate")
        now, house = self.clock(), self.work.house
        with self.store.write() as transaction:
            case, original = cases.get(transaction, case_id), self._looked_at(transaction, original_id, by)
            if original["status"] not in _UNANSWERED:
                told = f"{original['number']} är {original['status']}, och där kommer inget svar. {_INSTEAD}"
                raise IllegalActError(Act.DUPLICATE, Status(case["status"]), [told])
            acts.move(
                transaction,
                case_id,
                Act.DUPLICATE,
                actor=house.actor(by, case),
                now=now,
                reason=original["number"],
                version=version,
                rules=self.rules,
                learned={"refers_to": original_id},
            )
            if (sender := self.work.sender(transaction, case)) is not None:
                self.work.letters.tie(
                    transaction,
                    writing(transaction, case),
                    sender,
                    original_number=original["number"],
                    handler=house.person(original["handler"]),
                    now=now,
                )
            # The answer may be on its way already.
            self._answer_duplicates(transaction, original, by=by, now=now)
        self.acted()

    def split(self, case_id: int, told: Sequence[Part], *, by: str, version: int) -> list[int]:
        """Divide a message of several matters into cases, and return their ids, this one's first (C5:1).

        The sender is told once. R stands, and no promise gets later.
        """
        now = self.clock()
        with self.store.write() as transaction:
            case = self._looked_at(transaction, case_id, by)
            actor = self.work.house.actor(by, case)
            divide = Split(work=self.work).divide
            made = divide(transaction, case, told, actor=actor, version=version, now=now)
            for one in made:
                self._owe(transaction, one, why="ärendet är delat", now=now)
        self.acted()
        return made

    def untie(self, case_id: int, *, by: str, reason: str, version: int) -> None:
        """Sort a case anew that was no duplicate after all, while its sender has no answer."""
        learned = {"refers_to": None}
        self._move(case_id, Act.UNTIE, by=by, reason=reason, version=version, learned=learned)

    def answer_duplicate(
        self,
        case_id: int,
        duplicate: str,
        text: str,
        *,
        way: Way,
        by: str,
        version: int,
        despite: str = "",
    ) -> None:
        """Answer the sender of a duplicate whom the original's answer did not reach, as a handler's own mail.

        `duplicate` is its number. Raises `IllegalActError` for one that has its answer, or if there is none.
        """
        now = self.clock()
        with self.store.write() as transaction:
            case = self._looked_at(transaction, case_id, by)
            answer = acts.answer_of(transaction, case_id, case["round"])
            waiting = {one["number"]: one for one in acts.untold(transaction, case_id)}
            if answer is None or duplicate not in waiting:
                words = "Svara först i det här ärendet." if answer is None else "Välj vem som ska få svaret."
                raise IllegalActError(Act.ANSWER, Status(case["status"]), [words])
            if way is Way.LETTER and (to := self.work.sender(transaction, waiting[duplicate])) is not None:
                for one in (case, waiting[duplicate]):
                    self._guard(transaction, one, text, to.address, Act.ANSWER, despite=despite, by=by)
            acts.mark(
                transaction,
                case_id,
                act="dubblettens avsändare besvarad",
                actor=self.work.house.actor(by, case),
                who=frozenset({life.HANDLER, life.MANAGER}),
                now=now,
                version=version,
                details={"ärende": duplicate},
            )
            Duplicates(work=self.work).answer_one(
                transaction, case, waiting[duplicate], answer, text=text, way=way, by=by, now=now
            )
        self.acted()

    def untold(self, case_id: int) -> list[Row]:
        """List the duplicates of a case whose senders get its answer as well, and have not yet."""
        with self.store.read() as transaction:
            return acts.untold(transaction, case_id)

    def bar(self, case_id: int, person: str, *, by: str, version: int) -> None:
        """Keep a case from somebody whom it is about; if they have it, it goes to the next one (row B6).

        A handler may say so of themselves. Raises `StoreError` for a person who is not there, and
        `IllegalActError` for the last one who may open the case.
        """
        now, house = self.clock(), self.work.house
        if person not in house.handlers:
            raise StoreError(f"there is no handler {person!r}")
        with self.store.write() as transaction:
            case = cases.get(transaction, case_id)
            barred = sorted({*case["barred"], person})
            if all(one in barred for one in house.handlers):
                raise IllegalActError("anmäla jäv", Status(case["status"]), [_NOBODY_LEFT])
            new: dict[str, Any] = {"barred": barred}
            details = {"jävig": house.person(person).name}
            heir = None
            if case["handler"] in barred and case["status"] not in _LEFT:
                heir = self._next(case, barred, now)
                new |= {"handler": heir.id, "assigned_at": now}
                details["handläggare"] = heir.id
            acts.mark(
                transaction,
                case_id,
                act="jäv",
                actor=house.actor(by, case),
                who=_INSIDE,
                now=now,
                version=version,
                details=details,
                **new,
            )
            self._let_in(transaction, case_id)
            if heir is not None:
                self._introduce(transaction, case, heir, now=now, mark=f"{case['round']}.{version}")
        self.acted()

    def unbar(self, case_id: int, person: str, *, by: str, version: int) -> None:
        """Let somebody near a case again that was not about them. It stays with whoever has it now."""
        with self.store.write() as transaction:
            case = cases.get(transaction, case_id)
            acts.mark(
                transaction,
                case_id,
                act="jäv borttaget",
                actor=self.work.house.actor(by, case),
                who=_ANSWERABLE,
                now=self.clock(),
                version=version,
                details={"inte jävig": self.work.house.person(person).name},
                barred=[one for one in case["barred"] if one != person],
            )

    def restrict(self, case_id: int, *, restricted: bool, by: str, version: int) -> None:
        """Show a case to few, or to all staff again once a human has found that it may be (row N2)."""
        with self.store.write() as transaction:
            case = cases.get(transaction, case_id)
            acts.mark(
                transaction,
                case_id,
                act="begränsat" if restricted else "begränsning hävd",
                actor=self.work.house.actor(by, case),
                who=_ANSWERABLE,
                now=self.clock(),
                version=version,
                details={},
                restricted=restricted,
            )

    def demand(self, case_id: int, item: Duty, *, by: str, version: int) -> None:
        """Put something on the checklist; closing waits for it, and whoever must do it is told (row K15).

        Raises `IllegalActError` in a closed case, which may not lose what closed it.
        """
        now = self.clock()
        with self.store.write() as transaction:
            case = cases.get(transaction, case_id)
            if case["status"] in _OVER:
                raise IllegalActError("lägga till i checklistan", Status(case["status"]), [_REOPEN_FIRST])
            acts.mark(
                transaction,
                case_id,
                act="checklista: ska göras",
                actor=self.work.house.actor(by, case),
                who=_INSIDE,
                now=now,
                version=version,
                details={"punkt": str(item)},
                checklist={item: {}} | case["checklist"],
            )
            self.work.alerts.demand(transaction, case, [item], now=now)
        self.acted()

    def tick(self, case_id: int, item: Duty, *, by: str, version: int, note: str = "") -> None:
        """Tick something on the checklist: who, when and a note of what was found (rows N19, B23, K15).

        The journal tells that it was done; it outlives the case, and so never the note.
        """
        now = self.clock()
        with self.store.write() as transaction:
            case = cases.get(transaction, case_id)
            if item not in case["checklist"]:
                words = "Det står inte i checklistan. Lägg till det först."
                raise IllegalActError("kryssa av", Status(case["status"]), [words])
            acts.mark(
                transaction,
                case_id,
                act="checklista: gjort",
                actor=self.work.house.actor(by, case),
                who=_INSIDE,
                now=now,
                version=version,
                details={"punkt": str(item)},
                checklist=case["checklist"] | {item: {"by": by, "at": now.isoformat(), "note": note}},
            )

    def on_behalf(
        self, case_id: int, *, sender: Address, name: str, received_at: datetime, by: str, version: int
    ) -> None:
        """Say who wrote what an employee has sent us, and when the employee had it (row T14).

        R becomes the earlier time, and the promises with it; a later one changes nothing. The citizen is
        thanked, once for each address. Raises `IllegalActError` and `StaleCaseError`.
        """
        now = self.clock()
        with self.store.write() as transaction:
            case = self._in_hand(transaction, case_id, by)
            OnBehalf(work=self.work).give(
                transaction,
                case,
                sender=sender,
                name=name,
                received_at=received_at,
                actor=self.work.house.actor(by, case),
                version=version,
                now=now,
            )
        self.acted()

    def is_ours(self, address: str) -> bool:
        """Tell whether a mail address is that of somebody who works here."""
        return OnBehalf(work=self.work).is_ours(address)

    def _guard(
        self,
        transaction: Transaction,
        case: Row,
        text: str,
        to: Address,
        act: Act,
        *,
        despite: str,
        by: str,
    ) -> None:
        """Raise `OpenRoadError` for what must not be sent where others may read it (row B20)."""
        house, now = self.work.house, self.clock()
        sensitive.check(
            transaction, house, case, text, channel=to.channel, act=act, despite=despite, by=by, now=now
        )

    def _say_that_it_waits(
        self, transaction: Transaction, case: Row, to: Address, *, mark: str, now: datetime
    ) -> None:
        """Tell who has an address, and got a code instead, that something was laid on our page (row B20)."""
        if to.channel != PAGE or case["answer_channel"] != PAGE or not case["sender_handle"]:
            return
        own = Address(channel=case["sender_channel"], handle=case["sender_handle"])
        if self.work.ways.is_open(transaction, own, by_human=False):
            self.work.letters.waits(transaction, case, mark=mark, now=now)

    def _answer_duplicates(self, transaction: Transaction, case: Row, *, by: str, now: datetime) -> None:
        """Send the answer of a case to the senders of its duplicates, if it has one with an outcome."""
        answer = acts.answer_of(transaction, case["id"], case["round"])
        if answer is not None and answer["outcome"] and answer["way"] != Way.OWN_MAIL:
            Duplicates(work=self.work).answer_all(transaction, case, answer, by=by, now=now)

    def possible(self, case_id: int, by: str) -> dict[Act, tuple[str, ...]]:
        """List what a person can do to a case now, each act with what must be there first and is not."""
        return self.choices(case_id, by)[0]

    def choices(self, case_id: int, by: str) -> tuple[dict[Act, tuple[str, ...]], frozenset[str]]:
        """Return what `possible` and `roles_in` say, of one moment."""
        with self.store.read() as transaction:
            case = self._looked_at(transaction, case_id, by)
            roles = self.work.house.actor(by, case).roles
            return life.options(acts.facts_of(transaction, case), roles=roles, rules=self.rules), roles

    def roles_in(self, case_id: int, by: str) -> frozenset[str]:
        """Return the roles that a person has in a case (requirements C3)."""
        with self.store.read() as transaction:
            return self.work.house.actor(by, self._looked_at(transaction, case_id, by)).roles

    def reads(self, case_id: int, person_id: str) -> bool:
        """Tell whether a person may read a case as it stands."""
        with self.store.read() as transaction:
            return self.work.house.may_read(person_id, cases.get(transaction, case_id))

    def reader(self, person_id: str) -> Reader:
        """Return what decides which cases a person may see."""
        return self.work.house.reader(person_id)

    def roles(self, person_id: str) -> Collection[Role]:
        """Return what a person is here for (requirements C3)."""
        return self.work.house.roles(person_id)

    def _owe(self, transaction: Transaction, case_id: int, *, why: str, now: datetime) -> None:
        """Owe the answer by the day of the case's type and unit, if that is sooner than was promised.

        No clock stops for a wrong unit or for doubt about the type (requirements C2), so it runs from R.
        """
        case, house = cases.get(transaction, case_id), self.work.house
        stored = cases.latest_suggestion(transaction, case_id)
        believed = stored["kind"] if stored and stored["kind_sure"] else ""
        said = case["kind"] or case["chosen_kind"] or believed
        turn, nobody = case["round"], not case["sender_handle"]
        since = case["received_at"] if turn == 1 else acts.reopened_at(transaction, case_id)
        days = house.days_for(case["unit"])
        answer = acts.answer_of(transaction, case_id, turn)
        is_kept = answer is not None and answer["keeps_promise"]
        for one in promises(since, Kind(said) if said else None, days, anonymous=nobody):
            if one.kind is PromiseKind.ANSWER:
                cases.tighten(
                    transaction,
                    case_id,
                    one,
                    turn=turn,
                    closed=house.days.closed,
                    why=why,
                    kept_at=answer["delivered_at"] if answer and is_kept else case["closed_at"],
                    now=now,
                )

    def _after_quarantine(self, transaction: Transaction, case: Row, stored: Row | None) -> Status:
        """Return where a case goes that a human lets out: to its unit, or first to who sorts (C5:4)."""
        house = self.work.house
        first = inbox.first_of_case(transaction, case["id"])
        said = case["chosen_kind"] or (stored["kind"] if stored and stored["kind_sure"] else "")
        why = why_sorted(
            house,
            lanes=case["lanes"],
            kind=Kind(said) if said else None,
            sender=first["from_addr"] if first else "",
        )
        is_sorted = case["unit"] and not why and house.policy.roles.triage == "none"
        return Status.ASSIGNED if is_sorted else Status.SORTING

    def _next(self, case: Row, barred: Collection[str], now: datetime) -> Handler:
        """Return who has a case that the one before may not have (row B6)."""
        house, day = self.work.house, day_of(now)
        unit = house.unit(case["unit"])
        sorts = unit is None or case["status"] in _UNSORTED
        found = None if sorts or unit is None else unbarred(house, unit, day, barred)[0]
        return found or house.sorter(day, barred=barred)

    def _let_in(self, transaction: Transaction, case_id: int) -> None:
        """Let those read a case who answer for it because it is about who otherwise would (row B6)."""
        case = cases.get(transaction, case_id)
        if case["barred"]:
            sight.show(transaction, case_id, [one.id for one in self.work.house.answering_for(case)])

    def _introduce(
        self, transaction: Transaction, case: Row, handler: Handler, *, now: datetime, mark: str
    ) -> None:
        """Tell somebody that a case is theirs now, and the sender who has it, if they were told before."""
        about, letters = writing(transaction, case), self.work.letters
        is_sorted = case["status"] not in _UNSORTED
        # Who has the answer is promised no other.
        if (
            is_sorted
            and case["status"] not in _TOLD
            and (sender := self.work.sender(transaction, case)) is not None
        ):
            letters.name_handler(
                transaction, about, sender, handler=handler, instead=True, mark=mark, now=now
            )
        if case["status"] == Status.QUARANTINED:
            return
        stored = cases.latest_suggestion(transaction, case["id"])
        letters.notify_new_case(
            transaction,
            about,
            handler=handler,
            unit=self.work.unit_name(case["unit"]),
            suggestion=cases.suggestion_of(stored) if stored else None,
            now=now,
            mark=mark,
            is_sorted=is_sorted,
        )

    def _in_hand(self, transaction: Transaction, case_id: int, by: str) -> Row:
        """Return a case that a person may change; raise `OnlyReadingError`, or `HiddenCaseError` as below."""
        case = self._looked_at(transaction, case_id, by)
        if not self.work.house.actor(by, case).roles & _INSIDE:
            raise OnlyReadingError
        return case

    def _looked_at(self, transaction: Transaction, case_id: int, by: str) -> Row:
        """Return a case; raise `HiddenCaseError` if it is not for this person."""
        case = cases.get(transaction, case_id)
        if not self.work.house.may_read(by, case):
            raise HiddenCaseError
        return case

    def _move(
        self,
        case_id: int,
        act: Act,
        *,
        by: str,
        version: int,
        reason: str = "",
        learned: dict[str, Any] | None = None,
    ) -> None:
        with self.store.write() as transaction:
            acts.move(
                transaction,
                case_id,
                act,
                actor=self.work.house.actor(by, cases.get(transaction, case_id)),
                now=self.clock(),
                reason=reason,
                version=version,
                rules=self.rules,
                learned=learned,
            )

    def _take_in_hand(
        self, transaction: Transaction, case: Row, *, by: str, version: int, now: datetime
    ) -> int:
        """Begin, or go on, with a case that waits for just that; return its version afterwards."""
        waiting = {
            Status.ASSIGNED: Act.BEGIN,
            Status.REOPENED: Act.BEGIN,
            Status.AWAITING_SENDER: Act.RESUME,
        }
        act = waiting.get(Status(case["status"]))
        if act is None:
            return version
        actor = self.work.house.actor(by, case)
        if act is Act.RESUME:
            self.work.resume(transaction, case, actor=actor, now=now, version=version)
        else:
            acts.move(transaction, case["id"], act, actor=actor, now=now, version=version, rules=self.rules)
        begun = cases.get(transaction, case["id"])
        if begun["status"] == Status.ANSWERED:
            raise IllegalActError(Act.RESUME, Status(case["status"]), [_THERE_ALREADY])
        return int(begun["version"])

    def send(self, letter_id: int, *, by: str) -> bool:
        """Let a held, failed or unknown letter go out; False if it is not waiting for that.

        Raises `OpenRoadError` for what staff have written in a case that has been marked since (row B20).
        """
        with self.store.write() as transaction:
            if (case_id := outbox.case_of(transaction, letter_id)) is not None:
                case = self._in_hand(transaction, case_id, by)
                letter = outbox.find(transaction, letter_id)
                if letter is not None and letter["purpose"] in BY_HAND:
                    sensitive.refuse_marked(
                        transaction, self.work.house, case, channel=letter["channel"], act=Act.ANSWER
                    )
            gone = outbox.let_go(transaction, letter_id, by=by, now=self.clock())
        self.acted()
        return gone


def _may_have(house: House, handler: str, case: Row, *, unit: str) -> bool:
    """Tell whether somebody who is given a case may know its sender, if that is protected (row B15)."""
    return not case["protected"] or house.may_be_told(
        handler, {**case, "handler": handler, "unit": unit, "barred": []}
    )


def _not_a_day_of(case: Row, told_on: date | None, today: date) -> list[str]:
    """Say what is wrong with the day on which a sender was told: not before they wrote, nor to come."""
    received = day_of(case["received_at"])
    if told_on is None or received <= told_on <= today:
        return []
    return [f"Avsändaren fick återkoppling tidigast {received} och senast i dag. Rätta dagen."]


def _earlier_statement(case: Row) -> str:
    """Write what somebody has told already, so that it stands when another is asked, or the same again."""
    if case["statement_received_at"] is None:
        return str(case["statement"])
    told = f"Tidigare redogörelse av {case['statement_of']}, {day_of(case['statement_received_at'])}:"
    return "\n".join(part for part in (told, case["statement"], case["statement_measure"]) if part)
