"""What humans kept of the proposals: each case once, in the month of Stockholm, and a fall is told."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from store import acts, cases, life
from store.domain import Act, Factor, Guess, Kind
from store.engine import Store
from store.life import Actor
from store.quality import Correction, Fall, Hits, Month, Quality, model_in_use, quality
from tests.house import NOW, a_suggestion
from tests.store.test_cases import opened, suggested


def confirmed(
    store: Store,
    kind: Kind = Kind.COMPLAINT,
    factor: Factor = Factor.LIVING_ENVIRONMENT,
    *,
    at: datetime = NOW,
    confidence: float = 0.9,
    proposal: bool = True,
) -> int:
    """Confirm a case; the proposal was klagomål (sure from 0.5) and Boendemiljö (0.6, unsure)."""
    case_id, _ = opened(store)
    if proposal:
        suggestion = a_suggestion(Kind.COMPLAINT, confidence=confidence)
        unsure = Guess(value=Factor.LIVING_ENVIRONMENT, confidence=0.6, sure=False)
        suggested(store, case_id, replace(suggestion, factor=unsure))
    say(store, case_id, kind, factor, at=at)
    return case_id


def say(store: Store, case_id: int, kind: Kind, factor: Factor, *, at: datetime, version: int = 1) -> None:
    with store.write() as transaction:
        cases.confirm(transaction, case_id, kind=kind, factor=factor, by="anna", version=version, now=at)


def seen(store: Store, *, now: datetime = NOW) -> Quality:
    with store.read() as transaction:
        return quality(transaction, now=now)


def test_twelve_months_are_told_also_when_nothing_was_confirmed(store: Store) -> None:
    found = seen(store)

    assert [month.first for month in found.months] == [
        date(2025, 12, 1),
        *(date(2026, month, 1) for month in range(1, 12)),
    ]
    assert set(found.months[1:]) == {Month(first=date(2026, n, 1)) for n in range(1, 12)}
    assert found.months[-1].kind.share_kept is None
    assert found.months[-1].kind.right_when_sure is None
    assert found.corrections == ()
    assert found.falls() == []


def test_a_month_tells_what_was_kept_shown_as_sure_and_right(store: Store) -> None:
    confirmed(store, confidence=0.9)
    confirmed(store, Kind.PRAISE, confidence=0.8)
    confirmed(store, confidence=0.4)
    confirmed(store, factor=Factor.FOOD, confidence=0.7)

    month = seen(store).months[-1]

    assert month.confirmed == 4
    assert (month.kind.proposed, month.kind.kept, month.kind.sure, month.kind.sure_kept) == (4, 3, 3, 2)
    assert month.kind.share_kept == 0.75
    assert month.kind.share_sure == 0.75
    assert month.kind.right_when_sure == pytest.approx(2 / 3)
    assert month.kind.mean_confidence == pytest.approx(0.7)
    assert (month.factor.kept, month.factor.sure, month.factor.right_when_sure) == (3, 0, None)
    assert month.factor.mean_confidence == pytest.approx(0.6)


def test_l4_what_was_handed_over_is_no_synpunkt_and_in_no_figure(store: Store) -> None:
    confirmed(store)
    appeal = confirmed(store, Kind.PRAISE)
    rita = Actor(id="rita", roles=frozenset({life.REGISTRATOR}))
    before = seen(store)

    with store.write() as transaction:
        for act in (Act.SORT, Act.HAND_OVER):
            acts.move(transaction, appeal, act, actor=rita, now=NOW, learned={"handed_to": "nämnden"})

    assert (before.months[-1].confirmed, len(before.corrections)) == (2, 1)
    assert (seen(store).months[-1].confirmed, seen(store).corrections) == (1, ())


def test_a_case_without_a_proposal_is_counted_but_not_held_against_the_model(store: Store) -> None:
    confirmed(store, proposal=False)

    month = seen(store).months[-1]

    assert (month.confirmed, month.kind, month.factor) == (1, Hits(), Hits())
    assert seen(store).corrections == ()


@pytest.mark.parametrize(
    ("at", "first"),
    [
        (datetime(2026, 10, 31, 22, 59, tzinfo=UTC), date(2026, 10, 1)),
        (datetime(2026, 10, 31, 23, 0, tzinfo=UTC), date(2026, 11, 1)),  # winter time
        (datetime(2026, 5, 31, 21, 59, tzinfo=UTC), date(2026, 5, 1)),
        (datetime(2026, 5, 31, 22, 0, tzinfo=UTC), date(2026, 6, 1)),  # summer time
        (datetime(2025, 11, 30, 23, 0, tzinfo=UTC), date(2025, 12, 1)),  # the oldest that is told
    ],
)
def test_a_month_begins_at_midnight_in_stockholm(store: Store, at: datetime, first: date) -> None:
    confirmed(store, at=at)

    assert [month.first for month in seen(store).months if month.confirmed] == [first]


def test_what_is_older_than_twelve_months_is_not_told(store: Store) -> None:
    confirmed(store, Kind.PRAISE, at=datetime(2025, 11, 30, 22, 59, tzinfo=UTC))

    assert sum(month.confirmed for month in seen(store).months) == 0
    assert seen(store).corrections == ()


def test_a_case_counts_once_in_the_month_of_the_latest_word(store: Store) -> None:
    case_id = confirmed(store, Kind.PRAISE, at=NOW - timedelta(days=60))
    say(store, case_id, Kind.COMPLAINT, Factor.FOOD, at=NOW, version=2)

    found = seen(store)

    assert [month.first for month in found.months if month.confirmed] == [date(2026, 11, 1)]
    assert found.months[-1].kind.kept == 1
    assert found.corrections == (Correction(axis="factor", proposed="Boendemiljö", confirmed="Mat", count=1),)


def test_what_is_changed_most_is_told_first(store: Store) -> None:
    confirmed(store, Kind.SUGGESTION, at=NOW - timedelta(days=70))
    for confidence in (0.4, 0.9):
        confirmed(store, Kind.PRAISE, confidence=confidence)
    confirmed(store, Kind.PRAISE, Factor.FOOD, at=NOW - timedelta(days=40))

    with store.read() as transaction:
        most = quality(transaction, now=NOW, most=1).corrections

    assert seen(store).corrections == (
        Correction(axis="kind", proposed="klagomål", confirmed="beröm", count=3),
        Correction(axis="factor", proposed="Boendemiljö", confirmed="Mat", count=1),
        Correction(axis="kind", proposed="klagomål", confirmed="förslag", count=1),
    )
    assert most == (Correction(axis="kind", proposed="klagomål", confirmed="beröm", count=3),)


def a_year(*last: tuple[int, int]) -> Quality:
    """Make a year whose last months have these (kept, proposed) types, and no factors."""
    months = [Month(first=date(2026, n, 1)) for n in range(1, 13)]
    for at, (kept, proposed) in enumerate(last, start=12 - len(last)):
        months[at] = replace(months[at], kind=Hits(proposed=proposed, kept=kept), confirmed=proposed)
    return Quality(months=tuple(months), corrections=())


@pytest.mark.parametrize(
    ("latest", "told"),
    [((14, 20), True), ((15, 20), False), ((0, 19), False), ((13, 19), False), ((100, 100), False)],
)
def test_a_fall_of_ten_points_is_told_when_enough_is_confirmed(latest: tuple[int, int], told: bool) -> None:
    falls = a_year((9, 10), (14, 20), (9, 10), latest, (0, 50)).falls()

    # 32 of 40 is 80 percent; the running month says nothing yet.
    expected = [Fall(axis="kind", month=date(2026, 11, 1), share=0.7, before=0.8)]
    assert falls == (expected if told else [])


def test_without_months_to_compare_with_there_is_no_fall() -> None:
    assert a_year((5, 30), (0, 0)).falls() == []


def test_the_model_in_use_is_the_one_that_spoke_last(store: Store) -> None:
    with store.read() as transaction:
        before = model_in_use(transaction)
    case_id, _ = opened(store)
    suggested(store, case_id, replace(a_suggestion(Kind.PRAISE), model="ord-1"))
    suggested(store, case_id, replace(a_suggestion(), model="full-1"))

    with store.read() as transaction:
        after = model_in_use(transaction)

    assert before is None
    assert after == {"model": "full-1", "made_at": NOW}
