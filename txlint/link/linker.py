"""The linker: names to values, classes to attributes, functions to flows. The one place that holds what a run knows so far.

Everything is computed on demand and remembered. What is asked for while it is being computed is unknown (`UNKNOWN`)."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from txlint.catalog.lookup import Catalog
from txlint.catalog.types import TypeExpr, parse_type
from txlint.link.project import Binding, Fun, Klass, Module, Project, absolute
from txlint.link.values import (
    UNKNOWN,
    Atom,
    Atoms,
    Cls,
    Const,
    Ext,
    ExtMethod,
    ExtObj,
    Fn,
    Generated,
    Many,
    Mod,
    Obj,
    Opening,
    Param,
    Part,
    SelfCls,
    SelfItem,
    SelfObj,
    Seq,
    Super,
    Table,
    Value,
    union,
)
from txlint.model.facts import Expr, FileFacts
from txlint.model.graph import Flow, Opened

BUILTINS = frozenset(dir(builtins))
DEEP = 60  # calls followed into each other to learn what a function returns


_NONE = 1 << 60  # deeper than any computation


class Framework(Protocol):
    """What a framework adds to the language: attributes that no source text defines. Answers None where it has nothing to say."""

    def class_attribute(self, linker: Linker, klass: Klass, name: str) -> Value | None: ...

    def instance_attribute(self, linker: Linker, klass: Klass, name: str, holder: Atom) -> Value | None: ...

    def setting(self, path: str) -> tuple[str, Any]:
        """``("value", v)``, ``("absent", None)`` or ``("unknown", None)``."""
        ...

    def described(self, linker: Linker, method: str, item: Atom, receiver: Atom | None) -> Value | None:
        """What reading a descriptor gives, where the catalog's type expression cannot say it (a class named by a string)."""
        ...

    def name(self, linker: Linker, dotted: str) -> Value | None:
        """What a library's name stands for in this project (its user model), by canonical dotted name."""
        ...

    def assumed_bases(self, dotted: str) -> tuple[str, ...]:
        """Library bases of a class that the catalog does not know, by convention."""
        ...

    def cascades(self, linker: Linker, klass: Klass) -> list[Klass]:
        """Classes whose rows are deleted with those of a class."""
        ...

    def constant(self, linker: Linker, dotted: str, value: Any) -> Value | None:
        """What a constant string names where the library call ``dotted`` is given it (``apps.get_model("shop.Order")``)."""
        ...


class Decoration(NamedTuple):
    """What the decorators of a function make of it."""

    value: Value
    openers: tuple[Opened, ...] = ()
    deferred: bool = False
    role: str = ""  # "property", "static", "class", "manager" (a context manager made of a generator)


class Replay(NamedTuple):
    """A function replayed with one class of receiver."""

    flow: Flow
    returns: Value
    yields: tuple[tuple[tuple[Opened, ...], Value], ...]
    left_open: tuple[Opened, ...]
    closes: frozenset[Any]
    sets: dict[str, Value]
    env: dict[str, Value]
    queries: dict[tuple[str, str], Any]


class Found(NamedTuple):
    """An attribute found in a class's MRO: in a project class (``binding``), or known of a library class (``name``)."""

    owner: Klass | str
    bindings: list[Binding] | None
    name: str | None


class Linker:
    Cls, Obj, Const, Ext, ExtObj = Cls, Obj, Const, Ext, ExtObj
    union = staticmethod(union)

    def __init__(
        self, files: Iterable[FileFacts], catalog: Catalog, frameworks: tuple[Framework, ...] = (), also: Mapping[str, str] | None = None
    ) -> None:
        self.project = Project(files, frozenset(catalog.roots) | sys.stdlib_module_names, also)
        self.catalog = catalog
        self.frameworks = frameworks
        self.atoms = Atoms()
        self.at = catalog.at
        self._globals: dict[tuple[int, str], Value] = {}
        self.wrapped: list[tuple[Fun, Opened, Fun]] = []  # a decorator's function, what another decorator opens around it, whose
        self._methods: dict[str, list[Fun]] | None = None
        self._flows: dict[tuple[int, int, bool], None] = {}  # being replayed, outermost first
        self._unsettled: dict[tuple[int, int, bool], None] = {}  # replays that asked for something under way
        self._again: set[Any] = set()  # what has been put off once
        self._misses = 0  # how often a replay under way was asked for
        self._missed: dict[Any, int] = {}
        self._loose: list[tuple[dict[Any, Any], Any]] = []
        self._stack: dict[Any, int] = {}
        self._lowest = _NONE
        self._provisional: list[tuple[dict[Any, Any], Any]] = []
        self._decorations: dict[int, Decoration] = {}
        self._variants: dict[int, dict[tuple[tuple[str, str], ...], dict[tuple[Any, ...], Replay]]] = {}
        self._instance_attributes: dict[tuple[int, str, Atom], Value] = {}
        self._setters: dict[int, dict[str, tuple[Fun, ...]]] = {}
        self._library_bases: dict[int, tuple[str, ...]] = {}
        self._known_replays: dict[tuple[int, int, bool], Replay] = {}
        self._shared: dict[int, list[tuple[int, int, bool]]] = {}
        self._attributes: dict[tuple[int, str], Value] = {}
        self._found: dict[tuple[int, str], Found | None] = {}
        self._depth = 0
        self.params: dict[tuple[int, str], Value] = {}  # what callers pass, from the rounds before
        self.connected: dict[Any, None] = {}  # signal connections, in the order found
        self.listeners: dict[int, tuple[Any, str]] = {}  # function -> (hook entry, state) of a named event
        self.stale: set[int] = set()
        self.too_deep: dict[int, None] = {}  # functions that Python's stack cannot hold: they are taken to do nothing
        self.versions: Any = None  # (library, specifier) -> bool | None
        for klass in self.project.klasses:
            for base in self.mro(klass)[1:]:
                if isinstance(base, Klass):
                    base.subclasses.append(klass)

    # -- names ---------------------------------------------------------------------------------------------------------------

    def module_name(self, module: Module, name: str) -> Value:
        """What a module-level name is bound to."""
        key = (id(module), name)
        found = self._globals.get(key)
        if found is not None:
            return found
        if not self.begin(key):
            return UNKNOWN
        value: Value = UNKNOWN
        bound = module.names.get(name)
        if bound is not None:
            for binding in bound:
                value = union(value, self.bound(binding, module, None))
        else:
            submodule = f"{module.name}.{name}"
            if module.facts.is_package and self.project.knows(submodule):
                value = self.module_value(submodule)
            for star in module.stars if not value else ():
                other = self.project.find_module(star)
                if other is None:
                    # A library's names by star: only those that the catalog knows.
                    dotted = self.catalog.canonical(f"{star}.{name}")
                    if self.catalog.is_known(dotted) or (name[:1].isupper() and self.catalog.is_known(star)):
                        value = (self.atoms(Ext, dotted),)
                elif other is not module:
                    value = self.module_name(other, name)
                if value:
                    break
        self._globals[key] = value
        self.done(key, self._globals, key)
        return value

    def module_value(self, name: str) -> Value:
        if self.project.knows(name):
            module = self.project.find_module(name)
            return (self.atoms(Mod, module.name if module else name),)
        return (self.atoms(Ext, self.catalog.canonical(name)),)

    def global_name(self, module: Module, name: str) -> Value:
        value = self.module_name(module, name)
        if not value and name in BUILTINS and name not in module.names:
            return (self.atoms(Ext, "builtins." + name),)
        return value

    def bound(self, binding: Binding, module: Module, klass: Klass | None, scope: Fun | None = None) -> Value:
        """The value of one binding of a module's or class's body."""
        from txlint.link.replay import evaluate

        tag = binding[0]
        if tag == "def":
            return self.decoration(module.funs[binding[1]]).value
        if tag == "class":
            return (self.atoms(Cls, module.klasses[binding[1]]),)
        if tag == "import":
            return self.imported(module, binding[1])
        if tag == "value":
            value = evaluate(self, binding[1], module, klass) if binding[1] is not None else UNKNOWN
            if not value and binding[2] is not None:
                value = self.annotation(binding[2], module, klass)
            return value
        if tag == "unpack":
            value = evaluate(self, binding[1], module, klass)
            for position in binding[2]:
                value = self.item_at(value, position)
            return value
        if tag == "each":
            return self.items(evaluate(self, binding[1], module, klass))
        return UNKNOWN

    def imported(self, module: Module, number: int) -> Value:
        item = module.facts.imports[number]
        target = absolute(module, item.module, item.level)
        if item.name is None:
            return self.module_value(item.binds if "." in item.module and item.binds == item.module.partition(".")[0] else target)
        other = self.project.find_module(target)
        if (other is not None and other is not module) or (other is not None and not other.facts.is_package):
            value = self.module_name(other, item.name)
            if value or other.names.get(item.name):
                return value
        full = f"{target}.{item.name}" if target else item.name
        if self.project.knows(full):
            return self.module_value(full)
        if other is not None or self.project.knows(target):
            return UNKNOWN
        return self.library(full)

    def library(self, dotted: str) -> Value:
        """A library's name: what it stands for."""
        name = self.catalog.canonical(dotted)
        for framework in self.frameworks:
            known = framework.name(self, name)
            if known is not None:
                return known
        for entry in self.at(name).returns:
            if entry.attribute and entry.type:
                return self.typed(parse_type(entry.type), None, (), {}, origin=("global", name)) or (self.atoms(Ext, name),)
        return (self.atoms(Ext, name),)

    def annotation(self, expr: Expr, module: Module, klass: Klass | None, scope: Fun | None = None) -> Value:
        """Instances of what an annotation names: ``X``, ``Optional[X]``, ``X | None``, ``"X"``, ``Annotated[X, ...]``, lists."""
        from txlint.link.replay import evaluate, parse_expression

        if expr is None:
            return UNKNOWN
        if isinstance(expr, str):
            alias = self.annotation_alias(expr, module)
            if alias is not None:
                key = ("alias", expr, id(module))
                if not self.begin(key):
                    return UNKNOWN  # an alias that names itself
                value = self.annotation(alias[0], alias[1], None)
                self.done(key, {}, None)
                return value
            return self._instances(evaluate(self, expr, module, klass, scope))
        tag = expr[0]
        if tag == "const":
            if isinstance(expr[1], str):
                inner = parse_expression(expr[1])
                return self.annotation(inner, module, klass, scope) if inner is not None else UNKNOWN
            return UNKNOWN
        if tag == "bin" and expr[1] == "|":
            return union(self.annotation(expr[2], module, klass, scope), self.annotation(expr[3], module, klass, scope))
        if tag == "sub":
            head = expr[1] if isinstance(expr[1], str) else ""
            last = head.rpartition(".")[2]
            index = expr[2]
            items = index[1] if not isinstance(index, str) and index[0] == "tuple" else (index,)
            if last in ("Optional", "Union"):
                either: Value = UNKNOWN
                for item in items:
                    either = union(either, self.annotation(item, module, klass, scope))
                return either
            if last == "Annotated":
                value = self.annotation(items[0], module, klass, scope)
                for extra in items[1:]:
                    given = evaluate(self, extra, module, klass, scope)
                    if given and any(not isinstance(atom, Const) for atom in given):
                        injected = self.injected(given)
                        value = value or injected
                return value
            if last in ("Final", "ClassVar", "Required", "NotRequired", "Mapped"):
                return self.annotation(items[0], module, klass, scope)
            if last in ("type", "Type"):
                instances = self.annotation(items[0], module, klass, scope)
                return tuple(self.atoms(Cls, a.klass) for a in instances if isinstance(a, Obj))
            if last in (
                "list",
                "List",
                "Iterable",
                "Sequence",
                "set",
                "Set",
                "frozenset",
                "Iterator",
                "Generator",
                "Collection",
                "AsyncIterator",
                "AsyncGenerator",
                "AsyncIterable",
                "deque",
                "FrozenSet",
                "ContextManager",
                "AbstractContextManager",
            ):
                return (self.atoms(Many, self.annotation(items[0], module, klass, scope)),)
            if last in ("dict", "Dict", "Mapping", "defaultdict", "MutableMapping", "DefaultDict"):
                return (self.atoms(Table, (), self.annotation(items[-1], module, klass, scope)),)
            if last in ("tuple", "Tuple"):
                return (self.atoms(Seq, tuple(self.annotation(item, module, klass, scope) for item in items)),)
            base = self.annotation(head, module, klass, scope) if head else UNKNOWN
            item = self.annotation(items[0], module, klass, scope)
            return tuple(self.with_item(atom, item) if item else atom for atom in base)
        return UNKNOWN

    def annotation_alias(self, name: str, module: Module, depth: int = 0) -> tuple[Expr, Module] | None:
        """What ``Name`` stands for where it is an alias such as ``Annotated[Session, Depends(f)]`` or ``Order | None``."""
        bound = module.names.get(name)
        if bound is None or depth > 4:
            return None
        binding = bound[-1]
        if binding[0] == "value" and isinstance(binding[1], tuple) and binding[1][0] in ("sub", "bin"):
            return binding[1], module
        if binding[0] == "import":
            item = module.facts.imports[binding[1]]
            other = self.project.find_module(absolute(module, item.module, item.level))
            if other is not None and item.name is not None and other is not module:
                return self.annotation_alias(item.name, other, depth + 1)
        return None

    def dependencies(
        self, annotation: Expr | None, default: Expr | None, module: Module, klass: Klass | None, scope: Fun | None
    ) -> list[Fn]:
        """The functions that a framework calls to get a parameter: ``= Depends(f)``, ``Annotated[T, Depends(f)]``."""
        from txlint.link.replay import evaluate

        found: list[Fn] = []
        given: Value = UNKNOWN
        if isinstance(default, tuple) and default[0] == "call":
            given = evaluate(self, default, module, klass, scope)
        if isinstance(annotation, str):
            alias = self.annotation_alias(annotation, module)
            if alias is not None:
                return self.dependencies(alias[0], default, alias[1], None, None)
        if isinstance(annotation, tuple) and annotation[0] == "sub" and isinstance(annotation[1], str):
            if annotation[1].endswith("Annotated") and isinstance(annotation[2], tuple) and annotation[2][0] == "tuple":
                for extra in annotation[2][1][1:]:
                    given = union(given, evaluate(self, extra, module, klass, scope))
        for atom in given:
            if isinstance(atom, ExtObj):
                found.extend(inner for inner in atom.item if isinstance(inner, Fn))
        return found

    def _instances(self, value: Value) -> Value:
        result: list[Atom] = []
        for atom in value:
            if isinstance(atom, Cls):
                result.append(self.instance(atom.klass, exact=False))
            elif isinstance(atom, Ext):
                if not atom.name.startswith("builtins."):
                    result.append(self.atoms(ExtObj, atom.name, UNKNOWN, None))
            elif isinstance(atom, (ExtObj, Obj, Many, Seq, Table)):
                result.append(atom)  # an alias: SessionDep = Annotated[Session, Depends(..)]
        return tuple(result)

    def injected(self, given: Value) -> Value:
        """What a dependency marker like ``Depends(f)`` puts in: the result of ``f``, or what it yields."""
        value: Value = UNKNOWN
        for atom in given:
            if isinstance(atom, ExtObj) and atom.item:
                for inner in atom.item:
                    if isinstance(inner, Fn):
                        value = union(value, self.result(inner.fun, None, False))
                        replay = self.replay(inner.fun, None, False)
                        for _, yielded in replay.yields:
                            value = union(value, yielded)
                    elif isinstance(inner, Cls):
                        value = union(value, (self.instance(inner.klass, True),))
        return tuple(a for a in value if not isinstance(a, (Param, Generated)))

    # -- classes -------------------------------------------------------------------------------------------------------------

    def mro(self, klass: Klass) -> tuple[Klass | str, ...]:
        """The class, its project bases and the canonical names of its library bases, in method resolution order."""
        if klass.mro is not None:
            return klass.mro
        klass.mro = (klass,)  # a cycle ends here
        lines: list[list[Klass | str]] = []
        direct: list[Klass | str] = []
        for base in klass.fact.bases:
            for atom in self._base_value(base, klass)[:1]:
                if isinstance(atom, Cls):
                    lines.append(list(self.mro(atom.klass)))
                    direct.append(atom.klass)
                elif isinstance(atom, Ext):
                    bases: list[Klass | str] = list(self.catalog.bases(atom.name))
                    if len(bases) == 1 and not self.catalog.library_class(atom.name):
                        for framework in self.frameworks:
                            for assumed in framework.assumed_bases(atom.name):
                                bases.extend(self.catalog.bases(assumed))
                    lines.append(bases)
                    direct.append(bases[0])
        klass.mro = (klass, *(lines[0] if len(lines) == 1 else _merge([*lines, direct])))  # with one base there is nothing to merge
        return klass.mro

    def _base_value(self, base: Expr, klass: Klass) -> Value:
        from txlint.link.replay import evaluate

        if not isinstance(base, str) and base[0] == "sub":  # Generic[T], Repository[Order]
            base = base[1]
        outer = None
        if klass.fact.owner >= 0:
            outer = klass.module.klasses[klass.fact.owner]
        value = evaluate(self, base, klass.module, outer, klass.parent)
        result: list[Atom] = []
        for atom in value:
            if isinstance(atom, (Cls, Ext)):
                result.append(atom)
            elif isinstance(atom, ExtObj) and atom.name.endswith("Meta"):
                continue
        return tuple(result)

    def library_bases(self, klass: Klass) -> tuple[str, ...]:
        found = self._library_bases.get(klass.id)
        if found is None:
            found = self._library_bases[klass.id] = tuple(base for base in self.mro(klass) if isinstance(base, str))
        return found

    def is_a(self, klass: Klass, name: str) -> bool:
        """Does the class derive from a library's class?"""
        return name in self.mro(klass)

    def find(self, klass: Klass, name: str, after: Klass | None = None) -> Found | None:
        """Where a class gets an attribute from; ``after`` starts behind that class in the MRO (``super()``)."""
        key = (klass.id * 100003 + (after.id + 1 if after else 0), name)
        try:
            return self._found[key]
        except KeyError:
            pass
        found: Found | None = None
        skipping = after is not None
        for base in self.mro(klass):
            if skipping:
                skipping = base is not after
                continue
            if isinstance(base, Klass):
                bound = base.names.get(name)
                if bound is not None:
                    found = Found(base, bound, None)
                    break
            elif self.catalog.is_known(dotted := f"{base}.{name}"):
                found = Found(base, None, dotted)
                break
        self._found[key] = found
        return found

    def overrides(self, klass: Klass, name: str) -> list[tuple[Klass, Fun]]:
        """The definitions of a method in subclasses, each with the class that holds it."""
        result = []
        for sub in klass.subclasses:
            bound = sub.names.get(name)
            if bound is not None and bound[-1][0] == "def":
                result.append((sub, sub.module.funs[bound[-1][1]]))
        return result

    def definitions_of(self, name: str) -> list[Fun]:
        """The methods of an uncommon name: of several words, and none that a library of the catalog has."""
        if self._methods is None:
            common = {entry.name.rpartition(".")[2] for entry in self.catalog.entries()}
            table: dict[str, list[Fun]] = {}
            for klass in self.project.klasses:
                for fun in self.project.methods(klass):
                    assert fun.fact is not None
                    method = fun.fact.name
                    if "_" in method.strip("_") and not method.startswith("__") and method not in common:
                        table.setdefault(method, []).append(fun)
            self._methods = {method: funs for method, funs in table.items() if len(funs) <= 8}
        return self._methods.get(name, [])

    def prefixed(self, value: Value, prefix: str) -> Value:
        """The methods of an object whose names start so: ``clean_email`` and the like."""
        result: Value = UNKNOWN
        for atom in value:
            klass = getattr(atom, "klass", None)
            for base in self.mro(klass) if klass is not None else ():
                if isinstance(base, Klass):
                    for name in base.names:
                        if name.startswith(prefix):
                            result = union(result, self.attribute(atom, name))
        return result

    def instance(self, klass: Klass, exact: bool, item: Value = UNKNOWN, origin: Any = None) -> Obj:
        return self.atoms(Obj, klass, exact or not klass.subclasses, item, origin)

    def with_item(self, atom: Atom, item: Value) -> Atom:
        if isinstance(atom, ExtObj):
            return self.atoms(ExtObj, atom.name, item, atom.origin)
        if isinstance(atom, Obj):
            return self.atoms(Obj, atom.klass, atom.exact, item, atom.origin)
        return atom

    def item_of(self, atom: Atom) -> Value:
        if isinstance(atom, (ExtObj, Obj)):
            return atom.item
        if isinstance(atom, SelfObj):
            return (self.atoms(SelfItem),)
        if isinstance(atom, Many):
            return atom.item
        return UNKNOWN

    def class_attribute(self, klass: Klass, name: str, after: Klass | None = None) -> Value:
        """The value of an attribute of a class as its body (or a base's) gives it; functions are not bound yet."""
        key = (klass.id * 100003 + (after.id + 1 if after else 0), name)
        try:
            return self._attributes[key]
        except KeyError:
            pass
        if not self.begin(("attr", key)):
            return UNKNOWN
        value: Value | None = None
        for framework in self.frameworks if after is None else ():
            value = framework.class_attribute(self, klass, name)
            if value is not None:
                break
        if value is None:
            value = UNKNOWN
            found = self.find(klass, name, after)
            if found is not None:
                if found.bindings is not None:
                    assert isinstance(found.owner, Klass)
                    for binding in found.bindings:
                        value = union(value, self.bound(binding, found.owner.module, found.owner))
                elif found.name is not None:
                    value = self.library(found.name)
        self._attributes[key] = value
        self.done(("attr", key), self._attributes, key)
        return value

    def class_expression(self, klass: Klass, expr: Expr) -> Value:
        """An expression in the body of a class."""
        from txlint.link.replay import evaluate

        return evaluate(self, expr, klass.module, klass)

    def attribute(self, atom: Atom, name: str) -> Value:
        """``atom.name``."""
        kind = type(atom)
        if kind is Ext:
            dotted = f"{atom.name}.{name}"  # type: ignore[attr-defined]
            if self.project.knows(dotted):
                return self.module_value(dotted)
            if self.catalog.library_class(atom.name) is not None:  # type: ignore[attr-defined]
                method = self.catalog.method(atom.name, name)  # type: ignore[attr-defined]
                for entry in self.at(method).returns if method else ():
                    if entry.attribute and entry.type:
                        return self.typed(parse_type(entry.type), atom, (), {})
            return self.library(dotted)
        if kind is Mod:
            module = self.project.find_module(atom.name)  # type: ignore[attr-defined]
            if module is not None:
                value = self.module_name(module, name)
                if value:
                    return value
            dotted = f"{atom.name}.{name}"  # type: ignore[attr-defined]
            return self.module_value(dotted) if self.project.knows(dotted) else UNKNOWN
        if kind is ExtObj:
            return self._library_attribute(atom, atom.name, name, atom)  # type: ignore[attr-defined]
        if kind is Obj or kind is SelfObj:
            return self.instance_attribute(atom.klass, name, atom)  # type: ignore[attr-defined]
        if kind is Cls or kind is SelfCls:
            return self._of_class(atom, name)
        if kind is Super:
            return self._of_super(atom, name)  # type: ignore[arg-type]
        if kind is Opening:
            return (self.atoms(ExtMethod, f"{atom.entry.name}.{name}", atom, name),)  # type: ignore[attr-defined]
        if kind is Table and name in ("get", "pop", "setdefault", "values", "items", "__getitem__"):
            return (self.atoms(ExtMethod, f"builtins.dict.{name}", atom, name),)
        if kind is Seq or kind is Many:
            return (self.atoms(ExtMethod, f"builtins.list.{name}", atom, name),)
        if kind is Const:
            return (self.atoms(ExtMethod, f"builtins.{type(atom.value).__name__}.{name}", atom, name),)  # type: ignore[attr-defined]
        if kind is Part and name == "func":
            return atom.func  # type: ignore[attr-defined, no-any-return]
        if kind is Fn:
            return (self.atoms(ExtMethod, f"types.FunctionType.{name}", atom, name),)
        return UNKNOWN

    def _library_attribute(self, receiver: Atom, class_name: str, name: str, holder: Atom) -> Value:
        text = self.catalog.attribute_type(class_name, name)
        if text is not None:
            origin = getattr(receiver, "origin", None)
            return self.typed(parse_type(text), receiver, (), {}, origin=(*origin, name) if origin else None)
        method = self.catalog.method(class_name, name)
        if method is not None:
            for entry in self.at(method).returns:
                if entry.attribute and entry.type:
                    return self.typed(parse_type(entry.type), receiver, (), {})
            return (self.atoms(ExtMethod, method, receiver, name),)
        return (self.atoms(ExtMethod, f"{class_name}.{name}", receiver, name),)

    def _of_class(self, atom: Any, name: str) -> Value:
        klass: Klass = atom.klass
        if name == "__name__":
            return (self.atoms.const(klass.fact.name),)
        value = self.class_attribute(klass, name)
        result: list[Atom] = []
        for item in value:
            if isinstance(item, Fn) and item.receiver is None and item.fun.klass is not None:
                role = self.decoration(item.fun).role
                if role == "class":
                    item = self.atoms(Fn, item.fun, atom)
            elif isinstance(item, Ext):
                item = self.atoms(ExtMethod, item.name, atom, name)
            result.append(item)
        if not value and name.startswith("objects"):
            return UNKNOWN
        return tuple(result)

    def _of_super(self, atom: Super, name: str) -> Value:
        receiver: Any = atom.receiver
        value = self.class_attribute(receiver.klass, name, atom.after)
        if not value:
            # `super()` in a mixin: what the library behind it does is that of the class it is mixed into, where known.
            return UNKNOWN
        return tuple(self._bind(item, receiver, name) for item in value)

    def _bind(self, item: Atom, receiver: Atom, name: str) -> Atom:
        if isinstance(item, Fn) and item.receiver is None and item.fun.klass is not None:
            role = self.decoration(item.fun).role
            if role != "static":
                return self.atoms(Fn, item.fun, receiver)
        elif isinstance(item, Ext):
            return self.atoms(ExtMethod, item.name, receiver, name)
        return item

    def instance_attribute(self, klass: Klass, name: str, receiver: Atom) -> Value:
        """``self.name``: frameworks' fields, properties, methods bound, class attributes, what methods assign to self."""
        key = (klass.id, name, receiver)
        known = self._instance_attributes.get(key)
        if known is None:
            misses = self._misses
            known = self._instance_attribute(klass, name, receiver)
            if self._lowest == _NONE and misses == self._misses:  # nothing that it rests on is still being computed
                self._instance_attributes[key] = known
        return known

    def _instance_attribute(self, klass: Klass, name: str, receiver: Atom) -> Value:
        for framework in self.frameworks:
            value = framework.instance_attribute(self, klass, name, receiver)
            if value is not None:
                return value
        if name == "__class__":
            return (self.atoms(SelfCls, klass) if isinstance(receiver, SelfObj) else self.atoms(Cls, klass),)
        exact = getattr(receiver, "exact", True)
        found = self.find(klass, name)
        value = UNKNOWN
        if found is not None and (found.bindings is not None or name not in self.setters(klass)):
            for item in self.class_attribute(klass, name):
                if isinstance(item, Fn) and item.fun.klass is not None and item.receiver is None:
                    role = self.decoration(item.fun).role
                    if role == "property":
                        value = union(value, self.result(item.fun, klass, exact, receiver))
                        continue
                described = self._described(item, receiver)
                value = union(value, described if described is not None else (self._bind(item, receiver, name),))
            if value and not (len(value) == 1 and isinstance(value[0], Const)):
                return value
            if found.bindings is not None and found.bindings[-1][0] == "value" and found.bindings[-1][2] is not None:
                owner = found.owner
                assert isinstance(owner, Klass)
                value = union(value, self.annotation(found.bindings[-1][2], owner.module, owner))
        for method in self.setters(klass).get(name, ()):
            value = union(value, self.replay(method, klass, exact).sets.get(name, UNKNOWN))
        if not value or all(isinstance(atom, Const) for atom in value):
            for base in self.library_bases(klass):
                text = self.catalog.attribute_type(base, name)
                if text is not None:
                    return union(self.typed(parse_type(text), receiver, (), {}), value)
        return tuple(atom for atom in value if not isinstance(atom, Param)) if value else value

    def _described(self, item: Atom, receiver: Atom) -> Value | None:
        """An attribute that is a library's descriptor (a model field): what reading it on an instance gives."""
        names = (item.name,) if isinstance(item, ExtObj) else self.library_bases(item.klass) if isinstance(item, Obj) else ()
        for name in names:
            method = self.catalog.method(name, "__get__")
            if method is not None:
                for entry in self.at(method).returns:
                    for framework in self.frameworks:
                        special = framework.described(self, method, item, receiver)
                        if special is not None:
                            return special
                    return self.typed(parse_type(entry.type), item, (), {})
        return None

    def setters(self, klass: Klass) -> dict[str, tuple[Fun, ...]]:
        """The methods, inherited ones included, that assign each attribute of self."""
        found = self._setters.get(klass.id)
        if found is None:
            found = {}
            for owner in self.mro(klass):
                if isinstance(owner, Klass):
                    for name, numbers in owner.setters.items():
                        found[name] = (*found.get(name, ()), *(owner.module.funs[number] for number in numbers))
            self._setters[klass.id] = found
        return found

    # -- library types -------------------------------------------------------------------------------------------------------

    def typed(
        self, expr: TypeExpr, receiver: Atom | None, args: tuple[Value, ...], keywords: dict[str | None, Value], origin: Any = None
    ) -> Value:
        """The value of a type expression of the catalog for one call."""
        op = expr.op
        if op == "instance":
            for framework in self.frameworks:
                stands_for = framework.name(self, expr.name)
                if stands_for is not None:
                    return self._instances(stands_for)
            item = self.typed(expr.args[0], receiver, args, keywords) if expr.args else UNKNOWN
            if not item:
                known = self.catalog.library_class(expr.name)
                if known is not None and known.item:
                    item = self.typed(parse_type(known.item), receiver, args, keywords)
            return (self.atoms(ExtObj, self.catalog.canonical(expr.name), item, origin),)
        if op == "self":
            if receiver is None:
                return UNKNOWN
            if expr.args:
                return (self.with_item(receiver, self.typed(expr.args[0], receiver, args, keywords)),)
            return (receiver,)
        if op == "item":
            return self.item_of(receiver) if receiver is not None else UNKNOWN
        if op == "class":
            for framework in self.frameworks:
                stands_for = framework.name(self, expr.name)
                if stands_for is not None:
                    return stands_for
            return (self.atoms(Ext, self.catalog.canonical(expr.name)),)
        if op == "tuple":
            return (self.atoms(Seq, tuple(self.typed(part, receiver, args, keywords) for part in expr.args)),)
        if op == "arg":
            if expr.position is not None and expr.position < len(args):
                return args[expr.position]
            return keywords.get(expr.name, UNKNOWN) if expr.name else UNKNOWN
        if op == "init":
            origin = getattr(receiver, "origin", None)
            if isinstance(origin, tuple) and origin and origin[0] == "init":
                given = dict(origin[2])
                if expr.name in given:
                    return given[expr.name]  # type: ignore[no-any-return]
                if expr.position is not None and expr.position < len(origin[1]):
                    return origin[1][expr.position]  # type: ignore[no-any-return]
            return UNKNOWN
        if op == "attr":
            value = (receiver,) if receiver is not None else UNKNOWN
            for name in expr.name.split("."):
                value = self.attributes(value, name)
            return value
        if op == "new":
            return self.made(self.typed(expr.args[0], receiver, args, keywords))
        if op == "union":
            for part in expr.args[:-1]:
                value = self.typed(part, receiver, args, keywords, origin)
                if value and not all(isinstance(a, ExtObj) and not self.catalog.library_class(a.name) for a in value):
                    return value
            return self.typed(expr.args[-1], receiver, args, keywords, origin)
        if op == "owner":
            if isinstance(receiver, (Ext, Cls, SelfCls)):
                return self.made((receiver,))
            return tuple(self.atoms(Cls, atom.klass) for atom in self.item_of(receiver) if isinstance(atom, Obj)) if receiver else UNKNOWN
        return UNKNOWN

    def passed_by_library(self, receiver: Atom, method: str, parameter: str) -> Value:
        """What a library passes for a parameter when it calls a method of the receiver."""
        klass = getattr(receiver, "klass", None)
        bases = self.mro(klass) if klass is not None else self.catalog.bases(receiver.name) if isinstance(receiver, ExtObj) else ()
        for base in bases:
            if isinstance(base, str):
                text = self.catalog.parameter_type(base, method, parameter)
                if text is not None:
                    return self.typed(parse_type(text), receiver, (), {})
        return UNKNOWN

    def made(self, value: Value) -> Value:
        """Instances of the classes in a value; of managers and querysets, their items; instances stay what they are."""
        result: Value = UNKNOWN
        for atom in value:
            if isinstance(atom, (Cls, SelfCls)):
                result = union(result, (self.instance(atom.klass, isinstance(atom, Cls)),))
            elif isinstance(atom, (Seq, Many)):
                result = union(result, self.made(self.items((atom,))))
            elif isinstance(atom, ExtObj):
                result = union(result, atom.item)
            elif isinstance(atom, Obj):
                result = union(result, atom.item or (atom,))
            elif isinstance(atom, SelfItem):
                result = union(result, (atom,))
            elif isinstance(atom, Ext):
                result = union(result, (self.atoms(ExtObj, atom.name, UNKNOWN, None),))
        return result

    def attributes(self, value: Value, name: str) -> Value:
        result: Value = UNKNOWN
        for atom in value:
            result = union(result, self.attribute(atom, name))
        return result

    def items(self, value: Value) -> Value:
        """What iterating over a value gives."""
        result: Value = UNKNOWN
        for atom in value:
            if isinstance(atom, Many):
                result = union(result, atom.item)
            elif isinstance(atom, Seq):
                for item in atom.items:
                    result = union(result, item)
            elif isinstance(atom, (ExtObj, Obj)):
                result = union(result, atom.item)
            elif isinstance(atom, SelfObj):
                result = union(result, (self.atoms(SelfItem),))
            elif isinstance(atom, Table):
                for key, _ in atom.items:
                    result = union(result, (self.atoms.const(key),))
            elif isinstance(atom, Generated):
                for _, yielded in self.replay(atom.fun, getattr(atom.receiver, "klass", None), False).yields:
                    result = union(result, tuple(a for a in yielded if not isinstance(a, Param)))
        return result

    def item_at(self, value: Value, position: Any) -> Value:
        """What subscripting with a constant gives."""
        result: Value = UNKNOWN
        for atom in value:
            if isinstance(atom, Seq):
                if isinstance(position, int) and -len(atom.items) <= position < len(atom.items):
                    result = union(result, atom.items[position])
            elif isinstance(atom, Table):
                found = next((item for key, item in atom.items if key == position), None)
                if found is not None:
                    result = union(result, found)
                else:
                    for _, item in atom.items[:16]:
                        result = union(result, item)
                    result = union(result, atom.rest)
            elif isinstance(atom, (Many, ExtObj, Obj)):
                result = union(result, self.items((atom,)))
        return result

    # -- functions -----------------------------------------------------------------------------------------------------------

    def decoration(self, fun: Fun) -> Decoration:
        """What the decorators of a function make of it."""
        found = self._decorations.get(fun.id)
        if found is None:
            if not self.begin(("deco", fun.id)):
                return Decoration((self.atoms(Fn, fun, None),))
            if fun.fact is None or not (fun.fact.decorators or (fun.klass is not None and fun.klass.fact.decorators)):
                found = Decoration((self.atoms(Fn, fun, None),))
            else:
                from txlint.link.decorate import decorate

                found = decorate(self, fun)
            self._decorations[fun.id] = found
            self.done(("deco", fun.id), self._decorations, fun.id)
        return found

    def replay(self, fun: Fun, klass: Klass | None, exact: bool) -> Replay:
        """The flow of a function for receivers of a class; classes on which it would come out the same share it."""
        if klass is not None and not klass.subclasses:
            exact = True
        key = (fun.id, klass.id if klass is not None else -1, exact)
        known = self._known_replays.get(key)
        if known is not None:
            return known
        if self._depth > DEEP or key in self._flows:
            self._misses += 1
            if self._flows:
                self._unsettled[next(reversed(self._flows))] = None
            return _NOTHING
        self._flows[key] = None
        variants = self._variants.get(fun.id)
        for queries, known_by in variants.items() if variants is not None else ():
            shared = known_by.get(self._signature(queries, klass, exact))
            if shared is not None:
                self._known_replays[key] = shared
                self._shared.setdefault(fun.id, []).append(key)
                self._flows.pop(key)
                return shared
        from txlint.link.replay import replay_function

        depth, begun, flows = self._depth, len(self._stack), len(self._flows)
        self._depth += 1
        try:
            replay = replay_function(self, fun, klass, exact)
        except RecursionError:
            self._abandon(begun, flows)
            self.too_deep[fun.id] = None
            replay = _NOTHING
        self._depth = depth
        self._flows.pop(key)
        self._known_replays[key] = replay
        self._shared.setdefault(fun.id, []).append(key)
        if key in self._unsettled and key not in self._again:
            self._again.add(key)  # it asked for something that was under way: once more, when that is known
        else:
            self._unsettled.pop(key, None)
            queries = tuple(sorted(replay.queries))
            self._variants.setdefault(fun.id, {}).setdefault(queries, {})[self._signature(queries, klass, exact)] = replay
        if not self._flows and self._unsettled:
            for unsettled in self._unsettled:
                self._known_replays.pop(unsettled, None)
            self._unsettled.clear()
            for cache, at in self._loose:
                cache.pop(at, None)
            self._loose.clear()
        return replay

    # -- what is being computed ------------------------------------------------------------------------------------------------

    def begin(self, key: Any) -> bool:
        """Start to compute something; False where that is under way already. Whatever was begun since then is provisional: it is
        kept until the outer computation ends, and forgotten with it."""
        index = self._stack.get(key)
        if index is not None:
            self._lowest = min(self._lowest, index)
            if self._flows:
                self._unsettled[next(reversed(self._flows))] = None
            return False
        self._stack[key] = len(self._stack)
        self._missed[key] = self._misses
        return True

    def done(self, key: Any, cache: dict[Any, Any], at: Any) -> bool:
        """Computed and stored; False where the result is provisional."""
        index = self._stack.pop(key)
        if self._missed.pop(key) != self._misses and self._flows and key not in self._again:
            self._again.add(key)  # it rests on a replay that is under way: once more, when that is known
            self._loose.append((cache, at))
        if self._lowest < index:
            self._provisional.append((cache, at))
            return False
        if self._lowest == index:
            for held, where in self._provisional:
                held.pop(where, None)
            self._provisional.clear()
            self._lowest = _NONE
        return True

    def _abandon(self, begun: int, flows: int) -> None:
        """What was begun since then ended in an error: it is no longer under way."""
        while len(self._flows) > flows:
            self._flows.popitem()
        while len(self._stack) > begun:
            self._missed.pop(self._stack.popitem()[0], None)
        if self._lowest >= begun:
            for held, where in self._provisional:
                held.pop(where, None)
            self._provisional.clear()
            self._lowest = _NONE

    def forget(self, fun: Fun) -> None:
        """Replay a function anew when it is next asked for."""
        self._instance_attributes.clear()
        self._variants.pop(fun.id, None)
        for key in self._shared.pop(fun.id, ()):
            self._known_replays.pop(key, None)

    def is_affordable(self, fun: Fun, klass: Klass, most: int) -> bool:
        """Is a replay for this class shared with another one, or one of the first few?"""
        if (fun.id, klass.id, True) in self._known_replays:
            return True
        variants = self._variants.get(fun.id, {})
        if sum(len(known) for known in variants.values()) < most:
            self.replay(fun, klass, True)
            return True
        return any(self._signature(queries, klass, True) in known for queries, known in variants.items())

    def _signature(self, queries: tuple[tuple[str, str], ...], klass: Klass | None, exact: bool) -> tuple[Any, ...]:
        """What a class answers to the questions that a replay asked of its receiver: classes that answer alike share the replay."""
        if not queries:
            return ()
        if klass is None:
            return (None,)
        answers: list[Any] = []
        for kind, name in queries:
            if kind == "class":
                answers.append((klass.id, exact))
                continue
            if kind == "passed":
                method, _, parameter = name.partition("|")
                value = self.passed_by_library(self.atoms(SelfObj, klass, exact), method, parameter)
                answers.append(tuple(self._answer(atom) for atom in value))
                continue
            after = None
            if kind == "after":
                name, _, number = name.partition("|")
                after = self.project.klasses[int(number)]
            found = self.find(klass, name, after)
            if found is None:
                answers.append(None)
            elif found.bindings is None:
                answers.append(found.name)
            else:
                answers.append(id(found.bindings))
            if kind == "attr":
                if not exact and klass.subclasses and self.overrides(klass, name):
                    answers.append(klass.id)
                if found is None or (found.bindings is not None and found.bindings[-1][0] != "def"):
                    value = self.instance_attribute(klass, name, self.atoms(SelfObj, klass, exact))
                    answers.append(tuple(self._answer(atom) for atom in value))
        return tuple(answers)

    def _answer(self, atom: Atom) -> Any:
        """An atom without its receiver, where that is the one who is asked."""
        if isinstance(atom, ExtMethod):
            return atom.name
        if isinstance(atom, Fn):
            return atom.fun.id
        return SelfObj if isinstance(atom, SelfObj) else atom

    def result(self, fun: Fun, klass: Klass | None, exact: bool, receiver: Atom | None = None) -> Value:
        """What a call returns, with the receiver put in for `self`."""
        value: Value = self.replay(fun, klass, exact).returns
        if not value and fun.fact is not None and fun.fact.returns is not None:
            value = self.annotation(fun.fact.returns, fun.module, fun.klass, fun.parent)
        return self.substitute(value, receiver, {}) if receiver is not None else value

    def substitute(self, value: Value, receiver: Atom | None, arguments: dict[str, Value], fun: Fun | None = None) -> Value:
        """A callee's value in the words of the caller."""
        for atom in value:
            if type(atom) in _OPEN:
                break
        else:
            return value
        result: Value = UNKNOWN
        for atom in value:
            result = union(result, self._substituted(atom, receiver, arguments, fun))
        return result

    def _substituted(self, atom: Atom, receiver: Atom | None, arguments: dict[str, Value], fun: Fun | None) -> Value:
        kind = type(atom)
        if kind is Param:
            if fun is not None and atom.fun is not fun:  # type: ignore[attr-defined]
                return (atom,)
            return arguments.get(atom.name, UNKNOWN)  # type: ignore[attr-defined]
        if kind is SelfObj:
            return (receiver,) if receiver is not None else (self.instance(atom.klass, False),)  # type: ignore[attr-defined]
        if kind is SelfItem:
            return self.item_of(receiver) if receiver is not None else UNKNOWN
        if kind is SelfCls:
            if receiver is None:
                return (self.atoms(Cls, atom.klass),)  # type: ignore[attr-defined]
            if isinstance(receiver, (Cls, SelfCls)):
                return (receiver,)
            return (self.atoms(Cls, receiver.klass),) if isinstance(receiver, Obj) else (atom,)
        if kind is Many:
            return (self.atoms(Many, self.substitute(atom.item, receiver, arguments, fun)),)  # type: ignore[attr-defined]
        if kind is Seq:
            return (self.atoms(Seq, tuple(self.substitute(i, receiver, arguments, fun) for i in atom.items)),)  # type: ignore[attr-defined]
        if kind is ExtObj:
            item = self.substitute(atom.item, receiver, arguments, fun)  # type: ignore[attr-defined]
            return (atom if item is atom.item else self.atoms(ExtObj, atom.name, item, atom.origin),)  # type: ignore[attr-defined]
        if kind is Obj:
            item = self.substitute(atom.item, receiver, arguments, fun)  # type: ignore[attr-defined]
            return (atom if item is atom.item else self.atoms(Obj, atom.klass, atom.exact, item, atom.origin),)  # type: ignore[attr-defined]
        if kind is Fn:
            if isinstance(atom.receiver, SelfObj):  # type: ignore[attr-defined]
                return (self.atoms(Fn, atom.fun, receiver),) if receiver is not None else (atom,)  # type: ignore[attr-defined]
            return (atom,)
        if kind is Part:
            return (
                self.atoms(
                    Part,
                    self.substitute(atom.func, receiver, arguments, fun),  # type: ignore[attr-defined]
                    tuple(self.substitute(v, receiver, arguments, fun) for v in atom.args),  # type: ignore[attr-defined]
                    tuple((k, self.substitute(v, receiver, arguments, fun)) for k, v in atom.keywords),  # type: ignore[attr-defined]
                ),
            )
        return (atom,)

    # -- signals and versions ------------------------------------------------------------------------------------------------

    def version_matches(self, library: str, specifier: str) -> bool | None:
        """Does the project's version of a library satisfy a specifier? None where it is not known."""
        return self.versions(library, specifier) if self.versions is not None else None

    def signal_name(self, frame: Any, expr: Expr) -> str | None:
        """What tells one signal of the project from another: the module-level name that holds it."""
        if not isinstance(expr, str):
            return None
        head, _, rest = expr.partition(".")
        for atom in frame.name(head):
            if isinstance(atom, Mod):
                module = self.project.find_module(atom.name)
                while rest and module is not None:
                    name, _, rest = rest.partition(".")
                    if not rest:
                        return self._home(module, name)
                    module = self.project.find_module(f"{module.name}.{name}")
                return None
        if rest:
            return None
        return self._home(frame.module, head, frame)

    def _home(self, module: Module, name: str, frame: Any = None, depth: int = 0) -> str:
        """The module and name where something is defined, behind imports."""
        local: list[Binding] | None = module.names.get(name)
        if local is None and frame is not None:
            for number, item in enumerate(module.facts.imports):
                if item.binds == name:
                    local = [("import", number)]
        for binding in (local or ())[-1:]:
            if binding[0] == "import" and depth < 8:
                item = module.facts.imports[binding[1]]
                target = absolute(module, item.module, item.level)
                other = self.project.find_module(target)
                if other is not None and item.name is not None:
                    return self._home(other, item.name, None, depth + 1)
        if local is None:
            for star in module.stars:
                other = self.project.find_module(star)
                if other is not None and other is not module and depth < 8 and name in other.names:
                    return self._home(other, name, None, depth + 1)
        return f"{module.name}.{name}"

    def connect_decorated(
        self, frame: Any, fun: Fun, hook: Any, name: str, args: tuple[Value, ...], keywords: dict[str | None, Value], pos: Any
    ) -> None:
        """``@receiver(signal, sender=X)``."""
        from txlint.link.signals import connect

        expr = next((d[0] for d in fun.fact.decorators if d[1] == pos), None) if fun.fact is not None else None
        connect(self, frame, fun, None, expr, hook, args, keywords)


_NOTHING = Replay(Flow(-1), UNKNOWN, (), (), frozenset(), {}, {}, {})
_OPEN = frozenset({Param, SelfObj, SelfItem, SelfCls, Many, Seq, ExtObj, Obj, Fn, Part})


def _merge(lines: list[list[Klass | str]]) -> list[Klass | str]:
    """C3 linearisation; where the bases disagree, the first order wins."""
    result: list[Klass | str] = []
    lines = [line for line in lines if line]
    while lines:
        for line in lines:
            head = line[0]
            if not any(head in other[1:] for other in lines):
                break
        else:
            head = lines[0][0]
        result.append(head)
        lines = [rest for line in lines if (rest := [item for item in line if item != head])]
    return result
