"""Celery on Django: ``task.delay(x)`` becomes ``task.delay_on_commit(x)``, the same as the on-commit form, shorter.

Only where the engine proves that the task has the method (Celery 5.4 or newer, no base class or task class of its own), and only on
the default database: the method knows no other, it would pass ``using`` on to the task."""

from __future__ import annotations

import libcst as cst

from txlint.fix.after import dotted
from txlint.fix.case import Case, Rewrite, Verdict
from txlint.fix.recipes import on_commit
from txlint.fix.source import Edit

NAME = "delay-on-commit"
_METHODS = ("delay", "apply_async")


def applies(case: Case) -> bool:
    function = case.site.call.func
    method = isinstance(function, cst.Attribute) and function.attr.value in _METHODS and bool(dotted(function))
    return method and on_commit.applies(case) and case.finding.fingerprint in case.project.tasks and on_commit.database(case) == ""


def applicability(case: Case) -> Verdict:
    return on_commit.applicability(case)


def rewrite(case: Case) -> Rewrite:
    line, column = case.span(case.site.call.func)[2:]
    at = case.source.offset(line, column)
    function = case.site.call.func
    name = function.attr.value if isinstance(function, cst.Attribute) else ""
    return Rewrite((Edit(at - len(name), at, f"{name}_on_commit"),), (), on_commit.behaviour(case))
