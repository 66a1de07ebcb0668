"""What is counted as not resolved inside transactions: calls that could do something, not what any mapping or string has."""

from pathlib import Path

import pytest

from txlint import api
from txlint.catalog import inert as inert_module
from txlint.catalog.loader import read_headers
from txlint.config import Config
from txlint.report.counts import looked_at

INERT = Path(inert_module.__file__).with_suffix(".txt")

COUNTED = ("client.send", "client.get", "plugin.run", "given(..).run", "anything.run")
APP = """\
from typing import Any, TypeVar

from django.db import transaction

T = TypeVar("T")


def given(key) -> T:
    return KNOWN[key]


@transaction.atomic
def book(orders, anything: Any):
    given(1).run()
    anything.run()
    for data, client, plugin in orders:
        data.get("total")
        data.get("name", "").strip()
        data.get("rows").sort()
        client.get("/orders/1")
        client.send(data)
        plugin.run()


def outside(orders):
    for plugin in orders:
        plugin.begin()
"""


def test_what_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "txlint.toml").write_text("")
    (tmp_path / "app.py").write_text(APP)
    monkeypatch.chdir(tmp_path)
    report = api.check(["."], Config(), unresolved=True)
    assert sorted(call.callee for call in report.unresolved) == sorted(COUNTED)


HELPERS = """\
import acme
from django.db import migrations, transaction


def tell(client, order):
    client.send(order)  # called with a transaction open
    client.send_later(order) if order else acme.push(order)


def announce(client):
    client.announce()  # called after the commit


def log(logger, rows):
    logger.warning("rows: %s", rows.filter(done=True).values_list("id"))
    acme.Order(rows)
    acme.Basket


@transaction.atomic
def book(client, logger, order):
    tell(client, order)
    log(logger, order.rows)
    transaction.on_commit(lambda: announce(client))


def free(client):
    client.free()


def backfill(apps, schema_editor):
    for order in apps.get_model("shop", "Order").objects.all():
        order.save()
        order.client.charge()


class Migration(migrations.Migration):
    operations = [migrations.RunPython(backfill)]
"""


def test_what_helpers_do_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever calls them with a transaction open. Not counted is what waits for the commit, what reads, logs or makes an instance, and in
    migrations what is done to rows, which have none of the project's methods there."""
    (tmp_path / "txlint.toml").write_text("")
    (tmp_path / "app.py").write_text(HELPERS)
    monkeypatch.chdir(tmp_path)
    report = api.check(["."], Config(), unresolved=True)
    assert [call.callee for call in report.unresolved] == ["client.send", "client.send_later", "acme.push", "order.client.charge"]
    assert report.summary.foreign == (("acme", 1),)


STRANGE = """\
import json
from datetime import datetime

import acme.client
import requests
import slugify
from django.db import transaction
from shop_models import Order

client = acme.client.Client("shop")


class Gateway:
    def __init__(self):
        self.api = acme.client.Client("gateway")

    @transaction.atomic
    def pay(self, order):
        self.api.charge(order)
        slugify.slugify(json.dumps(order))


@transaction.atomic
def book(order):
    client.send(order, datetime.now())
    requests.Request("GET", "https://example.com")
    acme.client.Order(order)
    Order.mark(order)


def outside(order):
    client.send(order)
"""


def test_packages_that_the_catalog_does_not_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known of what they do: said by package, so that a line of configuration can say it. Not counted are packages that do
    nothing to the outside, those that the catalog knows, instances that are made, and what no transaction is open around."""
    (tmp_path / "txlint.toml").write_text("")
    (tmp_path / "app.py").write_text(STRANGE)
    monkeypatch.chdir(tmp_path)
    report = api.check(["."], Config(), unresolved=True)
    assert report.summary.foreign == (("acme", 2), ("shop_models", 1))
    told = {(call.callee, call.reason) for call in report.unresolved}
    assert told == {
        ("self.api.charge", "the catalog does not know acme"),
        ("client.send", "the catalog does not know acme"),
        ("Order.mark", "the catalog does not know shop_models"),
    }
    assert looked_at(report).endswith("3 of packages (acme 2, shop_models 1) that the catalog does not know")


def test_the_list_of_inert_packages_is_in_order() -> None:
    lines = INERT.read_text(encoding="utf-8").splitlines()
    named = [line for line in lines if not line.startswith("#")]
    assert named == sorted(set(named), key=lambda name: (name.lower(), name))
    assert not set(named) & {package for header in read_headers().values() for package in header.packages}
