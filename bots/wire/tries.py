"""How often something has failed to come, such as a file, so that nobody waits for it for ever."""

from dataclasses import dataclass, field

_MOST_REMEMBERED = 1000


@dataclass(kw_only=True)
class Tries:
    """Counts failures by a name of the caller's. The oldest names are forgotten when there are too many."""

    most: int = 3
    _failed: dict[str, int] = field(default_factory=dict)

    def is_worth_another(self, name: str) -> bool:
        """Count one more failure; tell whether it may be tried again."""
        failed = self._failed.pop(name, 0) + 1
        self._failed[name] = failed
        while len(self._failed) > _MOST_REMEMBERED:
            del self._failed[next(iter(self._failed))]
        return failed < self.most

    def forget(self, name: str) -> None:
        """Forget the failures: it came, or is waited for no longer."""
        self._failed.pop(name, None)
