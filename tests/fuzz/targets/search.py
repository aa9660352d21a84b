"""What staff type into the box for searching, asked of a real full-text index."""

from sqlalchemy import select

from store.engine import open_store
from store.migrations import upgrade
from store.search import LONGEST, ask, found, matches, snippets, without
from store.tables import cases
from tests.fuzz.sound import text_of

SEEDS = (
    b"gungan i parken",
    '"trasig gunga" -lekplats från:eva'.encode(),
    b"SYN-2026-000012 0012 12",
    '-"" "" " från:"a b" -'.encode(),
    b'NEAR(a b) AND OR NOT * : ^ {a} col:x "a""b',
    "ﬁ İ ß ŉ ͅ ½ ² \u0130 åäö ÅÄÖ e\u0301".encode(),
    b"a'b\\c;--",
)
_STORE = open_store("sqlite://")
upgrade(_STORE)


def fuzz(data: bytes) -> None:
    """Ask; whatever was typed, the database understands the question."""
    question = ask(text_of(data))
    assert len(question) <= LONGEST
    with _STORE.read() as transaction:
        for wide in (False, True):
            transaction.connection.execute(
                select(cases.c.id).where(matches(transaction, question, wide=wide))
            )
        if (full := found(transaction, question)) is not None:
            transaction.connection.execute(select(full.id).where(full.where))
        snippets(transaction, [1], question)
    assert all(term.unwanted for term in without(question))
