from datetime import UTC, datetime
from typing import Any

from aiogram import Bot
from aiogram.types import CallbackQuery, Chat, Message, User


def message(bot: Bot) -> Any:
    chat = Chat(id=1, type="private").as_(bot)
    return Message(message_id=1, date=datetime.now(UTC), chat=chat, text="a").as_(bot)


def query(place: Any) -> Any:
    bot = Bot("1:a")
    user = User(id=1, is_bot=False, first_name="A")
    return CallbackQuery(id="1", from_user=user, chat_instance="c", message=message(bot)).as_(bot)


MAKERS = {"CallbackQuery": query, "Message": lambda place: message(Bot("1:a"))}
