"""Three levels of anonymity, in each policy (rows L7, T4, G4, K2, N14, X9)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from store import profiles
from store.domain import Contact, Factor, Inbound, Kind, Outcome, Purpose, Status
from tests.house import NOW, UNITS, House

NAMES = ("landskrona", "tyreso", "gislaved", "kristianstad", "norrmalm")


def open_town(make_house: Callable[..., House], name: str) -> House:
    """Open a house under one of the five policies, with the people that it demands."""
    units = [replace(one, managers=("anna",)) for one in UNITS]
    return make_house(
        policy=profiles.load(name),
        units=units,
        medborgarcenter=("petra",),
        contact=Contact(name="Petra Holm", address="Storgatan 1", phone="070-174 06 07", handler="petra"),
    )


def anonymous(*, pick_up: str = "m" * 64) -> Inbound:
    return Inbound(
        channel="web",
        account="form",
        received_at=NOW,
        raw=b"{}",
        media_type="application/json",
        external_id="1",
        text="Gungan i parken är trasig.",
        language="sv",
        chosen_kind=Kind.COMPLAINT,
        pick_up=pick_up,
    )


@pytest.mark.parametrize("name", NAMES)
async def test_l7_every_policy_takes_what_nobody_has_signed(
    make_house: Callable[..., House], name: str
) -> None:
    house = open_town(make_house, name)

    await house.hear(anonymous())

    assert house.case()["sender_handle"] == ""
    assert house.acknowledgements() == []


async def test_n14_and_x9_norrmalm_promises_the_anonymous_no_day_and_the_others_as_they_do_everybody(
    make_house: Callable[..., House],
) -> None:
    promised = {name: profiles.load(name).days.answers_anonymous for name in NAMES}
    house = open_town(make_house, "norrmalm")

    await house.hear(anonymous())

    assert promised == dict.fromkeys(NAMES, True) | {"norrmalm": False}
    assert "svar" not in house.promises(1)


async def test_n14_in_norrmalm_what_was_done_must_stand_in_the_case_before_it_is_closed(
    make_house: Callable[..., House],
) -> None:
    house = open_town(make_house, "norrmalm")
    await house.hear(anonymous())

    def version() -> int:
        found: int = house.case()["version"]
        return found

    house.acts.confirm(1, kind=Kind.COMPLAINT, factor=Factor.SAFETY, by="anna", version=version())
    house.acts.answer(1, "Lagad.", Outcome.DONE, by="anna", version=version(), measure="Ny kedja.")

    assert house.case()["status"] == Status.ANSWERED
    assert house.outbox(purpose=Purpose.ANSWER) == []


def test_x9_every_policy_lets_the_answer_be_fetched_with_a_code() -> None:
    assert [name for name in NAMES if not profiles.load(name).anonymity.fetch_code] == []
