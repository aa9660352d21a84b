"""The lists of the staff console, on both databases."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from store import cases, lists, saved_filters
from store.cases import NewCase
from store.deadlines import day_of
from store.domain import Address, Kind, Lane, Promise, PromiseKind, Role, Status
from store.engine import Store, Transaction
from store.lists import Filters, Page, Place, Queue
from store.sight import Reader
from store.tables import cases as case_table
from tests.house import NOW, a_suggestion
from tests.store.test_search import a_message

TODAY = day_of(NOW)
REGISTRATOR = Reader(id="rita", is_registrator=True)
ANNA = Reader(id="anna", units=frozenset({"gata"}))


def a_case(transaction: Transaction, *, due: int | None = 10, turn: int = 1, **columns: Any) -> int:
    """Add a case that is due in so many days, with these columns."""
    case_id, _ = cases.open_case(
        transaction,
        NewCase(
            status=Status.ASSIGNED,
            received_at=columns.get("received_at", NOW),
            title=columns.get("title", "Rubrik"),
            channel="smtp",
            sender=Address(channel="email", handle="sven@example.org"),
            sender_name="Sven Svensson",
            language="sv",
            unit="gata",
            handler="anna",
            routed_because="",
        ),
        now=NOW,
    )
    if due is not None:
        day = TODAY + timedelta(days=due)
        owed = Promise(kind=PromiseKind.ANSWER, due_on=day, clause="T8", arithmetic=())
        cases.promise(transaction, case_id, [owed], turn=turn)
    if columns:
        changed = update(case_table).where(case_table.c.id == case_id)
        transaction.connection.execute(changed.values(**columns))
    return case_id


def listed(
    transaction: Transaction, queue: Queue = Queue.OPEN, *, reader: Reader = REGISTRATOR, **narrowed: Any
) -> list[int]:
    filters = Filters(**narrowed)
    page = lists.page(transaction, queue=queue, reader=reader, today=TODAY, filters=filters, counting=True)
    found = [row["id"] for row in page.rows]
    assert page.count == len(found)
    assert lists.count(transaction, queue=queue, reader=reader, today=TODAY, filters=filters) == len(found)
    return found


def test_g20_complaints_come_first_then_the_soonest_due_and_last_what_is_promised_no_day(
    store: Store,
) -> None:
    with store.write() as transaction:
        praise = a_case(transaction, due=1, suggested_kind=Kind.PRAISE)
        undated = a_case(transaction, due=None, suggested_kind=Kind.COMPLAINT)
        late = a_case(transaction, due=-3, kind=Kind.COMPLAINT)
        soon = a_case(transaction, due=2, suggested_kind=Kind.COMPLAINT)
        corrected = a_case(transaction, due=-9, suggested_kind=Kind.COMPLAINT, kind=Kind.SUGGESTION)

        assert listed(transaction) == [late, soon, undated, corrected, praise]
        assert listed(transaction, Queue.ALL) == [corrected, soon, late, undated, praise]


def test_what_is_due_in_a_new_round_is_due_by_its_own_day(store: Store) -> None:
    with store.write() as transaction:
        again = a_case(transaction, due=5, turn=2, round=2)
        first = Promise(
            kind=PromiseKind.ANSWER, due_on=TODAY - timedelta(days=60), clause="T8", arithmetic=()
        )
        cases.promise(transaction, again, [first], turn=1)

        (row,) = lists.page(transaction, queue=Queue.OPEN, reader=REGISTRATOR, today=TODAY).rows
        assert row["answer_by"] == TODAY + timedelta(days=5)
        assert listed(transaction, Queue.OVERDUE) == []


@pytest.mark.parametrize(
    ("queue", "names"),
    [
        (Queue.OPEN, {"anna", "bo", "ny", "sen", "väntar", "allvarlig", "flagga", "besvarad"}),
        (Queue.MINE, {"anna", "sen", "väntar", "allvarlig", "flagga", "besvarad"}),
        (Queue.UNITS, {"anna", "sen", "väntar", "allvarlig", "flagga", "besvarad"}),
        (Queue.SORT, {"ny"}),
        (Queue.REGISTER, {"anna", "bo", "ny", "sen", "allvarlig", "flagga", "besvarad"}),
        (Queue.OVERDUE, {"sen"}),
        (Queue.WAITING, {"väntar"}),
        (Queue.DOORS, {"flagga"}),
        (Queue.SOCIAL, set()),
        (Queue.QUARANTINE, {"spärrad"}),
    ],
)
def test_c3_each_queue_holds_its_cases_and_counts_them(store: Store, queue: Queue, names: set[str]) -> None:
    reader = replace(ANNA, sorts=True)
    with store.write() as transaction:
        a_case(transaction, title="anna")
        a_case(transaction, title="bo", handler="bo", unit="omsorg")
        a_case(transaction, title="ny", status=Status.SORTING, handler="rita", unit="")
        a_case(transaction, title="sen", due=-1)
        a_case(transaction, title="väntar", status=Status.AWAITING_SENDER)
        a_case(transaction, title="allvarlig", status=Status.IN_PROGRESS, serious=True)
        a_case(transaction, title="flagga", lanes=[Lane.APPEAL])
        a_case(transaction, title="besvarad", status=Status.ANSWERED, lanes=[Lane.QUESTION])
        a_case(transaction, title="spärrad", status=Status.QUARANTINED, handler="rita", unit="")
        a_case(transaction, title="klar", status=Status.CLOSED, due=-20)
        a_case(transaction, title="dold", restricted=True, handler="bo", unit="omsorg")

        page = lists.page(transaction, queue=queue, reader=reader, today=TODAY)
        counted = lists.counts(transaction, queues=list(Queue), reader=reader, today=TODAY)

        assert {row["title"] for row in page.rows} == names
        assert counted[queue] == len(names)
        assert Queue.ALL not in counted


def test_k13_a_serious_case_stays_with_the_registrator_until_it_has_its_diary_number(store: Store) -> None:
    with store.write() as transaction:
        case_id = a_case(transaction, status=Status.IN_PROGRESS, serious=True)
        before = listed(transaction, Queue.REGISTER)
        cases.note(transaction, case_id, diary_number="KS 2026/117")

        assert (before, listed(transaction, Queue.REGISTER)) == ([case_id], [])


@pytest.mark.parametrize(
    ("roles", "queues"),
    [
        (set(), "oppna mina alla"),
        ({Role.STAFF, Role.SECRETARY}, "oppna mina alla"),
        ({Role.HANDLER}, "oppna mina enheten sena vantar brev alla"),
        ({Role.TRIAGE}, "oppna mina sortera sena vantar fel-dorr sociala karantan brev alla"),
        ({Role.QUALITY}, "oppna mina sena fel-dorr brev alla"),
        (
            {Role.HANDLER, Role.REGISTRATOR},
            "oppna mina enheten sortera registrera sena vantar fel-dorr sociala karantan brev alla",
        ),
    ],
)
def test_c3_each_role_has_its_own_queues_and_no_others(roles: set[Role], queues: str) -> None:
    assert lists.queues_of(roles) == queues.split()


@pytest.mark.parametrize(
    ("narrowed", "names"),
    [
        ({}, "a b c"),
        ({"kind": "klagomål"}, "a"),
        ({"kind": "beröm"}, "b"),  # what a human has said counts, and not the proposal
        ({"factor": "Mat"}, "b"),
        ({"unit": "omsorg"}, "b"),
        ({"handler": "bo"}, "c"),
        ({"channel": "webb"}, "c"),
        ({"channel": "e-post"}, "a b"),
        ({"lane": "överklagande"}, "c"),
        ({"status": "avslutad"}, "b"),
        ({"since": TODAY}, "a"),
        ({"until": TODAY - timedelta(days=1)}, "b c"),
        ({"since": TODAY - timedelta(days=2), "until": TODAY - timedelta(days=2)}, "c"),
        ({"late": True}, "a"),
        ({"text": "gungan"}, "b c"),
        ({"text": "gungan", "unit": "omsorg"}, "b"),
        ({"text": "zzz"}, ""),
        ({"text": "!"}, ""),
        ({"unit": "x' OR 1=1 --"}, ""),
    ],
)
def test_filters_narrow_a_list_and_its_count(store: Store, narrowed: dict[str, Any], names: str) -> None:
    with store.write() as transaction:
        a_case(transaction, title="a", due=-1, suggested_kind=Kind.COMPLAINT)
        two: dict[str, Any] = {
            "received_at": NOW - timedelta(days=9),
            "unit": "omsorg",
            "status": Status.CLOSED,
        }
        b = a_case(transaction, title="b", kind=Kind.PRAISE, suggested_kind="klagomål", factor="Mat", **two)
        three: dict[str, Any] = {"received_at": NOW - timedelta(days=2), "channel": "web", "handler": "bo"}
        c = a_case(transaction, title="c", lanes=[Lane.APPEAL], **three)
        for case_id in (b, c):
            a_message(transaction, case_id, "Gungan är trasig")

        found = listed(transaction, Queue.ALL, **narrowed)

        assert {("", "a", "b", "c")[one] for one in found} == set(names.split())


def test_n2_neither_rows_nor_counts_nor_words_tell_of_a_case_that_is_kept_from_the_reader(
    store: Store,
) -> None:
    with store.write() as transaction:
        case_id = a_case(transaction, restricted=True, handler="bo", unit="omsorg")
        a_message(transaction, case_id, "Hemligheten")
        for queue in (Queue.OPEN, Queue.ALL):
            assert listed(transaction, queue, reader=REGISTRATOR, text="hemligheten") == [case_id]
            assert listed(transaction, queue, reader=ANNA, text="hemligheten") == []
        assert lists.counts(transaction, queues=[Queue.OPEN], reader=ANNA, today=TODAY) == {Queue.OPEN: 0}


@pytest.mark.parametrize("queue", [Queue.OPEN, Queue.ALL])
def test_pages_lead_forth_and_back_through_every_case_once(store: Store, queue: Queue) -> None:
    with store.write() as transaction:
        for n in range(11):
            kind = (Kind.COMPLAINT, Kind.PRAISE)[n % 2]
            a_case(transaction, due=(None, 1, 1, 7)[n % 4], suggested_kind=kind)

        def turned(after: Place | None = None, before: Place | None = None) -> Page:
            return lists.page(
                transaction, queue=queue, reader=REGISTRATOR, today=TODAY, limit=4, after=after, before=before
            )

        forth = [turned()]
        while forth[-1].after is not None:
            forth.append(turned(after=forth[-1].after))
        back = [forth[-1]]
        while back[-1].before is not None:
            back.append(turned(before=back[-1].before))

        ids = [[row["id"] for row in page.rows] for page in forth]
        assert [len(one) for one in ids] == [4, 4, 3]
        assert [one for page in ids for one in page] == listed(transaction, queue)
        assert [[row["id"] for row in page.rows] for page in reversed(back)] == ids


def test_a_list_shows_the_newest_suggestion_only(store: Store) -> None:
    with store.write() as transaction:
        case_id = a_case(transaction)
        a_message(transaction, case_id, "Gungan")
        cases.suggest(transaction, case_id, 1, a_suggestion(Kind.PRAISE), now=NOW)
        cases.suggest(transaction, case_id, 1, a_suggestion(Kind.COMPLAINT), now=NOW)

        (row,) = lists.page(transaction, queue=Queue.OPEN, reader=REGISTRATOR, today=TODAY).rows

        assert (row["suggested_kind"], row["kind"], row["kind_sure"]) == (Kind.COMPLAINT, "", True)
        assert row["version"] == 1


def test_a_saved_filter_is_its_owner_s_alone_and_the_same_name_takes_its_place(store: Store) -> None:
    with store.write() as transaction:
        for person, name, query in (
            ("anna", "Mat", "faktor=Mat"),
            ("bo", "Mat", "x"),
            ("anna", "Mat", "typ=beröm"),
        ):
            assert saved_filters.save(transaction, person, name=name, query=query, now=NOW)
        saved_filters.save(transaction, "anna", name="akut", query="flagga=akut", now=NOW)
        before = [(row["name"], row["query"]) for row in saved_filters.of_person(transaction, "anna")]
        saved_filters.remove(transaction, "anna", name="Mat")

        assert before == [("akut", "flagga=akut"), ("Mat", "typ=beröm")]
        assert [row["name"] for row in saved_filters.of_person(transaction, "anna")] == ["akut"]
        assert [row["name"] for row in saved_filters.of_person(transaction, "bo")] == ["Mat"]


def test_thirty_filters_are_enough_for_anybody(store: Store) -> None:
    with store.write() as transaction:
        saved = [
            saved_filters.save(transaction, "anna", name=f"filter {n}", query="", now=NOW) for n in range(31)
        ]
        again = saved_filters.save(transaction, "anna", name="filter 3", query="typ=beröm", now=NOW)

    assert (saved, again) == ([True] * 30 + [False], True)


@given(
    unit=st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20),
    since=st.dates(),
    until=st.dates(),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
def test_no_filter_is_too_odd(store: Store, unit: str, since: Any, until: Any) -> None:
    with store.read() as transaction:
        assert listed(transaction, Queue.ALL, unit=unit, since=since, until=until, text=unit) == []


@pytest.mark.parametrize("queue", [Queue.OPEN, Queue.ALL])
def test_each_page_of_a_list_tells_how_many_there_are_in_all(store: Store, queue: Queue) -> None:
    with store.write() as transaction:
        for _ in range(5):
            a_case(transaction)

        def look(after: Place | None) -> Page:
            return lists.page(
                transaction,
                queue=queue,
                reader=ANNA,
                today=TODAY,
                limit=3,
                after=after,
                counting=True,
            )

        first = look(None)
        second = look(first.after)

    assert [(len(one.rows), one.count) for one in (first, second)] == [(3, 5), (2, 5)]


def test_what_many_words_find_is_counted_no_further_than_one_more_than_is_told(store: Store) -> None:
    filters = Filters(text="rubrik")
    most = lists.most_counted(filters)
    assert most < lists.most_counted(Filters())
    with store.write() as transaction:
        for _ in range(most + 3):
            a_case(transaction)

        first = lists.page(
            transaction, queue=Queue.ALL, reader=ANNA, today=TODAY, filters=filters, limit=3, counting=True
        )
        counted = lists.count(transaction, queue=Queue.ALL, reader=ANNA, today=TODAY, filters=filters)

    assert (len(first.rows), first.count, counted) == (3, most + 1, most + 1)


def test_a_word_that_nearly_every_case_has_may_be_unwanted(store: Store) -> None:
    with store.write() as transaction:
        without = a_case(transaction, title="Bänken")
        for _ in range(165):
            a_message(transaction, a_case(transaction), "Gungan")
        a_message(transaction, without, "Bänken")

        assert listed(transaction, Queue.ALL, text="-gungan") == [without]
        assert listed(transaction, Queue.ALL, text="bänken -gungan") == [without]
