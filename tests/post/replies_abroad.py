# ruff: noqa: E501  # mails are written out line by line, as they came
"""Replies from mail programs that speak Danish, Norwegian, Finnish, German and English."""

from tests.post.made import OWN, Made, reply

QUOTED = "Vi har tagit emot din synpunkt och den har fått ett nummer."
DA = "Tak, men gyngen er stadig i stykker."
NO = "Takk, men husken er fortsatt ødelagt."
FI = "Kiitos, mutta keinu on yhä rikki eikä kukaan ole käynyt."
DE = "Danke, aber die Schaukel ist immer noch kaputt."
EN = "Thank you, but the swing is still broken."


def _line(name: str, answer: str, line: str, quoted: str = f"> {QUOTED}") -> Made:
    raw = reply(f"{answer}\n\n{line}\n{quoted}\n")
    return Made(id=f"reply_{name}", raw=raw, has=(answer,), lacks=(QUOTED, line.splitlines()[0][:14]))


def _block(name: str, answer: str, rule: str, labels: str) -> Made:
    who, when, to, what = labels.split("/")
    block = (
        f"{who}: Lillkommun <{OWN}>\n{when}: 4. mars 2024 10:15\n{to}: Lind\n{what}: Din synpunkt\n\n{QUOTED}"
    )
    raw = reply(f"{answer}\n\n{rule}\n{block}")
    return Made(
        id=f"reply_{name}", raw=raw, has=(answer,), lacks=(QUOTED, f"{when}:", *([rule] if rule else []))
    )


def _foot(name: str, answer: str, line: str) -> Made:
    return Made(
        id=f"reply_footer_{name}", raw=reply(f"{answer}\n\n{line}"), has=(answer,), lacks=(line[:14],)
    )


MAILS = (
    _line("da_gmail", DA, f"Den man. 4. mar. 2024 kl. 10.15 skrev Lillkommun <{OWN}>:"),
    _line("da_iphone", DA, f"Den 4. mar. 2024 kl. 10.15 skrev Lillkommun <{OWN}>:", f"\ufeff{QUOTED}"),
    _line("da_thunderbird", DA, "Den 04-03-2024 kl. 10:15 skrev Lillkommun:"),
    _block("da_outlook", DA, "________________________________", "Fra/Sendt/Til/Emne"),
    _block("da_outlook_classic", DA, "-----Oprindelig meddelelse-----", "Fra/Sendt/Til/Emne"),
    _foot("da_iphone", DA, "Sendt fra min iPhone"),
    _foot("da_outlook", DA, "Hent Outlook til iOS<https://aka.ms/o0ukef>"),
    _line("no_gmail", NO, f"man. 4. mars 2024 kl. 10:15 skrev Lillkommun <{OWN}>:"),
    _line("no_iphone", NO, f"4. mars 2024 kl. 10:15 skrev Lillkommun <{OWN}>:"),
    _line("nn_thunderbird", NO, "Den 04.03.2024 10:15, skreiv Lillkommun:"),
    _block("no_outlook", NO, "________________________________", "Fra/Sendt/Til/Emne"),
    _block("no_outlook_classic", NO, "-----Opprinnelig melding-----", "Fra/Dato/Til/Emne"),
    _foot("no_iphone", NO, "Sendt fra min iPhone"),
    _foot("no_outlook", NO, "Skaff Outlook for Android<https://aka.ms/AAb9ysg>"),
    _line("fi_gmail", FI, f"ma 4. maalisk. 2024 klo 10.15 Lillkommun ({OWN}) kirjoitti:"),
    _line("fi_iphone", FI, f"Lillkommun <{OWN}> kirjoitti 4.3.2024 kello 10.15:"),
    _line("fi_thunderbird", FI, "Lillkommun kirjoitti 4.3.2024 klo 10.15:"),
    _block("fi_outlook", FI, "________________________________", "Lähettäjä/Lähetetty/Vastaanottaja/Aihe"),
    _block(
        "fi_outlook_classic", FI, "-----Alkuperäinen viesti-----", "Lähettäjä/Päivämäärä/Vastaanottaja/Aihe"
    ),
    _foot("fi_iphone", FI, "Lähetetty iPhonesta"),
    _foot("fi_outlook", FI, "Hanki Outlook for iOS<https://aka.ms/o0ukef>"),
    _line("de_gmail", DE, f"Am Mo., 4. März 2024 um 10:15 Uhr schrieb Lillkommun <{OWN}>:"),
    _line("de_iphone", DE, f"Am 04.03.2024 um 10:15 schrieb Lillkommun <{OWN}>:"),
    _line("de_thunderbird", DE, "Am 04.03.24 um 10:15 schrieb Lillkommun <info@example.de> 2024:"),
    _line("de_gmx_written", DE, "Lillkommun hat am 04.03.2024 10:15 CET geschrieben:", f"\n{QUOTED}"),
    _block("de_outlook", DE, "________________________________", "Von/Gesendet/An/Betreff"),
    _block("de_outlook_classic", DE, "-----Ursprüngliche Nachricht-----", "Von/Gesendet/An/Betreff"),
    Made(
        id="reply_de_gmx_sent_first",
        raw=reply(
            f"{DE}\n\nGesendet: Montag, 04. März 2024 um 10:15 Uhr\nVon: {OWN}\nAn: Lind\nBetreff: Hej\n{QUOTED}"
        ),
        has=(DE,),
        lacks=(QUOTED, "Gesendet:"),
    ),
    _foot("de_iphone", DE, "Von meinem iPhone gesendet"),
    _foot("de_gmx", DE, "Diese Nachricht wurde von meinem Android Mobiltelefon mit GMX Mail gesendet."),
    _line("en_gmail", EN, f"On Mon, Mar 4, 2024 at 10:15 AM Lillkommun <{OWN}> wrote:"),
    _line("en_gmail_wrapped", EN, f"On Mon, Mar 4, 2024 at 10:15 AM Lillkommun Synpunkter\n<{OWN}> wrote:"),
    _line("en_iphone", EN, f"On 4 Mar 2024, at 10:15, Lillkommun <{OWN}> wrote:"),
    _line(
        "en_yahoo",
        EN,
        f"On Monday, March 4, 2024 at 10:15:12 AM GMT+1, Lillkommun <{OWN}> wrote:",
        f"\n{QUOTED}",
    ),
    _line("en_mutt", EN, "On Mon, Mar 04, 2024 at 10:15:00AM +0100, Lillkommun wrote:"),
    _block("en_outlook", EN, "________________________________", "From/Sent/To/Subject"),
    _block("en_outlook_classic", EN, "-----Original Message-----", "From/Sent/To/Subject"),
    _block("en_outlook_mac", EN, "", "From/Date/To/Subject"),
    _foot("en_iphone", EN, "Sent from my iPhone"),
    _foot("en_outlook", EN, "Get Outlook for iOS<https://aka.ms/o0ukef>"),
    _foot("en_windows", EN, "Sent from Mail for Windows"),
    _foot("en_avast", EN, "Virus-free.www.avast.com"),
    Made(
        id="keep_en_we_wrote",
        raw=reply(f"On 3 March 2024 10:15 we wrote to you:\nNo answer.\n{EN}"),
        has=("No answer.", EN),
    ),
    Made(
        id="keep_en_quarter",
        raw=reply(f"From: the station\nTo: the park\nit takes an hour.\n{EN}"),
        has=("the station", EN),
    ),
)
