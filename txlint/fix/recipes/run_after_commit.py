"""django-subatomic: ``f(x)`` becomes ``run_after_commit(partial(f, x))``, where the library's own transaction is open in the same function.

It is Django's on_commit, except that it fails where no transaction is open, and that its callbacks run in tests. Because of the first it
is written only inside of a ``transaction()`` that stands around the call; elsewhere the on-commit form is right."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import libcst as cst

from txlint.fix.after import dotted
from txlint.fix.case import Case, Rewrite, Verdict
from txlint.fix.recipes import on_commit

NAME = "run-after-commit"
_PACKAGE = "django_subatomic"


def applies(case: Case) -> bool:
    return on_commit.applies(case) and any(_is_its_own(case, name) for name in _openers(case))


def applicability(case: Case) -> Verdict:
    return on_commit.applicability(case)


def rewrite(case: Case) -> Rewrite:
    return on_commit.deferred(case, case.reference(f"{_PACKAGE}.db", "run_after_commit"))


def _openers(case: Case) -> Iterator[str]:
    """How the transactions that are open by this function's own means are written."""
    for scope in case.site.chain:
        if scope.kind == "with" and scope.opener is not None and isinstance(scope.node, cst.WithItem):
            yield _callee(scope.node.item)
    node = case.site.function.node
    if isinstance(node, cst.FunctionDef) and case.site.function.openers:
        yield from (_callee(decorator.decorator) for decorator in node.decorators)


def _callee(node: cst.BaseExpression) -> str:
    return dotted(node.func if isinstance(node, cst.Call) else node)


def _is_its_own(case: Case, name: str) -> bool:
    """Whether a name leads into the package, by the file's imports."""
    for statement in case.names.module_bindings(name.partition(".")[0]) if name else ():
        match statement:
            case ast.ImportFrom(module=str(module), level=0) if module.partition(".")[0] == _PACKAGE:
                return True
            case ast.Import(names=names) if any(alias.name.partition(".")[0] == _PACKAGE for alias in names):
                return True
    return False
