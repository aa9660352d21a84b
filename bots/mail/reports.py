"""What a delivery report (RFC 3464) or read receipt (RFC 8098) says about a letter of ours."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bots.mail.charsets import decode
from bots.mail.headers import Fields, message_ids, one_line, split, usable_address
from bots.mail.parts import Content, Part, payload_bytes

_MAX_REPORT = 64 * 1024
_ID_IN_TEXT = re.compile(
    r"^[> \t]{0,4}Message-ID:[ \t]{0,10}(<[^<>\s]{1,500}>)", re.MULTILINE | re.IGNORECASE
)
_STATUS_IN_TEXT = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")


@dataclass(frozen=True, kw_only=True)
class DeliveryReport:
    """What became of a letter. `action` is failed, delayed, delivered, relayed, expanded or displayed ..."""

    action: str
    status: str = ""
    final_recipient: str = ""
    original_message_id: str = ""
    diagnostic: str = ""


def report_of(fields: Fields, content: Content, text: str) -> DeliveryReport | None:
    """Read the machine part of a report, or what an older mail server put in its header and text."""
    blocks = [block for part in content.reports for block in _blocks(part)]
    chosen = _chosen(blocks)
    returned_id = _returned_id(content.returned)
    if chosen is None:
        return _old_style(fields, text, returned_id)
    first_ids = [found for block in blocks for found in message_ids(block.first("original-message-id"))]
    return DeliveryReport(
        action=_action(chosen),
        status=next(iter(_STATUS_IN_TEXT.findall(chosen.first("status"))), ""),
        final_recipient=_recipient(chosen),
        original_message_id=returned_id or next(iter(first_ids), "") or _id_in(text),
        diagnostic=one_line(
            chosen.text("diagnostic-code").partition(";")[2] or chosen.text("diagnostic-code"), 500
        ),
    )


def _blocks(part: Part) -> list[Fields]:
    """Split a report part into its blocks of fields: one about the mail, then one for each recipient."""
    payload = part.payload
    if isinstance(payload, list):
        return [_fields_of(inner) for inner in payload if isinstance(inner, Part)]
    data = payload_bytes(part)[:_MAX_REPORT].replace(b"\r\n", b"\n")
    return [split(block + b"\n\n").fields for block in data.split(b"\n\n") if block.strip()]


def _fields_of(inner: Part) -> Fields:
    items = [(name.lower(), " ".join(str(value).split())) for name, value in inner.raw_items()]
    # A report part in base64 or quoted-printable is parsed by `email` as if it were plain: read it again.
    if not items and isinstance(inner.payload, str):
        return split(payload_bytes(inner)[:_MAX_REPORT] + b"\n\n").fields
    return Fields(items)


def _chosen(blocks: Sequence[Fields]) -> Fields | None:
    told = [block for block in blocks if _action(block)]
    return next((block for block in told if _action(block) == "failed"), told[0] if told else None)


def _action(block: Fields) -> str:
    if "disposition" in block:
        return block.text("disposition").rpartition(";")[2].partition("/")[0].strip().lower()
    if "feedback-type" in block:
        return block.text("feedback-type").lower()
    return one_line(block.text("action").partition("(")[0], 40).lower()


def _recipient(block: Fields) -> str:
    for name in ("final-recipient", "original-recipient", "original-rcpt-to"):
        text = block.text(name)
        if address := usable_address(text.rpartition(";")[2].strip(" <>")):
            return address
    return ""


def _returned_id(parts: Sequence[Part]) -> str:
    for part in parts:
        payload = part.payload
        inner = payload[0] if isinstance(payload, list) and payload else None
        if isinstance(inner, Part) and (found := message_ids(inner.field("message-id"))):
            return found[0]
        data = payload_bytes(part, text=str(inner.payload) if isinstance(inner, Part) else None)
        # Without the report's own id: some servers return only the header, indented or below a line of text.
        if found := message_ids(split(data[:_MAX_REPORT]).fields.first("message-id")):
            return found[0]
        if identity := _id_in(decode(data[:_MAX_REPORT]).text):
            return identity
    return ""


def _id_in(text: str) -> str:
    found = _ID_IN_TEXT.search(text[:_MAX_REPORT])
    return one_line(found[1]) if found else ""


def _old_style(fields: Fields, text: str, returned_id: str) -> DeliveryReport | None:
    """Read a bounce from before RFC 3464 (Exim, qmail): a header with the address, the mail in the text."""
    recipient = usable_address(fields.text("x-failed-recipients").partition(",")[0])
    identity = returned_id or _id_in(text)
    if not recipient and not identity:
        return None
    status = next(iter(_STATUS_IN_TEXT.findall(text[:4096])), "")
    return DeliveryReport(
        action="failed", status=status, final_recipient=recipient, original_message_id=identity
    )
