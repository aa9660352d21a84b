"""What the mail server in front says in headers, and what a sender writes to look like it."""
# ruff: noqa: E501 - seeds are as they come over the wire

from bots.mail.verdicts import TrustedFront, received_times, verdicts

SEEDS = (
    b"Received: from a (b [192.0.2.1]) by mx.example.se (Postfix) with ESMTP id 1; Mon, 23 Nov 2026 09:00:00 +0100\n"
    b"Authentication-Results: mx.example.se; dmarc=fail (p=reject) header.from=example.se; spf=pass\n\nHej",
    b"X-Spam-Flag: YES\nX-Spam-Status: Yes, score=9.1 required=5\nReceived: by mx.example.se; x\n\n",
    b"X-Forefront-Antispam-Report: CIP:192.0.2.1;SCL:9;SFV:SPM;CAT:PHSH\nReceived: from by by mx.example.se\n\n",
    b"X-Rspamd-Action: add header\nX-Spam: Yes\nReceived: (((((by mx.example.se)))))\n\n",
    b'Authentication-Results: mx.example.se 1; dmarc="fail"; dmarc=fail\nReceived: from x by mx.example.se.\n\n',
)
_FAMILIES = frozenset({"rspamd", "spamassassin", "microsoft"})
_FRONTS = (
    TrustedFront(received_by="mx.example.se", families=_FAMILIES, authserv_id="mx.example.se"),
    TrustedFront(families=_FAMILIES, authserv_id="mx.example.se", strips_forged=True),
)


def fuzz(data: bytes) -> None:
    """Read what the front says; without a front nothing is said."""
    for front in _FRONTS:
        verdicts(data, trusted=front)
    assert verdicts(data, trusted=TrustedFront()) == frozenset()
    for host, at in received_times(data):
        assert host
        assert at.tzinfo is not None
