import uuid

from chromadb.api.async_client import AsyncClient
from chromadb.api.async_fastapi import AsyncFastAPI
from chromadb.api.client import Client
from chromadb.api.fastapi import FastAPI
from chromadb.api.models.AsyncCollection import AsyncCollection
from chromadb.api.models.Collection import Collection
from chromadb.config import Settings, System
from chromadb.types import Collection as Model


def _server(kind):
    def make(place):
        where = {"chroma_server_host": "127.0.0.1", "chroma_server_http_port": place.port}
        return kind(System(Settings(chroma_api_impl=f"{kind.__module__}.{kind.__name__}", anonymized_telemetry=False, **where)))

    return make


def _client(kind, server):
    def make(place):
        made = kind.__new__(kind)
        made._server = server(place)
        made.tenant = made.database = "a"
        return made

    return make


def _collection(kind, server):
    def make(place):
        return kind(client=server(place), model=Model(uuid.uuid4(), "orders", {}, None, None, None, "a", "a"), embedding_function=None)

    return make


MAKERS = {
    "chromadb.ClientAPI": _client(Client, _server(FastAPI)),
    "chromadb.AsyncClientAPI": _client(AsyncClient, _server(AsyncFastAPI)),
    "chromadb.Collection": _collection(Collection, _server(FastAPI)),
    "AsyncCollection": _collection(AsyncCollection, _server(AsyncFastAPI)),
}
