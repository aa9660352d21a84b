# mails are written out line by line, as they came
"""Subjects: encoded well, encoded badly, and written to do harm."""

from tests.post.made import GUNGA, Made, mail


def _subject(name: str, written: str | bytes, shown: str) -> Made:
    return Made(id=f"subj_{name}", raw=mail(subject=written), subject=shown, has=(GUNGA,))


MAILS = (
    _subject("q_utf8", "=?utf-8?Q?Gatlampa_p=C3=A5_=C3=85v=C3=A4gen?=", "Gatlampa på Åvägen"),
    _subject("b_utf8", "=?utf-8?B?R2F0bGFtcGEgcMOlIMOFdsOkZ2Vu?=", "Gatlampa på Åvägen"),
    _subject("q_latin1", "=?iso-8859-1?Q?Gatlampa_p=E5_=C5v=E4gen?=", "Gatlampa på Åvägen"),
    _subject("q_cp1252_quotes", "=?windows-1252?Q?=94Tr=E4d=94_f=F6r_5_=80?=", "”Träd” för 5 €"),
    _subject("latin1_label_cp1252_bytes", "=?iso-8859-1?Q?=94Tr=E4d=94?=", "”Träd”"),
    _subject("latin1_label_utf8_bytes", "=?iso-8859-1?Q?Tr=C3=A4d?=", "Träd"),
    _subject("utf8_label_latin1_bytes", "=?utf-8?Q?Tr=E4d_p=E5_v=E4gen?=", "Träd på vägen"),
    _subject("unknown_charset", "=?x-okand?Q?Tr=C3=A4d?=", "Träd"),
    _subject("empty_charset_stays", "=??Q?Trad?=", "Trad"),
    _subject("charset_with_language", "=?utf-8*sv?Q?Tr=C3=A4d?=", "Träd"),
    _subject("lower_case_q", "=?UTF-8?q?Tr=c3=a4d?=", "Träd"),
    _subject("split_inside_character", "=?utf-8?Q?Tr=C3?= =?utf-8?Q?=A4d?=", "Träd"),
    _subject("split_inside_character_b", "=?utf-8?B?VHLD?=\r\n =?utf-8?B?pGQ=?=", "Träd"),
    _subject("two_words_two_charsets", "=?utf-8?Q?Tr=C3=A4d?= =?iso-8859-1?Q?_p=E5?=", "Träd på"),
    _subject("no_space_before", "Om=?utf-8?Q?_tr=C3=A4d?=en", "Om träden"),
    _subject("space_between_words_dropped", "=?utf-8?Q?Ett?=   =?utf-8?Q?tr=C3=A4d?=", "Ettträd"),
    _subject("plain_between_words_kept", "=?utf-8?Q?Tr=C3=A4d?= och =?utf-8?Q?b=C3=A4nk?=", "Träd och bänk"),
    _subject("raw_spaces_inside", "=?utf-8?Q?Ett tr=C3=A4d p=C3=A5 v=C3=A4gen?=", "Ett träd på vägen"),
    _subject("raw_question_mark_at_end", "=?utf-8?Q?N=C3=A4r lagas den??=", "När lagas den?"),
    _subject("unfinished_word", "=?utf-8?Q?Tr=C3=A4d", "=?utf-8?Q?Tr=C3=A4d"),
    _subject("broken_base64", "=?utf-8?B?VHLDpGQ?=", "Träd"),
    _subject("base64_with_space", "=?utf-8?B?VHLD pGQ=?=", "Träd"),
    _subject("broken_q", "=?utf-8?Q?100=_av_tr=C3=A4den=?=", "100= av träden="),
    _subject("unknown_encoding", "=?utf-8?X?Trad?=", "=?utf-8?X?Trad?="),
    _subject("in_quotes", '"=?utf-8?Q?Tr=C3=A4d?="', '"Träd"'),
    _subject("raw_utf8", "Träd på vägen", "Träd på vägen"),
    _subject("raw_latin1", "Träd på vägen".encode("latin-1"), "Träd på vägen"),
    _subject("raw_latin1_and_word", "Träd ".encode("latin-1") + b"=?utf-8?Q?p=C3=A5?=", "Träd på"),
    _subject("double_encoded", "=?utf-8?Q?Tr=C3=83=C2=A4d_p=C3=83=C2=A5?=", "Träd på"),
    _subject("crlf_inside", "=?utf-8?Q?Hej=0D=0ABcc:_x@example.com?=", "Hej Bcc: x@example.com"),
    _subject("nul_inside", "=?utf-8?Q?He=00j?=", "Hej"),
    _subject("escape_inside", "=?utf-8?Q?=1B[31mHej?=", "[31mHej"),
    _subject("bidi_inside", "=?utf-8?Q?Hej=E2=80=AEgnag?=", "Hejgnag"),
    _subject("line_separator_inside", "=?utf-8?Q?Hej=E2=80=A8du?=", "Hej du"),
    _subject("nfd", "=?utf-8?Q?Tra=CC=88d?=", "Träd"),
    _subject("iso_2022_jp", "=?ISO-2022-JP?B?GyRCJTklJiUnITwlRyVzGyhC?=", "スウェーデン"),
    _subject("koi8", "=?koi8-r?B?88vBzcXKy8E=?=", "Скамейка"),
    _subject("emoji", "=?utf-8?B?R3VuZ2FuIPCfmKE=?=", "Gungan 😡"),
    _subject("folded", "Trasig gunga\r\n i parken", "Trasig gunga i parken"),
    _subject("empty", "", ""),
    _subject("dangerous_codec", "=?idna?Q?Tr=C3=A4d?=", "Träd"),
    _subject("bytes_codec", "=?zlib?Q?Tr=C3=A4d?=", "Träd"),
    _subject("very_long", "Trasig " * 2000, ("Trasig " * 286)[:2000].strip()),
    _subject("many_openings", "=?" * 20000, ("=?" * 1000)),
)
