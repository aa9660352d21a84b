"""R6: what a workplace meeting talks of has nobody in it, and no case that is not for all eyes (L17, N2)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert

from bots.desk.reports.asked import Asked, NoReportError
from bots.desk.reports.catalogue import make
from bots.desk.reports.meeting import PERSONAL
from bots.desk.reports.report import Report
from bots.desk.reports.sheet import as_csv
from classifier.passages import find
from store import emptying, secrecy
from store.domain import Lane, Status
from store.figures.period import read
from store.tables import answers
from tests.house import NOW, House
from tests.store.figures.test_signals import put

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


def made(house: House, *units: str, period: str = "2026-K4") -> Report:
    with house.store.read() as transaction:
        asked = Asked(period=read(period), today=date(2026, 12, 15), house=house.work.house, units=units)
        return make("R6", transaction, asked)


def lines(house: House, *units: str) -> list[Mapping[str, Any]]:
    sheet = made(house, *units).sheet
    return [dict(zip(sheet.columns, row, strict=True)) for row in sheet.rows]


def answer(house: House, case_id: int, **columns: object) -> None:
    row = {
        "case_id": case_id,
        "round": 1,
        "text": "",
        "way": "brev",
        "outcome": "åtgärdad",
        "has_contact": True,
        "keeps_promise": True,
        "written_by": "anna",
        "written_at": NOW,
        **columns,
    }
    with house.store.write() as transaction:
        transaction.connection.execute(insert(answers).values(row))


def test_l17_a_case_is_told_by_month_type_factor_summary_measure_and_status(house: House) -> None:
    put(house.store, 1, "2026-11", title="Lång kö i receptionen")
    answer(house, 1, measure="Vi har öppnat en lucka till.", improvement="Öppna en halvtimme tidigare.")

    assert lines(house) == [
        {
            "ärende": "SYN-1",
            "månad": "2026-11",
            "typ": "klagomål",
            "faktor": "Bemötande",
            "avidentifierad_sammanfattning": "Lång kö i receptionen",
            "åtgärd/förslag": "Vi har öppnat en lucka till. Öppna en halvtimme tidigare.",
            "status": "avslutad",
        }
    ]
    report = made(house)
    assert (
        report.headline
        == "En synpunkt att tala om: en med en åtgärd eller ett förslag, noll som inte är klara."
    )
    assert report.query == "R6 --period 2026-K4"


@pytest.mark.parametrize(
    "text",
    [
        "Sven Svensson fick vänta",
        "Ring 070-174 06 05",
        "sven@example.org fick inget svar",
        "Om 19121212-1212",
    ],
)
def test_l17_a_text_in_which_somebody_is_found_is_left_out_whole(house: House, text: str) -> None:
    put(house.store, 1, "2026-11", title=text)
    answer(house, 1, measure=text)

    (line,) = lines(house)

    assert line["avidentifierad_sammanfattning"] == f"sammanfattning {PERSONAL}"
    assert line["åtgärd/förslag"] == f"text {PERSONAL}"
    assert dict(made(house).sheet.notes)["med en text som saknas för att den innehåller personuppgifter"] == 1


def test_the_senders_own_name_is_found_though_no_list_of_names_has_it(house: House) -> None:
    put(house.store, 1, "2026-11", title="Hälsningar från Xyzzia", sender_name="Xyzzia")
    put(house.store, 1, "2026-11", title="Hälsningar från Xyzzia", sender_name="")

    told = [line["avidentifierad_sammanfattning"] for line in lines(house)]

    assert told[0] == f"sammanfattning {PERSONAL}"
    assert find("Hälsningar från Xyzzia", names=["Xyzzia"])


@pytest.mark.parametrize(
    "columns",
    [
        {"restricted": True},
        {"protected": True},
        {"barred": ["omar"]},
        {"lanes": [Lane.NAMED_EMPLOYEE]},
        {"status": Status.HANDED_OVER},
        {"status": Status.DUPLICATE},
        {"status": Status.QUARANTINED},
    ],
)
def test_n2_what_is_not_for_all_eyes_is_not_there_at_all(house: House, columns: dict[str, object]) -> None:
    put(house.store, 1, "2026-11", **columns)
    put(house.store, 1, "2026-11")

    assert [line["ärende"] for line in lines(house)] == ["SYN-2"]


@pytest.mark.parametrize("proposed", [True, False])
def test_b14_a_mark_of_secrecy_keeps_a_case_away_also_while_it_is_only_proposed(
    house: House, proposed: bool
) -> None:
    put(house.store, 2, "2026-11")
    with house.store.write() as transaction:
        mark = secrecy.mark(
            transaction,
            1,
            paragraph="26 kap. 1 § OSL",
            authority="Nämnden",
            why="",
            message_id=None,
            by="anna",
            proposed=proposed,
            now=NOW,
        )
    before = [line["ärende"] for line in lines(house)]
    with house.store.write() as transaction:
        secrecy.lift(transaction, mark, by="rita", now=NOW)

    assert before == ["SYN-2"]
    assert [line["ärende"] for line in lines(house)] == ["SYN-1", "SYN-2"]


def test_only_the_latest_answer_that_was_not_taken_back_is_told(house: House) -> None:
    put(house.store, 1, "2026-11", title="Kö")
    answer(house, 1, measure="Först.")
    answer(house, 1, measure="Sedan.")
    answer(house, 1, measure="Ångrat.", undone_at=NOW)

    assert [line["åtgärd/förslag"] for line in lines(house)] == ["Sedan."]


def test_a_unit_and_its_period_are_what_was_asked_for(house: House) -> None:
    put(house.store, 1, "2026-09")
    put(house.store, 2, "2026-10")
    put(house.store, 1, "2026-12", unit="skola")

    assert [line["ärende"] for line in lines(house)] == ["SYN-2", "SYN-3", "SYN-4"]
    assert [line["ärende"] for line in lines(house, "skola")] == ["SYN-4"]
    assert "Skolan" in made(house, "skola").sheet.title


def test_k20_a_year_is_the_most_that_a_meeting_talks_of(house: House) -> None:
    put(house.store, 1, "2026-03")

    assert len(made(house, period="2026").sheet.rows) == 1
    with pytest.raises(NoReportError, match="högst ett år"):
        made(house, period="2025-11-01/2026-12-31")


def test_b16_of_a_disposed_case_no_words_are_left_to_tell(house: House) -> None:
    put(house.store, 1, "2026-11", title="Kö")
    answer(house, 1, measure="Vi öppnar en lucka.")
    with house.store.write() as transaction:
        emptying.empty_case(transaction, 1, now=NOW)

    (line,) = lines(house)

    assert line["avidentifierad_sammanfattning"] == "sammanfattning saknas: gallrad"
    assert line["åtgärd/förslag"] == "text saknas: gallrad"


def test_nobody_is_found_in_the_whole_file(house: House) -> None:
    titles = ("Kö", "Sven Svensson fick vänta", "Mörkt vid skolan", "Ring 070-174 06 05", "Maten är god")
    for title in titles:
        put(house.store, 1, "2026-11", title=title, sender_name="Sven Svensson")

    written = as_csv(made(house).sheet).decode("utf-8-sig")
    told = written.split("\r\n\r\n")[0].replace(";", ". ")

    assert [passage.words for passage in find(told, names=["Sven Svensson"])] == []
    assert "Mörkt vid skolan" in told
    assert "@" not in written
