from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import FileField
from django.test import override_settings
from PIL import Image

from tests.real.receivers import Place

APPS: list[str] = []


def prepare(place: Place) -> None:
    override_settings(INSTALLED_APPS=[*settings.INSTALLED_APPS, "easy_thumbnails"]).enable()
    settings.THUMBNAIL_ALIASES = {"": {"small": {"size": (5, 5)}}}
    Image.new("RGB", (20, 20)).save(Path(place.folder, "a.png"))
    with connection.schema_editor() as editor:
        for model in apps.get_models():
            editor.create_model(model)


def _thumbnailer(place: Place) -> Any:
    from easy_thumbnails.files import get_thumbnailer

    return get_thumbnailer("a.png")


def _photo(place: Place) -> Any:
    """A picture that has a thumbnail."""
    from easy_thumbnails.files import ThumbnailerFieldFile

    photo = ThumbnailerFieldFile(None, FileField(), "a.png")
    photo.get_thumbnail({"size": (5, 5)})
    return photo


MAKERS = {"Thumbnailer": _thumbnailer, "ThumbnailerFieldFile": _photo}
