"""What linking hands to propagation: for every function its flow, a list of events with the transactions open at each.

An event is a call that matters: an effect, or a call of code of the project. ``Opened`` is a transaction opened in the function
itself; what a caller may have open is not known here, only which of it is certainly closed (``Event.closed``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from txlint.model.catalog import Effect
from txlint.model.facts import Expr, Pos
from txlint.model.kinds import Confidence

Key = tuple[Any, ...]
"""What is open: ``("django", alias)``, or ``(family, "param"|"self"|"global"|"local", name)`` for sessions and connections."""


class Test(NamedTuple):
    """A test of a parameter: ``op`` is ``truthy``, ``is``, ``==``, ``in``, ``has`` (the parameter contains the value), ``any`` (one of
    the tests in the value holds), ``either`` (the same, of several parameters: ``param`` is empty), ``class`` (its class, or the class
    that it is, is one of these numbers; or the function, see `Made`), ``item`` (the same of an item of the list that it is), ``kind`` (it
    is an instance of one of these classes of libraries), ``type`` (the same of built-in ones) or `KEY`; ``wanted`` what it must give. The
    parameter may be a key of ``**kwargs``."""

    param: str
    op: str
    value: Any
    wanted: bool

    def holds(self, value: Any) -> bool:
        """May what is passed meet it?"""
        return self.says(value) is not False

    def says(self, value: Any) -> bool | None:
        """Does a constant, or `Some`, meet it; None: it cannot be told."""
        result: bool | None
        if self.op == "any":
            answers = [each.says(value) for each in self.value]
            result = True if True in answers else None if None in answers else False
        elif value.__class__ is Some:
            result = value.says(self.op, self.value)
        elif self.op == "truthy":
            result = bool(value)
        elif self.op == "is":
            result = value is self.value or (value == self.value and type(value) is type(self.value) and value in (None, True, False))
        elif self.op in ("in", KEY):
            result = value in self.value
        elif self.op == "has":
            result = isinstance(value, (tuple, str)) and self.value in value
        elif self.op in ("class", "item"):
            result = False if value is None else None
        elif self.op == "type":
            kinds = _LISTS if value.__class__ is tuple else {each.__name__ for each in type(value).__mro__}
            result = None if value.__class__ is tuple and not kinds.isdisjoint(self.value) else not kinds.isdisjoint(self.value)
        else:
            result = value == self.value
        return result if result is None else result is self.wanted

    def otherwise(self) -> Test:
        """What holds where it does not."""
        return self._replace(wanted=not self.wanted)


_LISTS = frozenset({"frozenset", "list", "set", "tuple"})
"""What a constant may be that is a tuple here."""


@dataclass(frozen=True, slots=True)
class Some:
    """What is passed where its value is not known, but that it is something. ``type``: the built-in one that it is an instance of,
    ``object`` for that itself; empty: it may be an instance of any class. ``true``: what it gives as a test; None: not known. ``name``:
    what tells it from all others, ``shop.NOT_GIVEN`` where that is bound to ``object()``."""

    type: str
    true: bool | None
    name: str = ""

    def says(self, op: str, value: Any) -> bool | None:
        """What a `Test` of it gives, whatever is wanted; None: it cannot be told."""
        if op == "truthy":
            return self.true
        if op in ("is", "=="):
            if value is None or value.__class__ is Some:
                return value is not None and self.name != "" and self == value
            is_alike = not self.type or self.type == type(value).__name__ or (self.type in _LISTS and type(value) is tuple)
            return None if is_alike and op == "==" else False
        if op == "in":
            return None if any(self.says("==", each) is not False for each in value) else False
        if op == "type":
            return self.type in value if self.type or value == ("bool",) else None
        return False if op == "class" and self.type == "object" else None


@dataclass(slots=True, eq=False)
class Opened:
    """A transaction opened in the function that holds it. ``begun``: the first statement, where the block at ``pos`` only ends it.
    ``flags``: tests of flags of the receiver under which it is opened at all; ``tests``: as of an `Event`. ``writes_if``: the test of a
    parameter without which it only reads. ``owner``: what the function calls the session that ends it, where what began it is not called
    on that; empty: nothing. ``begun_if``: not on all ways to here it has begun, on those where it has these tests of parameters hold; None:
    on all."""

    kind: str
    name: str
    pos: Pos
    key: Key
    alias: str | None = "default"
    confidence: Confidence = Confidence.CERTAIN
    retry: bool = False
    reads: bool = False
    condition: str | None = None
    path: str | None = None  # of another file, where a decorator or mixin elsewhere opens it
    function: str | None = None
    family: str = "django"
    begun: Pos | None = None
    durable: bool = False
    flags: tuple[Test, ...] = ()
    tests: int = 0
    writes_if: Test | None = None
    owner: str | None = None
    begun_if: tuple[Test, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Misuse(Effect):
    """A deferral or a transaction that does not do what it says, found like an effect. ``kind`` is one of `kinds.MISUSE_CODES`;
    ``detail`` is what its sentence names besides the callee. ``alone``: it is one whoever calls; else only where a transaction is open,
    here or in a caller."""

    detail: str = ""
    alone: bool = False


Given: TypeAlias = dict[Key, tuple[Test, Opened | None]]
"""What is closed where a test holds, with the transaction as it is open where it does not."""

SELF = -2
NO_CLASS = -1


class Handed(NamedTuple):
    """What a callback is given, where it is a parameter of the function that hands the callback on."""

    param: str


class Target(NamedTuple):
    """Who runs at an event. ``fun`` is the function's number; ``cls`` the class of its receiver (-1: none; -2: the same as the
    caller's own receiver). ``inherits`` is False where the caller's transaction does not reach it (only ``inner`` does).
    ``skip`` is the number of leading parameters that are not passed as arguments (``self``)."""

    fun: int
    cls: int
    kind: str = "call"
    confidence: Confidence = Confidence.CERTAIN
    inner: tuple[Opened, ...] = ()
    skip: int = 0
    exact: bool = True
    inherits: bool = True
    sender: int = NO_CLASS  # signals: the class of the instance that the receiver gets
    given: tuple[tuple[str, Any], ...] = ()  # what is known of the arguments besides what is passed: of a signal's, of the receiver's row
    sent: bool = False  # signals: the keywords of the call are the receiver's
    here: bool = False  # only what the function itself has open is open in it: callers are told of it by their own calls
    via: tuple[tuple[int, Any], ...] = ()  # callbacks: (function, event) of the call of the parameter, behind the caller's own


ITSELF = "self"
"""The signal that a method of its own class sends: which one it is, each call of the method says."""


class SignalTarget(NamedTuple):
    """The receivers of a signal, resolved when all connections are known: its dotted name, or `ITSELF`. ``sender``: class number, or -1
    (unknown), -2 (self)."""

    signal: str
    sender: int
    inner: tuple[Opened, ...] = ()
    confidence: Confidence = Confidence.CERTAIN
    given: tuple[tuple[str, Any], ...] = ()  # what is known of the receivers' arguments
    sent: bool = False  # by a call of the project, whose keywords reach the receivers
    exact: bool = False  # for the sender itself, and no class below it


class ParamTarget(NamedTuple):
    """A call of a parameter (or of a parameter of an enclosing function). With ``receivers`` (class, whether exact) the parameter
    is the name of a method of theirs."""

    fun: int
    name: str
    inner: tuple[Opened, ...] = ()
    receivers: tuple[tuple[int, bool], ...] = ()


STAR = "*"
"""What the parameters of conditions begin with that ask for an argument that a function hands on by ``*args`` or ``**kwargs``:
``*2|event`` is its third one by position, or the one by that keyword; either may be missing. Behind it may stand the default that it has
where it is not passed: ``*|notify|?True``, or ``*|notify|=True`` where it also is that for callers that are not known. In `Passed.values`,
``("star", place, first)``: from this place of the call on its arguments are those from ``first`` on of the caller."""
KEY = "key"
"""As ``in``, of the keys under which a table has something: what is done with that is a guess while the key is not known."""
RECEIVER = "."
"""The place of the receiver among what a call passes."""


IDENTITY = "self.pk"
"""A parameter of conditions: the key of the receiver's row, which a new instance has not got."""
INSTANCE = "instance.pk"
"""The same of the row that a receiver of a signal gets."""
CHANGED = "self~"
"""What the parameters of conditions begin with that ask whether a field of the receiver has been assigned since its row was read.
The value of such a test is True, `KEPT` where a new row is as unchanged as one that was read, or `UNSURE` where the method that asks may
have changed the field itself."""
OR = "|"
"""Between the fields, where such a test asks whether any of several has been assigned."""
KEPT = "kept"
UNSURE = "unsure"
FLAG = "self:"
"""What the parameters of conditions begin with that ask for a flag of the receiver, settled when that was made."""
HELD = "self="
"""What the parameters of conditions begin with that ask what an attribute of the receiver holds, or of the row that a receiver of a signal
gets: for whoever has just made the instance. Several paths stand between `OR`; one that ends in `MAYBE` is None where it is not there."""
MAYBE = "?"


class Made(NamedTuple):
    """What a flag is, in `Target.given`: a class, or an instance of it, by the class's number; a function by its number in a tuple; what
    a library has by its name; a list by all that is in it."""

    of: int | tuple[int] | str | frozenset[Any] | None


class Sent(NamedTuple):
    """A signal of the project that a call passes, as a constant: by its dotted name."""

    signal: str


OF = "="
"""What the parameters of conditions begin with that ask what an attribute of a parameter is for the caller: ``=order.paid``."""
SETTING = "@"
"""What the parameters of conditions begin with that ask for a setting, or a constant of a module, by its dotted name: it is the same for
all who call."""
NEW = "new"
"""Origin of an instance that was made and not yet saved; of a form or serializer that was given no row to change."""
STORED = "stored"
"""Origin of an instance that stands for a row in the database; of a form or serializer that was given one."""


class Related(NamedTuple):
    """Origin of a manager of the rows that a field leads to, whose changes are a signal's: the number of the relation (`number_of`), the
    class of the row that has the manager, and whether the field is the other side's."""

    relation: int
    owner: int
    reverse: bool


_NO_STAR = ("star", -1, 0)


class Passed(NamedTuple):
    """Arguments of a call as far as conditions, callbacks and sessions need them: ``values`` maps a position or keyword to ``("const",
    v)``, ``("one of", vs)`` of several constants, ``("by", test, v, w)`` of two as a test of the caller's says, ``("param", name)`` (the
    caller's), ``("grown", name, names)`` (the caller's, to which these may have been added), ``("outer", function, name)`` (one of a
    function around it), ``("is", class)`` (the class itself), ``("class", class)`` (an instance of it), ``("true", class)`` (one that is
    true), ``("key", Key)``, ``("key", Key, class)``, ``("key", Key, class, True)``, or what `STAR` says; `CHANGED` to ``("assigned", row,
    ask)``, `HELD` to ``("held", ask)`` and `OF` to ``("of", ask, ..)``, behind it what it is told first. ``0.session`` is the session
    in the first argument, ``0.`` that argument itself, where the caller knows them by another name. ``callables`` maps it to the
    functions passed."""

    values: dict[int | str, tuple[Any, ...]]
    callables: dict[int | str, tuple[Target, ...]]
    open_ended: bool  # has * or **: what is missing may still be passed
    given: frozenset[int | str] = frozenset()  # every place at which something is passed
    forwards: bool = False  # the caller's own ``**kwargs``, as it got them but for what is ``given`` and ``withheld``
    withheld: frozenset[str] = frozenset()  # keys that the caller took out of them

    def handed_on(self, position: int, name: str, default: str) -> tuple[str, str] | None:
        """What the caller was given itself, where the call has its ``*args`` at this place or its ``**kwargs``. ``default``: see `STAR`."""
        if name in self.given or position in self.given:
            return None
        _, start, first = self.values.get(STAR, _NO_STAR)
        place = str(first + position - start) if 0 <= start <= position else ""
        name = name if self.forwards and name not in self.withheld else ""
        if not place and not name:
            return None
        return ("param", f"{STAR}{place}|{name}|{default}" if default else f"{STAR}{place}|{name}")


NOTHING_PASSED = Passed({}, {}, False)


Node = tuple[int, int, bool]
"""(function, class of the receiver or -1, whether that is its very class)."""


@dataclass(slots=True, eq=False)
class Event:
    pos: Pos
    func: Expr
    region: tuple[Opened, ...]
    closed: frozenset[Key]
    guards: tuple[Test, ...]
    passed: Passed
    used: bool
    targets: tuple[Target | SignalTarget | ParamTarget, ...] = ()
    effect: Effect | None = None
    confidence: Confidence = Confidence.CERTAIN
    written: bool = False
    tests: int = 0  # that nothing decides: of branches and handlers around it, and of those that return before it


@dataclass(slots=True, eq=False)
class Flow:
    """One function with one class of receiver, replayed."""

    fun: int
    events: list[Event] = field(default_factory=list)
    unresolved: list[tuple[Pos, Expr, tuple[Opened, ...]]] = field(default_factory=list)  # calls of which nothing is known
    foreign: list[tuple[Pos, Expr, str, bool]] = field(default_factory=list)  # into a package not known; is a transaction open?
    misuses: list[Event] = field(default_factory=list)  # whose effect is a `Misuse`
    deferred: set[str] = field(default_factory=set)  # texts of callables that this function defers
    runs_kept: bool = False  # does it call what others put into a container?
    scopes: int = 0


class Edge(NamedTuple):
    """A call of one node by another."""

    event: Event
    target: Target
    node: Node


@dataclass(frozen=True, slots=True)
class Entrance:
    """A node that something outside of the project's calls enters with a transaction open: a view, a hook, an admin method.
    ``opener`` as in `kinds.OPENER_KINDS`; ``path``/``pos`` where a finding shows it opened (the setting, the hook's ``def``)."""

    node: Node
    kind: str
    name: str
    path: str
    pos: Pos
    function: str
    alias: str | None = "default"
    confidence: Confidence = Confidence.CERTAIN
    given: tuple[tuple[str, Any], ...] = ()  # what is known of the arguments
    family: str = "django"
    key: Key | None = None  # of a session or connection that the code itself can name; None: that of the alias
    reads: bool = False  # it has only read


@dataclass(frozen=True, slots=True)
class Program:
    """The linked program. ``flows`` are shared by nodes that come out alike; ``infos`` are by function number. ``unpassed`` gives the
    parameters of a function, with their defaults, for which no call of the project gives anything else."""

    nodes: dict[Node, list[Edge]]
    flows: dict[Node, Flow]
    infos: dict[int, FunctionInfo]
    entrances: tuple[Entrance, ...]
    scopes: int
    effects: int
    unresolved: tuple[tuple[str, Pos, Expr], ...]
    foreign: tuple[tuple[str, Pos, Expr, str], ...]
    unpassed: Callable[[int], tuple[tuple[str, Any], ...]]


@dataclass(frozen=True, slots=True)
class FunctionInfo:
    path: str
    name: str  # dotted: module.qualname
    params: tuple[str, ...]
    defaults: dict[str, Any]  # parameter -> constant default
    pos: Pos
    name_pos: Pos
    vararg: bool
    kwarg: bool = False
    positional: int = 0  # how many of the parameters can be passed by position
