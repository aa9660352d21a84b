"""What becomes of a message that has been read: a new case, a line in an old one, or a returned letter."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from bots.channel import Capabilities
from bots.desk import doors, taken, threads, wishes
from bots.desk.alerts import Alerts
from bots.desk.chat import Chat, point_elsewhere, reroute
from bots.desk.errands import Errands
from bots.desk.heard import Heard
from bots.desk.house import House
from bots.desk.letters import CERTAIN, Letters, Sender, Writing
from bots.desk.named import named_in
from bots.desk.notices import Notices
from bots.desk.objections import is_objection
from bots.desk.own_mail import OwnMail
from bots.desk.roads import Roads, conversation_of
from bots.desk.titles import public_title
from bots.desk.triage import Route, route, sorted_first, unbarred
from bots.desk.trouble import without_addresses
from bots.mail.identity import Identity
from bots.mail.reading import beside_parent, without_parent
from store import acts, cases, inbox, journal, life, outbox, pick_up, second_looks, secrecy, sight
from store.deadlines import day_of, promises
from store.domain import (
    BY_STAFF,
    ORAL,
    Act,
    Address,
    Automatic,
    Duty,
    Entry,
    Guess,
    Handler,
    Kind,
    Lane,
    MessageState,
    Outgoing,
    PromiseKind,
    Purpose,
    Status,
    Suggestion,
    Verdict,
)
from store.engine import Row, StoreError, Transaction
from store.life import MACHINE, Actor
from store.sight import Confidant

# In these nobody is thanked or pitied by a guess; what is urgent has a letter of its own besides.
_GRAVE = doors.ACUTE | {Lane.THREAT, Lane.APPEAL}
_TO_THE_SENDER = frozenset(outbox.TO_CITIZENS)
# These are of a conversation, and go nowhere else; nobody need know that one did not arrive.
_ONLY_THERE = {Purpose.ASSISTANT, Purpose.FOLLOW_UP_QUESTION, Purpose.ADDED, Purpose.PUBLIC_NOTE}
_ANSWERED = {Status.ANSWERED, Status.RETURNED, Status.CLOSED}
_ENDED = {Status.CLOSED, Status.ARCHIVED, Status.DISPOSED}
_MAIL = frozenset({"smtp", "imap", "receive"})  # channels of RFC 5322
_SHORT = 20  # words
_OBJECTION = "avsändaren är inte nöjd med svaret"
SENDER = Actor(id="avsändaren", roles=frozenset({life.SENDER}))
_REPORTS = {Automatic.BOUNCE, Automatic.DELAYED, Automatic.DELIVERED}


@dataclass(frozen=True, kw_only=True)
class CaseWork:
    """Turns what was heard into cases and letters, all in the transaction that is handed in."""

    house: House
    identity: Identity
    letters: Letters
    clock: Callable[[], datetime]
    language_of: Callable[[str], str]  # asked only when the classifier said nothing
    acknowledge_within: timedelta = timedelta(days=7)
    # The roads that letters can leave by, and what each can do.
    capabilities: Mapping[str, Capabilities] = field(
        default_factory=lambda: {"email": Capabilities(encloses=True)}
    )

    @property
    def ways(self) -> Roads:
        """Return what chooses the road of a letter."""
        return Roads(capabilities=self.capabilities, clock=self.clock)

    @property
    def chat(self) -> Chat:
        """Return what knows of chats, SMS and social media."""
        return Chat(work=self)

    def now(self) -> datetime:
        """Return the time."""
        return self.clock()

    def for_classifier(self, transaction: Transaction, heard: Heard) -> str:
        """Return what the classifier reads of a message. What we wrote ourselves is no wish of the sender's.

        Our letters speak of official documents and personal data: quoted, they would raise those flags. So
        would the subject of a reply, which is ours as well.
        """
        case_id = self._case_of(transaction, heard)
        if case_id is None:
            return heard.for_classifier
        parents = outbox.texts_of_case(transaction, case_id)
        return replace(heard, subject="", text=beside_parent(heard.text, parents)).for_classifier

    def settle(self, transaction: Transaction, heard: Heard, suggestion: Suggestion | None) -> None:
        """Give a message its case. A reply joins one, a bounce finds its letter, the rest opens a new one."""
        if heard.said is not None:
            self.chat.settle(transaction, heard, heard.said, suggestion)
            return
        if self._settle_report(transaction, heard):
            return
        case_id = self._case_of(transaction, heard)
        if case_id is None:
            self.open(transaction, heard, suggestion)
        else:
            self.join(transaction, heard, case_id, suggestion)

    def _case_of(self, transaction: Transaction, heard: Heard) -> int | None:
        if heard.said is not None:
            return self.chat.case_of(transaction, heard, heard.said)
        if heard.pick_up:
            found = pick_up.case_of(transaction, heard.pick_up)
            return None if found is None else int(found["id"])
        return threads.case_of(
            transaction,
            self.identity,
            references=heard.references,
            recipients=heard.recipients,
            sender=heard.from_addr,
            staff=[one.email for one in self.house.handlers.values()],
        )

    def _settle_report(self, transaction: Transaction, heard: Heard) -> bool:
        """Note a delivery report on its letter; False if it is no report, or of no letter of ours."""
        if heard.automatic not in _REPORTS:
            return False
        original = heard.report.original_message_id if heard.report else ""
        letter_id = threads.letter_of(
            transaction, self.identity, recipients=heard.recipients, original_message_id=original
        )
        case_id = None if letter_id is None else outbox.case_of(transaction, letter_id)
        if letter_id is None or case_id is None:
            return False
        self.attach(transaction, heard, case_id, act=f"leveransrapport: {heard.automatic}")
        if heard.automatic is Automatic.BOUNCE:
            self._note_returned(transaction, heard, letter_id)
        return True

    def _note_returned(self, transaction: Transaction, heard: Heard, letter_id: int) -> None:
        now = self.clock()
        because = heard.report.diagnostic if heard.report and heard.report.diagnostic else heard.subject
        # It goes into the journal, which outlives the case: servers name the recipient.
        told = without_addresses(because[:500])
        returned = outbox.undelivered(transaction, letter_id, because=told, now=now)
        if returned is not None:
            self.tell_undelivered(transaction, returned)

    @property
    def notices(self) -> Notices:
        """Return the writing desk for what is late."""
        return Notices(house=self.house, identity=self.identity)

    @property
    def alerts(self) -> Alerts:
        """Return the writing desk for wrong doors."""
        return Alerts(house=self.house, identity=self.identity)

    def resume(
        self, transaction: Transaction, case: Row, *, actor: Actor, now: datetime, version: int | None = None
    ) -> None:
        """Go on with a case that waited for its sender; those days count, unless the policy says no."""
        rules = self.house.rules
        acts.move(transaction, case["id"], Act.RESUME, actor=actor, now=now, version=version, rules=rules)
        if self.house.rules.pause_on_question and case["question_asked_at"] is not None:
            cases.wait_out(
                transaction,
                case["id"],
                turn=case["round"],
                since=day_of(case["question_asked_at"]),
                until=day_of(now),
                closed=self.house.days.closed,
                now=now,
            )

    def reopen(
        self,
        transaction: Transaction,
        case: Row,
        *,
        actor: Actor,
        reason: str,
        now: datetime,
        version: int | None = None,
    ) -> None:
        """Open a case again for a sender who is not satisfied, with a new day to answer (row N5).

        It goes to the one whom the answer named, if that is a person here whom it is not about. Raises
        `IllegalActError` and `StaleCaseError`, and then changes nothing.
        """
        house, day = self.house, day_of(now)
        contact = house.contact_for(case["unit"])
        named = contact.handler if contact and house.employs(contact.handler) else case["handler"]
        if named in case["barred"] or house.person(named).has_left:
            named = self.heir(case, day).id
        turn = case["round"] + 1
        acts.move(
            transaction,
            case["id"],
            Act.REOPEN,
            actor=actor,
            now=now,
            reason=reason,
            version=version,
            rules=house.rules,
            learned={"handler": named, "round": turn, "assigned_at": now},
        )
        kind = Kind(case["kind"]) if case["kind"] else None
        nobody = not case["sender_handle"]  # row N14: some policies promise them no day
        dated = promises(now, kind, house.days_for(case["unit"]), anonymous=nobody)
        owed = [one for one in dated if one.kind is PromiseKind.ANSWER]
        cases.promise(transaction, case["id"], owed, turn=turn)
        about = replace(
            self._writing(transaction, case),
            language=case["language"],
        )
        if (sender := self.sender(transaction, case)) is not None:
            handler = house.person(named)
            self.letters.reopened(transaction, about, sender, handler=handler, mark=str(turn), now=now)
        if named != actor.id:
            self.letters.notify_reopened(transaction, about, handler=house.person(named), turn=turn, now=now)

    def holder(self, case: Row) -> Handler:
        """Return who hears of a case: its handler, or the next if it is about them (row B6) or they left.

        What is over stays with whoever had it, so that it can be seen who answered.
        """
        handler = self.house.person(case["handler"])
        is_out = handler.id in case["barred"] or handler.has_left
        return self.heir(case, day_of(self.clock())) if is_out else handler

    def heir(self, case: Row, day: date) -> Handler:
        """Return who has a case instead of those whom it is about."""
        unit, barred = self.house.unit(case["unit"]), case["barred"]
        found = None if unit is None else unbarred(self.house, unit, day, barred)[0]
        return found or self.house.sorter(day, barred=barred)

    def sender(self, transaction: Transaction, case: Row) -> Sender | None:
        """Return whom to write to, be it on our own page, or None when nobody can be told."""
        address = self.ways.reach(transaction, case)
        if address is None:
            return None
        first = inbox.first_of_case(transaction, case["id"])
        # What is answered is answered where it was written; elsewhere nobody knows its name.
        is_there = first is not None and first["conversation"] in {"", conversation_of(address)}
        return Sender(
            address=address,
            name=case["sender_name"],
            in_reply_to=first["message_id"] if first is not None and is_there else "",
        )

    def tell_undelivered(self, transaction: Transaction, letter: Outgoing) -> None:
        """Tell the handler that a letter did not reach the sender, or whoever was asked for a statement.

        A notice that failed tells nobody by mail, since the next one would fail as well: see the console.
        """
        is_asked = letter.purpose is Purpose.STATEMENT_REQUEST
        if (letter.purpose not in _TO_THE_SENDER and not is_asked) or letter.case_id is None:
            return
        case = cases.find(transaction, letter.case_id)
        if case is None or letter.purpose in _ONLY_THERE:
            return
        # Row G10: what is sent by another road is told as well.
        elsewhere = None if is_asked else self._goes_elsewhere(transaction, letter, case)
        self.letters.notify_undelivered(
            transaction,
            self._writing(transaction, case),
            handler=self.holder(case),
            returned=letter,
            now=self.clock(),
            next_road=elsewhere.channel if elsewhere is not None else "",
        )

    def _goes_elsewhere(self, transaction: Transaction, letter: Outgoing, case: Row) -> Address | None:
        """Try the next road (row G10, channels.md §14): the last is one public line, and then a human."""
        now, ways = self.clock(), self.ways
        found = reroute(transaction, letter, case, ways=ways, letters=self.letters, now=now)
        if found is None:
            point_elsewhere(transaction, case, ways=ways, letters=self.letters, now=now)
        return found

    def join(
        self, transaction: Transaction, heard: Heard, case_id: int, suggestion: Suggestion | None
    ) -> None:
        """Add a message to its case. Nothing is acknowledged here, and automatic mail changes nothing."""
        parents = outbox.texts_of_case(transaction, case_id)
        heard = replace(heard, text=without_parent(heard.text, parents))
        act = "automatiskt svar" if heard.automatic else "nytt meddelande i ärendet"
        if not self.attach(transaction, heard, case_id, act=act):
            return
        case = cases.find(transaction, case_id)
        lanes = flags_of_more(suggestion, heard.text)
        is_quiet = heard.automatic is not None or Verdict.SPAM in heard.verdicts
        if case is None or is_quiet or case["status"] == Status.QUARANTINED:
            if case is not None and heard.automatic is None:
                self.alert_in_quarantine(transaction, case, heard, lanes)
            return
        told = self._writing(transaction, case)
        if self._own_mail.take(transaction, heard, case, told, now=self.clock()):
            return
        if heard.from_addr.casefold() == self.holder(case).email.casefold():
            return  # the handler knows what the handler wrote
        # Whoever else writes in a case must not lead its answer to themselves.
        if _is_by_sender(heard, case) and (wished := _wished(heard)) is not None:
            cases.note(transaction, case_id, answer_channel=wished.channel, answer_handle=wished.handle)
        self._flag_more(transaction, case, heard, suggestion, lanes)
        flagged = cases.find(transaction, case_id) or case  # the flags may have restricted it
        about = replace(self._writing(transaction, flagged), received_at=heard.received_at, lanes=lanes)
        self.letters.notify_follow_up(
            transaction,
            about,
            handler=self.holder(flagged),
            message_id=heard.message_id,
            now=self.clock(),
            answered=case["status"] in _ANSWERED,
        )
        # Requirements C1: any reply ends the waiting.
        if case["status"] == Status.AWAITING_SENDER:
            self.resume(transaction, case, actor=MACHINE, now=self.clock())
        elif case["status"] in _ANSWERED and _objects(heard, case):
            self.reopen(transaction, case, actor=SENDER, reason=_OBJECTION, now=self.clock())

    def _flag_more(
        self,
        transaction: Transaction,
        case: Row,
        heard: Heard,
        suggestion: Suggestion | None,
        lanes: tuple[Lane, ...],
    ) -> None:
        """Raise the flags of a later message, and have it looked at again if it was judged in haste."""
        if suggestion is not None and suggestion.hasty:
            now, kept_id = self.clock(), heard.message_id
            second_looks.expect(transaction, message_id=kept_id, case_id=case["id"], now=now)
        if lanes:
            self.flag(transaction, case, heard.for_classifier, suggestion, lanes)

    def flag(
        self,
        transaction: Transaction,
        case: Row,
        text: str,
        suggestion: Suggestion | None,
        lanes: tuple[Lane, ...],
    ) -> None:
        """Add flags to a case that was opened without them, and tell whom they concern.

        `text` is the message that they are about: a later one, or the first, looked at again. Nobody is
        barred by it: who writes again often greets the handler by name.
        """
        now, kind = self.clock(), believed(suggestion, None)
        unit = self.house.unit(case["unit"])
        regulated = unit.regulated if unit is not None else ""
        duties = doors.demanded(lanes, text, regulated=regulated, kind=kind)
        checklist = {duty: {} for duty in duties} | case["checklist"]
        cases.note(
            transaction,
            case["id"],
            lanes=sorted({*case["lanes"], *lanes}),
            restricted=case["restricted"] or doors.is_restricted(lanes, kind=kind),
            # What closed a case is not taken away from it; who is told may open it again.
            checklist=case["checklist"] if case["status"] in _ENDED else checklist,
        )
        if Lane.WHISTLEBLOWING in lanes and Lane.WHISTLEBLOWING not in case["lanes"]:
            self._seal(transaction, case)
        self.alerts.sound(transaction, case, lanes, now=now)
        self.alerts.demand(transaction, case, duties, now=now)

    def _seal(self, transaction: Transaction, case: Row) -> None:
        """Give a case to the registrator whose sender turns out to be a whistleblower (row B28).

        Whoever had it may be whom it is about, and sees it no longer. Nothing is told to the sender.
        """
        now = self.clock()
        sorter = self.house.sorter(day_of(now), barred=case["barred"])
        cases.note(transaction, case["id"], handler=sorter.id)
        details = {"handläggare": sorter.id, "därför": "kan vara visselblåsning"}
        entry = Entry(actor="synpunkt", act="till registratorn", case_id=case["id"], details=details)
        journal.write(transaction, now, entry)

    def alert_in_quarantine(
        self, transaction: Transaction, case: Row, heard: Heard, lanes: tuple[Lane, ...]
    ) -> None:
        """Tell of the few flags that count for what waits in quarantine too."""
        told = doors.heard_in_quarantine(lanes, verdicts=heard.verdicts, automatic=heard.automatic)
        if told:
            self.alerts.sound(transaction, case, told, now=self.clock(), registrator_too=True)

    @property
    def _own_mail(self) -> OwnMail:
        def resume(transaction: Transaction, case: Row, actor: Actor, now: datetime) -> None:
            self.resume(transaction, case, actor=actor, now=now)

        return OwnMail(letters=self.letters, resume=resume)

    def open(self, transaction: Transaction, heard: Heard, suggestion: Suggestion | None) -> None:
        """Open a case for a message, with its promises, its handler and its letters."""
        now = self.clock()
        suggestion = with_choice(suggestion, heard.chosen_kind)
        kind = believed(suggestion, heard.chosen_kind)
        # Row B6. To be praised is no reason to stay away from a case.
        named = named_in(heard.for_classifier, self.house.handlers.values())
        barred = () if kind is Kind.PRAISE else self.house.kept_away(named)
        language = heard.language or self._language(heard, suggestion)
        way = self.way_of(heard, suggestion, kind, barred=barred, language=language)
        quarantined = _quarantine(heard)
        lanes = suggestion.lanes if suggestion else ()
        fixed = taken.fixed(self.house, heard, way, lanes=lanes, kind=kind, barred=barred)
        way = fixed or way
        is_protected = _is_protected(transaction, heard)
        way = self._in_confidence(way, is_protected=is_protected)
        unit = self.house.unit(way.unit)
        regulated = unit.regulated if unit is not None else ""
        new = cases.NewCase(
            status=Status.QUARANTINED if quarantined else way.status,
            received_at=heard.received_at,
            title=public_title(heard.title, factor=_factor(suggestion), unit=unit.name if unit else ""),
            channel=heard.channel,
            sender=heard.answer_to,
            sender_name=heard.from_name,
            language=language,
            unit=way.unit,
            handler=way.handler.id,
            routed_because=way.because,
            lanes=lanes,
            restricted=doors.is_restricted(lanes, kind=kind),
            protected=is_protected,
            barred=barred,
            duties=doors.demanded(lanes, heard.for_classifier, regulated=regulated, kind=kind),
            chosen_kind=heard.chosen_kind,
            quarantined_because=quarantined,
            refers_to=threads.case_mentioned(transaction, heard.subject, heard.text),
            assigned_at=now if way.status is Status.ASSIGNED and not quarantined else None,
            wished=_wished(heard),
            pick_up=heard.pick_up,
            source=heard.source,
            taken_by=heard.taken.by if heard.taken else "",
            shown_to=(heard.taken.recorder,) if heard.taken else (),
            sender_category=heard.taken.category if heard.taken else None,
            suggestion=suggestion,
        )
        case_id, number = cases.open_case(transaction, new, now=now, prefix=self.house.series_of(way.unit))
        if barred and (opened := cases.find(transaction, case_id)) is not None:
            sight.show(transaction, case_id, [one.id for one in self.house.answering_for(opened)])
        if not inbox.note_read(
            transaction, heard.message_id, case_id=case_id, state=heard.state, read=heard.columns()
        ):
            # Another process was faster; our number goes back with the rollback.
            raise StoreError(f"message {heard.message_id} has a case already")
        _propose(transaction, case_id, heard, suggestion, untold=not quarantined and fixed is None, now=now)
        # A sender whom we could not read may still be found by a human.
        nobody = heard.answer_to is None and heard.state is MessageState.READ
        owed = promises(heard.received_at, kind, self.house.days_for(way.unit), anonymous=nobody)
        if nobody and not heard.pick_up and not _can_be_phoned(heard):
            # Nobody can be told who has it, so nobody is reminded to.
            owed = tuple(one for one in owed if one.kind is not PromiseKind.FIRST_FEEDBACK)
        cases.promise(transaction, case_id, owed)
        details = {"nummer": number, "handläggare": way.handler.id, "därför": quarantined or way.because}
        if new.wished is not None:
            details["önskad väg"] = new.wished.channel
        if heard.taken is not None:
            details["källa"] = heard.taken.source
            details["upptecknat av"] = heard.taken.by
        act = "i karantän" if quarantined else "ärende öppnat"
        entry = Entry(
            actor="synpunkt", act=act, case_id=case_id, message_id=heard.message_id, details=details
        )
        journal.write(transaction, now, entry)
        if fixed and heard.taken is not None:
            taken.answer(transaction, self.house, case_id, heard.taken, now=now)
            owed = tuple(one for one in owed if one.kind is not PromiseKind.ANSWER)  # it has been given
        if not quarantined:
            about = Writing(
                case_id=case_id,
                number=number,
                received_at=heard.received_at,
                language=new.language,
                promises=owed,
                lanes=new.lanes,
                restricted=new.restricted or new.protected,
            )
            self.announce(
                transaction,
                heard,
                about,
                way,
                suggestion,
                kind_chosen=heard.chosen_kind,
                held_because=self._hold(heard),
                is_answered=fixed is not None,
                duties=new.duties,
            )
        elif (case := cases.find(transaction, case_id)) is not None:
            self.alert_in_quarantine(transaction, case, heard, lanes)

    def way_of(
        self,
        heard: Heard,
        suggestion: Suggestion | None,
        kind: Kind | None,
        *,
        barred: Collection[str],
        language: str,
    ) -> Route:
        """Find who gets the case of a message. Nobody `barred` does; `kind` is what we take it to be."""
        return route(
            self.house,
            text=heard.for_classifier,
            recipients=heard.recipients,
            suggestion=suggestion,
            kind=kind,
            day=day_of(self.clock()),
            sender=heard.from_addr,
            barred=barred,
            language=language,
            by_mail=heard.channel in _MAIL,
            proposed=heard.taken.unit if heard.taken else "",
        )

    def _in_confidence(self, way: Route, *, is_protected: bool) -> Route:
        """Give a protected sender's case to the registrator, where no handler may know of it (row B15)."""
        if not is_protected or self.house.confidant is Confidant.HANDLER:
            return way
        return replace(way, handler=self.house.person(self.house.registrator))

    def announce(
        self,
        transaction: Transaction,
        heard: Heard,
        about: Writing,
        way: Route,
        suggestion: Suggestion | None,
        *,
        kind_chosen: Kind | None,
        held_because: str = "",
        is_answered: bool = False,
        duties: Sequence[Duty] | None = None,
    ) -> None:
        """Thank the sender, if a person may be waiting, and tell the handler, unless it is answered already.

        With `held_because` the acknowledgement waits for a human; the rate guard may hold it as well.
        `duties` are those of a case that was just opened; of any other they are read from its checklist.
        """
        now = self.clock()
        if (
            heard.is_answerable
            and heard.answer_to is not None
            and self.ways.is_open(transaction, heard.answer_to, by_human=False)
        ):
            is_assigned = way.status is Status.ASSIGNED
            # Where a human sorts first, nobody is named before; elsewhere the registrator has it till then.
            is_named = is_assigned or not sorted_first(self.house, by_mail=heard.channel in _MAIL)
            feedback = (PromiseKind.FIRST_FEEDBACK,) if is_assigned else ()
            held = self.letters.acknowledge(
                transaction,
                about,
                to=heard.answer_to,
                to_name=heard.from_name,
                title=heard.title,
                handler=way.handler if is_named else None,
                keeps=(PromiseKind.RECEIPT, *feedback),
                mood=mood(suggestion, kind_chosen),
                in_reply_to=heard.header_id,
                references=_thread(heard),
                now=now,
                held_because=held_because,
                wants_anonymity=_wants_anonymity(heard),
                by_hand=heard.taken is not None,
            )
            if held:
                entry = Entry(
                    actor="synpunkt", act="kvitto hålls", case_id=about.case_id, details={"varför": held}
                )
                journal.write(transaction, now, entry)
        elif heard.pick_up:
            # The page that showed the code was the receipt, and it tells who has the case from now on.
            cases.keep_promise(transaction, about.case_id, PromiseKind.RECEIPT, now)
            if way.status is Status.ASSIGNED:
                cases.keep_promise(transaction, about.case_id, PromiseKind.FIRST_FEEDBACK, now)
        elif heard.taken is not None and heard.taken.source in ORAL:
            # Who cannot be written to has been told aloud that it is taken down.
            cases.keep_promise(transaction, about.case_id, PromiseKind.RECEIPT, now)
        # What was judged in haste is judged again before the handler hears of it (`again`).
        if not is_answered and not (suggestion is not None and suggestion.hasty):
            self.letters.notify_new_case(
                transaction,
                about,
                handler=way.handler,
                unit=self.unit_name(way.unit),
                suggestion=suggestion,
                now=now,
                is_sorted=way.status is Status.ASSIGNED,
            )
        if heard.taken is not None:
            taken.tell(transaction, self.letters, about, heard.taken, told=way.handler, now=now)
        self._tell_others(transaction, heard, about, way, duties=duties, now=now)

    def _tell_others(
        self,
        transaction: Transaction,
        heard: Heard,
        about: Writing,
        way: Route,
        *,
        duties: Sequence[Duty] | None,
        now: datetime,
    ) -> None:
        """Tell whom the flags and duties of a case concern, and the registrator where they hear of all."""
        is_theirs = about.lanes or self.house.tells_registrator or doors.authority(heard.from_addr)
        if duties is not None and not duties and not is_theirs:
            return
        case = cases.find(transaction, about.case_id)
        if case is not None:
            unticked = [Duty(one) for one in acts.unticked(case)]
            self.alerts.sound(transaction, case, about.lanes, now=now, sender=heard.from_addr)
            self.alerts.demand(transaction, case, unticked, now=now)
            have_it = {way.handler.id, *case["barred"]}
            if self.house.tells_registrator and self.house.registrator not in have_it:
                Errands(letters=self.letters).register(transaction, about, handler=way.handler, now=now)

    def _hold(self, heard: Heard) -> str:
        """Say why an acknowledgement waits for a human, or an empty text."""
        if Verdict.DMARC_FAILED in heard.verdicts:
            # A receipt to a forged sender would be backscatter.
            return "avsändaren kan vara förfalskad (DMARC underkänd)"
        if heard.taken is None and self.clock() - heard.received_at > self.acknowledge_within:
            # A mailbox that is fetched for the first time may hold last year's mail.
            return f"kom in för mer än {self.acknowledge_within.days} dagar sedan"
        return ""

    def unit_name(self, unit_id: str) -> str:
        """Return a unit's name; the registrator's queue has none of its own."""
        return next((unit.name for unit in self.house.units if unit.id == unit_id), "Registrator")

    def _language(self, heard: Heard, suggestion: Suggestion | None) -> str:
        told = suggestion.language if suggestion else ""
        return told or self.language_of(heard.for_classifier)

    def attach(self, transaction: Transaction, heard: Heard, case_id: int, *, act: str) -> bool:
        """Lay a message in its case, and nothing more; False if it was there already."""
        read = inbox.note_read(
            transaction, heard.message_id, case_id=case_id, state=heard.state, read=heard.columns()
        )
        if read:
            entry = Entry(actor="synpunkt", act=act, case_id=case_id, message_id=heard.message_id)
            journal.write(transaction, self.clock(), entry)
        return read

    def _writing(self, transaction: Transaction, case: Row) -> Writing:
        return Writing(
            case_id=case["id"],
            number=case["number"],
            received_at=case["received_at"],
            language="sv",
            promises=cases.owed(transaction, case["id"]),
            restricted=case["restricted"] or case["protected"],
        )


def _propose(
    transaction: Transaction,
    case_id: int,
    heard: Heard,
    suggestion: Suggestion | None,
    *,
    untold: bool,
    now: datetime,
) -> None:
    """Keep what the classifier proposes; if in haste, the handler is told when it is looked at again."""
    if suggestion is None:
        return
    cases.suggest_first(transaction, case_id, heard.message_id, suggestion, now=now)
    if suggestion.hasty:
        second_looks.expect(transaction, message_id=heard.message_id, case_id=case_id, now=now, untold=untold)


def flags_of_more(suggestion: Suggestion | None, text: str) -> tuple[Lane, ...]:
    """Return the flags of a message in a case: of a short one, only those that plain words raise.

    What was learnt was learnt from whole messages; a line such as "den vid Ekhagen" says nothing to it.
    """
    if suggestion is None:
        return ()
    return suggestion.ruled if len(text.split()) < _SHORT else suggestion.lanes


def _is_by_sender(heard: Heard, case: Row) -> bool:
    """Tell whether a message in a case is from the one who opened it, as far as its address or code tells."""
    if heard.said is not None:
        return True  # only its own conversation leads into a case
    is_theirs = heard.from_addr.casefold() == case["sender_handle"].casefold() if heard.from_addr else False
    return is_theirs or bool(heard.pick_up)


def _objects(heard: Heard, case: Row) -> bool:
    """Tell whether the sender, and nobody else, says that the answer is not enough (row N5)."""
    return (
        _is_by_sender(heard, case) and Verdict.DMARC_FAILED not in heard.verdicts and is_objection(heard.text)
    )


def with_choice(suggestion: Suggestion | None, chosen: Kind | None) -> Suggestion | None:
    """Let the sender's own choice of type outrank the model's (requirements C5:2)."""
    if suggestion is None or chosen is None:
        return suggestion
    return replace(suggestion, kind=Guess(value=chosen, confidence=1.0, sure=True))


def believed(suggestion: Suggestion | None, chosen: Kind | None) -> Kind | None:
    """Return what we take a message to be: what the sender chose, or what the model is sure of."""
    if chosen is not None:
        return chosen
    return Kind(suggestion.kind.value) if suggestion and suggestion.kind.sure else None


def mood(suggestion: Suggestion | None, chosen: Kind | None) -> Kind | None:
    """Return what may be thanked or be sorry for: what the sender chose, or what is as good as certain."""
    if chosen is not None:
        return chosen
    if suggestion is not None and suggestion.kind.confidence >= CERTAIN and not _GRAVE & {*suggestion.lanes}:
        return Kind(suggestion.kind.value)
    return None


def _is_from_a_person(heard: Heard) -> bool:
    """Tell whether a mail is a person's own, as far as can be known: a forged wish would lead elsewhere."""
    forged = Verdict.DMARC_FAILED in heard.verdicts
    is_mail = heard.channel not in {"web", BY_STAFF}
    return is_mail and not forged and heard.automatic in {None, Automatic.WEB_FORM}


def _factor(suggestion: Suggestion | None) -> str:
    return suggestion.factor.value if suggestion is not None and suggestion.factor.sure else ""


def _is_protected(transaction: Transaction, heard: Heard) -> bool:
    """Tell whether a human has protected this sender before: then they are protected here too (row B15)."""
    to = heard.answer_to
    return to is not None and secrecy.is_protected_sender(transaction, to.channel, to.handle)


def _wished(heard: Heard) -> Address | None:
    """Return where the answer is wished: as chosen in the form, or as written in a mail (row G10)."""
    if heard.wished is not None:
        return heard.wished
    if heard.said is not None and (given := wishes.contact_given(heard.text)) is not None:
        return given
    return wishes.wished_road(heard.text) if _is_from_a_person(heard) else None


def _can_be_phoned(heard: Heard) -> bool:
    wished = _wished(heard)
    return bool(heard.taken and heard.taken.phone) or bool(wished and wished.handle)


def _wants_anonymity(heard: Heard) -> bool:
    """Tell whether a mail says that its sender wishes to be anonymous; the form has a choice for it (X9)."""
    return _is_from_a_person(heard) and wishes.wants_anonymity(f"{heard.subject}.\n\n{heard.text}")


def _quarantine(heard: Heard) -> str:
    """Say why a message waits for a human before anybody is answered, or an empty text."""
    if Verdict.SPAM in heard.verdicts:
        return "skräppost enligt servern framför oss"
    if heard.automatic is not None and heard.automatic is not Automatic.WEB_FORM:
        return f"{heard.automatic}: {heard.automatic_kind}"
    return ""


def _thread(heard: Heard) -> tuple[str, ...]:
    return (*heard.references, heard.header_id) if heard.header_id else heard.references
