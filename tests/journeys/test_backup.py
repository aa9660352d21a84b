import pytest

from tests.journeys import backup
from tests.servers import postgres


async def _shows(store_url: str = "", target_url: str = "") -> None:
    figures = await backup.run(seconds=8, store_url=store_url, target_url=target_url)

    print("\n".join(figures.lines()))
    assert figures.faults == []
    assert figures.messages > 0
    assert figures.during >= 10  # they were confirmed while the backup's moment lasted, and are not in it
    assert figures.confirmed >= figures.messages + figures.during


@pytest.mark.journey
@pytest.mark.slow
async def test_a_backup_made_while_mails_come_is_restored_row_by_row_as_it_was() -> None:
    await _shows()


@pytest.mark.journey
@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.skipif(bool(postgres.why_not()), reason=postgres.why_not() or "-")
async def test_a_backup_of_postgresql_made_while_mails_come_is_restored_as_it_was_too() -> None:
    with postgres.running() as cluster:
        await _shows(cluster.database("source"), cluster.database("target"))
