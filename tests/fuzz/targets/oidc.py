"""What a provider sends: its description, its keys, a token, and the claims that say who somebody is."""
# ruff: noqa: E501 - seeds are as they come over the wire

import json
from typing import Any
from unittest.mock import patch

import requests

from bots.web.claims import arrival, has_too_many_groups
from bots.web.oidc import IdentityProvider, OidcError, ProviderFacts
from store.domain import Handler, Role
from tests.fuzz.sound import NOW, can_be_written

SEEDS = (
    b'{"sub":"1","preferred_username":"anna","email":"anna@lillkommun.example","groups":["g"],"name":"Anna Ek"}',
    b'{"oid":"1","email":"anna@lillkommun.example","email_verified":false,"_claim_names":{"groups":"x"},"groups":[1]}',
    b'{"preferred_username":["anna"],"groups":"g","sub":5,"name":null}',
    b'{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"1"},{"kty":"EC","crv":"P-256","x":"AA","y":"AA"},3]}',
    b'{"issuer":"https://login.lillkommun.example","authorization_endpoint":"https://login.lillkommun.example/a",'
    b'"token_endpoint":"https://login.lillkommun.example/t","jwks_uri":"https://login.lillkommun.example/k",'
    b'"end_session_endpoint":"https://login.lillkommun.example/e?x=1"}',
    b"eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
    b"eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiIxIn0.AA",
    b'{"keys":{"a":1}}',
    b"[" * 2000,
)
_FACTS = ProviderFacts(
    issuer="https://login.lillkommun.example",
    client_id="synpunkt",
    client_secret="delad hemlighet",
    public_url="https://tycktill.lillkommun.example",
    groups={"g": Role.OPERATOR},
)
_ANNA = Handler(id="anna", name="Anna Ek", email="anna@lillkommun.example")


_DISCOVERY = json.dumps(
    {
        "issuer": _FACTS.issuer,
        "authorization_endpoint": f"{_FACTS.issuer}/a",
        "token_endpoint": f"{_FACTS.issuer}/t",
        "jwks_uri": f"{_FACTS.issuer}/k",
        "end_session_endpoint": f"{_FACTS.issuer}/e",
    }
).encode()


def fuzz(data: bytes) -> None:
    """Let a provider say it in each place; nobody comes in by a token that its keys have not signed."""
    for places in ("openid-configuration", "/k", "/t"):
        with patch.object(requests.Session, "request", _saying(data, where=places)):
            provider = IdentityProvider(facts=_FACTS, clock=lambda: NOW)
            try:
                provider.begin("/arenden")
                provider.keys()
            except OidcError as refused:
                can_be_written([str(refused)])
            provider.check()
            provider.farewell("x")
            _is_refused(provider, data)
    try:
        claims = json.loads(data)
    except (ValueError, RecursionError):
        return
    if isinstance(claims, dict):
        has_too_many_groups(claims, _FACTS)
        came = arrival(claims, "x", _FACTS, {"anna": _ANNA})
        if came is not None:
            can_be_written([came.person])
            assert len(came.person) <= 100


def _is_refused(provider: IdentityProvider, data: bytes) -> None:
    try:
        provider._checked(data.decode("utf-8", "replace"), "nonce", "")
    except OidcError as refused:
        can_be_written([str(refused)])
        return
    raise AssertionError("a token was believed")


def _saying(data: bytes, *, where: str) -> Any:
    def request(_session: requests.Session, _method: str, address: str, **_: Any) -> requests.Response:
        answer = requests.Response()
        answer.status_code = 200
        answer.headers["Date"] = data[:60].decode("latin-1").replace("\n", " ")
        answer._content = data if address.endswith(where) else _DISCOVERY
        return answer

    return request
