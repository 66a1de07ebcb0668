"""The linker as frameworks see it, and a framework as the linker sees it: narrow interfaces, so that this layer stays below `link`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

from txlint.model.facts import Class, Expr, FileFacts
from txlint.model.graph import Opened
from txlint.model.kinds import Confidence

Atom: TypeAlias = Any
Value: TypeAlias = tuple[Any, ...]


class Module(Protocol):
    name: str
    facts: FileFacts


class Klass(Protocol):
    id: int
    module: Any
    fact: Class
    names: dict[str, list[tuple[Any, ...]]]
    parent: Any
    subclasses: list[Any]

    @property
    def dotted(self) -> str: ...


class Fun(Protocol):
    id: int
    module: Any
    fact: Any
    klass: Any
    parent: Any
    body: Any

    def owner_of(self, name: str) -> Any: ...

    @property
    def dotted(self) -> str: ...

    @property
    def nested(self) -> Iterable[Any]: ...


class Loaders(NamedTuple):
    """The project's functions that load for a request what a name stands for, when it is used first, and the attributes that it has where
    there was nothing to load."""

    funs: tuple[Any, ...]
    always: frozenset[str]


class Uploads(NamedTuple):
    """What a library calls the writing of files with rows: classes by their canonical dotted names."""

    stores: str  # the effect
    models: frozenset[str]  # bases of the classes of rows
    managers: frozenset[str]  # which make rows
    forms: frozenset[str]  # whose ``save`` saves a row, with the fields that ``class Meta`` names
    files: frozenset[str]  # what can be assigned
    stored: frozenset[str]  # what a field for files holds


NO_UPLOADS = Uploads("", *[frozenset[str]()] * 5)


class Called(NamedTuple):
    """A function of the project that a library calls: with the class of its receiver (-1: none), and what is known of its arguments."""

    fun: Any
    cls: int
    given: tuple[tuple[str, Any], ...]
    confidence: Confidence


class Linker(Protocol):
    """What a framework may ask. ``Cls``, ``Obj``, ... are the kinds of atoms; ``atoms`` makes them."""

    project: Any
    catalog: Any
    atoms: Any
    Cls: Any
    Obj: Any
    Fn: Any
    Part: Any
    Const: Any
    Ext: Any
    ExtObj: Any
    Many: Any
    Mod: Any
    OneOf: Any
    Seq: Any
    Stored: Any
    Table: Any
    params: Any
    contexts: dict[int, Value]
    loaders: dict[str, Loaders]
    through: dict[int, int]

    def where_bound(self, module: Any, dotted: str, /) -> str: ...
    def union(self, one: Value, other: Value, /) -> Value: ...
    def find(self, klass: Any, name: str) -> Any: ...
    def has_own(self, klass: Any, name: str) -> bool: ...
    def defaults(self, fun: Any) -> dict[str, Any]: ...
    def mro(self, klass: Any) -> tuple[Any, ...]: ...
    def attribute(self, atom: Any, name: str) -> Value: ...
    def is_a(self, klass: Any, name: str) -> bool: ...
    def library_bases(self, klass: Any) -> tuple[str, ...]: ...
    def kinds(self, atom: Any) -> tuple[str, ...]: ...
    def is_mapped(self, klass: Any) -> bool: ...
    def has_known_bases(self, klass: Any) -> bool: ...
    def number_of(self, dotted: str) -> int: ...
    def bound(self, binding: Any, module: Any, klass: Any) -> Value: ...
    def instance(self, klass: Any, exact: bool, item: Value = (), origin: Any = None) -> Any: ...
    def with_item(self, atom: Any, item: Value) -> Any: ...
    def class_attribute(self, klass: Any, name: str) -> Value: ...
    def class_expression(self, klass: Any, expr: Expr) -> Value: ...
    def items(self, value: Value) -> Value: ...
    def typed(self, expr: Any, receiver: Any, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> Value: ...
    def tell(self, fun: Any, name: str, value: Value) -> None: ...
    def forget(self, fun: Any) -> None: ...
    def decoration(self, fun: Any) -> Any: ...
    def replay(self, fun: Any, klass: Any, exact: bool) -> Any: ...
    def class_openers(self, klass: Any) -> list[tuple[Opened, str]]: ...
    def called_methods(self, klass: Any, names: Iterable[str]) -> Iterator[Called]: ...
    def connect(self, signal: str, fun: Any, cls: int, sender: int) -> None: ...
    def put(self, place: Any, value: Value) -> None: ...
    def result(self, fun: Any, klass: Any, exact: bool) -> Value: ...
    def substitute(self, value: Value, receiver: Any, arguments: dict[str, Value]) -> Value: ...
    def value(self, expr: Expr, module: Any, scope: Any = None) -> Value: ...
    def marked(self, marker: Any) -> list[Any]: ...
    def request_wide(self, dependency: Any) -> list[Opened]: ...
    def dependencies(self, annotation: Any, default: Any, module: Any, klass: Any, scope: Any) -> list[Any]: ...
    def module_name(self, module: Any, name: str) -> Value: ...


class Field(NamedTuple):
    """A field of a row: the attributes by which it is read and assigned, what it holds in a row that is made without (one of these
    constants; none: not known), and whether it keeps a constant as it is."""

    names: tuple[str, ...]
    default: Value
    keeps: bool = True


class Row(Protocol):
    """What a framework says of the new rows of a class."""

    hooks: frozenset[str]
    """Methods of the class that the framework calls itself, before a row is made or saved."""

    def field(self, name: str) -> Field | None:
        """The field of which this is an attribute; None where it is none, or more than a value is kept in it."""

    def leads_back(self, name: str, other: str) -> bool:
        """Does an attribute lead to another row, of which ``other`` is this one?"""

    def lacks(self, name: str) -> bool:
        """Has no row of the class an attribute of this name?"""

    def never_has(self, name: str) -> bool:
        """Has no row of the class an attribute of this name, whatever other code does with it?"""

    def added_by(self, receiver: Atom | None) -> frozenset[str] | None:
        """The fields that a manager fills besides what it is told when it creates a row; None where that is not known."""


class Framework:
    """What a framework adds to the language: attributes that no source text defines. This one has nothing to say."""

    abstract: frozenset[str] = frozenset()
    """Classes of the library of which there are no instances but those of classes below them."""
    uploads: Uploads = NO_UPLOADS
    plain: frozenset[str] = frozenset()
    """What runs functions with rows that have no methods of the project (a migration's)."""
    changes: frozenset[str] = frozenset()
    """Methods that say whether the field whose name they are given has been assigned since the row was read."""

    def class_attribute(self, linker: Linker, klass: Klass, name: str) -> Value | None:
        return None

    def instance_attribute(self, linker: Linker, klass: Klass, name: str, holder: Atom) -> Value | None:
        return None

    def member(self, linker: Linker, klass: Klass, parts: tuple[Value, ...]) -> Value | None:
        """What an attribute of a class is, whose body gives it a tuple of these: a member of an enumeration with a label. None where it is
        the tuple."""
        return None

    def setting(self, path: str) -> tuple[str, Any]:
        """``("value", v)``, ``("likely", v)`` where the environment or a branch may say otherwise, ``("absent", None)`` or
        ``("unknown", None)``."""
        return "unknown", None

    def setting_named(self, dotted: str) -> tuple[str, Any]:
        """The same of a setting that code reads, by its canonical dotted name."""
        return "unknown", None

    def may_hold(self, path: str) -> Sequence[str]:
        """The strings that a setting may hold, as far as they are known."""
        return ()

    def set_by(self, linker: Linker, path: str) -> Value | None:
        """The project's own classes and functions that a setting names; None where it names others, or none."""
        return None

    def described(self, linker: Linker, method: str, item: Atom, receiver: Atom | None) -> Value | None:
        """What reading a descriptor gives, where the catalog's type expression cannot say it (a class named by a string)."""
        return None

    def name(self, linker: Linker, dotted: str) -> Value | None:
        """What a library's name stands for in this project (its user model), by canonical dotted name."""
        return None

    def loaders(self, linker: Linker) -> Mapping[str, Loaders]:
        """What loads for a request what a library's name stands for, by dotted name."""
        return {}

    def item(self, linker: Linker, klass: Klass) -> Value | None:
        """What instances of a class hold, whoever has them (the rows of a manager that only one model has)."""
        return None

    def assumed_bases(self, dotted: str) -> tuple[str, ...]:
        """Library bases of a class that the catalog does not know, by convention."""
        return ()

    def attributes_given(self, dotted: str) -> frozenset[str] | None:
        """Are the keywords of a library's decorator attributes of the receiver in the method under it? Those that are none; None: all."""
        return None

    def fields(self, linker: Linker, klass: Klass, path: str, kind: str) -> frozenset[str] | None:
        """The fields of a class that are of a library's kind, among those that an attribute path of an instance lists; None where they are
        not all known."""
        return None

    def cascades(self, linker: Linker, klass: Klass | str) -> Sequence[Klass]:
        """Classes whose rows are deleted with those of a class, of the project or of a library."""
        return ()

    def may_set(self, linker: Linker, klass: Klass, name: str) -> bool:
        """May the framework set an attribute of instances of a class, to what it is given elsewhere (``as_view(eager=True)``)?"""
        return False

    def is_plain(self, linker: Linker, klass: Klass, name: str) -> bool:
        """Is an attribute of a class of rows none of its fields, so that whoever assigns it writes nothing?"""
        return False

    def row(self, linker: Linker, klass: Klass) -> Row | None:
        """What a class's new rows hold; None where it is no class of rows."""
        return None

    def constant(self, linker: Linker, dotted: str, value: Any) -> Value | None:
        """What a constant string names where the library call ``dotted`` is given it (``apps.get_model("shop.Order")``)."""
        return None

    def models(self, linker: Linker, value: Value) -> Value:
        """The classes of rows that a value names: also by a label, or by a setting that holds one."""
        return ()

    def runs(self, linker: Linker, dotted: str, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> Value:
        """The project's functions that the library call ``dotted`` runs at once, found by names (``call_command("nightly")``)."""
        return ()

    def given(self, linker: Linker, dotted: str, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> Value | None:
        """What the library call ``dotted`` gives for all of its arguments (``get_doc({"doctype": "Order"})``)."""
        return None
