from typing import Any

from vonage import Auth, HttpClientOptions, Voice
from vonage_http_client import HttpClient


def voice(place: Any) -> Voice:
    made = HttpClient(Auth(api_key="k", api_secret="s"), HttpClientOptions(timeout=1))
    made.auth.create_jwt_auth_string = lambda: "Bearer t"
    return Voice(made)


MAKERS = {"vonage.Voice": voice}
