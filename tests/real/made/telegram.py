import types
from datetime import UTC, datetime
from typing import Any

import telegram


def message(place: Any) -> Any:
    return _message(telegram.Bot("1:a"))


def _message(bot: telegram.Bot) -> Any:
    chat = telegram.Chat(1, "private")
    made = telegram.Message(1, datetime.now(UTC), chat)
    chat.set_bot(bot)
    made.set_bot(bot)
    return made


def update(place: Any) -> Any:
    bot = telegram.Bot("1:a")
    user = telegram.User(1, "A", False)
    query = telegram.CallbackQuery("1", user, "c", message=_message(bot))
    user.set_bot(bot)
    query.set_bot(bot)
    return types.SimpleNamespace(message=_message(bot), effective_user=user, callback_query=query)


MAKERS = {
    "ContextTypes.DEFAULT_TYPE": lambda place: types.SimpleNamespace(bot=telegram.Bot("1:a")),
    "Update": update,
    "telegram.Message": message,
}
