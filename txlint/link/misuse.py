"""Deferrals and transactions that do not do what they say, noticed while a body is replayed: each leaves an event in `Flow.misuses`.

What makes one wrong is local: the callback that is given, the loop around, the decorated function. Whether a caller has a transaction
open, where that matters, is found by propagation as for an effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from txlint.link.conditions import argument, is_given
from txlint.link.opening import alias_of
from txlint.link.site import CERTAIN, Site
from txlint.link.values import Ext, Fn, Opening, Part, Seq, Value
from txlint.model.catalog import Arg, Deferral
from txlint.model.facts import Body, Expr, Pos, Stmt
from txlint.model.graph import NOTHING_PASSED, Event, Misuse, Opened
from txlint.model.kinds import Confidence
from txlint.model.shapes import bodies, called, last_name, parts, statements

if TYPE_CHECKING:
    from txlint.link.linker import Decoration, Linker
    from txlint.link.project import Fun
    from txlint.link.replay import Frame

SAVEPOINTS = 3
"""Transactions of one database open around another one: what is deeper is TX502's."""
_QUERIES = frozenset({"save", "create", "bulk_create", "bulk_update", "execute", "executemany"})
"""Methods that send a statement with no savepoint of their own around it."""
_LEAVING = frozenset({"return", "break", "continue", "raise"})


def _leave(
    frame: Frame,
    kind: str,
    pos: Pos,
    func: Expr,
    region: tuple[Opened, ...],
    *,
    name: str = "",
    library: str = "",
    detail: str = "",
    alone: bool = False,
    confidence: Confidence = CERTAIN,
) -> None:
    effect = Misuse(name=name, library=library, kind=kind, detail=detail, alone=alone)
    frame.flow.misuses.append(Event(pos, func, region, frame.closed, frame.guards, NOTHING_PASSED, False, (), effect, confidence))


# -- deferrals --------------------------------------------------------------------------------------------------------------------


def deferral(site: Site, name: str, entry: Deferral, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> None:
    """A call that waits for the commit: what it is given, where it stands, what is done with its result."""
    frame = site.frame
    given = _given(site, entry.callable)
    if given is not None and entry.callable is not None:
        callback = argument(entry.callable, args, keywords)
        if not (given.__class__ is tuple and given[0] == "call" and _called(site, name, entry, given)):
            _never_awaited(site, name, entry, given, callback)
            if frame.loops:
                _late_binding(site, name, entry, callback)
    if site.used and any(returned.type == "none" for returned in frame.linker.at(name).returns):
        _result_used(site, name, entry)
    if entry.alias is not None and (site.region or is_given(site, entry.alias, args, keywords)):
        alias, _ = alias_of(site, entry.alias, "", args, keywords)
        is_other = all(opened.alias not in (None, alias) and opened.family == entry.library for opened in site.region)
        if alias is not None and is_other and (site.region or alias != entry.alias.default):  # else callers have open what they have
            _leave(frame, "other-database", site.pos, site.func, site.region, name=name, library=entry.library, detail=alias)
    if site.region:
        frame.promises.append((site.expr, site.region))


def _given(site: Site, arg: Arg | None) -> Expr | None:
    """The expression that is passed for an argument."""
    if arg is None:
        return None
    for keyword, value in site.expr[3]:
        if keyword is not None and keyword == arg.name:
            return value
    if arg.position is None or arg.position >= len(site.expr[2]):
        return None
    before = site.expr[2][: arg.position + 1]
    return None if any(each.__class__ is tuple and each[0] == "star" for each in before) else before[-1]


def _called(site: Site, name: str, entry: Deferral, given: Any) -> bool:
    """``on_commit(f(x))``: where what `f` gives is known not to be a function, it was called by mistake."""
    frame = site.frame
    effect = any(event.pos == given[4] and event.effect is not None for event in frame.flow.events)
    functions = frame.looked_at(given[1])
    if not effect:
        if not functions:
            return False
        if all(isinstance(atom, Fn) and _runs_later(atom.fun) for atom in functions):
            _leave(
                frame, "never-awaited", site.pos, site.func, site.region, name=name, library=entry.library, detail=_text(given), alone=True
            )
            return True
        if not all(isinstance(atom, Fn) and _gives_nothing(frame.linker, atom.fun) for atom in functions):
            return False
    detail = _text(site.func)
    _leave(frame, "called", given[4], given[1], site.region, name=name, library=entry.library, detail=detail, alone=True)
    return True


def _gives_nothing(linker: Linker, fun: Fun) -> bool:
    """Does a function surely return None?"""
    fact = fun.fact
    if fact is None or fact.decorators or fact.is_async or fact.is_generator or not fact.body or fact.body[-1][0] == "raise":
        return False
    if fun.klass is not None and linker.overrides(fun.klass, fact.name):
        return False
    if all(stmt[0] == "expr" and stmt[1].__class__ is tuple and stmt[1][0] == "const" for stmt in fact.body):
        return False  # a declaration: what implements it may give anything
    return all(stmt[1] is None or stmt[1] == ("const", None) for stmt in statements(fact.body) if stmt[0] == "return")


def _never_awaited(site: Site, name: str, entry: Deferral, given: Any, callback: Value) -> None:
    """A function is given of which a call runs nothing: it gives a coroutine or a generator, which is dropped. It is given by its own
    name: another one may stand for what runs it (``send = async_to_sync(notify)``)."""
    frame = site.frame
    functions: list[Any] = []
    for atom in callback:
        functions += atom.func if isinstance(atom, Part) else (atom,)
    if len(functions) != 1 or not isinstance(functions[0], Fn):
        return
    fun: Fun = functions[0].fun
    named = given[2][0] if given.__class__ is tuple and given[0] == "call" and given[2] else given
    if fun.fact is not None and fun.fact.name == "<lambda>":
        called = fun.fact.body[0][1]
        if called.__class__ is not tuple or called[0] != "call" or called[1].__class__ is not str:
            return
        if called[1].partition(".")[0] in fun.scope:
            return
        value = frame.looked_at(called[1])
        if len(value) != 1 or not isinstance(value[0], Fn):
            return
        fun, named = value[0].fun, called[1]
    if fun.fact is not None and _runs_later(fun) and last_name(named) == fun.fact.name:
        detail = fun.fact.name
        _leave(frame, "never-awaited", site.pos, site.func, site.region, name=name, library=entry.library, detail=detail, alone=True)


def _runs_later(fun: Fun) -> bool:
    return fun.fact is not None and not fun.fact.decorators and (fun.fact.is_async or fun.fact.is_generator)


def _result_used(site: Site, name: str, entry: Deferral) -> None:
    """An attribute of the result is asked for, there or of the name that it is kept under."""
    frame = site.frame
    used = False
    kept: str | None = None
    for part in parts(frame.fun.body):
        if part[0] in ("attr", "sub") and part[1] is site.expr:
            used = True
        elif part[0] == "assign" and part[2] is site.expr and len(part[1]) == 1 and part[1][0].__class__ is str and "." not in part[1][0]:
            kept = part[1][0]
    if kept is not None:
        bound = [stmt for stmt in statements(frame.fun.body) if stmt[0] == "assign" and kept in stmt[1]]
        used = len(bound) == 1 and any(word.startswith(f"{kept}.") for word in _read(frame.fun.body))
    if used:
        _leave(frame, "result-used", site.pos, site.func, site.region, name=name, library=entry.library, alone=True)


def _late_binding(site: Site, name: str, entry: Deferral, callback: Value) -> None:
    """A callback made in a loop that reads what the loop binds: wrong where the commit comes after the loop."""
    frame = site.frame
    for atom in callback:
        fun = atom.fun if isinstance(atom, Fn) else None
        if fun is None or fun.fact is None or fun.parent is not (frame.fun if frame.fun.fact is not None else None):
            continue
        free = {word.partition(".")[0] for word in _free(fun)}
        for stmt, around in reversed(frame.loops):
            inside = stmt[3] if stmt[0] == "for" else stmt[2]
            if not _defines(inside, fun, frame):
                break
            late = sorted(free & _changing(stmt))
            if late and not _ends_loop(inside, site.expr):
                detail = ", ".join(late)
                _leave(frame, "late-binding", site.pos, site.func, around, name=name, library=entry.library, detail=detail)
                return


def _free(fun: Fun) -> Iterator[str]:
    """The names that a function reads from around it."""
    for word in _read(fun.body):
        if word.partition(".")[0] not in fun.scope:
            yield word
    for part in parts(fun.body):
        if part[0] in ("lambda", "def") and len(part) == 2:
            yield from (word for word in _free(fun.module.funs[part[1]]) if word.partition(".")[0] not in fun.scope)


def _defines(body: Body, fun: Fun, frame: Frame) -> bool:
    """Is the function made anew in each turn?"""
    return any(
        part[0] in ("lambda", "def") and len(part) == 2 and part[1].__class__ is int and frame.module.funs[part[1]] is fun
        for part in parts(body)
    )


def _changing(loop: Stmt) -> set[str]:
    """The names that a loop binds to something else in each turn: its targets, and what is computed from them or called for."""
    body = loop[3] if loop[0] == "for" else loop[2]
    changing = set(_names(loop[1])) if loop[0] == "for" else set()
    while True:
        before = len(changing)
        for stmt in statements(body):
            if stmt[0] in ("assign", "ann") and stmt[2 if stmt[0] == "assign" else 3] is not None:
                value = stmt[2 if stmt[0] == "assign" else 3]
                computed = any(part[0] == "call" for part in parts((value,)))
                if computed or not changing.isdisjoint(word.partition(".")[0] for word in _names(value)):
                    changing.update(word for target in _targets(stmt) for word in _names(target) if "." not in word)
            elif stmt[0] == "for":
                changing.update(_names(stmt[1]))
            elif stmt[0] == "with":
                changing.update(word for item in stmt[1] if item[1] is not None for word in _names(item[1]))
        if len(changing) == before:
            return changing


def _targets(stmt: Stmt) -> tuple[Expr, ...]:
    return stmt[1] if stmt[0] == "assign" else (stmt[1],)


def _ends_loop(body: Body, call: Expr) -> bool:
    """Is the loop left for good in the turn in which this call is made?"""
    for index, stmt in enumerate(body):
        if not any(part is call for part in parts((stmt,))):
            continue
        if any(later[0] in ("return", "break", "raise") for later in body[index + 1 :]) or stmt[0] == "return":
            return True
        return any(_ends_loop(inner, call) for inner in bodies(stmt) if stmt[0] not in ("for", "while") or not _breaks_only(inner))
    return False


def _breaks_only(body: Body) -> bool:
    """A loop within the loop: leaving it by `break` leaves nothing else."""
    return not any(stmt[0] in ("return", "raise") for stmt in statements(body))


def promised(frame: Frame) -> None:
    """Deferrals behind which an exception always leaves the transaction: they are dropped with it."""
    for call, region in frame.promises:
        blocks = {opened.pos for opened in region}
        if _then_raises(frame.fun.body, call, blocks, frame.linker.decoration(frame.fun).openers == ()):
            _leave(frame, "never-committed", call[4], call[1], region, alone=True)


def _then_raises(body: Body, call: Expr, blocks: set[Pos], caught: bool) -> bool:
    """Is a call followed by a `raise` in its own block, and nothing between that and the transaction that would catch it?"""
    for index, stmt in enumerate(body):
        if stmt[0] == "expr" and stmt[1] is call:
            for later in body[index + 1 :]:
                if later[0] == "raise":
                    return not caught
                if any(inner[0] in _LEAVING for inner in statements((later,))):
                    return False
            return False
        match stmt[0]:
            case "with":
                opens = any(item[2] in blocks for item in stmt[1])
                found = _then_raises(stmt[2], call, blocks, not opens)  # another context manager may catch it
            case "try":
                found = _then_raises(stmt[1], call, blocks, caught or bool(stmt[2])) or any(
                    _then_raises(inner, call, blocks, caught) for inner in (stmt[3], *(handler[2] for handler in stmt[2]))
                )
            case _:
                found = any(_then_raises(inner, call, blocks, caught) for inner in bodies(stmt))
        if found:
            return True
    return False


# -- transactions -----------------------------------------------------------------------------------------------------------------


def opened(frame: Frame, new: Opened, around: tuple[Opened, ...]) -> None:
    """A transaction is opened inside of others, as far as this function and its callers open them."""
    name, alias = ".".join(new.name.split(".")[-2:]), new.alias
    if new.durable:
        _leave(frame, "nested-durable", new.pos, name, around, name=new.name, library=new.family, detail=alias or "")
    if alias is not None:
        if alias != "default" or any(other.alias not in (None, alias) and other.family == new.family for other in around):
            _leave(frame, "nested-databases", new.pos, name, around, name=new.name, library=new.family, detail=alias)
        if len(around) >= SAVEPOINTS and sum(other.key == new.key for other in around) >= SAVEPOINTS:
            _leave(frame, "deep-savepoint", new.pos, name, around, name=new.name, library=new.family, detail=str(len(around)), alone=True)


def decorated(frame: Frame, decoration: Decoration) -> None:
    """What decorators open around a function, outermost last, and what they fail to open."""
    if frame.silent:
        return
    for number, each in enumerate(decoration.openers):
        if each.path is None:
            opened(frame, each, decoration.openers[number + 1 :])
    fact = frame.fun.fact
    for each in decoration.inert:
        detail = "generator" if fact is not None and fact.is_generator else "coroutine"
        name = ".".join(each.name.split(".")[-2:])
        _leave(frame, "inert-decorator", each.pos, name, (), name=each.name, library=each.family, detail=detail, alone=True)


def entered_async(frame: Frame, value: Value, item: Expr, pos: Pos) -> None:
    """``async with`` on what can only be entered by a plain `with`."""
    openings = [atom for atom in value if isinstance(atom, Opening) and atom.entry.mode == "sync" and atom.entry.key == "alias"]
    if openings and len(openings) == len(value) and not frame.silent:
        _leave(frame, "inert-with", pos, called(item), (), name=openings[0].name, library=openings[0].entry.library, alone=True)


def swallowed(frame: Frame, stmt: Stmt) -> None:
    """``try: query`` with a handler that goes on after an error of the database; called where nothing was opened in between."""
    linker = frame.linker
    breaking, words = linker.catalog.breaking, linker.catalog.breaking_words
    for caught, _, handler in stmt[2]:
        if caught is None or words.isdisjoint(word.rpartition(".")[2] for word in _names(caught)):
            continue
        if any(inner[0] == "raise" for inner in statements(handler)) or any("rollback" in word for word in _read(handler)):
            continue
        types: list[Any] = []
        for atom in frame.looked_at(caught):
            types += [inner for item in atom.items for inner in item] if isinstance(atom, Seq) else [atom]
        found = [name for a in types if isinstance(a, Ext) and (name := linker.catalog.canonical(a.name)) in breaking]
        query = next((part for part in parts(stmt[1]) if part[0] == "call" and len(part) == 5 and _is_query(part)), None)
        if found and query is not None:
            detail = found[0].rpartition(".")[2]
            _leave(frame, "swallowed-error", query[4], query[1], frame.now_open(), library=breaking[found[0]], detail=detail)
            return


def _is_query(call: Any) -> bool:
    """A statement that can break the transaction. One that names its database may run in another one; and `save(update_fields=..)` raises
    a DatabaseError of its own, without one of the database, where it changed no row."""
    if not {"using", "update_fields"}.isdisjoint(name for name, _ in call[3]):
        return False
    # `values.update(..)` is a dict's, `Order.objects.filter(..).update(..)` is not
    return last_name(call[1]) in _QUERIES or (last_name(call[1]) == "update" and call[1].__class__ is tuple)


# -- the shape of a body ----------------------------------------------------------------------------------------------------------


def _names(expr: Any) -> Iterator[str]:
    """The names, dotted as written, that an expression reads; as a target, those that it binds."""
    if expr.__class__ is str:
        yield expr
    elif expr is not None:
        for part in _operands(expr):
            yield from _names(part)


def _operands(expr: Any) -> Iterable[Expr | None]:
    match expr[0]:
        case "const" | "lambda":
            return ()
        case "call":
            return (expr[1], *expr[2], *(value for _, value in expr[3]))
        case "attr":
            return (expr[1],)
        case "tuple" | "list" | "set" | "fstring" | "other":
            return expr[1]  # type: ignore[no-any-return]
        case "dict":
            return (*expr[1], *expr[2])
        case "cmp":
            return (expr[1], *expr[3])
        case "bool":
            return expr[2]  # type: ignore[no-any-return]
        case "unary" | "named":
            return (expr[2],)
        case "bin":
            return expr[2], expr[3]
        case "comp":
            return (*(part for each in expr[2] for part in (each[1], *each[2])), *expr[3])
        case _:
            return expr[1:]  # type: ignore[no-any-return]


_READ: dict[str, tuple[int, ...]] = {
    "expr": (1,), "assign": (2,), "ann": (3,), "aug": (1, 3), "return": (1,), "raise": (1, 2), "assert": (1, 2), "if": (1,),
    "while": (1,), "for": (2,), "match": (1,),
}  # fmt: skip


def _read(body: Body) -> Iterator[str]:
    """The names that the statements of a body read, functions defined in it left out."""
    for stmt in statements(body):
        for field in _READ.get(stmt[0], ()):
            yield from _names(stmt[field])
        if stmt[0] == "with":
            for item in stmt[1]:
                yield from _names(item[0])


def _text(expr: Expr) -> str:
    """A name as written, as far as it is one."""
    if expr.__class__ is str:
        return str(expr)
    if expr[0] == "call":
        return _text(expr[1])
    return f"{_text(expr[1])}.{expr[2]}" if expr[0] == "attr" else "(..)"
