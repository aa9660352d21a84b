"""Row B15: whoever is protected is found by nobody else: on no page, in no letter, no log, and no export.

The whole house is walked through by everybody, with words that stand nowhere but in the protected case.
"""

import asyncio
import json
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bots.desk.secrecy import Secrecy
from store import cases, lessons, likeness, lists
from store.deadlines import day_of
from store.domain import Factor, Handler, Kind, Outcome, Purpose, Role
from store.engine import Row, Store
from store.lists import Filters, Queue
from tests.bots.web.whole import Whole, everything
from tests.house import (
    NAME,
    PEOPLE,
    TOWN,
    UNITS,
    House,
    Scripted,
    a_suggestion,
    an_inbound,
    open_house,
)

# Nobody is called so, lives there, or has that number.
SENTINELS = (
    "Zelmira",
    "Qvarnlöf",
    "zelmira.qvarnlof",
    "Zaffransgränd",
    "070-1740699",
    "+46701740699",
    "zhemlig",
)
WORDS = "Jag heter Zelmira Qvarnlöf, Zaffransgränd 9. Ring 070-1740699. Gungan är trasig, zhemlig xylofon."
FROM = "Zelmira Qvarnlöf <zelmira.qvarnlof@example.org>"
TRUSTED = {"rita", "anna"}
# A head and manager, a school's handler, quality, Medborgarcenter, and those who read no cases.
MORE: dict[str, tuple[Role, ...]] = {
    "kim": (),
    "mira": (),
    "sigrid": (Role.OPERATOR,),
    "dora": (Role.DATA_PROTECTION,),
}
STAFF = (
    *PEOPLE,
    *(
        Handler(id=who, name=f"{who.title()} Prov", email=f"{who}@lillkommun.example", roles=roles)
        for who, roles in MORE.items()
    ),
)
MANAGED = tuple(replace(unit, managers=("petra",), heads=("omar",)) for unit in UNITS)
ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])  # what differs is tried in tests/store


def found_in(text: str) -> list[str]:
    bare = text.casefold()
    return [one for one in SENTINELS if one.casefold() in bare]


@pytest.fixture
def place(store: Store, caplog: pytest.LogCaptureFixture) -> Iterator[Whole]:
    caplog.set_level(logging.DEBUG)
    house = open_house(
        store,
        people=STAFF,
        units=MANAGED,
        quality=("kim",),
        medborgarcenter=("mira",),
        console_url="http://test",
        suggester=Scripted(replace(a_suggestion(Kind.COMPLAINT), vector=b"\x01\x02")),
    )
    try:
        yield Whole(house=house, app=everything(house, staff=STAFF))
    finally:
        house.opinion.close()


async def furnished(house: House) -> Row:
    """Let an ordinary case and one like it come in; the second is protected after it was answered in part."""
    await house.hear(an_inbound(text="Gungan vid parken är trasig.", subject="Gunga"))
    await house.hear(an_inbound(text=WORDS, subject="Hej från Zelmira Qvarnlöf", sender=FROM))
    case = house.cases()[-1]
    acts, case_id = house.acts, case["id"]
    acts.confirm(case_id, kind=Kind.COMPLAINT, factor=Factor.SAFETY, by="anna", version=case["version"])
    words = "Hej Zelmira Qvarnlöf, vi lagar den."
    acts.answer(case_id, words, Outcome.DONE, by="anna", version=version(house, case))
    note = "Talat med Zelmira Qvarnlöf."
    acts.note_down(case_id, by="anna", service_note=note, version=version(house, case))
    return case


def version(house: House, case: Row) -> int:
    return int(next(row["version"] for row in house.cases() if row["id"] == case["id"]))


def protect(house: House, case: Row) -> None:
    Secrecy(acts=house.acts).protect(case["id"], protected=True, by="anna", version=version(house, case))


async def texts(place: Whole, who: str) -> dict[str, str]:
    """Return what somebody reads at every address that they are led to, and at those of the case itself."""
    visitor = await place.enter(who)
    paths, _forms = await place.walk(visitor, most=60)
    number = place.house.cases()[-1]["number"]
    own = [f"/arenden/{number}{more}" for more in ("", "/narvaro", "/lasningar", "/gor/svara", "/dela")]
    asked = [f"/arenden?visa=alla&{word}=xylofon" for word in ("q", "sok", "text")]
    files = ["/registret.csv", "/arenden?visa=brev", "/arenden?visa=alla"]
    found = {}
    for path in dict.fromkeys([*paths, *own, *asked, *files]):
        answer = await visitor.get(path)
        found[path] = answer.text
    return found


@ON_SQLITE
async def test_b15_who_is_protected_is_on_the_pages_of_the_two_roles_and_on_nobody_elses(
    place: Whole,
) -> None:
    house = place.house
    case = await furnished(house)
    open_to = await texts(place, "petra")
    protect(house, case)

    seen = {one.id: await texts(place, one.id) for one in STAFF}
    seen[""] = await texts(place, "")

    assert found_in("".join(open_to.values()))  # before that a manager could read it
    leaks = {
        (who, path): [*found_in(text), case["number"] * (case["number"] in text)]
        for who, pages in seen.items()
        for path, text in pages.items()
        # A stranger is led to the door with the address that they asked for.
        if who not in TRUSTED and (found_in(text) or (who and case["number"] in text))
    }
    assert leaks == {}
    assert all(found_in(seen[who][f"/arenden/{case['number']}"]) for who in TRUSTED)
    # Not even those may take the name out with the register.
    assert found_in(seen["rita"]["/registret.csv"]) == []
    assert case["number"] in seen["rita"]["/registret.csv"]


@ON_SQLITE
async def test_b15_no_letter_log_line_journal_line_or_lesson_holds_who_is_protected(
    place: Whole, caplog: pytest.LogCaptureFixture
) -> None:
    house = place.house
    case = await furnished(house)
    protect(house, case)
    await house.hear(an_inbound(text=f"En sak till. {WORDS}", subject="Zelmira igen", sender=FROM))
    house.clock.forward(days=40)
    await asyncio.to_thread(house.watch.once)
    await house.deliver()

    letters = [row for row in house.outbox() if row["handle"] != "zelmira.qvarnlof@example.org"]
    parts = ("subject", "body", "recipient_name", "handle")
    to_staff = ["\n".join(row[part] for part in parts) for row in letters]
    lines = [json.dumps(row["details"], ensure_ascii=False) for row in house.table("journal")]
    with house.store.read() as transaction:
        learnt = lessons.confirmed(transaction, since=house.clock().replace(year=2025))
        reader = house.acts.reader("petra")
        page = lists.page(
            transaction,
            queue=Queue.ALL,
            reader=reader,
            today=day_of(house.clock()),
            filters=Filters(text="Zelmira"),
        )
        alike = likeness.similar(
            transaction, house.cases()[0]["id"], may_see=lambda row: house.work.house.may_read("petra", row)
        )
        counted = sum(cases.counts(transaction, reader=reader).values())

    assert len(letters) > 2
    assert [one for one in to_staff if found_in(one)] == []
    assert [row["subject"] for row in house.outbox() if found_in(row["subject"])] == []
    assert [one.getMessage() for one in caplog.records if found_in(one.getMessage())] == []
    assert [one for one in lines if found_in(one)] == []
    assert [one for one in learnt if found_in(one.text)] == []
    assert (list(page.rows), alike, counted) == ([], [], 1)


@ON_SQLITE
async def test_b20_no_receipt_repeats_a_word_that_the_sender_wrote(place: Whole) -> None:
    house = place.house
    await house.hear(an_inbound(text=WORDS, subject="Hej från Zelmira Qvarnlöf", sender=FROM))
    await house.hear(an_inbound(text=f"Mer: {WORDS}", subject="Zaffransgränd", sender=FROM))

    sent = [f"{row['subject']}\n{row['body']}" for row in house.outbox()]

    assert {row["purpose"] for row in house.outbox()} >= {Purpose.ACKNOWLEDGEMENT, Purpose.HANDLER_NOTICE}
    assert [one for one in sent if found_in(one)] == []


def test_nobody_else_here_is_called_so() -> None:
    assert found_in(f"{NAME} {TOWN} {[one.name for one in STAFF]}") == []
