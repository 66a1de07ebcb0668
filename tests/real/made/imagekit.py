import io

from django.conf import settings
from django.test import override_settings
from PIL import Image

from tests.real.receivers import Place

APPS: list[str] = []


def prepare(place: Place) -> None:
    override_settings(
        INSTALLED_APPS=[*settings.INSTALLED_APPS, "imagekit"],
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    ).enable()


def _picture(place: Place) -> io.BytesIO:
    content = io.BytesIO()
    Image.new("RGB", (2, 2)).save(content, "PNG")
    content.name = "a.png"
    return content


MAKERS = {"io.BytesIO": _picture}
