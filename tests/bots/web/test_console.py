"""The staff pages, as a handler meets them."""

import html
import re
from datetime import timedelta

import httpx
import pytest

from store import cases, journal
from store.domain import (
    Automatic,
    Entry,
    Factor,
    Inbound,
    Kind,
    Lane,
    LetterState,
    Purpose,
    Status,
    Verdict,
)
from store.lists import Queue
from tests.bots.web.house import NOW, House, a_suggestion, log_in, token_of


async def staff_page(house: House, path: str, *, who: str = "anna") -> httpx.Response:
    browser = house.browser()
    await log_in(browser, who=who)
    return await browser.get(path)


def numbers_in(page: httpx.Response) -> list[str]:
    return re.findall(r'<a href="/arenden/(SYN-\d{4}-\d{6})">', page.text)


async def test_the_list_shows_complaints_first_and_then_the_soonest_due(house: House) -> None:
    old, new = NOW - timedelta(days=9), NOW - timedelta(days=1)
    house.add_case("Tack", title="Tack", suggestion=a_suggestion(Kind.PRAISE), received_at=old)
    house.add_case("Nytt", title="Nytt", suggestion=a_suggestion(Kind.COMPLAINT), received_at=new)
    house.add_case("Gammalt", title="Gammalt", suggestion=a_suggestion(Kind.COMPLAINT), received_at=old)

    page = await staff_page(house, "/arenden")

    assert numbers_in(page) == ["SYN-2026-000003", "SYN-2026-000002", "SYN-2026-000001"]


async def test_a_line_tells_proposal_handler_unit_and_days_left(house: House) -> None:
    house.add_case(suggestion=a_suggestion(share=0.92, factor_share=0.31), lanes=[Lane.FAULT_REPORT])

    page = await staff_page(house, "/arenden")
    text = " ".join(re.sub(r"<[^>]+>", " ", page.text).split())

    assert (
        "Hål i cykelbanan SYN-2026-000001 · kom 20 november 2026 Kan vara en felanmälan "
        "Klagomål 92 % Boendemiljö osäker, 31 % Anna Ek Gata och park 4 december 2026 11 dagar kvar"
    ) in text


async def test_a_case_that_was_judged_in_haste_is_judged_again_before_it_is_shown(house: House) -> None:
    number = house.add_case(suggestion=a_suggestion(Kind.PRAISE))
    before = await staff_page(house, f"/arenden/{number}")
    house.hasty.add(1)

    after = await staff_page(house, f"/arenden/{number}")

    assert '<span class="kind beröm">' in before.text
    assert '<span class="kind klagomål">' in after.text


@pytest.mark.parametrize(
    ("days_ago", "words"),
    [(3, "11 dagar kvar"), (12, "2 dagar kvar"), (13, "1 dag kvar"), (14, "i dag"), (17, "3 dagar sen")],
)
async def test_the_answer_date_tells_how_near_it_is(house: House, days_ago: int, words: str) -> None:
    house.add_case(suggestion=a_suggestion(), received_at=NOW - timedelta(days=days_ago))

    page = await staff_page(house, "/arenden")

    assert re.findall(r'<span class="(?:late|soon|calm)">([^<]+)</span>', page.text) == [words]


@pytest.mark.parametrize(
    ("tab", "numbers"),
    [
        ("oppna", ["SYN-2026-000001", "SYN-2026-000002", "SYN-2026-000003"]),
        ("mina", ["SYN-2026-000001"]),
        ("sortera", ["SYN-2026-000003"]),
        ("karantan", ["SYN-2026-000004"]),
        ("alla", [f"SYN-2026-00000{n}" for n in (5, 4, 3, 2, 1)]),
        ("hittepå", ["SYN-2026-000001", "SYN-2026-000002", "SYN-2026-000003"]),
    ],
)
async def test_each_tab_shows_its_cases(house: House, tab: str, numbers: list[str]) -> None:
    house.add_case("a", title="a")
    house.add_case("b", title="b", handler="bo")
    house.add_case("c", title="c", handler="bo", status=Status.SORTING)
    house.add_case("d", title="d", status=Status.QUARANTINED, handler="bo")
    house.add_case("e", title="e", status=Status.CLOSED)

    page = await staff_page(house, f"/arenden?visa={tab}")

    assert numbers_in(page) == numbers


async def test_quarantine_tells_why(house: House) -> None:
    house.add_case(status=Status.QUARANTINED, quarantined_because="skräppostfiltret sade spam")

    page = await staff_page(house, "/arenden?visa=karantan")

    assert "skräppostfiltret sade spam" in page.text


async def test_fifty_cases_fill_a_page_and_the_rest_come_on_the_next(house: House) -> None:
    for n in range(52):
        house.add_case(f"Ärende {n}", title=f"Ärende {n}")

    first = await staff_page(house, "/arenden")
    second = await staff_page(house, beside(first, "next"))
    back = await staff_page(house, beside(second, "prev"))

    assert [len(numbers_in(first)), len(numbers_in(second))] == [50, 2]
    assert numbers_in(back) == numbers_in(first)
    assert [beside(first, "prev"), beside(second, "next"), beside(back, "prev")] == ["", "", ""]
    assert "52 ärenden" in first.text


def beside(page: httpx.Response, way: str) -> str:
    found = re.search(rf'rel="{way}" href="([^"]+)"', page.text)
    return html.unescape(found[1]) if found else ""


async def test_unread_messages_are_told_in_the_list(house: House) -> None:
    quiet = await staff_page(house, "/arenden")
    house.keep(Inbound(channel="smtp", account="lokal", received_at=NOW, raw=b"Subject: x\r\n\r\nx"))

    page = await staff_page(house, "/arenden")

    assert "inte läst än" not in quiet.text
    assert "1 meddelande är mottaget men inte läst än." in page.text


@pytest.mark.parametrize("tab", list(Queue))
async def test_an_empty_tab_says_so_in_words(house: House, tab: str) -> None:
    page = await staff_page(house, f"/arenden?visa={tab}")

    assert page.status_code == 200
    assert page.text.count('<p class="empty">') == 1


async def test_a_case_shows_words_files_proposal_promises_letters_and_journal(house: House) -> None:
    number = house.add_case(
        suggestion=a_suggestion(),
        attachments=[("bild på hålet.pdf", b"%PDF-1.4" * 200)],
        warnings=["Teckenkodningen var fel angiven."],
        quoted="\n\n> Det som stod förut",
    )
    house.add_letter(number, state=LetterState.SENT)

    page = await staff_page(house, f"/arenden/{number}")

    for words in (
        '<div class="words"><mark>Hålet</mark> i <mark>cykelbanan</mark> vid skolan är kvar.</div>',
        "Ord som talade för förslaget är <mark>markerade</mark>.",
        "<summary>Hela texten, med det som citerats</summary>",
        "&gt; Det som stod förut",
        "Teckenkodningen var fel angiven.",
        f'<a href="/arenden/{number}/meddelande/1/bilaga/0" download>bild på hålet.pdf</a>',
        '<span class="sub">2 kB, ännu inte granskad</span>',
        f'<a href="/arenden/{number}/meddelande/1/original" download>',
        '<meter min="0" max="1" value="0.92" aria-label="Hur säkert: typ">92 %</meter>',
        "<q>hålet</q>, <q>cykelbanan</q>",
        "Varför: orden hål, cykelbana",
        'senast <time datetime="2026-12-04">fredag 4 december 2026</time>',
        "<li>lör 21/11 räknas inte (lördag)</li>",
        "Bekräftelse till avsändaren",
        "<strong>brev sänt</strong>",
    ):
        assert words in page.text


async def test_the_journal_names_people_and_letters_as_people_do(house: House) -> None:
    number = house.add_case()
    details = {"brev": "1:kvitto:studs", "handläggare": "bo", "därför": "orden hål"}
    with house.store.write() as transaction:
        journal.write(transaction, NOW, Entry(actor="anna", act="brev sänt", case_id=1, details=details))

    page = await staff_page(house, f"/arenden/{number}")

    assert (
        '<strong>brev sänt</strong> <span class="sub">Anna Ek · besked till handläggaren om brev som studsat'
        " · handläggare: Bo Lind · därför: orden hål</span>"
    ) in page.text


async def test_one_click_confirms_the_proposal_with_model_who_and_when(house: House) -> None:
    number = house.add_case(suggestion=a_suggestion())
    browser = house.browser()
    await log_in(browser)
    page = await browser.get(f"/arenden/{number}")
    form = re.search(r'action="/arenden/[^"]+/bekrafta">(.*?)</form>', page.text, re.DOTALL)
    assert form is not None
    sent = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form[1]))

    answer = await browser.post(f"/arenden/{number}/bekrafta", data=sent)
    after = await browser.get(answer.headers["location"])

    assert (answer.status_code, answer.headers["location"]) == (303, f"/arenden/{number}?klart=bekraftat")
    assert '<p class="notice" role="status">Förslaget är bekräftat.</p>' in after.text
    assert "Bekräftat av Anna Ek, <time" in after.text
    assert "Bekräfta förslaget" not in after.text
    with house.store.read() as transaction:
        (line,) = journal.of_case(transaction, 1)
    assert (line["actor"], line["act"], line["details"], line["at"]) == (
        "anna",
        "förslaget bekräftat",
        {"typ": "klagomål", "faktor": "Boendemiljö", "modell": "ord-1"},
        NOW,
    )


async def test_a_correction_is_stored_beside_the_proposal(house: House) -> None:
    number = house.add_case(suggestion=a_suggestion())
    browser = house.browser()
    await log_in(browser, who="bo")
    page = await browser.get(f"/arenden/{number}")

    answer = await browser.post(
        f"/arenden/{number}/bekrafta",
        data={"token": token_of(page), "version": "1", "kind": "förslag", "factor": "Trygghet"},
    )
    after = await browser.get(answer.headers["location"])

    assert answer.headers["location"] == f"/arenden/{number}?klart=andrat"
    with house.store.read() as transaction:
        (said,) = cases.of_case(transaction, 1)["confirmations"]
        suggested = cases.latest_suggestion(transaction, 1)
    assert suggested is not None
    assert (said["kind"], said["factor"], said["changed"], said["confirmed_by"], said["suggestion_id"]) == (
        "förslag",
        "Trygghet",
        True,
        "bo",
        suggested["id"],
    )
    assert suggested["kind"] == "klagomål"
    assert '<option value="förslag" selected>Förslag</option>' in after.text


async def test_saving_on_an_old_page_shows_both_words_and_changes_nothing(house: House) -> None:
    number = house.add_case(suggestion=a_suggestion())
    browser = house.browser()
    await log_in(browser)
    page = await browser.get(f"/arenden/{number}")
    with house.store.write() as transaction:
        cases.confirm(transaction, 1, kind=Kind.SUGGESTION, factor=Factor.FOOD, by="bo", version=1, now=NOW)
    mine = {"token": token_of(page), "version": "1", "kind": "klagomål", "factor": "Boendemiljö"}

    answer = await browser.post(f"/arenden/{number}/bekrafta", data=mine)

    text = " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())
    assert answer.status_code == 409
    assert "Du ville spara Klagomål Boendemiljö Spara mitt val ändå" in text
    assert "Så står det nu Förslag Mat Sparat av Bo Lind, måndag 23 november 2026 kl. 10.30" in text
    assert house.version(number) == 2
    again = await browser.post(f"/arenden/{number}/bekrafta", data=mine | {"version": "2"})
    assert (again.status_code, house.version(number)) == (303, 3)


@pytest.mark.parametrize("version", ["", "0", "-1", "x", "99999999999999999999"])
async def test_a_save_without_a_version_that_we_gave_is_stale(house: House, version: str) -> None:
    number = house.add_case(suggestion=a_suggestion())
    browser = house.browser()
    await log_in(browser)
    page = await browser.get(f"/arenden/{number}")

    answer = await browser.post(
        f"/arenden/{number}/bekrafta",
        data={"token": token_of(page), "version": version, "kind": "beröm", "factor": "Mat"},
    )

    assert (answer.status_code, house.version(number)) == (409, 1)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/arenden/{}/bekrafta", {"kind": "klagomål", "factor": "Mat", "version": "1"}),
        ("/arenden/{}/slapp", {"version": "1"}),
        ("/brev/1/skicka", {"back": "/arenden"}),
    ],
)
async def test_a_post_without_the_page_s_token_does_nothing(
    house: House, path: str, fields: dict[str, str]
) -> None:
    number = house.add_case(status=Status.QUARANTINED)
    letter = house.add_letter(number, held_because="samma rubrik igen")
    browser = house.browser()
    await log_in(browser)

    answers = [
        await browser.post(path.format(number), data=fields),
        await browser.post(path.format(number), data=fields | {"token": "gissat"}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert (house.version(number), letter) == (1, 1)
    with house.store.read() as transaction:
        assert [one["state"] for one in cases.of_case(transaction, 1)["letters"]] == ["hålls"]


async def test_a_value_outside_the_word_lists_is_refused(house: House) -> None:
    number = house.add_case()
    browser = house.browser()
    await log_in(browser)
    page = await browser.get(f"/arenden/{number}")

    answer = await browser.post(
        f"/arenden/{number}/bekrafta",
        data={"token": token_of(page), "version": "1", "kind": "klagomål", "factor": "Hittepå"},
    )

    assert (answer.status_code, house.version(number)) == (400, 1)


async def test_a_case_without_a_proposal_can_be_given_type_and_factor(house: House) -> None:
    number = house.add_case()

    page = await staff_page(house, f"/arenden/{number}")

    assert "Det finns inget förslag. Välj själv typ och faktor." in page.text
    assert "Bekräfta förslaget" not in page.text
    assert '<option value="">Välj typ</option>' in page.text


async def test_a_quarantined_case_is_released_once(house: House) -> None:
    number = house.add_case(
        status=Status.QUARANTINED, quarantined_because="autosvar", automatic=Automatic.AUTO_REPLY
    )
    browser = house.browser()
    await log_in(browser)
    page = await browser.get(f"/arenden/{number}")
    sent = {"token": token_of(page), "version": "1"}

    first = await browser.post(f"/arenden/{number}/slapp", data=sent)
    second = await browser.post(f"/arenden/{number}/slapp", data=sent)
    after = await browser.get(first.headers["location"])

    assert "Ser ut att vara ett autosvar" in page.text
    assert "Avsändaren får ingen bekräftelse" in page.text
    assert [first.status_code, second.status_code] == [303, 409]
    assert "Handläggaren får ett besked, avsändaren ingen bekräftelse." in after.text
    assert "Släpp ur karantänen" not in after.text


async def test_only_a_sender_who_can_be_answered_is_promised_an_acknowledgement_at_release(
    house: House,
) -> None:
    number = house.add_case(status=Status.QUARANTINED, quarantined_because="spam", verdicts=[Verdict.SPAM])
    browser = house.browser()
    await log_in(browser)
    page = await browser.get(f"/arenden/{number}")

    sent = await browser.post(f"/arenden/{number}/slapp", data={"token": token_of(page), "version": "1"})
    after = await browser.get(sent.headers["location"])

    assert "och avsändaren får en bekräftelse." in page.text
    assert "Avsändaren får en bekräftelse." in after.text


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (LetterState.FAILED, "Gick inte att skicka"),
        (LetterState.UNKNOWN, "Oklart om det kom fram"),
        (LetterState.UNDELIVERED, "Kom tillbaka"),
    ],
)
async def test_a_letter_that_did_not_arrive_can_be_sent_again_from_the_list(
    house: House, state: LetterState, words: str
) -> None:
    number = house.add_case()
    house.add_letter(number, state=state, because="servern sade nej")
    browser = house.browser()
    await log_in(browser)
    page = await browser.get("/arenden?visa=brev")

    answer = await browser.post("/brev/1/skicka", data={"token": token_of(page), "back": "/arenden"})
    after = await browser.get(answer.headers["location"])

    assert words in page.text
    assert f'<a href="/arenden/{number}">{number}</a>' in page.text
    assert ("Brevet kan redan ha kommit fram." in page.text) == (state is LetterState.UNKNOWN)
    assert answer.headers["location"] == "/arenden?visa=brev&klart=brev"
    assert "Brevet är på väg." in after.text
    with house.store.read() as transaction:
        assert [one["state"] for one in cases.of_case(transaction, 1)["letters"]] == ["väntar"]


async def test_a_letter_is_let_go_once_however_often_the_button_is_pressed(house: House) -> None:
    number = house.add_case()
    house.add_letter(number, held_because="samma rubrik igen")
    browser = house.browser()
    await log_in(browser)
    page = await browser.get(f"/arenden/{number}")
    sent = {"token": token_of(page), "back": f"/arenden/{number}"}

    answers = [await browser.post("/brev/1/skicka", data=sent) for _ in range(2)]

    assert "samma rubrik igen" in page.text
    assert [answer.headers["location"] for answer in answers] == [
        f"/arenden/{number}?klart=brev",
        f"/arenden/{number}?klart=brev-redan",
    ]


async def test_the_original_and_its_files_come_out_byte_for_byte(house: House) -> None:
    number = house.add_case(attachments=[("räkning.pdf", b"%PDF-1.4\x00\xff")])
    browser = house.browser()
    await log_in(browser)

    original = await browser.get(f"/arenden/{number}/meddelande/1/original")
    file = await browser.get(f"/arenden/{number}/meddelande/1/bilaga/0")

    assert original.content.startswith(b"From: sven@example.org\n")
    assert original.headers["content-type"] == "message/rfc822"
    assert original.headers["content-disposition"] == (
        f"attachment; filename=\"{number}-1.eml\"; filename*=UTF-8''{number}-1.eml"
    )
    assert file.content == b"%PDF-1.4\x00\xff"
    assert file.headers["content-type"] == "application/octet-stream"
    assert file.headers["content-disposition"] == (
        "attachment; filename=\"rakning.pdf\"; filename*=UTF-8''r%C3%A4kning.pdf"
    )
    assert file.headers["content-security-policy"] == "sandbox; default-src 'none'"


@pytest.mark.parametrize(
    "path",
    [
        "/arenden/SYN-2026-000001/meddelande/2/original",
        "/arenden/SYN-2026-000001/meddelande/99/original",
        "/arenden/SYN-2026-000001/meddelande/1/bilaga/0",
        "/arenden/SYN-2026-000001/meddelande/1/bilaga/7",
        "/arenden/SYN-2026-000001/meddelande/99999999999999999999/original",
    ],
)
async def test_what_is_not_there_is_not_found(house: House, path: str) -> None:
    house.add_case("ett", title="ett")
    house.add_case("två", title="två")

    page = await staff_page(house, path)

    assert page.status_code == 404
    assert "<h1>Sidan finns inte</h1>" in page.text


async def test_every_value_of_the_house_has_a_word_in_the_console(house: House) -> None:
    # A value without a word is an error of the template, and so no page.
    for status in Status:
        house.add_case(
            str(status), title=str(status), status=status, lanes=list(Lane), verdicts=list(Verdict)
        )
    for automatic in Automatic:
        house.add_case(str(automatic), title=str(automatic), automatic=automatic)
    for kind in Kind:
        house.add_case(str(kind), title=str(kind), suggestion=a_suggestion(kind))
    for purpose in Purpose:
        house.add_letter("SYN-2026-000001", purpose=purpose, held_because="prov")
    for state in LetterState:
        house.add_letter("SYN-2026-000001", subject=str(state))
    browser = house.browser()
    await log_in(browser)

    pages = [await browser.get("/arenden?visa=alla"), await browser.get("/arenden?visa=brev")]
    pages += [
        await browser.get(f"/arenden/SYN-2026-{n:06d}")
        for n in range(1, 1 + len(Status) + len(Automatic) + len(Kind))
    ]

    assert {page.status_code for page in pages} == {200}


async def test_only_the_message_that_the_proposal_was_made_of_has_marked_words(house: House) -> None:
    number = house.add_case("Gungan i parken", suggestion=a_suggestion(why=("GUNGAN", "park")))
    house.add_case("Gungan igen", title="Gungan igen", suggestion=a_suggestion(why=()))

    first = await staff_page(house, f"/arenden/{number}")
    second = await staff_page(house, "/arenden/SYN-2026-000002")

    assert '<div class="words"><mark>Gungan</mark> i parken</div>' in first.text
    assert '<div class="words">Gungan igen</div>' in second.text
    assert "markerade" not in second.text


async def test_cases_alike_are_linked_with_status_unit_and_what_was_confirmed(house: House) -> None:
    vector = bytes([100, 0, 0])
    other = house.add_case(
        title="Potthål", unit="omsorg", status=Status.CLOSED, suggestion=a_suggestion(vector=vector)
    )
    house.add_case("x", title="Potatis", suggestion=a_suggestion(vector=bytes([0, 100, 0])))
    number = house.add_case("y", title="Hål", suggestion=a_suggestion(vector=vector))

    page = await staff_page(house, f"/arenden/{number}")
    with house.store.write() as transaction:
        cases.confirm(transaction, 1, kind=Kind.PRAISE, factor=Factor.FOOD, by="bo", version=1, now=NOW)
    after = await staff_page(house, f"/arenden/{number}")

    assert numbers_in(page) == [other]
    text = " ".join(re.sub(r"<[^>]+>", " ", page.text).split())
    assert f"Liknande ärenden Potthål {other} · Avslutad · Hemtjänsten Typ och faktor är inte bekr" in text
    assert '<span class="sub">Beröm, Mat</span>' in after.text


async def test_without_a_vector_nothing_is_said_of_cases_alike(house: House) -> None:
    house.add_case("x", title="x", suggestion=a_suggestion())
    number = house.add_case("y", title="y", suggestion=a_suggestion())

    page = await staff_page(house, f"/arenden/{number}")

    assert "Liknande ärenden" not in page.text
    assert "Enhet som brukar" not in page.text


@pytest.mark.parametrize(("unit", "proposed"), [("gata", True), ("omsorg", False), ("", True)])
async def test_the_unit_that_usually_gets_such_cases_is_proposed_when_it_is_another(
    house: House, unit: str, proposed: bool
) -> None:
    a_confirmed_neighbourhood(house, "omsorg")
    number = house.add_case(
        "y", title="y", unit=unit, suggestion=a_suggestion(vector=bytes([100, 0, 0])), handler="anna"
    )

    page = await staff_page(house, f"/arenden/{number}")

    told = "<strong>Hemtjänsten</strong> har 3 av de 3 bekräftade ärenden som mest liknar det här."
    assert (told in page.text) is proposed
    assert ("Enhet som brukar få sådana ärenden" in page.text) is proposed
    with house.store.read() as transaction:
        case = cases.find_number(transaction, number)
    assert case is not None
    assert (case["unit"], case["handler"]) == (unit, "anna")  # proposed, not moved


async def test_a_unit_that_is_no_longer_here_is_never_proposed(house: House) -> None:
    a_confirmed_neighbourhood(house, "nedlagd")
    number = house.add_case("y", title="y", suggestion=a_suggestion(vector=bytes([100, 0, 0])))

    page = await staff_page(house, f"/arenden/{number}")

    assert "Liknande ärenden" in page.text
    assert "Enhet som brukar" not in page.text


def a_confirmed_neighbourhood(house: House, unit: str) -> None:
    """Confirm three cases of a unit, all with the same direction."""
    for case_id in (1, 2, 3):
        title = f"Fall {case_id}"
        house.add_case(title, title=title, unit=unit, suggestion=a_suggestion(vector=bytes([100, 0, 0])))
        with house.store.write() as transaction:
            cases.confirm(
                transaction, case_id, kind=Kind.PRAISE, factor=Factor.FOOD, by="bo", version=1, now=NOW
            )


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"answer_channel": "telefon", "answer_handle": "+46701740633"}, "vill bli uppringd"),
        ({"answer_channel": "telefon"}, "inte skrivit något nummer"),
        ({"answer_channel": "sms", "answer_handle": "+46701740633"}, "svaret genom SMS: +46701740633"),
        ({"pick_up": "m" * 64, "sender_handle": ""}, "helt anonym och läser svaret med en kod"),
        ({"sender_handle": ""}, "Avsändaren har ingen adress."),
    ],
)
async def test_g10_and_x9_the_handler_sees_how_the_sender_can_be_reached(
    house: House, columns: dict[str, str], told: str
) -> None:
    number = house.add_case()
    browser = house.browser()
    await log_in(browser)
    before = await browser.get(f"/arenden/{number}")
    with house.store.write() as transaction:
        cases.note(transaction, 1, **columns)

    page = await browser.get(f"/arenden/{number}")

    assert [told in one.text for one in (before, page)] == [False, True]
