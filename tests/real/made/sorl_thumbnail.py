from pathlib import Path

from PIL import Image
from tests.real.receivers import Place

APPS = ["sorl.thumbnail"]


def prepare(place: Place) -> None:
    Image.new("RGB", (20, 20)).save(Path(place.folder, "a.png"))
