"""Deletes an opener from a copy of the source, so that its proof has to turn red. Lines keep their numbers.

A decorator is taken away (one applied by hand and kept under a name as well), a `with` item opens nothing, an ATOMIC_REQUESTS is
False, a list of middleware is empty, a call that begins is left out. An opener that is not in the source (Django's own transaction
around `delete()`, the admin, a migration) is switched off while it runs; SQLAlchemy begins a transaction by itself whatever is deleted,
so there the engine commits each statement."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

from tests.marks import Case


def mutated(case: Case, openers: frozenset[str], folder: Path) -> tuple[Path, frozenset[str]]:
    """A copy of the case under ``folder`` without these openers, and what has to be switched off while it runs."""
    copy = folder / case.path.name
    if case.path.is_dir():
        shutil.copytree(case.path, copy, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(case.path, copy)
    off = {"atomically", "engine"}
    for name in openers:
        file, line = case.opens[name]
        target = copy / file.relative_to(case.path) if case.path.is_dir() else copy
        source = target.read_text(encoding="utf-8")
        edited = without_opener(source, line)
        if edited is None:
            off.add("django_atomic")
        else:
            target.write_text(edited, encoding="utf-8")
    return copy, frozenset(off)


def without_opener(source: str, line: int) -> str | None:
    """The source with what opens a transaction on this line deleted, or None when nothing there can be."""
    tree = ast.parse(source)
    lines = source.splitlines(keepends=True)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for decorator in node.decorator_list:
                if decorator.lineno <= line <= (decorator.end_lineno or 0):
                    for number in range(decorator.lineno - 1, decorator.end_lineno or 0):
                        lines[number] = "\n"
                    return "".join(lines)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            items = [item for item in node.items if item.context_expr.lineno <= line <= (item.context_expr.end_lineno or 0)]
            if len(items) > 1:
                raise ValueError(f"line {line}: more than one item of a `with`; write the opener on a line of its own")
            if items:
                return _with_nothing(lines, items[0].context_expr)
    text = lines[line - 1]
    if text.lstrip().startswith("MIDDLEWARE = ["):
        lines[line - 1] = "MIDDLEWARE = [] and [\n"
        return "".join(lines)
    if "ATOMIC_REQUESTS" in text and "True" in text:
        lines[line - 1] = text.replace("True", "False")
        return "".join(lines)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and node.lineno <= line <= (node.end_lineno or 0) and (applied := _applied(node.value)):
            for number in range(node.lineno - 1, node.end_lineno or 0):
                lines[number] = "\n"
            lines[node.lineno - 1] = f"{text[: len(text) - len(text.lstrip())]}{ast.unparse(node.targets[0])} = {applied}\n"
            return "".join(lines)
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and node.lineno <= line <= (node.end_lineno or 0) and _begins(ast.unparse(node)):
            indent = text[: len(text) - len(text.lstrip())]
            for number in range(node.lineno - 1, node.end_lineno or 0):
                lines[number] = "\n"
            lines[node.lineno - 1] = f"{indent}pass\n"
            return "".join(lines)
    return None


def _applied(value: ast.expr) -> str | None:
    """`transaction.atomic(f)`: the `f`; None where nothing is decorated by hand."""
    if isinstance(value, ast.Call) and ast.unparse(value.func).endswith("atomic") and value.args and not value.keywords:
        return ast.unparse(value.args[0])
    return None


def _begins(call: str) -> bool:
    return any(word in call for word in ("atomic(", "set_autocommit(", ".begin(", "enter_context("))


def _with_nothing(lines: list[str], expression: ast.expr) -> str:
    """`Session.begin()` becomes `__unopened__(Session)`, which still gives what the block works with."""
    receiver = ""
    if (
        isinstance(expression, ast.Call)
        and isinstance(expression.func, ast.Attribute)
        and expression.func.attr in ("begin", "begin_nested")
    ):
        receiver = ast.unparse(expression.func.value)
    first, last = expression.lineno - 1, (expression.end_lineno or expression.lineno) - 1
    tail = lines[last].encode()[expression.end_col_offset :].decode()
    head = lines[first].encode()[: expression.col_offset].decode()
    lines[first] = f"{head}__unopened__({receiver}){tail}"
    for number in range(first + 1, last + 1):
        lines[number] = "\n"
    if first != last and not lines[first].endswith("\n"):
        lines[first] += "\n"
    return "".join(lines)
