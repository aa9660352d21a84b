"""What is for few eyes is in no list, no count and no page of the others (rows N2, B6, B27, B28)."""

from typing import Any

import httpx
import pytest

from store import cases
from store.domain import Factor, Kind, Lane, LetterState, Status
from store.engine import Store
from tests.bots.web.house import Clock, House, a_suggestion, log_in, token_of

TITLE = "Anna gjorde fel"


@pytest.fixture
def house(store: Store) -> House:
    return House(store=store, clock=Clock())


def hide(house: House, number: str, **columns: Any) -> None:
    with house.store.write() as transaction:
        case = cases.find_number(transaction, number)
        assert case is not None
        cases.note(transaction, case["id"], **columns)


def a_hidden_case(house: House, **columns: Any) -> str:
    """Add a case with a letter that waits, and hide it from Anna; Bo is the registrator."""
    number = house.add_case(title=TITLE, handler="bo", unit="omsorg", suggestion=a_suggestion())
    house.add_letter(number, state=LetterState.FAILED, because="550 okänd")
    hide(house, number, **(columns or {"restricted": True, "lanes": [Lane.NAMED_EMPLOYEE]}))
    return number


@pytest.mark.parametrize("columns", [{"restricted": True}, {"barred": ["anna"]}])
async def test_n2_the_lists_and_their_counts_leave_a_hidden_case_out(
    house: House, columns: dict[str, Any]
) -> None:
    seen = house.add_case(title="Hål i vägen")
    hidden = a_hidden_case(house, **columns)

    for who, listed in (("bo", [True, True]), ("anna", [True, False])):
        async with house.browser() as browser:
            await log_in(browser, who=who)
            page = await browser.get("/arenden?visa=alla")
            letters = await browser.get("/arenden?visa=brev")
        assert [number in page.text for number in (seen, hidden)] == listed
        assert (TITLE in page.text, hidden in letters.text) == (listed[1], listed[1])


@pytest.mark.parametrize("columns", [{"restricted": True}, {"barred": ["anna"]}])
async def test_n2_no_page_and_no_act_opens_a_hidden_case(house: House, columns: dict[str, Any]) -> None:
    number = a_hidden_case(house, **columns)
    version = house.version(number)
    with house.store.read() as transaction:
        case = cases.find_number(transaction, number)
        assert case is not None
        message = cases.of_case(transaction, case["id"])["messages"][0]["id"]
    path = f"/arenden/{number}"

    async with house.browser() as browser:
        await log_in(browser)
        token = token_of(await browser.get("/arenden"))
        answers: list[httpx.Response] = [
            await browser.get(path),
            await browser.get(f"{path}/meddelande/{message}/original"),
            await browser.get(f"{path}/meddelande/{message}/bilaga/0"),
            await browser.get(f"{path}/meddelande/{message}/bilaga/0/bild"),
            await browser.post(
                f"{path}/bekrafta",
                data={
                    "token": token,
                    "kind": str(Kind.PRAISE),
                    "factor": str(Factor.OTHER),
                    "version": str(version),
                },
            ),
            await browser.post(f"{path}/slapp", data={"token": token, "version": str(version)}),
        ]

    assert [one.status_code for one in answers] == [403] * 6
    assert all("Ärendet visas för få" in one.text and TITLE not in one.text for one in answers)
    assert house.version(number) == version


async def test_b28_a_hidden_case_is_not_shown_as_one_alike(house: House) -> None:
    vector = bytes(range(1, 33))
    mine = house.add_case(title="Hål i vägen", suggestion=a_suggestion(vector=vector))
    hidden = house.add_case(title=TITLE, handler="bo", suggestion=a_suggestion(vector=vector))
    hide(house, hidden, restricted=True)

    for who, is_shown in (("bo", True), ("anna", False)):
        async with house.browser() as browser:
            await log_in(browser, who=who)
            page = await browser.get(f"/arenden/{mine}")
        assert (TITLE in page.text) is is_shown


async def test_whoever_has_a_restricted_case_may_open_it(house: House) -> None:
    number = house.add_case(title=TITLE, handler="anna", status=Status.ASSIGNED)
    hide(house, number, restricted=True)

    async with house.browser() as browser:
        await log_in(browser)
        page = await browser.get(f"/arenden/{number}")

    assert (page.status_code, TITLE in page.text) == (200, True)
