"""Do two checkouts of txlint say the same of the same trees, and what does each take: one row per tree.

    python bench/compare.py BEFORE AFTER --tree DIR ... [--python PYTHON] [--pairs 3]

Whole processes run in turn, `check . --output-format json --no-cache --jobs 1`, with bytecode kept in a folder of their own as an
installed package has it. CPU is the least user time of each side (noise only adds), the peak its largest. Exits with 1 where two
documents differ in a byte, in whatever run.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

CHECK = ["-P", "-m", "txlint", "check", ".", "--output-format", "json", "--no-cache", "--jobs", "1"]


def run(python: str, checkout: Path, tree: Path, bytecode: str) -> tuple[float, float, bytes]:
    """User CPU seconds, peak MiB and the document of one run."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPATH": str(checkout), "PYTHONPYCACHEPREFIX": bytecode}
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen([python, *CHECK], cwd=tree, stdin=subprocess.DEVNULL, stdout=out, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        return usage.ru_utime, usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10), out.read()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--tree", action="append", type=Path, required=True)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    differ = False
    print("| tree | user s before | after | after/before | peak MiB before | after | same |\n|---|---:|---:|---:|---:|---:|---|")
    with tempfile.TemporaryDirectory() as bytecode:
        for tree in options.tree:
            sides = [
                [run(options.python, checkout.resolve(), tree, bytecode) for checkout in (options.before, options.after)]
                for _ in range(options.pairs)
            ]
            before, after = (min(pair[side][0] for pair in sides) for side in (0, 1))
            peaks = [max(pair[side][1] for pair in sides) for side in (0, 1)]
            documents = {document for pair in sides for _, _, document in pair}
            same = len(documents) == 1 and documents != {b""}
            differ |= not same
            name = tree.resolve().name
            print(
                f"| {name} | {before:.2f} | {after:.2f} | **{after / before:.2f}** "
                f"| {peaks[0]:.0f} | {peaks[1]:.0f} | {'yes' if same else '**no**'} |",
                flush=True,
            )
    return int(differ)


if __name__ == "__main__":
    sys.exit(main())
