"""Turns rows into what the console shows. Words for values lie in `templates/pages/console_words.html`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from bots.web.files import shown_files
from bots.web.form import reference
from bots.web.marks import pieces
from store import inbox, life, secrecy
from store.domain import Event, Factor, Handler, Kind, LetterState, Purpose, Source, Status, Unit, Visibility
from store.engine import Row
from store.inbox import MAIL
from store.likeness import Similar, UnitProposal
from store.outbox import TROUBLED
from store.scans import names
from templates.roads import road_name

Facts = dict[str, object]

_REROUTED = "brev går en annan väg"
_TOKEN = re.compile(r"/l/[\w.-]{20,1000}")


@dataclass(frozen=True, kw_only=True)
class Views:
    """Knows the people and units by name."""

    staff: Mapping[str, Handler]
    units: Mapping[str, Unit]

    def line(self, row: Row, today: date) -> Facts:
        """Show one case in the list."""
        return {
            "number": row["number"],
            "title": row["title"],
            "url": case_url(row["number"]),
            "received_at": row["received_at"],
            "kind": _guess(row, "kind"),
            "factor": _guess(row, "factor"),
            "unit": self.unit(row["unit"]),
            "handler": self.person(row["handler"]),
            "status": row["status"],
            "lanes": list(row["lanes"]),
            "quarantined_because": row["quarantined_because"],
            "due": _due(row["answer_by"], today),
        }

    def head(self, case: Row) -> Facts:
        """Show what is known of a case itself."""
        return {
            "number": case["number"],
            "title": case["title"],
            "url": case_url(case["number"]),
            "version": case["version"],
            "status": case["status"],
            "quarantined": case["status"] == Status.QUARANTINED,
            "quarantined_because": case["quarantined_because"],
            "received_at": case["received_at"],
            "road": _road(case),
            "source": case["source"],
            "sender_name": case["sender_name"],
            "sender_handle": case["sender_handle"],
            "has_code": bool(case["pick_up"]),
            "wished_channel": case["answer_channel"],
            "wished_handle": case["answer_handle"],
            "language": case["language"],
            "unit": self.unit(case["unit"]),
            "handler": self.person(case["handler"]),
            "routed_because": case["routed_because"],
            "chosen_kind": case["chosen_kind"],
            "kind": case["kind"],
            "factor": case["factor"],
            "lanes": list(case["lanes"]),
            "protected": case["protected"],
            "statement": statement(case),
        }

    def secrecy(self, mark: Row) -> Facts:
        """Show a mark of secrecy: what, by whom, since when, and whether it is only proposed or lifted."""
        return {
            "paragraph": mark["paragraph"],
            "authority": mark["authority"],
            "why": mark["why"],
            "message": mark["message_id"],
            "proposed": secrecy.is_proposed(mark),
            "proposed_by": self.person(mark["proposed_by"]),
            "proposed_at": mark["proposed_at"],
            "set_by": self.person(mark["set_by"]),
            "set_at": mark["set_at"],
            "lifted_by": self.person(mark["lifted_by"]),
            "lifted_at": mark["lifted_at"],
        }

    def letter(self, row: Row) -> Facts:
        """Show a letter and where it stands."""
        return {
            "id": row["id"],
            "purpose": row["purpose"],
            "to": row["handle"],
            "name": row["recipient_name"],
            "subject": row["subject"],
            "body": without_tokens(row["body"]),
            "language": row["language"],
            "state": row["state"],
            "because": row["state_because"],
            "created_at": row["created_at"],
            "sent_at": row["sent_at"],
            "delivered_at": row["delivered_at"],
            "seen_at": row["seen_at"],
            "channel": row["channel"],
            "is_address": is_address(row["handle"]),
            "attempts": row["attempts"],
            "sendable": row["state"] in TROUBLED,
            # Whoever lets an unknown letter go takes upon himself that it may arrive twice; no machine does.
            "doubtful": row["state"] == LetterState.UNKNOWN,
        }

    def confirmation(self, row: Row) -> Facts:
        """Show what a human said of a proposal."""
        return {
            "kind": row["kind"],
            "factor": row["factor"],
            "changed": row["changed"],
            "by": self.person(row["confirmed_by"]),
            "at": row["confirmed_at"],
        }

    def entry(self, row: Row) -> Facts:
        """Show a journal line."""
        return {
            "at": row["at"],
            "actor": self.person(row["actor"]),
            "act": row["act"],
            "letter": _purpose(row["details"].get("brev", "")),
            "details": [
                (name, self._detail(row["act"], name, value))
                for name, value in row["details"].items()
                if value and name != "brev"
            ],
        }

    def _detail(self, act: str, name: str, value: str) -> str:
        if act == _REROUTED:
            return road_name(value)
        return self.person(value) if name == "handläggare" else value

    def similar(self, one: Similar) -> Facts:
        """Show a case that is like the one on the page."""
        return {
            "number": one.number,
            "title": one.title,
            "url": case_url(one.number),
            "status": one.status,
            "unit": self.unit(one.unit),
            "kind": one.kind,
            "factor": one.factor,
            "places": [name.title() for name in one.places],
        }

    def usual_unit(self, proposal: UnitProposal | None, own: str) -> Facts | None:
        """Show the unit that usually gets such cases, if it is here and another than the case's own."""
        if proposal is None or proposal.unit == own or proposal.unit not in self.units:
            return None
        return {
            "name": self.units[proposal.unit].name,
            "agreeing": proposal.agreeing,
            "asked": proposal.asked,
        }

    def person(self, handler_id: str) -> str:
        """Return a person's name, or the id of somebody who is no longer here."""
        known = self.staff.get(handler_id)
        if known is None and handler_id == life.SYSTEM:
            return "automatiskt"
        return known.name if known else handler_id

    def unit(self, unit_id: str) -> str:
        """Return a unit's name, or its id if it is no longer here."""
        known = self.units.get(unit_id)
        return known.name if known else unit_id


def _road(case: Row) -> str:
    """Return the road that a case came by: of a talk, its sender's, since a channel may serve several."""
    is_talk = case["source"] in {Source.CHAT, Source.SOCIAL_MEDIA}
    road: str = case["sender_channel"] if is_talk and case["sender_channel"] else case["channel"]
    return road


def message(row: Row, case_number: str, *, words: Sequence[str] = (), scan: Row | None = None) -> Facts:
    """Show one message: the words without quotes, some of them marked, the whole, and the files."""
    path = f"{case_url(case_number)}/meddelande/{row['id']}"
    text, full = without_tokens(row["text"]), without_tokens(row["full_text"])
    cut = pieces(text, words)
    said = row["given"].get("said") or {}
    return {
        "id": row["id"],
        "received_at": row["received_at"],
        "kept_at": row["kept_at"],
        "taken": row["given"].get("taken"),
        "subject": row["subject"],
        "text": text,
        "pieces": cut,
        "marked": any(piece.marked for piece in cut),
        "full_text": full if full.strip() != text.strip() else "",
        "from_name": row["from_name"],
        "from_addr": row["from_addr"],
        "automatic": row["automatic"],
        "automatic_kind": row["automatic_kind"],
        "warnings": list(row["warnings"]),
        "verdicts": list(row["verdicts"]),
        "original": f"{path}/original",
        "is_mail": row["media_type"] == MAIL,
        "is_said": bool(said),  # in a chat, an SMS or on a social medium
        "road": inbox.road_of(row),
        "edited": row["event"] == Event.EDITED,
        "removed": row["event"] == Event.DELETED,
        "public": said.get("visibility") == Visibility.PUBLIC,
        "taken_up": said.get("taken_up", ""),
        "link": outward_link(row),
        "is_address": is_address(row["from_addr"]),
        "reference": reference(row["external_id"]) if row["channel"] == "web" else "",
        "attachments": shown_files(row, path, scan),
        "malware": ", ".join(names(scan)),
    }


def suggestion(row: Row | None) -> Facts | None:
    """Show what the classifier thinks, and whether it can be confirmed with one click."""
    if row is None:
        return None
    return {
        "kind": row["kind"],
        "kind_share": row["kind_confidence"],
        "kind_sure": row["kind_sure"],
        "factor": row["factor"],
        "factor_share": row["factor_confidence"],
        "factor_sure": row["factor_sure"],
        "area": row["area"],
        "area_share": row["area_confidence"],
        "model": row["model"],
        "made_at": row["made_at"],
        "why": list(row["why"]),
        "confirmable": row["kind"] in set(Kind) and row["factor"] in set(Factor),
    }


def without_tokens(text: str) -> str:
    """Return a text without its one-time links: they are for the letter's reader alone, not for all staff."""
    return _TOKEN.sub("/l/…", text)


def statement(case: Row) -> Facts | None:
    """Show what a provider or another board was asked, and told; None where nobody was asked (row N20)."""
    if case["statement_asked_at"] is None:
        return None
    return {
        "of": case["statement_of"],
        "asked_at": case["statement_asked_at"],
        "due_on": case["statement_due_on"],
        "received_at": case["statement_received_at"],
        "form": case["statement_form"],
        "text": case["statement"] if case["statement_received_at"] else "",
        "measure": case["statement_measure"],
        "told_on": case["statement_told_on"],
    }


def words_for(suggestion: Row | None, message: Row) -> Sequence[str]:
    """Return the words that spoke for a proposal, when it was made of this message."""
    if suggestion is None or suggestion["message_id"] != message["id"]:
        return ()
    words: Sequence[str] = suggestion["why"]
    return words


def promise(row: Row, today: date) -> Facts:
    """Show a promise, its day, and how the day was counted."""
    return {
        "kind": row["kind"],
        "due": _due(row["due_on"], today),
        "clause": row["clause"],
        "arithmetic": list(row["arithmetic"]),
        "kept_at": row["kept_at"],
    }


def outward_link(message: Row) -> str:
    """Return the address of a message on its service; an empty text if it is not one to be followed."""
    link: str = (message["given"].get("said") or {}).get("link", "")
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    return link if parts.scheme == "https" and parts.hostname else ""


def is_address(handle: str) -> bool:
    """Tell whether a handle says something to people; that of a chat is mostly its service's own number."""
    return "@" in handle or handle.startswith("+")


def case_url(number: str) -> str:
    """Return the path of a case's page."""
    return f"/arenden/{number}"


def _guess(row: Row, field: str) -> Facts:
    """Tell a human's word from the classifier's; a human's has no percent."""
    if row[field]:
        return {"value": row[field], "confirmed": True, "share": 1.0, "sure": True}
    return {
        "value": row[f"suggested_{field}"] or "",
        "confirmed": False,
        "share": row[f"{field}_confidence"] or 0.0,
        "sure": bool(row[f"{field}_sure"]),
    }


def _purpose(letter_key: str) -> str:
    """Return what a letter is for: its key names case and purpose to machines, not to people."""
    # The last one: a notice of a returned letter bears that letter's key before its own purpose.
    parts = reversed(letter_key.split(":"))
    return next((purpose for purpose in parts if purpose in set(Purpose)), "")


def _due(day: date | None, today: date) -> Facts | None:
    return {"day": day, "left": (day - today).days} if day else None
