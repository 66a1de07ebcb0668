"""Which sessions an object holds, and by what names: `held` of a class, `given` to one that is made, `provided` by a dependency.

A session that is handed to a constructor lives on under the attributes that it is kept in: after ``repo = Orders(session)``, where
``__init__`` does ``self.session = session``, ``repo.session`` is ``session``. Two attributes that keep the same parameter, or one that is
made of the other (``self.orders = Orders(self.session)``), are one session with one key (see `alike`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from txlint.link.holding import is_kept, via
from txlint.link.project import Fun, Klass, Module
from txlint.link.uses import uses_of
from txlint.link.values import Cls, Const, ExtObj, Fn, Obj, SelfCls, Value
from txlint.link.values import Param as Passed
from txlint.model.facts import Expr, Function, Param
from txlint.model.graph import Key
from txlint.model.shapes import called, last_name, statements

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.replay import Frame

Source: TypeAlias = tuple[str, str]
"""``("param", name)``: a parameter of the constructor; ``("self", path)``: another attribute."""

_ENTERING = ("__enter__", "__aenter__")
_PROPERTIES = frozenset({"property", "cached_property"})
_DATA = frozenset({"dataclass", "define", "frozen", "mutable", "attrs", "s"})
DEPTH = 3  # objects that hold objects that hold a session
BRIEF = "()"
"""What the name of a session ends with that is over when the function that asks for it has returned, before the response is sent."""
LEVELS = 6  # dependencies of dependencies, and what they make of each other


def held(linker: Linker, klass: Klass) -> Mapping[str, Source]:
    """For each attribute path that a constructor (or ``__enter__``) fills, or a property makes, where its value comes from."""
    known = linker.held_by.get(klass.id)
    if known is not None:
        return known
    linker.held_by[klass.id] = {}  # a class that holds one of its own kind holds nothing new
    found: dict[str, Source] = {}
    init = _method(linker, klass, "__init__")
    if init is not None:
        _read(linker, init, klass, found)
    elif any(last_name(called(expr)) in _DATA for expr, _ in klass.fact.decorators):
        found.update((name, ("param", name)) for name in linker.fields(klass))
    for name in _ENTERING:
        method = _method(linker, klass, name)
        if method is not None:
            _read(linker, method, klass, found)
    seen: set[str] = set()
    for base in linker.mro(klass):
        for fun in linker.project.methods(base) if isinstance(base, Klass) else ():
            if fun.fact is not None and fun.fact.name not in seen:
                seen.add(fun.fact.name)
                _read_property(linker, fun, fun.fact, found)
    linker.held_by[klass.id] = found
    return found


def given(frame: Frame, expr: Expr) -> dict[str, Key]:
    """The keys of what an object holds that a call makes: ``{"session": key}`` of ``Orders(session)`` and ``Orders.of(session)``."""
    if expr.__class__ is not str and expr[0] == "await":
        expr = expr[1]
    if expr.__class__ is str or expr[0] != "call" or expr[1].__class__ is not str:
        return {}
    made = made_of(frame.linker, frame.ev(expr[1]), expr)
    if made is None:
        return {}
    klass, arguments = made
    keys: dict[str, Key] = {}
    for path, (kind, name) in held(frame.linker, klass).items():
        if kind == "param":
            head, _, rest = name.partition(".")
            argument = arguments.get(head)
            if argument.__class__ is str:
                key = frame.key_held(f"{argument}.{rest}" if rest else argument)
                if key is not None:
                    keys[path] = key
    return keys


def of_global(linker: Linker, module: Module, dotted: str) -> Key:
    """The key of what a dotted name stands for that begins with a name of the module: that of the session itself, whichever object it is
    an attribute of, or which a constructor has been given (``repo.session`` of ``repo = Orders(session)``)."""
    from txlint.link.replay import Frame, evaluate

    keys = {via(atom) for atom in evaluate(linker, dotted, module, None) if is_kept(atom)}
    if len(keys) == 1:
        return keys.pop()  # type: ignore[no-any-return]
    full = linker.where_bound(module, dotted)
    owner, path = linker.project.inside(full) if "." in dotted else (None, "")
    name, _, rest = path.partition(".")
    bound = owner.names.get(name) if owner is not None and rest else None
    if owner is not None and bound and bound[-1][0] == "value" and bound[-1][1].__class__ is tuple and bound[-1][1][0] == "call":
        at = owner.name, name
        if at not in linker.held_by_names:
            frame = Frame(linker, owner.body, None, True)
            frame.silent = True
            linker.held_by_names[at] = {}  # what it is given may lead back here
            linker.held_by_names[at] = given(frame, bound[-1][1])
        return linker.held_by_names[at].get(rest, ("session", "global", full))
    return ("session", "global", full)


def is_brief(dependency: Fn) -> bool:
    """Is it over when the function that asks for it has returned?"""
    return isinstance(dependency.receiver, Const)


def lasts_briefly(key: Key) -> bool:
    """Is it a session of such a dependency, or of something in what it gives?"""
    return len(key) > 2 and BRIEF in str(key[2])


def provided(linker: Linker, dependency: Fn, depth: int = 0) -> dict[str, Key]:
    """The sessions in what a framework's dependency gives, by attribute path: it is asked once for each request, so that all who
    depend on it, directly or through others, share them."""
    fun = dependency.fun
    if fun.fact is None or depth > LEVELS:
        return {}
    receiver = dependency.receiver
    name = fun.dotted + BRIEF if is_brief(dependency) else fun.dotted
    if isinstance(receiver, Obj) and fun.fact.name == "__init__":
        return _keys(composed(linker, fun, held(linker, receiver.klass), {param.name: param.name for param in fun.fact.params}, depth))
    replay = linker.replay(fun, fun.klass, True)
    given = [value for _, value in replay.yields] if fun.fact.is_generator else [replay.returns]
    for atom in (atom for value in given for atom in value):
        if isinstance(atom, ExtObj):
            key = via(atom)
            kept = key is not None and key[1] == "global"  # by the request, not by the dependency
            return {"": key if kept else ("session", "global", name)}
    call = fun.returned_call
    found = _keys(_behind(linker, fun, call, depth)) if call is not None else {}
    passed_on = {atom.name for value in given for atom in value if isinstance(atom, Passed) and atom.fun is fun}
    if not found and len(passed_on) == 1:
        found = _asked(linker, fun, passed_on.pop(), depth)
    is_own = not found and not any(provided(linker, inner, depth + 1) for inner in asked_by(linker, fun))
    if is_own and any(isinstance(atom, Obj) for value in given for atom in value):
        return {"": ("session", "global", name)}
    return found


def asked_by(linker: Linker, fun: Fun) -> Iterator[Fn]:
    """The dependencies that a function asks for in its parameters."""
    for each in fun.fact.params if fun.fact is not None else ():
        if each.annotation is not None or each.default is not None:
            yield from linker.dependencies(each.annotation, each.default, fun.module, fun.klass, fun.parent)


def composed(
    linker: Linker, fun: Fun, sources: Mapping[str, Source], arguments: Mapping[str, Expr], depth: int = 0
) -> Iterator[tuple[str, Key | str]]:
    """What is at the paths on an object that a function makes with these arguments: the key of a session that one of its dependencies
    provides, else what the function calls it."""
    for path, (kind, name) in sources.items():
        head, _, rest = name.partition(".")
        if kind == "param" and head in arguments:
            for at, what in _behind(linker, fun, arguments[head], depth):
                if at == rest or not rest or at.startswith(f"{rest}."):
                    yield ".".join(filter(None, (path, at[len(rest) :].lstrip(".")))), what
                elif not at:
                    yield path, f"{what}.{rest}" if isinstance(what, str) else under(what, rest)


def _behind(linker: Linker, fun: Fun, expr: Expr, depth: int) -> Iterator[tuple[str, Key | str]]:
    """The same of the paths on what an expression of the function gives; the first is that itself, by the empty path."""
    if expr.__class__ is str:
        name, _, inside = expr.partition(".")
        asked = _asked(linker, fun, name, depth) if depth <= LEVELS else {}
        shared = [
            (at[len(inside) :].lstrip("."), key) for at, key in asked.items() if not inside or at == inside or at.startswith(f"{inside}.")
        ]
        yield from shared
        made = _bound_once(linker, fun, expr) if not shared else None
        if made is None:
            if not shared:
                yield "", expr
            return
        expr = made
    if expr.__class__ is not tuple or expr[0] != "call" or depth > LEVELS:
        return
    from txlint.link.replay import evaluate

    known = made_of(linker, evaluate(linker, expr[1], fun.module, None, fun if fun.fact is not None else None), expr)
    if known is not None:
        yield from composed(linker, fun, held(linker, known[0]), known[1], depth + 1)


def _asked(linker: Linker, fun: Fun, name: str, depth: int) -> dict[str, Key]:
    """What the dependencies provide that a function has in a parameter."""
    params = fun.fact.params if fun.fact is not None else ()
    asked = (
        provided(linker, inner, depth + 1)
        for param in params
        if param.name == name
        for inner in linker.dependencies(param.annotation, param.default, fun.module, fun.klass, fun.parent)
    )
    return {at: key for each in asked for at, key in each.items()}


def _bound_once(linker: Linker, fun: Fun, name: str) -> Expr | None:
    """The call that gives what a local name stands for; None where it is anything else, or bound again."""
    if name not in fun.scope or (fun.fact is not None and any(param.name == name for param in fun.fact.params)):
        return None
    bindings = uses_of(linker, fun, name).bindings
    return bindings[0] if len(bindings) == 1 and bindings[0].__class__ is tuple and bindings[0][0] == "call" else None


def under(key: Key, path: str) -> Key:
    """The key of what is at a path on something with a key."""
    return (*key[:2], f"{key[2]}.{path}", *key[3:]) if path else key


def _keys(found: Iterator[tuple[str, Key | str]]) -> dict[str, Key]:
    return {path: what for path, what in found if not isinstance(what, str)}


def made_of(linker: Linker, called: Value, call: Expr) -> tuple[Klass, dict[str, Expr]] | None:
    """The class of which a call makes an instance, and the arguments by the constructor's parameters."""
    if len(called) != 1:
        return None
    atom = called[0]
    if isinstance(atom, (Cls, SelfCls)):
        return atom.klass, by_parameter(constructor(linker, atom.klass), call, 1)
    if not isinstance(atom, Fn) or atom.fun.fact is None:
        return None
    # `return cls(session)`: a constructor by another name
    inner, receiver = atom.fun.returned_call, atom.receiver
    if inner is None or not isinstance(receiver, (Cls, SelfCls)) or inner[1] != atom.fun.fact.params[0].name:
        return None
    mine = by_parameter(atom.fun.fact.params, call, 1)
    theirs = by_parameter(constructor(linker, receiver.klass), inner, 1)
    return receiver.klass, {name: mine[given] for name, given in theirs.items() if given.__class__ is str and given in mine}


def constructor(linker: Linker, klass: Klass) -> Sequence[Param | str]:
    """The parameters of a constructor, ``self`` among them."""
    init = _method(linker, klass, "__init__")
    if init is not None and init.fact is not None:
        return init.fact.params
    return ("self", *linker.fields(klass))


def by_parameter(params: Sequence[Param | str], call: Expr, skip: int) -> dict[str, Any]:
    """The arguments of a call, as they are written, by the names of the parameters; the first ``skip`` of these get none by place."""
    names = [p if isinstance(p, str) else p.name for p in params if isinstance(p, str) or p.kind in ("pos", "arg")]
    found: dict[str, Any] = dict(zip(names[skip:], call[2], strict=False))
    found.update((name, value) for name, value in call[3] if name is not None)
    return found


def _method(linker: Linker, klass: Klass, name: str) -> Fun | None:
    found = linker.find(klass, name)
    return found.method if found is not None else None


def _read(linker: Linker, fun: Fun, klass: Klass, found: dict[str, Source]) -> None:
    """Adds what a method's own statements keep in attributes of its receiver."""
    fact = fun.fact
    if fact is None or not fact.params:
        return
    own = fact.params[0].name + "."
    params = {param.name for param in fact.params[1:]} if fact.name == "__init__" else set()
    for stmt in fun.body:
        if stmt[0] == "assign":
            for target, given in (pair for each in stmt[1] for pair in _pairs(each, stmt[2])):
                if target.__class__ is str and target.startswith(own) and "." not in target[len(own) :]:
                    _keep(linker, fun, target[len(own) :], given, own, params, found)
        elif stmt[0] == "ann" and stmt[1].__class__ is str and stmt[1].startswith(own) and stmt[3] is not None:
            _keep(linker, fun, stmt[1][len(own) :], stmt[3], own, params, found)
        elif stmt[0] == "expr" and _is_super_init(stmt[1]):
            inner, names = _of_next(linker, klass, fun)
            _carry(linker, fun, inner, by_parameter(names, stmt[1], 1), "", own, params, found)


def _pairs(target: Expr, given: Expr) -> Iterable[tuple[Expr, Expr]]:
    """What is assigned to what: ``self.rows, self.clock = rows, clock``."""
    if target.__class__ is not tuple or given.__class__ is not tuple or {target[0], given[0]} - {"list", "tuple"}:
        return ((target, given),)
    is_plain = len(target[1]) == len(given[1]) and all(item.__class__ is str or item[0] != "star" for item in (*target[1], *given[1]))
    return zip(target[1], given[1], strict=True) if is_plain else ()


def _read_property(linker: Linker, fun: Fun, fact: Function, found: dict[str, Source]) -> None:
    """Adds what is behind a property that makes an object: ``return Orders(self.session)``, or of the attribute that it returns."""
    if not fact.decorators or not fact.params or not fun.body or fun.body[-1][0] != "return" or fact.name in found:
        return
    if _PROPERTIES.isdisjoint(last_name(called(expr)) for expr, _ in fact.decorators):
        return
    given = fun.body[-1][1]
    made = [stmt[2] for stmt in statements(fun.body) if stmt[0] == "assign" and given in stmt[1]] if given.__class__ is str else [given]
    if len(made) == 1 and made[0] is not None:
        _keep(linker, fun, fact.name, made[0], f"{fact.params[0].name}.", set(), found)


def _of_next(linker: Linker, klass: Klass, init: Fun) -> tuple[Mapping[str, Source], Sequence[Param | str]]:
    """What ``super().__init__(..)`` fills in instances of a class, and the parameters: which constructor it is, the class says."""
    behind = linker.find(klass, "__init__", init.klass)
    following = behind.method if behind is not None else None
    if following is not None and following.fact is not None:
        found: dict[str, Source] = {}
        _read(linker, following, klass, found)
        return found, following.fact.params
    order = linker.mro(klass)
    fields = next((base for base in order[order.index(init.klass) + 1 :] if isinstance(base, Klass)), None) if init.klass in order else None
    return (held(linker, fields), constructor(linker, fields)) if fields is not None else ({}, ())


def _keep(linker: Linker, fun: Fun, name: str, expr: Expr, own: str, params: set[str], found: dict[str, Source]) -> None:
    source = _source(expr, own, params)
    if source is not None:
        found[name] = source
        return
    if expr.__class__ is str or expr[0] != "call" or expr[1].__class__ is not str or name.count(".") >= DEPTH:
        return
    from txlint.link.replay import evaluate

    value = evaluate(linker, expr[1], fun.module, None)
    if len(value) == 1 and isinstance(value[0], Cls):
        other = value[0].klass
        _carry(linker, fun, held(linker, other), by_parameter(constructor(linker, other), expr, 1), f"{name}.", own, params, found)


def _carry(
    linker: Linker,
    fun: Fun,
    inner: Mapping[str, Source],
    arguments: dict[str, Any],
    prefix: str,
    own: str,
    params: set[str],
    found: dict[str, Source],
) -> None:
    """What an object holds, in the words of the one that made it."""
    for path, (kind, name) in inner.items():
        if kind == "self":
            found[prefix + path] = ("self", prefix + name)
            continue
        head, _, rest = name.partition(".")
        argument = arguments.get(head)
        source = _source(argument, own, params)
        if source is not None:
            found[prefix + path] = (source[0], f"{source[1]}.{rest}" if rest else source[1])
        elif not rest and argument.__class__ is tuple:
            _keep(linker, fun, prefix + path, argument, own, params, found)


def _source(expr: Any, own: str, params: set[str]) -> Source | None:
    if expr.__class__ is not str:
        return None
    if expr.startswith(own):
        return ("self", expr[len(own) :])
    return ("param", expr) if expr.partition(".")[0] in params else None


def _is_super_init(expr: Expr) -> bool:
    if expr.__class__ is str or expr[0] != "call" or expr[1].__class__ is not tuple:
        return False
    return expr[1][0] == "attr" and expr[1][2] == "__init__" and expr[1][1].__class__ is tuple and expr[1][1][1] == "super"
