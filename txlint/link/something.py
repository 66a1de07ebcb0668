"""What is known of an argument whose value is not: `something` says that it is not None, of which built-in type it is, and whether it is
true: a list with items, text with a value in it, an instance that has just been made, ``NOT_GIVEN = object()``."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

from txlint.link.names import is_object
from txlint.link.project import Klass
from txlint.link.uses import uses_of
from txlint.link.values import UNKNOWN, Const, Ext, Obj, Prefix, Seq, Value
from txlint.model.facts import Expr
from txlint.model.graph import Some
from txlint.model.shapes import last_name, statements

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.project import Fun
    from txlint.link.replay import Frame

TOLD = frozenset({Obj, Prefix, Seq})
"""What a name has to stand for, for this to be asked."""
_WRITTEN = frozenset({"comp", "dict", "fstring", "lambda", "list", "set", "tuple"})
_TYPES = {"lambda": "function", "fstring": "str", "gen": "generator"}


def something(frame: Frame, arg: Expr, value: Value) -> tuple[Any, ...] | None:
    """What a call passes, as in `Passed.values`; None where it may be None. Of a name (`TOLD`) only where one statement binds it, to such
    an expression: other code may have put something into that since."""
    if arg.__class__ is tuple:
        return _written(frame, arg, value)
    fact, made = frame.fun.fact, value[0]
    if fact is None or "." in arg or arg not in frame.fun.scope or (type(made) is Obj and not is_always_true(frame.linker, made.klass)):
        return None
    bindings = uses_of(frame.linker, frame.fun, arg).bindings
    known = _written(frame, bindings[0], value) if len(bindings) == 1 and bindings[0].__class__ is tuple else None
    if known is None or any(param.name == arg for param in fact.params):
        return None
    return ("const", Some(known[1].type, None)) if known[0] == "const" and type(made) is Seq else known


def _written(frame: Frame, expr: Any, value: Value) -> tuple[Any, ...] | None:
    tag = expr[0]
    if tag in _WRITTEN:
        return ("const", Some(_TYPES.get(tag) or _TYPES.get(expr[1], expr[1]) if tag in ("comp", *_TYPES) else tag, _is_true(expr)))
    if tag != "call":
        return None
    if len(value) == 1 and type(value[0]) is Obj and value[0].exact:
        return ("true", value[0].klass.id) if is_always_true(frame.linker, value[0].klass) else None
    if last_name(expr[1])[:1].isupper():
        of = frame.looked_at(expr[1]) if expr[1].__class__ is str else UNKNOWN
        if len(of) == 1 and isinstance(of[0], Ext) and not last_name(expr[1]).isupper():
            return ("const", Some("", True if _is_plain(of[0].name) else None))
    return None


def _is_true(expr: Any) -> bool | None:
    """Does a display have an item in any case, a text a letter?"""
    tag, items = expr[0], expr[1]
    if tag == "dict":
        return True if any(key is not None for key in items) else None
    if tag == "fstring":
        return True if any(part.__class__ is tuple and part[0] == "const" and part[1] for part in items) else None
    if tag in ("lambda", "comp"):
        return True if tag == "lambda" or items == "gen" else None
    return True if any(item.__class__ is str or item[0] != "star" for item in items) else None


def is_always_true(linker: Linker, klass: Klass) -> bool:
    """Is every instance of a class true: has nothing above it ``__bool__`` or ``__len__``?"""
    known = linker.always_true.get(klass.id)
    if known is None:
        known = all(isinstance(base, Klass) or _is_plain(base) for base in linker.mro(klass)) and linker.has_known_bases(klass)
        known = known and not any(linker.has_own(klass, name) for name in ("__bool__", "__len__"))
        linker.always_true[klass.id] = known
    return known


def _is_plain(name: str) -> bool:
    """Is a library's class `object` or an exception?"""
    module, _, last = name.rpartition(".")
    found = getattr(builtins, last, None) if module == "builtins" else None
    return found is object or (isinstance(found, type) and issubclass(found, BaseException))


def defaults_of(linker: Linker, fun: Fun) -> dict[str, Any]:
    """The constants that parameters are where nothing is passed for them: those that stand there, and those of a module by their name."""
    from txlint.link.replay import evaluate

    found: dict[str, Any] = {}
    for param in fun.fact.params if fun.fact is not None else ():
        default = param.default
        if default.__class__ is tuple and default[0] == "const":
            found[param.name] = default[1]
        elif default.__class__ is str and fun.parent is None:
            head = default.partition(".")[0]
            value = evaluate(linker, default, fun.module, fun.klass if fun.klass is not None and head in fun.klass.names else None)
            if len(value) == 1 and isinstance(value[0], Const) and _is_bound_once(linker, fun, default):
                found[param.name] = value[0].value
    return found


def _is_bound_once(linker: Linker, fun: Fun, name: str) -> bool:
    """Does a name stand for one constant and nothing else: bound once in its module or class, by no statement that adds to it?"""
    project = linker.project
    module, rest = project.inside(linker.where_bound(fun.module, name), fun.module.facts.path)
    if module is None:
        return False
    is_own = fun.klass is not None and name in fun.klass.names
    bound = project.bindings(module, f"{fun.klass.fact.qualname}.{name}" if fun.klass is not None and is_own else rest) or ()
    expr = bound[0][1] if len(bound) == 1 and bound[0][0] == "value" else None
    if expr.__class__ is not tuple or not (expr[0] == "const" or is_object(expr)):
        return False
    return not any(stmt[0] == "aug" and stmt[1] == rest for stmt in statements(module.body.body))
