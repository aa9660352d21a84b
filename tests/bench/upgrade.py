"""How long it takes to bring the first release's database up to date, and whether mail is taken meanwhile.

Run it by hand, where git's history is: `python -m tests.bench.upgrade [--cases 100000] [--database sqlite]`.

The first release is the commit whose guide first told how to upgrade: its program and its tables are taken
out of the history. Its service runs and gets one mail after another; `synpunkt upgrade` of this tree brings
the tables up to date beside it; then the old service is stopped and this one started. Told is the longest
time from one 250 to the next, in each part of the way, and that each mail with a 250 is there at the end.
"""

import argparse
import contextlib
import os
import re
import smtplib
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count, islice, pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, insert, text

from store.engine import Store, open_store
from store.migrations import climb_to, is_current
from tests.bench.figures import machine
from tests.journeys.mails import citizen, message_id, synpunkt
from tests.servers import postgres
from tests.servers.postfix import free_port
from tests.servers.product import SECRETS

_ROOT = Path(__file__).parents[2]
FIRST = "a37646d"  # "Tell how to upgrade", 2026-11-22
_STEP = "0002"
_AT_ONCE = 2000
_MESSAGE_ID = re.compile(rb"Message-ID: (<[^>]+>)")
_US = "synpunkt@lillkommun.example"
_BEGAN = datetime(2024, 1, 1, 8, tzinfo=UTC)
_TEXT = "Det här är en mening om vår gata, och den är ungefär så lång som folk skriver. " * 8
# Both releases read it.
_CONFIG = """\
[municipality]
name = "Lilla kommunen"
service_name = "Tyck till"
phone = "070-174 06 05"
phone_hours = "mån–fre 8–16"
privacy_url = "https://lillkommun.example/personuppgifter"

[store]
url = "{url}"

[mail]
address = "{us}"
secret = "env:SYNPUNKT_TEST_SECRET"

[channels.smtp]
port = {port}
recipients = ["{us}"]

[channels.relay]
host = "127.0.0.1"
port = {relay}
security = "none"

[classifier]
enabled = false

[triage]
registrator = "rita"

[[handlers]]
id = "rita"
name = "Rita Lund"
title = "registrator"
email = "rita@lillkommun.example"
"""


@dataclass
class Sender:
    """Delivers one mail after another, on a connection of its own each, and notes when each 250 came."""

    port: int
    heard: list[tuple[int, float]] = field(default_factory=list)
    refused: int = 0
    _stopped: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def sending(self) -> Iterator["Sender"]:
        """Send for as long as the block lasts."""
        thread = threading.Thread(target=self._send)
        thread.start()
        try:
            yield self
        finally:
            self._stopped.set()
            thread.join()

    def _send(self) -> None:
        for number in count():
            mail = synpunkt(number, to=_US)
            while not self._stopped.is_set():
                # The same mail again, as a mail server would; sooner than one, to see when it is taken.
                try:
                    with smtplib.SMTP("127.0.0.1", self.port, timeout=60) as server:
                        server.sendmail(citizen(number), [_US], mail)
                except (smtplib.SMTPException, OSError):
                    self.refused += 1
                    time.sleep(0.05)
                else:
                    self.heard.append((number, time.monotonic()))
                    break
            if self._stopped.wait(0.02):
                return

    def longest(self, begin: float, end: float) -> float:
        """Return the longest time without a 250 between `begin` and `end`."""
        pairs = pairwise([begin, *(at for _, at in self.heard if begin < at < end), end])
        return max(after - before for before, after in pairs)


def fill(store: Store, cases: int) -> int:
    """Make the tables of the first release, and that many cases with all of each; return the rows."""
    with store.engine.begin() as connection:
        climb_to(connection, _STEP)
    tables = MetaData()
    with store.engine.connect() as connection:
        tables.reflect(connection)
        connection.rollback()
    rows = 0
    every = iter(range(1, cases + 1))
    while numbers := list(islice(every, _AT_ONCE)):
        with store.engine.begin() as connection:
            for name, made in _KINDS.items():
                values = [row for number in numbers for row in made(number)]
                connection.execute(insert(tables.tables[name]), [_fitting(store, row) for row in values])
                rows += len(values)
    with store.engine.begin() as connection:
        connection.execute(insert(tables.tables["counters"]), [{"series": "SYN-2024", "value": cases}])
        if not store.is_sqlite:
            for name in ("cases", "messages", "letters", "promises", "journal", "suggestions"):
                connection.execute(text(f"SELECT setval('{name}_id_seq', (SELECT max(id) FROM {name}))"))  # noqa: S608
    if not store.is_sqlite:
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
    return rows


def _fitting(store: Store, row: Mapping[str, Any]) -> dict[str, Any]:
    if not store.is_sqlite:
        return dict(row)
    return {
        name: value.replace(tzinfo=None) if isinstance(value, datetime) else value
        for name, value in row.items()
    }


def _at(number: int) -> datetime:
    return _BEGAN + timedelta(minutes=10 * number)


def _bytes(number: int) -> bytes:
    return f"Message-ID: <{number}@example.org>\r\nSubject: Gunga {number}\r\n\r\n{_TEXT}".encode()


def _blob(number: int) -> Iterator[dict[str, Any]]:
    data = _bytes(number)
    yield {"sha256": sha256(data).hexdigest(), "size": len(data), "data": data, "kept_at": _at(number)}


def _case(number: int) -> Iterator[dict[str, Any]]:
    yield {
        "id": number,
        "number": f"SYN-2024-{number:06}",
        "series": "SYN-2024",
        "sequence": number,
        "status": "avslutad" if number % 50 else "tilldelad",
        "received_at": _at(number),
        "opened_at": _at(number),
        "title": f"Gunga {number} är trasig",
        "channel": "smtp",
        "sender_channel": "email",
        "sender_handle": citizen(number),
        "sender_name": f"Medborgare {number}",
        "language": "sv",
        "unit": "park",
        "handler": "rita",
        "routed_because": "",
        "chosen_kind": "",
        "kind": "klagomål",
        "factor": "Mat",
        "lanes": [],
        "quarantined_because": "",
        "version": 1,
    }


def _message(number: int) -> Iterator[dict[str, Any]]:
    yield {
        "id": number,
        "channel": "smtp",
        "account": _US,
        "external_id": f"<{number}@example.org>",
        "dedupe_key": f"smtp:{number}",
        "sha256": sha256(_bytes(number)).hexdigest(),
        "media_type": "message/rfc822",
        "envelope_from": citizen(number),
        "envelope_to": [_US],
        "given": {},
        "received_at": _at(number),
        "kept_at": _at(number),
        "state": "läst",
        "attempts": 1,
        "case_id": number,
        "from_addr": citizen(number),
        "from_name": f"Medborgare {number}",
        "answer_to": citizen(number),
        "subject": f"Gunga {number}",
        "message_id": f"<{number}@example.org>",
        "text": _TEXT,
        "full_text": _TEXT,
        "automatic": "",
        "automatic_kind": "",
        "attachments": [],
        "verdicts": [],
        "warnings": [],
    }


def _letters(number: int) -> Iterator[dict[str, Any]]:
    for place, purpose in enumerate(("kvitto", "underrättelse")):
        yield {
            "id": 2 * number + place,
            "key": f"{purpose}:{number}",
            "case_id": number,
            "purpose": purpose,
            "channel": "email",
            "handle": citizen(number),
            "recipient_name": f"Medborgare {number}",
            "subject": f"SYN-2024-{number:06}",
            "body": _TEXT,
            "language": "sv",
            "external_id": f"<b{2 * number + place}@lillkommun.example>",
            "in_reply_to": "",
            "references": [],
            "state": "skickat",
            "state_because": "",
            "priority": 1,
            "attempts": 1,
            "created_at": _at(number),
            "next_try_at": _at(number),
            "sent_at": _at(number),
            "service_id": "",
        }


def _promises(number: int) -> Iterator[dict[str, Any]]:
    for place, kind in enumerate(("kvitto", "svar")):
        yield {
            "id": 2 * number + place,
            "case_id": number,
            "kind": kind,
            "due_on": _at(number).date() + timedelta(days=10),
            "clause": "T8",
            "arithmetic": [],
            "kept_at": _at(number),
        }


def _journal(number: int) -> Iterator[dict[str, Any]]:
    for place, act in enumerate(("mottaget", "öppnat", "tilldelat", "besvarat", "avslutat")):
        yield {
            "id": 5 * number + place,
            "at": _at(number),
            "actor": "synpunkt",
            "act": act,
            "case_id": number,
            "message_id": number,
            "details": {"nummer": f"SYN-2024-{number:06}"},
        }


def _suggestion(number: int) -> Iterator[dict[str, Any]]:
    yield {
        "id": number,
        "case_id": number,
        "message_id": number,
        "kind": "klagomål",
        "kind_confidence": 0.9,
        "kind_sure": True,
        "factor": "Mat",
        "factor_confidence": 0.8,
        "factor_sure": True,
        "area": "",
        "area_confidence": 0.0,
        "lanes": [],
        "language": "sv",
        "model": "ord-1",
        "why": [],
        "made_at": _at(number),
    }


# In the order in which they point at each other.
_KINDS: Mapping[str, Callable[[int], Iterator[dict[str, Any]]]] = {
    "blobs": _blob,
    "cases": _case,
    "messages": _message,
    "letters": _letters,
    "promises": _promises,
    "journal": _journal,
    "suggestions": _suggestion,
}


def first_release(folder: Path) -> Path:
    """Lay the first release's tree in a folder, and return it."""
    tree = folder / "first"
    packed = folder / "first.tar"
    subprocess.run(["git", "archive", "-o", str(packed), FIRST], cwd=_ROOT, check=True)
    with tarfile.open(packed) as archive:
        archive.extractall(tree, filter="data")
    return tree


@dataclass
class Service:
    """`synpunkt run` of one tree or the other, on the same settings."""

    config: Path
    port: int

    @contextlib.contextmanager
    def running(self, tree: Path) -> Iterator[subprocess.Popen[bytes]]:
        """Let it run for as long as the block lasts, from when it greets; SIGTERM ends it."""
        command = [sys.executable, "-m", "bots", "run", "--config", str(self.config)]
        with self.config.with_suffix(".log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=tree, env={**os.environ, **SECRETS}, stdout=log, stderr=log
            )
        try:
            self._await(process)
            yield process
        finally:
            process.terminate()
            process.wait(60)

    def _await(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + 300
        while time.monotonic() < until and process.poll() is None:
            with contextlib.suppress(OSError), smtplib.SMTP("127.0.0.1", self.port, timeout=5):
                return
            time.sleep(0.05)
        raise RuntimeError(f"it does not answer:\n{self.config.with_suffix('.log').read_text()[-2000:]}")


@contextlib.contextmanager
def _relay() -> Iterator[int]:
    command = [sys.executable, "-m", "tests.bench.serve", "nothing"]
    process = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(10)


def measure(kind: str, url: str, *, cases: int, folder: Path) -> Iterator[str]:
    """Fill, bring up to date beside a running service, change the service; tell it line by line."""
    store = open_store(url)
    began = time.monotonic()
    rows = fill(store, cases)
    store.close()
    seconds = time.monotonic() - began
    yield f"{kind}: {cases:,} cases, {rows:,} rows of step {_STEP}, filled in {seconds:.0f} s"
    port = free_port()
    config = folder / f"{kind}.toml"
    with _relay() as relay:
        old = folder / "old.toml"
        written = _CONFIG.format(url=url, us=_US, port=port, relay=relay)
        old.write_text(written, encoding="utf-8")
        config.write_text(f'{written}\n[journal]\nfolder = "{folder}"\n', encoding="utf-8")
        tree = first_release(folder)
        with contextlib.ExitStack() as stack:
            with Service(old, port).running(tree):
                sender = stack.enter_context(Sender(port).sending())
                sent = time.monotonic()
                time.sleep(5)
                before = time.monotonic()
                command = [sys.executable, "-m", "bots", "upgrade", "--config", str(config)]
                done = subprocess.run(
                    command,
                    cwd=_ROOT,
                    env={**os.environ, **SECRETS},
                    capture_output=True,
                    text=True,
                    check=False,
                )
                ready = time.monotonic()
                yield f"  synpunkt upgrade: {ready - before:.1f} s, status {done.returncode}"
                for line in (done.stdout + done.stderr).splitlines():
                    yield f"    {line}"
            stopped = time.monotonic()
            with Service(config, port).running(_ROOT):
                started = time.monotonic()
                time.sleep(5)
                sender._stopped.set()
        for name, begin, end in (
            ("before", sent, before),
            ("while the tables are brought up to date", before, ready),
            ("while the service is changed", ready, started),
            ("after", started, time.monotonic()),
        ):
            yield f"  longest without a 250 {name}: {sender.longest(begin, end):.2f} s"
        yield f"  the old service ended in {stopped - ready:.1f} s, this began in {started - stopped:.1f} s"
        store = open_store(url)
        # By the bytes: what was kept and not read yet has its Message-ID nowhere else.
        with store.read() as transaction:
            kept = (row["data"] for row in transaction.rows(text("SELECT data FROM blobs")))
            there = {found[1].decode() for data in kept if (found := _MESSAGE_ID.search(data))}
        lost = [number for number, _ in sender.heard if message_id(number) not in there]
        yield (
            f"  {len(sender.heard)} mails confirmed, {sender.refused} tries refused, {len(lost)} lost; "
            f"tables current: {is_current(store)}"
        )
        store.close()


def main(arguments: list[str] | None = None) -> None:
    """Measure once and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.upgrade", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    chosen = parser.parse_args(arguments)
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        if chosen.database != "postgresql":
            for line in measure(
                "SQLite", f"sqlite:///{folder / 'bench.db'}", cases=chosen.cases, folder=folder
            ):
                print(line, flush=True)
        if chosen.database != "sqlite":
            with postgres.running() as server:
                url = server.database("bench")
                for line in measure("PostgreSQL", url, cases=chosen.cases, folder=folder):
                    print(line, flush=True)


if __name__ == "__main__":
    main()
