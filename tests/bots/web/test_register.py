"""The page where staff take down what was said or came on paper, and the form for mail sent in for others."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.desk.heard import from_given
from bots.web.register import SOURCES, Filled, faults, inbound, moment_of
from bots.web.uploads import MOST_BYTES, MOST_FILES, Upload, file_of, media_type_of
from store import cases, inbox
from store.domain import Address, MessageState, SenderCategory, Source, Status
from store.tables import messages
from tests.bots.web.house import NOW, House, log_in, token_of, value_of

PDF = b"%PDF-1.4 en sida"
JPEG = b"\xff\xd8\xff\xe0 en bild"
# NOW is 10.30 in Stockholm.
TYPED = {
    "source": "telefon",
    "day": "2026-11-20",
    "time": "14:05",
    "by": "Karin Berg",
    "text": "Gungan är trasig.\r\nBarnen kan skada sig.",
}
FIRST, LAST = datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2099-12-31")
Files = list[tuple[str, tuple[str, bytes, str]]]


async def staff(house: House, *, who: str = "anna") -> httpx.AsyncClient:
    browser = house.browser()
    await log_in(browser, who=who)
    return browser


async def take_down(
    browser: httpx.AsyncClient,
    *,
    files: Files | None = None,
    page: httpx.Response | None = None,
    **typed: str,
) -> httpx.Response:
    page = page or await browser.get("/registrera")
    hidden = {"token": token_of(page), "ticket": value_of(page, "ticket")}
    # A browser sends the field of files also when it is empty.
    sent = files or [("files", ("", b"", "application/octet-stream"))]
    return await browser.post("/registrera", data=hidden | TYPED | typed, files=sent)


def open_cases(house: House) -> str:
    """Give the last message its case, as the desk does, and return the number."""
    with house.store.write() as transaction:
        (row,) = transaction.rows(messages.select().order_by(messages.c.id.desc()).limit(1))
        heard = from_given(row)
        case_id, number = cases.open_case(
            transaction,
            cases.NewCase(
                status=Status.ASSIGNED,
                received_at=heard.received_at,
                title=heard.title,
                channel=heard.channel,
                sender=heard.answer_to,
                sender_name=heard.from_name,
                language="sv",
                unit="gata",
                handler="anna",
                routed_because="",
                source=heard.source,
                taken_by=heard.taken.by if heard.taken else "",
            ),
            now=NOW,
        )
        inbox.note_read(
            transaction, row["id"], case_id=case_id, state=MessageState.READ, read=heard.columns()
        )
    return number


def summary(answer: httpx.Response) -> list[str]:
    return re.findall(
        r'<li><a href="#([a-z]+)">', answer.text.partition('role="alert"')[2].partition("</div>")[0]
    )


async def test_g7_what_was_said_becomes_a_message_with_the_talk_for_r_and_its_recorder(house: House) -> None:
    browser = await staff(house)

    answer = await take_down(
        browser,
        name="Eva Ek",
        email="eva@example.org",
        phone="070-174 06 33",
        kind="klagomål",
        unit="gata",
        category="anhörig",
        measure="Satte upp en lapp.",
    )

    assert answer.status_code == 303
    (heard,) = house.heard
    assert (heard.channel, heard.account, heard.received_at) == (
        "staff",
        "telefon",
        datetime(2026, 11, 20, 13, 5, tzinfo=UTC),
    )
    assert heard.sender == Address(channel="email", handle="eva@example.org")
    assert (heard.sender_name, heard.chosen_kind) == ("Eva Ek", "klagomål")
    assert heard.text == "Gungan är trasig.\nBarnen kan skada sig."
    assert heard.taken is not None
    assert (heard.taken.source, heard.taken.by, heard.taken.recorder) == (Source.PHONE, "Karin Berg", "anna")
    assert (heard.taken.unit, heard.taken.category) == ("gata", SenderCategory.RELATIVE)
    assert (heard.taken.measure, heard.taken.phone) == ("Satte upp en lapp.", "+46701740633")
    with house.store.read() as transaction:
        (row,) = transaction.rows(messages.select())
    assert (row["received_at"], row["kept_at"]) == (heard.received_at, NOW)  # row B8: both times are kept
    assert from_given(row).taken == heard.taken


async def test_l6_the_source_is_asked_for_and_none_is_chosen_beforehand(house: House) -> None:
    page = await (await staff(house)).get("/registrera")

    choice = page.text.partition('<select id="source"')[2].partition("</select>")[0]
    assert re.findall('value="([^"]*)"', choice) == ["", *(str(one) for one in SOURCES)]
    assert "selected" not in choice
    assert re.search('id="day"[^>]* value=""', page.text)
    assert value_of(page, "by") == "Anna Ek"


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"source": ""}, "source", "Välj hur det kom."),
        ({"source": "webb"}, "source", "Välj hur det kom."),
        ({"by": " "}, "by", "förvaltningslagen 27 §"),
        ({"day": ""}, "day", "Skriv både dag och klockslag."),
        ({"time": ""}, "day", "Skriv både dag och klockslag."),
        ({"day": "20/11"}, "day", "2026-11-23"),
        ({"day": "2026-03-29", "time": "02:30"}, "day", "2026-11-23"),
        ({"day": "2026-11-23", "time": "10:31"}, "day", "Tiden har inte varit än."),
        ({"day": "2021-11-01"}, "day", "mer än fem år"),
        ({"text": " \n "}, "text", "Skriv vad som sades eller stod."),
        ({"text": "x" * 20_001}, "text", "Korta den"),
        ({"anonymous": "ja", "name": "Eva"}, "name", "Ta bort namnet"),
        ({"anonymous": "ja", "email": "eva@example.org"}, "email", "Ta bort adressen"),
        ({"anonymous": "ja", "phone": "070-174 06 05"}, "phone", "Ta bort numret"),
        ({"email": "eva"}, "email", "namn@example.se"),
        ({"phone": "12"}, "phone", "070-174 06 05"),
        (
            {"source": "brev", "email": "eva@example.org", "measure": "Klart"},
            "measure",
            "vet inte att det är åtgärdat",
        ),
    ],
)
async def test_b8_what_is_missing_is_told_at_its_field_and_nothing_that_was_typed_is_lost(
    house: House, typed: dict[str, str], field: str, words: str
) -> None:
    answer = await take_down(await staff(house), **typed)  # type: ignore[arg-type]  # all are fields

    assert answer.status_code == 422
    assert house.heard == []
    assert summary(answer) == [field]
    told = answer.text.partition(f'id="{field}-fel">')[2].partition("</p>")[0]
    assert words in told
    control = re.search(rf'<(?:input|select|textarea) id="{field}"[^>]*>', answer.text)
    assert control is not None
    assert f'{field}-fel"' in control[0]
    assert 'aria-invalid="true"' in control[0]
    if field != "text":
        assert "Barnen kan skada sig.</textarea>" in answer.text


async def test_the_moment_itself_is_not_in_the_future(house: House) -> None:
    answer = await take_down(await staff(house), day="2026-11-23", time="10.30")

    assert answer.status_code == 303
    assert house.heard[0].received_at == NOW


async def test_k24_category_contact_type_and_unit_may_all_be_left_out(house: House) -> None:
    await take_down(await staff(house), anonymous="ja")

    (heard,) = house.heard
    assert (heard.sender, heard.sender_name, heard.chosen_kind) == (None, "", None)
    assert heard.taken is not None
    assert (heard.taken.category, heard.taken.unit, heard.taken.measure) == (None, "", "")


@pytest.mark.parametrize(
    ("phone", "roads", "channel"),
    [
        ("070-174 06 05", ("email", "sms"), "sms"),
        ("0418-47 00 00", ("email", "sms"), "telefon"),  # no SMS to a telephone on a wall
        ("070-174 06 05", ("email",), "telefon"),
    ],
)
def test_t5_a_phone_alone_is_an_address_for_letters_where_a_road_leads_there(
    phone: str, roads: tuple[str, ...], channel: str
) -> None:
    filled = Filled(**TYPED, phone=phone)

    made = inbound(filled, [], ticket="a", recorder="anna", roads=roads)

    assert made.sender is not None
    assert made.sender.channel == channel


async def test_a_double_click_is_one_message_and_another_word_is_another(house: House) -> None:
    browser = await staff(house)
    page = await browser.get("/registrera")

    first = await take_down(browser, page=page)
    house.clock.forward(timedelta(seconds=1))
    again = await take_down(browser, page=page)
    other = await take_down(browser, page=page, text="Något annat.")

    assert first.headers["location"] == again.headers["location"] != other.headers["location"]
    with house.store.read() as transaction:
        assert inbox.waiting(transaction) == 2


async def test_k1_scanned_pages_are_kept_with_the_words_and_handed_out_only_as_files(house: House) -> None:
    browser = await staff(house)

    await take_down(
        browser,
        source="brev",
        files=[
            ("files", ("brev sida 1.pdf", PDF, "text/html")),
            ("files", ("kort.exe", JPEG, "image/jpeg")),
        ],
    )
    number = open_cases(house)
    page = await browser.get(f"/arenden/{number}")
    first, second, third = [
        await browser.get(f"/arenden/{number}/meddelande/1/bilaga/{index}") for index in range(3)
    ]
    original = await browser.get(f"/arenden/{number}/meddelande/1/original")

    assert "genom brev" in page.text
    assert "<dt>Upptecknat av</dt><dd>Karin Berg</dd>" in page.text
    assert ">brev sida 1.pdf</a>" in page.text
    assert ">kort.exe.jpg</a>" in page.text
    assert (first.content, second.content, third.status_code) == (PDF, JPEG, 404)
    for answer in (first, second):
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert "sandbox" in answer.headers["content-security-policy"]
    assert json.loads(original.content)["by"] == "Karin Berg"


async def test_the_page_of_what_was_said_says_so_and_what_was_done(house: House) -> None:
    browser = await staff(house)
    await take_down(browser, phone="070-174 06 33", category="företag", measure="<b>Klart</b>")
    number = open_cases(house)

    page = await browser.get(f"/arenden/{number}")

    assert "Det här sade avsändaren" in page.text
    assert "genom telefon" in page.text
    assert "måndag 23 november 2026" in page.text.partition("<dt>Registrerat</dt>")[2].partition("</dd>")[0]
    assert '<a href="tel:+46701740633">' in page.text
    assert "<dt>Avsändare</dt><dd>Företag</dd>" in page.text
    assert "&lt;b&gt;Klart&lt;/b&gt;" in page.text


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([("a.html", b"<script>alert(1)</script>")], "varken en bild eller en pdf"),
        ([("a.pdf", b"MZ\x90\0 ett program")], "varken en bild eller en pdf"),
        ([(f"{n}.pdf", PDF) for n in range(MOST_FILES + 1)], "för många filer"),
        ([("a.pdf", PDF), ("b.pdf", PDF + b"\0" * MOST_BYTES)], "större än 15 MB"),
    ],
)
async def test_files_that_are_too_many_too_large_or_of_another_kind_are_told_and_the_words_stay(
    house: House, files: list[tuple[str, bytes]], words: str
) -> None:
    sent: Files = [("files", (name, data, "application/pdf")) for name, data in files]

    answer = await take_down(await staff(house), files=sent)

    assert (answer.status_code, house.heard) == (422, [])
    assert summary(answer) == ["files"]
    assert words in answer.text
    assert "Barnen kan skada sig." in answer.text


async def test_who_must_mend_something_else_is_told_to_choose_the_files_again(house: House) -> None:
    answer = await take_down(
        await staff(house), source="", files=[("files", ("a.pdf", PDF, "application/pdf"))]
    )

    assert summary(answer) == ["source", "files"]
    assert "Välj filerna igen." in answer.text


async def test_what_could_not_be_kept_is_shown_again_with_all_its_words(house: House) -> None:
    browser = await staff(house)
    house.broken = True

    answer = await take_down(browser, files=[("files", ("a.pdf", PDF, "application/pdf"))])

    assert answer.status_code == 503
    assert "Vi kunde inte spara det just nu." in answer.text
    assert "Barnen kan skada sig." in answer.text


async def test_an_old_page_keeps_its_words_and_gets_a_new_ticket(house: House) -> None:
    browser = await staff(house)
    page = await browser.get("/registrera")
    ticket = value_of(page, "ticket")
    house.clock.forward(timedelta(hours=25))
    await log_in(browser)
    fresh = await browser.get("/registrera")

    data = {"token": token_of(fresh), "ticket": ticket} | TYPED
    answer = await browser.post("/registrera", data=data, files=[("files", ("", b"", "x/y"))])

    assert answer.status_code == 403
    assert "Sidan var för gammal." in answer.text
    assert (await take_down(browser, page=answer)).status_code == 303


@pytest.mark.parametrize("who", ["anna", "bo"])
async def test_g18_whoever_is_logged_in_finds_the_page_in_the_menu(house: House, who: str) -> None:
    browser = await staff(house, who=who)

    page = await browser.get("/arenden")

    assert '<a href="/registrera">Registrera</a>' in page.text
    assert (await browser.get("/registrera")).status_code == 200


async def test_others_are_led_to_the_door_and_back(house: House) -> None:
    browser = house.browser()

    asked, posted = await browser.get("/registrera"), await browser.post("/registrera", data=TYPED)

    assert asked.headers["location"] == "/logga-in?next=%2Fregistrera"
    assert posted.status_code == 303
    assert house.heard == []


async def test_a_post_without_our_token_is_refused(house: House) -> None:
    browser = await staff(house)
    page = await browser.get("/registrera")
    data = TYPED | {"token": "x", "ticket": value_of(page, "ticket")}

    answer = await browser.post("/registrera", data=data, files=[("files", ("", b"", "x/y"))])

    assert (answer.status_code, house.heard) == (403, [])
    assert "Sidan var för gammal." in answer.text


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/x-www-form-urlencoded", b"a=b", 415),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=x", b"--x\r\nskr\xc3\xa4p", 400),
    ],
)
async def test_what_no_form_of_ours_would_send_is_refused(
    house: House, kind: str, body: bytes, status: int
) -> None:
    browser = await staff(house)

    answer = await browser.post("/registrera", content=body, headers={"content-type": kind})

    assert answer.status_code == status


async def test_files_are_taken_nowhere_else(house: House) -> None:
    answer = await house.browser().post("/logga-in", data=TYPED, files=[("files", ("a.pdf", PDF, "x/y"))])

    assert answer.status_code == 415


# --- The receipt.


async def test_the_receipt_names_the_case_and_leads_there(house: House) -> None:
    browser = await staff(house)
    answer = await take_down(browser, email="eva@example.org")
    waiting = await browser.get(answer.headers["location"])
    number = open_cases(house)

    page = await browser.get(answer.headers["location"])

    assert "får strax sitt nummer" in waiting.text
    assert f'<a href="/arenden/{number}">{number}</a>' in page.text
    assert "Avsändaren får en bekräftelse." in page.text


async def test_b27_the_receipt_of_a_case_for_few_eyes_leads_nowhere(house: House) -> None:
    browser = await staff(house)
    answer = await take_down(browser)
    number = open_cases(house)
    with house.store.write() as transaction:
        cases.note(transaction, 1, restricted=True, handler="bo")

    page = await browser.get(answer.headers["location"])

    assert number in page.text
    assert f"/arenden/{number}" not in page.text
    assert "visas bara för få" in page.text


async def test_a_receipt_that_we_did_not_sign_leads_to_an_empty_page(house: House) -> None:
    answer = await (await staff(house)).get("/registrera/klart?kvitto=1")

    assert answer.headers["location"] == "/registrera"


# --- Who wrote what an employee has sent in (row T14).


async def sent_in(house: House, *, sender: str = "bo.lind@example.se") -> str:
    return house.add_case("Vidarebefordrat: gungan är trasig.", sender=sender, received_at=NOW)


async def say_who(browser: httpx.AsyncClient, number: str, **typed: Any) -> httpx.Response:
    page = await browser.get(f"/arenden/{number}")
    said = {"email": "eva@example.org", "name": "Eva Ek", "day": "2026-11-20", "time": "08:00"}
    hidden = {"token": token_of(page), "version": value_of(page, "version")}
    return await browser.post(f"/arenden/{number}/avsandare", data=hidden | said | typed)


async def test_t14_the_form_stands_in_a_case_that_one_of_our_own_sent_in_and_in_no_other(
    house: House,
) -> None:
    browser = await staff(house)
    ours, theirs = await sent_in(house), await sent_in(house, sender="sven@example.org")

    assert "Avsändaren är någon annan" in (await browser.get(f"/arenden/{ours}")).text
    assert "Avsändaren är någon annan" not in (await browser.get(f"/arenden/{theirs}")).text


async def test_t14_staff_say_who_wrote_and_when_the_employee_had_it(house: House) -> None:
    browser = await staff(house)
    number = await sent_in(house)

    answer = await say_who(browser, number)
    page = await browser.get(answer.headers["location"])

    assert "Avsändaren är sparad." in page.text
    with house.store.read() as transaction:
        case = cases.find_number(transaction, number)
    assert case is not None
    assert (case["sender_handle"], case["received_at"]) == (
        "eva@example.org",
        datetime(2026, 11, 20, 7, 0, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("who", "typed", "status", "words"),
    [
        ("anna", {"email": "eva"}, 422, "namn@example.se"),
        ("anna", {"day": "i går"}, 422, "2026-11-23"),
        ("anna", {"version": "77"}, 409, "Någon annan ändrade ärendet"),
        ("anna", {"version": "x"}, 409, "Någon annan ändrade ärendet"),
        ("bo", {}, 422, "Det görs av handläggare."),
    ],
)
async def test_t14_what_is_missing_is_told_and_what_was_typed_stays(
    house: House, who: str, typed: dict[str, str], status: int, words: str
) -> None:
    number = await sent_in(house)

    answer = await say_who(await staff(house, who=who), number, **{"name": "Eva Ek", **typed})

    assert answer.status_code == status
    assert words in answer.text
    assert value_of(answer, "name") == "Eva Ek"
    assert value_of(answer, "version") == "1"


async def test_t14_a_case_for_few_eyes_stays_so(house: House) -> None:
    browser = await staff(house)
    number = await sent_in(house)
    page = await browser.get(f"/arenden/{number}")
    with house.store.write() as transaction:
        cases.note(transaction, 1, restricted=True, handler="bo")

    answer = await browser.post(f"/arenden/{number}/avsandare", data={"token": token_of(page)})
    none = await browser.post("/arenden/SYN-2026-000999/avsandare", data={"token": token_of(page)})

    assert (answer.status_code, none.status_code) == (403, 403)  # nobody learns which numbers there are


# --- The parts.


@given(st.datetimes(FIRST, LAST))
def test_a_time_of_the_clock_on_the_wall_is_a_moment_with_that_time_or_none(wall: datetime) -> None:
    moment = moment_of(f"{wall:%Y-%m-%d}", f"{wall:%H:%M}")

    if moment is None:
        assert (wall.month, wall.hour) == (3, 2)
    else:
        assert moment.strftime("%Y-%m-%d %H:%M") == f"{wall:%Y-%m-%d %H:%M}"


@given(st.text(max_size=20), st.text(max_size=8))
def test_no_typed_time_breaks_the_page(day: str, time: str) -> None:
    faults(Filled(**(TYPED | {"day": day, "time": time})), NOW)


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (PDF, "application/pdf"),
        (JPEG, "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n...", "image/png"),
        (b"GIF89a...", "image/gif"),
        (b"II*\0...", "image/tiff"),
        (b"MM\0*...", "image/tiff"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
        (b"xxxx\x10\0\0\0WEBPVP8 ", ""),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (b"<svg onload=alert(1)>", ""),
        (b"PK\x03\x04", ""),
        (b"", ""),
    ],
)
def test_a_file_is_what_its_first_bytes_say(data: bytes, media_type: str) -> None:
    assert media_type_of(data) == media_type


@given(st.binary(max_size=300))
def test_every_file_comes_back_byte_for_byte(data: bytes) -> None:
    made = inbound(
        Filled(**TYPED), [Upload(name="a", media_type="x", data=data)], ticket="a", recorder="anna", roads=()
    )

    assert file_of(made.raw, 0) == data
