"""Where a project begins, and what its files are called.

**Project root**: the nearest folder upwards of the given paths that configures txlint; else, not above the repository, the nearest
with ``manage.py`` that is no package itself; else the repository; else the nearest folder with a file of ``_PACKAGED``, or of
``_LISTED``; else the folder that holds the topmost package in which the given paths lie, or the folder of the given paths. In that last
case nothing says how far the project reaches: these packages are read, and what is read is said.

**Names.** Nothing says for certain which folders a project puts on ``sys.path``, so a file has one *name* and may have others:

- a folder with ``__init__.py`` is a package; its name grows with the packages around it;
- a folder named ``src`` or one that holds ``manage.py`` is a *sure* root: names start below it, and a plain folder in it is a
  namespace package;
- the project root, and a folder with ``pyproject.toml`` or another file of ``_LIKELY``, is a *likely* root: names start below it as
  well, but a package in a plain folder below it is named as if that folder were on the path (``backend/shop/`` is ``shop``), and its
  name with the folder in front (``backend.shop``) is among the others;
- a module that lies in no package is named from its root.
"""

# ruff: noqa: PTH100, PTH110, PTH111, PTH112, PTH113, PTH118, PTH120

from __future__ import annotations

import os
from collections.abc import Container, Sequence
from typing import NamedTuple

from txlint.config import find_config

_LIKELY = ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile", "alembic.ini")

_PACKAGED = ("pyproject.toml", "setup.py", "setup.cfg")
_LISTED = ("requirements.txt", "Pipfile", "tox.ini")
"""What many a project has beside its packages; a home folder that holds one is no project."""


def project_root(paths: Sequence[str]) -> str:
    """The folder that is analysed as a whole when these paths are given (absolute)."""
    folders = [p if os.path.isdir(p) else os.path.dirname(p) for p in [os.path.abspath(p) for p in paths or ("",)]]
    try:
        start = os.path.commonpath(folders)
    except ValueError:  # on different drives
        start = folders[0]
    above = [start]
    while (parent := os.path.dirname(above[-1])) != above[-1]:
        above.append(parent)
    for folder in above:
        if find_config(folder) is not None:
            return folder
    repository = next((f for f in above if os.path.exists(os.path.join(f, ".git"))), None)
    for folder in above[: above.index(repository) + 1] if repository else above:
        if os.path.isfile(os.path.join(folder, "manage.py")) and not os.path.isfile(os.path.join(folder, "__init__.py")):
            return folder
    if repository is None:  # unpacked, or kept by something else
        for folder in above:
            if any(os.path.isfile(os.path.join(folder, name)) for name in _PACKAGED):
                return folder
        for folder in above:
            if _is_listed(folder):
                return folder
        package = top_package(start)
        return os.path.dirname(package) if package is not None else start
    return repository


def top_package(path: str) -> str | None:
    """The outermost package around a file or folder (itself, if it is one); None where it lies in none."""
    folder, found = path if os.path.isdir(path) else os.path.dirname(path), None
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder, found = os.path.dirname(folder), folder
    return found


def _is_listed(folder: str) -> bool:
    if folder in (os.path.expanduser("~"), os.path.dirname(folder)):
        return False
    return any(os.path.isfile(os.path.join(folder, name)) for name in _LISTED)


def has_marker(root: str) -> bool:
    """Is this folder a project's root by more than having been given?"""
    if find_config(root) is not None or os.path.isfile(os.path.join(root, "manage.py")):
        return True
    return any(os.path.exists(os.path.join(root, name)) for name in (".git", *_PACKAGED)) or _is_listed(root)


class Place(NamedTuple):
    """What a folder adds to the names of the modules in it. ``prefixes`` are alternatives, the best first; each is empty or ends
    in a dot."""

    prefixes: tuple[str, ...]
    in_package: bool
    sure: bool  # plain folders below are namespace packages

    def below(self, name: str, files: Container[str]) -> Place:
        """The place of a folder in this one, given the files that it holds."""
        longer = tuple([f"{p}{name}." for p in self.prefixes])
        if "__init__.py" in files:
            if self.in_package or self.sure:
                return Place(longer, True, self.sure)
            # The topmost package: its parent may itself be on the path.
            return Place(_distinct(f"{name}.", *longer), True, False)
        if name == "src" or "manage.py" in files:
            return Place(_distinct("", *longer), False, True)
        if any(f in files for f in _LIKELY):
            return Place(_distinct("", *longer), False, False)
        return Place(longer, False, self.sure)

    def names(self, stem: str) -> tuple[str, ...]:
        """The dotted names of a module in this folder, the best first."""
        if stem == "__init__":
            return tuple([p[:-1] for p in self.prefixes if p])
        return tuple([p + stem for p in self.prefixes])


def root_place(files: Container[str]) -> Place:
    """The place of the project root itself."""
    return Place(("",), False, "manage.py" in files)


def _distinct(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
