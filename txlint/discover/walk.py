"""The walk over a project's folders: what is a Python file, what is left out, and why.

Left out without a word: what ``.gitignore`` and the exclude patterns name, and folders that hold no source of the project (see
``NEVER``). Left out with a note: large files, devices, links out of the tree. Folders behind symbolic links are not entered, so a loop
cannot hold us; a linked file inside the tree is known by its own name only."""

# Paths stay strings here: Path objects would double the time of the walk.
# ruff: noqa: PTH100, PTH110, PTH112, PTH114, PTH116, PTH118, PTH119, PTH120, PTH206, PTH208

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from typing import NamedTuple

from txlint.config import Config
from txlint.discover.gitignore import Patterns, compile_patterns, read_gitignore
from txlint.discover.read import Stamp, stamp_of
from txlint.discover.roots import Place, has_marker, root_place, top_package

NEVER = frozenset(
    {
        *(".git", ".hg", ".svn", ".bzr", ".jj", ".venv", ".tox", ".nox", ".eggs", ".direnv", ".pants.d", ".ipynb_checkpoints"),
        *(".txlint_cache", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".pytype", "__pycache__", "__pypackages__"),
        *("node_modules", "bower_components", "site-packages", "dist-packages"),
    }
)
"""Folders by name that never hold a project's own source."""
BUILT = frozenset(("build", "dist"))
"""Output of builds, unless it is a package."""


class File(NamedTuple):
    """One Python file. ``also`` are other dotted names under which the project may import it; ``given`` says that it lies under a
    given path."""

    path: str  # absolute
    display: str  # relative to the working directory, "/" separated
    module: str
    is_package: bool
    is_test: bool
    given: bool
    also: tuple[str, ...]
    stamp: Stamp

    @property
    def size(self) -> int:
        return self.stamp[0]


class Skipped(NamedTuple):
    """What was met and not taken. ``error`` where it should have been readable."""

    display: str
    reason: str
    given: bool
    error: bool


class Discovery(NamedTuple):
    """All that is known of a project's files, sorted. ``empty`` are the given paths (as given) with no Python file to analyse. ``read``:
    what was read as if it were the whole project, where nothing says how far it reaches beyond the given paths."""

    root: str
    files: tuple[File, ...]
    skipped: tuple[Skipped, ...]
    empty: tuple[str, ...]
    read: tuple[str, ...] = ()


def discover(paths: Sequence[str], config: Config, root: str, whole: bool = True) -> Discovery:
    """The Python files of the project at ``root`` (absolute), or of the packages around the given paths where nothing marks it, unless
    ``whole`` is false; and of the given paths wherever they lie."""
    given = list(dict.fromkeys([_in_tree(absolute(p), root) or absolute(p) for p in paths])) or [root]
    walk = _Walk(config, root, given)
    read: dict[str, None] = {}
    if whole and has_marker(root):
        walk.folder(root, None, ())
    elif whole:
        for path in given:
            package = top_package(path)
            if package is not None and package != root and is_under(package, root):
                walk.given_path(package)
            if not os.path.isdir(path) or package not in (None, path):
                read[walk.display(package or path)] = None
    for path in given:
        walk.given_path(path)
    files = sorted(walk.files.values())
    found = [f.path for f in files if f.given]
    empty = [p for p, path in zip(paths or [root], given, strict=False) if not any(is_under(f, path) for f in found)]
    return Discovery(root, tuple(files), tuple(sorted(set(walk.skipped))), tuple(empty), tuple(read))


def is_test(display: str) -> bool:
    """Is a path below the project root that of a test, by the names that test runners look for?"""
    *folders, name = display.split("/")
    return "tests" in folders or _names_a_test(name.removesuffix(".py"))


def _names_a_test(stem: str) -> bool:
    return stem.startswith("test_") or stem.endswith("_test") or stem in ("tests", "conftest")


class _Walk:
    """One discovery; ``files`` and ``skipped`` grow."""

    def __init__(self, config: Config, root: str, given: list[str]) -> None:
        self.root = root
        self.given = given
        self.all_given = any(is_under(root, g) for g in given)
        self.limit = config.max_file_size
        self.cwd = absolute("")
        self.defaults = config.exclude is None
        self.excluded = compile_patterns([*(config.exclude or ()), *config.extend_exclude], root)
        self.files: dict[str, File] = {}
        self.skipped: list[Skipped] = []
        self.seen: set[str] = set()  # folders

    def folder(self, path: str, outer: Place | None, patterns: tuple[Patterns, ...]) -> None:
        """Take all files below a folder, which stands in ``outer``. Iterative: folders may nest deeper than we may recurse."""
        start = path
        pending = [(path, outer, patterns or patterns_above(path))]
        while pending:
            path, outer, patterns = pending.pop()
            if path in self.seen:
                continue
            self.seen.add(path)
            try:
                with os.scandir(path) as scan:
                    entries = list(scan)
            except OSError as error:
                self.skip(path, f"cannot be listed: {error.strerror}", error=True)
                continue
            names = {e.name for e in entries}
            if path != start and not self.is_source(path, names):
                continue
            place = root_place(names) if outer is None else outer.below(os.path.basename(path), names)
            if ".gitignore" in names and (own := read_gitignore(path)) is not None:
                patterns = (own, *patterns)
            given = self.is_given(path)
            shown = self.display(path)
            shown = "" if shown == "." else shown + "/"
            in_tests = self.in_tests(path)
            for entry in entries:
                name = entry.name
                try:
                    is_folder = entry.is_dir(follow_symlinks=False)
                except OSError:
                    is_folder = False
                if is_folder:
                    if not self.leaves_out(entry.path, name, True, patterns):
                        pending.append((entry.path, place, patterns))
                elif entry.is_symlink() and os.path.isdir(entry.path):
                    if _in_tree(entry.path, self.root) is None and not self.leaves_out(entry.path, name, True, patterns):
                        self.skip(entry.path, "a link to a folder outside of the project")
                elif name.endswith(".py") and not name.startswith(".#") and not self.leaves_out(entry.path, name, False, patterns):
                    self.file(entry.path, name, shown + name, place, given or entry.path in self.given, in_tests)

    def is_source(self, path: str, names: set[str]) -> bool:
        """No virtual environment, and no output of a build."""
        return not self.defaults or not ("pyvenv.cfg" in names or (os.path.basename(path) in BUILT and "__init__.py" not in names))

    def file(self, path: str, name: str, display: str, place: Place, given: bool, in_tests: bool) -> None:
        """Take one file, or note why not."""
        try:
            status = os.lstat(path)
            is_link = stat.S_ISLNK(status.st_mode)
            if is_link:
                status = os.stat(path)
        except OSError as error:
            reason = "a symbolic link that leads nowhere" if os.path.islink(path) else f"cannot be read: {error.strerror}"
            self.skipped.append(Skipped(display, reason, given, True))
            return
        if is_link and (_in_tree(path, self.root) or "").endswith(".py"):
            return  # known under its own name
        if not stat.S_ISREG(status.st_mode):
            self.skipped.append(Skipped(display, "not a regular file", given, False))
        elif status.st_size > self.limit:
            self.skipped.append(Skipped(display, f"larger than {self.limit:,} bytes", given, False))
        else:
            stem = name.removesuffix(".py")
            module, *also = place.names(stem) or (os.path.basename(os.path.dirname(path)),)
            test = in_tests or _names_a_test(stem)
            self.files[path] = File(path, display, module, stem == "__init__", test, given, tuple(also), stamp_of(status))

    def given_path(self, path: str) -> None:
        """Take a path that was given, if the walk over the root has not met it; what is excluded stays excluded."""
        if path in self.files or path in self.seen:
            return
        if not os.path.lexists(path):
            self.skip(path, "no such file or folder", error=True)
            return
        is_folder = os.path.isdir(path)
        base = self.root if is_under(path, self.root) else (path if is_folder else os.path.dirname(path))
        patterns = patterns_above(base)
        if path == base:
            self.folder(path, None, patterns)
            return
        place = root_place(_listing(base))
        current = base
        parts = path[len(base.rstrip(os.sep)) + 1 :].split(os.sep)
        for i, part in enumerate(parts):
            if (own := read_gitignore(current)) is not None:
                patterns = (own, *patterns)
            current = os.path.join(current, part)
            last = i == len(parts) - 1
            if self.leaves_out(current, part, is_folder or not last, patterns) or not (last or self.is_source(current, _listing(current))):
                self.skip(path, "excluded")
            elif not last:
                place = place.below(part, _listing(current))
                continue
            elif is_folder:
                self.folder(path, place, patterns)
            else:
                self.file(path, part, self.display(path), place, True, self.in_tests(os.path.dirname(path)))
            return

    def leaves_out(self, path: str, name: str, is_folder: bool, patterns: tuple[Patterns, ...]) -> bool:
        if self.excluded is not None and self.excluded.verdict(path, name, is_folder):
            return True
        if is_folder and self.defaults and name in NEVER:
            return True
        for p in patterns:
            verdict = p.verdict(path, name, is_folder)
            if verdict is not None:
                return verdict
        return False

    def is_given(self, path: str) -> bool:
        return self.all_given or any(is_under(path, g) for g in self.given)

    def in_tests(self, folder: str) -> bool:
        """Is a folder of the project, below its root, one of tests?"""
        return is_under(folder, self.root) and "tests" in folder[len(self.root) :].split(os.sep)

    def skip(self, path: str, reason: str, error: bool = False) -> None:
        self.skipped.append(Skipped(self.display(path), reason, self.is_given(path), error))

    def display(self, path: str) -> str:
        """A path as reported: relative to the working directory."""
        if is_under(path, self.cwd):
            path = path[len(self.cwd.rstrip(os.sep)) + 1 :] or "."
        elif self.cwd:
            path = os.path.relpath(path, self.cwd)
        return path.replace(os.sep, "/")


def is_under(path: str, folder: str) -> bool:
    """Is this path the folder, or below it? Both absolute."""
    return path.startswith(folder) and (len(path) == len(folder) or folder.endswith(os.sep) or path[len(folder)] == os.sep)


def absolute(path: str) -> str:
    """`os.path.abspath`, for a working directory that may be gone: then the path as it is."""
    try:
        return os.path.abspath(path)
    except OSError:
        return path


def patterns_above(folder: str) -> tuple[Patterns, ...]:
    """The ``.gitignore`` patterns of the folders around this one, up to the repository's own, innermost first."""
    found: list[Patterns] = []
    while not os.path.exists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return ()
        folder = parent
        if (own := read_gitignore(folder)) is not None:
            found.append(own)
    return tuple(found)


def _in_tree(path: str, root: str) -> str | None:
    """Where in the tree the target of a link lies; None if outside, or no link."""
    if not os.path.islink(path):
        return None
    target, real = os.path.realpath(path), os.path.realpath(root)
    return os.path.join(root, os.path.relpath(target, real)) if is_under(target, real) else None


def _listing(folder: str) -> set[str]:
    try:
        return set(os.listdir(folder))
    except OSError:
        return set()
