"""Makes an `Inbound` of one message in a mailbox. The conversation with the server is in `imap_session`."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from store.domain import Inbound

# A header block longer than this is an attack or a mistake; what we look for stands at the top.
_HEADER_BYTES = 256 * 1024
_FOLD = re.compile(rb"\r?\n[ \t]+")
_COMMENT = re.compile(r"\([^()]*\)")
# Both are far above what honest servers write, and bound the work that a forged header can cause.
_COMMENT_DEPTH, _HOPS = 5, 200
_BY = re.compile(r"(?:^|\s)by\s+([^\s;]+)", re.IGNORECASE)
# Headers written by the server that delivered into the mailbox (RFC 9228 names the first).
_DELIVERY_HEADERS = ("delivered-to", "x-original-to", "envelope-to")


def inbound(
    raw: bytes,
    *,
    account: str,
    external_id: str,
    arrived: datetime | None,
    now: datetime,
    own_domains: Iterable[str] = (),
) -> Inbound:
    """Make the message that `receive` wants. `arrived` is the server's INTERNALDATE."""
    headers = header_lines(raw)
    return Inbound(
        channel="imap",
        account=account,
        received_at=received_at(headers, arrived=arrived, now=now, own_domains=own_domains),
        raw=raw,
        external_id=external_id,
        envelope_from=_envelope_from(headers),
        envelope_to=_envelope_to(headers),
    )


def header_lines(raw: bytes) -> list[tuple[str, str]]:
    """List the header lines, unfolded, names in lower case. The body is never looked at."""
    block = re.split(rb"\r?\n\r?\n", raw[:_HEADER_BYTES].lstrip(b"\xef\xbb\xbf\r\n"), maxsplit=1)[0]
    lines = []
    for line in _FOLD.sub(b" ", block).split(b"\n"):
        name, colon, value = line.partition(b":")
        if colon:
            lines.append((name.strip().lower().decode("latin-1"), value.strip().decode("utf-8", "replace")))
    return lines


def received_at(
    headers: list[tuple[str, str]],
    *,
    arrived: datetime | None,
    now: datetime,
    own_domains: Iterable[str] = (),
) -> datetime:
    """Return R (requirements.md B7): when our servers first had the message, else when the mailbox got it.

    Never later than `now`: a server clock that runs ahead must not give us more time.
    """
    values = [value for name, value in headers if name == "received"][:_HOPS]
    hops = [hop for value in values if (hop := _hop(value))]
    first_own = _first_own(hops, own_domains)
    if first_own is not None:
        return min(first_own, now)
    if arrived is not None:
        return min(arrived.astimezone(UTC), now)
    # No INTERNALDATE is against RFC 9051 section 2.3.3. The newest hop is the nearest to it.
    return min(hops[0][1], now) if hops else now


def _first_own(hops: list[tuple[str, datetime]], own_domains: Iterable[str]) -> datetime | None:
    # Newest hop first. Whoever sends a letter can write Received lines below ours, and so choose a date
    # that makes a late appeal timely: the chain ends at the first server that is not ours.
    # Hops above the chain are steps inside the house where the mailbox lives.
    domains = tuple(domain.lower().strip(".") for domain in own_domains)
    found = None
    for host, when in hops:
        if any(host == domain or host.endswith(f".{domain}") for domain in domains):
            found = when if found is None else min(found, when)
        elif found is not None:
            break
    return found


def _hop(value: str) -> tuple[str, datetime] | None:
    plain = value
    for _ in range(_COMMENT_DEPTH):
        plain = _COMMENT.sub(" ", plain)
    by, date = _BY.search(plain), plain.rpartition(";")[2]
    try:
        when = parsedate_to_datetime(date)
        # RFC 5322 section 3.3: "-0000" says UTC without knowing the place; Python gives it no zone.
        when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return (by[1].lower().rstrip(".") if by else "", when)


def _envelope_from(headers: list[tuple[str, str]]) -> str | None:
    return next((_bare(value) for name, value in headers if name == "return-path"), None)


def _envelope_to(headers: list[tuple[str, str]]) -> tuple[str, ...]:
    found = (_bare(value) for name, value in headers if name in _DELIVERY_HEADERS)
    return tuple(dict.fromkeys(address for address in found if address))


def _bare(value: str) -> str:
    return value.strip().removeprefix("<").removesuffix(">").strip()


def cut(first_part: bytes, *, size: int) -> bytes:
    """Say, on top of a message that was too large, that the end is missing."""
    # On top, since a header reader stops long before the end. The rest of the bytes are as they came.
    return f"X-Synpunkt-Note: cut; size={size}; kept={len(first_part)}\r\n".encode() + first_part


def stand_in(header: bytes, *, folder: str, uid: int) -> bytes:
    """Make a readable message of what could be had of one that the server does not give."""
    # Of two headers with the same name the first counts, so the old Content-Type below does no harm.
    note = f"[Brevet kunde inte hämtas från brevlådan. Öppna det där: mappen {folder}, nummer {uid}.]"
    return (
        b"X-Synpunkt-Note: incomplete\r\n"
        b"MIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: 8bit\r\n"
        + header.rstrip(b"\r\n")
        + (b"\r\n" if header.strip() else b"")
        + b"\r\n"
        + f"{note}\r\n".encode()
    )
