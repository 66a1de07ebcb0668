"""Under which key something is kept: `key_of` an expression, `entries` of a place with their keys.

A key is ``("const", value)``, ``("class", class number)`` (the class itself, or that of the very object whose ``type()`` is asked for), or
that of whoever calls: ``("param", function number, name)``, ``("type", function number, name)`` for the class of what is passed,
``("each", function number, name)`` for any item of what is passed (``for name in names: registry[name] = func``). A function
that a decorator's factory keeps, or that is handed over beside its key, has the key that was passed in the same call. None: not known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from txlint.link.values import Atom, Cls, Const, Fn, Obj, OneOf, Param, SelfCls, SelfObj, Seq, Stored, Value
from txlint.model.facts import Expr
from txlint.model.graph import NO_CLASS

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.project import Fun, Klass
    from txlint.link.replay import Frame

Tag: TypeAlias = tuple[Any, ...] | None
Ref: TypeAlias = Any
"""Whose key it is: `ITS_OWN`, in a container; ``(function number, name)``, the argument for that parameter."""

ITS_OWN = "[]"
_METACLASSES = frozenset({"builtins.type", "abc.ABCMeta"})
_CONCRETE = frozenset({"const", "class"})
_PASSED = frozenset({"param", "each"})


def key_of(frame: Frame, expr: Expr, value: Value) -> Tag:
    """The key that an expression is, by its value."""
    asked = None
    if expr.__class__ is str:
        asked = expr.removesuffix(".__class__") if expr.endswith(".__class__") else None
    elif expr[0] == "call" and expr[1] == "type" and len(expr[2]) == 1:
        asked = expr[2][0]
    if asked is None:
        return (_item_of(frame, expr) if frame.loops else None) or tag_of(value)
    return class_tag(frame.ev(asked))


def _item_of(frame: Frame, expr: Expr) -> Tag:
    """The key that a name is which a loop around binds to the items of what the function, or one around it, is passed."""
    from txlint.link.uses import uses_of

    loop = next((stmt for stmt, _ in reversed(frame.loops) if stmt[0] == "for" and stmt[1] == expr), None)
    fun: Fun | None = frame.fun if loop is not None and loop[2].__class__ is str else None
    while loop is not None and fun is not None and fun.fact is not None:
        if loop[2] in fun.scope:
            is_passed = any(param.name == loop[2] for param in fun.fact.params) and not uses_of(frame.linker, fun, loop[2]).bindings
            return ("each", fun.id, loop[2]) if is_passed else None
        fun = fun.parent
    return None


def class_tag(value: Value) -> Tag:
    """The key that the class of a value is."""
    for atom in value:
        if isinstance(atom, Param):
            return ("type", atom.fun.id, atom.name)
    made = value[0] if len(value) == 1 else None
    return ("class", made.klass.id) if isinstance(made, Obj) and made.exact else None


def tag_of(value: Value) -> Tag:
    """The key that a value is."""
    for atom in value:
        if isinstance(atom, Param):
            return ("param", atom.fun.id, atom.name)
    only = value[0] if len(value) == 1 else None
    if isinstance(only, Const) and isinstance(only.value, (str, int)):
        return ("const", only.value)
    return ("class", only.klass.id) if isinstance(only, Cls) else None


def tag_passed(caller: Fun, given: tuple[Any, ...]) -> Tag:
    """The key that a call passes, by what is known of the argument (`Passed.values`)."""
    match given[0]:
        case "param":
            return ("param", caller.id, given[1])
        case "outer":
            return ("param", given[1], given[2])
        case "is":
            return ("class", given[1])
        case "const" if isinstance(given[1], (str, int)):
            return given
    return None


def beside(fun: Fun, bound: Mapping[str, Value], name: str, whole: bool) -> dict[Ref, tuple[Tag, ...]]:
    """What is passed in the same call beside one argument, as keys, of a list those of its items; the defaults of what is not passed, where
    the call is known as a ``whole``."""
    keys: dict[Ref, tuple[Tag, ...]] = {(fun.id, other): _tags_of(value) for other, value in bound.items() if other != name}
    for param in fun.fact.params if whole and fun.fact is not None else ():
        default = param.default
        if param.name not in bound and default.__class__ is tuple and default[0] == "const":
            if isinstance(default[1], (str, int)):
                keys[fun.id, param.name] = (default,)
    return keys


def _tags_of(value: Value) -> tuple[Tag, ...]:
    listed = value[0] if len(value) == 1 else None
    if not isinstance(listed, Seq):
        return (tag_of(value),)
    return tuple([tag_of((atom,)) for item in listed.items for atom in item]) if all(listed.items) else (None,)


def keep(linker: Linker, place: Any, atoms: Iterable[Atom], keys: Mapping[Ref, tuple[Tag, ...]]) -> None:
    """Notes with which keys something was put at a place. Who has asked what is passed together there is told of what is new."""
    for atom in atoms:
        known = linker.keys.setdefault((place, atom), {})
        for ref, given in keys.items():
            tags = known.setdefault(ref, {})
            for tag in given:
                if tag in tags:
                    continue
                tags[tag] = None
                if place in linker.told_together:
                    linker.stale.setdefault(place[1], set()).add(NO_CLASS)


def with_key(linker: Linker, value: Value, tag: Tag) -> Value:
    """What is read from a container under a key."""
    if tag is None:
        return value
    return tuple(
        linker.atoms(Stored, (*atom.place[:3], tag))
        if isinstance(atom, Stored) and atom.place[0] in ("global", "attr") and len(atom.place) < 5
        else atom
        for atom in value
    )


def entries(linker: Linker, place: Any, ref: Ref = ITS_OWN) -> dict[tuple[Atom, Tag], None]:
    """What is kept at a place, each with its key. A place that it leads to is looked at once for each key that holds on the way there,
    as the ways between places are without number."""
    found: dict[tuple[Atom, Tag], None] = {}
    waiting: list[tuple[Any, Ref, Tag]] = [(place[:3], ref, None)]
    seen = set(waiting)
    while waiting:
        at, asks, above = waiting.pop()
        onward: list[tuple[Any, Ref, Tag]] = []
        for atom in tuple(linker.stores.get(at, ())):
            for tag in tuple(linker.keys.get((at, atom), {}).get(asks) or (None,)):
                key = above or (tag if tag is not None and tag[0] in _CONCRETE else None)
                for part in parts(atom, place):
                    inner = place_of(part)
                    if inner is not None:
                        if inner[0] == "made":  # told apart by the classes of which it is made
                            inner = ("param", *inner[1:])
                        onward.append((inner[:3], tag[1:] if tag is not None and tag[0] in _PASSED else None, key))
                    else:
                        for made in stands_for(linker, part):
                            found[made, key or _of_keyword(linker, made, tag)] = None
        for step in reversed(onward):
            if step not in seen:
                seen.add(step)
                waiting.append(step)
    return found


def parts(atom: Atom, place: Any) -> Sequence[Atom]:
    """What was put somewhere; of a tuple, what stands where a place asks for, which has that behind its key."""
    if len(place) > 4 and isinstance(atom, Seq):
        return atom.items[place[4]] if -len(atom.items) <= place[4] < len(atom.items) else ()
    return (atom,)


def place_of(atom: Atom) -> tuple[Any, ...] | None:
    """The place that something stands for which was put at another one: what is there is meant."""
    if isinstance(atom, Param):
        return ("param", atom.fun.id, atom.name)
    return atom.place if isinstance(atom, Stored) else None


def stands_for(linker: Linker, atom: Atom) -> Sequence[Atom]:
    """What it is that was put somewhere: of a class that registers itself, whatever class does so."""
    if isinstance(atom, OneOf):
        return atom.options
    if isinstance(atom, SelfCls):
        # Whatever class runs it: `__init_subclass__`, a class method that registers its class.
        return [linker.atoms(Cls, klass) for klass in atom.klass.subclasses or [atom.klass]]
    if isinstance(atom, Fn) and isinstance(atom.receiver, SelfObj):
        return (linker.atoms(Fn, atom.fun, linker.instance(atom.receiver.klass, False)),)
    if isinstance(atom, Obj) and any(base in _METACLASSES for base in linker.library_bases(atom.klass)):
        return [linker.atoms(Cls, klass) for klass in _made_by(linker, atom.klass)]
    return (atom,)


def _made_by(linker: Linker, metaclass: Klass) -> list[Klass]:
    """The classes that a metaclass makes: those that name it, and all that derive from them."""
    known = linker.made_by
    if known is None:
        known = linker.made_by = {}
        for klass in linker.project.klasses:
            for name, expr in klass.fact.keywords:
                for atom in linker.value(expr, klass.module, klass.parent) if name == "metaclass" else ():
                    if isinstance(atom, Cls):
                        for made in (klass, *klass.subclasses):
                            known.setdefault(atom.klass.id, {})[made.id] = made
    found = dict(known.get(metaclass.id, {}))
    for sub in metaclass.subclasses:
        found.update(known.get(sub.id, {}))
    return list(found.values())


def _of_keyword(linker: Linker, made: Atom, tag: Tag) -> Tag:
    """The key that a class gives by a keyword of its statement: ``class Mail(Base, kind="mail")``."""
    if tag is None or tag[0] != "param" or not isinstance(made, Cls):
        return None
    fact = linker.project.funs[tag[1]].fact
    if fact is None or fact.name != "__init_subclass__":
        return None
    given = next((expr for name, expr in made.klass.fact.keywords if name == tag[2]), None)
    return tag_of(linker.value(given, made.klass.module, made.klass.parent)) if given is not None else None


def fits(key: Tag, wanted: Tag) -> bool:
    """May what has this key be what is asked for?"""
    return key is None or wanted is None or wanted[0] not in _CONCRETE or key == wanted
