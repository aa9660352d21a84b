"""Asks for comments that Meta may not have posted: those written since we asked last."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bots.channel import Places
from bots.channels.meta_events import Pages
from bots.channels.meta_graph import Graph
from bots.channels.meta_told import Told, table_of, tables_of, text_of, time_of

# Comments are not found in the order of their writing, and clocks differ.
_OVERLAP = timedelta(hours=1)
_MOST_PAGES = 5
_COMMENTS = "comments.limit(100).order(reverse_chronological).filter(stream)"
FACEBOOK_FIELDS = "id,message,from,created_time,permalink_url,parent{id},attachment"
INSTAGRAM_FIELDS = "id,text,username,timestamp,from,parent_id"


@dataclass(frozen=True, kw_only=True)
class Gaps:
    """Finds comments under the newest posts of a page, and of its account on Instagram."""

    graph: Graph
    places: Places
    clock: Callable[[], datetime]
    pages: Callable[[], Pages]  # what reads them

    async def of(self, page: str, token: str, instagram: str = "") -> AsyncIterator[tuple[Told, bytes]]:
        """Yield each comment with its JSON. The place is kept once all have been taken.

        At the very first time there is nothing to catch up with: what was written before we came is left.
        """
        began = self.clock()
        place = time_of(await asyncio.to_thread(self.places.place, f"meta:{page}", "comments"))
        if place is not None:
            since = place - _OVERLAP
            async for told, raw in self._facebook(page, token, since):
                yield told, raw
            if instagram:
                async for told, raw in self._instagram(page, token, instagram, since):
                    yield told, raw
        await asyncio.to_thread(self.places.keep_place, f"meta:{page}", "comments", began.isoformat())

    async def _facebook(self, page: str, token: str, since: datetime) -> AsyncIterator[tuple[Told, bytes]]:
        fields = f"id,permalink_url,{_COMMENTS}{{{FACEBOOK_FIELDS}}}"
        async for post in self._all(f"{page}/feed", token, fields):
            for one in _new(_inner(post), "created_time", since):
                yield self.pages().of_facebook(page, as_posted(one, text_of(post.get("id")))), _raw(one)

    async def _instagram(
        self, page: str, token: str, account: str, since: datetime
    ) -> AsyncIterator[tuple[Told, bytes]]:
        fields = f"id,permalink,comments.limit(100){{{INSTAGRAM_FIELDS},replies{{{INSTAGRAM_FIELDS}}}}}"
        async for media in self._all(f"{account}/media", token, fields):
            inner = _inner(media)
            under = [reply for one in inner for reply in tables_of(table_of(one.get("replies")).get("data"))]
            for one in _new([*inner, *under], "timestamp", since):
                value = {**one, "permalink": media.get("permalink"), "media": {"id": media.get("id")}}
                yield self.pages().of_instagram(page, value), _raw(one)

    async def _all(self, path: str, token: str, fields: str) -> AsyncIterator[Mapping[str, Any]]:
        after = ""
        for _ in range(_MOST_PAGES):
            asked = {"fields": fields, "limit": "50"} | ({"after": after} if after else {})
            found = await self.graph.ask("GET", path, token, parameters=asked)
            for one in tables_of(found.get("data")):
                yield one
            paging = table_of(found.get("paging"))
            after = text_of(table_of(paging.get("cursors")).get("after"))
            if "next" not in paging or not after:
                return


def as_posted(comment: Mapping[str, Any], post: str) -> dict[str, Any]:
    """Return a comment that was asked for as the field `feed` would have posted it."""
    image = table_of(table_of(table_of(comment.get("attachment")).get("media")).get("image"))
    parent = text_of(table_of(comment.get("parent")).get("id"))
    return {
        **comment,
        "item": "comment",
        "verb": "add",
        "comment_id": comment.get("id"),
        "post_id": post,
        "parent_id": parent or post,
        "photo": image.get("src"),
    }


def _inner(one: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return tables_of(table_of(one.get("comments")).get("data"))


def _new(found: Iterable[Mapping[str, Any]], key: str, since: datetime) -> list[Mapping[str, Any]]:
    """Return those that are new, oldest first."""
    timed = [(at, one) for one in found if (at := time_of(one.get(key))) is not None and at >= since]
    return [one for _, one in sorted(timed, key=lambda pair: pair[0])]


def _raw(one: Mapping[str, Any]) -> bytes:
    return json.dumps(one, ensure_ascii=True).encode("ascii")
