"""What the assistant says on chats and SMS: who it is, how a case stands, what it would like to know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bots.desk.letters import Letters
from store import cases, outbox
from store.domain import (
    Address,
    Button,
    Kind,
    Outgoing,
    PromiseKind,
    Purpose,
    Status,
)
from store.engine import Row, Transaction
from templates import label
from templates.facts import CaseStanding, Person

KIND, ROAD, LANGUAGE = "typ", "väg", "språk"
HERE, EMAIL, SMS, PHONE = "här", "email", "sms", "telefon"
_LANGUAGES = ("sv", "en", "fi")
_MOST_SHOWN = 5
_STANDINGS = {
    Status.RECEIVED: "mottagen",
    Status.SORTING: "mottagen",
    Status.QUARANTINED: "mottagen",
    Status.AWAITING_SENDER: "fraga",
    Status.ANSWERED: "besvarad",
    Status.RETURNED: "besvarad",
    Status.CLOSED: "avslutad",
    Status.ARCHIVED: "avslutad",
    Status.DISPOSED: "avslutad",
    Status.DUPLICATE: "avslutad",
    Status.HANDED_OVER: "avslutad",
}


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """Whom the assistant answers, in which language, and the message that it answers."""

    to: Address
    language: str
    in_reply_to: str
    mark: str  # unlike any other answer's


@dataclass(frozen=True, kw_only=True)
class Assistant:
    """Writes in the transaction that is handed in. It never decides, and nothing waits for its reader."""

    letters: Letters

    def greet(self, transaction: Transaction, to: Spoken, *, abroad: str, now: datetime) -> None:
        """Tell that it is a machine, what it does, and how to reach a person (AI Act, article 50)."""
        buttons = [Button(label=label(code, code), value=f"{LANGUAGE}:{code}") for code in _LANGUAGES]
        self._say(transaction, to, "assistant_greeting", self._about_us(abroad), now, buttons=buttons)

    def help(self, transaction: Transaction, to: Spoken, *, abroad: str, now: datetime) -> None:
        """Tell what can be written here."""
        self._say(transaction, to, "assistant_help", self._about_us(abroad), now)

    def about_names(self, transaction: Transaction, to: Spoken, *, now: datetime) -> None:
        """Tell how to write without a name; an account or a number can be read (rows T4, X9)."""
        facts = {key: value for key, value in self._about_us("").items() if key != "abroad"}
        self._say(transaction, to, "assistant_anonymous", facts, now)

    def tell_standing(
        self, transaction: Transaction, to: Spoken, found: Sequence[Row], *, now: datetime
    ) -> None:
        """Tell how the cases of a conversation stand, the newest first."""
        standing = tuple(self._standing(transaction, case, now) for case in found[:_MOST_SHOWN])
        facts: dict[str, object] = {"service_name": self.letters.house.service_name, **self._phone}
        if standing:
            self._say(transaction, to, "assistant_status", {**facts, "cases": standing}, now)
        else:
            self._say(transaction, to, "assistant_status_none", facts, now)

    def promise_new(self, transaction: Transaction, to: Spoken, *, now: datetime) -> None:
        """Tell that the next message will be another case."""
        self._say(transaction, to, "assistant_new", {"service_name": self.letters.house.service_name}, now)

    def stopped(self, transaction: Transaction, to: Spoken, *, now: datetime) -> None:
        """Tell, for the last time, that no more letters will come there."""
        facts = {"service_name": self.letters.house.service_name, **self._phone}
        self._say(transaction, to, "assistant_stopped", facts, now)

    def resumed(self, transaction: Transaction, to: Spoken, *, now: datetime) -> None:
        """Tell that letters come there again."""
        facts = {"service_name": self.letters.house.service_name}
        self._say(transaction, to, "assistant_resumed", facts, now)

    def ask_for_words(self, transaction: Transaction, to: Spoken, case: Row, *, now: datetime) -> None:
        """Ask what a picture or a voice is about."""
        facts = {"case_number": case["number"], **self._phone}
        self._say(transaction, to, "assistant_words", facts, now, case=case)

    def tell_of_window(
        self, transaction: Transaction, to: Spoken, case: Row, *, days: int, now: datetime
    ) -> None:
        """Ask for a mail address or a number: the answer may be later than the service lets us write."""
        facts = {"case_number": case["number"], "days": days, **self._phone}
        self._say(transaction, to, "assistant_window", facts, now, case=case)

    def ask_kind(
        self, transaction: Transaction, to: Spoken, case: Row, *, kind: Kind | None, now: datetime
    ) -> None:
        """Ask whether the type is right. Silence changes nothing."""
        names = {Kind.PRAISE: "praise", Kind.SUGGESTION: "suggestion", Kind.COMPLAINT: "complaint"}
        buttons = [
            Button(label=label(name, to.language), value=f"{KIND}:{one}") for one, name in names.items()
        ]
        facts = {"case_number": case["number"], "kind": kind}
        self._say(transaction, to, "assistant_choice", facts, now, case=case, buttons=buttons)

    def thank_for_kind(
        self, transaction: Transaction, to: Spoken, case: Row, *, kind: Kind, now: datetime
    ) -> None:
        """Tell which type was noted."""
        facts = {"case_number": case["number"], "kind": kind}
        self._say(transaction, to, "assistant_chosen", facts, now, case=case)

    def ask_road(
        self, transaction: Transaction, to: Spoken, case: Row, *, roads: Sequence[str], now: datetime
    ) -> None:
        """Ask how the answer is wished (row G10)."""
        names = {HERE: "here", EMAIL: "email", SMS: "sms", PHONE: "phone"}
        buttons = [Button(label=label(names[one], to.language), value=f"{ROAD}:{one}") for one in roads]
        facts = {"case_number": case["number"]}
        self._say(transaction, to, "assistant_road", facts, now, case=case, buttons=buttons)

    def road_noted(
        self, transaction: Transaction, to: Spoken, case: Row, *, road: str, now: datetime
    ) -> None:
        """Tell where the answer will be sent."""
        facts = {"case_number": case["number"], "road": "har" if road == HERE else road}
        self._say(transaction, to, "assistant_road_noted", facts, now, case=case)

    def ask_address(
        self, transaction: Transaction, to: Spoken, case: Row, *, road: str, now: datetime
    ) -> None:
        """Ask for the address or the number that goes with a wish."""
        facts = {"case_number": case["number"], "road": road}
        self._say(transaction, to, "assistant_address", facts, now, case=case)

    def tell_added(self, transaction: Transaction, to: Spoken, case: Row, *, now: datetime) -> None:
        """Tell that a message is in its case, at most once an hour."""
        house = self.letters.house
        facts = {
            "service_name": house.service_name,
            "municipality": house.municipality,
            "case_number": case["number"],
            "handler": self._named(case),
            "marker": False,
            **self._phone,
        }
        hourly = replace(to, mark=f"{now:%Y%m%d%H}")
        self._say(transaction, hourly, "citizen_added", facts, now, case=case, purpose=Purpose.ADDED)

    def point_elsewhere(self, transaction: Transaction, to: Spoken, case: Row, *, now: datetime) -> None:
        """Write under a public comment where to turn: nothing of the case, and no name."""
        house = self.letters.house
        facts = {"municipality": house.municipality, "form_url": house.form_url, **self._phone}
        once = replace(to, mark="1")
        self._say(
            transaction, once, "citizen_public_note", facts, now, case=case, purpose=Purpose.PUBLIC_NOTE
        )

    @property
    def _phone(self) -> dict[str, str]:
        house = self.letters.house
        return {"phone": house.phone, "phone_hours": house.phone_hours}

    def _about_us(self, abroad: str) -> dict[str, object]:
        house = self.letters.house
        return {
            "service_name": house.service_name,
            "municipality": house.municipality,
            "privacy_url": house.privacy_url,
            "form_url": house.form_url,
            "abroad": abroad,
            **self._phone,
        }

    def _standing(self, transaction: Transaction, case: Row, now: datetime) -> CaseStanding:
        owed = {one.kind: one.due_on for one in cases.owed(transaction, case["id"])}
        due = owed.get(PromiseKind.ANSWER)
        standing = _STANDINGS.get(Status(case["status"]), "handlaggs")
        is_to_come = due is not None and due >= now.date() and standing not in {"besvarad", "avslutad"}
        return CaseStanding(
            number=case["number"],
            standing=standing,
            handler=self._named(case),
            answer_by=due if is_to_come else None,
        )

    def _named(self, case: Row) -> Person | None:
        if _STANDINGS.get(Status(case["status"])) == "mottagen":
            return None
        handler = self.letters.house.person(case["handler"])
        return Person(name=handler.name, title=handler.title)

    def _say(
        self,
        transaction: Transaction,
        to: Spoken,
        name: str,
        facts: Mapping[str, object],
        now: datetime,
        *,
        case: Row | None = None,
        buttons: Sequence[Button] = (),
        purpose: Purpose | None = None,
    ) -> None:
        written = self.letters.words(name, to.language, to.to, facts)
        asks = Purpose.FOLLOW_UP_QUESTION if case is not None else Purpose.ASSISTANT
        why = purpose or asks
        about = f"{case['id']}:" if case is not None else ""
        letter = Outgoing(
            key=f"{about}{why}:{name.partition('_')[2]}:{to.mark}"[:120],
            purpose=why,
            recipient=to.to,
            subject=written.subject,
            body=written.body,
            language=written.language,
            case_id=case["id"] if case is not None else None,
            in_reply_to=to.in_reply_to,
            external_id=self.letters.identity.message_id(case["id"]) if case is not None else "",
            buttons=tuple(buttons),
        )
        outbox.put(transaction, letter, now=now)
