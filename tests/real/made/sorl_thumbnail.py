from pathlib import Path

from django.conf import settings
from django.test import override_settings
from PIL import Image

from tests.real.receivers import Place

APPS: list[str] = []


def prepare(place: Place) -> None:
    override_settings(INSTALLED_APPS=[*settings.INSTALLED_APPS, "sorl.thumbnail"]).enable()
    Image.new("RGB", (20, 20)).save(Path(place.folder, "a.png"))
