"""The commands that keep what we know safe: `rekey`, `backup`, `restore`. Each loads only what it needs."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING

from bots import exits

if TYPE_CHECKING:
    from bots.backup import Told
    from bots.settings import Settings
    from store.backup import Piece
    from store.engine import Store

BACKED_UP = "säkerhetskopia tagen"  # in the journal

Command = Callable[[str, object, str], argparse.ArgumentParser]


def add(command: Command) -> None:
    """Describe the commands. `command` makes one of its name, what it runs, and its words."""
    rekey = command("rekey", _rekey, "Kryptera sparade meddelanden och filer med den första nyckeln i filen.")
    rekey.add_argument("--new", action="store_true", help="skriv i stället ut en ny nyckel att lägga i filen")
    backup = command("backup", _backup, "Skriv allt till en krypterad fil, medan tjänsten arbetar.")
    backup.add_argument("--to", default="", metavar="FIL", help="ny fil; - är standard ut")
    backup.add_argument("--new-key", type=Path, default=None, metavar="FIL", help="gör i stället en nyckel")
    restore = command("restore", _restore, "Lägg en säkerhetskopia i en tom databas.")
    restore.add_argument("file", metavar="FIL", help="säkerhetskopian; - är standard in")
    restore.add_argument(
        "--identity", type=Path, required=True, metavar="NYCKELFIL", help="av age eller SSH; får ha lösenfras"
    )
    restore.add_argument("--to", required=True, metavar="MÅL", help="databasens URL, eller en mapp")
    restore.add_argument("--files", type=Path, default=None, metavar="MAPP", help="dit inställningarna läggs")


def warning(settings: "Settings", store: "Store", now: datetime) -> str:
    """Say that the latest backup is too old, or that there is none; empty if all is well."""
    from store import journal

    with store.read() as transaction:
        latest = journal.latest(transaction, BACKED_UP)
    within = timedelta(hours=settings.backup.warn_after_hours)
    if latest is not None and now - latest <= within:
        return ""
    how_old = (
        "ingen är gjord" if latest is None else f"den senaste är från {latest.astimezone():%Y-%m-%d %H:%M}"
    )
    return f"säkerhetskopia: {how_old}. Kör synpunkt backup varje dygn (docs/operating.md)."


def _backup(chosen: argparse.Namespace) -> int:
    from bots.backup import new_file, write
    from bots.clock import now
    from bots.parts import open_store_of
    from bots.running import version
    from bots.settings import SettingsError, load
    from store import journal
    from store.domain import Entry
    from store.engine import StoreError

    if chosen.new_key is not None:
        return _new_key(chosen.new_key)
    if not chosen.to:
        return exits.fail("ange vart: --to FIL, eller --to - för standard ut", exits.DATA)
    began = time.monotonic()
    try:
        settings = load(chosen.config)
        if not settings.backup.recipients:
            return exits.fail(
                f"{chosen.config}: tabell [backup], nyckel recipients: saknas. Gör en nyckel med "
                "synpunkt backup --new-key FIL, och lägg den på en annan maskin.",
                exits.CONFIG,
            )
        with closing(open_store_of(settings)) as store:
            place = nullcontext(sys.stdout.buffer) if chosen.to == "-" else new_file(Path(chosen.to))
            with place as out:
                at = now()
                rows = write(
                    store,
                    out,
                    settings.backup.recipients,
                    files=_files(settings, chosen.config),
                    keys=_keys(settings, store),
                    version=version(),
                    now=at,
                )
            details = {"rader": str(sum(rows.values())), "tabeller": str(len(rows))}
            with store.write() as transaction:
                journal.write(transaction, at, Entry(actor="synpunkt", act=BACKED_UP, details=details))
            kept_elsewhere = _keys(settings, store)
    except SettingsError as error:
        return exits.fail(str(error), exits.CONFIG)
    except FileExistsError:
        return exits.fail(f"{chosen.to}: filen finns redan. Ange en ny fil.", exits.DATA)
    except ValueError as error:
        return exits.fail(f"{chosen.config}: tabell [backup], nyckel recipients: {error}.", exits.CONFIG)
    except (StoreError, OSError) as error:
        return exits.fail(f"ingen säkerhetskopia: {error}", exits.TEMPORARY)
    said = (
        f"säkerhetskopia: {sum(rows.values())} rader i {len(rows)} tabeller, {time.monotonic() - began:.1f} s"
    )
    print(said, file=sys.stderr)
    print(f"Inte med, så behåll dem på annat ställe: {', '.join(kept_elsewhere)}", file=sys.stderr)
    return exits.OK


def _restore(chosen: argparse.Namespace) -> int:
    from bots.backup import Told, identities, read
    from bots.settings import SettingsError
    from store import backup
    from store.engine import StoreError

    began = time.monotonic()
    target = Path(chosen.to) / "synpunkt.db" if "://" not in chosen.to else None
    url = f"sqlite:///{target}" if target is not None else chosen.to
    if target is not None and target.exists():
        return exits.fail(f"{target}: filen finns redan. Ange en tom mapp.", exits.DATA)
    try:
        keys = identities(chosen.identity.read_bytes(), _passphrase)
        if target is not None:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _gone_if_it_fails(target), closing(_open_target(chosen.config, url)) as store:

            def lay_in(told: Told, found: "Iterator[Piece]", prove: Callable[[], None]) -> int:
                return backup.lay_in(store, told.facts, found, is_whole=prove)

            with _source(chosen.file) as source:
                told = read(source, keys, lay_in)
    except SettingsError as error:
        return exits.fail(str(error), exits.CONFIG)
    except (StoreError, OSError) as error:
        return exits.fail(f"inget återställt: {error}", exits.DATA)
    _tell(told, seconds=time.monotonic() - began)
    folder = chosen.files or (target.parent if target is not None else None)
    if folder is not None:
        for name in _write_files(folder, told.files):
            print(f"inställningar: {name}")
    return _prove(chosen.config, url, began)


def _tell(told: "Told", *, seconds: float) -> None:
    made_at = f"{told.made_at.astimezone():%Y-%m-%d %H:%M}"
    print(f"återställt: {told.rows} rader från {made_at}, version {told.version}")
    print(f"tid: {seconds:.1f} s")
    if key_ids := sorted(told.facts.key_ids.keys() - {""}):
        print(f"nycklar som meddelanden är krypterade med: {', '.join(key_ids)}")
    print(f"lägg tillbaka de filer som inte är med: {', '.join(told.keys)}")


def _prove(config: Path, url: str, began: float) -> int:
    """Bring what was restored up to date, and tell whether it is as the program wrote it."""
    from store import migrations
    from store.engine import StoreError
    from store.verify import Tally, prove

    try:
        with closing(_open_target(config, url)) as store:
            migrations.upgrade(store)
            tally = Tally()
            faults = list(prove(store, tally))
    except StoreError as error:
        return exits.fail(f"raderna är återställda, men inte prövade: {error}", exits.TEMPORARY)
    for fault in faults:
        print(f"fel  {fault}")
    print(f"prövat: {len(faults)} fel, tid: {time.monotonic() - began:.1f} s")
    print("Kör nu synpunkt check med inställningarna som pekar hit.")
    return 1 if faults else exits.OK


def _open_target(config: Path, url: str) -> "Store":
    """Open where a backup goes, with the keys that the configuration names if there is one."""
    from bots.parts import open_store_of
    from bots.settings import load
    from store.engine import open_store

    if not config.exists():
        return open_store(url)
    settings = load(config)
    there = settings.store.model_copy(update={"url": url})
    return open_store_of(settings.model_copy(update={"store": there}))


@contextmanager
def _source(name: str) -> Iterator[IO[bytes]]:
    if name == "-":
        yield sys.stdin.buffer
        return
    with Path(name).open("rb") as opened:
        yield opened


@contextmanager
def _gone_if_it_fails(target: Path | None) -> Iterator[None]:
    """Take away the database that was begun, if it is a file of ours."""
    try:
        yield
    except BaseException:
        if target is not None:
            for end in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    target.with_name(target.name + end).unlink()
        raise


def _write_files(folder: Path, files: Mapping[str, bytes]) -> Iterator[str]:
    """Lay the settings in a folder, and never over others."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, data in files.items():
        # Names of our own giving; a backup that somebody else has packed may hold others.
        path = folder / Path(name).name
        with suppress(FileExistsError), path.open("xb") as out:
            out.write(data)
            yield str(path)


def _files(settings: "Settings", config: Path) -> dict[str, bytes]:
    """Gather what goes along: the settings, which name secrets and hold none, and the promises in force."""
    from store import profiles
    from store.engine import shown_url

    text = config.read_text(encoding="utf-8")
    url = settings.store.url
    text = text.replace(url, shown_url(url))
    return {"config.toml": text.encode(), "profile.toml": profiles.text_of(settings.municipality.profile)}


def _keys(settings: "Settings", store: "Store") -> Sequence[str]:
    """List where the secrets lie that do not go along, each once."""
    from bots.settings import secrets_of

    named = {reference for _, reference in secrets_of(settings)}
    file = getattr(getattr(store, "seal_key", None), "file", None)
    return sorted({*named, *([f"file:{file}"] if file is not None else [])})


def _new_key(file: Path) -> int:
    from bots.backup import new_file, new_identity

    secret, public = new_identity()
    try:
        with new_file(file) as out:
            out.write(f"# public key: {public}\n{secret}\n".encode())
    except OSError as error:
        return exits.fail(f"{file}: kan inte skrivas ({error.strerror}).", exits.DATA)
    print(public)
    print(
        f"Den hemliga nyckeln ligger i {file}. Flytta den härifrån: utan den kan ingen öppna en "
        "säkerhetskopia, och den som har både den och säkerhetskopian kan läsa allt.",
        file=sys.stderr,
    )
    return exits.OK


def _passphrase() -> str:
    import getpass

    return getpass.getpass("Lösenfras: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def _rekey(chosen: argparse.Namespace) -> int:
    from bots.parts import open_store_of
    from bots.settings import SettingsError, load
    from store import blobs, migrations
    from store.engine import StoreError

    if chosen.new:
        print(os.urandom(32).hex())
        return exits.OK
    done, after = 0, ""
    try:
        settings = load(chosen.config)
        if settings.store.encryption_key is None:
            return exits.fail(f"{chosen.config}: tabell [store], nyckel encryption_key saknas.", exits.CONFIG)
        with closing(open_store_of(settings)) as store:
            migrations.upgrade(store)
            while True:
                with store.write() as transaction:
                    group = blobs.rekey(transaction, after=after)
                if not group:
                    break
                done, after = done + len(group), group[-1]
            with store.read() as transaction:
                counts = blobs.key_ids(transaction)
    except SettingsError as error:
        return exits.fail(str(error), exits.CONFIG)
    except StoreError as error:
        return exits.fail(f"databasen: {error}", exits.TEMPORARY)
    print(f"krypterade på nytt: {done}")
    for key_id, count in sorted(counts.items()):
        print(f"nyckel {key_id}: {count}")
    return exits.OK
