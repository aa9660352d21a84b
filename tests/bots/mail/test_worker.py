"""A mail that hangs its reader or kills it is contained, and those beside it are read."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from bots.mail.reading import ReadMail, TrustedFront
from bots.mail.worker import Job, Reader, read_all
from store.domain import Automatic, Verdict
from tests.post.made import GUNGA, OWN, mail

WARNING = "Brevet gick inte att läsa inom rimlig tid. Det är sparat som det kom."


def read_or_misbehave(jobs: Sequence[Job]) -> list[ReadMail]:
    """Do in the child what a hostile mail might bring about; its subject says what."""
    for job in jobs:
        if b"Subject: HANG" in job.raw:
            time.sleep(60)
        if b"Subject: CRASH" in job.raw:
            os._exit(11)
        if b"Subject: MEMORY" in job.raw:
            bytearray(1 << 32)
    return read_all(jobs)


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    made = Reader(time_limit=1.0, work=read_or_misbehave)
    yield made
    made.close()


def _subjects(found: list[ReadMail]) -> list[str]:
    return [one.subject for one in found]


def test_mails_come_back_in_the_order_they_went(reader: Reader) -> None:
    found = reader.read_many([Job(raw=mail(subject=f"Brev {n}")) for n in range(20)])

    assert _subjects(found) == [f"Brev {n}" for n in range(20)]
    assert {one.text for one in found} == {GUNGA}


def test_nothing_to_read_is_nothing_read(reader: Reader) -> None:
    assert reader.read_many([]) == []


def test_what_the_caller_knows_reaches_the_child(reader: Reader) -> None:
    trusted = TrustedFront(families=frozenset({"rspamd"}), strips_forged=True)
    job = Job(raw=mail(sender=OWN, extra="X-Spam: Yes\n"), own=(OWN,), trusted=trusted)

    (found,) = reader.read_many([job])

    assert found.automatic is Automatic.OWN_LOOP
    assert found.verdicts == {Verdict.SPAM}


@pytest.mark.parametrize("deed", ["HANG", "CRASH", "MEMORY"])
def test_only_the_guilty_mail_is_left_unread(reader: Reader, deed: str) -> None:
    jobs = [Job(raw=mail(subject=subject)) for subject in ("Ett", deed, "Tre")]

    before, guilty, after = reader.read_many(jobs)

    assert (before.text, after.text) == (GUNGA, GUNGA)
    assert (guilty.subject, guilty.from_addr, guilty.text) == (deed, "asa.lind@example.se", "")
    assert guilty.warnings == (WARNING,)


def test_a_mail_left_unread_is_still_known_for_a_machines(reader: Reader) -> None:
    (found,) = reader.read_many([Job(raw=mail(subject="CRASH"), envelope_from="")])

    assert found.automatic is Automatic.AUTO_REPLY
    assert found.answer_to == ""


def test_the_reader_works_again_after_a_crash(reader: Reader) -> None:
    reader.read_many([Job(raw=mail(subject="CRASH"))])

    assert _subjects(reader.read_many([Job(raw=mail())])) == ["Trasig gunga"]


def test_heavy_mails_are_sent_to_the_child_in_several_groups(reader: Reader) -> None:
    heavy = mail("A" * 76 + "\n")
    jobs = [Job(raw=heavy.ljust(5_000_000, b"A")) for _ in range(3)]

    assert _subjects(reader.read_many(jobs)) == ["Trasig gunga"] * 3


def test_reading_needs_neither_database_model_nor_web(tmp_path: Path) -> None:
    script = tmp_path / "look.py"
    script.write_text(
        "import sys, bots.mail.worker\n"
        "heavy = {'sqlalchemy', 'spacy', 'starlette', 'jinja2', 'httpx', 'numpy'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )

    seen = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)

    assert seen.stdout == "[]\n"


def test_the_child_does_not_run_the_main_program_again(tmp_path: Path) -> None:
    script = tmp_path / "main.py"
    script.write_text(
        "print('main runs')\n"
        "from bots.mail.worker import Job, Reader\n"
        "reader = Reader()\n"
        "print(reader.read_many([Job(raw=b'Subject: Hej\\n\\nGunga')])[0].text)\n"
        "reader.close()\n"
    )

    seen = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)

    assert seen.stdout == "main runs\nGunga\n"
