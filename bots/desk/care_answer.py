"""The reply template of health care, which no page can take away (row B24; lag 2017:372, PSL 3 kap.)."""

from bots.desk.house import House
from store.domain import Kind
from store.engine import Row
from store.reply_templates import ReplyTemplate

_CARE = "hsl"
_TEMPLATE = ReplyTemplate(
    id=-1,  # those that are kept are numbered from one
    title="Hälso- och sjukvård: vad som hände och vad ni gör",
    kind=Kind.COMPLAINT,
    text="""[Säg att du beklagar det som hände.]

Det här hände:
[Förklara vad som hände, och varför.]

Det här gör vi för att det inte ska hända igen:
[Skriv vad ni gör, och när det är gjort.]

Är du inte nöjd med svaret? Hör av dig till oss först.
Du kan också vända dig till patientnämnden i din region. Logga in på 1177 när du skriver till dem.
Skriv inga personliga uppgifter i vanlig e-post.
När vi har svarat kan du också anmäla det som hände till Inspektionen för vård och omsorg.""",
)


def template_for(house: House, case: Row) -> ReplyTemplate | None:
    """Return what an answer in a case of health care begins with; None for praise, and in every other unit.

    What stands in brackets is for the handler to fill in: `proofreading` remarks on what is left.
    """
    if house.regulated(case["unit"]) != _CARE or case["kind"] in {Kind.PRAISE, Kind.SUGGESTION}:
        return None
    return _TEMPLATE
