"""Codes with which an anonymous sender reads our answer (row X9). Only a keyed mark of one is ever kept."""

import hmac

# No vowels, so that no word comes about; none of 0 O 1 I L, nor W, which is V to the ear.
_SIGNS = "23456789BCDFGHJKMNPQRSTVXZ"
_LENGTH, _GROUP = 12, 4  # 26^12 is 56 bits, behind a throttle


class Codes:
    """Makes codes and knows them again. With another `secret` every code that was given out is dead."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def make(self, seed: str) -> str:
        """Make the code of a message, such as `K7QM-4TXP-9HZR`: the same for the same seed.

        A double click must show the same code twice. Whoever knows `seed` must still not know the code, and
        the seed must not be kept with the message.
        """
        left = int.from_bytes(hmac.digest(self._secret, b"code\0" + seed.encode(), "sha256"))
        signs = []
        for _ in range(_LENGTH):
            left, at = divmod(left, len(_SIGNS))
            signs.append(_SIGNS[at])
        code = "".join(signs)
        return "-".join(code[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))

    def mark(self, typed: str) -> str:
        """Return what is kept of a code. Case, spaces and dashes make no difference; nor does any other sign.

        What can be no code gets a mark as well, so that it is looked up like the others.
        """
        plain = "".join(sign for sign in typed[:100].upper() if sign.isalnum())
        return hmac.new(self._secret, b"mark\0" + plain.encode(), "sha256").hexdigest()
