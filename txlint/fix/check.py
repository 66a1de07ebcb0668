"""Proves a result before it is written: it compiles, its tree is the old one outside of the edits, and no comment is lost."""

from __future__ import annotations

import ast
import io
import tokenize
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence

from txlint.fix.source import Edit, Refused, Source, code_points, decode, parse, splice


def checked(source: Source, edits: Sequence[Edit]) -> bytes:
    """The new bytes of a file. Raises `Refused`, saying that this is a fault of txlint, where the result is not what it should be."""
    text = splice(source.text, tuple(edits))
    try:
        tree = parse(text)
        compile(text, "<fixed>", "exec", dont_inherit=True)
    except (Refused, SyntaxError, ValueError) as error:
        raise Refused(f"internal error: the new code does not compile ({error})") from error
    fresh = decode(source.path, source.encode(text))
    if fresh.text != text:
        raise Refused("internal error: the new code does not read back as written")
    before = list(_outline(parse(source.text).body, source, _Spans([(e.start, e.end) for e in sorted(edits)])))
    after = list(_outline(tree.body, fresh, _Spans(_moved(edits))))
    if before != after:
        raise Refused("internal error: code outside of the rewritten statements would change")
    if lost := _comments(source.text) - _comments(text):
        raise Refused(f"internal error: a comment would be lost ({min(lost)})")
    return fresh.data


def _moved(edits: Sequence[Edit]) -> list[tuple[int, int]]:
    """The edits' spans in the new text."""
    spans, shift = [], 0
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        spans.append((edit.start + shift, edit.start + shift + len(edit.text)))
        shift += len(edit.text) - (edit.end - edit.start)
    return spans


def _outline(body: Sequence[ast.stmt], source: Source, spans: _Spans) -> Iterator[str]:
    """Dumps of all statements that no span touches, flat: headers of compound statements, then what is in them."""
    for statement in body:
        first = min((d.lineno for d in getattr(statement, "decorator_list", ())), default=statement.lineno)
        begin = source.starts[first - 1] if first != statement.lineno else _offset(source, statement.lineno, statement.col_offset)
        end = _offset(source, statement.end_lineno or statement.lineno, statement.end_col_offset or 0)
        inner = [(name, value) for name, value in ast.iter_fields(statement) if _is_suite(value)]
        if not inner:
            if not spans.touch(begin, end):
                yield ast.dump(statement)
            continue
        yield type(statement).__name__
        for name, value in ast.iter_fields(statement):
            if not _is_suite(value):
                yield from _header(name, value, source, spans)
        for name, value in inner:
            yield name
            yield from _suite(value, source, spans)


def _suite(value: list[ast.AST], source: Source, spans: _Spans) -> Iterator[str]:
    for part in value:
        if isinstance(part, ast.stmt):
            yield from _outline([part], source, spans)
        elif isinstance(part, ast.ExceptHandler):
            yield f"except {part.name} {ast.dump(part.type) if part.type else ''}"
            yield from _outline(part.body, source, spans)
        elif isinstance(part, ast.match_case):
            yield f"case {ast.dump(part.pattern)} {ast.dump(part.guard) if part.guard else ''}"
            yield from _outline(part.body, source, spans)


def _is_suite(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], (ast.stmt, ast.ExceptHandler, ast.match_case))


def _header(name: str, value: object, source: Source, spans: _Spans) -> Iterator[str]:
    if isinstance(value, ast.arguments):  # a parameter may be new
        for inner, each in ast.iter_fields(value):
            yield from _header(inner, each, source, spans)
        return
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, (ast.expr, ast.arg)):
            begin = _offset(source, part.lineno, part.col_offset)
            end = _offset(source, part.end_lineno or part.lineno, part.end_col_offset or 0)
            if spans.touch(begin, end):
                continue
        yield f"{name}: {ast.dump(part) if isinstance(part, ast.AST) else part!r}"


def _offset(source: Source, line: int, column: int) -> int:
    return source.offset(line, code_points(source.line(line), column))


class _Spans:
    """Stretches of a text, sorted, none overlapping."""

    def __init__(self, spans: list[tuple[int, int]]) -> None:
        self._spans = spans
        self._starts = [low for low, _ in spans]

    def touch(self, begin: int, end: int) -> bool:
        """Whether one overlaps [begin, end), or is a point behind its begin and not behind its end."""
        for at in range(bisect_right(self._starts, end) - 1, -1, -1):
            low, high = self._spans[at]
            if low == high:
                if begin < low:
                    return True
            elif high <= begin:
                return False
            elif low < end:
                return True
        return False


def _comments(text: str) -> Counter[str]:
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    found: Counter[str] = Counter()
    try:
        for token in tokenize.generate_tokens(io.StringIO(plain).readline):
            if token.type == tokenize.COMMENT:
                found[token.string] += 1
    except (tokenize.TokenError, IndentationError) as error:
        raise Refused(f"its comments cannot be read: {error}") from error
    return found
