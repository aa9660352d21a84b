"""Hands out what a citizen sent, as a file to be saved and never as a page to be shown."""

import re
import unicodedata
from urllib.parse import quote

from starlette.responses import Response

_TURNS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def download(data: bytes, name: str, *, media_type: str = "application/octet-stream") -> Response:
    """Answer with a file to save. `name` is a stranger's word: it is made harmless first."""
    return Response(
        data,
        media_type=media_type,
        headers={
            "Content-Disposition": disposition(name),
            # Should a browser show it all the same, nothing in it may run.
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )


def disposition(name: str) -> str:
    """Write a Content-Disposition that no name can break out of (RFC 6266, RFC 8187)."""
    safe = file_name(name)
    plain = unicodedata.normalize("NFKD", safe).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9 ._-]", "_", plain).strip(" .") or "fil"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"


def file_name(name: str) -> str:
    """Return a stranger's file name without path, turned text or signs that a disk refuses."""
    last = re.split(r"[/\\]", _TURNS.sub("", name))[-1]
    seen = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C")
    return re.sub(r'[<>:"|?*]', "_", seen)[-150:].strip(" .") or "fil"
