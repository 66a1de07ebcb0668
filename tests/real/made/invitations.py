from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test import RequestFactory, override_settings
from django.urls import include, path

from tests.real.receivers import Place

APPS: list[str] = []


def prepare(place: Place) -> None:
    engine = {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}
    override_settings(INSTALLED_APPS=[*settings.INSTALLED_APPS, "invitations"], TEMPLATES=[engine]).enable()
    settings.ROOT_URLCONF.urlpatterns.append(path("", include("invitations.urls", namespace="invitations")))
    with connection.schema_editor() as editor:
        for model in apps.get_models():
            editor.create_model(model)
    apps.get_model("sites", "Site").objects.create(id=1, domain="example.com", name="a")


def _invitation(place: Place) -> Any:
    return apps.get_model("invitations", "Invitation")(email="a@example.com", key="a")


MAKERS = {"HttpRequest": lambda place: RequestFactory().get("/"), "Invitation": _invitation}
