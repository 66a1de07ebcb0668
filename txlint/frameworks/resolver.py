"""What frameworks ask the linker: what an expression in a module stands for, and the classes that a class is derived from.

`Resolver` is the whole interface; the linker implements it over everything it knows. `FactsResolver` follows imports only, which is
what a URLconf mostly needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from txlint.frameworks.data import Attr, ClassRef, FunctionRef, Made, Name, Value
from txlint.frameworks.evaluate import Evaluator
from txlint.model.facts import Expr, FileFacts


@dataclass(frozen=True, slots=True)
class Resolved:
    """A definition: ``kind`` is ``function`` or ``class`` (of the project: ``index`` counts in the facts of ``module``), or
    ``library``, with its dotted name as ``qualname`` and no module."""

    kind: str
    module: str
    qualname: str
    index: int = -1

    @property
    def dotted(self) -> str:
        return f"{self.module}.{self.qualname}" if self.module else self.qualname


class Resolver(Protocol):
    """What a framework may ask."""

    def facts(self, module: str) -> FileFacts | None:
        """The facts of a module of the project."""

    def resolve(self, module: str, expr: Expr) -> tuple[Resolved, ...]:
        """What an expression at the top level of a module may stand for; empty where that is unknown."""

    def mro(self, klass: Resolved) -> tuple[Resolved, ...]:
        """A class of the project with all its bases in the order of attribute lookup; those of libraries have no bases here."""


class FactsResolver:
    """`Resolver` by imports and plain definitions alone."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator

    def facts(self, module: str) -> FileFacts | None:
        return self.evaluator.modules.facts.get(module)

    def resolve(self, module: str, expr: Expr) -> tuple[Resolved, ...]:
        cell = self.evaluator.eval(expr, self.evaluator.frame(module))
        found = (resolved_value(self.evaluator, self.evaluator.force(each.value)) for each in cell.alternatives())
        return tuple(one for one in found if one is not None)

    def mro(self, klass: Resolved) -> tuple[Resolved, ...]:
        if klass.kind != "class":
            return (klass,)
        bases = self.evaluator.bases(ClassRef(klass.module, klass.index))
        return tuple(one for one in (resolved_value(self.evaluator, base) for base in bases) if one is not None)


def resolved_value(evaluator: Evaluator, value: Value) -> Resolved | None:
    """The definition that a value of an evaluator names, if it names one."""
    if isinstance(value, FunctionRef):
        function = evaluator.facts(value.module).functions[value.index]
        return Resolved("function", value.module, function.qualname, value.index)
    if isinstance(value, ClassRef):
        return Resolved("class", value.module, evaluator.facts(value.module).classes[value.index].qualname, value.index)
    if isinstance(value, Name) and "." in value.dotted and not evaluator.modules.is_project(value.dotted):
        return Resolved("library", "", value.dotted)
    if isinstance(value, Attr) and isinstance(value.base, Made):
        owner = evaluator.force(value.base.func)
        if isinstance(owner, ClassRef):
            return method_of(evaluator, owner, value.name)
    if isinstance(value, Attr) and isinstance(value.base, ClassRef):
        return method_of(evaluator, value.base, value.name)
    return None


def method_of(evaluator: Evaluator, owner: ClassRef, name: str) -> Resolved | None:
    """A method of a class of the project, its own or inherited from one."""
    cell = evaluator.class_names(owner).entries.get(name)
    return resolved_value(evaluator, cell.value) if cell is not None and isinstance(cell.value, FunctionRef) else None
