# mails are written out line by line, as they came
"""Bombs and traps: mail that wants to hang, fill or fool its reader."""

import base64
import zlib

from tests.post.made import GUNGA, Made, bare, inside, mail, part, several

_HTML = "text/html; charset=utf-8"
_MANY = ("för många delar",)


def _bomb(name: str, raw: bytes, *has: str, files: tuple[str, ...] = (), warns: tuple[str, ...] = ()) -> Made:
    return Made(id=f"bomb_{name}", raw=raw, has=has, files=files, warns=warns)


def _nested_multiparts(depth: int) -> bytes:
    levels = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    return bare(f"From: asa.lind@example.se\nSubject: Trasig gunga\n{levels}")


_ZIP = base64.encodebytes(zlib.compress(b"\0" * 50_000_000))

MAILS = (
    _bomb(
        "zip_50_mb",
        several(
            part(GUNGA), part(_ZIP, "application/zip; name=bilder.zip", "Content-Transfer-Encoding: base64\n")
        ),
        GUNGA,
        files=("bilder.zip",),
    ),
    _bomb(
        "300_attachments",
        several(part(GUNGA), *(part("QQ==", f"image/png; name=b{n}.png") for n in range(300))),
        GUNGA,
        files=tuple(f"b{n}.png" for n in range(198)),
        warns=_MANY,
    ),
    _bomb("3000_nested_multiparts", _nested_multiparts(3000), warns=_MANY),
    _bomb("60_nested_multiparts", _nested_multiparts(60), warns=_MANY),
    _bomb("40_nested_multiparts", _nested_multiparts(40), GUNGA),
    _bomb(
        "800_nested_rfc822",
        bare("From: asa.lind@example.se\nSubject: x\n" + "Content-Type: message/rfc822\n\n" * 800),
        warns=_MANY,
    ),
    _bomb("5000_nested_divs", mail("<div>" * 5000 + GUNGA + "</div>" * 5000, content=_HTML), GUNGA),
    _bomb(
        "100000_open_tags",
        mail(f"<p>{GUNGA}</p>" + "<pre>" * 100_000, content=_HTML),
        GUNGA,
        warns=("Texten var för lång",),
    ),
    _bomb(
        "20000_nested_hidden",
        mail(f"<p>{GUNGA}</p>" + '<b hidden style="display:none">' * 15_000, content=_HTML),
        GUNGA,
        warns=("Texten var för lång",),
    ),
    _bomb(
        "headers_400_kb",
        bare(
            "From: asa.lind@example.se\nSubject: x\n" + "".join(f"X-{n}: {'a' * 990}\n" for n in range(410))
        ),
        GUNGA,
        warns=("Brevhuvudet var för långt",),
    ),
    _bomb(
        "one_header_400_kb",
        bare("From: asa.lind@example.se\nX-A: " + "a" * 400_000 + "\nSubject: x\n"),
        GUNGA,
        warns=("Brevhuvudet var för långt",),
    ),
    _bomb("line_120_kb", mail("a" * 120_000 + " " + GUNGA), GUNGA),
    _bomb("body_3_mb", mail(f"{GUNGA}\n" * 60_000), GUNGA, warns=("Texten var för lång",)),
    _bomb("content_type_semicolons", mail(GUNGA, content="text/plain" + ';";"' * 30_000), GUNGA),
    _bomb(
        "content_type_many_parameters",
        mail(GUNGA, content="text/plain" + "".join(f"; p{n}=v" for n in range(8000))),
        GUNGA,
    ),
    _bomb("from_open_parens", mail(sender="(" * 60_000 + " <asa.lind@example.se>"), GUNGA),
    _bomb("from_quotes_and_backslashes", mail(sender='"\\' * 30_000 + '" <asa.lind@example.se>'), GUNGA),
    _bomb("cc_commas", mail(extra="Cc: " + "," * 60_000 + "\n"), GUNGA),
    _bomb("references_20000", mail(extra="References: " + "<a@b> " * 10_000 + "\n"), GUNGA),
    _bomb("encoded_words_many", mail(subject="=?utf-8?Q?a?= " * 8000), GUNGA),
    _bomb(
        "quotes_20000_on_lines",
        mail("On Mon 4 March 2024 10:15 X wrote\n" * 20_000, extra="References: <a@b.example>\n"),
        "On Mon",
    ),
    _bomb(
        "quotes_50000_prefixes",
        mail(GUNGA + "\n" + ">\n" * 50_000, extra="References: <a@b.example>\n"),
        GUNGA,
    ),
    _bomb("quotes_from_lines", mail("Från: a\n" * 20_000, extra="References: <a@b.example>\n"), "Från: a"),
    _bomb(
        "quotes_dashes_200_kb", mail("-" * 200_000 + "\n" + GUNGA, extra="References: <a@b.example>\n"), GUNGA
    ),
    _bomb(
        "quotes_den_repeated", mail("Den 3 mars " * 20_000, extra="References: <a@b.example>\n"), "Den 3 mars"
    ),
    _bomb(
        "quotes_footers",
        mail(GUNGA + "\n" + "Skickat från min iPhone\n" * 8000, extra="References: <a@b.example>\n"),
        GUNGA,
    ),
    _bomb("uuencode_never_ends", mail(f"{GUNGA}\n" + "begin 644 a\n" * 3000 + "\nendx"), GUNGA),
    _bomb(
        "rfc2231_10000_pieces",
        several(
            part(GUNGA),
            part(
                "QQ==",
                "image/png",
                "Content-Disposition: attachment; "
                + "".join(f'filename*{n}="a";' for n in range(1500))
                + "\n",
            ),
        ),
        GUNGA,
        files=("a" * 100,),
    ),
    _bomb("blank_lines_before_headers", b"\r\n" * 1500 + mail(), GUNGA),
    _bomb(
        "boundary_of_dashes",
        mail(inside(part(GUNGA), boundary="-" * 60), content=f'multipart/mixed; boundary="{"-" * 60}"'),
        GUNGA,
    ),
    _bomb(
        "boundary_lines_10000",
        mail(b"--grans\n" * 10_000 + inside(part(GUNGA)), content="multipart/mixed; boundary=grans"),
        GUNGA,
    ),
    Made(
        id="bomb_random_bytes",
        raw=bytes(range(256)) * 400,
        from_addr="",
        warns=("Teckenkodningen", "ingen användbar"),
    ),
    Made(id="bomb_empty_file", raw=b"", from_addr="", warns=("ingen användbar",)),
    Made(id="bomb_only_line_ends", raw=b"\r\n" * 5000, from_addr="", warns=("ingen användbar",)),
    Made(
        id="bomb_too_big",
        raw=mail("A" * 76 + "\r\n", subject="Stor fil") + b"QUJD\r\n" * 4_400_000,
        subject="Stor fil",
        warns=("för stort",),
    ),
)
