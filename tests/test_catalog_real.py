"""An effect really leaves the process, a deferral does not: the test itself is tested here, and on a few libraries. All are executed by
`make truth ONLY=catalog`, whose record says what is left open."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import catalog_tests, catalog_truth, catalog_use
from tests.real.judge import execute, judge
from txlint.catalog.loader import LIBRARIES, read_library

RECORD = Path(__file__).parents[1] / "docs" / "truth" / "catalog.json"
QUICK = ("aio_pika", "aiohttp", "requests", "suds", "urllib3")
NETWORK = {"wanted": ["network"], "seconds": 0.3, "atomic": False}

SOURCE = """
import asyncio
import os
import subprocess
import threading
import requests


def effects(session: requests.Session):
    session.post("http://example.com/")
    os.remove("x")
    open("y", "w")
    subprocess.run(["ls"])


def none(session: requests.Session):
    requests.Request("POST", "http://example.com/").prepare()
    session.close()
    open("/dev/null")
    missing(1)


async def awaited():
    asyncio.create_task(asyncio.sleep(0))


def from_another_thread(session: requests.Session):
    threading.Thread(target=session.get, args=["http://example.com/"]).start()
"""


@pytest.mark.parametrize(
    ("text", "meaning", "event"),
    [
        ("session.post", "network", "socket.connect"),
        ("os.remove", "file", "os.remove"),
        ('open("y"', "file", "open"),
        ("subprocess.run", "process", "subprocess.Popen"),
        ("asyncio.create_task", "process", "asyncio.create_task"),
        ("threading.Thread", "network", "socket.connect"),
        ("requests.Request(", "network", None),
        ("session.close", "network", None),
        ('open("/dev/null")', "file", None),
    ],
)
def test_a_line_is_seen_leaving_or_it_is_not(tmp_path: Path, text: str, meaning: str, event: str | None) -> None:
    answer = _executed(tmp_path, text, meaning)
    assert answer["events"][:1] == ([event] if event else [])
    assert answer["error"] is None


def test_nothing_leaves(tmp_path: Path) -> None:
    """What is seen is refused: the file stays, and no process is started."""
    (tmp_path / "x").write_text("kept")
    assert _executed(tmp_path, 'open("y"', "file")["events"] == ["open"]
    assert not list(tmp_path.rglob("y"))


def test_a_line_that_fails_before_it_sends_says_so(tmp_path: Path) -> None:
    answer = _executed(tmp_path, "missing(1)", "network")
    assert answer["events"] == []
    assert "NameError" in str(answer["error"])


def _executed(folder: Path, text: str, meaning: str) -> dict[str, object]:
    fixture = folder / "sample.py"
    fixture.write_text(SOURCE, encoding="utf-8")
    number = next(number for number, line in enumerate(SOURCE.splitlines(), 1) if text in line)
    return execute(fixture, [{"number": number, **NETWORK, "wanted": [meaning]}])[number]


@pytest.mark.parametrize("name", QUICK)
def test_effects_leave_and_deferrals_do_not(name: str) -> None:
    library = read_library(LIBRARIES / f"{name}.toml")
    if catalog_truth.installed(library) is None:
        pytest.skip(f"{library.distribution} is not installed")
    fixture = catalog_use.fixture_of(library)
    verdict = judge(library, fixture, catalog_use.effect_lines(fixture))
    assert verdict.shown
    assert not verdict.failed, "\n".join(f"{name}: {why}" for name, why in verdict.failed.items())


def test_enough_libraries_pass_all_four_tests() -> None:
    """The record lists under ``not real`` what is neither seen leaving nor says why."""
    figures = json.loads(RECORD.read_text(encoding="utf-8"))["figures"]["libraries"]
    passing = [name for name, each in figures.items() if catalog_tests.passes(each)]
    assert len(passing) >= 40, "make truth ONLY=catalog"
