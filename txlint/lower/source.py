"""Bytes to facts: parse, walk, collect ignore comments; and where that fails, one line that says why.

Decoding is Python's own (byte order mark, coding cookie, else UTF-8) and never falls back: a file that Python would refuse is
``Unreadable``. The recursion limit is set to a fixed distance from here, so that how deep a file may nest does not depend on who
calls; deeper ones are ``Unreadable`` as well, and later stages may recurse over the facts with a limit of their own."""

from __future__ import annotations

import sys
import warnings
from _ast import Module, PyCF_ONLY_AST
from types import FrameType

from txlint.lower.walk import Walk
from txlint.model.facts import Expr, FileFacts, Ignore, Unreadable

FRAMES = 750
"""Python frames that parsing and walking may use: some 300 nested lambdas, 99 nested blocks, 700 nested operators."""
DIGITS = 100_000
"""Longest integer literal that is read; Python's own limit of 4300 digits can be raised, and some code relies on it."""

TOO_DEEP = "nested too deeply"


def lower_source(data: bytes, path: str, module: str, is_package: bool) -> FileFacts | Unreadable:
    """The facts of one file, or why there are none. Never raises for anything that ``data`` holds."""
    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(_depth() + FRAMES)
        return _lower(data, path, module, is_package)
    except (RecursionError, MemoryError):
        pass
    finally:
        sys.setrecursionlimit(limit)
    return Unreadable(path, 1, TOO_DEEP)


def _lower(data: bytes, path: str, module: str, is_package: bool) -> FileFacts | Unreadable:
    # `compile` accepts bytes that are not UTF-8 in comments and strings, and what it says of NUL differs by version.
    if b"\0" in data or not (data.isascii() or _is_utf8(data)):
        from txlint.lower.refuse import undecodable

        problem = undecodable(data, path)
        if problem is not None:
            return problem
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = _parse(data)
    except (SyntaxError, ValueError) as error:
        from txlint.lower.refuse import unparsable

        return unparsable(data, path, error)
    walk = Walk()
    body = walk.module(tree)
    ignores: tuple[Ignore, ...] = ()
    if b"txlint" in data:
        from txlint.lower.ignores import ignore_comments

        ignores = ignore_comments(data)
    return FileFacts(
        path,
        module,
        is_package,
        count_lines(data),
        body,
        tuple(walk.functions),
        tuple(walk.classes),
        tuple(walk.imports),
        tuple(sorted(walk.module_bound)),
        ignores,
        frozenset(walk.words),
        tuple(walk.global_sets),
        frozenset(walk.put_on),
    )


def _parse(data: bytes) -> Module:
    try:
        return _compile(data)
    except SyntaxError as error:
        if str(error.msg).startswith("multiple exception types"):
            from txlint.lower.newer import parenthesized

            return _compile(parenthesized(data))
        if "set_int_max_str_digits" not in str(error.msg):
            raise
    digits = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(DIGITS)
    try:
        return _compile(data)
    finally:
        sys.set_int_max_str_digits(digits)


def _compile(data: bytes) -> Module:
    tree = compile(data, "<source>", "exec", PyCF_ONLY_AST, dont_inherit=True)
    assert isinstance(tree, Module)
    return tree


def count_lines(data: bytes) -> int:
    """Lines as Python counts them: ended by LF, CR LF or CR."""
    count = data.count(b"\n")
    if b"\r" in data:
        count += data.count(b"\r") - data.count(b"\r\n")
    return count + (data[-1:] not in b"\r\n")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _depth() -> int:
    depth = 0
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        depth += 1
        frame = frame.f_back
    return depth


def lower_expression(text: str) -> Expr | None:
    """One expression, such as a quoted annotation; ``None`` where the text is none."""
    facts = lower_source(text.strip().encode("utf-8", "surrogatepass"), "", "", False)
    if isinstance(facts, Unreadable) or len(facts.body) != 1 or facts.body[0][0] != "expr":
        return None
    return facts.body[0][1]
