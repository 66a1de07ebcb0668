from amplitude import Amplitude, BaseEvent


def _client(place):
    client = Amplitude("k")
    client.configuration.flush_interval_millis = 10
    client.configuration.flush_queue_size = 1
    client.configuration.server_url = place.url
    return client


def _filled(place):
    client = _client(place)
    client.configuration.flush_interval_millis = 60000
    client.configuration.flush_queue_size = 100
    client.track(BaseEvent("paid", user_id="ada"))
    return client


MAKERS = {"=filled": _filled, "amplitude.Amplitude": _client}
