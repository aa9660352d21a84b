"""What the image and the compose file promise; `python -m tests.journeys.image` does what they say."""

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.wheel import WheelBuilder

from bots.cli import parser
from tests.journeys.image import CONTAINERFILE, stages
from tests.scripts.test_unit import ROOT, UNIT

WRITTEN = CONTAINERFILE.read_text(encoding="utf-8")
STAGES = stages(WRITTEN)
GUIDE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
NOBODY = "10001:10001"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    yaml = pytest.importorskip("yaml")
    told: dict[str, Any] = yaml.safe_load((ROOT / "packaging" / "compose.yaml").read_text(encoding="utf-8"))
    return told


def test_a_containerfile_is_read_with_joined_lines_and_without_comments() -> None:
    read = stages("# a\nARG B=c\nFROM ${B} AS one\nRUN a \\\n  && b\n# RUN d\nFROM ${B}\nUSER 1:2\n")

    assert [(one.name, one.steps) for one in read] == [
        ("one", [("RUN", "a    && b")]),
        ("1", [("USER", "1:2")]),
    ]
    with pytest.raises(KeyError):
        read[0].last("USER")


def test_the_image_is_run_by_nobody_in_particular_and_keeps_in_one_folder_only() -> None:
    last = STAGES[-1]

    assert last.last("USER") == NOBODY
    assert last.last("VOLUME") == last.last("WORKDIR") == "/var/lib/synpunkt"
    assert f"StateDirectory={Path(last.last('VOLUME')).name}" in UNIT
    assert [name for name, _ in last.steps].index("USER") > [name for name, _ in last.steps].index("COPY")


def test_what_is_installed_in_the_image_is_held_against_the_hashes_of_the_lock() -> None:
    runs = [argument for stage in STAGES for name, argument in stage.steps if name == "RUN"]
    installed = [words for run in runs for words in re.findall(r"pip (?:install|wheel) ([^&]+)", run)]

    assert len(installed) == 3
    for words in installed:
        chosen = shlex.split(words)
        assert "--require-hashes" in chosen or {"--no-deps", "--no-index"} <= set(chosen)
    assert "-r requirements.lock" in installed[0]


def test_the_image_names_no_place_of_packages_but_the_public_base_image() -> None:
    names = re.findall(r"[\w-]+(?:\.[\w-]+)+/[\w./:-]+", WRITTEN.replace("http://127.0.0.1:8080/health", ""))

    assert names[0].startswith("docker.io/library/python:3.11-")
    assert [name for name in names if name.startswith("docker.io")] == names[:1]
    assert re.findall(r"index-url|find-links|trusted-host", WRITTEN) == []
    assert len(re.findall(r"(?m)^FROM \$\{BASE\}", WRITTEN)) == len(STAGES) == 2


def test_what_the_image_starts_is_a_command_of_ours() -> None:
    chosen = parser().parse_args(json.loads(STAGES[-1].last("CMD")))

    assert json.loads(STAGES[-1].last("ENTRYPOINT")) == ["synpunkt"]
    assert str(chosen.config) == "/etc/synpunkt/config.toml"


def test_the_compose_file_starts_what_the_image_says_with_a_root_that_nobody_can_write_to(
    compose: dict[str, Any],
) -> None:
    service, last = compose["services"]["synpunkt"], STAGES[-1]

    assert service["command"] == json.loads(last.last("CMD"))
    assert service["user"] == last.last("USER")
    assert service["healthcheck"]["test"] == [
        "CMD",
        *json.loads(last.last("HEALTHCHECK").partition("CMD ")[2]),
    ]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert f"TimeoutStopSec={service['stop_grace_period'].removesuffix('s')}" in UNIT
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    writable = [volume.split(":")[1] for volume in service["volumes"] if not volume.endswith(":ro")]
    assert writable == [last.last("VOLUME"), "/var/run/postgresql"]


def test_the_database_of_the_compose_file_has_no_network_and_waits_for_nobody_unready(
    compose: dict[str, Any],
) -> None:
    service, database = compose["services"]["synpunkt"], compose["services"]["database"]

    assert (database["network_mode"], database.get("ports")) == ("none", None)
    assert (database["read_only"], database["cap_drop"]) == (True, ["ALL"])
    assert service["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert "socket:/var/run/postgresql" in database["volumes"]
    assert set(compose["volumes"]) == {"state", "socket", "database"}


def test_secrets_of_the_compose_file_are_files_and_the_guide_makes_each(compose: dict[str, Any]) -> None:
    used = {name for service in compose["services"].values() for name in service["secrets"]}
    told = " ".join(re.findall(r"(?m)^for name in (.+); do$", GUIDE)).split()

    assert set(compose["secrets"]) == used == set(told)
    for name, secret in compose["secrets"].items():
        assert secret == {"file": f"./secrets/{name}"}
    environment = compose["services"]["database"]["environment"]
    assert all("PASSWORD" not in name or name.endswith("_FILE") for name in environment)


def test_what_is_built_from_is_let_through_to_the_engine() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = {
        source
        for stage in STAGES
        for name, argument in stage.steps
        if name == "COPY" and not argument.startswith("--from=")
        for source in shlex.split(argument)[:-1]
    }

    assert "*" in ignored
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == copied
    assert all((ROOT / source).exists() for source in copied)


def test_the_wheel_holds_every_file_of_ours_that_git_knows() -> None:
    packages = ("bots", "classifier", "store", "templates")
    known = subprocess.run(
        ["git", "ls-files", "-z", *packages], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\0")

    found = {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}

    assert len(found) > 500
    assert [name for name in known if name and (ROOT / name).exists() and name not in found] == []
