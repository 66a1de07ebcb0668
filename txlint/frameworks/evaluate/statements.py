"""Statements: what each does to the names of a frame, where branches part, and assignment."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from txlint.frameworks.data import (
    REST,
    Called,
    Cell,
    ClassRef,
    FunctionRef,
    Made,
    Series,
    Table,
    Unknown,
)
from txlint.frameworks.evaluate.boxes import assign, container, delete, extend, home, update
from txlint.frameworks.evaluate.calls import call
from txlint.frameworks.evaluate.expressions import operate
from txlint.frameworks.evaluate.frame import LARGEST, Flow, Frame, min_of, split
from txlint.frameworks.evaluate.modules import absolute_import
from txlint.model.facts import Body, Expr, Import, Stmt
from txlint.model.kinds import Confidence

if TYPE_CHECKING:
    from txlint.frameworks.evaluate.evaluator import Evaluator


def run(ev: Evaluator, body: Body, frame: Frame) -> Flow:
    for stmt in body:
        ev.steps -= 1
        if ev.steps < 0:
            ev.write(frame.names, REST, Cell("the module computes too much to be read"))
            return "raise"
        flow = statement(ev, stmt, frame)
        if flow is not None:
            return flow
    return None


def statement(ev: Evaluator, stmt: Stmt, frame: Frame) -> Flow:
    tag = stmt[0]
    if tag == "assign":
        ev.line = stmt[3]
        cell = ev.eval(stmt[2], frame)
        for target in stmt[1]:
            ev.line = stmt[3]
            assign(ev, target, cell, frame)
    elif tag == "ann":
        ev.line = stmt[4]
        if stmt[3] is not None:
            assign(ev, stmt[1], ev.eval(stmt[3], frame), frame)
    elif tag == "aug":
        ev.line = stmt[4]
        augment(ev, stmt, frame)
    elif tag == "expr":
        expression_statement(ev, stmt[1], frame)
    elif tag == "import":
        return import_(ev, frame.facts.imports[stmt[1]], frame)
    elif tag == "def":
        function = frame.facts.functions[stmt[1]]
        ref = FunctionRef(frame.facts.module, stmt[1], frame.names if frame.outer is not None else None)
        decorated(ev, function.decorators, ref, frame)
        ev.write(home(ev, function.name, frame), function.name, Cell(ref, frame.facts.path, function.pos[0]))
    elif tag == "class":
        klass = frame.facts.classes[stmt[1]]
        made = ClassRef(frame.facts.module, stmt[1])
        decorated(ev, klass.decorators, made, frame)
        ev.write(home(ev, klass.name, frame), klass.name, Cell(made, frame.facts.path, klass.pos[0]))
    elif tag == "if":
        ev.line = stmt[4]
        return branch(ev, stmt, frame)
    elif tag == "for":
        ev.line = stmt[6]
        return loop(ev, stmt, frame)
    elif tag == "while":
        return loop_once(ev, frame, lambda: run(ev, stmt[2], frame))
    elif tag == "try":
        return attempt(ev, stmt, frame)
    elif tag == "with":
        for expr, target, _ in stmt[1]:
            cell = ev.eval(expr, frame)
            if target is not None:
                assign(ev, target, cell._replace(value=Unknown("what a with statement binds")), frame)
        return run(ev, stmt[2], frame)
    elif tag == "match":
        return ev.fork(frame, [*(partial(run, ev, case[3], frame) for case in stmt[2]), lambda: None])
    elif tag == "return":
        ev.line = stmt[2]
        frame.returns.append(ev.eval(stmt[1], frame) if stmt[1] is not None else ev.cell(None, frame))
        return "return"
    elif tag == "raise":
        return "raise"
    elif tag in ("break", "continue"):
        return str(tag)
    elif tag == "del":
        for target in stmt[1]:
            delete(ev, target, frame)
    elif tag == "global":
        frame.shared.update(stmt[1])
    return None


def expression_statement(ev: Evaluator, expr: Expr, frame: Frame) -> None:
    if not isinstance(expr, str) and expr[0] == "call":
        ev.line = expr[4][0]
        call(ev, expr, frame, statement=True)
    else:
        ev.eval(expr, frame)


def branch(ev: Evaluator, stmt: Stmt, frame: Frame) -> Flow:
    verdict, confidence = ev.truth(ev.eval(stmt[1], frame))
    ways = (lambda: run(ev, stmt[2], frame), lambda: run(ev, stmt[3], frame))
    if verdict is None:
        return ev.fork(frame, ways)
    if confidence is Confidence.CERTAIN:
        return ways[0 if verdict else 1]()
    return ev.fork(frame, ways, likely=0 if verdict else 1)


def attempt(ev: Evaluator, stmt: Stmt, frame: Frame) -> Flow:
    body, handlers, orelse, final = stmt[1], stmt[2], stmt[3], stmt[4]

    def straight() -> Flow:
        return run(ev, body, frame) or run(ev, orelse, frame)

    def handled(handler: tuple[Any, ...]) -> Callable[[], Flow]:
        def way() -> Flow:
            if handler[1]:
                ev.write(frame.names, handler[1], ev.cell(Unknown("an exception"), frame))
            return run(ev, handler[2], frame)

        return way

    if handlers:
        flow = ev.fork(frame, [straight, *map(handled, handlers)], likely=0)
    else:
        flow = straight()
    return run(ev, final, frame) or flow


def loop(ev: Evaluator, stmt: Stmt, frame: Frame) -> Flow:
    items = ev.iterate(ev.eval(stmt[2], frame), frame)
    line = ev.line

    def once(cell: Cell) -> Flow:
        ev.line = line
        assign(ev, stmt[1], cell, frame)
        return run(ev, stmt[3], frame)

    if items is None or len(items) > LARGEST:
        return loop_once(ev, frame, lambda: once(ev.cell(Unknown("a loop variable"), frame)))
    for item in items:
        flow = once(item)
        if flow == "break":
            return None
        if flow in ("return", "raise"):
            return flow
    return run(ev, stmt[4], frame)


def loop_once(ev: Evaluator, frame: Frame, body: Callable[[], Flow]) -> Flow:
    """A loop of unknown length: not at all, or once."""

    def way() -> Flow:
        flow = body()
        return None if flow in ("break", "continue") else flow

    return ev.fork(frame, [way, lambda: None])


def import_(ev: Evaluator, item: Import, frame: Frame) -> Flow:
    if item.name != "*":
        ev.write(frame.names, item.binds, Cell(ev.imported(frame.facts, item), frame.facts.path, item.line))
        base = absolute_import(frame.facts, item)
        missing = (item.level or ev.modules.is_project(base)) and is_missing(ev, base, item.name, frame)
        # Only an import that a handler waits for may fail; elsewhere the file is simply not part of what was given.
        return "raise" if missing and ev.journal is not None else None
    base = absolute_import(frame.facts, item)
    module = ev.modules.find(base, frame.facts.path)
    if module is None:
        if item.level or ev.modules.is_project(base):
            if ev.journal is not None:
                return "raise"
            ev.write(frame.names, REST, Cell(f"{base} is not part of the project", frame.facts.path, item.line))
        return None
    space = ev.namespace(module)
    for name, cell in list(space.entries.items()):
        if name is REST or not name.startswith("_"):
            ev.write(frame.names, name, cell)
    return None


def is_missing(ev: Evaluator, base: str, name: str | None, frame: Frame) -> bool:
    return (
        bool(base)
        and ev.modules.find(base, frame.facts.path) is None
        and (name is None or ev.modules.find(f"{base}.{name}", frame.facts.path) is None)
    )


def decorated(ev: Evaluator, decorators: Iterable[tuple[Expr, Any]], ref: FunctionRef | ClassRef, frame: Frame) -> None:
    """Decorators that are methods of something made here: ``@router.get("/x")``."""
    for expr, pos in decorators:
        call = expr if isinstance(expr, tuple) and expr[0] == "call" else None
        func = call[1] if call else expr
        base, method = split(func)
        if base is None:
            continue
        owner = ev.force(ev.eval(base, frame).value)
        if isinstance(owner, Made):
            args = tuple(ev.eval(arg, frame) for arg in call[2]) if call else ()
            keywords = tuple((name, ev.eval(value, frame)) for name, value in call[3]) if call else ()
            exprs = tuple(call[2]) if call else ()
            owner.calls.append(Called(method, args, keywords, frame.facts.module, frame.facts.path, pos, exprs, ref))


def augment(ev: Evaluator, stmt: Stmt, frame: Frame) -> None:
    target, op, value = stmt[1], stmt[2].rstrip("="), ev.eval(stmt[3], frame)
    ev.line = stmt[4]
    boxes = container(ev, target, frame)
    if op == "|" and any(isinstance(box, Table) for box in boxes):
        for box in boxes:
            if isinstance(box, Table):
                update(ev, box, value, frame)
        return
    if op in ("+", "|") and boxes and all(isinstance(box, Series) and box.kind != "tuple" for box in boxes):
        for box in boxes:
            assert isinstance(box, Series)
            extend(ev, box, value, frame)
        return
    current = ev.force_cell(ev.eval(target, frame))
    assign(ev, target, ev.cell(operate(ev, op, current, ev.force_cell(value), frame), frame, min_of(current, value)), frame)
