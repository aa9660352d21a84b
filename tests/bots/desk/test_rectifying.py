"""Rectification (GDPR art. 16, row B18): the new beside the old, never written over."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from bots.desk.rectifying import Rectifying
from store import search
from store.cases import StaleCaseError
from store.corrections import Subject
from store.domain import Status
from store.engine import Row
from store.life import IllegalActError
from store.tables import cases
from tests.bots.desk.test_registered import a_call
from tests.house import NAME, NOW, SENDER, House, an_inbound

Make = Callable[..., House]
ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])


def put_right(house: House, subject: Subject, became: str, **more: Any) -> None:
    case = house.case()
    told = {"why": "Avsändaren ringde.", "by": "anna", "version": case["version"]} | more
    rectifying = Rectifying(store=house.store, house=house.work.house, clock=house.clock)
    rectifying.correct(case["id"], subject, became, **told)


def finds(house: House, words: str) -> bool:
    with house.store.read() as transaction:
        wanted = select(cases.c.id).where(search.matches(transaction, search.ask(words)))
        return bool(list(transaction.connection.scalars(wanted)))


async def test_b18_a_name_is_put_right_and_how_it_stood_is_kept(house: House) -> None:
    await house.hear(an_inbound())
    raw = house.messages()[0]

    put_right(house, Subject.NAME, " Sven Svärdsson ")

    (line,) = house.table("corrections")
    assert house.case()["sender_name"] == "Sven Svärdsson"
    assert {name: line[name] for name in ("subject", "was", "became", "why", "corrected_by")} == {
        "subject": Subject.NAME,
        "was": NAME,
        "became": "Sven Svärdsson",
        "why": "Avsändaren ringde.",
        "corrected_by": "anna",
    }
    assert house.messages()[0] == raw
    assert house.journal(house.case()["id"])[-1] == "rättelse"
    assert house.table("journal")[-1]["details"] == {"uppgift": "avsändarens namn"}
    assert finds(house, "Svärdsson")


async def test_b18_put_right_twice_every_version_is_there(house: House) -> None:
    await house.hear(an_inbound())

    put_right(house, Subject.CONTACT, "sven@example.org")
    put_right(house, Subject.CONTACT, "sven.s@example.org")

    told = [(row["was"], row["became"]) for row in house.table("corrections")]
    assert told == [(SENDER, "sven@example.org"), ("sven@example.org", "sven.s@example.org")]
    assert house.case()["sender_handle"] == "sven.s@example.org"
    assert house.messages()[0]["from_addr"] == SENDER


@ON_SQLITE
async def test_b18_what_was_taken_down_wrong_is_told_anew_beside_it(house: House) -> None:
    await house.hear(a_call())
    raw = house.messages()[0]

    put_right(house, Subject.TRANSCRIPTION, "Det var en karusell.")

    (line,) = house.table("corrections")
    assert (line["message_id"], line["was"], line["became"]) == (
        raw["id"],
        raw["text"],
        "Det var en karusell.",
    )
    assert house.messages()[0] == raw
    assert finds(house, "karusell")
    with house.store.write() as transaction:
        search.rebuild(transaction, house.case()["id"])
    assert finds(house, "karusell")


@ON_SQLITE
async def test_b18_an_earlier_day_makes_the_promises_due_sooner_and_a_later_one_none_later(
    house: House,
) -> None:
    await house.hear(a_call())
    case_id, before = house.case()["id"], house.promises(house.case()["id"])

    put_right(house, Subject.RECEIVED, "2026-11-16 10:00")
    sooner = house.promises(case_id)
    put_right(house, Subject.RECEIVED, "2026-11-20 10:00")

    assert house.case()["received_at"] == datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    assert before["svar"] == date(2026, 12, 4)
    assert sooner["svar"] == date(2026, 11, 30)
    assert house.promises(case_id) == sooner


@ON_SQLITE
@pytest.mark.parametrize(
    ("subject", "became", "more", "because"),
    [
        (Subject.NAME, "Ny", {"why": " "}, "varför"),
        (Subject.NAME, " ", {}, "hur uppgiften ska vara"),
        (Subject.NAME, NAME, {}, "står redan så"),
        (Subject.NAME, "a\0b", {}, "hur uppgiften ska vara"),
        (Subject.NAME, "a" * 20_001, {}, "hur uppgiften ska vara"),
        (Subject.NAME, "Ny", {"by": "omar"}, "inte ditt"),
        (Subject.RECEIVED, "2026-11-20 10:00", {}, "går inte att rätta"),
        (Subject.TRANSCRIPTION, "Annat", {}, "går inte att rätta"),
    ],
)
async def test_b18_what_can_not_be_put_right_so_changes_nothing(
    house: House, subject: Subject, became: str, more: dict[str, Any], because: str
) -> None:
    await house.hear(an_inbound())
    before: list[Row] = house.cases()

    with pytest.raises(IllegalActError, match=because):
        put_right(house, subject, became, **more)

    assert (house.cases(), house.table("corrections")) == (before, [])


@ON_SQLITE
@pytest.mark.parametrize("became", ["i går", "2026-11-31 10:00", "2027-01-01 10:00", "2025-12-31 10:00"])
async def test_b18_a_day_that_can_not_be_changes_nothing(house: House, became: str) -> None:
    await house.hear(a_call())
    before = house.cases()

    with pytest.raises(IllegalActError):
        put_right(house, Subject.RECEIVED, became)

    assert (house.cases(), house.table("corrections")) == (before, [])


@ON_SQLITE
async def test_b18_a_version_that_somebody_has_changed_since_and_a_disposed_case_are_refused(
    house: House,
) -> None:
    await house.hear(an_inbound())
    with pytest.raises(StaleCaseError):
        put_right(house, Subject.NAME, "Ny", version=house.case()["version"] + 1)
    with house.store.write() as transaction:
        transaction.connection.execute(update(cases).values(status=Status.DISPOSED))

    with pytest.raises(IllegalActError):
        put_right(house, Subject.NAME, "Ny")

    assert house.table("corrections") == []
    assert house.clock() == NOW
