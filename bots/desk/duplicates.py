"""Answers the senders of duplicates along with that of the original (requirements C1: both are answered).

Each gets a letter of their own: its own number, road and language, and nothing of the other's.
"""

from dataclasses import dataclass
from datetime import datetime

from bots.desk import sensitive
from bots.desk.cases import CaseWork
from bots.desk.letters import writing
from store import acts
from store.domain import Act, Kind, Outcome, Status, Way
from store.engine import Row, Transaction
from store.life import IllegalActError

_NO_LETTER = "Avsändaren kan inte nås med brev. Ring, och välj telefon."


@dataclass(frozen=True, kw_only=True)
class Duplicates:
    """The writing desk for the answers to duplicates, in the transaction that is handed in."""

    work: CaseWork

    def answer_all(
        self, transaction: Transaction, original: Row, answer: Row, *, by: str, now: datetime
    ) -> None:
        """Give an answer to the sender of each duplicate that has none.

        Who can only be phoned is left for `answer_one`, and closing asks for it; so is whom such words must
        not reach by an open road (row B20). For who has no address the answer stands in the duplicate, where
        a code opens it.
        """
        for duplicate in acts.untold(transaction, original["id"]):
            nobody = not duplicate["sender_handle"]
            if nobody or self._may_go(transaction, original, duplicate, answer):
                way = Way.NOTE if nobody else Way.LETTER
                self._give(
                    transaction, original, duplicate, answer, text=answer["text"], way=way, by=by, now=now
                )

    def _may_go(self, transaction: Transaction, original: Row, duplicate: Row, answer: Row) -> bool:
        sender = self.work.sender(transaction, duplicate)
        if sender is None:
            return False
        words, channel = f"{answer['text']}\n\n{answer['explanation']}", sender.address.channel
        stops = (
            sensitive.stop(transaction, self.work.house, case, words, channel=channel)
            for case in (original, duplicate)
        )
        # Whoever sent the answer itself by such a road has said why, unless a human has marked the case.
        is_answered_for = answer["way"] == Way.LETTER
        return all(one is None or (is_answered_for and not one.is_final) for one in stops)

    def answer_one(
        self,
        transaction: Transaction,
        original: Row,
        duplicate: Row,
        answer: Row,
        *,
        text: str,
        way: Way,
        by: str,
        now: datetime,
    ) -> None:
        """Give an answer to the sender of one duplicate, in words of its own.

        Raises `IllegalActError` for a letter to somebody who can have none, and for no words.
        """
        problems = {
            "Skriv svaret.": not text.strip(),
            "Välj utfall för det första svaret först.": not answer["outcome"],
            _NO_LETTER: way is Way.LETTER and self.work.sender(transaction, duplicate) is None,
        }
        if missing := [words for words, is_so in problems.items() if is_so]:
            raise IllegalActError(Act.ANSWER, Status(original["status"]), missing)
        self._give(transaction, original, duplicate, answer, text=text, way=way, by=by, now=now)

    def _give(
        self,
        transaction: Transaction,
        original: Row,
        duplicate: Row,
        answer: Row,
        *,
        text: str,
        way: Way,
        by: str,
        now: datetime,
    ) -> None:
        answer_id = acts.answer_too(transaction, duplicate, answer, text=text, way=way, by=by, now=now)
        sender = self.work.sender(transaction, duplicate)
        if way is not Way.LETTER or sender is None:
            return
        kind = duplicate["kind"] or original["kind"]
        self.work.letters.answer(
            transaction,
            writing(transaction, duplicate),
            answer_id=answer_id,
            to=sender.address,
            to_name=sender.name,
            kind=Kind(kind) if kind else None,
            outcome=Outcome(answer["outcome"]),
            text=text,
            explanation=answer["explanation"],
            handler=self.work.house.person(by),
            contact=self.work.house.contact_for(original["unit"]),
            in_reply_to=sender.in_reply_to,
            now=now,
        )
