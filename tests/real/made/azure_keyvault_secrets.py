from typing import Any

from azure.core.credentials import AccessToken
from azure.keyvault.secrets import SecretClient, aio

VAULT = "https://a.vault.azure.net"


class _Token:
    """What Azure's clients take for credentials."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken("t", 9_000_000_000)


class _AsyncToken(_Token):
    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # type: ignore[override]
        return AccessToken("t", 9_000_000_000)


MAKERS = {
    "=credential": lambda place: _Token(),
    "SecretClient": lambda place: SecretClient(VAULT, _Token()),
    "aio.SecretClient": lambda place: aio.SecretClient(VAULT, _AsyncToken()),
}
