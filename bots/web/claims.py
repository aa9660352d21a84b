"""Says who in our house somebody is, by what the provider vouches for. Pure."""

import hashlib
from collections.abc import Mapping
from typing import Any

from bots.web.oidc import ProviderFacts
from bots.web.sessions import Arrival
from store.domain import Handler, Role, SignIn

# What a group can give. The other roles follow from the organisation (requirements C3).
GIVEN = (Role.STAFF, Role.SECRETARY, Role.DATA_PROTECTION, Role.OPERATOR)
_ID_AT_MOST = 100  # as wide as the column


def arrival(
    claims: Mapping[str, Any], id_token: str, facts: ProviderFacts, staff: Mapping[str, Handler]
) -> Arrival | None:
    """Return who comes in, or None for somebody whom neither the configuration nor a group of theirs lets in.

    The first of the claims that names a person decides. A mail address that the provider says is not proved
    names nobody.
    """
    roles = _roles(claims, facts)
    person = _person(claims, facts, staff)
    if person is not None:
        return Arrival(person=person, how=SignIn.PROVIDER, roles=roles, id_token=id_token)
    if not roles:
        return None
    guest = Handler(
        id=_lasting_id(claims),
        name=_text(claims, "name")[:200] or _text(claims, "preferred_username")[:200] or "Medarbetare",
        email=_text(claims, "email")[:254],
    )
    return Arrival(person=guest.id, how=SignIn.PROVIDER, guest=guest, roles=roles, id_token=id_token)


def has_too_many_groups(claims: Mapping[str, Any], facts: ProviderFacts) -> bool:
    """Tell whether Entra ID left the groups out, since they are more than 200 (its "overage")."""
    names = claims.get("_claim_names")
    return isinstance(names, Mapping) and facts.groups_claim in names


def _person(claims: Mapping[str, Any], facts: ProviderFacts, staff: Mapping[str, Handler]) -> str | None:
    for name in facts.claims:
        value = _text(claims, name)
        if not value or (name == "email" and claims.get("email_verified", True) is not True):
            continue
        if facts.people.get(value) in staff:
            return facts.people[value]
        wanted = value.casefold()
        for one in staff.values():
            if wanted in {one.id.casefold(), one.email.casefold()}:
                return one.id
    return None


def _roles(claims: Mapping[str, Any], facts: ProviderFacts) -> tuple[Role, ...]:
    found = claims.get(facts.groups_claim)
    groups = {one for one in found if isinstance(one, str)} if isinstance(found, list) else set()
    held = {role for group, role in facts.groups.items() if group in groups}
    return tuple(role for role in GIVEN if role in held)


def _lasting_id(claims: Mapping[str, Any]) -> str:
    """Return an id that no handler has, and that stays when somebody changes their name."""
    lasting = _text(claims, "oid") or _text(claims, "sub")
    whole = f"extern:{lasting}"
    return whole if len(whole) <= _ID_AT_MOST else f"extern:{hashlib.sha256(lasting.encode()).hexdigest()}"


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return " ".join(value.split()) if isinstance(value, str) else ""
