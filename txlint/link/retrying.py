"""Loops that try again: `tries_again` for a place in a body. A loop over things, each with its own errors, is none: only one that
counts, or runs until something succeeds, that goes on after an exception and is left where there is none."""

from __future__ import annotations

from typing import Any

from txlint.model.facts import Body, Expr, Pos, Stmt

_COUNTING = frozenset({"range", "count", "repeat"})
_LEAVES = frozenset({"return", "break", "raise"})  # what a handler ends in that does not go on


def tries_again(body: Body, pos: Pos, looping: bool = False) -> bool:
    """Does what stands at ``pos`` run again after an exception?"""
    for stmt in body:
        tag = stmt[0]
        if tag == "try":
            if any(_spans(part, pos) for part in stmt[1]):
                goes_on = any(not handler[2] or handler[2][-1][0] not in _LEAVES for handler in stmt[2])
                if looping and goes_on and (_leaves(stmt[1]) or _leaves(stmt[3])):
                    return True
                return tries_again(stmt[1], pos, looping)
            inner = (stmt[3], stmt[4], *(handler[2] for handler in stmt[2]))
            if any(tries_again(part, pos, looping) for part in inner):
                return True
        elif tag == "while":
            if tries_again(stmt[2], pos, True):
                return True
        elif tag == "for":
            if tries_again(stmt[3], pos, _counts(stmt[2])):
                return True
        elif tag == "with":
            if tries_again(stmt[2], pos, looping):
                return True
        elif tag == "if":
            if tries_again(stmt[2], pos, looping) or tries_again(stmt[3], pos, looping):
                return True
    return False


def _counts(iterated: Expr) -> bool:
    return iterated.__class__ is not str and iterated[0] == "call" and str(iterated[1]).rpartition(".")[2] in _COUNTING


def _leaves(body: Body) -> bool:
    """Is the loop left where no exception came?"""
    return any(
        stmt[0] in ("return", "break")
        or (stmt[0] == "with" and _leaves(stmt[2]))
        or (stmt[0] == "if" and (_leaves(stmt[2]) or _leaves(stmt[3])))
        for stmt in body
    )


def _spans(stmt: Stmt, pos: Pos) -> bool:
    """Does a call or `with` at this place stand in a statement?"""
    stack: list[Any] = [stmt]
    while stack:
        item = stack.pop()
        if item == pos:
            return True
        if item.__class__ is tuple:
            stack.extend(item)
    return False
