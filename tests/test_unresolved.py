"""What is counted as not resolved inside transactions: calls that could do something, not what any mapping or string has."""

from pathlib import Path

import pytest

from txlint import api
from txlint.config import Config

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
