"""The text of one file, between bytes and edits: decoding that can be undone exactly, offsets of lines, splicing.

Nothing here understands Python beyond its line endings and its coding line. Lines end where CPython ends them (``\\n``, ``\\r\\n``,
``\\r``), never at a form feed or U+2028."""

from __future__ import annotations

import ast
import codecs
from bisect import bisect_right
from dataclasses import dataclass
from typing import TypeAlias

Span: TypeAlias = tuple[int, int, int, int]
"""Line, column, end line, end column as in `finding.Place`: 1-based, columns in code points, the end exclusive."""


class Refused(Exception):
    """Why something is not read, rewritten or written: one sentence for the user."""


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace ``text[start:end]``, offsets in code points of the decoded text."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Source:
    """One file. ``text`` is decoded and without byte order mark; ``starts`` are the offsets at which lines start."""

    path: str
    data: bytes
    text: str
    encoding: str
    bom: bool
    starts: tuple[int, ...]

    def offset(self, line: int, column: int) -> int:
        """The offset of a 1-based line and column."""
        return self.starts[line - 1] + column - 1

    def place(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of an offset."""
        index = bisect_right(self.starts, offset) - 1
        return index + 1, offset - self.starts[index] + 1

    def line(self, number: int) -> str:
        """A line with its ending; empty behind the last one."""
        if number > len(self.starts):
            return ""
        end = self.starts[number] if number < len(self.starts) else len(self.text)
        return self.text[self.starts[number - 1] : end]

    def ending(self, number: int) -> str:
        """The line ending that text put beside this line takes: its own, else the one above, else the file's first."""
        for near in (number, number - 1, 1):
            if 1 <= near <= len(self.starts) and (found := _ending(self.line(near))):
                return found
        return "\n"

    def indent(self, number: int) -> str:
        line = self.line(number)
        return line[: len(line) - len(line.lstrip(" \t\f"))]

    def between(self, span: Span) -> str:
        return self.text[self.offset(span[0], span[1]) : self.offset(span[2], span[3])]

    def encode(self, text: str) -> bytes:
        """The bytes of a changed text in this file's encoding."""
        try:
            data = text.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise Refused(f"the new code cannot be written in {self.encoding}") from error
        return codecs.BOM_UTF8 + data if self.bom else data


def decode(path: str, data: bytes) -> Source:
    """Bytes to text as CPython would read them; refuses what could not be written back byte for byte."""
    import io
    import tokenize

    bom = data.startswith(codecs.BOM_UTF8)
    if b"\0" in data:
        raise Refused("the file contains a NUL byte")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError as error:
        raise Refused(f"the encoding is not clear: {error.msg}") from error
    encoding = "utf-8" if encoding == "utf-8-sig" else encoding
    body = data[len(codecs.BOM_UTF8) :] if bom else data
    try:
        text = body.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise Refused(f"the file is not valid {encoding}") from error
    if text.encode(encoding) != body:
        raise Refused(f"decoding and encoding as {encoding} does not give the same bytes")
    return Source(path, data, text, encoding, bom, _starts(text))


def splice(text: str, edits: tuple[Edit, ...]) -> str:
    """Apply edits, sorted by start; refuses overlaps. Insertions at one offset keep their order and go before a replacement there."""
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        if edit.start < at:
            raise Refused("two rewrites overlap")
        parts += (text[at : edit.start], edit.text)
        at = edit.end
    return "".join((*parts, text[at:]))


def parse(text: str) -> ast.Module:
    """The stdlib tree of a decoded text, or `Refused` with the reason. Warnings about the user's strings stay silent."""
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError) as error:
        from txlint.lower.newer import python_needed

        lines, line = text.split("\n"), getattr(error, "lineno", None) or 0
        needed = python_needed(lines[line - 1], str(error)) if 0 < line <= len(lines) else None
        if needed is not None:
            raise Refused(f"to rewrite this file, run txlint with Python {needed} or newer") from error
        raise Refused(f"the file does not parse: {getattr(error, 'msg', None) or error}") from error
    except (RecursionError, MemoryError) as error:
        raise Refused("nested too deeply") from error


def code_points(line: str, column: int) -> int:
    """A 0-based UTF-8 column of `ast` as a 1-based column in code points."""
    return column + 1 if line.isascii() else len(line.encode()[:column].decode(errors="ignore")) + 1


def span_of_pos(source: Source, pos: tuple[int, int, int, int]) -> Span:
    """A `Pos` of the facts, columns 0-based in bytes, as the span of the same code."""
    first, low, last, high = pos
    return first, code_points(source.line(first), low), last, code_points(source.line(last), high)


def _starts(text: str) -> tuple[int, ...]:
    starts = [0]
    at, size = 0, len(text)
    if "\r" not in text:
        while (at := text.find("\n", at) + 1) > 0:
            starts.append(at)
    else:
        while at < size:
            newline, carriage = text.find("\n", at), text.find("\r", at)
            if newline < 0 and carriage < 0:
                break
            if carriage < 0 or 0 <= newline < carriage:
                at = newline + 1
            else:
                at = carriage + (2 if newline == carriage + 1 else 1)
            starts.append(at)
    if len(starts) > 1 and starts[-1] == size:
        starts.pop()
    return tuple(starts)


def _ending(line: str) -> str:
    for ending in ("\r\n", "\n", "\r"):
        if line.endswith(ending):
            return ending
    return ""
