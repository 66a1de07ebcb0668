from typing import Any

import aiohttp
from stream_chat import StreamChatAsync


async def client(place: Any) -> StreamChatAsync:
    """It brings aiodns, by which aiohttp would look names up unheard."""
    made = StreamChatAsync("k", "s")
    await made.close()
    made.set_http_session(aiohttp.ClientSession(place.url, connector=aiohttp.TCPConnector(resolver=aiohttp.ThreadedResolver())))
    return made


MAKERS = {"StreamChatAsync": client}
