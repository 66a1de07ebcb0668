"""Clients that Google generates: over a channel without TLS to the listener, and without their tries over again."""

from typing import Any

import grpc
from google.api_core import retry, retry_async


def client(place: Any, kind: Any) -> Any:
    for each in (retry.Retry, retry_async.AsyncRetry):
        each.__call__ = lambda self, call, *args, **kwargs: call
    asynchronous = kind.__name__.endswith("AsyncClient")
    transport = kind.get_transport_class("grpc_asyncio" if asynchronous else "grpc")
    return kind(transport=transport(channel=(grpc.aio if asynchronous else grpc).insecure_channel(place.host)))
