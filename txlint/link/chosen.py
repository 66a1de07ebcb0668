"""What a table of functions has under a key that is no one constant: `entry_of` it, `tests_of` the key that the caller gives.

``HANDLERS[event]``, ``HANDLERS.get(event)``, and a local name for either: where `event` is a parameter, each function is called where that
is its key. `kept_under` is the same of what is put into a container piece by piece, by constants or classes. `each_of` keeps the keys with
what is made of the entries (an attribute, an item, an instance); `given_key` puts in what a caller passes."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from txlint.link.kept import CALLABLE, MOST_KEPT, kept, options
from txlint.link.keyed import CLASSES, SEVERAL, Tag, entries, fits
from txlint.link.values import UNKNOWN, Atom, Chosen, Cls, Const, Ext, Many, Obj, OneOf, Param, Seq, Stored, Table, Value
from txlint.model.graph import KEY, Test

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.replay import Frame

Keys: TypeAlias = tuple[Any, ...] | None
"""The keys under which something stands; None where they are not known."""


def is_table(base: Value) -> bool:
    """Is it a table of several functions, classes or instances, of the names by which they are imported, or of lists or tables of these?"""
    table = base[0] if base else None
    if type(table) is not Table or len(base) > 1 or len(table.items) < 2:
        return False
    return any(_can_be_called(item) for _, item in table.items)


def lists_keys(base: Value, index: Value) -> bool:
    """Is it a table of tuples of constants, asked for one that a caller names: ``for name in ROUTES[event]``?"""
    table = base[0] if len(base) == 1 else None
    if type(table) is not Table or not any(isinstance(atom, Param) for atom in index):
        return False
    listed = [atom for _, item in table.items for atom in item]
    return bool(listed) and all(isinstance(atom, Seq) and all(_is_constant(item) for item in atom.items) for atom in listed)


def _is_constant(value: Value) -> bool:
    return len(value) == 1 and isinstance(value[0], Const)


def _can_be_called(value: Value) -> bool:
    for atom in value:
        if _is_called(atom):
            return True
        inner = atom.items if isinstance(atom, Seq) else (atom.item,) if isinstance(atom, Many) else ()
        if isinstance(atom, Table):
            inner = tuple([item for _, item in atom.items])
        if any(_is_called(each) for item in inner for each in item):
            return True
    return False


def _is_called(atom: Atom) -> bool:
    """Is it something to call or to call methods of, or a word by which such is imported: ``"shop.tellers.WebTeller"``?"""
    if isinstance(atom, Const):
        return isinstance(atom.value, str) and "." in atom.value and atom.value.replace(".", "_").isidentifier()
    return type(atom) in CALLABLE or type(atom) is Obj


def entry_of(linker: Linker, table: Table, key: Value) -> Value:
    """What a table has under a key: by what the caller gives, under any of several constants, or any of it."""
    held: list[tuple[Atom, Keys]] = [(atom, (name,)) for name, item in table.items for atom in item]
    held.extend((atom, None) for atom in table.rest)
    return _under(linker, held, key, KEY)


def kept_under(linker: Linker, atom: Stored) -> Chosen | None:
    """What is kept under a key that the caller gives, as a choice; None where the keys are not of one kind."""
    asked = atom.place[3] if len(atom.place) > 3 else None
    if asked is None or asked[0] not in ("param", *_OF_CLASSES, *SEVERAL):
        return None
    under: dict[Atom, list[Tag]] = {}
    for other, tag in entries(linker, atom.place):
        if fits(tag, asked):
            under.setdefault(other, []).append(tag)
            if isinstance(other, Cls):  # `handlers[kind] = cls()`
                under.setdefault(linker.instance(other.klass, True), []).append(tag)
    wanted = asked[1] if asked[0] in SEVERAL else (asked,)
    held = [(each, _parts(tag, len(wanted))) for each in options(linker, atom) for tag in under.get(each, (None,))]
    return _by_parts(linker, held, wanted)


_OF_CLASSES = ("type", CLASSES)


def _parts(tag: Tag, number: int) -> tuple[Tag, ...]:
    if tag is not None and tag[0] in SEVERAL and len(tag[1]) == number:
        return tag[1]  # type: ignore[no-any-return]
    return (tag,) if number == 1 else (None,) * number


def _by_parts(linker: Linker, held: Sequence[tuple[Atom, tuple[Tag, ...]]], wanted: tuple[Tag, ...], at: int = 0) -> Chosen | None:
    """A choice by the first part of a key that the caller gives, among choices by those behind it."""
    for place, asked in enumerate(wanted[at:], at):
        kinds = {part[0] for _, parts in held if (part := parts[place]) is not None and part[0] in ("const", "class")}
        kind = kinds.pop() if len(kinds) == 1 else None
        if kind is None or asked is None or asked[0] not in ("param", *_OF_CLASSES) or (kind == "const" and asked[0] in _OF_CLASSES):
            continue
        by_key: dict[Any, list[tuple[Atom, tuple[Tag, ...]]]] = {}
        for each in held:
            part = each[1][place]
            by_key.setdefault(part[1:] if part is not None and part[0] == kind else None, []).append(each)
        found: dict[Atom, Keys] = {}
        for keys, those in by_key.items():
            inner = _by_parts(linker, those, wanted, place + 1)
            for atom in dict.fromkeys(atom for atom, _ in those) if inner is None else (inner,):
                _add(found, atom, keys)
        param = linker.atoms(Param, linker.project.funs[asked[1]], asked[2])
        op = "in" if kind == "const" else "item" if asked[0] == CLASSES else "class"
        return linker.atoms(Chosen, tuple(found), tuple(found.values()), param, op)
    return None


def each_of(linker: Linker, chosen: Chosen, of: Callable[[Value], Value]) -> Value:
    """The same choice among what is made of each entry."""
    found: dict[Atom, Keys] = {}
    for option, keys in zip(chosen.options, chosen.keys, strict=True):
        for atom in of((option,)):
            _add(found, atom, keys)
    return _choice(linker, found, chosen.param, chosen.op)


def without(linker: Linker, value: Value, refused: Container[Atom]) -> Value:
    """What is left of choices without some of the options; perhaps nothing can be chosen."""
    if len(value) == 1 and isinstance(value[0], Stored) and (chosen := kept_under(linker, value[0])) is not None:
        return each_of(linker, chosen, lambda option: () if option[0] in refused else option)
    left: dict[Atom, None] = {}
    for atom in value:
        for option in options(linker, atom) if isinstance(atom, (OneOf, Stored)) else (atom,):
            passed = kept(linker, ("param", option.fun.id, option.name)) if isinstance(option, Param) else ()
            left.update((each, None) for each in passed or (option,) if each not in refused)
    return (linker.atoms(OneOf, tuple(left)),)


def given_key(linker: Linker, chosen: Chosen, key: Value) -> Value:
    """What is chosen where a caller passes this as the key."""
    return _under(linker, zip(chosen.options, chosen.keys, strict=True), key, chosen.op)


def _under(linker: Linker, held: Iterable[tuple[Atom, Keys]], key: Value, op: str) -> Value:
    params = [atom for atom in key if isinstance(atom, Param)]
    given = {found for atom in key for found in _given(linker, atom, op)}
    is_known = bool(given) and all(_given(linker, atom, op) for atom in key)
    found: dict[Atom, Keys] = {}
    for atom, keys in held:
        under = tuple(each for each in keys if each in given) if is_known and keys is not None else keys
        if under is None or under:
            _add(found, atom, under)
    return _choice(linker, found, params[0], op) if len(params) == 1 and not given else tuple(found)[:MOST_KEPT]


def passed_classes(linker: Linker, param: Param, told: Value) -> Value:
    """What callers pass, with the classes of libraries among it as a choice: which of them it is, each caller says."""
    classes = tuple([a for a in told if type(a) is Ext and linker.catalog.library_class(a.name) is not None])
    if not classes:
        return told
    keys = tuple([(linker.number_of(each.name),) for each in classes])
    return (*(atom for atom in told if atom not in classes), linker.atoms(Chosen, classes, keys, param, "class"))


def _given(linker: Linker, atom: Atom, op: str) -> tuple[Any, ...]:
    """The key that an argument is."""
    if op == "class":
        if isinstance(atom, Ext):
            return (linker.number_of(atom.name),)
        return (atom.klass.id,) if isinstance(atom, Cls) or (isinstance(atom, Obj) and atom.exact) else ()
    return (atom.value,) if isinstance(atom, Const) and op != "item" else ()


def tests_of(frame: Frame, chosen: Chosen) -> Iterator[tuple[Atom, tuple[Test, ...]]]:
    """The entries, each with what the function's argument has to be for it to be chosen."""
    name, fun = chosen.param.name, chosen.param.fun
    is_own = fun is frame.fun and frame.is_param(name)
    for option, keys in zip(chosen.options, chosen.keys, strict=True):
        yield option, (Test(name, chosen.op, keys, True),) if is_own and keys is not None else ()


def _add(found: dict[Atom, Keys], atom: Atom, keys: Keys) -> None:
    known = found.get(atom, ())
    found[atom] = (*known, *keys) if known is not None and keys is not None else None


def _choice(linker: Linker, found: dict[Atom, Keys], param: Param, op: str) -> Value:
    return (linker.atoms(Chosen, tuple(found), tuple(found.values()), param, op),) if found else UNKNOWN
