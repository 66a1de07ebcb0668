"""Where statements run (`Frame`), what a hook is told of a call (`Call`), and small questions about values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from txlint.frameworks.data import (
    Attr,
    Cell,
    Made,
    Name,
    Series,
    Table,
    Unknown,
    Value,
    dotted_name,
)
from txlint.model.facts import Expr, FileFacts
from txlint.model.kinds import Confidence

if TYPE_CHECKING:
    from txlint.frameworks.evaluate.evaluator import Evaluator


Keywords = tuple[tuple[str | None, Cell], ...]
Flow = str | None  # how a body ended: None, "return", "raise", "break", "continue"
LARGEST = 400  # items of a loop, comprehension or range that are followed
SIMPLE = (str, bytes, int, float, complex, bool, type(None))


class Frame:
    """Where statements run: a module, a class body or a call of a function."""

    __slots__ = ("facts", "names", "outer", "returns", "shared")

    def __init__(self, facts: FileFacts, names: Table, outer: Frame | None = None) -> None:
        self.facts = facts
        self.names = names
        self.outer = outer
        self.returns: list[Cell] = []
        self.shared: set[str] = set()  # declared global


class Call:
    """A call for a hook to judge: the evaluated function, its dotted name if it has one, and the evaluated arguments."""

    __slots__ = ("args", "dotted", "evaluator", "expr", "frame", "func", "keywords", "last", "statement")

    def __init__(
        self, evaluator: Evaluator, frame: Frame, func: Value, args: tuple[Cell, ...], keywords: Keywords, expr: Expr, statement: bool
    ) -> None:
        self.evaluator = evaluator
        self.frame = frame
        self.func = func
        self.dotted = dotted_name(func)
        self.last = split(expr[1])[1]  # the last segment as written
        self.args = args
        self.keywords = keywords
        self.expr = expr
        self.statement = statement

    def keyword(self, name: str) -> Cell | None:
        return next((cell for key, cell in self.keywords if key == name), None)


Hook = Callable[[Call], Cell | None]


def no_hook(call: Call) -> Cell | None:
    return None


def no_constants(dotted: str) -> Cell | None:
    return None


def accept_all(call: Call, result: Cell) -> bool:
    return True


def split(func: Expr) -> tuple[Expr | None, str]:
    """``a.b.c`` as ``a.b`` and ``c``; no base where it is a bare name or no attribute."""
    if isinstance(func, str):
        base, _, attr = func.rpartition(".")
        return (base or None), attr
    if func[0] == "attr":
        return func[1], func[2]
    return None, ""


def is_opaque(value: Value) -> bool:
    return isinstance(value, (Unknown, Made, Attr, Name))


def reason_of(value: Value) -> str:
    if isinstance(value, Unknown):
        return value.reason
    if isinstance(value, (Table, Series)) and value.rest is not None:
        return value.rest
    name = dotted_name(value)
    return f"it comes from {name}" if name else "it is computed"


def min_of(*cells: Cell) -> Confidence:
    return min(cell.confidence for cell in cells)
