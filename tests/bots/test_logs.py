"""The log is one event a line, as text or as JSON, and holds no sender's name, address, number or words."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots import logs
from bots.channel import PermanentFailure, TemporaryFailure
from store.domain import LetterState
from tests.house import House, Scripted, a_suggestion, an_inbound

Make = Callable[..., House]

SENDERS = [
    ("Tuva Almkvist", "tuva.almkvist@example.org", "070-1740611", "Lyktstolpen lutar"),
    ("Ivar Brolin", "ivar.brolin@example.net", "070-1740612", "Rutschkanan knarrar"),
    ("Elvira Cedergren", "elvira.cedergren@example.org", "070-1740613", "Snöröjningen uteblev"),
]


@pytest.fixture
def log() -> Iterator[Callable[[logs.Form], io.StringIO]]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level

    def begin(form: logs.Form) -> io.StringIO:
        stream = io.StringIO()
        logs.begin(logging.DEBUG, form=form, stream=stream)
        return stream

    yield begin
    root.handlers[:] = before
    root.setLevel(level)


Begin = Callable[[logs.Form], io.StringIO]


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_object_with_its_keys(log: Begin) -> None:
    stream = log("json")

    logging.getLogger("bots.desk.judge").warning("not judged: message=%d because=%s", 7, "KeyError at x.py:1")

    (line,) = lines(stream)
    at = line.pop("at")
    assert at.endswith("+00:00")
    assert line == {
        "level": "warning",
        "logger": "bots.desk.judge",
        "event": "not judged",
        "message": "7",
        "because": "KeyError at x.py:1",
    }


def test_a_key_that_would_hide_one_of_ours_keeps_apart(log: Begin) -> None:
    stream = log("json")

    logging.getLogger("x").info("fell: event=a level=b")

    (line,) = lines(stream)
    assert (line["event"], line["event_"], line["level"], line["level_"]) == ("fell", "a", "info", "b")


def test_what_is_no_event_of_ours_is_one_text_and_a_break_is_no_new_line(log: Begin) -> None:
    stream = log("json")

    logging.getLogger("other").info("GET / took a=1\nand more: so b=2")
    try:
        raise ValueError("trasig")
    except ValueError:
        logging.getLogger("other").exception("fell")

    first, second = lines(stream)
    assert first["event"] == "GET / took a=1\nand more: so b=2"
    assert (second["event"], "ValueError: trasig" in second["trace"]) == ("fell", True)


@given(st.text())
def test_whatever_is_logged_is_one_object_on_one_line(message: str) -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, message.replace("%", "%%"), (), None)

    written = logs.Json().format(record)

    assert "\n" not in written
    assert json.loads(written)["level"] == "info"


@pytest.mark.parametrize("form", ["text", "json"])
async def test_a_day_of_mails_and_faults_leaves_nobody_in_the_log(
    make_house: Make, log: Begin, form: logs.Form
) -> None:
    stream = log(form)
    said: dict[str, Any] = {SENDERS[1][3]: ValueError(f"kan inte läsa {SENDERS[1]}")}
    house = make_house(suggester=Scripted(a_suggestion(), said=said))
    house.memory.refused[SENDERS[0][1]] = PermanentFailure(f"550 <{SENDERS[0][1]}> finns inte")
    house.memory.failures.append(TemporaryFailure(f"450 <{SENDERS[2][1]}> är full"))
    mails = [
        an_inbound(
            sender=f"{name} <{address}>",
            envelope_from=address,
            subject=subject,
            text=f"{subject}. Ring {name} på {phone}.",
        )
        for name, address, phone, subject in SENDERS
    ]

    await house.hear(*mails)
    house.clock.forward(days=3)
    await house.deliver()
    await break_the_store(house, mails[0])
    house.watch.once()

    text = stream.getvalue()
    assert len(house.cases()) == len(SENDERS)
    assert [row["state"] for row in house.outbox() if row["handle"] == SENDERS[0][1]] == [LetterState.FAILED]
    assert "classifier silent" in text
    assert "channel lost" in text
    assert "not kept" in text
    for sender in SENDERS:
        for words in (*sender, sender[0].split()[1].casefold(), sender[2].replace("-", "")):
            assert words not in text


async def break_the_store(house: House, mail: Any) -> None:
    """Let a message come in while it can not be kept."""
    with house.store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE messages RENAME TO borta")
    with pytest.raises(Exception, match="could not commit"):
        await house.receive(mail)
    with house.store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE borta RENAME TO messages")
