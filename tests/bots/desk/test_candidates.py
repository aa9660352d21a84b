"""Public comments: who sees them, and how one becomes a case, is laid aside, or is hidden on its service."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from bots.channel import ChannelFailure, Hides, PermanentFailure
from bots.channels.memory import Memory
from bots.desk.candidates import Candidates, NotSortingError, Showing
from store.domain import Dismissal, Event, Hiding, MessageState, Status, Visibility
from store.engine import Row
from tests.bots.desk.test_chat import said
from tests.house import House, rows_of

Make = Callable[..., House]
LINK = "https://torget.example/inlagg/1"


@dataclass(kw_only=True)
class Square(Memory):
    """A public square: comments can be hidden there, unless it refuses."""

    name: str = "torget"
    hidden: list[str] = field(default_factory=list)
    refusal: ChannelFailure | None = None
    is_slow: bool = False

    async def hide(self, external_id: str) -> None:
        if self.is_slow:
            await asyncio.sleep(60)
        if self.refusal is not None:
            raise self.refusal
        self.hidden.append(external_id)


@dataclass
class Stall:
    """The desk of comments, and the bell that it rings."""

    house: House
    square: Square
    desk: Candidates
    rung: list[str]

    async def comment(self, text: str = "Vad fin bron blev!", **more: object) -> Row:
        given: dict[str, object] = {"road": "torget", "visibility": Visibility.PUBLIC, "link": LINK}
        await self.house.hear(said(self.house, text, **(given | more)))  # type: ignore[arg-type]
        return self.house.messages()[-1]

    def journal(self) -> list[tuple[str, str, dict[str, str]]]:
        lines = rows_of(self.house.store, "journal")
        return [(row["actor"], row["act"], row["details"]) for row in lines if row["actor"] == "rita"]


@pytest.fixture
def stall(make_house: Make) -> Stall:
    square, rung = Square(), list[str]()
    house = make_house(medborgarcenter=("omar",))
    desk = Candidates(
        store=house.store,
        house=house.work.house,
        clock=house.clock,
        taken_up=lambda: rung.append("ring"),
        hiders={"torget": square},
    )
    return Stall(house=house, square=square, desk=desk, rung=rung)


async def test_c3_comments_are_for_medborgarcenter_and_the_registrator(stall: Stall) -> None:
    comment = await stall.comment()

    assert [stall.desk.may(who) for who in ("rita", "omar", "anna", "petra", "okänd")] == [
        *(True, True),
        *(False, False, False),
    ]
    assert [stall.desk.count(who) for who in ("rita", "anna")] == [1, 0]
    with pytest.raises(NotSortingError):
        stall.desk.listed("anna")
    for act in (
        stall.desk.take_up(comment["id"], by="anna"),
        stall.desk.dismiss(comment["id"], Dismissal.TALK, by="anna"),
        stall.desk.hide(comment["id"], Hiding.HATE, by="anna"),
    ):
        with pytest.raises(NotSortingError):
            await act
    assert stall.house.messages()[0]["state"] == MessageState.CANDIDATE
    assert stall.square.hidden == []


async def test_the_newest_comment_stands_first_with_what_became_of_it_since(stall: Stall) -> None:
    first = await stall.comment()
    await stall.comment("Hej på er")
    await stall.comment(
        "Vad ful bron blev!", external_id=first["external_id"], event=Event.EDITED, version="2"
    )
    await stall.comment("", external_id=first["external_id"], event=Event.DELETED)

    newest, oldest = stall.desk.listed("rita")

    assert [newest.row["text"], oldest.row["text"]] == ["Hej på er", "Vad fin bron blev!"]
    assert newest.later == ()
    assert [(row["event"], row["text"]) for row in oldest.later] == [
        ("ändrat", "Vad ful bron blev!"),
        ("borttaget", ""),
    ]


async def test_a_comment_that_is_taken_up_becomes_a_case_with_all_its_versions(stall: Stall) -> None:
    comment = await stall.comment()
    await stall.comment(
        "Vad ful bron blev!", external_id=comment["external_id"], event=Event.EDITED, version="2"
    )

    assert await stall.desk.take_up(comment["id"], by="rita")
    assert not await stall.desk.take_up(comment["id"], by="rita")
    stall.house.judge()

    assert stall.rung == ["ring"]
    assert stall.desk.count("rita") == 0
    case = stall.house.case()
    assert [row["case_id"] for row in stall.house.messages()] == [case["id"], case["id"]]
    assert case["status"] != Status.QUARANTINED
    assert stall.journal() == [("rita", "görs till ärende", {})]


async def test_what_is_no_synpunkt_is_laid_aside_with_its_reason(stall: Stall) -> None:
    comment = await stall.comment()

    assert await stall.desk.dismiss(comment["id"], Dismissal.TALK, by="rita")
    assert not await stall.desk.dismiss(comment["id"], Dismissal.TALK, by="rita")
    assert not await stall.desk.take_up(comment["id"], by="rita")

    (kept,) = stall.house.messages()
    assert (kept["state"], kept["text"]) == (MessageState.ASIDE, "Vad fin bron blev!")
    assert stall.journal() == [("rita", "ingen synpunkt", {"orsak": "samtal"})]
    assert stall.rung == []


async def test_who_wrote_what_is_hidden_when_and_why_is_kept_before_it_is_gone(stall: Stall) -> None:
    comment = await stall.comment()
    before: list[list[str]] = []

    class Watched(Square):
        async def hide(self, external_id: str) -> None:
            before.append([act for _, act, _ in stall.journal()])
            await super().hide(external_id)

    square = Watched()
    desk = replace(stall.desk, hiders={"torget": square})

    assert await desk.hide(comment["id"], Hiding.HATE, by="rita") is Showing.HIDDEN

    assert before == [["döljs hos tjänsten"]]
    assert square.hidden == [comment["external_id"]]
    logged, done = stall.journal()
    assert logged[2] == {
        "kanal": "torget",
        "författare": "Åsa",
        "länk": LINK,
        "inkom": comment["received_at"].isoformat(),
        "orsak": "hot_eller_hat",
    }
    assert done[1] == "dold hos tjänsten"
    (left,) = desk.listed("rita")
    assert (left.showing, left.can_be_hidden, left.hidden_at) == (Showing.HIDDEN, False, stall.house.clock())


async def test_a_comment_is_hidden_by_the_road_that_it_came_by_whatever_its_channel_is_called(
    stall: Stall,
) -> None:
    comment = await stall.comment(channel="meta")
    (listed,) = stall.desk.listed("rita")
    assert listed.can_be_hidden

    assert await stall.desk.hide(comment["id"], Hiding.HATE, by="rita") is Showing.HIDDEN

    assert stall.square.hidden == [comment["external_id"]]
    assert stall.journal()[0][2]["kanal"] == "torget"


async def test_a_service_that_refuses_is_told_of_and_may_be_asked_again(stall: Stall) -> None:
    comment = await stall.comment()
    stall.square.refusal = PermanentFailure("torget: asa@example.org är skyddad")

    assert await stall.desk.hide(comment["id"], Hiding.HATE, by="rita") is Showing.REFUSED

    (left,) = stall.desk.listed("rita")
    assert (left.showing, left.because) == (Showing.REFUSED, "torget: <adress> är skyddad")
    stall.square.refusal = None
    assert await stall.desk.hide(comment["id"], Hiding.HATE, by="rita") is Showing.HIDDEN


async def test_a_service_that_does_not_answer_is_not_waited_for(stall: Stall) -> None:
    comment = await stall.comment()
    stall.square.is_slow = True

    showing = await replace(stall.desk, patience=0.01).hide(comment["id"], Hiding.HATE, by="rita")

    assert showing is Showing.REFUSED
    assert stall.desk.listed("rita")[0].because == "tjänsten svarade inte i tid"


async def test_what_went_wrong_half_way_is_not_taken_for_hidden(stall: Stall) -> None:
    comment = await stall.comment()
    stall.square.refusal = RuntimeError("ett fel i kanalen")  # type: ignore[assignment]

    with pytest.raises(RuntimeError):
        await stall.desk.hide(comment["id"], Hiding.HATE, by="rita")

    (left,) = stall.desk.listed("rita")
    assert (left.showing, left.can_be_hidden) == (Showing.UNKNOWN, True)


async def test_only_what_can_be_hidden_is_offered_to_be(stall: Stall) -> None:
    elsewhere = await stall.comment(road="annan")
    assert isinstance(stall.square, Hides)

    (listed,) = stall.desk.listed("rita")

    assert not listed.can_be_hidden
    assert await stall.desk.hide(elsewhere["id"], Hiding.HATE, by="rita") is None
    assert await stall.desk.hide(999_999, Hiding.HATE, by="rita") is None
    assert stall.journal() == []
