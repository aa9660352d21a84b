"""What fuzzing has found, each as a test of its own."""

import io
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from bots.channel import PermanentFailure
from bots.channels import telegram_reading
from bots.cli import _texts
from bots.settings import SettingsError, load
from bots.web.filters import tidy
from bots.web.oidc import IdentityProvider, OidcError, UnreachableError
from bots.web.register import moment_of
from bots.wire import sms
from bots.wire.http import Service, json_of, wait_of
from classifier.messages import CorpusError, read
from store import profiles
from store.domain import Event
from store.lists import Queue
from tests.bots.web.forger import forger
from tests.bots.web.test_oidc import sign_in
from tests.fuzz.hooked import answer_by
from tests.fuzz.sound import NOW

DEEP = b"[" * 100_000
A_YEAR = "Mon, 23 Nov 99999999999999999999 09:00:00 +0000"


def test_a_year_that_is_too_long_for_the_machine_is_no_time() -> None:
    assert sms.time_of(A_YEAR) is None
    assert wait_of(httpx.Response(429, headers={"Retry-After": A_YEAR})) is None


def test_a_clock_that_cannot_be_read_beside_a_limit_is_taken_for_ours() -> None:
    headers = {"X-RateLimit-Reset": "2026-11-23T09:00:00Z", "Date": A_YEAR}

    assert wait_of(httpx.Response(429, headers=headers)) is not None


def test_the_first_hour_of_the_year_one_is_no_moment_that_somebody_came_in() -> None:
    assert moment_of("0001-01-01", "00:00") is None
    assert moment_of("0001-01-02", "02:00") is not None


def test_an_address_of_a_list_that_is_cut_at_a_blank_is_the_same_when_it_is_read_again() -> None:
    once = tidy(urlencode({"enhet": f"{'a' * 99} b", "q": f"{'a' * 199} b"}), list(Queue))

    assert tidy(once, list(Queue)) == once == urlencode({"q": "a" * 199, "enhet": "a" * 99})


def test_an_update_that_is_nested_too_deep_is_kept_as_something_other() -> None:
    found = telegram_reading.read(DEEP, account="synpunktbot", now=NOW)

    assert found.inbound.said is not None
    assert found.inbound.said.event is Event.OTHER


def test_an_answer_of_a_service_that_is_nested_too_deep_is_no_json() -> None:
    assert json_of(httpx.Response(200, content=DEEP)) == {}


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(302, headers={"Location": "http://127.0.0.1:9/fil"}),
        httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"ingen gzip")),
    ],
    ids=["a ring of addresses", "a lie about how it is packed"],
)
async def test_a_file_that_cannot_be_had_is_said_to_be_lacking(answer: httpx.Response) -> None:
    service = Service(name="prov", base_url="http://127.0.0.1:9")
    answer_by(service, lambda _: answer)

    with pytest.raises(PermanentFailure, match="går inte att få"):
        await service.fetch("http://127.0.0.1:9/fil")


@pytest.mark.parametrize("line", ["[" * 100_000, '{"text":' + "9" * 5000 + "}"], ids=["deep", "long number"])
def test_a_line_that_python_cannot_read_as_json_is_read_as_text(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert list(_texts(io.StringIO(line + "\n"), jsonl=True)) == [line]
    assert "läses som text" in capsys.readouterr().err


def test_a_corpus_that_is_nested_too_deep_names_its_line(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(DEEP)

    with pytest.raises(CorpusError, match=r"a\.jsonl:1"):
        read(file)


def test_a_file_of_settings_or_promises_that_is_nested_too_deep_is_told_of_in_words(tmp_path: Path) -> None:
    file = tmp_path / "djup.toml"
    file.write_bytes(b"a = " + DEEP)

    with pytest.raises(SettingsError, match="inte giltig TOML"):
        load(file)
    with pytest.raises(profiles.ProfileError, match="kan inte läsas"):
        profiles.load(str(file))


def test_a_provider_that_says_odd_things_of_itself_keeps_nobody_out_but_itself() -> None:
    with forger() as provider:
        provider.metadata = {"token_endpoint_auth_methods_supported": 5}
        assert sign_in(provider) == "anna.ek@example.se"

        provider.metadata = {"jwks_uri": f"{provider.issuer}/.well-known/openid-configuration", "keys": 5}
        with pytest.raises(OidcError):
            sign_in(provider)


def test_a_provider_whose_description_is_nested_too_deep_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tests.bots.web.forger.json.dumps", lambda _: DEEP.decode())
    with forger() as provider, pytest.raises(UnreachableError):
        IdentityProvider(facts=provider.facts, clock=lambda: NOW).metadata()
