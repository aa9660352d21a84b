"""One journey by every road: from the first message to a closed case, answered here and by mail.

`pytest tests/journeys/test_channel_roads.py` prints which road came how far, if one process runs it all.
"""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from bots.channel import Form, roads_of
from store.domain import Delivered, Event, Factor, Kind, LetterState, Outcome, Purpose, Status
from store.engine import Row, Store
from tests.bots.channels.rig import Can, Rig
from tests.bots.channels.world import RIGS, World, over, started
from tests.house import ANNA

# Invented people, all by the names that every service knows.
HERE, BY_MAIL = "asa", "bo"
MAIL = "bo@example.org"
WORDS = {HERE: "Gungan i parken är trasig.", BY_MAIL: "Bänken i parken har gått sönder."}
ANSWERS = {HERE: "Gungan är lagad nu.", BY_MAIL: "Bänken är lagad nu."}
STEPS = ("case", "thanked", "confirmed", "here", "mail", "seen", "closed")


@pytest.fixture(params=["sqlite"])
def database_kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
async def world(make_rig: Callable[[], Rig], store: Store) -> AsyncIterator[World]:
    async with started(World(rig=make_rig(), store=store)) as opened:
        yield opened


@pytest.fixture(scope="session")
def table(pytestconfig: pytest.Config) -> Iterator[dict[str, list[str]]]:
    """Gather what each road did, and print it at the end."""
    found: dict[str, list[str]] = {}
    yield found
    lines = [f"{'road':<34}" + "".join(f"{step:<11}" for step in STEPS)]
    lines += [f"{road:<34}" + "".join(f"{done:<11}" for done in steps) for road, steps in found.items()]
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print("\n" + "\n".join(lines))


@over()
async def test_a_case_goes_from_the_first_message_to_its_end_by_the_road_that_is_wished(
    world: World, table: dict[str, list[str]]
) -> None:
    steps = table.setdefault(_label(world), [])

    for person, text in WORDS.items():
        await world.rig.say(text, person=person)
    await world.kept(2)
    await world.work()
    cases = {person: _case_of(world, text) for person, text in WORDS.items()}
    assert [case["sender_channel"] for case in cases.values()] == [world.rig.road] * 2
    assert [case["handler"] for case in cases.values()] == [ANNA.id] * 2
    steps.append("2")

    for person, case in cases.items():
        theirs = " ".join(one.text for one in world.rig.letters() if one.to == person)
        assert case["number"] in theirs
        assert ANNA.name in theirs
        assert not any(other["number"] in theirs for other in cases.values() if other != case)
    steps.append("both")

    await world.rig.say(MAIL, person=BY_MAIL)
    await world.kept(3)
    await world.work()
    assert (_fresh(world, cases[BY_MAIL])["answer_channel"]) == "email"
    for case in (_fresh(world, one) for one in cases.values()):
        world.house.acts.confirm(
            case["id"],
            kind=Kind.COMPLAINT,
            factor=Factor.LIVING_ENVIRONMENT,
            by=case["handler"],
            version=case["version"],
        )
    confirmed = [_fresh(world, case) for case in cases.values()]
    assert [case["kind"] for case in confirmed] == [Kind.COMPLAINT] * 2
    steps.append("both")

    before = len(world.rig.letters())
    for person, case in cases.items():
        now = _fresh(world, case)
        world.house.acts.answer(
            case["id"], ANSWERS[person], Outcome.DONE, by=now["handler"], version=now["version"]
        )
    await world.house.deliver()
    got = world.rig.letters()[before:]
    here = [one for one in got if ANSWERS[HERE] in one.text]
    assert [one.to for one in here] == [HERE]
    assert not any(ANSWERS[BY_MAIL] in one.text for one in got)
    steps.append("answered")
    mails = [one for one in world.house.memory.letters if one.recipient.handle == MAIL]
    assert [ANSWERS[BY_MAIL] in one.body for one in mails] == [True]
    steps.append("answered")

    (letter,) = [row for row in world.letters(Purpose.ANSWER) if row["case_id"] == cases[HERE]["id"]]
    assert letter["state"] == LetterState.SENT
    seen = "sent"
    if Can.REPORT in world.rig.can:
        await world.rig.report(here[-1], Delivered.ARRIVED)
        await world.kept(1, Event.DELIVERY)
        await world.work()
        (letter,) = [row for row in world.letters(Purpose.ANSWER) if row["case_id"] == cases[HERE]["id"]]
        assert letter["delivered_at"] is not None
        assert "brev framme" in world.house.journal(cases[HERE]["id"])
        seen = "arrived"
    steps.append(seen)

    for case in cases.values():
        now = _fresh(world, case)
        assert now["status"] == Status.ANSWERED
        world.house.acts.close(case["id"], by=now["handler"], version=now["version"])
    assert {case["status"] for case in world.house.cases()} == {Status.CLOSED}
    assert {row["state"] for row in world.house.outbox()} == {LetterState.SENT}
    steps.append("both")


def test_every_private_road_has_a_journey() -> None:
    roads = {make().road for make in RIGS}

    assert roads >= {"instagram", "mastodon", "matrix", "messenger", "sms", "telegram", "webchat", "whatsapp"}


def _label(world: World) -> str:
    form = roads_of(world.channel)[world.rig.road].form
    posts = ", posts" if Can.PUSH in world.rig.can else ""
    kind = "SMS" if form is Form.SMS else "chat"
    return f"{world.rig.name}/{world.rig.road} ({kind}{posts})"


def _case_of(world: World, text: str) -> Row:
    (message,) = [row for row in world.messages() if row["text"] == text]
    return next(row for row in world.house.cases() if row["id"] == message["case_id"])


def _fresh(world: World, case: Row) -> Row:
    return next(row for row in world.house.cases() if row["id"] == case["id"])
