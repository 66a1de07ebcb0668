import websocket

from tests.real import brokers


def _socket(place):
    made = websocket.WebSocket()
    made.sock = brokers.connected(place.port)
    made.connected = True
    return made


MAKERS = {"websocket.WebSocket": _socket}
