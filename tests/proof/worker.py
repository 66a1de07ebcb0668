"""The process that runs proofs: reads one request a line, answers with one line of JSON.

A request names a case (`path`), its expressions (`expressions`: file, text), what is switched off (`off`), and the places that end
the run when something leaves from them in a transaction (`until`). The answer lists, for each expression, its plain run and its
runs with a forced rollback. Frameworks are imported once, here; each case is a fork of this process, each run a fork of the case,
so that they share nothing but start in milliseconds."""

from __future__ import annotations

import builtins
import gc
import importlib
import itertools
import json
import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from pathlib import Path
from types import FrameType
from typing import Any

from tests.proof.databases import Databases, alive
from tests.proof.stage import Stage
from tests.proof.transports import Transports, raise_missing_audit_events

PRELOADED = (
    "asyncio",
    "celery",
    "django.contrib.admin.options",
    "django.core.management",
    "django.db.models",
    "django.forms",
    "django.test",
    "kombu.transport.memory",
    "requests",
    "httpx",
    "sqlalchemy.orm",
    "sqlalchemy.ext.asyncio",
    "stripe",
    "redis",
    "fastapi.testclient",
)
SECONDS = 20


def main() -> None:
    sys.dont_write_bytecode = True
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            del os.environ[name]
    for name in PRELOADED:
        try:
            importlib.import_module(name)
        except Exception:
            continue  # not installed, or wants settings first: the case imports it itself
    logging.disable()
    raise_missing_audit_events()
    gc.freeze()  # what is imported by now is shared by all forks, and not looked at again
    home = Path(tempfile.mkdtemp(prefix="txlint-proof-"))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what fixtures print is not an answer
    try:
        for line in sys.stdin:
            request = json.loads(line)
            answers.write(json.dumps(in_child(lambda request=request: run_case(request, home))) + "\n")
            answers.flush()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def in_child(work: Callable[[], Any]) -> Any:
    """Run ``work`` in a fork; its result, or a dict with ``error``."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            signal.alarm(SECONDS * 10)
            result = work()
        except BaseException:
            result = {"error": traceback.format_exc()}
        with os.fdopen(write, "w") as pipe:
            json.dump(result, pipe)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else {"error": "the process ended without an answer (time limit?)"}


def run_case(request: dict[str, Any], home: Path) -> dict[str, Any]:
    """All expressions of one case, each in a fork that finds the tables as they were made."""
    case = Path(request["path"])
    original = request.get("original", request["path"])
    pristine = home / ("pristine" + original.replace("/", "_"))
    work = Path(tempfile.mkdtemp(dir=home)).resolve()
    if not pristine.exists():
        made = in_child(lambda: make_tables(case, work))
        if made:
            return made
        shutil.copytree(work, pristine)
    else:
        shutil.copytree(pristine, work, dirs_exist_ok=True)
    stage = Stage(case, work, frozenset(request.get("off", ())))
    builtins.__unopened__ = _unopened  # type: ignore[attr-defined]
    databases = Databases()
    databases.autocommit = "engine" in stage.opener_off
    if stage.sqlalchemy:
        databases.watch_sqlalchemy()
    stage.up(fresh=False)
    if stage.django:
        databases.watch_django()
    runs: list[dict[str, Any]] = []
    for file, expression in request["expressions"]:
        plain = in_child(lambda file=file, expression=expression: run_expression(stage, databases, Path(file), expression))
        runs.append(plain | {"file": file, "expression": expression, "doomed": False})
        restore(pristine, work)
        if any(event["open"] and event["place"] in request.get("until", ()) for event in plain.get("events", ())):
            break
        # An error at one commit ends the run, so what lies behind it is doomed in a run of its own.
        refused: list[list[Any]] = []
        while not request.get("plain") and any(event["open"] and event["place"] not in refused for event in plain.get("events", ())):
            run = in_child(
                lambda file=file, expression=expression, refused=refused: run_expression(stage, databases, Path(file), expression, refused)
            )
            runs.append(run | {"file": file, "expression": expression, "doomed": True})
            restore(pristine, work)
            places = [event["place"] for event in run.get("events", ()) if event["doomed"]]
            if not places:
                break
            refused = refused + places
    shutil.rmtree(work, ignore_errors=True)
    return {"runs": runs}


def make_tables(case: Path, work: Path) -> dict[str, Any]:
    """Tables and migrations, in a fork of their own: a migration may send something, which has to go somewhere."""
    Transports(lambda kind, thread: None, work)
    Stage(case, work).up(fresh=True)
    return {}


def restore(pristine: Path, work: Path) -> None:
    for left in work.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    shutil.copytree(pristine, work, dirs_exist_ok=True)


def run_expression(
    stage: Stage, databases: Databases, file: Path, expression: str, refused: list[list[Any]] | None = None
) -> dict[str, Any]:
    """Evaluate one expression and list the effects that arrived: where from, and whether a transaction was open.

    With ``refused`` the transactions that are open at an effect are refused at their commit, except at these places."""
    signal.alarm(SECONDS)
    doom = refused is not None
    recorder = Recorder(stage, databases, doom, refused or [])
    names = stage.names(file)
    Transports(recorder.arrived, stage.work)
    recorder.on = True
    raised = None
    try:
        eval(compile(expression, "<proof>", "eval"), names)
    except Exception as error:
        raised = traceback.format_exc() if not doom else f"{type(error).__name__}: {error}"
    deadline = time.monotonic() + 0.3
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(max(0.0, deadline - time.monotonic()))
    recorder.on = False
    for event in recorder.events:
        canary, database = event.pop("canary"), event.pop("database")
        if event["doomed"]:
            event["rolled_back"] = not alive(database, canary) if canary is not None else databases.refused > 0
    return {"events": recorder.events, "raised": raised, "faults": recorder.faults}


class Recorder:
    """Turns arrivals into events: the line of the fixture that sent it, and the database's answer."""

    def __init__(self, stage: Stage, databases: Databases, doom: bool, skip: list[list[Any]]) -> None:
        self.stage = stage
        self.databases = databases
        self.doom = doom
        self.skip = skip
        self.on = False
        self.asking = 0  # the thread that asks the database: what arrives from it meanwhile is its own
        self.turn = threading.Lock()
        self.events: list[dict[str, Any]] = []
        self.faults: list[str] = []

    def arrived(self, kind: str, thread: int) -> None:
        if not self.on or self.asking == threading.get_ident():
            return
        with self.turn:  # two threads of a fixture may be heard of at once
            self.asking = threading.get_ident()
            try:
                self.note(kind, thread)
            except Exception:
                self.faults.append(traceback.format_exc())
            finally:
                self.asking = 0

    def note(self, kind: str, thread: int) -> None:
        """Keeps what arrived, with the line that sent it and what the database says."""
        frames = self.frames(thread)
        place = next(((file, *lines) for file, lines in frames if lines is not None), None)
        if place is None or (kind in ("thread", "sleep", "process", "coroutine") and self.is_machinery(frames)):
            return
        doom = self.doom and list(place) not in self.skip
        is_open, canary, database = self.databases.ask(thread, doom)
        event = {
            "kind": kind,
            "place": list(place),
            "open": is_open,
            "doomed": doom and is_open,
            "canary": canary,
            "database": database,
        }
        self.events.append(event)

    def frames(self, thread: int) -> list[tuple[str, tuple[int, int] | None]]:
        """The stack of the thread, innermost first: (file relative to the case, lines of the call), lines None outside of the case."""
        stack = []
        frame: FrameType | None = sys._getframe(1) if thread == threading.get_ident() else sys._current_frames().get(thread)
        while frame is not None:
            stack.append(frame)
            frame = frame.f_back
        stack += suspended(thread)
        return [self.where(frame) for frame in stack if not frame.f_code.co_filename.startswith(_HERE)]

    def where(self, frame: FrameType) -> tuple[str, tuple[int, int] | None]:
        name = frame.f_code.co_filename
        inside = name == str(self.stage.case) or (self.stage.case.is_dir() and name.startswith(str(self.stage.case) + os.sep))
        if not inside:
            return name, None
        positions = list(frame.f_code.co_positions())[max(frame.f_lasti, 0) // 2]
        first, last = positions[0] or frame.f_lineno, positions[1] or frame.f_lineno
        return os.path.relpath(name, self.stage.case) if self.stage.case.is_dir() else "", (first, last)

    @staticmethod
    def is_machinery(frames: list[tuple[str, tuple[int, int] | None]]) -> bool:
        """A thread, a process or a pause of an installed library's own, on its way to something else."""
        called = [file for file, _ in itertools.takewhile(lambda frame: frame[1] is None, frames)]
        return any("site-packages" in file for file in called)


def suspended(thread: int) -> list[FrameType]:
    """Frames of the coroutines that wait in this thread's event loop, innermost first. A waiting coroutine is on no stack."""
    import asyncio

    found: list[FrameType] = []
    for task in list(asyncio.tasks._all_tasks if hasattr(asyncio.tasks, "_all_tasks") else ()):
        loop = task.get_loop()
        if task.done() or getattr(loop, "_thread_id", None) != thread:
            continue
        chain = []
        waiting: Any = task.get_coro()
        while waiting is not None:
            frame = getattr(waiting, "cr_frame", None) or getattr(waiting, "gi_frame", None) or getattr(waiting, "ag_frame", None)
            if frame is not None:
                chain.append(frame)
            waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "gi_yieldfrom", None) or getattr(waiting, "ag_await", None)
        found += reversed(chain)
    return found


class _Unopened(AbstractContextManager[Any], AbstractAsyncContextManager[Any]):
    """What `__unopened__(x)` in a mutated source enters: gives what the deleted opener would have given, and opens nothing."""

    def __init__(self, of: Any = None) -> None:
        name = type(of).__name__
        self.inner = of() if name.endswith("sessionmaker") else of.connect() if name.endswith("Engine") else None
        self.of = of

    def __enter__(self) -> Any:
        return self.inner.__enter__() if self.inner is not None else self.of

    def __exit__(self, *exc: Any) -> None:
        if self.inner is not None:
            if exc[0] is None:
                self.inner.commit()
            self.inner.__exit__(*exc)

    async def __aenter__(self) -> Any:
        return await self.inner.__aenter__() if self.inner is not None else self.of

    async def __aexit__(self, *exc: Any) -> None:
        if self.inner is not None:
            if exc[0] is None:
                await self.inner.commit()
            await self.inner.__aexit__(*exc)


_unopened = _Unopened
_HERE = str(Path(__file__).resolve().parent)

if __name__ == "__main__":
    main()
