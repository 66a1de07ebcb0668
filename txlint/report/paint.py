"""Styles by role. Plain text passes through; colour comes from rich, which is imported only when colour is wanted."""

from __future__ import annotations

from collections.abc import Callable

Paint = Callable[[str, str], str]
"""``paint(text, role)``: the text as it is to be printed; roles are the keys of ``_STYLES``."""

_STYLES = {
    "code": "bold red",
    "message": "bold",
    "path": "cyan",
    "gutter": "blue",
    "effect": "bold red",
    "step": "blue",
    "key": "bold",
    "good": "green",
    "warning": "yellow",
    "dim": "dim",
}


def plain(text: str, role: str) -> str:
    return text


def coloured() -> Paint:
    """A painter for terminals. The sixteen standard colours are enough, and they follow the user's own theme."""
    from rich.color import ColorSystem
    from rich.style import Style

    styles = {role: Style.parse(text) for role, text in _STYLES.items()}

    def paint(text: str, role: str) -> str:
        return styles[role].render(text, color_system=ColorSystem.STANDARD) if text else ""

    return paint
