"""Asks the classifier, and does without when no answer comes in time."""

import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from store.domain import Suggestion

log = logging.getLogger(__name__)


class Suggester(Protocol):
    """Something that has an opinion on texts: the classifier, or a stand-in."""

    def suggest_many(self, texts: Sequence[str]) -> list[Suggestion]:
        """Suggest for each text, in order."""


@dataclass(kw_only=True)
class Opinion:
    """One thread for the model. While it is stuck or broken, cases go on without a suggestion."""

    suggester: Suggester | None
    patience: float = 5.0
    _thread: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="classifier")
    )
    _stuck: Future[list[Suggestion]] | None = None
    _silent: bool = False

    def of(self, texts: Sequence[str]) -> list[Suggestion | None]:
        """Return a suggestion, or None, for each text, within `patience` seconds."""
        if self.suggester is None or not texts:
            return [None] * len(texts)
        if self._stuck is not None and not self._stuck.done():
            return [None] * len(texts)
        self._stuck = None
        future = self._thread.submit(self.suggester.suggest_many, list(texts))
        try:
            suggestions = future.result(timeout=self.patience)
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
            return list(suggestions)
        return [None] * len(texts)

    def close(self) -> None:
        """Let the thread go; a stuck model is left behind."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _note_silence(self, because: str) -> None:
        if not self._silent:
            log.warning("classifier silent: because=%s", because)
        self._silent = True

    def _note_answer(self) -> None:
        if self._silent:
            log.info("classifier answers again")
        self._silent = False
