from flask_socketio import SocketIO

from tests.real import brokers
from tests.real.receivers import Place


def _socketio(place: Place) -> SocketIO:
    """One whose far end is a socket."""
    made = SocketIO(async_mode="threading")
    line = brokers.connected(place.port)
    made.init_app(None)
    for name in ("emit", "send", "call"):
        setattr(made.server, name, lambda *args, **kwargs: line.send(b"x"))
    return made


MAKERS = {"SocketIO": _socketio}
