"""A register of three years to measure on: every word, person and unit in it is invented."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import func, insert, select, text

from store import search
from store.deadlines import day_of
from store.domain import (
    Clock,
    Factor,
    Handler,
    Kind,
    Lane,
    LetterState,
    MessageState,
    Outcome,
    PromiseKind,
    Purpose,
    Source,
    Status,
    Step,
    Unit,
)
from store.engine import Store
from store.tables import alarms, answers, blobs, cases, letters, messages, promises, suggestions

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
UNITS = 40
PEOPLE = 120
RARE = "mårdhund"
COMMON = "skolan"
PHRASE = "står fortfarande i rondellen"

_OPEN = (Status.ASSIGNED, Status.IN_PROGRESS, Status.SORTING, Status.AWAITING_SENDER, Status.ANSWERED)
_FIRST = ("gata", "park", "skol", "bad", "cykel", "buss", "vinter", "sommar", "hem", "mat", "sim", "torg")
_LAST = ("bana", "hus", "plats", "väg", "tjänst", "skylt", "belysning", "kö", "grind", "bänk", "turlista")
_ENDINGS = ("", "en", "arna", "ens", "ar")
_COMMON = (
    *("det", "är", "inte", "bra", "att", "vi", "har", "väntat", "så", "länge", "på", "svar", "från"),
    *("kommunen", "och", "jag", "vill", "veta", "när", "ni", "kommer"),
)
_THANKS = (
    "Hej! Tack för att du hör av dig till Lilla kommunen. Vi vill veta när något inte fungerar. Ditt ärende "
    "har fått ett nummer. Du får svar senast inom tio arbetsdagar. Vill du lägga till något? Svara på det "
    "här brevet. Det här är ett automatiskt svar. Det du skickar till kommunen blir allmän handling."
)
_ANSWER = (
    "Hej! Tack för din synpunkt. Vi har varit på platsen och tittat. Arbetet är beställt och blir klart "
    "under våren. Är du inte nöjd med svaret kan du höra av dig till enhetschefen."
)
_BATCH = 2000


@dataclass(frozen=True, kw_only=True)
class Register:
    """How large it is. Of its cases `open_cases` are open.

    One that `is_reported` has besides what reports count (answers, reminders, first feedback), and no index
    of its words, which takes most of the time.
    """

    size: int = 100_000
    open_cases: int = 4000
    seed: int = 1
    is_reported: bool = False

    def units(self) -> list[Unit]:
        """List the units, each with its handlers and a manager."""
        return [
            Unit(
                id=f"enhet{n}",
                name=f"Enhet {n}",
                handlers=(_person(n), _person(n + UNITS)),
                managers=(_person(n + 80),),
            )
            for n in range(UNITS)
        ]

    def people(self) -> list[Handler]:
        """List the staff; the last two are registrator and Medborgarcenter."""
        return [
            Handler(id=_person(n), name=f"Anställd {n}", email=f"anstalld{n}@example.se")
            for n in range(PEOPLE)
        ]

    def is_in(self, store: Store) -> bool:
        """Tell whether a store holds as many cases as this."""
        with store.read() as transaction:
            return transaction.connection.scalar(select(func.count(cases.c.id))) == self.size

    def fill(self, store: Store) -> None:
        """Write all of it, and index its words as a first start would."""
        dice = random.Random(self.seed)  # noqa: S311 - no secret
        numbered = iter(range(1, self.size + 1))
        while batch := list(islice(numbered, _BATCH)):
            rows = [self._case(case_id, dice) for case_id in batch]
            with store.write() as transaction:
                for table in (blobs, cases, messages, suggestions, promises, letters, answers, alarms):
                    if found := [row for one in rows for row in one.get(table.name, ())]:
                        transaction.connection.execute(insert(table), found)
        before = 0 if self.is_reported else search.NEWEST
        while before := search.catch_up(store, before=before, batch=1000):
            pass
        # PostgreSQL does so by itself, sooner or later, and SQLite when it is told to.
        tidy = "ANALYZE" if store.is_sqlite else "VACUUM ANALYZE"
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(tidy))

    def _case(self, case_id: int, dice: random.Random) -> dict[str, list[dict[str, Any]]]:
        age = timedelta(minutes=(self.size - case_id) * 3 * 365 * 24 * 60 / self.size)
        received = NOW - timedelta(hours=2) - age
        is_open = case_id > self.size - self.open_cases
        status = dice.choice(_OPEN) if is_open else Status.CLOSED
        if is_open and dice.random() < 0.05:
            status = Status.QUARANTINED
        unit = dice.randrange(UNITS)
        kind = dice.choices(list(Kind), (25, 25, 50))[0]
        factor = dice.choice(list(Factor))
        words = " ".join(_words(dice, 60)).capitalize()
        if dice.random() < 0.3:
            words += f" Jag skriver om {COMMON}."
        if case_id % (self.size // 10) == 7:
            words += f" En {RARE} {PHRASE}."
        confirmed = not is_open or dice.random() < 0.5
        restricted = dice.random() < 0.02
        series = f"SYN-{received.year}"
        title = " ".join(_words(dice, 4)).capitalize()
        case: dict[str, Any] = {
            "id": case_id,
            "number": f"{series}-{case_id:06d}",
            "series": series,
            "sequence": case_id,
            "status": status,
            "received_at": received,
            "opened_at": received,
            "title": title,
            "channel": dice.choices(("smtp", "web", "staff"), (60, 30, 10))[0],
            "sender_channel": "email",
            "sender_handle": f"avsandare{dice.randrange(self.size)}@example.org",
            "sender_name": f"Kim Exempel {dice.randrange(900)}",
            "language": "sv",
            "unit": f"enhet{unit}",
            "handler": _person(unit + dice.choice((0, UNITS))),
            "routed_because": "orden",
            "kind": kind if confirmed else "",
            "factor": factor if confirmed else "",
            "suggested_kind": kind,
            "suggested_factor": factor,
            "lanes": [dice.choice(list(Lane))] if restricted or dice.random() < 0.1 else [],
            "restricted": restricted,
            "barred": [_person(unit)] if dice.random() < 0.005 else [],
            "source": Source.EMAIL,
            "serious": dice.random() < 0.01,
        }
        if self.is_reported:
            return self._reported(case, title, words, dice)
        return {
            "cases": [case],
            "blobs": [{"sha256": f"{case_id:064d}", "size": 9, "data": b"x", "kept_at": received}],
            "messages": [_message(case_id, received, title, words)],
            "suggestions": [_suggestion(case_id, received, kind, factor, dice)],
            "promises": list(_promises(case_id, received, is_open=is_open, dice=dice)),
            "letters": list(_letters(case_id, received, is_open=is_open, title=title, dice=dice)),
        }

    def _reported(
        self, case: dict[str, Any], title: str, words: str, dice: random.Random
    ) -> dict[str, list[dict[str, Any]]]:
        """Return a case with all that reports count of it; its letters are not counted."""
        case_id, received = case["id"], case["received_at"]
        case |= {
            "source": dice.choice(list(Source)),
            "sender_handle": case["sender_handle"] if dice.random() < 0.8 else "",
            "unit": case["unit"] if dice.random() < 0.97 else dice.choice(("", "nedlagd")),
            "follow_up_result": "Det fungerar nu." if dice.random() < 0.1 else "",
        }
        if dice.random() < 0.02:
            case["status"] = Status.HANDED_OVER
        if dice.random() < 0.01:
            case |= {"kind": "", "suggested_kind": ""}
        answered = received + timedelta(hours=dice.randrange(2, 24 * 25)) if dice.random() < 0.93 else None
        owed = [(PromiseKind.FIRST_FEEDBACK, 3, received + timedelta(hours=dice.randrange(24 * 4)))]
        if dice.random() < 0.9:
            owed.append((PromiseKind.ANSWER, 14, answered))
        steps = (Step.REMINDER, Step.ESCALATION, Step.NEXT_LEVEL)[: dice.choice((0, 0, 0, 0, 1, 2, 3))]
        return {
            "cases": [case],
            "blobs": [{"sha256": f"{case_id:064d}", "size": 9, "data": b"x", "kept_at": received}],
            "messages": [_message(case_id, received, title, words)],
            "promises": [
                {
                    "case_id": case_id,
                    "kind": kind,
                    "due_on": day_of(received) + timedelta(days=days),
                    "clause": "T8",
                    "arithmetic": [],
                    "kept_at": kept,
                    "round": 1,
                }
                for kind, days, kept in owed
            ],
            "answers": [] if answered is None else [_answer(case_id, answered, dice)],
            "alarms": [
                {
                    "case_id": case_id,
                    "clock": Clock.ANSWER,
                    "turn": "1",
                    "step": step,
                    "told": [],
                    "at": received,
                }
                for step in steps
            ],
        }


def _answer(case_id: int, at: datetime, dice: random.Random) -> dict[str, Any]:
    place = dice.choice(_FIRST) + dice.choice(_LAST)
    return {
        "case_id": case_id,
        "round": 1,
        "text": _ANSWER,
        "way": "brev",
        "outcome": dice.choice(list(Outcome)),
        "measure": f"Vi har sett över {place} och lagat det som var trasigt." if dice.random() < 0.5 else "",
        "improvement": f"Vi ska titta på {place} varje månad." if dice.random() < 0.3 else "",
        "has_contact": True,
        "keeps_promise": True,
        "written_by": "p1",
        "written_at": at,
        "delivered_at": at,
    }


def _person(number: int) -> str:
    return f"p{number % PEOPLE}"


def _words(dice: random.Random, count: int) -> Sequence[str]:
    return [
        dice.choice(_COMMON)
        if dice.random() < 0.6
        else dice.choice(_FIRST) + dice.choice(_LAST) + dice.choice(_ENDINGS)
        for _ in range(count)
    ]


def _message(case_id: int, at: datetime, subject: str, words: str) -> dict[str, Any]:
    return {
        "id": case_id,
        "channel": "smtp",
        "account": "",
        "external_id": str(case_id),
        "dedupe_key": str(case_id),
        "sha256": f"{case_id:064d}",
        "media_type": "message/rfc822",
        "envelope_to": [],
        "given": {},
        "received_at": at,
        "kept_at": at,
        "state": MessageState.READ,
        "case_id": case_id,
        "subject": subject,
        "text": words,
        "full_text": words,
    }


def _suggestion(
    case_id: int, at: datetime, kind: Kind, factor: Factor, dice: random.Random
) -> dict[str, Any]:
    return {
        "id": case_id,
        "case_id": case_id,
        "message_id": case_id,
        "kind": kind,
        "kind_confidence": dice.random(),
        "kind_sure": True,
        "factor": factor,
        "factor_confidence": dice.random(),
        "factor_sure": True,
        "lanes": [],
        "language": "sv",
        "model": "ord-1",
        "why": [],
        "vector": dice.randbytes(256),
        "made_at": at,
    }


def _promises(case_id: int, at: datetime, *, is_open: bool, dice: random.Random) -> Iterator[dict[str, Any]]:
    kept = None if is_open and dice.random() < 0.7 else at + timedelta(days=5)
    for kind, days, when in ((PromiseKind.RECEIPT, 2, at), (PromiseKind.ANSWER, 14, kept)):
        yield {
            "case_id": case_id,
            "kind": kind,
            "due_on": day_of(at) + timedelta(days=days),
            "clause": "T8",
            "arithmetic": ["en rad", "en till"],
            "kept_at": when,
            "round": 1,
        }


def _letters(
    case_id: int, at: datetime, *, is_open: bool, title: str, dice: random.Random
) -> Iterator[dict[str, Any]]:
    told = [(Purpose.ACKNOWLEDGEMENT, _THANKS), (Purpose.HANDLER_NOTICE, f"Ett nytt ärende: {title}.")]
    for purpose, body in told if is_open else [*told, (Purpose.ANSWER, _ANSWER)]:
        yield {
            "key": f"{case_id}:{purpose}",
            "case_id": case_id,
            "purpose": purpose,
            "channel": "email",
            "handle": "nagon@example.org",
            "subject": "Om din synpunkt",
            "body": body,
            "language": "sv",
            "external_id": f"<{case_id}.{purpose}@example.se>",
            "state": LetterState.FAILED if dice.random() < 0.0005 else LetterState.SENT,
            "created_at": at,
            "next_try_at": at,
        }
