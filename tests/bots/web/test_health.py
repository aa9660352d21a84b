"""Health and the demonstration's mailbox."""

from datetime import timedelta

from bots.web.parts import MailboxMail
from store.domain import Inbound, LetterState
from tests.bots.web.house import NOW, House


async def test_health_counts_what_waits_and_names_nobody(house: House) -> None:
    number = house.add_case()
    house.add_letter(number, state=LetterState.SENT)
    house.add_letter(number, subject="En till", held_because="samma rubrik igen")
    house.keep(Inbound(channel="smtp", account="lokal", received_at=NOW, raw=b"Subject: x\r\n\r\nx"))

    answer = await house.browser().get("/health")

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "waiting": 1,
        "outbox": {"sänt": 1, "hålls": 1},
        "watched_at": None,
    }


async def test_health_tells_when_the_store_does_not_answer(house: House) -> None:
    with house.store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE letters RENAME TO borta")

    answer = await house.browser().get("/health")

    assert (answer.status_code, answer.json()) == (503, {"status": "store_unavailable"})


async def test_the_mailbox_shows_every_mail_in_full_with_the_newest_first(house: House) -> None:
    mails = [
        MailboxMail(
            at=NOW, sender="a@example.se", recipient="b@example.org", subject="Först", body="Hej\n\nHej"
        ),
        MailboxMail(
            at=NOW + timedelta(minutes=1),
            sender="a@example.se",
            recipient="b@example.org",
            subject="Sist",
            body="Då",
        ),
    ]

    page = await house.browser(house.app(mailbox=lambda: mails)).get("/demo/post")

    assert page.text.index(">Sist</h2>") < page.text.index(">Först</h2>")
    assert '<div class="words">Hej\n\nHej</div>' in page.text


async def test_an_empty_mailbox_says_what_to_do(house: House) -> None:
    page = await house.browser(house.app(mailbox=list)).get("/demo/post")

    assert "Inga brev än." in page.text


async def test_without_a_demonstration_there_is_no_mailbox(house: House) -> None:
    page = await house.browser().get("/demo/post")

    assert page.status_code == 404
