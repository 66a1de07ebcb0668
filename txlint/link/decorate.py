"""What decorators make of a function: a property, a task, a context manager, a receiver; a transaction around it; a call deferred.

A decorator of the project is read by what it does with the function it is given: calls it inside a transaction (an opener), only in
something deferred (a deferral), or plainly. What is not known keeps the function as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from txlint.catalog.types import parse_type
from txlint.link.changes import functions_named
from txlint.link.conditions import argument, decide
from txlint.link.kept import put_there
from txlint.link.keyed import beside
from txlint.link.linker import Decoration, Linker, Replay
from txlint.link.opening import opened_within
from txlint.link.passing import bind, hand, tell, tell_factory
from txlint.link.project import Fun, Klass, mentions
from txlint.link.replay import Frame
from txlint.link.retrying import tries_again
from txlint.link.settled import sealed_in
from txlint.link.site import Site
from txlint.link.targets import only_defers, parameter_text
from txlint.link.uses import uses_of
from txlint.link.values import UNKNOWN, Atom, Cls, Const, Ext, ExtMethod, ExtObj, Fn, Obj, Opening, Param, Part, Seq, Value, Within, union
from txlint.model.facts import Expr, Pos
from txlint.model.graph import Event, Key, Opened, ParamTarget, Target
from txlint.model.kinds import Confidence
from txlint.model.shapes import called_on, calls_in, last_name, parts, speaks_of, statements

_ROLES = {
    "builtins.property": "property",
    "functools.cached_property": "property",
    "builtins.staticmethod": "static",
    "builtins.classmethod": "class",
    "contextlib.contextmanager": "manager",
    "contextlib.asynccontextmanager": "manager",
}


def decorate(linker: Linker, fun: Fun) -> Decoration:
    """The decorators of a function, innermost first."""
    assert fun.fact is not None
    value: Value = (linker.atoms(Fn, fun, None),)
    openers: list[Opened] = []
    deferred = retried = False
    role = ""
    given: dict[str, Value] = {}
    wrappers: list[tuple[Fn, int]] = []  # functions that decorators put around, with how many openers lie inside of them
    # Where the name of each is looked up, and in which decorator of the project it is applied.
    waiting: list[tuple[Expr, Pos, Fun | None, Fun | None]] = [(expr, pos, fun.parent, None) for expr, pos in fun.fact.decorators]
    asked = 0
    while waiting:
        expr, pos, scope, by = waiting.pop()
        first = len(openers)
        frame = Frame(linker, scope or fun.module.body, None, True)
        frame.silent = True
        frame.static = fun.klass if by is None else None
        frame.parent = scope
        called = expr.__class__ is not str and expr[0] == "call"
        func = expr[1] if called else expr
        head = tuple(decorator for atom in frame.ev(func) for decorator in _library_decorators(linker, atom))
        for atom in head:
            name = atom.name if isinstance(atom, (Ext, ExtMethod)) else None
            if name is None and isinstance(atom, ExtObj) and func.__class__ is str:
                name = linker.catalog.method(atom.name, "__call__")
            if name == "types.FunctionType.register" and isinstance(atom, ExtMethod) and isinstance(atom.receiver, Fn):
                linker.dispatched.setdefault(atom.receiver.fun.id, []).append(fun)  # only `singledispatch` gives functions this method
                continue
            if name is not None:
                found = _ROLES.get(name)
                if found is not None:
                    role = found
                    continue
                if name.rpartition(".")[2] in ("setter", "deleter", "getter") or name.endswith(("cached_property", "classproperty")):
                    role = "property"
                    continue
                value, opened, waits = _library(linker, frame, fun, name, atom, expr, called, pos, value)
                if any(runs.retries for runs in linker.at(name).calls):
                    openers, retried = [replace(inner, retry=True) for inner in openers], True
                openers.extend(opened)
                deferred = deferred or waits
                if called and expr[3] and fun.klass is not None:
                    given.update(_attributes(linker, frame, name, expr))
            elif isinstance(atom, Opening):
                openers.append(_opened(atom, pos))
            elif isinstance(atom, (Cls, Fn, Obj)):
                if isinstance(atom, Cls):
                    if any(base.rpartition(".")[2] in ("cached_property", "property") for base in linker.library_bases(atom.klass)):
                        role = "property"
                        continue
                    opened = _class_decorator(linker, atom.klass, pos)
                    openers.extend(opened)
                    if opened or not called:
                        continue
                before = value
                if isinstance(atom, Fn):
                    value, opened, waits = _project(linker, frame, fun, atom, expr, called, pos, value)
                    if value == before and not (opened or waits) and asked < _MOST_WAITING:
                        asked += 1
                        holder, steps = _composed(linker, atom.fun, called)
                        waiting.extend((step, pos, holder, by or atom.fun) for step in steps)
                else:
                    value, opened, waits = _instance(linker, frame, fun, atom, expr, called, pos, value)
                if isinstance(atom, Fn) and _retries(linker, atom.fun):
                    openers, retried = [replace(inner, retry=True) for inner in openers], True
                    opened = [replace(outer, retry=True) for outer in opened]
                openers.extend(opened)
                wrappers.extend((a, len(openers)) for a in value if isinstance(a, Fn) and a not in before)
                deferred = deferred or waits
        if called and not any(isinstance(atom, (Ext, ExtMethod, Fn, Cls)) for atom in head):
            for made in frame.ev(expr):
                if isinstance(made, Opening):
                    openers.append(_opened(made, pos))
        if by is not None:
            sure = Confidence.LIKELY if len(head) > 1 else Confidence.CERTAIN
            openers[first:] = [
                replace(opened, kind="custom", name=by.dotted, confidence=min(opened.confidence, sure))
                for opened in openers[first:]
                if not fun.fact.is_async or _works_async(linker, opened)
            ]
    if fun.klass is not None and fun.klass.fact.decorators:
        openers.extend(_from_class(linker, fun))
    wide = _depended(linker, fun)
    generator_body = fun.fact.is_generator and role != "manager"
    inert: tuple[Opened, ...] = ()
    if generator_body or (fun.fact.is_async and all(o.kind == "decorator" for o in openers)):
        # `@atomic` on a generator or coroutine function is over before the body runs.
        # Another decorator below it may make a plain function of it first.
        innermost = fun.fact.decorators[-1][1] if fun.fact.decorators else None
        inert = tuple(o for o in openers if o.kind == "decorator" and not _works_async(linker, o) and innermost in (None, o.pos))
        openers = [o for o in openers if not generator_body and _works_async(linker, o)]
    for wrapper, within in wrappers:
        linker.wrapped.extend((wrapper.fun, opened, fun) for opened in openers[within:])
    return Decoration(value, (*openers, *wide), deferred, retried, role, inert, tuple(given.items()))


_MOST_WAITING = 16
"""Decorators of one function, those that its decorators apply among them."""


def _composed(linker: Linker, decorator: Fun, called: bool) -> tuple[Fun, list[Expr]]:
    """The decorators that a decorator of the project applies to what it is given, the outermost first: ``return atomic(logged(function))``.
    With the function in which they stand; of one that is ``called``, the function that it returns."""
    if called:
        made = _returned(decorator)
        inner = next((each for each in decorator.nested if each.parent is decorator and each.fact and each.fact.name == made), None)
        if inner is None:
            return decorator, []
        decorator = inner
    wanted, expr = _first_parameter(linker, decorator), _returned(decorator)
    steps: list[Expr] = []
    while expr.__class__ is tuple and expr[0] == "call" and len(expr[2]) == 1 and not expr[3]:
        steps.append(expr[1])
        expr = expr[2][0]
    return decorator, steps if expr == wanted else []


def _returned(fun: Fun) -> Expr:
    """What a function returns that does so in one place; empty where it has several."""
    found = [stmt[1] for stmt in statements(fun.body) if stmt[0] == "return"]
    return found[0] if len(found) == 1 and found[0] is not None else ""


def _attributes(linker: Linker, frame: Frame, name: str, expr: Expr) -> Iterator[tuple[str, Value]]:
    """What a library's decorator is given that is an attribute of the receiver in the method under it."""
    for none in [each for framework in linker.frameworks if (each := framework.attributes_given(name)) is not None]:
        yield from ((key, frame.ev(arg)) for key, arg in expr[3] if key is not None and key not in none)


def _library_decorators(linker: Linker, atom: Atom) -> Value:
    """The decorators of a library behind ``partial(shared_task, bind=True)``, and behind a class that derives from one; else the atom."""
    if isinstance(atom, Part):
        inner = tuple(decorator for each in atom.func for decorator in _library_decorators(linker, each))
        return inner if inner and all(isinstance(each, Ext) and _decorates(linker, each.name) for each in inner) else (atom,)
    if isinstance(atom, Cls):
        bases = [base for base in linker.library_bases(atom.klass) if _decorates(linker, base)]
        if bases and not linker.has_own(atom.klass, "__call__"):
            return (linker.atoms(Ext, bases[0]),)
    return (atom,)


def _decorates(linker: Linker, name: str) -> bool:
    """Does the catalog say what a library's decorator makes of a function?"""
    return any(entry.decorated for entry in linker.at(name).returns)


def _retries(linker: Linker, decorator: Fun) -> bool:
    """Does a decorator of the project call what it is given in a loop that tries again?"""
    known = linker.retrying.get(decorator.id)
    if known is None:
        known = linker.retrying[decorator.id] = _calls_again(linker, decorator)
    return known


def _calls_again(linker: Linker, decorator: Fun) -> bool:
    for nested in decorator.nested:
        for event in linker.replay(nested, None, True).flow.events:
            if any(isinstance(target, ParamTarget) for target in event.targets) and tries_again(nested.body, event.pos):
                return True
    return False


def _depended(linker: Linker, fun: Fun) -> list[Opened]:
    """What is open throughout because a decorator names dependencies, or the object that it is a method of does:
    ``@router.post("/", dependencies=[Depends(f)])``, ``APIRouter(dependencies=[..])``."""
    assert fun.fact is not None
    found: dict[Any, Opened] = {}
    for expr, _ in fun.fact.decorators:
        if expr.__class__ is str or expr[0] != "call":
            continue
        frame = Frame(linker, fun.parent or fun.module.body, None, True)
        frame.silent = True
        frame.parent = fun.parent
        for atom in frame.ev(expr[1]):
            if not isinstance(atom, ExtMethod) or not isinstance(atom.receiver, ExtObj):
                continue
            markers = atom.receiver.item
            for key, given in expr[3]:
                if key is not None and given.__class__ is tuple and given[0] in ("list", "tuple"):
                    markers = (*markers, *frame.ev(given))
            for marker in linker.items(markers):
                for dependency in linker.marked(marker):
                    for opened in linker.request_wide(dependency.fun):
                        found.setdefault((opened.path, opened.pos), opened)
    return list(found.values())


def _from_class(linker: Linker, fun: Fun) -> list[Opened]:
    """What decorators of its class open around a method: ``@method_decorator(atomic, name="post")``."""
    found: list[Opened] = []
    klass = fun.klass
    assert klass is not None and fun.fact is not None
    for opened, name in class_openers(linker, klass):
        if name == fun.fact.name:
            found.append(opened)
    return found


def class_openers(linker: Linker, klass: Klass) -> list[tuple[Opened, str]]:
    """What decorators of a class open around one of its methods, with the method's name."""
    known = linker.wrapped_methods.get(klass.id)
    if known is not None:
        return known
    found: list[tuple[Opened, str]] = []
    linker.wrapped_methods[klass.id] = found
    for expr, pos in klass.fact.decorators:
        frame = Frame(linker, klass.parent or klass.module.body, None, True)
        frame.silent = True
        is_call = expr.__class__ is not str and expr[0] == "call"
        for atom in frame.ev(expr[1] if is_call else expr):
            if isinstance(atom, Fn):
                found.extend(_set_on_class(linker, klass, atom.fun, _arguments(frame, expr)[0] if is_call else (), pos))
        if not is_call:
            continue
        named = [value for key, value in expr[3] if key == "name"]
        if not named or not any(isinstance(atom, Ext) and _applies_decorators(linker, atom.name) for atom in frame.ev(expr[1])):
            continue
        names = [a.value for a in frame.ev(named[0]) if isinstance(a, Const)]
        decorators = frame.ev(expr[2][0]) if expr[2] else UNKNOWN
        for opened in _method_openers(linker, decorators, pos):
            found.extend((opened, name) for name in names)
    return found


def _set_on_class(linker: Linker, klass: Klass, decorator: Fun, args: tuple[Value, ...], pos: Pos) -> Iterator[tuple[Opened, str]]:
    """The methods that a decorator of the project wraps one by one: ``setattr(cls, name, atomic(getattr(cls, name)))``, ``cls.close =
    wrapper``."""
    for fun in (decorator, *(each for each in decorator.module.funs if each.parent is decorator)):
        own = _first_parameter(linker, fun)
        for call in calls_in(fun.body):
            if call[1] != "setattr" or len(call[2]) != 3 or call[2][2].__class__ is str or call[2][2][0] != "call" or not call[2][2][2]:
                continue
            openers = _method_openers(linker, linker.value(call[2][2][1], fun.module, fun), pos)
            names = _names_set(linker, klass, decorator, fun, call[2][1], args) if openers else ()
            yield from ((opened, name) for opened in openers for name in names)
        for stmt in statements(fun.body):
            for target in stmt[1] if stmt[0] == "assign" else ():
                if target.__class__ is str and target.partition(".")[0] == own and target.count(".") == 1:
                    made = stmt[2]
                    openers = []
                    if made.__class__ is tuple and made[0] == "call" and target in made[2]:
                        openers = _method_openers(linker, linker.value(made[1], fun.module, fun), pos)
                    elif made.__class__ is str:
                        openers = _around_method(linker, decorator, fun, target, made, pos)
                    yield from ((opened, target.partition(".")[2]) for opened in openers)


def _around_method(linker: Linker, decorator: Fun, fun: Fun, method: str, wrapper: str, pos: Pos) -> list[Opened]:
    """What is open where a function defined in a decorator of classes calls the method that it takes the place of, by its name on the class
    (``cls.close``) or by a local one for it."""
    nested = next((each for each in fun.nested if each.fact is not None and each.parent is fun and each.fact.name == wrapper), None)
    if nested is None:
        return []
    names = {method}
    names.update(name for stmt in fun.body if stmt[0] == "assign" and stmt[2] == method for name in stmt[1] if name.__class__ is str)
    found: dict[Key, Opened] = {}
    for _, func, region in linker.replay(nested, None, True).flow.unresolved:  # nothing is known of the class that it gets
        if func in names and func not in nested.scope:
            for opened in region:
                found.setdefault(opened.key, replace(opened, kind="custom", name=decorator.dotted, pos=pos, path=None, function=None))
    return list(found.values())


def _names_set(linker: Linker, klass: Klass, decorator: Fun, fun: Fun, name: Expr, args: tuple[Value, ...]) -> Iterable[str]:
    """The names that an expression in a decorator of a class may be: a constant, what it is given, or those of all methods of the class
    where it goes through them."""
    if name.__class__ is not str:
        return (str(name[1]),) if name[0] == "const" else ()
    params = {param.name: param for param in decorator.fact.params} if decorator.fact is not None else {}
    for stmt in statements(fun.body):
        if stmt[0] == "for" and (stmt[1] == name or (stmt[1][0] in ("tuple", "list") and name in stmt[1][1])):
            given = params.get(stmt[2]) if stmt[2].__class__ is str else None
            if given is not None and given.kind == "vararg":
                listed: Value = tuple(atom for value in args for atom in value)
            elif given is not None:
                at = list(params).index(given.name)
                listed = linker.items(args[at]) if at < len(args) else UNKNOWN
            elif speaks_of(stmt[2], {param.name for param in fun.fact.params} if fun.fact is not None else ()):
                return [method.fact.name for method in linker.project.methods(klass) if method.fact and method.fact.name[0] != "_"]
            else:
                listed = linker.items(linker.value(stmt[2], fun.module, fun))
            return [atom.value for atom in listed if isinstance(atom, Const) and isinstance(atom.value, str)]
    return ()


def _applies_decorators(linker: Linker, name: str) -> bool:
    """Does a library's decorator apply the ones that it is given? The catalog says so by what it returns: ``arg(0:decorator)``."""
    return any(entry.type == "arg(0:decorator)" for entry in linker.at(name).returns)


def _method_openers(linker: Linker, decorators: Value, pos: Pos) -> list[Opened]:
    openers: list[Opened] = []
    for inner in decorators:
        if isinstance(inner, Opening):
            openers.append(_opened(inner, pos))
        elif isinstance(inner, Seq):
            for item in inner.items:
                openers.extend(_method_openers(linker, item, pos))
        elif isinstance(inner, Ext):
            for entry in linker.at(inner.name).openers:
                if "decorator" in entry.forms:
                    openers.append(
                        Opened("decorator", inner.name, pos, (entry.family, "default"), "default", entry.confidence, family=entry.family)
                    )
    return openers


def _works_async(linker: Linker, opened: Opened) -> bool:
    return any(entry.mode != "sync" for entry in linker.at(opened.name).openers) or opened.kind == "custom"


def _opened(opening: Opening, pos: Pos) -> Opened:
    return Opened(
        "decorator",
        opening.name,
        pos,
        opening.key,
        opening.alias,
        opening.confidence,
        opening.retry,
        opening.entry.reads,
        family=opening.entry.family,
        durable=opening.durable,
    )


def _library(
    linker: Linker, frame: Frame, fun: Fun, name: str, atom: Atom, expr: Expr, called: bool, pos: Pos, value: Value
) -> tuple[Value, list[Opened], bool]:
    known = linker.at(name)
    openers: list[Opened] = []
    deferred = any(deferral.callable is None for deferral in known.deferrals)
    if any("decorator" in entry.forms for entry in known.openers):
        if called:
            for made in frame.ev(expr):
                if isinstance(made, Opening):
                    openers.append(_opened(made, pos))
        else:
            entry = next(entry for entry in known.openers if "decorator" in entry.forms)
            alias = entry.alias.default if entry.alias is not None else "default"
            openers.append(Opened("decorator", name, pos, (entry.family, alias), alias, entry.confidence, family=entry.family))
    args: tuple[Value, ...] = ()
    keywords: dict[str | None, Value] = {}
    if called:
        args, keywords = _arguments(frame, expr)
    for hook in known.hooks:
        if hook.by == "decorator":
            if hook.when and called and decide(Site(frame, expr, False, False, False), hook, args, keywords) is False:
                continue
            linker.connect_decorated(frame, fun, hook, name, args, keywords, pos)
        elif hook.by == "register" and isinstance(atom, ExtMethod) and hook.sender is not None:
            # `@paid.connect`, `@paid.connect_via(order)`: what registers a function, on the function itself
            from txlint.link.signals import connect_call

            base = called_on(expr[1] if called else expr)
            given: dict[str | None, Value] = {"sender": argument(hook.sender, args, keywords)} if called else {}
            connect_call(linker, frame, base, (atom.receiver,), ((linker.atoms(Fn, fun, None),),), given)
    if args and _applies_decorators(linker, name):
        openers.extend(_method_openers(linker, args[0], pos))
    for returned in known.returns:
        if returned.decorated and returned.decorated != "decorated":
            receiver = atom.receiver if isinstance(atom, ExtMethod) else None
            made_of = linker.typed(parse_type(returned.decorated), receiver, args, keywords)
            wrapped = tuple(linker.with_item(item, value) for item in made_of if isinstance(item, (ExtObj, Obj)))
            for item in wrapped:
                if isinstance(item, Obj):
                    for base in linker.mro(item.klass):
                        if isinstance(base, Klass):
                            linker.made_with.setdefault(base.id, []).extend(a for a in value if type(a) is Fn)
            if wrapped:
                value = wrapped
    return value, openers, deferred


def _project(
    linker: Linker, frame: Frame, fun: Fun, decorator: Fn, expr: Expr, called: bool, pos: Pos, value: Value
) -> tuple[Value, list[Opened], bool]:
    """A decorator that the project defines."""
    outer = decorator.fun
    if outer is fun or outer.fact is None:
        return value, [], False
    if linker.decoration(outer).role == "manager":
        # A context manager made of a generator decorates as well.
        return value, _entered(linker, decorator, pos), False
    if called:
        tell_factory(linker, outer, _by_parameter(frame, outer, expr), outer)
    constants = _constants(linker, frame, outer, expr if called else None)

    def replayed(each: Fun) -> Replay:
        given = tuple(item for item in constants if each is outer or item[0] not in each.scope)
        if given:
            return linker.replay_given(each, given)
        return linker.replay(each, getattr(decorator.receiver, "klass", None) if each is outer else None, True)

    return_values = replayed(outer).returns
    holder = outer
    _keep(linker, outer, return_values, _by_parameter(frame, outer, expr, True) if called else None, value)
    if called:
        # A factory: the decorator proper is the function it returns; `@decorator()` may also be both at once.
        inner = next((a for a in return_values if isinstance(a, Fn) and a.fun.parent is outer), None)
        if inner is None:
            openings = [a for a in return_values if isinstance(a, Opening)]
            if openings:  # a helper that returns `atomic(...)`
                return value, [replace(_opened(o, pos), kind="custom", name=outer.dotted) for o in openings], False
            if any(isinstance(a, Part) for a in return_values):  # one that returns `shared_task(..)`
                return _applied(linker, frame, decorator, expr, called, value), [], False
            return _replaced(linker, frame, expr, return_values, value), [], False
        holder = inner.fun
        return_values = replayed(holder).returns
        wraps = any(a.fun.parent is holder for a in _functions(return_values)) or any(_opening(a) for a in return_values)
        if not wraps:
            holder, return_values = outer, (inner,)
    opening = [opens for a in return_values if (opens := _opening(a)) is not None]
    if opening:
        openers = [replace(_opened(a, pos), kind="custom", name=outer.dotted) for a in opening]
        if any(isinstance(a, Param) for a in return_values):  # or nothing is done to it
            openers = [replace(opened, confidence=min(opened.confidence, Confidence.LIKELY)) for opened in openers]
        return _replaced(linker, frame, expr, return_values, value), openers, False
    wanted = _first_parameter(linker, holder)
    if wanted is None:
        return value, [], False
    calls: list[tuple[Fun, tuple[Opened, ...], bool]] = []
    waits = False
    _tell_receiver(linker, fun, holder, return_values)
    names = [param.name for param in fun.fact.params] if fun.fact is not None else []
    for nested in (holder, *holder.nested):
        replay = replayed(nested)
        waits = waits or parameter_text(holder, wanted) in replay.flow.deferred
        for event in replay.flow.events:
            for target in event.targets:
                if isinstance(target, ParamTarget) and target.fun == holder.id and target.name == wanted:
                    calls.append((nested, _in_words_of(names, event, _receiver(linker, nested)), nested is holder))
            passed = ("param", wanted) if nested is holder else ("outer", holder.id, wanted)
            calls.extend((nested, region, nested is holder) for region in _handed_on(linker, event, passed, 0))
    hand(linker, holder, wanted, value)
    given, returned = value, _functions(return_values)
    value = _replaced(linker, frame, expr, return_values, value)  # a task that is made of the wrapper
    direct = [c for c in calls if any(c[0] is a.fun for a in returned)]
    if not calls and waits and returned:
        return _beside(linker, replayed, returned), [], True  # only handed to what runs it after the commit, or in a thread
    if not calls:
        return _applied(linker, frame, decorator, expr, called, value), [], False
    if not direct and returned:
        elsewhere = [c for c in calls if not any(c[0] is a.fun for a in returned)]
        inner_runs = _runs_nested(linker, replayed, returned, elsewhere)
        if inner_runs is None:
            return _beside(linker, replayed, returned), [], True  # only in something that runs later
        direct = inner_runs
    around = [opened_within(a) for a in return_values if isinstance(a, Within)]
    openers = [replace(opened, kind="custom", name=outer.dotted, pos=pos, path=None, function=None) for opened in around]
    seen: set[Any] = {opened.key for opened in openers}
    always = all(region for _, region, _ in direct)
    for _, region, _ in direct:
        for opened in region:
            if opened.key in seen:
                continue
            seen.add(opened.key)
            sure = min(opened.confidence, Confidence.CERTAIN if always else Confidence.LIKELY)
            key = opened.key if len(opened.key) < 3 or opened.key[1] in ("param", "self", "global") else ("custom", outer.dotted)
            openers.append(replace(opened, kind="custom", name=outer.dotted, pos=pos, key=key, confidence=sure))
    asking = linker.around_methods if fun.klass is not None else ()
    wrappers = tuple(linker.atoms(Fn, a.fun, None) for a in returned if a.fun.id in asking or _does_more(replayed(a.fun), not openers))
    if wrappers and called:
        _seal(linker, fun, outer, _by_parameter(frame, outer, expr), wrappers)
    if wrappers and fun.fact is not None:
        linker.decorating.setdefault((holder.id, wanted), {})[given] = fun.fact.decorators[-1][1] == pos
    return union(value, wrappers), openers, False


def _seal(linker: Linker, fun: Fun, factory: Fun, given: dict[str, Value], wrappers: Iterable[Fn]) -> None:
    """Notes which functions a factory of decorators was given for the one that it decorates: ``@emits(announce)``. Of what is put around
    it, whoever calls it calls that with these (`sealed_in`); of two of one factory either may be meant."""
    told = {}
    for param in factory.fact.params if factory.fact is not None else ():
        value = given.get(param.name)
        if value is not None and len(value) == 1 and isinstance(value[0], (Fn, Const, Ext, ExtMethod)):
            told[sealed_in(factory, param.name)] = (value[0].fun.id,) if isinstance(value[0], Fn) else ()
        elif value is None and param.default is not None and param.default.__class__ is tuple and param.default[0] == "const":
            told[sealed_in(factory, param.name)] = ()
    for wrapper in wrappers if told else ():
        under = linker.sealed.setdefault(wrapper.fun.id, {})
        known = dict(under.get(fun.id, ()))
        merged = {name: (*known[name], *ids) for name, ids in told.items() if name in known} if fun.id in under else told
        under[fun.id] = tuple(merged.items())


def _instance(
    linker: Linker, frame: Frame, fun: Fun, atom: Cls | Obj, expr: Expr, called: bool, pos: Pos, value: Value
) -> tuple[Value, list[Opened], bool]:
    """A decorator that is an instance of a class of the project, or (where the class is called) makes one: its ``__call__`` decorates."""
    made = linker.instance(atom.klass, True) if isinstance(atom, Cls) else atom
    if isinstance(atom, Obj):
        applied = _applied(linker, frame, atom, expr, called, value)
        if applied != value:
            return applied, [], False
    found = [each for each in linker.attribute(made, "__call__") if isinstance(each, Fn)]
    if not found:
        return value, [], False
    if isinstance(atom, Cls):
        for constructor in linker.attribute(made, "__init__"):
            if isinstance(constructor, Fn):
                tell_factory(linker, constructor.fun, _by_parameter(frame, constructor.fun, expr), found[0].fun)
        called = False
    value, openers, waits = _project(linker, frame, fun, found[0], expr, called, pos, value)
    return value, [opened for opened in openers if opened.confidence is Confidence.CERTAIN], waits  # what it was made with may decide


def _constants(linker: Linker, frame: Frame, factory: Fun, expr: Expr | None) -> tuple[tuple[str, Any], ...]:
    """The constants that decide what a factory of decorators makes: of the parameters that it or its functions test, those that the call
    ``expr`` gives, or that stand as defaults. ``@task(atomic=True)``."""
    tested = _tested(linker, factory)
    if not tested or factory.fact is None:
        return ()
    if expr is not None and any(key is None for key, _ in expr[3]):
        return ()
    given = _by_parameter(frame, factory, expr) if expr is not None else {}
    starred = expr is not None and any(arg.__class__ is tuple and arg[0] == "star" for arg in expr[2])
    decorated = _first_parameter(linker, factory) if expr is None else None
    found: dict[str, Any] = {}
    for param in factory.fact.params:
        if param.name not in tested or param.name == decorated or (starred and param.kind != "kwonly"):  # `*options` may give it
            continue
        if param.name in given:
            value = given[param.name]
            if len(value) == 1 and isinstance(value[0], Const):
                found[param.name] = value[0].value
        elif param.default.__class__ is tuple and param.default[0] == "const":
            found[param.name] = param.default[1]
    return tuple(found.items())


def _tested(linker: Linker, factory: Fun) -> frozenset[str]:
    """The parameters of a function that it, or one defined in it, asks in a test, and that nothing is assigned to."""
    known = linker.tested.get(factory.id)
    if known is None:
        asked: set[str] = set()
        params = {param.name for param in factory.fact.params if param.kind not in ("vararg", "kwarg")} if factory.fact else set()
        for each in (factory, *factory.nested) if params else ():
            for part in parts(each.body):
                if part[0] in ("if", "ifexp") and len(part) in (4, 5):
                    asked.update(name for name in params if speaks_of(part[1], (name,)))
        bound = {name for name in asked if uses_of(linker, factory, name).bindings}
        known = linker.tested[factory.id] = frozenset(asked - bound)
    return known


def _handed_on(linker: Linker, event: Event, passed: tuple[Any, ...], depth: int) -> Iterator[tuple[Opened, ...]]:
    """What is open where the functions of an event call what it passes them: ``return atomically(func, args)`` in a wrapper."""
    for place, given in event.passed.values.items():
        if given != passed or depth > _DEEP:
            continue
        for target in event.targets:
            if not isinstance(target, Target) or target.kind != "call":
                continue
            helper = linker.project.funs[target.fun]
            if helper.fact is None:
                continue
            names = helper.fact.positional
            name = place if isinstance(place, str) else names[place + target.skip] if place + target.skip < len(names) else ""
            for inner in linker.replay(helper, helper.klass, False).flow.events:
                regions = [inner.region for each in inner.targets if isinstance(each, ParamTarget) and each[:2] == (helper.id, name)]
                for region in (*regions, *_handed_on(linker, inner, ("param", name), depth + 1)):
                    theirs = (replace(o, key=("custom", helper.dotted)) if len(o.key) > 2 and o.key[1] != "global" else o for o in region)
                    yield (*event.region, *(replace(each, path=None, function=None) for each in theirs))


_DEEP = 2


def _beside(linker: Linker, replayed: Callable[[Fun], Replay], returned: list[Fn]) -> Value:
    """What is called in the place of a function that runs later: what puts it off, where that does more (it starts a thread)."""
    return tuple(linker.atoms(Fn, a.fun, None) for a in returned if _does_more(replayed(a.fun), False))


def _does_more(wrapper: Replay, commits: bool) -> bool:
    """Does what a decorator puts around a function do more than call it: call others (those that a container holds, once they are known),
    have an effect, or end a transaction: any, where that ``commits`` what the function has begun, else one that everybody finds under its
    name?"""
    events = wrapper.flow.events
    if wrapper.flow.runs_kept or any(not isinstance(target, ParamTarget) for event in events for target in event.targets):
        return True
    return any(event.effect for event in events) or any(commits or key[1:2] == ("global",) for key in wrapper.closes)


def _tell_receiver(linker: Linker, fun: Fun, holder: Fun, returned: Value) -> None:
    """What is put around a method is called with the method's instance."""
    if fun.klass is None or fun.fact is None or any(expr == "staticmethod" for expr, _ in fun.fact.decorators):
        return
    for wrapper in _functions(returned):
        names = wrapper.fun.fact.positional if wrapper.fun.fact is not None else []
        if names and wrapper.receiver is None and wrapper.fun in holder.nested:
            calls = list(calls_in(wrapper.fun.body))
            asked = [call for call in calls if speaks_of(call[1], {names[0]})]
            if asked and wrapper.fun.id not in linker.around_methods:
                linker.around_methods.add(wrapper.fun.id)
                linker.forget(wrapper.fun)
            if asked:
                if _may_open(linker, calls, asked):
                    tell(linker, wrapper.fun, names[0], (linker.instance(fun.klass, False),))


def _may_open(linker: Linker, calls: list[Any], asked: list[Any]) -> bool:
    """Is a transaction opened or ended by the words for that among some calls, or by a method that has such words, of those that a receiver
    is ``asked`` for?"""
    if any(last_name(call[1]) in linker.blocks for call in calls):
        return True
    names = [call[1].rpartition(".")[2] for call in asked if call[1].__class__ is str and call[1].count(".") == 1]
    return linker.has_sessions and any(mentions(fun, linker.blocks) for name in names for fun in functions_named(linker, name))


def _functions(value: Value) -> list[Fn]:
    """The functions among values, those of which something was made as well: ``app.task(wrapper)``, ``atomic(wrapper)``."""
    found: list[Fn] = []
    for atom in value:
        if isinstance(atom, Fn):
            found.append(atom)
        elif isinstance(atom, Within):
            found.extend(_functions(atom.func))
        elif isinstance(atom, (ExtObj, Obj)):
            found.extend(_functions(tuple(a for a in atom.item if isinstance(a, (Fn, Within)))))
    return found


def _opening(atom: Atom) -> Opening | None:
    """``atomic`` applied to what is decorated, whatever is made of it."""
    if isinstance(atom, Opening):
        return atom
    if isinstance(atom, Within) and any(isinstance(each, Param) for each in atom.func):
        return atom.opening
    made_of = atom.item if isinstance(atom, (ExtObj, Obj)) else ()
    return next((inner for inner in made_of if isinstance(inner, Opening)), None)


def _receiver(linker: Linker, fun: Fun) -> str:
    """The parameter in which a function gets the instance of the method that it was put around; else nothing."""
    return fun.fact.params[0].name if fun.fact is not None and fun.id in linker.around_methods else ""


def _in_words_of(names: list[str], event: Event, receiver: str) -> tuple[Opened, ...]:
    """What is open where a decorator calls what it decorates; of sessions that it passes on, by the names of the parameters, of those that
    the ``receiver`` keeps by those of the attributes."""
    mine: dict[Key, Key] = {}
    for place, given in event.passed.values.items():
        name = place if isinstance(place, str) else names[place] if place < len(names) else ""
        if given[0] == "key" and name in names:
            mine[given[1]] = ("session", "param", name)
    for key in {opened.key for opened in event.region} if receiver else ():
        if key[1:2] == ("param",) and str(key[2]).startswith(f"{receiver}."):
            mine[key] = (key[0], "self", str(key[2]).partition(".")[2])
    outside = {key: ("custom", event.pos) for key in {opened.key for opened in event.region} if key[1:2] == ("param",)}
    return tuple(replace(opened, key=mine.get(opened.key, outside.get(opened.key, opened.key))) for opened in event.region)


def _first_parameter(linker: Linker, fun: Fun) -> str | None:
    """The parameter in which a decorator gets what it decorates."""
    params = fun.fact.positional if fun.fact is not None else []
    if fun.klass is not None and params and linker.decoration(fun).role != "static":
        params = params[1:]
    return params[0] if params else None


def attribute_of_function(linker: Linker, fun: Fun, name: str) -> Value:
    """An attribute of a function that is assigned to it, or by a decorator of the project above it to what that is given or gives
    (``wrapper.clear = clear``), or that the class has with which it is decorated."""
    key = (fun.id, name)
    if key not in linker.on_functions and linker.begin(("on", key)):
        linker.on_functions[key] = _on_function(linker, fun, name)
        linker.done(("on", key), linker.on_functions, key)
    return linker.on_functions.get(key, UNKNOWN)


def _on_function(linker: Linker, fun: Fun, name: str) -> Value:
    assert fun.fact is not None
    is_put = name in linker.project.put_on
    carriers: list[tuple[int, str]] = [(fun.id, "")]
    value: Value = UNKNOWN
    for expr, _ in fun.fact.decorators:
        called = expr.__class__ is not str and expr[0] == "call"
        func = expr[1] if called else expr
        if func.__class__ is str and func.partition(".")[0] == fun.fact.name:
            continue  # `@size.setter`: what had the name before
        frame = Frame(linker, fun.parent or fun.module.body, None, True)
        frame.silent = True
        frame.static = fun.klass
        frame.parent = fun.parent
        for atom in frame.ev(func):
            made = linker.instance(atom.klass, True) if isinstance(atom, Cls) else atom
            if made is not atom and not called:
                value = union(value, linker.attribute(made, name))
            elif is_put and isinstance(made, (Fn, Obj)):
                for each in (made,) if isinstance(made, Fn) else linker.attribute(made, "__call__"):
                    for holder in (each.fun, *each.fun.nested) if isinstance(each, Fn) else ():
                        carriers += [(holder.id, ""), (holder.id, _first_parameter(linker, holder) or "")]
    for number, param in dict.fromkeys(carriers) if is_put else ():
        value = union(value, put_there(linker, ("on", ("def", number, param), name)))
    return value


def _keep(linker: Linker, decorator: Fun, returned: Value, given: dict[str, Value] | None, value: Value) -> None:
    """A decorator may keep what it is given: so that it is found, should the parameter be put somewhere, also by what else is given (where
    the decorator is made by a call)."""
    for holder in [decorator] if given is None else [a.fun for a in returned if isinstance(a, Fn) and a.fun.parent is decorator]:
        name = _first_parameter(linker, holder)
        if name is not None:
            linker.put(("param", holder.id, name), value, beside(linker, decorator, given, "", True) if given is not None else None)


def _arguments(frame: Frame, expr: Expr) -> tuple[tuple[Value, ...], dict[str | None, Value]]:
    """What a call gives that makes a decorator: by position, and by name."""
    return tuple(frame.ev(arg) for arg in expr[2]), {key: frame.ev(arg) for key, arg in expr[3]}


def _by_parameter(frame: Frame, factory: Fun, expr: Expr, rest: bool = False) -> dict[str, Value]:
    """What such a call gives by the names of the parameters; with the ``rest``, that of ``*names`` as a list."""
    args, keywords = _arguments(frame, expr)
    skip = 1 if factory.klass is not None and frame.linker.decoration(factory).role != "static" else 0
    bound = bind(factory, args, keywords, skip)
    if rest and factory.fact is not None:
        listed = args[len(factory.fact.positional) - skip :]
        bound.update((param.name, (frame.linker.atoms(Seq, listed),)) for param in factory.fact.params if param.kind == "vararg")
    return bound


def decorate_class(linker: Linker, klass: Klass) -> None:
    """The decorators of a class, as far as they keep it somewhere."""
    value: Value = (linker.atoms(Cls, klass),)
    for expr, _ in reversed(klass.fact.decorators):
        frame = Frame(linker, klass.parent or klass.module.body, None, True)
        frame.silent = True
        frame.parent = klass.parent
        called = expr.__class__ is not str and expr[0] == "call"
        for atom in frame.ev(expr[1] if called else expr):
            if isinstance(atom, Fn):
                returned = linker.replay(atom.fun, getattr(atom.receiver, "klass", None), True).returns
                _keep(linker, atom.fun, returned, _by_parameter(frame, atom.fun, expr, True) if called else None, value)


def _entered(linker: Linker, manager: Fn, pos: Pos) -> list[Opened]:
    """What is open where a context manager of the project yields."""
    replay = linker.replay(manager.fun, getattr(manager.receiver, "klass", None), False)
    found: dict[Any, Opened] = {}
    for region, _ in replay.yields:
        for opened in region:
            key = opened.key if len(opened.key) < 3 or opened.key[1] == "global" else ("custom", manager.fun.dotted)
            found.setdefault(opened.key, replace(opened, kind="custom", name=manager.fun.dotted, pos=pos, key=key))
    return list(found.values())


def _applied(linker: Linker, frame: Frame, atom: Atom, expr: Expr, called: bool, value: Value) -> Value:
    """A decorator followed as a call: where it gives a library's object (a task) made of the function, that is what it becomes."""
    from txlint.link.calls import applied

    made: Value = UNKNOWN
    heads: Value = (atom,)
    if called:
        args, keywords = _arguments(frame, expr)
        heads = applied(frame, atom, args, keywords)
        made = tuple(a for a in heads if isinstance(a, ExtObj))
    if not made:
        for head in heads:
            if isinstance(head, (Fn, Obj, ExtObj, Part)):
                made = union(made, applied(frame, head, (value,), {}))
    objects = tuple(a for a in made if isinstance(a, (ExtObj, Obj)) and a.item)
    return tuple(linker.with_item(a, value) for a in objects) if objects else value


def _runs_nested(
    linker: Linker, replayed: Callable[[Fun], Replay], returned: list[Fn], calls: list[tuple[Fun, tuple[Opened, ...], bool]]
) -> list[Any] | None:
    """The wrapper calls a nested function which calls the decorated one; None where it never does so itself."""
    found = []
    for wrapper in returned:
        for event in replayed(wrapper.fun).flow.events:
            passed = [t for place, ts in event.passed.callables.items() if not _waits(linker, event, place) for t in ts]
            for target in (*event.targets, *passed):
                for nested, region, direct in calls:
                    if not isinstance(target, ParamTarget) and getattr(target, "fun", None) == nested.id:
                        found.append((nested, event.region + region, direct))
    return found or None


def _waits(linker: Linker, event: Event, place: int | str) -> bool:
    """Does the one who is called only defer what is passed in this place?"""
    helpers = [(linker.project.funs[each.fun], each) for each in event.targets if isinstance(each, Target)]
    for helper, target in helpers:
        names = helper.fact.positional if helper.fact is not None else []
        name = place if isinstance(place, str) else names[place + target.skip] if place + target.skip < len(names) else ""
        if not only_defers(linker, linker.replay(helper, helper.klass, False).flow, helper, name):
            return False
    return bool(helpers)


def _replaced(linker: Linker, frame: Frame, expr: Expr, returned: Value, value: Value) -> Value:
    objects = tuple(a for a in returned if isinstance(a, (ExtObj, Obj)))
    if objects:
        return tuple(linker.with_item(a, value) for a in objects)
    return value


def _class_decorator(linker: Linker, klass: Klass, pos: Pos) -> list[Opened]:
    """A class used as a decorator: what is open where its ``__call__`` calls what it was given is not followed; one that derives from
    a library's opener opens."""
    for base in linker.library_bases(klass):
        for opener in linker.at(base).openers:
            if "decorator" in opener.forms:
                return [Opened("custom", klass.dotted, pos, (opener.family, "default"), "default", opener.confidence, family=opener.family)]
    return []
