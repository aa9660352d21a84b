"""Hears whether who got an answer is not satisfied with it (row N5). Rules, so that they can be read.

A doubt opens nothing: the handler is told of every reply, and may open the case again.
"""

import re

_FLAGS = re.IGNORECASE | re.VERBOSE | re.MULTILINE
_OBJECTION = re.compile(
    r"""
    # Svenska
      \b(?:är|känner\ mig|blir)\ (?:(?:fortfarande|absolut|verkligen|dock|jag|ändå|tyvärr)\ ){0,3}
        (?:inte|ej|icke)\ (?:(?:alls|särskilt|ett\ dugg|det\ minsta)\ )?nöjd(?:a)?\b
    | ^\W*(?:inte|ej)\ (?:alls\ )?nöjd\b
    | \b(?:är|känner\ mig)\ (?:(?:fortfarande|mycket|djupt|väldigt|högst)\ ){0,2}
        missnöjd(?:a)?\ (?:med|över)\b
    | \b(?:är|var)\ (?:faktiskt\ )?inget\ svar\ (?:alls|på)\b
    | \bni\ (?:har\ )?(?:fortfarande\ )?(?:inte\ (?:svarat|svarar)|svarar\ inte|svarade\ inte)\ på\b
    | \b(?:godtar|accepterar|köper|godkänner)\ (?:jag\ )?(?:inte|ej)\b
    | \bnöjer\ mig\ (?:inte|ej)\b
    | \bhåller\ (?:jag\ )?(?:inte|ej)\ med\ (?:om|er|dig)\b
    | \b(?:vill|tänker)\ (?:jag\ )?
        (?:gå\ vidare\ med|ta\ det\ (?:här\ )?vidare|driva\ (?:det|detta)\ vidare)\b
    # English
    | \b(?:am|are|we're|i'm)\ (?:still\ |really\ )?not\ (?:at\ all\ )?(?:satisfied|happy|content)\b
    | \b(?:do\ not|don't|cannot|can't)\ (?:accept|agree\ with)\ (?:this|that|your|the)\b
    | \bdid\ not\ answer\ my\ question\b
    # Suomi
    | \ben\ ole\ (?:\w+\ )?tyytyväinen\b
    | \ben\ hyväksy\b
    | \bolen\ (?:\w+\ )?tyytymätön\b
    """,
    _FLAGS,
)
# A condition, a question, or a feeling that has passed.
_NOT_SO = re.compile(
    r"\b(?:om|ifall|när|huruvida|if|jos)\s+(?:jag|vi|man|i|we|en)\b[^.!?\n]{0,30}$|\b(?:var|blev|was|olin)\s+$",
    re.IGNORECASE,
)
_BEFORE = 45
_LONGEST = 20_000  # whoever has more to say has said it by then


def is_objection(text: str) -> bool:
    """Tell whether a reply says that its writer is not satisfied. Give the new text alone, quotes off."""
    text = text[:_LONGEST]
    for found in _OBJECTION.finditer(text):
        before = text[max(0, found.start() - _BEFORE) : found.start()]
        if not _NOT_SO.search(before):
            return True
    return False
