from django.conf import settings

from tests.real.receivers import Place

APPS: list[str] = []


def prepare(place: Place) -> None:
    """A proxy that wants to be told."""
    settings.GRIP_URL = place.url
