"""From a request to a package: chosen, masked by a human, handed out, made again (TF 2:15-19, row B11)."""

import csv
import hashlib
import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage

import pypdf
import pytest

from bots.desk.disclosure.disclosing import Disclosing, NoDisclosureError, NotDisclosingError, NotReadyError
from bots.desk.disclosure.masking import OWN, sum_of
from bots.desk.disclosure.package import COLUMNS, ChangedError
from bots.desk.disclosure.rules import WHOLE
from bots.web.uploads import file_of
from classifier import passages
from store import cases, disclosures, emptying, journal, scans, secrecy
from store.domain import Entry, Factor, Kind, Outcome, ScanState
from tests.house import House, an_inbound, rows_of

Make = Callable[..., House]
pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])  # what differs is in tests/store


def disclosing(house: House) -> Disclosing:
    return Disclosing(
        store=house.store,
        house=house.work.house,
        clock=house.clock,
        find=lambda text, names: passages.find(text, names=names),
        file_in=file_of,
    )


async def a_case(house: House, text: str, *, name: str = "Sven Svensson", **other: str) -> int:
    sender = f"{name} <sven{len(house.cases())}@example.org>"
    await house.hear(an_inbound(text=text, sender=sender, subject=other.get("subject", "Trasig gunga")))
    return int(house.cases()[-1]["id"])


def opened(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as box:
        return {name: box.read(name) for name in box.namelist()}


def read(data: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)


def number_of(house: House, case_id: int) -> str:
    return next(str(row["number"]) for row in house.cases() if row["id"] == case_id)


async def test_t13_a_whole_set_is_masked_at_once_and_handed_out_without_a_word_of_who(house: House) -> None:
    first = await a_case(house, "Gungan är trasig. Ring mig, Sven Svensson, på 070-174 06 05.")
    second = await a_case(house, "Rutschkanan är hal. Min dotter har adhd.", name="Eva Holm")
    desk = disclosing(house)

    made = desk.begin([first, second], selection="Alla", by="rita")
    assert desk.decide_all(made, masked=True, by="rita") > 4
    desk.hand_out(made, by="rita")
    data = desk.package(made, by="rita")

    files = opened(data)
    numbers = [number_of(house, one) for one in (first, second)]
    assert list(files) == ["forteckning.csv", "forteckning.pdf", *(f"{one}.pdf" for one in numbers)]
    texts = [read(files[f"{one}.pdf"]) for one in numbers]
    assert "Gungan är trasig. Ring mig," in texts[0]
    assert "Rutschkanan är hal." in texts[1]
    for word in ("Svensson", "070-174", "sven0", "Eva Holm", "adhd", "sven1"):
        assert all(word not in text for text in texts), word
        assert word.encode() not in data
    rows = list(csv.reader(io.StringIO(files["forteckning.csv"].decode("utf-8-sig")), delimiter=";"))
    assert tuple(rows[0]) == COLUMNS
    assert [row[0] for row in rows[1:]] == numbers
    assert [row[2] for row in rows[1:]] == ["Trasig gunga", "Trasig gunga"]


async def test_nothing_is_handed_out_before_a_human_has_decided_of_each_passage(house: House) -> None:
    case_id = await a_case(house, "Ring 070-174 06 05.")
    desk = disclosing(house)
    made = desk.begin([case_id], selection="", by="rita")

    with pytest.raises(NotReadyError, match="väntar på att någon avgör"):
        desk.hand_out(made, by="rita")
    desk.decide_all(made, masked=False, by="rita", kind="telefon")
    with pytest.raises(NotReadyError):
        desk.hand_out(made, by="rita")
    desk.decide_all(made, masked=True, by="rita")
    desk.hand_out(made, by="rita")

    text = read(opened(desk.package(made, by="rita"))[f"{number_of(house, case_id)}.pdf"])
    assert "Ring 070-174 06 05." in text
    assert "sven0@example.org" not in text


async def test_originals_stay_as_they_came(house: House) -> None:
    case_id = await a_case(house, "Ring 070-174 06 05.")
    before = house.messages(), house.cases()
    desk = disclosing(house)
    made = desk.begin([case_id], selection="", by="rita")
    desk.decide_all(made, masked=True, by="rita")
    desk.hand_out(made, by="rita")

    assert (house.messages(), house.cases()) == before


async def test_a_package_is_made_again_byte_for_byte_and_its_sum_is_in_the_journal(house: House) -> None:
    case_id = await a_case(house, "Ring 070-174 06 05.")
    desk = disclosing(house)
    made = desk.begin([case_id], selection="", by="rita")
    desk.decide_all(made, masked=True, by="rita")
    desk.hand_out(made, by="rita")
    house.clock.forward(days=40)
    await a_case(house, "Något annat.")

    data = desk.package(made, by="rita")

    assert data == desk.package(made, by="rita")
    told = [line for line in rows_of(house.store, "journal") if line["act"] == "handlingar utlämnade"]
    assert [(line["actor"], line["case_id"], line["details"]["sha256"]) for line in told] == [
        ("rita", case_id, hashlib.sha256(data).hexdigest())
    ]
    assert "21 kap. 7 § OSL" in told[0]["details"]["maskningar"]
    assert "070" not in str(rows_of(house.store, "journal"))
    assert "070" not in str(rows_of(house.store, "disclosed"))


async def test_what_was_decided_is_where_the_next_disclosure_of_the_same_paper_begins(house: House) -> None:
    case_id = await a_case(house, "Ring 070-174 06 05. Hunden Fido var med.")
    desk = disclosing(house)
    first = desk.begin([case_id], selection="", by="rita")
    desk.decide_all(first, masked=True, by="rita")
    number = number_of(house, case_id)
    message = f"m{house.messages()[0]['id']}"
    desk.decide(first, number, message, shown=(), masked=(), words="fido", by="rita")
    desk.abandon(first, by="rita")

    second = desk.begin([case_id], selection="", by="rita")

    _, review = desk.look_at(second, number, by="rita")
    assert review.undecided == 0
    paper = next(one for one in review.judged if one.paper.key == message)
    assert [one.kind for one in paper.spans][-1] == OWN
    assert "Fido" not in str(paper.pieces())


async def test_passages_are_decided_one_by_one_and_by_a_paragraph_that_can_be_chosen(house: House) -> None:
    case_id = await a_case(house, "Ring 070-174 06 05. Jag bor på Storgatan 12. Tack på förhand.")
    desk = disclosing(house)
    made, number = desk.begin([case_id], selection="", by="rita"), number_of(house, case_id)
    _, review = desk.look_at(made, number, by="rita")
    paper = next(one for one in review.judged if one.paper.key.startswith("m"))
    phone = next(one for one in paper.spans if one.kind == "telefon")
    street = next(one for one in paper.spans if one.kind == "adress")
    last = paper.paper.text.index("Tack på")
    sentence = f"{last}-{last + len('Tack på förhand.')}"

    desk.decide(
        made,
        number,
        paper.paper.key,
        shown=[phone.name, street.name],
        masked=[phone.name],
        sentences=[sentence],
        paragraph="26 kap. 1 § OSL",
        by="rita",
    )

    _, review = desk.look_at(made, number, by="rita")
    paper = next(one for one in review.judged if one.paper.key.startswith("m"))
    text = "".join(one or "█" for one in paper.pieces())
    assert "Ring █. Jag bor på Storgatan 12. █" in text
    assert review.by_paragraph(desk.grounds) == {"26 kap. 1 § OSL": 2}


async def test_names_of_staff_are_public_and_not_proposed_unless_the_sender_bears_them(house: House) -> None:
    case_id = await a_case(
        house, "Anna Ek har inte svarat. Eva Holm var där. Hälsningar Petra Holm", name="Petra Holm"
    )
    desk = disclosing(house)
    made, number = desk.begin([case_id], selection="", by="rita"), number_of(house, case_id)

    _, review = desk.look_at(made, number, by="rita")

    paper = next(one for one in review.judged if one.paper.key.startswith("m"))
    proposed = {paper.paper.text[one.begins : one.ends] for one in paper.spans}
    assert {"Eva Holm", "Petra Holm"} <= proposed
    assert "Anna Ek" not in proposed


async def test_a_word_that_is_masked_here_and_stands_there_is_told(house: House) -> None:
    case_id = await a_case(house, "Hunden Fido bet mig. Fido borde ha koppel.", subject="Fido")
    desk = disclosing(house)
    made, number = desk.begin([case_id], selection="", by="rita"), number_of(house, case_id)
    message = f"m{house.messages()[0]['id']}"
    _, review = desk.look_at(made, number, by="rita")
    text = next(one.paper.text for one in review.judged if one.paper.key == message)
    begins = text.index("Hunden Fido bet mig.")
    desk.decide(made, number, message, shown=(), masked=(), sentences=[f"{begins}-{begins + 20}"], by="rita")
    assert desk.look_at(made, number, by="rita")[1].left_over() == []

    with house.store.write() as transaction:
        place = text.index("Fido")
        one = disclosures.Masking(begins=place, ends=place + 4, kind=OWN, masked=True)
        disclosures.decide(transaction, case_id, message, sum_of(text), [one], by="rita", now=house.clock())
    assert desk.look_at(made, number, by="rita")[1].left_over() == ["Fido"]


async def test_b14_what_is_marked_as_secret_is_withheld_unless_the_human_decides_otherwise(
    house: House,
) -> None:
    case_id = await a_case(house, "Gungan är trasig.")
    with house.store.write() as transaction:
        secrecy.mark(
            transaction,
            case_id,
            paragraph="26 kap. 1 § OSL",
            authority="Socialnämnden",
            why="",
            message_id=None,
            by="rita",
            proposed=False,
            now=house.clock(),
        )
    desk = disclosing(house)
    made, number = desk.begin([case_id], selection="", by="rita"), number_of(house, case_id)
    _, review = desk.look_at(made, number, by="rita")
    assert {one.spans[0].kind for one in review.judged} == {WHOLE}
    assert review.cautions[0].paragraph == "26 kap. 1 § OSL"

    desk.decide_all(made, masked=True, by="rita")
    _, review = desk.look_at(made, number, by="rita")
    assert all(one.is_withheld and one.pieces() == [None] for one in review.judged)
    assert set(review.by_paragraph(desk.grounds)) == {"26 kap. 1 § OSL", "21 kap. 7 § OSL"}

    message = next(one for one in review.judged if one.paper.key.startswith("m"))
    desk.decide(made, number, message.paper.key, shown=[message.spans[0].name], masked=[], by="rita")
    _, review = desk.look_at(made, number, by="rita")
    message = next(one for one in review.judged if one.paper.key.startswith("m"))
    assert "Gungan är trasig." in "".join(one or "" for one in message.pieces())


async def test_b15_what_leads_to_a_protected_sender_is_masked_whatever_is_decided(house: House) -> None:
    case_id = await a_case(house, "Jag heter Sven. Svenssons gunga. Ring 070-174 06 05.")
    with house.store.write() as transaction:
        cases.note(transaction, case_id, protected=True)
    desk = disclosing(house)
    made, number = desk.begin([case_id], selection="", by="rita"), number_of(house, case_id)
    _, review = desk.look_at(made, number, by="rita")
    for one in review.judged:
        names = [span.name for span in one.spans]
        desk.decide(made, number, one.paper.key, shown=names, masked=[], by="rita")
    desk.decide_all(made, masked=False, by="rita")

    desk.hand_out(made, by="rita")

    data = desk.package(made, by="rita")
    texts = [read(one) for name, one in opened(data).items() if name.endswith(".pdf")]
    for word in ("Sven", "070", "sven0"):
        assert all(word not in text for text in texts), word
    assert any("gunga" in text for text in texts)


async def test_c3_only_the_registrator_and_who_stands_in_for_them_hands_out(house: House) -> None:
    case_id = await a_case(house, "Hej.")
    desk = disclosing(house)
    made = desk.begin([case_id], selection="", by="rita")

    assert [desk.may(one) for one in ("rita", "anna", "okänd")] == [True, False, False]
    for act in (
        lambda: desk.newest(by="anna"),
        lambda: desk.begin([case_id], selection="", by="anna"),
        lambda: desk.look(made, by="anna"),
        lambda: desk.look_at(made, number_of(house, case_id), by="anna"),
        lambda: desk.decide_all(made, masked=True, by="anna"),
        lambda: desk.abandon(made, by="anna"),
        lambda: desk.hand_out(made, by="anna"),
        lambda: desk.package(made, by="anna"),
    ):
        with pytest.raises(NotDisclosingError):
            act()


async def test_b6_a_case_that_the_registrator_may_not_see_is_none_of_those_that_they_hand_out(
    house: House,
) -> None:
    case_id = await a_case(house, "Hej.")
    with house.store.write() as transaction:
        cases.note(transaction, case_id, barred=["rita"])

    with pytest.raises(NotReadyError):
        disclosing(house).begin([case_id], selection="", by="rita")


async def test_b10_answers_that_were_sent_are_in_it_and_drafts_and_notices_are_not(house: House) -> None:
    case_id = await a_case(house, "Gungan är trasig.")
    case = house.cases()[-1]
    house.acts.note_down(
        case_id,
        by="anna",
        version=case["version"],
        service_note="Talat med parken.",
        serious=False,
        diary_number="",
    )
    version = house.cases()[-1]["version"]
    house.acts.answer(case_id, "Gungan är lagad.", Outcome.DONE, by="anna", version=version)
    await house.deliver()
    desk = disclosing(house)
    made = desk.begin([case_id], selection="", by="rita")

    (review,) = desk.look(made, by="rita").reviews

    whole = "\n".join(f"{one.paper.heading}\n{one.paper.text}" for one in review.judged)
    assert "Gungan är lagad." in whole
    assert "nytt ärende" not in whole
    assert "Talat med parken." not in whole
    assert review.papers.held_back == ["Tjänsteanteckningen: ärendet pågår (TF 2:12)."]
    assert "/l/" not in whole.replace("/l/…", "")
    version = house.cases()[-1]["version"]
    house.acts.confirm(case_id, kind=Kind.COMPLAINT, factor=Factor.SAFETY, by="anna", version=version)
    house.acts.close(case_id, by="anna", version=house.cases()[-1]["version"])
    (review,) = desk.look(made, by="rita").reviews
    assert "Talat med parken." in review.judged[-1].paper.text
    assert review.papers.held_back == []


async def test_what_was_handed_out_can_not_be_handed_out_again_or_changed(house: House) -> None:
    case_id = await a_case(house, "Hej.")
    desk = disclosing(house)
    made, number = desk.begin([case_id], selection="", by="rita"), number_of(house, case_id)
    with pytest.raises(NoDisclosureError):
        desk.package(made, by="rita")
    desk.decide_all(made, masked=True, by="rita")
    desk.hand_out(made, by="rita")

    for act in (
        lambda: desk.hand_out(made, by="rita"),
        lambda: desk.decide_all(made, masked=True, by="rita"),
        lambda: desk.leave_out(made, number, by="rita"),
        lambda: desk.enclose(made, number, [], by="rita"),
        lambda: desk.abandon(made, by="rita"),
        lambda: desk.look(made + 1, by="rita"),
    ):
        with pytest.raises(NoDisclosureError):
            act()


async def test_a_package_whose_case_has_been_disposed_of_is_not_made_as_something_else(house: House) -> None:
    first, second = await a_case(house, "Hej."), await a_case(house, "Hej igen.")
    desk = disclosing(house)
    made = desk.begin([first, second], selection="", by="rita")
    desk.decide_all(made, masked=True, by="rita")
    desk.hand_out(made, by="rita")
    with house.store.write() as transaction:
        emptying.empty_case(transaction, first, now=house.clock())

    with pytest.raises(ChangedError):
        desk.package(made, by="rita")


async def test_a_case_that_is_left_out_is_not_in_the_package(house: House) -> None:
    first, second = await a_case(house, "Hej."), await a_case(house, "Hej igen.")
    desk = disclosing(house)
    made = desk.begin([first, second], selection="", by="rita")
    desk.leave_out(made, number_of(house, first), by="rita")
    desk.decide_all(made, masked=True, by="rita")
    house.clock.now += timedelta(hours=1)
    desk.hand_out(made, by="rita")

    names = list(opened(desk.package(made, by="rita")))
    assert f"{number_of(house, first)}.pdf" not in names
    assert f"{number_of(house, second)}.pdf" in names


async def with_files(house: House) -> int:
    """Let a message with a text and a picture come."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = (
        "Sven Svensson <sven@example.org>",
        "a@example.se",
        "Med filer",
    )
    mail.set_content("Se bilagorna.")
    mail.add_attachment("Ring 070-174 06 20. Hunden sov.", filename="min dagbok.txt")
    mail.add_attachment(b"\x89PNG\r\n\x1a\nbild", maintype="image", subtype="png", filename="Sven.png")
    await house.hear(an_inbound(mail.as_bytes()))
    return int(house.cases()[-1]["id"])


def read_files(house: House, case_id: int) -> None:
    """Note that the registrator has opened the files of a case's message."""
    (message,) = house.messages()
    with house.store.write() as transaction:
        entry = Entry(
            actor="rita",
            act=journal.READING,
            case_id=case_id,
            message_id=message["id"],
            details={"vad": "bilaga"},
        )
        journal.write(transaction, house.clock(), entry)


async def test_a_file_goes_along_once_somebody_has_opened_and_chosen_it(house: House) -> None:
    case_id = await with_files(house)
    desk = disclosing(house)
    made, number = desk.begin([case_id], selection="", by="rita"), number_of(house, case_id)
    _, review = desk.look_at(made, number, by="rita")
    text, picture = (one.key for one in review.papers.files)
    with pytest.raises(NotReadyError, match="Öppna"):
        desk.enclose(made, number, [text, picture], by="rita")

    read_files(house, case_id)
    desk.enclose(made, number, [text, picture], by="rita")
    desk.decide_all(made, masked=True, by="rita")
    desk.hand_out(made, by="rita")

    data = desk.package(made, by="rita")
    files = opened(data)
    assert files[f"{number}/bilaga-1.png"] == b"\x89PNG\r\n\x1a\nbild"
    copy = read(files[f"{number}.pdf"])
    assert "Hunden sov." in copy
    assert "inte utlämnade" not in copy
    assert "070-174" not in copy
    assert not [name for name in files if "dagbok" in name or "Sven" in name]


async def test_no_file_goes_along_by_itself(house: House) -> None:
    case_id = await with_files(house)
    desk = disclosing(house)
    made, number = desk.begin([case_id], selection="", by="rita"), number_of(house, case_id)
    desk.decide_all(made, masked=True, by="rita")
    desk.hand_out(made, by="rita")

    files = opened(desk.package(made, by="rita"))

    assert list(files) == ["forteckning.csv", "forteckning.pdf", f"{number}.pdf"]
    assert "2 bilagor är inte utlämnade." in read(files[f"{number}.pdf"])


async def test_a_file_in_which_a_scanner_found_something_is_not_handed_out(house: House) -> None:
    case_id = await with_files(house)
    read_files(house, case_id)
    desk = disclosing(house)
    made, number = desk.begin([case_id], selection="", by="rita"), number_of(house, case_id)
    _, review = desk.look_at(made, number, by="rita")
    text, picture = review.papers.files
    with house.store.write() as transaction:
        scans.expect(transaction, picture.message_id)
        found = [(picture.index, "Eicar")]
        scans.settle(transaction, picture.message_id, ScanState.FOUND, found=found, now=house.clock())

    with pytest.raises(NotReadyError, match="skadligt"):
        desk.enclose(made, number, [text.key, picture.key], by="rita")
    desk.enclose(made, number, [text.key], by="rita")


async def test_a_file_that_was_changed_since_is_told_and_not_given(house: House) -> None:
    case_id = await with_files(house)
    read_files(house, case_id)
    desk = disclosing(house)
    made, number = desk.begin([case_id], selection="", by="rita"), number_of(house, case_id)
    _, review = desk.look_at(made, number, by="rita")
    desk.enclose(made, number, [review.papers.files[1].key], by="rita")
    desk.decide_all(made, masked=True, by="rita")
    desk.hand_out(made, by="rita")
    (message,) = house.messages()
    with house.store.write() as transaction:
        emptying.drop_bytes(transaction, [message["id"]], now=house.clock())

    with pytest.raises(ChangedError):
        desk.package(made, by="rita")
