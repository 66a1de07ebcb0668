import json
import sys
from decimal import Decimal

APPS: list[str] = []


class _Whatever(str):
    """A status in which everything may be asked."""

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    __hash__ = str.__hash__


def prepare(place):
    from django.conf import settings

    settings.PAYMENT_HOST = "shop.example"
    settings.PAYMENT_VARIANTS = {"paypal": ("payments.paypal.PaypalProvider", {"client_id": "c", "secret": "s", "endpoint": place.url})}


def _payment(place):
    made = sys.modules["uses_payments"].OrderPayment(
        variant="paypal", currency="EUR", total=Decimal(1), captured_amount=Decimal(1), delivery=Decimal(0), tax=Decimal(0)
    )
    made.extra_data = json.dumps({"links": {name: {"href": place.url} for name in ("capture", "refund", "void")}})
    made.id, made.status = 1, _Whatever("preauth")
    return made


MAKERS = {"OrderPayment": _payment}
