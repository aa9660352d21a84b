"""Which papers of a case are handed out, each as one text, and which are not yet anybody's to read (row B10).

Drafts, notices within the house and the raw mail are none of them. A note belongs to the record once its case
has ended (TF 2:12). Codes and signed links in letters are left out: they open something.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from store import cases as store_cases
from store import disclosures, enclosures
from store.deadlines import STOCKHOLM
from store.domain import Event, LetterState, Purpose, Status, Way
from store.engine import Row, Transaction

_WITHIN = frozenset(
    {
        Purpose.HANDLER_NOTICE,
        Purpose.FOLLOW_UP_NOTICE,
        Purpose.UNDELIVERED_NOTICE,
        Purpose.REMINDER,
        Purpose.ESCALATION,
        Purpose.ALARM,
        Purpose.TASK,
        Purpose.REPORT,
        Purpose.DRAFT_NOTICE,
    }
)
_GONE = frozenset({LetterState.SENT, LetterState.UNKNOWN, LetterState.UNDELIVERED})
_ENDED = frozenset({Status.CLOSED, Status.ARCHIVED, Status.DISPOSED, Status.HANDED_OVER, Status.DUPLICATE})
TITLE = "Rubrik: "  # before the title of a case, among its facts
_TOKEN = re.compile(r"/(l|enkat)/[\w.-]{20,1000}")
_SIGNED = re.compile(r"\+[a-z]\d+\.[\w-]+@")
_MONTHS = [
    "januari",
    "februari",
    "mars",
    "april",
    "maj",
    "juni",
    "juli",
    "augusti",
    "september",
    "oktober",
    "november",
    "december",
]


@dataclass(frozen=True, kw_only=True)
class File:
    """A file of a case. `key` names it within the case; `message_id` 0 is one that went with our answer."""

    key: str
    name: str
    media_type: str
    size: int
    message_id: int = 0
    index: int = 0
    enclosure_id: int = 0


@dataclass(frozen=True, kw_only=True)
class Paper:
    """One paper. `text` is all of it, and what passages are counted in; `key` names it within the case."""

    key: str
    heading: str
    text: str
    message_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Papers:
    """What a case has. `held_back` is no part of the record yet; `names` and `handles` tell whom it is of."""

    case: Row
    papers: Sequence[Paper]
    files: Sequence[File]
    names: Sequence[str]
    handles: Sequence[str]
    held_back: Sequence[str] = field(default=())


def of_case(transaction: Transaction, case: Row, *, unit: str, kinds: str = "") -> Papers:
    """List the papers of a case in the order in which they came to be. `unit` is its unit's name."""
    belongings = store_cases.of_case(transaction, case["id"])
    messages, letters = belongings["messages"], belongings["letters"]
    said = disclosures.answers_of(transaction, case["id"])
    dated = [
        *((row["received_at"], _message(row)) for row in messages),
        *((row["sent_at"] or row["created_at"], _letter(row)) for row in letters if _is_out(row)),
        *((row["written_at"], paper) for row in said if (paper := _answer(row)) is not None),
    ]
    dated.sort(key=lambda one: one[0])
    has_ended = case["status"] in _ENDED
    notes = list(_notes(case, has_ended=has_ended))
    held = [] if has_ended or not case["service_note"] else ["Tjänsteanteckningen: ärendet pågår (TF 2:12)."]
    return Papers(
        case=case,
        papers=[_head(case, unit, kinds), *(paper for _at, paper in dated), *notes],
        files=[*_files(messages), *_enclosed(enclosures.of_case(transaction, case["id"]))],
        names=_distinct(case["sender_name"], *(row["from_name"] for row in messages)),
        handles=_distinct(
            case["sender_handle"],
            case["answer_handle"],
            *(row["from_addr"] for row in messages),
            *((row["given"].get("taken") or {}).get("phone", "") for row in messages),
        ),
        held_back=held,
    )


def moment(at: datetime) -> str:
    """Write a time as in "3 mars 2026 kl. 10.12"."""
    here = at.astimezone(STOCKHOLM)
    return f"{here.day} {_MONTHS[here.month - 1]} {here.year} kl. {here:%H.%M}"


def _head(case: Row, unit: str, kinds: str) -> Paper:
    facts = (
        ("Ärende", case["number"]),
        ("Kom in", moment(case["received_at"])),
        (TITLE.rstrip(": "), case["title"]),
        ("Avsändare", _who(case["sender_name"], case["sender_handle"])),
        ("Enhet", unit),
        ("Typ och faktor", kinds),
        ("Tillstånd", case["status"].replace("_", " ")),
        ("Diarienummer", case["diary_number"]),
        ("Överlämnat till", case["handed_to"]),
    )
    return Paper(key="arende", heading="Om ärendet", text=_lines(facts))


def _message(row: Row) -> Paper:
    facts = [
        ("Från", _who(row["from_name"], row["from_addr"])),
        ("Ämne", row["subject"]),
        ("Bilagor", ", ".join(one["name"] for one in row["attachments"])),
    ]
    if taken := row["given"].get("taken"):
        facts += [("Upptecknat av", taken["by"]), ("Telefon", taken.get("phone", ""))]
        facts += [("Åtgärdat direkt", taken.get("measure", ""))]
    body = row["full_text"] or row["text"]
    if row["event"] == Event.DELETED and not body:
        body = "(Avsändaren har tagit bort ett meddelande hos tjänsten.)"
    text = f"{_lines(facts)}\n\n{body or '(Meddelandet har ingen text.)'}"
    return Paper(
        key=f"m{row['id']}",
        heading=f"Till oss {moment(row['received_at'])}",
        text=_unsigned(text),
        message_id=row["id"],
    )


def _letter(row: Row) -> Paper:
    facts = [("Till", _who(row["recipient_name"], row["handle"])), ("Ämne", row["subject"])]
    at = row["sent_at"] or row["created_at"]
    return Paper(
        key=f"b{row['id']}",
        heading=f"Från oss {moment(at)}: {row['purpose'].replace('_', ' ')}",
        text=_unsigned(f"{_lines(facts)}\n\n{row['body']}"),
    )


def _answer(row: Row) -> Paper | None:
    """Return what was answered otherwise than by letter, and what was done; None if that is nothing."""
    facts = [
        ("Åtgärd", row["measure"]),
        ("Förslag till förbättring", row["improvement"]),
        ("Varför inget görs", row["explanation"]),
    ]
    if row["way"] != Way.LETTER:
        facts.insert(0, (f"Svar ({row['way'].replace('_', ' ')})", row["text"]))
    text = _lines(facts)
    if not text:
        return None
    return Paper(key=f"s{row['id']}", heading=f"Svar och åtgärd {moment(row['written_at'])}", text=text)


def _notes(case: Row, *, has_ended: bool) -> Iterator[Paper]:
    if case["statement"]:
        facts = [
            ("Redogörelse av", case["statement_of"]),
            ("Kom", case["statement_form"]),
            ("Åtgärd", case["statement_measure"]),
            ("Återkopplat", str(case["statement_told_on"] or "")),
        ]
        yield Paper(
            key="redogorelse", heading="Redogörelse", text=f"{_lines(facts)}\n\n{case['statement']}".strip()
        )
    if has_ended and case["service_note"]:
        yield Paper(key="tjansteanteckning", heading="Tjänsteanteckning", text=case["service_note"])
    if has_ended and case["follow_up_result"]:
        yield Paper(key="uppfoljning", heading="Uppföljning", text=case["follow_up_result"])


def _files(messages: Sequence[Row]) -> Iterator[File]:
    for row in messages:
        for index, one in enumerate(row["attachments"]):
            yield File(
                key=f"m{row['id']}.{index}",
                name=one["name"],
                media_type=one["media_type"],
                size=one["size"],
                message_id=row["id"],
                index=index,
            )


def _enclosed(kept: Sequence[Row]) -> Iterator[File]:
    for row in kept:
        yield File(
            key=f"e{row['id']}",
            name=row["name"],
            media_type=row["media_type"],
            size=row["size"],
            enclosure_id=row["id"],
        )


def _is_out(row: Row) -> bool:
    return row["state"] in _GONE and row["purpose"] not in _WITHIN


def _who(name: str, handle: str) -> str:
    # The number that a chat has given somebody says nothing to people, but leads to them all the same.
    return " ".join(part for part in (name, f"<{handle}>" if handle else "") if part)


def _lines(facts: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in facts if value)


def _unsigned(text: str) -> str:
    return _SIGNED.sub("@", _TOKEN.sub(r"/\1/…", text))


def _distinct(*words: str) -> list[str]:
    return list(dict.fromkeys(one.strip() for one in words if one and one.strip()))
