import stomp

from tests.real import brokers


def _connection(kind):
    def make(place):
        made = kind([("127.0.0.1", place.port)])
        made.transport.socket = brokers.connected(place.port)
        made.transport.running = True
        return made

    return make


MAKERS = {
    "stomp.Connection": _connection(stomp.Connection),
    "stomp.Connection10": _connection(stomp.Connection10),
    "stomp.Connection12": _connection(stomp.Connection12),
}
