"""The reports of each policy make themselves: each once, told to the right people, none missing (row X15)."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bots.desk.reports import catalogue
from bots.desk.reports.asked import Asked
from bots.desk.reports.report import Report
from bots.desk.reports.schedule import Schedule
from bots.desk.reports.sheet import Sheet
from bots.mail.identity import Identity
from store import analyses, profiles
from store.deadlines import later, why_closed
from store.domain import Contact, Handler, Purpose, Role, Unit
from store.engine import Store, Transaction
from store.figures.period import read
from store.positions import Positions
from store.profiles.policy import Report as Plan
from tests.house import Clock, House, rows_of

Make = Callable[..., House]
ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])
NAMES = ("gislaved", "kristianstad", "landskrona", "norrmalm", "standard", "tyreso")


def person(who: str, *roles: Role, **more: object) -> Handler:
    return Handler(id=who, name=f"{who.title()} Prov", email=f"{who}@lillkommun.example", roles=roles, **more)  # type: ignore[arg-type]  # as given


STAFF = (
    person("hanna"),
    person("chris", substitute="hanna"),
    person("carin"),
    person("frida"),
    person("rita"),
    person("kim"),
    person("nils", Role.SECRETARY),
    person("mats"),
)
UNITS = (
    Unit(id="park", name="Gata och park", handlers=("hanna",), managers=("chris",), heads=("frida",)),
    Unit(id="skola", name="Skolan", handlers=("hanna",), managers=("carin",), heads=("frida",)),
)
CONTACT = Contact(name="Kim Prov", address="Torget 1", phone="070-174 06 20")


def plain(report: str, _transaction: Transaction, asked: Asked) -> Report:
    """Make a report of one figure; those of the catalogue have tests of their own."""
    sheet = Sheet(
        id=report, title=report, columns=("enhet", "totalt"), rows=((", ".join(asked.units) or "Alla", 0),)
    )
    return Report(
        sheet=sheet,
        period=asked.period,
        today=asked.today,
        municipality="Lilla kommunen",
        query=report,
        headline="Inget.",
    )


def a_schedule(house: House) -> Schedule:
    return Schedule(store=house.store, house=house.work.house, identity=house.identity, make=plain)


def at_seven(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 6, tzinfo=UTC)


def begin(store: Store, day: date) -> None:
    """Let the house have run since a day."""
    Positions(store).keep_place("rapporter", "sedan", day.isoformat())


def made(house: House) -> list[tuple[str, str, str]]:
    return [(row["report"], row["period"], row["scope"]) for row in rows_of(house.store, "snapshots")]


def told(house: House, word: str) -> list[str]:
    """List who was written to, of the letters whose subject holds a word."""
    return [
        row["handle"].partition("@")[0]
        for row in house.outbox(purpose=Purpose.REPORT)
        if word in row["subject"]
    ]


def a_town(make_house: Make, policy: str) -> House:
    profile = profiles.load(policy)
    return make_house(
        people=STAFF,
        units=UNITS,
        policy=profile,
        quality=("kim",),
        medborgarcenter=("mats",),
        contact=CONTACT,
        silent=True,
    )


# For two years, written out by hand from the policies: which report, of which periods, and who is told of it.
QUARTERS = [f"{year}-K{number}" for year in (2026, 2027) for number in (1, 2, 3, 4)]
YEARS = ["2026", "2027"]
CHIEFS, BOARD = {"chris", "carin"}, {"nils"}
WANTED: dict[str, dict[str, tuple[list[str], set[str]]]] = {
    "landskrona": {  # L13, L14, L15
        "R1": (QUARTERS, CHIEFS),
        "R2": (["2026-H1", "2026-H2", "2027-H1", "2027-H2"], BOARD),
        "R3": (YEARS, BOARD),
    },
    "gislaved": {"R3": (YEARS, BOARD)},  # G14
    "kristianstad": {"R5": (QUARTERS, BOARD | {"rita"}), "R6": (YEARS, CHIEFS)},  # K16, K18, K20
    "norrmalm": {  # N23
        "R4": ([f"{year}-T{number}" for year in (2026, 2027) for number in (1, 2, 3)], BOARD),
        "R3": (YEARS, BOARD),
    },
    "tyreso": {},  # T15: the plan is the municipality's own
    "standard": {},
}


@ON_SQLITE
@pytest.mark.parametrize("policy", NAMES)
def test_x15_each_policy_has_each_report_of_two_years_once_and_the_right_people_are_told(
    make_house: Make, policy: str
) -> None:
    house = a_town(make_house, policy)
    schedule = a_schedule(house)
    begin(house.store, date(2026, 1, 1))
    days = (date(2026, 1, 1) + timedelta(days=number) for number in range(2 * 365 + 10))

    # Where a month begins something may fall due; in the middle of it nothing more may come of it.
    for day in days:
        if not why_closed(day) and (day.day <= 6 or day.day in {15, 28}):
            schedule.once(at_seven(day))
            schedule.once(at_seven(day) + timedelta(hours=5))

    wanted = WANTED[policy]
    of_all = [(report, period) for report, period, scope in made(house) if not scope]
    assert Counter(of_all) == Counter((report, period) for report in wanted for period in wanted[report][0])
    for report, (periods, people) in wanted.items():
        assert Counter(told(house, f"({report}), rapporten är klar")) == dict.fromkeys(people, len(periods))
        for row in rows_of(house.store, "snapshots"):
            if row["report"] == report:
                # The first working day after the period, and no other.
                assert row["counted_to"] == later(read(row["period"]).last, 1), row["period"]
    scopes = {scope for report, _, scope in made(house) if report in {"R1", "R6"}}
    assert scopes == ({"", "park", "skola"} if {"R1", "R6"} & wanted.keys() else set())


def test_every_report_that_a_policy_wants_is_made_here_and_may_be_read_by_whom_it_is_sent_to() -> None:
    for name in NAMES:
        for plan in profiles.load(name).reports:
            readers = catalogue.entry(plan.id).readers
            assert {Role(one) for one in plan.roles} <= readers, (name, plan.id)


@ON_SQLITE
def test_t15_a_plan_of_the_municipality_drives_what_is_made(make_house: Make) -> None:
    house = a_town(make_house, "tyreso")
    plan = Plan(id="R2", period="month", to=("nämnden",), roles=("kvalitet",))
    house.work.house.policy = house.work.house.policy.model_copy(update={"reports": (plan,)})
    begin(house.store, date(2026, 10, 1))

    a_schedule(house).once(at_seven(date(2026, 12, 1)))

    assert made(house) == [("R2", "2026-10", ""), ("R2", "2026-11", "")]
    assert told(house, "rapporten är klar") == ["kim", "kim"]


@ON_SQLITE
def test_g14_the_letter_says_whom_it_is_for_and_by_when(make_house: Make) -> None:
    house = a_town(make_house, "gislaved")
    begin(house.store, date(2026, 1, 1))

    a_schedule(house).once(at_seven(date(2027, 1, 4)))

    (letter,) = house.outbox(purpose=Purpose.REPORT)
    body = " ".join(letter["body"].split())
    assert "Den är till för: kommunstyrelsen." in body
    assert "Den ska redovisas senast söndag 31 januari 2027." in body
    assert "https://tycktill.lillkommun.example/rapporter/R3?period=2026 " in body


@ON_SQLITE
def test_what_fell_due_while_the_service_was_down_is_made_when_it_is_up_again(make_house: Make) -> None:
    house = a_town(make_house, "landskrona")
    begin(house.store, date(2026, 1, 1))

    a_schedule(house).once(at_seven(date(2026, 9, 9)))

    assert [one for one in made(house) if not one[2]] == [
        ("R1", "2026-K1", ""),
        ("R1", "2026-K2", ""),
        ("R2", "2026-H1", ""),
    ]


@ON_SQLITE
def test_nothing_is_made_before_the_first_working_day_after_the_period(make_house: Make) -> None:
    house = a_town(make_house, "gislaved")
    begin(house.store, date(2026, 1, 1))
    schedule = a_schedule(house)

    for day in (date(2026, 12, 31), date(2027, 1, 1), date(2027, 1, 2), date(2027, 1, 3)):
        schedule.once(at_seven(day))
    assert made(house) == []
    schedule.once(at_seven(date(2027, 1, 4)))
    assert made(house) == [("R3", "2026", "")]


@ON_SQLITE
def test_a_house_that_begins_makes_no_report_of_the_time_before_it(make_house: Make) -> None:
    house = a_town(make_house, "landskrona")

    a_schedule(house).once(at_seven(date(2026, 11, 23)))

    assert made(house) == []


def test_two_services_at_once_make_a_report_once_with_its_letters(make_house: Make) -> None:
    house = a_town(make_house, "landskrona")
    begin(house.store, date(2026, 7, 1))
    first, second = a_schedule(house), a_schedule(house)
    now = at_seven(date(2026, 10, 1))

    # The other one is done between the counting and the keeping of the first.
    def slowly(report: str, transaction: Transaction, asked: Asked) -> Report:
        if not asked.units:
            second.once(now)
        return plain(report, transaction, asked)

    first.make = slowly
    assert first.once(now) == 0

    assert [one for one in made(house) if not one[2]] == [("R1", "2026-K3", "")]
    assert sorted(told(house, "rapporten är klar")) == ["carin", "chris"]


class Killed(Identity):
    """What falls when the first letter is about to be written."""

    def message_id(self, case_id: int | None) -> str:  # noqa: ARG002 - as the other is called
        raise KeyboardInterrupt


def test_who_is_killed_between_keeping_and_writing_has_done_neither(make_house: Make) -> None:
    house = a_town(make_house, "landskrona")
    begin(house.store, date(2026, 7, 1))
    now, ours = at_seven(date(2026, 10, 1)), house.identity
    killed = a_schedule(house)
    killed.identity = Killed(address=ours.address, name=ours.name, secret=ours.secret)

    with pytest.raises(KeyboardInterrupt):
        killed.once(now)
    assert (made(house), told(house, "rapporten är klar")) == ([], [])

    a_schedule(house).once(now)
    assert len(made(house)) == 3
    assert sorted(told(house, "rapporten är klar")) == ["carin", "chris"]


@ON_SQLITE
def test_a_report_that_can_not_be_made_stops_no_other_and_is_tried_again(
    make_house: Make, caplog: pytest.LogCaptureFixture
) -> None:
    house = a_town(make_house, "norrmalm")
    begin(house.store, date(2026, 1, 1))
    schedule, broken = a_schedule(house), True

    def now_and_then(report: str, transaction: Transaction, asked: Asked) -> Report:
        if report == "R4" and broken:
            raise RuntimeError
        return plain(report, transaction, asked)

    schedule.make = now_and_then
    now = at_seven(date(2027, 1, 4))
    schedule.once(now)
    assert made(house) == [("R3", "2026", "")]
    assert "report not made: report=R4/2026-T3" in caplog.text

    broken = False
    schedule.once(now + timedelta(minutes=5))
    assert made(house) == [("R3", "2026", "")]  # not at once: it may be heavy
    schedule.once(now + timedelta(hours=1))
    assert sorted(made(house)) == [
        ("R3", "2026", ""),
        ("R4", "2026-T1", ""),
        ("R4", "2026-T2", ""),
        ("R4", "2026-T3", ""),
    ]


@ON_SQLITE
def test_l13_a_missing_signature_is_reminded_of_once_and_then_told_to_the_level_above(
    make_house: Make,
) -> None:
    house = a_town(make_house, "landskrona")
    begin(house.store, date(2026, 7, 1))
    schedule = a_schedule(house)
    first = date(2026, 10, 1)
    schedule.once(at_seven(first))
    with house.store.write() as transaction:
        analyses.write(
            transaction,
            "R1",
            "2026-K3",
            "skola",
            "Bra.",
            by="carin",
            seen="0",
            now=at_seven(first),
            sign_as="C",
        )

    told_on: dict[date, list[str]] = {}
    for number in range(60):
        day = first + timedelta(days=number)
        before = told(house, "analys saknas")
        if not why_closed(day):
            schedule.once(at_seven(day))
        if new := told(house, "analys saknas")[len(before) :]:
            told_on[day] = new

    # Ten working days to sign, then three until the level above is told: heads and the quality staff.
    assert told_on == {date(2026, 10, 16): ["chris"], date(2026, 10, 21): ["frida", "kim"]}
    letters = [row for row in house.outbox(purpose=Purpose.REPORT) if "analys saknas" in row["subject"]]
    for letter in letters:
        assert "saknar analys från Gata och park" in " ".join(letter["body"].split())
    assert "period=2026-K3&enhet=park" in letters[0]["body"]


@ON_SQLITE
def test_who_is_away_is_told_through_who_stands_in(make_house: Make) -> None:
    away = {"chris": ((date(2026, 9, 1), date(2026, 12, 1)),)}
    house = make_house(
        people=tuple(replace(one, absent=away.get(one.id, ())) for one in STAFF),
        units=UNITS,
        policy=profiles.load("landskrona"),
        silent=True,
    )
    begin(house.store, date(2026, 7, 1))

    a_schedule(house).once(at_seven(date(2026, 10, 1)))

    assert sorted(told(house, "rapporten är klar")) == ["carin", "hanna"]


@ON_SQLITE
def test_where_nobody_lays_reports_before_the_board_the_registrator_is_told(make_house: Make) -> None:
    house = make_house(
        people=[one for one in STAFF if one.id != "nils"],
        units=UNITS,
        policy=profiles.load("gislaved"),
        silent=True,
    )
    begin(house.store, date(2026, 1, 1))

    a_schedule(house).once(at_seven(date(2027, 1, 4)))

    assert told(house, "rapporten är klar") == ["rita"]


@ON_SQLITE
async def test_the_watch_makes_reports_in_office_hours_and_no_letter_tells_of_a_person(
    make_house: Make,
) -> None:
    house = a_town(make_house, "landskrona")
    house.watch.schedule = a_schedule(house)
    begin(house.store, date(2026, 7, 1))
    clock: Clock = house.clock
    clock.now = datetime(2026, 10, 1, 4, 59, tzinfo=UTC)  # 06.59 in Stockholm

    house.watch.once()
    assert made(house) == []
    clock.forward(minutes=1)
    house.watch.once()
    await house.deliver()

    assert len(made(house)) == 3
    assert {letter.purpose for letter in house.memory.letters} == {Purpose.REPORT}
    (line,) = [row for row in rows_of(house.store, "journal") if row["act"] == "rapport gjord"]
    assert (line["details"]["rapport"], line["details"]["period"]) == ("R1", "2026-K3")
    for letter in house.memory.letters:
        assert "Prov" not in letter.body
