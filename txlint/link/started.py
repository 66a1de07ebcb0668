"""What a function starts beside itself and then waits for: ``task = asyncio.create_task(weigh())``, ``await task``.

Where that is awaited while nothing that was open has ended, it is no work that goes on by itself: `waited` takes the event back that
starting it has left, and what was started counts as called where it is awaited. A name stands for what it is bound to, for what is put
into the container that it names, and in a loop over such a container."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from txlint.link.kept import ADDS
from txlint.model.catalog import Effect
from txlint.model.facts import Expr, Stmt
from txlint.model.shapes import last_name, parts, speaks_of

if TYPE_CHECKING:
    from txlint.link.replay import Frame


class Started:
    """Something that a call has started; ``name``: what the function calls it."""

    __slots__ = ("call", "effect", "name", "tests")

    def __init__(self, effect: Effect, call: Any, tests: int) -> None:
        self.effect = effect
        self.call = call
        self.name = ""
        self.tests = tests  # on which it depends that it is started


def waited(frame: Frame, stmt: Stmt) -> None:
    """After a statement: what it has started gets its name, what it has awaited is over."""
    if stmt[0] not in _PLAIN:
        return
    awaited = [part[1] for part in parts(stmt) if part[0] == "await"]
    bound = {target for target in stmt[1] if target.__class__ is str} if stmt[0] == "assign" else set()
    left = []
    for each in frame.started:
        if not each.name and not _stands_in(stmt, each):
            heads = (loop for loop, _ in frame.loops if loop[0] == "for" and loop[1].__class__ is str)
            each.name = next((loop[1] for loop in heads if _stands_in(loop[2], each)), "")
        if each.name:
            is_over = any(_waits(expr) and speaks_of(expr, _names(frame, stmt, each.name)) for expr in awaited)
        else:
            is_over = any(expr is each.call or (_waits(expr) and _stands_in(expr, each)) for expr in awaited)
            each.name = _named(stmt) if _stands_in(stmt, each) else ""
        if is_over and frame.undecided <= each.tests:
            _over(frame, each)
        elif each.name and not (each.name in bound and not _stands_in(stmt, each)):
            left.append(each)
    frame.started = left


_WAITING = frozenset({"gather", "shield", "wait", "wait_for"})


def _waits(expr: Expr) -> bool:
    """Is it waited for what is awaited, and not only for somebody to take it: ``await task``, ``await asyncio.gather(*tasks)``?"""
    return expr.__class__ is not tuple or expr[0] != "call" or last_name(expr[1]) in _WAITING


_PLAIN = frozenset({"ann", "assign", "aug", "expr", "return"})


def _stands_in(of: Any, started: Started) -> bool:
    return any(part is started.call for part in parts(of))


def _names(frame: Frame, stmt: Stmt, name: str) -> set[str]:
    """The name itself, and what stands for an item of what it names in a loop or a comprehension around."""
    names = {name}
    loops = ((loop[1], loop[2]) for loop, _ in frame.loops if loop[0] == "for")
    comprehensions = ((target, source) for part in parts(stmt) if part[0] == "comp" for target, source, *_ in part[2])
    names.update(target for target, source in (*loops, *comprehensions) if target.__class__ is str and speaks_of(source, (name,)))
    return names


def _named(stmt: Stmt) -> str:
    """The local name that a statement gives to what its expression makes."""
    return next((name for target in _targets(stmt) if (name := _base(target))), "")


def _targets(stmt: Stmt) -> Iterator[Expr]:
    if stmt[0] == "assign":
        yield from stmt[1]
    elif stmt[0] in ("ann", "aug"):
        yield stmt[1]
    elif stmt[0] == "expr" and stmt[1].__class__ is tuple and stmt[1][0] == "call" and last_name(stmt[1][1]) in ADDS:
        yield stmt[1][1].rpartition(".")[0] if stmt[1][1].__class__ is str else ""


def _base(target: Expr) -> str:
    """The name of what is assigned, or of the container that it is put into; empty where others have it."""
    while target.__class__ is tuple and target[0] == "sub":
        target = target[1]
    return target if target.__class__ is str and "." not in target else ""


def _over(frame: Frame, started: Started) -> None:
    """It has been waited for: if all that was open still is, it was as if it had been called."""
    event = next((each for each in frame.flow.events if each.pos == started.call[4] and each.effect is started.effect), None)
    still = {(opened.key, opened.pos) for opened in frame.now_open()}
    if event is None or frame.closed - event.closed or any((opened.key, opened.pos) not in still for opened in event.region):
        return
    frame.flow.events.remove(event)
    for arg in (*started.call[2], *(value for _, value in started.call[3])):
        if arg.__class__ is tuple and arg[0] == "call":
            frame.ev(arg)
