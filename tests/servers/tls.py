"""Certificates for tests, from an authority that is thrown away."""

import ssl
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Authority:
    """A certificate authority that only this test believes in."""

    _ca: trustme.CA = field(default_factory=trustme.CA)

    def server(self, *, expires: datetime | None = None) -> ssl.SSLContext:
        """Return the context of a server on loopback."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert("localhost", "127.0.0.1", not_after=expires).configure_cert(context)
        return context

    @cached_property
    def client(self) -> ssl.SSLContext:
        """Return the context of a client that believes in this authority alone."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._ca.configure_trust(context)
        return context

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write a server's chain with key, and the authority's own certificate."""
        chain, root = folder / "server.pem", folder / "ca.pem"
        self._ca.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(chain))
        self._ca.cert_pem.write_to_path(str(root))
        return chain, root
