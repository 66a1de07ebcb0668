"""The calls that stand on a line, and what the linker knows where they run: `calls_on`, `watch`.

The body of the function is replayed once more, as linking did it, with an eye on these calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from txlint.link.linker import Linker
from txlint.link.program import owner
from txlint.link.project import Fun, Module
from txlint.link.replay import Frame, evaluate
from txlint.link.site import Site
from txlint.link.values import Value, union
from txlint.model.facts import Body, Expr, Pos
from txlint.model.graph import Key, Opened, Test
from txlint.model.shapes import calls_in


class Call(NamedTuple):
    """A call expression and the function in whose body it stands (a module's body for classes)."""

    fun: Fun
    pos: Pos
    expr: Expr

    def __hash__(self) -> int:
        return hash((self.fun.id, self.pos))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Call) and self.fun is other.fun and self.pos == other.pos


class Seen(NamedTuple):
    """What is known when a call (or a statement) is about to run: what is called, what the function itself has open and has closed,
    under which tests of its parameters; ``site`` carries the arguments."""

    value: Value
    region: tuple[Opened, ...]
    closed: frozenset[Key]
    guards: tuple[Test, ...]
    site: Site | None = None


def calls_on(module: Module, line: int) -> list[Call]:
    """The calls that begin on a line, else those that end on it, else the innermost that spans it; in the order of the source."""
    spanning = [Call(fun, expr[4], expr) for fun, body in _bodies(module) for expr in calls_in(body) if expr[4][0] <= line <= expr[4][2]]
    chosen = [call for call in spanning if call.pos[0] == line] or [call for call in spanning if call.pos[2] == line]
    if not chosen and spanning:
        # A whole lambda or argument list may stand on the line; only the nearest call speaks of it.
        chosen = [min(spanning, key=lambda call: (call.pos[2] - call.pos[0], call.pos))]
    return sorted(dict.fromkeys(chosen), key=lambda call: (call.pos[2:], -call.pos[0], -call.pos[1]))


def definition_on(module: Module, line: int) -> tuple[Fun, str] | None:
    """The function whose ``def`` (or one of whose decorators) stands on a line, and a sentence that says so."""
    for fun in module.funs:
        fact = fun.fact
        if fact is None or fact.name == "<lambda>":
            continue
        if fact.name_pos[0] == line:
            return fun, f"`{fact.name}` is defined here."
        if any(pos[0] <= line <= pos[2] for _, pos in fact.decorators):
            return fun, f"This decorates `{fact.name}`."
    return None


def holder_of(module: Module, line: int) -> Fun:
    """The innermost function that spans a line, else the module's body."""
    around = [fun for fun in module.funs if fun.fact is not None and fun.fact.pos[0] <= line <= fun.fact.pos[2]]
    return min(around, key=lambda fun: fun.fact.pos[2] - fun.fact.pos[0] if fun.fact else 0, default=module.body)


def watch(linker: Linker, calls: list[Call]) -> dict[Call, Seen]:
    """What is known at each of these calls; those that never run are left out."""
    found: dict[Call, Seen] = {}
    for fun in dict.fromkeys(call.fun for call in calls):
        frame = _replay(linker, fun, [call for call in calls if call.fun is fun], None)
        found.update(frame.seen)
    for call in calls:
        if call not in found and call.fun.fact is None and _in_class(call):
            found[call] = Seen(evaluate(linker, call.expr[1], call.fun.module, None), (), frozenset(), ())
    return found


def statement_state(linker: Linker, fun: Fun, line: int | None) -> Seen | None:
    """What is open when the first statement that begins on a line is about to run; without a line, when the body is entered."""
    return _replay(linker, fun, [], line).met


def _replay(linker: Linker, fun: Fun, calls: list[Call], line: int | None) -> _Watching:
    klass = owner(fun)
    frame = _Watching(linker, fun, klass, klass is None or not klass.subclasses)
    frame.wanted = {call.pos: call for call in calls}
    frame.line = line
    frame.enter()
    if line is None and not calls:
        frame.note()
    else:
        frame.body(frame.marked(fun.body) if calls else fun.body)
    return frame


class _Watching(Frame):
    """A replay that looks at some calls. Which call an expression belongs to is known by the identity of its function's expression:
    `marked` makes each of them an object of its own."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.wanted: dict[Pos, Call] = {}
        self.line: int | None = None
        self.marks: dict[int, Call] = {}
        self.kept: list[Any] = []  # what `marks` knows by identity must live on
        self.seen: dict[Call, Seen] = {}
        self.met: Seen | None = None

    def marked(self, part: Any) -> Any:
        """A copy of a body in which the function of each call that is looked at is an object of its own."""
        if part.__class__ is not tuple or not part or part[0] == "const":
            return part
        copy = tuple([self.marked(item) for item in part])
        if part[0] == "call" and len(part) == 5:
            call = self.wanted.get(part[4]) if part[4].__class__ is tuple else None
            if call is not None:
                func: Any = "".join(list(part[1])) if part[1].__class__ is str else copy[1]
                if func is part[1]:  # one letter: Python keeps only one of these
                    func = ("other", (func,))
                self.marks[id(func)] = call
                self.kept.append(func)
                copy = ("call", func, *copy[2:])
        return copy

    def ev(self, expr: Expr) -> Value:
        value = super().ev(expr) if expr.__class__ is str or expr[0] != "other" or id(expr) not in self.marks else super().ev(expr[1][0])
        call = self.marks.get(id(expr))
        if call is not None:
            site = Site(self, call.expr, True, False, False)
            was_silent, self.silent = self.silent, True
            site.args = tuple(
                super(_Watching, self).ev(arg) for arg in call.expr[2] if arg.__class__ is str or arg[0] not in ("star", "call", "await")
            )
            site.keywords = {
                name: super(_Watching, self).ev(arg)
                for name, arg in call.expr[3]
                if arg.__class__ is str or arg[0] not in ("call", "await")
            }
            self.silent = was_silent
            known = self.seen.get(call)
            region = self.now_open()
            if known is not None:
                value_before = union(known.value, value)
                region = tuple(dict.fromkeys((*known.region, *region)))
                self.seen[call] = Seen(value_before, region, known.closed & self.closed, self.guards, site)
            else:
                self.seen[call] = Seen(value, region, self.closed, self.guards, site)
        return value

    def body(self, statements: Body) -> None:
        for stmt in statements:
            if not self.dead and self.met is None and self.line is not None and _begins(stmt) == self.line:
                self.note()
            super().body((stmt,))

    def note(self) -> None:
        self.met = Seen((), self.now_open(), self.closed, self.guards)


def _begins(stmt: Any) -> int:
    """The line on which a statement begins; 0 where its facts do not say."""
    at = stmt[-1]
    if at.__class__ is int:
        return int(at)
    return int(at[0]) if at.__class__ is tuple and len(at) == 4 and at[0].__class__ is int else 0


def _in_class(call: Call) -> bool:
    return any(klass.fact.pos[0] <= call.pos[0] <= klass.fact.pos[2] for klass in call.fun.module.klasses)


def _bodies(module: Module) -> Iterator[tuple[Fun, Body]]:
    yield module.body, module.facts.body
    for klass in module.klasses:
        yield module.body, klass.fact.body
    for fun in module.funs:
        yield fun, fun.body
