"""A masked copy holds no masked word, nor anything that tells how long it was (row B11, T13)."""

import io
import re
import zlib
from datetime import UTC, datetime

import pypdf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bots.desk.disclosure import masking
from bots.desk.disclosure.masking import BOX, Decision, Pieces, Span
from bots.desk.disclosure.pdf import Section, Sheet, draw

AT = datetime(2026, 3, 31, 10, 0, tzinfo=UTC)
SECRET = "Zebrandersson"
TEXT = f"Hej, jag heter {SECRET} och är arg. Hälsningar {SECRET}"


def masked(text: str, *words: str) -> Pieces:
    found = [
        Span(begins=begins, ends=ends, kind="namn", decision=Decision.MASK)
        for word in words
        for begins, ends in masking.all_of(text, word)
    ]
    return masking.pieces(text, found)


def sheet(*texts: Pieces) -> Sheet:
    sections = [Section(heading=f"Handling {at}", text=text) for at, text in enumerate(texts)]
    return Sheet(title="Ärende SYN-2026-000123", sections=sections, foot="Lilla kommunen")


def read(data: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)


def laid_bare(data: bytes) -> bytes:
    """Return a PDF with each of its streams unpacked as well."""
    found = [data]
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", data, flags=re.DOTALL):
        try:
            found.append(zlib.decompressobj().decompress(stream))
        except zlib.error:
            found.append(stream)
    return b"\n".join(found)


def test_nothing_of_a_masked_word_can_be_taken_out_of_the_file() -> None:
    data = draw(sheet(masked(TEXT, SECRET)), at=AT).data

    assert "Hej, jag heter" in read(data)
    assert SECRET not in read(data)
    bare = laid_bare(data)
    for coding in ("utf-8", "utf-16-be", "utf-16-le", "latin-1"):
        assert SECRET.encode(coding) not in bare
    assert SECRET.encode().hex().encode() not in bare.lower()
    # The letter Z stands nowhere else, so not even its shape is in the font.
    assert "Z" not in read(data)
    assert SECRET in read(draw(sheet([TEXT]), at=AT).data)  # it would have been found


def test_a_box_is_as_wide_whatever_it_hides() -> None:
    short, long = masked("Hej Bo.", "Bo"), masked("Hej Bartholomeus von Stjerna.", "Bartholomeus von Stjerna")

    assert short == long == ["Hej ", BOX, "."]
    assert draw(sheet(short), at=AT).data == draw(sheet(long), at=AT).data


def test_the_same_papers_at_the_same_time_give_the_same_bytes() -> None:
    assert draw(sheet([TEXT]), at=AT).data == draw(sheet([TEXT]), at=AT).data
    assert draw(sheet([TEXT]), at=AT).data != draw(sheet([TEXT]), at=AT.replace(hour=11)).data


def test_a_copy_does_not_depend_on_those_that_were_drawn_before_it() -> None:
    first = draw(sheet(masked(TEXT, SECRET)), at=AT).data

    other = draw(sheet([TEXT, "Ξ ש \N{SNOWMAN}"]), at=AT).data

    assert draw(sheet(masked(TEXT, SECRET)), at=AT).data == first
    assert other != first


def test_a_copy_has_title_language_bookmarks_and_says_that_it_can_be_kept() -> None:
    data = draw(sheet(["Hej"], ["Åäö"]), at=AT).data
    reader = pypdf.PdfReader(io.BytesIO(data))

    assert str(reader.root_object["/Lang"]) == "sv"
    assert reader.xmp_metadata is not None
    assert reader.xmp_metadata.dc_title == {"x-default": "Ärende SYN-2026-000123"}
    assert [str(one["/Title"]) for one in reader.outline if not isinstance(one, list)] == [
        "Handling 0",
        "Handling 1",
    ]
    assert b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>U</pdfaid:conformance>" in laid_bare(data)
    assert "/Info" not in reader.trailer


def test_swedish_russian_greek_and_hebrew_letters_are_drawn() -> None:
    drawn = draw(sheet(["Räksmörgås på Ångö. Привет. Καλημέρα."]), at=AT)

    assert not drawn.incomplete
    assert "Räksmörgås på Ångö. Привет. Καλημέρα." in read(drawn.data)


def test_signs_that_the_font_lacks_are_squares_and_the_copy_says_that_it_lacks_them() -> None:
    drawn = draw(sheet(["ሰላም 漢字 ok"]), at=AT)

    assert drawn.incomplete
    assert "□□□ □□ ok" in read(drawn.data)


def test_letters_from_right_to_left_are_put_in_order_with_their_boxes() -> None:
    drawn = draw(sheet(["\u05d0\u05d1 ", BOX, " \u05d2\u05d3"]), at=AT)

    assert drawn.incomplete
    assert "maskat" in read(drawn.data)


def test_a_sign_that_stands_for_a_box_can_not_be_smuggled_in() -> None:
    drawn = draw(sheet(["Hej \N{OBJECT REPLACEMENT CHARACTER} du"]), at=AT)

    assert "maskat" not in read(drawn.data)


def test_a_word_without_end_is_broken_and_a_paper_without_end_is_cut() -> None:
    drawn = draw(sheet(["x" * 500]), at=AT)
    assert read(drawn.data).count("x") == 500

    cut = draw(sheet(["ab " * 50]), at=AT, longest=60)
    assert cut.incomplete
    assert read(cut.data).count("ab") == 20
    assert "textfilen" in read(cut.data)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.one_of(st.none(), st.text(max_size=80)), max_size=8))
def test_whatever_is_written_can_be_drawn_and_read_as_a_pdf(text: list[str | None]) -> None:
    drawn = draw(sheet(text), at=AT)

    assert read(drawn.data).count("maskat") >= sum(one is BOX for one in text)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.text("abc .,\nåäö", max_size=20), st.text("ЖЩЭЮЯ -", min_size=1, max_size=12)),
        min_size=1,
        max_size=6,
    )
)
def test_wherever_the_maskings_lie_no_letter_of_theirs_is_left(parts: list[tuple[str, str]]) -> None:
    text, spans = "", []
    for shown, secret in parts:
        begins = len(text) + len(shown)
        text += shown + secret
        spans.append(Span(begins=begins, ends=begins + len(secret), kind="namn", decision=Decision.MASK))

    data = draw(sheet(masking.pieces(text, spans)), at=AT).data

    assert not set("ЖЩЭЮЯ") & set(read(data))
    # Nor is the shape of any such letter among those that came along.
    assert not {f"{ord(sign):04X}" for sign in "ЖЩЭЮЯ"} & set(_shapes(data))


def _shapes(data: bytes) -> list[str]:
    """List the signs that the font of a PDF can draw, as its map to Unicode names them."""
    return re.findall("<[0-9A-F]{4}>[^<]*<([0-9A-F]{4})>", laid_bare(data).decode("latin-1"))
