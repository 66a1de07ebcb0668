"""The command line. ``main`` gives the answer that the same command got when nothing was different; only where there is none it loads
what can find one (``commands.py``)."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from txlint.answers import find
from txlint.cli.output import tell


def main(args: Sequence[str] | None = None) -> int:
    """Runs the command line and gives the exit code; says what went wrong in one line, never in a trace."""
    words = sys.argv[1:] if args is None else list(args)
    try:
        answer = find(words)
        if answer is not None:
            tell(answer)
            return answer.code
    except KeyboardInterrupt:
        return 130
    from txlint.cli.commands import run

    return run(words)
