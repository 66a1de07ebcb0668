"""Trees of any size that no project has: what grows is the number of files, and with it every shape that could cost more than that.

    python bench/synthetic.py --files 1000 --into DIR [--seed 1]
    python bench/synthetic.py --measure 1000 10000 [--jobs 1] [--python PYTHON] [-- ARGUMENTS OF txlint]

Files have some 100 lines, packages 100 files. Through all files together run
  a chain    a call from each file to the next: as deep as there are files, an effect at its end, an opener in each package
  a ring     a call from each file to the next and to one elsewhere: one strongly connected component, in which one function sends mail
  a family   one base class with a subclass in each tenth file that overrides what the base calls, and one of ten in each package
and the rest of a file is plain code: loops, tests, calls within the package. The same seed and number give the same bytes.

`--measure` writes each tree to a temporary folder, runs `txlint check` on it once, prints a row, and deletes it.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

PER_PACKAGE = 100
_WORDS = ("order", "stock", "price", "route", "label", "batch", "offer", "quota", "ledger", "parcel", "refund", "tariff")


def write(files: int, into: Path, seed: int) -> int:
    """Write a tree of so many files below ``into``; how many lines they have."""
    chance = random.Random(seed)
    into.mkdir(parents=True)
    (into / "manage.py").write_text("")
    (into / "base.py").write_text(_BASE)
    lines = _BASE.count("\n")
    for number in range(files):
        folder = into / f"p{number // PER_PACKAGE:04}"
        if number % PER_PACKAGE == 0:
            folder.mkdir()
            (folder / "__init__.py").write_text("")
        text = _module(number, files, chance)
        (folder / f"m{number:06}.py").write_text(text)
        lines += text.count("\n")
    return lines


_BASE = """\
class Step:
    def run(self, item):
        return self.handle(item)

    def handle(self, item):
        return item
"""


def _name(number: int) -> str:
    return f"p{number // PER_PACKAGE:04}.m{number:06}"


def _module(number: int, files: int, chance: random.Random) -> str:
    following = (number + 1) % files
    elsewhere = chance.randrange(files)
    first = number - number % PER_PACKAGE
    neighbour = first + chance.randrange(min(PER_PACKAGE, files - first))
    out = [
        "import requests",
        "from django.core.mail import send_mail",
        "from django.db import transaction",
        "from base import Step",
        f"import {_name(following)} as following",
        f"import {_name(elsewhere)} as elsewhere",
        f"from {_name(neighbour)} import plain_0 as neighbour",
        "",
        "",
        "def chain(value):",
        "    return requests.post(value)" if following == 0 else "    return following.chain(value)",
        "",
        "",
        "def ring(value):",
        "    if value:",
        "        elsewhere.ring(value - 1)",
        "    following.ring(value)",
    ]
    if number == files // 2:
        out.append('    send_mail("ring", "", None, [value])')
    if number % PER_PACKAGE == PER_PACKAGE // 2:
        out += ["", "", "@transaction.atomic", "def opens(value):", "    chain(value)", "    ring(value)", "    Step().run(value)"]
    if number % 10 == 5:
        out += [
            "",
            "",
            "class Mine(Step):",
            "    def handle(self, item):",
            "        neighbour(item)",
            "        return super().handle(item)",
        ]
    if number == first:
        out += ["", "", "class Own(Step):", "    pass"]
    elif number % 10 == 3:
        out += [
            "",
            "",
            f"from {_name(first)} import Own",
            "",
            "",
            "class Mine(Own):",
            "    def handle(self, item):",
            "        return self.run(item)",
        ]
    for count in range(7):
        one, other = chance.sample(_WORDS, 2)
        out += [
            "",
            "",
            f"def plain_{count}({one}, {other}=None):",
            f"    found = {{{one!r}: {one}, {other!r}: {other}}}",
            "    for key, value in sorted(found.items()):",
            f"        if value is None or key == {chance.choice(_WORDS)!r}:",
            "            continue",
            f"        found[key] = value * {chance.randrange(100)} + len(key)",
            f"    return plain_{max(0, count - 1)}(found, {one}) if count_of(found) > {chance.randrange(9)} else neighbour(found)",
        ]
    out += ["", "", "def count_of(found):", "    return len(found)"]
    return "\n".join(out) + "\n"


def measure(files: int, seed: int, jobs: int, python: str, arguments: list[str]) -> str:
    """A row of the table for one tree."""
    from ratio import run  # beside this script; tests import only what writes trees

    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "tree")
        lines = write(files, tree, seed)
        command = [python, "-P", "-m", "txlint", "check", ".", "--output-format", "json", "--no-cache", "--jobs", str(jobs), "--statistics"]
        done = run([*command, *arguments], tree)
    if not done.output.startswith("{"):
        raise SystemExit(f"{files:,} files: txlint ended with {done.code}\n{done.complaint[-2000:]}")
    report = json.loads(done.output)
    stages = dict(line.split()[:2] for line in done.complaint.splitlines() if line.endswith(" s"))
    told = ", ".join(f"{name} {float(stages[name]) / lines * 1e6:.1f}" for name in ("lower", "link", "propagate") if name in stages)
    pairs = report["summary"]["pairs"]
    return (
        f"| {files:,} | {lines:,} | {jobs} | {done.cpu:.1f} | {done.cpu / lines * 1e6:.1f} | {told} | {done.peak:,.0f} "
        f"| {done.peak / lines * 1e5:.1f} | {report['summary']['findings']} | {pairs} | {len(report['errors'])} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int)
    parser.add_argument("--into", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--measure", type=int, nargs="+", metavar="FILES")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--python", default=sys.executable)
    options, arguments = parser.parse_known_args()
    if options.measure:
        version = subprocess.run([options.python, "--version"], capture_output=True, text=True, check=True).stdout.strip()
        print(f"{version}, one run each; CPU of the whole process, microseconds per line; stages in wall time\n")
        print("| files | lines | jobs | CPU s | us/line | of these (wall) | peak MiB | MiB per 100,000 lines | findings | paths | errors |")
        print("|---:|---:|---:|---:|---:|---|---:|---:|---:|---:|---:|")
        for files in options.measure:
            print(measure(files, options.seed, options.jobs, options.python, [each for each in arguments if each != "--"]), flush=True)
    elif options.files and options.into:
        print(f"{write(options.files, options.into, options.seed):,} lines")
    else:
        parser.error("--files and --into, or --measure")


if __name__ == "__main__":
    main()
