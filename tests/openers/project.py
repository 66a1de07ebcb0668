"""A Django project in a temporary folder for the proofs: SQLite, the admin, the models beside this file."""

from __future__ import annotations

import tempfile
from typing import Any
from urllib.parse import urlsplit

states: list[bool] = []
"""Whether SQLite had a transaction open, for each change that was sent to it since the list was emptied."""


def up(postgres: str | None = None) -> None:
    """``postgres``: the address of a second database, called so."""
    import django
    from django.conf import settings
    from django.db.backends.signals import connection_created

    folder = tempfile.mkdtemp(prefix="txlint-openers-")
    databases = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{folder}/db.sqlite3", "OPTIONS": {"timeout": 2}}}
    if postgres is not None:
        at = urlsplit(postgres)
        where = {"NAME": at.path[1:], "USER": at.username, "HOST": at.hostname, "PORT": at.port}
        databases["postgres"] = {"ENGINE": "django.db.backends.postgresql", **where}
    contrib = ("admin", "auth", "contenttypes", "sessions", "messages")
    settings.configure(
        SECRET_KEY="k",
        ALLOWED_HOSTS=["*"],
        USE_TZ=True,
        DATABASES=databases,
        INSTALLED_APPS=[*(f"django.contrib.{name}" for name in contrib), "tests.openers"],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        ROOT_URLCONF="tests.openers.urls",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    )
    connection_created.connect(watch, weak=False)
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, run_syncdb=True)


def watch(sender: Any, connection: Any, **kwargs: Any) -> None:
    """Asks SQLite at each change, in whichever thread it is made."""

    def execute(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("INSERT", "UPDATE", "DELETE")):
            states.append(bool(connection.connection.in_transaction))
        return run(sql, params, many, context)

    connection.execute_wrappers.append(execute)


def is_open() -> bool:
    from django.db import connection

    return connection.connection is not None and bool(connection.connection.in_transaction)
