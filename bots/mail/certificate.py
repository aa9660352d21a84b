"""Reads when a server certificate runs out, with the TLS of the standard library alone."""

import ssl
from datetime import UTC, datetime

# OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which the ssl module has no name for. An expired certificate
# must be read too: its date is what the operator needs to hear.
_NO_CHECK_TIME = 0x200000


def expires_at(context: ssl.SSLContext) -> datetime:
    """Return the moment when the certificate of a server context runs out.

    Raises `ssl.SSLError` for a context without a certificate.
    """
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    stranger.check_hostname = False
    stranger.verify_mode = ssl.CERT_NONE
    der = _handshake(context, stranger).getpeercert(binary_form=True)
    # Only a verified certificate can be read, so the second client trusts just this one.
    friend = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    friend.check_hostname = False
    friend.load_verify_locations(cadata=der or b"")
    friend.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME
    facts = _handshake(context, friend).getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(facts["notAfter"])), tz=UTC)


def _handshake(server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> ssl.SSLObject:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    client = client_context.wrap_bio(to_client, to_server)
    # TLS 1.2 and 1.3 are both done within four turns each.
    for _ in range(8):
        ready = [_step(client), _step(server)]
        if all(ready):
            return client
    raise ssl.SSLError("the handshake did not come to an end")


def _step(side: ssl.SSLObject) -> bool:
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True
