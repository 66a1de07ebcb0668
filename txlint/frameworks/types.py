"""The linker as frameworks see it: a narrow interface, so that this layer stays below `link`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from txlint.model.facts import Class, Expr, FileFacts

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


class Linker(Protocol):
    """What a framework may ask. ``Cls``, ``Obj``, ... are the kinds of atoms; ``atoms`` makes them."""

    project: Any
    catalog: Any
    atoms: Callable[..., Any]
    union: Callable[[Value, Value], Value]
    Cls: Any
    Obj: Any
    Const: Any
    Ext: Any
    ExtObj: Any

    def find(self, klass: Any, name: str) -> Any: ...
    def mro(self, klass: Any) -> tuple[Any, ...]: ...
    def is_a(self, klass: Any, name: str) -> bool: ...
    def library_bases(self, klass: Any) -> tuple[str, ...]: ...
    def bound(self, binding: Any, module: Any, klass: Any) -> Value: ...
    def instance(self, klass: Any, exact: bool) -> Any: ...
    def with_item(self, atom: Any, item: Value) -> Any: ...
    def class_attribute(self, klass: Any, name: str) -> Value: ...
    def class_expression(self, klass: Any, expr: Expr) -> Value: ...
    def module_name(self, module: Any, name: str) -> Value: ...
