"""What is done to a case is written down with it, on both databases, and nothing else moves a case."""

import random
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from store import acts, cases, life, outbox
from store.cases import StaleCaseError
from store.domain import (
    Act,
    Address,
    Factor,
    Kind,
    LetterState,
    Outcome,
    Outgoing,
    Promise,
    PromiseKind,
    Purpose,
    Status,
    Way,
)
from store.engine import Row, Store
from store.life import CLOSE_GUARDS, Actor, IllegalActError, Rules
from tests.house import NOW, SENDER, rows_of
from tests.store.test_cases import a_new_case, opened, the_case

ROOT = Path(__file__).parent.parent.parent
ANNA = Actor(id="anna", roles=frozenset({life.HANDLER, life.STAFF}))
PETRA = Actor(id="petra", roles=frozenset({life.MANAGER, life.STAFF}))
RITA = Actor(id="rita", roles=frozenset({life.REGISTRATOR, life.TRIAGE, life.STAFF}))
EVERYBODY = Actor(
    id="rita",
    roles=frozenset({life.HANDLER, life.MANAGER, life.REGISTRATOR, life.TRIAGE, life.SENDER, life.ARCHIVIST}),
)
LATER = NOW + timedelta(days=2)
DUE = date(2026, 12, 7)
RULES = Rules()


def move(store: Store, case_id: int, act: Act, actor: Actor = ANNA, **more: Any) -> None:
    with store.write() as transaction:
        acts.move(transaction, case_id, act, actor=actor, now=LATER, **more)


def begun(store: Store, *, sender: str = SENDER) -> int:
    case_id, _ = opened(store, a_new_case(sender=sender))
    with store.write() as transaction:
        cases.promise(transaction, case_id, [Promise(kind=PromiseKind.ANSWER, due_on=DUE, clause="T8")])
        cases.confirm(
            transaction,
            case_id,
            kind=Kind.COMPLAINT,
            factor=Factor.SAFETY,
            by="anna",
            version=1,
            now=NOW,
        )
    move(store, case_id, Act.BEGIN)
    return case_id


def answer(store: Store, case_id: int, *, rules: Rules = RULES, actor: Actor = ANNA, **more: Any) -> int:
    told: dict[str, Any] = {
        "text": "Gungan är lagad.",
        "way": Way.LETTER,
        "outcome": Outcome.DONE,
        "measure": "Lagat gungan",
        "improvement": "",
        "explanation": "",
        "act_on": None,
        "has_contact": False,
    }
    version = case_of(store, case_id)["version"]
    with store.write() as transaction:
        return acts.answer(
            transaction, case_id, actor=actor, now=LATER, version=version, rules=rules, **(told | more)
        )


def a_letter(store: Store, case_id: int, answer_id: int) -> Outgoing:
    """Put the letter that carries an answer in the outbox, and take it out as delivery does."""
    letter = Outgoing(
        key=f"{case_id}:svar:{answer_id}",
        purpose=Purpose.ANSWER,
        recipient=Address(channel="email", handle=SENDER),
        subject="Svar",
        body="Gungan är lagad.",
        case_id=case_id,
    )
    with store.write() as transaction:
        outbox.put(transaction, letter, now=LATER)
        acts.goes_by(transaction, answer_id, letter.key)
    with store.write() as transaction:
        (taken,) = outbox.take(transaction, now=LATER, limit=1, channels=["email"])
    return taken


def sent(store: Store, letter: Outgoing) -> None:
    with store.write() as transaction:
        outbox.sent(transaction, letter, "tjänstens-id", now=LATER)


def bounced(store: Store, letter: Outgoing) -> None:
    with store.write() as transaction:
        outbox.undelivered(transaction, letter.id, because="okänd mottagare", now=LATER)


def case_of(store: Store, case_id: int) -> Row:
    with store.read() as transaction:
        case = cases.find(transaction, case_id)
    assert case is not None
    return case


def standing(store: Store) -> tuple[str, object]:
    """Return where the only case stands, and when its answer promise was kept."""
    (row,) = rows_of(store, "promises")
    assert row["due_on"] == DUE
    return the_case(store)["status"], row["kept_at"]


def lines(store: Store) -> list[tuple[str, str, str | None, str | None]]:
    return [
        (row["actor"], row["act"], row["details"].get("från"), row["details"].get("till"))
        for row in rows_of(store, "journal")
        if "till" in row["details"]
    ]


def test_a_move_is_journaled_with_who_from_to_and_why(store: Store) -> None:
    case_id, _ = opened(store)

    move(store, case_id, Act.SORT, RITA, reason="kan vara ett överklagande")

    (line,) = rows_of(store, "journal")
    assert (line["at"], line["actor"], line["act"]) == (LATER, "rita", "lämna till sortering")
    assert line["details"] == {
        "från": "tilldelad",
        "till": "sortering",
        "varför": "kan vara ett överklagande",
    }
    assert (the_case(store)["status"], the_case(store)["version"]) == (Status.SORTING, 2)


@pytest.mark.parametrize(
    ("act", "actor", "version", "error"),
    [
        (Act.CLOSE, ANNA, 1, IllegalActError),
        (Act.BEGIN, RITA, 1, IllegalActError),
        (Act.BEGIN, ANNA, 7, StaleCaseError),
    ],
)
def test_a_refused_move_changes_nothing(
    store: Store, act: Act, actor: Actor, version: int, error: type[Exception]
) -> None:
    case_id, _ = opened(store)
    before = the_case(store)

    with pytest.raises(error):
        move(store, case_id, act, actor, version=version, learned={"handed_to": "någon"})

    assert the_case(store) == before
    assert rows_of(store, "journal") == []


def test_what_is_learned_with_an_act_is_seen_by_its_guards_and_stored(store: Store) -> None:
    case_id, _ = opened(store, a_new_case(status=Status.SORTING))

    with pytest.raises(IllegalActError, match="Skriv vem som har fått ärendet"):
        move(store, case_id, Act.HAND_OVER, RITA)
    move(store, case_id, Act.HAND_OVER, RITA, learned={"handed_to": "Region Exempel"})

    case = the_case(store)
    assert (case["status"], case["handed_to"]) == (Status.HANDED_OVER, "Region Exempel")


def test_b7_a_case_let_out_of_quarantine_keeps_the_day_it_came(store: Store) -> None:
    case_id, _ = opened(store, a_new_case(status=Status.QUARANTINED))

    with store.write() as transaction:
        acts.release(transaction, case_id, to=Status.ASSIGNED, actor=ANNA, version=1, now=LATER)

    case = the_case(store)
    assert (case["status"], case["received_at"], case["version"]) == (Status.ASSIGNED, NOW, 3)
    assert lines(store) == [
        ("anna", "släpp ur karantän", "karantän", "inkommen"),
        ("synpunkt", "tilldela", "inkommen", "tilldelad"),
    ]


@pytest.mark.parametrize(("status", "version"), [(Status.ASSIGNED, 1), (Status.QUARANTINED, 2)])
def test_a_case_is_let_out_only_once(store: Store, status: Status, version: int) -> None:
    case_id, _ = opened(store, a_new_case(status=status))

    with pytest.raises(StaleCaseError), store.write() as transaction:
        acts.release(transaction, case_id, to=Status.ASSIGNED, actor=ANNA, version=version, now=NOW)

    assert the_case(store)["status"] == status
    assert rows_of(store, "journal") == []


def test_t9_an_answer_counts_when_it_is_delivered_and_not_when_it_is_written(store: Store) -> None:
    case_id = begun(store)
    letter = a_letter(store, case_id, answer(store, case_id))
    written = standing(store)
    with pytest.raises(IllegalActError, match="Ärendet är pågår"):
        move(store, case_id, Act.CLOSE)

    sent(store, letter)

    assert written == (Status.IN_PROGRESS, None)
    assert standing(store) == (Status.ANSWERED, LATER)
    move(store, case_id, Act.CLOSE)
    assert the_case(store)["closed_at"] == LATER


@pytest.mark.parametrize("is_closed", [False, True])
def test_an_answer_that_comes_back_was_no_answer_and_its_date_stands(store: Store, is_closed: bool) -> None:
    case_id = begun(store)
    letter = a_letter(store, case_id, answer(store, case_id))
    sent(store, letter)
    if is_closed:
        move(store, case_id, Act.CLOSE)

    bounced(store, letter)
    bounced(store, letter)

    assert standing(store) == (Status.IN_PROGRESS, None)
    assert the_case(store)["closed_at"] is None
    assert rows_of(store, "answers")[0]["delivered_at"] is None


def test_a_bounce_that_is_quicker_than_our_note_is_not_taken_for_an_answer(store: Store) -> None:
    case_id = begun(store)
    letter = a_letter(store, case_id, answer(store, case_id))

    bounced(store, letter)
    sent(store, letter)

    assert standing(store) == (Status.IN_PROGRESS, None)


def test_a_second_answer_waits_while_one_is_on_its_way(store: Store) -> None:
    case_id = begun(store)
    a_letter(store, case_id, answer(store, case_id))

    with pytest.raises(IllegalActError, match="Ett svar är redan på väg"):
        answer(store, case_id)

    assert len(rows_of(store, "answers")) == 1


def test_an_answer_by_phone_is_there_at_once(store: Store) -> None:
    case_id = begun(store)

    answer(store, case_id, way=Way.PHONE)

    assert standing(store) == (Status.ANSWERED, LATER)


def test_l7_for_an_anonymous_sender_what_was_done_is_written_down(store: Store) -> None:
    case_id = begun(store, sender="")

    with pytest.raises(IllegalActError, match="Är avsändaren anonym ska åtgärden stå i ärendet"):
        answer(store, case_id, way=Way.NOTE, measure="")
    assert rows_of(store, "answers") == []
    answer(store, case_id, way=Way.NOTE)
    move(store, case_id, Act.CLOSE)

    assert the_case(store)["status"] == Status.CLOSED


@pytest.mark.parametrize(
    ("sender", "way", "remedy"),
    [(SENDER, Way.NOTE, "Avsändaren kan nås"), ("", Way.LETTER, "Avsändaren har ingen adress")],
)
def test_the_way_of_an_answer_must_lead_to_the_sender(
    store: Store, sender: str, way: Way, remedy: str
) -> None:
    case_id = begun(store, sender=sender)

    with pytest.raises(IllegalActError, match=remedy):
        answer(store, case_id, way=way)


def test_n4_an_answer_without_name_address_and_phone_is_not_written_where_the_policy_asks(
    store: Store,
) -> None:
    case_id = begun(store)
    rules = Rules(further_contact_required=True)

    with pytest.raises(IllegalActError, match="namn, adress och telefon"):
        answer(store, case_id, rules=rules)
    answer(store, case_id, rules=rules, has_contact=True)

    assert len(rows_of(store, "answers")) == 1


def test_n12_no_action_needs_a_manager_before_the_case_is_closed(store: Store) -> None:
    case_id = begun(store)
    explanation = "Gungan ägs av bostadsrättsföreningen."
    answer(store, case_id, way=Way.PHONE, outcome=Outcome.NO_ACTION, explanation=explanation)
    with pytest.raises(IllegalActError, match="Be ansvarig chef godkänna"):
        move(store, case_id, Act.CLOSE)

    version = the_case(store)["version"]
    with pytest.raises(IllegalActError, match="Det görs av chef"), store.write() as transaction:
        acts.approve(transaction, case_id, actor=ANNA, now=LATER, version=version, rules=RULES)
    with store.write() as transaction:
        acts.approve(transaction, case_id, actor=PETRA, now=LATER, version=version, rules=RULES)
    move(store, case_id, Act.CLOSE)

    (row,) = rows_of(store, "answers")
    assert (row["approved_by"], row["approved_at"]) == ("petra", LATER)


def test_k13_a_serious_case_is_closed_when_it_is_in_the_diary(store: Store) -> None:
    case_id = begun(store)
    answer(store, case_id, way=Way.PHONE)
    note_down(store, case_id, serious=True)
    with pytest.raises(IllegalActError, match="Diarieför det"):
        move(store, case_id, Act.CLOSE)

    note_down(store, case_id, diary_number="KS 2026/17")
    move(store, case_id, Act.CLOSE)

    with pytest.raises(IllegalActError, match="Öppna ärendet igen först"):
        note_down(store, case_id, diary_number="")


def test_the_journal_tells_of_a_service_note_but_not_its_words(store: Store) -> None:
    case_id = begun(store)

    note_down(store, case_id, service_note="Vi talade med personalen.")

    assert the_case(store)["service_note"] == "Vi talade med personalen."
    assert rows_of(store, "journal")[-1]["details"] == {"tjänsteanteckning": "ja"}


def note_down(store: Store, case_id: int, **told: Any) -> None:
    with store.write() as transaction:
        acts.note_down(
            transaction,
            case_id,
            actor=ANNA,
            now=LATER,
            version=case_of(store, case_id)["version"],
            **told,
        )


def test_t10_where_the_clock_covers_closing_the_promise_is_kept_by_closing(store: Store) -> None:
    case_id = begun(store)
    answer(store, case_id, way=Way.PHONE, rules=Rules(clock_covers="closed"))
    answered = standing(store)

    move(store, case_id, Act.CLOSE)

    assert answered == (Status.ANSWERED, None)
    assert standing(store) == (Status.CLOSED, LATER)


def test_an_answer_that_arrives_while_a_statement_is_awaited_counts_when_that_is_recorded(
    store: Store,
) -> None:
    case_id = begun(store)
    letter = a_letter(store, case_id, answer(store, case_id))
    move(store, case_id, Act.ASK_PROVIDER, learned={"statement_asked_at": LATER})
    sent(store, letter)
    waiting = standing(store)

    with pytest.raises(IllegalActError, match="För in redogörelsen"):
        move(store, case_id, Act.RECORD_STATEMENT)
    move(store, case_id, Act.RECORD_STATEMENT, learned={"statement_received_at": LATER})

    assert waiting == (Status.AT_PROVIDER, LATER)
    assert standing(store) == (Status.ANSWERED, LATER)


def test_an_answer_of_an_earlier_round_does_not_answer_the_new_one(store: Store) -> None:
    case_id = begun(store)
    letter = a_letter(store, case_id, answer(store, case_id))
    sent(store, letter)
    move(store, case_id, Act.REOPEN, learned={"round": 2})
    move(store, case_id, Act.BEGIN)

    bounced(store, letter)

    assert the_case(store)["status"] == Status.IN_PROGRESS
    assert standing(store)[1] == LATER
    with pytest.raises(IllegalActError, match="Svaret ska ha kommit fram"):
        move(store, case_id, Act.DELIVER)


def test_a_new_round_has_a_promise_of_its_own_and_the_newest_is_owed(store: Store) -> None:
    case_id = begun(store)
    new = Promise(kind=PromiseKind.ANSWER, due_on=date(2027, 1, 8), clause="N5")

    with store.write() as transaction:
        cases.keep_promise(transaction, case_id, PromiseKind.ANSWER, NOW)
        cases.promise(transaction, case_id, [new], turn=2)
        cases.keep_promise(transaction, case_id, PromiseKind.ANSWER, LATER)
        cases.unkeep_promise(transaction, case_id, PromiseKind.ANSWER, turn=2)

    with store.read() as transaction:
        owed = cases.owed(transaction, case_id)
        (listed,) = cases.page(transaction)
    assert owed == [new]
    assert listed["answer_by"] == date(2027, 1, 8)
    assert [row["kept_at"] for row in rows_of(store, "promises")] == [NOW, None]


@pytest.mark.parametrize("seed", range(4))
def test_no_walk_through_the_acts_closes_a_case_against_its_guards_or_moves_its_reception(
    store: Store, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a walk, not a secret
    rules = Rules(
        further_contact_required=chance.random() < 0.5,
        require_service_note=chance.random() < 0.5,
        close_by_triage=chance.random() < 0.3,
    )
    case_id = begun(store)
    seen = set()

    for _ in range(120):
        before = case_of(store, case_id)
        count = len(rows_of(store, "journal"))
        act = chance.choice(
            [step.act for step in life.TABLE if step.source == before["status"]] or [Act.CLOSE]
        )
        if act is Act.BOUNCE:
            letters = [row["id"] for row in rows_of(store, "letters") if row["state"] == LetterState.SENT]
            if letters:
                with store.write() as transaction:
                    outbox.undelivered(transaction, letters[-1], because="okänd", now=LATER)
            continue
        if act in {Act.SORT, Act.HAND_OVER, Act.DUPLICATE, Act.DISPOSE} and chance.random() < 0.8:
            continue
        try:
            if act is Act.ANSWER:
                way = chance.choice([Way.LETTER, Way.PHONE])
                outcome = chance.choice(list(Outcome))
                told: dict[str, Any] = {
                    "way": way,
                    "outcome": outcome,
                    "explanation": chance.choice(["", "x" * 20]),
                }
                made = answer(store, case_id, rules=rules, has_contact=chance.random() < 0.7, **told)
                if way is Way.LETTER:
                    letter = a_letter(store, case_id, made)
                    sent(store, letter) if chance.random() < 0.7 else bounced(store, letter)
            elif act is Act.APPROVE:
                with store.write() as transaction:
                    acts.approve(
                        transaction,
                        case_id,
                        actor=PETRA,
                        now=LATER,
                        version=before["version"],
                        rules=rules,
                    )
            else:
                learned = {"round": before["round"] + 1} if act is Act.REOPEN else {}
                if act is Act.RETURN:
                    learned = {"service_note": chance.choice(["", "Lagat."])}
                move(store, case_id, act, EVERYBODY, rules=rules, learned=learned)
        except IllegalActError:
            assert case_of(store, case_id) == before
            assert len(rows_of(store, "journal")) == count
        after = case_of(store, case_id)
        seen.add(after["status"])
        assert after["received_at"] == NOW
        if after["status"] == Status.CLOSED:
            with store.read() as transaction:
                facts = acts.facts_of(transaction, after)
            assert [guard.name for guard in CLOSE_GUARDS if not guard.holds(facts, rules)] == []

    assert Status.ANSWERED in seen


def test_only_one_place_writes_the_status_of_a_case() -> None:
    writing = {
        str(path.relative_to(ROOT))
        for room in ("store", "bots")
        for path in (ROOT / room).rglob("*.py")
        for found in re.findall(
            r"update\((?:cases|case_table)\)(?:.|\n)*?\n\n", path.read_text(encoding="utf-8")
        )
        if re.search(r"values\([^)]*\bstatus=", found)
    }

    assert writing == {"store/acts.py"}
