"""The files of a project that is on no disk."""

from __future__ import annotations

from collections.abc import Mapping


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
