from typing import Any

from oic.oauth2.grant import Grant
from oic.oic import Client
from oic.oic.consumer import Consumer
from oic.oic.message import AccessTokenResponse
from oic.utils.authn.client import CLIENT_AUTHN_METHOD

from tests.real.receivers import Place


def _grant() -> Grant:
    grant = Grant(seed="a")
    grant.code = "c"
    grant.grant_expiration_time = 2**33
    grant.add_token(AccessTokenResponse(access_token="t", refresh_token="r", token_type="Bearer", scope=["openid"], id_token="i"))
    return grant


def _known(client: Any, place: Place) -> Any:
    client.client_id, client.client_secret = "a", "secret"
    client.redirect_uris = [place.url]
    client.token_endpoint = client.userinfo_endpoint = place.url
    client.registration_endpoint = client.end_session_endpoint = client.checksession_endpoint = client.check_session_endpoint = place.url
    client.grant["s"] = _grant()
    return client


def _client(place: Place) -> Client:
    return _known(Client(client_authn_method=CLIENT_AUTHN_METHOD), place)


def _consumer(place: Place) -> Consumer:
    return _known(Consumer({}, {"scope": ["openid"]}, {"client_id": "a", "client_authn_method": CLIENT_AUTHN_METHOD}), place)


MAKERS = {"Client": _client, "Consumer": _consumer}
