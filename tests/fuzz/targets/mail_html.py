"""HTML as mail programs and Mastodon write it."""

from bots.channels.mastodon_text import cut, defused, text_of, without_greeting
from bots.mail.html import charset_of, new_text_of
from bots.mail.html import text_of as mail_text_of
from tests.fuzz.sound import can_be_written

SEEDS = (
    b"<html><meta charset='iso-8859-1'><body><p>Gungan &auml;r trasig<br>Hej</body></html>",
    b"<div dir=ltr>Tack!</div><div class=gmail_quote><blockquote>Gammalt</blockquote></div>",
    b"<p>Nytt</p><div id=appendonsend></div><hr><div id=divRplyFwdMsg><b>From:</b> Eva</div>",
    b"<table><tr><td>a<td>b</table><ul><li>ett<li>tv\xc3\xa5</ul><script>alert(1)</script><style>x{}</style>",
    b"<p><span class=h-card><a href=https://example.social/@synpunkt class=mention>@synpunkt</a></span> Hej "
    b"<a href=https://example.se/lang><span class=invisible>https://</span>example.se</a></p>",
    b"<!--[if mso]><o:p>&nbsp;</o:p><![endif]--><svg/onload=alert(1)><math><mi//xlink:href=x>",
    b"<p>" * 40 + b"djupt",
    b"&#0;&#xd800;&#1114112;&notanentity;<\x00p>",
)


def fuzz(data: bytes) -> None:
    """Make text of it, both as of a mail and as of a post."""
    html = data.decode("utf-8", "replace")
    new = new_text_of(html)
    shown = text_of(html)
    can_be_written([charset_of(data), mail_text_of(html), new or "", shown])
    can_be_written([without_greeting(shown, "synpunkt@example.social"), defused(shown), *cut(shown, 500)])
