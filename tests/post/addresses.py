# ruff: noqa: E501  # mails are written out line by line, as they came
"""Senders and other header fields as they come, and as they should never come."""

from tests.post.made import DATE, GUNGA, OWN, Made, bare, mail

_NOBODY = ("ingen användbar avsändaradress",)


def _from(
    name: str, sender: str | bytes, addr: str, shown: str | None = None, *, warns: tuple[str, ...] = ()
) -> Made:
    raw = mail(sender=sender)
    return Made(
        id=f"from_{name}", raw=raw, from_addr=addr, from_name=shown, answer_to=addr, warns=warns, has=(GUNGA,)
    )


def _field(name: str, extra: str | bytes, *, subject: str = "Trasig gunga") -> Made:
    return Made(id=f"hdr_{name}", raw=mail(extra=extra, subject=subject), has=(GUNGA,))


def _without(name: str, raw: bytes, message_id: str) -> Made:
    return Made(id=f"message_id_{name}", raw=raw, message_id=message_id, has=(GUNGA,))


_HEAD = f"From: asa.lind@example.se\nTo: {OWN}\nSubject: Trasig gunga\n"

_FROM = (
    _from("utf8_name", "Åsa Lind <asa.lind@example.se>", "asa.lind@example.se", "Åsa Lind"),
    _from(
        "latin1_name_raw",
        "Åsa Lind <asa.lind@example.se>".encode("latin-1"),
        "asa.lind@example.se",
        "Åsa Lind",
    ),
    _from("quoted_comma", '"Lind, Åsa" <asa.lind@example.se>', "asa.lind@example.se", "Lind, Åsa"),
    _from("unquoted_comma", "Lind, Anna <asa.lind@example.se>", "asa.lind@example.se", "Lind, Anna"),
    _from(
        "encoded_comma",
        "=?iso-8859-1?Q?Lind=2C_=C5sa?= <asa.lind@example.se>",
        "asa.lind@example.se",
        "Lind, Åsa",
    ),
    _from(
        "raw_comma_in_encoded_word",
        "=?iso-8859-1?Q?Lind,_=C5sa?= <asa.lind@example.se>",
        "asa.lind@example.se",
        "Lind, Åsa",
    ),
    _from(
        "encoded_in_quotes",
        '"=?utf-8?Q?=C3=85sa_Lind?=" <asa.lind@example.se>',
        "asa.lind@example.se",
        "Åsa Lind",
    ),
    _from(
        "encoded_crlf",
        "=?utf-8?Q?=C3=85sa=0D=0ABcc:_x?= <asa.lind@example.se>",
        "asa.lind@example.se",
        "Åsa Bcc: x",
    ),
    _from("wholly_encoded", "=?utf-8?Q?=C3=85sa_<asa.lind@example.se>?=", "asa.lind@example.se", "Åsa"),
    _from(
        "wholly_encoded_two",
        "=?utf-8?Q?<a@example.se>_<b@example.se>?=",
        "",
        warns=(*_NOBODY, "annan adress än"),
    ),
    _from("comment_name", "asa.lind@example.se (Åsa Lind)", "asa.lind@example.se", "Åsa Lind"),
    _from("bare", "asa.lind@example.se", "asa.lind@example.se", ""),
    _from("angle_only", "<asa.lind@example.se>", "asa.lind@example.se", ""),
    _from("unclosed_angle", "Åsa <asa.lind@example.se", "asa.lind@example.se", "Åsa"),
    _from("single_quotes", "'asa.lind@example.se'", "asa.lind@example.se"),
    _from("mailto", "Åsa <mailto:asa.lind@example.se>", "asa.lind@example.se"),
    _from("domain_in_capitals", "Åsa <Asa.Lind@Example.SE>", "Asa.Lind@example.se"),
    _from("quoted_local_part", 'Åsa <"asa.lind"@example.se>', "asa.lind@example.se"),
    _from("smtputf8", "Åsa <åsa@exempel.example>", "åsa@exempel.example"),
    _from("idn", "Åsa <asa@xn--frskola-90a.example>", "asa@xn--frskola-90a.example"),
    _from("idn_unicode", "Åsa <asa@förskola.example>", "asa@förskola.example"),
    _from("plus_tag", "Åsa <asa.lind+kommun@example.se>", "asa.lind+kommun@example.se"),
    _from(
        "name_is_other_address",
        '"kommunchef@lillkommun.example" <bov@example.com>',
        "bov@example.com",
        "kommunchef@lillkommun.example",
        warns=("annan adress än",),
    ),
    _from(
        "two_angles",
        "kommunchef@lillkommun.example <bov@example.com>",
        "bov@example.com",
        warns=("annan adress än",),
    ),
    _from(
        "two_addresses",
        "asa.lind@example.se, bo.ek@example.se",
        "asa.lind@example.se",
        warns=("flera avsändare",),
    ),
    _from("name_only", "Åsa Lind", "", "Åsa Lind", warns=_NOBODY),
    _from("empty_angle", "<>", "", warns=_NOBODY),
    _from("brackets", "<[a@example.se]>", "", warns=_NOBODY),
    _from("two_at_signs", "<asa@lind@example.se>", "", warns=_NOBODY),
    _from("undisclosed", "undisclosed-recipients:;", "", warns=_NOBODY),
    _from("group", "Grannar: asa.lind@example.se;", "asa.lind@example.se"),
    _from("lone_quote", '"', "", warns=_NOBODY),
    _from("open_comment", "(((((((", "", warns=_NOBODY),
    _from("bidi_name", "Åsa \u202edniL <asa.lind@example.se>", "asa.lind@example.se", "Åsa dniL"),
    _from("bidi_address", "Åsa <asa\u202e@example.se>", "", warns=_NOBODY),
    _from("five_kb_name", "Å" * 2500 + " <asa.lind@example.se>", "asa.lind@example.se", "Å" * 300),
    _from("emoji", "=?utf-8?B?8J+MuyDDhXNh?= <asa.lind@example.se>", "asa.lind@example.se", "🌻 Åsa"),
    Made(
        id="from_missing",
        raw=bare(f"To: {OWN}\nSubject: Trasig gunga\n"),
        from_addr="",
        answer_to="",
        warns=_NOBODY,
        has=(GUNGA,),
    ),
    Made(
        id="from_empty",
        raw=bare(f"From:\nTo: {OWN}\nSubject: Trasig gunga\n"),
        from_addr="",
        answer_to="",
        warns=_NOBODY,
    ),
    Made(
        id="from_two_headers",
        raw=bare(f"From: asa.lind@example.se\nFrom: bov@example.com\nTo: {OWN}\nSubject: x\n"),
        warns=("flera avsändare",),
    ),
    Made(
        id="human_replyto_other",
        raw=mail(extra="Reply-To: bo.ek@example.se\n"),
        reply_to="bo.ek@example.se",
        answer_to="bo.ek@example.se",
        warns=("Svar går till",),
    ),
    Made(
        id="human_replyto_same",
        raw=mail(extra="Reply-To: Åsa <asa.lind@example.se>\n"),
        answer_to="asa.lind@example.se",
    ),
    Made(id="human_replyto_ours", raw=mail(extra=f"Reply-To: {OWN}\n"), answer_to="asa.lind@example.se"),
    Made(
        id="human_replyto_broken",
        raw=mail(extra="Reply-To: svara inte alls\n"),
        answer_to="asa.lind@example.se",
    ),
)

_OTHER = (
    _field("to_trailing_comma", "Cc: bo.ek@example.se,\n"),
    _field("to_lone_quote", 'Cc: "\n'),
    _field("to_comment_group", "Cc: (c):\n"),
    _field("to_undisclosed", "Cc: undisclosed-recipients:;\n"),
    _field("param_star_only", "Content-Disposition: inline; name*\n"),
    _field("unknown_fields", "X-Kommun: åäö\nX-Tom:\n"),
    _field("eight_bit_field_name", "X-Åäö: hej\n"),
    _field("folded_with_tab", "X-Lang: ett\n\ttvå\n"),
    _field("bare_cr_inside", "X-Rad: ett\rX-Tva: två\n"),
    _field("continuation_of_spaces", "X-Rad: ett\n   \n"),
    _field("very_many_fields", "".join(f"X-Rad-{n}: {n}\n" for n in range(500))),
    _field("received_150_hops", f"Received: from a by b; {DATE}\n" * 150),
    _without("missing", bare(_HEAD), ""),
    _without("empty", bare(_HEAD + "Message-ID:\n"), ""),
    _without("without_angles", bare(_HEAD + "Message-ID: a.1@example.se\n"), "<a.1@example.se>"),
    _without("in_brackets", bare(_HEAD + "Message-ID: <[a1]@example.se>\n"), "<[a1]@example.se>"),
    _without(
        "doubled",
        bare(_HEAD + "Message-ID: <a1@example.se>\nMessage-ID: <b2@example.se>\n"),
        "<a1@example.se>",
    ),
    _without("folded", bare(_HEAD + "Message-ID:\n <a1@example.se>\n"), "<a1@example.se>"),
    _without("with_comment", bare(_HEAD + "Message-ID: <a1@example.se> (added by mx)\n"), "<a1@example.se>"),
    _without("no_at_sign", bare(_HEAD + "Message-ID: <a1>\n"), "<a1>"),
    _without("only_words", bare(_HEAD + "Message-ID: vet ej\n"), ""),
    Made(
        id="to_2000_recipients",
        raw=bare(
            f"From: asa.lind@example.se\nSubject: Alla\nTo: {', '.join(f'p{n}@example.org' for n in range(2000))}\n"
        ),
        has=(GUNGA,),
    ),
    Made(id="bom_before_headers", raw=b"\xef\xbb\xbf" + mail(), subject="Trasig gunga", has=(GUNGA,)),
    Made(id="blank_line_before_headers", raw=b"\r\n" + mail(), subject="Trasig gunga", has=(GUNGA,)),
    Made(
        id="blank_lines_with_spaces_before_headers", raw=b"  \r\n\t\r\n\r\n" + mail(), subject="Trasig gunga"
    ),
    Made(
        id="mbox_from_line",
        raw=b"From asa.lind@example.se Mon Mar  4 10:15:00 2024\r\n" + mail(),
        subject="Trasig gunga",
    ),
    Made(
        id="mbox_quoted_from_line",
        raw=b">From asa.lind@example.se Mon Mar  4 10:15:00 2024\r\n" + mail(),
        subject="Trasig gunga",
    ),
    Made(
        id="line_without_colon",
        raw=bare(
            f"From: asa.lind@example.se\ndenna rad hör ingenstans hemma\nTo: {OWN}\nSubject: Trasig gunga\n"
        ),
        subject="Trasig gunga",
        has=(GUNGA,),
    ),
    Made(
        id="unfolded_subject",
        raw=bare(f"From: asa.lind@example.se\nSubject: Trasig gunga\ni Björkparken\nTo: {OWN}\n"),
        subject="Trasig gunga i Björkparken",
        has=(GUNGA,),
    ),
    Made(
        id="blank_line_after_headers_missing",
        raw=b"From: asa.lind@example.se\r\nSubject: Trasig gunga\r\n"
        + GUNGA.encode()
        + b"\r\n\r\nMer text.\r\n",
        subject="Trasig gunga",
        has=(GUNGA, "Mer text."),
    ),
    Made(
        id="space_before_colon",
        raw=bare(f"From : asa.lind@example.se\nSubject : Trasig gunga\nTo: {OWN}\n"),
        subject="Trasig gunga",
        has=(GUNGA,),
    ),
    Made(id="only_lf", raw=mail().replace(b"\r\n", b"\n"), subject="Trasig gunga", has=(GUNGA,)),
    Made(id="only_cr", raw=mail().replace(b"\r\n", b"\r"), subject="Trasig gunga", has=(GUNGA,)),
    Made(id="no_header_at_all", raw=f"\r\n{GUNGA}\r\n".encode(), from_addr="", warns=_NOBODY),
    Made(
        id="headers_without_body",
        raw=b"From: asa.lind@example.se\r\nSubject: Trasig gunga",
        subject="Trasig gunga",
    ),
    Made(id="date_empty", raw=bare(_HEAD + "Date:\n"), has=(GUNGA,)),
    Made(
        id="date_swedish_words", raw=bare(_HEAD + "Date: måndagen den 4 mars 2024 kl 10:15\n"), has=(GUNGA,)
    ),
    Made(id="date_year_2124", raw=bare(_HEAD + "Date: Sat, 04 Mar 2124 10:15:00 +0100\n"), has=(GUNGA,)),
    Made(id="date_day_99", raw=bare(_HEAD + "Date: Mon, 99 Mar 2024 10:15:00 +9999\n"), has=(GUNGA,)),
    Made(id="date_huge_year", raw=bare(_HEAD + f"Date: 4 Mar {'9' * 60} 10:15:00 +0100\n"), has=(GUNGA,)),
)

MAILS = (*_FROM, *_OTHER)
