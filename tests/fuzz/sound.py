"""What must hold for all that is read: it can be kept."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePath

from store.domain import Inbound
from store.inbox import clean

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def text_of(data: bytes) -> str:
    """Turn bytes into a text with everything in it that a text can have, lone surrogates as well."""
    return data.decode("utf-8", "surrogateescape")


def is_kept(inbound: Inbound) -> None:
    """Demand that a message can be kept: an aware time that is not to come, and texts that can be written."""
    assert inbound.received_at.tzinfo is not None
    assert inbound.received_at <= NOW
    texts = [inbound.text, inbound.sender_name, inbound.external_id, *(file.name for file in inbound.files)]
    if inbound.sender is not None:
        texts.append(inbound.sender.handle)
    if inbound.said is not None:
        texts += [inbound.said.conversation, inbound.said.about, inbound.said.version, *inbound.said.lacks]
    can_be_written(texts)


def can_be_written(texts: Sequence[str]) -> None:
    """Demand texts that a database takes once they are cleaned."""
    for text in texts:
        assert isinstance(text, str)
        clean(text).encode("utf-8")


def is_plain_name(name: str) -> None:
    """Demand a file name that leads nowhere."""
    assert name
    assert PurePath(name).name == name
