"""Hand-made hazards: a site and its passages from fragments of source text, for tests of what comes after propagation."""

from __future__ import annotations

from txlint.model.catalog import Effect
from txlint.model.facts import FileFacts
from txlint.model.finding import Finding, Report, Summary
from txlint.model.hazard import EffectSite, Hazard, Hop, Origin, Passage, Spot
from txlint.model.kinds import Confidence
from txlint.rules.judge import judge
from txlint.rules.source import Sources

VIEWS = """\
from shop import orders


def checkout(request):
    with transaction.atomic():
        cart = request.cart
        orders.place_order(cart)


class OrderAdmin(ModelAdmin):
    def save_model(self, request, obj, form, change):
        orders.place_order(obj)
"""

ORDERS = """\
def place_order(cart):
    order = Order.objects.create(cart=cart)
    send_receipt.delay(order.pk)


@transaction.atomic
def ship(order):
    requests.post("https://carrier.example", order.pk)


@receiver(post_save, sender=Order)
def announce(sender, instance, **kwargs):
    send_mail("New order", "", None, [instance.email])
"""

TEXTS = {"shop/views.py": VIEWS, "shop/orders.py": ORDERS}


def sources(**more: str) -> Sources:
    """The texts above and ``more`` by module name: ``jobs="..."`` is ``shop/jobs.py``."""
    return Sources(texts=TEXTS | {f"shop/{name}.py": text for name, text in more.items()})


def spot(path: str, fragment: str, text: str | None = None) -> Spot:
    """Where the fragment first stands in the file, columns in bytes as facts have them."""
    source = TEXTS[path] if text is None else text
    before = source[: source.index(fragment)]
    first = before.count("\n") + 1
    start = len(before.rpartition("\n")[2].encode())
    *upper, last = fragment.split("\n")
    return Spot(path, (first, start, first + len(upper), len(last.encode()) + (0 if upper else start)))


def effect(kind: str = "task", library: str = "celery", **more: object) -> Effect:
    return Effect(f"{library}.call", library, kind=kind, **more)  # type: ignore[arg-type]


def site(where: Spot, function: str, callee: str, what: Effect | None = None, **more: object) -> EffectSite:
    values = {"ordinal": 1, "result_used": False, "confidence": Confidence.CERTAIN} | more
    return EffectSite(where, function, callee, what or effect(), **values)  # type: ignore[arg-type]


RECEIPT = site(spot("shop/orders.py", "send_receipt.delay(order.pk)"), "shop.orders.place_order", "send_receipt.delay")
POST = site(
    spot("shop/orders.py", 'requests.post("https://carrier.example", order.pk)'),
    "shop.orders.ship",
    "requests.post",
    effect("http", "requests"),
)
MAIL = site(
    spot("shop/orders.py", 'send_mail("New order", "", None, [instance.email])'),
    "shop.orders.announce",
    "send_mail",
    effect("mail", "django"),
)

CHECKOUT = Origin("with", "transaction.atomic", spot("shop/views.py", "transaction.atomic()"), "shop.views.checkout", "default")
ADMIN = Origin("admin", "ModelAdmin.save_model", spot("shop/views.py", "def save_model"), "shop.views.OrderAdmin.save_model", "default")
SHIP = Origin("decorator", "transaction.atomic", spot("shop/orders.py", "transaction.atomic"), "shop.orders.ship", "default")
ANNOUNCE = Origin("hook", "post_save", spot("shop/orders.py", "def announce"), "shop.orders.announce")

BY_CHECKOUT = Hop("call", spot("shop/views.py", "orders.place_order(cart)"), "shop.views.checkout", "shop.orders.place_order")
BY_ADMIN = Hop("call", spot("shop/views.py", "orders.place_order(obj)"), "shop.views.OrderAdmin.save_model", "shop.orders.place_order")


def passage(origin: Origin, where: EffectSite, *hops: Hop, confidence: Confidence = Confidence.CERTAIN, entry_count: int = 1) -> Passage:
    """The way from the origin over the hops to the site."""
    return Passage(origin, (*hops, Hop("call", where.spot, where.function, where.callee)), confidence, entry_count)


def receipt(**more: object) -> Hazard:
    """A job enqueued two ways: from `checkout`, and from the admin."""
    passages = (passage(CHECKOUT, RECEIPT, BY_CHECKOUT), passage(ADMIN, RECEIPT, BY_ADMIN, confidence=Confidence.LIKELY))
    return Hazard(RECEIPT, passages, **more)  # type: ignore[arg-type]


POSTED = Hazard(POST, (passage(SHIP, POST),))
ANNOUNCED = Hazard(MAIL, (passage(ANNOUNCE, MAIL),))


def only(hazard: Hazard, **more: object) -> Finding:
    """The one finding that a hazard gives."""
    (finding,) = judge((hazard,), sources(), **more)  # type: ignore[arg-type]
    return finding


def report(*hazards: Hazard, **more: object) -> Report:
    values = {"errors": (), "assumed": (), "summary": Summary(2, 0, 1, 3, 4, 5)} | more
    return Report(judge(hazards or (receipt(), POSTED, ANNOUNCED), sources()), **values)  # type: ignore[arg-type]


def facts(path: str, text: str) -> FileFacts:
    from txlint.lower import lower_source

    found = lower_source(text.encode(), path, path.removesuffix(".py").replace("/", "."), False)
    assert isinstance(found, FileFacts)
    return found
