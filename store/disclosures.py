"""What is handed out of the record (TF 2:15-19, row B11): what was chosen, what was masked, what was given.

Nobody is asked who they are or what for: there is no column for it (TF 2:18, JO 7480-2019). Which papers a
case has is said in `bots.desk.disclosure.papers`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from store.engine import Row, StoreError, Transaction
from store.tables import answers, cases, disclosed, disclosures, maskings

_LEFT_OUT = -1  # the place of a case that was chosen and then left out


class State(StrEnum):
    """How far a disclosure has come. What was handed out is never changed."""

    BEGUN = "påbörjat"
    HANDED_OUT = "utlämnat"
    ABANDONED = "avbrutet"


@dataclass(frozen=True, kw_only=True)
class Masking:
    """What somebody has decided of a passage, in characters of the text whose sum is told with it."""

    begins: int
    ends: int
    kind: str
    masked: bool
    paragraph: str = ""


@dataclass(frozen=True, kw_only=True)
class Package:
    """What is known of a package: its sum and size, and what it was made with."""

    sha256: str
    size: int
    made_with: str


def begin(
    transaction: Transaction,
    case_ids: Sequence[int],
    *,
    selection: str,
    request_id: int | None,
    by: str,
    now: datetime,
) -> int:
    """Begin to make some cases ready to be handed out, in this order, and return the disclosure's id."""
    row = {
        "state": State.BEGUN,
        "selection": selection,
        "request_id": request_id,
        "begun_by": by,
        "begun_at": now,
    }
    made: int | None = transaction.connection.scalar(
        insert(disclosures).values(row).returning(disclosures.c.id)
    )
    if made is None:
        raise StoreError("the disclosure got no id")
    add(transaction, made, case_ids)
    return made


def add(transaction: Transaction, disclosure_id: int, case_ids: Sequence[int]) -> None:
    """Put more cases last in a disclosure, those that were left out included; what is there stays in place.

    The caller has seen that it has not been handed out.
    """
    rows = transaction.rows(
        select(disclosed.c.case_id, disclosed.c.place).where(disclosed.c.disclosure_id == disclosure_id)
    )
    places = {row["case_id"]: row["place"] for row in rows}
    following = max([*places.values(), -1]) + 1
    new = [one for one in dict.fromkeys(case_ids) if places.get(one, _LEFT_OUT) == _LEFT_OUT]
    for place, case_id in enumerate(new, start=following):
        row = {"disclosure_id": disclosure_id, "case_id": case_id, "place": place}
        again = (
            update(disclosed)
            .where(disclosed.c.disclosure_id == disclosure_id, disclosed.c.case_id == case_id)
            .values(place=place)
        )
        transaction.connection.execute(again if case_id in places else insert(disclosed).values(row))


def find(transaction: Transaction, disclosure_id: int) -> Row | None:
    """Return a disclosure, or None."""
    return transaction.row(select(disclosures).where(disclosures.c.id == disclosure_id))


def newest(transaction: Transaction, *, most: int = 200) -> Sequence[Row]:
    """List disclosures, the last begun first, each with its number of `cases`."""
    count = (
        select(func.count())
        .where(disclosed.c.disclosure_id == disclosures.c.id, disclosed.c.place != _LEFT_OUT)
        .correlate(disclosures)
        .scalar_subquery()
    )
    wanted = select(disclosures, count.label("cases")).order_by(disclosures.c.id.desc())
    return transaction.rows(wanted.limit(most))


def of_request(transaction: Transaction, case_id: int) -> Sequence[Row]:
    """List the disclosures that began from a case in which something was asked for, the last one first."""
    wanted = select(disclosures).where(disclosures.c.request_id == case_id)
    return transaction.rows(wanted.order_by(disclosures.c.id.desc()))


def cases_of(transaction: Transaction, disclosure_id: int) -> Sequence[Row]:
    """List the cases of a disclosure in order, each with its `contents`; not those that were left out."""
    wanted = (
        select(cases, disclosed.c.contents)
        .join(disclosed, disclosed.c.case_id == cases.c.id)
        .where(disclosed.c.disclosure_id == disclosure_id, disclosed.c.place != _LEFT_OUT)
        .order_by(disclosed.c.place)
    )
    return transaction.rows(wanted)


def answers_of(transaction: Transaction, case_id: int) -> Sequence[Row]:
    """List what was answered in a case and not taken back, oldest first."""
    wanted = select(answers).where(answers.c.case_id == case_id, answers.c.undone_at.is_(None))
    return transaction.rows(wanted.order_by(answers.c.id))


def pending(transaction: Transaction, case_ids: Collection[int]) -> set[int]:
    """Return those of some cases that are being made ready to be handed out: they must not be disposed of."""
    wanted = (
        select(disclosed.c.case_id)
        .join(disclosures, disclosures.c.id == disclosed.c.disclosure_id)
        .where(
            disclosures.c.state == State.BEGUN,
            disclosed.c.place != _LEFT_OUT,
            disclosed.c.case_id.in_(case_ids),
        )
    )
    return set(transaction.connection.scalars(wanted))


def decided(transaction: Transaction, case_ids: Collection[int]) -> dict[tuple[int, str], list[Row]]:
    """Return what has been decided of passages, by case and paper; the same for every disclosure."""
    found: dict[tuple[int, str], list[Row]] = {}
    wanted = select(maskings).where(maskings.c.case_id.in_(case_ids)).order_by(maskings.c.id)
    for row in transaction.rows(wanted):
        found.setdefault((row["case_id"], row["paper"]), []).append(row)
    return found


def decide(
    transaction: Transaction,
    case_id: int,
    paper: str,
    paper_sum: str,
    decisions: Sequence[Masking],
    *,
    by: str,
    now: datetime,
) -> None:
    """Keep what somebody decides of passages of a paper, in place of what was decided before."""
    if not decisions:
        return
    make = sqlite_insert if transaction.connection.dialect.name == "sqlite" else postgresql_insert
    rows = [
        {
            "case_id": case_id,
            "paper": paper,
            "paper_sum": paper_sum,
            "begins": one.begins,
            "ends": one.ends,
            "kind": one.kind,
            "masked": one.masked,
            "paragraph": one.paragraph,
            "decided_by": by,
            "decided_at": now,
        }
        for one in {(one.begins, one.ends): one for one in decisions}.values()
    ]
    new = make(maskings)
    names = ("paper_sum", "kind", "masked", "paragraph", "decided_by", "decided_at")
    transaction.connection.execute(
        new.on_conflict_do_update(
            index_elements=["case_id", "paper", "begins", "ends"],
            set_={name: new.excluded[name] for name in names},
        ),
        rows,
    )


def enclose(transaction: Transaction, disclosure_id: int, files: Collection[str]) -> bool:
    """Choose the files that go along, by name; False if it has been handed out or abandoned."""
    return _change(transaction, disclosure_id, enclosed=sorted(set(files)))


def leave_out(transaction: Transaction, disclosure_id: int, case_id: int) -> None:
    """Leave a case out of a disclosure that has not been handed out."""
    begun = select(disclosures.c.id).where(
        disclosures.c.id == disclosure_id, disclosures.c.state == State.BEGUN
    )
    transaction.connection.execute(
        update(disclosed)
        .where(disclosed.c.disclosure_id.in_(begun), disclosed.c.case_id == case_id)
        .values(place=_LEFT_OUT)
    )


def abandon(transaction: Transaction, disclosure_id: int) -> bool:
    """Give a disclosure up; False if it has been handed out or abandoned."""
    return _change(transaction, disclosure_id, state=State.ABANDONED)


def hand_out(
    transaction: Transaction,
    disclosure_id: int,
    contents: Mapping[int, Mapping[str, Any]],
    package: Package,
    *,
    by: str,
    now: datetime,
) -> bool:
    """Keep what is given of each case, and by whom; False if somebody else was faster.

    `contents` is by case, and holds no word that was masked.
    """
    done = _change(
        transaction,
        disclosure_id,
        state=State.HANDED_OUT,
        handed_by=by,
        handed_at=now,
        sha256=package.sha256,
        size=package.size,
        made_with=package.made_with,
    )
    if done:
        for case_id, given in contents.items():
            transaction.connection.execute(
                update(disclosed)
                .where(disclosed.c.disclosure_id == disclosure_id, disclosed.c.case_id == case_id)
                .values(contents=dict(given))
            )
    return done


def refuse(transaction: Transaction, disclosure_id: int, text: str) -> None:
    """Keep what was decided of what is not handed out, in place of what was written before."""
    changed = update(disclosures).where(disclosures.c.id == disclosure_id).values(refusal=text)
    transaction.connection.execute(changed)


def _change(transaction: Transaction, disclosure_id: int, **values: Any) -> bool:
    changed = (
        update(disclosures)
        .where(disclosures.c.id == disclosure_id, disclosures.c.state == State.BEGUN)
        .values(values)
    )
    return transaction.connection.execute(changed).rowcount == 1
