"""Addresses that come back to us, and a letter whose words and names a stranger has chosen."""

from bots.channel import PermanentFailure
from bots.mail.identity import Identity
from bots.mail.recipients import Recipients
from bots.mail.writing import compose
from store.domain import Address, Outgoing, Purpose
from tests.fuzz.sound import NOW, text_of

SEEDS = (
    b"eva@example.se\nEva Exempel\nSv: Gungan\nHej",
    b"synpunkter+c12.aaaaaaaaaaaaaaaaaaaaaaaaaa@lillkommun.example\n=?utf-8?q?x?=\n\xc3\x85\xc3\xa4\nx",
    b"\xc3\xa5sa@xn--exempel.example\nEva\r\nBcc: a@example.se\n\r\nTo: b@example.se\n\x00",
    b"a@b@example.se\n\"',;\n\xed\xa0\x80\n.\r\n.\r\n",
)
_IDENTITY = Identity(
    address="synpunkter@lillkommun.example",
    name="Lillkommun",
    secret=b"en hemlighet bara for tester 0123456789",
)
_OURS = Recipients(["synpunkter@lillkommun.example"])


def fuzz(data: bytes) -> None:
    """Look for a case in an address, and write to it: no line of our header block is a stranger's."""
    address, name, subject, body = [*text_of(data).split("\n", 3), "", "", ""][:4]
    assert _IDENTITY.case_of_address(address) is None
    assert _IDENTITY.letter_of_address(address) is None
    assert _IDENTITY.case_of_handler_address(address, "anna") is None
    assert _IDENTITY.case_of_message_id(address) is None
    _OURS.accept(address)
    letter = Outgoing(
        key="a",
        case_id=12,
        purpose=Purpose.ACKNOWLEDGEMENT,
        recipient=Address(channel="email", handle=address),
        recipient_name=name,
        subject=subject,
        body=body,
        language="sv",
        external_id="<s12.a.b@lillkommun.example>",
        in_reply_to=name,
        references=(subject,),
        created_at=NOW,
    )
    try:
        block = compose(letter, identity=_IDENTITY).partition(b"\r\n\r\n")[0]
    except PermanentFailure:
        return
    fields = [line.partition(b":")[0] for line in block.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
    assert len(fields) == len(set(fields)), fields
    assert b"Bcc" not in fields
    assert b"\n" not in block.replace(b"\r\n", b"")
