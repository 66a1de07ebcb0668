"""One call while it is being read: `Site` gathers what the alternatives of the called value add to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from txlint.link.values import UNKNOWN, Value
from txlint.model.catalog import Effect
from txlint.model.facts import Expr, Pos
from txlint.model.graph import Opened, ParamTarget, SignalTarget, Target
from txlint.model.kinds import Confidence

if TYPE_CHECKING:
    from txlint.link.replay import Frame
    from txlint.link.settled import Flags

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
DEEP = 8  # library calls that run library calls, at most


class Site:
    """One call while it is being read."""

    __slots__ = (
        "args", "bound", "changes", "closed", "confidence", "effect", "entering", "expr", "flags", "frame", "func", "keywords", "kind",
        "made", "open_ended", "pos", "receiver", "region", "result", "row", "targets", "used", "values",
    )  # fmt: skip

    def __init__(self, frame: Frame, expr: Expr, used: bool, bound: bool, entering: bool) -> None:
        self.frame = frame
        self.expr = expr
        self.func: Expr = expr[1]
        self.pos: Pos = expr[4]
        self.used = used
        self.bound = bound
        self.entering = entering
        self.args: tuple[Value, ...] = ()
        self.keywords: dict[str | None, Value] = {}
        self.open_ended = False
        self.targets: list[Target | SignalTarget | ParamTarget] = []
        self.effect: Effect | None = None
        self.confidence = CERTAIN
        self.result: Value = UNKNOWN
        self.receiver: Expr | None = None
        self.values: Value = UNKNOWN
        self.kind = "call"
        self.row: str | None = None  # of the receiver: NEW, STORED, or not known
        self.made: Any = None  # how to learn what the row holds that the library has just made (see `unset`), where this is its `save`
        self.changes: frozenset[str] | None = None  # the fields that the library has assigned of the row, where this is its `save`
        self.region: tuple[Opened, ...] = ()
        self.closed: frozenset[Any] = frozenset()
        self.flags: list[Flags] = []  # of receivers, where parameters of this function are among them

    def doubt(self, sure: Confidence, first: int = 0) -> None:
        """What is called, from the ``first`` target on, is this sure at most."""
        self.targets[first:] = [
            target if isinstance(target, ParamTarget) else target._replace(confidence=min(target.confidence, sure))
            for target in self.targets[first:]
        ]
