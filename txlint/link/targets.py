"""Whom a call runs: `add_targets` for a function of the project, `callback` for a callable that a library runs, `iterate` for a
generator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from txlint.link.generic import by_arguments, for_class, for_frame
from txlint.link.held import by_parameter
from txlint.link.keyed import by_attributes
from txlint.link.opening import name_of
from txlint.link.passing import apply_states, bind, binds, decided, doubt_states, key_for_caller, note_parameters, target_class
from txlint.link.settled import constants
from txlint.link.site import CERTAIN, LIKELY, POSSIBLE, Site
from txlint.link.values import (
    UNKNOWN,
    Atom,
    Ext,
    ExtMethod,
    ExtObj,
    Fn,
    Generated,
    Obj,
    Param,
    Part,
    SelfCls,
    SelfObj,
    Seq,
    Stored,
    Value,
    union,
)
from txlint.model.facts import Expr, Pos
from txlint.model.graph import NO_CLASS, RECEIVER, Event, Flow, Key, Opened, ParamTarget, Passed, Target, Test

if TYPE_CHECKING:
    from txlint.link.linker import Linker, Replay
    from txlint.link.project import Fun, Klass
    from txlint.link.replay import Frame

FEW = 8  # overrides that still count as likely


def add_targets(
    site: Site, atom: Fn, args: tuple[Value, ...], keywords: dict[str | None, Value], kind: str, inner: tuple[Opened, ...] = ()
) -> None:
    """Targets for a function and, where its receiver's very class is unknown, for the overrides of it; and its result."""
    frame, fun = site.frame, atom.fun
    linker = frame.linker
    receiver = atom.receiver
    cls, exact = target_class(frame, receiver)
    method = fun.klass is not None and receiver is not None
    is_bound = method or (fun.klass is not None and linker.decoration(fun).role == "class") or _is_around_method(site, atom)
    skip = 1 if is_bound else 0
    flags = receiver.flags if type(receiver) is Obj else ()
    known = constants(flags) if flags else ()
    if len(known) < len(flags):
        site.flags.append(flags)
    if fun.id in linker.sealed:
        under = linker.sealed[fun.id]
        known = (*known, *next((under[a.fun.id] for a in site.values if type(a) is Fn and a.fun.id in under), ()))
    site.targets.append(Target(fun.id, cls, kind, CERTAIN, inner, skip, exact, given=known))
    overrides: list[tuple[Klass, Fun]] = []
    others = linker.dispatched.get(fun.id)
    if others is not None:
        sure = LIKELY if len(others) <= FEW else POSSIBLE
        site.targets.extend(Target(other.id, cls, "override", sure, inner, skip, exact) for other in others)
    klass = getattr(receiver, "klass", None)
    if method and not exact and klass is not None and kind != "super":
        overrides = linker.overrides(klass, fun.fact.name)  # type: ignore[union-attr]
        if overrides:
            add_overrides(site, receiver, overrides, skip, inner)
    bound = bind(fun, args, keywords, skip)
    own = klass.id if fun.klass is not None and klass is not None else NO_CLASS
    lazily = fun.fact is None or fun.fact.is_generator  # what it has open at its `yield` is for each caller to say
    if not frame.silent and not lazily:  # before it is replayed: what functions pass on to each other comes to the last of them at once
        note_parameters(linker, fun, bound, own, not site.open_ended)
    replay = linker.replay(fun, klass, exact)
    returns = replay.returns
    if (replay.raises or replay.returns_if) and len(site.values) == 1 and not lazily and not fun.fact.is_async:  # type: ignore[union-attr]
        if replay.raises and fun.klass is None:
            frame.never = site.expr
        elif replay.returns_if and not overrides:
            asks = [decided(site, fun, bound, receiver, test) for test in replay.returns_if]
            if False in asks:
                frame.never = site.expr
            frame.back_if = site.expr, [("test", each) for each in asks if isinstance(each, Test)]
    if not returns and fun.fact is not None and fun.fact.returns is not None:
        if told := by_arguments(linker, fun, bound):
            site.result = union(site.result, told)
        else:
            returns = linker.annotation(fun.fact.returns, fun.module, fun.klass, fun.parent)
    if type(receiver) is SelfObj and replay.queries:
        if returns:
            frame.queries.update(replay.queries)
        elif linker.has_sessions:  # what it leaves open may be a matter of classes in attributes
            frame.queries.update(
                {query: None for query in replay.queries if query[0] == "attr" and linker.varies(receiver.klass, query[1])}
            )
    if returns:
        if fun.fact is not None and any(type(a) is Stored and len(a.place) > 3 for a in returns):
            returns = by_attributes(frame, returns, fun, by_parameter(fun.fact.params, site.expr, skip), bound)
        if linker.has_generics:
            held = type(receiver) is SelfObj
            returns = for_frame(frame, returns) if held else for_class(linker, returns, klass, getattr(receiver, "item", UNKNOWN))
        given = bound
        if site.open_ended and fun.fact is not None:  # what is not bound may still be passed
            given = {**dict.fromkeys((param.name for param in fun.fact.params), UNKNOWN), **bound}
        if isinstance(receiver, SelfObj) and receiver is not None:
            is_told = any(type(a) is Param or (type(a) is Obj and a.flags) for a in returns)
            value = linker.substitute(returns, None, given, fun) if is_told else returns
            value = tuple(receiver if type(a) is SelfObj else a for a in value)
        else:
            value = linker.substitute(returns, receiver, given, fun)
        site.result = union(site.result, value)
    for name, passed in bound.items() if replay.flow.deferred else ():
        if only_defers(linker, replay.flow, fun, name):
            frame.flow.deferred.update(text for each in passed for text in callable_texts(each))
    if not frame.silent:
        if lazily:
            note_parameters(linker, fun, bound, own, not site.open_ended)
        if replay.closes or replay.left_open or replay.commits or replay.closes_given or any(replay.closes_if):
            apply_states(site, replay, partial(key_for_caller, site, fun, skip), partial(decided, site, fun, bound, receiver))
        if overrides and (frame.open or frame.region) and len(overrides) <= FEW:
            doubt_states(site, [(other, holder) for holder, other in overrides])
        for name, passed in bound.items():
            functions = [atom for atom in passed if type(atom) is Fn]
            for atom in functions if functions and _calls(replay.flow, fun, name) else ():
                # What it leaves open or ends in sessions that everyone names alike: `get_or_404(Order.by_id, 1)`.
                apply_states(site, linker.replay(atom.fun, getattr(atom.receiver, "klass", None), False), _of_all, _unknown)


def add_overrides(
    site: Site, receiver: Atom | None, overrides: Sequence[tuple[Klass, Fun]], skip: int, inner: tuple[Opened, ...] = ()
) -> None:
    """Targets for the methods in subclasses that may run in the place of the one that is called, each with the class that holds it."""
    frame = site.frame
    sure = LIKELY if len(overrides) <= FEW else POSSIBLE
    mine = frame.fun if frame.fun.klass is not None and isinstance(receiver, (SelfObj, SelfCls)) else None
    for holder, other in overrides[:256]:
        confidence = sure if mine is None or frame.linker.may_run(holder, mine) else POSSIBLE
        site.targets.append(Target(other.id, holder.id, "override", confidence, inner, skip, False))


def _is_around_method(site: Site, atom: Fn) -> bool:
    """Is it what a decorator puts around the method that is called? Then it gets the instance first."""
    if atom.fun.klass is not None or atom.fun.parent is None or len(site.values) < 2:
        return False
    if binds(site.frame.linker, atom):
        return True
    methods = (each.fun for each in site.values if type(each) is Fn and each.fun.klass is not None and each.receiver is not None)
    return any(atom in site.frame.linker.decoration(method).value for method in methods)


def _calls(flow: Flow, fun: Fun, parameter: str) -> bool:
    """Does a function call what ``fun``, itself or one around it, is given for a parameter?"""
    return any(isinstance(t, ParamTarget) and t.fun == fun.id and t.name == parameter for event in flow.events for t in event.targets)


def _hands_on(flow: Flow, fun: Fun, parameter: str) -> bool:
    """Does a function pass on what it is given for a parameter to another one of the project?"""
    handed = (value for event in flow.events if event.targets for value in event.passed.values.values())
    return flow.fun == fun.id and ("param", parameter) in handed


def only_defers(linker: Linker, flow: Flow, fun: Fun, parameter: str) -> bool:
    """Does the function defer what it is given for a parameter, by itself or in a function that stands in it, and never call it itself or
    hand it to who may?"""
    if not flow.deferred or _calls(flow, fun, parameter) or _hands_on(flow, fun, parameter):
        return False
    if parameter_text(fun, parameter) in flow.deferred:
        return True
    waiting = [linker.project.funs[int(text[:-1])] for text in flow.deferred if text.endswith("|")]
    return any(_calls(linker.replay(each, None, True).flow, fun, parameter) for each in waiting if each.parent is fun)


def callable_texts(atom: Atom) -> Iterator[str]:
    """How `Flow.deferred` names what is deferred: by its name, if it has one; what may stand in another function, by its number too."""
    if isinstance(atom, Fn):
        yield atom.fun.fact.name if atom.fun.fact else ""
        yield parameter_text(atom.fun, "")
    elif isinstance(atom, ExtMethod):
        yield atom.name
    elif isinstance(atom, Part):
        for inner in atom.func:
            yield from callable_texts(inner)
    elif isinstance(atom, Param):
        yield parameter_text(atom.fun, atom.name)


def parameter_text(fun: Fun, name: str) -> str:
    """How `Flow.deferred` names a parameter: no callable of a program has this name."""
    return f"{fun.id}|{name}"


def _unknown(test: Test) -> None:
    """What is passed to a function that someone else calls is not known."""


def _of_all(key: Key) -> Key | None:
    """The key of a session that has the same name in every function."""
    return key if key[1:2] == ("global",) else None


def callback(site: Site, atom: Atom, inner: tuple[Opened, ...] = ()) -> None:
    """A callable that the call runs now."""
    if isinstance(atom, Fn):
        result = site.result
        add_targets(site, atom, (), {}, "callback", inner)
        site.result = result
    elif isinstance(atom, Part):
        for func in atom.func:
            callback(site, func, inner)
    elif isinstance(atom, (ExtMethod, Ext)):
        for effect in site.frame.linker.at(atom.name).effects:
            if site.effect is None and not effect.when:
                site.effect = effect
    elif isinstance(atom, Seq):
        for func in (each for item in atom.items for each in item):
            callback(site, func, inner)
    elif isinstance(atom, (ExtObj, Obj, SelfObj)):
        for func in atom.item if isinstance(atom, (ExtObj, Obj)) else ():
            if type(func) is Fn or type(func) is Seq:
                callback(site, func, inner)


def iterate(frame: Frame, value: Value, expr: Expr, source: Expr | None = None) -> None:
    """Iterating over a generator of the project runs its body; over a library's query, executes it. ``source``: what is iterated over,
    where that is not ``expr`` but passed to it."""
    for atom in value:
        if type(atom) is ExtObj:
            if "__iter__" in frame.linker.catalog.by_language:
                from txlint.link.library import by_language

                by_language(frame, atom, "__iter__", expr if source is None else source)
        elif type(atom) is Generated and not frame.silent:
            cls, exact = target_class(frame, atom.receiver)
            pos = expr[4] if expr.__class__ is not str and expr[0] == "call" else None
            if pos is None:
                continue
            skip = 1 if binds(frame.linker, atom) else 0
            target = Target(atom.fun.id, cls, "call", CERTAIN, (), skip, exact)
            frame.heard(
                Event(
                    pos, expr[1], frame.now_open(), frame.closed, frame.guards, Passed({}, {}, True), True, (target,), tests=frame.undecided
                )
            )


def consume(frame: Frame, value: Value, expr: Expr, source: Expr | None = None) -> None:
    """`iterate` to the end."""
    iterate(frame, value, expr, source)
    if Generated in map(type, value):
        left_open(frame, value, expr if source is None else source)
        ended(frame, value, expr if source is None else source)


def left_open(frame: Frame, value: Value, expr: Expr) -> frozenset[Key]:
    """What generators leave open of this function's sessions is open from their first item on. ``expr`` gives them. Their own keys for
    it."""
    found: set[Key] = set()
    for site, fun, skip, replay in _generators(frame, value, expr):
        for opened in replay.left_open:
            mine = key_for_caller(site, fun, skip, opened.key) if opened.key not in replay.closes else None
            if mine is not None:
                found.add(opened.key)
                owner = name_of(frame, mine) if opened.kind == "autobegin" else None
                frame.begin(replace(opened, pos=site.pos, key=mine, owner=owner))
    return frozenset(found)


def ended(frame: Frame, value: Value, expr: Expr) -> None:
    """What generators end of this function's sessions is over when they are."""
    for site, fun, skip, replay in _generators(frame, value, expr):
        for key in (*replay.closes, *(replay.commits - replay.closes)):
            mine = key_for_caller(site, fun, skip, key)
            if mine is not None and key in replay.commits:
                frame.committed(mine)
            if mine is not None and key in replay.closes:
                frame.end(mine)
            elif mine is not None:
                frame.doubt(mine, LIKELY)


def _generators(frame: Frame, value: Value, expr: Expr) -> Iterator[tuple[Site, Fun, int, Replay]]:
    """Generators of the project, with the call that has made each, at the place where it is gone over."""
    from txlint.link.properties import line_of

    pos = None
    if expr.__class__ is str:
        expr, pos = frame.origins[expr][1] if expr in frame.origins else expr, line_of(frame)
    for atom in value if expr.__class__ is tuple and expr[0] == "call" and not frame.silent else ():
        if type(atom) is Generated and not atom.manager:
            replay = frame.linker.replay(atom.fun, getattr(atom.receiver, "klass", None), False)
            if replay.left_open or replay.commits:
                site, func = Site(frame, expr, True, False, False), expr[1]
                site.pos = pos or site.pos
                site.receiver = func.rpartition(".")[0] or None if func.__class__ is str else func[1] if func[0] == "attr" else None
                yield site, atom.fun, 1 if binds(frame.linker, atom) else 0, replay


def queries(value: Value) -> Value:
    """What iterating over executes, of what is passed to a function that iterates; generators are dealt with where they are passed."""
    return tuple(atom for atom in value if type(atom) is ExtObj)


def method_event(frame: Frame, fn: Fn, pos: Pos, receiver: Key | None = None) -> None:
    """The language calls a method: ``__enter__``, ``__exit__``. ``receiver``: the key of the object, for what is a session's in it."""
    if frame.silent:
        return
    cls, exact = target_class(frame, fn.receiver)
    target = Target(fn.fun.id, cls, "call", CERTAIN, (), 1, exact)
    passed = Passed({RECEIVER: ("key", receiver)} if receiver is not None else {}, {}, True)
    frame.heard(Event(pos, fn.fun.qualname, frame.now_open(), frame.closed, frame.guards, passed, True, (target,), tests=frame.undecided))
