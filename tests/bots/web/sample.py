"""An invented municipality on an ordinary Monday, for the journeys and the pictures."""

from datetime import timedelta

from bots.channel import Outage
from bots.web.parts import MailboxMail
from bots.web.running import Model, Running, Way
from store import cases, tables
from store.domain import Automatic, Factor, Inbound, Kind, Lane, LetterState, Purpose, Status
from tests.bots.web.house import NOW, House, a_suggestion

ACKNOWLEDGEMENT = """Hej!

Tack för att du hör av dig till Lilla kommunen. Vi vill veta när något inte fungerar.

Ditt ärende har nummer SYN-2026-000001. Anna Ek, enhetschef, har hand om det.
Du får svar senast fredag 4 december 2026.

Vill du lägga till något? Svara på det här brevet.
"""


_HOLES = bytes([100, 20, 0])  # the direction of what is written about holes in the street
_EARLIER = (
    ("Stort hål i asfalten på Ekvägen", "trafik", Status.CLOSED),
    ("Hål och sprickor i cykelvägen mot stationen", "trafik", Status.CLOSED),
    ("Gropen vid busshållplatsen", "trafik", Status.ANSWERED),
    ("Trasig asfalt utanför biblioteket", "gata", Status.CLOSED),
)
MODELS: list[dict[str, object]] = [
    {
        "at": "2026-09-01T02:00:00+00:00",
        "act": "challenged",
        "challenger": "full-1+5d20c1aa",
        "promoted": False,
        "reasons": ["inte bättre på de nyaste ärendena: 0.702 mot 0.711"],
    },
    {"at": "2026-10-01T02:00:00+00:00", "act": "promoted", "model": "full-1+81f3b07e", "before": ""},
]

_OVER = Outage(
    began=NOW - timedelta(days=2, minutes=20),
    because="Ingen åtkomsttoken: inloggningstjänsten svarar inte.",
    ended=NOW - timedelta(days=2),
)
RUNNING = Running(
    version="0.1.0",
    started_at=NOW - timedelta(days=12),
    watched_at=NOW - timedelta(seconds=40),
    ways=(
        Way(channel="smtp", account="lokal"),
        Way(channel="imap", account="kontaktcenter", outage=_OVER),
        Way(
            channel="email",
            is_in=False,
            outage=Outage(began=NOW - timedelta(minutes=25), because="mejl.example.se: ingen kontakt"),
        ),
    ),
    model=Model(
        name="full-1",
        figures={
            "type_macro_f1": 0.9141,
            "factor_macro_f1": 0.7843,
            "type_calibration_error": 0.0132,
            "factor_calibration_error": 0.0279,
        },
    ),
    certificate_ends=NOW + timedelta(days=17),
)


def remember(house: House, *, months: int = 10) -> None:
    """Add what was confirmed earlier this year: some like the case to look at, and more of each month."""
    for title, unit, status in _EARLIER:
        _confirmed(house, title, days_ago=40, unit=unit, status=status, at=1)
    for months_ago in range(months, 0, -1):
        for at in range(24 + months_ago % 3):
            # The last full month went worse than those before it.
            wrong = at % 7 == 0 or (months_ago == 1 and at % 3 == 0)
            _confirmed(house, f"Ärende {months_ago}.{at}", days_ago=30 * months_ago, right=not wrong, at=at)


def _confirmed(
    house: House,
    title: str,
    *,
    days_ago: int,
    unit: str = "gata",
    status: Status = Status.CLOSED,
    right: bool = True,
    at: int = 0,
) -> None:
    when = NOW - timedelta(days=days_ago)
    share = 0.6 + (at % 8) / 20
    vector = b"" if title.startswith("Ärende") else _HOLES
    number = house.add_case(
        title,
        title=title,
        unit=unit,
        status=status,
        received_at=when,
        suggestion=a_suggestion(share=share, factor_share=share - 0.2, vector=vector),
    )
    with house.store.write() as transaction:
        case = cases.find_number(transaction, number)
        assert case is not None
        cases.confirm(
            transaction,
            case["id"],
            kind=Kind.COMPLAINT if right else Kind.SUGGESTION,
            factor=Factor.LIVING_ENVIRONMENT if at % 4 else Factor.SAFETY,
            by="anna",
            version=1,
            now=when,
        )


def furnish(house: House) -> str:
    """Fill the house with a Monday's cases, and return the number of the one to look at."""
    number = house.add_case(
        "Hej!\n\nHålet i cykelbanan vid Ekskolan är kvar fast jag har ringt två gånger. I fredags var min "
        "dotter nära att ramla. Ingen ringer tillbaka, och det är inte okej.\n\nVänligen\nSven Svensson",
        quoted="\n\n> Den 3 november skrev Sven Svensson:\n> Det är ett stort hål i cykelbanan.",
        title="Hålet i cykelbanan är kvar",
        suggestion=a_suggestion(share=0.92, factor_share=0.41, vector=_HOLES),
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


_LED_TO = (
    ("gata", 2026, "Vi ser över hela cykelnätet varje vår och höst i stället för vart tredje år."),
    ("gata", 2026, "Busshållplatsen vid skolan har fått ny belysning."),
    ("trafik", 2026, "Den som anmäler ett hål i en väg får veta när det ska lagas, redan samma dag."),
    ("gata", 2025, "Lekplatserna kontrolleras en gång i månaden."),
)


def led_to(house: House) -> None:
    """Let what came earlier have led to something that everybody may read, and one factor have risen."""
    with house.store.write() as transaction:
        earlier = [row["id"] for row in transaction.rows(tables.cases.select().order_by(tables.cases.c.id))]
        earlier = earlier[-len(_LED_TO) :]
        for case_id, (unit, year, text) in zip(earlier, _LED_TO, strict=True):
            row = {"case_id": case_id, "unit": unit, "text": text, "approved_by": "anna"}
            approved = tables.improvements.insert().values(approved_at=NOW.replace(year=year), **row)
            transaction.connection.execute(approved)
        signal = {
            "unit": "gata",
            "factor": Factor.LIVING_ENVIRONMENT,
            "month": "2026-10",
            "observed": 9,
            "expected": 2.4,
            "chance": 0.0002,
            "cases": earlier,
            "told": ["anna"],
            "at": NOW,
        }
        transaction.connection.execute(tables.signals.insert().values(signal))
