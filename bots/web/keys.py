"""What opens the door from inside: an account with password and code, or one shared password.

The municipality's own provider is asked in `oidc`.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from store import accounts
from store.accounts import Account
from store.domain import SignIn
from store.engine import Store

LEAST = 12  # signs of a password
_STEP = 30  # seconds that a code lasts
_HASHER = PasswordHasher()
_SCRYPT = {"n": 2**14, "r": 8, "p": 1}  # what a try at the shared password costs


class PasswordError(Exception):
    """The password can not be used; the message says what to do."""


def new_account(person: str, password: str, *, now: datetime) -> Account:
    """Make an account with a secret for one-time codes; raise `PasswordError` for a weak password."""
    if len(password) < LEAST:
        raise PasswordError(f"lösenordet är för kort: minst {LEAST} tecken, gärna fyra ord som inte hör ihop")
    if person.casefold() in password.casefold():
        raise PasswordError("lösenordet innehåller namnet: välj något annat")
    return Account(
        person=person,
        password_hash=_HASHER.hash(password),
        totp_secret=pyotp.random_base32(),
        changed_at=now,
    )


@dataclass(kw_only=True)
class Keys:
    """Tells who may come in. As soon as there is an account, the shared password opens nothing.

    An empty `shared` shuts the door to all who have no account. `provider` names the municipality's own
    provider, if there is one; then the shared password opens nothing either.
    """

    store: Store
    shared: str
    secret: str
    clock: Callable[[], datetime]
    provider: str = ""
    _salt: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @property
    def are_personal(self) -> bool:
        """Tell whether people sign in each as themselves. Blocking."""
        return bool(self.provider) or self.has_accounts

    @property
    def has_accounts(self) -> bool:
        """Tell whether anybody has an account. Blocking."""
        with self.store.read() as transaction:
            return accounts.exist(transaction)

    @property
    def is_shut(self) -> bool:
        """Tell whether nobody at all can come in. Blocking."""
        return not self.shared and not self.are_personal

    def opens(self, person: str, password: str, code: str) -> bool:
        """Tell whether these open the door for a person; a code is used up by it. Blocking, and slow."""
        if not self.are_personal:
            return hmac.compare_digest(_stretched(password, self._salt), self._right)
        nobody = _nobody()
        with self.store.read() as transaction:
            account = accounts.find(transaction, person)
        if not _is_right(account.password_hash if account else nobody, password) or account is None:
            return False
        step = self._step_of(account, code)
        if step is None:
            return False
        with self.store.write() as transaction:
            return accounts.spend(transaction, person, step)

    @cached_property
    def _right(self) -> bytes:
        return _stretched(self.shared, self._salt) if self.shared else b""

    def mark(self, person: str, how: SignIn) -> str:
        """Return what a session depends on; empty when nobody can have such a session. Blocking.

        It is keyed: whoever reads it could otherwise try passwords at leisure.
        """
        told = self._told(person, how)
        return hmac.new(self.secret.encode(), told.encode(), "sha256").hexdigest()[:32] if told else ""

    def _told(self, person: str, how: SignIn) -> str:
        if how is SignIn.PROVIDER:
            return f"provider\0{self.provider}" if self.provider else ""
        if how is SignIn.SHARED:
            return "" if self.are_personal else f"password\0{self.shared}"
        with self.store.read() as transaction:
            account = accounts.find(transaction, person)
        return f"account\0{account.password_hash}" if account else ""

    def _step_of(self, account: Account, code: str) -> int | None:
        """Return the step of a code, one step late or early allowed, or None if it is wrong (RFC 6238)."""
        totp = pyotp.TOTP(account.totp_secret)
        now = int(self.clock().timestamp()) // _STEP
        digits = "".join(code.split())
        found = [
            step
            for step in (now - 1, now, now + 1)
            if hmac.compare_digest(totp.generate_otp(step).encode(), digits.encode())
        ]
        return found[0] if found else None


@cache
def _nobody() -> str:
    """Make what whoever has no account is compared with: it takes as long, and nobody finds out who has one.

    It is made at the first try, whoever tries, and not at each start, which it would keep waiting.
    """
    return _HASHER.hash(secrets.token_hex(16))


def _is_right(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _stretched(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode("utf-8", "replace"), salt=salt, **_SCRYPT)
