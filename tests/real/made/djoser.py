from typing import Any

from tests.real.receivers import Place

APPS: list[str] = []


def _user(place: Place) -> Any:
    from django.contrib.auth.models import User

    return User(id=1, username="a", email="a@example.com")


MAKERS = {"User": _user}
