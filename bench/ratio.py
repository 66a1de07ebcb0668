"""How much CPU txlint takes, as a multiple of `ast.parse` of the same tree: one row per package, medians of alternating pairs.

    python bench/ratio.py [--warm] [--bytecode] [--python PYTHON] [--pairs 5] [--package NAME ...] [--tree DIR ...] [--keep DIR]

Ratios, because seconds say more about the machine than about the program. Both sides are whole processes (start-up included, user and
system time, children included) of one interpreter, run in turn on the same files:
  parse   reads every *.py below the tree and calls `ast.parse`, garbage collector off
  txlint  `python -P -m txlint check . --output-format json`, cold: a cache in the tree is deleted before each run
With --warm, on a copy of the tree, what a run costs after another one:
  unchanged  nothing is different
  commented  one file of about 750 lines has a comment more, on its first line: it is lowered, nothing is linked
  changed    the same file has a function more: it is lowered, everything is linked
  one file   that file alone is given and nothing is different, as a multiple of `python -c pass`
With --bytecode, Python keeps the bytecode of what it imports in a folder of its own, as it is beside an installed package; without, the
environment decides: where PYTHONDONTWRITEBYTECODE is set, each run compiles the part of txlint that it loads.
The packages are wheels of pinned versions, fetched once by pip. The peak is that of the largest single process.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import NamedTuple

PACKAGES = {"pretalx": "2025.2.2", "weblate": "5.14.3", "homeassistant": "2025.4.4"}
WHEELS_FOR = "3.13"  # some releases want a newer Python than the one that measures; reading their source does not

PARSE = """
import ast, gc, os
gc.disable()
for folder, _, names in os.walk("."):
    for name in names:
        if name.endswith(".py"):
            with open(os.path.join(folder, name), "rb") as file:
                source = file.read()
            try:
                ast.parse(source)
            except (SyntaxError, ValueError):
                pass
"""


class Run(NamedTuple):
    """One finished process: CPU seconds (``user``: without the system's) and peak MiB, children included, its exit code and output."""

    cpu: float
    user: float
    peak: float
    code: int
    output: str
    complaint: str


class Row(NamedTuple):
    """What was measured on one tree."""

    name: str
    files: int
    lines: int
    parse: float
    txlint: float
    ratio: float
    spread: tuple[float, float]
    peak: float
    findings: int
    unread: int

    @property
    def microseconds(self) -> float:
        return self.txlint / self.lines * 1e6


def fetch(package: str, version: str, keep: Path) -> Path:
    """The unpacked wheel of a release below `keep`."""
    tree = keep / f"{package}-{version}"
    if tree.exists():
        return tree
    with tempfile.TemporaryDirectory(dir=keep) as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--python-version", WHEELS_FOR]
        subprocess.run([*pip, "--dest", folder, f"{package}=={version}"], check=True)
        part = Path(folder, "tree")
        for wheel in Path(folder).glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(part)
        part.rename(tree)
    return tree


def run(command: list[str], tree: Path) -> Run:
    """Run `command` in `tree` and measure it with all processes that it starts and waits for."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(command, cwd=tree, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode(errors="replace"))
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return Run(usage.ru_utime + usage.ru_stime, usage.ru_utime, usage.ru_maxrss / unit, process.returncode, *texts)


def measure(name: str, tree: Path, python: str, pairs: int, arguments: list[str]) -> Row:
    """`pairs` alternating runs of both sides on one tree, after one of each to warm the page cache."""
    sources = sorted(tree.rglob("*.py"))
    lines = sum(path.read_bytes().count(b"\n") for path in sources)
    parse = [python, "-c", PARSE]
    check = [python, "-P", "-m", "txlint", "check", ".", "--output-format", "json", *arguments]
    taken: list[tuple[Run, Run]] = []
    for _ in range(pairs + 1):
        shutil.rmtree(tree / ".txlint_cache", ignore_errors=True)
        taken.append((run(parse, tree), run(check, tree)))
    warm = taken[1:]
    last = warm[-1][1]
    if last.code not in (0, 1, 2) or not last.output.startswith("{"):
        raise SystemExit(f"{name}: txlint ended with {last.code}\n{last.complaint[-2000:]}")
    report = json.loads(last.output)
    if len({checked.output for _, checked in taken}) > 1:
        raise SystemExit(f"{name}: two runs printed different documents")
    ratios = [checked.cpu / parsed.cpu for parsed, checked in warm]
    return Row(
        name=name,
        files=len(sources),
        lines=lines,
        parse=statistics.median(parsed.cpu for parsed, _ in warm),
        txlint=statistics.median(checked.cpu for _, checked in warm),
        ratio=statistics.median(ratios),
        spread=(min(ratios), max(ratios)),
        peak=max(checked.peak for _, checked in warm),
        findings=report["summary"]["findings"],
        unread=len(report["errors"]),
    )


class Warm(NamedTuple):
    """What was measured on one tree, of which a run before has kept what it knows. Ratios are medians of pairs."""

    lines: int
    parse: float
    unchanged: float
    commented: float
    changed: float
    one_file: float
    start: float
    bytes_per_line: float


def measure_warm(tree: Path, python: str, pairs: int, arguments: list[str]) -> Warm:
    """`pairs` runs of each kind, each beside the one that it is a multiple of, on a copy of the tree."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, tree.name)
        shutil.copytree(tree, copy, symlinks=True, ignore=shutil.ignore_patterns(".git", ".txlint_cache"))
        cache = Path(folder, "cache")
        sizes = {
            path: path.read_bytes().count(b"\n") for path in sorted(copy.rglob("*.py")) if "test" not in path.as_posix()[len(folder) :]
        }
        one = min(sizes, key=lambda path: abs(sizes[path] - 750))
        parse = [python, "-c", PARSE]
        check = [python, "-P", "-m", "txlint", "check", "--output-format", "json", "--cache-dir", str(cache), *arguments]
        time.sleep(3)  # what was written less than two seconds before it is read is read again each time
        cold = run([*check, "."], copy)
        per_line = sum(path.stat().st_size for path in cache.iterdir()) / sum(path.read_bytes().count(b"\n") for path in copy.rglob("*.py"))
        unchanged, alone, parsed = [], [], []
        commented: list[float] = []
        changed: list[float] = []
        run([*check, str(one)], copy)
        for _ in range(pairs):
            parsed.append(run(parse, copy).cpu)
            again = run([*check, "."], copy)
            if again.output != cold.output:
                raise SystemExit(f"{tree.name}: two runs printed different documents")
            unchanged.append(again.cpu / parsed[-1])
            start = run([python, "-c", "pass"], copy).cpu
            alone.append((run([*check, str(one)], copy).cpu / start, start))
        for number in range(pairs):
            for edited, ratios in ((b"# one more line\n%b", commented), (b"%%b\n\ndef one_more_%d():\n    return 1\n" % number, changed)):
                one.write_bytes(edited % one.read_bytes())
                once = run(parse, copy).cpu
                ratios.append(run([*check, "."], copy).cpu / once)
    return Warm(
        sum(sizes.values()),
        statistics.median(parsed),
        statistics.median(unchanged),
        statistics.median(commented),
        statistics.median(changed),
        statistics.median([ratio for ratio, _ in alone]),
        statistics.median([start for _, start in alone]),
        per_line,
    )


def print_warm(trees: dict[str, Path], options: argparse.Namespace, arguments: list[str]) -> None:
    print("| tree | lines | parse s | unchanged | comment more | function more | one file, x `pass` | `pass` s | bytes per line |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name, tree in trees.items():
        row = measure_warm(tree, options.python, options.pairs, arguments)
        print(
            f"| {name} | {row.lines:,} | {row.parse:.2f} | **{row.unchanged:.3f}** | **{row.commented:.2f}** | **{row.changed:.2f}** "
            f"| **{row.one_file:.1f}** | {row.start:.3f} | {row.bytes_per_line:.1f} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="interpreter of both sides; txlint must be installed there")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--warm", action="store_true", help="measure runs after a run instead of cold ones")
    parser.add_argument("--bytecode", action="store_true", help="keep bytecode between runs, whatever the environment says")
    parser.add_argument("--package", action="append", choices=sorted(PACKAGES), help="only these of the pinned packages")
    parser.add_argument("--tree", action="append", type=Path, default=[], help="measure this folder instead of the packages")
    parser.add_argument("--keep", type=Path, default=Path.home() / ".cache" / "txlint-bench", help="where packages are kept")
    options, arguments = parser.parse_known_args()
    if options.tree:
        trees = {tree.resolve().name: tree for tree in options.tree}
    else:
        options.keep.mkdir(parents=True, exist_ok=True)
        wanted = options.package or list(PACKAGES)
        trees = {package: fetch(package, PACKAGES[package], options.keep) for package in wanted}

    if options.bytecode:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        folder = tempfile.TemporaryDirectory()
        os.environ["PYTHONPYCACHEPREFIX"] = folder.name

    version = subprocess.run([options.python, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{version}, {options.pairs} pairs, medians; CPU seconds of whole processes")
    if options.warm:
        print_warm(trees, options, arguments)
        return
    print("| tree | files | lines | parse s | txlint s | ratio | (range) | us/line | peak MiB | findings | unreadable |")
    print("|---|---:|---:|---:|---:|---:|---|---:|---:|---:|---:|")
    rows = []
    for name, tree in trees.items():
        row = measure(name, tree, options.python, options.pairs, arguments)
        rows.append(row)
        print(
            f"| {name} | {row.files:,} | {row.lines:,} | {row.parse:.2f} | {row.txlint:.2f} | **{row.ratio:.2f}** "
            f"| {row.spread[0]:.2f}-{row.spread[1]:.2f} | {row.microseconds:.1f} | {row.peak:.0f} | {row.findings} | {row.unread} |",
            flush=True,
        )
    rows.sort(key=lambda row: row.lines)
    if len(rows) > 1:
        small, large = rows[0], rows[-1]
        print(
            f"growth, {small.name} to {large.name}: {large.lines / small.lines:.1f} times the lines, "
            f"{large.microseconds / small.microseconds:.2f} times the CPU per line, "
            f"{(large.peak - small.peak) / (large.lines - small.lines) * 1e5:.1f} MiB more per 100,000 lines"
        )


if __name__ == "__main__":
    main()
