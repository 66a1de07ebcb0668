"""Whether the transaction is always undone after a call: then what is deferred to its commit never happens.

Read from the statements behind the call, scope by scope outwards. Each statement has a set of `outcomes`; the answer is a line only where
every way from the call to the end of the transaction leads to one that undoes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import libcst as cst

from txlint.fix.after import behind, children, dotted, statements_of
from txlint.fix.case import Case
from txlint.fix.scopes import Scope

ON, LEAVES, LOOPS, UNDOES = "on", "leaves", "loops", "undoes"
"""A statement ends and the next one runs; the function or block is left with the transaction whole; ``break`` or ``continue``; it raises
or rolls back."""
_NEVER_RETURN = frozenset({"sys.exit", "exit", "quit", "frappe.throw"})


def always_undone(case: Case) -> int | None:
    """The line of a ``raise`` or rollback that is always reached in the same transaction, else ``None``."""
    lines: list[int] = []
    region = case.region
    waits = frozenset[str]()
    for at in range(len(region) - 1, -1, -1):
        scope = region[at]
        if scope.kind == "suite" and waits != {LOOPS}:
            found = _sequence(case, behind(scope), lines)
            if LEAVES in found:
                return None
            if not found & {ON, LOOPS}:
                return _first(lines, region[:at])
            waits = found - {UNDOES}
        elif scope.kind == "loop" and isinstance(loop := scope.node, (cst.For, cst.While)):
            again = _sequence(case, statements_of(loop.body), [])
            if LEAVES in again:
                return None
            waits = frozenset({ON})
            if loop.orelse is not None and not _breaks(loop):
                waits = _sequence(case, statements_of(loop.orelse.body), lines)
                if LEAVES in waits:
                    return None
                if ON not in waits:
                    return _first(lines, region[:at])
        elif scope.kind == "finally" or _catches(scope):
            return None  # what is raised further out may depend on the handlers
    return None


def _first(lines: Sequence[int], around: Iterable[Scope]) -> int | None:
    """The first of the lines that undo, where no scope around may catch what they raise. There is none before an endless loop."""
    return lines[0] if lines and not any(map(_catches, around)) else None


def _catches(scope: Scope) -> bool:
    """Whether a scope may stop an exception: a ``try`` with handlers, or ``suppress``."""
    if isinstance(scope.node, (cst.Try, cst.TryStar)):
        return scope.kind == "try" and bool(scope.node.handlers)
    return "suppress" in scope.text.partition("(")[0]


def _sequence(case: Case, statements: Iterable[cst.CSTNode], lines: list[int]) -> frozenset[str]:
    """The outcomes of statements one after another; ``lines`` collects where they undo."""
    found: set[str] = set()
    for statement in statements:
        each = outcomes(case, statement, lines)
        found |= each - {ON}
        if ON not in each:
            return frozenset(found)
    return frozenset(found | {ON})


def outcomes(case: Case, statement: cst.CSTNode, lines: list[int]) -> frozenset[str]:
    """How a statement may end."""
    match statement:
        case cst.Raise() | cst.Assert(test=cst.Name(value="False")):
            return _undoes(case, statement, lines)
        case cst.Expr(value=cst.Call() as call) if _is_undoing(case, call):
            return _undoes(case, statement, lines)
        case cst.Return():
            return frozenset({LEAVES})
        case cst.Break() | cst.Continue():
            return frozenset({LOOPS})
        case cst.SimpleStatementLine() | cst.SimpleStatementSuite() | cst.IndentedBlock():
            return _sequence(case, statement.body, lines)
        case cst.With():
            inner = outcomes(case, statement.body, lines)
            return inner | {ON} if any("suppress" in case.code(item.item) for item in statement.items) else inner
        case cst.If(orelse=orelse):
            other = frozenset({ON}) if orelse is None else outcomes(case, orelse.body if isinstance(orelse, cst.Else) else orelse, lines)
            return outcomes(case, statement.body, lines) | other
        case cst.For() | cst.While():
            return _of_loop(case, statement, lines)
        case cst.Try() | cst.TryStar():
            return _of_try(case, statement, lines)
        case cst.Match(cases=cases):
            every = any(each.guard is None and isinstance(each.pattern, cst.MatchAs) and each.pattern.pattern is None for each in cases)
            found = frozenset().union(*(outcomes(case, each.body, lines) for each in cases))
            return found if every else found | {ON}
        case _:
            return frozenset({ON})


def _undoes(case: Case, node: cst.CSTNode, lines: list[int]) -> frozenset[str]:
    lines.append(case.line(node))
    return frozenset({UNDOES})


def _is_undoing(case: Case, call: cst.Call) -> bool:
    """``transaction.set_rollback(True)``, ``session.rollback()``, and calls that always raise."""
    name = dotted(call.func)
    if name.endswith("set_rollback"):
        return bool(call.args) and case.code(call.args[0].value) == "True"
    return name in _NEVER_RETURN or (name.endswith(".rollback") and not call.args)


def _of_loop(case: Case, loop: cst.For | cst.While, lines: list[int]) -> frozenset[str]:
    inner = outcomes(case, loop.body, lines) - {LOOPS}
    endless = isinstance(loop, cst.While) and case.code(loop.test) in ("True", "1") and not _breaks(loop)
    if endless:
        return inner - {ON}
    if loop.orelse is None:
        return inner | {ON}
    behind_it = outcomes(case, loop.orelse.body, lines)
    return (inner - {ON}) | behind_it | ({ON} if _breaks(loop) else frozenset())


def _of_try(case: Case, statement: cst.Try | cst.TryStar, lines: list[int]) -> frozenset[str]:
    found = outcomes(case, statement.body, lines)
    if statement.orelse is not None and ON in found:
        found = (found - {ON}) | outcomes(case, statement.orelse.body, lines)
    found = found.union(*(outcomes(case, handler.body, lines) for handler in statement.handlers))
    if statement.finalbody is None:
        return found
    last = outcomes(case, statement.finalbody.body, lines)
    return (found | (last - {ON})) if ON in last else last


def _breaks(loop: cst.For | cst.While) -> bool:
    """Whether a ``break`` of this loop, not of one in it, stands in its body."""
    stack: list[cst.CSTNode] = [loop.body]
    while stack:
        match stack.pop():
            case cst.Break():
                return True
            case cst.For(orelse=orelse) | cst.While(orelse=orelse):
                stack += [orelse] if orelse is not None else []
            case cst.BaseExpression() | cst.FunctionDef() | cst.ClassDef():
                pass
            case other:
                stack += children(other)
    return False
