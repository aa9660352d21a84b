"""Single header fields of a mail: addresses, encoded words, ids, dates and parameters."""

from bots.mail.headers import (
    decoded,
    first_person,
    message_ids,
    moment,
    one_line,
    persons,
    split,
    usable_address,
)
from bots.mail.parts import parameters
from tests.fuzz.sound import can_be_written

SEEDS = (
    b'"Exempel, Eva" <eva@example.se>, Bo <bo@example.org>',
    b"=?utf-8?Q?=C3=85sa_Exempel?= <asa@example.se>",
    b"=?iso-8859-1?B?xXNh?= =?utf-8?B?w4Vzw6U=?= (kommentar (i) en) <asa@[192.0.2.1]>",
    b"Grupp: eva@example.se, bo@example.se;",
    b"<a1@example.se> <b2@example.se>\r\n\t<c3@example.se>",
    b"Mon, 23 Nov 2026 09:00:00 +0100 (CET)",
    b"23 Nov 26 09:00 EST",
    b"text/plain; charset*=utf-8''utf-8; name*0*=iso-8859-1'sv'%E5; name*1=\"b.txt\"; format=flowed",
    b"attachment; filename=\"..\\..\\a.exe\"; filename*=UTF-8''%2e%2e%2fb",
    b"From: a@example.se\nSubject: =?x?q?_?=\n\tmer\n\nHej",
)


def fuzz(data: bytes) -> None:
    """Read the bytes as each kind of field."""
    value = data.decode("latin-1")
    block = split(data)
    for text in (value, data.decode("utf-8", "surrogateescape"), *(text for _, text in block.fields.items)):
        for person in (*persons(text), first_person(text)):
            can_be_written([person.addr, person.name])
        can_be_written([decoded(text), one_line(text), usable_address(text), *message_ids(text)])
        at = moment(text)
        assert at is None or at.tzinfo is not None
        kind, options = parameters(text)
        can_be_written([kind, *options, *options.values()])
