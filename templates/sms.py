"""What a text costs as an SMS: 160 characters of GSM 03.38, or 70 of any other writing."""

import unicodedata

# GSM 03.38, the basic table; a character of the extension table takes two places.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("–—−‑‐", "-"),
        **dict.fromkeys("‘’‚′", "'"),
        **dict.fromkeys("“”„«»", '"'),
        **dict.fromkeys("\u00a0\u202f\u2009", " "),
        "…": "...",
        "•": "-",
    }
)
# Letters that Unicode does not take apart into a plain letter and a mark.
_STROKES = str.maketrans({"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ŧ": "t", "Ŧ": "T", "ŋ": "n", "Ŋ": "N"})


def segments(text: str) -> tuple[str, int]:
    """Return the alphabet that a text needs, "GSM-7" or "UCS-2", and how many SMS it takes."""
    if not text:
        return "GSM-7", 0
    if all(sign in _BASIC or sign in _EXTENSION for sign in text):
        return "GSM-7", _count([1 if sign in _BASIC else 2 for sign in text], alone=160, joined=153)
    return "UCS-2", _count([1 if ord(sign) < 0x10000 else 2 for sign in text], alone=70, joined=67)


def fitted(text: str, *, most: int) -> str:
    """Write dashes and quotation marks plainly, and letters without their marks if it takes more than `most`.

    å, ä, ö, é and ü are in the alphabet and stay; a name such as Šárka loses its marks only where it must.
    """
    plain = text.translate(_SIGNS)
    alphabet, count = segments(plain)
    return plain if alphabet == "GSM-7" or count <= most else "".join(_unmarked(sign) for sign in plain)


def _unmarked(sign: str) -> str:
    if sign in _BASIC or sign in _EXTENSION:
        return sign
    bare = "".join(part for part in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(part))
    return bare.translate(_STROKES)


def _count(widths: list[int], *, alone: int, joined: int) -> int:
    if sum(widths) <= alone:
        return 1
    # A character of two places is never cut: it moves to the next SMS and leaves a place empty.
    count, used = 1, 0
    for width in widths:
        if used + width > joined:
            count, used = count + 1, 0
        used += width
    return count
