"""Tokens for mail services that take no password any more (XOAUTH2); used by the relay and by IMAP."""

import asyncio
from typing import Any, Protocol

from bots.channel import TemporaryFailure

MICROSOFT_SCOPE = "https://outlook.office365.com/.default"


class TokenSource(Protocol):
    """Gives access tokens, fresh enough to be used at once."""

    async def token(self) -> str:
        """Return a valid token; raise `TemporaryFailure` when none is to be had."""


def xoauth2_string(user: str, token: str) -> str:
    """Return the XOAUTH2 string for `user`, not base64 encoded."""
    return f"user={user}\x01auth=Bearer {token}\x01\x01"


class ClientCredentials:
    """Microsoft 365 tokens for an app registration: no user, no browser, only tenant, client id and secret.

    Nothing is fetched until the first `token`. Google is in `oauth_google`.
    """

    def __init__(
        self,
        *,
        tenant: str,
        client_id: str,
        secret: str,
        scope: str = MICROSOFT_SCOPE,
        authority: str = "https://login.microsoftonline.com",
        timeout: float = 30,
        http_client: object | None = None,
    ) -> None:
        self._settings: dict[str, Any] = {
            "client_id": client_id,
            "client_credential": secret,
            "authority": f"{authority}/{tenant}",
            "http_client": http_client,
            "timeout": None if http_client else timeout,
        }
        self._scope = scope
        self._application: Any = None
        self._lock = asyncio.Lock()

    async def token(self) -> str:
        """Return a token, from the cache of msal while it is valid."""
        # One at a time: ten mails that wait for the first token must not ask for ten.
        async with self._lock:
            return await asyncio.to_thread(self._fetch)

    def _fetch(self) -> str:
        # Imported here: few houses need it, and with what it asks the network by it takes a tenth of a start.
        from msal import (  # type: ignore[import-untyped]  # msal ships no types
            ConfidentialClientApplication,
        )
        from msal.exceptions import MsalError  # type: ignore[import-untyped]  # likewise

        try:
            if self._application is None:
                # The constructor already asks the network about the tenant.
                self._application = ConfidentialClientApplication(**self._settings)
            answer = self._application.acquire_token_for_client(scopes=[self._scope])
        except (MsalError, ValueError, KeyError, OSError) as error:
            # requests' exceptions are OSErrors. msal says ValueError for an unknown tenant, and KeyError
            # when something else than the login service answers.
            raise TemporaryFailure(
                "Ingen åtkomsttoken: inloggningstjänsten svarar inte eller känner inte klientorganisationen. "
                "Kontrollera tenant och nätet."
            ) from error
        if "access_token" not in answer:
            # The description may hold ids; the short code is enough to look the fault up.
            raise TemporaryFailure(
                f"Ingen åtkomsttoken: inloggningstjänsten svarade {answer.get('error', 'okänt fel')}. "
                "Kontrollera client_id, hemlighet och att hemligheten inte har gått ut."
            )
        return str(answer["access_token"])
