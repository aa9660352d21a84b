"""Texts on Mastodon: HTML into what its reader sees, and letters into posts. The channel is `mastodon`."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bots.wire.texts import parted

_MOST_SIGNS, _MOST_TAGS = 400_000, 15_000  # lexbor takes very long for very many nested elements
# What no reader sees, and what may hold signs that look like tags.
_NEVER_SHOWN = (
    "script,style,head,title,template,noscript,noembed,noframes,iframe,object,textarea,xmp,plaintext,select"
)
_PARAGRAPHS = "p,div,h1,h2,h3,h4,h5,h6,ul,ol,blockquote,pre,table,tr,hr,section,article"
_MANY_BREAKS = re.compile(r"\n[ \t]*\n\s*\n|\n[ \t]+\n")
_WEB = re.compile(r"(?i)https?://")
# The server counts each as 23, if it ends in the name of a country or the like.
_ADDRESS = re.compile(
    r"https?://[^\W_][\w.-]*\.[^\W\d_]{2,24}(?::\d{2,5})?(?:/(?:\S*[^\s.,;:!?)\]>\"'”’])?)?\b/?"
)
_ADDRESS_COUNTS = 23
_STAND_IN = 0xF0000  # private signs that stand for addresses while a text is cut
# As Mastodon finds who is mentioned: an @ that no letter, = or / comes before.
_MENTION = re.compile(r"(?<![=/\w])@(?=\w)")
_JOINER = "\u2060"


def text_of(html: str) -> str:
    """Return what a reader sees, with an empty line between paragraphs and each address in full."""
    bounded = html[:_MOST_SIGNS].replace("\x00", "")
    if bounded.count("<") > _MOST_TAGS:
        bounded = "<".join(bounded.split("<", _MOST_TAGS)[:_MOST_TAGS])
    tree = LexborHTMLParser(bounded.replace("\r\n", "\n"))
    # Mastodon hides the beginnings and ends of long addresses, and nothing else that anybody wrote.
    in_links = {node.mem_id for node in tree.css("a span.invisible")}
    _remove([node for node in tree.css(f"{_NEVER_SHOWN},span.invisible") if node.mem_id not in in_links])
    for node in tree.css("br"):
        node.insert_before("\n")
    for node in tree.css("li"):
        node.insert_before("\n- ")
    for node in tree.css(_PARAGRAPHS):
        node.insert_before("\n\n")
        node.insert_after("\n\n")
    for node in tree.css("img[alt]"):
        node.insert_before(node.attributes.get("alt") or "")
    for node in tree.css("a[href]"):
        if hidden := _hidden_address(node):
            node.insert_after(f" ({hidden})")
    root = tree.body or tree.root
    text = root.text(deep=True) if root is not None else ""
    return _MANY_BREAKS.sub("\n\n", text).strip()


def without_greeting(text: str, account: str) -> str:
    """Return a text without the mentions of `account` (name@server) that it begins with."""
    name = re.escape(account.partition("@")[0])
    whole = re.escape(account)
    return re.sub(rf"(?i)^(?:@(?:{whole}|{name})(?![\w@.-]|-)[ \t\xa0]*[,:]?\s*)+", "", text)


def defused(text: str) -> str:
    """Return a text in which nobody is mentioned, so that a private letter reaches its reader alone."""
    return _MENTION.sub(f"@{_JOINER}", text)


def cut(text: str, most: int) -> list[str]:
    """Return a text in parts of at most `most` each, as Mastodon counts: 23 for an address, however long.

    Raises `ValueError` if `most` has no room.
    """
    found = _ADDRESS.findall(text)
    if not found or any(ord(sign) >= _STAND_IN for sign in text):
        return parted(text, most)
    signs = iter(range(len(found)))
    short = _ADDRESS.sub(lambda _: chr(_STAND_IN + next(signs)) * _ADDRESS_COUNTS, text)
    return [_with_addresses(part, found) for part in parted(short, most)]


def _with_addresses(part: str, addresses: list[str]) -> str:
    whole = re.compile(f"([{chr(_STAND_IN)}-\U000ffffd])\\1{{{_ADDRESS_COUNTS - 1}}}")
    return whole.sub(lambda run: addresses[ord(run[1]) - _STAND_IN], part)


def _hidden_address(node: LexborNode) -> str:
    """Return where a link leads, if its words do not say so and it mentions nobody."""
    leads = node.attributes.get("href") or ""
    classes = (node.attributes.get("class") or "").split()
    if not _WEB.match(leads) or "mention" in classes or "hashtag" in classes:
        return ""
    shown = node.text(deep=True).strip()
    return "" if not shown or _WEB.match(shown) or shown[:1] in "@#" or shown in leads else leads


def _remove(nodes: list[LexborNode]) -> None:
    """Take nodes out of the tree; they must come from one `css` call, in the order of the document."""
    # Backwards and once each, a node is gone before its parent is: lexbor frees the memory of both.
    for node in reversed({node.mem_id: node for node in nodes}.values()):
        node.decompose()
