"""Answers and questions that are written in the console: kept, looked through, sent, taken back.

Whoever thinks better of it has a moment. Without a page of ours, `acts` sends at once.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from bots.desk import care_answer, proofreading, sensitive
from bots.desk.acts import Acts
from bots.desk.closing import Closing
from bots.desk.letters import Sender
from bots.desk.proofreading import Remark
from bots.desk.roads import Window
from bots.desk.scanning import REFUSED
from bots.desk.sensitive import Stop
from store import acts as store_acts
from store import cases, drafts, enclosures, inbox, journal, life, outbox, reply_templates, unsent
from store.domain import (
    PAGE,
    Act,
    Enclosure,
    Entry,
    Outcome,
    Purpose,
    Status,
    Way,
)
from store.engine import Joined, Row, Transaction
from store.life import IllegalActError
from store.reply_templates import ReplyTemplate
from templates import Rendered
from templates.roads import road_name

_OWNERS = frozenset({life.HANDLER, life.MANAGER})
# Nobody waits for an answer in these.
_TOLD = frozenset(Status) - {*cases.OPEN, Status.QUARANTINED} | {Status.ANSWERED, Status.RETURNED}
_LED_TO = {Act.ANSWER: Status.IN_PROGRESS, Act.ASK_SENDER: Status.AWAITING_SENDER}
_BY_PURPOSE = {Purpose.ANSWER: Act.ANSWER, Purpose.QUESTION: Act.ASK_SENDER}


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer as it is filled in. `way` None is the usual one."""

    text: str
    outcome: Outcome
    act_on: date | None = None
    explanation: str = ""
    measure: str = ""
    improvement: str = ""
    way: Way | None = None
    closes: bool = False  # the case is closed as soon as the answer is there
    despite: str = ""  # why it is sent by an open road, if others must not read it there (row B20)


@dataclass(frozen=True, kw_only=True)
class Begun:
    """What somebody has begun to write in a case, with its files."""

    id: int
    typed: Mapping[str, str]
    files: Sequence[Row]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An answer as the sender will get it. `letter` is None where nothing is sent, only noted.

    `reply_by` is until when that road is open to us, where it closes; `stop` says why it must not go there.
    """

    letter: Rendered | None
    to: Sender | None
    files: Sequence[Row]
    remarks: Sequence[Remark]
    reply_by: datetime | None = None
    stop: Stop | None = None

    @property
    def mark(self) -> str:
        """Name all that is shown, so that what is sent is what was shown."""
        words = f"{self.letter.subject}\0{self.letter.body}" if self.letter else ""
        parts = [words, *(f"{one['name']}\0{one['sha256']}" for one in self.files)]
        parts += [str(one.concern) for one in self.remarks]
        parts += self.stop.grounds if self.stop else ()
        parts += [f"{self.to.address.channel}:{self.to.address.handle}"] if self.to else []
        return hashlib.sha256("\0\0".join(parts).encode()).hexdigest()[:24]


@dataclass(frozen=True, kw_only=True)
class Answering:
    """Blocking: call it from a thread. The acts raise what those of `Acts` do, and then change nothing.

    `undo` is how long a letter waits for second thoughts; zero sends it at once.
    """

    acts: Acts
    undo: timedelta = timedelta(0)
    most_bytes: int = 10 * 2**20

    def begun(self, case: Row, act: Act, *, by: str) -> Begun | None:
        """Return what somebody has begun to write, or else a draft of the answer that they have mailed us."""
        with self.acts.store.read() as transaction:
            row = unsent.find(transaction, case["id"], act, by=by)
            if row is not None:
                files = enclosures.of_unsent(transaction, row["id"])
                return Begun(id=row["id"], typed=row["typed"], files=files)
            mailed = [
                one
                for one in drafts.of_case(transaction, case["id"])
                if one["written_by"] == by and one["used_at"] is None and act is Act.ANSWER
            ]
        return Begun(id=0, typed={"text": mailed[-1]["text"]}, files=()) if mailed else None

    def keep(
        self,
        case: Row,
        act: Act,
        typed: Mapping[str, str],
        *,
        by: str,
        files: Sequence[Enclosure] = (),
        without: Sequence[int] = (),
    ) -> Begun:
        """Keep what somebody is writing, with more files, and without some. Only for who may answer."""
        now = self.acts.clock()
        with self.acts.store.write() as transaction:
            self._may(transaction, case["id"], act, by)
            unsent_id = unsent.save(transaction, case["id"], act, typed, by=by, now=now)
            for one in without:
                enclosures.drop(transaction, unsent_id, only=one)
            for file in files:
                enclosures.add(transaction, unsent_id, file, now=now)
            kept = enclosures.of_unsent(transaction, unsent_id)
        return Begun(id=unsent_id, typed=typed, files=kept)

    def window(self, case: Row) -> Window | None:
        """Return until when an answer can go to the sender of a case that waits for one; None if for ever."""
        if case["status"] in _TOLD:
            return None
        with self.acts.store.read() as transaction:
            return self.acts.work.ways.window(transaction, case)

    def templates(self, case: Row) -> Sequence[ReplyTemplate]:
        """List the texts that an answer in a case may begin with."""
        own = care_answer.template_for(self.acts.work.house, case)
        with self.acts.store.read() as transaction:
            return [*filter(None, [own]), *reply_templates.for_case(transaction, case)]

    def show(self, case: Row, reply: Reply, files: Sequence[Row], *, by: str) -> Shown:
        """Write what would go out, and look it through. Nothing is sent, and nothing refused."""
        with self.acts.store.read() as transaction:
            sender = self.acts.work.sender(transaction, case)
            messages = cases.of_case(transaction, case["id"])["messages"]
            untold = store_acts.untold(transaction, case["id"])
            ways = self.acts.work.ways
            closes_at = ways.closes_at(transaction, sender.address) if sender is not None else None
            goes = self._goes_by_letter(case, reply, sender)
            words = f"{reply.text}\n\n{reply.explanation}"
            channel = sender.address.channel if goes and sender is not None else PAGE
            stop = sensitive.stop(transaction, self.acts.work.house, case, words, channel=channel)
        house = self.acts.work.house
        contact = house.contact_for(case["unit"])
        remarks = proofreading.look_through(
            words,
            by_open_road=goes and sender is not None and sender.address.channel != PAGE,
            messages=[row["text"] for row in messages if not row["automatic"]],
            expected=[case["sender_name"], *(one.name for one in house.handlers.values())],
            later=reply.outcome is Outcome.LATER,
            has_day=reply.act_on is not None,
            lacks_contact=house.rules.further_contact_required and goes and contact is None,
        )
        return Shown(
            letter=self._letter(case, reply, by=by)
            if goes
            else self._letter_of_others(case, untold, reply, by=by),
            to=sender if goes else None,
            files=files,
            remarks=(*proofreading.unfinished(reply.text), *remarks),
            reply_by=closes_at if goes else None,
            stop=stop,
        )

    def send(
        self, case: Row, reply: Reply, remarks: Sequence[Remark], *, by: str, version: int
    ) -> int | None:
        """Answer, with the files that were kept; return the id of a letter that may be taken back.

        `remarks` are those that the writer has seen, and sends it with all the same: the journal names them.
        """
        case_id = case["id"]
        with self.acts.store.write() as transaction:
            now, inside = self._inside(transaction)
            newest, before = outbox.newest_id(transaction), self._case(transaction, case_id)
            begun = unsent.find(transaction, case_id, Act.ANSWER, by=by)
            files = enclosures.of_unsent(transaction, begun["id"]) if begun else ()
            self._check(transaction, before, reply, files)
            inside.answer(
                case_id,
                reply.text,
                reply.outcome,
                by=by,
                version=version,
                measure=reply.measure,
                improvement=reply.improvement,
                explanation=reply.explanation,
                act_on=reply.act_on,
                way=reply.way,
                despite=reply.despite,
            )
            after = self._case(transaction, case_id)
            answer = store_acts.answer_of(transaction, case_id, after["round"])
            if answer is None:
                return None
            written = outbox.written_at(transaction, now, after=newest)
            if begun is not None:
                self._enclose(transaction, begun["id"], answer, written)
                unsent.forget(transaction, begun["id"])
            if remarks:
                details = {"anmärkningar": ", ".join(sorted({str(one.concern) for one in remarks}))}
                entry = Entry(actor=by, act="skickat trots anmärkningar", case_id=case_id, details=details)
                journal.write(transaction, now, entry)
            if reply.closes:
                self._close_then(transaction, after, answer, by=by, now=now)
            typed = {**(begun["typed"] if begun else {}), **_typed(reply)}
            held = self._hold_back(transaction, before, written, Act.ANSWER, typed, now)
        self.acts.acted()
        return held

    def ask(self, case_id: int, question: str, *, by: str, version: int, despite: str = "") -> int | None:
        """Ask the sender something; return the id of a letter that may be taken back."""
        with self.acts.store.write() as transaction:
            now, inside = self._inside(transaction)
            newest, before = outbox.newest_id(transaction), self._case(transaction, case_id)
            inside.ask_sender(case_id, question, by=by, version=version, despite=despite)
            if (begun := unsent.find(transaction, case_id, Act.ASK_SENDER, by=by)) is not None:
                unsent.forget(transaction, begun["id"])
            written = outbox.written_at(transaction, now, after=newest)
            typed = {"question": question}
            held = self._hold_back(transaction, before, written, Act.ASK_SENDER, typed, now)
        self.acts.acted()
        return held

    def take_back(self, case_id: int, letter_id: int, *, by: str) -> Act | None:
        """Take a letter back before it is sent, and return the act that is undone; None if it is too late.

        What was written is begun again, for whoever took it back. The case stands as it did before, unless
        something else has happened to it since.
        """
        with self.acts.store.write() as transaction:
            row = outbox.find(transaction, letter_id)
            act = _BY_PURPOSE.get(Purpose(row["purpose"])) if row else None
            if row is None or act is None or row["case_id"] != case_id or not row["undo"]:
                return None
            self._may(transaction, case_id, act, by)
            now, undo = self.acts.clock(), row["undo"]
            if outbox.take_back(transaction, letter_id, by=by, now=now) is None:
                return None
            begun_id = self._begin_again(transaction, case_id, act, undo["typed"], by=by, now=now)
            for one in (row, *(outbox.take_back(transaction, id_, by=by, now=now) for id_ in undo["with"])):
                answer = store_acts.carried_by(transaction, one["key"]) if one else None
                if answer is not None:
                    store_acts.undo_answer(transaction, answer["id"], now=now)
                    if answer["case_id"] == case_id:
                        enclosures.take_back(transaction, answer_id=answer["id"], unsent_id=begun_id)
            case = self._case(transaction, case_id)
            if case["status"] == _LED_TO[act]:
                store_acts.move(
                    transaction,
                    case_id,
                    Act.UNDO,
                    actor=self.acts.work.house.actor(by, case),
                    now=now,
                    rules=self.acts.rules,
                    learned=_as_before(act, undo),
                    back_to=Status(undo["status"]),
                )
        return act

    def may(self, case: Row, *, by: str) -> bool:
        """Tell whether somebody may answer in a case, and so take back."""
        return bool(self.acts.work.house.actor(by, case).roles & _OWNERS)

    def note_harm(self, case_id: int, found: str, *, by: str) -> None:
        """Journal that somebody was kept from sending a file in which a scanner found something."""
        details = {"fynd": inbox.clean(found)}
        entry = Entry(actor=by, act=REFUSED, case_id=case_id, details=details)
        with self.acts.store.write() as transaction:
            journal.write(transaction, self.acts.clock(), entry)

    def file(self, case_id: int, enclosure_id: int, *, by: str) -> tuple[str, bytes] | None:
        """Return name and bytes of a file of a case's answers, or of what somebody has begun there."""
        with self.acts.store.read() as transaction:
            found = list(enclosures.of_case(transaction, case_id))
            for act in (Act.ANSWER, Act.ASK_SENDER):
                if (mine := unsent.find(transaction, case_id, act, by=by)) is not None:
                    found += enclosures.of_unsent(transaction, mine["id"])
            row = next((one for one in found if one["id"] == enclosure_id), None)
            data = enclosures.read(transaction, enclosure_id) if row else None
        return (row["name"], data) if row is not None and data is not None else None

    def _inside(self, transaction: Transaction) -> tuple[datetime, Acts]:
        """Return the moment, and the acts in an open transaction: what is written there can be told by it."""
        now = self.acts.clock()
        store = Joined(self.acts.store.engine, transaction=transaction)
        return now, replace(self.acts, store=store, clock=lambda: now, acted=_later)

    def _check(self, transaction: Transaction, case: Row, reply: Reply, files: Sequence[Row]) -> None:
        """Raise `IllegalActError` for files that cannot go the way of this answer."""
        if not files:
            return
        sender = self.acts.work.sender(transaction, case)
        if sum(one["size"] for one in files) > self.most_bytes:
            words = f"Filerna får vara högst {self.most_bytes // 2**20} MB tillsammans. Ta bort någon av dem."
            raise IllegalActError(Act.ANSWER, Status(case["status"]), [words])
        if self._goes_by_letter(case, reply, sender) and sender is not None:
            road = self.acts.work.ways.of(sender.address.channel)
            if road is None or not road.encloses:
                name = road_name(sender.address.channel)
                words = f"Filer kan inte skickas med {name}. Ta bort dem, eller svara med post."
                raise IllegalActError(Act.ANSWER, Status(case["status"]), [words])
        elif not (case["pick_up"] and reply.way in {None, Way.NOTE}):
            words = "Filer följer bara med ett brev härifrån. Ta bort dem, eller välj den vägen."
            raise IllegalActError(Act.ANSWER, Status(case["status"]), [words])

    def _goes_by_letter(self, case: Row, reply: Reply, sender: Sender | None) -> bool:
        is_reachable = bool(case["sender_handle"]) and sender is not None
        return is_reachable and reply.way in {None, Way.LETTER}

    def _letter_of_others(
        self, case: Row, untold: Sequence[Row], reply: Reply, *, by: str
    ) -> Rendered | None:
        """Write the letter to the sender of a duplicate, where none goes to that of the case."""
        other = next((one for one in untold if one["sender_handle"]), None)
        if other is None:
            return None
        beside = {**other, "kind": other["kind"] or case["kind"], "unit": case["unit"]}
        return self._letter(beside, reply, by=by)

    def _letter(self, case: Row, reply: Reply, *, by: str) -> Rendered:
        return self.acts.work.letters.preview(
            case,
            outcome=reply.outcome,
            text=reply.text,
            explanation=reply.explanation or "–" * (reply.outcome is Outcome.NO_ACTION),
            handler=self.acts.work.house.person(by),
        )

    def _enclose(self, transaction: Transaction, unsent_id: int, answer: Row, written: Sequence[Row]) -> None:
        """Let the files go with the answer, and with those that the senders of duplicates get."""
        for letter in written:
            twin = store_acts.carried_by(transaction, letter["key"])
            road = self.acts.work.ways.of(letter["channel"])
            if twin is not None and twin["id"] != answer["id"] and road is not None and road.encloses:
                enclosures.copy(transaction, unsent_id=unsent_id, answer_id=twin["id"])
        enclosures.give(transaction, unsent_id=unsent_id, answer_id=answer["id"])

    def _close_then(
        self, transaction: Transaction, case: Row, answer: Row, *, by: str, now: datetime
    ) -> None:
        """Close the case at once, or when the letter is there; raise `IllegalActError` if more is missing."""
        rules, actor = self.acts.rules, self.acts.work.house.actor(by, case)
        if case["status"] == Status.ANSWERED:
            closing = Closing(work=self.acts.work)
            closing.close(transaction, case, actor=actor, version=case["version"], now=now)
            return
        missing = life.missing_at_close(store_acts.facts_of(transaction, case), rules)
        if missing:
            raise IllegalActError("svara och avsluta", Status(case["status"]), missing)
        store_acts.close_when_there(transaction, answer["id"], by=by)

    def _hold_back(
        self,
        transaction: Transaction,
        before: Row,
        written: Sequence[Row],
        act: Act,
        typed: Mapping[str, str],
        now: datetime,
    ) -> int | None:
        """Let what an act has written wait for second thoughts; return the id of the letter to the sender."""
        main = [row for row in written if _BY_PURPOSE.get(row["purpose"]) is act]
        main = [row for row in main if row["case_id"] == before["id"]]
        if not self.undo or not main:
            return None
        others = [row["id"] for row in written if row["id"] != main[0]["id"]]
        undo = {"status": before["status"], "with": others, "typed": dict(typed)}
        undo |= {name: before[name].isoformat() for name in _DAYS[act] if before[name] is not None}
        undo |= {"follow_up_result": before["follow_up_result"]} if act is Act.ANSWER else {}
        until = now + self.undo
        for one in others:
            outbox.hold_back(transaction, one, until=until)
        outbox.hold_back(transaction, main[0]["id"], until=until, undo=undo)
        letter_id: int = main[0]["id"]
        return letter_id

    def _begin_again(
        self,
        transaction: Transaction,
        case_id: int,
        act: Act,
        typed: Mapping[str, str],
        *,
        by: str,
        now: datetime,
    ) -> int:
        """Let somebody go on with what was taken back; what they had begun meanwhile is kept below it."""
        new, field = dict(typed), "text" if act is Act.ANSWER else "question"
        other = unsent.find(transaction, case_id, act, by=by)
        if other is not None and (more := other["typed"].get(field, "").strip()):
            new[field] = f"{new.get(field, '')}\n\n{more}"
        return unsent.save(transaction, case_id, act, new, by=by, now=now)

    def _may(self, transaction: Transaction, case_id: int, act: Act, by: str) -> None:
        case = self._case(transaction, case_id)
        if not self.may(case, by=by):
            raise IllegalActError(act, Status(case["status"]), ["Det görs av handläggaren eller chefen."])

    def _case(self, transaction: Transaction, case_id: int) -> Row:
        case = cases.find(transaction, case_id)
        if case is None:
            raise IllegalActError(Act.ANSWER, Status.DISPOSED, ["Ärendet finns inte längre."])
        return case


_DAYS = {Act.ANSWER: ("follow_up_on",), Act.ASK_SENDER: ("question_asked_at", "question_due_on")}


def _as_before(act: Act, undo: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that an act has changed, as they were."""
    if act is Act.ANSWER:
        return {
            "follow_up_on": date.fromisoformat(undo["follow_up_on"]) if "follow_up_on" in undo else None,
            "follow_up_result": undo["follow_up_result"],
        }
    asked, due = undo.get("question_asked_at"), undo.get("question_due_on")
    return {
        "question_asked_at": datetime.fromisoformat(asked) if asked else None,
        "question_due_on": date.fromisoformat(due) if due else None,
    }


def _typed(reply: Reply) -> dict[str, str]:
    return {
        "text": reply.text,
        "outcome": str(reply.outcome),
        "act_on": reply.act_on.isoformat() if reply.act_on else "",
        "explanation": reply.explanation,
        "measure": reply.measure,
        "improvement": reply.improvement,
        "way": str(reply.way or ""),
        "closes": "ja" if reply.closes else "",
    }


def _later() -> None:
    """Ring nobody yet: what is written can not be seen before the commit."""
