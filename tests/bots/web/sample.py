"""An invented municipality on an ordinary Monday, for the journeys and the pictures."""

from datetime import timedelta

from bots.web.parts import MailboxMail
from store.domain import Automatic, Factor, Inbound, Kind, Lane, LetterState, Purpose, Status
from tests.bots.web.house import NOW, House, a_suggestion

ACKNOWLEDGEMENT = """Hej!

Tack för att du hör av dig till Lilla kommunen. Vi vill veta när något inte fungerar.

Ditt ärende har nummer SYN-2026-000001. Anna Ek, enhetschef, har hand om det.
Du får svar senast fredag 4 december 2026.

Vill du lägga till något? Svara på det här brevet.
"""


def furnish(house: House) -> str:
    """Fill the house with a Monday's cases, and return the number of the one to look at."""
    number = house.add_case(
        "Hej!\n\nHålet i cykelbanan vid Ekskolan är kvar fast jag har ringt två gånger. I fredags var min "
        "dotter nära att ramla. Ingen ringer tillbaka, och det är inte okej.\n\nVänligen\nSven Svensson",
        quoted="\n\n> Den 3 november skrev Sven Svensson:\n> Det är ett stort hål i cykelbanan.",
        title="Hålet i cykelbanan är kvar",
        suggestion=a_suggestion(share=0.92, factor_share=0.41),
        lanes=[Lane.FAULT_REPORT],
        attachments=[("hålet.pdf", b"%PDF-1.4" * 30_000)],
        received_at=NOW - timedelta(days=3),
    )
    house.add_letter(number, body=ACKNOWLEDGEMENT, state=LetterState.SENT)
    house.add_letter(
        number,
        purpose=Purpose.HANDLER_NOTICE,
        subject=f"Nytt ärende {number}: klagomål",
        body="Ett nytt ärende har kommit till dig.\n",
        to="anna.ek@example.se",
        name="Anna Ek",
        state=LetterState.FAILED,
        because="550 mottagaren finns inte",
    )
    house.add_case(
        "Maten kommer kall, och i går kom den inte alls. Min mamma är 91 år.",
        title="Kall mat från hemtjänsten",
        suggestion=a_suggestion(Kind.COMPLAINT, Factor.FOOD, share=0.97, factor_share=0.88),
        lanes=[Lane.LEX_SARAH],
        unit="omsorg",
        handler="bo",
        status=Status.SORTING,
        received_at=NOW - timedelta(days=14),
    )
    house.add_case(
        "Varför inte öppna biblioteket på söndagar? Många skulle komma.",
        title="Söndagsöppet bibliotek",
        suggestion=a_suggestion(Kind.SUGGESTION, Factor.ACCESS, share=0.84, factor_share=0.73),
        received_at=NOW - timedelta(days=5),
        name="Maja Alm",
        sender="maja@example.org",
    )
    house.add_case(
        "Tack till personalen på Solrosens förskola. Ni är fantastiska!",
        title="Tack till Solrosen",
        suggestion=a_suggestion(Kind.PRAISE, Factor.TREATMENT, share=0.99, factor_share=0.9),
        received_at=NOW - timedelta(days=1),
        name="Ali Holm",
        sender="ali@example.org",
    )
    house.add_case(
        "Det är väl som det är.",
        title="Undrar lite",
        suggestion=a_suggestion(Kind.SUGGESTION, Factor.OTHER, share=0.38, factor_share=0.22),
        status=Status.SORTING,
        unit="",
        handler="bo",
        received_at=NOW - timedelta(hours=2),
        name="",
        sender="undrar@example.org",
    )
    house.add_case(
        "Jag är tillbaka på måndag.",
        title="Autosvar: semester",
        status=Status.QUARANTINED,
        quarantined_because="Brevet ser ut att vara ett autosvar",
        automatic=Automatic.AUTO_REPLY,
        handler="bo",
    )
    house.keep(Inbound(channel="smtp", account="lokal", received_at=NOW, raw=b"Subject: x\r\n\r\nx"))
    return number


def mails() -> list[MailboxMail]:
    """List what lies in the mailbox of the demonstration."""
    return [
        MailboxMail(
            at=NOW,
            sender="Tyck till <synpunkt@example.se>",
            recipient="Sven Svensson <sven@example.org>",
            subject="Vi har tagit emot din synpunkt SYN-2026-000001",
            body=ACKNOWLEDGEMENT,
        )
    ]
