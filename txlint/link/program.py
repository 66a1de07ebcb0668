"""From facts to the linked program: replay in rounds what a transaction may reach, and resolve who is called at every event."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import Any

from txlint.catalog.inert import ROWS, inert
from txlint.catalog.lookup import Catalog
from txlint.frameworks.startup import AT_START
from txlint.frameworks.types import Framework
from txlint.link import taught
from txlint.link.kept import fill, handing_on
from txlint.link.linker import Linker, Replay
from txlint.link.near import takers, with_openers
from txlint.link.project import Fun, Klass, mentions
from txlint.link.seeds import seeds
from txlint.link.settled import of_class
from txlint.link.signals import Connection, receiving
from txlint.link.targets import FEW
from txlint.link.unpassed import unpassed
from txlint.link.values import UNKNOWN, Cls, ExtObj, Fn, Obj, OneOf
from txlint.model.catalog import Hook
from txlint.model.facts import FileFacts
from txlint.model.graph import (
    FLAG,
    NO_CLASS,
    SELF,
    Edge,
    Entrance,
    Event,
    Flow,
    FunctionInfo,
    Node,
    ParamTarget,
    Program,
    SignalTarget,
    Target,
    Test,
)
from txlint.model.kinds import Confidence
from txlint.model.shapes import last_name

ROUNDS = 3
CALLERS = 8
"""Callers of callers to which news are carried: a helper of a helper that executes a statement."""
CALLABLE_DEPTH = 3
MOST_WAYS = 16
"""Places where what is passed to one function is called, under one test and another."""
MOST_VARIANTS = 24
"""Replays of one function for subclasses that nobody is seen to use; more where they come out alike."""
_CONNECTING = frozenset({"connect", "listen", "register"})
Entrances = Callable[[Linker], Iterable[Entrance]]


def link(
    files: Iterable[FileFacts],
    catalog: Catalog,
    frameworks: tuple[Framework, ...] = (),
    entrances: Iterable[Entrances] = (),
    versions: Callable[[str, str], bool | None] | None = None,
    also: Mapping[str, str] | None = None,
    everything: bool = False,
    informs: Iterable[Callable[[Linker], None]] = (),
) -> tuple[Program, Linker]:
    """The program and the linker that knows it. ``also``: further names of modules. With ``everything`` the program holds all
    functions (for questions like `why`); else those that a transaction may reach. ``informs`` tell the linker, before anything is
    replayed, what frameworks hand to functions."""
    linker = Linker(files, catalog, frameworks, also)
    linker.versions = versions
    linker.has_sessions = bool(takers(linker, with_openers(linker, lambda opener: opener.key != "alias")))
    for framework in frameworks:
        linker.loaders.update(framework.loaders(linker))
    _connect(linker)
    for inform in informs:
        inform(linker)
    start = list(linker.project.funs) if everything else seeds(linker)
    found = [entrance for enter in entrances for entrance in enter(linker)]
    builder = _Builder(linker, everything)
    builder.grow(start, found)
    for _ in range(ROUNDS - 1):
        if not _told_anew(linker, builder):
            break
    builder.concrete()
    builder.read()
    _told_anew(linker, builder)
    return builder.finish(found), linker


def _told_anew(linker: Linker, builder: _Builder) -> bool:
    """Once more for functions whose parameters callers have told something about, and for those that called what was not known yet;
    False where there are none."""
    asked = fill(linker)
    stale, linker.stale = linker.stale, {}
    again: dict[int, set[int] | None] = {
        number: None if number in asked or NO_CLASS in stale[number] else stale[number]
        for number in sorted(stale.keys() | asked)
        if number in asked or number in linker.asking or number in linker.narrowed or _listens(linker.project.funs[number])
    }
    corrected, linker.corrected = linker.corrected, set()
    again.update(builder.callers(corrected))
    if again:
        builder.again(again)
    return bool(again)


def _connect(linker: Linker) -> None:
    """Signal connections first: decorators of all functions, then whatever runs when modules are imported or apps get ready, and
    wherever the project calls what its own tables say to register."""
    mine = taught.registering(linker.catalog) if linker.teaches else frozenset()
    connecting = _CONNECTING | mine
    for fun in linker.project.funs:
        if fun.fact is not None and fun.fact.decorators:
            linker.decoration(fun)
    linker.decorated = linker.decorating if linker.has_sessions else {}
    for number, _ in linker.decorated:
        for fun in linker.project.funs[number].nested:
            linker.forget(fun)
    for fun in linker.project.funs:
        if fun.fact is None:
            if not fun.module.facts.words.isdisjoint(connecting):
                linker.replay(fun, None, True)
        # What a function connects that runs at the start may be in functions of other modules.
        elif fun.fact.name in AT_START or (not mine.isdisjoint(fun.module.facts.words) and mentions(fun, mine)):
            linker.replay(fun, fun.klass, False)


def _listens(fun: Fun) -> bool:
    """Has it parameters of which only callers can say anything?"""
    return fun.fact is not None and any(param.annotation is None for param in fun.fact.params)


def owner(fun: Fun) -> Klass | None:
    """The class whose instances a function (or the method around it) belongs to."""
    at: Fun | None = fun
    while at is not None:
        if at.klass is not None:
            return at.klass
        at = at.parent
    return None


class _Builder:
    """The nodes so far. One is replayed where to start from, and where what calls it may have a transaction open (``inside``): what is
    called outside of all of them cannot do wrong. With ``everything``, and where a transaction is that of an object, all are."""

    def __init__(self, linker: Linker, everything: bool) -> None:
        self.linker = linker
        self.everything = everything or linker.has_sessions  # what is passed decides there of which session something is
        self.nodes: dict[Node, list[Edge]] = {}
        self.inside: set[Node] = set()
        self.listening: set[str] = set()  # the names of functions that have transactions open and parameters of which only callers know
        self.telling: dict[int, bool] = {}
        self.flows: dict[Node, Flow] = {}
        self.infos: dict[int, FunctionInfo] = {}
        self.by_signal: dict[str, list[Connection]] = {}
        for connection in linker.connected:
            self.by_signal.setdefault(connection.signal, []).append(connection)
        self.runs: dict[tuple[int, str], list[tuple[int, Event]]] = {}  # parameter -> where it is called
        self.handed_on: dict[tuple[int, str], list[tuple[Event, Target, int | str]]] = {}  # ... is passed on
        self.named: dict[tuple[int, str], list[tuple[int, Event, tuple[tuple[int, bool], ...]]]] = {}  # ... holds a method's name
        self.called_now: set[int] = set()
        self.ranks: dict[int, int] = {}
        self.hooks: set[str] | None = None  # names of methods that libraries call as hooks
        self.senders: set[int] = set()
        self.flags: dict[tuple[int, bool], tuple[tuple[str, Any], ...]] = {}  # class, whether that is its very class: what it says
        self.starts: set[int] = set()  # functions that may open a transaction
        self.waiting: list[Node] = []
        self.noted: set[int] = set()  # flows whose parameters are known
        self.handed: set[Node] = set()  # nodes whose callbacks are known
        self.idle: dict[Node, list[Edge]] = {}  # by who reads or assigns them: properties of which nothing comes, as far as is known

    def grow(self, start: list[Fun], entrances: list[Entrance]) -> None:
        """All nodes that are reached by plain calls."""
        self.starts = {fun.id for fun in start}
        for fun in start if not self.everything else ():
            if fun.fact is not None and _listens(fun):
                replay = self.linker.replay(fun, owner(fun), False)
                if any(region for *_, region in replay.flow.unresolved) or any(event.region for event in replay.flow.events):
                    self.listening.add(fun.fact.name if fun.fact.name != "__init__" or fun.klass is None else fun.klass.fact.name)
        for fun in start:
            self.begin(fun)
        for entrance in entrances:
            self.enter(self.need(entrance.node))
        self.expand_all()

    def begin(self, fun: Fun) -> None:
        """A function is looked at on its own, whoever calls it."""
        klass = owner(fun)
        self.need((fun.id, klass.id if klass else NO_CLASS, klass is None or not klass.subclasses))

    def again(self, functions: Mapping[int, Container[int] | None]) -> None:
        """Once more, for functions that are to be replayed anew (for some classes of receivers, or all); then for their callers, where
        what they leave open or closed is news, and for whoever reads an attribute, where what they assign to it is."""
        for _ in range(CALLERS):
            nodes = [node for node in self.nodes if node[0] in functions and ((only := functions[node[0]]) is None or node[1] in only)]
            others = self.linker.assigning_replays(functions, self.nodes)
            before = [self.replayed(node) for node in (*nodes, *others)]
            for number, classes in functions.items():
                self.linker.forget(self.linker.project.funs[number], classes)
            looked_at = {node[0] for node in self.nodes}
            unseen = sorted(number for number in functions if number not in looked_at)
            passing_on = handing_on(self.linker) if unseen else set()
            for number in unseen:
                if number in passing_on or self.tells(number):  # it only says what it passes
                    fun = self.linker.project.funs[number]
                    self.linker.replay(fun, owner(fun), False)
            for node in nodes:
                self.expand(node)
            self.expand_all()
            news: set[Node] = set()
            assigned: dict[str, set[int]] = {}  # attribute -> classes whose instances have another value in it now
            for node, first in zip((*nodes, *others), before, strict=True):
                replay = self.replayed(node)
                if replay.left != first.left:
                    news.add(node)
                if node[1] != NO_CLASS:
                    for name, value in replay.sets.items():
                        known = first.sets.get(name, UNKNOWN)
                        if any(atom not in known and isinstance(atom, (Cls, ExtObj, Obj, OneOf)) for atom in value):
                            assigned.setdefault(name, set()).add(node[1])
            told = self.callers(news)
            for number, classes in self.linker.readers_of(assigned).items() if assigned else ():
                told.setdefault(number, classes)
            if not told:
                return
            functions = told

    def callers(self, nodes: set[Node]) -> dict[int, set[int] | None]:
        """The functions that call one of these."""
        return {caller[0]: None for caller, edges in self.nodes.items() if any(edge.node in nodes for edge in edges)} if nodes else {}

    def replayed(self, node: Node) -> Replay:
        linker = self.linker
        return linker.replay(linker.project.funs[node[0]], linker.project.klasses[node[1]] if node[1] != NO_CLASS else None, node[2])

    def expand_all(self) -> None:
        while self.waiting:
            self.expand(self.waiting.pop())

    def finish(self, entrances: list[Entrance]) -> Program:
        linker = self.linker
        self.callbacks()
        while self.read():
            self.callbacks()
        self.nodes = {node: [edge for edge in edges if edge.node in self.nodes] for node, edges in self.nodes.items()}
        if linker.flag_names:  # all that can be reached has been replayed by now
            for node, edges in self.nodes.items():
                if any(self.flags_of(edge.node) for edge in edges):
                    self.nodes[node] = [self.with_flags(edge) for edge in filter(None, (self.as_flagged(node, edge) for edge in edges))]
            entrances = [replace(each, given=(*each.given, *self.flags_of(each.node))) for each in entrances]
        seen: set[int] = set()
        scopes = effects = 0
        places: set[Any] = set()
        for node, flow in self.flows.items():
            path = self.infos[node[0]].path
            if id(flow) not in seen:
                seen.add(id(flow))
                for event in flow.events:
                    if event.effect is not None and (path, event.pos) not in places:
                        places.add((path, event.pos))
                        effects += 1
        counted: set[int] = set()
        for node, flow in self.flows.items():
            if node[0] not in counted:
                counted.add(node[0])
                scopes += flow.scopes + len(linker.decoration(linker.project.funs[node[0]]).openers)
        left = cache(lambda number: unpassed(linker, linker.project.funs[number]))
        return Program(self.nodes, self.flows, self.infos, tuple(entrances), scopes, effects, *self.not_known(entrances), left)

    def not_known(self, entrances: list[Entrance]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """The calls that are made with a transaction open, by whoever, and of which nothing is known; and those into packages of which
        nothing is known."""
        plain = {self.infos[each.node[0]].path for each in entrances if each.name in self.linker.plain}
        unresolved: dict[Any, None] = {}
        foreign: dict[Any, None] = {}
        seen: set[tuple[int, bool]] = set()
        for node, flow in self.flows.items():
            path, is_inside = self.infos[node[0]].path, node in self.inside
            if (id(flow), is_inside) in seen:
                continue
            seen.add((id(flow), is_inside))
            for pos, expr, region in flow.unresolved:
                if (region or is_inside) and not (path in plain and last_name(expr) in ROWS):
                    unresolved[path, pos, expr] = None
            for pos, expr, package, is_open in flow.foreign:
                if (is_open or is_inside) and package not in inert():
                    foreign[path, pos, expr, package] = None
        return tuple(unresolved), tuple(foreign)

    def concrete(self) -> None:
        """A method that opens a transaction is also looked at with each subclass that inherits it: there its own calls are known."""
        self.linker.first_for_class = True
        for node in list(self.nodes):
            fun, klass = self.linker.project.funs[node[0]], owner(self.linker.project.funs[node[0]])
            if klass is None or not klass.subclasses or node[1] != klass.id or node[2]:
                continue
            opens = bool(self.flows[node].scopes or self.linker.decoration(fun).openers)
            if not opens and not self.linker.has_sessions:
                continue
            method = fun
            while method.klass is None and method.parent is not None:
                method = method.parent
            assert method.fact is not None
            subclasses = klass.subclasses if opens else [sub for sub in klass.subclasses if self.begins_for(node, klass, sub)]
            for sub in sorted(subclasses, key=self.rank):
                found = self.linker.find(sub, method.fact.name)
                if found is not None and found.owner is klass and self.linker.is_affordable(fun, sub, MOST_VARIANTS):
                    self.need((fun.id, sub.id, True))
        self.expand_all()

    def begins_for(self, node: Node, klass: Klass, sub: Klass) -> bool:
        """May a method of a class begin a transaction of a session for a subclass, by what only that has: a class in an attribute
        (``model = None`` above it), or a method that leaves one open?"""
        linker = self.linker
        for kind, name in self.replayed(node).queries:
            if kind != "attr" or (found := linker.find(sub, name)) is None or found.bindings is None or found.owner is klass:
                continue
            if found.bindings[-1][0] in ("def", "value"):
                for atom in linker.class_attribute(sub, name):
                    if isinstance(atom, Cls) and not any(isinstance(own, Cls) for own in linker.class_attribute(klass, name)):
                        return True
                    if isinstance(atom, Fn) and atom.fun.id in self.starts:  # others come to no session
                        if any(not opened.reads for opened in linker.replay(atom.fun, sub, True).left_open):
                            return True
        return False

    def rank(self, klass: Klass) -> int:
        """Which subclasses to look at first: those that hold something with hooks of its own, then those with methods of their own;
        the others differ from each other by nothing that can have an effect."""
        known = self.ranks.get(klass.id)
        if known is None:
            own = any(True for _ in self.linker.project.methods(klass))
            known = self.ranks[klass.id] = 0 if self.holds_hooked(klass) else 1 if own else 2
        return known

    def holds_hooked(self, klass: Klass) -> bool:
        """Is a class-valued attribute, or what it holds, a class with hooks: ``queryset = Order.objects.all()``?"""
        linker = self.linker
        if self.hooks is None:
            self.hooks = {e.name.rpartition(".")[2] for e in linker.catalog.entries if isinstance(e, Hook) and e.by == "method"}
            self.senders = {connection.sender for connection in linker.connected}
        for name, bound in klass.names.items():
            tag, made, *hint = bound[-1]
            if tag != "value" or (hint == [None] and made.__class__ is tuple and made[0] == "const"):
                continue  # a constant is no class
            for atom in linker.class_attribute(klass, name):
                for held in (atom, *linker.item_of(atom)):
                    other = getattr(held, "klass", None)
                    if isinstance(other, Klass) and (other.id in self.senders or not self.hooks.isdisjoint(other.names)):
                        return True
        return False

    def node_of(self, fun: int, cls: int, exact: bool) -> Node:
        """A class without subclasses is the very class."""
        return fun, cls, exact or (cls >= 0 and not self.linker.project.klasses[cls].subclasses)

    def need(self, node: Node) -> Node:
        node = self.node_of(*node)
        if node not in self.nodes:
            self.nodes[node] = []
            self.waiting.append(node)
        return node

    def enter(self, node: Node) -> None:
        """A transaction may be open around a node, and so around what that calls."""
        entered = [node]
        while entered:
            node = entered.pop()
            if node not in self.inside:
                self.inside.add(node)
                self.need(node)
                entered.extend(edge.node for edge in self.nodes[node] if edge.target.inherits)

    def info(self, fun: Fun) -> FunctionInfo:
        known = self.infos.get(fun.id)
        if known is None:
            fact = fun.fact
            params = tuple(fact.positional) if fact else ()
            names = params + tuple(p.name for p in fact.params if p.kind == "kwonly") if fact else ()
            nowhere = (1, 0, 1, 0)
            known = self.infos[fun.id] = FunctionInfo(
                fun.module.facts.path, fun.dotted, names, self.linker.defaults(fun),
                fact.pos if fact else nowhere, fact.name_pos if fact else nowhere,
                any(p.kind == "vararg" for p in fact.params) if fact else False,
                any(p.kind == "kwarg" for p in fact.params) if fact else False,
                len(params),
            )  # fmt: skip
        return known

    def expand(self, node: Node) -> None:
        self.info(self.linker.project.funs[node[0]])
        flow = self.flows[node] = self.replayed(node).flow
        was_inside = node in self.inside
        edges: dict[Edge, None] = {}
        self.idle.pop(node, None)
        for event in flow.events:
            for target in event.targets:
                if isinstance(target, Target):
                    self.edge(edges, event, target, node)
                elif isinstance(target, SignalTarget):
                    self.signal(edges, event, target, node)
        self.nodes[node] = list(edges)
        if node in self.inside and not was_inside:  # it calls itself with a transaction open
            self.inside.discard(node)
            self.enter(node)

    def edge(self, edges: dict[Edge, None], event: Event, target: Target, node: Node) -> None:
        cls, exact = target.cls, target.exact
        if cls == SELF:
            cls, exact = node[1], node[2]
        if target.kind in ("property", "setter"):
            self.idle.setdefault(node, []).append(Edge(event, target, self.node_of(target.fun, cls, exact)))
            return
        self.info(self.linker.project.funs[target.fun])
        called = self.node_of(target.fun, cls, exact)
        if event.region or target.inner or (target.inherits and node in self.inside):
            self.enter(called)
        elif called not in self.nodes and self.tells(target.fun):
            self.need(called)
        edges[Edge(event, target, called)] = None

    def tells(self, number: int) -> bool:
        """May a function say what is passed to one that has a transaction open? Nobody else knows what its parameters are."""
        known = self.telling.get(number)
        if known is None:
            known = self.telling[number] = self.everything or mentions(self.linker.project.funs[number], self.listening)
        return known

    def read(self) -> bool:
        """The properties that are read or assigned, and do anything; False where there are no new ones. Most only compute: they are
        worth no node."""
        quiet: set[Node] = set()
        left: dict[Node, list[Edge]] = {}
        found = False
        while self.idle:
            idle, self.idle = self.idle, {}
            for reader, edges in idle.items():
                acting = [edge for edge in edges if (edge.event.region or reader in self.inside) and self.acts(edge.node, quiet)]
                if len(acting) < len(edges):
                    left[reader] = [edge for edge in edges if edge not in acting]
                if acting:
                    found = True
                    for edge in acting:
                        self.info(self.linker.project.funs[edge.target.fun])
                        self.enter(edge.node)
                    self.nodes[reader] = [*self.nodes[reader], *acting]
            self.expand_all()
        self.idle = left
        return found

    def acts(self, node: Node, quiet: set[Node]) -> bool:
        """Does a function do anything that a transaction cares about, or whoever it calls? ``quiet`` are those that do not."""
        seen, waiting = {node}, [node]
        while waiting:
            _, cls, exact = at = waiting.pop()
            if at in quiet:
                continue
            flow = self.replayed(at).flow
            if flow.misuses or any(event.effect is not None for event in flow.events):
                return True
            for event in flow.events:
                for target in (*event.targets, *(each for passed in event.passed.callables.values() for each in passed)):
                    if isinstance(target, SignalTarget):
                        return True
                    if isinstance(target, Target):
                        other = (target.fun, cls, exact) if target.cls == SELF else (target.fun, target.cls, target.exact)
                        if other not in seen:
                            seen.add(other)
                            waiting.append(other)
        quiet |= seen
        return False

    def as_flagged(self, node: Node, edge: Edge) -> Edge | None:
        """A call as far as it happens, and with what is open then, by what the caller's class says of the flags that are tested around
        it; or the class of an override, which is that of the caller's receiver."""
        event, target, called = edge
        tested = [test for opened in event.region for test in opened.flags]
        if not tested and not any(test.param.startswith(FLAG) for test in event.guards):
            return edge
        is_own = target.kind == "override" and FLAG in event.passed.values
        says = dict((*self.flags_of(node), *(self.flags_of(called) if is_own else ())))

        def fails(tests: Iterable[Test]) -> bool:
            return any(test.param in says and not test.holds(says[test.param]) for test in tests)

        if fails(event.guards):
            return None
        return edge._replace(event=replace(event, region=tuple(o for o in event.region if not fails(o.flags)))) if fails(tested) else edge

    def with_flags(self, edge: Edge) -> Edge:
        """The call with what the class of its receiver says of the flags that its methods ask for."""
        known = self.flags_of(edge.node)
        return edge._replace(target=edge.target._replace(given=(*edge.target.given, *known))) if known else edge

    def flags_of(self, node: Node) -> tuple[tuple[str, Any], ...]:
        _, cls, exact = node
        known = self.flags.get((cls, exact))
        if known is None:
            of = of_class(self.linker, self.linker.project.klasses[cls], exact) if cls >= 0 else {}
            known = self.flags[cls, exact] = tuple(of.items())
        return known

    def signal(self, edges: dict[Edge, None], event: Event, target: SignalTarget, node: Node) -> None:
        sender, exact = (node[1], node[2]) if target.sender == SELF else (target.sender, target.exact)
        connections = self.by_signal.get(target.signal, ())
        for received in receiving(self.linker, connections, target, sender, exact, node[0]):
            self.edge(edges, event, received, node)

    def callbacks(self) -> None:
        """Functions passed to a parameter that the callee calls run at the caller's call; what the callee opens around that call is
        open in them."""
        seen, done = self.noted, self.handed
        while pending := [node for node in self.nodes if node not in done]:
            self.called_now = {edge.target.fun for edges in self.nodes.values() for edge in edges}
            for node in pending:
                flow = self.flows[node]
                if id(flow) not in seen:
                    seen.add(id(flow))
                    self.note(node[0], flow)
            for node in pending:
                done.add(node)
                extra = self.handed_over(node)
                if extra:
                    self.nodes[node] = [*self.nodes[node], *(edge for edge in extra if edge not in self.nodes[node])]
            self.expand_all()

    def handed_over(self, node: Node) -> dict[Edge, None]:
        """The edges of one node to what it passes: functions, and methods by their names."""
        extra: dict[Edge, None] = {}
        for edge in self.nodes[node]:
            event, target, _ = edge
            if target.kind == "callback":
                continue
            info = self.infos[target.fun]
            if self.named:
                self.by_name(extra, edge, node, info)
            for place, functions in event.passed.callables.items():
                name = self.parameter(info, place, target.skip)
                for inner, via in islice(self.called(target.fun, name, 0), MOST_WAYS) if name is not None else ():
                    for passed in functions:
                        self.edge(extra, event, passed._replace(inner=target.inner + inner, via=via), node)
        return extra

    def note(self, fun: int, flow: Flow) -> None:
        """Which parameters a function calls, uses as the name of a method, or passes on."""
        for event in flow.events:
            for target in event.targets:
                if isinstance(target, ParamTarget):
                    if target.receivers:
                        self.named.setdefault((target.fun, target.name), []).append((fun, event, target.receivers))
                    else:
                        self.runs.setdefault((target.fun, target.name), []).append((fun, event))
            for place, given in event.passed.values.items():
                if given[0] == "param":
                    for target in event.targets:
                        if isinstance(target, Target):
                            self.handed_on.setdefault((fun, given[1]), []).append((event, target, place))

    def by_name(self, extra: dict[Edge, None], edge: Edge, node: Node, info: FunctionInfo) -> None:
        """A constant passed to a parameter that names the method to call."""
        event, target, _ = edge
        for place, given in event.passed.values.items():
            if given[0] != "const" or not isinstance(given[1], str):
                continue
            name = self.parameter(info, place, target.skip)
            for receivers, inner, via in self.called_by_name(target.fun, name, 0) if name is not None else ():
                for cls, exact in receivers:
                    for passed in self.methods(cls, exact, given[1]):
                        self.edge(extra, event, passed._replace(inner=target.inner + inner, via=via), node)

    def methods(self, cls: int, exact: bool, name: str) -> Iterator[Target]:
        """The methods of this name that an instance may have."""
        linker = self.linker
        klass = linker.project.klasses[cls]
        for value in linker.class_attribute(klass, name):
            if isinstance(value, Fn) and value.fun.klass is not None:
                yield Target(value.fun.id, cls, "callback", Confidence.CERTAIN, (), 1, exact)
        others = [] if exact else linker.overrides(klass, name)
        sure = Confidence.LIKELY if len(others) <= FEW else Confidence.POSSIBLE
        for holder, fun in others:
            yield Target(fun.id, holder.id, "callback", sure, (), 1, False)

    def called_by_name(self, fun: int, name: str, depth: int) -> Iterator[tuple[Any, tuple[Any, ...], tuple[tuple[int, Event], ...]]]:
        """Where a parameter is used as the name of a method: on whom, inside of what, by what way."""
        for holder, event, receivers in self.named.get((fun, name), ()):
            yield receivers, self.placed(holder, event), ((holder, event),)
        if depth >= CALLABLE_DEPTH:
            return
        for event, target, place in self.handed_on.get((fun, name), ()):
            other = self.parameter(self.infos[target.fun], place, target.skip)
            if other is not None:
                for receivers, inner, via in self.called_by_name(target.fun, other, depth + 1):
                    yield receivers, (*self.placed(fun, event), *inner), ((fun, event), *via)

    def parameter(self, info: FunctionInfo, place: int | str, skip: int) -> str | None:
        if isinstance(place, str):
            return place if place in info.params else None
        position = place + skip
        return info.params[position] if position < len(info.params) else None

    def called(self, fun: int, name: str, depth: int) -> Iterator[tuple[tuple[Any, ...], tuple[tuple[int, Event], ...]]]:
        """The transactions that a function opens around a call of its parameter, and where it calls it: up to the first place before which
        no test stands that callers may decide."""
        seen: set[Any] = set()
        for holder, event in self.runs.get((fun, name), ()):
            if (holder != fun and holder not in self.called_now) or (holder, event.pos) in seen:
                continue  # a nested function that is only handed to something that runs it later
            seen.add((holder, event.pos))
            yield self.placed(holder, event), ((holder, event),)
            if not event.guards:
                return
        if depth < CALLABLE_DEPTH:
            for event, target, place in self.handed_on.get((fun, name), ()):
                inner = self.parameter(self.infos[target.fun], place, target.skip)
                for region, via in self.called(target.fun, inner, depth + 1) if inner is not None else ():
                    yield (*self.placed(fun, event), *region), ((fun, event), *via)
                    if not (event.guards or any(each.guards for _, each in via)):
                        return

    def placed(self, fun: int, event: Event) -> tuple[Any, ...]:
        """The transactions open at an event, told apart from those of the function in whose name they will be shown."""
        info = self.infos[fun]
        return tuple(replace(o, path=info.path, function=info.name) if o.path is None else o for o in event.region)
