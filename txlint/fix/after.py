"""What runs between a call and the end of its transaction, as far as its own function shows: the statements that follow, whether they
always raise, and whether they change or use again what the call was given."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import partial

import libcst as cst

from txlint.fix.case import Case
from txlint.fix.scopes import Scope

_HARMLESS_METHODS = frozenset(
    [
        "get",
        "items",
        "keys",
        "values",
        "copy",
        "format",
        "join",
        "strip",
        "lstrip",
        "rstrip",
        "split",
        "startswith",
        "endswith",
        "encode",
        "decode",
        "lower",
        "upper",
        "title",
        "replace",
        "count",
        "index",
        "isoformat",
        "strftime",
        "timestamp",
        "total_seconds",
        "hex",
        "exists",
        "first",
        "last",
    ]
)
_HARMLESS_PREFIXES = ("get_", "is_", "has_", "to_", "as_", "can_")


def _behind(scope: Scope) -> Iterator[cst.CSTNode]:
    """What follows within a suite, or in the other parts of a ``try``."""
    if scope.kind == "suite":
        body = _statements(scope.node)
        at = next(i for i, s in enumerate(body) if s is scope.statement)
        yield from body[at + 1 :]
    elif scope.kind in ("try", "try-final", "else") and isinstance(scope.node, (cst.Try, cst.TryStar)):
        node = scope.node
        if scope.kind == "try":
            for handler in node.handlers:
                yield from _statements(handler.body)
            if node.orelse:
                yield from _statements(node.orelse.body)
        if node.finalbody and scope.kind != "else":
            yield from _statements(node.finalbody.body)


def _statements(suite: cst.CSTNode) -> Sequence[cst.CSTNode]:
    return getattr(suite, "body", ())


def always_raises(case: Case) -> int | None:
    """The line of a ``raise`` or ``set_rollback(True)`` that is always reached in the same transaction, else ``None``."""
    for scope in reversed(case.region):
        if scope.kind == "suite":
            for statement in _behind(scope):
                ends, line = _ending(case, statement)
                if ends:
                    return line
        elif scope.kind == "try" and isinstance(scope.node, (cst.Try, cst.TryStar)) and scope.node.handlers:
            return None  # what is raised further out may depend on the handlers
        elif scope.kind in ("loop", "finally", "function"):
            return None
    return None


def _ending(case: Case, statement: cst.CSTNode) -> tuple[bool, int | None]:
    """Whether a statement ends the walk (it always leaves), and the line at which it always undoes the transaction."""
    match statement:
        case cst.Raise():
            return True, case.line(statement)
        case cst.Return() | cst.Break() | cst.Continue():
            return True, None
        case cst.Expr(value=cst.Call() as call) if case.code(call.func).endswith("set_rollback") and "True" in case.code(call):
            return True, case.line(statement)
        case cst.Assert(test=cst.Name(value="False")):
            return True, case.line(statement)
        case cst.SimpleStatementLine() | cst.SimpleStatementSuite() | cst.IndentedBlock() | cst.With():
            inner = statement.body.body if isinstance(statement, cst.With) else statement.body
            for part in inner:
                ends, line = _ending(case, part)
                if ends:
                    return True, line
            return False, None
        case cst.If(orelse=orelse) if orelse is not None:
            first = _ending(case, statement.body)
            second = _ending(case, orelse.body if isinstance(orelse, cst.Else) else orelse)
            if first[0] and second[0]:
                return True, first[1] if first[1] and second[1] else None
            return False, None
        case _:
            return False, None


def dotted(node: cst.CSTNode) -> str:
    """``a.b.c`` for a chain of names, else empty."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if not isinstance(node, cst.Name):
        return ""
    return ".".join((node.value, *reversed(parts)))


_FIELDS: dict[type, tuple[str, ...]] = {}
_NOT_ENTERED = (cst.FunctionDef, cst.ClassDef, cst.Lambda)
_TRIVIA = (
    "whitespace",
    "lines",
    "header",
    "footer",
    "indent",
    "comma",
    "lpar",
    "rpar",
    "lbracket",
    "rbracket",
    "dot",
    "semicolon",
    "equal",
)


def _children(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Child nodes that are code. Reads fields, as libcst's own traversal builds every node anew, which is twenty times slower."""
    kind = type(node)
    if (names := _FIELDS.get(kind)) is None:
        names = tuple(f.name for f in fields(node) if not any(part in f.name for part in _TRIVIA))
        _FIELDS[kind] = names
    for name in names:
        value = getattr(node, name)
        if isinstance(value, cst.CSTNode):
            yield value
        elif isinstance(value, (tuple, list)):
            yield from value


def find(node: cst.CSTNode, test: Callable[[cst.CSTNode], bool]) -> cst.CSTNode | None:
    """The first node, outermost first, for which the test holds. Nested functions and classes run only when called: they are left out."""
    stack = [node]
    while stack:
        at = stack.pop()
        if test(at):
            return at
        if not isinstance(at, _NOT_ENTERED):
            stack += reversed(list(_children(at)))
    return None


def mentions(node: cst.CSTNode, name: str) -> bool:
    """Whether a name (or an attribute or keyword called so) occurs."""
    return find(node, lambda n: isinstance(n, cst.Name) and n.value == name) is not None


def changed_later(case: Case, name: str) -> int | None:
    """The line at which ``name`` (dotted) may be changed in place before the commit, else ``None``."""

    def changes(node: cst.CSTNode) -> bool:
        match node:
            case cst.AssignTarget(target=target) | cst.AnnAssign(target=target) | cst.Del(target=target):
                return _is_part(target, name)
            case cst.AugAssign(target=target):
                return dotted(target) == name or _is_part(target, name)
            case cst.Call(func=cst.Attribute(value=value, attr=attr)):
                written = dotted(value)
                harmless = attr.value in _HARMLESS_METHODS or attr.value.startswith(_HARMLESS_PREFIXES)
                return (written == name or written.startswith(name + ".")) and not harmless
            case cst.Call(func=cst.Name(value="setattr" | "delattr"), args=[cst.Arg(value=value), *_]):
                return dotted(value) == name
            case _:
                return False

    rebound = {scope.node for scope in case.region if scope.kind == "loop" and _rebinds(scope.node, name)}
    for scope in reversed(case.region):
        statements = list(_behind(scope))
        if scope.kind == "loop" and scope.node not in rebound and isinstance(scope.node, (cst.For, cst.While)):
            statements += _statements(scope.node.body)
        for statement in statements:
            found = find(statement, lambda n: n is not case.site.call and changes(n))
            if found is not None:
                return case.line(found)
    return None


def _is_part(target: cst.CSTNode, name: str) -> bool:
    """Whether a target is an attribute or item of ``name``."""
    while isinstance(target, (cst.Attribute, cst.Subscript)):
        target = target.value
        if dotted(target) == name:
            return True
    return False


def _rebinds(loop: cst.CSTNode, name: str) -> bool:
    """Whether each turn of a loop binds the name anew (its target, or an assignment in its body)."""

    def binds(node: cst.CSTNode) -> bool:
        return isinstance(node, (cst.AssignTarget, cst.AnnAssign)) and isinstance(node.target, cst.Name) and node.target.value == name

    if isinstance(loop, cst.For) and find(loop.target, lambda n: isinstance(n, cst.Name) and n.value == name):
        return True
    return find(loop, binds) is not None


_STATELESS = frozenset({"os", "os.path", "shutil", "requests", "httpx"})


def used_again(case: Case) -> int | None:
    """For effects that later code may read back (files, caches, stores, remote services): the line of a later call on the same receiver
    whose result counts, or on the same file or key."""
    call = case.site.call
    receiver = dotted(call.func.value) if isinstance(call.func, cst.Attribute) else ""
    receiver = "" if receiver in _STATELESS else receiver
    written = (cst.Name, cst.Attribute, cst.SimpleString, cst.FormattedString)
    by_argument = case.finding.effect.kind in ("storage", "storage-write", "cache", "store")
    given = [a.value for a in call.args if isinstance(a.value, written)] if by_argument else []
    roots = {case.code(value): dotted(value).partition(".")[0] for value in given}
    if receiver:
        roots[receiver] = receiver.partition(".")[0]

    def uses(node: cst.CSTNode, same: Collection[str]) -> bool:
        if not isinstance(node, cst.Call) or node is call or case.walked.visitor.meanings.effect(case.span(node)) is not None:
            return False
        other = dotted(node.func.value) if isinstance(node.func, cst.Attribute) else ""
        return (other == receiver and other in same) or (by_argument and any(case.code(a.value) in same for a in node.args))

    return _later(case, roots, uses)


def mentioned_again(case: Case) -> int | None:
    """For a call that changes a path: the line at which the path, as the call is given it or is called on it, is written again before
    the transaction ends. What each turn of a loop binds anew is another path."""
    call = case.site.call
    written = (cst.Name, cst.Attribute, cst.BaseString, cst.BinaryOperation, cst.Subscript)
    paths: list[cst.BaseExpression] = [a.value for a in call.args if isinstance(a.value, written)]
    if isinstance(call.func, cst.Attribute) and dotted(call.func.value) not in _STATELESS:
        paths.append(call.func.value)
    own: set[int] = set()

    def collect(node: cst.CSTNode) -> bool:
        own.add(id(node))
        return False

    find(call, collect)

    def mentions_one(node: cst.CSTNode, same: Collection[str]) -> bool:
        return isinstance(node, cst.BaseExpression) and id(node) not in own and case.code(node) in same

    return _later(case, {case.code(path): dotted(path).partition(".")[0] for path in paths}, mentions_one)


def _later(case: Case, roots: Mapping[str, str], test: Callable[[cst.CSTNode, Collection[str]], bool]) -> int | None:
    """The line of the first node behind the call, in its transaction, for which the test holds. ``roots``: expressions with the name
    that each begins with; the test is told those that still mean the same, as a new turn of a loop may bind its names anew."""
    for scope in reversed(case.region):
        statements, same = list(_behind(scope)), set(roots)
        if scope.kind == "loop" and isinstance(scope.node, (cst.For, cst.While)):
            statements += _statements(scope.node.body)
            same = {text for text, root in roots.items() if not root or not _rebinds(scope.node, root)}
        for statement in statements if same else ():
            if found := find(statement, partial(lambda kept, node: test(node, kept), same)):
                return case.line(found)
    return None
