"""R1 to R4 read like reports: the finding first, honest when there is little, and no person in them."""

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import insert

from bots.desk.reports.asked import Asked
from bots.desk.reports.catalogue import make
from bots.desk.reports.paper import as_pdf
from bots.desk.reports.report import Report, Section
from bots.desk.reports.sheet import as_csv
from bots.desk.reports.web import as_html
from bots.desk.reports.workbook import as_xlsx
from store.domain import Factor, Kind, Lane, MessageState, Outcome, PromiseKind, Source, Status, Unit
from store.engine import Store
from store.figures import facts
from store.figures.period import read
from store.figures.tally import counted
from store.tables import answers, blobs, cases, improvements, messages, promises, secrecy_marks
from tests.bots.desk.reports.recount import differences
from tests.bots.desk.reports.test_sheets import as_dicts, fill
from tests.house import UNITS, House

TODAY = date(2026, 12, 15)
SUMMER, SPRING, LAST_SUMMER = (
    datetime(2026, 8, 3, 9, tzinfo=UTC),
    datetime(2026, 5, 4, 9, tzinfo=UTC),
    (datetime(2025, 8, 4, 9, tzinfo=UTC)),
)
ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])  # the questions are asked of both below
COMPLAINT = "Gungan i parken har varit trasig sedan i maj."
PLANTED = (
    *("Qvastina", "Ödmarksson", "qvastina@example.org", "070-174 06 55", "0701740655", "19121212-1212"),
    *("Storgatan 14", "Bertil Lindkvist", "Anna Ek", "Rita Lund", "sven.svensson@example.org"),
)


class Register:
    """Puts cases into a store: each a complaint about treatment at the park, unless told otherwise."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._count = 0
        with store.write() as transaction:
            transaction.connection.execute(
                insert(blobs).values(sha256="0" * 64, size=1, data=b"x", kept_at=SPRING)
            )

    def put(
        self,
        count: int = 1,
        *,
        at: datetime = SUMMER,
        text: str = COMPLAINT,
        due: date | None = None,
        kept: datetime | None = None,
        answer: dict[str, Any] | None = None,
        marked: bool = False,
        **case: Any,
    ) -> None:
        """Put cases; `kept` is when the answer came that was promised until `due`."""
        with self._store.write() as transaction:
            for _ in range(count):
                self._count += 1
                row = self._case(at) | case
                said = self._message(at, text)
                transaction.connection.execute(insert(cases).values(row))
                transaction.connection.execute(insert(messages).values(said))
                if due is not None:
                    owed = {
                        "case_id": self._count,
                        "kind": PromiseKind.ANSWER,
                        "due_on": due,
                        "kept_at": kept,
                    }
                    transaction.connection.execute(
                        insert(promises).values(owed | {"clause": "", "arithmetic": [], "round": 1})
                    )
                if answer is not None:
                    transaction.connection.execute(insert(answers).values(self._answer(at) | answer))
                if marked:
                    mark = {"case_id": self._count, "paragraph": "26 kap. 1 § OSL", "authority": "Nämnden"}
                    transaction.connection.execute(insert(secrecy_marks).values(mark))

    def _case(self, at: datetime) -> dict[str, Any]:
        return {
            "id": self._count,
            "number": f"SYN-{self._count}",
            "series": "SYN",
            "sequence": self._count,
            "status": Status.ASSIGNED,
            "received_at": at + timedelta(minutes=self._count),
            "opened_at": at,
            "title": "",
            "channel": "web",
            "sender_handle": "qvastina@example.org",
            "sender_name": "Qvastina Ödmarksson",
            "language": "sv",
            "unit": "park",
            "handler": "anna",
            "kind": Kind.COMPLAINT,
            "factor": Factor.TREATMENT,
            "source": Source.WEB,
        }

    def _message(self, at: datetime, text: str) -> dict[str, Any]:
        return {
            "channel": "web",
            "account": "",
            "external_id": str(self._count),
            "dedupe_key": str(self._count),
            "sha256": "0" * 64,
            "media_type": "text/plain",
            "envelope_to": [],
            "given": {},
            "received_at": at,
            "kept_at": at,
            "state": MessageState.READ,
            "case_id": self._count,
            "text": text,
        }

    def _answer(self, at: datetime) -> dict[str, Any]:
        return {
            "case_id": self._count,
            "round": 1,
            "text": "",
            "way": "brev",
            "outcome": Outcome.DONE,
            "has_contact": True,
            "keeps_promise": True,
            "written_by": "anna",
            "written_at": at,
            "delivered_at": at,
        }


@pytest.fixture
def register(house: House) -> Register:
    """Give an empty register of the house."""
    return Register(house.store)


def made(
    house: House, report: str, written: str = "2026-K3", *, today: date = TODAY, units: Sequence[str] = ()
) -> Report:
    with house.store.read() as transaction:
        asked = Asked(period=read(written), today=today, house=house.work.house, units=units)
        return make(report, transaction, asked)


def section(report: Report, title: str) -> Section:
    return next(one for one in report.sections if title in one.title)


def words(report: Report) -> str:
    told = [report.headline]
    for one in report.sections:
        told += [one.title, *one.paragraphs, *one.items]
    return "\n".join(told)


@ON_SQLITE
def test_where_nothing_or_little_came_in_nothing_more_is_claimed(house: House, register: Register) -> None:
    assert made(house, "R1").headline == "Inga synpunkter kom in under tredje kvartalet 2026."
    assert made(house, "R1").charts == ()

    register.put(2)
    register.put(1, at=SPRING)
    report = made(house, "R1")

    assert report.headline == "Två synpunkter kom in under tredje kvartalet 2026: för få för att jämföra."
    assert section(report, "Så många").paragraphs == (
        "Två synpunkter kom in under tredje kvartalet 2026: alla är klagomål.",
        "Kvartalet innan var det en: för få för att jämföra.",
        "Samma kvartal året innan kom det inte in några synpunkter som vi känner till.",
    )
    assert section(report, "ändrats mest").paragraphs == ("För få för att jämföra.",)


@ON_SQLITE
def test_the_first_sentence_is_the_change_that_chance_does_not_explain(
    house: House, register: Register
) -> None:
    register.put(12, at=SPRING)
    register.put(12)
    register.put(40, unit="skola", factor=Factor.FOOD)
    register.put(1, kind=Kind.PRAISE)
    register.put(5, at=SPRING, unit="skola", factor=Factor.FOOD)

    report = made(house, "R2")

    assert report.headline == (
        "Vid Skolan ökade klagomålen om mat från fem till 40, med 700 procent jämfört med kvartalet innan."
    )
    assert section(report, "Så många").paragraphs[:2] == (
        "53 synpunkter kom in under tredje kvartalet 2026: 52 klagomål och ett beröm.",
        "Det är 36 fler (212 procent) än kvartalet innan. Klagomålen ökade från 17 till 52, med 206 procent.",
    )
    assert section(report, "klagomålen handlar").paragraphs == (
        "Flest klagomål handlar om mat (40) och bemötande (12).",
    )
    assert section(report, "klagomålen handlar").items == (
        "Mat, Skolan: 40 klagomål, 35 fler (700 procent) än kvartalet innan.",
        "Bemötande, Gata och park: tolv klagomål, lika många som kvartalet innan.",
    )
    assert section(report, "ändrats mest").items == (
        "Mat, Skolan: från 5 till 40 (+35, +700 procent)",
        "Bemötande, Gata och park: från 12 till 13 (+1, +8 procent)",
    )


@ON_SQLITE
def test_a_promise_that_is_kept_worse_comes_first_and_then_who_waits(
    house: House, register: Register
) -> None:
    for at, in_time in ((SPRING, 19), (SUMMER, 10)):
        due = at.date() + timedelta(days=10)
        for count, days in ((in_time, 2), (20 - in_time, 20)):
            register.put(count, at=at, due=due, kept=at + timedelta(days=days), status=Status.CLOSED)
    register.put(2, due=date(2026, 12, 11))
    register.put(1, due=date(2026, 12, 1), restricted=True, lanes=[Lane.NAMED_EMPLOYEE])
    register.put(1, due=TODAY)

    report = made(house, "R1")

    assert report.headline == (
        "43 procent av svaren kom i tid, 52 procentenheter sämre än kvartalet innan, "
        "och tre synpunkter väntar på svar längre än vi har lovat."
    )
    assert section(report, "löftet").paragraphs[:2] == (
        "Av 23 svar som vi hade lovat till en viss dag kom tio i tid, 43 procent.",
        "Kvartalet innan var det 95 procent. Det är alltså 52 procentenheter sämre nu.",
    )
    late = section(report, "väntat")
    assert late.items == tuple(
        f"SYN-{number}, Gata och park: två arbetsdagar över tiden" for number in (41, 42)
    )
    assert late.paragraphs == (
        "Tre synpunkter väntar på svar efter den dag vi har lovat.",
        "En synpunkt visas inte här: bara få får se dem.",
    )


@ON_SQLITE
@pytest.mark.parametrize(
    ("late", "late_then", "headline"),
    [
        (
            0,
            1,
            "20 synpunkter kom in under tredje kvartalet 2026, ungefär lika många som kvartalet innan, "
            "och 100 procent av svaren kom i tid.",
        ),
        (
            6,
            6,
            "Bara 70 procent av svaren kom i tid under tredje kvartalet 2026, ungefär som kvartalet innan.",
        ),
        (
            6,
            4,
            "Bara 70 procent av svaren kom i tid under tredje kvartalet 2026, "
            "mot 80 procent kvartalet innan.",
        ),
    ],
)
def test_where_nothing_has_changed_the_first_sentence_says_how_it_was(
    house: House, register: Register, late: int, late_then: int, headline: str
) -> None:
    for at, some in ((SPRING, late_then), (SUMMER, late)):
        for count, days in ((20 - some, 2), (some, 20)):
            due, kept = at.date() + timedelta(days=10), at + timedelta(days=days)
            register.put(count, at=at, due=due, kept=kept, status=Status.CLOSED)
    register.put(1, status=Status.HANDED_OVER)

    assert made(house, "R2").headline == headline


@ON_SQLITE
def test_a_period_that_is_not_over_is_held_against_as_many_days(house: House, register: Register) -> None:
    register.put(6, at=datetime(2026, 7, 5, 9, tzinfo=UTC))
    register.put(5, at=datetime(2026, 4, 5, 9, tzinfo=UTC))
    register.put(50, at=datetime(2026, 6, 20, 9, tzinfo=UTC))

    running, over = (made(house, "R1", today=today) for today in (date(2026, 7, 20), TODAY))

    assert "Det är en fler (20 procent) än kvartalet innan." in words(running)
    assert "gäller till och med 20 juli 2026 och jämförs med lika många dagar" in words(running)
    assert "Det är 49 färre (89 procent) än kvartalet innan." in words(over)
    assert as_dicts(running.sheet)[0]["förändring_mot_föreg_%"] == 20


def test_n2_b15_senders_are_quoted_to_their_manager_alone_and_never_from_what_is_kept_from_some(
    house: House, register: Register
) -> None:
    register.put(1, text="Hej! Qvastina Ödmarksson fick inget svar på frågan om gungan. Mvh Qvastina")
    register.put(1, text=COMPLAINT)
    register.put(1, text="Detta om en anställd får bara få läsa här.", restricted=True)
    register.put(1, text="Detta om den som är skyddad får ingen läsa.", protected=True)
    register.put(1, text="Detta har registratorn märkt som hemligt här.", marked=True)
    register.put(1, text="Detta har en flagga som någon ska bedöma.", lanes=[Lane.FAULT_REPORT])
    register.put(1, text="Detta handlar om någon som inte ska se det.", barred=["anna"])
    register.put(1, text="This is written in English and is not read.", language="en")

    told = section(made(house, "R1"), "klagomålen handlar").items

    assert told == (
        "Bemötande, Gata och park: åtta klagomål, åtta fler än kvartalet innan. "
        "”Gungan i parken har varit trasig sedan i maj.” ”[namn] fick inget svar på frågan om gungan.”",
    )
    for report, written in (("R2", "2026-H2"), ("R3", "2026"), ("R4", "2026-T3")):
        assert "”" not in words(made(house, report, written))


@ON_SQLITE
def test_b15_nothing_is_quoted_of_what_was_written_to_care(make_house: Any) -> None:
    care = Unit(id="park", name="Hemtjänst norr", handlers=("anna",), regulated="sol")
    house: House = make_house(units=(care, UNITS[1]))
    Register(house.store).put(6)

    assert section(made(house, "R1"), "klagomålen handlar").items == (
        "Bemötande, Hemtjänst norr: sex klagomål, sex fler än kvartalet innan.",
    )


def test_l16_t7_what_was_done_and_what_it_led_to_stands_there_in_words(
    house: House, register: Register
) -> None:
    register.put(5, answer={"measure": "Vi har bytt gungan", "improvement": "Vi ser över alla gungor."})
    register.put(
        1,
        factor=Factor.FOOD,
        follow_up_result="Köket håller nu rätt värme.",
        answer={"measure": "Köket har fått en ny ugn."},
    )
    register.put(1, factor=Factor.FOOD, answer={"measure": "Vi ringde Anna Ek om ugnen."})
    register.put(2, factor=Factor.FEES, answer={"outcome": Outcome.NO_ACTION, "measure": "Aldrig."})

    units, boards, year = (
        made(house, report, written)
        for report, written in (("R1", "2026-K3"), ("R2", "2026-H2"), ("R3", "2026"))
    )

    for report in (units, boards, year):
        done = section(report, "det ledde till")
        assert done.paragraphs == (
            "Sju synpunkter har lett till att något görs, 78 procent av alla.",
            "Två synpunkter har fått en förklaring till varför inget görs.",
            "En synpunkt har följts upp.",
        )
        assert done.items == (
            "Vi har bytt gungan. (Bemötande, Gata och park)",
            "Köket har fått en ny ugn. (Mat, Gata och park) Det ledde till: Köket håller nu rätt värme.",
        )
    assert as_dicts(units.sheet)[0]["förbättringsförslag"] == "Vi ser över alla gungor."
    assert as_dicts(boards.sheet)[0]["genomförda_förbättringar"] == (
        "Vi har bytt gungan | Köket har fått en ny ugn."
    )
    assert as_dicts(year.sheet)[0]["viktigaste_åtgärder"] == "Vi har bytt gungan | Köket har fått en ny ugn."
    assert ("förbättringsförslag", "Vi ser över alla gungor.") in year.sheet.notes
    assert ("texter som inte visas: de kan peka ut någon", 1) in year.sheet.notes
    assert [report.place for report in (units, boards, year)] == ["", "", ""]
    assert made(house, "R1", "2026-K3", units=("park",)).place == "Gata och park"


def test_what_a_manager_has_approved_for_publishing_comes_first_and_in_those_words(
    house: House, register: Register
) -> None:
    register.put(3, answer={"measure": "Vi har bytt gungan."})
    register.put(3, factor=Factor.FOOD, answer={"measure": "Ugnen är ny."})
    approved = {"case_id": 5, "unit": "park", "approved_by": "anna", "approved_at": SUMMER}
    with house.store.write() as transaction:
        for text, withdrawn_at in (("Maten är tillbakadragen.", SUMMER), ("Maten är varm igen.", None)):
            row = approved | {"text": text, "withdrawn_at": withdrawn_at}
            transaction.connection.execute(insert(improvements).values(row))

    first = as_dicts(made(house, "R2").sheet)[0]

    assert first["genomförda_förbättringar"] == "Maten är varm igen. | Vi har bytt gungan."


@ON_SQLITE
def test_l20_every_unit_and_factor_is_held_against_both_periods(house: House, register: Register) -> None:
    register.put(3, at=LAST_SUMMER)
    register.put(4, at=SPRING)
    register.put(6)
    register.put(2, unit="skola", kind=Kind.PRAISE)

    report = made(house, "L20")

    assert report.sheet.rows == [
        ("2026-K3", "Lilla kommunen", "Gata och park", "Bemötande", 6, 4, 2, 50, 3, 3, 100),
        ("2026-K3", "Lilla kommunen", "Skolan", "Bemötande", 2, 0, 2, None, 0, 2, None),
    ]
    assert report.headline == (
        "Ingen enhet och faktor har ändrats mer än slumpen förklarar, jämfört med kvartalet innan."
    )


@ON_SQLITE
def test_what_is_told_of_a_period_is_right_in_the_charts_too(house: House, register: Register) -> None:
    register.put(7, due=date(2026, 8, 20), kept=SUMMER, status=Status.CLOSED)
    register.put(3, kind=Kind.PRAISE, unit="skola", at=SPRING)

    charts = {chart.title: chart for chart in made(house, "R1").charts}

    assert [series.values for series in charts["Typer"].series] == [(7, 0, 0), (0, 0, 3)]
    assert sum(value or 0 for value in charts["Kvalitetsfaktorer"].series[0].values) == 7
    each = charts["Synpunkter varje månad"]
    assert each.labels == ("maj 26", "juni 26", "juli 26", "aug 26", "sep 26")
    assert [series.values for series in each.series] == [(0, 0, 0, 7, 0), (0,) * 5, (3, 0, 0, 0, 0)]
    assert charts["I tid"].series[0].values == (None, None, None, 100, None)


@ON_SQLITE
@pytest.mark.parametrize(
    ("report", "written"), [("R1", "2026-H1"), ("R2", "2026-H1"), ("R3", "2026"), ("R4", "2026-T2")]
)
def test_each_row_leads_to_as_many_cases_as_it_says_and_can_be_counted_once_more(
    house: House, report: str, written: str
) -> None:
    fill(house.store, count=300, seed=8)
    period = read(written)
    first = date(2026, 1, 1) if report == "R4" else period.first
    rows = {name: house.table(name) for name in ("cases", "promises")}
    names = {unit.id: unit.name for unit in UNITS}

    found = made(house, report, written)
    written_down = as_csv(found.sheet)

    with house.store.read() as transaction:
        some = [
            fact if fact.unit in names else replace(fact, unit="")
            for fact in counted(facts.of_period(transaction, read("2026")))
        ]
    for line, cut in zip(as_dicts(found.sheet), found.sheet.cuts, strict=True):
        assert cut is not None
        assert len(cut.of(some)) == line["totalt"]

    def recount(file: bytes) -> list[str]:
        return differences(
            report, file, rows, units=names, first=first, last=period.last, today=date(2026, 12, 15)
        )

    assert recount(written_down) == []
    tampered = re.sub(rb";(\d\d);", lambda match: b";%d;" % (int(match[1]) + 1), written_down, count=1)
    assert tampered != written_down
    assert recount(tampered) != []


@ON_SQLITE
@pytest.mark.parametrize(("report", "written"), [("R2", "2026-H2"), ("R3", "2026"), ("R4", "2026-T3")])
def test_no_name_address_or_number_of_a_person_stands_in_any_file_for_a_board(
    make_house: Any, report: str, written: str
) -> None:
    house: House = make_house()
    register = Register(house.store)
    for n, planted in enumerate(PLANTED):
        factor = [*Factor][n]
        told = f"Vi har talat med {planted} om det här och lagat gungan."
        register.put(
            2,
            factor=factor,
            text=f"Det var {planted} som gjorde fel. Ring {planted} om ni undrar något mer.",
            due=date(2026, 8, 20),
            follow_up_result=told,
            answer={"measure": told, "improvement": told, "explanation": told, "text": told},
        )
    register.put(3, factor=Factor.OTHER, answer={"measure": "Vi har bytt gungan."})

    found = made(house, report, written)

    for file in _texts(found):
        assert "Vi har bytt gungan." in file
        assert [planted for planted in PLANTED if planted.casefold() in file.casefold()] == []


def _texts(report: Report) -> list[str]:
    """Return what can be read in each kind of file."""
    pages = PdfReader(io.BytesIO(as_pdf(report))).pages
    with zipfile.ZipFile(io.BytesIO(as_xlsx(report))) as book:
        cells = "\n".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
    paper = " ".join(" ".join(page.extract_text().split()) for page in pages)
    return [as_csv(report.sheet).decode(), as_html(report), cells, paper]
