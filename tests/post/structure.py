# ruff: noqa: E501  # mails are written out line by line, as they came
"""How parts stand beside and inside one another, well and badly."""

import base64

from tests.post.made import GUNGA, Made, inside, mail, part, several

_HTML = "text/html; charset=utf-8"
_PLAIN = part(GUNGA)
_RICH = part(f"<p>{GUNGA}</p>", _HTML)
_IMAGE = part("AAAA", "image/jpeg; name=bild.jpg", "Content-Transfer-Encoding: base64\n")
_INNER = f"From: Bo Ek <bo.ek@example.se>\nSubject: Gungan igen\nContent-Type: text/plain; charset=utf-8\n\n{GUNGA}"


def _made(
    name: str,
    raw: bytes,
    *has: str,
    files: tuple[str, ...] = (),
    lacks: tuple[str, ...] = (),
    warns: tuple[str, ...] = (),
) -> Made:
    return Made(id=f"mp_{name}", raw=raw, has=has, files=files, lacks=lacks, warns=warns)


def _nested(body: bytes, kind: str, boundary: str) -> bytes:
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\n\n'.encode() + body


_RELATED = _nested(inside(_RICH, _IMAGE, boundary="r"), "related", "r")
_ALTERNATIVE = _nested(inside(_PLAIN, _RICH, boundary="a"), "alternative", "a")

MAILS = (
    _made("alternative", several(_PLAIN, _RICH, kind="alternative"), GUNGA, lacks=("<p>",)),
    _made("alt_html_first", several(_RICH, _PLAIN, kind="alternative"), GUNGA, lacks=("<p>",)),
    _made("alt_empty_plain", several(part("\n \n"), _RICH, kind="alternative"), GUNGA),
    _made(
        "alt_dummy_plain_sv",
        several(part("Ditt e-postprogram kan inte visa HTML."), _RICH, kind="alternative"),
        GUNGA,
        lacks=("e-postprogram",),
    ),
    _made(
        "alt_dummy_plain_en",
        several(part("This message is in HTML. Please use another mail client."), _RICH, kind="alternative"),
        GUNGA,
        lacks=("Please",),
    ),
    _made(
        "alt_plain_speaks_of_html",
        several(
            part("Er HTML är fel på startsidan."),
            part("<p>Er <b>HTML</b> är fel på startsidan.</p>", _HTML),
            kind="alternative",
        ),
        "Er HTML är fel på startsidan.",
    ),
    _made("alt_empty_html", several(_PLAIN, part("<p></p>", _HTML), kind="alternative"), GUNGA),
    _made("alt_only_html", several(_RICH, kind="alternative"), GUNGA),
    _made("alt_with_related", several(_PLAIN, _RELATED, kind="alternative"), GUNGA, files=("bild.jpg",)),
    _made(
        "alt_with_related_empty_plain",
        several(part(""), _RELATED, kind="alternative"),
        GUNGA,
        files=("bild.jpg",),
    ),
    _made("mixed_with_alternative", several(_ALTERNATIVE, _IMAGE), GUNGA, files=("bild.jpg",)),
    _made("related_only", several(_RICH, _IMAGE, kind="related"), GUNGA, files=("bild.jpg",)),
    _made(
        "two_alternatives",
        several(
            _ALTERNATIVE,
            _nested(
                inside(part("Andra stycket."), part("<p>Andra stycket.</p>", _HTML), boundary="c"),
                "alternative",
                "c",
            ),
        ),
        GUNGA,
        "Andra stycket.",
    ),
    _made(
        "apple_text_image_text",
        several(part("Före bilden."), _IMAGE, part("Efter bilden.")),
        "Före bilden.",
        "Efter bilden.",
        files=("bild.jpg",),
    ),
    _made(
        "plain_then_html_footer",
        several(_PLAIN, part("<p>Listans sidfot</p>", _HTML)),
        GUNGA,
        "Listans sidfot",
    ),
    _made(
        "text_attachment",
        several(
            _PLAIN,
            part(
                "Hemlig logg",
                "text/plain; name=logg.txt",
                "Content-Disposition: attachment; filename=logg.txt\n",
            ),
        ),
        GUNGA,
        files=("logg.txt",),
        lacks=("Hemlig logg",),
    ),
    _made(
        "text_attachment_without_name",
        several(_PLAIN, part("Hemlig logg", "text/plain", "Content-Disposition: attachment\n")),
        GUNGA,
        files=("bilaga-1.txt",),
        lacks=("Hemlig",),
    ),
    _made(
        "html_attachment",
        several(_PLAIN, part("<p>Sida</p>", _HTML, "Content-Disposition: attachment; filename=sida.html\n")),
        GUNGA,
        files=("sida.html",),
        lacks=("Sida",),
    ),
    _made(
        "inline_text_named_apple",
        several(part(GUNGA, "text/plain; charset=utf-8", "Content-Disposition: inline; filename=brev.txt\n")),
        GUNGA,
    ),
    _made(
        "inline_text_named_after_body",
        several(_PLAIN, part("Anteckning", "text/plain", "Content-Disposition: inline; filename=not.txt\n")),
        GUNGA,
        files=("not.txt",),
        lacks=("Anteckning",),
    ),
    _made("csv_is_a_file", several(_PLAIN, part("a;b", "text/csv; name=tal.csv")), GUNGA, files=("tal.csv",)),
    _made(
        "vcard_is_a_file",
        several(_PLAIN, part("BEGIN:VCARD", "text/x-vcard; name=asa.vcf")),
        GUNGA,
        files=("asa.vcf",),
    ),
    _made(
        "enriched",
        mail("<bold>Gungan</bold> är trasig", content="text/enriched; charset=utf-8"),
        "Gungan är trasig",
    ),
    _made("only_photo", several(_IMAGE), files=("bild.jpg",)),
    _made(
        "only_photo_no_multipart",
        mail(base64.b64encode(b"bild"), content="image/png; name=foto.png", transfer="base64"),
        files=("foto.png",),
    ),
    _made(
        "pdf_only",
        several(part("JVBERi0=", "application/pdf; name=brev.pdf", "Content-Transfer-Encoding: base64\n")),
        files=("brev.pdf",),
    ),
    _made(
        "fwd_as_attachment",
        several(part("Se bifogat."), part(_INNER, "message/rfc822")),
        "Se bifogat.",
        GUNGA,
        "Bo Ek",
        "Gungan igen",
    ),
    _made("fwd_as_attachment_only", several(part(_INNER, "message/rfc822")), GUNGA, "bo.ek@example.se"),
    _made("fwd_lone_rfc822", mail(_INNER, content="message/rfc822"), GUNGA, "Gungan igen"),
    _made(
        "fwd_with_photo",
        several(
            part(
                b'From: bo.ek@example.se\nContent-Type: multipart/mixed; boundary="i"\n\n'
                + inside(_PLAIN, _IMAGE, boundary="i"),
                "message/rfc822",
            )
        ),
        GUNGA,
        files=("bild.jpg",),
    ),
    _made(
        "fwd_inside_fwd",
        several(part(f"Subject: Yttre\nContent-Type: message/rfc822\n\n{_INNER}", "message/rfc822")),
        GUNGA,
        "Yttre",
        "Gungan igen",
    ),
    _made(
        "fwd_base64",
        several(
            part(base64.encodebytes(_INNER.encode()), "message/rfc822", "Content-Transfer-Encoding: base64\n")
        ),
        GUNGA,
    ),
    _made(
        "digest",
        mail(
            inside(f"Content-Type: message/rfc822\n\n{_INNER}"), content='multipart/digest; boundary="grans"'
        ),
        GUNGA,
    ),
    _made(
        "preamble_and_epilogue",
        mail(
            b"Detta \xc3\xa4r ett MIME-brev.\n" + inside(_PLAIN) + b"Slutord.\n",
            content='multipart/mixed; boundary="grans"',
        ),
        GUNGA,
        lacks=("MIME-brev", "Slutord"),
    ),
    _made("boundary_missing", mail(inside(_PLAIN), content="multipart/mixed"), GUNGA, lacks=("--grans",)),
    _made(
        "boundary_wrong",
        mail(inside(_PLAIN, _IMAGE), content="multipart/mixed; boundary=annan"),
        GUNGA,
        files=("bild.jpg",),
    ),
    _made("boundary_empty", mail(inside(_PLAIN), content='multipart/mixed; boundary=""'), GUNGA),
    _made("boundary_nowhere", mail(GUNGA, content="multipart/mixed; boundary=annan"), GUNGA),
    _made(
        "boundary_with_spaces",
        mail(inside(_PLAIN, boundary="a b c"), content='multipart/mixed; boundary="a b c"'),
        GUNGA,
    ),
    _made(
        "boundary_prefix_of_inner",
        mail(
            inside(_nested(inside(_PLAIN, boundary="b1"), "alternative", "b1"), _IMAGE, boundary="b"),
            content="multipart/mixed; boundary=b",
        ),
        GUNGA,
        files=("bild.jpg",),
    ),
    _made("never_closed", mail(b"--grans\n" + _PLAIN, content="multipart/mixed; boundary=grans"), GUNGA),
    _made(
        "inner_never_closed",
        several(b'Content-Type: multipart/alternative; boundary="x"\n\n--x\n' + _PLAIN, _IMAGE),
        GUNGA,
        files=("bild.jpg",),
    ),
    _made("part_without_headers", several("\n" + GUNGA), GUNGA),
    _made("part_empty", several("", _PLAIN), GUNGA),
    _made("no_parts_at_all", mail("", content="multipart/mixed; boundary=grans")),
    _made("content_type_nonsense", mail(GUNGA, content="text"), GUNGA),
    _made("content_type_with_comment", mail(GUNGA, content="text/plain (vanlig text); charset=utf-8"), GUNGA),
    _made("content_type_upper", mail(GUNGA, content="TEXT/PLAIN; CHARSET=UTF-8"), GUNGA),
    _made("content_type_trailing_semicolons", mail(GUNGA, content="text/plain; charset=utf-8;;;"), GUNGA),
    _made("two_content_types", mail(GUNGA, extra="Content-Type: application/pdf\n"), GUNGA),
    _made("multipart_star", mail(inside(_PLAIN, _RICH), content='multipart/okand; boundary="grans"'), GUNGA),
    _made(
        "winmail_dat",
        several(
            _PLAIN,
            part("eJ8+Ig==", "application/ms-tnef; name=winmail.dat", "Content-Transfer-Encoding: base64\n"),
        ),
        GUNGA,
        files=("winmail.dat",),
        warns=("winmail.dat",),
    ),
    _made(
        "smime_signed",
        several(
            _PLAIN,
            part(
                "MIAG", "application/pkcs7-signature; name=smime.p7s", "Content-Transfer-Encoding: base64\n"
            ),
            kind="signed",
        ),
        GUNGA,
        files=("smime.p7s",),
        warns=("signerat",),
    ),
    _made(
        "smime_enveloped",
        mail(
            "MIAG",
            content="application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
            transfer="base64",
        ),
        files=("smime.p7m",),
        warns=("S/MIME",),
    ),
    _made(
        "pgp_encrypted",
        several(
            part("Version: 1", "application/pgp-encrypted"),
            part("-----BEGIN PGP MESSAGE-----", "application/octet-stream; name=brev.asc"),
            kind="encrypted",
        ),
        files=("bilaga-1", "brev.asc"),
        warns=("PGP",),
    ),
    _made(
        "pgp_signed",
        several(_PLAIN, part("sig", "application/pgp-signature; name=signature.asc"), kind="signed"),
        GUNGA,
        files=("signature.asc",),
    ),
    _made(
        "external_body",
        several(
            _PLAIN,
            part(
                "Content-Type: image/png\n\n",
                'message/external-body; access-type=URL; URL="http://example.com/x"',
            ),
        ),
        GUNGA,
        files=("bilaga-1",),
        warns=("hämtas inte",),
    ),
    _made(
        "partial",
        mail(GUNGA, content='message/partial; id="a"; number=1; total=2'),
        files=("bilaga-1",),
        warns=("delat brev",),
    ),
    _made(
        "uuencode_inline",
        mail(f"{GUNGA}\n\nbegin 644 bild.gif\n#0V%T\n`\nend\n\nHälsningar"),
        GUNGA,
        "Hälsningar",
        files=("bild.gif",),
        lacks=("begin 644",),
    ),
    _made(
        "uuencode_only_in_words", mail("Vi begin 644 och ser att det tar end\nend"), "Vi begin 644 och ser"
    ),
)
