"""What keeps libcst from taking the run down: a check before it parses, and a thread with a stack that is deep enough.

libcst dies without an exception at a few thousand nested brackets or operators and takes quadratic time on long chains. CPython
refuses more than 200 nested brackets by itself, so its own tree, walked without recursion, is the measure for the rest: runs of
operators, chains of calls, ``elif`` ladders, lambdas."""

from __future__ import annotations

import ast
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

from txlint.fix.source import Refused

MOST_CHARACTERS = 1 << 20
MOST_LEVELS = 400
_RECURSION = 20_000
_STACKS = (512 << 20, 64 << 20, 16 << 20)

T = TypeVar("T")


def check_depth(text: str, tree: ast.AST) -> None:
    """Raises `Refused` where libcst should not be tried on this text, whose stdlib tree is given."""
    if len(text) > MOST_CHARACTERS:
        raise Refused(f"larger than {MOST_CHARACTERS // 1024} KiB")
    stack: list[tuple[ast.AST, int]] = [(tree, 0)]
    while stack:
        node, level = stack.pop()
        if level > MOST_LEVELS:
            raise Refused("nested too deeply")
        stack += [(child, level + 1) for child in ast.iter_child_nodes(node)]


def deep(work: Callable[[], T]) -> T:
    """Run ``work`` in a thread with a large stack and a raised recursion limit; what it raises is raised here. A limit that is hit all
    the same becomes `Refused`."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except (RecursionError, MemoryError):
            errors.append(Refused("nested too deeply"))
        except BaseException as error:
            errors.append(error)

    limit, size = sys.getrecursionlimit(), threading.stack_size()
    try:
        sys.setrecursionlimit(max(limit, _RECURSION))
        thread = _start(run)
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(size)
    if errors:
        raise errors[0]
    return results[0]


def _start(run: Callable[[], None]) -> threading.Thread:
    """The largest stack that this machine gives."""
    for size in _STACKS:
        threading.stack_size(size)
        thread = threading.Thread(target=run, name="txlint-fix", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            continue
        return thread
    raise Refused("this machine gives no thread to work in")
