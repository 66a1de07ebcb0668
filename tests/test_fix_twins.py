"""Fixtures of rewriting: the result equals its twin, is stable, keeps every comment, and behaves as promised on the real framework."""

from __future__ import annotations

import importlib.util
import io
import json
import subprocess
import sys
import tokenize
from pathlib import Path
from typing import Any

import pytest

from tests.fix_findings import findings_of, fixed, project_of
from txlint.fix import FilePlan, plan
from txlint.fix.recipes import MISUSE_RECIPES, RECIPES, Recipe

ROOT = Path(__file__).parents[1]
CASES = sorted(p for p in (ROOT / "fixtures" / "fix").glob("*.py") if not p.name.endswith(".fixed.py"))
DEFERRED = [p for p in CASES if p.name.startswith(("on_commit", "delay_on_commit"))]
MOVED = [p for p in CASES if p.name.startswith(("move_after", "commit_first", "after_commit_hook", "peewee", "zope", "run_after_commit"))]
PLATFORMS = [p for p in CASES if p.name.startswith(("frappe", "defer_keyword", "odoo"))]
MISUSED = [p for p in CASES if p.name.startswith("defer_misuse")]
NEEDS = {
    "peewee": "peewee",
    "zope_after_commit_request": "pyramid_tm",
    "zope": "transaction",
    "run_after": "django_subatomic",
    "frappe": "frappe",
    "defer_keyword": "frappe",
    "odoo": "odoo",
}
DROPPED = {
    "on_commit_savepoint.py",
    "run_after_commit_plain.py",
}  # an effect of a savepoint that is rolled back in the plain run: gone on purpose


def twin(case: Path) -> Path:
    return case.with_suffix(".fixed.py")


def result(case: Path, unsafe: bool | None = None) -> FilePlan:
    """The plan for a fixture as its header wants it."""
    text = case.read_text()
    return fixed(case.read_bytes(), unsafe=is_unsafe(case) if unsafe is None else unsafe, project=project_of(case.name, text))


def is_unsafe(case: Path) -> bool:
    return "\n# fix: unsafe\n" in case.read_text()


@pytest.mark.parametrize("case", CASES, ids=lambda p: p.stem)
def test_fixed_equals_twin(case: Path) -> None:
    planned = result(case)
    assert planned.error is None
    assert planned.new.decode() == twin(case).read_text()


@pytest.mark.parametrize("case", CASES, ids=lambda p: p.stem)
def test_everything_but_the_statements_is_kept(case: Path) -> None:
    old, new = case.read_text(), twin(case).read_text()
    assert _comments(old) == _comments(new)
    planned = result(case)
    assert case.stem.rpartition("_")[0].replace("_", "-") in {p.fix.recipe for p in planned.fixed}


SITUATIONS = {"plain", "loop", "nested", "database"}


@pytest.mark.parametrize("recipe", [*RECIPES, *MISUSE_RECIPES], ids=lambda recipe: recipe.NAME)
def test_every_recipe_has_its_cases(recipe: Recipe) -> None:
    """At least four are executed, and among them a plain one, one in a loop, one in nested blocks or savepoints, and one on a second
    database; where the framework is on no index, the case says so, and is executed where it is installed."""
    mine = [p.read_text() for p in CASES if p.stem.rpartition("_")[0].replace("_", "-") == recipe.NAME]
    shown = [word for text in mine for line in headers(text, "shows") for word in line.split(", ")]
    executed = [expression for text in mine for line in headers(text, "proof") for expression in line.split(";")]
    assert len(shown) == len(executed), "each executed case says what it shows"
    assert len(executed) >= 4
    assert set(shown) == SITUATIONS


def headers(text: str, word: str) -> list[str]:
    """What the lines ``# word: ...`` of a fixture's head say."""
    return [line.removeprefix(f"# {word}: ") for line in text.split("\n") if line.startswith(f"# {word}: ")]


@pytest.mark.parametrize("case", CASES, ids=lambda p: p.stem)
def test_nothing_changes_without_leave(case: Path) -> None:
    """Plain --fix applies what is safe and nothing else."""
    planned = result(case, unsafe=False)
    assert {p.fix.applicability for p in planned.fixed} <= {"safe"}
    if not planned.fixed:
        assert planned.new == planned.old


def test_order_of_findings_does_not_matter() -> None:
    case = ROOT / "fixtures" / "fix" / "on_commit_database.py"
    data = case.read_bytes()
    found = findings_of(data)
    assert plan(found, {"x.py": data})[0].new == plan(found[::-1], {"x.py": data})[0].new


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    cases = [case for case in DEFERRED + MISUSED + MOVED + PLATFORMS if importlib.util.find_spec(needs(case)) is not None]
    paths = [str(p) for case in cases for p in (case, twin(case))]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.fix_proof"],
        input=json.dumps(paths),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def needs(case: Path) -> str:
    """The module without which a case cannot be executed."""
    return next((module for start, module in NEEDS.items() if case.name.startswith(start)), "django")


@pytest.mark.parametrize("case", DEFERRED + MOVED + PLATFORMS, ids=lambda p: p.stem)
def test_proof(case: Path, measured: dict[str, Any]) -> None:
    pytest.importorskip(needs(case))
    before, after = measured[str(case)], measured[str(twin(case))]
    for situation in ("plain", "rolled_back", "closed"):
        for old, new in zip(before[situation], after[situation], strict=True):
            assert not old["raised"] and not new["raised"]
            assert old["rows"] == new["rows"]
    for old, new in zip(before["plain"], after["plain"], strict=True):
        wanted = [e[:3] for e in old["effects"]]
        got = [e[:3] for e in new["effects"]]
        assert all(e[3] == [] for e in new["effects"]), "an effect still happens while a transaction is open"
        if case.name in DROPPED:
            assert got == [e for e in wanted if e in got]
        else:
            assert got == wanted, "other effects, other arguments or another order"
    assert any(e[3] for run in before["plain"] for e in run["effects"]), "nothing is proved: no effect happened in a transaction"
    assert any(run["effects"] for run in before["rolled_back"]), "nothing is proved: no effect survived the rollback"
    assert all(run["effects"] == [] for run in after["rolled_back"]), "an effect survived the rollback"
    if case in DEFERRED:
        assert [r["effects"] for r in after["closed"]] == [r["effects"] for r in before["closed"]], "not immediate without a transaction"


@pytest.mark.parametrize("case", MISUSED, ids=lambda p: p.stem)
def test_misuse_is_mended(case: Path, measured: dict[str, Any]) -> None:
    wanted = json.loads(case.read_text().split("\n# after: ")[1].partition("\n")[0])
    before, after = measured[str(case)], measured[str(twin(case))]
    assert [e[:3] for run in after["plain"] for e in run["effects"]] == wanted
    assert all(not run["raised"] for run in after["plain"])
    assert all(e[3] == [] for run in after["plain"] for e in run["effects"])
    assert all(run["effects"] == [] for run in after["rolled_back"])
    assert [e[:3] for run in before["plain"] for e in run["effects"]] != wanted or any(r["raised"] for r in before["plain"])


def _comments(text: str) -> list[str]:
    return sorted(t.string for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type == tokenize.COMMENT)
