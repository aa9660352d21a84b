"""Packs a backup: a tar of pieces, squeezed by gzip, encrypted in the age format; and unpacks it.

`age -d -i key FILE | tar xz` opens it without us. The last member, `manifest.json`, tells how many rows each
table has, and the sum of its pieces: a backup that was cut off has none. Everything streams; what is read of
the database is in `store.backup`.
"""

import gzip
import hashlib
import io
import json
import os
import tarfile
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import pyrage

from store import backup
from store.backup import BackupError, Facts, Piece
from store.engine import Store, Transaction

FORMAT = 1
_FACTS, _MANIFEST, _TABLES, _FILES = "facts.json", "manifest.json", "tables", "files"
_LARGEST_FACTS = 16 * 2**20
_SPOILT = "säkerhetskopian är avbruten eller skadad: inget av den är återställt"
_PASSPHRASE = b"age-encryption.org/v1\n"
_SECRET_KEY = "AGE-SECRET-KEY-"  # noqa: S105 - how such a line begins


# What a hostile or cut off file makes of gzip, tar and JSON.
_NO_BACKUP = (
    *(tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError),
    *(ValueError, KeyError, TypeError, AttributeError, RecursionError),
)


class WrongKeyError(BackupError):
    """The key given opens nothing, or is none."""


@dataclass(kw_only=True)
class Sums:
    """Rows and sums, table by table, as the pieces pass by."""

    rows: dict[str, int] = field(default_factory=dict)
    _sums: dict[str, Any] = field(default_factory=dict)

    def add(self, table: str, data: bytes) -> None:
        """Count a piece."""
        self.rows[table] = self.rows.get(table, 0) + data.count(b"\n")
        self._sums.setdefault(table, hashlib.sha256()).update(data)

    def told(self, tables: Sequence[str]) -> dict[str, dict[str, object]]:
        """Return what the manifest says of each table, the empty ones too."""
        empty = hashlib.sha256()
        return {
            name: {"rows": self.rows.get(name, 0), "sha256": self._sums.get(name, empty).hexdigest()}
            for name in tables
        }


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a backup says of itself: when it was made, by which release, and what stood in its manifest."""

    made_at: datetime
    version: str
    facts: Facts
    rows: int
    files: Mapping[str, bytes]
    keys: Sequence[str]


def recipient(text: str) -> pyrage.x25519.Recipient | pyrage.ssh.Recipient:
    """Read whom a backup is encrypted to: `age1...` or a public key of SSH; raise `ValueError`."""
    try:
        if text.startswith("ssh-"):
            return pyrage.ssh.Recipient.from_str(text)
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise ValueError(
            'ska vara en mottagare i formatet age, "age1...", eller en öppen nyckel av SSH'
        ) from error


def new_identity() -> tuple[str, str]:
    """Make a key, and return it with the recipient that belongs to it."""
    made = pyrage.x25519.Identity.generate()
    return str(made), str(made.to_public())


def identities(data: bytes, ask: Callable[[], str]) -> Sequence[pyrage.x25519.Identity | pyrage.ssh.Identity]:
    """Read a file of keys: of age, of SSH, or of age locked by a passphrase, which is then asked for.

    Raises `WrongKeyError` for what is none of them, or if the passphrase is wrong.
    """
    if data.startswith(_PASSPHRASE):
        try:
            data = pyrage.passphrase.decrypt(data, ask())
        except (pyrage.DecryptError, ValueError) as error:
            raise WrongKeyError("lösenfrasen öppnar inte nyckelfilen") from error
    try:
        if data.startswith(b"-----BEGIN"):
            return [pyrage.ssh.Identity.from_buffer(data)]
        lines = [line.strip() for line in data.decode().splitlines()]
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line.startswith(_SECRET_KEY)]
    except (pyrage.IdentityError, UnicodeDecodeError) as error:
        raise WrongKeyError("nyckelfilen kan inte läsas: den är skadad, eller av ett annat slag") from error
    if not found:
        raise WrongKeyError(f"nyckelfilen har ingen rad som börjar med {_SECRET_KEY}")
    return found


def write(
    store: Store,
    out: IO[bytes],
    recipients: Sequence[str],
    *,
    files: Mapping[str, bytes],
    keys: Sequence[str],
    version: str,
    now: datetime,
    begun: Callable[[Transaction], None] = lambda _transaction: None,
) -> dict[str, int]:
    """Write a backup of one moment while others go on, and return the rows of each table.

    `files` go along by name, and `keys` tell which files of keys do not. `begun` is called inside the
    transaction that the backup reads in, when its moment is chosen. Raises `StoreError` or `OSError`; what
    was written by then has no manifest, and is no backup.
    """
    to = [recipient(one) for one in recipients]
    if not to:
        raise BackupError("ingen mottagare: ange recipients under [backup]")
    with store.read() as transaction:
        known = backup.facts(transaction)
        begun(transaction)
        sums = Sums()

        def produce(pipe: IO[bytes]) -> None:
            with (
                gzip.GzipFile(fileobj=pipe, mode="wb", compresslevel=1, mtime=0) as squeezed,
                tarfile.open(fileobj=squeezed, mode="w|") as tar,
            ):
                about = {"format": FORMAT, "made_at": now.isoformat(), "version": version, "keys": list(keys)}
                _add(tar, _FACTS, json.dumps({**about, "facts": asdict(known)}, indent=1).encode(), now)
                for name, data in files.items():
                    _add(tar, f"{_FILES}/{name}", data, now)
                for number, piece in enumerate(backup.pieces(transaction, known), 1):
                    sums.add(piece.table, piece.data)
                    _add(tar, f"{_TABLES}/{piece.table}/{number:08}", piece.data, now)
                manifest = {"tables": sums.told(list(known.tables)), "files": _file_sums(files)}
                _add(tar, _MANIFEST, json.dumps(manifest, indent=1).encode(), now)

        def consume(pipe: IO[bytes]) -> None:
            try:
                pyrage.encrypt_io(pipe, out, to)
            except pyrage.EncryptError as error:
                raise BackupError(f"säkerhetskopian kan inte skrivas ({error})") from error

        _through(produce, consume)
    return {name: sums.rows.get(name, 0) for name in known.tables}


def read(
    source: IO[bytes],
    keys: Sequence[pyrage.x25519.Identity | pyrage.ssh.Identity],
    lay_in: Callable[[Told, Iterator[Piece], Callable[[], None]], int],
) -> Told:
    """Unpack a backup: hand its pieces to `lay_in`, with what proves at the end that all of them came.

    Raises `BackupError` for what is no backup, was cut off or changed, or is not for these keys.
    """
    found: list[Told] = []

    def consume(pipe: IO[bytes]) -> None:
        try:
            with gzip.GzipFile(fileobj=pipe) as squeezed, tarfile.open(fileobj=squeezed, mode="r|") as tar:
                found.append(_unpack(tar, lay_in))
                while squeezed.read(2**16):  # to the end, whose sum gzip proves
                    pass
        except _NO_BACKUP as error:
            raise BackupError(
                "säkerhetskopian är avbruten eller skadad: inget av den är återställt"
            ) from error

    def decrypt(pipe: IO[bytes]) -> None:
        try:
            pyrage.decrypt_io(source, pipe, keys)
        except pyrage.DecryptError as error:
            raise WrongKeyError(
                "säkerhetskopian kan inte öppnas: den är till en annan nyckel, eller är avbruten eller skadad"
            ) from error
        except OSError as error:
            if error.errno is not None:
                raise
            raise BackupError(_SPOILT) from error  # pyrage's word for a piece that does not open

    _through(decrypt, consume)
    return found[0]


def _unpack(tar: tarfile.TarFile, lay_in: Callable[[Told, Iterator[Piece], Callable[[], None]], int]) -> Told:
    members = iter(tar)
    first = next(members, None)
    if first is None or first.name != _FACTS or first.size > _LARGEST_FACTS:
        raise BackupError("filen är ingen säkerhetskopia av synpunkt")
    about = json.loads(_bytes(tar, first))
    if about["format"] != FORMAT:
        raise BackupError(f"säkerhetskopian är av formatet {about['format']}: installera en nyare version")
    known = Facts(**about["facts"])
    files: dict[str, bytes] = {}
    manifest: dict[str, Any] = {}
    sums = Sums()

    def flow() -> Iterator[Piece]:
        for member in members:
            kind, _, name = member.name.partition("/")
            data = _bytes(tar, member)
            if kind == _FILES:
                files[name] = data
            elif kind == _MANIFEST:
                manifest.update(json.loads(data))
            else:
                table = name.rpartition("/")[0]
                sums.add(table, data)
                yield Piece(table=table, data=data, rows=data.count(b"\n"))

    def prove() -> None:
        wanted = {"tables": sums.told(list(known.tables)), "files": _file_sums(files)}
        if manifest != wanted:
            raise BackupError(_SPOILT)

    told = Told(
        made_at=datetime.fromisoformat(about["made_at"]),
        version=about["version"],
        facts=known,
        rows=0,
        files=files,
        keys=about["keys"],
    )
    rows = lay_in(told, flow(), prove)
    return Told(**{**vars(told), "rows": rows})


def _through(produce: Callable[[IO[bytes]], None], consume: Callable[[IO[bytes]], None]) -> None:
    """Run both at once with a pipe in between; raise what went wrong first in the one that was its reason."""
    ends = os.pipe()
    faults: list[BaseException] = []

    def work() -> None:
        try:
            with os.fdopen(ends[1], "wb", buffering=2**16) as pipe:
                produce(pipe)
        except BaseException as error:  # noqa: BLE001 - handed on to whoever waits below
            faults.append(error)

    worker = threading.Thread(target=work, name="backup")
    worker.start()
    mine: BaseException | None = None
    try:
        with os.fdopen(ends[0], "rb", buffering=2**16) as pipe:
            consume(pipe)
    except BaseException as error:  # noqa: BLE001 - raised below, unless it only follows from the other's
        mine = error
    worker.join()
    # Who writes into a pipe that was closed fails because of its reader; else the writer is the reason.
    theirs = next((one for one in faults if not isinstance(one, BrokenPipeError)), None)
    if theirs is not None:
        raise theirs
    if mine is not None:
        raise mine


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for its owner only that is there, whole and on the disk, or not at all.

    Raises `FileExistsError` where there is one: a backup never takes the place of another.
    """
    if path.exists():
        raise FileExistsError(17, "filen finns redan", str(path))
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        os.link(draft, path)  # unlike a renaming it refuses where something has come meanwhile
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()


def _file_sums(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def _bytes(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    opened = tar.extractfile(member)
    if opened is None:
        raise ValueError("a member that is no file")
    data = opened.read()
    if len(data) != member.size:
        raise EOFError
    return data


def _add(tar: tarfile.TarFile, name: str, data: bytes, now: datetime) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = len(data), 0o600, int(now.astimezone(UTC).timestamp())
    tar.addfile(member, io.BytesIO(data))
