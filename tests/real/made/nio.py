from nio import AsyncClient, AsyncClientConfig

from tests.real.receivers import Place


def _client(place: Place) -> AsyncClient:
    client = AsyncClient(place.url, "@a:example.com", config=AsyncClientConfig(max_timeouts=1, backoff_factor=0, request_timeout=2))
    client.access_token, client.user_id, client.device_id = "t", "@a:example.com", "D"
    return client


MAKERS = {"AsyncClient": _client}
