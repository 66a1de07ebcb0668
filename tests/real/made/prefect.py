import os
from typing import Any


def prepare(place: Any) -> None:
    os.environ["PREFECT_API_URL"] = f"{place.url}/api"
    os.environ["PREFECT_CLIENT_MAX_RETRIES"] = "0"
