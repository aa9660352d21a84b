"""What a case must have before it may be closed (requirements C1), read from the rows by our own hand."""

from collections.abc import Iterator

from sqlalchemy import select

from store.engine import Row, Store
from store.tables import answers, letters
from tests.journeys.year.town import Town


def missing(store: Store, case: Row, town: Town) -> list[str]:
    """Name what a case lacks before it may be closed from where it stands."""
    last = "åter" if town.policy["workflow"]["close_by"] != "handler" else "besvarad"
    standing = [] if case["status"] in {last, "åter"} else [f"status {case['status']}"]
    return [*standing, *lacking(store, case, town)]


def lacking(store: Store, case: Row, town: Town) -> Iterator[str]:
    """Name what a case lacks, however it stands."""
    workflow = town.policy["workflow"]
    with store.read() as transaction:
        wanted = select(answers).where(answers.c.case_id == case["id"], answers.c.round == case["round"])
        answer = transaction.row(wanted.order_by(answers.c.id.desc()).limit(1))
        key = answer["letter_key"] if answer else ""
        letter = transaction.row(select(letters).where(letters.c.key == key)) if key else None
    is_anonymous = not case["sender_handle"]
    if not case["kind"] or not case["factor"]:
        yield "type and factor"
    if case["statement_asked_at"] is not None and case["statement_received_at"] is None:
        yield "statement"
    if workflow["require_tjansteanteckning"] and not case["service_note"].strip():
        yield "service note"
    if case["serious"] and not case["diary_number"].strip():
        yield "diary number"
    if not all(case["checklist"].values()):
        yield "checklist"
    if answer is None:
        yield "answer"
        return
    by_letter = answer["way"] == "brev"
    arrived = answer["delivered_at"] is not None and (not by_letter or _has_arrived(letter))
    if not (arrived and answer["way"] != "anteckning") and not (is_anonymous and answer["measure"].strip()):
        yield "answer delivered"
    if not answer["outcome"]:
        yield "outcome"
    if answer["outcome"] == "åtgärdas_senare" and answer["act_on"] is None:
        yield "day of the measure"
    if answer["outcome"] == "ingen_åtgärd":
        if len(answer["explanation"].strip()) < 20:
            yield "explanation"
        if workflow["chef_approves_no_action"] and not answer["approved_by"]:
            yield "approval"
    if workflow["further_contact_required"] and not is_anonymous and not answer["has_contact"]:
        yield "contact"


def _has_arrived(letter: Row | None) -> bool:
    return letter is not None and letter["state"] == "sänt"
