"""What was decided of passages, and what was handed out."""

from datetime import timedelta

from store import cases, disclosures, emptying
from store.disclosures import Masking, Package, State
from store.engine import Store
from store.tables import disclosures as table
from tests.house import NOW, rows_of
from tests.store.test_cases import a_new_case

PACKAGE = Package(sha256="a" * 64, size=12, made_with="fpdf2 1")


def two_cases(store: Store) -> list[int]:
    with store.write() as transaction:
        return [cases.open_case(transaction, a_new_case(), now=NOW)[0] for _ in range(2)]


def begun(store: Store, case_ids: list[int], *, request_id: int | None = None) -> int:
    with store.write() as transaction:
        return disclosures.begin(
            transaction, case_ids, selection="mars", request_id=request_id, by="rita", now=NOW
        )


def test_a_disclosure_holds_its_cases_in_order_and_each_once(store: Store) -> None:
    first, second = two_cases(store)
    made = begun(store, [second, first, second], request_id=first)

    with store.read() as transaction:
        assert [one["id"] for one in disclosures.cases_of(transaction, made)] == [second, first]
        assert [one["id"] for one in disclosures.of_request(transaction, first)] == [made]
        (row,) = disclosures.newest(transaction)
    assert (row["state"], row["cases"], row["begun_by"]) == (State.BEGUN, 2, "rita")


def test_b11_no_column_has_room_for_who_asked_or_why() -> None:
    assert {column.name for column in table.columns} == {
        "id",
        "state",
        "selection",
        "request_id",
        "enclosed",
        "begun_by",
        "begun_at",
        "handed_by",
        "handed_at",
        "sha256",
        "size",
        "made_with",
        "refusal",
    }


def test_what_is_decided_later_of_the_same_passage_takes_the_place_of_what_was_before(store: Store) -> None:
    first, second = two_cases(store)
    mask = Masking(begins=3, ends=9, kind="namn", masked=True, paragraph="21 kap. 7 § OSL")
    leave = Masking(begins=3, ends=9, kind="namn", masked=False)
    for by, decisions in (("rita", [mask, leave]), ("anna", [mask]), ("anna", [])):
        with store.write() as transaction:
            disclosures.decide(transaction, first, "m1", "sum", decisions, by=by, now=NOW)

    with store.read() as transaction:
        found = disclosures.decided(transaction, [first, second])

    assert list(found) == [(first, "m1")]
    (row,) = found[first, "m1"]
    assert (row["masked"], row["paragraph"], row["decided_by"]) == (True, "21 kap. 7 § OSL", "anna")


def test_what_was_handed_out_is_never_changed(store: Store) -> None:
    first, second = two_cases(store)
    made = begun(store, [first, second])
    with store.write() as transaction:
        disclosures.leave_out(transaction, made, second)
        assert disclosures.enclose(transaction, made, ["m1.0", "m1.0"])
        assert disclosures.hand_out(transaction, made, {first: {"a": 1}}, PACKAGE, by="rita", now=NOW)

    with store.write() as transaction:
        assert not disclosures.hand_out(transaction, made, {first: {"a": 2}}, PACKAGE, by="bo", now=NOW)
        assert not disclosures.enclose(transaction, made, [])
        assert not disclosures.abandon(transaction, made)
        disclosures.leave_out(transaction, made, first)

    with store.read() as transaction:
        row = disclosures.find(transaction, made)
        assert row is not None
        assert (row["state"], row["handed_by"], row["enclosed"]) == (State.HANDED_OUT, "rita", ["m1.0"])
        assert row["handed_at"] == NOW
        (case,) = disclosures.cases_of(transaction, made)
    assert (case["id"], case["contents"]) == (first, {"a": 1})


def test_only_what_is_being_made_ready_holds_a_case_back(store: Store) -> None:
    first, second = two_cases(store)
    made, given_up = begun(store, [first]), begun(store, [second])
    with store.write() as transaction:
        assert disclosures.abandon(transaction, given_up)

    with store.write() as transaction:
        assert disclosures.pending(transaction, [first, second]) == {first}
        disclosures.hand_out(transaction, made, {}, PACKAGE, by="rita", now=NOW + timedelta(hours=1))
        assert disclosures.pending(transaction, [first, second]) == set()


def test_of_a_case_that_is_disposed_of_only_that_it_was_handed_out_is_left(store: Store) -> None:
    first, second = two_cases(store)
    made = begun(store, [first, second], request_id=first)
    other = begun(store, [second], request_id=second)
    mask = Masking(begins=3, ends=9, kind="hälsa", masked=True)
    with store.write() as transaction:
        for case_id in (first, second):
            disclosures.decide(transaction, case_id, "m1", "sum", [mask], by="rita", now=NOW)
        disclosures.hand_out(
            transaction, made, {first: {"a": 1}, second: {"a": 2}}, PACKAGE, by="rita", now=NOW
        )
        for one in (made, other):
            disclosures.refuse(transaction, one, "Sven får inte se det.")

    with store.write() as transaction:
        emptying.empty_case(transaction, first, now=NOW)

    assert [row["case_id"] for row in rows_of(store, "maskings")] == [second]
    assert [row["contents"] for row in rows_of(store, "disclosed")] == [{}, {"a": 2}, {}]
    assert [row["refusal"] for row in rows_of(store, "disclosures")] == ["", "Sven får inte se det."]
