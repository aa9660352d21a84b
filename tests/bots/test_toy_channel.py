"""Somebody else's channel, in a distribution of its own, goes the whole road without a change in the house.

The "service" is a folder: people put their notes in `in`, and find our letters in `out`.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bots import channels
from bots.app import App, build, check
from bots.channel import roads_of
from bots.channels.memory import Memory
from bots.plugins import names, plugin
from bots.settings import SettingsError, load, secrets_of
from store.domain import LetterState, Outcome, Purpose, Status
from store.engine import Row, Store, open_store
from tests.house import rows_of
from tests.servers.product import SECRETS, Product

PATIENCE = 30
MODULE = '''\
"""Notes that lie in a folder: a channel that is no part of the project."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from bots.channel import Capabilities, Form, PermanentFailure, TemporaryFailure
from bots.table import Name, Secret, Table
from store.domain import Address, Inbound, Said


class Settings(Table):
    """The table [channels.toy]."""

    folder: Name
    token: Secret
    poll_seconds: float = 60.0


class Toy:
    """One folder with notes in and letters out."""

    name = "toy"

    def __init__(self, folder, pause, clock):
        self.capabilities = Capabilities(max_length=4000, form=Form.CHAT)
        self.folder, self.pause, self.clock = folder, pause, clock

    async def check(self):
        if not (self.folder / "in").is_dir():
            raise TemporaryFailure(f"toy: mappen {self.folder} finns inte. Skapa den med in och out.")
        return [f"toy: {self.folder} finns"]

    async def listen(self, receive):
        while True:
            for note in sorted((self.folder / "in").glob("*.txt")):
                await receive(self.read(note))
                note.rename(note.with_suffix(".kept"))  # only now: it is committed
            await asyncio.sleep(self.pause)

    def read(self, note):
        person = note.stem.partition("-")[0]
        return Inbound(
            channel=self.name,
            account=str(self.folder),
            received_at=min(datetime.fromtimestamp(note.stat().st_mtime, UTC), self.clock()),
            raw=note.read_bytes(),
            media_type="text/plain",
            external_id=note.stem,
            sender=Address(channel=self.name, handle=person),
            sender_name=person.title(),
            text=note.read_text(encoding="utf-8"),
            said=Said(conversation=f"{self.name}:{person}"),
        )

    async def send(self, letter):
        place = self.folder / "out" / letter.recipient.handle
        if not place.parent.is_dir():
            raise TemporaryFailure("toy: mappen out finns inte.")
        if not place.name.isalpha():
            raise PermanentFailure("toy: dit går inget.")
        place.mkdir(exist_ok=True)
        number = len(list(place.iterdir())) + 1
        (place / f"{number}.txt").write_text(letter.body, encoding="utf-8")
        return f"{place.name}/{number}"


def build(settings, given):
    if given.secret(settings.token) != "a toy's own token":
        raise ValueError("nyckel token: den hör inte till mappen. Hämta en ny")
    return Toy(Path(settings.folder), settings.poll_seconds, given.clock)
'''
METADATA = "Metadata-Version: 2.1\nName: toy-channel\nVersion: 1.0\n"
ENTRY_POINTS = "[synpunkt.channels]\ntoy = toy_channel\n"


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Lay the distribution where Python looks, as an installer would; return where."""
    place = tmp_path / "site-packages"
    facts = place / "toy_channel-1.0.dist-info"
    facts.mkdir(parents=True)
    (place / "toy_channel.py").write_text(MODULE, encoding="utf-8")
    (facts / "METADATA").write_text(METADATA, encoding="utf-8")
    (facts / "entry_points.txt").write_text(ENTRY_POINTS, encoding="utf-8")
    monkeypatch.syspath_prepend(place)
    for name, value in {**SECRETS, "TOY_TOKEN": "a toy's own token"}.items():
        monkeypatch.setenv(name, value)
    plugin.cache_clear()
    yield place
    plugin.cache_clear()
    sys.modules.pop("toy_channel", None)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    (folder / "in").mkdir(parents=True)
    (folder / "out").mkdir()
    return folder


def configured(tmp_path: Path, notes: Path, table: str = "") -> Path:
    """Write a config.toml with a table for the channel, or the one that is given."""
    own = f'[channels.toy]\nfolder = "{notes}"\ntoken = "env:TOY_TOKEN"\npoll_seconds = 0.02\n'
    return Product(relay_port=1, folder=tmp_path, tables=table or own).write_config()


@pytest.fixture
def app(tmp_path: Path, notes: Path) -> Iterator[App]:
    """Build the whole house from the file; only the mail to handlers stays in memory."""
    built = build(load(configured(tmp_path, notes)))
    built.delivery.channels = {**built.delivery.channels, "email": Memory()}
    yield built
    if built.web_socket is not None:
        built.web_socket.close()
    built.close()


@pytest.fixture
def store(app: App, tmp_path: Path) -> Iterator[Store]:
    """Look into the house from outside."""
    opened = open_store(f"sqlite:///{tmp_path / 'synpunkt.db'}")
    yield opened
    opened.close()


@asynccontextmanager
async def running(app: App) -> AsyncIterator[None]:
    """Run the house, and stop it as a signal would."""
    stop = asyncio.Event()
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        group.create_task(app.run(stop))
        yield
        stop.set()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what is waited for rings no bell
            await asyncio.sleep(0.02)


def written_to(notes: Path, person: str) -> list[str]:
    """List the letters that somebody has got, in order."""
    place = notes / "out" / person
    found = sorted(place.glob("*.txt"), key=lambda path: int(path.stem))
    return [one.read_text(encoding="utf-8") for one in found]


def letters(store: Store, purpose: Purpose) -> list[Row]:
    return [row for row in rows_of(store, "letters") if row["purpose"] == purpose]


async def test_a_note_becomes_a_case_that_is_thanked_and_answered_on_the_same_road(
    app: App, store: Store, notes: Path
) -> None:
    async with running(app):
        (notes / "in" / "asa-1.txt").write_text("Gungan i parken är trasig sedan två veckor.", "utf-8")
        await until(lambda: len(written_to(notes, "asa")) == 1)
        (case,) = rows_of(store, "cases")
        await asyncio.to_thread(
            app.acts.answer,
            case["id"],
            "Gungan är lagad nu.",
            Outcome.DONE,
            by=case["handler"],
            version=case["version"],
        )
        await until(lambda: [row["state"] for row in letters(store, Purpose.ANSWER)] == [LetterState.SENT])

    thanks, answer = written_to(notes, "asa")
    (case,) = rows_of(store, "cases")
    assert case["number"] in thanks
    assert "Petra Holm" in thanks
    assert "Gungan är lagad nu." in answer
    assert (case["sender_channel"], case["sender_handle"]) == ("toy", "asa")
    assert case["status"] == Status.ANSWERED
    assert [row["service_id"] for row in letters(store, Purpose.ACKNOWLEDGEMENT)] == ["asa/1"]
    assert [path.name for path in (notes / "in").iterdir()] == ["asa-1.kept"]


async def test_check_proves_the_channel_as_it_does_ours(app: App, notes: Path) -> None:
    fine, _ = await check(app)
    (notes / "in").rmdir()
    _, wrong = await check(app)

    assert f"toy: {notes} finns" in fine
    assert any(f"toy: mappen {notes} finns inte. Skapa den med in och out." in line for line in wrong)


async def test_its_road_and_its_door_stand_among_those_of_the_house(app: App) -> None:
    assert [door.name for door in app.doors] == ["smtp", "toy"]
    assert list(app.roads) == ["email", "toy"]
    assert roads_of(app.roads["toy"])["toy"].max_length == 4000


def test_nothing_but_its_own_files_was_added(installed: Path) -> None:
    made_by = plugin("toy")

    assert made_by is not None
    assert Path(str(sys.modules["toy_channel"].__file__)).parent == installed
    assert not (Path(next(iter(channels.__path__))) / "toy.py").exists()
    assert "toy" in names()


def test_without_the_distribution_the_table_is_refused_like_any_other_unknown_one(
    tmp_path: Path, notes: Path, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [one for one in sys.path if one != str(installed)])

    with pytest.raises(SettingsError) as told:
        load(configured(tmp_path, notes))

    assert "tabell [channels], nyckel toy: okänd nyckel." in str(told.value)
    assert "toy" not in names()


def test_its_secret_is_found_with_those_of_the_house(tmp_path: Path, notes: Path) -> None:
    settings = load(configured(tmp_path, notes))

    assert ("channels.toy.token", "env:TOY_TOKEN") in list(secrets_of(settings))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('foldr = "x"', "tabell [channels.toy], nyckel foldr: okänd nyckel. Menade du folder?"),
        ("xyzzy = 1", "tabell [channels.toy], nyckel xyzzy: okänd nyckel. Kända är folder, poll_sec"),
        (
            'poll_seconds = "ofta"',
            "tabell [channels.toy], nyckel poll_seconds: ska vara ett tal utan citattecken (nu str).",
        ),
        (
            'token = "a secret in the open"',
            'tabell [channels.toy], nyckel token: ska vara "env:NAMN" eller "file:/sökväg", aldrig '
            "hemligheten själv.",
        ),
    ],
)
def test_a_wrong_key_is_told_with_table_key_and_remedy(
    tmp_path: Path, notes: Path, line: str, told: str
) -> None:
    token = "" if line.startswith("token") else 'token = "env:TOY_TOKEN"\n'
    table = f'[channels.toy]\nfolder = "{notes}"\n{token}{line}\n'

    with pytest.raises(SettingsError) as refused:
        load(configured(tmp_path, notes, table))

    (only,) = str(refused.value).splitlines()
    assert told in only
    assert only.startswith(str(tmp_path / "config.toml"))


def test_what_it_refuses_itself_is_told_with_its_table(
    tmp_path: Path, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_TOKEN", "another folder's")

    with pytest.raises(SettingsError) as refused:
        build(load(configured(tmp_path, notes)))

    assert str(refused.value) == "tabell [channels.toy]: nyckel token: den hör inte till mappen. Hämta en ny."


def test_an_unknown_channel_is_told_with_all_that_are_known(tmp_path: Path, notes: Path) -> None:
    known = sorted({*names(), "imap", "relay", "smtp"})

    with pytest.raises(SettingsError) as refused:
        load(configured(tmp_path, notes, '[channels.brevduva]\nslag = "vit"\n'))

    assert f"tabell [channels], nyckel brevduva: okänd nyckel. Kända är {', '.join(known)}." in str(
        refused.value
    )
    assert {"elks", "mastodon", "telegram", "toy"} <= set(known)
