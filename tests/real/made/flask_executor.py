from typing import Any

from flask import Flask
from flask_executor import Executor


def _executor(place: Any) -> Executor:
    """One of an application that is handling a request."""
    app = Flask("shop")
    app.test_request_context().push()
    return Executor(app)


MAKERS = {"Executor": _executor, "ExecutorJob": lambda place: _executor(place).job(print)}
