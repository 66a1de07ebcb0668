"""What a project's strings say to a framework: `strings` and `table` read constants, `bound_to` gives what a dotted path leads to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from txlint.frameworks.types import Linker, Value


def bound_to(linker: Linker, dotted: str) -> Value:
    """What a dotted path leads to, a module of the project and a name in it: ``"shop.hooks.on_paid"``."""
    module, _, name = dotted.rpartition(".")
    home = linker.project.find_module(module)
    found: Value = linker.module_name(home, name) if home is not None else ()
    return found


def strings(linker: Linker, value: Value) -> Iterator[str]:
    """A constant string, or those of a list."""
    for atom in value:
        if isinstance(atom, linker.Const) and isinstance(atom.value, str):
            yield atom.value
        elif isinstance(atom, linker.Seq):
            for item in atom.items:
                yield from strings(linker, item)


def table(linker: Linker, value: Value) -> Iterator[tuple[str, Value]]:
    """The entries of a dict whose keys are strings, or tuples of them."""
    for atom in value:
        if isinstance(atom, linker.Table):
            for key, item in atom.items:
                for name in key if isinstance(key, tuple) else (key,):
                    if isinstance(name, str):
                        yield name, item
