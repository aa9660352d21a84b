import pytest

from tests.journeys import cluster
from tests.servers import postgres


@pytest.mark.journey
@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.skipif(bool(postgres.why_not()), reason=postgres.why_not() or "-")
async def test_of_two_processes_one_dies_and_the_other_loses_its_link_and_nothing_is_lost_or_doubled() -> (
    None
):
    with postgres.running() as server:
        left, faults = await cluster.run_shortly(server)

    assert faults == []
    assert len(left.post.confirmed) == 18
    assert max(left.takeovers["another has the watch"]) < 30
