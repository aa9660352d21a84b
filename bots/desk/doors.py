"""Wrong doors, as a table: which letter, who is told, by when, and who may see it (requirements.md C5).

Pure. A flag decides nothing: a human hands over, and nothing is closed by itself. In words: docs/doors.md.
"""

import calendar
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from store.deadlines import STOCKHOLM, day_of, why_closed, working_days_after
from store.domain import Automatic, Clock, Door, Duty, Kind, Lane, Status, Verdict
from store.engine import Row


class Told(StrEnum):
    """Who is told of a case, in words that fit after "till"."""

    REGISTRATOR = "registratorn"
    SOCIAL_SERVICES = "socialtjänsten"
    SECURITY = "säkerhetsansvarig"
    LEX_SARAH = "lex Sarah-ansvarig"
    DATA_PROTECTION = "dataskyddsombudet"
    MAIN_DIARY = "huvuddiariet"
    REPAIR = "felanmälan"


class Pace(StrEnum):
    """By when a case must have been handed over."""

    HOUR = "en timme"
    SAME_DAY = "samma arbetsdag"
    MONTH = "en månad"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a flag leads to. `told` are besides the registrator, who sorts the case."""

    hand_to: Told = Told.REGISTRATOR
    told: tuple[Told, ...] = ()
    pace: Pace | None = None
    acknowledgement: str = ""  # the letter of its own; "" leaves the ordinary one
    kept: bool = True  # is a synpunkt besides, and so has a unit
    restricted: bool = False
    grave: bool = False  # is told of even if the server before us called the message spam


@dataclass(frozen=True, kw_only=True)
class Out:
    """What handing over through a door leads to: the sender's letter, and by when it should be done."""

    letter: str = "citizen_handed_over"
    pace: Pace | None = None


@dataclass(frozen=True, kw_only=True)
class Doors:
    """Whom the municipality wants told, and where citizens are sent. Empty: the registrator tells them."""

    social_services: str = ""
    security: str = ""
    lex_sarah: str = ""
    data_protection_officer: str = ""
    main_diary: str = ""
    whistleblowing_url: str = ""
    fault_report_url: str = ""
    appeal_url: str = ""

    def address(self, who: Told) -> str:
        """Return the mail address of somebody to be told, or an empty text if none is known."""
        return {
            Told.SOCIAL_SERVICES: self.social_services,
            Told.SECURITY: self.security,
            Told.LEX_SARAH: self.lex_sarah,
            Told.DATA_PROTECTION: self.data_protection_officer,
            Told.MAIN_DIARY: self.main_diary,
        }.get(who, "")

    def lanes_of(self, address: str) -> tuple[Lane, ...]:
        """List the flags that somebody looks into, as they are told of them; not those for data protection.

        A data protection officer reads no case by default (requirements C3), but each that they are told of.
        """
        own = {
            who
            for who in Told
            if who is not Told.DATA_PROTECTION and self.address(who).casefold() == address.casefold() != ""
        }
        of_rule = {lane for lane, rule in LANES.items() if own & {*rule.told, rule.hand_to}}
        of_duty = {Lane.LEX_SARAH} if Told.LEX_SARAH in own else set()
        return tuple(lane for lane in LANES if lane in of_rule | of_duty)

    def link(self, door: Door) -> str:
        """Return where somebody who is handed over can read or do more."""
        return {
            Door.APPEAL: self.appeal_url,
            Door.FAULT_REPORT: self.fault_report_url,
            Door.WHISTLEBLOWING: self.whistleblowing_url,
        }.get(door, "")


class OpenClock(NamedTuple):
    """A case that must have been handed over by `due`. `turn` is the flag that set the clock."""

    clock: Clock
    turn: str
    due: datetime
    who: Told


# The most urgent first: this is also the order in which an acknowledgement is chosen (C5:4).
LANES: Mapping[Lane, Rule] = {
    Lane.EMERGENCY: Rule(
        hand_to=Told.SOCIAL_SERVICES,
        told=(Told.SOCIAL_SERVICES,),
        pace=Pace.HOUR,
        acknowledgement="citizen_acknowledgement_urgent",
        restricted=True,
        grave=True,
    ),
    Lane.CONCERN_REPORT: Rule(
        hand_to=Told.SOCIAL_SERVICES,
        told=(Told.SOCIAL_SERVICES,),
        pace=Pace.HOUR,
        acknowledgement="citizen_acknowledgement_urgent",
        kept=False,
        restricted=True,
        grave=True,
    ),
    Lane.THREAT: Rule(
        hand_to=Told.SECURITY, told=(Told.SECURITY,), pace=Pace.HOUR, restricted=True, grave=True
    ),
    Lane.APPEAL: Rule(
        pace=Pace.SAME_DAY, acknowledgement="citizen_acknowledgement_appeal", kept=False, grave=True
    ),
    Lane.DOCUMENT_REQUEST: Rule(
        pace=Pace.SAME_DAY, acknowledgement="citizen_acknowledgement_document_request", kept=False, grave=True
    ),
    Lane.DATA_PROTECTION: Rule(
        hand_to=Told.DATA_PROTECTION,
        told=(Told.DATA_PROTECTION,),
        pace=Pace.MONTH,
        acknowledgement="citizen_acknowledgement_data_protection",
        kept=False,
        grave=True,
    ),
    # Row B28: nobody but the registrator hears of it, and no line manager.
    Lane.WHISTLEBLOWING: Rule(
        acknowledgement="citizen_acknowledgement_whistleblowing", kept=False, restricted=True, grave=True
    ),
    Lane.LEX_SARAH: Rule(grave=True),  # its duty tells who ponders it: `demanded`
    Lane.NAMED_EMPLOYEE: Rule(restricted=True),
    Lane.DISCRIMINATION: Rule(),
    Lane.FAULT_REPORT: Rule(hand_to=Told.REPAIR, pace=Pace.SAME_DAY),
    Lane.OTHER_AUTHORITY: Rule(),
    Lane.QUESTION: Rule(),
    Lane.SPAM: Rule(),
}
# C5:4 and row B27: what may be about somebody's life comes before every other rule.
ACUTE = frozenset({Lane.EMERGENCY, Lane.CONCERN_REPORT})

DOORS: Mapping[Door, Out] = {
    Door.APPEAL: Out(letter="citizen_handed_over_appeal", pace=Pace.SAME_DAY),
    Door.DOCUMENT_REQUEST: Out(letter="citizen_handed_over_document_request", pace=Pace.SAME_DAY),
    Door.CONCERN_REPORT: Out(letter="citizen_handed_over_concern", pace=Pace.HOUR),
    Door.DATA_PROTECTION: Out(letter="citizen_handed_over_data_protection", pace=Pace.MONTH),
    Door.WHISTLEBLOWING: Out(letter="citizen_handed_over_whistleblowing"),
    Door.FAULT_REPORT: Out(letter="citizen_handed_over_fault_report", pace=Pace.SAME_DAY),
    Door.OTHER_AUTHORITY: Out(letter="citizen_handed_over_other_authority"),
    Door.SUPERVISOR: Out(pace=Pace.SAME_DAY),
    Door.CITIZEN_PROPOSAL: Out(letter="citizen_handed_over_citizen_proposal"),
    Door.DAMAGES: Out(letter="citizen_handed_over_damages"),
    Door.INSPECTION: Out(letter="citizen_handed_over_inspection"),
    Door.ACCESSIBILITY: Out(letter="citizen_handed_over_accessibility"),
    Door.INTERNAL: Out(letter="citizen_handed_over_internal"),
    Door.OTHER: Out(),
}

# Row K14: who writes from these is a supervisor, whose letters belong in the main diary.
AUTHORITIES: Mapping[str, str] = {
    "ivo.se": "Inspektionen för vård och omsorg",  # supervises health and social care
    "jo.se": "Riksdagens ombudsmän",  # supervises the law being followed by all authorities
    "jk.se": "Justitiekanslern",  # the same, and damages against the state
    "skolinspektionen.se": "Skolinspektionen",  # supervises schools; Barn- och elevombudet lives there too
    "do.se": "Diskrimineringsombudsmannen",  # supervises diskrimineringslagen
    "imy.se": "Integritetsskyddsmyndigheten",  # supervises personal data
    "av.se": "Arbetsmiljöverket",  # supervises working conditions, and whistleblowing channels
    "arn.se": "Allmänna reklamationsnämnden",  # tries disputes over fees and services
}
_PATIENTS = "patientnämnd"  # each region has its own, at a domain of its own or a mailbox of the region's

_CLOSED_IN = time(23, 59)
_NOON = time(12)
_UNSORTED = {Status.RECEIVED, Status.SORTING, Status.QUARANTINED}
_SPAM = "skräppost"  # how the reason begins in a quarantined case
_NEVER_ANYBODY = {
    Automatic.BOUNCE,
    Automatic.DELAYED,
    Automatic.DELIVERED,
    Automatic.DISPOSITION,
    Automatic.OWN_LOOP,
}
# Row B23, skollagen 6:10. Parts of words, Swedish first.
_VIOLATION = re.compile(
    r"\b(?:mobb|kränk|trakass|utfrys|utfrus|(?:ut)?fryser (?:\w+ )?ut|nätmobb|bull(?:y|ied)|harass|kiusa)",
    re.IGNORECASE,
)


def of(lanes: Collection[str], *, kind: Kind | None = None) -> tuple[Lane, ...]:
    """List the flags of a message, the most urgent first. To be praised by name is no flag."""
    praised = {Lane.NAMED_EMPLOYEE} if kind is Kind.PRAISE else set()
    return tuple(lane for lane in LANES if lane in set(lanes) - praised)


def acknowledgement(lanes: Collection[str]) -> str:
    """Name the acknowledgement that the flags ask for, or an empty text for the ordinary one."""
    return next((LANES[lane].acknowledgement for lane in of(lanes) if LANES[lane].acknowledgement), "")


def is_restricted(lanes: Collection[str], *, kind: Kind | None = None) -> bool:
    """Tell whether only few may see a case (rows N2, B27, B28)."""
    return any(LANES[lane].restricted for lane in of(lanes, kind=kind))


def is_kept(lanes: Collection[str]) -> bool:
    """Tell whether a flagged message is a synpunkt besides, if the flags are right."""
    return all(LANES[lane].kept for lane in of(lanes))


def heard_in_quarantine(
    lanes: Collection[str], *, verdicts: Collection[Verdict], automatic: Automatic | None
) -> tuple[Lane, ...]:
    """List the flags that are told of although nobody is answered yet (rows B7, B9, B27).

    A law may be at stake in what a server took for spam; in what a machine wrote, only somebody's life.
    """
    if automatic in _NEVER_ANYBODY:
        return ()
    is_spam = Verdict.SPAM in verdicts
    return tuple(lane for lane in of(lanes) if lane in ACUTE or (is_spam and LANES[lane].grave))


def due(way: Lane | Door, received_at: datetime, closed: Collection[date] = ()) -> datetime | None:
    """Return when a case must have been handed over, counted from R; None if there is no such time."""
    # A flag and a door may be the same word: a flag is looked up among flags.
    pace = LANES[way].pace if isinstance(way, Lane) else DOORS[way].pace
    return None if pace is None else _end(pace, received_at, closed)


def same_day(received_at: datetime, closed: Collection[date] = ()) -> datetime:
    """Return the end of the day of R, or of the next working day if R is after noon or on a closed day."""
    return _end(Pace.SAME_DAY, received_at, closed)


def open_clocks(case: Row, closed: Collection[date] = ()) -> list[OpenClock]:
    """List the clocks that run in a case until a human has sorted it, the first to run out first."""
    if case["status"] not in _UNSORTED:
        return []
    lanes: Sequence[Lane] = of(case["lanes"])
    if case["status"] == Status.QUARANTINED:
        verdicts = {Verdict.SPAM} if case["quarantined_because"].startswith(_SPAM) else set()
        lanes = heard_in_quarantine(lanes, verdicts=verdicts, automatic=None)
    found = []
    for lane in lanes:
        by = due(lane, case["received_at"], closed)
        if by is not None:
            found.append(OpenClock(clock=Clock.HAND_OVER, turn=str(lane), due=by, who=LANES[lane].hand_to))
    return sorted(found, key=lambda one: one.due)


def is_urgent(lane: str) -> bool:
    """Tell whether what a flag is about is watched day and night."""
    return LANES[Lane(lane)].pace is Pace.HOUR


def authority(address: str) -> str:
    """Name the supervising authority that a mail address belongs to, or return an empty text (row K14)."""
    local, _, domain = address.casefold().rpartition("@")
    for known, name in AUTHORITIES.items():
        if is_within(domain, [known]):
            return name
    if any(part.startswith((_PATIENTS, "patientnamnd")) for part in (local, *domain.split("."))):
        return "Patientnämnden"
    return ""


def is_within(address_or_domain: str, domains: Collection[str]) -> bool:
    """Tell whether an address lies in one of some domains, or below one."""
    domain = address_or_domain.casefold().rpartition("@")[2]
    return any(domain == one or domain.endswith(f".{one}") for one in domains)


def is_violation(lanes: Collection[str], text: str) -> bool:
    """Tell whether a message from a school may be about kränkande behandling (row B23)."""
    return Lane.DISCRIMINATION in lanes or _VIOLATION.search(text) is not None


def demanded(lanes: Collection[str], text: str, *, regulated: str, kind: Kind | None) -> tuple[Duty, ...]:
    """List what must be ticked before the case may be closed (rows N19, B23). A human may demand more."""
    duties = [Duty.LEX_SARAH] if Lane.LEX_SARAH in lanes else []
    if regulated == "skola" and kind is not Kind.PRAISE and is_violation(lanes, text):
        duties.append(Duty.VIOLATION)
    return tuple(duties)


def _end(pace: Pace, received_at: datetime, closed: Collection[date]) -> datetime:
    if pace is Pace.HOUR:
        return received_at + timedelta(hours=1)
    day = day_of(received_at)
    if pace is Pace.MONTH:
        return _end_of(_month_after(day))
    is_early = received_at.astimezone(STOCKHOLM).time() < _NOON
    if is_early and not why_closed(day, closed):
        return _end_of(day)
    return _end_of(next(working_days_after(day, closed)))


def _month_after(day: date) -> date:
    # Regulation 1182/71 art. 3: the same date, or the last one of a shorter month.
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _end_of(day: date) -> datetime:
    return datetime.combine(day, _CLOSED_IN, STOCKHOLM)
