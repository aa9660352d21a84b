# ruff: noqa: E501  # mails are written out line by line, as they came
"""Replies in plain text from the mail programs that Swedes use, and the traps beside them."""

from tests.post.made import OWN, Made, mail, reply

ANSWER = "Tack, men gungan är fortfarande trasig och ingen har varit här."
QUOTED = "Vi har tagit emot din synpunkt och den har fått ett nummer."
OUTLOOK = f"Från: Lillkommun <{OWN}>\nSkickat: den 4 mars 2024 10:15\nTill: Åsa Lind\nÄmne: Din synpunkt\n\n{QUOTED}"


def _reply(
    name: str, body: str, *, has: tuple[str, ...] = (ANSWER,), lacks: tuple[str, ...] = (QUOTED,)
) -> Made:
    return Made(id=f"reply_{name}", raw=reply(body), has=has, lacks=lacks, whole=has)


def _kept(name: str, body: str, *has: str) -> Made:
    return Made(id=f"keep_{name}", raw=reply(body), has=has)


def _attributed(name: str, line: str, quoted: str = f"> {QUOTED}") -> Made:
    fragment = line.strip("> \n").splitlines()[0][:20]
    return _reply(name, f"{ANSWER}\n\n{line}\n{quoted}\n", lacks=(QUOTED, fragment))


def _footer(name: str, line: str) -> Made:
    return _reply(f"footer_{name}", f"{ANSWER}\n\n{line}\n", lacks=(line[:18],))


_PROGRAMS = (
    _attributed("gmail_sv", f"Den mån 4 mars 2024 kl 10:15 skrev Lillkommun <{OWN}>:"),
    _attributed("gmail_sv_wrapped", f"Den mån 4 mars 2024 kl 10:15 skrev Lillkommun synpunkter <\n{OWN}>:"),
    _attributed("gmail_sv_no_space", f"Den fre 28 feb. 2025 10:15Lillkommun <{OWN}> skrev:"),
    _attributed("gmail_sv_unprefixed", f"Den mån 4 mars 2024 kl 10:15 skrev Lillkommun <{OWN}>:", QUOTED),
    _attributed("gmail_sv_nbsp_end", f"Den mån 4 mars 2024 kl 10:15 skrev Lillkommun <{OWN}>:\xa0"),
    _attributed("iphone_sv", f"4 mars 2024 kl. 10:15 skrev Lillkommun <{OWN}>:"),
    _attributed(
        "iphone_sv_inside_quote", f"> 4 mars 2024 kl. 10:15 skrev Lillkommun <{OWN}>:", f"> \n> {QUOTED}"
    ),
    _attributed("iphone_sv_bom", f"4 mars 2024 kl. 10:15 skrev Lillkommun <{OWN}>:", f"\ufeff\n> {QUOTED}"),
    _attributed("ipad_sv_name_only", "4 mars 2024 kl. 10:15 skrev Lillkommun:"),
    _attributed("thunderbird_sv", "Den 2024-03-04 kl. 10:15, skrev Lillkommun:"),
    _attributed("thunderbird_sv_reversed", "Lillkommun skrev den 2024-03-04 10:15:"),
    _attributed("thunderbird_en", "On 2024-03-04 10:15, Lillkommun wrote:"),
    _attributed("roundcube_sv", "På 2024-03-04 10:15, skrev Lillkommun:"),
    _attributed("roundcube_sv_first", "2024-03-04 10:15 skrev Lillkommun:"),
    _attributed("yahoo_sv", f"Den måndag 4 mars 2024 10:15:12 CET, Lillkommun <{OWN}> skrev:", f"\n{QUOTED}"),
    _attributed("proton_sv", f"Den måndag den 4:e mars 2024 kl. 10:15, Lillkommun <{OWN}> skrev:"),
    _attributed("proton_en", f"On Monday, March 4th, 2024 at 10:15, Lillkommun <{OWN}> wrote:"),
    _attributed("k9_sv", f"Den 4 mars 2024 10:15:12 CET skrev Lillkommun <{OWN}>:", f">{QUOTED}"),
    _attributed("fairemail_sv", f"4 mars 2024 10:15:12 Lillkommun <{OWN}> skrev:"),
    _attributed("zimbra_three_lines", f"Den 4 mars 2024\nkl 10:15 skrev\nLillkommun <{OWN}>:"),
    _reply(
        "outlook_sv",
        f"{ANSWER}\n\n________________________________\n{OUTLOOK}",
        lacks=(QUOTED, "Från:", "____"),
    ),
    _reply("outlook_sv_no_rule", f"{ANSWER}\n\n{OUTLOOK}", lacks=(QUOTED, "Skickat:")),
    _reply(
        "outlook_sv_bold", f"{ANSWER}\n\n{OUTLOOK}".replace("Från:", "*Från:*").replace("Ämne:", "*Ämne:*")
    ),
    _reply(
        "outlook_classic_sv",
        f"{ANSWER}\n\n-----Ursprungligt meddelande-----\n{OUTLOOK}",
        lacks=(QUOTED, "Ursprungligt"),
    ),
    _reply(
        "outlook_express_tight",
        f"{ANSWER}\n\n----Ursprungligt meddelande----\n{QUOTED}",
        lacks=(QUOTED, "Urspr"),
    ),
    _reply(
        "outlook_mobile_sv",
        f"{ANSWER}\n\nHämta Outlook för iOS<https://aka.ms/o0ukef>\n{'_' * 32}\n{OUTLOOK}",
        lacks=("Outlook",),
    ),
    _reply("outlook_datum", f"{ANSWER}\n\n{OUTLOOK}".replace("Skickat:", "Datum:"), lacks=(QUOTED, "Datum:")),
    _reply(
        "outlook_prefixed", f"{ANSWER}\n\n> {OUTLOOK}".replace("\n", "\n> ").replace(f"> {ANSWER}", ANSWER)
    ),
    _reply(
        "samsung_sv",
        f"{ANSWER}\n\nSkickat från min Galaxy\n\n-------- Originalmeddelande --------\nFrån: Lillkommun <{OWN}>\nDatum: 2024-03-04 10:15 (GMT+01:00)\nTill: Åsa\nRubrik: Din synpunkt\n\n{QUOTED}",
        lacks=(QUOTED, "Galaxy", "Rubrik"),
    ),
    _reply(
        "samsung_sv_no_line",
        f"{ANSWER}\n\nFrån: Lillkommun <{OWN}>\nDatum: 2024-03-04 10:15\nTill: Åsa\nRubrik: Din synpunkt\n\n{QUOTED}",
        lacks=(QUOTED, "Rubrik"),
    ),
    _reply(
        "telia_sv",
        f"{ANSWER}\n\n----Ursprungligt meddelande----\nFrån : {OWN}\nDatum : 2024-03-04 - 10:15 (CET)\nTill : asa\nÄrende : Din synpunkt\n\n{QUOTED}",
        lacks=(QUOTED, "Ärende"),
    ),
    _reply(
        "telia_sv_no_line",
        f"{ANSWER}\n\nFrån: {OWN}\nDatum: 2024-03-04\nTill: asa@example.se\nÄrende: Din synpunkt\n{QUOTED}",
        lacks=(QUOTED, "Ärende"),
    ),
    _reply("lotus_sv", f"{ANSWER}\n\n-----Ursprungligt meddelande-----\n> {QUOTED}", lacks=(QUOTED, "Urspr")),
    _reply("only_prefixed", f"{ANSWER}\n\n> Hej Åsa!\n> {QUOTED}\n> Hälsningar\n", lacks=(QUOTED, "Hej Åsa")),
    _reply("deep_prefixes", f"{ANSWER}\n\n> > {QUOTED}\n>> Hej\n>>> Åsa\n"),
    _reply(
        "below_marker",
        f"{ANSWER}\n\n## Skriv ditt svar ovanför den här raden ##\n{QUOTED}",
        lacks=(QUOTED, "ovanför"),
    ),
    _reply("below_marker_quoted", f"{ANSWER}\n\n> Skriv ditt svar ovanför den här raden\n> {QUOTED}"),
    _reply("below_marker_english", f"{ANSWER}\n\n--- Write your reply above this line ---\n{QUOTED}"),
    _reply("below_marker_finnish", f"{ANSWER}\n\nKirjoita vastauksesi tämän rivin yläpuolelle\n{QUOTED}"),
    _reply(
        "bottom_posted", f"Den 2024-03-04 kl. 10:15, skrev Lillkommun:\n> {QUOTED}\n> Hej då\n\n{ANSWER}\n"
    ),
    _reply(
        "inline_answers",
        f"Den 2024-03-04 kl. 10:15, skrev Lillkommun:\n> {QUOTED}\nDet stämmer inte alls.\n> Hälsningar\n\n{ANSWER}",
        has=(ANSWER, "Det stämmer inte alls."),
    ),
    _reply(
        "signature",
        f"{ANSWER}\n\n-- \nÅsa Lind\nStorgatan 1\n070-1740605",
        lacks=("Storgatan", "070-1740605"),
    ),
    _reply(
        "signature_stripped_space",
        f"{ANSWER}\n\n--\nÅsa Lind\nOrdförande i Björkens vänner",
        lacks=("Ordförande",),
    ),
    _reply(
        "quote_and_signature",
        f"{ANSWER}\n\n-- \nÅsa Lind\n\nDen 2024-03-04 kl. 10:15, skrev Lillkommun:\n> {QUOTED}",
        lacks=(QUOTED, "Åsa Lind"),
    ),
    _reply(
        "crlf_and_trailing_space",
        f"{ANSWER}   \r\n\r\nDen 2024-03-04 kl. 10:15, skrev Lillkommun:   \r\n> {QUOTED}  \r\n",
    ),
)

_FOOTERS = (
    _footer("iphone", "Skickat från min iPhone"),
    _footer("ipad", "Skickat från min iPad"),
    _footer("windows", "Skickades från E-post för Windows"),
    _footer("windows_10", "Skickat från E-post för Windows 10"),
    _footer("outlook_ios", "Hämta Outlook för iOS<https://aka.ms/o0ukef>"),
    _footer("outlook_android", "Skaffa Outlook för Android<https://aka.ms/AAb9ysg>"),
    _footer("samsung", "Skickat från min Samsung Galaxy-smartphone."),
    _footer("proton", "Skickat med Proton Mail säker e-post."),
    _footer("yahoo", "Skickat från Yahoo Mail för iPhone"),
    _footer("telia", "Skickat från Telia Mail"),
    _footer("android", "Skickat från min Android-enhet med K-9 Mail. Ursäkta min fåordighet."),
    _footer("underlined", "_Skickat från min iPhone_"),
    _reply(
        "footer_two",
        f"{ANSWER}\n\nSkickat från min iPhone\n\nHämta Outlook för iOS\n",
        lacks=("iPhone", "Outlook"),
    ),
)

_TRAPS = (
    _kept(
        "skrev_jag",
        f"Den 3 mars 2024 skrev jag till er:\nIngen svarade.\n{ANSWER}",
        "skrev jag till er",
        "Ingen svarade.",
        ANSWER,
    ),
    _kept(
        "skrev_utan_tid",
        "Tidningen skrev om gungan 2023:\nDet var bra skrivet tycker jag.",
        "Tidningen skrev om gungan",
        "Det var bra",
    ),
    _kept(
        "bus_ride",
        f"Bussen var sen.\nFrån: Centralen\nTill: Björkhagen\nDatum: 3 mars\n{ANSWER}",
        "Från: Centralen",
        "Till: Björkhagen",
        ANSWER,
    ),
    _kept(
        "more_than",
        f"> 3 veckor är för länge att vänta på en gunga.\n{ANSWER}",
        "> 3 veckor är för länge",
        ANSWER,
    ),
    _kept(
        "postscript",
        f"{ANSWER}\n\n-- \nÅsa Lind\nPS. Rutschkanan är också trasig.",
        ANSWER,
        "PS. Rutschkanan är också trasig.",
    ),
    _kept("postscript_spaced", f"{ANSWER}\n\n-- \nÅsa Lind\nP.S Lampan blinkar.", "P.S Lampan blinkar."),
    _kept(
        "footer_words_inside",
        f"Brevet är skickat från min sida.\nSkickat från min iPhone stod det på lappen.\n{ANSWER}",
        "stod det på lappen",
        ANSWER,
    ),
    _kept("short_answer", f"Ja!\n\nDen 2024-03-04 kl. 10:15, skrev Lillkommun:\n> {QUOTED}", "Ja!"),
    _kept("only_quote", f"> {QUOTED}\n> Hej", QUOTED),
    _kept(
        "dashes_in_list",
        f"Detta är fel:\n- gungan\n- lampan\n-----\n{ANSWER}",
        "- gungan",
        "- lampan",
        ANSWER,
    ),
    _kept(
        "long_signature_like",
        "Hej\n--\n" + "\n".join(f"Rad nummer {n} i mitt brev" for n in range(40)),
        "Rad nummer 39",
    ),
    _kept("answer_below_marker", f"Skriv ditt svar ovanför den här raden\n\n{ANSWER}", ANSWER),
    _kept(
        "colon_lines",
        f"Plats: Björkparken\nTid: 10:15\nÄmne: gungan\n{ANSWER}",
        "Plats: Björkparken",
        "Ämne: gungan",
    ),
    _kept(
        "original_in_sentence",
        f"Ert ursprungliga meddelande var otydligt.\n{ANSWER}",
        "ursprungliga meddelande",
        ANSWER,
    ),
    Made(
        id="keep_new_mail_with_quote",
        raw=mail(f"Grannen skrev:\n> {QUOTED}\n> Hej\n-- \nÅsa"),
        has=(QUOTED, "-- \nÅsa"),
    ),
    Made(
        id="keep_new_mail_with_footer",
        raw=mail(f"{ANSWER}\nSkickat från min iPhone"),
        has=("Skickat från min iPhone",),
    ),
    Made(
        id="reply_by_number_only",
        raw=mail(
            f"{ANSWER}\n\nDen 2024-03-04 kl. 10:15, skrev Lillkommun:\n> {QUOTED}",
            subject="Sv: [SYN-2024-0017] Din synpunkt",
        ),
        has=(ANSWER,),
        lacks=(QUOTED,),
    ),
)

_FORWARDS = (
    Made(
        id="forward_vb_outlook",
        raw=reply(f"Se nedan.\n\n{OUTLOOK}", subject="VB: Gungan"),
        has=("Se nedan.", QUOTED),
    ),
    Made(
        id="forward_fwd_gmail",
        raw=reply(f"---------- Forwarded message ---------\n{OUTLOOK}", subject="Fwd: Gungan"),
        has=(QUOTED,),
    ),
    Made(
        id="forward_vb_mixed_case", raw=reply(f"Vb.\n> {QUOTED}\n> Hej", subject="Vb: Gungan"), has=(QUOTED,)
    ),
    Made(id="forward_fw", raw=reply(f"{OUTLOOK}", subject="FW: Gungan"), has=(QUOTED,)),
    Made(id="forward_finnish_vl", raw=reply(f"Ks. alla.\n{OUTLOOK}", subject="VL: Keinu"), has=(QUOTED,)),
    Made(
        id="forward_apple_under_sv",
        raw=reply(f"Kolla det här!\n\nVidarebefordrat brev:\n\n{OUTLOOK}"),
        has=("Kolla det här!", QUOTED),
    ),
    Made(
        id="forward_gmail_under_sv",
        raw=reply(f"Kolla det här!\n\n---------- Forwarded message ---------\n{OUTLOOK}"),
        has=(QUOTED,),
    ),
    Made(
        id="forward_thunderbird_sv",
        raw=reply(
            f"Till er.\n\n-------- Vidarebefordrat meddelande --------\n{OUTLOOK}", subject="Fwd: Gungan"
        ),
        has=(QUOTED,),
    ),
)

MAILS = (*_PROGRAMS, *_FOOTERS, *_TRAPS, *_FORWARDS)
