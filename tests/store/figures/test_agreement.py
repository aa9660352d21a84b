"""What was proposed against what humans said, recounted by hand."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from store.domain import Factor, Kind, Status
from store.figures import agreement
from store.figures.agreement import Judged, Said, confusion
from store.figures.period import Period
from store.tables import cases
from tests.house import NOW, House, Scripted, a_suggestion, an_inbound

KINDS = st.sampled_from([*map(str, Kind)])
SAID = st.builds(
    Said, proposed=KINDS | st.just(""), confirmed=KINDS, confidence=st.floats(min_value=0, max_value=1)
)
DAY = Period(first=NOW.date(), last=NOW.date())


def judged(case_id: int, said: Said, *, model: str = "full-1") -> Judged:
    return Judged(
        case_id=case_id,
        received_on=date(2026, 3, 1),
        unit="park",
        model=model if said.proposed else "",
        kind=said,
        factor=Said(proposed="Mat", confirmed="Mat", confidence=0.5),
    )


def share(some: Sequence[bool]) -> Fraction | None:
    return Fraction(100 * sum(some), len(some)) if some else None


@given(st.lists(SAID, max_size=30))
def test_precision_recall_and_sureness_can_be_recounted_case_by_case(said: list[Said]) -> None:
    made = confusion([judged(at, one) for at, one in enumerate(said)], "kind")
    proposed = [one for one in said if one.proposed]

    assert made.proposed == len(proposed)
    assert made.kept.percent == share([one.proposed == one.confirmed for one in proposed])
    assert made.found.percent == share([one.proposed == one.confirmed for one in said])
    for kind in map(str, Kind):
        when = [one.confirmed == kind for one in proposed if one.proposed == kind]
        where = [one.proposed == kind for one in said if one.confirmed == kind]
        assert (made.precision(kind).percent, made.recall(kind).percent) == (share(when), share(where))
        assert (made.sure(kind) is None) == (not when)
    if proposed:
        mean = 100 * sum(one.confidence for one in proposed) / len(proposed)
        assert made.sure() is not None
        assert abs(float(made.sure() or 0) - mean) < 0.01


@given(st.lists(SAID, max_size=20), st.lists(SAID, max_size=20))
def test_the_cells_of_parts_add_up_to_those_of_the_whole(some: list[Said], more: list[Said]) -> None:
    parts = [confusion([judged(0, one) for one in part], "kind") for part in (some, more)]
    whole = confusion([judged(0, one) for one in (*some, *more)], "kind")

    assert whole.cells == parts[0].cells + parts[1].cells
    assert whole.unproposed == parts[0].unproposed + parts[1].unproposed


async def test_the_latest_word_counts_with_the_proposal_it_was_about(make_house: object) -> None:
    house: House = make_house(suggester=Scripted(a_suggestion(Kind.COMPLAINT)))  # type: ignore[operator]
    await house.hear(an_inbound())
    for kind in (Kind.COMPLAINT, Kind.PRAISE):
        case = house.case()
        house.acts.confirm(
            case["id"], kind=kind, factor=Factor.FOOD, by=case["handler"], version=case["version"]
        )

    (found,) = read(house)

    assert (found.kind.proposed, found.kind.confirmed, found.kind.is_kept) == ("klagomål", "beröm", False)
    assert found.factor.confirmed == "Mat"
    assert (found.unit, found.received_on) == (house.case()["unit"], NOW.date())
    assert found.model == a_suggestion(Kind.COMPLAINT).model


async def test_what_nobody_could_judge_or_was_handed_over_is_not_there(make_house: object) -> None:
    house: House = make_house(suggester=Scripted(a_suggestion(Kind.COMPLAINT)))  # type: ignore[operator]
    await house.hear(an_inbound())
    case = house.case()
    house.acts.confirm(case["id"], kind=None, factor=Factor.FOOD, by="anna", version=case["version"])
    assert read(house) == []

    house.acts.confirm(
        case["id"], kind=Kind.PRAISE, factor=Factor.FOOD, by="anna", version=house.case()["version"]
    )
    assert len(read(house)) == 1
    with house.store.write() as transaction:
        transaction.connection.execute(update(cases).values(status=Status.HANDED_OVER))
    assert read(house) == []


def read(house: House) -> list[Judged]:
    with house.store.read() as transaction:
        return agreement.of_period(
            transaction, Period(first=DAY.first - timedelta(days=1), last=DAY.last + timedelta(days=1))
        )
