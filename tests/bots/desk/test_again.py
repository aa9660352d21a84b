"""What the small model judged in a storm is judged again by the full one, before a handler hears of it."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from store import cases, inbox, journal
from store.domain import Entry, Factor, Inbound, Kind, Lane, Purpose, Status, Suggestion
from store.engine import Row
from tests.bots.desk.test_opinion import Stuck
from tests.house import ANNA, NOW, OMAR, PEOPLE, House, Scripted, a_suggestion, an_inbound, open_house
from tests.servers.sqlite import Shelf

Make = Callable[..., House]
FULL = replace(a_suggestion(Kind.COMPLAINT), model="full+1")
SMALL = replace(a_suggestion(Kind.PRAISE), model="fast+1")


def a_storm(make_house: Make, full: Suggestion = FULL, small: Suggestion = SMALL, **parts: object) -> House:
    """Open a house in which every message is one of a storm."""
    return make_house(suggester=Scripted(full), quick=Scripted(small), storm=1, **parts)


def look(house: House) -> int:
    """Let the storm be over."""
    assert house.judge_.again is not None
    return house.judge_.again.once(is_calm=True)


def notices(house: House) -> list[Row]:
    return house.outbox(purpose=Purpose.HANDLER_NOTICE)


def models(house: House) -> list[str]:
    return [row["model"] for row in house.table("suggestions")]


def confirm(house: House, kind: Kind) -> bool:
    version = house.case()["version"]
    return house.acts.confirm(1, kind=kind, factor=Factor.LIVING_ENVIRONMENT, by="anna", version=version)


async def test_in_a_storm_the_sender_is_thanked_at_once_and_the_handler_told_after_the_second_look(
    make_house: Make,
) -> None:
    house = a_storm(make_house)

    await house.hear(an_inbound())
    before = (len(house.acknowledgements()), len(notices(house)), models(house))
    looked = look(house)

    assert before == (1, 0, ["fast+1"])
    assert looked == 1
    assert models(house) == ["fast+1", "full+1"]
    (notice,) = notices(house)
    assert notice["handle"] == ANNA.email
    assert "klagomål" in notice["body"]
    assert "beröm" not in notice["body"]


async def test_both_proposals_stand_in_the_history_and_the_last_one_counts(make_house: Make) -> None:
    house = a_storm(make_house)

    await house.hear(an_inbound())
    look(house)

    with house.store.read() as transaction:
        (line,) = [one for one in journal.of_case(transaction, 1) if one["act"] == "bedömt igen"]
    assert line["details"] == {
        "modell": "full+1",
        "förut": "fast+1",
        "typ": "beröm → klagomål",
        "faktor": "Boendemiljö",
    }
    assert house.case()["suggested_kind"] == Kind.COMPLAINT


async def test_a_second_look_is_taken_once(make_house: Make) -> None:
    house = a_storm(make_house)

    await house.hear(an_inbound())
    first, second = look(house), look(house)

    assert (first, second) == (1, 0)
    assert house.table("second_looks") == []


async def test_without_a_storm_nothing_is_looked_at_again(make_house: Make) -> None:
    house = make_house(suggester=Scripted(FULL), quick=Scripted(SMALL), storm=32)

    await house.hear(an_inbound())

    assert models(house) == ["full+1"]
    assert len(notices(house)) == 1
    assert look(house) == 0


async def test_what_a_human_has_said_meanwhile_stands(make_house: Make) -> None:
    house = a_storm(make_house)
    await house.hear(an_inbound())

    confirm(house, Kind.PRAISE)
    look(house)

    assert models(house) == ["fast+1"]
    assert house.case()["kind"] == Kind.PRAISE
    assert "bedömt igen" not in house.journal(1)
    assert house.table("second_looks") == []


async def test_the_figures_count_the_proposal_that_the_human_looked_at(make_house: Make) -> None:
    house = a_storm(make_house)
    await house.hear(an_inbound())
    look(house)

    changed = confirm(house, Kind.COMPLAINT)

    assert not changed
    (said_of,) = house.table("confirmations")
    assert said_of["suggestion_id"] == house.table("suggestions")[-1]["id"]


async def test_whoever_looks_at_the_first_proposal_must_look_again_to_confirm_it(make_house: Make) -> None:
    house = a_storm(make_house)
    await house.hear(an_inbound())
    seen = house.case()["version"]

    look(house)

    assert house.case()["version"] > seen


async def test_whoever_opens_a_case_sees_what_the_full_model_says(make_house: Make) -> None:
    house = a_storm(make_house)
    await house.hear(an_inbound())

    assert house.acts.open_to(1)
    assert models(house) == ["fast+1", "full+1"]
    assert len(notices(house)) == 1
    assert not house.acts.open_to(1)


async def test_a_flag_that_the_small_model_missed_is_raised_at_once(make_house: Make) -> None:
    house = a_storm(make_house, full=replace(FULL, lanes=(Lane.THREAT,)))

    await house.hear(an_inbound())
    before = house.outbox(purpose=Purpose.ALARM)
    look(house)

    assert before == []
    assert Lane.THREAT in house.case()["lanes"]
    assert {row["handle"] for row in house.outbox(purpose=Purpose.ALARM)} == {"rita.lund@lillkommun.example"}
    assert "flaggat" in house.journal(1)


async def test_a_flag_of_the_small_model_is_not_taken_away(make_house: Make) -> None:
    house = a_storm(make_house, small=replace(SMALL, lanes=(Lane.THREAT,)))

    await house.hear(an_inbound())
    look(house)

    assert house.case()["lanes"] == [Lane.THREAT]
    assert house.case()["status"] == Status.SORTING


PARK = a_suggestion(area="park")
SCHOOL = replace(a_suggestion(area="skola"), model="full+1")


async def test_a_case_whose_sender_knows_its_handler_stays_where_it_is(make_house: Make) -> None:
    house = a_storm(make_house, full=SCHOOL, small=PARK)

    await house.hear(an_inbound(subject="Tack", text="Det var fint."))
    look(house)

    assert ANNA.name in house.acknowledgements()[0]["body"]
    assert (house.case()["unit"], house.case()["handler"]) == ("park", "anna")
    assert "annan väg föreslagen" in house.journal(1)


def from_nobody(text: str = "Det var fint.") -> Inbound:
    return Inbound(
        channel="web",
        account="form",
        received_at=NOW,
        raw=text.encode(),
        media_type="application/json",
        external_id=text,
        text=text,
    )


async def test_a_case_of_which_nobody_knows_goes_where_the_full_model_leads_it(make_house: Make) -> None:
    house = a_storm(make_house, full=SCHOOL, small=PARK)

    await house.hear(from_nobody())
    led = house.case()["handler"]
    look(house)

    assert led == "anna"
    assert (house.case()["unit"], house.case()["handler"]) == ("skola", "omar")
    assert "annan väg" in house.journal(1)
    assert [row["handle"] for row in notices(house)] == [OMAR.email]


async def test_a_case_that_somebody_has_read_is_led_nowhere_else(make_house: Make) -> None:
    house = a_storm(make_house, full=SCHOOL, small=PARK)
    await house.hear(from_nobody())

    with house.store.write() as transaction:
        journal.write(transaction, house.clock(), Entry(actor="anna", act=journal.READING, case_id=1))
    look(house)

    assert house.case()["handler"] == "anna"


async def test_praise_that_turns_out_to_be_a_complaint_is_kept_from_those_it_names(make_house: Make) -> None:
    house = a_storm(make_house)

    await house.hear(an_inbound(text=f"{ANNA.name} svarar aldrig när man ringer om gungan."))
    before = house.case()["barred"]
    look(house)

    assert before == []
    assert house.case()["barred"] == ["anna"]
    assert ANNA.email not in {row["handle"] for row in notices(house)}


async def test_a_handler_is_told_after_a_quarter_of_an_hour_without_the_full_model(make_house: Make) -> None:
    house = a_storm(make_house)
    house.opinion.suggester = Scripted(FULL, {"": RuntimeError("no")})
    await house.hear(an_inbound())

    looked = look(house)
    early = len(notices(house))
    house.clock.forward(minutes=16)
    assert house.judge_.again is not None
    house.judge_.again.once(is_calm=False)

    assert (looked, early) == (0, 0)
    assert len(notices(house)) == 1


async def test_a_text_that_the_full_model_never_answers_is_left_to_the_small_one(make_house: Make) -> None:
    house = a_storm(make_house)
    house.opinion.suggester = Scripted(FULL, {"": RuntimeError("no")})
    await house.hear(an_inbound())

    for _ in range(5):
        look(house)
        house.clock.forward(minutes=10)

    assert house.table("second_looks") == []
    assert models(house) == ["fast+1"]
    assert len(notices(house)) == 1


async def test_a_model_that_hangs_costs_no_text_its_second_look(make_house: Make) -> None:
    house = a_storm(make_house, patience=0.05)
    stuck = Stuck()
    house.opinion.suggester = stuck
    await house.hear(an_inbound())

    for _ in range(5):
        look(house)
        house.clock.forward(minutes=10)
    waits = len(house.table("second_looks"))
    stuck.gate.set()
    house.opinion.patience = 10.0
    assert house.opinion._stuck is not None
    house.opinion._stuck.result(10)
    look(house)

    assert waits == 1
    assert models(house) == ["fast+1", "prov-1"]
    assert len(notices(house)) == 1


async def test_a_case_that_was_given_to_another_meanwhile_is_told_of_once(make_house: Make) -> None:
    house = a_storm(make_house)
    await house.hear(an_inbound())

    house.acts.assign(1, handler="omar", by="rita", version=house.case()["version"], unit="skola")
    look(house)

    assert [row["handle"] for row in notices(house)] == [OMAR.email]


async def test_the_word_of_the_sender_outranks_the_second_look_too(make_house: Make) -> None:
    house = a_storm(make_house)
    await house.hear(an_inbound())
    with house.store.write() as transaction:
        cases.note(transaction, 1, chosen_kind=Kind.SUGGESTION)

    look(house)

    assert house.table("suggestions")[-1]["kind"] == Kind.SUGGESTION


async def test_a_later_message_of_a_storm_raises_the_flags_that_were_missed(make_house: Make) -> None:
    house = a_storm(make_house)
    await house.hear(an_inbound(message_id="<a1@example.org>"))
    look(house)
    threat = (
        "Nu har jag väntat i flera veckor på gungan, och jag vet var ni allihop bor någonstans, var så säkra."
    )

    house.opinion.suggester = Scripted(replace(FULL, lanes=(Lane.THREAT,)))
    to = house.acknowledgements()[0]["external_id"]
    await house.hear(an_inbound(text=threat, in_reply_to=to, references=[to]))
    before = house.case()["lanes"]
    look(house)

    assert before == []
    assert house.case()["lanes"] == [Lane.THREAT]


async def test_a_message_of_a_storm_is_looked_at_again_between_the_groups_when_it_is_over(
    make_house: Make,
) -> None:
    house = a_storm(make_house)
    await house.receive(an_inbound())

    counts = [house.judge_.round() for _ in range(3)]

    assert counts == [1, 1, 0]
    assert models(house) == ["fast+1", "full+1"]


KINDS = st.sampled_from([Kind.PRAISE, Kind.COMPLAINT])
AREAS = st.sampled_from(["park", "skola", ""])


class Storms(RuleBasedStateMachine):
    """Storms and calm days, a full model that comes and goes, and people who go on meanwhile."""

    def __init__(self, shelf: Shelf) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.loop = self.stack.enter_context(asyncio.Runner())
        self.full, self.small = Scripted(FULL), Scripted(SMALL)
        store = self.stack.enter_context(shelf.emptied())
        self.house = open_house(store, suggester=self.full, quick=self.small)
        self.confirmed: dict[int, list[str]] = {}
        self.assigned: set[int] = set()
        self.sent = 0

    def teardown(self) -> None:
        self.house.opinion.close()
        self.stack.close()

    @rule(storm=st.booleans(), kind=KINDS, area=AREAS, known=st.booleans())
    def somebody_writes(self, storm: bool, kind: Kind, area: str, known: bool) -> None:
        self.sent += 1
        self.house.opinion.storm = 1 if storm else 32
        self.small.otherwise = replace(a_suggestion(kind, area=area), model="fast+1")
        text = f"Det här är nummer {self.sent}."
        self.loop.run(self.house.hear(an_inbound(subject="Hej", text=text) if known else from_nobody(text)))

    @rule(kind=KINDS, area=AREAS)
    def the_full_model_thinks_otherwise(self, kind: Kind, area: str) -> None:
        self.full.otherwise = replace(a_suggestion(kind, area=area), model="full+1")

    @rule()
    def the_full_model_breaks(self) -> None:
        self.full.said[""] = RuntimeError("no")

    @rule()
    def the_full_model_is_back(self) -> None:
        self.full.said.clear()

    @rule(calm=st.booleans(), minutes=st.integers(0, 20))
    def time_goes(self, calm: bool, minutes: int) -> None:
        self.house.clock.forward(minutes=minutes)
        assert self.house.judge_.again is not None
        self.house.judge_.again.once(is_calm=calm)

    @precondition(lambda self: self.sent > 0)
    @rule(which=st.integers(0, 9), kind=KINDS)
    def somebody_confirms(self, which: int, kind: Kind) -> None:
        case = self._case(which)
        self.house.acts.confirm(
            case["id"], kind=kind, factor=Factor.OTHER, by="rita", version=case["version"]
        )
        self.confirmed[case["id"]] = self._models(case["id"])

    @precondition(lambda self: self.sent > 0)
    @rule(which=st.integers(0, 9))
    def somebody_opens(self, which: int) -> None:
        self.house.acts.open_to(self._case(which)["id"])

    @precondition(lambda self: self.sent > 0)
    @rule(which=st.integers(0, 9))
    def somebody_gives_it_to_another(self, which: int) -> None:
        case = self._case(which)
        if case["id"] in self.assigned:
            return
        self.house.acts.assign(case["id"], handler="omar", by="rita", version=case["version"], unit="skola")
        self.assigned.add(case["id"])

    @invariant()
    def each_case_is_looked_at_once_at_most(self) -> None:
        for case in self.house.cases():
            models = self._models(case["id"])
            assert models in (["full+1"], ["fast+1"], ["fast+1", "full+1"])
            assert case["suggested_kind"] == self._proposed(case["id"])

    @invariant()
    def what_a_human_has_confirmed_keeps_the_proposal_that_they_saw(self) -> None:
        for case_id, models in self.confirmed.items():
            assert self._models(case_id) == models

    @invariant()
    def every_handler_is_told_or_will_be(self) -> None:
        told = {row["case_id"] for row in notices(self.house)}
        waits = {row["case_id"] for row in self.house.table("second_looks") if row["untold"]}
        for case in self.house.cases():
            assert (case["id"] in told) or (case["id"] in waits)

    @invariant()
    def every_sender_is_thanked_once_and_no_name_that_they_were_told_has_changed(self) -> None:
        thanked = {row["case_id"]: row["body"] for row in self.house.acknowledgements()}
        names = {one.id: one.name for one in PEOPLE}
        for case in self.house.cases():
            if case["sender_handle"] and case["id"] not in self.assigned:
                assert names[case["handler"]] in thanked[case["id"]]

    def _case(self, which: int) -> Row:
        found = self.house.cases()
        return found[which % len(found)]

    def _models(self, case_id: int) -> list[str]:
        return [row["model"] for row in self.house.table("suggestions") if row["case_id"] == case_id]

    def _proposed(self, case_id: int) -> str:
        found = [row["kind"] for row in self.house.table("suggestions") if row["case_id"] == case_id]
        return str(found[-1])


def test_whatever_comes_in_whatever_order_each_case_is_told_of_and_no_word_is_taken_back(
    shelf: Shelf,
) -> None:
    class Here(Storms):
        def __init__(self) -> None:
            super().__init__(shelf)

    run_state_machine_as_test(Here, settings=settings(max_examples=12, stateful_step_count=14, deadline=None))


async def test_while_many_wait_nothing_is_looked_at_again_also_when_they_are_taken_one_by_one(
    make_house: Make,
) -> None:
    house = a_storm(make_house)
    house.opinion.storm = 2
    await house.receive(*(an_inbound(text=f"nummer {n}") for n in range(3)))
    with house.store.write() as transaction:  # who was in hand when the power went is taken alone
        inbox.claim(transaction, now=NOW, limit=3, max_bytes=2**20, lease=timedelta(minutes=1))
    house.clock.forward(minutes=2)

    counts = [house.judge_.round() for _ in range(4)]

    assert counts == [1, 1, 3, 0]
    assert models(house) == ["fast+1", "fast+1", "full+1", "full+1", "full+1"]
