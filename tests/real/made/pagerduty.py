from typing import Any

import pagerduty

from tests.real.receivers import Place


def _maker(cls: Any) -> Any:
    def made(place: Place) -> Any:
        client = cls("k", base_url=f"https://{place.host}")
        client.max_network_attempts = 0
        return client

    return made


MAKERS = {
    "pagerduty.EventsApiV2Client": _maker(pagerduty.EventsApiV2Client),
    "pagerduty.RestApiV2Client": _maker(pagerduty.RestApiV2Client),
}
