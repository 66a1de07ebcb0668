"""What is known of a text that is put together: all of it, or what it starts with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from txlint.link.values import UNKNOWN, Atom, Const, Prefix, Value

if TYPE_CHECKING:
    from txlint.link.linker import Linker


_LONGEST = 4096  # of what is put together, more is known by its start


def text_of(value: Value) -> str | None:
    """The text that a value is."""
    atom = value[0] if len(value) == 1 else None
    return atom.value if isinstance(atom, Const) and isinstance(atom.value, str) else None


def started(linker: Linker, text: str) -> Value:
    """A text of which the start is known."""
    return (linker.atoms(Prefix, text),) if text else UNKNOWN


def operated(linker: Linker, op: str, left: str, right: Value) -> Value:
    """``left + right``, ``left % right``."""
    if op == "%":
        return started(linker, left.partition("%")[0])
    if op != "+":
        return UNKNOWN
    end = text_of(right)
    return started(linker, left) if end is None or len(left) + len(end) > _LONGEST else (linker.atoms.const(left + end),)


def method(linker: Linker, text: Atom | None, name: str) -> Value:
    """``text.format(..)``, ``text.strip()``."""
    if not isinstance(text, Const):
        return UNKNOWN
    if name in ("format", "format_map"):
        return started(linker, text.value.partition("{")[0])
    return (linker.atoms.const(text.value.strip() if name == "strip" else text.value.lstrip()),) if name in ("lstrip", "strip") else UNKNOWN
