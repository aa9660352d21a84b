"""No message is lost or doubled on any channel when the product is killed; `chats` does it at length."""

import os
import random

import pytest

from tests.journeys import chats


@pytest.mark.journey
@pytest.mark.slow
async def test_no_message_is_lost_or_doubled_over_the_channels_when_the_product_is_killed() -> None:
    seed = int(os.environ.get("SYNPUNKT_SEED", random.SystemRandom().randrange(10**6)))

    figures = await chats.run(messages=40, kills=3, seed=seed)

    print("\n".join(figures.lines()))
    assert figures.faults == []
    assert sum(figures.messages.values()) == 40
