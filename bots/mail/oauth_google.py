"""Tokens for Google Workspace: a service account that may act for the mailbox. Microsoft is in `oauth`."""

import asyncio
import json
from typing import Any

from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.oauth2.service_account import Credentials

from bots.channel import TemporaryFailure

GOOGLE_SCOPE = "https://mail.google.com/"


class GoogleServiceAccount:
    """Google tokens for `user`, by domain-wide delegation of the scope `https://mail.google.com/`.

    `key` is the service account's JSON key, as text. Raises `ValueError` if it is no such key; nothing is
    fetched until the first `token`.
    """

    def __init__(self, *, key: str, user: str) -> None:
        try:
            facts: dict[str, Any] = json.loads(key)
            self._credentials = Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
                facts, scopes=[GOOGLE_SCOPE], subject=user
            )
        except (ValueError, TypeError, AttributeError, GoogleAuthError) as error:
            # Without the cause: its words may hold a piece of the key.
            raise ValueError("ska vara ett tjänstkontos JSON-nyckel från Google Cloud") from error
        self._lock = asyncio.Lock()

    async def token(self) -> str:
        """Return a token; raise `TemporaryFailure` when Google gives none."""
        async with self._lock:
            return await asyncio.to_thread(self._fetch)

    def _fetch(self) -> str:
        try:
            if not self._credentials.valid:
                self._credentials.refresh(Request())
        except (GoogleAuthError, OSError) as error:
            raise TemporaryFailure(
                "Ingen åtkomsttoken: Google svarar inte eller nekar tjänstkontot. Kontrollera nyckeln och "
                "att kontot har delegering för hela domänen med omfattningen https://mail.google.com/."
            ) from error
        return str(self._credentials.token)
