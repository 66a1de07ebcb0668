from mastodon import Mastodon


def _client(place):
    return Mastodon(access_token="t", api_base_url=place.url, version_check_mode="none")


MAKERS = {"mastodon.Mastodon": _client}
