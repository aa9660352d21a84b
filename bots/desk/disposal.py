"""Disposal as the registrator does it: looked at first, then done with the decision in hand (row B16).

What may go is said in `store.retention`; here the rules of the configuration meet it, for page and command.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bots.desk.spreadsheet import harmless, written
from store import retention, scrub
from store.deadlines import STOCKHOLM
from store.engine import Row, Store
from store.retention import Plan, Record, Rule, UndecidedError

# Requirements C4, R13, as they stand there.
COLUMNS = ("nummer", "handlingstyp", "beslut", "datum", "verkställd_av", "antal")
_BY_CHANNEL = (Record.CHANNEL_COPY, Record.BACKUP)  # nothing of these lies in the store


@dataclass(frozen=True, kw_only=True)
class Disposal:
    """Blocking: call it from a thread."""

    store: Store
    rules: Sequence[Rule]
    clock: Callable[[], datetime]

    def plans(self) -> list[Plan]:
        """Tell what each rule would delete today; deletes nothing."""
        with self.store.read() as transaction:
            return [
                retention.plan(transaction, rule, now=self.clock())
                for rule in self.rules
                if rule.record not in _BY_CHANNEL
            ]

    def carry_out(self, record: Record, *, decision_ref: str, by: str) -> int:
        """Delete what the rule of a kind of record says, and return how many documents that was.

        Raises `UndecidedError`, in Swedish, where there is no such rule, no decision, or another one.
        """
        rule = next((one for one in self.rules if one.record is record), None)
        if rule is None:
            raise UndecidedError(
                f"Inget raderas av handlingstypen {record}: den har ingen regel i tabell [[retention]]."
            )
        return retention.carry_out(self.store, rule, decision_ref=decision_ref, by=by, clock=self.clock)

    def scrub(self) -> bool:
        """Leave nothing of what was deleted in the database's files; False if somebody still read them."""
        return scrub.scrub(self.store)

    def protocol(self) -> Sequence[Row]:
        """List all that was ever disposed of, oldest first (R13)."""
        with self.store.read() as transaction:
            return retention.protocol(transaction)


def protocol_csv(lines: Sequence[Row]) -> bytes:
    """Write the protocol (gallringsprotokoll, R13): UTF-8 with BOM, and semicolons between the columns."""
    rows: list[Sequence[object]] = [COLUMNS]
    for line in lines:
        day = line["carried_out_at"].astimezone(STOCKHOLM).date().isoformat()
        told = (line["number"] or "–", line["record"], line["decision_ref"], day, line["carried_out_by"])
        rows.append([*map(harmless, told), line["pieces"]])
    return written(rows)
