"""Tells a machine's mail from a human's. Automatic mail is kept like any other, but never acknowledged."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from bots.mail.headers import Fields, decoded, first_person, one_line, usable_address
from store.domain import Automatic

_OUR_ID = re.compile(r"<s\d{1,12}\.[0-9a-z]{1,24}\.[0-9a-z]{26}@([^>\s]{1,255})>")
_PRECEDENCE = {
    "bulk": Automatic.BULK,
    "junk": Automatic.BULK,
    "list": Automatic.BULK,
    "auto_reply": Automatic.AUTO_REPLY,
}
# Any value counts, save where one is named.
_TELLING: tuple[tuple[str, str, Automatic], ...] = (
    ("x-failed-recipients", "", Automatic.BOUNCE),
    ("x-ms-exchange-message-is-ndr", "", Automatic.BOUNCE),
    ("x-autoreply", "", Automatic.AUTO_REPLY),
    ("x-autorespond", "", Automatic.AUTO_REPLY),
    ("x-autoresponder", "", Automatic.AUTO_REPLY),
    ("x-autoreply-from", "", Automatic.AUTO_REPLY),
    ("x-mail-autoreply", "", Automatic.AUTO_REPLY),
    ("x-vacation", "", Automatic.AUTO_REPLY),
    ("x-post-messageclass", "autoresponder", Automatic.AUTO_REPLY),
    ("x-ms-exchange-inbox-rules-loop", "", Automatic.OTHER),
    ("x-apple-action", "", Automatic.OTHER),
    ("x-cron-env", "", Automatic.OTHER),
    ("x-fc-machinegenerated", "true", Automatic.OTHER),
    ("list-id", "", Automatic.BULK),
    ("list-unsubscribe", "", Automatic.BULK),
    ("list-post", "", Automatic.BULK),
    ("list-help", "", Automatic.BULK),
    ("mailing-list", "", Automatic.BULK),
    ("x-beenthere", "", Automatic.BULK),
    ("x-mailman-version", "", Automatic.BULK),
    ("feedback-id", "", Automatic.BULK),
    ("x-loop", "", Automatic.OTHER),
)
_BOUNCER = re.compile(r"mailer-daemon|postmaster|microsoftexchange[0-9a-f]{8,64}|bounces?(?:[+-].*)?")
_NO_REPLY = re.compile(
    r"no-?reply.*|do[-_.]?not[-_.]?reply.*|no_reply.*|svara[-_.]?(?:inte|ej)|ej[-_.]?svar|inte[-_.]?svara"
    r"|.{1,50}-(?:owner|request)"
)
# "Frånvaro i skolan" and "Kvittens saknas" are what citizens write about, so more must stand beside.
_SUBJECTS: tuple[tuple[Automatic, str], ...] = (
    (
        Automatic.AUTO_REPLY,
        r"automati(?:skt|sk) svar|autosvar\b|semester:|frånvaro(?:meddelande|svar)"
        r"|frånvar(?:o|ande)\s*(?:$|[-:–,(\d]|t\W?o\W?m\b|till\b(?! följd)|fram till\b|från kontoret)"
        r"|out of (?:the )?office|automatic reply"
        r"|auto(?:matic)?[- ]?reply:|automatische antwort|automaattinen vastaus|fraværs"
        r"|abwesenheits(?:notiz|nachricht|meldung|benachrichtigung|hinweis|assistent|agent|mail)"
        r"|poissa\b|poissaolo(?:ilmoitus|viesti|vastaus)",
    ),
    (Automatic.DISPOSITION, r"läst:|ej läst:|mottagningsbekräftelse|read:|kvittens\s*(?:$|:)|lest:|luettu:"),
    (Automatic.CALENDAR_REPLY, r"accepterat:|avböjt:|preliminärt:|accepted:|declined:|tentative:"),
    (
        Automatic.BOUNCE,
        r"det gick inte att leverera|olevererbar|undeliverable|undelivered (?:mail|message)|returned mail"
        r"|failure notice|mail delivery (?:failed|subsystem)|delivery status notification \(failure\)",
    ),
    (Automatic.DELAYED, r"försenat:|delivery status notification \(delay\)|delayed:"),
    (Automatic.DELIVERED, r"levererat:|delivered:"),
    (Automatic.OTHER, r"återkallande:|återkalla:|recall:"),
)
# Anchored at the start: in "Sv: Automatiskt svar" a human has answered the machine.
_SUBJECT_RULES = tuple(
    (kind, re.compile(rf"\s{{0,20}}(?:{words})", re.IGNORECASE)) for kind, words in _SUBJECTS
)


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Which kind of machine wrote, and the rule that said so."""

    kind: Automatic
    rule: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that the rules look at."""

    fields: Fields
    from_addr: str
    subject: str
    message_id: str
    media_type: str
    media_options: dict[str, str]
    types: Collection[str] = ()
    calendar_reply: bool = False
    action: str = ""  # of the delivery report, if there is one
    envelope_from: str | None = None
    own: Collection[str] = ()
    form_senders: Collection[str] = ()


def detect(evidence: Evidence) -> Mark | None:
    """Return the first rule that takes the mail for automatic, or None for a human's.

    Which kind it is may be told by a later rule: a null sender says "machine", the report says "bounce".
    """
    marks = [mark for rule in _RULES if (mark := rule(evidence)) is not None]
    if not marks:
        return _web_form(evidence)
    report = _report(evidence)
    form = _web_form(evidence)
    if form is not None and report is None:
        return form
    # An own address in From is the surest sign of all, save when a report says what has happened.
    sure = next((mark.kind for mark in marks if mark.kind is Automatic.OWN_LOOP and report is None), None)
    told = next(
        (mark.kind for mark in (report, *marks) if mark is not None and mark.kind is not Automatic.OTHER),
        None,
    )
    return Mark(kind=sure or told or Automatic.OTHER, rule=marks[0].rule)


def is_own(address: str, own: Collection[str]) -> bool:
    """Tell whether an address is one of ours, whatever its case and its plus-tag."""
    return bool(address) and untagged(address) in {untagged(one) for one in own}


def untagged(address: str) -> str:
    """Return the address in one case and without plus-tag, for comparison only."""
    local, _, domain = address.strip().casefold().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def cannot_answer(address: str) -> bool:
    """Tell whether the address itself says that nobody reads there."""
    local = address.partition("@")[0].lower()
    return bool(_BOUNCER.fullmatch(local) or _NO_REPLY.fullmatch(local))


def _web_form(evidence: Evidence) -> Mark | None:
    if is_own(evidence.from_addr, evidence.form_senders):
        return Mark(kind=Automatic.WEB_FORM, rule="form sender")
    return None


def _null_sender(evidence: Evidence) -> Mark | None:
    sender = evidence.envelope_from
    if sender is None:
        if "return-path" not in evidence.fields:
            return None
        sender = evidence.fields.first("return-path").strip() or "<>"
    address = sender.strip().strip("<>").strip()
    if address == "":
        kind = (
            Automatic.AUTO_REPLY if not _BOUNCER.fullmatch(_local(evidence.from_addr)) else Automatic.BOUNCE
        )
        by_subject = _subject(evidence)
        return Mark(kind=by_subject.kind if by_subject else kind, rule="null sender")
    if _local(address) == "mailer-daemon":
        return Mark(kind=Automatic.BOUNCE, rule="Return-Path: mailer-daemon")
    return None


def _auto_submitted(evidence: Evidence) -> Mark | None:
    for value in evidence.fields.every("auto-submitted"):
        word = re.sub(r"\([^()]{0,200}\)", " ", value).partition(";")[0].strip().lower()
        if word and word != "no":
            kind = Automatic.AUTO_REPLY if word.startswith("auto-replied") else Automatic.OTHER
            # Any bytes can stand there, though RFC 3834 has words for it.
            return Mark(kind=kind, rule=f"Auto-Submitted: {one_line(decoded(word), 40)}")
    return None


def _report(evidence: Evidence) -> Mark | None:
    if evidence.calendar_reply:
        return Mark(kind=Automatic.CALENDAR_REPLY, rule="text/calendar method=REPLY")
    if evidence.media_type != "multipart/report" and not any(
        kind.endswith(("/delivery-status", "/disposition-notification")) for kind in evidence.types
    ):
        return None
    report = evidence.media_options.get("report-type", "").lower() or _inner_type(evidence)
    if "disposition" in report:
        return Mark(kind=Automatic.DISPOSITION, rule="report: disposition-notification")
    if "feedback" in report:
        return Mark(kind=Automatic.ABUSE_REPORT, rule="report: feedback-report")
    kind = {"delayed": Automatic.DELAYED, "failed": Automatic.BOUNCE}.get(evidence.action)
    if kind is None and evidence.action in {"delivered", "relayed", "expanded"}:
        kind = Automatic.DELIVERED
    return Mark(kind=kind or Automatic.BOUNCE, rule="report: delivery-status")


def _inner_type(evidence: Evidence) -> str:
    return next((kind for kind in evidence.types if kind.endswith(("-notification", "-report"))), "")


def _precedence(evidence: Evidence) -> Mark | None:
    for name, shown in (("precedence", "Precedence"), ("x-precedence", "X-Precedence")):
        # Every one of them: a harmless line before the telling one must not hide it.
        for value in evidence.fields.every(name):
            word = value.strip().lower()
            if word in _PRECEDENCE:
                return Mark(kind=_PRECEDENCE[word], rule=f"{shown}: {word}")
    return None


def _suppress(evidence: Evidence) -> Mark | None:
    # DR, RN and NRN alone come from a human who wants no receipts.
    words = {
        word.strip().lower()
        for value in evidence.fields.every("x-auto-response-suppress")
        for word in value[:200].split(",")
    }
    if words & {"all", "oof", "autoreply"}:
        return Mark(kind=Automatic.OTHER, rule="X-Auto-Response-Suppress")
    return None


def _telling_field(evidence: Evidence) -> Mark | None:
    for name, needed, kind in _TELLING:
        if any(needed in value.lower() for value in evidence.fields.every(name)):
            return Mark(kind=kind, rule=name.title())
    return None


def _own_loop(evidence: Evidence) -> Mark | None:
    senders = [evidence.from_addr, first_person(evidence.fields.first("sender")).addr]
    if any(is_own(address, evidence.own) for address in senders):
        return Mark(kind=Automatic.OWN_LOOP, rule="own address")
    # Only ids of the form we make ourselves: colleagues write from our domain too.
    found = _OUR_ID.fullmatch(evidence.message_id)
    if found and found[1].lower() in {address.rpartition("@")[2].casefold() for address in evidence.own}:
        return Mark(kind=Automatic.OWN_LOOP, rule="own Message-ID")
    return None


def _local_part(evidence: Evidence) -> Mark | None:
    local = _local(evidence.from_addr)
    if _BOUNCER.fullmatch(local):
        return Mark(kind=Automatic.BOUNCE, rule="bounce address")
    if _NO_REPLY.fullmatch(local):
        return Mark(kind=Automatic.NO_REPLY, rule="no-reply address")
    return None


def _subject(evidence: Evidence) -> Mark | None:
    for kind, words in _SUBJECT_RULES:
        if words.match(evidence.subject):
            return Mark(kind=kind, rule="subject")
    return None


def _local(address: str) -> str:
    return (
        usable_address(address).rpartition("@")[0].lower() or address.strip("<> ").lower().partition("@")[0]
    )


_RULES: tuple[Callable[[Evidence], Mark | None], ...] = (
    _null_sender,
    _auto_submitted,
    _report,
    _precedence,
    _suppress,
    _telling_field,
    _own_loop,
    _local_part,
    _subject,
)
