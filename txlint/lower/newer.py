"""Which newer Python a file needs that this one cannot parse (`python_needed`), and syntax that can be written as of old without another
column (`parenthesized`). Only imported after a SyntaxError; a guess from the line at fault.

Each grammar change of a release is one test of that line; releases that the running Python already knows are not asked. Python 2
must not be taken for news: ``except ValueError, e`` binds ``e``, while 3.14 reads ``except ValueError, KeyError`` as two types."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

_TYPE_PARAMETERS = re.compile(r"\s*(?:async\s+def|def|class)\s+\w+\s*\[|\s*type\s+\w+\s*(?:\[.*\]\s*)?=(?!=)")
_DEFAULT = re.compile(r"\[[^\]=]*[\w\]]\s*=(?!=)")
_EXCEPT = re.compile(r"\s*except\s*\*?\s*([\w.]+(?:\s*,\s*[\w.]+)+)\s*,?\s*:")
_TEMPLATE = re.compile(r"(?<![\w'\"])(?:[rR]?[tT]|[tT][rR])['\"]")
_LAZY = re.compile(r"\s*lazy\s+(?:import|from)\b")
_F_STRING = re.compile(r"(?<![\w])(?:[rR]?[fF]|[fF][rR])('''|\"\"\"|'|\")")


_TYPES = re.compile(rb"^([ \t]*except\*?) ([\w.]+), ([\w.]+(?:, ?[\w.]+)*)[ \t]*:", re.MULTILINE)


def parenthesized(data: bytes) -> bytes:
    """`except A, B:` of Python 3.14 (PEP 758) as ``except(A,B):``, which every Python reads and which is as long. What Python 2 bound
    (``except A, e:``) stays as it is, and so does a line that is not spaced as formatters do."""
    return _TYPES.sub(_tuple_of_types, data)


def _tuple_of_types(found: re.Match[bytes]) -> bytes:
    text = found.group()
    if not _bare_except(text.decode(errors="replace"), ""):
        return text
    return b"%s(%s,%s)" % found.groups() + text[found.end(3) - found.start() :]


def python_needed(text: str, message: str) -> str | None:
    """The version that ``text``, the line on which the parser stopped with ``message``, seems to be written for."""
    if "call to 'print'" in message or "call to 'exec'" in message:
        return None
    for version, fits in _NEWS:
        if version > sys.version_info[:2] and fits(text, message):
            return f"{version[0]}.{version[1]}"
    return None


def _type_parameters(text: str, message: str) -> bool:
    return _TYPE_PARAMETERS.match(text) is not None


def _type_parameter_defaults(text: str, message: str) -> bool:
    found = _TYPE_PARAMETERS.match(text)
    return found is not None and "[" in found.group() and _DEFAULT.search(text.partition("(")[0].partition("]")[0]) is not None


def _nested_f_string(text: str, message: str) -> bool:
    if "cannot include a backslash" in message or "cannot include '#'" in message:
        return True
    if not ("f-string" in message or "unterminated" in message or "invalid syntax" in message):
        return False
    return any(_reuses_quote(text, m.end(), m.group(1)) for m in _F_STRING.finditer(text))


def _reuses_quote(text: str, start: int, quote: str) -> bool:
    """Does an f-string that begins at ``start`` hold its own quote, or the line's end, inside of braces?"""
    depth = 0
    i = start
    while i < len(text):
        if text.startswith(quote, i):
            return depth > 0
        if text[i] in "{}" and depth == 0 and text[i : i + 2] in ("{{", "}}"):
            i += 1
        elif text[i] == "{":
            depth += 1
        elif text[i] == "}":
            depth -= 1
        i += 1
    return depth > 0 and len(quote) == 1


def _bare_except(text: str, message: str) -> bool:
    found = _EXCEPT.match(text)
    if found is None:
        return False
    names = [name.strip() for name in found.group(1).split(",")]
    return len(names) > 2 or "." in names[1] or not names[1].islower()


def _template_string(text: str, message: str) -> bool:
    return _TEMPLATE.search(text) is not None


def _lazy_import(text: str, message: str) -> bool:
    return _LAZY.match(text) is not None


def _unpacking_comprehension(text: str, message: str) -> bool:
    return "unpacking cannot be used in" in message and "comprehension" in message


_NEWS: tuple[tuple[tuple[int, int], Callable[[str, str], bool]], ...] = (
    ((3, 13), _type_parameter_defaults),
    ((3, 12), _type_parameters),
    ((3, 12), _nested_f_string),
    ((3, 14), _bare_except),
    ((3, 14), _template_string),
    ((3, 15), _lazy_import),
    ((3, 15), _unpacking_comprehension),
)
