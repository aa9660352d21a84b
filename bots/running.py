"""Looks at the service that runs, for the page of its operator. What the store knows is in `store.health`."""

import ssl
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import metadata

from bots.channel import Channel, Outage
from bots.channels.imap import Imap
from bots.desk.opinion import Opinion
from bots.mail.certificate import expires_at
from bots.settings import Settings
from bots.web.running import Model, Way


def version() -> str:
    """Return the version of this release."""
    return metadata.version("synpunkt")


def ways_in(settings: Settings, doors: Sequence[Channel], fallen: Mapping[int, Outage]) -> list[Way]:
    """List the ways in, as `bots.parts.build_doors` has built them. `fallen` is by the place of the door."""
    names = [("smtp", settings.mail.address)] if settings.channels.smtp is not None else []
    names += [("imap", name) for name in settings.channels.imap]
    own = len(names)
    names += [(door.name, settings.municipality.service_name) for door in doors[own:]]
    # A mailbox waits its outages out by itself; another door falls, and is opened again.
    return [
        Way(
            channel=channel,
            account=account,
            outage=_worst([*door.outages] if isinstance(door, Imap) else []) or fallen.get(at),
        )
        for at, ((channel, account), door) in enumerate(zip(names, doors, strict=True))
    ]


def ways_out(roads: Sequence[str], outages: Mapping[str, Outage]) -> list[Way]:
    """List the ways out, as `bots.desk.delivery` has fared on them."""
    return [Way(channel=road, is_in=False, outage=outages.get(road)) for road in roads]


def model(opinion: Opinion, *, is_wanted: bool) -> Model:
    """Tell which model gives its opinion."""
    suggester = opinion.suggester
    if suggester is None:
        return Model(is_wanted=is_wanted)
    # Imported here: loaded already, now that there is a model, and slow before that.
    from classifier.model import Classifier

    if not isinstance(suggester, Classifier):
        return Model(name=type(suggester).__name__, is_wanted=is_wanted)
    return Model(
        name=suggester.version,
        is_wanted=is_wanted,
        is_second_choice=suggester is opinion.quick,
        figures=suggester.figures,
    )


def certificate_end(settings: Settings) -> datetime | None:
    """Return when the certificate of the door for mail runs out.

    What a running service has in hand is the file as it was at its start; so is this, which is read then.
    """
    smtp = settings.channels.smtp
    if smtp is None or not smtp.certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(smtp.certificate, smtp.key)
        return expires_at(context)
    except (OSError, ssl.SSLError):
        return None  # `bots.parts` has refused to start with it; it can only have been taken away since


def _worst(outages: Sequence[Outage]) -> Outage | None:
    """Return the outage that lasts, else the one that ended last."""
    return max(outages, key=lambda one: (one.ended is None, one.ended or one.began), default=None)
