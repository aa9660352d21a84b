# mails are written out line by line, as they came
"""File names as mail programs write them, and as nobody should."""

from tests.post.made import GUNGA, Made, part, several

_PROGRAM = ("kan vara ett program",)


def _file(
    name: str,
    fields: str | bytes,
    shown: str,
    *,
    content: str = "application/pdf",
    warns: tuple[str, ...] = (),
) -> Made:
    written = part("JVBERi0=", content, fields)
    return Made(
        id=f"mp_fn_{name}", raw=several(part(GUNGA), written), has=(GUNGA,), files=(shown,), warns=warns
    )


def _at(value: str | bytes) -> bytes:
    data = value if isinstance(value, bytes) else value.encode()
    return b"Content-Disposition: attachment; " + data + b"\nContent-Transfer-Encoding: base64\n"


MAILS = (
    _file("plain", _at("filename=karta.pdf"), "karta.pdf"),
    _file("quoted_with_spaces", _at('filename="min karta.pdf"'), "min karta.pdf"),
    _file("unquoted_with_spaces", _at("filename=min karta.pdf"), "min karta.pdf"),
    _file("quoted_semicolon", _at('filename="a;b.pdf"'), "a;b.pdf"),
    _file("escaped_quote", _at('filename="en \\"fin\\" karta.pdf"'), "en fin karta.pdf"),
    _file("rfc2231_utf8", _at("filename*=utf-8''%C3%85v%C3%A4gen.pdf"), "Åvägen.pdf"),
    _file("rfc2231_latin1", _at("filename*=iso-8859-1'sv'%C5v%E4gen.pdf"), "Åvägen.pdf"),
    _file("rfc2231_continued", _at('filename*0="lang ";\n filename*1="karta.pdf"'), "lang karta.pdf"),
    _file(
        "rfc2231_continued_encoded",
        _at("filename*0*=utf-8''%C3%85v%C3;\n filename*1*=%A4gen;\n filename*2=.pdf"),
        "Åvägen.pdf",
    ),
    _file("rfc2231_and_plain", _at("filename=ascii.pdf; filename*=utf-8''%C3%85.pdf"), "Å.pdf"),
    _file("rfc2231_no_charset", _at("filename*=''%C3%85.pdf"), "Å.pdf"),
    _file("rfc2231_broken", _at("filename*=%C3%85.pdf"), "Å.pdf"),
    _file("rfc2231_gap", _at('filename*0="a.pdf"; filename*2="b"'), "a.pdf"),
    _file("rfc2047", _at('filename="=?utf-8?Q?=C3=85v=C3=A4gen.pdf?="'), "Åvägen.pdf"),
    _file("rfc2047_two_words", _at('filename="=?utf-8?B?w4V2w6Q=?= =?utf-8?B?Z2VuLnBkZg==?="'), "Åvägen.pdf"),
    _file("rfc2047_unquoted", _at("filename==?utf-8?Q?=C3=85.pdf?="), "Å.pdf"),
    _file("raw_utf8", _at('filename="Åvägen.pdf"'), "Åvägen.pdf"),
    _file("raw_latin1", _at('filename="Åvägen.pdf"'.encode("latin-1")), "Åvägen.pdf"),
    _file("nfd_from_mac", _at("filename*=utf-8''Va%CC%88g.pdf"), "Väg.pdf"),
    _file("name_only", "", "karta.pdf", content='application/pdf; name="karta.pdf"'),
    _file("name_rfc2231", "", "Å.pdf", content="application/pdf; name*=utf-8''%C3%85.pdf"),
    _file(
        "filename_beats_name", _at("filename=ratt.pdf"), "ratt.pdf", content="application/pdf; name=fel.pdf"
    ),
    _file("none", "", "bilaga-1.pdf"),
    _file("none_unknown_type", "", "bilaga-1", content="application/octet-stream"),
    _file("empty", _at('filename=""'), "bilaga-1.pdf"),
    _file("only_dots", _at('filename="..."'), "bilaga-1.pdf"),
    _file("path_unix", _at('filename="../../etc/passwd"'), "passwd"),
    _file("path_windows", _at('filename="C:\\\\Windows\\\\karta.pdf"'), "karta.pdf"),
    _file("path_encoded", _at("filename*=utf-8''..%2F..%2Fhemlig.pdf"), "hemlig.pdf"),
    _file("nul_and_control", _at("filename*=utf-8''ka%00rt%0D%0Aa.pdf"), "kart a.pdf"),
    _file("right_to_left", _at("filename*=utf-8''karta%E2%80%AEfdp.exe"), "kartafdp.exe", warns=_PROGRAM),
    _file("double_extension", _at("filename=karta.pdf.exe"), "karta.pdf.exe", warns=_PROGRAM),
    _file("macro", _at("filename=brev.docm"), "brev.docm", warns=_PROGRAM),
    _file("shell_signs", _at('filename="a|b<c>d?.pdf"'), "abcd.pdf"),
    _file("leading_dot", _at("filename=.htaccess"), "htaccess"),
    _file("404_characters", _at(f'filename="{"å" * 400}.pdf"'), "å" * 146 + ".pdf"),
    _file("404_characters_no_extension", _at(f'filename="{"b" * 404}"'), "b" * 150),
    _file("upper_case_parameter", _at("FILENAME=KARTA.PDF"), "KARTA.PDF"),
    _file(
        "inline_image", "Content-Disposition: inline; filename=foto.jpg\n", "foto.jpg", content="image/jpeg"
    ),
    _file("content_id_only", "Content-ID: <bild1@x>\n", "bilaga-1.png", content="image/png"),
    Made(
        id="mp_fn_same_twice",
        raw=several(
            part(GUNGA), part("QQ==", "image/png; name=foto.png"), part("Qg==", "image/png; name=foto.png")
        ),
        has=(GUNGA,),
        files=("foto.png", "foto.png"),
    ),
    Made(
        id="mp_fn_none_three_times",
        raw=several(part(GUNGA), *(part("QQ==", "image/png") for _ in range(3))),
        files=("bilaga-1.png", "bilaga-2.png", "bilaga-3.png"),
    ),
)
