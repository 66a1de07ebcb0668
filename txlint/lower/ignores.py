"""Ignore comments: ``# txlint: ignore[TX101,TX202] reason``, ``# txlint: ignore reason``, ``# txlint: ignore-file[...] reason``.

They are read from comment tokens, never from text that merely looks like one. A comment that stands alone on its line covers the
next line of code, else its own line. This module is imported only for files that mention txlint."""

from __future__ import annotations

import io
import tokenize

from txlint.model.facts import Ignore

_LAYOUT = frozenset({tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.COMMENT})


def ignore_comments(data: bytes) -> tuple[Ignore, ...]:
    """The ignore comments of a file that parses, in order."""
    found: list[Ignore] = []
    waiting: list[int] = []  # comments that stand alone, until we know the line they cover
    code_line = 0  # the last line on which code ended
    try:
        for kind, text, (line, _), (end_line, _), _ in tokenize.tokenize(io.BytesIO(data).readline):
            if kind == tokenize.COMMENT:
                ignore = parse_comment(text, line)
                if ignore is not None:
                    if line != code_line and not ignore.file:
                        waiting.append(len(found))
                    found.append(ignore)
            elif kind not in _LAYOUT:
                for i in waiting:
                    found[i] = found[i]._replace(line=line)
                waiting.clear()
                code_line = end_line
    except (tokenize.TokenError, SyntaxError):
        pass  # the parser accepted the file, so this is about its very end; what was found stands
    return tuple(found)


def parse_comment(text: str, line: int) -> Ignore | None:
    """The ignore that a comment holds, if it holds one. ``# noqa  # txlint: ignore`` holds one."""
    before, found, rest = text.partition("txlint:")
    if not found or not before.rstrip().endswith("#"):
        return None
    rest = rest.strip()
    word = next((w for w in ("ignore-file", "ignore") if rest.startswith(w)), None)
    if word is None:
        return None
    rest = rest[len(word) :]
    codes: tuple[str, ...] = ()
    if rest.lstrip().startswith("["):
        inside, closed, rest = rest.lstrip()[1:].partition("]")
        codes = tuple(c.strip().upper() for c in inside.split(",") if c.strip())
        if not closed or not codes:
            return None
    elif rest and not rest[0].isspace() and rest[0] not in ":-":
        return None  # another word, such as "ignored"
    return Ignore(line, line, codes, rest.strip(" \t:-"), word == "ignore-file")
