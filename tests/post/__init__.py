"""Recorded post: mails of our own making, from invented people, each with what must be read out of it."""

from tests.post import (
    abuse,
    addresses,
    automatic,
    charsets,
    everyday,
    files,
    html,
    lists,
    replies,
    replies_abroad,
    replies_html,
    structure,
    subjects,
)
from tests.post.made import Made

ALL: tuple[Made, ...] = (
    *everyday.MAILS,
    *addresses.MAILS,
    *subjects.MAILS,
    *charsets.MAILS,
    *structure.MAILS,
    *files.MAILS,
    *html.MAILS,
    *replies.MAILS,
    *replies_html.MAILS,
    *replies_abroad.MAILS,
    *automatic.MAILS,
    *lists.MAILS,
    *abuse.MAILS,
)
