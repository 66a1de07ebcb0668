from typing import Any


def prepare(place: Any) -> None:
    from flask import Flask
    from flask_mailman import Mail

    app = Flask("made")
    app.config |= {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": place.port}
    Mail(app)
    app.app_context().push()
