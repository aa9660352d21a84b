"""Delivery reports, receipts of reading and calendar answers: what a machine says of a letter of ours."""
# ruff: noqa: E501 - seeds are as they come over the wire

from bots.mail.reading import read
from store.domain import Automatic
from tests.fuzz.sound import can_be_written

SEEDS = (
    b"Reporting-MTA: dns; mx.example.se\n\nFinal-Recipient: rfc822; eva@example.se\nAction: failed\n"
    b"Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 Unknown user",
    b"Final-Recipient: rfc822;asa@example.se\nAction: delayed\nStatus: 4.4.1\nWill-Retry-Until: x",
    b"Action: delivered\nStatus: 2.0.0\n\nFinal-Recipient: utf-8; bo@example.se\nAction: failed\nStatus: 5.2.2",
    b"Original-Recipient: rfc822;\nFinal-Recipient: =?utf-8?Q?x?=\nAction:\n failed\nStatus: 5",
    b"Original-Message-ID: <s1.a.b@example.se>\nDisposition: manual-action/MDN-sent-manually; displayed",
)
_HEAD = (
    b"From: MAILER-DAEMON@example.se\nTo: synpunkter@lillkommun.example\nSubject: Undelivered Mail\n"
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=B\n\n--B\n\nDet gick inte.\n"
    b"--B\nContent-Type: message/delivery-status\n\n"
)
_TAIL = b"\n--B\nContent-Type: message/rfc822\n\nSubject: x\nMessage-ID: <a@example.se>\n\nHej\n--B--\n"


def fuzz(data: bytes) -> None:
    """Read the bytes as a delivery report: whatever stands there, it is a machine's."""
    found = read(_HEAD + data + _TAIL, envelope_from="")
    assert found.automatic is not None
    assert found.automatic is not Automatic.WEB_FORM
    assert not any("innehåll kunde inte läsas" in warning for warning in found.warnings), found.warnings
    if found.report is not None:
        can_be_written([found.report.action, found.report.status, found.report.final_recipient])
