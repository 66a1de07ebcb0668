import asyncio
from typing import Any

import aiohttp
import discord
from discord.ext import commands

HOOK = "https://discord.com/api/webhooks/123456789012345678/" + "a" * 68
GUILD = {"id": 1, "name": "a", "members": [], "channels": [], "roles": []}
MEMBER = {"user": {"id": 2, "username": "a", "discriminator": "0", "avatar": None}, "roles": [], "joined_at": None, "flags": 0}
PRESSED = {
    "id": 1,
    "type": 3,
    "token": "t",
    "version": 1,
    "application_id": 1,
    "data": {},
    "user": MEMBER["user"],
    "attachment_size_limit": 1,
}


async def client(place: Any) -> discord.Client:
    """As if it had logged in."""
    made = discord.Client(intents=discord.Intents.none())
    made.http._HTTPClient__session = aiohttp.ClientSession()
    made.http._global_over = asyncio.Event()
    made.http._global_over.set()
    made._connection.http = made.http
    return made


async def webhook(place: Any) -> discord.Webhook:
    return discord.Webhook.from_url(HOOK, session=aiohttp.ClientSession())


async def message(place: Any) -> discord.PartialMessage:
    channel = (await client(place)).get_partial_messageable(1, type=discord.ChannelType.text)
    return discord.PartialMessage(channel=channel, id=1)


async def member(place: Any) -> discord.Member:
    state = (await client(place))._connection
    return discord.Member(data=MEMBER, guild=discord.Guild(data=GUILD, state=state), state=state)


async def context(place: Any) -> commands.Context:
    made = await message(place)
    made.guild = None
    bot = commands.Bot("!", intents=discord.Intents.none())
    return commands.Context(message=made, bot=bot, view=None)


async def interaction(place: Any) -> discord.Interaction:
    return discord.Interaction(data=PRESSED, state=(await client(place))._connection)


MAKERS = {
    "commands.Context": context,
    "discord.Client": client,
    "discord.Interaction": interaction,
    "discord.Member": member,
    "discord.PartialMessage": message,
    "discord.Webhook": webhook,
}
