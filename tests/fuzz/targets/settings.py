"""A config.toml, and a municipality's own profile."""

from pathlib import Path

from bots.settings import SettingsError, load
from store import profiles
from tests.fuzz.scratch import folder

_EXAMPLE = (Path(__file__).parents[3] / "config.example.toml").read_text(encoding="utf-8")
SEEDS = (
    "\n".join(line for line in _EXAMPLE.splitlines() if line and not line.startswith("#")).encode(),
    b'[municipality]\nname = "Lillkommun"\n[mail]\nsecret = "env:A"\n[channels.imap.a]\n[channels.x]\n',
    b'[channels]\nmatrix = 3\n[web]\npublic_url = "https://[a"\n[[handlers]]\nid = 1979-05-27\n',
    b"a = 9999999999999999999999999\nb = nan\nc = 1979-05-27T07:32:00-25:00\n",
    b"a = " + b"[" * 1500,
    b"a.b.c.d = 1\n[a.b]\nc = 1\n",
    (Path(profiles.__file__).parent / "tyreso.toml").read_bytes(),
    b'[calendar]\nclosed = [2026-12-24, "2026-12-24"]\n[deadlines]\nacknowledge = 1e9\n',
)
_FILE = folder() / "fil.toml"


def fuzz(data: bytes) -> None:
    """Read it as both. What is wrong is said in words for the operator, never as an exception of Python."""
    _FILE.write_bytes(data)
    try:
        load(_FILE)
    except SettingsError as error:
        assert str(error)
    try:
        found = profiles.load(str(_FILE))
    except profiles.ProfileError as error:
        assert str(error)
    else:
        assert found.days is not None
