"""Who is named in a message: exactly those, whatever the case and the form of the name (row B6)."""

import pytest

from bots.desk.named import named_in
from store.domain import Handler


def person(who: str, name: str, title: str = "") -> Handler:
    return Handler(id=who, name=name, title=title, email=f"{who}@lillkommun.example")


PEOPLE = (
    person("anna", "Anna Ek", "enhetschef"),
    person("omar", "Omar Dahl", "rektor"),
    person("asa", "Åsa Maria Berg-Ström", "biträdande rektor"),
    person("nils", "Nils Jonas", "handläggare"),
    person("rita", "Registratorn", "registrator"),
)


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("Anna Ek svarade inte.", ("anna",)),
        ("ANNA EK svarade inte.", ("anna",)),
        ("Anna\nEk svarade inte.", ("anna",)),
        ("Anna Eks bemötande var dåligt.", ("anna",)),
        ("Anna Ek's bemötande.", ("anna",)),
        ("enhetschef Ek lyssnade inte", ("anna",)),
        ("Enhetschefen Ek lyssnade inte", ("anna",)),
        ("rektor Dahls beslut", ("omar",)),
        ("rektorn Dahl", ("omar",)),
        ("Åsa Berg-Ström och Omar Dahl", ("omar", "asa")),
        ("A\u030asa Maria Berg-Ström", ("asa",)),  # as a Mac writes it
        ("biträdande rektor Berg-Ström", ("asa",)),
        ("Nils Jonas bil", ("nils",)),
        # Nobody: half of the town is called Anna, and an oak is an oak.
        ("Anna svarade inte.", ()),
        ("Fru Ek svarade inte.", ()),
        ("Anna Ekman svarade inte.", ()),
        ("Johanna Ek svarade inte.", ()),
        ("Anna Ek-Lund svarade inte.", ()),
        ("enhetschefen lyssnade inte", ()),
        # To be greeted is not to be written about.
        ("Hej Anna Ek!\nGungan är trasig.", ()),
        ("Trasig gunga\nHej Anna Ek och Omar Dahl,\ngungan är trasig.", ()),
        ("Till enhetschef Ek\nGungan är trasig.", ()),
        ("Hej Anna Ek svarade inte i går.", ("anna",)),
        ("Hej Anna Ek! Omar Dahl svarade inte.", ("omar",)),
        ("Hej! Anna Ek. Så heter hon som skrek.", ("anna",)),
        ("rektor Dahlberg", ()),
        ("registratorn", ()),
        ("", ()),
    ],
)
def test_a_person_is_named_by_full_name_or_by_title_and_last_name(text: str, who: tuple[str, ...]) -> None:
    assert named_in(text, PEOPLE) == who
