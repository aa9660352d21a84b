"""What a road or a channel is called, on pages and in letters to staff."""

from collections.abc import Mapping
from types import MappingProxyType

_MAIL = "e-post"
_WEB_CHAT = "webbchatten"
_OPENLY = "_offentligt"
_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "email": _MAIL,
        "smtp": _MAIL,
        "imap": _MAIL,
        "receive": _MAIL,
        "web": "webbformuläret",
        "sms": "SMS",
        "telefon": "telefon",
        "svarssida": "vår svarssida, med en kod",
        "telegram": "Telegram",
        "messenger": "Messenger",
        "facebook": "Facebook",
        "instagram": "Instagram",
        "instagram_kommentar": "Instagram",
        "whatsapp": "WhatsApp",
        "mastodon": "Mastodon",
        "matrix": "Matrix",
        "webchat": _WEB_CHAT,
        "webbchatt": _WEB_CHAT,
    }
)


def road_name(road: str) -> str:
    """Return the plain Swedish name of a road or channel, as it stands after "genom".

    One that nobody has named here, such as that of a plugin, is called what its settings call it.
    """
    service = road.removesuffix(_OPENLY)
    name = _NAMES.get(service, service)
    return f"{name}, öppet för alla" if road != service else name
