"""The promises of a profile as the running house makes and moves them (rows N14, X9; issue 4)."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

from bots.app import build
from bots.demo import town
from store import cases, profiles
from store.deadlines import promises
from store.domain import Inbound, Kind
from store.engine import Store, open_store
from tests.house import NOW, House, an_inbound
from tests.store.test_cases import a_new_case

MONDAY = datetime(2026, 5, 4, 9, tzinfo=UTC)
OWN = """
id = "egen"
name = "Lilla kommunen"
service_name = "Tyck till"
source = "KF § 1"
deadlines = { first_feedback_days = 2, answer_days = { "klagomål" = 10, "förslag" = 10, "beröm" = 10 } }
calendar = { closed = [2026-05-15] }
"""


def from_nobody() -> Inbound:
    return Inbound(
        channel="web",
        account="form",
        received_at=NOW,
        raw=b"{}",
        media_type="application/json",
        external_id="ett",
        text="Gungan i parken är trasig.",
    )


async def test_n14_who_leaves_no_address_is_promised_no_answer_and_others_are(
    make_house: Callable[..., House],
) -> None:
    house = make_house(days=profiles.load("norrmalm").days)

    await house.hear(from_nobody(), an_inbound())

    nobody, sven = house.cases()
    assert (nobody["sender_handle"], list(house.promises(nobody["id"]))) == ("", ["kvitto"])
    assert house.promises(sven["id"])["svar"] == date(2026, 12, 11)


async def test_x9_where_the_policy_does_not_say_so_the_clock_runs_for_the_anonymous_too(
    make_house: Callable[..., House],
) -> None:
    house = make_house(days=profiles.load("tyreso").days)

    await house.hear(from_nobody())

    assert house.promises(house.case()["id"])["svar"] == date(2026, 12, 7)


def an_open_case(url: str) -> int:
    with closing(open_store(url)) as store, store.write() as transaction:
        case_id, _ = cases.open_case(transaction, a_new_case(received_at=MONDAY), now=MONDAY)
        days = profiles.load("standard").days
        cases.promise(transaction, case_id, promises(MONDAY, Kind.COMPLAINT, days))
    return case_id


def answer_by(store: Store, case_id: int) -> date:
    with store.read() as transaction:
        return cases.owed(transaction, case_id)[-1].due_on


async def test_a_house_that_starts_with_another_closed_day_moves_the_dates(tmp_path: Path) -> None:
    profile = tmp_path / "egen.toml"
    profile.write_text(OWN, encoding="utf-8")
    settings = town.settings(tmp_path, relay_port=1, smtp_port=0, web_port=0)
    silent = settings.classifier.model_copy(update={"enabled": False})
    ours = settings.municipality.model_copy(update={"profile": str(profile)})
    settings = settings.model_copy(update={"classifier": silent, "municipality": ours})
    stop = asyncio.Event()
    stop.set()
    built = build(settings, clock=lambda: MONDAY, with_doors=False)
    case_id = an_open_case(settings.store.url)

    await built.run(stop)

    with closing(open_store(settings.store.url)) as store:
        assert answer_by(store, case_id) == date(2026, 5, 20)
