from typing import Any

from google.cloud import bigquery
from google.oauth2.credentials import Credentials


def _client(place: Any) -> Any:
    return bigquery.Client(project="p", credentials=Credentials("t"), client_options={"api_endpoint": place.url})


def _table() -> Any:
    return bigquery.TableReference.from_string("p.d.t")


MAKERS = {
    "bigquery.Client": _client,
    "bigquery.CopyJob": lambda place: bigquery.CopyJob("j", [_table()], _table(), _client(place)),
    "bigquery.ExtractJob": lambda place: bigquery.ExtractJob("j", _table(), ["gs://a/b"], _client(place)),
    "bigquery.LoadJob": lambda place: bigquery.LoadJob("j", ["gs://a/b"], _table(), _client(place)),
    "bigquery.QueryJob": lambda place: bigquery.QueryJob("j", "SELECT 1", _client(place)),
}
