"""Rows K7, K13 and K17: a case goes into the main diary, and its number there comes back."""

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, BinaryIO

import pytest
from sqlalchemy import update

from bots.desk.archive import diary
from bots.desk.archive.checks import NotValidError
from bots.desk.archive.exporting import NothingToExportError
from store import cases, journal, lists, scans
from store.archive import TO_DIARY
from store.deadlines import day_of
from store.domain import ScanState, Status
from store.sight import HiddenCaseError, Reader
from store.tables import cases as case_table
from tests.bots.desk.archive.rig import archive_of, export
from tests.bots.desk.archive.test_exporting import with_files
from tests.house import NAME, SENDER, House, a_mail, an_inbound

NUMBER = "SYN-2026-000001"
RITA = Reader(id="rita", is_registrator=True)


def to_diary(house: House) -> Mapping[str, bytes]:
    file = io.BytesIO()
    archive_of(house).to_diary(file, NUMBER, by="rita", reader=RITA)
    with zipfile.ZipFile(file) as package:
        return {name.partition("/")[2]: package.read(name) for name in package.namelist()}


def on_the_registrators_list(house: House) -> list[str]:
    with house.store.read() as transaction:
        page = lists.page(
            transaction,
            queue=lists.Queue.REGISTER,
            reader=RITA,
            today=day_of(house.clock()),
        )
        return [row["number"] for row in page.rows]


async def test_k7_a_file_with_a_virus_has_a_line_that_says_so_and_no_place_in_the_package(
    house: House,
) -> None:
    await house.hear(an_inbound(with_files(("gunga.png", b"\x89PNG", "image/png"))))
    with house.store.write() as transaction:
        scans.settle(transaction, 1, ScanState.FOUND, found=[(0, "Prov.Elak")], now=house.clock())

    files = to_diary(house)

    rows = [line.split(";") for line in files["handlingar.csv"].decode("utf-8-sig").splitlines()]
    told = [row[7:] for row in rows if "utelämnad" in row[8]]
    assert told == [["", "original.eml (utelämnad)", ""], ["", "gunga.png (utelämnad)", ""]]
    assert json.loads(files["arende.json"])["utelämnade filer"] == ["original.eml", "gunga.png"]
    assert [name for name in files if name.endswith((".png", ".eml"))] == []


async def test_k7_the_package_has_each_document_as_a_file_and_a_line_for_it(house: House) -> None:
    raw = with_files(("gunga.png", b"\x89PNG", "image/png"))
    await house.hear(an_inbound(raw))

    files = to_diary(house)

    rows = [line.split(";") for line in files["handlingar.csv"].decode("utf-8-sig").splitlines()]
    assert rows[0][:4] == ["nummer", "beteckning", "datum", "handling"]
    assert [row[7] for row in rows[1:]] == sorted(name for name in files if name.startswith("handlingar/"))
    assert [row[8] for row in rows[1:4]] == ["original.eml", "text.txt", "gunga.png"]
    assert (files["handlingar/001-01.eml"], files["handlingar/001-03.png"]) == (raw, b"\x89PNG")
    assert {row[4] for row in rows[1:]} == {"in", "ut", ""}


async def test_k7_the_facts_can_be_imported(house: House) -> None:
    await house.hear(an_inbound())

    facts = json.loads(to_diary(house)["arende.json"])

    assert facts["nummer"] == NUMBER
    assert facts["ärendemening"] == "Trasig gunga"
    assert facts["avsändare"] == {"namn": NAME, "väg": "email", "adress": SENDER, "skyddad": False}
    assert facts["inkom"] == "2026-11-23T09:30:00Z"
    assert facts["handlingar"][0]["handling"] == "inkommet meddelande"


async def test_k13_a_serious_case_stays_on_the_list_until_its_diary_number_is_entered(house: House) -> None:
    await house.hear(an_inbound())
    (case,) = house.cases()
    with house.store.write() as transaction:
        transaction.connection.execute(update(case_table).values(status=Status.IN_PROGRESS))
    not_yet = on_the_registrators_list(house)
    house.acts.note_down(case["id"], by="anna", version=case["version"], serious=True)

    listed = on_the_registrators_list(house)
    before = json.loads(to_diary(house)["arende.json"])
    still = on_the_registrators_list(house)
    (case,) = house.cases()
    house.acts.note_down(case["id"], by="rita", version=case["version"], diary_number="KS 2026/417")

    assert (not_yet, listed, still) == ([], [NUMBER], [NUMBER])
    assert on_the_registrators_list(house) == []
    after = json.loads(to_diary(house)["arende.json"])
    assert (before["diarienummer"], after["diarienummer"]) == ("", "KS 2026/417")
    assert export(house).texts("//e:extraId/text()") == ["KS 2026/417"]


async def test_r14_that_a_case_went_to_the_diary_stands_in_its_journal(house: House) -> None:
    await house.hear(an_inbound())
    to_diary(house)

    with house.store.read() as transaction:
        last = journal.of_case(transaction, 1)[-1]
    assert (last["act"], last["actor"]) == (TO_DIARY, "rita")
    assert last["details"]["paket"] == f"{NUMBER}-diarium"
    assert len(last["details"]["summa"]) == 64


async def test_b15_a_protected_sender_is_not_told_to_the_diary(house: House) -> None:
    await house.hear(an_inbound())
    with house.store.write() as transaction:
        cases.note(transaction, 1, protected=True)

    files = to_diary(house)

    whole = b"".join(files.values()).decode("utf-8", "replace")
    assert [word for word in (NAME, SENDER, "Trasig gunga", "lekplatsen") if word in whole] == []
    assert json.loads(files["arende.json"])["avsändare"]["skyddad"] is True
    assert [name for name in files if name.startswith("handlingar/")] == []


async def test_a_cell_that_a_spreadsheet_would_run_is_none(house: House) -> None:
    await house.hear(an_inbound(a_mail(subject='=HYPERLINK("http://x.example")', sender=SENDER)))

    (line,) = [
        line
        for line in to_diary(house)["handlingar.csv"].decode("utf-8-sig").splitlines()
        if "original" in line
    ]

    assert ";\"'=HYPERLINK" in line


async def test_a_package_for_the_diary_that_does_not_hold_is_given_to_nobody(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.hear(an_inbound())
    pack = diary.pack

    def and_spoil(file: BinaryIO, *given: Any, **named: Any) -> None:
        pack(file, *given, **named)
        file.seek(0)
        at = file.read().index(b"Gungan")
        file.seek(at)
        file.write(b"Gungor")

    monkeypatch.setattr(diary, "pack", and_spoil)

    with pytest.raises(NotValidError, match=r"ZIP: .*001-01\.eml: har en annan summa"):
        to_diary(house)
    assert TO_DIARY not in house.journal(1)


async def test_a_case_that_is_not_there_or_not_theirs_goes_nowhere(house: House) -> None:
    await house.hear(an_inbound())
    house.clock.now += timedelta(minutes=1)

    with pytest.raises(NothingToExportError):
        archive_of(house).to_diary(io.BytesIO(), "SYN-2026-999999", by="rita")
    with pytest.raises(HiddenCaseError):
        archive_of(house).to_diary(io.BytesIO(), NUMBER, by="omar", reader=Reader(id="omar"))
    assert TO_DIARY not in house.journal(1)
