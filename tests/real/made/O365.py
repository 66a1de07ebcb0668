from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import O365
import requests
from O365 import calendar, drive
from O365.utils.token import FileSystemTokenBackend

from tests.real.receivers import Place


def _account(place: Place) -> Any:
    account = O365.Account(("i", "s"), username="a@example.com", token_backend=FileSystemTokenBackend(place.folder))
    connection = account.con
    connection.session = connection.naive_session = requests.Session()
    connection.session.headers["Authorization"] = "Bearer t"
    return account


def _message(place: Place) -> Any:
    message = _account(place).new_message()
    message.object_id = "1"
    return message


def _mailbox(place: Place) -> Any:
    mailbox = _account(place).mailbox("a@example.com")
    mailbox.folder_id, mailbox.root = "1", False
    return mailbox


def _calendar(place: Place) -> Any:
    made = calendar.Calendar(parent=_account(place).schedule(), cloud_data={"id": "1", "name": "a"})
    made.calendar_id = "1"
    return made


def _event(place: Place) -> Any:
    event = calendar.Event(parent=_account(place).schedule(), subject="a")
    event.object_id = "1"
    event._Event__event_type = calendar.EventType.SeriesMaster
    event.start = event.end = datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC"))
    return event


def _part(cls: Any, **data: Any) -> Callable[[Place], Any]:
    def made(place: Place) -> Any:
        part = cls(
            parent=drive.Drive(parent=_account(place).storage(), cloud_data={"id": "1"}), cloud_data={"id": "1", "name": "a", **data}
        )
        part.object_id = "1"
        return part

    return made


MAKERS = {
    "O365.Message": _message,
    "Calendar": _calendar,
    "Drive": lambda place: drive.Drive(parent=_account(place).storage(), cloud_data={"id": "1"}),
    "Event": _event,
    "File": _part(drive.File, file={}, size=1),
    "Folder": _part(drive.Folder, folder={}),
    "MailBox": _mailbox,
    "Schedule": lambda place: _account(place).schedule(),
    "Storage": lambda place: _account(place).storage(),
    "Teams": lambda place: _account(place).teams(),
}
