"""The engine and the visitor flag the same effects wherever opener or hook stands in the effect's own function, on every fixture."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.marks import cases
from tests.test_fixtures import alone
from txlint import api
from txlint.cli import main
from txlint.config import Config, find_config, read_config
from txlint.fix import verify
from txlint.fix.source import decode

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"


def verified(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, tuple[verify.Disagreement, ...]]:
    folder = path if path.is_dir() else path.parent
    monkeypatch.chdir(folder)
    return api.verify(["." if path.is_dir() else path.name], read_config(folder) if find_config(folder) else Config(jobs=1))


@pytest.mark.parametrize("path", list(cases(FIXTURES)), ids=lambda path: str(path.relative_to(FIXTURES)))
def test_two_readings_one_verdict(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert verified(alone(path, tmp_path), monkeypatch)[1] == ()


def test_there_is_something_to_compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert verified(alone(FIXTURES / "shop", tmp_path), monkeypatch)[0] > 5


def test_a_difference_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The visitor made blind for decorators: the engine is alone with what they open."""
    monkeypatch.chdir(tmp_path)
    Path("one.py").write_text(
        "import requests\nfrom django.db import transaction\n\n\n@transaction.atomic\ndef f():\n    requests.get('https://x.example')\n"
    )
    assert main(["check", "--verify", "."]) == 0
    monkeypatch.setattr(verify, "flags", lambda *_: ())
    source = decode("one.py", Path("one.py").read_bytes())
    count, found = verify.disagreements(api.analyse(["."], Config(jobs=1)).program, {"one.py": source})
    assert (count, found) == (1, (verify.Disagreement("one.py", (7, 5, 7, 38), "engine"),))
    assert main(["check", "--verify", "."]) == 2
    assert "one.py:7:5: only the engine sees an effect" in capsys.readouterr().err
