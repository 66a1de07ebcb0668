from keycloak import KeycloakAdmin, KeycloakOpenID, KeycloakOpenIDConnection, KeycloakUMA

TOKEN = {"access_token": "t", "refresh_token": "r", "expires_in": 99999, "refresh_expires_in": 99999}


def _connection(place):
    return KeycloakOpenIDConnection(server_url=f"{place.url}/", realm_name="r", client_id="c", client_secret_key="s", token=dict(TOKEN))


MAKERS = {
    "keycloak.KeycloakAdmin": lambda place: KeycloakAdmin(connection=_connection(place)),
    "keycloak.KeycloakOpenID": lambda place: KeycloakOpenID(f"{place.url}/", "r", "c", client_secret_key="s"),
    "keycloak.KeycloakUMA": lambda place: KeycloakUMA(connection=_connection(place)),
}
