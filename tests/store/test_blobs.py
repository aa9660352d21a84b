import hashlib
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from store import blobs, enclosures, inbox, tables
from store.blobs import KeyLostError, SpoiltBlobError
from store.domain import Enclosure, Inbound
from store.engine import Store
from store.keys import NO_KEYS, KeyFileError, keyring, of

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OLD, NEW = bytes(range(32)), bytes(range(32, 64))
MAIL = b"Subject: Gungan\r\n\r\nGungan i parken \xc3\xa4r trasig."


def with_keys(store: Store, *keys: bytes) -> Store:
    return replace(store, keys=of(keys))


def keep(store: Store, *contents: bytes) -> list[str]:
    with store.write() as transaction:
        return blobs.keep(transaction, contents, NOW)


def read(store: Store, sha256: str) -> bytes | None:
    with store.read() as transaction:
        return blobs.read(transaction, sha256)


def stored(store: Store) -> dict[str, tuple[str, bytes]]:
    with store.read() as transaction:
        rows = transaction.rows(select(tables.blobs))
    return {row["sha256"]: (row["key_id"], bytes(row["data"])) for row in rows}


def rekey_all(store: Store) -> int:
    done, after = 0, ""
    while True:
        with store.write() as transaction:
            group = blobs.rekey(transaction, after=after, most_bytes=10)
        if not group:
            return done
        done, after = done + len(group), group[-1]


def test_without_a_key_bytes_lie_as_they_came(store: Store) -> None:
    (sha256,) = keep(store, MAIL)

    assert stored(store) == {hashlib.sha256(MAIL).hexdigest(): ("", MAIL)}
    assert read(store, sha256) == MAIL


def test_with_a_key_nothing_of_a_message_can_be_read_in_the_database(store: Store) -> None:
    house = with_keys(store, NEW)

    (sha256,) = keep(house, MAIL)

    key_id, data = stored(store)[sha256]
    assert sha256 == hashlib.sha256(MAIL).hexdigest()
    assert key_id == of([NEW]).current
    assert b"Gungan" not in data
    assert len(data) == 12 + len(MAIL) + 16
    assert read(house, sha256) == MAIL


def test_the_same_bytes_are_kept_once_also_when_they_are_encrypted(store: Store) -> None:
    house = with_keys(store, NEW)

    sums = keep(house, MAIL, b"annat", MAIL) + keep(house, MAIL)

    assert len(set(sums)) == 2
    assert len(stored(store)) == 2


def test_the_same_bytes_under_the_same_key_never_look_the_same() -> None:
    ring = of([NEW])

    assert ring.seal("a", MAIL) != ring.seal("a", MAIL)


def test_a_message_and_the_files_of_an_answer_are_read_whatever_they_are_encrypted_with(store: Store) -> None:
    house = with_keys(store, NEW)
    with house.write() as transaction:
        inbound = Inbound(channel="smtp", account="a", received_at=NOW, raw=MAIL)
        (receipt,) = inbox.keep(transaction, [inbound], NOW)
        claimed = inbox.claim(transaction, now=NOW, limit=9, max_bytes=10**6, lease=timedelta(minutes=1))

    with house.read() as transaction:
        raw = inbox.raw(transaction, receipt.message_id)
    assert raw == MAIL
    assert [row["data"] for row in claimed] == [MAIL]
    assert "key_id" not in claimed[0]


def test_a_file_with_an_answer_is_encrypted_as_well(store: Store) -> None:
    house = with_keys(store, NEW)
    with house.write() as transaction:
        transaction.connection.execute(tables.cases.insert().values(_a_case()))
        transaction.connection.execute(
            tables.unsent.insert().values(id=1, case_id=1, person="anna", act="svara", typed={}, saved_at=NOW)
        )
        file = Enclosure(name="karta.pdf", media_type="application/pdf", data=b"%PDF-karta")
        enclosures.add(transaction, 1, file, now=NOW)

    with house.read() as transaction:
        (row,) = enclosures.of_unsent(transaction, 1)
        data = enclosures.read(transaction, row["id"])
    assert data == b"%PDF-karta"
    assert [b"karta" in one for _, one in stored(store).values()] == [False]


def test_a_lost_key_is_told_by_its_id_and_by_what_to_do(store: Store) -> None:
    (sha256,) = keep(with_keys(store, OLD), MAIL)
    house = with_keys(store, NEW)

    with pytest.raises(KeyLostError, match=of([OLD]).current) as told:
        read(house, sha256)

    assert "encryption_key" in str(told.value)
    with house.read() as transaction:
        assert blobs.lost_keys(transaction) == [of([OLD]).current]


def test_bytes_that_were_changed_are_told_and_do_not_stop_other_messages(store: Store) -> None:
    house = with_keys(store, NEW)
    with house.write() as transaction:
        group = [
            Inbound(channel="x", account="a", external_id=one, received_at=NOW, raw=one.encode())
            for one in ("ett", "två")
        ]
        inbox.keep(transaction, group, NOW)
    spoilt = hashlib.sha256(b"ett").hexdigest()
    with store.write() as transaction:
        data = bytearray(stored(store)[spoilt][1])
        data[-1] ^= 1
        changed = update(tables.blobs).where(tables.blobs.c.sha256 == spoilt)
        transaction.connection.execute(changed.values(data=bytes(data)))

    with pytest.raises(SpoiltBlobError, match=spoilt):
        read(house, spoilt)
    with house.write() as transaction:
        claimed = inbox.claim(transaction, now=NOW, limit=9, max_bytes=10**6, lease=timedelta(minutes=1))
        assert list(blobs.spoilt(transaction)) == [spoilt]
    assert [row["data"] for row in claimed] == [b"", "två".encode()]


def test_sealed_bytes_can_not_be_exchanged_for_others(store: Store) -> None:
    house = with_keys(store, NEW)
    one, two = keep(house, b"ett", b"tre")
    with store.write() as transaction:
        changed = update(tables.blobs).where(tables.blobs.c.sha256 == one)
        transaction.connection.execute(changed.values(data=stored(store)[two][1]))

    with pytest.raises(SpoiltBlobError):
        read(house, one)


def test_bytes_come_under_a_new_key_in_small_steps_and_the_old_one_is_then_needed_no_more(
    store: Store,
) -> None:
    sums = keep(store, b"fran tiden fore nycklar") + keep(with_keys(store, OLD), MAIL, b"annat")
    keep(with_keys(store, NEW, OLD), b"nytt")

    done = rekey_all(with_keys(store, NEW, OLD))

    house = with_keys(store, NEW)
    assert done == 3
    assert {key_id for key_id, _ in stored(store).values()} == {of([NEW]).current}
    assert [read(house, one) for one in sums] == [b"fran tiden fore nycklar", MAIL, b"annat"]
    assert rekey_all(house) == 0


@pytest.mark.parametrize("write", [bytes.hex, lambda key: b64encode(key).decode()])
def test_a_file_of_keys_is_read_line_by_line_the_current_one_first(write: object) -> None:
    assert callable(write)
    ring = keyring(f"# ny 2026\n{write(NEW)}\n\n{write(OLD)}\n")

    assert ring.ids == of([NEW, OLD]).ids
    assert ring.open(of([OLD]).current, "x", of([OLD]).seal("x", MAIL)) == MAIL


@pytest.mark.parametrize("line", ["kort", "00" * 31, "é" * 64, b64encode(b"x" * 33).decode()])
def test_a_line_that_is_no_key_is_told_by_its_number_and_never_shown(line: str) -> None:
    with pytest.raises(KeyFileError, match="rad 2") as told:
        keyring(f"{NEW.hex()}\n{line}")

    assert line not in str(told.value)


@given(st.text(max_size=200))
def test_any_file_gives_keys_or_says_what_is_wrong(text: str) -> None:
    try:
        ring = keyring(text)
    except KeyFileError:
        return
    assert ring.keys == NO_KEYS.keys or len(ring.current) == 16


@given(st.binary(max_size=300), st.text(min_size=1, max_size=20))
def test_what_was_sealed_is_opened_under_its_own_name_only(data: bytes, name: str) -> None:
    ring = of([NEW])
    sealed = ring.seal(name, data)

    assert ring.open(ring.current, name, sealed) == data
    with pytest.raises(ValueError, match="not those"):
        ring.open(ring.current, f"{name}x", sealed)


def _a_case() -> dict[str, object]:
    return {
        "id": 1,
        "number": "SYN-2026-000001",
        "series": "SYN-2026",
        "sequence": 1,
        "status": "tilldelad",
        "received_at": NOW,
        "opened_at": NOW,
        "title": "",
        "channel": "smtp",
        "language": "sv",
        "handler": "anna",
    }
