"""What a function puts into a container that others read: `put_at`, with the tests of its own parameters under which it does.

``register(handler, late=False)`` that fills one list or another by ``late`` fills each with what callers pass beside the right constant
(`kept` asks)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from txlint.link.guards import tests
from txlint.link.kept import inside, places
from txlint.link.uses import uses_of
from txlint.link.values import Stored, Value
from txlint.model.facts import Expr
from txlint.model.graph import Test

if TYPE_CHECKING:
    from txlint.link.replay import Frame

_ASKED = frozenset({"truthy", "is", "=="})


def put_at(frame: Frame, at: Sequence[tuple[Any, ...]], value: Value, container: Expr, source: Expr | None) -> None:
    """Puts a value, that of the expression ``source``, at the places that a container stands for; ``container`` is the expression that
    names it."""
    if at and not value and source.__class__ is tuple and source[0] == "call" and source[1].__class__ is str:
        if frame.is_param(source[1]) and frame.fun.fact is not None:  # `registry[cls.slug] = cls()`
            value = (frame.linker.atoms(Stored, ("made", frame.fun.id, source[1])),)
    under = _own(frame, frame.guards)
    chosen = _chosen(frame, container) if at else {}
    for place in at:
        frame.linker.put(place, value, under=(*under, *chosen.get(place[:3], ())))


def _own(frame: Frame, guards: Iterable[Test]) -> tuple[Test, ...]:
    return tuple(test for test in guards if test.op in _ASKED and frame.is_param(test.param))


def _chosen(frame: Frame, container: Expr) -> dict[tuple[Any, ...], tuple[Test, ...]]:
    """Which test leads to which of two containers: ``handlers = self.late if late else self.now``."""
    name = container[1] if container.__class__ is tuple and container[0] == "sub" else container
    if name.__class__ is not str or name not in frame.fun.scope:
        return {}
    bound = uses_of(frame.linker, frame.fun, name).bindings
    if len(bound) != 1 or bound[0].__class__ is not tuple or bound[0][0] != "ifexp":
        return {}
    _, test, one, two = bound[0]
    yes, no = tests(frame, test)
    found: dict[tuple[Any, ...], tuple[Test, ...]] = {}
    for expr, facts in ((one, yes), (two, no)):
        asked = _own(frame, (fact[1] for fact in facts if fact[0] == "test"))
        found.update((place[:3], asked) for place in places(inside(frame.looked_at(expr))))
    return found
