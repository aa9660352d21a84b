"""Every role does its work in Chromium, over the whole house: real pages, real relay, real mail (row L12)."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from store.domain import Lane, Status
from tests.bots.web.house import PASSWORD
from tests.bots.web.served import CHROMIUM, chromium
from tests.house import SENDER, Scripted, a_suggestion
from tests.journeys.hall import Hall, Visitor, a_hall, words_of

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed on this machine"),
    # One browser for all of them, also when tests are spread over workers.
    pytest.mark.xdist_group("chromium"),
]

ANSWER = "Gungan är lagad sedan i går."
NARROW = {"viewport": {"width": 320, "height": 640}}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def opened(browser: Browser, sqlite_model: Path) -> Iterator[Hall]:
    with a_hall(browser, sqlite_model) as hall:
        yield hall


@pytest.fixture
def hall(opened: Hall) -> Hall:
    """Give the one house, with nothing counted yet."""
    opened.acts.clear()
    return opened


@pytest.fixture
def number(hall: Hall) -> str:
    """Let an ordinary complaint come in."""
    # Of its own subject, since who writes the same twice gets one receipt a day.
    subject = f"Trasig gunga {len(hall.house.cases())}"
    return hall.hear("Gungan vid lekplatsen är trasig. När lagas den?", subject=subject)


def mail_of(who: str) -> str:
    return f"{who}@lillkommun.example"


def link_to(hall: Hall, who: str, number: str) -> str:
    """Return the address of a case as it stands in the newest letter to somebody."""
    found = re.findall(rf"http\S+/arenden/{number}\b", words_of(hall.mails(mail_of(who), about=number)[-1]))
    return str(found[-1])


def open_from_notice(visitor: Visitor, who: str, number: str) -> None:
    """Follow the link of the notice, and sign in where it leads."""
    visitor.go(link_to(visitor.hall, who, number))
    visitor.sign_in(who)
    expect(visitor.page.get_by_role("button", name="Bekräfta förslaget")).to_be_visible()


def write(visitor: Visitor, *, text: str = ANSWER, outcome: str = "Åtgärdad", closes: bool = False) -> str:
    """Write an answer and read the letter; return it as the page shows it."""
    page = visitor.page
    page.get_by_role("link", name="Svara", exact=True).click()
    page.get_by_label("Ditt svar").fill(text)
    page.get_by_label(outcome, exact=True).check()
    if outcome == "Ingen åtgärd":
        page.get_by_label("Varför inget görs").fill("Gungan är inte vår, utan bostadsbolagets.")
    if closes:
        page.get_by_label("Avsluta ärendet när svaret är framme").check()
    visitor.press("Granska brevet")
    return shown(visitor)


def shown(visitor: Visitor) -> str:
    letter = visitor.page.get_by_role("region", name="Så här blir brevet")
    return (letter.locator(".words").text_content() or "").strip()


def as_lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def answer_to_citizen(hall: Hall, number: str) -> str:
    """Return the newest letter that the citizen has got in a case."""
    return words_of(hall.mails(SENDER, about=number)[-1])


def fits(visitor: Visitor, width: int | None) -> None:
    """Fail if the page is wider than the screen."""
    if width is not None:
        assert visitor.page.evaluate("document.documentElement.scrollWidth") == width


def tab_to(visitor: Visitor, words: str) -> None:
    """Press the tab key until what has focus carries these words, or is called so."""
    named = """() => {
      const focused = document.activeElement;
      return [...(focused.labels ?? [])].map((one) => one.textContent).join(" ") || focused.textContent;
    }"""
    for _ in range(60):
        visitor.page.keyboard.press("Tab")
        if words in visitor.page.evaluate(named)[:200]:
            return
    pytest.fail(f"the keyboard does not reach {words!r}")


# A handler, and the manager of a unit


@pytest.mark.parametrize(
    ("who", "context"),
    [
        pytest.param("hanna", {}, id="handler, mouse"),
        pytest.param("hanna", {"java_script_enabled": False}, id="handler, no script"),
        pytest.param("hanna", NARROW, id="handler, 320 pixels"),
        pytest.param("chris", {}, id="manager, mouse"),
    ],
)
def test_l12_from_the_notice_three_acts_close_a_case(
    hall: Hall, number: str, who: str, context: dict[str, Any]
) -> None:
    width = 320 if context is NARROW else None
    with hall.visitor(**context) as visitor:
        visitor.go(link_to(hall, "hanna", number))
        fits(visitor, width)
        visitor.sign_in(who)
        fits(visitor, width)
        visitor.press("Bekräfta förslaget")
        visitor.is_told("Förslaget är bekräftat.")

        preview = write(visitor)
        fits(visitor, width)
        visitor.press("Skicka svaret")
        visitor.is_told("Svaret skickas om 30 sekunder.")
        fits(visitor, width)
        hall.deliver()
        got = answer_to_citizen(hall, number)

        visitor.go(link_to(hall, "hanna", number))
        visitor.press("Avsluta")
        visitor.is_told("Ärendet är avslutat.")
        fits(visitor, width)

    assert ANSWER in preview
    assert as_lines(preview) == as_lines(got)
    assert hall.acts == ["bekrafta", "svara", "avsluta"]
    assert hall.case(number)["status"] == Status.CLOSED


def test_l12_by_keyboard_alone_it_is_the_same_three_acts(hall: Hall, number: str) -> None:
    with hall.visitor() as visitor:
        keys = visitor.page.keyboard
        visitor.go(link_to(hall, "hanna", number))
        tab_to(visitor, "Vem är du?")
        keys.type("Hanna")
        keys.press("Tab")
        keys.type(PASSWORD)
        keys.press("Enter")
        visitor.reads("Gungan vid lekplatsen är trasig.")

        tab_to(visitor, "Bekräfta förslaget")
        keys.press("Enter")
        visitor.is_told("Förslaget är bekräftat.")
        tab_to(visitor, "Svara")
        keys.press("Enter")
        expect(visitor.page.get_by_role("heading", name="Svara", level=1)).to_be_visible()
        tab_to(visitor, "Ditt svar")
        keys.type(ANSWER)
        tab_to(visitor, "Åtgärdad")
        keys.press("Space")
        tab_to(visitor, "Granska brevet")
        keys.press("Enter")
        expect(visitor.page.get_by_role("heading", name="Så här blir brevet")).to_be_visible()
        tab_to(visitor, "Skicka svaret")
        keys.press("Enter")
        visitor.is_told("Svaret skickas om")
        hall.deliver()
        visitor.page.reload()
        tab_to(visitor, "Avsluta")
        keys.press("Enter")
        visitor.is_told("Ärendet är avslutat.")

    assert ANSWER in answer_to_citizen(hall, number)
    assert hall.acts == ["bekrafta", "svara", "avsluta"]


def test_l12_the_single_keys_do_the_same(hall: Hall, number: str) -> None:
    with hall.visitor("hanna") as visitor:
        keys = visitor.page.keyboard
        visitor.go(f"/arenden/{number}")
        keys.press("b")
        visitor.is_told("Förslaget är bekräftat.")
        keys.press("s")
        expect(visitor.page.get_by_role("heading", name="Svara", level=1)).to_be_visible()
        tab_to(visitor, "Ditt svar")
        keys.type(ANSWER)
        tab_to(visitor, "Åtgärdad")
        keys.press("Space")
        tab_to(visitor, "Granska brevet")
        keys.press("Enter")
        expect(visitor.page.get_by_role("heading", name="Så här blir brevet")).to_be_visible()
        tab_to(visitor, "Skicka svaret")
        keys.press("Enter")
        visitor.is_told("Svaret skickas om")
        hall.deliver()
        visitor.page.reload()
        keys.press("a")
        visitor.is_told("Ärendet är avslutat.")

    assert hall.acts == ["bekrafta", "svara", "avsluta"]


def test_l12_an_answer_that_closes_the_case_leaves_two_acts(hall: Hall, number: str) -> None:
    with hall.visitor() as visitor:
        open_from_notice(visitor, "hanna", number)
        visitor.press("Bekräfta förslaget")
        visitor.is_told("Förslaget är bekräftat.")
        write(visitor, closes=True)
        visitor.press("Skicka svaret")
        visitor.is_told("Svaret skickas om")
    waits = hall.case(number)["status"]
    hall.deliver()

    assert hall.acts == ["bekrafta", "svara"]
    assert (waits, hall.case(number)["status"]) == (Status.IN_PROGRESS, Status.CLOSED)


def test_n12_a_manager_approves_that_nothing_is_done(hall: Hall, number: str) -> None:
    with hall.visitor() as handler:
        open_from_notice(handler, "hanna", number)
        handler.press("Bekräfta förslaget")
        handler.is_told("Förslaget är bekräftat.")
        write(handler, outcome="Ingen åtgärd", text="Tack för att du hörde av dig om gungan.")
        handler.press("Skicka svaret")
        hall.deliver()
        handler.go(f"/arenden/{number}")
        handler.reads("går inte än")

        with hall.visitor() as manager:
            manager.go(link_to(hall, "chris", number))
            manager.sign_in("chris")
            manager.press("Godkänn att inget görs")
            manager.is_told("Godkänt.")
        handler.page.reload()
        handler.press("Avsluta")
        handler.is_told("Ärendet är avslutat.")

    assert hall.acts == ["bekrafta", "svara", "godkann", "avsluta"]


def test_a_manager_passes_a_case_on_and_is_told_that_it_is_gone(hall: Hall, number: str) -> None:
    with hall.visitor("chris") as visitor:
        visitor.go(f"/arenden/{number}")
        visitor.page.get_by_text("Mer", exact=True).click()
        visitor.follow("Ge till någon")
        visitor.page.get_by_label("Vem ska ha ärendet?").select_option(label="Olle Dahl, rektor")
        visitor.page.get_by_label("Enhet").select_option(label="Skolan")
        visitor.press("Ge till någon")
        visitor.is_told("lämnat")

    hall.deliver()
    assert hall.acts == ["tilldela"]
    assert (hall.case(number)["handler"], hall.case(number)["unit"]) == ("olle", "skola")
    assert hall.mails(mail_of("olle"), about=number)


def test_a_manager_writes_down_a_colleagues_absence_and_gets_the_cases(
    browser: Browser, sqlite_model: Path
) -> None:
    with a_hall(browser, sqlite_model) as hall, hall.visitor("chris") as visitor:
        visitor.follow("Inställningar")
        visitor.follow("Hanna Ek")
        visitor.page.get_by_label("Första dag (1)").fill("2026-11-23")
        visitor.page.get_by_label("Sista dag (1)").fill("2026-11-30")
        visitor.press("Spara")
        visitor.reads("Borta till och med")
        number = hall.hear("Bänken i parken är trasig.", subject="Bänken")

        assert hall.case(number)["handler"] == "chris"


# Medborgarcenter, where the policy lets them sort and close


def test_k8_k12_medborgarcenter_sorts_and_closes_what_comes_back(
    browser: Browser, sqlite_model: Path
) -> None:
    with a_hall(browser, sqlite_model, profile="kristianstad") as hall:
        number = hall.hear("Gungan vid lekplatsen är trasig.")
        with hall.visitor("mira") as sorter, hall.visitor("chris") as manager:
            sorter.page.get_by_role("link", name=re.compile("^Att sortera")).click()
            sorter.follow("Trasig gunga")
            sorter.press("Bekräfta förslaget")
            sorter.is_told("Förslaget är bekräftat.")
            sorter.follow("Ge till någon")
            sorter.page.get_by_label("Vem ska ha ärendet?").select_option("chris")
            sorter.press("Ge till någon")
            sorted_in = list(hall.acts)
            hall.acts.clear()
            hall.deliver()

            manager.go(link_to(hall, "chris", number))
            write(manager)
            manager.press("Skicka svaret")
            hall.deliver()
            manager.page.reload()
            manager.page.get_by_text("Mer", exact=True).click()
            manager.follow("Anteckna")
            manager.page.get_by_label("Tjänsteanteckning").fill("Gungan är bytt mot en ny.")
            manager.press("Anteckna")
            manager.press("Lämna åter")
            manager.is_told("Ärendet är tillbaka hos dem som avslutar.")
            managed = list(hall.acts)
            hall.acts.clear()

            sorter.go(f"/arenden/{number}")
            sorter.press("Avsluta")
            sorter.is_told("Ärendet är avslutat.")

        assert hall.case(number)["status"] == Status.CLOSED
    assert sorted_in == ["bekrafta", "tilldela"]
    assert managed == ["svara", "anteckna", "lamna-ater"]
    assert hall.acts == ["avsluta"]


# The registrator


def test_the_registrator_releases_from_quarantine(hall: Hall) -> None:
    number = hall.hear(
        "Jag är på semester till måndag.", subject="Autosvar", headers=[("Auto-Submitted", "auto-replied")]
    )
    assert hall.case(number)["status"] == Status.QUARANTINED

    with hall.visitor("rita") as visitor:
        visitor.page.get_by_role("link", name=re.compile("^Karantän")).click()
        visitor.follow("Autosvar")
        visitor.press("Släpp ur karantänen")
        visitor.is_told("släppt")

    assert hall.acts == ["slapp"]


def test_c5_a_wrong_door_is_told_by_the_handler_and_handed_over_by_the_registrator(
    hall: Hall, number: str
) -> None:
    with hall.visitor("hanna") as handler:
        handler.go(f"/arenden/{number}")
        handler.page.get_by_text("Mer", exact=True).click()
        handler.follow("Fel dörr: lämna till sortering")
        handler.press("Fel dörr: lämna till sortering")
        handler.is_told("Registratorn får avgöra vad det är.")
    hall.deliver()

    with hall.visitor("rita") as visitor:
        visitor.page.get_by_role("link", name=re.compile("^Att sortera")).click()
        visitor.follow(hall.case(number)["title"])
        visitor.page.get_by_text("Mer", exact=True).click()
        visitor.follow("Lämna över: det är ingen synpunkt")
        visitor.page.get_by_label("Vad är det?").select_option(label="Felanmälan")
        visitor.page.get_by_label("Till vem?").fill("gatukontorets felanmälan")
        visitor.press("Lämna över: det är ingen synpunkt")
        visitor.is_told("Ärendet är överlämnat")
    hall.deliver()

    assert hall.acts == ["till-sortering", "lamna-over"]
    assert "gatukontorets felanmälan" in answer_to_citizen(hall, number)


def test_l6_an_oral_complaint_is_registered_and_found_again(hall: Hall) -> None:
    with hall.visitor("rita") as visitor:
        visitor.follow("Registrera")
        take_down(visitor, "Bänken vid sjön saknar ryggstöd.")
        visitor.follow("Ärenden")
        visitor.page.get_by_role("searchbox").fill("ryggstöd")
        visitor.press("Sök")
        expect(visitor.page.get_by_role("status").filter(has_text="1 ärende")).to_be_visible()
        visitor.page.locator(".list tbody th a").click()
        visitor.reads("Bänken vid sjön saknar ryggstöd.")


def take_down(visitor: Visitor, words: str) -> None:
    page = visitor.page
    page.get_by_label("Hur kom det?").select_option("telefon")
    page.get_by_label("Dag", exact=True).fill("2026-11-23")
    page.get_by_label("Klockslag").fill("09:00")
    page.get_by_label("Vad sades eller stod det?").fill(words)
    visitor.press("Registrera")
    visitor.reads("SYN-2026-")


def test_a_letter_that_failed_is_sent_again(hall: Hall) -> None:
    hall.world.refused["borta@example.org"] = "550 5.1.1 No such user"
    hall.hear("Gungan gnisslar.", sender="borta@example.org", envelope_from="borta@example.org")
    hall.world.refused.clear()

    with hall.visitor("rita") as visitor:
        visitor.page.get_by_role("link", name=re.compile("^Brev att se över")).click()
        visitor.reads("borta@example.org")
        visitor.page.get_by_role("button", name=re.compile("^Skicka igen")).first.click()
        visitor.is_told("Brevet")
    hall.deliver()

    assert len(hall.mails("borta@example.org")) == 1


def test_the_registrator_closes_a_day_after_seeing_what_moves(hall: Hall) -> None:
    with hall.visitor("rita") as visitor:
        visitor.follow("Inställningar")
        visitor.follow("Ändra stängda dagar")
        visitor.page.get_by_label("Första stängda dag").fill("2027-03-15")
        visitor.press("Visa vad som ändras")
        visitor.reads("Inget löfte flyttas.")
        visitor.press("Spara")
        visitor.reads("15 mars 2027")


# Those who only read, and those who have no cases


def test_c3_quality_reads_a_case_and_finds_no_button_that_changes_it(hall: Hall, number: str) -> None:
    with hall.visitor("kim") as visitor:
        visitor.follow(hall.case(number)["title"])
        visitor.reads("Gungan vid lekplatsen är trasig.")
        posts = visitor.page.locator("main form[method=post]").count()
        acts = visitor.page.locator("main a[href*='/gor/']").count()
    assert (posts, acts) == (0, 0)


def test_c3_who_is_told_of_a_flag_opens_the_case_from_the_letter(hall: Hall) -> None:
    suggester: Scripted = hall.house.suggester
    suggester.said["far illa"] = a_suggestion(lanes=(Lane.CONCERN_REPORT,))
    number = hall.hear("Jag tror att barnen hos grannen far illa.", subject="Orolig")

    with hall.visitor() as visitor:
        visitor.go(link_to(hall, "lena", number))
        visitor.sign_in("lena")
        visitor.reads("Jag tror att barnen hos grannen far illa.")
        assert visitor.page.locator("main form[method=post]").count() == 0


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ("nils", "nämndsekreterare"),
        ("dora", "dataskyddsombud"),
        ("sigrid", "systemadministratör"),
        ("mats", "Registrera"),
    ],
)
def test_c3_who_has_no_cases_is_told_what_there_is_instead(hall: Hall, who: str, told: str) -> None:
    with hall.visitor(who) as visitor:
        visitor.reads(told)
        links = visitor.page.locator("main .for-you a")
        paths = [links.nth(at).get_attribute("href") or "" for at in range(links.count())]
        assert paths
        for path in paths:
            visitor.go(path)
            expect(visitor.page.get_by_role("heading", level=1)).not_to_have_text("Du kan inte ändra det här")


def test_g18_whoever_works_here_registers_what_was_said_and_finds_it_again(hall: Hall) -> None:
    with hall.visitor("mats") as visitor:
        visitor.page.locator(".for-you").get_by_role("link", name="Registrera").click()
        take_down(visitor, "Bänken vid kyrkan är för låg.")
        visitor.page.locator("main a[href*='/arenden/SYN']").click()
        visitor.reads("Bänken vid kyrkan är för låg.")
        visitor.follow("Ärenden")
        visitor.page.get_by_role("searchbox").fill("kyrkan")
        visitor.press("Sök")
        visitor.reads("1 ärende")


# Two people, and an interruption


def test_two_in_one_case_see_each_other_and_lose_nothing(hall: Hall, number: str) -> None:
    with hall.visitor("hanna") as hanna, hall.visitor("chris") as chris:
        for visitor in (hanna, chris):
            visitor.go(f"/arenden/{number}")
        chris.reads("Hanna Ek har ärendet öppet")
        chris.follow("Svara")
        chris.page.get_by_label("Ditt svar").fill("Det här skrev Chris.")
        chris.page.get_by_label("Åtgärdad", exact=True).check()
        hanna.page.reload()
        hanna.reads("Chris Holm skriver svar")

        hanna.press("Bekräfta förslaget")
        hanna.is_told("Förslaget är bekräftat.")
        chris.press("Granska brevet")
        chris.press("Skicka svaret")
        chris.reads("Någon annan ändrade ärendet")
        chris.reads("förslaget bekräftat")
        expect(chris.page.get_by_label("Ditt svar")).to_have_value("Det här skrev Chris.")
        chris.press("Granska brevet")
        chris.press("Skicka svaret")
        chris.is_told("Svaret skickas om")
    hall.deliver()

    assert "Det här skrev Chris." in answer_to_citizen(hall, number)


def test_two_who_judge_at_the_same_time_see_both_words(hall: Hall, number: str) -> None:
    with hall.visitor("hanna") as hanna, hall.visitor("chris") as chris:
        for visitor in (hanna, chris):
            visitor.go(f"/arenden/{number}")
        hanna.press("Bekräfta förslaget")
        hanna.is_told("Förslaget är bekräftat.")
        chris.page.get_by_text("Välj något annat").click()
        chris.page.get_by_label("Typ", exact=True).select_option(label="Förslag")
        chris.press("Spara mitt val")
        chris.reads("Du ville spara")
        chris.reads("Så står det nu")
        chris.press("Spara mitt val ändå")
        chris.is_told("ditt val")

    assert hall.case(number)["kind"] == "förslag"


def test_a_session_that_ends_in_the_middle_of_an_answer_gives_the_words_back(hall: Hall, number: str) -> None:
    with hall.visitor("hanna") as visitor:
        visitor.go(f"/arenden/{number}")
        visitor.follow("Svara")
        visitor.page.get_by_label("Ditt svar").fill(ANSWER)
        visitor.page.get_by_label("Åtgärdad", exact=True).check()
        hall.house.clock.forward(hours=13)
        visitor.press("Granska brevet")
        visitor.sign_in("hanna")
        visitor.reads("Det här är inte skickat")
        expect(visitor.page.get_by_label("Ditt svar")).to_have_value(ANSWER)
        fields = visitor.page.locator("main label").all_inner_texts()
        visitor.press("Skicka igen")
        assert set(fields) == {"Ditt svar", "Utfall", "Svarets väg", "Filer"}
        assert ANSWER in shown(visitor)
        visitor.press("Skicka svaret")
        visitor.is_told("Svaret skickas om")
    hall.deliver()

    assert ANSWER in answer_to_citizen(hall, number)


def test_an_answer_is_taken_back_changed_and_sent(hall: Hall, number: str) -> None:
    with hall.visitor("hanna") as visitor:
        visitor.go(f"/arenden/{number}")
        write(visitor)
        visitor.press("Skicka svaret")
        hall.house.clock.forward(seconds=12)
        visitor.press("Ångra")
        visitor.is_told("Brevet skickades inte. Det du skrev är kvar här.")
        visitor.page.get_by_label("Ditt svar").fill("Gungan lagas i morgon.")
        visitor.press("Granska brevet")
        visitor.press("Skicka svaret")
        visitor.is_told("Svaret skickas om")
    hall.deliver()

    answers = [words_of(one) for one in hall.mails(SENDER, about=number)][1:]
    assert len(answers) == 1
    assert "Gungan lagas i morgon." in answers[0]
