"""Where a dotted name is defined, in the project's files or in an installed library's: read as text, never imported.

`Definitions.find` gives a `Definition`, or a `Missing` that says why there is none. What is made at run time (a module's or class's
``__getattr__``, a base that cannot be seen, a compiled module) is `Unseen`: it may be there."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

_DEEP = 20  # imports of imports, bases of bases
_COMPILED = (".so", ".pyd")

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


class Definition(NamedTuple):
    """What stands under a name: a function, a class, or (``node`` None) something that was assigned. ``owner``: its class."""

    path: str
    node: Function | ast.ClassDef | None
    owner: ast.ClassDef | None = None


class Missing(NamedTuple):
    """There is no such name; ``near`` are those that there are where the segment ``word`` of it was looked for."""

    reason: str
    near: tuple[str, ...] = ()
    word: str = ""


class Unseen(NamedTuple):
    """Whether there is such a name cannot be told without running code."""

    reason: str


Answer: TypeAlias = Definition | Missing | Unseen


class Definitions:
    """The project's modules (dotted name -> file) before the installed ones, which lie in ``folders``."""

    def __init__(self, modules: Mapping[str, str], folders: tuple[str, ...]) -> None:
        self.modules = modules
        self.packages = {name[:end] for name in modules for end, letter in enumerate(name) if letter == "."}
        self.folders = folders
        self._trees: dict[str, ast.Module | None] = {}

    def find(self, dotted: str, depth: int = 0) -> Answer:
        """What a name stands for, behind imports; a ``*`` at its end stands for any that begins so."""
        if depth > _DEEP:
            return Unseen(f"{dotted} is imported in a circle")
        parts = dotted.split(".")
        for cut in range(len(parts), 0, -1):
            path = self._module(".".join(parts[:cut]))
            if path is None:
                continue
            if path.endswith(_COMPILED):
                return Unseen(f"{'.'.join(parts[:cut])} is compiled")
            tree = self._tree(path)
            if tree is None:
                return Unseen(f"{path} cannot be parsed")
            if cut == len(parts):
                return Definition(path, None)
            return self._member(tree, ".".join(parts[:cut]), path, parts[cut:], depth)
        if parts[0] in self.packages or parts[0] in self.modules:
            return Missing(f"the project has no module {dotted.rpartition('.')[0]}")
        if parts[0] in sys.builtin_module_names:
            return Unseen(f"{parts[0]} is compiled")
        return Unseen(f"{parts[0]} is not installed here")

    def method(self, found: Definition, name: str, depth: int = 0) -> Answer:
        """A method of a class that was found."""
        assert isinstance(found.node, ast.ClassDef)
        return self._of_class(found.node, self._name_of(found.path), found.path, [name], depth)

    def _name_of(self, path: str) -> str:
        for name, other in self.modules.items():
            if other == path:
                return name
        folder = max((f for f in self.folders if path.startswith(f + os.sep)), key=len, default="")
        relative = Path(path).relative_to(folder or "/").with_suffix("")
        return ".".join(relative.parts[:-1] if relative.name == "__init__" else relative.parts)

    def _module(self, dotted: str) -> str | None:
        if dotted in self.modules:
            return self.modules[dotted]
        inner = dotted.replace(".", os.sep)
        for folder in self.folders:
            for end in (f"{os.sep}__init__.py", ".py", f"{os.sep}__init__.pyi", ".pyi"):
                path = os.path.join(folder, inner + end)  # noqa: PTH118
                if os.path.isfile(path):  # noqa: PTH113
                    return path
            parent, name = os.path.split(os.path.join(folder, inner))  # noqa: PTH118
            if os.path.isdir(parent) and parent != folder:  # noqa: PTH112
                for each in os.listdir(parent):  # noqa: PTH208
                    if each.startswith(f"{name}.") and each.endswith(_COMPILED):
                        return os.path.join(parent, each)  # noqa: PTH118
        return None

    def _tree(self, path: str) -> ast.Module | None:
        if path not in self._trees:
            try:
                self._trees[path] = ast.parse(Path(path).read_bytes())
            except (OSError, SyntaxError, ValueError, RecursionError):
                self._trees[path] = None
        return self._trees[path]

    def _member(self, tree: ast.Module, module: str, path: str, rest: list[str], depth: int) -> Answer:
        first, *others = rest
        stars = []
        names: dict[str, ast.stmt] = {}
        for statement, name in _bindings(tree.body):
            if name == "*":
                stars.append(statement)
            else:
                names[name] = statement
        if first.endswith("*") and not others:
            near = [name for name in names if name.startswith(first[:-1])]
            if near:
                return Definition(path, None)
        bound = names.get(first)
        if isinstance(bound, ast.ClassDef):
            return self._of_class(bound, module, path, others, depth) if others else Definition(path, bound)
        if isinstance(bound, ast.FunctionDef | ast.AsyncFunctionDef):
            return Definition(path, bound) if not others else Unseen(f"{first} is a function")
        if isinstance(bound, ast.Import | ast.ImportFrom):
            return self.find(".".join([_imported(bound, first, module, path), *others]), depth + 1)
        if bound is not None:
            other = (_alias(bound) or "").split(".")
            if other[0] in names and other[0] != first and depth < _DEEP:
                return self._member(tree, module, path, [*other, *others], depth + 1)
            return Definition(path, None) if not others else Unseen(f"what {first} is is only known when it runs")
        for star in stars:
            assert isinstance(star, ast.ImportFrom)
            answer = self.find(".".join([_absolute(star, module, path), *rest]), depth + 1)
            if not isinstance(answer, Missing):
                return answer
        if "__getattr__" in names:
            return Unseen(f"{module} has a __getattr__")
        inside = (name.removeprefix(f"{module}.").partition(".")[0] for name in self.modules if name.startswith(f"{module}."))
        return Missing(f"{module} has no {first!r}", tuple({**names, **dict.fromkeys(inside)}), first)

    def _of_class(self, owner: ast.ClassDef, module: str, path: str, rest: list[str], depth: int) -> Answer:
        first, *others = rest
        names = {name: statement for statement, name in _bindings(owner.body)}
        assigned = {name for statement in owner.body for name in _set_on_self(statement)}
        if first.endswith("*"):
            if any(name.startswith(first[:-1]) for name in (*names, *assigned)):
                return Definition(path, None, owner)
        bound = names.get(first)
        if isinstance(bound, ast.ClassDef):
            return self._of_class(bound, module, path, others, depth) if others else Definition(path, bound, owner)
        if bound is not None and not others:
            return Definition(path, bound if isinstance(bound, ast.FunctionDef | ast.AsyncFunctionDef) else None, owner)
        if first in assigned and not others:
            return Definition(path, None, owner)
        doubtful = ""
        near = [*names, *assigned]
        for base in owner.bases:
            answer = self._of_base(base, module, path, rest, depth)
            if isinstance(answer, Definition):
                return answer
            if isinstance(answer, Unseen):
                doubtful = doubtful or answer.reason
            else:
                near += answer.near
        if "__getattr__" in names:
            return Unseen(f"{owner.name} has a __getattr__")
        return Unseen(doubtful) if doubtful else Missing(f"{module}.{owner.name} has no {first!r}", tuple(near), first)

    def _of_base(self, base: ast.expr, module: str, path: str, rest: list[str], depth: int) -> Answer:
        if isinstance(base, ast.Subscript):
            base = base.value
        text = _dotted(base)
        if text is None or depth > _DEEP:
            return Unseen(f"the base `{ast.unparse(base)}` cannot be followed")
        if text in ("object", "Protocol", "Generic", "ABC"):
            return Missing("")
        tree = self._tree(path)
        assert tree is not None
        found = self._member(tree, module, path, text.split("."), depth + 1)
        if isinstance(found, Definition) and isinstance(found.node, ast.ClassDef):
            return self._of_class(found.node, self._name_of(found.path), found.path, rest, depth + 1)
        return Unseen(found.reason) if isinstance(found, Unseen) else Unseen(f"the base `{text}` cannot be followed")


def folders(root: str) -> tuple[str, ...]:
    """Where libraries may be installed: for the interpreter that runs txlint, the active virtual environment, and the one that lies in the
    project."""
    places = [path for path in sys.path if path and os.path.isdir(path)]  # noqa: PTH112
    for home in (os.environ.get("VIRTUAL_ENV"), os.path.join(root, ".venv"), os.path.join(root, "venv")):  # noqa: PTH118
        if home:
            places += [str(path) for path in sorted(Path(home).glob("lib/python*/site-packages"))]
            places += [str(path) for path in [Path(home, "Lib", "site-packages")] if path.is_dir()]
    return tuple(dict.fromkeys(places))


def _bindings(body: list[ast.stmt]) -> Iterator[tuple[ast.stmt, str]]:
    """Each name that statements bind, whichever way they branch."""
    for statement in body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield statement, statement.name
            case ast.Import() | ast.ImportFrom():
                for alias in statement.names:
                    yield statement, alias.asname or (alias.name if isinstance(statement, ast.ImportFrom) else alias.name.partition(".")[0])
            case ast.Assign():
                for target in statement.targets:
                    for node in ast.walk(target):
                        if isinstance(node, ast.Name):
                            yield statement, node.id
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield statement, name
            case ast.If() | ast.For() | ast.While() | ast.With():
                yield from _bindings([*statement.body, *getattr(statement, "orelse", [])])
            case ast.Try():
                handlers = [inner for handler in statement.handlers for inner in handler.body]
                yield from _bindings([*handlers, *statement.body, *statement.orelse, *statement.finalbody])


def _set_on_self(statement: ast.stmt) -> Iterator[str]:
    """The attributes that a method assigns on its first parameter."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) and statement.args.args:
        me = statement.args.args[0].arg
        for node in ast.walk(statement):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name):
                if node.value.id == me:
                    yield node.attr


def _alias(statement: ast.stmt) -> str | None:
    """The dotted name that is given another one: ``post = api.post``."""
    value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
    return _dotted(value) if value is not None else None


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        left = _dotted(node.value)
        return f"{left}.{node.attr}" if left is not None else None
    return None


def _imported(statement: ast.Import | ast.ImportFrom, name: str, module: str, path: str) -> str:
    """The full name of what an import binds to a name."""
    alias = next(each for each in statement.names if name in (each.asname or each.name, (each.asname or each.name).partition(".")[0]))
    if isinstance(statement, ast.Import):
        return alias.name if alias.asname else alias.name.partition(".")[0]
    return f"{_absolute(statement, module, path)}.{alias.name}"


def _absolute(statement: ast.ImportFrom, module: str, path: str) -> str:
    if not statement.level:
        return statement.module or ""
    package = module if Path(path).stem == "__init__" else module.rpartition(".")[0]
    for _ in range(statement.level - 1):
        package = package.rpartition(".")[0]
    return f"{package}.{statement.module}" if statement.module else package
