from types import SimpleNamespace
from typing import Any

from atproto import AsyncClient, Client

from tests.real.receivers import Place


def _maker(cls: Any) -> Any:
    def made(place: Place) -> Any:
        client = cls(place.url)
        client.me = SimpleNamespace(did="did:plc:abcdefghijklmnopqrstuvwx", handle="a.example.com")
        return client

    return made


MAKERS = {"Client": _maker(Client), "AsyncClient": _maker(AsyncClient)}
