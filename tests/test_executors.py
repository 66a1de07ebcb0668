"""Somebody's executor: the same facts in the same order, whoever lowers; plain bytes on the wire; and what happens when it fails."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from txlint import pool
from txlint.cache.facts import FactsCache, open_cache
from txlint.cli import main
from txlint.config import Config, ConfigError
from txlint.discover import File, discover
from txlint.executors import open_executor
from txlint.pool import Engine, WrongWorkers, load

SHOP = Path(__file__).parents[1] / "fixtures" / "shop"


@pytest.fixture
def files(tmp_path: Path) -> tuple[File, ...]:
    for i in range(8):
        (tmp_path / f"m{i}.py").write_text(f"def f(a):\n    g{i}(a)\n")
    (tmp_path / "m3.py").write_text("def f(:\n")
    (tmp_path / "m5.py").write_text("x = " + "not " * 5_000 + "y\n")
    (tmp_path / "m7.py").write_text("def f(a):\n    g0(a)\n")  # the bytes of m0
    found = discover([str(tmp_path)], Config(), str(tmp_path)).files
    (tmp_path / "m6.py").unlink()
    return found


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "CHUNK", 40)
    monkeypatch.setattr(pool, "MOST_SENT", 2)


class Recording(Executor):
    """Does at once what it is handed, and notes it; ``answer`` may do something else instead."""

    def __init__(self, answer: Callable[[Any], Any] = pool.lower_chunk) -> None:
        self.answer = answer
        self.sent: list[Any] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        assert fn is pool.lower_chunk
        self.sent.append((args, kwargs))
        future: Future[Any] = Future()
        try:
            future.set_result(self.answer(*args))
        except ValueError as error:
            future.set_exception(error)
        return future


def processes() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(2, mp_context=get_context("spawn"))


@pytest.mark.parametrize("start", [lambda: ThreadPoolExecutor(3), processes, Recording], ids=["threads", "processes", "here"])
def test_same_facts_whoever_lowers(files: tuple[File, ...], start: Callable[[], Executor]) -> None:
    seen: list[int] = []
    with start() as executor:
        engine = Engine(executor, "test")
        assert load(files, engine=engine, progress=seen.append) == load(files, jobs=1)
    assert engine.note is None
    assert seen == sorted(seen)
    assert seen[-1] == len(files)


def test_plain_bytes_are_sent_and_come_back(files: tuple[File, ...]) -> None:
    executor = Recording()
    load(files, engine=Engine(executor, "test"))
    assert len(executor.sent) > 2
    for args, kwargs in executor.sent:
        ((sources,), nothing) = args, kwargs
        assert [type(each) for each in sources] == [bytes] * len(sources)
        assert nothing == {}
        made_by, facts = pool.lower_chunk(sources)
        assert (type(made_by), [type(each) for each in facts]) == (str, [bytes] * len(sources))


def test_what_the_cache_knows_is_not_sent(files: tuple[File, ...], tmp_path: Path) -> None:
    def opened() -> FactsCache:
        return open_cache(str(tmp_path / "cache"), str(tmp_path))

    cold, executor = opened(), Recording()
    facts = load(files, cache=cold, engine=Engine(executor, "test"))
    cold.save()
    warm, idle = opened(), Recording()
    assert load(files, cache=warm, engine=Engine(idle, "test")) == facts == load(files, jobs=1)
    assert sum(len(args[0]) for args, _ in executor.sent) == 7
    assert [args[0] for args, _ in idle.sent] == [[Path(files[5].path).read_bytes()]], "what was too deep is not kept"


@pytest.mark.parametrize("fails_from", [0, 2])
def test_what_an_executor_fails_at_is_lowered_here(files: tuple[File, ...], fails_from: int) -> None:
    def answer(sources: list[bytes]) -> Any:
        if len(executor.sent) > fails_from:
            raise ValueError("the worker\nis gone")
        return pool.lower_chunk(sources)

    executor = Recording(answer)
    engine = Engine(executor, "--executor x:y")
    assert load(files, engine=engine) == load(files, jobs=1)
    assert engine.note is not None
    assert engine.note.startswith("--executor x:y: ")
    assert engine.note.endswith("of 8 files were lowered here instead (ValueError: the worker is gone)")


def test_an_executor_that_takes_nothing_more(files: tuple[File, ...]) -> None:
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    engine = Engine(executor, "test")
    assert load(files, engine=engine) == load(files, jobs=1)
    assert engine.note == ("test: 8 of 8 files were lowered here instead (RuntimeError: cannot schedule new futures after shutdown)")


def test_workers_of_another_python_are_refused(files: tuple[File, ...]) -> None:
    executor = Recording(lambda sources: ("txlint 0.0 (facts 1), cpython 3.9", [b"" for _ in sources]))
    with pytest.raises(WrongWorkers, match=r"^test: its workers make facts for txlint 0.0 .*, wanted are those for txlint "):
        load(files, engine=Engine(executor, "test"))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("concurrent.futures", "MODULE:FACTORY is wanted"),
        ("no_such_module_here:make", "ModuleNotFoundError: No module named 'no_such_module_here'"),
        ("concurrent.futures:Missing", "AttributeError: "),
        ("os:getcwd", "str is no executor: it has no submit and shutdown"),
    ],
)
def test_names_that_give_no_executor(name: str, told: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(SHOP), "--executor", name, "--no-cache"]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("txlint: error: --executor")
    assert told in err
    assert err.count("\n") == 1


def test_a_configuration_names_no_executor(tmp_path: Path) -> None:
    (tmp_path / "txlint.toml").write_text('executor = "concurrent.futures:ThreadPoolExecutor"\n')
    (tmp_path / "a.py").touch()
    assert main(["check", str(tmp_path), "--no-cache"]) == 2


def test_a_name_is_not_looked_for_in_the_working_directory(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("raise SystemExit('imported')\n")
    command = [sys.executable, "-m", "txlint", "check", ".", "--no-cache", "--executor", "mine:make"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=_environment())
    assert (done.returncode, done.stderr) == (2, "txlint: error: --executor mine:make: ModuleNotFoundError: No module named 'mine'\n")


def _environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), **more}


def _check(*more: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-P", "-m", "txlint", "check", ".", "--no-cache", "--output-format", "json", *more]
    return subprocess.run(command, cwd=SHOP, capture_output=True, env=_environment(**environment))


@pytest.mark.parametrize("name", ["concurrent.futures:ThreadPoolExecutor", "concurrent.futures.process:ProcessPoolExecutor"])
def test_same_bytes_on_the_command_line(name: str) -> None:
    alone, shared = _check("--jobs", "1"), _check("--executor", name)
    assert shared.stdout == alone.stdout
    assert (shared.stderr, shared.returncode) == (b"", alone.returncode)


def test_same_bytes_from_a_cluster() -> None:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed: no cluster was tried")
    with distributed.LocalCluster(n_workers=3, threads_per_worker=2, processes=True, dashboard_address=None) as cluster:
        shared = _check("--executor", "txlint.executors:dask", DASK_SCHEDULER_ADDRESS=cluster.scheduler_address)
        assert cluster.scheduler.transition_counter > 0, "it had nothing to do"
    alone = _check("--jobs", "1")
    assert shared.stdout == alone.stdout
    assert (shared.stderr, shared.returncode) == (b"", alone.returncode)


def test_an_executor_is_told_when_the_command_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[ThreadPoolExecutor] = []

    def make() -> ThreadPoolExecutor:
        started.append(ThreadPoolExecutor(2))
        return started[-1]

    monkeypatch.setattr("concurrent.futures.made_here", make, raising=False)
    assert main(["check", str(SHOP), "--no-cache", "--quiet", "--executor", "concurrent.futures:made_here"]) == 1
    with pytest.raises(RuntimeError, match="shutdown"):
        started[0].submit(print)


def test_what_a_factory_raises_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("concurrent.futures.made_here", lambda: 1 / 0, raising=False)
    with pytest.raises(ConfigError, match="ZeroDivisionError"):
        open_executor("concurrent.futures:made_here")
