"""The same input gives the same bytes: with one process and with two, again and again, whatever order sets come in, whatever is known
from earlier runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def run(cwd: Path, *args: str, seed: str = "0") -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": seed}
    return subprocess.run([sys.executable, "-m", "txlint", *args], cwd=cwd, env=environment, capture_output=True, timeout=120, check=False)


@pytest.mark.parametrize("project", ["shop", "service"])
@pytest.mark.parametrize("output", ["json", "text"])
def test_the_same_bytes(project: str, output: str, tmp_path: Path) -> None:
    source = ROOT / "fixtures" / project
    shutil.copytree(source, tmp_path / "project", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "project" / "broken.py").write_text("def (:\n")
    args = (".", "--output-format", output, "--select", "ALL", "--min-confidence", "possible", "--show-unresolved", "--no-cache")
    first = run(tmp_path / "project", *args, "--jobs", "1")
    assert first.returncode == 2, first.stderr
    assert len(first.stdout) > 1000
    for jobs, seed in (("1", "0"), ("2", "0"), ("2", "1"), ("1", "77")):
        again = run(tmp_path / "project", *args, "--jobs", jobs, seed=seed)
        assert (again.stdout, again.stderr, again.returncode) == (first.stdout, first.stderr, first.returncode), (jobs, seed)


@pytest.mark.parametrize("output", ["json", "text"])
def test_the_same_bytes_with_a_cache(output: str, tmp_path: Path) -> None:
    """All fixtures as one project: from nothing, from facts, from a stored answer, and after a change."""
    project = tmp_path / "fixtures"
    shutil.copytree(ROOT / "fixtures", project, ignore=shutil.ignore_patterns("__pycache__", ".txlint_cache"))
    args = ("--output-format", output, "--select", "ALL", "--min-confidence", "possible", "--show-unresolved")

    def same(*paths: str) -> None:
        without = run(project, *paths, *args, "--no-cache")
        assert len(without.stdout) > 1000, without.stderr
        for jobs in ("1", "1", "2"):
            again = run(project, *paths, *args, "--jobs", jobs)
            assert (again.stdout, again.stderr, again.returncode) == (without.stdout, without.stderr, without.returncode), (paths, jobs)

    same(".")
    changed = project / "shop" / "orders" / "models.py"
    changed.write_text("# one more line\n" + changed.read_text())
    same(".")
    same("shop/orders")
    changed.unlink()
    same(".")
