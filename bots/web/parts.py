"""What the pages are given by `bots.app`: they open nothing and know no clock of their own."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bots.channel import Receive
from bots.desk.candidates import Candidates
from bots.web.codes import Codes
from store.domain import Address, Factor, Handler, Kind, Role, Unit
from store.engine import Store
from store.sight import Reader


@dataclass(frozen=True, kw_only=True)
class PublicFacts:
    """What a citizen may know of us. An empty address of another door is told in words instead."""

    service_name: str
    municipality: str
    phone: str
    phone_hours: str
    privacy_url: str
    intake_address: str
    fault_report_url: str = ""
    appeal_url: str = ""
    public_url: str = ""  # where the pages are found from outside; empty: where the request came
    fetch_code: bool = True  # who is wholly anonymous gets a code to read the answer with (row X9)
    answers_anonymous: bool = True  # and is promised a day (row N14)
    chat: bool = False  # there is a page to talk on


@dataclass(frozen=True, kw_only=True)
class MailboxMail:
    """One mail in the mailbox of a demonstration, as its reader would see it."""

    at: datetime
    sender: str
    recipient: str
    subject: str
    body: str


class Acts(Protocol):
    """What a member of staff may do to a case. Blocking: called from a thread."""

    def open_to(self, case_id: int) -> bool:
        """Have what was judged in haste judged again before it is read; True if anything has changed."""

    def confirm(
        self, case_id: int, *, kind: Kind | None, factor: Factor | None, by: str, version: int
    ) -> bool:
        """Store a human's word on type and factor, None for what they can not judge.

        Returns whether it differs from the proposal.

        Raises `store.cases.StaleCaseError` when the case has changed since `version`.
        """

    def release(self, case_id: int, *, by: str, version: int) -> None:
        """Let a case out of quarantine; raise `store.cases.StaleCaseError` as above."""

    def send(self, letter_id: int, *, by: str) -> bool:
        """Let a letter go; return False when it was not waiting for anybody's word."""

    def on_behalf(
        self, case_id: int, *, sender: Address, name: str, received_at: datetime, by: str, version: int
    ) -> None:
        """Say who wrote what an employee has sent us.

        Raises `store.life.IllegalActError` and `store.cases.StaleCaseError`.
        """

    def is_ours(self, address: str) -> bool:
        """Tell whether a mail address is that of somebody who works here."""

    def reader(self, person_id: str) -> Reader:
        """Return what decides which cases a person may see."""

    def roles(self, person_id: str) -> Collection[Role]:
        """Return what a person is here for, which decides the lists that they have."""


# What happened to the models that were learnt here, oldest first; each line has at least `at` and `act`.
ModelHistory = Callable[[], Sequence[Mapping[str, object]]]


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Everything that the pages stand on."""

    store: Store
    acts: Acts
    receive: Receive
    clock: Callable[[], datetime]
    public: PublicFacts
    staff: Sequence[Handler]
    units: Sequence[Unit]
    mailbox: Callable[[], Sequence[MailboxMail]] | None
    model_history: ModelHistory
    codes: Codes
    roads: Sequence[str] = ("email",)  # the channels by which an answer can be wished (row G10)
    patience: timedelta = timedelta(seconds=3)  # how long a page waits for a message to get its case
    candidates: Candidates | None = None  # None where no comments can come
