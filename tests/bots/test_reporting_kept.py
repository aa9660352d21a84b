"""`synpunkt report` of a period that is closed: what was kept, unless it is asked for anew."""

from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from bots.cli import main
from bots.desk.reports import canonical
from bots.desk.reports.report import Report
from bots.desk.reports.sheet import Sheet
from bots.parts import open_store_of
from bots.settings import load
from store import snapshots
from store.figures.period import read
from store.snapshots import Snapshot
from tests.bots.test_cli import CONFIG
from tests.house import NOW


def asked(config: Path, *words: str) -> int:
    return main(["report", "R1", "--period", "2026-K3", "--config", str(config), *words])


def test_a_closed_period_is_written_as_it_was_kept_unless_it_is_asked_for_fresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setenv("SYNPUNKT_PROV_SECRET", "en hemlighet som bara finns i testerna")
    config = tmp_path / "config.toml"
    config.write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")
    assert asked(config) == 0
    counted = capfdbinary.readouterr().out
    keep_another(config)

    assert asked(config) == 0
    assert capfdbinary.readouterr().out == b"\xef\xbb\xbfp\xc3\xa5 den tiden"
    assert asked(config, "--format", "html") == 0
    assert "Som det var då" in capfdbinary.readouterr().out.decode()
    assert asked(config, "--fresh") == 0
    assert capfdbinary.readouterr().out == counted


def keep_another(config: Path) -> None:
    """Keep something else of the quarter than what would be counted today."""
    report = Report(
        sheet=Sheet(id="R1", title="Som det var då", columns=("enhet",), rows=(("Parken",),)),
        period=read("2026-K3"),
        today=date(2026, 10, 1),
        municipality="Lilla kommunen",
        query="R1",
        headline="Ingenting.",
    )
    content = canonical.written(report)
    kept = Snapshot(
        report="R1",
        period="2026-K3",
        last=date(2026, 9, 30),
        counted_to=date(2026, 10, 1),
        content=content,
        sha256=canonical.digest(content),
        csv=b"\xef\xbb\xbfp\xc3\xa5 den tiden",
        release="1",
    )
    with closing(open_store_of(load(config))) as store, store.write() as transaction:
        snapshots.keep(transaction, kept, now=NOW)
