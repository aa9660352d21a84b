"""How a posted message is kept: what the service said, sign by sign, and the files that came with it."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from store.domain import Attachment

MEDIA_TYPE = "application/json"


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A file that came with a message. `name` is a label only."""

    name: str
    media_type: str
    data: bytes = field(repr=False)


def kept(payload: bytes, files: Sequence[Fetched] = ()) -> bytes:
    """Return what `Inbound.raw` holds. What is no UTF-8 is kept as base64, so that no byte is lost."""
    try:
        told: dict[str, object] = {"payload": payload.decode("utf-8")}
    except UnicodeDecodeError:
        told = {"payload_base64": base64.b64encode(payload).decode("ascii")}
    told["files"] = [
        {"name": one.name, "media_type": one.media_type, "data": base64.b64encode(one.data).decode("ascii")}
        for one in files
    ]
    return json.dumps(told, ensure_ascii=False).encode("utf-8", "surrogatepass")


def listed(files: Sequence[Fetched]) -> tuple[Attachment, ...]:
    """List files without their bytes."""
    return tuple(Attachment(name=one.name, media_type=one.media_type, size=len(one.data)) for one in files)
