"""Summaries: for every node, the effect sites that happen while the transaction of its caller is still open.

A node is a function with the class of its receiver. A summary maps ``(site, closed)`` to how sure it is and under which conditions
on the parameters it happens; ``closed`` are the keys that are certainly no longer open by then. Computed bottom-up over strongly
connected components; within one, to a fixpoint."""

from __future__ import annotations

from ast import literal_eval
from collections import deque
from collections.abc import Iterable
from types import NoneType
from typing import Any, NamedTuple, TypeAlias

from txlint.model.graph import (
    CHANGED,
    FLAG,
    HELD,
    IDENTITY,
    INSTANCE,
    KEY,
    NEW,
    NO_CLASS,
    OF,
    OR,
    RECEIVER,
    SELF,
    SETTING,
    STAR,
    UNSURE,
    Edge,
    Event,
    FunctionInfo,
    Handed,
    Key,
    Made,
    Node,
    Passed,
    Some,
    Target,
    Test,
)
from txlint.model.kinds import Confidence

MOST_TESTS = 6  # of one conjunction: with three, effects of receivers were claimed that what is saved rules out
MOST_CONDITIONS = 8
MOST_ROUNDS = 50  # of one node of a cycle: what a session is called can grow with each turn
Condition = frozenset[Test]
ALWAYS: tuple[Condition, ...] = (frozenset(),)


class Reach(NamedTuple):
    """How a site is reached: ``conditions`` is a tuple of conjunctions, any of which suffices."""

    confidence: Confidence
    conditions: tuple[Condition, ...]


Entry: TypeAlias = tuple[int, frozenset[Key]]
Summary = dict[Entry, Reach]


def argument(test: Test, target: Target, passed: Passed, info: FunctionInfo) -> tuple[Any, ...]:
    """What the call passes for the parameter of a test, as in `Passed.values`, or ``("unknown",)``; ``("assigned",)`` for a field that may
    have changed."""
    if test.param.startswith(CHANGED):
        return _change(test, target, passed)
    if test.param.startswith(HELD):
        return _held(test, target, passed)
    if test.param.startswith(OF):
        return _of_argument(test, target, passed, info)
    if test.param.startswith(SETTING):
        return ("param", test.param)
    if test.op == "item" and not test.param.startswith(FLAG):
        return _of_argument(test, target, passed, info)
    for name, value in target.given:
        if name == test.param:
            if value.__class__ is Handed:
                return ("param", value.param)
            return ("class", value.of) if value.__class__ is Made else ("const", value)
    if test.param.startswith(STAR):
        return _handed_on(test, target, passed, info)
    if test.param == INSTANCE:
        return ("unknown",)
    if test.param.startswith(FLAG):
        return passed.values.get(test.param, ("param", test.param) if FLAG in passed.values else ("unknown",))
    if target.kind == "signal":
        if test.param in ("instance", "sender") and target.sender != NO_CLASS:
            return ("class", target.sender)
        if test.param in passed.values and (target.sent or test.param == "update_fields"):
            return passed.values[test.param]
        if test.param == "update_fields" and passed.forwards and test.param not in passed.given | passed.withheld:
            return ("param", test.param)
        if target.sent:
            return ("unknown",)
        return ("const", False) if test.param == "raw" else ("unknown",)
    if test.param in passed.values:
        return passed.values[test.param]
    try:
        position = info.params.index(test.param) - target.skip
    except ValueError:  # a key of its `**kwargs`
        if not info.kwarg or test.param in _OWN or test.param in passed.given or target.kind in ("hook", "signal", "callback"):
            return ("unknown",)
        if passed.forwards:
            return ("const", None) if test.param in passed.withheld else ("param", test.param)
        return ("unknown",) if passed.open_ended else ("const", None)
    if position >= 0 and position in passed.values:
        return passed.values[position]
    if passed.open_ended and target.kind in _AS_WRITTEN and (default := _default(test, info)) is not None:
        place = position if position + target.skip < info.positional else -1
        if (known := passed.handed_on(place, test.param, default)) is not None:
            return known
    if (passed.open_ended and not (info.kwarg and test.param in info.defaults)) or target.kind in ("hook", "signal", "callback"):
        return ("unknown",)
    if position in passed.callables or test.param in passed.callables:
        return ("unknown",)
    if test.param in info.defaults and not _passed_something(test.param, position, passed):
        return ("const", info.defaults[test.param])
    return ("unknown",)


def _handed_on(test: Test, target: Target, passed: Passed, info: FunctionInfo) -> tuple[Any, ...]:
    """What the call passes for an argument that the callee hands on by ``*args`` or ``**kwargs``."""
    place, name, default = _parts(test)
    position = int(place) - target.skip if place else -1
    name = "" if name in info.params else name  # which the callee takes itself
    is_open = passed.open_ended
    if target.kind not in _AS_WRITTEN:
        is_open = True
    elif position in passed.given or name in passed.given:
        return passed.values.get(position if position in passed.given else name, ("unknown",))
    elif is_open and (known := passed.handed_on(position, name, default)) is not None:
        return known
    return ("const", literal_eval(default[1:])) if default and (default[0] == _ASSUMED or not is_open) else ("unknown",)


def _parts(test: Test) -> tuple[str, str, str]:
    """Of an argument that is handed on: its place, its name, and what it is where it is not passed."""
    place, _, rest = test.param.removeprefix(STAR).partition("|")
    name, _, default = rest.partition("|")
    return place, name, default


def _default(test: Test, info: FunctionInfo) -> str | None:
    """What a parameter is where it is not passed, as `STAR` says it; None for what cannot be said so."""
    if test.param not in info.defaults:
        return ""
    default = info.defaults[test.param]
    is_assumed = info.kwarg and test.op != KEY
    return f"{_ASSUMED if is_assumed else '?'}{default!r}" if default.__class__ in (bool, int, str, NoneType) else None


def without_callers(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """Conditions where callers are not known: what one is assumed not to pass has its default."""
    result: list[Condition] = []
    for conjunction in conditions:
        assumed = [test for test in conjunction if test.param.startswith(STAR) and _parts(test)[2][:1] == _ASSUMED]
        if all(test.holds(literal_eval(_parts(test)[2][1:])) for test in assumed):
            result.append(conjunction.difference(assumed) if assumed else conjunction)
    return tuple(dict.fromkeys(result))


_ASSUMED = "="


def _change(test: Test, target: Target, passed: Passed) -> tuple[Any, ...]:
    """Whether the caller has assigned a field of its row: ``("const", False)`` where not, ``("assigned",)`` where it may well have."""
    if test.value is True and any(bool(value) is (name == "created") for name, value in target.given if name in (IDENTITY, "created")):
        return ("assigned",)  # a new row: there is nothing that it would be as before
    asked = test.param.removeprefix(CHANGED).split(OR)
    for name, fields in target.given:
        if name == CHANGED:
            return ("assigned",) if any(each in fields for each in asked) else ("const", False)
    known = passed.values.get(CHANGED)
    is_sent = target.kind == "signal" and not target.sent  # by a library that saves the row
    if known is None or (target.kind in ("hook", "signal", "callback") and not is_sent):
        return ("unknown",)
    _, row, ask = known
    is_own = row in ("self", "written")
    if not is_sent and ((target.cls != SELF) if is_own else (target.kind != "call")):
        return ("unknown",)
    if row == "created" and test.value is not True:
        return ("unknown",)  # what its constructor was given need not be what was stored
    fields, complete = ask()
    if any(each in fields for each in asked) or (row == NEW and test.value is True):
        return ("assigned",)
    if not complete or test.value == UNSURE:
        return ("unknown",)
    return ("param", test.param) if is_own and not (row == "written" and test.value is True) else ("const", False)


def _held(test: Test, target: Target, passed: Passed) -> tuple[Any, ...]:
    """What an attribute of the receiver, or of the row that a receiver of a signal gets, holds for whoever has just made it."""
    mark = passed.values.get(FLAG + test.param.removeprefix(HELD), ("unknown",))
    if mark[0] == "const" and target.kind != "callback":
        return mark
    known, another = None, False
    for name, value in target.given:
        known = value if name == HELD else known
        another = another or value == "another row"
    if known is not None:
        return known(test, target.sender if target.kind == "signal" else target.cls)  # type: ignore[no-any-return]
    if HELD not in passed.values or target.kind in ("hook", "callback") or another or target.sent:
        return ("unknown",)
    return passed.values[HELD][1](test, target.cls)  # type: ignore[no-any-return]


def _of_argument(test: Test, target: Target, passed: Passed, info: FunctionInfo) -> tuple[Any, ...]:
    """What an attribute of what the call passes for a parameter is, for the caller that has assigned it; or of which classes its items."""
    name, _, attribute = test.param.removeprefix(OF).partition(".")
    is_one_by_one = name not in info.params and info.vararg and not attribute
    if OF not in passed.values or target.kind not in _AS_WRITTEN or not (name in info.params or is_one_by_one):
        return ("unknown",)
    position = info.positional if is_one_by_one else info.params.index(name)
    _, ask, *known = passed.values[OF]
    return ask(*known, target.fun, position - target.skip, name, attribute)  # type: ignore[no-any-return]


_AS_WRITTEN = frozenset({"call", "override", "super"})
"""Kinds of targets that get the arguments as they stand in the call."""


def is_guess(conditions: tuple[Condition, ...], target: Target, passed: Passed, info: FunctionInfo) -> bool:
    """Is a site reached only where a field has changed of which nothing shows that it is assigned, or under a key that is not known?"""
    if not any(test.op == KEY or test.param.startswith(CHANGED) for conjunction in conditions for test in conjunction):
        return False
    return all(
        any(
            test.wanted and (test.op == KEY or test.param.startswith(CHANGED)) and _is_open(argument(test, target, passed, info))
            for test in conjunction
        )
        for conjunction in conditions
        if instantiate((conjunction,), target, passed, info)
    )


def _is_open(given: tuple[Any, ...]) -> bool:
    """May what is passed be any of several?"""
    return given[0] == "unknown" or (given[0] == "const" and given[1].__class__ is Some)


def asks_for_key(conditions: tuple[Condition, ...]) -> bool:
    """Is a key still to be known, whichever of the conditions holds?"""
    return all(any(test.op == KEY for test in conjunction) for conjunction in conditions)


_OWN = frozenset({IDENTITY, RECEIVER})


def _passed_something(name: str, position: int, passed: Passed) -> bool:
    return bool(passed.given & {name, position})


_CLASSES = {"class": 1, "true": 1, "is": 1, "key": 2}
"""What is passed, and at which place its class stands where that is known: an instance, one that is true, a class itself, and what may hold
a session (behind it: that it is true)."""


def may_be(test: Test, of: Any) -> bool:
    """May a test hold for an instance of a class, or for the class, a function or a list itself (`Made`)? Only of a library's it is not
    known whether it is anything at all."""
    if test.op == "class":
        return (of in test.value) is test.wanted
    if test.op == "item":
        return of.__class__ is not frozenset or not of.isdisjoint(test.value)
    is_none = test.value is None and test.op in ("is", "==") and test.wanted
    return not is_none or isinstance(of, str)


def _asks_for(test: Test, names: frozenset[str]) -> bool:
    """May it matter for a test of a collection whether these are in it?"""
    if test.op == "any":
        return any(_asks_for(each, names) for each in test.value)
    return test.value in names if test.op == "has" else test.op not in ("truthy", "is") or test.value not in (True, None)


def instantiate(conditions: tuple[Condition, ...], target: Target, passed: Passed, info: FunctionInfo) -> tuple[Condition, ...]:
    """A callee's conditions in the caller's words; empty where none can hold."""
    if conditions is ALWAYS or conditions == ALWAYS:
        return ALWAYS
    result: list[Condition] = []
    for conjunction in conditions:
        mine: list[Test] = []
        possible = True
        for test in conjunction:
            given = argument(test, target, passed, info)
            if given[0] == "unknown" and target.kind == "signal" and test.param in ("created", INSTANCE) and test.op == "truthy":
                # Whether the row is new is for the caller of `save` to say.
                test = Test(IDENTITY, "truthy", True, test.wanted is (test.param == INSTANCE))
                given = passed.values.get(IDENTITY, given)
            if given[0] in _CLASSES:
                at = _CLASSES[given[0]]
                is_false = test.op == "truthy" and not test.wanted and (given[0] == "true" or len(given) > at + 1)
                if is_false or (len(given) > at and not may_be(test, given[at])):
                    possible = False
                    break
            elif given[0] in ("const", "one of"):
                if not any(map(test.holds, given[1:] if given[0] == "const" else given[1])):
                    possible = False
                    break
            elif given[0] == "by":
                one, two = map(test.holds, given[2:])
                if not (one or two):
                    possible = False
                    break
                if one is not two:
                    mine.append(given[1] if one else given[1].otherwise())
            elif given[0] == "listed":
                mine.append(test._replace(param=given[1], op="class"))
            elif given[0] == "param" or (given[0] == "grown" and not _asks_for(test, given[2])):
                mine.append(test._replace(param=given[1]))
        if possible:
            if not mine:
                return ALWAYS
            result.append(frozenset(mine))
    return tuple(dict.fromkeys(result))


def conjoin(conditions: tuple[Condition, ...], guards: tuple[Test, ...]) -> tuple[Condition, ...]:
    """Under the guards of the call as well; contradictions fall away, and what is too long is cut."""
    if not guards:
        return conditions
    result: list[Condition] = []
    for test in guards:
        if test.op == "either":
            others = tuple(other for other in guards if other is not test)
            return merge(*(conjoin(conditions, (*others, each)) for each in test.value))
    for conjunction in conditions:
        both = list(dict.fromkeys((*guards, *sorted(conjunction, key=repr))))
        if any(test.otherwise() in both for test in both):
            continue
        if len(both) > MOST_TESTS:
            if not without_callers((frozenset(both),)):
                continue
            both.sort(key=_asks_what_is_held)
        result.append(frozenset(both[:MOST_TESTS]))
    return tuple(dict.fromkeys(result))


def merge(one: tuple[Condition, ...], two: tuple[Condition, ...]) -> tuple[Condition, ...]:
    if one is ALWAYS or two is ALWAYS or frozenset() in one or frozenset() in two:
        return ALWAYS
    if one == two:
        return one
    both = tuple(dict.fromkeys((*one, *two)))
    if len(both) > MOST_CONDITIONS:
        both = tuple(dict.fromkeys((*one, *without_callers(two))))
    if len(both) > MOST_CONDITIONS:
        both = tuple(dict.fromkeys(frozenset(test for test in each if not _asks_what_is_held(test)) for each in without_callers(both)))
    return both if len(both) <= MOST_CONDITIONS and frozenset() not in both else ALWAYS


def _asks_what_is_held(test: Test) -> bool:
    """Is it a test that only few callers decide? Where there are too many, these are given up first."""
    return test.param.startswith((HELD, OF, SETTING))


def outside(closed: frozenset[Key], event: Event, target: Target, info: FunctionInfo) -> frozenset[Key]:
    """A callee's closed keys in the caller's words; what has no name there is dropped."""
    return event.closed | inside(closed, event, target, info) if closed or target.via else event.closed


def inside(closed: frozenset[Key], event: Event, target: Target, info: FunctionInfo) -> frozenset[Key]:
    """The same of what is closed in the callee only: what the caller itself has opened since may be under a key that it closed before."""
    mine: set[Key] = set()
    for _, handed in target.via:
        mine.update(key for key in handed.closed if len(key) < 3)
    for key in closed:
        if len(key) < 3 or key[1] == "global":
            mine.add(key)
        elif key[1] in ("self", "param", "local"):
            theirs = key_of_caller(key, event, target, info) if key[1] != "local" else _key_around(key, event)
            if theirs is not None:
                mine.add(theirs)
    return frozenset(mine)


def _key_around(key: Key, event: Event) -> Key:
    """A key of something in a function around, in the words of that function where it is the caller."""
    head, _, rest = key[2].partition(".")
    values = event.passed.values
    base: Key | None = values[key[2]][1] if key[2] in values else values[head][1] if head in values else None
    if base is None:
        return key
    return base if key[2] in values or not rest else (*base[:2], f"{base[2]}.{rest}" if base[2] else rest)


def key_of_caller(key: Key, event: Event, target: Target, info: FunctionInfo) -> Key | None:
    """A callee's key of its receiver or of a parameter, or of what these hold, in the caller's words; None where it has none there."""
    values = event.passed.values
    place: int | str
    if target.skip and info.params and key[1] == "param" and key[2].startswith(f"{info.params[0]}."):
        key = (key[0], "self", key[2].partition(".")[2])  # what is put around a method gets the method's instance first
    if key[1] == "self":
        place, rest, given = RECEIVER, key[2], values.get(RECEIVER, ("unknown",))
    else:
        head, _, rest = key[2].partition(".")
        given = argument(Test(head, "is", None, True), target, event.passed, info)
        if given[0] not in ("param", "key") or (given[0] == "param" and given[1].startswith(STAR) and given[1].count("|") > 1):
            return None
        place = head if head in values or head not in info.params else info.params.index(head) - target.skip
    known = values.get(f"{place}.{rest}")
    if known is not None:
        return known[1]  # type: ignore[no-any-return]
    given = values.get(f"{place}.", given)
    if given[0] == "unknown":
        return key if is_own(event, target) else None
    base: Key = given[1] if given[0] == "key" else (key[0], "param", given[1])
    return (*base[:2], f"{base[2]}.{rest}") if rest else base


def is_own(event: Event, target: Target) -> bool:
    """Is the receiver of the call that of the caller itself, whatever class the method that runs is of?"""
    return target.cls == SELF or FLAG in event.passed.values


def is_closed(key: Key, closed: frozenset[Key]) -> bool:
    return bool(closed) and (key in closed or (key[0],) in closed)


def components(nodes: dict[Node, list[Edge]]) -> list[list[Node]]:
    """Strongly connected components, callees first (Tarjan, without recursion)."""
    index: dict[Node, int] = {}
    low: dict[Node, int] = {}
    stack: list[Node] = []
    on_stack: set[Node] = set()
    result: list[list[Node]] = []
    for root in nodes:
        if root in index:
            continue
        work: list[tuple[Node, int]] = [(root, 0)]
        while work:
            node, position = work.pop()
            if position == 0:
                index[node] = low[node] = len(index)
                stack.append(node)
                on_stack.add(node)
            edges = nodes[node]
            descended = False
            while position < len(edges):
                other = edges[position].node
                position += 1
                if other not in index:
                    work.append((node, position))
                    work.append((other, 0))
                    descended = True
                    break
                if other in on_stack:
                    low[node] = min(low[node], index[other])
            if descended:
                continue
            if low[node] == index[node]:
                component: list[Node] = []
                while True:
                    top = stack.pop()
                    on_stack.discard(top)
                    component.append(top)
                    if top == node:
                        break
                result.append(component)
            if work:
                parent = work[-1][0]
                low[parent] = min(low[parent], low[node])
    return result


def summarise(
    nodes: dict[Node, list[Edge]], effects: dict[Node, list[tuple[Event, int]]], infos: dict[int, FunctionInfo]
) -> dict[Node, Summary]:
    """The summary of every node. ``effects`` gives each node's own effect calls with the number of their site."""
    summaries: dict[Node, Summary] = {}
    for component in components(nodes):
        for node in component:
            mine = summaries[node] = {}
            for event, site in effects.get(node, ()):
                if conditions := conjoin(ALWAYS, event.guards):
                    _add(mine, (site, event.closed), Reach(event.confidence, conditions))
        if len(component) > 1 or any(edge.node == component[0] for edge in nodes[component[0]]):
            _settle(component, summaries, nodes, infos)
        else:
            for edge in nodes[component[0]]:
                if theirs := summaries.get(edge.node):
                    _take(mine, edge, theirs.items(), infos[edge.target.fun])
    return summaries


def _settle(component: list[Node], summaries: dict[Node, Summary], nodes: dict[Node, list[Edge]], infos: dict[int, FunctionInfo]) -> None:
    """Grow the summaries of a cycle until none changes: again only those whose callees have changed, and only by what has changed there."""
    news = {node: list(summaries[node]) for node in component}  # what was added or changed, in that order
    read = {node: [0] * len(nodes[node]) for node in component}  # how much of it each call has seen
    callers: dict[Node, list[Node]] = {node: [] for node in component}
    for node in component:
        for other in dict.fromkeys([edge.node for edge in nodes[node]]):
            if other in callers:
                callers[other].append(node)
    left = dict.fromkeys(component, MOST_ROUNDS)
    queue = deque(component)
    waiting = set(component)
    while queue:
        node = queue.popleft()
        waiting.discard(node)
        left[node] -= 1
        changed: list[Entry] = []
        seen = read[node]
        for number, edge in enumerate(nodes[node]):
            theirs = summaries.get(edge.node)
            told = news.get(edge.node, theirs)
            if not theirs or not told or seen[number] == len(told):
                continue
            new = theirs if told is theirs else dict.fromkeys(news[edge.node][seen[number] :])
            seen[number] = len(told)
            changed += _take(summaries[node], edge, [(key, theirs[key]) for key in new], infos[edge.target.fun])
        if changed:
            news[node] += changed
            for caller in callers[node]:
                if caller not in waiting and left[caller]:
                    waiting.add(caller)
                    queue.append(caller)


def _take(mine: Summary, edge: Edge, entries: Iterable[tuple[Entry, Reach]], info: FunctionInfo) -> list[Entry]:
    """Add what a call brings of the summary of its callee; what of it is news."""
    event, target, _ = edge
    changed: list[Entry] = []
    if not target.inherits or target.here:
        return changed
    for (site, closed), reach in entries:
        conditions = instantiate(reach.conditions, target, event.passed, info)
        if not conditions:
            continue
        conditions = conjoin(conditions, event.guards)
        if not conditions:
            continue
        key = (site, outside(closed, event, target, info) if closed or event.closed or target.via else closed)
        sure = min(reach.confidence, target.confidence)
        if sure > Confidence.LIKELY and is_guess(reach.conditions, target, event.passed, info):
            sure = Confidence.LIKELY
        if _add(mine, key, Reach(sure, conditions)):
            changed.append(key)
    return changed


def _add(summary: Summary, key: Entry, reach: Reach) -> bool:
    known = summary.get(key)
    if known is None:
        summary[key] = reach
        return True
    confidence = max(known.confidence, reach.confidence)
    conditions = merge(known.conditions, reach.conditions)
    if confidence == known.confidence and conditions == known.conditions:
        return False
    summary[key] = Reach(confidence, conditions)
    return True
