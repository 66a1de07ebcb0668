"""Brings new imports into a file: beside like imports, sorted as isort and ruff sort, after the docstring and ``__future__``."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator

from txlint.fix.names import NewImport
from txlint.fix.source import Edit, Source


def import_edits(source: Source, tree: ast.Module, needed: Iterable[NewImport]) -> tuple[Edit, ...]:
    """The insertions that bring the needed imports in: beside like imports, after the docstring and ``__future__``."""
    edits: list[Edit] = []
    fresh: list[NewImport] = []
    for new in sorted(set(needed)):
        extended = _extended(source, tree, new)
        if extended:
            edits.append(extended)
        else:
            fresh.append(new)
    return (*edits, *_inserted(source, tree, fresh))


def _extended(source: Source, tree: ast.Module, new: NewImport) -> Edit | None:
    """``from django.db import models`` grows ``, transaction`` where it is a plain line."""
    if new.alias:
        return None
    for statement in tree.body:
        if not isinstance(statement, ast.ImportFrom) or statement.module != new.module or statement.level:
            continue
        names = [alias.name for alias in statement.names]
        line = source.line(statement.lineno)
        plain = f"from {new.module} import {', '.join(a.name + (f' as {a.asname}' if a.asname else '') for a in statement.names)}"
        if "*" in names or line.rstrip("\r\n") != plain or len(plain) + len(new.name) + 2 > 79:
            continue
        if sum(isinstance(s, ast.ImportFrom) and s.module == new.module and not s.level for s in tree.body) > 1:
            return None  # one name a line is this file's way
        after = [alias for alias in statement.names if _isort_key(alias.name) < _isort_key(new.name)]
        if not after:
            at = source.offset(statement.lineno, statement.names[0].col_offset + 1)
            return Edit(at, at, f"{new.name}, ")
        at = source.offset(statement.lineno, (after[-1].end_col_offset or 0) + 1)
        return Edit(at, at, f", {new.name}")
    return None


def in_file_order(new: NewImport) -> tuple[int, NewImport]:
    """What new imports are sorted by where they stand alone."""
    return _section_of(new.module), new


def _inserted(source: Source, tree: ast.Module, fresh: list[NewImport]) -> list[Edit]:
    groups = _groups(source, tree)
    lonely: dict[int, list[NewImport]] = {}
    found: list[tuple[int, Edit]] = []  # with a rank, for those at one place: the end of a group, new groups, the start of the next group
    for new in fresh:
        same = [g for g in groups if _section(g[0]) == _section_of(new.module)]
        kin = [g for g in same if any(_module_of(s).partition(".")[0] == new.module.partition(".")[0] for s in g)]
        beside = kin or same
        if not beside:
            lonely.setdefault(_section_of(new.module), []).append(new)
            continue
        group = beside[0]
        before = [s for s in group if _import_key(s) <= (1, new.module.lower(), _isort_key(new.name))]
        if before:
            found.append((0, _line_edit(source, (before[-1].end_lineno or before[-1].lineno) + 1, [new.statement])))
        else:
            found.append((2, _line_edit(source, group[0].lineno, [new.statement])))
    found += [(1, edit) for edit in _new_groups(source, tree, groups, lonely)] if lonely else []
    return [edit for _, edit in sorted(found, key=lambda each: each[0])]


def _new_groups(
    source: Source, tree: ast.Module, groups: list[list[ast.Import | ast.ImportFrom]], lonely: dict[int, list[NewImport]]
) -> Iterator[Edit]:
    """Groups of a section that the file does not have yet; groups that end up at one place share an edit."""
    placed: dict[tuple[int, bool], list[str]] = {}
    for section, news in sorted(lonely.items()):
        statements = [new.statement for new in news]
        earlier = [g for g in groups if _section(g[0]) < section]
        later = [g for g in groups if _section(g[0]) > section]
        if earlier:
            key = ((earlier[-1][-1].end_lineno or 0) + 1, True)
        elif later:
            key = (later[0][0].lineno, False)
        else:
            key = (0, False)
        placed.setdefault(key, [])
        if placed[key]:
            placed[key].append("")
        placed[key] += statements
    for (line, follows), lines in placed.items():
        if line:
            yield _line_edit(source, line, ["", *lines] if follows else [*lines, ""])
        else:
            yield _first_import(source, tree, lines)


def _first_import(source: Source, tree: ast.Module, lines: list[str]) -> Edit:
    """A file without imports: after docstring and ``__future__``, else before the first statement and its comments."""
    head = [s for s in tree.body[:1] if _is_docstring(s)]
    head += [s for s in tree.body if isinstance(s, ast.ImportFrom) and s.module == "__future__"]
    if head:
        line = (head[-1].end_lineno or 1) + 1
        following = source.line(line).strip() if line <= len(source.starts) else ""
        return _line_edit(source, line, ["", *lines, *([""] if following else [])])
    if not tree.body:
        return _line_edit(source, len(source.starts) + 1, lines)
    first = tree.body[0]
    line = min((d.lineno for d in getattr(first, "decorator_list", ())), default=first.lineno)
    above = line
    while above > 1 and source.line(above - 1).lstrip().startswith("#") and not _is_header(source, above - 1):
        above -= 1
    start = line if above == 1 or _is_header(source, above - 1) else above
    gap = ["", ""] if isinstance(first, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) else [""]
    return _line_edit(source, start, [*lines, *gap])


def _is_header(source: Source, line: int) -> bool:
    text = source.line(line)
    return line <= 2 and text.startswith("#") and (text.startswith("#!") or "coding" in text)


def _line_edit(source: Source, line: int, lines: list[str]) -> Edit:
    """Whole lines inserted before a line (or at the end of the text), with the endings of their neighbour."""
    ending = source.ending(max(line - 1, 1))
    text = "".join(part + ending for part in lines)
    if line <= len(source.starts):
        at = source.starts[line - 1]
        return Edit(at, at, text)
    at = len(source.text)
    unfinished = bool(source.text) and not source.text.endswith(("\n", "\r"))
    return Edit(at, at, ending + text.removesuffix(ending) if unfinished else text)


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str)


def _module_of(statement: ast.Import | ast.ImportFrom) -> str:
    return statement.names[0].name if isinstance(statement, ast.Import) else statement.module or ""


def _section_of(module: str) -> int:
    return 1 if module.partition(".")[0] in sys.stdlib_module_names else 2


def _section(statement: ast.Import | ast.ImportFrom) -> int:
    """0 ``__future__``, 1 standard library, 2 absolute, 3 relative."""
    if isinstance(statement, ast.ImportFrom) and statement.level:
        return 3
    return 0 if _module_of(statement) == "__future__" else _section_of(_module_of(statement))


def _isort_key(name: str) -> tuple[int, str]:
    """Constants, classes, then the rest, as isort and ruff order the names of one import."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name


def _import_key(statement: ast.Import | ast.ImportFrom) -> tuple[int, str, tuple[int, str]]:
    if isinstance(statement, ast.Import):
        return 0, "", (0, "")
    return 1, _module_of(statement).lower(), _isort_key(statement.names[0].name)


def _groups(source: Source, tree: ast.Module) -> list[list[ast.Import | ast.ImportFrom]]:
    """Imports before the first definition in blocks without a gap, split by section; statements that share a line are left out."""
    groups: list[list[ast.Import | ast.ImportFrom]] = []
    previous = 0
    for statement in tree.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            break
        if not isinstance(statement, (ast.Import, ast.ImportFrom)):
            continue
        line = source.line(statement.lineno)
        alone = statement.col_offset == 0 and ";" not in source.line(statement.end_lineno or statement.lineno) and not line.endswith("\\")
        if not alone:
            continue
        adjoining = groups and statement.lineno == previous + 1 and _section(groups[-1][-1]) == _section(statement)
        if adjoining:
            groups[-1].append(statement)
        else:
            groups.append([statement])
        previous = statement.end_lineno or statement.lineno
    return groups
