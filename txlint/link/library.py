"""Calls of libraries, read from the catalog and from nowhere else: `call_library` goes through the tables of a name.

The order is that of a call: what it opens and closes, what it defers, whether it is an effect, what it runs, what it returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from txlint.catalog.types import TypeExpr, as_passed, asked, parse_run, parse_type, reads_receiver
from txlint.link import builtin, misuse, signals
from txlint.link.changes import functions_named
from txlint.link.chosen import each_of
from txlint.link.conditions import argument, decide, is_met
from txlint.link.holding import row_of
from txlint.link.members import shared
from txlint.link.opening import by_hand, closes, opens, receiver_key
from txlint.link.passing import passed, sender_of
from txlint.link.project import Klass
from txlint.link.properties import line_of
from txlint.link.site import CERTAIN, DEEP, LIKELY, Site
from txlint.link.targets import add_targets, callable_texts, callback
from txlint.link.texts import text_of
from txlint.link.types import given_where
from txlint.link.unset import created
from txlint.link.uses import uses_of
from txlint.link.values import (
    UNKNOWN,
    Atom,
    Chosen,
    Cls,
    Const,
    Ext,
    ExtMethod,
    ExtObj,
    Fn,
    Obj,
    OneOf,
    Opening,
    Part,
    SelfObj,
    Table,
    Value,
    Within,
    union,
)
from txlint.model.catalog import Arg, Effect, Returns, When
from txlint.model.facts import Expr
from txlint.model.graph import (
    CHANGED,
    HELD,
    IDENTITY,
    INSTANCE,
    ITSELF,
    NEW,
    NO_CLASS,
    STORED,
    Made,
    Opened,
    Related,
    Sent,
    SignalTarget,
    Target,
    Test,
)
from txlint.model.shapes import last_name, parts, speaks_of, statements

if TYPE_CHECKING:
    from txlint.frameworks.types import Framework
    from txlint.link.linker import Linker
    from txlint.link.replay import Frame


FOUND = ("found",)
"""The origin of a session that a function finds, which may be any that is open."""
MOST_CONFIGURATIONS = 3
"""Classes that may hold what a configuration says under a name: the production's, the tests'."""
_CONFIGURATIONS = ("conf", "config", "configuration", "settings")
_MAKES = frozenset({"create", "acreate", "get_or_create", "aget_or_create"})
"""Managers' methods that save a row which they have made."""
_MAKES_ALSO = _MAKES | {"create_user", "acreate_user", "create_superuser", "acreate_superuser"}
"""The same with those that fill fields themselves."""
_SAVES = frozenset({"save", "asave", "create", "acreate"})
_DICTS = frozenset({"typing.TypedDict", "typing_extensions.TypedDict"})
_LOOKS_UP = frozenset({"get", "pop", "setdefault"})
"""Methods of an object that holds what a request needs, by which it is read like a dict."""
_EITHER = frozenset({"update_or_create", "aupdate_or_create"})


def call_library(
    site: Site, name: str, receiver: Atom | None, args: tuple[Value, ...], keywords: dict[str | None, Value], depth: int
) -> None:
    """Adds to a site what calling a library's function, class or method does, and what it gives. ``depth``: how many library calls
    have led to this one."""
    from txlint.link.calls import flush

    frame = site.frame
    linker = frame.linker
    if name.startswith(("builtins.", "types.", "functools.", "contextlib.", "collections.", "abc.")):
        if builtin.call(site, name, receiver, args, keywords, depth):
            return
    if isinstance(receiver, Opening) and by_hand(site, receiver, name):
        return
    owner, _, last = name.rpartition(".")
    if owner in linker.heard or (last in linker.connecting and receiver is None and signals.hears(linker, name, args, keywords)):
        receiver, name = linker.atoms(ExtObj, linker.heard[owner], UNKNOWN, ("global", owner)), f"{linker.heard[owner]}.{last}"
    known = linker.at(name)
    if last in linker.catalog.proxies and args and isinstance(site.receiver, str) and last == proxy_method(linker, receiver):
        linker.put(("held", linker.where_bound(frame.module, site.receiver), last), args[0])
    if owner in linker.catalog.namespaces and last in _LOOKS_UP and args and (text := text_of(args[0])):
        site.result = union(site.result, shared(linker, owner, text))
    site.row = row_of(receiver)
    _ask_frameworks(site, name, args, keywords)
    key = None
    if known.openers or known.closers or known.returns:
        key = receiver_key(site, receiver)
    inner: tuple[Opened, ...] = ()
    for opener in known.openers:
        holds = decide(site, opener, args, keywords)
        if holds is False:
            continue
        opened = opens(site, opener, key, receiver, args, keywords, holds)
        if opened is not None and "body" in opener.forms:
            inner = (opened,)
        if opened is not None and "runs" in opener.forms and opener.callback is not None:
            for atom in argument(opener.callback, args, keywords):
                callback(site, atom, (opened,))
    for closer in known.closers:
        if decide(site, closer, args, keywords) is not False:
            closes(site, closer, key, args, keywords)
            if closer.key == "receiver" and getattr(receiver, "origin", None) == FOUND:
                closes(site, closer, ("session",), args, keywords)
    deferred = False
    for deferral in known.deferrals:
        if decide(site, deferral, args, keywords) is not False:
            deferred = True
            if deferral.when_runs == "commit" and depth == 0 and not frame.silent:
                misuse.deferral(site, name, deferral, args, keywords)
            if deferral.callable is not None:
                for atom in argument(deferral.callable, args, keywords):
                    frame.flow.deferred.update(callable_texts(atom))
            elif isinstance(site.func, str):
                frame.flow.deferred.add(site.func)
    for hook in known.hooks:
        if hook.by == "register":
            signals.register(frame, hook, site, receiver, args, keywords)
    silent = any(decide(site, entry, args, keywords) is not False for entry in known.silent)
    if not deferred and not silent:
        for effect in known.effects:
            if frame.undoing and effect.kind == "storage":
                continue  # what has been done to files is taken back with the rows
            holds = decide(site, effect, args, keywords)
            if holds is False:
                continue
            if effect.deferred_by:
                waits = _waits(site, effect, keywords)
                if waits:
                    if isinstance(site.func, str):
                        frame.flow.deferred.add(site.func)
                    continue
                holds = None if waits is None else holds
            if effect.unless_overridden and _overridden(site, receiver, effect.unless_overridden, args, keywords):
                continue
            if site.effect is None:
                site.effect = effect
                site.confidence = min(site.confidence, effect.confidence, CERTAIN if holds else LIKELY)
    for runs in known.calls:
        holds = decide(site, runs, args, keywords)
        if holds is False or runs.state in ("after", "never") or depth > DEEP:
            continue
        if runs.state == "end":
            if not frame.silent:
                frame.at_end.append((site.expr, args, keywords, frame.guards, CERTAIN if holds else LIKELY))
            continue
        body = inner if runs.state == "in" else ()
        if runs.state == "in" and not body:
            body = (_implicit(site, name, holds),)
        wanted = next((when.row for when in runs.when if when.row is not None), None)
        if holds is None and wanted is not None and isinstance(receiver, SelfObj):
            # The caller knows whether its instance has a row.
            guards = frame.guards
            flush(site)
            frame.guards = (*guards, Test(IDENTITY, "truthy", True, wanted == "stored"))
            for text in runs.runs:
                _run(site, name, text, receiver, args, keywords, body, depth)
            flush(site)
            frame.guards = guards
            continue
        before = len(site.targets)
        for text in runs.runs:
            _run(site, name, text, receiver, args, keywords, body, depth)
        if holds is None and depth == 0 and len(site.targets) > before and (test := _said_by_caller(site, runs.when)) is not None:
            mine, guards = site.targets[before:], frame.guards
            del site.targets[before:]
            flush(site)
            site.targets, frame.guards = mine, (*guards, test)
            flush(site)
            frame.guards = guards
            continue
        if runs.confidence is not CERTAIN:
            site.doubt(runs.confidence, before)
        if runs.state == "own":
            site.targets[before:] = [t._replace(inherits=False) if isinstance(t, Target) else t for t in site.targets[before:]]
    if site.entering and any(type(atom) is Opening for atom in site.result):
        return
    result = UNKNOWN
    is_said = any(entry.enter or (entry.type and not entry.when) for entry in known.returns)
    for entry in known.returns:
        if entry.type and not entry.attribute and decide(site, entry, args, keywords) is not False:
            is_said = True
            made, given = parse_type(entry.type), keywords
            if isinstance(receiver, SelfObj):
                _ask(frame, made, entry.type)
                made, given = _own(frame, receiver, made, keywords)
            if entry.type == "never" and len(site.values) == 1 and depth == 0:
                frame.never = site.expr
            shares = (("via", key) if key else FOUND if receiver is None else None) if entry.shares_key else None
            result = union(result, linker.typed(made, receiver, args, given, origin=shares))
        if entry.decorated:
            result = union(result, _decorating(linker, entry, name, receiver, args, keywords))
    if not is_said:
        last = name.rpartition(".")[2]
        if receiver is None and (known.classes or (last[:1].isupper() and not last.isupper())):
            item: Value = UNKNOWN
            origin: Any = None
            if linker.catalog.is_known(f"{name}.__get__") or linker.catalog.method(name, "__get__"):
                origin = ("init", args, tuple(keywords.items()))
            elif any(type(atom) is Cls for value in (*args, *keywords.values()) for atom in value):
                origin = ("init", args, tuple(keywords.items()))  # a class of the project that it is to use
            elif known.classes and known.classes[0].item:
                item = linker.typed(parse_type(known.classes[0].item), None, args, keywords)
            elif any(type(atom) is Ext and linker.catalog.library_class(atom.name) for value in keywords.values() for atom in value):
                origin = ("init", args, tuple(keywords.items()))  # a library's class: `sessionmaker(class_=AsyncSession)`
            result = (linker.atoms(ExtObj, name, item, origin),)
        elif isinstance(receiver, ExtObj) and receiver.item and last == "copy":
            result = (receiver,)
    for entry in known.returns:
        if entry.made is not None:
            if decide(site, entry, args, keywords):
                _make(site, entry, entry.made)
        elif entry.becomes and receiver is not None and site.receiver is not None and decide(site, entry, args, keywords) is not False:
            become(frame, site.receiver, receiver, entry, args, keywords)
        if entry.enter and decide(site, entry, args, keywords) is not False:
            entered = linker.typed(parse_type(entry.enter), receiver, args, keywords, origin=("via", key) if key else None)
            result = result or (linker.atoms(ExtObj, name, entered, ("enters", entered)),)
    site.result = union(site.result, result)


def _said_by_caller(site: Site, when: tuple[When, ...]) -> Test | None:
    """The condition of an entry as a test of a parameter, where the function's own caller has passed what the call passes."""
    arg = when[0].arg
    if len(when) > 1 or arg is None or arg.name is None or arg.key is not None or when[0].equals is None:
        return None
    given, place = passed(site), -1 if arg.position is None else arg.position
    said = given.values.get(arg.name) or given.values.get(place) or given.handed_on(place, arg.name, f"?{arg.default!r}")
    return Test(said[1], "==", when[0].equals, not when[0].unless) if said is not None and said[0] == "param" else None


def proxy_method(linker: Linker, atom: Atom | None) -> str:
    """The method that gives an instance what it stands for, where it is a proxy; else nothing."""
    names = (atom.name,) if isinstance(atom, ExtObj) else linker.library_bases(atom.klass) if isinstance(atom, Obj) else ()
    return next((kind.proxy for name in names if (kind := linker.catalog.library_class(name)) is not None and kind.proxy), "")


def become(frame: Frame, expr: Any, receiver: Atom, entry: Returns, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> None:
    """From here on, what ``expr`` names is something else: a connection of which autocommit has been switched on. So is what it gave
    before that stands for its transaction: a cursor."""
    if expr.__class__ is not str:
        return
    shared = [(name, call, frame.env[name]) for name, call in _given_by(frame, expr, receiver)]
    shared = [each for each in shared if each[2] == frame.looked_at(each[1])]
    made = frame.linker.typed(parse_type(entry.becomes), receiver, args, keywords, origin=getattr(receiver, "origin", None))

    def turned(value: Value) -> Value:
        return tuple(dict.fromkeys(new for atom in value for new in (made if atom is receiver else (atom,))))

    frame.env[expr] = turned(frame.ev(expr))
    frame.env.update((name, frame.looked_at(call)) for name, call, _ in shared)
    head, _, name = expr.rpartition(".")
    if head == frame.self_name and name in frame.sets:
        frame.sets[name] = turned(frame.sets[name])


def _given_by(frame: Frame, expr: str, receiver: Atom) -> Iterator[tuple[str, Expr]]:
    """The names that are bound to what calls of methods of ``expr`` gave that shares its transaction, with the calls."""
    for name, (_, call) in frame.origins.items():
        func = call[1] if call[0] == "call" else call[1][1] if call[1].__class__ is tuple and call[1][0] == "call" else ""
        owner, _, method = func.rpartition(".") if func.__class__ is str else ("", "", "")
        if owner == expr and name in frame.env and isinstance(receiver, ExtObj):
            if any(entry.shares_key for entry in frame.linker.at(f"{receiver.name}.{method}").returns):
                yield name, call


def _make(site: Site, entry: Returns, made: Arg) -> None:
    """A local name stands for what the call has made, where nobody else gets it: ``part`` of ``open(part, "w")``."""
    frame = site.frame
    passed = {**dict(enumerate(site.expr[2])), **dict(site.expr[3])}
    name = site.receiver if made.name == "self" else passed.get(made.name, passed.get(made.position))
    fact = frame.fun.fact
    if name.__class__ is not str or name not in frame.fun.scope or fact is None or any(param.name == name for param in fact.params):
        return
    uses, body = uses_of(frame.linker, frame.fun, name), frame.fun.body
    if len(uses.bindings) != 1 or uses.escapes or uses.holders or _is_copied(uses.bindings[0]):
        return
    if not any(stmt[0] == "assign" and name in stmt[1] for stmt in statements(body)):
        return
    if any((part[0] in _HANDS_OUT and speaks_of(part, (name,))) or _is_handed_on(frame, part, name) for part in parts(body)):
        return
    frame.env[name] = frame.linker.typed(parse_type(entry.becomes), None, (), {})


def _is_copied(source: Expr) -> bool:
    """Is it what something else names, as it is or as another type: ``str(path)``?"""
    if source.__class__ is str:
        return True
    return (
        source is not None and source[0] == "call" and last_name(source[1]) in _AS and len(source[2]) == 1 and source[2][0].__class__ is str
    )


_AS = frozenset({"Path", "PurePath", "fspath", "str"})


def _is_handed_on(frame: Frame, part: Any, name: str) -> bool:
    """Is it a call of a function of the project that is passed what a name stands for?"""
    if part[0] != "call" or len(part) != 5 or not (name in part[2] or any(given == name for _, given in part[3])):
        return False
    known = frame.looked_at(part[1]) if part[1].__class__ is str else UNKNOWN
    if known:
        return not all(isinstance(atom, (Ext, ExtMethod)) for atom in known)
    return bool(functions_named(frame.linker, last_name(part[1])))


_HANDS_OUT = frozenset({"return", "yield", "yieldfrom"})


def assigned(frame: Frame, head: str, name: str, value: Value) -> None:
    """``connection.autocommit = True``: what that makes of the connection."""
    linker = frame.linker
    for atom in frame.ev(head):
        if isinstance(atom, ExtObj) and any(base in linker.catalog.watched for base in linker.catalog.bases(atom.name)):
            site = Site(frame, ("call", ("attr", head, "__setattr__"), (), (), (0, 0, 0, 0)), False, False, False)
            args = ((linker.atoms.const(name),), value)
            for entry in linker.at(f"{atom.name}.__setattr__").returns:
                if decide(site, entry, args, {}) is not False:
                    become(frame, head, atom, entry, args, {})


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
            if isinstance(receiver, SelfObj):
                signal = ITSELF
            elif signal is None and site.receiver.__class__ is str:
                signal = linker.signal_name(frame, site.receiver)
            if signal is None:
                return
            sender = sender_of(frame, keywords.get("sender") or (args[0] if args else UNKNOWN))
        else:
            signal = run.signal
            own: Value = (receiver,) if receiver is not None else UNKNOWN
            sender = sender_of(frame, own if run.target is None else linker.typed(run.target, receiver, args, keywords))
            if sender == NO_CLASS and receiver is not None:
                return  # rows of nothing that is known: no guess
        given: tuple[tuple[str, Any], ...] = (("created", site.row == NEW),) if site.row is not None else ()
        related = getattr(receiver, "origin", None)
        if type(related) is Related and run.target is None:
            sender = related.relation
            given = (*given, ("instance", Made(related.owner)), ("reverse", related.reverse))
        if name.rpartition(".")[2] in _SAVES and not site.open_ended and "update_fields" not in keywords:
            given = (*given, ("update_fields", None))
        if site.made is not None:
            given = (*given, (HELD, site.made))
        if site.changes is not None:
            given = (*given, (CHANGED, site.changes))
        if signal.rpartition(".")[2] != "pre_save":
            given = (*given, (INSTANCE, True))
        elif site.row is not None:
            given = (*given, (INSTANCE, site.row != NEW))
        if signal.endswith("_delete"):
            # Django >= 4.1 tells receivers where the deletion began: with this instance, or with a queryset.
            given = (*given, ("origin", "instance" if name.rpartition(".")[0].endswith("Model") else "queryset"))
        one_of_several = run.signal == "self" and len(site.values) > 1 and not any(type(test.value) is Sent for test in frame.guards)
        sure = LIKELY if one_of_several else CERTAIN
        is_sent = run.signal == "self" or receiver is None
        site.targets.append(SignalTarget(signal, sender, inner, sure, given, is_sent, site.row == NEW))
        if run.signal == "self" and not frame.silent:
            signals.sent(linker, signal, sender, keywords)
        return
    if run.op == "decorated":
        value = linker.item_of(receiver) if receiver is not None else UNKNOWN
        if isinstance(receiver, SelfObj):
            value = tuple(linker.made_with.get(receiver.klass.id, ()))  # whatever was made with the class: its own words run them
        first = len(site.targets)
        for atom in value:
            if type(atom) is Fn:
                add_targets(site, atom, args, keywords, "call", inner)
        if isinstance(receiver, SelfObj):  # which of them a caller runs is told where it calls
            site.targets[first:] = [t._replace(here=True) if isinstance(t, Target) else t for t in site.targets[first:]]
        return
    assert run.target is not None
    target, given_here = run.target, keywords
    if isinstance(receiver, SelfObj):
        frame.queries[("item", "")] = None
        _ask(frame, run.target)
        target, given_here = _own(frame, receiver, run.target, keywords)
    last = name.rpartition(".")[2]
    value = linker.typed(target, receiver, args, given_here)
    row = row_of(receiver)
    made: Any = None
    if run.target.op == "item":
        made = _created(site, last, receiver, keywords) if last in _MAKES else None
        row = NEW if last in _MAKES_ALSO else None if last in _EITHER else row
        value = tuple(linker.of_row(atom, row) for atom in value)
    if not value and run.target.op == "arg" and receiver is not None:
        if isinstance(receiver, SelfObj):
            frame.queries[("passed", f"{last}|{run.target.name}")] = None
        value = linker.passed_by_library(receiver, name.rpartition(".")[2], run.target.name)
    if run.op == "named":
        holder: Value = (receiver,) if receiver is not None else UNKNOWN
        value = tuple(method for atom in value if (called := text_of((atom,))) is not None for method in frame.getattr(holder, called))
    if run.op == "method":
        is_prefix = run.method.endswith("_") and not run.method.endswith("__")  # `clean_` is one, `__call__` is not
        value = linker.prefixed(value, run.method) if is_prefix else frame.getattr(value, run.method)
    if run.op == "below":
        value = _below(linker, run.signal, dict.fromkeys(text_of((atom,)) for atom in value))
    unsure = run.op == "below" or (len(value) == 1 and type(value[0]) is OneOf)
    start = len(site.targets)
    if len(value) == 1 and type(value[0]) is OneOf:
        value = value[0].options
    for atom in value:
        row, first = row_of(getattr(atom, "receiver", None)), len(site.targets)
        changes = _assigned_by(last, row, keywords, site.open_ended) if run.target.op == "item" else None
        if type(atom) is Fn:
            result = site.result
            kind = "callback" if run.op == "call" else "override"
            add_targets(site, atom, (), {}, kind, inner)
            site.result = result
            known = ((IDENTITY, True if row == STORED else None),) if row is not None else ()
            known = (*known, (CHANGED, changes)) if changes is not None else known
            known = (*known, (HELD, made)) if made is not None else known
            if known:
                site.targets[first:] = [t._replace(given=known) if isinstance(t, Target) else t for t in site.targets[first:]]
        elif isinstance(atom, (ExtMethod, Ext)) and depth < DEEP:
            nested = Site(frame, site.expr, site.used, False, False)
            nested.region, nested.closed, nested.receiver, nested.kind = site.region + inner, site.closed, site.receiver, site.kind
            nested.made, nested.changes = made, changes
            frame.depth += 1
            if frame.depth < DEEP:
                call_library(nested, atom.name, atom.receiver if isinstance(atom, ExtMethod) else None, (), {}, depth + 1)
            frame.depth -= 1
            site.targets.extend(_inside(target, inner) for target in nested.targets)
            if nested.effect is not None and site.effect is None:
                site.effect, site.confidence = nested.effect, nested.confidence
        elif run.op == "call":
            callback(site, atom, inner)
    if unsure:
        site.doubt(LIKELY, start)


def _below(linker: Linker, base: str, names: Iterable[str | None]) -> Value:
    """The methods of these names that the project's classes below a library's class define."""
    return tuple(
        atom
        for name in names
        if name is not None
        for klass in linker.project.klasses
        if name in klass.names and linker.is_a(klass, base)
        for atom in linker.attribute(linker.instance(klass, False), name)
    )


def _ask(frame: Frame, expr: TypeExpr, text: str = "") -> None:
    """Another class of receiver may have another method, and with it another replay; or other attributes, where a call gives what these
    say: ``text``."""
    if text and reads_receiver(expr):
        frame.queries[("type", text)] = None
    for name in asked(expr):
        frame.queries[("gives", name)] = None


def _own(frame: Frame, receiver: SelfObj, expr: TypeExpr, keywords: dict[str | None, Value]) -> tuple[TypeExpr, dict[str | None, Value]]:
    """A type expression with the attributes that the receiver has in this method only, and the arguments with these among them."""
    for name, value in frame.linker.decoration(frame.fun).given:
        for method in asked(expr):
            if gives := given_where(frame.linker, receiver, method, name, value):
                expr, keywords = as_passed(expr, method), {**keywords, f"self.{method}": gives}
        if (passed := as_passed(expr, name)) != expr:
            expr, keywords = passed, {**keywords, f"self.{name}": value}
    return expr, keywords


def _created(site: Site, method: str, receiver: Atom | None, keywords: dict[str | None, Value]) -> Any:
    """How to learn what the row holds that a manager's method makes."""
    return partial(created, site.frame.linker, receiver, "get" in method, keywords, not site.open_ended and not site.args)


def _assigned_by(method: str, row: str | None, keywords: dict[str | None, Value], open_ended: bool) -> frozenset[str] | None:
    """The fields that a library's method assigns of the row which it saves, after it was made or read; None where that is not known."""
    if method in _MAKES or row == NEW:  # all that is known of the row is passed to its constructor
        return frozenset()
    if method not in _EITHER or open_ended:
        return None
    tables = [keywords[name] for name in ("defaults", "create_defaults") if name in keywords]
    if any(len(value) != 1 or not isinstance(value[0], Table) or value[0].rest for value in tables):
        return None
    return frozenset(str(key) for value in tables for atom in value if isinstance(atom, Table) for key, _ in atom.items)


def _decorating(
    linker: Linker, entry: Returns, name: str, receiver: Atom | None, args: tuple[Value, ...], keywords: dict[str | None, Value]
) -> Value:
    """A decorator called as a function: with a function it gives what it makes of it, without one a decorator with these arguments."""
    wrapped = next((arg for arg in args if any(type(atom) in (Fn, Cls, Part, Opening, Within) for atom in arg)), None)
    if wrapped is not None:
        if entry.decorated == "decorated":
            return wrapped
        made = linker.typed(parse_type(entry.decorated), receiver, args, keywords)
        return tuple(linker.with_item(atom, wrapped) for atom in made)
    itself: Atom = linker.atoms(Ext, name) if receiver is None else linker.atoms(ExtMethod, name, receiver, name.rpartition(".")[2])
    return (linker.atoms(Part, (itself,), args, tuple((k, v) for k, v in keywords.items() if k is not None)),)


def decorated(linker: Linker, part: Part) -> Value:
    """What a library's decorator with its arguments makes of a function, now that it is known what a caller passes; else itself."""
    result: Value = UNKNOWN
    for atom in part.func:
        if not isinstance(atom, (Ext, ExtMethod)):
            continue
        receiver = atom.receiver if isinstance(atom, ExtMethod) else None
        for entry in linker.at(atom.name).returns:
            if entry.decorated:
                result = union(result, _decorating(linker, entry, atom.name, receiver, part.args, dict(part.keywords)))
    return result or (part,)


def _ask_frameworks(site: Site, name: str, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> None:
    """What frameworks know of the call's arguments, what of the project it runs by their names, and what constant strings among the first
    two stand for: a model by its label, or by the names of its app and its own."""
    linker = site.frame.linker
    first = text_of(args[0]) if args else None
    for framework in linker.read_calls:
        given = framework.given(linker, name, args, keywords)
        if given is not None:
            site.result = union(site.result, given)
        for each in framework.runs(linker, name, args, keywords):
            callback(site, each)
        for value in args[:2]:
            for atom in value:
                if isinstance(atom, (Chosen, Const)):
                    named = partial(_constant, linker, framework, name, f"{first}." if first is not None and value is not args[0] else "")
                    site.result = union(site.result, each_of(linker, atom, named) if isinstance(atom, Chosen) else named((atom,)))


def _constant(linker: Linker, framework: Framework, name: str, before: str, option: Value) -> Value:
    """What a framework knows of a constant string that is passed to a library's function; ``before``: what the argument before says."""
    text = text_of(option)
    return (framework.constant(linker, name, before + text) if text is not None else None) or UNKNOWN


def _implicit(site: Site, name: str, holds: bool | None) -> Opened:
    """The library's own transaction around what it runs."""
    return Opened("implicit", name, site.pos, ("django", None), None, CERTAIN if holds else LIKELY)


def _waits(site: Site, effect: Effect, keywords: dict[str | None, Value]) -> bool | None:
    """Does the call wait for the commit by its own keyword? None: that depends."""
    given = Arg(effect.deferred_by, default=False)
    return is_met(site, When(given, truthy=True), effect, (), keywords)


def _overridden(site: Site, receiver: Atom | None, method: str, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> bool:
    """Does the project override the method that does the work? Then that runs instead."""
    if not isinstance(receiver, (Obj, SelfObj)):
        return False
    value = site.frame.getattr((receiver,), method)
    mine = [atom for atom in value if type(atom) is Fn]
    for atom in mine:
        add_targets(site, atom, args, keywords, "override")
    return bool(mine)


def _inside(target: Any, inner: tuple[Opened, ...]) -> Any:
    return target._replace(inner=inner + target.inner) if inner else target


def operated(frame: Frame, left: Value, operator: str) -> Value:
    """``left | ..`` or ``left / ..``, where the catalog knows what the left side makes of it."""
    linker = frame.linker
    result: Value = UNKNOWN
    for atom in left:
        method = linker.catalog.method(atom.name, operator) if isinstance(atom, ExtObj) else None
        for entry in linker.at(method).returns if method is not None else ():
            result = union(result, linker.typed(parse_type(entry.type), atom, (), {}))
    return result


def by_language(frame: Frame, atom: ExtObj, method: str, expr: Expr) -> None:
    """What the language calls by itself, where that opens something or is an effect: a loop over a query executes it. ``expr`` is what
    gives the object, and is shown for it where that is a call."""
    from txlint.link.calls import flush

    name = frame.linker.catalog.method(atom.name, method)
    if name is None or frame.silent:
        return
    known = frame.linker.at(name)
    if not known.openers and not known.effects:
        return
    is_call = expr.__class__ is tuple and expr[0] == "call"
    site = Site(frame, ("call", ("attr", expr, method), (), (), expr[4] if is_call else line_of(frame)), True, False, False)
    site.receiver = expr
    site.values = (atom,)
    site.region, site.closed = frame.now_open(), frame.closed
    call_library(site, name, atom, (), {}, 0)
    if is_call:
        site.func = expr[1]
    flush(site)


def subscript(frame: Frame, base: Value, index: Any, holder: Expr = "") -> Value:
    """``base[index]``, where the base is what ``holder`` says; an unknown index gives any of the values, at most 16."""
    linker = frame.linker
    result: Value = UNKNOWN
    for atom in base:
        if isinstance(atom, ExtObj):
            method = linker.catalog.method(atom.name, "__getitem__")
            if method is not None and isinstance(index, str):
                named = ((linker.atoms.const(index),),)
                if given := [value for each in linker.frameworks if (value := each.given(linker, method, named, {})) is not None]:
                    result = union(result, given[0])
                    continue
            if method is not None:
                for entry in linker.at(method).returns:
                    if all(when.equals == index for when in entry.when):
                        result = union(result, linker.typed(parse_type(entry.type), atom, (), {}))
                continue
        elif isinstance(atom, Ext):
            entries = linker.at(f"{atom.name}.__getitem__").returns
            if not entries:
                result = union(result, (atom,))
            key: tuple[Value, ...] = ((linker.atoms.const(index),),) if isinstance(index, str) else ()
            for entry in entries:
                result = union(result, linker.typed(parse_type(entry.type), atom, key, {}))
            continue
        elif isinstance(atom, Cls):
            result = union(result, (atom,))  # Generic[T]
            continue
        elif isinstance(atom, Obj) and isinstance(index, str) and (said := _key_of_dict(linker, atom.klass, index)):
            result = union(result, said)
            continue
        result = union(result, linker.item_at((atom,), index))
    return result or configured(linker, index, holder)


def _key_of_dict(linker: Linker, klass: Klass, key: str) -> Value:
    """What the annotation of a key says, of a class that says what the keys of a dict are."""
    found = linker.find(klass, key) if not _DICTS.isdisjoint(linker.library_bases(klass)) else None
    if found is None or not found.bindings or not isinstance(found.owner, Klass) or found.bindings[-1][0] != "value":
        return UNKNOWN
    annotation = found.bindings[-1][2]
    return linker.annotation(annotation, found.owner.module, found.owner) if annotation is not None else UNKNOWN


def configured(linker: Linker, name: Any, holder: Expr) -> Value:
    """``config["MAKE_CLIENT"]``: what the few classes say that have an attribute of this name in capitals, if that can be called or has
    methods. It need not be what was configured. A name of one word may stand for anything, unless its holder says what it is."""
    if name.__class__ is not str or not name.isupper():
        return UNKNOWN
    if "_" not in name and (holder.__class__ is not str or not last_name(holder).lower().endswith(_CONFIGURATIONS)):
        return UNKNOWN
    if linker.configured is None:
        linker.configured = {}
        for klass in linker.project.klasses:
            for attribute in klass.names:
                if attribute.isupper():
                    linker.configured.setdefault(attribute, []).append(klass)
    holders = linker.configured.get(name, ())
    value: Value = UNKNOWN
    for holder in holders if len(holders) <= MOST_CONFIGURATIONS else ():
        value = union(value, linker.class_attribute(holder, name))
    able = tuple(atom for atom in value if type(atom) in (Fn, Cls, Ext, Obj, ExtObj))
    return (linker.atoms(OneOf, able),) if able else UNKNOWN
