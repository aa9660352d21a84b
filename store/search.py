"""Full text of the cases: the same words are found in SQLite (FTS5) and PostgreSQL (tsvector, GIN).

Both keep what is cut here: Swedish stems in their order, å ä ö kept apart from a and o. One row for each
case; what is read, written or noted is added in the transaction that stores it. Who may see what was found
is said by `store.sight`, in the question that asks (`store.lists`).
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from threading import Lock
from typing import Any

import Stemmer
from sqlalchemy import (
    Boolean,
    ColumnElement,
    Dialect,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    column,
    delete,
    exists,
    false,
    func,
    insert,
    literal_column,
    not_,
    select,
    table,
    update,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.types import TypeDecorator, TypeEngine

from store.engine import Row, Store, Transaction
from store.tables import cases, corrections, letters, messages, search_words

_FEW = 2000
_SOME, _MOST_OF_SOME = 200, 160
_NOT_RARE = 20  # so many of some, and a list of the newest is soon full

# Raise it when words are cut otherwise: every case is then indexed anew at the next start.
VERSION = 1
# What of a case itself it is found by; when one of these changes, `rebuild` it.
BY_CASE = frozenset({"title", "sender_name", "sender_handle", "service_note"})
LONGEST = 200  # signs of a question
_MOST_TERMS = 12
_MOST_WORDS = 16_000  # of one case: PostgreSQL counts no place in a text beyond 16 383
_MOST_OF_TEXT = 100_000  # signs of one text; nobody searches for page forty of a log file
_LONGEST_WORD = 64
_BATCH = 50  # nobody else writes to SQLite meanwhile
NEWEST = 2**31 - 1

# Marks before what is no plain word. None is a letter or a figure, so nothing typed can be taken for one.
_BREAK = "¶"  # between two texts, so that no phrase goes across
_SENDER = "§"
_NUMBER = "№"

_WORD = re.compile(r"[^\W_]+")
_LINK = re.compile(r"/l/[\w.-]{20,}")  # one-time links are for the letter's reader alone
_CASE_NUMBER = re.compile(r"([^\W\d_]+-\d{4})-(\d{1,6})")
_TERM = re.compile(r'(?P<no>-?)(?P<sender>från:)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))', re.IGNORECASE)
# What Snowball takes away, so that a word that is cut off in the middle of its ending is found as well.
_ENDINGS = (
    *("a", "ad", "ade", "ades", "an", "ande", "anden", "andes", "andet", "ar", "are", "arens", "arna"),
    *("arnas", "as", "aste", "ast", "at", "e", "en", "ens", "er", "erna", "ernas", "erns", "ern", "es"),
    *("het", "heten", "hetens", "heter", "heterna", "or", "orna", "ornas", "s", "els", "elsen"),
    *("ig", "iga", "igt", "igen", "lig", "liga", "ligt", "ligen", "ligheten", "ligheterna"),
)

_index = table("search_index", column("rowid", Integer))
_stemming = Lock()  # the stemmer keeps a buffer of its own


class _Kept(TypeDecorator[list[str]]):
    """Words as the database keeps them: SQLite a text, PostgreSQL each word with its places."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of the column."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else TSVECTOR())

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> str | None:
        """Write words in their order."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return f" {' '.join(value)}" if value else ""
        places: dict[str, list[str]] = {}
        for place, token in enumerate(value, start=1):
            places.setdefault(token, []).append(str(place))
        return " ".join(f"'{token}':{','.join(where)}" for token, where in places.items())


class _Counted(TypeDecorator[list[str]]):
    """How many words there are."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - the base class calls us with it
        """Count them."""
        return None if value is None else len(value)


# Its words may still grow while it waits to be written.
_NEW = insert(search_words).values(
    case_id=bindparam("of_case"),
    words=bindparam("tokens", type_=_Kept()),
    length=bindparam("counted", type_=_Counted()),
    version=VERSION,
)


@dataclass(frozen=True, kw_only=True)
class Words:
    """Stems that stand one after the other; the last may be the beginning of one."""

    stems: tuple[str, ...]
    begins: bool = False


@dataclass(frozen=True, kw_only=True)
class Term:
    """One thing that a case must have, or must not; any of the ways to write it will do."""

    ways: tuple[Words, ...]
    unwanted: bool = False


Question = tuple[Term, ...]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A piece of a text; `marked` when it is a word that was sought."""

    text: str
    marked: bool = False


def ask(text: str) -> Question:
    """Read what somebody has typed; whatever it is, it is a question. Empty when there is no word in it.

    All words must be there: `"en fras"` in that order, `-ord` not at all, `från:namn` as sender. A number
    is sought as a case's number as well. The last word may be the beginning of one.
    """
    found = list(_TERM.finditer(text[:LONGEST]))
    terms = (_term(match, is_last=match is found[-1]) for match in found)
    return tuple(term for term in terms if term.ways)[:_MOST_TERMS]


def matches(
    transaction: Transaction, question: Question, *, wide: bool = False, each: bool = False
) -> ColumnElement[bool]:
    """Say to the database which `cases` a question finds. The empty question finds none.

    `wide` tells that nothing else narrows the list: then a rare word is looked up first. With `each`,
    PostgreSQL asks one case after the other, for a list that ends when it is full.
    """
    wanted = [term for term in question if not term.unwanted]
    unwanted = [term for term in question if term.unwanted]
    if transaction.connection.dialect.name == "sqlite":
        holds, union, both = _sqlite_holds, " OR ", " AND "
        render = _sqlite_words
    else:
        holds, union, both = _postgresql_holds, " | ", " & "
        render = _postgresql_words

    said = []
    if wanted:
        asked = both.join(_written(term, render, union) for term in wanted)
        # PostgreSQL can not know how rare a word is, and would walk through every case to find none.
        few = _few(transaction, asked) if wide and holds is not _sqlite_holds else None
        one = _postgresql_each if each and holds is _postgresql_holds else holds
        said.append(one(asked) if few is None else cases.c.id.in_(few))
    if unwanted:
        spoken = union.join(_written(term, render, union) for term in unwanted)
        if holds is _postgresql_holds and not (wide and _is_common(transaction, spoken)):
            holds = _postgresql_each
        said.append(not_(holds(spoken)))
    return and_(*said) if said else false()


@dataclass(frozen=True, kw_only=True)
class Found:
    """What full text gives of itself: `table` has a row for each case that it finds, with its `id`.

    `key` is that id as it must be written in any other condition but an order or a range: SQLite would else
    ask its full text anew for each value.
    """

    table: FromClause
    id: ColumnElement[int]
    key: ColumnElement[int]
    where: ColumnElement[bool]


def found(transaction: Transaction, question: Question) -> Found | None:
    """Return what SQLite's full text finds, newest first if asked so, without a list of it being made.

    None where there is none to read from: on PostgreSQL, and when the question says only what must not be
    there. Then `matches` says all of it. What must not be there besides is for the caller: `without`.
    """
    wanted = [term for term in question if not term.unwanted]
    if not wanted or transaction.connection.dialect.name != "sqlite":
        return None
    asked = " AND ".join(_written(term, _sqlite_words, " OR ") for term in wanted)
    return Found(
        table=_index,
        id=_index.c.rowid,
        key=literal_column("+search_index.rowid", Integer()),
        where=literal_column("search_index").op("MATCH")(asked),
    )


def without(question: Question) -> Question:
    """Return what must not be there."""
    return tuple(term for term in question if term.unwanted)


def open_words(transaction: Transaction, case_id: int, row: Row) -> None:
    """Index a new case by its number, title and sender, before anything else is added to it."""
    _store(transaction, case_id, list(_head(row)))


def add(transaction: Transaction, case_id: int, *texts: str, ours: bool = False) -> None:
    """Add texts to what a case is found by: a message that was read, a letter that was written.

    It costs the same in the thousandth message as in the first. A case that is full takes no more. Of texts
    of `ours` most lines are the same in all of them, and cut only once.
    """
    tokens = _tokens(texts, by_line=ours)
    for row in reversed(transaction.waiting(_NEW)):
        if row["of_case"] == case_id:
            # Opened in this transaction: all its words are written at once.
            row["tokens"].extend(tokens[: _MOST_WORDS - len(row["tokens"])])
            return
    wanted = select(search_words.c.length).where(
        search_words.c.case_id == case_id, search_words.c.version == VERSION
    )
    length = transaction.connection.scalar(wanted)
    if length is None:
        rebuild(transaction, case_id)
    elif tokens := tokens[: _MOST_WORDS - length]:
        words = search_words.c.words.op("||")(bindparam(None, tokens, type_=_Kept()))
        transaction.connection.execute(
            update(search_words)
            .where(search_words.c.case_id == case_id)
            .values(words=words, length=search_words.c.length + len(tokens))
        )


def rebuild(transaction: Transaction, case_id: int) -> None:
    """Index a case anew, for instance when a text of it was changed or removed."""
    # Locked: of two who index a case at once, the second sees what the first has added.
    row = transaction.row(select(cases).where(cases.c.id == case_id).with_for_update())
    forget(transaction, case_id)
    if row is None:
        return
    tokens = list(_head(row))
    for texts in _texts_of(transaction, row):
        tokens += _tokens(texts)
        if len(tokens) >= _MOST_WORDS:
            break
    _store(transaction, case_id, tokens[:_MOST_WORDS])


def forget(transaction: Transaction, case_id: int) -> None:
    """Take a case out of the index."""
    transaction.connection.execute(delete(search_words).where(search_words.c.case_id == case_id))


def catch_up(store: Store, *, before: int = NEWEST, batch: int = _BATCH) -> int:
    """Index some older cases that are not, or that were cut otherwise; return where to go on, or 0.

    The newest come first. Hand what is returned in as `before` the next time.
    """
    with store.write() as transaction:
        current = exists().where(search_words.c.case_id == cases.c.id, search_words.c.version == VERSION)
        waiting = select(cases.c.id).where(cases.c.id < before, not_(current)).order_by(cases.c.id.desc())
        found = list(transaction.connection.scalars(waiting.limit(batch)))
        for case_id in found:
            rebuild(transaction, case_id)
    return found[-1] if found else 0


def snippets(
    transaction: Transaction, case_ids: Sequence[int], question: Question, *, width: int = 160
) -> dict[int, list[Piece]]:
    """Show for each case where a sought word stands, with the words marked. Plain text: escape each piece.

    A case whose words were found in its number, title or sender alone is left out. Ask only for cases that
    the reader may see.
    """
    sought = _pattern(question)
    if sought is None or not case_ids:
        return {}
    shown: dict[int, list[Piece]] = {}
    sources = (
        select(messages.c.case_id, func.substr(messages.c.text, 1, 4000)),
        select(cases.c.id, func.substr(cases.c.service_note, 1, 4000)),
        select(letters.c.case_id, func.substr(letters.c.body, 1, 4000)),
        select(messages.c.case_id, func.substr(messages.c.full_text, 1, 20_000)),
    )
    for source in sources:
        left = [case_id for case_id in case_ids if case_id not in shown]
        if not left:
            break
        owner = source.selected_columns[0]
        for case_id, text in transaction.connection.execute(source.where(owner.in_(left))):
            if case_id not in shown and (cut := _cut(text, sought, width)):
                shown[case_id] = cut
    return shown


def stem(word: str) -> str:
    """Return what is kept of a word that is in small letters already."""
    return next(iter(_stems([word])))


def _stems(words: Sequence[str]) -> Iterator[str]:
    """Cut many words, each form of one only once: most of a text are the same few."""
    different = list(dict.fromkeys(words))
    with _stemming:
        cut: list[str] = _stemmer().stemWords(different)
    # Snowball leaves `gatan` and takes the last letter of `gata`, which are one word to whoever searches.
    kept = (one[:-2] if one.endswith("an") and len(one) >= 5 else one for one in cut)
    return map(dict(zip(different, kept, strict=True)).__getitem__, words)


def _term(match: re.Match[str], *, is_last: bool) -> Term:
    unwanted = bool(match["no"])
    typed = match["phrase"] if match["phrase"] is not None else match["word"]
    words = _words(typed)
    if match["sender"]:
        named = Words(stems=tuple(f"{_SENDER}{word}" for word in words), begins=True)
        return Term(ways=(named,) if words else (), unwanted=unwanted)
    if match["phrase"] is None and (number := _CASE_NUMBER.fullmatch(typed)):
        return Term(ways=(Words(stems=(_number(number[1], int(number[2])),)),), unwanted=unwanted)
    if not words:
        return Term(ways=())
    ways = [Words(stems=tuple(map(stem, words)))]
    if len(words) == 1 and match["phrase"] is None:
        if words[0].isascii() and words[0].isdigit():
            ways.append(Words(stems=(f"{_NUMBER}{int(words[0])}",)))
        if is_last and not unwanted and len(words[0]) > 1:
            ways += _beginnings(words[0])
    return Term(ways=tuple(dict.fromkeys(ways)), unwanted=unwanted)


def _beginnings(word: str) -> Iterator[Words]:
    yield Words(stems=(word,), begins=True)
    for at in range(max(2, len(word) - 9), len(word)):
        for ending in _ENDINGS:
            if ending.startswith(word[at:]):
                yield Words(stems=(stem(word[:at] + ending),))


def _store(transaction: Transaction, case_id: int, tokens: list[str]) -> None:
    transaction.later(_NEW, {"of_case": case_id, "tokens": tokens, "counted": tokens})


def _number(series: str, sequence: int) -> str:
    return _NUMBER + "".join(_words(series)) + f"{sequence:06d}"


def _head(row: Row) -> Iterator[str]:
    """Give what a case itself is found by. No phrase goes from one to the next."""
    yield _number(row["series"], row["sequence"])
    yield f"{_NUMBER}{row['sequence']}"
    yield from (f"{_SENDER}{word}" for word in _words(f"{row['sender_name']} {row['sender_handle']}"))
    yield from _tokens((row["title"], row["sender_name"], row["sender_handle"]))


def _texts_of(transaction: Transaction, case: Row) -> Iterator[tuple[str, ...]]:
    yield (case["service_note"],)
    read = select(messages.c.subject, messages.c.text, messages.c.full_text)
    written = select(letters.c.subject, letters.c.body)
    for subject, text, full in transaction.connection.execute(
        read.where(messages.c.case_id == case["id"]).order_by(messages.c.id)
    ):
        yield message_texts(subject=subject, text=text, full_text=full)
    put_right = select(corrections.c.became).where(corrections.c.case_id == case["id"])
    yield from ((became,) for became in transaction.connection.scalars(put_right.order_by(corrections.c.id)))
    for subject, body in transaction.connection.execute(
        written.where(letters.c.case_id == case["id"]).order_by(letters.c.id)
    ):
        yield subject, body


def message_texts(*, subject: str, text: str, full_text: str) -> tuple[str, ...]:
    """Return what a message is found by; its new words stand in the full text as well, mostly."""
    return (subject, full_text) if text.strip() in full_text else (subject, text, full_text)


def _tokens(texts: Sequence[str], *, by_line: bool = False) -> list[str]:
    cut = _cut_lines if by_line else _cut_words
    tokens: list[str] = []
    for text in texts:
        if found := cut(text[:_MOST_OF_TEXT]):
            tokens.append(_BREAK)
            tokens += found
    return tokens


def _cut_words(text: str) -> list[str]:
    return list(_stems(_words(_LINK.sub(" ", text))))


_cut_line = lru_cache(maxsize=1024)(_cut_words)  # what it gives is never changed


def _cut_lines(text: str) -> list[str]:
    tokens: list[str] = []
    for line in text.split("\n"):
        # A line with a link is new each time: it would only push others out.
        tokens += _cut_words(line) if "/l/" in line else _cut_line(line)
    return tokens


def _words(text: str) -> list[str]:
    # Folding may take a sign apart, and its parts must be put together again.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return [word[:_LONGEST_WORD] for word in _WORD.findall(folded)]


def _written(term: Term, render: Callable[[Words], str], union: str) -> str:
    return f"({union.join(render(way) for way in term.ways)})"


def _sqlite_words(way: Words) -> str:
    return f'"{" ".join(way.stems)}"{" *" if way.begins else ""}'


def _sqlite_holds(expression: str) -> ColumnElement[bool]:
    found = select(_index.c.rowid).where(literal_column("search_index").op("MATCH")(expression))
    return cases.c.id.in_(found)


def _postgresql_words(way: Words) -> str:
    return " <-> ".join(f"'{one}'{':*' if way.begins else ''}" for one in way.stems)


def _postgresql_holds(expression: str) -> ColumnElement[bool]:
    return cases.c.id.in_(_postgresql_found(expression))


def _postgresql_found(expression: str) -> Select[int]:
    question = bindparam(None, expression, type_=TSQUERY())
    return select(search_words.c.case_id).where(search_words.c.words.op("@@")(question))


def _few(transaction: Transaction, expression: str) -> list[int] | None:
    """Return the ids that PostgreSQL finds, or None if they are many."""
    if _of_newest(transaction, expression) > _NOT_RARE:
        return None
    found = list(transaction.connection.scalars(_postgresql_found(expression).limit(_FEW + 1)).all())
    return found if len(found) <= _FEW else None


def _pattern(question: Question) -> re.Pattern[str] | None:
    """Make what finds the sought words in a text. A stem is the beginning of its word, in Swedish."""
    either = {
        re.escape(one) + (r"[^\W_]*" if way.begins else r"[^\W_]{0,9}")
        for term in question
        if not term.unwanted
        for way in term.ways
        for one in way.stems
        if one[0] not in _SENDER + _NUMBER
    }
    if not either:
        return None
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(sorted(either, key=len, reverse=True))})", re.IGNORECASE)


def _cut(text: str, sought: re.Pattern[str], width: int) -> list[Piece]:
    plain = " ".join(_LINK.sub("/l/…", unicodedata.normalize("NFKC", text)).split())
    first = sought.search(plain)
    if first is None:
        return []
    start = max(0, first.start() - width // 3)
    if start:
        start = plain.find(" ", start, first.start()) + 1 or first.start()
    end = min(len(plain), max(first.end(), start + width))
    if end < len(plain):
        end = max(first.end(), plain.rfind(" ", start, end))
    shown = [Piece(text="… ")] if start else []
    at = start
    for found in sought.finditer(plain, start, end):
        if found.start() > at:
            shown.append(Piece(text=plain[at : found.start()]))
        shown.append(Piece(text=found[0], marked=True))
        at = found.end()
    shown.append(Piece(text=plain[at:end] + (" …" if end < len(plain) else "")))
    return [piece for piece in shown if piece.text]


@cache
def _stemmer() -> Stemmer.Stemmer:
    return Stemmer.Stemmer("swedish")


def _postgresql_each(expression: str) -> ColumnElement[bool]:
    """Ask one case at a time: else all that have a word are read before the first of those without."""
    asked = bindparam(None, expression, type_=TSQUERY())
    holds = select(search_words.c.words.op("@@", return_type=Boolean())(asked))
    return func.coalesce(holds.where(search_words.c.case_id == cases.c.id).scalar_subquery(), false())


def _is_common(transaction: Transaction, expression: str) -> bool:
    """Tell whether most of the newest cases have a word: then it takes long to walk to those without."""
    return _of_newest(transaction, expression) > _MOST_OF_SOME


def _of_newest(transaction: Transaction, expression: str) -> int:
    """Count how many of the newest cases have a word: a guess of how common it is, for the price of few."""
    newest = select(search_words.c.words).order_by(search_words.c.case_id.desc()).limit(_SOME).subquery()
    asked = bindparam(None, expression, type_=TSQUERY())
    wanted = select(func.count()).select_from(newest).where(newest.c.words.op("@@")(asked))
    return transaction.connection.scalar(wanted) or 0
