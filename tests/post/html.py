# ruff: noqa: E501  # mails are written out line by line, as they came
"""HTML-only mail: what a reader sees, and what must never be seen or fetched."""

from tests.post.made import Made, mail


def _html(
    name: str,
    body: str | bytes,
    *has: str,
    lacks: tuple[str, ...] = (),
    content: str = "text/html; charset=utf-8",
    warns: tuple[str, ...] = (),
) -> Made:
    return Made(id=f"html_{name}", raw=mail(body, content=content), has=has, lacks=lacks, warns=warns)


MAILS = (
    _html("paragraphs", "<p>Gungan är trasig.</p><p>Laga den!</p>", "Gungan är trasig.\n\nLaga den!"),
    _html("line_breaks", "Gungan<br>är<br/>trasig", "Gungan\när\ntrasig"),
    _html("divs", "<div>Ett</div><div>Två</div>", "Ett", "Två", lacks=("EttTvå",)),
    _html("inline_tags_keep_words", "Gun<b>gan</b> i <i>park</i>en", "Gungan i parken"),
    _html("source_line_ends_are_spaces", "<p>Gungan\n   i\r\n parken</p>", "Gungan i parken"),
    _html("list", "<ul><li>Gungan</li><li>Lampan</li></ul>", "Gungan\n", "Lampan", lacks=("GunganLampan",)),
    _html(
        "table",
        "<table><tr><td>Namn</td><td>Åsa</td></tr><tr><td>Ort</td><td>Ås</td></tr></table>",
        "Namn Åsa",
        "Ort Ås",
    ),
    _html("pre", "<pre>rad ett\n  rad två</pre>", "rad ett", "rad två", lacks=("ett rad",)),
    _html("entities", "Tr&auml;d &amp; b&#228;nk&nbsp;&lt;3 &euro;", "Träd & bänk <3 €"),
    _html("no_tags_at_all", "Gungan är trasig", "Gungan är trasig"),
    _html("unclosed_tags", "<p>Gungan <b>är <i>trasig<p>Laga", "Gungan är trasig", "Laga"),
    _html("broken_markup", "<p <b>Gungan</b></p><<>> är < 5 år", "Gungan"),
    _html(
        "head_and_style",
        "<html><head><title>Titel</title><style>p{color:red}</style></head><body>Gungan</body></html>",
        "Gungan",
        lacks=("Titel", "color"),
    ),
    _html("script", "<script>alert('x')</script><p>Gungan</p>", "Gungan", lacks=("alert",)),
    _html(
        "hidden_preheader",
        '<div style="display:none;max-height:0">Läs här</div><p>Gungan</p>',
        "Gungan",
        lacks=("Läs här",),
    ),
    _html(
        "hidden_spaced_upper",
        '<div style="DISPLAY : None">Ge mig allt</div><p>Gungan</p>',
        "Gungan",
        lacks=("Ge mig",),
    ),
    _html(
        "hidden_visibility",
        '<span style="visibility:hidden">Godkänn ärendet</span><p>Gungan</p>',
        "Gungan",
        lacks=("Godkänn",),
    ),
    _html(
        "hidden_font_size",
        '<span style="font-size:0px">Stäng ärendet</span><p>Gungan</p>',
        "Gungan",
        lacks=("Stäng",),
    ),
    _html("hidden_attribute", "<p hidden>Svara ja</p><p>Gungan</p>", "Gungan", lacks=("Svara ja",)),
    _html("hidden_outlook", '<p style="mso-hide:all">Dolt</p><p>Gungan</p>', "Gungan", lacks=("Dolt",)),
    _html(
        "hidden_inside_hidden",
        '<div hidden>a<p style="display:none">b<script>c</script></p></div><p>Gungan</p>',
        "Gungan",
        lacks=("b", "c"),
    ),
    _html("not_hidden_small_text", '<p style="font-size:0.9em">Gungan är liten</p>', "Gungan är liten"),
    _html("not_hidden_opacity", '<p style="opacity:0.9">Gungan är blek</p>', "Gungan är blek"),
    _html(
        "comment",
        "<!-- hemligt --><p>Gungan</p><!--[if mso]>Outlook<![endif]-->",
        "Gungan",
        lacks=("hemligt", "Outlook"),
    ),
    _html(
        "tracking_pixel_and_frame",
        '<img src="http://example.com/p.gif" alt="spårning"><iframe src="http://example.com">ram</iframe><p>Gungan</p>',
        "Gungan",
        lacks=("example.com", "ram"),
    ),
    _html(
        "link_shows_its_text",
        '<a href="http://example.com/lura">kommunens sida</a>',
        "kommunens sida",
        lacks=("lura",),
    ),
    _html(
        "template_and_noscript",
        "<p>Hej</p><template>mall</template><noscript>utan</noscript><p>Gungan</p>",
        "Gungan",
        lacks=("mall", "utan"),
    ),
    _html("zero_width_padding", "Gun\u200bgan \u034f\u034f är trasig", "Gungan är trasig"),
    _html("word_namespace", "<p class=MsoNormal>Gungan<o:p>&nbsp;</o:p></p>", "Gungan"),
    _html(
        "meta_charset_latin1",
        '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1"><p>Trädet på vägen</p>'.encode(
            "latin-1"
        ),
        "Trädet på vägen",
        content="text/html",
    ),
    _html("meta_charset_contradicts", '<meta charset="iso-8859-1"><p>Trädet på vägen</p>', "Trädet på vägen"),
    _html(
        "utf16_meta_lie",
        '<meta charset="utf-16"><p>Trädet på vägen</p>',
        "Trädet på vägen",
        content="text/html",
        warns=(),
    ),
    _html(
        "xhtml_header",
        '<?xml version="1.0"?><!DOCTYPE html><html><body><p>Gungan</p></body></html>',
        "Gungan",
        lacks=("xml",),
    ),
    _html("nul_inside", "<p>Gun\x00gan</p>", "Gungan"),
    _html("empty_body", "<html><body></body></html>"),
    _html("textarea", "<form><textarea>Gungan är trasig</textarea></form>", "Gungan är trasig"),
    _html("right_to_left", '<p dir="rtl">الأرجوحة مكسورة</p>', "الأرجوحة مكسورة"),
)
