"""What was changed on the settings pages is there after a restart, and for every command."""

import io
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bots.app import build
from bots.cli import main
from bots.demo import town
from bots.desk.directory import Directory
from bots.settings import Settings, SettingsError
from tests.house import rows_of

SIV = {"name": "Siv Malm", "email": "siv.malm@lillkommun.example", "substitute": "petra"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = town.settings(tmp_path, relay_port=1, smtp_port=0, web_port=0)
    return found.model_copy(update={"classifier": found.classifier.model_copy(update={"enabled": False})})


def registrator(settings: Settings) -> str:
    return settings.triage.registrator


def change(settings: Settings) -> None:
    """Add a person and a unit, as the pages do, and stop."""
    with closing(build(settings, with_doors=False)) as app:
        desk: Directory = app.directory
        siv = desk.add_person(SIV, by=registrator(settings))
        desk.add_unit({"name": "Badet", "handlers": (siv.id, "kim")}, by=registrator(settings))


def test_a_restart_has_the_people_and_units_that_pages_have_added(settings: Settings) -> None:
    change(settings)

    with closing(build(settings, with_doors=False)) as app:
        house = app.acts.work.house
        assert house.handlers["siv.malm"].name == "Siv Malm"
        assert [unit.id for unit in house.units if "siv.malm" in unit.handlers] == ["badet"]
        assert app.intake.closed() == house.days.closed


def test_a_configuration_without_somebody_whom_a_page_named_says_what_to_do(settings: Settings) -> None:
    change(settings)
    fewer = settings.model_copy(
        update={
            "handlers": [
                one.model_copy(update={"substitute": ""} if one.substitute == "kim" else {})
                for one in settings.handlers
                if one.id != "kim"
            ],
            "units": [one for one in settings.units if "kim" not in one.handlers],
        }
    )

    with pytest.raises(
        SettingsError, match=r"enheten 'badet': handläggaren 'kim' finns inte\. Lägg tillbaka"
    ):
        build(fewer, with_doors=False)


def test_an_account_can_be_made_for_who_was_added_and_not_for_who_has_left(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    change(settings)
    monkeypatch.setattr("bots.settings.load", lambda _path: settings)
    monkeypatch.setattr(sys, "stdin", io.StringIO("en lång fras för Siv\n"))
    assert main(["user", "add", "siv.malm"]) == 0

    with closing(build(settings, with_doors=False)) as app:
        app.directory.change_person("siv.malm", {"has_left": True}, by=registrator(settings), version=1)
        assert [row["person"] for row in rows_of(app.store, "accounts")] == ["siv.malm"]
    monkeypatch.setattr(sys, "stdin", io.StringIO("en lång fras för Siv\n"))

    assert main(["user", "add", "siv.malm"]) == 65
    assert "siv.malm" not in capsys.readouterr().err
    assert main(["user", "remove", "siv.malm"]) == 0
