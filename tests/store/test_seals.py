"""A link closes no line before which another can still come, on a real PostgreSQL."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from store import seals
from store.engine import Store, StoreAwayError
from tests.house import NOW
from tests.servers.lent import Lender
from tests.store.test_outbox import a_case

pytestmark = pytest.mark.postgres


@pytest.fixture
def shared(lender: Lender) -> Iterator[Store]:
    with lender.emptied() as opened:
        yield opened


def test_no_link_is_made_while_somebody_has_a_number_and_has_not_written_its_line(
    shared: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seals, "_PATIENCE", 0.1)
    # As the trigger does: the row is changed, the number taken, and only then the line is written.
    with shared.engine.begin() as between:
        between.execute(text("SELECT txid_current(), nextval('changes_id_seq')"))
        a_case(shared)

        with pytest.raises(StoreAwayError, match="någon skriver"):
            seals.seal(shared, NOW)

    made = seals.seal(shared, NOW)
    assert made is not None
    assert made.count == made.up_to - 1


def test_whoever_only_reads_holds_up_no_link(shared: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "_PATIENCE", 0.5)
    a_case(shared)

    with shared.read() as reading:
        reading.connection.execute(text("SELECT count(*) FROM cases"))
        made = seals.seal(shared, NOW)

    assert made is not None
