"""One session by several names in one object: `canonical` gives the one name of a path on an instance, `shared` that of a path on something
that it holds.

`canonical` goes by its own constructor: ``self.db`` and ``self.session`` that keep the same parameter, ``self.orders.session`` of
``Orders(self.session)``. `shared` goes by all who make one: where ``Desk(session, Orders(session))`` is made, ``self.orders.session`` is
``self.session``, though the class is given the two apart. A framework that asks dependencies for what it gives to a constructor makes one
too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from txlint.link.held import DEPTH, by_parameter, composed, constructor, held
from txlint.link.project import Fun, Klass, mentions
from txlint.link.values import Cls
from txlint.model.facts import Expr
from txlint.model.graph import Key
from txlint.model.shapes import calls_in, last_name

if TYPE_CHECKING:
    from txlint.link.linker import Linker


def canonical(linker: Linker, klass: Klass, path: str) -> str:
    """The one name of what a path on an instance stands for."""
    sources = held(linker, klass)
    for _ in range(DEPTH):
        source = sources.get(path)
        if source is None:
            return path
        if source[0] == "param":
            return min((p for p, other in sources.items() if other == source), key=_plainness)
        path = source[1]
    return path


def shared(linker: Linker, klass: Klass, path: str, part: Klass) -> str:
    """The one name of a path on an instance that begins with an attribute which holds a ``part``."""
    first, _, rest = path.partition(".")
    if held(linker, klass).get(first, ("",))[0] != "param" or held(linker, part).get(rest, ("",))[0] != "param":
        return path
    found = linker.find(klass, "__init__")
    holder = found.owner if found is not None and isinstance(found.owner, Klass) else klass
    known = linker.alike.get(holder.id)
    if known is None:
        linker.alike[holder.id] = {}  # while it is found out: an object that holds one of its own kind
        known = linker.alike[holder.id] = _compared(list(_made(linker, holder)))
    return known.get(path, path)


def _plainness(path: str) -> tuple[int, int, str]:
    return path.count("."), len(path), path


def _compared(made: list[dict[str, Key | str]]) -> dict[str, str]:
    """For the paths that are given the same wherever an instance is made, the plainest of each lot; nothing where none is seen made."""
    groups: dict[tuple[Key | str, ...], list[str]] = {}
    for path in made[0] if made else ():
        if all(path in each for each in made):
            groups.setdefault(tuple(each[path] for each in made), []).append(path)
    return {path: min(paths, key=_plainness) for paths in groups.values() if len(paths) > 1 for path in paths}


def _made(linker: Linker, holder: Klass) -> Iterator[dict[str, Key | str]]:
    """For each place at which an instance is made with the constructor of a class: what is given to each path on it."""
    own = linker.find(holder, "__init__")
    init = own.method if own is not None else None
    if init is not None and init.fact is not None:
        params = init.fact.params
        if any(linker.dependencies(each.annotation, each.default, init.module, holder, init.parent) for each in params):
            yield dict(composed(linker, init, held(linker, holder), {each.name: each.name for each in params}))
    for klass in (holder, *holder.subclasses):
        if linker.find(klass, "__init__") == own:
            for fun, call in _constructions(linker, klass):
                yield dict(composed(linker, fun, held(linker, klass), by_parameter(constructor(linker, klass), call, 1)))


def _constructions(linker: Linker, klass: Klass) -> Iterator[tuple[Fun, Expr]]:
    """The calls of a class, by its name or in its own class methods, with the function that each stands in."""
    from txlint.link.replay import evaluate

    name = klass.fact.name
    for module in linker.project.using(name):
        for fun in (module.body, *module.funs):
            for call in calls_in(fun.body) if mentions(fun, {name}) else ():
                if last_name(call[1]) == name:
                    value = evaluate(linker, call[1], module, None, fun if fun.fact is not None else None)
                    if any(isinstance(atom, Cls) and atom.klass is klass for atom in value):
                        yield fun, call
    for fun in linker.project.methods(klass):
        if fun.fact is not None and fun.fact.params and linker.decoration(fun).role == "class":
            yield from ((fun, call) for call in calls_in(fun.body) if call[1] == fun.fact.params[0].name)
