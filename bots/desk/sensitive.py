"""Which letters must not go by an open road: what is secret, or tells of somebody's health (row B20).

Mail, SMS and messages in chats can be read on their way. What goes to our own page, with post or by phone is
no matter of this. What a text gives away is found by `proofreading.delicate`.
"""

from dataclasses import dataclass
from datetime import datetime

from bots.desk.house import House
from bots.desk.proofreading import delicate
from store import journal, secrecy
from store.domain import PAGE, Act, Entry, Status
from store.engine import Row, Transaction
from store.life import IllegalActError
from store.secrecy import Ground

ALTERNATIVES = (
    "Skicka med post, ring och anteckna det, ge avsändaren en kod till vår egen sida, eller skriv om det."
)
_FINAL = frozenset({Ground.MARKED, Ground.PROTECTED})


@dataclass(frozen=True, kw_only=True)
class Stop:
    """Why a letter does not go by an open road. `grounds` are for the journal: they repeat nothing of it.

    One that `is_final` goes for nobody; any other goes for who says why it must.
    """

    because: tuple[str, ...]
    grounds: tuple[str, ...]
    is_final: bool


class OpenRoadError(IllegalActError):
    """What stands in this letter must not go by this road; `stop` says why, and whether anybody may."""

    def __init__(self, act: Act | str, status: Status, stop: Stop) -> None:
        self.stop = stop
        say_why = () if stop.is_final else ("Måste det skickas ändå: skriv varför.",)
        super().__init__(act, status, (*stop.because, ALTERNATIVES, *say_why))


def stop(transaction: Transaction, house: House, case: Row, text: str, *, channel: str) -> Stop | None:
    """Say why `text` must not be sent from a case by a road, or None where it may."""
    if channel == PAGE:
        return None
    cautions = secrecy.warnings(transaction, case["id"], regulated=house.regulated(case["unit"]))
    remarks = delicate(text)
    if not cautions and not remarks:
        return None
    told = [one.words for one in cautions]
    told += [f"{str(one.concern).capitalize()} i texten: {', '.join(one.found)}." for one in remarks]
    return Stop(
        because=tuple(dict.fromkeys(told)),
        grounds=tuple(
            dict.fromkeys([*(str(one.ground) for one in cautions), *(str(one.concern) for one in remarks)])
        ),
        is_final=any(one.ground in _FINAL for one in cautions),
    )


def refuse_marked(transaction: Transaction, house: House, case: Row, *, channel: str, act: Act) -> None:
    """Raise `OpenRoadError` for anything that staff have written in a case that a human has marked."""
    found = stop(transaction, house, case, "", channel=channel)
    if found is not None and found.is_final:
        raise OpenRoadError(act, Status(case["status"]), found)


def check(
    transaction: Transaction,
    house: House,
    case: Row,
    text: str,
    *,
    channel: str,
    act: Act,
    despite: str,
    by: str,
    now: datetime,
) -> None:
    """Raise `OpenRoadError` for what must not be sent; journal why it is sent `despite` that.

    A reason helps against what a text only seems to tell, never where a human has marked the case.
    """
    found = stop(transaction, house, case, text, channel=channel)
    if found is None:
        return
    if found.is_final or not despite.strip():
        raise OpenRoadError(act, Status(case["status"]), found)
    details = {"risk": ", ".join(found.grounds), "varför": despite.strip()}
    journal.write(
        transaction, now, Entry(actor=by, act="skickat på öppen väg", case_id=case["id"], details=details)
    )
