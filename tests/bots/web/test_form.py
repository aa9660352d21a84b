"""The public form, as a citizen meets it."""

import re
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from bots.web.form import Filled, faults
from bots.web.uploads import file_of
from store import inbox
from store.domain import Address, Attachment, Kind
from tests.bots.web.house import NOW, PUBLIC, House, code_of, fields_of, fill_in, token_of, value_of

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


async def test_a_filled_in_form_becomes_one_kept_message_and_a_receipt(house: House) -> None:
    browser = house.browser()

    answer = await fill_in(
        house,
        browser,
        text="Gungan i parken är trasig.\r\nBarnen kan skada sig.",
        kind="klagomål",
        where="Ekparken",
        level="namn",
        name="Eva Ek",
        email="eva@example.org",
    )
    receipt = await browser.get(answer.headers["location"])

    assert answer.status_code == 303
    assert [
        (one.channel, one.account, one.media_type, one.sender, one.sender_name, one.text, one.chosen_kind)
        for one in house.heard
    ] == [
        (
            "web",
            "form",
            "application/json",
            Address(channel="email", handle="eva@example.org"),
            "Eva Ek",
            "Gungan i parken är trasig.\nBarnen kan skada sig.\n\nPlats eller verksamhet: Ekparken",
            Kind.COMPLAINT,
        )
    ]
    assert house.heard[0].received_at == NOW + timedelta(seconds=20)
    kept = fields_of(house.heard[0])
    assert kept == {
        "text": "Gungan i parken är trasig.\nBarnen kan skada sig.",
        "kind": "klagomål",
        "where": "Ekparken",
        "level": "namn",
        "name": "Eva Ek",
        "email": "eva@example.org",
        "wish": "",
        "phone": "",
        "address": "",
        "language": "sv",
        "reference": kept["reference"],
    }
    assert str(kept["reference"]) in receipt.text
    assert "Du får snart ett brev" in receipt.text


async def test_t4_a_name_without_address_is_taken_and_told_that_no_answer_comes(house: House) -> None:
    browser = house.browser()

    answer = await fill_in(house, browser, text="Bra bibliotek!", name="Eva Ek")
    receipt = await browser.get(answer.headers["location"])

    assert [(one.sender, one.sender_name, one.pick_up) for one in house.heard] == [(None, "Eva Ek", "")]
    assert "Du lämnade ingen adress" in receipt.text


async def test_x9_where_the_policy_gives_no_code_the_anonymous_are_told_that_no_answer_comes(
    house: House,
) -> None:
    browser = house.browser(house.app(public=replace(PUBLIC, fetch_code=False)))

    form = await browser.get("/")
    answer = await fill_in(house, browser, text="Bra bibliotek!", level="anonym")
    receipt = await browser.get(answer.headers["location"])

    assert "Då kan du inte få något svar." in form.text
    assert "/svar" not in form.text
    assert [(one.sender, one.pick_up) for one in house.heard] == [(None, "")]
    assert "vi kan inte svara dig" in receipt.text


async def test_the_same_form_sent_twice_is_one_message(house: House) -> None:
    browser = house.browser()
    page = await browser.get("/")
    house.clock.forward(timedelta(seconds=20))
    typed = {"token": token_of(page), "ticket": value_of(page, "ticket"), "text": "En gång räcker."}

    first = await browser.post("/", data=typed)
    second = await browser.post("/", data=typed)

    assert [first.status_code, second.status_code] == [200, 200]
    assert code_of(first) == code_of(second)
    with house.store.read() as transaction:
        assert inbox.waiting(transaction) == 1


async def test_going_back_to_write_something_else_is_another_message(house: House) -> None:
    browser = house.browser()
    page = await browser.get("/")
    house.clock.forward(timedelta(seconds=20))
    typed = {"token": token_of(page), "ticket": value_of(page, "ticket")}

    await browser.post("/", data=typed | {"text": "Lampan är släckt."})
    await browser.post("/", data=typed | {"text": "Lampan är släckt, och nu brinner den."})

    with house.store.read() as transaction:
        assert inbox.waiting(transaction) == 2


async def test_an_empty_text_is_refused_and_the_error_is_tied_to_its_field(house: House) -> None:
    answer = await fill_in(house, house.browser(), text="  ", where="Badhuset")

    assert answer.status_code == 422
    assert house.heard == []
    assert re.search(
        r'<textarea id="text"[^>]*aria-describedby="text-hint text-fel" aria-invalid="true"', answer.text
    )
    assert (
        '<p class="fault" id="text-fel"><strong>Fel:</strong> Skriv vad du vill berätta.</p>' in answer.text
    )
    assert '<a href="#text">Skriv vad du vill berätta.</a>' in answer.text
    assert "<title>Fel: Berätta vad du tycker – Tyck till, Lilla kommunen</title>" in answer.text


async def test_nothing_typed_is_lost_when_the_form_is_shown_again(house: House) -> None:
    answer = await fill_in(
        house,
        house.browser(),
        text="\n  Rad ett\nRad två",
        kind="förslag",
        where="Gatan <3",
        name="Åsa",
        email="inte en adress",
        level="kontakt",
    )

    assert answer.status_code == 422
    assert ">\n\n  Rad ett\nRad två</textarea>" in answer.text
    assert 'value="förslag" checked' in answer.text
    assert 'value="Gatan &lt;3"' in answer.text
    assert 'value="Åsa"' in answer.text
    assert 'value="inte en adress"' in answer.text
    assert 'value="kontakt" aria-describedby="kontakt-hint" checked' in answer.text


@pytest.mark.parametrize("level", ["namn", "kontakt"])
async def test_k23_an_address_is_demanded_only_when_an_answer_is_wanted(house: House, level: str) -> None:
    refused = await fill_in(house, house.browser(), text="Hej", level=level)
    taken = await fill_in(house, house.browser(), text="Hej")

    assert [refused.status_code, taken.status_code] == [422, 200]
    assert '<p class="fault" id="email-fel"><strong>Fel:</strong> Skriv din e-postadress' in refused.text
    assert 'aria-describedby="email-hint email-fel" aria-invalid="true"' in refused.text


@pytest.mark.parametrize(
    ("filled", "found"),
    [
        # Row L7: no name is ever demanded, and nothing at all of who is anonymous.
        (Filled(text="Hej", level="namn", email="eva@example.org"), {}),
        (Filled(text="Hej", level="kontakt", email="eva@example.org"), {}),
        (Filled(text="Hej", level="anonym"), {}),
        (Filled(text="Hej"), {}),
        (Filled(text="Hej", name="Eva Ek"), {}),
        # What one chose and what one told must agree: nothing is thrown away in silence.
        (
            Filled(text="Hej", level="anonym", email="eva@example.org", name="Eva Ek"),
            {"email": "anonymous", "name": "anonymous"},
        ),
        (Filled(text="Hej", level="kontakt", email="eva@example.org", name="Eva Ek"), {"name": "unnamed"}),
        # Row G10.
        (Filled(text="Hej", level="kontakt", wish="sms", phone="070-174 06 33"), {}),
        (Filled(text="Hej", level="kontakt", wish="sms"), {"phone": "empty"}),
        (Filled(text="Hej", level="namn", wish="sms", phone="snart"), {"phone": "odd"}),
        (Filled(text="Hej", level="anonym", phone="070-174 06 33"), {"phone": "anonymous"}),
        (Filled(text="Hej", level="namn", wish="telefon", phone="070-174 06 33"), {}),
        (Filled(text="Hej", level="namn", wish="telefon"), {"phone": "empty"}),
        (Filled(text="Hej", level="namn", wish="brev", address="Ekvägen 1, 000 00 Lilla"), {}),
        (Filled(text="Hej", level="namn", wish="brev"), {"address": "empty"}),
        (Filled(text="Hej", level="anonym", wish="brev", address="Ekvägen 1"), {"address": "anonymous"}),
        (Filled(text="Hej", level="namn", name="Eva Ek", wish="inget"), {}),
        (Filled(text="Hej", level="anonym", wish="telefon"), {}),
    ],
)
def test_k2_each_level_asks_for_what_it_needs_and_no_more(filled: Filled, found: dict[str, str]) -> None:
    assert faults(filled) == found


async def test_g10_only_roads_that_exist_can_be_wished(house: House) -> None:
    number, address = "070-174 06 33", "eva@example.org"
    with_sms = house.app(roads=("email", "sms"))

    plain = await house.browser().get("/")
    both = await house.browser(with_sms).get("/")
    for app, email in ((None, address), (with_sms, address), (with_sms, "")):
        await fill_in(
            house,
            house.browser(app),
            text="Hej",
            level="kontakt",
            wish="sms",
            phone=number,
            email=email,
        )

    by_mail, by_sms = Address(channel="email", handle=address), Address(channel="sms", handle="+46701740633")
    assert ["Med sms" in page.text for page in (plain, both)] == [False, True]
    assert [(one.sender, one.wished) for one in house.heard] == [
        (by_mail, None),
        (by_mail, by_sms),
        (by_sms, by_sms),
    ]


@pytest.mark.parametrize(
    ("email", "found"),
    [
        ("eva@example.org", {}),
        ("eva.ek+tag@mejl.example.se", {}),
        ("björn@räksmörgås.example", {}),
        ("eva", {"email": "odd"}),
        ("eva@example", {"email": "odd"}),
        ("eva@example.org,bo@example.org", {"email": "odd"}),
        ("eva@example.org\nBcc: bo@example.org", {"email": "odd"}),
        ("<eva@example.org>", {"email": "odd"}),
    ],
)
def test_an_address_that_can_not_be_answered_is_told_at_once(email: str, found: dict[str, str]) -> None:
    assert faults(Filled(text="Hej", email=email)) == found


def test_ten_thousand_signs_are_taken_and_one_more_is_not() -> None:
    assert faults(Filled(text="å" * 10_000)) == {}
    assert faults(Filled(text="å" * 10_001)) == {"text": "long"}


async def test_ten_thousand_emoji_fit_through_the_door(house: House) -> None:
    answer = await fill_in(house, house.browser(), text="🚲" * 10_000)

    assert answer.status_code == 200
    assert house.heard[0].text == "🚲" * 10_000


async def test_a_form_without_our_token_is_shown_again_with_its_words(house: House) -> None:
    browser = house.browser()
    page = await browser.get("/")
    house.clock.forward(timedelta(seconds=20))

    answer = await browser.post(
        "/", data={"token": "gissat", "ticket": value_of(page, "ticket"), "text": "Mina ord"}
    )

    assert answer.status_code == 403
    assert house.heard == []
    assert ">\nMina ord</textarea>" in answer.text
    assert "Det du skrev finns kvar. Skicka igen." in answer.text


async def test_a_form_left_open_for_two_days_can_be_sent_again_with_its_words(house: House) -> None:
    browser = house.browser()

    late = await fill_in(house, browser, timedelta(days=2), text="Sent men gott")
    house.clock.forward(timedelta(seconds=20))
    again = await browser.post(
        "/", data={"token": token_of(late), "ticket": value_of(late, "ticket"), "text": "Sent men gott"}
    )

    assert [late.status_code, again.status_code] == [403, 200]


async def test_a_form_sent_at_once_is_asked_to_wait_and_then_taken(house: House) -> None:
    browser = house.browser()

    fast = await fill_in(house, browser, timedelta(seconds=1), text="Snabb")
    house.clock.forward(timedelta(seconds=5))
    again = await browser.post(
        "/", data={"token": token_of(fast), "ticket": value_of(fast, "ticket"), "text": "Snabb"}
    )

    assert [fast.status_code, again.status_code] == [422, 200]
    assert "tog dig för en robot" in fast.text


async def test_a_filled_in_trap_is_told_and_the_words_are_kept_on_the_page(house: House) -> None:
    answer = await fill_in(house, house.browser(), text="Köp här", website="https://spam.example")

    assert answer.status_code == 422
    assert house.heard == []
    assert ">\nKöp här</textarea>" in answer.text
    assert "Ett fält som ska vara tomt var ifyllt." in answer.text


async def test_one_network_may_send_ten_at_once_and_others_are_not_disturbed(house: House) -> None:
    app = house.app()
    one, other = house.browser(app), house.browser(app, host="198.51.100.7")

    answers = [await fill_in(house, one, timedelta(seconds=2), text=f"Nummer {n}") for n in range(11)]
    elsewhere = await fill_in(house, other, text="Jag är en annan")

    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert answers[-1].headers["retry-after"] == "11"
    assert ">\nNummer 10</textarea>" in answers[-1].text
    assert elsewhere.status_code == 200


async def test_when_nothing_can_be_kept_the_citizen_is_told_and_keeps_the_words(house: House) -> None:
    house.broken = True

    answer = await fill_in(house, house.browser(), text="Viktigt")

    assert answer.status_code == 503
    assert "Vi kunde inte spara det just nu." in answer.text
    assert ">\nViktigt</textarea>" in answer.text


async def test_signs_that_deceive_or_break_the_store_are_taken_away(house: House) -> None:
    await fill_in(house, house.browser(), text="a\x00b\u202ec", name="Eva\nBcc: x", email="eva@example.org")

    assert [(one.text, one.sender_name) for one in house.heard] == [("abc", "Eva Bcc: x")]


@pytest.mark.parametrize(
    ("language", "title", "button", "thanks"),
    [
        ("sv", "Berätta vad du tycker", "Skicka", "Tack för att du hör av dig"),
        ("en", "Tell us what you think", "Send", "Thank you for writing to us"),
        ("fi", "Kerro mielipiteesi", "Lähetä", "Kiitos yhteydenotostasi"),
        ("xx", "Berätta vad du tycker", "Skicka", "Tack för att du hör av dig"),
    ],
)
async def test_form_and_receipt_speak_the_chosen_language(
    house: House, language: str, title: str, button: str, thanks: str
) -> None:
    browser = house.browser()

    page = await browser.get(f"/?sprak={language}")
    answer = await fill_in(house, browser, text="Moi", language=language, email="eva@example.org")
    receipt = await browser.get(answer.headers["location"])
    anonymous = await fill_in(house, browser, text="Moi", language=language)

    assert f"<h1>{title}</h1>" in page.text
    assert f'<button class="main" type="submit">{button}</button>' in page.text
    assert [f"<h1>{thanks}</h1>" in one.text for one in (receipt, anonymous)] == [True, True]


@pytest.mark.parametrize("language", ["sv", "en", "fi"])
async def test_every_error_has_words_in_every_language(house: House, language: str) -> None:
    browser = house.browser()
    house.broken = True

    answers = [
        await fill_in(house, browser, language=language, text="", level="namn", website="x"),
        await fill_in(house, browser, language=language, text="å" * 10_001, email="x"),
        await fill_in(house, browser, language=language, text="x", level="anonym", email="a@b.se", name="x"),
        await fill_in(house, browser, language=language, text="x", level="kontakt", name="x"),
        await fill_in(house, browser, timedelta(0), language=language, text="x"),
        await fill_in(house, browser, language=language, text="x", ticket="x"),
        await fill_in(house, browser, language=language, text="x"),
    ]

    assert [answer.status_code for answer in answers] == [422, 422, 422, 422, 422, 403, 503]
    assert [answer.text.count('class="alert" role="alert"') for answer in answers] == [1] * 7


async def test_a_receipt_that_we_did_not_sign_leads_to_the_form(house: House) -> None:
    answer = await house.browser().get("/tack?kvitto=WyJ0YWNrIl0.x")

    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_a_ticket_can_not_be_used_as_a_receipt(house: House) -> None:
    browser = house.browser()
    page = await browser.get("/")

    answer = await browser.get("/tack", params={"kvitto": value_of(page, "ticket")})

    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_the_form_points_to_the_right_doors(house: House) -> None:
    page = await house.browser().get("/")

    assert '<a class="urgent" href="tel:112">Ring 112 nu.</a>' in page.text
    assert '<a href="tel:070-1740605">070-174 06 05</a>' in page.text
    assert '<a href="mailto:synpunkt@example.se">synpunkt@example.se</a>' in page.text
    assert "Det du skickar blir en allmän handling." in page.text


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"text=" + b"x" * 300_000, "application/x-www-form-urlencoded", 413),
        (b'{"text": "x"}', "application/json", 415),
        (b"&".join(b"a%d=1" % n for n in range(260)), "application/x-www-form-urlencoded", 400),
    ],
)
async def test_what_no_form_of_ours_would_send_is_refused(
    house: House, content: bytes, media_type: str, status: int
) -> None:
    answer = await house.browser().post("/", content=content, headers={"content-type": media_type})

    assert answer.status_code == status
    assert house.heard == []


async def with_files(house: House, *files: tuple[str, bytes], **typed: str) -> httpx.Response:
    browser = house.browser()
    page = await browser.get("/")
    house.clock.forward(timedelta(seconds=20))
    hidden = {"token": token_of(page), "ticket": value_of(page, "ticket"), "language": "sv", "website": ""}
    sent = [("files", (name, data)) for name, data in files]
    return await browser.post("/", data=hidden | {"text": "Gungan är trasig."} | typed, files=sent)


async def test_a_picture_comes_along_and_is_kept_with_the_words(house: House) -> None:
    await with_files(house, ("gunga.png", PNG), email="eva@example.org")

    (heard,) = house.heard
    assert heard.files == (Attachment(name="gunga.png", media_type="image/png", size=len(PNG)),)
    assert file_of(heard.raw, 0) == PNG


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ([("prog.exe", b"MZ")], "En av filerna är varken bild eller pdf."),
        ([("stor.png", PNG + bytes(10 * 2**20))], "Filerna är för stora."),
        ([(f"{one}.png", PNG) for one in range(11)], "Det är för många filer."),
    ],
)
async def test_files_that_are_not_taken_are_told_at_the_field(
    house: House, files: list[tuple[str, bytes]], told: str
) -> None:
    page = await with_files(house, *files)

    assert (page.status_code, house.heard) == (422, [])
    assert told in page.text.partition('id="files-fel"')[2].partition("</p>")[0]
    assert "Gungan är trasig." in page.text


async def test_files_are_asked_for_again_when_something_else_is_wrong(house: House) -> None:
    page = await with_files(house, ("gunga.png", PNG), level="namn")

    assert "Skriv din e-postadress" in page.text
    assert "Välj filerna igen." in page.text.partition('id="files-fel"')[2].partition("</p>")[0]


@pytest.mark.parametrize(
    ("wish", "field", "typed", "address", "promise"),
    [
        (
            "telefon",
            "phone",
            "070-174 06 33",
            Address(channel="telefon", handle="+46701740633"),
            "ringer dig",
        ),
        ("brev", "address", "Ekvägen 1", Address(channel="brev", handle="Ekvägen 1"), "med brev"),
        ("inget", "name", "Eva Ek", None, "inte ha något svar"),
    ],
)
async def test_g10_an_answer_by_phone_by_post_or_none_at_all_can_be_wished(
    house: House, wish: str, field: str, typed: str, address: Address | None, promise: str
) -> None:
    browser = house.browser()

    answer = await fill_in(house, browser, text="Hej", level="namn", wish=wish, **{field: typed})
    receipt = await browser.get(answer.headers["location"])

    assert [one.wished for one in house.heard] == [address]
    assert promise in receipt.text


async def test_k23_what_an_answer_demands_is_told_at_its_field(house: House) -> None:
    browser = house.browser()
    blank = await browser.get("/")

    page = await fill_in(house, browser, text="Hej", level="namn", wish="telefon")

    assert blank.text.count("Obligatoriskt om du vill") == 3
    phone = re.search(r'<input id="phone"[^>]*>', page.text)
    assert phone is not None
    assert 'aria-describedby="phone-hint phone-fel" aria-invalid="true"' in phone[0]
