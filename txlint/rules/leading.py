"""Which call on the way to an effect can wait for the commit in its place: one whose own result nobody uses, and below which no row is
written and no attribute set, as that belongs to the transaction; nor anything raised that would end it, nor rows read that it changes
before its commit. And where an effect cannot wait alone, because a block around it closes what it is called on (`closed`), or a `try`
around it goes by what it raises (`caught`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from txlint.model.facts import Body, Expr, FileFacts, Pos, Stmt
from txlint.model.hazard import EffectSite, Hop, Origin, Passage
from txlint.model.shapes import calls_in, last_name, statements

_ROWS = frozenset(
    {
        *("save", "create", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "delete", "update", "insert"),
        *("asave", "acreate", "abulk_create", "abulk_update", "aget_or_create", "aupdate_or_create", "adelete", "aupdate"),
        *("add", "add_all", "flush", "commit", "merge", "execute", "executemany"),
    }
)  # fmt: skip
_WRITES = _ROWS | {"append", "extend", "setattr", "setdefault"}
"""Methods that write rows in Django's and SQLAlchemy's ways, by name alone: where one is a set's or a dict's, no call is offered that
could have been, which is the better mistake."""
_QUERIES = frozenset({"exclude", "filter", "in_bulk", "iterator", "scalar", "scalars", "select_related", "values_list"})


class Caught(NamedTuple):
    """A ``try`` that handles what a call raises: its line, and whether anything but a log hangs on that."""

    line: int
    decides: bool


def deferrable(passage: Passage, facts: Mapping[str, FileFacts]) -> Hop | None:
    """The first such call on the way; None where each has a result that is used, or writes."""
    bodies = [body_of(hop, facts) for hop in passage.hops]
    for at, hop in enumerate(passage.hops[:-1]):
        if hop.kind != "call" or hop.callee == passage.origin.function:
            continue
        if any(map(_writes, bodies[at + 1 :])) or not _stands_alone(bodies[at], hop) or _belongs(passage.hops, bodies, at):
            continue
        origin = passage.origin if passage.origin.function == hop.function else None
        tried = _caught(bodies[at], hop.spot.pos, origin)
        if not _closed(bodies[at], hop.spot.pos, origin) and not (tried is not None and tried.decides):
            return hop
    return None


def stays(passage: Passage, facts: Mapping[str, FileFacts]) -> bool:
    """Does the transaction rest on the call in its own function that leads to the effect, or that on what is still to be written?"""
    return _belongs(passage.hops, [body_of(hop, facts) for hop in passage.hops], 0)


def _belongs(hops: Sequence[Hop], bodies: Sequence[Body], at: int) -> bool:
    """Does what a call leads to raise, which would no longer end the transaction, or read rows while others are written behind the call?"""
    below = bodies[at + 1 :]
    if any(stmt[0] == "raise" for body in below for stmt in statements(body)):
        return True
    if not any(last_name(call[1]) in _QUERIES or _on_manager(call[1]) for body in below for call in calls_in(body)):
        return False
    above = zip(hops[: at + 1], bodies, strict=False)
    return any(last_name(call[1]) in _ROWS and call[4] > hop.spot.pos for hop, body in above for call in calls_in(body))


def _on_manager(func: Expr) -> bool:
    return func.__class__ is str and ".objects." in func


def closed(site: EffectSite, origin: Origin, facts: Mapping[str, FileFacts]) -> str:
    """The name in the call of an effect that a ``with`` around it binds, which has ended when the commit comes; empty where none is."""
    return _closed(body_of(site, facts), site.spot.pos, origin if origin.function == site.function else None)


def caught(site: EffectSite, origin: Origin, facts: Mapping[str, FileFacts]) -> Caught | None:
    """The outermost ``try`` inside of the transaction that handles what the call raises, in its own function; first one that goes by it."""
    return _caught(body_of(site, facts), site.spot.pos, origin if origin.function == site.function else None)


def _caught(body: Body, pos: Pos, origin: Origin | None) -> Caught | None:
    opened = origin.spot.pos if origin is not None else None
    around = []
    for stmt in statements(body):
        if stmt[0] == "try" and stmt[2]:
            places = {call[4] for call in calls_in(stmt[1])}
            if pos in places and opened not in places:  # what begins inside of the `try` ends there as well
                around.append(Caught(stmt[5], bool(stmt[3]) or not all(_only_notes(each) for handler in stmt[2] for each in handler[2])))
    return next((each for each in around if each.decides), around[0] if around else None)


def _only_notes(stmt: Stmt) -> bool:
    """A statement of a handler after which all goes on as it would have: it writes to a log, or does nothing."""
    if stmt[0] != "expr":
        return bool(stmt[0] == "pass")
    call = stmt[1]
    if call.__class__ is not tuple or call[0] != "call":
        return call.__class__ is tuple and call[0] == "const"
    return last_name(call[1]) in _REPORTS or (call[1].__class__ is str and "log" in call[1].rpartition(".")[0].lower())


_REPORTS = frozenset({"capture_exception", "capture_message", "print", "print_exc", "warn"})


def _closed(body: Body, pos: Pos, origin: Origin | None) -> str:
    around = [stmt for stmt in statements(body) if stmt[0] == "with" and _holds(stmt[4], pos)]
    if origin is not None:  # its own block ends with the commit, and those around it later
        begun = next((n for n, stmt in enumerate(around) if any(_holds(item[2], origin.spot.pos) for item in stmt[1])), -1)
        around = around[begun + 1 :]
    bound = {name for stmt in around for item in stmt[1] if item[1] is not None for name in _names(item[1])}
    call = next((call for stmt in around for call in calls_in(stmt) if call[4] == pos), None) if bound else None
    return next((name for name in _names(call) if name in bound), "")


def _holds(outer: Pos, inner: Pos) -> bool:
    return outer[:2] <= inner[:2] and inner[2:] <= outer[2:]


def _names(expr: Expr | None) -> Iterator[str]:
    """The names that an expression speaks of, in the order of the source."""
    if expr.__class__ is str:
        yield expr.partition(".")[0]
    elif expr.__class__ is tuple and expr and expr[0] != "const":
        parts = (expr[1], expr[2], tuple(value for _, value in expr[3])) if expr[0] == "call" else expr
        for part in parts[1:] if parts is expr and expr[0].__class__ is str else parts:
            yield from _names(part)


def body_of(at: Hop | EffectSite, facts: Mapping[str, FileFacts]) -> Body:
    """That of the function in which a call stands; empty where it is no function of the project's."""
    known = facts.get(at.spot.path)
    function = known.function(at.function) if known is not None else None
    return function.body if function is not None else ()


def _writes(body: Body) -> bool:
    """Rows, or what may be saved with one: anything is bound but a local name, or what stands in a dict or list that is made here."""
    if any(last_name(call[1]) in _WRITES for call in calls_in(body)):
        return True
    return any(_is_kept(target, body) for stmt in statements(body) for target in _targets(stmt))


def _is_kept(target: Expr, body: Body) -> bool:
    if target.__class__ is str:
        return "." in target
    if target[0] == "sub" and target[1].__class__ is str:
        return not _is_made(target[1], body)
    return target[0] not in ("tuple", "list") or any(_is_kept(each, body) for each in target[1])


def _is_made(name: str, body: Body) -> bool:
    """Is a name bound to nothing but new dicts and lists?"""
    bound = [stmt for stmt in statements(body) if any(_binds(target, name) for target in _targets(stmt))]
    return bool(bound) and all(stmt[0] == "assign" and name in stmt[1] and _is_new(stmt[2]) for stmt in bound)


def _binds(target: Expr, name: str) -> bool:
    return target == name or (
        target.__class__ is tuple and target[0] in ("tuple", "list") and any(_binds(each, name) for each in target[1])
    )


def _is_new(expr: Expr) -> bool:
    return expr.__class__ is tuple and (expr[0] in ("comp", "dict", "list") or (expr[0] == "call" and expr[1] in ("dict", "list")))


def _targets(stmt: Stmt) -> tuple[Expr, ...]:
    match stmt[0]:
        case "assign":
            return tuple(stmt[1])
        case "ann" | "aug" | "for":
            return (stmt[1],)
        case "with":
            return tuple(item[1] for item in stmt[1] if item[1] is not None)
        case _:
            return ()


def _stands_alone(body: Body, hop: Hop) -> bool:
    """Is the call a statement?"""
    for stmt in statements(body):
        if stmt[0] == "expr" and stmt[1].__class__ is tuple:
            expr = stmt[1][1] if stmt[1][0] == "await" else stmt[1]
            if expr.__class__ is tuple and expr[0] == "call" and expr[4] == hop.spot.pos:
                return True
    return False
