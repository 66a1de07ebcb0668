"""What a loop goes over: `fields_over` tells over which fields of the receiver's class, none where it is never entered for receivers of
the class that is replayed; `constants_over` over which constants; `holds_in` what holds where a local container has anything in it.

``for name in self._file_fields``, a property that lists those fields of the class (``self._meta.fields``) that are of a kind of which
the class may have none; and a loop over a local container that only such a loop fills, or that is filled only under a test. `is_entered`
tells of loops that have something to go over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from txlint.link.constructed import said_by_property
from txlint.link.project import Klass, Module
from txlint.link.settled import is_settled
from txlint.link.uses import uses_of
from txlint.link.values import UNKNOWN, Const, Ext, Seq, Value
from txlint.model.facts import Body, Expr
from txlint.model.graph import Test
from txlint.model.shapes import bodies, statements

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.replay import Frame

_SAME = frozenset({"enumerate", "frozenset", "iter", "list", "reversed", "set", "sorted", "tuple"})
"""Builtins that give no item for nothing."""
_VIEWS = frozenset({"copy", "get", "items", "keys", "values"})
"""Methods that leave a container as it is."""
_LOOKS = _SAME | {"all", "any", "bool", "len", "print", "repr", "str"}
_NEW = (("dict", (), ()), ("list", ()), ("set", ()))


_EMPTIES = frozenset({"clear", "discard", "pop", "popitem", "popleft", "remove"})
_LEAVES = frozenset({"break", "continue", "raise", "return"})


def fields_over(frame: Frame, expr: Expr) -> frozenset[str] | None:
    """The names of fields that an iterable gives; none where it never has an item, whatever object of the receiver's class it is asked
    for. None where it gives anything else."""
    source = _source(expr)
    if source.__class__ is str and "." not in source:
        return frozenset() if frame.skipped and _is_unfilled(frame, source, frozenset()) else None
    return listed(frame, source)


def constants_over(frame: Frame, expr: Expr, value: Value) -> tuple[Any, ...] | None:
    """The constants that a loop goes over: of a tuple or list that stands there or at the top of a module, of a tuple with a name, and of
    what the receiver's class has, or one below it where it may be one of them. None where it goes over anything else."""
    if expr.__class__ is not str:
        return _constants(value) if expr[0] in ("tuple", "list") else None
    if frame.self_name is None or not expr.startswith(f"{frame.self_name}."):
        return _constants(value) or None if _is_lasting(frame, expr) else None
    klass, name, linker = frame.klass or frame.fun.klass, expr.partition(".")[2], frame.linker
    if klass is None or not name.isidentifier() or not is_settled(linker, klass, name) or name in linker.setters(klass):
        return None
    found: tuple[Any, ...] = ()
    for each in (klass,) if frame.exact else (klass, *klass.subclasses):
        bound = linker.find(each, name)
        if bound is None or bound.bindings is None or len(bound.bindings) != 1 or bound.bindings[0][0] != "value":
            return None
        if bound.bindings[0][1] != ("tuple", ()):
            known = _constants(linker.class_attribute(each, name))
            if known is None:
                return None
            found += known
    return tuple(dict.fromkeys(found))


def _is_lasting(frame: Frame, expr: str) -> bool:
    """Is it at the top of a module, or a local name for one tuple alone? A list with a local name may be filled."""
    name = expr.partition(".")[0]
    owner = frame.fun.owner_of(name)
    if owner is not frame.fun:
        return owner is None
    bindings = uses_of(frame.linker, owner, expr).bindings if name == expr and not frame.is_param(name) else ()
    return len(bindings) == 1 and bindings[0].__class__ is tuple and bindings[0][0] == "tuple"


def _constants(value: Value) -> tuple[Any, ...] | None:
    """The constants that are in tuples and lists; None where there is anything else."""
    items = [item for atom in value for item in (atom.items if isinstance(atom, Seq) else (UNKNOWN,))]
    known = [item[0].value for item in items if len(item) == 1 and isinstance(item[0], Const)]
    return tuple(dict.fromkeys(known)) if value and len(known) == len(items) else None


def fills(frame: Frame, name: str, place: Any) -> None:
    """Something is put into a local container by a statement that is known by its place: only where the tests hold that hold here."""
    places, before = frame.filled.get(name, (frozenset(), frame.guards))
    frame.filled[name] = places | {place}, tuple(test for test in before if test in frame.guards)


def holds_in(frame: Frame, expr: Expr) -> tuple[Test, ...]:
    """What holds where a local container has something in it."""
    source = _source(expr)
    places, known = frame.filled.get(source, (frozenset(), ())) if source.__class__ is str else (frozenset(), ())
    return known if known and _is_unfilled(frame, source, places) else ()


def is_entered(frame: Frame, loop: Any) -> bool:
    """Has a loop something to go over, since a test before it has left where there is nothing (``if not orders: return``), and does each
    round run to its end?"""
    name, fun = _source(loop[2]), frame.fun
    if name.__class__ is not str or "." in name or fun.fact is None or name not in fun.scope:
        return False
    uses = uses_of(frame.linker, fun, name)
    if len(uses.bindings) + any(param.name == name for param in fun.fact.params) != 1 or not _EMPTIES.isdisjoint(uses.called):
        return False
    if any(stmt[0] in ("break", "continue") for stmt in statements(loop[3])):
        return False
    return _is_behind_test(fun.body, loop, name)


def _is_behind_test(body: Body, loop: Any, name: str) -> bool:
    """Has a test in this block, or in one around the loop in it, left where the name is of something empty?"""
    for stmt in body:
        if stmt is loop:
            return False
        if stmt[0] == "if" and stmt[1] == ("not", name) and stmt[2] and stmt[2][-1][0] in _LEAVES:
            return any(each is loop for each in statements(body))
        for block in bodies(stmt):
            if any(each is loop for each in statements(block)):
                return (stmt[0] == "if" and stmt[1] == name and block is stmt[2]) or _is_behind_test(block, loop, name)
    return False


def listed(frame: Frame, expr: Expr) -> frozenset[str] | None:
    """The fields of the receiver's class that an expression lists; None where it lists anything else, or they are not all known."""
    own = frame.self_name
    klass = frame.klass or frame.fun.klass
    expr = _source(expr)
    if own is None or klass is None:
        return None
    if expr.__class__ is str:
        head, _, name = expr.partition(".")
        return _of_property(frame, klass, name) if head == own and name.isidentifier() and name not in frame.sets else None
    if expr[0] != "comp" or len(expr[2]) != 1:
        return None
    target, source, ifs, _ = expr[2][0]
    is_called = source.__class__ is tuple and source[0] == "call" and source[1].__class__ is str and not source[2] and not source[3]
    path = source[1] + "()" if is_called else source
    if path.__class__ is not str or not path.startswith(own + "."):
        return None
    for test in ifs:
        if test.__class__ is tuple and test[0] == "call" and test[1] == "isinstance" and len(test[2]) == 2 and test[2][0] == target:
            kinds = frame.ev(test[2][1])
            if len(kinds) == 1 and isinstance(kinds[0], Ext):
                question = f"{path[len(own) + 1 :]}|{kinds[0].name}"
                frame.queries["fields", question] = None
                return fields_of(frame.linker, klass, frame.exact, question)
    return None


def fields_of(linker: Linker, klass: Klass, exact: bool, question: str) -> frozenset[str] | None:
    """The fields of a class, and of those that derive from it unless it is the very class, by ``path|kind``: what reading the path of an
    instance lists, as far as it is of the kind."""
    path, _, kind = question.partition("|")
    names: frozenset[str] = frozenset()
    for each in (klass,) if exact else (klass, *klass.subclasses):
        known = next((found for f in linker.frameworks if (found := f.fields(linker, each, path, kind)) is not None), None)
        if known is None:
            return None
        names |= known
    return names


def _source(expr: Expr) -> Expr:
    """What an iterable is made of, item by item: ``x`` of ``sorted(x.items())``."""
    while expr.__class__ is tuple and expr[0] == "call" and not expr[3] and expr[1].__class__ is str:
        if expr[1] in _SAME and len(expr[2]) == 1:
            expr = expr[2][0]
        elif not expr[2] and expr[1].count(".") == 1 and expr[1].endswith((".items", ".keys", ".values")):
            return expr[1].partition(".")[0]
        else:
            break
    return expr


def _of_property(frame: Frame, klass: Klass, name: str) -> frozenset[str] | None:
    """What a property of the receiver lists that only returns it."""
    from txlint.link.replay import Frame

    linker = frame.linker
    said = said_by_property(linker, klass, name)
    if said is None or (not frame.exact and linker.overrides(klass, name)):
        return None
    fun, own, returned = said
    if name in linker.setters(klass) or not linker.begin(("listed", fun.id)):
        return None
    inner = Frame(linker, fun, klass, frame.exact)
    inner.silent = True
    inner.self_name = own
    result = listed(inner, returned)
    linker.done(("listed", fun.id), {}, None)
    if result is not None:
        frame.queries.update(inner.queries)
        frame.queries["attr", name] = None
    return result


def _is_unfilled(frame: Frame, name: str, places: frozenset[Any]) -> bool:
    """Is a local container made empty, and nowhere else put anything into than in loops that are not entered, and at these places?"""
    fun = frame.fun
    if fun.fact is None or name not in fun.scope or any(param.name == name for param in fun.fact.params):
        return False
    bindings = uses_of(frame.linker, fun, name).bindings
    return len(bindings) == 1 and _is_new(bindings[0]) and not _fills(fun.body, name, fun.module, frame.skipped | places)


def _is_new(expr: Expr | None) -> bool:
    if expr in _NEW:
        return True
    return expr.__class__ is tuple and expr[0] == "call" and expr[1] in ("dict", "list", "set") and not expr[2] and not expr[3]


def _fills(node: Any, name: str, module: Module, skipped: frozenset[Any]) -> bool:
    """May something outside of these loops and statements put an item into the container, or hand it to somebody who does?"""
    if node.__class__ is str:
        return bool(node.partition(".")[0] == name)
    if node.__class__ is not tuple or not node or (node[0] == "const" and len(node) == 2):
        return False
    tag = node[0]
    left: Any = node
    if tag == "for" and len(node) == 7:
        source = () if _source(node[2]) == name else node[2]
        body = () if _source(node[2]) == name else node[3]  # there it has something in it
        left = (source, node[4]) if node[6] in skipped else (node[1], source, body, node[4])
    elif tag == "assign" and len(node) > 3:
        known = (name, ("sub", name)) if ("fill", node[3]) in skipped else (name,)
        left = (tuple(target for target in node[1] if target not in known and target[:2] not in known), node[2])
    elif tag == "if" and len(node) == 5 and node[1] == name:
        left = node[3]
    elif tag in ("while", "not") and len(node) > 1 and node[1] == name:
        left = node[2:]
    elif tag == "cmp" and len(node) == 4:
        left = tuple(part for part in (node[1], *node[3]) if part != name)
    elif tag == "call" and len(node) == 5:
        func = node[1]
        if func.__class__ is str and func.partition(".")[0] == name and (func.partition(".")[2] in _VIEWS or node[4] in skipped):
            left = node[2:4]
        elif func in _LOOKS:
            left = (tuple(arg for arg in node[2] if arg != name), node[3])
    elif tag in ("def", "lambda") and len(node) == 2:
        inner = module.funs[node[1]]
        return name not in inner.scope and _fills(inner.body, name, module, frozenset())
    return any(_fills(part, name, module, skipped) for part in left)
