# mails are written out line by line, as they came
"""Bodies whose bytes and label agree, and bodies whose label is a lie."""

import base64
import codecs
import unicodedata

from tests.post.made import Made, mail

SWEDISH = "Gatlampan på Åvägen lyser inte och det är mörkt för barnen."
RICH = "Träden – ”vackra” – kostar 5 € per år…"
_WRONG = ("Teckenkodningen var fel",)


def _declared(name: str, label: str, codec: str, text: str = SWEDISH, *, warns: tuple[str, ...] = ()) -> Made:
    content = f"text/plain; charset={label}" if label else "text/plain"
    return Made(id=f"cs_{name}", raw=mail(text.encode(codec), content=content), has=(text,), warns=warns)


def _packed(name: str, label: str, codec: str, text: str) -> Made:
    body = base64.encodebytes(text.encode(codec))
    raw = mail(body, content=f"text/plain; charset={label}", transfer="base64")
    return Made(id=f"cs_{name}", raw=raw, has=(text,))


def _plain(
    name: str,
    body: str | bytes,
    *has: str,
    content: str = "text/plain; charset=utf-8",
    transfer: str = "8bit",
    warns: tuple[str, ...] = (),
    lacks: tuple[str, ...] = (),
) -> Made:
    return Made(
        id=name, raw=mail(body, content=content, transfer=transfer), has=has, warns=warns, lacks=lacks
    )


MAILS = (
    _declared("utf8", "utf-8", "utf-8"),
    _declared("utf8_quoted_label", '"UTF-8"', "utf-8"),
    _declared("utf8_odd_name", "utf8", "utf-8"),
    _declared("latin1", "iso-8859-1", "latin-1"),
    _declared("latin9", "iso-8859-15", "iso-8859-15", "Det kostar 5 € på Åvägen."),
    _declared("latin4_sami", "iso-8859-10", "iso-8859-10", "Čálán din šaddui."),
    _declared("cp1252", "windows-1252", "cp1252", RICH),
    _declared("latin1_label_cp1252_bytes", "iso-8859-1", "cp1252", RICH),
    _declared("ascii_label_latin1_bytes", "us-ascii", "latin-1", warns=_WRONG),
    _declared("ascii_label_utf8_bytes", "us-ascii", "utf-8", warns=_WRONG),
    _declared("utf8_label_latin1_bytes", "utf-8", "latin-1", warns=_WRONG),
    _declared("latin1_label_utf8_bytes", "iso-8859-1", "utf-8", warns=_WRONG),
    _declared("cp1252_label_utf8_bytes", "windows-1252", "utf-8", RICH, warns=_WRONG),
    _declared("latin9_label_utf8_bytes", "iso-8859-15", "utf-8", warns=_WRONG),
    _declared("no_label_latin1_bytes", "", "latin-1", warns=_WRONG),
    _declared("no_label_utf8_bytes", "", "utf-8"),
    _declared("empty_label_latin1_bytes", '""', "latin-1", warns=_WRONG),
    _declared("unknown_label", "x-unknown", "utf-8"),
    _declared("unknown_8bit", "unknown-8bit", "latin-1", warns=_WRONG),
    _declared("default_label", "_autodetect_all", "latin-1", warns=_WRONG),
    _declared("label_with_nul", "utf\x00-8", "utf-8"),
    _declared("cp850_labelled", "ibm850", "cp850"),
    _declared("mac_labelled", "macintosh", "mac_roman"),
    _declared("x_mac_roman", "x-mac-roman", "mac_roman"),
    _declared("koi8", "koi8-r", "koi8-r", "Скамейка в парке сломана."),
    _declared("windows_1251", "windows-1251", "cp1251", "Лавка в парку зламана."),
    _declared("windows_1256", "windows-1256", "cp1256", "الأرجوحة في الحديقة مكسورة"),
    _declared("gb2312", "gb2312", "gbk", "公园里的秋千坏了。"),
    _declared("x_gbk", "x-gbk", "gbk", "公园里的秋千坏了。"),
    _declared("ks_c", "ks_c_5601-1987", "cp949", "공원의 그네가 고장났습니다."),
    _declared("shift_jis", "shift_jis", "shift_jis", "公園のブランコが壊れています。"),
    _declared("iso_2022_jp", "iso-2022-jp", "iso-2022-jp", "公園のブランコが壊れています。"),
    _declared("utf7", "utf-7", "utf-7"),
    _packed("utf16", "utf-16", "utf-16", SWEDISH),
    _packed("utf16le_with_mark", "utf-16", "utf-16", RICH),
    _packed("utf8_with_mark", "utf-8", "utf-8-sig", SWEDISH),
    _packed("utf32", "utf-32", "utf-32", SWEDISH),
    _plain("cs_rfc2231_charset", SWEDISH, SWEDISH, content="text/plain; charset*=us-ascii'en'utf-8"),
    _plain("cs_codec_that_is_no_charset", SWEDISH, SWEDISH, content="text/plain; charset=punycode"),
    _plain("cs_codec_of_bytes", SWEDISH, SWEDISH, content="text/plain; charset=zip"),
    _plain(
        "cs_one_broken_character",
        SWEDISH.encode() + b" och \xff sedan " + SWEDISH.encode(),
        "Gatlampan på Åvägen",
        "sedan",
        warns=_WRONG,
    ),
    _plain(
        "cs_cut_inside_character",
        "Lampan på vägen är trasig å".encode()[:-1],
        "Lampan på vägen är trasig",
        warns=_WRONG,
    ),
    _plain(
        "cs_mojibake_sent_as_utf8",
        SWEDISH.encode("utf-8").decode("cp1252", "ignore").encode(),
        "Gatlampan på",
        lacks=("Ã¥",),
    ),
    _plain(
        "cs_cp850_without_label",
        SWEDISH.encode("cp850"),
        "Gatlampan på",
        content="text/plain; charset=iso-8859-1",
        warns=_WRONG,
    ),
    _plain(
        "cs_mac_without_label", SWEDISH.encode("mac_roman"), "Gatlampan p", content="text/plain", warns=_WRONG
    ),
    _plain("nfd_decomposed", unicodedata.normalize("NFD", SWEDISH), SWEDISH),
    _plain("nul_in_body", "Gungan\x00 är trasig", "Gungan är trasig", lacks=("\x00",)),
    _plain("control_in_body", "Gungan\x07 är\x1b[31m trasig\x7f", "Gungan är[31m trasig", lacks=("\x1b",)),
    _plain("bom_in_body", b"Hej! " + codecs.BOM_UTF8 + "Gungan är trasig".encode(), "Hej! Gungan är trasig"),
    _plain("lone_surrogate_by_utf7", b"Gungan +2AA- trasig", "Gungan", content="text/plain; charset=utf-7"),
    _plain("qp_good", SWEDISH.encode().replace(b"\xc3\xa5", b"=C3=A5"), SWEDISH, transfer="quoted-printable"),
    _plain(
        "qp_soft_line_breaks",
        "Gatlampan p=\n=C3=A5 v=C3=A4gen",
        "Gatlampan på vägen",
        transfer="quoted-printable",
    ),
    _plain("qp_broken_sequences", "Rabatt 50=% p=C3=A5 v=ZZgen =", "50=% på", transfer="quoted-printable"),
    _plain("qp_lower_case", "p=c3=a5 v=c3=a4gen", "på vägen", transfer="Quoted-Printable"),
    _plain("base64_good", base64.encodebytes(SWEDISH.encode()), SWEDISH, transfer="base64"),
    _plain(
        "base64_with_garbage",
        base64.b64encode(SWEDISH.encode()).replace(b"Z", b"Z!\n*"),
        SWEDISH,
        transfer="base64",
    ),
    _plain(
        "base64_without_padding",
        base64.b64encode(b"Gungan gungar ej").rstrip(b"="),
        "Gungan gungar ej",
        transfer="base64",
    ),
    _plain(
        "base64_in_two_pieces",
        base64.b64encode(b"Gungan") + b"=\n" + base64.b64encode(b" trasig"),
        "Gungan trasig",
        transfer="base64",
    ),
    _plain(
        "base64_label_on_plain_words",
        "Hej! Gungan i parken är trasig, hälsar Åsa.",
        "Gungan i parken är trasig",
        transfer="base64",
    ),
    _plain("base64_comment", base64.b64encode(SWEDISH.encode()), SWEDISH, transfer="base64 (packat)"),
    _plain("cte_unknown", SWEDISH, SWEDISH, transfer="8-bits"),
    _plain("cte_binary", SWEDISH, SWEDISH, transfer="binary"),
    _plain("cte_7bit_lie", SWEDISH, SWEDISH, transfer="7bit"),
    _plain("cte_uuencode_on_words", SWEDISH, SWEDISH, transfer="x-uuencode"),
    _plain("cte_uuencode", "begin 644 brev.txt\n%2&5J(0H \n`\nend\n", "Hej!", transfer="x-uuencode"),
    _plain(
        "format_flowed",
        "Gungan i parken \när trasig.\n\nNytt stycke \nhär.",
        "Gungan i parken är trasig.",
        "Nytt stycke här.",
        content="text/plain; charset=utf-8; format=flowed",
    ),
    _plain(
        "format_flowed_delsp",
        "Gung \nan är trasig.",
        "Gungan är trasig.",
        content="text/plain; charset=utf-8; format=flowed; delsp=yes",
    ),
    _plain(
        "format_flowed_stuffed",
        " >5 grader ute \nidag",
        ">5 grader ute idag",
        content="text/plain; charset=utf-8; format=Flowed",
    ),
    _plain(
        "format_flowed_signature",
        "Hej \ndu.\n-- \nÅsa \nLind",
        "Hej du.\n-- \nÅsa Lind",
        content="text/plain; charset=utf-8; format=flowed",
    ),
    _plain(
        "format_flowed_quote",
        "> Ett citat \n> fortsätter.\nSvar.",
        "> Ett citat fortsätter.\nSvar.",
        content="text/plain; charset=utf-8; format=flowed",
    ),
    _plain(
        "format_fixed",
        "Gungan \ntrasig.",
        "Gungan \ntrasig.",
        content="text/plain; charset=utf-8; format=fixed",
    ),
)
