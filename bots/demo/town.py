"""The demo's municipality: a configuration with free ports, its own secrets and a letterbox as relay."""

import secrets
import socket
from pathlib import Path
from typing import Any

from bots.demo.mails import TOWN
from bots.settings import Settings, settings_with

STAFF_PASSWORD = "demo"  # noqa: S105 - printed on the screen, on the own machine, for an hour


def settings(folder: Path, *, relay_port: int, smtp_port: int, web_port: int) -> Settings:
    """Make the settings of Lilla kommunen, with everything in `folder` and on loopback."""
    (folder / "staff").write_text(STAFF_PASSWORD, encoding="utf-8")
    for name in ("mail", "session"):
        (folder / name).write_text(secrets.token_hex(32), encoding="utf-8")
    found: dict[str, Any] = {
        "municipality": {
            "name": "Lilla kommunen",
            "service_name": "Tyck till",
            "phone": "070-174 06 05",
            "phone_hours": "mån–fre 8–16",
            "privacy_url": "https://lillkommun.example/personuppgifter",
            "profile": "standard",
        },
        "store": {"url": f"sqlite:///{folder / 'synpunkt.db'}"},
        "mail": {"address": TOWN, "secret": f"file:{folder / 'mail'}"},
        "channels": {
            "smtp": {"port": smtp_port, "recipients": [TOWN]},
            "relay": {"host": "127.0.0.1", "port": relay_port, "security": "none"},
            "webchat": {},
        },
        "web": {
            "port": web_port,
            "public_url": f"http://127.0.0.1:{web_port}",
            "staff_password": f"file:{folder / 'staff'}",
            "session_secret": f"file:{folder / 'session'}",
            "secure_cookies": False,
        },
        "triage": {"registrator": "rita"},
        "handlers": _PEOPLE,
        "units": _UNITS,
    }
    return settings_with(["webchat"]).model_validate(found)


def free_port(wanted: int) -> int:
    """Return `wanted` if nobody has it, otherwise a port that is free now."""
    for port in (wanted, 0):
        try:
            with socket.create_server(("127.0.0.1", port)) as bound:
                return int(bound.getsockname()[1])
        except OSError:
            continue
    raise OSError("no free port on 127.0.0.1")


def _person(identity: str, name: str, title: str, **more: object) -> dict[str, object]:
    email = f"{identity}@lillkommun.example"
    return {"id": identity, "name": name, "title": title, "email": email, **more}


_PEOPLE = [
    _person("rita", "Rita Lund", "registrator"),
    _person("anna", "Anna Ek", "rektor", substitute="rita"),
    _person("omar", "Omar Dahl", "enhetschef hemtjänsten", substitute="rita"),
    _person("kim", "Kim Åberg", "gatuingenjör", substitute="petra"),
    _person("petra", "Petra Holm", "enhetschef park och renhållning", substitute="kim"),
    _person("tove", "Tove Sjö", "bygglovschef", substitute="rita"),
]
_UNITS = [
    {
        "id": "skola",
        "name": "Skola och förskola",
        "handlers": ["anna"],
        "words": ["skol", "björkskol", "förskol", "lärar", "elev", "matte"],
        "areas": ["skola", "förskola"],
    },
    {
        "id": "omsorg",
        "name": "Hemtjänst och äldreomsorg",
        "handlers": ["omar"],
        "words": ["hemtjänst", "äldreboende", "kotihoi", "home care"],
        "areas": ["hemtjänst", "äldreomsorg"],
    },
    {
        "id": "gata",
        "name": "Gata och trafik",
        "handlers": ["kim"],
        "words": ["plog", "väg", "gatlykt", "cykel", "parking", "parkering", "buss"],
        "areas": ["gata/trafik"],
    },
    {
        "id": "park",
        "name": "Park och renhållning",
        "handlers": ["petra"],
        "words": ["sopor", "kärl", "papperskorg", "lekplats", "park", "bänk", "badplats"],
        "areas": ["park", "renhållning/avfall"],
    },
    {
        "id": "bygg",
        "name": "Bygg och miljö",
        "handlers": ["tove"],
        "words": ["bygglov", "detaljplan"],
        "areas": ["bygglov"],
    },
]
