"""How a rewrite may name something of a library at one place of a file: by what is imported already, else by a new import that no
local name hides. Works on the stdlib tree of the whole file."""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from txlint.fix.source import Source, code_points

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True, order=True)
class NewImport:
    """``from module import name as alias``; ``alias`` is ``None`` where the name itself is free."""

    module: str
    name: str
    alias: str | None = None

    @property
    def clause(self) -> str:
        return f"{self.name} as {self.alias}" if self.alias else self.name

    @property
    def statement(self) -> str:
        return f"from {self.module} import {self.clause}"


@dataclass(frozen=True, slots=True)
class Reference:
    """What to write at the place, and the import that it needs, if any."""

    text: str
    needs: NewImport | None = None


@dataclass(slots=True)
class Names:
    """The names of one file. Functions are indexed by line once; bound names of a function are computed when first asked for."""

    source: Source
    tree: ast.Module
    _bound: dict[int, frozenset[str]] = field(default_factory=dict)
    _module_bound: dict[str, list[ast.stmt]] | None = None
    _lines: list[int] | None = None
    _width: int | None = None
    _functions: dict[tuple[int, int], tuple[Function, ...]] = field(default_factory=dict)
    _imports: list[ast.Import | ast.ImportFrom] | None = None

    @property
    def width(self) -> int:
        """How long a line of this file may become: as long as its longest, but between 79 and 120 characters."""
        if self._width is None:
            starts = self.source.starts
            longest = max((b - a for a, b in zip(starts, (*starts[1:], len(self.source.text)), strict=True)), default=0)
            self._width = min(max(longest - 1, 79), 120)
        return self._width

    def functions_at(self, line: int, column: int) -> tuple[Function, ...]:
        """The functions and lambdas around a place, outermost first."""
        if (line, column) not in self._functions:
            self._functions[line, column] = self._functions_at(line, column)
        return self._functions[line, column]

    def _functions_at(self, line: int, column: int) -> tuple[Function, ...]:
        found: list[Function] = []
        if self._lines is None:
            self._lines = [min((d.lineno for d in getattr(s, "decorator_list", ())), default=s.lineno) for s in self.tree.body]
        first = bisect_left(self._lines, line)  # the first statement that starts at this line or later; its line may hold several
        body: Iterable[ast.AST] = self.tree.body[max(first - 1, 0) : bisect_right(self._lines, line)]
        while True:
            inside = next((n for n in body if self._holds(n, line, column)), None)
            if inside is None:
                return tuple(found)
            if isinstance(inside, Function) and self._in_body(inside, line, column):
                found.append(inside)
            body = ast.iter_child_nodes(inside)

    def _in_body(self, node: Function, line: int, column: int) -> bool:
        body = node.body if isinstance(node.body, list) else [node.body]
        first = body[0]
        start = min((d.lineno for d in getattr(first, "decorator_list", ())), default=first.lineno)
        return start < line or (start == line and self._column(first.lineno, first.col_offset) <= column)

    def _column(self, line: int, offset: int) -> int:
        return code_points(self.source.line(line), offset)

    def _holds(self, node: ast.AST, line: int, column: int) -> bool:
        first = getattr(node, "lineno", None)
        last = getattr(node, "end_lineno", None)
        if first is None or last is None:  # arguments, comprehension, match_case, handlers' parts: look inside
            return any(self._holds(child, line, column) for child in ast.iter_child_nodes(node))
        first = min((d.lineno for d in getattr(node, "decorator_list", ())), default=first)
        if not first <= line <= last:
            return False
        if line == node.lineno and column < self._column(line, node.col_offset):  # type: ignore[attr-defined]
            return False
        return not (line == last and column >= self._column(line, node.end_col_offset))  # type: ignore[attr-defined]

    def bound_in(self, function: Function) -> frozenset[str]:
        """Names that are local to this function."""
        if (known := self._bound.get(id(function))) is None:
            known = self._bound[id(function)] = frozenset(_locals(function))
        return known

    def imported_in(self, function: Function) -> frozenset[str]:
        """The local names of a function that only its imports bind."""
        if isinstance(function, ast.Lambda):
            return frozenset()
        imports = (ast.Import, ast.ImportFrom)
        found = list(_statements(function.body))
        bound = frozenset[str]().union(*(_binds(s) for s in found if isinstance(s, imports)))
        return bound.difference(*(_binds(s) for s in found if not isinstance(s, imports)))

    def module_bindings(self, name: str) -> list[ast.stmt]:
        """The statements of the module body, also within ``if`` and ``try``, that bind a name."""
        if self._module_bound is None:
            self._module_bound = {}
            for statement in _statements(self.tree.body):
                for bound in _binds(statement):
                    self._module_bound.setdefault(bound, []).append(statement)
            for node in ast.walk(self.tree) if "global" in self.source.text else ():
                if isinstance(node, ast.Global):  # the function may bind them anew
                    for bound in node.names:
                        self._module_bound.setdefault(bound, []).append(node)
        return self._module_bound.get(name, [])

    def is_free(self, name: str, functions: tuple[Function, ...]) -> bool:
        """Whether nothing at module level or in these functions is called so."""
        return not self.module_bindings(name) and not any(name in self.bound_in(f) for f in functions)

    def reference(self, module: str, name: str, line: int, column: int, importing: tuple[str, str] | None = None) -> Reference:
        """How to name ``module.name`` at a place. ``importing`` is what a new import brings in where none exists: a module and a name of
        it, of which ``name`` is an attribute if the two differ (``("django.db", "transaction")`` for ``on_commit``)."""
        functions = self.functions_at(line, column)
        for text, binding, statement in self._imported(module, name):
            if any(binding in self.bound_in(f) for f in functions) or len(self.module_bindings(binding)) != 1:
                continue
            if functions or (statement.end_lineno or statement.lineno) < line:
                return Reference(text)
        for function in functions:
            if found := self._imported_locally(function, functions, module, name, line):
                return Reference(found)
        source_module, source_name = importing or (module, name)
        tail = "" if (source_module, source_name) == (module, name) else f".{name}"
        names = _aliases(source_module, source_name)
        if self.has_star:  # whose names are not known: a plain name might be one of them
            next(names)
        alias = next(a for a in names if self.is_free(a, functions))
        return Reference(alias + tail, NewImport(source_module, source_name, None if alias == source_name else alias))

    def imports_from(self, module: str) -> bool:
        """Whether the module body has a ``from module import ...``."""
        return any(isinstance(s, ast.ImportFrom) and s.module == module and not s.level for s in self._import_statements())

    @property
    def has_star(self) -> bool:
        """Whether a ``from x import *`` brings names into the module that this file does not show."""
        return any(a.name == "*" for s in self._import_statements() if isinstance(s, ast.ImportFrom) for a in s.names)

    def _imported(self, module: str, name: str) -> Iterator[tuple[str, str, ast.stmt]]:
        """Unconditional module-level imports through which ``module.name`` can be reached: text, bound name, statement."""
        for statement in self._import_statements():
            yield from _reaches(statement, module, name)

    def _import_statements(self) -> list[ast.Import | ast.ImportFrom]:
        if self._imports is None:
            self._imports = [s for s in self.tree.body if isinstance(s, (ast.Import, ast.ImportFrom))]
        return self._imports

    def _imported_locally(self, owner: Function, functions: tuple[Function, ...], module: str, name: str, line: int) -> str | None:
        if isinstance(owner, ast.Lambda):
            return None
        inner = functions[functions.index(owner) + 1 :]
        for statement in owner.body:
            if (statement.end_lineno or statement.lineno) >= line:
                break
            for text, binding, _ in _reaches(statement, module, name):
                rebound = sum(binding in _binds(s) for s in _statements(owner.body)) != 1
                if not rebound and not any(binding in self.bound_in(f) for f in inner):
                    return text
        return None


def _reaches(statement: ast.stmt, module: str, name: str) -> Iterator[tuple[str, str, ast.stmt]]:
    """Ways in which one import statement gives access to ``module.name``."""
    parent, _, last = module.rpartition(".")
    if isinstance(statement, ast.ImportFrom) and not statement.level:
        for alias in statement.names:
            bound = alias.asname or alias.name
            if statement.module == module and alias.name == name:
                yield bound, bound, statement
            elif parent and statement.module == parent and alias.name == last:
                yield f"{bound}.{name}", bound, statement
            elif parent and f"{statement.module}.{alias.name}" == parent:
                yield f"{bound}.{last}.{name}", bound, statement
    elif isinstance(statement, ast.Import):
        for alias in statement.names:
            if alias.name == module:
                yield f"{alias.asname or module}.{name}", alias.asname or module.partition(".")[0], statement


def _aliases(module: str, name: str) -> Iterator[str]:
    """The name, then names nobody else has: ``partial``, ``functools_partial``, ``functools_partial_2`` ..."""
    yield name
    long = f"{module.rpartition('.')[2]}_{name}"
    yield long
    number = 2
    while True:
        yield f"{long}_{number}"
        number += 1


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run in the same scope, nested blocks included."""
    for statement in body:
        yield statement
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        for attribute in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(statement, attribute, ()))
        for handler in getattr(statement, "handlers", ()):
            yield from _statements(handler.body)
        for case in getattr(statement, "cases", ()):
            yield from _statements(case.body)


def _binds(statement: ast.stmt) -> set[str]:
    """Names that one statement binds, its nested statements left out."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {statement.name}
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
    found: set[str] = set()
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            found.add(node.id)
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            found.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            found.add(node.rest)
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            stack += [w for w in ast.walk(node) if isinstance(w, ast.NamedExpr)]
            continue
        nested = (ast.stmt, ast.ExceptHandler, ast.match_case)
        stack += [c for c in ast.iter_child_nodes(node) if not isinstance(c, ast.stmt) or not isinstance(node, nested)]
        if isinstance(node, ast.ExceptHandler):
            continue
    return found


def _locals(function: Function) -> set[str]:
    arguments = function.args
    found = {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    found |= {a.arg for a in (arguments.vararg, arguments.kwarg) if a}
    if isinstance(function, ast.Lambda):
        return found
    elsewhere: set[str] = set()
    for statement in _statements(function.body):
        if isinstance(statement, (ast.Global, ast.Nonlocal)):
            elsewhere |= set(statement.names)
        else:
            found |= _binds(statement)
    return found - elsewhere
