"""Cases of the main diary, as somebody has saved them from a spreadsheet."""

from bots.desk.reports.diary import COLUMNS, DiaryError, read

_HEAD = ";".join(COLUMNS).encode()
SEEDS = (
    _HEAD + b"\r\nON 2026/7;2026-07-01;klagom\xc3\xa5l;Mat;park;ja;nej;Ny kock.;2026-07-09;Smaka.\r\n",
    b"\xef\xbb\xbfdnr;inkom\n1;2026-02-30\n1;x\n;;\n",
    'dnr;inkom;åtgärd\r\n"2;2026-07-01;"två\nrader"\r\n'.encode("cp1252"),
    b"dnr,inkom\n1,2026-07-01\n",
    b"\x81\x00",
)


def fuzz(data: bytes) -> None:
    """Read it; either every case has a number and a day, or it is said in words what is wrong."""
    try:
        for case in read(data, units={"park": "park"}):
            assert case.number
            assert case.answered_on is None or case.answered_on >= case.received_on
    except DiaryError as error:
        assert str(error)
