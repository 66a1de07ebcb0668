from typing import Any

import cloudinary


def prepare(place: Any) -> None:
    cloudinary.config(cloud_name="a", api_key="k", api_secret="s")
