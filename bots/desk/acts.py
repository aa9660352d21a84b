"""What people do to a case: confirm or correct the proposal, let it out of quarantine, let a letter go."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bots.desk.cases import CaseWork
from bots.desk.heard import Heard
from bots.desk.letters import Writing
from bots.desk.triage import Route
from store import cases, inbox, outbox
from store.domain import Address, Factor, Kind, Lane, MessageState, Status
from store.engine import Store, StoreError


@dataclass(frozen=True, kw_only=True)
class Acts:
    """Blocking: call it from a thread. Every act is journaled with who did it."""

    store: Store
    work: CaseWork
    clock: Callable[[], datetime]
    acted: Callable[[], None]  # called when letters may have been written; from the caller's thread

    def confirm(self, case_id: int, *, kind: Kind, factor: Factor, by: str, version: int) -> bool:
        """Store a human's word on type and factor, and return whether it differs from the proposal.

        Raises `StaleCaseError` when somebody changed the case after `version` was looked at.
        """
        with self.store.write() as transaction:
            return cases.confirm(
                transaction, case_id, kind=kind, factor=factor, by=by, version=version, now=self.clock()
            )

    def release(self, case_id: int, *, by: str, version: int) -> None:
        """Let a case out of quarantine: thank its sender and tell the handler. R stands (row B7).

        Automatic mail is not answered even now, since nobody waits for it. Raises `StaleCaseError`.
        """
        now = self.clock()
        with self.store.write() as transaction:
            case = cases.find(transaction, case_id)
            if case is None:
                raise StoreError(f"there is no case {case_id}")
            status = Status.ASSIGNED if case["unit"] else Status.SORTING
            cases.release(transaction, case_id, to=status, by=by, version=version, now=now)
            stored = cases.latest_suggestion(transaction, case_id)
            lanes = tuple(Lane(lane) for lane in case["lanes"])
            about = Writing(
                case_id=case_id,
                number=case["number"],
                received_at=case["received_at"],
                language=case["language"],
                promises=cases.owed(transaction, case_id),
                lanes=lanes,
            )
            first = inbox.first_of_case(transaction, case_id)
            if first is None:
                raise StoreError(f"case {case_id} has no message")
            sender = case["sender_handle"]
            heard = Heard(
                message_id=first["id"],
                channel=case["channel"],
                received_at=case["received_at"],
                recipients=(),
                from_addr=first["from_addr"],
                from_name=case["sender_name"],
                answer_to=Address(channel=case["sender_channel"], handle=sender) if sender else None,
                subject=case["title"],
                text=first["text"],
                full_text=first["full_text"],
                header_id=first["message_id"],
                state=MessageState(first["state"]),
            )
            self.work.announce(
                transaction,
                heard,
                about,
                Route(
                    unit=case["unit"],
                    handler=self.work.house.person(case["handler"]),
                    status=status,
                    because=case["routed_because"],
                ),
                cases.suggestion_of(stored) if stored else None,
                kind_chosen=Kind(case["chosen_kind"]) if case["chosen_kind"] else None,
            )
        self.acted()

    def send(self, letter_id: int, *, by: str) -> bool:
        """Let a held, failed or unknown letter go out; False if it is not waiting for that."""
        with self.store.write() as transaction:
            gone = outbox.let_go(transaction, letter_id, by=by, now=self.clock())
        self.acted()
        return gone
