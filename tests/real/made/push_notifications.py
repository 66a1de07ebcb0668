from typing import Any

APPS: list[str] = []


def prepare(place: Any) -> None:
    from django.apps import apps
    from django.conf import settings

    apps.set_installed_apps([*settings.INSTALLED_APPS, "push_notifications"])
    from push_notifications.models import APNSDevice, GCMDevice
    from push_notifications.settings import PUSH_NOTIFICATIONS_SETTINGS

    from tests.real import receivers
    from tests.real.made import aioapns

    PUSH_NOTIFICATIONS_SETTINGS |= {
        "APNS_AUTH_KEY_PATH": aioapns.key(place),
        "APNS_AUTH_KEY_ID": "k",
        "APNS_TEAM_ID": "t",
        "APNS_TOPIC": "shop",
    }
    receivers._firebase(place)
    receivers._tables(place)
    GCMDevice.objects.create(registration_id="a")
    APNSDevice.objects.create(registration_id="a")
