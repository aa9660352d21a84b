"""Judges a year that has gone by: what had to be told and was not, what was told and had no reason to be.

Reads rows, the record of the ticks and the world; asks nothing of the code that did the telling.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from store.engine import Row
from tests.journeys.year.closing import lacking
from tests.journeys.year.drive import Year
from tests.journeys.year.post import id_of
from tests.journeys.year.record import STOCKHOLM, Seen, Tick, everything
from tests.journeys.year.rules import Call, People, Rules, Told, is_open
from tests.journeys.year.town import Town
from tests.policies.calendar import counted

Tables = Mapping[str, Sequence[Row]]

_KEY = re.compile(r"(\d+):(påminnelse|eskalering|larm):(.+)")
_REMINDERS = {"påminnelse", "eskalering"}
_NAMING = {"kvitto", "handläggare_utsedd", "återöppnat", "svar"}  # letters that tell who has the case
_ENDED = ("avslutad", "överlämnad", "dubblett", "arkiverad", "gallrad")


@dataclass(kw_only=True)
class Judgement:
    """What was counted, and every fault."""

    faults: list[str] = field(default_factory=list)
    alarms: Counter[str] = field(default_factory=Counter)
    promises: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    letters: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)


def judge(year: Year) -> Judgement:
    """Judge all of it."""
    rows = {
        name: everything(year.store, name)
        for name in ("cases", "alarms", "letters", "promises", "answers", "journal", "messages")
    }
    verdict = Judgement()
    verdict.faults += year.record.faults
    verdict.faults += _telling(year, rows)
    verdict.faults += _letters_of_alarms(year.town, rows)
    verdict.faults += _letters(year, rows["letters"])
    verdict.faults += _closed(year, rows["cases"])
    verdict.faults += _reception(year, rows)
    verdict.faults += _due_days(year, rows)
    verdict.faults += _kept(year.town, rows)
    verdict.faults += _promises(year, rows, verdict)
    verdict.faults += [f"orphan process {pid}" for pid in year.orphans]
    verdict.alarms = Counter(f"{row['clock']} {row['step']}" for row in rows["alarms"])
    verdict.letters = Counter(row["state"] for row in rows["letters"])
    verdict.statuses = Counter(row["status"] for row in rows["cases"])
    return verdict


def _telling(year: Year, rows: Tables) -> Iterator[str]:
    """Compare tick by tick what had to be told with what was."""
    rules = Rules(town=year.town)
    told: defaultdict[int, dict[Call, date]] = defaultdict(dict)
    waiting = sorted(rows["alarms"], key=lambda row: row["at"])
    returns = [(row["case_id"], row["at"]) for row in rows["journal"] if row["act"] == "brev ej levererat"]
    owed: defaultdict[int, dict[tuple[str, int], date]] = defaultdict(dict)
    for row in rows["promises"]:
        owed[row["case_id"]][row["kind"], row["round"]] = row["due_on"]
    ticks = year.record.ticks
    for number, tick in enumerate(ticks):
        ends = ticks[number + 1].at if number + 1 < len(ticks) else None
        here: dict[int, dict[Call, Row]] = defaultdict(dict)
        while waiting and (ends is None or waiting[0]["at"] < ends):
            row = waiting.pop(0)
            call = Call(row["clock"], row["turn"], row["step"])
            if call in here[row["case_id"]] or call in told[row["case_id"]]:
                yield f"{_name(row['case_id'], tick, call)}: told twice"
            here[row["case_id"]][call] = row
        back = {one for one, at in returns if tick.at <= at and (ends is None or at < ends)}
        # Between a letter that came back and the next one that went out, nothing was kept.
        unkept = {
            case_id: [replace(seen, unkept=owed[case_id]) for seen in _states(tick.before, case_id)]
            for case_id in back
        }
        yield from _one_tick(rules, tick, told, here, unkept)
        for case_id, calls in here.items():
            told[case_id] |= {call: _day(row["at"]) for call, row in calls.items()}


def _one_tick(
    rules: Rules,
    tick: Tick,
    told: Mapping[int, Told],
    here: Mapping[int, Mapping[Call, Row]],
    unkept: Mapping[int, list[Seen]],
) -> Iterator[str]:
    is_day = is_open(tick.at) and tick.looked
    for case_id in sorted({*tick.before, *tick.after, *here}):
        before = told.get(case_id, {})
        found = here.get(case_id, {})
        first = _states(tick.before, case_id)
        # What is due in the end may be told now, or else at the next look, which begins from there.
        last = _states(tick.after, case_id)
        between = [*tick.touched.get(case_id, []), *unkept.get(case_id, [])]
        allowed = _due(rules, [*first, *between, *last], before, tick) if is_day else {}
        needed = _due(rules, first if case_id not in tick.unsettled else [], before, tick) if is_day else {}
        for call in found:
            people = frozenset(found[call]["told"])
            if call not in allowed:
                yield f"{_name(case_id, tick, call)}: told without reason, to {sorted(people)}"
            elif people not in allowed[call]:
                right = [sorted(one) for one in allowed[call]]
                yield f"{_name(case_id, tick, call)}: told {sorted(people)}, should be {right}"
        for call in needed:
            if call not in found:
                yield f"{_name(case_id, tick, call)}: not told"


def _states(standing: Mapping[int, Seen], case_id: int) -> list[Seen]:
    return [standing[case_id]] if case_id in standing else []


def _due(rules: Rules, states: list[Seen], told: Told, tick: Tick) -> dict[Call, list[People]]:
    found: dict[Call, list[People]] = {}
    for seen in states:
        for call, people in rules.due(seen, told, tick.day).items():
            found.setdefault(call, []).append(people)
    return found


def _letters_of_alarms(town: Town, rows: Tables) -> Iterator[str]:
    """Each alarm has one letter to each whom it tells, written in office hours, and there is no other."""
    wanted: dict[str, str] = {}
    for alarm in rows["alarms"]:
        is_answer = alarm["clock"] == "svar"
        purpose = "larm"
        if is_answer:
            purpose = "påminnelse" if alarm["step"] in {"före", "påminnelse"} else "eskalering"
        if not is_open(alarm["at"]):
            yield f"case {alarm['case_id']}: {alarm['clock']} told at {alarm['at']}, when nobody is there"
        if not alarm["told"]:
            yield f"case {alarm['case_id']}: {alarm['clock']} told nobody"
        for who in alarm["told"]:
            mark = f"{alarm['clock']}:{alarm['step']}:{alarm['turn']}:{who}"
            wanted[f"{alarm['case_id']}:{purpose}:{mark}"] = town.people[who].mail
    for letter in rows["letters"]:
        if _KEY.fullmatch(letter["key"]) is None:
            continue
        if wanted.pop(letter["key"], None) != letter["handle"]:
            yield f"a reminder without an alarm, or to somebody else: {letter['key']}"
        if not is_open(letter["created_at"]):
            yield f"a reminder was written at {letter['created_at']}: {letter['key']}"
    yield from (f"an alarm without its letter: {key}" for key in wanted)
    lines = Counter(row["case_id"] for row in rows["journal"] if row["act"] == "bevakning")
    steps = Counter(row["case_id"] for row in rows["alarms"])
    if lines != steps:
        yield "the journal tells of other steps than were taken"


def _letters(year: Year, letters: Sequence[Row]) -> Iterator[str]:
    """Each letter reached the world at most once, and once if it is marked as sent."""
    arrived = Counter(id_of(mail.raw) for mail in year.world.mails)
    for letter in letters:
        count = arrived.pop(letter["external_id"], 0)
        if count > 1:
            yield f"letter {letter['key']} reached the world {count} times"
        if letter["state"] == "sänt" and letter["channel"] == "email" and count != 1:
            yield f"letter {letter['key']} is marked as sent and came {count} times"
        if letter["state"] in {"misslyckat", "hålls"} and count:
            yield f"letter {letter['key']} is {letter['state']} and came"
        if letter["state"] == "sänds":
            yield f"letter {letter['key']} is left in hand"
    yield from (f"a letter that is not in the outbox: {known}" for known in arrived)


def _closed(year: Year, cases: Sequence[Row]) -> Iterator[str]:
    for case in cases:
        if case["status"] == "avslutad" and (lacks := list(lacking(year.store, case, year.town))):
            yield f"case {case['id']} is closed and lacks {', '.join(lacks)}"


def _reception(year: Year, rows: Tables) -> Iterator[str]:
    """R is when we confirmed, and stays so; each mail is one case."""
    first: dict[int, Row] = {}
    for message in rows["messages"]:
        if message["case_id"] is not None:
            first.setdefault(message["case_id"], message)
        if message["state"] == "mottaget":
            yield f"message {message['id']} was never read"
    for case in rows["cases"]:
        if case["received_at"] != first[case["id"]]["received_at"]:
            yield f"case {case['id']}: R is not that of its message"
        window = year.record.sent.get(first[case["id"]]["message_id"])
        if window and not window[0] <= case["received_at"] <= window[1]:
            yield f"case {case['id']}: R is {case['received_at']}, sent {window[0]} to {window[1]}"
    seen: dict[int, datetime] = {}
    for tick in year.record.ticks:
        for case_id, one in tick.after.items():
            if seen.setdefault(case_id, one.case["received_at"]) != one.case["received_at"]:
                yield f"case {case_id}: R changed"
    if len(rows["cases"]) != year.plan.cases:
        yield f"{year.plan.cases} new mails, {len(rows['cases'])} cases"


def _due_days(year: Year, rows: Tables) -> Iterator[str]:
    """Count each promised day anew, from the profile's numbers."""
    found = {(row["case_id"], row["kind"], row["round"]): row["due_on"] for row in rows["promises"]}
    expected: dict[tuple[int, str, int], date] = {}
    began: dict[tuple[int, int], date] = {}
    for case in rows["cases"]:
        received = began[case["id"], 1] = _day(case["received_at"])
        expected[case["id"], "kvitto", 1] = received
        days = year.town.policy["deadlines"]["first_feedback_days"]
        # Nobody can tell who has the case to those who left neither an address nor a code.
        if days != "none" and (case["sender_handle"] or case["pick_up"]):
            expected[case["id"], "första_återkoppling", 1] = counted(received, days)
    for line in rows["journal"]:
        if line["act"] == "öppna igen":
            number = sum(one == line["case_id"] for one, _ in began) + 1
            began[line["case_id"], number] = _day(line["at"])
    silent = {case["id"] for case in rows["cases"] if _has_no_clock(year.town, case)}
    for case_id, seen in _in_order(year):
        key = (case_id, "svar", seen.case["round"])
        is_first = key not in expected
        kind = seen.case["kind"] or (seen.case["chosen_kind"] if seen.case["round"] == 1 else "")
        days = _answer_days(year.town, seen.case["unit"], kind)
        # A better promise counts as soon as type or unit is known, while the first one is not kept.
        if days and case_id not in silent and (is_first or key[1:] in seen.unkept):
            due_on = counted(began[case_id, seen.case["round"]], days)
            expected[key] = min(due_on, expected.get(key, due_on))
    for key in sorted({*found, *expected}):
        if found.get(key) != expected.get(key):
            yield f"case {key[0]}: {key[1]} {key[2]} is due {found.get(key)}, counted {expected.get(key)}"


def _in_order(year: Year) -> Iterator[tuple[int, Seen]]:
    """Walk through how each case has stood, in the order that it was seen."""
    for tick in year.record.ticks:
        for case_id in {*tick.touched, *tick.after}:
            for seen in (*tick.touched.get(case_id, ()), *_states(tick.after, case_id)):
                yield case_id, seen


def _answer_days(town: Town, unit: str, kind: str) -> int | None:
    by_kind = town.policy["deadlines"]["answer_days"]
    chosen = [by_kind[kind]] if kind else list(by_kind.values())
    days = [one for one in chosen if one != "none"]
    office = town.offices.get(unit)
    if office is not None and office.regulated == "skola" and "none" in by_kind.values():
        days.append(10)
    if office is not None and office.answer_days is not None:
        days.append(office.answer_days)
    return min(days, default=None)


def _has_no_clock(town: Town, case: Row) -> bool:
    """Row N14: in some towns nothing is promised to who can not be reached."""
    return not town.policy["deadlines"]["answer_anonymous"] and not case["sender_handle"]


def _kept(town: Town, rows: Tables) -> Iterator[str]:
    """Each promise was kept by something: a letter that went out, an answer that arrived, a case closed."""
    evidence: dict[tuple[int, str], set[datetime]] = defaultdict(set)
    letters = {row["key"]: row for row in rows["letters"]}
    covers = town.policy["deadlines"]["clock_covers"]
    for line in rows["journal"]:
        letter = letters.get(line["details"].get("brev", ""))
        if line["act"] == "brev sänt" and letter is not None:
            for kind in letter["keeps"]:
                evidence[line["case_id"], kind].add(line["at"])
            if letter["purpose"] in _NAMING:
                evidence[line["case_id"], "första_återkoppling"].add(line["at"])
            if letter["purpose"] == "svar" and covers == "answered":
                evidence[line["case_id"], "svar"].add(line["at"])
        if line["act"] == "avsluta":
            evidence[line["case_id"], "svar"].add(line["at"])
    for answer in rows["answers"]:
        if answer["way"] != "brev" and covers == "answered":
            evidence[answer["case_id"], "svar"].add(answer["delivered_at"])
        if answer["way"] not in {"brev", "anteckning"}:  # row G9: who has an answer knows who wrote it
            evidence[answer["case_id"], "första_återkoppling"].add(answer["delivered_at"])
    coded = {case["id"] for case in rows["cases"] if case["pick_up"]}
    for row in rows["promises"]:
        by_page = row["case_id"] in coded and row["kind"] != "svar"
        by_something = row["kept_at"] in evidence[row["case_id"], row["kind"]]
        if row["kept_at"] is not None and not by_page and not by_something:
            yield f"case {row['case_id']}: {row['kind']} kept at {row['kept_at']} by nothing"
    rounds = {case["id"]: case["round"] for case in rows["cases"]}
    newest = {(row["case_id"], row["round"]): row for row in rows["answers"]}
    for row in rows["promises"]:
        last = newest.get((row["case_id"], row["round"]))
        if row["kind"] != "svar" or row["round"] != rounds[row["case_id"]] or covers != "answered":
            continue
        if last is not None and last["delivered_at"] is not None and row["kept_at"] is None:
            yield f"case {row['case_id']}: answered and the promise is not kept"


def _promises(year: Year, rows: Tables, verdict: Judgement) -> Iterator[str]:
    """Every promise is kept in time, kept late, still running, or missed and shown."""
    today = year.record.ticks[-1].day
    looks = [tick for tick in year.record.ticks if tick.looked and is_open(tick.at)]
    seen = looks[-1].before if looks else {}
    cases = {case["id"]: case for case in rows["cases"]}
    told = {(row["case_id"], row["clock"], row["turn"]) for row in rows["alarms"]}
    receipts = {row["case_id"]: row["state"] for row in rows["letters"] if row["purpose"] == "kvitto"}
    with_answer = {row["case_id"] for row in rows["promises"] if row["kind"] == "svar"}
    verdict.promises["without date"] = len(cases) - len(with_answer)
    for row in rows["promises"]:
        case = cases[row["case_id"]]
        if row["kept_at"] is not None:
            verdict.promises["kept in time" if _day(row["kept_at"]) <= row["due_on"] else "kept late"] += 1
            continue
        if row["due_on"] >= today:
            verdict.promises["running"] += 1
            continue
        verdict.promises["missed"] += 1
        reason = _shown(row, case, told, receipts)
        was_unkept = case["id"] in seen and (row["kind"], row["round"]) in seen[case["id"]].unkept
        if not reason and (not was_unkept or row["due_on"] >= looks[-1].day):
            reason = "since the last look"  # it ran out, or a letter came back, and nobody has looked yet
        verdict.missed[reason or "not shown"] += 1
        if not reason:
            yield f"case {case['id']} ({case['status']}): {row['kind']} of {row['due_on']} missed, not shown"


def _shown(row: Row, case: Row, told: set[tuple[int, str, str]], receipts: Mapping[int, str]) -> str:
    """Say where a missed promise is shown, or why nobody waits for it; an empty text if nowhere."""
    if (case["id"], row["kind"], str(row["round"])) in told:
        return "told"
    if row["kind"] == "kvitto":
        state = receipts.get(case["id"])
        if state:
            return f"receipt {state}"
        return "quarantine" if case["quarantined_because"] else "" if case["sender_handle"] else "anonymous"
    if case["status"] in _ENDED:
        return str(case["status"])
    if row["round"] < case["round"]:
        return "opened again"
    return "" if case["sender_handle"] else "anonymous"


def _day(moment: datetime) -> date:
    return moment.astimezone(STOCKHOLM).date()


def _name(case_id: int, tick: Tick, call: Call) -> str:
    return f"case {case_id}, {tick.at:%a %Y-%m-%d %H:%M}, {' '.join(call)}"
