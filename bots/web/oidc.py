"""Signs in at the municipality's own provider: OpenID Connect, authorization code with PKCE, by Authlib.

What the provider says is believed only after `IdentityProvider.finish` has checked its signature and every
claim that decides. Who that makes somebody in our house is said in `claims`. Blocking: called from a thread.
"""

import hmac
import logging
import re
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from bots.table import is_guarded
from store.domain import Role

log = logging.getLogger(__name__)

ANSWER, FAREWELL = "/logga-in/svar", "/logga-in/ute"  # where the provider sends people back to
ALGORITHMS = ("RS256", "ES256")  # never "none", and no secret that both sides know
_LEEWAY = 60  # seconds that the two clocks may differ
_PATIENCE = 10.0
_MOST_BYTES = 500_000
_FRESH = timedelta(hours=1)
_AGAIN = timedelta(minutes=1)  # a key that we do not know is looked for so often at most
_PAUSE = timedelta(seconds=10)  # while a provider is away, callers do not queue up for it
_IN_HAND = timedelta(minutes=10)
_MOST_IN_HAND = 10_000
_CODE = re.compile(r"[a-z_]{1,40}")


class OidcError(Exception):
    """The provider did not let somebody in. `told` is what the page says; the log has the reason."""

    told = "inte äkta"


class UnreachableError(OidcError):
    """The provider does not answer, or not as one should."""

    told = "borta"


class DeclinedError(OidcError):
    """The provider, or whoever stood before it, said no."""

    told = "avbruten"


class LateError(OidcError):
    """Nobody here began this, or it has been used, or it took too long."""

    told = "för sent"


class UntrustedError(OidcError):
    """What came back can not be trusted."""


@dataclass(frozen=True, kw_only=True)
class ProviderFacts:
    """How the provider knows us, and what of its words tells who somebody is (see `claims`)."""

    issuer: str
    client_id: str
    client_secret: str
    public_url: str
    name: str = "kommunens inloggning"
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    claims: tuple[str, ...] = ("preferred_username", "email")
    people: Mapping[str, str] = field(default_factory=dict)
    groups_claim: str = "groups"
    groups: Mapping[str, Role] = field(default_factory=dict)
    ca_file: str = ""

    @property
    def mark(self) -> str:
        """Return what sessions depend on: another provider, or another client, makes them worthless."""
        return f"{self.issuer}\0{self.client_id}"


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A sign-in that has begun: what only we know of it, and where the person was going."""

    nonce: str
    verifier: str
    wanted: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the provider vouches for."""

    claims: Mapping[str, Any]
    id_token: str
    wanted: str


@dataclass(kw_only=True)
class IdentityProvider:
    """The provider. What it publishes of itself is fetched at the first sign-in, and again each hour.

    Sign-ins in hand are held in memory: after a restart, whoever was on the way begins anew.
    """

    facts: ProviderFacts
    clock: Callable[[], datetime]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _metadata: tuple[datetime, Mapping[str, Any]] | None = None
    _keys: tuple[datetime, jwk.KeySet] | None = None
    _in_hand: dict[str, Begun] = field(default_factory=dict)
    _away_since: datetime | None = None

    def begin(self, wanted: str) -> tuple[str, str]:
        """Return where to send somebody who wants to sign in, and the state that their browser must keep."""
        metadata = self.metadata()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        with self._client(metadata) as client:
            address, _ = client.create_authorization_url(
                metadata["authorization_endpoint"], state=state, code_verifier=verifier, nonce=nonce
            )
        now = self.clock()
        with self._lock:
            self._in_hand = {one: begun for one, begun in self._in_hand.items() if begun.until > now}
            if len(self._in_hand) >= _MOST_IN_HAND:
                del self._in_hand[next(iter(self._in_hand))]
            self._in_hand[state] = Begun(nonce=nonce, verifier=verifier, wanted=wanted, until=now + _IN_HAND)
        return str(address), state

    def finish(self, sent: Mapping[str, str], *, state: str) -> Answer:
        """Check what the provider sent the browser back with; `state` is what that browser kept.

        Raises `OidcError`. Each state is good for one answer only.
        """
        begun = self._taken(sent.get("state", ""), state)
        if "error" in sent:
            raise DeclinedError(f"error={_code(sent['error'])}")
        metadata = self.metadata()
        # RFC 9207: another provider's answer, brought here, is refused before its code goes anywhere.
        told = sent.get("iss", "")
        if told != self.facts.issuer and (
            told or metadata.get("authorization_response_iss_parameter_supported") is True
        ):
            raise UntrustedError("claim=iss of the answer")
        tokens = self._exchanged(metadata, sent.get("code", ""), begun)
        id_token = tokens.get("id_token")
        if not isinstance(id_token, str):
            raise UntrustedError("no id_token")
        claims = self._checked(id_token, begun.nonce, str(tokens.get("access_token", "")))
        return Answer(claims=claims, id_token=id_token, wanted=begun.wanted)

    def farewell(self, id_token: str) -> str:
        """Return where to end the provider's own session; empty if it does not say."""
        try:
            address = self.metadata().get("end_session_endpoint")
        except OidcError as error:
            log.warning("provider not told of sign-out: because=%s", error)
            return ""
        if not isinstance(address, str) or not is_guarded(address):
            return ""
        query = urlencode(
            {
                "id_token_hint": id_token,
                "client_id": self.facts.client_id,
                "post_logout_redirect_uri": f"{self.facts.public_url}{FAREWELL}",
            }
        )
        return f"{address}{'&' if '?' in address else '?'}{query}"

    def metadata(self) -> Mapping[str, Any]:
        """Return what the provider publishes of itself (OpenID Connect Discovery 1.0)."""
        with self._lock:
            known, now = self._metadata, self.clock()
        if known is not None and timedelta(0) <= now - known[0] < _FRESH:
            return known[1]
        if self._away_since is not None and timedelta(0) <= now - self._away_since < _PAUSE:
            raise UnreachableError("away a moment ago")
        self._away_since = now
        found, _ = self._fetched(f"{self.facts.issuer.rstrip('/')}/.well-known/openid-configuration")
        self._away_since = None
        if found.get("issuer") != self.facts.issuer:
            raise UntrustedError("claim=issuer of the discovery document")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not isinstance(found.get(name), str) or not is_guarded(found[name]):
                raise UntrustedError(f"claim={name} of the discovery document")
        with self._lock:
            self._metadata = (now, found)
        return found

    def keys(self, *, anew: bool = False) -> jwk.KeySet:
        """Return the keys that the provider signs with, of the kinds that we take."""
        with self._lock:
            known, now = self._keys, self.clock()
        if known is not None and timedelta(0) <= now - known[0] < (_AGAIN if anew else _FRESH):
            return known[1]
        found, _ = self._fetched(self.metadata()["jwks_uri"])
        told = found.get("keys")
        listed = told if isinstance(told, list) else []
        usable = [one for one in listed if isinstance(one, dict) and _signs(one)]
        try:
            keys = jwk.KeySet.import_key_set({"keys": usable})
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise UntrustedError("no usable key") from error
        with self._lock:
            self._keys = (now, keys)
        return keys

    def check(self) -> tuple[list[str], list[str]]:
        """Prove discovery, keys and clocks; return what works and what does not, for the operator."""
        with self._lock:
            self._metadata = self._keys = self._away_since = None
        where = "tabell [oidc]"
        try:
            self.metadata()
        except UntrustedError as error:
            return [], [
                f"{where}, nyckel issuer: {self.facts.issuer} beskriver sig inte som den ska ({error}). "
                "Skriv issuer tecken för tecken som leverantören skriver den i openid-configuration."
            ]
        except OidcError as error:
            return [], [
                f"{where}, nyckel issuer: {self.facts.issuer} går inte att nå ({error}). Kontrollera "
                "adressen, brandväggen och, om certifikatet är kommunens eget, nyckeln ca_file."
            ]
        fine, wrong = [f"kommunens inloggning svarar: {self.facts.issuer}"], []
        try:
            fine.append(f"kommunens inloggning har {len(self.keys().keys)} nycklar som vi kan läsa")
        except OidcError as error:
            wrong.append(
                f"{where}: leverantören har ingen nyckel som vi kan läsa ({error}). "
                "Låt den signera med RS256 eller ES256."
            )
        skew = self._skew()
        if skew is not None and abs(skew) > _LEEWAY:
            wrong.append(
                f"{where}: klockan här går {abs(skew):.0f} sekunder {'före' if skew > 0 else 'efter'} "
                "leverantörens. Slå på tidssynkronisering (systemd-timesyncd eller chrony)."
            )
        elif skew is not None:
            fine.append("klockan går som leverantörens")
        if self._is_unknown_client():
            wrong.append(
                f"{where}, nyckel client_id/client_secret: leverantören känner inte igen dem. "
                "Kopiera dem på nytt; en hemlighet i Entra ID går ut, och det är dess värde som ska kopieras."
            )
        return fine, wrong

    def _taken(self, sent: str, kept: str) -> Begun:
        if not sent or not kept or not hmac.compare_digest(sent.encode(), kept.encode()):
            raise LateError("state is not this browser's")
        with self._lock:
            begun = self._in_hand.pop(sent, None)
        if begun is None or begun.until <= self.clock():
            raise LateError("state is used or too old")
        return begun

    def _exchanged(self, metadata: Mapping[str, Any], code: str, begun: Begun) -> Mapping[str, Any]:
        if not code:
            raise UntrustedError("no code")
        try:
            with self._client(metadata) as client:
                found = client.fetch_token(
                    metadata["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=begun.verifier,
                    timeout=_PATIENCE,
                    allow_redirects=False,
                )
        except AuthlibBaseError as error:
            raise UntrustedError(f"error={_code(str(error.error))}") from error
        except (requests.RequestException, ValueError, RecursionError) as error:
            raise UnreachableError(type(error).__name__) from error
        if not isinstance(found, Mapping):
            raise UntrustedError("no tokens")
        return found

    def _checked(self, id_token: str, nonce: str, access_token: str) -> Mapping[str, Any]:
        """Return the claims of a token (OpenID Connect Core 1.0, 3.1.3.7); raise `UntrustedError`."""
        try:
            token = jwt.decode(id_token, self._key_for, algorithms=ALGORITHMS)
            claims = CodeIDToken(
                token.claims,
                token.header,
                options={
                    "iss": {"essential": True, "value": self.facts.issuer},
                    "aud": {"essential": True, "value": self.facts.client_id},
                    "nonce": {"essential": True, "value": nonce},
                },
                params={"nonce": nonce, "client_id": self.facts.client_id, "access_token": access_token},
            )
            claims.validate(now=int(self.clock().timestamp()), leeway=_LEEWAY)
        except JoseError as error:
            # Its own words may hold a value of the token; name and claim tell enough.
            claim = getattr(error, "claim", "")
            raise UntrustedError(f"{type(error).__name__} claim={claim}") from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise UntrustedError(type(error).__name__) from error
        if not claims["sub"]:
            raise UntrustedError("claim=sub")
        return dict(claims)

    def _key_for(self, token: Any) -> Any:
        """Return the key that a token names; one that we do not know is looked for once more."""
        header = token.headers()
        algorithm, kid = header.get("alg"), header.get("kid")
        for anew in (False, True):
            fitting = [
                one
                for one in self.keys(anew=anew)
                if one.key_type == ("RSA" if algorithm == "RS256" else "EC")
                and (kid is None or one.kid == kid)
                and one.get("alg", algorithm) == algorithm
            ]
            if len(fitting) == 1:
                return fitting[0]
        raise UntrustedError("claim=kid")

    def _client(self, metadata: Mapping[str, Any]) -> Any:
        ways = metadata.get("token_endpoint_auth_methods_supported")
        basic = not ways or (isinstance(ways, list) and "client_secret_basic" in ways)
        client = OAuth2Session(
            client_id=self.facts.client_id,
            client_secret=self.facts.client_secret,
            token_endpoint_auth_method="client_secret_basic" if basic else "client_secret_post",
            scope=" ".join(self.facts.scopes),
            redirect_uri=f"{self.facts.public_url}{ANSWER}",
            code_challenge_method="S256",
        )
        client.verify = self.facts.ca_file or True
        client.trust_env = False
        return client

    def _fetched(self, address: str) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        if not is_guarded(address):
            raise UntrustedError("no https")
        try:
            with requests.Session() as session:
                answer = session.get(
                    address,
                    timeout=_PATIENCE,
                    verify=self.facts.ca_file or True,
                    allow_redirects=False,
                    headers={"Accept": "application/json"},
                )
                if answer.status_code != requests.codes.ok or len(answer.content) > _MOST_BYTES:
                    raise UnreachableError(f"status={answer.status_code}")
                found = answer.json()
        except (requests.RequestException, OSError, ValueError, RecursionError) as error:
            raise UnreachableError(type(error).__name__) from error
        if not isinstance(found, dict):
            raise UnreachableError("no JSON object")
        return found, answer.headers

    def _skew(self) -> float | None:
        """Return how many seconds our clock is before the provider's; None if it does not tell the time."""
        try:
            _, headers = self._fetched(self.metadata()["jwks_uri"])
            told = parsedate_to_datetime(headers.get("Date", ""))
            return (self.clock() - told).total_seconds()
        except (OidcError, ValueError, TypeError, OverflowError):
            return None

    def _is_unknown_client(self) -> bool:
        """Tell whether the provider says that it does not know us, asked with a code that is none."""
        nobody = Begun(nonce="", verifier=secrets.token_urlsafe(32), wanted="", until=self.clock())
        try:
            self._exchanged(self.metadata(), "prov", nobody)
        except OidcError as error:
            return str(error) in {"error=invalid_client", "error=unauthorized_client"}
        return False


def _signs(key: Mapping[str, Any]) -> bool:
    kinds = {"RSA": "RS256", "EC": "ES256"}
    algorithm = kinds.get(str(key.get("kty")))
    fits = algorithm is not None and key.get("alg", algorithm) == algorithm and key.get("use", "sig") == "sig"
    return fits and (key.get("kty") != "EC" or key.get("crv") == "P-256")


def _code(told: str) -> str:
    """Return an error's code for the log, if it looks like one."""
    return told if _CODE.fullmatch(told) else "other"
