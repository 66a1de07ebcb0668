from unittest.mock import patch

from zoomus import ZoomClient

from tests.real.receivers import Place


def _client(place: Place) -> ZoomClient:
    with patch("zoomus.util.generate_token", lambda *a: "t"):
        return ZoomClient("i", "s", "a", base_uri=place.url, oauth_uri=place.url)


MAKERS = {"ZoomClient": _client}
