"""What callbacks are given, and under which tests they are called: `with_arguments` follows each parameter of a function that is handed on
back to who hands it over.

``call(notify, "paid")``, where ``def call(func, *args): func(*args)``: `notify` is given "paid". Nothing else tells it, as the call that
passes it is not the one that the callback is known from. With ``def call(func, now=False): if now: func()`` it is not called at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from txlint.model.graph import Edge, Event, FunctionInfo, Handed, Program, Target, Test
from txlint.propagate.summaries import ALWAYS, Condition, argument, conjoin, instantiate


def with_arguments(program: Program) -> Program:
    """The program with what is known of the arguments of callbacks, in the words of the function at whose call they run, and without the
    calls of those that no test lets through."""
    infos = program.infos
    nodes = {
        node: [told for edge in edges if (told := _told(edge, infos)) is not None] if any(edge.target.via for edge in edges) else edges
        for node, edges in program.nodes.items()
    }
    return replace(program, nodes=nodes)


def _told(edge: Edge, infos: dict[int, FunctionInfo]) -> Edge | None:
    """A call with what its callback is given, and under which tests of the caller's it is called; None where it never is."""
    if not edge.target.via or len(ways := list(_calls(edge))) <= len(edge.target.via):
        return edge
    given = tuple(_given(edge.target, ways, infos))
    if given:
        edge = edge._replace(target=edge.target._replace(given=(*edge.target.given, *given)))
    if any(event.guards for event, _ in ways[1:]):
        conditions = _conditions(ways, infos)
        if not conditions:
            return None
        if len(conditions) == 1 and conditions[0]:
            edge = edge._replace(event=replace(edge.event, guards=tuple(sorted(conditions[0], key=repr))))
    return edge


def _conditions(ways: list[tuple[Event, Target]], infos: dict[int, FunctionInfo]) -> tuple[Condition, ...]:
    """Under which conditions a callback is called, in the words of who hands it over; empty where that is never."""
    conditions = conjoin(ALWAYS, ways[-1][0].guards)
    for event, callee in reversed(ways[:-1]):
        conditions = conjoin(instantiate(conditions, callee, event.passed, infos[callee.fun]), event.guards)
    return conditions


def _given(target: Target, ways: list[tuple[Event, Target]], infos: dict[int, FunctionInfo]) -> Iterator[tuple[str, Any]]:
    """The parameters of a callback with what is passed for them."""
    for name in infos[target.fun].params[target.skip :]:
        asked = name
        for event, callee in reversed(ways):
            known = argument(Test(asked, "in", (), True), callee, event.passed, infos[callee.fun])
            if known[0] != "param":
                break
            asked = known[1]
        if known[0] == "const":
            yield name, known[1]
        elif known[0] == "param":
            yield name, Handed(asked)


def _calls(edge: Edge) -> Iterator[tuple[Event, Target]]:
    """The calls by which a callback is handed on, and at last its own, each with whom it calls; fewer where that is not known."""
    event = edge.event
    for number, following in edge.target.via:
        callees = [each for each in event.targets if isinstance(each, Target) and each.fun == number]
        if not callees:
            return
        yield event, callees[0]._replace(kind="call")
        event = following
    yield event, edge.target._replace(kind="call", given=(), via=())
