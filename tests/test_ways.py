"""The way that a finding shows is one that can be gone: its conditions hold for what the calls before it pass."""

from pathlib import Path

import pytest

from txlint import api
from txlint.config import Config
from txlint.model.finding import Finding

COUNTERS = """\
import requests


class Counters:
    def __init__(self, eager=False):
        self.eager = eager

    def add(self):
        if self.eager:
            self.send()

    def step(self):
        self.add()

    def send(self):
        requests.post("http://shop.example")
"""
VIEWS = """\
from django.http import HttpResponse

from shop.counters import Counters


def show(request):
    Counters(eager=False).add()
    long(request)
    return HttpResponse()


def long(request):
    Counters(eager=True).step()
"""
BLOCK = """\
from django.db import transaction

from shop.counters import Counters


@transaction.atomic
def run():
    begin()


def begin():
    Counters(eager=False).add()
    long()


def long():
    Counters(eager=True).step()
"""
SETTINGS = """\
ROOT_URLCONF = "shop.urls"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db", "ATOMIC_REQUESTS": True}}
"""
URLS = """\
from django.urls import path

from shop import views

urlpatterns = [path("", views.show)]
"""


def finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str]) -> Finding:
    for name, text in {"txlint.toml": "", "shop/__init__.py": "", "shop/counters.py": COUNTERS, **files}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    (found,) = api.check(["."], Config()).findings
    return found


@pytest.mark.parametrize("files", [{"shop/block.py": BLOCK}, {"shop/views.py": VIEWS, "shop/settings.py": SETTINGS, "shop/urls.py": URLS}])
def test_a_shorter_way_that_cannot_be_gone_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str]) -> None:
    (opener,) = finding(tmp_path, monkeypatch, files).openers
    labels = [step.label for step in opener.trace]
    assert "calls shop.counters.Counters.step" in labels
