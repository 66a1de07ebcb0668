"""The helper for SQLAlchemy passes the test that is written beside it, and the recipes around sessions refuse what they cannot know."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.fix_findings import suggested
from txlint.fix import Project
from txlint.fix.helper import sqlalchemy_helper

HELPED = Project(after_commit_helper="app.db.on_commit")


def test_the_helper_passes_its_own_test(tmp_path: Path) -> None:
    helper, test = sqlalchemy_helper("my_helper")
    (tmp_path / "my_helper.py").write_text(helper)
    (tmp_path / "test_my_helper.py").write_text(test)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", str(tmp_path), str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "8 passed" in done.stdout, done.stdout


def verdict(body: str, project: Project | None = None) -> tuple[str | None, str | None, str]:
    text = "def f(order, items, session):\n" + textwrap.indent(textwrap.dedent(body).strip("\n"), "    ") + "\n"
    fix = suggested(text, project=project)
    return fix.recipe, fix.applicability, fix.reason or ""


FIRST = {
    "no commit": ("session.add(order)  # open: a\nt(1)  # want: TX101=a", "no `commit()` follows"),
    "another session": ("session.add(order)  # open: a\nt(1)  # want: TX101=a\nother.commit()", "`other.commit()` does not end"),
    "in another block": ("session.add(order)  # open: a\nif x:\n    t(1)  # want: TX101=a\nsession.commit()", "no `commit()` follows"),
    "a branch between": ("session.add(order)  # open: a\nt(1)  # want: TX101=a\nif x:\n    y()\nsession.commit()", "no `commit()` follows"),
    "left between": ("session.add(order)  # open: a\nt(1)  # want: TX101=a\nreturn 1\nsession.commit()", "no `commit()` follows"),
    "result used": ("session.add(order)  # open: a\nx = t(1)  # want: TX103=a\nsession.commit()", "is used"),
    "bound anew between": ("session.add(order)  # open: a\nt(x)  # want: TX101=a\nx = 5\nsession.commit()", "line 4 binds `x` anew"),
    "undone between": (
        "session.add(order)  # open: a\nt(1)  # want: TX101=a\nsession.rollback()\nsession.commit()",
        "line 4 always undoes",
    ),
    "a lambda": ("session.add(order)  # open: a\nt(lambda: order.id)  # want: TX101=a\nsession.commit()", "`lambda: order.id` would begin"),
    "a comprehension": (
        "session.add(order)  # open: a\nt([o.id for o in items])  # want: TX101=a\nsession.commit()",
        "`[o.id for o in items]` would begin",
    ),
    "asks the session": (
        "session.add(order)  # open: a\nt(order.total())  # want: TX101=a\nsession.commit()",
        "`order.total()` would begin",
    ),
}


@pytest.mark.parametrize("case", FIRST, ids=str)
def test_commit_first_refuses(case: str) -> None:
    body, reason = FIRST[case]
    recipe, applicability, said = verdict(body)
    assert (recipe, applicability) == ("commit-first", "none") and reason in said


def test_commit_first_names_what_is_expired() -> None:
    recipe, applicability, said = verdict("session.add(order)  # open: a\nt(order)  # want: TX101=a\nsession.commit()")
    assert (recipe, applicability) == ("commit-first", "unsafe") and "`order` is expired" in said


def test_commit_first_names_what_is_changed_on_the_way() -> None:
    text = "session.add(order)  # open: a\nt(items)  # want: TX101=a\nitems.append(1)\nsession.commit()"
    assert "`items` is passed by reference and may be changed on line 4" in verdict(text)[2]
    assert "by reference" not in verdict(text.replace("items.append(1)\nsession.commit()", "session.commit()\nitems.append(1)"))[2]


def test_the_hook_needs_a_helper_and_a_session() -> None:
    body = "with session.begin():  # open: a\n    t(1)  # want: TX101=a\n    x = 1"
    assert verdict(body)[1] == "none"
    assert verdict(body, HELPED)[:2] == ("after-commit-hook", "safe")
    assert verdict("with make()[0].begin():  # open: a\n    t(1)  # want: TX101=a\n    x = 1", HELPED)[1] == "none"
    _, applicability, said = verdict("with session.begin():  # open: a\n    t(order)  # want: TX101=a\n    x = 1", HELPED)
    assert applicability == "unsafe" and "`order` is expired" in said
    assert verdict("session.add(1)  # open: a\nt(1)  # want: TX101=a\nreturn 1", HELPED)[:2] == ("after-commit-hook", "safe")
