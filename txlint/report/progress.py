"""A bar on stderr for runs that take a while; it leaves nothing behind."""

from __future__ import annotations

import sys
from time import monotonic
from types import TracebackType
from typing import Self

_PATIENCE = 1.0  # seconds before it appears
_BETWEEN = 0.1
_WIDTH = 30


class Progress:
    """Called with how much is done of how much. Silent where stderr is not a terminal."""

    __slots__ = ("_active", "_next", "_shown")

    def __init__(self, wanted: bool) -> None:
        self._active = wanted and sys.stderr is not None and sys.stderr.isatty()
        self._next = monotonic() + _PATIENCE
        self._shown = False

    def __call__(self, done: int, total: int) -> None:
        now = monotonic()
        if not self._active or now < self._next or total <= 0:
            return
        self._next, self._shown = now + _BETWEEN, True
        filled = _WIDTH * min(done, total) // total
        sys.stderr.write(f"\r[{'#' * filled}{'.' * (_WIDTH - filled)}] {done:,} of {total:,} files")
        sys.stderr.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
