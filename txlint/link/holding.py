"""What values hold: `item_of` a manager or an iterable, `items` when iterated over, `item_at` by subscript; `instance` and `with_item` make
instances that hold something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from txlint.catalog.types import parse_type
from txlint.link.chosen import each_of
from txlint.link.kept import CALLABLE, EACH, one_of
from txlint.link.project import Binding, Klass, Module
from txlint.link.values import (
    UNKNOWN,
    Atom,
    Chosen,
    ExtObj,
    Generated,
    Many,
    Obj,
    OneOf,
    Param,
    SelfItem,
    SelfObj,
    Seq,
    Stored,
    Table,
    Value,
    union,
)
from txlint.model.graph import NEW, STORED

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.settled import Flags


NAMED = "named"
"""Behind the key of a session that has it of the name under which it is kept."""


def instance(linker: Linker, klass: Klass, exact: bool, item: Value = UNKNOWN, origin: Any = None, flags: Flags = ()) -> Obj:
    return linker.atoms(Obj, klass, exact or not klass.subclasses, item, origin, flags)


def with_item(linker: Linker, atom: Atom, item: Value) -> Atom:
    if isinstance(atom, ExtObj):
        return linker.atoms(ExtObj, atom.name, item, atom.origin)
    if isinstance(atom, Obj):
        return linker.atoms(Obj, atom.klass, atom.exact, item, atom.origin, atom.flags)
    return atom


def row_of(atom: Atom | None) -> str | None:
    """Whether an instance stands for, or was given, a row in the database (`STORED`) or none yet (`NEW`); None where that is not known."""
    origin = getattr(atom, "origin", None)
    return origin if origin in (NEW, STORED) else None


def via(atom: Atom | None) -> Any:
    """The key of the session or connection that an object was made of, or of which it is the same; None where that is not known."""
    origin = getattr(atom, "origin", None)
    return origin[1] if origin.__class__ is tuple and origin[:1] == ("via",) else None


def is_kept(atom: Atom | None) -> bool:
    """Is it a session or connection that a module or class keeps, or something with one?"""
    origin = getattr(atom, "origin", None)
    return origin.__class__ is tuple and origin[-1] == NAMED


def kept_as(linker: Linker, value: Value, module: Module, binding: Binding, name: str) -> Value:
    """What a module, or the body of a class in it, keeps under a name: a session or connection has that for its key, whatever other
    names it gets; where it is bound to another name (``session = db.session``), that one."""
    if not linker.has_sessions or not any(_is_unnamed(linker, atom) for atom in value):
        return value
    full = linker.where_bound(module, binding[1]) if binding[0] == "value" and binding[1].__class__ is str else f"{module.name}.{name}"
    origin = ("via", ("session", "global", full), NAMED)
    return tuple(linker.atoms(ExtObj, a.name, a.item, origin) if _is_unnamed(linker, a) else a for a in value)  # type: ignore[attr-defined]


def _is_unnamed(linker: Linker, atom: Atom) -> bool:
    """Is it a session or connection that has no key yet, whatever it was made with?"""
    return type(atom) is ExtObj and (atom.origin is None or atom.origin[:1] == ("init",)) and linker.catalog.is_keyed(atom.name)


def of_row(linker: Linker, atom: Atom, row: str | None) -> Atom:
    """The same instance with its row known to be there, not to be there, or not known."""
    if isinstance(atom, (Obj, ExtObj)) and (atom.origin is None or row_of(atom) is not None):
        if isinstance(atom, Obj):
            return linker.atoms(Obj, atom.klass, atom.exact, atom.item, row, atom.flags)
        return linker.atoms(ExtObj, atom.name, atom.item, row)
    if type(atom) is OneOf:
        return linker.atoms(OneOf, tuple(of_row(linker, each, row) for each in atom.options))
    return atom


def item_of(linker: Linker, atom: Atom) -> Value:
    if isinstance(atom, ExtObj):
        return atom.item
    if isinstance(atom, Obj):
        return atom.item or class_item(linker, atom)
    if isinstance(atom, SelfObj):
        return class_item(linker, atom) or (linker.atoms(SelfItem),)
    if isinstance(atom, Many):
        return atom.item
    return UNKNOWN


def class_item(linker: Linker, atom: Obj | SelfObj) -> Value:
    """What instances of a class hold by what is said of the class: a form its ``Meta.model``, a manager the model that has it."""
    for base in linker.library_bases(atom.klass):
        kind = linker.catalog.library_class(base)
        if kind is not None and kind.item:
            return linker.typed(parse_type(kind.item), atom, (), {})
    for framework in linker.frameworks:
        value = framework.item(linker, atom.klass)
        if value is not None:
            return value
    return UNKNOWN


def items(linker: Linker, value: Value) -> Value:
    """What iterating over a value gives."""
    result: Value = UNKNOWN
    for atom in value:
        if isinstance(atom, Many):
            result = union(result, atom.item)
        elif isinstance(atom, Seq):
            for item in atom.items:
                result = union(result, item)
        elif isinstance(atom, (ExtObj, Obj, SelfObj)):
            result = union(result, _iterated(linker, atom))
        elif isinstance(atom, Stored):
            if atom.place[0] in ("global", "attr", EACH):
                result = union(result, (atom,))
            elif atom.place[0] == "param":
                result = union(result, (linker.atoms(Stored, (EACH, *atom.place[1:3])),))
        elif isinstance(atom, Param):
            if atom.fun.fact is not None and atom.fun.fact.name == "__init__":  # `self.steps = list(steps)`
                result = union(result, (linker.atoms(Stored, (EACH, atom.fun.id, atom.name)),))
        elif isinstance(atom, Chosen):
            result = union(result, each_of(linker, atom, linker.items))
        elif isinstance(atom, OneOf):
            result = union(result, one_of(linker, linker.items(atom.options)))
        elif isinstance(atom, Table):
            for key, _ in atom.items:
                result = union(result, (linker.atoms.const(key),))
        elif isinstance(atom, Generated):
            for _, yielded in linker.replay(atom.fun, getattr(atom.receiver, "klass", None), False).yields:
                result = union(result, tuple(a for a in yielded if not isinstance(a, Param)))
    return result


def _iterated(linker: Linker, atom: ExtObj | Obj | SelfObj) -> Value:
    """What a loop over an object gives: by the library that it is of, else what it holds."""
    for name in (atom.name,) if isinstance(atom, ExtObj) else linker.library_bases(atom.klass):
        method = linker.catalog.method(name, "__iter__")
        for entry in linker.at(method).returns if method is not None else ():
            if entry.type:
                return linker.typed(parse_type(entry.type), atom, (), {})
    return (linker.atoms(SelfItem),) if isinstance(atom, SelfObj) else atom.item


def _is_filled_with(item: Value, rest: Value) -> bool:
    """Is it a container in a table that is filled later, as the table itself is: so that what is put there is at the table's place?"""
    held = (item[0].rest if isinstance(item[0], Table) else getattr(item[0], "item", ())) if len(item) == 1 else ()
    inner, outer = held[0] if held else None, rest[0] if rest else None
    return isinstance(inner, Stored) and isinstance(outer, Stored) and inner.place[:3] == outer.place and len(inner.place) > 3


def item_at(linker: Linker, value: Value, position: Any, within: frozenset[Any] = frozenset()) -> Value:
    """What subscripting with a constant gives. ``within``: the places that are being looked at, as what is kept at one may hold itself."""
    result: Value = UNKNOWN
    for atom in value:
        if isinstance(atom, Seq):
            if isinstance(position, int) and -len(atom.items) <= position < len(atom.items):
                result = union(result, atom.items[position])
        elif isinstance(atom, Table):
            found = next((item for key, item in atom.items if key == position), None)
            if found is not None:
                result = union(result, found)
            elif position.__class__ is str and all(key.__class__ is str for key, _ in atom.items):
                result = union(result, atom.rest)
            else:
                for _, item in () if position is not None and any(type(a) is Stored for a in atom.rest) else atom.items[:16]:
                    if not _is_filled_with(item, atom.rest):
                        result = union(result, item)
                result = union(result, atom.rest)
        elif isinstance(atom, (Many, ExtObj, Obj)):
            result = union(result, linker.items((atom,)))
        elif isinstance(atom, Stored):
            inner = linker.kept(atom.place) if atom.place[0] in ("global", "attr") else UNKNOWN
            held: Value = (atom,)
            if any(isinstance(a, Seq) for a in inner) and atom.place not in within:
                held = linker.item_at(inner, position, within | {atom.place})
                with_key = len(atom.place) == 4 and atom.place[3] is not None
                if with_key and held and all(type(a) in CALLABLE or type(a) is Param for a in held):
                    held = (linker.atoms(Stored, (*atom.place, position)),)
                else:
                    held = one_of(linker, held)
            result = union(result, held if inner or atom.place[0] in ("global", "attr") else UNKNOWN)
        elif isinstance(atom, Chosen):
            result = union(result, each_of(linker, atom, lambda value: linker.item_at(value, position, within)))
        elif isinstance(atom, OneOf):
            result = union(result, one_of(linker, linker.item_at(atom.options, position, within)))
    return result
