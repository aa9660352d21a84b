"""Which cases each column of a report counts, so that a reader gets from a figure to them.

The sums themselves are made in `store.figures.tally`; a test holds both together.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from store.domain import Factor, Kind, Outcome
from store.figures.facts import Fact, Owed
from store.figures.tally import is_late

Holds = Callable[[Fact, date], bool]


def cases_of(column: str, facts: Iterable[Fact], *, today: date) -> list[Fact]:
    """Return those of the counted facts that a column counts; raise `KeyError` for one that counts no cases.

    Of a share these are the cases that make it large (kept in time, acted on), of a time those that were
    answered.
    """
    holds = COLUMNS[column]
    return [fact for fact in facts if holds(fact, today)]


def _all(_fact: Fact, _today: date) -> bool:
    return True


def _is_kept(owed: Owed | None, today: date) -> bool:
    return owed is not None and owed.outcome(today) is True


def _is_missed(owed: Owed | None, today: date) -> bool:
    return owed is not None and owed.outcome(today) is False


def _is_of(kind: Kind) -> Holds:
    return lambda fact, _today: fact.kind is kind


def _is_about(factor: Factor) -> Holds:
    return lambda fact, _today: fact.factor is factor


def _is_acted_on(fact: Fact, _today: date) -> bool:
    return fact.outcome in {Outcome.DONE, Outcome.LATER}


def _is_answered(fact: Fact, _today: date) -> bool:
    return fact.answered_on is not None


def _improves(fact: Fact, _today: date) -> bool:
    return fact.has_improvement


def _is_first_feedback_kept(fact: Fact, today: date) -> bool:
    return _is_kept(fact.first_feedback, today)


def _is_answer_kept(fact: Fact, today: date) -> bool:
    return _is_kept(fact.answer, today)


COLUMNS: Mapping[str, Holds] = {
    "totalt": _all,
    "antal": _all,  # R10, with a `Proposal` in its cut
    **{str(kind): _is_of(kind) for kind in Kind},
    **{str(factor): _is_about(factor) for factor in Factor},
    "anonyma": lambda fact, _today: fact.is_anonymous,
    "preliminära": lambda fact, _today: fact.is_preliminary,
    "första_återkoppling_i_tid_%": _is_first_feedback_kept,
    "första_återkoppling_för_sent": lambda fact, today: _is_missed(fact.first_feedback, today),
    "svar_i_tid_%": _is_answer_kept,
    "i_tid_%": _is_answer_kept,
    "svar_för_sent": lambda fact, today: _is_missed(fact.answer, today),
    "median_svarstid_wd": _is_answered,
    "p90": _is_answered,
    "öppna": lambda fact, _today: fact.is_open,
    "försenade": is_late,
    "påminda": lambda fact, _today: fact.was_reminded,
    "eskalerade": lambda fact, _today: fact.was_escalated,
    "åtgärdade": _is_acted_on,
    "åtgärdade_%": _is_acted_on,
    "ingen_åtgärd_förklarad": lambda fact, _today: fact.outcome is Outcome.NO_ACTION,
    "uppföljda_%": lambda fact, _today: fact.is_followed_up,
    "förbättringsförslag": _improves,
    "genomförda_förbättringar": _improves,
    "viktigaste_åtgärder": _improves,
}
