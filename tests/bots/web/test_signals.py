"""The page of weak signals: each manager's own, all for quality and registrator, and nothing for others."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from store import journal
from tests.bots.desk.reports.test_signals import SECOND, signals_of
from tests.bots.web.test_improvements import signed_in
from tests.house import UNITS, Clock, House
from tests.store.figures.test_signals import a_year_of_few, put

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


async def test_who_answers_and_who_oversees_see_the_signal_with_its_cases_and_that_is_journaled(
    make_house: Callable[..., House],
) -> None:
    units = (replace(UNITS[0], managers=("petra",)), replace(UNITS[1], managers=("omar",)))
    house = make_house(units=units, clock=Clock(SECOND))
    a_year_of_few(house.store)
    put(house.store, 9, "2026-10", title="Lång kö")
    signals_of(house).look(SECOND)

    for who, status, shown in (
        ("petra", 200, True),
        ("rita", 200, True),
        ("omar", 200, False),
        ("anna", 403, False),
        ("", 303, False),
    ):
        async for browser in signed_in(house, who):
            page = await browser.get("/signaler")
            menu = await browser.get("/arenden")
            assert page.status_code == status, who
            assert ("Gata och park: Bemötande" in page.text) == shown, who
            assert ('href="/arenden/SYN-33"' in page.text) == shown, who
            assert ('href="/signaler"' in menu.text) == (status == 200), who

    read = [
        row["actor"]
        for row in house.table("journal")
        if row["act"] == journal.READING and row["details"].get("vad") == "svaga signaler"
    ]
    assert read == ["petra", "rita", "omar"]
