"""A case that came by a chat or a comment, as its handler sees it."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bots.web.views import Views
from store.domain import Command, Delivered, Event, Purpose, Visibility
from tests.bots.desk.test_chat import chat, said
from tests.bots.web.test_work import ANSWER, MANAGED, Desk, Make, at_work, words
from tests.house import NOW, an_inbound

LINK = "https://torget.example/inlagg/1"


@pytest.fixture
async def desk(make_house: Make) -> AsyncIterator[Desk]:
    week = chat(human_window=timedelta(days=7), automatic_window=timedelta(hours=24))
    async for one in at_work(make_house(units=MANAGED, others=[week])):
        await one.sign_in("anna")
        yield one


async def test_what_the_sender_changed_and_removed_stands_beside_what_they_wrote(desk: Desk) -> None:
    first = said(desk.house, "Gungan i parken är trasig", external_id="m-1")
    await desk.house.hear(first)
    edited = said(desk.house, "Gungan i parken är hel", external_id="m-1", event=Event.EDITED, version="2")
    removed = said(desk.house, "", external_id="m-1", event=Event.DELETED)
    await desk.house.hear(edited)
    await desk.house.hear(removed)

    page = words(await desk.browser.get(desk.url))
    editor = words(await desk.browser.get(f"{desk.url}/gor/svara"))

    for heading in ("Det här skrev avsändaren", "Ändrat av avsändaren", "Borttaget av avsändaren"):
        assert heading in editor
    assert "Det här skrev avsändaren" in page
    assert "genom chatt" in page
    assert "Gungan i parken är trasig" in page
    assert "Ändrat av avsändaren Åsa" in page
    assert "Borttaget av avsändaren" in page
    assert "Vår kopia finns kvar." in page
    assert "4711" not in page  # the service's own number of the sender


async def test_files_that_could_not_be_fetched_are_told_of(desk: Desk) -> None:
    await desk.house.hear(said(desk.house, lacks=("En film var för stor för att hämtas.",)))

    assert "En film var för stor för att hämtas." in words(await desk.browser.get(desk.url))


@pytest.mark.parametrize(
    ("link", "is_shown"),
    [
        (LINK, True),
        ("http://torget.example/inlagg/1", False),
        ("javascript:alert(1)", False),
        ("https://[", False),
        ("https:///inlagg", False),
        ('https://torget.example/"><script>', True),
    ],
)
async def test_only_a_safe_link_leads_to_the_original(desk: Desk, link: str, is_shown: bool) -> None:
    await desk.house.hear(said(desk.house, link=link, visibility=Visibility.PRIVATE))

    page = await desk.page()

    assert ("Visa hos tjänsten" in page) == is_shown
    assert ('rel="noopener noreferrer"' in page) == is_shown
    assert "<script>" not in page
    assert "javascript:" not in page


async def test_a_channel_of_several_roads_is_called_by_the_one_that_was_taken(desk: Desk) -> None:
    await desk.house.hear(said(desk.house, road="messenger", channel="meta"))

    page = words(await desk.browser.get(desk.url))

    assert "genom Messenger" in page
    assert "· Messenger" in page
    assert "meta" not in page


async def test_a_letter_tells_its_road_and_that_it_was_seen(desk: Desk) -> None:
    await desk.house.hear(said(desk.house))
    (thanks,) = desk.house.outbox(purpose=Purpose.ACKNOWLEDGEMENT)
    sent = words(await desk.browser.get(desk.url))

    report = {"event": Event.DELIVERY, "about": thanks["service_id"]}
    await desk.house.hear(said(desk.house, "", delivered=Delivered.ARRIVED, **report))
    arrived = words(await desk.browser.get(desk.url))
    await desk.house.hear(said(desk.house, "", delivered=Delivered.SEEN, **report))
    seen = words(await desk.browser.get(desk.url))

    assert "Till Åsa genom chatt" in sent
    assert ", framme " not in sent
    assert ", framme måndag 23 november 2026" in arrived
    assert ", sett måndag 23 november 2026" in seen


async def test_the_senders_own_type_is_told_and_proposed(desk: Desk) -> None:
    await desk.house.hear(said(desk.house))
    await desk.house.hear(said(desk.house, "", command=Command.CHOICE, choice="typ:beröm"))

    page = words(await desk.browser.get(desk.url))

    assert "Avsändaren har själv valt beröm ." in page
    assert "Det är något annat än förslaget." not in page  # it is what is proposed now
    assert "valde typ avsändaren · typ: beröm" in page


async def test_until_when_an_answer_gets_there_stands_where_it_is_written(desk: Desk) -> None:
    await desk.house.hear(said(desk.house))
    open_until = "Genom chatt går det att svara till och med måndag 30 november 2026 kl. 10.30 ."
    nowhere = "Efter det finns ingen väg till avsändaren."

    case = words(await desk.browser.get(desk.url))
    editor = words(await desk.browser.get(f"{desk.url}/gor/svara"))
    case_id, version = desk.case["id"], desk.case["version"]
    shown = words(await desk.do("svara", **ANSWER))
    desk.house.clock.forward(days=8)
    await desk.sign_in("anna")
    late = words(await desk.browser.get(desk.url))

    assert (case_id, version) == (desk.case["id"], desk.case["version"])
    for page in (case, editor, shown):
        assert f"{open_until} {nowhere}" in page
    assert "Väg chatt, går att använda till och med måndag 30 november 2026 kl. 10.30" in shown
    assert "Genom chatt går det inte att svara längre" in late


def test_the_journal_names_the_road_that_a_letter_took_instead() -> None:
    line = {
        "at": NOW,
        "actor": "synpunkt",
        "act": "brev går en annan väg",
        "details": {"brev": "1:svar:1", "från": "messenger", "till": "email"},
    }

    shown = Views(staff={}, units={}).entry(line)

    assert shown["details"] == [("från", "Messenger"), ("till", "e-post")]
    assert shown["letter"] == "svar"


async def test_a_case_that_came_by_mail_says_nothing_of_windows(desk: Desk) -> None:
    await desk.house.hear(an_inbound())

    assert "går det att svara" not in words(await desk.browser.get(desk.url))
