"""Reads kept messages once more, and compares with what was made of them then. See also `store.verify`."""

from collections.abc import Iterator, Mapping
from typing import Any

from bots.desk.heard import Heard, from_given, from_mail
from bots.desk.judge import MailReader, Surroundings
from bots.mail.worker import Job
from store import inbox
from store.domain import Inbound, MessageState
from store.engine import Store
from store.verify import Fault, Tally, to_replay

_PARTS = (
    "delat:"  # of a message that was divided: each part has the bytes of the whole, and a name of its own
)
_TELLS_WHO = {"from_addr": "avsändaren", "subject": "ämnet", "message_id": "Message-ID"}
_TELLS_WHAT = ("text", "full_text")


def replay(
    store: Store, reader: MailReader, surroundings: Surroundings, tally: Tally, *, at_once: int = 64
) -> Iterator[Fault]:
    """Walk through the messages that the bytes do not lead to any more: their name, sender, subject or case.

    Mail is read from its bytes; of other roads, whose services tell in their own way, from what the channel
    understood. A text that this release reads in another way is counted, and no fault: reading gets better.
    Raises `StoreError` when the store can not be read.
    """
    after, otherwise = 0, 0
    while True:
        with store.read() as transaction:
            rows = to_replay(transaction, after=after, limit=at_once)
        if not rows:
            break
        after = rows[-1]["id"]
        rows = [row for row in rows if row["data"] is not None]
        for row, heard in zip(rows, _heard(rows, reader, surroundings), strict=True):
            tally.add("omlästa meddelanden")
            yield from _faults(row, heard)
            columns = heard.columns()
            otherwise += any(columns[name] != row[name] for name in _TELLS_WHAT)
    if otherwise:
        tally.remarks.append(f"{otherwise} meddelanden ger en annan text i den här versionen av programmet")


def _heard(rows: list[Mapping[str, Any]], reader: MailReader, surroundings: Surroundings) -> Iterator[Heard]:
    mails = [row for row in rows if row["media_type"] == inbox.MAIL]
    jobs = [
        Job(
            raw=row["data"],
            own=surroundings.own,
            envelope_from=row["envelope_from"],
            form_senders=surroundings.form_senders,
            trusted=surroundings.trusted,
        )
        for row in mails
    ]
    read = {row["id"]: mail for row, mail in zip(mails, reader.read_many(jobs), strict=True)}
    for row in rows:
        yield from_mail(row, read[row["id"]]) if row["id"] in read else from_given(row)


def _faults(row: Mapping[str, Any], heard: Heard) -> Iterator[Fault]:
    here = str(row["id"])
    if (
        not row["dedupe_key"].startswith(_PARTS)
        and inbox.dedupe_key(_inbound(row, heard)) != row["dedupe_key"]
    ):
        yield Fault(table="messages", row=here, what="byten ger ett annat namn än det som står på raden")
    columns = heard.columns()
    for name, word in _TELLS_WHO.items():
        if columns[name] != row[name]:
            yield Fault(table="messages", row=here, what=f"byten ger något annat än raden säger: {word}")
    if row["state"] == MessageState.READ and row["case_id"] is None:
        yield Fault(table="messages", row=here, what="leder inte till något ärende")


def _inbound(row: Mapping[str, Any], heard: Heard) -> Inbound:
    return Inbound(
        channel=row["channel"],
        account=row["account"],
        received_at=row["received_at"],
        raw=row["data"],
        media_type=row["media_type"],
        external_id=row["external_id"],
        said=heard.said,
    )
