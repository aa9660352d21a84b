"""The data subject's extract (GDPR art. 15, row B18): all of theirs, nothing of others', and flagged."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from bots.desk.extract import Extract, Packed
from classifier import passages
from store import secrecy, surveys
from store.domain import Factor, Kind, Outcome
from store.retention import Record, Rule
from store.tables import cases
from tests.house import SENDER, House, an_inbound

Make = Callable[..., House]
pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])
RULE = Rule(record=Record.CASE, years=2, decision_ref="KS 2027-03-01 § 12")


def extract_of(house: House) -> Extract:
    return Extract(
        store=house.store,
        clock=house.clock,
        find=passages.find,
        municipality="Lilla kommunen",
        rules=(RULE,),
        reader=house.acts.reader,
    )


def opened(made: Packed) -> Any:
    with zipfile.ZipFile(io.BytesIO(made.data)) as archive:
        assert archive.namelist() == ["registerutdrag.json", "registerutdrag.html"]
        return json.loads(archive.read("registerutdrag.json"))


def page_of(made: Packed) -> str:
    with zipfile.ZipFile(io.BytesIO(made.data)) as archive:
        return archive.read("registerutdrag.html").decode()


@pytest.fixture
async def house(make_house: Make) -> House:
    house = make_house()
    await house.hear(an_inbound(text="Gungan är trasig. Ring min granne Karin Ek, karin.ek@example.org."))
    await house.hear(
        an_inbound(
            text="Min egen sak.",
            sender="Nisse <nisse@example.net>",
            envelope_from="nisse@example.net",
            subject="gunga",
        )
    )
    case = house.cases()[0]
    house.acts.confirm(
        case["id"], kind=Kind.COMPLAINT, factor=Factor.SAFETY, by="anna", version=case["version"]
    )
    version = house.cases()[0]["version"]
    house.acts.answer(case["id"], "Gungan är lagad.", Outcome.DONE, by="anna", version=version)
    await house.deliver()
    with house.store.write() as transaction:
        surveys.answer(transaction, case["id"], score=5, words="Tack!", now=house.clock())
    return house


async def test_b18_an_extract_holds_all_of_theirs_and_nothing_of_anybody_elses(house: House) -> None:
    made = extract_of(house).make([f" {SENDER.upper()} "], by="rita")

    whole = opened(made)
    (case,) = whole["ärenden"]
    assert (made.cases, made.withheld) == (1, 0)
    assert case["number"] == house.cases()[0]["number"]
    assert [one["text"].strip() for one in case["meddelanden"]] == [
        "Gungan är trasig. Ring min granne Karin Ek, karin.ek@example.org."
    ]
    assert [one["text"] for one in case["svar"]] == ["Gungan är lagad."]
    assert {one["purpose"] for one in case["brev"]} >= {"kvitto", "svar"}
    assert {one["handle"] for one in case["brev"]} == {SENDER}
    assert (case["enkätsvar"]["score"], case["enkätsvar"]["words"]) == (5, "Tack!")
    assert case["löften"]
    assert case["förslag av modellen"][0]["kind"] == "klagomål"
    assert "nisse" not in json.dumps(whole).casefold()
    assert "anna.ek@lillkommun.example" not in json.dumps(whole)
    assert whole["registerutdrag"]["lagringstid"] == [
        "ärende: 2 år, räknat från avslutat (KS 2027-03-01 § 12)"
    ]


async def test_b18_what_may_be_about_somebody_else_is_flagged_and_left_to_a_human(house: House) -> None:
    made = extract_of(house).make([SENDER], by="rita")

    (case,) = opened(made)["ärenden"]
    message = case["meddelanden"][0]
    flagged = {message["text"][one["från"] : one["till"]] for one in message["granska"]}
    assert "karin.ek@example.org" in flagged
    assert SENDER not in flagged
    assert made.to_look_at >= 1
    assert "Granska före utlämnande" in page_of(made)
    assert "karin.ek@example.org" in message["text"]


async def test_b18_secrecy_is_flagged(house: House) -> None:
    before = extract_of(house).make([SENDER], by="rita").to_look_at
    with house.store.write() as transaction:
        transaction.connection.execute(
            update(cases).where(cases.c.id == house.cases()[0]["id"]).values(protected=True, restricted=True)
        )
        assert secrecy.warnings(transaction, house.cases()[0]["id"])

    made = extract_of(house).make([SENDER], by="rita")

    (case,) = opened(made)["ärenden"]
    assert "Ärendet är begränsat till få." in case["att pröva"]
    assert made.to_look_at == before + 2


async def test_b18_who_only_wrote_in_the_case_of_another_gets_their_own_words_alone(house: House) -> None:
    answer = next(row for row in house.outbox() if row["purpose"] == "svar")
    await house.hear(
        an_inbound(
            text="Jag är granne, och håller med.",
            sender="Vera <vera@example.net>",
            envelope_from="vera@example.net",
            subject="Re: svar",
            in_reply_to=answer["external_id"],
        )
    )

    (case,) = opened(extract_of(house).make(["vera@example.net"], by="rita"))["ärenden"]

    assert set(case) >= {"number", "received_at"}
    assert "sender_handle" not in case
    assert [one["text"].strip() for one in case["meddelanden"]] == ["Jag är granne, och håller med."]
    assert (case["brev"], case["svar"], case["enkätsvar"]) == ([], [], None)
    assert SENDER not in json.dumps(case)


async def test_r14_making_an_extract_is_a_reading_and_the_address_stands_in_no_line(house: House) -> None:
    before = len(house.table("journal"))

    extract_of(house).make([SENDER], by="rita")

    lines = house.table("journal")[before:]
    assert [(line["act"], line["details"]) for line in lines] == [
        ("ärende läst", {"vad": "registerutdrag"}),
        ("registerutdrag", {"ärenden": "1"}),
    ]


async def test_c3_a_case_that_is_kept_from_whoever_makes_it_is_left_out_and_counted(house: House) -> None:
    with house.store.write() as transaction:
        transaction.connection.execute(update(cases).values(barred=["rita"]))

    made = extract_of(house).make([SENDER], by="rita")

    assert (made.cases, made.withheld) == (0, 1)
    assert opened(made)["ärenden"] == []
    assert "Gungan" not in page_of(made)


async def test_b18_no_address_finds_nothing_and_anonymous_senders_are_not_joined(house: House) -> None:
    await house.hear(an_inbound(text="Utan avsändare.", sender="<>", envelope_from=""))

    assert extract_of(house).make(["", "  "], by="rita").cases == 0
    assert extract_of(house).make(["okand@example.org"], by="rita").cases == 0


async def test_b18_an_extract_tells_that_one_was_made_before_and_is_otherwise_the_same(house: House) -> None:
    first = extract_of(house).make(["nisse@example.net"], by="rita")
    again = extract_of(house).make(["nisse@example.net"], by="rita")

    one, other = opened(first), opened(again)
    # That it was made is itself a reading.
    assert one["ärenden"][0].pop("läst") == {"gånger": 0, "av": 0}
    assert other["ärenden"][0].pop("läst") == {"gånger": 1, "av": 1}
    assert one == other
