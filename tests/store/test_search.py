"""The same words are found in both databases, and nothing typed brings either down."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from store import acts, cases, inbox, life, outbox, search
from store.cases import NewCase
from store.domain import Address, Inbound, MessageState, Outgoing, Purpose, Status
from store.engine import Store, Transaction, open_store
from store.tables import cases as case_table
from store.tables import messages, search_words
from tests.house import NOW


def a_case(
    transaction: Transaction,
    text: str = "",
    *,
    title: str = "Rubrik",
    name: str = "Sven Svensson",
    handle: str = "sven@example.org",
    full_text: str = "",
) -> int:
    case_id, number = cases.open_case(
        transaction,
        NewCase(
            status=Status.ASSIGNED,
            received_at=NOW,
            title=title,
            channel="smtp",
            sender=Address(channel="email", handle=handle),
            sender_name=name,
            language="sv",
            unit="gata",
            handler="anna",
            routed_because="",
        ),
        now=NOW,
    )
    if text:
        a_message(transaction, case_id, text, full_text=full_text)
    assert number
    return case_id


def a_message(transaction: Transaction, case_id: int, text: str, *, full_text: str = "") -> None:
    raw = f"{case_id} {text}".encode("utf-8", "surrogatepass")
    count = transaction.connection.scalar(select(func.count()).select_from(messages))
    inbound = Inbound(
        channel="web", account="", received_at=NOW, raw=raw, media_type="x", external_id=str(count)
    )
    (receipt,) = inbox.keep(transaction, [inbound], NOW)
    inbox.note_read(
        transaction,
        receipt.message_id,
        case_id=case_id,
        state=MessageState.READ,
        read={"text": inbox.clean(text), "full_text": inbox.clean(full_text or text)},
    )


def a_letter(transaction: Transaction, case_id: int, body: str, *, subject: str = "Svar") -> None:
    letter = Outgoing(
        key=f"{case_id}:{body[:50]}",
        purpose=Purpose.ANSWER,
        recipient=Address(channel="email", handle="sven@example.org"),
        subject=subject,
        body=body,
        case_id=case_id,
    )
    outbox.put(transaction, letter, now=NOW)


def found(transaction: Transaction, typed: str) -> list[int]:
    wanted = select(case_table.c.id).where(search.matches(transaction, search.ask(typed)))
    return sorted(transaction.connection.scalars(wanted))


@pytest.fixture
def town(store: Store) -> Store:
    with store.write() as transaction:
        a_case(transaction, "Hålet i cykelbanan vid skolan är kvar.", title="Hål i gatan")
        a_case(
            transaction,
            "Gungorna i parken är trasiga, i parken vid ån.",
            name="Maja Älm",
            handle="maja@example.com",
        )
        a_case(transaction, "Tack för maten på skolans matsal. Buss 123 kom.", title="Beröm")
    return store


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("cykelbana", [1]),
        ("hål skola", [1]),
        ("skolan", [1, 3]),
        ("gata", [1]),
        ("gunga", [2]),
        ("GUNGAN", [2]),
        ("gungo", [2]),  # cut off in the middle of an ending
        ("cyk", [1]),
        ("cyk hål", []),  # only the last word may be a beginning
        ("skol -tack", [1]),
        ("-tack", [1, 2]),
        ("-tack -hål", [2]),
        ('"i parken"', [2]),
        ('"parken i"', []),
        ('"trasiga i parken"', [2]),
        ('"kvar', [1]),
        ('-"i parken"', [1, 3]),
        ("an", []),  # å is another letter than a
        ("ån", [2]),
        ("hal", []),
        ("från:maja", [2]),
        ("från:sven", [1, 3]),
        ("FRÅN:maj", [2]),
        ('från:"Maja Älm"', [2]),
        ("från:maja@example.com", [2]),
        ("-från:sven", [2]),
        ("från:skolan", []),
        ("från:", []),
        ("SYN-2026-000002", [2]),
        ("syn-2026-2", [2]),
        ("2", [2]),
        ("123", [3]),
        ("000003", [3]),
        ("", []),
        ("?!", []),
        ("--", []),
        ('""', []),
        ("tack och adjö", []),
        ("tack NOT", []),
        ("tack OR hål", []),
        ("words:tack", []),
    ],
)
def test_what_is_typed_finds_the_same_cases_on_both_databases(
    town: Store, typed: str, ids: list[int]
) -> None:
    with town.read() as transaction:
        assert found(transaction, typed) == ids


def test_a_letter_a_note_and_a_quoted_text_are_found_from_the_moment_they_are_stored(town: Store) -> None:
    with town.write() as transaction:
        before = [found(transaction, word) for word in ("asfalterar", "besiktigat", "citerat")]
        a_letter(transaction, 1, "Vi asfalterar i maj.")
        acts.note_down(
            transaction,
            2,
            actor=life.Actor(id="anna", roles=frozenset({life.HANDLER})),
            now=NOW,
            version=1,
            service_note="Gungan är besiktigad",
        )
        a_message(transaction, 3, "Nytt.", full_text="Nytt.\n> citerat förut")
        after = [found(transaction, word) for word in ("asfalterar", "besiktigad", "citerat")]

    assert (before, after) == ([[], [], []], [[1], [2], [3]])


def test_what_is_not_committed_is_not_found(town: Store) -> None:
    class Unplugged(Exception):
        pass

    with pytest.raises(Unplugged), town.write() as transaction:
        a_message(transaction, 1, "Försvunnet")
        raise Unplugged

    with town.read() as transaction:
        assert found(transaction, "försvunnet") == []


def test_another_name_of_the_sender_takes_the_place_of_the_first(town: Store) -> None:
    with town.write() as transaction:
        cases.note(transaction, 1, sender_name="Ali Holm", sender_handle="ali@example.org")

    with town.read() as transaction:
        assert [found(transaction, typed) for typed in ("från:ali", "från:sven", "ali", "hålet")] == [
            [1],
            [3],
            [1],
            [1],
        ]


def test_no_phrase_goes_from_one_text_to_the_next(town: Store) -> None:
    with town.write() as transaction:
        a_case(transaction, "första sista", title="rubriken slutar")
        a_message(transaction, 4, "tredje fjärde")

    with town.read() as transaction:
        assert found(transaction, '"sista tredje"') == []
        assert found(transaction, '"slutar första"') == []
        assert found(transaction, '"tredje fjärde"') == [4]


def test_a_one_time_link_can_not_be_found_out_word_by_word(town: Store) -> None:
    with town.write() as transaction:
        a_letter(transaction, 1, "Öppna https://example.se/l/hemligheten.abcdefghijklmnopqrstuv här.")
        question = search.ask("öppna")
        shown = search.snippets(transaction, [1], question)

        assert found(transaction, "hemligheten") == []
        assert found(transaction, "hem") == []
    assert "".join(piece.text for piece in shown[1]) == "Öppna https://example.se/l/… här."


def test_old_cases_are_indexed_some_at_a_time_and_new_messages_are_not_lost_meanwhile(town: Store) -> None:
    with town.write() as transaction:
        a_letter(transaction, 1, "Vi asfalterar i maj.")
        transaction.connection.execute(delete(search_words))
        gone = found(transaction, "hålet")
        a_message(transaction, 1, "Nytt ord: snöröjning.")
        transaction.connection.execute(update(search_words).values(version=0))

    first = search.catch_up(town, batch=2)
    second = search.catch_up(town, before=first, batch=2)
    third = search.catch_up(town, before=second, batch=2)

    with town.read() as transaction:
        assert gone == []
        assert (first, second, third) == (2, 1, 0)
        assert [found(transaction, word) for word in ("hålet", "asfalterar", "snöröjning", "gunga")] == [
            [1],
            [1],
            [1],
            [2],
        ]


def test_a_case_that_is_forgotten_is_not_found(town: Store) -> None:
    with town.write() as transaction:
        search.forget(transaction, 1)

        assert found(transaction, "hålet") == []
        assert found(transaction, "tack") == [3]


def test_a_case_with_more_words_than_a_book_takes_no_more_and_says_nothing(town: Store) -> None:
    with town.write() as transaction:
        for _ in range(4):
            a_message(transaction, 1, " ".join(f"ord{n}x" for n in range(6000)))
        a_message(transaction, 1, "försent")
        length = transaction.connection.scalar(
            select(search_words.c.length).where(search_words.c.case_id == 1)
        )

        assert length == 16_000
        assert found(transaction, "hålet ord5999x") == [1]
        assert found(transaction, "försent") == []


def marked(pieces: Sequence[search.Piece]) -> str:
    return "".join(f"[{piece.text}]" if piece.marked else piece.text for piece in pieces)


def test_a_snippet_shows_the_words_in_their_place(town: Store) -> None:
    with town.write() as transaction:
        a_case(transaction, f"{'Först något annat. ' * 20}Så kom gungan <b>här</b>. {'Sedan mer. ' * 40}")
        shown = search.snippets(transaction, [1, 2, 3, 4], search.ask("gungor parken här"))

    assert marked(shown[2]) == "[Gungorna] i [parken] är trasiga, i [parken] vid ån."
    assert "Så kom [gungan] <b>[här]</b>. Sedan mer." in marked(shown[4])
    assert marked(shown[4]).startswith("… ")
    assert len(marked(shown[4])) < 200
    assert sorted(shown) == [2, 4]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, sqlite_model: Path) -> Store:
    file = tmp_path_factory.mktemp("sok") / "store.db"
    file.write_bytes(sqlite_model.read_bytes())
    store = open_store(f"sqlite:///{file}")
    with store.write() as transaction:
        a_case(transaction, "Hålet i cykelbanan vid skolan är kvar.")
    return store


_PIECES = [
    '"',
    "-",
    "från:",
    "SYN-2026-",
    "123",
    "*",
    "AND",
    "OR",
    "NEAR(",
    ")",
    ":",
    "'",
    "\\",
    "\0",
    " ",
    "å",
]
_TYPED = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(_PIECES), max_size=12).map("".join))


@given(typed=_TYPED)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_nothing_typed_is_too_odd(store: Store, typed: str) -> None:
    with store.write() as transaction:
        if not found(transaction, "cykelbana"):
            a_case(transaction, "Hålet i cykelbanan vid skolan är kvar.")
        assert found(transaction, typed) in ([], [1])
        search.snippets(transaction, [1], search.ask(typed))


@given(text=st.text(max_size=80))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_was_written_is_found_by_its_own_words(store: Store, text: str) -> None:
    with store.write() as transaction:
        case_id = a_case(transaction, text or "x", title="")
        words = [word for word in inbox.clean(text).split() if search.ask(word)][:8]
        quoted = " ".join(f'"{word}"' for word in words if '"' not in word)
        if search.ask(quoted):
            assert case_id in found(transaction, quoted)


@given(cut=st.integers(min_value=2, max_value=20))
@pytest.mark.parametrize(
    "word", ["möjligheterna", "gungorna", "skolan", "trasigaste", "snöröjningen", "buss"]
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_beginning_of_a_word_finds_it(small: Store, word: str, cut: int) -> None:
    with small.write() as transaction:
        case_id = a_case(transaction, word)

        assert case_id in found(transaction, word[:cut])


@given(st.text(st.one_of(st.characters(), st.sampled_from("\n\r /l-.åäöéß́")), max_size=60))
def test_our_own_letters_are_cut_line_by_line_as_if_they_were_cut_whole(text: str) -> None:
    assert search._tokens([text], by_line=True) == search._tokens([text])
