"""A transaction that is tried again has its own words: what happens in it can happen more than once even when it commits."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from txlint.api import check
from txlint.config import Config

FIXTURES = Path(__file__).parents[1] / "fixtures"


def retried(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """For each function of a fixture that opens a transaction, whether the message speaks of another try."""
    path = folder / "uses.py"
    shutil.copy(FIXTURES / name, path)
    monkeypatch.chdir(folder)
    lines = path.read_text(encoding="utf-8").splitlines()
    found = {}
    for finding in check([path.name], Config(jobs=1)).findings:
        for opener in finding.openers:
            above = [line for line in lines[: opener.place.line + 1] if line.startswith("def ")]
            found[above[-1].split("(")[0].removeprefix("def ")] = "tried again" in finding.message
    return found


def test_loops_and_decorators_of_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert retried("flow/retries.py", tmp_path, monkeypatch) == {
        "by_loop": True,
        "by_while": True,
        "by_decorator": True,
        "each_of_many": False,
        "effect_retried": False,
    }


@pytest.mark.parametrize("name", ["backoff", "tenacity"])
def test_decorators_of_libraries(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = retried(f"catalog/{name}.py", tmp_path, monkeypatch)
    assert len(found) == 2
    assert all(found.values())
