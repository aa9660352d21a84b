"""What a handler should know about a mail before trusting what it shows. In Swedish; none is fatal."""

import re

from bots.mail.body import Body
from bots.mail.headers import Block, Person, persons
from bots.mail.parts import Content

_RUNS = re.compile(
    r"(?i)\.(?:exe|scr|com|bat|cmd|pif|js|jse|vbs|vbe|wsf|hta|lnk|ps1|msi|jar|iso|img|docm|xlsm)$"
)
_BY_TYPE = {
    "multipart/encrypted": "Brevet är krypterat (PGP) och kan inte läsas här.",
    "application/pkcs7-mime": "Brevet är krypterat eller inkapslat (S/MIME) och kan inte läsas här.",
    "application/x-pkcs7-mime": "Brevet är krypterat eller inkapslat (S/MIME) och kan inte läsas här.",
    "message/external-body": "Brevet hänvisar till en fil på annat håll. Den hämtas inte.",
    "message/partial": "Brevet är bara en del av ett delat brev.",
}


def remarks(block: Block, content: Content, body: Body, *, sender: Person, reply_to: str) -> list[str]:
    """List the remarks that apply, the gravest first."""
    checks = (
        (
            # Written by the IMAP channel when the server could not give the whole message.
            bool(block.fields.first("x-synpunkt-note")),
            "Brevet är inte helt: mejlservern lämnade inte ut allt. Se efter i brevlådan.",
        ),
        (block.cut, "Brevhuvudet var för långt och har kortats."),
        (content.too_many, "Brevet har för många delar. Alla visas inte."),
        (body.cut, "Texten var för lång och har kortats."),
        (body.mislabelled, "Teckenkodningen var fel angiven. Läs originalet om något ser konstigt ut."),
        (not sender.addr, "Brevet har ingen användbar avsändaradress."),
        (_several_senders(block), "Brevet har flera avsändare."),
        (_poses(sender), "Namnet ser ut som en annan adress än avsändarens."),
        (bool(reply_to), "Svar går till en annan adress än avsändarens."),
    )
    by_type = [text for media_type, text in _BY_TYPE.items() if media_type in content.types]
    return [*by_type, *(text for applies, text in checks if applies), *_about_files(content, body)]


def _about_files(content: Content, body: Body) -> list[str]:
    names = [file.name.lower() for file in (*content.files, *body.files)]
    checks = (
        (any(_RUNS.search(name) for name in names), "En bilaga kan vara ett program. Öppna den inte."),
        ("winmail.dat" in names, "Brevet innehåller winmail.dat från Outlook. Be om bilagan i annat format."),
        ("smime.p7s" in names, "Brevet är signerat (S/MIME). Signaturen har inte prövats."),
    )
    return [text for applies, text in checks if applies]


def _several_senders(block: Block) -> bool:
    value = block.fields.first("from")
    return len(block.fields.every("from")) > 1 or ("," in value and len(persons(value)) > 1)


def _poses(sender: Person) -> bool:
    """Tell whether the name shows an address that is not the sender's."""
    return "@" in sender.name and sender.name.lower() != sender.addr.lower()
