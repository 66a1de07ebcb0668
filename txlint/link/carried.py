"""Attributes of parameters: ``if order.paid`` in a function that is called where ``order.paid = False`` was assigned just before.

`carried_in` is what such a test is a test of. What the attribute is, callers say when conditions meet the call (`carried`): the constant
that they have assigned to it or made the object with, or what their own caller has, where they only pass a parameter on. Wherever it may
have been assigned in between, nothing is known. Only names that the function itself uses are followed: what else holds the same object is
not looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from txlint.link.changes import REREADS, covers, done, functions_named, of_others
from txlint.link.project import Fun, Klass
from txlint.link.unset import NOT_KNOWN, Answer, is_held, meanwhile, names_of, row_of_class, when_made
from txlint.link.uses import RECEIVES, Uses, holds, until, uses_before, uses_in, uses_of
from txlint.link.values import UNKNOWN, Cls, Const, ExtMethod, Obj, Param, SelfObj, Seq, Value
from txlint.model.facts import Body, Expr, Pos, Stmt
from txlint.model.graph import HELD, OF
from txlint.model.shapes import bodies, last_name, parts

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.replay import Frame

_MOST = 8  # classes that an object may be of


# -- tests --------------------------------------------------------------------------------------------------------------------------


def carried_in(frame: Frame, expr: str) -> str | None:
    """The parameter of conditions that ``order.paid`` is; None where `order` is no parameter, or where nobody assigns such an attribute of
    what is not its own. Whether the function may have assigned it before it asks is for `carried` to find out, but where it asks again:
    what it would be taken to have answered before must be what it answers now."""
    head, _, name = expr.partition(".")
    linker, fun, at = frame.linker, frame.fun, frame.at
    if name not in linker.project.put_on or at is None or not frame.is_param(head):
        return None
    value = frame.env.get(head, UNKNOWN)
    first = linker.asked.setdefault((fun.id, expr), (at, value))
    if first[0] is not at and not _is_untouched(linker, fun, expr, at, value):
        return None
    return OF + expr


def _is_untouched(linker: Linker, fun: Fun, expr: str, at: Stmt, value: Value) -> bool:
    head, _, name = expr.partition(".")
    uses = uses_before(linker, fun, head, at)
    return not uses.bindings and not _may_touch(linker, fun, value, uses, name)


# -- what callers have assigned -----------------------------------------------------------------------------------------------------


def carried(
    linker: Linker,
    fun: Fun,
    own: str | None,
    call: Expr,
    args: tuple[Value, ...],
    keywords: Mapping[str | None, Value],
    callee: int,
    position: int,
    name: str,
    attribute: str,
) -> Answer:
    """What an attribute is of what a function passes in a call, for the ``callee``'s parameter of this name or at a position; where none is
    asked for, the classes of the items of a list that it passes. ``own`` is the name of the function's receiver; ``args`` and
    ``keywords`` are what is passed."""
    if not attribute:
        return _in_list(linker, fun, call, args, keywords, linker.project.funs[callee], position, name)
    passed = _passed(call, args, keywords, position, name)
    if passed is None or not _is_followed(passed[0]) or fun.fact is None or (passed[0].__class__ is str and passed[0] not in fun.scope):
        return NOT_KNOWN
    key = (fun.id, call[4], passed, callee, attribute)
    known = linker.carried.get(key)
    if known is None:
        other, expr = linker.project.funs[callee], f"{name}.{attribute}"
        asked = linker.asked.get((callee, expr))
        if asked is not None and not _is_untouched(linker, other, expr, *asked):
            known = NOT_KNOWN
        else:
            arg, value = passed
            if arg.__class__ is str:
                known = _carried(linker, fun, own, call[4], arg, value or _declared(linker, other, name), attribute)
            else:
                known = _made_with(linker, fun, call[4], arg, attribute)
        linker.carried[key] = known
    return known


def _in_list(
    linker: Linker,
    fun: Fun,
    call: Expr,
    args: tuple[Value, ...],
    keywords: Mapping[str | None, Value],
    callee: Fun,
    position: int,
    name: str,
) -> Answer:
    """The classes of what is passed in a list, ``publish([Paid(), Shipped()])``, or one by one, ``publish(Paid(), Shipped())``:
    ``("class", those)``; ``("listed", name)`` where it is a parameter of the function and nothing else, ``("param", name)`` where the
    list is."""
    if any(param.name == name and param.kind == "vararg" for param in (callee.fact.params if callee.fact is not None else ())):
        exprs, given = call[2][position:], args[position:]
        if len(exprs) == 1 and exprs[0].__class__ is tuple and exprs[0][0] == "star" and len(call[2]) == position + 1:
            return _unbound(linker, fun, exprs[0][1])
    else:
        expr, value = _passed(call, args, keywords, position, name) or (None, UNKNOWN)
        if expr.__class__ is str:
            return _unbound(linker, fun, expr)
        if expr is None or expr[0] not in ("list", "tuple") or len(value) != 1 or not isinstance(value[0], Seq):
            return NOT_KNOWN
        exprs, given = expr[1], value[0].items
    if len(exprs) != len(given) or any(each.__class__ is tuple and each[0] == "star" for each in (*call[2], *exprs)):
        return NOT_KNOWN
    if len(given) == 1 and (own := next((atom for atom in given[0] if isinstance(atom, Param) and atom.fun is fun), None)) is not None:
        return ("listed", own.name)
    made = [each[0].klass.id if len(each) == 1 and isinstance(each[0], Obj) and each[0].exact else None for each in given]
    return NOT_KNOWN if None in made else ("class", frozenset(made))


def _unbound(linker: Linker, fun: Fun, name: Expr) -> Answer:
    """A parameter of the function that it never binds again."""
    is_own = name.__class__ is str and fun.fact is not None and any(param.name == name for param in fun.fact.params)
    return ("param", name) if is_own and not uses_of(linker, fun, name).bindings else NOT_KNOWN


def _declared(linker: Linker, fun: Fun, name: str) -> Value:
    """What a function says that its parameter is."""
    hints = [param.annotation for param in fun.fact.params if param.name == name and param.annotation is not None] if fun.fact else []
    return linker.annotation(hints[0], fun.module, fun.klass, fun.parent) if hints else UNKNOWN


def _passed(
    call: Expr, args: tuple[Value, ...], keywords: Mapping[str | None, Value], position: int, name: str
) -> tuple[Expr, Value] | None:
    """What is passed for a parameter, and its value."""
    for place, (arg, value) in enumerate(zip(call[2], args, strict=False)):
        if arg.__class__ is tuple and arg[0] == "star":
            break
        if place == position:
            return arg, value
    given = next((arg for keyword, arg in call[3] if keyword == name), None)
    return (given, keywords.get(name, UNKNOWN)) if given is not None else None


def _is_followed(arg: Expr) -> bool:
    """Is it a plain name, or a call?"""
    return "." not in arg if arg.__class__ is str else bool(arg[0] == "call")


def _carried(linker: Linker, fun: Fun, own: str | None, at: Pos, name: str, value: Value, attribute: str) -> Answer:
    way = _way(fun.body, at, f"{name}.{attribute}")
    if way is None:
        return NOT_KNOWN
    assert fun.fact is not None
    since = uses_in(way.since, name, fun.module)
    before = uses_in((*way.before, *way.since), name, fun.module) if way.source is not None and not way.is_made else since
    if before.escapes or since.bindings or any(function[:1].isupper() for function, _ in before.handed):
        return NOT_KNOWN  # it has another name, or something else keeps it
    if any(uses.called or uses.handed for uses in (uses_in(way.since, holder, fun.module) for holder in before.holders)):
        return NOT_KNOWN  # so does `form`, of `form.instance = order` and `form.save()`
    if _may_touch(linker, fun, value, since, attribute):
        return NOT_KNOWN
    if way.is_made:
        return _made_with(linker, fun, at, way.source, attribute)
    if way.source is not None:
        return _assigned(linker, fun, at, way.source) if _keeps(linker, value, attribute) else NOT_KNOWN
    if name == own:
        owners = [atom.klass for atom in value if isinstance(atom, SelfObj)]
        return ("param", HELD + attribute) if len(owners) == 1 == len(value) and is_held(linker, owners[0], attribute) else NOT_KNOWN
    return ("param", f"{OF}{name}.{attribute}") if any(param.name == name for param in fun.fact.params) else NOT_KNOWN


def _assigned(linker: Linker, fun: Fun, at: Pos, source: Expr) -> Answer:
    """What was assigned, before a call: a constant, or a parameter."""
    if source.__class__ is tuple and source[0] == "const":
        return ("const", source[1])
    head = source.partition(".")[0] if source.__class__ is str else ""
    if head and head not in fun.scope:
        value = linker.value(source, fun.module, fun)
        return ("const", value[0].value) if len(value) == 1 and isinstance(value[0], Const) else NOT_KNOWN
    is_param = fun.fact is not None and any(param.name == source and param.kind not in ("vararg", "kwarg") for param in fun.fact.params)
    return ("param", source) if is_param and not uses_before(linker, fun, head, at).bindings else NOT_KNOWN


def _made_with(linker: Linker, fun: Fun, at: Pos, source: Expr | None, attribute: str) -> Answer:
    """What an attribute of an instance is that an expression makes: what its class's constructor or manager is given for it, or what all
    new instances have."""
    if source.__class__ is tuple and source[0] == "await":
        source = source[1]
    if source.__class__ is not tuple or source[0] != "call" or source[1].__class__ is not str or source[1].partition(".")[0] in fun.scope:
        return NOT_KNOWN
    value = linker.value(source[1], fun.module, fun)
    maker = value[0] if len(value) == 1 else None
    if isinstance(maker, ExtMethod) and last_name(source[1]) in _CREATES:
        rows = linker.item_of(maker.receiver)
        maker = linker.atoms(Cls, rows[0].klass) if len(rows) == 1 and isinstance(rows[0], Obj) and rows[0].exact else None
    if not isinstance(maker, Cls):
        return NOT_KNOWN
    found = linker.find(maker.klass, "__init__")
    own = found.method.fact if found is not None and found.method is not None else None
    names = own.positional[1:] if own is not None else ()
    passed: dict[str, Value] = {}
    for name, given in (*zip(names, source[2], strict=False), *source[3]):
        kind, *what = _assigned(linker, fun, at, given)
        if kind == "const":
            passed[name or ""] = (linker.atoms.const(what[0]),)
        else:
            passed[name or ""] = (linker.atoms(Param, fun, what[0]),) if kind == "param" else UNKNOWN
    is_whole = len(source[2]) <= len(names) and "" not in passed and not any(each[0] == "star" for each in source[2])
    held = when_made(linker, maker.klass, attribute, passed, is_whole)
    atom = held[0] if held is not None and len(held) == 1 else None
    if isinstance(atom, Param):
        return ("param", atom.name)
    return ("const", atom.value) if isinstance(atom, Const) else NOT_KNOWN


_CREATES = frozenset({"acreate", "create"})


class _Way(NamedTuple):
    """How a function comes to a call: the statements that may have run ``before`` an attribute was assigned and ``since``, without the call
    itself; what was assigned (``source``; None where it was not, and all are in ``since``), to the attribute or, where it ``is_made``,
    to the name of the object."""

    before: Body
    since: Body
    source: Expr | None
    is_made: bool = False


def _way(body: Body, at: Pos, target: str) -> _Way | None:
    """The way to a call since an attribute was last assigned, or the object made, on all ways to it; None where the call does not stand in
    statements."""
    head = target.partition(".")[0]
    for number, stmt in enumerate(body):
        if not holds((stmt,), at):
            continue
        in_loop = stmt[0] in ("for", "while")
        block = next((block for block in bodies(stmt) if holds(block, at)), None)
        if block is not None:
            inner = _way(block, at, target)
            if inner is None:
                return None
            if inner.source is not None:
                return inner._replace(before=(*body[:number], *inner.before), since=(*_defined(body[:number]), *inner.since))
            in_loop = in_loop or _loops(block, at)
        rest = until((stmt,), at)
        if not in_loop:
            without = _without(rest, at)
            if without is None:
                return None
            rest = without
        for place in range(number - 1, -1, -1):
            if body[place][0] == "assign":
                is_made = head in body[place][1]
                if is_made or target in body[place][1]:
                    return _Way(body[:place], (*_defined(body[:place]), *body[place + 1 : number], *rest), body[place][2], is_made)
        return _Way((), (*body[:number], *rest), None)
    return None


def _defined(body: Body) -> Body:
    """The statements that define functions, which may run later."""
    return tuple(stmt for stmt in body if any(part[0] in ("def", "lambda") for part in parts((stmt,))))


def _loops(body: Body, at: Pos) -> bool:
    """Does a call stand in a loop?"""
    for stmt in body:
        if holds((stmt,), at):
            return stmt[0] in ("for", "while") or any(_loops(block, at) for block in bodies(stmt) if holds(block, at))
    return False


def _without(node: Any, at: Pos) -> Any:
    """Statements or an expression without a call, of which only the arguments are left; None where it stands in a comprehension."""
    if node.__class__ is not tuple or not node or not holds((node,), at):
        return node
    if node[0] == "call" and len(node) == 5 and node[4] == at:
        given = (node[1], *node[2], *(value for _, value in node[3]))
        return ("tuple", tuple(each for each in given if each.__class__ is tuple))
    if node[0] == "comp":
        return None
    found = tuple([_without(part, at) for part in node])
    return None if any(new is None and old is not None for new, old in zip(found, node, strict=True)) else found


# -- what is done to it -------------------------------------------------------------------------------------------------------------


def _may_touch(linker: Linker, fun: Fun, value: Value, uses: Uses, name: str) -> bool:
    """May these uses of an object assign an attribute of it, or change what that holds? Where nothing says what it is, whoever has methods
    of these names may do what they do."""
    if uses.escapes or not REREADS.isdisjoint(uses.called):
        return True
    if not uses.called and not uses.handed and not uses.assigned and not uses.named and not uses.within:
        return False
    owners = [atom for atom in value if isinstance(atom, (Obj, SelfObj))]
    mine = uses.assigned | {first for first, _ in uses.within}
    if not owners or len(owners) >= _MOST:
        others = of_others(linker, (*uses.handed, *((called, RECEIVES) for called in uses.called)))
        if others is None or uses.named or any(_is_method(linker, each) for each in uses.assigned):
            return True
        return any(each.startswith(name) or name.startswith(each) for each in mine | others)  # a row's `owner` and `owner_id`
    for klass in dict.fromkeys(klass for atom in owners for klass in _classes(linker, atom, uses)):
        fields = done(linker, fun, klass, uses)
        if fields is None or any(covers(fields | mine, each) for each in names_of(linker, klass, name)):
            return True
        if any((found := linker.find(klass, each)) is not None and found.method is not None for each in uses.assigned):
            return True  # the setter of a property
        if uses.called and row_of_class(linker, klass) is not None and covers(meanwhile(linker, klass), name):
            return True  # a receiver of the signals that saving it sends
    return False


def _classes(linker: Linker, atom: Obj | SelfObj, uses: Uses) -> list[Klass]:
    """The class of an object, and those below it that have methods of their own which are called."""
    others = [] if atom.exact else [holder for called in uses.called for holder, _ in linker.overrides(atom.klass, called)]
    return [atom.klass, *others]


def _keeps(linker: Linker, value: Value, name: str) -> bool:
    """Is what is assigned to an attribute of an object what is read from it again? Where nothing says what it is, it may be any that has
    one of this name."""
    owners = [atom.klass for atom in value if isinstance(atom, (Obj, SelfObj))]
    owners = owners or [klass for klass in linker.project.klasses if name in klass.names]
    for klass in owners:
        found = linker.find(klass, name)
        setter = linker.find(klass, "__setattr__")
        if (found is not None and found.method is not None) or (setter is not None and setter.method is not None):
            return False
        row = row_of_class(linker, klass)
        field = row.field(name) if row is not None else None
        if row is not None and not (field.keeps if field is not None else row.lacks(name)):
            return False
    return True


def _is_method(linker: Linker, name: str) -> bool:
    """Does any class of the project define a method or a property of this name?"""
    return any(fun.klass is not None for fun in functions_named(linker, name))
