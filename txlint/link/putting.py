"""What a function puts into a container that others read: `put_at`, with the tests under which it does: of its own parameters, and of
those of the function that it stands in.

``register(handler, late=False)`` that fills one list or another by ``late`` fills each with what callers pass beside the right constant,
and so does ``listen(late=False)`` that gives a decorator (`kept` asks)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from txlint.link.guards import tests
from txlint.link.kept import inside, places
from txlint.link.keyed import own_key, passed
from txlint.link.uses import uses_of
from txlint.link.values import Param, Stored, Value
from txlint.model.facts import Body, Expr
from txlint.model.graph import Test
from txlint.model.shapes import bodies

if TYPE_CHECKING:
    from txlint.link.replay import Frame

Under: TypeAlias = tuple[int, Test]
"""A test, with the function whose parameter it asks."""

_ASKED = frozenset({"truthy", "is", "=="})


def put_at(
    frame: Frame, at: Sequence[tuple[Any, ...]], value: Value, container: Expr, source: Expr | None, item: Expr | None = None
) -> None:
    """Puts a value, that of the expression ``source``, at the places that a container stands for; ``container`` is the expression that
    names it, ``item`` what is assigned to, if it is an item of that: of these the places have the keys."""
    if not at:
        return
    if not value and source.__class__ is tuple and source[0] == "call" and source[1].__class__ is str:
        if frame.is_param(source[1]) and frame.fun.fact is not None:  # `registry[cls.slug] = cls()`
            value = (frame.linker.atoms(Stored, ("made", frame.fun.id, source[1])),)
    given = {each for atom in value if isinstance(atom, Param) for each in passed(frame.linker, ("param", atom.fun.id, atom.name))}
    value = tuple(atom for atom in value if atom not in given)  # what callers pass has the keys with which they do
    under = (*_own(frame, frame.guards), *_around(frame, container))
    chosen = _chosen(frame, container)
    if item is None and (own := own_key(container, source)) is not None:
        at = [(*place[:3], own, *place[4:]) for place in at]
    for place in at:
        frame.linker.put(place, value, under=(*under, *chosen.get(place[:3], ())))


def _own(frame: Frame, guards: Iterable[Test]) -> tuple[Under, ...]:
    return tuple((frame.fun.id, test) for test in guards if test.op in _ASKED and frame.is_param(test.param))


def _outer(frame: Frame, test: Expr, truth: bool) -> Iterator[Under]:
    """What a test of a parameter of the function around says, where it gives this."""
    if test.__class__ is tuple and test[0] == "not":
        yield from _outer(frame, test[1], not truth)
    elif test.__class__ is str and not frame.is_param(test):
        value = frame.looked_at(test)
        if len(value) == 1 and isinstance(value[0], Param) and value[0].fun is not frame.fun:
            yield value[0].fun.id, Test(value[0].name, "truthy", True, truth)


def _around(frame: Frame, container: Expr) -> Iterable[Under]:
    """The tests of parameters of the function around under which a nested function always names a container."""
    if frame.fun.fact is None or frame.fun.fact.parent < 0:
        return ()
    found = [
        dict.fromkeys(under for test, truth in ways for under in _outer(frame, test, truth)) for ways in _named(frame.fun.body, container)
    ]
    return [under for under in found[0] if all(under in other for other in found)] if found else ()


def _named(body: Body, expr: Expr) -> Iterator[tuple[tuple[Expr, bool], ...]]:
    """For each statement that has an expression in it: the tests around it, each with what it gives."""
    for stmt in body:
        inner = bodies(stmt)
        if not inner and _has(stmt, expr):
            yield ()
        for number, block in enumerate(inner):
            for ways in _named(block, expr):
                yield ((stmt[1], number == 0), *ways) if stmt[0] == "if" else ways


def _has(expr: Any, part: Expr) -> bool:
    if expr.__class__ is str and part.__class__ is str:
        return bool(expr == part or expr.startswith(f"{part}."))
    return bool(expr == part) or (expr.__class__ is tuple and any(_has(each, part) for each in expr))


def _chosen(frame: Frame, container: Expr) -> dict[tuple[Any, ...], tuple[Under, ...]]:
    """Which test leads to which of two containers: ``handlers = self.late if late else self.now``, here or in the function around."""
    name = container[1] if container.__class__ is tuple and container[0] == "sub" else container
    holder = frame.fun if name.__class__ is str and name in frame.fun.scope else frame.fun.parent
    if name.__class__ is not str or holder is None or name not in holder.scope:
        return {}
    bound = uses_of(frame.linker, holder, name).bindings
    if len(bound) != 1 or bound[0].__class__ is not tuple or bound[0][0] != "ifexp":
        return {}
    _, test, one, two = bound[0]
    yes, no = tests(frame, test) if holder is frame.fun else ([], [])
    found: dict[tuple[Any, ...], tuple[Under, ...]] = {}
    for expr, facts, truth in ((one, yes, True), (two, no, False)):
        asked = (*_own(frame, (fact[1] for fact in facts if fact[0] == "test")), *_outer(frame, test, truth))
        found.update((place[:3], asked) for place in places(inside(frame.looked_at(expr))))
    return found
