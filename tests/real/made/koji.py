import koji

from tests.real.receivers import Place


def _calls(place: Place) -> koji.MultiCallSession:
    session = koji.ClientSession(f"{place.url}/kojihub", opts={"max_retries": 1, "anon_retry": False, "retry_interval": 0})
    calls = session.multicall()
    calls.tagBuild("tag", "a-1-1")
    return calls


MAKERS = {"koji.MultiCallSession": _calls}
