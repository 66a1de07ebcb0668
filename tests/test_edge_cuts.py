"""Ignore comments on calls cut that edge before paths are searched: a finding remains if another way leads to the effect."""

from pathlib import Path

import pytest

from txlint import api
from txlint.config import Config
from txlint.model.finding import Report

APP = """\
import requests
from django.db import transaction


def send():
    requests.post("http://shop.example")


def meant():
    send()  # txlint: ignore[TX103] this way is meant


def other():
    send()


@transaction.atomic
def both():
    meant()
    other()


@transaction.atomic
def longer():
    step()


def step():
    meant()
    further()


def further():
    other()


@transaction.atomic
def only():
    meant()


def unused():
    return 1  # txlint: ignore[TX103] nothing is here
"""


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    (tmp_path / "txlint.toml").write_text("")
    (tmp_path / "app.py").write_text(APP)
    monkeypatch.chdir(tmp_path)
    return api.check(["."], Config())


def test_the_other_way_is_found(report: Report) -> None:
    (finding,) = report.findings
    opened = {opener.place.line for opener in finding.openers}
    assert opened == {APP[: APP.index(f"def {name}(")].count("\n") for name in ("both", "longer")}
    cut = APP[: APP.index("# txlint: ignore[TX103] this way")].count("\n") + 1
    assert all(step.place.line != cut for opener in finding.openers for step in opener.trace)


def test_only_the_comment_that_cut_nothing_is_unused(report: Report) -> None:
    assert [(problem.code, problem.line) for problem in report.errors] == [("TX901", APP.count("\n"))]
