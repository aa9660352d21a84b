"""Links, tickets and codes that come back: what we did not sign opens nothing."""

from dataclasses import replace

from bots.desk.links import LinkAct, Links
from bots.web.codes import Codes
from bots.web.tickets import Ticket, Tickets
from tests.fuzz.sound import NOW

_LINKS = Links(secret=b"en hemlighet bara for tester 0123456789", base="https://tycktill.lillkommun.example")
_TICKETS = Tickets("en hemlighet bara for tester 0123456789", salt="prov", clock=lambda: NOW)
_CODES = Codes("en hemlighet bara for tester 0123456789")
_CODE = _CODES.make("ett")
_LINK = _LINKS.make(LinkAct.CONFIRM, case_id=12, person="anna", now=NOW).rpartition("/")[2]
_SURVEY = _LINKS.survey(12, now=NOW).rpartition("/")[2]
_TICKET = Ticket(id="a", at=NOW, seed="b")
SEEDS = (
    _LINK.encode(),
    _SURVEY.encode(),
    _TICKETS.give(_TICKET).encode(),
    _CODE.encode(),
    b"W10.x",
    b".eJyrVkrLz1eyUkpKLFKqBQAdegQ0.x",
    b"\xff.\xff",
    b"!" * 1200,
)
_READ = _LINKS.read(_LINK)
assert _READ is not None
_SIGNED = replace(_READ, id="")


def fuzz(data: bytes) -> None:
    """Try it at every lock: it opens nothing, or just what we have signed."""
    text = data.decode("utf-8", "replace")  # no half sign gets through the server
    plain = "".join(sign for sign in text[:100].upper() if sign.isalnum())
    assert (_CODES.mark(text) == _CODES.mark(_CODE)) == (plain == _CODE.replace("-", ""))
    link = _LINKS.read(text)
    # Each run makes a link of its own, by the same key.
    assert link is None or replace(link, id="") == _SIGNED
    assert _LINKS.surveyed(text, now=NOW) in {None, 12}
    assert _TICKETS.taken(text) in {None, _TICKET}
