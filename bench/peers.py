"""txlint beside other tools on the same trees: pairs of whole processes in turn, medians of the ratios, and a plot.

    python bench/peers.py --install DIR                            a virtual environment for each tool below DIR, at the pinned versions
    python bench/peers.py --peers DIR [--python PYTHON] [--pairs N] [--package NAME ...] [--peer NAME ...] [--plot FILE.svg] [--own]

A pair is one run of txlint and one of the other tool, one after the other. CPU is user time, children included: what a busy machine does
to a run shows least there. A ratio is txlint's share of the other's: below 1 txlint took less. The peak is that of the largest single
process. txlint runs cold, one process, full catalog, `--output-format json`, its cache kept in a new folder each time, as a first run does.
A tool that is absent, or cannot read a tree, is counted at the end with the reason. `--own` measures what has no peer:
  parse       `ast.parse` of the tree, garbage collector off (the unit P)
  suggest     `--suggest`, in P
  processes   wall time of two processes to one
  hook        two files, as a pre-commit hook passes them: with no cache, and again when one of them has changed
The whole takes some 15 minutes on a machine with nothing else to do. The plot needs matplotlib (extra `bench`).
"""

from __future__ import annotations

import argparse
import datetime
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from ratio import PACKAGES, PARSE, Run, fetch, run

RULE = """\
rules:
  - id: effect-in-transaction
    languages: [python]
    severity: WARNING
    message: an effect inside a transaction
    patterns:
      - pattern-either:
          - pattern: $TASK.delay(...)
          - pattern: $TASK.apply_async(...)
          - pattern: requests.$METHOD(...)
          - pattern: send_mail(...)
      - pattern-either:
          - pattern-inside: |
              with transaction.atomic(...):
                  ...
          - pattern-inside: |
              @transaction.atomic
              def $FUNCTION(...):
                  ...
"""

CELERY = {"pretalx": "pretalx/celery_app.py", "weblate": "weblate/utils/celery.py"}
DJANGO = {"pretalx": "pretalx.settings"}
PAIRS = {"pretalx": 5, "weblate": 5, "homeassistant": 1}


class Peer(NamedTuple):
    """A tool: its distribution and version, its command (``{bin}``, ``{rule}``, ``{new}`` and ``{config}`` are filled in), what it needs
    for a tree, and the exit codes of a run that has read the tree."""

    version: str
    command: tuple[str, ...]
    configs: dict[str, str] | None = None
    codes: tuple[int, ...] = (0, 1)
    largest: int = 1 << 40
    """Lines of a tree beyond which it is left out: it would take hours."""


PEERS = {
    "ruff": Peer("0.17.6", ("{bin}/ruff", "check", "--no-cache", "--isolated", "--quiet", ".")),
    "pyflakes": Peer("4.1.0", ("{bin}/pyflakes", ".")),
    "semgrep": Peer(
        "1.182.0",
        (
            *("{bin}/semgrep", "scan", "--metrics=off", "--disable-version-check", "--no-git-ignore", "--quiet", "--json", "-j", "1"),
            *("--timeout", "0", "--config", "{rule}", "."),
        ),
    ),
    "mypy": Peer(
        "2.4.1",
        ("{bin}/mypy", "--cache-dir", "{new}", "--ignore-missing-imports", "--namespace-packages", "--explicit-package-bases", "."),
        largest=500_000,
    ),
    "bandit": Peer("1.9.4", ("{bin}/bandit", "--quiet", "--recursive", "--format", "json", "."), largest=500_000),
    "pylint": Peer("4.1.4", ("{bin}/pylint", "-E", "-j", "1", "--recursive", "y", "."), codes=tuple(range(32)), largest=20_000),
    "celery-audit": Peer("0.1.0", ("{bin}/celery-audit", "--config", "{config}", "--format", "json", "."), configs=CELERY),
    "django-chainsaw-mcp": Peer(
        "0.1.5", ("{bin}/django-chainsaw", "--project-path", ".", "--settings", "{config}", "--json", "on-commit"), configs=DJANGO
    ),
}


class Row(NamedTuple):
    """What was measured of one tool on one tree; CPU in seconds, peaks in MiB."""

    tree: str
    lines: int
    peer: str
    pairs: int
    ratio: float
    spread: tuple[float, float]
    mine: float
    theirs: float
    peak: float
    their_peak: float


def install(folder: Path, keep: Path) -> None:
    """Each tool in an environment of its own; what it has to import of a tree (`DJANGO`) goes there as well."""
    for name, peer in PEERS.items():
        home = folder / f"peer-{name}"
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        more = [f"{package}=={PACKAGES[package]}" for package in (DJANGO if peer.configs is DJANGO else ())]
        done = subprocess.run([str(home / "bin" / "pip"), "install", "--quiet", f"{name}=={peer.version}", *more])
        print(f"{name} {peer.version}: {'installed' if done.returncode == 0 else 'absent'}", flush=True)
    keep.mkdir(parents=True, exist_ok=True)
    for package, version in PACKAGES.items():
        fetch(package, version, keep)


def check(python: str, tree: Path, cache: Path, *more: str, jobs: int = 1) -> Run:
    """One run of txlint."""
    command = [python, "-P", "-m", "txlint", "check", "--output-format", "json", "--jobs", str(jobs), "--cache-dir", str(cache)]
    done = run([*command, *(more or (".",))], tree)
    if done.code not in (0, 1, 2) or not done.output.startswith("{"):
        raise SystemExit(f"{tree.name}: txlint ended with {done.code}\n{done.complaint[-2000:]}")
    return done


def reason_against(name: str, peer: Peer, package: str, lines: int, home: Path) -> str:
    """Why a tool is not run on a tree; empty where it is."""
    if not (home / Path(peer.command[0]).name).exists():
        return "not installed"
    if peer.configs is not None and package not in peer.configs:
        return "has nothing to configure it by there"
    return f"takes too long from {peer.largest:,} lines on" if lines > peer.largest else ""


def compare(name: str, peer: Peer, package: str, tree: Path, lines: int, home: Path, python: str, pairs: int) -> Row | str:
    """A row, or why there is none."""
    config = (peer.configs or {}).get(package, "")
    taken: list[tuple[Run, Run]] = []
    with tempfile.TemporaryDirectory() as folder:
        rule = Path(folder, "rule.yml")
        rule.write_text(RULE)
        for n in range(pairs):
            mine = check(python, tree, Path(folder, f"cache{n}"))
            words = {"bin": str(home), "rule": str(rule), "new": str(Path(folder, f"new{n}")), "config": config}
            theirs = run([part.format(**words) for part in peer.command], tree)
            if theirs.code not in peer.codes:
                said = (theirs.complaint.strip() or theirs.output.strip() or "nothing said").splitlines()[-1]
                return f"exit code {theirs.code}: {said[:160]}"
            taken.append((mine, theirs))
    ratios = [mine.user / theirs.user for mine, theirs in taken]
    return Row(
        package,
        lines,
        name,
        pairs,
        statistics.median(ratios),
        (min(ratios), max(ratios)),
        statistics.median(mine.user for mine, _ in taken),
        statistics.median(theirs.user for _, theirs in taken),
        max(mine.peak for mine, _ in taken),
        max(theirs.peak for _, theirs in taken),
    )


def own(package: str, tree: Path, python: str, pairs: int) -> str:
    """A row of what has no peer."""
    parsed, plain, suggested, walls, hooks = [], [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy")
        shutil.copytree(tree, copy, ignore=shutil.ignore_patterns(".txlint_cache"))
        (copy / ".git").mkdir()  # a hook runs in a repository: the whole of it is known, two files are reported
        sources = [path for path in sorted(copy.rglob("*.py")) if "test" not in path.as_posix()[len(folder) :]]
        staged = sorted(sources, key=lambda path: abs(path.stat().st_size - 25_000))[:2]
        time.sleep(3)  # what was written less than two seconds before it is read is read again each time
        for n in range(pairs):
            parsed.append(run([python, "-c", PARSE], tree).user)
            plain.append(check(python, tree, Path(folder, f"a{n}")).user)
            suggested.append(check(python, tree, Path(folder, f"b{n}"), ".", "--suggest").user)
            both = []
            for jobs in (1, 2):
                began = time.perf_counter()
                check(python, tree, Path(folder, f"c{n}{jobs}"), jobs=jobs)
                both.append(time.perf_counter() - began)
            walls.append(both[1] / both[0])
            names = [str(path) for path in staged]
            first = check(python, copy, Path(folder, f"d{n}"), *names)
            with staged[0].open("a", encoding="utf-8") as file:
                file.write("# one more line\n")
            hooks.append((first.user, check(python, copy, Path(folder, f"d{n}"), *names).user))
    ratios = [statistics.median(a / b for a, b in zip(side, parsed, strict=True)) for side in (plain, suggested)]
    first_run, second_run = (statistics.median(each[side] for each in hooks) for side in (0, 1))
    return (
        f"| {package} | {statistics.median(parsed):.2f} | {ratios[0]:.2f} | {ratios[1]:.2f} | {statistics.median(walls):.2f} "
        f"| {min(walls):.2f}-{max(walls):.2f} | {first_run:.2f} | {second_run:.2f} |"
    )


def plot(rows: list[Row], file: Path) -> None:
    """Bars of CPU and peak memory, txlint's share of each tool's."""
    from matplotlib import rcParams
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    rcParams["svg.hashsalt"] = "txlint"  # the same rows give the same file
    trees = sorted({(row.lines, row.tree) for row in rows})
    names = [name for name in PEERS if any(row.peer == name for row in rows)]
    figure = Figure(figsize=(11, 0.5 + 0.55 * len(names) + 1))
    sides = figure.subplots(1, 2, sharey=True)
    for axes, title, is_cpu in ((sides[0], "CPU: txlint / tool", True), (sides[1], "peak memory: txlint / tool", False)):
        for n, (lines, tree) in enumerate(trees):
            found = {row.peer: row.ratio if is_cpu else row.peak / row.their_peak for row in rows if row.tree == tree}
            at = [names.index(name) + (n - (len(trees) - 1) / 2) * 0.25 for name in found]
            axes.barh(at, list(found.values()), height=0.22, label=f"{tree}, {lines:,} lines")
        axes.axvline(1, color="black", linewidth=0.8)
        axes.set_xscale("log")
        axes.set_title(title)
        axes.set_yticks(range(len(names)), names)
    sides[0].invert_yaxis()
    sides[1].legend(fontsize="small")
    figure.tight_layout()
    FigureCanvasSVG(figure).print_svg(file, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--install", type=Path, metavar="DIR")
    parser.add_argument("--peers", type=Path, metavar="DIR", help="where --install has put them")
    parser.add_argument("--python", default=sys.executable, help="interpreter of txlint")
    parser.add_argument("--pairs", type=int, help="instead of 5 for the smaller trees and 1 for the largest")
    parser.add_argument("--package", action="append", choices=sorted(PACKAGES))
    parser.add_argument("--peer", action="append", choices=sorted(PEERS))
    parser.add_argument("--keep", type=Path, default=Path.home() / ".cache" / "txlint-bench", help="where packages are kept")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg")
    parser.add_argument("--own", action="store_true", help="what has no peer, instead")
    options = parser.parse_args()
    if options.install:
        install(options.install, options.keep)
        return
    if not (options.peers or options.own):
        parser.error("--peers DIR, --own or --install DIR")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as installed packages have it
    trees = {name: fetch(name, PACKAGES[name], options.keep) for name in options.package or PACKAGES}
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    version = subprocess.run([options.python, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    today = datetime.datetime.now(datetime.UTC).date()
    print(f"{today}, {version}, {os.cpu_count()} cores, load {load:.1f} at the start; medians of pairs, user CPU\n")
    if options.own:
        print("| tree | P s | cold, P | `--suggest`, P | wall, 2 processes / 1 | range | hook, first s | second s |")
        print("|---|---:|---:|---:|---:|---|---:|---:|")
        for package, tree in trees.items():
            print(own(package, tree, options.python, options.pairs or PAIRS[package]), flush=True)
        return
    rows, absent = measured(trees, options)
    if options.plot and rows:
        plot(rows, options.plot)
    print(f"\n{len(rows)} compared, {len(absent)} not:")
    for line in absent:
        print(f"- {line}")


def measured(trees: dict[str, Path], options: Any) -> tuple[list[Row], list[str]]:
    """All rows, printed as they come, and who is not among them for what reason."""
    rows: list[Row] = []
    absent: list[str] = []
    print("| tree | lines | tool | pairs | CPU, txlint / tool | range | txlint s | tool s | peak, txlint / tool | MiB | tool MiB |")
    print("|---|---:|---|---:|---:|---|---:|---:|---:|---:|---:|")
    for package, tree in trees.items():
        lines = sum(path.read_bytes().count(b"\n") for path in tree.rglob("*.py"))
        for name, peer in PEERS.items():
            if options.peer and name not in options.peer:
                continue
            home = options.peers / f"peer-{name}" / "bin"
            reason = reason_against(name, peer, package, lines, home)
            row = reason or compare(name, peer, package, tree, lines, home, options.python, options.pairs or PAIRS[package])
            if isinstance(row, str):
                absent.append(f"{name} {peer.version} on {package}: {row}")
                continue
            rows.append(row)
            print(
                f"| {row.tree} | {row.lines:,} | {row.peer} {peer.version} | {row.pairs} | **{row.ratio:.2f}** "
                f"| {row.spread[0]:.2f}-{row.spread[1]:.2f} | {row.mine:.2f} | {row.theirs:.2f} | {row.peak / row.their_peak:.2f} "
                f"| {row.peak:.0f} | {row.their_peak:.0f} |",
                flush=True,
            )
    return rows, absent


if __name__ == "__main__":
    main()
