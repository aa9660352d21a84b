"""What was read is looked through afterwards. A scanner that is away costs nothing but time."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from bots.desk.infected import Infected
from bots.desk.scanning import FOUND, Scanning
from bots.web.files import file_in
from bots.wire.clamd import Clamd, ScannerAwayError, TooLargeError
from store import scans
from store.domain import Purpose, Role, ScanState
from tests.house import ANNA, OMAR, PETRA, REGISTRATOR, House, a_mail, an_inbound
from tests.servers import clamd
from tests.servers.clamd import EICAR, NAME

Make = Callable[..., House]


@dataclass
class Pretended:
    """A scanner that does as told: `answers` are by what the bytes hold."""

    answers: dict[bytes, str | Exception] = field(default_factory=dict)
    away: bool = False
    asked: list[int] = field(default_factory=list)

    async def scan(self, data: bytes) -> str:
        self.asked.append(len(data))
        if self.away:
            raise ScannerAwayError("ingen kontakt")
        for sign, answer in self.answers.items():
            if sign in data:
                if isinstance(answer, Exception):
                    raise answer
                return answer
        return ""

    async def version(self) -> str:
        if self.away:
            raise ScannerAwayError("ingen kontakt")
        return "låtsad"


def scanning(house: House, scanner: Pretended | Clamd) -> Scanning:
    tell = Infected(work=house.work).tell
    return Scanning(store=house.store, scanner=scanner, file_of=file_in, clock=house.clock, tell=tell)


async def receive(house: House, *texts: str, file: bytes = b"") -> None:
    for text in texts:
        mail = message_from_bytes(a_mail(text), policy=SMTP)
        assert isinstance(mail, EmailMessage)
        if file:
            mail.add_attachment(
                b"%PDF-1.4 inget", maintype="application", subtype="pdf", filename="karta.pdf"
            )
            mail.add_attachment(file, maintype="application", subtype="octet-stream", filename="fil.bin")
        await house.receive(an_inbound(raw=mail.as_bytes(), external_id=text))
        house.judge()


def states(house: House) -> list[tuple[str, list[object]]]:
    return [(row["state"], row["found"]) for row in house.table("scans")]


async def test_what_was_read_waits_and_is_looked_through_with_each_of_its_files(house: House) -> None:
    await receive(house, "Gungan", file=b"rent")
    before = states(house)
    scanner = Pretended()

    assert await scanning(house, scanner).once() == 1
    assert await scanning(house, scanner).once() == 0

    assert before == [("väntar", [])]
    assert states(house) == [("ren", [])]
    assert len(scanner.asked) == 3  # the mail, and two files
    assert scanner.asked[1:] == [14, 4]


async def test_what_is_found_is_named_with_its_part_and_told_in_the_journal(house: House) -> None:
    await receive(house, "Gungan", file=b"ELAK")
    scanner = Pretended({b"ELAK": "Prov.Elak"})

    await scanning(house, scanner).once()

    assert states(house) == [("smittad", [{"part": 1, "name": "Prov.Elak"}])]
    (line,) = [row for row in house.table("journal") if row["act"] == FOUND]
    assert (line["actor"], line["case_id"], line["message_id"]) == ("synpunkt", 1, 1)
    assert line["details"] == {"fynd": "Prov.Elak"}


async def test_a_virus_is_told_once_to_the_registrator_and_who_runs_the_service_and_the_sender_is_thanked(
    make_house: Make,
) -> None:
    staff = (REGISTRATOR, ANNA, replace(PETRA, roles=(Role.OPERATOR,)), OMAR)
    house = make_house(people=staff)
    await receive(house, "Gungan", file=b"ELAK")
    desk = scanning(house, Pretended({b"ELAK": "Prov.Elak"}))

    await desk.once()
    with house.store.write() as transaction:
        desk.tell(transaction, message_id=1, case_id=1, names=["Prov.Elak"], now=house.clock())
    await house.deliver()

    told = {row["handle"]: row for row in house.outbox(purpose=Purpose.TASK)}
    assert set(told) == {REGISTRATOR.email, PETRA.email}
    assert [row["state"] for row in told.values()] == ["sänt", "sänt"]
    assert all("Prov.Elak" in row["body"] for row in told.values())
    assert "/arenden/SYN-2026-000001" in told[REGISTRATOR.email]["body"]
    assert "/arenden/" not in told[PETRA.email]["body"]
    assert [house.letter(row).enclosures for row in told.values()] == [(), ()]
    assert [row["state"] for row in house.acknowledgements()] == ["sänt"]


async def test_many_viruses_in_an_hour_do_not_flood_the_registrator(make_house: Make) -> None:
    house = make_house(per_handler_and_hour=2)
    await receive(house, "ett ELAK", "två ELAK", "tre ELAK")
    desk = scanning(house, Pretended({b"ELAK": "Prov.Elak"}))

    await desk.once()

    states = [row["state"] for row in house.outbox(purpose=Purpose.TASK)]
    assert (len(states), states[-1]) == (3, "hålls")


async def test_while_the_scanner_is_away_cases_are_opened_and_everything_is_tried_again(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await receive(house, "ett", "två")
    scanner = Pretended(away=True)
    desk = scanning(house, scanner)

    assert await desk.once() == 0
    assert await desk.once() == 0
    assert len(house.cases()) == 2
    assert states(house) == [("väntar", []), ("väntar", [])]
    scanner.away = False
    assert await desk.once() == 2

    assert states(house) == [("ren", []), ("ren", [])]
    said = [record.getMessage() for record in caplog.records if "scanner" in record.getMessage()]
    assert said == ["scanner lost: because=ingen kontakt", "scanner back"]
    assert desk.outage is not None
    assert desk.outage.ended is not None


async def test_one_message_that_the_scanner_chokes_on_holds_up_no_other(house: House) -> None:
    await receive(house, "ett", "SEGT", "två")
    scanner = Pretended({b"SEGT": ScannerAwayError("avbrott")})
    desk = scanning(house, scanner)

    assert await desk.once() == 2
    tries = []
    for _ in range(3):
        house.clock.now += timedelta(hours=2)
        assert await desk.once() == 0
        tries.append(house.table("scans")[1]["attempts"])
    scanner.answers.clear()
    assert await desk.once() == 0  # not before its time
    house.clock.now += timedelta(hours=2)
    assert await desk.once() == 1

    assert tries == [2, 3, 4]
    assert [state for state, _ in states(house)] == ["ren", "ren", "ren"]
    assert desk.outage is None


async def test_what_is_too_large_is_marked_so_and_its_smaller_files_are_looked_through(
    house: House,
) -> None:
    await receive(house, "STORT", file=b"ELAK")
    scanner = Pretended({b"STORT": TooLargeError(), b"ELAK": "Prov.Elak"})

    await scanning(house, scanner).once()

    assert states(house) == [("smittad", [{"part": 1, "name": "Prov.Elak"}])]
    await receive(house, "STORT igen")
    await scanning(house, scanner).once()
    assert states(house)[1] == (ScanState.IMPOSSIBLE, [])


async def test_the_loop_survives_what_it_does_not_know(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await receive(house, "ett")
    desk = scanning(house, Pretended({b"ett": ZeroDivisionError()}))

    running = asyncio.create_task(desk.run())
    await asyncio.sleep(0.2)
    alive = not running.done()
    running.cancel()

    assert alive
    assert "messages wait for the scanner" in caplog.text


@pytest.fixture(scope="module")
def server() -> Iterator[clamd.Server]:
    if reason := clamd.why_not():
        pytest.skip(reason)
    with clamd.running() as started:
        yield started


async def test_a_real_clamd_finds_what_came_as_a_file_of_a_mail(house: House, server: clamd.Server) -> None:
    await receive(house, "rent")
    await receive(house, "elakt", file=b"xx" + EICAR)

    assert await scanning(house, Clamd(address=server.unix)).once() == 2

    assert states(house)[0] == ("ren", [])
    state, found = states(house)[1]
    assert state == "smittad"
    assert {"part": 1, "name": NAME} in found


@pytest.mark.parametrize(
    ("found", "part", "named"),
    [
        ([(scans.WHOLE, "A")], 0, ("A",)),  # in which file is not known: none is safe
        ([(scans.WHOLE, "A"), (1, "A")], 1, ("A",)),
        ([(1, "A")], 0, ()),
        ([(1, "A")], 1, ("A",)),
        ([(0, "A"), (1, "B")], None, ("A", "B")),
        ([], None, ()),
    ],
)
def test_a_part_is_safe_only_if_nothing_may_lie_in_it(
    found: list[tuple[int, str]], part: int | None, named: tuple[str, ...]
) -> None:
    scan = {"found": [{"part": where, "name": name} for where, name in found]}

    assert scans.names(scan, part) == named
    assert scans.names(None, part) == ()
