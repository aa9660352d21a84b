"""What only the running service knows of itself, and the page about it is given by `bots.app`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bots.channel import Outage


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way in, by channel and account, or a way out, by channel alone."""

    channel: str
    account: str = ""
    is_in: bool = True
    outage: Outage | None = None  # the latest since the start, over or not


@dataclass(frozen=True, kw_only=True)
class Model:
    """The model that is loaded. `figures` are those that were published with it."""

    name: str = ""  # empty: none is loaded
    is_wanted: bool = True  # False where the configuration goes without
    is_second_choice: bool = False
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Running:
    """The service at one moment."""

    version: str = ""
    started_at: datetime | None = None
    watched_at: datetime | None = None
    ways: tuple[Way, ...] = ()
    model: Model = field(default_factory=lambda: Model(is_wanted=False))
    scanner: Outage | None = None  # the latest of the scanner for viruses, over or not
    certificate_ends: datetime | None = None  # of the door for mail; None where it has none
