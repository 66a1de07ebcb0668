"""Under which key something is kept: `key_of` an expression, `entries` of a place with their keys.

A key is ``("const", value)``, ``("class", class number)`` (the class itself, or that of the very object whose ``type()`` is asked for), or
that of whoever calls: ``("param", function number, name)``, ``("type", function number, name)`` for the class of what is passed,
``("of", function number, name, attribute)`` for an attribute of it (``get(cls.slug)``),
``("each", function number, name)`` for any item of what is passed (``for name in names: registry[name] = func``),
``("classes", function number, name)`` for the class of any of these (``for event in events: handlers[type(event)]``); of what is kept
itself,
``("own", attribute)``; or several together, ``("tuple", keys)``, or one after the other, ``("path", keys)`` of a container in a
container; the last of these may be left out. A function that a decorator's factory keeps, or that is handed over beside
its key, has the key that was passed in the same call. None: not known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, product
from typing import TYPE_CHECKING, Any, TypeAlias

from txlint.link.values import Atom, Cls, Const, Fn, Obj, OneOf, Param, SelfCls, SelfObj, Seq, Stored, Value
from txlint.model.facts import Expr
from txlint.model.graph import NO_CLASS
from txlint.model.shapes import last_name

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
_EACH = "each"
SEVERAL = frozenset({"path", "tuple"})
CLASSES = "classes"
_MOST_TOGETHER = 16
"""Combinations of the parts of one key that are told apart, in one step and at one place."""


def key_of(frame: Frame, expr: Expr, value: Value) -> Tag:
    """The key that an expression is, by its value."""
    asked = None
    if expr.__class__ is tuple and expr[0] == "tuple" and len(value) == 1 and isinstance(value[0], Seq):
        return _together([key_of(frame, part, of) for part, of in zip(expr[1], value[0].items, strict=False)])
    if expr.__class__ is str:
        asked = expr.removesuffix(".__class__") if expr.endswith(".__class__") else None
    elif expr[0] == "call" and expr[1] == "type" and len(expr[2]) == 1:
        asked = expr[2][0]
    if asked is None:
        return (_item_of(frame, expr) if frame.loops else None) or tag_of(value)
    tag = class_tag(frame.ev(asked))
    if tag is None and frame.loops and (each := _item_of(frame, asked)) is not None and each[1] == frame.fun.id:
        return (CLASSES, *each[1:])
    return tag


def by_attributes(frame: Frame, value: Value, fun: Fun, given: Mapping[str, Expr], bound: Mapping[str, Value]) -> Value:
    """What a function gives by a key that it is passed, where that is an attribute of what is passed here: ``self.get(cls.slug)``."""
    found: list[Atom] = []
    for atom in value:
        place: tuple[Any, ...] = atom.place if isinstance(atom, Stored) else ()
        tag = place[3] if len(place) > 3 else None
        expr = given.get(tag[2]) if tag is not None and tag[:2] == ("param", fun.id) and len(bound.get(tag[2], ())) != 1 else None
        head, _, attribute = expr.partition(".") if expr.__class__ is str else ("", "", "")
        if attribute and "." not in attribute and frame.is_param(head):
            atom = frame.linker.atoms(Stored, (*place[:3], ("of", frame.fun.id, head, attribute), *place[4:]))
        found.append(atom)
    return tuple(found)


def _item_of(frame: Frame, expr: Expr) -> Tag:
    """The key that a name is which a loop around binds to the items of what the function, or one around it, is passed."""
    from txlint.link.uses import uses_of

    loop = next((stmt for stmt, _ in reversed(frame.loops) if stmt[0] == "for" and stmt[1] == expr), None)
    fun = frame.fun.owner_of(loop[2]) if loop is not None and loop[2].__class__ is str else None
    if loop is None or fun is None or fun.fact is None:
        return None
    is_passed = any(param.name == loop[2] for param in fun.fact.params) and not uses_of(frame.linker, fun, loop[2]).bindings
    return (_EACH, fun.id, loop[2]) if is_passed else None


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
    if isinstance(only, Seq):
        return _together([tag_of(item) for item in only.items])
    return ("class", only.klass.id) if isinstance(only, Cls) else None


def _together(tags: Sequence[Tag]) -> Tag:
    return ("tuple", tuple(tags)) if any(tag is not None for tag in tags) else None


def own_key(container: Any, source: Any) -> Tag:
    """The key in the name of a container under which something is put that has it as an attribute: ``known[plugin.slug] = plugin``,
    ``known[cls.slug] = cls()``, ``known[handler.kind].append(handler)``."""
    if container.__class__ is not tuple:
        return None
    index = container[2] if container[0] == "sub" else None
    if container[0] == "call" and last_name(container[1]) == "setdefault" and container[2]:
        index = container[2][0]
    if source.__class__ is tuple and source[0] == "call":
        source = source[1]
    if index.__class__ is not str or source.__class__ is not str or not index.startswith(f"{source}."):
        return None
    attribute = index[len(source) + 1 :]
    return ("own", attribute) if "." not in attribute else None


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


def beside(linker: Linker, fun: Fun, bound: Mapping[str, Value], name: str, whole: bool) -> dict[Ref, tuple[Tag, ...]]:
    """What is passed in the same call beside one argument, as keys, of a list also those of its items; the defaults of what is not passed,
    where the call is known as a ``whole``."""
    keys: dict[Ref, tuple[Tag, ...]] = {}
    for other, value in bound.items():
        if other != name:
            keys[fun.id, other] = (tag_of(value),)
            if len(value) == 1 and isinstance(value[0], Seq):
                keys[fun.id, other, _EACH] = _tags_of_items(value[0])
    for param in fun.fact.params if whole and fun.fact is not None else ():
        if param.name not in bound and param.default is not None:
            default = param.default
            is_plain = default.__class__ is str or default[0] == "const"
            tag = tag_of(linker.value(default, fun.module, fun.parent)) if is_plain else None
            if tag is not None and tag[0] in _CONCRETE:
                keys[fun.id, param.name] = (tag,)
    return keys


def _tags_of_items(listed: Seq) -> tuple[Tag, ...]:
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
        linker.atoms(Stored, (*atom.place[:3], _behind(atom.place, tag)))
        if isinstance(atom, Stored) and atom.place[0] in ("global", "attr") and len(atom.place) < 5
        else atom
        for atom in value
    )


def _behind(place: Any, tag: Tag) -> Tag:
    """A key in the container that is at a place, which may have a key itself."""
    outer = place[3] if len(place) > 3 else None
    return tag if outer is None else ("path", (*(outer[1] if outer[0] == "path" else (outer,)), tag))


def entries(linker: Linker, place: Any, ref: Ref = ITS_OWN) -> dict[tuple[Atom, Tag], None]:
    """What is kept at a place, each with its key. A place that it leads to is looked at once for each key that holds on the way there,
    as the ways between places are without number. While all places are told one after the other, many ask for the same one."""
    if linker.entries is None:
        return _entries(linker, place, ref)
    asked = (place[:3], place[4:], ref)
    known = linker.entries.get(asked)
    if known is None or known[0] != linker.puts:
        found = _entries(linker, place, ref)
        known = linker.entries[asked] = (linker.puts, found)
    return known[1]


def _entries(linker: Linker, place: Any, ref: Ref) -> dict[tuple[Atom, Tag], None]:
    found: dict[tuple[Atom, Tag], None] = {}
    waiting: list[tuple[Any, Tag]] = [(place[:3], ("param", *ref) if ref is not ITS_OWN else (ITS_OWN,))]
    seen = set(waiting)
    together: Counter[Any] = Counter()  # by place: with how many keys of several parts it has been asked for
    while waiting:
        at, asked = waiting.pop()
        onward: list[tuple[Any, Tag]] = []
        for atom in (*linker.stores.get(at, ()), *(passed(linker, at) if at != place[:3] else ())):
            for tag in _answers(linker.keys.get((at, atom), {}), asked):
                for part in parts(atom, place):
                    inner = place_of(part)
                    if inner is not None:
                        if inner[0] == "made":  # told apart by the classes of which it is made
                            inner = ("param", *inner[1:])
                        onward.append((inner[:3], tag))
                    else:
                        for made in stands_for(linker, part):
                            found[made, _settled(linker, made, tag)] = None
        for step in reversed(onward):
            if step[1] is not None and step[1][0] in SEVERAL and step not in seen:
                together[step[0]] += 1
                if together[step[0]] > _MOST_TOGETHER:
                    step = (step[0], None)
            if step not in seen:
                seen.add(step)
                waiting.append(step)
    return found


def passed(linker: Linker, place: Any) -> Iterable[Atom]:
    """What callers pass besides callables, where the place is of an argument; for a method's, also to those of classes below."""
    if place[0] != "param":
        return
    klass = linker.project.funs[place[1]].klass
    holders = (klass, *klass.subclasses) if klass is not None else ()
    for number in (NO_CLASS, *(each.id for each in holders)):
        yield from linker.params.get((place[1], place[2], number), ())


def _answers(known: Mapping[Ref, Mapping[Tag, None]], asked: Tag) -> Iterable[Tag]:
    """The keys with which something was put at a place, of those that are asked for: what has been said is itself."""
    if asked is None:
        return (None,)
    if asked[0] in SEVERAL:
        ways = product(*[_answers(known, part) for part in asked[1]])
        return [(asked[0], parts) for parts in islice(ways, _MOST_TOGETHER)]
    if asked[0] == _EACH:
        return tuple(known.get((*asked[1:], _EACH)) or (None,))
    if asked[0] in ("param", ITS_OWN):
        return tuple(known.get(asked[1:] or ITS_OWN) or (None,))
    return (asked,)


def _settled(linker: Linker, made: Atom, tag: Tag) -> Tag:
    """The key of what has been found in the end; None where it is still somebody else's to say."""
    if tag is None or tag[0] in _CONCRETE:
        return tag
    if tag[0] in SEVERAL:
        parts = tuple([_settled(linker, made, part) for part in tag[1]])
        return _together(parts) if tag[0] == "tuple" else ("path", parts)
    return _own(linker, made, tag[1]) if tag[0] == "own" else _of_keyword(linker, made, tag)


def _own(linker: Linker, made: Atom, attribute: str) -> Tag:
    """The key that an attribute of something is: of a class, of an instance whose very class is known, the name of a function."""
    if isinstance(made, Fn):
        return ("const", made.fun.fact.name) if attribute == "__name__" and made.fun.fact is not None else None
    if not isinstance(made, Cls) and not (isinstance(made, Obj) and made.exact):
        return None
    given = dict(made.flags).get(attribute) if isinstance(made, Obj) else None
    tag = tag_of((given,) if given is not None else linker.attribute(made, attribute))
    return tag if tag is not None and tag[0] in _CONCRETE else None


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
    """May what has this key be what is asked for? Of a path all that lies behind it."""
    if key is not None and wanted is not None and "path" in (key[0], wanted[0]):
        return all(map(fits, *(each[1] if each[0] == "path" else (each,) for each in (key, wanted))))
    if key is not None and wanted is not None and key[0] == wanted[0] == "tuple" and len(key[1]) == len(wanted[1]):
        return all(map(fits, key[1], wanted[1]))
    return key is None or wanted is None or wanted[0] not in _CONCRETE or key == wanted
