"""What is held against every letter (requirements C3, G16, B22). `test_lint` shows that it bites."""

import re

from templates.readability import lix, sentences

# Requirement C3, and words the house avoids.
BANNED = {
    "sv": (
        "du måste förstå",
        "enligt våra regler",
        "tyvärr",
        "missuppfatta",
        "missuppfattat",
        "missförstått",
        "inte vårt ansvar",
        "avvisas",
        "ej",
        "vänligen",
        "notera",
        "kund",
        "kunder",
        "enligt lag",
        "men du",
        "påstår",
        "upplevt det som",
    ),
    "en": (
        "you must understand",
        "according to our rules",
        "unfortunately",
        "misunderstood",
        "not our responsibility",
        "rejected",
        "please note",
        "customer",
        "claim",
    ),
    "fi": (
        "sinun täytyy ymmärtää",
        "sääntöjemme mukaan",
        "valitettavasti",
        "väärin",
        "ei ole vastuullamme",
        "hylätään",
        "asiakas",
    ),
}
# We promise to take care of what is written, never what comes of it (requirements C3, tone 4; G16:4).
OUTCOMES = {
    "sv": (
        "vi åtgärdar",
        "vi ska åtgärda",
        "vi löser",
        "vi rättar",
        "blir bättre",
        "ska bli bättre",
        "vi lovar att",
        "händer inte igen",
        "du får rätt",
        "du får ersättning",
    ),
    "en": (
        "we will fix",
        "we will solve",
        "we will change",
        "will be fixed",
        "will get better",
        "we promise that",
        "will not happen again",
        "you will be compensated",
    ),
    "fi": ("korjaamme", "ratkaisemme", "muutamme", "paranee", "takaamme", "ei toistu", "saat korvauksen"),
}
# Gislaved's five points, in the words that our letters have for them.
TONE = {
    "sv": {
        "1 thanks": ("tack för",),
        "2 why": ("visar oss vad som", "det är bra att du"),
        "3 regret": ("vi beklagar",),
        "4 care": ("tar hand om det du",),
        "5 feedback": ("svar senast", "svaret", "läsa det med koden", "vi läser allt som kommer till oss"),
    },
    "en": {
        "1 thanks": ("thank you for",),
        "2 why": ("shows us what works", "it is good that you"),
        "3 regret": ("we are sorry",),
        "4 care": ("will take care of what you",),
        "5 feedback": ("an answer by", "read the answer", "written an answer", "we read everything"),
    },
    "fi": {
        "1 thanks": ("kiitos, että",),
        "2 why": ("näyttää meille, mikä toimii", "on hyvä, että"),
        "3 regret": ("olemme pahoillamme",),
        "4 care": ("huolehtii palautteestasi", "huolehtii viestistäsi"),
        "5 feedback": ("vastauksen viimeistään", "kirjoittaneet vastauksen", "luemme kaiken"),
    },
}
# What is said outward holds no citations (B22) and no jokes (C3).
_SIGNS = re.compile("[§\u2600-\u27bf\U0001f000-\U0001faff]")


def tone(body: str, language: str) -> list[str]:
    """List the points of tone that a letter has."""
    # A praise letter says "Det visar oss"; case and line breaks do not matter.
    flat = " ".join(body.lower().split())
    return [point for point, words in TONE[language].items() if any(word in flat for word in words)]


def bad_words(text: str, language: str) -> list[str]:
    """List what must not be said: phrases, promises of an outcome, paragraph signs, emoji."""
    flat = " ".join(text.lower().split())
    phrases = (*BANNED[language], *OUTCOMES[language])
    found = [phrase for phrase in phrases if re.search(rf"(?<!\w){phrase}(?!\w)", flat)]
    return found + _SIGNS.findall(text)


def heavy(body: str, language: str, *, easy: bool = False) -> list[str]:
    """List what makes a letter hard to read: long sentences, and a high LIX. `easy` is lättläst."""
    longest, hardest = (12, 25) if easy else (20, 40)
    found = [" ".join(words) for words in sentences(body) if len(words) > longest]
    # LIX counts long words. Finnish says in one word what Swedish says in three; there it measures nothing.
    if language != "fi" and lix(body) > hardest:
        found.append(f"LIX {lix(body):.0f}")
    return found
