"""Why a file cannot be read, in one line. Only imported when one cannot.

``undecodable`` speaks of bytes, ``unparsable`` of syntax. For syntax newer than the running Python it names the Python needed."""

from __future__ import annotations

import io
import tokenize

from txlint.model.facts import Unreadable

_WIDE = ((b"\xff\xfe\0\0", "UTF-32"), (b"\0\0\xfe\xff", "UTF-32"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))


def undecodable(data: bytes, path: str) -> Unreadable | None:
    """Why these bytes are no Python source in any encoding that they claim; None if they are."""
    for mark, name in _WIDE:
        if data.startswith(mark):
            return Unreadable(path, 1, f"{name} text; Python source must be UTF-8 or name its encoding")
    nul = data.find(b"\0")
    if nul >= 0:
        return Unreadable(path, line_at(data, nul), "contains a NUL byte")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError as error:
        return Unreadable(path, 1, clean(str(error.msg)))
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        return Unreadable(path, line_at(data, error.start), f"not valid {error.encoding}: byte 0x{data[error.start]:02x}")
    except (LookupError, UnicodeError) as error:
        return Unreadable(path, 1, clean(f"cannot be decoded as {encoding}: {error}"))
    return None


def unparsable(data: bytes, path: str, error: SyntaxError | ValueError) -> Unreadable:
    """What the parser said, in one line."""
    problem = undecodable(data, path)
    if problem is not None:
        return problem
    line = getattr(error, "lineno", None) or 1
    message = clean(str(getattr(error, "msg", None) or error))
    from txlint.lower.newer import python_needed

    needs = python_needed(data, line, message)
    if needs is not None:
        return Unreadable(path, line, f"needs Python {needs} or newer to be read ({message})", needs)
    return Unreadable(path, line, message)


def line_at(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1


def clean(message: str) -> str:
    """A message on one line, of bounded length."""
    return " ".join(message.split())[:200]
