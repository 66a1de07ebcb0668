from typing import Any

APPS: list[str] = []


def prepare(place: Any) -> None:
    from django.apps import apps
    from django.conf import settings

    apps.set_installed_apps([*settings.INSTALLED_APPS, "fcm_django"])
    from fcm_django.models import FCMDevice

    from tests.real import receivers

    receivers._firebase(place)
    receivers._tables(place)
    FCMDevice.objects.create(registration_id="a", type="web")
