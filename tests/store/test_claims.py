"""What several processes take from one inbox and one outbox: each thing once, whoever dies meanwhile."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import update

from store import inbox, outbox
from store.domain import Inbound, LetterState, MessageState, Said
from store.engine import Store
from store.tables import messages
from tests.house import NOW, an_inbound
from tests.servers.lent import Lender
from tests.store.test_outbox import a_letter, only, put, take

LEASE = timedelta(minutes=1)


@pytest.fixture
def shared(lender: Lender) -> Iterator[Store]:
    with lender.emptied() as opened:
        yield opened


def said(text: str, *, conversation: str) -> Inbound:
    whole = an_inbound(text=text)
    return replace(
        whole,
        channel="telegram",
        media_type="application/json",
        external_id=text,
        said=Said(conversation=conversation),
    )


def claim(store: Store, *, after: timedelta = timedelta(0), limit: int = 64) -> list[int]:
    with store.write() as transaction:
        rows = inbox.claim(transaction, now=NOW + after, limit=limit, max_bytes=2**20, lease=LEASE)
    return [row["id"] for row in rows]


_EXAMPLES = count()
_STEP = some.tuples(
    some.sampled_from(("claim", "renew", "settle", "die", "wait")),
    some.sampled_from(("ett", "två")),
    some.integers(1, 3),
)


@pytest.mark.postgres
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=some.lists(_STEP, min_size=4, max_size=24))
def test_no_message_is_in_hand_of_two_who_live_nor_settled_twice(
    shared: Store, steps: list[tuple[str, str, int]]
) -> None:
    with shared.write() as transaction:
        transaction.connection.execute(update(messages).values(state=MessageState.ASIDE))
        example = next(_EXAMPLES)
        group = [said(f"{example} {number}", conversation="") for number in range(3)]
        ids = [one.message_id for one in inbox.keep(transaction, group, NOW)]
    now = NOW
    settled: list[int] = []
    until: dict[tuple[str, int], datetime] = {}  # by who and what: when the claim ends

    for act, who, number in steps:
        if act == "wait":
            now += timedelta(seconds=25 * number)
        elif act == "claim":
            with shared.write() as transaction:
                rows = inbox.claim(transaction, now=now, limit=number, max_bytes=2**20, lease=LEASE)
            for row in rows:
                held_by_others = [one for one, end in until.items() if one[1] == row["id"] and end >= now]
                assert held_by_others == []
                until[who, row["id"]] = now + LEASE
        elif act == "die":
            until = {one: end for one, end in until.items() if one[0] != who or end >= now}
        mine = [one for one in until if one[0] == who]
        if act == "renew":
            with shared.write() as transaction:
                inbox.renew(transaction, [one for _, one in mine], now=now, lease=LEASE)
            until |= {one: now + LEASE for one in mine if until[one] >= now and one[1] not in settled}
        if act == "settle":
            with shared.write() as transaction:
                for one in mine:
                    if inbox.lay_aside(transaction, one[1], MessageState.ASIDE, read={}):
                        settled.append(one[1])
            until = {one: end for one, end in until.items() if one[0] != who}

    assert len(settled) == len(set(settled))
    assert set(settled) <= set(ids)


@pytest.mark.postgres
def test_of_a_conversation_nothing_is_taken_while_an_older_message_is_in_hand(shared: Store) -> None:
    with shared.write() as transaction:
        for text, conversation in (("ett", "telegram:1"), ("två", "telegram:1"), ("tre", "telegram:2")):
            inbox.keep(transaction, [said(text, conversation=conversation)], NOW)

    first, second, third = claim(shared, limit=1), claim(shared), claim(shared)
    with shared.write() as transaction:
        inbox.lay_aside(transaction, first[0], MessageState.ASIDE, read={})

    assert (first, second, third) == ([1], [3], [])
    assert claim(shared) == [2]


def test_a_claim_that_is_renewed_lasts_and_one_that_has_run_out_is_not_taken_back(store: Store) -> None:
    with store.write() as transaction:
        inbox.keep(transaction, [an_inbound(text="En gunga.")], NOW)
    claim(store)

    with store.write() as transaction:
        inbox.renew(transaction, [1], now=NOW + LEASE / 2, lease=LEASE)
    in_time = claim(store, after=LEASE * 1.2)
    with store.write() as transaction:
        inbox.renew(transaction, [1], now=NOW + LEASE * 2, lease=LEASE)

    assert in_time == []
    assert claim(store, after=LEASE * 2.1) == [1]


def test_what_the_store_could_not_take_is_there_for_the_next_at_once(store: Store) -> None:
    with store.write() as transaction:
        inbox.keep(transaction, [an_inbound(text="En gunga.")], NOW)
    claim(store)

    with store.write() as transaction:
        inbox.spare(transaction, [1])
        rows = inbox.claim(transaction, now=NOW, limit=9, max_bytes=2**20, lease=LEASE)

    assert [row["attempts"] for row in rows] == [1]


def doubt(store: Store, *, after: timedelta) -> int:
    with store.write() as transaction:
        return outbox.doubt(transaction, now=NOW + after, only_overdue=True)


def test_a_letter_in_hand_is_in_doubt_when_its_taker_has_not_renewed_it_and_not_before(store: Store) -> None:
    put(store, a_letter())
    (letter,) = take(store)

    early = doubt(store, after=outbox.LEASE)
    with store.write() as transaction:
        outbox.renew(transaction, [letter], now=NOW + outbox.LEASE)
    renewed = doubt(store, after=outbox.LEASE * 1.5)
    late = doubt(store, after=outbox.LEASE * 2.1)

    assert (early, renewed, late) == (0, 0, 1)
    assert only(store)["state"] == LetterState.UNKNOWN


def test_whoever_was_taken_for_dead_and_had_sent_the_letter_ends_the_doubt(store: Store) -> None:
    put(store, a_letter())
    (letter,) = take(store)
    doubt(store, after=outbox.LEASE * 2)

    with store.write() as transaction:
        outbox.sent(transaction, letter, "250 tog det", now=NOW)

    assert only(store)["state"] == LetterState.SENT


def test_whoever_was_taken_for_dead_does_not_call_back_a_letter_that_another_is_sending(store: Store) -> None:
    put(store, a_letter())
    (mine,) = take(store)
    doubt(store, after=outbox.LEASE * 2)
    with store.write() as transaction:
        outbox.let_go(transaction, mine.id, by="rita", now=NOW)
    (theirs,) = take(store)

    with store.write() as transaction:
        outbox.postpone(transaction, mine, until=NOW, because="reläet svarade inte")
        gave_up = outbox.give_up(transaction, mine, LetterState.FAILED, because="nej", now=NOW)

    assert (mine.attempts, theirs.attempts, gave_up) == (1, 2, False)
    assert only(store)["state"] == LetterState.SENDING
    assert take(store) == []


def test_a_letter_that_surely_did_not_go_is_tried_again_though_it_was_in_doubt(store: Store) -> None:
    put(store, a_letter())
    (letter,) = take(store)
    doubt(store, after=outbox.LEASE * 2)

    with store.write() as transaction:
        outbox.postpone(transaction, letter, until=NOW, because="reläet var borta")

    assert [one.id for one in take(store)] == [letter.id]
