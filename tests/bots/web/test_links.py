"""The pages behind the signed links: what they show, that they act once, and that looking is nothing."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from bots.desk.by_link import ByLink
from bots.desk.links import LIFE, LinkAct, Links
from bots.web.app import build
from store import cases, journal
from store.domain import Lane, LetterState, Outcome, Purpose, Status
from store.engine import Row
from tests.bots.web.house import PASSWORD, PUBLIC, SECRET
from tests.house import ANNA, NOW, PEOPLE, SENDER, UNITS, House, an_inbound

Make = Callable[..., House]
ANSWER = "Gungan lagas på fredag."


@pytest.fixture
def house(make_house: Make) -> House:
    """Open the whole desk, not the pages alone: what a link does ends in letters."""
    return make_house()


@dataclass
class Reader:
    """Somebody with a letter in hand and a browser that has never been here."""

    house: House
    browser: httpx.AsyncClient

    def link(self, label: str, *, purpose: Purpose = Purpose.HANDLER_NOTICE) -> str:
        """Find a link in the newest letter by what stands above it."""
        body = self.house.outbox(purpose=purpose)[-1]["body"]
        found = re.search(rf"{re.escape(label)}.*?:\n\S*?(/l/\S+)", body, re.DOTALL)
        assert found is not None, body
        return found[1]

    async def post(self, path: str, **typed: str) -> httpx.Response:
        """Fill in the page and send it, with what it has hidden."""
        page = await self.browser.get(path)
        return await self.again(path, page, **typed)

    async def again(self, path: str, page: httpx.Response, **typed: str) -> httpx.Response:
        """Send a page that is already there."""
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        return await self.browser.post(path, data=hidden | typed)

    def made(self, act: LinkAct, *, person: str = "anna", about: tuple[str, ...] = ()) -> str:
        """Make a link that no letter holds."""
        url = self.house.work.letters.links.make(
            act, case_id=self.house.case()["id"], person=person, now=self.house.clock(), about=about
        )
        return url.partition("lillkommun.example")[2]


async def a_reader(house: House, **mail: Any) -> Reader:
    await house.hear(an_inbound(**mail))
    app = build(
        store=house.store,
        acts=house.acts,
        receive=house.intake.receive,
        clock=house.clock,
        public=PUBLIC,
        staff=PEOPLE,
        units=UNITS,
        password=PASSWORD,
        session_secret=SECRET,
        secure_cookies=False,
        by_link=ByLink(acts=house.acts),
    )
    transport = httpx.ASGITransport(app=app, client=("192.0.2.1", 40000))
    return Reader(house, httpx.AsyncClient(transport=transport, base_url="http://test"))


def all_rows(house: House) -> dict[str, list[Row]]:
    tables = ("cases", "letters", "answers", "drafts", "used_links", "journal", "confirmations", "delays")
    # That a page was fetched is noted (row R14), whoever fetched it; it changes nothing.
    return {name: [row for row in house.table(name) if row.get("act") != journal.READING] for name in tables}


def heading(page: httpx.Response) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page.text, re.DOTALL)
    assert found is not None
    return html.unescape(found[1]).strip()


async def test_a_filter_that_opens_every_link_twice_changes_nothing(house: House) -> None:
    reader = await a_reader(house)
    links = re.findall(r"https://tycktill\.lillkommun\.example(/l/\S+)", house.outbox()[-1]["body"])
    before = all_rows(house)

    for link in links * 2:
        assert (await reader.browser.head(link)).status_code == 200
        assert (await reader.browser.get(link)).status_code == 200

    assert len(links) == 4
    assert all_rows(house) == before
    assert (await reader.post(reader.link("Bekräfta förslaget"))).status_code == 200


async def test_the_page_is_for_its_reader_alone(house: House) -> None:
    reader = await a_reader(house)

    page = await reader.browser.get(reader.link("Skriv svaret"))

    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-robots-tag"] == "noindex, nofollow"
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "set-cookie" not in page.headers
    assert "Gungan vid lekplatsen är trasig" in page.text
    assert SENDER not in page.text


async def test_confirming_by_link_stores_what_stood_in_the_letter_and_works_once(house: House) -> None:
    reader = await a_reader(house)
    link = reader.link("Bekräfta förslaget")

    done = await reader.post(link)
    again = await reader.browser.get(link)
    posted = await reader.browser.post(link, data={"version": "2"})

    case = house.case()
    (said,) = house.table("confirmations")
    (used,) = house.table("used_links")
    assert (heading(done), heading(again), posted.status_code) == ("Klart", "Det är redan gjort", 410)
    assert (case["kind"], case["factor"], said["confirmed_by"]) == ("klagomål", "Boendemiljö", "anna")
    assert (used["case_id"], used["act"], used["used_by"]) == (case["id"], "bekräfta", "anna")


async def test_the_answer_is_shown_before_it_is_sent_and_sent_as_it_was_shown(house: House) -> None:
    reader = await a_reader(house)
    link = reader.link("Skriv svaret")

    shown = await reader.post(link, text=ANSWER, outcome="åtgärdad")
    nothing_yet = house.outbox(purpose=Purpose.ANSWER)
    done = await reader.again(link, shown, text=ANSWER, outcome="åtgärdad")
    await house.deliver()

    (letter,) = house.outbox(purpose=Purpose.ANSWER)
    assert nothing_yet == []
    assert "Så här blir brevet" in shown.text
    assert html.escape(letter["body"], quote=False).strip() in html.unescape(shown.text)
    assert (done.status_code, letter["state"], letter["handle"]) == (200, LetterState.SENT, SENDER)
    assert house.case()["status"] == Status.ANSWERED
    assert heading(await reader.browser.get(link)) == "Det går inte att göra nu"


async def test_whoever_changes_the_letter_sees_it_again_before_it_goes(house: House) -> None:
    reader = await a_reader(house)
    link = reader.link("Skriv svaret")
    shown = await reader.post(link, text=ANSWER, outcome="åtgärdad")

    changed = await reader.again(link, shown, text="Gungan lagas på lördag.", outcome="åtgärdad")

    assert "lördag" in changed.text
    assert house.outbox(purpose=Purpose.ANSWER) == []
    assert house.table("used_links") == []


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"text": "", "outcome": "åtgärdad"}, "Skriv svaret."),
        ({"text": ANSWER}, "Välj utfall."),
        ({"text": ANSWER, "outcome": "åtgärdas_senare"}, "Skriv vilken dag det ska vara åtgärdat."),
        ({"text": ANSWER, "outcome": "åtgärdas_senare", "act_on": "fredag"}, "Skriv dagen som 2026-12-24."),
        (
            {"text": ANSWER, "outcome": "ingen_åtgärd", "explanation": "För dyrt"},
            "Förklara med minst 20 tecken varför inget görs.",
        ),
    ],
)
async def test_what_is_missing_is_told_and_all_that_was_typed_is_still_there(
    house: House, typed: dict[str, str], words: str
) -> None:
    reader = await a_reader(house)
    link = reader.link("Skriv svaret")

    page = await reader.post(link, **typed)
    if page.status_code == 200:
        page = await reader.again(link, page, **typed)

    assert page.status_code == 422
    assert words in page.text
    assert all(html.escape(value) in page.text for value in typed.values())
    assert house.table("used_links") == []
    assert house.table("answers") == []
    assert house.case()["status"] == Status.ASSIGNED


async def test_a_case_is_passed_on_by_link(house: House) -> None:
    reader = await a_reader(house)

    done = await reader.post(reader.link("Lämna vidare"), handler="omar", unit="skola", reason="Skolgården.")

    case = house.case()
    assert heading(done) == "Klart"
    assert (case["handler"], case["unit"], case["status"]) == ("omar", "skola", Status.ASSIGNED)
    assert house.outbox(purpose=Purpose.HANDLER_NOTICE)[-1]["handle"] == "omar.dahl@lillkommun.example"
    assert heading(await reader.browser.get(reader.made(LinkAct.ANSWER))) == "Ärendet är inte ditt längre"


async def test_b4_more_time_is_told_to_the_sender_by_link(house: House) -> None:
    reader = await a_reader(house)
    link = reader.link("Behöver mer tid")

    missing = await reader.post(link, answer_on="2026-12-20")
    past = await reader.post(link, answer_on="2026-11-02", reason="Delen är beställd.")
    done = await reader.post(link, answer_on="2026-12-20", reason="Delen är beställd.")

    (delay,) = house.table("delays")
    assert (missing.status_code, past.status_code, heading(done)) == (422, 422, "Klart")
    assert "Skriv varför svaret dröjer." in missing.text
    assert delay["answer_on"].isoformat() == "2026-12-20"
    assert [row["handle"] for row in house.outbox(purpose=Purpose.DELAY)] == [SENDER]


async def test_the_draft_s_page_shows_the_letter_and_sends_it_when_an_outcome_is_chosen(house: House) -> None:
    reader = await a_reader(house)
    address = house.identity.handler_address(house.case()["id"], ANNA.email)
    await house.hear(an_inbound(text=ANSWER, sender=ANNA.email, to=address, envelope_to=(address,)))
    body = house.outbox(purpose=Purpose.DRAFT_NOTICE)[-1]["body"]
    link = re.findall(r"(/l/\S+)", body)[-1]

    page = await reader.browser.get(link)
    unchosen = await reader.again(link, page, text=ANSWER)
    done = await reader.again(link, page, text=ANSWER, outcome="åtgärdad")

    (letter,) = house.outbox(purpose=Purpose.ANSWER)
    assert html.escape(letter["body"], quote=False).strip() in html.unescape(page.text)
    assert (unchosen.status_code, done.status_code) == (422, 200)
    assert ANSWER not in page.text.partition("Så här blir brevet")[0]  # the draft is no word of the sender's


async def test_an_old_link_is_refused_and_a_fresh_one_comes_by_mail_at_most_once_an_hour(
    house: House,
) -> None:
    reader = await a_reader(house)
    link = reader.link("Skriv svaret")
    house.clock.forward(days=31)

    old = await reader.browser.get(link)
    refused = await reader.browser.post(link, data={"text": ANSWER, "outcome": "åtgärdad", "version": "1"})
    sent = await reader.browser.post(f"{link}/ny", data={})
    again = await reader.browser.post(f"{link}/ny", data={})

    fresh = reader.link("Skriv svaret", purpose=Purpose.TASK)
    assert (heading(old), old.status_code, refused.status_code) == ("Länken är för gammal", 410, 410)
    assert f'action="{link}/ny"' in old.text
    assert (heading(sent), heading(again)) == ("En ny länk är på väg", "Ingen ny länk skickades")
    assert [row["handle"] for row in house.outbox(purpose=Purpose.TASK)] == [ANNA.email]
    assert (await reader.browser.get(fresh)).status_code == 200
    assert house.table("answers") == []


async def test_a_link_lives_for_thirty_days(house: House) -> None:
    reader = await a_reader(house)
    link = reader.link("Skriv svaret")

    house.clock.forward(seconds=LIFE.total_seconds() - 1)

    assert (await reader.browser.get(link)).status_code == 200


async def test_a_changed_or_foreign_token_leads_nowhere_and_mails_nobody(house: House) -> None:
    reader = await a_reader(house)
    link = reader.link("Skriv svaret")
    other = Links(secret=b"en annan hemlighet", base="").make(
        LinkAct.ANSWER, case_id=house.case()["id"], person="anna", now=NOW
    )
    before = all_rows(house)

    for forged in (link[:-1], f"{link}a", other, "/l/x", "/l/" + "a" * 3000, "/l/a.b.c"):
        page = await reader.browser.get(forged)
        assert (page.status_code, heading(page)) == (404, "Länken går inte att läsa")
        assert (await reader.browser.post(forged, data={"text": ANSWER})).status_code == 404
        assert heading(await reader.browser.post(f"{forged}/ny", data={})) == "Ingen ny länk skickades"

    assert all_rows(house) == before


async def test_a_link_for_one_act_does_no_other(house: House) -> None:
    reader = await a_reader(house)

    done = await reader.post(
        reader.link("Bekräfta förslaget"), text=ANSWER, outcome="åtgärdad", handler="omar", answer_on=""
    )

    assert heading(done) == "Klart"
    assert house.table("answers") == []
    assert house.case()["handler"] == "anna"


async def test_b6_whoever_the_case_is_about_is_shown_nothing_of_it(house: House) -> None:
    reader = await a_reader(house)
    link = reader.link("Skriv svaret")
    with house.store.write() as transaction:
        cases.note(transaction, house.case()["id"], barred=["anna"])

    page = await reader.browser.get(link)

    assert (page.status_code, heading(page)) == (403, "Du kan inte göra det här")
    assert "Gungan" not in page.text
    assert house.case()["number"] not in page.text


async def test_n2_a_restricted_case_is_not_shown_through_a_link(house: House) -> None:
    reader = await a_reader(house)
    link = reader.link("Bekräfta förslaget")
    with house.store.write() as transaction:
        cases.note(transaction, house.case()["id"], restricted=True)

    page = await reader.browser.get(link)
    posted = await reader.browser.post(link, data={"version": "2"})

    assert (page.status_code, heading(page)) == (403, "Logga in för det här ärendet")
    assert "Gungan" not in page.text
    assert posted.status_code == 403
    assert house.table("confirmations") == []


async def test_a_case_that_somebody_changed_meanwhile_is_shown_again_and_the_link_is_unused(
    house: House,
) -> None:
    reader = await a_reader(house)
    link = reader.link("Lämna vidare")
    page = await reader.browser.get(link)
    with house.store.write() as transaction:
        cases.note(transaction, house.case()["id"], lanes=[Lane.QUESTION])

    late = await reader.again(link, page, handler="omar")
    then = await reader.again(link, late, handler="omar")

    assert late.status_code == 409
    assert "Ärendet ändrades medan du hade sidan öppen" in late.text
    assert heading(then) == "Klart"


async def test_an_act_that_fails_leaves_its_link_unused(house: House) -> None:
    reader = await a_reader(house)
    link = reader.link("Lämna vidare")

    page = await reader.post(link, handler="finns-inte")

    assert page.status_code == 422
    assert house.table("used_links") == []
    assert (await reader.browser.get(link)).status_code == 200


async def test_without_a_proposal_there_is_nothing_to_confirm_by_link(make_house: Make) -> None:
    house = make_house(silent=True)
    await a_reader(house)

    body = house.outbox(purpose=Purpose.HANDLER_NOTICE)[0]["body"]

    assert "Bekräfta förslaget" not in body
    assert "Skriv svaret:" in body


async def test_a_registrator_who_sorts_is_offered_to_confirm_and_pass_on_alone(house: House) -> None:
    await a_reader(house, text="Något helt annat.", subject="Hej")

    body = house.outbox(purpose=Purpose.HANDLER_NOTICE)[0]["body"]

    assert house.case()["status"] == Status.SORTING
    assert body.count("/l/") == 2
    assert "utkast" not in body


async def test_a_follow_up_carries_a_link_to_answer_until_the_case_is_answered(house: House) -> None:
    reader = await a_reader(house)
    (receipt,) = house.acknowledgements()
    await house.hear(an_inbound(text="När då?", subject="Sv", in_reply_to=receipt["external_id"]))
    link = reader.link("Skriv svaret", purpose=Purpose.FOLLOW_UP_NOTICE)
    page = await reader.browser.get(link)
    house.acts.answer(house.case()["id"], ANSWER, Outcome.DONE, by="anna", version=house.case()["version"])
    await house.deliver()
    await house.hear(an_inbound(text="Tack!", subject="Sv: Sv", in_reply_to=receipt["external_id"]))

    assert "När då?" in page.text
    assert "/l/" not in house.outbox(purpose=Purpose.FOLLOW_UP_NOTICE)[-1]["body"]


async def test_no_link_of_another_s_is_shown_in_the_console(house: House) -> None:
    reader = await a_reader(house)
    number = house.case()["number"]
    door = await reader.browser.get("/logga-in")
    token = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', door.text))
    await reader.browser.post("/logga-in", data={**token, "who": "rita", "password": PASSWORD})

    page = await reader.browser.get(f"/arenden/{number}")

    assert "/l/…" in page.text
    assert reader.link("Skriv svaret") not in page.text


async def test_without_pages_there_are_no_links_and_no_drafts(make_house: Make) -> None:
    house = make_house(console_url="")
    await house.hear(an_inbound())
    address = house.identity.handler_address(house.case()["id"], ANNA.email)

    await house.hear(an_inbound(text=ANSWER, sender=ANNA.email, to=address, envelope_to=(address,)))

    body = house.outbox(purpose=Purpose.HANDLER_NOTICE)[0]["body"]
    assert "/l/" not in body
    assert "utkast" not in body
    assert house.table("drafts") == []
    assert [row["case_id"] for row in house.messages()] == [1, 1]


async def test_scripts_in_the_sender_s_words_stay_words_on_the_page(house: House) -> None:
    reader = await a_reader(house, text="Gungan <script>alert(1)</script>", subject="<img src=x>")

    page = await reader.browser.get(reader.link("Skriv svaret"))

    assert "&lt;script&gt;" in page.text
    assert "<script" not in page.text
    assert "<img src=x" not in page.text
