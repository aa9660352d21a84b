"""What the documents call a proof is a test that is there."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = ("SECURITY.md",)
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
