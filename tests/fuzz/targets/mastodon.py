"""A page of notifications from a server of Mastodon's kind, and a single status."""
# ruff: noqa: E501 - seeds are as they come over the wire

import json

from bots.channels.mastodon_status import (
    Heard,
    deleted_of,
    edited_of,
    in_full,
    inbound_of,
    other_of,
    status_of,
    told_in,
)
from tests.fuzz.sound import NOW, can_be_written, is_kept, text_of

SEEDS = (
    b'[{"id":"5","type":"mention","created_at":"2026-11-23T08:59:00.000Z","status":{"id":"9","account":{"id":"1","acct":'
    b'"eva","display_name":"Eva","bot":false},"content":"<p>@synpunkt Gungan</p>","visibility":"direct","created_at":'
    b'"2026-11-23T08:59:00Z","in_reply_to_id":"8","url":"https://example.social/@eva/9","media_attachments":[{"id":"1",'
    b'"type":"image","url":"https://example.social/a.png","description":"en gunga"}]}}]',
    b'[ {"id":"4","type":"follow"} , {"id":7}, {}, 3, "x" ]',
    b'[{"id":"6","type":"mention","created_at":"x","status":{"id":"9","account":{"id":"1","acct":"eva@example.org"},'
    b'"visibility":"public","created_at":"","edited_at":"0001-01-01T00:00:00+14:00","spoiler_text":"\\ud800"}}]',
    b'[{"id":"1","type":"mention","created_at":"9999-12-31T23:59:59-23:59","status":{"id":"","account":{"id":"","acct":""},'
    b'"visibility":"","created_at":""}}]',
    b"[" + b"[" * 2000,
    b'{"error":"x"}',
    b"[{]",
)


def fuzz(data: bytes) -> None:
    """Read the page. What is no mention is kept as it came."""
    page = text_of(data)
    heard = Heard(own="synpunkt@example.social", now=NOW, lacks=("Filen saknas.",))
    for told in told_in(page) or []:
        is_kept(other_of(told, heard))
        if told.mention is None:
            continue
        status = told.mention.status
        is_kept(inbound_of(status, told.payload, heard, told_at=told.mention.created_at))
        if (edited := edited_of(status, told.payload, heard)) is not None:
            is_kept(edited)
        is_kept(deleted_of(status.id, heard))
    can_be_written([in_full(page[:100], heard.own)])
    try:
        single = json.loads(data)
    except (ValueError, RecursionError):
        return
    status_of(single)
