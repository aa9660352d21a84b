"""The roads that Meta has for letters: what each can do, and how a letter is put on it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from bots.channel import Capabilities, Form, LengthUnit
from bots.channels.meta_events import FACEBOOK, INSTAGRAM, INSTAGRAM_COMMENT, MESSENGER
from bots.channels.meta_whatsapp import ROAD as WHATSAPP
from store.domain import Button, Outgoing

FACEBOOK_PUBLIC, INSTAGRAM_PUBLIC = "facebook_offentligt", "instagram_offentligt"
OF_PAGES = (MESSENGER, FACEBOOK, FACEBOOK_PUBLIC)
OF_INSTAGRAM = (INSTAGRAM, INSTAGRAM_COMMENT, INSTAGRAM_PUBLIC)

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_MOST_BUTTONS, _LONGEST_TITLE = 13, 20
_ABROAD = "Meta (Irland och USA)"

ROADS: Mapping[str, Capabilities] = MappingProxyType(
    {
        # Messenger's policy: 24 hours for anybody, seven days for a person under the tag HUMAN_AGENT.
        MESSENGER: Capabilities(
            reports_delivery=True,
            max_length=2000,
            automatic_window=_DAY,
            human_window=_WEEK,
            form=Form.CHAT,
            buttons=True,
            reports_edits=True,
            abroad=_ABROAD,
        ),
        INSTAGRAM: Capabilities(
            reports_delivery=True,
            max_length=1000,
            length_unit=LengthUnit.BYTES,
            automatic_window=_DAY,
            human_window=_WEEK,
            form=Form.CHAT,
            buttons=True,
            reports_deletes=True,
            abroad=_ABROAD,
        ),
        # The one private reply to a comment.
        FACEBOOK: Capabilities(
            max_length=2000,
            automatic_window=_WEEK,
            human_window=_WEEK,
            once=True,
            form=Form.CHAT,
            reports_edits=True,
            reports_deletes=True,
            hides=True,
            abroad=_ABROAD,
        ),
        INSTAGRAM_COMMENT: Capabilities(
            max_length=1000,
            length_unit=LengthUnit.BYTES,
            automatic_window=_WEEK,
            human_window=_WEEK,
            once=True,
            form=Form.CHAT,
            hides=True,
            abroad=_ABROAD,
        ),
        FACEBOOK_PUBLIC: Capabilities(
            hears=False,
            max_length=8000,
            public=True,
            form=Form.CHAT,
            reports_edits=True,
            reports_deletes=True,
            hides=True,
            abroad=_ABROAD,
        ),
        # Reference of IG Comment: 300 signs, four hashtags and one link.
        INSTAGRAM_PUBLIC: Capabilities(
            hears=False, max_length=300, public=True, form=Form.CHAT, hides=True, abroad=_ABROAD
        ),
        # After a day only templates that Meta has approved beforehand, and they hold no answers.
        WHATSAPP: Capabilities(
            reports_delivery=True,
            max_length=4096,
            automatic_window=_DAY,
            form=Form.CHAT,
            reports_edits=True,
            reports_deletes=True,
            abroad=_ABROAD,
        ),
    }
)


def on_road(letter: Outgoing, part: str, *, is_last: bool, now: datetime) -> tuple[str, dict[str, Any]]:
    """Return where to post one part of a letter, and what."""
    road = letter.recipient.channel
    account, _, other = letter.recipient.handle.partition(":")
    if road in {FACEBOOK_PUBLIC, INSTAGRAM_PUBLIC}:
        edge = "comments" if road == FACEBOOK_PUBLIC else "replies"
        return f"{other}/{edge}", {"message": part}
    if road == WHATSAPP:
        return f"{account}/messages", _whatsapp(letter, other, part)
    message: dict[str, Any] = {"text": part}
    if road in {FACEBOOK, INSTAGRAM_COMMENT}:
        # What a visitor has posted on the page itself begins with the page's id; a comment does not.
        kind = "post_id" if other.startswith(f"{account}_") else "comment_id"
        return f"{account}/messages", {"recipient": {kind: other}, "message": message}
    asked: dict[str, Any] = {"recipient": {"id": other}, "messaging_type": "RESPONSE", "message": message}
    if letter.is_by_human and letter.heard_at is not None and now - letter.heard_at > _DAY:
        return f"{account}/messages", {**asked, "messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    if is_last and letter.buttons:
        message["quick_replies"] = [_quick_reply(one) for one in letter.buttons[:_MOST_BUTTONS]]
    return f"{account}/messages", asked


def _whatsapp(letter: Outgoing, other: str, part: str) -> dict[str, Any]:
    # Who hides their number behind a user name is written to by the other id.
    to = {"to": other} if other.isdigit() else {"recipient": other}
    answered = {"context": {"message_id": letter.in_reply_to}} if letter.in_reply_to else {}
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **to,
        **answered,
        "type": "text",
        "text": {"body": part, "preview_url": False},
    }


def _quick_reply(button: Button) -> dict[str, str]:
    return {"content_type": "text", "title": button.label[:_LONGEST_TITLE], "payload": button.value}
