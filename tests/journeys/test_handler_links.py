"""A handler who never logs in: notice, reply, draft, link, answer, over real SMTP and HTTP (row N17)."""

import asyncio
import re
from email.message import EmailMessage
from email.policy import SMTP

import httpx
import pytest

from store import journal
from tests.journeys.mails import citizen
from tests.journeys.test_mail_roads import PETRA, US, Town, a_swing, a_town, both_engines, words_of

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("roads")]

ANSWER = "Gungan lagas på fredag. Det är parkens egna som gör det."


def from_petra(to: str, *, answering: EmailMessage, text: str = ANSWER, more: dict[str, str]) -> bytes:
    """Write as Petra's mail program does."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = f"Petra Holm <{PETRA}>"
    mail["To"] = to
    mail["Subject"] = f"Sv: {answering['Subject']}"
    mail["Message-ID"] = f"<petra.{len(text)}.{len(more)}@kontoret.example>"
    mail["In-Reply-To"] = str(answering["Message-ID"])
    for name, value in more.items():
        mail[name] = value
    mail.set_content(text)
    return mail.as_bytes()


def links_in(letter: EmailMessage) -> list[str]:
    return re.findall(r"(http\S+/l/\S+)", words_of(letter))


async def open_twice(links: list[str]) -> list[int]:
    """Open every link twice, and ask for its head as well, as mail filters do."""
    async with httpx.AsyncClient(timeout=20) as browser:
        seen = [await browser.request(method, link) for link in links for method in ("HEAD", "GET", "GET")]
    return [page.status_code for page in seen]


async def state_of(town: Town) -> list[object]:
    """Count all that an act would leave behind. That somebody has read a case is noted each time."""
    counts = "(SELECT count(*) FROM {})"
    tables = ("letters", "used_links", "confirmations", "answers", "delays")
    columns = ", ".join(f"{counts.format(name)} AS {name}" for name in tables)
    done = f"(SELECT count(*) FROM journal WHERE act <> '{journal.READING}') AS done"  # noqa: S608
    return await town.rows(f"SELECT {columns}, {done}, (SELECT max(version) FROM cases) AS version")  # noqa: S608


@both_engines
async def test_n17_a_reply_to_the_notice_becomes_the_answer_by_one_press_of_a_button(engine: str) -> None:
    async with a_town(engine=engine) as town:
        await town.send(a_swing(1, to=US), sender=citizen(1))
        [notice] = await town.letters_to(PETRA)
        await town.is_settled()
        before = await state_of(town)
        opened = await open_twice(links_in(notice))
        after = await state_of(town)
        address = str(notice["Reply-To"])
        await town.send(from_petra(address, answering=notice, more={}), sender=PETRA, to=address)
        draft = (await town.letters_to(PETRA, 2))[1]
        [link] = links_in(draft)
        await open_twice([link])
        receipts = await town.letters_to(citizen(1))

        async with httpx.AsyncClient(timeout=20) as browser:
            page = await browser.get(link)
            hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
            typed = {"text": ANSWER, "outcome": "åtgärdas_senare", "act_on": "2099-12-24"}
            done = await browser.post(link, data=hidden | typed)
            again = await browser.post(link, data=hidden | typed)
        letters = await town.letters_to(citizen(1), 2)
        await town.has("SELECT status FROM cases", ["besvarad"])
        await asyncio.sleep(0.2)

    assert opened == [200] * 3 * len(links_in(notice))
    assert len(opened) == 9
    assert after == before
    assert len(receipts) == 1
    assert ANSWER.split(".")[0] not in words_of(draft)
    assert (done.status_code, again.status_code) == (200, 410)
    assert ANSWER.split(".")[0] in words_of(letters[1])
    assert "Petra Holm" in words_of(letters[1])
    assert "+h" not in letters[1].as_string()
    assert len(town.acknowledgements()) == 2  # the receipt and the answer, and no more


@both_engines
async def test_n17_the_manager_s_own_mail_with_us_in_copy_stops_the_clock(engine: str) -> None:
    async with a_town(engine=engine) as town:
        await town.send(a_swing(1, to=US), sender=citizen(1))
        [notice] = await town.letters_to(PETRA)
        await town.is_settled()
        own = from_petra(citizen(1), answering=notice, more={"Cc": US})
        await town.send(own, sender=PETRA, to=US)
        [_, told] = await town.letters_to(PETRA, 2)
        await town.has("SELECT status FROM cases", ["besvarad"])
        await town.is_settled()
        [(way, outcome)] = await town.rows("SELECT way, outcome FROM answers")
        [kept] = await town.rows("SELECT kept_at FROM promises WHERE kind = 'svar'")
        cases = await town.rows("SELECT count(*) FROM cases")

    assert (way, outcome, cases) == ("eget_mejl", "", [1])
    assert kept is not None
    assert len(links_in(told)) == 1
    assert len(town.acknowledgements()) == 1
