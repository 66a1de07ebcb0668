"""Expressions: `EVALUATORS` maps a tag of the facts to the function that gives its value."""

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
    Value,
    join_cells,
    open_table,
    same,
    series,
)
from txlint.frameworks.evaluate.boxes import assign, extend, set_item, update
from txlint.frameworks.evaluate.calls import call_expression
from txlint.frameworks.evaluate.frame import LARGEST, SIMPLE, Frame, is_opaque, min_of, reason_of
from txlint.model.facts import Expr
from txlint.model.kinds import Confidence

if TYPE_CHECKING:
    from txlint.frameworks.evaluate.evaluator import Evaluator


COMMAND_LINE = "the command line"


def constant(ev: Evaluator, expr: Expr, frame: Frame) -> Cell:
    return ev.cell(expr[1], frame)


def attribute_of(ev: Evaluator, expr: Expr, frame: Frame) -> Cell:
    return ev.attribute(ev.eval(expr[1], frame), expr[2], frame)


def subscript(ev: Evaluator, expr: Expr, frame: Frame) -> Cell:
    base = ev.force_cell(ev.eval(expr[1], frame))
    key = ev.force(ev.eval(expr[2], frame).value) if expr[2] is not None else None
    found: Cell | None = None
    for each in base.alternatives():
        item = item_of(ev, ev.force(each.value), key, frame)
        found = item if found is None else join_cells(found, item)
    assert found is not None
    return found if base.confidence is Confidence.CERTAIN else found.unsure()


def item_of(ev: Evaluator, value: Value, key: Value, frame: Frame) -> Cell:
    if isinstance(value, Table):
        if isinstance(key, SIMPLE):
            entry: Cell | None = value.entries.get(key)
            if entry is not None:
                return entry
            return ev.cell(Unknown(value.rest if value.rest is not None else f"no key {key!r}"), frame)
        return ev.cell(Unknown("a key that is computed"), frame)
    if isinstance(value, Series) and isinstance(key, int) and not isinstance(key, bool):
        if -len(value.items) <= key < len(value.items):
            return value.items[key]
        return ev.cell(Unknown(value.rest or "no such item"), frame)
    if isinstance(value, (Made, Attr)):
        return ev.cell(Attr(value, "[]"), frame)
    if isinstance(value, Unknown):
        return ev.cell(value, frame)
    return ev.cell(Unknown(reason_of(value) if is_opaque(value) else "an item"), frame)


def display(ev: Evaluator, expr: Expr, frame: Frame) -> Cell:
    items: list[Cell] = []
    rest: str | None = None
    for part in expr[1]:
        if not isinstance(part, str) and part[0] == "star":
            inner = ev.eval(part[1], frame)
            found = ev.iterate(inner, frame)
            if found is None:
                rest = reason_of(inner.value)
                if isinstance(inner.value, (Made, Attr)):
                    items.append(inner)
            else:
                items += found
        else:
            items.append(ev.eval(part, frame))
    return ev.cell(series(expr[0], tuple(items), rest), frame)


def dict_display(ev: Evaluator, expr: Expr, frame: Frame) -> Cell:
    table = Table()
    cell = ev.cell(table, frame)
    for key, value in zip(expr[1], expr[2], strict=True):
        if key is None:
            line, ev.line = ev.line, cell.line
            ev.apart(update, ev, table, ev.eval(value, frame), frame)
            ev.line = line
        else:
            name = ev.force(ev.eval(key, frame).value)
            content = ev.eval(value, frame)._replace(path=frame.facts.path, line=cell.line)
            if isinstance(name, SIMPLE):
                table.entries[name] = content
            else:
                table.entries[REST] = Cell("a key that is computed")
    return cell


def boolean(ev: Evaluator, expr: Expr, frame: Frame) -> Cell:
    is_or = expr[1] == "or"
    cell = ev.cell(Unknown("no operand"), frame)
    confidence = Confidence.CERTAIN
    undecided = False
    for operand in expr[2]:
        cell = ev.force_cell(ev.eval(operand, frame))
        verdict, sure = ev.truth(cell)
        confidence = min(confidence, sure, cell.confidence)
        if verdict is None:
            undecided = True
        elif verdict is is_or:
            break
    else:
        if undecided and not is_or:
            return ev.cell(Unknown("a condition"), frame)
    if undecided and not is_or and ev.truth(cell)[0] is not False:
        return ev.cell(Unknown("a condition"), frame)
    if undecided and is_or:
        # `read() or "default"`: the default stands for what is read.
        if isinstance(cell.value, (Unknown, bool)):
            return ev.cell(Unknown("a condition"), frame)
        return cell.unsure()
    return cell if confidence is Confidence.CERTAIN else cell.unsure()


def negation(ev: Evaluator, expr: Expr, frame: Frame) -> Cell:
    verdict, confidence = ev.truth(ev.eval(expr[1], frame))
    return ev.cell(Unknown("a condition") if verdict is None else not verdict, frame, confidence)


def unary(ev: Evaluator, expr: Expr, frame: Frame) -> Cell:
    cell = ev.force_cell(ev.eval(expr[2], frame))
    if isinstance(cell.value, (int, float)):
        if expr[1] == "-":
            return cell._replace(value=-cell.value)
        if expr[1] == "+":
            return cell
    return ev.cell(Unknown("an operation"), frame)


def binary(ev: Evaluator, expr: Expr, frame: Frame) -> Cell:
    left, right = ev.force_cell(ev.eval(expr[2], frame)), ev.force_cell(ev.eval(expr[3], frame))
    return ev.cell(operate(ev, expr[1], left, right, frame), frame, min_of(left, right))


def operate(ev: Evaluator, op: str, left: Cell, right: Cell, frame: Frame) -> Value:
    """``+ | - * %`` on constants, series and tables."""
    one, other = left.value, right.value
    if isinstance(one, Table) and op == "|":
        merged = Table(dict(one.entries))
        ev.apart(update, ev, merged, right, frame)
        return merged
    if isinstance(one, Series) or isinstance(other, Series):
        if op == "-" and isinstance(one, Series):
            gone = ev.iterate(right, frame) or []
            kept = tuple(cell for cell in one.items if not any(same(cell.value, item.value) for item in gone))
            return series(one.kind, kept, one.rest)
        if op in ("+", "|"):
            kind = one.kind if isinstance(one, Series) else other.kind
            box = series(kind, (), None)
            ev.apart(extend, ev, box, left, frame)
            ev.apart(extend, ev, box, right, frame)
            for side in (one, other):
                if isinstance(side, Series) and side.rest is not None:
                    box.entries[REST] = Cell(side.rest)
            return box
    if isinstance(one, (str, int, float, bytes)) and isinstance(other, (str, int, float, bytes)):
        try:
            if op == "+":
                return one + other  # type: ignore[operator]
            if op == "-":
                return one - other  # type: ignore[operator]
            if op == "*" and isinstance(one, (int, float)) and isinstance(other, (int, float)):
                return one * other
            if op == "%":
                return one % other  # type: ignore[operator]
        except (TypeError, ValueError, ArithmeticError):
            return Unknown("an operation that fails")
    return Unknown("an operation on something unknown")


def comparison(ev: Evaluator, expr: Expr, frame: Frame) -> Cell:
    left = ev.force_cell(ev.eval(expr[1], frame))
    verdict: bool | None = True
    confidence = left.confidence
    for op, operand in zip(expr[2], expr[3], strict=True):
        right = ev.force_cell(ev.eval(operand, frame))
        one, sure = compare(ev, op, left, right)
        confidence = min(confidence, right.confidence, sure)
        if one is False:
            return ev.cell(False, frame, confidence)
        verdict = None if one is None else verdict
        left = right
    return ev.cell(Unknown("a comparison") if verdict is None else verdict, frame, confidence)


def compare(ev: Evaluator, op: str, left: Cell, right: Cell) -> tuple[bool | None, Confidence]:
    one, other = left.value, right.value
    for side in (one, other):
        if isinstance(side, Unknown) and side.guess is not None:
            return (op in ("!=", "not in", "is not")) is not side.guess, Confidence.LIKELY
    if left.others or right.others:
        return None, Confidence.LIKELY
    certain = Confidence.CERTAIN
    if op in ("is", "is not") and (other is None or isinstance(other, bool)):
        if isinstance(one, (Table, Series, Made, ClassRef, FunctionRef, *SIMPLE)):
            return (one is other) == (op == "is"), certain
        return None, certain
    if op in ("in", "not in"):
        found = contains(ev, other, one)
        return (None if found is None else found == (op == "in")), certain
    if isinstance(one, SIMPLE) and isinstance(other, SIMPLE):
        try:
            return bool(_COMPARISONS[op](one, other)), certain
        except (TypeError, KeyError):
            return None, certain
    return None, certain


def contains(ev: Evaluator, box: Value, item: Value) -> bool | None:
    if isinstance(box, Name) and box.dotted == "sys.modules":
        return False
    if not isinstance(item, SIMPLE):
        return None
    if isinstance(box, str) and isinstance(item, str):
        return item in box
    if isinstance(box, Table):
        if item in box.entries:
            return True
        return None if box.rest is not None else False
    if isinstance(box, Series):
        if any(type(cell.value) is type(item) and cell.value == item for cell in box.items):
            return True
        return None if box.rest is not None or any(is_opaque(cell.value) for cell in box.items) else False
    return None


def conditional(ev: Evaluator, expr: Expr, frame: Frame) -> Cell:
    verdict, confidence = ev.truth(ev.eval(expr[1], frame))
    if verdict is None:
        return join_cells(ev.eval(expr[2], frame), ev.eval(expr[3], frame))
    cell = ev.eval(expr[2 if verdict else 3], frame)
    return cell if confidence is Confidence.CERTAIN else cell.unsure()


def lambda_(ev: Evaluator, expr: Expr, frame: Frame) -> Cell:
    return ev.cell(FunctionRef(frame.facts.module, expr[1], frame.names if frame.outer is not None else None), frame)


def named(ev: Evaluator, expr: Expr, frame: Frame) -> Cell:
    cell = ev.eval(expr[2], frame)
    assign(ev, expr[1], cell, frame)
    return cell


def opaque_parts(ev: Evaluator, expr: Expr, frame: Frame) -> Cell:
    return ev.cell(Unknown("a formatted string" if expr[0] == "fstring" else "an expression that is not followed"), frame)


def comprehension(ev: Evaluator, expr: Expr, frame: Frame) -> Cell:
    kind, generators, values = expr[1], expr[2], expr[3]
    inner = Frame(frame.facts, Table(), frame)
    found: list[tuple[Cell, ...]] = []
    unknown: list[str] = []

    def level(number: int, sure: bool) -> None:
        if len(found) > LARGEST:
            unknown.append("a long comprehension")
            return
        if number == len(generators):
            cells = tuple(ev.eval(value, inner) for value in values)
            found.append(cells if sure else tuple(cell.unsure() for cell in cells))
            return
        target, source, tests, _ = generators[number]
        cell = ev.eval(source, inner)
        items = ev.iterate(cell, inner)
        if items is None:
            unknown.append(reason_of(cell.value))
            items = [ev.cell(Unknown("a loop variable"), frame)]
        for item in items:
            assign(ev, target, item, inner)
            verdicts = [ev.truth(ev.eval(test, inner)) for test in tests]
            if not any(verdict is False for verdict, _ in verdicts):
                level(number + 1, sure and all(verdict and c is Confidence.CERTAIN for verdict, c in verdicts))

    ev.apart(level, 0, True)
    rest = unknown[0] if unknown else None
    if kind == "dict":
        table = open_table(rest) if rest is not None else Table()
        for cells in found:
            ev.apart(set_item, ev, table, cells[0], cells[1])
        return ev.cell(table, frame)
    return ev.cell(series("list" if kind == "gen" else kind, tuple(cells[0] for cells in found), rest), frame)


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "is": lambda a, b: a is b,
    "is not": lambda a, b: a is not b,
}

EVALUATORS: dict[str, Callable[[Evaluator, Expr, Frame], Cell]] = {
    "const": constant,
    "attr": attribute_of,
    "call": call_expression,
    "sub": subscript,
    "tuple": display,
    "list": display,
    "set": display,
    "dict": dict_display,
    "bool": boolean,
    "not": negation,
    "unary": unary,
    "bin": binary,
    "cmp": comparison,
    "ifexp": conditional,
    "lambda": lambda_,
    "named": named,
    "comp": comprehension,
    "fstring": opaque_parts,
    "other": opaque_parts,
}
