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
    """Rows, or what may be saved with one: anything but a local name is bound."""
    if any(last_name(call[1]) in _WRITES for call in calls_in(body)):
        return True
    return any(_is_kept(target) for stmt in statements(body) for target in _targets(stmt))


def _is_kept(target: Expr) -> bool:
    if target.__class__ is str:
        return "." in target
    return target[0] not in ("tuple", "list") or any(map(_is_kept, target[1]))


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
