"""A whole mail, as it is kept: parts, headers, charsets, HTML, quotations, and what machines write."""

from bots.mail.reading import TrustedFront, attachment, read
from tests.fuzz.sound import can_be_written
from tests.post import ALL
from tests.post.made import OWN

SEEDS = tuple(made.raw for made in ALL if len(made.raw) < 3000)
_FRONT = TrustedFront(
    received_by="mx.example.se",
    families=frozenset({"rspamd", "spamassassin", "microsoft"}),
    authserv_id="mx.example.se",
)


def fuzz(data: bytes) -> None:
    """Read a mail. What `read` catches on its outermost door is a fault as well."""
    found = read(data, own=OWN, trusted=_FRONT)
    assert not any("innehåll kunde inte läsas" in warning for warning in found.warnings), found.warnings
    can_be_written([found.text, found.full_text, found.subject, found.from_addr, found.from_name])
    can_be_written([found.message_id, *found.references, *found.to, found.answer_to])
    for index, file in enumerate(found.attachments[:3]):
        attachment(data, index)
        can_be_written([file.name, file.media_type])
