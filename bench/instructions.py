"""Instructions that txlint executes for a line, as a multiple of those of `ast.parse`: a count that a busy machine does not change.

    python bench/instructions.py [--python PYTHON]

Counted by `valgrind --tool=callgrind` on two synthetic trees (`synthetic.py`); what the larger has more is what its lines cost, start-up
left out. Two counts of the same run differ in the sixth digit. Exits with 1 above ``BOUND``, with 2 where valgrind is missing.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BOUND = 1.47
"""A tenth more than the 1.34 of CPython 3.11 (3.13: 1.32) on 2026-11-22: beyond that something has become slower."""
FILES = (10, 30)


def count(command: list[str], tree: Path) -> int:
    """Instructions of one process."""
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(valgrind, cwd=tree, capture_output=True, text=True, env=environment)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if found is None:
        raise SystemExit(f"nothing was counted: {done.stderr[-2000:]}")
    return int(found[1])


def ratio(python: str) -> float:
    """What the lines of the larger tree cost beyond those of the smaller, txlint to `ast.parse`."""
    from ratio import PARSE
    from synthetic import write

    sides: list[list[int]] = []
    with tempfile.TemporaryDirectory() as folder:
        for files in FILES:
            tree = Path(folder, str(files))
            write(files, tree, seed=1)
            check = [python, "-P", "-m", "txlint", "check", ".", "--output-format", "json", "--no-cache", "--jobs", "1"]
            subprocess.run(check, cwd=tree, capture_output=True)  # bytecode is there from now on
            sides.append([count(check, tree), count([python, "-c", PARSE], tree)])
    (small, parse_small), (large, parse_large) = sides
    return (large - small) / (parse_large - parse_small)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="interpreter of both sides; txlint must be installed there")
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("valgrind is not installed: nothing was counted")
        return 2
    found = ratio(options.python)
    print(f"{found:.2f} times the instructions of ast.parse for each line; bound {BOUND:.2f}")
    return int(found > BOUND)


if __name__ == "__main__":
    sys.exit(main())
