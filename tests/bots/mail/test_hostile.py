"""Whatever the bytes, reading them never raises and always gives text that can be kept."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bots.mail.charsets import decode, tidy
from bots.mail.headers import decoded, one_line, persons, split
from bots.mail.html import new_text_of, text_of
from bots.mail.quotes import new_text, without_parent
from bots.mail.reading import ReadMail, attachment, read, received_times, verdicts
from bots.mail.verdicts import FAMILIES, TrustedFront
from tests.post import ALL
from tests.post.made import OWN

FRONT = TrustedFront(received_by="mx.example.se", families=FAMILIES, authserv_id="mx.example.se")
SMALL = [made.raw for made in ALL if len(made.raw) < 4000]
_PIECES = [
    b"\r\n",
    b"\n",
    b"\r",
    b":",
    b";",
    b"=",
    b"?",
    b'"',
    b"<",
    b">",
    b"(",
    b"--",
    b"=?utf-8?Q?",
    b"\x00",
    b"\xff",
    b",",
    b"@",
]
_NAMES = [
    b"From",
    b"To",
    b"Subject",
    b"Content-Type",
    b"Content-Disposition",
    b"Date",
    b"References",
    b"Received",
    b"Return-Path",
]
QUICK = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])

_value = st.lists(st.sampled_from(_PIECES) | st.binary(max_size=12), max_size=12).map(b"".join)
_block = st.lists(st.tuples(st.sampled_from(_NAMES), _value), max_size=12).map(
    lambda fields: b"".join(name + b": " + value + b"\n" for name, value in fields)
)


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    raw = bytearray(draw(st.sampled_from(SMALL)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(raw)))
        length = draw(st.integers(0, 40))
        raw[at : at + length] = draw(st.sampled_from(_PIECES) | st.binary(max_size=20))
    return bytes(raw)


def _keepable(mail: ReadMail) -> bool:
    texts = [
        mail.text,
        mail.full_text,
        mail.subject,
        mail.from_name,
        mail.from_addr,
        mail.automatic_kind,
        *mail.warnings,
    ]
    texts += (
        [file.name for file in mail.attachments] + list(mail.to) + list(mail.references) + [mail.message_id]
    )
    return all("\x00" not in text and text.encode() is not None for text in texts)


@given(raw=st.binary(max_size=2000))
@QUICK
def test_random_bytes_are_read(raw: bytes) -> None:
    assert _keepable(read(raw, own=(OWN,)))


@given(block=_block, body=st.binary(max_size=300))
@QUICK
def test_random_header_blocks_are_read(block: bytes, body: bytes) -> None:
    raw = block + b"\n" + body

    assert _keepable(read(raw, own=(OWN,), envelope_from=""))
    assert isinstance(verdicts(raw, trusted=FRONT), frozenset)
    assert isinstance(received_times(raw), tuple)
    assert split(raw).body_at <= len(raw)


@given(raw=_mutated())
@settings(QUICK, max_examples=400)
def test_damaged_mails_are_read(raw: bytes) -> None:
    found = read(raw, own=(OWN,))

    assert _keepable(found)
    # The door in `read` is for what nobody foresaw: a damaged mail is foreseen.
    assert not any("kunde inte läsas (" in warning for warning in found.warnings)
    for index in range(len(found.attachments[:3])):
        assert isinstance(attachment(raw, index), bytes)


@given(
    data=st.binary(max_size=400),
    charset=st.sampled_from(["", "utf-8", "utf-7", "utf-16", "iso-2022-jp", "gbk", "cp1252", "x"]),
)
@QUICK
def test_any_bytes_become_text_that_can_be_kept(data: bytes, charset: str) -> None:
    text = tidy(decode(data, charset).text)

    assert text.encode("utf-8") is not None
    assert "\x00" not in text


@given(text=st.text(max_size=300))
@QUICK
def test_any_text_is_shown_on_one_line(text: str) -> None:
    shown = one_line(decoded(text.encode("utf-8", "replace").decode("ascii", "surrogateescape")))

    assert "\n" not in shown
    assert "\r" not in shown
    assert len(shown) <= 2000


@given(value=st.text(alphabet='ab@.,;:<>()"\\ =?_åQ', max_size=200))
@QUICK
def test_any_address_field_gives_only_usable_addresses(value: str) -> None:
    assert all(person.addr.count("@") == 1 and " " not in person.addr for person in persons(value))


@given(
    html=st.lists(
        st.sampled_from(
            [
                "<div>",
                "</div>",
                "<p",
                "<br>",
                "<blockquote type=cite>",
                "<div id=appendonsend>",
                "<b hidden>",
                '<i style="display:none">',
                "<pre>",
                "text",
                "<script>",
                "&amp;",
                "</",
                "<!--",
            ]
        ),
        max_size=60,
    ).map("".join)
)
@QUICK
def test_any_html_becomes_text(html: str) -> None:
    assert isinstance(text_of(html), str)
    assert isinstance(new_text_of(html) or "", str)


@given(
    text=st.lists(
        st.sampled_from(
            [
                "> ",
                "Från: a@b",
                "Skickat: 2024",
                "Ämne: x",
                "Den 4 mars 2024 10:15 skrev X:",
                "-- ",
                "\n",
                "\n",
                "hej du",
            ]
        ),
        max_size=60,
    ).map("".join)
)
@QUICK
def test_taking_off_quotations_never_leaves_nothing(text: str) -> None:
    assert bool(new_text(text)) is bool(text.strip())
    assert bool(without_parent(text, ["hej du glade"])) is bool(text.strip())


def test_odd_bytes_where_a_machine_says_that_it_is_one_can_be_kept() -> None:
    raw = "From: a@example.se\r\nAuto-Submitted:Jag är borta.\r\n\r\nHej".encode()

    found = read(raw)

    assert _keepable(found)
    assert found.automatic_kind == "Auto-Submitted: jag är borta."
