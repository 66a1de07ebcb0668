import O365
import requests


def _account(place):
    account = O365.Account(("i", "s"), username="a@example.com")
    connection = account.con
    connection.session = connection.naive_session = requests.Session()
    connection.session.headers["Authorization"] = "Bearer t"
    return account


def _message(place):
    message = _account(place).new_message()
    message.object_id = "1"
    return message


MAKERS = {"O365.Message": _message}
