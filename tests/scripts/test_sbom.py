import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation import make_schemabased_validator

ROOT = Path(__file__).parent.parent.parent
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def written(file: Path) -> str:
    done = subprocess.run(
        [sys.executable, "scripts/sbom.py", str(file)], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert "packages" in done.stdout
    return file.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(tmp_path_factory.mktemp("ett") / "dist" / "ett.json")


def test_what_the_service_is_made_of_is_listed_as_it_is_locked(text: str) -> None:
    bom = json.loads(text)

    locked = set(re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK, flags=re.MULTILINE))
    assert {(one["name"], one["version"]) for one in bom["components"]} == locked
    assert all(one["hashes"] for one in bom["components"])
    assert all(sum_["content"] in LOCK for one in bom["components"] for sum_ in one["hashes"])
    names = {one["bom-ref"]: one["name"] for one in bom["components"]}
    root = next(one for one in bom["dependencies"] if one["ref"] == bom["metadata"]["component"]["bom-ref"])
    direct = {names[ref] for ref in root["dependsOn"]}
    named = set(re.findall(r'^    "([A-Za-z0-9-]+)', _dependencies(), flags=re.MULTILINE))
    assert direct == {name.lower() for name in named}
    assert {"starlette", "sqlalchemy", "psycopg", "google-auth"} <= direct
    assert make_schemabased_validator(OutputFormat.JSON, SchemaVersion.V1_6).validate_str(text) is None


def test_the_list_is_the_same_each_time_and_tells_nothing_of_the_machine_or_of_an_index(
    text: str, tmp_path: Path
) -> None:
    assert written(tmp_path / "annan" / "två.json") == text
    assert str(tmp_path) not in text
    assert str(ROOT) not in text
    assert re.findall(r"https?://(?!cyclonedx\.org)[^\"]*", text) == []
    assert "timestamp" not in text


def _dependencies() -> str:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return project.partition("\ndependencies = [\n")[2].partition("\n]")[0]
