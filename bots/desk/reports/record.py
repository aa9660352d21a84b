"""R7, R13 and R14: the register that anybody may read, what was disposed of, and who did and read what."""

from collections import Counter
from collections.abc import Mapping

from bots.desk import disposal, public_list
from bots.desk.house import House
from bots.desk.reports.asked import Asked
from bots.desk.reports.lists import Words, bars, put_together
from bots.desk.reports.report import Report, Section
from bots.desk.reports.sheet import Cell, Sheet
from bots.desk.reports.swedish import begun, many, number, period
from store import journal, retention
from store.deadlines import STOCKHOLM, day_of
from store.domain import Role
from store.engine import Transaction
from store.figures.eyes import kept_from
from store.life import SYSTEM

ACCESS = ("tid", "användare", "roll", "åtgärd", "ärende", "skäl")
_NOT_SHOWN = "(visas inte)"
_COMMON = 8  # acts in the chart


def of_register(transaction: Transaction, asked: Asked) -> Report:
    """Make R7 (OSL 5:2): the list of the page `/registret`, of every series, without what may be secret.

    People stand in it only for the registrator, who judges what may be handed out; for anybody else no sender
    and no receiver does. It is of whole registers: `units` does not narrow it.
    """
    series = [asked.house.series, *(board.series for board in asked.house.boards.values())]
    with_people = asked.reader is not None and Role.REGISTRATOR in asked.house.roles(asked.reader.id)
    lines = [
        line
        for one in dict.fromkeys(series)
        for line in public_list.lines(
            transaction,
            asked.house,
            series=one,
            since=asked.period.first,
            until=asked.period.last,
            with_people=with_people,
        )
    ]
    comes_in = sum(line.comes_in for line in lines)
    marked = sum(line.is_marked for line in lines)
    sheet = Sheet(
        id="R7",
        title=f"Register över synpunkter, {period(asked.period)}",
        columns=public_list.COLUMNS,
        rows=[public_list.cells(line) for line in lines],
        notes=[
            ("inkomna", comes_in),
            ("utgående", len(lines) - comes_in),
            ("räknat till och med", asked.today),
        ],
    )
    documents = many(len(lines), "handling", "handlingar")
    told = (
        f"{begun(documents)} registrerades under {period(asked.period)}"
        if lines
        else (f"Inget registrerades under {period(asked.period)}")
    )
    marks = f", {number(marked)} med sekretessmarkering" if marked else ""
    where = Section(
        title="Flera register",
        paragraphs=(
            "Det här är kommunens särskilda register för synpunkter. Andra handlingar står i huvuddiariet.",
        ),
    )
    return put_together(
        sheet,
        asked,
        headline=f"{told}{marks}.",
        sections=[where],
        charts=[bars("Handlingar", "handlingar", {"in": comes_in, "ut": len(lines) - comes_in})],
    )


def of_disposals(transaction: Transaction, asked: Asked) -> Report:
    """Make R13 (gallringsprotokoll): what was disposed of in a period, by the day on which it was done."""
    found = [row for row in retention.protocol(transaction) if day_of(row["carried_out_at"]) in asked.period]
    sheet = Sheet(
        id="R13",
        title=f"Gallringsprotokoll, {period(asked.period)}",
        columns=disposal.COLUMNS,
        rows=[
            (
                row["number"] or "–",
                row["record"],
                row["decision_ref"],
                day_of(row["carried_out_at"]),
                row["carried_out_by"],
                row["pieces"],
            )
            for row in found
        ],
        notes=[("handlingar", sum(row["pieces"] for row in found)), ("till och med", asked.today)],
    )
    records: Counter[str] = Counter()
    decisions: Counter[str] = Counter()
    for row in found:
        records[row["record"]] += row["pieces"]
        decisions[row["decision_ref"]] += row["pieces"]
    headline = f"Inget gallrades under {period(asked.period)}."
    if found:
        told = begun(many(sum(records.values()), "handling gallrades", "handlingar gallrades"))
        by = many(len(decisions), "beslut", "beslut", neuter=True)
        headline = f"{told} under {period(asked.period)}, enligt {by}."
    return put_together(
        sheet,
        asked,
        headline=headline,
        sections=[
            Section(
                title="Per beslut",
                items=tuple(
                    f"{decision}: {count} handlingar" for decision, count in sorted(decisions.items())
                ),
            )
        ],
        charts=[bars("Gallrade handlingar efter handlingstyp", "handlingar", dict(sorted(records.items())))],
    )


def of_access(transaction: Transaction, asked: Asked) -> Report:
    """Make R14: what people did and read in a period, in its order; what the program did by itself is not.

    The roles are those that somebody has today. Of a case that is kept from the reader neither number nor
    reason is told, only that somebody was there; a reason that may point at a person is left out.
    """
    hidden = kept_from(transaction, asked.reader)
    roles, words = _Roles(asked.house), Words(asked.house)
    rows: list[tuple[Cell, ...]] = []
    acts: Counter[str] = Counter()
    people: Counter[str] = Counter()
    for row in journal.by_people(transaction, asked.period.begins, asked.period.ends, machine=SYSTEM):
        details = row["details"]
        is_hidden = row["case_id"] in hidden
        what = details.get("vad", "")
        acts[row["act"]] += 1
        people[row["actor"]] += 1
        rows.append(
            (
                row["at"].astimezone(STOCKHOLM).strftime("%Y-%m-%d %H:%M:%S"),
                row["actor"],
                roles.of(row["actor"]),
                f"{row['act']} ({what})" if what and not is_hidden else row["act"],
                _NOT_SHOWN if is_hidden else row["number"] or "",
                "" if is_hidden else _reason(details, words),
            )
        )
    sheet = Sheet(
        id="R14",
        title=f"Åtkomstlogg, {period(asked.period)}",
        columns=ACCESS,
        rows=rows,
        notes=[
            ("rader", len(rows)),
            ("därav läsningar", acts[journal.READING]),
            ("till och med", asked.today),
        ],
    )
    headline = f"Ingen har läst eller gjort något under {period(asked.period)}."
    if rows:
        told = f"{begun(many(len(people), 'användare', 'användare'))} gjorde {number(len(rows))} saker"
        read = many(acts[journal.READING], "läsning", "läsningar")
        headline = f"{told} under {period(asked.period)}, därav {read}."
    return put_together(
        sheet,
        asked,
        headline=headline,
        sections=[
            Section(title="Per användare", items=tuple(f"{who}: {n}" for who, n in people.most_common()))
        ],
        charts=[bars("Det vanligaste", "gånger", dict(acts.most_common(_COMMON)))],
    )


def _reason(details: Mapping[str, str], words: Words) -> str:
    """Return why somebody did something, or which report they took out: that has no case and no reason."""
    why = words.of(details.get("varför", ""))
    report, period_named = details.get("rapport", ""), details.get("period", "")
    return why or f"{report} {period_named}".strip()


class _Roles:
    """What somebody is here for, looked up once."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._known: dict[str, str] = {}

    def of(self, person: str) -> str:
        """Name the roles of a person; a dash for who is none of the staff."""
        if person not in self._known:
            self._known[person] = ", ".join(sorted(map(str, self._house.roles(person)))) or "–"
        return self._known[person]
