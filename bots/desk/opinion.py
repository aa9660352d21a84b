"""Asks the classifier, and does without when no answer comes in time."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Protocol

from store.domain import Factor, Guess, Kind, Lane, Suggestion

log = logging.getLogger(__name__)

# Seconds of the full model's work that may wait before the small one takes over: half of the minute in which
# an acknowledgement is to be there. The other half is for what comes after.
_MAY_WAIT = 30.0
_FEWEST_TIMED = 4  # a single text says little of how long many take
_NEWEST = 0.3  # the weight of the latest measurement
_LANGUAGE_LENGTH, _NAME_LENGTH = 8, 100  # as wide as the columns: PostgreSQL refuses the whole case for more


class Suggester(Protocol):
    """Something that has an opinion on texts: the classifier, or a stand-in."""

    def suggest_many(self, texts: Sequence[str]) -> list[Suggestion]:
        """Suggest for each text, in order."""


@dataclass(kw_only=True)
class Opinion:
    """Asks in a thread of its own. While the model is stuck or broken, cases go on without a suggestion.

    `quick` is a second, faster model. It is asked instead in a storm, and when the first one fails; what it
    says then is `hasty`. It is a storm when more messages wait than the first one judges in half a minute,
    and at least `storm` of them: so many are one until it is known how fast the first one is.
    """

    suggester: Suggester | None
    patience: float = 5.0
    quick: Suggester | None = None
    storm: int = 32
    timer: Callable[[], float] = time.monotonic
    _stuck: Future[list[Suggestion]] | None = None
    _silent: bool = False
    _per_second: float = 0.0  # texts that the first model reads, as far as is known

    def of(self, texts: Sequence[str], *, waiting: int = 0) -> list[Suggestion | None]:
        """Return a suggestion, or None, for each text, within `patience` seconds.

        `waiting` is how many messages wait altogether, these included; none need be said for a few.
        """
        if self.suggester is None or not texts:
            return [None] * len(texts)
        if self.quick is not None and max(waiting, len(texts)) >= self.most_in_calm:
            return self._quickly(texts)
        return self._fully(texts, otherwise=self._quickly)

    def again(self, texts: Sequence[str]) -> list[Suggestion | None]:
        """Ask the first model alone, for texts that the small one has judged in haste."""
        if self.suggester is None or not texts:
            return [None] * len(texts)
        return self._fully(texts, otherwise=_nobody)

    @property
    def most_in_calm(self) -> int:
        """Return how many waiting messages are a storm."""
        return max(self.storm, int(self._per_second * _MAY_WAIT))

    @property
    def most_at_once(self) -> int:
        """Return how many texts the first model reads in half of our patience, as far as is known."""
        return max(1, int(self._per_second * self.patience / 2)) if self._per_second else _FEWEST_TIMED

    @property
    def is_stuck(self) -> bool:
        """Tell whether the first model has been asked and has not answered yet."""
        return self._stuck is not None and not self._stuck.done()

    def _fully(self, texts: Sequence[str], *, otherwise: "_Otherwise") -> list[Suggestion | None]:
        if self.suggester is None or self.is_stuck:
            return otherwise(texts)
        self._stuck = None
        future: Future[list[Suggestion]] = Future()
        began = self.timer()
        # A daemon, since a model that never answers must not keep the program from ending.
        threading.Thread(
            target=_ask, args=(self.suggester, list(texts), future), name="classifier", daemon=True
        ).start()
        try:
            suggestions = _checked(future.result(timeout=self.patience), len(texts))
        except TimeoutError:
            self._stuck = future
            self._note_silence("no answer in time")
            self._note_pace(len(texts), self.timer() - began)  # it is no quicker than that
        except Exception as error:  # noqa: BLE001 - any fault of a model is a missing suggestion
            self._note_silence(type(error).__name__)
            # One text that breaks the model must not cost the others their suggestion.
            if len(texts) > 1:
                return [self._fully([text], otherwise=otherwise)[0] for text in texts]
        else:
            self._note_answer()
            self._note_pace(len(texts), self.timer() - began)
            return suggestions
        return otherwise(texts)

    def _quickly(self, texts: Sequence[str]) -> list[Suggestion | None]:
        """Ask the small model, which takes milliseconds; without one, nobody."""
        if self.quick is None:
            return _nobody(texts)
        try:
            found = _checked(self.quick.suggest_many(list(texts)), len(texts))
        except Exception as error:  # noqa: BLE001 - any fault of a model is a missing suggestion
            self._note_silence(type(error).__name__)
            return _nobody(texts)
        is_hasty = self.quick is not self.suggester
        return [one and replace(one, hasty=is_hasty) for one in found]

    def _note_pace(self, count: int, seconds: float) -> None:
        if count < _FEWEST_TIMED or seconds <= 0:
            return
        pace = count / seconds
        known = self._per_second or pace
        self._per_second = known + _NEWEST * (pace - known)

    @property
    def is_second_choice(self) -> bool:
        """Tell whether the model that was asked for is missing, so that the small one or nobody answers."""
        return self.suggester is None or self.suggester is self.quick

    def close(self) -> None:
        """Ask no more; a stuck model is left behind."""
        self.suggester = self.quick = None

    def _note_silence(self, because: str) -> None:
        if not self._silent:
            log.warning("classifier silent: because=%s", because)
        self._silent = True

    def _note_answer(self) -> None:
        if self._silent:
            log.info("classifier answers again")
        self._silent = False


_Otherwise = Callable[[Sequence[str]], list[Suggestion | None]]


def _nobody(texts: Sequence[str]) -> list[Suggestion | None]:
    return [None] * len(texts)


def _ask(suggester: Suggester, texts: list[str], future: Future[list[Suggestion]]) -> None:
    try:
        future.set_result(suggester.suggest_many(texts))
    except BaseException as error:  # noqa: BLE001 - handed over to the thread that waits
        future.set_exception(error)


def _checked(suggestions: Sequence[Suggestion], wanted: int) -> list[Suggestion | None]:
    """Refuse what no case could be opened with; what a model says is never trusted to make sense."""
    if len(suggestions) != wanted:
        raise ValueError("not one suggestion for each text")
    for suggestion in suggestions:
        Kind(suggestion.kind.value)
        Factor(suggestion.factor.value)
        for lane in suggestion.lanes:
            Lane(lane)
        guesses = [suggestion.kind, suggestion.factor, *([suggestion.area] if suggestion.area else [])]
        names = [suggestion.model, *([suggestion.area.value] if suggestion.area else [])]
        if (
            not all(_is_share(guess) for guess in guesses)
            or len(suggestion.language) > _LANGUAGE_LENGTH
            or any(len(name) > _NAME_LENGTH for name in names)
        ):
            raise ValueError("a suggestion that makes no sense")
    return list(suggestions)


def _is_share(guess: Guess) -> bool:
    return 0.0 <= guess.confidence <= 1.0
