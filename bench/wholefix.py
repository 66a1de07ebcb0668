"""`--fix --unsafe-fixes` over whole projects: what it changes, and that it changes nothing else.

    python bench/wholefix.py --mirrors DIR [owner/name[@commit] ...]

Each project is written out afresh from its bare clone, checked, fixed and fixed again. Looked at from outside, with `difflib` and `ast`
and nothing of txlint: each changed file compiles; a line that differs belongs to a statement in which a finding was reported (its effect,
or a call through which it is reached), or is an import that is new; the second run changes nothing; nothing but Python files changes and
no file comes or goes. Prints one line a project and each line that should not have changed; exit code 1 if there is one.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checkouts import checkout

TOP = Path(__file__).resolve().parents[1]

PROJECTS = (
    "dandi/dandi-archive",
    "mozilla/fx-private-relay",
    "paperless-ngx/paperless-ngx",
    "pretalx/pretalx",
    "readthedocs/readthedocs.org",
    "thunderstore-io/Thunderstore",
)


def texts(tree: Path) -> dict[str, bytes]:
    return {path.relative_to(tree).as_posix(): path.read_bytes() for path in sorted(tree.rglob("*.py")) if path.is_file()}


def others(tree: Path) -> str:
    """One hash over everything that is no Python file, and over which files there are."""
    paths = sorted(path for path in tree.rglob("*") if path.is_file() and ".txlint_cache" not in path.parts)
    lines = [f"{path} {'' if path.suffix == '.py' else hashlib.sha256(path.read_bytes()).hexdigest()}" for path in paths]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def txlint(tree: Path, *words: str) -> tuple[dict[str, Any], str, float]:
    """The report, what it said, and the seconds it took."""
    environment = os.environ | {"PYTHONPATH": str(TOP), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-P", "-m", "txlint", "check", ".", "--select", "ALL", "--no-cache", "--output-format", "json", *words]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode not in (0, 1, 2) or not done.stdout.startswith("{"):
        raise RuntimeError(f"exit code {done.returncode}: {done.stderr[-300:]}")
    return json.loads(done.stdout), done.stderr, seconds


def places(report: Mapping[str, Any]) -> dict[str, set[int]]:
    """By path the lines of findings: of the effects, and of the calls and openers on the way to them."""
    found: dict[str, set[int]] = {}
    for finding in report["findings"]:
        steps = [step for opener in finding["openers"] for step in opener["trace"]]
        for place in (finding, *steps, *(opener["entry"] for opener in finding["openers"])):
            found.setdefault(place["path"], set()).update(range(place["line"], (place.get("end_line") or place["line"]) + 1))
    return found


def allowed(text: bytes, lines: set[int]) -> set[int]:
    """All lines of the simple statements that these lines are part of, and of the headers of compound ones."""
    found: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt):
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
            last = node.end_lineno or node.lineno
            if body := getattr(node, "body", None):
                last = max(first, body[0].lineno - 1)
            if lines & set(range(first, last + 1)):
                found.update(range(first, last + 1))
    return found


def stray(path: str, old: bytes, new: bytes, reported: set[int]) -> Iterator[str]:
    """Differences that no finding accounts for."""
    mine = allowed(old, reported)
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    for tag, i, k, m, n in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        fresh = [line for line in after[m:n] if line not in before[i:k]]
        if tag == "equal" or set(range(i + 1, k + 1)) & mine or (i == k and (i in mine or i + 1 in mine)):
            continue
        if (
            tag in ("insert", "replace")
            and _are_imports(b"".join(fresh))
            and all(line in after[m:n] or _is_import(line) for line in before[i:k])
        ):
            continue
        yield f"{path}:{i + 1}: {tag} {b''.join(before[i:k])!r} {b''.join(after[m:n])!r}"


def _are_imports(text: bytes) -> bool:
    try:
        body = ast.parse(text).body
    except SyntaxError:
        return False
    return all(isinstance(each, (ast.Import, ast.ImportFrom)) for each in body)


def _is_import(line: bytes) -> bool:
    return bool(line.strip()) and _are_imports(line)


def compiles(text: bytes, path: str) -> bool:
    try:
        compile(text, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class Result:
    """One project: a line of figures, and what is wrong."""

    name: str
    line: str
    wrong: tuple[str, ...]


def at_commit(mirrors: Path, project: str) -> Result:
    """Write ``owner/name[@commit]`` out, check it, fix it, and fix it again."""
    name, _, commit = project.partition("@")
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "tree")
        checkout(mirrors / name.replace("/", "+", 1) / "repo", commit or "HEAD", tree)
        report, _, checking = txlint(tree)
        old, rest = texts(tree), others(tree)
        left, said, fixing = txlint(tree, "--fix", "--unsafe-fixes")
        new, untouched = texts(tree), others(tree) == rest
        _, _, again = txlint(tree, "--fix", "--unsafe-fixes")
        stays = texts(tree) == new
    changed = [path for path in old if new.get(path) != old[path]]
    reported = places(report)
    wrong = [line for line in said.splitlines() if "internal error" in line]
    wrong += ["another file changed, came or went"] * (not untouched) + ["the second run changes something"] * (not stays)
    for path in changed:
        wrong += [f"{path} does not compile"] * (not compiles(new[path], path))
        wrong += stray(path, old[path], new[path], reported.get(path, set()))
    lines = sum(_touched(old[path], new[path]) for path in changed)
    found, gone = len(report["findings"]), len(report["findings"]) - len(left["findings"])
    figures = f"{len(old):,} files, {found} findings, {gone} fixed in {len(changed)} files and {lines} lines"
    return Result(name, f"{figures}; check {checking:.1f} s, fix {fixing:.1f} s, again {again:.1f} s", tuple(wrong))


def _touched(old: bytes, new: bytes) -> int:
    codes = difflib.SequenceMatcher(None, old.splitlines(), new.splitlines(), autojunk=False).get_opcodes()
    return sum(max(k - i, n - m) for tag, i, k, m, n in codes if tag != "equal")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("projects", nargs="*", metavar="owner/name[@commit]", default=PROJECTS)
    parser.add_argument("--mirrors", type=Path, required=True, help="bare clones as DIR/owner+name/repo")
    options = parser.parse_args()
    wrong = 0
    for name in options.projects:
        result = at_commit(options.mirrors, name)
        print(f"{result.name}: {result.line}", flush=True)
        for line in result.wrong:
            print(f"  {line}", flush=True)
        wrong += len(result.wrong)
    print(f"{wrong} wrong")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
