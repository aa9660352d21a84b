"""A citizen's text, searched for what points at a person."""
# ruff: noqa: E501 - seeds are as people write

from classifier.passages import find
from classifier.titles import lint_title

SEEDS = (
    b"Eva Exempel, 070-174 06 05, eva@example.se, Storgatan 12 B, 123 45 Lillstad",
    b"Pers.nr 19121212-1212, samordning 701063-2391, org 556000-0000",
    "Min son Olle på Björkskolan har diabetes och epilepsi, ring 0046 (0)70 174 06 06".encode(),
    b"IBAN SE35 5000 0000 0549 1000 0003, plusgiro 12 34 56-7, kort 4111 1111 1111 1111, 192.0.2.1 2001:db8::1",
    "ABC 123 ABC12A \u0661\u0662\u0663 ² ½ \u200bEva\u00a0Exempel \ufeff \u0130".encode(),
    b"1" * 300 + b" " + b"12-" * 100,
    b"a@" * 100 + b"@example.se." * 30,
)


def fuzz(data: bytes) -> None:
    """Find passages: each lies in the text, and they come in its order."""
    text = data.decode("utf-8", "replace")
    for found in (find(text), find(text, names=text.split()[:5]), lint_title(text)):
        for one in found:
            assert 0 <= one.start < one.end <= len(text)
        assert [one.start for one in found] == sorted(one.start for one in found)
