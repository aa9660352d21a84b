"""What is counted of a case is what happened to it."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from store.domain import Factor, Kind, Outcome, Status
from store.figures import facts
from store.figures.facts import Fact
from store.figures.period import Period
from store.tables import answers, cases
from tests.house import NOW, House, an_inbound


def read(house: House, *, days: int = 0) -> list[Fact]:
    day = NOW.date() + timedelta(days=days)
    with house.store.read() as transaction:
        return facts.of_period(transaction, Period(first=day, last=day))


async def test_a_case_is_counted_by_the_word_of_a_human_with_its_answer_and_what_came_of_it(
    house: House,
) -> None:
    await house.hear(an_inbound(subject="Gungan"))
    house.clock.forward(days=3)
    case = house.case()
    house.acts.confirm(
        case["id"], kind=Kind.PRAISE, factor=Factor.FOOD, by=case["handler"], version=case["version"]
    )
    house.acts.answer(
        case["id"],
        "Tack, vi har lagat gungan.",
        Outcome.DONE,
        measure="lagad",
        improvement="Vi ser över alla gungor.",
        by=case["handler"],
        version=house.case()["version"],
    )
    await house.deliver()

    (found,) = read(house)

    assert (found.kind, found.factor, found.is_preliminary) == (Kind.PRAISE, Factor.FOOD, False)
    assert (found.outcome, found.has_improvement) == (Outcome.DONE, True)
    assert found.received_on == NOW.date()
    assert found.answered_on == NOW.date() + timedelta(days=3)
    assert found.answer is not None
    assert (found.answer.kept_on, found.answer.outcome(NOW.date())) == (found.answered_on, True)
    assert (found.unit, found.is_anonymous, found.status) == (case["unit"], False, Status.ANSWERED)
    assert read(house, days=1) == read(house, days=-1) == []


async def test_n17_an_answer_by_own_mail_has_no_outcome_until_somebody_chooses_it(house: House) -> None:
    await house.hear(an_inbound())
    with house.store.write() as transaction:
        case = {"case_id": house.case()["id"], "round": 1, "written_by": "anna", "outcome": ""}
        moments = {"written_at": NOW, "delivered_at": NOW}
        words = {"text": "", "way": "eget_mejl", "has_contact": True, "keeps_promise": True}
        transaction.connection.execute(insert(answers).values(case | moments | words))

    (found,) = read(house)

    assert (found.outcome, found.answered_on) == (None, NOW.date())


async def test_what_nobody_has_confirmed_is_counted_as_it_was_proposed_and_said_to_be_preliminary(
    house: House,
) -> None:
    await house.hear(an_inbound())
    case = house.case()

    (found,) = read(house)

    assert (found.kind, found.factor) == (case["suggested_kind"], case["suggested_factor"])
    assert (found.is_preliminary, found.is_classed, found.answered_on) == (True, True, None)
    assert found.answer is not None
    day = found.answer.due_on
    assert [found.answer.outcome(day + timedelta(days=late)) for late in (0, 1)] == [None, False]


async def test_where_nobody_has_said_anything_there_is_no_type(make_house: object) -> None:
    house: House = make_house(silent=True)  # type: ignore[operator]
    await house.hear(an_inbound())

    assert [(one.kind, one.factor, one.is_classed) for one in read(house)] == [(None, None, False)]


async def test_l4_what_is_handed_over_is_no_synpunkt_and_duplicates_and_spam_are_not_there_at_all(
    house: House,
) -> None:
    subjects = {
        "Ett": Status.ASSIGNED,
        "Två": Status.HANDED_OVER,
        "Tre": Status.DUPLICATE,
        "Fyra": Status.QUARANTINED,
    }
    await house.hear(*(an_inbound(subject=subject) for subject in subjects))
    with house.store.write() as transaction:
        for subject, status in subjects.items():
            changed = update(cases).where(cases.c.title == subject).values(status=status)
            transaction.connection.execute(changed)

    numbers = [row["number"] for row in house.cases()]
    assert [(one.number, one.is_synpunkt) for one in read(house)] == [(numbers[0], True), (numbers[1], False)]


@pytest.mark.parametrize("hour", [22, 23])
async def test_the_day_is_that_of_stockholm(house: House, hour: int) -> None:
    late = NOW.replace(hour=hour, minute=30)
    await house.hear(an_inbound(received_at=late))

    assert [one.received_on for one in read(house, days=int(hour == 23))] == [
        NOW.date() + timedelta(days=int(hour == 23))
    ]
