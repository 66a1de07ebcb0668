"""``atom.name`` for every kind of atom: `attribute`; for instances of the project's classes `instance_attribute`."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from txlint.catalog.lookup import PROJECT
from txlint.catalog.types import parse_type
from txlint.link import taught
from txlint.link.chosen import each_of, kept_under
from txlint.link.generic import for_class
from txlint.link.held import held
from txlint.link.holding import NAMED, is_kept, via
from txlint.link.kept import ADDS, OF_CALLERS, begins_empty, declared, one_of, options, put_on, put_there, unset
from txlint.link.keyed import passed
from txlint.link.names import answered as of_module
from txlint.link.project import Klass
from txlint.link.typehints import CALLABLES
from txlint.link.values import (
    UNKNOWN,
    Atom,
    Chosen,
    Cls,
    Const,
    Ext,
    ExtMethod,
    ExtObj,
    Fn,
    Many,
    Mod,
    Named,
    Obj,
    OneOf,
    Opening,
    Param,
    Part,
    SelfCls,
    SelfObj,
    Seq,
    Stored,
    Super,
    Table,
    Value,
    union,
)

if TYPE_CHECKING:
    from txlint.link.classes import Found
    from txlint.link.linker import Linker
    from txlint.model.graph import Key

MOST_SUBCLASSES = 8
"""Of which it is asked whether an attribute of theirs is replaced."""


_ANSWER = "__getattr__"
BELOW = "__subclasses__"
_ENTERING = frozenset({"__enter__", "__aenter__"})
_CALLED = CALLABLES | {"functools.partial", "typing.Any"}
_TABLE_METHODS = frozenset({"get", "pop", "setdefault", "update", "values", "items", "__getitem__"})
_METHODS_OF_CONTAINERS = frozenset(name for kind in (list, set, dict, deque) for name in dir(kind))
_OF_CONTAINERS = ADDS | {"values", "items", "get"}
"""Methods of containers of containers: what they are given is kept at the place of the outer one."""


def attribute(linker: Linker, atom: Atom, name: str) -> Value:
    """``atom.name``."""
    if isinstance(atom, Ext):
        return _of_library(linker, atom, name)
    if isinstance(atom, Mod):
        return _of_module(linker, atom, name)
    if isinstance(atom, ExtObj):
        return _library_attribute(linker, atom, atom.name, name)
    if isinstance(atom, (Obj, SelfObj)):
        return linker.instance_attribute(atom.klass, name, atom)
    if isinstance(atom, (Cls, SelfCls)):
        return _of_class(linker, atom, name)
    if isinstance(atom, Super):
        return _of_super(linker, atom, name)
    if isinstance(atom, Opening):
        if linker.teaches and atom.entry.library == PROJECT and (value := linker.attributes(atom.bound, name)):
            return value  # an instance of a class of the project, which a table says to be an opener
        return (linker.atoms(ExtMethod, f"{atom.entry.name}.{name}", atom, name),)
    if isinstance(atom, (Stored, OneOf)):
        return _of_one(linker, atom, name)
    if isinstance(atom, Table) and name in _TABLE_METHODS:
        return (linker.atoms(ExtMethod, f"builtins.dict.{name}", atom, name),)
    if isinstance(atom, (Seq, Many)):
        return (linker.atoms(ExtMethod, f"builtins.list.{name}", atom, name),) if name in _METHODS_OF_CONTAINERS else UNKNOWN
    if isinstance(atom, Const):
        if atom.value is None:
            return UNKNOWN  # whatever the other alternatives are, it is not on this one that a method is called
        if name == "value":
            return (atom,)  # no constant has such an attribute: a member of an enumeration
        if not hasattr(atom.value, name):
            return UNKNOWN
        return (linker.atoms(ExtMethod, f"builtins.{type(atom.value).__name__}.{name}", atom, name),)
    if isinstance(atom, Part) and name == "func":
        return atom.func
    if isinstance(atom, Fn):
        if atom.fun.fact is not None and (name in linker.project.put_on or atom.fun.fact.decorators):
            from txlint.link.decorate import attribute_of_function

            if value := attribute_of_function(linker, atom.fun, name):
                return value
        return (linker.atoms(ExtMethod, linker.catalog.canonical(f"types.FunctionType.{name}"), atom, name),)
    return UNKNOWN


def _of_one(linker: Linker, atom: Stored | OneOf, name: str) -> Value:
    """An attribute of something that cannot be told; of what is kept in a container, a container's own methods as well."""
    if isinstance(atom, Stored):
        if atom.place[0] in OF_CALLERS:
            return UNKNOWN  # what callers pass is known by its type, or only asked for inside a transaction (`Frame.getattr`)
        if name in _OF_CONTAINERS and not _is_own_method(linker, atom.place, name):
            return (linker.atoms(ExtMethod, f"builtins.list.{name}", atom, name),)
        atom = kept_under(linker, atom) or atom
    if isinstance(atom, Chosen):
        return each_of(linker, atom, lambda value: linker.attributes(value, name))
    return of_options(linker, atom, name)


def of_options(linker: Linker, atom: Stored | OneOf, name: str) -> Value:
    """An attribute of whatever something may be that cannot be told; of what callers pass too, which are looked for."""
    return one_of(linker, linker.attributes(options(linker, atom), name))


def of_given(linker: Linker, atom: Obj | SelfObj, name: str) -> Value:
    """An attribute in which a constructor keeps one of what it is given: ``self.commit = session.commit``."""
    kind, path = held(linker, atom.klass).get(name, ("", "")) if linker.has_sessions and name in linker.setters(atom.klass) else ("", "")
    param, _, last = path.partition(".")
    found = linker.find(atom.klass, "__init__") if kind == "param" and last and "." not in last else None
    if found is None or found.method is None:
        return UNKNOWN
    return of_options(linker, linker.atoms(Stored, ("param", found.method.id, param)), last)


def answered(linker: Linker, atom: Obj | SelfObj, name: str) -> Value:
    """An attribute that only ``__getattr__`` of the class has an answer for: that of what it asks for the same name, as in
    ``return getattr(self.client, name)``."""
    found = linker.find(atom.klass, _ANSWER)
    fun = found.method if found is not None else None
    if fun is None or fun.fact is None or len(fun.fact.params) != 2 or (name[:2] == "__" == name[-2:]):
        return UNKNOWN
    result: Value = UNKNOWN
    for each in linker.result(fun, atom.klass, atom.exact, atom):
        if isinstance(each, Named) and each.param.fun is fun:
            for asked in each.receivers:
                if isinstance(asked, Stored) and asked.place[0] in OF_CALLERS:
                    result = union(result, of_options(linker, asked, name))
                else:
                    result = union(result, linker.attribute(asked, name))
    return result


def _is_own_method(linker: Linker, place: Any, name: str) -> bool:
    """Is it an instance that was put there, with a method of this name: ``services[kind].add(order)``?"""
    kept = linker.stores.get(place[:3], ())
    given = (each for atom in kept if isinstance(atom, Param) for each in passed(linker, ("param", atom.fun.id, atom.name)))
    put = (each for atom in (*kept, *given) for each in (atom.options if isinstance(atom, OneOf) else (atom,)))
    return any(isinstance(each, Obj) and linker.find(each.klass, name) is not None for each in put)


def _of_library(linker: Linker, atom: Ext, name: str) -> Value:
    dotted = f"{atom.name}.{name}"
    if linker.project.knows(dotted):
        return linker.module_value(dotted)
    if linker.catalog.library_class(atom.name) is not None:
        text = linker.catalog.attribute_type(atom.name, name)
        if text is not None:
            return linker.typed(parse_type(text), atom, (), {})
        method = linker.catalog.method(atom.name, name)
        for entry in linker.at(method).returns if method else ():
            if entry.attribute and entry.type:
                return linker.typed(parse_type(entry.type), atom, (), {})
        if atom.name in linker.catalog.namespaces and method is None:
            return shared(linker, atom.name, name) or linker.library(dotted)
    return linker.library(dotted)


def _of_module(linker: Linker, atom: Mod, name: str) -> Value:
    module = linker.project.find_module(atom.name)
    if module is not None:
        value = linker.module_name(module, name)
        if value:
            return value
    dotted = f"{atom.name}.{name}"
    if linker.project.knows(dotted):
        return linker.module_value(dotted)
    return of_module(linker, module, name) if module is not None else UNKNOWN


def attributes(linker: Linker, value: Value, name: str) -> Value:
    result: Value = UNKNOWN
    for atom in value:
        result = union(result, linker.attribute(atom, name))
    return result


def instance_attribute(linker: Linker, klass: Klass, name: str, receiver: Atom) -> Value:
    """``self.name``: frameworks' fields, properties, methods bound, class attributes, what methods assign to self."""
    key = (klass.id, name, receiver)
    known = linker.instance_values.get(key)
    if known is None:
        misses = linker.misses
        known = _instance_attribute(linker, klass, name, receiver)
        if linker.has_generics:
            known = for_class(linker, known, klass, getattr(receiver, "item", UNKNOWN))
        if linker.is_settled(misses):
            linker.instance_values[key] = known
    return known


def _instance_attribute(linker: Linker, klass: Klass, name: str, receiver: Atom) -> Value:
    for framework in linker.frameworks:
        value = framework.instance_attribute(linker, klass, name, receiver)
        if value is not None:
            return value
    if linker.taught and (value := taught.attribute(linker, klass, name, receiver)):
        return value
    if name == "__class__":
        return (linker.atoms(SelfCls, klass) if isinstance(receiver, SelfObj) else linker.atoms(Cls, klass),)
    exact = getattr(receiver, "exact", True)
    found = linker.find(klass, name)
    value = UNKNOWN
    if found is not None and found.name is not None and name not in linker.setters(klass):
        for entry in linker.at(found.name).returns:
            if entry.attribute and entry.type and (known := linker.typed(parse_type(entry.type), receiver, (), {})):
                return known
    if found is not None and (found.bindings is not None or name not in linker.setters(klass)):
        for item in linker.class_attribute(klass, name):
            if isinstance(item, Fn) and item.fun.klass is not None and item.receiver is None:
                role = linker.decoration(item.fun).role
                if role == "property":
                    value = union(value, linker.result(item.fun, klass, exact, receiver))
                    continue
            described = _described(linker, item, receiver)
            value = union(value, described if described is not None else (_bind(linker, item, receiver, name),))
        if found.bindings is not None and (callables := _kept_field(linker, klass, found, name, value)):
            return union(value, callables)
        if value and name in linker.setters(klass) and _says_nothing(linker, found, value):
            return _assigned(linker, klass, name, exact) or value
        if value and not (len(value) == 1 and isinstance(value[0], Const)):
            if name in linker.setters(klass) and found.bindings is not None and any(type(a) is Fn for a in value):
                return _for_readers(linker, union(value, _assigned(linker, klass, name, exact)))  # a default of the class
            return value
        if found.bindings is not None and found.bindings[-1][0] == "value" and found.bindings[-1][2] is not None:
            owner = found.owner
            assert isinstance(owner, Klass)
            annotated = linker.annotation(found.bindings[-1][2], owner.module, owner)
            value = union(value, declared(linker, annotated, ("attr", owner.id, name)))
    assigned = _assigned(linker, klass, name, exact)
    if value and assigned:
        value = tuple(atom for atom in value if not _is_said_better(linker, atom, assigned))
    value = union(value, assigned)
    if value and unset(value):
        value = union(value, put_on(linker, linker.instance(klass, False), name))
    elif name in linker.project.put_on and begins_empty(value):  # until another takes its place: `bus.handlers = table`
        for each in (*linker.mro(klass), *klass.subclasses[:MOST_SUBCLASSES]):
            if isinstance(each, Klass):
                value = union(value, put_on(linker, linker.instance(each, False), name))
    if not value or all(isinstance(atom, Const) for atom in value):
        for base in linker.library_bases(klass):
            text = linker.catalog.attribute_type(base, name)
            if text is not None:
                return union(linker.typed(parse_type(text), receiver, (), {}), value)
    return _for_readers(linker, value)


def _for_readers(linker: Linker, value: Value) -> Value:
    """What an attribute is to whoever reads it: for a parameter that it keeps, what callers pass, where nothing says what that is."""
    if not any(isinstance(atom, Param) for atom in value):
        return value
    typed = any(isinstance(a, (Obj, SelfObj)) or (isinstance(a, ExtObj) and a.name not in CALLABLES) for a in value)
    return tuple(
        linker.atoms(Stored, ("param", atom.fun.id, atom.name)) if isinstance(atom, Param) else atom
        for atom in value
        if not (typed and isinstance(atom, Param))
    )


def _assigned(linker: Linker, klass: Klass, name: str, exact: bool) -> Value:
    """What the methods of a class assign to an attribute of their receiver."""
    assigned: Value = UNKNOWN
    for method in linker.setters(klass).get(name, ()):
        assigned = union(assigned, linker.replay(method, klass, exact).sets.get(name, UNKNOWN))
    return assigned


def _says_nothing(linker: Linker, found: Found, value: Value) -> bool:
    """``connection: Any = PrivateAttr()`` in a class: an annotated field of a library of which nothing is known."""
    binding = found.bindings[-1] if found.bindings is not None else ("def",)
    return (
        binding[0] == "value"
        and binding[2] is not None
        and all(type(atom) is ExtObj and linker.catalog.library_class(atom.name) is None for atom in value)
    )


def _is_said_better(linker: Linker, atom: Atom, assigned: Value) -> bool:
    """``users: Users`` in a class, ``self.users = SqlUsers(session)`` in a method of it: the latter says more."""
    return isinstance(atom, Obj) and any(isinstance(other, Obj) and atom.klass in linker.mro(other.klass)[1:] for other in assigned)


def _kept_field(linker: Linker, klass: Klass, found: Found, name: str, value: Value) -> Value:
    """A field that a constructor made of the fields takes, where it may hold a callable or anything: whatever callers pass for it."""
    assert found.bindings is not None
    tag, _, *annotation = found.bindings[-1]
    if tag != "value" or not annotation or annotation[0] is None or any(isinstance(atom, (Obj, Table, Many, Seq)) for atom in value):
        return UNKNOWN
    if linker.has_own(klass, "__init__"):
        return UNKNOWN
    assert isinstance(found.owner, Klass)
    typed = linker.annotation(annotation[0], found.owner.module, found.owner)
    if any(not isinstance(atom, ExtObj) or atom.name not in _CALLED for atom in typed):
        return UNKNOWN
    return (linker.atoms(Stored, ("field", found.owner.id, name)),)


def _described(linker: Linker, item: Atom, receiver: Atom) -> Value | None:
    """An attribute that is a library's descriptor (a model field): what reading it on an instance gives."""
    names = (item.name,) if isinstance(item, ExtObj) else linker.library_bases(item.klass) if isinstance(item, Obj) else ()
    for name in names:
        method = linker.catalog.method(name, "__get__")
        if method is not None:
            for entry in linker.at(method).returns:
                for framework in linker.frameworks:
                    special = framework.described(linker, method, item, receiver)
                    if special is not None:
                        return special
                return linker.typed(parse_type(entry.type), item, (), {})
    return None


def _library_attribute(linker: Linker, receiver: Atom, class_name: str, name: str) -> Value:
    text = linker.catalog.attribute_type(class_name, name)
    if text is not None:
        origin = getattr(receiver, "origin", None)
        return linker.typed(parse_type(text), receiver, (), {}, origin=(*origin, name) if isinstance(origin, tuple) else None)
    method = linker.catalog.method(class_name, name)
    if method is not None:
        for entry in linker.at(method).returns:
            if entry.attribute and entry.type:
                key = via(receiver)
                if key is not None and not entry.shares_key:
                    key = (*key[:2], f"{key[2]}.{name}") if key[1:2] == ("global",) else None
                return linker.typed(parse_type(entry.type), receiver, (), {}, origin=key and ("via", key, NAMED))
        return (linker.atoms(ExtMethod, method, receiver, name),)
    if class_name in linker.catalog.namespaces and (value := shared(linker, class_name, name)):
        return value
    return (linker.atoms(ExtMethod, f"{class_name}.{name}", receiver, name),)


def shared(linker: Linker, namespace: str, name: str) -> Value:
    """What the project puts under a name of a library's namespace, wherever it does so; a session there has one key, which may be that
    of the module that keeps it."""
    key = shared_key(namespace, name)
    value = put_there(linker, ("space", namespace, name))
    return tuple(
        linker.atoms(ExtObj, atom.name, atom.item, ("via", key)) if isinstance(atom, ExtObj) and not is_kept(atom) else atom
        for atom in value
    )


def shared_key(namespace: str, name: str) -> Key:
    """The key of a session that is kept in a namespace: there is one for each request."""
    return ("session", "global", f"{namespace}.{name}")


def _of_class(linker: Linker, atom: Cls | SelfCls, name: str) -> Value:
    klass = atom.klass
    if name == "__name__":
        return (linker.atoms.const(klass.fact.name),)
    if name == BELOW:
        return (linker.atoms(ExtMethod, f"builtins.type.{BELOW}", atom, name),)
    value = linker.class_attribute(klass, name)
    if unset(value):
        value = union(value, _assigned(linker, klass, name, True))  # by a class method: `cls.pool = ..`
        if isinstance(atom, Cls):
            value = union(value, put_on(linker, atom, name))
    result: list[Atom] = []
    for item in value:
        if isinstance(item, Fn) and item.receiver is None and item.fun.klass is not None:
            role = linker.decoration(item.fun).role
            if role == "class":
                item = linker.atoms(Fn, item.fun, atom)
        elif isinstance(item, Ext):
            item = linker.atoms(ExtMethod, item.name, atom, name)
        result.append(item)
    if not result:
        for base in linker.library_bases(klass):
            text = linker.catalog.attribute_type(base, name)
            if text is not None:
                return linker.typed(parse_type(text), atom, (), {})
    return tuple(result)


def private(linker: Linker, owner: Klass | None, receiver: SelfObj, name: str) -> Value:
    """``self.__close`` in a method of ``owner``: that of this very class, whatever classes below it have under the name."""
    if owner is None or owner is receiver.klass or name.endswith("__") or name not in owner.names:
        return UNKNOWN
    return tuple(_bind(linker, item, receiver, name) for item in linker.class_attribute(owner, name))


def _of_super(linker: Linker, atom: Super, name: str) -> Value:
    receiver: Any = atom.receiver
    value = linker.class_attribute(receiver.klass, name, atom.after)
    if name == "__new__" and not value:
        return (linker.atoms(ExtMethod, "builtins.object.__new__", receiver, name),)
    if not value and name in _ENTERING:
        return _entering(linker, receiver, name)
    return tuple(_bind(linker, item, receiver, name) for item in value)


def _entering(linker: Linker, receiver: Any, name: str) -> Value:
    """``super().__enter__`` in a class that derives from a library's transaction: calling it opens that."""
    for base in linker.library_bases(receiver.klass):
        for opener in linker.at(base).openers:
            if "with" in opener.forms:
                key, dotted = (opener.family, "default"), receiver.klass.dotted
                opening = linker.atoms(Opening, opener, "default", key, False, opener.confidence, dotted, "custom", UNKNOWN, False)
                return (linker.atoms(ExtMethod, f"{opener.name}.{name}", opening, name),)
    return UNKNOWN


def _bind(linker: Linker, item: Atom, receiver: Atom, name: str) -> Atom:
    if isinstance(item, Fn) and item.receiver is None and item.fun.klass is not None:
        role = linker.decoration(item.fun).role
        if role != "static":
            return linker.atoms(Fn, item.fun, receiver)
    elif isinstance(item, Fn) and item.receiver is None and item.fun.id in linker.around_methods:
        return linker.atoms(Fn, item.fun, receiver)
    elif isinstance(item, Ext) and linker.catalog.library_class(item.name) is None:
        return linker.atoms(ExtMethod, item.name, receiver, name)
    return item
