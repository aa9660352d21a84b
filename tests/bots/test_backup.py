"""A backup is of one moment, opens for its key only, and is laid in whole or not at all."""

import gzip
import io
import os
import random
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pyrage
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, select, text

from bots import backup as packed
from bots.backup import Told, WrongKeyError
from store import backup, inbox, migrations, tables
from store.backup import BackupError
from store.domain import Inbound
from store.engine import Row, Store, StoreError, open_store
from store.migrations import is_current

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECRET, PUBLIC = packed.new_identity()
KEYS = packed.identities(SECRET.encode(), str)
FILES = {"config.toml": b'namn = "Lilla kommunen"\n'}


def keep(store: Store, *texts: str) -> None:
    group = [
        Inbound(
            channel="x", account="a", external_id=one, received_at=NOW, raw=one.encode() + bytes(range(256))
        )
        for one in texts
    ]
    with store.write() as transaction:
        inbox.keep(transaction, group, NOW)


def every_row(store: Store) -> dict[str, list[Row]]:
    """Read all tables the ordinary way, which is not the way of the backup."""
    with store.read() as transaction:
        names = set(inspect(transaction.connection).get_table_names())
        return {
            name: sorted(transaction.rows(select(table)), key=repr)
            for name, table in tables.metadata.tables.items()
            if name in names
        }


def a_backup(store: Store) -> bytes:
    out = io.BytesIO()
    packed.write(
        store, out, [PUBLIC], files=FILES, keys=["file:/etc/synpunkt/mail-secret"], version="1", now=NOW
    )
    return out.getvalue()


def restore(data: bytes | IO[bytes], target: Store, keys: object = KEYS) -> Told:
    source = io.BytesIO(data) if isinstance(data, bytes) else data

    def lay_in(told: Told, found: Iterator[backup.Piece], prove: object) -> int:
        assert callable(prove)
        return backup.lay_in(target, told.facts, found, is_whole=prove)

    return packed.read(source, keys, lay_in)  # type: ignore[arg-type]  # as given


@contextmanager
def opened(url: str, *, like: Store | None = None) -> Iterator[Store]:
    """Open a store, with the key that another one seals its rows with."""
    store = open_store(url, seal_key=like.seal_key if like is not None else None)
    try:
        yield store
    finally:
        store.close()


def table_names(store: Store) -> list[str]:
    with store.read() as transaction:
        return inspect(transaction.connection).get_table_names()


def test_what_is_restored_equals_what_was_there_row_by_row(store: Store, bare_url: str) -> None:
    keep(store, "Gungan är trasig", "tab\tny\nrad\\N \\. \u2028", "🙂")
    with store.write() as transaction:
        transaction.connection.execute(tables.counters.insert().values(series="SYN-2026", value=7))
    before = every_row(store)

    with opened(bare_url, like=store) as target:
        told = restore(a_backup(store), target)
        after = every_row(target)
        migrations.upgrade(target)
        assert is_current(target)

    assert len(before["messages"]) == 3
    assert after == before
    assert (told.made_at, told.version, told.files) == (NOW, "1", FILES)
    assert told.keys == ["file:/etc/synpunkt/mail-secret"]
    assert told.rows == sum(len(rows) for rows in before.values())


def test_the_next_number_of_the_database_goes_on_where_it_was(store: Store, bare_url: str) -> None:
    keep(store, "ett", "två")

    with opened(bare_url, like=store) as target:
        restore(a_backup(store), target)
        keep(target, "tre")
        ids = sorted(row["id"] for row in every_row(target)["messages"])

    assert ids == [1, 2, 3]


def test_a_backup_holds_the_moment_at_which_it_began_while_others_write(store: Store, bare_url: str) -> None:
    keep(store, "före")
    before = every_row(store)
    out = io.BytesIO()

    packed.write(
        store,
        out,
        [PUBLIC],
        files={},
        keys=[],
        version="1",
        now=NOW,
        begun=lambda _transaction: keep(store, "under tiden"),
    )

    assert len(every_row(store)["messages"]) == 2
    with opened(bare_url) as target:
        restore(out.getvalue(), target)
        assert every_row(target) == before


def test_nothing_of_a_backup_can_be_read_without_its_key(store: Store, bare_url: str) -> None:
    keep(store, "Gungan i parken")
    data = a_backup(store)
    other = packed.identities(packed.new_identity()[0].encode(), str)

    assert data.startswith(b"age-encryption.org/v1")
    assert b"Gungan" not in data
    with opened(bare_url) as target:
        with pytest.raises(WrongKeyError, match="en annan nyckel"):
            restore(data, target, other)
        assert table_names(target) == []


def test_a_backup_opens_with_ordinary_programs(store: Store) -> None:
    keep(store, "ett")

    plain = gzip.decompress(pyrage.decrypt(a_backup(store), KEYS))

    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        names = tar.getnames()
    assert names[:2] == ["facts.json", "files/config.toml"]
    assert names[-1] == "manifest.json"
    assert "tables/messages" in {name.rpartition("/")[0] for name in names}


def test_a_target_that_holds_something_is_refused_and_left_as_it_was(store: Store, bare_url: str) -> None:
    keep(store, "ett")
    data = a_backup(store)
    with opened(bare_url) as target:
        migrations.upgrade(target)
        keep(target, "annat")
        before = every_row(target)

        with pytest.raises(BackupError, match="målet är inte tomt"):
            restore(data, target)

        assert every_row(target) == before


def test_a_backup_of_another_kind_of_database_is_refused(store: Store, tmp_path: Path) -> None:
    data = a_backup(store)
    with opened(f"sqlite:///{tmp_path / 'mål.db'}") as target:
        if store.is_sqlite:
            assert restore(data, target).facts.kind == "sqlite"
            return
        with pytest.raises(BackupError, match="säkerhetskopian är från postgresql, och målet är sqlite"):
            restore(data, target)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.9, 0.999])
def test_a_backup_that_was_cut_off_restores_nothing(store: Store, bare_url: str, share: float) -> None:
    keep(store, *(f"nummer {number}" for number in range(20)))
    data = a_backup(store)

    with opened(bare_url) as target:
        with pytest.raises(BackupError):
            restore(data[: int(len(data) * share)], target)
        assert table_names(target) == []


def test_a_changed_sign_anywhere_restores_nothing(shelf_backup: bytes, tmp_path: Path) -> None:
    choose = random.Random(7)  # noqa: S311 - chance, not a secret
    for number in range(15):
        data = bytearray(shelf_backup)
        data[choose.randrange(len(data))] ^= 1 << choose.randrange(8)
        with opened(f"sqlite:///{tmp_path / str(number)}.db") as target:
            with pytest.raises(BackupError):
                restore(bytes(data), target)
            assert table_names(target) == []


@pytest.fixture
def shelf_backup(sqlite_model: Path, tmp_path: Path) -> bytes:
    copy = tmp_path / "källa.db"
    copy.write_bytes(sqlite_model.read_bytes())
    with opened(f"sqlite:///{copy}") as source:
        keep(source, "ett", "två")
        return a_backup(source)


def repacked(data: bytes, change: dict[str, bytes | None]) -> bytes:
    """Pack a backup anew with some members exchanged, as somebody could who has the public key."""
    out = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(gzip.decompress(pyrage.decrypt(data, KEYS)))) as tar,
        tarfile.open(fileobj=out, mode="w") as new,
    ):
        for member in tar.getmembers():
            opened_member = tar.extractfile(member)
            assert opened_member is not None
            content = change.get(member.name.rpartition("/")[0] or member.name, opened_member.read())
            if content is not None:
                member.size = len(content)
                new.addfile(member, io.BytesIO(content))
    packed_anew: bytes = pyrage.encrypt(gzip.compress(out.getvalue()), [KEYS[0].to_public()])
    return packed_anew


@pytest.mark.parametrize(
    "change",
    [
        {"manifest.json": None},
        {"manifest.json": b"{}"},
        {"manifest.json": b"[" * 100_000},
        {"tables/blobs": None},
        {"tables/messages": b'["inte", "en", "rad"]\n'},
        {"tables/messages": b"inte json\n"},
        {"files": b"annat"},
        {"facts.json": b"{}"},
        {"facts.json": b'{"format": 99}'},
        {"facts.json": b"\xff"},
    ],
)
def test_a_backup_that_does_not_agree_with_its_manifest_restores_nothing(
    shelf_backup: bytes, tmp_path: Path, change: dict[str, bytes | None]
) -> None:
    assert restored_alone(repacked(shelf_backup, {}), tmp_path / "hel.db")

    with opened(f"sqlite:///{tmp_path / 'mål.db'}") as target:
        with pytest.raises(StoreError):
            restore(repacked(shelf_backup, change), target)
        assert table_names(target) == []


def restored_alone(data: bytes, file: Path) -> bool:
    with opened(f"sqlite:///{file}") as target:
        return restore(data, target).rows > 0


@given(st.binary(max_size=400))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_that_are_encrypted_to_us_are_told_as_no_backup(data: bytes) -> None:
    def refuse(*_given: object) -> int:
        raise AssertionError("nothing to lay in")

    with pytest.raises(BackupError):
        packed.read(io.BytesIO(pyrage.encrypt(data, [KEYS[0].to_public()])), KEYS, refuse)


def test_a_backup_from_an_older_release_is_brought_up_to_date(bare_url: str, tmp_path: Path) -> None:
    second = f"sqlite:///{tmp_path / 'äldre.db'}"
    source_url, target_url = (second, bare_url) if bare_url.startswith("sqlite") else (bare_url, "")
    with opened(source_url) as old:
        with old.engine.begin() as connection:
            migrations.climb_to(connection, "0016")
            connection.execute(
                text("INSERT INTO blobs (sha256, size, data, kept_at) VALUES ('a', 1, :data, '2026-11-23')"),
                {"data": b"x"},
            )
        data = older_backup(old)
        if not target_url:
            with old.engine.begin() as connection:
                connection.execute(text("DROP SCHEMA public CASCADE"))
                connection.execute(text("CREATE SCHEMA public"))
    with opened(target_url or source_url) as target:
        assert restore(data, target).facts.revision == "0016"
        assert not is_current(target)
        migrations.upgrade(target)
        assert is_current(target)
        (blob,) = every_row(target)["blobs"]
    assert (blob["sha256"], blob["data"], blob["key_id"]) == ("a", b"x", "")


def older_backup(store: Store) -> bytes:
    out = io.BytesIO()
    packed.write(store, out, [PUBLIC], files={}, keys=[], version="0", now=NOW)
    return out.getvalue()


def test_a_backup_of_a_newer_release_says_so(shelf_backup: bytes, tmp_path: Path) -> None:
    facts = gzip.decompress(pyrage.decrypt(shelf_backup, KEYS))
    with tarfile.open(fileobj=io.BytesIO(facts)) as tar:
        member = tar.extractfile("facts.json")
        assert member is not None
        newer = member.read().replace(f'"revision": "{migrations.newest()}"'.encode(), b'"revision": "9999"')

    with opened(f"sqlite:///{tmp_path / 'mål.db'}") as target:
        with pytest.raises(StoreError, match="knows no step 9999"):
            restore(repacked(shelf_backup, {"facts.json": newer}), target)
        assert table_names(target) == []


def test_a_full_disk_is_told_and_leaves_no_file(store: Store, tmp_path: Path) -> None:
    keep(store, "x" * 3_000_000)

    with pytest.raises(BackupError, match="No space left"), Path("/dev/full").open("wb", buffering=0) as out:
        packed.write(store, out, [PUBLIC], files={}, keys=[], version="1", now=NOW)

    with pytest.raises(RuntimeError), packed.new_file(tmp_path / "kopia.age") as out:
        out.write(b"en del")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_backup_takes_the_place_of_no_other_and_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "kopia.age"
    with packed.new_file(file) as out:
        out.write(b"en")

    with pytest.raises(FileExistsError), packed.new_file(file) as out:
        out.write(b"annan")

    assert file.read_bytes() == b"en"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["kopia.age"]


def test_a_file_of_keys_may_be_locked_by_a_passphrase() -> None:
    locked = pyrage.passphrase.encrypt(f"# en kommentar\n{SECRET}\n".encode(), "fyra ord om en gunga")

    assert len(packed.identities(locked, lambda: "fyra ord om en gunga")) == 1
    with pytest.raises(WrongKeyError, match="lösenfrasen öppnar inte"):
        packed.identities(locked, lambda: "fel")


def test_keys_of_ssh_may_be_used_as_well(store: Store, bare_url: str, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "k")], check=True)
    out = io.BytesIO()
    public = (tmp_path / "k.pub").read_text().strip()
    packed.write(store, out, [public], files={}, keys=[], version="1", now=NOW)

    with opened(bare_url) as target:
        restore(out.getvalue(), target, packed.identities((tmp_path / "k").read_bytes(), str))
        assert every_row(target) == every_row(store)


@pytest.mark.parametrize("data", [b"", b"inget", b"AGE-SECRET-KEY-1FEL", b"-----BEGIN OPENSSH", b"\xff\xfe"])
def test_a_file_that_holds_no_key_says_so_without_showing_it(data: bytes) -> None:
    with pytest.raises(WrongKeyError, match="nyckelfilen") as told:
        packed.identities(data, str)

    assert "FEL" not in str(told.value)


@pytest.mark.parametrize(
    "wrong", ["", "age1inte", "ssh-rsa inte", SECRET], ids=["nothing", "no key", "no age key", "a secret one"]
)
def test_who_can_not_be_encrypted_to_is_told(wrong: str) -> None:
    with pytest.raises(ValueError, match="mottagare i formatet age"):
        packed.recipient(wrong)


def test_memory_does_not_grow_with_the_backup(sqlite_model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "källa.db"
    copy.write_bytes(sqlite_model.read_bytes())
    with opened(f"sqlite:///{copy}") as source, source.write() as transaction:
        for number in range(30):
            row = {"sha256": f"{number:064}", "size": 2**20, "kept_at": NOW}
            transaction.connection.execute(tables.blobs.insert().values(**row, data=os.urandom(2**20)))
    measure = f"""
import os, resource
from datetime import UTC, datetime
from bots import backup
from store.engine import open_store
store = open_store("sqlite:///{copy}")
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before = peak()
with open("{tmp_path / "kopia.age"}", "wb") as out:
    backup.write(store, out, ["{PUBLIC}"], files={{}}, keys=[], version="1", now=datetime.now(UTC))
print(peak() - before, os.path.getsize("{tmp_path / "kopia.age"}") // 2**20)
"""
    done = subprocess.run([sys.executable, "-c", measure], check=True, capture_output=True, text=True)

    grown, size = map(int, done.stdout.split())
    assert size >= 30  # chance can not be squeezed
    assert grown < 20
