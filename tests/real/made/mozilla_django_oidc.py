from typing import Any

from django.test import override_settings

from tests.real.receivers import Place

APPS: list[str] = []


def prepare(place: Place) -> None:
    ends = {f"OIDC_OP_{name}_ENDPOINT": place.url for name in ("TOKEN", "USER", "JWKS", "AUTHORIZATION")}
    override_settings(OIDC_RP_CLIENT_ID="a", OIDC_RP_CLIENT_SECRET="s", OIDC_RP_SIGN_ALGO="RS256", **ends).enable()


def _backend(place: Place) -> Any:
    from mozilla_django_oidc.auth import OIDCAuthenticationBackend

    return OIDCAuthenticationBackend()


MAKERS = {"OIDCAuthenticationBackend": _backend}
