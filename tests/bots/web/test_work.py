"""What staff do to a case in the console: from the notice to the end, without a script."""

import html
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import httpx
import pytest

from bots.desk.scanning import Scanner
from bots.web.app import build
from bots.web.work import TASKS
from store import profiles
from store.domain import Contact, Factor, Kind, Provider, Purpose, Status
from store.engine import Row
from tests.bots.web.house import PASSWORD, PUBLIC, SECRET
from tests.house import PEOPLE, SENDER, UNITS, House, an_inbound

Make = Callable[..., House]
CONTACT = Contact(name="Omar Dahl", address="Torget 1, 123 45 Lillby", phone="070-174 06 05", handler="omar")
MANAGED = tuple(replace(unit, managers=("omar",), contact=CONTACT) for unit in UNITS)
ANSWER = {"text": "Gungan är lagad sedan i går.", "outcome": "åtgärdad", "way": "brev"}


@dataclass
class Desk:
    """Somebody at work in a browser, with the whole house behind."""

    house: House
    browser: httpx.AsyncClient

    async def sign_in(self, who: str) -> None:
        self.browser.cookies.clear()
        page = await self.browser.get("/logga-in")
        await self.browser.post(
            "/logga-in", data={"token": token(page), "who": who, "password": PASSWORD, "next": "/arenden"}
        )

    @property
    def case(self) -> Row:
        return self.house.cases()[-1]

    @property
    def url(self) -> str:
        return f"/arenden/{self.case['number']}"

    async def page(self) -> str:
        return (await self.browser.get(self.url)).text

    async def do(self, task: str, **typed: str) -> httpx.Response:
        """Open the page of an act, fill it in and send it."""
        path = f"{self.url}/gor/{task}"
        page = await self.browser.get(path)
        assert page.status_code == 200, page.text
        return await self.browser.post(path, data=hidden(page) | typed)

    async def again(self, page: httpx.Response, **typed: str) -> httpx.Response:
        """Send what a page shows, as it is but for what is typed."""
        return await self.browser.post(str(page.url), data=hidden(page) | typed)


def token(page: httpx.Response) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


def hidden(page: httpx.Response) -> dict[str, str]:
    main = page.text.partition("<main")[2]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', main))


def words(page: httpx.Response) -> str:
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", page.text)).split())


@pytest.fixture
async def desk(make_house: Make) -> AsyncIterator[Desk]:
    async for one in at_work(make_house(units=MANAGED)):
        yield one


async def at_work(
    house: House, *, undo: timedelta = timedelta(0), scanner: Scanner | None = None
) -> AsyncIterator[Desk]:
    app = build(
        store=house.store,
        acts=house.acts,
        desk=house.acts,
        receive=house.intake.receive,
        clock=house.clock,
        public=PUBLIC,
        staff=PEOPLE,
        units=house.work.house.units,
        password=PASSWORD,
        session_secret=SECRET,
        secure_cookies=False,
        undo=undo,
        scanner=scanner,
    )
    transport = httpx.ASGITransport(app=app, client=("192.0.2.1", 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as browser:
        yield Desk(house=house, browser=browser)


async def a_confirmed(desk: Desk, *, who: str = "anna") -> None:
    await desk.house.hear(an_inbound())
    await desk.sign_in(who)
    case = desk.case
    desk.house.acts.confirm(
        case["id"], kind=Kind.COMPLAINT, factor=Factor.SAFETY, by="anna", version=case["version"]
    )


async def test_l12_from_the_notice_it_is_confirm_answer_and_close(desk: Desk) -> None:
    await desk.house.hear(an_inbound())
    await desk.sign_in("anna")
    first = await desk.browser.get(desk.url)
    confirm = {"token": token(first), "version": str(desk.case["version"])}

    await desk.browser.post(f"{desk.url}/bekrafta", data=confirm | {"kind": "klagomål", "factor": "Trygghet"})
    shown = await desk.do("svara", **ANSWER)
    sent = await desk.again(shown, **ANSWER)
    await desk.house.deliver()
    answered = await desk.page()
    closed = await desk.browser.post(
        f"{desk.url}/gor/avsluta", data=confirm | {"version": str(desk.case["version"])}
    )

    (letter,) = desk.house.outbox(purpose=Purpose.ANSWER)
    assert "Så här blir brevet" in words(shown)
    assert (shown.status_code, sent.status_code, closed.status_code) == (200, 303, 303)
    assert letter["handle"] == SENDER
    assert "Gungan är lagad sedan i går." in letter["body"]
    assert '<button class="main" type="submit" data-tangent="a">Avsluta</button>' in answered
    assert desk.case["status"] == Status.CLOSED


async def test_nobody_sends_a_letter_that_has_not_been_shown(desk: Desk) -> None:
    await a_confirmed(desk)
    shown = await desk.do("svara", **ANSWER)

    changed = await desk.again(shown, **(ANSWER | {"text": "Något helt annat."}))

    assert desk.house.outbox(purpose=Purpose.ANSWER) == []
    assert "Något helt annat." in words(changed)


async def test_what_is_missing_is_told_and_nothing_typed_is_lost(desk: Desk) -> None:
    await a_confirmed(desk)
    short = {"text": "Det går inte.", "outcome": "ingen_åtgärd", "way": "brev", "explanation": "Nej."}

    again = await desk.again(await desk.do("svara", **short), **short)

    assert again.status_code == 422
    assert "minst 20 tecken" in words(again)
    assert "Det går inte." in again.text
    assert desk.house.outbox(purpose=Purpose.ANSWER) == []


async def test_somebody_else_was_faster_and_nothing_typed_is_lost(desk: Desk) -> None:
    await a_confirmed(desk)
    page = await desk.browser.get(f"{desk.url}/gor/fraga")
    desk.house.acts.note_down(
        desk.case["id"], by="anna", version=desk.case["version"], service_note="Någon annan var här."
    )

    late = await desk.browser.post(
        f"{desk.url}/gor/fraga", data=hidden(page) | {"question": "Vilken gunga är det?"}
    )
    saved = await desk.again(late, question="Vilken gunga är det?")

    assert late.status_code == 409
    assert "Vilken gunga är det?" in late.text
    assert saved.status_code == 303
    assert desk.case["status"] == Status.AWAITING_SENDER


async def test_each_act_is_shown_only_to_who_may_do_it(desk: Desk) -> None:
    await a_confirmed(desk, who="petra")  # she stands in for Anna
    as_substitute = await desk.page()
    await desk.sign_in("omar")
    as_manager = await desk.page()
    await desk.house.hear(an_inbound(text="Maten i skolan är kall.", subject="Skolan"))
    await desk.sign_in("petra")
    as_stranger = await desk.page()

    assert "/gor/svara" in as_substitute
    assert "/gor/synlighet" not in as_substitute
    assert "/gor/synlighet" in as_manager
    assert "/gor/" not in as_stranger


async def test_an_act_that_is_not_ones_own_is_refused_by_its_address_as_well(desk: Desk) -> None:
    await desk.house.hear(an_inbound(text="Maten i skolan är kall.", subject="Skolan"))
    await desk.sign_in("petra")

    refused = await desk.browser.get(f"/arenden/{desk.case['number']}/gor/svara")

    assert refused.status_code == 403
    assert "hör till en annan enhet" in words(refused)
    assert desk.house.outbox(purpose=Purpose.ANSWER) == []


async def test_closing_says_what_is_missing_instead_of_a_button(make_house: Make) -> None:
    policy = profiles.load("standard")
    workflow = policy.workflow.model_copy(update={"require_tjansteanteckning": True})
    house = make_house(units=MANAGED, policy=policy.model_copy(update={"workflow": workflow}))
    async for desk in at_work(house):
        await a_confirmed(desk)
        await desk.again(await desk.do("svara", **ANSWER), **ANSWER)
        await house.deliver()
        before = await desk.page()
        await desk.do("anteckna", service_note="Gungan är lagad.", serious="", diary_number="")
        after = await desk.page()

    assert "Skriv tjänsteanteckningen" in before
    assert "/gor/avsluta" not in before
    assert "/gor/avsluta" in after


@pytest.mark.parametrize(
    ("task", "typed", "status"),
    [
        ("tilldela", {"handler": "petra", "unit": "park", "reason": "rör mig"}, "tilldelad"),
        ("fraga", {"question": "Vilken gunga?"}, "väntar_avsändare"),
        ("mer-tid", {"answer_on": "2026-12-24", "reason": "Delarna dröjer."}, "tilldelad"),
        (
            "begar-redogorelse",
            {"of": "Park AB", "address": "svar@park.example", "question": "Vad hände?"},
            "hos_utförare",
        ),
        ("begar-redogorelse", {"of": "Norra", "question": "Vad?", "other_board": "ja"}, "hos_annan_nämnd"),
        ("anteckna", {"service_note": "Talat med parken.", "serious": "ja", "diary_number": ""}, "tilldelad"),
        ("folj-upp", {"follow_up_on": "2027-01-15", "follow_up_result": ""}, "tilldelad"),
        ("till-sortering", {"reason": "överklagande"}, "sortering"),
        ("jav", {"person": "petra"}, "tilldelad"),
    ],
)
async def test_every_act_can_be_done_in_the_console(
    desk: Desk, task: str, typed: dict[str, str], status: str
) -> None:
    await a_confirmed(desk)

    done = await desk.do(task, **typed)
    page = words(await desk.browser.get(done.headers["location"]))

    assert done.status_code == 303
    assert desk.case["status"] == status
    assert next(one.done for one in TASKS if one.slug == task) in page


async def test_n20_the_errand_of_a_provider_is_seen_to_its_end_in_the_console(desk: Desk) -> None:
    await a_confirmed(desk)
    provider = Provider(name="Park AB", email="svar@park.example")
    desk.house.work.house.units = [replace(unit, provider=provider) for unit in desk.house.work.house.units]

    proposed = await desk.browser.get(f"{desk.url}/gor/begar-redogorelse")
    await desk.do("begar-redogorelse", of="Park AB", address="svar@park.example", question="Vad hände?")
    waiting = await desk.page()
    told = {"statement": "Kedjan gick av.", "form": "muntlig"}
    unsaid = await desk.do("for-in-redogorelse", **told)
    done = await desk.again(unsaid, **told, statement_measure="Ny kedja.")
    later = await desk.do(
        "komplettera-redogorelse", statement_measure="Ny kedja, och en till.", statement_told_on="2026-11-23"
    )
    page = words(await desk.browser.get(later.headers["location"]))

    assert 'value="Park AB"' in proposed.text
    assert 'value="svar@park.example"' in proposed.text
    assert "/gor/komplettera-redogorelse" not in waiting
    assert (unsaid.status_code, done.status_code, later.status_code) == (422, 303, 303)
    assert "Skriv vad den som redogör har gjort åt saken" in unsaid.text
    assert "Kedjan gick av." in unsaid.text
    assert "Begärd av Park AB" in page
    assert "Åtgärd Ny kedja, och en till. Återkopplat måndag 23 november 2026" in page
    assert "Kedjan gick av." in page


async def test_whoever_gives_a_case_to_another_unit_sees_it_no_more(desk: Desk) -> None:
    await a_confirmed(desk)

    done = await desk.do("tilldela", handler="omar", unit="skola", reason="rör skolan")
    page = words(await desk.browser.get(done.headers["location"]))
    gone = await desk.browser.get(f"/arenden/{desk.case['number']}")

    assert "Ärendet är lämnat vidare." in page
    assert gone.status_code == 403


async def test_a_wrong_door_is_handed_over_tied_or_taken_back_by_who_sorts(desk: Desk) -> None:
    await a_confirmed(desk)
    await desk.do("till-sortering", reason="överklagande")
    await desk.sign_in("rita")
    await desk.do("lamna-over", door="överklagande", to="byggnadsnämnden", reason="PBL")
    handed = desk.case["status"]
    await desk.do("ta-tillbaka", reason="det var en synpunkt")
    back = desk.case["status"]
    wrong = await desk.do("dubblett", original="SYN-2026-999999")
    number = desk.case["number"]
    await desk.house.hear(an_inbound(text="Gungan i parken igen.", subject="Igen"))
    await desk.sign_in("anna")
    await desk.do("till-sortering", reason="samma")
    await desk.sign_in("rita")
    await desk.do("dubblett", original=number.lower())

    assert (handed, back) == (Status.HANDED_OVER, Status.SORTING)
    assert "Skriv numret på det ärende" in words(wrong)
    assert desk.case["status"] == Status.DUPLICATE


async def test_nothing_done_is_approved_by_the_manager_in_the_console(desk: Desk) -> None:
    await a_confirmed(desk)
    nothing = ANSWER | {"outcome": "ingen_åtgärd", "explanation": "Gungan ägs av en förening i byn."}
    await desk.again(await desk.do("svara", **nothing), **nothing)
    await desk.house.deliver()
    before = await desk.page()
    await desk.sign_in("omar")

    await desk.do("godkann")
    await desk.do("avsluta")

    assert "Be ansvarig chef godkänna" in before
    assert desk.case["status"] == Status.CLOSED


async def test_who_may_not_see_a_case_may_not_see_what_can_be_done_to_it(desk: Desk) -> None:
    await a_confirmed(desk)
    desk.house.acts.bar(desk.case["id"], "petra", by="rita", version=desk.case["version"])
    await desk.sign_in("petra")

    assert (await desk.browser.get(f"{desk.url}/gor/svara")).status_code == 403
    assert (await desk.browser.get(f"{desk.url}/gor/finns-inte")).status_code == 404


@pytest.mark.parametrize("task", [task.slug for task in TASKS])
async def test_no_page_of_an_act_breaks_whatever_is_sent(desk: Desk, task: str) -> None:
    await a_confirmed(desk)
    page = await desk.browser.get(f"{desk.url}/gor/{task}")
    names = re.findall(r' name="(\w+)"', page.text)
    junk = dict.fromkeys(names, "<script>alert(1)</script>\u202e;--")

    answer = await desk.browser.post(f"{desk.url}/gor/{task}", data=junk | hidden(page))

    assert answer.status_code in {303, 400, 409, 422}
    assert "<script>alert" not in answer.text
