from typing import Any
from unittest import mock

import zulip


def client(place: Any) -> zulip.Client:
    """As if it had asked the server for its settings."""
    with mock.patch.object(zulip.Client, "get_server_settings", return_value={"zulip_version": "9.0", "zulip_feature_level": 300}):
        return zulip.Client(email="a@example.com", api_key="k", site=place.url, retry_on_errors=False)


MAKERS = {"zulip.Client": client}
