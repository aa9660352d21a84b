"""One message as the desk sees it, whatever road it came by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bots.mail.reading import DeliveryReport, ReadMail
from store.domain import (
    Address,
    Attachment,
    Automatic,
    Command,
    Delivered,
    Event,
    Kind,
    MessageState,
    Said,
    SenderCategory,
    Source,
    Taken,
    Verdict,
    Visibility,
)

_TITLE_LENGTH = 120
_GREETING = 3  # words
_SOURCES = {
    "web": Source.WEB,
    "smtp": Source.EMAIL,
    "imap": Source.EMAIL,
    "receive": Source.EMAIL,
    "sms": Source.SMS,
}


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A kept message with what reading made of it. `answer_to` is the one place a receipt may go to."""

    message_id: int
    channel: str
    received_at: datetime
    recipients: tuple[str, ...]
    from_addr: str
    from_name: str
    answer_to: Address | None
    subject: str
    text: str
    full_text: str
    header_id: str = ""
    references: tuple[str, ...] = ()
    automatic: Automatic | None = None
    automatic_kind: str = ""
    report: DeliveryReport | None = None
    verdicts: frozenset[Verdict] = frozenset()
    attachments: tuple[Attachment, ...] = ()
    warnings: tuple[str, ...] = ()
    chosen_kind: Kind | None = None
    language: str = ""
    wished: Address | None = None  # where the answer is wished; its handle may be missing
    pick_up: str = ""  # of an anonymous sender's code
    taken: Taken | None = None  # of what a member of staff took down
    account: str = ""
    said: Said | None = None  # of what came by a chat, an SMS or a social medium
    state: MessageState = MessageState.READ

    @property
    def title(self) -> str:
        """Return what to call the case in a list: the subject, or else the first words."""
        words = self.subject or _first_words(self.text or self.full_text)
        return " ".join(words.split())[:_TITLE_LENGTH] or "(utan text)"

    @property
    def source(self) -> Source | None:
        """Return how it reached us, or None if its channel does not tell (row L6)."""
        told = self.said.source if self.said else None
        return self.taken.source if self.taken else told or _SOURCES.get(self.channel)

    @property
    def for_classifier(self) -> str:
        """Return what the classifier reads: subject and new text."""
        return f"{self.subject}\n{self.text}".strip()

    @property
    def is_answerable(self) -> bool:
        """Tell whether a person may be waiting for an acknowledgement of this message."""
        return self.automatic in {None, Automatic.WEB_FORM} and self.answer_to is not None

    def columns(self) -> dict[str, Any]:
        """Return what reading made of the message, as columns of the table `messages`."""
        return {
            "from_addr": self.from_addr,
            "from_name": self.from_name,
            "answer_to": self.answer_to.handle if self.answer_to else "",
            "subject": self.subject,
            "message_id": self.header_id,
            "text": self.text,
            "full_text": self.full_text,
            "automatic": self.automatic or "",
            "automatic_kind": self.automatic_kind,
            "attachments": [
                {"name": one.name, "media_type": one.media_type, "size": one.size} for one in self.attachments
            ],
            "verdicts": sorted(self.verdicts),
            "warnings": list(self.warnings),
        }


def _first_words(text: str) -> str:
    """Return the first paragraph that is more than a greeting; signatures and fields of a form come later."""
    paragraphs = text.split("\n\n")
    return next((one for one in paragraphs if len(one.split()) > _GREETING), text)


def from_mail(row: Mapping[str, Any], mail: ReadMail) -> Heard:
    """Make a `Heard` of a kept mail (a row of `store.inbox.claim`) and what reading made of it."""
    return Heard(
        message_id=row["id"],
        channel=row["channel"],
        received_at=row["received_at"],
        recipients=(*row["envelope_to"], *mail.to),
        from_addr=mail.from_addr,
        from_name=mail.from_name,
        answer_to=Address(channel="email", handle=mail.answer_to) if mail.answer_to else None,
        subject=mail.subject,
        text=mail.text,
        full_text=mail.full_text,
        header_id=mail.message_id,
        references=mail.references,
        automatic=mail.automatic,
        automatic_kind=mail.automatic_kind,
        report=mail.report,
        verdicts=mail.verdicts,
        attachments=mail.attachments,
        warnings=mail.warnings,
    )


def from_given(row: Mapping[str, Any]) -> Heard:
    """Make a `Heard` of a message that its channel has already understood, such as a web form."""
    given = row["given"]
    handle = given["sender_handle"]
    taken = _taken(given.get("taken"))
    said = _said(given.get("said"))
    sender = Address(channel=given["sender_channel"], handle=handle) if handle else None
    return Heard(
        message_id=row["id"],
        channel=row["channel"],
        received_at=row["received_at"],
        recipients=tuple(row["envelope_to"]),
        from_addr=handle,
        from_name=given["sender_name"],
        answer_to=sender,
        subject=given["subject"],
        text=given["text"],
        full_text=given["text"],
        chosen_kind=Kind(given["chosen_kind"]) if given["chosen_kind"] else None,
        language=given["language"],
        # Messages that were kept by an earlier release know nothing of these.
        wished=_wished(given),
        pick_up=given.get("pick_up", ""),
        taken=taken,
        account=row["account"],
        said=said,
        header_id=row["external_id"] if said else "",
        automatic=said.automatic if said else None,
        automatic_kind=row["channel"] if said and said.automatic else "",
        warnings=said.lacks if said else (),
        attachments=taken.files if taken else tuple(Attachment(**one) for one in given.get("files", ())),
    )


def _taken(given: Mapping[str, Any] | None) -> Taken | None:
    if not given:
        return None
    return Taken(
        source=Source(given["source"]),
        by=given["by"],
        recorder=given["recorder"],
        category=SenderCategory(given["category"]) if given["category"] else None,
        phone=given["phone"],
        unit=given["unit"],
        measure=given["measure"],
        files=tuple(Attachment(**one) for one in given["files"]),
    )


def _said(given: Mapping[str, Any] | None) -> Said | None:
    if not given:
        return None
    return Said(
        conversation=given["conversation"],
        event=Event(given["event"]),
        version=given["version"],
        about=given["about"],
        group=given["group"],
        visibility=Visibility(given["visibility"]),
        automatic=Automatic(given["automatic"]) if given["automatic"] else None,
        command=Command(given["command"]) if given["command"] else None,
        choice=given["choice"],
        delivered=Delivered(given["delivered"]) if given["delivered"] else None,
        because=given["because"],
        source=Source(given["source"]) if given["source"] else None,
        link=given["link"],
        lacks=tuple(given["lacks"]),
        taken_up=given.get("taken_up", ""),
    )


def _wished(given: Mapping[str, str]) -> Address | None:
    channel = given.get("wished_channel", "")
    return Address(channel=channel, handle=given["wished_handle"]) if channel else None


def unreadable(row: Mapping[str, Any]) -> Heard:
    """Make a `Heard` of a message that could not be read: only the envelope speaks, and nobody is thanked."""
    return Heard(
        message_id=row["id"],
        channel=row["channel"],
        received_at=row["received_at"],
        recipients=tuple(row["envelope_to"]),
        from_addr=row["envelope_from"] or "",
        from_name="",
        answer_to=None,
        subject="",
        text="",
        full_text="",
        warnings=("Meddelandet kunde inte läsas. Öppna originalet.",),
        state=MessageState.UNREADABLE,
    )
