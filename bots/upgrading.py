"""The command `upgrade`: brings the tables to this release while the service goes on taking mail."""

import argparse
import time
from collections.abc import Callable
from contextlib import closing

from bots import exits

Command = Callable[[str, object, str], argparse.ArgumentParser]


def add(command: Command) -> None:
    """Describe the command. `command` makes one of its name, what it runs, and its words."""
    command(
        "upgrade",
        _upgrade,
        "Gör om tabellerna till den här versionens, medan tjänsten tar emot. Starta sedan om den.",
    )


def _upgrade(chosen: argparse.Namespace) -> int:
    from bots.parts import open_store_of
    from bots.settings import SettingsError, load
    from store import migrations
    from store.alone import OccupiedError, alone
    from store.engine import StoreError

    began = time.monotonic()
    try:
        settings = load(chosen.config)
        with closing(open_store_of(settings)) as store:
            before = migrations.step_of(store)
            if migrations.prepare(store):
                print(f"tabellerna är redan den här versionens (steg {before})")
                return exits.OK
            if before and not migrations.is_sealed(store):
                # A service that seals nothing could not write once the triggers are there (store.sealing).
                try:
                    with alone(store):
                        migrations.upgrade(store)
                except OccupiedError:
                    print(
                        f"förberett från steg {before} till {migrations.newest()} på "
                        f"{time.monotonic() - began:.1f} s; det sista görs när tjänsten startas om"
                    )
                    return exits.OK
            migrations.upgrade(store)
    except SettingsError as error:
        return exits.fail(str(error), exits.CONFIG)
    except migrations.AnotherReleaseError as error:
        return exits.fail(f"databasen: {error}", exits.CONFIG)
    except StoreError as error:
        return exits.fail(f"databasen: {error}", exits.TEMPORARY)
    print(
        f"tabellerna är gjorda om från steg {before or 'inget'} till {migrations.newest()} på "
        f"{time.monotonic() - began:.1f} s; starta om tjänsten"
    )
    return exits.OK
