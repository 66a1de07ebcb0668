"""What goes to stdout and stderr, in whatever encoding they have."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from txlint.answers import Answer


def tell(answer: Answer) -> None:
    """What a run has to say, each part where it belongs."""
    for line in answer.before:
        say(line)
    print_text(answer.text)
    for line in answer.after:
        say(line)


def print_text(text: str) -> None:
    """Text to stdout in its own encoding, whatever that cannot hold escaped. A reader who has gone away ends the run."""
    if sys.stdout is None:
        return
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode(encoding, "backslashreplace"))
        sys.stdout.flush()
    except BrokenPipeError:
        # What Python would still flush at its end goes nowhere, instead of into a second error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(141) from None


def leave(code: int) -> None:
    """Ends the process with nothing but what was said; returns where that does not get through."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            return  # Python says it in its own way
    os._exit(code)


def say(text: str) -> None:
    """One line on stderr."""
    if sys.stderr is not None:
        from txlint.report.escape import visible

        sys.stderr.write(visible(text).encode("ascii", "backslashreplace").decode() + "\n")
