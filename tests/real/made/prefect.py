from typing import Any

from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

_KEPT: list[Any] = []


def prepare(place: Any) -> None:
    """A server to ask: without one it starts its own."""
    _KEPT.append(temporary_settings({PREFECT_API_URL: f"{place.url}/api", PREFECT_CLIENT_MAX_RETRIES: 0}))
    _KEPT[0].__enter__()
