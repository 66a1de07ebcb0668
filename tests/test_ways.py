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


SEND = """\
import requests


def send():
    requests.post("http://shop.example")
"""
AT_ONCE = """\
from django.db import transaction

from shop.counters import send


def run():
    with transaction.atomic():
        send()
"""
THROUGH = """\
from django.db import transaction

from shop.counters import send


def run():
    with transaction.atomic():
        through()


def through():
    send()
"""
READS = """\
from sqlalchemy.orm import Session

from shop.counters import send


def run(session: Session):
    session.get(dict, 1)
    send()
"""


def test_code_that_runs_every_day_comes_before_scripts_and_readers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"shop/counters.py": SEND, "scripts/once.py": AT_ONCE, "shop/orders.py": THROUGH, "shop/a_reader.py": READS}
    openers = finding(tmp_path, monkeypatch, files).openers
    assert [opener.place.path for opener in openers] == ["shop/orders.py", "scripts/once.py", "shop/a_reader.py"]
