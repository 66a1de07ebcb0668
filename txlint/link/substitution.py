"""What a call returns, in the caller's words: `result` and `substitute` put the receiver and the arguments in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from txlint.link.chosen import each_of, given_key
from txlint.link.generic import for_class
from txlint.link.keyed import Tag, class_tag, tag_of
from txlint.link.library import decorated
from txlint.link.opening import put_within
from txlint.link.project import Fun, Klass
from txlint.link.settled import as_flag, default_of
from txlint.link.values import (
    UNKNOWN,
    Atom,
    Chosen,
    Cls,
    Const,
    ExtObj,
    Fn,
    Many,
    Obj,
    Param,
    Part,
    SelfCls,
    SelfItem,
    SelfObj,
    Seq,
    Stored,
    Value,
    Within,
    union,
)

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.settled import Flags

_OPEN = frozenset({Chosen, Param, SelfObj, SelfItem, SelfCls, Many, Seq, ExtObj, Obj, Fn, Part, Within})
"""Atoms that say something in the words of the function that they come from."""


def result(linker: Linker, fun: Fun, klass: Klass | None, exact: bool, receiver: Atom | None = None) -> Value:
    """What a call returns, with the receiver put in for `self`."""
    value: Value = linker.replay(fun, klass, exact).returns
    if not value and fun.fact is not None and fun.fact.returns is not None:
        value = linker.annotation(fun.fact.returns, fun.module, fun.klass, fun.parent)
    if linker.has_generics:
        value = for_class(linker, value, klass, getattr(receiver, "item", UNKNOWN))
    return linker.substitute(value, receiver, {}) if receiver is not None else value


def substitute(linker: Linker, value: Value, receiver: Atom | None, arguments: dict[str, Value], fun: Fun | None = None) -> Value:
    """A callee's value in the words of the caller."""
    for atom in value:
        if type(atom) in _OPEN or (type(atom) is Stored and len(atom.place) > 3):
            break
    else:
        return value
    result: Value = UNKNOWN
    for atom in value:
        result = union(result, _substituted(linker, atom, receiver, arguments, fun))
    return result


def _substituted(linker: Linker, atom: Atom, receiver: Atom | None, arguments: dict[str, Value], fun: Fun | None) -> Value:
    if isinstance(atom, Param):
        if fun is not None and atom.fun is not fun:
            return (atom,)
        return arguments.get(atom.name, UNKNOWN)
    if isinstance(atom, Chosen):
        if fun is not None and atom.param.fun is not fun:
            return (atom,)
        found = each_of(linker, atom, lambda option: linker.substitute(option, receiver, arguments, fun))
        name = atom.param.name  # nothing is left to choose from where nothing is known of what an entry gives back
        key = arguments[name] if name in arguments else default_of(linker, fun, name) if fun is not None else UNKNOWN
        return tuple(each for chosen in found if isinstance(chosen, Chosen) for each in given_key(linker, chosen, key))
    if isinstance(atom, SelfObj):
        if isinstance(receiver, (Cls, SelfCls)):  # a factory: `return cls(..)`
            return (linker.instance(receiver.klass, isinstance(receiver, Cls)),)
        return (receiver,) if receiver is not None else (linker.instance(atom.klass, False),)
    if isinstance(atom, SelfItem):
        return linker.item_of(receiver) if receiver is not None else UNKNOWN
    if isinstance(atom, SelfCls):
        if receiver is None:
            return (linker.atoms(Cls, atom.klass),)
        if isinstance(receiver, (Cls, SelfCls)):
            return (receiver,)
        return (linker.atoms(Cls, receiver.klass),) if isinstance(receiver, Obj) else (atom,)
    if isinstance(atom, Stored):
        return (_under(linker, atom, arguments, fun),) if len(atom.place) > 3 and fun is not None else (atom,)
    if isinstance(atom, Many):
        return (linker.atoms(Many, linker.substitute(atom.item, receiver, arguments, fun)),)
    if isinstance(atom, Seq):
        return (linker.atoms(Seq, tuple(linker.substitute(i, receiver, arguments, fun) for i in atom.items)),)
    if isinstance(atom, ExtObj):
        item = linker.substitute(atom.item, receiver, arguments, fun)
        return (atom if item is atom.item else linker.atoms(ExtObj, atom.name, item, atom.origin),)
    if isinstance(atom, Obj):
        item = linker.substitute(atom.item, receiver, arguments, fun)
        flags = _flags(linker, atom, receiver, arguments, fun) if atom.flags else atom.flags
        if item is atom.item and flags == atom.flags:
            return (atom,)
        return (linker.atoms(Obj, atom.klass, atom.exact, item, atom.origin, flags),)
    if isinstance(atom, Fn):
        if fun is not None and atom.fun.parent is fun and (name := _hands_on(atom.fun, fun)):
            given = arguments.get(name, UNKNOWN)
            return given if any(type(each) is not ExtObj for each in given) else (atom,)
        if isinstance(atom.receiver, SelfObj):
            return (linker.atoms(Fn, atom.fun, receiver),) if receiver is not None else (atom,)
        return (atom,)
    if isinstance(atom, Part):
        part = linker.atoms(
            Part,
            linker.substitute(atom.func, receiver, arguments, fun),
            tuple(linker.substitute(v, receiver, arguments, fun) for v in atom.args),
            tuple((k, linker.substitute(v, receiver, arguments, fun)) for k, v in atom.keywords),
        )
        return decorated(linker, part) if part.args != atom.args else (part,)
    if isinstance(atom, Within):
        func = linker.substitute(atom.func, receiver, arguments, fun)
        return put_within(linker, func, atom.opening, atom.path, atom.pos, atom.function) if func != atom.func else (atom,)
    return (atom,)


def _under(linker: Linker, atom: Stored, arguments: dict[str, Value], fun: Fun) -> Atom:
    """What is kept under a key that the caller gives: ``hooks_of("paid")``, where that returns ``HOOKS[name]``."""
    asked = atom.place[3]
    if asked is not None and asked[0] == "path":
        key: Tag = ("path", tuple([_key_given(linker, each, arguments, fun) for each in asked[1]]))
    else:
        key = _key_given(linker, asked, arguments, fun)
    return linker.atoms(Stored, (*atom.place[:3], key, *atom.place[4:])) if key != asked else atom


def _key_given(linker: Linker, asked: Tag, arguments: dict[str, Value], fun: Fun) -> Tag:
    if asked is None or asked[0] not in ("param", "type", "of") or asked[1] != fun.id:
        return asked
    given = arguments[asked[2]] if asked[2] in arguments else default_of(linker, fun, asked[2])
    return class_tag(given) if asked[0] == "type" else tag_of(linker.attributes(given, asked[3]) if asked[0] == "of" else given)


def _hands_on(inner: Fun, outer: Fun) -> str:
    """The parameter of a function that one made in it does nothing but call: ``return lambda event: handler(event, **wanted)`` gives the
    handler with more arguments."""
    call = inner.returned_call if len(inner.body) == 1 and inner.fact is not None and not inner.fact.decorators else None
    if call is None or outer.fact is None or call[1] not in outer.fact.positional:
        return ""
    names = [param.name for param in inner.fact.params] if inner.fact is not None else []
    return "" if call[1] in names else str(call[1])


def _flags(linker: Linker, made: Obj, receiver: Atom | None, arguments: dict[str, Value], fun: Fun | None) -> Flags:
    """The flags of an instance in the words of the caller; what has none there falls away. What is not passed has its default."""
    found = []
    for name, atom in made.flags:
        value: Value = (atom,)
        if isinstance(atom, Param):
            is_given = atom.name in arguments or fun is not atom.fun
            value = linker.substitute((atom,), receiver, arguments, fun) if is_given else default_of(linker, atom.fun, atom.name)
        if len(value) == 1:
            flag = value[0] if isinstance(value[0], (Const, Param)) else as_flag(linker, made.klass, name, value[0])
            if flag is not None:
                found.append((name, flag))
    return tuple(found)
