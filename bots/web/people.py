"""People and units as they are at the moment of asking: what a settings page changes counts at once."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar, overload


class _Named(Protocol):
    @property
    def id(self) -> str: ...


Thing = TypeVar("Thing", bound=_Named)


class Live(Sequence[Thing]):
    """A list that is read anew each time that somebody looks into it."""

    def __init__(self, now: Callable[[], Iterable[Thing]]) -> None:
        self._now = now

    def __iter__(self) -> Iterator[Thing]:
        """Walk through the list as it is now, whatever happens to it meanwhile."""
        return iter(tuple(self._now()))

    @overload
    def __getitem__(self, index: int) -> Thing: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Thing]: ...
    def __getitem__(self, index: Any) -> Any:
        """Return one of them, or some."""
        return tuple(self._now())[index]

    def __len__(self) -> int:
        """Tell how many they are now."""
        return len(tuple(self._now()))


class ById(Mapping[str, Thing]):
    """The same by id. A few hundred at most, so they are walked through each time."""

    def __init__(self, things: Sequence[Thing], *, only: Callable[[Thing], bool] = lambda _one: True) -> None:
        self._things = things
        self._only = only

    def __getitem__(self, name: str) -> Thing:
        """Return the one with this id; raise `KeyError` if there is none."""
        for one in self._things:
            if one.id == name and self._only(one):
                return one
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        """Walk through the ids."""
        return (one.id for one in self._things if self._only(one))

    def __len__(self) -> int:
        """Tell how many they are now."""
        return sum(1 for _ in self)
