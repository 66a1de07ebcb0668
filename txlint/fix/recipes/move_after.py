"""The last statement of a ``with`` block moves behind it: the transaction is committed first, then the effect happens.

For transactions that have no ``on_commit``, and for calls whose result is used. Nothing else may keep a transaction open there, so
all openers of the finding must be this one block. What the statement reads from objects of an SQLAlchemy session is read before the
block ends, behind a flush, because the objects are detached or expired afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from txlint.fix.after import dotted, find, mentions
from txlint.fix.capture import Captured, captures, passed_whole, replaced, uncapturable
from txlint.fix.case import Case, Rewrite, Verdict, short, weighed
from txlint.fix.references import assigned
from txlint.fix.scopes import Scope
from txlint.fix.source import Edit
from txlint.model.finding import Opener

NAME = "move-after"
_FAMILIES = ("django", "sqlalchemy", "peewee", "tortoise", "piccolo", "pony", "pep249", "databases", "asyncpg", "ormar")


@dataclass(frozen=True, slots=True)
class Tail:
    """The statement to move: its line, the block that it ends, and the ``with`` of that block."""

    line: cst.SimpleStatementLine
    block: cst.IndentedBlock
    statement: cst.With
    opener: Scope


def applies(case: Case) -> bool:
    return case.family in _FAMILIES and any(s.kind == "with" and s.opener for s in case.site.chain)


def applicability(case: Case) -> Verdict:
    tail = _tail(case)
    if isinstance(tail, str):
        return Verdict("none", tail)
    if refusal := _refusal(case, tail):
        return Verdict("none", refusal)
    risks = [case.whole_call] if case.at_entry else []
    if case.site.statement is None and not case.site.awaited:
        risks.append(f"`{case.callee}` is called when the transaction is committed already, and its failure no longer undoes it")
    if len(tail.statement.items) > 1 and any(not _is_opener(case, item) for item in tail.statement.items):
        risks.append("it leaves the other scopes of the same `with` as well")
    if _session_family(case):
        risks += [f"`{name}` is detached there if it is an object of the session" for name in passed_whole(case, tail.line)]
    return weighed(risks)


def rewrite(case: Case) -> Rewrite:
    tail = _tail(case)
    assert isinstance(tail, Tail), "applicability was asked first"
    source = case.source
    line = case.line(tail.line)
    first = line - sum(1 for empty in tail.line.leading_lines if empty.comment)
    while first < line and not source.line(first).strip():
        first += 1
    start, end = source.starts[first - 1], source.offset(*case.span(tail.line)[2:])
    inner, outer = source.indent(line), source.indent(case.line(tail.statement))
    captured = captures(case, tail.line) if _session_family(case) else []
    text = replaced(case, source.text[start:end], start, captured)
    ending = source.ending(line)
    before = _reads(case, tail, captured, inner, ending)
    edit = Edit(start, end, before + _dedented(text, inner, outer, _has_long_string(tail.line)))
    said = f"`{case.callee}` runs when the block has committed, and not at all when it raises"
    return Rewrite((edit,), (), (said, "if it fails, the transaction stays committed"))


def _tail(case: Case) -> Tail | str:
    """What would move, or why nothing can."""
    chain = case.site.chain
    at = max(i for i, s in enumerate(chain) if s.kind == "with" and s.opener)
    inside = [s for s in chain[at + 1 :] if s.kind != "with"]
    first = at
    while first > 0 and chain[first - 1].kind == "with":
        first -= 1
    if len(inside) != 2 or not isinstance(block := inside[0].node, cst.IndentedBlock):
        return "it is not the last statement of the transaction's block"
    line, statement = inside[0].statement, chain[first - 1].statement
    if not isinstance(line, cst.SimpleStatementLine) or not isinstance(statement, cst.With):
        return "it is not the last statement of the transaction's block"
    if block.body[-1] is not line or len(line.body) != 1:
        return "it is not the last statement of the transaction's block" + _advice(case)
    if len(block.body) == 1:
        return "it is the only statement of the transaction's block"
    return Tail(line, block, statement, chain[at])


def _advice(case: Case) -> str:
    if case.site.statement is None:
        return (
            f", and the result of `{case.callee}` is used: call it before the transaction, or after it and write the result in a second one"
        )
    return ""


def _refusal(case: Case, tail: Tail) -> str | None:
    openers = [s for s in case.site.chain if s.kind == "with" and s.opener]
    outer = [s for s in openers if s.node not in tail.statement.items]
    if outer:
        return f"the transaction of line {outer[0].line} is still open behind the block"
    if case.site.function.openers or case.finding.omitted or any(not _ends_here(case, tail, o) for o in case.finding.openers):
        return "a transaction of the caller is still open behind the block"
    if tail.opener.text.rstrip("()").endswith(("begin_nested", "savepoint")):
        return "the block is a savepoint: its transaction is still open behind it"
    if find(tail.line, lambda n: isinstance(n, cst.Yield)) is not None:
        return "it is part of a generator's protocol"
    for item in tail.statement.items:
        if item.asname and isinstance(bound := item.asname.name, cst.Name) and mentions(tail.line, bound.value):
            return f"`{bound.value}` of the `with` is closed behind the block"
    if swallowing := next((item for item in tail.statement.items if "suppress" in case.code(item.item).partition("(")[0]), None):
        return f"`{short(case.code(swallowing.item))}` may end the block before the call, which would happen all the same behind it"
    if not _session_family(case) and (name := _made_from_bound(case, tail)):
        return f"`{name}` belongs to what the `with` closes behind the block"
    if _leaves_early(tail.block):
        return "the block may be left early"
    if _session_family(case):
        if part := uncapturable(case, tail.line):
            return f"`{short(part)}` may need the session, which has ended behind the block"
        if captures(case, tail.line) and not _session_of(tail.opener.node):
            return "the session is not known by a name"
    return None


def _ends_here(case: Case, tail: Tail, opener: Opener) -> bool:
    """Whether the end of the block ends this transaction: it is the block's own, or began by itself on a session of the block."""
    if any(case.is_here(opener, s) for s in case.site.chain if s.node in tail.statement.items and s.opener):
        return True
    first, last = case.span(tail.statement)[0], case.span(tail.statement)[2]
    inside = opener.place.path == case.source.path and first < opener.place.line <= last
    sessions = {_session_of(item) for item in tail.statement.items if _is_opener(case, item)}
    return opener.kind == "autobegin" and inside and case.receiver(opener) in sessions - {""}


def _made_from_bound(case: Case, tail: Tail) -> str | None:
    """A name on which the statement calls a method and that the block got from what the ``with`` binds: a cursor of its connection."""
    bound = {item.asname.name.value for item in tail.statement.items if item.asname and isinstance(item.asname.name, cst.Name)}
    for name, value in assigned(case):
        if isinstance(value, cst.Call) and dotted(value.func).partition(".")[0] in bound:

            def asks(node: cst.CSTNode, name: str = name) -> bool:
                return isinstance(node, cst.Call) and dotted(node.func).partition(".")[0] == name

            if find(tail.line, asks) is not None:
                return name
    return None


def _leaves_early(block: cst.IndentedBlock) -> bool:
    return any(find(s, lambda n: isinstance(n, (cst.Return, cst.Break, cst.Continue))) is not None for s in block.body[:-1])


def _is_opener(case: Case, item: cst.WithItem) -> bool:
    """An opener, or the session on which a later item of the same ``with`` begins."""
    scope = next((s for s in case.site.chain if s.node is item), None)
    return (scope is not None and scope.opener is not None) or (_session_family(case) and item.asname is not None)


def _session_family(case: Case) -> bool:
    """Whether objects of a session are about; a Core connection has none."""
    names = [o.opener.lower() for o in case.finding.openers]
    return case.family == "sqlalchemy" and not any("engine" in n or "connection" in n for n in names)


def _session_of(item: cst.CSTNode) -> str:
    """How the block calls its session: ``s`` of ``with Session.begin() as s`` and of ``with s.begin()``."""
    if not isinstance(item, cst.WithItem):
        return ""
    if item.asname and isinstance(item.asname.name, cst.Name):
        return item.asname.name.value
    call = item.item
    return dotted(call.func.value) if isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute) else ""


def _reads(case: Case, tail: Tail, captured: Sequence[Captured], inner: str, ending: str) -> str:
    if not captured:
        return ""
    session = _session_of(tail.opener.node)
    flush = f"{'await ' if tail.statement.asynchronous else ''}{session}.flush()"
    above = tail.block.body[-2]
    lines = [] if short(case.code(above)) == flush else [flush]
    lines += [f"{c.name} = {c.expression}" for c in captured]
    return "".join(inner + line + ending for line in lines)


def _has_long_string(line: cst.SimpleStatementLine) -> bool:
    def is_long(node: cst.CSTNode) -> bool:
        if isinstance(node, cst.SimpleString):
            return "\n" in node.value or "\r" in node.value
        return len(getattr(node, "start", "")) > 3  # f-strings and their like

    return find(line, is_long) is not None


def _dedented(text: str, inner: str, outer: str, first_only: bool) -> str:
    """Lines moved left by one block; with a string over several lines only the first, since the rest may be its text."""
    lines = text.split("\n")
    limit = 1 if first_only else len(lines)
    moved = [outer + line[len(inner) :] if i < limit and line.startswith(inner) else line for i, line in enumerate(lines)]
    return "\n".join(moved)
