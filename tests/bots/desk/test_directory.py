"""What a registrator changes on the settings pages holds at once, for the next mail and in every thread."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from threading import Thread
from typing import Any

import pytest

from bots.desk.directory import Directory, NotAllowedError, RefusedError
from bots.desk.house import House as Organisation
from bots.desk.house import HouseError
from store import cases, directory, journal
from store.cases import StaleCaseError
from store.directory import StaleSettingError, Subject
from store.domain import Contact, Handler, Role, Unit
from store.life import IllegalActError
from store.reply_templates import ReplyTemplate
from tests.house import PEOPLE, UNITS, House, a_mail, an_inbound

TODAY = date(2026, 11, 23)
NEXT_WEEK = ((TODAY, TODAY + timedelta(days=7)),)
SVEN = {"name": "Siv Malm", "email": "siv.malm@lillkommun.example", "substitute": "petra"}


def opened(house: House) -> Directory:
    desk = Directory(store=house.store, house=house.work.house, clock=house.clock)
    desk.load()
    return desk


@pytest.fixture
def desk(house: House) -> Directory:
    return opened(house)


def changes(house: House) -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    with house.store.read() as transaction:
        found = directory.changes(transaction)
    return [(one["actor"], one["name"], one["was"], one["becomes"]) for one in found]


async def test_an_absence_sends_the_next_mail_to_the_substitute(house: House, desk: Directory) -> None:
    await house.hear(an_inbound())
    desk.change_person("anna", {"absent": NEXT_WEEK}, by="rita", version=0)

    await house.hear(
        an_inbound(text="Nu är gungan borta. Var är den?", subject="Gungan", sender="b@example.org")
    )

    assert [case["handler"] for case in house.cases()] == ["anna", "petra"]
    day, later = "2026-11-23", "2026-11-30"
    assert changes(house) == [("rita", "anna", {"absent": []}, {"absent": [[day, later]]})]


async def test_a_new_unit_with_a_new_handler_gets_mail_without_a_restart(
    house: House, desk: Directory
) -> None:
    siv = desk.add_person(SVEN, by="rita")
    bad = desk.add_unit({"name": "Badet", "handlers": (siv.id,), "words": ("simhall",)}, by="rita")

    await house.hear(an_inbound(text="Simhallen är kall.", subject="Simhallen"))

    assert (siv.id, bad.id) == ("siv.malm", "badet")
    assert (house.case()["unit"], house.case()["handler"]) == ("badet", "siv.malm")


async def test_a_closed_day_moves_an_open_promise_and_another_opens_it_again(
    house: House, desk: Directory
) -> None:
    await house.hear(an_inbound())
    before = house.promises(house.case()["id"])["svar"]
    closed = frozenset({date(2026, 11, 27)})

    expected = desk.would_move(closed)
    moved = desk.change_days(closed, was=frozenset(), by="rita")

    assert (expected, moved) == (1, 1)
    assert house.promises(house.case()["id"])["svar"] == before + timedelta(days=1)
    assert house.journal(house.case()["id"]).count("löfte flyttat") == 1
    assert opened(house).house.days.closed == closed
    assert desk.change_days(frozenset(), was=closed, by="rita") == 1
    assert house.promises(house.case()["id"])["svar"] == before


def test_a_restart_reads_what_was_changed(
    make_house: Callable[..., House], house: House, desk: Directory
) -> None:
    desk.change_unit("park", {"name": "Parkerna", "handlers": ("anna", "petra")}, by="rita", version=0)
    siv = desk.add_person(SVEN, by="rita")

    again = make_house()
    assert again.work.house.handlers.keys() == {one.id for one in PEOPLE}
    opened(again)

    assert again.work.house.handlers["siv.malm"] == siv
    found = again.work.house.unit("park")
    assert found == replace(UNITS[0], name="Parkerna", handlers=("anna", "petra"))


async def test_who_has_left_gets_nothing_more_and_keeps_their_name_in_old_cases(
    house: House, desk: Directory
) -> None:
    await house.hear(an_inbound())
    town = house.work.house
    with pytest.raises(
        RefusedError, match="Gata och park blir utan handläggare: ge enheten någon annan först"
    ):
        desk.change_person("anna", {"has_left": True}, by="rita", version=0)
    desk.change_unit("park", {"handlers": ("anna", "petra")}, by="rita", version=0)
    desk.change_person("petra", {"substitute": "rita"}, by="rita", version=0)

    desk.change_person("anna", {"has_left": True}, by="rita", version=0)

    assert town.person("anna").name == "Anna Ek"
    assert town.by_mail("anna.ek@lillkommun.example") is None
    assert town.roles("anna") == frozenset()
    assert town.actor("anna", house.case()).roles == frozenset()
    await house.hear(an_inbound(text="Parken är mörk.", subject="Parken", sender="b@example.org"))
    assert house.cases()[1]["handler"] == "petra"


async def test_the_cases_of_who_has_left_are_passed_on_however_far_they_have_come(
    house: House, desk: Directory
) -> None:
    await house.hear(an_inbound())
    case = house.case()
    house.acts.ask_sender(case["id"], "Vilken gunga är det?", by="anna", version=case["version"])
    await house.deliver()
    desk.change_unit("park", {"handlers": ("anna", "petra")}, by="rita", version=0)
    desk.change_person("petra", {"substitute": "rita"}, by="rita", version=0)
    desk.change_person("anna", {"has_left": True}, by="rita", version=0)

    case = house.case()
    house.acts.pass_on(
        case["id"], handler="petra", by="rita", version=case["version"], reason="Anna har slutat"
    )

    assert (house.case()["handler"], house.case()["status"]) == ("petra", case["status"])
    assert house.journal(case["id"])[-1] == "ny handläggare"
    with pytest.raises(StaleCaseError):
        house.acts.pass_on(case["id"], handler="rita", by="rita", version=case["version"], reason="")
    fresh = house.case()["version"]
    with pytest.raises(IllegalActError, match="Välj någon annan"):
        house.acts.pass_on(case["id"], handler="anna", by="rita", version=fresh, reason="")


async def test_what_comes_in_a_case_of_who_has_left_is_told_to_the_next(
    house: House, desk: Directory
) -> None:
    await house.hear(an_inbound())
    desk.change_unit("park", {"handlers": ("anna", "petra")}, by="rita", version=0)
    desk.change_person("petra", {"substitute": "rita"}, by="rita", version=0)
    desk.change_person("anna", {"has_left": True}, by="rita", version=0)

    (thanks,) = house.acknowledgements()
    told = {letter["key"] for letter in house.outbox()}
    await house.hear(
        an_inbound(text="Den gnisslar också.", subject="Re: Trasig gunga", in_reply_to=thanks["external_id"])
    )

    assert len(house.cases()) == 1
    assert [one["handle"] for one in house.outbox() if one["key"] not in told] == [
        "petra.holm@lillkommun.example"
    ]


async def test_a_case_that_nobody_has_begun_is_assigned_as_ever(house: House, desk: Directory) -> None:
    await house.hear(an_inbound())
    case = house.case()

    house.acts.pass_on(case["id"], handler="petra", by="rita", version=case["version"], reason="semester")

    assert house.case()["handler"] == "petra"
    assert house.journal(case["id"])[-1] != "ny handläggare"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"name": " "}, "Skriv personens namn"),
        ({"email": "anna"}, "Skriv e-postadressen som"),
        ({"email": "petra.holm@lillkommun.example"}, "Petra Holm har redan"),
        ({"substitute": "anna"}, "ingen kan ersätta sig själv"),
        ({"substitute": "ingen"}, "Välj en ersättare som arbetar här"),
        ({"substitute": ""}, "På Gata och park kan ingen ersätta Anna Ek"),
        ({"absent": ((TODAY, TODAY - timedelta(days=1)),)}, "En frånvaro slutar före den börjar"),
        ({"languages": ("svenska",)}, "Skriv språken som koder"),
        ({"phone": "0" * 201}, "Korta texten"),
    ],
)
def test_what_can_not_be_of_a_person_is_refused_and_nothing_kept(
    house: House, desk: Directory, values: dict[str, Any], told: str
) -> None:
    before = house.work.house.handlers["anna"]

    with pytest.raises(RefusedError, match=told):
        desk.change_person("anna", values, by="rita", version=0)

    assert house.work.house.handlers["anna"] == before
    assert house.table("directory") == []
    assert changes(house) == []


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"name": ""}, "Skriv enhetens namn"),
        ({"name": "Skolan"}, "Det finns redan en enhet som heter Skolan"),
        ({"handlers": ()}, "Välj minst en handläggare"),
        ({"managers": ("ingen",)}, "Välj personer som arbetar här, inte ingen"),
        ({"addresses": ("park",)}, "park är ingen e-postadress"),
        ({"contact": Contact(name="Bo", address="", phone="")}, "lämna alla tre tomma"),
        ({"handlers": ("petra",)}, "På Gata och park kan ingen ersätta Petra Holm"),
    ],
)
def test_what_can_not_be_of_a_unit_is_refused(desk: Directory, values: dict[str, Any], told: str) -> None:
    with pytest.raises(RefusedError, match=told):
        desk.change_unit("park", values, by="rita", version=0)


@pytest.mark.parametrize(
    ("day", "told"), [(TODAY - timedelta(days=3), "har varit"), (date(2026, 12, 25), "är redan ledig")]
)
def test_days_that_have_been_and_red_days_can_not_be_closed(desk: Directory, day: date, told: str) -> None:
    with pytest.raises(RefusedError, match=told):
        desk.change_days(frozenset({day}), was=frozenset(), by="rita")


def test_the_registrator_can_not_leave_before_there_is_another(desk: Directory) -> None:
    with pytest.raises(RefusedError, match="Någon annan behöver markera"):
        desk.change_person("rita", {"has_left": True}, by="rita", version=0)


def test_who_was_slower_is_refused_and_the_running_house_stands(house: House, desk: Directory) -> None:
    desk.change_person("anna", {"phone": "070-174 06 11"}, by="rita", version=0)

    with pytest.raises(StaleSettingError):
        desk.change_person("anna", {"phone": "070-174 06 12"}, by="rita", version=0)
    desk.change_days(frozenset({date(2026, 11, 27)}), was=frozenset(), by="rita")
    with pytest.raises(StaleSettingError):
        desk.change_days(frozenset({date(2026, 11, 26)}), was=frozenset(), by="rita")

    assert house.work.house.handlers["anna"].phone == "070-174 06 11"
    assert desk.version(Subject.PERSON, "anna") == 1
    assert desk.version(Subject.UNIT, "park") == 0


def test_each_may_change_their_own_absence_and_a_manager_that_of_their_staff(
    make_house: Callable[..., House],
) -> None:
    units = [replace(UNITS[0], managers=("petra",)), *UNITS[1:]]
    people = [
        *PEOPLE,
        Handler(id="ola", name="Ola By", email="ola.by@lillkommun.example", roles=(Role.OPERATOR,)),
    ]
    desk = opened(make_house(people=people, units=units))

    allowed = {
        (by, person): desk.fields_for(by, person)
        for by, person in [("anna", "anna"), ("anna", "petra"), ("petra", "anna"), ("petra", "omar")]
    }

    assert allowed == {
        ("anna", "anna"): {"absent", "phone"},
        ("anna", "petra"): set(),
        ("petra", "anna"): {"absent", "substitute"},
        ("petra", "omar"): set(),
    }
    assert desk.rights("ola").everything
    assert desk.rights("rita").everything
    for act in (
        lambda: desk.change_person("anna", {"name": "Anna"}, by="petra", version=0),
        lambda: desk.add_person(SVEN, by="petra"),
        lambda: desk.add_unit({"name": "Badet", "handlers": ("anna",)}, by="petra"),
        lambda: desk.change_unit("park", {"name": "P"}, by="petra", version=0),
        lambda: desk.change_days(frozenset(), was=frozenset(), by="petra"),
        lambda: desk.keep_template(ReplyTemplate(title="t", text="t"), by="petra"),
        lambda: desk.keep_template(ReplyTemplate(title="t", text="t", unit="skola"), by="petra"),
    ):
        with pytest.raises(NotAllowedError):
            act()
    desk.change_person("anna", {"absent": NEXT_WEEK}, by="petra", version=0)
    made = desk.keep_template(ReplyTemplate(title="Gunga", text="Den är lagad.", unit="park"), by="petra")
    desk.keep_template(
        ReplyTemplate(id=made, title="Gunga", text="Den är lagad nu.", version=1), by="rita"
    )  # now for all
    with pytest.raises(NotAllowedError):
        desk.remove_template(made, version=2, by="petra")


@pytest.mark.parametrize(
    ("template", "told"),
    [
        (ReplyTemplate(title="", text="Tack."), "Ge mallen en rubrik"),
        (ReplyTemplate(title="Tack", text=" "), "Skriv mallens text"),
        (ReplyTemplate(title="Tack", text="Tack.", unit="x"), "Välj en enhet som finns"),
    ],
)
def test_a_template_without_words_is_refused(desk: Directory, template: ReplyTemplate, told: str) -> None:
    with pytest.raises(RefusedError, match=told):
        desk.keep_template(template, by="rita")


def test_nobody_is_ever_taken_out_of_the_running_house(house: House, desk: Directory) -> None:
    town = house.work.house
    fewer = replace(town, handlers={"rita": town.handlers["rita"]}, units=[])

    with pytest.raises(HouseError, match="kan inte tas bort"):
        town.renew(fewer)


def test_no_thread_ever_meets_a_unit_that_names_somebody_unknown(house: House) -> None:
    """One thread renews the house over and over; another asks for each owner of each unit."""
    town = house.work.house
    houses = [grown(town, number) for number in range(200)]
    lost: list[Exception] = []
    done = False

    def look() -> None:
        try:
            while not done:
                for unit in town.units:
                    assert town.present(unit.handlers, TODAY) is not None
                for unit, _ in town.words:
                    assert town.present(unit.handlers, TODAY) is not None
        except (AssertionError, KeyError) as error:
            lost.append(error)

    reader = Thread(target=look)
    reader.start()
    for one in houses:
        town.renew(one)
    done = True
    reader.join()

    assert lost == []


def grown(town: Organisation, number: int) -> Organisation:
    """Return the house with so many people more, and a unit that the last of them has."""
    more = {
        f"p{n}": Handler(id=f"p{n}", name=f"P {n}", email=f"p{n}@lillkommun.example") for n in range(number)
    }
    last = f"p{number - 1}" if number else "rita"
    unit = Unit(id="ny", name="Ny", handlers=(last,), words=("ny",))
    return replace(town, handlers={**town.handlers, **more}, units=[*town.units[:2], unit])


async def test_a_change_that_is_broken_off_leaves_nothing_behind(
    house: House, desk: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.hear(an_inbound(raw=a_mail()))

    def torn(*_: object, **__: object) -> int:
        raise OSError("the plug was pulled")

    monkeypatch.setattr(cases, "recount", torn)
    with pytest.raises(OSError, match="plug"):
        desk.change_days(frozenset({date(2026, 11, 27)}), was=frozenset(), by="rita")

    assert house.table("directory") == []
    assert changes(house) == []
    assert house.work.house.days.closed == frozenset()
    with house.store.read() as transaction:
        lines = journal.of_case(transaction, house.case()["id"])
    assert "löfte flyttat" not in [line["act"] for line in lines]


def test_a_role_that_the_provider_tells_of_counts_while_somebody_is_signed_in(desk: Directory) -> None:
    assert not desk.rights("anna").everything

    desk.given = lambda person: [Role.OPERATOR] if person == "anna" else []

    assert desk.rights("anna").everything
    assert not desk.rights("petra").everything
