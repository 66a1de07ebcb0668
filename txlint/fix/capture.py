"""Values that a statement reads from objects of a session, taken before the session ends.

After the block an object is detached or expired: reading ``order.id`` there fails, or begins a new transaction. So ``order_id = order.id``
is written before the commit (behind a flush, or a new row has no key yet) and the statement uses that name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from txlint.fix.after import dotted, find, mentions
from txlint.fix.case import Case
from txlint.fix.source import Edit, splice

_SCALARS = ("int", "str", "float", "bool", "bytes", "UUID", "uuid.UUID", "Decimal", "datetime", "date", "None", "Optional", "timedelta")


@dataclass(frozen=True, slots=True)
class Captured:
    """One value: the new local name, the expression that it stands for, and where it is written in the statement."""

    name: str
    expression: str
    places: tuple[tuple[int, int], ...]


def captures(case: Case, statement: cst.CSTNode) -> list[Captured]:
    """Attributes of local names that the statement reads, each once, in order."""
    reads: dict[str, list[tuple[int, int]]] = {}
    for node in _attribute_reads(case, statement):
        span = case.span(node)
        reads.setdefault(dotted(node), []).append((case.source.offset(*span[:2]), case.source.offset(*span[2:])))
    taken: set[str] = set()
    found = []
    for expression, places in reads.items():
        name = free_name(case, expression.replace(".", "_"), taken)
        taken.add(name)
        found.append(Captured(name, expression, tuple(places)))
    return found


def uncapturable(case: Case, statement: cst.CSTNode) -> str | None:
    """The first part of the statement that has to be evaluated while the session lives, in words; ``None`` where there is none."""
    callee = {case.site.call.func} | ({case.site.call.func.value} if isinstance(case.site.call.func, cst.Attribute) else set())

    def asks_session(node: cst.CSTNode) -> bool:
        match node:
            case cst.Call(func=cst.Attribute(value=value)) if node is not case.site.call:
                root = dotted(value).partition(".")[0]
                return not root or root in _locals(case)
            case cst.Lambda(body=body):
                return any(mentions(body, name) for name in _locals(case))
            case cst.ListComp(elt=element) | cst.SetComp(elt=element) | cst.GeneratorExp(elt=element) | cst.DictComp(value=element):
                return find(element, lambda n: isinstance(n, (cst.Attribute, cst.Subscript, cst.Call))) is not None
            case cst.Subscript(value=value):
                return dotted(value).partition(".")[0] in _locals(case)
            case cst.Attribute() if node not in callee:
                name = dotted(node)
                return name.count(".") > 1 and name.partition(".")[0] in _locals(case)
            case _:
                return False

    found = find(statement, asks_session)
    return None if found is None else case.code(found)


def passed_whole(case: Case, statement: cst.CSTNode) -> list[str]:
    """Local names that the statement hands over as they are and that are not known to be plain values."""
    receiver = case.site.call.func.value if isinstance(case.site.call.func, cst.Attribute) else case.site.call.func
    owners = {receiver}
    keywords: set[cst.CSTNode] = set()
    names: list[str] = []

    def collect(node: cst.CSTNode) -> bool:
        match node:
            case cst.Attribute(value=value, attr=attr):
                owners.update((value, attr))
            case cst.Arg(keyword=cst.Name() as keyword):
                keywords.add(keyword)
            case cst.AssignTarget(target=target) | cst.AnnAssign(target=target):
                owners.add(target)
            case cst.Name(value=name) if node not in owners and node not in keywords and name in _locals(case):
                names.append(name)
        return False

    find(statement, collect)
    return [n for n in dict.fromkeys(names) if n not in ("True", "False", "None") and not is_plain(case, n)]


def replaced(case: Case, text: str, start: int, captured: Sequence[Captured]) -> str:
    """The text of the statement, which starts at an offset of the file, with the captured names in it."""
    edits = tuple(Edit(low - start, high - start, c.name) for c in captured for low, high in c.places)
    return splice(text, edits)


def _attribute_reads(case: Case, statement: cst.CSTNode) -> Iterator[cst.Attribute]:
    """``name.attribute`` of local names, apart from the callee and from what is assigned."""
    left_out: set[cst.CSTNode] = {case.site.call.func}
    found: list[cst.Attribute] = []

    def collect(node: cst.CSTNode) -> bool:
        if isinstance(node, cst.AssignTarget):
            left_out.add(node.target)
        if isinstance(node, cst.Attribute) and node not in left_out:
            name = dotted(node)
            if name.count(".") == 1 and name.partition(".")[0] in _locals(case) - {"self", "cls"}:
                found.append(node)
        return False

    find(statement, collect)
    yield from found


def _locals(case: Case) -> frozenset[str]:
    return case.locals - _clients(case)


def _clients(case: Case) -> frozenset[str]:
    """The callee's own receiver is no object of the session."""
    function = case.site.call.func
    root = dotted(function).partition(".")[0]
    return frozenset({root}) if root not in ("self", "cls") and root else frozenset()


def free_name(case: Case, wanted: str, taken: set[str]) -> str:
    """The wanted name, with a number where something here is called so already."""
    functions = case.functions
    name, number = wanted, 1
    while name in taken or not case.names.is_free(name, functions):
        number += 1
        name = f"{wanted}_{number}"
    return name


def is_plain(case: Case, name: str) -> bool:
    """Whether a name is a parameter annotated with a plain type, or only ever assigned constants, text or attributes of objects."""
    node = case.site.function.node
    if isinstance(node, cst.FunctionDef):
        parameters = (*node.params.posonly_params, *node.params.params, *node.params.kwonly_params)
        for parameter in parameters:
            if parameter.name.value == name:
                written = case.code(parameter.annotation.annotation) if parameter.annotation else ""
                parts = written.replace("|", " ").replace("[", " ").replace("]", " ").replace('"', " ").replace("'", " ").split()
                return bool(parts) and all(p in _SCALARS for p in parts)
    values: list[cst.BaseExpression] = []

    def assigned(n: cst.CSTNode) -> bool:
        if isinstance(n, cst.Assign) and any(isinstance(t.target, cst.Name) and t.target.value == name for t in n.targets):
            values.append(n.value)
        return False

    if isinstance(node, cst.FunctionDef):
        find(node.body, assigned)
    plain = (cst.SimpleString, cst.FormattedString, cst.ConcatenatedString, cst.BaseNumber, cst.Attribute)
    return bool(values) and all(isinstance(v, plain) for v in values)
