import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from bots.channel import TemporaryFailure
from bots.mail.oauth import ClientCredentials, xoauth2_string

AUTHORITY = "https://login.microsoftonline.com/lillkommun.example"


@dataclass
class _Answer:
    status_code: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise OSError(f"status {self.status_code}")


class LoginService:
    """What msal talks to instead of the network. `answer` is what the token endpoint says."""

    def __init__(self, answer: dict[str, Any] | OSError, *, status: int = 200) -> None:
        self.answer = answer
        self.status = status
        self.asked: list[dict[str, str]] = []

    def get(self, *_: str, **__: Any) -> _Answer:
        if isinstance(self.answer, OSError):
            raise self.answer
        facts: dict[str, Any] = {
            "metadata": [],
            "token_endpoint": f"{AUTHORITY}/oauth2/v2.0/token",
            "authorization_endpoint": f"{AUTHORITY}/oauth2/v2.0/authorize",
            "issuer": f"{AUTHORITY}/v2.0",
            "tenant_discovery_endpoint": f"{AUTHORITY}/v2.0/.well-known/openid-configuration",
        }
        return _Answer(200, json.dumps(facts))

    def post(self, *_: str, data: dict[str, str] | None = None, **__: Any) -> _Answer:
        self.asked.append(data or {})
        return _Answer(self.status, json.dumps(self.answer))

    def close(self) -> None:
        """Nothing is open."""


def credentials(service: LoginService) -> ClientCredentials:
    return ClientCredentials(
        tenant="lillkommun.example", client_id="app-1", secret="hemligt", http_client=service
    )


def test_the_xoauth2_string_has_user_and_token_between_control_signs() -> None:
    assert xoauth2_string("eva@example.se", "abc") == "user=eva@example.se\x01auth=Bearer abc\x01\x01"


async def test_a_token_is_asked_for_once_and_then_remembered() -> None:
    service = LoginService({"access_token": "abc", "expires_in": 3600, "token_type": "Bearer"})
    source = credentials(service)

    tokens = await asyncio.gather(*(source.token() for _ in range(5)))

    assert tokens == ["abc"] * 5
    assert len(service.asked) == 1
    assert service.asked[0]["scope"] == "https://outlook.office365.com/.default"
    assert service.asked[0]["grant_type"] == "client_credentials"


async def test_a_refused_secret_is_told_without_the_secret() -> None:
    service = LoginService(
        {"error": "invalid_client", "error_description": "AADSTS7000215: hemligt eva@example.se"}, status=401
    )

    with pytest.raises(TemporaryFailure, match="invalid_client") as failed:
        await credentials(service).token()

    assert "hemligt eva" not in str(failed.value)


async def test_a_login_service_that_is_away_is_a_temporary_failure() -> None:
    service = LoginService(OSError("no route to host"))

    with pytest.raises(TemporaryFailure, match="Kontrollera tenant och nätet"):
        await credentials(service).token()
