"""What a registrator does when somebody asks to see the record: choose, mask, hand out (TF 2:15, row B11).

Nobody is asked who they are or what for. Nothing is handed out before a human has decided of each passage.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bots.desk.disclosure import masking
from bots.desk.disclosure import papers as papers_of
from bots.desk.disclosure.masking import OWN, Decision
from bots.desk.disclosure.package import ChangedError, Given, given, make
from bots.desk.disclosure.papers import File, Paper
from bots.desk.disclosure.pdf import Section, Sheet, draw, made_with
from bots.desk.disclosure.review import Find, Judged, Review, review
from bots.desk.disclosure.rules import Grounds
from bots.desk.house import House
from bots.mail.reading import attachment
from store import cases, disclosures, enclosures, inbox, journal, scans, secrecy
from store.deadlines import day_of
from store.disclosures import Masking, Package, State
from store.domain import Entry, Role
from store.engine import Row, Store, Transaction
from store.inbox import MAIL
from store.sight import sees
from templates import decision

MOST = 500  # cases of one disclosure
LONGEST_TEXT = 200_000  # bytes of a file that is masked as a text
TEXT = "text/plain"
OPENED = "bilaga"  # what the journal says of who has opened a file
_BEGUN, _DECIDED, _CHOSEN = "utlämnande påbörjat", "maskning beslutad", "bilagor till utlämnande valda"
_HANDED_OUT, _FETCHED, _ABANDONED = "handlingar utlämnade", "utlämnat paket hämtat", "utlämnande avbrutet"
_LEFT_OUT, _REFUSED = "lämnas inte ut", "beslut om avslag skrivet"


class NotDisclosingError(Exception):
    """Only the registrator, and whoever stands in for them, hands out of the record (requirements C3)."""


class NoDisclosureError(Exception):
    """There is no such disclosure, or it can not be changed any more."""


class NotReadyError(Exception):
    """Something must be decided first; `problems` tells what, in words for the page."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Overview:
    """A disclosure with its cases as they are judged now. Of one that was handed out, what was given."""

    row: Row
    reviews: Sequence[Review] = ()
    given: Sequence[Given] = ()

    @property
    def is_open(self) -> bool:
        """Tell whether it can still be changed."""
        return bool(self.row["state"] == State.BEGUN)


@dataclass(frozen=True, kw_only=True)
class Disclosing:
    """Blocking: call it from a thread. Every act is journaled, and raises `NotDisclosingError`.

    Cases that the registrator may not see are never among those that they hand out (row B6): whoever stands
    in for them does that. `file_in` takes a file out of the bytes of a message that is no mail.
    """

    store: Store
    house: House
    clock: Callable[[], datetime]
    find: Find
    file_in: Callable[[bytes, int], bytes]
    grounds: Grounds = field(default_factory=Grounds)

    def may(self, person: str) -> bool:
        """Tell whether somebody hands out of the record."""
        return Role.REGISTRATOR in self.house.roles(person)

    def only_registrators(self, person: str) -> None:
        """Raise `NotDisclosingError` unless somebody hands out of the record."""
        if not self.may(person):
            raise NotDisclosingError

    def newest(self, *, by: str) -> Sequence[Row]:
        """List what has been handed out, or is being made ready, the last first."""
        self.only_registrators(by)
        with self.store.read() as transaction:
            return disclosures.newest(transaction)

    def begin(self, case_ids: Sequence[int], *, selection: str, by: str, request: str = "") -> int:
        """Begin with some cases, and return the id. `request` is the number of the case that asks, if any.

        Raises `NotReadyError` for no case at all, or more than `MOST`.
        """
        self.only_registrators(by)
        if len(case_ids) > MOST:
            raise NotReadyError([f"Högst {MOST} ärenden i taget. Välj en kortare tid eller en enhet."])
        now = self.clock()
        with self.store.write() as transaction:
            chosen = [one for one in case_ids if self._sees(transaction, one, by)]
            asking = cases.find_number(transaction, request) if request else None
            if asking is not None and not sees(self.house.reader(by), asking):
                asking = None
            if not chosen and asking is None:
                raise NotReadyError(["Det finns inget ärende att lämna ut."])
            made = disclosures.begin(
                transaction,
                chosen,
                selection=selection,
                request_id=asking["id"] if asking else None,
                by=by,
                now=now,
            )
            about = {"utlämnande": str(made)}
            touched = [*chosen, *([asking["id"]] if asking else [])]
            lines = [Entry(actor=by, act=_BEGUN, case_id=one, details=about) for one in touched]
            journal.write(transaction, now, *lines)
        return made

    def add(self, disclosure_id: int, case_ids: Sequence[int], *, by: str) -> int:
        """Put more cases into a disclosure, and return how many there are to see.

        Raises `NotReadyError` for none, or more than `MOST` in all.
        """
        self.only_registrators(by)
        now = self.clock()
        with self.store.write() as transaction:
            self._open(transaction, disclosure_id)
            chosen = [one for one in case_ids if self._sees(transaction, one, by)]
            if not chosen:
                raise NotReadyError(["Inget ärende stämmer med det du har valt."])
            disclosures.add(transaction, disclosure_id, chosen)
            if len(disclosures.cases_of(transaction, disclosure_id)) > MOST:
                raise NotReadyError([f"Högst {MOST} ärenden i taget. Välj en kortare tid eller en enhet."])
            about = {"utlämnande": str(disclosure_id)}
            lines = [Entry(actor=by, act=_BEGUN, case_id=one, details=about) for one in chosen]
            journal.write(transaction, now, *lines)
        return len(chosen)

    def requested(self, row: Row, *, by: str) -> Row | None:
        """Return the case in which a disclosure was asked for, if there is one that the reader may see."""
        if row["request_id"] is None:
            return None
        with self.store.read() as transaction:
            case = cases.get(transaction, row["request_id"])
        return case if sees(self.house.reader(by), case) else None

    def look(self, disclosure_id: int, *, by: str) -> Overview:
        """Return a disclosure; raise `NoDisclosureError` if there is none."""
        self.only_registrators(by)
        with self.store.read() as transaction:
            row = self._row(transaction, disclosure_id)
            rows = self._cases(transaction, disclosure_id, by)
            if row["state"] != State.BEGUN:
                kept = [Given(case_id=one["id"], contents=one["contents"]) for one in rows if one["contents"]]
                return Overview(row=row, given=kept)
            return Overview(row=row, reviews=self._reviews(transaction, row, rows))

    def look_at(self, disclosure_id: int, number: str, *, by: str) -> tuple[Overview, Review]:
        """Return one case of a disclosure that is being made ready; raise `NoDisclosureError`."""
        self.only_registrators(by)
        with self.store.read() as transaction:
            row = self._open(transaction, disclosure_id)
            rows = [one for one in self._cases(transaction, disclosure_id, by) if one["number"] == number]
            if not rows:
                raise NoDisclosureError
            found = self._reviews(transaction, row, rows)
            return Overview(row=row, reviews=found), found[0]

    def opened(self, case_id: int, *, by: str) -> set[int]:
        """Return the messages whose files somebody has opened: what nobody has seen is not handed out."""
        with self.store.read() as transaction:
            lines = journal.readings(transaction, case_id)
        return {
            line["message_id"]
            for line in lines
            if line["actor"] == by and line["message_id"] and line["details"].get("vad") == OPENED
        }

    def decide(
        self,
        disclosure_id: int,
        number: str,
        paper_key: str,
        *,
        shown: Collection[str],
        masked: Collection[str],
        by: str,
        paragraph: str = "",
        words: str = "",
        sentences: Collection[str] = (),
    ) -> int:
        """Decide of passages of one paper, and return how many changed.

        `shown` names the passages that were on the page, `masked` those of them to be masked; the others are
        left to be read. `words` are masked wherever they stand in the case, `sentences` in this paper. A
        `paragraph` that is empty is that of each kind. Passages that are fixed stay masked.
        """
        _, found = self.look_at(disclosure_id, number, by=by)
        judged = next((one for one in found.judged if one.paper.key == paper_key), None)
        if judged is None:
            raise NoDisclosureError
        decisions = [
            self._masking(one.begins, one.ends, one.kind, one.name in masked, one.paragraph, paragraph)
            for one in judged.spans
            if one.name in shown and not one.fixed and _differs(one, one.name in masked, paragraph)
        ]
        decisions += [
            self._masking(begins, ends, OWN, True, "", paragraph)
            for begins, ends in masking.sentences(judged.paper.text)
            if f"{begins}-{ends}" in sentences
        ]
        own = {
            one.paper.key: [
                self._masking(begins, ends, OWN, True, "", paragraph)
                for begins, ends in masking.all_of(one.paper.text, words)
                if not _is_fixed(one, begins, ends)
            ]
            for one in found.judged
        }
        own[paper_key] = [*own[paper_key], *decisions]
        texts = {one.paper.key: one.paper.text for one in found.judged}
        return self._keep(found.case["id"], texts, own, by=by)

    def decide_all(
        self, disclosure_id: int, *, masked: bool, by: str, kind: str = "", number: str = ""
    ) -> int:
        """Decide of what nobody has decided of, and return how many: of one kind or any, one case or all."""
        overview = self.look(disclosure_id, by=by)
        if not overview.is_open:
            raise NoDisclosureError
        total = 0
        for one in overview.reviews:
            if number and one.case["number"] != number:
                continue
            wanted = {
                judged.paper.key: [
                    self._masking(span.begins, span.ends, span.kind, masked, span.paragraph, "")
                    for span in judged.undecided
                    if not kind or span.kind == kind
                ]
                for judged in one.judged
            }
            texts = {judged.paper.key: judged.paper.text for judged in one.judged}
            total += self._keep(one.case["id"], texts, wanted, by=by)
        return total

    def enclose(self, disclosure_id: int, number: str, keys: Collection[str], *, by: str) -> None:
        """Choose which files of a case go along. Raises `NotReadyError` for one that has not been opened."""
        overview, found = self.look_at(disclosure_id, number, by=by)
        files = {one.key: one for one in found.papers.files}
        opened = self.opened(found.case["id"], by=by)
        kept = {one for one in overview.row["enclosed"] if one not in files}
        chosen = {one for one in keys if one in files}
        before = {one for one in overview.row["enclosed"] if one in files}
        unseen = [
            files[one].name
            for one in sorted(chosen - before)
            if files[one].message_id and files[one].message_id not in opened
        ]
        if unseen:
            raise NotReadyError([f"Öppna {name} och se efter vad som står i den först." for name in unseen])
        now = self.clock()
        with self.store.write() as transaction:
            if harmful := self._harmful(transaction, [files[one] for one in sorted(chosen)]):
                raise NotReadyError(
                    [f"{name} innehåller något skadligt och lämnas inte ut." for name in harmful]
                )
            if not disclosures.enclose(transaction, disclosure_id, kept | chosen):
                raise NoDisclosureError
            about = {"utlämnande": str(disclosure_id), "antal": str(len(chosen))}
            entry = Entry(actor=by, act=_CHOSEN, case_id=found.case["id"], details=about)
            journal.write(transaction, now, entry)

    def leave_out(self, disclosure_id: int, number: str, *, by: str) -> None:
        """Leave a case out of what is handed out."""
        _, found = self.look_at(disclosure_id, number, by=by)
        with self.store.write() as transaction:
            disclosures.leave_out(transaction, disclosure_id, found.case["id"])
            about = {"utlämnande": str(disclosure_id)}
            entry = Entry(actor=by, act=_LEFT_OUT, case_id=found.case["id"], details=about)
            journal.write(transaction, self.clock(), entry)

    def abandon(self, disclosure_id: int, *, by: str) -> None:
        """Give a disclosure up. What was decided of passages is kept for the next one."""
        self.only_registrators(by)
        with self.store.write() as transaction:
            if not disclosures.abandon(transaction, disclosure_id):
                raise NoDisclosureError
            entry = Entry(actor=by, act=_ABANDONED, details={"utlämnande": str(disclosure_id)})
            journal.write(transaction, self.clock(), entry)

    def hand_out(self, disclosure_id: int, *, by: str) -> None:
        """Make the package, and keep what it holds and its sum.

        Raises `NotReadyError` while a passage waits to be decided of, and `NoDisclosureError` when somebody
        else was faster.
        """
        now = self.clock()
        with self.store.read() as transaction:
            self.only_registrators(by)
            row = self._open(transaction, disclosure_id)
            found = self._reviews(transaction, row, self._cases(transaction, disclosure_id, by))
            _raise_unless_ready(found)
            all_given = [self._given(transaction, one, row["enclosed"]) for one in found]
            data = self._make(transaction, all_given, disclosure_id, now)
        package = Package(sha256=hashlib.sha256(data).hexdigest(), size=len(data), made_with=made_with())
        contents = {one.case_id: one.contents for one in all_given}
        with self.store.write() as transaction:
            if not disclosures.hand_out(transaction, disclosure_id, contents, package, by=by, now=now):
                raise NoDisclosureError
            entries = [
                Entry(
                    actor=by,
                    act=_HANDED_OUT,
                    case_id=one.case_id,
                    details={
                        "utlämnande": str(disclosure_id),
                        "maskningar": _told(one.contents["grounds"]) or "inga",
                        "bilagor": str(len(one.contents["files"])),
                        "sha256": package.sha256,
                    },
                )
                for one in all_given
            ]
            journal.write(transaction, now, *entries)

    def refusal(self, disclosure_id: int, *, by: str) -> str:
        """Return the decision to refuse as it was last written, or else what to begin one with.

        A human writes why; the paragraphs are those of what is masked (OSL 6:3, FL 33 and 43-44).
        """
        overview = self.look(disclosure_id, by=by)
        if overview.row["refusal"]:
            return str(overview.row["refusal"])
        counted = [one.by_paragraph(self.grounds) for one in overview.reviews]
        counted += [one.contents["grounds"] for one in overview.given]
        numbers = [str(one.case["number"]) for one in overview.reviews]
        numbers += [str(one.contents["number"]) for one in overview.given]
        person = self.house.person(by)
        return decision(
            "refusal",
            municipality=self.house.municipality,
            today=day_of(self.clock()).isoformat(),
            numbers=numbers,
            paragraphs=sorted({one for each in counted for one in each}) or [self.grounds.identity],
            partly=overview.row["state"] == State.HANDED_OUT,
            law=self.grounds.law,
            court=self.grounds.court,
            person=person.name,
            title=person.title,
        )

    def refuse(self, disclosure_id: int, text: str, *, by: str) -> bytes:
        """Keep a decision to refuse, and return it as a PDF; raise `NotReadyError` for one without words."""
        self.only_registrators(by)
        if not text.strip():
            raise NotReadyError(["Skriv beslutet."])
        now = self.clock()
        sheet = Sheet(
            title="Beslut om utlämnande av allmän handling",
            sections=[Section(heading="", text=[text.strip()])],
            foot=self.house.municipality,
        )
        data = draw(sheet, at=now).data
        with self.store.write() as transaction:
            row = self._row(transaction, disclosure_id)
            disclosures.refuse(transaction, disclosure_id, text.strip())
            about = {"utlämnande": str(disclosure_id), "sha256": hashlib.sha256(data).hexdigest()}
            entry = Entry(actor=by, act=_REFUSED, case_id=row["request_id"], details=about)
            journal.write(transaction, now, entry)
        return data

    def package(self, disclosure_id: int, *, by: str) -> bytes:
        """Make a package again, byte for byte, and note who took it.

        Raises `NoDisclosureError` for what was not handed out, and `ChangedError` when it can not be made as
        it was: the program that draws is another, or a case has been disposed of.
        """
        self.only_registrators(by)
        with self.store.read() as transaction:
            row = self._row(transaction, disclosure_id)
            if row["state"] != State.HANDED_OUT:
                raise NoDisclosureError
            rows = disclosures.cases_of(transaction, disclosure_id)
            kept = [Given(case_id=one["id"], contents=one["contents"]) for one in rows if one["contents"]]
            try:
                data = self._make(transaction, kept, disclosure_id, row["handed_at"])
            except LookupError as error:
                raise ChangedError(str(error)) from error
        if hashlib.sha256(data).hexdigest() != row["sha256"]:
            raise ChangedError(f"paketet gjordes med {row['made_with']}, och nu finns {made_with()}")
        with self.store.write() as transaction:
            entry = Entry(actor=by, act=_FETCHED, details={"utlämnande": str(disclosure_id)})
            journal.write(transaction, self.clock(), entry)
        return data

    def _make(
        self, transaction: Transaction, kept: Sequence[Given], disclosure_id: int, at: datetime
    ) -> bytes:
        files: dict[int, dict[str, File]] = {}

        def load(case_id: int, key: str) -> bytes:
            if case_id not in files:
                files[case_id] = {one.key: one for one in self._files(transaction, case_id)}
            return self._bytes(transaction, files[case_id][key])

        return make(kept, load, municipality=self.house.municipality, disclosure_id=disclosure_id, at=at)

    def _files(self, transaction: Transaction, case_id: int) -> Sequence[File]:
        case = cases.get(transaction, case_id)
        return papers_of.of_case(transaction, case, unit="").files

    def _bytes(self, transaction: Transaction, file: File) -> bytes:
        if file.enclosure_id:
            data = enclosures.read(transaction, file.enclosure_id)
        else:
            raw = inbox.raw(transaction, file.message_id)
            row = inbox.find(transaction, file.message_id) if raw is not None else None
            if raw is None or row is None:
                raise LookupError(file.key)
            data = (attachment if row["media_type"] == MAIL else self.file_in)(raw, file.index)
        if data is None:
            raise LookupError(file.key)
        return data

    def _harmful(self, transaction: Transaction, files: Sequence[File]) -> list[str]:
        """Name the files in which a scanner has found something."""
        known = scans.of_messages(transaction, {one.message_id for one in files})
        return [one.name for one in files if scans.names(known.get(one.message_id), one.index)]

    def _given(self, transaction: Transaction, one: Review, enclosed: Collection[str]) -> Given:
        whole = [file for file in one.papers.files if file.key in enclosed and not _is_text(file)]
        sums = {file.key: hashlib.sha256(self._bytes(transaction, file)).hexdigest() for file in whole}
        left_out = sum(file.key not in enclosed for file in one.papers.files)
        return given(
            one, whole, unit=self._unit(one.case), grounds=self.grounds, sums=sums, left_out=left_out
        )

    def _reviews(self, transaction: Transaction, row: Row, rows: Sequence[Row]) -> list[Review]:
        decided = disclosures.decided(transaction, [one["id"] for one in rows])
        staff = self.house.handlers.values()
        public = {word for one in staff for word in (one.name, one.email) if word}
        found = []
        for case in rows:
            unit = self._unit(case)
            known = papers_of.of_case(transaction, case, unit=unit, kinds=_kinds(case))
            found.append(
                review(
                    known,
                    [
                        self._as_paper(transaction, file)
                        for file in known.files
                        if file.key in row["enclosed"] and _is_text(file)
                    ],
                    find=self.find,
                    decided={
                        paper: lines for (case_id, paper), lines in decided.items() if case_id == case["id"]
                    },
                    cautions=secrecy.warnings(
                        transaction, case["id"], regulated=self.house.regulated(case["unit"])
                    ),
                    grounds=self.grounds,
                    public=public,
                )
            )
        return found

    def _as_paper(self, transaction: Transaction, file: File) -> Paper:
        data = self._bytes(transaction, file)
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
        return Paper(
            key=file.key,
            heading="Bilaga",
            text=f"Fil: {file.name}\n\n{text}",
            message_id=file.message_id or None,
        )

    def _keep(
        self, case_id: int, texts: Mapping[str, str], wanted: Mapping[str, Sequence[Masking]], *, by: str
    ) -> int:
        count = sum(map(len, wanted.values()))
        if not count:
            return 0
        now = self.clock()
        with self.store.write() as transaction:
            for key, decisions in wanted.items():
                disclosures.decide(
                    transaction, case_id, key, masking.sum_of(texts[key]), decisions, by=by, now=now
                )
            hidden = sum(one.masked for one in (each for group in wanted.values() for each in group))
            details = {"maskade": str(hidden), "visade": str(count - hidden)}
            journal.write(transaction, now, Entry(actor=by, act=_DECIDED, case_id=case_id, details=details))
        return count

    def _masking(
        self, begins: int, ends: int, kind: str, masked: bool, proposed: str, chosen: str
    ) -> Masking:
        known = chosen if chosen in self.grounds.all() else ""
        paragraph = known or proposed or self.grounds.of(kind)
        return Masking(
            begins=begins, ends=ends, kind=str(kind), masked=masked, paragraph=paragraph if masked else ""
        )

    def _unit(self, case: Row) -> str:
        unit = self.house.unit(case["unit"])
        return unit.name if unit else str(case["unit"])

    def _cases(self, transaction: Transaction, disclosure_id: int, by: str) -> list[Row]:
        reader = self.house.reader(by)
        return [one for one in disclosures.cases_of(transaction, disclosure_id) if sees(reader, one)]

    def _sees(self, transaction: Transaction, case_id: int, by: str) -> bool:
        return sees(self.house.reader(by), cases.get(transaction, case_id))

    def _row(self, transaction: Transaction, disclosure_id: int) -> Row:
        row = disclosures.find(transaction, disclosure_id)
        if row is None:
            raise NoDisclosureError
        return row

    def _open(self, transaction: Transaction, disclosure_id: int) -> Row:
        row = self._row(transaction, disclosure_id)
        if row["state"] != State.BEGUN:
            raise NoDisclosureError
        return row


def _raise_unless_ready(found: Sequence[Review]) -> None:
    if not found:
        raise NotReadyError(["Det finns inget ärende kvar att lämna ut."])
    waiting = {one.case["number"]: one.undecided for one in found if one.undecided}
    if waiting:
        count = sum(waiting.values())
        where = ", ".join(list(waiting)[:5])
        raise NotReadyError([f"{count} ställen väntar på att någon avgör om de ska maskas: {where}."])


def _differs(span: masking.Span, is_masked: bool, paragraph: str) -> bool:
    decision = Decision.MASK if is_masked else Decision.LEAVE
    return span.decision is not decision or (is_masked and bool(paragraph) and span.paragraph != paragraph)


def _is_fixed(judged: Judged, begins: int, ends: int) -> bool:
    return any(one.fixed and one.begins <= begins and ends <= one.ends for one in judged.spans)


def _is_text(file: File) -> bool:
    return file.media_type.partition(";")[0].strip().lower() == TEXT and file.size <= LONGEST_TEXT


def _kinds(case: Row) -> str:
    return ", ".join(part for part in (case["kind"], case["factor"]) if part)


def _told(grounds: Mapping[str, int]) -> str:
    return ", ".join(f"{paragraph}: {count}" for paragraph, count in grounds.items())
