"""Row B17: what an archive is given of cases, what is given to nobody, and how what was given is told."""

import hashlib
import io
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from sqlalchemy import update

from bots.desk.archive import checks
from bots.desk.archive import package as packages
from bots.desk.archive.exporting import Made, NothingToExportError, Wish, write_to
from store import cases, journal, scans, secrecy
from store.archive import TO_ARCHIVE
from store.domain import Address, Board, Entry, Outcome, ScanState, Status, Way
from store.sight import HiddenCaseError, Reader
from store.tables import messages
from tests.bots.desk.archive.rig import ERMS, NOVEMBER, archive_of, export, opened
from tests.house import NAME, NOW, SENDER, UNITS, House, a_mail, an_inbound, open_house
from tests.servers.lent import Lender
from tests.servers.sqlite import Shelf

REGISTRATOR = Reader(id="rita", is_registrator=True)


def with_files(*files: tuple[str, bytes, str]) -> bytes:
    """Write a mail that brings files along."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = f"{NAME} <{SENDER}>", "synpunkt@lillkommun.example"
    mail["Subject"], mail["Message-ID"] = "Bilder på gungan", "<bilder@example.org>"
    mail.set_content("Se bilderna av gungan.")
    for name, data, media_type in files:
        main, _, sub = media_type.partition("/")
        mail.add_attachment(data, maintype=main, subtype=sub, filename=name)
    return mail.as_bytes()


def change(house: House, **columns: object) -> None:
    with house.store.write() as transaction:
        cases.note(transaction, house.cases()[0]["id"], **columns)


def lines(house: House, case_id: int) -> list[dict[str, str]]:
    with house.store.read() as transaction:
        found = journal.of_case(transaction, case_id)
    return [line["details"] for line in found if line["act"] == TO_ARCHIVE]


def write(file: Path, data: bytes) -> None:
    file.write_bytes(data)


def names_in(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


async def test_b17_a_package_holds_what_came_byte_for_byte_and_what_was_sent(house: House) -> None:
    raw = a_mail()
    await house.hear(an_inbound(raw))
    (thanks,) = house.acknowledgements()

    package = export(house)

    assert package.appendices("inkommet meddelande") == [raw, house.messages()[0]["full_text"].encode()]
    assert package.appendices("skickat: kvitto") == [thanks["body"].encode()]
    assert package.texts("//e:aggregation/e:objectId/text()") == ["SYN-2026-000001"]
    assert package.texts("//e:aggregation/e:agents/e:agent/e:name/text()") == [
        NAME,
        "Anna Ek",
        "Lilla kommunen",
    ]
    assert package.texts("//e:aggregation/e:dates/e:date/@dateType") == ["received", "opened"]
    assert b"Trasig gunga" in package.appendices("ärendeblad")[0]


async def test_b17_each_file_that_came_along_lies_beside_the_mail_under_a_name_of_ours(house: House) -> None:
    hostile = "..\\..\\<gunga>\u202e.PNG"
    await house.hear(
        an_inbound(with_files((hostile, b"\x89PNG\r\n", "image/png"), ("a/b.exe.!", b"MZ", "a/b")))
    )

    package = export(house)

    _, _, picture, program = package.appendices("inkommet meddelande")
    assert (picture, program) == (b"\x89PNG\r\n", b"MZ")
    paths = package.texts("//e:record[@recordType='inkommet meddelande']//e:appendix/@path")
    folder = "arenden/SYN-2026-000001"
    assert paths == [
        f"{folder}/001-0{place}.{end}" for place, end in enumerate(("eml", "txt", "png", "bin"), 1)
    ]


@pytest.mark.parametrize("database_kind", ["sqlite"])  # how a database holds large bytes is told elsewhere
async def test_b17_a_mail_with_thirty_megabytes_comes_whole_into_the_package(house: House) -> None:
    large = with_files(("film.mp4", b"synpunkt" * (30 * 2**20 // 8), "video/mp4"))
    await house.hear(an_inbound(large))

    package = export(house)

    # It is too large to be read, so its words and its file lie in the original alone.
    (kept, _) = package.appendices("inkommet meddelande")
    assert len(kept) > 40_000_000
    assert hashlib.sha256(kept).digest() == hashlib.sha256(large).digest()


async def test_b17_an_answer_goes_along_and_so_does_what_it_led_to(house: House) -> None:
    await house.hear(an_inbound())
    (case,) = house.cases()
    house.acts.answer(
        case["id"],
        text="Gungan är lagad.",
        way=Way.PHONE,
        outcome=Outcome.DONE,
        measure="Ny kedja",
        by="anna",
        version=case["version"],
    )

    package = export(house)

    assert package.appendices("svar: telefon") == ["Gungan är lagad.".encode()]
    told = package.texts("//e:ownElement[@name='utfall' or @name='åtgärd']/e:value/text()")
    assert told == ["åtgärdad", "Ny kedja"]


async def test_n20_the_statement_of_a_provider_goes_along_with_what_they_did(house: House) -> None:
    await house.hear(an_inbound())
    asked = {"statement_of": "Park AB", "statement_asked_at": NOW, "statement_received_at": NOW}
    told = {"statement_form": "muntlig", "statement_measure": "Ny kedja.", "statement_told_on": NOW.date()}
    change(house, statement="Kedjan gick av.", **asked, **told)

    assert [one.decode() for one in export(house).appendices("redogörelse")] == [
        "Redogörelse av: Park AB\nKom: muntlig\nÅtgärd: Ny kedja.\nÅterkopplat: 2026-11-23\n\nKedjan gick av."
    ]


async def test_b17_the_journal_goes_along_without_who_has_read_the_case(house: House) -> None:
    await house.hear(an_inbound())
    with house.store.write() as transaction:
        journal.write(transaction, NOW, Entry(actor="petra", act=journal.READING, case_id=1))

    done = house.journal(1)

    (written,) = export(house).appendices("journalutdrag")

    rows = written.decode("utf-8-sig").splitlines()
    assert rows[0] == "tidpunkt;vad;av;uppgifter"
    assert len(rows) == 1 + len(done)
    assert "Petra" not in written.decode("utf-8-sig")


async def test_b17_what_was_given_is_journaled_in_each_case_with_the_sum_of_the_package(house: House) -> None:
    await house.hear(an_inbound(), an_inbound(text="Parken är fin."))

    package = export(house)

    told = {"paket": package.made.name, "summa": hashlib.sha256(package.data).hexdigest()}
    assert [lines(house, case["id"]) for case in house.cases()] == [[told], [told]]


async def test_b17_the_same_cases_at_the_same_moment_give_the_same_bytes(house: House) -> None:
    await house.hear(an_inbound())
    file = io.BytesIO()
    made = archive_of(house).export(file, Wish(number="SYN-2026-000001"), by="rita")
    with house.store.read() as transaction:
        last = journal.of_case(transaction, 1)[-1]["act"]

    again = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        # What was journaled of the first package is in the second, and must not be for this comparison.
        whole = journal.of_case
        patch.setattr(
            "store.journal.of_case",
            lambda *given, **named: [one for one in whole(*given, **named) if one["act"] != TO_ARCHIVE],
        )
        archive_of(house).export(again, Wish(number="SYN-2026-000001"), by="rita")

    assert last == TO_ARCHIVE
    assert again.getvalue() == file.getvalue()
    assert made.sha256 == hashlib.sha256(file.getvalue()).hexdigest()


@pytest.mark.postgres
async def test_b17_both_kinds_of_database_give_the_same_bytes(shelf: Shelf, lender: Lender) -> None:
    sums, mail = [], with_files(("a.png", b"\x89PNG", "image/png"))
    for place in (shelf.emptied(), lender.emptied()):
        with ExitStack() as stack:
            house = open_house(stack.enter_context(place))
            stack.callback(house.opinion.close)
            await house.hear(an_inbound(), an_inbound(mail))
            sums.append(export(house).made.sha256)

    assert sums[0] == sums[1]


async def test_b15_of_a_protected_sender_nothing_is_told_but_in_a_part_of_its_own(house: House) -> None:
    await house.hear(
        an_inbound(), an_inbound(text="Fin park.", subject="Beröm", sender="Vera Vik <v@example.org>")
    )
    change(house, protected=True)
    secret = (SENDER, NAME, "Trasig gunga", "lekplatsen")

    package, part = export(house), export(house, only_protected=True)

    whole = b"".join(package.files.values()).decode("utf-8", "replace")
    assert [word for word in secret if word in whole] == []
    assert "Vera Vik" in whole
    assert (package.made.cases, package.made.protected) == (2, 1)
    assert package.texts("//e:aggregation/e:objectId/text()") == ["SYN-2026-000001", "SYN-2026-000002"]
    assert package.texts("//e:agent[e:protectedIdentity='true']/e:name/text()") == [
        "Skyddade personuppgifter"
    ]
    assert package.texts("(//e:aggregation)[1]/e:restriction/e:regulation/text()") == ["21 kap. 3 § OSL"]
    assert part.made.name.endswith("-skyddade")
    assert part.texts("//e:aggregation/e:objectId/text()") == ["SYN-2026-000001"]
    assert part.appendices("inkommet meddelande")[0] == a_mail()


async def test_b14_a_mark_of_secrecy_is_told_with_its_paragraph(house: House) -> None:
    await house.hear(an_inbound())
    with house.store.write() as transaction:
        secrecy.mark(
            transaction,
            1,
            paragraph="26 kap. 1 § OSL",
            authority="Socialnämnden",
            why="uppgift om hälsa",
            message_id=None,
            by="rita",
            proposed=False,
            now=NOW,
        )

    package = export(house)

    assert package.texts("//e:restriction/@restrictionType") == ["confidential"]
    assert package.texts("//e:restriction/e:regulation/text()") == ["26 kap. 1 § OSL"]


def say(house: House, state: ScanState, *found: tuple[int, str]) -> None:
    with house.store.write() as transaction:
        scans.expect(transaction, 1)
        scans.settle(transaction, 1, state, found=found, now=NOW)


async def test_a_file_with_a_virus_is_left_out_with_its_original_and_the_rest_goes_along(
    house: House,
) -> None:
    await house.hear(
        an_inbound(
            with_files(("a.pdf", b"%PDF-a", "application/pdf"), ("b.pdf", b"%PDF-b", "application/pdf"))
        )
    )
    say(house, ScanState.FOUND, (1, "Eicar-Test"))

    package = export(house)

    assert package.texts("//e:record[1]/e:notes/e:note/text()") == [
        "Utelämnat: original.eml, b.pdf. Virusskannern har varnat för Eicar-Test. "
        "Filerna finns kvar i systemet."
    ]
    assert package.texts("//e:record[1]//e:appendix/@name") == ["text.txt", "a.pdf"]
    assert b"%PDF-b" not in package.data
    assert package.made.unsafe == 2
    assert "inte är virusgranskade: 2." in package.files["documentation/beskrivning.html"].decode()


async def test_a_virus_somewhere_in_a_message_leaves_all_of_it_out_but_its_words(house: House) -> None:
    await house.hear(an_inbound(with_files(("a.pdf", b"%PDF-a", "application/pdf"))))
    say(house, ScanState.FOUND, (scans.WHOLE, "Eicar-Test"))

    assert export(house).texts("//e:record[1]//e:appendix/@name") == ["text.txt"]


@pytest.mark.parametrize("state", [ScanState.WAITING, ScanState.IMPOSSIBLE, ScanState.CLEAN])
async def test_what_is_not_looked_through_is_left_out_only_where_a_scanner_looks(
    house: House, state: ScanState
) -> None:
    await house.hear(an_inbound())
    if state is not ScanState.WAITING:
        say(house, state)
    strict = replace(archive_of(house), scanned=True)

    file = io.BytesIO()
    made = strict.export(file, NOVEMBER, by="rita")

    kept = opened(made, file.getvalue()).texts("//e:record[1]//e:appendix/@name")
    doubted = state is not ScanState.CLEAN
    assert kept == (["text.txt"] if doubted else ["original.eml", "text.txt"])
    assert [names for _, names in strict.unsafe(NOVEMBER)] == ([["original.eml"]] if doubted else [])
    assert archive_of(house).unsafe(NOVEMBER) == []
    assert export(house).texts("//e:record[1]//e:appendix/@name") == ["original.eml", "text.txt"]


async def test_an_anonymous_sender_has_no_name_and_no_address(house: House) -> None:
    await house.hear(an_inbound())
    change(house, sender_name="", sender_handle="", sender_channel="")

    package = export(house)

    assert package.texts("//e:aggregation/e:agents/e:agent[@agentType='sender']/e:name/text()") == ["Anonym"]
    assert package.texts("//e:aggregation/e:agents/e:agent[@agentType='sender']/e:idNumber") == []


async def test_b16_of_a_case_that_is_disposed_of_the_package_tells_by_which_decision(house: House) -> None:
    await house.hear(an_inbound())
    change(house, disposal_decision="KS 2026 § 12")
    with house.store.write() as transaction:
        transaction.connection.execute(update(messages).values(disposed_at=NOW, full_text="", text=""))

    package = export(house)

    assert package.texts("//e:aggregation/e:notes/e:note/text()") == ["Gallrat enligt KS 2026 § 12."]
    assert package.appendices("inkommet meddelande") == []


async def test_c3_what_somebody_may_not_see_is_left_out_and_counted(house: House) -> None:
    await house.hear(an_inbound(), an_inbound(text="Parken är fin."))
    change(house, barred=["rita"])

    package = export(house, reader=REGISTRATOR)

    assert (package.made.cases, package.made.left_out) == (1, 1)
    assert package.texts("//e:aggregation/e:objectId/text()") == ["SYN-2026-000002"]
    note = package.files["documentation/beskrivning.html"].decode()
    assert "Ärenden som den som gjorde paketet inte får se, och som saknas här: 1." in note


async def test_c3_a_number_that_somebody_may_not_see_is_as_one_that_is_not_there(house: House) -> None:
    await house.hear(an_inbound())
    change(house, barred=["rita"])

    for number in ("SYN-2026-000001", "SYN-2026-999999"):
        with pytest.raises(HiddenCaseError):
            export(house, Wish(number=number), reader=REGISTRATOR)


async def test_a_period_ends_at_midnight_in_stockholm_and_can_be_of_one_unit(house: House) -> None:
    late = NOW.replace(day=30, hour=22, minute=59)
    await house.hear(
        an_inbound(received_at=late),
        an_inbound(received_at=late + timedelta(minutes=1), text="Parken är mörk."),
        an_inbound(text="Skolgården är fin.", subject="Skolan"),
    )
    units = {case["number"]: case["unit"] for case in house.cases()}

    november = export(house).texts("//e:aggregation/e:objectId/text()")
    school = export(house, Wish(since=date(2026, 11, 1), until=date(2026, 12, 1), unit="skola"))

    by_time = {case["received_at"]: case["number"] for case in house.cases()}
    assert by_time[late + timedelta(minutes=1)] not in november
    assert by_time[late] in november
    assert school.texts("//e:aggregation/e:objectId/text()") == [
        number for number, unit in units.items() if unit == "skola"
    ]


async def test_each_nämnd_is_the_archivist_of_the_cases_in_its_own_series(
    make_house: Callable[..., House],
) -> None:
    units = (UNITS[0], replace(UNITS[1], board="bun"))
    house = make_house(
        units=units, boards={"bun": Board(id="bun", name="Barn- och utbildningsnämnden", series="BUN")}
    )
    await house.hear(an_inbound(), an_inbound(text="Skolgården är fin.", subject="Skolan"))

    november = Wish(since=date(2026, 11, 1), until=date(2026, 11, 30))
    whole, theirs = export(house, november), export(house, replace(november, board="bun"))
    alone = export(house, Wish(number="BUN-2026-000001"))

    owners = "//e:aggregation/e:agents/e:agent[@agentType='owner']/e:name/text()"
    assert whole.texts(owners) == ["Barn- och utbildningsnämnden", "Lilla kommunen"]
    assert theirs.texts("//e:aggregation/e:objectId/text()") == ["BUN-2026-000001"]
    for package in (theirs, alone):
        assert package.texts("//e:agencyName/text()") == ["Barn- och utbildningsnämnden"]
        assert "Barn- och utbildningsnämnden" in package.files["METS.xml"].decode()
    with pytest.raises(NothingToExportError):
        export(house, replace(november, board="ingen"))


async def test_b17_published_schemas_that_are_used_go_along(house: House, tmp_path: Path) -> None:
    await house.hear(an_inbound())
    schema = (
        b'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="https://DILCIS.eu/XML/ERMS">'
        b'<xs:element name="erms"/></xs:schema>'
    )
    write(tmp_path / "ERMS.xsd", schema)
    file = io.BytesIO()

    made = replace(archive_of(house), schemas=tmp_path).export(file, NOVEMBER, by="rita")

    assert opened(made, file.getvalue()).files["schemas/ERMS.xsd"] == schema


async def test_where_no_case_fits_there_is_no_package(house: House) -> None:
    await house.hear(an_inbound())

    for wish in (
        Wish(number="SYN-2026-999999"),
        Wish(since=date(2020, 1, 1), until=date(2020, 1, 2)),
        Wish(),
    ):
        with pytest.raises(NothingToExportError):
            export(house, wish)
    with pytest.raises(NothingToExportError):
        export(house, only_protected=True)


@pytest.fixture
def spoilt(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let one byte of the package change after it was written."""
    pack = packages.pack

    def and_spoil(file: BinaryIO, *given: Any, **named: Any) -> None:
        pack(file, *given, **named)
        file.seek(0)
        at = file.read().index(b"Gungan")
        file.seek(at)
        file.write(b"Gungor")

    monkeypatch.setattr(packages, "pack", and_spoil)
    return iter(())


@pytest.mark.usefixtures("spoilt")
async def test_b17_a_package_that_does_not_hold_is_given_to_nobody(house: House, tmp_path: Path) -> None:
    await house.hear(an_inbound())
    archive = archive_of(house)

    def make(file: BinaryIO) -> Made:
        return archive.export(file, Wish(number="SYN-2026-000001"), by="rita")

    with pytest.raises(checks.NotValidError, match="har en annan summa"):
        write_to(tmp_path, make)

    assert names_in(tmp_path) == []
    assert lines(house, 1) == []


async def test_a_package_that_holds_is_a_file_for_its_owner_alone(house: House, tmp_path: Path) -> None:
    await house.hear(an_inbound())
    archive = archive_of(house)

    where, made = write_to(
        tmp_path, lambda file: archive.export(file, Wish(number="SYN-2026-000001"), by="rita")
    )

    assert where == tmp_path / f"{made.name}.zip"
    assert where.stat().st_mode & 0o777 == 0o600
    assert hashlib.sha256(where.read_bytes()).hexdigest() == made.sha256


def test_b17_three_hundred_cases_of_a_year_make_one_package(house: House) -> None:
    with house.store.write() as transaction:
        for number in range(300):
            new = cases.NewCase(
                status=Status.CLOSED,
                received_at=NOW,
                title=f"Synpunkt {number}",
                channel="smtp",
                sender=Address(channel="email", handle=SENDER),
                sender_name=NAME,
                language="sv",
                unit="park",
                handler="anna",
                routed_because="",
            )
            cases.open_case(transaction, new, now=NOW)

    package = export(house)

    assert package.made.cases == 300
    assert package.texts("//e:aggregation/e:title/text()") == [f"Synpunkt {number}" for number in range(300)]
    assert json.dumps(sorted(package.files)).count("arenden/") == 600  # a sheet and a journal of each
    assert ERMS in package.files
