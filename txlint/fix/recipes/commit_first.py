"""``notify(order.id); session.commit()`` becomes ``session.commit(); notify(order_id)``: the effect moves behind the explicit commit.

For transactions that begin by themselves and end with a ``commit()`` further down in the same block. Between the two only simple statements
may stand, as any other might leave the block. What the call reads from objects is read where it stood: the commit expires them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import libcst as cst

from txlint.fix.after import binds, dotted, find, find_everywhere
from txlint.fix.capture import captures, passed_whole, replaced, uncapturable
from txlint.fix.case import Case, Rewrite, Verdict, short, weighed
from txlint.fix.references import by_reference, changed_later
from txlint.fix.source import Edit
from txlint.fix.undoing import ON, outcomes

NAME = "commit-first"
_LEAVES = (cst.Return, cst.Raise, cst.Break, cst.Continue, cst.Yield)


@dataclass(frozen=True, slots=True)
class Pair:
    """The statement to move and the commit that it moves behind, with the statement right above it in the block, if any."""

    line: cst.SimpleStatementLine
    commit: cst.SimpleStatementLine
    session: str
    above: cst.CSTNode | None
    between: tuple[cst.CSTNode, ...] = ()


def applies(case: Case) -> bool:
    return bool(case.finding.openers) and all(o.kind == "autobegin" for o in case.finding.openers)


def applicability(case: Case) -> Verdict:
    pair = _pair(case)
    if isinstance(pair, str):
        return Verdict("none", pair)
    if case.finding.held:
        return Verdict("none", "the transaction only holds the connection here: end it before the call")
    if case.finding.omitted or any(case.receiver(o) != pair.session for o in case.finding.openers):
        return Verdict("none", f"it is reached from transactions that `{pair.session}.commit()` does not end")
    if part := uncapturable(case, pair.line):
        return Verdict("none", f"`{short(part)}` would begin a new transaction behind the commit")
    if refusal := _changed_between(case, pair):
        return Verdict("none", refusal)
    risks = [case.whole_call] if case.at_entry else []
    last = case.line(pair.commit)
    for name in by_reference(case):
        if (line := changed_later(case, name)) and line < last:
            risks.append(f"`{name}` is passed by reference and may be changed on line {line} before the commit")
    risks += [f"`{n}` is expired behind the commit if it is an object of the session" for n in passed_whole(case, pair.line)]
    return weighed(risks)


def rewrite(case: Case) -> Rewrite:
    pair = _pair(case)
    assert isinstance(pair, Pair), "applicability was asked first"
    source = case.source
    first, last = case.line(pair.line) - len(list(_own_comments(pair.line))), case.span(pair.line)[2]
    start = source.starts[first - 1]
    end = source.starts[last] if last < len(source.starts) else len(source.text)
    captured = captures(case, pair.line)
    text = replaced(case, source.text[start:end], start, captured)
    indent, ending = source.indent(case.line(pair.line)), source.ending(last)
    awaits = "await " if find(pair.commit, lambda n: isinstance(n, cst.Await)) is not None else ""
    flush = f"{awaits}{pair.session}.flush()"
    reads = [f"{c.name} = {c.expression}" for c in captured]
    if reads and not (pair.above is not None and short(case.code(pair.above)) == flush):
        reads.insert(0, flush)
    behind = case.span(pair.commit)[2]
    if behind < len(source.starts):
        moved = Edit(source.starts[behind], source.starts[behind], text)
    else:
        whole = source.text.endswith(("\n", "\r"))
        moved = Edit(len(source.text), len(source.text), text if whole else ending + text.removesuffix(ending))
    edits = (Edit(start, end, "".join(indent + line + ending for line in reads)), moved)
    return Rewrite(edits, (), (f"`{case.callee}` runs after the commit, and not at all when it fails",))


def _pair(case: Case) -> Pair | str:
    """What would move behind what, or why nothing can."""
    suites = [s for s in case.site.chain if s.kind == "suite"]
    if len(suites) < 2 or not isinstance(line := suites[-2].statement, cst.SimpleStatementLine) or len(line.body) != 1:
        return "it does not stand in a block of its own line"
    value = line.body[0].value if isinstance(line.body[0], cst.Expr) else None
    if value is not case.site.call and not (isinstance(value, cst.Await) and value.expression is case.site.call):
        return f"the result of `{case.callee}` is used: commit before the call, and write the result in a second transaction"
    block = suites[-2].node
    body = block.body if isinstance(block, cst.IndentedBlock) else ()
    at = next((i for i, s in enumerate(body) if s is line), None)
    for statement in body[at + 1 :] if at is not None else ():
        if not isinstance(statement, cst.SimpleStatementLine):
            break
        if session := _committed(statement):
            between = tuple(body[at + 1 : body.index(statement)]) if at is not None else ()
            return Pair(line, statement, session, body[at - 1] if at else None, between)
        if find(statement, lambda n: isinstance(n, _LEAVES)) is not None:
            break
    return "no `commit()` follows in the same block"


def _changed_between(case: Case, pair: Pair) -> str | None:
    """Why the call would not be the same behind what stands between it and the commit."""
    for statement in pair.between:
        names = {n.value for n in find_everywhere(pair.line, lambda n: isinstance(n, cst.Name)) if isinstance(n, cst.Name)}
        if found := next((name for name in sorted(names) if find(statement, partial(_binds, name))), None):
            return f"line {case.line(statement)} binds `{found}` anew before the commit"
        if ON not in outcomes(case, statement).ends:
            return f"line {case.line(statement)} always undoes the transaction before the commit"
    return None


def _binds(name: str, node: cst.CSTNode) -> bool:
    return binds(node, name)


def _committed(line: cst.SimpleStatementLine) -> str:
    """``session`` of a line ``session.commit()``."""
    value = line.body[0].value if len(line.body) == 1 and isinstance(line.body[0], cst.Expr) else None
    call = value.expression if isinstance(value, cst.Await) else value
    if isinstance(call, cst.Call) and not call.args and isinstance(call.func, cst.Attribute) and call.func.attr.value == "commit":
        return dotted(call.func.value)
    return ""


def _own_comments(line: cst.SimpleStatementLine) -> Iterator[cst.EmptyLine]:
    """Comments right above a statement, which are about it."""
    for empty in reversed(line.leading_lines):
        if empty.comment is None:
            return
        yield empty
