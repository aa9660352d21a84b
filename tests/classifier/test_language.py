import pytest

from classifier.language import Languages
from classifier.messages import read_split
from classifier.train import CORPUS


@pytest.fixture(scope="module")
def languages() -> Languages:
    return Languages()


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sv", "Hej, när öppnar biblioteket efter sommaren?"),
        ("en", "The bus stop has no roof and my children get wet every morning."),
        ("fi", "Hei, äitini asuu vanhainkodissa ja ruoka on aina kylmää."),
        ("ar", "الطعام في المدرسة سيئ جدا"),
        ("fa", "غذای مدرسه پسرم خیلی بد است، لطفاً کاری بکنید"),
        ("so", "Salaan, gabadhaydu waxay dhigataa dugsiga waxaana ka welwelaya cuntada"),
        ("uk", "Доброго дня, у парку зламані гойдалки, полагодьте їх, будь ласка"),
        ("ru", "Здравствуйте, почему автобус всё время опаздывает и никто не отвечает?"),
        ("pl", "Dzień dobry, dlaczego plac zabaw jest wciąż zamknięty dla dzieci?"),
        ("de", "Guten Tag, warum ist das Schwimmbad am Wochenende geschlossen?"),
        ("es", "Buenos días, quiero dar las gracias al personal de la biblioteca."),
        ("tr", "Merhaba, çocuğumun okulunda yemekler her gün çok soğuk geliyor."),
        ("ti", "ሰላም፣ ንምንታይ እዩ ቤት ትምህርቲ ዝተዓጽወ"),
        (
            "nb",
            "Hei, jeg lurer på hvorfor svømmehallen alltid er stengt når barna har fri fra skolen om høsten.",
        ),
        (
            "da",
            "Hej, jeg vil gerne vide hvorfor svømmehallen altid er lukket, når børnene har fri fra skolen.",
        ),
    ],
)
def test_a_plain_sentence_is_known_by_its_language(languages: Languages, language: str, text: str) -> None:
    assert languages.of(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "skitmat",
        "plogat!!! ❤️",
        "Tar badhuset kontanter?",
        "test test 123",
        "",
        "12 34",
        "👍",
        "ok",
        "halvrått 🤢",
    ],
)
def test_a_text_too_short_to_tell_is_swedish(languages: Languages, text: str) -> None:
    assert languages.of(text) == "sv"


def test_swedish_messages_are_almost_never_taken_for_another_language(languages: Languages) -> None:
    split = read_split(CORPUS)
    swedish = [each.text for each in (*split.train, *split.dev, *split.test) if each.language == "sv"]

    others = [languages.of(text) for text in swedish]

    assert len(swedish) == 16845
    # A piece of spam in no language at all, and two texts of a few words.
    assert sum(other != "sv" for other in others) <= 3
