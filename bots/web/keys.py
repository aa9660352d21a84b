"""What opens the door to the staff pages: an account with password and code, or one shared password."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from store import accounts
from store.accounts import Account
from store.engine import Store

LEAST = 12  # signs of a password
_STEP = 30  # seconds that a code lasts
_REMEMBERED = timedelta(seconds=5)
_HASHER = PasswordHasher()
# Whoever has no account waits as long as whoever has: nobody finds out who has one.
_NOBODY = _HASHER.hash(secrets.token_hex(16))


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

    An empty `shared` shuts the door to all who have no account.
    """

    store: Store
    shared: str
    secret: str
    clock: Callable[[], datetime]
    _salt: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    _marks: dict[str, tuple[datetime, str]] = field(default_factory=dict)

    @property
    def are_personal(self) -> bool:
        """Tell whether people sign in with accounts of their own. Blocking."""
        with self.store.read() as transaction:
            return accounts.exist(transaction)

    @property
    def is_shut(self) -> bool:
        """Tell whether nobody at all can come in. Blocking."""
        return not self.shared and not self.are_personal

    def opens(self, person: str, password: str, code: str) -> bool:
        """Tell whether these open the door for a person; a code is used up by it. Blocking, and slow."""
        if not self.are_personal:
            right = _stretched(self.shared, self._salt) if self.shared else b""
            return hmac.compare_digest(_stretched(password, self._salt), right)
        with self.store.read() as transaction:
            account = accounts.find(transaction, person)
        if not _is_right(account.password_hash if account else _NOBODY, password) or account is None:
            return False
        step = self._step_of(account, code)
        if step is None:
            return False
        with self.store.write() as transaction:
            return accounts.spend(transaction, person, step)

    def mark(self, person: str) -> str:
        """Return what a session must carry; it changes with the password, and is empty without an account.

        It is keyed: whoever holds a cookie can read it, and could otherwise try passwords at leisure.
        """
        now = self.clock()
        known = self._marks.get(person)
        if known is not None and timedelta(0) <= now - known[0] < _REMEMBERED:
            return known[1]
        with self.store.read() as transaction:
            account = accounts.find(transaction, person)
            is_personal = account is not None or accounts.exist(transaction)
        told = f"account\0{account.password_hash}" if account else f"password\0{self.shared}"
        mark = hmac.new(self.secret.encode(), told.encode(), "sha256").hexdigest()[:32]
        mark = "" if is_personal and account is None else mark
        self._marks[person] = (now, mark)
        return mark

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


def _is_right(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _stretched(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode("utf-8", "replace"), salt=salt, n=2**14, r=8, p=1)
