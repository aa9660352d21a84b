"""The answer in the console: kept, looked through, shown as it will be, sent, and taken back (row L12)."""

import asyncio
import email
import html
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from email.policy import default

import httpx
import pytest

from bots.channel import Capabilities, PermanentFailure
from bots.channels.memory import Memory
from bots.desk.scanning import REFUSED
from bots.mail.writing import compose
from bots.wire.clamd import TooLargeError
from store import profiles, reply_templates
from store.domain import Factor, Kind, LetterState, Purpose, Status
from store.reply_templates import ReplyTemplate
from tests.bots.desk.test_scanning import Pretended
from tests.bots.web.test_work import ANSWER, MANAGED, Desk, Make, a_confirmed, at_work, hidden, token, words
from tests.house import SENDER, an_inbound

PDF = b"%PDF-1.7 en karta"
UNDO = timedelta(seconds=30)


@pytest.fixture
async def desk(make_house: Make) -> AsyncIterator[Desk]:
    async for one in at_work(make_house(units=MANAGED), undo=UNDO):
        yield one


async def send(desk: Desk, **more: str) -> httpx.Response:
    """Write an answer, read it and send it."""
    shown = await desk.do("svara", **(ANSWER | more))
    return await desk.again(shown, **(ANSWER | more))


async def undo(desk: Desk) -> httpx.Response:
    page = await desk.browser.get(desk.url)
    found = re.search(r'action="([^"]+/angra)"', page.text)
    assert found is not None
    return await desk.browser.post(found[1], data={"token": token(page)}, follow_redirects=True)


def answer_of(desk: Desk) -> str:
    (letter,) = desk.house.outbox(purpose=Purpose.ANSWER)
    state: str = letter["state"]
    return state


async def test_l12_confirm_answer_and_close_are_three_acts(desk: Desk) -> None:
    await a_confirmed(desk)

    await send(desk, closes="ja")
    waits = desk.case["status"]
    desk.house.clock.forward(seconds=30)
    await desk.house.deliver()

    assert (waits, desk.case["status"]) == (Status.IN_PROGRESS, Status.CLOSED)
    (line,) = [row for row in desk.house.table("journal") if row["act"] == "avsluta"]
    assert line["actor"] == "anna"


async def test_an_answer_waits_and_the_page_says_for_how_long(desk: Desk) -> None:
    await a_confirmed(desk)

    await send(desk)
    await desk.house.deliver()
    desk.house.clock.forward(seconds=12)
    page = await desk.page()

    assert "Svaret skickas om 18 sekunder." in page
    assert answer_of(desk) == LetterState.PENDING


async def test_a_letter_taken_back_is_not_sent_and_its_words_are_in_the_editor(desk: Desk) -> None:
    await a_confirmed(desk)
    before = desk.case["status"]
    await send(desk, act_on="2026-12-24", outcome="åtgärdas_senare")

    editor = await undo(desk)
    desk.house.clock.forward(seconds=60)
    await desk.house.deliver()

    assert "Gungan är lagad sedan i går." in editor.text
    assert 'value="2026-12-24"' in editor.text
    assert "Brevet skickades inte" in words(editor)
    assert answer_of(desk) == LetterState.UNDONE
    assert (desk.case["status"], desk.case["follow_up_on"]) == (before, None)
    assert desk.house.journal(desk.case["id"])[-2:] == ["brev ångrat", "ångra brevet"]
    assert "/angra" not in await desk.page()


async def test_after_second_thoughts_the_case_is_answered_anew(desk: Desk) -> None:
    await a_confirmed(desk)
    await send(desk)
    editor = await undo(desk)
    new = ANSWER | {"text": "Gungan lagas i morgon."}

    shown = await desk.again(editor, **new)
    await desk.again(shown, **new)
    desk.house.clock.forward(seconds=31)
    await desk.house.deliver()

    states = [row["state"] for row in desk.house.outbox(purpose=Purpose.ANSWER)]
    assert states == [LetterState.UNDONE, LetterState.SENT]
    assert desk.case["status"] == Status.ANSWERED
    assert desk.house.table("unsent") == []


async def test_who_thinks_too_late_is_told_so_kindly(desk: Desk) -> None:
    await a_confirmed(desk)
    await send(desk)
    page = await desk.browser.get(desk.url)
    desk.house.clock.forward(seconds=31)
    await desk.house.deliver()
    url = re.findall(r'action="([^"]+/angra)"', page.text)[0]

    late = await desk.browser.post(url, data={"token": token(page)}, follow_redirects=True)

    assert "Det är för sent att ångra" in words(late)
    assert answer_of(desk) == LetterState.SENT


async def test_a_question_is_taken_back_as_well(desk: Desk) -> None:
    await a_confirmed(desk)
    before = desk.case["status"]
    await desk.do("fraga", question="Vilken gunga är det?")
    asked = desk.case["status"]

    editor = await undo(desk)

    assert "Vilken gunga är det?" in editor.text
    assert (asked, desk.case["status"]) == (Status.AWAITING_SENDER, before)
    assert desk.case["question_due_on"] is None


async def test_only_who_may_answer_may_take_back(desk: Desk) -> None:
    await a_confirmed(desk)
    await send(desk)
    page = await desk.browser.get(desk.url)
    url = re.findall(r'action="([^"]+/angra)"', page.text)[0]
    await desk.sign_in("rita")
    own = await desk.browser.get(desk.url)

    refused = await desk.browser.post(url, data={"token": token(own)})

    assert "/angra" not in own.text
    assert refused.status_code == 403
    assert answer_of(desk) == LetterState.PENDING


async def test_the_manager_is_not_asked_to_approve_what_was_taken_back(desk: Desk) -> None:
    await a_confirmed(desk)
    await send(desk, outcome="ingen_åtgärd", explanation="Gungan ägs av en förening i byn.")

    await undo(desk)
    desk.house.clock.forward(seconds=60)
    await desk.house.deliver()

    (asked,) = desk.house.outbox(purpose=Purpose.TASK)
    assert asked["state"] == LetterState.UNDONE


async def test_a_case_whose_answer_comes_back_stays_open(desk: Desk) -> None:
    await a_confirmed(desk)
    await send(desk, closes="ja")
    desk.house.memory.refused[SENDER] = PermanentFailure("550 nej")

    desk.house.clock.forward(seconds=31)
    await desk.house.deliver()

    assert answer_of(desk) == LetterState.FAILED
    assert desk.case["status"] == Status.IN_PROGRESS
    assert desk.house.outbox(purpose=Purpose.UNDELIVERED_NOTICE) != []


async def test_a_case_in_which_the_sender_writes_again_is_not_closed_by_itself(desk: Desk) -> None:
    await a_confirmed(desk)
    (thanks,) = desk.house.acknowledgements()
    await send(desk, closes="ja")
    desk.house.clock.forward(seconds=5)
    await desk.house.hear(
        an_inbound(text="En sak till: bänken är också trasig.", in_reply_to=thanks["external_id"])
    )

    desk.house.clock.forward(seconds=31)
    await desk.house.deliver()

    (line,) = [row for row in desk.house.table("journal") if row["act"] == "avslutades inte"]
    assert desk.case["status"] == Status.ANSWERED
    assert "skrivit igen" in line["details"]["varför"]


async def test_what_closing_will_miss_is_told_before_the_answer_is_sent(make_house: Make) -> None:
    policy = profiles.load("standard")
    workflow = policy.workflow.model_copy(update={"require_tjansteanteckning": True})
    house = make_house(units=MANAGED, policy=policy.model_copy(update={"workflow": workflow}))
    async for desk in at_work(house, undo=UNDO):
        await a_confirmed(desk)

        refused = await send(desk, closes="ja")

    assert refused.status_code == 422
    assert "Skriv tjänsteanteckningen" in words(refused)
    assert house.outbox(purpose=Purpose.ANSWER) == []


async def test_remarks_are_shown_marked_and_journaled_without_their_words(desk: Desk) -> None:
    await a_confirmed(desk)
    text = {"text": "Vi har talat med Maja Berg, 811228-9874, och lagar den så snart som möjligt."}

    shown = await desk.do("svara", **(ANSWER | text))
    refused = await desk.again(shown, **(ANSWER | text))
    unsent = desk.house.outbox(purpose=Purpose.ANSWER)
    sent = await desk.again(refused, **(ANSWER | text | {"despite": "Hon bad om det i telefon."}))

    assert (refused.status_code, unsent) == (422, [])
    assert "Varför måste det skickas ändå?" in words(refused)
    assert "Ett personnummer står i svaret" in words(shown)
    assert "<mark>811228-9874</mark>" in shown.text
    assert "Skicka ändå" in words(shown)
    assert sent.status_code == 303
    (line,) = [row for row in desk.house.table("journal") if row["act"] == "skickat trots anmärkningar"]
    assert line["details"] == {"anmärkningar": "löfte utan dag, någon annans namn, personnummer"}
    (line,) = [row for row in desk.house.table("journal") if row["act"] == "skickat på öppen väg"]
    assert line["details"] == {"risk": "personnummer", "varför": "Hon bad om det i telefon."}


async def test_the_preview_says_from_whom_to_whom_and_by_what_road(desk: Desk) -> None:
    await a_confirmed(desk)

    shown = words(await desk.do("svara", **ANSWER))

    assert "Från Tyck till &lt;" not in shown
    assert "Från Tyck till <synpunkt@lillkommun.example>" in shown
    assert f"Till Sven Svensson <{SENDER}>" in shown
    assert "Väg e-post" in shown
    assert "Språk svenska" in shown


async def test_a_draft_is_kept_for_its_writer_alone(desk: Desk) -> None:
    await a_confirmed(desk)
    saved = await desk.do("svara", **(ANSWER | {"text": "Halvvägs", "gor": "sparat"}))
    told = words(await desk.browser.get(saved.headers["location"]))
    mine = await desk.browser.get(f"{desk.url}/gor/svara")
    await desk.sign_in("petra")
    others = await desk.browser.get(f"{desk.url}/gor/svara")

    assert "Det du har skrivit är sparat" in told
    assert "Halvvägs" in mine.text
    assert "Halvvägs" not in others.text


async def test_a_reply_template_is_put_below_what_was_typed(desk: Desk) -> None:
    await a_confirmed(desk)
    with desk.house.store.write() as transaction:
        template = ReplyTemplate(title="Lekplatser", text="Vi ser över lekplatserna varje vår.")
        chosen = reply_templates.keep(transaction, template, by="rita", now=desk.house.clock())
    page = await desk.browser.get(f"{desk.url}/gor/svara")

    post = await desk.browser.post(
        str(page.url), data=hidden(page) | {"text": "Tack!", "gor": "mall", "mall": str(chosen)}
    )
    get = await desk.browser.get(f"{desk.url}/gor/svara?mall={chosen}")

    assert "Lekplatser" in page.text
    assert "Tack!\n\nVi ser över lekplatserna varje vår." in post.text
    assert "Vi ser över lekplatserna varje vår.\n\nVi ser" in get.text


async def test_a_file_goes_with_the_answer_and_can_be_read_afterwards(desk: Desk) -> None:
    await a_confirmed(desk)
    page = await desk.browser.get(f"{desk.url}/gor/svara")
    files = {"files": ("kar\u202eta.exe", PDF)}

    shown = await desk.browser.post(str(page.url), data=hidden(page) | ANSWER, files=files)
    await desk.again(shown, **ANSWER)
    desk.house.clock.forward(seconds=31)
    await desk.house.deliver()

    letter = next(one for one in desk.house.memory.letters if one.purpose is Purpose.ANSWER)
    mail = email.message_from_bytes(compose(letter, identity=desk.house.identity), policy=default)
    (attached,) = mail.iter_attachments()
    assert "karta.exe.pdf" in words(shown)
    assert (attached.get_filename(), attached.get_content()) == ("karta.exe.pdf", PDF)
    url = re.findall(r'href="([^"]+/svarsfil/\d+)"', await desk.page())[0]
    got = await desk.browser.get(url)
    assert (got.content, got.headers["content-disposition"][:10]) == (PDF, "attachment")


@pytest.mark.parametrize(
    ("scanner", "said", "found"),
    [
        (Pretended({b"ELAK": "Prov.Elak"}), "något skadligt i elak.pdf. Filen är inte sparad.", "Prov.Elak"),
        (Pretended(away=True), "karta.pdf kan inte virusgranskas just nu", ""),
        (Pretended({b"ELAK": TooLargeError()}), "elak.pdf kan inte virusgranskas just nu", ""),
    ],
)
async def test_a_file_that_may_harm_goes_with_no_answer_and_the_words_stay(
    make_house: Make, scanner: Pretended, said: str, found: str
) -> None:
    async for desk in at_work(make_house(units=MANAGED), undo=UNDO, scanner=scanner):
        await a_confirmed(desk)
        page = await desk.browser.get(f"{desk.url}/gor/svara")
        files = [("files", ("karta.pdf", PDF)), ("files", ("elak.pdf", PDF + b"ELAK"))]

        refused = await desk.browser.post(str(page.url), data=hidden(page) | ANSWER, files=files)
        told = [row["details"]["fynd"] for row in desk.house.table("journal") if row["act"] == REFUSED]
        without = await desk.again(refused, **ANSWER)

        assert refused.status_code == 422
        assert said in words(refused)
        assert ANSWER["text"] in words(refused)
        assert told == [found] * bool(found)
        assert desk.house.table("enclosures") == []
        assert without.status_code < 400


async def test_b24_an_answer_in_health_care_begins_with_what_happened_and_where_else_to_turn(
    make_house: Make,
) -> None:
    async for desk in at_work(make_house(units=[replace(MANAGED[0], regulated="hsl"), *MANAGED[1:]])):
        await a_confirmed(desk)
        offered = await desk.browser.get(f"{desk.url}/gor/svara")
        (chosen,) = re.findall(r'<option value="(-?\d+)"[^>]*>Hälso- och sjukvård', offered.text)

        begun = await desk.browser.get(f"{desk.url}/gor/svara?mall={chosen}")
        found = re.search(r'<textarea[^>]* name="text"[^>]*>(.*?)</textarea>', begun.text, re.DOTALL)
        assert found is not None
        text = html.unescape(found[1])
        shown = await desk.do("svara", **(ANSWER | {"text": text}))
        filled = await desk.do(
            "svara", **(ANSWER | {"text": re.sub(r"\[.*?\]", "Vi har läst journalen.", text)})
        )

        parts = (
            "Det här hände:",
            "inte ska hända igen:",
            "patientnämnden",
            "Inspektionen för vård och omsorg",
        )
        assert sorted(parts, key=text.index) == list(parts)
        assert "Byt ut det som står inom hakparentes" in words(shown)
        assert "hakparentes" not in words(filled)


async def test_no_other_unit_has_the_template_of_health_care(desk: Desk) -> None:
    await a_confirmed(desk)

    assert "Hälso- och sjukvård" not in (await desk.browser.get(f"{desk.url}/gor/svara")).text


async def test_a_file_can_be_taken_away_again_and_comes_back_with_an_undone_answer(desk: Desk) -> None:
    await a_confirmed(desk)
    page = await desk.browser.get(f"{desk.url}/gor/svara")
    files = [("files", ("ett.pdf", PDF)), ("files", ("tva.pdf", PDF + b"2"))]
    shown = await desk.browser.post(str(page.url), data=hidden(page) | ANSWER, files=files)
    first = re.findall(r'name="(bort_\d+)"', shown.text)[0]

    without = await desk.again(shown, **(ANSWER | {first: "ja"}))
    sent = await desk.again(without, **ANSWER)
    editor = await undo(desk)

    assert (without.status_code, sent.status_code) == (200, 303)
    assert "ett.pdf" not in editor.text
    assert "tva.pdf" in editor.text


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [("x.exe", b"MZ\x90", "Bara bilder och pdf"), ("x.pdf", PDF + b"x" * 11 * 2**20, "högst 10 MB")],
)
async def test_a_file_of_a_wrong_kind_or_size_is_refused_with_a_word(
    desk: Desk, name: str, data: bytes, told: str
) -> None:
    await a_confirmed(desk)
    page = await desk.browser.get(f"{desk.url}/gor/svara")

    refused = await desk.browser.post(
        str(page.url), data=hidden(page) | ANSWER, files={"files": (name, data)}
    )
    refused = await desk.again(refused, **ANSWER) if refused.status_code == 200 else refused

    assert refused.status_code == 422
    assert told in words(refused)
    assert "Gungan är lagad sedan i går." in refused.text


async def test_a_road_that_takes_no_files_is_told_of(make_house: Make) -> None:
    house = make_house(units=MANAGED, roads={"sms": Memory(name="sms")})
    async for desk in at_work(house, undo=UNDO):
        await a_confirmed(desk)
        roads = house.work.capabilities
        assert isinstance(roads, dict)
        roads["email"] = Capabilities()
        page = await desk.browser.get(f"{desk.url}/gor/svara")
        files = {"files": ("karta.pdf", PDF)}

        shown = await desk.browser.post(str(page.url), data=hidden(page) | ANSWER, files=files)
        refused = await desk.again(shown, **ANSWER)

    assert refused.status_code == 422
    assert "Filer kan inte skickas med e-post" in words(refused)


async def test_a_file_of_another_case_is_not_handed_out(desk: Desk) -> None:
    await a_confirmed(desk)
    page = await desk.browser.get(f"{desk.url}/gor/svara")
    shown = await desk.browser.post(
        str(page.url), data=hidden(page) | ANSWER, files={"files": ("karta.pdf", PDF)}
    )
    url = re.findall(r'href="([^"]+/svarsfil/\d+)"', shown.text)[0]
    mine = await desk.browser.get(url)
    await asyncio.sleep(0)
    await desk.sign_in("petra")

    assert mine.status_code == 200
    assert (await desk.browser.get(url)).status_code == 404


async def test_the_answer_to_a_duplicate_is_taken_back_along_with_that_of_its_original(desk: Desk) -> None:
    await desk.house.hear(an_inbound())
    other = "<b@example.org>"
    await desk.house.hear(
        an_inbound(sender="Eva <eva@example.org>", envelope_from="eva@example.org", message_id=other)
    )
    first, second = desk.house.cases()
    await desk.sign_in("anna")
    acts = desk.house.acts
    acts.to_sorting(second["id"], by="anna", reason="samma", version=second["version"])
    acts.duplicate(second["id"], first["id"], by="rita", version=second["version"] + 1)
    version = desk.house.cases()[0]["version"]
    acts.confirm(first["id"], kind=Kind.COMPLAINT, factor=Factor.SAFETY, by="anna", version=version)
    url = f"/arenden/{first['number']}"

    shown = await desk.browser.post(
        f"{url}/gor/svara", data=hidden(await desk.browser.get(f"{url}/gor/svara")) | ANSWER
    )
    await desk.again(shown, **ANSWER)
    written = len(desk.house.outbox(purpose=Purpose.ANSWER))
    page = await desk.browser.get(url)
    back = re.findall(r'action="([^"]+/angra)"', page.text)[0]
    await desk.browser.post(back, data={"token": token(page)})
    desk.house.clock.forward(seconds=60)
    await desk.house.deliver()

    assert written == 2
    states = {row["state"] for row in desk.house.outbox(purpose=Purpose.ANSWER)}
    assert states == {LetterState.UNDONE}
    assert [row["number"] for row in acts.untold(first["id"])] == [second["number"]]
