"""What each letter needs to know. Hand the facts on as `render(name, **facts)`.

No letter has a fact for what the citizen wrote: mail is a postcard (requirement B20).
"""

from dataclasses import dataclass
from datetime import date
from typing import TypedDict

from store.domain import Contact, Guess, Lane

# Somebody's own words, paragraph by paragraph, each line by line.
Paragraphs = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Person:
    """Someone that a letter names. `title` may be empty."""

    name: str
    title: str = ""


class AcknowledgementFacts(TypedDict):
    """Facts of the `citizen_acknowledgement` letters."""

    service_name: str  # what the service is called here, such as "Tyck till"
    municipality: str  # in full: "Exempelby kommun"
    case_number: str
    received_on: date  # the day of R (requirement B7); an aware datetime is read in Stockholm time
    handler: Person | None  # None until someone has the case
    handler_by: date | None  # last day to name the handler; read only when handler is None
    answer_by: date | None  # last day of the promised answer; None promises no date at all
    phone: str  # where a human answers (requirement B2)
    phone_hours: str  # when, in words that fit the language: "vardagar 8–16"
    privacy_url: str
    marker: bool  # begin with the line to write above: True for mail, False where replies hold no quote


class NewCaseFacts(TypedDict):
    """Facts of `handler_new_case`. The guesses are None when the classifier said nothing."""

    service_name: str
    case_number: str
    received_on: date
    kind: Guess | None
    factor: Guess | None
    lanes: tuple[Lane, ...]
    unit: str
    first_feedback_by: date | None
    answer_by: date | None
    link: str  # to the case, behind the login


class FollowUpFacts(TypedDict):
    """Facts of `handler_follow_up`. `lanes` are those of the new message alone."""

    service_name: str
    case_number: str
    received_on: date  # the day of the new message
    lanes: tuple[Lane, ...]
    answered: bool  # the case was answered or closed before the new message came
    answer_by: date | None
    link: str


class UndeliveredFacts(TypedDict):
    """Facts of `handler_undelivered`."""

    service_name: str
    case_number: str
    sent_on: date
    returned_on: date
    answer_by: date | None
    link: str


class AnswerFacts(TypedDict):
    """Facts of the `citizen_answer` letters; `citizen_answer_no_action` has an `explanation` besides.

    `answer` holds the handler's words, which must not repeat what the citizen wrote.
    """

    service_name: str
    municipality: str
    case_number: str
    received_on: date
    answer: Paragraphs
    handler: Person
    contact: Contact | None  # whom to turn to who is not satisfied (row N4); None: our own phone
    phone: str
    phone_hours: str
    marker: bool


class StatementRequestFacts(TypedDict):
    """Facts of `handler_statement_request`, to a provider or another board. `question` is the handler's."""

    municipality: str
    case_number: str
    due_on: date
    question: Paragraphs
    handler: Person
    phone: str
