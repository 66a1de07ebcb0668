from typing import Any

from gql import Client
from gql.client import SyncClientSession
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.requests import RequestsHTTPTransport

from tests.real.receivers import Place


def _session(place: Place) -> SyncClientSession:
    client = Client(transport=RequestsHTTPTransport(place.url))
    return client.connect_sync()


async def _async_session(place: Place) -> Any:
    client = Client(transport=AIOHTTPTransport(place.url))
    return await client.connect_async()


MAKERS = {"AsyncClientSession": _async_session, "SyncClientSession": _session}
