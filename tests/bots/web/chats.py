"""A talk in a chat that closes, and comments that wait, for those who judge how pages look."""

from datetime import timedelta

from bots.channel import Capabilities, Form
from bots.channels.memory import Memory
from bots.desk.candidates import Candidates
from store.domain import Command, Delivered, Event, Hiding, Purpose, Visibility
from tests.bots.desk.test_candidates import Square
from tests.bots.desk.test_chat import said
from tests.house import House

MESSENGER = "messenger"
_COMMENTS = (
    ("Lisa Prov", "Vad fin den nya bron blev! Men när kommer belysningen?"),
    ("Kalle Prov", "Ni tömmer aldrig papperskorgarna vid badplatsen, och nu ligger det glas i sanden."),
    ("Bergs Bygg", "Behöver du hjälp med taket? Ring oss!"),
)


def messenger() -> Memory:
    """Open a chat in which a sender can be answered for a week."""
    week = Capabilities(
        form=Form.CHAT,
        buttons=True,
        reports_delivery=True,
        automatic_window=timedelta(hours=24),
        human_window=timedelta(days=7),
    )
    return Memory(name=MESSENGER, capabilities=week)


def candidates(house: House) -> Candidates:
    """Build the desk of comments, with one service that can hide them."""
    return Candidates(
        store=house.store,
        house=house.work.house,
        clock=house.clock,
        taken_up=house.judge_.ring,
        hiders={"facebook": Square(name="facebook")},
    )


async def fill(house: House) -> str:
    """Let a chat and some comments come in, and return the number of the chat's case."""
    await house.hear(
        said(
            house,
            "Gungan vid lekplatsen är trasig. En kedja har gått av, och barnen gungar ändå.",
            road=MESSENGER,
            external_id="m-1",
            sender_name="Åsa Prov",
            lacks=("En film var för stor för att hämtas. Den finns hos tjänsten.",),
            link="https://messenger.example/t/1",
        )
    )
    number = str(house.cases()[-1]["number"])
    await house.hear(
        said(house, "", road=MESSENGER, sender_name="Åsa Prov", command=Command.CHOICE, choice="typ:förslag")
    )
    for text, event in (("Gungan vid lekplatsen är trasig igen.", Event.EDITED), ("", Event.DELETED)):
        house.clock.forward(minutes=4)
        await house.hear(
            said(house, text, road=MESSENGER, external_id="m-1", event=event, sender_name="Åsa Prov")
        )
    thanks = next(row for row in house.outbox(purpose=Purpose.ACKNOWLEDGEMENT) if row["channel"] == MESSENGER)
    report = {"event": Event.DELIVERY, "about": thanks["service_id"], "delivered": Delivered.SEEN}
    await house.hear(said(house, "", road=MESSENGER, **report))
    await _comments(house)
    return number


async def _comments(house: House) -> None:
    for at, (name, text) in enumerate(_COMMENTS):
        house.clock.forward(minutes=3)
        comment = {"road": "facebook", "visibility": Visibility.PUBLIC, "sender_name": name}
        link = f"https://facebook.example/inlagg/{at}"
        await house.hear(said(house, text, external_id=f"k-{at}", link=link, **comment))
    house.clock.forward(minutes=3)
    changed = "Vad fin den nya bron blev! Men när kommer belysningen? Det är mörkt."
    await house.hear(said(house, changed, road="facebook", external_id="k-0", event=Event.EDITED))
    newest = house.messages()[-2]
    desk = candidates(house)
    by = next(person for person in house.work.house.handlers if desk.may(person))
    await desk.hide(newest["id"], Hiding.ADVERTISING, by=by)
