"""The new words of a reply: quoted mail, attribution lines, footers and signature taken off.

Every rule looks at one line, or at a window of at most 260 characters, so the time grows with the text
and no faster. HTML quotations are cut in `html`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

MARKERS: Mapping[str, str] = MappingProxyType(
    {
        "sv": "Skriv ditt svar ovanför den här raden",
        "en": "Write your reply above this line",
        "fi": "Kirjoita vastauksesi tämän rivin yläpuolelle",
        "ar": "اكتب ردك فوق هذا السطر",
        "fa": "پاسخ خود را بالای این خط بنویسید",
        "fit": "Kirjota sinun vastaus tämän rivin yläpuolele",
        "pl": "Napisz odpowiedź nad tą linią",
        "se": "Čále vástádusat dán linnjá bajábeallái",
        "so": "Jawaabtaada ku qor xariiqdan korkeeda",
        "uk": "Напишіть свою відповідь над цим рядком",
    }
)
_MAX_TEXT = 256 * 1024
_WINDOW = 260
_LEAST_LETTERS = 10
_LONG_ENOUGH = 15  # a shorter line of ours ("Hej", "Med vänlig hälsning") may be the citizen's own as well

_VERB = re.compile(
    r"\b(?:skrev|skreiv|skrifaði|wrote|schrieb|kirjoitti|geschrieben|čálii|a écrit)\b", re.IGNORECASE
)
_OWN_VERB = re.compile(
    r"\bskrev (?:jag|vi|du|ni|han|hon|de|ingen|man)\b|\b(?:I|we|you|they) wrote\b", re.IGNORECASE
)
_YEAR = re.compile(r"\b(?:19|20)\d\d")
_CLOCK = re.compile(r"\d[:.]\d\d(?!\d{2})|[@<]")
_SEPARATOR = re.compile(
    r"[-_*=\s>]{2,40}(?:ursprungligt meddelande|originalmeddelande|original message|oprindelig meddelelse"
    r"|opprinnelig melding|alkuperäinen viesti|ursprüngliche nachricht|original meddelande)[-_*=\s:]{0,40}",
    re.IGNORECASE,
)
_RULE = re.compile(r"[-_*=]{5,200}")
_LABELS = {
    **dict.fromkeys(("från", "from", "fra", "von", "lähettäjä", "avsändare", "frå"), "from"),
    **dict.fromkeys(
        ("skickat", "datum", "sent", "date", "sendt", "dato", "gesendet", "lähetetty", "päivämäärä", "sänt"),
        "sent",
    ),
    **dict.fromkeys(("till", "to", "til", "an", "vastaanottaja", "mottagare"), "to"),
    **dict.fromkeys(("ämne", "rubrik", "ärende", "subject", "emne", "betreff", "aihe"), "subject"),
    **dict.fromkeys(("kopia", "cc", "kopio", "kopie", "kopi"), "cc"),
}
_FOOTER = re.compile(
    r"(?:skickat|skickades|sänt|sänd) (?:från|med|via|av) (?:min|mitt|e-post|mail|outlook|yahoo|proton"
    r"|samsung|iphone|ipad|android|telia|gmail|mobil|webb|huawei|bluemail).{0,80}"
    r"|(?:hämta|skaffa|ladda ner) outlook för .{1,120}|get outlook for .{1,120}"
    r"|sent (?:from|with|via|using) (?:my|mail|outlook|yahoo|proton|samsung|bluemail|gmail|iphone).{0,80}"
    r"|sendt (?:fra|med|via) (?:min|mail|outlook|e-mail|e-post|yahoo|proton|iphone).{0,80}"
    r"|(?:hent|få|skaff) outlook (?:til|for) .{1,120}"
    r"|lähetetty (?:minun )?(?:iphonesta|ipadista|samsung|android|puhelimesta|outlook|sähköposti).{0,80}"
    r"|hanki outlook .{1,120}|outlook (?:för|for|für) (?:ios|android).{0,80}"
    r"|von meinem .{1,60} gesendet|gesendet (?:von|mit) (?:mail|meinem|meiner|outlook|iphone|proton).{0,80}"
    r"|diese nachricht wurde von meinem .{1,80} gesendet.{0,40}|holen sie sich outlook .{1,120}"
    r"|virusfri(?:tt)?\W.{0,80}avast.{0,80}|virus-free\W.{0,80}",
    re.IGNORECASE,
)
_POSTSCRIPT = re.compile(r"p\.?\s?s\b", re.IGNORECASE)


def new_text(text: str) -> str:
    """Return the words that are new in a reply, or the whole text if hardly anything would be left."""
    if len(text) > _MAX_TEXT:
        return text
    lines = _above_marker(text.split("\n"))
    lines = _without_quotes(lines)
    lines = _without_footers(_without_signature(lines))
    return _enough("\n".join(lines), text)


def without_parent(text: str, parents: Sequence[str]) -> str:
    """Drop the lines that stand in a mail we sent, and all below our marker line, in any language.

    Give the bodies of our letters as `parents`. Lines may have been quoted and wrapped anew on the way.
    The whole text is returned if hardly anything would be left; see `beside_parent`.
    """
    return _enough(beside_parent(text, parents), text)


def beside_parent(text: str, parents: Sequence[str]) -> str:
    """Return the lines that stand in none of our letters, however few they are."""
    lines = _above_marker(text.split("\n"))
    known = " ".join(_bare(line) for parent in parents for line in parent[:_MAX_TEXT].split("\n"))
    known = " ".join(known.split())
    kept: list[str] = []
    dropping = False
    for line in lines:
        words = " ".join(_bare(line).split())
        if not words:
            kept.append("" if not dropping else line.strip("> \t"))
            continue
        is_known = words in known
        dropping = is_known and (len(words) > _LONG_ENOUGH or dropping)
        if not dropping:
            kept.append(line)
    return "\n".join(_squeezed(kept)).strip()


def _bare(line: str) -> str:
    return line.lstrip("> \t\ufeff").strip()


def _squeezed(lines: Iterable[str]) -> list[str]:
    kept: list[str] = []
    for line in lines:
        if line.strip() or (kept and kept[-1].strip()):
            kept.append(line)
    return kept


def _enough(shorter: str, whole: str) -> str:
    # Better a quotation too many than a citizen's words too few.
    letters = sum(1 for sign in shorter[:2000] if sign.isalpha())
    return shorter.strip() if letters >= _LEAST_LETTERS else whole.strip()


def _above_marker(lines: list[str]) -> list[str]:
    for at, line in enumerate(lines):
        if len(line) < 200 and any(marker in line for marker in MARKERS.values()):
            above = "\n".join(lines[:at])
            # Somebody who answers below the line all the same is still heard.
            return lines[:at] if _enough(above, "") else lines
    return lines


def _without_quotes(lines: list[str]) -> list[str]:
    labels = [_label(line) for line in lines]
    for at, line in enumerate(lines):
        if _SEPARATOR.fullmatch(line.strip()) and _letters_above(lines, at):
            return _trimmed(lines[:at])
        if _is_header_block(lines, labels, at) and _letters_above(lines, at):
            return _trimmed(lines[:at])
        window = _attribution(lines, at)
        if window is None:
            continue
        first, last = window
        following = next((text.strip() for text in lines[last + 1 :] if text.strip(" \t\ufeff\xa0")), "")
        if following.startswith(">") or lines[first].lstrip("\ufeff ").startswith(">"):
            return _unquoted(lines[:first] + lines[last + 1 :])
        if _letters_above(lines, first):
            return _trimmed(lines[:first])
    # One line that begins with > may be a citizen's own "more than" ("> 3 veckor är för länge").
    quoted = sum(1 for line in lines if line.startswith(">"))
    return _unquoted(lines) if quoted > 1 else lines


def _letters_above(lines: list[str], at: int) -> bool:
    return bool(_enough("\n".join(lines[:at]), ""))


def _unquoted(lines: list[str]) -> list[str]:
    return _squeezed(line for line in lines if not line.lstrip("\ufeff ").startswith(">"))


def _trimmed(lines: list[str]) -> list[str]:
    """Drop empty lines, rules and `>` from the end: they belonged to what was cut."""
    end = len(lines)
    while end and (not lines[end - 1].strip("> \t\xa0\ufeff") or _RULE.fullmatch(lines[end - 1].strip())):
        end -= 1
    return (
        _unquoted(lines[:end]) if sum(1 for line in lines[:end] if line.startswith(">")) > 1 else lines[:end]
    )


def _label(line: str) -> str:
    head, colon, _ = line[:40].lstrip("> \t*\ufeff").partition(":")
    return _LABELS.get(head.strip(" *\t\xa0").lower(), "") if colon else ""


def _is_header_block(lines: list[str], labels: list[str], at: int) -> bool:
    """Tell whether a forwarded or quoted mail's small header begins here.

    A bus ride ("Från: Centralen", "Till: Björkhagen") has neither subject nor address.
    """
    if labels[at] not in {"from", "sent"}:
        return False
    kinds = set(labels[at : at + 9]) - {""}
    if not {"from", "sent"} <= kinds or len(kinds) < 3:
        return False
    return "subject" in kinds or any("@" in line for line in lines[at : at + 9])


def _attribution(lines: list[str], at: int) -> tuple[int, int] | None:
    """Return the first and last line of "On ... X wrote:" if its verb stands on this line."""
    if len(lines[at]) > _WINDOW or not _VERB.search(lines[at]):
        return None
    last = next((end for end in range(at, min(at + 3, len(lines))) if _ends_with_colon(lines[end])), None)
    if last is None or any(not lines[end].strip("> \t") for end in range(at, last)):
        return None
    for first in range(at, max(at - 3, -1), -1):
        if not lines[first].strip("> \t"):
            return None
        window = " ".join(_bare(line) for line in lines[first : last + 1])
        if len(window) > _WINDOW or _OWN_VERB.search(window):
            return None
        if _YEAR.search(window) and _CLOCK.search(window):
            return first, last
    return None


def _ends_with_colon(line: str) -> bool:
    return line.rstrip(" \t\xa0\ufeff>").endswith(":")


def _without_signature(lines: list[str]) -> list[str]:
    """Cut below "-- " (RFC 3676 4.3), but keep a postscript that was written under it."""
    for at in range(len(lines) - 1, max(len(lines) - 25, -1), -1):
        if lines[at].rstrip() != "--":
            continue
        below = lines[at + 1 :]
        postscript = next((n for n, line in enumerate(below) if _POSTSCRIPT.match(line.strip())), len(below))
        return lines[:at] + below[postscript:]
    return lines


def _without_footers(lines: list[str]) -> list[str]:
    kept = _trimmed(lines)
    # Only at the very end: "Skickat från min sida i våras ..." in the middle is the citizen speaking.
    for _ in range(4):
        if not kept or not _FOOTER.fullmatch(kept[-1].strip(" \t\xa0*_")):
            break
        kept = _trimmed(kept[:-1])
    return kept
