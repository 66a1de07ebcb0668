"""Text from the analysed project made safe to show: nothing in a name or a line can move the cursor, reorder text or forge a line."""

from __future__ import annotations

import re

# Control characters, surrogates that stand for undecodable bytes, and the characters that Unicode itself lists as invisible or as
# changing the direction or the line: U+00AD, U+061C, U+180E, U+200B-200F, U+2028-202E, U+2060-206F, U+FEFF, U+FFF9-FFFB, tags.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)

_SURROGATE = re.compile("[\ud800-\udfff]")


def visible(text: str) -> str:
    """``text`` on one line, with unsafe characters as Python would write them: ``\\x1b``, ``\\u202e``."""
    return text if text.isascii() and text.isprintable() else _UNSAFE.sub(_written, text)


def encodable(text: str) -> str:
    """``text`` without lone surrogates, which no encoding can hold: bytes of a file name that are not UTF-8 become ``\\xe9``."""
    return text if text.isascii() else _SURROGATE.sub(_written, text)


def _written(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"  # a byte of a file name that is not UTF-8
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def width(text: str) -> int:
    """Columns that the text takes on a terminal."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)
