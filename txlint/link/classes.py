"""Classes of the project: their MRO with the library classes in it (`mro`), where an attribute comes from (`find`), and its value as the
body gives it (`class_attribute`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from txlint.catalog.types import parse_type
from txlint.link import taught
from txlint.link.holding import kept_as
from txlint.link.kept import declared, fillable
from txlint.link.project import Binding, Fun, Klass, Module, mentions
from txlint.link.values import UNKNOWN, Atom, Cls, Ext, ExtObj, Obj, SelfObj, Seq, Value, union
from txlint.model.facts import Expr
from txlint.model.shapes import last_name

if TYPE_CHECKING:
    from txlint.link.linker import Linker


class Found(NamedTuple):
    """An attribute found in a class's MRO: in a project class (``binding``), or known of a library class (``name``)."""

    owner: Klass | str
    bindings: list[Binding] | None
    name: str | None

    @property
    def method(self) -> Fun | None:
        """The function of the project that it is, if it is one."""
        if isinstance(self.owner, str) or self.bindings is None or self.bindings[-1][0] != "def":
            return None
        return self.owner.module.funs[self.bindings[-1][1]]


def mro(linker: Linker, klass: Klass) -> tuple[Klass | str, ...]:
    """The class, its project bases and the canonical names of its library bases, in method resolution order."""
    if klass.mro is not None:
        return klass.mro
    klass.mro = (klass,)  # a cycle ends here
    lines: list[list[Klass | str]] = []
    direct: list[Klass | str] = []
    for base in klass.fact.bases:
        for atom in base_value(linker, base, klass)[:1]:
            if isinstance(atom, Cls):
                lines.append(list(linker.mro(atom.klass)))
                direct.append(atom.klass)
            elif isinstance(atom, Ext):
                bases: list[Klass | str] = list(linker.catalog.bases(atom.name))
                if len(bases) == 1 and not linker.catalog.library_class(atom.name):
                    for framework in linker.frameworks:
                        for assumed in framework.assumed_bases(atom.name):
                            bases.extend(linker.catalog.bases(assumed))
                lines.append(bases)
                direct.append(bases[0])
    if linker.taught and (named := taught.base(linker, klass)):
        lines.insert(0, list(named))
        direct.insert(0, named[0])
    klass.mro = (klass, *(lines[0] if len(lines) == 1 else _merge([*lines, direct])))  # with one base there is nothing to merge
    return klass.mro


def base_value(linker: Linker, base: Expr, klass: Klass) -> Value:
    from txlint.link.replay import evaluate

    if not isinstance(base, str) and base[0] == "sub":  # Generic[T], Repository[Order]
        base = base[1]
    outer = None
    if klass.fact.owner >= 0:
        outer = klass.module.klasses[klass.fact.owner]
    value = evaluate(linker, base, klass.module, outer, klass.parent)
    return tuple(atom for atom in value if isinstance(atom, (Cls, Ext)))


def has_known_bases(linker: Linker, klass: Klass) -> bool:
    """Does its MRO hold whatever the class names as its bases?"""
    return all(base_value(linker, base, klass) for base in klass.fact.bases)


def library_bases(linker: Linker, klass: Klass) -> tuple[str, ...]:
    found = linker.library_base_names.get(klass.id)
    if found is None:
        found = linker.library_base_names[klass.id] = tuple(base for base in linker.mro(klass) if isinstance(base, str))
    return found


def kinds(linker: Linker, atom: Atom) -> tuple[str, ...]:
    """The library's classes of which something is an instance, in method resolution order."""
    if isinstance(atom, ExtObj):
        return linker.catalog.bases(atom.name)
    return linker.library_bases(atom.klass) if isinstance(atom, (Obj, SelfObj)) else ()


def is_a(linker: Linker, klass: Klass, name: str) -> bool:
    """Does the class derive from a library's class?"""
    return name in linker.mro(klass)


def has_own(linker: Linker, klass: Klass, name: str) -> bool:
    """Does a class of the project, this one or one above it, define the attribute that the class has?"""
    found = linker.find(klass, name)
    return found is not None and found.bindings is not None


def find(linker: Linker, klass: Klass, name: str, after: Klass | None = None) -> Found | None:
    """Where a class gets an attribute from; ``after`` starts behind that class in the MRO (``super()``)."""
    key = (klass.id * 100003 + (after.id + 1 if after else 0), name)
    try:
        return linker.found[key]
    except KeyError:
        pass
    found: Found | None = None
    skipping = after is not None
    for base in linker.mro(klass):
        if skipping:
            skipping = base is not after
            continue
        if isinstance(base, Klass):
            bound = base.names.get(name)
            if bound is not None:
                found = Found(base, bound, None)
                break
        elif linker.catalog.is_known(dotted := f"{base}.{name}"):
            found = Found(base, None, dotted)
            break
    linker.found[key] = found
    return found


def overrides(linker: Linker, klass: Klass, name: str) -> list[tuple[Klass, Fun]]:
    """The definitions of a method in subclasses, each with the class that holds it. Of a private one (``__close``) there are none: in each
    class it is its own."""
    if not klass.subclasses or (name.startswith("__") and not name.endswith("__")):
        return []
    known = linker.overridden.get((klass.id, name))
    if known is not None:
        return known
    result = linker.overridden[klass.id, name] = []
    for sub in klass.subclasses:
        bound = sub.names.get(name)
        if bound is not None and bound[-1][0] == "def":
            result.append((sub, sub.module.funs[bound[-1][1]]))
    return result


def may_run(linker: Linker, klass: Klass, method: Fun) -> bool:
    """Do instances of a class run this method of a base class? Hardly where the class has one of that name in its place, and neither that
    nor any other method before the base class speaks of the name (``super().run()``, ``Base.run(self)``)."""
    name = method.fact.name if method.fact is not None else ""
    key = klass.id, method.id
    known = linker.runnable.get(key)
    if known is None:
        found = linker.find(klass, name)
        own = found.method if found is not None else None
        known = own is None or own is method or own.klass is method.klass
        for base in () if known else linker.mro(klass):
            if base is method.klass:
                break
            if not isinstance(base, str) and any(mentions(each, {name}) for each in linker.project.methods(base)):
                known = True
                break
        linker.runnable[key] = known
    return known


def varies(linker: Linker, klass: Klass, name: str) -> bool:
    """Is an attribute a class of the project in the body of a class, or of one below it: ``model = Order`` under ``model = None``?"""
    known = linker.varying.get((klass.id, name))
    if known is None:
        found = linker.find(klass, name)
        bound = found.bindings[-1][0] if found is not None and found.bindings is not None else None
        known = linker.varying[klass.id, name] = bound == "value" and any(
            isinstance(atom, Cls) for each in (klass, *klass.subclasses) for atom in linker.class_attribute(each, name)
        )
    return known


_ABSTRACT = frozenset({"abstractmethod", "abstractproperty"})
_PROTOCOLS = frozenset({"typing.Protocol", "typing_extensions.Protocol"})


def implementations(linker: Linker) -> None:
    """Classes that have all methods of a protocol, with as many parameters, count as its subclasses: nothing else says so."""
    protocols = [(klass, _required(linker, klass)) for klass in linker.project.klasses if _is_protocol(linker, klass)]
    names = {name for _, wanted in protocols for name in wanted}
    if not names:
        return
    by_name: dict[str, list[Klass]] = {}
    for klass in linker.project.klasses:
        for name in names.intersection(klass.names):
            by_name.setdefault(name, []).append(klass)
    for protocol, wanted in protocols:
        if not wanted:
            continue
        rarest = min(wanted, key=lambda name: len(by_name[name]))
        for klass in dict.fromkeys(k for holder in by_name[rarest] for k in (holder, *holder.subclasses)):
            if (
                protocol not in linker.mro(klass)
                and not _is_protocol(linker, klass)
                and not (wanted.keys() <= _OF_VIEWS and _is_view(linker, klass))
            ):
                if all(_has_method(linker, klass, name, params) for name, params in wanted.items()):
                    protocol.subclasses.append(klass)


def implementation(linker: Linker, klass: Klass) -> Klass:
    """The class that an annotation means: of an abstract one, the only one that can have instances, if there is only one (those that
    derive from it aside)."""
    known = linker.implemented.get(klass.id)
    if known is None:
        known = klass
        if klass.subclasses and _is_abstract(linker, klass):
            concrete = [sub for sub in klass.subclasses if not _is_abstract(linker, sub)]
            tops = [sub for sub in concrete if not any(other is not sub and other in linker.mro(sub) for other in concrete)]
            known = tops[0] if len(tops) == 1 else klass
        linker.implemented[klass.id] = known
    return known


def _is_abstract(linker: Linker, klass: Klass) -> bool:
    """Is it a protocol, or has it a method that is still to be written?"""
    if _is_protocol(linker, klass):
        return True
    owners = [owner for owner in linker.mro(klass) if isinstance(owner, Klass)]
    wanted = {fun.fact.name for owner in owners for fun in linker.project.methods(owner) if fun.fact is not None and _is_unwritten(fun)}
    return any(
        (found := linker.find(klass, name)) is not None and found.method is not None and _is_unwritten(found.method) for name in wanted
    )


def _is_unwritten(fun: Fun) -> bool:
    return fun.fact is not None and any(last_name(expr) in _ABSTRACT for expr, _ in fun.fact.decorators)


def _is_protocol(linker: Linker, klass: Klass) -> bool:
    """Does the class itself name Protocol as its base? One that derives from a protocol implements it."""
    if _PROTOCOLS.isdisjoint(linker.library_bases(klass)):
        return False
    return any(isinstance(a, Ext) and a.name in _PROTOCOLS for base in klass.fact.bases for a in base_value(linker, base, klass))


def _required(linker: Linker, protocol: Klass) -> dict[str, int]:
    """The methods that a protocol asks for, with the number of their parameters."""
    owners = [owner for owner in linker.mro(protocol) if isinstance(owner, Klass)]
    return {fun.fact.name: len(fun.fact.params) for owner in owners for fun in linker.project.methods(owner) if fun.fact is not None}


def _has_method(linker: Linker, klass: Klass, name: str, params: int) -> bool:
    found = linker.find(klass, name)
    fun = found.method if found is not None else None
    fact = fun.fact if fun is not None else None
    return fact is not None and (len(fact.params) == params or any(p.kind in ("vararg", "kwarg") for p in fact.params))


_OF_VIEWS = frozenset({"create", "delete", "destroy", "get", "list", "patch", "post", "put", "retrieve", "update"})
"""Methods that views have for their framework: that a protocol has them too says nothing."""


def _is_view(linker: Linker, klass: Klass) -> bool:
    """Is it a view, the methods of which are called by its framework?"""
    return any(linker.catalog.is_known(f"{base}.dispatch") for base in linker.library_bases(klass))


def method_names(linker: Linker) -> set[str]:
    """The names of all methods of the project."""
    if linker.methods is None:
        linker.methods = {fun.fact.name for klass in linker.project.klasses for fun in linker.project.methods(klass) if fun.fact}
    return linker.methods


def definitions_of(linker: Linker, name: str) -> list[Fun]:
    """The methods of an uncommon name: of several words, and none that a library of the catalog has."""
    if linker.methods_by_name is None:
        common = _common(linker)
        table: dict[str, list[Fun]] = {}
        for klass in linker.project.klasses:
            if _is_view(linker, klass):
                continue
            for fun in linker.project.methods(klass):
                assert fun.fact is not None
                method = fun.fact.name
                if "_" in method.strip("_") and not method.startswith("__") and method not in common:
                    table.setdefault(method, []).append(fun)
        linker.methods_by_name = {method: funs for method, funs in table.items() if len(funs) <= 8}
    return linker.methods_by_name.get(name, [])


def _common(linker: Linker) -> set[str]:
    """The last names of all that the catalog knows, but for what is the project's own."""
    mine = set(linker.taught.values())
    return {last for owner, _, last in (entry.name.rpartition(".") for entry in linker.catalog.entries) if owner not in mine}


def parameters_of(linker: Linker, name: str) -> frozenset[str]:
    """The names of all parameters that methods of this name have in the project; empty where there are none."""
    known = linker.parameters.get(name)
    if known is None:
        found: set[str] = set()
        for klass in linker.project.klasses:
            bound = klass.names.get(name)
            fact = klass.module.funs[bound[-1][1]].fact if bound is not None and bound[-1][0] == "def" else None
            if fact is not None:
                found.update(param.name for param in fact.params)
        known = linker.parameters[name] = frozenset(found)
    return known


def holder_of(linker: Linker, name: str) -> Klass | None:
    """The one class of the project whose body binds an attribute of an uncommon name: of several words, and none that a library of the
    catalog has."""
    if linker.holders is None:
        common = _common(linker)
        linker.holders = {}
        for klass in linker.project.klasses:
            for attribute in klass.names:
                if "_" in attribute.strip("_") and not attribute.startswith("__") and attribute not in common:
                    linker.holders[attribute] = None if attribute in linker.holders else klass
    return linker.holders.get(name)


def prefixed(linker: Linker, value: Value, prefix: str) -> Value:
    """The methods of an object whose names start so: ``clean_email`` and the like."""
    result: Value = UNKNOWN
    for atom in value:
        klass = getattr(atom, "klass", None)
        for base in linker.mro(klass) if klass is not None else ():
            if isinstance(base, Klass):
                for name in base.names:
                    if name.startswith(prefix):
                        result = union(result, linker.attribute(atom, name))
    return result


def setters(linker: Linker, klass: Klass) -> dict[str, tuple[Fun, ...]]:
    """The methods, inherited ones included, that assign each attribute of self."""
    found = linker.setter_methods.get(klass.id)
    if found is None:
        found = {}
        for owner in linker.mro(klass):
            if isinstance(owner, Klass):
                for name, numbers in owner.setters.items():
                    found[name] = (*found.get(name, ()), *(owner.module.funs[number] for number in numbers))
        linker.setter_methods[klass.id] = found
    return found


def class_attribute(linker: Linker, klass: Klass, name: str, after: Klass | None = None) -> Value:
    """The value of an attribute of a class as its body (or a base's) gives it; functions are not bound yet."""
    key = (klass.id * 100003 + (after.id + 1 if after else 0), name)
    try:
        return linker.class_values[key]
    except KeyError:
        pass
    if not linker.begin(("attr", key)):
        return UNKNOWN
    value: Value | None = None
    for framework in linker.frameworks if after is None else ():
        value = framework.class_attribute(linker, klass, name)
        if value is not None:
            break
    found: Found | None = None
    if value is None:
        value = UNKNOWN
        found = linker.find(klass, name, after)
        if found is not None:
            if found.bindings is not None:
                assert isinstance(found.owner, Klass)
                dotted = taught.acting(linker, found.owner.dotted, name) if linker.taught else None
                if dotted is not None:
                    value = (linker.atoms(Ext, dotted),)
                place = ("attr", found.owner.id, name)
                for binding in found.bindings if dotted is None else ():
                    given = linker.bound(binding, found.owner.module, found.owner)
                    if _is_descriptor(linker, binding):
                        given = _of_rows(linker, klass, given)
                    is_declared = binding[0] == "value" and binding[2] is not None and given
                    value = union(value, declared(linker, given, place) if is_declared else given)
                value = fillable(linker, _member(linker, klass, value), place) if value else value
                if ExtObj in map(type, value) and found.bindings[-1][0] == "value" and found.bindings[-1][2] is None:
                    own = found.owner.dotted.removeprefix(f"{found.owner.module.name}.")
                    value = kept_as(linker, value, found.owner.module, found.bindings[-1], f"{own}.{name}")
            elif found.name is not None:
                value = _of_base(linker, klass, found.name) or linker.library(found.name)
    if not value and found is None:
        value = _given_from_outside(linker, klass, name)
    linker.class_values[key] = value
    linker.done(("attr", key), linker.class_values, key)
    return value


def _member(linker: Linker, klass: Klass, value: Value) -> Value:
    """What a class holds under a name to which its body assigns this."""
    if len(value) == 1 and isinstance(value[0], Seq):
        for framework in linker.frameworks:
            member = framework.member(linker, klass, value[0].items)
            if member is not None:
                return member
    return value


def _given_from_outside(linker: Linker, klass: Klass, name: str) -> Value:
    """``Base.query = session.query_property()``: an attribute that a statement elsewhere gives to a base of the class."""
    from txlint.link.replay import evaluate

    given = linker.descriptors().get(name)
    for owner in [base for base in linker.mro(klass) if isinstance(base, Klass)] if given else ():
        names = [f"{owner.module.name}.{owner.fact.name}"]
        names.extend(linker.where_bound(owner.module, base) for base in owner.fact.bases if base.__class__ is str)
        for full, module, expr in given or ():
            if full in names:
                return _of_rows(linker, klass, evaluate(linker, expr, module, None))
    return UNKNOWN


def _is_descriptor(linker: Linker, binding: Any) -> bool:
    """Is ``name = f(..)`` in the body of a class something for its rows: ``query = session.query_property()``?"""
    made = binding[1] if binding[0] == "value" else None
    return made.__class__ is tuple and made[0] == "call" and last_name(made[1]) in linker.catalog.descriptors


def _of_rows(linker: Linker, klass: Klass, made: Value) -> Value:
    """What a class holds for its rows."""
    return tuple(linker.atoms(ExtObj, a.name, (linker.instance(klass, False),), a.origin) for a in made if isinstance(a, ExtObj))


def descriptors(linker: Linker) -> dict[str, list[tuple[str, Module, Expr]]]:
    """What ``Class.name = f(..)`` gives to classes, by name: the class, the module of the statement, the value. Only calls of
    functions that the catalog says make something for classes to be read from (`descriptor`)."""
    if linker.given is None:
        makers = linker.catalog.descriptors
        linker.given = {}
        for module in linker.project.ordered if makers else ():
            if not makers.isdisjoint(module.facts.words):
                for fun in (module.body, *module.funs):
                    for stmt in fun.body:
                        if stmt[0] == "assign" and stmt[2].__class__ is tuple and stmt[2][0] == "call":
                            if str(stmt[2][1]).rpartition(".")[2] in makers:
                                for target in stmt[1]:
                                    if target.__class__ is str and target.count(".") == 1:
                                        head, _, last = target.partition(".")
                                        linker.given.setdefault(last, []).append((linker.where_bound(module, head), module, stmt[2]))
    return linker.given


def _of_base(linker: Linker, klass: Klass, dotted: str) -> Value:
    """An attribute of a library's base class that was taken from an object and works on a session of it: ``Order.query`` of
    ``class Order(db.Model)`` is on ``db.session``."""
    for entry in linker.at(dotted).returns:
        for owner in [base for base in linker.mro(klass) if isinstance(base, Klass)] if entry.beside else ():
            for base in owner.fact.bases:
                if (
                    base.__class__ is str
                    and "." in base
                    and any(
                        f"{a.name}.{entry.name.rpartition('.')[2]}" == dotted for a in base_value(linker, base, owner) if isinstance(a, Ext)
                    )
                ):
                    key = ("session", "global", linker.where_bound(owner.module, f"{str(base).rpartition('.')[0]}.{entry.beside}"))
                    return linker.typed(parse_type(entry.type), linker.atoms(Cls, klass), (), {}, origin=("via", key))
    return UNKNOWN


def fields(linker: Linker, klass: Klass) -> list[str]:
    """The annotated names of a class body, inherited ones first: what the constructor of a dataclass takes by position."""
    names: dict[str, None] = {}
    for owner in reversed(linker.mro(klass)):
        if isinstance(owner, Klass):
            names.update(dict.fromkeys(n for n, bound in owner.names.items() if bound[-1][0] == "value" and bound[-1][2] is not None))
    return list(names)


def class_expression(linker: Linker, klass: Klass, expr: Expr) -> Value:
    """An expression in the body of a class."""
    from txlint.link.replay import evaluate

    return evaluate(linker, expr, klass.module, klass)


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
