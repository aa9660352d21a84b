"""The sessions of the staff pages: begun, recognised, ended. They are kept in `store.sessions`."""

import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bots.web.keys import Keys
from store import sessions
from store.domain import Handler, Role, SignIn
from store.engine import Row, Store
from store.sessions import Limits, Session

_OFTEN_ENOUGH = timedelta(minutes=1)  # a page that is looked at need not be written down each time


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """Who comes in, and how. `guest` is who is not in the configuration; the provider vouches for them."""

    person: str
    how: SignIn
    guest: Handler | None = None
    roles: tuple[Role, ...] = ()
    id_token: str = ""


@dataclass(frozen=True, kw_only=True)
class Sessions:
    """Blocking, all of it: called from a thread. The secret of a session is in its browser, and nowhere else.

    A session ends by itself, by signing out, by a new password or provider, and when its person is no longer
    in the configuration.
    """

    store: Store
    staff: Mapping[str, Handler]  # may change while we run
    keys: Keys
    clock: Callable[[], datetime]
    limits: Limits

    def begin(self, arrival: Arrival, *, instead_of: str = "") -> str:
        """Begin a session and return its secret; the one that the browser had before ends."""
        secret = secrets.token_urlsafe(32)
        session = Session(
            person=arrival.person,
            how=arrival.how,
            mark=self.keys.mark(arrival.person, arrival.how),
            guest={"name": arrival.guest.name, "email": arrival.guest.email} if arrival.guest else {},
            roles=arrival.roles,
            id_token=arrival.id_token,
        )
        with self.store.write() as transaction:
            if instead_of:
                sessions.end(transaction, instead_of, now=self.clock(), act="")
            sessions.begin(transaction, secret, session, now=self.clock(), limits=self.limits)
        return secret

    def who(self, secret: str) -> Handler | None:
        """Return who is signed in, with the roles that the provider gave them besides their own."""
        now = self.clock()
        row = self._find(secret)
        if row is None or not sessions.is_alive(row, now=now, limits=self.limits):
            return None
        mark = self.keys.mark(row["person"], SignIn(row["how"]))
        if not mark or not hmac.compare_digest(row["mark"], mark):
            return None
        handler = self._handler(row)
        if handler is not None and now - row["seen_at"] >= _OFTEN_ENOUGH:
            with self.store.write() as transaction:
                sessions.saw(transaction, secret, now=now)
        return handler

    def whose(self, secret: str) -> str:
        """Return whose session it is or was, or an empty text for a secret that is not ours."""
        row = self._find(secret)
        return row["person"] if row is not None else ""

    def end(self, secret: str) -> str:
        """End a session; return the token by which the provider knows its own, if that was the way."""
        row = self._find(secret)
        with self.store.write() as transaction:
            sessions.end(transaction, secret, now=self.clock())
        return row["id_token"] if row is not None else ""

    def refuse(self, person: str, how: SignIn) -> None:
        """Write down that somebody was not let in; a name that we do not know is not kept."""
        known = person if person in self.staff else ""
        with self.store.write() as transaction:
            sessions.refused(transaction, known, how=how, now=self.clock())

    def given(self, person: str) -> frozenset[Role]:
        """Return the roles that the provider gave somebody who is signed in now."""
        with self.store.read() as transaction:
            return sessions.roles_of(transaction, person, now=self.clock(), limits=self.limits)

    def is_guest(self, handler: Handler) -> bool:
        """Tell whether somebody is let in by the provider alone, and is not in the configuration."""
        return handler.id not in self.staff

    def _find(self, secret: str) -> Row | None:
        if not secret:
            return None
        with self.store.read() as transaction:
            return sessions.find(transaction, secret)

    def _handler(self, row: Row) -> Handler | None:
        given = tuple(Role(one) for one in row["roles"])
        known = self.staff.get(row["person"])
        if known is not None:
            return replace(known, roles=tuple(dict.fromkeys((*known.roles, *given))))
        if not row["guest"]:
            return None
        return Handler(id=row["person"], name=row["guest"]["name"], email=row["guest"]["email"], roles=given)
