"""Flask's configuration: what ``app.config["GATEWAY"]`` is, where the project says so by a constant.

Facts are from Flask 3.1 (flask/config.py: ``Config`` is a dict; ``from_object`` takes the names in capitals of a class, an instance or a
module, or of what a dotted string leads to; what comes later takes the place of what was there before). Which of several configurations is
used is for who deploys to say, so all of them count; a key of which one says something that is no constant is not known, and none is where
a file or the environment is read into the configuration. What only a parameter gives that no call of the project passes (``**overrides``)
is for tests. Numbers, flags and what is empty are left out: deployments turn them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from txlint.frameworks.configured import calls_of, passed
from txlint.frameworks.named import bound_to
from txlint.frameworks.routes import value_at
from txlint.frameworks.types import Framework
from txlint.model.shapes import called_on, calls_in, last_name, statements

if TYPE_CHECKING:
    from txlint.frameworks.types import Atom, Fun, Linker, Value
    from txlint.model.facts import Expr

_READS = frozenset({"flask.Config.__getitem__", "flask.Config.get"})
_OBJECT = "from_object"
_MAPPINGS = frozenset({"from_mapping", "update"})
_ELSEWHERE = frozenset({"from_envvar", "from_file", "from_json", "from_prefixed_env", "from_pyfile"})
_CONFIGURE = _ELSEWHERE | _MAPPINGS | {_OBJECT, "setdefault"}


class _NotKnown(Exception):
    """Something that configures the application is not a constant."""


class _Said(NamedTuple):
    """The keys that calls and assignments give, with what each does where; the classes and modules that are taken whole."""

    keys: dict[str, list[tuple[Fun, Expr]]]
    holders: list[Atom]


class Configuration(Framework):
    """A `Framework` of the linker."""

    def __init__(self) -> None:
        self._said: _Said | None = None
        self._known: dict[str, Value] = {}

    def given(self, linker: Linker, dotted: str, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> Value | None:
        """``current_app.config["GATEWAY"]``."""
        key = args[0][0] if dotted in _READS and args and len(args[0]) == 1 else None
        if not isinstance(key, linker.Const) or key.value.__class__ is not str:
            return None
        if self._said is None:
            self._said = _Said({}, [])  # reading it may ask for what is configured
            self._said = _said(linker)
        if key.value not in self._known:
            self._known[key.value] = ()
            self._known[key.value] = _configured(linker, self._said, key.value)
        return self._known[key.value] or None


def _configured(linker: Linker, said: _Said, key: str) -> Value:
    """What all that configure the application say of a key; nothing where one of them is no constant."""
    value: Value = ()
    try:
        for fun, expr in said.keys.get(key, ()):
            value = linker.union(value, _constant(linker, expr, fun.module, None, fun))
        for holder in said.holders:
            value = linker.union(value, _held(linker, holder, key))
    except _NotKnown:
        return ()
    tables = [atom for atom in value if isinstance(atom, linker.Table)]
    return (_together(linker, tables), *(atom for atom in value if atom not in tables)) if len(tables) > 1 else value


def _together(linker: Linker, tables: list[Any]) -> Atom:
    """One table with what several have under each key."""
    items: dict[Any, Value] = {}
    for table in tables:
        for key, value in table.items:
            items[key] = linker.union(items.get(key, ()), value)
    return linker.atoms(linker.Table, tuple(items.items()), ())


def _held(linker: Linker, holder: Atom, key: str) -> Value:
    """What a class or a module says of a key."""
    value: Value = ()
    if isinstance(holder, linker.Cls):
        found, module, klass = linker.find(holder.klass, key), holder.klass.module, None
        if any(not isinstance(base, str) and key in base.setters for base in linker.mro(holder.klass)):
            raise _NotKnown
        if found is not None and found.bindings is not None:
            module, klass = found.owner.module, found.owner
        bindings = found.bindings if found is not None else ()
    else:
        module, klass = holder, None
        bindings = linker.project.bindings(module, key)
        if not bindings and module.stars:
            raise _NotKnown
    if bindings is None:
        raise _NotKnown
    for kind, *rest in bindings:
        if kind == "value":
            value = linker.union(value, _constant(linker, rest[0], module, klass, None))
        elif not (given := _able(linker, linker.bound((kind, *rest), module, klass))):
            raise _NotKnown
        else:
            value = linker.union(value, given)
    return value


def _constant(linker: Linker, expr: Expr, module: Any, klass: Any, fun: Fun | None) -> Value:
    """A text that is not empty, a display of such, or a class, a function or an instance; anything else is not known."""
    if expr.__class__ is tuple and expr[0] == "const":
        if expr[1].__class__ is str and expr[1]:
            return (linker.atoms.const(expr[1]),)
    elif expr.__class__ is tuple and expr[0] == "dict":
        if all(key is not None and key.__class__ is tuple and key[0] == "const" for key in expr[1]):
            pairs = zip(expr[1], expr[2], strict=True)
            return (linker.atoms(linker.Table, tuple((key[1], _inside(linker, item, module, klass, fun)) for key, item in pairs), ()),)
    elif expr.__class__ is tuple and expr[0] in ("list", "tuple"):
        return (linker.atoms(linker.Seq, tuple(_inside(linker, item, module, klass, fun) for item in expr[1])),)
    elif found := _able(linker, value_at(linker, fun, expr) if fun is not None else linker.bound(("value", expr, None), module, klass)):
        return found
    raise _NotKnown


def _inside(linker: Linker, expr: Expr, module: Any, klass: Any, fun: Fun | None) -> Value:
    """The same of one that stands in a display, where the others may be known."""
    try:
        return _constant(linker, expr, module, klass, fun)
    except _NotKnown:
        return ()


def _able(linker: Linker, value: Value) -> Value:
    """What can be called or has methods, if a value is nothing else."""
    return value if all(isinstance(atom, (linker.Cls, linker.Ext, linker.ExtObj, linker.Fn, linker.Obj)) for atom in value) else ()


def _said(linker: Linker) -> _Said:
    """Looks for what configures an application, whoever it is: ``app.config`` by its last name."""
    said = _Said({}, [])
    try:
        for module in linker.project.ordered:
            if "config" in module.facts.words:
                for fun in (module.body, *module.funs):
                    _look_through(linker, fun, said)
    except _NotKnown:
        said.keys.clear()
        said.holders.clear()
    return said


def _look_through(linker: Linker, fun: Fun, said: _Said) -> None:
    for stmt in statements(fun.body):
        for target in stmt[1] if stmt[0] == "assign" else ():
            if target.__class__ is tuple and target[0] == "sub" and _is_config(target[1]) and (key := _text(target[2])):
                said.keys.setdefault(key, []).append((fun, stmt[2]))
    for call in calls_in(fun.body):
        method = last_name(call[1])
        if method not in _CONFIGURE or not _is_config(called_on(call[1])):
            continue
        if method in _ELSEWHERE:
            raise _NotKnown
        if method == _OBJECT:
            for each in call[2][:1]:
                said.holders.extend(_holders(linker, fun, each))
        elif method in _MAPPINGS:
            _take(linker, fun, call[2], call[3], said)
        elif len(call[2]) == 2 and (key := _text(call[2][0])):
            said.keys.setdefault(key, []).append((fun, call[2][1]))


def _is_config(expr: Expr) -> bool:
    """Is it called as the configuration of an application is?"""
    return expr.endswith(".config") if expr.__class__ is str else expr[0] == "attr" and expr[2] == "config"


def _text(expr: Expr) -> str:
    return expr[1] if expr.__class__ is tuple and expr[0] == "const" and expr[1].__class__ is str else ""


def _take(linker: Linker, fun: Fun, args: Any, keywords: Any, said: _Said) -> None:
    """What is given in a dict, or by keywords."""
    for name, expr in keywords:
        if name is not None:
            said.keys.setdefault(name, []).append((fun, expr))
    for expr in (*args, *(expr for name, expr in keywords if name is None)):
        if expr.__class__ is tuple and expr[0] == "dict" and None not in expr[1]:
            _take(linker, fun, (), [(_text(key), item) for key, item in zip(expr[1], expr[2], strict=True)], said)
        elif any(True for _ in _passed(linker, fun, expr)):
            raise _NotKnown


def _passed(linker: Linker, fun: Fun, expr: Expr) -> Iterator[tuple[Fun, Expr]]:
    """What stands for an expression of a function: where it is a parameter, what calls in the project pass for it, and its default."""
    param = next((each for each in fun.fact.params if each.name == expr), None) if fun.fact is not None else None
    if param is None:
        yield fun, expr
        return
    names = fun.fact.positional
    for caller, call in calls_of(linker, fun):
        if param.kind == "kwarg":
            more = [item for name, item in call[3] if name not in names]
            yield from ((caller, item) for item in more)
        elif (given := passed(call, names, expr)) is not None:
            yield caller, given
    if param.default is not None and param.default != ("const", None):
        yield fun, param.default


def _holders(linker: Linker, fun: Fun, expr: Expr) -> Iterator[Atom]:
    """The classes and modules that ``from_object`` takes."""
    for scope, given in _passed(linker, fun, expr):
        if given == "__name__":
            yield scope.module
            continue
        value = value_at(linker, scope, given)
        found = [each for atom in value for each in _whole(linker, atom)]
        if not found or None in found:
            raise _NotKnown
        yield from found


def _whole(linker: Linker, atom: Atom) -> Iterator[Atom]:
    """The class or module that is meant; None where that is not known."""
    if isinstance(atom, linker.Const) and atom.value.__class__ is str:
        module = linker.project.find_module(atom.value)
        for each in (module,) if module is not None else bound_to(linker, atom.value) or (None,):
            yield each if each is module else next(_whole(linker, each))
    elif isinstance(atom, linker.OneOf):
        for option in atom.options:
            yield from _whole(linker, option)
    elif isinstance(atom, (linker.Cls, linker.Obj)):
        bases = [base for base in linker.library_bases(atom.klass) if base not in ("builtins.object", "object")]
        yield linker.atoms(linker.Cls, atom.klass) if not bases else None
    elif isinstance(atom, linker.Mod):
        yield linker.project.find_module(atom.name)
    elif not isinstance(atom, linker.Stored):  # what is put into a table piece by piece
        yield None
