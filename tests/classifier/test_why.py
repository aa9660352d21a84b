"""The marked words are those that decided: without them the confidence falls further than without others."""

from random import Random

from classifier.messages import read_split
from classifier.model import Classifier
from classifier.train import CORPUS

_MARKED = 3


def test_without_the_marked_words_confidence_falls_several_times_more_than_without_others(
    classifier: Classifier,
) -> None:
    chance = Random(0)  # noqa: S311
    test = [
        each
        for each in read_split(CORPUS).test
        if each.language == "sv" and 20 <= len(each.text.split()) <= 60
    ]
    texts = [each.text for each in chance.sample(test, 80)]
    falls = {"marked": 0.0, "others": 0.0}
    for text, before, suggestion in zip(
        texts, classifier.shares(texts), classifier.suggest_many(texts), strict=True
    ):
        words = text.split()
        marked = set(suggestion.why[-_MARKED:])  # those for the factor stand last
        spots = [at for at, word in enumerate(words) if any(mark in word.lower() for mark in marked)]
        others = [at for at in range(len(words)) if at not in spots]
        drawn = chance.sample(others, min(len(spots), len(others)))
        for name, without in (("marked", spots), ("others", drawn)):
            rest = " ".join(word for at, word in enumerate(words) if at not in without)
            after = classifier.shares([rest])[0]["factor"][suggestion.factor.value]
            falls[name] += before["factor"][suggestion.factor.value] - after

    assert falls["marked"] > 3 * max(falls["others"], 0.5)


def test_every_marked_word_stands_in_the_text(classifier: Classifier) -> None:
    text = "Plogbilen kom INTE till Björkvägen i går heller, tredje gången! Vi kommer inte till jobbet."

    why = classifier.suggest(text).why

    assert why
    assert all(word in text.lower() for word in why)
