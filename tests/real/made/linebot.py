from typing import Any

import aiohttp
from linebot import AsyncLineBotApi
from linebot.aiohttp_async_http_client import AiohttpAsyncHttpClient


async def client(place: Any) -> AsyncLineBotApi:
    return AsyncLineBotApi("t", AiohttpAsyncHttpClient(aiohttp.ClientSession()))


MAKERS = {"AsyncLineBotApi": client}
