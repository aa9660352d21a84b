"""Only what a trusted server wrote on top of a mail is believed."""

import pytest

from bots.mail.verdicts import FAMILIES, TrustedFront, verdicts
from store.domain import Verdict
from tests.post.made import mail

HOP = (
    "Received: from mail.example.net (mail.example.net [192.0.2.7])"
    " by mx.lillkommun.example (Postfix); Mon, 4 Mar 2024 10:15:00 +0100\n"
)
ALL_FAMILIES = TrustedFront(
    received_by="mx.lillkommun.example", families=FAMILIES, authserv_id="mx.lillkommun.example"
)
_SPAM = [
    "X-Spam: Yes",
    "X-Rspamd-Action: add header",
    "X-Spam-Flag: YES",
    "X-Spam-Status: Yes, score=8.1 required=5.0",
    "X-Forefront-Antispam-Report: CIP:192.0.2.7;CTRY:;LANG:sv;SCL:5;SFV:SPM;CAT:SPM;",
    "X-Forefront-Antispam-Report: CIP:192.0.2.7;SCL:-1;SFV:NSPM;CAT:PHSH;",
    "X-MS-Exchange-Organization-SCL: 6",
]
_FINE = [
    "X-Spam: No",
    "X-Rspamd-Action: no action",
    "X-Spam-Flag: NO",
    "X-Spam-Status: No, score=-1.1 required=5.0",
    "X-Forefront-Antispam-Report: CIP:192.0.2.7;SCL:1;SFV:NSPM;",
    "X-MS-Exchange-Organization-SCL: -1",
    "X-MS-Exchange-Organization-SCL: ²",
    "X-Forefront-Antispam-Report: ;;::;SCL",
]
DMARC = "Authentication-Results: mx.lillkommun.example; spf=pass; dmarc=fail (p=none) header.from=example.se"


def _mail(above: str, below: str = "") -> bytes:
    return (above + HOP + below).replace("\n", "\r\n").encode() + mail()


@pytest.mark.parametrize("line", _SPAM)
def test_a_verdict_above_the_fronts_own_hop_counts(line: str) -> None:
    assert verdicts(_mail(f"{line}\n"), trusted=ALL_FAMILIES) == {Verdict.SPAM}


@pytest.mark.parametrize("line", _FINE)
def test_a_good_verdict_is_no_verdict(line: str) -> None:
    assert verdicts(_mail(f"{line}\n"), trusted=ALL_FAMILIES) == frozenset()


@pytest.mark.parametrize("line", [*_SPAM, DMARC])
def test_a_forged_verdict_below_the_fronts_hop_counts_for_nothing(line: str) -> None:
    assert verdicts(_mail(f"{line}\n"), trusted=ALL_FAMILIES) != frozenset()
    assert verdicts(_mail("", f"{line}\n"), trusted=ALL_FAMILIES) == frozenset()


@pytest.mark.parametrize("line", [*_SPAM, DMARC])
def test_a_forged_hop_with_our_fronts_name_opens_no_door(line: str) -> None:
    forged = f"{line}\n{HOP}"

    assert verdicts(_mail("", forged), trusted=ALL_FAMILIES) == frozenset()


@pytest.mark.parametrize("line", [*_SPAM, DMARC])
def test_nothing_is_trusted_unless_the_settings_say_so(line: str) -> None:
    assert verdicts(_mail(f"{line}\n"), trusted=TrustedFront()) == frozenset()
    assert (
        verdicts(_mail(f"{line}\n"), trusted=TrustedFront(received_by="mx.lillkommun.example")) == frozenset()
    )


@pytest.mark.parametrize("line", [*_SPAM, DMARC])
def test_a_mail_that_did_not_pass_the_front_has_no_verdict(line: str) -> None:
    trusted = TrustedFront(
        received_by="annan.example", families=FAMILIES, authserv_id="mx.lillkommun.example"
    )

    assert verdicts(_mail(f"{line}\n"), trusted=trusted) == frozenset()


def test_only_the_family_that_is_named_counts() -> None:
    trusted = TrustedFront(received_by="mx.lillkommun.example", families=frozenset({"rspamd"}))

    assert verdicts(_mail("X-Spam-Flag: YES\n"), trusted=trusted) == frozenset()


def test_a_front_that_strips_forgeries_may_write_at_the_bottom() -> None:
    trusted = TrustedFront(families=frozenset({"rspamd"}), strips_forged=True)

    assert verdicts(_mail("", "X-Spam: Yes\n"), trusted=trusted) == {Verdict.SPAM}


def test_a_failed_dmarc_of_our_own_server_counts() -> None:
    assert verdicts(_mail(f"{DMARC}\n"), trusted=ALL_FAMILIES) == {Verdict.DMARC_FAILED}


@pytest.mark.parametrize(
    "line",
    [
        "Authentication-Results: mx.lillkommun.example.bov.example; dmarc=fail",
        "Authentication-Results: mx.lillkommun; dmarc=fail",
        "Authentication-Results: bov.example; dmarc=fail",
        "Authentication-Results: mx.lillkommun.example; dmarc=pass (dmarc=fail)",
        'Authentication-Results: mx.lillkommun.example; spf=pass smtp.mailfrom="; dmarc=fail"',
        "Authentication-Results: mx.lillkommun.example; none",
        "Authentication-Results: ; dmarc=fail",
        "Authentication-Results:",
    ],
)
def test_other_authentication_results_do_not_count(line: str) -> None:
    assert verdicts(_mail(f"{line}\n"), trusted=ALL_FAMILIES) == frozenset()


def test_only_the_topmost_result_of_our_server_counts() -> None:
    passed = "Authentication-Results: MX.lillkommun.example 1; dmarc=pass"

    assert verdicts(_mail(f"{passed}\n{DMARC}\n"), trusted=ALL_FAMILIES) == frozenset()
    assert verdicts(_mail(f"{DMARC}\n{passed}\n"), trusted=ALL_FAMILIES) == {Verdict.DMARC_FAILED}


def test_a_sender_who_greets_with_by_cannot_hide_the_fronts_hop() -> None:
    hop = "Received: from by (by [192.0.2.7]) by mx.lillkommun.example; Mon, 4 Mar 2024 10:15:00 +0100\n"
    raw = ("X-Spam: Yes\n" + hop).replace("\n", "\r\n").encode() + mail()

    assert verdicts(raw, trusted=ALL_FAMILIES) == {Verdict.SPAM}


def test_bytes_without_meaning_have_no_verdict() -> None:
    assert verdicts(bytes(range(256)), trusted=ALL_FAMILIES) == frozenset()
