"""Why an effect is not reported, in one true sentence: what selection does to its finding, else what propagation found instead."""

from __future__ import annotations

from collections.abc import Iterator

from txlint.config import Config
from txlint.discover.walk import is_test
from txlint.explain.line import Call, Seen, watch
from txlint.explain.ways import Ways
from txlint.link.linker import Linker
from txlint.link.project import Fun
from txlint.link.values import Ext, ExtMethod, Fn
from txlint.model.finding import Finding, Opener, Place
from txlint.model.graph import Event, Program
from txlint.model.kinds import code_of
from txlint.model.shapes import calls_in
from txlint.report.counts import counted
from txlint.rules import RULES
from txlint.rules.source import Sources
from txlint.rules.words import short_name
from txlint.select import cuts, enabled, ignored_in, select

_MOST_CALLERS = 500


class Silence:
    """One program, asked about effects."""

    def __init__(self, linker: Linker, program: Program, ways: Ways, sources: Sources, config: Config) -> None:
        self.linker = linker
        self.program = program
        self.ways = ways
        self.sources = sources
        self.config = config
        self.facts = [module.facts for module in linker.project.ordered]

    def reason(self, call: Call, event: Event, seen: Seen | None, finding: Finding | None) -> str | None:
        """The sentence, or ``None`` where the finding is reported."""
        if finding is not None:
            return self._selected(finding)
        if seen is None:
            return "this code never runs."
        openers, _ = self.ways.at(call.fun, call.pos, seen)
        if openers:
            return self._lost(openers[0], event)
        return self._deferred(call.fun) or self._nowhere(call.fun)

    def _selected(self, finding: Finding) -> str | None:
        config = self.config
        code, path = finding.code, finding.place.path
        if finding.confidence < config.min_confidence:
            word = finding.confidence.word
            return f"its best path is only {word}: `--min-confidence {word}` reports it."
        if code not in enabled(config.select, config.extend_select, config.ignore):
            if not RULES[code].default and not config.ignore:
                return f"{code} is off by default: `--extend-select {code}` reports it."
            return f"{code} is switched off."
        if code in ignored_in(path, config.per_file_ignores):
            return f"`per-file-ignores` switches {code} off for this file."
        if not select([finding], self.facts, {code}).findings:
            facts = next(each for each in self.facts if each.path == path)
            lines = [each.comment_line for each in facts.ignores if each.line in (finding.place.line, finding.place.end_line) or each.file]
            return f"the comment on line {lines[0]} ignores it." if lines else "a comment ignores it."
        return None

    def _lost(self, opener: Opener, event: Event) -> str:
        """A transaction is open here, but it was not held against this effect."""
        code = code_of(event.effect.kind, 1) if event.effect is not None else ""
        by_line = cuts(self.facts)
        for place in _places(opener):
            for line in (place.line, place.end_line):
                if code in by_line.get((place.path, line), ()):
                    return f"the comment at {place.path}:{line} cuts the path from `{opener.opener}`."
        if any(is_test(place.path) for place in _places(opener)):
            return "only tests open a transaction around it."
        return f"the transaction of `{opener.opener}` has only read, and an effect of this kind does not hold it up."

    def _deferred(self, fun: Fun) -> str | None:
        """The function, or one that calls it, is handed to something that runs it later."""
        for number in self._upwards(fun):
            holder = self.linker.project.funs[number]
            for by, line, name, when in self._handed_over(holder) if holder.fact is not None else ():
                who = "the function that it stands in" if holder is fun else f"`{short_name(holder.dotted)}`, from which it is reached,"
                return f"{who} is handed to `{name}` at {by.module.facts.path}:{line}, which runs it {when}."
        return None

    def _upwards(self, fun: Fun) -> Iterator[int]:
        callers = self.ways.callers()
        seen = {fun.id}
        waiting = [fun.id]
        for number in waiting:
            yield number
            for caller, _ in callers.get(number, ()):
                if caller not in seen and len(seen) < _MOST_CALLERS:
                    seen.add(caller)
                    waiting.append(caller)

    def _handed_over(self, fun: Fun) -> Iterator[tuple[Fun, int, str, str]]:
        """Calls that are given a function to run later: by whom, on which line, what is called, when it runs it."""
        assert fun.fact is not None
        flows = {flow.fun: flow for flow in self.program.flows.values() if fun.fact.name in flow.deferred}
        for number in sorted(flows):
            by = self.linker.project.funs[number]
            calls = [Call(by, expr[4], expr) for expr in calls_in(by.body) if _is_given(self.linker, expr, fun, by)]
            for call, seen in watch(self.linker, calls).items():
                for atom in seen.value:
                    if isinstance(atom, (Ext, ExtMethod)):
                        for deferral in self.linker.at(atom.name).deferrals:
                            when = "after the commit" if deferral.when_runs == "commit" else "outside of the transaction"
                            yield by, call.pos[0], atom.name, when

    def _nowhere(self, fun: Fun) -> str:
        callers = {caller for caller, _ in self.ways.callers().get(fun.id, ()) if caller != fun.id}
        if fun.fact is None:
            return "it runs when the module is imported, with no transaction open."
        name = "this lambda" if fun.fact.name == "<lambda>" else f"`{short_name(fun.dotted)}`"
        if not callers:
            return f"no transaction is open here, and nothing in the project was found to call {name} with one open."
        count = counted(len(callers), "function")
        return f"no transaction is open on any path to it: {count} {'calls' if len(callers) == 1 else 'call'} {name}."


def _places(opener: Opener) -> Iterator[Place]:
    yield opener.place
    for step in opener.trace:
        yield step.place


def _is_given(linker: Linker, expr: tuple[object, ...], fun: Fun, by: Fun) -> bool:
    """Is the function, by its name or as this very lambda, among the arguments of a call in ``by``?"""
    assert fun.fact is not None
    if fun.fact.name == "<lambda>" and by.module is not fun.module:
        return False
    waiting: list[object] = [expr[2], expr[3]]
    number = fun.module.funs.index(fun)
    while waiting:
        at = waiting.pop()
        if isinstance(at, str):
            if at.rpartition(".")[2] == fun.fact.name and _may_stand_for(linker, at, fun, by):
                return True
        elif isinstance(at, tuple) and at:
            if at[0] == "lambda" and len(at) == 2:
                if at[1] == number:
                    return True
            elif at[0] != "const":
                waiting.extend(at)
    return False


def _may_stand_for(linker: Linker, name: str, fun: Fun, by: Fun) -> bool:
    """Is it this function that a name in ``by`` stands for, or one that it overrides, as far as that is known?"""
    known = [atom.fun for atom in linker.value(name, by.module, by if by.fact is not None else None) if isinstance(atom, Fn)]
    above = linker.mro(fun.klass) if fun.klass is not None else ()
    return not known or any(each is fun or (each.klass is not None and each.klass in above) for each in known)
