"""What a mail server of ours, standing before us, has said of a mail. Without settings nobody is believed.

How a front's header is told from a forged one: mail servers write on top. Our front puts a Received field
on every mail it takes in, and what it finds out above that one. All that the sender could write stands
below, a false Received with our front's name included, since only the topmost with that name counts.
So three things must be known: the name that the front gives after "by" in its Received field, the
families of headers that it writes, and the authserv-id of its Authentication-Results (RFC 8601).

Some filters add their fields at the bottom instead (a milter's plain "add header"). Nothing there can be
told from a forgery, unless the front removes such fields from mail that comes in; say so with
`strips_forged` only after having tried it.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from bots.mail.headers import Fields, moment, split
from store.domain import Verdict

FAMILIES = frozenset({"rspamd", "spamassassin", "microsoft"})
_COMMENT = re.compile(r"\([^()]{0,2000}\)")
_QUOTED = re.compile(r'"[^"]{0,1000}"')
_SPAM_LEVEL = 5  # Microsoft's SCL: 5 and more goes to the junk folder
_MAX_HOPS = 300


@dataclass(frozen=True, kw_only=True)
class TrustedFront:
    """The mail server whose headers count, if any.

    `received_by` is its host name after "by" in Received. `families` are from `FAMILIES`. `authserv_id`
    is compared exactly, but for case. `strips_forged` says that the front removes such headers from what
    comes in.
    """

    received_by: str = ""
    families: frozenset[str] = frozenset()
    authserv_id: str = ""
    strips_forged: bool = False


def verdicts(raw: bytes, *, trusted: TrustedFront) -> frozenset[Verdict]:
    """Return what the trusted front says of a mail; never raises."""
    return verdicts_of(split(raw).fields, trusted=trusted)


def verdicts_of(fields: Fields, *, trusted: TrustedFront) -> frozenset[Verdict]:
    """Return what the trusted front says in these header fields."""
    said = _written_by_front(fields, trusted)
    found = set()
    if any(_is_spam(said, family) for family in trusted.families):
        found.add(Verdict.SPAM)
    if _fails_dmarc(said, trusted.authserv_id):
        found.add(Verdict.DMARC_FAILED)
    return frozenset(found)


def received_times(raw: bytes) -> tuple[tuple[str, datetime], ...]:
    """List host and time of each Received field, newest first; fields without host or time are left out."""
    hops = ((_by_host(value), moment(value.rpartition(";")[2])) for value in _received(split(raw).fields))
    return tuple((host, time) for host, time in hops if host and time is not None)


def _received(fields: Fields) -> list[str]:
    return fields.every("received")[:_MAX_HOPS]


def _written_by_front(fields: Fields, trusted: TrustedFront) -> Fields:
    if trusted.strips_forged:
        return fields
    host = trusted.received_by.strip().lower()
    for at, (name, value) in enumerate(fields.items):
        if name == "received" and host and _by_host(value) == host:
            return Fields(fields.items[:at])
    return Fields([])


def _by_host(value: str) -> str:
    """Return the host after "by". The word after "from" is the sender's to choose, even if it is "by"."""
    words = _COMMENT.sub(" ", _COMMENT.sub(" ", value[:8192])).partition(";")[0].split()
    start = 2 if words[:1] and words[0].lower() == "from" else 0
    for word, following in zip(words[start:], words[start + 1 :], strict=False):
        if word.lower() == "by":
            return following.rstrip(".").lower()
    return ""


def _is_spam(fields: Fields, family: str) -> bool:
    if family == "rspamd":
        action = fields.first("x-rspamd-action").strip().lower()
        return _says_yes(fields.first("x-spam")) or action in {"reject", "add header", "rewrite subject"}
    if family == "spamassassin":
        return _says_yes(fields.first("x-spam-flag")) or _says_yes(fields.first("x-spam-status"))
    if family == "microsoft":
        return _microsoft_spam(fields)
    return False


def _says_yes(value: str) -> bool:
    return value.strip().lower().startswith("yes")


def _microsoft_spam(fields: Fields) -> bool:
    pairs = (item.partition(":") for item in fields.first("x-forefront-antispam-report")[:8192].split(";"))
    report = {key.strip().upper(): value.strip().upper() for key, _, value in pairs}
    level = fields.first("x-ms-exchange-organization-scl").strip() or report.get("SCL", "")
    scored = level.isascii() and level.isdigit() and len(level) < 3 and int(level) >= _SPAM_LEVEL
    return (
        scored
        or report.get("SFV") in {"SPM", "SKS", "SKB"}
        or report.get("CAT") in {"SPM", "HSPM", "PHSH", "HPHSH", "MALW"}
    )


def _fails_dmarc(fields: Fields, authserv_id: str) -> bool:
    wanted = authserv_id.strip().lower()
    if not wanted:
        return False
    for value in fields.every("authentication-results"):
        plain = _QUOTED.sub('""', _COMMENT.sub(" ", _COMMENT.sub(" ", value[:16384])))
        identity, _, results = plain.partition(";")
        # RFC 8601 2.2: a version number may follow the identity.
        if identity.split()[:1] and identity.split()[0].lower() == wanted:
            return any(result.split()[:1] == ["dmarc=fail"] for result in results.lower().split(";"))
    return False
