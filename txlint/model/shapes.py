"""Looking through the tuples that statements and expressions are: all parts, all calls, all statements, whose names they speak of."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

from txlint.model.facts import Body, Expr, Stmt


def parts(of: Any) -> Iterator[tuple[Any, ...]]:
    """All tagged tuples in a body, a statement or an expression, without what stands in constants and in functions defined there."""
    waiting = [of]
    while waiting:
        at = waiting.pop()
        if at.__class__ is tuple and at:
            if at[0].__class__ is str:
                if at[0] == "const":
                    continue
                yield at
            waiting.extend(at)


def calls_in(of: Any) -> Iterator[Any]:
    """All call expressions in a body, a statement or an expression, without those of functions defined in it."""
    # A tuple of names may begin with `call` as well: only a call has its place at the end.
    return (part for part in parts(of) if part[0] == "call" and len(part) == 5 and part[4].__class__ is tuple)


def bodies(stmt: Stmt) -> tuple[Body, ...]:
    """The blocks of a statement, in the order of the source."""
    match stmt[0]:
        case "if" | "while":
            return stmt[2], stmt[3]
        case "for":
            return stmt[3], stmt[4]
        case "with":
            return (stmt[2],)
        case "try":
            return stmt[1], *(handler[2] for handler in stmt[2]), stmt[3], stmt[4]
        case "match":
            return tuple(each[3] for each in stmt[2])
        case _:
            return ()


def statements(body: Body) -> Iterator[Stmt]:
    """All statements of a body, those in blocks included, in the order of the source."""
    for stmt in body:
        yield stmt
        for inner in bodies(stmt):
            yield from statements(inner)


def last_name(expr: Expr) -> str:
    """The name behind the last dot, ``delay`` of ``tasks.send.delay``; empty where there is none."""
    return str(expr.rpartition(".")[2] if expr.__class__ is str else expr[2] if expr[0] == "attr" else "")


def called_on(func: Expr) -> Expr:
    """What stands before the last dot of what is called, ``tasks.send`` of ``tasks.send.delay``; empty where there is none."""
    return func.rpartition(".")[0] if func.__class__ is str else func[1]


def called(expr: Expr) -> Expr:
    """What is called, where an expression is a call: of a decorator, what it is with or without arguments."""
    return expr[1] if expr.__class__ is tuple and expr[0] == "call" else expr


def speaks_of(expr: Any, names: Container[str]) -> bool:
    """Is one of the names, or an attribute of one, in an expression or a tuple of them?"""
    if expr.__class__ is str:
        return expr.partition(".")[0] in names
    return expr.__class__ is tuple and any(speaks_of(part, names) for part in expr)


def times(part: Any, name: str) -> int:
    """How often a body, or a part of it, speaks of a name."""
    if part.__class__ is str:
        return int(part == name or part.startswith(f"{name}."))
    return sum(times(each, name) for each in part) if part.__class__ is tuple else 0
