"""What every test may ask for: a store on each kind of database, and a house that stands on it."""

import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import pytest

from store.engine import Store, open_store
from store.migrations import upgrade
from store.seal_key import KeyPlace
from tests.house import House, open_house
from tests.servers import postgres, synapse
from tests.servers.lent import Lender, running, why_not
from tests.servers.product import folder
from tests.servers.sqlite import Shelf

if find_spec("sniffio") is None:
    # httpx looks for it at every request to a page. It is told once that it is not there.
    sys.modules["sniffio"] = None  # type: ignore[assignment]  # as the language has it

# Twelve thousand tests and all our libraries are a million objects that never go: to walk through them again
# and again took a quarter of the collection, and a tenth of the whole. What tests leave is collected before
# it is two million objects: a few hundred megabytes.
gc.set_threshold(50_000, 10, 4)
# The programs that tests start are compiled once, and not at every start.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

_LONG = ("slow", "xdist_group", "journey")
ENGINES = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


_AT_ONCE = 25


def pytest_xdist_auto_num_workers() -> int:
    """Take more workers than there are cores: a third of the time they wait, for servers and for clocks."""
    return (os.cpu_count() or 2) * 3 // 2


@pytest.hookimpl(tryfirst=True)  # before xdist reads which tests go together
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, and hand out the rest by the handful."""
    items.sort(key=turn)
    for item, name in zip(items, handfuls(items), strict=True):
        if name:
            item.add_marker(pytest.mark.xdist_group(name))


def turn(item: pytest.Item) -> int:
    """Tell when a test may begin: no worker shall be left alone with a long one at the end."""
    marks = {mark.name for mark in item.iter_markers()}
    return next((turn for turn, name in enumerate(_LONG) if name in marks), len(_LONG))


def handfuls(items: Sequence[pytest.Item]) -> Iterator[str]:
    """Name for each test those that it is handed out with: some of the same file, and none for a long one.

    Thousands of our tests take a millisecond. Handed out one by one, workers would wait for the next most of
    the time, and xdist goes through all that it has handed out each time that it hands out one more.
    """
    seen: dict[str, int] = {}
    for item in items:
        if turn(item) < len(_LONG):
            yield ""
            continue
        file = item.nodeid.partition("::")[0]
        seen[file] = seen.get(file, -1) + 1
        yield f"{file} {seen[file] // _AT_ONCE}"


def pytest_collection_finish() -> None:
    """Lay aside what is there for the whole run, so that nobody walks through it any more."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def lender() -> Iterator[Lender]:
    """Start PostgreSQL for this worker, the first time that somebody asks for it."""
    if reason := why_not():
        pytest.skip(reason)
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def sqlite_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the tables once; copying a file is quicker than building them again."""
    file = tmp_path_factory.mktemp("model") / "model.db"
    # Without a key: each copy makes its own, as a house does that starts for the first time.
    store = open_store(f"sqlite:///{file}", seal_key=KeyPlace())
    upgrade(store)
    store.close()
    return file


@pytest.fixture(scope="session")
def shelf(sqlite_model: Path) -> Iterator[Shelf]:
    """Give the stores on SQLite that the tests of this worker borrow one after the other."""
    # In memory a commit waits for no disk; tests/store/test_engine.py proves that it would.
    with folder(in_memory=True) as place:
        yield Shelf(model=sqlite_model, folder=place)


@pytest.fixture(params=ENGINES)
def database_kind(request: pytest.FixtureRequest) -> str:
    """Name the kind of database that the test runs on."""
    return str(request.param)


@pytest.fixture
def store(database_kind: str, shelf: Shelf, request: pytest.FixtureRequest) -> Iterator[Store]:
    """Open an empty store with all its tables."""
    if database_kind == "postgresql":
        lender: Lender = request.getfixturevalue("lender")
        with lender.emptied() as opened:
            yield opened
        return
    with shelf.emptied() as opened:
        yield opened


@pytest.fixture
def bare_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Give the URL of a database without tables, that the test may spoil."""
    if database_kind == "postgresql":
        lender: Lender = request.getfixturevalue("lender")
        return lender.database()
    return f"sqlite:///{tmp_path / 'bare.db'}"


@pytest.fixture
def make_house(store: Store) -> Iterator[Callable[..., House]]:
    """Open houses on the store, each with what the test gives it."""
    with ExitStack() as stack:

        def make(**parts: object) -> House:
            opened = open_house(store, **parts)  # type: ignore[arg-type]  # passed on as given
            stack.callback(opened.opinion.close)
            return opened

        yield make


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    """Open an ordinary house."""
    return make_house()


@pytest.fixture(scope="session", autouse=True)
def _no_shared_server_is_left() -> Iterator[None]:
    yield
    synapse.stop_shared()
    postgres.stop_shared()
