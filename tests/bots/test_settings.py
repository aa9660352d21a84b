"""What is wrong with a configuration is said with file, table, key and remedy."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from bots.plugins import names
from bots.settings import SettingsError, load, secret, secrets_of, settings_with

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
RIGHT = """
[municipality]
name = "Lilla kommunen"
phone = "070-174 06 05"
phone_hours = "mån–fre 8–16"
privacy_url = "https://lillkommun.example/personuppgifter"

[mail]
address = "synpunkt@lillkommun.example"
secret = "env:HEMLIG"

[channels.smtp]
port = 8025
recipients = ["synpunkt@lillkommun.example"]

[channels.relay]
host = "smtp.lillkommun.example"

[web]
port = 8080
public_url = "https://tycktill.lillkommun.example/"
staff_password = "env:PERSONAL"
session_secret = "env:SESSION"

[triage]
registrator = "rita"

[[handlers]]
id = "rita"
name = "Rita Lund"
email = "rita@lillkommun.example"
absent = [{ first = 2026-12-21, last = 2027-01-08 }]

[[handlers]]
id = "ulla"
name = "Ulla Berg"
email = "ulla@lillkommun.example"

[[units]]
id = "park"
name = "Park"
handlers = ["rita", "ulla"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "config.toml"
    found.write_text(RIGHT, encoding="utf-8")
    return found


def told(file: Path, old: str, new: str) -> list[str]:
    """Change the configuration and return what is said of it, line by line."""
    assert old in RIGHT
    file.write_text(RIGHT.replace(old, new), encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(file)
    return str(caught.value).splitlines()


def test_a_right_configuration_loads_with_its_defaults(file: Path) -> None:
    settings = load(file)

    assert settings.channels.smtp is not None
    assert settings.web is not None
    assert settings.channels.smtp.host == "127.0.0.1"
    assert settings.web.public_url == "https://tycktill.lillkommun.example"
    assert settings.store.url == "sqlite:///synpunkt.db"
    assert settings.municipality.series == "SYN"
    assert settings.handlers[0].absent[0].first.isoformat() == "2026-12-21"


@pytest.mark.parametrize(
    ("old", "new", "table", "key", "remedy"),
    [
        ("port = 8025", "prot = 8025", "channels.smtp", "prot", "Menade du port?"),
        ("port = 8025", "zzz = 1", "channels.smtp", "zzz", "Kända är certificate, host, key"),
        ('name = "Lilla kommunen"\n', "", "municipality", "name", "saknas. Se config.example.toml"),
        ('name = "Lilla kommunen"', "name = 7", "municipality", "name", "ska vara en text inom"),
        ('name = "Lilla kommunen"', 'name = " "', "municipality", "name", "(nu str)"),
        ("port = 8025", 'port = "8025"', "channels.smtp", "port", "ska vara ett heltal utan citattecken"),
        ("port = 8025", "port = 70000", "channels.smtp", "port", "ska vara högst 65535, inte 70000."),
        ('secret = "env:HEMLIG"\n', "", "mail", "secret", "saknas"),
        ('id = "park"', f'id = "{"p" * 101}"', "units nr 1", "id", "får ha högst 100 tecken."),
        ('id = "rita"', f'id = "{"r" * 101}"', "handlers nr 1", "id", "får ha högst 100 tecken."),
        (
            'host = "smtp.lillkommun.example"',
            'host = "x"\npassword = "env:RELAY"',
            "channels.relay",
            "password",
            "hör ihop med username",
        ),
        (
            'host = "smtp.lillkommun.example"',
            'host = "x"\noauth = { google_key = "env:NYCKEL" }',
            "channels.relay",
            "username",
            "Ange kontot som oauth loggar in med.",
        ),
        ('"env:HEMLIG"', '"hemligheten själv"', "mail", "secret", 'ska vara "env:NAMN" eller "file:/sökväg"'),
        (
            'address = "synpunkt@lillkommun.example"',
            'address = "synpunkt"',
            "mail",
            "address",
            "ska vara en e-postadress",
        ),
        (
            'address = "synpunkt@lillkommun.example"',
            'address = "a b@c.example"',
            "mail",
            "address",
            "ska vara en e-postadress",
        ),
        (
            '"https://tycktill.lillkommun.example/"',
            '"tycktill.example"',
            "web",
            "public_url",
            "ska börja med https://",
        ),
        (
            'host = "smtp.lillkommun.example"',
            'host = "x"\nsecurity = "ssl"',
            "channels.relay",
            "security",
            "ska vara en av",
        ),
        (
            'host = "smtp.lillkommun.example"',
            'host = "x"\nconnections = true',
            "channels.relay",
            "connections",
            "heltal",
        ),
        (
            "port = 8025",
            'port = 8025\nrequire_starttls = "ja"',
            "channels.smtp",
            "require_starttls",
            "ska vara true eller false",
        ),
        (
            "port = 8025",
            'port = 8025\ntimeout_seconds = "60"',
            "channels.smtp",
            "timeout_seconds",
            "ska vara ett tal",
        ),
        (
            'recipients = ["synpunkt@lillkommun.example"]',
            'recipients = "synpunkt@lillkommun.example"',
            "channels.smtp",
            "recipients",
            "ska vara en lista inom",
        ),
        (
            "first = 2026-12-21",
            'first = "2026-12-21"',
            "handlers nr 1.absent nr 1",
            "first",
            "ska vara ett datum utan",
        ),
        ('handlers = ["rita", "ulla"]', "handlers = []", "units nr 1", "handlers", "får inte vara tom."),
        (
            "port = 8025",
            "port = 8025\ntimeout_seconds = 0.0",
            "channels.smtp",
            "timeout_seconds",
            "ska vara mer än 0.0, inte 0.0.",
        ),
        (
            'recipients = ["synpunkt@lillkommun.example"]',
            "recipients = []",
            "channels.smtp",
            "recipients",
            "får inte vara tom.",
        ),
        (
            'host = "smtp.lillkommun.example"',
            'host = ""',
            "channels.relay",
            "host",
            "får inte vara tom.",
        ),
    ],
)
def test_a_wrong_key_is_told_with_file_table_and_remedy(
    file: Path, old: str, new: str, table: str, key: str, remedy: str
) -> None:
    lines = told(file, old, new)

    assert len(lines) == 1
    assert lines[0].startswith(f"{file}: tabell [{table}], nyckel {key}: ")
    assert remedy in lines[0]


def test_all_that_is_wrong_is_told_at_once(file: Path) -> None:
    file.write_text(RIGHT.replace("8025", '"x"').replace("env:HEMLIG", "x").replace("phone =", "fone ="))

    with pytest.raises(SettingsError) as caught:
        load(file)

    assert len(str(caught.value).splitlines()) == 4


def test_a_secret_written_in_plain_text_is_not_repeated_in_the_error(file: Path) -> None:
    (line,) = told(file, "env:HEMLIG", "hunter2hunter2")

    assert "hunter2" not in line


def test_an_unknown_table_is_told(file: Path) -> None:
    lines = told(file, "[triage]", "[other]\na = 1\n\n[triage]")

    assert lines == [
        f"{file}: other: okänd nyckel. Kända är alarms, archive, backup, boards, channels, clamav, "
        "classifier, disclosure, doors, handlers, journal, log, mail, metrics, municipality, oidc, "
        "open_data, public, retention, secrecy, store, traces, triage, units, watch, web."
    ]


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ("", "ingen får larmen"),
        ('webhook = "https://larm.example.se"', "hör ihop med webhook"),
        ('to = ["drift@example.se"]\nwebhook_secret = "env:X"', "hör ihop med webhook"),
    ],
)
def test_alarms_that_nobody_could_get_or_believe_are_told(file: Path, keys: str, problem: str) -> None:
    (line,) = told(file, "[triage]", f"[alarms]\n{keys}\n\n[triage]")

    assert line.startswith(f"{file}: tabell [alarms]")
    assert problem in line


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::"])  # noqa: S104 - that is the fault
def test_two_listeners_on_one_port_are_told(file: Path, host: str) -> None:
    lines = told(file, "port = 8080", f'port = 8025\nhost = "{host}"')

    assert lines == [
        f"{file}: tabell [web], nyckel port: 8025 används redan av [channels.smtp]. Ge dem var sin port."
    ]


def test_two_listeners_on_one_port_of_different_addresses_get_on(file: Path) -> None:
    file.write_text(RIGHT.replace("port = 8080", 'port = 8025\nhost = "192.0.2.1"'))

    assert load(file).web is not None


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            'registrator = "rita"',
            'registrator = "anna"',
            "tabell [triage], nyckel registrator: 'anna' finns inte bland [[handlers]]. "
            "Välj en av rita, ulla.",
        ),
        (
            'handlers = ["rita", "ulla"]',
            'handlers = ["anna", "rita"]',
            "tabell [[units]] park, nyckel handlers: 'anna' finns inte bland [[handlers]]. "
            "Välj en av rita, ulla.",
        ),
        (
            'name = "Rita Lund"',
            'name = "Rita Lund"\nsubstitute = "anna"',
            "tabell [[handlers]] rita, nyckel substitute: 'anna' finns inte bland [[handlers]]. "
            "Välj en av rita, ulla.",
        ),
        (
            "[[units]]",
            '[[handlers]]\nid = "rita"\nname = "R"\nemail = "r@lillkommun.example"\n\n[[units]]',
            "tabell [[handlers]], nyckel id: 'rita' finns två gånger. Ge varje person ett eget id.",
        ),
        (
            "[[units]]",
            '[[units]]\nid = "park"\nname = "P"\nhandlers = ["rita", "ulla"]\n\n[[units]]',
            "tabell [[units]], nyckel id: 'park' finns två gånger. Ge varje enhet ett eget id.",
        ),
        (
            "last = 2027-01-08",
            "last = 2026-01-08",
            "tabell [[handlers]] rita, nyckel absent: last (2026-01-08) ligger före first (2026-12-21). "
            "Rätta årtalet eller byt plats på dem.",
        ),
        (
            "port = 8025",
            'port = 8025\ncertificate = "a.pem"',
            "tabell [channels.smtp]: certificate och key hör ihop. Ange båda eller ingen.",
        ),
        (
            "port = 8025",
            "port = 8025\nrequire_starttls = true",
            "tabell [channels.smtp], nyckel require_starttls: kräver certificate och key.",
        ),
        (
            '[channels.smtp]\nport = 8025\nrecipients = ["synpunkt@lillkommun.example"]\n',
            "",
            "tabell [channels]: ingen väg in. Ange [channels.smtp] eller [channels.imap.<namn>].",
        ),
        (
            "[web]",
            '[channels.imap.b]\nhost = "imap.example"\nusername = "u"\n\n[web]',
            "tabell [channels.imap.b]: ange antingen password eller oauth, inte båda eller inget.",
        ),
        (
            'handlers = ["rita", "ulla"]',
            'handlers = ["rita", "ulla"]\nboard = "bun"',
            "tabell [[units]] park, nyckel board: 'bun' finns inte bland [[boards]]. Lägg in nämnden där.",
        ),
        (
            "[[units]]",
            '[[boards]]\nid = "bun"\nname = "B"\nseries = "SYN"\n\n[[units]]',
            "tabell [[boards]], nyckel series: 'SYN' används två gånger. Ge varje nämnd sin egen.",
        ),
    ],
)
def test_what_no_single_table_can_know_is_told(file: Path, old: str, new: str, expected: str) -> None:
    assert told(file, old, new) == [f"{file}: {expected}"]


def test_a_missing_file_says_what_to_copy(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path / "ingen.toml")

    assert str(caught.value) == (
        f"{tmp_path / 'ingen.toml'}: filen finns inte. Kopiera config.example.toml och ändra i den."
    )


@pytest.mark.parametrize(
    ("content", "why"), [(b"a = \n", "inte giltig TOML"), (b"\xff\xfe", "kan inte läsas")]
)
def test_a_file_that_can_not_be_read_is_told(tmp_path: Path, content: bytes, why: str) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(content)

    with pytest.raises(SettingsError, match=why) as caught:
        load(file)

    assert str(caught.value).startswith(f"{file}: ")


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="kan inte läsas"):
        load(tmp_path)


def test_a_secret_comes_from_the_environment_or_a_file_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "hemlig").write_text("abc\n", encoding="utf-8")

    assert secret("env:A", environment={"A": "def"}) == "def"
    assert secret(f"file:{tmp_path / 'hemlig'}") == "abc"


@pytest.mark.parametrize(
    ("reference", "remedy"),
    [
        ("env:FINNS_INTE_ALLS", "sätt miljövariabeln FINNS_INTE_ALLS"),
        ("file:/finns/inte", "lägg hemligheten i filen"),
    ],
)
def test_a_missing_secret_says_where_to_put_it(reference: str, remedy: str) -> None:
    with pytest.raises(SettingsError) as caught:
        secret(reference, environment={})

    assert reference in str(caught.value)
    assert remedy in str(caught.value)


def test_an_empty_secret_is_a_missing_one(tmp_path: Path) -> None:
    (tmp_path / "tom").write_text(" \n", encoding="utf-8")

    with pytest.raises(SettingsError, match="saknas"):
        secret(f"file:{tmp_path / 'tom'}")


def test_every_secret_of_the_example_is_found_in_its_table() -> None:
    assert dict(secrets_of(load(EXAMPLE))) == {
        "store.encryption_key": "file:/etc/synpunkt/blob-keys",
        "journal.secret": "env:SYNPUNKT_JOURNAL_SECRET",
        "mail.secret": "env:SYNPUNKT_MAIL_SECRET",
        "channels.imap.brevladan.password": "env:SYNPUNKT_IMAP_PASSWORD",
        "channels.imap.molnet.oauth.client_secret": "env:SYNPUNKT_OAUTH_SECRET",
        "channels.imap.arbetsytan.oauth.google_key": "file:/etc/synpunkt/google.json",
        "channels.relay.password": "env:SYNPUNKT_RELAY_PASSWORD",
        "channels.elks.password": "env:SYNPUNKT_ELKS_PASSWORD",
        "channels.elks.hook_secret": "env:SYNPUNKT_ELKS_HOOK_SECRET",
        "channels.elks.hook_password": "env:SYNPUNKT_ELKS_HOOK_PASSWORD",
        "channels.twilio.auth_token": "env:SYNPUNKT_TWILIO_TOKEN",
        "channels.twilio.shared_key": "env:SYNPUNKT_TWILIO_SHARED_KEY",
        "channels.telegram.token": "env:SYNPUNKT_TELEGRAM_TOKEN",
        "channels.telegram.webhook_secret": "env:SYNPUNKT_TELEGRAM_WEBHOOK_SECRET",
        "channels.mastodon.token": "env:SYNPUNKT_MASTODON_TOKEN",
        "channels.matrix.access_token": "env:SYNPUNKT_MATRIX_TOKEN",
        "channels.matrix.password": "env:SYNPUNKT_MATRIX_PASSWORD",
        "channels.meta.app_secret": "env:SYNPUNKT_META_APP_SECRET",
        "channels.meta.verify_token": "env:SYNPUNKT_META_VERIFY_TOKEN",
        "channels.meta.pages.1.token": "env:SYNPUNKT_META_PAGE_TOKEN",
        "channels.meta.whatsapp.token": "env:SYNPUNKT_META_WHATSAPP_TOKEN",
        "oidc.client_secret": "env:SYNPUNKT_OIDC_SECRET",
        "metrics.token": "env:SYNPUNKT_METRICS_TOKEN",
        "alarms.webhook_secret": "env:SYNPUNKT_ALARM_SECRET",
        "web.staff_password": "env:SYNPUNKT_STAFF_PASSWORD",
        "web.session_secret": "env:SYNPUNKT_SESSION_SECRET",
    }


def model_of(annotation: Any) -> type[BaseModel] | None:
    """Find the table behind a field, whether optional, in a list or by name."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (model_of(part) for part in getattr(annotation, "__args__", ()))
    return next((model for model in found if model is not None), None)


def keys_of(model: type[BaseModel], where: str = "") -> Iterator[str]:
    """Walk through all that can be set; names that the reader chooses become a star."""
    for name, field in model.model_fields.items():
        inner = model_of(field.annotation)
        here = f"{where}{name}"
        if inner is None:
            yield here
        else:
            by_name = str(field.annotation).startswith("dict")
            yield from keys_of(inner, f"{here}.*." if by_name else f"{here}.")


def keys_in(found: dict[str, Any], where: str = "") -> Iterator[str]:
    """Walk through all that is set in a configuration, in the same words."""
    for name, value in found.items():
        here = f"{where}{'*' if where == 'channels.imap.' else name}"
        for one in value if isinstance(value, list) and value else [value]:
            if isinstance(one, dict) and one:
                yield from keys_in(one, f"{here}.")
            else:
                yield here


def with_comments() -> dict[str, Any]:
    """Read the example with its one commented table (`oauth` of the relay) switched on."""
    text = re.sub(r"^# (oauth = \{.*?\}).*$", r"\1", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return tomllib.loads(text)


def test_the_example_shows_every_key_that_can_be_set_and_no_other() -> None:
    shown = set(keys_in(with_comments()))
    # An empty list of tables shows none of their keys; another one beside it does.
    shown = {key for key in shown if not any(other.startswith(f"{key}.") for other in shown)}

    assert shown == set(keys_of(settings_with(names())))


def test_the_example_is_a_right_configuration() -> None:
    assert load(EXAMPLE).municipality.name == "Lilla kommunen"


def test_b18_a_house_without_pages_must_say_where_personal_data_is_told_of(file: Path) -> None:
    address = 'privacy_url = "https://lillkommun.example/personuppgifter"\n'
    text = file.read_text(encoding="utf-8").replace(address, "")
    file.write_text(text, encoding="utf-8")
    assert load(file).municipality.privacy_url == ""

    file.write_text(re.sub(r"\[web\][^\[]*", "", text), encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(file)
    lines = str(caught.value).splitlines()

    assert lines == [
        f"{file}: tabell [municipality], nyckel privacy_url: saknas. Utan [web] har vi ingen egen sida om "
        "personuppgifter. Ange adressen till kommunens."
    ]
