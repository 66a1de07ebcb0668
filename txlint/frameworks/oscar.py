"""django-oscar: classes are loaded by the label of a module and their names, ``get_class("basket.forms", "AddToBasketForm")``, so that a
project puts its own in their place. `LoadedClasses` says which one that is.

Facts are from django-oscar 4.1 (oscar/core/loading.py, ``default_class_loader``): the class is taken from the module of the project's app
of that label, where that has it, else from ``oscar.apps``. Which apps are installed is not asked: of several modules that end in the label
all count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from txlint.frameworks.named import strings
from txlint.frameworks.types import Framework

if TYPE_CHECKING:
    from txlint.frameworks.types import Linker, Value

PACKAGE = "oscar"
_ONE = "oscar.core.loading.get_class"
_SEVERAL = "oscar.core.loading.get_classes"
_ARGUMENTS = {_ONE: ("module_label", "classname"), _SEVERAL: ("module_label", "classnames")}
_CORE = "oscar.apps."


class LoadedClasses(Framework):
    """What loads classes by their names."""

    def given(self, linker: Linker, dotted: str, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> Value | None:
        if dotted not in _ARGUMENTS:
            return None
        named = [args[place] if place < len(args) else keywords.get(name, ()) for place, name in enumerate(_ARGUMENTS[dotted])]
        labels, names = (list(strings(linker, value)) for value in named)
        if len(labels) != 1 or not names:
            return None
        values = [_loaded(linker, labels[0], name) for name in names]
        return values[0] if dotted == _ONE else (linker.atoms(linker.Seq, tuple(values)),)


def _loaded(linker: Linker, label: str, name: str) -> Value:
    own: Value = ()
    core: Value = (linker.atoms(linker.Ext, f"{_CORE}{label}.{name}"),)
    for module in linker.project.ordered:
        if module.name == label or module.name.endswith(f".{label}"):
            found = linker.module_name(module, name)
            if module.name == _CORE + label:
                core = found or core
            else:
                own = linker.union(own, found)
    return own or core
