from mixpanel import BufferedConsumer, Consumer, Mixpanel


def _buffered(place):
    consumer = BufferedConsumer(api_host="a.example", retry_limit=0)
    consumer.send("events", "{}")
    return consumer


MAKERS = {
    "mixpanel.BufferedConsumer": _buffered,
    "mixpanel.Consumer": lambda place: Consumer(api_host="a.example", retry_limit=0),
    "mixpanel.Mixpanel": lambda place: Mixpanel("t", consumer=Consumer(api_host="a.example", retry_limit=0)),
}
