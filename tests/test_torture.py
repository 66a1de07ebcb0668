"""The runner of the torture list: its own fault rows that are quick, and a few file rows where the list is at hand. All rows are run by
`make truth ONLY=torture`, which takes minutes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench import torture

LIST = Path(os.environ.get("SHARED", torture.TOP.parent / "shared"))
FEW = {"enc-crlf", "enc-bom-cookie", "syn-conflict", "fs-hardlink-out", "fs-symlink-out", "fs-name-255"}


@pytest.mark.parametrize("number", ["104", "105", "112", "113", "117"])
def test_faults(number: str) -> None:
    rows = dict(torture.fault_rows({number}))
    assert rows and not any(rows.values()), rows


def test_a_stopped_run_says_what_is_done_and_leaves_nothing_behind(tmp_path: Path) -> None:
    files = torture.project(tmp_path, 3)
    prelude = """
import os, signal
real, seen = os.replace, []
def stopping(*args, **kwargs):
    real(*args, **kwargs)
    seen.append(args)
    if len(seen) == 2:
        os.kill(os.getpid(), signal.SIGTERM)
os.replace = stopping
"""
    done = torture.txlint(tmp_path, "--fix", "--no-cache", "-q", prelude=prelude)
    assert done.returncode == 143
    assert done.stderr.splitlines()[-1] == "stopped; rewritten so far: shop0.py, shop1.py"
    assert [path.read_text() == torture.GOOD for path in files] == [False, False, True]
    assert not list(tmp_path.glob(".txlint-*"))


def test_a_row_that_goes_wrong_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The runner is no check that cannot fail."""
    (path,) = torture.project(tmp_path)
    path.write_text("torn")
    (tmp_path / ".txlint-0.tmp").touch()
    done = torture.txlint(tmp_path, "explain", "nonsense")
    assert list(torture.survived(tmp_path, [path], done, 0)) == [
        "shop0.py is neither old nor new",
        "left behind: .txlint-0.tmp",
        f"exit code 2: {done.stderr[-200:]!r}",
    ]


@pytest.mark.skipif(not (LIST / "torture").is_dir(), reason=f"{len(FEW)} rows: the torture list is not at hand")
def test_files() -> None:
    rows = dict(torture.file_rows(LIST, FEW, []))
    assert set(rows) == FEW and not any(rows.values()), rows
