"""Copies in a mailbox on a real Dovecot: gone when they are kept here, and only then (row B16)."""

import asyncio
import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from imapclient import IMAPClient  # type: ignore[import-untyped]  # imapclient ships no types
from sqlalchemy import update

from bots.channels.imap import Imap
from bots.channels.imap_copies import Swept
from bots.channels.imap_message import inbound
from bots.cli import main
from bots.parts import open_store_of
from bots.settings import load
from store import emptying, inbox, retention
from store.domain import MessageState
from store.engine import Store
from store.tables import blobs, messages
from tests.bots.test_cli import CONFIG
from tests.house import a_mail, rows_of
from tests.journeys.test_dovecot import Book
from tests.servers.dovecot import Dovecot, dovecot

pytestmark = pytest.mark.journey
ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])
NOW = datetime(2027, 6, 1, tzinfo=UTC)
OLD, LATER = datetime(2026, 1, 5, 12, tzinfo=UTC), datetime(2026, 5, 31, 12, tzinfo=UTC)
BEFORE = date(2026, 3, 1)


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot(tls=False) as running:
        yield running


@pytest.fixture
def account() -> str:
    return f"synpunkt-{secrets.token_hex(4)}@lillkommun.example"


def put(
    server: Dovecot, account: str, *mails: bytes, at: datetime = OLD, flags: Sequence[bytes] = ()
) -> None:
    with IMAPClient("127.0.0.1", server.imap_port, ssl=False) as client:
        client.plain_login(account, server.password)
        for mail in mails:
            client.append("INBOX", mail, flags, at)


def left(server: Dovecot, account: str) -> list[bytes]:
    with IMAPClient("127.0.0.1", server.imap_port, ssl=False) as client:
        client.plain_login(account, server.password)
        client.select_folder("INBOX", readonly=True)
        found = client.fetch(client.search("ALL"), ["BODY.PEEK[]"])
        return [found[uid][b"BODY[]"] for uid in sorted(found)]


def keep(store: Store, *mails: bytes, read: bool = True) -> None:
    group = [inbound(mail, account="x", external_id="", arrived=OLD, now=NOW) for mail in mails]
    with store.write() as transaction:
        inbox.keep(transaction, group, NOW)
        if read:
            transaction.connection.execute(update(messages).values(state=MessageState.READ))


def sweep(server: Dovecot, account: str, store: Store, *, carry_out: bool) -> tuple[list[Swept], int]:
    mailbox = Imap(
        account=account,
        host="127.0.0.1",
        port=server.imap_port,
        security="none",
        username=account,
        password=server.password,
        ledger=Book(),
        clock=lambda: NOW,
    )
    gone: list[int] = []

    def is_kept(mail: bytes) -> bool:
        with store.read() as transaction:
            return retention.is_imported(transaction, mail)

    removed = gone.append if carry_out else None
    swept = asyncio.run(mailbox.sweep(before=BEFORE, is_kept=is_kept, removed=removed))
    return swept, sum(gone)


def mail(text: str) -> bytes:
    return a_mail(text, subject=text)


@ON_SQLITE
def test_b16_only_old_copies_of_what_is_kept_and_read_are_removed(
    server: Dovecot, account: str, store: Store
) -> None:
    kept, unknown, unread, fresh = (mail(one) for one in ("kept", "unknown", "unread", "fresh"))
    put(server, account, kept, unknown, unread)
    put(server, account, fresh, at=LATER)
    keep(store, kept, fresh)
    keep(store, unread, read=False)

    looked_at = sweep(server, account, store, carry_out=False)
    still = left(server, account)
    done = sweep(server, account, store, carry_out=True)

    assert looked_at == ([Swept(folder="INBOX", copies=1, left=2)], 0)
    assert still == [kept, unknown, unread, fresh]
    assert done == ([Swept(folder="INBOX", copies=1, left=2)], 1)
    assert left(server, account) == [unknown, unread, fresh]


@ON_SQLITE
def test_b16_what_a_colleague_has_marked_as_deleted_is_not_expunged_along(
    server: Dovecot, account: str, store: Store
) -> None:
    kept, theirs = mail("kept"), mail("theirs")
    put(server, account, kept)
    put(server, account, theirs, flags=[b"\\Deleted"])
    keep(store, kept)

    sweep(server, account, store, carry_out=True)

    assert left(server, account) == [theirs]


@ON_SQLITE
def test_b16_a_copy_of_what_lies_here_spoilt_is_not_removed(
    server: Dovecot, account: str, store: Store
) -> None:
    kept = mail("kept")
    put(server, account, kept)
    keep(store, kept)
    with store.write() as transaction:
        transaction.connection.execute(update(blobs).values(data=b"something else"))

    sweep(server, account, store, carry_out=True)

    assert left(server, account) == [kept]


@ON_SQLITE
def test_b16_the_same_message_id_with_another_text_is_no_copy(
    server: Dovecot, account: str, store: Store
) -> None:
    kept, other = a_mail("Ett", message_id="<a@example.org>"), a_mail("Två", message_id="<a@example.org>")
    put(server, account, other)
    keep(store, kept)

    sweep(server, account, store, carry_out=True)

    assert left(server, account) == [other]


@ON_SQLITE
def test_b16_the_copy_of_what_was_disposed_of_goes_as_well(
    server: Dovecot, account: str, store: Store
) -> None:
    kept = mail("kept")
    put(server, account, kept)
    keep(store, kept)
    with store.write() as transaction:
        ids = list(transaction.connection.scalars(messages.select().with_only_columns(messages.c.id)))
        emptying.empty_messages(transaction, ids, now=NOW)

    sweep(server, account, store, carry_out=True)

    assert left(server, account) == []


def test_b16_the_command_removes_copies_by_the_decision_and_writes_them_in_the_protocol(
    server: Dovecot,
    account: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SYNPUNKT_PROV_SECRET", "en hemlighet som bara finns i testerna")
    monkeypatch.setenv("SYNPUNKT_PROV_IMAP", server.password)
    (tmp_path / "mejl.eml").write_bytes(mail("kept"))
    config = tmp_path / "config.toml"
    config.write_text(
        CONFIG.format(folder=tmp_path)
        + f'\n[channels.imap.lada]\nhost = "127.0.0.1"\nport = {server.imap_port}\nsecurity = "none"\n'
        f'username = "{account}"\npassword = "env:SYNPUNKT_PROV_IMAP"\n'
        '\n[[retention]]\nrecord = "kanalkopia"\ndays = 30\ndecision_ref = "KS § 12"\n',
        encoding="utf-8",
    )
    put(server, account, mail("kept"), mail("unknown"))
    assert main(["receive", str(tmp_path / "mejl.eml"), "--config", str(config)]) == 0

    assert main(["retention", "--config", str(config)]) == 0
    shown, before = capsys.readouterr().out, len(left(server, account))
    decided = ("--carry-out", "--decision", "KS § 12", "--by", "rita")
    assert main(["retention", *decided, "--config", str(config)]) == 0

    store = open_store_of(load(config))
    (line,) = rows_of(store, "disposals")
    store.close()
    assert "kanalkopia, lada INBOX: 1 att ta bort, 1 utan belägg" in shown
    assert (before, left(server, account)) == (2, [mail("unknown")])
    assert "kanalkopia, lada INBOX: 1 borttagna, 1 utan belägg" in capsys.readouterr().out
    assert (line["record"], line["pieces"], line["carried_out_by"]) == ("kanalkopia", 1, "rita")
