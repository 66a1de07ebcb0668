"""What is too slow or too far away to measure at each change: measured now and then, recorded with its date, held to what it rests on.

    python bench/truth.py run [NAME ...] [--changed] [--shared DIR] [--mirrors DIR] [--packages DIR] [--venvs DIR]     write the records
    python bench/truth.py check [--shared DIR]       exit code 1 and one line for each record that is missing, failed or stale

A record, docs/truth/NAME.json, holds date, command, commit, versions, figures and a sha256 of each input. `check` compares the inputs and
measures nothing. An input is what would make the figures say something else than they say, and no more, or every commit would ask for a
new measurement:

catalog            the four tests of each library (`tests/catalog_tests.py`). Inputs are what is looked up in the installed library: names,
                   bases, aliases, version ranges. A reworded `why` or another effect kind leaves it fresh; what is used, explained and
                   real the suite asks at every change. Versions are recorded and not compared: a release on an index is no change.
                   With `--changed` only libraries are measured of which an input has changed since the record, or which it skipped and
                   are installed now; the others keep their figures, which say under ``measured`` of when they are. A change of what
                   measures them (`tests/real`, a fixture) asks for all.
releases           which releases are asked for (`bench/versions.py`): an index has new ones every day, and each is asked by the scheduled
                   job, not here. A note says when the catalog is another than the one that was held against them.
proofs             what decides whether a mark holds (tests/proof, the readers of marks). Not the fixtures: the suite executes each of them
                   at every change, so that none can go stale; the record says how many there were and on which frameworks.
fix-commits,       scorer and case files, and the *contract*: txlint's version, rules with their defaults, kinds of effects and openers,
other-commits,     confidences, default threshold. Any change of the engine may move a score, and nobody measures for minutes at each one;
audited-releases   the contract is what a score is a score of, and a release is not made on the figures of the one before. Commit and a hash
                   over the sources say how old a figure is: `check` prints that it was measured on other sources, and does not fail.

fixing             as these, and what a reader found in docs/fixing.md: `--fix` on the fix commits.
torture            the list and its runner: each row through `--fix`.
programs           their generator: 2,000 programs made by chance through check and fix.
whole-projects     its script: `--fix --unsafe-fixes` over whole checkouts.

Scorer and cases lie outside of the repository, below `--shared`; where that folder is not there, they are not compared. What cannot be
measured is recorded as failed, with the reason, and fails the check; a truth whose folder is not given is left as it was recorded.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

TOP = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TOP), str(TOP / "bench")]

import fixing  # noqa: E402
import torture  # noqa: E402
import versions  # noqa: E402
import wholefix  # noqa: E402

from tests import catalog_tests, catalog_truth, marks, programs  # noqa: E402
from txlint import __version__  # noqa: E402
from txlint.catalog.loader import LIBRARIES, read_library  # noqa: E402
from txlint.config import Config  # noqa: E402
from txlint.model import kinds  # noqa: E402
from txlint.model.catalog import Library, LibraryClass  # noqa: E402
from txlint.rules import RULES  # noqa: E402

RECORDS = TOP / "docs" / "truth"
OUTSIDE = "shared/"  # how the names of inputs below `--shared` begin

Figures = dict[str, Any]


class Untrue(Exception):
    """What was to be recorded does not hold, or could not be measured; the message says why."""


class Places(NamedTuple):
    """Folders outside of the repository; None: not given."""

    shared: Path | None = None
    mirrors: Path | None = None
    packages: Path | None = None
    venvs: Path | None = None


@dataclass(frozen=True, slots=True)
class Truth:
    """One thing to measure. ``inputs`` gives the sha256 of each input that can be reached; ``needs`` the fields of ``Places``;
    ``of`` the distributions whose versions belong into the record; ``measure_changed`` measures what is not as it was recorded."""

    name: str
    inputs: Callable[[Places], dict[str, str]]
    measure: Callable[[Places], Figures]
    needs: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    is_score: bool = False
    measure_changed: Callable[[Mapping[str, Any], Places], Figures] | None = None


def sha(data: Any) -> str:
    """Of bytes, or of anything that JSON can hold."""
    return hashlib.sha256(data if isinstance(data, bytes) else json.dumps(data, sort_keys=True).encode()).hexdigest()


def sources() -> str:
    """One hash over everything that txlint consists of."""
    files = sorted(path for path in (TOP / "txlint").rglob("*") if path.suffix in (".py", ".toml"))
    return sha([[path.relative_to(TOP).as_posix(), sha(path.read_bytes())] for path in files])


# -- the catalog --


def catalog_inputs(_: Places) -> dict[str, str]:
    """One input per library."""
    return {f"catalog/{path.stem}": sha(looked_up(read_library(path))) for path in sorted(LIBRARIES.glob("*.toml"))}


def looked_up(library: Library) -> list[Any]:
    """What `tests.catalog_truth` reads of a library, in an order that does not depend on the file's."""
    entries = [
        [entry.name, [[when.version, when.unless] for when in entry.when if when.version]]
        + ([list(entry.bases), bool(entry.why)] if isinstance(entry, LibraryClass) else [])
        for entry in library.entries
    ]
    since = [sorted(library.since.items())] if library.since else []
    return [library.distribution, sorted(library.aliases.items()), sorted(library.virtual), sorted(entries, key=json.dumps), *since]


def measure_catalog(_: Places) -> Figures:
    """The four tests of each library, on what is installed beside this interpreter."""
    return _of_libraries(*catalog_tests.measure())


def measure_changed_libraries(recorded: Mapping[str, Any], places: Places) -> Figures:
    """The same where an input is not as it was recorded, or what was skipped is installed here. The other libraries keep their figures,
    which say of when they are."""
    kept = {}
    for name, sha_now in catalog_inputs(places).items():
        library = read_library(LIBRARIES / f"{name.removeprefix('catalog/')}.toml")
        old = recorded["figures"]["libraries"].get(library.name)
        if old and sha_now == recorded["inputs"].get(name) and ("skipped" not in old or catalog_truth.installed(library) is None):
            kept[library.name] = {"measured": f"{recorded['date']} at {recorded['commit']}", **old}
    changed = [path.stem for path in sorted(LIBRARIES.glob("*.toml")) if path.stem not in kept]
    print(f"catalog: measured now: {', '.join(changed) or 'nothing'}; as recorded: {len(kept)} libraries", flush=True)
    found, problems = catalog_tests.measure(changed)
    return _of_libraries(dict(sorted((kept | found).items())), problems)


def _of_libraries(found: dict[str, dict[str, Any]], problems: list[str]) -> Figures:
    if problems:
        raise Untrue("; ".join(problems))
    passed = [name for name, figures in found.items() if catalog_tests.passes(figures)]
    return {"entries": sum(each["entries"] for each in found.values()), "pass all four": len(passed), "libraries": found}


# -- the releases --


def release_inputs(_: Places) -> dict[str, str]:
    return {"releases": sha([sorted(versions.RELEASES.items()), sorted(versions.PYTHONS.items())])}


def measure_versions(places: Places) -> Figures:
    """Names that are there in each release, of all names, for the libraries of which more than the newest release is supported. Of the
    others the newest is held against the catalog by `.ci/scheduled`."""
    assert places.venvs
    supported = [path.stem for path in sorted(LIBRARIES.glob("*.toml")) if read_library(path).distribution.lower() in versions.RELEASES]
    found = versions.measure(supported, places.venvs)
    told = [
        f"{release} of {name}: {problem}"
        for name, releases in found.items()
        for release, each in releases.items()
        for problem in each.get("problems", ())
    ]
    if told:
        raise Untrue("; ".join(told))
    return {
        name: {release: each.get("not installed") or f"{each['names']}/{each['names']}" for release, each in releases.items()}
        for name, releases in found.items()
    }


# -- the proofs --


def proof_inputs(_: Places) -> dict[str, str]:
    files = [TOP / "tests" / "marks.py", *sorted((TOP / "tests" / "proof").rglob("*.py"))]
    return {path.relative_to(TOP).as_posix(): sha(path.read_bytes()) for path in files}


def measure_proofs(_: Places) -> Figures:
    """Every fixture with a `# proof:` on the real frameworks, as the suite runs them."""
    from tests.proof.judge import Worker, prove

    worker = Worker()
    try:
        paths = [path for path in marks.cases(TOP / "fixtures") if path.parent.name != "fix"]
        cases = {path: marks.read_case(path) for path in paths}
        proofs = {path: prove(case, worker) for path, case in cases.items() if case.proofs}
    finally:
        worker.close()
    if wrong := [line for proof in proofs.values() for line in proof.wrong]:
        raise Untrue("; ".join(wrong))
    return {"fixtures": len(proofs), "findings proved": sum(len(proof.executed) for proof in proofs.values())}


# -- the scores --


def contract() -> str:
    """What a score is a score of."""
    rules = [[rule.code, rule.default] for rule in RULES.values()]
    confidences = [each.name for each in kinds.Confidence]
    return sha([__version__, sorted(rules), kinds.EFFECT_KINDS, kinds.OPENER_KINDS, confidences, Config().min_confidence.word])


def score_inputs(*names: str) -> Callable[[Places], dict[str, str]]:
    def inputs(places: Places) -> dict[str, str]:
        found = {"contract": contract()}
        if places.shared:
            found |= {f"{OUTSIDE}bench/{name}": sha((places.shared / "bench" / name).read_bytes()) for name in names}
        return found

    return inputs


def measure_commits(cases: str, by: str) -> Callable[[Places], Figures]:
    """The scorer of fix commits; figures are ``found with the opener named/cases (found with any opener)``, of all cases and for each
    word that they have as `by`."""

    def measure(places: Places) -> Figures:
        assert places.shared and places.mirrors
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder, "rows.jsonl")
            bench = places.shared / "bench"
            _scored("score_cases.py", places, [bench / cases, "--mirrors", places.mirrors, "--work", Path(folder, "work"), "--out", out])
            rows = _lines(out)
            given = len(_lines(bench / cases))
        figures: Figures = {}
        for word in ("all", *sorted({row[by] for row in rows})):
            mine = [row for row in rows if word in ("all", row[by])]
            named = sum(bool(row["found"]) for row in mine)
            figures[word] = f"{named}/{len(mine)} ({sum(bool(row['found'] or row['found_other_opener']) for row in mine)})"
        fixed = [row for row in rows if row.get("post_line") and (row["found"] or row["found_other_opener"])]
        figures["silent after the fix"] = f"{sum(row['after'] is None for row in fixed)}/{len(fixed)}"
        figures["cases without a mirror"] = given - len(rows)
        return figures

    return measure


def measure_releases(places: Places) -> Figures:
    """The scorer of audited releases: pairs by tier, alarms on decoys."""
    assert places.shared and places.packages
    with tempfile.TemporaryDirectory() as folder:
        copies = []
        for name in ("golden.jsonl", "decoys.jsonl"):
            rows = [json.dumps(placed(row)) for row in _lines(places.shared / "bench" / name)]
            copies.append(Path(folder, name))
            copies[-1].write_text("\n".join(rows) + "\n", encoding="utf-8")
        printed = _scored("score_golden.py", places, [*copies, "--packages", places.packages])
    return releases(printed)


def placed(row: dict[str, Any]) -> dict[str, Any]:
    """The scorer stops at an opener that names no line. With line 0 of no file it goes on, and no finding can match it."""
    opener = row["opener"]
    return row if opener is None or opener.rpartition(":")[2].isdigit() else {**row, "opener": f"{opener}:0"}


def releases(printed: str) -> Figures:
    """``  tier A   pairs 15/15  at the site 15/15`` and the closing line ``sites 29/37; pairs 53/83 (..); alarms 5/65, soft 2/15``."""
    lines = printed.splitlines()
    if skipped := [line for line in lines if line.startswith(("SKIPPED", "ERROR"))]:
        raise Untrue("; ".join(skipped))
    words = [line.split() for line in lines if line.startswith("  tier ")]
    figures: Figures = {f"tier {line[1]} pairs": line[3] for line in words}
    parts = lines[-1].replace(",", ";").split("; ")
    figures |= {"sites": parts[0].split()[1], "alarms": parts[2].split()[1], "soft alarms": parts[3].split()[1]}
    return figures


def _scored(script: str, places: Places, arguments: Iterable[object]) -> str:
    """What the scorer printed about the txlint of this folder under this interpreter."""
    assert places.shared
    txlint = f"env PYTHONPATH={TOP} PYTHONDONTWRITEBYTECODE=1 {sys.executable} -P -m txlint"
    command = [sys.executable, places.shared / "bench" / script, *arguments, "--txlint", txlint]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Untrue((done.stderr.strip().splitlines() or ["no message"])[-1])
    return done.stdout


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


# -- rewriting --


def own(*names: str) -> dict[str, str]:
    return {name: sha((TOP / name).read_bytes()) for name in names}


def fixing_inputs(places: Places) -> dict[str, str]:
    return score_inputs("score_cases.py", *fixing.CASES)(places) | {"docs/fixing.md": sha(sorted(fixing.read_rows().items()))}


def measure_fixing(places: Places) -> Figures:
    """`--fix` on the commits before the maintainers' fixes, by what a reader found of each."""
    assert places.shared and places.mirrors
    figures = fixing.figures(fixing.measure(places.shared, places.mirrors), fixing.read_rows())
    if figures["wrong"] or figures["unread"]:
        raise Untrue(f"{figures['wrong']} wrong, {figures['unread']} that nobody has read as they are: {figures}")
    return figures


def torture_inputs(places: Places) -> dict[str, str]:
    found = own("bench/torture.py")
    if places.shared:
        found[f"{OUTSIDE}torture/torture.py"] = sha((places.shared / "torture" / "torture.py").read_bytes())
    return found


def measure_torture(places: Places) -> Figures:
    """Every row of the list, and the faults while writing."""
    assert places.shared
    files = dict(torture.file_rows(places.shared, set(), []))
    faults = dict(torture.fault_rows(set()))
    bad = [f"{name}: {'; '.join(problems)}" for name, problems in (*files.items(), *faults.items()) if problems]
    if bad:
        raise Untrue(" | ".join(bad))
    return {"file rows": len(files), "fault rows": len(faults), "skipped": sum(each is None for each in faults.values()), "bad": 0}


PROGRAMS, AT_ONCE = 2000, 20


def measure_programs(_: Places) -> Figures:
    """Every second lot with ``--unsafe-fixes``."""
    rewritten = 0
    bad: list[str] = []
    for first in range(0, PROGRAMS, AT_ONCE):
        with tempfile.TemporaryDirectory() as folder:
            tree = Path(folder, "tree")
            programs.tree(tree, range(first, first + AT_ONCE))
            before = programs.contents(tree)
            bad += programs.problems(tree, unsafe=first // AT_ONCE % 2 == 1)
            rewritten += sum(data != before[name] for name, data in programs.contents(tree).items())
    if bad:
        raise Untrue("; ".join(bad))
    return {"programs": PROGRAMS, "rewritten": rewritten, "bad": 0}


def measure_projects(places: Places) -> Figures:
    """By project what was found, fixed, and how long it took; one line that should not have changed is a failure."""
    assert places.mirrors
    results = [wholefix.at_commit(places.mirrors, name) for name in wholefix.PROJECTS]
    if bad := [f"{result.name}: {line}" for result in results for line in result.wrong]:
        raise Untrue("; ".join(bad))
    return {result.name: result.line for result in results}


FRAMEWORKS = ("django", "celery", "sqlalchemy", "djangorestframework", "redis", "requests")
COMMITS = ("score_cases.py", "django_cases.jsonl")
OTHERS = ("score_cases.py", "other_cases.jsonl")
RELEASES = ("score_golden.py", "golden.jsonl", "decoys.jsonl")
ALL = (
    Truth("catalog", catalog_inputs, measure_catalog, measure_changed=measure_changed_libraries),
    Truth("releases", release_inputs, measure_versions, ("venvs",), is_score=True),
    Truth("proofs", proof_inputs, measure_proofs, of=FRAMEWORKS),
    Truth("fix-commits", score_inputs(*COMMITS), measure_commits(COMMITS[1], "expect"), ("shared", "mirrors"), is_score=True),
    Truth("other-commits", score_inputs(*OTHERS), measure_commits(OTHERS[1], "framework"), ("shared", "mirrors"), is_score=True),
    Truth("fixing", fixing_inputs, measure_fixing, ("shared", "mirrors"), is_score=True),
    Truth("torture", torture_inputs, measure_torture, ("shared",), is_score=True),
    Truth("programs", lambda _: own("tests/programs.py"), measure_programs, is_score=True),
    Truth("whole-projects", lambda _: own("bench/wholefix.py"), measure_projects, ("mirrors",), is_score=True),
    Truth("audited-releases", score_inputs(*RELEASES), measure_releases, ("shared", "packages"), is_score=True),
)


# -- recording and checking --


def record(truth: Truth, places: Places, earlier: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Measure now; with an ``earlier`` record, what has changed since. ``failed`` is None, or says why there are no figures: whatever goes
    wrong is the result."""
    figures, failed = {}, None
    try:
        figures = truth.measure_changed(earlier, places) if earlier and truth.measure_changed else truth.measure(places)
    except Exception as error:
        failed = f"{type(error).__name__}: {error}" if not isinstance(error, Untrue) else str(error)
    needs = "".join(f" {need.upper()}=DIR" for need in truth.needs)
    return {
        "truth": truth.name,
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"make truth ONLY={truth.name}{needs}{' CHANGED=1' if earlier else ''}",
        "commit": _commit(),
        "sources": sources(),
        "versions": {"python": platform.python_version(), "txlint": __version__, **{name: _version(name) for name in truth.of}},
        "failed": failed,
        "figures": figures,
        "inputs": truth.inputs(places),
    }


def complaints(truth: Truth, recorded: Mapping[str, Any] | None, places: Places) -> list[str]:
    """Why a record no longer stands; empty if it does."""
    if recorded is None:
        return ["there is no record"]
    if recorded["failed"]:
        return [f"failed on {recorded['date']}: {recorded['failed']}"]
    now, then = truth.inputs(places), recorded["inputs"]
    changed = [name for name in now if now[name] != then.get(name, now[name])]
    gone = [name for name in then if name not in now and (places.shared or not name.startswith(OUTSIDE))]
    return (
        [f"{name} has changed since {recorded['date']}" for name in changed]
        + [f"{name} is not in the record" for name in now if name not in then]
        + [f"{name} is gone" for name in gone]
    )


def read(truth: Truth, folder: Path) -> dict[str, Any] | None:
    path = folder / f"{truth.name}.json"
    if not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def check(places: Places, folder: Path = RECORDS, truths: Iterable[Truth] = ALL) -> int:
    """Print what is to be measured again; the exit code."""
    bad = 0
    for truth in truths:
        recorded = read(truth, folder)
        if truth.is_score and recorded is None:
            print(f"{truth.name}: note: it has not been measured yet (make truth ONLY={truth.name})")
            continue
        for complaint in complaints(truth, recorded, places):
            bad = 1
            print(f"{truth.name}: {complaint} (make truth ONLY={truth.name})")
        if truth.is_score and recorded and recorded["sources"] != sources():
            print(f"{truth.name}: note: the figures of {recorded['date']} were measured on other sources, at {recorded['commit'][:12]}")
    return bad


def run(names: Iterable[str], places: Places, folder: Path = RECORDS, truths: Iterable[Truth] = ALL, changed: bool = False) -> int:
    """Measure and record; the exit code. No names: all. ``changed``: where a truth can tell, and has figures, only what has changed."""
    wanted = set(names)
    folder.mkdir(parents=True, exist_ok=True)
    bad = 0
    for truth in truths:
        if wanted and truth.name not in wanted:
            continue
        if absent := [need for need in truth.needs if getattr(places, need) is None]:
            print(f"{truth.name}: not measured, needs --{' --'.join(absent)}")
            continue
        earlier = read(truth, folder) if changed and truth.measure_changed else None
        made = record(truth, places, earlier if earlier and not earlier["failed"] else None)
        (folder / f"{truth.name}.json").write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
        bad |= made["failed"] is not None
        print(f"{truth.name}: {made['failed'] or made['figures']}", flush=True)
    return bad


def _commit() -> str:
    """HEAD, with a plus where the sources are not the committed ones."""
    git = ["git", "-C", str(TOP)]
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    return head + ("+" if subprocess.run([*git, "diff", "--quiet", "HEAD", "--", "txlint"], check=False).returncode else "")


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["run", "check"])
    parser.add_argument("names", nargs="*", choices=[[], *(truth.name for truth in ALL)], metavar="NAME")
    parser.add_argument("--changed", action="store_true", help="of the catalog, only what is not as it was recorded")
    parser.add_argument("--shared", type=Path, help="holds bench/ with the scorers and their cases")
    parser.add_argument("--mirrors", type=Path, help="bare clones as DIR/owner+name/repo")
    parser.add_argument("--packages", type=Path, help="unpacked wheels as DIR/name-version")
    parser.add_argument("--venvs", type=Path, help="where environments of releases are made")
    options = parser.parse_args()
    folders = (options.shared, options.mirrors, options.packages, options.venvs)
    places = Places(*(folder.resolve() if folder and folder.is_dir() else None for folder in folders))
    return check(places) if options.verb == "check" else run(options.names, places, changed=options.changed)


if __name__ == "__main__":
    sys.exit(main())
