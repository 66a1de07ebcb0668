"""Packages that do nothing a rollback could fail to undo: ``inert.txt`` says which, and why."""

import sys
from functools import cache
from pathlib import Path


@cache
def inert() -> frozenset[str]:
    """Top-level packages; those of the standard library are among them, as the catalog speaks of all in it that matters."""
    lines = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    return sys.stdlib_module_names | {line for line in lines if not line.startswith("#")}
