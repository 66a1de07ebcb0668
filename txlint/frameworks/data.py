"""The values that `evaluate` computes from a module's statements: constants, tables, series, references, and what is unknown and why.

A value never stands alone: it is kept in a `Cell`, which says where it was written and how sure it is, and which other values it
may have on other paths. Tables and series are mutable, as in Python, so that an alias changes what it aliases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from txlint.model.facts import Expr, Pos
from txlint.model.kinds import Confidence

Value: TypeAlias = Any  # a Python constant, or one of the classes below


class Unknown(NamedTuple):
    """A value that cannot be read, and why. ``guess`` is the truth it is taken to have, if any (a command line is no test run)."""

    reason: str
    guess: bool | None = None


class _Absent:
    """There is nothing under this name (a value of its own, since ``None`` is one)."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False


ABSENT = _Absent()


class Cell(NamedTuple):
    """A value, where it was written, how sure it is, and the values that other paths give it."""

    value: Value
    path: str = ""
    line: int = 0
    confidence: Confidence = Confidence.CERTAIN
    others: tuple[Cell, ...] = ()

    def alternatives(self) -> Iterator[Cell]:
        yield self
        for other in self.others:
            yield from other.alternatives()

    def unsure(self) -> Cell:
        """The same, at most ``likely``."""
        return self if self.confidence <= Confidence.LIKELY else self._replace(confidence=Confidence.LIKELY)


class _Slot:
    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


REST = _Slot("REST")  # the entry of a table or series that says why there may be more than is listed
ITEMS = _Slot("ITEMS")  # the entry of a series that holds the tuple of its cells


@dataclass(slots=True, eq=False)
class Table:
    """A dict, or the names of a module or class. ``entries[REST]``: a Cell with the reason why there may be other keys."""

    entries: dict[Any, Any] = field(default_factory=dict)

    def listed(self) -> list[Any]:
        """The keys that are known."""
        return [key for key in self.entries if key is not REST]

    @property
    def rest(self) -> str | None:
        cell = self.entries.get(REST)
        return cell.value if cell is not None else None


@dataclass(slots=True, eq=False)
class Series:
    """A list, tuple or set."""

    kind: str
    entries: dict[Any, Any]

    @property
    def items(self) -> tuple[Cell, ...]:
        found: tuple[Cell, ...] = self.entries[ITEMS]
        return found

    @property
    def rest(self) -> str | None:
        cell = self.entries.get(REST)
        return cell.value if cell is not None else None


def series(kind: str, items: tuple[Cell, ...], rest: str | None = None) -> Series:
    entries: dict[Any, Any] = {ITEMS: items}
    if rest is not None:
        entries[REST] = Cell(rest)
    return Series(kind, entries)


def open_table(reason: str) -> Table:
    """A dict of which nothing is known yet."""
    return Table({REST: Cell(reason)})


class Name(NamedTuple):
    """Something that is imported or built in: as written in a module, and by its absolute dotted name."""

    module: str
    expr: str
    dotted: str


@dataclass(frozen=True, slots=True)
class FunctionRef:
    """A function or lambda of the project; ``scope`` are the names of the function in which it was defined."""

    module: str
    index: int
    scope: Table | None = None


@dataclass(frozen=True, slots=True)
class ClassRef:
    """A class of the project."""

    module: str
    index: int


@dataclass(frozen=True, slots=True, eq=False)
class Called:
    """A method called on a `Made` object, or used to decorate ``decorated``: ``router.register(...)``, ``@api.get("/x")``."""

    method: str
    args: tuple[Cell, ...]
    keywords: tuple[tuple[str | None, Cell], ...]
    module: str
    path: str
    pos: Pos
    exprs: tuple[Expr, ...]  # the positional arguments as written
    decorated: FunctionRef | ClassRef | None = None


@dataclass(slots=True, eq=False)
class Made:
    """What a call that is not followed gives: an instance, a URL pattern, a decorated view. ``calls`` are the methods called on it
    in the modules read so far."""

    func: Value
    args: tuple[Cell, ...]
    keywords: tuple[tuple[str | None, Cell], ...]
    module: str
    path: str
    pos: Pos
    expr: Expr
    calls: list[Called] = field(default_factory=list)

    def keyword(self, name: str) -> Cell | None:
        return next((cell for key, cell in self.keywords if key == name), None)

    def argument(self, position: int, name: str) -> Cell | None:
        """A positional argument, or the keyword of that name."""
        return self.args[position] if position < len(self.args) else self.keyword(name)


@dataclass(frozen=True, slots=True, eq=False)
class Attr:
    """An attribute of something made, or of a class: ``router.urls``, ``OrderView.as_view``; ``[]`` for a subscript."""

    base: Value
    name: str


def dotted_name(value: Value) -> str:
    """The absolute name of what is imported, with the attributes and calls on the way to it: ``environ.Env().bool``."""
    if isinstance(value, Name):
        return value.dotted
    if isinstance(value, Attr):
        base = dotted_name(value.base)
        return f"{base}.{value.name}" if base else ""
    if isinstance(value, Made):
        base = dotted_name(value.func)
        return f"{base}()" if base else ""
    return ""


def same(one: Any, other: Any) -> bool:
    """Are two values the same as far as can be seen?"""
    if one is other:
        return True
    if isinstance(one, (Table, Series, Made, Attr)) or type(one) is not type(other):
        return False
    return bool(one == other)


def join_cells(one: Cell | None, other: Cell | None) -> Cell:
    """What a name holds after two paths, of which either may have been taken."""
    if one is None or other is None:
        present = one or other
        assert present is not None
        return present.unsure()._replace(others=(*present.others, Cell(ABSENT)))
    if same(one.value, other.value):
        return one if one.confidence <= other.confidence else other
    if isinstance(one.value, Series) and isinstance(other.value, Series):
        # Item by item: what both have is as sure as it was.
        rest = one.value.rest or other.value.rest
        joined = series(one.value.kind, join_items(one.value.items, other.value.items), rest)
        return one._replace(value=joined, confidence=min(one.confidence, other.confidence), others=one.others)
    kept = list(one.alternatives())
    new = [cell._replace(others=()) for cell in other.alternatives() if not any(same(cell.value, seen.value) for seen in kept)]
    return one.unsure()._replace(others=(*one.others, *new)[:8])


def join_items(one: tuple[Cell, ...], other: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """The items of two lists: those that only one of them has are unsure."""
    if one == other:
        return one
    in_other = [any(same(cell.value, item.value) for item in other) for cell in one]
    joined = [cell if both else cell.unsure() for cell, both in zip(one, in_other, strict=True)]
    joined += [cell.unsure() for cell in other if not any(same(cell.value, item.value) for item in one)]
    return tuple(joined)


def prefer_cell(first: Cell, others: list[Cell | None]) -> Cell:
    """What a name holds where the first of several paths is the likely one: that, less sure where the others differ."""
    if all(other is not None and same(other.value, first.value) for other in others):
        return first
    lists = [other.value for other in others if other is not None and isinstance(other.value, Series)]
    if isinstance(first.value, Series) and len(lists) == len(others):
        items = prefer_items(first.value.items, [one.items for one in lists])
        return first if items == first.value.items else first._replace(value=series(first.value.kind, items, first.value.rest))
    return first.unsure()


def prefer_items(first: tuple[Cell, ...], others: list[tuple[Cell, ...]]) -> tuple[Cell, ...]:
    """The items of a list on the likely path: those that another path lacks are less sure."""
    for other in others:
        first = tuple(cell if any(same(cell.value, item.value) for item in other) else cell.unsure() for cell in first)
    return first
