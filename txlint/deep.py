"""Room for deep recursion: ``with_room(work)`` does what Python's own limit would forbid.

Linking follows names and calls from definition to definition, and a program may chain more of them than Python lets functions nest.
What needs even more room ends in a ``RecursionError``, never in a crash: the stack of the thread is larger than the limit can fill."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TypeVar

_Result = TypeVar("_Result")

LIMIT = 20_000
"""Frames. Some 10 KiB of stack for each is more than any of them takes, in C as well."""
_STACK = 256 << 20


def with_room(work: Callable[[], _Result]) -> _Result:
    """The result of ``work``, done in a thread with a large stack and a high limit; what it raises is raised here."""
    results: list[_Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    before, size = sys.getrecursionlimit(), threading.stack_size()
    sys.setrecursionlimit(max(before, LIMIT))
    try:
        threading.stack_size(_STACK)
        thread = threading.Thread(target=run, daemon=True)  # a daemon, so that an interrupt ends the run and not only the wait
        thread.start()
    except (ValueError, RuntimeError):  # no thread of that size to be had here
        sys.setrecursionlimit(before)
        return work()
    finally:
        threading.stack_size(size)
    try:
        thread.join()
    finally:
        sys.setrecursionlimit(before)
    if errors:
        raise errors[0]
    return results[0]
