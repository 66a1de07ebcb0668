"""Odoo's models as the linker needs them: `OdooModels` says which classes of the project make up a model.

A model has a name, and is what all classes say together that name it: one by ``_name``, others by ``_inherit``, in whichever module they
stand (odoo/models.py: ``MetaModel``, ``BaseModel._build_model``). With ``_inherit`` a model has the methods of further models as well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from txlint.frameworks.named import strings
from txlint.frameworks.types import Framework

if TYPE_CHECKING:
    from txlint.frameworks.types import Atom, Klass, Linker, Value

LIBRARY = "odoo"
"""The catalog's file: where it is read, the project imports the framework."""
_MODEL = "odoo.models.BaseModel"
_BY_NAME = "odoo.api.Environment.__getitem__"


class OdooModels(Framework):
    """A `Framework` of the linker."""

    def __init__(self) -> None:
        self._classes: dict[str, list[Klass]] | None = None
        self._names: dict[int, tuple[str, ...]] = {}

    def instance_attribute(self, linker: Linker, klass: Klass, name: str, holder: Atom) -> Value | None:
        """What another class of the model defines, or one of a model that it inherits from."""
        classes = self._known(linker)
        if klass.id not in self._names:
            return None
        found = linker.find(klass, name)
        if found is not None:
            return None
        seen = {klass.id}
        waiting = list(self._names[klass.id])
        for model in waiting:
            for other in classes.get(model, ()):
                if other.id not in seen:
                    seen.add(other.id)
                    waiting += [each for each in self._names[other.id] if each not in waiting]
                    if linker.has_own(other, name):
                        return linker.attribute(linker.instance(other, False), name)
        return None

    def given(self, linker: Linker, dotted: str, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> Value | None:
        """``env["shop.order"]``."""
        return self._rows(linker, args[0]) if dotted == _BY_NAME and args else None

    def described(self, linker: Linker, method: str, item: Atom, receiver: Atom | None) -> Value | None:
        """``order_id = fields.Many2one("shop.order")``."""
        origin = getattr(item, "origin", None)
        if not method.startswith("odoo.fields.") or not isinstance(origin, tuple) or origin[0] != "init":
            return None
        named = dict(origin[2])
        return self._rows(linker, origin[1][0] if origin[1] else named.get("comodel_name", ()))

    def _rows(self, linker: Linker, value: Value) -> Value | None:
        """Rows of the model that a constant names, if the project defines or extends it."""
        name = value[0].value if len(value) == 1 and isinstance(value[0], linker.Const) else None
        classes = self._known(linker).get(name, []) if isinstance(name, str) else []
        return (linker.instance(classes[0], False),) if classes else None

    def _known(self, linker: Linker) -> dict[str, list[Klass]]:
        """The classes of each model, that which names it first."""
        if self._classes is None:
            self._classes = {}  # reading them may ask for attributes
            found: list[tuple[str, bool, Klass]] = []
            for klass in linker.project.klasses:
                own, inherited = (list(_strings(linker, klass, word)) for word in ("_name", "_inherit"))
                if (own or inherited) and linker.is_a(klass, _MODEL):
                    name = (own or inherited)[0]
                    self._names[klass.id] = tuple(dict.fromkeys((name, *inherited)))
                    found.append((name, bool(own), klass))
            for name, _, klass in sorted(found, key=lambda each: not each[1]):
                self._classes.setdefault(name, []).append(klass)
        return self._classes


def _strings(linker: Linker, klass: Klass, name: str) -> Iterator[str]:
    """The constant strings that a class's own body binds to a name."""
    for binding in klass.names.get(name, ())[-1:]:
        yield from strings(linker, linker.bound(binding, klass.module, klass))
