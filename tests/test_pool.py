"""Facts for many files: the same, in the same order, with one process or several, and when a process dies."""

from __future__ import annotations

import gc
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from txlint import pool
from txlint.config import Config
from txlint.discover import File, discover
from txlint.model.facts import FileFacts, Unreadable
from txlint.pool import load


@pytest.fixture
def files(tmp_path: Path) -> tuple[File, ...]:
    for i in range(8):
        (tmp_path / f"m{i}.py").write_text(f"def f(a):\n    g{i}(a)\n")
    (tmp_path / "m3.py").write_text("def f(:\n")
    (tmp_path / "m5.py").write_text("x = " + "not " * 5_000 + "y\n")
    return discover([str(tmp_path)], Config(), str(tmp_path)).files


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "CHUNK", 60)


def test_one_process_or_several(files: tuple[File, ...]) -> None:
    facts, refused = load(files, jobs=1)
    assert [f.module for f in facts] == ["m0", "m1", "m2", "m4", "m6", "m7"]
    assert [Path(u.path).name for u in refused] == ["m3.py", "m5.py"]
    assert load(files, jobs=3) == (facts, refused)
    assert gc.isenabled()


def test_few_files_need_no_other_process(files: tuple[File, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_parallel", lambda *args: pytest.fail("not worth it"))
    assert len(load(files)[0]) == 6


def test_files_that_changed_since_they_were_found(files: tuple[File, ...]) -> None:
    Path(files[0].path).unlink()
    Path(files[1].path).write_text("#" * 200)
    refused = load(files, jobs=1, max_size=100)[1]
    assert [u.reason for u in refused[:2]] == ["No such file or directory", "larger than 100 bytes"]


def test_a_worker_that_dies_costs_its_file_only(files: tuple[File, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    load_file = pool.load_file

    def deadly(file: File, max_size: int, known: Any) -> Any:
        if file.module == "m6":
            os.kill(os.getpid(), signal.SIGKILL)
        return load_file(file, max_size, known)

    facts, refused = load(files, jobs=1)
    monkeypatch.setattr(pool, "load_file", deadly)
    survived, lost = load(files, jobs=2)
    assert survived == tuple(f for f in facts if f.module != "m6")
    assert lost == (*refused, Unreadable(files[6].display, 1, "the process that read it died"))


def test_progress(files: tuple[File, ...]) -> None:
    for jobs in (1, 2):
        seen: list[int] = []
        facts, _ = load(files, jobs=jobs, progress=seen.append)
        assert isinstance(facts[0], FileFacts)
        assert seen == sorted(seen)
        assert seen[-1] == len(files)
