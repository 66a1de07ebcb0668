"""What callbacks are given: `with_arguments` follows each parameter of a function that is handed on back to who hands it over.

``call(notify, "paid")``, where ``def call(func, *args): func(*args)``: `notify` is given "paid". Nothing else tells it, as the call that
passes it is not the one that the callback is known from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from txlint.model.graph import Edge, Event, FunctionInfo, Handed, Program, Target, Test
from txlint.propagate.summaries import argument


def with_arguments(program: Program) -> Program:
    """The program with what is known of the arguments of callbacks, in the words of the function at whose call they run."""
    infos = program.infos
    nodes = {
        node: [_told(edge, infos) for edge in edges] if any(edge.target.via for edge in edges) else edges
        for node, edges in program.nodes.items()
    }
    return replace(program, nodes=nodes)


def _told(edge: Edge, infos: dict[int, FunctionInfo]) -> Edge:
    given = tuple(_given(edge, infos))
    return edge._replace(target=edge.target._replace(given=(*edge.target.given, *given))) if given else edge


def _given(edge: Edge, infos: dict[int, FunctionInfo]) -> Iterator[tuple[str, Any]]:
    """The parameters of a callback with what is passed for them."""
    target = edge.target
    ways = list(_calls(edge))
    for name in infos[target.fun].params[target.skip :] if target.via and len(ways) == len(target.via) + 1 else ():
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
