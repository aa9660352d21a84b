"""Keeps what was typed on a page whose session had ended, and gives it back after signing in. Never files.

It is sealed with a key that only the browser's cookie has: the database alone does not show it.
"""

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken
from starlette.exceptions import HTTPException
from starlette.requests import Request

from bots.web import fields, uploads
from store import sessions
from store.engine import Store
from store.sessions import Stranded

KEPT = timedelta(minutes=30)
_MOST_BYTES = 200_000
_MOST_EACH = 5  # of one person; the oldest gives way
FORM = "application/x-www-form-urlencoded"
FILES = "multipart/form-data"


@dataclass(frozen=True, kw_only=True)
class Post:
    """What a page sent: where to, what was typed, and how many files came along."""

    path: str
    media_type: str
    typed: Mapping[str, str]
    files: int = 0


async def read(request: Request) -> Post | None:
    """Return what a page sent, or None for what no form of ours would send."""
    try:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type == FILES:
            sent = await uploads.read(request)
            return Post(path=request.url.path, media_type=FILES, typed=sent.fields, files=len(sent.files))
        return Post(path=request.url.path, media_type=FORM, typed=await fields.read(request))
    except HTTPException:
        return None


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """Where it waits, for half an hour at most."""

    store: Store
    clock: Callable[[], datetime]

    async def put_by(self, post: Post, person: str) -> str:
        """Keep what was typed and return the secret that opens it; empty if it is too much."""
        plain = json.dumps({name: value for name, value in post.typed.items() if name != "token"}).encode()
        if len(plain) > _MOST_BYTES:
            return ""
        secret = secrets.token_urlsafe(32)
        now = self.clock()
        what = Stranded(
            person=person,
            path=post.path,
            media_type=post.media_type,
            sealed=_box(secret).encrypt(plain),
            files=post.files,
            until=now + KEPT,
        )

        def keep() -> None:
            with self.store.write() as transaction:
                sessions.put_by(transaction, secret, what, now=now, most=_MOST_EACH)

        await asyncio.to_thread(keep)
        return secret

    def take_out(self, secret: str, person: str) -> Post | None:
        """Return what this person typed, or None when it is gone or somebody else's. Blocking."""
        if not secret:
            return None
        with self.store.read() as transaction:
            found = sessions.take_out(transaction, secret, person, now=self.clock())
        if found is None:
            return None
        try:
            typed = json.loads(_box(secret).decrypt(found.sealed))
        except InvalidToken:
            return None
        return Post(path=found.path, media_type=found.media_type, typed=typed, files=found.files)

    def throw_away(self, secret: str, person: str) -> None:
        """Forget it. Blocking."""
        with self.store.write() as transaction:
            sessions.throw_away(transaction, secret, person)


def _box(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"stranded\0" + secret.encode()).digest()))
