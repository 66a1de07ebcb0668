"""What an expression may be, as far as calls need it. A ``Value`` is a tuple of atoms: the alternatives; empty means unknown.

Atoms are interned by the `Atoms` of a run: equal atoms are the same object, so that comparing and hashing cost nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from txlint.model.catalog import Opener
from txlint.model.facts import Pos
from txlint.model.kinds import Confidence

if TYPE_CHECKING:
    from txlint.link.project import Fun, Klass
    from txlint.link.settled import Flags


class Atom:
    __slots__ = ()


Value: TypeAlias = tuple[Atom, ...]
UNKNOWN: Value = ()
MOST = 12  # alternatives kept; more is noise, and counts as unknown


class Fn(Atom):
    """A function of the project; ``receiver`` is set for bound methods, ``via_super`` where `super()` bound it."""

    __slots__ = ("fun", "receiver")
    fun: Fun
    receiver: Atom | None


class Cls(Atom):
    """A class of the project."""

    __slots__ = ("klass",)
    klass: Klass


class AnyCls(Cls):
    """A class of the project or one below it, as ``type[X]`` says."""

    __slots__ = ()
    klass: Klass


class Obj(Atom):
    """An instance of a class of the project. ``exact``: its very class is known, not only a base of it. ``item``: what it holds
    (a manager's model instances, a task's function). ``origin``: the key of a session-like object. ``flags``: see `settled`."""

    __slots__ = ("exact", "flags", "item", "klass", "origin")
    klass: Klass
    exact: bool
    item: Value
    origin: Any
    flags: Flags


class SelfObj(Atom):
    """The receiver of the method that is being replayed."""

    __slots__ = ("exact", "klass")
    klass: Klass
    exact: bool


class SelfItem(Atom):
    """What the receiver holds; known to the caller."""

    __slots__ = ()


class TypeArg(Atom):
    """What the class of the receiver names for a type variable of this class, by its place among them; see `generic`."""

    __slots__ = ("index", "klass")
    klass: Klass
    index: int


class SelfCls(Atom):
    """The class of the receiver (``cls`` in a classmethod)."""

    __slots__ = ("klass",)
    klass: Klass


class Param(Atom):
    """The caller's argument."""

    __slots__ = ("fun", "name")
    fun: Fun
    name: str


class Named(Atom):
    """``getattr(receivers, name)`` where the caller passes the name."""

    __slots__ = ("param", "receivers")
    param: Param
    receivers: Value


class Mod(Atom):
    """A module of the project."""

    __slots__ = ("name",)
    name: str


class Ext(Atom):
    """Something of a library, by its canonical dotted name: a module, function or class."""

    __slots__ = ("name",)
    name: str


class ExtObj(Atom):
    """An instance of a library's class."""

    __slots__ = ("item", "name", "origin")
    name: str
    item: Value
    origin: Any


CLASS = ("class",)
"""Origin of a class that a call made, for instances that hold something: `modelformset_factory(Order)`."""


class ExtMethod(Atom):
    """A library's method bound to a receiver; ``name`` is the canonical dotted name."""

    __slots__ = ("attr", "name", "receiver")
    name: str
    receiver: Atom
    attr: str


class Opening(Atom):
    """A context manager or decorator that opens a transaction."""

    __slots__ = ("alias", "bound", "confidence", "durable", "entry", "key", "kind", "name", "retry")
    entry: Opener
    alias: str | None
    key: Any
    retry: bool
    confidence: Confidence
    name: str
    kind: str
    bound: Value  # what `with ... as x` binds
    durable: bool  # insists on being the outermost


class Generated(Atom):
    """The result of calling a generator function or a context manager function of the project. ``given``: the transactions among its
    arguments, by parameter, still to be opened."""

    __slots__ = ("fun", "given", "manager", "receiver")
    fun: Fun
    receiver: Atom | None
    manager: bool
    given: tuple[tuple[str, Value], ...]


class Const(Atom):
    __slots__ = ("value",)
    value: Any


class Seq(Atom):
    """A tuple or list with known places."""

    __slots__ = ("items",)
    items: tuple[Value, ...]


class Many(Atom):
    """An iterable of something."""

    __slots__ = ("item",)
    item: Value


class Table(Atom):
    """A dict with constant keys; ``rest`` for all others."""

    __slots__ = ("items", "rest")
    items: tuple[tuple[Any, Value], ...]
    rest: Value


class Part(Atom):
    """``partial(func, *args, **keywords)``."""

    __slots__ = ("args", "func", "keywords")
    func: Value
    args: tuple[Value, ...]
    keywords: tuple[tuple[str, Value], ...]


class Stored(Atom):
    """What the program puts at a place piece by piece, whoever does: see `kept`."""

    __slots__ = ("place",)
    place: Any


class Prefix(Atom):
    """A string that is put together at run time, by what it starts with."""

    __slots__ = ("text",)
    text: str


class Within(Atom):
    """A function to which a decorator that opens a transaction was applied by a call, at ``pos`` of ``path`` in ``function``."""

    __slots__ = ("func", "function", "opening", "path", "pos")
    func: Value
    opening: Opening
    path: str
    pos: Pos
    function: str


class OneOf(Atom):
    """One of several, and it cannot be told which: what is done with it is likely at most."""

    __slots__ = ("options",)
    options: Value


class Chosen(OneOf):
    """One of several by a key that the caller gives: what stands in a table of functions, or is kept under a key. ``keys`` are, for each
    option, those under which it stands; None where they are not known. ``param``: whose argument the key is, ``op`` how a test asks for it
    (`Test`)."""

    __slots__ = ("keys", "op", "param")
    options: Value
    keys: tuple[tuple[Any, ...] | None, ...]
    param: Param
    op: str


class Super(Atom):
    """``super()`` in a method of ``after``, on a receiver."""

    __slots__ = ("after", "receiver")
    after: Klass
    receiver: Atom


A = TypeVar("A", bound=Atom)


class Atoms:
    """The interning table of one run: ``atoms(Fn, fun, receiver)``, the fields in the order in which the class declares them."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Any] = {}  # the atom of a kind and its fields

    def __call__(self, kind: type[A], *fields: Any) -> A:
        key = (kind, *fields)
        found: A | None
        try:
            found = self._known.get(key)
        except TypeError:  # an unhashable constant
            found, key = None, ()
        if found is None:
            found = kind()
            for name, value in zip(kind.__annotations__, fields, strict=True):
                setattr(found, name, value)
            if key:
                self._known[key] = found
        return found

    def const(self, value: Any) -> Const:
        """A constant; ``1``, ``1.0`` and ``True`` are three."""
        key = (Const, type(value), value)
        found: Const | None = self._known.get(key)
        if found is None:
            found = Const()
            found.value = value
            self._known[key] = found
        return found


def union(one: Value, other: Value) -> Value:
    """The alternatives of both, in order, without repeats."""
    if not other or one is other:
        return one
    if not one:
        return other
    new = tuple(atom for atom in other if atom not in one)
    if not new:
        return one
    both = one + new
    return both if len(both) <= MOST else both[:MOST]
