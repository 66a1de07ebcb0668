"""The command line. ``main`` gives the answer that the same command got when nothing was different; only where there is none it loads
what can find one (``commands.py``)."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import Any

from txlint.answers import find
from txlint.cli.output import leave, tell


def main(args: Sequence[str] | None = None) -> int:
    """Runs the command line and gives the exit code; says what went wrong in one line, never in a trace. Without ``args`` the process
    is txlint's own and ends here: nothing that a run knows is taken apart before, which would cost a tenth of it."""
    if args is not None:
        return _run(list(args), None)
    gc.disable()
    held: list[Any] = []
    code = _run(sys.argv[1:], held)
    leave(code)
    return code


def _run(words: list[str], held: list[Any] | None) -> int:
    try:
        answer = find(words)
        if answer is not None:
            tell(answer)
            return answer.code
    except KeyboardInterrupt:
        return 130
    from txlint.cli.commands import run

    return run(words, held)
