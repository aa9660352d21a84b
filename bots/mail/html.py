"""HTML into text, and the quoted part of an HTML reply out of it. Nothing is ever fetched."""

import re
from collections.abc import Iterable

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bots.mail.charsets import tidy

MAX_HTML = 1_000_000
MAX_TAGS = 15_000
_SPACES = re.compile(r"[ \t\r\n\f]+")
_CHARSET = re.compile(rb"""(?i)<meta[^>]{0,200}charset\s{0,5}=\s{0,5}["']?([\w.:-]{1,40})""")
_BLOCKS = (
    "p,div,tr,li,h1,h2,h3,h4,h5,h6,table,ul,ol,dl,dt,dd,blockquote,pre,section,article,header,footer,center,"
    "form,address,figure,hr"
)
_NEVER_TAGS = frozenset({"script", "style", "head", "title", "template", "noscript", "iframe", "object"})
_NEVER_SHOWN = ",".join([*sorted(_NEVER_TAGS), "[hidden]"])
_HIDDEN = re.compile(
    r"display:none|visibility:hidden|mso-hide:all|font-size:0(?:px|pt|em|%)?(?:!important)?(?:;|$)|opacity:0(?:;|$)"
    r"|max-height:0(?:px)?(?:!important)?(?:;|$)"
)
_QUOTES = (
    "blockquote.gmail_quote,.gmail_attr,blockquote[type=cite],.moz-cite-prefix,.yahoo_quoted,"
    ".protonmail_quote,[data-marker=__QUOTED_TEXT__],#reply-intro,.WordSection1 > blockquote"
)
# From here on everything that follows inside the same parent is quoted (Outlook in its many forms).
_QUOTES_FOLLOW = "#divRplyFwdMsg,#appendonsend,#mail-editor-reference-message-container,hr#stopSpelling"
_OUTLOOK_RULE = re.compile(r"border-top:solid#(?:e1e1e1|b5c4df)")
_MOBILE_FOOTERS = (
    "#AppleMailSignature,#composer_signature,.protonmail_signature_block,#ms-outlook-mobile-signature"
)


def charset_of(data: bytes) -> str:
    """Return the character set that the HTML itself declares, or an empty string."""
    found = _CHARSET.search(data[:4096])
    charset = found[1].decode("ascii").lower() if found else ""
    # A declaration that could be read byte by byte is not in UTF-16 (HTML standard, 13.2.3.2).
    return "utf-8" if charset.startswith("utf-16") else charset


def is_too_much(html: str) -> bool:
    """Tell whether only the beginning of the HTML will be read."""
    return len(html) > MAX_HTML or html.count("<") > MAX_TAGS


def text_of(html: str) -> str:
    """Return what a reader would see, one line per block."""
    return _shown(_tree(html))


def new_text_of(html: str) -> str | None:
    """Return what a reader would see without the quoted mail, or None when nothing marks a quotation."""
    tree = _tree(html)
    quoted = tree.css(_QUOTES)
    _remove(quoted)
    if not _cut_after_rule(tree) and not quoted:
        return None
    _remove(tree.css(_MOBILE_FOOTERS))
    return _shown(tree)


def _tree(html: str) -> LexborHTMLParser:
    html = _with_breaks_in_pre(html[:MAX_HTML].replace("\x00", ""))
    if html.count("<") > MAX_TAGS:
        # Lexbor walks its stack of open elements for each new block: 100 000 nested ones take a minute.
        html = "<".join(html.split("<", MAX_TAGS)[:MAX_TAGS])
    return LexborHTMLParser(_SPACES.sub(" ", html))


def _with_breaks_in_pre(html: str) -> str:
    lower = html.lower()
    if "<pre" not in lower or len(lower) != len(html):
        return html
    pieces, at = [], 0
    while (start := lower.find("<pre", at)) >= 0:
        stop = lower.find("</pre", start)
        stop = len(html) if stop < 0 else stop
        pieces += [html[at:start], html[start:stop].replace("\r\n", "\n").replace("\n", "<br>")]
        at = stop
    return "".join([*pieces, html[at:]])


def _shown(tree: LexborHTMLParser) -> str:
    # A preheader for the eye of a mail list, or words for a machine only: the citizen never saw them.
    _remove([node for node in tree.css(f"{_NEVER_SHOWN},[style]") if _is_hidden(node)])
    for node in tree.css("br"):
        node.insert_before("\n")
    for node in tree.css(_BLOCKS):
        node.insert_before("\n")
        node.insert_after("\n")
    for node in tree.css("td,th"):
        node.insert_after(" ")
    root = tree.body or tree.root
    text = tidy(root.text(deep=True) if root is not None else "").replace("\xa0", " ")
    return _airy(" ".join(line.split()) for line in text.split("\n"))


def _airy(lines: Iterable[str]) -> str:
    """Join lines, with at most one empty line between two."""
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip()


def _is_hidden(node: LexborNode) -> bool:
    return node.tag in _NEVER_TAGS or "hidden" in node.attributes or bool(_HIDDEN.search(_style(node)))


def _style(node: LexborNode) -> str:
    return _SPACES.sub("", node.attributes.get("style") or "").lower()


def _cut_after_rule(tree: LexborHTMLParser) -> bool:
    """Remove the first node that begins an Outlook quotation, and all that follows it inside its parent."""
    rules = (node for node in tree.css(f"{_QUOTES_FOLLOW},div[style]") if _begins_quotation(node))
    node = next(rules, None)
    if node is None:
        return False
    # Word wraps the rule in a div of its own, so the quoted text follows the wrapper.
    while node.parent is not None and node.parent.tag == "div" and node.prev is None and not _followed(node):
        node = node.parent
    doomed = [node]
    while (following := doomed[-1].next) is not None:
        doomed.append(following)
    for node in doomed:
        node.decompose()
    return True


def _begins_quotation(node: LexborNode) -> bool:
    return node.tag != "div" or not node.attributes.get("style") or bool(_OUTLOOK_RULE.search(_style(node)))


def _followed(node: LexborNode) -> bool:
    following = node.next
    while following is not None and not following.is_element_node:
        following = following.next
    return following is not None


def _remove(nodes: list[LexborNode]) -> None:
    """Take nodes out of the tree. They must come from one `css` call."""
    # One call gives document order, with doubles where two selectors match. Backwards and once each, a
    # node is gone before its parent is: lexbor frees the memory, so any other order reads freed nodes.
    once = {node.mem_id: node for node in nodes}
    for node in reversed(once.values()):
        node.decompose()
