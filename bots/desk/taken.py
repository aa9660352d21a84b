"""What a member of staff took down: fixed on the spot, or passed on to who must know of what was said aloud.

The page where it is taken down is `bots.web.register`; the case is opened in `cases`, like every other.
"""

import hashlib
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from bots.desk.heard import Heard
from bots.desk.house import House
from bots.desk.letters import Letters, Writing
from bots.desk.triage import Route, why_sorted
from store import acts, cases
from store.deadlines import day_of
from store.domain import (
    ORAL,
    Act,
    Handler,
    Kind,
    Lane,
    Outcome,
    PromiseKind,
    Purpose,
    Source,
    Status,
    Taken,
    Way,
)
from store.engine import Transaction
from templates.facts import Person, RegisteredFacts


def is_fixable(source: Source, *, reachable: bool) -> bool:
    """Tell whether what was done can stand as the answer: it was said to the sender, or nobody can be."""
    return source in ORAL or not reachable


def fixed(
    house: House,
    heard: Heard,
    way: Route,
    *,
    lanes: Collection[Lane],
    kind: Kind | None,
    barred: Collection[str],
) -> Route | None:
    """Return the way of a case that was fixed on the spot: to whoever fixed it; None if it was not (row L18).

    What may be no synpunkt is sorted by a human first, whatever was done; the measure stands in the case.
    """
    taken = heard.taken
    if taken is None or not taken.measure.strip() or taken.recorder not in house.handlers:
        return None
    reachable = heard.answer_to is not None
    if (
        taken.recorder in barred
        or why_sorted(house, lanes=lanes, kind=kind, sender=heard.from_addr)
        or not is_fixable(taken.source, reachable=reachable)
        or (house.rules.further_contact_required and reachable and not _has_contact(house, way.unit))
    ):
        return None
    because = f"{way.because}; åtgärdad direkt" if way.unit else "åtgärdad direkt"
    return replace(way, handler=house.person(taken.recorder), status=Status.ASSIGNED, because=because)


def answer(transaction: Transaction, house: House, case_id: int, taken: Taken, *, now: datetime) -> None:
    """Store what was done as the answer: said, or only noted if nobody can be told.

    Type and factor are still to be confirmed, and the case to be closed.
    """
    case = cases.get(transaction, case_id)
    actor = house.actor(taken.recorder, case)
    acts.move(transaction, case_id, Act.BEGIN, actor=actor, now=now, rules=house.rules)
    acts.answer(
        transaction,
        case_id,
        text=taken.measure,
        way=Way.PHONE if case["sender_handle"] else Way.NOTE,
        outcome=Outcome.DONE,
        measure=taken.measure,
        improvement="",
        explanation="",
        act_on=None,
        has_contact=_has_contact(house, case["unit"]),
        actor=actor,
        now=now,
        version=case["version"] + 1,
        rules=house.rules,
    )
    cases.keep_promise(transaction, case_id, PromiseKind.FIRST_FEEDBACK, now)


def tell(
    transaction: Transaction, letters: Letters, about: Writing, taken: Taken, *, told: Handler, now: datetime
) -> None:
    """Tell who must know of what was said aloud, by the policy: manager or registrator (rows K1, N10, X20).

    `told` is the handler, who has a letter of their own. Who may not see the case hears nothing.
    """
    if taken.source not in ORAL:
        return
    house, case = letters.house, cases.get(transaction, about.case_id)
    to_manager = house.policy.workflow.oral_notify == "chef"
    readers = house.managers_of(case["unit"]) if to_manager else (house.person(house.registrator),)
    facts: RegisteredFacts = {
        "service_name": house.service_name,
        "case_number": about.number,
        "link": house.link(about.number),
        "received_on": day_of(about.received_at),
        "handler": Person(name=told.name, title=told.title),
    }
    for reader in readers:
        if reader.id in {told.id, taken.recorder} or not house.may_be_told(reader.id, case):
            continue
        # The registrator may have this letter already, for another reason: once is enough.
        mark = "" if reader.id == house.registrator else f":{_short(reader.id)}"
        key = f"{about.case_id}:{Purpose.TASK}:register{mark}"
        letters.to_handler(transaction, about, reader, Purpose.TASK, key, "handler_registered", facts, now)


def _has_contact(house: House, unit: str) -> bool:
    contact = house.contact_for(unit)
    return contact is not None and all(
        part.strip() for part in (contact.name, contact.address, contact.phone)
    )


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
