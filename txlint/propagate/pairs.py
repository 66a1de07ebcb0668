"""From summaries to hazards: every (opener, entry) pair of every effect site, with the trace that has least doubt in it."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from txlint.model.facts import Expr, Pos
from txlint.model.graph import IDENTITY, Edge, Entrance, Event, Key, Made, Misuse, Node, Opened, Program, Test
from txlint.model.hazard import TEST, EffectSite, Hazard, Hop, Omitted, Origin, Passage, Spot, doubt
from txlint.model.kinds import Confidence, code_of
from txlint.propagate.handed import with_arguments
from txlint.propagate.summaries import (
    ALWAYS,
    Condition,
    argument,
    asks_for_key,
    conjoin,
    inside,
    instantiate,
    is_closed,
    is_guess,
    key_of_caller,
    may_be,
    summarise,
    without_callers,
)

Env = tuple[tuple[str, Any], ...]
"""Constants that are known of a node's parameters."""
MOST_PAIRS = 100
MOST_STEPS = 2000  # calls looked at for one trace
MOST_ENTRIES = 4  # of a transaction around all requests, of which a trace is looked for
HELD_KINDS = frozenset({"http", "rpc", "storage", "wait"})  # slow I/O: what a transaction that only reads is held open by
_CUT = 1 << 40
_SHUT = 1000  # a way on which something is certainly closed is shown only where there is no other
_IS_STORED = Test(IDENTITY, "truthy", True, True)
_PENALTY = {Confidence.CERTAIN: 0, Confidence.LIKELY: 1000, Confidence.POSSIBLE: 1_000_000}


def written(expr: Expr, most: int = 60) -> str:
    """A callee as written, shortened: ``self.client.post``, ``s3.Object(..).delete``."""
    text = _written(expr)
    return text if len(text) <= most else "..." + text[3 - most :]


def _written(expr: Expr) -> str:
    if isinstance(expr, str):
        return expr
    tag = expr[0]
    if tag == "attr":
        return f"{_written(expr[1])}.{expr[2]}"
    if tag == "call":
        return f"{_written(expr[1])}({'..' if expr[2] or expr[3] else ''})"
    if tag == "sub":
        return f"{_written(expr[1])}[..]"
    if tag == "await":
        return _written(expr[1])
    if tag == "const":
        return repr(expr[1])[:20]
    if tag == "lambda":
        return "<lambda>"
    return "(..)"


def _cost(edge: Edge) -> int:
    """How unwelcome a call is in a trace."""
    shut = edge.event.closed or any(handed.closed for _, handed in edge.target.via)
    return _PENALTY[edge.target.confidence] + (_SHUT if shut else 0) + TEST * edge.event.tests


@dataclass(slots=True)
class Cuts:
    """Lines on which calls are to be avoided, with the codes for which; ``met`` are those that were in the way."""

    lines: Mapping[tuple[str, int], frozenset[str]]
    met: set[tuple[str, int]] = field(default_factory=set)


class _Pairs:
    """One run: numbers the sites, then looks at every event with something open."""

    def __init__(self, program: Program, cuts: Cuts | None) -> None:
        self.program = program
        self.cuts = cuts if cuts is not None and cuts.lines else None
        self.numbers: dict[tuple[str, Pos, str], int] = {}
        self.sites: list[tuple[str, Event, str]] = []  # path, event, function
        self.effects: dict[Node, list[tuple[Event, int]]] = {}
        self.alone: dict[Node, list[tuple[Event, int]]] = {}  # misuses, whatever callers do
        for node in program.nodes:
            flow = program.flows[node]
            for event in flow.events:
                if event.effect is not None:
                    self.effects.setdefault(node, []).append((event, self.number(node, event)))
            for event in flow.misuses:
                alone = isinstance(event.effect, Misuse) and event.effect.alone
                (self.alone if alone else self.effects).setdefault(node, []).append((event, self.number(node, event)))
        self.backwards: dict[Node, list[tuple[Node, Edge]]] = {}
        for node, edges in program.nodes.items():
            for edge in edges:
                self.backwards.setdefault(edge.node, []).append((node, edge))
        self.summaries = summarise(program.nodes, self.effects, program.infos)
        # (site, opener identity, entry) -> passage parts; wide openers: entry is left out
        self.found: dict[int, dict[Any, tuple[Any, ...]]] = {}
        self.conditional: dict[Node, dict[int, tuple[tuple[Condition, ...], ...]]] = {}
        self.always: set[tuple[Node, int]] = set()
        self.steps: dict[int, dict[Node, tuple[int, Edge | Event]]] = {}
        self.holders: dict[int, list[tuple[Node, Event]]] = {}
        self.reached: dict[Node, set[int]] = {}
        self.onward: dict[tuple[int, Node], list[Edge]] = {}  # the calls from a node that lead to a site
        self.asked: dict[tuple[Node, int], tuple[Test, ...]] = {}  # the tests of a node's conditions for a site
        self.behind_calls: dict[tuple[int, Env], Env | None] = {}  # of one site: see `behind`
        self.hops_of: dict[tuple[Node, int], list[Hop]] = {}
        self.answers: dict[tuple[int, tuple[Test, ...]], tuple[tuple[str, tuple[Any, ...]], ...]] = {}  # what a call passes for tests

    def number(self, node: Node, event: Event) -> int:
        """The number of a site, whichever flows it is in."""
        info = self.program.infos[node[0]]
        assert event.effect is not None
        key = (info.path, event.pos, event.effect.kind)
        number = self.numbers.get(key)
        if number is None:
            number = self.numbers[key] = len(self.sites)
            self.sites.append((info.path, event, info.name))
        return number

    def collect(self) -> None:
        program = self.program
        for node, events in self.alone.items():
            info = program.infos[node[0]]
            for event, site in events:
                self.found.setdefault(site, {})
                for opened in event.region:
                    self.pair(site, opened, info.path, info.name, node, event, None, min(opened.confidence, event.confidence))
        for node, edges in program.nodes.items():
            info = program.infos[node[0]]
            for event, site in self.effects.get(node, ()):
                most = Confidence.LIKELY if event.guards and asks_for_key((frozenset(event.guards),)) else event.confidence
                if event.region and not self.is_asked_for(node[0], (event.guards,)):
                    most = Confidence.POSSIBLE
                for opened in event.region:
                    self.pair(site, opened, info.path, info.name, node, event, None, min(opened.confidence, event.confidence, most))
            for edge in edges:
                event, target, other = edge
                around = event.region if target.inherits else ()
                openeds = (*around, *target.inner) if target.inner else around
                if not openeds:
                    continue
                theirs = self.summaries.get(other)
                if not theirs:
                    continue
                callee = program.infos[target.fun]
                for (site, closed), reach in theirs.items():
                    conditions = ALWAYS
                    if reach.conditions is not ALWAYS:
                        conditions = instantiate(reach.conditions, target, event.passed, callee)
                        conditions = without_callers(conjoin(conditions, event.guards)) if conditions else conditions
                        if not conditions:
                            continue
                    elif event.guards:
                        conditions = (frozenset(event.guards),)
                    shut = inside(closed, event, target, callee) if closed or target.via else closed
                    is_asked_for = self.is_asked_for(node[0], conditions)
                    for opened in openeds:
                        if shut and is_closed(opened.key, shut):
                            continue
                        sure = min(opened.confidence, target.confidence, reach.confidence)
                        if sure > Confidence.LIKELY and (
                            asks_for_key(conditions) or is_guess(reach.conditions, target, event.passed, callee)
                        ):
                            sure = Confidence.LIKELY
                        sure = sure if is_asked_for else Confidence.POSSIBLE
                        self.pair(site, opened, info.path, info.name, node, event, edge, sure)
        for entrance in program.entrances:
            node = self.node_of(entrance.node)
            for (site, closed), reach in self.summaries.get(node, {}).items():
                if is_closed(entrance.key or (entrance.family, entrance.alias), closed):
                    continue
                conditions = without_callers(reach.conditions) if reach.conditions is not ALWAYS else ALWAYS
                if not any(met(tuple(tests), entrance.given) for tests in conditions):
                    continue
                most = Confidence.LIKELY if asks_for_key(reach.conditions) else entrance.confidence
                self.enter(site, entrance, node, min(entrance.confidence, reach.confidence, most))

    def is_asked_for(self, function: int, conditions: Iterable[Iterable[Test]]) -> bool:
        """Does any call of the project let one of these conditions hold, as far as they are about parameters with defaults?"""
        defaults = self.program.infos[function].defaults
        if not defaults or all(not any(test.param in defaults for test in tests) for tests in conditions):
            return True
        left = self.program.unpassed(function)
        return not left or any(met(tuple(tests), left) for tests in conditions)

    def always_open(self, node: Node, key: Key, reads: bool, depth: int = 0) -> bool:
        """Has every known caller the transaction of a session that it passes, or that all name alike, open already? Then nothing is begun
        here. One that only ``reads`` so far may not count: what is told where a statement then writes is told of nothing else."""
        if len(key) < 3 or key[1] not in ("param", "self", "global") or depth > 4:
            return False
        callers = self.backwards.get(node, ())
        if not callers:
            return False
        if key[1] == "global":  # by a block: what a statement has begun may be over in another call
            return all(
                any(o.key == key and o.kind == "with" for o in edge.event.region)
                or (caller != node and self.always_open(caller, key, reads, depth + 1))
                for caller, edge in callers
            )
        info = self.program.infos[node[0]]
        for caller, edge in callers:
            theirs = key_of_caller(key, edge.event, edge.target, info)
            if theirs is None:
                return False
            if any(opened.key == theirs and (reads or not opened.reads) for opened in edge.event.region):
                continue
            if caller == node or not self.always_open(caller, theirs, reads, depth + 1):
                return False
        return True

    def node_of(self, node: Node) -> Node:
        return node if node in self.program.nodes else (node[0], node[1], True)

    def pair(
        self, site: int, opened: Opened, path: str, function: str, node: Node, event: Event, edge: Edge | None, sure: Confidence
    ) -> None:
        is_held = self.is_held(site)
        if opened.reads and not is_held:
            return
        if opened.kind == "autobegin" and not is_closed(opened.key, event.closed) and self.always_open(node, opened.key, is_held):
            return
        where = opened.path or path
        key = (where, opened.pos, opened.name, path, event.pos)
        known = self.found.setdefault(site, {}).get(key)
        if known is None or sure > known[0]:
            self.found[site][key] = (sure, opened, where, opened.function or function, node, event, edge)

    def is_held(self, site: int) -> bool:
        """Does an effect hold a transaction up, whatever that has done so far?"""
        effect = self.sites[site][1].effect
        return effect is None or effect.kind in HELD_KINDS

    def enter(self, site: int, entrance: Entrance, node: Node, sure: Confidence) -> None:
        if entrance.reads and not self.is_held(site):
            return
        key = (entrance.path, entrance.pos, entrance.name, entrance.kind)
        mine = self.found.setdefault(site, {})
        known = mine.get(key)
        entry = (sure, entrance, node)
        if known is None:
            mine[key] = ("wide", [entry])
        else:
            known[1].append(entry)

    # -- traces -------------------------------------------------------------------------------------------------------------------

    def towards(self, site: int) -> dict[Node, tuple[int, Edge | Event]]:
        """For every node from which the site is reached: the cost and the next step of the best way there."""
        known = self.steps.get(site)
        if known is not None:
            return known
        backwards = self.backwards
        best: dict[Node, tuple[int, Edge | Event]] = {}
        queue: list[tuple[int, int, Node, Edge | Event]] = []
        count = 0
        for node, event in self.holders[site]:
            queue.append((_SHUT if event.closed else 0, count, node, event))
            count += 1
        heapq.heapify(queue)
        while queue:
            cost, _, node, step = heapq.heappop(queue)
            if node in best:
                continue
            best[node] = (cost, step)
            for caller, edge in backwards.get(node, ()):
                if caller in best or not edge.target.inherits:
                    continue
                if (
                    not any(key[0] == site for key in self.summaries[caller])
                    if len(self.summaries[caller]) < 4
                    else not self.reaches(caller, site)
                ):
                    continue
                price = _CUT if self.is_cut(site, caller, edge.event) else 1
                heapq.heappush(queue, (cost + price + _cost(edge), count, caller, edge))
                count += 1
        self.steps[site] = best
        return best

    def is_cut(self, site: int, node: Node, event: Event) -> bool:
        """Does an ignore comment stand on a call, for the kind of the site's effect? Such a way is only taken where there is no other."""
        if self.cuts is None:
            return False
        path, effect = self.program.infos[node[0]].path, self.sites[site][1].effect
        assert effect is not None
        for line in {event.pos[0], event.pos[2]}:
            if code_of(effect.kind, 1) in self.cuts.lines.get((path, line), ()):
                self.cuts.met.add((path, line))
                return True
        return False

    def reaches(self, node: Node, site: int) -> bool:
        known = self.reached.get(node)
        if known is None:
            known = self.reached[node] = {key[0] for key in self.summaries[node]}
        return site in known

    def way(self, site: int, node: Node, known: Env) -> tuple[Hop, ...] | None:
        """The calls from a node to the site by a way whose conditions hold for what is known there and what the calls before it pass; the
        effect last. None where none is found within bounds."""
        if self.is_passable(site, node, known):
            return self.hops(site, node)
        start = (node, known)
        best: dict[tuple[Node, Env], tuple[tuple[Node, Env], Edge] | None] = {}
        queue: list[tuple[int, int, tuple[Node, Env], tuple[tuple[Node, Env], Edge] | None]] = [(0, 0, start, None)]
        count = 0
        while queue and count < MOST_STEPS:
            cost, _, state, before = heapq.heappop(queue)
            if state in best:
                continue
            best[state] = before
            node, env = state
            for event, number in self.effects.get(node, ()):
                if number == site and met(event.guards, env):
                    return (*self.retraced(best, state), self.last(node, event))
            for onward in self.onwards(site, node):
                told = self.behind(site, onward, env)
                if told is None:
                    continue
                count += 1
                price = cost + 1 + len(onward.target.via) + _cost(onward)
                if self.is_cut(site, node, onward.event):
                    price += _CUT
                heapq.heappush(queue, (price, count, (onward.node, told), (state, onward)))
        return None

    def onwards(self, site: int, node: Node) -> list[Edge]:
        """The calls from a node that lead to a site."""
        known = self.onward.get((site, node))
        if known is None:
            edges = self.program.nodes[node]
            known = self.onward[site, node] = [edge for edge in edges if edge.target.inherits and self.reaches(edge.node, site)]
        return known

    def is_passable(self, site: int, node: Node, env: Env) -> bool:
        """Do the conditions on the best way hold?"""
        best = self.towards(site)
        for _ in range(200):
            step = best.get(node)
            if step is None:
                return True
            if not isinstance(step[1], Edge):
                return met(step[1].guards, env)
            onward = step[1]
            told = self.behind(site, onward, env)
            if told is None:
                return False
            node, env = onward.node, told
        return True

    def behind(self, site: int, edge: Edge, env: Env) -> Env | None:
        """What is known behind a call; None where it is not made, or the site cannot be reached from there."""
        key = (id(edge), env)
        if key in self.behind_calls:
            return self.behind_calls[key]
        told: Env | None = None
        if met(edge.event.guards, env):
            told = self.told(site, edge, env)
            if not self.possible(site, edge, told):
                told = None
        self.behind_calls[key] = told
        return told

    def conditions(self, node: Node, site: int) -> tuple[tuple[Condition, ...], ...]:
        """Under which conditions on its parameters a node reaches a site; empty where always."""
        known = self.conditional.get(node)
        if known is None:
            known = self.conditional[node] = {}
            for (number, _), reach in self.summaries[node].items():
                if reach.conditions is not ALWAYS:
                    known[number] = (*known.get(number, ()), reach.conditions)
                else:
                    self.always.add((node, number))
        return () if (node, site) in self.always else known.get(site, ())

    def retraced(self, best: dict[tuple[Node, Env], tuple[tuple[Node, Env], Edge] | None], state: tuple[Node, Env]) -> list[Hop]:
        steps: list[tuple[Node, Edge]] = []
        while (before := best[state]) is not None:
            steps.append((before[0][0], before[1]))
            state = before[0]
        return [hop for node, edge in reversed(steps) for hop in self.hop(node, edge)]

    def told(self, site: int, edge: Edge, known: Env) -> Env:
        """The constants that a call passes for parameters on which the site depends; whether the row is new, which decides further on."""
        constants = dict(known)
        found: dict[str, Any] = {}
        for param, given in self.passes(site, edge):
            if given[0] == "const":
                found[param] = given[1]
            elif given[0] == "by":
                if given[1].param in constants:
                    found[param] = given[2 if given[1].holds(constants[given[1].param]) else 3]
            elif given[1] in constants:
                known_there = constants[given[1]]
                is_more = given[0] == "grown" and isinstance(known_there, tuple)
                found[param] = (*known_there, *sorted(given[2])) if is_more else known_there
        return tuple(sorted(found.items(), key=lambda item: item[0]))

    def passes(self, site: int, edge: Edge) -> tuple[tuple[str, tuple[Any, ...]], ...]:
        """What a call passes for the parameters on which the site, or the way there, depends: constants, and parameters of the caller."""
        tests = self.asked.get((edge.node, site))
        if tests is None:
            reaches = self.conditions(edge.node, site)
            each = {test for conditions in reaches for conjunction in conditions for test in conjunction}
            each.update(test for onward in self.onwards(site, edge.node) for test in onward.event.guards if test.op != "either")
            if not reaches:  # whatever is passed, but not by each of its calls: one that calls itself with something else
                here = [event for event, number in self.effects.get(edge.node, ()) if number == site]
                each.update(test for event in here for test in event.guards if test.param.isidentifier())
            tests = self.asked[edge.node, site] = (_IS_STORED, *sorted(each, key=repr))
        known = self.answers.get((id(edge), tests))
        if known is None:
            info = self.program.infos[edge.target.fun]
            found = ((test.param, argument(test, edge.target, edge.event.passed, info)) for test in tests)
            known = self.answers[id(edge), tests] = tuple(item for item in found if item[1][0] in ("by", "const", "grown", "param"))
        return known

    def possible(self, site: int, edge: Edge, env: Env) -> bool:
        """May the site be reached from the callee, these constants given?"""
        reaches = self.conditions(edge.node, site)
        return not reaches or any(met(tuple(conjunction), env) for conditions in reaches for conjunction in conditions)

    def hops(self, site: int, node: Node) -> tuple[Hop, ...]:
        """The calls from a node to the site, the effect last."""
        best = self.towards(site)
        result: list[Hop] = []
        while True:
            step = best.get(node)
            if step is None or len(result) > 200:
                return tuple(result)
            if isinstance(step[1], Edge):
                result.extend(self.hop(node, step[1]))
                node = step[1].node
            else:
                result.append(self.last(node, step[1]))
                return tuple(result)

    def hop(self, node: Node, edge: Edge) -> list[Hop]:
        """The call itself; for a callable that was passed, also the places where it is handed on and called."""
        known = self.hops_of.get((node, id(edge)))
        if known is not None:
            return known
        infos, target = self.program.infos, edge.target
        spots = [(infos[node[0]], edge.event), *((infos[fun], event) for fun, event in target.via)]
        names = [infos[fun].name for fun, _ in target.via] + [infos[target.fun].name]
        kinds = ["call"] * len(target.via) + [target.kind]
        known = self.hops_of[node, id(edge)] = [
            Hop(kind, Spot(info.path, event.pos), info.name, name, target.confidence, event.tests)
            for (info, event), name, kind in zip(spots, names, kinds, strict=True)
        ]
        return known

    def last(self, node: Node, event: Event) -> Hop:
        info = self.program.infos[node[0]]
        return Hop("call", Spot(info.path, event.pos), info.name, written(event.func), event.confidence, event.tests)

    # -- hazards ------------------------------------------------------------------------------------------------------------------

    def hazards(self) -> tuple[Hazard, ...]:
        for node, effects in (*self.effects.items(), *self.alone.items()):
            for event, site in effects:
                self.holders.setdefault(site, []).append((node, event))
        ordinals = self.ordinals()
        result = []
        for site in sorted(self.found, key=lambda number: (self.sites[number][0], self.sites[number][1].pos)):
            passages = self.passages(site)
            path, event, function = self.sites[site]
            assert event.effect is not None
            effect_site = EffectSite(
                spot=Spot(path, event.pos),
                function=function,
                callee=written(event.func),
                effect=event.effect,
                ordinal=ordinals[site],
                result_used=event.used,
                confidence=event.confidence,
                written=event.written,
                sibling_deferred=self.sibling(site),
            )
            self.steps.pop(site, None)
            self.onward.clear()
            self.behind_calls.clear()
            left = Counter((each.least, each.origin.kind == "hook", each.origin.reads_only) for each in passages[MOST_PAIRS:])
            result.append(Hazard(effect_site, tuple(passages[:MOST_PAIRS]), tuple(Omitted(*what, left[what]) for what in sorted(left))))
        return tuple(result)

    def ordinals(self) -> dict[int, int]:
        counts: dict[tuple[str, str, str], int] = {}
        result: dict[int, int] = {}
        for site in sorted(range(len(self.sites)), key=lambda number: (self.sites[number][0], self.sites[number][1].pos)):
            path, event, function = self.sites[site]
            key = (path, function, written(event.func))
            result[site] = counts[key] = counts.get(key, 0) + 1
        return result

    def sibling(self, site: int) -> bool:
        _, event, _ = self.sites[site]
        node = self.holders[site][0][0]
        deferred = self.program.flows[node].deferred
        return bool(deferred) and written(event.func) in deferred

    def passages(self, site: int) -> list[Passage]:
        result = []
        for parts in self.found[site].values():
            if parts[0] == "wide":
                result.append(self.wide(site, parts[1]))
                continue
            sure, opened, where, function, node, event, edge = parts
            origin = Origin(
                opened.kind, opened.name, Spot(where, opened.pos), function, opened.alias, opened.confidence, opened.retry, opened.reads,
                opened.condition, opened.family, opened.owner,
            )  # fmt: skip
            if edge is not None:
                way = self.way(site, edge.node, self.told(site, edge, ()))
                hops = (*self.hop(node, edge), *(self.hops(site, edge.node) if way is None else way))
            else:
                hops = (self.last(node, event),)
            if opened.tests:  # what the transaction itself depends on is no doubt about what happens inside
                hops = (replace(hops[0], tests=max(0, hops[0].tests - opened.tests)), *hops[1:])
            result.append(Passage(origin, hops, sure))
        result.sort(key=lambda passage: (-passage.sure, passage.rank))
        return result

    def wide(self, site: int, entries: list[tuple[Confidence, Entrance, Node]]) -> Passage:
        ranked = []
        best = self.towards(site)
        for sure, entrance, node in entries:
            hops = self.hops(site, node)
            info = self.program.infos[node[0]]
            first = Hop(
                "hook" if entrance.kind != "atomic_requests" else "call", Spot(info.path, info.name_pos), entrance.function, info.name
            )
            cut = best.get(node, (0,))[0] >= _CUT
            ranked.append(((cut, -sure, doubt(hops), info.path, info.name_pos), sure, entrance, node, (first, *hops)))
        ranked.sort(key=lambda item: item[0])
        ranked = [item for item in ranked if item[0][0] == ranked[0][0][0]]
        _, sure, entrance, node, hops = ranked[0]
        for _, other_sure, other, begin, (first, *_) in ranked[:MOST_ENTRIES]:
            way = self.way(site, begin, other.given)
            if way is not None:
                sure, entrance, hops = other_sure, other, (first, *way)
                break
        origin = Origin(
            entrance.kind, entrance.name, Spot(entrance.path, entrance.pos), entrance.function, entrance.alias, entrance.confidence,
            reads_only=entrance.reads, family=entrance.family,
        )  # fmt: skip
        return Passage(origin, hops, sure, len({item[4][0] for item in ranked}), True)


def met(tests: tuple[Test, ...], env: Env) -> bool:
    """Do tests hold, as far as the constants tell?"""
    if not tests or not env:
        return True
    constants = dict(env)
    return all(_may_hold(test, constants) for test in tests)


def _may_hold(test: Test, constants: Mapping[str, Any]) -> bool:
    if test.op == "either":
        return any(_may_hold(each, constants) for each in test.value)
    if test.param not in constants:
        return True
    value = constants[test.param]
    return may_be(test, value.of) if value.__class__ is Made and value.of.__class__ is int else test.holds(value)


def propagate(program: Program, cuts: Cuts | None = None) -> tuple[Hazard, ...]:
    """All hazards of a program, in the order of the source. Traces avoid ``cuts`` where they can, and note the lines that they met."""
    pairs = _Pairs(with_arguments(program), cuts)
    pairs.collect()
    return pairs.hazards()
