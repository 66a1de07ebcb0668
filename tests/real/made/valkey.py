import valkey
import valkey.asyncio

MAKERS = {
    "valkey.Valkey": lambda place: valkey.Valkey(port=place.port),
    "valkey.asyncio.client.Pipeline": lambda place: valkey.asyncio.Valkey(port=place.port).pipeline().set("a", 1),
    "valkey.asyncio.lock.Lock": lambda place: valkey.asyncio.Valkey(port=place.port).lock("a"),
    "valkey.client.Pipeline": lambda place: valkey.Valkey(port=place.port).pipeline().set("a", 1),
    "valkey.lock.Lock": lambda place: valkey.Valkey(port=place.port).lock("a"),
}
