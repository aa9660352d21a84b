"""The pages about the policies tell of every key and every row that the tests hold."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from store import profiles
from store.profiles.policy import AnswerDays, Profile

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "policies"
SHOWN_BY_ITSELF = {"id", "name", "service_name", "source"}


def keys_of(model: type[BaseModel], where: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        key = f"{where}{field.alias or name}"
        part = field.annotation
        if isinstance(part, type) and issubclass(part, BaseModel) and part is not AnswerDays:
            yield from keys_of(part, f"{key}.")
        else:
            yield key


def test_every_key_is_explained() -> None:
    readme = (PAGES / "README.md").read_text(encoding="utf-8")
    keys = set(keys_of(Profile)) - SHOWN_BY_ITSELF

    assert "deadlines.answer_days" in keys
    missing = [
        key for key in keys if f"`{key}`" not in readme and f"`{key.partition('.')[0]}.*`" not in readme
    ]
    assert missing == []


@pytest.mark.parametrize("name", sorted(set(profiles.names()) - {"standard"}))
def test_every_policy_has_a_page_that_tells_of_each_row_tested(name: str) -> None:
    page = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    tests = (ROOT / "tests" / "policies" / f"test_{name}.py").read_text(encoding="utf-8")
    rows = set(re.findall(r"^def test_([a-z]\d+)_", tests, re.MULTILINE))

    assert rows
    assert [row for row in rows if not re.search(rf"\b{row.upper()}\b", page)] == []


def test_every_test_that_a_page_points_at_is_there() -> None:
    pointed = {
        found
        for page in PAGES.glob("*.md")
        for found in re.findall(r"`(tests/[^`]+)`", page.read_text("utf-8"))
    }

    assert pointed
    assert [one for one in pointed if not (ROOT / one).exists()] == []


def test_every_row_of_the_policies_is_tested_here_or_named_as_not_kept() -> None:
    names = " ".join(
        name
        for path in Path(__file__).parent.glob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    )
    told = (PAGES / "README.md").read_text(encoding="utf-8")
    not_kept = told.partition("## Rader som inte hålls")[2].partition("Dessa rader hålls till en del")[0]
    last = {"L": 20, "T": 17, "G": 22, "K": 24, "N": 25}
    rows = [f"{policy}{number}" for policy, most in last.items() for number in range(1, most + 1)]

    untested = {row for row in rows if not re.search(rf"_{row.lower()}(?:_|\b)", names)}
    assert untested == set(re.findall(r"\b[LTGKN]\d+\b", not_kept))
