"""Writing into tables and series, and the methods of dicts, lists and strings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from txlint.frameworks.data import (
    ABSENT,
    ITEMS,
    REST,
    Attr,
    Cell,
    Made,
    Series,
    Table,
    Unknown,
    open_table,
    same,
    series,
)
from txlint.frameworks.evaluate.frame import SIMPLE, Frame, Keywords, is_opaque, reason_of
from txlint.model.facts import Expr
from txlint.model.kinds import Confidence

if TYPE_CHECKING:
    from txlint.frameworks.evaluate.evaluator import Evaluator


_STRING_METHODS = frozenset(
    {
        *("lower", "upper", "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "join", "startswith", "endswith", "replace"),
        *("format", "title", "capitalize", "removeprefix", "removesuffix", "isdigit", "partition", "rpartition", "casefold", "encode"),
        *("zfill", "count", "find"),
    }
)


def home(ev: Evaluator, name: str, frame: Frame) -> Table:
    if name in frame.shared:
        while frame.outer is not None:
            frame = frame.outer
    return frame.names


def assign(ev: Evaluator, target: Expr, cell: Cell, frame: Frame) -> None:
    if isinstance(target, str):
        base, _, attr = target.rpartition(".")
        if not base:
            ev.write(home(ev, target, frame), target, cell._replace(path=frame.facts.path, line=ev.line or cell.line))
            return
        for box in boxes_in(ev, ev.eval(base, frame)):
            if isinstance(box, Table):
                ev.write(box, attr, cell)
    elif target[0] == "sub":
        key = ev.eval(target[2], frame)
        for box in container(ev, target[1], frame):
            if isinstance(box, Table):
                set_item(ev, box, key, cell._replace(path=frame.facts.path, line=ev.line))
            else:
                doubt(ev, box, "an item is replaced")
    elif target[0] in ("tuple", "list"):
        items = ev.iterate(cell, frame)
        if items is None or len(items) != len(target[1]) or any(t[0] == "star" for t in target[1] if not isinstance(t, str)):
            items = [ev.cell(Unknown("an unpacked value"), frame)] * len(target[1])
        for part, item in zip(target[1], items, strict=True):
            assign(ev, part, item, frame)
    elif target[0] == "star":
        assign(ev, target[1], ev.cell(Unknown("an unpacked value"), frame), frame)


def delete(ev: Evaluator, target: Expr, frame: Frame) -> None:
    if isinstance(target, str) and target in frame.names.entries:
        ev.write(frame.names, target, ABSENT)
    elif not isinstance(target, str) and target[0] == "sub":
        key = ev.eval(target[2], frame).value
        for box in container(ev, target[1], frame):
            if isinstance(box, Table) and isinstance(key, SIMPLE) and key in box.entries:
                ev.write(box, key, ABSENT)


def set_item(ev: Evaluator, box: Table, key: Cell, cell: Cell) -> None:
    if isinstance(key.value, SIMPLE):
        ev.write(box, key.value, cell)
    else:
        any_key(ev, box, "a key that is computed")


def any_key(ev: Evaluator, box: Table, reason: str) -> None:
    """Some unknown keys of a table are set: there may be more, and what is there may be something else."""
    ev.write(box, REST, Cell(reason))
    for name in box.listed():
        old = box.entries[name]
        if old.confidence > Confidence.LIKELY:
            ev.write(box, name, old.unsure())


def doubt(ev: Evaluator, box: Series, reason: str) -> None:
    """Something happens to a list that is not followed."""
    ev.write(box, REST, Cell(reason))
    ev.write(box, ITEMS, tuple(item.unsure() for item in box.items))


def container(ev: Evaluator, expr: Expr, frame: Frame) -> list[Table | Series]:
    """The tables and series that an expression names, for writing into them. One of which nothing is known becomes an open
    table, so that what is set later is known."""
    if isinstance(expr, str):
        base, _, attr = expr.rpartition(".")
        if not base:
            cell = ev.name(expr, frame)
            forced = ev.force_cell(cell)
            boxes = boxes_in(ev, forced)
            if not boxes and is_opaque(forced.value) and expr in home(ev, expr, frame).entries:
                fresh = open_table(reason_of(forced.value))
                ev.write(home(ev, expr, frame), expr, forced._replace(value=fresh, others=()))
                return [fresh]
            return boxes
        return boxes_in(ev, ev.attribute(ev.eval(base, frame), attr, frame))
    if expr[0] == "sub":
        key = ev.eval(expr[2], frame)
        found: list[Table | Series] = []
        for box in container(ev, expr[1], frame):
            if not isinstance(box, Table):
                found += [inner for item in box.items for inner in boxes_in(ev, item)] if not isinstance(key.value, int) else []
                continue
            inside = boxes_in(ev, box.entries[key.value]) if isinstance(key.value, SIMPLE) and key.value in box.entries else []
            if not inside and isinstance(key.value, SIMPLE) and (box.rest is not None or key.value in box.entries):
                old = box.entries.get(key.value)
                fresh = open_table(reason_of(old.value) if old is not None else box.rest or "")
                ev.write(box, key.value, ev.cell(fresh, frame))
                inside = [fresh]
            elif not isinstance(key.value, SIMPLE):
                inside = [inner for name in box.listed() for inner in boxes_in(ev, box.entries[name])]
            found += inside
        return found
    return boxes_in(ev, ev.eval(expr, frame))


def boxes_in(ev: Evaluator, cell: Cell) -> list[Table | Series]:
    found: list[Table | Series] = []
    for each in cell.alternatives():
        value = ev.force(each.value)
        if isinstance(value, (Table, Series)) and not any(value is box for box in found):
            found.append(value)
    return found


def extend(ev: Evaluator, box: Series, value: Cell, frame: Frame, front: bool = False) -> None:
    items = ev.iterate(value, frame)
    if items is None:
        ev.write(box, REST, Cell(reason_of(value.value)))
        extra = ev.force(value.value)
        # Kept as one item, which later stages may still understand: `urlpatterns += static(...)`.
        items = [value._replace(value=extra)] if isinstance(extra, (Made, Attr)) else []
    if value.confidence < Confidence.CERTAIN or value.others:
        items = [item.unsure() for item in items]
    ev.write(box, ITEMS, (*items, *box.items) if front else (*box.items, *items))


def update(ev: Evaluator, box: Table, value: Cell, frame: Frame) -> None:
    found = False
    several = bool(value.others)
    for each in value.alternatives():
        table = ev.force(each.value)
        if isinstance(table, Table):
            found = True
            for key, cell in list(table.entries.items()):
                ev.write(box, key, cell.unsure() if several else cell)
        elif isinstance(table, Series):
            for item in table.items:
                pair = ev.iterate(item, frame)
                if pair is not None and len(pair) == 2:
                    found = True
                    set_item(ev, box, pair[0], pair[1])
    if not found:
        any_key(ev, box, reason_of(value.value))


def copied(ev: Evaluator, cell: Cell, deep: bool) -> Cell:
    value = ev.force(cell.value)
    if isinstance(value, Table):
        entries = {k: copied(ev, v, True) if deep and isinstance(v, Cell) else v for k, v in value.entries.items()}
        return cell._replace(value=Table(entries))
    if isinstance(value, Series):
        return cell._replace(value=series(value.kind, tuple(copied(ev, v, deep) if deep else v for v in value.items), value.rest))
    return cell._replace(value=value)


def table_method(ev: Evaluator, box: Table, method: str, args: tuple[Cell, ...], keywords: Keywords, frame: Frame) -> Cell:
    key = ev.force(args[0].value) if args else None
    if method == "update":
        if args:
            update(ev, box, args[0], frame)
        for name, cell in keywords:
            if name is not None:
                ev.write(box, name, cell._replace(path=frame.facts.path, line=ev.line))
            else:
                any_key(ev, box, reason_of(cell.value))
        return ev.cell(None, frame)
    if method in ("get", "setdefault", "pop", "__getitem__") and args and isinstance(key, SIMPLE):
        found: Cell | None = box.entries.get(key)
        default = args[1] if len(args) > 1 else ev.cell(None, frame)
        if method == "setdefault" and found is None:
            stored = default._replace(path=frame.facts.path, line=ev.line)
            ev.write(box, key, stored)
            return stored
        if method == "pop" and found is not None:
            ev.write(box, key, ABSENT)
        if found is not None:
            return found
        if box.rest is not None:
            # A default of nothing says nothing of a table that is filled elsewhere.
            return default.unsure() if len(args) > 1 and default.value not in ("", None) else ev.cell(Unknown(box.rest), frame)
        return default
    if method in ("keys", "values", "items", "copy"):
        if method == "copy":
            return ev.cell(Table(dict(box.entries)), frame)
        items: list[Cell] = []
        for name in box.listed():
            key_cell = ev.cell(name, frame)
            value = box.entries[name]
            items.append({"keys": key_cell, "values": value}.get(method) or ev.cell(series("tuple", (key_cell, value)), frame))
        return ev.cell(series("list", tuple(items), box.rest), frame)
    return ev.cell(Unknown(f"a method {method}"), frame)


def series_method(ev: Evaluator, box: Series, method: str, args: tuple[Cell, ...], frame: Frame) -> Cell:
    if method in ("append", "add") and args:
        ev.write(box, ITEMS, (*box.items, args[0]))
    elif method == "insert" and len(args) == 2:
        at = args[0].value if type(args[0].value) is int else 0
        ev.write(box, ITEMS, (*box.items[:at], args[1], *box.items[at:]))
    elif method in ("extend", "update") and args:
        extend(ev, box, args[0], frame)
    elif method in ("remove", "discard") and args:
        ev.write(box, ITEMS, tuple(cell for cell in box.items if not same(cell.value, args[0].value)))
    elif method == "copy":
        return ev.cell(series(box.kind, box.items, box.rest), frame)
    elif method == "union":
        union = series(box.kind, box.items, box.rest)
        for arg in args:
            ev.apart(extend, ev, union, arg, frame)
        return ev.cell(union, frame)
    elif method == "index" and args:
        for number, cell in enumerate(box.items):
            if same(cell.value, args[0].value):
                return ev.cell(number, frame)
        return ev.cell(Unknown("no such item"), frame)
    elif method in ("clear", "pop", "sort", "reverse"):
        doubt(ev, box, f"a list that is changed by {method}")
    return ev.cell(None, frame)


def string_method(ev: Evaluator, owner: Cell, method: str, args: tuple[Cell, ...], keywords: Keywords, frame: Frame) -> Cell:
    plain: list[Any] = []
    confidence = owner.confidence
    for arg in args:
        value = ev.force(arg.value)
        if isinstance(value, Series) and value.rest is None and all(isinstance(cell.value, str) for cell in value.items):
            value = tuple(cell.value for cell in value.items)
        elif not isinstance(value, SIMPLE):
            return ev.cell(Unknown("a string that is computed"), frame)
        plain.append(value)
        confidence = min(confidence, arg.confidence)
    if method not in _STRING_METHODS or keywords:
        return ev.cell(Unknown("a string that is computed"), frame)
    try:
        result = getattr(owner.value, method)(*plain)
    except (TypeError, ValueError, LookupError):
        return ev.cell(Unknown("a string operation that fails"), frame)
    if isinstance(result, (list, tuple)):
        kind = "list" if isinstance(result, list) else "tuple"
        result = series(kind, tuple(ev.cell(part, frame, confidence) for part in result))
    return ev.cell(result, frame, confidence)
