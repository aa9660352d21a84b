"""The tunnels that we dig and that are dug to us: nothing older than TLS 1.2, and every name is proved."""

import asyncio
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bots.channels.smtp import Smtp
from bots.parts import _smtp
from bots.settings import SmtpSettings
from tests.servers.hearing import Kept, listening
from tests.servers.tls import Authority

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OURS = "synpunkter@lillkommun.example"


def as_configured(folder: Path, authority: Authority) -> Smtp:
    chain, _ = authority.write(folder)
    settings = SmtpSettings(port=0, recipients=[OURS], certificate=str(chain), key=str(chain))
    return _smtp(settings, OURS, lambda: NOW)


async def shaken(port: int, client: ssl.SSLContext) -> str | None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        await reader.readline()
        writer.write(b"EHLO mx.example.org\r\nSTARTTLS\r\n")
        while not (await reader.readline()).startswith(b"220"):
            pass
        await writer.start_tls(client, server_hostname="127.0.0.1")
        found: ssl.SSLObject = writer.get_extra_info("ssl_object")
        return found.version()
    finally:
        writer.close()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_a_server_that_speaks_an_old_tongue_is_not_let_in(tmp_path: Path) -> None:
    authority = Authority()
    channel = as_configured(tmp_path, authority)
    old = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    old.set_ciphers("ALL:@SECLEVEL=0")  # it would say TLS 1.1 if it were let
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1

    async with listening(channel, Kept()):
        assert await shaken(channel.port, authority.client) == "TLSv1.3"
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await shaken(channel.port, old)


@pytest.mark.parametrize(
    "made", [ssl.create_default_context, lambda: ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)]
)
def test_what_python_takes_for_a_safe_tunnel_is_tls_1_2_at_least(made: Callable[[], ssl.SSLContext]) -> None:
    assert made().minimum_version >= ssl.TLSVersion.TLSv1_2


def test_what_we_call_ourselves_must_prove_its_name() -> None:
    context = ssl.create_default_context()

    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_nowhere_is_a_certificate_believed_unproved() -> None:
    root = Path(__file__).parent.parent.parent
    careless = (
        "CERT_NONE",
        "check_hostname = False",
        "verify=False",
        "_create_unverified_context",
        "ssl=False",
    )

    found = [
        path.name
        for room in ("bots", "classifier", "store", "templates")
        for path in (root / room).rglob("*.py")
        for word in careless
        if word in path.read_text(encoding="utf-8")
    ]

    # It shakes hands with itself, in memory, to read until when our own is good.
    assert set(found) == {"certificate.py"}
