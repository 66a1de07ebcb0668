"""Which newer Python a file needs."""

from __future__ import annotations


def python_needed(data: bytes, line: int, message: str) -> str | None:
    return None
