"""Brings a case up in this process: settings, tables, and the names that its expressions use.

A folder with `manage.py` is run with its own settings (of `wsgi.py`, if there is one), on SQLite files of its own. Other fixtures
get plain settings, in which the fixture's modules are the installed apps. Names for expressions: those of the module that holds the
`# proof:` line, of `setups/<case>.py`, and `atomically`, `commit`, `run`, `post`, `get`, `admin_post`, `call_command`, `migrate`."""

from __future__ import annotations

import asyncio
import importlib
import os
import re
import sys
from collections.abc import Callable
from contextlib import ContextDecorator
from pathlib import Path
from types import ModuleType
from typing import Any

_SETUPS = Path(__file__).parent / "setups"


class Stage:
    """A case that is ready to run. ``root`` is what fixtures' files lie under; ``names(file)`` is the namespace of its expressions."""

    def __init__(self, case: Path, work: Path, opener_off: frozenset[str] = frozenset()) -> None:
        self.case = case
        self.root = case if case.is_dir() else case.parent
        self.opener_off = opener_off
        sources = [case] if case.is_file() else sorted(case.rglob("*.py"))
        text = "\n".join(source.read_text(encoding="utf-8") for source in sources)
        self.django = bool(re.search(r"^\s*(from|import) (django|rest_framework)", text, re.MULTILINE))
        self.sqlalchemy = bool(re.search(r"^\s*(from|import) (sqlalchemy|sqlmodel)", text, re.MULTILINE))
        self.celery = bool(re.search(r"^\s*(from|import) celery", text, re.MULTILINE))
        (work / "media").mkdir(exist_ok=True)
        os.chdir(work)
        os.environ.update(MEDIA_ROOT=str(work / "media"), STRIPE_API_BASE="http://stripe.example", BROKER_URL="memory://")
        source_root = self.root / "src" if case.is_dir() and (self.root / "src").is_dir() else self.root
        sys.path.insert(0, str(source_root))
        self.source_root = source_root
        self.work = work

    def up(self, fresh: bool) -> None:
        """Import the case. ``fresh``: make the tables too (else they are in the folder already)."""
        if self.django:
            self._django_settings()
        if self.celery and not self.has_manage:
            from celery import Celery

            self.app = Celery("proof", broker="memory://")
            self.app.set_default()
        if self.django:
            import django

            django.setup()
            if "django_atomic" in self.opener_off:
                _without_djangos_own_transactions()
        modules = self.modules()
        if fresh and self.django:
            self._django_tables()
        if fresh and self.sqlalchemy:
            self._sqlalchemy_tables(modules)
        if self.django:
            from django.db import connections

            connections.close_all()

    @property
    def has_manage(self) -> bool:
        return self.case.is_dir() and any(self.case.rglob("manage.py"))

    def modules(self) -> list[ModuleType]:
        """The modules with expressions, and for SQLAlchemy all others; imported."""
        if self.case.is_file():
            return [importlib.import_module(self.case.stem)]
        found = []
        for file in sorted(self.source_root.rglob("*.py")):
            head = file.read_text(encoding="utf-8")[:3000]
            if re.search(r"^# proof:", head, re.MULTILINE) or (self.sqlalchemy and not self.django):
                found.append(importlib.import_module(self.module_name(file)))
        return found

    def module_name(self, file: Path) -> str:
        parts = list(file.relative_to(self.source_root).with_suffix("").parts)
        return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)

    def names(self, file: Path) -> dict[str, Any]:
        names: dict[str, Any] = {
            "run": asyncio.run,
            "atomically": self.atomically,
            "post": self.post,
            "get": self.get,
            "admin_post": self.admin_post,
            "migrate": migrate,
            "commit": self.commit,
        }
        if self.django:
            from django.core.management import call_command

            names["call_command"] = call_command
        helpers = _SETUPS / f"{self.case.stem if self.case.is_file() else self.case.name}.py"
        if helpers.exists():
            exec(compile(helpers.read_text(encoding="utf-8"), str(helpers), "exec"), names)
        names |= vars(importlib.import_module(self.module_name(file) if self.case.is_dir() else self.case.stem))
        return names

    def atomically(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """The caller that a hook cannot know: one with a transaction open."""
        if "atomically" in self.opener_off:
            return function(*args, **kwargs)
        from django.db import transaction

        with transaction.atomic():
            return function(*args, **kwargs)

    def commit(self, *rows: Any) -> None:
        """Write these rows with a SQLAlchemy session that the fixture knows nothing of."""
        import sqlalchemy
        from sqlalchemy.orm import Session

        engines = [value for module in self.modules() for value in vars(module).values() if isinstance(value, sqlalchemy.Engine)]
        with Session(engines[0]) as session:
            session.add_all(rows)
            session.commit()

    def client(self) -> Any:
        from django.test import Client

        return Client(raise_request_exception=True)

    def post(self, url: str, data: Any = None, **kwargs: Any) -> Any:
        return _answered(self.client().post(url, data or {}, **kwargs))

    def get(self, url: str, **kwargs: Any) -> Any:
        return _answered(self.client().get(url, **kwargs))

    def admin_post(self, url: str, data: Any = None) -> Any:
        from django.contrib.auth.models import User

        client = self.client()
        client.force_login(User.objects.create_superuser("root", "root@example.com", "secret"))
        response = _answered(client.post(url, data or {}))
        if response.status_code != 302 and "errors" in str(response.content):
            raise AssertionError(f"the admin's form was not valid: {response.context_data['errors']}")
        return response

    def _django_settings(self) -> None:
        from django.conf import settings

        databases = {
            alias: {"ENGINE": "django.db.backends.sqlite3", "NAME": str(self.work / f"{alias}.sqlite3"), "OPTIONS": {"timeout": 2}}
            for alias in ("default", "other")
        }
        if self.has_manage:
            manage = next(self.case.rglob("manage.py"))
            serves = next(self.case.rglob("wsgi.py"), manage)  # what serves requests may have other settings than commands
            found = re.search(r"DJANGO_SETTINGS_MODULE\W+([\w.]+)", serves.read_text(encoding="utf-8"))
            assert found, f"{manage} names no settings"
            sys.path.insert(0, str(manage.parent))
            self.source_root = manage.parent
            os.environ["DJANGO_SETTINGS_MODULE"] = found[1]
            for alias, database in settings.DATABASES.items():
                atomic = database.get("ATOMIC_REQUESTS", False)
                database.clear()
                database |= {**databases.get(alias, {**databases["default"], "NAME": str(self.work / f"{alias}.sqlite3")})}
                database["ATOMIC_REQUESTS"] = atomic
            settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
            settings.LOGGING_CONFIG = None
            return
        os.environ["DJANGO_SETTINGS_MODULE"] = "proof_settings"  # Celery looks whether one is named before it takes part
        settings.configure(
            SECRET_KEY="proof" * 12,
            ALLOWED_HOSTS=["*"],
            USE_TZ=True,
            DATABASES=databases,
            INSTALLED_APPS=[
                "django.contrib.admin",
                "django.contrib.auth",
                "django.contrib.contenttypes",
                "django.contrib.sessions",
                "django.contrib.messages",
                *self._apps(),
            ],
            MIDDLEWARE=[
                "django.contrib.sessions.middleware.SessionMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware",
                "django.contrib.messages.middleware.MessageMiddleware",
            ],
            ROOT_URLCONF=self._urlconf(),
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
            CACHES={"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://redis.example:6379/1"}},
            EMAIL_HOST="smtp.example",
            ADMINS=[("Admin", "admin@example.com")],
            MANAGERS=[("Manager", "manager@example.com")],
            MEDIA_ROOT=str(self.work / "media"),
            DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
            PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
            LOGGING_CONFIG=None,
        )

    def _tops(self) -> list[str]:
        if self.case.is_file():
            return [self.case.stem]
        folders = {file.relative_to(self.source_root).parts[0] for file in self.source_root.rglob("*.py")}
        return sorted(name.removesuffix(".py") for name in folders)

    def _apps(self) -> list[Any]:
        """An app for each top-level name, without importing it: models may only be imported once the apps are known."""
        from django.apps import AppConfig

        configs = []
        for top in self._tops():
            stub = ModuleType(top)
            stub.__file__ = str(self.source_root / top)
            config = type("Config", (AppConfig,), {"path": str(self.source_root), "default_auto_field": "django.db.models.BigAutoField"})
            configs.append(config(top, stub))
        return configs

    def _urlconf(self) -> str:
        if self.case.is_file():
            return self.case.stem
        urls = sorted(self.source_root.rglob("urls.py"))
        return self.module_name(urls[0]) if urls else "django.contrib.auth.urls"

    def _django_tables(self) -> None:
        from django.apps import apps
        from django.core.management import call_command
        from django.db import connections

        for alias in connections:
            call_command("migrate", verbosity=0, database=alias, run_syncdb=self.has_manage)
            if self.has_manage:
                continue
            made = set(connections[alias].introspection.table_names())
            with connections[alias].schema_editor() as editor:
                for top in self._tops():
                    for model in apps.get_app_config(top).get_models():
                        if model._meta.db_table not in made and model._meta.managed:
                            editor.create_model(model)

    def _sqlalchemy_tables(self, modules: list[ModuleType]) -> None:
        import sqlalchemy

        engines, metadatas = {}, {}
        for module in modules:
            for value in vars(module).values():
                if _is_proxy(value):
                    continue
                if isinstance(value, type) and hasattr(value, "metadata") and isinstance(value.metadata, sqlalchemy.MetaData):
                    metadatas[id(value.metadata)] = value.metadata
                elif isinstance(value, sqlalchemy.MetaData):
                    metadatas[id(value)] = value
                elif isinstance(getattr(value, "sync_engine", value), sqlalchemy.Engine):
                    engines[str(value.url)] = value.url
        for url in engines.values():
            engine = sqlalchemy.create_engine(url.set(drivername="sqlite"))
            for metadata in metadatas.values():
                metadata.create_all(engine)
            engine.dispose()


def _is_proxy(value: Any) -> bool:
    """Something that has no value outside of a request, and says so whatever one asks (Flask's ``g``)."""
    return type(value).__module__ == "werkzeug.local"


def migrate(app: str, *targets: str) -> None:
    """Bring one app's migrations to each target in turn."""
    from django.core.management import call_command

    for target in targets:
        call_command("migrate", app, target, verbosity=0)


def _answered(response: Any) -> Any:
    if response.status_code >= 400 and response.status_code != 405:
        raise AssertionError(f"{response.status_code}: {response.content[:300]!r}")
    if getattr(response, "streaming", False):
        b"".join(response.streaming_content)
    response.close()
    return response


class _NoTransaction(ContextDecorator):
    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        pass


def _without_djangos_own_transactions() -> None:
    """`atomic` as called from Django's own files opens nothing: the deletion of an opener that does not stand in the project's source."""
    import django
    from django.db import transaction
    from django.db.backends.base import schema
    from django.db.migrations import executor, migration

    home = str(Path(django.__file__).parent)
    real = transaction.atomic

    def atomic(*args: Any, **kwargs: Any) -> Any:
        if sys._getframe(1).f_code.co_filename.startswith(home):
            return _NoTransaction()
        return real(*args, **kwargs)

    transaction.atomic = atomic
    for module in (schema, executor, migration):
        if hasattr(module, "atomic"):
            module.atomic = atomic
