"""Files of projects: given without a disk, or written as if some time ago."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

HOUR = 3600  # seconds


def put(path: Path, text: str) -> None:
    """A file that was written an hour ago: its status is believed."""
    path.write_text(text)
    os.utime(path, (time.time() - HOUR,) * 2)


class GivenFiles:
    """`Files` from a mapping of paths to texts."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts

    def read(self, path: str) -> str | None:
        return self.texts.get(path)

    def names(self, folder: str) -> tuple[str, ...]:
        prefix = f"{folder}/" if folder else ""
        return tuple(sorted(path[len(prefix) :] for path in self.texts if path.startswith(prefix) and "/" not in path[len(prefix) :]))

    def folders(self, folder: str) -> tuple[str, ...]:
        prefix = f"{folder}/" if folder else ""
        inner = (path[len(prefix) :] for path in self.texts if path.startswith(prefix))
        return tuple(sorted({path.partition("/")[0] for path in inner if "/" in path}))

    def source(self, path: str) -> str | None:
        return self.texts.get(path)
