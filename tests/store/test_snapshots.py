"""What a report said is kept once, and what a manager has signed is only written anew."""

from datetime import date

import pytest

from store import analyses, snapshots
from store.analyses import StaleAnalysisError
from store.domain import Step
from store.engine import Store, StoreError
from store.figures.period import read
from store.snapshots import Snapshot
from tests.house import NOW, rows_of


def a_snapshot(
    scope: str = "", *, report: str = "R1", period: str = "2026-K3", content: str = "då"
) -> Snapshot:
    return Snapshot(
        report=report,
        period=period,
        scope=scope,
        last=read(period).last,
        counted_to=date(2026, 10, 1),
        content=content,
        sha256="a" * 64,
        csv=b"\xef\xbb\xbfd\xc3\xa5",
        release="1",
    )


def keep(store: Store, *made: Snapshot) -> list[int | None]:
    with store.write() as transaction:
        return [snapshots.keep(transaction, one, now=NOW) for one in made]


def write(store: Store, text: str, *, seen: str, sign_as: str = "", unit: str = "park") -> int:
    with store.write() as transaction:
        return analyses.write(
            transaction, "R1", "2026-K3", unit, text, by="anna", seen=seen, now=NOW, sign_as=sign_as
        )


def mark(store: Store, unit: str = "park") -> str:
    with store.read() as transaction:
        return analyses.mark(analyses.latest(transaction, "R1", "2026-K3", unit))


def test_a_report_of_a_period_and_a_unit_is_kept_once_and_as_it_was_first(store: Store) -> None:
    first, unit = keep(store, a_snapshot(), a_snapshot("park"))
    again = keep(store, a_snapshot(content="senare"))

    with store.read() as transaction:
        kept = snapshots.find(transaction, "R1", "2026-K3")
        assert snapshots.find(transaction, "R1", "2026-K4") is None
        assert snapshots.periods_of(transaction, "R1") == {"2026-K3"}
    assert first is not None and unit is not None and again == [None]
    assert kept is not None
    assert (kept["content"], bytes(kept["csv"]), kept["counted_to"]) == (
        "då",
        b"\xef\xbb\xbfd\xc3\xa5",
        date(2026, 10, 1),
    )


def test_the_latest_period_comes_first_in_the_list_and_only_what_the_reader_asks_for(store: Store) -> None:
    keep(
        store,
        a_snapshot("park"),
        a_snapshot("park", period="2026-K2"),
        a_snapshot("skola"),
        a_snapshot("park", report="R6", period="2025"),
    )

    with store.read() as transaction:
        rows = snapshots.newest(transaction, ["R1"], scopes=["park"])
    assert [row["period"] for row in rows] == ["2026-K3", "2026-K2"]
    assert "content" not in rows[0]


def test_l13_a_unit_waits_for_a_signature_until_there_is_one(store: Store) -> None:
    keep(store, a_snapshot(), a_snapshot("park"), a_snapshot("skola"))
    write(store, "Utkast.", seen=mark(store))

    def missing() -> list[str]:
        with store.read() as transaction:
            return [row["scope"] for row in snapshots.unsigned(transaction, ["R1"])]

    assert missing() == ["park", "skola"]
    write(store, "Vi byter sanden.", seen=mark(store), sign_as="Anna Ek")
    assert missing() == ["skola"]


def test_each_reminder_is_noted_once(store: Store) -> None:
    (kept,) = keep(store, a_snapshot("park"))
    assert kept is not None

    with store.write() as transaction:
        taken = [
            snapshots.tell(transaction, kept, step, ["anna"], now=NOW)
            for step in (Step.REMINDER, Step.REMINDER, Step.ESCALATION)
        ]
    with store.read() as transaction:
        told = snapshots.told(transaction, [kept])
    assert taken == [True, False, True]
    assert told == {kept: {Step.REMINDER: NOW, Step.ESCALATION: NOW}}


def test_a_draft_is_written_over_and_what_is_signed_gets_a_next_version(store: Store) -> None:
    assert write(store, "Först.", seen="0") == 1
    assert write(store, "Sedan.", seen=mark(store)) == 1
    assert write(store, "Så här.", seen=mark(store), sign_as="Anna Ek") == 1
    assert write(store, "Rättat.", seen=mark(store)) == 2

    with store.read() as transaction:
        signed = analyses.signed(transaction, "R1", "2026-K3")
        texts = [row["text"] for row in analyses.versions(transaction, "R1", "2026-K3", "park")]
    assert texts == ["Så här.", "Rättat."]
    assert signed["park"]["text"] == "Så här."
    assert [row["act"] for row in rows_of(store, "journal")] == [
        "analys sparad",
        "analys sparad",
        "analys signerad",
        "analys sparad",
    ]


def test_nobody_writes_over_words_that_they_have_not_seen(store: Store) -> None:
    write(store, "Hennes.", seen="0")

    with pytest.raises(StaleAnalysisError):
        write(store, "Hans.", seen="0")
    with store.read() as transaction:
        (row,) = analyses.versions(transaction, "R1", "2026-K3", "park")
    assert row["text"] == "Hennes."


def test_a_reminder_of_what_was_never_kept_is_refused(store: Store) -> None:
    with pytest.raises(StoreError), store.write() as transaction:
        snapshots.tell(transaction, 7, Step.REMINDER, [], now=NOW)
