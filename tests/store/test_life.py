"""The table of C1 under any sequence of acts: no guard is broken, and what is illegal changes nothing."""

from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from store import life
from store.domain import Act, Outcome, Status
from store.life import CLOSE_GUARDS, TABLE, CaseFacts, IllegalActError, Rules, allowed

ALL_ROLES = frozenset(
    {
        life.SYSTEM,
        life.SENDER,
        life.STAFF,
        life.HANDLER,
        life.MANAGER,
        life.TRIAGE,
        life.REGISTRATOR,
        life.ARCHIVIST,
    }
)
STRICT = Rules(
    require_service_note=True,
    manager_approves_no_action=True,
    further_contact_required=True,
    clock_covers="closed",
)
LAX = Rules(manager_approves_no_action=False)
EXPLANATION = "Gungan ägs av bostadsrättsföreningen."
READY = CaseFacts(
    status=Status.ANSWERED,
    has_handler=True,
    kind_confirmed=True,
    factor_confirmed=True,
    is_answered=True,
    is_delivered=True,
    outcome=Outcome.DONE,
    has_contact=True,
    service_note="Gungan är lagad.",
)
ANYTHING: dict[str, st.SearchStrategy[Any]] = {
    "has_handler": st.booleans(),
    "kind_confirmed": st.booleans(),
    "factor_confirmed": st.booleans(),
    "is_anonymous": st.booleans(),
    "is_answered": st.booleans(),
    "is_answer_on_its_way": st.booleans(),
    "is_delivered": st.booleans(),
    "outcome": st.sampled_from([None, *Outcome]),
    "measure": st.sampled_from(["", " ", "Lagat"]),
    "explanation": st.sampled_from(["", "För dyrt", EXPLANATION]),
    "approved_by": st.sampled_from(["", "petra"]),
    "act_on": st.sampled_from([None, date(2027, 3, 1)]),
    "has_contact": st.booleans(),
    "statement_asked": st.booleans(),
    "statement_received": st.booleans(),
    "service_note": st.sampled_from(["", "\n", "Gungan är lagad."]),
    "is_serious": st.booleans(),
    "diary_number": st.sampled_from(["", "KS 2026/17"]),
    "handed_to": st.sampled_from(["", "Region Exempel"]),
    "original": st.sampled_from([None, 1]),
    "disposal_decision": st.sampled_from(["", "Beslut 7"]),
    "export_verified": st.booleans(),
    "unticked": st.sampled_from([(), ("lex_sarah",)]),
    "untold": st.sampled_from([(), ("SYN-2026-000002",)]),
}
FACTS = st.builds(CaseFacts, status=st.sampled_from(Status), **ANYTHING)
RULES = st.builds(
    Rules,
    require_service_note=st.booleans(),
    manager_approves_no_action=st.booleans(),
    further_contact_required=st.booleans(),
    close_by_triage=st.booleans(),
    clock_covers=st.sampled_from(["answered", "closed"]),
)


def missing_to_close(facts: CaseFacts, rules: Rules = STRICT) -> list[str]:
    try:
        allowed(facts, Act.CLOSE, roles={life.HANDLER}, rules=rules)
    except IllegalActError as error:
        return list(error.missing)
    return []


@given(FACTS, st.sampled_from(Act), st.frozensets(st.sampled_from(sorted(ALL_ROLES))), RULES)
def test_an_act_is_allowed_just_when_the_table_says_so(
    facts: CaseFacts, act: Act, roles: frozenset[str], rules: Rules
) -> None:
    rows = [step for step in TABLE if (step.source, step.act) == (facts.status, act)]
    legal = [
        step.target
        for step in rows
        if step.who & roles and all(guard.holds(facts, rules) for guard in step.guards)
    ]

    try:
        found = [allowed(facts, act, roles=roles, rules=rules).status]
    except IllegalActError as error:
        found = []
        assert all(words.endswith((".", "?")) for words in error.missing)
        assert error.missing

    assert found == legal


def test_no_act_leads_from_one_status_to_two() -> None:
    pairs = [(step.source, step.act) for step in TABLE]

    assert len(pairs) == len(set(pairs))


def test_every_status_can_be_reached_and_every_act_is_used() -> None:
    reached = {Status.RECEIVED}
    while more := {step.target for step in TABLE if step.source in reached} - reached:
        reached |= more

    assert reached == set(Status)
    assert {step.act for step in TABLE} == set(Act)


def test_only_what_is_disposed_of_leads_nowhere() -> None:
    assert set(Status) - {step.source for step in TABLE} == {Status.DISPOSED}


def test_the_machine_neither_answers_closes_hands_over_nor_disposes() -> None:
    by_machine = {step.act for step in TABLE if life.SYSTEM in step.who}

    assert by_machine == {
        Act.QUARANTINE,
        Act.SORT,
        Act.ASSIGN,
        Act.DELIVER,
        Act.RESUME,
        Act.BOUNCE,
    }


def test_a_case_with_all_that_is_required_can_be_closed() -> None:
    found = allowed(READY, Act.CLOSE, roles={life.HANDLER}, rules=STRICT)

    assert found.status is Status.CLOSED


NO_ACTION: dict[str, Any] = {"outcome": Outcome.NO_ACTION, "explanation": EXPLANATION, "approved_by": "petra"}


@pytest.mark.parametrize(
    ("row", "changed", "guard"),
    [
        ("C1 type", {"kind_confirmed": False}, life.CONFIRMED),
        ("C1 factor", {"factor_confirmed": False}, life.CONFIRMED),
        ("T9 no answer", {"is_answered": False}, life.ANSWERED),
        ("T9 not delivered", {"is_delivered": False}, life.ANSWERED),
        ("T9 measure is not enough", {"is_delivered": False, "measure": "Lagat"}, life.ANSWERED),
        ("L7 anonymous", {"is_delivered": False, "is_anonymous": True}, life.ANSWERED),
        ("C1 outcome", {"outcome": None}, life.OUTCOME),
        ("C1 date", {"outcome": Outcome.LATER}, life.DATED),
        ("N12 explanation", {**NO_ACTION, "explanation": "För dyrt"}, life.EXPLAINED),
        ("N12 blank explanation", {**NO_ACTION, "explanation": " " * 30}, life.EXPLAINED),
        ("N12 approval", {**NO_ACTION, "approved_by": ""}, life.APPROVED),
        ("N20 statement", {"statement_asked": True}, life.STATEMENT),
        ("K11 note", {"service_note": " "}, life.SERVICE_NOTE),
        ("K13 diary", {"is_serious": True}, life.IN_DIARY),
        ("N4 contact", {"has_contact": False}, life.CONTACT),
        ("N19 checklist", {"unticked": ("lex_sarah",)}, life.CHECKLIST),
        ("C1 both senders", {"untold": ("SYN-2026-000002",)}, life.ALL_TOLD),
    ],
)
def test_a_case_that_lacks_one_thing_is_not_closed_and_the_remedy_is_named(
    row: str, changed: dict[str, Any], guard: life.Guard
) -> None:
    assert missing_to_close(READY) == []
    assert missing_to_close(replace(READY, **changed)) == [guard.remedy], row


@pytest.mark.parametrize(
    ("row", "changed"),
    [
        ("L7 anonymous", {"is_delivered": False, "is_anonymous": True, "measure": "Lagat"}),
        ("N4 nobody to tell", {"is_anonymous": True, "has_contact": False, "is_delivered": True}),
        ("C1 date", {"outcome": Outcome.LATER, "act_on": date(2027, 3, 1)}),
        ("N12", NO_ACTION),
        ("N20", {"statement_asked": True, "statement_received": True}),
        ("K13", {"is_serious": True, "diary_number": "KS 2026/17"}),
    ],
)
def test_a_case_that_has_what_its_kind_demands_is_closed(row: str, changed: dict[str, Any]) -> None:
    assert missing_to_close(replace(READY, **changed)) == [], row


def test_what_a_policy_does_not_demand_is_not_asked_for() -> None:
    bare = replace(READY, service_note="", has_contact=False, **{**NO_ACTION, "approved_by": ""})

    assert len(missing_to_close(bare)) == 3
    assert missing_to_close(bare, LAX) == []


def test_k12_only_medborgarcenter_closes_where_the_policy_says_so() -> None:
    rules = replace(STRICT, close_by_triage=True)
    returned = replace(READY, status=Status.RETURNED)

    with pytest.raises(IllegalActError, match="Lämna ärendet åter"):
        allowed(READY, Act.CLOSE, roles={life.HANDLER}, rules=rules)
    with pytest.raises(IllegalActError, match="Det görs av medborgarcenter eller registrator"):
        allowed(returned, Act.CLOSE, roles={life.HANDLER}, rules=rules)
    assert allowed(returned, Act.CLOSE, roles={life.TRIAGE}, rules=rules).status is Status.CLOSED


def test_an_illegal_act_says_where_the_case_stands_and_where_it_should() -> None:
    with pytest.raises(IllegalActError) as told:
        allowed(replace(READY, status=Status.ASSIGNED), Act.CLOSE, roles=ALL_ROLES, rules=STRICT)

    assert str(told.value) == (
        "Det går inte att avsluta. Ärendet är tilldelad, och ska då vara besvarad eller åter."
    )


def test_every_remedy_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(IllegalActError) as told:
        allowed(CaseFacts(status=Status.ANSWERED), Act.CLOSE, roles=ALL_ROLES, rules=STRICT)

    assert [guard.remedy for guard in (life.CONFIRMED, life.ANSWERED, life.OUTCOME)] == list(
        told.value.missing[:3]
    )


class Life(RuleBasedStateMachine):
    """Somebody who tries every act, by any role, while the facts change as they do in the store."""

    def __init__(self) -> None:
        super().__init__()
        self.policy = STRICT
        self.case = CaseFacts(status=Status.RECEIVED)

    @rule(rules=RULES)
    @precondition(lambda self: self.case.status is Status.RECEIVED)
    def choose_policy(self, rules: Rules) -> None:
        self.policy = rules

    # Once a case is closed its facts change only by an act: what makes it closed may not be taken away.
    @rule(
        name=st.sampled_from(sorted(set(ANYTHING) - {"is_answer_on_its_way", "original"})), values=st.data()
    )
    @precondition(lambda self: self.case.status not in {Status.CLOSED, Status.ARCHIVED, Status.DISPOSED})
    def learn(self, name: str, values: st.DataObject) -> None:
        self.case = replace(self.case, **{name: values.draw(ANYTHING[name])})

    @rule(act=st.sampled_from(Act), roles=st.frozensets(st.sampled_from(sorted(ALL_ROLES)), min_size=1))
    def try_anything(self, act: Act, roles: frozenset[str]) -> None:
        self._do(act, roles)

    @rule(choice=st.data())
    def try_what_the_table_offers(self, choice: st.DataObject) -> None:
        offered = [step.act for step in TABLE if step.source is self.case.status]
        if offered:
            self._do(choice.draw(st.sampled_from(offered)), ALL_ROLES)

    @rule()
    @precondition(lambda self: self.case.status is Status.IN_PROGRESS)
    def answer_and_close(self) -> None:
        ready = {field.name: getattr(READY, field.name) for field in fields(READY)} | {"status": None}
        told = {name: value for name, value in ready.items() if value}
        self.case = replace(
            self.case, **told, is_serious=False, statement_asked=False, unticked=(), untold=()
        )
        for act in (Act.DELIVER, Act.RETURN, Act.CLOSE):
            self._do(act, ALL_ROLES)

    def _do(self, act: Act, roles: frozenset[str]) -> None:
        before = self.case
        try:
            step = allowed(before, act, roles=roles, rules=self.policy)
        except IllegalActError:
            assert self.case is before
            return
        self.case = replace(before, status=step.status)
        if act is Act.CLOSE:
            assert all(guard.holds(before, self.policy) for guard in CLOSE_GUARDS)
        if act in {Act.BOUNCE, Act.REOPEN}:
            self.case = replace(self.case, is_delivered=False)

    @invariant()
    def closed_means_that_every_guard_holds(self) -> None:
        if self.case.status is Status.CLOSED:
            assert [g.name for g in CLOSE_GUARDS if not g.holds(self.case, self.policy)] == []


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
