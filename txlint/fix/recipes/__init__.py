"""The kinds of rewrite, each in a module of one shape: ``NAME``, ``applies(case)``, ``applicability(case)``, ``rewrite(case)``.

`RECIPES` is in order of preference: the first that is safe is taken, else the first that is not refused."""

from __future__ import annotations

from typing import Protocol

from txlint.fix.case import Case, Rewrite, Verdict
from txlint.fix.recipes import (
    after_commit_hook,
    commit_first,
    defer_keyword,
    defer_misuse,
    delay_on_commit,
    frappe_after_commit,
    move_after,
    odoo_postcommit,
    on_commit,
    peewee_after_commit,
    run_after_commit,
    zope_after_commit,
)


class Recipe(Protocol):
    """What a recipe module offers."""

    NAME: str

    def applies(self, case: Case) -> bool:
        """Whether this kind of rewrite exists at all for the library and the code."""

    def applicability(self, case: Case) -> Verdict:
        """How safe it is at this call."""

    def rewrite(self, case: Case) -> Rewrite:
        """The change; asked only where `applicability` is not ``none``."""


MISUSE_RECIPES: tuple[Recipe, ...] = (defer_misuse,)
"""For findings about deferrals and transactions themselves (TX3xx, TX5xx); no other recipe fits them."""
RECIPES: tuple[Recipe, ...] = (
    defer_keyword,
    run_after_commit,
    delay_on_commit,
    on_commit,
    peewee_after_commit,
    zope_after_commit,
    frappe_after_commit,
    odoo_postcommit,
    move_after,
    commit_first,
    after_commit_hook,
)
