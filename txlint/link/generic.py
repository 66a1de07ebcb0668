"""Type variables: what ``-> T`` gives is what the receiver's class names for ``T``, or what the arguments say for it.

An annotation ``T`` in the body of ``class Repository(Generic[T])`` is an atom of its own (`variables` says which names are); `for_class`
puts in what ``class Orders(Repository[Order])`` says for it. `by_arguments` is for those of a function itself: ``def first(items: list[T])
-> T`` gives what the ``items`` of a call hold. A variable's bound says nothing: code that is written for any class below it is called with
one at a time. Classes with ``[T]`` behind their name are not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from txlint.link.classes import base_value
from txlint.link.kept import MOST_KEPT, is_below, options
from txlint.link.project import Fun, Klass, Module, absolute
from txlint.link.values import UNKNOWN, Cls, Ext, Fn, Many, Obj, SelfCls, SelfObj, Seq, Stored, TypeArg, Value, union
from txlint.model.facts import Expr
from txlint.model.shapes import parts, speaks_of

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.replay import Frame

_IMPORTS = 4
"""Imports that are followed to where a variable is made."""
_NAMES_ALL = frozenset({"Generic", "Protocol"})
"""Bases that name all variables of a class, in their order."""
_AROUND = frozenset({"Annotated", "Awaitable", "Coroutine", "Optional", "Union"})
"""Around a type of which an argument is an instance; the other parts do not name its variables."""
_CLASSES = frozenset({"Type", "type"})


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


def by_arguments(linker: Linker, fun: Fun, given: dict[str, Value]) -> Value:
    """What a call of a function gives by its annotation, where that names type variables of the function's own, and the arguments say what
    they are."""
    fact = fun.fact
    names = linker.own_variables.get(fun.id)
    if names is None:
        names = linker.own_variables[fun.id] = _own_variables(linker, fun)
    if not names or fact is None:
        return UNKNOWN
    told: dict[str, Value] = {}
    for param in fact.params:
        value = given.get(param.name)
        hint = unquoted(param.annotation) if value else None
        for name in names if value and hint is not None else ():
            told[name] = union(told.get(name, UNKNOWN), _said(linker, hint, value or UNKNOWN, name, fun))
    return linker.annotation(_put_in(unquoted(fact.returns), told), fun.module, fun.klass, fun.parent) if any(told.values()) else UNKNOWN


def _own_variables(linker: Linker, fun: Fun) -> tuple[str, ...]:
    """The type variables that a function's annotation of what it returns names, without those of its class. What ``def first[T]`` names is
    bound in the function and nowhere in the module."""
    fact = fun.fact
    hint = unquoted(fact.returns) if fact is not None else None
    if fact is None or hint is None:
        return ()
    of_class = variables(linker, fun.klass) if fun.klass is not None and fun.klass.fact.bases else ()
    words = (word for part in parts(("hint", hint)) for word in part[1:] + (part[1] if part[0] == "tuple" else ()) if word.__class__ is str)
    return tuple(
        word
        for word in dict.fromkeys(words)
        if word not in of_class and (word not in fun.module.names if word in fact.bound else _is_variable(linker, word, fun.module))
    )


def unquoted(hint: Expr | None) -> Expr | None:
    """An annotation that may be quoted."""
    if hint.__class__ is tuple and hint[0] == "const" and hint[1].__class__ is str:
        from txlint.link.replay import parse_expression

        return parse_expression(hint[1])
    return hint


def _put_in(hint: Expr, told: dict[str, Value]) -> Expr:
    """An annotation with the values of its variables in it."""
    if hint.__class__ is str:
        return ("value", told[hint]) if hint in told else hint
    return tuple(_put_in(part, told) for part in hint) if hint.__class__ is tuple and hint[:1] != ("const",) else hint


def _said(linker: Linker, hint: Expr, value: Value, name: str, fun: Fun) -> Value:
    """What an argument is for a type variable that its parameter's annotation names."""
    if hint.__class__ is str:
        return value if hint == name else UNKNOWN
    if hint[0] not in ("bin", "sub") or not speaks_of(hint, (name,)):
        return UNKNOWN
    result: Value = UNKNOWN
    if hint[0] == "bin":
        return union(_said(linker, hint[2], value, name, fun), _said(linker, hint[3], value, name, fun))
    inner = _arguments(hint)
    last = hint[1].rpartition(".")[2] if hint[1].__class__ is str else ""
    if last in _AROUND:
        for each in inner:
            result = union(result, _said(linker, each, value, name, fun))
    elif last in _CLASSES:
        classes = tuple(atom for atom in value if isinstance(atom, (Cls, Ext, SelfCls)))
        result = _said(linker, inner[0], linker.made(classes), name, fun)
    elif last == "Callable":
        functions = (atom for atom in value if isinstance(atom, Fn))
        for function in functions:
            gives = linker.result(function.fun, getattr(function.receiver, "klass", None), False, function.receiver)
            result = union(result, _said(linker, inner[-1], gives, name, fun))
    else:
        result = _held(linker, hint[1], inner, value, name, fun)
    return result


def _held(linker: Linker, head: Expr, inner: tuple[Expr, ...], value: Value, name: str, fun: Fun) -> Value:
    """The same for what a container, or an instance of a generic class, holds."""
    result: Value = UNKNOWN
    bases = [atom.klass for atom in linker.value(head, fun.module, fun.parent) if isinstance(atom, Cls)]
    for base in bases:
        for atom in value:
            if isinstance(atom, (Obj, SelfObj)) and base in linker.mro(atom.klass):
                for index, each in enumerate(inner):
                    told = for_class(linker, (linker.atoms(TypeArg, base, index),), atom.klass, getattr(atom, "item", UNKNOWN))
                    result = union(result, _said(linker, each, told, name, fun))
    return result if bases else _said(linker, inner[0], linker.items(value), name, fun)


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
        other = linker.project.find_module(absolute(module, item.module, item.level), module.facts.path)
        return other is not None and item.name is not None and other is not module and _is_variable(linker, item.name, other, depth + 1)
    return binding[0] == "value" and makes_variable(binding[1])
