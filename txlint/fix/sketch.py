"""How a call whose result is used gets out of its transaction, shown in the user's own code: the call first, or what is written from its
result later, in a second transaction. A sketch to write by hand, never applied: which of the two is right, the author has to know.

In: a case that no recipe rewrites. Out: the lines before and after as a diff without its header, or words where the transaction is opened
elsewhere."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from txlint.fix.after import dotted, find, find_everywhere, statements_of, targets
from txlint.fix.capture import free_name
from txlint.fix.case import Case
from txlint.fix.scopes import Scope
from txlint.model.finding import Opener

_MOST_LINES = 24
_STEP = "    "


@dataclass(frozen=True, slots=True)
class Frame:
    """The block of one transaction: the lines that open it as a ``with``, its statements, the one in which the call stands, and the lines
    of the whole, 1-based and inclusive. ``is_function``: a decorator opens it; ``above`` are the lines between that and the statements."""

    header: Sequence[str]
    body: Sequence[cst.CSTNode]
    statement: cst.CSTNode
    first: int
    last: int
    is_function: bool
    above: Sequence[str] = ()


def sketch(case: Case) -> str | None:
    """The lines to show, ``None`` where there is nothing to show."""
    frame = _frame(case)
    if frame is None:
        return None
    if not isinstance(frame.statement, (cst.SimpleStatementLine, cst.If, cst.While, cst.For, cst.With)) or _has_long_strings(frame):
        return None
    at = next(i for i, statement in enumerate(frame.body) if statement is frame.statement)
    before, after = frame.body[:at], frame.body[at + 1 :]
    if isinstance(frame.statement, cst.SimpleStatementLine):
        moved, stays = _lines(case, frame.statement), []
    elif _in_header(case, frame.statement):
        name = free_name(case, "result", set())
        call = case.source.between(case.site.span)
        moved = [f"{_indent(case, frame)}{name} = {'await ' if case.site.awaited else ''}{call}"]
        stays = _renamed(case, frame.statement, name)
    else:
        return None
    return _diff(_text(case, frame.first, frame.last), _new(case, frame, before, moved, stays, after))


def words(case: Case) -> str:
    """What to move where, for a transaction that is opened elsewhere; empty where it is opened in the call's own function."""
    owners = [o for o in case.finding.openers if len(o.trace) > 1 or o.kind in ("atomic_requests", "request", "admin")]
    if not owners:
        return ""
    return _elsewhere(case, owners[0])


def _elsewhere(case: Case, opener: Opener) -> str:
    here, call = case.site.function.name, case.callee
    if opener.kind == "atomic_requests":
        return (
            "the view can be `@transaction.non_atomic_requests`, with `transaction.atomic()` around what it writes before "
            f"and after `{call}`"
        )
    if opener.kind in ("request", "admin", "hook", "implicit", "autobegin") or _is_given_what_is_made_here(case):
        return f"a job that is enqueued at the commit can call `{call}` and write its result in a transaction of its own"
    owner = opener.trace[0].function.rpartition(".")[2] if opener.trace else ""
    where = f"{opener.place.path}:{opener.place.line}"
    if opener.decorates:
        return f"all of `{owner}` is in the transaction ({where}): its callers can call `{call}` before, and hand its result on to `{here}`"
    return f"`{owner}` opens the transaction ({where}): `{call}` can be called there before it, and its result handed on to `{here}`"


def _is_given_what_is_made_here(case: Case) -> bool:
    """Does the call need what its own function makes, in the transaction?"""
    functions = case.functions
    if not functions:
        return False
    arguments = functions[-1].args
    given = {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg) if a}
    made = case.names.bound_in(functions[-1]) - given - case.names.imported_in(functions[-1])
    return any(find_everywhere(case.site.call, lambda node: isinstance(node, cst.Name) and node.value in made))


def _frame(case: Case) -> Frame | None:
    """The transaction's block, where all transactions around the call are opened in its own function."""
    if not case.ends_here or not case.finding.openers:
        return None
    chain = case.site.chain
    opening = next((i for i, s in enumerate(chain) if s.kind == "with" and s.opener), None)
    if opening is not None and not case.site.function.openers:
        return _of_with(case, chain, opening)
    node = case.site.function.node
    if opening is None and isinstance(node, cst.FunctionDef) and len(case.site.function.openers) == 1:
        return _of_function(case, node)
    return None


def _of_with(case: Case, chain: Sequence[Scope], opening: int) -> Frame | None:
    inside = next((s for s in chain[opening + 1 :] if s.kind == "suite"), None)
    around = next((s.statement for s in reversed(chain[:opening]) if s.kind == "suite"), None)
    if inside is None or inside.statement is None or not isinstance(around, cst.With):
        return None
    first, _, last, _ = case.span(around)
    body = statements_of(around.body)
    return Frame(_text(case, first, _first(case, body[0]) - 1), body, inside.statement, first, last, False)


def _of_function(case: Case, node: cst.FunctionDef) -> Frame | None:
    lines = {o.place.line for o in case.finding.openers if o.kind == "decorator"}
    decorator = next((d for d in node.decorators if case.line(d) in lines), None)
    inside = next((s for s in case.site.chain if s.kind == "suite"), None)
    if decorator is None or inside is None or inside.statement is None or not isinstance(node.body, cst.IndentedBlock):
        return None
    written = case.code(decorator.decorator)
    if not dotted(decorator.decorator.func if isinstance(decorator.decorator, cst.Call) else decorator.decorator).endswith("atomic"):
        return None
    body = statements_of(node.body)
    indent = case.source.indent(case.line(body[0]))
    opening = written if isinstance(decorator.decorator, cst.Call) else f"{written}()"
    header = [f"{indent}{line}" for line in f"with {opening}:".splitlines()]
    above = _text(case, case.span(decorator.decorator)[2] + 1, _first(case, body[0]) - 1)
    return Frame(header, body, inside.statement, case.line(decorator), case.span(node)[2], True, above)


def _new(
    case: Case, frame: Frame, before: Sequence[cst.CSTNode], moved: list[str], stays: list[str], after: Sequence[cst.CSTNode]
) -> list[str]:
    """The lines of the block as they could be."""
    outer = case.source.indent(case.line(frame.body[0])) if frame.is_function else case.source.indent(frame.first)
    inner = outer + (_STEP if frame.is_function else _inner(case, frame, outer))

    def block(statements: Sequence[cst.CSTNode]) -> list[str]:
        found = [line for statement in statements for line in _lines(case, statement)]
        return [f"{_STEP}{line}" if line.strip() else line for line in found] if frame.is_function else found

    shift = _STEP if frame.is_function else ""
    stays = [f"{shift}{line}" if line.strip() else line for line in stays]
    call = moved if frame.is_function else _dedented(moved, inner, outer)
    start, head = [*frame.above], frame.header
    if frame.is_function and before and _is_docstring(before[0]):
        start += _lines(case, before[0])
        before = before[1:]
    early, late = block(before), [*stays, *block(after)]
    if not _depends(case, frame, before):
        return [*start, *call, *head, *early, *late]
    first = [*head, *early] if early else []
    return [*start, *first, *call, *([*head, *late] if late else [])]


def _inner(case: Case, frame: Frame, outer: str) -> str:
    return case.source.indent(case.line(frame.body[0]))[len(outer) :]


def _depends(case: Case, frame: Frame, before: Sequence[cst.CSTNode]) -> bool:
    """Whether what stands before the call in the transaction binds, changes or is handed something that the call reads."""
    node: cst.CSTNode = frame.statement if isinstance(frame.statement, cst.SimpleStatementLine) else case.site.call
    names = {n.value for n in find_everywhere(node, lambda n: isinstance(n, cst.Name)) if isinstance(n, cst.Name)}
    names -= {dotted(case.site.call.func).partition(".")[0]}

    def touches(part: cst.CSTNode) -> bool:
        if any(_root(each) in names for each in targets(part)):
            return True
        if not isinstance(part, cst.Call):
            return False
        given = {_root(argument.value) for argument in part.args}
        return bool(names & given) or (isinstance(part.func, cst.Attribute) and _root(part.func.value) in names)

    return any(find(statement, touches) is not None for statement in before)


def _root(node: cst.CSTNode) -> str:
    while isinstance(node, (cst.Attribute, cst.Subscript)):
        node = node.value
    return node.value if isinstance(node, cst.Name) else ""


def _lines(case: Case, statement: cst.CSTNode) -> list[str]:
    """The lines of a statement as written, with the comments right above it."""
    return _text(case, _first(case, statement), case.span(statement)[2])


def _first(case: Case, statement: cst.CSTNode) -> int:
    """The line at which a statement begins, with its decorators and the comments right above it."""
    decorated = getattr(statement, "decorators", ())
    first = case.line(decorated[0] if decorated else statement)
    while first > 1 and case.source.line(first - 1).lstrip().startswith("#"):
        first -= 1
    return first


def _text(case: Case, first: int, last: int) -> list[str]:
    """Lines of the file, without their endings."""
    return [case.source.line(number).rstrip("\r\n") for number in range(first, last + 1)]


def _in_header(case: Case, statement: cst.CSTNode) -> bool:
    """Whether the call is evaluated once, where a compound statement begins."""
    owner = statement.items[0] if isinstance(statement, cst.With) else getattr(statement, "test", getattr(statement, "iter", None))
    return not isinstance(statement, cst.While) and owner is not None and find(owner, lambda n: n is case.site.call) is not None


def _renamed(case: Case, statement: cst.CSTNode, name: str) -> list[str]:
    """The lines of a statement with the name in place of the call."""
    first, _, last, _ = case.span(statement)
    starts, text = case.source.starts, case.source.text
    low, high = case.source.offset(*case.site.span[:2]), case.source.offset(*case.site.span[2:])
    if case.site.awaited:
        low = text.rindex("await", 0, low)
    end = starts[last] if last < len(starts) else len(text)
    return [line.rstrip("\r") for line in (text[starts[first - 1] : low] + name + text[high:end]).rstrip("\n").split("\n")]


def _indent(case: Case, frame: Frame) -> str:
    return case.source.indent(case.line(frame.statement))


def _dedented(lines: list[str], inner: str, outer: str) -> list[str]:
    return [outer + line[len(inner) :] if line.startswith(inner) else line for line in lines]


def _is_docstring(statement: cst.CSTNode) -> bool:
    return (
        isinstance(statement, cst.SimpleStatementLine)
        and isinstance(statement.body[0], cst.Expr)
        and isinstance(statement.body[0].value, cst.SimpleString)
    )


def _has_long_strings(frame: Frame) -> bool:
    """Whether a string goes over several lines: its text must not be indented anew."""
    texts = (cst.SimpleString, cst.FormattedString)
    return frame.is_function and any(
        isinstance(n, texts) and not _is_docstring(statement) and (len(getattr(n, "start", "")) > 3 or "\n" in getattr(n, "value", ""))
        for statement in frame.body
        for n in find_everywhere(statement, lambda n: isinstance(n, texts))
    )


def _diff(old: list[str], new: list[str]) -> str | None:
    """The changed lines with one line around them, as ``-``, ``+`` and `` `` lines; ``None`` where it would be too long to be read."""
    found = list(_shown(old, new))
    return "\n".join(found) if 0 < len(found) <= _MOST_LINES else None


def _shown(old: list[str], new: list[str]) -> Iterator[str]:
    started = False
    for line in difflib.unified_diff(old, new, n=1, lineterm=""):
        if line.startswith("@@"):
            if started:
                yield " ..."
            started = True
        elif started:
            yield line
