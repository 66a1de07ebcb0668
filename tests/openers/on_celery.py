"""Celery's deferrals, with the broker in memory and Django's database."""

from __future__ import annotations

import os

from tests.openers import Seen, project
from tests.openers.project import is_open


def prove() -> Seen:
    os.environ["DJANGO_SETTINGS_MODULE"] = "openers"  # Celery looks whether one is named before it takes part
    project.up()
    from celery import Celery
    from celery.signals import before_task_publish
    from django.db import transaction

    app = Celery("openers", broker="memory://")
    app.loader.import_default_modules()
    sent: list[bool] = []

    def published(**kwargs: object) -> None:
        sent.append(is_open())

    before_task_publish.connect(published, weak=False)

    @app.task
    def ship(number: int) -> None:
        print(number)

    seen: Seen = {}
    for name in ("delay_on_commit", "apply_async_on_commit"):
        sent.clear()
        with transaction.atomic():
            getattr(ship, name)(*([1] if name == "delay_on_commit" else [(1,)]))
            early = bool(sent)
        seen[f"celery.Task.{name}"] = early, sent == [False]
    return seen
