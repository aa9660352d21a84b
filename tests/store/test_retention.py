"""Disposal by decision (row B16, report R13): what goes, what stays, and what nobody can delete."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import JSON, LargeBinary, String, Text, select, update

import store as store_package
from store import (
    acts,
    conversations,
    emptying,
    holds,
    lessons,
    lists,
    outbox,
    retention,
    search,
    surveys,
    unsent,
)
from store.deadlines import day_of
from store.domain import (
    Act,
    Address,
    Door,
    Enclosure,
    Factor,
    Kind,
    Lane,
    LetterState,
    MessageState,
    Outcome,
    Outgoing,
    Purpose,
    Status,
)
from store.emptying import GONE, NOTHING
from store.enclosures import add
from store.engine import Row, Store, open_store
from store.life import ARCHIVIST, Actor, IllegalActError
from store.migrations import upgrade
from store.retention import Record, Rule, Start, UndecidedError
from store.scrub import scrub
from store.seal_key import KeyPlace
from store.seals import seal
from store.sight import Reader
from store.tables import cases, confirmations, letters, messages, metadata, promises
from store.verify import Tally, prove
from tests.house import House, an_inbound, open_house, rows_of

Make = Callable[..., House]
SECRET = "Hjortronsylt"  # stands in every text that must go
DECISION = "KS 2027-03-01 § 12"
CASES = Rule(record=Record.CASE, years=2, decision_ref=DECISION)


@dataclass
class Rita:
    """The registrator, two years later and a day."""

    house: House

    def plan(self, rule: Rule = CASES) -> retention.Plan:
        with self.house.store.read() as transaction:
            return retention.plan(transaction, rule, now=self.house.clock())

    def carry_out(self, rule: Rule = CASES, decision_ref: str = DECISION) -> int:
        return retention.carry_out(
            self.house.store, rule, decision_ref=decision_ref, by="rita", clock=self.house.clock
        )


async def a_closed(house: House, *, text: str = f"{SECRET} vid gungan.", **mail: Any) -> int:
    """Take a complaint all the way, with every kind of word that a case can hold."""
    await house.hear(an_inbound(text=text, subject=f"Om {SECRET}", **mail))
    case = house.cases()[-1]
    case_id: int = case["id"]
    house.acts.confirm(case_id, kind=Kind.COMPLAINT, factor=Factor.SAFETY, by="anna", version=case["version"])
    house.acts.answer(
        case_id,
        f"{SECRET} är borta.",
        Outcome.DONE,
        by="anna",
        version=version_of(house, case_id),
        measure=f"{SECRET} borta",
        improvement=f"Ingen {SECRET}",
    )
    await house.deliver()
    house.acts.close(case_id, by="anna", version=version_of(house, case_id))
    with house.store.write() as transaction:
        surveys.answer(transaction, case_id, score=4, words=f"{SECRET} igen", now=house.clock())
        begun = unsent.save(transaction, case_id, Act.ANSWER, {"text": SECRET}, by="petra", now=house.clock())
        data = f"{SECRET} som fil".encode()
        add(
            transaction, begun, Enclosure(name="a.txt", media_type="text/plain", data=data), now=house.clock()
        )
    return case_id


def version_of(house: House, case_id: int) -> int:
    return int(next(row["version"] for row in house.cases() if row["id"] == case_id))


def set_columns(house: House, case_id: int, **columns: Any) -> None:
    with house.store.write() as transaction:
        transaction.connection.execute(update(cases).where(cases.c.id == case_id).values(**columns))


def case_of(house: House, case_id: int) -> Row:
    return next(row for row in house.cases() if row["id"] == case_id)


def all_words(store: Store) -> str:
    """Return all that the tables hold, as one text."""
    rows = [str(row) for table in metadata.tables for row in rows_of(store, table)]
    return "\n".join(rows)


def figures(store: Store) -> Mapping[str, list[Any]]:
    """Count as the reports do: by type, factor, unit, channel, month, outcome and promise."""
    counted = {
        "cases": select(
            cases.c.kind,
            cases.c.factor,
            cases.c.unit,
            cases.c.channel,
            cases.c.received_at,
            cases.c.closed_at,
        ),
        "anonymous": select(cases.c.number, cases.c.sender_handle == ""),
        "promises": select(promises.c.kind, promises.c.due_on, promises.c.kept_at),
        "answers": select(
            metadata.tables["answers"].c.outcome,
            metadata.tables["answers"].c.delivered_at,
            metadata.tables["answers"].c.explanation == "",
        ),
        "confirmed": select(confirmations.c.kind, confirmations.c.factor, confirmations.c.changed),
        "letters": select(letters.c.purpose, letters.c.channel, letters.c.state, letters.c.sent_at),
        "surveys": select(metadata.tables["surveys"].c.score),
        "received": select(messages.c.channel, messages.c.received_at),
    }
    with store.read() as transaction:
        return {
            name: sorted(map(str, transaction.connection.execute(wanted))) for name, wanted in counted.items()
        }


@pytest.fixture
async def closed(house: House) -> tuple[Rita, int]:
    case_id = await a_closed(house)
    house.clock.forward(days=2 * 366 + 1)
    return Rita(house), case_id


async def test_b16_what_is_due_is_told_without_deleting_anything(closed: tuple[Rita, int]) -> None:
    rita, case_id = closed
    before = all_words(rita.house.store)

    found = rita.plan()

    number = case_of(rita.house, case_id)["number"]
    assert dict(found.numbers) == {case_id: number}
    assert found.pieces == len(rita.house.messages()) + len(rita.house.outbox())
    assert found.oldest == datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    assert all_words(rita.house.store) == before


async def test_b16_after_disposal_no_table_holds_a_word_of_the_case(closed: tuple[Rita, int]) -> None:
    rita, case_id = closed
    sender = case_of(rita.house, case_id)["sender_handle"]
    assert SECRET in all_words(rita.house.store)
    assert sender in all_words(rita.house.store)

    rita.carry_out()

    after = all_words(rita.house.store)
    case = case_of(rita.house, case_id)
    assert SECRET.casefold() not in after.casefold()
    assert sender not in after
    assert (case["status"], case["title"], case["disposal_decision"]) == (Status.DISPOSED, GONE, DECISION)
    assert [row["sha256"] for row in rita.house.table("blobs")] == [NOTHING]
    assert rita.house.journal(case_id)[-1] == "gallra"


async def test_b16_statistics_survive_disposal(closed: tuple[Rita, int]) -> None:
    rita, _case_id = closed
    await a_closed(rita.house, text="En ny gunga, tack.")
    before = figures(rita.house.store)

    rita.carry_out()

    assert figures(rita.house.store) == before
    assert all(before.values())


async def test_r13_the_protocol_tells_number_kind_decision_day_who_and_how_many(
    closed: tuple[Rita, int],
) -> None:
    rita, case_id = closed

    pieces = rita.carry_out()

    with rita.house.store.read() as transaction:
        (line,) = retention.protocol(transaction)
    assert {name: line[name] for name in line if name != "id"} == {
        "number": case_of(rita.house, case_id)["number"],
        "record": "ärende",
        "decision_ref": DECISION,
        "carried_out_at": rita.house.clock(),
        "carried_out_by": "rita",
        "pieces": pieces,
    }


async def test_b16_done_again_it_deletes_nothing_more(closed: tuple[Rita, int]) -> None:
    rita, _case_id = closed
    rita.carry_out()
    before = all_words(rita.house.store)

    assert rita.carry_out() == 0
    assert all_words(rita.house.store) == before


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    ("rule", "named"),
    [
        (replace(CASES, decision_ref=""), ""),
        (replace(CASES, decision_ref="  "), "  "),
        (CASES, ""),
        (CASES, "KS 2027-03-01 § 13"),
    ],
)
async def test_b16_without_the_decision_that_is_configured_nothing_is_deleted(
    closed: tuple[Rita, int], rule: Rule, named: str
) -> None:
    rita, _case_id = closed
    before = all_words(rita.house.store)
    assert not rita.plan(rule).is_empty

    with pytest.raises(UndecidedError):
        rita.carry_out(rule, named)

    assert all_words(rita.house.store) == before


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_b16_the_life_of_a_case_demands_the_decision_as_well(closed: tuple[Rita, int]) -> None:
    rita, case_id = closed
    actor = Actor(id="rita", roles=frozenset({ARCHIVIST}))

    with pytest.raises(IllegalActError, match="gallringsbeslut"), rita.house.store.write() as transaction:
        acts.move(transaction, case_id, Act.DISPOSE, actor=actor, now=rita.house.clock())

    assert case_of(rita.house, case_id)["status"] == Status.CLOSED


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    ("columns", "because"),
    [
        ({"serious": True}, "allvarligt, utan diarienummer"),
        ({"lanes": [Lane.APPEAL]}, "överklagande, utan diarienummer"),
        ({"door": Door.APPEAL}, "överklagande, utan diarienummer"),
        ({"door": Door.SUPERVISOR}, "från tillsynsmyndighet, utan diarienummer"),
    ],
)
async def test_b16_what_belongs_in_the_diary_stays_until_it_stands_there(
    closed: tuple[Rita, int], columns: dict[str, Any], because: str
) -> None:
    rita, case_id = closed
    set_columns(rita.house, case_id, **columns)

    held = rita.plan()
    rita.carry_out()

    assert (held.is_empty, held.held[because]) == (True, 1)
    assert case_of(rita.house, case_id)["status"] == Status.CLOSED
    set_columns(rita.house, case_id, diary_number="KS 2026/17")
    assert rita.carry_out() > 0


async def test_b16_what_the_registrator_holds_stays_until_the_hold_is_lifted(
    closed: tuple[Rita, int],
) -> None:
    rita, case_id = closed
    with rita.house.store.write() as transaction:
        holds.put(transaction, case_id, reason="tvist", by="rita", now=rita.house.clock())

    held = rita.plan()
    assert rita.carry_out() == 0

    with rita.house.store.write() as transaction:
        holds.lift(transaction, case_id, by="rita", now=rita.house.clock())
    assert held.held["spärrat av registratorn"] == 1
    assert rita.carry_out() > 0
    assert rita.house.journal(case_id)[-3:] == ["gallring spärrad", "gallringsspärr hävd", "gallra"]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_b16_an_open_case_is_never_touched_whatever_its_age(house: House) -> None:
    await house.hear(an_inbound(text=SECRET))
    house.clock.forward(days=30 * 366)
    rita = Rita(house)
    rules = [
        Rule(record=record, counted_from=start, decision_ref=DECISION) for record in Record for start in Start
    ]

    deleted = [rita.carry_out(rule) for rule in rules]

    assert deleted == [0] * len(rules)
    assert SECRET in house.messages()[0]["text"]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_b16_a_duplicate_of_an_open_case_stays(closed: tuple[Rita, int]) -> None:
    rita, case_id = closed
    await rita.house.hear(an_inbound(text="Gungan igen."))
    other = rita.house.cases()[-1]["id"]
    set_columns(rita.house, case_id, status=Status.DUPLICATE, refers_to=other)

    assert rita.plan().held["hör ihop med ett öppet ärende"] == 1
    assert rita.carry_out() == 0


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_b16_a_case_opened_again_between_the_list_and_the_act_stays(closed: tuple[Rita, int]) -> None:
    rita, case_id = closed
    moments = iter([rita.house.clock(), rita.house.clock()])

    def clock() -> datetime:
        now = next(moments)
        set_columns(rita.house, case_id, status=Status.REOPENED)
        return now

    # The clock is asked once before the list is made, and once in each transaction that deletes.
    with rita.house.store.read() as transaction:
        listed = retention.plan(transaction, CASES, now=rita.house.clock())
    assert list(listed.numbers) == [case_id]
    assert retention.carry_out(rita.house.store, CASES, decision_ref=DECISION, by="rita", clock=clock) == 0
    assert case_of(rita.house, case_id)["status"] == Status.REOPENED


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_b10_drafts_and_what_was_never_sent_go_by_a_decision_of_their_own(
    closed: tuple[Rita, int],
) -> None:
    rita, case_id = closed

    gone = rita.carry_out(Rule(record=Record.DRAFT, days=30, decision_ref=DECISION))

    assert gone == 1
    assert (rita.house.table("unsent"), rita.house.table("enclosures")) == ([], [])
    assert SECRET in rita.house.table("answers")[0]["text"]
    assert case_of(rita.house, case_id)["status"] == Status.CLOSED


async def test_b16_what_belongs_to_no_case_goes_by_its_own_decision(house: House) -> None:
    rule = Rule(record=Record.ASIDE, counted_from=Start.RECEIVED, months=6, decision_ref=DECISION)
    await house.receive(an_inbound(text=f"{SECRET} sade /hjalp"), an_inbound(text="Ett ärende om gungan."))
    aside = house.messages()[0]["id"]
    with house.store.write() as transaction:
        changed = update(messages).where(messages.c.id == aside)
        transaction.connection.execute(
            changed.values(state=MessageState.ASIDE, text=SECRET, conversation="telegram:4711")
        )
        conversations.begin(transaction, "telegram:4711", now=house.clock())
        letter = Outgoing(
            key="hjalp:1",
            purpose=Purpose.ASSISTANT,
            recipient=Address(channel="email", handle=SECRET),
            subject=SECRET,
            body=SECRET,
        )
        outbox.put(transaction, letter, now=house.clock())
        transaction.connection.execute(update(letters).values(state=LetterState.SENT))
    rita = Rita(house)
    assert rita.plan(rule).is_empty
    house.clock.forward(days=200)

    planned = rita.plan(rule)
    gone = rita.carry_out(rule)

    assert (planned.pieces, gone, rita.carry_out(rule)) == (2, 2, 0)
    assert SECRET not in all_words(house.store)
    assert "4711" not in all_words(house.store)
    assert [row["state"] for row in house.messages()] == [MessageState.ASIDE, MessageState.KEPT]
    assert {row["number"] for row in house.table("disposals")} == {""}
    assert house.messages()[1]["disposed_at"] is None


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_b16_the_words_of_a_survey_go_and_its_score_stays(closed: tuple[Rita, int]) -> None:
    rita, _case_id = closed
    rule = Rule(record=Record.SURVEY, years=1, decision_ref=DECISION)

    assert rita.carry_out(rule) == 1
    assert rita.carry_out(rule) == 0
    assert [(row["score"], row["words"]) for row in rita.house.table("surveys")] == [(4, GONE)]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_b16_the_raw_bytes_go_and_what_was_read_out_of_them_stays(closed: tuple[Rita, int]) -> None:
    rita, _case_id = closed

    gone = rita.carry_out(Rule(record=Record.RAW, days=90, decision_ref=DECISION))

    (message,) = rita.house.messages()
    assert gone == 1
    assert (message["sha256"], message["disposed_at"]) == (NOTHING, rita.house.clock())
    assert SECRET in message["text"]
    assert not any(SECRET.encode() in row["data"] for row in blobs_but_files(rita.house))


def blobs_but_files(house: House) -> list[Row]:
    files = {row["sha256"] for row in house.table("enclosures")}
    return [row for row in house.table("blobs") if row["sha256"] not in files]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_b16_bytes_with_a_file_in_them_are_no_mere_copy(closed: tuple[Rita, int]) -> None:
    rita, _case_id = closed
    with rita.house.store.write() as transaction:
        files = [{"name": "bild.jpg", "media_type": "image/jpeg", "size": 9}]
        transaction.connection.execute(update(messages).values(attachments=files))

    assert rita.plan(Rule(record=Record.RAW, days=90, decision_ref=DECISION)).is_empty


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_b16_bytes_that_another_case_has_as_well_stay_with_it(closed: tuple[Rita, int]) -> None:
    rita, _case_id = closed
    await rita.house.hear(an_inbound(text="Ett annat ärende."))
    (mine, _other) = rita.house.messages()
    with rita.house.store.write() as transaction:
        transaction.connection.execute(
            update(messages).where(messages.c.id != mine["id"]).values(sha256=mine["sha256"])
        )

    rita.carry_out()

    assert mine["sha256"] in {row["sha256"] for row in rita.house.table("blobs")}
    assert [row["sha256"] for row in rita.house.messages()] == [NOTHING, mine["sha256"]]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_b16_the_same_mail_again_opens_no_case_and_brings_no_words_back(
    closed: tuple[Rita, int],
) -> None:
    rita, _case_id = closed
    rita.carry_out()

    await rita.house.hear(an_inbound(text=f"{SECRET} vid gungan.", subject=f"Om {SECRET}"))

    assert len(rita.house.cases()) == 1
    assert SECRET not in all_words(rita.house.store)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_b16_a_reply_to_a_letter_of_a_disposed_case_opens_a_new_one(closed: tuple[Rita, int]) -> None:
    rita, _case_id = closed
    letter = rita.house.outbox(purpose=Purpose.ANSWER)[0]
    rita.carry_out()

    await rita.house.hear(
        an_inbound(text="Nu är det där igen.", subject="Re: svar", in_reply_to=letter["external_id"])
    )

    assert [row["status"] for row in rita.house.cases()] == [Status.DISPOSED, Status.SORTING]


async def test_b16_what_is_disposed_of_breaks_no_seal_and_no_series(bare_url: str, tmp_path: Path) -> None:
    place = KeyPlace(file=tmp_path / "prov.key", log=tmp_path / "prov.seals")
    store = open_store(bare_url, seal_key=place)
    upgrade(store)
    rita = Rita(open_house(store))
    await a_closed(rita.house)
    rita.house.clock.forward(days=2 * 366 + 1)
    seal(store, rita.house.clock())

    assert rita.carry_out(Rule(record=Record.RAW, days=90, decision_ref=DECISION)) == 1
    assert rita.carry_out() > 0
    assert scrub(store) is True
    seal(store, rita.house.clock())

    tally = Tally()
    assert [str(fault) for fault in prove(store, tally)] == []
    rita.house.opinion.close()
    store.close()


async def test_b16_search_finds_a_disposed_case_by_its_number_alone(closed: tuple[Rita, int]) -> None:
    rita, case_id = closed
    number = case_of(rita.house, case_id)["number"]

    def found(words: str) -> bool:
        with rita.house.store.read() as transaction:
            matching = select(cases.c.id).where(search.matches(transaction, search.ask(words)))
            return case_id in set(transaction.connection.scalars(matching))

    assert (found(SECRET), found(number)) == (True, True)
    rita.carry_out()

    assert (found(SECRET), found(number)) == (False, True)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_b18_the_model_learns_nothing_of_what_is_disposed_of(closed: tuple[Rita, int]) -> None:
    rita, _case_id = closed
    since = datetime(2020, 1, 1, tzinfo=UTC)
    with rita.house.store.read() as transaction:
        assert len(lessons.confirmed(transaction, since=since)) == 1

    rita.carry_out()

    with rita.house.store.read() as transaction:
        assert lessons.confirmed(transaction, since=since) == []
    assert all(row["vector"] == b"" and row["why"] == [] for row in rita.house.table("suggestions"))


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_b16_the_lists_show_a_disposed_case_without_a_word_of_it(closed: tuple[Rita, int]) -> None:
    rita, _case_id = closed
    rita.carry_out()
    reader = Reader(id="rita", is_registrator=True)

    with rita.house.store.read() as transaction:
        shown = [
            lists.page(
                transaction,
                queue=queue,
                reader=reader,
                filters=lists.Filters(),
                today=day_of(rita.house.clock()),
            )
            for queue in lists.Queue
        ]

    assert SECRET not in str(shown)


async def test_b16_after_scrubbing_the_words_are_in_no_file_of_the_database(
    closed: tuple[Rita, int], database_kind: str
) -> None:
    rita, _case_id = closed
    store = rita.house.store
    if database_kind == "postgresql":
        rita.carry_out()
        assert scrub(store) is True
        assert SECRET not in all_words(store)
        return
    file = Path(str(store.engine.url.database))
    assert any(SECRET.encode() in part for part in parts_of(file))

    rita.carry_out()
    store.close()  # as a service that rests: nobody reads the old pages

    assert scrub(store) is True
    needles = {form.encode() for form in (SECRET, SECRET.casefold(), "sven.svensson")}
    assert [needle for needle in needles if any(needle in part for part in parts_of(file))] == []


def parts_of(file: Path) -> list[bytes]:
    """Read the file of the database and those beside it."""
    return [part.read_bytes() for part in file.parent.glob(f"{file.name}*")]


def test_b16_every_column_that_holds_text_is_emptied_or_said_to_stay() -> None:
    told: dict[str, tuple[str, ...]] = {
        table.name: (*emptied.words, *emptied.blank, *emptied.stay)
        for table, emptied in {
            **emptying.OF_CASE,
            messages: emptying.MESSAGE,
            metadata.tables["repeats"]: emptying.REPEAT,
        }.items()
    }
    textual = (String, Text, JSON, LargeBinary)
    for name, columns in told.items():
        table = metadata.tables[name]
        held = {column.name for column in table.columns if isinstance(column.type, textual)}
        assert held - {"sha256"} == set(columns) - {"sha256"}, name
    # And every table that hangs on a case or a message is named.
    apart = {"journal", *(table.name for table in emptying.DELETED)}  # lines are never changed
    apart |= {
        "search_words",
        "enclosures",
        "scans",
        "conversations",
        "disclosures",
    }  # by their own ways
    hanging = {
        table.name
        for table in metadata.tables.values()
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table in (cases, messages)
    }
    assert hanging - apart <= told.keys()


def test_b16_nothing_in_the_store_deletes_rows_but_a_short_list() -> None:
    # Each is of what is no record (sessions, who is here, saved filters), of what was begun and never sent,
    # or of `emptying`, which `retention` alone calls, and that with a decision.
    allowed = {
        ("accounts.py", "keep"),
        ("accounts.py", "remove"),
        ("backup.py", "_count_on"),  # into a database that is refused unless it is empty
        ("backup.py", "lay_in"),
        ("directory.py", "close_day"),
        ("disclosures.py", "forget"),  # a masking that was begun and not decided
        ("emptying.py", "_drop_files"),
        ("emptying.py", "_forget_bytes"),
        ("emptying.py", "drop_unsent"),
        ("emptying.py", "empty_case"),
        ("emptying.py", "empty_messages"),
        ("enclosures.py", "drop"),
        ("presence.py", "note"),
        ("saved_filters.py", "remove"),
        ("sealing.py", "put_fact"),  # one fact in the place of another
        ("search.py", "forget"),
        ("second_looks.py", "strike"),  # what was to be looked at again, and has been
        ("sessions.py", "begin"),
        ("sessions.py", "put_by"),
        ("sessions.py", "throw_away"),
        ("unsent.py", "forget"),
    }
    folder = Path(str(store_package.__file__)).parent
    found = {place for file in folder.glob("*.py") for place in deleting(file)}
    elsewhere = {
        place
        for room in ("bots", "templates", "classifier")
        for file in (folder.parent / room).rglob("*.py")
        for place in deleting(file)
    }
    callers = {
        file.name
        for file in folder.parent.joinpath("store").glob("*.py")
        if "emptying." in file.read_text(encoding="utf-8") and "import" in file.read_text(encoding="utf-8")
    }

    assert found <= allowed
    assert elsewhere == set()
    assert callers == {"retention.py"}


def deleting(file: Path) -> set[tuple[str, str]]:
    """Find the functions of a file that call SQLAlchemy's `delete`, or write DELETE FROM."""
    source = file.read_text(encoding="utf-8")
    found: set[tuple[str, str]] = set()
    if "delete(" not in source and "DELETE FROM" not in source:
        return found
    tree = ast.parse(source)
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            is_sql = isinstance(node, ast.Constant) and "DELETE FROM" in str(node.value)
            if is_sql or (is_call and node.func.id == "delete"):  # type: ignore[attr-defined]  # a call
                found.add((file.name, function.name))
    return found


@given(
    st.dates(date(2000, 1, 1), date(2090, 12, 31)),
    st.integers(0, 30),
    st.integers(0, 40),
    st.integers(0, 400),
    st.sampled_from(Start),
)
def test_b16_a_time_that_is_longer_never_makes_anything_due_sooner(
    today: date, years: int, months: int, days: int, start: Start
) -> None:
    rule = Rule(record=Record.CASE, counted_from=start, years=years, months=months, days=days)

    before = rule.before(today)

    assert day_of(before) <= today
    assert replace(rule, years=years + 1).before(today) <= before
    assert replace(rule, months=months + 1).before(today) <= before
    assert rule.before(today + timedelta(days=1)) >= before


@pytest.mark.parametrize(
    ("rule", "today", "first_kept"),
    [
        (Rule(record=Record.CASE, years=2), date(2026, 3, 1), date(2024, 3, 1)),
        (Rule(record=Record.CASE, years=2), date(2028, 2, 29), date(2026, 2, 28)),
        (Rule(record=Record.CASE, months=1), date(2026, 3, 31), date(2026, 2, 28)),
        (Rule(record=Record.CASE, days=30), date(2026, 3, 31), date(2026, 3, 1)),
        (
            Rule(record=Record.CASE, counted_from=Start.YEAR_END, years=2),
            date(2026, 12, 31),
            date(2024, 1, 1),
        ),
        (Rule(record=Record.CASE, counted_from=Start.YEAR_END, years=2), date(2027, 1, 1), date(2025, 1, 1)),
    ],
)
def test_b16_the_last_day_of_the_time_counts_whole(rule: Rule, today: date, first_kept: date) -> None:
    assert day_of(rule.before(today)) == first_kept
