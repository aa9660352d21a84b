# ruff: noqa: E501  # mails are written out line by line, as they came
"""Replies in HTML, where the mail program marks the quotation in its own way."""

from tests.post.made import OWN, Made, inside, mail, part, reply

ANSWER = "Tack, men gungan är fortfarande trasig."
QUOTED = "Vi har tagit emot din synpunkt."
WHO = f"Lillkommun &lt;{OWN}&gt;"
_HTML = "text/html; charset=utf-8"


def _html(
    name: str, body: str, *, has: tuple[str, ...] = (ANSWER,), lacks: tuple[str, ...] = (QUOTED,)
) -> Made:
    raw = reply(f"<html><head><title>x</title></head><body>{body}</body></html>", content=_HTML)
    return Made(id=f"html_reply_{name}", raw=raw, has=has, lacks=lacks, whole=(QUOTED,))


_OUTLOOK = (
    f"<b>Från:</b> {WHO}<br><b>Skickat:</b> den 4 mars 2024 10:15<br><b>Till:</b> Åsa<br><b>Ämne:</b> Hej"
)

MAILS = (
    _html(
        "gmail",
        f'<div dir="ltr">{ANSWER}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">Den mån 4 mars 2024 kl 10:15 skrev {WHO}:<br></div><blockquote class="gmail_quote" style="margin:0">{QUOTED}</blockquote></div>',
        lacks=(QUOTED, "Den mån"),
    ),
    _html(
        "gmail_nested",
        f'<div>{ANSWER}</div><blockquote class="gmail_quote">{QUOTED}<blockquote class="gmail_quote">Äldre brev</blockquote></blockquote>',
        lacks=(QUOTED, "Äldre"),
    ),
    _html(
        "gmail_inline",
        f'<blockquote class="gmail_quote">{QUOTED}</blockquote><div>{ANSWER}</div><blockquote class="gmail_quote">Hälsningar</blockquote><div>Mer svar här.</div>',
        has=(ANSWER, "Mer svar här."),
    ),
    _html(
        "iphone",
        f'<div>{ANSWER}</div><div><br></div><div>Skickat från min iPhone</div><blockquote type="cite"><div>4 mars 2024 kl. 10:15 skrev {WHO}:</div><div>{QUOTED}</div></blockquote>',
        lacks=(QUOTED, "4 mars", "iPhone"),
    ),
    _html(
        "apple_mail",
        f'<div>{ANSWER}</div><div><blockquote type="cite"><div>4 mars 2024 kl. 10:15 skrev {WHO}:</div><br><div>{QUOTED}</div></blockquote></div>',
    ),
    _html(
        "thunderbird",
        f'<p>{ANSWER}</p><div class="moz-cite-prefix">Den 2024-03-04 kl. 10:15, skrev Lillkommun:<br></div><blockquote type="cite" cite="mid:1"><p>{QUOTED}</p></blockquote>',
        lacks=(QUOTED, "2024-03-04"),
    ),
    _html(
        "thunderbird_pre",
        f'<pre class="moz-quote-pre" wrap="">{ANSWER}</pre><blockquote type="cite"><pre wrap="">{QUOTED}</pre></blockquote>',
    ),
    _html(
        "outlook_web",
        f'<div>{ANSWER}</div><hr tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font>{_OUTLOOK}</font></div><div>{QUOTED}</div>',
        lacks=(QUOTED, "Skickat:"),
    ),
    _html(
        "outlook_append_on_send",
        f'<div>{ANSWER}</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg">{_OUTLOOK}</div><div><p>{QUOTED}</p></div>',
        lacks=(QUOTED, "Från:"),
    ),
    _html(
        "outlook_word",
        f'<div class="WordSection1"><p class="MsoNormal">{ANSWER}</p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p>{_OUTLOOK}</p></div></div><p>{QUOTED}</p></div>',
        lacks=(QUOTED, "Ämne:"),
    ),
    _html(
        "outlook_word_2007",
        f'<div class="WordSection1"><p>{ANSWER}</p><div style="border:none;border-top:solid #B5C4DF 1.0pt"><p>{_OUTLOOK}</p></div><p>{QUOTED}</p></div>',
    ),
    _html(
        "outlook_mobile",
        f'<div>{ANSWER}</div><div id="ms-outlook-mobile-signature">Hämta Outlook för iOS</div><hr><div id="divRplyFwdMsg">{_OUTLOOK}</div><p>{QUOTED}</p>',
        lacks=(QUOTED, "Outlook"),
    ),
    _html(
        "outlook_new_reference",
        f'<div>{ANSWER}</div><div id="mail-editor-reference-message-container"><div>{_OUTLOOK}</div><div>{QUOTED}</div></div>',
    ),
    _html("hotmail_hr", f'<div>{ANSWER}<br><hr id="stopSpelling">Date: Mon, 4 Mar 2024<br>{QUOTED}</div>'),
    _html(
        "yahoo",
        f'<div class="yahoo-style-wrap">{ANSWER}</div><div id="ydp1" class="yahoo_quoted"><div>Den måndag 4 mars 2024 skrev {WHO}:</div><div>{QUOTED}</div></div>',
        lacks=(QUOTED, "måndag"),
    ),
    _html(
        "proton",
        f'<div>{ANSWER}</div><div class="protonmail_signature_block"><div>Skickat med Proton Mail</div></div><div class="protonmail_quote">Den måndag den 4:e mars<br><blockquote class="protonmail_quote" type="cite">{QUOTED}</blockquote></div>',
        lacks=(QUOTED, "Proton"),
    ),
    _html(
        "zimbra",
        f'<div>{ANSWER}</div><hr data-marker="__DIVIDER__"><div data-marker="__QUOTED_TEXT__"><b>Från: </b>{QUOTED}</div>',
    ),
    _html(
        "roundcube",
        f'<p id="reply-intro">Lillkommun skrev den 2024-03-04 10:15:</p><blockquote type="cite"><div>{QUOTED}</div></blockquote><p>{ANSWER}</p>',
        lacks=(QUOTED, "2024-03-04"),
    ),
    _html(
        "samsung_no_mark",
        f"<div>{ANSWER}</div><div>Skickat från min Galaxy</div><div>-------- Originalmeddelande --------</div><div>Från: {WHO}</div><div>Datum: 2024-03-04</div><div>{QUOTED}</div>",
        lacks=(QUOTED, "Galaxy"),
    ),
    _html("outlook_no_mark", f"<p>{ANSWER}</p><p>{_OUTLOOK}</p><p>{QUOTED}</p>", lacks=(QUOTED, "Skickat:")),
    _html("our_marker", f"<p>{ANSWER}</p><p>Skriv ditt svar ovanför den här raden</p><p>{QUOTED}</p>"),
    _html("nothing_but_quote", f'<blockquote type="cite">{QUOTED}</blockquote>', has=(QUOTED,), lacks=()),
    Made(
        id="html_reply_alternative",
        raw=mail(
            inside(
                part(f"{ANSWER}\n\nLillkommun den fjärde mars\n{QUOTED}"),
                part(
                    f'<p>{ANSWER}</p><blockquote type="cite">Lillkommun den fjärde mars {QUOTED}</blockquote>',
                    _HTML,
                ),
            ),
            content="multipart/alternative; boundary=grans",
            extra="In-Reply-To: <s7.ab.cd@lillkommun.example>\n",
        ),
        has=(ANSWER,),
        lacks=(QUOTED, "fjärde mars"),
        whole=(QUOTED,),
    ),
    Made(
        id="html_forward_gmail",
        raw=mail(
            f'<div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message</div>{QUOTED}</div>',
            content=_HTML,
            subject="Fwd: Gungan",
            extra="References: <a@b.example>\n",
        ),
        has=(QUOTED,),
    ),
    Made(
        id="html_new_mail_with_blockquote",
        raw=mail(f'<p>{ANSWER}</p><blockquote type="cite">{QUOTED}</blockquote>', content=_HTML),
        has=(ANSWER, QUOTED),
    ),
)
