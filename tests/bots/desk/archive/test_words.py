"""Whatever somebody has written, the XML about it is valid, and says it where XML can hold it."""

import io
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from bots.desk.archive import checks, erms, package, premis
from bots.desk.archive.erms import NOTE_OF_SIGNS, Placed
from bots.desk.archive.papers import Direction, Document, File, Papers, Who, papers
from bots.desk.archive.plain import INSTEAD, ending, fit, folder, media_type
from bots.desk.archive.writing import Kept
from store import archive
from tests.bots.desk.archive.rig import FACTS, NAMES
from tests.house import NOW, House, an_inbound

ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])
# With signs that XML 1.0 can not hold, and others that turn, join or end a line.
WORDS = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("\0\x01\x08\x1b\x7f\ufffe\r\n\t\u202e<&\"']]>"),
    ),
    max_size=40,
)
SCHEMA = etree.RelaxNG(etree.parse(str(package.SCHEMAS / "erms.rng")))
OF_PREMIS = etree.RelaxNG(etree.parse(str(package.SCHEMAS / "premis.rng")))


@pytest.fixture
async def whole(house: House) -> Papers:
    await house.hear(an_inbound())
    with house.store.read() as transaction:
        return papers(transaction, archive.of_case(transaction, 1), house.work.house, withhold=True)


@ON_SQLITE
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(title=WORDS, name=WORDS.filter(bool), place=WORDS, kind=WORDS.filter(bool), file=WORDS, answer=WORDS)
def test_b17_erms_is_valid_whatever_is_written(
    whole: Papers, title: str, name: str, place: str, kind: str, file: str, answer: str
) -> None:
    who = Who(name=name, role="avsändare", reached_at=("email", place))
    one = Document(
        id="meddelande-1",
        kind=kind,
        title=title,
        at=NOW,
        date_type="received",
        direction=Direction.IN,
        who=who,
        note=answer,
    )
    case = {**whole.record.case, "diary_number": place, "disposal_decision": answer}
    told = replace(
        whole,
        title=title,
        sender=who,
        documents=[one],
        record=replace(whole.record, case=case, ties=[(kind, name)]),
    )
    placed = {one.id: [Placed(path="arenden/A-1/001-01.bin", name=file, media_type="a/b", what="bilaga")]}

    written = erms.write(
        [erms.aggregation(told, placed, facts=FACTS)], facts=FACTS, package="paket", label=title, at=NOW
    )

    tree = etree.fromstring(written)
    assert SCHEMA.validate(tree), SCHEMA.error_log
    assert tree.findtext(".//{*}record/{*}title") == (fit(title) or None) or not title
    assert tree.xpath("string(//e:appendix/@name)", namespaces=NAMES) == fit(file)
    noted = [note.text for note in tree.iterfind(".//{*}record/{*}notes/{*}note")]
    assert (NOTE_OF_SIGNS in noted) == any(fit(text) != text for text in (title, name, file))


@settings(max_examples=100, deadline=None)
@given(name=WORDS, told=WORDS)
def test_b17_premis_is_valid_whatever_a_file_was_called(name: str, told: str) -> None:
    one = Kept(path="a/001-01.bin", media_type=media_type(told), size=1, sha256="0" * 64, name=fit(name))

    written = premis.write([one], package="paket", software="synpunkt", version="1", at=NOW)

    assert OF_PREMIS.validate(etree.fromstring(written)), OF_PREMIS.error_log


@given(WORDS)
def test_what_xml_can_not_hold_is_replaced_sign_by_sign(text: str) -> None:
    held = fit(text)

    assert len(held) == len(text)
    assert all(new in (old, INSTEAD) for old, new in zip(text, held, strict=True))
    assert etree.fromstring(etree.tostring(_element(held))).text == (held or None)


def _element(text: str) -> etree._Element:
    made = etree.Element("a")
    made.text = text
    return made


@given(WORDS)
def test_no_name_of_a_stranger_becomes_a_path(name: str) -> None:
    assert ending(name).isascii()
    assert ending(name).isalnum()
    assert len(ending(name)) <= 8
    assert set(folder(name, 7)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
    assert media_type(name).count("/") == 1


def test_two_numbers_that_look_alike_without_their_signs_have_folders_of_their_own() -> None:
    assert folder("ÄÅ-2026-000001", 1) != folder("AA-2026-000001", 2)
    assert folder("SYN-2026-000001", 1) == "SYN-2026-000001"


@ON_SQLITE
def test_b17_the_files_of_a_package_are_not_held_in_memory_together(whole: Papers, tmp_path: Path) -> None:
    size = 4 * 2**20
    documents = [
        Document(
            id=f"brev-{number}",
            kind="brev",
            title="Brev",
            at=NOW,
            date_type="sent",
            direction=Direction.OUT,
            files=[File(name="a", media_type="a/b", ending="bin", what="bilaga", load=lambda: bytes(size))],
        )
        for number in range(8)
    ]
    contents = package.Contents(
        name="paket", label="Paket", case_ids=[1], papers=lambda _one: replace(whole, documents=documents)
    )

    with (tmp_path / "paket.zip").open("w+b") as file:
        tracemalloc.start()
        package.pack(file, contents, facts=FACTS, at=NOW)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert file.tell() > 8 * size
        assert most < 3 * size
        checks.check(io.BytesIO((tmp_path / "paket.zip").read_bytes()))
