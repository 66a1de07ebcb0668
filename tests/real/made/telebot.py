from telebot.types import Message

MESSAGE = {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}, "from": {"id": 1, "is_bot": False, "first_name": "A"}}
MAKERS = {"Message": lambda place: Message.de_json(MESSAGE)}
