"""Does an entry of the catalog cost a run anything that does not use it? txlint with its whole catalog and with ten libraries, in turn.

    python bench/catalog.py [--tree DIR ...] [--python PYTHON] [--pairs 7] [--instructions]

Two copies of the package in a temporary folder: one as it is, one of whose `catalog/libs` only ten files are left: those that the tree's
imports ask for (all of them, where these are more), and others up to ten. Each is measured on the tree, cold (`check . --no-cache --jobs
1`), and for its start alone, on an empty file; the two print the same bytes. Bytecode and decoded tables are kept as an installed package
keeps them. CPU is user and system time of a whole process, the least of all runs: noise only adds. With --instructions, on a machine that
has valgrind, the instructions that one run of each executes, which repeat to a few in a thousand; the kernel's are not in them."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP))

from txlint.config import find_config  # noqa: E402

TEN = 10
GOAL = 1.03
CHOSEN = """
import sys
from txlint.api import analyse
from txlint.config import read_config
print(*analyse(["."], read_config(__import__("pathlib").Path("."))).linker.catalog.libraries)
"""


class Side(NamedTuple):
    """One copy of the package, and where its bytecode is kept."""

    package: Path
    bytecode: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        return kept | {"PYTHONPATH": str(self.package), "PYTHONPYCACHEPREFIX": str(self.bytecode), "PYTHONHASHSEED": "0"}


def copied(folder: Path, name: str, libraries: set[str] | None) -> Side:
    """A copy of the package with these libraries (None: all)."""
    target = folder / name
    shutil.copytree(TOP / "txlint", target / "txlint", ignore=shutil.ignore_patterns("__pycache__"))
    for path in (target / "txlint" / "catalog" / "libs").glob("*.toml"):
        if libraries is not None and path.stem not in libraries:
            path.unlink()
    return Side(target, folder / f"{name}.bytecode")


def ten(python: str, side: Side, tree: Path) -> set[str]:
    """The libraries that a run on the tree reads, and others up to ten at least."""
    done = subprocess.run([python, "-P", "-c", CHOSEN], cwd=tree, env=side.environment, capture_output=True, text=True, check=True)
    chosen = set(done.stdout.split()) - {"project"}
    others = sorted(path.stem for path in (TOP / "txlint" / "catalog" / "libs").glob("*.toml") if path.stem not in chosen)
    return chosen | set(others[: max(0, TEN - len(chosen))])


def run(python: str, side: Side, folder: Path) -> tuple[float, bytes]:
    """CPU seconds of a whole process, and what it printed."""
    command = [python, "-P", "-m", "txlint", "check", ".", "--no-cache", "--jobs", "1", "--output-format", "json"]
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, cwd=folder, env=side.environment, stdin=subprocess.DEVNULL, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 1):
            raise SystemExit(f"{folder}: txlint ended with {process.returncode}")
        out.seek(0)
        return usage.ru_utime + usage.ru_stime, out.read()


def instructions(python: str, side: Side, folder: Path) -> float:
    """Instructions of one run, in millions."""
    counter = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    command = [*counter, python, "-P", "-m", "txlint", "check", ".", "--no-cache", "--jobs", "1", "--output-format", "json"]
    done = subprocess.run(command, cwd=folder, env=side.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    lines = [line for line in done.stderr.splitlines() if "refs:" in line]
    if not lines:
        raise SystemExit(f"valgrind counted nothing:\n{done.stderr[-500:]}")
    return int(lines[-1].rpartition(":")[2].strip().replace(",", "")) / 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tree", action="append", type=Path, default=[], help="measure on this folder; default: fixtures/service")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--instructions", action="store_true", help="count instructions instead of time")
    options = parser.parse_args()
    unit = "million instructions" if options.instructions else "CPU s"
    print(f"| run | {unit}, ten libraries | all | all/ten | goal |\n|---|---:|---:|---:|---:|")
    missed = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        everything = copied(folder, "all", None)
        empty = folder / "empty"
        empty.mkdir()
        (empty / "nothing.py").touch()
        (empty / "txlint.toml").touch()
        for number, tree in enumerate(options.tree or [TOP / "fixtures" / "service"]):
            copy = folder / f"tree{number}" / tree.resolve().name  # a project of its own, whatever lies above it
            shutil.copytree(tree, copy, symlinks=True, ignore=shutil.ignore_patterns(".git", ".txlint_cache"))
            if find_config(copy) is None:
                (copy / "txlint.toml").touch()
            few = copied(folder, f"ten{number}", ten(options.python, everything, copy))
            for label, where in (("start, an empty file", empty), (f"cold, {copy.name}", copy)):
                sides = (few, everything)
                first = [run(options.python, side, where)[1] for side in sides]  # fills what is kept
                if first[0] != first[1]:
                    raise SystemExit(f"{where}: the two catalogs lead to different documents")
                if options.instructions:
                    one, other = (instructions(options.python, side, where) for side in sides)
                else:
                    pairs = [[run(options.python, side, where)[0] for side in sides] for _ in range(options.pairs)]
                    one, other = (min(pair[at] for pair in pairs) for at in (0, 1))
                missed |= other / one > GOAL
                print(f"| {label} | {one:,.3f} | {other:,.3f} | **{other / one:.3f}** | {GOAL} |", flush=True)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
