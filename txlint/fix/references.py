"""What a deferred call would see as it is at the commit: the objects that it is given by reference, and whether code that follows in the
same transaction may change them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import libcst as cst

from txlint.fix.after import behind, doings, dotted, find_everywhere, first_bound, root_of, targets, touching
from txlint.fix.case import Case

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
_HARMLESS_FUNCTIONS = frozenset(
    [
        "len",
        "str",
        "repr",
        "print",
        "bool",
        "int",
        "float",
        "list",
        "tuple",
        "set",
        "dict",
        "frozenset",
        "sorted",
        "sum",
        "min",
        "max",
        "any",
        "all",
        "isinstance",
        "type",
        "id",
        "enumerate",
        "zip",
        "json.dumps",
    ]
)


def by_reference(case: Case) -> list[str]:
    """The expressions, as written, whose objects the deferred call would see as they are at the commit: names, attributes and items among
    the arguments, what an object made on the spot is given, and the receiver of a method where that is a local object."""
    found: list[str] = []
    call = case.site.call
    stack: list[cst.CSTNode] = [a.value for a in call.args]
    if isinstance(call.func, cst.Attribute):
        if (receiver := dotted(call.func.value)) and receiver.partition(".")[0] in case.locals - case.imported:
            found.append(receiver)
        stack += [call.func.value] if isinstance(call.func.value, cst.Call) else []
    while stack:
        match stack.pop():
            case cst.Name() | cst.Attribute() | cst.Subscript() as node if text := _text(case, node):
                found.append(text)
            case cst.List(elements=elements) | cst.Tuple(elements=elements) | cst.Set(elements=elements):
                stack += [e.value for e in elements]
            case cst.Dict(elements=pairs):
                stack += [e.value for e in pairs]
            case cst.IfExp(body=body, orelse=orelse):
                stack += [body, orelse]
            case cst.BooleanOperation(left=left, right=right):
                stack += [left, right]
            case cst.NamedExpr(target=cst.Name(value=name)):
                found.append(name)
            case cst.Call(func=func, args=args) if _is_class(dotted(func)):
                stack += [a.value for a in args]
    return sorted(set(found) - {"None", "True", "False"})


def changed_later(case: Case, text: str) -> int | None:
    """The line at which the object that this expression gives may be changed in place before the commit, else ``None``."""
    texts = {text, *_aliases(case, text)} if text.isidentifier() else {text}
    mutable = _is_display(case, texts)

    def changes(node: cst.CSTNode) -> bool:
        if any(_is_part(case, each, texts) for each in targets(node)):
            return True
        match node:
            case cst.AugAssign(target=target, value=value):
                plain = isinstance(value, (cst.BaseNumber, cst.BaseString))
                return _text(case, target) in texts and not plain
            case cst.Call(func=cst.Attribute(value=value, attr=attr)) if _within(_text(case, value), texts):
                return not (attr.value in _HARMLESS_METHODS or attr.value.startswith(_HARMLESS_PREFIXES))
            case cst.Call(func=cst.Name(value="setattr" | "delattr"), args=[cst.Arg(value=value), *_]):
                return _text(case, value) in texts
            case cst.Call(func=func, args=args) if mutable and dotted(func) not in _HARMLESS_FUNCTIONS:
                return any(_text(case, a.value) in texts and not a.star for a in args)
            case _:
                return False

    def elsewhere(node: cst.CSTNode) -> bool:
        return node is not case.site.call and changes(node)

    roots = frozenset(map(root_of, texts))
    for scope in reversed(case.region):
        follows: list[tuple[cst.CSTNode, int, int | None]] = [(suite, first, None) for suite, first in behind(case, scope)]
        if scope.kind == "loop" and isinstance(scope.node, (cst.For, cst.While)):
            follows.append((scope.node.body, 0, first_bound(case, scope, text)))
        for suite, first, end in follows:
            mine = (part for number, part in touching(case, suite, roots, mutable) if number >= first and (end is None or number < end))
            if found := next(filter(elsewhere, mine), None):
                return case.line(found)
    own = case.names.bound_in(functions[-1]) if (functions := case.functions) else frozenset[str]()
    return _by_closure(case, texts, elsewhere) if texts & own else None


def _by_closure(case: Case, texts: set[str], changes: Callable[[cst.CSTNode], bool]) -> int | None:
    """The line at which a function defined in this one changes what they share."""
    node = case.site.function.node
    if not isinstance(node, cst.FunctionDef):
        return None
    for inner in _functions_within(case, node):
        assert isinstance(inner, (cst.FunctionDef, cst.Lambda))
        parameters = {p.name.value for p in (*inner.params.params, *inner.params.kwonly_params, *inner.params.posonly_params)}
        if not texts & parameters and (found := next(filter(changes, doings(case, inner.body)), None)):
            return case.line(found)
    return None


def _is_class(name: str) -> bool:
    """Named as classes are: what it makes keeps what it is given."""
    return name.rpartition(".")[2][:1].isupper()


def _text(case: Case, node: cst.CSTNode) -> str:
    """A chain of names and items as written, else empty."""
    base = node
    while isinstance(base, (cst.Attribute, cst.Subscript)):
        base = base.value
    if not isinstance(base, cst.Name):
        return ""
    return dotted(node) or case.code(node).strip("()")


def _within(text: str, texts: set[str]) -> bool:
    return any(text == each or text.startswith((f"{each}.", f"{each}[")) for each in texts)


def _is_part(case: Case, target: cst.CSTNode, texts: set[str]) -> bool:
    """Whether a target is an attribute or item of one of these, however deep."""
    return isinstance(target, (cst.Attribute, cst.Subscript)) and _within(_text(case, target.value), texts)


def assigned(case: Case) -> list[tuple[str, cst.BaseExpression]]:
    """The plain assignments of the function: ``name = value``."""
    return case.walked.kept("assigned", case.site.function.node, lambda: _assigned(case))


def _functions_within(case: Case, node: cst.FunctionDef) -> list[cst.CSTNode]:
    inner = (cst.FunctionDef, cst.Lambda)
    return case.walked.kept("functions", node, lambda: find_everywhere(node.body, lambda n: isinstance(n, inner)))


def _assigned(case: Case) -> Iterator[tuple[str, cst.BaseExpression]]:
    node = case.site.function.node
    body = node if isinstance(node, cst.Module) else node.body
    for found in find_everywhere(body, lambda n: isinstance(n, (cst.Assign, cst.AnnAssign, cst.NamedExpr))):
        if isinstance(found, cst.Assign):
            yield from ((t.target.value, found.value) for t in found.targets if isinstance(t.target, cst.Name))
        elif isinstance(found, (cst.AnnAssign, cst.NamedExpr)) and isinstance(found.target, cst.Name) and found.value is not None:
            yield found.target.value, found.value


def _aliases(case: Case, name: str) -> set[str]:
    """Other names of the function for the same object: ``other = name``, ``name = other``."""
    pairs = [(name_, value.value) for name_, value in assigned(case) if isinstance(value, cst.Name)]
    known = {name}
    while more := {b if a in known else a for a, b in pairs if (a in known) != (b in known)}:
        known |= more
    return known - {name, "None", "True", "False"}


def _is_display(case: Case, names: set[str]) -> bool:
    """Whether one of the names is given a list, dict or set that the function makes itself: who is handed it may fill it."""
    made = (cst.List, cst.Dict, cst.Set, cst.ListComp, cst.DictComp, cst.SetComp)
    return any(
        name in names and (isinstance(value, made) or (isinstance(value, cst.Call) and dotted(value.func) in ("list", "dict", "set")))
        for name, value in assigned(case)
    )
