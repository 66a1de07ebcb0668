"""Which sessions an object holds, and by what names: `held` of a class, `canonical` of a path on it, `given` to one that is made.

A session that is handed to a constructor lives on under the attributes that it is kept in: after ``repo = Orders(session)``, where
``__init__`` does ``self.session = session``, ``repo.session`` is ``session``. Two attributes that keep the same parameter, or one that is
made of the other (``self.orders = Orders(self.session)``), are one session with one key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from txlint.link.holding import via
from txlint.link.project import Fun, Klass
from txlint.link.values import Cls, ExtObj, Fn, Obj, SelfCls
from txlint.model.facts import Expr, Param
from txlint.model.graph import Key

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.replay import Frame

Source: TypeAlias = tuple[str, str]
"""``("param", name)``: a parameter of the constructor; ``("self", path)``: another attribute."""

_ENTERING = ("__enter__", "__aenter__")
_DATA = frozenset({"dataclass", "define", "frozen", "mutable", "attrs", "s"})
_DEPTH = 3  # objects that hold objects that hold a session


def held(linker: Linker, klass: Klass) -> Mapping[str, Source]:
    """For each attribute path that a constructor (or ``__enter__``) fills, where its value comes from."""
    known = linker.held_by.get(klass.id)
    if known is not None:
        return known
    linker.held_by[klass.id] = {}  # a class that holds one of its own kind holds nothing new
    found: dict[str, Source] = {}
    init = _method(linker, klass, "__init__")
    if init is not None:
        _read(linker, init, init.klass or klass, found)
    elif any(str(_called(d[0])).rpartition(".")[2] in _DATA for d in klass.fact.decorators):
        found.update((name, ("param", name)) for name in linker.fields(klass))
    for name in _ENTERING:
        method = _method(linker, klass, name)
        if method is not None:
            _read(linker, method, klass, found)
    linker.held_by[klass.id] = found
    return found


def canonical(linker: Linker, klass: Klass, path: str) -> str:
    """The one name of what a path on an instance stands for."""
    sources = held(linker, klass)
    for _ in range(_DEPTH):
        source = sources.get(path)
        if source is None:
            return path
        if source[0] == "param":
            return min((p for p, other in sources.items() if other == source), key=lambda p: (p.count("."), len(p), p))
        path = source[1]
    return path


def given(frame: Frame, expr: Expr) -> dict[str, Key]:
    """The keys of what an object holds that a call makes: ``{"session": key}`` of ``Orders(session)`` and ``Orders.of(session)``."""
    made = _made(frame, expr)
    if made is None:
        return {}
    klass, arguments = made
    keys: dict[str, Key] = {}
    for path, (kind, name) in held(frame.linker, klass).items():
        if kind == "param":
            head, _, rest = name.partition(".")
            argument = arguments.get(head)
            if argument.__class__ is str:
                key = frame.session_key(f"{argument}.{rest}" if rest else argument)
                if key is not None:
                    keys[path] = key
    return keys


def provided(linker: Linker, dependency: Fn, depth: int = 0) -> dict[str, Key]:
    """The sessions in what a framework's dependency gives, by attribute path: it is asked once for each request, so that all who
    depend on it, directly or through others, share them."""
    fun = dependency.fun
    if fun.fact is None or depth > _DEPTH:
        return {}
    receiver = dependency.receiver
    if isinstance(receiver, Obj) and fun.fact.name == "__init__":
        return _composed(held(linker, receiver.klass), {name: (name, "") for name in _names(fun)}, fun, linker, depth)
    replay = linker.replay(fun, fun.klass, True)
    given = [value for _, value in replay.yields] if fun.fact.is_generator else [replay.returns]
    for atom in (atom for value in given for atom in value):
        if isinstance(atom, ExtObj):
            key = via(atom)
            kept = key is not None and key[1] == "global"  # by the request, not by the dependency
            return {"": key if kept else ("session", "global", fun.dotted)}
    call = fun.returned_call
    if call is None:
        return {}
    from txlint.link.replay import evaluate

    made = evaluate(linker, call[1], fun.module, None)
    if len(made) != 1 or not isinstance(made[0], Cls):
        return {}
    arguments = _by_parameter(_constructor(linker, made[0].klass), call, 1)
    parts = {name: (expr.partition(".")[0], expr.partition(".")[2]) for name, expr in arguments.items() if expr.__class__ is str}
    return _composed(held(linker, made[0].klass), parts, fun, linker, depth)


def _composed(
    sources: Mapping[str, Source], arguments: Mapping[str, tuple[str, str]], fun: Fun, linker: Linker, depth: int
) -> dict[str, Key]:
    """What an object holds whose constructor is given parameters of ``fun`` that are dependencies themselves."""
    asked: dict[str, dict[str, Key]] = {}
    for param in fun.fact.params if fun.fact is not None else ():
        for inner in linker.dependencies(param.annotation, param.default, fun.module, fun.klass, fun.parent):
            asked.setdefault(param.name, {}).update(provided(linker, inner, depth + 1))
    keys: dict[str, Key] = {}
    for path, (kind, name) in sources.items():
        if kind == "param":
            head, _, rest = name.partition(".")
            outer, inside = arguments.get(head, ("", ""))
            wanted = ".".join(filter(None, (inside, rest)))
            for at, key in asked.get(outer, {}).items():
                if at == wanted or (not wanted and at):
                    keys[f"{path}.{at}" if at and not wanted else path] = key
    return keys


def _names(fun: Fun) -> list[str]:
    return [param.name for param in fun.fact.params] if fun.fact is not None else []


def _made(frame: Frame, expr: Expr) -> tuple[Klass, dict[str, Expr]] | None:
    """The class of which a call makes an instance, and the arguments by the constructor's parameters."""
    if expr.__class__ is not str and expr[0] == "await":
        expr = expr[1]
    if expr.__class__ is str or expr[0] != "call" or expr[1].__class__ is not str:
        return None
    value = frame.ev(expr[1])
    if len(value) != 1:
        return None
    atom = value[0]
    if isinstance(atom, (Cls, SelfCls)):
        return atom.klass, _by_parameter(_constructor(frame.linker, atom.klass), expr, 1)
    if not isinstance(atom, Fn) or atom.fun.fact is None:
        return None
    # `return cls(session)`: a constructor by another name
    call, receiver = atom.fun.returned_call, atom.receiver
    if call is None or not isinstance(receiver, (Cls, SelfCls)) or call[1] != atom.fun.fact.params[0].name:
        return None
    mine = _by_parameter(atom.fun.fact.params, expr, 1)
    theirs = _by_parameter(_constructor(frame.linker, receiver.klass), call, 1)
    return receiver.klass, {name: mine[inner] for name, inner in theirs.items() if inner.__class__ is str and inner in mine}


def _constructor(linker: Linker, klass: Klass) -> Sequence[Param | str]:
    """The parameters of a constructor, ``self`` among them."""
    init = _method(linker, klass, "__init__")
    if init is not None and init.fact is not None:
        return init.fact.params
    return ("self", *linker.fields(klass))


def _by_parameter(params: Sequence[Param | str], call: Expr, skip: int) -> dict[str, Any]:
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
            for target in stmt[1]:
                if target.__class__ is str and target.startswith(own) and "." not in target[len(own) :]:
                    _keep(linker, fun, klass, target[len(own) :], stmt[2], own, params, found)
        elif stmt[0] == "ann" and stmt[1].__class__ is str and stmt[1].startswith(own) and stmt[3] is not None:
            _keep(linker, fun, klass, stmt[1][len(own) :], stmt[3], own, params, found)
        elif stmt[0] == "expr" and _is_super_init(stmt[1]):
            base = next((b for b in linker.mro(klass)[1:] if isinstance(b, Klass)), None)
            if base is not None:
                _carry(held(linker, base), _by_parameter(_constructor(linker, base), stmt[1], 1), "", own, params, found)


def _keep(linker: Linker, fun: Fun, klass: Klass, name: str, expr: Expr, own: str, params: set[str], found: dict[str, Source]) -> None:
    source = _source(expr, own, params)
    if source is not None:
        found[name] = source
        return
    if expr.__class__ is str or expr[0] != "call" or expr[1].__class__ is not str or name.count(".") >= _DEPTH:
        return
    from txlint.link.replay import evaluate

    value = evaluate(linker, expr[1], fun.module, None)
    if len(value) == 1 and isinstance(value[0], Cls):
        other = value[0].klass
        _carry(held(linker, other), _by_parameter(_constructor(linker, other), expr, 1), f"{name}.", own, params, found)


def _carry(
    inner: Mapping[str, Source], arguments: dict[str, Any], prefix: str, own: str, params: set[str], found: dict[str, Source]
) -> None:
    """What an object holds, in the words of the one that made it."""
    for path, (kind, name) in inner.items():
        if kind == "self":
            found[prefix + path] = ("self", prefix + name)
            continue
        head, _, rest = name.partition(".")
        source = _source(arguments.get(head), own, params)
        if source is not None:
            found[prefix + path] = (source[0], f"{source[1]}.{rest}" if rest else source[1])


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


def _called(expr: Expr) -> Expr:
    return expr[1] if expr.__class__ is tuple and expr[0] == "call" else expr
