"""What a call passes: `passed` for the event that it leaves, `bind` for the names of the callee's parameters.

What callers pass is noted for parameters that nothing else is known of; what a callee commits or leaves open comes back in the
caller's words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from txlint.link.carried import carried
from txlint.link.changes import CREATED, assigned, origin_of, origin_of_property, saves
from txlint.link.guards import ADDING, as_test, both_constant, one_of_two, parameter_of
from txlint.link.held import by_parameter, given, held
from txlint.link.holding import row_of, via
from txlint.link.kept import CALLABLE, fills
from txlint.link.keyed import beside
from txlint.link.opening import made_if, name_of
from txlint.link.project import mentions
from txlint.link.settled import constants, flag_of
from txlint.link.site import CERTAIN, LIKELY, POSSIBLE, Site
from txlint.link.something import TOLD, something
from txlint.link.unset import made_there, since_entry, since_made
from txlint.link.uses import uses_of
from txlint.link.values import (
    UNKNOWN,
    Atom,
    Cls,
    Const,
    Ext,
    ExtMethod,
    ExtObj,
    Fn,
    Generated,
    Many,
    Obj,
    OneOf,
    Param,
    Part,
    SelfCls,
    SelfObj,
    Super,
    Value,
    union,
)
from txlint.model.facts import Expr
from txlint.model.graph import (
    CHANGED,
    FLAG,
    HELD,
    IDENTITY,
    NEW,
    NO_CLASS,
    OF,
    RECEIVER,
    SELF,
    SETTING,
    STAR,
    STORED,
    Given,
    Key,
    Made,
    Opened,
    Passed,
    Sent,
    SignalTarget,
    Target,
    Test,
)
from txlint.model.shapes import calls_in, last_name

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.project import Fun, Klass
    from txlint.link.replay import Frame

MOST_CALLS = 8
"""Calls of one parameter that are told apart."""
_CALLER_ONLY = frozenset({Param, Const, SelfCls, Generated, Fn, ExtMethod, Ext, Part})
_CALLED = frozenset({ExtMethod, Fn, Part})


def passed(site: Site) -> Passed:
    """The arguments of a call as far as conditions, callbacks and sessions need them."""
    frame = site.frame
    values: dict[int | str, tuple[Any, ...]] = {}
    callables: dict[int | str, tuple[Target, ...]] = {}
    if not site.targets:
        return Passed(values, callables, site.open_ended)
    for position, (arg, value) in enumerate(zip(site.expr[2], site.args, strict=False)):
        if arg.__class__ is not str and arg[0] == "star":
            break
        _pass(frame, position, arg, value, values, callables)
    for name, arg in site.expr[3]:
        if name is not None:
            _pass(frame, name, arg, site.keywords.get(name, UNKNOWN), values, callables)
    if frame.linker.has_sessions:
        values.update(_sessions_of_receiver(site))
        if site.func.__class__ is str and site.func in frame.fun.scope:
            values.update(_sessions_around(frame))
    row = STORED if _writes_fields(values) else _row(site)
    if row is not None:
        values[IDENTITY] = ("const", True if row == STORED else None)
    if (site.receiver is not None and site.receiver == frame.self_name) or site.kind == "super":
        if frame.written is not None:
            values.setdefault(IDENTITY, ("const", True) if frame.written else ("param", IDENTITY))
        values[FLAG] = ("param", FLAG)
        own = frame.klass or frame.fun.klass
        if own is not None and frame.self_name is not None:
            ask = partial(since_entry, frame.linker, frame.fun, frame.self_name, own, last_name(site.func), site.pos)
            values[HELD] = ("held", ask)
    elif len(site.flags) == 1:
        values.update((FLAG + name, ("param", a.name)) for name, a in site.flags[0] if isinstance(a, Param) and _is_own(frame, a))
    for name in frame.switched.get(site.receiver, ()) if site.receiver.__class__ is str else ():
        mark = frame.env.get(f"{site.receiver}.{name}", UNKNOWN)
        if len(mark) == 1 and isinstance(mark[0], Const):
            values[FLAG + name] = ("const", mark[0].value)
    changes = _changes(site)
    if changes is not None:
        values[CHANGED] = changes
    if row == NEW and (made := _made_here(site)) is not None:
        values[HELD] = ("held", made)
    if site.args or site.keywords or site.open_ended:
        values[OF] = ("of", carried, frame.linker, frame.fun, frame.self_name, site.expr, site.args, site.keywords)
    if site.open_ended and (star := _handed_on(site)) is not None:
        values[STAR] = star
    given = frozenset((*range(len(site.args)), *(name for name in site.keywords if name is not None)))
    keywords = [arg for name, arg in site.expr[3] if name is None] if site.open_ended else []
    rekeyed = frame.rekeyed(keywords[0]) if len(keywords) == 1 and keywords[0].__class__ is str else None
    if not rekeyed:
        return Passed(values, callables, site.open_ended, given, rekeyed is not None)
    put = {key for key, is_put in rekeyed.items() if is_put}
    return Passed(values, callables, True, given | put, True, frozenset(rekeyed.keys() - put))


def _handed_on(site: Site) -> tuple[Any, ...] | None:
    """From which place on a call has the function's own ``*args``."""
    fact = site.frame.fun.fact
    for place, arg in enumerate(site.expr[2]):
        if arg.__class__ is tuple and arg[0] == "star":
            name = arg[1]
            is_own = fact is not None and any(param.name == name and param.kind == "vararg" for param in fact.params)
            return ("star", place, len(fact.positional)) if is_own and fact is not None and site.frame.is_param(name) else None
    return None


def _is_own(frame: Frame, param: Param) -> bool:
    return param.fun is frame.fun and (param.name.startswith(FLAG) or frame.is_param(param.name))


def _changes(site: Site) -> tuple[Any, ...] | None:
    """How to learn which attributes of the receiver may have been assigned: ``("assigned", row, ask)``; the row is ``"self"`` where the
    caller's own receiver is passed on, ``"written"`` where that has been saved before, ``"created"`` where it was just created."""
    frame, func = site.frame, site.func
    method = last_name(func)
    if frame.self_name is not None and (site.receiver == frame.self_name or site.kind == "super"):
        own = frame.klass or frame.fun.klass
        if own is None or frame.written is None or not saves(frame.linker, own):
            return None
        return (
            "assigned",
            "written" if frame.written else "self",
            partial(assigned, frame.linker, frame.fun, frame.self_name, own, method, site.pos, None),
        )
    name = site.receiver
    if name is None or name.__class__ is not str or "." in name or name not in frame.fun.scope:
        return None
    is_told = any(isinstance(target, SignalTarget) and not target.sent for target in site.targets)  # receivers may ask as well
    methods = [atom for atom in site.values if isinstance(atom, Fn) or (is_told and isinstance(atom, ExtMethod))]
    owners = {atom.receiver.klass for atom in methods if isinstance(atom.receiver, Obj)}
    if len(owners) != 1 or not (is_told or saves(frame.linker, next(iter(owners)))):
        return None
    row = _row(site)
    origin = None
    if row is not None:
        origin = origin_of(*frame.origins[name]) if name in frame.origins else origin_of_property(frame, name)
    if origin == CREATED and row == STORED:
        row = CREATED
    known = origin if origin == row else None
    return ("assigned", row, partial(assigned, frame.linker, frame.fun, name, owners.pop(), method, site.pos, known))


def _made_here(site: Site) -> Callable[[Test, int], tuple[Any, ...]] | None:
    """How to learn what the attributes of a receiver hold that this very function has made."""
    frame, name = site.frame, site.receiver
    owners = {atom.receiver.klass for atom in site.values if isinstance(atom, (Fn, ExtMethod)) and isinstance(atom.receiver, Obj)}
    if len(owners) != 1:
        return None
    (klass,) = owners
    if name.__class__ is tuple and name[0] == "call":
        of = frame.looked_at(name[1])
        return partial(made_there, frame.linker, klass, name) if len(of) == 1 and isinstance(of[0], Cls) and of[0].klass is klass else None
    if name is None or name.__class__ is not str or "." in name or name not in frame.fun.scope or name not in frame.origins:
        return None
    if origin_of(*frame.origins[name]) != NEW:
        return None
    return partial(since_made, frame.linker, frame.fun, name, klass, last_name(site.func), site.pos)


def _row(site: Site) -> str | None:
    """Is the receiver an instance that was made and not yet saved, or one that came from the database? None where that is not known."""
    rows = {row_of(atom.receiver) for atom in site.values if isinstance(atom, (Fn, ExtMethod))}
    return rows.pop() if len(rows) == 1 else None


def _sessions_of_receiver(site: Site) -> Iterator[tuple[str, tuple[str, Key]]]:
    """The keys of the receiver and of what it holds, by the names that its methods have for them."""
    frame = site.frame
    if site.receiver.__class__ is not str or site.receiver == frame.self_name:
        yield from ((f"{RECEIVER}.{path}", ("key", key)) for path, key in _handed(site).items())
        return
    key = frame.session_key(site.receiver)
    if key is not None:
        yield RECEIVER, ("key", key)
    for atom in frame.ev(site.receiver):
        if isinstance(atom, Obj):
            for path in held(frame.linker, atom.klass):
                if (key := frame.session_key(f"{site.receiver}.{path}")) is not None:
                    yield f"{RECEIVER}.{path}", ("key", key)


def _sessions_around(frame: Frame) -> Iterator[tuple[str, tuple[str, Key]]]:
    """The keys of sessions in the function's parameters, by the names that functions defined in it have for them."""
    names = (*(param.name for param in frame.fun.fact.params), *frame.keys) if frame.fun.fact is not None else ()
    yield from ((f"{frame.fun.id}:{name}", ("key", key)) for name in names if (key := frame.session_key(name)) is not None)


def _writes_fields(values: dict[Any, Any]) -> bool:
    """`save(update_fields=["paid"])` writes a row that is there: Django raises where there is none."""
    given = values.get("update_fields", ("unknown",))
    return given[0] == "const" and isinstance(given[1], tuple) and given[1] != ()


def _pass(frame: Frame, place: int | str, arg: Expr, value: Value, values: dict[Any, Any], callables: dict[Any, Any]) -> None:
    if arg.__class__ is str:
        if frame.keys:
            values.update(_known_within(frame, place, arg))
        if frame.is_param(arg):
            values[place] = ("param", arg)
        elif arg in frame.renamed:
            values[place] = ("param", frame.renamed[arg])
        elif arg in frame.grown:
            values[place] = ("grown", arg, frame.grown[arg])
        elif arg in frame.by_test and frame.by_test[arg][0] is value and (pair := both_constant(*frame.by_test[arg][2:])) is not None:
            values[place] = ("by", frame.by_test[arg][1], *pair)
        elif arg in frame.tested and _is_bool(frame, arg) and (test := as_test(frame, arg)) is not None:
            values[place] = ("by", test, True, False)
        elif arg in frame.listed and frame.listed[arg][0] is value:
            values[place] = ("one of", frame.listed[arg][1])
        elif len(value) == 1 and (signal := sent_as(frame.linker, value[0])) is not None:
            values[place] = ("const", signal)
        elif (key := frame.key_of(arg, value)) is not None:
            values[place] = ("key", key)
            if len(value) == 1 and type(value[0]) is Obj and value[0].exact:
                values[place] = ("key", key, value[0].klass.id, *((True,) if something(frame, arg, value) else ()))
        elif "." in arg and (flag := flag_of(frame, arg)) is not None:
            values[place] = ("param", flag)
    elif arg[0] == "ifexp" and (which := one_of_two(frame, arg)) is not None:
        values[place] = ("by", *which)
    elif arg[0] in _BOOLS and (test := as_test(frame, arg)) is not None:  # `remove=not created`
        values[place] = ("by", test, True, False)
    elif arg[0] in ("call", "sub") and (asked := parameter_of(frame, arg)) is not None:  # `kwargs.get("fields")`
        values[place] = ("param", asked)
    if place not in values:
        if len(value) == 1 and type(value[0]) is Const:
            values[place] = ("const", value[0].value)
        elif len(value) == 1 and type(value[0]) is Cls:
            values[place] = ("is", value[0].klass.id)
        elif len(value) == 1 and type(value[0]) is Ext and frame.linker.catalog.library_class(value[0].name) is not None:
            values[place] = ("is", frame.linker.number_of(value[0].name))
        elif len(value) == 1 and type(value[0]) is Obj and value[0].exact:
            is_true = arg.__class__ is tuple and something(frame, arg, value) is not None
            values[place] = ("true" if is_true else "class", value[0].klass.id)
        elif value and type(value[0]) is Param:
            values[place] = ("outer", value[0].fun.id, value[0].name)
        elif value and type(value[0]) is Const and (known := _constants(frame, arg, value)):
            values[place] = ("one of", known)
        elif arg.__class__ is tuple and arg[0] in ("list", "tuple", "set") and all(_is_const(item) for item in arg[1]):
            values[place] = ("const", tuple(item[1] for item in arg[1]))
        elif arg.__class__ is tuple or (len(value) == 1 and type(value[0]) in TOLD):
            if (given := something(frame, arg, value)) is not None:
                values[place] = given
    functions = []
    for atom in value:
        if type(atom) is Fn:
            cls, exact = target_class(frame, atom.receiver)
            skip = 1 if binds(frame.linker, atom) else 0
            functions.append(Target(atom.fun.id, cls, "callback", CERTAIN, (), skip, exact))
        elif type(atom) is Part:
            for inner in atom.func:
                if type(inner) is Fn:
                    cls, exact = target_class(frame, inner.receiver)
                    functions.append(Target(inner.fun.id, cls, "callback", CERTAIN, (), 0, exact))
    if functions:
        callables[place] = tuple(functions)


_BOOLS = frozenset({"cmp", "not"})


def _is_bool(frame: Frame, name: str) -> bool:
    """Is a local name bound to a test once, so that it is true or false and nothing else?"""
    bindings = uses_of(frame.linker, frame.fun, name).bindings
    source = bindings[0] if len(bindings) == 1 else None
    return source is not None and (source.endswith(ADDING) if source.__class__ is str else source[0] in _BOOLS)


def _known_within(frame: Frame, place: int | str, arg: str) -> Iterator[tuple[str, tuple[str, Key]]]:
    """The keys of a session that is passed under another name, and of those in what is passed: by the place and the path on it."""
    for name, key in frame.keys.items():
        if name == arg or name.startswith(f"{arg}."):
            yield f"{place}.{name[len(arg) + 1 :]}", ("key", key)


def sent_as(linker: Linker, atom: Atom) -> Sent | None:
    """A signal of the project as a constant of conditions."""
    is_signal = atom.name in linker.signal_classes if type(atom) is ExtObj else type(atom) is Obj and atom.klass.id in linker.own_signals
    origin = atom.origin if is_signal else None  # type: ignore[attr-defined]
    return Sent(origin[1]) if isinstance(origin, tuple) and origin[0] == "global" else None


def _constants(frame: Frame, arg: Expr, value: Value) -> tuple[Any, ...]:
    """The constants one of which a local name stands for that is bound to nothing else: ``event = PAID if order.paid else VOIDED``."""
    found = tuple(atom.value for atom in value if type(atom) is Const)
    if len(found) < len(value) or arg.__class__ is not str or arg not in frame.fun.scope:
        return ()
    sources = list(uses_of(frame.linker, frame.fun, arg).bindings)
    while sources:
        source = sources.pop()
        if source.__class__ is tuple and source[0] == "ifexp":
            sources += source[2:]
        elif source.__class__ is str:
            if "." not in source or not all(type(atom) is Const for atom in frame.ev(source) or (None,)):
                return ()
        elif not _is_const(source):
            return ()
    return found


def _is_const(expr: Any) -> bool:
    return expr.__class__ is tuple and expr[0] == "const"


def binds(linker: Linker, atom: Fn | Generated) -> bool:
    """Does a function get its receiver as the first argument: a method, or what a decorator puts around one?"""
    return atom.receiver is not None and (atom.fun.klass is not None or atom.fun.id in linker.around_methods)


def target_class(frame: Frame, receiver: Atom | None) -> tuple[int, bool]:
    """The class of a receiver by its number, and whether it is its very class."""
    if receiver is None:
        return NO_CLASS, True
    if isinstance(receiver, SelfObj):
        return SELF, receiver.exact
    if isinstance(receiver, SelfCls):
        return SELF, frame.exact
    if isinstance(receiver, Obj):
        return receiver.klass.id, receiver.exact
    if isinstance(receiver, Cls):
        return receiver.klass.id, True
    return NO_CLASS, True


def bind(fun: Fun, args: tuple[Value, ...], keywords: dict[str | None, Value], skip: int) -> dict[str, Value]:
    """Arguments by the names of the parameters."""
    bound: dict[str, Value] = {}
    fact = fun.fact
    if fact is None:
        return bound
    position = -skip
    for param in fact.params:
        if param.kind in ("pos", "arg"):
            if 0 <= position < len(args):
                bound[param.name] = args[position]
            position += 1
        if param.name in keywords and param.kind in ("arg", "kwonly"):
            bound[param.name] = keywords[param.name]
    return bound


def _has_key(bound: dict[str, Value], name: str) -> bool:
    """Is anything passed beside an argument that may be the key under which it is kept?"""
    return any(len(value) == 1 and type(value[0]) in (Const, Cls) for other, value in bound.items() if other != name)


def note_parameters(linker: Any, fun: Fun, bound: dict[str, Value], cls: int = NO_CLASS, whole: bool = False) -> None:
    """What callers pass is what a parameter without annotation may be, a module or class of a library among them (``Billing(stripe)``).
    Callables of the project are not told here: which caller passes which one is kept apart (`program`). What is passed beside them is
    noted, as it may be a key; so it is of instances where the function keeps what it is given. ``whole``: what is not bound has its
    default."""
    for name, value in bound.items():
        for atom in value:
            if type(atom) in CALLABLE or (type(atom) is Obj and len(bound) > 1 and _has_key(bound, name) and fills(linker, fun)):
                given = tuple([_told(linker, each) if type(each) is Obj else each for each in value])
                linker.put(("param", fun.id, name), given, beside(linker, fun, bound, name, whole))
                hand(linker, fun, name, value)
                break
        told = [_told(linker, atom) for atom in value if type(atom) not in _CALLER_ONLY or _is_library(linker, atom)]
        if told:
            tell(linker, fun, name, tuple(told), cls)


def tell_factory(linker: Linker, factory: Fun, given: dict[str, Value], decorator: Fun) -> None:
    """What a call gives that makes a decorator is what the functions in that use: they are replayed anew, where that is news. Of several
    functions any may be called."""
    before = [linker.params.get((factory.id, name, NO_CLASS)) for name in given]
    for name, value in given.items():
        functions = tuple([linker.atoms(OneOf, (atom,)) for atom in value if type(atom) in _CALLED])
        others = tuple([_told(linker, atom) for atom in value if type(atom) not in _CALLER_ONLY])
        tell(linker, factory, name, functions + others)
    if before != [linker.params.get((factory.id, name, NO_CLASS)) for name in given]:
        for fun in dict.fromkeys((factory, decorator, *decorator.nested)):
            linker.forget(fun)


def called_with(linker: Any, param: Param, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> None:
    """A function calls what it was given for a parameter: whatever is given for it gets these arguments."""
    if not any(args) and not any(keywords.values()):
        return
    known = linker.handed.setdefault((param.fun.id, param.name), {})
    given = (args, tuple(keywords.items()))
    if given not in known and len(known) < MOST_CALLS:
        known[given] = None
        hand(linker, param.fun, param.name, tuple(linker.stores.get(("param", param.fun.id, param.name), ())))


def hand(linker: Any, fun: Fun, name: str, value: Value) -> None:
    """Functions are given for a parameter: their own parameters are what the function calls it with."""
    for args, keywords in linker.handed.get((fun.id, name), ()):
        for atom in value:
            if type(atom) is Fn:
                method = atom.fun.klass is not None
                bound = bind(atom.fun, args, dict(keywords), 1 if method and atom.receiver is not None else 0)
                if method and atom.fun.fact is not None and atom.fun.fact.params:
                    bound.pop(atom.fun.fact.params[0].name, None)  # the receiver, where a decorator hands it on
                note_parameters(linker, atom.fun, bound)


def tell(linker: Any, fun: Fun, name: str, value: Value, cls: int = NO_CLASS) -> None:
    """What a parameter may be, besides what is known of it already."""
    if not value:
        return
    key = (fun.id, name, cls)
    known = linker.params.get(key, UNKNOWN)
    merged = union(known, value)
    if len(merged) > 8:
        merged = merged[:8]
    if merged is not known and merged != known:
        linker.params[key] = merged
        linker.puts += 1
        if not linker.first_for_class or cls == NO_CLASS or linker.has_replayed(fun, cls):
            linker.stale.setdefault(fun.id, set()).add(cls)


def _is_library(linker: Any, atom: Atom) -> bool:
    return type(atom) is Ext and (atom.name in linker.catalog.roots or linker.catalog.library_class(atom.name) is not None)


def _told(linker: Any, atom: Atom) -> Atom:
    if isinstance(atom, SelfObj):
        return linker.instance(atom.klass, False)  # type: ignore[no-any-return]
    if row_of(atom) == NEW:
        atom = linker.of_row(atom, None)
    if isinstance(atom, Obj) and atom.flags:
        return linker.instance(atom.klass, atom.exact, atom.item, atom.origin, tuple(f for f in atom.flags if isinstance(f[1], Const)))  # type: ignore[no-any-return]
    if isinstance(atom, ExtObj) and via(atom) is not None:
        return linker.atoms(ExtObj, atom.name, atom.item, None)  # type: ignore[no-any-return]  # the key is in the caller's words
    return atom


def apply_states(site: Site, replay: Any, mapped: Callable[[Any], Any], decide: Callable[[Test], Test | bool | None]) -> None:
    """What a function that the call runs commits or leaves open on the caller's sessions; ``mapped`` gives its keys in the caller's
    words, None where they have none there. ``decide`` says whether a test of a parameter holds, or which of the caller's own it is."""
    frame = site.frame
    decided = {key: decide(test) for key, (test, _) in replay.closes_given.items()}
    for key in (*replay.closes, *(key for key, holds in decided.items() if holds is True)):
        mine = mapped(key)
        if mine is not None and replay.by_flag and any(opened.key == mine for opened in site.region):
            frame.doubt(mine, LIKELY)
        elif mine is not None and replay.joins:
            frame.end_begun_at(mine, site.pos)
        elif mine is not None:
            if key in replay.commits:
                frame.committed(mine)
            frame.end(mine)
    if any(replay.closes_if):
        if_true, if_false = (frozenset(map(mapped, keys)) for keys in replay.closes_if)
        frame.ends[site.pos] = (if_true, if_false, tuple(o for key, o in frame.open.items() if key in if_true or key in if_false))
    given: Given = {}
    for key in (replay.commits | decided.keys()) - replay.closes:
        mine = mapped(key)
        test = decided.get(key)
        if mine is not None and not isinstance(test, bool):
            if test is not None:
                given[mine] = test, frame.open.get(mine)
            if key in replay.commits:
                frame.doubt(mine, POSSIBLE if key in replay.mostly_closes else LIKELY)
    for opened in replay.left_open:
        mine = mapped(opened.key)
        if mine is not None and decided.get(opened.key) is not True:
            if opened.key in decided and (whole := replay.closes_given[opened.key][1]) is not None:
                if mine in given:
                    given[mine] = given[mine][0], given[mine][1] or replace(whole, pos=site.pos, key=mine)
                elif decided[opened.key] is False:
                    opened = whole
            if opened.writes_if is not None:
                asked = decide(opened.writes_if)
                opened = replace(opened, reads=asked is False, writes_if=asked if isinstance(asked, Test) else None)
            if opened.begun_if is not None:
                asks = [decide(test) for test in opened.begun_if]
                if False in asks:
                    continue
                is_sure = asks != [] and all(each is True for each in asks)
                opened = replace(opened, begun_if=None if is_sure else tuple(each for each in asks if isinstance(each, Test)))
            owner = name_of(frame, mine) if opened.kind == "autobegin" else None
            frame.begin(replace(opened, pos=site.pos, key=mine, owner=owner))
    if given:
        frame.given = {**frame.given, **given}


def tell_left_open(site: Site, param: Param) -> None:
    """What the functions leave open and end that a decorator is given, where it calls what it is given. What one of them leaves open is
    open for the decorator's own function only: whoever calls one of them knows what that one leaves."""
    frame, linker = site.frame, site.frame.linker
    each_ends: list[set[Key]] = []
    left: dict[Key, Opened] = {}
    for value, is_bare in linker.decorated.get((param.fun.id, param.name), {}).items():
        ends: set[Key] = set()
        begins: dict[Key, Opened] = {}
        for fun in [atom.fun for atom in value if type(atom) is Fn and atom.fun.fact is not None and not atom.fun.fact.is_generator]:
            replay = linker.replay(fun, fun.klass, False)
            for key in filter(None, (_key_decorated(site, fun, is_bare, key) for key in replay.closes)):
                ends.add(key)
                begins.pop(key, None)
            begins.update((key, opened) for opened in replay.left_open if (key := _key_decorated(site, fun, is_bare, opened.key)))
        each_ends.append(ends - begins.keys())
        left.update((key, opened) for key, opened in begins.items() if key not in left or left[key].reads)
    for key in sorted(set().union(*each_ends), key=repr):
        if all(key in ends for ends in each_ends):
            frame.end(key)
        else:
            frame.doubt(key, LIKELY)
    for key, opened in left.items():
        if key[1:2] == ("param",) and mentions(frame.fun, linker.blocks) and not _is_typed(frame, str(key[2])):
            continue  # whether the function ends it cannot be said
        if all(other.key != key or other.pos in frame.told for other in frame.now_open()):
            frame.told.add(site.pos)
            frame.begin(replace(opened, pos=site.pos, key=key, owner=""))


def _is_typed(frame: Frame, name: str) -> bool:
    return any(type(atom) is not Param for atom in frame.looked_at(name))


def _starred(call: Any) -> set[Any]:
    return {arg[1] for arg in call[2] if arg.__class__ is tuple and arg[0] == "star"}


def _key_decorated(site: Site, fun: Fun, is_bare: bool, key: Any) -> Any:
    """A key of a decorated function in the words of the decorator's function that calls it: a method gets its instance first. A session
    that is passed may be another decorator's, unless it ``is_bare`` of them. One that is only handed on (``*args``) has no name there, so
    that nobody ends it who does not end something by any name."""
    if len(key) < 3 or key[1] == "global" or fun.fact is None:
        return key
    family, where, name = key[:3]
    if where == "self" and fun.klass is not None:
        where, name = "param", f"{fun.fact.params[0].name}.{name}"
    if where != "param" or not (is_bare or "." in name):
        return None
    frame = site.frame
    found = _key_passed(site, fun, 0, family, name)
    is_handed_on = found is None and is_bare and site.open_ended and not mentions(frame.fun, {*frame.linker.blocks, "close"})
    starred = _starred(site.expr) if is_handed_on else ()
    if starred and any(call is not site.expr and not _starred(call).isdisjoint(starred) for call in calls_in(frame.fun.body)):
        return None  # another function gets it as well
    return (family, "local", f"{frame.fun.id}:{STAR}{name}") if is_handed_on else found


def decided(site: Site, fun: Fun, bound: dict[str, Value], receiver: Atom | None, test: Test) -> Test | bool | None:
    """Does a test of a function's parameter hold for this call; the caller's own test, where that decides; None: not known."""
    if test.param.startswith(SETTING):
        return test
    if test.param.startswith(FLAG):
        if isinstance(receiver, SelfObj):
            return test
        known = dict(constants(receiver.flags)) if isinstance(receiver, Obj) else {}
        return test.says(known[test.param]) if test.param in known and known[test.param].__class__ is not Made else None
    param = next((param for param in fun.fact.params if param.name == test.param), None) if fun.fact is not None else None
    if param is None:
        return None
    value = bound.get(test.param)
    if test.op == "kind" and param.default is None:
        return made_if(site.frame, value or UNKNOWN, test.value)
    if value is None:
        default = param.default
        is_known = default is not None and default.__class__ is tuple and default[0] == "const" and not site.open_ended
        return test.says(default[1]) if default is not None and is_known else None
    if len(value) == 1 and isinstance(value[0], Const):
        return test.says(value[0].value)
    mine = next((atom for atom in value if isinstance(atom, Param)), None)
    return test._replace(param=mine.name) if mine is not None and mine.fun is site.frame.fun and site.frame.is_param(mine.name) else None


def doubt_states(site: Site, choices: Iterable[tuple[Fun, Klass | None]]) -> None:
    """One of several methods runs, and it is not known which: what one of them may end may have ended, and what all of them end that do
    anything is hardly still open."""
    frame = site.frame
    replays = [(fun, frame.linker.replay(fun, klass, False)) for fun, klass in choices if not _only_refuses(fun)]
    ends = [{mine for key in replay.closes | replay.commits if (mine := key_for_caller(site, fun, 1, key))} for fun, replay in replays]
    for key in dict.fromkeys(key for each in ends for key in sorted(each)):
        frame.doubt(key, POSSIBLE if all(key in each for each in ends) else LIKELY)


def _only_refuses(fun: Fun) -> bool:
    """Does a method nothing but refuse, for its overrides to do something?"""
    return all(
        stmt[0] in ("pass", "raise") or (stmt[0] == "expr" and stmt[1].__class__ is not str and stmt[1][0] == "const") for stmt in fun.body
    )


def _handed(site: Site) -> dict[str, Key]:
    """What an object holds that is made on the spot: the receiver in ``Orders(session).add(order)``, or what a class's call makes."""
    if site.receiver is not None and site.receiver.__class__ is not str:
        return given(site.frame, site.receiver)
    return given(site.frame, site.expr) if any(isinstance(atom, (Cls, SelfCls)) for atom in site.values) else {}


def key_for_caller(site: Site, fun: Fun, skip: int, key: Any) -> Any:
    """A callee's key in the caller's words."""
    if len(key) < 3:
        return key
    family, where, name = key[:3]
    if where == "global":
        return key
    frame = site.frame
    if where == "local":
        number, _, expr = name.partition(":")
        if fun.parent is None or number == str(fun.id) or not number.isdigit():
            return None
        return frame.session_key(expr) if number == str(frame.fun.id) and ":" not in expr else key  # of a function around
    if where == "param" and fun.klass is None and (skip or fun.id in frame.linker.around_methods) and fun.fact is not None:
        head, _, rest = name.partition(".")
        if head == fun.fact.params[0].name:  # what is put around a method gets the method's instance first
            key, where, name = (family, "self", rest), "self", rest
        else:
            skip = 1
    if where == "self":
        if site.receiver == frame.self_name or site.kind == "super":
            return key
        if site.receiver.__class__ is str and site.receiver is not None:
            return frame.session_key(f"{site.receiver}.{name}")
        return _handed(site).get(name)
    return _key_passed(site, fun, skip, family, name) if where == "param" else None


def _key_passed(site: Site, fun: Fun, skip: int, family: str, name: str) -> Any:
    """The key of what a call passes for a parameter, or of an attribute of that."""
    frame = site.frame
    head, _, rest = name.partition(".")
    assert fun.fact is not None
    expr = by_parameter(fun.fact.params, site.expr, skip).get(head)
    if expr.__class__ is str:
        full = f"{expr}.{rest}" if rest else expr
        return frame.key_of(full, (*frame.ev(full), frame.linker.atoms(ExtObj, family, UNKNOWN, None)))
    return None


def is_kind(linker: Linker, dotted: str) -> bool:
    """Is something of a library a class whose instances signals may be sent for? One that the catalog has without a base is what others
    derive from: what its instances are is not known."""
    last = dotted.rpartition(".")[2]
    known = linker.catalog.library_class(dotted)
    return last[:1].isupper() and not last.isupper() and (known is None or bool(known.bases))


def sender_of(frame: Frame, value: Value) -> int:
    """The class whose rows a library call writes, or that a signal is sent for."""
    for atom in value:
        if isinstance(atom, (SelfObj, SelfCls)):
            return SELF
        if isinstance(atom, Cls):
            return atom.klass.id
        if isinstance(atom, Obj):
            inner = sender_of(frame, atom.item) if atom.item else NO_CLASS
            return inner if inner != NO_CLASS else atom.klass.id
        if isinstance(atom, (ExtObj, Many)) and atom.item:
            return sender_of(frame, atom.item)
        if isinstance(atom, (Ext, ExtObj)) and is_kind(frame.linker, atom.name):
            return frame.linker.number_of(atom.name)
        if isinstance(atom, Super):
            return sender_of(frame, (atom.receiver,))
    return NO_CLASS
