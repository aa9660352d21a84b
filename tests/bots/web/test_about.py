"""The pages that the law wants, in every language of the form."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

import templates
from bots.web.about import LANGUAGES, PATHS, About, Notices
from bots.web.show import Show
from tests.bots.web.house import PUBLIC, House

ABOUT = Path(templates.__file__).parent / "pages" / "about"
SILENT = Notices(controller="Lilla kommunen", address="synpunkt@example.se")
TOLD = Notices(
    controller="Kommunstyrelsen i Lilla kommunen",
    address="webb@example.se",
    officer="dataskydd@example.se",
    recipients=("Driftbolaget AB",),
    retention="Ärenden bevaras i fem år (KS 2026-01-15 § 12).",
    register_contact="Registrator Bo Lind, stadshuset.",
    terminals="I receptionen finns en dator.",
    learns="KS 2026-02-01 § 3",
    tested_on=date(2026, 9, 1),
    tested="Två personer med skärmläsare har provat formuläret.",
    failings=("Bifogade ritningar saknar text.",),
    published_on=date(2026, 1, 15),
)


def body_of(notices: Notices, topic: str, language: str = "sv") -> str:
    show = Show(PUBLIC, demo=False)
    about = About(show=show, notices=notices)
    page = bytes(about.show(topic, language).body).decode()
    return page.partition("<main")[2].partition("</main>")[0]


def shape(notices: Notices, topic: str, language: str) -> list[str]:
    """What must be the same in all languages: the elements in order, and where links lead."""
    return re.findall(r'<(?:h[12]|ul|li|a href="[^"]*"|p)\b', body_of(notices, topic, language))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("topic", PATHS)
async def test_every_notice_can_be_read_in_every_language(house: House, topic: str, language: str) -> None:
    page = await house.browser().get(f"{PATHS[topic]}?sprak={language}")

    assert page.status_code == 200
    assert f'<html lang="{language}">' in page.text
    assert [one for one in LANGUAGES if f'href="{PATHS[topic]}?sprak={one}"' not in page.text] == []


@pytest.mark.parametrize("notices", [SILENT, TOLD, replace(SILENT, classifies=False)])
@pytest.mark.parametrize("topic", PATHS)
def test_every_language_tells_the_same_things_in_the_same_order(topic: str, notices: Notices) -> None:
    shapes = [shape(notices, topic, language) for language in LANGUAGES]

    assert len(shapes[0]) > 10
    assert shapes[1:] == [shapes[0], shapes[0]]


def test_b21_the_statement_has_all_that_digg_asks_for() -> None:
    body = body_of(TOLD, "accessibility")

    assert re.findall(r"<h[12]>([^<]*)", body) == [
        "Tillgänglighetsredogörelse",
        "Hur tillgänglig är webbplatsen?",
        "Vad kan du göra om du inte kan använda webbplatsen?",
        "Berätta om brister",
        "Tillsyn",
        "Teknisk information om webbplatsens tillgänglighet",
        "Innehåll som inte är tillgängligt",
        "Hur vi har testat webbplatsen",
        "Hur vi arbetar med tillgänglighet",
    ]
    told = [
        "Lilla kommunen ansvarar för webbplatsen Tyck till",
        "delvis förenlig",
        "webb@example.se",
        "https://www.digg.se/tdosanmalan",
        "Bifogade ritningar saknar text.",
        "Två personer med skärmläsare",
        "1 september 2026",
        "15 januari 2026",
    ]
    assert [words for words in told if words not in body] == []


def test_b21_a_municipality_that_has_not_judged_its_pages_does_not_say_that_they_comply() -> None:
    body = body_of(SILENT, "accessibility")

    assert "Kommunen har inte själv bedömt webbplatsen än." in body
    assert "<strong>förenlig</strong>" not in body
    assert "<strong>förenlig</strong>" in body_of(replace(TOLD, failings=()), "accessibility")


def test_b18_the_notice_has_all_that_article_13_asks_for() -> None:
    body = body_of(TOLD, "privacy")

    told = [
        "Kommunstyrelsen i Lilla kommunen är personuppgiftsansvarig",
        "dataskydd@example.se",
        "artikel 6.1 e",
        "Driftbolaget AB",
        "utanför EU och EES",
        "Ärenden bevaras i fem år (KS 2026-01-15 § 12).",
        "få fel uppgifter rättade",
        "Integritetsskyddsmyndigheten, IMY",
        "Du måste inte lämna några personuppgifter alls",
        "En människa på kommunen bekräftar eller ändrar förslaget",
        "allmän handling",
    ]
    assert [words for words in told if words not in body] == []


def test_b18_the_notice_tells_of_the_machine_only_what_is_true_here() -> None:
    silent, told = body_of(SILENT, "privacy"), body_of(TOLD, "privacy")
    without = body_of(replace(SILENT, classifies=False), "privacy")

    assert "Programmet lär sig inte av det du skriver." in silent
    assert "KS 2026-02-01 § 3" in told
    assert "Ingen dator sorterar det du skriver." in without
    assert "föreslår" not in without


def test_b18_without_a_decision_the_notice_promises_no_disposal() -> None:
    assert "får en allmän handling inte förstöras" in body_of(SILENT, "privacy")


def test_b13_the_register_is_described_with_the_seven_points_of_osl_4_2() -> None:
    body = body_of(TOLD, "register")

    assert re.findall(r"<h2>([^<]*)", body) == [
        "Namn och ändamål",
        "Vad finns där?",
        "Hur kan man söka?",
        "Vem ser vad?",
        "Tekniska hjälpmedel",
        "Sekretess",
        "Uppgifter till och från andra",
        "Försäljning",
        "Hur länge finns uppgifterna?",
        "Vem kan berätta mer?",
    ]
    told = ["SYN-2026-000123", "I receptionen finns en dator.", "Registrator Bo Lind", "diarium"]
    assert [words for words in told if words not in body] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_b13_n8_the_register_says_which_boards_have_numbers_of_their_own(language: str) -> None:
    told = replace(TOLD, boards=(("Barn- och utbildningsnämnden", "BUN"),))

    assert "<li>Barn- och utbildningsnämnden (BUN)</li>" in body_of(told, "register", language)
    assert "BUN" not in body_of(TOLD, "register", language)


def test_what_the_municipality_tells_cannot_become_a_piece_of_the_page() -> None:
    assert "<b>" not in body_of(replace(TOLD, retention="<b>x</b>"), "privacy")


@pytest.mark.parametrize("path", ["/", "/svar", "/tillganglighet", "/finns-inte", "/logga-in"])
async def test_b21_every_page_leads_to_the_notices(house: House, path: str) -> None:
    page = await house.browser().get(path)
    foot = page.text.partition("<footer")[2]

    assert re.findall(r'href="([^"]*)"', foot) == [
        "/tillganglighet?sprak=sv",
        "https://www.example.se/personuppgifter",
        "/vart-register?sprak=sv",
        "/forbattringar?sprak=sv",
    ]


async def test_b18_without_a_page_of_the_municipality_s_own_the_links_lead_to_ours(house: House) -> None:
    browser = house.browser(house.app(public=replace(PUBLIC, privacy_url="")))

    page = await browser.get("/?sprak=fi")

    assert re.findall(r'href="(/personuppgifter[^"]*)"', page.text) == ["/personuppgifter?sprak=fi"] * 2
