"""Asks the classifier, and does without when no answer comes in time."""

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from store.domain import Factor, Guess, Kind, Lane, Suggestion

log = logging.getLogger(__name__)

_LANGUAGE_LENGTH, _NAME_LENGTH = 8, 100  # as wide as the columns: PostgreSQL refuses the whole case for more


class Suggester(Protocol):
    """Something that has an opinion on texts: the classifier, or a stand-in."""

    def suggest_many(self, texts: Sequence[str]) -> list[Suggestion]:
        """Suggest for each text, in order."""


@dataclass(kw_only=True)
class Opinion:
    """Asks in a thread of its own. While the model is stuck or broken, cases go on without a suggestion.

    `quick` is a second, faster model, asked instead when `storm` texts or more wait, and when the first one
    fails.
    """

    suggester: Suggester | None
    patience: float = 5.0
    quick: Suggester | None = None
    storm: int = 32
    _stuck: Future[list[Suggestion]] | None = None
    _silent: bool = False

    def of(self, texts: Sequence[str]) -> list[Suggestion | None]:
        """Return a suggestion, or None, for each text, within `patience` seconds."""
        if self.suggester is None or not texts:
            return [None] * len(texts)
        if self.quick is not None and len(texts) >= self.storm:
            return self._quickly(texts)
        if self._stuck is not None and not self._stuck.done():
            return self._quickly(texts)
        self._stuck = None
        future: Future[list[Suggestion]] = Future()
        # A daemon, since a model that never answers must not keep the program from ending.
        threading.Thread(
            target=_ask, args=(self.suggester, list(texts), future), name="classifier", daemon=True
        ).start()
        try:
            suggestions = _checked(future.result(timeout=self.patience), len(texts))
        except TimeoutError:
            self._stuck = future
            self._note_silence("no answer in time")
        except Exception as error:  # noqa: BLE001 - any fault of a model is a missing suggestion
            self._note_silence(type(error).__name__)
            # One text that breaks the model must not cost the others their suggestion.
            if len(texts) > 1:
                return [self.of([text])[0] for text in texts]
        else:
            self._note_answer()
            return suggestions
        return self._quickly(texts)

    def _quickly(self, texts: Sequence[str]) -> list[Suggestion | None]:
        """Ask the small model, which takes milliseconds; without one, nobody."""
        if self.quick is None:
            return [None] * len(texts)
        try:
            return _checked(self.quick.suggest_many(list(texts)), len(texts))
        except Exception as error:  # noqa: BLE001 - any fault of a model is a missing suggestion
            self._note_silence(type(error).__name__)
            return [None] * len(texts)

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
