"""A provider that lies on demand: real HTTP, real signatures, and whatever a test wants to be wrong.

What a true provider does is tried with `tests.servers.provider`, which can not be made to sign such tokens.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from bots.web.oidc import ProviderFacts

CLIENT = "synpunkt"
_PUBLIC = "http://test"


@dataclass
class Forger:
    """What the provider says. `token` makes the ID token, `metadata` changes what it publishes."""

    issuer: str = ""
    key: Any = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "ett", "use": "sig"}))
    claims: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    published: list[Any] | None = None
    token: Callable[["Forger", dict[str, Any]], str] | None = None
    refuses: str = ""
    status: int = 200
    nonce: str = ""
    asked: list[Mapping[str, str]] = field(default_factory=list)

    @property
    def facts(self) -> ProviderFacts:
        return ProviderFacts(
            issuer=self.issuer, client_id=CLIENT, client_secret="delad hemlighet", public_url=_PUBLIC
        )

    def right(self) -> dict[str, Any]:
        """Return the claims of a token with nothing wrong in it."""
        now = int(time.time())
        return {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "1",
            "exp": now + 300,
            "iat": now,
            "nonce": self.nonce,
            "preferred_username": "anna.ek@example.se",
        }

    def signed(self, claims: Mapping[str, Any], *, key: Any = None, algorithm: str = "RS256") -> str:
        """Sign claims by a key; the header names the key that is published."""
        header = {"alg": algorithm, "kid": "ett"}
        signer = key or self.key
        return jwt.encode(header, dict(claims), signer, algorithms=[algorithm], registry=_lenient(algorithm))

    def answer(self, path: str, sent: Mapping[str, str]) -> tuple[int, Mapping[str, Any]]:
        if path == "/.well-known/openid-configuration":
            return self.status, {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                **self.metadata,
            }
        if path == "/keys":
            keys = [self.key] if self.published is None else self.published
            return 200, {
                "keys": [one if isinstance(one, dict) else one.as_dict(private=False) for one in keys]
            }
        self.asked.append(sent)
        if self.refuses:
            return 400, {"error": self.refuses}
        claims = {name: value for name, value in (self.right() | self.claims).items() if value is not None}
        made = self.token(self, claims) if self.token else self.signed(claims)
        return 200, {"access_token": "biljett", "token_type": "Bearer", "expires_in": 60, "id_token": made}


def _lenient(algorithm: str) -> jws.JWSRegistry:
    return jws.JWSRegistry(algorithms=[algorithm])


def shared_secret(text: str) -> OctKey:
    """Make a key that both sides know."""
    return OctKey.import_key(text)


def curve() -> ECKey:
    """Make a key for ES256."""
    return ECKey.generate_key("P-256", {"kid": "ett", "use": "sig"})


@contextmanager
def forger() -> Iterator[Forger]:
    """Serve the forger on a free port."""
    one = Forger()

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._say({name: values[0] for name, values in parse_qs(body).items()})

        def _say(self, sent: Mapping[str, str]) -> None:
            status, said = one.answer(urlsplit(self.path).path, sent)
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    one.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield one
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
