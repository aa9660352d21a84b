import os
import random
from datetime import UTC, datetime, timedelta

import pytest

from store import inbox
from store.domain import Inbound
from store.engine import Store
from tests.journeys import kill
from tests.journeys.mails import citizen, synpunkt
from tests.servers import postgres

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OURS = "synpunkt@lillkommun.example"


async def _survives(store_url: str = "", *, usual_mails: int, usual_kills: int) -> None:
    seed = int(os.environ.get("SYNPUNKT_SEED", random.SystemRandom().randrange(10**6)))
    mails = int(os.environ.get("SYNPUNKT_MAILS", usual_mails))
    kills = int(os.environ.get("SYNPUNKT_KILLS", usual_kills))

    figures = await kill.run(mails=mails, kills=kills, seed=seed, store_url=store_url)

    print("\n".join(figures.lines()))
    assert figures.faults == []
    assert (figures.mails, figures.cases) == (mails, mails)


@pytest.mark.journey
@pytest.mark.slow
async def test_no_confirmed_mail_is_lost_or_doubled_when_the_product_is_killed_again_and_again() -> None:
    await _survives(usual_mails=150, usual_kills=6)


@pytest.mark.journey
@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.skipif(bool(postgres.why_not()), reason=postgres.why_not() or "-")
async def test_no_confirmed_mail_is_lost_or_doubled_on_postgresql_either() -> None:
    with postgres.running() as cluster:
        await _survives(cluster.database("kill"), usual_mails=60, usual_kills=3)


def test_mails_that_were_in_hand_when_the_house_was_killed_are_then_taken_one_at_a_time(store: Store) -> None:
    with store.write() as transaction:
        inbox.keep(transaction, [_an_inbound(number) for number in range(4)], NOW)

    taken = []
    for second in range(5):
        with store.write() as transaction:
            inbox.release(transaction)
            rows = inbox.claim(
                transaction,
                now=NOW + timedelta(seconds=second),
                limit=64,
                max_bytes=10**6,
                lease=timedelta(minutes=2),
            )
        taken.append([(row["id"], row["attempts"]) for row in rows])

    assert taken == [
        [(1, 1), (2, 1), (3, 1), (4, 1)],
        [(1, 2)],
        [(2, 2)],
        [(3, 2)],
        [(4, 2)],
    ]


def _an_inbound(number: int) -> Inbound:
    return Inbound(
        channel="smtp",
        account=OURS,
        received_at=NOW,
        raw=synpunkt(number, to=OURS),
        envelope_from=citizen(number),
        envelope_to=(OURS,),
    )
