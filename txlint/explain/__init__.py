"""The answer to ``txlint why PATH:LINE``, from a program that is linked and judged already.

``line`` finds the calls that stand on the line and what is known where they run, ``ways`` the transactions that are open then, ``words``
says what a call is, ``silence`` why an effect is not reported."""

from __future__ import annotations

import os
from collections.abc import Iterable

from txlint.config import Config
from txlint.explain.line import Call, Seen, calls_on, definition_on, holder_of, statement_state, watch
from txlint.explain.silence import Silence
from txlint.explain.ways import Ways
from txlint.explain.words import target
from txlint.link.linker import Linker
from txlint.link.project import Module
from txlint.model.facts import Pos
from txlint.model.finding import Effect, Explanation, Finding, NoSuchLine, Place, Verdict
from txlint.model.graph import Event, Program
from txlint.model.hazard import Spot
from txlint.propagate.pairs import written
from txlint.rules.source import Sources


def explain(
    linker: Linker, program: Program, findings: Iterable[Finding], sources: Sources, path: str, line: int, config: Config
) -> Explanation:
    """What stands on a line. ``findings`` are all that were judged, whatever their confidence and before selection."""
    module = _module(linker, path)
    if module is None:
        raise NoSuchLine(f"{path}: not among the files that were analysed")
    path = module.facts.path
    if line > module.facts.lines:
        raise NoSuchLine(f"{path}: the file ends on line {module.facts.lines}")
    ways = Ways(linker, program, sources)
    calls = calls_on(module, line)
    if not calls:
        return _without_call(linker, ways, sources, module, line)
    seen = watch(linker, calls)
    by_place = {(each.place, each.effect.kind): each for each in findings if each.place.path == path}
    silence = Silence(linker, program, ways, sources, config)
    events = _events(program, calls)
    verdicts = [
        _verdict(linker, program, sources, silence, by_place, call, seen.get(call), events.get((call.fun.id, call.pos), []))
        for call in calls
    ]
    main = _main_call(calls, verdicts, seen)
    function = main.fun.dotted if main.fun.fact is not None else ""
    state = seen.get(main)
    if state is None:
        return Explanation(path, line, function, calls=tuple(verdicts), note="This line never runs: code before it leaves for good.")
    openers, omitted = ways.at(main.fun, main.pos, state)
    return Explanation(path, line, function, openers, omitted, ways.reached_without(main.fun, state.region), tuple(verdicts))


def _module(linker: Linker, path: str) -> Module | None:
    wanted = os.path.realpath(path)
    found = next((each for each in linker.project.ordered if each.facts.path == path), None)
    return found or next((each for each in linker.project.ordered if os.path.realpath(each.facts.path) == wanted), None)


def _without_call(linker: Linker, ways: Ways, sources: Sources, module: Module, line: int) -> Explanation:
    """A line without a call: what is open there, if it holds code at all."""
    path = module.facts.path
    defined = definition_on(module, line)
    if defined is not None:
        fun, what = defined
        state = statement_state(linker, fun, None)
        openers, omitted = ways.at(fun, _whole(sources, path, line), state) if state is not None else ((), 0)
        without = ways.reached_without(fun, state.region if state is not None else ())
        return Explanation(path, line, fun.dotted, openers, omitted, without, note=f"{what} This is how its body is entered.")
    fun = holder_of(module, line)
    function = fun.dotted if fun.fact is not None else ""
    state = statement_state(linker, fun, line)
    if state is None:
        return Explanation(path, line, function, note="There is no call on this line, and no statement begins on it.")
    openers, omitted = ways.at(fun, _whole(sources, path, line), state)
    note = "There is no call on this line."
    return Explanation(path, line, function, openers, omitted, ways.reached_without(fun, state.region), note=note)


def _whole(sources: Sources, path: str, line: int) -> Pos:
    """A line without its indentation."""
    text = sources.line(path, line)
    return line, len(text) - len(text.lstrip()), line, len(text.rstrip().encode("utf-8", "surrogatepass"))


def _events(program: Program, calls: list[Call]) -> dict[tuple[int, Pos], list[Event]]:
    """What linking made of the calls, for every class of receiver."""
    wanted = {(call.fun.id, call.pos) for call in calls}
    functions = {number for number, _ in wanted}
    found: dict[tuple[int, Pos], list[Event]] = {}
    for node, flow in program.flows.items():
        if node[0] in functions:
            for event in flow.events:
                if (node[0], event.pos) in wanted:
                    found.setdefault((node[0], event.pos), []).append(event)
    return found


def _verdict(
    linker: Linker,
    program: Program,
    sources: Sources,
    silence: Silence,
    findings: dict[tuple[Place, str], Finding],
    call: Call,
    seen: Seen | None,
    events: list[Event],
) -> Verdict:
    place = sources.place(Spot(call.fun.module.facts.path, call.pos))
    callee = written(call.expr[1])
    told, known = target(linker, program, call, seen, events)
    event = next((each for each in events if each.effect is not None), None)
    if event is None or event.effect is None:
        return Verdict(place, callee, told, known=known)
    effect = Effect(event.effect.kind, callee, event.effect.library, event.used)
    finding = findings.get((place, effect.kind))
    reason = silence.reason(call, event, seen, finding)
    return Verdict(place, callee, told, effect, None if reason else finding, reason)


def _main_call(calls: list[Call], verdicts: list[Verdict], seen: dict[Call, Seen]) -> Call:
    """The call whose state is shown: the one reported, else an effect, else the last that runs."""
    ranked = [
        (verdict.finding is not None, verdict.effect is not None, call in seen, number)
        for number, (call, verdict) in enumerate(zip(calls, verdicts, strict=True))
    ]
    return calls[max(ranked)[-1]]


__all__ = ["explain"]
