"""An error of txlint's own while a function is followed costs that function: it is named, and the rest of the run goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from txlint import api
from txlint.config import Config
from txlint.link import statements

TEXT = """
import requests
from django.db import transaction

def odd(order):
    assert order
    requests.post("https://odd.example")

@transaction.atomic
def pay(order):
    odd(order)
    requests.post("https://pay.example")

@transaction.atomic
def ship(order):
    requests.post("https://ship.example")
"""


def broken(*args: object) -> None:
    raise LookupError("none of\nthese")


def test_an_error_of_ours_costs_one_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TXLINT_TRACE")
    monkeypatch.setitem(statements.STATEMENTS, "assert", broken)
    Path("orders.py").write_text(TEXT)
    report = api.check(["orders.py"], Config())
    assert [finding.place.line for finding in report.findings] == [12, 16]
    (problem,) = report.errors
    assert (problem.code, problem.path, problem.line) == ("TX900", "orders.py", 5)
    assert problem.message == (
        "`orders.odd` could not be followed (internal error: LookupError: none of these; please report it): it is left out"
    )


def test_who_asks_for_the_trace_gets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TXLINT_TRACE", "1")
    monkeypatch.setitem(statements.STATEMENTS, "assert", broken)
    Path("orders.py").write_text(TEXT)
    with pytest.raises(LookupError):
        api.check(["orders.py"], Config())


@pytest.mark.parametrize(
    "loop", ["make('a')()", "[each for each in make('a')()]", "[each for each in self.rows[0]() if each]", "make()()[0]"]
)
def test_loops_over_what_a_call_of_a_call_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loop: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.py").write_text(
        f"from django.db import models, transaction\n\nclass Row(models.Model):\n    @transaction.atomic\n"
        f"    def go(self, make):\n        for name in {loop}:\n            print(getattr(self, name))\n"
    )
    assert api.check(["a.py"], Config()).errors == ()


@pytest.mark.parametrize("send", ["Signal.send(paid, sender=None)", "live(paid, None)", "Signal._live_receivers(paid, None)[0]"])
def test_the_method_of_a_signals_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, send: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.py").write_text(
        f"from django.db import transaction\nfrom django.dispatch import Signal\n\npaid = Signal()\nlive = Signal._live_receivers\n\n"
        f"@transaction.atomic\ndef go():\n    for receiver, answer in {send}:\n        receiver()\n"
    )
    assert api.check(["a.py"], Config()).errors == ()
