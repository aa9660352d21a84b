"""Finds the case that a message belongs to, and the letter that a bounce is about."""

import re
from collections.abc import Sequence

from bots.mail.identity import Identity
from store import cases, outbox
from store.domain import Status
from store.engine import Transaction

_NUMBER = re.compile(r"\b[A-ZÅÄÖ]{2,10}-\d{4}-\d{6}\b")


def case_of(
    transaction: Transaction,
    identity: Identity,
    *,
    references: Sequence[str],
    recipients: Sequence[str],
    sender: str,
    staff: Sequence[str] = (),
) -> int | None:
    """Return the case that a message continues, or None. `staff` are the mail addresses of the handlers.

    Only what we have signed leads into a case: a Message-ID of ours among the references, or the secret
    reply address of the sender or of a handler. A sender who refers to a mail of their own is let in as well.
    A case number is not enough.
    """
    signed = [identity.case_of_message_id(reference) for reference in reversed(references)]
    signed += [identity.case_of_address(address) for address in recipients]
    given = [one for one in recipients if identity.is_handler_address(one)]  # seldom any, and staff are many
    signed += [identity.case_of_handler_address(address, reader) for address in given for reader in staff]
    for case_id in signed:
        found = cases.find(transaction, case_id) if case_id is not None else None
        # Nobody looks into a case that is disposed of: what comes to it is a new one.
        if found is not None and found["status"] != Status.DISPOSED:
            return case_id
    return cases.of_sender_message(transaction, references, sender)


def was_written_to(identity: Identity, reader: str, case_id: int, recipients: Sequence[str]) -> bool:
    """Tell whether one of these is the secret address that only `reader` has been given in a case."""
    return any(identity.case_of_handler_address(address, reader) == case_id for address in recipients)


def answers_letter_to(
    transaction: Transaction, identity: Identity, reader: str, case_id: int, references: Sequence[str]
) -> bool:
    """Tell whether a message refers to a letter of ours that went to `reader` alone.

    That is for where plus-addresses do not work. A sender has no such letter's Message-ID.
    """
    ours = [one for one in references if identity.case_of_message_id(one) == case_id]
    return outbox.went_to(transaction, ours, reader)


def case_mentioned(transaction: Transaction, *texts: str) -> int | None:
    """Return the first case whose number is quoted. It may be named beside a new case, never written in."""
    for text in texts:
        for match in _NUMBER.finditer(text[:20_000]):
            found = cases.find_number(transaction, match[0])
            if found is not None:
                return int(found["id"])
    return None


def letter_of(
    transaction: Transaction,
    identity: Identity,
    *,
    recipients: Sequence[str],
    original_message_id: str,
) -> int | None:
    """Return the letter that a delivery report is about: by its signed bounce address, or by its Message-ID.

    The Message-ID must be one that we signed, so that nobody can declare our letters undelivered.
    """
    for address in recipients:
        letter_id = identity.letter_of_address(address)
        if letter_id is not None and outbox.exists(transaction, letter_id):
            return letter_id
    if original_message_id and identity.case_of_message_id(original_message_id) is not None:
        return outbox.find_external(transaction, original_message_id)
    return None
