"""Who may see a case: said to one case in Python and to all of them in SQL, and both say the same."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import product
from typing import Any

from store import cases, outbox
from store.domain import Address, Lane, Outgoing, Purpose, Status
from store.engine import Store
from store.sight import Confidant, Reader, may_be_told, sees, show
from tests.house import rows_of

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
READERS = (
    Reader(id="rita", is_registrator=True),
    Reader(id="kim", oversees=True),
    Reader(id="mona", manages=frozenset({"park", "skola"})),
    Reader(id="anna"),
    Reader(id="ann", units=frozenset({"omsorg"})),
    Reader(id='o"br_%\\', manages=frozenset({"park"})),
    Reader(id="åsa", sorts=True),
    Reader(id="sub", stands_in_for=frozenset({"anna"})),
    Reader(id="lex", lanes=frozenset({Lane.NAMED_EMPLOYEE})),
    Reader(id="told"),
    Reader(id="chris", confidant=Confidant.MANAGER, manages=frozenset({"park"})),
    Reader(id="anna", confidant=Confidant.NOBODY),
)


EVERYBODY = tuple(dict.fromkeys(reader.id for reader in READERS))
# Restricted or not, protected or not, with each flag, unit, handler, who is barred and who was told.
_FLAGS = ((), (Lane.NAMED_EMPLOYEE,), (Lane.WHISTLEBLOWING, Lane.THREAT))
_TOLD = ((), ("told", "ann"))
SORTS = (
    *product(
        *((False, True), (False,), _FLAGS, ("park", "omsorg", ""), ("anna", "rita")),
        *(((), *((one,) for one in EVERYBODY), EVERYBODY), _TOLD),
    ),
    *product(
        *((False, True), (True,), _FLAGS, ("park", ""), ("anna", "rita")),
        *(((), ("anna",), EVERYBODY), _TOLD),
    ),
)


def open_cases(store: Store, sorts: Sequence[tuple[Any, ...]]) -> None:
    """Open one case of each sort."""
    with store.write() as transaction:
        for restricted, protected, lanes, unit, handler, barred, shown in sorts:
            case_id, _ = cases.open_case(
                transaction,
                cases.NewCase(
                    status=Status.SORTING,
                    received_at=NOW,
                    title="Gungan",
                    channel="smtp",
                    sender=None,
                    sender_name="",
                    language="sv",
                    unit=unit,
                    handler=handler,
                    routed_because="",
                    lanes=lanes,
                    restricted=restricted,
                    protected=protected,
                    barred=barred,
                    shown_to=shown,
                ),
                now=NOW,
            )
            letter = Outgoing(
                key=f"{case_id}:kvitto",
                purpose=Purpose.ACKNOWLEDGEMENT,
                recipient=Address(channel="email", handle="sven@example.org"),
                subject="Hej",
                body="Hej",
                case_id=case_id,
            )
            outbox.put(transaction, letter, now=NOW, held_because="prov")


def test_lists_counts_and_letters_agree_with_what_a_person_may_see_and_no_reader_sees_all(
    store: Store,
) -> None:
    open_cases(store, SORTS)
    rows = rows_of(store, "cases")

    assert len(rows) == len(SORTS)
    with store.read() as transaction:
        assert len(cases.page(transaction, limit=5000)) == len(SORTS)

    for reader in READERS:
        mine = [row["id"] for row in rows if sees(reader, row)]
        with store.read() as transaction:
            listed = cases.page(transaction, reader=reader, limit=5000)
            counted = cases.counts(transaction, reader=reader)
            letters = outbox.troubled(transaction, reader=reader, limit=5000)
            letter_counts = outbox.counts(transaction, reader=reader)
        assert 0 < len(mine) < len(rows)
        assert sorted(row["id"] for row in listed) == mine
        assert counted == {"sortering": len(mine)}
        assert sorted(row["case_id"] for row in letters) == mine
        assert letter_counts == {"hålls": len(mine)}


def test_b6_whoever_it_is_about_never_sees_it_not_even_the_registrator() -> None:
    case = {
        "barred": ["rita"],
        "restricted": False,
        "protected": False,
        "handler": "rita",
        "lanes": [],
        "unit": "",
        "shown_to": [],
    }

    assert sees(READERS[0], case | {"barred": []})
    assert not sees(READERS[0], case)


def test_b28_a_whistleblower_is_seen_by_the_registrator_and_by_no_line_manager() -> None:
    case = {
        "barred": [],
        "restricted": True,
        "protected": False,
        "handler": "rita",
        "lanes": ["visselblåsning"],
        "unit": "park",
        "shown_to": [],
    }

    assert [reader.id for reader in READERS if sees(reader, case)] == ["rita"]
    assert [reader.id for reader in READERS if sees(reader, case | {"lanes": ["hot"]})] == [
        "rita",
        "kim",
        "mona",
        'o"br_%\\',
        "chris",
    ]


def test_b15_a_protected_sender_is_seen_by_the_registrator_and_one_other_role_and_by_nobody_else() -> None:
    case: dict[str, Any] = {
        "barred": [],
        "restricted": False,
        "protected": True,
        "handler": "anna",
        "lanes": [Lane.NAMED_EMPLOYEE],
        "unit": "park",
        "shown_to": ["told"],
    }

    seen = [(reader.id, str(reader.confidant)) for reader in READERS if sees(reader, case)]

    assert seen == [("rita", "handläggare"), ("anna", "handläggare"), ("chris", "chef")]
    assert not any(may_be_told(reader, case | {"barred": EVERYBODY}) for reader in READERS)


def test_c3_without_a_reason_nobody_reads_a_case_that_is_kept_from_nobody() -> None:
    case: dict[str, Any] = {
        "barred": [],
        "restricted": False,
        "protected": False,
        "handler": "anna",
        "lanes": [],
        "unit": "omsorg",
        "shown_to": [],
    }

    assert all(may_be_told(reader, case) for reader in READERS)
    assert [reader.id for reader in READERS if sees(reader, case)] == [
        "rita",
        "kim",
        "anna",
        "ann",
        "åsa",
        "sub",
        "anna",
    ]
    assert sees(Reader(id="told"), case | {"shown_to": ["told"]})
    assert sees(Reader(id="lex", lanes=frozenset({Lane.LEX_SARAH})), case | {"lanes": ["lex_sarah"]})


def test_b6_whom_it_is_about_is_not_let_in_by_being_told(store: Store) -> None:
    open_cases(store, [next(sort for sort in SORTS if ("told",) in sort)])
    (case_id,) = (row["id"] for row in rows_of(store, "cases") if row["barred"] == ["told"])

    with store.write() as transaction:
        show(transaction, case_id, ["told"])
        show(transaction, case_id, ["ann", "told"])
        case = cases.find(transaction, case_id)

    assert case is not None
    assert case["shown_to"] == ["ann", "told"]
    assert not sees(Reader(id="told"), case)
