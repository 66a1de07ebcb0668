from django.conf import settings

from tests.real.receivers import Place

APPS: list[str] = []


def prepare(place: Place) -> None:
    settings.CONSTANCE_CONFIG = {"OPEN": (True, "a", bool)}
    settings.CONSTANCE_REDIS_CONNECTION = {"host": "127.0.0.1", "port": place.port}
