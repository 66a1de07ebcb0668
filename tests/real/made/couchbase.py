from datetime import timedelta

from couchbase.auth import PasswordAuthenticator
from couchbase.options import ClusterOptions, ClusterTimeoutOptions


def _options(place):
    waits = ClusterTimeoutOptions(bootstrap_timeout=timedelta(seconds=1), connect_timeout=timedelta(seconds=1))
    return ClusterOptions(PasswordAuthenticator("a", "b"), timeout_options=waits)


MAKERS = {"=address": lambda place: f"couchbase://{place.host}", "=options": _options}
