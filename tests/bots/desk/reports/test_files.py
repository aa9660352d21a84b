"""Every report that there is can be had as each file, and is the same bytes when it is made again (C4)."""

import io
from html import escape

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from bots.desk.reports.asked import Asked
from bots.desk.reports.catalogue import CATALOGUE, make
from bots.desk.reports.files import FORMATS
from bots.desk.reports.report import Report
from store.figures.period import read
from tests.bots.desk.reports.test_sheets import TODAY, fill
from tests.house import House

_PERIODS = {"R3": "2026", "R4": "2026-T2", "R12": "2026-K2"}


@pytest.fixture
def town(house: House) -> House:
    fill(house.store, count=30, seed=20261123)
    return house


def made(house: House) -> list[Report]:
    with house.store.read() as transaction:
        return [
            make(
                name,
                transaction,
                Asked(period=read(_PERIODS.get(name, "2026-H1")), today=TODAY, house=house.work.house),
            )
            for name in CATALOGUE
        ]


@pytest.mark.parametrize("database_kind", ["sqlite"])  # files know nothing of databases
def test_every_report_can_be_each_file_and_is_the_same_bytes_when_it_is_made_again(town: House) -> None:
    once = {one.sheet.id: {name: how.write(one) for name, how in FORMATS.items()} for one in made(town)}
    again = {one.sheet.id: {name: how.write(one) for name, how in FORMATS.items()} for one in made(town)}

    assert set(once) == set(CATALOGUE)
    assert [(one, name) for one in once for name in FORMATS if once[one][name] != again[one][name]] == []
    for report in made(town):
        files = once[report.sheet.id]
        assert len(PdfReader(io.BytesIO(files["pdf"])).pages) >= 1
        assert load_workbook(io.BytesIO(files["xlsx"]))["Tabell"].max_row == len(report.sheet.rows) + 1
        assert files["csv"].decode("utf-8-sig").partition("\r\n")[0] == ";".join(report.sheet.columns)
        assert escape(report.headline) in files["html"].decode()
