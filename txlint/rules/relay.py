"""The relay shape: rows are locked, passing over those that another worker has locked, something is sent for each, and the row is then
marked or deleted, all in one transaction. That is delivery at least once, on purpose: deferring the sending would lose messages.

A worker that marks its row first and then hands it on is no relay: what it hands on should wait for the commit. `is_relay` looks at one
function as it is written."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

from txlint.model.facts import Body, Expr, FileFacts, Function, Pos, Stmt
from txlint.model.shapes import bodies, calls_in, last_name, speaks_of, statements

_WRITES = frozenset({"save", "asave", "delete", "adelete", "update", "aupdate", "bulk_update", "abulk_update", "remove"})


def is_relay(facts: FileFacts, entry: Pos) -> bool:
    """Does the function around a call lock rows that others pass over, and write to them after the call?"""
    around = [function for function in facts.functions if function.pos[0] <= entry[0] and entry[2] <= function.pos[2]]
    if not around:
        return False
    function: Function = max(around, key=lambda each: each.pos[0])
    off = frozenset(param.name for param in function.params if param.default in _NO)
    rows = _locked(function.body, off)
    return bool(rows) and any(_writes(stmt, rows, entry) for stmt in _statements(function.body))


def _locked(body: Body, off: Container[str]) -> set[str]:
    """The names of locked rows, and of what is made of them; of options that say so. ``off``: parameters that are false unless passed."""
    rows: set[str] = set()
    tried = {id(stmt) for stmt in _tried(body)}
    for stmt in _statements(body):
        names = _PASSING | _REFUSING if id(stmt) in tried else _PASSING
        match stmt:
            case ("assign", targets, value, _):
                if _locks(value, names, off) or speaks_of(value, rows):
                    for target in targets:
                        rows.update(_names(target))
                rows.update(
                    str(t[1]) for t in targets if t[0] == "sub" and _says(t[2], value, names, off)
                )  # `options["skip_locked"] = True`
            case ("for", target, value, *_) if _locks(value, names, off) or speaks_of(value, rows):
                rows.update(_names(target))
            case ("expr", ("call", str(func), *_) as value, *_) if _locks(value, names, off):
                rows.add(func.partition(".")[0])  # `cursor.execute("... SKIP LOCKED")`
    return rows


_NO = (("const", False), ("const", None))
_PASSING = frozenset({"skip_locked"})
_REFUSING = frozenset({"nowait"})
"""Options of locking: rows that are locked are left out, or the query fails, which passes them over where that is caught."""


def _locks(expr: Any, names: Container[str], off: Container[str]) -> bool:
    match expr:
        case ("call", _, _, tuple() as keywords, _) if any(_says(("const", name), value, names, off) for name, value in keywords):
            return True
        case ("dict", keys, values) if any(_says(key, value, names, off) for key, value in zip(keys, values, strict=True)):
            return True
        case ("const", str(text)):
            return "SKIP LOCKED" in text.upper()
        case tuple():
            return any(_locks(part, names, off) for part in expr)
    return False


def _says(option: Any, value: Expr, names: Container[str], off: Container[str]) -> bool:
    """Is it one of these options, and may it be on: whatever the database, a setting or a caller says?"""
    return option.__class__ is tuple and option[0] == "const" and option[1] in names and value not in _NO and value not in off


def _tried(body: Body) -> Iterator[Stmt]:
    """The statements of loops whose errors are caught, and do not end the loop."""
    for loop in statements(body):
        for stmt in statements(bodies(loop)[0]) if loop[0] in ("for", "while") else ():
            if stmt[0] == "try" and stmt[2] and all(each[0] not in _ENDS for handler in stmt[2] for each in statements(handler[2])):
                yield from statements(stmt[1])


_ENDS = frozenset({"break", "raise", "return"})


def _writes(stmt: Stmt, rows: set[str], entry: Pos) -> bool:
    """Does a statement behind the call write to a locked row?"""
    if stmt[0] in ("assign", "aug"):
        targets = stmt[1] if stmt[0] == "assign" else (stmt[1],)
        return stmt[-1] > entry[2] and any(isinstance(t, str) and "." in t and t.partition(".")[0] in rows for t in targets)
    return any(
        call[4][:2] > entry[:2]
        and ((last := last_name(call[1])) in _WRITES or last.startswith("mark"))
        and speaks_of((call[1], call[2]), rows)
        for call in calls_in(stmt)
    )


def _names(target: Expr) -> Iterator[str]:
    if isinstance(target, str):
        yield target.partition(".")[0]
    elif target[0] in ("tuple", "list"):
        for item in target[1]:
            yield from _names(item)


def _statements(body: Body) -> Iterator[Stmt]:
    """Statements with those in their blocks, in the order of the source; of compound ones only what is evaluated before the block."""
    for stmt in body:
        match stmt[0]:
            case "if" | "while":
                yield ("expr", stmt[1])
            case "for":
                yield stmt[:3]
            case "with" | "try" | "match":
                pass
            case _:
                yield stmt
        for inner in bodies(stmt):
            yield from _statements(inner)
