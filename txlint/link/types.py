"""The catalog's type expressions as values: `typed` for what a call or attribute of a library gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from txlint.catalog.types import TypeExpr, parse_type
from txlint.frameworks.named import bound_to
from txlint.link import taught
from txlint.link.kept import one_of
from txlint.link.members import shared
from txlint.link.texts import text_of
from txlint.link.typehints import instances_of
from txlint.link.values import (
    CLASS,
    UNKNOWN,
    Atom,
    Cls,
    Const,
    Ext,
    ExtMethod,
    ExtObj,
    Fn,
    Many,
    Obj,
    OneOf,
    Param,
    SelfCls,
    SelfItem,
    SelfObj,
    Seq,
    Stored,
    Value,
    union,
)
from txlint.model.graph import NEW, STORED
from txlint.model.shapes import times

if TYPE_CHECKING:
    from txlint.link.linker import Linker


def typed(
    linker: Linker, expr: TypeExpr, receiver: Atom | None, args: tuple[Value, ...], keywords: dict[str | None, Value], origin: Any = None
) -> Value:
    """The value of a type expression of the catalog for one call."""
    op = expr.op
    if op == "instance":
        for framework in linker.name_values:
            stands_for = framework.name(linker, expr.name)
            if stands_for is not None:
                return instances_of(linker, stands_for)
        if linker.teaches and (mine := taught.own_class(linker, expr.name)):
            return instances_of(linker, mine)
        item = linker.typed(expr.args[0], receiver, args, keywords) if expr.args else UNKNOWN
        if not item:
            known = linker.catalog.library_class(expr.name)
            if known is not None and known.item:
                item = linker.typed(parse_type(known.item), receiver, args, keywords)
        return (linker.atoms(ExtObj, linker.catalog.canonical(expr.name), item, origin),)
    if op == "self":
        if receiver is None:
            return UNKNOWN
        if expr.args:
            return (linker.with_item(receiver, linker.typed(expr.args[0], receiver, args, keywords)),)
        return (receiver,)
    if op == "item":
        items = linker.item_of(receiver) if receiver is not None else UNKNOWN
        if origin is None:
            return items
        return tuple(linker.atoms(ExtObj, a.name, a.item, origin) if isinstance(a, ExtObj) and a.origin is None else a for a in items)
    if op == "class":
        for framework in linker.name_values:
            stands_for = framework.name(linker, expr.name)
            if stands_for is not None:
                return stands_for
        if linker.teaches and (mine := taught.own_class(linker, expr.name)):
            return mine
        if expr.args:
            item = linker.typed(expr.args[0], receiver, args, keywords)
            return (linker.atoms(ExtObj, linker.catalog.canonical(expr.name), item, CLASS),)
        return (linker.atoms(Ext, linker.catalog.canonical(expr.name)),)
    if op == "false":
        return (linker.atoms.const(False),)
    if op == "tuple":
        return (linker.atoms(Seq, tuple(linker.typed(part, receiver, args, keywords) for part in expr.args)),)
    if op == "arg":
        if expr.position is not None and expr.position < len(args):
            return args[expr.position]
        return keywords.get(expr.name, UNKNOWN) if expr.name else UNKNOWN
    if op == "init":
        origin = getattr(receiver, "origin", None)
        if isinstance(origin, tuple) and origin and origin[0] == "init":
            given: dict[str | None, Value] = dict(origin[2])
            positional: tuple[Value, ...] = origin[1]
            if expr.name in given:
                return given[expr.name]
            if expr.position is not None and expr.position < len(positional):
                return positional[expr.position]
        return UNKNOWN
    if op == "receivers":
        if not isinstance(receiver, (ExtObj, Obj, SelfObj)):
            return UNKNOWN  # `Signal.send(signal, ..)`
        names = linker.catalog.bases(receiver.name) if isinstance(receiver, ExtObj) else linker.library_bases(receiver.klass)
        sends = next((linker.signal_classes[name] for name in names if name in linker.signal_classes), None)
        if sends is None:
            return UNKNOWN
        return (linker.atoms(ExtMethod, sends, receiver, sends.rpartition(".")[2]),)
    if op == "attr":
        value = (receiver,) if receiver is not None else UNKNOWN
        for name in expr.name.split("."):
            value = linker.attributes(value, name)
        return value
    if op == "put":
        value = shared(linker, receiver.name, expr.name) if isinstance(receiver, ExtObj) else UNKNOWN
        return value if len(value) == 1 else UNKNOWN
    if op == "gives":
        return _given_by(linker, receiver, expr.name)
    if op == "new":
        new = linker.made(linker.typed(expr.args[0], receiver, args, keywords))
        return tuple(_shares(linker, atom, origin) for atom in new) if origin is not None else new
    if op == "holding":
        item = linker.typed(expr.args[1], receiver, args, keywords)
        classes = linker.typed(expr.args[0], receiver, args, keywords)
        own = tuple(linker.atoms(Obj, atom.klass, True, item, CLASS, ()) for atom in classes if isinstance(atom, Cls))
        return own or tuple(linker.atoms(ExtObj, atom.name, item, CLASS) for atom in classes if isinstance(atom, Ext))
    if op == "result":
        return _results(linker, linker.typed(expr.args[0], receiver, args, keywords))
    if op in ("stored", "unsaved"):
        origin = STORED if op == "stored" else NEW
        return tuple(linker.of_row(atom, origin) for atom in linker.typed(expr.args[0], receiver, args, keywords))
    if op == "setting":
        named = (framework.set_by(linker, expr.name) for framework in linker.frameworks)
        return next((each for each in named if each is not None), UNKNOWN)
    if op == "text":
        paths = [expr.name]
        if "*" in expr.name:
            passed = (text_of((atom,)) for atom in (args[0] if args else ()))
            paths = [expr.name.replace("*", text) for text in passed if text is not None]
        texts = [text for path in paths for framework in linker.frameworks for text in framework.may_hold(path)]
        return tuple(linker.atoms.const(text) for text in dict.fromkeys(texts))
    if op == "union":
        for part in expr.args[:-1]:
            value = linker.typed(part, receiver, args, keywords, origin)
            if value and not all(isinstance(a, ExtObj) and not linker.catalog.library_class(a.name) for a in value):
                return value
        return linker.typed(expr.args[-1], receiver, args, keywords, origin)
    if op == "owner":
        if isinstance(receiver, (Ext, Cls, SelfCls)):
            return linker.made((receiver,))
        return tuple(linker.atoms(Cls, atom.klass) for atom in linker.item_of(receiver) if isinstance(atom, Obj)) if receiver else UNKNOWN
    return UNKNOWN


def _results(linker: Linker, value: Value) -> Value:
    """What functions give, those in a tuple as well, as far as that does not depend on what they are called with."""
    result: Value = UNKNOWN
    for atom in value:
        if isinstance(atom, Fn):
            result = union(result, linker.result(atom.fun, getattr(atom.receiver, "klass", None), False, atom.receiver))
        elif isinstance(atom, Seq):
            for item in atom.items:
                result = union(result, _results(linker, item))
    return tuple(atom for atom in result if not isinstance(atom, Param))


def _shares(linker: Linker, atom: Atom, origin: Any) -> Atom:
    """A session that a maker gives, with the key of the transaction that it comes with."""
    if isinstance(atom, ExtObj) and atom.origin is None:
        return linker.atoms(ExtObj, atom.name, atom.item, origin)
    if isinstance(atom, Obj) and atom.origin is None:
        return linker.atoms(Obj, atom.klass, atom.exact, atom.item, origin, atom.flags)
    return atom


def _given_by(linker: Linker, receiver: Atom | None, name: str) -> Value:
    """What a method of the project gives that a library asks: ``get_serializer_class``. Of several, which depends; what a registry has is
    no answer."""
    result: Value = UNKNOWN
    if isinstance(receiver, (Obj, SelfObj)):
        for method in linker.attributes((receiver,), name):
            if isinstance(method, Fn):
                result = union(result, linker.result(method.fun, receiver.klass, receiver.exact, receiver))
    return _known(linker, result)


def _known(linker: Linker, value: Value) -> Value:
    known = tuple(atom for atom in value if not isinstance(atom, (OneOf, Param, Stored)))
    return known if len(known) < 2 else one_of(linker, known)


def given_where(linker: Linker, receiver: SelfObj, name: str, attribute: str, value: Value) -> Value:
    """What such a method gives where an attribute of the receiver that it speaks of has another value; nothing where it speaks of none."""
    result: Value = UNKNOWN
    before = linker.attributes((receiver,), attribute)
    for method in linker.attributes((receiver,), name):
        if isinstance(method, Fn) and method.fun.fact is not None and method.fun.fact.params:
            if times(method.fun.body, f"{method.fun.fact.params[0].name}.{attribute}"):
                gives = linker.result(method.fun, receiver.klass, receiver.exact, receiver)
                result = union(result, union(tuple(atom for atom in gives if atom not in before), value))
    return _known(linker, result)


def passed_by_library(linker: Linker, receiver: Atom, method: str, parameter: str) -> Value:
    """What a library passes for a parameter when it calls a method of the receiver."""
    klass = getattr(receiver, "klass", None)
    bases = linker.mro(klass) if klass is not None else linker.catalog.bases(receiver.name) if isinstance(receiver, ExtObj) else ()
    for base in bases:
        if isinstance(base, str):
            text = linker.catalog.parameter_type(base, method, parameter)
            if text is not None:
                return linker.typed(parse_type(text), receiver, (), {})
    return UNKNOWN


def made(linker: Linker, value: Value) -> Value:
    """Instances of the classes in a value, also of those that a constant names by a dotted path; of managers and querysets, their items;
    instances stay what they are."""
    result: Value = UNKNOWN
    for atom in value:
        if isinstance(atom, (Cls, SelfCls)):
            result = union(result, (linker.instance(atom.klass, type(atom) is Cls),))
        elif isinstance(atom, (Seq, Many)):
            result = union(result, linker.made(linker.items((atom,))))
        elif isinstance(atom, ExtObj):
            result = union(result, atom.item if atom.origin is not CLASS else (linker.atoms(ExtObj, atom.name, atom.item, None),))
        elif isinstance(atom, Obj) and atom.origin is CLASS:
            result = union(result, (linker.instance(atom.klass, True, atom.item),))
        elif isinstance(atom, Obj):
            result = union(result, atom.item or (atom,))
        elif isinstance(atom, SelfItem):
            result = union(result, (atom,))
        elif isinstance(atom, Ext):
            result = union(result, (linker.atoms(ExtObj, atom.name, UNKNOWN, None),))
        elif type(atom) is OneOf:
            result = union(result, one_of(linker, linker.made(atom.options)))
        elif isinstance(atom, Const) and isinstance(atom.value, str) and "." in atom.value:
            result = union(result, _made_by_name(linker, atom.value))
    return result


def _made_by_name(linker: Linker, dotted: str) -> Value:
    """An instance of a class of the project's own, or of one of a library that the catalog knows."""
    dotted = linker.catalog.canonical(dotted)
    if linker.catalog.library_class(dotted) is not None:
        return (linker.atoms(ExtObj, dotted, UNKNOWN, None),)
    return linker.made(tuple(atom for atom in bound_to(linker, dotted) if isinstance(atom, Cls)))
