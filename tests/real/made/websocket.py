import websocket

from tests.real import brokers


def _socket(place):
    made = websocket.WebSocket()
    made.sock = brokers.connected(place.port)
    made.connected = True
    return made


def _app(place):
    made = websocket.WebSocketApp(f"ws://{place.host}/")
    made.sock = _socket(place)
    return made


MAKERS = {"websocket.WebSocket": _socket, "websocket.WebSocketApp": _app}
