"""The extract that a person has a right to (registerutdrag, GDPR art. 15, row B18)."""

import io
import json
import zipfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import templates
from store import extract, journal, secrecy
from store.deadlines import STOCKHOLM
from store.domain import Entry, Passage
from store.engine import Row, Store, Transaction
from store.extract import Kept
from store.retention import Rule
from store.sight import Reader, may_be_told

Find = Callable[[str], Sequence[Passage]]  # a text to the passages that may be about somebody
_LONGEST = 200_000  # signs of a text in which passages are looked for

_CASE = (
    *("number", "status", "received_at", "closed_at", "title", "channel", "source", "language", "unit"),
    *("kind", "factor", "sender_name", "sender_channel", "sender_handle", "sender_category"),
    *("answer_channel", "answer_handle", "disposal_decision"),
)
_OF_OTHERS = ("number", "received_at")  # of a case in which they wrote, and which is somebody else's
_MESSAGE = ("received_at", "channel", "from_name", "from_addr", "subject", "text", "attachments")
_LETTER = ("purpose", "channel", "handle", "subject", "body", "state", "created_at", "sent_at")
_ANSWER = ("way", "outcome", "text", "measure", "explanation", "written_at", "delivered_at")
_PROMISE = ("kind", "due_on", "clause", "kept_at")
_DELAY = ("answer_on", "reason", "told_at")
_SUGGESTION = ("kind", "kind_confidence", "factor", "factor_confidence", "model", "made_at")
_CORRECTION = ("subject", "was", "became", "why", "corrected_at")
_TEXTS = frozenset({"title", "subject", "text", "body", "measure", "explanation", "reason", "words"})


@dataclass(frozen=True, kw_only=True)
class Packed:
    """What was made: a ZIP with a JSON and an HTML file, and what a human must do before it is given away."""

    data: bytes
    cases: int
    withheld: int  # cases that whoever made it may not be told of: the registrator must look at them
    to_look_at: int  # passages and warnings


@dataclass(frozen=True, kw_only=True)
class Extract:
    """Blocking: call it from a thread. `find` proposes what may be about somebody else."""

    store: Store
    clock: Callable[[], datetime]
    find: Find
    municipality: str
    privacy_url: str = ""
    rules: Sequence[Rule] = ()
    reader: Callable[[str], Reader]
    regulated: Callable[[str], str] = lambda _unit: ""

    def make(self, addresses: Collection[str], *, by: str) -> Packed:
        """Gather all that is kept of whoever has these addresses, journaled in each case.

        Nothing is masked: what may be about others, or secret, is flagged for a human, who takes it out
        before it is given away. The addresses themselves stand in no journal.
        """
        now = self.clock()
        with self.store.write() as transaction:
            found = extract.of_person(transaction, addresses)
            told = [one for one in found.cases if may_be_told(self.reader(by), one.case)]
            known = sorted({*addresses, *(one.case["sender_name"] for one in told if one.is_own)} - {""})
            shown = [self._case(transaction, one, known) for one in told]
            aside = [self._row(row, _MESSAGE, known) for row in found.aside]
            lines = [
                Entry(
                    actor=by,
                    act=journal.READING,
                    case_id=one.case["id"],
                    details={"vad": "registerutdrag"},
                )
                for one in told
            ]
            lines.append(Entry(actor=by, act="registerutdrag", details={"ärenden": str(len(told))}))
            journal.write(transaction, now, *lines)
        whole = {
            "registerutdrag": {
                "personuppgiftsansvarig": self.municipality,
                "gjort": now.astimezone(STOCKHOLM).isoformat(timespec="minutes"),
                "sökt på": sorted(addresses),
                "ändamål": "Att ta emot, besvara och följa upp synpunkter på kommunens verksamhet.",
                "rättslig grund": "Allmänt intresse och myndighetsutövning (GDPR artikel 6.1 e, 6.1 c).",
                "mottagare": "Kommunens handläggare, och den som begär ut allmän handling efter prövning.",
                "källa": "Den som skrev, eller den i personalen som tecknade ner det.",
                "lagringstid": [_kept_for(rule) for rule in self.rules if rule.is_decided]
                or ["Tills kommunen har beslutat om gallring."],
                "automatiskt förslag": "En modell föreslår typ och faktor. En människa avgör.",
                "dina rättigheter": "Du kan be oss rätta det som är fel, och klaga hos IMY.",
                "mer": self.privacy_url,
            },
            "ärenden": shown,
            "meddelanden utan ärende": aside,
        }
        flags = sum(_flags(one) for one in (*shown, *aside))
        withheld = len(found.cases) - len(told)
        return Packed(data=_zip(whole, now), cases=len(told), withheld=withheld, to_look_at=flags)

    def _case(self, transaction: Transaction, kept: Kept, known: Sequence[str]) -> dict[str, Any]:
        case = kept.case
        warnings = [
            one.words
            for one in secrecy.warnings(transaction, case["id"], regulated=self.regulated(case["unit"]))
        ]
        if case["restricted"]:
            warnings.append("Ärendet är begränsat till få.")
        parts = {
            "meddelanden": (kept.messages, _MESSAGE),
            "brev": (kept.letters, _LETTER),
            "svar": (kept.answers, _ANSWER),
            "löften": (kept.promises, _PROMISE),
            "besked om senare svar": (kept.delays, _DELAY),
            "förslag av modellen": (kept.suggestions, _SUGGESTION),
            "rättelser": (kept.corrections, _CORRECTION),
        }
        return {
            **self._row(case, _CASE if kept.is_own else _OF_OTHERS, known),
            "att pröva": warnings,
            **{name: [self._row(row, keys, known) for row in rows] for name, (rows, keys) in parts.items()},
            "enkätsvar": self._row(kept.survey, ("score", "words", "answered_at"), known)
            if kept.survey
            else None,
            "meddelanden från andra": kept.by_others,
            "läst": {"gånger": kept.readings, "av": kept.readers},
        }

    def _row(self, row: Row, keys: Sequence[str], known: Sequence[str]) -> dict[str, Any]:
        told = {key: _told(row[key]) for key in keys}
        own = extract.folded(known)
        flagged = [
            {"i": key, "från": one.start, "till": one.end, "slag": str(one.kind), "därför": one.why}
            for key in keys
            if key in _TEXTS and row[key]
            for one in self.find(str(row[key])[:_LONGEST])
            if not any(words in other for words in extract.folded([one.words]) for other in own)
        ]
        return told | ({"granska": flagged} if flagged else {})


def _flags(told: Mapping[str, Any]) -> int:
    """Count what a human must look at, in a row and in those below it."""
    below = [
        one for value in told.values() if isinstance(value, list) for one in value if isinstance(one, dict)
    ]
    if isinstance(told.get("enkätsvar"), dict):
        below.append(told["enkätsvar"])
    own = len(told.get("granska", ())) + len(told.get("att pröva", ()))
    return own + sum(_flags(one) for one in below if "slag" not in one)


def _told(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(STOCKHOLM).isoformat(timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    return value


def _kept_for(rule: Rule) -> str:
    told = ((rule.years, "år"), (rule.months, "månader"), (rule.days, "dagar"))
    time = " ".join(f"{count} {word}" for count, word in told if count)
    return f"{rule.record}: {time}, räknat från {rule.counted_from} ({rule.decision_ref})"


def _zip(whole: Mapping[str, Any], now: datetime) -> bytes:
    at = now.astimezone(STOCKHOLM).timetuple()[:6]
    made = io.BytesIO()
    files = {
        "registerutdrag.json": json.dumps(whole, ensure_ascii=False, indent=2),
        "registerutdrag.html": templates.page("extract_paper", whole=whole),
    }
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, at), text.encode(), zipfile.ZIP_DEFLATED)
    return made.getvalue()
