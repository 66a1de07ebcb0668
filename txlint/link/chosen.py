"""What a table of functions has under a key that is no one constant: `entry_of` it, `tests_of` the key that the caller gives.

``HANDLERS[event]``, ``HANDLERS.get(event)``, and a local name for either: where `event` is a parameter, each function is called where that
is its key. `each_of` keeps the keys with what is made of the entries (an attribute, an item); `given_key` puts in what a caller passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from txlint.link.kept import CALLABLE, MOST_KEPT
from txlint.link.values import UNKNOWN, Atom, Chosen, Const, Many, Obj, Param, Seq, Table, Value
from txlint.model.graph import KEY, Test

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.replay import Frame

Keys: TypeAlias = tuple[Any, ...] | None
"""The keys under which something stands; None where they are not known."""


def is_table(base: Value) -> bool:
    """Is it a table of several functions, classes or instances, or of lists of these?"""
    table = base[0] if base else None
    if type(table) is not Table or len(base) > 1 or len(table.items) < 2:
        return False
    return any(_can_be_called(item) for _, item in table.items)


def _can_be_called(value: Value) -> bool:
    for atom in value:
        if type(atom) in CALLABLE or type(atom) is Obj:
            return True
        inner = atom.items if isinstance(atom, Seq) else (atom.item,) if isinstance(atom, Many) else ()
        if any(type(each) in CALLABLE or type(each) is Obj for item in inner for each in item):
            return True
    return False


def entry_of(linker: Linker, table: Table, key: Value) -> Value:
    """What a table has under a key: by what the caller gives, under any of several constants, or any of it."""
    params = [atom for atom in key if isinstance(atom, Param)]
    constants = {atom.value for atom in key if isinstance(atom, Const)}
    is_known = bool(constants) and all(isinstance(atom, Const) for atom in key)
    found: dict[Atom, Keys] = {}
    for name, item in table.items:
        for atom in item if not is_known or name in constants else ():
            _add(found, atom, (name,))
    for atom in table.rest:
        _add(found, atom, None)
    return _choice(linker, found, params[0]) if len(params) == 1 and not constants else tuple(found)[:MOST_KEPT]


def each_of(linker: Linker, chosen: Chosen, of: Callable[[Value], Value]) -> Value:
    """The same choice among what is made of each entry."""
    found: dict[Atom, Keys] = {}
    for option, keys in zip(chosen.options, chosen.keys, strict=True):
        for atom in of((option,)):
            _add(found, atom, keys)
    return _choice(linker, found, chosen.param)


def given_key(linker: Linker, chosen: Chosen, key: Value) -> Value:
    """What is chosen where a caller passes this as the key."""
    options = tuple(zip(chosen.options, chosen.keys, strict=True))
    items = tuple((name, (atom,)) for atom, keys in options for name in keys or ())
    return entry_of(linker, linker.atoms(Table, items, tuple(atom for atom, keys in options if keys is None)), key)


def tests_of(frame: Frame, chosen: Chosen) -> Iterator[tuple[Atom, tuple[Test, ...]]]:
    """The entries, each with what the function's argument has to be for it to be chosen."""
    name, fun = chosen.param.name, chosen.param.fun
    is_own = fun is frame.fun and frame.is_param(name)
    for option, keys in zip(chosen.options, chosen.keys, strict=True):
        yield option, (Test(name, KEY, keys, True),) if is_own and keys is not None else ()


def _add(found: dict[Atom, Keys], atom: Atom, keys: Keys) -> None:
    known = found.get(atom, ())
    found[atom] = (*known, *keys) if known is not None and keys is not None else None


def _choice(linker: Linker, found: dict[Atom, Keys], param: Param) -> Value:
    return (linker.atoms(Chosen, tuple(found), tuple(found.values()), param),) if found else UNKNOWN
