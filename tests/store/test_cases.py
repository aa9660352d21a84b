"""Numbers without gaps, and what people say of a case."""

import re
import threading
from datetime import UTC, date, datetime, timedelta

import pytest

from store import cases, inbox, journal
from store.cases import NewCase, StaleCaseError
from store.domain import (
    Address,
    Entry,
    Factor,
    Inbound,
    Kind,
    Lane,
    MessageState,
    Promise,
    PromiseKind,
    Status,
    Suggestion,
)
from store.engine import Row, Store, StoreError
from store.inbox import keep, note_read
from tests.house import NOW, SENDER, a_suggestion, an_inbound, rows_of


def a_new_case(
    *,
    received_at: datetime = NOW,
    status: Status = Status.ASSIGNED,
    sender: str = SENDER,
    handler: str = "anna",
    title: str = "Trasig gunga",
) -> NewCase:
    return NewCase(
        status=status,
        received_at=received_at,
        title=title,
        channel="smtp",
        sender=Address(channel="email", handle=sender) if sender else None,
        sender_name="Sven Svensson",
        language="sv",
        unit="park",
        handler=handler,
        routed_because="orden gunga",
        lanes=(Lane.FAULT_REPORT,),
        chosen_kind=Kind.COMPLAINT,
    )


def opened(store: Store, new: NewCase | None = None, *, prefix: str = "SYN") -> tuple[int, str]:
    with store.write() as transaction:
        return cases.open_case(transaction, new or a_new_case(), now=NOW, prefix=prefix)


def a_message(store: Store, case_id: int, inbound: Inbound, **read: object) -> int:
    with store.write() as transaction:
        (receipt,) = keep(transaction, [inbound], NOW)
        note_read(transaction, receipt.message_id, case_id=case_id, state=MessageState.READ, read=read)
    return receipt.message_id


def suggested(store: Store, case_id: int, suggestion: Suggestion) -> int:
    message_id = a_message(store, case_id, an_inbound(text=f"Meddelande {case_id} {suggestion.kind.value}"))
    with store.write() as transaction:
        return cases.suggest(transaction, case_id, message_id, suggestion, now=NOW)


def test_numbers_follow_each_other_within_a_year(store: Store) -> None:
    numbers = [opened(store)[1] for _ in range(3)]

    assert numbers == ["SYN-2026-000001", "SYN-2026-000002", "SYN-2026-000003"]


def test_each_year_and_each_prefix_has_its_own_series(store: Store) -> None:
    last_year = a_new_case(received_at=NOW - timedelta(days=365))

    numbers = [
        opened(store)[1],
        opened(store, last_year)[1],
        opened(store, prefix="KOM")[1],
        opened(store)[1],
    ]

    assert numbers == ["SYN-2026-000001", "SYN-2025-000001", "KOM-2026-000001", "SYN-2026-000002"]


@pytest.mark.parametrize(
    ("received_at", "year"),
    [
        (datetime(2026, 12, 31, 22, 59, tzinfo=UTC), "2026"),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), "2027"),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), "2027"),
    ],
)
def test_the_year_of_a_number_is_the_year_in_stockholm(
    store: Store, received_at: datetime, year: str
) -> None:
    assert opened(store, a_new_case(received_at=received_at))[1] == f"SYN-{year}-000001"


def test_a_rollback_leaves_no_gap_in_the_series(store: Store) -> None:
    opened(store)
    with pytest.raises(RuntimeError), store.write() as transaction:
        lost = cases.open_case(transaction, a_new_case(), now=NOW)[1]
        raise RuntimeError("the power goes")

    assert lost == "SYN-2026-000002"
    assert opened(store)[1] == "SYN-2026-000002"


def test_twenty_threads_that_open_cases_leave_no_gap(store: Store) -> None:
    numbers: list[str] = []
    wrong: list[Exception] = []

    def open_twenty() -> None:
        try:
            for turn in range(20):
                try:
                    with store.write() as transaction:
                        number = cases.open_case(transaction, a_new_case(), now=NOW)[1]
                        if turn % 5 == 4:
                            raise RuntimeError("rolled back")
                    numbers.append(number)
                except RuntimeError:
                    continue
        except Exception as error:  # noqa: BLE001 - told by the assertion below
            wrong.append(error)

    threads = [threading.Thread(target=open_twenty) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert wrong == []
    assert sorted(numbers) == [f"SYN-2026-{number:06d}" for number in range(1, 321)]
    assert sorted(row["sequence"] for row in rows_of(store, "cases")) == list(range(1, 321))


def test_a_case_is_stored_as_it_was_opened(store: Store) -> None:
    case_id, number = opened(store)

    with store.read() as transaction:
        case = cases.find(transaction, case_id)
        same = cases.find_number(transaction, number)
        missing = (cases.find(transaction, 4711), cases.find_number(transaction, "SYN-2026-999999"))
    assert case is not None
    assert same == case
    assert missing == (None, None)
    assert {key: case[key] for key in ("number", "status", "received_at", "sender_handle", "handler")} == {
        "number": "SYN-2026-000001",
        "status": Status.ASSIGNED,
        "received_at": NOW,
        "sender_handle": SENDER,
        "handler": "anna",
    }
    assert (case["lanes"], case["chosen_kind"], case["kind"], case["version"]) == (
        ["felanmälan"],
        "klagomål",
        "",
        1,
    )


def test_an_anonymous_case_has_no_address(store: Store) -> None:
    opened(store, a_new_case(sender=""))

    (case,) = rows_of(store, "cases")
    assert (case["sender_channel"], case["sender_handle"]) == ("", "")


def test_a_sender_finds_the_case_by_a_message_id_of_their_own(store: Store) -> None:
    case_id, _ = opened(store)
    a_message(store, case_id, an_inbound(), message_id="<a@example.org>")

    with store.read() as transaction:
        found = [
            cases.of_sender_message(transaction, ids, sender)
            for ids, sender in (
                (["<x@example.org>", "<a@example.org>"], SENDER),
                (["<a@example.org>"], SENDER.upper()),
                (["<a@example.org>"], "annan@example.org"),
                (["<x@example.org>"], SENDER),
                ([], SENDER),
                (["<a@example.org>"], ""),
            )
        ]

    assert found == [case_id, case_id, None, None, None, None]


def test_an_address_with_swedish_letters_finds_its_case(store: Store) -> None:
    case_id, _ = opened(store, a_new_case(sender="Åsa@exempel.example"))
    a_message(store, case_id, an_inbound(), message_id="<a@example.org>")

    with store.read() as transaction:
        found = cases.of_sender_message(transaction, ["<a@example.org>"], "Åsa@Exempel.example")

    assert found == case_id


def test_a_suggestion_comes_back_as_it_was_given(store: Store) -> None:
    case_id, _ = opened(store)
    suggestion = a_suggestion(lanes=(Lane.QUESTION,), area="park")

    suggested(store, case_id, suggestion)

    with store.read() as transaction:
        row = cases.latest_suggestion(transaction, case_id)
    assert row is not None
    found = cases.suggestion_of(row)
    assert (found.kind, found.factor, found.lanes) == (suggestion.kind, suggestion.factor, suggestion.lanes)
    assert (found.model, found.why, found.language) == (suggestion.model, suggestion.why, suggestion.language)
    assert found.area is not None
    assert (found.area.value, found.area.confidence) == ("park", 0.8)


def test_the_newest_suggestion_counts(store: Store) -> None:
    case_id, _ = opened(store)
    suggested(store, case_id, a_suggestion(Kind.PRAISE))
    suggested(store, case_id, a_suggestion(Kind.SUGGESTION))

    with store.read() as transaction:
        row = cases.latest_suggestion(transaction, case_id)

    assert row is not None
    assert row["kind"] == Kind.SUGGESTION


def confirm(store: Store, case_id: int, kind: Kind, *, version: int = 1) -> bool:
    with store.write() as transaction:
        return cases.confirm(
            transaction,
            case_id,
            kind=kind,
            factor=Factor.LIVING_ENVIRONMENT,
            by="anna",
            version=version,
            now=NOW,
        )


def the_case(store: Store) -> Row:
    (case,) = rows_of(store, "cases")
    return case


def test_a_confirmed_suggestion_is_stored_beside_the_human_s_word(store: Store) -> None:
    case_id, _ = opened(store)
    suggestion_id = suggested(store, case_id, a_suggestion(Kind.COMPLAINT))

    changed = confirm(store, case_id, Kind.COMPLAINT)

    (row,) = rows_of(store, "confirmations")
    (line,) = rows_of(store, "journal")
    assert changed is False
    assert (row["suggestion_id"], row["changed"], row["confirmed_by"]) == (suggestion_id, False, "anna")
    assert (the_case(store)["kind"], the_case(store)["factor"]) == ("klagomål", "Boendemiljö")
    assert (line["actor"], line["act"]) == ("anna", "förslaget bekräftat")
    assert line["details"] == {"typ": "klagomål", "faktor": "Boendemiljö", "modell": "prov-1"}


def test_a_correction_is_stored_as_one(store: Store) -> None:
    case_id, _ = opened(store)
    suggested(store, case_id, a_suggestion(Kind.COMPLAINT))

    changed = confirm(store, case_id, Kind.PRAISE)

    assert changed is True
    assert [row["changed"] for row in rows_of(store, "confirmations")] == [True]
    assert [row["act"] for row in rows_of(store, "journal")] == ["förslaget ändrat"]


def test_a_case_without_suggestion_can_be_confirmed(store: Store) -> None:
    case_id, _ = opened(store)

    changed = confirm(store, case_id, Kind.PRAISE)

    assert changed is True
    assert [row["suggestion_id"] for row in rows_of(store, "confirmations")] == [None]


def test_nobody_overwrites_what_somebody_else_has_just_said(store: Store) -> None:
    case_id, _ = opened(store)
    confirm(store, case_id, Kind.PRAISE)

    with pytest.raises(StaleCaseError):
        confirm(store, case_id, Kind.COMPLAINT)

    assert the_case(store)["kind"] == Kind.PRAISE
    assert len(rows_of(store, "confirmations")) == 1


def test_the_next_version_can_be_confirmed_again(store: Store) -> None:
    case_id, _ = opened(store)
    confirm(store, case_id, Kind.PRAISE)

    confirm(store, case_id, Kind.COMPLAINT, version=2)

    assert (the_case(store)["kind"], the_case(store)["version"]) == (Kind.COMPLAINT, 3)


def test_complaints_are_listed_first_and_then_the_soonest_due(store: Store) -> None:
    for number, (kind, due) in enumerate(
        [(Kind.PRAISE, 1), (Kind.COMPLAINT, 9), (Kind.COMPLAINT, 2), (None, 3), (Kind.SUGGESTION, None)]
    ):
        case_id, _ = opened(store, a_new_case(title=f"{number}"))
        if kind is not None:
            suggested(store, case_id, a_suggestion(kind))
        if due is not None:
            with store.write() as transaction:
                owed = [Promise(kind=PromiseKind.ANSWER, due_on=date(2026, 12, due), clause="x")]
                cases.promise(transaction, case_id, owed)

    with store.read() as transaction:
        listed = cases.page(transaction)

    assert [row["title"] for row in listed] == ["2", "1", "0", "3", "4"]
    assert [row["answer_by"] for row in listed][:2] == [date(2026, 12, 2), date(2026, 12, 9)]


def test_a_human_s_word_outranks_the_suggestion_in_the_list(store: Store) -> None:
    first, _ = opened(store, a_new_case(title="sades vara klagomål"))
    suggested(store, first, a_suggestion(Kind.COMPLAINT))
    second, _ = opened(store, a_new_case(title="är klagomål"))
    suggested(store, second, a_suggestion(Kind.PRAISE))
    confirm(store, first, Kind.PRAISE)
    confirm(store, second, Kind.COMPLAINT)

    with store.read() as transaction:
        listed = cases.page(transaction)

    assert [row["title"] for row in listed] == ["är klagomål", "sades vara klagomål"]


def test_the_list_can_be_cut_by_status_handler_and_page(store: Store) -> None:
    opened(store, a_new_case(title="a", handler="anna"))
    opened(store, a_new_case(title="b", handler="omar"))
    opened(store, a_new_case(title="c", handler="anna", status=Status.QUARANTINED))
    opened(store, a_new_case(title="d", handler="anna"))

    with store.read() as transaction:
        mine = [row["title"] for row in cases.page(transaction, handler="anna")]
        quarantined = [row["title"] for row in cases.page(transaction, statuses=[Status.QUARANTINED])]
        second_page = [row["title"] for row in cases.page(transaction, limit=1, offset=1)]
        counted = cases.counts(transaction)

    assert mine == ["a", "d"]
    assert quarantined == ["c"]
    assert second_page == ["b"]
    assert counted == {"tilldelad": 3, "karantän": 1}


def test_a_case_has_its_messages_letters_promises_and_confirmations(store: Store) -> None:
    case_id, _ = opened(store)
    other, _ = opened(store)
    mine = a_message(store, case_id, an_inbound(text="Ett"))
    a_message(store, other, an_inbound(text="Två"))
    confirm(store, case_id, Kind.PRAISE)

    with store.read() as transaction:
        found = cases.of_case(transaction, case_id)

    assert {name: len(rows) for name, rows in found.items()} == {
        "messages": 1,
        "letters": 0,
        "promises": 0,
        "confirmations": 1,
    }
    assert found["messages"][0]["id"] == mine


def test_what_is_owed_in_a_case_comes_back_as_it_was_promised(store: Store) -> None:
    case_id, _ = opened(store)
    promised = [
        Promise(kind=PromiseKind.RECEIPT, due_on=date(2026, 11, 23), clause="standard"),
        Promise(
            kind=PromiseKind.ANSWER,
            due_on=date(2026, 12, 7),
            clause="standard",
            arithmetic=("mån 23/11 = mottaget",),
        ),
    ]
    with store.write() as transaction:
        cases.promise(transaction, case_id, promised)

    with store.read() as transaction:
        assert cases.owed(transaction, case_id) == promised


def test_the_message_that_opened_a_case_is_its_first(store: Store) -> None:
    case_id, _ = opened(store)
    first = a_message(store, case_id, an_inbound(text="Ett"))
    a_message(store, case_id, an_inbound(text="Två"))

    with store.read() as transaction:
        found = inbox.first_of_case(transaction, case_id)
        missing = inbox.first_of_case(transaction, 4711)

    assert found is not None
    assert found["id"] == first
    assert missing is None


def test_a_note_raises_the_version(store: Store) -> None:
    case_id, _ = opened(store)

    with store.write() as transaction:
        cases.note(transaction, case_id, lanes=["hot"])

    assert (the_case(store)["lanes"], the_case(store)["version"]) == (["hot"], 2)


def test_a_note_never_changes_the_status(store: Store) -> None:
    case_id, _ = opened(store)

    with pytest.raises(StoreError, match=r"store\.acts"), store.write() as transaction:
        cases.note(transaction, case_id, status=Status.CLOSED)

    assert the_case(store)["status"] == Status.ASSIGNED


def test_journal_lines_are_told_in_order_and_only_for_their_case(store: Store) -> None:
    case_id, _ = opened(store)
    other, _ = opened(store)

    with store.write() as transaction:
        journal.write(
            transaction,
            NOW,
            Entry(actor="synpunkt", act="ett", case_id=case_id, details={"å": "ä"}),
            Entry(actor="anna", act="två", case_id=case_id),
        )
        journal.write(transaction, NOW, Entry(actor="anna", act="annat", case_id=other))
        journal.write(transaction, NOW)

    with store.read() as transaction:
        lines = journal.of_case(transaction, case_id)
    assert [(line["actor"], line["act"], line["details"]) for line in lines] == [
        ("synpunkt", "ett", {"å": "ä"}),
        ("anna", "två", {}),
    ]
    assert [line["at"] for line in lines] == [NOW, NOW]


def test_the_journal_can_only_be_added_to() -> None:
    public = {name for name in vars(journal) if re.match(r"[a-z]", name) and callable(getattr(journal, name))}

    assert {name for name in public if getattr(journal, name).__module__ == "store.journal"} == {
        "write",
        "of_case",
        "of_messages",
        "readings",
        "between",
        "by_people",
        "latest",
    }
