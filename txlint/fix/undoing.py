"""Whether the transaction is always undone after a call: then what is deferred to its commit never happens.

Read from the statements behind the call, scope by scope outwards. Each statement has a set of `outcomes`; the answer is a line only where
every way from the call to the end of the transaction leads to one that undoes it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import NamedTuple

import libcst as cst

from txlint.fix.after import children, dotted, place_in, statements_of
from txlint.fix.case import Case
from txlint.fix.scopes import Scope

ON, LEAVES, LOOPS, UNDOES = "on", "leaves", "loops", "undoes"
"""A statement ends and the next one runs; the function or block is left with the transaction whole; ``break`` or ``continue``; it raises
or rolls back."""
_UNDOING = (".abort", ".begin", ".doom")  # of a manager of the transaction package: `begin` aborts what is there
_NEVER_RETURN = frozenset({"sys.exit", "exit", "quit", "frappe.throw"})


class Ways(NamedTuple):
    """How statements may end, and the first line of theirs that undoes the transaction, if one does."""

    ends: frozenset[str]
    line: int | None = None

    def then(self, rest: Ways) -> Ways:
        """The ways of these statements and of those that follow."""
        if ON not in self.ends:
            return self
        return Ways((self.ends - {ON}) | rest.ends, rest.line if self.line is None else self.line)

    def either(self, other: Ways) -> Ways:
        return Ways(self.ends | other.ends, other.line if self.line is None else self.line)

    def besides(self, *ends: str) -> Ways:
        return self._replace(ends=self.ends | set(ends))

    def without(self, *ends: str) -> Ways:
        return self._replace(ends=self.ends - set(ends))


_GOES_ON = Ways(frozenset({ON}))


def always_undone(case: Case) -> int | None:
    """The line of a ``raise`` or rollback that is always reached in the same transaction, else ``None``."""
    so_far = _GOES_ON
    region = case.region
    waits = frozenset[str]()
    for at in range(len(region) - 1, -1, -1):
        scope = region[at]
        if scope.kind == "suite" and waits != {LOOPS}:
            found = _from(case, scope.node, place_in(case, scope) + 1)
            if LEAVES in found.ends:
                return None
            so_far = so_far.either(found)
            if not found.ends & {ON, LOOPS}:
                return _first(so_far, region[:at])
            waits = found.ends - {UNDOES}
        elif scope.kind == "loop" and isinstance(loop := scope.node, (cst.For, cst.While)):
            if LEAVES in _from(case, loop.body).ends:
                return None
            waits = frozenset({ON})
            if loop.orelse is not None and not _breaks(loop):
                found = _from(case, loop.orelse.body)
                if LEAVES in found.ends:
                    return None
                so_far, waits = so_far.either(found), found.ends
                if ON not in waits:
                    return _first(so_far, region[:at])
        elif scope.kind == "finally" or _catches(scope):
            return None  # what is raised further out may depend on the handlers
    return None


def _first(ways: Ways, around: Iterable[Scope]) -> int | None:
    """The first of the lines that undo, where no scope around may catch what they raise. There is none before an endless loop."""
    return None if any(map(_catches, around)) else ways.line


def _catches(scope: Scope) -> bool:
    """Whether a scope may stop an exception: a ``try`` with handlers, or ``suppress``."""
    if isinstance(scope.node, (cst.Try, cst.TryStar)):
        return scope.kind == "try" and bool(scope.node.handlers)
    return "suppress" in scope.text.partition("(")[0]


def _from(case: Case, suite: cst.CSTNode, first: int = 0) -> Ways:
    """The ways from one statement of a suite to its end."""
    return case.walked.kept("ways", suite, lambda: _endings(case, suite))[first]


def _endings(case: Case, suite: cst.CSTNode) -> list[Ways]:
    """The same from each statement, and last from the end itself. Backwards, so that none is looked at twice."""
    found = [_GOES_ON]
    for statement in reversed(statements_of(suite)):
        found.append(outcomes(case, statement).then(found[-1]))
    return found[::-1]


def outcomes(case: Case, statement: cst.CSTNode) -> Ways:
    """How a statement may end."""
    match statement:
        case cst.Raise() | cst.Assert(test=cst.Name(value="False")):
            return Ways(frozenset({UNDOES}), case.line(statement))
        case cst.Expr(value=cst.Call() as call) if _is_undoing(case, call):
            return Ways(frozenset({UNDOES}), case.line(statement))
        case cst.Return():
            return Ways(frozenset({LEAVES}))
        case cst.Break() | cst.Continue():
            return Ways(frozenset({LOOPS}))
        case cst.SimpleStatementLine() | cst.SimpleStatementSuite() | cst.IndentedBlock():
            return _from(case, statement)
        case cst.With():
            inner = _from(case, statement.body)
            return inner.besides(ON) if any("suppress" in case.code(item.item) for item in statement.items) else inner
        case cst.If(orelse=orelse):
            other = _GOES_ON if orelse is None else outcomes(case, orelse.body if isinstance(orelse, cst.Else) else orelse)
            return _from(case, statement.body).either(other)
        case cst.For() | cst.While():
            return _of_loop(case, statement)
        case cst.Try() | cst.TryStar():
            return _of_try(case, statement)
        case cst.Match(cases=cases):
            every = any(each.guard is None and isinstance(each.pattern, cst.MatchAs) and each.pattern.pattern is None for each in cases)
            found = reduce(Ways.either, (_from(case, each.body) for each in cases))
            return found if every else found.besides(ON)
        case _:
            return _GOES_ON


def _is_undoing(case: Case, call: cst.Call) -> bool:
    """``transaction.set_rollback(True)``, ``session.rollback()``, and calls that always raise."""
    name = dotted(call.func)
    if name.endswith("set_rollback"):
        return bool(call.args) and case.code(call.args[0].value) == "True"
    if case.family == "zope" and name.endswith(_UNDOING) and not call.args:
        return True
    return name in _NEVER_RETURN or (name.endswith(".rollback") and not call.args)


def _of_loop(case: Case, loop: cst.For | cst.While) -> Ways:
    inner = _from(case, loop.body).without(LOOPS)
    endless = isinstance(loop, cst.While) and case.code(loop.test) in ("True", "1") and not _breaks(loop)
    if endless:
        return inner.without(ON)
    if loop.orelse is None:
        return inner.besides(ON)
    found = inner.without(ON).either(_from(case, loop.orelse.body))
    return found.besides(ON) if _breaks(loop) else found


def _of_try(case: Case, statement: cst.Try | cst.TryStar) -> Ways:
    found = _from(case, statement.body)
    if statement.orelse is not None:
        found = found.then(_from(case, statement.orelse.body))
    found = reduce(Ways.either, (_from(case, handler.body) for handler in statement.handlers), found)
    if statement.finalbody is None:
        return found
    last = _from(case, statement.finalbody.body)
    return found.either(last.without(ON)) if ON in last.ends else last


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
