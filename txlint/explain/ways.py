"""The ways in which a transaction is open at a place: what propagation finds when it is asked about that place alone.

An effect is put at the place and taken away everywhere else, so that conditions, commits on the way and traces are those of a check."""

from __future__ import annotations

from dataclasses import replace

from txlint.explain.line import Seen
from txlint.link.linker import Linker
from txlint.link.project import Fun
from txlint.model.catalog import Effect
from txlint.model.facts import Pos
from txlint.model.finding import Opener
from txlint.model.graph import NOTHING_PASSED, Event, Flow, Opened, Program
from txlint.model.kinds import Confidence
from txlint.propagate.pairs import propagate
from txlint.rules.judge import judge
from txlint.rules.source import Sources

_PROBE = Effect(name="", library="", kind="http")  # a kind for which a transaction that only reads counts, too


class Ways:
    """One program, asked about places."""

    def __init__(self, linker: Linker, program: Program, sources: Sources) -> None:
        self.linker = linker
        self.program = program
        self.sources = sources
        self._callers: dict[int, list[tuple[int, bool]]] | None = None

    def at(self, fun: Fun, pos: Pos, seen: Seen) -> tuple[tuple[Opener, ...], int]:
        """The ways to a place, the best first, each with a trace that ends there; and the number of those left out."""
        event = Event(pos, "", seen.region, seen.closed, seen.guards, NOTHING_PASSED, False, (), _PROBE)
        program = self.program
        flows = {node: Flow(node[0], [event] if node[0] == fun.id else []) for node in program.flows}
        hazards = propagate(replace(program, flows=flows))
        found = judge(hazards, self.sources, min_confidence=Confidence.POSSIBLE)
        openers = tuple(opener for finding in found for opener in finding.openers)
        return tuple(_ends_here(each) for each in openers), sum(finding.omitted for finding in found)

    def reached_without(self, fun: Fun, region: tuple[Opened, ...]) -> bool:
        """Is a place of a function, at which the function itself has ``region`` open, also reached with no transaction open?"""
        if region:
            return False
        inside = {entrance.node[0] for entrance in self.program.entrances if entrance.kind != "hook"}
        hooks = {entrance.node[0] for entrance in self.program.entrances if entrance.kind == "hook"}
        seen = {fun.id}
        waiting = [fun.id]
        while waiting:
            at = waiting.pop()
            if at in hooks:
                return True
            callers = [each for each in self.callers().get(at, ()) if each[0] != at]
            if not callers and at not in inside:
                return True
            for caller, is_open in callers:
                if not is_open and caller not in seen:
                    seen.add(caller)
                    waiting.append(caller)
        return False

    def callers(self) -> dict[int, list[tuple[int, bool]]]:
        """Function -> the functions that call it in their own transaction, and whether they have one open at that call."""
        if self._callers is None:
            found: dict[int, dict[tuple[int, bool], None]] = {}
            for node, edges in self.program.nodes.items():
                for edge in edges:
                    if edge.target.inherits:
                        found.setdefault(edge.node[0], {})[node[0], bool(edge.event.region or edge.target.inner)] = None
            self._callers = {number: list(callers) for number, callers in found.items()}
        return self._callers


def _ends_here(opener: Opener) -> Opener:
    last = replace(opener.trace[-1], label="this line")
    return replace(opener, trace=(*opener.trace[:-1], last), told="")
