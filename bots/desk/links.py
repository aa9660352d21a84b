"""Signed links: each does one thing for one person, once. What they do is in `bots.desk.by_link`."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from itsdangerous import BadSignature, URLSafeSerializer

LIFE = timedelta(days=30)
_LONGEST = 1000
_SIGNING = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}


class LinkAct(StrEnum):
    """What a link does."""

    CONFIRM = "bekräfta"
    PASS_ON = "lämna vidare"  # noqa: S105 - no password
    MORE_TIME = "mer tid"
    ANSWER = "svara"
    APPROVE = "godkänn"
    SEND_DRAFT = "sänd utkast"
    CHOOSE_OUTCOME = "välj utfall"


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """What a link says. `about` holds the type and factor that it confirms, or the id of its draft."""

    case_id: int
    person: str
    act: LinkAct
    id: str
    expires_at: datetime
    about: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Links:
    """Makes links and reads them. Whoever holds one may do what it says, so it is shown to nobody else."""

    secret: bytes
    base: str  # where the pages are; empty: there are none, and no links

    def make(
        self, act: LinkAct, *, case_id: int, person: str, now: datetime, about: tuple[str, ...] = ()
    ) -> str:
        """Make a link that nobody has used."""
        expires = int((now + LIFE).timestamp())
        told = [case_id, person, act, secrets.token_urlsafe(12), expires, *about]
        return f"{self.base.rstrip('/')}/l/{self._signer.dumps(told)}"

    def again(self, ticket: Ticket, *, now: datetime) -> str:
        """Make a fresh link that does the same as one that is used or too old."""
        return self.make(
            ticket.act, case_id=ticket.case_id, person=ticket.person, now=now, about=ticket.about
        )

    def survey(self, case_id: int, *, now: datetime) -> str:
        """Make the link by which a sender says how it went: once, since a case has one answer."""
        expires = int((now + LIFE).timestamp())
        return f"{self.base.rstrip('/')}/enkat/{self._surveyor.dumps([case_id, expires])}"

    def surveyed(self, token: str, *, now: datetime) -> int | None:
        """Return the case that a survey's token names, or None if we did not sign it or it is too old."""
        try:
            told = self._surveyor.loads(token[:_LONGEST])
        except BadSignature:
            return None
        match told:
            case [int(case_id), int(expires)] if now.timestamp() < expires:
                return case_id
            case _:
                return None

    @property
    def _surveyor(self) -> URLSafeSerializer:
        return _serializer(self.secret, b"synpunkt survey")

    def read(self, token: str) -> Ticket | None:
        """Return what a token says, however old it is, or None if we did not sign it."""
        if len(token) > _LONGEST:
            return None
        try:
            told = self._signer.loads(token)
        except BadSignature:
            return None
        match told:
            case [int(case_id), str(person), str(act), str(name), int(expires), *about]:
                ticket = Ticket(
                    case_id=case_id,
                    person=person,
                    act=LinkAct(act),
                    id=name,
                    expires_at=datetime.fromtimestamp(expires, UTC),
                )
                return replace(ticket, about=tuple(str(one) for one in about))
            case _:
                return None

    @property
    def _signer(self) -> URLSafeSerializer:
        return _serializer(self.secret, b"synpunkt one-time link")


@lru_cache(maxsize=16)
def _serializer(secret: bytes, salt: bytes) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt=salt, signer_kwargs=_SIGNING)
