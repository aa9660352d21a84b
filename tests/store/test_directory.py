"""What is changed on the settings pages is kept over the configuration, field by field, and journaled."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from store import directory, reply_templates
from store.directory import StaleSettingError, Subject
from store.domain import Contact, Handler, Unit
from store.engine import Store
from store.reply_templates import ReplyTemplate

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
ANNA = Handler(id="anna", name="Anna Ek", email="anna.ek@example.se", phone="070-174 06 05")
GATA = Unit(id="gata", name="Gata och park", handlers=("anna",), words=("gata",))


def kept(store: Store, subject: Subject, name: str, facts: directory.Facts, *, version: int = 0) -> None:
    with store.write() as transaction:
        directory.keep(transaction, subject, name, facts, version=version, by="bo", now=NOW)


def test_only_what_differs_from_the_configuration_is_kept(store: Store) -> None:
    away = ((date(2026, 12, 1), date(2026, 12, 24)),)
    changed = replace(ANNA, absent=away)

    kept(store, Subject.PERSON, "anna", directory.difference(changed, ANNA))

    with store.read() as transaction:
        found = directory.read(transaction).people["anna"]
    assert found.facts == {"absent": [["2026-12-01", "2026-12-24"]]}
    renamed = replace(ANNA, name="Anna Ek Lind")  # by the configuration, later
    assert directory.person("anna", renamed, found.facts) == replace(renamed, absent=away)


def test_a_unit_that_only_the_pages_know_comes_back_whole(store: Store) -> None:
    contact = Contact(name="Bo Lind", address="Torget 1", phone="070-174 06 06", handler="bo")
    unit = Unit(
        id="bad", name="Badet", handlers=("anna", "bo"), managers=("bo",), words=("bad",), contact=contact
    )

    kept(store, Subject.UNIT, "bad", directory.difference(unit, None))

    with store.read() as transaction:
        found = directory.read(transaction).units["bad"]
    assert directory.unit("bad", None, found.facts) == unit


def test_who_saves_over_a_change_that_was_not_seen_is_refused(store: Store) -> None:
    kept(store, Subject.UNIT, "gata", {"name": "Gatan"})

    with pytest.raises(StaleSettingError):
        kept(store, Subject.UNIT, "gata", {"name": "Vägen"})

    kept(store, Subject.UNIT, "gata", {"name": "Parken"}, version=1)
    with store.read() as transaction:
        assert directory.read(transaction).units["gata"].facts == {"name": "Parken"}


def test_a_closed_day_can_be_added_forgotten_and_opened(store: Store) -> None:
    day = date(2026, 12, 28)
    for closed in (True, None, False):
        with store.write() as transaction:
            directory.close_day(transaction, day, closed=closed, by="bo", now=NOW)
        with store.read() as transaction:
            assert directory.read(transaction).days == ({} if closed is None else {day: closed})


def test_a_change_is_journaled_with_who_when_and_from_what_to_what(store: Store) -> None:
    was, becomes = directory.facts_of(GATA), directory.facts_of(replace(GATA, words=("gata", "väg")))
    with store.write() as transaction:
        directory.note(transaction, Subject.UNIT, "gata", was=was, becomes=becomes, by="bo", now=NOW)
        directory.note(transaction, Subject.UNIT, "gata", was=was, becomes=was, by="bo", now=NOW)

    with store.read() as transaction:
        found = directory.changes(transaction)

    assert found == [
        {
            "at": NOW,
            "actor": "bo",
            "subject": "enhet",
            "name": "gata",
            "was": {"words": ["gata"]},
            "becomes": {"words": ["gata", "väg"]},
        }
    ]


def a_template(title: str, *, kind: str = "", unit: str = "") -> ReplyTemplate:
    return ReplyTemplate(title=title, text="Tack. Vi har lagat hålet.", kind=kind, unit=unit)


def test_the_templates_of_a_case_are_those_of_its_unit_and_type_its_own_unit_first(store: Store) -> None:
    with store.write() as transaction:
        for one in (
            a_template("för alla"),
            a_template("gatans", unit="gata"),
            a_template("badets", unit="bad"),
            a_template("klagomål", kind="klagomål"),
            a_template("beröm", kind="beröm"),
        ):
            reply_templates.keep(transaction, one, by="bo", now=NOW)

    with store.read() as transaction:
        by_kind = {
            kind: [one.title for one in reply_templates.for_case(transaction, {"unit": "gata", "kind": kind})]
            for kind in ("klagomål", "")
        }

    assert by_kind == {
        "klagomål": ["gatans", "för alla", "klagomål"],
        "": ["gatans", "beröm", "för alla", "klagomål"],
    }


def test_a_template_is_changed_and_removed_only_by_who_has_seen_how_it_stands(store: Store) -> None:
    with store.write() as transaction:
        made = reply_templates.keep(transaction, a_template("hål"), by="bo", now=NOW)
        assert reply_templates.find(transaction, made) == replace(a_template("hål"), id=made, version=1)
        changed = replace(a_template("gropar"), id=made, version=1)
        reply_templates.keep(transaction, changed, by="anna", now=NOW)

        with pytest.raises(StaleSettingError):
            reply_templates.keep(transaction, changed, by="bo", now=NOW)
        with pytest.raises(StaleSettingError):
            reply_templates.remove(transaction, made, version=1, by="bo", now=NOW)
        reply_templates.remove(transaction, made, version=2, by="bo", now=NOW)

        assert reply_templates.all_of(transaction) == []
        told = [(one["actor"], one["becomes"].get("title")) for one in directory.changes(transaction)]
    assert told == [("bo", None), ("anna", "gropar"), ("bo", "hål")]
