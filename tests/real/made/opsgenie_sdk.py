from typing import Any

import opsgenie_sdk

from tests.real.receivers import Place


def _maker(cls: Any) -> Any:
    def made(place: Place) -> Any:
        conf = opsgenie_sdk.Configuration()
        conf.host, conf.retry_count = place.url, 1
        return cls(api_client=opsgenie_sdk.ApiClient(configuration=conf))

    return made


MAKERS = {f"opsgenie_sdk.{name}": _maker(getattr(opsgenie_sdk, name)) for name in ("AlertApi", "HeartbeatApi", "IncidentApi")}
