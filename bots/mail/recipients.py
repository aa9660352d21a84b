"""Which envelope recipients are ours. Everybody else is refused at the door, so that we never relay."""

from collections.abc import Iterable


class Recipients:
    """The addresses that take mail for us, each with any plus-tag behind its local part."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self._ours = frozenset(_split(address) for address in addresses)
        if not self._ours or any(not local or not domain for local, domain in self._ours):
            raise ValueError(
                "recipients: minst en fullständig adress behövs, till exempel synpunkter@kommun.se"
            )
        self._domains = frozenset(domain for _, domain in self._ours)

    def accept(self, address: str) -> bool:
        """Tell whether mail to `address` is for us, whatever the case of its letters."""
        local, domain = _split(address)
        if local == "postmaster" and (not domain or domain in self._domains):
            return True  # RFC 5321 4.5.1: postmaster is always there, with or without a domain
        return any(
            domain == our_domain and (local == our_local or local.startswith(f"{our_local}+"))
            for our_local, our_domain in self._ours
        )


def _split(address: str) -> tuple[str, str]:
    bare = address.strip().lower()
    if "@" not in bare:
        return bare, ""
    local, _, domain = bare.rpartition("@")
    return local, ascii_domain(domain.rstrip("."))


def ascii_domain(domain: str) -> str:
    """Return the domain as DNS knows it (IDNA), or unchanged where it has no such form."""
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain
