"""Tells which language a text is written in. Our letter follows it, so Swedish wins every doubt."""

import copy
import re
import unicodedata

from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]  # has no types

_LATIN = ("sv", "en", "fi", "so", "pl", "se", "de", "no", "da", "es", "fr", "tr", "ku", "bs")
_ARABIC = ("ar", "fa")
_CYRILLIC = ("uk", "ru", "sr")
_SHORT = 60  # characters; below this a Norwegian or Dane is more likely a Swede in a hurry
_ENOUGH = 0.55  # the least probability that outweighs Swedish
_MOST = 200  # characters are enough to tell
_LETTER = re.compile(r"[^\W\d_]")
_NOT_LATIN = re.compile(r"[^\W\d_a-zA-Z\u00aa-\u024f]")
_NAMES = {"no": "nb"}


class Languages:
    """Knows the languages that a Swedish municipality meets. Works without any network."""

    def __init__(self) -> None:
        every = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        self._latin, self._arabic, self._cyrillic = (
            _only(every, languages) for languages in (_LATIN, _ARABIC, _CYRILLIC)
        )

    def of(self, text: str) -> str:
        """Return the code of the language, "sv" where the text does not clearly say otherwise."""
        sample = text[:_MOST]
        foreign = _NOT_LATIN.findall(sample)
        letters = len(_LETTER.findall(sample))
        if 2 * len(foreign) > letters:
            return self._of_script(unicodedata.name(foreign[0], "").partition(" ")[0], sample)
        return self._of_latin(sample, letters) if letters else "sv"

    def _of_script(self, script: str, text: str) -> str:
        if script == "ETHIOPIC":
            return "ti"
        if script == "ARABIC":
            return _code(self._arabic, text)[0]
        if script == "CYRILLIC":
            return _code(self._cyrillic, text)[0]
        return "sv"

    def _of_latin(self, text: str, letters: int) -> str:
        language, probability = _code(self._latin, text)
        if probability < _ENOUGH or (letters < _SHORT and language in {"no", "da"}):
            return "sv"
        return _NAMES.get(language, language)


def _only(every: LanguageIdentifier, languages: tuple[str, ...]) -> LanguageIdentifier:
    # A copy shares the large tables; reading them again would take half a second.
    made = copy.copy(every)
    made.set_languages(languages)
    return made


def _code(identifier: LanguageIdentifier, text: str) -> tuple[str, float]:
    language, probability = identifier.classify(text)
    return str(language), float(probability)
