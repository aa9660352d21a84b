"""The desk tells of each step of a message's way, in order, and of what went wrong."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import pytest

from bots.channel import NotKeptError, PermanentFailure, TemporaryFailure
from bots.meter import Meter, Several
from store.domain import Inbound, Outgoing, Receipt, Suggestion
from tests.house import House, an_inbound

Make = Callable[..., House]


@dataclass
class Heard(Meter):
    """Writes down what it hears."""

    lines: list[str] = field(default_factory=list)
    took: list[float] = field(default_factory=list)

    def kept(self, group: Sequence[Inbound], receipts: Sequence[Receipt], took: float) -> None:
        self.lines.append(f"kept {[one.channel for one in group]} {[one.message_id for one in receipts]}")
        self.took.append(took)

    def not_kept(self, count: int) -> None:
        self.lines.append(f"not kept {count}")

    def judged(
        self, message_ids: Sequence[int], suggestions: Sequence[Suggestion | None], took: float
    ) -> None:
        self.lines.append(f"judged {list(message_ids)} {[one.model if one else '' for one in suggestions]}")
        self.took.append(took)

    def given(self, message_ids: Collection[int], took: float) -> None:
        self.lines.append(f"given {list(message_ids)}")
        self.took.append(took)

    def tried(self, letter: Outgoing, outcome: str, took: float) -> None:
        self.lines.append(f"tried {letter.purpose} {outcome}")
        self.took.append(took)


def listen(house: House) -> Heard:
    heard = Heard()
    house.intake.meter = house.judge_.meter = house.delivery.meter = Several(heard, Meter())
    return heard


async def test_each_step_of_a_message_is_told_once_and_in_order(house: House) -> None:
    heard = listen(house)

    await house.hear(an_inbound())

    assert heard.lines == [
        "kept ['smtp'] [1]",
        "judged [1] ['prov-1']",
        "given [1]",
        "tried kvitto sent",
        "tried nytt_ärende sent",
    ]
    assert len(heard.took) == 5
    assert min(heard.took) > 0


async def test_a_message_without_a_proposal_is_told_of_as_such(make_house: Make) -> None:
    house = make_house(silent=True)
    heard = listen(house)

    await house.hear(an_inbound())

    assert heard.lines[1:3] == ["judged [1] ['']", "given [1]"]


async def test_each_way_in_which_a_letter_does_not_leave_has_its_word(house: House) -> None:
    heard = listen(house)
    await house.receive(an_inbound())
    house.judge()

    for failure in (
        TemporaryFailure("ingen kontakt"),
        TemporaryFailure("inget svar", in_doubt=True),
    ):
        house.memory.down = failure
        await house.delivery.once()
        house.clock.forward(hours=2)
    house.memory.down = PermanentFailure("finns inte")
    await house.receive(an_inbound(text="En annan sak: lampan är släckt.", subject="Lampan"))
    house.judge()
    await house.delivery.once()

    outcomes = {line.rpartition(" ")[2] for line in heard.lines if line.startswith("tried")}
    assert outcomes == {"again", "doubt", "failed"}


async def test_what_could_not_be_kept_is_told_of(house: House) -> None:
    heard = listen(house)
    with house.store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE messages RENAME TO borta")

    with pytest.raises(NotKeptError):
        await house.receive(an_inbound())
    with house.store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE borta RENAME TO messages")

    assert heard.lines == ["not kept 1"]
