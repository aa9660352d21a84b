"""The commands that keep what we know safe: `rekey`, `backup`, `restore`. Each loads only what it needs."""

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import closing

_EX_OK, _EX_DATAERR, _EX_TEMPFAIL, _EX_CONFIG = 0, 65, 75, 78  # sysexits.h

Command = Callable[[str, object, str], argparse.ArgumentParser]


def add(command: Command) -> None:
    """Describe the commands. `command` makes one of its name, what it runs, and its words."""
    rekey = command("rekey", _rekey, "Kryptera sparade meddelanden och filer med den första nyckeln i filen.")
    rekey.add_argument("--new", action="store_true", help="skriv i stället ut en ny nyckel att lägga i filen")


def _rekey(chosen: argparse.Namespace) -> int:
    from bots.parts import open_store_of
    from bots.settings import SettingsError, load
    from store import blobs, migrations
    from store.engine import StoreError

    if chosen.new:
        print(os.urandom(32).hex())
        return _EX_OK
    done, after = 0, ""
    try:
        settings = load(chosen.config)
        if settings.store.encryption_key is None:
            return _fail(f"{chosen.config}: tabell [store], nyckel encryption_key saknas.", _EX_CONFIG)
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
        return _fail(str(error), _EX_CONFIG)
    except StoreError as error:
        return _fail(f"databasen: {error}", _EX_TEMPFAIL)
    print(f"krypterade på nytt: {done}")
    for key_id, count in sorted(counts.items()):
        print(f"nyckel {key_id}: {count}")
    return _EX_OK


def _fail(message: str, status: int) -> int:
    print(message, file=sys.stderr)
    return status
