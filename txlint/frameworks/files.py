"""The text files of a project that are no facts: configuration, lock files, and the source of a settings module for its line numbers."""

# No pathlib on the way to a stored answer: it takes longer to import than the answer to find.
# ruff: noqa: PTH113, PTH116, PTH118, PTH123, PTH208

from __future__ import annotations

import os
from _blake2 import blake2b
from collections.abc import Callable
from typing import Protocol, TypeAlias, TypeVar

_Answer = TypeVar("_Answer", str | None, tuple[str, ...])
LARGEST = 32 << 20  # bytes: beyond that a file is taken for none


class Files(Protocol):
    """``read`` and ``names`` take paths relative to the project's root, ``source`` takes paths as facts have them."""

    def read(self, path: str) -> str | None:
        """The text of a file, ``None`` where there is none or it cannot be read."""

    def names(self, folder: str) -> tuple[str, ...]:
        """The names of the plain files in a folder, sorted; ``""`` is the root."""

    def folders(self, folder: str) -> tuple[str, ...]:
        """The names of the folders in a folder, sorted."""

    def source(self, path: str) -> str | None:
        """The source text of a file of facts."""


class ProjectFiles:
    """`Files` on disk: ``root`` is the project's root, ``base`` the folder that the paths of facts are relative to."""

    def __init__(self, root: str | os.PathLike[str], base: str | os.PathLike[str] | None = None) -> None:
        self.root = root
        self.base = root if base is None else base

    def read(self, path: str) -> str | None:
        return _text(os.path.join(self.root, path))

    def names(self, folder: str) -> tuple[str, ...]:
        return _listed(os.path.join(self.root, folder), os.path.isfile)

    def folders(self, folder: str) -> tuple[str, ...]:
        return _listed(os.path.join(self.root, folder), os.path.isdir)

    def source(self, path: str) -> str | None:
        return _text(os.path.join(self.base, path))


Asked: TypeAlias = dict[tuple[str, str], bytes]
"""What was asked of `Files` (the method and its argument), and a digest of the answer."""


class WatchedFiles:
    """`Files` that note what they are asked."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.asked: Asked = {}

    def read(self, path: str) -> str | None:
        return self._noted("read", path, self.files.read(path))

    def names(self, folder: str) -> tuple[str, ...]:
        return self._noted("names", folder, self.files.names(folder))

    def folders(self, folder: str) -> tuple[str, ...]:
        return self._noted("folders", folder, self.files.folders(folder))

    def source(self, path: str) -> str | None:
        return self._noted("source", path, self.files.source(path))

    def _noted(self, question: str, argument: str, answer: _Answer) -> _Answer:
        self.asked[question, argument] = _digest(answer)
        return answer


def asks_the_same(files: Files, question: str, argument: str, answer: bytes) -> bool:
    """Is the answer that was noted still right?"""
    return _digest(getattr(files, question)(argument)) == answer


def _digest(answer: str | tuple[str, ...] | None) -> bytes:
    text = "" if answer is None else f"text {answer}" if isinstance(answer, str) else f"names {answer!r}"
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).digest()


def _text(path: str) -> str | None:
    try:
        if not os.path.isfile(path) or os.stat(path).st_size > LARGEST:
            return None
        with open(path, "rb") as file:
            return file.read().decode("utf-8-sig", "replace")
    except OSError:
        return None


def _listed(folder: str, kind: Callable[[str], bool]) -> tuple[str, ...]:
    try:
        return tuple(sorted([name for name in os.listdir(folder) if kind(os.path.join(folder, name))]))
    except OSError:
        return ()
