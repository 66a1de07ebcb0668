from typing import Any

from django.conf import settings
from django.test import RequestFactory, override_settings

from tests.real.receivers import Place

APPS: list[str] = []


def prepare(place: Place) -> None:
    names = ["social_core.backends.github.GithubOAuth2"]
    keys = {f"SOCIAL_AUTH_{name}_{key}": "k" for name in ("OWN", "GITHUB") for key in ("KEY", "SECRET")}
    apps = [*settings.INSTALLED_APPS, "social_django"]
    override_settings(INSTALLED_APPS=apps, AUTHENTICATION_BACKENDS=names, SOCIAL_AUTH_SANITIZE_REDIRECTS=False, **keys).enable()


def _strategy(place: Place) -> Any:
    from social_django.utils import load_strategy

    return load_strategy(_request(place))


def _request(place: Place) -> Any:
    request = RequestFactory().get("/")
    request.session = {}
    return request


def _own(place: Place) -> Any:
    from social_core.backends.oauth import BaseOAuth2

    return type("Own", (BaseOAuth2,), {"name": "own"})(_strategy(place))


def _github(place: Place) -> Any:
    from social_core.backends.github import GithubOAuth2

    class Github(GithubOAuth2):
        def user_data(self, access_token: str, *args: Any, **kwargs: Any) -> Any:
            return self.get_json(place.url)

        def revoke_token_url(self, token: str, uid: str) -> str:
            return place.url

    return Github(_strategy(place))


def _old(place: Place) -> Any:
    from social_core.backends.oauth import BaseOAuth1

    class Old(BaseOAuth1):
        name = "own"
        REQUEST_TOKEN_URL = ACCESS_TOKEN_URL = place.url

        def user_data(self, access_token: Any, *args: Any, **kwargs: Any) -> Any:
            return self.get_json(place.url)

    return Old(_strategy(place), redirect_uri=place.url)


def _row(place: Place) -> Any:
    from social_django.models import UserSocialAuth

    return UserSocialAuth(provider="github", uid="1", extra_data={"access_token": "t", "refresh_token": "t", "expires": -1, "auth_time": 1})


MAKERS = {"OwnOAuth2": _own, "GithubOAuth2": _github, "BaseOAuth1": _old, "UserSocialAuth": _row, "=request": _request}
