"""Looks at comments again, and hides them. Meta tells of no change on Instagram."""

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from bots.channel import ChannelFailure, PermanentFailure
from bots.channels.meta_events import Pages
from bots.channels.meta_gaps import FACEBOOK_FIELDS, INSTAGRAM_FIELDS, as_posted
from bots.channels.meta_graph import Graph, NotThereError
from bots.channels.meta_told import Told, digest_of
from bots.wire.kept import kept
from store.domain import Event, Inbound, Visibility

COMMENT = re.compile(r"\d{1,40}(_\d{1,40})?", re.ASCII)  # its id; those of private messages differ
_MOST_REMEMBERED = 10_000

Value = TypeVar("Value")


@dataclass(kw_only=True)
class Again:
    """Knows what the comments said that were heard since the start, by the page they stand on."""

    graph: Graph
    tokens: Mapping[str, str] = field(repr=False)  # of the pages
    pages: Callable[[], Pages]  # what reads them
    _heard: OrderedDict[str, tuple[str, str]] = field(default_factory=OrderedDict)

    def note(self, told: Told) -> None:
        """Note what a comment says now."""
        if told.said.visibility is Visibility.PUBLIC and told.said.event in {Event.NEW, Event.EDITED}:
            known = (told.inbound.account, digest_of(told.inbound.text))
            remember(self._heard, told.inbound.external_id, known)

    async def hide(self, external_id: str) -> None:
        """Hide a comment; raise a `ChannelFailure` if it can not be."""
        # The two services have a word each for it. Only Facebook's ids have two parts.
        await self._by_any(external_id, "POST", body={"is_hidden" if "_" in external_id else "hide": True})

    async def look(self, external_id: str) -> Inbound | None:
        """Return a comment that has changed or gone; None for one that has not, or that is no comment.

        Whether a text has changed is known only of what was heard since the start. With several pages, one
        that has gone from an unknown page is None as well: nobody can say where it stood.
        """
        if not COMMENT.fullmatch(external_id):
            return None
        is_facebook = "_" in external_id
        fields = FACEBOOK_FIELDS if is_facebook else f"{INSTAGRAM_FIELDS},media{{id}}"
        page, before = self._heard.get(external_id, ("", ""))
        event = Event.EDITED
        try:
            page, found = await self._by_any(external_id, "GET", parameters={"fields": fields})
        except NotThereError:
            event, found = Event.DELETED, {"id": external_id}
            page = page or (next(iter(self.tokens)) if len(self.tokens) == 1 else "")
        pages = self.pages()
        told = (
            pages.of_facebook(page, as_posted(found, "")) if is_facebook else pages.of_instagram(page, found)
        )
        now = digest_of(told.inbound.text)
        if not page or (event is Event.EDITED and before in {"", now}):
            return None
        version = now if event is Event.EDITED else ""
        said = replace(told.said, event=event, about=external_id, version=version)
        raw = kept(json.dumps(found, ensure_ascii=True).encode("ascii"))
        return replace(told.inbound, received_at=pages.now, raw=raw, said=said)

    async def _by_any(self, external_id: str, method: str, **more: Any) -> tuple[str, dict[str, Any]]:
        """Ask with the token of each page until one may see it; raise what the last one was told."""
        if not COMMENT.fullmatch(external_id):
            raise PermanentFailure("Meta: det är ingen kommentar.")
        known = self._heard.get(external_id, ("", ""))[0]
        failed: ChannelFailure = PermanentFailure("Meta: ingen sida finns i inställningarna.")
        for page in [known] if known in self.tokens else self.tokens:
            try:
                found = await self.graph.ask(method, external_id, self.tokens[page], is_safe=True, **more)
            except NotThereError as failure:
                failed = failure
            else:
                return page, found
        raise failed


def remember(known: OrderedDict[str, Value], name: str, value: Value) -> None:
    """Put something in a memory of bounded size, in which the oldest gives way."""
    known[name] = value
    known.move_to_end(name)
    while len(known) > _MOST_REMEMBERED:
        known.popitem(last=False)
