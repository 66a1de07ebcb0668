"""Precision by readers who do not know what they judge: a draw of findings as claims, and the tally of the verdicts.

    python bench/draw.py draw --into DIR --decoys DECOYS.jsonl --controls GOLDEN.jsonl --packages DIR [--count 25]
        [--read CLAIMS.jsonl ...] NAME=CHECKOUT ...
    python bench/draw.py tally --key DIR/key.jsonl READER.jsonl READER.jsonl

`draw` runs txlint as a user would (defaults, in the checkout), draws `--count` findings of each project, all where there are fewer, and
writes DIR/claims.jsonl for the readers and DIR/key.jsonl, which they do not see. One finding is one claim: the effect with its best
opener. What an earlier round claimed (`--read`) is not drawn again: a project that was drawn from has unread findings left.
The seed is the commit's hash, so that a draw can be repeated and not chosen. The commit is that of the clone, or stands in CHECKOUT.commit.
Among the claims are ten decoys: places of audited releases that look like the bug and are not, claimed in the same words. Since all claims
of a project that has only decoys would give them away, as many true pairs of the same releases, the controls, stand beside them.

A claim has `id`, `project`, `commit`, `rule`, `effect` and `opener` (place and source line) and `path`: the calls from the opener's
function to the effect's (place, function and source line). No message, no certainty: a reader judges from code alone.

A verdict is `{"id": .., "verdict": .., "note": ..}`, one per claim, in one file per reader:
true       outside of tests there is an execution in which this effect happens while this opener's transaction is open
arguable   true, and the project plainly wants it
false      there is none
unproved   a TX2xx (the opener is a hook) without a caller in the repository that holds a transaction
`tally` counts what the readers agree on, apart for TX1xx and TX2xx. A claim that one holds and the other does not is split and counts as
not true. A round in which a reader passes more than one decoy (true or arguable) is void.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import shlex
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP))

from txlint.model.kinds import code_of  # noqa: E402

VERDICTS = ("true", "arguable", "false", "unproved")
HOLDS = frozenset(("true", "arguable"))
DECOYS = 10
MAY_PASS = 1
"""Decoys that a reader may take for true before the round is void."""
RULES_OF = {"rq": "task", "celery": "task", "mail": "mail", "http": "http", "cache": "cache", "object_storage": "storage-write"}
"""Effects as the audits name them, as kinds; files are told apart by what is called."""

Json = dict[str, Any]


class Claim(NamedTuple):
    """What a reader sees (without its id), and what the key says of it."""

    shown: Json
    key: Json


class Where(NamedTuple):
    """A definition in an audited release."""

    path: str
    node: ast.FunctionDef | ast.AsyncFunctionDef


# -- findings --


def drawn(findings: Iterable[Json], commit: str, count: int) -> list[Json]:
    """`count` findings of TX1xx and TX2xx, or all; the commit is the seed, the order of `findings` does not matter."""
    effects = [finding for finding in findings if finding["code"][:3] in ("TX1", "TX2")]
    effects.sort(key=lambda each: (each["path"], each["line"], each["column"], each["code"], each["fingerprint"]))
    return random.Random(int(commit, 16)).sample(effects, min(count, len(effects)))


def claim_of(finding: Json, project: str, commit: str, tree: Path) -> Claim:
    """The effect with its best opener, which stands first."""
    opener = finding["openers"][0]
    # The last step of a trace is the effect itself.
    path = [_step(tree, step["path"], step["line"], within(step["function"], step["path"])) for step in opener["trace"][:-1]]
    shown = {
        "project": project,
        "commit": commit,
        "rule": finding["code"],
        "effect": _place(tree, finding["path"], finding["line"]),
        "opener": _place(tree, opener["path"], opener["line"]),
        "path": path,
    }
    return Claim(shown, {"sort": "finding", "project": project, "confidence": opener["confidence"], "fingerprint": finding["fingerprint"]})


def within(function: str, path: str) -> str:
    """A dotted name without its module: ``shop.views.Cart.post`` in ``src/shop/views.py`` is ``Cart.post``."""
    parts = function.split(".")
    module = list(Path(path).with_suffix("").parts)
    if module[-1] == "__init__":
        module.pop()
    longest = next((size for size in range(len(parts) - 1, 0, -1) if parts[:size] == module[-size:]), 0)
    return ".".join(parts[longest:])


def _place(tree: Path, path: str, line: int) -> Json:
    return {"at": f"{path}:{line}", "source": source(tree / path, line)}


def _step(tree: Path, path: str, line: int, function: str) -> Json:
    return {"at": f"{path}:{line}", "in": function, "source": source(tree / path, line)}


def source(path: Path, line: int) -> str:
    """A line without its indentation; empty where the file has none such."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[line - 1].strip() if 0 < line <= len(lines) else ""


# -- decoys and controls --


def audited(rows: Iterable[Json], sort: str, packages: Path, wanted: int, chance: random.Random) -> list[Claim]:
    """`wanted` rows of an audit as claims. Those that name no place where the transaction would be opened, those that are judgement
    calls, and those whose path cannot be followed in the source are passed over."""
    made: list[Claim] = []
    usable = [row for row in rows if is_plain(row)]
    releases: dict[Path, dict[str, list[Where]]] = {}
    for row in chance.sample(usable, len(usable)):
        tree = packages / f"{row['package']}-{row['version']}"
        if tree not in releases:
            releases[tree] = dict(definitions(tree))
        path = followed(row, releases[tree])
        if path is None or not source(tree / row["path"], row["line"]):
            continue
        at, _, line = row["opener"].rpartition(":")
        shown = {
            "project": row["package"],
            "commit": row["version"],
            "rule": code_of(kind(row), 1),
            "effect": _place(tree, row["path"], row["line"]),
            "opener": _place(tree, at, int(line)),
            "path": [_step(tree, *step) for step in path],
        }
        made.append(Claim(shown, {"sort": sort, "project": row["package"], "confidence": None, "fingerprint": None}))
        if len(made) == wanted:
            return made
    raise SystemExit(f"only {len(made)} of {wanted} {sort}s could be written as claims")


def is_plain(row: Json) -> bool:
    """It names the opener's place, and nobody calls the label a judgement."""
    return bool(row["opener"]) and row["opener"].rpartition(":")[2].isdigit() and not row.get("decoy_class") and not row.get("contestable")


def kind(row: Json) -> str:
    if row["effect"] == "file":
        return "storage" if row["callee"].endswith(("delete", "remove")) else "storage-write"
    return RULES_OF[row["effect"]]


def definitions(tree: Path) -> Iterator[tuple[str, list[Where]]]:
    """The functions of a release by qualified name, without module."""
    found: dict[str, list[Where]] = {}

    def visit(node: ast.AST, outer: str, path: str) -> None:
        for child in ast.iter_child_nodes(node):
            name = outer
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{outer}.{child.name}" if outer else child.name
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                found.setdefault(name, []).append(Where(path, child))
            visit(child, name, path)

    for file in sorted(tree.rglob("*.py")):
        try:
            with warnings.catch_warnings(action="ignore", category=SyntaxWarning):
                parsed = ast.parse(file.read_bytes())
        except SyntaxError:
            continue
        visit(parsed, "", file.relative_to(tree).as_posix())
    yield from found.items()


def followed(row: Json, known: Mapping[str, list[Where]]) -> list[tuple[str, int, str]] | None:
    """(path, line, function) of the call of each next function of the audited path; where none has its name, of the function itself,
    as for a hook. None if a function is not there, or is not the only one of its name."""
    names: list[str] = row["path_functions"]
    steps = []
    for number, name in enumerate(names[:-1]):
        ends = {row["opener"].rpartition(":")[0]} if number == 0 else set()
        where = _only(known.get(name, []), ends)
        if where is None:
            return None
        called = names[number + 1].rpartition(".")[2]
        lines = [node.lineno for node in ast.walk(where.node) if isinstance(node, ast.Call) and _last(node.func) == called]
        steps.append((where.path, min(lines, default=where.node.lineno), name))
    return steps


def _only(places: Sequence[Where], preferred: set[str]) -> Where | None:
    here = [place for place in places if place.path in preferred] or list(places)
    return here[0] if len(here) == 1 else None


def _last(func: ast.expr) -> str | None:
    match func:
        case ast.Name(name) | ast.Attribute(_, name):
            return name
        case _:
            return None


# -- the sheets --


def shuffled(claims: Sequence[Claim], seed: int) -> tuple[list[Json], list[Json]]:
    """The claims and their key, in an order that says nothing."""
    order = random.Random(seed).sample(claims, len(claims))
    ids = [f"c{number:03d}" for number in range(1, len(order) + 1)]
    return (
        [{"id": name, **claim.shown} for name, claim in zip(ids, order, strict=True)],
        [{"id": name, "rule": claim.shown["rule"], **claim.key} for name, claim in zip(ids, order, strict=True)],
    )


def commit_of(checkout: Path) -> str:
    """Of a clone, or the one that is written beside it."""
    beside = checkout.with_name(checkout.name + ".commit")
    if beside.exists():
        return beside.read_text(encoding="utf-8").strip()
    git = ["git", "-C", str(checkout), "rev-parse", "HEAD"]
    return subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()


def findings_of(checkout: Path, txlint: str) -> list[Json]:
    """What a user sees there by default."""
    path = os.pathsep.join(filter(None, (str(TOP), os.environ.get("PYTHONPATH"))))
    command = [*shlex.split(txlint), "check", ".", "--output-format", "json"]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": path})
    if done.returncode not in (0, 1, 2) or not done.stdout.startswith("{"):
        raise SystemExit(f"{checkout.name}: txlint ended with {done.returncode}\n{done.stderr[-2000:]}")
    findings: list[Json] = json.loads(done.stdout)["findings"]
    return findings


def draw(options: argparse.Namespace) -> None:
    """Write claims and key of one round; print how many findings each project has, and how many were drawn."""
    claims: list[Claim] = []
    read = {(claim["project"], claim["rule"], claim["effect"]["at"]) for file in options.read for claim in read_lines(file)}
    seed = 0
    for named in options.projects:
        project, _, folder = named.partition("=")
        tree = Path(folder).resolve()
        commit = commit_of(tree)
        seed ^= int(commit, 16)
        findings = findings_of(tree, options.txlint)
        unread = [each for each in findings if (project, each["code"], f"{each['path']}:{each['line']}") not in read]
        chosen = drawn(unread, commit, options.count)
        claims += [claim_of(finding, project, commit, tree) for finding in chosen]
        print(f"{project} {commit}: {len(chosen)} of {len(unread)} unread, {len(findings)} in all")
    chance = random.Random(seed)
    claims += audited(read_lines(options.decoys), "decoy", options.packages, DECOYS, chance)
    claims += audited(read_lines(options.controls), "control", options.packages, DECOYS, chance)
    options.into.mkdir(parents=True, exist_ok=True)
    for name, rows in zip(("claims", "key"), shuffled(claims, seed), strict=True):
        (options.into / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


# -- the tally --


def together(verdicts: Sequence[str]) -> str:
    """What the readers say of one claim: the same, the milder of two that hold or of two that do not, else ``split``."""
    if len({verdict in HOLDS for verdict in verdicts}) > 1:
        return "split"
    return verdicts[0] if len(set(verdicts)) == 1 else "arguable" if verdicts[0] in HOLDS else "unproved"


def verdicts_of(rows: Iterable[Json], key: Sequence[Json], reader: str) -> dict[str, str]:
    """A reader's verdicts by id; exactly one for each claim, of a known word."""
    ids = {row["id"] for row in key}
    found: dict[str, str] = {}
    for row in rows:
        if row["id"] not in ids or row["id"] in found or row["verdict"] not in VERDICTS:
            raise SystemExit(f"{reader}: not a claim, judged twice, or no verdict: {row['id']} {row['verdict']}")
        found[row["id"]] = row["verdict"]
    if left := sorted(ids - found.keys()):
        raise SystemExit(f"{reader}: no verdict on {', '.join(left)}")
    return found


def passed(verdicts: Mapping[str, str], key: Sequence[Json], sort: str) -> int:
    """How many decoys, or controls, a reader holds to be true."""
    return sum(verdicts[row["id"]] in HOLDS for row in key if row["sort"] == sort)


def tally(key: Sequence[Json], readers: Mapping[str, Mapping[str, str]]) -> tuple[str, bool]:
    """The round in Markdown, and whether it counts."""
    counts: dict[tuple[str, str, str], Counter[str]] = {}
    same = 0
    findings = [row for row in key if row["sort"] == "finding"]
    for row in findings:
        said = [verdicts[row["id"]] for verdicts in readers.values()]
        same += len({verdict in HOLDS for verdict in said}) == 1
        for project in (row["project"], "all"):
            counts.setdefault((project, f"{row['rule'][:3]}xx", row["confidence"]), Counter())[together(said)] += 1
    words = (*VERDICTS, "split")
    lines = [
        f"| project | class | confidence | read | {' | '.join(words)} | true or arguable |",
        "|---|---|---|" + "---:|" * (len(words) + 2),
    ]
    for (project, rules, confidence), found in sorted(counts.items(), key=lambda item: (item[0][0] == "all", item[0])):
        share = 100 * sum(found[word] for word in HOLDS) / found.total()
        cells = " | ".join(str(found[word]) for word in words)
        lines.append(f"| {project} | {rules} | {confidence} | {found.total()} | {cells} | {share:.1f} % |")
    lines += ["", f"The readers agree whether a finding holds in {same} of {len(findings)}.", ""]
    sizes = Counter(row["sort"] for row in key)
    for reader, verdicts in readers.items():
        decoys, controls = passed(verdicts, key, "decoy"), passed(verdicts, key, "control")
        lines.append(f"{reader}: passed {decoys} of {sizes['decoy']} decoys, {controls} of {sizes['control']} controls")
    counted = all(passed(verdicts, key, "decoy") <= MAY_PASS for verdicts in readers.values())
    return "\n".join(lines + ([] if counted else ["", f"VOID: a reader passed more than {MAY_PASS} decoy"])), counted


def read_lines(path: Path) -> list[Json]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    drawing = verbs.add_parser("draw")
    drawing.add_argument("--into", type=Path, required=True)
    drawing.add_argument("--decoys", type=Path, required=True)
    drawing.add_argument("--controls", type=Path, required=True)
    drawing.add_argument("--packages", type=Path, required=True, help="unpacked wheels as DIR/name-version")
    drawing.add_argument("--read", type=Path, action="append", default=[], metavar="CLAIMS.jsonl", help="an earlier round's")
    drawing.add_argument("--count", type=int, default=25)
    drawing.add_argument("--txlint", default=f"{sys.executable} -P -m txlint", help="the command that runs it")
    drawing.add_argument("projects", nargs="+", metavar="NAME=CHECKOUT")
    tallying = verbs.add_parser("tally")
    tallying.add_argument("--key", type=Path, required=True)
    tallying.add_argument("readers", nargs="+", type=Path, metavar="READER.jsonl")
    options = parser.parse_args()
    if options.verb == "draw":
        draw(options)
        return 0
    key = read_lines(options.key)
    text, counted = tally(key, {path.stem: verdicts_of(read_lines(path), key, path.stem) for path in options.readers})
    print(text)
    return 0 if counted else 1


if __name__ == "__main__":
    sys.exit(main())
