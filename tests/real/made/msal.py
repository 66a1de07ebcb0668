import json
from typing import Any

import msal
import requests

AUTHORITY = "https://login.microsoftonline.com/common"
PLACES = dict.fromkeys(("authorization_endpoint", "device_authorization_endpoint", "issuer", "token_endpoint"), AUTHORITY)


class Http(requests.Session):
    """Knows where the authority answers, which an application asks when it is made."""

    def get(self, *args: Any, **kwargs: Any) -> Any:
        response = requests.Response()
        response.status_code = 200
        response._content = json.dumps(PLACES).encode()
        return response


def _app(kind: Any, **more: Any) -> Any:
    return kind("a", authority=AUTHORITY, instance_discovery=False, http_client=Http(), **more)


MAKERS = {
    "msal.ConfidentialClientApplication": lambda place: _app(msal.ConfidentialClientApplication, client_credential="s"),
    "msal.PublicClientApplication": lambda place: _app(msal.PublicClientApplication),
}
