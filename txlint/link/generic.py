"""Type variables of the project's generic classes: what ``-> T`` gives is what the receiver's class names for ``T``.

An annotation ``T`` in the body of ``class Repository(Generic[T])`` is an atom of its own (`variables` says which names are); `for_class`
puts in what ``class Orders(Repository[Order])`` says for it. A variable's bound says nothing: code that is written for any class below it
is called with one at a time. Classes with ``[T]`` behind their name are not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from txlint.link.classes import base_value
from txlint.link.kept import MOST_KEPT, is_below, options
from txlint.link.project import Klass, Module, absolute
from txlint.link.values import UNKNOWN, Cls, Many, Obj, Seq, Stored, TypeArg, Value, union
from txlint.model.facts import Expr

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.replay import Frame

_IMPORTS = 4
"""Imports that are followed to where a variable is made."""
_NAMES_ALL = frozenset({"Generic", "Protocol"})
"""Bases that name all variables of a class, in their order."""


def variables(linker: Linker, klass: Klass) -> tuple[str, ...]:
    """The names of the type variables of a class, in their order: of ``class Repository(Generic[T])`` this is ``T``."""
    known = linker.type_variables.get(klass.id)
    if known is None:
        found: dict[str, None] = {}
        for base in klass.fact.bases:
            names = [arg for arg in _arguments(base) if arg.__class__ is str and _is_variable(linker, arg, klass.module)]
            if names and base[1].__class__ is str and base[1].rpartition(".")[2] in _NAMES_ALL:
                found = dict.fromkeys(names)
                break
            found.update(dict.fromkeys(names))
        known = linker.type_variables[klass.id] = tuple(found)
        linker.has_generics = linker.has_generics or bool(known)
    return known


def makes_variable(expr: Expr) -> bool:
    """Is it the call ``TypeVar("T")``?"""
    return expr.__class__ is tuple and expr[0] == "call" and expr[1].__class__ is str and expr[1].rpartition(".")[2] == "TypeVar"


def for_class(linker: Linker, value: Value, klass: Klass | None, item: Value = UNKNOWN) -> Value:
    """A value with the type variables in it replaced by what a class says of them; ``item``: what an instance was said to hold
    (``orders: Repository[Order]``)."""
    if not linker.has_generics or not _has_open(value):
        return value
    result: Value = UNKNOWN
    for atom in value:
        if isinstance(atom, TypeArg):
            told = _told(linker, klass, atom, item, frozenset()) if klass is not None else UNKNOWN
            known = tuple(each for each in told if not isinstance(each, TypeArg))
            if len(value) == 1 or not _are_found(linker, value, known):
                result = union(result, known)
        elif isinstance(atom, Many):
            result = union(result, (linker.atoms(Many, for_class(linker, atom.item, klass, item)),))
        elif isinstance(atom, Seq):
            result = union(result, (linker.atoms(Seq, tuple(for_class(linker, each, klass, item) for each in atom.items)),))
        elif isinstance(atom, Obj) and atom.item:
            result = union(result, (linker.with_item(atom, for_class(linker, atom.item, klass, item)),))
        else:
            result = union(result, (atom,))
    return result


def _are_found(linker: Linker, value: Value, known: Value) -> bool:
    """Is it found which instances are kept where these say of which class they are: ``self.items: dict[str, T] = {}``?"""
    for atom in value:
        if isinstance(atom, Stored):
            found = options(linker, linker.atoms(Stored, atom.place[:3]))
            if len(found) < MOST_KEPT and any(is_below(each, other) for each in found for other in known if isinstance(other, Obj)):
                return True
    return False


def for_frame(frame: Frame, value: Value) -> Value:
    """The same for the receiver of the function that is replayed: its class is asked."""
    if frame.linker.has_generics and _has_open(value):
        frame.queries["class", ""] = None
        return for_class(frame.linker, value, frame.klass or frame.fun.klass)
    return value


def _has_open(value: Value) -> bool:
    """Is a type variable among the alternatives, or in what they hold? Asked of nearly all values: it calls nothing for most of them."""
    for atom in value:
        kind = type(atom)
        if kind is TypeArg:
            return True
        if (kind is Many or kind is Obj) and atom.item and _has_open(atom.item):  # type: ignore[attr-defined]
            return True
        if kind is Seq and any(map(_has_open, atom.items)):  # type: ignore[attr-defined]
            return True
    return False


def _told(linker: Linker, klass: Klass, variable: TypeArg, item: Value, seen: frozenset[int]) -> Value:
    """What a class names for a variable of one above it; in its own variables where it leaves that to who derives from it."""
    if variable.klass is klass:
        return item if item and variable.index == 0 else (variable,)
    for base in klass.fact.bases if klass.id not in seen else ():
        for above in base_value(linker, base, klass)[:1]:
            if not isinstance(above, Cls) or variable.klass not in linker.mro(above.klass):
                continue
            given = _told(linker, above.klass, variable, UNKNOWN, seen | {klass.id})
            result: Value = UNKNOWN
            for atom in given:
                own = isinstance(atom, TypeArg) and atom.klass is above.klass
                result = union(result, _named(linker, base, klass, atom.index) if own else (atom,))  # type: ignore[attr-defined]
            return for_class(linker, result, klass, item) if item else result
    return UNKNOWN


def _named(linker: Linker, base: Expr, klass: Klass, index: int) -> Value:
    """What ``Base[A, B]`` says for the variable at a place."""
    given = _arguments(base)
    return linker.annotation(given[index], klass.module, klass, klass.parent) if index < len(given) else UNKNOWN


def _arguments(base: Expr) -> tuple[Expr, ...]:
    if base.__class__ is str or base[0] != "sub":
        return ()
    index = base[2]
    return index[1] if index.__class__ is tuple and index[0] == "tuple" else (index,)


def _is_variable(linker: Linker, name: str, module: Module, depth: int = 0) -> bool:
    """Is a name of a module made by ``TypeVar``, there or where it is imported from?"""
    bound = module.names.get(name)
    if bound is None or depth > _IMPORTS:
        return False
    binding = bound[-1]
    if binding[0] == "import":
        item = module.facts.imports[binding[1]]
        other = linker.project.find_module(absolute(module, item.module, item.level))
        return other is not None and item.name is not None and other is not module and _is_variable(linker, item.name, other, depth + 1)
    return binding[0] == "value" and makes_variable(binding[1])
