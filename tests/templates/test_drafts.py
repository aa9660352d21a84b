"""Letters in languages that nobody who speaks them has approved: whole, but off (requirements C3, E:5)."""

import re
import tomllib
from pathlib import Path

import pytest

import templates
from bots.mail import quotes
from templates import TemplateError, drafts, facts_of, is_written, language_of, languages, render
from templates.examples import EXAMPLES, Example

ROOM = Path(templates.__file__).parent
LETTERS = (
    "citizen_acknowledgement",
    "citizen_acknowledgement_anonymous",
    "citizen_acknowledgement_urgent",
    "citizen_handler_named",
    "citizen_question",
)
MARK = "\N{LEFT-TO-RIGHT MARK}"
EVERY_DRAFT = pytest.mark.parametrize("code", drafts())
EVERY_LETTER = pytest.mark.parametrize(
    ("example", "code"),
    [
        pytest.param(example, code, id=f"{code} {example.letter}: {example.situation}")
        for example in EXAMPLES
        if example.letter in LETTERS
        for code in drafts()
    ],
)
# The rows of CONTENT in test_letters: B30 automatic, B30 human, B7 day of R, G16:1 thanks, G16:2 why,
# G16:4 care, G9 handler, G16:5 answer, K5 add, K22 public, B18 privacy, B2 human.
CONTENT = {
    "ar": (
        "كتب هذه الرسالة مساعد آلي.",
        "الذي يتولى القضية هو دائمًا إنسان.",
        "يوم الاثنين 23 نوفمبر 2026",
        "شكرًا لك",
        "ما يسير جيدًا",
        "ما كتبته الآن في عهدة Anna Ek.",
        "الشخص المسؤول عن قضيتك هو Anna Ek (enhetschef).",
        "ستحصل على رد في موعد أقصاه يوم الأربعاء 2 ديسمبر 2026.",
        "أجب على هذه الرسالة.",
        "وثيقة عامة",
        "بياناتك الشخصية:\n",
        "اتصل بالرقم 070-174 06 10 (mån–fre 8–16).",
    ),
    "fa": (
        "این نامه را یک دستیار خودکار نوشته است.",
        "رسیدگی به پرونده همیشه با یک انسان است.",
        "روز دوشنبه 23 نوامبر 2026",
        "سپاسگزاریم",
        "نشان می‌دهد چه چیزی خوب است",
        "Anna Ek به آنچه نوشته‌اید رسیدگی می‌کند.",
        "مسئول پروندهٔ شما Anna Ek (enhetschef) است.",
        "حداکثر تا روز چهارشنبه 2 دسامبر 2026 پاسخ می‌گیرید.",
        "به همین نامه پاسخ دهید.",
        "سند عمومی",
        "اطلاعات شخصی شما",
        "با شمارهٔ 070-174 06 10 تماس بگیرید (mån–fre 8–16).",
    ),
    "fit": (
        "Automaattinen apulainen oon kirjottannu tämän preivin.",
        "Ihminen se aina hoitaa asian.",
        "maanantaina 23. marraskuuta 2026",
        "Kiitos ette",
        "mikä toimii",
        "Anna Ek ottaa hoithoon sen mitä sie olet kirjottannu.",
        "Sinun asian hoitaja oon Anna Ek (enhetschef).",
        "Sie saat vastauksen viimisthään keskiviikkona 2. joulukuuta 2026.",
        "Vastaa tähän preihviin.",
        "julkiseksi asiapaperiksi",
        "henkilötietoja:\n",
        "Soita nummerhiin 070-174 06 10 (mån–fre 8–16).",
    ),
    "pl": (
        "Ten list napisał automatyczny asystent.",
        "Sprawą zawsze zajmuje się człowiek.",
        "w poniedziałek 23 listopada 2026 roku",
        "Dziękujemy za",
        "co działa dobrze",
        "Anna Ek zajmie się tym, co piszesz.",
        "Twoją sprawę prowadzi Anna Ek (enhetschef).",
        "Dostaniesz odpowiedź najpóźniej w środę 2 grudnia 2026 roku.",
        "Odpowiedz na ten list.",
        "dokumentem publicznym",
        "dane osobowe:\n",
        "Zadzwoń: 070-174 06 10 (mån–fre 8–16).",
    ),
    "se": (
        "Automáhtalaš veahkki lea čállán dán reivve.",
        "Olmmoš álo meannuda ášši.",
        "vuossárgga skábmamánu 23. b. 2026",
        "Giitu go",
        "mii doaibmá",
        "Anna Ek fuolaha das maid don leat čállán.",
        "Du áššemeannudeaddji lea Anna Ek (enhetschef).",
        "Don oaččut vástádusa maŋimustá gaskavahku juovlamánu 2. b. 2026.",
        "Vástit dán reivii.",
        "almmolaš áššebábirin",
        "persovdnadieđuid:\n",
        "Riŋge 070-174 06 10 (mån–fre 8–16).",
    ),
    "so": (
        "Warqaddan waxaa qoray kaaliye otomaatig ah.",
        "Arrinta waxaa mar walba gacanta ku haya qof bini'aadam ah.",
        "Isniinta 23 Nofembar 2026",
        "Waad ku mahadsan tahay",
        "waxa si fiican u socda",
        "Anna Ek ayaa gacanta ku haya waxa aad qortay.",
        "Qofka arrintaada haya waa Anna Ek (enhetschef).",
        "Waxaad jawaab heli doontaa ugu dambayn Arbacada 2 Disembar 2026.",
        "Ka jawaab warqaddan.",
        "dukumenti dadweyne",
        "xogtaada shakhsiga ah:\n",
        "Wac 070-174 06 10 (mån–fre 8–16).",
    ),
    "uk": (
        "Цього листа написав автоматичний помічник.",
        "Справою завжди займається людина.",
        "у понеділок, 23 листопада 2026 року",
        "Дякуємо, що",
        "що працює добре",
        "Anna Ek займеться тим, що Ви написали.",
        "За Вашу справу відповідає Anna Ek (enhetschef).",
        "Ви отримаєте відповідь не пізніше ніж у середу, 2 грудня 2026 року.",
        "Дайте відповідь на цей лист.",
        "публічним документом",
        "персональні дані:\n",
        "Телефонуйте: 070-174 06 10 (mån–fre 8–16).",
    ),
}


def flat(text: str) -> str:
    """Undo the folding of long lines, but keep the end of a line that ends with a colon; drop the marks."""
    return re.sub(r"(?<!:)\n *", " ", text).replace(MARK, "")


def body(letter: str, code: str, **changed: object) -> str:
    example = next(row for row in EXAMPLES if row.letter == letter)
    return render(letter, language=code, drafts=(code,), **{**example.facts, **changed}).body


def test_seven_languages_are_drafts_and_the_others_are_not() -> None:
    assert drafts() == ("ar", "fa", "fit", "pl", "se", "so", "uk")
    assert languages() == ("en", "fi", "sv")
    assert [language_of(code).reviewer for code in drafts()] == [""] * 7


@EVERY_DRAFT
def test_a_draft_has_the_first_letters_and_no_others(code: str) -> None:
    found = {path.stem for path in (ROOM / code).glob("[!_]*.txt")}

    assert found == set(LETTERS)
    assert {letter: facts_of(letter, language=code) for letter in found} == {
        letter: facts_of(letter, language="sv") for letter in found
    }


@EVERY_DRAFT
def test_a_draft_is_used_only_where_it_is_switched_on(code: str) -> None:
    facts = EXAMPLES[0].facts

    unasked = render("citizen_acknowledgement", language=code, **facts)
    others = [other for other in drafts() if other != code]

    assert unasked.language == "sv"
    assert render("citizen_acknowledgement", language=code, drafts=others, **facts) == unasked
    assert render("citizen_acknowledgement", language=code, drafts=[code], **facts).language == code
    assert not is_written("citizen_acknowledgement", language=code)


@EVERY_DRAFT
def test_a_letter_that_a_draft_lacks_is_swedish_and_then_english(code: str) -> None:
    example = next(row for row in EXAMPLES if row.letter == "citizen_answer")

    answer = render("citizen_answer", language=code, drafts=(code,), **example.facts)

    assert answer == render("citizen_answer", language="xx", **example.facts)


def test_a_language_that_is_no_draft_of_ours_cannot_be_switched_on() -> None:
    wanted = "../sv"

    letter = render("citizen_acknowledgement", language=wanted, drafts=(wanted,), **EXAMPLES[0].facts)

    assert letter.language == "sv"


def test_a_letter_in_a_draft_misses_no_fact_silently() -> None:
    facts = {name: fact for name, fact in EXAMPLES[0].facts.items() if name != "answer_by"}

    with pytest.raises(TemplateError, match=r"letter citizen_acknowledgement \(ar\): missing answer_by"):
        render("citizen_acknowledgement", language="ar", drafts=("ar",), **facts)


@EVERY_DRAFT
def test_an_acknowledgement_says_all_that_is_required(code: str) -> None:
    letter = flat(body("citizen_acknowledgement", code))

    assert [words for words in CONTENT[code] if words not in letter] == []
    assert "\nhttps://www.exempelby.example/personuppgifter " in letter
    assert "SYN-2026-000123" in letter


@EVERY_DRAFT
def test_b27_the_urgent_letter_names_112_before_anything_else(code: str) -> None:
    letter = body("citizen_acknowledgement_urgent", code, marker=False)

    first = letter.split("\n")[2]
    assert "112" in first
    assert re.findall("socialtjänsten|socialjouren", letter) == ["socialtjänsten", "socialjouren"]
    assert letter.count("070-174 06 10") == 2


@EVERY_DRAFT
def test_who_left_no_address_gets_code_place_and_day(code: str) -> None:
    example = next(row for row in EXAMPLES if row.letter == "citizen_acknowledgement_anonymous")

    letter = body("citizen_acknowledgement_anonymous", code)

    assert f" {example.facts['code']}\n" in letter.replace(MARK, "")
    assert f" {example.facts['link']}\n" in letter
    assert str(example.facts["case_number"]) in letter


@EVERY_LETTER
def test_a_letter_is_whole_in_a_draft(example: Example, code: str) -> None:
    letter = render(example.letter, language=code, drafts=(code,), **example.facts)

    lines = letter.body.split("\n")
    assert [line for line in lines if len(line) > 76] == []
    assert (lines[0] != "", lines[-1], "\n\n\n" in letter.body) == (True, "", False)
    assert len(letter.subject) <= 76
    assert re.findall(r"[{}%]{2}|<\w|None|[§\u2600-\u27bf\U0001f000-\U0001faff]", letter.body) == []
    assert "070-174 06 10" in letter.body


@EVERY_DRAFT
def test_the_mail_room_knows_the_line_to_write_above(code: str) -> None:
    assert body("citizen_question", code, marker=True).startswith(f"--- {quotes.MARKERS[code]} ---\n\n")


def test_the_mail_room_knows_no_line_of_a_language_that_we_lack() -> None:
    assert sorted(quotes.MARKERS) == sorted((*languages(), *drafts()))


def test_the_languages_from_right_to_left_say_so() -> None:
    assert [code for code in drafts() if language_of(code).direction == "rtl"] == ["ar", "fa"]


# Unicode's bidirectional algorithm (UAX 9, W2 and W7): digits after an Arabic letter form groups that run
# from right to left, digits after this mark do not.
@pytest.mark.parametrize("code", ["ar", "fa"])
def test_a_phone_number_and_a_code_keep_their_order_among_words_from_right_to_left(code: str) -> None:
    letters = [body(letter, code) for letter in LETTERS]

    for letter in letters:
        assert letter.count(f"{MARK}070-174 06 10{MARK}") == letter.count("070-174 06 10") > 0
    assert f"{MARK}7KQM-4T9X{MARK}" in body("citizen_acknowledgement_anonymous", code)


@pytest.mark.parametrize("code", ["ar", "fa"])
def test_a_blank_phone_is_an_error_among_words_from_right_to_left_too(code: str) -> None:
    with pytest.raises(TemplateError, match="a fact is blank"):
        body("citizen_question", code, phone=" ")


@EVERY_DRAFT
def test_each_weekday_and_each_month_has_a_name_of_its_own(code: str) -> None:
    words = tomllib.loads((ROOM / code / "_language.toml").read_text(encoding="utf-8"))

    assert [len(set(words[row])) for row in ("weekdays", "weekdays_on", "months")] == [7, 7, 12]
