"""What the documents call a proof is a test that is there."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = ("SECURITY.md", "docs/record-rows.md")
_ROW = re.compile(r"^\| (B\d+) \|[^|]+\|([^|]*)\|([^|]*)\|$", re.MULTILINE)
_PROOF = re.compile(r"`([\w/]+\.py)::(\w+)`")


@cache
def there_in(file: str) -> frozenset[str]:
    path = ROOT / "tests" / file
    if not path.exists():
        return frozenset()
    return frozenset(
        re.findall(r"^(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    )


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_proof_that_a_document_names_is_a_test(document: str) -> None:
    named = _PROOF.findall((ROOT / document).read_text(encoding="utf-8"))

    assert len(named) > 20
    assert [f"{file}::{name}" for file, name in named if name not in there_in(file)] == []


def test_each_row_of_the_record_is_proved_or_said_not_to_be() -> None:
    rows = _ROW.findall((ROOT / "docs" / "record-rows.md").read_text(encoding="utf-8"))

    assert [name for name, _, _ in rows] == [f"B{number}" for number in range(1, 36)]
    assert [name for name, proof, left in rows if not _PROOF.search(proof) and "*Not " not in left] == []
