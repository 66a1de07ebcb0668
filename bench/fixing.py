"""What `--fix` does where maintainers fixed the same thing: run on the commits before their fixes, held against what they did.

    python bench/fixing.py --shared DIR --mirrors DIR [--repo owner/name ...] [--read OUT.jsonl]

For each fix commit of the bench the tree before it is written out, `txlint check --suggest` says what it proposes for the case, and
`--fix`, then `--fix --unsafe-fixes`, really rewrite it. A case is *rewritten* where one of these runs changed the lines of its finding: the
effect, or a call through which it is reached. `--read` writes for each case found both diffs, ours and the maintainers', for a reader.

What a reader found stands in docs/fixing.md, one row for each case, with the proposal that was judged. A row whose proposal is no longer
what comes out is *unread*, and so is a case without a row: then, and where a verdict is `wrong`, the exit code is 1.
"""

from __future__ import annotations

import argparse
import difflib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parents[1]
PAGE = TOP / "docs" / "fixing.md"
CASES = ("django_cases.jsonl", "other_cases.jsonl")
VERDICTS = ("as the maintainers", "otherwise and right", "refused with reason", "wrong")
DEFERRED = ("on_commit", "delay_on_commit")
ORDER = ("none", "unsafe", "safe")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """One case. ``findings`` are those that are about it, with their ``fix``; ``plain`` and ``unsafe`` the diffs of the runs as far as
    they are about these findings; ``theirs`` what the maintainers did to the file."""

    case: Json
    findings: tuple[Json, ...] = ()
    plain: str = ""
    unsafe: str = ""
    theirs: str = ""

    @property
    def name(self) -> str:
        return name_of(self.case)

    @property
    def proposal(self) -> str:
        """``safe on-commit``, or ``none``: of several findings the one that is fixed least counts."""
        least = min((f["fix"] for f in self.findings), key=lambda fix: (ORDER.index(fix["applicability"]), fix["recipe"] or ""))
        return least["applicability"] if least["applicability"] == "none" else f"{least['applicability']} {least['recipe']}"

    @property
    def reasons(self) -> list[str]:
        return sorted({f["fix"]["reason"] for f in self.findings if f["fix"]["reason"]})


def name_of(case: Json) -> str:
    return f"{case['repo']}@{case['pre_commit'][:8]} {case['path']}:{case['line']}"


def measure(shared: Path, mirrors: Path, repos: Sequence[str] = (), jobs: Iterable[str] = CASES) -> list[Result]:
    """All cases of the bench that have a mirror; those not found have no findings."""
    scorer = _scorer(shared)
    trees: dict[tuple[str, str], list[Json]] = defaultdict(list)
    for name in jobs:
        for line in (shared / "bench" / name).read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            if (mirrors / case["repo"].replace("/", "+") / "repo").exists() and (not repos or case["repo"] in repos):
                trees[case["repo"], case["pre_commit"]].append(case)
    return [result for key in sorted(trees) for result in _of_tree(scorer, mirrors, *key, trees[key])]


def _scorer(shared: Path) -> Any:
    """The scorer of the bench, which decides what is found; it stays where it is."""
    spec = importlib.util.spec_from_file_location("score_cases", shared / "bench" / "score_cases.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _of_tree(scorer: Any, mirrors: Path, repo: str, commit: str, cases: list[Json]) -> Iterator[Result]:
    mirror = mirrors / repo.replace("/", "+") / "repo"
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "tree")
        scorer.checkout(mirror, commit, tree)
        found = json.loads(_txlint(tree, "--suggest", "--output-format", "json"))["findings"]
        chosen = [(case, about(scorer, case, found)) for case in cases]
        paths = {place["path"] for _, mine in chosen for finding in mine for place in _places(finding)}
        old = {path: _text(tree / path) for path in paths}
        proposed = {finding["fix"]["applicability"] for _, mine in chosen for finding in mine}
        if proposed & {"safe", "unsafe"}:
            _txlint(tree, "--fix-only", "--quiet")
        plain = {path: _text(tree / path) for path in paths}
        if "unsafe" in proposed:
            _txlint(tree, "--fix-only", "--quiet", "--unsafe-fixes")
        unsafe = {path: _text(tree / path) for path in paths}
        for case, mine in chosen:
            if not mine:
                yield Result(case)
                continue
            theirs = subprocess.run(
                ["git", "-C", str(mirror), "diff", "-U4", commit, case["fix_commit"], "--", case["path"]],
                capture_output=True,
                check=True,
            ).stdout.decode(errors="replace")
            yield Result(case, mine, _hunks(old, plain, mine), _hunks(old, unsafe, mine), theirs)


def about(scorer: Any, case: Json, findings: Sequence[Json]) -> tuple[Json, ...]:
    """The findings that are about the case, as the scorer counts: with the opener that it names, else any; those at its very line, else
    those reached through it, else those beside it."""
    fitting = [f for f in findings if f["code"][:3] in ("TX1", "TX2")]
    judged = [(f, scorer.judge({"findings": [f]}, case, case["path"], case["line"])) for f in fitting]
    mine = [f for f, (right, _) in judged if right] or [f for f, (_, other) in judged if other]

    def spans(place: Json) -> bool:
        return bool(place["path"] == case["path"] and place["line"] <= case["line"] <= place.get("end_line", place["line"]))

    here = [f for f in mine if spans(f)]
    through = [f for f in mine if any(spans(step) for opener in f["openers"] for step in opener["trace"])]
    near = [f for f in mine if scorer.at_line(f, case["path"], case["line"])]
    return tuple(here or through or near or mine)


def _places(finding: Json) -> list[Json]:
    """Where a finding may be rewritten: its own place and its entries."""
    entries = [{**o["entry"], "end_line": o["entry"].get("end_line") or o["entry"]["line"]} for o in finding["openers"]]
    return [finding, *entries]


def _hunks(old: Mapping[str, str], new: Mapping[str, str], findings: Iterable[Json]) -> str:
    """A diff of the changes that touch a line of these findings; the imports that they needed are left out."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for finding in findings:
        for place in _places(finding):
            wanted[place["path"]].update(range(place["line"], place["end_line"] + 1))
    said = []
    for path, lines in sorted(wanted.items()):
        before, after = old[path].split("\n"), new[path].split("\n")
        for tag, i, k, m, n in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            if tag != "equal" and lines & set(range(i + 1, max(i + 1, k) + 1)):
                said += [f"@@ {path}:{i + 1}", *(f"-{line}" for line in before[i:k]), *(f"+{line}" for line in after[m:n])]
    return "\n".join(said)


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


def _txlint(tree: Path, *arguments: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(TOP), "PYTHONDONTWRITEBYTECODE": "1"}
    options = ["--select", "ALL", "--min-confidence", "likely", "--cache-dir", str(tree.parent / "cache")]
    command = [sys.executable, "-P", "-m", "txlint", "check", ".", *options, *arguments]
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1, 2) or "internal error" in done.stderr:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no output"])[-1])
    return done.stdout


# -- what was read --


def read_rows(page: Path = PAGE) -> dict[str, tuple[str, str]]:
    """Verdict and judged proposal of each case in the table of the page."""
    found = {}
    for line in page.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 4 and cells[2] in VERDICTS:
            found[cells[0]] = (cells[2], cells[1])
    return found


def figures(results: Sequence[Result], rows: Mapping[str, tuple[str, str]]) -> Json:
    """Counts over the cases found, and over those of them that the maintainers deferred to the commit."""
    found = [result for result in results if result.findings]
    deferred = [result for result in found if result.case["remedy"] in DEFERRED]
    verdicts = Counter(verdict(result, rows) for result in found)
    return {
        "found": f"{len(found)}/{len(results)}",
        **{word: verdicts[word] for word in (*VERDICTS, "unread")},
        "on_commit cases found": len(deferred),
        "with a recipe": _share(deferred, lambda result: result.proposal != "none"),
        "rewritten by --fix": _share(deferred, lambda result: bool(result.plain)),
        "rewritten by --unsafe-fixes too": _share(deferred, lambda result: bool(result.unsafe)),
    }


def verdict(result: Result, rows: Mapping[str, tuple[str, str]]) -> str:
    word, judged = rows.get(result.name, ("unread", ""))
    return word if judged == result.proposal else "unread"


def _share(results: Sequence[Result], holds: Any) -> str:
    count = sum(map(bool, map(holds, results)))
    return f"{count}/{len(results)} ({count / max(1, len(results)):.0%})"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, help="holds bench/ with the scorer and its cases")
    parser.add_argument("--mirrors", type=Path, required=True, help="bare clones as DIR/owner+name/repo")
    parser.add_argument("--repo", action="append", default=[], help="only this one")
    parser.add_argument("--read", type=Path, metavar="OUT.jsonl", help="write what a reader needs to judge")
    options = parser.parse_args()
    results = measure(options.shared, options.mirrors, options.repo)
    rows = read_rows() if PAGE.exists() else {}
    if options.read:
        kept = (
            {"name": r.name, "verdict": verdict(r, rows), "proposal": r.proposal, "reasons": r.reasons, "case": r.case}
            | {"findings": r.findings, "plain": r.plain, "unsafe": r.unsafe, "theirs": r.theirs}
            for r in results
            if r.findings
        )
        options.read.write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")
    for result in results:
        if result.findings and (word := verdict(result, rows)) in ("wrong", "unread"):
            print(f"{word}: {result.name}: {result.proposal}")
    counted = figures(results, rows)
    for word, figure in counted.items():
        print(f"{word:34} {figure}")
    return int(bool(counted["wrong"] or counted["unread"]))


if __name__ == "__main__":
    sys.exit(main())
