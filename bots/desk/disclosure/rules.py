"""By which paragraph something is masked, as the municipality has set it. A lawyer should look at each."""

from dataclasses import dataclass

from bots.desk.disclosure.masking import OWN
from store.domain import PassageKind

WHOLE = "hela handlingen"  # the kind of a passage that is a whole paper
_HEALTH = frozenset({PassageKind.HEALTH, PassageKind.SENSITIVE})


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """Paragraphs of offentlighets- och sekretesslagen, in the words of a decision.

    `identity` is for names, numbers and addresses, `health` for health and other delicate matters,
    `protected` for who has protected data; `choices` are those that can be chosen besides.
    """

    identity: str = "21 kap. 7 § OSL"
    health: str = "21 kap. 1 § OSL"
    protected: str = "21 kap. 3 § OSL"
    choices: tuple[str, ...] = ("21 kap. 1 § OSL", "21 kap. 3 § OSL", "21 kap. 7 § OSL", "26 kap. 1 § OSL")
    court: str = "kammarrätten"
    law: str = "offentlighets- och sekretesslagen (2009:400)"

    def of(self, kind: str) -> str:
        """Return the paragraph by which a kind of passage is masked unless somebody says another."""
        if kind in {OWN, WHOLE}:
            return self.choices[0] if self.choices else self.identity
        return self.health if kind in _HEALTH else self.identity

    def all(self) -> tuple[str, ...]:
        """List every paragraph that can be chosen, each once."""
        return tuple(dict.fromkeys((*self.choices, self.identity, self.health, self.protected)))
