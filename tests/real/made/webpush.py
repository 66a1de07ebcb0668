from base64 import urlsafe_b64encode
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test import override_settings

from tests.real.receivers import Place

APPS: list[str] = []


def prepare(place: Place) -> None:
    override_settings(INSTALLED_APPS=[*settings.INSTALLED_APPS, "webpush"]).enable()


def _user(place: Place) -> Any:
    """Somebody whose browser has subscribed."""
    with connection.schema_editor() as editor:
        for model in apps.get_models():
            editor.create_model(model)
    point = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    subscription = apps.get_model("webpush", "SubscriptionInfo").objects.create(
        browser="a", endpoint=place.url, auth="YWFhYWFhYWFhYWFhYWFhYQ", p256dh=urlsafe_b64encode(point).decode().rstrip("=")
    )
    user = apps.get_model("auth", "User").objects.create_user("a")
    group = apps.get_model("webpush", "Group").objects.create(name="a")
    apps.get_model("webpush", "PushInformation").objects.create(user=user, subscription=subscription, group=group)
    return user


MAKERS = {"User": _user}
