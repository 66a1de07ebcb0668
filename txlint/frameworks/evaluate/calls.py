"""Calls: of functions of the project, which are followed, of what is built in, of methods; the rest is `Made`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from txlint.frameworks.data import (
    REST,
    Attr,
    Cell,
    ClassRef,
    FunctionRef,
    Made,
    Name,
    Series,
    Table,
    Unknown,
    join_cells,
    series,
)
from txlint.frameworks.evaluate.boxes import boxes_in, container, copied, series_method, string_method, table_method, update
from txlint.frameworks.evaluate.frame import LARGEST, SIMPLE, Call, Frame, Keywords, is_opaque, reason_of, split
from txlint.model.facts import Expr, Function

if TYPE_CHECKING:
    from txlint.frameworks.evaluate.evaluator import Evaluator


DEPTH = 6  # calls of project functions within each other
STATEMENTS = 60  # of a function that is followed
_CONVERSIONS: dict[str, Callable[[Any], Any]] = {"int": int, "float": float, "str": str, "bool": bool, "abs": abs, "len": len}
_SEQUENCES = {"list": "list", "tuple": "tuple", "set": "set", "frozenset": "set", "sorted": "list", "reversed": "list"}


def call_expression(ev: Evaluator, expr: Expr, frame: Frame) -> Cell:
    return call(ev, expr, frame)


def call(ev: Evaluator, expr: Expr, frame: Frame, statement: bool = False) -> Cell:
    ev.steps -= 1
    base, method = split(expr[1])
    if base is not None:
        owner = ev.force_cell(ev.eval(base, frame))
        # A statement that sets keys of something unknown makes it a table of which those keys are known.
        if statement and method in ("update", "setdefault") and is_opaque(owner.value):
            owner = owner._replace(value=next(iter(container(ev, base, frame)), owner.value))
        if not isinstance(owner.value, Name):
            return method_call(ev, owner, method, expr, frame, statement)
    func = ev.eval(expr[1], frame)
    args, keywords, open_ended = arguments(ev, expr, frame)
    return apply(ev, func, args, keywords, open_ended, expr, frame, statement)


def arguments(ev: Evaluator, expr: Expr, frame: Frame) -> tuple[tuple[Cell, ...], Keywords, bool]:
    args: list[Cell] = []
    open_ended = False
    for arg in expr[2]:
        if not isinstance(arg, str) and arg[0] == "star":
            items = ev.iterate(ev.eval(arg[1], frame), frame)
            if items is None:
                open_ended = True
            else:
                args += items
        else:
            args.append(ev.eval(arg, frame))
    keywords: list[tuple[str | None, Cell]] = []
    for name, value in expr[3]:
        cell = ev.eval(value, frame)
        table = ev.force(cell.value) if name is None else None
        if isinstance(table, Table):
            keywords += [(key, table.entries[key]) for key in table.listed() if isinstance(key, str)]
            open_ended = open_ended or table.rest is not None
        else:
            open_ended = open_ended or name is None
            keywords.append((name, cell))
    return tuple(args), tuple(keywords), open_ended


def apply(
    ev: Evaluator, func: Cell, args: tuple[Cell, ...], keywords: Keywords, open_ended: bool, expr: Expr, frame: Frame, statement: bool
) -> Cell:
    value = ev.force(func.value) if isinstance(func.value, Name) and ev.modules.is_project(func.value.dotted) else func.value
    if isinstance(value, Unknown):
        return ev.cell(value, frame)
    call = Call(ev, frame, value, args, keywords, expr, statement)
    known = ev.hook(call)
    if known is not None:
        return known
    if isinstance(value, Name):
        built = builtin(ev, value.dotted, args, keywords, frame)
        if built is not None:
            return built
    if isinstance(value, FunctionRef) and not open_ended:
        result = invoke(ev, value, args, keywords, frame)
        if result is not None and ev.follow(call, result):
            return result
    return ev.cell(Made(value, args, keywords, frame.facts.module, frame.facts.path, expr[4], expr), frame)


def invoke(ev: Evaluator, ref: FunctionRef, args: tuple[Cell, ...], keywords: Keywords, frame: Frame) -> Cell | None:
    """What a project function returns, or ``None`` where it is not followed."""
    facts = ev.facts(ref.module)
    function = facts.functions[ref.index]
    if ev.depth >= DEPTH or function.is_async or function.is_generator or len(function.body) > STATEMENTS:
        return None
    names = bind(function, args, keywords)
    if names is None:
        return None
    space = Table(names)
    outer = Frame(facts, ev.spaces.get(ref.module) or Table())
    if ref.scope is not None:
        outer = Frame(facts, ref.scope, outer)
    inner = Frame(facts, space, outer)
    for param in function.params:
        if param.name not in names and param.default is not None:
            space.entries[param.name] = ev.eval(param.default, outer)
    line = ev.line
    ev.depth += 1
    try:
        ev.run(function.body, inner)
    finally:
        ev.depth -= 1
        ev.line = line
    if not inner.returns:
        return ev.cell(None, frame)
    result = inner.returns[0]
    for other in inner.returns[1:]:
        result = join_cells(result, other)
    return result._replace(path=frame.facts.path, line=line)


def builtin(ev: Evaluator, name: str, args: tuple[Cell, ...], keywords: Keywords, frame: Frame) -> Cell | None:
    name = name.removeprefix("builtins.")
    if name in ("dict", "collections.OrderedDict", "OrderedDict"):
        table = Table()
        if args:
            ev.apart(update, ev, table, args[0], frame)
        for key, cell in keywords:
            if key is None:
                table.entries[REST] = Cell(reason_of(cell.value))
            else:
                table.entries[key] = cell._replace(line=ev.line, path=frame.facts.path)
        return ev.cell(table, frame)
    if name in ("copy.deepcopy", "copy.copy", "deepcopy") and args:
        return copied(ev, args[0], deep=name.endswith("deepcopy"))
    if name in _SEQUENCES and not keywords:
        if not args:
            return ev.cell(series(_SEQUENCES[name], ()), frame)
        items = ev.iterate(args[0], frame)
        if items is None:
            return ev.cell(series(_SEQUENCES[name], (), reason_of(args[0].value)), frame)
        value = ev.force(args[0].value)
        rest = value.rest if isinstance(value, (Table, Series)) else None
        return ev.cell(series(_SEQUENCES[name], tuple(items), rest), frame, args[0].confidence)
    if name == "getattr" and len(args) == 3 and isinstance(args[1].value, str):
        found = ev.attribute(ev.force_cell(args[0]), args[1].value, frame)
        return args[2].unsure() if is_opaque(found.value) and not isinstance(found.value, Name) else found
    if name == "getattr" and len(args) == 2 and isinstance(args[1].value, str):
        return ev.attribute(ev.force_cell(args[0]), args[1].value, frame)
    if name in ("globals", "vars", "locals") and not args:
        outermost = frame
        while outermost.outer is not None and name == "globals":
            outermost = outermost.outer
        return ev.cell(outermost.names, frame)
    if name == "enumerate" and args:
        items = ev.iterate(args[0], frame)
        if items is not None:
            pairs = (ev.cell(series("tuple", (ev.cell(n, frame), item)), frame) for n, item in enumerate(items))
            return ev.cell(series("list", tuple(pairs)), frame)
    if name == "zip" and args:
        columns = [ev.iterate(arg, frame) for arg in args]
        if all(column is not None for column in columns):
            rows = zip(*(column or [] for column in columns), strict=False)
            return ev.cell(series("list", tuple(ev.cell(series("tuple", row), frame) for row in rows)), frame)
    if name == "range" and args and all(type(arg.value) is int for arg in args):
        numbers = range(*(arg.value for arg in args))
        if len(numbers) <= LARGEST:
            return ev.cell(series("list", tuple(ev.cell(number, frame) for number in numbers)), frame)
    if name in _CONVERSIONS and len(args) == 1 and not keywords:
        value = ev.force(args[0].value)
        if name == "len" and isinstance(value, Series) and value.rest is None:
            return ev.cell(len(value.items), frame, args[0].confidence)
        if name == "bool":
            verdict, confidence = ev.truth(args[0])
            return ev.cell(Unknown(reason_of(value)) if verdict is None else verdict, frame, confidence)
        if isinstance(value, SIMPLE):
            try:
                return ev.cell(_CONVERSIONS[name](value), frame, args[0].confidence)
            except (TypeError, ValueError):
                return ev.cell(Unknown("a conversion that fails"), frame)
        if isinstance(value, Unknown):
            return ev.cell(value, frame)
    if name in ("typing.cast", "cast") and len(args) == 2:
        return args[1]
    return None


def method_call(ev: Evaluator, owner: Cell, method: str, expr: Expr, frame: Frame, statement: bool) -> Cell:
    args, keywords, open_ended = arguments(ev, expr, frame)
    ev.line = expr[4][0] if statement else ev.line
    value = owner.value
    if isinstance(value, Unknown):
        call = Call(ev, frame, Attr(value, method), args, keywords, expr, statement)
        return ev.hook(call) or ev.cell(value, frame)
    if isinstance(value, Table):
        if method in value.entries and isinstance(value.entries[method], Cell) and not hasattr(dict, method):
            return apply(ev, value.entries[method], args, keywords, open_ended, expr, frame, statement)
        result: Cell | None = None
        for box in boxes_in(ev, owner):
            if isinstance(box, Table):
                got = table_method(ev, box, method, args, keywords, frame)
                result = got if result is None else join_cells(result, got)
        return result if result is not None else ev.cell(Unknown(f"a method {method}"), frame)
    if isinstance(value, Series):
        result = None
        for box in boxes_in(ev, owner):
            if isinstance(box, Series):
                answer = series_method(ev, box, method, args, frame)
                result = answer if result is None else result
        return result if result is not None else ev.cell(Unknown(f"a method {method}"), frame)
    if isinstance(value, (str, bytes)):
        return string_method(ev, owner, method, args, keywords, frame)
    if isinstance(value, ClassRef):
        member = ev.attribute(owner, method, frame)
        if isinstance(member.value, FunctionRef) and ev.binds(member.value) == "class":
            args = (owner, *args)
        return apply(ev, member, args, keywords, open_ended, expr, frame, statement)
    if isinstance(value, Made):
        call = Call(ev, frame, Attr(value, method), args, keywords, expr, statement)
        known = ev.hook(call)
        if known is not None:
            return known
        ev.record(value, method, args, keywords, expr, frame)
        maker = ev.force(value.func)
        if isinstance(maker, ClassRef):
            found = ev.class_names(maker).entries.get(method)
            if found is not None and isinstance(found.value, FunctionRef) and not open_ended:
                bound = {"class": (owner._replace(value=maker),), "none": ()}.get(ev.binds(found.value), (owner,))
                given = invoke(ev, found.value, (*bound, *args), keywords, frame)
                if given is not None and ev.follow(call, given):
                    return given
    if isinstance(value, Attr):
        root, path = value, [method]
        while isinstance(root, Attr):
            path.append(root.name)
            root = root.base
        if isinstance(root, Made):
            ev.record(root, ".".join(reversed(path)), args, keywords, expr, frame)
    if isinstance(value, (Made, Attr, FunctionRef)):
        target = ev.cell(Attr(value, method), frame)
        return apply(ev, target, args, keywords, True, expr, frame, statement)
    return ev.cell(Unknown(f"a method {method}"), frame)


def bind(function: Function, args: tuple[Cell, ...], keywords: Keywords) -> dict[Any, Any] | None:
    """Arguments by the names of the parameters, ``None`` where they do not fit."""
    names: dict[Any, Any] = {}
    positional = function.positional
    known = {param.name for param in function.params if param.kind in ("arg", "kwonly")}
    rest = next((param.name for param in function.params if param.kind == "vararg"), None)
    more = next((param.name for param in function.params if param.kind == "kwarg"), None)
    if len(args) > len(positional) and rest is None:
        return None
    names.update(zip(positional, args, strict=False))
    if rest is not None:
        names[rest] = Cell(series("tuple", args[len(positional) :]))
    extra: dict[Any, Any] = {}
    for name, cell in keywords:
        if name in known:
            names[name] = cell
        elif more is None or name is None:
            return None
        else:
            extra[name] = cell
    if more is not None:
        names[more] = Cell(Table(extra))
    if any(param.default is None and param.name not in names for param in function.params if param.kind in ("pos", "arg", "kwonly")):
        return None
    return names
