"""How many mails a second are read: in the process, and in the child process that the product uses.

Run it by hand: `python -m tests.bench.reading [--rounds 5] [--mails 300]`.
"""

import argparse
import time
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP

from bots.mail.worker import Job, Reader, read_all
from tests.bench.figures import machine, spread
from tests.journeys.mails import citizen, message_id

_US = "synpunkt@lillkommun.example"
_TEXT = "Gungan i Björkparken är trasig, och den har varit det länge nu. " * 30


def mails(count: int) -> list[bytes]:
    """Write mails of about 3 kB: 8bit, quoted-printable, and HTML in base64, a third each."""
    return [_written(number) for number in range(count)]


def _written(number: int) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = f"Åsa Öberg <{citizen(number)}>"
    mail["To"] = _US
    mail["Subject"] = f"Gungan på lekplatsen är trasig igen ({number})"
    mail["Message-ID"] = message_id(number)
    mail["Received"] = "from mx.example.org by mx.lillkommun.example; Mon, 23 Nov 2026 10:00:00 +0100"
    mail.set_content(_TEXT, cte=("8bit", "quoted-printable", "base64")[number % 3])
    if number % 3 == 2:
        mail.add_alternative(f"<html><body><p>{_TEXT}</p></body></html>", subtype="html", cte="base64")
    return mail.as_bytes()


def run(*, rounds: int, count: int) -> dict[str, list[float]]:
    """Read the same mails both ways, by turns."""
    jobs = [Job(raw=raw, own=(_US,), envelope_from="") for raw in mails(count)]
    reader = Reader()
    reader.read_many(jobs[:1])  # starts the child
    rates: dict[str, list[float]] = {"in the process": [], "in the child": []}
    for _ in range(rounds):
        for name, work in (("in the process", read_all), ("in the child", reader.read_many)):
            began = time.monotonic()
            work(jobs)
            rates[name].append(count / (time.monotonic() - began))
    reader.close()
    return rates


def lines(rates: dict[str, list[float]], *, count: int) -> Iterator[str]:
    """Write it as a table."""
    yield f"{count} mails of about 3 kB, by turns: mails/s, median (least–most); {machine()}"
    for name, values in rates.items():
        yield f"{name:20}{spread(values):>28}"


def main(arguments: list[str] | None = None) -> None:
    """Measure once and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.reading", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mails", type=int, default=300)
    chosen = parser.parse_args(arguments)
    print("\n".join(lines(run(rounds=chosen.rounds, count=chosen.mails), count=chosen.mails)))


if __name__ == "__main__":
    main()
