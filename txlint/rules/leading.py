"""Which call on the way to an effect can wait for the commit in its place: one whose own result nobody uses, and below which no row is
written and no attribute set, as that belongs to the transaction."""

from __future__ import annotations

from collections.abc import Mapping

from txlint.model.facts import Body, Expr, FileFacts, Stmt
from txlint.model.hazard import Hop, Passage
from txlint.model.shapes import calls_in, last_name, statements

_WRITES = frozenset(
    {
        *("save", "create", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "delete", "update", "insert"),
        *("asave", "acreate", "abulk_create", "abulk_update", "aget_or_create", "aupdate_or_create", "adelete", "aupdate"),
        *("add", "add_all", "flush", "commit", "merge", "execute", "executemany"),
        *("append", "extend", "setattr", "setdefault"),
    }
)  # fmt: skip
"""Methods that write rows in Django's and SQLAlchemy's ways, by name alone: where one is a set's or a dict's, no call is offered that
could have been, which is the better mistake."""


def deferrable(passage: Passage, facts: Mapping[str, FileFacts]) -> Hop | None:
    """The first such call on the way; None where each has a result that is used, or writes."""
    bodies = [_body(hop, facts) for hop in passage.hops]
    for at, hop in enumerate(passage.hops[:-1]):
        if hop.kind != "call" or hop.callee == passage.origin.function:
            continue
        if not any(_writes(body) for body in bodies[at + 1 :]) and _stands_alone(bodies[at], hop):
            return hop
    return None


def _body(hop: Hop, facts: Mapping[str, FileFacts]) -> Body:
    """That of the function in which the call stands; empty where it is no function of the project's."""
    known = facts.get(hop.spot.path)
    function = known.function(hop.function) if known is not None else None
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
