"""The token endpoint is a real HTTP server on loopback; the key and its signature are real as well."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bots.channel import TemporaryFailure
from bots.mail.oauth_google import GoogleServiceAccount

PRIVATE_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@contextmanager
def token_endpoint(answer: dict[str, object], *, status: int = 200) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/token", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def a_key(token_uri: str) -> str:
    pem = PRIVATE_KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return json.dumps(
        {
            "type": "service_account",
            "private_key": pem.decode(),
            "client_email": "synpunkt@projekt.example",
            "token_uri": token_uri,
        }
    )


async def test_a_service_account_asks_for_the_mailbox_and_gets_a_token_once() -> None:
    with token_endpoint({"access_token": "abc", "expires_in": 3600, "token_type": "Bearer"}) as (uri, asked):
        source = GoogleServiceAccount(key=a_key(uri), user="tycktill@lillkommun.example")

        tokens = [await source.token(), await source.token()]

    claims = parse_qs(asked[0])["assertion"][0].split(".")[1]
    said = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert tokens == ["abc", "abc"]
    assert len(asked) == 1
    assert said["sub"] == "tycktill@lillkommun.example"
    assert said["scope"] == "https://mail.google.com/"


async def test_a_refused_account_is_a_failure_that_may_pass_and_tells_what_to_do() -> None:
    with token_endpoint({"error": "unauthorized_client"}, status=401) as (uri, _):
        source = GoogleServiceAccount(key=a_key(uri), user="tycktill@lillkommun.example")

        with pytest.raises(TemporaryFailure, match="delegering för hela domänen"):
            await source.token()


@pytest.mark.parametrize("key", ["", "{}", "[]", '{"type": "service_account"}', "inte json"])
def test_what_is_no_key_is_refused_before_anything_is_fetched(key: str) -> None:
    with pytest.raises(ValueError, match="JSON-nyckel"):
        GoogleServiceAccount(key=key, user="tycktill@lillkommun.example")
