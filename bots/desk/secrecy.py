"""What people do about secrecy in a case: mark it, protect its sender, word its title.

A mark is a warning (OSL 5:5, row B14): it is the registrator's to set and lift, and anybody's who works with
the case to propose. A protected sender is the other way round (OSL 21:3, row B15): whoever learns of it hides
the case at once, and only the registrator shows it again. What is kept is in `store.secrecy`.
"""

from dataclasses import dataclass

from bots.desk.acts import Acts
from bots.desk.titles import LONGEST, remarks
from classifier.titles import lint_title
from store import acts as store_acts
from store import cases, life, secrecy
from store.domain import Status
from store.engine import Row, Transaction
from store.life import IllegalActError
from store.secrecy import Ground

_SETTERS = frozenset({life.REGISTRATOR})
_PROPOSERS = frozenset({life.REGISTRATOR, life.MANAGER, life.HANDLER, life.TRIAGE})
_MARKING = "sekretessmarkera"


@dataclass(frozen=True, kw_only=True)
class Secrecy:
    """Blocking: call it from a thread. The acts raise what those of `Acts` do, and then change nothing."""

    acts: Acts

    def mark(
        self,
        case_id: int,
        *,
        paragraph: str,
        authority: str,
        why: str,
        message_id: int | None,
        by: str,
        version: int,
    ) -> bool:
        """Mark a case, or one message of it; return False where it was only proposed, which most can."""
        now = self.acts.clock()
        with self.acts.store.write() as transaction:
            case = cases.get(transaction, case_id)
            if not paragraph.strip() or not authority.strip():
                words = "Ange vilken bestämmelse det gäller, och vilken nämnd som markerar."
                raise IllegalActError(_MARKING, Status(case["status"]), [words])
            mine = {row["id"] for row in cases.of_case(transaction, case_id)["messages"]}
            if message_id is not None and message_id not in mine:
                words = "Välj ett meddelande i ärendet, eller hela ärendet."
                raise IllegalActError(_MARKING, Status(case["status"]), [words])
            is_set = bool(self._roles(case, by) & _SETTERS)
            self._note(
                transaction,
                case,
                act="sekretessmarkerat" if is_set else "sekretessmarkering föreslagen",
                who=_PROPOSERS,
                by=by,
                version=version,
                details={"bestämmelse": paragraph.strip(), "myndighet": authority.strip()}
                | ({"gäller": "ett meddelande"} if message_id is not None else {}),
            )
            secrecy.mark(
                transaction,
                case_id,
                paragraph=paragraph,
                authority=authority,
                why=why,
                message_id=message_id,
                by=by,
                proposed=not is_set,
                now=now,
            )
            if is_set:
                secrecy.hold_letters(transaction, case_id, because=Ground.MARKED, now=now)
        return is_set

    def settle(self, case_id: int, mark_id: int, *, lifts: bool, by: str, version: int) -> None:
        """Set a mark that was proposed, or lift one (`lifts`), which also declines what was proposed."""
        now = self.acts.clock()
        with self.acts.store.write() as transaction:
            case = cases.get(transaction, case_id)
            row = next((one for one in secrecy.marks(transaction, case_id) if one["id"] == mark_id), None)
            done = False
            if row is not None:
                change = secrecy.lift if lifts else secrecy.accept
                done = change(transaction, mark_id, by=by, now=now)
            if row is None or not done:
                words = "Välj en markering som gäller, eller som väntar på besked."
                raise IllegalActError(_MARKING, Status(case["status"]), [words])
            if not lifts:
                secrecy.hold_letters(transaction, case_id, because=Ground.MARKED, now=now)
            declined = lifts and secrecy.is_proposed(row)
            lifted = "föreslagen sekretessmarkering avslagen" if declined else "sekretessmarkering hävd"
            self._note(
                transaction,
                case,
                act=lifted if lifts else "sekretessmarkerat",
                who=_SETTERS,
                by=by,
                version=version,
                details={"bestämmelse": row["paragraph"], "myndighet": row["authority"]},
            )

    def protect(self, case_id: int, *, protected: bool, by: str, version: int) -> None:
        """Hide a case but from those who may know its sender, at once, or show it again (row B15).

        Letters of ours that wait stop: see `secrecy.hold_letters`. A handler who may not know the sender
        gives the case to who answers for it and may, without a letter.
        """
        now, house = self.acts.clock(), self.acts.work.house
        with self.acts.store.write() as transaction:
            case = cases.get(transaction, case_id)
            columns: dict[str, object] = {"protected": protected}
            details: dict[str, str] = {}
            after = {**case, "protected": protected}
            if protected and not house.may_be_told(case["handler"], after):
                heirs = [one.id for one in house.answering_for(after)] or [house.registrator]
                columns |= {"handler": heirs[0], "assigned_at": now}
                details["handläggare"] = heirs[0]
            self._note(
                transaction,
                case,
                act="skyddade personuppgifter" if protected else "skydd av personuppgifter hävt",
                who=_PROPOSERS if protected else _SETTERS,
                by=by,
                version=version,
                details=details,
                **columns,
            )
            if protected:
                hidden = cases.get(transaction, case_id)
                others = (one for one in house.handlers.values() if not house.may_be_told(one.id, hidden))
                not_to = {one.email.casefold() for one in others}
                because = Ground.PROTECTED
                secrecy.hold_letters(transaction, case_id, because=because, not_to=not_to, now=now)

    def retitle(self, case_id: int, title: str, *, all_the_same: bool, by: str, version: int) -> None:
        """Word what the register and the lists call a case (row B13).

        Raises `IllegalActError` for a title that seems to tell who somebody is or how they are, unless the
        registrator has looked and says that it may stand. The journal tells that, and never the old title.
        """
        words = " ".join(title.split())[:LONGEST]
        found = lint_title(words)
        with self.acts.store.write() as transaction:
            case = cases.get(transaction, case_id)
            if not words:
                raise IllegalActError(
                    "ändra ärendemeningen", Status(case["status"]), ["Skriv ärendemeningen."]
                )
            if found and not all_the_same:
                raise IllegalActError("ändra ärendemeningen", Status(case["status"]), remarks(found))
            details = {"till": words}
            if found:
                details = {"trots": ", ".join(sorted({str(one.kind) for one in found}))}
            self._note(
                transaction,
                case,
                act="ärendemening ändrad",
                who=_SETTERS,
                by=by,
                version=version,
                details=details,
                title=words,
                titled_by=by,
            )

    def _roles(self, case: Row, by: str) -> frozenset[str]:
        return self.acts.work.house.actor(by, case).roles

    def _note(
        self,
        transaction: Transaction,
        case: Row,
        *,
        act: str,
        who: frozenset[str],
        by: str,
        version: int,
        details: dict[str, str],
        **columns: object,
    ) -> None:
        store_acts.mark(
            transaction,
            case["id"],
            act=act,
            actor=self.acts.work.house.actor(by, case),
            who=who,
            now=self.acts.clock(),
            version=version,
            details=details,
            **columns,
        )
