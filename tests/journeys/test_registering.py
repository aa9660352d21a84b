"""Fifty at once, and kill -9: the series has no gap, and the chain holds (rows R7, B13, B19)."""

import os
import random

import pytest

from tests.journeys import registering
from tests.servers import postgres


async def _holds(store_url: str = "", *, kills: int) -> None:
    seed = int(os.environ.get("SYNPUNKT_SEED", random.SystemRandom().randrange(10**6)))

    figures = await registering.run(mails=50, kills=kills, seed=seed, store_url=store_url)

    print("\n".join(figures.lines()))
    assert figures.faults == []
    assert (figures.mails, figures.cases, figures.counts["nummer"]) == (50, 50, 50)
    assert figures.counts["länkar"] > 0
    assert figures.remarks == []


@pytest.mark.journey
@pytest.mark.slow
async def test_r7_fifty_registrations_at_once_leave_no_gap_and_a_whole_chain_though_it_is_killed() -> None:
    await _holds(kills=3)


@pytest.mark.journey
@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.skipif(bool(postgres.why_not()), reason=postgres.why_not() or "-")
async def test_r7_fifty_registrations_at_once_leave_no_gap_on_postgresql_either() -> None:
    with postgres.running() as cluster:
        await _holds(cluster.database("register"), kills=2)
