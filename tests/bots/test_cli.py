"""The command line: exit statuses that a mail server understands, and errors that say what to do."""

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bots.cli import main
from bots.desk.judge import Judge
from store import cases, inbox, migrations
from store.alone import alone
from store.domain import Purpose
from store.engine import Store, StoreError, open_store
from tests.house import a_mail, rows_of

CONFIG = """
[municipality]
name = "Lilla kommunen"
service_name = "Tyck till"
phone = "070-174 06 05"
phone_hours = "mån–fre 8–16"
privacy_url = "https://lillkommun.example/personuppgifter"

[store]
url = "sqlite:///{folder}/synpunkt.db"

[mail]
address = "synpunkt@lillkommun.example"
secret = "env:SYNPUNKT_PROV_SECRET"

[channels.smtp]
port = 0
recipients = ["synpunkt@lillkommun.example"]

[channels.relay]
host = "127.0.0.1"
port = 1
security = "none"

[classifier]
enabled = false

[triage]
registrator = "rita"

[[handlers]]
id = "rita"
name = "Rita Lund"
title = "registrator"
email = "rita.lund@lillkommun.example"
"""
COMMANDS = ["run", "demo", "check", "receive", "read", "classify", "deadline", "train", "evaluate", "bench"]


@pytest.fixture(autouse=True)
def _quiet_log() -> Iterator[None]:
    """Take back what a command does to the log of the whole process."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = before, level


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SYNPUNKT_PROV_SECRET", "en hemlighet som bara finns i testerna")
    file = tmp_path / "config.toml"
    file.write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")
    return file


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path / 'synpunkt.db'}")
    yield store
    store.close()


def test_help_lists_every_command_in_swedish(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])

    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert [command for command in COMMANDS if f"    {command} " not in shown] == []
    assert "Börja med: synpunkt demo" in shown


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])

    assert ended.value.code == 0
    assert f"synpunkt {command}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["finnsinte"], ["deadline"], ["read"], ["run", "--okänd"]])
def test_a_wrong_command_line_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert "synpunkt" in capsys.readouterr().err


@pytest.mark.parametrize(("command", "status"), [("run", 78), ("check", 78), ("receive", 75)])
def test_a_missing_configuration_is_told_with_what_to_do_and_sends_no_mail_back(
    command: str,
    status: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(a_mail())))
    file = tmp_path / "ingen.toml"

    found = main([command, "--config", str(file)])

    said = capsys.readouterr()
    assert found == status
    assert said.err == f"{file}: filen finns inte. Kopiera config.example.toml och ändra i den.\n"
    assert said.out == ""


@pytest.mark.parametrize(("command", "status"), [("run", 78), ("check", 78), ("receive", 75)])
def test_bad_toml_is_told_with_its_line(
    command: str,
    status: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(a_mail())))
    file = tmp_path / "config.toml"
    file.write_text("[municipality]\nname = \n", encoding="utf-8")

    found = main([command, "--config", str(file)])

    assert found == status
    assert "inte giltig TOML" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_missing_secret_is_told_with_table_and_key(
    command: str, config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SYNPUNKT_PROV_SECRET")

    status = main([command, "--config", str(config)])

    assert status == 78
    assert capsys.readouterr().err == (
        "tabell [mail], nyckel secret: hemligheten env:SYNPUNKT_PROV_SECRET saknas: "
        "sätt miljövariabeln SYNPUNKT_PROV_SECRET.\n"
    )


@pytest.mark.parametrize(("command", "status"), [("run", 75), ("receive", 75), ("check", 78)])
def test_a_database_out_of_reach_is_told_and_can_be_tried_again(
    command: str,
    status: int,
    config: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(a_mail())))
    config.write_text(CONFIG.format(folder=tmp_path / "finns" / "inte"), encoding="utf-8")

    found = main([command, "--config", str(config)])

    said = capsys.readouterr().err
    assert found == status
    assert "unable to open database file" in said
    assert "Traceback" not in said


def test_a_second_service_on_the_same_database_says_so_and_ends(
    config: Path, kept: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    with alone(kept):
        status = main(["run", "--config", str(config)])

    assert status == 75
    assert "en annan synpunkt run arbetar med databasen" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'security = "none"',
            'security = "none"\nca_file = "/finns/inte.pem"',
            "tabell [channels.relay], nyckel ca_file: kan inte läsas",
        ),
        (
            "env:SYNPUNKT_PROV_SECRET",
            "env:SYNPUNKT_PROV_SHORT",
            "tabell [mail], nyckel secret: hemligheten env:SYNPUNKT_PROV_SHORT är för kort. "
            "Ge den minst 16 tecken, helst 32 som är slumpade.",
        ),
        (
            "[triage]",
            '[web]\nport = 0\npublic_url = "http://127.0.0.1"\nstaff_password = "env:SYNPUNKT_PROV_SHORT"\n'
            'session_secret = "env:SYNPUNKT_PROV_SHORT"\n\n[triage]',
            "tabell [web], nyckel session_secret: hemligheten env:SYNPUNKT_PROV_SHORT är för kort.",
        ),
        ("/synpunkt.db", "/finns/inte/synpunkt.db", "tabell [store], nyckel url: kontrollera att databasen"),
    ],
)
def test_check_tells_table_key_and_remedy_instead_of_a_traceback(
    old: str,
    new: str,
    said: str,
    config: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SYNPUNKT_PROV_SHORT", "kort")
    config.write_text(config.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")

    status = main(["check", "--config", str(config)])

    assert status == 78
    assert capsys.readouterr().err.startswith(said)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("", "ok   modellen är laddad\n"),
        ("/finns/inte", "fel  tabell [classifier], nyckel model: modellen kan"),
    ],
)
def test_check_proves_the_model(
    model: str, said: str, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("enabled = false", f'model = "{model}"'), encoding="utf-8")

    status = main(["check", "--config", str(config)])

    assert status == 78  # nobody listens where the letters should go, either
    assert said in capsys.readouterr().out


def test_check_says_what_works_and_what_does_not(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["check", "--config", str(config)])

    lines = capsys.readouterr().out.splitlines()
    assert status == 78
    assert lines[:3] == [
        f"ok   {config} är rätt skriven",
        "ok   alla hemligheter finns",
        "ok   databasen svarar (sqlite)",
    ]
    assert [line[:4] for line in lines[-1:]] == ["fel "]


def test_a_mail_from_a_file_becomes_a_case_with_a_letter_waiting(
    config: Path, tmp_path: Path, kept: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mejl.eml"
    file.write_bytes(a_mail())

    status = main(["receive", "--config", str(config), "--from", "sven@example.org", str(file), str(file)])

    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert status == 0
    assert printed == [{"message": 1, "duplicate": False}, {"message": 1, "duplicate": True}]
    with kept.read() as transaction:
        case = cases.find_number(transaction, f"SYN-{rows_of(kept, 'cases')[0]['received_at'].year}-000001")
        waiting = inbox.waiting(transaction)
    assert case is not None
    assert (case["title"], waiting) == ("Trasig gunga", 0)
    assert [row["purpose"] for row in rows_of(kept, "letters")] == [
        Purpose.ACKNOWLEDGEMENT,
        Purpose.HANDLER_NOTICE,
    ]


def test_a_mail_from_standard_input_is_taken_as_well(
    config: Path, kept: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(a_mail())))

    status = main(["receive", "--config", str(config), "--to", "park@lillkommun.example"])

    assert status == 0
    assert rows_of(kept, "messages")[0]["envelope_to"] == ["park@lillkommun.example"]
    assert json.loads(capsys.readouterr().out) == {"message": 1, "duplicate": False}


def test_a_mail_that_is_kept_is_taken_even_if_its_case_must_wait(
    config: Path, kept: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_judge: Judge) -> int:
        raise StoreError("disk full")

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(a_mail())))
    monkeypatch.setattr(Judge, "once", away)

    status = main(["receive", "--config", str(config)])

    said = capsys.readouterr()
    assert status == 0
    assert json.loads(said.out) == {"message": 1, "duplicate": False}
    assert said.err == "mottaget, men ärendet öppnas senare: disk full\n"
    assert [row["state"] for row in rows_of(kept, "messages")] == ["mottaget"]


def test_a_mail_file_that_is_not_there_is_told_and_nothing_is_kept(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "mejl.eml"
    there.write_bytes(a_mail())

    status = main(["receive", "--config", str(config), str(there), str(tmp_path / "inget.eml")])

    assert status == 65
    assert "filen kan inte läsas" in capsys.readouterr().err
    assert not (tmp_path / "synpunkt.db").exists()


def test_read_shows_one_line_of_json_for_each_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mejl.eml"
    file.write_bytes(a_mail("Gungan är trasig."))

    status = main(["read", str(file), str(tmp_path / "inget.eml")])

    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert status == 0
    assert (first["subject"], first["from_addr"]) == ("Trasig gunga", "sven.svensson@example.org")
    assert first["text"].strip() == "Gungan är trasig."
    assert (first["automatic"], first["message_id"][0]) == (False, "<")
    assert second["warnings"] == ["Filen kunde inte läsas (FileNotFoundError)."]


def test_deadline_shows_each_promise_and_the_way_there(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["deadline", "--received", "2026-12-18T15:00"])

    shown = json.loads(capsys.readouterr().out)
    assert status == 0
    assert {key: shown[key] for key in ("profile", "received", "received_day")} == {
        "profile": "standard",
        "received": "2026-12-18T15:00:00+01:00",
        "received_day": "2026-12-18",
    }
    assert {name: promise["due"] for name, promise in shown["promises"].items()} == {
        "kvitto": "2026-12-18",
        "första_återkoppling": "2026-12-22",
        "svar_beröm": "2027-01-08",
        "svar_förslag": "2027-01-08",
        "svar_klagomål": "2027-01-08",
    }
    assert shown["promises"]["första_återkoppling"] == {
        "due": "2026-12-22",
        "clause": "Standardprofil",
        "arithmetic": [
            "fre 18/12 = mottaget",
            "lör 19/12 räknas inte (lördag)",
            "sön 20/12 räknas inte (söndag)",
            "mån 21/12 = dag 1",
            "tis 22/12 = dag 2",
        ],
    }


def test_deadline_takes_a_zone_and_another_profile(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["deadline", "--profile", "norrmalm", "--received", "2026-12-17T23:30:00Z"])

    shown = json.loads(capsys.readouterr().out)
    assert status == 0
    assert shown["received_day"] == "2026-12-18"
    assert shown["promises"]["svar_klagomål"]["due"] == "2027-01-14"
    assert "första_återkoppling" not in shown["promises"]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (
            ["--received", "i går"],
            65,
            "--received 'i går' är ingen tid; skriv till exempel 2026-12-18T15:00\n",
        ),
        (["--received", "0001-01-01T00:00Z"], 65, "--received '0001-01-01T00:00Z' är ingen tid"),
        (["--received", "9999-12-31T00:00"], 65, "--received '9999-12-31T00:00' är ingen tid"),
        (["--received", "2026-12-18", "--profile", "storstad"], 78, "profil storstad: finns inte"),
    ],
)
def test_deadline_tells_what_it_can_not_use(
    arguments: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = main(["deadline", *arguments])

    assert found == status
    assert capsys.readouterr().err.startswith(said)


def test_classify_tells_a_model_that_can_not_be_loaded(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = config.read_text(encoding="utf-8").replace("enabled = false", f'model = "{tmp_path / "ingen"}"')
    config.write_text(text, encoding="utf-8")

    status = main(["classify", "--config", str(config)])

    assert status == 78
    assert str(tmp_path / "ingen") in capsys.readouterr().err


def test_nothing_is_learnt_from_citizens_without_a_decision(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Requirement B18."""
    status = main(["train", "--config", str(config)])

    assert status == 78
    assert "tabell [classifier.learning], nyckel decision" in capsys.readouterr().err


def _decided(config: Path, tmp_path: Path) -> None:
    table = '[classifier.learning]\ndecision = "KS 2027-03-01 § 12"'
    learning = f'{table}\nfolder = "{tmp_path / "models"}"\n\n[triage]'
    text = config.read_text(encoding="utf-8").replace("[triage]", learning)
    config.write_text(text, encoding="utf-8")


def test_too_few_confirmed_cases_are_told_and_nothing_is_made(
    config: Path, tmp_path: Path, kept: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    migrations.upgrade(kept)
    _decided(config, tmp_path)

    status = main(["train", "--config", str(config)])

    assert status == 65
    assert "0 bekräftade ärenden är för få" in capsys.readouterr().err
    assert not (tmp_path / "models").exists()


def test_there_is_nothing_to_roll_back_from_the_shipped_model(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _decided(config, tmp_path)

    assert main(["train", "--rollback", "--config", str(config)]) == 65
    assert "inget att gå tillbaka från" in capsys.readouterr().err


def test_training_the_encoder_without_its_tools_tells_how_to_get_them(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "--whole", "--out", str(tmp_path / "ny"), "--config", str(config)]) == 78
    assert "make tuning" in capsys.readouterr().err


def test_evaluate_tells_a_file_that_is_not_there(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["evaluate", "--config", str(config), str(tmp_path / "inget.jsonl")])

    assert status in {65, 78}
    assert "Traceback" not in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_error() -> None:
    program = (
        "import sys\nfrom bots.cli import main\nsys.exit(main(['deadline', '--received', '2026-12-18']))\n"
    )
    read_end, write_end = os.pipe()
    os.close(read_end)

    ended = subprocess.run(
        [sys.executable, "-c", program], stdout=write_end, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(write_end)

    assert ended.stderr == b""
    assert ended.returncode == 0


def test_g8_the_card_is_written_with_its_qr_code(tmp_path: Path) -> None:
    sheet = tmp_path / "kort.html"
    example = Path(__file__).parents[2] / "config.example.toml"

    status = main(["card", "--config", str(example), "--out", str(sheet)])

    written = sheet.read_text(encoding="utf-8")
    assert status == 0
    assert written.count("Tyck till") >= 4
    assert "<svg" in written
    assert "synpunkt@lillkommun.example" in written


def test_g8_a_card_without_a_form_to_lead_to_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    example = (Path(__file__).parents[2] / "config.example.toml").read_text(encoding="utf-8")
    before, _, after = example.partition("[web]")
    config = tmp_path / "config.toml"
    config.write_text(before + "[classifier]" + after.partition("[classifier]")[2], encoding="utf-8")

    assert main(["card", "--config", str(config)]) == 78
    assert "[web] saknas" in capsys.readouterr().err
