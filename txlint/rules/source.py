"""Source text by place: lines as Python counts them, columns in code points. Read lazily, only where a finding needs it.

A file that cannot be read or decoded any more gives no lines and unconverted columns: words about it get poorer, nothing fails."""

from __future__ import annotations

import ast
import codecs
import re
import warnings
from pathlib import Path

from txlint.model.facts import Pos
from txlint.model.finding import Place
from txlint.model.hazard import Spot

# Not str.splitlines: Python counts neither form feeds nor U+2028 as ends of lines.
_LINE_END = re.compile(r"\r\n|\r|\n")
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")

_LONGEST_CALL = 4_000


def as_written(node: ast.AST, text: str) -> str:
    """The node as the user wrote it, on one line."""
    written = ast.get_source_segment(text, node) or ""
    return ast.unparse(node) if not written or "\n" in written else written


def decode(data: bytes) -> str:
    """The text of a Python file, by its BOM or coding cookie, else UTF-8. Raises ``ValueError`` or ``LookupError``."""
    if data.startswith(codecs.BOM_UTF8):
        return data.decode("utf-8-sig")
    for line in data.split(b"\n", 2)[:2]:
        if match := _COOKIE.match(line):
            return data.decode(match[1].decode("ascii"))
        if line.strip() and not line.lstrip().startswith(b"#"):
            break  # code: a cookie below it does not count
    return data.decode()


class Sources:
    """Lines of files by their reported path, relative to ``root``. ``texts`` gives the text of files that are not on disk."""

    __slots__ = ("_lines", "_root")

    def __init__(self, root: str | Path = ".", texts: dict[str, str] | None = None) -> None:
        self._root = Path(root)
        self._lines: dict[str, tuple[str, ...]] = {path: tuple(_LINE_END.split(text)) for path, text in (texts or {}).items()}

    def lines(self, path: str) -> tuple[str, ...]:
        """All lines without their ends; ``lines(path)[0]`` is line 1."""
        known = self._lines.get(path)
        if known is None:
            try:
                known = tuple(_LINE_END.split(decode((self._root / path).read_bytes())))
            except (OSError, ValueError, LookupError):
                known = ()
            self._lines[path] = known
        return known

    def line(self, path: str, number: int) -> str:
        lines = self.lines(path)
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def column(self, path: str, line: int, offset: int) -> int:
        """A 0-based offset in UTF-8 bytes as a 1-based column in code points."""
        text = self.line(path, line)
        if not text or text.isascii():
            return offset + 1
        return len(text.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore")) + 1

    def place(self, spot: Spot) -> Place:
        line, start, end_line, end = spot.pos
        return Place(spot.path, line, self.column(spot.path, line, start), end_line, self.column(spot.path, end_line, end))

    def attribute(self, spot: Spot, name: str) -> Place:
        """Where an attribute of this name stands on the line of a spot, with what it is an attribute of; else the line."""
        place, line = self.place(spot), self.line(spot.path, spot.pos[0])
        start, end = -1, 0
        while (start := line.find(f".{name}", end)) >= 0:
            end = start + len(name) + 1
            if not line[end : end + 1].isidentifier() and not line[end : end + 1].isdecimal():
                while start and (line[start - 1].isalnum() or line[start - 1] in "_."):
                    start -= 1
                return Place(spot.path, place.line, start + 1, place.line, end + 1)
        return place

    def text(self, spot: Spot) -> str:
        """The source between the ends of a span, its lines joined with ``\\n``; empty where it cannot be read."""
        return _cut(self.lines(spot.path), spot.pos)

    def call(self, spot: Spot) -> tuple[ast.expr, str] | None:
        """The expression of a span and the text that its nodes' positions refer to, if it is one of reasonable size."""
        text = f"({self.text(spot)}\n)"
        if len(text) > _LONGEST_CALL:
            return None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what Python thinks of an escape in the user's string is not our concern
                return ast.parse(text, mode="eval").body, text
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None

    def before(self, spot: Spot) -> str:
        """What stands on the line before the span."""
        return self.line(spot.path, spot.pos[0])[: self.place(spot).column - 1]


def _cut(lines: tuple[str, ...], pos: Pos) -> str:
    first, start, last, end = pos
    if not 0 < first <= last <= len(lines):
        return ""
    chosen = [line.encode("utf-8", "surrogatepass") for line in lines[first - 1 : last]]
    chosen[-1] = chosen[-1][:end]
    chosen[0] = chosen[0][start:]
    return b"\n".join(chosen).decode("utf-8", "ignore")
