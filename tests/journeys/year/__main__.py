"""Let a year go by, and print what was counted.

`python -m tests.journeys.year --profile gislaved --cases 742 --kills 40 [--seed N] [--postgres]`, or `--all`.
"""

import argparse
import asyncio
import contextlib
import random
import sys

from tests.journeys.year.drive import Plan, a_year
from tests.journeys.year.figures import Figures, count, table
from tests.journeys.year.town import PROFILES
from tests.servers import postgres


async def run(plan: Plan) -> Figures:
    """Let the year of a plan go by, and judge it."""
    async with a_year(plan) as year:
        return count(year)


def main(arguments: list[str] | None = None) -> int:
    """Print the figures; the exit status tells whether there was a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.year", description=__doc__)
    parser.add_argument("--profile", choices=PROFILES, default="gislaved")
    parser.add_argument("--all", action="store_true", help="one profile after the other")
    parser.add_argument("--cases", type=int, default=742)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    chosen = parser.parse_args(arguments)
    found: list[Figures] = []
    for profile in PROFILES if chosen.all else [chosen.profile]:
        with contextlib.ExitStack() as stack:
            url = stack.enter_context(postgres.running()).database("year") if chosen.postgres else ""
            plan = Plan(
                profile=profile,
                cases=chosen.cases,
                kills=chosen.kills,
                seed=chosen.seed,
                days=chosen.days,
                store_url=url,
            )
            found.append(asyncio.run(run(plan)))
        print("\n".join(found[-1].fault_lines()), flush=True)
    print("\n".join(table(found)))
    return 1 if any(one.faults for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
