"""What a call does: whom it runs, what it opens, closes or defers, whether it is an effect, and what it returns.

`evaluate_call` is the one entry for call expressions. A `Site` gathers what the alternatives of the called value add; if it matters,
one `Event` is left in the flow. Library calls are read from the catalog and from nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from txlint.catalog.types import parse_run, parse_type
from txlint.link import builtin, signals
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
    Named,
    Obj,
    Opening,
    Param,
    Part,
    SelfCls,
    SelfObj,
    Seq,
    Super,
    Table,
    Value,
    union,
)
from txlint.model.catalog import Arg, Closer, Effect, Entry, Opener, Returns, When
from txlint.model.facts import Expr, Pos
from txlint.model.graph import NO_CLASS, RECEIVER, SELF, Event, Opened, ParamTarget, Passed, SignalTarget, Target
from txlint.model.kinds import Confidence

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.project import Fun
    from txlint.link.replay import Frame

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
_CALLER_ONLY = frozenset({Param, Const, SelfCls, Generated, Fn, ExtMethod, Ext, Part})
Closing: TypeAlias = Callable[[], object]
"""What is done when a block is left."""
FEW = 8  # overrides that still count as likely
DEEP = 8  # library calls that run library calls


class Site:
    """One call while it is being read."""

    __slots__ = (
        "args",
        "bound",
        "closed",
        "confidence",
        "effect",
        "entering",
        "expr",
        "frame",
        "func",
        "keywords",
        "kind",
        "open_ended",
        "pos",
        "receiver",
        "region",
        "result",
        "targets",
        "used",
        "values",
    )  # fmt: skip

    def __init__(self, frame: Frame, expr: Expr, used: bool, bound: bool, entering: bool) -> None:
        self.frame = frame
        self.expr = expr
        self.func: Expr = expr[1]
        self.pos: Pos = expr[4]
        self.used = used
        self.bound = bound
        self.entering = entering
        self.args: tuple[Value, ...] = ()
        self.keywords: dict[str | None, Value] = {}
        self.open_ended = False
        self.targets: list[Target | SignalTarget | ParamTarget] = []
        self.effect: Effect | None = None
        self.confidence = CERTAIN
        self.result: Value = UNKNOWN
        self.receiver: Expr | None = None
        self.values: Value = UNKNOWN
        self.kind = "call"
        self.region: tuple[Opened, ...] = ()
        self.closed: frozenset[Any] = frozenset()


def evaluate_call(frame: Frame, expr: Any, used: bool, bound: bool = False, entering: bool = False) -> Value:
    """Replay one call expression; its value."""
    site = Site(frame, expr, used, bound, entering)
    func = expr[1]
    if func.__class__ is str:
        head, dot, _ = func.rpartition(".")
        if dot:
            site.receiver = head
        value = frame.ev(func)
        if func == "super":
            return builtin.super_object(frame, expr)
    else:
        if func[0] == "attr":
            site.receiver = func[1]
            if func[1].__class__ is not str and func[1][0] == "call" and func[1][1] == "super":
                site.kind = "super"
        value = frame.ev(func)
    site.values = value
    spawning = frame.awaiting
    if value:
        for atom in value:
            if isinstance(atom, (Ext, ExtMethod)) and _spawns(frame, atom.name):
                frame.awaiting = True
    _arguments(site, expr[2], expr[3])
    frame.awaiting = spawning
    if not value:
        _consume(site)
        site.region, site.closed = frame.now_open(), frame.closed
        name = func.rpartition(".")[2] if func.__class__ is str else func[2] if func[0] == "attr" else ""
        if site.receiver is not None and not frame.silent:
            _by_method_name(site, name)
            if site.targets:
                _finish(site)
                return site.result
        if frame.region or frame.open:
            _unresolved(site)
        return UNKNOWN
    # What is open when the call is made; what it opens or closes itself comes after.
    site.region, site.closed = frame.now_open(), frame.closed
    for atom in value:
        _call(site, atom, site.args, site.keywords, 0)
    _finish(site)
    return site.result


def _spawns(frame: Frame, name: str) -> bool:
    known = frame.linker.at(name)
    return any(effect.kind == "process" for effect in known.effects) or any(d.when_runs != "commit" for d in known.deferrals)


def _arguments(site: Site, args: tuple[Expr, ...], keywords: tuple[tuple[str | None, Expr], ...]) -> None:
    frame = site.frame
    values: list[Value] = []
    for arg in args:
        if arg.__class__ is str:
            values.append(frame.ev(arg))
        elif arg[0] == "star":
            value = frame.ev(arg[1])
            if len(value) == 1 and isinstance(value[0], Seq) and not site.open_ended:
                values.extend(value[0].items)
            else:
                site.open_ended = True
        else:
            values.append(frame.ev(arg))
    site.args = tuple(values)
    for name, arg in keywords:
        value = frame.ev(arg)
        if name is None:
            known = False
            for atom in value:
                if isinstance(atom, Table) and atom.items and not atom.rest:
                    known = True
                    for key, item in atom.items:
                        site.keywords[key] = item
            if not known:
                site.open_ended = True
        else:
            site.keywords[name] = value


def _consume(site: Site) -> None:
    """Generators that are passed on are taken to be iterated by whoever gets them."""
    for value in site.args:
        for atom in value:
            if type(atom) is Generated:
                iterate(site.frame, (atom,), site.expr)


def _by_method_name(site: Site, name: str) -> None:
    """An unknown receiver: whoever in the project defines a method of this (uncommon) name."""
    linker = site.frame.linker
    found = linker.definitions_of(name)
    sure = LIKELY if len(found) <= 2 else POSSIBLE
    for fun in found:
        klass = fun.klass
        assert klass is not None
        site.targets.append(Target(fun.id, klass.id, "call", sure, (), 1, False))


def _unresolved(site: Site) -> None:
    frame = site.frame
    if not frame.silent:
        frame.flow.unresolved.append((site.pos, site.func, "unknown receiver or function", frame.now_open()))


# -- one alternative ------------------------------------------------------------------------------------------------------------


def _call(site: Site, atom: Atom, args: tuple[Value, ...], keywords: dict[str | None, Value], depth: int) -> None:
    if isinstance(atom, Fn):
        _call_function(site, atom, args, keywords)
    elif isinstance(atom, ExtMethod):
        _call_library(site, atom.name, atom.receiver, args, keywords, depth)
    elif isinstance(atom, Ext):
        _call_library(site, atom.name, None, args, keywords, depth)
    elif isinstance(atom, (Cls, SelfCls)):
        _construct(site, atom, args, keywords)
    elif isinstance(atom, (ExtObj, Obj, SelfObj)):
        _call_object(site, atom, args, keywords, depth)
    elif isinstance(atom, Part):
        merged: dict[str | None, Value] = {**dict(atom.keywords), **keywords}
        for inner in atom.func:
            _call(site, inner, atom.args + args, merged, depth + 1)
    elif isinstance(atom, Param):
        site.targets.append(ParamTarget(atom.fun.id, atom.name))
    elif isinstance(atom, Named):
        receivers = tuple((a.klass.id, a.exact) for a in atom.receivers if isinstance(a, Obj))
        if receivers:
            site.targets.append(ParamTarget(atom.param.fun.id, atom.param.name, (), receivers))
    elif isinstance(atom, Opening):
        # A decorator applied by hand: `atomic(f)` gives f inside.
        for value in args[:1]:
            site.result = union(site.result, value)


def call(site: Site, atom: Atom) -> None:
    """Add to a site what calling one atom without arguments does."""
    _call(site, atom, (), {}, 0)


def applied(frame: Frame, atom: Atom, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> Value:
    """What calling a value gives; nothing is recorded."""
    nowhere: Pos = (0, 0, 0, 0)
    site = Site(frame, ("call", "", (), (), nowhere), True, False, False)
    site.args, site.keywords = args, keywords
    _call(site, atom, args, keywords, 0)
    return site.result


def _target_class(frame: Frame, receiver: Atom | None) -> tuple[int, bool]:
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


def _call_function(site: Site, atom: Fn, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> None:
    frame, fun = site.frame, atom.fun
    linker = frame.linker
    fact = fun.fact
    assert fact is not None
    decoration = linker.decoration(fun)
    receiver = atom.receiver
    if decoration.deferred:
        frame.flow.deferred.add(fact.name)
        return
    if fact.is_generator and decoration.role != "manager":
        site.result = union(site.result, (linker.atoms(Generated, fun, receiver, False),))
        return
    if decoration.role == "manager":
        # What stands before the `yield` runs when the block is entered.
        site.result = union(site.result, (linker.atoms(Generated, fun, receiver, True),))
        _add_targets(site, atom, args, keywords, "call")
        return
    if frame.awaiting and fact.is_async:
        return
    _add_targets(site, atom, args, keywords, "super" if site.kind == "super" else "call")


def _add_targets(
    site: Site, atom: Fn, args: tuple[Value, ...], keywords: dict[str | None, Value], kind: str, inner: tuple[Opened, ...] = ()
) -> None:
    """Targets for a function and, where its receiver's very class is unknown, for the overrides of it; and its result."""
    frame, fun = site.frame, atom.fun
    linker = frame.linker
    receiver = atom.receiver
    cls, exact = _target_class(frame, receiver)
    method = fun.klass is not None and receiver is not None
    skip = 1 if method or (fun.klass is not None and linker.decoration(fun).role == "class") else 0
    site.targets.append(Target(fun.id, cls, kind, CERTAIN, inner, skip, exact))
    klass = getattr(receiver, "klass", None)
    if method and not exact and klass is not None and kind != "super":
        overrides = linker.overrides(klass, fun.fact.name)  # type: ignore[union-attr]
        if overrides:
            sure = LIKELY if len(overrides) <= FEW else POSSIBLE
            for holder, other in overrides[:256]:
                site.targets.append(Target(other.id, holder.id, "override", sure, inner, skip, False))
    replay = linker.replay(fun, klass, exact)
    bound = _bind(fun, args, keywords, skip)
    returns = replay.returns
    if not returns and fun.fact is not None and fun.fact.returns is not None:
        returns = linker.annotation(fun.fact.returns, fun.module, fun.klass, fun.parent)
    if returns:
        if type(receiver) is SelfObj and replay.queries:
            frame.queries.update(replay.queries)
        if isinstance(receiver, SelfObj) and receiver is not None:
            value = linker.substitute(returns, None, bound, fun) if any(type(a) is Param for a in returns) else returns
            value = tuple(receiver if type(a) is SelfObj else a for a in value)
        else:
            value = linker.substitute(returns, receiver, bound, fun)
        site.result = union(site.result, value)
    if not frame.silent:
        _note_parameters(linker, fun, bound)
        if replay.closes or replay.left_open:
            _apply_states(site, replay, fun, receiver, skip)


def _bind(fun: Fun, args: tuple[Value, ...], keywords: dict[str | None, Value], skip: int) -> dict[str, Value]:
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


def _note_parameters(linker: Any, fun: Fun, bound: dict[str, Value]) -> None:
    """What callers pass is what a parameter without annotation may be. Callables are not told here: which caller passes which one is
    kept apart (`program`)."""
    for name, value in bound.items():
        kept = tuple(
            (atom if type(atom) is not SelfObj else linker.instance(atom.klass, False)) for atom in value if type(atom) not in _CALLER_ONLY
        )
        if not kept:
            continue
        key = (fun.id, name)
        known = linker.params.get(key, UNKNOWN)
        merged = union(known, kept)
        if len(merged) > 8:
            merged = merged[:8]
        if merged is not known and merged != known:
            linker.params[key] = merged
            linker.stale.add(fun.id)


def _apply_states(site: Site, replay: Any, fun: Fun, receiver: Atom | None, skip: int) -> None:
    """What a helper commits or leaves open on the caller's sessions."""
    frame = site.frame
    for key in replay.closes:
        mine = _mapped(site, key, fun, skip)
        if mine is not None:
            frame.end(mine)
    for opened in replay.left_open:
        mine = _mapped(site, opened.key, fun, skip)
        if mine is not None:
            frame.begin(replace(opened, pos=site.pos, key=mine))


def _mapped(site: Site, key: Any, fun: Fun, skip: int) -> Any:
    """A callee's key in the caller's words."""
    if len(key) < 3:
        return key
    family, where, name = key[:3]
    if where == "global":
        return key
    frame = site.frame
    if where == "self":
        if site.receiver == frame.self_name or site.kind == "super":
            return key
        if site.receiver.__class__ is str and site.receiver is not None:
            base = f"{site.receiver}.{name}"
            return frame.key_of(base, (frame.linker.atoms(ExtObj, family, UNKNOWN, None),))
        return None
    if where == "param":
        head, _, rest = name.partition(".")
        fact = fun.fact
        assert fact is not None
        expr: Expr | None = None
        position = -skip
        for param in fact.params:
            if param.kind in ("pos", "arg"):
                if param.name == head and 0 <= position < len(site.expr[2]):
                    expr = site.expr[2][position]
                position += 1
        for keyword, value in site.expr[3]:
            if keyword == head:
                expr = value
        if expr.__class__ is str:
            full = f"{expr}.{rest}" if rest else expr
            return frame.key_of(full, (frame.linker.atoms(ExtObj, family, UNKNOWN, None),))
    return None


def _construct(site: Site, atom: Cls | SelfCls, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> None:
    frame = site.frame
    linker = frame.linker
    klass = atom.klass
    exact = isinstance(atom, Cls)
    made: Atom = linker.instance(klass, exact) if exact or klass.subclasses else linker.instance(klass, True)
    for base in linker.mro(klass):
        if isinstance(base, str):
            for opener in linker.at(base).openers:
                if "with" in opener.forms:
                    opening = _opening(site, opener, None, args, keywords, custom=klass.dotted)
                    if opening is not None and linker.find(klass, "__enter__") is None:
                        site.result = union(site.result, (opening,))
                        return
            for entry in linker.at(base).returns:
                if entry.type and not entry.attribute:
                    typed = linker.typed(parse_type(entry.type), None, args, keywords)
                    for inner in typed:
                        if isinstance(inner, ExtObj) and inner.item:
                            made = linker.with_item(made, inner.item)
    found = linker.find(klass, "__init__")
    if found is not None and found.bindings is not None:
        for value in linker.class_attribute(klass, "__init__"):
            if isinstance(value, Fn):
                result = site.result
                _add_targets(site, linker.atoms(Fn, value.fun, made), args, keywords, "call")
                site.result = result
    site.result = union(site.result, (made,))


def _call_object(site: Site, atom: ExtObj | Obj | SelfObj, args: tuple[Value, ...], keywords: dict[str | None, Value], depth: int) -> None:
    frame = site.frame
    linker = frame.linker
    if isinstance(atom, ExtObj):
        method = linker.catalog.method(atom.name, "__call__")
        if method is not None:
            _call_library(site, method, atom, args, keywords, depth + 1)
        elif atom.item and any(type(inner) is Fn for inner in atom.item):
            for inner in atom.item:
                _call(site, inner, args, keywords, depth + 1)
        return
    value = frame.getattr((atom,), "__call__")
    for inner in value:
        _call(site, inner, args, keywords, depth + 1)
    if not value and isinstance(atom, Obj):
        for inner in atom.item:
            if type(inner) is Fn:
                _call(site, inner, args, keywords, depth + 1)


# -- libraries ------------------------------------------------------------------------------------------------------------------


def _call_library(
    site: Site, name: str, receiver: Atom | None, args: tuple[Value, ...], keywords: dict[str | None, Value], depth: int
) -> None:
    frame = site.frame
    linker = frame.linker
    if name.startswith(("builtins.", "types.", "functools.", "contextlib.")):
        if builtin.call(site, name, receiver, args, keywords, depth):
            return
    if isinstance(receiver, Opening) and _by_hand(site, receiver, name):
        return
    known = linker.at(name)
    _ask_frameworks(site, name, args)
    key = None
    if known.openers or known.closers or known.returns:
        key = _receiver_key(site, receiver)
    inner: tuple[Opened, ...] = ()
    for opener in known.openers:
        holds = decide(site, opener, args, keywords)
        if holds is False:
            continue
        opened = _open(site, opener, key, receiver, args, keywords, holds, depth)
        if opened is not None and "body" in opener.forms:
            inner = (opened,)
        if opened is not None and "runs" in opener.forms and opener.callback is not None:
            for atom in argument(opener.callback, args, keywords):
                callback(site, atom, (opened,))
    for closer in known.closers:
        if decide(site, closer, args, keywords) is not False:
            _close(site, closer, key, args, keywords)
    deferred = False
    for deferral in known.deferrals:
        if decide(site, deferral, args, keywords) is not False:
            deferred = True
            if deferral.callable is not None:
                for atom in argument(deferral.callable, args, keywords):
                    text = _callable_text(site, atom)
                    if text:
                        frame.flow.deferred.add(text)
            elif isinstance(site.func, str):
                frame.flow.deferred.add(site.func)
    for hook in known.hooks:
        if hook.by == "register":
            signals.register(frame, hook, name, site, receiver, args, keywords)
    silent = any(decide(site, entry, args, keywords) is not False for entry in known.silent)
    if not deferred and not silent:
        for effect in known.effects:
            holds = decide(site, effect, args, keywords)
            if holds is False:
                continue
            if effect.unless_overridden and _overridden(site, receiver, effect.unless_overridden, args, keywords, depth):
                continue
            if site.effect is None:
                site.effect = effect
                site.confidence = min(site.confidence, effect.confidence, CERTAIN if holds else LIKELY)
    for runs in known.calls:
        holds = decide(site, runs, args, keywords)
        if holds is False or runs.state in ("after", "never") or depth > DEEP:
            continue
        body = inner if runs.state == "in" else ()
        if runs.state == "in" and not body:
            body = (_implicit(site, name, holds),)
        for text in runs.runs:
            _run(site, name, text, receiver, args, keywords, body, depth)
    if site.entering and any(type(atom) is Opening for atom in site.result):
        return
    result = UNKNOWN
    for entry in known.returns:
        if entry.type and not entry.attribute and decide(site, entry, args, keywords) is not False:
            result = union(
                result,
                linker.typed(parse_type(entry.type), receiver, args, keywords, origin=("via", key) if key and entry.shares_key else None),
            )
        if entry.decorated:
            result = union(result, _decorating(linker, entry, name, receiver, args, keywords))
    if not known.returns or not any(entry.type or entry.enter for entry in known.returns):
        last = name.rpartition(".")[2]
        if receiver is None and (known.classes or (last[:1].isupper() and not last.isupper())):
            item: Value = UNKNOWN
            origin: Any = None
            if linker.catalog.is_known(f"{name}.__get__") or linker.catalog.method(name, "__get__"):
                origin = ("init", args, tuple(keywords.items()))
            elif known.classes and known.classes[0].item:
                item = linker.typed(parse_type(known.classes[0].item), None, args, keywords)
            result = (linker.atoms(ExtObj, name, item, origin),)
        elif isinstance(receiver, ExtObj) and receiver.item and last == "copy":
            result = (receiver,)
    for entry in known.returns:
        if entry.enter:
            entered = linker.typed(parse_type(entry.enter), receiver, args, keywords, origin=("via", key) if key else None)
            result = result or (linker.atoms(ExtObj, name, entered, ("enters", entered)),)
    site.result = union(site.result, result)


def _decorating(
    linker: Linker, entry: Returns, name: str, receiver: Atom | None, args: tuple[Value, ...], keywords: dict[str | None, Value]
) -> Value:
    """A decorator called as a function: with a function it gives what it makes of it, without one a decorator with these arguments."""
    wrapped = next((arg for arg in args if any(type(atom) in (Fn, Cls, Part) for atom in arg)), None)
    if wrapped is not None:
        if entry.decorated == "decorated":
            return wrapped
        made = linker.typed(parse_type(entry.decorated), receiver, args, keywords)
        return tuple(linker.with_item(atom, wrapped) for atom in made)
    itself: Atom = linker.atoms(Ext, name) if receiver is None else linker.atoms(ExtMethod, name, receiver, name.rpartition(".")[2])
    return (linker.atoms(Part, (itself,), args, tuple((k, v) for k, v in keywords.items() if k is not None)),)


def _by_hand(site: Site, opening: Opening, name: str) -> bool:
    """``manager.__enter__()`` and ``__exit__()`` called by hand."""
    frame = site.frame
    last = name.rpartition(".")[2]
    if last in ("__enter__", "__aenter__", "start"):
        if not frame.silent:
            frame.begin(
                Opened(
                    opening.kind or "with",
                    opening.name,
                    site.pos,
                    opening.key,
                    opening.alias,
                    opening.confidence,
                    opening.retry,
                    family=opening.entry.family,
                )
            )
        return True
    if last in ("__exit__", "__aexit__", "commit", "rollback", "close"):
        frame.end(opening.key)
        return True
    return False


def _ask_frameworks(site: Site, name: str, args: tuple[Value, ...]) -> None:
    """What constant strings among the first two arguments stand for: a model by its label, or by the names of its app and its own."""
    linker = site.frame.linker
    first = _text(args[0]) if args else None
    for framework in linker.frameworks:
        for value in args[:2]:
            for atom in value:
                if isinstance(atom, Const) and isinstance(atom.value, str):
                    label = f"{first}.{atom.value}" if first is not None and value is not args[0] else atom.value
                    constant = framework.constant(linker, name, label)
                    if constant is not None:
                        site.result = union(site.result, constant)


def _text(value: Value) -> str | None:
    """The one constant string that a value is."""
    text = value[0].value if len(value) == 1 and isinstance(value[0], Const) else None
    return text if isinstance(text, str) else None


def _implicit(site: Site, name: str, holds: bool | None) -> Opened:
    return Opened("implicit", name, site.pos, ("django", None), None, CERTAIN if holds else LIKELY)


def _receiver_key(site: Site, receiver: Atom | None) -> Any:
    frame = site.frame
    origin = getattr(receiver, "origin", None)
    if isinstance(origin, tuple) and origin and origin[0] == "via":
        return origin[1]
    if isinstance(receiver, Opening):
        return receiver.key
    if site.receiver is not None and receiver is not None:
        key = frame.key_of(site.receiver, (receiver,))
        if key is not None:
            return key
    return None


def argument(arg: Arg, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> Value:
    """The value passed for an argument of a library call."""
    if arg.name is not None and arg.name in keywords:
        return keywords[arg.name]
    if arg.position is not None and arg.position < len(args):
        return args[arg.position]
    return UNKNOWN


def _given(site: Site, arg: Arg, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> bool | None:
    """Is it passed? None where `*` or `**` may pass it."""
    if (arg.name is not None and arg.name in keywords) or (arg.position is not None and arg.position < len(args)):
        return True
    return None if site.open_ended else False


def decide(site: Site, entry: Entry, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> bool | None:
    """Does an entry hold for this call? None: it could not be decided."""
    if not entry.when:
        return True
    result: bool | None = True
    for when in entry.when:
        holds = _holds(site, when, entry, args, keywords)
        if holds is not None and when.unless:
            holds = not holds
        if holds is False:
            return False
        if holds is None:
            result = None
    return result


def _holds(site: Site, when: When, entry: Entry, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> bool | None:
    linker = site.frame.linker
    if when.version is not None:
        return linker.version_matches(entry.library, when.version)
    if when.setting is not None:
        state, value = "unknown", None
        for framework in linker.frameworks:
            state, value = framework.setting(when.setting)
            if state != "unknown":
                break
        if state == "unknown":
            return None
        if state == "absent":
            if when.absent:
                return True
            default = when.arg.default if when.arg is not None else getattr(when, "default", None)
            if when.present:
                return False
            value = default
        return _tested(when, value)
    if when.arg is None:
        return None
    given = _given(site, when.arg, args, keywords)
    if when.absent:
        return None if given is None else not given
    if when.present:
        return given
    if given is None:
        return None
    if given is False:
        if when.instance_of is not None:
            return False
        return _tested(when, when.arg.default)
    value = argument(when.arg, args, keywords)
    if when.instance_of is not None:
        for atom in value:
            if isinstance(atom, ExtObj) and any(base in when.instance_of for base in linker.catalog.bases(atom.name)):
                return True
            if isinstance(atom, Obj) and any(base in when.instance_of for base in linker.library_bases(atom.klass)):
                return True
        return None if not value else False
    if len(value) == 1 and type(value[0]) is Const:
        return _tested(when, value[0].value)
    if value and when.truthy is not None and all(type(a) in (Fn, Cls, Obj, ExtObj, SelfObj) for a in value):
        return when.truthy
    return None


def _tested(when: When, value: Any) -> bool | None:
    if when.one_of is not None:
        return value in when.one_of
    if when.contains_any is not None:
        return isinstance(value, str) and any(part in value for part in when.contains_any)
    if when.truthy is not None:
        return bool(value) is when.truthy
    return bool(value == when.equals and type(value) is type(when.equals))


def _opening(
    site: Site, opener: Opener, receiver: Atom | None, args: tuple[Value, ...], keywords: dict[str | None, Value], custom: str = ""
) -> Opening | None:
    """The context manager that an opening call gives."""
    frame = site.frame
    holds = decide(site, opener, args, keywords)
    if holds is False:
        return None
    alias: str | None = None
    key: Any
    if opener.key == "alias":
        alias, key = _alias(site, opener.alias, opener.family, args, keywords)
    elif opener.key == "receiver":
        found = _receiver_key(site, receiver)
        key = found if found is not None else (opener.family, "local", f"{frame.fun.id}:{site.pos[0]}:{site.pos[1]}")
    else:
        key = (opener.family, "local", f"{frame.fun.id}:{site.pos[0]}:{site.pos[1]}")
    retry = opener.retry is not None and _holds(site, opener.retry, opener, args, keywords) is not False
    bound: Value = UNKNOWN
    for entry in frame.linker.at(opener.name).returns:
        if entry.enter:
            bound = union(bound, frame.linker.typed(parse_type(entry.enter), receiver, args, keywords, origin=("via", key)))
    confidence = min(opener.confidence, CERTAIN if holds else LIKELY)
    return frame.linker.atoms(Opening, opener, alias, key, retry, confidence, custom or opener.name, "custom" if custom else "", bound)


def _alias(site: Site, arg: Arg | None, family: str, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> tuple[str | None, Any]:
    if arg is None:
        return "default", (family, "default")
    given = _given(site, arg, args, keywords)
    if given is False:
        return arg.default, (family, arg.default)
    value = argument(arg, args, keywords)
    if len(value) == 1 and type(value[0]) is Const and (value[0].value is None or isinstance(value[0].value, str)):
        alias = value[0].value or arg.default
        return alias, (family, alias)
    if value and all(type(atom) is Fn for atom in value):
        return arg.default, (family, arg.default)  # used as a bare decorator
    return None, (family, None)


def _open(
    site: Site,
    opener: Opener,
    key: Any,
    receiver: Atom | None,
    args: tuple[Value, ...],
    keywords: dict[str | None, Value],
    holds: bool | None,
    depth: int,
) -> Opened | None:
    """What an opening call opens at once; a context manager is given back as the call's result and opens when entered."""
    frame = site.frame
    forms = opener.forms
    sure = min(opener.confidence, CERTAIN if holds else LIKELY)
    if "body" in forms or "runs" in forms:
        return Opened(
            "implicit" if "body" in forms else "with", opener.name, site.pos, (opener.family, None), None, sure,
            _retries(site, opener, args, keywords), family=opener.family,
        )  # fmt: skip
    if "asserts" in forms:
        if not frame.now_open() and not frame.closed and not opener.reads and not site.frame.silent:
            alias = (opener.family, None)
            if not _is_state_query(opener):
                frame.region = (*frame.region, Opened("asserted", opener.name, site.pos, alias, None, LIKELY, family=opener.family))
                frame.snapshot = None
        return None
    if "with" in forms or "decorator" in forms:
        opening = _opening(site, opener, receiver, args, keywords)
        if opening is not None and (site.entering or not ("manual" in forms and (not site.used or site.bound))):
            site.result = union(site.result, (opening,))
            return None
        if opening is not None:
            site.result = union(site.result, (opening,))
    if "manual" in forms or "call" in forms or "autobegin" in forms:
        if key is None and opener.key == "alias":
            alias_name, key = _alias(site, opener.alias, opener.family, args, keywords)
        else:
            alias_name = None
        if key is None or frame.silent:
            return None
        kind = "autobegin" if "autobegin" in forms else "with"
        frame.begin(Opened(kind, opener.name, site.pos, key, alias_name, sure, False, opener.reads, family=opener.family))
    return None


def _is_state_query(opener: Opener) -> bool:
    """``in_atomic_block`` asks; ``select_for_update()`` insists."""
    last = opener.name.rpartition(".")[2]
    return last.startswith(("in_", "get_", "is_"))


def _retries(site: Site, opener: Opener, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> bool:
    return opener.retry is not None and _holds(site, opener.retry, opener, args, keywords) is not False


def _close(site: Site, closer: Closer, key: Any, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> None:
    if closer.key == "alias":
        _, key = _alias(site, closer.alias, closer.family, args, keywords)
    if key is not None:
        site.frame.end(key)


def _overridden(
    site: Site, receiver: Atom | None, method: str, args: tuple[Value, ...], keywords: dict[str | None, Value], depth: int
) -> bool:
    """Does the project override the method that does the work? Then that runs instead."""
    if not isinstance(receiver, (Obj, SelfObj)):
        return False
    value = site.frame.getattr((receiver,), method)
    mine = [atom for atom in value if type(atom) is Fn]
    for atom in mine:
        _add_targets(site, atom, args, keywords, "override")
    return bool(mine)


def _callable_text(site: Site, atom: Atom) -> str:
    if isinstance(atom, Fn):
        return atom.fun.fact.name if atom.fun.fact else ""
    if isinstance(atom, ExtMethod):
        return atom.name
    if isinstance(atom, Part):
        return next((text for inner in atom.func if (text := _callable_text(site, inner))), "")
    return ""


def callback(site: Site, atom: Atom, inner: tuple[Opened, ...] = ()) -> None:
    """A callable that the call runs now."""
    if isinstance(atom, Fn):
        result = site.result
        _add_targets(site, atom, (), {}, "callback", inner)
        site.result = result
    elif isinstance(atom, Part):
        for func in atom.func:
            callback(site, func, inner)
    elif isinstance(atom, (ExtMethod, Ext)):
        for effect in site.frame.linker.at(atom.name).effects:
            if site.effect is None and not effect.when:
                site.effect = effect
    elif isinstance(atom, (ExtObj, Obj, SelfObj)):
        for func in atom.item if isinstance(atom, (ExtObj, Obj)) else ():
            if type(func) is Fn:
                callback(site, func, inner)


def _run(
    site: Site,
    name: str,
    text: str,
    receiver: Atom | None,
    args: tuple[Value, ...],
    keywords: dict[str | None, Value],
    inner: tuple[Opened, ...],
    depth: int,
) -> None:
    """One entry of a `calls` table."""
    frame = site.frame
    linker = frame.linker
    run = parse_run(text)
    if run.op == "receivers":
        if run.signal == "self":
            origin = getattr(receiver, "origin", None)
            signal = origin[1] if isinstance(origin, tuple) and origin[0] == "global" else None
            if signal is None and site.receiver.__class__ is str:
                signal = linker.signal_name(frame, site.receiver)
            if signal is None:
                return
            sender = _sender(frame, keywords.get("sender") or (args[0] if args else UNKNOWN))
        else:
            signal = run.signal
            sender = _sender(frame, (receiver,) if receiver is not None else UNKNOWN)
            if sender == NO_CLASS and receiver is not None:
                return  # rows of nothing that is known: no guess
        site.targets.append(SignalTarget(signal, sender, inner))
        return
    if run.op == "decorated":
        value = linker.item_of(receiver) if receiver is not None else UNKNOWN
        for atom in value:
            if type(atom) is Fn:
                _add_targets(site, atom, args, keywords, "call", inner)
        return
    assert run.target is not None
    value = linker.typed(run.target, receiver, args, keywords)
    if not value and run.target.op == "arg" and receiver is not None:
        value = linker.passed_by_library(receiver, name.rpartition(".")[2], run.target.name)
    if run.op == "method":
        value = frame.getattr(value, run.method) if not run.method.endswith("_") else linker.prefixed(value, run.method)
    for atom in value:
        if type(atom) is Fn:
            result = site.result
            kind = "override" if run.op == "method" else "callback"
            _add_targets(site, atom, (), {}, kind, inner)
            site.result = result
        elif isinstance(atom, (ExtMethod, Ext)) and depth < DEEP:
            nested = Site(frame, site.expr, site.used, False, False)
            nested.receiver = None
            frame.depth += 1
            if frame.depth < DEEP:
                _call_library(nested, atom.name, atom.receiver if isinstance(atom, ExtMethod) else None, (), {}, depth + 1)
            frame.depth -= 1
            site.targets.extend(_inside(target, inner) for target in nested.targets)
            if nested.effect is not None and site.effect is None:
                site.effect, site.confidence = nested.effect, nested.confidence
        elif run.op == "call":
            callback(site, atom, inner)


def _inside(target: Any, inner: tuple[Opened, ...]) -> Any:
    return target._replace(inner=inner + target.inner) if inner else target


def _sender(frame: Frame, value: Value) -> int:
    """The class whose rows a library call writes, or that a signal is sent for."""
    for atom in value:
        if isinstance(atom, (SelfObj, SelfCls)):
            return SELF
        if isinstance(atom, Cls):
            return atom.klass.id
        if isinstance(atom, Obj):
            inner = _sender(frame, atom.item) if atom.item else NO_CLASS
            return inner if inner != NO_CLASS else atom.klass.id
        if isinstance(atom, (ExtObj, Many)) and atom.item:
            return _sender(frame, atom.item)
        if isinstance(atom, Super):
            return _sender(frame, (atom.receiver,))
    return NO_CLASS


# -- events ---------------------------------------------------------------------------------------------------------------------


def _finish(site: Site) -> None:
    frame = site.frame
    # A library's object keeps what it is given, and may iterate over it when all is over.
    kept = all(type(atom) is Ext and atom.name.rpartition(".")[2][:1].isupper() for atom in site.values)
    for value in site.args if not kept else ():
        for atom in value:
            if type(atom) is Generated and not atom.manager:
                iterate(frame, (atom,), site.expr)
    if frame.silent or not (site.targets or site.effect):
        return
    frame.flow.events.append(
        Event(
            site.pos,
            site.func,
            site.region,
            site.closed,
            frame.guards,
            _passed(site),
            site.used,
            tuple(dict.fromkeys(site.targets)),
            site.effect,
            site.confidence,
        )
    )


def _passed(site: Site) -> Passed:
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
    if site.receiver.__class__ is str and site.receiver != frame.self_name:
        key = frame.key_of(site.receiver, (frame.linker.atoms(ExtObj, "session", UNKNOWN, None),))
        if key is not None:
            values[RECEIVER] = ("key", key)
    given = frozenset((*range(len(site.args)), *(name for name in site.keywords if name is not None)))
    return Passed(values, callables, site.open_ended, given)


def _pass(frame: Frame, place: int | str, arg: Expr, value: Value, values: dict[Any, Any], callables: dict[Any, Any]) -> None:
    if arg.__class__ is str:
        if frame.is_param(arg):
            values[place] = ("param", arg)
        elif (key := frame.key_of(arg, value)) is not None:
            values[place] = ("key", key)
    if place not in values and len(value) == 1 and type(value[0]) is Const:
        values[place] = ("const", value[0].value)
    functions = []
    for atom in value:
        if type(atom) is Fn:
            cls, exact = _target_class(frame, atom.receiver)
            skip = 1 if atom.fun.klass is not None and atom.receiver is not None else 0
            functions.append(Target(atom.fun.id, cls, "callback", CERTAIN, (), skip, exact))
        elif type(atom) is Part:
            for inner in atom.func:
                if type(inner) is Fn:
                    cls, exact = _target_class(frame, inner.receiver)
                    functions.append(Target(inner.fun.id, cls, "callback", CERTAIN, (), 0, exact))
    if functions:
        callables[place] = tuple(functions)


def iterate(frame: Frame, value: Value, expr: Expr) -> None:
    """Iterating over a generator of the project runs its body."""
    for atom in value:
        if type(atom) is Generated and not frame.silent:
            cls, exact = _target_class(frame, atom.receiver)
            pos = expr[4] if expr.__class__ is not str and expr[0] == "call" else None
            if pos is None:
                continue
            skip = 1 if atom.fun.klass is not None and atom.receiver is not None else 0
            target = Target(atom.fun.id, cls, "call", CERTAIN, (), skip, exact)
            frame.flow.events.append(
                Event(pos, expr[1], frame.now_open(), frame.closed, frame.guards, Passed({}, {}, True), True, (target,))
            )


def enter_context(frame: Frame, value: Value, item: Expr, pos: Pos, closers: list[Closing], target: Expr | None) -> Value:
    """``with value as target``: opens what it opens; the value that is bound."""
    linker = frame.linker
    bound: Value = UNKNOWN
    several = len([atom for atom in value if not isinstance(atom, Const)]) > 1
    for atom in value:
        if isinstance(atom, Opening):
            sure = min(atom.confidence, LIKELY if several else CERTAIN)
            condition = "only where this alternative is taken" if several else None
            frame.push(
                Opened(
                    atom.kind or "with", atom.name, pos, atom.key, atom.alias, sure, atom.retry, atom.entry.reads, condition,
                    family=atom.entry.family,
                )
            )  # fmt: skip
            bound = union(bound, atom.bound)
        elif isinstance(atom, Generated):
            _enter_generated(frame, atom, pos, several)
            for _, yielded in linker.replay(atom.fun, getattr(atom.receiver, "klass", None), False).yields:
                bound = union(bound, linker.substitute(yielded, atom.receiver, {}, atom.fun))
        elif isinstance(atom, (Obj, SelfObj)):
            bound = union(bound, _enter_object(frame, atom, pos, closers))
        elif isinstance(atom, ExtObj):
            bound = union(bound, _enter_library(frame, atom, item, pos, closers, target))
        elif isinstance(atom, Ext):
            for opener in linker.at(atom.name).openers:
                if "with" in opener.forms:  # `with connection:`, an object known by name
                    frame.push(Opened("with", opener.name, pos, (opener.family, "global", atom.name), None, family=opener.family))
                    bound = (atom,)
    return bound


def _enter_generated(frame: Frame, atom: Generated, pos: Pos, several: bool) -> None:
    """A context manager of the project: what is open where it yields is open in the block."""
    linker = frame.linker
    replay = linker.replay(atom.fun, getattr(atom.receiver, "klass", None), False)
    seen: set[Any] = set()
    certain = bool(replay.yields) and all(region for region, _ in replay.yields)
    for region, _ in replay.yields:
        for opened in region:
            if opened.key in seen:
                continue
            seen.add(opened.key)
            sure = min(opened.confidence, CERTAIN if certain and not several else LIKELY)
            frame.push(replace(opened, kind="custom", name=atom.fun.dotted, pos=pos, key=_outside(opened.key), confidence=sure))


def _outside(key: Any) -> Any:
    """A key of another function's own words cannot be closed from here by accident."""
    return key if len(key) < 3 or key[1] == "global" else (key[0], "local", "entered:" + str(key[2]))


def _enter_object(frame: Frame, atom: Obj | SelfObj, pos: Pos, closers: list[Closing]) -> Value:
    linker = frame.linker
    klass = atom.klass
    bound: Value = (atom,)
    for name in ("__enter__", "__aenter__"):
        found = linker.find(klass, name)
        if found is None:
            continue
        if found.bindings is None:
            for base in linker.library_bases(klass):
                for opener in linker.at(base).openers:
                    if "with" in opener.forms:
                        frame.push(
                            Opened(
                                "custom", klass.dotted, pos, (opener.family, "default"), "default", opener.confidence, family=opener.family
                            )
                        )
            continue
        for method in linker.class_attribute(klass, name):
            if not isinstance(method, Fn):
                continue
            _method_event(frame, linker.atoms(Fn, method.fun, atom), pos)
            replay = linker.replay(method.fun, klass, atom.exact)
            for opened in replay.left_open:
                frame.push(replace(opened, kind="custom", name=klass.dotted, pos=pos, key=_outside(opened.key)))
            entered = linker.substitute(replay.returns, atom, {}, method.fun)
            if entered:
                bound = entered
        exit_name = name.replace("enter", "exit")
        for method in linker.class_attribute(klass, exit_name):
            if isinstance(method, Fn):
                closers.append(partial(_method_event, frame, linker.atoms(Fn, method.fun, atom), pos))
        return bound
    for base in linker.library_bases(klass):
        for opener in linker.at(base).openers:
            if "with" in opener.forms:
                frame.push(
                    Opened("custom", klass.dotted, pos, (opener.family, "default"), "default", opener.confidence, family=opener.family)
                )
                return bound
    return bound


def _method_event(frame: Frame, fn: Fn, pos: Pos) -> None:
    if frame.silent:
        return
    cls, exact = _target_class(frame, fn.receiver)
    target = Target(fn.fun.id, cls, "call", CERTAIN, (), 1, exact)
    frame.flow.events.append(
        Event(pos, fn.fun.qualname, frame.now_open(), frame.closed, frame.guards, Passed({}, {}, True), True, (target,))
    )


def _enter_library(frame: Frame, atom: ExtObj, item: Expr, pos: Pos, closers: list[Closing], target: Expr | None) -> Value:
    """A library's object used as a context manager: ``with Session() as s``, ``with connection:``."""
    linker = frame.linker
    origin = atom.origin
    if isinstance(origin, tuple) and origin and origin[0] == "enters":
        return origin[1]  # type: ignore[no-any-return]
    name = linker.catalog.method(atom.name, "__enter__") or linker.catalog.method(atom.name, "__aenter__") or f"{atom.name}.__enter__"
    key = frame.key_of(item, (atom,)) if item.__class__ is str else None
    if key is None and isinstance(target, str) and "." not in target:
        key = ("session", "local", f"{frame.fun.id}:{target}")
    for opener in linker.at(name).openers:
        if "with" in opener.forms:
            frame.push(
                Opened(
                    "with",
                    opener.name,
                    pos,
                    key or (opener.family, "local", f"{frame.fun.id}:{pos[0]}"),
                    None,
                    opener.confidence,
                    family=opener.family,
                )
            )
    if key is not None:
        exits = linker.catalog.method(atom.name, "__exit__") or linker.catalog.method(atom.name, "__aexit__")
        if exits and linker.at(exits).closers:
            closers.append(partial(frame.end, key))
    for entry in linker.at(name).returns:
        if entry.type:
            return linker.typed(parse_type(entry.type), atom, (), {})
    return (atom,)


def state_queries(frame: Frame, expr: Expr) -> list[Opener]:
    """The openers of form ``asserts`` that an attribute or method asks for: ``connection.in_atomic_block``."""
    if expr.__class__ is str:
        base, _, name = expr.rpartition(".")
        if not base:
            return []
        value = frame.ev(base)
    elif expr[0] == "attr":
        value, name = frame.ev(expr[1]), expr[2]
    else:
        return []
    found: list[Opener] = []
    for atom in value:
        dotted = None
        if isinstance(atom, ExtObj):
            dotted = frame.linker.catalog.method(atom.name, name)
        elif isinstance(atom, Ext):
            dotted = f"{atom.name}.{name}"
        if dotted is not None:
            found.extend(o for o in frame.linker.at(dotted).openers if "asserts" in o.forms and _is_state_query(o))
    return found


def asserted(frame: Frame, test: Expr, line: int) -> None:
    """``assert connection.in_atomic_block``: from here on a transaction is known to be open."""
    query = test[1] if test.__class__ is not str and test[0] == "call" and not test[2] else test
    if frame.now_open() or frame.fun.fact is None:
        return
    for opener in state_queries(frame, query):
        frame.push(Opened("asserted", opener.name, (line, 0, line, 0), (opener.family, None), None, CERTAIN, family=opener.family))
        return


def subscript(frame: Frame, base: Value, index: Any) -> Value:
    """``base[index]``; an unknown index gives any of the values, at most 16."""
    linker = frame.linker
    result: Value = UNKNOWN
    for atom in base:
        if isinstance(atom, ExtObj):
            method = linker.catalog.method(atom.name, "__getitem__")
            if method is not None:
                for entry in linker.at(method).returns:
                    result = union(result, linker.typed(parse_type(entry.type), atom, (), {}))
                continue
        elif isinstance(atom, Ext):
            entries = linker.at(f"{atom.name}.__getitem__").returns
            if not entries:
                result = union(result, (atom,))
            for entry in entries:
                result = union(result, linker.typed(parse_type(entry.type), atom, (), {}))
            continue
        elif isinstance(atom, Cls):
            result = union(result, (atom,))  # Generic[T]
            continue
        result = union(result, linker.item_at((atom,), index))
    return result
