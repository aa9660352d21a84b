"""What a profile promises for a message that came in at a given time."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from store import profiles
from store.deadlines import promises
from store.domain import Kind

STOCKHOLM = ZoneInfo("Europe/Stockholm")
FRIDAY = "2026-12-18T15:00"  # the last one before Christmas: seven days that are not counted follow


def promised(
    profile: str, kind: Kind | None, received: str = FRIDAY, *, anonymous: bool = False
) -> dict[str, date]:
    """Return each promise's due date by its Swedish name."""
    moment = datetime.fromisoformat(received).replace(tzinfo=STOCKHOLM)
    owed = promises(moment, kind, profiles.load(profile).days, anonymous=anonymous)
    return {str(one.kind): one.due_on for one in owed}


def reports(profile: str) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """List a profile's reports: which, for what period, ready by, to whom."""
    return [(one.id, one.period, one.ready_by, one.to) for one in profiles.load(profile).reports]
