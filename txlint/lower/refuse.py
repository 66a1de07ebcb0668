"""Why a file cannot be read, in one line. Only imported when one cannot.

``undecodable`` speaks of bytes, ``unparsable`` of syntax. For syntax newer than the running Python it names the Python needed."""

from __future__ import annotations

import tokenize
from codecs import BOM_UTF8

from txlint.lower.newer import python_needed
from txlint.model.facts import Unreadable

_WIDE = ((b"\xff\xfe\0\0", "UTF-32"), (b"\0\0\xfe\xff", "UTF-32"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))


def undecodable(data: bytes, path: str) -> Unreadable | None:
    """Why these bytes are no Python source in any encoding that they claim; None if they are."""
    for mark, name in _WIDE:
        if data.startswith(mark):
            return Unreadable(path, 1, f"{name} text; Python source is UTF-8 or names its encoding")
    nul = data.find(b"\0")
    if nul >= 0:
        return Unreadable(path, line_at(data, nul), "contains a NUL byte")
    try:
        encoding = encoding_of(data)
    except SyntaxError as error:
        return Unreadable(path, 1, clean(str(error.msg)))
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        return Unreadable(path, line_at(data, error.start), f"not valid {error.encoding}: byte 0x{data[error.start]:02x}")
    except (LookupError, UnicodeError):
        return Unreadable(path, 1, clean(f"unknown encoding: {encoding}"))
    return None


def encoding_of(data: bytes) -> str:
    """The encoding that the first two lines declare; SyntaxError where they contradict themselves or name none that exists."""
    head = data.split(b"\n", 2)[:2]
    # Only what can hold a cookie is passed on, as ASCII: other bytes that are no UTF-8 have a line of their own.
    lines = iter([bytes([c if c < 128 else 63 for c in line.removeprefix(BOM_UTF8)]) + b"\n" for line in head])
    encoding, _ = tokenize.detect_encoding(lambda: next(lines, b""))
    if data.startswith(BOM_UTF8):
        if encoding != "utf-8":
            raise SyntaxError(f"a UTF-8 byte order mark, but the coding cookie says {encoding}")
        return "utf-8-sig"
    return encoding


def unparsable(data: bytes, path: str, error: SyntaxError | ValueError) -> Unreadable:
    """What the parser said, in one line."""
    problem = undecodable(data, path)
    if problem is not None:
        return problem
    line = getattr(error, "lineno", None) or 1
    message = clean(str(getattr(error, "msg", None) or error))
    if message.startswith("too many nested") or message == "too many levels of indentation":
        return Unreadable(path, line, f"nested too deeply ({message})")
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    for at in (line, line - 1) if message.startswith("f-string") else (line,):  # 3.11 is off by one in some f-strings
        text = lines[at - 1].decode(errors="replace") if 0 < at <= len(lines) else ""
        needs = python_needed(text, message)
        if needs is not None:
            return Unreadable(path, at, f"needs Python {needs} or newer ({message})", needs)
    return Unreadable(path, line, message)


def line_at(data: bytes, offset: int) -> int:
    """The number of the line that holds this byte."""
    return data.count(b"\n", 0, offset) + 1


def clean(message: str) -> str:
    """A message on one line, of bounded length."""
    return " ".join(message.split())[:200]
