from oauth2client import client

MAKERS = {
    "oauth2client.client.OAuth2Credentials": lambda place: client.OAuth2Credentials(
        None, "i", "s", "r", None, f"{place.url}/t", "a", revoke_uri=f"{place.url}/r", token_info_uri=f"{place.url}/i"
    ),
    "oauth2client.client.OAuth2WebServerFlow": lambda place: client.OAuth2WebServerFlow("i", "s", "scope", "http://a.example"),
}
