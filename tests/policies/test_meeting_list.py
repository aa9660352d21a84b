"""What a workplace meeting talks of (L17, T16, N3): what came and what was done, and nobody in it."""

from bots.desk.reports.asked import Asked
from bots.desk.reports.catalogue import make
from bots.desk.reports.sheet import as_csv
from store.deadlines import day_of
from store.domain import Factor, Kind, Outcome
from store.figures.period import holding
from tests.house import NAME, SENDER, House, an_inbound


async def test_l17_t16_n3_the_list_has_what_was_done_and_neither_senders_nor_who_is_pointed_at(
    house: House,
) -> None:
    await house.hear(an_inbound(subject="Trasig gunga"))
    await house.hear(an_inbound(subject=f"{NAME} klagar", text="Ordet är fritt i parken."))
    await house.hear(an_inbound(subject="Om en kollega", text="Parken sköts illa av en av er."))
    told, named, few = house.cases()
    acts, by = house.acts, "anna"
    acts.confirm(
        told["id"], kind=Kind.COMPLAINT, factor=Factor.SAFETY, by=by, version=house.cases()[0]["version"]
    )
    acts.answer(
        told["id"],
        "Den är lagad.",
        Outcome.DONE,
        by=by,
        version=house.cases()[0]["version"],
        measure="Alla gungor är kontrollerade.",
    )
    acts.restrict(few["id"], restricted=True, by="rita", version=few["version"])

    today = day_of(house.clock())
    with house.store.read() as transaction:
        asked = Asked(period=holding("quarter", today), today=today, house=house.work.house)
        sheet = make("R6", transaction, asked).sheet

    rows = {row[0]: row for row in sheet.rows}
    assert set(rows) == {told["number"], named["number"]}
    assert rows[told["number"]][4:6] == ("Trasig gunga", "Alla gungor är kontrollerade.")
    assert rows[named["number"]][4] == "Synpunkt om Boendemiljö, Gata och park"
    written = as_csv(sheet).decode("utf-8-sig")
    assert not [one for one in (SENDER, NAME, few["number"], "kollega") if one in written]
