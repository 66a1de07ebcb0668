"""What runs between a call and the end of its transaction, as far as its own function shows: the statements that follow, and whether
they use again what the call was given or did."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields

import libcst as cst

from txlint.fix.case import Case
from txlint.fix.scopes import Scope


def behind(case: Case, scope: Scope) -> Iterator[tuple[cst.CSTNode, int]]:
    """What follows within a suite, or in the other parts of a ``try``: suites, each with the number of the first statement that does."""
    if scope.kind == "suite":
        yield scope.node, place_in(case, scope) + 1
    elif scope.kind in ("try", "try-final", "else") and isinstance(scope.node, (cst.Try, cst.TryStar)):
        node = scope.node
        if scope.kind == "try":
            for handler in node.handlers:
                yield handler.body, 0
            if node.orelse:
                yield node.orelse.body, 0
        if node.finalbody and scope.kind != "else":
            yield node.finalbody.body, 0


def statements_of(suite: cst.CSTNode) -> Sequence[cst.CSTNode]:
    """The statements of a block."""
    return getattr(suite, "body", ())


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
_NOT_ENTERED: frozenset[type] = frozenset({cst.FunctionDef, cst.ClassDef, cst.Lambda})
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


def children(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
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


def within(node: cst.CSTNode, entered: bool = False) -> Iterator[cst.CSTNode]:
    """A node and its parts, outermost first. Nested functions and classes run only when called: they are left out; ``entered`` says that
    the node is not, though it is one itself."""
    stack = [node]
    while stack:
        at = stack.pop()
        yield at
        if type(at) not in _NOT_ENTERED or (entered and at is node):
            stack += reversed(list(children(at)))


def find(node: cst.CSTNode, test: Callable[[cst.CSTNode], bool]) -> cst.CSTNode | None:
    """The first part of a node for which the test holds; see `within`."""
    return next(filter(test, within(node)), None)


def find_everywhere(node: cst.CSTNode, test: Callable[[cst.CSTNode], bool]) -> Iterator[cst.CSTNode]:
    """All parts for which the test holds; a nested function or class may be one of them, but only the node itself is entered."""
    return filter(test, within(node, entered=True))


def targets(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """What a node binds or deletes, by itself: the single targets of assignments, loops, ``with``, ``del``, imports and handlers."""
    match node:
        case (
            cst.AssignTarget(target=target)
            | cst.AnnAssign(target=target)
            | cst.AugAssign(target=target)
            | cst.NamedExpr(target=target)
            | cst.Del(target=target)
            | cst.For(target=target)
            | cst.AsName(name=target)
        ):
            yield from single(target)
        case cst.ImportAlias(name=imported, asname=None):
            root: cst.BaseExpression = imported
            while isinstance(root, cst.Attribute):
                root = root.value
            yield root
        case cst.FunctionDef(name=name) | cst.ClassDef(name=name):
            yield name
        case cst.MatchAs(name=cst.Name() as name) | cst.MatchStar(name=cst.Name() as name) | cst.MatchMapping(rest=cst.Name() as name):
            yield name


def single(target: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The single targets of ``a.x, (b.y, *c) = ...``."""
    if isinstance(target, (cst.Tuple, cst.List)):
        for element in target.elements:
            yield from single(element.value)
    else:
        yield target


def doings(case: Case, node: cst.CSTNode) -> list[cst.CSTNode]:
    """The parts of a node that bind, delete or call something: few of them, and listed once."""

    def does(part: cst.CSTNode) -> bool:
        return isinstance(part, cst.Call) or next(targets(part), None) is not None

    return case.walked.kept("doings", node, lambda: filter(does, within(node)))


def touching(case: Case, suite: cst.CSTNode, roots: Collection[str], given: bool) -> list[tuple[int, cst.CSTNode]]:
    """The doings in a suite, in order, with the number of their statement: those that bind, delete or call what begins with one of these
    names, and where ``given`` the calls that are given it; all where a root is empty."""

    def read() -> Iterator[dict[tuple[bool, str], list[tuple[int, int, cst.CSTNode]]]]:
        found: dict[tuple[bool, str], list[tuple[int, int, cst.CSTNode]]] = {}
        every = ((number, part) for number, statement in enumerate(statements_of(suite)) for part in doings(case, statement))
        for order, (number, part) in enumerate(every):
            for key in {(False, ""), *_touched(part)}:
                found.setdefault(key, []).append((order, number, part))
        yield found

    index = case.walked.kept("touching", suite, read)[0]
    keys = [(is_argument, root) for root in roots for is_argument in (False, True)[: given + 1]]
    entries = {order: (number, part) for key in keys for order, number, part in index.get(key, ())}
    return [entries[order] for order in sorted(entries)]


def _touched(part: cst.CSTNode) -> Iterator[tuple[bool, str]]:
    """The names with which begins what a part binds, deletes or calls, and, marked, what it gives to a call."""
    yield from ((False, _root(target)) for target in targets(part))
    if isinstance(part, cst.Call):
        yield False, _root(part.func)
        yield from ((True, _root(argument.value)) for argument in part.args)
        if part.args and dotted(part.func) in ("setattr", "delattr"):
            yield False, _root(part.args[0].value)


def _root(node: cst.CSTNode) -> str:
    while isinstance(node, (cst.Attribute, cst.Subscript)):
        node = node.value
    return node.value if isinstance(node, cst.Name) else ""


def root_of(text: str) -> str:
    """The name with which an expression of names and items begins: ``order`` of ``order.lines[0]``."""
    return text.replace("[", ".").partition(".")[0].strip("()")


def binds(node: cst.CSTNode, name: str) -> bool:
    """Whether a node, by itself, binds this name anew."""
    return any(isinstance(each, cst.Name) and each.value == name for each in targets(node))


def mentions(node: cst.CSTNode, name: str) -> bool:
    """Whether a name (or an attribute or keyword called so) occurs."""
    return find(node, lambda n: isinstance(n, cst.Name) and n.value == name) is not None


def first_bound(case: Case, scope: Scope, text: str) -> int | None:
    """How many statements of a turn of the loop run before the name is bound anew, and so may speak of the object of the turn before:
    0 for the loop's own target, ``None`` (all) where it stays bound. Only what is bound on every way to the call counts."""
    loop, root = scope.node, root_of(text)
    if isinstance(loop, cst.For) and find(loop.target, lambda n: isinstance(n, cst.Name) and n.value == root):
        return 0
    suite = next((s for s in case.site.chain[case.site.chain.index(scope) + 1 :] if s.kind == "suite"), None)
    if suite is None:
        return None
    number = _first_bindings(case, suite.node).get(root)
    return number if number is not None and number < place_in(case, suite) else None


def _first_bindings(case: Case, suite: cst.CSTNode) -> Mapping[str, int]:
    """By name the number of the first simple statement of a suite that binds it."""

    def read() -> Iterator[Mapping[str, int]]:
        found: dict[str, int] = {}
        for number, statement in enumerate(statements_of(suite)):
            if isinstance(statement, cst.SimpleStatementLine):
                bound = (each for part in within(statement) for each in targets(part))
                found |= {each.value: number for each in bound if isinstance(each, cst.Name) and each.value not in found}
        yield found

    return case.walked.kept("first bindings", suite, read)[0]


def place_in(case: Case, suite: Scope) -> int:
    """The number of the statement, among those of the suite, in which the call stands."""
    numbers = case.walked.kept("numbers", suite.node, lambda: [{id(s): number for number, s in enumerate(statements_of(suite.node))}])
    return numbers[0][id(suite.statement)]


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

    remote = case.finding.effect.kind in ("http", "rpc")
    asked = dotted(call.func.value) if remote and isinstance(call.func, cst.Attribute) else ""
    if asked:
        roots[asked] = asked.partition(".")[0]

    def uses(node: cst.CSTNode, same: Collection[str]) -> bool:
        if not isinstance(node, cst.Call) or node is call:
            return False
        if case.walked.visitor.meanings.effect(case.span(node)) is not None:
            site = case.walked.sites.get(case.span(node))
            answered = site is not None and site.statement is None and isinstance(node.func, cst.Attribute)
            return answered and isinstance(node.func, cst.Attribute) and bool(asked) and dotted(node.func.value) == asked and asked in same
        other = dotted(node.func.value) if isinstance(node.func, cst.Attribute) else ""
        return (other == receiver and other in same) or (by_argument and any(case.code(a.value) in same for a in node.args))

    return _later(case, roots, uses, given=by_argument)


def overtakes(case: Case) -> int | None:
    """The line of a later effect on the same file or key that stays, as its result is used: what the deferred call would undo."""
    call = case.site.call
    receiver = dotted(call.func.value) if isinstance(call.func, cst.Attribute) else ""
    written = (cst.Name, cst.Attribute, cst.SimpleString, cst.FormattedString)
    given = {case.code(a.value): dotted(a.value).partition(".")[0] for a in call.args if isinstance(a.value, written)}
    if not receiver or not given:
        return None

    def stays(node: cst.CSTNode, same: Collection[str]) -> bool:
        if not isinstance(node, cst.Call) or node is call or not isinstance(node.func, cst.Attribute):
            return False
        site = case.walked.sites.get(case.span(node))
        is_used = site is not None and site.statement is None and dotted(node.func.value) == receiver
        return is_used and receiver in same and any(case.code(a.value) in given and case.code(a.value) in same for a in node.args)

    return _later(case, {**given, receiver: receiver.partition(".")[0]}, stays, given=True)


def read_back(case: Case) -> int | None:
    """The line of a later call on the same receiver that only reads, and so stays where it is: it would find nothing yet."""
    call = case.site.call
    receiver = dotted(call.func.value) if isinstance(call.func, cst.Attribute) else ""
    if not receiver or receiver in _STATELESS:
        return None

    def reads(node: cst.CSTNode, same: Collection[str]) -> bool:
        if not isinstance(node, cst.Call) or node is call or not isinstance(node.func, cst.Attribute):
            return False
        meaning = case.walked.visitor.meanings.effect(case.span(node))
        return meaning is not None and meaning.reads and dotted(node.func.value) == receiver and receiver in same

    return _later(case, {receiver: root_of(receiver)}, reads)


def asked_later(case: Case) -> int | None:
    """The line of a later call on the same receiver whose result is used, for a store also on something that both are given: what it
    answers may depend on what this call did."""
    call, kind = case.site.call, case.finding.effect.kind
    receiver = dotted(call.func.value) if isinstance(call.func, cst.Attribute) else ""
    if kind not in ("http", "rpc", "store") or not receiver or receiver in _STATELESS:
        return None
    given = {case.code(argument.value) for argument in call.args}

    def asks(node: cst.CSTNode, same: Collection[str]) -> bool:
        if not isinstance(node, cst.Call) or node is call or id(node) in _unanswered(case) or receiver not in same:
            return False
        on_it = isinstance(node.func, cst.Attribute) and dotted(node.func.value) == receiver
        return on_it and (kind != "store" or any(case.code(argument.value) in given for argument in node.args))

    return _later(case, {receiver: root_of(receiver)}, asks)


def _unanswered(case: Case) -> frozenset[int]:
    """The ids of the calls of the function that are statements by themselves."""

    def read() -> Iterator[frozenset[int]]:
        lines = find_everywhere(case.site.function.node, lambda n: isinstance(n, cst.Expr))
        values = (line.value for line in lines if isinstance(line, cst.Expr))
        yield frozenset(id(value.expression if isinstance(value, cst.Await) else value) for value in values)

    return case.walked.kept("unanswered", case.site.function.node, read)[0]


def mentioned_again(case: Case) -> int | None:
    """For a call that changes a path: the line at which the path, as the call is given it or is called on it, is written again before
    the transaction ends. What each turn of a loop binds anew is another path."""
    call = case.site.call
    written = (cst.Name, cst.Attribute, cst.BaseString, cst.BinaryOperation, cst.Subscript)
    paths: list[cst.BaseExpression] = [a.value for a in call.args if isinstance(a.value, written)]
    if isinstance(call.func, cst.Attribute) and dotted(call.func.value) not in _STATELESS:
        paths.append(call.func.value)
    own = {id(part) for part in within(call)}

    def mentions_one(node: cst.CSTNode, same: Collection[str]) -> bool:
        return isinstance(node, cst.BaseExpression) and id(node) not in own and case.code(node) in same

    return _later(case, {case.code(path): dotted(path).partition(".")[0] for path in paths}, mentions_one, within)


def _later(
    case: Case,
    roots: Mapping[str, str],
    test: Callable[[cst.CSTNode, Collection[str]], bool],
    parts: Callable[[cst.CSTNode], Iterable[cst.CSTNode]] | None = None,
    given: bool = False,
) -> int | None:
    """The line of the first part of what is behind the call, in its transaction, for which the test holds. ``roots``: expressions with the
    name that each begins with; the test is told those that still mean the same, as a new turn of a loop may bind its names anew.
    ``parts`` are what of a statement is tested, else the doings that touch one of the roots, by being given it, too, where ``given``."""

    def tested(suite: cst.CSTNode) -> Iterable[tuple[int, cst.CSTNode]]:
        if parts is None:
            return touching(case, suite, frozenset(roots.values()), given)
        return ((number, part) for number, statement in enumerate(statements_of(suite)) for part in parts(statement))

    for scope in reversed(case.region):
        for suite, first in behind(case, scope):
            if found := next((part for number, part in tested(suite) if number >= first and test(part, roots)), None):
                return case.line(found)
        if scope.kind == "loop" and isinstance(scope.node, (cst.For, cst.While)):
            until = {text: first_bound(case, scope, root) if root else None for text, root in roots.items()}
            for number, part in tested(scope.node.body):
                same = frozenset(text for text, bound in until.items() if bound is None or number < bound)
                if same and test(part, same):
                    return case.line(part)
    return None
