from unittest.mock import patch

import pandas
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.httpclient import HttpClient


def _client(place):
    with patch.object(HttpClient, "_init_common_settings"):  # it asks the server for its settings
        return HttpClient("http", "127.0.0.1", place.port, "a", "b", "shop")


async def _async_client(place):
    made = AsyncClient("http", "127.0.0.1", place.port, "a", "b", "shop")
    made._backend.ensure_session()
    return made


MAKERS = {
    "Client": _client,
    "AsyncClient": _async_client,
    "=frame": lambda place: pandas.DataFrame({"id": [1]}),
}
