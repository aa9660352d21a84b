"""The reports that are lists say what the store says, counted in another way, and hide what they must."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, update

from bots.desk.reports.asked import Asked, NoReportError
from bots.desk.reports.catalogue import CATALOGUE, entry, make
from bots.desk.reports.diary import DiaryCase
from bots.desk.reports.readers import made_for
from bots.desk.reports.report import Report
from bots.desk.reports.sheet import as_csv
from store import acts, journal, life
from store.deadlines import why_closed
from store.domain import Door, Entry, Factor, Kind, LetterState, Provider, Purpose, Role, Status
from store.engine import Row
from store.figures.period import read
from store.tables import alarms, answers, cases, disposals, letters, secrecy_marks
from tests.bots.desk.reports.test_sheets import TODAY, counted, fill
from tests.house import UNITS, House

HERE = ZoneInfo("Europe/Stockholm")
CARE = (replace(UNITS[0], regulated="sol", managers=("petra",)), UNITS[1])
OURS = ("R5", "R7", "R8", "R9", "R11", "R13", "R14", "R15")
ONLY_FOR_ONE = sorted(one.id for one in CATALOGUE.values() if one.names_cases)


@pytest.fixture
def town(make_house: Any) -> House:
    """Two years of invented cases, some of them for few eyes."""
    house: House = make_house(units=CARE, quality=("omar",))
    fill(house.store, count=300, seed=20261123)
    change(house, cases.c.id % 10 == 0, restricted=True)
    change(house, cases.c.id % 25 == 0, protected=True)
    change(house, cases.c.id % 7 == 0, serious=True, diary_number="SN 2026/7")
    return house


def change(house: House, which: Any, **columns: Any) -> None:
    with house.store.write() as transaction:
        transaction.connection.execute(update(cases).where(which).values(**columns))


def report(house: House, name: str, written: str = "2026", *, by: str = "", **more: Any) -> Report:
    asked = Asked(period=read(written), today=TODAY, house=house.work.house, **more)
    if by:
        asked = replace(asked, reader=house.work.house.reader(by))
    with house.store.read() as transaction:
        return make(name, transaction, asked)


def lines(made: Report) -> list[dict[str, Any]]:
    return [dict(zip(made.sheet.columns, row, strict=True)) for row in made.sheet.rows]


def of_year(house: House, year: int = 2026) -> list[Row]:
    return list(counted(house, date(year, 1, 1), date(year, 12, 31)))


def worked(first: date, last: date) -> int:
    """Count working days after a day up to another, one by one; less than 0 the other way round."""
    if last < first:
        return -worked(last, first)
    days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
    return sum(not why_closed(day) for day in days)


def is_open_to_all(row: Row) -> bool:
    return not row["restricted"] and not row["protected"]


def here(moment: datetime) -> date:
    return moment.astimezone(HERE).date()


def first_answers(house: House) -> dict[int, date]:
    found: dict[int, date] = {}
    for row in house.table("answers"):
        found.setdefault(row["case_id"], here(row["delivered_at"]))
    return found


# --- R5


def test_k16_r5_has_each_case_of_the_care_units_once_with_what_is_kept_of_it(town: House) -> None:
    expected = [row for row in of_year(town) if row["unit"] == "park"]
    answered = first_answers(town)

    found = lines(report(town, "R5"))
    notes = dict(report(town, "R5").sheet.notes)

    shown = {row["number"]: row for row in expected if is_open_to_all(row)}
    assert len(shown) > 20
    assert {line["id/dnr"] for line in found} == set(shown)
    assert len(found) == len(shown)
    assert notes["begränsade, räknas i R1 men visas inte här"] == len(expected) - len(shown)
    for line in found:
        row = shown[line["id/dnr"]]
        day = answered.get(row["id"])
        assert (line["källa"], line["enhet"]) == ("register", "Gata och park")
        assert (line["typ"], line["faktor"]) == (
            row["kind"] or row["suggested_kind"],
            row["factor"] or row["suggested_factor"],
        )
        assert (line["allvarlig"] == "ja") == (row["id"] % 7 == 0)
        assert line["svar_wd"] == (None if day is None else worked(here(row["received_at"]), day))


def test_r5_and_r1_add_up_to_the_same_for_who_sees_all(town: House) -> None:
    change(town, cases.c.id > 0, restricted=False, protected=False)

    (r1,) = [one for one in lines(report(town, "R1", units=["park"])) if one["faktor"] == "Alla"]
    found = lines(report(town, "R5"))

    assert len(found) == r1["totalt"]
    assert sum(line["typ"] == Kind.PRAISE for line in found) == r1["beröm"]


def test_k17_cases_of_the_diary_stand_beside_ours_and_those_in_both_once(town: House) -> None:
    day = date(2026, 3, 2)
    diary = [
        DiaryCase(number="IVO 2026/1", received_on=day, is_of_supervisor=True, answered_on=date(2026, 3, 9)),
        DiaryCase(number="SN 2026/7", received_on=day, unit="park"),  # a serious one of ours
        DiaryCase(number="SN 2026/8", received_on=day, unit="skola"),
        DiaryCase(number="SN 2025/9", received_on=day.replace(year=2025), unit="park"),
    ]

    made = report(town, "R5", diary=diary)

    found = [line for line in lines(made) if line["källa"] == "diarium"]
    assert [(one["id/dnr"], one["IVO/PN"], one["enhet"], one["svar_wd"]) for one in found] == [
        ("IVO 2026/1", "ja", "(utan enhet)", 5)
    ]
    notes = dict(made.sheet.notes)
    assert notes["i både register och diarium, visas en gång"] == 1
    assert notes["i diariefilen, för annan tid eller enhet"] == 2
    assert "IVO 2026/1, (utan enhet), kom 2026-03-02, ännu utan åtgärd" in made.sections[1].items
    assert "och" in made.headline


def test_k14_what_came_from_ivo_is_told_of_in_r5_and_counted_nowhere_else(town: House) -> None:
    (row, *_) = [one for one in of_year(town) if one["unit"] == "park" and is_open_to_all(one)]
    before = len(lines(report(town, "R5")))
    change(town, cases.c.id == row["id"], status=Status.HANDED_OVER, door=Door.SUPERVISOR)

    found = lines(report(town, "R5"))

    assert len(found) == before
    assert [one["IVO/PN"] for one in found if one["id/dnr"] == row["number"]] == ["ja"]
    assert sum(one["IVO/PN"] == "ja" for one in found) == 1


def test_words_that_may_point_at_somebody_are_left_out_and_said_to_be(town: House) -> None:
    answered = {row["case_id"] for row in town.table("answers")}
    some = [row for row in of_year(town) if row["unit"] == "park" and row["id"] in answered]
    plain, personal = [row for row in some if is_open_to_all(row)][:2]
    with town.store.write() as transaction:
        for case_id, words in (
            (plain["id"], "Ny\nkock."),
            (personal["id"], "Anna Ek har bett Sven Svensson om ursäkt."),
        ):
            changed = update(answers).where(answers.c.case_id == case_id)
            transaction.connection.execute(
                changed.values(measure=words, improvement=words, outcome="åtgärdad")
            )

    found = {line["id/dnr"]: line for line in lines(report(town, "R5", by="rita"))}

    assert found[plain["number"]]["åtgärd"] == "åtgärdad: Ny kock."
    assert found[personal["number"]]["åtgärd"] == "åtgärdad: (utelämnat)"
    assert found[personal["number"]]["förslag_på_åtgärd"] == "(utelämnat)"


# --- R8 and R9


def open_cases(house: House) -> list[Row]:
    return [row for row in house.cases() if row["status"] in {Status.ASSIGNED, Status.ANSWERED}]


def test_r8_tells_the_working_days_left_of_every_open_case_the_latest_first(town: House) -> None:
    owed = {
        row["case_id"]: row["due_on"]
        for row in town.table("promises")
        if row["kind"] == "svar" and row["kept_at"] is None
    }
    expected = {row["number"]: row for row in open_cases(town) if is_open_to_all(row)}

    made = report(town, "R8")

    found = {line["nummer"]: line for line in lines(made)}
    assert len(expected) > 20
    assert found.keys() == expected.keys()
    for number, row in expected.items():
        due_on = owed.get(row["id"])
        assert found[number]["dagar_kvar"] == (None if due_on is None else worked(TODAY, due_on))
        assert found[number]["handläggare"] == "Anna Ek"
    days = [line["dagar_kvar"] for line in lines(made) if line["dagar_kvar"] is not None]
    assert days == sorted(days)
    assert days[0] < 0
    assert lines(made)[-1]["dagar_kvar"] is None
    (chart,) = made.charts
    assert dict(zip(chart.labels, chart.series[0].values, strict=True))["försenade"] == sum(
        d < 0 for d in days
    )
    assert (made.period.first, made.period.last, made.query) == (TODAY, TODAY, "R8")


def test_r8_is_of_what_its_reader_answers_for(town: House) -> None:
    rows = open_cases(town)
    change(town, cases.c.id.in_([row["id"] for row in rows if row["unit"] == "skola"]), handler="omar")

    def numbers(which: Iterable[Row]) -> set[str]:
        return {row["number"] for row in which}

    def seen_by(who: str) -> set[str]:
        return {line["nummer"] for line in lines(report(town, "R8", by=who))}

    clear = [row for row in rows if not row["protected"]]
    assert seen_by("rita") == numbers(rows)
    # Who has a case that is for few eyes has it here as well.
    assert seen_by("anna") == numbers(row for row in rows if row["unit"] != "skola")
    assert seen_by("omar") == numbers(row for row in rows if row in clear or row["unit"] == "skola")
    theirs = numbers(row for row in clear if row["unit"] == "park")
    assert seen_by("petra") >= theirs
    assert {row["unit"] for row in rows if row["number"] in seen_by("petra") and row["restricted"]} == {
        "park"
    }


def test_the_next_step_says_what_each_case_waits_for(town: House) -> None:
    open_ids = [row["id"] for row in open_cases(town)]
    one, two, three, four = open_ids[:4]
    clear = {"restricted": False, "protected": False, "kind": Kind.PRAISE, "factor": Factor.FOOD}
    change(town, cases.c.id == one, status=Status.SORTING, **clear)
    change(town, cases.c.id == two, status=Status.AT_PROVIDER, statement_due_on=date(2026, 12, 1), **clear)
    change(
        town, cases.c.id == three, status=Status.AWAITING_SENDER, question_due_on=date(2026, 12, 20), **clear
    )
    change(town, cases.c.id == four, status=Status.ASSIGNED, **clear)
    with town.store.write() as transaction:
        transaction.connection.execute(answers.delete().where(answers.c.case_id == four))
    numbers = {row["id"]: row["number"] for row in town.cases()}

    found = {line["nummer"]: line["nästa_steg"] for line in lines(report(town, "R8"))}

    assert [found[numbers[one]] for one in (one, two, three, four)] == [
        "Ge ärendet till en handläggare.",
        "Påminn om redogörelsen: den skulle ha kommit 2026-12-01.",
        "Vänta på avsändaren till och med 2026-12-20.",
        "Svara avsändaren.",
    ]


def test_what_an_answered_case_lacks_is_what_closing_asks_for(town: House) -> None:
    change(town, cases.c.id > 0, restricted=False, protected=False, serious=False)
    change(town, cases.c.id % 3 == 0, factor="", statement_asked_at=datetime(2026, 1, 1, tzinfo=UTC))
    rules = town.work.house.rules
    found = {line["nummer"]: line["nästa_steg"] for line in lines(report(town, "R8"))}

    with town.store.read() as transaction:
        for row in town.cases():
            if row["status"] == Status.ANSWERED:
                missing = life.missing_at_close(acts.facts_of(transaction, row), rules)
                assert found[row["number"]] == [*missing, "Avsluta ärendet."][0]
    assert len(set(found.values())) > 4


def test_t12_r9_agrees_with_r1_and_tells_how_many_days_over(town: House) -> None:
    change(town, cases.c.id > 0, restricted=False, protected=False)
    ids = {row["id"] for row in of_year(town)}
    with town.store.write() as transaction:
        told = {"due_on": date(2026, 11, 2), "told": ["anna", "petra", "gone"]}
        transaction.connection.execute(update(alarms).values(told))
    kept = {row["case_id"]: row["kept_at"] for row in town.table("promises") if row["kind"] == "svar"}
    numbers = {row["number"]: row["id"] for row in town.cases()}

    made = report(town, "R9", by="rita")

    found = lines(made)
    r1 = [one for one in lines(report(town, "R1")) if one["faktor"] == "Alla"]
    in_sum = [line for line in found if numbers[line["nummer"]] in ids]
    assert len(in_sum) == sum(one["eskalerade"] for one in r1) > 20
    for line in found:
        ended = kept.get(numbers[line["nummer"]])
        until = here(ended) if ended else TODAY
        assert line["dagar_över"] == max(worked(date(2026, 11, 2), until), 0)
        assert line["eskalerad_till"] == "Anna Ek, Petra Holm, gone"
        assert line["orsak"] == "svaret dröjer"


# --- R11


def test_n20_r11_adds_up_to_the_total_of_a_providers_unit(town: House) -> None:
    provider = Provider(name="Omsorg AB", email="svar@omsorg.example")
    town.work.house.units = (replace(CARE[0], provider=provider), CARE[1])
    rows = [row for row in of_year(town) if row["unit"] == "park"]
    asked_at = datetime(2026, 12, 1, 9, tzinfo=UTC)
    some = [row["id"] for row in rows[:5]]
    change(town, cases.c.id.in_(some), statement_of="omsorg ab ", statement_asked_at=asked_at)
    change(
        town,
        cases.c.id.in_(some[:2]),
        statement_received_at=asked_at + timedelta(days=6),
        statement_measure="Ny bil.",
        statement_told_on=date(2026, 12, 8),
    )
    (elsewhere,) = [row for row in of_year(town) if row["unit"] == "skola"][:1]
    change(town, cases.c.id == elsewhere["id"], statement_of="Norra nämnden", statement_asked_at=asked_at)

    made = report(town, "R11", by="rita")

    found = lines(made)
    (r1,) = [one for one in lines(report(town, "R1", units=["park"])) if one["faktor"] == "Alla"]
    ours = [one for one in found if one["utförare"] == "Omsorg AB"]
    assert sum(one["antal"] for one in ours) == r1["totalt"]
    assert [one["antal"] for one in found if one["utförare"] == "Norra nämnden"] == [1]
    assert sum(one["redogörelse_begärd"] == date(2026, 12, 1) for one in ours) == 5
    whole = [one for one in ours if one["inkommen"] is not None]
    assert [(one["inkommen"], one["wd"], one["åtgärd"], one["återkopplad_datum"]) for one in whole] == [
        (date(2026, 12, 7), 4, "Ny bil.", date(2026, 12, 8))
    ] * 2
    assert "sex redogörelser är begärda, fyra har inte kommit" in made.headline


def test_what_a_provider_did_is_not_told_of_a_case_that_is_kept_from_the_reader(town: House) -> None:
    (row, *_) = [one for one in of_year(town) if not is_open_to_all(one)]
    told: dict[str, Any] = {"statement_of": "Omsorg AB", "statement_asked_at": datetime.now(UTC)}
    change(town, cases.c.id == row["id"], statement_measure="Ny bil.", **told)

    assert [one["åtgärd"] for one in lines(report(town, "R11"))] == [""]
    assert [one["åtgärd"] for one in lines(report(town, "R11", by="rita"))] == ["Ny bil."]


# --- R7, R13, R14


def test_r7_has_every_message_and_answer_with_people_only_for_the_registrator(town: House) -> None:
    with town.store.write() as transaction:
        mark = {
            "case_id": next(row["case_id"] for row in town.table("answers")),
            "paragraph": "26 kap. 1 § OSL",
            "authority": "Nämnden",
            "set_by": "rita",
            "set_at": datetime(2026, 1, 1, tzinfo=UTC),
        }
        transaction.connection.execute(insert(secrecy_marks).values(mark))
        transaction.connection.execute(update(cases).values(series="SYN-2026"))
    went = [row for row in town.table("answers") if here(row["written_at"]).year == 2026]

    mine, anybodys = (report(town, "R7", by=who) for who in ("rita", "petra"))

    assert len(mine.sheet.rows) == len(went) > 50
    assert {line["in/ut"] for line in lines(mine)} == {"ut"}
    assert {line["avsändare/mottagare"] for line in lines(mine)} == {"–", "a@example.org"}
    assert {line["avsändare/mottagare"] for line in lines(anybodys)} == {"–"}
    hidden = {row["number"] for row in town.cases() if not is_open_to_all(row)}
    assert {line["avsändare/mottagare"] for line in lines(mine) if line["nummer"] in hidden} == {"–"}
    marked = [
        line
        for line in lines(report(town, "R7", "2025-01-01/2027-12-31"))
        if line["sekretessmarkering"] == "j"
    ]
    assert len(marked) == 1


def test_b16_r13_has_what_was_disposed_of_in_the_period_by_the_day_in_stockholm(house: House) -> None:
    late = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)
    done = {"record": "ärende", "decision_ref": "KS § 7", "carried_out_by": "rita"}
    with house.store.write() as transaction:
        rows = [
            {**done, "number": "SYN-1", "pieces": 3, "carried_out_at": late},
            {**done, "number": "", "pieces": 4, "carried_out_at": late - timedelta(hours=1)},
        ]
        transaction.connection.execute(insert(disposals), rows)

    first, second = report(house, "R13", "2026-K2"), report(house, "R13", "2026-K3")

    assert first.sheet.rows == [("–", "ärende", "KS § 7", date(2026, 6, 30), "rita", 4)]
    assert second.sheet.rows == [("SYN-1", "ärende", "KS § 7", date(2026, 7, 1), "rita", 3)]
    assert second.headline == "Tre handlingar gallrades under tredje kvartalet 2026, enligt ett beslut."


def test_r14_has_every_line_of_a_person_and_hides_what_is_kept_from_its_reader(town: House) -> None:
    hidden = next(row for row in town.cases() if row["protected"])
    clear = next(row for row in town.cases() if is_open_to_all(row))
    at = datetime(2026, 5, 4, 8, 0, 1, tzinfo=UTC)
    entries = (
        Entry(actor="anna", act=journal.READING, case_id=clear["id"], details={"vad": "sidan"}),
        Entry(actor="anna", act=journal.READING, case_id=hidden["id"], details={"vad": "sidan"}),
        Entry(actor="rita", act="tilldela", case_id=clear["id"], details={"varför": "semester"}),
        Entry(actor="rita", act="tilldela", case_id=clear["id"], details={"varför": "Sven Svensson är sjuk"}),
        Entry(actor="synpunkt", act="brev sänt", case_id=clear["id"]),
        Entry(actor="synpunkt", act="tidslinje uttagen"),
        Entry(actor="rita", act="rapport uttagen", details={"rapport": "R7 --period 2026-04", "rader": "3"}),
        Entry(actor="anna", act="analys signerad", details={"rapport": "R1", "period": "2026-K1"}),
    )
    with town.store.write() as transaction:
        journal.write(transaction, at, *entries)
        journal.write(transaction, at - timedelta(days=300), entries[0])

    made = report(town, "R14", "2026-05")

    number = clear["number"]
    assert [tuple(row)[1:] for row in made.sheet.rows] == [
        ("anna", "handläggare, medarbetare", "ärende läst (sidan)", number, ""),
        ("anna", "handläggare, medarbetare", "ärende läst", "(visas inte)", ""),
        ("rita", "medarbetare, medborgarcenter, registrator", "tilldela", number, "semester"),
        ("rita", "medarbetare, medborgarcenter, registrator", "tilldela", number, "(utelämnat)"),
        ("synpunkt", "–", "tidslinje uttagen", "", ""),
        *(
            (
                "rita",
                "medarbetare, medborgarcenter, registrator",
                "rapport uttagen",
                "",
                "R7 --period 2026-04",
            ),
            ("anna", "handläggare, medarbetare", "analys signerad", "", "R1 2026-K1"),
        ),
    ]
    assert made.sheet.rows[0][0] == "2026-05-04 10:00:01"
    assert hidden["number"] not in as_csv(made.sheet).decode()
    assert dict(made.sheet.notes)["därav läsningar"] == 2


# --- R15


def test_r15_can_be_recomputed_for_each_channel(town: House) -> None:
    answered = first_answers(town)
    rows = of_year(town)
    with town.store.write() as transaction:
        letter: dict[str, Any] = {
            **dict.fromkeys(("handle", "subject", "body", "external_id"), ""),
            "channel": "email",
            "language": "sv",
            "created_at": datetime(2026, 1, 1, tzinfo=UTC),
            "next_try_at": datetime(2026, 1, 1, tzinfo=UTC),
        }
        lost = [
            letter | {"key": f"{number}", "case_id": rows[0]["id"], "purpose": purpose, "state": state}
            for number, (purpose, state) in enumerate(
                (
                    (Purpose.ANSWER, LetterState.FAILED),
                    (Purpose.ACKNOWLEDGEMENT, LetterState.UNDELIVERED),
                    (Purpose.ANSWER, LetterState.SENT),
                    (Purpose.REMINDER, LetterState.FAILED),
                )
            )
        ]
        transaction.connection.execute(insert(letters), lost)

    found = {line["kanal"]: line for line in lines(report(town, "R15"))}

    assert set(found) == {"Alla", *(row["source"] for row in rows)}
    for channel, line in found.items():
        some = [row for row in rows if channel in ("Alla", row["source"])]
        taken = [
            worked(here(row["received_at"]), answered[row["id"]]) for row in some if row["id"] in answered
        ]
        waited = [worked(here(row["received_at"]), TODAY) for row in some if row["id"] not in answered]
        for most, column in ((1, "andel_första_svar_≤1_dag_%"), (2, "andel_första_svar_≤2_dagar_%")):
            whole = len(taken) + sum(days > most for days in waited)
            assert line[column] == (Fraction(100 * sum(d <= most for d in taken), whole) if whole else None)
        assert line["median_wd"] == (Fraction(median(map(Fraction, taken))) if taken else None)
    assert found["Alla"]["ej_levererade"] == found[rows[0]["source"]]["ej_levererade"] == 2
    assert sum(line["ej_levererade"] for line in found.values()) == 4


# --- All of them


def test_a_town_without_cases_has_reports_that_say_so_and_draw_nothing(house: House) -> None:
    for name in OURS:
        made = report(house, name)

        assert made.headline.startswith("Ing"), name
        assert made.charts == (), name


def test_the_same_list_is_the_same_bytes(town: House) -> None:
    for name in OURS:
        first, again = report(town, name), report(town, name)

        assert as_csv(first.sheet) == as_csv(again.sheet), name
        assert first == again, name


def test_no_list_names_a_case_for_few_eyes_to_somebody_unknown(town: House) -> None:
    hidden = {row["number"] for row in town.cases() if not is_open_to_all(row)}

    named = set()
    for name in ONLY_FOR_ONE:
        longest = "2026" if name == "R6" else "2025-01-01/2026-12-31"
        written = as_csv(report(town, name, longest).sheet).decode("utf-8-sig")
        if hidden & set(written.replace("\r\n", ";").split(";")):
            named.add(name)

    # In the public register each has a line, with nobody in it (OSL 5:2).
    assert len(hidden) > 30
    assert named <= {"R7"}


def test_c3_a_report_is_made_for_its_readers_and_for_nobody_else(town: House) -> None:
    organisation = town.work.house
    asked = Asked(period=read("2026"), today=TODAY, house=organisation)
    for name in CATALOGUE:
        for person in organisation.handlers:
            if organisation.roles(person) & entry(name).readers:
                assert made_for(entry(name), asked, person).reader == organisation.reader(person)
            else:
                with pytest.raises(NoReportError, match=f"Rapporten {name} är inte till"):
                    made_for(entry(name), asked, person)


def test_a_manager_has_the_own_units_and_no_others(town: House) -> None:
    asked = Asked(period=read("2026"), today=TODAY, house=town.work.house)
    assert Role.QUALITY not in town.work.house.roles("petra")

    assert made_for(entry("R1"), asked, "petra").units == ["park"]
    with pytest.raises(NoReportError, match="har en annan chef"):
        made_for(entry("R1"), replace(asked, units=["skola"]), "petra")
