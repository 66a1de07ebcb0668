"""The process that executes the lines of one fixture: one request in JSON on standard input, one line of JSON for each line that ran.

The request has the fixture's ``path`` and its ``lines``: number, what is listened for (``wanted``), how long to wait for it
(``seconds``), and whether to run it in a transaction of Django's (``atomic``). The answer says the number, the ``events`` that were
raised, and an ``error`` where the line did not run to its end and nothing was seen.

Of the function that a line stands in, the assignments, imports and `with` items before it run first and unheard: they make what the line
uses. The parameters come from ``receivers``, by the text of their annotation."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import copy
import gc
import importlib
import inspect
import json
import logging
import os
import signal
import sys
import tempfile
import traceback
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.real import receivers
from tests.real.recorder import Left, Recorder, tell_more, wait_for

SECONDS = 40  # for one line, with the making of its receivers
TURN = 0.02
AFTER_AN_ERROR = 0.3  # a thread of the library may be the one that sends, and the error that it did not answer


def main() -> None:
    request = json.loads(sys.stdin.read())
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    prepare()
    path = Path(request["path"])
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for name in sorted(_imported(tree)):
        try:
            importlib.import_module(name)
        except Exception:
            continue  # said by the line that needs it
    gc.freeze()  # what is imported by now is shared by all forks
    for line in request["lines"]:
        answer = in_child(lambda line=line: run(path, tree, **line))
        answers.write(json.dumps({"number": line["number"], **answer}) + "\n")
        answers.flush()


def prepare() -> None:
    sys.dont_write_bytecode = True
    warnings.simplefilter("ignore")
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            del os.environ[name]
    logging.disable()
    tell_more()


def _imported(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


def in_child(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """A fork: what a line did to the library is gone with it."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        pipe = os.fdopen(write, "w")
        signal.signal(signal.SIGALRM, out_of_time)
        signal.alarm(SECONDS)
        try:
            result = work()
        except BaseException:
            result = {"events": [], "error": traceback.format_exc(limit=-6)}
        json.dump(result, pipe)
        pipe.close()
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    found: dict[str, Any] = json.loads(text) if text else {"events": [], "error": "no answer (time limit, or the process ended)"}
    return found


def out_of_time(*_: object) -> None:
    raise TimeoutError(f"{SECONDS} seconds")


def run(path: Path, tree: ast.Module, number: int, wanted: list[str], seconds: float, atomic: bool) -> dict[str, Any]:
    """Execute the statement of line ``number``; what was seen while it ran."""
    folder = tempfile.mkdtemp(prefix="txlint-real-")
    os.chdir(folder)
    recorder = Recorder(folder)
    recorder.wanted = frozenset(wanted)
    place = receivers.Place(folder, recorder.listen())
    receivers.set_up(path.stem, place)
    module = load(path, tree)
    function, before, target = find(tree, number)
    make = compile_line(function, before, target)
    names = dict(vars(module))
    error = None

    def start() -> None:
        recorder.on = True

    names["__start"] = start
    parameters = _parameters(function)

    def receiver(annotation: str) -> Any:
        return receivers.make(annotation, path.stem, module, place)

    try:
        if isinstance(function, ast.AsyncFunctionDef):
            asyncio.run(_awaited(make, names, parameters, receiver, recorder, seconds))
        else:
            for name, annotation in parameters:
                names[name] = receiver(annotation)
            exec(make, names)
            with transaction() if atomic else contextlib.nullcontext():
                kept = names["__line"]()  # a call that nobody holds may be given up before it is made
            if inspect.iscoroutine(kept):
                asyncio.run(kept)
            wait_for(recorder, seconds)
            del kept
    except Left:
        pass
    except BaseException:
        error = traceback.format_exc(limit=-6)
        if recorder.on:
            wait_for(recorder, min(seconds, AFTER_AN_ERROR))
    recorder.on = False
    return {"events": recorder.events, "error": None if recorder.events else error}


@contextlib.contextmanager
def transaction() -> Iterator[None]:
    """One of Django's, where there is a project; rolled back, so that what waits for its commit never runs."""
    from django.conf import settings

    if not settings.configured:
        yield
        return
    from django.db import transaction

    with transaction.atomic():
        yield
        transaction.set_rollback(True)


async def _awaited(make: Any, names: dict[str, Any], parameters: Any, receiver: Any, recorder: Recorder, seconds: float) -> None:
    for name, annotation in parameters:
        made = receiver(annotation)
        names[name] = await made if inspect.isawaitable(made) else made
    exec(make, names)
    line = asyncio.ensure_future(names["__line"]())
    while not (line.done() or recorder.events):  # another task of the library may be the one that was stopped
        await _turn()
    if not recorder.events:
        line.result()
    for _ in range(int(seconds / TURN)):
        if recorder.events:
            break
        await _turn()
    recorder.on = False  # the loop starts tasks of its own to end


async def _turn() -> None:
    """Let the loop's other tasks run for a while, without a sleep that would be heard."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    loop.call_later(TURN, future.set_result, None)
    await future


def load(path: Path, tree: ast.Module) -> types.ModuleType:
    """The fixture as a module ``uses_<library>``. A statement at its top that fails is left out: the line that needs it says so."""
    module = types.ModuleType(f"uses_{path.stem}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    for node in tree.body:
        try:
            exec(compile(ast.Module([node], []), str(path), "exec"), vars(module))
        except Exception:
            vars(module).setdefault("__failures", []).append(traceback.format_exc(limit=-3))
    return module


def find(tree: ast.Module, number: int) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef, list[ast.stmt], ast.stmt]:
    """The outermost function around a line, what runs before, and the statement of the line."""
    for function in _functions(tree.body):
        if function.lineno <= number <= (function.end_lineno or 0):
            before: list[ast.stmt] = []
            target = _descend(function.body, number, before)
            if target is not None:
                return function, before, target
    raise LookupError(f"line {number} stands in no function")


def _functions(body: list[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body)


def _descend(body: list[ast.stmt], number: int, before: list[ast.stmt]) -> ast.stmt | None:
    for node in body:
        if node.lineno <= number <= (node.end_lineno or 0):
            inner = getattr(node, "body", None)
            if inner and not (node.lineno <= number < inner[0].lineno):
                before += _header(node)
                return _descend(inner, number, before)
            if isinstance(node, ast.With | ast.AsyncWith | ast.For | ast.AsyncFor):
                node = copy.copy(node)
                node.body = [ast.copy_location(ast.Pass() if isinstance(node, ast.With | ast.AsyncWith) else ast.Break(), node)]
            return node
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef):
            before.append(node)
    return None


def _header(node: ast.stmt) -> list[ast.stmt]:
    """What the inside of a block needs of its head: the name that a `with` binds. An opener binds none, and is passed by."""
    if isinstance(node, ast.With | ast.AsyncWith):
        found: list[ast.stmt] = []
        for item in node.items:
            if item.optional_vars is not None:
                enter = "__aenter__" if isinstance(node, ast.AsyncWith) else "__enter__"
                call: ast.expr = ast.Call(ast.Attribute(item.context_expr, enter, ast.Load()), [], [])
                call = ast.Await(call) if isinstance(node, ast.AsyncWith) else call
                found.append(ast.fix_missing_locations(ast.copy_location(ast.Assign([item.optional_vars], call), node)))
        return found
    if isinstance(node, ast.For):
        first = ast.Call(ast.Name("next", ast.Load()), [ast.Call(ast.Name("iter", ast.Load()), [node.iter], [])], [])
        return [ast.fix_missing_locations(ast.copy_location(ast.Assign([node.target], first), node))]
    return []


def compile_line(function: ast.AST, before: list[ast.stmt], target: ast.stmt) -> Any:
    """``def __line(): before; __start(); target``, or its asynchronous twin."""
    if isinstance(target, ast.Expr):
        target = ast.copy_location(ast.Return(target.value), target)
    start = ast.Expr(ast.Call(ast.Name("__start", ast.Load()), [], []))
    line = ast.parse(f"{'async ' if isinstance(function, ast.AsyncFunctionDef) else ''}def __line(): pass")
    line.body[0].body = [*(_tried(each) for each in before), start, target]  # type: ignore[attr-defined]
    module = ast.fix_missing_locations(line)
    return compile(module, "<line>", "exec")


def _tried(statement: ast.stmt) -> ast.stmt:
    """What fails before the line is missed by the line itself, if it is needed there."""
    tried = ast.parse("try: pass\nexcept Exception: pass").body[0]
    assert isinstance(tried, ast.Try)
    tried.body = [statement]
    return tried


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[tuple[str, str]]:
    given = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return [(each.arg, ast.unparse(each.annotation) if each.annotation else f"={each.arg}") for each in given if each.arg != "self"]


if __name__ == "__main__":
    main()
