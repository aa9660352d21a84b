"""A classifier that fails, hangs or raves costs a suggestion and nothing else."""

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest

from bots.desk.opinion import Opinion
from store.domain import Guess, Suggestion
from tests.house import House, Scripted, a_suggestion, an_inbound

Make = Callable[..., House]
GOOD = a_suggestion()


@dataclass
class Stuck:
    """A model that does not answer until it is let go."""

    gate: threading.Event = field(default_factory=threading.Event)
    calls: int = 0

    def suggest_many(self, texts: Sequence[str]) -> list[Suggestion]:
        self.calls += 1
        self.gate.wait(30)
        return [GOOD] * len(texts)


@dataclass
class Raving:
    """A model that answers with whatever it was given."""

    answer: object

    def suggest_many(self, texts: Sequence[str]) -> list[Suggestion]:  # noqa: ARG002 - it does not read
        return self.answer  # type: ignore[return-value]  # nonsense on purpose


def test_each_text_gets_its_suggestion_in_order() -> None:
    two = a_suggestion(language="fi")
    opinion = Opinion(suggester=Scripted(GOOD, {"två": two}))

    assert opinion.of(["ett", "två", "tre"]) == [GOOD, two, GOOD]


SMALL = replace(GOOD, model="fast+1")
IN_HASTE = replace(SMALL, hasty=True)


def test_in_a_storm_the_small_model_is_asked_instead() -> None:
    opinion = Opinion(suggester=Scripted(GOOD), quick=Scripted(SMALL), storm=3)

    assert opinion.of(["ett", "två"]) == [GOOD, GOOD]
    assert opinion.of(["ett", "två", "tre"]) == [IN_HASTE, IN_HASTE, IN_HASTE]
    assert opinion.of(["ett"], waiting=3) == [IN_HASTE]


def test_a_storm_is_more_than_the_large_model_reads_in_half_a_minute() -> None:
    moments = iter([0.0, 2.0])  # eight texts in two seconds
    opinion = Opinion(
        suggester=Scripted(GOOD), quick=Scripted(SMALL), storm=32, timer=lambda: next(moments, 9.0)
    )

    before = opinion.most_in_calm
    opinion.of(["text"] * 8)

    assert before == 32
    assert opinion.most_in_calm == 120
    assert opinion.of(["ett"], waiting=119) == [GOOD]
    assert opinion.of(["ett"], waiting=120) == [IN_HASTE]


def test_a_model_that_hangs_is_taken_for_no_quicker_than_our_patience() -> None:
    stuck, moments = Stuck(), iter([0.0, 5.0])
    opinion = Opinion(suggester=stuck, quick=Scripted(SMALL), patience=0.05, timer=lambda: next(moments, 9.0))

    before = opinion.most_at_once
    opinion.of(["text"] * 20)
    opinion.patience = 5.0
    after = opinion.most_at_once
    stuck.gate.set()

    assert before == 4
    assert after == 10


def test_the_second_look_is_of_the_large_model_or_of_nobody() -> None:
    small = Scripted(SMALL)
    opinion = Opinion(suggester=Scripted(GOOD, {"gift": RuntimeError("no")}), quick=small, storm=1)

    assert opinion.again(["ett", "gift"]) == [GOOD, None]
    assert small.asked == []


def test_what_the_small_model_says_is_not_hasty_where_it_is_the_only_one() -> None:
    small = Scripted(SMALL)

    assert Opinion(suggester=small, quick=small, storm=1).of(["ett"]) == [SMALL]


def test_where_the_large_model_fails_or_hangs_the_small_one_answers() -> None:
    stuck = Stuck()
    broken = Opinion(suggester=Scripted(GOOD, {"": RuntimeError("no")}), quick=Scripted(SMALL))
    hanging = Opinion(suggester=stuck, quick=Scripted(SMALL), patience=0.05)

    assert broken.of(["ett"]) == [IN_HASTE]
    assert hanging.of(["ett"]) == [IN_HASTE]
    assert hanging.of(["två"]) == [IN_HASTE]  # the first call still hangs, and is not asked again
    assert stuck.calls == 1
    stuck.gate.set()


def test_where_both_models_fail_there_is_no_suggestion() -> None:
    broken = Scripted(GOOD, {"": RuntimeError("no")})

    assert Opinion(suggester=broken, quick=broken).of(["ett"]) == [None]


def test_without_model_or_text_nobody_is_asked() -> None:
    scripted = Scripted(GOOD)

    assert Opinion(suggester=None).of(["ett"]) == [None]
    assert Opinion(suggester=scripted).of([]) == []
    assert scripted.asked == []


def test_one_text_that_breaks_the_model_does_not_cost_the_others(caplog: pytest.LogCaptureFixture) -> None:
    opinion = Opinion(suggester=Scripted(GOOD, {"gift": RuntimeError("Sven Svensson")}))

    with caplog.at_level(logging.INFO):
        found = opinion.of(["ett", "gift", "tre"])

    assert found == [GOOD, None, GOOD]
    assert "Sven" not in caplog.text


def test_a_silent_model_is_told_of_once_and_again_when_it_answers(caplog: pytest.LogCaptureFixture) -> None:
    scripted = Scripted(GOOD, {"": RuntimeError("no")})
    opinion = Opinion(suggester=scripted)

    with caplog.at_level(logging.INFO):
        silent = [opinion.of(["ett"]) for _ in range(3)]
        scripted.said.clear()
        answered = opinion.of(["ett"])

    assert silent == [[None]] * 3
    assert answered == [GOOD]
    assert [record.getMessage() for record in caplog.records] == [
        "classifier silent: because=RuntimeError",
        "classifier answers again",
    ]


def test_a_stuck_model_is_waited_for_once_and_used_again_when_it_comes_back() -> None:
    stuck = Stuck()
    opinion = Opinion(suggester=stuck, patience=0.05)

    first, second = opinion.of(["ett"]), opinion.of(["två"])
    calls = stuck.calls
    stuck.gate.set()
    opinion.patience = 10.0
    assert opinion._stuck is not None
    opinion._stuck.result(10)
    third = opinion.of(["tre"])

    assert (first, second, third) == ([None], [None], [GOOD])
    assert calls == 1


def test_a_model_that_never_answers_does_not_keep_the_program_from_ending() -> None:
    program = (
        "import threading\n"
        "from bots.desk.opinion import Opinion\n"
        "class Stuck:\n"
        "    def suggest_many(self, texts):\n"
        "        threading.Event().wait()\n"
        "opinion = Opinion(suggester=Stuck(), patience=0.05)\n"
        "print(opinion.of(['ett']))\n"
        "opinion.close()\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )

    assert ended.stdout == "[None]\n"


NONSENSE: dict[str, object] = {
    "too few": [],
    "too many": [GOOD, GOOD],
    "nothing": None,
    "no suggestion": ["klagomål"],
    "no such type": [replace(GOOD, kind=Guess(value="gnäll", confidence=0.9, sure=True))],
    "no such factor": [replace(GOOD, factor=Guess(value="Väder", confidence=0.9, sure=True))],
    "no such lane": [replace(GOOD, lanes=("okänd",))],  # type: ignore[arg-type]  # nonsense on purpose
    "more than certain": [replace(GOOD, kind=Guess(value="beröm", confidence=1.5, sure=True))],
    "not a number": [replace(GOOD, factor=Guess(value="Mat", confidence=float("nan"), sure=True))],
    "a long language": [replace(GOOD, language="swedish (Sweden)")],
    "a long model": [replace(GOOD, model="m" * 101)],
    "a long area": [replace(GOOD, area=Guess(value="o" * 101, confidence=0.9, sure=True))],
}


@pytest.mark.parametrize("answer", NONSENSE.values(), ids=NONSENSE.keys())
async def test_a_raving_model_costs_the_suggestion_but_not_the_case(make_house: Make, answer: object) -> None:
    house = make_house(suggester=Raving(answer))

    await house.hear(an_inbound())

    assert house.case()["handler"] == "anna"
    assert house.table("suggestions") == []
    assert len(house.acknowledgements()) == 1


async def test_a_hanging_model_costs_the_suggestion_but_not_the_case(make_house: Make) -> None:
    stuck = Stuck()
    house = make_house(suggester=stuck, patience=0.05)

    await house.hear(an_inbound())
    stuck.gate.set()

    assert len(house.acknowledgements()) == 1
    assert house.table("suggestions") == []


async def test_a_failing_model_costs_the_suggestion_but_not_the_case(make_house: Make) -> None:
    house = make_house(suggester=Scripted(GOOD, {"": RuntimeError("no")}))

    await house.hear(an_inbound(), an_inbound(subject="Gunga två"))

    assert len(house.cases()) == 2
    assert len(house.acknowledgements()) == 2
    assert house.table("suggestions") == []
