"""Twelve invented mails, as real programs would send them. Nobody in them exists."""

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

TOWN = "synpunkt@lillkommun.example"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One mail: what it shows, its envelope, and its bytes. `acknowledged` is what we expect of it."""

    shows: str
    envelope_from: str
    data: bytes
    acknowledged: bool = True


def first_mails(now: datetime) -> list[Sample]:
    """Make the nine mails that open a case each."""
    return [
        Sample(shows="klagomål, vanlig text", envelope_from="maja.berg@example.com", data=_plain(now)),
        Sample(shows="beröm i latin-1", envelope_from="gosta.alm@example.net", data=_latin1(now)),
        Sample(shows="förslag, bara HTML", envelope_from="leila.noor@example.org", data=_html(now)),
        Sample(shows="klagomål med bilaga", envelope_from="ivar.strid@example.com", data=_attachment(now)),
        Sample(shows="finska", envelope_from="aino.laine@example.org", data=_finnish(now)),
        Sample(shows="engelska", envelope_from="sam.okoro@example.net", data=_english(now)),
        Sample(shows="överklagande", envelope_from="berit.sand@example.com", data=_appeal(now)),
        Sample(shows="förslag från telefonen", envelope_from="nils.ek@example.org", data=_phone(now)),
        Sample(shows="okänd adress, studsar", envelope_from="borta@example.invalid", data=_gone(now)),
    ]


def later_mails(now: datetime, acknowledgements: dict[str, bytes]) -> list[Sample]:
    """Make the three mails that answer our own letters: a reply, an absence notice and a bounce.

    `acknowledgements` holds the letters that came out, as bytes, by recipient.
    """
    return [
        Sample(
            shows="svar i samma tråd",
            envelope_from="maja.berg@example.com",
            data=_reply(now, acknowledgements["maja.berg@example.com"]),
            acknowledged=False,
        ),
        Sample(
            shows="frånvarosvar",
            envelope_from="",
            data=_absence(now, acknowledgements["gosta.alm@example.net"]),
            acknowledged=False,
        ),
        Sample(
            shows="studs",
            envelope_from="",
            data=_bounce(now, acknowledgements["borta@example.invalid"]),
            acknowledged=False,
        ),
    ]


def _headers(now: datetime, sender: str, subject: str) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = TOWN
    mail["Subject"] = subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].rstrip(">"))
    return mail


def _plain(now: datetime) -> bytes:
    mail = _headers(now, "Maja Berg <maja.berg@example.com>", "Otrevligt i receptionen på Björkskolan")
    mail.set_content(
        "Hej!\n\nI går var jag på Björkskolan för att lämna min dotters inhalator. Kvinnan i receptionen "
        "tittade inte ens upp, suckade högt och sa att jag borde ha läst informationen hemma. Min dotter "
        "stod bredvid och skämdes. Så bemöter man inte folk.\n\nMvh\nMaja Berg\n"
    )
    return mail.as_bytes()


def _latin1(now: datetime) -> bytes:
    mail = _headers(now, "Gösta Alm <gosta.alm@example.net>", "Tack till hemtjänsten")
    mail.set_content(
        "Jag vill bara säga tack! Hemtjänstens kvällspatrull är så snälla och varma mot min fru Åsa. "
        "De skyndar aldrig och de lyssnar. Hälsa dem från oss båda.\n\nGösta Alm\n",
        charset="iso-8859-1",
        cte="quoted-printable",
    )
    return mail.as_bytes()


def _html(now: datetime) -> bytes:
    mail = _headers(now, '"Leila Noor" <leila.noor@example.org>', "Cykelställ vid biblioteket")
    mail.set_content(
        "<html><head><style>p{color:#333}</style></head><body><p>Hej,</p><p>Kan ni inte s&auml;tta upp "
        "<b>cykelst&auml;ll med tak</b> utanf&ouml;r biblioteket? D&aring; skulle fler v&auml;lja cykeln "
        "&auml;ven n&auml;r det regnar.</p><div>Leila</div></body></html>",
        subtype="html",
    )
    return mail.as_bytes()


def _attachment(now: datetime) -> bytes:
    mail = _headers(now, "Ivar Strid <ivar.strid@example.com>", "Soporna på Lindgatan 4")
    mail.set_content(
        "Nu har vårt kärl inte tömts på tre veckor, fast vi betalar för varannan. Det luktar och råttorna är "
        "här igen. Jag har ringt två gånger och fått höra att det ska läggas in. Se bilden.\n\nIvar Strid\n"
    )
    picture = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63606060000000"
        "040001f61738550000000049454e44ae426082"
    )
    mail.add_attachment(picture, maintype="image", subtype="png", filename="kärlet på Lindgatan.png")
    return mail.as_bytes()


def _finnish(now: datetime) -> bytes:
    mail = _headers(now, "Aino Laine <aino.laine@example.org>", "Palaute kotihoidosta")
    mail.set_content(
        "Hei,\n\näitini kotihoidon käynti jäi eilen kokonaan väliin, eikä kukaan soittanut. Hän odotti "
        "lounastaan neljään asti. Tämä on jo toinen kerta tässä kuussa. Toivon, että joku ottaa asian "
        "hoitaakseen ja kertoo, miksi näin kävi.\n\nYstävällisin terveisin\nAino Laine\n"
    )
    return mail.as_bytes()


def _english(now: datetime) -> bytes:
    mail = _headers(now, "Sam Okoro <sam.okoro@example.net>", "Parking fees at the swimming hall")
    mail.set_content(
        "Hello,\n\nthe parking fee at the swimming hall was doubled without any sign telling us so. I was "
        "fined although I paid the amount written on the machine. I think this is unfair and I would like to "
        "know who decided it.\n\nKind regards\nSam Okoro\n"
    )
    return mail.as_bytes()


def _appeal(now: datetime) -> bytes:
    mail = _headers(now, "Berit Sand <berit.sand@example.com>", "Överklagande av beslut")
    mail.set_content(
        "Jag överklagar härmed socialnämndens beslut att inte bevilja ledsagning för min bror. Beslutet kom "
        "den 2 november. Jag vill att det ändras så att han kan komma ut varje vecka.\n\nBerit Sand\n"
    )
    return mail.as_bytes()


def _phone(now: datetime) -> bytes:
    mail = _headers(now, "Nils <nils.ek@example.org>", "")
    mail.set_content(
        "hej borde gå o sätta en papperskorg vid badplatsen, folk slänger överallt annars. o gärna en bänk "
        "till åxå\n\nSkickat från min iPhone\n"
    )
    return mail.as_bytes()


def _gone(now: datetime) -> bytes:
    mail = _headers(now, "Borta Bra <borta@example.invalid>", "Ingen svarar i telefon")
    mail.set_content(
        "Jag har ringt bygglov i fyra dagar och hamnar i kö i en timme varje gång innan samtalet bryts. När "
        "ska man kunna nå er?\n"
    )
    return mail.as_bytes()


def _parsed(data: bytes) -> EmailMessage:
    return message_from_bytes(data, policy=SMTP)


def _reply(now: datetime, acknowledgement: bytes) -> bytes:
    ours = _parsed(acknowledgement)
    mail = _headers(now, "Maja Berg <maja.berg@example.com>", f"Sv: {ours['Subject']}")
    mail["In-Reply-To"] = str(ours["Message-ID"])
    mail["References"] = str(ours["Message-ID"])
    body = ours.get_body(preferencelist=("plain",))
    quoted = "\n".join(f"> {line}" for line in (body.get_content() if body else "").splitlines())
    mail.set_content(
        "Tack för snabbt svar. Jag glömde skriva att det var på tisdagen, strax före åtta.\n\nMaja\n\n"
        f"Den {now:%Y-%m-%d} kl. {now:%H:%M}, skrev Tyck till:\n{quoted}\n"
    )
    return mail.as_bytes()


def _absence(now: datetime, acknowledgement: bytes) -> bytes:
    ours = _parsed(acknowledgement)
    mail = _headers(now, "Gösta Alm <gosta.alm@example.net>", f"Automatiskt svar: {ours['Subject']}")
    mail["In-Reply-To"] = str(ours["Message-ID"])
    mail["Auto-Submitted"] = "auto-replied"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content("Hej, jag är bortrest till den 30 november och läser inte min e-post.\n")
    return mail.as_bytes()


def _bounce(now: datetime, acknowledgement: bytes) -> bytes:
    ours = _parsed(acknowledgement)
    boundary = "delningslinje"
    lines = [
        "From: MAILER-DAEMON@relay.example (Mail Delivery System)",
        f"To: {ours['Reply-To'] or TOWN}",
        "Subject: Undelivered Mail Returned to Sender",
        f"Date: {format_datetime(now)}",
        f"Message-ID: {make_msgid(domain='relay.example')}",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"',
        "",
        f"--{boundary}",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        "I could not deliver the mail below.",
        f"--{boundary}",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; relay.example",
        "",
        "Final-Recipient: rfc822; borta@example.invalid",
        "Action: failed",
        "Status: 5.1.1",
        "Diagnostic-Code: smtp; 550 5.1.1 no such user",
        f"--{boundary}",
        "Content-Type: message/rfc822",
        "",
        acknowledgement.decode("utf-8", "replace").replace("\r\n", "\n"),
        f"--{boundary}--",
        "",
    ]
    return "\n".join(lines).replace("\n", "\r\n").encode()
