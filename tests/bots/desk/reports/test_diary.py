"""Cases of the main diary are read as people write them down, and what is wrong is told by its line (K17)."""

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.desk.reports.diary import COLUMNS, DiaryCase, DiaryError, read
from bots.desk.spreadsheet import written
from store.domain import Factor, Kind

UNITS = {"park": "park", "gata och park": "park"}
HEAD = "dnr;inkom;typ;faktor;enhet;allvarlig;IVO/PN;åtgärd;besvarad;förslag på åtgärd\r\n"


def problems(text: str) -> Sequence[str]:
    with pytest.raises(DiaryError) as refused:
        read(text.encode(), units=UNITS)
    return refused.value.problems


def test_a_row_is_read_as_a_spreadsheet_has_saved_it() -> None:
    row = "ON 2026/12;2026-07-01;Klagomål;mat;Gata och Park;Ja;;Ny kock.;2026-07-09;Smaka först.\r\n"

    found = read(f"\ufeff{HEAD}{row};;;;;;;;;\r\n".encode(), units=UNITS)

    assert found == read(f"{HEAD}{row}".encode("cp1252"), units=UNITS)
    assert found == [
        DiaryCase(
            number="ON 2026/12",
            received_on=date(2026, 7, 1),
            kind=Kind.COMPLAINT,
            factor=Factor.FOOD,
            unit="park",
            is_serious=True,
            measure="Ny kock.",
            answered_on=date(2026, 7, 9),
            improvement="Smaka först.",
        )
    ]


def test_the_order_of_the_columns_and_those_that_are_left_out_do_not_matter() -> None:
    found = read(b"inkom;dnr\r\n2026-07-01;7\r\n", units=UNITS)

    assert found == [DiaryCase(number="7", received_on=date(2026, 7, 1))]


def test_each_wrong_row_is_told_by_its_line_with_what_to_do_and_none_is_taken() -> None:
    told = problems(
        HEAD
        + "1;2026-07-01;;;;;;\r\n"
        + '2;2026-07-01;;;;;;"två\nrader";;\r\n'
        + "3;1/7 2026;;;;;;;;\r\n"
        + "1;2026-02-30;ros;Buller;Torget;kanske;;;;\r\n"
        + ";2026-07-01;;;;;;;;\r\n"
        + "6;2026-07-02;;;;;;;2026-07-01;;\r\n"
    )

    assert told == (
        "rad 5: inkom '1/7 2026' är ingen dag: skriv den som 2026-11-22.",
        "rad 6: inkom '2026-02-30' är ingen dag: skriv den som 2026-11-22.",
        "rad 6: typ 'ros' finns inte: välj bland beröm, förslag, klagomål, eller lämna cellen tom.",
        "rad 6: faktor 'Buller' finns inte: välj bland bemötande, delaktighet/inflytande, tillgänglighet, "
        "handläggningstid, utförande, trygghet, information, valfrihet, boendemiljö, mat, taxor/avgifter, "
        "annat, eller lämna cellen tom.",
        "rad 6: enhet 'Torget' finns inte: välj bland park, gata och park, eller lämna cellen tom.",
        "rad 6: allvarlig 'kanske': skriv ja eller nej.",
        "rad 6: dnr 1 står redan på rad 2: ta bort den ena.",
        "rad 7: dnr saknas: skriv ärendets nummer i diariet.",
        "rad 8: har fler celler än rad 1 har namn.",
        "rad 8: besvarad 2026-07-01 är före inkom 2026-07-02: rätta den ena.",
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "kolumnen 'inkom' saknas"),
        ("dnr,inkom\r\n1,2026-07-01\r\n", "semikolon"),
        ("dnr;inkom;inkom\r\n", "står flera gånger"),
        ("dnr;inkom;namn\r\n", "kolumnen 'namn' finns inte"),
        ('dnr;inkom\r\n"1;2026-07-01\r\n', "citattecknen"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_what_to_do(text: str, words: str) -> None:
    assert words in problems(text)[-1]


def test_of_many_wrong_rows_the_first_are_told_and_the_others_counted() -> None:
    rows = "".join(f"{number};i går\r\n" for number in range(30))

    with pytest.raises(DiaryError, match="… och 10 rader till") as refused:
        read(f"dnr;inkom\r\n{rows}".encode(), units=UNITS)

    assert len(str(refused.value).splitlines()) == 21


def test_a_file_that_is_no_text_is_refused() -> None:
    with pytest.raises(DiaryError, match="ingen text"):
        read(b"dnr;inkom\r\n\x81\x8d", units=UNITS)


CASES = st.lists(
    st.builds(
        DiaryCase,
        number=st.from_regex(r"[A-Z]{2} 20[0-9]{2}/[0-9]{1,4}", fullmatch=True),
        received_on=st.dates(date(2020, 1, 1), date(2026, 1, 1)),
        kind=st.none() | st.sampled_from(Kind),
        factor=st.none() | st.sampled_from(Factor),
        unit=st.sampled_from(["", "park"]),
        is_serious=st.booleans(),
        is_of_supervisor=st.booleans(),
        measure=st.from_regex(r'[a-zåäö";\n]{0,20}', fullmatch=True).map(str.strip),
        answered_on=st.none() | st.dates(date(2026, 1, 1), date(2027, 1, 1)),
        improvement=st.sampled_from(["", "Byt."]),
    ),
    unique_by=lambda case: case.number,
    max_size=5,
)


@given(CASES)
def test_what_was_written_is_what_is_read(cases: list[DiaryCase]) -> None:
    rows = [
        (
            *(one.number, one.received_on, one.kind or "", one.factor or "", one.unit),
            *("ja" if one.is_serious else "nej", "x" if one.is_of_supervisor else "", one.measure),
            *(one.answered_on or "", one.improvement),
        )
        for one in cases
    ]

    assert read(written([COLUMNS, *rows]), units=UNITS) == cases


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_cases_or_said_to_be_none(data: bytes) -> None:
    try:
        assert all(one.number for one in read(data, units=UNITS))
    except DiaryError as error:
        assert str(error)


@given(st.lists(st.lists(st.text(max_size=8), max_size=12), max_size=4))
def test_any_rows_under_the_right_names_are_cases_or_told_by_their_lines(rows: list[list[str]]) -> None:
    try:
        assert all(one.received_on.year >= 1990 for one in read(written([COLUMNS, *rows]), units=UNITS))
    except DiaryError as error:
        assert all(one.startswith("rad ") for one in error.problems)
