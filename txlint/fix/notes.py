"""What a run of `--fix` should say besides what it changed: which tests no longer see the effects, what else would make the calls wait, and
what a crash right after the commit loses. Facts about libraries were tried out on their releases of November 2026."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from txlint.fix.plan import Proposal

_ON_DJANGO = frozenset({"on-commit", "delay-on-commit"})
_DEFERS = _ON_DJANGO | {"run-after-commit", "peewee-after-commit", "after-commit-hook", "zope-after-commit", "commit-first", "move-after"}
_MODULES = ("django.test", "rest_framework.test", "django.test.testcases")
_NEVER_COMMIT = frozenset({"TestCase", "APITestCase"})
_MOST = 10

SILENT_TESTS = "callbacks do not run under Django's TestCase: use `captureOnCommitCallbacks(execute=True)` around what is tested there"
_PYTEST = (
    "nor do they under pytest's `django_db` without `transaction=True`: use the fixture `django_capture_on_commit_callbacks(execute=True)`"
)
_DECLARED = {
    "huey": "a task of djhuey that is always called in transactions can be declared with `@on_commit_task()` instead of `@task()`",
    "django_rq": 'from django-rq 4 on, `RQ = {"COMMIT_MODE": "on_db_commit"}` makes `enqueue` and `delay` wait by themselves',
}
_OUTBOX = {
    "celery": "django-celery-outbox's `OutboxCelery` writes it into the database, and calls stay `delay()` (not on SQLite)",
    "django": "a task of django-tasks-db or procrastinate is a row of the same transaction",
    "": "a row that is written in the same transaction and read by a worker",
}


class SilentTest(NamedTuple):
    """A class of tests that never commit. ``speaks``: it names something that was rewritten."""

    path: str
    line: int
    name: str
    speaks: bool


def notes(done: Collection[Proposal], tests: Iterable[tuple[str, bytes]]) -> tuple[str, ...]:
    """One sentence or two each. ``tests`` (path, content) are read only where they matter."""
    recipes = {proposal.fix.recipe for proposal in done}
    return (*(_about_tests(done, tests) if recipes & _ON_DJANGO else ()), *_about_declarations(done), *_about_crashes(done))


def _about_tests(done: Collection[Proposal], tests: Iterable[tuple[str, bytes]]) -> Iterator[str]:
    contents = [(path, data) for path, data in tests if b"django" in data or b"rest_framework" in data]
    classes = list(silent_tests(contents, _names(done)))
    if classes:
        first = sorted(classes, key=lambda each: (not each.speaks, each.path, each.line))
        named = [each for each in first if each.speaks] or first
        shown = ", ".join(f"{each.name} ({each.path}:{each.line})" for each in named[:_MOST])
        speak = " that name what was rewritten" if named[0].speaks else ""
        rest = len(classes) - min(len(named), _MOST)
        yield f"{SILENT_TESTS}; classes{speak}: {shown}" + (f", and {rest:,} more" if rest else "")
    if any(b"django_db" in data for _, data in contents):
        yield _PYTEST


def _names(done: Collection[Proposal]) -> frozenset[str]:
    """What tests may call the rewritten things: the functions that hold them and what they call."""
    found = {proposal.finding.function.rpartition(".")[2] for proposal in done}
    found |= {part for proposal in done for part in proposal.finding.effect.callee.split(".")[:1]}
    return frozenset(found)


def silent_tests(tests: Iterable[tuple[str, bytes]], names: Collection[str] = ()) -> Iterator[SilentTest]:
    """The classes of these files that are Django's `TestCase` by their bases, each class's own project bases included."""
    classes: list[tuple[str, ast.ClassDef, list[str], str]] = []
    for path, data in tests:
        if b"TestCase" not in data and b"Test" not in data:
            continue
        try:
            text = data.decode()
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        known = dict(_imported(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                bases = [known.get(ast.unparse(base), ast.unparse(base)) for base in node.bases]
                classes.append((path, node, bases, ast.get_source_segment(text, node) or "" if names else ""))
    silent = {f"{module}.{name}" for module in _MODULES for name in _NEVER_COMMIT}
    while (
        more := {node.name for _, node, bases, _ in classes if any(b in silent or b.rpartition(".")[2] in silent for b in bases)} - silent
    ):
        silent |= more
    for path, node, _, source in classes:
        if node.name in silent:
            words = set(source.replace(".", " ").replace("(", " ").replace('"', " ").replace("'", " ").replace(")", " ").split())
            yield SilentTest(path, node.lineno, node.name, bool(words & set(names)))


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Names of a file that are Django's test classes, with their dotted names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in _MODULES and not node.level:
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module in ("django", "rest_framework") and not node.level:
            for alias in node.names:
                if alias.name == "test":
                    yield from ((f"{alias.asname or alias.name}.{name}", f"{node.module}.test.{name}") for name in _NEVER_COMMIT)


def _about_declarations(done: Collection[Proposal]) -> Iterator[str]:
    libraries = {proposal.finding.effect.library for proposal in done if proposal.fix.recipe in _ON_DJANGO}
    yield from (_DECLARED[library] for library in sorted(libraries & _DECLARED.keys()))


def _about_crashes(done: Collection[Proposal]) -> Iterator[str]:
    waiting = [proposal for proposal in done if proposal.fix.recipe in _DEFERS]
    if not waiting:
        return
    on_django = any(proposal.fix.recipe in _ON_DJANGO for proposal in waiting)
    celery = any(proposal.finding.effect.library == "celery" for proposal in waiting)
    way = _OUTBOX["celery" if celery and on_django else "django" if on_django else ""]
    yield f"a process that dies right after the commit loses what was deferred; what may not be lost belongs into an outbox: {way}"
