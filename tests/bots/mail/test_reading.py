"""Every recorded mail is read as it should be, and quickly."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from bots.mail.reading import MAX_RAW, ReadMail, attachment, describe, read, received_times
from store.domain import Attachment, Automatic
from tests.post import ALL
from tests.post.lists import FORM
from tests.post.made import GUNGA, OWN, Made, bare, mail, part, several
from tests.rows import named, over

_MEASURE = """
import resource, time
from bots.mail.reading import read
from tests.post import ALL
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before, slowest = peak(), 0.0
for made in ALL:
    begun = time.process_time()
    read(made.raw)
    slowest = max(slowest, time.process_time() - begun)
print(slowest, peak() - before)
"""


EVERY_MAIL = over(named(ALL, lambda made: made.id))


def _read(made: Made) -> ReadMail:
    return read(made.raw, own=(OWN,), envelope_from=made.envelope_from, form_senders=(FORM,))


def test_there_is_enough_recorded_post_and_no_mail_is_there_twice() -> None:
    assert len(ALL) >= 690
    assert len({made.id for made in ALL}) == len(ALL)
    assert len({(made.raw, made.envelope_from) for made in ALL}) == len(ALL)


@EVERY_MAIL
def test_a_recorded_mail_is_read_as_written_down(made: Made) -> None:
    found = _read(made)

    for name in ("from_addr", "from_name", "answer_to", "subject", "message_id"):
        if getattr(made, name) is not None:
            assert getattr(found, name) == getattr(made, name), name
    assert found.reply_to == made.reply_to
    assert tuple(file.name for file in found.attachments) == made.files
    assert [text for text in made.has if text not in found.text] == []
    assert [text for text in made.lacks if text in found.text] == []
    assert [text for text in made.whole if text not in found.full_text] == []


@EVERY_MAIL
def test_a_recorded_mail_is_taken_for_what_it_is(made: Made) -> None:
    found = _read(made)

    assert found.automatic == made.kind
    assert found.automatic_kind.startswith(made.rule)
    assert bool(found.automatic_kind) is (made.kind is not None)
    assert (found.report.action if found.report and made.action else None) == made.action
    assert (
        found.report.original_message_id if found.report and made.original_id else None
    ) == made.original_id
    assert [text for text in made.warns if not any(text in warning for warning in found.warnings)] == []
    assert len(found.warnings) == len(made.warns)


def test_only_a_human_or_a_form_gets_an_address_to_answer_to() -> None:
    machines = [_read(made) for made in ALL if made.kind not in {None, Automatic.WEB_FORM}]

    assert len(machines) > 100
    assert {found.answer_to for found in machines} == {""}


def test_no_recorded_mail_takes_two_seconds_or_200_megabytes() -> None:
    # In a process of its own, since the peak of memory is only known for a whole process.
    seen = subprocess.run([sys.executable, "-c", _MEASURE], capture_output=True, text=True, check=True)
    slowest, kilobytes = seen.stdout.split()

    assert float(slowest) < 2.0
    assert int(kilobytes) < 200 * 1024


def test_what_is_shown_holds_no_control_characters() -> None:
    for made in ALL:
        found = _read(made)

        assert found.subject.isprintable() or "\n" not in found.subject
        assert not {sign for sign in found.full_text if sign < " "} - {"\n", "\t"}
        found.full_text.encode("utf-8")


def test_a_whole_mail_becomes_these_facts() -> None:
    raw = several(
        part(GUNGA),
        part("R0lGODlh", "image/gif; name=gunga.gif", "Content-Transfer-Encoding: base64\n"),
    )

    found = read(raw)

    assert found == ReadMail(
        from_addr="asa.lind@example.se",
        from_name="Åsa Lind",
        answer_to="asa.lind@example.se",
        to=(OWN,),
        subject="Trasig gunga",
        message_id="<gunga.1@example.se>",
        sent_at=datetime(2024, 3, 4, 10, 15, tzinfo=timezone(timedelta(hours=1))),
        text="Gungan i Björkparken är trasig. Den borde lagas före våren.",
        full_text="Gungan i Björkparken är trasig. Den borde lagas före våren.",
        attachments=(Attachment(name="gunga.gif", media_type="image/gif", size=6),),
    )


def test_references_come_in_order_and_without_doubles() -> None:
    raw = mail(extra="References: <a@x.example> <b@x.example>\nIn-Reply-To: <b@x.example> <c@x.example>\n")

    assert read(raw).references == ("<a@x.example>", "<b@x.example>", "<c@x.example>")


def test_every_recipient_counts_once_for_routing() -> None:
    raw = bare(
        "From: asa.lind@example.se\nTo: Skolan <skola@lillkommun.example>, skola@lillkommun.example\n"
        'Cc: "Ek, Bo" <bo.ek@example.se>\n'
    )

    assert read(raw).to == ("skola@lillkommun.example", "bo.ek@example.se")


def test_a_date_without_zone_is_taken_as_utc() -> None:
    raw = bare("From: asa.lind@example.se\nDate: Mon, 04 Mar 2024 10:15:00 -0000\n")

    assert read(raw).sent_at == datetime(2024, 3, 4, 10, 15, tzinfo=UTC)


def test_a_date_that_nobody_can_read_is_no_date() -> None:
    assert read(bare("From: a@example.se\nDate: i förrgår\n")).sent_at is None


def test_a_delivery_report_tells_whom_and_why() -> None:
    made = next(made for made in ALL if made.id == "dsn_failed_whole_mail")

    report = _read(made).report

    assert report is not None
    assert report.final_recipient == "asa.lind@example.se"
    assert report.status == "5.1.1"
    assert report.diagnostic == "550 5.1.1 No such user"


def test_a_human_who_quotes_a_report_has_no_report() -> None:
    assert read(mail("Message-ID: <s1.a.b@example.se>\nAction: failed")).report is None


@pytest.mark.parametrize(
    ("index", "data"),
    [(0, b"Karta"), (1, b"GIF89a"), (2, b""), (-1, b"")],
    ids=["first", "second", "none", "minus"],
)
def test_the_bytes_of_a_file_are_fetched_by_its_number(index: int, data: bytes) -> None:
    raw = several(
        part(GUNGA),
        part("Karta", "application/octet-stream; name=karta.bin"),
        part("R0lGODlh", "image/gif; name=gunga.gif", "Content-Transfer-Encoding: base64\n"),
    )

    assert attachment(raw, index) == data


def test_a_uuencoded_file_is_fetched_like_any_other() -> None:
    raw = mail("Se bilden\n\nbegin 644 bild.gif\n#0V%T\n`\nend\n")

    assert [file.name for file in read(raw).attachments] == ["bild.gif"]
    assert attachment(raw, 0) == b"Cat"


def test_every_announced_file_has_the_announced_size() -> None:
    for made in ALL:
        for index, file in enumerate(_read(made).attachments[:3]):
            assert len(attachment(made.raw, index)) == file.size, made.id


def test_a_mail_over_the_limit_keeps_its_header() -> None:
    raw = mail("x").ljust(MAX_RAW + 1, b"x")

    found = read(raw)

    assert (found.from_addr, found.subject, found.text) == ("asa.lind@example.se", "Trasig gunga", "")
    assert found.warnings == ("Brevet är för stort för att läsas. Det är sparat som det kom.",)


def test_the_hops_of_a_mail_are_listed_newest_first() -> None:
    raw = (
        b"Received: from mx.lillkommun.example (mx [192.0.2.1]) by post.lillkommun.example with LMTP;\r\n"
        b"\tMon, 4 Mar 2024 10:15:02 +0100\r\n"
        b"Received: from by (by by by [192.0.2.9]) by MX.Lillkommun.example. (Postfix);"
        b" Mon, 4 Mar 2024 10:15:01 +0100\r\n"
        b"Received: by utan.tid.example\r\n" + mail()
    )

    assert received_times(raw) == (
        ("post.lillkommun.example", datetime(2024, 3, 4, 9, 15, 2, tzinfo=UTC)),
        ("mx.lillkommun.example", datetime(2024, 3, 4, 9, 15, 1, tzinfo=UTC)),
    )


def test_a_file_on_disk_is_described(tmp_path: Path) -> None:
    path = tmp_path / "brev.eml"
    path.write_bytes(mail())

    assert describe(path) == {
        "file": str(path),
        "from_addr": "asa.lind@example.se",
        "from_name": "Åsa Lind",
        "subject": "Trasig gunga",
        "message_id": "<gunga.1@example.se>",
        "automatic": False,
        "automatic_kind": "",
        "text": GUNGA,
        "full_text": GUNGA,
        "attachments": [],
        "warnings": [],
    }


def test_a_file_that_is_not_there_is_a_warning(tmp_path: Path) -> None:
    assert describe(tmp_path / "saknas.eml")["warnings"] == ["Filen kunde inte läsas (FileNotFoundError)."]


def test_a_folder_instead_of_a_file_is_a_warning(tmp_path: Path) -> None:
    assert describe(tmp_path)["warnings"] == ["Filen kunde inte läsas (IsADirectoryError)."]


def test_an_own_address_is_known_by_any_case_and_tag() -> None:
    raw = mail(sender="Synpunkter+C7.x@LILLKOMMUN.example")

    assert read(raw).automatic is None
    assert read(raw, own=(OWN,)).automatic is Automatic.OWN_LOOP
