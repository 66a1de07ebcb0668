"""What annotations say: `annotation` gives instances of the class that one names; `dependencies` the functions that a framework calls to
get a parameter."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from txlint.link import generic
from txlint.link.held import BRIEF, is_brief, provided, under
from txlint.link.project import Fun, Klass, Module, absolute
from txlint.link.values import (
    UNKNOWN,
    AnyCls,
    Atom,
    Cls,
    Const,
    Ext,
    ExtObj,
    Fn,
    Generated,
    Many,
    Obj,
    Param,
    Seq,
    Table,
    TypeArg,
    Value,
    union,
)
from txlint.model.facts import Expr
from txlint.model.graph import Opened

if TYPE_CHECKING:
    from txlint.link.linker import Linker

MOST_LEVELS = 6
"""Dependencies of dependencies that are followed."""

_ITERABLES = frozenset({
    "list", "List", "Iterable", "Sequence", "set", "Set", "frozenset", "Iterator", "Generator", "Collection", "AsyncIterator",
    "AsyncGenerator", "AsyncIterable", "deque", "FrozenSet", "ContextManager", "AbstractContextManager",
    "AsyncContextManager", "AbstractAsyncContextManager",
})  # fmt: skip
_MAPPINGS = frozenset({"dict", "Dict", "Mapping", "defaultdict", "MutableMapping", "DefaultDict"})
CALLABLES = frozenset({"collections.abc.Callable", "typing.Callable"})
"""What is called and gives its item, as far as the annotation says."""
_ANYTHING = frozenset({f"{module}.{name}" for module in ("typing", "typing_extensions") for name in ("Any", "Self", "TypeVar")})
"""Of what is annotated with one nothing is known by that."""
_TRANSPARENT = frozenset({"Final", "ClassVar", "Required", "NotRequired", "Mapped"})
"""Around a type without changing it."""


def annotation(linker: Linker, expr: Expr, module: Module, klass: Klass | None, scope: Fun | None = None) -> Value:
    """Instances of what an annotation names: ``X``, ``Optional[X]``, ``X | None``, ``"X"``, ``Annotated[X, ...]``, lists."""
    from txlint.link.replay import evaluate, parse_expression

    if expr is None:
        return UNKNOWN
    if isinstance(expr, str):
        if klass is not None and klass.fact.bases:
            variables = linker.type_variables.get(klass.id)
            if variables is None:
                variables = generic.variables(linker, klass)
            if expr in variables:
                return (linker.atoms(TypeArg, klass, variables.index(expr)),)
        alias = linker.annotation_alias(expr, module)
        if alias is not None:
            key = ("alias", expr, id(module))
            if not linker.begin(key):
                return UNKNOWN  # an alias that names itself
            value = linker.annotation(alias[0], alias[1], None)
            linker.done(key, {}, None)
            return value
        return instances_of(linker, evaluate(linker, expr, module, klass, scope))
    tag = expr[0]
    if tag == "value":  # of a type variable
        value = expr[1]
        return value  # type: ignore[no-any-return]
    if tag == "const":
        if isinstance(expr[1], str):
            inner = parse_expression(expr[1])
            return linker.annotation(inner, module, klass, scope) if inner is not None else UNKNOWN
        return UNKNOWN
    if tag == "bin" and expr[1] == "|":
        return union(linker.annotation(expr[2], module, klass, scope), linker.annotation(expr[3], module, klass, scope))
    if tag == "sub":
        head = expr[1] if isinstance(expr[1], str) else ""
        last = head.rpartition(".")[2]
        index = expr[2]
        items = index[1] if not isinstance(index, str) and index[0] == "tuple" else (index,)
        if last in ("Optional", "Union"):
            either: Value = UNKNOWN
            for item in items:
                either = union(either, linker.annotation(item, module, klass, scope))
            return either
        if last == "Annotated":
            value = linker.annotation(items[0], module, klass, scope)
            for extra in items[1:]:
                given = evaluate(linker, extra, module, klass, scope)
                if given and any(not isinstance(atom, Const) for atom in given):
                    injected = linker.injected(given)
                    value = value or injected
            return value
        if last in _TRANSPARENT:
            return linker.annotation(items[0], module, klass, scope)
        if last in ("type", "Type"):
            instances = linker.annotation(items[0], module, klass, scope)
            return tuple(or_below(linker, atom.klass) for atom in instances if isinstance(atom, Obj))
        if last in _ITERABLES:
            return (linker.atoms(Many, linker.annotation(items[0], module, klass, scope)),)
        if last in _MAPPINGS:
            return (linker.atoms(Table, (), linker.annotation(items[-1], module, klass, scope)),)
        if last in ("tuple", "Tuple"):
            return (linker.atoms(Seq, tuple(linker.annotation(item, module, klass, scope) for item in items)),)
        if last == "Callable":  # what calling it gives
            items = items[-1:]
        base = linker.annotation(head, module, klass, scope) if head else UNKNOWN
        item = linker.annotation(items[0], module, klass, scope)
        return tuple(linker.with_item(atom, item) if item else atom for atom in base)
    return UNKNOWN


def annotation_alias(linker: Linker, name: str, module: Module, depth: int = 0) -> tuple[Expr, Module] | None:
    """What ``Name`` stands for where it is an alias such as ``Annotated[Session, Depends(f)]`` or ``Order | None``."""
    bound = module.names.get(name)
    if bound is None or depth > 4:
        return None
    binding = bound[-1]
    if binding[0] == "value" and isinstance(binding[1], tuple) and binding[1][0] in ("sub", "bin"):
        return binding[1], module
    if binding[0] == "import":
        item = module.facts.imports[binding[1]]
        other = linker.project.find_module(absolute(module, item.module, item.level), module.facts.path)
        if other is not None and item.name is not None and other is not module:
            return linker.annotation_alias(item.name, other, depth + 1)
    return None


def dependencies(
    linker: Linker, annotation: Expr | None, default: Expr | None, module: Module, klass: Klass | None, scope: Fun | None
) -> list[Fn]:
    """The functions that a framework calls to get a parameter: ``= Depends(f)``, ``Annotated[T, Depends(f)]``; of a class, also the one
    that the annotation names (``Annotated[Ledger, Depends()]``), its ``__init__``."""
    from txlint.link.replay import evaluate

    found: list[Fn] = []
    given: Value = UNKNOWN
    if isinstance(default, tuple) and default[0] == "call":
        given = evaluate(linker, default, module, klass, scope)
    if isinstance(annotation, str):
        alias = linker.annotation_alias(annotation, module)
        if alias is not None:
            return linker.dependencies(alias[0], default, alias[1], None, None)
    if isinstance(annotation, tuple) and annotation[0] == "sub" and isinstance(annotation[1], str):
        if annotation[1].endswith("Annotated") and isinstance(annotation[2], tuple) and annotation[2][0] == "tuple":
            for extra in annotation[2][1][1:]:
                given = union(given, evaluate(linker, extra, module, klass, scope))
    for atom in given:
        if isinstance(atom, ExtObj):
            found.extend(linker.marked(atom))
            if not atom.item and linker.catalog.library_class(atom.name) is not None:
                for typed in linker.annotation(annotation, module, klass, scope):
                    if isinstance(typed, Obj):
                        found.extend(_constructor(linker, typed.klass))
    return found


def marked(linker: Linker, marker: Atom) -> list[Fn]:
    """The functions that a dependency marker stands for; with the receiver `BRIEF` those that end when the function that asks for them has
    returned."""
    found: list[Fn] = []
    known = linker.catalog.library_class(marker.name) if isinstance(marker, ExtObj) else None
    for inner in marker.item if isinstance(marker, ExtObj) else ():
        if isinstance(inner, Fn) and inner.receiver is None and known is not None and known.brief:
            found.append(linker.atoms(Fn, inner.fun, linker.atoms.const(BRIEF)))
        elif isinstance(inner, Fn):
            found.append(inner)
        elif isinstance(inner, Cls):
            found.extend(_constructor(linker, inner.klass))
        elif isinstance(inner, Obj):  # `Depends(Allowed("admin"))`: the instance is called
            found.extend(atom for atom in linker.attribute(inner, "__call__") if isinstance(atom, Fn))
    return found


def _constructor(linker: Linker, klass: Klass) -> list[Fn]:
    return [
        linker.atoms(Fn, atom.fun, linker.instance(klass, True))
        for atom in linker.class_attribute(klass, "__init__")
        if isinstance(atom, Fn) and atom.fun.fact is not None
    ]


def request_wide(linker: Linker, dependency: Fun, seen: tuple[int, ...] = (), brief: bool = False) -> list[Opened]:
    """What is open where a dependency yields, or where it returns on a session that it depends on itself: that stays open while the
    function that depends on it runs."""
    fact = dependency.fact
    if fact is None or dependency.id in seen or len(seen) >= MOST_LEVELS:
        return []
    found: list[Opened] = []
    for param in fact.params:
        if param.default is not None or param.annotation is not None:
            for inner in linker.dependencies(param.annotation, param.default, dependency.module, dependency.klass, dependency.parent):
                found.extend(request_wide(linker, inner.fun, (*seen, dependency.id), brief or is_brief(inner)))
    replay = linker.replay(dependency, dependency.klass, True)
    path, around = dependency.module.facts.path, [opened for region, _ in replay.yields for opened in region]
    yields_object = any(isinstance(atom, Obj) for _, value in replay.yields for atom in value)
    if not fact.is_generator:  # a session that it was given goes on to whoever depends on both: it has begun there
        around = [opened for opened in replay.left_open if opened.key[1:2] == ("global",)]
    shared = provided(linker, linker.atoms(Fn, dependency, None)).get("")
    for opened in around:
        if opened.kind != "request":  # one of its own dependencies' has been met already
            key = opened.key
            if shared is not None and key[1:2] == ("local",):
                key = under(shared, key[2].partition(".")[2] if yields_object else "")
            if brief:
                key = ("session", "global", dependency.dotted + BRIEF)
            found.append(replace(opened, kind="request", path=path, function=dependency.dotted, key=key))
    return found


def instances_of(linker: Linker, value: Value) -> Value:
    """Instances of the classes that an annotation, or the second argument of ``isinstance``, names."""
    result: list[Atom] = []
    for atom in value:
        if isinstance(atom, Cls):
            result.append(linker.instance(linker.implementation(atom.klass), exact=False))
        elif isinstance(atom, Ext):
            if not atom.name.startswith("builtins.") and atom.name not in _ANYTHING:
                result.append(linker.atoms(ExtObj, atom.name, UNKNOWN, None))
        elif isinstance(atom, (Obj, Many, Seq, Table)) or (isinstance(atom, ExtObj) and atom.name not in _ANYTHING):
            result.append(atom)  # an alias: SessionDep = Annotated[Session, Depends(..)]
    return tuple(result)


def or_below(linker: Linker, klass: Klass) -> Atom:
    """A class, or one below it."""
    return linker.atoms(AnyCls if klass.subclasses else Cls, klass)


def injected(linker: Linker, given: Value) -> Value:
    """What a dependency marker like ``Depends(f)`` puts in: the result of ``f``, or what it yields."""
    value: Value = UNKNOWN
    for atom in given:
        if isinstance(atom, ExtObj) and atom.item:
            for inner in atom.item:
                if isinstance(inner, Fn):
                    value = union(value, linker.result(inner.fun, None, False))
                    replay = linker.replay(inner.fun, None, False)
                    for _, yielded in replay.yields:
                        value = union(value, yielded)
                elif isinstance(inner, Cls):
                    value = union(value, (linker.instance(inner.klass, True),))
    return tuple(a for a in value if not isinstance(a, (Param, Generated)))
